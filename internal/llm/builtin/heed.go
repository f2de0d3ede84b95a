package builtin

import (
	"slices"
	"strings"

	"callwright/internal/llm"
)

// A line is what an assistant's message does that the engine did not write, as
// in transcripts of other clients and after a larger model went down.
type line struct {
	text
	sentences []text
	question  text // the sentences that ask, joined
	open      bool // a question for a value: "Which city?"
}

func readLine(s string) line {
	l := line{text: read(s)}
	start := 0
	ask := ""
	for i, tok := range l.toks {
		if tok.final != '.' && tok.final != '?' && tok.final != '!' && i < len(l.toks)-1 {
			continue
		}
		part := read(l.raw[l.toks[start].at:min(len(l.raw), tok.end+1)])
		l.sentences = append(l.sentences, part)
		if asking(part) {
			ask += " " + part.raw
		}
		start = i + 1
	}
	l.question = read(strings.TrimSpace(ask))
	for _, q := range l.sentences {
		if asking(q) && !offering(q) && q.has("let me know if", "tell me if", "let me know whether") < 0 && (q.has("what", "when", "where", "how", "who", "what's", "tell me", "let me know", "specify", "provide", "any preference", "do you have") >= 0 || q.whichOf()) {
			l.open = true
		}
	}
	return l
}

// whichOf reports a "which" that asks, rather than goes on with what was said: "the flight,
// which leaves at nine".
func (t text) whichOf() bool {
	i := t.has("which")
	if i < 0 {
		return false
	}
	if i < 3 || t.toks[i-1].stop && t.toks[i-1].final != ',' {
		return true
	}
	switch t.toks[i-1].low {
	case "and", "or", "in", "on", "at", "from", "to", "for", "with", "of", "know", "me", "please":
		return true
	}
	return false
}

// offers reports a message that puts something forward.
func (l line) offers() bool { return slices.ContainsFunc(l.sentences, offering) }

func offering(t text) bool {
	return t.has("how about", "what about", "what do you think", "how does", "how would", "i found", "i've found", "i have found", "there is", "there are", "there's") >= 0
}

func asking(t text) bool {
	if strings.Contains(t.raw, "?") || t.asks() {
		return true
	}
	return t.has("please tell", "tell me", "let me know", "please specify", "please provide", "please give", "need to know", "give me", "please choose", "may i know") >= 0
}

// readsBack reports a message that asks whether all is right.
func (l line) readsBack() bool {
	if l.has("please confirm", "confirm the", "confirm that", "confirm your", "confirm you", "to confirm", "for confirmation", "confirming", "verify", "verifying", "is that correct",
		"is this correct", "is that right", "is this right", "is it correct", "are these correct", "is everything correct", "all correct", "review the", "let's review", "go over",
		"following details", "following information", "to recap", "ensure that", "please ensure", "kindly ensure", "to be clear", "let's be clear", "to be sure", "need a confirmation", "need your confirmation", "here's what i have", "here is what i have", "if i understand", "let me get this right", "does that sound right", "does this look", "look right", "sound right", "looks correct", "shall i go ahead", "should i go ahead",
		"shall i proceed", "should i proceed") >= 0 {
		return true
	}
	return !l.closes() && !l.open && !l.offers() && l.has("confirm", "correct", "right", "just to be sure", "to make sure", "make sure", "double check", "the details", "confirmation details",
		"to clarify", "so that's", "is that ok", "is that okay", "is that alright", "is that fine", "okay with you", "alright with you", "do you confirm", "that is for", "this is for") >= 0 ||
		!l.closes() && !l.open && !l.offers() && slices.ContainsFunc(l.sentences, wishing)
}

// wishing reports a sentence that says what the caller wants.
func wishing(t text) bool {
	i := t.has("you want", "you'd like", "you would like", "you wish")
	return i >= 0 && i < 4
}

// closes reports a message that tells how a deed ended.
func (l line) closes() bool {
	for _, s := range l.sentences {
		if asking(s) {
			continue
		}
		if s.failed() || s.has("has been", "have been", "is booked", "are booked", "was booked", "is reserved", "are reserved", "is confirmed", "are confirmed", "is set", "is scheduled",
			"is done", "all set", "successful", "successfully", "success", "went through", "is complete", "on its way", "on the way", "i've booked", "i booked", "i have booked", "i reserved",
			"i've reserved", "i have reserved", "i purchased", "i've purchased", "i have purchased", "i've made", "i made", "i have made", "i've scheduled", "i've set", "i've transferred",
			"i have scheduled", "i have confirmed", "i've confirmed", "now playing", "is playing", "starts playing", "started playing", "enjoy", "was made", "able to book", "able to confirm",
			"able to make", "able to reserve", "got you", "is made", "were purchased", "was purchased", "completed", "done", "booked", "playing", "ordered", "transferred") >= 0 {
			return true
		}
	}
	return false
}

