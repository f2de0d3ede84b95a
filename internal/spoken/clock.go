package spoken

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const exampleTime = "a time of day, such as 4:30 pm or half past four"

// A half is which part of the day a time is in, as far as it was said.
type half int

const (
	anyTime half = iota
	am
	pm
	evening
	night
)

// A clock is a time of day as it was said. An exact one needs no guess at the half of
// the day.
type clock struct {
	hour, minute int
	exact        bool
	half         half
}

func clockTime(text string, c Context) (string, error) {
	full := strings.ToUpper(text)
	if _, ok := rfc3339("2000-01-01T" + full); ok {
		return full, nil // what JSON Schema calls a time
	}
	s := scanned(text, c)
	if t, ok := try(s, s.later); ok && s.done() {
		return t.Format("15:04"), nil
	}
	s.at = 0
	before := s.daypart()
	t, ok := s.clock()
	if ok && t.half == anyTime {
		t.half = s.daypart()
	}
	if !ok || !s.done() {
		return "", s.failed(exampleTime)
	}
	if !s.settle(&t, before) {
		return "", s.fault
	}
	return fmt.Sprintf("%02d:%02d", t.hour, t.minute), nil
}

// settle finds the hour from what was said of the half of the day. Hours from one to
// six of which nothing is said are in the afternoon and those from seven to eleven in
// the morning, when people make appointments; twelve is noon.
func (s *scan) settle(t *clock, also half) bool {
	if t.half == anyTime {
		t.half = also
	}
	if !t.exact {
		switch t.half {
		case anyTime:
			if t.hour <= 6 {
				t.hour += 12
			}
		case am:
			t.hour %= 12
		case pm:
			t.hour = t.hour%12 + 12
		case evening:
			if t.hour >= 4 {
				t.hour = (t.hour + 12) % 24
			}
		case night:
			if t.hour >= 6 {
				t.hour = (t.hour + 12) % 24
			}
		}
	}
	if !t.half.has(t.hour) || !also.has(t.hour) {
		s.fault = errors.New("must be a time whose hour goes with its part of the day, such as 9 in the morning")
		return false
	}
	return true
}

// has reports whether the hour of 24 can be in the part of the day.
func (p half) has(hour int) bool {
	switch p {
	case am:
		return hour < 12
	case pm:
		return hour >= 12
	case evening:
		return hour >= 16 || hour == 0
	case night:
		return hour >= 18 || hour < 6
	}
	return true
}

// daypart reads "pm" and "in the afternoon".
func (s *scan) daypart() half {
	switch {
	case s.take("in the morning", "this morning", "morning", "de la manana", "por la manana", "esta manana", "de la madrugada", "du matin", "ce matin", "matin",
		"morgens", "am morgen", "fruh", "am vormittag", "vormittags", "vormittag", "am", "a m"):
		return am
	case s.take("in the afternoon", "this afternoon", "afternoon", "de la tarde", "por la tarde", "esta tarde", "de apres midi", "cet apres midi", "apres midi",
		"am nachmittag", "nachmittags", "nachmittag", "pm", "p m"):
		return pm
	case s.take("in the evening", "this evening", "evening", "du soir", "ce soir", "soir", "am abend", "abends", "abend"):
		return evening
	case s.take("at night", "tonight", "night", "de la noche", "por la noche", "esta noche", "nachts", "in der nacht"):
		return night
	}
	return anyTime
}

// clock reads a time of day, with what is said of its half behind it.
func (s *scan) clock() (clock, bool) {
	s.take("at about", "at around", "at", "around", "about", "by", "a las", "a la", "hacia las", "sobre las", "las", "la", "a", "vers", "um", "gegen", "ab")
	for _, read := range []func() (clock, bool){s.noon, s.beside, s.digital, s.military, s.hourFirst} {
		t, ok := try(s, read)
		if !ok {
			continue
		}
		s.take("o'clock", "uhr")
		s.take("sharp", "en punto", "pile")
		if !s.isToday() {
			t.half = s.daypart()
		}
		s.take("sharp", "en punto", "pile")
		return t, true
	}
	return clock{}, false
}

// noon reads the hours with names.
func (s *scan) noon() (clock, bool) {
	switch {
	case s.take("12 noon", "twelve noon", "noon", "midday", "mediodia", "el mediodia", "al mediodia", "midi", "mittag", "mittags"):
		return clock{hour: 12, exact: true}, true
	case s.take("12 midnight", "twelve midnight", "midnight", "medianoche", "la medianoche", "minuit", "mitternacht"):
		return clock{exact: true}, true
	}
	return clock{}, false
}

