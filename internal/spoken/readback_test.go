package spoken_test

import (
	"strings"
	"testing"
	"time"

	"callwright/internal/spoken"
)

func TestReadBack(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.November, 20, 10, 0, 0, 0, time.UTC)
	at := func(label, format, value string) spoken.Told {
		return spoken.Told{Label: label, Format: format, Value: value, Said: spoken.Say(format, value, "US")}
	}
	for _, c := range []struct {
		deed   string
		values []spoken.Told
		want   string
	}{
		{"Cancel booking", []spoken.Told{at("booking number", "string", "H-77")}, "So I'll cancel booking H-77. Is that right?"},
		{"Cancel order", []spoken.Told{at("order", "string", "A-1")}, "So I'll cancel order A-1. Is that right?"},
		{"Block card", []spoken.Told{at("card number", "string", "4821 and all others")}, "So I'll block a card, card number 4821 and all others. Is that right?"},
		{"Cancel a booking", []spoken.Told{at("booking number", "string", "H-77")}, "So I'll cancel booking H-77. Is that right?"},
		{"Redeliver parcel", []spoken.Told{at("tracking number", "string", "PX7712"), at("day", "date", "2026-11-23")},
			"So I'll redeliver a parcel on Monday, November 23, tracking number PX7712. Is that right?"},
		{"Reserve a table", []spoken.Told{at("guests", "integer", "4"), at("day and time", "date-time", "2026-11-21T20:00:00-05:00"), at("guest name", "person-name", "Smith")},
			"So I'll reserve a table for 4 guests on Saturday, November 21 at 8 PM under the name Smith. Is that right?"},
		{"Reserve a table", []spoken.Told{at("guests", "integer", "1")}, "So I'll reserve a table for 1 guest. Is that right?"},
		{"Book a table", []spoken.Told{at("party size", "integer", "2")}, "So I'll book a table for 2 people. Is that right?"},
		{"Rent a car", []spoken.Told{at("car class", "", "van"), at("pick-up", "date-time", "2026-11-23T09:00:00-05:00"), at("days", "integer", "2"), at("driver name", "person-name", "Marie Curie")},
			"So you'd like to rent a car for 2 days from Monday, November 23 at 9 AM with Marie Curie as the driver, car class: van. Is that right?"},
		{"Extend rental", []spoken.Told{at("rental number", "", "R-501"), at("new day of return", "date", "2026-11-22")}, "So you'd like to extend rental R-501 until Sunday, November 22. Is that right?"},
		{"Book appointment", []spoken.Told{at("patient name", "person-name", "Ada Lovelace"), at("day and time", "date-time", "2027-11-21T10:00:00-05:00")},
			"So I'll book an appointment on Sunday, November 21, 2027 at 10 AM for Ada Lovelace. Is that right?"},
		{"Wake-up call", []spoken.Told{at("room number", "integer", "214"), at("time", "time", "06:30")}, "So that's a wake-up call at 6:30 AM for room 214. Is that right?"},
		{"Bulky waste collection", []spoken.Told{at("address", "address", "14 Main Street"), at("items", "", "an old sofa")}, "So that's a bulky waste collection at 14 Main Street, items: an old sofa. Is that right?"},
		{"Meet a teacher", []spoken.Told{at("teacher", "", "Mrs Grant"), at("day and time", "date-time", "2026-11-24T16:00:00-05:00")}, "So you'd like to meet Mrs Grant on Tuesday, November 24 at 4 PM. Is that right?"},
		{"Send money", []spoken.Told{at("money", "", "all of it")}, "So I'll send money, money: all of it. Is that right?"},
		{"Book advice", nil, "So I'll book advice. Is that right?"},
		{"Send parcel", []spoken.Told{at("sender name", "person-name", "Ada"), at("recipient name", "person-name", "Bo")}, "So I'll send a parcel for Ada, recipient name Bo. Is that right?"},
		{"Book trip", []spoken.Told{at("departure", "date", "2026-12-01"), at("date of birth", "date", "1980-05-03"), at("insured", "boolean", "yes")},
			"So I'll book a trip on Tuesday, December 1, date of birth Saturday, May 3, 1980, insured: yes. Is that right?"},
		{"", []spoken.Told{at("note", "", "a: b")}, "So that's, note: a: b. Is that right?"},
	} {
		got := spoken.ReadBack(c.deed, c.values, now)
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.deed, got, c.want)
		}
		for _, v := range c.values {
			if !strings.Contains(got, v.Said) && !strings.Contains(got, strings.Replace(v.Said, ", 2026", "", 1)) {
				t.Errorf("%s: %q is not in %q", c.deed, v.Said, got)
			}
		}
	}
}
