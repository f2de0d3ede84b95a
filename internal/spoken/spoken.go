// Package spoken reads values as people say and type them ("tomorrow at half past
// four", "nine oh two one oh", "1.200,50 €") and writes each in one form, for
// programs.
//
// Every word counts: a text of which a part is not understood is an error, never the
// value of the rest. What a format already allows stays as it is. English is read in
// full; days, times, numbers, lengths of time and sums also in plain Spanish, French
// and German.
//
// It finds no values in sentences; that is for models. It is used by gate, for
// parameters with a format and for the caller's yes or no, by the built-in engine, for
// words in other languages than English, and by engine, to say values.
package spoken

import (
	"errors"
	"strings"
	"time"
)

// A Context is what words are relative to.
type Context struct {
	Now    time.Time // in the agent's time zone
	Region string    // country whose habits count (ISO 3166), for example US

	// Past says that a day lies behind when its words do not tell: of birth, of
	// purchase.
	Past bool
}

// Formats returns the formats that Read knows.
func Formats() []string {
	return []string{"phone", "email", "date", "time", "date-time", "duration", "money", "postal-code", "address", "person-name", "uri"}
}

// longest is the longest text that is read; nobody says more for one value.
const longest = 1000

// Read returns the one form of a value. Text of a format that is not known is
// returned unchanged. The error says what is expected, in words that go on after the
// value's name; it never holds the text.
func Read(format, text string, c Context) (string, error) {
	text = strings.TrimSpace(text)
	if len(text) > longest {
		text = "" // which no format takes
	}
	switch format {
	case "phone":
		return phone(text, c)
	case "email":
		return email(text)
	case "date":
		return date(text, c)
	case "time":
		return clockTime(text, c)
	case "date-time":
		return dateTime(text, c)
	case "duration":
		return duration(text, c)
	case "money":
		return money(text, c)
	case "postal-code":
		return postalCode(text, c)
	case "address":
		return address(text)
	case "person-name":
		return personName(text)
	case "uri":
		return uri(text, c)
	}
	return text, nil
}

// Number returns a number as JSON writes it. Money is an amount of the region's
// currency, in cents when unit is "cents". A duration counts units: "seconds" to
// "years", or "minutes" when there is no unit. Any other format is a plain number.
func Number(format, unit, text string, c Context) (string, error) {
	text = strings.TrimSpace(text)
	if len(text) > longest {
		text = ""
	}
	switch format {
	case "money":
		return moneyNumber(text, unit, c)
	case "duration":
		return durationNumber(text, unit, c)
	}
	return plainNumber(text, c)
}

// must makes the error for a value that is not what it must be.
func must(be string) error { return errors.New("must be " + be) }
