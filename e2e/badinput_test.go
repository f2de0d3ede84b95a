package e2e_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strings"
	"testing"
)

var badInputs = flag.Int("badinputs", 150, "bad inputs a write route; make soak sends 10,000")

// TestBadInputs sends broken variants of good bodies to every write route of the
// OpenAPI document: each is refused with a reason or accepted, never a failure of
// the server. The seed makes a run repeatable.
func TestBadInputs(t *testing.T) {
	t.Parallel()
	s := start(t)
	w := s.world("Acme")
	for _, op := range operations(t, s.url) {
		if op.method == http.MethodGet || op.method == http.MethodDelete {
			continue
		}
		body, path := op.input(t, w), w.fill(t, op.path)
		if body == "" {
			body = "{}" // of an operation that takes none
		}
		t.Run(op.name(), func(t *testing.T) {
			const seed = 20261122
			r := rand.New(rand.NewPCG(seed, uint64(len(op.name()))))
			for i := range *badInputs {
				bad := corrupt(r, body)
				res := s.try(w.key, op.method, path, bad)
				if res.status >= 500 {
					t.Fatalf("input %d of seed %d: %d %s for %q", i, seed, res.status, res.body, bad)
				}
				if res.status < 400 {
					continue
				}
				if p := res.problem(t); p.Code == "" || p.Detail == "" || p.Code == "validation_error" && len(p.Errors) == 0 {
					t.Fatalf("input %d of seed %d: an unhelpful answer %s for %q", i, seed, res.body, bad)
				}
			}
		})
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > 512<<20 {
		t.Errorf("the heap has grown to %d MiB", m.HeapAlloc>>20)
	}
}

func mustText(t testing.TB, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// corrupt breaks a body: a member of the tree is replaced, removed, added or
// repeated, or the text itself is.
func corrupt(r *rand.Rand, body string) string {
	if r.IntN(8) == 0 {
		return corruptText(r, body)
	}
	var v any
	_ = json.Unmarshal([]byte(body), &v) // a good body
	for range 1 + r.IntN(3) {
		v = corruptValue(r, v)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return body
	}
	return string(raw)
}

func corruptText(r *rand.Rand, body string) string {
	switch i := r.IntN(len(body) + 1); r.IntN(6) {
	case 0:
		return body[:i]
	case 1:
		return body[:i] + string(rune(r.IntN(0x250))) + body[i:]
	case 2:
		return body[:i] + "\xff" + body[i:]
	case 3:
		return body + body
	case 4:
		return strings.Repeat("[", 5000) + strings.Repeat("]", 5000)
	default:
		return strings.Replace(body, "{", `{"name":1,"name":2,`, 1)
	}
}

func corruptValue(r *rand.Rand, v any) any {
	switch v := v.(type) {
	case map[string]any:
		names := make([]string, 0, len(v))
		for n := range v {
			names = append(names, n)
		}
		if len(names) == 0 || r.IntN(6) == 0 {
			v[odd(r)] = oddValue(r)
			return v
		}
		n := names[r.IntN(len(names))]
		switch r.IntN(5) {
		case 0:
			delete(v, n)
		case 1:
			v[n] = oddValue(r)
		default:
			v[n] = corruptValue(r, v[n])
		}
		return v
	case []any:
		if len(v) == 0 || r.IntN(3) == 0 {
			return append(v, oddValue(r))
		}
		i := r.IntN(len(v))
		v[i] = corruptValue(r, v[i])
		return v
	}
	return oddValue(r)
}

func odd(r *rand.Rand) string {
	list := []string{"", "x", "__proto__", "name", "NAME", "{param}", "{{secret.X}}", "\u202e", "a.b", "a/b", "~", "\r\n", strings.Repeat("n", 300), "$ref", "properties"}
	return list[r.IntN(len(list))]
}

func oddValue(r *rand.Rand) any {
	list := []any{nil, true, false, 0, -1, 1e300, json.Number("1e999999999"), json.Number("12345678901234567890"), "", " ", odd(r), fmt.Sprint(r.Uint64()), strings.Repeat("long ", 5000), "\u0000", "☎️",
		[]any{}, []any{nil}, []any{[]any{[]any{}}}, map[string]any{}, map[string]any{odd(r): odd(r)}, map[string]any{"type": "object", "properties": map[string]any{odd(r): map[string]any{"type": odd(r)}}},
		"http://127.0.0.1/", "https://user:pass@example.com/", "ftp://x", "https://exa mple.com/", "https://example.com/{nothing}", map[string]any{"$ref": "#"}, map[string]any{"$ref": "https://example.com/schema"},
		map[string]any{"type": "object", "properties": map[string]any{"a": map[string]any{"pattern": "("}}}, map[string]any{"allOf": []any{map[string]any{"$ref": "#"}}}}
	return list[r.IntN(len(list))]
}
