package builtin

import (
	"slices"
	"strings"

	"callwright/internal/llm"
	"callwright/internal/spoken"
)

// hear decides what to do about the caller's last words.
func (s *state) hear() plan {
	s.note()
	a := actOf(s.heard)
	if s.foreign {
		return s.overhear(a)
	}
	if a == actYes && s.heard.wonders() {
		a = actNone // "ok, when is it?"
	}
	switch a {
	case actRepeat:
		return s.repeat()
	case actHuman:
		return s.person()
	case actWho:
		return s.then("I'm an automated assistant, here to help.")
	}
	if s.cur != nil {
		return s.collect(a)
	}
	return s.open(a)
}

// note keeps what callers say about themselves before anybody asks.
func (s *state) note() {
	r := s.reader(s.heard)
	if s.cur == nil && s.foreign && len(s.saids) > 0 && s.saids[len(s.saids)-1].has("your name", "your full name") >= 0 {
		p := &param{label: "name", kind: kindPerson}
		r.answer = true
		for _, f := range r.find(p) {
			s.remember(p, f)
		}
		r.answer = false
	}
	for _, p := range []*param{{label: "name", kind: kindPerson}, {label: "email", kind: kindEmail}} {
		for _, f := range r.find(p) {
			if f.sure {
				s.remember(p, f)
			}
		}
	}
}

func (s *state) repeat() plan {
	p := plan{say: s.said, ask: s.asked}
	if p.say == "" {
		p.say = s.greeting()
	}
	return p
}

func (s *state) person() plan {
	if t := s.desk(); t != nil {
		if s.cur == nil || s.cur.tool != t {
			s.start(t)
		}
		s.fill(s.heard, s.cur, nil)
		return s.next("Of course.")
	}
	say := "I'm sorry, I can't connect you to a person from here."
	if s.cur != nil && s.asked != nil {
		return plan{say: say + " I can go on with this, though. " + s.question(s.asked), ask: s.asked}
	}
	return plan{say: say + " " + s.offer()}
}

// desk is the skill that brings a person to the phone, nil when there is none.
func (s *state) desk() *tool {
	for _, t := range s.index.tools {
		if anyWord(t.label+" "+positive(t.desc), "transfer", "human", "operator", "representative", "handoff", "colleague", "person", "escalate") &&
			anyWord(t.label+" "+positive(t.desc), "human", "person", "operator", "representative", "colleague", "agent", "staff", "someone", "team", "call", "caller", "department", "desk") && t.verb() != "send" {
			return t
		}
	}
	return nil
}

// collect goes on with the skill at hand.
func (s *state) collect(a act) plan {
	asked := s.asked
	if s.redo {
		s.redo = false
		switch a {
		case actYes:
			return plan{call: s.cur}
		case actNo, actCancel, actBye, actThank:
			s.finish()
			return plan{say: "All right, I'll leave it as it is. Is there anything else I can help with?"}
		}
	}
	if s.leaving {
		s.leaving = false
		if refuses(s.heard) {
			a = actNo
		}
		switch a {
		case actYes, actThank:
			if s.desk() != nil && s.desk() != s.cur.tool {
				return s.person()
			}
			return s.drop()
		case actCancel:
			return s.drop()
		case actNo:
			s.misses = 0
			return plan{say: "All right. " + s.question(asked), ask: asked}
		}
	}
	if r := s.pending(); r != nil && r.result.Status == llm.StatusConfirmation &&
		(spoken.ConsentTo(s.heard.raw, s.cur.tool.name) == spoken.Yes || a == actCancel && s.cur.tool.does(s.heard)) {
		a = actYes // "yes, cancel it" to a cancellation read back
	}
	if a == actCancel && asked != nil && asked.kind == kindOption && len(s.fill(s.heard, s.cur.clone(), asked)) > 0 {
		a = actNone // "changed my mind" may be a reason
	}
	boolean := asked != nil && asked.kind == kindBool
	switch {
	case a == actCancel, a == actBye && asked == nil:
		return s.drop()
	case a == actBye && !(boolean && refuses(s.heard)):
		s.finish()
		return plan{say: s.farewell()}
	case a == actAbilities:
		return s.then(strings.TrimSuffix(s.abilities(), " What would you like?"))
	case a == actGreet:
		return s.then("Hello!")
	case a == actWait:
		return plan{say: "Of course, take your time.", ask: asked}
	case a == actUnsure && !boolean:
		return s.doubted()
	}
	if c := s.index.choose(s.heard, len(s.runs) > 0); s.turns(c, asked) {
		s.start(c.tool)
		s.fill(s.heard, s.cur, nil)
		return s.next(acknowledge(c.tool))
	}
	return s.take(a, asked)
}

