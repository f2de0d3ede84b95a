// Package gate stands between "the model asked" and "an executor ran". No rule
// about a skill lives in a prompt: all of them are the phases below, in one fixed
// order, and whatever a model claims, only what passes them all happens.
//
//	 1 find          the tool is a skill of this snapshot, enabled and available
//	 2 channel       the skill is offered on this channel
//	 3 window        business hours
//	 4 arguments     coerced and validated; missing ones are asked for
//	 5 limits        rates and counts, and what is never done by the agent itself
//	 6 identity      the caller is verified as the skill demands
//	 7 confirmation  the caller's own words confirmed exactly these arguments
//	 8 egress out    only mapped fields leave
//	 9 execute       journal the intent, send, journal the outcome
//	10 egress in     only allowed fields come in
//
// Each phase writes one line of the receipt. A phase that an operator set no rule
// for writes "not_configured" and lets the call pass; one whose rule cannot be
// judged refuses it.
//
// Reads that a model asks for together run side by side; a write, a skill that is
// nonParallelizable and one that verifies callers run alone, after what was asked
// for before them and before what comes after.
//
// The gate never speaks: engine turns outcomes into words. It is called by engine
// for conversations and by control for the test action.
package gate

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"callwright"
	"callwright/internal/skill"
)

// A Gate runs calls. Its fields are set once, before use.
type Gate struct {
	Now func() time.Time
	Log *slog.Logger

	// Late is told what became of runs that end after their turn.
	Late interface {
		EndRun(context.Context, callwright.Run) error
	}

	background sync.WaitGroup
	answers    cache
}

// A Journal records runs durably. The gate calls it from one goroutine at a time.
type Journal interface {
	// Begin records intents before anything leaves, all or none. When a run with
	// the same idempotency key was recorded before, it is returned in its place
	// and not written: the intent was carried out, or may have been.
	Begin(context.Context, ...callwright.Run) (prior []*callwright.Run, err error)

	// End records what became of runs. What became of writes is durable when it
	// returns; reads may wait for what is recorded next.
	End(context.Context, ...callwright.Run) error
}

// A Turn is what the calls of one turn have in common.
type Turn struct {
	Agent   *Agent
	Number  int
	Journal Journal

	// Conversation is the state of the conversation. The gate changes what it
	// knows of the caller's identity, what skills remembered, and the count of
	// calls; the caller stores it.
	Conversation *callwright.Conversation

	TraceParent string

	// Confirmed is what the caller's last words confirmed, or nil.
	Confirmed *callwright.Confirmation

	// Earlier has the results of earlier runs of the conversation by tool, as the
	// model saw them.
	Earlier map[string][]json.RawMessage

	// Running, when set, is called while skills run, in the goroutine of Run; it
	// returns when over is closed.
	Running func(skills []*Skill, over <-chan struct{})

	// Operator marks a call of the test action: an operator asks, so the rules
	// about callers (channel, window, limits, identity, confirmation) do not
	// apply. DryRun sends nothing.
	Operator bool
	DryRun   bool

	// Intent, when set, names the intent instead of the turn: an operator's
	// repeated request.
	Intent string

	done map[string]Outcome // by idempotency key: the same call twice runs once
}

// A Call is what a model asks for. Nobody has checked any of it.
type Call struct {
	ID        string // the model's, for the journal
	Tool      string
	Arguments json.RawMessage
}

// A Kind is one of the outcomes there are.
type Kind string

// The outcomes. The set is closed.
const (
	Done    Kind = "done"               // it ran
	Queued  Kind = "queued"             // it will run and nobody waits for it (one_way)
	Ask     Kind = "needs_input"        // arguments are missing or wrong
	Verify  Kind = "needs_verification" // the caller must be verified
	Confirm Kind = "needs_confirmation" // the caller must confirm
	Refused Kind = "refused"            // a rule does not allow it
	Failed  Kind = "failed"             // it ran, or could not, and had no effect to speak of
	Unknown Kind = "unknown"            // it may have had its effect; nobody can tell
	Late    Kind = "late"               // the turn was broken off while it runs; its end will be known
)

// A Problem is one argument that is missing or wrong.
type Problem struct {
	Name    string
	Message string
	Missing bool
	Plain   bool // Message may be said to a caller, behind the parameter's label
}

// An Outcome is what became of a call.
type Outcome struct {
	Kind      Kind
	Skill     *Skill                   // nil when there is none of that name
	Arguments json.RawMessage          // coerced, members sorted; as asked when never read
	Problems  []Problem                // with Ask
	Confirm   *callwright.Confirmation // with Confirm
	Verify    *Demand                  // with Verify
	Verified  *Verdict                 // what a skill that verifies callers found
	Code      callwright.Code          // with Refused, Failed, Unknown
	Detail    string                   // why, for the operator
	NotFound  bool                     // with Failed: the other side has nothing under these arguments
	Result    json.RawMessage          // with Done: what the model may see
	Effect    skill.Effect             // with Done: for the channel, or nil
	Run       callwright.RunID         // set once it was journalled
	Sent      json.RawMessage          // what left, secrets masked
	Took      time.Duration            // from the call to its answer
	Lines     []callwright.GateLine
}

