package control

import (
	"context"
	"fmt"
	"strings"

	"callwright"
)

// maxRosterEntries bounds the addresses of one request.
const maxRosterEntries = 500

// A RosterEntry is a location whose address is to be found. What it has beside the
// address comes back as it was.
type RosterEntry struct {
	Label   string `json:"label" required:"false" doc:"Its name" example:"Downtown"`
	Address string `json:"address" doc:"What is looked up" example:"233 S Wacker Dr, Chicago, IL 60606"`
	Phone   string `json:"phone" required:"false" doc:"Its telephone number" example:"+13125550123"`
}

// A LocatedEntry is a roster entry with its place, as the setting roster of a geo skill
// takes it.
type LocatedEntry struct {
	RosterEntry
	Lat       *float64 `json:"lat" nullable:"true" doc:"Degrees; null when it was not found"`
	Lng       *float64 `json:"lng" nullable:"true" doc:"Degrees; null when it was not found"`
	Geocoded  bool     `json:"geocoded"`
	Formatted string   `json:"formatted" doc:"The address as the geocoder reads it; of several that it could be, all"`
}

// A LocatedRoster is what came of a roster.
type LocatedRoster struct {
	Entries  []LocatedEntry `json:"entries"`
	Geocoded int            `json:"geocoded"`
	Failed   int            `json:"failed" doc:"Entries that lead nowhere, or to several places"`
}

// LocateRoster finds the addresses of a roster, and stores nothing.
func (s *Service) LocateRoster(ctx context.Context, actor callwright.Actor, agent callwright.AgentID, entries []RosterEntry, problems []callwright.FieldError) (LocatedRoster, error) {
	if err := s.found(ctx, actor, agent); err != nil {
		return LocatedRoster{}, err
	}
	if len(entries) == 0 || len(entries) > maxRosterEntries {
		problems = append(problems, at("entries", "must be 1 to 500 entries: send bigger rosters in parts")...)
	}
	for i, e := range entries {
		if strings.TrimSpace(e.Address) == "" || len(e.Address) > 500 {
			problems = append(problems, at(fmt.Sprintf("entries[%d].address", i), "is required: at most 500 characters")...)
		}
	}
	if err := fail(problems); err != nil {
		return LocatedRoster{}, err
	}
	out := LocatedRoster{Entries: make([]LocatedEntry, 0, len(entries))}
	for _, e := range entries {
		places, err := s.Geocoder.Locate(ctx, e.Address)
		if err != nil {
			return LocatedRoster{}, err
		}
		found := LocatedEntry{RosterEntry: e}
		var labels []string
		for _, p := range places {
			labels = append(labels, p.Label)
		}
		found.Formatted = strings.Join(labels, "; ")
		if len(places) == 1 {
			found.Lat, found.Lng, found.Geocoded = &places[0].Lat, &places[0].Lng, true
			out.Geocoded++
		} else {
			out.Failed++
		}
		out.Entries = append(out.Entries, found)
	}
	return out, nil
}
