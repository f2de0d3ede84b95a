package builtin

import (
	"encoding/json"
	"slices"
	"strings"
)

// An object is a JSON object with its members in the order they are written,
// their values unread.
type object []entry

type entry struct {
	name string
	raw  json.RawMessage
}

// get returns a member's value, nil when there is none. Of several with one name
// it is the last, as for encoding/json.
func (o object) get(name string) json.RawMessage {
	for i := len(o) - 1; i >= 0; i-- {
		if o[i].name == name {
			return o[i].raw
		}
	}
	return nil
}

// parseObject takes an object apart; nil when raw is none. The JSON must be
// valid: a schema is read by every request, and this is most of its reading.
func parseObject(raw json.RawMessage) object {
	i := blank(raw, 0)
	if i >= len(raw) || raw[i] != '{' {
		return nil
	}
	out := object{}
	for i = blank(raw, i+1); i < len(raw) && raw[i] == '"'; i = blank(raw, i+1) {
		end := valueEnd(raw, i)
		name := plain(raw[i:end])
		from := blank(raw, blank(raw, end)+1) // behind the colon
		if from >= len(raw) {
			break
		}
		end = valueEnd(raw, from)
		out = append(out, entry{name, raw[from:end:end]})
		if i = blank(raw, end); i >= len(raw) || raw[i] != ',' {
			break
		}
	}
	return out
}

// parseList takes an array of valid JSON apart; nil when raw is none.
func parseList(raw json.RawMessage) []json.RawMessage {
	i := blank(raw, 0)
	if i >= len(raw) || raw[i] != '[' {
		return nil
	}
	var out []json.RawMessage
	for i = blank(raw, i+1); i < len(raw) && raw[i] != ']'; i = blank(raw, i+1) {
		end := valueEnd(raw, i)
		out = append(out, raw[i:end:end])
		if i = blank(raw, end); i >= len(raw) || raw[i] != ',' {
			break
		}
	}
	return out
}

func blank(raw []byte, i int) int {
	for i < len(raw) && (raw[i] == ' ' || raw[i] == '\n' || raw[i] == '\t' || raw[i] == '\r') {
		i++
	}
	return i
}

// valueEnd returns the offset behind the value that begins at i.
func valueEnd(raw []byte, i int) int {
	depth := 0
	for ; i < len(raw); i++ {
		switch raw[i] {
		case '"':
			for i++; i < len(raw) && raw[i] != '"'; i++ {
				if raw[i] == '\\' {
					i++
				}
			}
			if depth == 0 {
				return min(i+1, len(raw))
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i // what it stands in ends
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return i
			}
		}
	}
	return len(raw)
}

// A node is a place in a JSON Schema.
type node struct {
	m    object
	root object
}

func (n node) at(key string) node {
	return node{m: parseObject(n.m.get(key)), root: n.root}
}

// resolved follows a local $ref and takes the first useful branch of anyOf and
// oneOf; it looks only a few steps far, so loops end.
func (n node) resolved() node {
	for range 4 {
		if ref := n.str("$ref"); strings.HasPrefix(ref, "#/") {
			target := node{m: n.root, root: n.root}
			for part := range strings.SplitSeq(ref[2:], "/") {
				target = target.at(part)
			}
			if target.m == nil {
				return n
			}
			n = target
			continue
		}
		branch, ok := n.branch()
		if !ok {
			return n
		}
		branch.m = slices.Clone(branch.m)
		for _, keep := range []string{"description", "title", "default", "examples"} {
			if v := n.m.get(keep); v != nil && branch.m.get(keep) == nil {
				branch.m = append(branch.m, entry{keep, v})
			}
		}
		n = branch
	}
	return n
}

func (n node) branch() (node, bool) {
	for _, key := range []string{"anyOf", "oneOf", "allOf"} {
		for _, raw := range parseList(n.m.get(key)) {
			if b := (node{m: parseObject(raw), root: n.root}); b.m != nil && b.typ() != "null" {
				return b, true
			}
		}
	}
	return node{}, false
}

func (n node) str(key string) string {
	if raw := n.m.get(key); raw != nil && raw[0] == '"' {
		return plain(raw)
	}
	return ""
}

func (n node) num(key string) int {
	var i int
	if raw := n.m.get(key); raw == nil || json.Unmarshal(raw, &i) != nil {
		return 0
	}
	return i
}

// strings reads a list of scalars, or one scalar, as texts.
func (n node) strings(key string) []string {
	raw := n.m.get(key)
	if raw == nil {
		return nil
	}
	if raw[0] != '[' {
		if s := plain(raw); s != "" {
			return []string{s}
		}
		return nil
	}
	var out []string
	for _, v := range parseList(raw) {
		if s := plain(v); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func (n node) typ() string {
	for _, t := range n.strings("type") {
		if t != "null" {
			return t
		}
	}
	if n.m.get("properties") != nil {
		return "object"
	}
	return ""
}

func (n node) options() []option {
	var out []option
	for _, v := range parseList(n.m.get("enum")) {
		label := plain(v)
		if label == "" || string(v) == "null" {
			continue
		}
		if !strings.Contains(label, " ") {
			label = optionLabel(label)
		}
		out = append(out, option{value: v, label: label, toks: read(label).toks})
	}
	return out
}

// optionLabel is how an enumeration's value is said: "window_seat" as two words,
// "XL" as it is.
func optionLabel(v string) string {
	if strings.ToUpper(v) == v && !strings.ContainsAny(v, "_") || dayWord(strings.ToLower(v)) {
		return v
	}
	return words(v)
}
