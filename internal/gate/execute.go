package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"callwright"
	"callwright/internal/skill"
	"callwright/internal/strictjson"
)

// maxRun bounds a run whatever its settings say, a little above the longest timeout
// that a skill may set.
const maxRun = 65 * time.Second

// CodeReported is a failure that the system reported in an answer of success
// (failWhen).
const CodeReported callwright.Code = "reported_failure"

// prepare names the run.
func (r *run) prepare() {
	c, now := r.turn.Conversation, r.gate.Now()
	r.record = callwright.Run{
		ID: callwright.NewID[callwright.RunID](now), OrganizationID: c.OrganizationID, ConversationID: c.ID, AgentID: r.turn.Agent.Agent.ID,
		SkillID: r.skill.ID, VersionID: c.VersionID, Turn: r.turn.Number, CallID: r.call.ID, IsWrite: r.skill.IsWrite,
		State: callwright.RunRunning, StartedAt: callwright.At(now),
	}
	r.record.IdempotencyKey = r.intent()
}

// intent names what the caller wants done: the same call in the same turn is the
// same intent, however often it is tried.
func (r *run) intent() string {
	c := r.turn.Conversation
	parts := []string{string(c.OrganizationID), string(c.ID), fmt.Sprint(r.turn.Number), string(r.skill.ID), string(r.encoded)}
	if r.turn.Operator {
		own := r.turn.Intent
		if own == "" {
			own = string(r.record.ID) // every test is an intent of its own
		}
		parts = append(parts, own)
	}
	return fingerprint(parts...)
}

// perform sends calls that may run side by side, and takes them through the last
// two phases. Their intents are journalled together, and so are their outcomes.
func (g *Gate) perform(ctx context.Context, t *Turn, runs []*run) {
	if len(runs) == 0 {
		return
	}
	leaving := g.begin(ctx, t, runs)
	g.send(ctx, t, leaving)
	var ended []callwright.Run
	for _, r := range runs {
		if r.pass(ctx, phase{"execute", (*run).execute}) && r.pass(ctx, phase{"egress_in", (*run).egressIn}) {
			r.out = Outcome{Kind: Done, Result: r.result.Data, Effect: r.result.Effect}
			if t.Earlier == nil {
				t.Earlier = map[string][]json.RawMessage{}
			}
			t.Earlier[r.skill.Tool] = append(t.Earlier[r.skill.Tool], r.result.Data)
		}
		r.out.Took = g.Now().Sub(r.began)
		if t.done == nil {
			t.done = map[string]Outcome{}
		}
		t.done[r.record.IdempotencyKey] = r.finish()
		if slices.Contains(leaving, r) && r.out.Kind != Late {
			ended = append(ended, r.ended())
		}
	}
	if len(ended) == 0 || t.DryRun {
		return
	}
	// The effects are there: their record must be, even when the caller has left.
	if err := t.Journal.End(context.WithoutCancel(ctx), ended...); err != nil {
		g.Log.ErrorContext(ctx, "journal the outcome of runs", "run", ended[0].ID, "error", err)
	}
}

// begin finds the calls whose answer is there already, and journals the intents of
// the others. It returns those that are to be sent now.
func (g *Gate) begin(ctx context.Context, t *Turn, runs []*run) (leaving []*run) {
	for _, r := range runs {
		if !r.answered() {
			leaving = append(leaving, r)
		}
	}
	if len(leaving) == 0 || t.DryRun {
		return leaving
	}
	if ctx.Err() != nil {
		for _, r := range leaving {
			r.settle(Outcome{Kind: Failed, Code: callwright.CodeUnavailable, Detail: "the turn was interrupted before anything was sent"})
		}
		return nil
	}
	records := make([]callwright.Run, len(leaving))
	for i, r := range leaving {
		if r.skill.ToolMode == "one_way" && !t.Operator {
			r.queue()
		}
		records[i] = r.record
	}
	prior, err := t.Journal.Begin(ctx, records...)
	if err != nil {
		g.Log.ErrorContext(ctx, "journal runs before they leave", "conversation", t.Conversation.ID, "error", err)
		for _, r := range leaving {
			r.settle(Outcome{Kind: Failed, Code: callwright.CodeInternal, Detail: "the run could not be journalled, so nothing was sent"})
		}
		return nil
	}
	all := leaving
	leaving = nil
	for i, r := range all {
		switch {
		case i < len(prior) && prior[i] != nil:
			r.replay(*prior[i])
		case r.record.State == callwright.RunQueued:
			r.out, r.settled = Outcome{Kind: Queued, Detail: "one_way: it runs by itself, and nobody waits for the answer"}, true
		default:
			leaving = append(leaving, r)
		}
	}
	return leaving
}

