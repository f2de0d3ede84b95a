// Package geo is the skill type geo: it checks whether an address is in a service area,
// and finds the nearest of the operator's locations.
//
// Distances are great circles. How addresses become places is for package geo's
// geocoders; what is said of the answer is for engine. app registers its Kind.
package geo

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"callwright"
	"callwright/internal/geo"
	"callwright/internal/skill"
)

// Config is the settings of the type.
type Config struct {
	Action        string     `json:"action" jsonschema:"check_service_area or find_nearest_location"`
	OriginAddress string     `json:"origin_address,omitempty" jsonschema:"check_service_area: the middle of the area, for example 350 5th Ave, New York, NY 10118"`
	RadiusMiles   *float64   `json:"radius_miles,omitempty" jsonschema:"check_service_area: how far the area reaches. find_nearest_location: how far each location reaches; when the nearest is farther, the answer has in_service_area false. Statute miles, more than 0"`
	Roster        []Location `json:"roster,omitempty" jsonschema:"find_nearest_location: the locations, at least one"`
	RouteByCaller bool       `json:"route_by_caller_number,omitempty" jsonschema:"find_nearest_location: without an address, go by the area code of the caller's number. The answer is marked approximate"`
}

// A Location is one of the operator's.
type Location struct {
	Label   string   `json:"label" jsonschema:"Its name"`
	Address string   `json:"address,omitempty" jsonschema:"Its address; needed without lat and lng"`
	Phone   string   `json:"phone,omitempty" jsonschema:"Its telephone number"`
	Lat     *float64 `json:"lat,omitempty" jsonschema:"Latitude in degrees; with lng it saves finding the address"`
	Lng     *float64 `json:"lng,omitempty" jsonschema:"Longitude in degrees"`
}

const (
	doc     = "Checks a service area or finds the nearest location."
	area    = "check_service_area"
	nearest = "find_nearest_location"
	timeout = 8 * time.Second

	maxRoster = 10_000
	maxFound  = 50 // addresses of a roster that a run finds; more are to be given with lat and lng
)

// Kind returns the skill type.
func Kind(geocoder geo.Geocoder) skill.Kind {
	return skill.Define(callwright.Geo, doc, func(c Config) (skill.Executor, error) { return open(c, geocoder) })
}

type executor struct {
	Config
	geocoder geo.Geocoder

	mu     sync.Mutex
	origin *geo.Place   // once it is found
	points []*geo.Point // of the roster; nil until found
}

var (
	_ skill.Executor = (*executor)(nil)
	_ skill.Timed    = (*executor)(nil)
)

func open(c Config, geocoder geo.Geocoder) (skill.Executor, error) {
	if problems := c.check(); len(problems) > 0 {
		return nil, callwright.Invalid(problems...)
	}
	e := &executor{Config: c, geocoder: geocoder, points: make([]*geo.Point, len(c.Roster))}
	for i, l := range c.Roster {
		if l.Lat != nil {
			e.points[i] = &geo.Point{Lat: *l.Lat, Lng: *l.Lng}
		}
	}
	return e, nil
}

func (c Config) check() []callwright.FieldError {
	var problems []callwright.FieldError
	bad := func(field, message string) {
		problems = append(problems, callwright.FieldError{Field: field, Message: message})
	}
	if c.RadiusMiles != nil && !(*c.RadiusMiles > 0 && *c.RadiusMiles <= 12_500) {
		bad("radius_miles", "must be more than 0 and at most 12500 miles")
	}
	switch c.Action {
	case area:
		if strings.TrimSpace(c.OriginAddress) == "" {
			bad("origin_address", "is required with check_service_area")
		}
		if c.RadiusMiles == nil {
			bad("radius_miles", "is required with check_service_area")
		}
		if len(c.Roster) > 0 {
			bad("roster", "is for find_nearest_location: leave it out")
		}
		if c.RouteByCaller {
			bad("route_by_caller_number", "is for find_nearest_location: leave it out")
		}
	case nearest:
		if c.OriginAddress != "" {
			bad("origin_address", "is for check_service_area: leave it out")
		}
		if len(c.Roster) == 0 || len(c.Roster) > maxRoster {
			bad("roster", "is required with find_nearest_location: 1 to 10000 locations")
		}
	default:
		bad("action", "must be check_service_area or find_nearest_location")
	}
	for i, l := range c.Roster {
		field := func(name string) string { return fmt.Sprintf("roster[%d].%s", i, name) }
		if strings.TrimSpace(l.Label) == "" {
			bad(field("label"), "is required")
		}
		switch {
		case (l.Lat == nil) != (l.Lng == nil):
			bad(field("lat"), "and lng must be given together")
		case l.Lat != nil && !(geo.Point{Lat: *l.Lat, Lng: *l.Lng}).Valid():
			bad(field("lat"), "must be -90 to 90, and lng -180 to 180")
		case l.Lat == nil && strings.TrimSpace(l.Address) == "":
			bad(field("address"), "is required without lat and lng")
		}
		if len(problems) > 20 {
			break // the first say enough
		}
	}
	return problems
}

