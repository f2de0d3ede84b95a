package builtin

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
)

// A value is JSON with the order of its members and exact numbers.
type value struct {
	kind    byte // 's' string, 'n' number, 'b' boolean, 'o' object, 'l' list, 0 null
	text    string
	members []member
	items   []value
}

type member struct {
	key string
	val value
}

func parse(raw json.RawMessage) value {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	v, err := decode(dec, 0)
	if err != nil {
		return value{}
	}
	return v
}

func decode(dec *json.Decoder, depth int) (value, error) {
	t, err := dec.Token()
	if err != nil {
		return value{}, err
	}
	if depth > 64 {
		return value{}, errors.New("nested too deep")
	}
	switch t := t.(type) {
	case string:
		return value{kind: 's', text: strings.TrimSpace(t)}, nil
	case json.Number:
		return value{kind: 'n', text: t.String()}, nil
	case bool:
		return value{kind: 'b', text: strconv.FormatBool(t)}, nil
	case json.Delim:
		v := value{kind: 'l'}
		if t == '{' {
			v.kind = 'o'
		}
		for dec.More() {
			var m member
			if t == '{' {
				k, err := dec.Token()
				if err != nil {
					return v, err
				}
				m.key, _ = k.(string)
			}
			if m.val, err = decode(dec, depth+1); err != nil {
				return v, err
			}
			if t == '{' {
				v.members = append(v.members, m)
			} else {
				v.items = append(v.items, m.val)
			}
		}
		_, err := dec.Token()
		return v, err
	}
	return value{}, nil
}

func (v value) scalar() bool { return v.kind == 's' || v.kind == 'n' || v.kind == 'b' }

func (v value) empty() bool {
	switch v.kind {
	case 0:
		return true
	case 's':
		return v.text == ""
	case 'o':
		return len(v.members) == 0
	case 'l':
		return len(v.items) == 0
	}
	return false
}

func (v value) member(keys ...string) value {
	for _, k := range keys {
		for _, m := range v.members {
			if strings.EqualFold(words(m.key), k) {
				return m.val
			}
		}
	}
	return value{}
}

// A field is a fact that can be told: "warranty end" is a date.
type field struct {
	label    string
	val      value
	currency string
	sum      bool // it is an amount of that currency, whatever it is called
}

func (f field) isMoney() bool {
	if f.sum {
		return true
	}
	if f.val.kind != 'n' && !(f.val.kind == 's' && isDecimal(f.val.text)) {
		return false
	}
	return anyWord(f.label, "price", "amount", "balance", "total", "cost", "fee", "fees", "fare", "deposit", "refund", "rate", "due", "paid", "subtotal", "tax", "charge", "cents", "budget", "salary", "payment", "overdraft", "credit", "available", "outstanding", "owed", "payout", "premium", "excess", "rent", "wage", "commission") &&
		!anyWord(f.label, "count", "items", "percent", "number", "quantity")
}

func isDecimal(s string) bool {
	return s != "" && strings.Trim(strings.TrimPrefix(s, "-"), "0123456789.") == "" && strings.Count(s, ".") == 1
}

func (f field) isDate() bool {
	_, _, ok := instant(f.val)
	return ok
}

// instant reads dates and dates with time; clock tells whether it has a time.
func instant(v value) (t time.Time, clock, ok bool) {
	if v.kind != 's' || len(v.text) < 10 || len(v.text) > 35 {
		return time.Time{}, false, false
	}
	if t, err := time.Parse(isoDate, v.text); err == nil {
		return t, false, true
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04"} {
		if t, err := time.Parse(layout, v.text); err == nil {
			return t, true, true
		}
	}
	return time.Time{}, false, false
}

// spoken is the value in words.
func (f field) spoken(now time.Time) string {
	v := f.val
	if t, clock, ok := instant(v); ok {
		return datePhrase(t, clock, now)
	}
	if f.isMoney() {
		return money(v.text, f.currency, anyWord(f.label, "cents"))
	}
	switch v.kind {
	case 's':
		return phrase(v.text)
	case 'n':
		return grouped(v.text)
	case 'b':
		if v.text == "true" {
			return "yes"
		}
		return "no"
	}
	return ""
}

// phrase is a text as it is spoken: times of day in full, "in_transit" as words.
func phrase(s string) string {
	for _, layout := range []string{"15:04", "15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return spokenTime(t.Hour(), t.Minute())
		}
	}
	if strings.Contains(s, ":") && len(s) < 60 {
		fs := strings.Fields(s)
		for i, w := range fs {
			if t, err := time.Parse("15:04", strings.TrimSuffix(w, ",")); err == nil && len(w) >= 4 {
				fs[i] = spokenTime(t.Hour(), t.Minute()) + w[len(strings.TrimSuffix(w, ",")):]
			}
		}
		s = strings.Join(fs, " ")
	}
	if strings.Contains(s, "_") && !strings.ContainsAny(s, " @/0123456789") {
		return words(s)
	}
	if len(s) > 3 && !strings.ContainsAny(s, " -0123456789") && strings.ToUpper(s) == s {
		return strings.ToLower(s)
	}
	return s
}

// datePhrase names the weekday of days near now, whose year goes without saying.
func datePhrase(t time.Time, clock bool, now time.Time) string {
	out := t.Format("January 2, 2006")
	switch d := t.Sub(now); {
	case t.Format(isoDate) == now.Format(isoDate):
		out = "today"
	case t.Format(isoDate) == now.AddDate(0, 0, 1).Format(isoDate):
		out = "tomorrow"
	case d > -3*24*time.Hour && d < 21*24*time.Hour:
		out = t.Format("Monday, January 2")
	}
	if clock {
		out += " at " + spokenTime(t.Hour(), t.Minute())
	}
	return out
}

func money(s, currency string, cents bool) string {
	if cents {
		neg := strings.HasPrefix(s, "-")
		s = strings.TrimPrefix(s, "-")
		for len(s) < 3 {
			s = "0" + s
		}
		s = s[:len(s)-2] + "." + s[len(s)-2:]
		if neg {
			s = "-" + s
		}
	}
	whole, frac, ok := strings.Cut(s, ".")
	if ok && len(frac) == 1 {
		frac += "0"
	}
	neg := strings.HasPrefix(whole, "-")
	out := strings.TrimPrefix(whole, "-")
	if len(out) == 4 && allDigits(out) {
		out = out[:1] + "," + out[1:] // a sum, where a number of four figures may be a year
	}
	out = grouped(out)
	if ok && strings.Trim(frac, "0") != "" {
		out += "." + frac
	}
	switch strings.ToUpper(currency) {
	case "USD", "$", "US$":
		out = "$" + out
	case "EUR", "€":
		out = "€" + out
	case "GBP", "£":
		out = "£" + out
	case "":
	default:
		out += " " + strings.ToUpper(currency)
	}
	if neg {
		out = "minus " + out
	}
	return out
}

// grouped puts commas into whole numbers of five figures and more.
func grouped(s string) string {
	if len(s) < 5 || !allDigits(s) {
		return s
	}
	var b strings.Builder
	for i, c := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return b.String()
}
