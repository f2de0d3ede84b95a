package sqldb

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"callwright"
	"callwright/internal/tmpl"
)

// A Statement is one SQL statement with {name} placeholders, each of which becomes a
// bind variable. It may be used concurrently.
type Statement struct {
	text  string   // with mark where values go
	names []string // in their order in the text, repeated where they are
}

// mark stands for a placeholder. No template has one.
const mark = "\x00"

// ParseStatement reads a template. The error is worded for its author and completes
// "<setting> …".
func ParseStatement(template string) (*Statement, error) {
	if strings.Contains(template, mark) {
		return nil, errors.New("must not hold the character U+0000")
	}
	t, err := tmpl.Parse(template)
	if err != nil {
		return nil, err
	}
	s := &Statement{}
	s.text, err = t.Expand(func(name string) (string, error) {
		s.names = append(s.names, name)
		return mark, nil
	})
	if err != nil {
		return nil, err
	}
	s.text = strings.TrimSpace(s.text)
	return s, s.check()
}

// Names returns the names of the placeholders.
func (s *Statement) Names() []string { return s.names }

// check refuses what could not run as it looks: a placeholder in quotes, which the
// database would take for text, and a second statement.
func (s *Statement) check() error {
	seen := 0 // placeholders so far
	sc := scanner{text: s.text}
	for sc.next() {
		n := strings.Count(sc.token, mark)
		switch {
		case n > 0 && sc.quoted != "":
			return fmt.Errorf("has {%s} inside %s: values are bound and need no quotes, write {%s} alone", s.names[seen], sc.quoted, s.names[seen])
		case sc.token == ";" && strings.TrimSpace(s.text[sc.at:]) == "":
			s.text = strings.TrimSpace(s.text[:sc.at-1])
		case sc.token == ";":
			return errors.New("holds more than one statement: a skill runs one")
		}
		seen += n
	}
	if sc.open != "" {
		return fmt.Errorf("has %s that does not end", sc.open)
	}
	if s.Verb() == "" {
		return errors.New("must be a SQL statement such as SELECT status FROM orders WHERE id = {order_id}")
	}
	return nil
}

// Verb is the first word of the statement, in capitals.
func (s *Statement) Verb() string {
	sc := scanner{text: s.text}
	for sc.next() {
		if sc.quoted == "" && sc.token != "(" && strings.TrimSpace(sc.token) != "" {
			word, _, _ := strings.Cut(sc.token, "(")
			return strings.ToUpper(word)
		}
	}
	return ""
}

// For writes the statement as a kind of database takes it, and returns the names of
// what is bound, in the order of the bind variables.
func (s *Statement) For(kind callwright.ConnectionKind) (string, []string) {
	if kind != callwright.PostgresConnection {
		return strings.ReplaceAll(s.text, mark, "?"), s.names
	}
	var sb strings.Builder
	numbers := map[string]int{}
	var bound []string
	for i, part := range strings.Split(s.text, mark) {
		if i > 0 {
			name := s.names[i-1]
			if numbers[name] == 0 {
				bound = append(bound, name)
				numbers[name] = len(bound)
			}
			sb.WriteString("$" + strconv.Itoa(numbers[name]))
		}
		sb.WriteString(part)
	}
	return sb.String(), bound
}

// A scanner splits a statement into quoted parts, comments, single signs and words.
// It knows what the three databases have in common and errs on no side that
// matters: a value is bound wherever its placeholder is.
type scanner struct {
	text   string
	at     int    // the end of the token
	token  string // a word, a sign, or a whole quoted part
	quoted string // what the token is, when it is a quoted part or a comment
	open   string // a quoted part that does not end
}

func (sc *scanner) next() bool {
	if sc.at >= len(sc.text) || sc.open != "" {
		return false
	}
	rest := sc.text[sc.at:]
	sc.quoted = ""
	n := 0
	switch {
	case strings.HasPrefix(rest, "--"):
		n = sc.until(rest, 2, "\n", "")
		sc.quoted = "a comment"
	case strings.HasPrefix(rest, "/*"):
		n = sc.until(rest, 2, "*/", "a comment")
		sc.quoted = "a comment"
	case rest[0] == '\'' || rest[0] == '"' || rest[0] == '`':
		n = sc.until(rest, 1, rest[:1], "a quote")
		sc.quoted = "quotes"
	case dollarQuote(rest) != "":
		tag := dollarQuote(rest)
		n = sc.until(rest, len(tag), tag, "a quote")
		sc.quoted = "quotes"
	default:
		for n < len(rest) && strings.IndexByte(" \t\r\n;'\"`()$-/", rest[n]) < 0 {
			n++
		}
		n = max(n, 1)
	}
	sc.token = rest[:n]
	sc.at += n
	return true
}

// until returns the length of a part that ends with end. Without an end it goes to
// the end of the text, and what is named stays open.
func (sc *scanner) until(rest string, from int, end, what string) int {
	i := strings.Index(rest[from:], end)
	if i < 0 {
		sc.open = what
		return len(rest)
	}
	return from + i + len(end)
}

// dollarQuote returns the $tag$ with which a text begins, or "".
func dollarQuote(text string) string {
	if text[0] != '$' {
		return ""
	}
	tag, _, found := strings.Cut(text[1:], "$")
	if !found || strings.Trim(tag, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") != "" {
		return ""
	}
	return "$" + tag + "$"
}

// answers reports whether the statement returns rows.
func (s *Statement) answers() bool {
	switch s.Verb() {
	case "SELECT", "VALUES", "SHOW", "TABLE", "DESCRIBE", "EXPLAIN":
		return true
	}
	sc := scanner{text: s.text}
	for sc.next() {
		if sc.quoted == "" && strings.EqualFold(sc.token, "returning") {
			return true
		}
	}
	return false
}
