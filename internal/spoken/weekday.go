package spoken

import (
	"errors"
	"strconv"
	"time"
)

// weekdayDate reads "Tuesday", "next Tuesday" and "Friday the 27th". A weekday alone
// is the first one after today; "next" is the one of the week after this, which
// begins on Monday; "last" is the latest before today.
func (s *scan) weekdayDate() (time.Time, bool) {
	s.article()
	today := s.today()
	nextWeek := s.take("next week on", "next week")
	this := s.take("this coming", "coming", "this", "upcoming", "kommenden", "kommender", "diesen", "este", "ce")
	next := s.take("next", "proximo", "nachsten", "nachster", "nachste")
	before := s.take("last", "this past", "past", "letzten", "vergangenen")
	wd, ok := weekday(s.word(0))
	if !ok {
		return today, false
	}
	s.at++
	switch {
	case s.take("after next"):
		return s.onWeekday(monday(today).AddDate(0, 0, 14), wd), true
	case s.take("of next week", "next week", "in a week's time"):
		nextWeek = true
	case s.take("prochain", "que viene", "proximo"):
		next = true
	case s.take("dernier", "pasado"):
		before = true
	}
	ahead := (int(wd)-int(today.Weekday())+6)%7 + 1
	switch {
	case nextWeek || next:
		return s.onWeekday(monday(today).AddDate(0, 0, 7), wd), true
	case before:
		return today.AddDate(0, 0, ahead-7-ahead/7*7), true
	case this && ahead == 7:
		return today, true
	}
	for _, read := range []func() (time.Time, bool){s.dateFigures, s.monthDate, s.ordinalDate} {
		if d, ok := try(s, read); ok {
			return d, s.agree(d, wd)
		}
	}
	if s.Past && !this {
		return today.AddDate(0, 0, ahead-7-ahead/7*7), true
	}
	return today.AddDate(0, 0, ahead), true
}

func (s *scan) onWeekday(monday time.Time, wd time.Weekday) time.Time {
	return monday.AddDate(0, 0, (int(wd)+6)%7)
}

// agree checks a day against the weekday that was said with it.
func (s *scan) agree(d time.Time, wd time.Weekday) bool {
	if d.Weekday() == wd {
		return true
	}
	example := s.today().AddDate(0, 0, 7)
	s.fault = errors.New("must have a weekday and a date that go together, such as " + example.Format("Monday, January 2"))
	return false
}

// monthDate reads "March 3rd", "the 3rd of March", "3 March 2027" and "the 3rd of
// next month".
func (s *scan) monthDate() (time.Time, bool) {
	s.article()
	m, ok := month(s.word(0))
	day := 0
	if ok {
		s.at++
		s.take("the", "on the")
		if day, ok = s.dayNumber(); !ok {
			return time.Time{}, false
		}
	} else {
		if day, ok = s.dayNumber(); !ok {
			return time.Time{}, false
		}
		s.take("of", "de", "del", "du", "des")
		if m, ok = month(s.word(0)); !ok {
			first, ok := s.someMonth()
			if !ok {
				return first, false
			}
			return s.existing(first.Year(), int(first.Month()), day)
		}
		s.at++
	}
	if y, ok := try(s, s.year); ok {
		return s.existing(y, int(m), day)
	}
	t, ok := s.nearest(m, day)
	if !ok {
		s.noSuchDay()
	}
	return t, ok
}

// ordinalDate reads "the 3rd": the next one, this month or later.
func (s *scan) ordinalDate() (time.Time, bool) {
	article := s.word(0)
	if s.article() && article != "the" && digits(s.word(0)) && len(s.word(0)) < 3 { // "le 3"
		d, _ := strconv.Atoi(s.word(0))
		s.at++
		return s.nearestOrdinal(d)
	}
	d, ok := s.ordinalNumber()
	if !ok {
		return time.Time{}, false
	}
	t, ok := s.nearestOrdinal(d)
	if !ok {
		s.noSuchDay()
	}
	return t, ok
}

// ordinalNumber reads "3rd" and "twenty-first".
func (s *scan) ordinalNumber() (int, bool) {
	if d, ok := ordinal(s.word(0)); ok {
		s.at++
		return d, true
	}
	t, ok := tens(s.word(0))
	u, okU := ordinal(s.word(1))
	if !ok || !okU || u > 9 {
		return 0, false
	}
	s.at += 2
	return t + u, true
}

// dayNumber reads the day beside a month, which need not be an ordinal.
func (s *scan) dayNumber() (int, bool) {
	if d, ok := try(s, s.ordinalNumber); ok {
		return d, true
	}
	if w := s.word(0); digits(w) && len(w) < 3 {
		s.at++
		d, err := strconv.Atoi(w)
		return d, err == nil
	}
	return s.cardinal()
}

// year reads "2027", "twenty twenty-seven" and "nineteen oh five".
func (s *scan) year() (int, bool) {
	s.take("of", "in", "de", "del", "en")
	if w := s.word(0); digits(w) && len(w) == 4 {
		s.at++
		y, err := strconv.Atoi(w)
		return y, err == nil && y >= 1900 && y < 2200
	}
	y, ok := s.cardinal()
	if ok && y >= 19 && y <= 21 {
		rest := 0
		if s.is("oh", "o") {
			s.at++
			rest, ok = digit(s.word(0))
			s.at++
		} else {
			rest, ok = s.cardinal()
			ok = ok && rest > 9 && rest < 100
		}
		y = 100*y + rest
	}
	return y, ok && y >= 1900 && y < 2200
}