// failed reports words that tell of a failure.
func (t text) failed() bool {
	return t.has("unable", "couldn't", "could not", "wasn't able", "was not able", "weren't able", "not able", "failed", "failure", "unsuccessful", "not successful", "wasn't successful",
		"didn't go through", "did not go through", "there was a problem", "there was an error", "there was an issue", "something went wrong", "i can't", "cannot", "was not possible",
		"not available") >= 0
}

// heed takes in an assistant's message of another hand: what it asks, whether
// what the engine would have called has happened, which values it reads back or
// offers.
func (s *state) heed(words string) {
	l := readLine(words)
	s.back, s.proposal, s.suggested, s.also = false, nil, nil, nil
	if len(l.toks) == 0 {
		return
	}
	if s.cur == nil && s.plan.call != nil {
		s.cur = s.plan.call
	}
	if l.readsBack() {
		if t := s.deedIn(l); t != nil && (s.cur == nil || s.cur.tool != t) {
			s.start(t)
		}
	}
	switch {
	case s.cur == nil:
	case s.agreed && (len(l.question.toks) == 0 && !l.readsBack() || l.closes() && l.has("please confirm", "to confirm", "correct?") < 0):
		s.passed(l)
		return
	case l.closes() && !s.cur.tool.reads() && !l.readsBack():
		s.passed(l)
		if s.back {
			return
		}
	case !s.cur.tool.reads() && (l.readsBack() || s.restates(l)):
		s.listen(l.text, s.cur)
		s.back = true
		s.asked = nil
		return
	case s.plan.call != nil && s.cur.tool.reads() && !s.wants(l):
		s.passed(l)
	}
	if s.cur != nil && len(l.question.toks) > 0 {
		s.questioned(l)
	}
	if s.cur == nil && len(l.question.toks) > 0 {
		if t := s.implied(l); t != nil {
			s.start(t)
			s.questioned(l)
			return
		}
		s.proposal = s.proposes(l)
	}
}

// implied is the skill that the assistant must be collecting when it asks for
// something and no skill was clear from the caller's wish: the one with a required
// value that goes with the question, a look-up before a deed.
func (s *state) implied(l line) *tool {
	if !l.open || s.plan.call != nil {
		return nil
	}
	asked := s.index.scores(l.text)
	var best *tool
	top := 0.0
	all := s.index.scores(read(s.heard.raw + " " + l.raw))
	for i, t := range s.index.tools {
		p := t.askedIn(l.question, newForm(t))
		if p == nil || !p.required || len(s.runs) > 0 && s.last().form.tool == t {
			continue
		}
		if !s.unplaced && asked[i].match < due {
			continue // neither wanted something, nor does the question name it
		}
		rank := 1 + all[i].rank
		if !t.reads() {
			rank -= 0.5
		}
		if rank > top {
			best, top = t, rank
		}
	}
	return best
}

// passed notes that the deed at hand was done, or tried.
func (s *state) passed(l line) {
	status := llm.StatusDone
	if l.failed() && !s.cur.tool.reads() {
		status = llm.StatusFailed
	}
	f := s.cur.clone()
	s.assume(s.cur, status)
	s.agreed = false
	if status == llm.StatusFailed && len(s.listen(l.text, f)) > 0 && f.missing() == nil {
		s.cur, s.back = f, true // something else is offered
	}
}

// deedIn is the tool that changes something and that a message is about: the
// one at hand if that is one.
func (s *state) deedIn(l line) *tool {
	var best *tool
	top := 0.0
	has := kindsIn(l.text)
	for i, sc := range s.index.scores(l.text) {
		t := s.index.tools[i]
		if t.reads() {
			continue
		}
		rank := sc.rank + wanted*float64(t.wants(has))
		switch {
		case s.cur != nil && s.cur.tool == t:
			rank += 1
		case s.lastFor(t):
			rank += 0.5
		}
		if rank > top {
			best, top = t, rank
		}
	}
	if top < due {
		if s.cur != nil && !s.cur.tool.reads() {
			return s.cur.tool
		}
		return nil
	}
	return best
}

// lastFor reports that the last run has a name in common with the tool.
func (s *state) lastFor(t *tool) bool {
	last := s.last()
	return last != nil && last.form.tool.relative(t, false)
}

// family is the service that a tool's name begins with, "" when it begins with what the
// tool does: what stands before a verb, or up to a number.
func (t *tool) family() string {
	parts := strings.Split(t.name, "_")
	verb := func(w string) bool { return (&tool{label: w + " it"}).verb() != "" }
	if len(parts) < 2 || verb(parts[0]) {
		return ""
	}
	end := len(parts) - 1
	for i := 1; i < len(parts)-1; i++ {
		if allDigits(parts[i]) {
			end = i + 1
			break
		}
		if verb(parts[i]) {
			end = min(end, i)
		}
	}
	return strings.Join(parts[:end], "_")
}

