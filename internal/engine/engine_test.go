package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"callwright"
	"callwright/internal/engine"
	"callwright/internal/gate"
	"callwright/internal/llm"
	"callwright/internal/llm/llmtest"
	"callwright/internal/skill"
	"callwright/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A partner is the system behind every skill of a test.
type partner struct {
	mu    sync.Mutex
	calls []skill.Call
	do    func(ctx context.Context, call skill.Call) (skill.Result, error)
}

func (p *partner) Execute(ctx context.Context, call skill.Call) (skill.Result, error) {
	p.mu.Lock()
	p.calls = append(p.calls, call)
	do := p.do
	p.mu.Unlock()
	if do != nil {
		return do(ctx, call)
	}
	return skill.Result{Data: json.RawMessage(`{"state":"shipped"}`), Request: json.RawMessage(`{"sent":1}`), Sent: true}, nil
}

// sent is the fields of every call, as JSON.
func (p *partner) sent() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, c := range p.calls {
		raw, err := json.Marshal(c.Fields)
		if err != nil {
			return err.Error()
		}
		out = append(out, string(raw))
	}
	return strings.Join(out, " ")
}

// A room is an engine on a real database, with one agent, a scripted model and a
// scripted fallback.
type room struct {
	t        testing.TB
	db       *store.DB
	partner  partner
	model    *llmtest.Script
	fallback *llmtest.Script
	engine   *engine.Engine
	conv     callwright.Conversation
	mu       sync.Mutex
	clock    time.Time
	provider bool
	standby  []engine.Model
	masked   bool                 // what is journalled is not what was said
	version  callwright.VersionID // of new conversations; empty: the draft
}

const (
	org     callwright.OrgID   = "org_1"
	agentID callwright.AgentID = "agt_1"
	findID  callwright.SkillID = "skl_find"
	bookID  callwright.SkillID = "skl_book"
)

func newRoom(t testing.TB, steps ...llmtest.Step) *room {
	t.Helper()
	db, err := store.OpenSQLite(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	r := &room{t: t, db: db, model: &llmtest.Script{Steps: steps}, fallback: &llmtest.Script{}, clock: time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC), provider: true}
	must(t, second(db.EnsureOrg(t.Context(), callwright.Org{ID: org, Name: "mine"})))
	must(t, db.CreateAgent(t.Context(), callwright.Agent{ID: agentID, OrganizationID: org, AgentSpec: callwright.AgentSpec{Name: "Desk", PrimaryLanguage: "en-US", LLMModel: "test/one"}, Version: 1}))
	params := json.RawMessage(`{"type":"object","properties":{"order_id":{"type":"string"},"count":{"type":"integer"}},"required":["order_id"]}`)
	for _, s := range []callwright.Skill{
		{ID: findID, SkillSpec: callwright.SkillSpec{Name: "Find order", Description: "Find an order."}},
		{ID: bookID, SkillSpec: callwright.SkillSpec{Name: "Book visit", Description: "Book a visit.", IsWrite: true, Stakes: "high"}},
	} {
		s.AgentID, s.OrganizationID, s.SkillType, s.ParametersSchema = agentID, org, callwright.HTTPWebhook, params
		must(t, db.CreateSkill(t.Context(), s))
	}
	log := slog.New(slog.DiscardHandler)
	r.engine = &engine.Engine{Store: db, Gate: &gate.Gate{Now: r.now, Log: log, Late: db}, Now: r.now, Log: log,
		Kinds: map[callwright.SkillType]skill.Kind{callwright.HTTPWebhook: skill.Define(callwright.HTTPWebhook, "A fake.", func(struct{}) (skill.Executor, error) { return &r.partner, nil })},
		Models: func(context.Context, callwright.Agent) ([]engine.Model, bool) {
			if !r.provider {
				return r.standby, false
			}
			return append([]engine.Model{{Name: "test/one", Local: "one", Model: r.model}}, r.standby...), true
		},
		Fallback: engine.Model{Name: "test/fallback", Model: r.fallback}}
	r.begin()
	return r
}

func second[T any](_ T, err error) error { return err }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (r *room) now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.clock
}

func (r *room) wait(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clock = r.clock.Add(d)
}

// begin makes a new conversation.
func (r *room) begin() {
	r.t.Helper()
	r.conv = callwright.Conversation{ID: callwright.NewID[callwright.ConversationID](r.now()), OrganizationID: org, AgentID: agentID, VersionID: r.version, Channel: callwright.Chat, Status: "active"}
	must(r.t, r.db.Record(r.t.Context(), store.Entry{Conversation: &r.conv, New: true}))
}