// settle ends a run before anything was sent.
func (r *run) settle(out Outcome) { r.record.ID, r.out, r.settled = "", out, true }

// answered looks for an answer that makes sending unnecessary: that of the same call
// in this turn, or one that cacheSeconds keeps.
func (r *run) answered() bool {
	if prior, ok := r.turn.done[r.record.IdempotencyKey]; ok {
		r.record.ID, r.result = prior.Run, skill.Result{Data: prior.Result, Request: prior.Sent}
		r.detail = "the same call ran earlier in this turn; its answer stands"
		r.out, r.settled = prior, true
		return true
	}
	if r.turn.DryRun || r.skill.IsWrite || r.skill.common.CacheSeconds == 0 {
		return false
	}
	data, ok := r.gate.answers.get(r.cacheKey(), r.gate.Now())
	if !ok {
		return false
	}
	r.result, r.out, r.settled = skill.Result{Data: data}, Outcome{Kind: Done, Detail: "answered from the cache (cacheSeconds)"}, true
	r.record.ID = ""
	return true
}

func (r *run) cacheKey() string {
	raw, err := json.Marshal(r.fields)
	if err != nil {
		return ""
	}
	c := r.turn.Conversation
	return fingerprint(string(c.OrganizationID), string(r.skill.ID), string(r.skill.ExecutionConfig), string(raw))
}

// queue makes a run one that is sent by itself, from its journal.
func (r *run) queue() {
	raw, err := json.Marshal(r.fields)
	if err != nil {
		raw = json.RawMessage(`{}`)
	}
	r.record.State, r.record.Fields = callwright.RunQueued, raw
}

// replay answers from the journal: the intent was begun before, by an attempt at
// this turn that died.
func (r *run) replay(prior callwright.Run) {
	r.record, r.settled = prior, true
	r.record.CallID = r.call.ID
	const again = "begun before this turn was resumed; not sent again"
	switch prior.State {
	case callwright.RunDone:
		r.result = skill.Result{Data: prior.Answer}
		r.out = Outcome{Kind: Done, Result: prior.Answer, Detail: again}
	case callwright.RunFailed:
		r.out = Outcome{Kind: Failed, Code: prior.Code, Detail: again}
	case callwright.RunQueued:
		r.out = Outcome{Kind: Queued, Detail: again}
	default:
		r.out = Outcome{Kind: Unknown, Code: callwright.CodeOutcomeUnknown, Detail: "the server stopped while it ran"}
	}
}

// send runs the executors side by side and waits for them. When the turn is broken
// off, reads end with it; a write goes on by itself, and its end is recorded later.
func (g *Gate) send(ctx context.Context, t *Turn, runs []*run) {
	if len(runs) == 0 {
		return
	}
	var group sync.WaitGroup
	over := make(chan struct{})
	owners := make([]atomic.Bool, len(runs)) // whoever is first has the end of the run
	for i, r := range runs {
		group.Add(1)
		own := r.detached()
		g.background.Go(func() {
			result, out := own.attempts(ctx)
			if owners[i].CompareAndSwap(false, true) {
				r.result, r.out = result, out
				group.Done()
				return
			}
			own.result, own.out = result, out
			g.endLate(ctx, own)
		})
	}
	go func() { group.Wait(); close(over) }()
	stop := context.AfterFunc(ctx, func() {
		for i, r := range runs {
			if r.skill.IsWrite && owners[i].CompareAndSwap(false, true) {
				r.out = Outcome{Kind: Late, Detail: "the turn was broken off; the run goes on"}
				group.Done()
			}
		}
	})
	defer stop()
	if t.Running != nil && ctx.Err() == nil {
		skills := make([]*Skill, len(runs))
		for i, r := range runs {
			skills[i] = r.skill
		}
		t.Running(skills, over)
	}
	<-over
}

