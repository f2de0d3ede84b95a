package gate

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"callwright"
)

// Reasons of a refusal that are not errors of a system.
const (
	CodeUnknownSkill    callwright.Code = "unknown_skill"
	CodeSkillDisabled   callwright.Code = "skill_disabled"
	CodeSkillBroken     callwright.Code = "skill_unusable"
	CodeWrongChannel    callwright.Code = "channel_not_allowed"
	CodeOutsideHours    callwright.Code = "outside_window"
	CodeMustEscalate    callwright.Code = "must_escalate"
	CodeTooOften        callwright.Code = "call_limit_reached"
	CodeCannotVerify    callwright.Code = "verification_not_configured"
	CodeLocked          callwright.Code = "verification_locked"
	CodeNoHandoff       callwright.Code = "handoff_not_available"
	confirmationExpires                 = 5 * time.Minute
)

// 1: find.
func (r *run) find(context.Context) (Outcome, bool) {
	s := r.turn.Agent.byTool[r.call.Tool]
	if s == nil {
		return refuse(CodeUnknownSkill, "the agent has no skill of this name in the version that is running")
	}
	r.skill = s
	if !s.enabled() && !r.turn.Operator {
		return refuse(CodeSkillDisabled, "the skill is switched off (isEnabled)")
	}
	if s.broken != nil {
		return refuse(CodeSkillBroken, "the skill cannot run: "+s.broken.Error())
	}
	if err := r.turn.Agent.brokenRules; err != nil {
		return refuse(CodeSkillBroken, "the agent's rules cannot be judged: "+err.Error())
	}
	r.detail = s.Name
	return Outcome{}, true
}

// 2: channel.
func (r *run) channel(context.Context) (Outcome, bool) {
	ch := r.turn.Conversation.Channel
	if r.turn.Operator {
		r.detail = "does not apply to a test"
		return Outcome{}, true
	}
	if len(r.skill.Channels) == 0 {
		r.unset = true
		return Outcome{}, true
	}
	if !r.skill.on(ch) {
		return refuse(CodeWrongChannel, fmt.Sprintf("the skill is not offered on %s", ch))
	}
	r.detail = string(ch)
	return Outcome{}, true
}

// 3: window. Business hours are judged by hours.go.
func (r *run) window(context.Context) (Outcome, bool) {
	if r.turn.Operator {
		r.detail = "does not apply to a test"
		return Outcome{}, true
	}
	now, agent := r.gate.Now(), r.turn.Agent
	if problem := agent.closedFor(r.skill, now); problem != "" {
		return refuse(CodeOutsideHours, problem)
	}
	want := map[string]callwright.BusinessHours{}
	if w := r.skill.AvailabilityWindow; w == "open" || w == "closed" {
		want[w] = agent.Agent.BusinessHours
	}
	for _, p := range of(agent.policies.opening, r.skill.SkillType) {
		h := callwright.BusinessHours{Timezone: p.Timezone, Weekly: p.Weekly}
		if len(p.Weekly) == 0 {
			h = agent.Agent.BusinessHours
		}
		if _, twice := want[cmp.Or(p.Window, "open")]; twice && len(p.Weekly) == 0 {
			continue
		}
		if out, ok := r.within(cmp.Or(p.Window, "open"), h, now); !ok {
			return out, false
		}
	}
	if len(want) == 0 && len(of(agent.policies.opening, r.skill.SkillType)) == 0 {
		r.unset = true
	}
	for w, h := range want {
		if out, ok := r.within(w, h, now); !ok {
			return out, false
		}
	}
	return Outcome{}, true
}

// within judges one window.
func (r *run) within(want string, hours callwright.BusinessHours, now time.Time) (Outcome, bool) {
	open, err := Open(hours, now)
	if err != nil {
		return refuse(CodeOutsideHours, "the business hours cannot be judged: "+err.Error())
	}
	state := "closed"
	if open {
		state = "open"
	}
	r.detail = "the business is " + state
	if state != want {
		return refuse(CodeOutsideHours, fmt.Sprintf("the skill is for when the business is %s; it is %s", want, state))
	}
	return Outcome{}, true
}

// 4: arguments.
func (r *run) arguments(context.Context) (Outcome, bool) {
	args, problems := r.skill.coerce(r.call.Arguments, r.turn.Agent.reading(r.gate.Now()))
	if len(problems) == 0 {
		problems = r.skill.real(args, r.turn)
	}
	if len(problems) > 0 {
		return Outcome{Kind: Ask, Problems: problems, Detail: describe(problems)}, false
	}
	encoded, err := json.Marshal(args) // sorts members
	if err != nil {
		return Outcome{Kind: Ask, Problems: []Problem{{Message: "must be a JSON object"}}, Detail: err.Error()}, false
	}
	r.args, r.encoded = args, encoded
	return Outcome{}, true
}

