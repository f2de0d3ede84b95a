package builtin

import (
	"encoding/json"
	"strings"

	"callwright/internal/llm"
)

// A form is a skill with the values for it so far.
type form struct {
	tool *tool
	vals map[*param]found
	half map[*param]halfTime

	lasts int // minutes that somebody said it takes, 0 when nobody did
}

func newForm(t *tool) *form {
	return &form{tool: t, vals: map[*param]found{}, half: map[*param]halfTime{}}
}

func (f *form) clone() *form {
	c := newForm(f.tool)
	for p, v := range f.vals {
		c.vals[p] = v
	}
	c.lasts = f.lasts
	return c
}

// missing returns the next parameter to ask for, nil when the form is complete.
func (f *form) missing() *param {
	for _, p := range f.tool.ask {
		if _, ok := f.vals[p]; !ok && p.fixed == nil {
			return p
		}
	}
	return nil
}

// arguments writes the values as a JSON object with sorted keys.
func (f *form) arguments() json.RawMessage {
	root := map[string]any{}
	for _, p := range f.tool.params {
		v := p.fixed
		if got, ok := f.vals[p]; ok {
			v = got.value
		}
		if v == nil {
			continue
		}
		m := root
		for _, name := range p.path[:len(p.path)-1] {
			sub, ok := m[name].(map[string]any)
			if !ok {
				sub = map[string]any{}
				m[name] = sub
			}
			m = sub
		}
		m[p.path[len(p.path)-1]] = v
	}
	return marshal(root)
}

func marshal(v any) json.RawMessage {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) != nil { // a schema's default may be broken JSON
		return json.RawMessage("{}")
	}
	return json.RawMessage(strings.TrimSpace(b.String()))
}

// formOf reads the arguments of a call that is in the messages.
func formOf(t *tool, args json.RawMessage) *form {
	f := newForm(t)
	for _, p := range t.params {
		raw := args
		for _, name := range p.path {
			var m map[string]json.RawMessage
			if json.Unmarshal(raw, &m) != nil {
				raw = nil
				break
			}
			raw = m[name]
		}
		if raw != nil && string(raw) != "null" {
			f.vals[p] = found{value: raw, said: plain(raw), sure: true}
		}
	}
	return f
}

// A run is a call that was made and what became of it.
type run struct {
	id      string
	form    *form
	topic   text // what the caller asked when it began
	args    string
	result  llm.ToolResult
	assumed bool // the messages show no call, but one was due and an answer followed
}

// A state is what a conversation has come to, rebuilt from its messages.
type state struct {
	req   llm.Request
	index *index

	cur      *form // being collected
	asked    *param
	leaving  bool // the caller was asked whether to leave it
	misses   int  // answers to the question asked that were none
	asks     int  // questions asked for cur
	runs     []run
	since    int // index of the first run after the caller's last words
	known    map[string]found
	day      found           // spoken of last, by whomever
	forms    []*form         // that came to an end, oldest first
	parked   map[*tool]*form // left for another skill, to come back to
	detour   *form           // parked in this turn: to go on with when the other is done
	redo     bool            // asked whether to do again, with other values, what is done
	stray    string          // what is to be said of a call whose tool is no longer there
	said     string          // the assistant's last words
	saids    []text          // all of the assistant's words
	unplaced bool            // the caller's last words want something, and no skill was clear
	loose    []text          // the caller's words since the last run that no skill has taken
	topic    text            // the words that began the skill at hand
	heard    text            // the caller's last words
	plan     plan

	hints     map[string]map[string]bool // see text.hint; by language
	acted     bool                       // a call follows the caller's last words
	foreign   bool                       // the assistant's last words are not the engine's own
	agreed    bool                       // the caller agreed to values read back
	back      bool                       // they read the values of cur back
	proposal  *tool
	suggested map[*param]found // values that they offered
	also      []*param         // asked for beside asked
	override  bool             // values read go before those there
}

// A plan is what to do next: say something, call a tool, or both.
type plan struct {
	say  string
	call *form
	ask  *param
	back bool // it reads values back
}

func newState(req llm.Request, x *index) *state {
	return &state{req: req, index: x, known: map[string]found{}, parked: map[*tool]*form{}, hints: map[string]map[string]bool{}}
}

