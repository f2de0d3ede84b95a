// Package gate stands between "the model asked" and "an executor ran". No rule
// about a skill lives in a prompt: all of them are the phases below, in one fixed
// order, and whatever a model claims, only what passes them all happens.
//
//	 1 find          the tool is a skill of this snapshot, enabled and available
//	 2 channel       the skill is offered on this channel
//	 3 window        business hours
//	 4 arguments     coerced and validated; missing ones are asked for
//	 5 limits        rates and counts
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

	// Late is told what became of one_way runs, which end after their turn.
	Late interface {
		EndRun(context.Context, callwright.Run) error
	}

	background sync.WaitGroup
}

// A Journal records runs durably. The gate calls it for one call at a time.
type Journal interface {
	// Begin records the intent before anything leaves. When a run with the same
	// idempotency key was recorded before, nothing is written and it is
	// returned: the intent was carried out, or may have been.
	Begin(context.Context, callwright.Run) (prior *callwright.Run, err error)

	// End records what became of a run.
	End(context.Context, callwright.Run) error
}

// A Turn is what the calls of one turn have in common.
type Turn struct {
	Agent        *Agent
	Conversation callwright.Conversation
	Number       int
	Journal      Journal
	TraceParent  string

	// Confirmed is what the caller's last words confirmed, or nil.
	Confirmed *callwright.Confirmation

	// Operator marks a call of the test action: an operator asks, so the rules
	// about callers (channel, window, limits, identity, confirmation) do not
	// apply. DryRun sends nothing.
	Operator bool
	DryRun   bool

	done map[string]Outcome // by idempotency key: the same call twice runs once
}

// A Call is what a model asks for. Nobody has checked any of it.
type Call struct {
	Tool      string
	Arguments json.RawMessage
}

// A Kind is one of the outcomes there are.
type Kind string

// The outcomes. The set is closed.
const (
	Done    Kind = "done"               // it ran
	Queued  Kind = "queued"             // it is running and nobody waits for it (one_way)
	Ask     Kind = "needs_input"        // arguments are missing or wrong
	Verify  Kind = "needs_verification" // the caller must be verified
	Confirm Kind = "needs_confirmation" // the caller must confirm
	Refused Kind = "refused"            // a rule does not allow it
	Failed  Kind = "failed"             // it ran, or could not, and had no effect to speak of
	Unknown Kind = "unknown"            // it may have had its effect; nobody can tell
)

// A Problem is one argument that is missing or wrong.
type Problem struct {
	Name    string
	Message string
	Missing bool
}

// An Outcome is what became of a call.
type Outcome struct {
	Kind      Kind
	Skill     *Skill                   // nil when there is none of that name
	Arguments json.RawMessage          // coerced, members sorted; as asked when never read
	Problems  []Problem                // with Ask
	Confirm   *callwright.Confirmation // with Confirm
	Code      callwright.Code          // with Refused, Failed, Unknown
	Detail    string                   // why, for the operator
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
	skill   *Skill
	args    map[string]any
	encoded json.RawMessage // args, members sorted
	fields  map[string]any  // what may leave
	record  callwright.Run
	result  skill.Result
	sent    json.RawMessage
	detail  string // of the current phase, for its line
	unset   bool   // the current phase has no rule to apply
}

type phase struct {
	name string
	// run decides; ok means the call goes on to the next phase.
	run func(*run, context.Context) (out Outcome, ok bool)
}

// phases is the order of the gate.
func phases() []phase {
	return []phase{
		{"find", (*run).find},
		{"channel", (*run).channel},
		{"window", (*run).window},
		{"arguments", (*run).arguments},
		{"limits", (*run).limits},
		{"identity", (*run).identity},
		{"confirmation", (*run).confirmation},
		{"egress_out", (*run).egressOut},
		{"execute", (*run).execute},
		{"egress_in", (*run).egressIn},
	}
}

// Run takes a call through the phases. It always returns an outcome: a broken
// journal is one too, with CodeInternal, because a call that cannot be journalled
// must not leave.
func (g *Gate) Run(ctx context.Context, t *Turn, call Call) Outcome {
	began := g.Now()
	r := &run{gate: g, turn: t, call: call}
	var lines []callwright.GateLine
	for _, p := range phases() {
		start := g.Now()
		r.detail, r.unset = "", false
		out, ok := p.run(r, ctx)
		line := callwright.GateLine{Phase: p.name, Outcome: "passed", Detail: r.detail, TookMs: ms(g.Now().Sub(start))}
		if r.unset {
			line.Outcome = "not_configured"
		}
		if !ok {
			line.Outcome = string(out.Kind)
			if line.Detail == "" {
				line.Detail = out.Detail
			}
		}
		lines = append(lines, line)
		if !ok {
			return r.finish(out, lines, began)
		}
	}
	return r.finish(Outcome{Kind: Done, Result: r.result.Data, Effect: r.result.Effect}, lines, began)
}

func (r *run) finish(out Outcome, lines []callwright.GateLine, began time.Time) Outcome {
	out.Skill, out.Lines, out.Run, out.Sent = r.skill, lines, r.record.ID, r.sent
	out.Arguments = r.encoded
	if out.Arguments == nil {
		out.Arguments = r.call.Arguments
	}
	out.Took = r.gate.Now().Sub(began)
	if r.record.IdempotencyKey != "" {
		if r.turn.done == nil {
			r.turn.done = map[string]Outcome{}
		}
		r.turn.done[r.record.IdempotencyKey] = out
	}
	return out
}

// Wait returns when no one_way run is under way, or ctx ends.
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