// doubted reads what else a caller says who is not sure: "hmm, at about eight", "I don't
// know yet, for six people".
func (s *state) doubted() plan {
	asked := s.asked
	if asked != nil && (!asked.kind.shaped() || asked.kind == kindCode) {
		asked = nil
	}
	if changed := s.fill(s.heard, s.cur, asked); len(changed) > 0 && (asked != nil && slices.Contains(changed, asked) || s.asked == nil) {
		return s.next("")
	}
	return s.missed()
}

// does reports words that name what the tool does by its verb, as in "cancel it".
func (t *tool) does(q text) bool {
	v := t.verb()
	return v != "" && q.has(v) >= 0 && q.has("don't", "do not") < 0
}

// turns reports whether the caller has clearly moved to another skill.
func (s *state) turns(c choice, asked *param) bool {
	if c.tool == nil || c.tool == s.cur.tool || !requests(s.heard) {
		return false
	}
	if s.foreign && c.tool.relative(s.cur.tool, true) && !c.tool.called(s.heard) && c.tool.reads() != s.cur.tool.reads() {
		return false
	}
	here := s.index.score(s.heard, s.cur.tool)
	if asked != nil && len(s.fill(s.heard, s.cur.clone(), asked)) > 0 && !s.heard.asks() && s.heard.has("can you", "could you", "would you", "will you") < 0 && !wholeAnswer(asked.kind) {
		return c.score > here+1
	}
	return c.score > here+0.3
}

// take reads the words as an answer, a correction or more of the request.
func (s *state) take(a act, asked *param) plan {
	answer := asked
	if asked != nil && s.evades(asked) {
		answer = nil
		if t := s.index.shelf(); t != nil && t != s.cur.tool && s.heard.asks() && s.heard.has("why") < 0 {
			s.start(t)
			s.fill(s.heard, s.cur, nil)
			return s.next("")
		}
	}
	if asked != nil && (asked.kind == kindPlace || asked.kind == kindPerson) && requests(s.heard) && s.index.choose(s.heard, len(s.runs) > 0).tool == s.cur.tool {
		answer = nil // the request said once more, not an answer
	}
	if pending := s.pending(); pending != nil && pending.result.Status == llm.StatusVerification {
		return plan{call: s.cur} // who it is, is the server's to find out
	}
	s.widen()
	changed := s.fill(s.heard, s.cur, answer)
	if len(changed) == 0 && s.pending() != nil && corrects(s.heard) {
		if p := s.cur.numbered(); p != nil {
			changed = s.fill(s.heard, s.cur, p)
		}
	}
	if len(changed) > 0 {
		s.misses = 0
		return s.next(s.receipt(changed, asked))
	}
	if pending := s.pending(); pending != nil && s.cur.missing() == nil {
		return s.confirming(pending, a)
	}
	if asked == nil {
		return s.next("")
	}
	return s.missed()
}

// evades reports words that do not answer an open question: another question.
func (s *state) evades(p *param) bool {
	if p.kind.shaped() && p.kind != kindAddress {
		return false
	}
	return p.kind != kindQuery && s.heard.asks() && !anyWord(p.label, "message", "note", "notes", "question")
}

// chosen is the skill that takes an entry of what was found when the caller points
// at one: "the second one, please".
func (s *state) chosen() *tool {
	for _, t := range s.index.tools {
		for _, p := range t.ask {
			if all := s.offers(p); !t.reads() && len(all) > 0 && (p.from != "" || len(t.ask) == 1) && (place(s.heard, len(all)) >= 0 || s.heard.small(8) && !s.heard.asks() && s.meant(all, s.heard) >= 0) {
				return t
			}
		}
	}
	return nil
}

