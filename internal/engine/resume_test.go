package engine_test

import (
	"encoding/json"
	"strings"
	"testing"

	"callwright"
	"callwright/internal/engine"
	"callwright/internal/llm"
	"callwright/internal/store"
)

// died makes the state that a server leaves which died in the first turn: the
// words, perhaps something said, and a call whose run is in the given state
// ("": the turn died before the call).
func died(t testing.TB, r *room, said string, state callwright.RunState, args string) {
	t.Helper()
	ctx := t.Context()
	r.conv.Turns = 1
	seq := 0
	event := func(kind callwright.EventType, payload any) callwright.Event {
		raw, err := json.Marshal(payload)
		must(t, err)
		seq++
		return callwright.Event{ID: callwright.NewID[callwright.EventID](r.now()), ConversationID: r.conv.ID, Seq: seq, Channel: callwright.Chat, EventType: kind, Payload: raw}
	}
	events := []callwright.Event{event(callwright.UserUtterance, callwright.Utterance{Text: "Where is A-1?"})}
	if said != "" {
		events = append(events, event(callwright.AgentMessage, callwright.AgentText{MessageID: "msg_1", Text: said}))
	}
	turn := &store.Turn{Turn: 1, RequestHash: "r", StartedAt: callwright.At(r.now())}
	entry := store.Entry{Conversation: &r.conv, Events: events, Turn: turn}
	run := callwright.Run{ID: "run_1", OrganizationID: org, ConversationID: r.conv.ID, AgentID: agentID, SkillID: findID, Turn: 1, State: callwright.RunRunning, IdempotencyKey: "key"}
	if state != "" {
		entry.Events = append(entry.Events, event(callwright.ToolCallEvent, callwright.ToolCall{CallID: "c1", RunID: run.ID, SkillID: findID, Tool: "find_order", State: "started", Arguments: json.RawMessage(args)}))
		entry.Begin = []callwright.Run{run}
	}
	r.conv.LastSeq = seq
	must(t, r.db.Record(ctx, entry))
	if state != "" && state != callwright.RunRunning {
		run.State = state
		switch state {
		case callwright.RunDone:
			run.Answer = json.RawMessage(`{"state":"from the journal"}`)
		case callwright.RunFailed:
			run.Code = callwright.CodeRemoteStatus
		case callwright.RunUnknown:
			run.Code = callwright.CodeOutcomeUnknown
		}
		must(t, r.db.EndRun(ctx, run))
	}
	r.reload()
}

// A turn that died is resumed from its journal: what ran is told as it ended, and
// is not sent again.
func TestResume(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		state callwright.RunState
		want  llm.ToolStatus
	}{{callwright.RunRunning, llm.StatusUnknown}, {callwright.RunUnknown, llm.StatusUnknown}, {callwright.RunDone, llm.StatusDone}, {callwright.RunFailed, llm.StatusFailed}} {
		t.Run(string(c.state), func(t *testing.T) {
			t.Parallel()
			r := newRoom(t, text("That is how it is."))
			died(t, r, "Let me look.", c.state, `{"order_id":"A-1"}`)
			p := r.play(t.Context(), engine.Input{Resume: true, RequestHash: "r"})
			wantList(t, "said", p.said, "Let me look.", "That is how it is.")
			wantList(t, "calls", p.calls(t), "find_order started", "find_order "+string(c.want))
			got := results(t, r.model)
			if len(got) != 1 || got[0].Status != c.want || r.partner.sent() != "" {
				t.Errorf("told the model %+v, sent %q; want %s and nothing sent", got, r.partner.sent(), c.want)
			}
			if c.want == llm.StatusDone && string(got[0].Result) != `{"state":"from the journal"}` {
				t.Errorf("result: got %s, want the journal's", got[0].Result)
			}
			if c.want == llm.StatusUnknown && !strings.Contains(got[0].Say, "can't tell") {
				t.Errorf("say: got %q, want that nobody can tell", got[0].Say)
			}
			if r.conv.Turns != 1 {
				t.Errorf("turns: got %d, want the same one", r.conv.Turns)
			}
			if turn, ok, err := r.db.TurnOf(t.Context(), org, "r", ""); err != nil || !ok || !turn.Done || turn.StartedAt != callwright.At(r.now()) {
				t.Errorf("turn: got %+v, %v, %v; want it done, begun when it was", turn, ok, err)
			}
			if !p.ended {
				t.Errorf("got %v, want the end of the turn", p.err)
			}
		})
	}
}

func TestResumeBeforeAnything(t *testing.T) {
	t.Parallel()
	r := newRoom(t, text("Hello again."))
	died(t, r, "", "", "")
	p := r.play(t.Context(), engine.Input{Resume: true, RequestHash: "r"})
	wantList(t, "said", p.said, "Hello again.")
	if got := r.model.Requests()[0].Messages; len(got) != 1 || got[0].Content != "Where is A-1?" {
		t.Errorf("messages: got %+v, want the words once", got)
	}
}

// The model of the resumed turn asks for the same again: the run of before stands.
func TestResumeAndCallAgain(t *testing.T) {
	t.Parallel()
	call := tool("c1", "find_order", `{"order_id":"A-1"}`)
	r := newRoom(t, calling(call), text("first server"))
	died := r.say("Where is A-1?")
	if !died.ended || len(r.partner.calls) != 1 {
		t.Fatalf("first: got %v and %d runs", died.err, len(r.partner.calls))
	}
	// Its turn is taken as not ended: the end was not written.
	must(t, r.db.Record(t.Context(), store.Entry{Conversation: &r.conv, Turn: &store.Turn{Turn: 1, RequestHash: "r"}}))
	r.model.Steps = append(r.model.Steps, calling(tool("c2", "find_order", `{"order_id":"A-1"}`)), text("second server"))
	p := r.play(t.Context(), engine.Input{Resume: true})
	if len(r.partner.calls) != 1 {
		t.Errorf("runs: got %d, want 1", len(r.partner.calls))
	}
	if got := p.said[len(p.said)-1]; got != "second server" {
		t.Errorf("said: got %q", p.said)
	}
}

// A dead turn that nobody asked for again is settled before the next words.
func TestDanglingCallIsSettled(t *testing.T) {
	t.Parallel()
	r := newRoom(t, text("As I said."))
	died(t, r, "", callwright.RunUnknown, `{"order_id":"A-1"}`)
	p := r.say("And?")
	wantList(t, "calls", p.calls(t), "find_order unknown")
	wantList(t, "said", p.said, "As I said.")
	var roles []string
	for _, m := range r.model.Requests()[0].Messages {
		roles = append(roles, string(m.Role))
	}
	wantList(t, "messages", roles, "user", "assistant", "tool", "user")
	if r.partner.sent() != "" {
		t.Errorf("sent: got %s, want nothing", r.partner.sent())
	}
	if p = r.say("Well?"); len(p.calls(t)) != 0 {
		t.Errorf("the turn after: got %v, want it settled once", p.calls(t))
	}
}

// A turn that cannot begin shows nothing, not even what it settled.
func TestNothingIsShownOfATurnThatDidNotBegin(t *testing.T) {
	t.Parallel()
	r := newRoom(t, text("never"))
	died(t, r, "", callwright.RunUnknown, `{"order_id":"A-1"}`)
	shown := 0
	var failed error
	for _, err := range r.engine.Turn(t.Context(), r.conv, engine.Input{Text: "And?", Claim: "nobody's"}) {
		if err != nil {
			failed = err
		} else {
			shown++
		}
	}
	if shown != 0 || failed == nil {
		t.Errorf("got %d events and %v, want only ErrClaimed", shown, failed)
	}
}
