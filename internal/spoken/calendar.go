package spoken

import (
	"time"
)

const isoDate = "2006-01-02"

func month(w string) (time.Month, bool) {
	switch w {
	case "january", "jan", "enero", "janvier", "januar", "janner":
		return time.January, true
	case "february", "feb", "febrero", "fevrier", "februar":
		return time.February, true
	case "march", "mar", "marzo", "mars", "marz":
		return time.March, true
	case "april", "apr", "abril", "avril":
		return time.April, true
	case "may", "mayo", "mai":
		return time.May, true
	case "june", "jun", "junio", "juin", "juni":
		return time.June, true
	case "july", "jul", "julio", "juillet", "juli":
		return time.July, true
	case "august", "aug", "agosto", "aout":
		return time.August, true
	case "september", "sep", "sept", "septiembre", "setiembre", "septembre":
		return time.September, true
	case "october", "oct", "octubre", "octobre", "oktober", "okt":
		return time.October, true
	case "november", "nov", "noviembre", "novembre":
		return time.November, true
	case "december", "dec", "diciembre", "decembre", "dezember", "dez":
		return time.December, true
	}
	return 0, false
}

func weekday(w string) (time.Weekday, bool) {
	switch w {
	case "sunday", "sun", "domingo", "dimanche", "sonntag":
		return time.Sunday, true
	case "monday", "mon", "lunes", "lundi", "montag":
		return time.Monday, true
	case "tuesday", "tue", "tues", "martes", "mardi", "dienstag":
		return time.Tuesday, true
	case "wednesday", "wed", "miercoles", "mercredi", "mittwoch":
		return time.Wednesday, true
	case "thursday", "thu", "thur", "thurs", "jueves", "jeudi", "donnerstag":
		return time.Thursday, true
	case "friday", "fri", "viernes", "vendredi", "freitag":
		return time.Friday, true
	case "saturday", "sat", "sabado", "samedi", "samstag", "sonnabend":
		return time.Saturday, true
	}
	return 0, false
}

// civil returns a day of the calendar, as its midnight in UTC.
func civil(y int, m time.Month, d int) (time.Time, bool) {
	t := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	return t, t.Year() == y && t.Month() == m && t.Day() == d && y >= 1900 && y < 2200
}

func (c Context) today() time.Time {
	return time.Date(c.Now.Year(), c.Now.Month(), c.Now.Day(), 0, 0, 0, 0, time.UTC)
}

// monday begins the week of a day.
func monday(d time.Time) time.Time { return d.AddDate(0, 0, -(int(d.Weekday())+6)%7) }

// months adds months to a day and stays within the month: a month from January 31
// is the last of February.
func months(d time.Time, n int) time.Time {
	first := time.Date(d.Year(), d.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	return first.AddDate(0, 0, min(d.Day(), last(first).Day())-1)
}

// last returns the last day of a month.
func last(d time.Time) time.Time {
	return time.Date(d.Year(), d.Month()+1, 0, 0, 0, 0, 0, time.UTC)
}

// nearest returns the day of a year that is nearest ahead, or behind.
func (c Context) nearest(m time.Month, d int) (time.Time, bool) {
	today := c.today()
	for k := range 9 { // leap years are at most eight years apart
		y := today.Year() + k
		if c.Past {
			y = today.Year() - k
		}
		if t, ok := civil(y, m, d); ok && (c.Past && !t.After(today) || !c.Past && !t.Before(today)) {
			return t, true
		}
	}
	return time.Time{}, false
}

// nearestOrdinal returns the day of a month that is nearest ahead, or behind.
func (c Context) nearestOrdinal(d int) (time.Time, bool) {
	today := c.today()
	for k := range 13 {
		if c.Past {
			k = -k
		}
		first := time.Date(today.Year(), today.Month()+time.Month(k), 1, 0, 0, 0, 0, time.UTC)
		if t, ok := civil(first.Year(), first.Month(), d); ok && (c.Past && !t.After(today) || !c.Past && !t.Before(today)) {
			return t, true
		}
	}
	return time.Time{}, false
}

// century completes a year of two figures: at most twenty years ahead.
func (c Context) century(y int) int {
	if y >= 100 {
		return y
	}
	this := c.Now.Year()
	if y += this - this%100; y > this+20 {
		y -= 100
	}
	return y
}

// monthFirst reports whether 3/5 is the fifth of March.
func (c Context) monthFirst() bool {
	switch c.Region {
	case "", "US", "CA", "PR", "GU", "VI", "AS", "MP", "UM", "PH", "FM", "MH", "PW", "CN", "JP", "KR", "TW", "HU", "MN":
		return true
	}
	return false
}
