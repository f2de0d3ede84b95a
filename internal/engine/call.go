package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"callwright"
	"callwright/internal/gate"
	"callwright/internal/llm"
	"callwright/internal/skill"
	"callwright/internal/strictjson"
	"callwright/internal/tmpl"
)

// prelude does what comes before the model has a say: rules about what the caller
// said, a one-time code in it, and what became of runs that outlived their turn. It
// reports whether the turn is over.
func (t *turn) prelude(ctx context.Context) (stop bool) {
	if t.in.Resume {
		return false
	}
	if say := t.closed(); say != "" {
		t.note(callwright.GuardrailEvent, callwright.GuardrailHit{PolicyType: callwright.HoursPolicy, Rule: "after_hours", Action: "answered"})
		t.speak(say, "policy")
		return true
	}
	if topics := t.agent.Policies().Talk().BannedTopics; mentions(t.in.Text, topics) {
		t.note(callwright.GuardrailEvent, callwright.GuardrailHit{PolicyType: callwright.ContentPolicy, Rule: "banned_topic", Action: "answered"})
		t.speak(sayBanned, "policy")
		return true
	}
	t.tellLate(ctx)
	if w := t.conv.Identity.Awaiting; w != nil && t.conv.Turns-w.Turn > maxAwaiting {
		t.conv.Identity.Awaiting = nil
	}
	if v := t.Gate.TryCode(t.gateTurn, t.in.Text); v != nil {
		return t.verdict(ctx, v)
	}
	if t.conv.Identity.Code != nil && gate.HasDigits(t.in.Text) {
		t.speak(saySixDigits, "verification")
		return true
	}
	return false
}

// maxAwaiting is how many turns a call waits for the caller to be verified.
const maxAwaiting = 6

// closed is what the agent says after hours when it takes no conversations then.
func (t *turn) closed() string {
	hours := t.agent.Agent.BusinessHours
	open, err := gate.Open(hours, t.Now())
	if err != nil || open || hours.AfterHours.Mode != "closed" {
		return ""
	}
	reopen := "later"
	if next, ok := gate.NextOpen(hours, t.Now()); ok {
		reopen = next.Format("Monday at 3:04 PM")
	}
	if m := hours.AfterHours.Message; m != "" {
		return strings.NewReplacer("{reopen}", reopen, "{reopen_time}", reopen).Replace(m)
	}
	return "I'm sorry, we're closed right now. We open again " + reopenPhrase(reopen) + "."
}

func reopenPhrase(reopen string) string {
	if reopen == "later" {
		return reopen
	}
	return "on " + reopen
}

// call takes calls through the gate and tells the model what became of them. It
// reports whether the turn is over: the caller has been asked something, or leaves.
func (t *turn) call(ctx context.Context, byServer bool, calls ...llm.ToolCall) (stop bool) {
	if len(calls) == 0 {
		return false
	}
	t.asking = map[string]llm.ToolCall{}
	asked := make([]gate.Call, len(calls))
	for i, c := range calls {
		t.asking[c.ID] = c
		asked[i] = gate.Call{ID: c.ID, Tool: c.Name, Arguments: c.Arguments}
	}
	for i, out := range t.Gate.Run(ctx, t.gateTurn, asked...) {
		if t.became(ctx, calls[i], out, byServer) {
			stop = true
		}
	}
	return stop
}

// became journals what became of a call, tells the model, and does what follows from
// it.
func (t *turn) became(ctx context.Context, c llm.ToolCall, out gate.Outcome, byServer bool) (stop bool) {
	t.skillTime += out.Took
	answer := toolResult(out, t.Now())
	t.sayOf(out, &answer)
	t.answer(c, answer, byServer, callwright.ToolCall{RunID: out.Run, Arguments: valid(out.Arguments), Gate: out.Lines, Sent: out.Sent,
		Code: out.Code, Detail: out.Detail, TookMs: ms(out.Took)}, out.Skill)
	if out.Run != "" {
		t.learned(out)
	}
	if out.Verified != nil {
		return t.verdict(ctx, out.Verified)
	}
	switch out.Kind {
	case gate.Done:
		t.wroteNow = t.wroteNow || out.Skill.IsWrite
		t.conv.Succeeded++
		if t.conv.Topic == "" {
			t.conv.Topic = out.Skill.Name
		}
		return t.effect(out.Effect, out.Skill)
	case gate.Confirm:
		t.conv.Pending = out.Confirm
		t.speak(readBack(out.Skill, out.Confirm.Arguments, t.Now()), "readback")
		return true
	case gate.Verify:
		return t.demand(ctx, c, out)
	case gate.Ask:
		if t.unusable == nil {
			t.unusable = &out
		}
	case gate.Late:
		t.conv.Late = append(t.conv.Late, callwright.LateRun{RunID: out.Run, CallID: c.ID, SkillID: out.Skill.ID, Tool: out.Skill.Tool, Arguments: out.Arguments})
	case gate.Failed, gate.Unknown:
		t.conv.Failed++
		return t.afterFailure(out)
	case gate.Refused:
		if out.Code == gate.CodeMustEscalate {
			return t.handOver(skill.Transfer{}, "rule", out.Skill.Name, "")
		}
		if out.Code == gate.CodeLocked {
			t.conv.Identity.Awaiting = nil
		}
	}
	return false
}

