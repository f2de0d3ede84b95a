package builtin

import (
	"slices"
	"strings"

	"callwright/internal/llm"
	"callwright/internal/spoken"
)

// overhear decides what to do when the assistant's last words were not the
// engine's own: the caller answers those.
func (s *state) overhear(a act) plan {
	s.agreed = false
	switch a {
	case actRepeat:
		return s.repeat()
	case actHuman:
		return s.person()
	case actWho:
		return s.then("I'm an automated assistant, here to help.")
	}
	if s.back && s.cur != nil {
		return s.judged(a)
	}
	if s.cur != nil {
		return s.goOn(a)
	}
	return s.resume(a)
}

// readBack repeats what the words of others came to before something is changed
// by it.
func (s *state) readBack() string {
	var values []spoken.Told
	for _, p := range s.cur.tool.params {
		if v, ok := s.cur.vals[p]; ok && v.said != "" {
			name := p.label
			if p.opaque() {
				name = strings.TrimPrefix(p.noun(), "the ")
			}
			values = append(values, spoken.Told{Label: name, Format: p.format(), Value: plain(v.value), Said: v.said})
		}
	}
	return spoken.ReadBack(s.cur.tool.title(), values, s.req.Now)
}

// format is the kind in the words of a schema.
func (p *param) format() string {
	switch p.kind {
	case kindDate:
		return "date"
	case kindTime:
		return "time"
	case kindDateTime:
		return "date-time"
	case kindPerson:
		return "person-name"
	case kindAddress:
		return "address"
	case kindNumber:
		return "integer"
	case kindBool:
		return "boolean"
	}
	return ""
}

// judged takes the caller's words on values read back: whoever does not object
// agrees.
func (s *state) judged(a act) plan {
	s.back = false
	if a == actCancel || a == actBye && refuses(s.heard) {
		return s.drop()
	}
	if s.heard.wonders() && s.heard.opensAsking() {
		s.back = true
		return plan{say: "I'm afraid I can't tell you that. " + s.readBack(), back: true} // a question agrees to nothing
	}
	if c := s.index.choose(s.heard, true); !agrees(s.heard) && s.turns(c, nil) {
		s.start(c.tool)
		s.fill(s.heard, s.cur, nil)
		return s.next(acknowledge(c.tool))
	}
	if refuses(s.heard) || corrects(s.heard) || !agrees(s.heard) && a != actThank {
		changed := s.fill(s.heard, s.cur, nil)
		if len(changed) == 0 && (refuses(s.heard) || a == actBye) {
			return plan{say: "All right. What would you like to change?"}
		}
		if len(changed) > 0 && !agrees(s.heard) {
			return s.next("")
		}
	}
	if p := s.cur.missing(); p != nil {
		return s.next("")
	}
	if r := s.twin(); r != nil {
		s.finish()
		return plan{say: s.recall(r)}
	}
	s.agreed = true
	return plan{call: s.cur}
}

// opensAsking reports a text that begins with a question: "What's the address?"
func (t text) opensAsking() bool {
	switch t.toks[0].low {
	case "what", "what's", "which", "when", "where", "where's", "who", "who's", "how", "why", "is", "are", "does", "do":
		return true
	}
	return false
}

// goOn reads an answer to the assistant's question.
func (s *state) goOn(a act) plan {
	switch a {
	case actCancel, actBye:
		return s.drop()
	case actAbilities, actGreet, actWait:
		return s.collect(a)
	case actUnsure:
		if s.asked != nil && s.asked.kind != kindBool {
			return s.doubted()
		}
	}
	if c := s.index.choose(s.heard, len(s.runs) > 0); s.turns(c, s.asked) {
		s.start(c.tool)
		s.fill(s.heard, s.cur, nil)
		return s.next(acknowledge(c.tool))
	}
	if t := s.index.shelf(); t != nil && t != s.cur.tool && s.asked != nil && s.evades(s.asked) {
		s.start(t)
		s.fill(s.heard, s.cur, nil)
		return s.next("")
	}
	s.widen()
	changed := s.fill(s.heard, s.cur, s.asked)
	if agrees(s.heard) {
		for p, v := range s.suggested {
			if _, ok := s.cur.vals[p]; !ok && s.put(s.cur, p, v) {
				changed = append(changed, p)
			}
		}
	}
	if len(changed) == 0 && s.asked != nil && s.cur.missing() != nil && s.rival() == nil {
		return s.missed()
	}
	return s.next("")
}

