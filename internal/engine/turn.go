package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"callwright"
	"callwright/internal/gate"
	"callwright/internal/llm"
	"callwright/internal/store"
)

const (
	maxSteps = 8 // model answers in one turn
	maxCalls = 8 // skill calls in one turn

	maxRepairs = 2 // answers with arguments that cannot be used, before the caller is asked
)

// CodeTooManyCalls refuses a call beyond the limit of a turn.
const CodeTooManyCalls callwright.Code = "too_many_calls"

// Input is what begins a turn.
type Input struct {
	Text string

	// New makes the conversation in the turn's first transaction, with History
	// before it: what a client says was said elsewhere. Nothing in it counts as
	// confirmed or verified.
	New     bool
	History []llm.Message

	// Resume goes on with a turn that was begun and not ended by a server that
	// died. Text is not used: the journal has it.
	Resume bool

	// RequestHash and IdempotencyKey are how a retry finds this turn; Claim is
	// the transcript hash it goes on from, and Transcript makes the one that the
	// next request may go on from out of everything the agent says in this turn.
	RequestHash    string
	IdempotencyKey string
	Claim          string
	Transcript     func(answer string) string
}

// Turn runs one turn of conv. The sequence ends with Ended, or with an error that
// nothing follows; a broken sequence interrupts the turn. The caller makes sure
// that a conversation has one turn at a time.
func (e *Engine) Turn(ctx context.Context, conv callwright.Conversation, in Input) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		t := &turn{Engine: e, conv: conv, in: in, began: e.Now()}
		t.out = func(ev Event) {
			if t.broken {
				return
			}
			if !yield(ev, nil) {
				t.broken = true
				cancel(ErrInterrupted)
			}
		}
		defer func() { t.hold(t.held.Negative()) }()
		if err := t.run(ctx); err != nil && !t.broken {
			yield(nil, err)
		}
	}
}

// ErrInterrupted is the cause of a turn's context when its channel broke it off.
var ErrInterrupted = errors.New("the turn was interrupted")

// turn is one turn under way.
type turn struct {
	*Engine
	conv   callwright.Conversation
	in     Input
	out    func(Event)
	broken bool

	beginning bool // what is noted now is shown once the turn has begun

	agent    *gate.Agent
	gateTurn *gate.Turn
	redact   func(string) string // nil: nothing is masked
	messages []llm.Message
	offer    *offer
	models   []Model                      // for the agent; nil: not asked for yet
	scripts  []string                     // that answers may be written in; nil: any
	earlier  map[string][]json.RawMessage // results of the conversation by tool
	pending  []callwright.Event           // noted, not yet stored
	taken    []callwright.TakenMessage    // not yet stored
	ended    []callwright.Run             // whose end is not yet stored
	row      store.Turn
	asking   map[string]llm.ToolCall // in the gate, by id, for their started events
	said     []string                // messages of this turn
	calls    int
	unusable *gate.Outcome // of this step: the first call with arguments that cannot be used
	repairs  int           // steps that had one
	wroteNow bool          // a write has succeeded in this turn
	over     bool          // the conversation ends with this turn
	trace    string

	began     time.Time
	modelTime time.Duration
	usage     llm.Usage  // of the turn
	cost      float64    // in US dollars
	owed      store.Used // not yet stored
	held      store.Used // of the budget, see hold
	spent     bool       // the budget
	skillTime time.Duration
	model     string
}

func (t *turn) run(ctx context.Context) error {
	var err error
	if t.agent, err = t.Agent(ctx, t.conv.OrganizationID, t.conv.AgentID, t.conv.VersionID); err != nil {
		return err
	}
	t.redact = redactor(t.agent.Policies().Talk().RedactPII)
	trace, span := randomHex(16), randomHex(8)
	t.trace = trace
	confirmed, declined, err := t.begin(ctx)
	if err != nil {
		return err
	}
	t.scripts = scripts(t.agent.Agent, t.words())
	t.gateTurn = &gate.Turn{Agent: t.agent, Conversation: &t.conv, Number: t.conv.Turns, Journal: journal{t}, Earlier: t.earlier,
		TraceParent: "00-" + trace + "-" + span + "-01", Confirmed: confirmed, Running: t.running}
	stop := t.prelude(ctx)
	switch {
	case stop:
	case confirmed != nil:
		stop = t.call(ctx, true, llm.ToolCall{ID: "confirmed_" + confirmed.Hash[:8], Name: confirmed.Tool, Arguments: confirmed.Arguments})
	case declined != nil:
		t.decline(declined)
	}
	if !stop { // a yes that came too late is asked again, and that ends the turn
		if err := t.converse(ctx); err != nil {
			return t.fail(ctx, err)
		}
	}
	t.offerPerson()
	return t.end(ctx)
}

