package gate_test

import (
	"testing"
	"time"

	"callwright"
	"callwright/internal/gate"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	r := func(start, end string) []callwright.Range { return []callwright.Range{{Start: start, End: end}} }
	day := map[string][]callwright.Range{"mon": r("09:00", "17:00"), "sat": {}}
	split := map[string][]callwright.Range{"mon": {{Start: "09:00", End: "12:00"}, {Start: "13:00", End: "17:00"}}}
	bar := map[string][]callwright.Range{"fri": r("18:00", "02:00"), "sun": r("20:00", "24:00")}
	early := map[string][]callwright.Range{"sun": r("01:00", "04:00")}
	all := map[string][]callwright.Range{"mon": r("00:00", "00:00")}
	cases := []struct {
		name   string
		zone   string
		weekly map[string][]callwright.Range
		hol    []callwright.Holiday
		at     string // RFC 3339
		want   bool
	}{
		{"before", "UTC", day, nil, "2027-03-01T08:59:59Z", false},
		{"from the first minute", "UTC", day, nil, "2027-03-01T09:00:00Z", true},
		{"to the last second", "UTC", day, nil, "2027-03-01T16:59:59Z", true},
		{"not at the end", "UTC", day, nil, "2027-03-01T17:00:00Z", false},
		{"a day with an empty list", "UTC", day, nil, "2027-03-06T10:00:00Z", false},
		{"a day that is not listed", "UTC", day, nil, "2027-03-02T10:00:00Z", false},
		{"in the morning", "UTC", split, nil, "2027-03-01T11:59:00Z", true},
		{"at lunch", "UTC", split, nil, "2027-03-01T12:30:00Z", false},
		{"in the afternoon", "UTC", split, nil, "2027-03-01T13:00:00Z", true},
		{"in the zone of the business", "America/New_York", day, nil, "2027-03-01T14:00:00Z", true},
		{"not yet there", "America/New_York", day, nil, "2027-03-01T13:59:00Z", false},
		{"still Sunday there", "America/Los_Angeles", day, nil, "2027-03-01T07:00:00Z", false},
		{"Friday night", "UTC", bar, nil, "2027-03-05T23:30:00Z", true},
		{"past midnight", "UTC", bar, nil, "2027-03-06T01:59:00Z", true},
		{"closing time", "UTC", bar, nil, "2027-03-06T02:00:00Z", false},
		{"not the night before", "UTC", bar, nil, "2027-03-05T01:00:00Z", false},
		{"to midnight", "UTC", bar, nil, "2027-03-07T23:59:59Z", true},
		{"not past midnight", "UTC", bar, nil, "2027-03-08T00:00:00Z", false},
		{"around the clock, early", "UTC", all, nil, "2027-03-01T00:00:00Z", true},
		{"around the clock, late", "UTC", all, nil, "2027-03-01T23:59:59Z", true},
		{"around the clock, over", "UTC", all, nil, "2027-03-02T00:00:00Z", false},
		{"holiday", "UTC", day, []callwright.Holiday{{Date: "2027-03-01", Closed: true}}, "2027-03-01T10:00:00Z", false},
		{"other hours on a holiday", "UTC", day, []callwright.Holiday{{Date: "2027-03-01", Ranges: r("20:00", "21:00")}}, "2027-03-01T20:30:00Z", true},
		{"not the usual hours on a holiday", "UTC", day, []callwright.Holiday{{Date: "2027-03-01", Ranges: r("20:00", "21:00")}}, "2027-03-01T10:00:00Z", false},
		{"first day of many", "UTC", day, []callwright.Holiday{{Date: "2027-03-01", EndDate: "2027-03-09", Closed: true}}, "2027-03-01T10:00:00Z", false},
		{"last day of many", "UTC", day, []callwright.Holiday{{Date: "2027-02-20", EndDate: "2027-03-01", Closed: true}}, "2027-03-01T10:00:00Z", false},
		{"after the holidays", "UTC", day, []callwright.Holiday{{Date: "2027-02-20", EndDate: "2027-02-28", Closed: true}}, "2027-03-01T10:00:00Z", true},
		{"holidays only: open otherwise", "UTC", nil, []callwright.Holiday{{Date: "2027-03-01", Closed: true}}, "2027-03-02T03:00:00Z", true},
		{"holidays only: closed then", "UTC", nil, []callwright.Holiday{{Date: "2027-03-01", Closed: true}}, "2027-03-01T03:00:00Z", false},
		{"a night that began before the holiday goes on", "UTC", bar, []callwright.Holiday{{Date: "2027-03-06", Closed: true}}, "2027-03-06T01:00:00Z", true},
		{"a night of the holiday does not begin", "UTC", bar, []callwright.Holiday{{Date: "2027-03-05", Closed: true}}, "2027-03-06T01:00:00Z", false},
		{"the holiday is the business's day", "Asia/Tokyo", day, []callwright.Holiday{{Date: "2027-03-01", Closed: true}}, "2027-03-01T01:00:00Z", false},
		{"nine is nine after the clocks went forward", "America/New_York", map[string][]callwright.Range{"sun": r("09:00", "17:00")}, nil, "2027-03-14T13:00:00Z", true},
		{"not an hour early", "America/New_York", map[string][]callwright.Range{"sun": r("09:00", "17:00")}, nil, "2027-03-14T12:59:00Z", false},
		{"nine is nine after the clocks went back", "America/New_York", map[string][]callwright.Range{"sun": r("09:00", "17:00")}, nil, "2027-11-07T14:00:00Z", true},
		{"not an hour early in autumn", "America/New_York", map[string][]callwright.Range{"sun": r("09:00", "17:00")}, nil, "2027-11-07T13:59:00Z", false},
		{"the night with a missing hour", "America/New_York", early, nil, "2027-03-14T07:30:00Z", true},         // 03:30 EDT
		{"the night with a missing hour ends", "America/New_York", early, nil, "2027-03-14T08:00:00Z", false},   // 04:00 EDT
		{"the second of two one-o'clocks", "America/New_York", early, nil, "2027-11-07T06:30:00Z", true},        // 01:30 EST
		{"the night with two one-o'clocks ends", "America/New_York", early, nil, "2027-11-07T09:00:00Z", false}, // 04:00 EST
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			at, err := time.Parse(time.RFC3339, c.at)
			if err != nil {
				t.Fatal(err)
			}
			got, err := gate.Open(callwright.BusinessHours{Timezone: c.zone, Weekly: c.weekly, Holidays: c.hol}, at)
			if err != nil || got != c.want {
				t.Errorf("at %s: got %v, %v; want %v", c.at, got, err, c.want)
			}
		})
	}
}

