package geo_test

import (
	"context"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"callwright"
	"callwright/internal/geo"
	"callwright/internal/secret"
)

func mustLocate(t testing.TB, g geo.Geocoder, address string) geo.Place {
	t.Helper()
	places, err := g.Locate(context.Background(), address)
	if err != nil || len(places) != 1 {
		t.Fatalf("%s: got %v, %v; want one place", address, places, err)
	}
	return places[0]
}

// The distances between airports as the United States Department of Transportation
// publishes them (great circle, statute miles), by the postal codes of the airports.
func TestMilesBetweenPostalCodes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b  string
		miles float64
	}{
		{"11430", "90045", 2475}, {"11430", "94128", 2586}, {"60666", "75261", 802}, {"02128", "98158", 2496}, {"30320", "90045", 1947}, {"98158", "60666", 1721}, {"98158", "90045", 954}, {"89119", "11430", 2248},
		{"48242", "30320", 594}, {"55450", "80249", 680}, {"85034", "98158", 1107}, {"77032", "60666", 925}, {"30320", "32827", 404}, {"21240", "02128", 369}, {"63145", "80249", 770}, {"97218", "60666", 1739},
		{"28208", "11430", 541}, {"19153", "90045", 2402}, {"20166", "94128", 2419}, {"96819", "94128", 2398}, {"96819", "90045", 2556}, {"99502", "98158", 1448}, {"84122", "30320", 1590}, {"92101", "60666", 1723},
		{"70062", "30320", 425}, {"78719", "60666", 977}, {"33126", "11430", 1089}, {"33126", "60666", 1197}, {"02128", "90045", 2611}, {"75261", "11430", 1391},
	} {
		got := geo.Miles(mustLocate(t, geo.Offline{}, c.a).Point, mustLocate(t, geo.Offline{}, c.b).Point)
		if off := math.Abs(got-c.miles) / c.miles; off > 0.01 {
			t.Errorf("%s to %s: got %.0f miles, want %.0f (%.2f %% off)", c.a, c.b, got, c.miles, off*100)
		}
	}
}

func TestMiles(t *testing.T) {
	t.Parallel()
	p := geo.Point{Lat: 40, Lng: -75}
	if d := geo.Miles(p, p); d != 0 {
		t.Errorf("to itself: got %v", d)
	}
	half := math.Pi * 3958.7613
	for name, c := range map[string]struct {
		a, b geo.Point
		want float64
	}{
		"a degree of the equator": {geo.Point{}, geo.Point{Lng: 1}, half / 180},
		"pole to pole":            {geo.Point{Lat: 90}, geo.Point{Lat: -90}, half},
		"over the date line":      {geo.Point{Lat: 10, Lng: 179.5}, geo.Point{Lat: 10, Lng: -179.5}, 68.05},
		"to the other side":       {geo.Point{Lat: 30, Lng: 20}, geo.Point{Lat: -30, Lng: -160}, half},
	} {
		if got := geo.Miles(c.a, c.b); math.Abs(got-c.want) > 0.01 || geo.Miles(c.b, c.a) != got {
			t.Errorf("%s: got %v, want %v both ways", name, got, c.want)
		}
	}
	for _, p := range []geo.Point{{Lat: 91}, {Lng: 181}, {Lat: math.NaN()}, {Lng: math.Inf(1)}} {
		if p.Valid() {
			t.Errorf("%v: got valid", p)
		}
	}
}

func TestOffline(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"60601": "Chicago, IL 60601 zip", "60601-1234": "Chicago, IL 60601 zip", "12345 Main St, Chicago, IL 60601": "Chicago, IL 60601 zip", "my zip is 90210": "Beverly Hills, CA 90210 zip",
		"Chicago": "Chicago, IL city", "chicago, il": "Chicago, IL city", "Chicago, Illinois, USA": "Chicago, IL city", "350 5th Ave, New York, NY": "New York, NY city", "New York": "New York, NY city",
		"St. Louis, MO": "Saint Louis, MO city", "st louis missouri": "Saint Louis, MO city", "Springfield, IL": "Springfield, IL city", "1 Main Street Springfield Missouri": "Springfield, MO city",
		"Washington, DC": "Washington, DC city", "Coeur d'Alene ID": "Coeur d'Alene, ID city", "West Virginia": "", "Atlantis": "", "": "", "99999": "", "Berlin, Germany": "", "Ft. Worth TX": "Fort Worth, TX city",
		"Portland": "Portland, OR city",
	} {
		places, err := geo.Offline{}.Locate(t.Context(), address)
		got := ""
		if len(places) == 1 {
			got = places[0].Label + " " + string(places[0].Precision)
		} else if len(places) > 1 {
			got = "several"
		}
		if err != nil || got != want {
			t.Errorf("%s: got %q (%v), %v; want %q", address, got, places, err, want)
		}
	}
	places, err := geo.Offline{}.Locate(t.Context(), "Springfield")
	if err != nil || len(places) < 5 {
		t.Errorf("Springfield: got %v, %v; want several", places, err)
	}
}

