package builtin

import (
	"strconv"
	"strings"
	"time"
)

const isoDate = "2006-01-02"

func month(w string) (time.Month, bool) {
	switch w {
	case "january", "jan":
		return time.January, true
	case "february", "feb":
		return time.February, true
	case "march", "mar":
		return time.March, true
	case "april", "apr":
		return time.April, true
	case "may":
		return time.May, true
	case "june", "jun":
		return time.June, true
	case "july", "jul":
		return time.July, true
	case "august", "aug":
		return time.August, true
	case "september", "sep", "sept":
		return time.September, true
	case "october", "oct":
		return time.October, true
	case "november", "nov":
		return time.November, true
	case "december", "dec":
		return time.December, true
	}
	return 0, false
}

func weekday(w string) (time.Weekday, bool) {
	switch w {
	case "sunday", "sundays":
		return time.Sunday, true
	case "monday", "mondays", "mon":
		return time.Monday, true
	case "tuesday", "tuesdays", "tue", "tues":
		return time.Tuesday, true
	case "wednesday", "wednesdays", "wed":
		return time.Wednesday, true
	case "thursday", "thursdays", "thu", "thur", "thurs":
		return time.Thursday, true
	case "friday", "fridays", "fri":
		return time.Friday, true
	case "saturday", "saturdays":
		return time.Saturday, true
	}
	return 0, false
}

func dayWord(w string) bool {
	if _, ok := weekday(w); ok {
		return true
	}
	switch w {
	case "today", "tonight", "tomorrow", "yesterday", "next":
		return true
	}
	return false
}

// dates finds calendar days.
func (r reader) dates() []found {
	if r.lang != "" {
		if out := r.foreignDates(); len(out) > 0 {
			return out
		}
	}
	var out []found
	for i := 0; i < len(r.toks); {
		d, n := r.date(i)
		if n == 0 {
			i++
			continue
		}
		f := found{at: i, end: i + n, sure: true, bare: r.bareDay(i, n)}
		if k := len(out) - 1; k >= 0 && f.bare && !out[k].bare { // "from May 6th to the 26th"
			if first, err := time.Parse(isoDate, plain(out[k].value)); err == nil {
				d = dayAfter(first, d.Day())
			}
		}
		out = append(out, f.onDay(d))
		i += n
	}
	return out
}

// onDay is the value found, of a day.
func (f found) onDay(d time.Time) found {
	v := d.Format(isoDate)
	f.value, f.said, f.half = quoted(v), spokenDate(d), halfTime{date: v}
	return f
}

// bareDay reports a day at i that is said without a month: "the 26th".
func (r reader) bareDay(i, n int) bool {
	_, bare := r.ordinalDate(i)
	return bare == n
}

// dayAfter is the next such day of a month from a day on.
func dayAfter(from time.Time, day int) time.Time {
	for m := range time.Month(12) {
		if t, ok := valid(from.Year(), from.Month()+m, day, 1); ok > 0 && !t.Before(from) {
			return t
		}
	}
	return from
}

// foreignDates finds days in words of another language.
func (r reader) foreignDates() []found {
	out := r.windows("date")
	for k := range out {
		out[k].half.date = plain(out[k].value)
		if d, err := time.Parse(isoDate, out[k].half.date); err == nil {
			out[k].said = spokenDate(d)
		}
	}
	return out
}

// date reads one day at token i and returns how many tokens it takes.
func (r reader) date(i int) (time.Time, int) {
	if !r.beginsDate(r.toks[i].low) {
		return time.Time{}, 0
	}
	for _, f := range []func(int) (time.Time, int){r.writtenDate, r.relativeDate, r.monthDate, r.weekdayDate, r.ordinalDate} {
		if d, n := f(i); n > 0 {
			return d, n
		}
	}
	return time.Time{}, 0
}

