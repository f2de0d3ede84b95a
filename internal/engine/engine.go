// Package engine runs one turn of a conversation: the caller's words in; a model,
// the skills it asks for and the gate in between; words and events out.
//
//  1. The turn begins: the words and the turn are journalled in one transaction.
//  2. If the last turn ended with a question for confirmation, the caller's own
//     words answer it: a plain yes runs exactly what was asked, a plain no drops
//     it, anything else drops it too and goes to the model.
//  3. The model speaks and asks for skills, at most eight times in a turn. Its
//     text goes out as it arrives. Each call goes through the gate, and what
//     became of it goes back to the model through one table (words.go).
//  4. A call that needs confirmation ends the turn with a question that the
//     engine words itself: no model can claim to have asked.
//  5. The turn ends: what was said is journalled with the rest.
//
// A turn whose server died is resumed from its journal: what was said stays said,
// what had left is not sent again.
//
// The engine knows no channel. It is called by webchat (and phone); it never
// calls control.
package engine

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"callwright"
	"callwright/internal/gate"
	"callwright/internal/llm"
	"callwright/internal/secret"
	"callwright/internal/skill"
	"callwright/internal/store"
)

// An Engine runs turns, of any number of conversations at once. Its fields are
// set once, before use.
type Engine struct {
	Store *store.DB
	Gate  *gate.Gate
	Kinds map[callwright.SkillType]skill.Kind
	Now   func() time.Time
	Log   *slog.Logger

	// Models returns the models that are asked for an agent's answers, in their order
	// until one gives it: the agent's own first. ok is false when this server has no
	// provider for that.
	Models func(context.Context, callwright.Agent) (order []Model, ok bool)

	// Cost returns what a request to a model cost, in US dollars; nil: nothing is known.
	Cost func(model string, used llm.Usage) float64

	// Fallback is asked when all of them gave none. It needs no network and costs
	// nothing.
	Fallback Model

	// Patience is how long a caller waits for a model's first word before the agent
	// asks for a moment; 0: it never does.
	Patience time.Duration

	Budget Budget

	mu        sync.Mutex
	open      map[callwright.OrgID]store.Used // what turns under way have used, or may be using, and not stored
	compiled  map[string]*gate.Agent
	latencies durations
	queued    chan struct{} // a run waits to be sent; see Work
}

// A Model is a language model under its name.
type Model struct {
	Name  string        // provider/model
	Local string        // the provider's own name for it, or ""
	Key   secret.String // see llm.Request
	Tools int           // how many tools it is offered at most; 0: all
	llm.Model
}

// maxCompiled bounds the agents that are kept ready.
const maxCompiled = 2000

// Agent returns an agent ready to run: a version, or the draft when version is
// empty.
func (e *Engine) Agent(ctx context.Context, org callwright.OrgID, id callwright.AgentID, version callwright.VersionID) (*gate.Agent, error) {
	if version != "" {
		return e.ready(ctx, "v:"+string(org)+":"+string(version), func() (callwright.Snapshot, error) {
			v, err := e.Store.Version(ctx, org, version)
			return v.CompiledConfig, err
		})
	}
	snap, err := e.Store.Draft(ctx, org, id)
	if err != nil {
		return nil, err
	}
	key := "d:" + string(id) + ":" + snap.Agent.UpdatedAt.String() + ":" + itoa(snap.Agent.Version)
	return e.ready(ctx, key, func() (callwright.Snapshot, error) { return snap, nil })
}

// ready compiles once per key. A version never changes and a draft's key counts
// its changes, so nothing kept is ever stale.
func (e *Engine) ready(ctx context.Context, key string, load func() (callwright.Snapshot, error)) (*gate.Agent, error) {
	e.mu.Lock()
	a := e.compiled[key]
	e.mu.Unlock()
	if a != nil {
		return a, nil
	}
	snap, err := load()
	if err != nil {
		return nil, err
	}
	a = gate.Compile(snap, e.Kinds)
	ids := make([]callwright.SkillID, len(snap.Skills))
	for i, sk := range snap.Skills {
		ids[i] = sk.ID
	}
	took, err := e.Store.Latencies(ctx, a.Agent.OrganizationID, ids)
	if err != nil {
		return nil, err
	}
	for id, ms := range took {
		e.latencies.add(id, time.Duration(ms)*time.Millisecond)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.compiled == nil {
		e.compiled = map[string]*gate.Agent{}
	}
	for k := range e.compiled {
		if len(e.compiled) < maxCompiled {
			break
		}
		delete(e.compiled, k) // any one: it is made again when needed
	}
	e.compiled[key] = a
	return a, nil
}

// An Event is what a turn tells its channel while it runs.
type Event interface{ event() }

// Say is a piece of what the agent says, as it arrives. Pieces with one MessageID
// make one message.
type Say struct {
	MessageID callwright.MessageID
	Text      string
}

// Recorded is an event of the journal.
type Recorded struct{ callwright.Event }

// Effect is something the channel must do.
type Effect struct{ skill.Effect }

// Ended is the last event of a turn that reached its end.
type Ended struct{ Conversation callwright.Conversation }

func (Say) event()      {}
func (Recorded) event() {}
func (Effect) event()   {}
func (Ended) event()    {}