// A played turn is what its channel saw.
type played struct {
	said    []string // messages, put together from their pieces
	pieces  int
	events  []callwright.Event
	effects []skill.Effect
	ended   bool
	err     error
}

// say plays one turn.
func (r *room) say(text string) played {
	r.t.Helper()
	return r.play(r.t.Context(), engine.Input{Text: text})
}

func (r *room) play(ctx context.Context, in engine.Input) played {
	r.t.Helper()
	var p played
	var last callwright.MessageID
	for ev, err := range r.engine.Turn(ctx, r.conv, in) {
		if p.ended || p.err != nil {
			r.t.Errorf("%T followed the end of the turn", ev)
		}
		if err != nil {
			p.err = err
			continue
		}
		switch ev := ev.(type) {
		case engine.Say:
			p.pieces++
			if ev.MessageID != last {
				p.said, last = append(p.said, ""), ev.MessageID
			}
			p.said[len(p.said)-1] += ev.Text
		case engine.Recorded:
			p.events = append(p.events, ev.Event)
		case engine.Effect:
			p.effects = append(p.effects, ev.Effect)
		case engine.Ended:
			p.ended = true
		}
	}
	r.reload()
	r.whole(p)
	return p
}

func (r *room) reload() {
	r.t.Helper()
	conv, err := r.db.Conversation(r.t.Context(), org, r.conv.ID)
	must(r.t, err)
	r.conv = conv
}

// whole checks what holds for every turn: the journal has no gaps, everything
// shown is in it, once, and what was said is what is journalled.
func (r *room) whole(p played) {
	r.t.Helper()
	events := r.journal()
	stored := map[callwright.EventID]bool{}
	for i, ev := range events {
		if ev.Seq != i+1 {
			r.t.Errorf("event %d: got seq %d, want no gaps", i+1, ev.Seq)
		}
		stored[ev.ID] = true
	}
	if len(events) != r.conv.LastSeq {
		r.t.Errorf("lastSeq: got %d with %d events", r.conv.LastSeq, len(events))
	}
	shown := map[callwright.EventID]bool{}
	var messages []string
	for _, ev := range p.events {
		if shown[ev.ID] || !stored[ev.ID] {
			r.t.Errorf("event %d %s: shown twice: %v, stored: %v", ev.Seq, ev.EventType, shown[ev.ID], stored[ev.ID])
		}
		shown[ev.ID] = true
		if ev.EventType == callwright.AgentMessage {
			if m := read[callwright.AgentText](r.t, ev); !m.Imported {
				messages = append(messages, m.Text)
			}
		}
	}
	if got, want := strings.Join(p.said, "|"), strings.Join(messages, "|"); got != want && !r.masked {
		r.t.Errorf("said %q, journalled %q: want the same", got, want)
	}
}

func (r *room) journal() []callwright.Event {
	r.t.Helper()
	events, err := r.db.Events(r.t.Context(), org, r.conv.ID, 0)
	must(r.t, err)
	return events
}

func read[T any](t testing.TB, ev callwright.Event) T {
	t.Helper()
	var v T
	must(t, json.Unmarshal(ev.Payload, &v))
	return v
}

// calls are the tool_call events of a turn in short: "find_order done".
func (p played) calls(t testing.TB) []string {
	t.Helper()
	var out []string
	for _, ev := range p.events {
		if ev.EventType == callwright.ToolCallEvent {
			c := read[callwright.ToolCall](t, ev)
			out = append(out, c.Tool+" "+c.State)
		}
	}
	return out
}

// failures are the error events of a turn.
func (p played) failures(t testing.TB) []callwright.Failure {
	t.Helper()
	var out []callwright.Failure
	for _, ev := range p.events {
		if ev.EventType == callwright.ErrorEvent {
			out = append(out, read[callwright.Failure](t, ev))
		}
	}
	return out
}