// begin makes the journal say that the turn is under way, and reads the caller's
// answer to a pending confirmation.
func (t *turn) begin(ctx context.Context) (confirmed, declined *callwright.Confirmation, err error) {
	if t.in.Resume {
		return nil, nil, t.resume(ctx)
	}
	if !t.in.New {
		events, err := t.Store.Events(ctx, t.conv.OrganizationID, t.conv.ID, 0)
		if err != nil {
			return nil, nil, err
		}
		t.messages, t.earlier = history(events), results(events)
		// A turn whose server died, and that nobody asked for again, leaves calls
		// without an answer: the model must know of them before it goes on.
		t.beginning = true
		err = t.settle(ctx, events)
		t.beginning = false
		if err != nil {
			return nil, nil, err
		}
	}
	now := t.Now()
	t.conv.Turns++
	t.row = store.Turn{Turn: t.conv.Turns, RequestHash: t.in.RequestHash, IdempotencyKey: t.in.IdempotencyKey, StartedAt: callwright.At(now)}
	if t.in.New {
		t.keep(callwright.CallStarted, callwright.Started{VersionID: t.conv.VersionID})
		t.importHistory()
	}
	if p := t.conv.Pending; p != nil {
		t.conv.Pending = nil // only the very next words can answer
		if p.Turn == t.conv.Turns-1 {
			switch gate.Consent(t.in.Text) {
			case gate.Yes:
				confirmed = p
			case gate.No:
				declined = p
			}
		}
	}
	m := mood(t.in.Text)
	if m == negative || m == frustrated {
		t.conv.Negative++
	}
	t.conv.Sentiment += map[string]int{positive: 1, negative: -1, frustrated: -2}[m]
	t.keep(callwright.UserUtterance, callwright.Utterance{Text: t.in.Text, IsFinal: true, Language: t.agent.Agent.PrimaryLanguage, Sentiment: m})
	t.messages = append(t.messages, llm.Message{Role: llm.User, Content: t.in.Text})
	begun := t.pending
	if err := t.flush(ctx, store.Entry{New: t.in.New, Turn: &t.row, Claim: t.in.Claim}); err != nil {
		return nil, nil, err // nothing was shown of a turn that did not begin
	}
	for _, ev := range begun {
		t.out(Recorded{ev})
	}
	return confirmed, declined, nil
}

func (t *turn) importHistory() {
	for _, m := range t.in.History {
		t.messages = append(t.messages, m)
		if m.Role == llm.User {
			t.keep(callwright.UserUtterance, callwright.Utterance{Text: m.Content, IsFinal: true, Imported: true})
		} else {
			t.keep(callwright.AgentMessage, callwright.AgentText{MessageID: callwright.NewID[callwright.MessageID](t.Now()), Text: m.Content, Imported: true})
		}
	}
}

// converse lets the model speak and call until it has no more calls.
func (t *turn) converse(ctx context.Context) error {
	for range maxSteps {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		text, calls, err := t.generate(ctx)
		if err != nil {
			return err
		}
		t.messages = append(t.messages, llm.Message{Role: llm.Assistant, Content: text, ToolCalls: calls})
		if len(calls) == 0 {
			if len(t.said) == 0 {
				t.speak(sayNothing, "")
			}
			return nil
		}
		room := max(0, min(len(calls), maxCalls-t.calls))
		t.calls += len(calls)
		t.unusable = nil
		stop := t.call(ctx, false, calls[:room]...)
		for _, c := range calls[room:] {
			t.skip(c, CodeTooManyCalls, "at most eight calls in a turn")
		}
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if stop || t.repaired() {
			return nil
		}
	}
	t.note(callwright.GuardrailEvent, callwright.GuardrailHit{Rule: "loop", Action: "answered", Detail: "the model went on calling skills without an answer"})
	t.speak(sayLost, "")
	return nil
}

// words are the caller's last ones.
func (t *turn) words() string {
	for _, m := range slices.Backward(t.messages) {
		if m.Role == llm.User {
			return m.Content
		}
	}
	return ""
}