// RunQueued sends a run that a one_way call left in the journal, and returns its
// record as it ended. The caller has claimed it, and stores what is returned.
func (g *Gate) RunQueued(ctx context.Context, a *Agent, c callwright.Conversation, record callwright.Run) callwright.Run {
	r := &run{gate: g, turn: &Turn{Agent: a, Conversation: &c, Number: record.Turn}, skill: a.Skill(record.SkillID), record: record, began: g.Now()}
	fields, err := strictjson.Object(record.Fields)
	if err != nil || r.skill == nil || r.skill.broken != nil {
		r.out = Outcome{Kind: Failed, Code: CodeSkillBroken}
		return r.ended()
	}
	r.fields = fields
	r.result, r.out = r.attempts(ctx)
	if r.pass(ctx, phase{"execute", (*run).execute}) && r.pass(ctx, phase{"egress_in", (*run).egressIn}) {
		r.out = Outcome{Kind: Done}
	}
	return r.ended()
}

// detached is a copy of the run that may outlive its turn.
func (r *run) detached() *run {
	own, turn, conv := *r, *r.turn, *r.turn.Conversation
	conv.Vars = maps.Clone(conv.Vars)
	turn.Conversation, turn.done = &conv, nil
	own.turn, own.lines = &turn, nil
	return &own
}

// endLate records the end of a run whose turn has left.
func (g *Gate) endLate(ctx context.Context, r *run) {
	if r.pass(ctx, phase{"execute", (*run).execute}) && r.pass(ctx, phase{"egress_in", (*run).egressIn}) {
		r.out = Outcome{Kind: Done}
	}
	if err := g.Late.EndRun(context.WithoutCancel(ctx), r.ended()); err != nil {
		g.Log.ErrorContext(ctx, "journal the outcome of a late run", "run", r.record.ID, "error", err)
	}
}

// attempts sends until it succeeds, may not be tried again, or has no time left. The
// outcome has no Kind when it succeeded.
func (r *run) attempts(ctx context.Context) (skill.Result, Outcome) {
	if r.skill.IsWrite {
		ctx = context.WithoutCancel(ctx) // half a write is the one thing nobody can repair
	}
	ctx, cancel := context.WithTimeout(ctx, r.skill.budget())
	defer cancel()
	var tried []string
	for n := 1; ; n++ {
		result, out := r.attempt(ctx)
		if r.postponable(out, result.Later) {
			out.Kind = Queued
			return result, out
		}
		if out.Kind == "" || !r.skill.again(n, out, result) || r.turn.DryRun {
			return result, told(out, tried)
		}
		tried = append(tried, string(out.Code))
		pause := max(backoff(n), result.RetryAfter)
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= pause {
			return result, told(out, tried[:n-1])
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return result, told(out, tried[:n-1])
		}
	}
}

// told mentions the attempts before the last one.
func told(out Outcome, tried []string) Outcome {
	if len(tried) == 0 {
		return out
	}
	out.Detail = strings.TrimSpace(fmt.Sprintf("attempt %d, after %s. %s", len(tried)+1, strings.Join(tried, ", "), out.Detail))
	return out
}

// backoff is how long to wait after the nth attempt: short, since a caller waits.
func backoff(n int) time.Duration {
	base := 50 * time.Millisecond << (n - 1)
	return base + rand.N(base)
}

// budget is how long all attempts may take together.
func (s *Skill) budget() time.Duration {
	if t, ok := s.executor.(skill.Timed); ok && s.ErrorHandling == nil {
		return min(t.Timeout(), maxRun)
	}
	return maxRun
}

// again reports whether a failure may be followed by another attempt: a read, or a
// write whose receiver is declared to tell repeated requests apart.
func (s *Skill) again(attempt int, out Outcome, result skill.Result) bool {
	if s.IsWrite && !s.idempotent {
		return false
	}
	retries, on := 1, []string{"network", "429", "5xx"}
	if h := s.ErrorHandling; h != nil {
		retries = h.Retries
		if on = h.RetryOn; len(on) == 0 {
			on = []string{"timeout", "network", "429", "5xx"}
		}
	}
	return attempt <= retries && slices.Contains(on, failureClass(out.Code, result.Status))
}

