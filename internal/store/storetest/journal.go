package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"callwright"
	"callwright/internal/store"
)

func recordKeepsAll(t *testing.T, h *house) {
	ctx := t.Context()
	c := h.conversation()
	c.Caller, c.Metadata = callwright.Caller{Name: "Ada"}, map[string]string{"k": "v"}
	c.Pending = &callwright.Confirmation{SkillID: "skl_1", Arguments: json.RawMessage(`{"n":1.50}`), Hash: "h", Turn: 1, AskedAt: 5}
	c.LastSeq = 2
	events := []callwright.Event{h.event(c, 1, "hello"), h.event(c, 2, "größe \u0000 名")}
	run := h.run(c, "key")
	must(t, h.Record(ctx, store.Entry{Conversation: c, New: true, Events: events, Begin: []callwright.Run{run}}))
	got, err := h.Conversation(ctx, h.mine.ID, c.ID)
	must(t, err)
	wantSame(t, "conversation", got, *c)
	journal, err := h.Events(ctx, h.mine.ID, c.ID, 0)
	must(t, err)
	wantSame(t, "events", journal, events)
	journal, err = h.Events(ctx, h.mine.ID, c.ID, 1)
	must(t, err)
	wantSame(t, "events after the first", journal, events[1:])
	runs, err := h.Runs(ctx, h.mine.ID, c.ID, 1)
	must(t, err)
	if len(runs) != 1 || runs[0].ID != run.ID || runs[0].State != callwright.RunRunning || !runs[0].IsWrite || runs[0].IdempotencyKey != "key" || runs[0].StartedAt != run.StartedAt {
		t.Errorf("runs: got %+v, want the one that began", runs)
	}
	run.State, run.Answer, run.TookMs = callwright.RunDone, json.RawMessage(`{"n":1.50}`), 12.5
	c.Pending, c.Turns = nil, 1
	must(t, h.Record(ctx, store.Entry{Conversation: c, End: []callwright.Run{run}, Events: []callwright.Event{h.event(c, 3, "more")}}))
	runs, err = h.Runs(ctx, h.mine.ID, c.ID, 1)
	must(t, err)
	wantSame(t, "runs when it ended", runs, []callwright.Run{run})
	got, err = h.Conversation(ctx, h.mine.ID, c.ID)
	must(t, err)
	wantSame(t, "conversation after the second step", got, *c)
	second := h.run(c, "key2")
	second.Turn = 2
	must(t, h.Record(ctx, store.Entry{Conversation: c, Begin: []callwright.Run{second}}))
	third := h.run(c, "key3")
	third.Turn = 2
	must(t, h.Record(ctx, store.Entry{Conversation: c, Begin: []callwright.Run{third}}))
	runs, err = h.Runs(ctx, h.mine.ID, c.ID, 2)
	must(t, err)
	if len(runs) != 2 || runs[0].ID != second.ID || runs[1].ID != third.ID {
		t.Errorf("runs of turn 2: got %+v, want two, in order", runs)
	}
}

