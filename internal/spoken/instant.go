package spoken

import (
	"errors"
	"strings"
	"time"
)

const exampleDateTime = "a day and a time, such as tomorrow at 4:30 pm"

func dateTime(text string, c Context) (string, error) {
	given := strings.ToUpper(text)
	if len(given) > len(isoDate) && given[len(isoDate)] == ' ' {
		given = given[:len(isoDate)] + "T" + given[len(isoDate)+1:]
	}
	if t, ok := rfc3339(given); ok && t.Year() >= 1900 && t.Year() < 2200 {
		return given, nil
	}
	s := scanned(text, c)
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, given); err == nil {
			return s.instant(t, clock{hour: t.Hour(), minute: t.Minute()}, t.Second())
		}
	}
	if t, ok := try(s, s.later); ok && s.done() {
		return t.Format(time.RFC3339), nil
	}
	s.at = 0
	d, t, ok := s.dayAndClock()
	if !ok || !s.done() {
		return "", s.failed(exampleDateTime)
	}
	return s.instant(d, t, 0)
}

// rfc3339 is stricter than time.Parse, which takes hours of one figure, decimals behind
// a comma and any offset.
func rfc3339(text string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, text)
	const second = "2006-01-02T15:04:05"
	if err != nil || t.Format(second) != text[:len(second)] || strings.Contains(text, ",") {
		return t, false
	}
	if text[len(text)-1] == 'Z' {
		return t, true
	}
	_, err = time.Parse("15:04", text[len(text)-len("05:00"):])
	return t, err == nil
}

// dayAndClock reads a day and a time of day in either order.
func (s *scan) dayAndClock() (d time.Time, t clock, ok bool) {
	var part half
	if d, ok = try(s, s.day); ok {
		part = s.daypart()
		t, ok = s.clock()
	} else if t, ok = s.clock(); ok {
		d, ok = s.day()
		part = s.daypart()
	}
	if !ok || !s.settle(&t, part) {
		return d, t, false
	}
	if (part == night || part == evening) && t.hour < 6 {
		d = d.AddDate(0, 0, 1) // midnight tonight is when tomorrow begins
	}
	return d, t, true
}

// instant writes the instant that the clocks of the zone show.
func (s *scan) instant(d time.Time, t clock, second int) (string, error) {
	at, ok := wall(time.Date(d.Year(), d.Month(), d.Day(), t.hour, t.minute, second, 0, time.UTC), s.Now.Location())
	switch {
	case d.Year() < 1900 || d.Year() >= 2200:
		return "", must(exampleDateTime)
	case !ok:
		return "", errors.New("must be a time that exists: the clocks skip it that day, so take one an hour later, such as 3:30 instead of 2:30")
	}
	return at.Format(time.RFC3339), nil
}

// wall returns the instant at which clocks in the zone show what t shows in UTC: the
// first one when they are put back and show it twice, none when they skip it.
func wall(t time.Time, zone *time.Location) (time.Time, bool) {
	for _, near := range []time.Duration{-36 * time.Hour, 36 * time.Hour} { // before and after a change of the clocks
		_, offset := t.Add(near).In(zone).Zone()
		at := t.Add(-time.Duration(offset) * time.Second).In(zone)
		if _, got := at.Zone(); got == offset {
			return at, true
		}
	}
	return time.Time{}, false
}

// later reads "now", "in two hours" and "half an hour from now".
func (s *scan) later() (time.Time, bool) {
	now := s.Now.Truncate(time.Minute)
	if s.take("right now", "now", "ahora mismo", "ahora", "maintenant", "jetzt", "sofort") {
		return now, true
	}
	ahead := s.take("in", "dentro de", "en", "dans")
	l, ok := s.lengthOfTime()
	if !ok || l.months != 0 || l.days != 0 {
		return now, false
	}
	seconds := l.seconds
	switch {
	case ahead:
		s.take("from now", "time")
	case s.take("from now"):
	case s.take("ago"):
		seconds = -seconds
	default:
		return now, false
	}
	return s.Now.Add(time.Duration(seconds) * time.Second).Truncate(time.Minute), true
}