// relative reports tools of one service; unknown is the answer when their names
// do not tell.
func (t *tool) relative(u *tool, unknown bool) bool {
	a, b := t.family(), u.family()
	if a == "" || b == "" {
		return unknown
	}
	return a == b
}

// wants reports a message that asks for a value the form does not have and tells
// nothing.
func (s *state) wants(l line) bool {
	if len(l.question.toks) == 0 {
		return false
	}
	p := s.cur.tool.askedIn(l.question, s.cur)
	if p == nil || len(titles(l.question)) > 0 || l.offers() {
		return false
	}
	for _, t := range l.sentences {
		if !asking(t) && (len(titles(t)) > 0 || len((reader{text: t}).amounts(&param{})) > 0) {
			return false
		}
	}
	return l.open || s.cur.vals[p].value == nil
}

// restates reports a message that repeats values of the form, so that a yes is
// a yes to them.
func (s *state) restates(l line) bool {
	if l.open {
		return false
	}
	n := 0
	r := s.reader(l.text)
	for _, p := range s.cur.tool.params {
		v, ok := s.cur.vals[p]
		if !ok {
			continue
		}
		for _, f := range r.find(p) {
			if string(f.value) == string(v.value) {
				n++
				break
			}
		}
		if s := plain(v.value); wholeAnswer(p.kind) && len(s) > 3 && strings.Contains(strings.ToLower(l.raw), strings.ToLower(s)) {
			n++
		}
	}
	if !l.offers() && (n > 0 || len(l.question.toks) > 0) {
		n += len(s.listen(l.text, s.cur.clone()))
	}
	return n >= 2 || n >= 1 && s.cur.missing() == nil && l.asks()
}

// questioned notes what a message asks for, and values that it suggests.
func (s *state) questioned(l line) {
	was := s.asked
	s.asked = nil
	for _, q := range l.sentences {
		if !asking(q) {
			continue
		}
		for part := range strings.SplitSeq(q.raw, " and ") {
			s.widenFor(read(part))
			if p := s.cur.tool.askedIn(read(part), s.cur); p != nil {
				if s.asked == nil {
					s.asked = p
				} else if p != s.asked && !slices.Contains(s.also, p) {
					s.also = append(s.also, p)
				}
			}
		}
	}
	if s.asked == nil {
		s.asked = was
	}
	if l.open {
		return
	}
	f := s.cur.clone()
	for _, p := range s.listen(l.text, f) {
		if s.suggested == nil {
			s.suggested = map[*param]found{}
		}
		s.suggested[p] = f.vals[p]
	}
}

// listen fills a form from an assistant's words.
func (s *state) listen(t text, f *form) []*param {
	s.override = true
	changed := s.fill(t, f, nil)
	s.override = false
	for _, p := range f.tool.params {
		if !p.titled() {
			continue
		}
		if old, ok := f.vals[p]; ok && !old.guess && (t.lowercase() || slices.ContainsFunc(titles(t), func(s string) bool { return strings.EqualFold(s, plain(old.value)) })) {
			continue
		}
		name := offeredName(t, f, p)
		if old := strings.ToLower(plain(f.vals[p].value)); name != "" && strings.HasSuffix(old, strings.ToLower(name)) && strings.Contains(strings.ToLower(t.raw), old) {
			continue // the name is there, with more of it
		}
		if name != "" {
			v := found{value: quoted(name), said: name}
			if s.put(f, p, v) && !slices.Contains(changed, p) {
				changed = append(changed, p)
			}
		}
	}
	return changed
}

// contains reports that a name is part of another value of the form.
func (f *form) contains(name string, but *param) bool {
	low := strings.ToLower(name)
	for p, v := range f.vals {
		if p == but {
			continue
		}
		s := strings.ToLower(plain(v.value))
		if strings.Contains(s, low) || len(s) > 2 && strings.HasPrefix(low, s) && len(low) < len(s)+6 {
			return true
		}
	}
	return false
}

// suggestsDoing reports "how about renting it?".
func (l line) suggestsDoing() bool {
	i := l.question.has("how about", "what about")
	return i >= 0 && i+2 < len(l.question.toks) && strings.HasSuffix(l.question.toks[i+2].low, "ing")
}

// proposes is the tool that a message offers to use: "Would you like to book a
// table?"
func (s *state) proposes(l line) *tool {
	if l.open || l.question.has("would you like", "do you want", "do you wish", "shall i", "should i", "want me to", "do you need", "may i", "can i", "care to", "want to", "like me to", "wanna", "interested in") < 0 && !l.suggestsDoing() {
		return nil
	}
	c := s.index.choose(l.question, false)
	if c.tool == nil || c.tool.reads() && s.last() != nil && s.last().form.tool == c.tool {
		return s.deedIn(l)
	}
	return c.tool
}