// failureClass is a failure in the words of errorHandling.retryOn.
func failureClass(code callwright.Code, status int) string {
	switch {
	case code == callwright.CodeTimeout:
		return "timeout"
	case code == callwright.CodeUnreachable, code == callwright.CodeConnection:
		return "network"
	case status == 429:
		return "429"
	case status >= 500:
		return "5xx"
	}
	return ""
}

// attempt executes once and judges what came of it.
func (r *run) attempt(ctx context.Context) (skill.Result, Outcome) {
	c := r.turn.Conversation
	call := skill.Call{Org: c.OrganizationID, Agent: r.turn.Agent.Agent.ID, Conversation: c.ID, Skill: r.skill.ID, Run: r.record.ID, Channel: c.Channel,
		Fields: r.fields, Vars: vars(c), CallerPhone: c.Caller.Phone, Region: region(r.turn.Agent.Agent), OneTime: r.code != "", Write: r.skill.IsWrite, IdempotencyKey: r.record.IdempotencyKey, TraceParent: r.turn.TraceParent, DryRun: r.turn.DryRun}
	result, err := r.executed(ctx, call)
	if err == nil {
		return result, Outcome{}
	}
	out := Outcome{Kind: Failed, Code: callwright.CodeOf(err), Detail: err.Error(), NotFound: result.Status == http.StatusNotFound || result.Status == http.StatusGone}
	if e, ok := errors.AsType[*callwright.Error](err); ok {
		out.Detail = e.Message
	} else {
		r.gate.Log.ErrorContext(ctx, "executor failed with a foreign error", "skill", r.skill.ID, "error", err)
		out.Detail = "internal error; the log has the cause"
	}
	if r.skill.IsWrite && result.Sent && inDoubt(out.Code) {
		out.Kind = Unknown
	}
	if problems := r.mistakes(err); len(problems) > 0 && !result.Sent {
		out.Kind, out.Problems = Ask, problems
	}
	if ruled(out.Code) && !result.Sent {
		out.Kind = Refused
	}
	return result, out
}