// run is one call on its way through the phases.
type run struct {
	gate    *Gate
	turn    *Turn
	call    Call
	began   time.Time
	skill   *Skill
	args    map[string]any
	encoded json.RawMessage // args, members sorted
	fields  map[string]any  // what may leave
	code    string          // one-time code that leaves with them
	record  callwright.Run
	result  skill.Result
	out     Outcome
	lines   []callwright.GateLine
	detail  string // of the current phase, for its line
	unset   bool   // the current phase has no rule to apply
	settled bool   // the outcome is there without sending anything
	verdict *Verdict
}

type phase struct {
	name string
	// run decides; ok means the call goes on to the next phase.
	run func(*run, context.Context) (out Outcome, ok bool)
}

// admission is the order of the gate before anything leaves; execute and egress_in
// follow.
func admission() []phase {
	return []phase{
		{"find", (*run).find},
		{"channel", (*run).channel},
		{"window", (*run).window},
		{"arguments", (*run).arguments},
		{"limits", (*run).limits},
		{"identity", (*run).identity},
		{"confirmation", (*run).confirmation},
		{"egress_out", (*run).egressOut},
	}
}

// maxParallel bounds the skills that run side by side in one conversation.
const maxParallel = 8

// CodeOneAtATime refuses a call that came together with one that the caller is
// being asked to confirm.
const CodeOneAtATime callwright.Code = "confirmation_pending"

// Run takes calls through the phases, in their order. It always returns one outcome
// for each: a broken journal is one too, with CodeInternal, because a call that
// cannot be journalled must not leave.
func (g *Gate) Run(ctx context.Context, t *Turn, calls ...Call) []Outcome {
	all := make([]*run, len(calls))
	var together []*run
	perform := func() {
		g.perform(ctx, t, together)
		together = nil
	}
	asked := false
	for i, c := range calls {
		r := &run{gate: g, turn: t, call: c, began: g.Now()}
		all[i] = r
		if asked {
			r.out, _ = refuse(CodeOneAtATime, "one confirmation at a time")
			continue
		}
		if r.alone() {
			perform()
		}
		if !r.admit(ctx) {
			asked = r.out.Kind == Confirm
			continue
		}
		for _, other := range together {
			if other.record.IdempotencyKey == r.record.IdempotencyKey {
				perform() // the same call: its answer is there then
				break
			}
		}
		together = append(together, r)
		if r.alone() || len(together) == maxParallel {
			perform()
		}
	}
	perform()
	outs := make([]Outcome, len(all))
	for i, r := range all {
		outs[i] = r.finish()
	}
	return outs
}

// alone reports whether nothing may run beside the call.
func (r *run) alone() bool {
	s := r.turn.Agent.byTool[r.call.Tool]
	return s == nil || s.IsWrite || s.NonParallelizable || s.verifies != nil || s.ToolMode == "one_way" || s.SkillType == callwright.Builtin || s.SkillType == callwright.TransferCall
}

// admit takes a call through the phases before anything leaves.
func (r *run) admit(ctx context.Context) bool {
	for _, p := range admission() {
		if !r.pass(ctx, p) {
			return false
		}
	}
	r.prepare()
	return true
}

// pass takes a call through one phase and writes its line.
func (r *run) pass(ctx context.Context, p phase) bool {
	start := r.gate.Now()
	r.detail, r.unset = "", false
	out, ok := p.run(r, ctx)
	line := callwright.GateLine{Phase: p.name, Outcome: "passed", Detail: r.detail, TookMs: ms(r.gate.Now().Sub(start))}
	if r.unset {
		line.Outcome = "not_configured"
	}
	if !ok {
		line.Outcome = string(out.Kind)
		if line.Detail == "" {
			line.Detail = out.Detail
		}
		r.out = out
	}
	r.lines = append(r.lines, line)
	return ok
}

func (r *run) finish() Outcome {
	out := r.out
	out.Skill, out.Lines, out.Run, out.Sent, out.Verified = r.skill, r.lines, r.record.ID, r.result.Request, r.verdict
	out.Arguments = r.encoded
	if out.Arguments == nil {
		out.Arguments = r.call.Arguments
	}
	if r.skill != nil && r.skill.Private() && !r.turn.Operator {
		out.Arguments, out.Sent = Masked(out.Arguments), nil
	}
	if out.Took == 0 {
		out.Took = r.gate.Now().Sub(r.began)
	}
	return out
}

// Wait returns when nothing that outlived its turn is under way, or ctx ends.
func (g *Gate) Wait(ctx context.Context) error {
	idle := make(chan struct{})
	go func() { g.background.Wait(); close(idle) }()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func refuse(code callwright.Code, detail string) (Outcome, bool) {
	return Outcome{Kind: Refused, Code: code, Detail: detail}, false
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
