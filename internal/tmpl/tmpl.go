// Package tmpl fills {name} templates in such a way that a value never leaves
// its place: in a URL it adds no path segment, parameter or host, in a header no
// line, in JSON no member.
//
// It is not a programming language (no conditions, no loops, no defaults) and it
// does not know where values come from. The skill types call it for those of
// their settings that take templates.
//
// Parse reads the text; a context is how it is filled: ParseURL for URLs, Render
// with an Encoding for everything that is encoded value by value, and Expand for
// contexts in which a value leaves the text altogether (a bind variable of SQL).
package tmpl

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxText bounds a template; far above any setting, far below a nuisance.
const maxText = 64 << 10

// A Template is a parsed text with {name} placeholders. A literal brace is
// written twice: {{ and }}. It may be used concurrently.
type Template struct {
	parts []part
	names []string
}

// A part is literal text or, when name is set, a placeholder.
type part struct{ literal, name string }

// An Encoding makes a value's text safe for one context, or refuses it with an
// error that completes "the value of {name} …" without repeating the value.
type Encoding func(text string) (string, error)

// A ValueError says why a value does not fit. Its message is safe to show: it
// never repeats the value.
type ValueError struct{ Name, Problem string }

// Error returns the sentence.
func (e *ValueError) Error() string { return "the value of {" + e.Name + "} " + e.Problem }

// Parse reads a template. The error is worded for its author and completes
// "<setting> …".
func Parse(text string) (*Template, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("is longer than %d bytes", maxText)
	}
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("is not valid UTF-8")
	}
	t := &Template{}
	var literal strings.Builder
	for i := 0; i < len(text); {
		rest := text[i:]
		switch {
		case strings.HasPrefix(rest, secretPrefix):
			return nil, fmt.Errorf("holds a {{secret.NAME}}, which is not possible here: use it in a header value or in auth")
		case strings.HasPrefix(rest, "{{"), strings.HasPrefix(rest, "}}"):
			literal.WriteByte(rest[0])
			i += 2
		case rest[0] == '}':
			return nil, fmt.Errorf("has a } without its { at character %d: write }} for a literal brace", place(text, i))
		case rest[0] == '{':
			name, _, found := strings.Cut(rest[1:], "}")
			if !found {
				return nil, fmt.Errorf("has a { without its } at character %d: write {{ for a literal brace", place(text, i))
			}
			if !validName(name) {
				return nil, fmt.Errorf("has no valid name between the braces at character %d: write {name}, or {{ and }} for literal braces", place(text, i))
			}
			t.addLiteral(literal.String())
			literal.Reset()
			t.addName(name)
			i += len(name) + 2
		default:
			literal.WriteByte(rest[0])
			i++
		}
	}
	t.addLiteral(literal.String())
	return t, nil
}

// place is the 1-based number of the character at byte i.
func place(text string, i int) int { return utf8.RuneCountInString(text[:i]) + 1 }

func (t *Template) addLiteral(text string) {
	if text != "" {
		t.parts = append(t.parts, part{literal: text})
	}
}

func (t *Template) addName(name string) {
	t.parts = append(t.parts, part{name: name})
	if !slices.Contains(t.names, name) {
		t.names = append(t.names, name)
	}
}

// validName reports whether name is a parameter name or a dotted one such as
// vars.serial.
func validName(name string) bool {
	if name == "" || len(name) > 128 {
		return false
	}
	for i, c := range []byte(name) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_':
		case i > 0 && (c >= '0' && c <= '9' || c == '-' || c == '.'):
		default:
			return false
		}
	}
	return true
}

// IsPlaceholder reports whether text, anywhere in it, has what Parse would take
// for a placeholder. Settings without templates use it to refuse one instead of
// sending its braces.
func IsPlaceholder(text string) bool {
	for {
		_, rest, found := strings.Cut(text, "{")
		if !found {
			return false
		}
		if name, _, closed := strings.Cut(rest, "}"); closed && validName(name) {
			return true
		}
		text = rest
	}
}

// Names returns the names of the placeholders, each once, in the order of their
// first appearance.
func (t *Template) Names() []string { return slices.Clone(t.names) }

// Expand returns the text with every placeholder replaced by what write returns
// for its name. Nothing is encoded: that is write's business.
func (t *Template) Expand(write func(name string) (string, error)) (string, error) {
	var out strings.Builder
	for _, p := range t.parts {
		if p.name == "" {
			out.WriteString(p.literal)
			continue
		}
		text, err := write(p.name)
		if err != nil {
			return "", err
		}
		out.WriteString(text)
	}
	return out.String(), nil
}

// Render returns the text with every placeholder replaced by its encoded value.
// A value that is missing or nil is the empty text.
func (t *Template) Render(values map[string]any, encode Encoding) (string, error) {
	return t.Expand(func(name string) (string, error) {
		text, _, err := scalar(name, values)
		if err != nil {
			return "", err
		}
		text, err = encode(text)
		if err != nil {
			return "", &ValueError{name, err.Error()}
		}
		return text, nil
	})
}

// scalar returns the text of a value and whether there is one.
func scalar(name string, values map[string]any) (text string, present bool, err error) {
	switch v := values[name].(type) {
	case nil:
		return "", false, nil
	case string:
		if !utf8.ValidString(v) {
			return "", false, &ValueError{name, "is not valid UTF-8"}
		}
		return v, true, nil
	case bool:
		return fmt.Sprint(v), true, nil
	case json.Number:
		if !json.Valid([]byte(v)) {
			return "", false, &ValueError{name, "is not a number"}
		}
		return v.String(), true, nil
	case []any:
		return "", false, &ValueError{name, "is a list: only text, numbers and true or false fit into a template"}
	case map[string]any:
		return "", false, &ValueError{name, "is an object: only text, numbers and true or false fit into a template"}
	default:
		return "", false, &ValueError{name, fmt.Sprintf("has the unexpected type %T", v)}
	}
}