// repaired ends the turn with a question to the caller when a model keeps sending
// arguments that cannot be used.
func (t *turn) repaired() (stop bool) {
	if t.unusable == nil {
		return false
	}
	if t.repairs++; t.repairs <= maxRepairs {
		return false
	}
	t.speak(cmp.Or(ask(*t.unusable), sayNothing), "")
	return true
}

// sayOf puts the operator's own words for an outcome in place of ours.
func (t *turn) sayOf(out gate.Outcome, answer *llm.ToolResult) {
	if out.Skill == nil {
		return
	}
	say := out.Skill.Say()
	switch {
	case out.Kind == gate.Done && say.Done != "":
		answer.Say = t.fill(say.Done, out.Skill, out.Arguments)
	case (out.Kind == gate.Failed || out.Kind == gate.Unknown) && say.Failed != "":
		answer.Say = t.fill(say.Failed, out.Skill, out.Arguments)
	case out.Kind == gate.Failed && out.Skill.ErrorHandling != nil && out.Skill.ErrorHandling.Message != "":
		answer.Say = out.Skill.ErrorHandling.Message
	}
}

// fill fills an operator's sentence with the arguments and what was remembered.
func (t *turn) fill(sentence string, s *gate.Skill, arguments json.RawMessage) string {
	parsed, err := tmpl.Parse(sentence)
	if err != nil {
		return sentence
	}
	values, err := strictjson.Object(arguments)
	if err != nil {
		values = map[string]any{}
	}
	for name, raw := range t.conv.Vars {
		if v, err := strictjson.Value(raw); err == nil {
			values["vars."+name] = v
		}
	}
	text, err := parsed.Expand(func(name string) (string, error) {
		if v := values[name]; v != nil {
			return said(s, name, v), nil
		}
		return "", nil
	})
	if err != nil {
		return sentence
	}
	return text
}

// demand begins to find out who the caller is: the call waits, and is made again once
// it is known.
func (t *turn) demand(ctx context.Context, c llm.ToolCall, out gate.Outcome) (stop bool) {
	d := out.Verify
	if d == nil {
		return false
	}
	id := &t.conv.Identity
	id.Awaiting = &callwright.Awaiting{Tool: c.Name, Arguments: out.Arguments, Method: d.Method, Turn: t.conv.Turns}
	t.note(callwright.VerificationEvent, callwright.VerificationStep{Method: d.Method, State: "requested", Attempts: id.Failed[d.Method]})
	if d.Method == callwright.OTPSMS && len(d.Fields) == 0 {
		return t.call(ctx, true, llm.ToolCall{ID: "code_" + randomHex(4), Name: d.Verifier.Tool, Arguments: json.RawMessage(`{}`)})
	}
	return false
}

// verdict tells what a check found, and goes on with the call that waited for it.
func (t *turn) verdict(ctx context.Context, v *gate.Verdict) (stop bool) {
	id := &t.conv.Identity
	step := callwright.VerificationStep{Method: v.Method, Attempts: v.Attempts, Left: v.Left, Expires: v.Expires, State: "failed"}
	switch {
	case v.CodeSent:
		step.State = "code_sent"
		t.note(callwright.VerificationEvent, step)
		t.speak(sayCodeSent, "verification")
		return true
	case v.Verified:
		step.State = "succeeded"
		t.note(callwright.VerificationEvent, step)
		w := id.Awaiting
		if id.Awaiting = nil; w == nil {
			return false
		}
		return t.call(ctx, true, llm.ToolCall{ID: "verified_" + randomHex(4), Name: w.Tool, Arguments: w.Arguments})
	case v.Left <= 0:
		step.State = "locked"
		id.Awaiting = nil
	case v.Method == callwright.OTPSMS && id.Code == nil:
		step.State = "expired"
		if s := t.agent.Verifier(v.Method); s != nil && len(s.Required) == 0 {
			t.conv.Pending = t.Gate.Offer(t.gateTurn, s)
		}
	}
	t.note(callwright.VerificationEvent, step)
	if v.Method != callwright.OTPSMS {
		return false // the model asks again, by the answer that it was given
	}
	t.speak(map[string]string{"locked": sayLocked, "expired": sayExpired, "failed": fmt.Sprintf(sayWrongCode, attempts(v.Left))}[step.State], "verification")
	return true
}

