package builtin

import (
	"strings"

	"callwright/internal/llm"
)

// An offer is an entry of an earlier result that a parameter can take its value
// from, such as one of several rooms.
type offer struct {
	value value
	label string // the entry in a few words
	about text   // everything that is told of it
}

// offers lists what earlier results have for a parameter, of the newest result
// that has any. A parameter says where its values come from ("x-allowedFrom"),
// or has the name of a member of listed objects, with the list's name or without.
func (s *state) offers(p *param) []offer {
	for i := len(s.runs) - 1; i >= 0; i-- {
		r := &s.runs[i]
		if r.result.Status != llm.StatusDone || r.result.Result == nil {
			continue
		}
		if from, _, ok := strings.Cut(p.from, "."); ok && from != r.form.tool.name {
			continue
		}
		if out := s.listed(unwrap(parse(r.result.Result)), "", p, s.view(r)); len(out) > 0 {
			return out
		}
	}
	return nil
}

func (s *state) listed(v value, name string, p *param, say *view) []offer {
	switch v.kind {
	case 'o':
		for _, m := range v.members {
			if out := s.listed(m.val, words(m.key), p, say); len(out) > 0 {
				return out
			}
		}
	case 'l':
		var out []offer
		for _, it := range v.items {
			if got := it.pickFor(p, name); got.scalar() {
				out = append(out, offer{value: got, label: say.item(it), about: read(it.words(say))})
			}
		}
		return out
	}
	return nil
}

// pickFor returns the member of a listed entry that p takes.
func (v value) pickFor(p *param, list string) value {
	if v.kind != 'o' {
		if p.from != "" && v.scalar() && strings.HasSuffix(p.from, "[]") {
			return v
		}
		return value{}
	}
	want := lastOf(words(p.path[len(p.path)-1]))
	if p.from != "" {
		want = words(p.from[strings.LastIndexByte(p.from, '.')+1:])
	}
	for _, m := range v.members {
		l := words(m.key)
		full := words(p.path[len(p.path)-1])
		if l == full || p.from != "" && l == want || l == want && full == singular(list)+" "+want {
			return m.val
		}
	}
	return value{}
}

// words are all scalars of an entry, as they are spoken and as they are.
func (v value) words(say *view) string {
	var b strings.Builder
	for _, m := range v.members {
		if m.val.scalar() {
			f := field{label: words(m.key), val: m.val}
			b.WriteString(m.val.text + " " + f.spoken(say.now) + " ")
		}
	}
	return b.String()
}

// pick takes the entry that the caller means: by its place, by a word or time
// that only it has, or because there is no other.
func (s *state) pick(p *param, t text, asked bool) (found, bool) {
	all := s.offers(p)
	if len(all) == 0 {
		return found{}, false
	}
	k := place(t, len(all))
	if k < 0 {
		k = s.meant(all, t)
	}
	if k < 0 && len(all) == 1 && (p.from != "" || !asked) {
		k = 0
	}
	if k < 0 {
		return found{}, false
	}
	v := all[k].value
	f := found{said: v.text, sure: true, value: quoted(v.text)}
	if v.kind == 'n' && p.number {
		f.value = []byte(v.text)
	}
	return f, true
}

// place reads "the second one" and "the last one".
func place(t text, n int) int {
	for i, tok := range t.toks {
		k, ok := ordinal(tok.low)
		switch {
		case tok.low == "last":
			return n - 1
		case !ok || k > n || k < 1 || tok.low[0] <= '9' && i+1 < len(t.toks) && !t.is(i+1, "one"):
		case i+1 >= len(t.toks) || tok.stop || common(t.toks[i+1].low) || t.is(i+1, "option"):
			return k - 1
		}
	}
	if i := t.has("number", "option"); i >= 0 {
		if k, w := t.smallNumber(i+1, n); w > 0 {
			return k - 1
		}
	}
	return -1
}

// meant returns the one entry that shares most words with the text, -1 when
// there is none or there are two.
func (s *state) meant(all []offer, t text) int {
	said := map[string]bool{}
	for _, tok := range t.toks {
		if !common(tok.low) {
			said[tok.stem] = true
		}
	}
	r := s.reader(t)
	r.answer = true
	for _, f := range append(r.times(), r.dates()...) {
		for _, tok := range read(f.said).toks {
			said[tok.stem+"*"] = true
		}
		said[plain(f.value)] = true
	}
	best, top, tie := -1, 0, false
	for i, o := range all {
		n := 0
		seen := map[string]bool{}
		for _, tok := range o.about.toks {
			if !seen[tok.stem] && (said[tok.stem] || said[tok.low]) {
				seen[tok.stem] = true
				n++
			}
		}
		switch {
		case n > top:
			best, top, tie = i, n, false
		case n == top && n > 0:
			tie = true
		}
	}
	if tie {
		return -1
	}
	return best
}

// askOffer asks which entry it shall be.
func (s *state) askOffer(p *param) string {
	all := s.offers(p)
	if len(all) < 2 {
		return ""
	}
	var names []string
	for _, o := range all {
		if len(names) == maxItems || o.label == "" || strings.Contains(o.label, ",") {
			return "Which one would you like?"
		}
		names = append(names, o.label)
	}
	return "Which one would you like: " + series(names, "or") + "?"
}