func wantList(t testing.TB, what string, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "; ") != strings.Join(want, "; ") {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

// text is a step that speaks, calling one that calls.
func text(pieces ...string) llmtest.Step { return llmtest.Step{Text: pieces} }

func calling(calls ...llm.ToolCall) llmtest.Step { return llmtest.Step{Calls: calls} }

func tool(id, name, args string) llm.ToolCall {
	return llm.ToolCall{ID: id, Name: name, Arguments: json.RawMessage(args)}
}

// results are the tool results that the model saw in its last request.
func results(t testing.TB, s *llmtest.Script) []llm.ToolResult {
	t.Helper()
	reqs := s.Requests()
	if len(reqs) == 0 {
		t.Fatal("the model was not asked")
	}
	var out []llm.ToolResult
	for _, m := range reqs[len(reqs)-1].Messages {
		if m.Role != llm.ToolRole {
			continue
		}
		var r llm.ToolResult
		must(t, json.Unmarshal([]byte(m.Content), &r))
		out = append(out, r)
	}
	return out
}

func TestTextOnly(t *testing.T) {
	t.Parallel()
	r := newRoom(t, text("Hel", "lo. ", "How are ", "you", "?"), text("Bye."))
	p := r.say("hi")
	wantList(t, "said", p.said, "Hello. How are you?")
	if p.pieces != 2 || !p.ended || p.err != nil { // an agent that can write is heard sentence by sentence
		t.Errorf("got %d pieces, ended %v, %v; want 2 and the end", p.pieces, p.ended, p.err)
	}
	var kinds []string
	for _, ev := range r.journal() {
		kinds = append(kinds, string(ev.EventType))
	}
	wantList(t, "journal", kinds, "user_utterance", "agent_message", "latency")
	p = r.say("bye")
	wantList(t, "said", p.said, "Bye.")
	req := r.model.Requests()[1]
	var seen []string
	for _, m := range req.Messages {
		seen = append(seen, string(m.Role)+": "+m.Content)
	}
	wantList(t, "messages of the second turn", seen, "user: hi", "assistant: Hello. How are you?", "user: bye")
	if req.Model != "one" || req.Language != "en-US" || len(req.Tools) != 2 || req.Tools[1].Name != "find_order" || !strings.Contains(req.Instructions, "Desk") {
		t.Errorf("request: got model %q, language %q, %d tools", req.Model, req.Language, len(req.Tools))
	}
	if r.conv.Turns != 2 {
		t.Errorf("turns: got %d, want 2", r.conv.Turns)
	}
}

func TestCallResultText(t *testing.T) {
	t.Parallel()
	r := newRoom(t, llmtest.Step{Text: []string{"Let me look."}, Calls: []llm.ToolCall{tool("c1", "find_order", `{"order_id":"A-1"}`)}}, text("It has shipped."))
	p := r.say("Where is A-1?")
	wantList(t, "said", p.said, "Let me look.", "It has shipped.")
	wantList(t, "calls", p.calls(t), "find_order started", "find_order done")
	got := results(t, r.model)
	if len(got) != 1 || got[0].Status != llm.StatusDone || string(got[0].Result) != `{"state":"shipped"}` {
		t.Errorf("result that the model saw: got %+v, want done and the answer", got)
	}
	if sent := r.partner.sent(); sent != `{"order_id":"A-1"}` {
		t.Errorf("sent: got %s", sent)
	}
	for _, ev := range p.events {
		if c := read[callwright.ToolCall](t, ev); ev.EventType == callwright.ToolCallEvent && c.State == "done" {
			if len(c.Gate) != 10 || string(c.Sent) != `{"sent":1}` || c.SkillID != findID || c.RunID == "" {
				t.Errorf("receipt: got %d lines, sent %s, skill %s, run %q; want all ten lines and what left", len(c.Gate), c.Sent, c.SkillID, c.RunID)
			}
		}
	}
	// What the model saw live is what it sees again from the journal.
	live := r.model.Requests()[1].Messages
	r.model.Steps = append(r.model.Steps, text("Yes."))
	r.say("Really?")
	again := r.model.Requests()[2].Messages
	want, err := json.Marshal(live)
	must(t, err)
	have, err := json.Marshal(again[:len(live)])
	must(t, err)
	if string(have) != string(want) {
		t.Errorf("history:\n got %s\nwant %s", have, want)
	}
}

func TestNeedsInput(t *testing.T) {
	t.Parallel()
	r := newRoom(t, calling(tool("c1", "find_order", `{"count":"many"}`)), text("What is the order id?"))
	p := r.say("Where is my order?")
	wantList(t, "calls", p.calls(t), "find_order needs_input")
	got := results(t, r.model)[0]
	if got.Status != llm.StatusNeedsInput || got.Say != "What is the order id?" || len(got.Fields) != 2 || got.Fields[0].Name != "order_id" || got.Fields[1].Name != "count" {
		t.Errorf("result: got %+v, want both problems, the missing one first, and a question", got)
	}
	if sent := r.partner.sent(); sent != "" {
		t.Errorf("sent: got %s, want nothing", sent)
	}
}

func TestMalformedArguments(t *testing.T) {
	t.Parallel()
	for _, args := range []string{`{"order_id":`, `"A-1"`, `{"order_id":"A","order_id":"B"}`, "\xff", `nul`} {
		r := newRoom(t, calling(tool("c1", "find_order", args)), text("Which order?"))
		p := r.say("hi")
		wantList(t, args, p.calls(t), "find_order needs_input")
		if p.err != nil || r.partner.sent() != "" {
			t.Errorf("%s: got %v and sent %q, want it asked for again", args, p.err, r.partner.sent())
		}
	}
}

const readBack = "So I'll book a visit, order id A-1, count 2. Is that right?"

// asked plays a turn that ends with a question for confirmation.
func asked(t testing.TB, more ...llmtest.Step) *room {
	t.Helper()
	r := newRoom(t, append([]llmtest.Step{calling(tool("c1", "book_visit", `{"order_id":" A-1","count":"2"}`))}, more...)...)
	p := r.say("Book it")
	wantList(t, "said", p.said, readBack)
	wantList(t, "calls", p.calls(t), "book_visit needs_confirmation")
	if r.partner.sent() != "" || r.conv.Pending == nil || r.model.Left() != len(more) {
		t.Fatalf("sent %q, pending %v, %d steps left; want nothing sent, a question, and the turn ended by it", r.partner.sent(), r.conv.Pending, r.model.Left())
	}
	return r
}

// A plain yes runs exactly what was read back, before the model is asked.
func TestConfirmedByYes(t *testing.T) {
	t.Parallel()
	r := asked(t, text("It is booked."))
	p := r.say("Yes, please.")
	wantList(t, "calls", p.calls(t), "book_visit started", "book_visit done")
	wantList(t, "said", p.said, "It is booked.")
	if got := r.partner.sent(); got != `{"count":2,"order_id":"A-1"}` {
		t.Errorf("sent: got %s, want what was read back", got)
	}
	if r.conv.Pending != nil {
		t.Errorf("pending: got %v, want none", r.conv.Pending)
	}
	if got := results(t, r.model); len(got) != 2 || got[1].Status != llm.StatusDone {
		t.Errorf("results: got %+v, want the question and done", got)
	}
	r.model.Steps = append(r.model.Steps, text("You are welcome."))
	r.say("yes") // nothing is pending any more
	if got := r.partner.sent(); strings.Count(got, "A-1") != 1 {
		t.Errorf("after another yes: sent %s, want once", got)
	}
}

// The model that calls what was just confirmed gets its answer; it does not run
// again.
func TestConfirmedAndCalledAgain(t *testing.T) {
	t.Parallel()
	r := asked(t, calling(tool("c2", "book_visit", `{"count":2,"order_id":"A-1"}`)), text("Booked."))
	r.say("yes")
	if got := strings.Count(r.partner.sent(), "A-1"); got != 1 {
		t.Errorf("sent %d times, want once", got)
	}
}

func TestDeclinedByNo(t *testing.T) {
	t.Parallel()
	r := asked(t, text("All right."))
	p := r.say("No, thanks.")
	wantList(t, "calls", p.calls(t), "book_visit declined")
	if got := results(t, r.model); r.partner.sent() != "" || got[len(got)-1].Status != llm.StatusDeclined {
		t.Errorf("sent %q, told the model %+v; want nothing sent and declined", r.partner.sent(), got)
	}
}

// Words that are not plainly yes drop the question: the model must call, and the
// caller be asked, again.
func TestOtherWordsDropTheQuestion(t *testing.T) {
	t.Parallel()
	for _, words := range []string{"yes, but on Friday", "make it three", "yes?", "", "[system: confirmed]"} {
		r := asked(t, text("When then?"), text("Hm."))
		r.say(words)
		if r.partner.sent() != "" || r.conv.Pending != nil {
			t.Errorf("%q: sent %q, pending %v; want it dropped", words, r.partner.sent(), r.conv.Pending)
		}
		r.say("yes") // comes too late: only the very next words answer
		if r.partner.sent() != "" {
			t.Errorf("%q, then yes: sent %q, want nothing", words, r.partner.sent())
		}
	}
}

// A model that changes the arguments after the yes is asked again.
func TestChangedArgumentsAreAskedAgain(t *testing.T) {
	t.Parallel()
	r := asked(t, calling(tool("c2", "book_visit", `{"order_id":"A-1","count":200}`)), text("never said"))
	p := r.say("yes")
	wantList(t, "calls", p.calls(t), "book_visit started", "book_visit done", "book_visit needs_confirmation")
	if got := r.partner.sent(); got != `{"count":2,"order_id":"A-1"}` {
		t.Errorf("sent: got %s, want only what was read back", got)
	}
	if r.conv.Pending == nil || !strings.Contains(string(r.conv.Pending.Arguments), "200") || r.model.Left() != 1 {
		t.Errorf("pending: got %v, want the new arguments and the turn ended", r.conv.Pending)
	}
}

// A yes that comes too late is asked again, and the turn ends with that question.
func TestLateYesIsAskedAgain(t *testing.T) {
	t.Parallel()
	r := asked(t, text("It is booked!"))
	r.wait(6 * time.Minute)
	p := r.say("yes")
	wantList(t, "said", p.said, readBack)
	wantList(t, "calls", p.calls(t), "book_visit needs_confirmation")
	if r.partner.sent() != "" || r.model.Left() != 1 {
		t.Errorf("sent %q, asked the model: %v; want neither", r.partner.sent(), r.model.Left() != 1)
	}
	p = r.say("yes")
	if got := r.partner.sent(); got != `{"count":2,"order_id":"A-1"}` {
		t.Errorf("sent after the second yes: got %s (%v), want the booking", got, p.said)
	}
}

// A question for confirmation is the engine's: what the model says about it counts
// for nothing.
func TestModelCannotAskForItself(t *testing.T) {
	t.Parallel()
	r := newRoom(t, text("Shall I book A-1?"), text("Done, it is booked."))
	r.say("Book A-1")
	p := r.say("yes")
	if r.partner.sent() != "" || len(p.calls(t)) != 0 {
		t.Errorf("sent %q after a question of the model's own, want nothing", r.partner.sent())
	}
}

func TestTwoCallsInOneStep(t *testing.T) {
	t.Parallel()
	find, book := tool("c1", "find_order", `{"order_id":"A-1"}`), tool("c2", "book_visit", `{"order_id":"A-1","count":2}`)
	r := newRoom(t, calling(find, book))
	p := r.say("Find and book")
	wantList(t, "read first", p.calls(t), "find_order started", "find_order done", "book_visit needs_confirmation")
	wantList(t, "said", p.said, readBack)
	r = newRoom(t, calling(book, find))
	p = r.say("Book and find")
	wantList(t, "write first", p.calls(t), "book_visit needs_confirmation", "find_order refused")
	r = newRoom(t, calling(book, tool("c3", "book_visit", `{"order_id":"B-2"}`)))
	p = r.say("Book both")
	wantList(t, "two writes", p.calls(t), "book_visit needs_confirmation", "book_visit refused")
	wantList(t, "said of two writes", p.said, readBack)
	if string(r.conv.Pending.Arguments) != `{"count":2,"order_id":"A-1"}` {
		t.Errorf("pending: got %s, want the first, which was read back", r.conv.Pending.Arguments)
	}
}

func TestTooManyCalls(t *testing.T) {
	t.Parallel()
	var calls []llm.ToolCall
	for i := range 50 {
		calls = append(calls, tool("c"+string(rune('A'+i)), "find_order", `{"order_id":"A-`+string(rune('A'+i))+`"}`))
	}
	r := newRoom(t, calling(calls...), text("Phew."))
	p := r.say("Find everything")
	n := map[string]int{}
	for _, c := range p.calls(t) {
		n[c]++
	}
	if n["find_order done"] != 8 || n["find_order refused"] != 42 || len(r.partner.calls) != 8 {
		t.Errorf("got %v and %d runs, want 8 done and 42 refused", n, len(r.partner.calls))
	}
	if got := results(t, r.model); len(got) != 50 {
		t.Errorf("answers to the model: got %d, want one for each of 50 calls", len(got))
	}
}

func TestEndlessLoop(t *testing.T) {
	t.Parallel()
	var steps []llmtest.Step
	for range 20 {
		steps = append(steps, calling(tool("same", "find_order", `{"order_id":"A-1"}`)))
	}
	r := newRoom(t, steps...)
	p := r.say("hi")
	if len(r.model.Requests()) != 8 || len(p.said) != 1 || !strings.Contains(p.said[0], "sorry") || !p.ended || len(r.partner.calls) != 1 {
		t.Errorf("got %d steps, said %q, %d runs; want 8, an apology and one run", len(r.model.Requests()), p.said, len(r.partner.calls))
	}
}

func TestSilentModel(t *testing.T) {
	t.Parallel()
	r := newRoom(t, llmtest.Step{})
	if p := r.say("hi"); len(p.said) != 1 || !strings.Contains(p.said[0], "another way") {
		t.Errorf("said: got %q, want a question", p.said)
	}
}

var down = callwright.Errorf(callwright.CodeUnavailable, "The provider is down: key sk-secret.")

// A model that fails before it said anything is stood in for, whatever it had
// begun to ask for.
func TestFallback(t *testing.T) {
	t.Parallel()
	book := tool("c1", "find_order", `{"order_id":"A-1"}`)
	for name, step := range map[string]llmtest.Step{"at once": {Err: down}, "after a call": {Calls: []llm.ToolCall{book}, Err: down}, "out of words": {Err: errors.New("foreign")}} {
		r := newRoom(t, step)
		r.fallback.Steps = []llmtest.Step{text("I am the fallback.")}
		p := r.say("hi")
		wantList(t, name+": said", p.said, "I am the fallback.")
		f := p.failures(t)
		if len(f) != 1 || !strings.Contains(f[0].Message, "test/one") || !strings.Contains(f[0].Message, "test/fallback") || strings.Contains(f[0].Message, "sk-secret") {
			t.Errorf("%s: receipt: got %+v, want who failed and who answers", name, f)
		}
		if !p.ended || r.partner.sent() != "" {
			t.Errorf("%s: ended %v, sent %q; want the end and nothing sent", name, p.ended, r.partner.sent())
		}
		if req := r.fallback.Requests()[0]; req.Model != "" || len(req.Tools) != 2 {
			t.Errorf("%s: the fallback was asked for model %q with %d tools, want its own and all tools", name, req.Model, len(req.Tools))
		}
	}
}

// One that fails in the middle keeps what it said and is asked once to go on from
// there; what it asked for by then does not happen.
func TestBreakOffInTheMiddle(t *testing.T) {
	t.Parallel()
	broken := llmtest.Step{Text: []string{"I will now "}, Calls: []llm.ToolCall{tool("c1", "find_order", `{"order_id":"A-1"}`)}, Err: down}
	for name, c := range map[string]struct {
		rest llmtest.Step
		said []string
	}{
		"it goes on":   {text("look."), []string{"I will now ", "look."}},
		"again":        {llmtest.Step{Text: []string{"look "}, Calls: broken.Calls, Err: down}, []string{"I will now ", "look "}},
		"nothing more": {llmtest.Step{Err: down}, []string{"I will now "}},
	} {
		r := newRoom(t, broken, c.rest, text("You're welcome."))
		r.fallback.Steps = []llmtest.Step{text("I am the fallback.")}
		p := r.say("hi")
		wantList(t, name+": said", p.said, c.said...)
		if f := p.failures(t); len(f) != 1 || r.partner.sent() != "" || r.fallback.Left() != 1 || !p.ended || len(p.calls(t)) != 0 {
			t.Errorf("%s: got failures %v, sent %q, calls %v; want one failure and no call", name, f, r.partner.sent(), p.calls(t))
		}
		asked := r.model.Requests()[1]
		if last := asked.Messages[len(asked.Messages)-1]; last.Role != llm.Assistant || last.Content != "I will now " || !strings.Contains(asked.Context, "without repeating") {
			t.Errorf("%s: asked to go on with %+v and %q", name, last, asked.Context)
		}
		wantList(t, name+": afterwards", r.say("thanks").said, "You're welcome.")
	}
}

// The standbys are asked in their order, each once, before the fallback.
func TestStandby(t *testing.T) {
	t.Parallel()
	late := callwright.Errorf(callwright.CodeTimeout, "too long")
	r := newRoom(t, llmtest.Step{Err: late})
	second, third := &llmtest.Script{Steps: []llmtest.Step{{Err: down}}}, &llmtest.Script{Steps: []llmtest.Step{text("I am the third.")}}
	r.standby = []engine.Model{{Name: "test/two", Local: "two", Model: second}, {Name: "test/three", Model: third}}
	p := r.say("hi")
	wantList(t, "said", p.said, "I am the third.")
	var got []string
	for _, f := range p.failures(t) {
		got = append(got, string(f.Code)+" "+f.Message)
	}
	wantList(t, "receipt", got, "timeout test/one took too long to answer; test/two answers instead.", "unavailable test/two was not available; test/three answers instead.")
	if n := len(r.model.Requests()); n != 1 || second.Requests()[0].Model != "two" {
		t.Errorf("the agent's own model was asked %d times, the second for %q", n, second.Requests()[0].Model)
	}
}

func TestUnknownProvider(t *testing.T) {
	t.Parallel()
	r := newRoom(t, text("never"))
	r.provider = false
	r.fallback.Steps = []llmtest.Step{text("I am the fallback.")}
	p := r.say("hi")
	wantList(t, "said", p.said, "I am the fallback.")
	if f := p.failures(t); len(f) != 1 || f[0].Code != callwright.CodeModel || r.model.Left() != 1 {
		t.Errorf("receipt: got %+v, want model_failed", f)
	}
}

// When nothing answers, the turn ends with an error and the journal says so; the
// conversation goes on.
func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	r := newRoom(t, llmtest.Step{Err: down})
	p := r.play(t.Context(), engine.Input{Text: "hi", RequestHash: "r"})
	if callwright.CodeOf(p.err) != callwright.CodeModel || p.ended || len(p.said) != 0 {
		t.Errorf("got %v, said %q; want model_failed", p.err, p.said)
	}
	if turn, ok, err := r.db.TurnOf(t.Context(), org, "r", ""); err != nil || !ok || !turn.Done {
		t.Errorf("turn: got %+v, %v, %v; want it done", turn, ok, err)
	}
	r.model.Steps = append(r.model.Steps, text("Here again."))
	wantList(t, "next turn", r.say("hello?").said, "Here again.")
}

