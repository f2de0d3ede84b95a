package gate

import (
	"fmt"
	"slices"
	"time"

	"callwright"
)

// Open reports whether the business is open at an instant. Hours that are not
// configured mean always. A range whose end is at or before its start runs past
// midnight and belongs to the day it starts on; holidays go by that day too.
func Open(h callwright.BusinessHours, now time.Time) (bool, error) {
	if len(h.Weekly) == 0 && len(h.Holidays) == 0 {
		return true, nil
	}
	zone, err := time.LoadLocation(h.Timezone)
	if err != nil || h.Timezone == "" {
		return false, fmt.Errorf("businessHours.timezone %q is not an IANA time zone", h.Timezone)
	}
	now = now.In(zone)
	for _, back := range []int{0, -1} { // today, and yesterday's range past midnight
		day := time.Date(now.Year(), now.Month(), now.Day()+back, 0, 0, 0, 0, zone)
		for _, r := range rangesOf(h, day) {
			start, end, err := r.on(day)
			if err != nil {
				return false, err
			}
			if !now.Before(start) && now.Before(end) {
				return true, nil
			}
		}
	}
	return false, nil
}

type clock callwright.Range

func rangesOf(h callwright.BusinessHours, day time.Time) []clock {
	date := day.Format(time.DateOnly)
	for _, hol := range h.Holidays {
		if date == hol.Date || hol.EndDate != "" && date >= hol.Date && date <= hol.EndDate {
			if hol.Closed {
				return nil
			}
			return clocks(hol.Ranges)
		}
	}
	if len(h.Weekly) == 0 {
		return []clock{{Start: "00:00", End: "24:00"}}
	}
	return clocks(h.Weekly[weekdays[day.Weekday()]])
}

// weekdays are the keys of a weekly schedule, by time.Weekday.
var weekdays = [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func clocks(ranges []callwright.Range) []clock {
	out := make([]clock, len(ranges))
	for i, r := range ranges {
		out[i] = clock(r)
	}
	return out
}

// on places the range on a day. Wall-clock arithmetic keeps 09:00 at nine on the
// days when clocks change.
func (c clock) on(day time.Time) (start, end time.Time, err error) {
	sh, sm, err := hourMinute(c.Start)
	if err != nil {
		return start, end, err
	}
	eh, em, err := hourMinute(c.End)
	if err != nil {
		return start, end, err
	}
	at := func(plus, h, m int) time.Time {
		return time.Date(day.Year(), day.Month(), day.Day()+plus, h, m, 0, 0, day.Location())
	}
	plus := 0
	if eh*60+em <= sh*60+sm {
		plus = 1
	}
	return at(0, sh, sm), at(plus, eh, em), nil
}

func hourMinute(s string) (h, m int, err error) {
	if s == "24:00" {
		return 24, 0, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, 0, fmt.Errorf("%q is not a time of day such as 09:00", s)
	}
	return t.Hour(), t.Minute(), nil
}

// CheckHours returns what is wrong with a schedule that Open could not judge by, by
// field. Nothing is wrong with none.
func CheckHours(h callwright.BusinessHours) map[string]string {
	problems := map[string]string{}
	if _, err := time.LoadLocation(h.Timezone); err != nil || h.Timezone == "Local" || h.Timezone == "" && len(h.Weekly) > 0 {
		problems["timezone"] = "must be an IANA time zone such as America/Chicago"
	}
	for day, ranges := range h.Weekly {
		if !slices.Contains(weekdays[:], day) {
			problems["weekly."+day] = "is not a day: use mon, tue, wed, thu, fri, sat or sun"
		}
		for i, r := range ranges {
			if _, _, err := clock(r).on(time.Time{}); err != nil {
				problems[fmt.Sprintf("weekly.%s[%d]", day, i)] = "must have a start and an end such as 09:00 and 17:30"
			}
		}
	}
	return problems
}

// NextOpen returns when the business opens next, in its own zone; ok is false when
// it is open, always open, or will not open within the next four weeks.
func NextOpen(h callwright.BusinessHours, now time.Time) (next time.Time, ok bool) {
	open, err := Open(h, now)
	if err != nil || open {
		return time.Time{}, false
	}
	zone, err := time.LoadLocation(h.Timezone)
	if err != nil {
		return time.Time{}, false
	}
	now = now.In(zone)
	for ahead := range 29 {
		day := time.Date(now.Year(), now.Month(), now.Day()+ahead, 0, 0, 0, 0, zone)
		for _, r := range rangesOf(h, day) {
			start, _, err := r.on(day)
			if err == nil && start.After(now) && (!ok || start.Before(next)) {
				next, ok = start, true
			}
		}
		if ok {
			return next, true
		}
	}
	return time.Time{}, false
}
