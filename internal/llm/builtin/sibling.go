package builtin

import (
	"slices"
	"strings"
)

// wider are the tools of the same service that do what the one at hand does and need
// more for it: a search for flights there and back beside one for flights there.
func (s *state) wider() []*tool {
	var out []*tool
	for _, t := range s.index.tools {
		if t == s.cur.tool || t.verb() != s.cur.tool.verb() || t.reads() != s.cur.tool.reads() || !t.relative(s.cur.tool, true) || len(t.ask) <= len(s.cur.tool.ask) {
			continue
		}
		if !slices.ContainsFunc(s.cur.tool.ask, func(p *param) bool {
			q := t.param(p.name)
			return q == nil || !q.required || q.kind != p.kind
		}) {
			out = append(out, t)
		}
	}
	return out
}

// narrower reports that a tool needs less than another of the same service for the same.
func (t *tool) narrower(u *tool) bool {
	return t.verb() == u.verb() && t.reads() == u.reads() && t.relative(u, true) && len(t.ask) < len(u.ask) && !slices.ContainsFunc(t.ask, func(p *param) bool { return u.param(p.name) == nil })
}

// setOff reports a word in a text that names the one tool and not the other: "one-way".
func (t *tool) setOff(u *tool, said text) bool {
	mine, other := t.topics(), u.topics()
	for i, tok := range said.toks {
		words := []string{tok.stem, stem(strings.ReplaceAll(tok.low, "-", ""))}
		if i+1 < len(said.toks) && !tok.stop {
			words = append(words, stem(tok.low+said.toks[i+1].low))
		}
		for _, w := range words {
			if slices.Contains(mine, w) && !slices.Contains(other, w) {
				return true
			}
		}
	}
	return false
}

// extra reports a required parameter that the tool at hand does not have.
func (s *state) extra(p *param) bool { return p.required && s.cur.tool.param(p.name) == nil }

// widen goes on with a wider tool when the caller says what only that one takes: "and
// back on Friday". It reports whether it does.
func (s *state) widen() bool {
	for _, t := range s.wider() {
		f := s.cur.moved(t)
		said := s.fill(s.heard, f, nil)
		if !slices.ContainsFunc(said, s.extra) {
			continue
		}
		here := s.fill(s.heard, s.cur.clone(), nil)
		if slices.ContainsFunc(said, func(p *param) bool {
			return s.extra(p) && !slices.ContainsFunc(here, func(q *param) bool {
				return q.kind == p.kind && !slices.Contains(said, t.param(q.name))
			})
		}) {
			s.cur = s.cur.moved(t)
			return true
		}
	}
	return false
}

// extend makes a look-up again with a wider tool.
func (s *state) extend(last *run) (plan, bool) {
	if !last.form.tool.reads() {
		return plan{}, false
	}
	if s.cur = last.form.clone(); !s.widen() {
		s.cur = nil
		return plan{}, false
	}
	s.fill(s.heard, s.cur, nil)
	return s.next(""), true
}

// widenFor goes on with a wider tool when the assistant asks for what only that one
// takes: "When are you coming back?"
func (s *state) widenFor(question text) {
	for _, t := range s.wider() {
		if p := t.askedIn(question, s.cur.moved(t)); p != nil && s.extra(p) && s.cur.tool.askedIn(question, s.cur) == nil {
			s.cur = s.cur.moved(t)
			return
		}
	}
}

// moved is the form with its values for another tool.
func (f *form) moved(t *tool) *form {
	to := newForm(t)
	for p, v := range f.vals {
		if q := t.param(p.name); q != nil && q.kind == p.kind {
			to.vals[q] = v
		}
	}
	return to
}

// rival is a look-up of the same service that can be made at once, by a name that the
// caller has just said, where the one at hand lacks something: whoever wants to see a
// band is not asked what sort of event it shall be.
func (s *state) rival() *form {
	if !s.cur.tool.reads() {
		return nil
	}
	for _, t := range s.index.tools {
		if t == s.cur.tool || !t.reads() || !t.relative(s.cur.tool, false) {
			continue
		}
		f := s.cur.moved(t)
		said := s.fill(s.heard, f, nil)
		if f.missing() == nil && slices.ContainsFunc(said, func(p *param) bool { return s.extra(p) && p.titled() }) {
			return f
		}
	}
	return nil
}
