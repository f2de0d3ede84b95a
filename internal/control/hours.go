package control

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"callwright"
	"callwright/internal/gate"
)

// checkHours reports everything about business hours that the gate could not judge
// by, or would never look at.
func checkHours(h *callwright.BusinessHours) []callwright.FieldError {
	p := optional("businessHours.afterHours.mode", h.AfterHours.Mode, "full", "message_only", "closed")
	p = append(p, text("businessHours.afterHours.message", h.AfterHours.Message, 0, 2_000)...)
	p = append(p, checkDestination("businessHours.afterHours.number", &h.AfterHours.Number)...)
	p = append(p, emergency(h.AfterHours.EmergencyNumber)...)
	if h.Timezone == "" {
		if len(h.Weekly) > 0 || len(h.Holidays) > 0 {
			p = append(p, at("businessHours.timezone", "is required with a schedule: give an IANA name such as America/Chicago")...)
		}
	} else if _, err := time.LoadLocation(h.Timezone); err != nil || h.Timezone == "Local" {
		p = append(p, at("businessHours.timezone", "must be an IANA time zone such as America/Chicago")...)
	}
	for _, day := range slices.Sorted(maps.Keys(h.Weekly)) {
		field := "businessHours.weekly." + day
		if !slices.Contains(weekdays(), day) {
			p = append(p, at(field, "is not a day: use mon, tue, wed, thu, fri, sat or sun")...)
		}
		p = append(p, checkRanges(field, h.Weekly[day])...)
	}
	return append(p, checkHolidays(h.Holidays)...)
}

func weekdays() []string { return []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} }

// Bounds of a schedule: what nobody has more of.
const (
	maxRanges   = 24
	maxHolidays = 500
)

func checkHolidays(holidays []callwright.Holiday) []callwright.FieldError {
	if len(holidays) > maxHolidays {
		return at("businessHours.holidays", fmt.Sprintf("must have at most %d entries", maxHolidays))
	}
	var p []callwright.FieldError
	for i, h := range holidays {
		field := fmt.Sprintf("businessHours.holidays[%d]", i)
		p = append(p, text(field+".name", h.Name, 0, 100)...)
		_, bad := time.Parse(time.DateOnly, h.Date)
		if bad != nil {
			p = append(p, at(field+".date", "must be a date such as 2026-12-24")...)
		}
		if _, err := time.Parse(time.DateOnly, h.EndDate); h.EndDate != "" && (err != nil || h.EndDate < h.Date) {
			p = append(p, at(field+".endDate", "must be a date such as 2026-12-26, not before date")...)
		}
		if h.Closed && len(h.Ranges) > 0 {
			p = append(p, at(field+".ranges", "must be empty when closed is true")...)
		}
		p = append(p, checkRanges(field+".ranges", h.Ranges)...)
		if j := slices.IndexFunc(holidays[:i], func(x callwright.Holiday) bool { return h.Date <= lastDay(x) && x.Date <= lastDay(h) }); j >= 0 && bad == nil {
			p = append(p, at(field+".date", fmt.Sprintf("is a day of holidays[%d] too: give every day once", j))...)
		}
	}
	return p
}

func lastDay(h callwright.Holiday) string { return max(h.Date, h.EndDate) }

// checkRanges checks the ranges of one day: each must be one that the gate can
// judge by, and none may overlap another. A range that ends at or before its start
// runs past midnight.
func checkRanges(field string, ranges []callwright.Range) []callwright.FieldError {
	if len(ranges) > maxRanges {
		return at(field, fmt.Sprintf("must have at most %d ranges", maxRanges))
	}
	var p []callwright.FieldError
	for i, r := range ranges {
		here := fmt.Sprintf("%s[%d]", field, i)
		if !judged(r) {
			p = append(p, at(here, "must have a start and an end such as 09:00 and 17:30")...)
			continue
		}
		start, end := minutes(r)
		for j, x := range ranges[:i] {
			if !judged(x) {
				continue
			}
			if s, e := minutes(x); start < e && s < end {
				p = append(p, at(here, fmt.Sprintf("overlaps the range [%d] of the day: join them, or end one where the other starts", j))...)
				break
			}
		}
	}
	return p
}

// judged asks the gate, which must be able to judge by the range.
func judged(r callwright.Range) bool {
	h := callwright.BusinessHours{Timezone: "UTC", Weekly: map[string][]callwright.Range{}}
	for _, day := range weekdays() {
		h.Weekly[day] = []callwright.Range{r}
	}
	_, err := gate.Open(h, time.Time{})
	return err == nil
}

// minutes places a range that the gate can judge by: minutes from midnight, more
// than a day's when it runs past the next one.
func minutes(r callwright.Range) (start, end int) {
	of := func(clock string) int {
		if clock == "24:00" {
			return 24 * 60
		}
		t, _ := time.Parse("15:04", clock) // judged
		return t.Hour()*60 + t.Minute()
	}
	start, end = of(r.Start), of(r.End)
	if end <= start {
		end += 24 * 60
	}
	return start, end
}