// pending is the last run when it waits for the caller.
func (s *state) pending() *run {
	r := s.last()
	if r == nil || r.form.tool != s.cur.tool || r.result.Status != llm.StatusConfirmation && r.result.Status != llm.StatusVerification {
		return nil
	}
	return r
}

func (s *state) confirming(r *run, a act) plan {
	switch {
	case r.result.Status == llm.StatusVerification, a == actYes:
		return plan{call: s.cur}
	case a == actNo:
		s.finish()
		return plan{say: "All right, I won't do that. Is there something else I can do for you?"}
	}
	return plan{call: s.cur} // read back once more, so that a yes has something to be a yes to
}

// wonders reports a question for something, rather than a wish put as a question.
func (t text) wonders() bool {
	return strings.Contains(t.raw, "?") && len(t.toks) > 2 && !unsure(t) && t.has("what", "what's", "which", "when", "where", "who", "how", "why", "is", "are", "do", "does", "did", "has", "have i", "was") >= 0 && t.has("can you", "could you", "would you", "will you", "what do you mean") < 0
}

// missed asks again, the first time with help, then offers to leave it.
func (s *state) missed() plan {
	p := s.asked
	if p == nil {
		return s.next("")
	}
	if s.heard.has("why", "what for", "what do you need that for") >= 0 && s.heard.asks() {
		q := s.question(p)
		if strings.Contains(q, p.thing()) {
			q = "Could you give it to me?"
		}
		return plan{say: "I need " + p.thing() + " to " + s.cur.tool.doing() + ". " + q, ask: p}
	}
	if s.heard.wonders() {
		return plan{say: "I'm afraid I can't tell you that. " + s.question(p), ask: p}
	}
	s.misses++
	if s.misses > 1 {
		s.leaving = true
		return plan{say: s.giveUp(p), ask: p}
	}
	return plan{say: s.askAgain(p), ask: p}
}

func (s *state) drop() plan {
	s.cur, s.asked, s.leaving, s.misses, s.asks = nil, nil, false, 0, 0
	return plan{say: "No problem, I've left that. Is there anything else I can help with?"}
}

// then says something and comes back to the open question.
func (s *state) then(say string) plan {
	if s.asked == nil {
		if !strings.HasSuffix(say, "?") {
			say += " What can I do for you?"
		}
		return plan{say: say}
	}
	return plan{say: say + " " + s.question(s.asked), ask: s.asked}
}

// next asks for what is missing or makes the call.
func (s *state) next(lead string) plan {
	if p := s.cur.missing(); p != nil {
		if f := s.rival(); f != nil {
			s.cur = f
			return plan{call: f}
		}
		if f := s.lookFirst(p); f != nil {
			s.cur = f
			return plan{call: f}
		}
		s.asks++
		s.asked = p
		say := s.question(p)
		if s.asks == 1 {
			say = s.firstQuestion(p)
		}
		if lead != "" {
			say = lead + " " + say
		}
		return plan{say: say, ask: p}
	}
	if r := s.twin(); r != nil {
		s.finish()
		return plan{say: s.recall(r)}
	}
	if s.foreign && !s.cur.tool.reads() {
		return plan{say: s.readBack(), back: true}
	}
	return plan{call: s.cur}
}

// twin is a run that did already what the form at hand asks for, nil when there
// is none or the caller wants it once more.
func (s *state) twin() *run {
	args := string(s.cur.arguments())
	for i := len(s.runs) - 1; i >= 0 && !again(s.heard); i-- {
		r := &s.runs[i]
		done := r.result.Status == llm.StatusDone || r.result.Status == llm.StatusQueued || r.result.Status == llm.StatusUnknown
		if !r.form.tool.reads() && s.cur.tool.reads() {
			return nil // what was looked up before may have changed since
		}
		if done && r.form.tool == s.cur.tool && r.args == args {
			return r
		}
	}
	return nil
}