// beginsDate rules out most words at once.
func (r reader) beginsDate(w string) bool {
	if w[0] >= '0' && w[0] <= '9' || dayWord(w) || small(w) {
		return true
	}
	switch w {
	case "the", "in", "a", "an", "this", "coming", "last", "day", "tmrw", "mañana", "morgen", "demain", "couple":
		return true
	}
	if _, ok := month(w); ok {
		return true
	}
	_, ok := ordinal(w)
	return ok
}

// writtenDate reads 2027-03-14, 3/14/2027, 14.3.2027 and 3/14.
func (r reader) writtenDate(i int) (time.Time, int) {
	w := r.toks[i].low
	if w[0] < '0' || w[0] > '9' {
		return time.Time{}, 0
	}
	if len(w) > 10 && w[10] == 't' {
		w = w[:10]
	}
	if d, err := time.Parse(isoDate, w); err == nil {
		return d, 1
	}
	sep := strings.Trim(w, "0123456789")
	if len(sep) == 0 || len(w) > 10 {
		return time.Time{}, 0
	}
	sep = sep[:1]
	if !strings.Contains("/.-", sep) {
		return time.Time{}, 0
	}
	parts := strings.Split(w, sep)
	if len(parts) < 2 || len(parts) > 3 || len(parts) == 2 && sep != "/" {
		return time.Time{}, 0
	}
	var v [3]int
	for k, s := range parts {
		n, err := strconv.Atoi(s)
		if err != nil {
			return time.Time{}, 0
		}
		v[k] = n
	}
	m, d := v[0], v[1]
	if r.dayFirst || sep == "." || m > 12 {
		m, d = d, m
	}
	if len(parts) == 2 {
		return r.nearest(time.Month(m), d, 1)
	}
	return valid(year(v[2]), time.Month(m), d, 1)
}

func year(y int) int {
	switch {
	case y >= 100:
		return y
	case y > 40:
		return 1900 + y
	}
	return 2000 + y
}

func valid(y int, m time.Month, d, n int) (time.Time, int) {
	if m > 12 {
		y, m = y+int(m-1)/12, (m-1)%12+1
	}
	t := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	if t.Year() != y || t.Month() != m || t.Day() != d {
		return time.Time{}, 0
	}
	return t, n
}

// nearest is the next such day, or the last one when the value lies behind.
func (r reader) nearest(m time.Month, d, n int) (time.Time, int) {
	today := r.today()
	for y := range 5 {
		at := today.Year() + y
		if r.past {
			at = today.Year() - y
		}
		t, ok := valid(at, m, d, n)
		if ok > 0 && (r.past && !t.After(today) || !r.past && !t.Before(today)) {
			return t, n
		}
	}
	return time.Time{}, 0
}

func (r reader) today() time.Time {
	return time.Date(r.now.Year(), r.now.Month(), r.now.Day(), 0, 0, 0, 0, time.UTC)
}

// relativeDate reads "tomorrow", "the day after tomorrow", "in two weeks", "a
// week from Tuesday" and "three days from now".
func (r reader) relativeDate(i int) (time.Time, int) {
	today := r.today()
	for _, c := range []struct {
		words string
		days  int
	}{{"the day after tomorrow", 2}, {"day after tomorrow", 2}, {"the day before yesterday", -2}, {"tomorrow", 1}, {"today", 0}, {"tonight", 0},
		{"this morning", 0}, {"this afternoon", 0}, {"this evening", 0}, {"yesterday", -1}, {"last night", -1}, {"tmrw", 1}, {"a week from today", 7}, {"a week from tomorrow", 8}, {"mañana", 1}, {"morgen", 1}, {"demain", 1}} {
		if n := r.matches(i, c.words); n > 0 {
			return today.AddDate(0, 0, c.days), n
		}
	}
	if r.is(i, "a week from") && i+3 < len(r.toks) {
		if d, n := r.weekdayDate(i + 3); n > 0 {
			return d.AddDate(0, 0, 7), 3 + n
		}
	}
	at, k := i, 0
	if r.is(i, "in") {
		at, k = i+1, 1
	}
	n, w := 0, 0
	if (r.is(at, "a") || r.is(at, "an")) && !r.is(at+1, "couple") {
		n, w = 1, 1
	} else if s, width := r.number(at); width > 0 {
		n, _ = strconv.Atoi(s)
		w = width
	}
	if w == 0 || at+w >= len(r.toks) || n > 1000 {
		return time.Time{}, 0
	}
	end := at + w + 1
	days, months := 0, 0
	switch r.toks[end-1].stem {
	case "day":
		days = n
	case "week":
		days = 7 * n
	case "month":
		months = n
	default:
		return time.Time{}, 0
	}
	switch {
	case r.is(end, "from now") || r.is(end, "from today"):
		end += 2
	case r.is(end, "ago"):
		days, months = -days, -months
		end++
	case k == 0:
		return time.Time{}, 0
	}
	return today.AddDate(0, months, days), end - i
}