// replay goes through the messages as they happened. Its own policy, run over
// the caller's words, tells what each answer was an answer to; what the messages
// say about questions and calls goes before that.
func (s *state) replay() {
	for i, m := range s.req.Messages {
		switch m.Role {
		case llm.User:
			s.since, s.detour, s.stray = len(s.runs), nil, ""
			s.heard = read(m.Content)
			if s.heard.lang = tongue(s.heard, s.req.Language); s.heard.lang != "" {
				if s.hints[s.heard.lang] == nil {
					s.hints[s.heard.lang] = map[string]bool{}
				}
				s.heard.hint = s.hints[s.heard.lang]
			}
			s.plan = s.hear()
			s.dayIn(s.heard)
			s.asked = s.plan.ask
			s.unplaced = s.cur == nil && s.plan.call == nil && requests(s.heard)
			if s.unplaced && len(s.runs) == 0 {
				s.loose = append(s.loose, s.heard)
			}
			s.acted = s.callFollows(i + 1)
		case llm.Assistant:
			if strings.TrimSpace(m.Content) != "" {
				s.spoken(m.Content)
			}
			for _, c := range m.ToolCalls {
				s.called(c)
			}
		case llm.ToolRole:
			s.returned(m)
		}
	}
}

func (s *state) callFollows(i int) bool {
	for ; i < len(s.req.Messages) && s.req.Messages[i].Role != llm.User; i++ {
		if len(s.req.Messages[i].ToolCalls) > 0 {
			return true
		}
	}
	return false
}

// assume notes a call that the messages leave out, as transcripts of other
// clients do, so that it is not made again.
func (s *state) assume(f *form, status llm.ToolStatus) {
	s.loose = nil
	s.runs = append(s.runs, run{form: f.clone(), topic: s.topic, args: string(f.arguments()), assumed: true, result: llm.ToolResult{Status: status}})
	s.finish()
}

func (s *state) called(c llm.ToolCall) {
	t := s.toolNamed(c.Name)
	if t == nil {
		return
	}
	f := formOf(t, c.Arguments)
	s.cur, s.asked, s.leaving, s.misses, s.loose = f, nil, false, 0, nil
	s.runs = append(s.runs, run{id: c.ID, form: f, topic: s.topic, args: string(f.arguments())})
}

func (s *state) toolNamed(name string) *tool {
	for _, t := range s.index.tools {
		if t.name == name {
			return t
		}
	}
	return nil
}

func (s *state) returned(m llm.Message) {
	var res llm.ToolResult
	if json.Unmarshal([]byte(m.Content), &res) != nil {
		res = llm.ToolResult{Status: llm.StatusDone, Result: quoted(m.Content)}
	}
	for i := len(s.runs) - 1; i >= 0; i-- {
		r := &s.runs[i]
		if r.id != m.ToolCallID || r.result.Status != "" {
			continue
		}
		r.result = res
		if s.cur == nil || s.cur.tool != r.form.tool {
			s.cur = r.form
		}
		switch res.Status {
		case llm.StatusNeedsInput:
			s.cur = s.cur.clone()
			for k := len(res.Fields) - 1; k >= 0; k-- {
				if p := r.form.tool.param(res.Fields[k].Name); p != nil {
					delete(s.cur.vals, p)
					s.asked = p
				}
			}
		case llm.StatusVerification:
			s.verify(res)
		case llm.StatusConfirmation:
		default:
			s.finish()
		}
		return
	}
	s.stray = res.Say
}

// verify goes on with the tool that checks who the caller is, when there is one. What
// waits for it is not to be collected again: the server makes that call itself.
func (s *state) verify(res llm.ToolResult) {
	t := s.toolNamed(res.Tool)
	if t == nil {
		return
	}
	s.cur = newForm(t)
	s.asked, s.leaving, s.misses, s.asks = s.cur.missing(), false, 0, 1
	for k := len(res.Fields) - 1; k >= 0; k-- {
		if p := t.param(res.Fields[k].Name); p != nil {
			s.asked = p
		}
	}
}

// finish ends the collecting; what was said stays known.
func (s *state) finish() {
	done := s.cur
	if done != nil {
		s.forms = append(s.forms, done)
	}
	s.cur, s.asked, s.leaving, s.redo, s.misses, s.asks = nil, nil, false, false, 0, 0
	if back := s.detour; back != nil && done != nil && done.tool.reads() && back.missing() != nil {
		s.cur, s.asked, s.asks = back, back.missing(), 2
		delete(s.parked, back.tool)
	}
}

