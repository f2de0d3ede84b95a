package builtin

import (
	"slices"

	"callwright/internal/llm"
)

// amend takes "no, it's …" after a run as a correction of it.
func (s *state) amend(last *run) (plan, bool) {
	if last == nil || len(s.heard.toks) < 2 || !corrects(s.heard) {
		return plan{}, false
	}
	f := last.form.clone()
	changed := s.fill(s.heard, f, nil)
	if n := f.tool.onlyNumber(); len(changed) == 0 && n != nil {
		changed = s.fill(s.heard, f, n)
	}
	if len(changed) == 0 {
		return plan{}, false
	}
	s.topic = last.topic
	return s.change(last, f, changed), true
}

// change makes the last run again with other values; what changed something is
// not done a second time without asking.
func (s *state) change(last *run, f *form, changed []*param) plan {
	s.cur = f
	done := last.result.Status == llm.StatusDone || last.result.Status == llm.StatusQueued
	if f.tool.reads() || !done || last.assumed || f.missing() != nil {
		return s.next("")
	}
	s.redo = true
	return plan{say: "That's already done. Shall I do it again with " + f.vals[changed[0]].said + "?"}
}

// onlyNumber is the parameter that a number alone must be meant for.
func (t *tool) onlyNumber() *param {
	var only *param
	for _, p := range t.params {
		if p.kind == kindNumber {
			if only != nil {
				return nil
			}
			only = p
		}
	}
	return only
}

// numbered is the value that a number alone must correct: the only count, else the
// only time of day.
func (f *form) numbered() *param {
	if n := f.tool.onlyNumber(); n != nil {
		return n
	}
	var only *param
	for _, p := range f.tool.params {
		if p.kind != kindTime && p.kind != kindDateTime {
			continue
		}
		if only != nil {
			return nil
		}
		only = p
	}
	return only
}

// followUp handles words that come back to the last run: once more, with
// another value, or a question about its result.
func (s *state) followUp(last *run, c choice) (plan, bool) {
	if c.tool != nil && c.tool != last.form.tool {
		return plan{}, false
	}
	if c.tool != nil && c.tool == s.index.shelf() {
		return plan{}, false
	}
	if again(s.heard) && s.heard.small(12) && !afresh(s.heard) {
		s.cur = last.form.clone()
		s.fill(s.heard, s.cur, nil)
		return plan{call: s.cur}, true
	}
	if afresh(s.heard) {
		return plan{}, false
	}
	f := last.form.clone()
	changed := s.fill(s.heard, f, nil)
	if len(changed) == 0 && c.tool == nil && f.tool.reads() && s.heard.has("and", "what about", "how about") == 0 {
		changed = s.nextThing(f)
	}
	refines := last.form.tool.reads() || corrects(s.heard) || c.tool == nil && s.heard.has("what about", "how about") >= 0
	if len(changed) > 0 && refines {
		s.topic = s.heard
		if corrects(s.heard) || !last.form.tool.reads() || s.heard.continues() {
			s.topic = last.topic
		}
		return s.change(last, f, changed), true
	}
	if len(changed) == 0 || c.tool == nil {
		if say, ok := s.about(last); ok {
			return plan{say: say}, true
		}
	}
	if c.tool != nil && len(changed) == 0 && last.result.Status == llm.StatusDone && last.form.tool.reads() && !last.assumed && len(last.form.vals) > 0 {
		return plan{say: s.recall(last)}, true
	}
	return plan{}, false
}

// continues reports a question that another is to be read into: "and a boiler service?"
func (t text) continues() bool {
	return t.has("and", "what about", "how about") == 0 && t.small(12) && t.has("when", "where", "how much", "how many", "how long", "who", "which", "why", "is", "are", "does", "do", "did", "will") < 0
}

// nextThing puts another thing in the place of the one that was asked about: "and the
// tiramisu?"
func (s *state) nextThing(f *form) []*param {
	for _, p := range f.tool.ask {
		old, ok := f.vals[p]
		if !ok || p.kind != kindText {
			continue
		}
		delete(f.vals, p)
		if s.takeThing(s.heard, f, make([]bool, len(s.heard.toks))) == p {
			return []*param{p}
		}
		f.vals[p] = old
	}
	return nil
}

// sequel is the look-up that a question about "it" is for after something was done: the
// only one that needs no more than what is known of it.
func (s *state) sequel() *tool {
	q := s.heard
	last := s.last()
	if last == nil || !q.asks() || !q.small(8) || q.has("it", "that", "they", "them") < 0 {
		return nil
	}
	var only *tool
	for _, t := range s.index.tools {
		if t == last.form.tool || !t.reads() || len(t.ask) == 0 || !t.answers(q) {
			continue
		}
		if slices.ContainsFunc(t.ask, func(p *param) bool {
			q := last.form.tool.param(p.name)
			return q == nil || q.kind != p.kind || last.form.vals[q].value == nil
		}) {
			continue
		}
		if only != nil {
			return nil
		}
		only = t
	}
	return only
}

// answers reports that the description has the question's own word: "asks where …".
func (t *tool) answers(q text) bool {
	does := read(t.purpose())
	for _, w := range []string{"where", "when", "how", "whether", "what", "why", "who", "status"} {
		if q.has(w) >= 0 || q.has(w+"'s") >= 0 {
			return does.has(w, "about") >= 0
		}
	}
	return false
}
