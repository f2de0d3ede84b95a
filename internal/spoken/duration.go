package spoken

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

const exampleDuration = "a length of time, such as 90 minutes or two and a half hours"

// A length of time keeps months and days apart from seconds: no two months have the
// same seconds, nor two days when the clocks change.
type length struct {
	months, days int
	seconds      int64
}

func duration(text string, c Context) (string, error) {
	given := strings.ToUpper(text)
	if l, ok := isoLength(given); ok && strings.ContainsAny(given, ".,") {
		return l.String(), nil
	} else if ok {
		return given, nil // what JSON Schema calls a duration
	}
	s := scanned(text, c)
	s.take("for")
	l, ok := s.lengthOfTime()
	if !ok || !s.done() {
		return "", must(exampleDuration)
	}
	return l.String(), nil
}

func durationNumber(text, unit string, c Context) (string, error) {
	if unit == "" {
		unit = "minutes"
	}
	want := "a length of time in " + unit + ", such as 2 " + unit
	l, ok := isoLength(strings.ToUpper(text))
	if !ok {
		s := scanned(text, c)
		s.take("for")
		if l, ok = try(s, s.lengthOfTime); !ok || !s.done() {
			s.at = 0
			n, ok := s.number()
			if !ok || !s.done() || n.Sign() < 0 {
				return "", must(want)
			}
			return decimal(n), nil
		}
	}
	n, ok := l.in(unit)
	if !ok {
		return "", must(want)
	}
	return n, nil
}

// in counts a length in a unit; not when that depends on the calendar.
func (l length) in(unit string) (string, bool) {
	per := int64(0)
	switch unit {
	case "years", "months":
		per = 1
		if unit == "years" {
			per = 12
		}
		n := big.NewRat(int64(l.months), per)
		return decimal(n), l.days == 0 && l.seconds == 0 && finite(n)
	case "weeks":
		per = 7 * 24 * 3600
	case "days":
		per = 24 * 3600
	case "hours":
		per = 3600
	case "minutes":
		per = 60
	case "seconds":
		per = 1
	case "milliseconds":
		return decimal(big.NewRat((int64(l.days)*24*3600+l.seconds)*1000, 1)), l.months == 0
	default:
		return "", false
	}
	n := big.NewRat(int64(l.days)*24*3600+l.seconds, per)
	return decimal(n), l.months == 0 && finite(n)
}

// finite reports whether a number has a decimal form of ordinary length.
func finite(n *big.Rat) bool {
	_, exact := n.FloatPrec()
	return exact
}

// String is the ISO 8601 form.
func (l length) String() string {
	var date, clock strings.Builder
	part := func(b *strings.Builder, n int64, unit byte) {
		if n != 0 {
			b.WriteString(strconv.FormatInt(n, 10))
			b.WriteByte(unit)
		}
	}
	part(&date, int64(l.months/12), 'Y')
	part(&date, int64(l.months%12), 'M')
	part(&date, int64(l.days), 'D')
	part(&clock, l.seconds/3600, 'H')
	part(&clock, l.seconds/60%60, 'M')
	part(&clock, l.seconds%60, 'S')
	switch {
	case clock.Len() > 0:
		return fmt.Sprintf("P%sT%s", &date, &clock)
	case date.Len() > 0:
		return "P" + date.String()
	}
	return "PT0S"
}

// lengthOfTime reads "an hour and a half", "2 days", "1h30" and "half an hour".
func (s *scan) lengthOfTime() (length, bool) {
	var l length
	for n := 0; n < 8; n++ {
		at := s.at
		if n > 0 {
			s.take("and", "y", "et", "und")
		}
		more, ok := try(s, func() (length, bool) { return s.oneLength(l) })
		if !ok {
			s.at = at
			return l, n > 0
		}
		l = length{l.months + more.months, l.days + more.days, l.seconds + more.seconds}
	}
	return l, true
}

// oneLength reads a number with its unit. Behind hours a number alone is minutes.
func (s *scan) oneLength(before length) (length, bool) {
	n, ok := s.number()
	if !ok {
		if !s.take("a", "an", "one") && !s.is("hour", "hora", "dreiviertelstunde", "viertelstunde") {
			return length{}, false
		}
		n = big.NewRat(1, 1)
	}
	if n.Sign() < 0 || n.Cmp(big.NewRat(1_000_000, 1)) > 0 {
		return length{}, false
	}
	u, ok := s.unit()
	if !ok {
		bare := before.seconds >= 3600 && before.seconds%3600 == 0 && s.done() && n.IsInt() && n.Cmp(big.NewRat(60, 1)) < 0
		return length{seconds: 60 * new(big.Int).Quo(n.Num(), n.Denom()).Int64()}, bare
	}
	if n.IsInt() && s.take("and a half", "y media", "y medio", "et demie", "et demi") {
		n.Add(n, big.NewRat(1, 2))
	}
	if n.IsInt() && s.take("and a quarter", "y cuarto", "et quart") {
		n.Add(n, big.NewRat(1, 4))
	}
	return u.times(n)
}