// resume decides when nothing is being collected.
func (s *state) resume(a act) plan {
	last := s.last()
	if s.proposal != nil && agrees(s.heard) && !s.elsewhere() && !s.idle(s.proposal) {
		s.start(s.proposal)
		s.fill(s.heard, s.cur, nil)
		return s.next(acknowledge(s.cur.tool))
	}
	c := s.index.choose(s.heard, len(s.runs) > 0)
	if a == actNo && c.tool != nil && s.heard.has("i need", "i want", "i'd like", "i would like", "can you", "could you", "will you", "find me", "show me") > 0 && c.tool.topical(s.heard) {
		a = actNone // "no, I need a room as well"
	}
	switch a {
	case actBye, actThank, actNo, actCancel, actGreet, actWait, actAbilities:
		return s.open(a)
	}
	if t := s.index.shelf(); c.tool == nil && t != nil && s.heard.asks() {
		s.start(t)
		s.fill(s.heard, s.cur, nil)
		return s.next("")
	}
	if last != nil && c.tool != nil && c.tool != last.form.tool && c.tool.narrower(last.form.tool) && !c.tool.setOff(last.form.tool, s.heard) {
		c.tool = last.form.tool
	}
	if c.tool != nil && last != nil && c.tool != last.form.tool && !c.tool.topical(s.heard) && !(c.tool.called(s.heard) && s.related(c.tool)) {
		c.tool = nil
	}
	if c.tool != nil && !c.tool.reads() && s.heard.asks() && !c.tool.called(s.heard) && !requestsDeed(s.heard) {
		c.tool = nil
	}
	if c.tool != nil && agrees(s.heard) && s.idle(c.tool) {
		c.tool = nil
	}
	if last != nil && s.wonders() && !s.elects(last.form) && (c.tool == nil || !c.tool.meant(s.heard) && !c.tool.heads(s.heard, last.form.tool) && c.tool.reads() && c.tool != last.form.tool && c.tool.relative(last.form.tool, false)) {
		return plan{say: "I'm afraid I don't know that. Is there anything else I can help with?"}
	}
	if last != nil && last.result.Status == llm.StatusFailed && (c.tool == last.form.tool || again(s.heard) || s.heard.has("try") >= 0) {
		s.cur = last.form.clone()
		s.fill(s.heard, s.cur, nil)
		return plan{call: s.cur}
	}
	if c.tool != nil && (last == nil || c.tool != last.form.tool) && (requests(s.heard) || !s.heard.asks()) {
		s.start(c.tool)
		s.fill(s.heard, s.cur, nil)
		return s.next(acknowledge(c.tool))
	}
	if p, ok := s.refine(c); ok {
		return p
	}
	if agrees(s.heard) {
		return plan{say: "Sure. Is there anything else I can help with?"}
	}
	if c.tool == nil || last != nil && c.tool == last.form.tool {
		return plan{say: "Is there anything else I can help with?"}
	}
	s.start(c.tool)
	s.fill(s.heard, s.cur, nil)
	return s.next(acknowledge(c.tool))
}

// elects reports a short question with another choice of what the look-up was made for: "and
// how much is in my savings?"
func (s *state) elects(made *form) bool {
	if !made.tool.reads() || !s.heard.small(10) || s.heard.has("my", "our", "about", "and") < 0 {
		return false
	}
	f := made.clone()
	s.override = true
	said := s.fill(s.heard, f, nil)
	s.override = false
	return slices.ContainsFunc(said, func(p *param) bool { return p.required && p.kind == kindOption && f.vals[p].sure })
}

// topical reports that a text names what the tool is about, beyond acts such as
// finding and attributes such as a price.
func (t *tool) topical(said text) bool {
	general := t.general()
	for i, tok := range said.toks {
		idea := said.idea(i)
		if common(tok.low) || attribute(idea) && !slices.Contains(general, idea) {
			continue
		}
		if slices.Contains(general, idea) {
			return true
		}
		for _, own := range t.topics() {
			if own == idea || own == tok.stem {
				return true
			}
		}
	}
	return false
}

// heads reports a text with the noun that a tool is called by and another is not: "check my
// balance".
func (t *tool) heads(said text, other *tool) bool {
	ws := content(read(t.label).toks)
	if len(ws) < 2 {
		return false
	}
	noun := concept(ws[len(ws)-1].stem)
	return !slices.Contains(other.topics(), noun) && slices.ContainsFunc(said.toks, func(tok token) bool { return concept(tok.stem) == noun })
}

// meant reports a text that asks for what the tool is there for.
func (t *tool) meant(said text) bool {
	general := t.general()
	for i := range said.toks {
		if slices.Contains(general, said.idea(i)) {
			return true
		}
	}
	return false
}

// general are the attributes at the end of the name of a tool, for which it is there:
// "get available time", "check order price".
func (t *tool) general() []string {
	var out []string
	_, label, _ := strings.Cut(t.label, t.verb()+" ")
	name := read(label)
	for i, tok := range name.toks {
		idea := name.idea(i)
		if common(tok.low) && idea != "available" {
			continue
		}
		if !attribute(idea) {
			out = nil
			continue
		}
		if idea == "dat" || idea == "available" || idea == "hours" || idea == "price" {
			out = append(out, idea)
		}
	}
	return out
}

