package builtin

import (
	"strings"

	"callwright/internal/llm"
)

// tell turns the results since the caller's last words into an answer.
func (s *state) tell() plan {
	var parts []string
	var ask *param
	for i := s.since; i < len(s.runs); i++ {
		r := &s.runs[i]
		if r.result.Status == "" {
			continue
		}
		say, p := s.outcome(r)
		if say != "" {
			parts = append(parts, say)
		}
		if p != nil {
			ask = p
		}
	}
	if len(parts) == 0 && s.stray != "" {
		return plan{say: s.stray}
	}
	if len(parts) == 0 {
		return plan{say: "Is there anything else I can help with?"}
	}
	say := strings.Join(parts, " ")
	if s.cur != nil && s.cur == s.detour && s.asked != nil {
		say += " Now, " + lowerFirst(s.question(s.asked))
	}
	return plan{say: say, ask: ask}
}

// view tells a run to somebody who asked what began it.
func (s *state) view(r *run) *view {
	v := &view{run: r, question: r.topic, now: s.req.Now}
	if len(v.question.toks) == 0 {
		v.question = s.heard
	}
	return v
}

// outcome says what became of one run, and asks when it needs something.
func (s *state) outcome(r *run) (string, *param) {
	res := r.result
	if res.Status == llm.StatusVerification && res.Say != "" {
		return res.Say, s.asked
	}
	if res.Status == llm.StatusDone && res.Say != "" && string(res.Result) == `{"verified":true}` {
		return res.Say, nil
	}
	if res.Status == llm.StatusDone {
		v := s.view(r)
		say := v.sentences()
		if res.Say != "" {
			say = res.Say
			if more := v.facts(); more != "" && !strings.Contains(res.Say, more) {
				say = sentence(say) + " " + more
			}
		}
		return say, nil
	}
	if res.Status == llm.StatusNeedsInput {
		return s.needs(r)
	}
	if res.Say != "" {
		return res.Say, nil
	}
	doing := r.form.tool.doing()
	switch res.Status {
	case llm.StatusQueued:
		return "All right, that's being taken care of. Is there anything else I can help with?", nil
	case llm.StatusConfirmation:
		return "Shall I go ahead?", nil
	case llm.StatusDeclined:
		return "All right, I won't do that. Is there something else I can do for you?", nil
	case llm.StatusVerification:
		return "Before I can " + doing + ", I need to make sure who I'm speaking with.", nil
	case llm.StatusRefused:
		return "I'm sorry, I'm not able to " + doing + " right now. Is there something else I can help with?", nil
	case llm.StatusUnknown:
		return "I can't tell whether that went through, so I won't try it again by myself. Someone will have to check. Is there anything else I can help with?", nil
	}
	if r.form.tool.reads() {
		return "I'm sorry, I couldn't reach that system just now, so I can't tell you. Would you like me to try again?", nil
	}
	return "I'm sorry, that didn't work just now. Would you like me to try again?", nil
}

func (s *state) needs(r *run) (string, *param) {
	for _, f := range r.result.Fields {
		p := r.form.tool.param(f.Name)
		switch {
		case r.result.Say != "":
			return r.result.Say, p
		case p == nil:
			continue
		}
		if _, given := r.form.vals[p]; given {
			return "I'm sorry, that doesn't work as " + p.noun() + ": it " + strings.TrimSuffix(f.Problem, ".") + ". " + s.question(p), p
		}
		return s.question(p), p
	}
	if r.result.Say != "" {
		return r.result.Say, nil
	}
	return "I need a little more for that. Could you give me the details?", nil
}

// recall tells a result again that is there already.
func (s *state) recall(r *run) string {
	if r.assumed {
		return "I've already looked at that. Is there anything else I can help with?"
	}
	switch r.result.Status {
	case llm.StatusQueued:
		return "That's already being taken care of. Is there anything else I can help with?"
	case llm.StatusUnknown:
		return "I still can't tell whether that went through. Someone will have to check."
	}
	v := s.view(r)
	return v.sentences()
}

// about answers a question from the result of a run; it has nothing to say when
// the result has no such field.
func (s *state) about(r *run) (string, bool) {
	if r.result.Status != llm.StatusDone || r.assumed || !requests(s.heard) {
		return "", false
	}
	v := &view{run: r, question: s.heard, now: s.req.Now}
	return v.matching()
}