// An entry that cannot be written whole leaves nothing of itself.
func recordIsAtomic(t *testing.T, h *house) {
	ctx := t.Context()
	c := h.mustBegin()
	kept := h.event(c, 1, "kept")
	taken := h.run(c, "taken")
	must(t, h.Record(ctx, store.Entry{Conversation: c, Events: []callwright.Event{kept}, Begin: []callwright.Run{taken}}))
	ended := taken
	ended.State = callwright.RunDone
	fresh := h.run(c, "fresh")
	turn := &store.Turn{Turn: 7, RequestHash: "atomic", StartedAt: 1}
	for name, entry := range map[string]store.Entry{
		"a seq that is taken":        {Events: []callwright.Event{h.event(c, 2, "new"), h.event(c, 1, "again")}, Begin: []callwright.Run{fresh}, Turn: turn},
		"a run that exists":          {Events: []callwright.Event{h.event(c, 2, "new")}, Begin: []callwright.Run{h.run(c, "taken")}, Turn: turn},
		"an unknown transcript":      {Events: []callwright.Event{h.event(c, 2, "new")}, Begin: []callwright.Run{fresh}, End: []callwright.Run{ended}, Turn: turn, Claim: "nobody's", Transcript: "left"},
		"a conversation that exists": {New: true, Events: []callwright.Event{h.event(c, 2, "new")}, Begin: []callwright.Run{fresh}, Turn: turn},
	} {
		changed := *c
		changed.Status = name
		entry.Conversation = &changed
		if err := h.Record(ctx, entry); err == nil {
			t.Errorf("%s: got no error", name)
		}
		if got, err := h.Conversation(ctx, h.mine.ID, c.ID); err != nil || got.Status != "active" {
			t.Errorf("%s: the conversation is %q, %v; want it unchanged", name, got.Status, err)
		}
		if events, err := h.Events(ctx, h.mine.ID, c.ID, 0); err != nil || len(events) != 1 {
			t.Errorf("%s: got %d events, %v; want the 1 of before", name, len(events), err)
		}
		if runs, err := h.Runs(ctx, h.mine.ID, c.ID, 1); err != nil || len(runs) != 1 || runs[0].State != callwright.RunRunning {
			t.Errorf("%s: got runs %+v, %v; want the one of before, running", name, runs, err)
		}
		if _, ok, err := h.TurnOf(ctx, h.mine.ID, "atomic", ""); err != nil || ok {
			t.Errorf("%s: the turn is there (%v); want none", name, err)
		}
		if _, ok, err := h.Continued(ctx, h.mine.ID, "left"); err != nil || ok {
			t.Errorf("%s: the transcript is there (%v); want none", name, err)
		}
	}
	// A new conversation whose first step fails is not there at all.
	lost := h.conversation()
	if err := h.Record(ctx, store.Entry{Conversation: lost, New: true, Claim: "nobody's"}); !errors.Is(err, store.ErrClaimed) {
		t.Errorf("claim of nobody's transcript: got %v, want ErrClaimed", err)
	}
	_, err := h.Conversation(ctx, h.mine.ID, lost.ID)
	wantCode(t, "its conversation", err, callwright.CodeNotFound)
}

// Entries that are written at the same time fail or stay each for itself.
func recordInParallel(t *testing.T, h *house) {
	taken := h.mustBegin()
	var good []*callwright.Conversation
	var wg sync.WaitGroup
	for i := range 60 {
		c, ev := h.conversation(), callwright.Event{}
		switch i % 3 {
		case 0: // cannot be written: the conversation exists
			bad := *taken
			bad.Status, c = "overwritten", &bad
		case 1: // cannot be written: nobody's transcript
			wg.Go(func() {
				if err := h.Record(t.Context(), store.Entry{Conversation: c, New: true, Claim: "nobody's"}); !errors.Is(err, store.ErrClaimed) {
					t.Errorf("claim: got %v, want ErrClaimed", err)
				}
			})
			continue
		default:
			good, ev = append(good, c), h.event(c, 1, "hi")
		}
		wg.Go(func() {
			entry := store.Entry{Conversation: c, New: true}
			if ev.Seq > 0 {
				entry.Events = []callwright.Event{ev}
			}
			if err := h.Record(t.Context(), entry); (err == nil) != (ev.Seq > 0) {
				t.Errorf("conversation %s: got %v", c.Status, err)
			}
		})
	}
	wg.Wait()
	for _, c := range good {
		if events, err := h.Events(t.Context(), h.mine.ID, c.ID, 0); err != nil || len(events) != 1 {
			t.Errorf("a good entry among bad ones: got %d events, %v; want 1", len(events), err)
		}
	}
	if got, err := h.Conversation(t.Context(), h.mine.ID, taken.ID); err != nil || got.Status != "active" {
		t.Errorf("the conversation that exists: got %q, %v; want it unchanged", got.Status, err)
	}
}