func attempts(n int) string {
	if n == 1 {
		return "one more try"
	}
	return fmt.Sprintf("%d more tries", n)
}

// effect does what a skill asks of the conversation. The channel learns of it too:
// on the telephone there is more to do.
func (t *turn) effect(e skill.Effect, s *gate.Skill) (stop bool) {
	switch e := e.(type) {
	case skill.Transfer:
		return t.handOver(e, "transfer", s.Name, t.fill(s.Say().Done, s, nil))
	case skill.EndConversation:
		t.over = true
		if len(t.said) == 0 {
			t.speak(cmp.Or(s.Say().Done, sayGoodbye), "")
		}
		t.out(Effect{e})
		return true
	case skill.TakeMessage:
		now := callwright.At(t.Now())
		t.taken = append(t.taken, callwright.TakenMessage{ID: callwright.NewID[callwright.MessageID](t.Now()), OrganizationID: t.conv.OrganizationID, AgentID: t.conv.AgentID,
			ConversationID: t.conv.ID, Caller: t.conv.Caller, Text: e.Text, Status: "new", CreatedAt: now, UpdatedAt: now})
		t.out(Effect{e})
	case skill.RepeatLast:
		t.speak(cmp.Or(t.lastSaid(), sayNothing), "")
		return true
	}
	return false
}

// lastSaid is the agent's last message before the caller's last words.
func (t *turn) lastSaid() string {
	for i := len(t.messages) - 1; i >= 0; i-- {
		if m := t.messages[i]; m.Role == llm.Assistant && m.Content != "" {
			return m.Content
		}
	}
	return ""
}

// handOver gives the caller to a person: the words, the event with a summary, and the
// effect for the channel. Where nobody can take over now, it says so.
func (t *turn) handOver(to skill.Transfer, reason, rule, words string) (stop bool) {
	to, problem := t.agent.Handoff(to, t.Now())
	if problem == "" && to.To == "" && t.conv.Channel != callwright.Chat {
		problem = "no destination is configured"
	}
	if problem != "" {
		t.note(callwright.GuardrailEvent, callwright.GuardrailHit{Rule: "escalation", Action: "withheld", Detail: problem})
		t.speak(sayNobody, "handoff")
		return true
	}
	t.speak(cmp.Or(words, sayHandover), "handoff")
	t.note(callwright.HandoffEvent, callwright.Handoff{To: to.To, Warm: to.Warm, Reason: reason, Rule: rule, Summary: t.summary()})
	t.conv.Outcome = callwright.Transferred
	t.out(Effect{to})
	return true
}

// summary is what a person who takes over should know: who calls, what for, what was
// done.
func (t *turn) summary() string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if c := t.conv.Caller; c.Name != "" || c.Phone != "" {
		add("Caller: %s.", strings.TrimSpace(c.Name+" "+c.Phone))
	}
	if id := t.conv.Identity; id.Verified(callwright.At(t.Now())) {
		add("Identity verified by %s.", id.Method)
	} else {
		add("Identity not verified.")
	}
	var wants []string
	for _, m := range t.messages {
		if m.Role == llm.User {
			wants = append(wants, "“"+m.Content+"”")
		}
	}
	if n := len(wants); n > 4 {
		wants = append(wants[:2:2], wants[n-2:]...)
	}
	if len(wants) > 0 {
		add("The caller said: %s.", strings.Join(wants, " … "))
	}
	var did []string
	for tool := range t.gateTurn.Earlier {
		if s := t.agent.Tool(tool); s != nil && s.SkillType != callwright.TransferCall {
			did = append(did, s.Name)
		}
	}
	if len(did) > 0 {
		add("Done so far: %s.", join(did))
	}
	text := strings.Join(parts, " ")
	if t.redact != nil {
		text = t.redact(text)
	}
	return text
}

