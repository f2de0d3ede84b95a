package builtin

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// times finds times of day as "15:04".
func (r reader) times() []found {
	if r.lang != "" {
		if out := r.foreignTimes(); len(out) > 0 {
			return out
		}
	}
	var out []found
	for i := 0; i < len(r.toks); {
		if both, end := r.stretch(i); end > i {
			out, i = append(out, both...), end
			continue
		}
		h, m, n := r.clock(i)
		if n == 0 {
			i++
			continue
		}
		out = append(out, timeAt(h, m, i, i+n))
		out[len(out)-1].half.loose = r.loose(i, h)
		i += n
	}
	if len(out) == 0 && r.hour != "" {
		return r.settled()
	}
	return out
}

// stretch reads two times of which the second tells the half of the day of the first:
// "from 4 to 6 pm".
func (r reader) stretch(i int) (both []found, end int) {
	if !r.is(i, "from") && !r.is(i, "between") {
		return nil, i
	}
	from, n := 0, 0
	if i+1 < len(r.toks) {
		from, n = r.smallHour(i + 1)
	}
	j := i + 1 + n
	if n == 0 || from > 12 || r.toks[j-1].stop || !r.is(j, "to") && !r.is(j, "and") && !r.is(j, "until") && !r.is(j, "till") {
		return nil, i
	}
	h, m, w := r.clock(j + 1)
	if w == 0 || r.meridiem(j+2) == 0 && !strings.HasSuffix(r.toks[j+1].low, "m") && !r.is(j+1, "noon") {
		return nil, i
	}
	first := from % 12
	if h >= 12 && first < h%12 {
		first += 12
	}
	return []found{timeAt(first, 0, i+1, j), timeAt(h, m, j+1, j+1+w)}, j + 1 + w
}

func timeAt(h, m, at, end int) found {
	v := fmt.Sprintf("%02d:%02d", h, m)
	return found{value: quoted(v), at: at, end: end, said: spokenTime(h, m), sure: true, half: halfTime{clock: v}}
}

// loose reports an hour at i of which nothing says whether it is in the morning.
func (r reader) loose(i, h int) bool {
	w := r.toks[i].low
	if h%12 == 0 || w[0] == '0' || w[0] == '1' && h > 12 || w[0] <= '9' && strings.HasSuffix(w, "m") || strings.HasSuffix(w, "h") {
		return false
	}
	return r.has("am", "pm", "morning", "afternoon", "evening", "night", "tonight", "breakfast", "lunch", "dinner", "noon", "midday") < 0
}

// settled is the hour that was asked about, in the half of the day that the text names.
func (r reader) settled() []found {
	t, err := time.Parse("15:04", r.hour)
	if err != nil {
		return nil
	}
	for i, tok := range r.toks {
		switch h := t.Hour() % 12; tok.low {
		case "morning", "am", "a.m":
			return []found{timeAt(h, t.Minute(), i, i+1)}
		case "afternoon", "evening", "night", "tonight", "pm", "p.m":
			return []found{timeAt(h+12, t.Minute(), i, i+1)}
		}
	}
	return nil
}

// daytime puts a loose hour into the half of the day that the tool is about: one wakes
// in the morning. An hour that is usual in both halves stays loose; another is where
// people make appointments.
func (t *tool) daytime(p *param, v found) found {
	if !v.half.loose {
		return v
	}
	clock, err := time.Parse("15:04", v.half.clock)
	if err != nil {
		return v
	}
	about := read(t.label + " " + t.desc + " " + p.desc)
	early := about.has("morning", "breakfast", "wake", "wakes", "wake-up", "woken", "waking") >= 0
	late := about.has("evening", "dinner", "supper", "night", "tonight") >= 0
	h := clock.Hour() % 12
	switch {
	case early && !late:
	case late && !early:
		h += 12
	case p.required && (h == 6 || h == 7):
		return v
	default:
		h = clock.Hour()
	}
	s := timeAt(h, clock.Minute(), v.at, v.end)
	v.half.clock, v.half.loose = s.half.clock, false
	if p.kind == kindTime {
		v.value, v.said = s.value, s.said
	}
	return v
}