func runExists(t *testing.T, h *house) {
	ctx := t.Context()
	c := h.mustBegin()
	first := h.run(c, "intent")
	must(t, h.Record(ctx, store.Entry{Conversation: c, Begin: []callwright.Run{first}}))
	for _, state := range []callwright.RunState{callwright.RunDone, callwright.RunFailed, callwright.RunUnknown} {
		first.State = state
		must(t, h.EndRun(ctx, first))
		again := h.run(c, "intent")
		if err := h.Record(ctx, store.Entry{Conversation: c, Begin: []callwright.Run{again}}); !errors.Is(err, store.ErrRunExists) {
			t.Errorf("when it is %s: got %v, want ErrRunExists", state, err)
		}
		if err := h.BeginRun(ctx, h.run(c, "intent")); !errors.Is(err, store.ErrRunExists) {
			t.Errorf("BeginRun when it is %s: got %v, want ErrRunExists", state, err)
		}
	}
	theirs := h.run(c, "intent")
	theirs.OrganizationID = h.theirs.ID
	must(t, h.BeginRun(ctx, theirs)) // keys are an organization's own
	var mu sync.Mutex
	var wg sync.WaitGroup
	begun := 0
	for range 20 {
		run := h.run(c, "race")
		wg.Go(func() {
			err := h.BeginRun(ctx, run)
			if err != nil && !errors.Is(err, store.ErrRunExists) {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				begun++
			}
		})
	}
	wg.Wait()
	wantSame(t, "runs begun of one intent at once", begun, 1)
}

func (h *house) transcript(hash string, at callwright.Time) *callwright.Conversation {
	h.t.Helper()
	c := h.mustBegin()
	must(h.t, h.Record(h.t.Context(), store.Entry{Conversation: c, Transcript: hash, Turn: &store.Turn{Turn: 1, Done: true, FinishedAt: at}}))
	return c
}

func claims(t *testing.T, h *house) {
	ctx := t.Context()
	c := h.transcript("hash", 1)
	other := h.mustBegin()
	if err := h.Record(ctx, store.Entry{Conversation: other, Claim: "hash"}); !errors.Is(err, store.ErrClaimed) {
		t.Errorf("claim of another conversation's transcript: got %v, want ErrClaimed", err)
	}
	must(t, h.Record(ctx, store.Entry{Conversation: c, Claim: "hash"}))
	if err := h.Record(ctx, store.Entry{Conversation: c, Claim: "hash"}); !errors.Is(err, store.ErrClaimed) {
		t.Errorf("second claim: got %v, want ErrClaimed", err)
	}
	// The same words said again in the conversation can be gone on from again.
	must(t, h.Record(ctx, store.Entry{Conversation: c, Transcript: "hash", Turn: &store.Turn{Turn: 2, Done: true, FinishedAt: 2}}))
	must(t, h.Record(ctx, store.Entry{Conversation: c, Transcript: "hash", Turn: &store.Turn{Turn: 3, Done: true, FinishedAt: 3}})) // twice is once
	must(t, h.Record(ctx, store.Entry{Conversation: c, Claim: "hash"}))
}

func claimsInParallel(t *testing.T, h *house) {
	c := h.transcript("hash", 1)
	var mu sync.Mutex
	var wg sync.WaitGroup
	won := 0
	for i := range 20 {
		ev := h.event(c, i+1, "me")
		wg.Go(func() {
			mine := *c
			err := h.Record(t.Context(), store.Entry{Conversation: &mine, Events: []callwright.Event{ev}, Claim: "hash"})
			if err != nil && !errors.Is(err, store.ErrClaimed) {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			}
		})
	}
	wg.Wait()
	events, err := h.Events(t.Context(), h.mine.ID, c.ID, 0)
	if err != nil || won != 1 || len(events) != 1 {
		t.Errorf("20 claims at once: got %d winners and %d events, %v; want 1 and 1", won, len(events), err)
	}
}

