package builtin

import (
	"time"
)

// weekdayDate reads "Tuesday", "next Tuesday" and "Tuesday next week": the next
// such day from tomorrow on, of the following week when that is said.
func (r reader) weekdayDate(i int) (time.Time, int) {
	j, following, last := i, false, false
	switch {
	case r.is(j, "next week") && j+2 < len(r.toks):
		j, following = j+2, true
		if r.is(j, "on") {
			j++
		}
	case r.is(j, "next"), r.is(j, "this"), r.is(j, "coming"):
		j++
	case r.is(j, "this coming"):
		j += 2
	case r.is(j, "last"):
		j, last = j+1, true
	}
	if j >= len(r.toks) {
		return time.Time{}, 0
	}
	wd, ok := weekday(r.toks[j].low)
	if !ok {
		return time.Time{}, 0
	}
	j++
	if r.is(j, "next week") {
		j, following = j+2, true
	}
	today := r.today()
	ahead := (int(wd)-int(today.Weekday())+6)%7 + 1
	if last || r.past {
		return today.AddDate(0, 0, ahead-7-ahead/7*7), j - i
	}
	if following {
		monday := today.AddDate(0, 0, (8-int(today.Weekday()))%7)
		if today.Weekday() == time.Monday {
			monday = today.AddDate(0, 0, 7)
		}
		return monday.AddDate(0, 0, (int(wd)+6)%7), j - i
	}
	// "Tuesday the 3rd": the date decides
	if d, n := r.monthDate(j); n > 0 && !r.toks[j-1].stop {
		return d, j + n - i
	}
	if d, n := r.ordinalDate(j); n > 0 {
		return d, j + n - i
	}
	return today.AddDate(0, 0, ahead), j - i
}

// ordinalDate reads "the 3rd": the next third of a month.
func (r reader) ordinalDate(i int) (time.Time, int) {
	if !r.is(i, "the") && !r.answer || i >= len(r.toks) {
		return time.Time{}, 0
	}
	j := i
	if r.is(j, "the") {
		j++
	}
	if j >= len(r.toks) {
		return time.Time{}, 0
	}
	d, ok := ordinal(r.toks[j].low)
	if !ok || d > 31 || d < 1 || !r.toks[j].stop && j+1 < len(r.toks) && !common(r.toks[j+1].low) {
		return time.Time{}, 0
	}
	if r.toks[j].low[0] > '9' && d < 4 { // "the second one"
		return time.Time{}, 0
	}
	today := r.today()
	for m := range 12 {
		first := time.Date(today.Year(), today.Month()+time.Month(m), 1, 0, 0, 0, 0, time.UTC)
		if t, n := valid(first.Year(), first.Month(), d, j+1-i); n > 0 && !t.Before(today) {
			return t, n
		}
	}
	return time.Time{}, 0
}

func spokenDate(d time.Time) string { return d.Format("Monday, January 2") }