// foreignTimes finds times of day in words of another language.
func (r reader) foreignTimes() []found {
	out := r.windows("time")
	for k := range out {
		out[k].half.clock = plain(out[k].value)
		if t, err := time.Parse("15:04", out[k].half.clock); err == nil {
			out[k].said = spokenTime(t.Hour(), t.Minute())
		}
	}
	return out
}

// clock reads a time of day at token i and returns how many tokens it takes.
func (r reader) clock(i int) (h, m, n int) {
	if i >= len(r.toks) {
		return 0, 0, 0
	}
	switch r.toks[i].low {
	case "noon", "midday":
		return 12, 0, 1
	case "midnight":
		return 0, 0, 1
	case "half", "a", "quarter":
	default:
		if w := r.toks[i].low; (w[0] < '0' || w[0] > '9') && !small(w) {
			return 0, 0, 0
		}
	}
	h, m, n = r.relativeClock(i)
	if n == 0 {
		h, m, n = r.plainClock(i)
	}
	if n == 0 || h > 24 || m > 59 {
		return 0, 0, 0
	}
	return r.halfOfDay(i, h, m, n)
}

// relativeClock reads "half past four", "quarter to five", "ten past three".
func (r reader) relativeClock(i int) (h, m, n int) {
	j := i
	switch {
	case r.is(j, "half past"):
		m, j = 30, j+1
	case r.is(j, "a quarter"):
		m, j = 15, j+2
	case r.is(j, "quarter"):
		m, j = 15, j+1
	default:
		v, w := r.smallNumber(i, 59)
		if w == 0 {
			return 0, 0, 0
		}
		m, j = v, j+w
		if r.is(j, "minutes") {
			j++
		}
	}
	to := r.is(j, "to") || r.is(j, "before") || r.is(j, "till")
	if !to && !r.is(j, "past") && !r.is(j, "after") {
		return 0, 0, 0
	}
	if to && r.clockMarked(i, j) {
		return 0, 0, 0
	}
	h, w := r.smallNumber(j+1, 12)
	if w == 0 {
		return 0, 0, 0
	}
	if to {
		h, m = (h+11)%12, 60-m
		if h == 0 {
			h = 12
		}
	}
	return h, m, j + 1 + w - i
}

// clockMarked keeps "from 5 to 7" from being 6:55.
func (r reader) clockMarked(i, j int) bool {
	return i > 0 && (r.toks[i-1].low == "from" || r.toks[i-1].low == "between") || j == i+1 && r.toks[i].low[0] <= '9' && r.toks[i].low != "5" && r.toks[i].low != "10" && r.toks[i].low != "20"
}

func (t text) smallNumber(i, limit int) (int, int) {
	s, w := t.number(i)
	v, err := strconv.Atoi(s)
	if w == 0 || err != nil || v < 1 || v > limit {
		return 0, 0
	}
	return v, w
}

// plainClock reads "15:30", "3pm", "3.30 pm", "four thirty" and "at 4".
func (r reader) plainClock(i int) (h, m, n int) {
	w := r.toks[i].low
	core := strings.TrimRight(w, "apm.h")
	if h, m, ok := hourMinute(core); ok && (strings.ContainsAny(core, ":") || core != w || r.meridiem(i+1) != 0) {
		if core != w {
			h = half(h, strings.Trim(w[len(core):], ".m"))
		}
		return h, m, 1
	}
	v, width := r.smallHour(i)
	if width == 0 {
		return 0, 0, 0
	}
	j := i + width
	if !r.toks[j-1].stop && j < len(r.toks) && r.toks[i].low[0] > '9' {
		if mm, w := r.spelledNumber(j); w > 0 && mm >= 10 && mm < 60 {
			return v, mm, width + w
		}
	}
	switch {
	case r.is(j, "o'clock"), r.is(j, "oclock"):
		return v, 0, width + 1
	case !r.toks[j-1].stop && r.meridiem(j) != 0:
		return v, 0, width
	case i > 0 && !r.toks[i-1].stop && (r.toks[i-1].low == "morning" || r.toks[i-1].low == "afternoon" || r.toks[i-1].low == "evening") && v <= 12:
		return v, 0, width
	case i > 0 && (r.toks[i-1].low == "at" || r.toks[i-1].low == "around" || r.toks[i-1].low == "by" && v <= 12) && v <= 12 && !r.counting(j):
		return v, 0, width
	case r.answer && v <= 24 && !r.counting(j) && !r.preceded(i):
		return v, 0, width
	}
	return 0, 0, 0
}

