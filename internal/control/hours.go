package control

import (
	"fmt"
	"slices"
	"time"

	"callwright"
	"callwright/internal/gate"
)

// checkSchedule reports the parts of a schedule that the gate could not judge by,
// or would never look at.
func checkSchedule(h callwright.BusinessHours) []callwright.FieldError {
	var p []callwright.FieldError
	for day, ranges := range h.Weekly {
		field := "businessHours.weekly." + day
		if !slices.Contains(weekdays(), day) {
			p = append(p, at(field, "is not a day: use mon, tue, wed, thu, fri, sat or sun")...)
		}
		p = append(p, checkRanges(field, ranges)...)
	}
	for i, hol := range h.Holidays {
		field := fmt.Sprintf("businessHours.holidays[%d]", i)
		if _, err := time.Parse(time.DateOnly, hol.Date); err != nil {
			p = append(p, at(field+".date", "must be a date such as 2026-12-24")...)
		}
		if _, err := time.Parse(time.DateOnly, hol.EndDate); hol.EndDate != "" && (err != nil || hol.EndDate < hol.Date) {
			p = append(p, at(field+".endDate", "must be a date such as 2026-12-26, not before date")...)
		}
		p = append(p, checkRanges(field+".ranges", hol.Ranges)...)
	}
	return p
}

func weekdays() []string { return []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} }

// checkRanges asks the gate, which must be able to judge by them.
func checkRanges(field string, ranges []callwright.Range) []callwright.FieldError {
	var p []callwright.FieldError
	for i, r := range ranges {
		h := callwright.BusinessHours{Timezone: "UTC", Weekly: map[string][]callwright.Range{}}
		for _, day := range weekdays() {
			h.Weekly[day] = []callwright.Range{r}
		}
		if _, err := gate.Open(h, time.Time{}); err != nil {
			p = append(p, at(fmt.Sprintf("%s[%d]", field, i), "must have a start and an end such as 09:00 and 17:30")...)
		}
	}
	return p
}