// afterFailure does what errorHandling.then says.
func (t *turn) afterFailure(out gate.Outcome) (stop bool) {
	h := out.Skill.ErrorHandling
	if h == nil {
		return false
	}
	switch h.Then {
	case "transfer":
		return t.handOver(skill.Transfer{To: h.TransferTo}, "error_handling", out.Skill.Name, cmp.Or(h.Message, failure(out)+" "+sayHandover))
	case "end_call":
		t.over = true
		t.speak(strings.TrimSpace(cmp.Or(h.Message, failure(out))+" "+sayGoodbye), "")
		t.out(Effect{skill.EndConversation{}})
		return true
	case "take_message":
		t.effect(skill.TakeMessage{Text: fmt.Sprintf("“%s” failed (%s). %s", out.Skill.Name, out.Code, t.summary())}, out.Skill)
		t.speak(strings.TrimSpace(cmp.Or(h.Message, failure(out))+" "+sayNoted), "")
		return true
	}
	return false
}

// tellLate lets the model tell the ends of runs that outlived their turn, before it
// hears what the caller has said since.
func (t *turn) tellLate(ctx context.Context) {
	var waiting []callwright.LateRun
	words := t.messages[len(t.messages)-1]
	told := 0
	for _, l := range t.conv.Late {
		r, err := t.Store.Run(ctx, t.conv.OrganizationID, l.RunID)
		if err != nil || r.State == callwright.RunRunning {
			waiting = append(waiting, l)
			continue
		}
		if told++; told == 1 {
			t.messages = t.messages[:len(t.messages)-1]
		}
		t.settleCall(callwright.ToolCall{CallID: "late_" + l.CallID, RunID: l.RunID, SkillID: l.SkillID, Tool: l.Tool, Arguments: l.Arguments}, []callwright.Run{r}, "it outlived the turn that began it")
		if r.State == callwright.RunDone {
			t.gateTurn.Earlier[l.Tool] = append(t.gateTurn.Earlier[l.Tool], r.Answer)
			t.wroteNow = true
		}
	}
	t.conv.Late = waiting
	if told == 0 {
		return
	}
	text, _, err := t.generate(ctx) // whatever else it asks for can wait for the caller's words
	if err == nil && text != "" {
		t.messages = append(t.messages, llm.Message{Role: llm.Assistant, Content: text})
	}
	t.messages = append(t.messages, words)
}

// offerPerson offers a person to a caller who has been unhappy for too long. A plain
// yes hands over.
func (t *turn) offerPerson() {
	limit := t.agent.Policies().Talk().EscalationThreshold
	if n := t.agent.Agent.HandoffConfig.EscalationThreshold; n != nil && *n > 0 && (limit == 0 || *n < limit) {
		limit = *n
	}
	if limit == 0 || t.conv.Negative < limit || t.conv.Offered || t.over || t.conv.Pending != nil || t.conv.Outcome == callwright.Transferred {
		return
	}
	person := t.agent.Skill(gate.PersonSkill)
	if person == nil {
		return
	}
	t.conv.Offered = true
	t.note(callwright.GuardrailEvent, callwright.GuardrailHit{PolicyType: callwright.ContentPolicy, Rule: "escalation", Action: "offered"})
	t.conv.Pending = t.Gate.Offer(t.gateTurn, person)
	t.speak(sayOffer, "policy")
}

// slowAfter is how long a run takes before a filler is due.
const slowAfter = 800 * time.Millisecond

// running bridges the wait while skills run: the operator's words or a short filler
// when it is known to take long, and more when it takes longer than usual.
func (t *turn) running(skills []*gate.Skill, over <-chan struct{}) {
	expected := time.Duration(0)
	slow := ""
	for _, s := range skills {
		e := t.expected(s)
		if say := s.Say().Start; say != "" {
			t.filler(s.ID, t.fill(say, s, t.asking[t.callOf(s)].Arguments), e)
		} else if e > slowAfter && e > expected {
			t.filler(s.ID, sayMoment, e)
		}
		expected = max(expected, e)
		slow = cmp.Or(slow, s.Say().Slow)
	}
	if slow == "" {
		return
	}
	timer := time.NewTimer(max(expected, slowAfter))
	defer timer.Stop()
	select {
	case <-over:
	case <-timer.C:
		t.filler(skills[0].ID, t.fill(slow, skills[0], nil), expected)
	}
}

func (t *turn) callOf(s *gate.Skill) string {
	for id, c := range t.asking {
		if c.Name == s.Tool {
			return id
		}
	}
	return ""
}

func (t *turn) filler(skill callwright.SkillID, text string, expected time.Duration) {
	if text == "" {
		return
	}
	id := callwright.NewID[callwright.MessageID](t.Now())
	t.out(Say{MessageID: id, Text: text})
	t.note(callwright.FillerEvent, callwright.Filler{MessageID: id, Text: text, SkillID: skill, ExpectedMs: int(expected.Milliseconds())})
	t.message(id, text, "filler")
}
