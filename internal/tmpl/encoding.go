package tmpl

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode"
)

var (
	_ Encoding = Plain
	_ Encoding = Header
	_ Encoding = JSON
)

// Plain is the context of text without a syntax: a value stands as it is.
func Plain(text string) (string, error) { return text, nil }

// Header is the context of an HTTP header value. What could end the line or
// confuse a parser is refused, never cut out: a shortened value is another value.
func Header(text string) (string, error) {
	for _, r := range text {
		switch {
		case r == '\r', r == '\n', r == '\u0085', r == '\u2028', r == '\u2029':
			return "", errors.New("holds a line break, which a header cannot carry")
		case unicode.IsControl(r):
			return "", errors.New("holds a control character, which a header cannot carry")
		}
	}
	return text, nil
}

// JSON is the context of a JSON string: the placeholder stands between quotes
// that the template has.
func JSON(text string) (string, error) {
	quoted, err := json.Marshal(text)
	if err != nil {
		return "", errors.New("cannot be written as JSON")
	}
	return strings.TrimSuffix(strings.TrimPrefix(string(quoted), `"`), `"`), nil
}
