package tmpl

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// A URL is a template of an absolute http or https URL, with placeholders in
// path and query only: scheme, host and port are fixed by its author, so no
// value can choose where a request goes. It may be used concurrently.
type URL struct {
	prefix   string   // scheme://host[:port]
	host     string   // without port
	segments [][]part // of the path; the first follows the first slash
	pairs    []pair
	names    []string
	keys     map[string]bool // literal parameter names of the query
}

// A pair is one name=value of the query.
type pair struct {
	name, value []part
	bare        bool // no "="
}

// ParseURL reads a URL template. The error is worded for its author and
// completes "<setting> …".
func ParseURL(text string) (*URL, error) {
	t, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if err := checkLiterals(t.parts); err != nil {
		return nil, err
	}
	prefix, rest, err := splitAuthority(t.parts)
	if err != nil {
		return nil, err
	}
	parsed, err := url.Parse(prefix)
	switch {
	case err != nil:
		return nil, errors.New("is not a valid URL: write it like https://api.example.com/path")
	case parsed.User != nil:
		return nil, errors.New("must not hold a user name or password: use auth")
	case parsed.Hostname() == "":
		return nil, errors.New("has no host: write it like https://api.example.com/path")
	}
	if port := parsed.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, errors.New("has a port outside 1 to 65535")
		}
	}
	u := &URL{prefix: prefix, host: strings.ToLower(strings.TrimSuffix(parsed.Hostname(), ".")), names: t.names, keys: map[string]bool{}}
	path, query, hasQuery := cutParts(rest, '?')
	path = trimSlash(path)
	u.segments = splitParts(path, '/')
	if hasQuery {
		for _, p := range splitParts(query, '&') {
			name, value, hasValue := cutParts(p, '=')
			u.pairs = append(u.pairs, pair{name, value, !hasValue})
			if key, err := literal(name); err == nil {
				u.keys[key] = true
			}
		}
	}
	return u, u.checkSegments()
}

// checkLiterals refuses what must not stand in a URL as it is. The braces that
// {{ and }} stand for are encoded later.
func checkLiterals(parts []part) error {
	for _, p := range parts {
		for _, r := range p.literal {
			switch {
			case r == '#':
				return errors.New("must not have a fragment (#): it never leaves a client")
			case r == '\\':
				return errors.New("must not hold a backslash: write / or %5C")
			case r <= ' ', r > '~', strings.ContainsRune("\"<>^`|", r):
				return errors.New("holds a character that URLs cannot: percent-encode it (a space is %20)")
			}
		}
		if p.name == "" {
			if _, err := url.PathUnescape(p.literal); err != nil {
				return errors.New("has a % that starts no percent-encoding: write %25")
			}
		}
	}
	return nil
}

// splitAuthority cuts scheme://host[:port] off, which must be literal.
func splitAuthority(parts []part) (prefix string, rest []part, err error) {
	if len(parts) == 0 {
		return "", nil, errors.New("is required")
	}
	first := parts[0].literal
	scheme, after, found := strings.Cut(first, "://")
	if parts[0].name != "" || !found || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return "", nil, errors.New("must start with http:// or https:// and a fixed host")
	}
	end := strings.IndexAny(after, "/?")
	if end < 0 {
		if len(parts) > 1 {
			return "", nil, errors.New("must not have a {placeholder} in the host or port: only path and query may have one")
		}
		end = len(after)
	}
	prefix = strings.ToLower(scheme) + "://" + after[:end]
	if strings.ContainsAny(prefix, "{}") {
		return "", nil, errors.New("must not have a brace in the host")
	}
	rest = append([]part{{literal: after[end:]}}, parts[1:]...)
	return prefix, rest, nil
}

// checkSegments refuses literal dot segments: they would change what the path
// means after the URL was read.
func (u *URL) checkSegments() error {
	for _, s := range u.segments {
		if text, err := literal(s); err == nil && dots(text) {
			return errors.New("must not have . or .. as a path segment")
		}
	}
	return nil
}

// literal returns the decoded text of parts without placeholders.
func literal(parts []part) (string, error) {
	var sb strings.Builder
	for _, p := range parts {
		if p.name != "" {
			return "", errors.New("has a placeholder")
		}
		sb.WriteString(p.literal)
	}
	return url.PathUnescape(sb.String())
}

// Host returns the host without port, in lower case.
func (u *URL) Host() string { return u.host }

// Names returns the names of the placeholders, each once.
func (u *URL) Names() []string { return append([]string(nil), u.names...) }

// HasParameter reports whether the query has a literal parameter of that name.
func (u *URL) HasParameter(name string) bool { return u.keys[name] }