// beside reads "half past four", "quarter to six", "ten past noon" and "halb fünf".
func (s *scan) beside() (clock, bool) {
	m, figures := 0, false
	switch {
	case s.take("half past", "half after", "half"):
		m = 30
	case s.take("halb"):
		m = -30
	case s.take("dreiviertel"):
		m = -15
	default:
		switch {
		case s.take("a quarter", "quarter", "viertel"):
			m = 15
		default:
			figures = digits(s.word(0))
			v, ok := s.upTo(59)
			if !ok || v == 0 {
				return clock{}, false
			}
			m = v
			figures = !s.take("minutes", "minute", "minuten") && figures
		}
		switch {
		case s.take("past", "after", "nach"):
		case s.take("to", "before", "till", "til", "vor"), m == 15 && s.take("of"):
			m = -m
		default:
			return clock{}, false
		}
	}
	if figures && digits(s.word(0)) {
		return clock{}, false // "5 to 7" is rather from five to seven
	}
	t, ok := s.noon()
	if !ok {
		if t.hour, ok = s.upTo(23); !ok {
			return t, false
		}
		t.exact = t.hour > 12 || t.hour == 0
	}
	return t.shifted(m), true
}

// shifted moves a time by minutes.
func (t clock) shifted(m int) clock {
	if m < 0 {
		t.hour, m = t.hour+23, m+60
		if t.hour %= 24; t.hour == 0 && !t.exact {
			t.hour = 12
		}
	}
	t.minute = m
	return t
}

// upTo reads a whole number that is at most a limit.
func (s *scan) upTo(limit int) (int, bool) {
	v := 0
	if w := s.word(0); digits(w) && len(w) < 3 {
		v, _ = strconv.Atoi(w)
		s.at++
	} else if n, ok := s.cardinal(); ok {
		v = n
	} else {
		return 0, false
	}
	return v, v <= limit
}

// digital reads "16:30", "4.30" and "16:30:00".
func (s *scan) digital() (clock, bool) {
	w := strings.TrimSuffix(s.word(0), ":00")
	if strings.Count(s.word(0), ":") < 2 {
		w = s.word(0)
	}
	h, m, ok := strings.Cut(strings.Replace(w, ".", ":", 1), ":")
	if !ok || !digits(h) || !digits(m) || len(h) > 2 || len(m) != 2 {
		return clock{}, false
	}
	s.at++
	return hoursMinutes(h, m, h[0] == '0')
}

// hoursMinutes makes a time of two short runs of figures. Hours above twelve are
// exact.
func hoursMinutes(hours, minutes string, exact bool) (clock, bool) {
	h, _ := strconv.Atoi(hours)
	m, _ := strconv.Atoi(minutes)
	return clock{hour: h, minute: m, exact: exact || h == 0 || h > 12}, h < 24 && m < 60
}

// military reads "1630", "sixteen hundred hours" and "oh eight thirty"; with a half
// of the day also "430 pm".
func (s *scan) military() (clock, bool) {
	if w := s.word(0); digits(w) && (len(w) == 4 || len(w) == 3) {
		s.at++
		hours := s.take("hours", "hrs", "uhr", "h")
		marked := s.is("am", "pm", "a m", "p m")
		if len(w) == 3 && !marked {
			return clock{}, false
		}
		return hoursMinutes(w[:len(w)-2], w[len(w)-2:], hours || !marked || w[0] == '0')
	}
	zero := s.take("oh", "o", "zero")
	v, ok := s.cardinal()
	switch {
	case !ok:
		return clock{}, false
	case v >= 100 && v%100 == 0 && v < 2400 && (s.take("hours", "hrs") || v >= 1000 || zero):
		return clock{hour: v / 100, exact: true}, true
	case zero && v < 10:
		m := 0
		if rest, ok := try(s, s.minutes); ok {
			m = rest
		}
		s.take("hours", "hrs")
		return clock{hour: v, minute: m, exact: true}, true
	}
	return clock{}, false
}

// minutes reads what stands behind the hour: "thirty", "oh five", "45".
func (s *scan) minutes() (int, bool) {
	if s.take("oh", "o", "zero") {
		m, ok := digit(s.word(0))
		s.at++
		return m, ok
	}
	w := s.word(0)
	m, ok := s.upTo(59)
	if digits(w) {
		return m, ok && len(w) == 2
	}
	return m, ok && m > 9
}

// hourFirst reads "four", "four thirty", "16 h 30", "cuatro y media" and "vier Uhr
// zehn".
func (s *scan) hourFirst() (clock, bool) {
	h, ok := s.upTo(23)
	if !ok {
		return clock{}, false
	}
	t := clock{hour: h, exact: h == 0 || h > 12}
	if s.words[s.at-1][0] == '0' {
		t.exact = true
	}
	hours := s.take("h", "heures", "heure", "uhr")
	switch {
	case s.take("y media", "et demie", "et demi"):
		return t.shifted(30), true
	case s.take("y cuarto", "et quart"):
		return t.shifted(15), true
	case s.take("menos cuarto", "moins le quart", "moins quart"):
		return t.shifted(-15), true
	case s.take("menos", "moins"):
		m, ok := s.upTo(59)
		return t.shifted(-m), ok && m > 0
	case s.take("y"):
		m, ok := s.upTo(59)
		return t.shifted(m), ok
	}
	m, ok := try(s, s.minutes)
	if !ok && hours {
		m, ok = try(s, func() (int, bool) { return s.upTo(59) })
	}
	if ok {
		t.minute = m
	}
	return t, true
}