func TestNearNumber(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{"+12125550123": "New York, NY", "+13125550123": "Chicago, IL", "+14145550123": "Milwaukee, WI", "+12065550123": "Seattle, WA", "+15125550123": "Austin, TX", "+442071234567": "", "+18005550123": "", "": "", "anonymous": ""} {
		p, ok := geo.NearNumber(number)
		if p.Label != want || ok != (want != "") || ok && p.Precision != geo.AreaCode {
			t.Errorf("%s: got %+v, want %q", number, p, want)
		}
	}
}

// get asks a server of the test.
func get(ctx context.Context, target string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", target, nil)
	if err != nil {
		return 0, nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, callwright.Wrap(callwright.CodeUnreachable, err, "Nobody is there.")
	}
	defer res.Body.Close()
	body := make([]byte, 1<<16)
	n, _ := res.Body.Read(body)
	return res.StatusCode, body[:n], nil
}

func TestRemote(t *testing.T) {
	t.Parallel()
	const canary = "geo-canary-3321"
	var asked atomic.Int64
	answers := map[string]string{
		"1 Main St": `[{"lat":"41.88","lon":"-87.63","display_name":"1, Main Street, Chicago","place_rank":30},{"lat":"41.881","lon":"-87.631","display_name":"the same","place_rank":30}]`,
		"Paris":     `[{"lat":"48.85","lon":"2.35","display_name":"Paris, France","place_rank":12},{"lat":"33.66","lon":"-95.55","display_name":"Paris, Texas","place_rank":16}]`,
		"nowhere":   `[]`, "garbage": `<html>`, "words": `[{"lat":"x","lon":"y"}]`, "space": `[{"lat":"123","lon":"0"}]`,
	}
	google := map[string]string{
		"1 Main St": `{"status":"OK","results":[{"formatted_address":"1 Main St, Chicago","geometry":{"location":{"lat":41.88,"lng":-87.63},"location_type":"ROOFTOP"}}]}`,
		"nowhere":   `{"status":"ZERO_RESULTS","results":[]}`, "denied": `{"status":"REQUEST_DENIED","error_message":"the key ` + canary + ` is wrong"}`, "often": `{"status":"OVER_QUERY_LIMIT"}`, "garbage": `[`,
		"odd": `{"status":"` + canary + `"}`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		body, ok := answers[r.URL.Query().Get("q")]
		if strings.HasPrefix(r.URL.Path, "/maps/api/geocode/json") {
			body, ok = google[r.URL.Query().Get("address")]
			ok = ok && r.URL.Query().Get("key") == canary
		}
		if !ok {
			w.WriteHeader(500)
			return
		}
		w.Write([]byte(body))
	}))
	defer server.Close()
	for name, g := range map[string]*geo.Remote{"nominatim": geo.Nominatim(server.URL+"/", 1000, get, time.Now), "google": geo.Google(server.URL, secret.New(canary), 1000, get, time.Now)} {
		if p := mustLocate(t, g, "1 Main St"); p.Precision != geo.Street || p.Lat != 41.88 || p.Lng != -87.63 || !strings.Contains(p.Label, "Main") {
			t.Errorf("%s: got %+v", name, p)
		}
		before := asked.Load()
		mustLocate(t, g, "  1  MAIN st ")
		if asked.Load() != before {
			t.Errorf("%s: asked again for what it knows", name)
		}
		if places, err := g.Locate(t.Context(), "nowhere"); err != nil || len(places) != 0 {
			t.Errorf("%s: nowhere: got %v, %v", name, places, err)
		}
		for _, bad := range []string{"garbage", "unknown", "denied", "often", "odd", "words", "space"} {
			if places, err := g.Locate(t.Context(), bad); callwright.CodeOf(err) == "" || callwright.CodeOf(err) == callwright.CodeInternal || len(places) != 0 || strings.Contains(err.Error(), canary) {
				t.Errorf("%s: %s: got %v, %v; want an error without the key", name, bad, places, err)
			}
		}
	}
	if places, err := geo.Nominatim(server.URL, 1000, get, time.Now).Locate(t.Context(), "Paris"); err != nil || len(places) != 2 {
		t.Errorf("Paris: got %v, %v; want both", places, err)
	}
}

// A geocoder is asked no more often than it may, and answers are forgotten after a day.
func TestRemoteLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		g := geo.Nominatim("https://geo.example", 1, func(context.Context, string) (int, []byte, error) {
			asked++
			return 200, []byte(`[]`), nil
		}, time.Now)
		began := time.Now()
		for _, address := range []string{"a", "b", "c", "a"} {
			if _, err := g.Locate(t.Context(), address); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); asked != 3 || took < 2*time.Second {
			t.Errorf("asked %d times in %v, want 3 in two seconds", asked, took)
		}
		short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if _, err := g.Locate(short, "d"); callwright.CodeOf(err) != callwright.CodeTimeout {
			t.Errorf("without time to wait: got %v, want timeout", err)
		}
		time.Sleep(25 * time.Hour)
		if _, err := g.Locate(t.Context(), "a"); err != nil || asked != 4 {
			t.Errorf("the next day: asked %d times, %v; want again", asked, err)
		}
	})
}
