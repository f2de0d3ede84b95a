package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"

	"callwright/internal/app"
)

const stores = `{"name":"Find a store","description":"Use when a caller asks for the nearest store.","skillType":"geo",
"parametersSchema":{"type":"object","properties":{"address":{"type":"string","description":"The caller's address, city or ZIP code"}},"required":["address"]},
"executionConfig":{"action":"find_nearest_location","radius_miles":60,"roster":[
{"label":"the Chicago store","address":"233 S Wacker Dr, Chicago, IL 60606","phone":"+13125550123"},{"label":"the Springfield store","address":"Springfield, IL","phone":"+12175550123"}]}}`

// The nearest store, an address that could be anywhere, one that is too far, and the
// roster as it is found before.
func TestGeo(t *testing.T) {
	t.Parallel()
	s := start(t)
	agent := s.agent(map[string]any{"name": "Stores"})
	s.skill(agent, stores)
	s.publish(agent)
	for words, want := range map[string]string{"60654": "the Chicago store", "Denver, Colorado": "don't serve Denver, CO", "Evanston, IL": "the Chicago store"} {
		c := s.chat(agent, false)
		first := c.say("Where is your nearest store?").text()
		r := c.say(words)
		t.Logf("caller: Where is your nearest store?\nagent: %s\ncaller: %s\nagent: %s", first, words, r.text())
		if !strings.Contains(r.text(), want) {
			t.Errorf("%s: got %q, want %q in it", words, r.text(), want)
		}
	}
	c := s.chat(agent, false)
	c.say("Where is your nearest store?")
	asked := c.say("I am in Springfield").text()
	last := c.say("62701").text()
	t.Logf("caller: I am in Springfield\nagent: %s\ncaller: 62701\nagent: %s", asked, last)
	if !strings.Contains(asked, "Springfield, ") || !strings.Contains(last, "the Springfield store") {
		t.Errorf("got %q and %q, want to be asked which, and then the store", asked, last)
	}

	r := s.try(s.key, "POST", "/agents/"+agent+"/geocode-roster", `{"entries":[{"label":"A","address":"Chicago, IL 60606","phone":"+13125550123"},{"address":"Springfield"},{"address":"Atlantis"}]}`)
	var found struct {
		Entries []struct {
			Label, Phone, Formatted string
			Lat, Lng                *float64
			Geocoded                bool
		}
		Geocoded, Failed int
	}
	r.data(t, &found)
	if found.Geocoded != 1 || found.Failed != 2 || len(found.Entries) != 3 || found.Entries[0].Lat == nil || found.Entries[0].Label != "A" || found.Entries[1].Lat != nil || !strings.Contains(found.Entries[1].Formatted, "; ") {
		t.Errorf("roster: got %s", r.body)
	}
	for body, field := range map[string]string{`{"entries":[]}`: "entries", `{"entries":[{"label":"A"}]}`: "entries[0].address", `{"entries":[{"address":" "}]}`: "entries[0].address", `{}`: "entries"} {
		if r := s.try(s.key, "POST", "/agents/"+agent+"/geocode-roster", body); r.status != 400 || !strings.Contains(string(r.body), `"`+field+`"`) {
			t.Errorf("%s: got %d %s, want a problem of %s", body, r.status, r.body, field)
		}
	}
}

// A geocoder on an address that is not allowed is not asked.
func TestGeocoderIsGuarded(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"http://127.0.0.1:9", "http://169.254.169.254", "http://[::1]/", "http://2130706433"} {
		s := start(t, func(o *app.Options) {
			o.OutboundAllow, o.Geocoder, o.GeocoderURL, o.GeocoderRate = nil, "nominatim", base, 1000
		})
		agent := s.agent(map[string]any{"name": "Stores"})
		r := s.try(s.key, "POST", "/agents/"+agent+"/geocode-roster", `{"entries":[{"address":"Chicago"}]}`)
		var problem struct{ Code string }
		if json.Unmarshal(r.body, &problem) != nil || problem.Code != "destination_refused" {
			t.Errorf("%s: got %d %s, want destination_refused", base, r.status, r.body)
		}
	}
}