// topics are the ideas of a tool's name, description and options.
func (t *tool) topics() []string {
	t.told.Do(func() {
		for _, tok := range content(read(t.label + " " + positive(t.desc)).toks) {
			t.ideas = append(t.ideas, concept(tok.stem), tok.stem)
		}
		for _, p := range t.params {
			for _, o := range p.options {
				for _, tok := range o.toks {
					t.ideas = append(t.ideas, concept(tok.stem))
				}
			}
		}
	})
	return t.ideas
}

// attribute reports ideas that many things have, and acts.
func attribute(idea string) bool {
	switch idea {
	case "find", "check", "book", "order", "change", "send", "price", "location", "address", "number", "phon", "nam", "tim", "dat", "day", "city", "area", "option", "seat", "ticket", "available", "hours", "interest":
		return true
	}
	return false
}

// idle reports a look-up that would be made with nothing to look for: whoever says
// yes to something found wants no other.
func (s *state) idle(t *tool) bool {
	last := s.last()
	if !t.reads() || len(t.ask) > 0 || last == nil && len(s.saids) < 2 {
		return false
	}
	if (last == nil || last.form.tool != t) && s.heard.has("want to", "i want", "i'd like", "i would like", "i need", "looking for", "find", "search", "look for", "look up") >= 0 {
		return false
	}
	return len(s.fill(s.heard, newForm(t), nil)) == 0
}

// related reports that a tool of the same service was used before.
func (s *state) related(t *tool) bool {
	return slices.ContainsFunc(s.runs, func(r run) bool { return t.relative(r.form.tool, true) })
}

// requestsDeed reports a question that asks for something to be done.
func requestsDeed(t text) bool {
	return t.has("can you", "could you", "would you", "will you", "can i", "could i", "may i", "please") >= 0
}

// lookFirst finds a look-up of the same service that can be made at once when
// what is missing is the name of something on offer.
func (s *state) lookFirst(p *param) *form {
	if !s.foreign || !p.titled() && !s.sought() || s.cur.tool.reads() || s.cur.tool.adds() {
		return nil
	}
	for _, t := range s.index.tools {
		if !t.reads() || !t.relative(s.cur.tool, false) || slices.ContainsFunc(s.runs, func(r run) bool { return r.form.tool == t }) {
			continue
		}
		f := newForm(t)
		s.share(f)
		s.carry(f)
		told := s.fill(s.heard, f, nil)
		if f.missing() == nil && (len(t.ask) > 0 || len(told) > 0) {
			return f
		}
	}
	return nil
}

// sought reports a wish to find what the deed at hand is done with, rather than to do it:
// "find me a bus ticket".
func (s *state) sought() bool {
	return s.topic.has("find", "search", "look for", "looking for") >= 0 && !s.cur.tool.called(s.topic)
}

// adds reports a tool that makes something new, whose name the caller gives.
func (t *tool) adds() bool {
	switch t.verb() {
	case "add", "create", "set", "register", "record", "log", "start":
		return true
	}
	return false
}

// elsewhere reports that the caller names another subject than the one proposed.
func (s *state) elsewhere() bool {
	c := s.index.choose(s.heard, false)
	return c.tool != nil && requests(s.heard) && c.tool != s.proposal && !c.tool.relative(s.proposal, false) && c.tool.topical(s.heard)
}

// refine takes new values for what was looked up last as a wish to look again.
func (s *state) refine(c choice) (plan, bool) {
	last := s.last()
	if last == nil || s.wonders() && c.tool != last.form.tool && !s.elects(last.form) {
		return plan{}, false
	}
	if !last.form.tool.reads() {
		return plan{}, false
	}
	if p, ok := s.extend(last); ok {
		return p, true
	}
	f := last.form.clone()
	s.override = true
	changed := s.fill(s.heard, f, nil)
	s.override = false
	if s.wonders() {
		changed = slices.DeleteFunc(changed, func(p *param) bool {
			return p.kind == kindBool || p.kind == kindOption && !p.required || wholeAnswer(p.kind) && !f.vals[p].sure
		})
	}
	if len(changed) == 0 {
		return plan{}, false
	}
	s.cur = f
	return s.next(""), true
}

// wonders reports a question about what was told, not a wish for something else.
func (s *state) wonders() bool {
	if s.heard.has("other", "others", "else", "another", "different", "instead", "options", "choices", "alternatives", "anything", "any", "maybe a", "perhaps a", "preferably", "find", "search", "look for", "look up", "what about", "how about", "recommend", "suggest", "change", "more", "prefer", "looking for", "book", "reserve", "make", "buy", "purchase", "order", "play") >= 0 {
		return false
	}
	return s.heard.asks() || s.heard.has("get me the", "give me the", "tell me the", "tell me", "let me know", "i need the", "need their", "want to know", "like to know", "please share", "share the") >= 0
}