// smallHour is one number word or figure up to 24: "four thirty" is not 34.
func (r reader) smallHour(i int) (int, int) {
	w := r.toks[i].low
	if v, ok := unit(w); ok && v > 0 && v <= 12 {
		return v, 1
	}
	if v, err := strconv.Atoi(w); err == nil && v >= 0 && v <= 24 && len(w) <= 2 {
		return v, 1
	}
	return 0, 0
}

func (r reader) preceded(i int) bool {
	if i == 0 {
		return false
	}
	_, ok := month(r.toks[i-1].low)
	return ok
}

// counting reports that what follows makes the number no clock time.
func (r reader) counting(j int) bool {
	if j >= len(r.toks) || r.toks[j-1].stop {
		return false
	}
	if _, ok := month(r.toks[j].low); ok {
		return true
	}
	switch r.toks[j].low {
	case "in", "on", "would", "is", "works", "please", "for", "tomorrow", "today", "tonight", "next", "this", "then", "and", "if", "or", "sharp", "at", "with", "works'":
		return false
	}
	_, ok := weekday(r.toks[j].low)
	return !ok
}

func hourMinute(s string) (h, m int, ok bool) {
	sep := strings.IndexAny(s, ":.h")
	if sep < 0 {
		v, err := strconv.Atoi(s)
		return v, 0, err == nil && v >= 0 && v <= 24 && len(s) <= 2
	}
	h, err := strconv.Atoi(s[:sep])
	m, err2 := strconv.Atoi(s[sep+1 : min(len(s), sep+3)])
	return h, m, err == nil && err2 == nil && len(s[sep+1:]) >= 2 && h >= 0 && h <= 24 && m >= 0 && m < 60
}

// meridiem returns 'a' or 'p' when the token says which half of the day.
func (r reader) meridiem(j int) byte {
	if j >= len(r.toks) {
		return 0
	}
	switch r.toks[j].low {
	case "am":
		return 'a'
	case "pm":
		return 'p'
	}
	for _, c := range []struct {
		words string
		half  byte
	}{{"in the morning", 'a'}, {"in the afternoon", 'p'}, {"in the evening", 'p'}, {"at night", 'p'}, {"this afternoon", 'p'}, {"this evening", 'p'}, {"tonight", 'p'}, {"this morning", 'a'}} {
		if r.is(j, c.words) {
			return c.half
		}
	}
	return 0
}

func half(h int, mark string) int {
	switch {
	case mark == "p" && h < 12:
		return h + 12
	case mark == "a" && h == 12:
		return 0
	}
	return h
}

// halfOfDay applies "pm" or "in the evening"; without a mark hours from one to
// six are taken as afternoon, when people make appointments.
func (r reader) halfOfDay(i, h, m, n int) (int, int, int) {
	if w := r.toks[i].low; n == 1 && (strings.HasSuffix(w, "m") && w[0] <= '9') {
		return h % 24, m, n
	}
	j := i + n
	if r.is(j, "o'clock") {
		j++
		n++
	}
	switch mark := r.meridiem(j); {
	case mark != 0:
		h = half(h, string(mark))
		if low := r.toks[j].low; low == "am" || low == "pm" {
			n++
		} else if low == "in" {
			n += 3
		} else if low == "at" {
			n += 2
		}
		n = min(n, len(r.toks)-i)
	case i > 0 && (r.toks[i-1].low == "afternoon" || r.toks[i-1].low == "evening"):
		h = half(h, "p")
	case i > 0 && r.toks[i-1].low == "morning":
		h = half(h, "a")
	case h >= 1 && h <= 6 && (len(r.toks[i].low) < 2 || r.toks[i].low[0] != '0') && r.has("morning") < 0:
		h += 12
	case h >= 7 && h <= 11 && r.has("evening", "tonight", "dinner", "night") >= 0:
		h += 12
	}
	return h % 24, m, n
}

