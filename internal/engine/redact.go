package engine

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"callwright/internal/strictjson"
)

// redactor masks personal data of the kinds in whatever is stored of a
// conversation; nil masks nothing.
func redactor(kinds []string) func(string) string {
	if len(kinds) == 0 {
		return nil
	}
	wanted := slices.DeleteFunc(redactions(), func(r redaction) bool { return !slices.Contains(kinds, r.kind) })
	return func(text string) string {
		for _, r := range wanted {
			text = r.find.ReplaceAllStringFunc(text, func(found string) string {
				if r.check != nil && !r.check(found) {
					return found
				}
				return "[" + strings.ReplaceAll(r.kind, "_", " ") + "]"
			})
		}
		return text
	}
}

type redaction struct {
	kind  string
	find  *regexp.Regexp
	check func(string) bool
}

// redactions are tried in this order: a card number is no telephone number.
func redactions() []redaction {
	return []redaction{
		{"email", regexp.MustCompile(`[\p{L}\p{N}._%+-]+@[\p{L}\p{N}.-]+\.\p{L}{2,}`), nil},
		{"iban", regexp.MustCompile(`\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b`), nil},
		{"card", regexp.MustCompile(`\b\d(?:[ -]?\d){12,18}\b`), luhn},
		{"ssn", regexp.MustCompile(`\b\d{3}[- ]\d{2}[- ]\d{4}\b`), nil},
		{"date_of_birth", regexp.MustCompile(`\b(?:\d{4}-\d{2}-\d{2}|\d{1,2}[/.]\d{1,2}[/.]\d{2,4})\b`), nil},
		{"phone", regexp.MustCompile(`(?:\+|\b)\d(?:[ ().-]{0,2}\d){6,14}\b`), nil},
	}
}

// luhn checks a card number's last digit (ISO/IEC 7812-1).
func luhn(text string) bool {
	sum, n := 0, 0
	for i := len(text) - 1; i >= 0; i-- {
		if text[i] < '0' || text[i] > '9' {
			continue
		}
		d := int(text[i] - '0')
		if n%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
		n++
	}
	return n >= 13 && n <= 19 && sum%10 == 0
}

// redacted masks every text within a JSON value, and digits that are written as a
// number.
func redacted(raw json.RawMessage, mask func(string) string) json.RawMessage {
	v, err := strictjson.Value(raw)
	if err != nil {
		return raw
	}
	out, err := json.Marshal(redactValue(v, mask))
	if err != nil {
		return raw
	}
	return out
}

func redactValue(v any, mask func(string) string) any {
	switch v := v.(type) {
	case string:
		return mask(v)
	case json.Number:
		if m := mask(v.String()); m != v.String() {
			return m
		}
	case []any:
		for i := range v {
			v[i] = redactValue(v[i], mask)
		}
	case map[string]any:
		for name, m := range v {
			v[name] = redactValue(m, mask)
		}
	}
	return v
}