func continued(t *testing.T, h *house) {
	ctx := t.Context()
	older, newer := h.transcript("hash", 10), h.transcript("hash", 20)
	middle := h.transcript("hash", 15)
	h.transcript("another", 99)
	for _, want := range []*callwright.Conversation{newer, middle, older} {
		id, ok, err := h.Continued(ctx, h.mine.ID, "hash")
		if err != nil || !ok || id != want.ID {
			t.Errorf("got %s, %v, %v; want the newest that nobody claimed, %s", id, ok, err, want.ID)
		}
		must(t, h.Record(ctx, store.Entry{Conversation: want, Claim: "hash"}))
	}
	if id, ok, err := h.Continued(ctx, h.mine.ID, "hash"); err != nil || ok {
		t.Errorf("when all are claimed: got %s, %v; want none", id, err)
	}
}

func turnOf(t *testing.T, h *house) {
	ctx := t.Context()
	record := func(turn store.Turn) callwright.ConversationID {
		c := h.mustBegin()
		must(t, h.Record(ctx, store.Entry{Conversation: c, Turn: &turn}))
		return c.ID
	}
	old := record(store.Turn{Turn: 1, RequestHash: "h", IdempotencyKey: "k1", StartedAt: 10})
	newest := record(store.Turn{Turn: 1, RequestHash: "h", IdempotencyKey: "k2", StartedAt: 30})
	record(store.Turn{Turn: 1, RequestHash: "h", StartedAt: 20})
	for _, c := range []struct {
		hash, key string
		want      callwright.ConversationID
	}{{"h", "", newest}, {"h", "k1", old}, {"other", "k1", old}, {"h", "k2", newest}, {"h", "k3", ""}, {"g", "", ""}, {"", "", ""}} {
		got, ok, err := h.TurnOf(ctx, h.mine.ID, c.hash, c.key)
		if err != nil || ok != (c.want != "") || got.ConversationID != c.want {
			t.Errorf("hash %q, key %q: got %s, %v, %v; want %q", c.hash, c.key, got.ConversationID, ok, err, c.want)
		}
	}
	got, _, err := h.TurnOf(ctx, h.mine.ID, "h", "k1")
	must(t, err)
	wantSame(t, "turn", got, store.Turn{OrganizationID: h.mine.ID, ConversationID: old, Turn: 1, RequestHash: "h", IdempotencyKey: "k1", StartedAt: 10})
	// Ending it keeps what it was asked for.
	c, err := h.Conversation(ctx, h.mine.ID, old)
	must(t, err)
	must(t, h.Record(ctx, store.Entry{Conversation: &c, Turn: &store.Turn{Turn: 1, Done: true, FinishedAt: 40}}))
	got, _, err = h.TurnOf(ctx, h.mine.ID, "h", "k1")
	must(t, err)
	wantSame(t, "ended turn", got, store.Turn{OrganizationID: h.mine.ID, ConversationID: old, Turn: 1, Done: true, RequestHash: "h", IdempotencyKey: "k1", StartedAt: 10, FinishedAt: 40})
}

func markUnknown(t *testing.T, h *house) {
	ctx := t.Context()
	c := h.mustBegin()
	states := []callwright.RunState{callwright.RunRunning, callwright.RunDone, callwright.RunFailed, callwright.RunUnknown, callwright.RunRunning}
	for i, state := range states {
		r := h.run(c, fmt.Sprint("k", i))
		must(t, h.BeginRun(ctx, r))
		if state != callwright.RunRunning {
			r.State, r.Code = state, callwright.CodeTimeout
			must(t, h.EndRun(ctx, r))
		}
	}
	n, err := h.MarkUnknown(ctx, callwright.At(h.now()))
	if err != nil || n != 2 {
		t.Errorf("marked: got %d, %v; want 2", n, err)
	}
	runs, err := h.Runs(ctx, h.mine.ID, c.ID, 1)
	must(t, err)
	var got []string
	for _, r := range runs {
		got = append(got, string(r.State)+" "+string(r.Code))
	}
	if want := "unknown outcome_unknown, done timeout, failed timeout, unknown timeout, unknown outcome_unknown"; strings.Join(got, ", ") != want {
		t.Errorf("states: got %v, want %s", got, want)
	}
	if n, err := h.MarkUnknown(ctx, callwright.At(h.now())); err != nil || n != 0 {
		t.Errorf("marked again: got %d, %v; want 0", n, err)
	}
}