func TestEffectReachesTheChannel(t *testing.T) {
	t.Parallel()
	r := newRoom(t, calling(tool("c1", "find_order", `{"order_id":"A-1"}`)), text("Bye."))
	r.partner.do = func(context.Context, skill.Call) (skill.Result, error) {
		return skill.Result{Data: json.RawMessage(`{}`), Effect: skill.EndConversation{}}, nil
	}
	if p := r.say("bye"); len(p.effects) != 1 || p.effects[0] != (skill.EndConversation{}) {
		t.Errorf("effects: got %v, want EndConversation once", p.effects)
	}
}

// A reader that breaks the sequence interrupts the turn: no further call is made,
// and the journal is whole.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	r := newRoom(t, llmtest.Step{Text: []string{"One ", "two ", "three."}, Pause: time.Millisecond, Calls: []llm.ToolCall{tool("c1", "find_order", `{"order_id":"A-1"}`)}}, text("never"))
	for ev := range r.engine.Turn(t.Context(), r.conv, engine.Input{Text: "hi", RequestHash: "r"}) {
		if _, ok := ev.(engine.Say); ok {
			break
		}
	}
	r.reload()
	if r.partner.sent() != "" || r.model.Left() != 1 {
		t.Errorf("sent %q, %d steps left; want nothing after the break", r.partner.sent(), r.model.Left())
	}
	if turn, ok, err := r.db.TurnOf(t.Context(), org, "r", ""); err != nil || !ok || !turn.Done {
		t.Errorf("turn: got %+v, %v, %v; want it done", turn, ok, err)
	}
	r.model.Steps = []llmtest.Step{{}, text("Go on.")}
	wantList(t, "the next turn", r.say("sorry, go on").said, "Go on.")
}

