package gate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"callwright"
	"callwright/internal/skill"
)

// Reasons of a refusal that are not errors of a system.
const (
	CodeUnknownSkill    callwright.Code = "unknown_skill"
	CodeSkillDisabled   callwright.Code = "skill_disabled"
	CodeSkillBroken     callwright.Code = "skill_unusable"
	CodeWrongChannel    callwright.Code = "channel_not_allowed"
	CodeOutsideHours    callwright.Code = "outside_window"
	CodeCannotVerify    callwright.Code = "verification_not_configured"
	confirmationExpires                 = 5 * time.Minute

	// maxRun bounds a run whatever its settings say, a little above the longest
	// timeout that a skill may set.
	maxRun = 65 * time.Second
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
	want, hours := r.skill.AvailabilityWindow, r.turn.Agent.Agent.BusinessHours
	if want == "" || want == "both" || r.turn.Operator {
		r.unset = true
		return Outcome{}, true
	}
	open, err := Open(hours, r.gate.Now())
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
	args, problems := r.skill.coerce(r.call.Arguments)
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
	r.unset = true
	return Outcome{}, true
}

// 6: identity. A skill that demands a verified caller is refused as long as
// nothing on this server can verify one: a rule that cannot be judged is not a
// rule that is met.
func (r *run) identity(context.Context) (Outcome, bool) {
	need := r.skill.VerificationLevel
	if (need == "" || need == "none") && r.skill.RequiresVerifiedIdentity {
		need = "basic"
	}
	if need == "" || need == "none" {
		r.unset = true
		return Outcome{}, true
	}
	if r.turn.Operator {
		r.detail = "does not apply to a test"
		return Outcome{}, true
	}
	return Outcome{Kind: Verify, Code: CodeCannotVerify,
		Detail: fmt.Sprintf("the skill needs a caller verified at level %s, and no verification method is configured", need)}, false
}

