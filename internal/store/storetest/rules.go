package storetest

import (
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	"callwright"
	"callwright/internal/store"
)

// Rules are replaced whole, touch the agent, and are frozen with a version.
func rules(t *testing.T, h *house) {
	ctx := t.Context()
	none, err := h.Guardrails(ctx, h.mine.ID, h.agent.ID)
	must(t, err)
	if none == nil || len(none) != 0 {
		t.Errorf("guardrails of a new agent: got %v, want an empty list", none)
	}
	first := []callwright.Guardrail{{ID: "grd_1", PolicyType: callwright.WriteGate, Config: json.RawMessage(`{"confirm":true}`)}, {ID: "grd_2", PolicyType: callwright.RateLimit, Config: json.RawMessage(`{"perMinute":6}`)}}
	must(t, h.ReplaceGuardrails(ctx, h.mine.ID, h.agent.ID, first, callwright.At(h.now())))
	verify := []callwright.CallerVerification{{ID: "vrf_1", Method: callwright.AccountPIN, VerifierSkillID: "skl_1", StepUpFor: []string{"Refund"}}}
	must(t, h.ReplaceCallerVerification(ctx, h.mine.ID, h.agent.ID, verify, callwright.At(h.now())))
	a, err := h.Agent(ctx, h.mine.ID, h.agent.ID)
	must(t, err)
	if a.Version != 3 {
		t.Errorf("the agent's version after two changes: got %d, want 3", a.Version)
	}
	v, err := h.Publish(ctx, h.mine.ID, h.agent.ID, version)
	must(t, err)
	must(t, h.ReplaceGuardrails(ctx, h.mine.ID, h.agent.ID, []callwright.Guardrail{}, callwright.At(h.now())))
	frozen, err := h.Version(ctx, h.mine.ID, v.ID)
	must(t, err)
	wantSame(t, "frozen guardrails", frozen.CompiledConfig.Guardrails, first)
	wantSame(t, "frozen verification", frozen.CompiledConfig.CallerVerification, verify)
	left, err := h.Guardrails(ctx, h.mine.ID, h.agent.ID)
	must(t, err)
	wantSame(t, "guardrails after they were emptied", left, []callwright.Guardrail{})
	for what, err := range map[string]error{
		"read":    second(h.Guardrails(ctx, h.theirs.ID, h.agent.ID)),
		"replace": h.ReplaceGuardrails(ctx, h.theirs.ID, h.agent.ID, first, 1),
		"verify":  h.ReplaceCallerVerification(ctx, h.theirs.ID, h.agent.ID, verify, 1),
	} {
		if callwright.CodeOf(err) != callwright.CodeNotFound {
			t.Errorf("%s by another organization: got %v, want not_found", what, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// Messages are stored with the step that took them.
func messages(t *testing.T, h *house) {
	ctx := t.Context()
	c := h.mustBegin()
	var ids []callwright.MessageID
	for range 3 {
		m := callwright.TakenMessage{ID: callwright.NewID[callwright.MessageID](h.now()), OrganizationID: h.mine.ID, AgentID: h.agent.ID, ConversationID: c.ID, Text: "Call me", Status: "new"}
		must(t, h.Record(ctx, store.Entry{Conversation: c, Messages: []callwright.TakenMessage{m}}))
		ids = append([]callwright.MessageID{m.ID}, ids...)
	}
	m, err := h.UpdateMessage(ctx, h.mine.ID, ids[0], func(m *callwright.TakenMessage) error { m.Status = "done"; return nil })
	must(t, err)
	if m.Status != "done" || m.Text != "Call me" {
		t.Errorf("updated: got %+v, want it done with its text", m)
	}
	open, info, err := h.ListMessages(ctx, h.mine.ID, h.agent.ID, "new", callwright.Page{Page: 1, Limit: 10})
	must(t, err)
	if len(open) != 2 || info.Total != 2 || open[0].ID != ids[1] || open[1].ID != ids[2] {
		t.Errorf("new ones: got %+v, want the two others, newest first", open)
	}
	if list, _, err := h.ListMessages(ctx, h.theirs.ID, "", "", callwright.Page{Page: 1, Limit: 10}); err != nil || len(list) != 0 {
		t.Errorf("of another organization: got %v, %v, want none", list, err)
	}
	if _, err := h.UpdateMessage(ctx, h.theirs.ID, ids[0], func(*callwright.TakenMessage) error { return nil }); callwright.CodeOf(err) != callwright.CodeNotFound {
		t.Errorf("change by another organization: got %v, want not_found", err)
	}
}

// A run whose outcome is unknown is resolved once, by its own organization.
func resolveRun(t *testing.T, h *house) {
	ctx := t.Context()
	c := h.mustBegin()
	r := h.run(c, "k")
	must(t, h.BeginRun(ctx, r))
	resolve := func(org callwright.OrgID) callwright.Code {
		return callwright.CodeOf(h.ResolveRun(ctx, org, r.ID, callwright.RunDone, "the bank shows it", "key_1", 77))
	}
	if code := resolve(h.mine.ID); code != callwright.CodeNotFound {
		t.Errorf("a running one: got %q, want not_found", code)
	}
	must(t, second(h.MarkUnknown(ctx, r.StartedAt)))
	if code := resolve(h.theirs.ID); code != callwright.CodeNotFound {
		t.Errorf("another organization's: got %q, want not_found", code)
	}
	if code := resolve(h.mine.ID); code != "" {
		t.Errorf("an unknown one: got %q, want success", code)
	}
	if code := resolve(h.mine.ID); code != callwright.CodeNotFound {
		t.Errorf("again: got %q, want not_found", code)
	}
	got, err := h.Run(ctx, h.mine.ID, r.ID)
	must(t, err)
	if got.State != callwright.RunDone || got.Note != "the bank shows it" || got.ResolvedBy != "key_1" || got.ResolvedAt != 77 {
		t.Errorf("got %+v, want it done, with who said so", got)
	}
	if _, err := h.Run(ctx, h.theirs.ID, r.ID); callwright.CodeOf(err) != callwright.CodeNotFound {
		t.Errorf("read by another organization: got %v, want not_found", err)
	}
}

// A queued run keeps what leaves, and is claimed once.
func claimRun(t *testing.T, h *house) {
	ctx := t.Context()
	c := h.mustBegin()
	r := h.run(c, "k")
	r.State, r.Fields = callwright.RunQueued, json.RawMessage(`{"n":1.50}`)
	must(t, h.Record(ctx, store.Entry{Conversation: c, Begin: []callwright.Run{r}}))
	got, err := h.Run(ctx, h.mine.ID, r.ID)
	must(t, err)
	wantSame(t, "what leaves", string(got.Fields), `{"n":1.50}`)
	if n, err := h.MarkUnknown(ctx, callwright.At(h.now())); err != nil || n != 0 {
		t.Errorf("marked: got %d, %v; a queued run has not left", n, err)
	}
	if queued, err := h.QueuedRuns(ctx, callwright.At(h.now()), 10); err != nil || len(queued) != 1 || queued[0].ID != r.ID || queued[0].OrganizationID != h.mine.ID {
		t.Errorf("queued: got %+v, %v, want the one", queued, err)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	claimed := 0
	for range 8 {
		wg.Go(func() {
			ok, err := h.ClaimRun(ctx, h.mine.ID, r.ID, 99)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if ok {
				claimed++
			}
		})
	}
	wg.Wait()
	if claimed != 1 {
		t.Errorf("claimed %d times, want once", claimed)
	}
	if queued, err := h.QueuedRuns(ctx, callwright.At(h.now()), 10); err != nil || len(queued) != 0 {
		t.Errorf("queued after it was claimed: got %+v, %v, want none", queued, err)
	}
}

// A run that was put off is queued again, and due at its time.
func postponedRun(t *testing.T, h *house) {
	ctx := t.Context()
	c := h.mustBegin()
	r := h.run(c, "k")
	must(t, h.BeginRun(ctx, r))
	r.State, r.Code, r.Fields, r.Attempts, r.NextAt = callwright.RunQueued, callwright.CodeUnavailable, json.RawMessage(`{"n":1}`), 2, 5000
	must(t, h.EndRun(ctx, r))
	for at, want := range map[callwright.Time]int{4999: 0, 5000: 1} {
		if queued, err := h.QueuedRuns(ctx, at, 10); err != nil || len(queued) != want {
			t.Errorf("queued at %d: got %+v, %v; want %d", at, queued, err, want)
		}
	}
	if ok, err := h.ClaimRun(ctx, h.mine.ID, r.ID, 5001); err != nil || !ok {
		t.Fatalf("claim: got %v, %v", ok, err)
	}
	got, err := h.Run(ctx, h.mine.ID, r.ID)
	must(t, err)
	if got.Attempts != 2 || got.NextAt != 5000 || string(got.Fields) != `{"n":1}` || got.Code != callwright.CodeUnavailable {
		t.Errorf("got %+v, want what it was put off with", got)
	}
	got.State, got.Code, got.Fields, got.NextAt = callwright.RunDone, "", nil, 0
	must(t, h.EndRun(ctx, got))
	if got, err = h.Run(ctx, h.mine.ID, r.ID); err != nil || got.Fields != nil || got.State != callwright.RunDone {
		t.Errorf("at its end: got %+v, %v; want it done, with nothing kept of what left", got, err)
	}
}

func listRuns(t *testing.T, h *house) {
	ctx := t.Context()
	c := h.mustBegin()
	var want []callwright.RunID
	for i := range 5 {
		r := h.run(c, string(rune('a'+i)))
		must(t, h.BeginRun(ctx, r))
		if i%2 == 0 {
			r.State = callwright.RunDone
			must(t, h.EndRun(ctx, r))
			want = append([]callwright.RunID{r.ID}, want...)
		}
	}
	var got []callwright.RunID
	p := callwright.Page{Page: 1, Limit: 2}
	for {
		runs, info, err := h.ListRuns(ctx, h.mine.ID, store.RunFilter{State: callwright.RunDone, Conversation: c.ID}, p)
		must(t, err)
		for _, r := range runs {
			got = append(got, r.ID)
		}
		if info.Total != 3 || info.TotalPages != 2 {
			t.Fatalf("pagination: got %+v", info)
		}
		if info.NextCursor == "" {
			break
		}
		p.Cursor = info.NextCursor
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if runs, _, err := h.ListRuns(ctx, h.theirs.ID, store.RunFilter{}, callwright.Page{Page: 1, Limit: 9}); err != nil || len(runs) != 0 {
		t.Errorf("of another organization: got %v, %v, want none", runs, err)
	}
}

// Conversations are found by what they are and by what was said in them.
func conversations(t *testing.T, h *house) {
	ctx := t.Context()
	make := func(change func(*callwright.Conversation), said string) callwright.ConversationID {
		c := h.conversation()
		c.UpdatedAt = c.CreatedAt
		change(c)
		must(t, h.Record(ctx, store.Entry{Conversation: c, New: true, Events: []callwright.Event{h.event(c, 1, said)}}))
		return c.ID
	}
	old := make(func(c *callwright.Conversation) {}, "Is my Dishwasher \"broken\"?")
	h.clock = h.clock.Add(time.Hour)
	middle := callwright.At(h.clock)
	done := make(func(c *callwright.Conversation) { c.Outcome, c.Channel = callwright.Completed, callwright.Voice }, "100% sure_")
	make(func(c *callwright.Conversation) { c.Simulated = true }, "Is my dishwasher broken?")
	for name, tt := range map[string]struct {
		f    store.ConversationFilter
		want []callwright.ConversationID
	}{
		"all":        {store.ConversationFilter{}, []callwright.ConversationID{done, old}},
		"agent":      {store.ConversationFilter{Agent: "agt_none"}, nil},
		"channel":    {store.ConversationFilter{Channel: callwright.Voice}, []callwright.ConversationID{done}},
		"from":       {store.ConversationFilter{From: middle}, []callwright.ConversationID{done}},
		"to":         {store.ConversationFilter{To: middle}, []callwright.ConversationID{old}},
		"outcome":    {store.ConversationFilter{Outcome: callwright.Completed}, []callwright.ConversationID{done}},
		"abandoned":  {store.ConversationFilter{Outcome: callwright.Abandoned, Idle: middle}, []callwright.ConversationID{old}},
		"words":      {store.ConversationFilter{Text: "dishWASHER \"bro"}, []callwright.ConversationID{old}},
		"wildcards":  {store.ConversationFilter{Text: "%_"}, nil},
		"wild words": {store.ConversationFilter{Text: "100% sure_"}, []callwright.ConversationID{done}},
	} {
		got, _, err := h.ListConversations(ctx, h.mine.ID, tt.f, callwright.Page{Page: 1, Limit: 10})
		must(t, err)
		var ids []callwright.ConversationID
		for _, c := range got {
			ids = append(ids, c.ID)
		}
		if !slices.Equal(ids, tt.want) {
			t.Errorf("%s: got %v, want %v", name, ids, tt.want)
		}
	}
	if got, _, err := h.ListConversations(ctx, h.theirs.ID, store.ConversationFilter{}, callwright.Page{Page: 1, Limit: 10}); err != nil || len(got) != 0 {
		t.Errorf("of another organization: got %v, %v, want none", got, err)
	}
}

// A lease keeps other servers out until it is given back or runs out.
func leases(t *testing.T, h *house) {
	ctx := t.Context()
	c := h.mustBegin()
	for _, step := range []struct {
		org        callwright.OrgID
		owner      string
		now, until callwright.Time
		want       bool
	}{
		{h.mine.ID, "one", 100, 200, true},
		{h.mine.ID, "two", 150, 250, false},
		{h.mine.ID, "one", 150, 300, true}, // renewed
		{h.mine.ID, "two", 299, 400, false},
		{h.mine.ID, "two", 300, 400, true}, // ran out
		{h.theirs.ID, "one", 900, 990, false},
	} {
		got, err := h.Lease(ctx, step.org, c.ID, step.owner, step.now, step.until)
		must(t, err)
		if got != step.want {
			t.Errorf("%s at %d: got %v, want %v", step.owner, step.now, got, step.want)
		}
	}
	must(t, h.Release(ctx, h.mine.ID, c.ID, "one")) // not its to give back
	if got, err := h.Lease(ctx, h.mine.ID, c.ID, "three", 301, 500); err != nil || got {
		t.Errorf("after another's release: got %v, %v, want it kept", got, err)
	}
	must(t, h.Release(ctx, h.mine.ID, c.ID, "two"))
	if got, err := h.Lease(ctx, h.mine.ID, c.ID, "three", 301, 500); err != nil || !got {
		t.Errorf("after release: got %v, %v, want it", got, err)
	}
	// A turn's own steps do not touch the lease.
	must(t, h.Record(ctx, store.Entry{Conversation: c}))
	if got, err := h.Lease(ctx, h.mine.ID, c.ID, "four", 301, 500); err != nil || got {
		t.Errorf("after a step: got %v, %v, want it kept", got, err)
	}
}