// last returns the last run, nil when there is none.
func (s *state) last() *run {
	if len(s.runs) == 0 {
		return nil
	}
	return &s.runs[len(s.runs)-1]
}

// spoken takes note of what the assistant said: its question decides what the
// next words are an answer to, whoever wrote it.
func (s *state) spoken(words string) {
	s.said = words
	s.saids = append(s.saids, read(words))
	s.dayIn(s.saids[len(s.saids)-1])
	s.foreign = len(s.heard.toks) > 0 && !s.acted && !s.own(words)
	if s.plan.back && !s.foreign && !s.acted {
		s.foreign, s.back = true, true
		return
	}
	if s.foreign {
		s.heed(words)
		return
	}
	if s.cur == nil {
		return
	}
	if r := s.pending(); r != nil && r.result.Status == llm.StatusConfirmation {
		s.asked = nil // what is read back is not asked for
		return
	}
	if !strings.Contains(words, "?") && !strings.Contains(words, "please") {
		return
	}
	if s.asked != nil && strings.Contains(words, s.question(s.asked)) {
		return
	}
	for _, p := range s.cur.tool.params {
		if strings.Contains(words, s.question(p)) {
			s.asked = p
			return
		}
	}
	if p := s.cur.tool.askedIn(read(words), s.cur); p != nil {
		s.asked = p
	}
}

// dayIn keeps the last day that a text speaks of.
func (s *state) dayIn(t text) {
	if ds := s.reader(t).dates(); len(ds) > 0 {
		s.day = ds[len(ds)-1]
		s.day.at, s.day.end, s.day.sure = 0, 0, false
	}
}

// own reports that the engine said these words, or would have; an interrupted
// sentence is cut off.
func (s *state) own(words string) bool {
	if s.plan.call != nil || s.plan.say == "" {
		return false
	}
	cut := strings.TrimRight(words, ".… ")
	return strings.Contains(words, s.plan.say) || len(cut) >= 8 && strings.HasPrefix(s.plan.say, cut)
}

// askedIn recognises which parameter a question in other words is about.
func (t *tool) askedIn(q text, f *form) *param {
	var best *param
	top := 0.0
	for _, p := range t.params {
		score := 0.0
		for _, tok := range q.toks {
			if common(tok.low) {
				continue
			}
			for _, st := range p.about() {
				if st == tok.stem || concept(st) == concept(tok.stem) {
					score++
					break
				}
			}
		}
		score += p.cue(q)
		if p.named(q) > 1 { // "do you want to drive, or walk?"
			score += 2
		}
		if _, ok := f.vals[p]; ok {
			score -= 1.5
		} else if p.required {
			score += 0.5
		}
		if score > top {
			best, top = p, score
		}
	}
	if top < 1 {
		return nil
	}
	return best
}

// cue scores question words that go with a kind.
func (p *param) cue(q text) float64 {
	has := func(phrases ...string) float64 {
		if q.has(phrases...) >= 0 {
			return 1.5
		}
		return 0
	}
	if p.kind != kindPlace && p.kind != kindAddress && p.kind != kindTime {
		if starts, ends := p.sides(); starts != ends {
			switch side := q.verbSide(len(q.toks)); {
			case side == 0:
			case (side > 0) == starts:
				return 1.5
			default:
				return -1
			}
		}
	}
	switch p.kind {
	case kindDate, kindDateTime:
		return has("when", "what day", "which day", "date", "dates")
	case kindTime:
		return has("what time", "which time", "when")
	case kindPlace, kindAddress:
		side := 0.0
		switch {
		case q.has("from", "leaving", "departing", "departure", "pick up", "pickup") >= 0:
			side = -1
		case q.has("to", "going", "heading", "headed", "destination", "travelling", "traveling") >= 0:
			side = 1
		}
		if p.begins() {
			side = -side
		}
		return side + has("where", "city", "location", "area", "address")
	case kindNumber:
		return has("how many", "number of")
	case kindMoney:
		return has("how much", "amount")
	case kindPerson:
		if q.has("your name", "your full name", "your last name", "your first name") >= 0 {
			if p.callers() {
				return 2.5
			}
			return 0
		}
		return max(has("name"), has("who")/2)
	case kindPhone:
		return has("phone", "reach you", "call you")
	}
	return 0
}