// start opens a form for a tool with what is known already.
func (s *state) start(t *tool) {
	f := newForm(t)
	for _, p := range t.ask {
		if v, ok := s.known[kindKey(p)]; ok && p.kind.personal() && p.callers() {
			f.vals[p] = v
		}
		for _, old := range s.forms {
			q := old.tool.param(p.name)
			if q == nil || q.kind != p.kind || old.tool == t && !p.kind.personal() || p.kind == kindBool || wholeAnswer(p.kind) && q.desc != p.desc {
				continue
			}
			if v, ok := old.vals[q]; ok && v.value != nil {
				f.vals[p] = v
			}
		}
	}
	s.share(f)
	s.carry(f)
	if s.cur != nil && s.cur.tool != t {
		s.forms = append(s.forms, s.cur)
		s.parked[s.cur.tool] = s.cur
		s.detour = s.cur
	}
	if old := s.parked[t]; old != nil {
		f = old.clone()
		delete(s.parked, t)
	}
	s.cur, s.asked, s.leaving, s.misses, s.asks = f, nil, false, 0, 0
	s.topic = s.heard
	s.recollect()
}

// recollect takes values from what the caller said before it was clear which skill
// it was for. What is said later goes before them.
func (s *state) recollect() {
	words := s.loose
	s.loose = nil
	for _, t := range words {
		for _, p := range s.fill(t, s.cur, nil) {
			v := s.cur.vals[p]
			v.guess = true
			s.cur.vals[p] = v
		}
	}
}

// open decides when no skill is being collected.
func (s *state) open(a act) plan {
	last := s.last()
	if c := s.index.choose(s.heard, len(s.runs) > 0); a == actCancel && c.tool != nil && c.tool.does(s.heard) {
		a = actNone // nothing is open to leave, so a skill is meant
	}
	switch a {
	case actGreet:
		if wellBeing(s.heard) {
			return plan{say: "I'm doing well, thank you for asking. How can I help you today?"}
		}
		return plan{say: s.greeting()}
	case actThank:
		return plan{say: "You're welcome! Is there anything else I can help with?"}
	case actBye:
		return plan{say: s.farewell()}
	case actAbilities:
		return plan{say: s.abilities()}
	case actWait:
		return plan{say: "Of course, take your time."}
	case actCancel:
		return plan{say: "All right. Is there anything else I can help with?"}
	case actYes, actNo:
		for i := len(s.runs) - 1; i >= 0 && i >= len(s.runs)-3 && (i == len(s.runs)-1 || !s.foreign); i-- { // "no, Friday" may be about what was done before the last question
			if p, ok := s.amend(&s.runs[i]); ok {
				return p
			}
		}
		if a == actNo {
			return plan{say: "All right. Have a good day!"}
		}
		if last != nil && last.result.Status == llm.StatusFailed {
			s.cur = last.form.clone()
			return plan{call: s.cur}
		}
		return plan{say: "Sure. What can I do for you?"}
	}
	c := s.index.choose(s.heard, len(s.runs) > 0)
	if last != nil {
		if p, ok := s.extend(last); ok {
			return p
		}
		if p, ok := s.followUp(last, c); ok {
			return p
		}
	}
	if c.tool == nil {
		c.tool = s.chosen()
	}
	if c.tool == nil {
		c.tool = s.sequel()
	}
	if c.tool == nil && s.heard.asks() {
		c.tool = s.index.shelf()
	}
	switch {
	case c.tool == nil && last != nil && !requests(s.heard) && !s.heard.small(2):
		return plan{say: "Is there anything else I can help with?"}
	case c.tool == nil:
		return plan{say: s.lost()}
	case last != nil && c.tool == last.form.tool && !requests(s.heard) && !s.heard.is(0, c.tool.verb()) && !afresh(s.heard) && !c.tool.reads() && len(s.heard.toks) > 2:
		return plan{say: "Thanks for letting me know. Is there anything else I can help with?"}
	}
	if last != nil && c.tool == last.form.tool && !c.tool.reads() && s.heard.wonders() && !afresh(s.heard) && s.heard.has("how long", "when", "why", "what happens", "who") >= 0 {
		return plan{say: "I'm afraid I can't tell you that. Is there anything else I can help with?"}
	}
	s.start(c.tool)
	s.fill(s.heard, s.cur, nil)
	return s.next(acknowledge(c.tool))
}