// dateTimes joins a date and a time of the text to an instant in now's zone.
func (r reader) dateTimes() []found {
	days, clocks := r.dates(), r.times()
	switch {
	case len(days) == 0 && len(clocks) == 0:
		return nil
	case len(days) == 0:
		f := clocks[0]
		f.value = nil
		return []found{f}
	}
	f := days[0]
	f.value = nil
	if len(clocks) > 0 {
		f.half.clock, f.half.loose = clocks[0].half.clock, clocks[0].half.loose
		f.value = r.instant(f.half)
		f.said += " at " + clocks[0].said
		f.end = max(f.end, clocks[0].end)
	}
	return []found{f}
}

// instant is nil unless both halves are there.
func (r reader) instant(h halfTime) json.RawMessage {
	t, err := time.ParseInLocation(isoDate+" 15:04", h.date+" "+h.clock, r.now.Location())
	if err != nil {
		return nil
	}
	return quoted(t.Format(time.RFC3339))
}

func spokenTime(h, m int) string {
	t := time.Date(2000, 1, 1, h, m, 0, 0, time.UTC)
	if m == 0 {
		return t.Format("3 PM")
	}
	return t.Format("3:04 PM")
}

// durations finds lengths of time as ISO 8601, or as a number of the unit that
// the parameter's name tells.
func (r reader) durations(p *param) []found {
	if r.lang != "" {
		if out := r.foreignDurations(p); len(out) > 0 {
			return out
		}
	}
	var out []found
	for i := 0; i < len(r.toks); i++ {
		minutes, n := r.duration(i)
		if n == 0 {
			continue
		}
		f := found{at: i, end: i + n, said: r.span(i, i+n), sure: true, value: quoted(isoDuration(minutes))}
		if p.number {
			f.value = json.RawMessage(strconv.Itoa(minutes / p.unitMinutes()))
		} else if p.bare {
			f.value = quoted(strconv.Itoa(minutes / p.unitMinutes()))
		} else if p.spelt {
			f.value = quoted(r.inFigures(i, n))
		}
		out = append(out, f)
		i += n - 1
	}
	if len(out) == 0 && r.answer && p.bare {
		return r.counts(p)
	}
	return out
}

func (p *param) unitMinutes() int {
	switch {
	case anyWord(p.label+" "+p.desc, "hours", "hour"):
		return 60
	case anyWord(p.label+" "+p.desc, "days", "day", "nights", "stay", "staying", "stays"):
		return 24 * 60
	}
	return 1
}

// inFigures is a length of time as it was said, its number in figures: "6 days".
func (r reader) inFigures(i, n int) string {
	if s, w := r.number(i); w > 0 && w < n {
		return s + " " + r.span(i+w, i+n)
	}
	return r.span(i, i+n)
}

func (r reader) duration(i int) (minutes, n int) {
	if r.is(i, "half an hour") {
		return 30, 3
	}
	s, w := r.number(i)
	v, err := strconv.Atoi(s)
	if w == 0 && (r.is(i, "a") || r.is(i, "an")) {
		v, w, err = 1, 1, nil
	}
	if w == 0 || err != nil || v > 10000 || i+w >= len(r.toks) {
		return 0, 0
	}
	unit := 0
	switch r.toks[i+w].stem {
	case "minut", "min":
		unit = 1
	case "hour", "hr":
		unit = 60
	case "day", "night":
		unit = 24 * 60
	case "week":
		unit = 7 * 24 * 60
	default:
		return 0, 0
	}
	minutes, n = v*unit, w+1
	if r.is(i+n, "and a half") {
		return minutes + unit/2, n + 3
	}
	if r.is(i+n, "and") && unit == 60 {
		if more, w := r.duration(i + n + 1); w > 0 && more < 60 {
			return minutes + more, n + 1 + w
		}
	}
	return minutes, n
}

func isoDuration(minutes int) string {
	d, rest := minutes/(24*60), minutes%(24*60)
	if rest == 0 && d > 0 {
		return "P" + strconv.Itoa(d) + "D"
	}
	out := "P"
	if d > 0 {
		out += strconv.Itoa(d) + "D"
	}
	out += "T"
	if h := rest / 60; h > 0 {
		out += strconv.Itoa(h) + "H"
	}
	if m := rest % 60; m > 0 {
		out += strconv.Itoa(m) + "M"
	}
	return out
}