// decline tells the model that the caller said no.
func (t *turn) decline(p *callwright.Confirmation) {
	c := llm.ToolCall{ID: "declined_" + p.Hash[:8], Name: p.Tool, Arguments: p.Arguments}
	t.answer(c, llm.ToolResult{Status: llm.StatusDeclined, Say: sayDeclined}, true,
		callwright.ToolCall{Arguments: p.Arguments, Detail: "the caller's words declined it"}, t.agent.Skill(p.SkillID))
}

// skip answers a call that never reached the gate.
func (t *turn) skip(c llm.ToolCall, code callwright.Code, detail string) {
	t.answer(c, llm.ToolResult{Status: llm.StatusRefused, Code: string(code)}, false,
		callwright.ToolCall{Arguments: valid(c.Arguments), Code: code, Detail: detail}, nil)
}

// answer journals what became of a call and puts it before the model. The model
// asked for the call in its own message; one by the server gets a message here.
func (t *turn) answer(c llm.ToolCall, r llm.ToolResult, byServer bool, ev callwright.ToolCall, s *gate.Skill) {
	raw := mustJSON(r)
	ev.CallID, ev.Tool, ev.State, ev.Answer, ev.ByServer = c.ID, c.Name, string(r.Status), raw, byServer
	if s != nil {
		ev.SkillID, ev.SkillName, ev.SkillType = s.ID, s.Name, s.SkillType
	}
	t.note(callwright.ToolCallEvent, ev)
	if byServer {
		t.messages = append(t.messages, llm.Message{Role: llm.Assistant, ToolCalls: []llm.ToolCall{c}})
	}
	t.messages = append(t.messages, llm.Message{Role: llm.ToolRole, ToolCallID: c.ID, Content: string(raw)})
}

// speak says something in the engine's own words.
func (t *turn) speak(text, kind string) {
	id := callwright.NewID[callwright.MessageID](t.Now())
	t.out(Say{MessageID: id, Text: text})
	t.message(id, text, kind)
}

// message journals a whole message that has been said.
func (t *turn) message(id callwright.MessageID, text, kind string) {
	t.said = append(t.said, text)
	t.note(callwright.AgentMessage, callwright.AgentText{MessageID: id, Text: text, Kind: kind})
}

// end stores what is left and closes the turn.
func (t *turn) end(ctx context.Context) error {
	if t.over && t.conv.Status != "ended" {
		t.conv.Status, t.conv.EndedAt, t.conv.Pending = "ended", callwright.At(t.Now()), nil
		if t.conv.Outcome == "" {
			t.conv.Outcome = callwright.Completed
		}
		t.note(callwright.CallEnded, callwright.Ended{Reason: "ended by the agent", Outcome: t.conv.Outcome})
	}
	total := t.Now().Sub(t.began)
	t.note(callwright.LatencyEvent, callwright.Latency{Turn: t.conv.Turns, TotalMs: ms(total), ModelMs: ms(t.modelTime), SkillMs: ms(t.skillTime), Model: t.model,
		InputTokens: t.usage.Input, CachedTokens: t.usage.Cached, OutputTokens: t.usage.Output, CostUSD: t.cost})
	t.row.Done, t.row.FinishedAt = true, callwright.At(t.Now())
	entry := store.Entry{Turn: &t.row}
	if t.in.Transcript != nil {
		entry.Transcript = t.in.Transcript(strings.Join(t.said, "\n\n"))
	}
	if err := t.flush(context.WithoutCancel(ctx), entry); err != nil {
		return err
	}
	t.out(Ended{t.conv})
	return nil
}

// fail keeps what happened before an error that ends the turn.
func (t *turn) fail(ctx context.Context, cause error) error {
	code, message := callwright.CodeOf(cause), "The turn could not be finished."
	if e, ok := errors.AsType[*callwright.Error](cause); ok {
		message = e.Message
	}
	t.note(callwright.ErrorEvent, callwright.Failure{Code: code, Message: message})
	t.row.Done, t.row.FinishedAt = true, callwright.At(t.Now())
	if err := t.flush(context.WithoutCancel(ctx), store.Entry{Turn: &t.row}); err != nil {
		return errors.Join(cause, err)
	}
	return cause
}

// note adds an event to the journal and shows it, once the turn has begun. It is
// stored with the next flush.
func (t *turn) note(kind callwright.EventType, payload any) {
	ev := t.keep(kind, payload)
	if !t.beginning {
		t.out(Recorded{ev})
	}
}