// unit reads a unit of time.
func (s *scan) unit() (length, bool) {
	switch {
	case s.take("second", "seconds", "sec", "secs", "s", "segundo", "segundos", "seconde", "secondes", "sekunde", "sekunden"):
		return length{seconds: 1}, true
	case s.take("minute", "minutes", "min", "mins", "m", "minuto", "minutos", "minuten"):
		return length{seconds: 60}, true
	case s.take("viertelstunde"):
		return length{seconds: 15 * 60}, true
	case s.take("dreiviertelstunde"):
		return length{seconds: 45 * 60}, true
	case s.take("hour", "hours", "hr", "hrs", "h", "hora", "horas", "heure", "heures", "stunde", "stunden", "std"):
		return length{seconds: 3600}, true
	case s.take("day", "days", "night", "nights", "d", "dia", "dias", "noche", "noches", "jour", "jours", "nuit", "nuits", "tag", "tage", "tagen", "nacht", "nachte"):
		return length{days: 1}, true
	case s.take("week", "weeks", "wk", "wks", "w", "semana", "semanas", "semaine", "semaines", "woche", "wochen"):
		return length{days: 7}, true
	case s.take("fortnight", "fortnights"):
		return length{days: 14}, true
	case s.take("month", "months", "mes", "meses", "mois", "monat", "monate", "monaten"):
		return length{months: 1}, true
	case s.take("year", "years", "yr", "yrs", "ano", "anos", "an", "ans", "annee", "annees", "jahr", "jahre", "jahren"):
		return length{months: 12}, true
	}
	return length{}, false
}

// times multiplies a unit. Fractions of days go on in hours; there are none of
// seconds and months.
func (l length) times(n *big.Rat) (length, bool) {
	whole := func(unit int64) (int64, *big.Rat) {
		v := new(big.Rat).Mul(n, big.NewRat(unit, 1))
		q := new(big.Int).Quo(v.Num(), v.Denom())
		return q.Int64(), v.Sub(v, new(big.Rat).SetInt(q))
	}
	m, restM := whole(int64(l.months))
	d, restD := whole(int64(l.days))
	secs, restS := whole(l.seconds)
	restD.Mul(restD, big.NewRat(24*3600, 1))
	return length{int(m), int(d), secs + restD.Num().Int64()}, restM.Sign() == 0 && restD.IsInt() && restS.Sign() == 0
}

// isoLength reads an ISO 8601 duration. The last number may have decimals, and weeks
// stand alone.
func isoLength(text string) (length, bool) {
	rest, ok := strings.CutPrefix(text, "P")
	units, clock := "YMWD", false
	var l length
	for ok && rest != "" {
		if !clock && rest[0] == 'T' {
			units, clock, rest = "HMS", true, rest[1:]
		}
		i := strings.IndexFunc(rest, func(r rune) bool { return r > '9' })
		if i <= 0 || i > 9 {
			return l, false
		}
		k := strings.IndexByte(units, rest[i])
		n, valid := new(big.Rat).SetString(strings.Replace(rest[:i], ",", ".", 1))
		if k < 0 || !valid || rest[0] < '0' || rest[0] > '9' || !n.IsInt() && i+1 < len(rest) || rest[i] == 'W' && len(rest) != len(text)-1 {
			return l, false
		}
		more, whole := isoUnit(rest[i], clock).times(n)
		if !whole {
			return l, false
		}
		l = length{l.months + more.months, l.days + more.days, l.seconds + more.seconds}
		done := rest[i] == 'W'
		units, rest = units[k+1:], rest[i+1:]
		if done && rest != "" {
			return l, false
		}
	}
	return l, ok && len(text) > 1 && text[len(text)-1] != 'T'
}

func isoUnit(c byte, clock bool) length {
	switch {
	case c == 'Y':
		return length{months: 12}
	case c == 'M' && !clock:
		return length{months: 1}
	case c == 'W':
		return length{days: 7}
	case c == 'D':
		return length{days: 1}
	case c == 'H':
		return length{seconds: 3600}
	case c == 'M':
		return length{seconds: 60}
	}
	return length{seconds: 1}
}