// mistakes are what an executor finds wrong with arguments, such as an address that
// could be in several cities: only it could tell, and the caller is asked again.
func (r *run) mistakes(err error) []Problem {
	e, ok := errors.AsType[*callwright.Error](err)
	if !ok || e.Code != callwright.CodeValidation {
		return nil
	}
	var problems []Problem
	for _, f := range e.Fields {
		if slices.Contains(r.skill.ParameterNames(), f.Field) {
			problems = append(problems, Problem{Name: f.Field, Message: f.Message, Plain: true})
		}
	}
	return problems
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

// ruled reports whether an executor did not fail but was not allowed, by a rule that only
// it can judge.
func ruled(code callwright.Code) bool {
	return code == callwright.CodeOptedOut || code == callwright.CodeTextLimit
}

// inDoubt reports whether a write that was sent and failed so may have happened.
// A failure status and a redirect are the other side's own word that it did not.
func inDoubt(code callwright.Code) bool {
	return code != callwright.CodeRemoteStatus && code != callwright.CodeRedirect
}

func vars(c *callwright.Conversation) map[string]any {
	if len(c.Vars) == 0 {
		return nil
	}
	out := map[string]any{}
	for name, raw := range c.Vars {
		if v, err := strictjson.Value(raw); err == nil {
			out[name] = v
		}
	}
	return out
}

// 9: execute. By now the run has been sent, or was answered without.
func (r *run) execute(ctx context.Context) (Outcome, bool) {
	r.detail = r.out.Detail
	r.hideCode()
	switch {
	case r.settled && r.out.Kind == Done:
		return r.out, true
	case r.settled || r.out.Kind != "" || r.turn.DryRun:
		return r.out, r.turn.DryRun && r.out.Kind == ""
	}
	if f := r.skill.common.FailWhen; f != nil && r.says(f) {
		return Outcome{Kind: Failed, Code: CodeReported, Detail: fmt.Sprintf("the answer has %s = %v, which failWhen calls a failure", f.Path, f.Equals)}, false
	}
	if to, ok := r.result.Effect.(skill.Transfer); ok {
		kept, problem := r.turn.Agent.Handoff(to, r.gate.Now())
		if problem != "" {
			return refuse(CodeNoHandoff, problem)
		}
		r.result.Effect = kept
	}
	if r.skill.verifies != nil && !r.turn.Operator {
		return r.judge()
	}
	return Outcome{}, true
}

// says reports whether the answer is one that failWhen describes.
func (r *run) says(f *skill.FailWhen) bool {
	v, err := strictjson.Value(r.result.Data)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(at(v, f.Path), func(v any) bool { return same(v, f.Equals) })
}

// ended is the record of a run that is over.
func (r *run) ended() callwright.Run {
	if r.out.Kind == Queued {
		return r.postponed()
	}
	e := r.record
	e.Fields, e.NextAt = nil, 0
	e.State, e.Answer = callwright.RunDone, r.result.Data
	switch r.out.Kind {
	case Done:
	case Ask, Refused:
		if r.verdict != nil { // it ran, and said no
			e.Answer = json.RawMessage(`{"verified":false}`)
			break
		}
		e.State, e.Code, e.Answer = callwright.RunFailed, r.out.Code, nil
	case Unknown:
		e.State, e.Code, e.Answer = callwright.RunUnknown, r.out.Code, nil
	default:
		e.State, e.Code, e.Answer = callwright.RunFailed, r.out.Code, nil
	}
	e.TookMs = ms(r.gate.Now().Sub(e.StartedAt.Time()))
	return e
}

// 10: egress in.
func (r *run) egressIn(context.Context) (Outcome, bool) {
	if r.turn.DryRun {
		r.detail = "nothing came in"
		return Outcome{}, true
	}
	if r.settled && r.turn.done[r.record.IdempotencyKey].Kind == Done && r.record.ID != "" {
		r.unset = true // it came in when it ran
		return Outcome{}, true
	}
	raw := r.result.Data
	if !r.settled && r.skill.common.CacheSeconds > 0 && !r.skill.IsWrite {
		r.gate.answers.put(r.cacheKey(), raw, r.gate.Now().Add(time.Duration(r.skill.common.CacheSeconds)*time.Second))
	}
	var said []string
	keep := func(fields []string) {
		if len(fields) > 0 {
			r.result.Data = project(r.result.Data, fields)
			said = append(said, fmt.Sprintf("%d allowed fields", len(fields)))
		}
	}
	keep(r.skill.AllowedFields)
	for _, p := range of(r.turn.Agent.policies.fields, r.skill.SkillType) {
		keep(p.Fields)
	}
	if !r.turn.Operator && !r.turn.Conversation.Identity.Verified(callwright.At(r.gate.Now())) {
		for _, p := range of(r.turn.Agent.policies.disclose, r.skill.SkillType) {
			kept, dropped := without(r.result.Data, p.Fields)
			r.result.Data = kept
			if dropped > 0 {
				said = append(said, fmt.Sprintf("%d fields kept back from a caller who is not verified", dropped))
			}
		}
	}
	if names := r.skill.common.Response; len(names) > 0 {
		// Last, so that a new name takes nothing past a rule about the old one.
		r.result.Data = renamed(r.result.Data, names)
		said = append(said, fmt.Sprintf("%d names of response", len(names)))
	}
	r.remember(raw)
	r.detail, r.unset = strings.Join(said, "; "), len(said) == 0
	return Outcome{}, true
}

// remember keeps values of the whole answer: what the agent may not say, a later
// skill may still need.
func (r *run) remember(raw json.RawMessage) {
	if len(r.skill.common.Remember) == 0 || r.turn.Operator {
		return
	}
	v, err := strictjson.Value(raw)
	if err != nil {
		return
	}
	c := r.turn.Conversation
	for name, path := range r.skill.common.Remember {
		var kept any
		switch found := at(v, path); len(found) {
		case 0:
			continue
		case 1:
			kept = found[0]
		default:
			kept = found
		}
		value, err := json.Marshal(kept)
		if err != nil {
			continue
		}
		if c.Vars == nil {
			c.Vars = map[string]json.RawMessage{}
		}
		c.Vars[name] = value
	}
}