// 5: limits. Guardrails set them; an agent without guardrails has none.
func (r *run) limits(context.Context) (Outcome, bool) {
	if r.turn.Operator {
		r.detail = "does not apply to a test"
		return Outcome{}, true
	}
	p, s := r.turn.Agent.policies, r.skill
	for _, w := range of(p.writes, s.SkillType) {
		if slices.ContainsFunc(w.AlwaysEscalate, s.called) {
			return refuse(CodeMustEscalate, "the write_gate guardrail hands this over to a person")
		}
	}
	rates := of(p.rates, s.SkillType)
	if len(rates) == 0 {
		r.unset = len(of(p.writes, s.SkillType)) == 0
		return Outcome{}, true
	}
	c, now := r.turn.Conversation, callwright.At(r.gate.Now())
	for _, rate := range rates {
		if n := rate.PerMinute; n > 0 && len(since(c.Calls, now-60_000)) >= n {
			return refuse(CodeTooOften, fmt.Sprintf("the conversation has had %d skill calls in the last minute, which is the limit", n))
		}
		if n := rate.PerConversation; n > 0 && len(c.Calls) >= n {
			return refuse(CodeTooOften, fmt.Sprintf("the conversation has had %d skill calls, which is the limit", n))
		}
	}
	c.Calls = append(c.Calls, now)
	r.detail = fmt.Sprintf("call %d of the conversation", len(c.Calls))
	return Outcome{}, true
}

// since returns the instants after one.
func since(all []callwright.Time, after callwright.Time) []callwright.Time {
	i := len(all)
	for i > 0 && all[i-1] > after {
		i--
	}
	return all[i:]
}

// called reports whether an operator's list means the skill: by id, name or tool.
func (s *Skill) called(name string) bool {
	return name == string(s.ID) || name == s.Tool || strings.EqualFold(name, s.Name)
}

// NeedsConfirmation reports whether the caller confirms the read-back first.
func (a *Agent) NeedsConfirmation(s *Skill) bool {
	if s.Stakes == "high" || s.RequiresConfirmation || s.Stakes == "medium" && s.IsWrite {
		return true
	}
	return s.IsWrite && a.policies != nil && slices.ContainsFunc(of(a.policies.writes, s.SkillType), func(w WritePolicy) bool { return w.Confirm })
}

// Offer is a question whose plain yes runs a skill without arguments: the server has
// asked it in its own words.
func (g *Gate) Offer(t *Turn, s *Skill) *callwright.Confirmation {
	const none = `{}`
	return &callwright.Confirmation{SkillID: s.ID, Tool: s.Tool, Arguments: json.RawMessage(none), Hash: fingerprint(string(s.ID), none), Turn: t.Number, AskedAt: callwright.At(g.Now())}
}

// 7: confirmation. What was confirmed is bound to the skill and the exact
// arguments; any change asks again.
func (r *run) confirmation(context.Context) (Outcome, bool) {
	s := r.skill
	if !r.turn.Agent.NeedsConfirmation(s) {
		r.unset = true
		return Outcome{}, true
	}
	if r.turn.Operator {
		r.detail = "does not apply to a test"
		return Outcome{}, true
	}
	now, hash := r.gate.Now(), fingerprint(string(s.ID), string(r.encoded))
	if c := r.turn.Confirmed; c != nil && c.Hash == hash && now.Sub(c.AskedAt.Time()) <= confirmationExpires {
		r.detail = "confirmed by the caller's words"
		return Outcome{}, true
	}
	return Outcome{Kind: Confirm, Detail: "the caller is asked to confirm", Confirm: &callwright.Confirmation{
		SkillID: s.ID, Tool: s.Tool, Arguments: r.encoded, Hash: hash, Turn: r.turn.Number, AskedAt: callwright.At(now),
	}}, false
}

// 8: egress out.
func (r *run) egressOut(context.Context) (Outcome, bool) {
	if r.skill.verifies != nil && r.skill.verifies.Method == callwright.OTPSMS {
		return r.codeOut()
	}
	if len(r.skill.DataEgressMap) == 0 {
		r.fields, r.detail = r.args, fmt.Sprintf("%d parameters under their own names", len(r.args))
		return Outcome{}, true
	}
	fields, err := mapFields(r.skill.DataEgressMap, r.args, r.turn)
	if err != nil {
		return refuse(CodeSkillBroken, "dataEgressMap: "+err.Error())
	}
	r.fields, r.detail = fields, fmt.Sprintf("%d mapped fields", len(fields))
	return Outcome{}, true
}

// fingerprint hashes parts unambiguously.
func fingerprint(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil)[:20])
}