func latencies(t *testing.T, h *house) {
	ctx := t.Context()
	c := h.mustBegin()
	ended := 0
	end := func(skill callwright.SkillID, state callwright.RunState, took float64) {
		ended++
		r := h.run(c, fmt.Sprint("m", ended))
		r.SkillID = skill
		must(t, h.BeginRun(ctx, r))
		r.State, r.TookMs = state, took
		must(t, h.EndRun(ctx, r))
	}
	odd, one, failed, never := h.mustCreateSkill("odd").ID, h.mustCreateSkill("one").ID, h.mustCreateSkill("failed").ID, h.mustCreateSkill("never").ID
	for range 30 { // long ago
		end(odd, callwright.RunDone, 5000)
	}
	for i := range 21 {
		end(odd, callwright.RunDone, float64(20-i)+0.4)
	}
	end(odd, callwright.RunFailed, 60000) // says nothing about how long an answer takes
	end(odd, callwright.RunUnknown, 60000)
	end(one, callwright.RunDone, 7.6)
	end(failed, callwright.RunFailed, 5)
	got, err := h.Latencies(ctx, h.mine.ID, []callwright.SkillID{odd, one, failed, never, "skl_none"})
	must(t, err)
	wantSame(t, "medians", got, map[callwright.SkillID]int{odd: 10, one: 8})
}

// used: what steps took is summed by organization and day, and what a failed step took
// is not in it.
func used(t *testing.T, h *house) {
	ctx, c := t.Context(), h.mustBegin()
	at := func(hours int) callwright.Time { return callwright.At(start.Add(time.Duration(hours) * time.Hour)) }
	spend := func(when callwright.Time, u store.Used, more ...callwright.Event) error {
		c.UpdatedAt = when
		return h.Record(ctx, store.Entry{Conversation: c, Used: u, Events: more})
	}
	must(t, spend(at(0), store.Used{Tokens: 100, Dollars: 0.25}))
	must(t, spend(at(0), store.Used{}))
	must(t, spend(at(14), store.Used{Tokens: 7, Dollars: 0.5})) // 23:00
	must(t, spend(at(15), store.Used{Tokens: 1}))               // midnight
	ev := h.event(c, 1, "hi")
	must(t, spend(at(15), store.Used{Tokens: 1}, ev))
	if err := spend(at(15), store.Used{Tokens: 1000}, ev); err == nil {
		t.Error("an event stored twice: got no error")
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			one := *c
			one.UpdatedAt = at(40)
			if err := h.Record(ctx, store.Entry{Conversation: &one, Used: store.Used{Tokens: 3, Dollars: 0.125}}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, w := range []struct {
		org   callwright.OrgID
		hours int
		want  store.Used
	}{{h.mine.ID, -9, store.Used{Tokens: 107, Dollars: 0.75}}, {h.mine.ID, 14, store.Used{Tokens: 107, Dollars: 0.75}}, {h.mine.ID, 15, store.Used{Tokens: 2}},
		{h.mine.ID, 40, store.Used{Tokens: 60, Dollars: 2.5}}, {h.mine.ID, 100, store.Used{}}, {h.theirs.ID, 0, store.Used{}}} {
		got, err := h.Used(ctx, w.org, at(w.hours))
		must(t, err)
		wantSame(t, fmt.Sprintf("%s after %d hours", w.org, w.hours), got, w.want)
	}
}
