package spoken

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

const exampleDay = "a day, such as tomorrow, next Tuesday or March 3"

func date(text string, c Context) (string, error) {
	s := scanned(text, c)
	d, ok := s.day()
	if ok {
		s.daypart() // "tomorrow morning" is a day, too
	}
	if !ok || !s.done() {
		return "", s.failed(exampleDay)
	}
	return d.Format(isoDate), nil
}

// failed is the error of a text that was not read to its end.
func (s *scan) failed(want string) error {
	if s.fault != nil {
		return s.fault
	}
	return must(want)
}

func (s *scan) noSuchDay() {
	s.fault = errors.New("must be a day that the calendar has, such as February 28")
}

// day reads one day.
func (s *scan) day() (time.Time, bool) {
	s.take("on", "for", "by")
	for _, read := range []func() (time.Time, bool){s.dateFigures, s.farFrom, s.named, s.edge, s.nthWeekday, s.weekdayDate, s.monthDate, s.ordinalDate} {
		d, ok := try(s, read)
		if !ok {
			continue
		}
		if s.Region != "US" && s.take("week") { // "Friday week"
			d = d.AddDate(0, 0, 7)
		}
		if d.Year() < 1900 || d.Year() >= 2200 {
			s.noSuchDay()
			return d, false
		}
		return d, true
	}
	return time.Time{}, false
}

// dateFigures reads 2027-03-14, 3/14/2027, 14.3.27 and 3/14.
func (s *scan) dateFigures() (time.Time, bool) {
	w := s.word(0)
	sep := strings.Trim(w, "0123456789")
	if w == "" || len(w) > 10 {
		return time.Time{}, false
	}
	if sep == "" {
		if len(w) != 8 {
			return time.Time{}, false
		}
		w, sep = w[:4]+"-"+w[4:6]+"-"+w[6:], "-"
	}
	sep = sep[:1]
	var v []int
	for part := range strings.SplitSeq(w, sep) {
		n, err := strconv.Atoi(part)
		if err != nil || !digits(part) {
			return time.Time{}, false
		}
		v = append(v, n)
	}
	s.at++
	switch {
	case !strings.Contains("-/.", sep):
	case len(v) == 3 && strings.Index(w, sep) == 4:
		return s.existing(v[0], v[1], v[2])
	case len(v) == 3 && len(w)-strings.LastIndex(w, sep) != 4:
		m, d := s.order(v[0], v[1])
		return s.existing(s.century(v[2]), m, d)
	case len(v) == 2 && (sep == "/" || sep == "." && !s.monthFirst()):
		m, d := s.order(v[0], v[1])
		t, ok := s.nearest(time.Month(m), d)
		if !ok {
			s.noSuchDay()
		}
		return t, ok
	}
	return time.Time{}, false
}

// order tells month and day apart: by the region's habit, unless that is no date.
func (s *scan) order(a, b int) (m, d int) {
	if s.monthFirst() && a <= 12 || b > 12 {
		return a, b
	}
	return b, a
}

func (s *scan) existing(y, m, d int) (time.Time, bool) {
	t, ok := civil(y, time.Month(m), d)
	if !ok {
		s.noSuchDay()
	}
	return t, ok
}

// named reads "tomorrow" and other days with a name.
func (s *scan) named() (time.Time, bool) {
	today := s.today()
	for _, n := range []struct {
		days  int
		words []string
	}{
		{2, []string{"the day after tomorrow", "day after tomorrow", "pasado manana", "apres demain", "ubermorgen"}},
		{-2, []string{"the day before yesterday", "day before yesterday", "anteayer", "antes de ayer", "avant hier", "vorgestern"}},
		{1, []string{"tomorrow", "tmrw", "manana", "demain", "morgen"}},
		{0, []string{"today", "hoy", "aujourd'hui", "heute", "right now", "now"}},
		{-1, []string{"yesterday", "ayer", "hier", "gestern"}},
	} {
		if s.take(n.words...) {
			return today.AddDate(0, 0, n.days), true
		}
	}
	if s.take("last night") {
		return today.AddDate(0, 0, -1), true
	}
	if s.isToday() {
		return today, true // the words stay, to be read as a part of the day
	}
	for _, h := range []struct {
		m     time.Month
		d     int
		words []string
	}{
		{time.January, 1, []string{"new year's day"}}, {time.February, 14, []string{"valentine's day"}}, {time.October, 31, []string{"halloween"}},
		{time.December, 24, []string{"christmas eve"}}, {time.December, 25, []string{"christmas day", "christmas"}}, {time.December, 31, []string{"new year's eve"}},
	} {
		if s.take(h.words...) {
			return s.nearest(h.m, h.d)
		}
	}
	return time.Time{}, false
}

// isToday reports a part of the day that says which day, too.
func (s *scan) isToday() bool {
	return s.is("tonight", "this morning", "this afternoon", "this evening", "esta noche", "esta tarde", "esta manana", "ce soir", "ce matin", "cet apres midi")
}

// A span of days and months, as "two weeks" or "a month" is.
type span struct{ months, days int }