// keep adds an event to the journal without showing it.
func (t *turn) keep(kind callwright.EventType, payload any) callwright.Event {
	now, raw := t.Now(), mustJSON(payload)
	if t.redact != nil && (kind == callwright.UserUtterance || kind == callwright.AgentMessage || kind == callwright.ToolCallEvent || kind == callwright.HandoffEvent) {
		raw = redacted(raw, t.redact)
	}
	t.conv.LastSeq++
	ev := callwright.Event{ID: callwright.NewID[callwright.EventID](now), ConversationID: t.conv.ID, Seq: t.conv.LastSeq, TsMs: now.UnixMilli(),
		Channel: t.conv.Channel, EventType: kind, Payload: raw, TraceID: t.trace}
	t.pending = append(t.pending, ev)
	return ev
}

// flush stores the noted events and the conversation's state with the entry.
func (t *turn) flush(ctx context.Context, entry store.Entry) error {
	entry.Conversation, entry.Events, entry.Messages = &t.conv, t.pending, t.taken
	entry.End, entry.Used = t.ended, t.owed
	t.conv.UpdatedAt = callwright.At(t.Now())
	if err := t.Store.Record(ctx, entry); err != nil {
		return err
	}
	t.hold(t.owed.Negative())
	t.pending, t.taken, t.ended, t.owed = nil, nil, nil, store.Used{}
	return nil
}

// journal is the gate's view of the turn: runs are journalled together with the
// events before them.
type journal struct{ *turn }

func (j journal) Begin(ctx context.Context, runs ...callwright.Run) ([]*callwright.Run, error) {
	t := j.turn
	before, seq := len(t.pending), t.conv.LastSeq
	var started []callwright.Event
	for _, r := range runs {
		s, c := t.agent.Skill(r.SkillID), t.asking[r.CallID]
		ev := callwright.ToolCall{CallID: c.ID, RunID: r.ID, SkillID: s.ID, SkillName: s.Name, SkillType: s.SkillType, Tool: s.Tool, State: "started", Arguments: valid(c.Arguments)}
		if s.Private() {
			ev.Arguments = gate.Masked(ev.Arguments)
		}
		started = append(started, t.keep(callwright.ToolCallEvent, ev))
	}
	err := t.flush(ctx, store.Entry{Begin: runs})
	if err == nil {
		for _, ev := range started {
			t.out(Recorded{ev})
		}
		if slices.ContainsFunc(runs, func(r callwright.Run) bool { return r.State == callwright.RunQueued }) {
			t.wake()
		}
		return nil, nil
	}
	t.pending, t.conv.LastSeq = t.pending[:before], seq
	if !errors.Is(err, store.ErrRunExists) {
		return nil, err
	}
	if len(runs) > 1 {
		return j.each(ctx, runs)
	}
	prior, err := t.Store.Runs(ctx, runs[0].OrganizationID, runs[0].ConversationID, runs[0].Turn)
	if err != nil {
		return nil, err
	}
	for _, r := range prior {
		if r.IdempotencyKey == runs[0].IdempotencyKey {
			return []*callwright.Run{&r}, nil
		}
	}
	return nil, fmt.Errorf("run %s exists and cannot be read", runs[0].IdempotencyKey)
}

// each journals runs of which one was journalled before.
func (j journal) each(ctx context.Context, runs []callwright.Run) ([]*callwright.Run, error) {
	prior := make([]*callwright.Run, len(runs))
	for i, r := range runs {
		one, err := j.Begin(ctx, r)
		if err != nil {
			return nil, err
		}
		if len(one) == 1 {
			prior[i] = one[0]
		}
	}
	return prior, nil
}

func (j journal) End(ctx context.Context, runs ...callwright.Run) error {
	if j.redact != nil {
		for i := range runs {
			runs[i].Answer = redacted(runs[i].Answer, j.redact)
		}
	}
	j.ended = append(j.ended, runs...)
	if !slices.ContainsFunc(runs, j.lasting) {
		return nil // the next step of the turn stores it
	}
	return j.flush(ctx, store.Entry{})
}

// lasting reports whether the end of a run must be on disk before the turn goes on:
// what it did cannot be asked for again, or counts against whoever asks.
func (t *turn) lasting(r callwright.Run) bool {
	return r.IsWrite || t.agent.Skill(r.SkillID).Private()
}

func valid(raw json.RawMessage) json.RawMessage {
	if !json.Valid(raw) {
		return mustJSON(string(raw))
	}
	return raw
}

func mustJSON(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("engine: %T cannot be JSON: %v", v, err)) // our own types always can
	}
	return b
}

func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return hex.EncodeToString(b)
}

func itoa(n int) string { return strconv.Itoa(n) }

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