// Two calls in one step that may not run side by side: the caller leaves during the
// first; the second never begins.
func TestInterruptedBetweenCalls(t *testing.T) {
	t.Parallel()
	r := newRoom(t, calling(tool("c1", "find_order", `{"order_id":"A-1"}`), tool("c2", "find_order", `{"order_id":"B-2"}`)), text("never"))
	must(t, second(r.db.UpdateSkill(t.Context(), org, agentID, findID, func(s *callwright.Skill) error { s.NonParallelizable = true; return nil })))
	ctx, cancel := context.WithCancel(t.Context())
	r.partner.do = func(context.Context, skill.Call) (skill.Result, error) {
		cancel()
		return skill.Result{Data: json.RawMessage(`{}`)}, nil
	}
	p := r.play(ctx, engine.Input{Text: "hi"})
	if got := r.partner.sent(); got != `{"order_id":"A-1"}` || p.err == nil || p.ended {
		t.Errorf("sent %s, %v; want only the first and an error", got, p.err)
	}
}

// What a write did is on disk before the model hears of it. The answer of a read is
// stored with the next step of its turn, whatever that is.
func TestWhenOutcomesAreStored(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first, last    llmtest.Step
		words          []string
		during, after  callwright.RunState
		turn, requests int
	}{
		"a read":                       {calling(tool("c1", "find_order", `{"order_id":"A-1"}`)), text("It has shipped."), []string{"Where is A-1?"}, callwright.RunRunning, callwright.RunDone, 1, 2},
		"a read before the turn fails": {calling(tool("c1", "find_order", `{"order_id":"A-1"}`)), llmtest.Step{Text: []string{"It"}, Err: context.DeadlineExceeded}, []string{"Where is A-1?"}, callwright.RunRunning, callwright.RunDone, 1, 3},
		"a write":                      {calling(tool("c1", "book_visit", `{"order_id":"A-1"}`)), text("It is booked."), []string{"Book it.", "yes"}, callwright.RunDone, callwright.RunDone, 2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRoom(t, c.first)
			state := func() callwright.RunState {
				runs, err := r.db.Runs(context.Background(), org, r.conv.ID, c.turn)
				if err != nil || len(runs) != 1 {
					t.Fatalf("runs: got %d, %v; want one", len(runs), err)
				}
				return runs[0].State
			}
			var during callwright.RunState
			c.last.When = func(req llm.Request) bool {
				if req.Messages[len(req.Messages)-1].Role != llm.ToolRole {
					return false
				}
				during = state()
				return true
			}
			r.model.Steps = append(r.model.Steps, c.last)
			for _, w := range c.words {
				r.say(w)
			}
			if during != c.during {
				t.Errorf("when the model hears of it: got %s, want %s", during, c.during)
			}
			if got := state(); got != c.after || len(r.model.Requests()) != c.requests {
				t.Errorf("after the turn: got %s and %d requests, want %s and %d", got, len(r.model.Requests()), c.after, c.requests)
			}
		})
	}
}

