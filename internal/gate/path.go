package gate

import (
	"encoding/json"
	"strings"

	"callwright/internal/strictjson"
)

// ValidPath reports whether text is a path into a result: names with dots between
// them, [] for every item of a list.
func ValidPath(text string) bool {
	for step := range strings.SplitSeq(text, ".") {
		if strings.TrimSpace(strings.TrimSuffix(step, "[]")) == "" && step != "[]" {
			return false
		}
	}
	return true
}

// at returns every value that a path leads to.
func at(v any, path string) []any {
	steps := strings.FieldsFunc(strings.ReplaceAll(path, "[]", ".[]"), func(r rune) bool { return r == '.' })
	found := []any{v}
	for _, step := range steps {
		var next []any
		for _, v := range found {
			switch v := v.(type) {
			case map[string]any:
				if m, ok := v[step]; ok {
					next = append(next, m)
				}
			case []any:
				if step == "[]" {
					next = append(next, v...)
				}
			}
		}
		found = next
	}
	return found
}

// same reports whether two JSON values are equal, numbers by their value.
func same(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	if errX != nil || errY != nil {
		return false
	}
	if string(x) == string(y) {
		return true
	}
	var m, n *float64 // null is no number
	return json.Unmarshal(x, &m) == nil && json.Unmarshal(y, &n) == nil && m != nil && n != nil && *m == *n
}

// without drops what the paths lead to. A single name is dropped wherever it stands.
func without(data json.RawMessage, paths []string) (_ json.RawMessage, dropped int) {
	v, err := strictjson.Value(data)
	if err != nil {
		return json.RawMessage(`{}`), 1
	}
	for _, p := range paths {
		if strings.ContainsAny(p, ".[") {
			dropped += dropAt(v, strings.FieldsFunc(strings.ReplaceAll(p, "[]", ".[]"), func(r rune) bool { return r == '.' }))
		} else {
			dropped += dropNamed(v, p)
		}
	}
	if dropped == 0 {
		return data, 0
	}
	out, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage(`{}`), dropped
	}
	return out, dropped
}

func dropNamed(v any, name string) (dropped int) {
	switch v := v.(type) {
	case map[string]any:
		if _, ok := v[name]; ok {
			delete(v, name)
			dropped++
		}
		for _, m := range v {
			dropped += dropNamed(m, name)
		}
	case []any:
		for _, m := range v {
			dropped += dropNamed(m, name)
		}
	}
	return dropped
}

func dropAt(v any, steps []string) (dropped int) {
	switch v := v.(type) {
	case map[string]any:
		m, ok := v[steps[0]]
		if !ok {
			return 0
		}
		if len(steps) == 1 {
			delete(v, steps[0])
			return 1
		}
		return dropAt(m, steps[1:])
	case []any:
		if steps[0] == "[]" {
			steps = steps[1:]
		}
		if len(steps) == 0 {
			return 0
		}
		for _, m := range v {
			dropped += dropAt(m, steps)
		}
	}
	return dropped
}

// renamed is an object of what paths into data lead to, under their names.
func renamed(data json.RawMessage, names map[string]string) json.RawMessage {
	v, err := strictjson.Value(data)
	if err != nil {
		return json.RawMessage(`{}`)
	}
	out := map[string]any{}
	for name, path := range names {
		switch found := at(v, path); {
		case len(found) == 0:
		case strings.Contains(path, "[]"):
			out[name] = found
		default:
			out[name] = found[0]
		}
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return json.RawMessage(`{}`)
	}
	return raw
}