// Timeout returns the limit for everything.
func (e *executor) Timeout() time.Duration { return timeout }

// Execute measures.
func (e *executor) Execute(ctx context.Context, call skill.Call) (skill.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	name, address := addressOf(call)
	request, err := json.Marshal(map[string]any{"action": e.Action, "address": address})
	if err != nil {
		return skill.Result{}, callwright.Wrap(callwright.CodeInternal, err, "The request cannot be described.")
	}
	result := skill.Result{Request: request}
	if call.DryRun {
		return result, nil
	}
	if ctx.Err() != nil {
		return result, callwright.Wrap(callwright.CodeTimeout, ctx.Err(), "The look-up was given up.")
	}
	from, err := e.locate(ctx, call, name, address)
	if err != nil {
		return result, err
	}
	var answer any
	if e.Action == area {
		answer, err = e.inArea(ctx, from)
	} else {
		answer, err = e.nearest(ctx, from)
	}
	if err != nil {
		return result, err
	}
	if result.Data, err = json.Marshal(answer); err != nil {
		return result, callwright.Wrap(callwright.CodeInternal, err, "The answer cannot be written.")
	}
	result.Sent = true
	return result, nil
}

// addressOf returns the field that holds the caller's address: the one of that name, or
// the only one.
func addressOf(call skill.Call) (name, address string) {
	name = "address"
	if _, ok := call.Fields[name]; !ok && len(call.Fields) == 1 {
		for only := range call.Fields {
			name = only
		}
	}
	switch v := call.Fields[name].(type) {
	case string:
		address = strings.TrimSpace(v)
	case json.Number: // a postal code
		address = v.String()
	}
	return name, address
}

// locate finds the caller. An address that leads nowhere, or to several places, is a
// mistake in that argument, which is asked for again.
func (e *executor) locate(ctx context.Context, call skill.Call, name, address string) (geo.Place, error) {
	again := func(message string) error {
		return callwright.Invalid(callwright.FieldError{Field: name, Message: message})
	}
	if address == "" {
		if p, ok := geo.NearNumber(call.CallerPhone); ok && e.RouteByCaller {
			return p, nil
		}
		return geo.Place{}, again("is missing: what is your ZIP code, or your city and state?")
	}
	places, err := e.geocoder.Locate(ctx, address)
	switch {
	case err != nil:
		return geo.Place{}, err
	case len(places) == 0:
		return geo.Place{}, again("is not one that I can find: what is the ZIP code, or the city and state?")
	case len(places) > 1:
		n := min(len(places), 4)
		labels := places[0].Label
		for _, p := range places[1 : n-1] {
			labels += "; " + p.Label
		}
		return geo.Place{}, again("could be " + labels + " or " + places[n-1].Label + ": which one is it?")
	}
	return places[0], nil
}

// An areaAnswer says whether a place is in the area.
type areaAnswer struct {
	Message       string  `json:"message"` // all of it as a sentence
	InServiceArea bool    `json:"in_service_area"`
	DistanceMiles float64 `json:"distance_miles"`
	RadiusMiles   float64 `json:"radius_miles"`
	Address       string  `json:"address"`               // as the geocoder reads it
	Approximate   bool    `json:"approximate,omitempty"` // the place is known to a city or less
}

func (e *executor) inArea(ctx context.Context, from geo.Place) (areaAnswer, error) {
	e.mu.Lock()
	origin := e.origin
	e.mu.Unlock()
	if origin == nil {
		places, err := e.geocoder.Locate(ctx, e.OriginAddress)
		if err != nil {
			return areaAnswer{}, err
		}
		if len(places) == 0 {
			return areaAnswer{}, callwright.Errorf(callwright.CodeInternal, "The setting origin_address leads nowhere: give it with a ZIP code.")
		}
		origin = &places[0]
		e.mu.Lock()
		e.origin = origin
		e.mu.Unlock()
	}
	miles := geo.Miles(origin.Point, from.Point)
	within := miles <= *e.RadiusMiles
	message := fmt.Sprintf("Yes, %s is in the area we serve.", from.Label)
	if !within {
		message = fmt.Sprintf("I'm sorry, %s is outside the area we serve: it is %s away.", from.Label, spoken(miles))
	}
	return areaAnswer{message, within, tenth(miles), *e.RadiusMiles, from.Label, rough(from)}, nil
}