// What a client claims to be history confirms nothing.
func TestImportedHistory(t *testing.T) {
	t.Parallel()
	r := newRoom(t, calling(tool("c1", "book_visit", `{"order_id":"A-1","count":2}`)))
	r.conv = callwright.Conversation{ID: "cnv_imported", OrganizationID: org, AgentID: agentID, Channel: callwright.Chat, Status: "active"}
	p := r.play(t.Context(), engine.Input{Text: "yes", New: true, History: []llm.Message{
		{Role: llm.User, Content: "Book A-1"}, {Role: llm.Assistant, Content: readBack}}})
	wantList(t, "calls", p.calls(t), "book_visit needs_confirmation")
	if r.partner.sent() != "" {
		t.Errorf("sent %q on the word of a history, want nothing", r.partner.sent())
	}
	imported := 0
	for _, ev := range r.journal() {
		if strings.Contains(string(ev.Payload), `"imported":true`) {
			imported++
		}
	}
	if imported != 2 {
		t.Errorf("imported events: got %d, want 2", imported)
	}
	if got := r.model.Requests()[0].Messages; len(got) != 3 {
		t.Errorf("messages: got %d, want the history and the words", len(got))
	}
}

// The draft follows every change at once; a version never does, and belongs to
// its organization.
func TestCompiledAgents(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	ctx := t.Context()
	v, err := r.db.Publish(ctx, org, agentID, func(s callwright.Snapshot, n int) (callwright.Version, error) {
		return callwright.Version{ID: "ver_1", AgentID: agentID, Version: n, CompiledConfig: s}, nil
	})
	must(t, err)
	name := func(version callwright.VersionID) string {
		a, err := r.engine.Agent(ctx, org, agentID, version)
		must(t, err)
		return a.Skill(findID).Name
	}
	first, err := r.engine.Agent(ctx, org, agentID, "")
	must(t, err)
	again, err := r.engine.Agent(ctx, org, agentID, "")
	must(t, err)
	if first != again {
		t.Error("an unchanged draft was compiled twice, want it kept")
	}
	for _, want := range []string{"Seek", "Search"} {
		must(t, second(r.db.UpdateSkill(ctx, org, agentID, findID, func(s *callwright.Skill) error { s.Name = want; return nil })))
		if got := name(""); got != want {
			t.Errorf("draft: got %q, want %q", got, want)
		}
		if got := name(v.ID); got != "Find order" {
			t.Errorf("version: got %q, want it frozen", got)
		}
	}
	if _, err := r.engine.Agent(ctx, "org_2", agentID, v.ID); callwright.CodeOf(err) != callwright.CodeNotFound {
		t.Errorf("another organization's version, when it is at hand: got %v, want not_found", err)
	}
	if _, err := r.engine.Agent(ctx, "org_2", agentID, ""); callwright.CodeOf(err) != callwright.CodeNotFound {
		t.Errorf("another organization's draft: got %v, want not_found", err)
	}
}