// spanOfDays reads "two weeks" and "a month".
func (s *scan) spanOfDays() (span, bool) {
	n, ok := try(s, s.cardinal)
	if !ok {
		switch w := s.word(0); {
		case digits(w) && len(w) < 5:
			n, _ = strconv.Atoi(w)
			s.at++
		case s.take("a", "an", "one"):
			n = 1
		case s.is("fortnight"):
			n = 1
		default:
			return span{}, false
		}
	}
	if n > 5000 {
		return span{}, false
	}
	switch {
	case s.take("day", "days", "dia", "dias", "jour", "jours", "tag", "tage", "tagen"):
		return span{days: n}, true
	case s.take("week", "weeks", "semana", "semanas", "semaine", "semaines", "woche", "wochen"):
		return span{days: 7 * n}, true
	case s.take("fortnight", "fortnights"):
		return span{days: 14 * n}, true
	case s.take("month", "months", "mes", "meses", "mois", "monat", "monate", "monaten"):
		return span{months: n}, true
	case s.take("year", "years", "ano", "anos", "an", "ans", "annee", "annees", "jahr", "jahre", "jahren"):
		return span{months: 12 * n}, true
	}
	return span{}, false
}

func (sp span) from(d time.Time) time.Time { return months(d, sp.months).AddDate(0, 0, sp.days) }

func (sp span) before(d time.Time) time.Time { return months(d, -sp.months).AddDate(0, 0, -sp.days) }

// farFrom reads "in two weeks", "three days ago" and "a week from Friday".
func (s *scan) farFrom() (time.Time, bool) {
	today := s.today()
	if s.take("hace", "il y a", "vor") {
		sp, ok := s.spanOfDays()
		return sp.before(today), ok
	}
	ahead := s.take("in", "within", "dentro de", "en", "dans")
	sp, ok := try(s, s.spanOfDays)
	switch {
	case !ok:
		return today, false
	case ahead:
		s.take("from now", "from today", "time")
		return sp.from(today), true
	case s.take("ago"):
		return sp.before(today), true
	case s.take("from now", "time"):
		return sp.from(today), true
	case s.is("before", "prior to"):
		if !s.take("before") {
			s.take("prior to")
		}
		d, ok := s.day()
		return sp.before(d), ok
	case s.take("from", "after", "on"):
		d, ok := s.day()
		return sp.from(d), ok
	}
	return today, false
}

// edge reads "the end of the month" and "the first of next month".
func (s *scan) edge() (time.Time, bool) {
	end := s.take("the end of", "end of", "the last day of", "last day of", "a finales de", "finales de", "fin de", "la fin du", "fin du", "das ende des", "ende des", "ende")
	if !end && !s.take("the beginning of", "beginning of", "the start of", "start of", "the first day of", "first day of", "principios de", "a principios de", "debut", "le debut du", "debut du", "anfang") {
		if s.take("monatsende") {
			return last(s.today()), true
		}
		return time.Time{}, false
	}
	if s.take("the year", "this year", "year", "ano", "de ano", "l'annee", "annee", "jahres") {
		if end {
			return time.Date(s.Now.Year(), time.December, 31, 0, 0, 0, 0, time.UTC), true
		}
		return time.Time{}, false
	}
	first, ok := s.someMonth()
	if ok && end {
		return last(first), true
	}
	return first, ok && !first.Before(s.today())
}

// someMonth reads "next month", "the month", "May" and "May 2027": its first day.
func (s *scan) someMonth() (time.Time, bool) {
	this := time.Date(s.Now.Year(), s.Now.Month(), 1, 0, 0, 0, 0, time.UTC)
	switch {
	case s.take("the month", "this month", "month", "este mes", "mes", "del mes", "ce mois", "mois", "monats", "des monats"):
		return this, true
	case s.take("next month", "the next month", "proximo mes", "el proximo mes", "mois prochain", "le mois prochain", "nachsten monats", "des nachsten monats"):
		return this.AddDate(0, 1, 0), true
	}
	m, ok := month(s.word(0))
	if !ok {
		return this, false
	}
	s.at++
	if y, ok := try(s, s.year); ok {
		return time.Date(y, m, 1, 0, 0, 0, 0, time.UTC), true
	}
	y := this.Year()
	if m < this.Month() {
		y++
	}
	return time.Date(y, m, 1, 0, 0, 0, 0, time.UTC), true
}

// nthWeekday reads "the first Monday of December".
func (s *scan) nthWeekday() (time.Time, bool) {
	s.article()
	n, ok := ordinal(s.word(0))
	fromEnd := s.word(0) == "last"
	if !ok && !fromEnd || n > 5 {
		return time.Time{}, false
	}
	s.at++
	wd, ok := weekday(s.word(0))
	if s.at++; !ok || !s.take("of", "in") {
		return time.Time{}, false
	}
	first, ok := s.someMonth()
	if !ok {
		return time.Time{}, false
	}
	if fromEnd {
		d := last(first)
		return d.AddDate(0, 0, -(int(d.Weekday())-int(wd)+7)%7), true
	}
	d := first.AddDate(0, 0, (int(wd)-int(first.Weekday())+7)%7+7*(n-1))
	if d.Month() != first.Month() {
		s.noSuchDay()
		return d, false
	}
	return d, true
}

func (s *scan) article() bool {
	return s.take("the", "el dia", "el", "la", "le", "der", "den", "dem", "am", "vom", "zum")
}
