package gate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"callwright"
	"callwright/internal/strictjson"
)

// Sources lists the sources of a dataEgressMap that are not parameters.
func Sources() []string {
	return []string{"caller.phone", "caller.name", "conversation.id", "agent.id"}
}

// mapFields builds what leaves from a dataEgressMap. A source without a value
// leaves nothing, not an empty field.
func mapFields(m map[string]callwright.EgressField, args map[string]any, t *Turn) (map[string]any, error) {
	out := map[string]any{}
	for name, f := range m {
		v, ok, err := source(f, args, t)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if !ok || f.Mask == "drop" {
			continue
		}
		if out[name], err = mask(f.Mask, v); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return out, nil
}

func source(f callwright.EgressField, args map[string]any, t *Turn) (v any, ok bool, err error) {
	c := t.Conversation
	switch {
	case len(f.Const) > 0:
		v, err = strictjson.Value(f.Const)
		return v, err == nil, err
	case f.Source == "caller.phone":
		return c.Caller.Phone, c.Caller.Phone != "", nil
	case f.Source == "caller.name":
		return c.Caller.Name, c.Caller.Name != "", nil
	case f.Source == "conversation.id":
		return string(c.ID), c.ID != "", nil
	case f.Source == "agent.id":
		return string(t.Agent.Agent.ID), true, nil
	}
	if name, ok := strings.CutPrefix(f.Source, "vars."); ok {
		raw, ok := c.Vars[name]
		if !ok {
			return nil, false, nil
		}
		v, err = strictjson.Value(raw)
		return v, err == nil, err
	}
	v, ok = args[f.Source]
	return v, ok, nil
}

// mask hides a value on its way out.
func mask(how string, v any) (any, error) {
	switch how {
	case "":
		return v, nil
	case "last4":
		s := []rune(fmt.Sprint(v))
		keep := min(4, len(s)/2) // never the whole of a short value
		return strings.Repeat("*", len(s)-keep) + string(s[len(s)-keep:]), nil
	case "hash":
		b, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		if s, ok := v.(string); ok {
			b = []byte(s)
		}
		sum := sha256.Sum256(b)
		return hex.EncodeToString(sum[:]), nil
	}
	return nil, fmt.Errorf("unknown mask %q", how)
}

// project keeps only the parts of a JSON value that the paths name: members by
// name, "[]" for every item of a list ("items[].sku"). A path to an object or
// list keeps all of it. Numbers stay exact.
func project(data json.RawMessage, paths []string) json.RawMessage {
	v, err := strictjson.Value(data)
	if err != nil {
		return json.RawMessage(`{}`)
	}
	root := newTree(paths)
	if len(root) == 0 {
		return json.RawMessage(`{}`) // paths that name nothing allow nothing
	}
	kept, ok := keep(v, root)
	if !ok {
		return json.RawMessage(`{}`)
	}
	out, err := json.Marshal(kept)
	if err != nil {
		return json.RawMessage(`{}`)
	}
	return out
}

// A tree holds paths by their first step; an empty one keeps everything.
type tree map[string]tree

func newTree(paths []string) tree {
	root := tree{}
	for _, p := range paths {
		if steps := strings.FieldsFunc(strings.ReplaceAll(p, "[]", ".[]"), func(r rune) bool { return r == '.' }); len(steps) > 0 {
			root.add(steps)
		}
	}
	return root
}

func (t tree) add(steps []string) {
	if len(steps) == 0 {
		clear(t) // a shorter path keeps all of what longer ones pick from
		return
	}
	next, ok := t[steps[0]]
	if ok && len(next) == 0 {
		return // kept whole already
	}
	if !ok {
		next = tree{}
		t[steps[0]] = next
	}
	next.add(steps[1:])
}

func keep(v any, t tree) (any, bool) {
	if len(t) == 0 {
		return v, true
	}
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, sub := range t {
			if member, ok := v[name]; ok {
				if kept, ok := keep(member, sub); ok {
					out[name] = kept
				}
			}
		}
		return out, true
	case []any:
		sub, ok := t["[]"]
		if !ok {
			return nil, false
		}
		out := []any{}
		for _, item := range v {
			if kept, ok := keep(item, sub); ok {
				out = append(out, kept)
			}
		}
		return out, true
	}
	return nil, false // a path goes on below a value that has no members
}