// 7: confirmation. What was confirmed is bound to the skill and the exact
// arguments; any change asks again.
func (r *run) confirmation(context.Context) (Outcome, bool) {
	s := r.skill
	need := s.Stakes == "high" || s.RequiresConfirmation || s.Stakes == "medium" && s.IsWrite
	if !need {
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

// 9: execute.
func (r *run) execute(ctx context.Context) (Outcome, bool) {
	now := r.gate.Now()
	r.record = callwright.Run{
		ID: callwright.NewID[callwright.RunID](now), OrganizationID: r.turn.Conversation.OrganizationID, ConversationID: r.turn.Conversation.ID,
		AgentID: r.turn.Agent.Agent.ID, SkillID: r.skill.ID, VersionID: r.turn.Conversation.VersionID, Turn: r.turn.Number,
		IsWrite: r.skill.IsWrite, State: callwright.RunRunning, StartedAt: callwright.At(now),
	}
	r.record.IdempotencyKey = r.intent()
	if prior, ok := r.turn.done[r.record.IdempotencyKey]; ok {
		r.record.ID, r.sent = prior.Run, prior.Sent
		r.detail = "the same call ran earlier in this turn; its answer stands"
		r.result = skill.Result{Data: prior.Result}
		return prior, prior.Kind == Done
	}
	if r.turn.DryRun {
		return r.send(ctx)
	}
	if ctx.Err() != nil {
		r.record.ID = ""
		return Outcome{Kind: Failed, Code: callwright.CodeUnavailable, Detail: "the turn was interrupted before anything was sent"}, false
	}
	prior, err := r.turn.Journal.Begin(ctx, r.record)
	if err != nil {
		r.gate.Log.ErrorContext(ctx, "journal a run before it leaves", "conversation", r.record.ConversationID, "skill", r.skill.ID, "error", err)
		r.record.ID = ""
		return Outcome{Kind: Failed, Code: callwright.CodeInternal, Detail: "the run could not be journalled, so nothing was sent"}, false
	}
	if prior != nil {
		return r.replay(*prior)
	}
	if r.skill.ToolMode == "one_way" {
		return r.detach(ctx)
	}
	out, ok := r.send(ctx)
	r.end(ctx, out, ok, r.turn.Journal.End)
	return out, ok
}

// intent names what the caller wants done: the same call in the same turn is the
// same intent, however often it is tried.
func (r *run) intent() string {
	c := r.turn.Conversation
	parts := []string{string(c.OrganizationID), string(c.ID), fmt.Sprint(r.turn.Number), string(r.skill.ID), string(r.encoded)}
	if r.turn.Operator {
		parts = append(parts, string(r.record.ID)) // every test is an intent of its own
	}
	return fingerprint(parts...)
}

// replay answers from the journal: the intent was begun before, by an attempt at
// this turn that died.
func (r *run) replay(prior callwright.Run) (Outcome, bool) {
	r.record = prior
	r.detail = "begun before this turn was resumed; not sent again"
	switch prior.State {
	case callwright.RunDone:
		r.result = skill.Result{Data: prior.Answer}
		return Outcome{Kind: Done, Result: prior.Answer}, true
	case callwright.RunFailed:
		return Outcome{Kind: Failed, Code: prior.Code}, false
	}
	return Outcome{Kind: Unknown, Code: callwright.CodeOutcomeUnknown, Detail: "the server stopped while it ran"}, false
}

// detach lets a one_way run go on by itself.
func (r *run) detach(ctx context.Context) (Outcome, bool) {
	own := *r
	r.gate.background.Go(func() {
		ctx := context.WithoutCancel(ctx)
		out, ok := own.send(ctx)
		if ok {
			_, ok = own.egressIn(ctx)
		}
		own.end(ctx, out, ok, own.gate.Late.EndRun)
	})
	return Outcome{Kind: Queued, Detail: "one_way: sent without waiting for the answer"}, false
}

// send executes and judges what came of it. A write runs to its end even when
// the turn is interrupted: half a write is the one thing nobody can repair.
func (r *run) send(ctx context.Context) (Outcome, bool) {
	if r.skill.IsWrite {
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, maxRun)
	defer cancel()
	c := r.turn.Conversation
	res, err := r.executed(ctx, skill.Call{
		Org: c.OrganizationID, Agent: r.turn.Agent.Agent.ID, Conversation: c.ID, Skill: r.skill.ID, Run: r.record.ID, Channel: c.Channel,
		Fields: r.fields, IdempotencyKey: r.record.IdempotencyKey, TraceParent: r.turn.TraceParent, DryRun: r.turn.DryRun,
	})
	r.sent, r.result = res.Request, res
	if err == nil {
		return Outcome{}, true
	}
	out := Outcome{Kind: Failed, Code: callwright.CodeOf(err), Detail: err.Error()}
	if e, ok := errors.AsType[*callwright.Error](err); ok {
		out.Detail = e.Message
	} else {
		r.gate.Log.ErrorContext(ctx, "executor failed with a foreign error", "skill", r.skill.ID, "error", err)
		out.Detail = "internal error; the log has the cause"
	}
	if r.skill.IsWrite && res.Sent && inDoubt(out.Code) {
		out.Kind = Unknown
	}
	return out, false
}

// executed calls the executor. One that panics must not take the server and all its
// conversations with it; what it had sent by then, nobody knows.
func (r *run) executed(ctx context.Context, call skill.Call) (res skill.Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.gate.Log.ErrorContext(ctx, "executor panicked", "skill", r.skill.ID, "panic", p, "stack", string(debug.Stack()))
			res.Sent, err = true, callwright.Errorf(callwright.CodeInternal, "The skill broke off on the server; the log has the cause.")
		}
	}()
	return r.skill.executor.Execute(ctx, call)
}

// inDoubt reports whether a write that was sent and failed so may have happened.
// A failure status and a redirect are the other side's own word that it did not.
func inDoubt(code callwright.Code) bool {
	return code != callwright.CodeRemoteStatus && code != callwright.CodeRedirect
}

func (r *run) end(ctx context.Context, out Outcome, ok bool, record func(context.Context, callwright.Run) error) {
	r.record.State, r.record.Answer = callwright.RunDone, r.result.Data
	if !ok {
		r.record.State, r.record.Code, r.record.Answer = callwright.RunFailed, out.Code, nil
		if out.Kind == Unknown {
			r.record.State = callwright.RunUnknown
		}
	}
	r.record.TookMs = ms(r.gate.Now().Sub(r.record.StartedAt.Time()))
	if ok && len(r.skill.AllowedFields) > 0 {
		// What the model may not see is not kept either.
		r.record.Answer = project(r.result.Data, r.skill.AllowedFields)
	}
	// The effect is there: its record must be, even when the caller has left.
	if err := record(context.WithoutCancel(ctx), r.record); err != nil {
		r.gate.Log.ErrorContext(ctx, "journal the outcome of a run", "run", r.record.ID, "error", err)
	}
}

// 10: egress in.
func (r *run) egressIn(context.Context) (Outcome, bool) {
	if len(r.skill.AllowedFields) == 0 {
		r.unset = true
		return Outcome{}, true
	}
	if r.turn.DryRun {
		r.detail = "nothing came in"
		return Outcome{}, true
	}
	r.result.Data = project(r.result.Data, r.skill.AllowedFields)
	r.detail = fmt.Sprintf("%d allowed fields", len(r.skill.AllowedFields))
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