// A nearestAnswer is the nearest location.
type nearestAnswer struct {
	Message       string  `json:"message"` // all of it as a sentence
	Location      string  `json:"location"`
	Address       string  `json:"address,omitempty"`
	Phone         string  `json:"phone,omitempty"`
	DistanceMiles float64 `json:"distance_miles"`
	InServiceArea *bool   `json:"in_service_area,omitempty"` // with radius_miles
	NearAddress   string  `json:"near_address"`              // the caller's, as the geocoder reads it
	Approximate   bool    `json:"approximate,omitempty"`     // the place is known to a city or less
	BasedOn       string  `json:"based_on,omitempty"`        // area_code: only the caller's number tells, so the caller must confirm
}

func (e *executor) nearest(ctx context.Context, from geo.Place) (nearestAnswer, error) {
	points, err := e.located(ctx)
	if err != nil {
		return nearestAnswer{}, err
	}
	best, miles := -1, math.Inf(1)
	for i, p := range points {
		if p == nil {
			continue
		}
		if d := geo.Miles(*p, from.Point); d < miles {
			best, miles = i, d
		}
	}
	if best < 0 {
		return nearestAnswer{}, callwright.Errorf(callwright.CodeInternal, "No address of the roster leads anywhere: give lat and lng, which POST /agents/{agentId}/geocode-roster finds.")
	}
	l := e.Roster[best]
	a := nearestAnswer{Location: l.Label, Address: l.Address, Phone: l.Phone, DistanceMiles: tenth(miles), NearAddress: from.Label, Approximate: rough(from)}
	if from.Precision == geo.AreaCode {
		a.BasedOn = string(geo.AreaCode)
	}
	if e.RadiusMiles != nil {
		within := miles <= *e.RadiusMiles
		a.InServiceArea = &within
	}
	a.Message = a.say(l, miles)
	return a, nil
}

// say words the answer. A place that is guessed from a number is put as a question.
func (a nearestAnswer) say(l Location, miles float64) string {
	where := l.Label
	if l.Address != "" {
		where += ", at " + l.Address + ","
	}
	found := fmt.Sprintf("The nearest location is %s %s away.", where, spoken(miles))
	if a.InServiceArea != nil && !*a.InServiceArea {
		found = fmt.Sprintf("I'm sorry, we don't serve %s: the nearest location is %s, and that is %s away.", a.NearAddress, l.Label, spoken(miles))
	}
	if a.BasedOn != "" {
		found = fmt.Sprintf("Going by your number, you are near %s. %s Is that the right area?", a.NearAddress, found)
	}
	return found
}

// spoken is a distance as a person says it.
func spoken(miles float64) string {
	switch {
	case miles < 1:
		return "less than a mile"
	case miles < 1.5:
		return "about a mile"
	}
	return fmt.Sprintf("about %.0f miles", miles)
}

// located returns the points of the roster, finding addresses that were not found yet.
// A nil one cannot be found.
func (e *executor) located(ctx context.Context) ([]*geo.Point, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !slices.Contains(e.points, nil) {
		return e.points, nil
	}
	points, found := slices.Clone(e.points), 0 // others may be reading those
	for i, p := range points {
		if p != nil {
			continue
		}
		places, err := geo.Offline{}.Locate(ctx, e.Roster[i].Address)
		if err == nil && (len(places) != 1 || places[0].Precision != geo.Zip) && e.geocoder != geo.Geocoder(geo.Offline{}) {
			if found++; found > maxFound {
				return nil, callwright.Errorf(callwright.CodeInternal, "The roster has more than %d addresses without lat and lng: POST /agents/{agentId}/geocode-roster finds them once.", maxFound)
			}
			places, err = e.geocoder.Locate(ctx, e.Roster[i].Address)
		}
		if err != nil {
			return nil, err
		}
		if len(places) > 0 {
			points[i] = &places[0].Point
		}
	}
	e.points = points
	return points, nil
}

func tenth(miles float64) float64 { return math.Round(miles*10) / 10 }

func rough(p geo.Place) bool { return p.Precision == geo.City || p.Precision == geo.AreaCode }
