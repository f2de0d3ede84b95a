package geo_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"callwright"
	"callwright/internal/geo"
	"callwright/internal/skill"
	geoskill "callwright/internal/skill/geo"
	"callwright/internal/skill/skilltest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func call(address string) skill.Call {
	return skill.Call{Org: "org_1", Run: "run_1", Channel: callwright.Chat, Fields: map[string]any{"address": address}}
}

func shops() []any {
	return []any{map[string]any{"label": "Loop", "address": "233 S Wacker Dr, Chicago, IL 60606", "phone": "+13125550123"}, map[string]any{"label": "Evanston", "lat": 42.0451, "lng": -87.6877}, map[string]any{"label": "Milwaukee", "address": "Milwaukee, WI"}}
}

func mustOpen(t testing.TB, g geo.Geocoder, settings map[string]any) skill.Executor {
	t.Helper()
	raw, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	x, err := geoskill.Kind(g).Open(raw)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestContract(t *testing.T) {
	t.Parallel()
	one := func(name string, v any) map[string]any { return map[string]any{name: v} }
	roster := func(l ...any) map[string]any { return map[string]any{"roster": l} }
	skilltest.Run(t, skilltest.Fixture{
		Kind: func(testing.TB, *slog.Logger) skill.Kind { return geoskill.Kind(geo.Offline{}) },
		Settings: func(skilltest.Partner) map[string]any {
			return map[string]any{"action": "find_nearest_location", "roster": shops(), "radius_miles": 30}
		},
		Bad: []skilltest.Bad{
			{Name: "action", Change: one("action", "guess"), Fields: []string{"action"}},
			{Name: "radius", Change: one("radius_miles", 0), Fields: []string{"radius_miles"}},
			{Name: "no roster", Change: one("roster", nil), Fields: []string{"roster"}},
			{Name: "empty roster", Change: one("roster", []any{}), Fields: []string{"roster"}},
			{Name: "origin", Change: one("origin_address", "Chicago"), Fields: []string{"origin_address"}},
			{Name: "area without its settings", Change: map[string]any{"action": "check_service_area", "radius_miles": nil, "route_by_caller_number": true}, Fields: []string{"origin_address", "radius_miles", "roster", "route_by_caller_number"}},
			{Name: "locations", Change: roster(map[string]any{"label": " ", "address": "x"}, map[string]any{"label": "a"}, map[string]any{"label": "a", "lat": 1}, map[string]any{"label": "a", "lat": 91, "lng": 0}), Fields: []string{"roster[0].label", "roster[1].address", "roster[2].lat", "roster[3].lat"}},
		},
		Call: call("350 W Mart Center Dr, Chicago, IL 60654"),
		Data: `{"message":"The nearest location is Loop, at 233 S Wacker Dr, Chicago, IL 60606, less than a mile away.","location":"Loop","address":"233 S Wacker Dr, Chicago, IL 60606","phone":"+13125550123","distance_miles":0.4,"in_service_area":true,"near_address":"Chicago, IL 60654"}`,
	})
}

func TestArea(t *testing.T) {
	t.Parallel()
	x := mustOpen(t, geo.Offline{}, map[string]any{"action": "check_service_area", "origin_address": "Chicago, IL 60606", "radius_miles": 25})
	for address, want := range map[string]string{
		"60654":         `{"message":"Yes, Chicago, IL 60654 is in the area we serve.","in_service_area":true,"distance_miles":0.4,"radius_miles":25,"address":"Chicago, IL 60654"}`,
		"Evanston, IL":  `{"message":"Yes, Evanston, IL is in the area we serve.","in_service_area":true,"distance_miles":11.4,"radius_miles":25,"address":"Evanston, IL","approximate":true}`,
		"Milwaukee, WI": `{"message":"I'm sorry, Milwaukee, WI is outside the area we serve: it is about 82 miles away.","in_service_area":false,"distance_miles":81.9,"radius_miles":25,"address":"Milwaukee, WI","approximate":true}`,
	} {
		got, err := x.Execute(t.Context(), call(address))
		if err != nil || string(got.Data) != want {
			t.Errorf("%s: got %s, %v; want %s", address, got.Data, err, want)
		}
	}
	odd := skill.Call{Fields: map[string]any{"zip": json.Number("60654")}}
	if got, err := x.Execute(t.Context(), odd); err != nil || !strings.Contains(string(got.Data), `"distance_miles":0.4`) {
		t.Errorf("the only field, a number: got %s, %v", got.Data, err)
	}
}

// What cannot be found, or could be several places, is a mistake in the argument, so
// that the caller is asked again.
func TestAskedAgain(t *testing.T) {
	t.Parallel()
	x := mustOpen(t, geo.Offline{}, map[string]any{"action": "find_nearest_location", "roster": shops()})
	for address, says := range map[string]string{"Springfield": "could be Springfield,", "Atlantis": "is not one that I can find", "": "is missing", "  ": "is missing"} {
		got, err := x.Execute(t.Context(), call(address))
		e, ok := errors.AsType[*callwright.Error](err)
		if !ok || e.Code != callwright.CodeValidation || len(e.Fields) != 1 || e.Fields[0].Field != "address" || !strings.Contains(e.Fields[0].Message, says) || got.Sent || got.Data != nil {
			t.Errorf("%q: got %v, want a field error that says %q", address, err, says)
		}
	}
}

func TestByNumber(t *testing.T) {
	t.Parallel()
	x := mustOpen(t, geo.Offline{}, map[string]any{"action": "find_nearest_location", "roster": shops(), "route_by_caller_number": true, "radius_miles": 50})
	c := call("")
	c.CallerPhone = "+14145550123" // Milwaukee
	got, err := x.Execute(t.Context(), c)
	if want := `{"message":"Going by your number, you are near Milwaukee, WI. The nearest location is Milwaukee, at Milwaukee, WI, less than a mile away. Is that the right area?","location":"Milwaukee","address":"Milwaukee, WI","distance_miles":0,"in_service_area":true,"near_address":"Milwaukee, WI","approximate":true,"based_on":"area_code"}`; err != nil || string(got.Data) != want {
		t.Errorf("got %s, %v; want %s", got.Data, err, want)
	}
	c.Fields["address"] = "60606" // an address is better than a number
	if got, err = x.Execute(t.Context(), c); err != nil || !strings.Contains(string(got.Data), `"location":"Loop"`) || strings.Contains(string(got.Data), "area_code") {
		t.Errorf("with an address: got %s, %v", got.Data, err)
	}
	for _, number := range []string{"", "+442071234567", "anonymous"} {
		c.Fields, c.CallerPhone = map[string]any{}, number
		if _, err = x.Execute(t.Context(), c); callwright.CodeOf(err) != callwright.CodeValidation {
			t.Errorf("%q: got %v, want to be asked for an address", number, err)
		}
	}
	c.CallerPhone = "+14145550123"
	without := mustOpen(t, geo.Offline{}, map[string]any{"action": "find_nearest_location", "roster": shops()})
	if _, err = without.Execute(t.Context(), c); callwright.CodeOf(err) != callwright.CodeValidation {
		t.Errorf("when it is not asked for: got %v, want to be asked for an address", err)
	}
}

// The nearest farther than its reach is told as out of the area.
func TestOutOfArea(t *testing.T) {
	t.Parallel()
	x := mustOpen(t, geo.Offline{}, map[string]any{"action": "find_nearest_location", "roster": shops(), "radius_miles": 50})
	got, err := x.Execute(t.Context(), call("Denver, CO"))
	if err != nil || !strings.Contains(string(got.Data), `"in_service_area":false`) {
		t.Errorf("got %s, %v; want it out of the area", got.Data, err)
	}
}

// A scripted geocoder knows what it is told, and can fail.
type scripted struct {
	places map[string][]geo.Place
	err    error
	asked  []string
}

func (s *scripted) Locate(_ context.Context, address string) ([]geo.Place, error) {
	s.asked = append(s.asked, address)
	return s.places[address], s.err
}

// Addresses of a roster are found once, those with a postal code without asking.
func TestRosterIsFoundOnce(t *testing.T) {
	t.Parallel()
	g := &scripted{places: map[string][]geo.Place{"Milwaukee, WI": {{Point: geo.Point{Lat: 43, Lng: -88}}}, "1 Main St": {{Point: geo.Point{Lat: 42.9, Lng: -88}, Precision: geo.Street}}}}
	x := mustOpen(t, g, map[string]any{"action": "find_nearest_location", "roster": shops()})
	for range 2 {
		if got, err := x.Execute(t.Context(), call("1 Main St")); err != nil || !strings.Contains(string(got.Data), `"location":"Milwaukee"`) || strings.Contains(string(got.Data), "approximate") {
			t.Fatalf("got %s, %v", got.Data, err)
		}
	}
	if got := strings.Join(g.asked, "; "); got != "1 Main St; Milwaukee, WI; 1 Main St" {
		t.Errorf("asked for %s", got)
	}
	g.err = callwright.Errorf(callwright.CodeRemoteStatus, "Out of order.")
	if got, err := x.Execute(t.Context(), call("2 Main St")); callwright.CodeOf(err) != callwright.CodeRemoteStatus || got.Data != nil {
		t.Errorf("a geocoder that fails: got %s, %v", got.Data, err)
	}
	var many []any
	for i := range 60 {
		many = append(many, map[string]any{"label": "L", "address": fmt.Sprintf("%d Elm Street", i)})
	}
	g = &scripted{places: map[string][]geo.Place{"1 Main St": {{}}}}
	if _, err := mustOpen(t, g, map[string]any{"action": "find_nearest_location", "roster": many}).Execute(t.Context(), call("1 Main St")); err == nil || !strings.Contains(err.Error(), "geocode-roster") || len(g.asked) > 51 {
		t.Errorf("a big roster without places: got %v after %d questions, want one that names geocode-roster", err, len(g.asked))
	}
}

// BenchmarkNearest: the nearest of 10,000 locations.
func BenchmarkNearest(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	var roster []any
	for i := range 10_000 {
		roster = append(roster, map[string]any{"label": fmt.Sprintf("L%d", i), "lat": 25 + 24*r.Float64(), "lng": -124 + 57*r.Float64()})
	}
	x := mustOpen(b, geo.Offline{}, map[string]any{"action": "find_nearest_location", "roster": roster})
	var took []float64
	for b.Loop() {
		began := time.Now()
		if _, err := x.Execute(b.Context(), call("60606")); err != nil {
			b.Fatal(err)
		}
		took = append(took, float64(time.Since(began).Microseconds())/1000)
	}
	slices.Sort(took)
	b.ReportMetric(took[len(took)*99/100], "ms-p99")
}
