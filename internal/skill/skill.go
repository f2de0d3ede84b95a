// Package skill is the contract between the server and the systems that skills
// reach: a Kind is everything the product knows about one skill type, an
// Executor is one skill's settings ready to run.
//
// It holds no rule about who may run what: by the time an Executor is called the
// gate has checked, coerced and mapped everything. It is implemented by the
// folders below it, tested by skilltest, called by gate and control.
package skill

import (
	"context"
	"encoding/json"
	"maps"
	"time"

	"callwright"
)

// An Executor runs one configured skill. It may be called concurrently.
//
// Execute sends call.Fields to the skill's system and returns what came back.
// It respects the deadline of ctx and the shorter one of its own settings, makes
// at most one attempt, and holds no goroutine or connection in use when it
// returns. A failure is a *callwright.Error whose Message is safe to show to an
// operator and free of secrets; the Result's Request is filled even then, if the
// request had been built. With call.DryRun nothing is sent: only Request is
// filled.
type Executor interface {
	Execute(ctx context.Context, call Call) (Result, error)
}

// A Call is one permitted run.
type Call struct {
	Org          callwright.OrgID
	Agent        callwright.AgentID
	Conversation callwright.ConversationID
	Skill        callwright.SkillID
	Run          callwright.RunID
	Channel      callwright.Channel

	// Fields is what may leave: the outgoing fields of the egress map, or the
	// validated parameters under their own names. Values are string, bool, nil,
	// json.Number, []any or map[string]any.
	Fields map[string]any

	// Vars is what earlier skills of the conversation remembered, for {vars.name}
	// in templates.
	Vars map[string]any

	// CallerPhone is the number that the caller calls from, or gave at the beginning;
	// empty when it is not known. It is for deciding on this server, and does not leave
	// unless the egress map says so.
	CallerPhone string

	// Region is the country (ISO 3166) of the agent's callers: where a telephone number
	// without a country is.
	Region string

	// OneTime tells that the fields carry a one-time code.
	OneTime bool

	// Write tells that the skill is marked as one that changes something.
	Write bool

	// IdempotencyKey is the same for every attempt at one intent.
	IdempotencyKey string

	// TraceParent is the W3C trace context of the turn, or empty.
	TraceParent string

	// DryRun asks for the request that would leave, and sends nothing.
	DryRun bool
}

// Values is what templates may use: the fields under their names, and what was
// remembered under vars.name.
func (c Call) Values() map[string]any {
	if len(c.Vars) == 0 {
		return c.Fields
	}
	all := maps.Clone(c.Fields)
	if all == nil {
		all = map[string]any{}
	}
	for name, v := range c.Vars {
		all["vars."+name] = v
	}
	return all
}

// A Result is what came back.
type Result struct {
	// Data is the answer as JSON, numbers kept exact.
	Data json.RawMessage

	// Effect is something the channel must do now, or nil.
	Effect Effect

	// Request describes what left (or would leave) with every secret masked. It
	// is for the operator's receipt, never for the model.
	Request json.RawMessage

	// Sent tells, when Execute fails, whether the request may have reached the
	// other side: false means it certainly had no effect.
	Sent bool

	// Status is the failure status that the other side answered with, in the
	// terms of HTTP; 0 when there is none. RetryAfter is how long it asked to
	// wait.
	Status     int
	RetryAfter time.Duration

	// Later tells, when Execute fails, that nothing happened and that the other side
	// is to be asked again in a while, which may be hours: the run waits in the
	// journal, and is repeated with the same key by whichever server is there.
	Later bool
}

// An Effect is a value that the channel performs: executors hold no call, no
// socket and no session.
type Effect interface{ effect() }

// Transfer hands the caller over to a number (E.164) or SIP URI.
type Transfer struct {
	To   string
	Warm bool
}

// EndConversation ends the call or chat after what is being said.
type EndConversation struct{}

// TakeMessage stores a message for the business.
type TakeMessage struct{ Text string }

// RepeatLast says the agent's last sentence again.
type RepeatLast struct{}

func (Transfer) effect()        {}
func (EndConversation) effect() {}
func (TakeMessage) effect()     {}
func (RepeatLast) effect()      {}

// A TemplateRef is one {name} in a setting.
type TemplateRef struct{ Setting, Name string }

// A Templater is an Executor whose settings hold {name} templates. Control
// refuses a skill whose templates name a field that never leaves.
type Templater interface{ TemplateRefs() []TemplateRef }

// A Literal is a secret written in clear in a setting: its place in the
// settings and the only host it may be sent to. Control moves it into the
// secrets store and leaves {{secret.NAME}} in its place, so that it is never
// stored or answered in clear.
type Literal struct {
	Path []string
	Host string
}

// A Secretive settings struct tells which of its settings are secrets. A setting
// that already names a stored secret is listed too; control looks at the value.
type Secretive interface{ Literals() []Literal }

// A Normalizer settings struct brings itself to the form in which it is kept and
// answered: a telephone number to E.164.
type Normalizer interface{ Normalized() any }

// A Connected Executor tells the name of the connection that it runs on. Control
// refuses a skill whose connection does not exist.
type Connected interface{ Connection() string }

// An Effective Executor always changes something, whatever the skill says of itself: the
// gate takes it for a write.
type Effective interface{ Effective() }

// A Timed Executor tells how long a run may take at most, all attempts together.
type Timed interface{ Timeout() time.Duration }

// A Destined Executor tells where it sends data: a host, an address, a name of a
// system, as a person reads it.
type Destined interface{ Destination() string }
