package gate_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"callwright"
	"callwright/internal/gate"
	"callwright/internal/schema"
	"callwright/internal/strictjson"
)

// value draws a JSON value whose every text says that it must not get out unless
// a path allows it.
func value(t *rapid.T, depth int) any {
	switch n := rapid.IntRange(0, 6).Draw(t, "kind"); {
	case n < 2 && depth > 0:
		m := map[string]any{}
		for _, k := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "id"}), 0, 4, rapid.ID[string]).Draw(t, "members") {
			m[k] = value(t, depth-1)
		}
		return m
	case n == 2 && depth > 0:
		out := []any{}
		for range rapid.IntRange(0, 3).Draw(t, "items") {
			out = append(out, value(t, depth-1))
		}
		return out
	case n == 3:
		return json.Number(rapid.SampledFrom([]string{"0", "-1", "12345678901234567890", "1.50", "3e2"}).Draw(t, "number"))
	case n == 4:
		return nil
	}
	return rapid.StringMatching(`[a-z]{0,4}`).Draw(t, "text")
}

// leaves lists every value below v with its path, lists as "[]".
func leaves(v any, path string, out map[string]int) {
	switch v := v.(type) {
	case map[string]any:
		for k, m := range v {
			leaves(m, strings.TrimPrefix(path+"."+k, "."), out)
		}
	case []any:
		for _, m := range v {
			leaves(m, path+"[]", out)
		}
	default:
		out[fmt.Sprintf("%s=%v", path, v)]++
	}
}

// allowedBy reports whether a path allows a leaf: it is the leaf's, or above it.
func allowedBy(leaf string, paths []string) bool {
	at, _, _ := strings.Cut(leaf, "=")
	return slices.ContainsFunc(paths, func(p string) bool {
		rest, ok := strings.CutPrefix(at, p)
		return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

// Whatever a system answers: everything that a path allows comes in, unchanged,
// and nothing else.
func TestNothingOutsideAllowedFields(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := value(t, 3)
		path := rapid.Custom(func(t *rapid.T) string {
			steps := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "id", "[]"}), 1, 3).Draw(t, "steps")
			return strings.TrimPrefix(strings.ReplaceAll(strings.Join(steps, "."), ".[]", "[]"), ".")
		})
		paths := rapid.SliceOfN(path, 1, 4).Draw(t, "paths")
		s := order()
		s.AllowedFields = paths
		d := newDesk(s)
		raw, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		d.partner.do = answer(string(raw))
		out := d.call(d.turn(), "find_order", `{"order_id":"A-1"}`)
		if out.Kind != gate.Done {
			t.Fatalf("got %s, want done", out.Kind)
		}
		got, err := strictjson.Value(out.Result)
		if err != nil {
			t.Fatalf("result %s: %v", out.Result, err)
		}
		was, is := map[string]int{}, map[string]int{}
		leaves(in, "", was)
		leaves(got, "", is)
		for leaf, n := range is {
			if was[leaf] != n || !allowedBy(leaf, paths) {
				t.Fatalf("%s with %q: got %s %d times, which was there %d times and allowed: %v", raw, paths, leaf, n, was[leaf], allowedBy(leaf, paths))
			}
		}
		for leaf, n := range was {
			if allowedBy(leaf, paths) && is[leaf] != n {
				t.Fatalf("%s with %q: got %s %d times in %s, want %d", raw, paths, leaf, is[leaf], out.Result, n)
			}
		}
	})
}