// monthDate reads "March 3rd", "the 3rd of March" and "3 March 2027".
func (r reader) monthDate(i int) (time.Time, int) {
	j := i
	if r.is(j, "the") {
		j++
	}
	if j >= len(r.toks) {
		return time.Time{}, 0
	}
	m, ok := month(r.toks[j].low)
	day, width := 0, 0
	if ok {
		if r.is(j+1, "the") {
			j++
		}
		day, width = r.dayNumber(j + 1)
		j += 1 + width
	} else {
		day, width = r.dayNumber(j)
		j += width
		if r.is(j, "of") {
			j++
		}
		if j >= len(r.toks) || width == 0 {
			return time.Time{}, 0
		}
		if t, n := r.relativeMonth(day, j); n > 0 {
			return t, j + n - i
		}
		if m, ok = month(r.toks[j].low); !ok {
			return time.Time{}, 0
		}
		j++
	}
	if width == 0 {
		return time.Time{}, 0
	}
	if y, w := r.yearAt(j); w > 0 {
		return valid(y, m, day, j+w-i)
	}
	return r.nearest(m, day, j-i)
}

// relativeMonth reads "this month" and "next month" behind a day.
func (r reader) relativeMonth(day, j int) (time.Time, int) {
	ahead := 0
	switch {
	case r.is(j, "this month"):
	case r.is(j, "next month"):
		ahead = 1
	default:
		return time.Time{}, 0
	}
	first := time.Date(r.now.Year(), r.now.Month()+time.Month(ahead), 1, 0, 0, 0, 0, time.UTC)
	return valid(first.Year(), first.Month(), day, 2)
}

func (r reader) yearAt(j int) (int, int) {
	if j >= len(r.toks) {
		return 0, 0
	}
	if y, err := strconv.Atoi(r.toks[j].low); err == nil && y >= 1900 && y < 2200 && len(r.toks[j].low) == 4 {
		return y, 1
	}
	// "nineteen eighty-four", "twenty twenty seven"
	c, ok := unit(r.toks[j].low)
	if !ok || c != 19 {
		if !r.is(j, "twenty") {
			return 0, 0
		}
		c = 20
	}
	v, w := r.spelledNumber(j + 1)
	if w == 0 || v < 10 || v > 99 {
		return 0, 0
	}
	return c*100 + v, w + 1
}

func (r reader) dayNumber(j int) (int, int) {
	if j >= len(r.toks) {
		return 0, 0
	}
	if d, ok := ordinal(r.toks[j].low); ok && d <= 31 {
		return d, 1
	}
	if t, ok := tens(r.toks[j].low); ok && j+1 < len(r.toks) {
		if u, ok := ordinal(r.toks[j+1].low); ok && u < 10 {
			return t + u, 2
		}
	}
	if d, err := strconv.Atoi(r.toks[j].low); err == nil && d > 0 && d <= 31 {
		return d, 1
	}
	if v, w := r.spelledNumber(j); w > 0 && v > 0 && v <= 31 {
		return v, w
	}
	return 0, 0
}
