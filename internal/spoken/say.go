package spoken

import (
	"fmt"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"
)

// Say returns a value of a format as it is read out in English: "Tuesday, November 24,
// 2026". What has no better form than its own is returned as it is.
func Say(format, value, region string) string {
	switch format {
	case "date":
		if t, err := time.Parse(isoDate, value); err == nil {
			return t.Format("Monday, January 2, 2006")
		}
	case "time":
		if t, err := time.Parse("15:04", value); err == nil {
			return sayClock(t)
		}
	case "date-time":
		if t, ok := rfc3339(value); ok {
			return t.Format("Monday, January 2, 2006 at ") + sayClock(t)
		}
	case "duration":
		if l, ok := isoLength(value); ok {
			return l.say()
		}
	case "phone":
		if n, err := phonenumbers.Parse(value, "ZZ"); err == nil {
			if phonenumbers.GetRegionCodeForNumber(n) == region {
				return phonenumbers.Format(n, phonenumbers.NATIONAL)
			}
			return phonenumbers.Format(n, phonenumbers.INTERNATIONAL)
		}
	}
	return value
}

func sayClock(t time.Time) string {
	switch {
	case t.Minute() != 0:
		return t.Format("3:04 PM")
	case t.Hour() == 12:
		return "noon"
	case t.Hour() == 0:
		return "midnight"
	}
	return t.Format("3 PM")
}

func (l length) say() string {
	var parts []string
	for _, p := range []struct {
		n    int64
		unit string
	}{
		{int64(l.months / 12), "year"}, {int64(l.months % 12), "month"}, {int64(l.days), "day"},
		{l.seconds / 3600, "hour"}, {l.seconds / 60 % 60, "minute"}, {l.seconds % 60, "second"},
	} {
		switch p.n {
		case 0:
		case 1:
			parts = append(parts, "1 "+p.unit)
		default:
			parts = append(parts, fmt.Sprintf("%d %ss", p.n, p.unit))
		}
	}
	switch n := len(parts); n {
	case 0:
		return "no time"
	case 1:
		return parts[0]
	default:
		return strings.Join(parts[:n-1], ", ") + " and " + parts[n-1]
	}
}