// Whatever a model writes: only mapped fields leave, each with its source's value
// or its mask's, and never more.
func TestNothingOutsideTheEgressMap(t *testing.T) {
	t.Parallel()
	params := []string{"a", "b", "c", "d"}
	rapid.Check(t, func(t *rapid.T) {
		s := order()
		s.ParametersSchema = json.RawMessage(`{"properties":{"a":{"type":"string"},"b":{"type":"integer"},"c":{},"d":{"type":"string"}}}`)
		s.DataEgressMap = map[string]callwright.EgressField{}
		sources := append([]string{"caller.phone", "caller.name", "conversation.id", "agent.id", "nobody"}, params...)
		for _, f := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"x", "y", "z", "a", "to"}), 1, 5, rapid.ID[string]).Draw(t, "fields") {
			s.DataEgressMap[f] = callwright.EgressField{Source: rapid.SampledFrom(sources).Draw(t, "source"), Mask: rapid.SampledFrom([]string{"", "last4", "hash", "drop"}).Draw(t, "mask")}
		}
		args := map[string]any{}
		for _, p := range rapid.SliceOfDistinct(rapid.SampledFrom(append(params, "evil")), rapid.ID[string]).Draw(t, "given") {
			switch p {
			case "b":
				args[p] = rapid.IntRange(-1000000, 1000000).Draw(t, p)
			case "c":
				args[p] = value(t, 2)
			default:
				args[p] = "secret-" + rapid.StringMatching(`[a-z]{8}`).Draw(t, p)
			}
		}
		raw, err := json.Marshal(args)
		if err != nil {
			t.Fatal(err)
		}
		d := newDesk(s)
		out := d.call(d.turn(), "find_order", string(raw))
		if _, evil := args["evil"]; evil {
			if out.Kind != gate.Ask || len(d.partner.seen()) != 0 {
				t.Fatalf("%s: got %s, want the unknown parameter refused", raw, out.Kind)
			}
			return
		}
		if out.Kind != gate.Done {
			t.Fatalf("%s: got %s (%s), want done", raw, out.Kind, out.Detail)
		}
		for name, v := range d.partner.seen()[0].Fields {
			f, ok := s.DataEgressMap[name]
			if !ok || f.Mask == "drop" || f.Source == "nobody" {
				t.Fatalf("%s with %+v: %s left", raw, s.DataEgressMap, name)
			}
			if _, given := args[f.Source]; !given && slices.Contains(params, f.Source) {
				t.Fatalf("%s with %+v: %s left as %v and was never given", raw, s.DataEgressMap, name, v)
			}
			if text, ok := args[f.Source].(string); ok && f.Mask != "" && strings.HasPrefix(text, "secret-") && strings.Contains(fmt.Sprint(v), text) {
				t.Fatalf("%s: %s left as %v, want it masked", f.Mask, text, v)
			}
		}
	})
}

// FuzzProject: any answer, any paths: no panic, valid JSON, and nothing that was
// not there.
func FuzzProject(f *testing.F) {
	for _, s := range [][2]string{{`{"a":1}`, "a"}, {`{"items":[{"sku":1}]}`, "items[].sku"}, {`[[1]]`, "[][]"}, {`{"":{"":1}}`, "."}, {`{"a.b":1}`, "a.b"}, {`{"[]":1}`, "[]"}, {`1e999999999`, "a"}, {`{"a":1e99999}`, "a[]a[]"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, data, path string) {
		s := order()
		s.AllowedFields = []string{path}
		d := newDesk(s)
		d.partner.do = answer(data)
		out := d.call(d.turn(), "find_order", `{"order_id":"A-1"}`)
		if out.Kind != gate.Done {
			t.Fatalf("got %s, want done", out.Kind)
		}
		got, err := strictjson.Value(out.Result)
		if err != nil {
			t.Fatalf("result %q: %v", out.Result, err)
		}
		in, err := strictjson.Value([]byte(data))
		if err != nil {
			in = nil
		}
		was, is := map[string]int{}, map[string]int{}
		leaves(in, "", was)
		leaves(got, "", is)
		for leaf, n := range is {
			if was[leaf] < n {
				t.Errorf("%q with %q: got %s, which was not there", data, path, leaf)
			}
		}
	})
}

// FuzzArguments: any schema and arguments: no panic; what passes satisfies the
// schema and holds no unknown parameter.
func FuzzArguments(f *testing.F) {
	for _, s := range [][2]string{
		{everything, `{"text":1,"count":"2","list":["a"]}`},
		{`{"properties":{"a":{"type":"integer","minimum":1}},"required":["a"]}`, `{"a":"1"}`},
		{`{"properties":{"a":{"$ref":"#/$defs/x"}},"$defs":{"x":{"type":"string","pattern":"^a+$"}}}`, `{"a":"aa"}`},
		{`{"properties":{"a":{"multipleOf":0.01}}}`, `{"a":1e999999999}`},
		{spokenParameters, `{"day":"tomorrow","amount":"twelve fifty","days":["soon"],"guest":{"phone":"911"}}`},
		{`{"properties":{"a":true}}`, `{"a":null}`},
		{`{"properties":{"a":{"type":"string","maxLength":1e999}}}`, `{"a":"x"}`},
		{`{"properties":{"a":{"oneOf":[{"type":"string"},{"type":"null"}]}}}`, `{"a":" "}`},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, params, args string) {
		s := order()
		s.ParametersSchema = json.RawMessage(params)
		d := newDesk(s)
		out := d.call(d.turn(), "find_order", args)
		if out.Kind != gate.Done {
			if len(d.partner.seen()) != 0 {
				t.Errorf("got %s, and the partner was called", out.Kind)
			}
			return
		}
		sent, err := strictjson.Object(out.Arguments)
		if err != nil {
			t.Fatalf("arguments %q: %v", out.Arguments, err)
		}
		compiled, err := schema.Compile(d.agent.Skills[0].Parameters)
		if err != nil {
			t.Fatalf("schema %s: %v", d.agent.Skills[0].Parameters, err)
		}
		if p := compiled.Validate(sent); len(p) != 0 {
			t.Errorf("%s with %s: sent %s, which does not satisfy the schema: %v", params, args, out.Arguments, p)
		}
	})
}