// Expand returns the URL with encoded values. A value that is missing or nil
// leaves its parameter out of the query, and is an error in the path.
func (u *URL) Expand(values map[string]any) (string, error) {
	var out strings.Builder
	out.WriteString(u.prefix)
	for _, s := range u.segments {
		text, err := segment(s, values)
		if err != nil {
			return "", err
		}
		out.WriteString("/" + text)
	}
	separator := "?"
	for _, p := range u.pairs {
		text, keep, err := p.expand(values)
		if err != nil {
			return "", err
		}
		if keep {
			out.WriteString(separator + text)
			separator = "&"
		}
	}
	return out.String(), nil
}

// segment fills one path segment and makes sure that it stays one.
func segment(parts []part, values map[string]any) (string, error) {
	var out strings.Builder
	name := ""
	for _, p := range parts {
		if p.name == "" {
			out.WriteString(encodeBraces(p.literal))
			continue
		}
		name = p.name
		text, present, err := scalar(name, values)
		switch {
		case err != nil:
			return "", err
		case !present || text == "":
			return "", &ValueError{name, "is missing, and the path of the URL needs it"}
		}
		if err := noControls(name, text); err != nil {
			return "", err
		}
		out.WriteString(Escape(text))
	}
	if name != "" {
		if err := staysSegment(out.String()); err != nil {
			return "", &ValueError{name, err.Error()}
		}
	}
	return out.String(), nil
}

// staysSegment decodes a finished segment as often as a careless chain of
// servers might (proxies and frameworks each decode once), and refuses one that
// would then climb, or end a C string.
func staysSegment(text string) error {
	for range 4 {
		decoded, err := url.PathUnescape(text)
		if err != nil {
			return nil // a bare % of the value: nobody can decode further
		}
		for piece := range strings.FieldsFuncSeq(decoded, func(r rune) bool { return r == '/' || r == '\\' || r == ';' }) {
			if dots(strings.TrimSpace(piece)) {
				return errors.New("is . or .. as a path segment, which would lead to another address")
			}
		}
		if strings.ContainsFunc(decoded, unicode.IsControl) {
			return errors.New("holds an encoded control character")
		}
		if decoded == text {
			return nil
		}
		text = decoded
	}
	return nil
}

func dots(s string) bool { return s == "." || s == ".." }

func (p pair) expand(values map[string]any) (text string, keep bool, err error) {
	name, present, err := component(p.name, values)
	if err != nil || !present {
		return "", false, err
	}
	if p.bare {
		return name, true, nil
	}
	value, present, err := component(p.value, values)
	return name + "=" + value, present, err
}

// component fills one name or value of the query. It is absent when it consists
// of placeholders that all have no value.
func component(parts []part, values map[string]any) (text string, present bool, err error) {
	var out strings.Builder
	present = len(parts) == 0
	for _, p := range parts {
		if p.name == "" {
			out.WriteString(encodeBraces(p.literal))
			present = true
			continue
		}
		text, has, err := scalar(p.name, values)
		if err != nil {
			return "", false, err
		}
		if err := noControls(p.name, text); err != nil {
			return "", false, err
		}
		present = present || has
		out.WriteString(Escape(text))
	}
	return out.String(), present, nil
}

func noControls(name, text string) error {
	if strings.ContainsFunc(text, unicode.IsControl) {
		return &ValueError{name, "holds a control character, which a URL cannot carry"}
	}
	return nil
}

// encodeBraces encodes the literal braces of {{ and }}: URLs have none.
func encodeBraces(s string) string {
	return strings.NewReplacer("{", "%7B", "}", "%7D").Replace(s)
}

// Escape percent-encodes everything but the unreserved characters of RFC 3986,
// so the result means the same in a path segment and in a query.
func Escape(s string) string {
	var out strings.Builder
	for _, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-._~", c) >= 0:
			out.WriteByte(c)
		default:
			fmt.Fprintf(&out, "%%%02X", c)
		}
	}
	return out.String()
}

// cutParts cuts at the first literal sep.
func cutParts(parts []part, sep byte) (before, after []part, found bool) {
	for i, p := range parts {
		if p.name != "" {
			continue
		}
		if j := strings.IndexByte(p.literal, sep); j >= 0 {
			before = append(append(before, parts[:i]...), part{literal: p.literal[:j]})
			after = append([]part{{literal: p.literal[j+1:]}}, parts[i+1:]...)
			return compact(before), compact(after), true
		}
	}
	return compact(parts), nil, false
}

// splitParts splits at every literal sep.
func splitParts(parts []part, sep byte) [][]part {
	var all [][]part
	for {
		before, after, found := cutParts(parts, sep)
		all = append(all, before)
		if !found {
			return all
		}
		parts = after
	}
}

// compact drops empty literals.
func compact(parts []part) []part {
	var kept []part
	for _, p := range parts {
		if p.literal != "" || p.name != "" {
			kept = append(kept, p)
		}
	}
	return kept
}

// trimSlash cuts the slash between authority and first segment.
func trimSlash(path []part) []part {
	if len(path) > 0 && strings.HasPrefix(path[0].literal, "/") {
		path[0].literal = path[0].literal[1:]
		return compact(path)
	}
	return path
}