func TestOpenWithoutHours(t *testing.T) {
	t.Parallel()
	for _, h := range []callwright.BusinessHours{{}, {Timezone: "Europe/Paris"}, {Timezone: "nowhere"}} {
		if got, err := gate.Open(h, monday); err != nil || !got {
			t.Errorf("%+v: got %v, %v; want always open", h, got, err)
		}
	}
}

// What cannot be judged is an error, never open.
func TestOpenCannotJudge(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]callwright.BusinessHours{
		"no zone":     {Weekly: office().Weekly},
		"bad zone":    {Timezone: "Mars/Olympus", Weekly: office().Weekly},
		"bad start":   {Timezone: "UTC", Weekly: map[string][]callwright.Range{"mon": {{Start: "nine", End: "17:00"}}}},
		"bad end":     {Timezone: "UTC", Weekly: map[string][]callwright.Range{"mon": {{Start: "09:00", End: "25:00"}}}},
		"bad holiday": {Timezone: "UTC", Holidays: []callwright.Holiday{{Date: "2027-03-01", Ranges: []callwright.Range{{Start: "", End: "10:00"}}}}},
	} {
		if got, err := gate.Open(h, monday); err == nil || got {
			t.Errorf("%s: got %v, %v; want an error", name, got, err)
		}
	}
}
