// Package storetest is the suite that every database behind package store passes:
// SQLite today, PostgreSQL with the same text.
//
// It judges what callers can see: documents, order, transactions and that no
// organization sees another's. It is called by the tests of store.
package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"callwright"
	"callwright/internal/store"
)

// Run checks a database. open returns one that is empty, and closes it when the
// test ends.
func Run(t *testing.T, open func(testing.TB) *store.DB) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, *house){
		"Orgs":                   orgs,
		"Keys":                   keys,
		"KeyLife":                keyLife,
		"KeyUpdateRollsBack":     keyUpdateRollsBack,
		"PublishableKeys":        publishableKeys,
		"PublishableKeyPages":    publishableKeyPages,
		"Widget":                 widget,
		"Agents":                 agents,
		"AgentPages":             agentPages,
		"AgentUpdateRollsBack":   agentUpdateRollsBack,
		"AgentUpdatesInParallel": agentUpdatesInParallel,
		"AgentDelete":            agentDelete,
		"Skills":                 skills,
		"SkillNames":             skillNames,
		"SkillUpdateRollsBack":   skillUpdateRollsBack,
		"Publish":                publish,
		"PublishInParallel":      publishInParallel,
		"Tenancy":                tenancy,
		"Secrets":                secrets,
		"Connections":            connections,
		"RecordKeepsAll":         recordKeepsAll,
		"RecordIsAtomic":         recordIsAtomic,
		"RecordInParallel":       recordInParallel,
		"RunExists":              runExists,
		"RunOnce":                runOnce,
		"RecordOnce":             recordOnce,
		"Claims":                 claims,
		"ClaimsInParallel":       claimsInParallel,
		"Continued":              continued,
		"TurnOf":                 turnOf,
		"MarkUnknown":            markUnknown,
		"ResolveRun":             resolveRun,
		"ClaimRun":               claimRun,
		"PostponedRun":           postponedRun,
		"ListRuns":               listRuns,
		"Rules":                  rules,
		"Messages":               messages,
		"Conversations":          conversations,
		"Leases":                 leases,
		"Latencies":              latencies,
		"Used":                   used,
		"CancelledContext":       cancelledContext,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newHouse(t, open(t)))
		})
	}
}

// start is when everything in the suite begins.
var start = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

// A house is a database with two organizations and an agent in each.
type house struct {
	*store.DB
	t            testing.TB
	mine, theirs callwright.Org
	agent, other callwright.Agent
	clock        time.Time
}

func newHouse(t testing.TB, db *store.DB) *house {
	t.Helper()
	h := &house{DB: db, t: t, clock: start}
	h.mine, h.theirs = h.org("mine"), h.org("theirs")
	h.agent, h.other = h.mustCreateAgent(h.mine.ID, "Desk"), h.mustCreateAgent(h.theirs.ID, "Desk")
	return h
}

// now is a little later than the last time.
func (h *house) now() time.Time {
	h.clock = h.clock.Add(time.Millisecond)
	return h.clock
}

func (h *house) org(name string) callwright.Org {
	h.t.Helper()
	o, err := h.EnsureOrg(h.t.Context(), callwright.Org{ID: callwright.NewID[callwright.OrgID](h.now()), Name: name, CreatedAt: callwright.At(h.clock)})
	must(h.t, err)
	return o
}

func (h *house) mustCreateAgent(org callwright.OrgID, name string) callwright.Agent {
	h.t.Helper()
	at := h.now()
	a := callwright.Agent{ID: callwright.NewID[callwright.AgentID](at), OrganizationID: org, AgentSpec: callwright.AgentSpec{Name: name}, Version: 1, Status: "draft",
		CreatedAt: callwright.At(at), UpdatedAt: callwright.At(at)}
	must(h.t, h.CreateAgent(h.t.Context(), a))
	return a
}

func (h *house) skill(name string) callwright.Skill {
	at := h.now()
	return callwright.Skill{ID: callwright.NewID[callwright.SkillID](at), AgentID: h.agent.ID, OrganizationID: h.mine.ID,
		SkillSpec: callwright.SkillSpec{Name: name, SkillType: callwright.HTTPWebhook, ParametersSchema: json.RawMessage(`{"type":"object"}`), ExecutionConfig: json.RawMessage(`{"url":"https://example.com"}`)},
		CreatedAt: callwright.At(at), UpdatedAt: callwright.At(at)}
}

func (h *house) mustCreateSkill(name string) callwright.Skill {
	h.t.Helper()
	s := h.skill(name)
	must(h.t, h.CreateSkill(h.t.Context(), s))
	return s
}

func (h *house) conversation() *callwright.Conversation {
	at := h.now()
	return &callwright.Conversation{ID: callwright.NewID[callwright.ConversationID](at), OrganizationID: h.mine.ID, AgentID: h.agent.ID, Channel: callwright.Chat,
		Status: "active", CreatedAt: callwright.At(at)}
}

func (h *house) mustBegin() *callwright.Conversation {
	h.t.Helper()
	c := h.conversation()
	must(h.t, h.Record(h.t.Context(), store.Entry{Conversation: c, New: true}))
	return c
}

func (h *house) event(c *callwright.Conversation, seq int, text string) callwright.Event {
	at := h.now()
	payload, err := json.Marshal(callwright.Utterance{Text: text})
	must(h.t, err)
	return callwright.Event{ID: callwright.NewID[callwright.EventID](at), ConversationID: c.ID, Seq: seq, TsMs: at.UnixMilli(), Channel: callwright.Chat,
		EventType: callwright.UserUtterance, Payload: payload, TraceID: "trace"}
}

func (h *house) run(c *callwright.Conversation, key string) callwright.Run {
	at := h.now()
	return callwright.Run{ID: callwright.NewID[callwright.RunID](at), OrganizationID: h.mine.ID, ConversationID: c.ID, AgentID: h.agent.ID, SkillID: "skl_1", VersionID: "ver_1",
		Turn: 1, IdempotencyKey: key, IsWrite: true, State: callwright.RunRunning, StartedAt: callwright.At(at)}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, what string, err error, want callwright.Code) {
	t.Helper()
	if got := callwright.CodeOf(err); got != want {
		t.Errorf("%s: got %q (%v), want %q", what, got, err, want)
	}
}

func wantSame(t testing.TB, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

// first is the page that a client gets without asking.
var first = callwright.Page{Page: 1, Limit: 100}

func orgs(t *testing.T, h *house) {
	again, err := h.EnsureOrg(t.Context(), callwright.Org{ID: "org_other", Name: "mine", CreatedAt: 5})
	must(t, err)
	wantSame(t, "the organization of a name that exists", again, h.mine)
	if h.mine.ID == h.theirs.ID {
		t.Errorf("two names: got one organization %s, want two", h.mine.ID)
	}
	ids := make([]callwright.OrgID, 8)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			o, err := h.EnsureOrg(t.Context(), callwright.Org{ID: callwright.OrgID(fmt.Sprintf("org_%d", i)), Name: "new"})
			if err != nil {
				t.Error(err)
			}
			ids[i] = o.ID
		})
	}
	wg.Wait()
	if distinct := slices.Compact(slices.Sorted(slices.Values(ids))); len(distinct) != 1 {
		t.Errorf("made at once: got organizations %v, want the same one", distinct)
	}
}

func keys(t *testing.T, h *house) {
	k := callwright.Key{ID: "key_1", OrganizationID: h.mine.ID, Name: "ci", Scopes: []callwright.Scope{callwright.AgentsRead, callwright.ChatWrite}, CreatedAt: 7}
	must(t, h.CreateKey(t.Context(), k, "hash-1"))
	got, err := h.KeyByHash(t.Context(), "hash-1")
	must(t, err)
	wantSame(t, "key", got, store.KeyRecord{Key: k, Hash: "hash-1"})
	for _, hash := range []string{"", "hash-2", "HASH-1", "hash-1 ", "%"} {
		_, err := h.KeyByHash(t.Context(), hash)
		wantCode(t, "hash "+hash, err, callwright.CodeNotFound)
	}
	k.ID = "key_2"
	if err := h.CreateKey(t.Context(), k, "hash-1"); err == nil {
		t.Error("a second key of one hash: got no error")
	}
}

func agents(t *testing.T, h *house) {
	temperature := 0.5
	a := h.mustCreateAgent(h.mine.ID, "Größe 名前 \" ' \\")
	a.LLMTemperature = &temperature
	got, err := h.Agent(t.Context(), h.mine.ID, a.ID)
	must(t, err)
	wantSame(t, "name", got.Name, a.Name)
	updated, err := h.UpdateAgent(t.Context(), h.mine.ID, a.ID, func(x *callwright.Agent) error {
		wantSame(t, "agent before", x.Name, a.Name)
		x.LLMTemperature, x.Version = &temperature, 2
		return nil
	})
	must(t, err)
	got, err = h.Agent(t.Context(), h.mine.ID, a.ID)
	must(t, err)
	wantSame(t, "agent after", got, updated)
	if got.Version != 2 || got.LLMTemperature == nil || *got.LLMTemperature != 0.5 {
		t.Errorf("agent after: got version %d and temperature %v, want 2 and 0.5", got.Version, got.LLMTemperature)
	}
	_, err = h.Agent(t.Context(), h.mine.ID, "agt_none")
	wantCode(t, "unknown agent", err, callwright.CodeNotFound)
	_, err = h.UpdateAgent(t.Context(), h.mine.ID, "agt_none", func(*callwright.Agent) error { t.Error("fn was called for an unknown agent"); return nil })
	wantCode(t, "update of an unknown agent", err, callwright.CodeNotFound)
	wantCode(t, "delete of an unknown agent", h.DeleteAgent(t.Context(), h.mine.ID, "agt_none", 1), callwright.CodeNotFound)
	if err := h.CreateAgent(t.Context(), a); err == nil {
		t.Error("a second agent of one id: got no error")
	}
}

func agentPages(t *testing.T, h *house) {
	want := []callwright.AgentID{h.agent.ID}
	for i := range 6 {
		want = append(want, h.mustCreateAgent(h.mine.ID, fmt.Sprint("a", i)).ID)
	}
	slices.Reverse(want) // newest first
	for _, limit := range []int{1, 2, 3, 6, 7, 8, 100} {
		var byPage, byCursor []callwright.AgentID
		pages := (len(want) + limit - 1) / limit
		for p := 1; p <= pages; p++ {
			items, info, err := h.ListAgents(t.Context(), h.mine.ID, callwright.Page{Page: p, Limit: limit})
			must(t, err)
			if info.Page != p || info.Limit != limit || info.Total != 7 || info.TotalPages != pages || (info.NextCursor == "") != (p == pages) {
				t.Errorf("page %d of %d: got %+v, want 7 in all and a cursor on all but the last", p, limit, info)
			}
			for _, a := range items {
				byPage = append(byPage, a.ID)
			}
		}
		for cursor, n := "", 0; n == 0 || cursor != ""; n++ {
			items, info, err := h.ListAgents(t.Context(), h.mine.ID, callwright.Page{Page: 1, Limit: limit, Cursor: cursor})
			must(t, err)
			if n > 10 {
				t.Fatalf("limit %d: the cursor does not end", limit)
			}
			for _, a := range items {
				byCursor = append(byCursor, a.ID)
			}
			cursor = info.NextCursor
		}
		wantSame(t, fmt.Sprint("by pages of ", limit), byPage, want)
		wantSame(t, fmt.Sprint("by cursor of ", limit), byCursor, want)
	}
	items, info, err := h.ListAgents(t.Context(), h.mine.ID, callwright.Page{Page: 99, Limit: 2})
	if err != nil || len(items) != 0 || info.NextCursor != "" {
		t.Errorf("a page after the last: got %d items, %+v, %v; want none", len(items), info, err)
	}
	// What comes in between does not shift the pages of a cursor.
	_, info, err = h.ListAgents(t.Context(), h.mine.ID, callwright.Page{Page: 1, Limit: 3})
	must(t, err)
	h.mustCreateAgent(h.mine.ID, "late")
	items, _, err = h.ListAgents(t.Context(), h.mine.ID, callwright.Page{Page: 1, Limit: 3, Cursor: info.NextCursor})
	must(t, err)
	if len(items) != 3 || items[0].ID != want[3] {
		t.Errorf("after a new agent: got %v, want to go on with %s", items, want[3])
	}
}

func agentUpdateRollsBack(t *testing.T, h *house) {
	stop := errors.New("stop")
	_, err := h.UpdateAgent(t.Context(), h.mine.ID, h.agent.ID, func(a *callwright.Agent) error {
		a.Name = "changed"
		return stop
	})
	if !errors.Is(err, stop) {
		t.Errorf("error: got %v, want the function's own", err)
	}
	got, err := h.Agent(t.Context(), h.mine.ID, h.agent.ID)
	must(t, err)
	wantSame(t, "agent", got, h.agent)
}

func agentUpdatesInParallel(t *testing.T, h *house) {
	const n = 40
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			if _, err := h.UpdateAgent(t.Context(), h.mine.ID, h.agent.ID, func(a *callwright.Agent) error { a.Version++; return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got, err := h.Agent(t.Context(), h.mine.ID, h.agent.ID)
	must(t, err)
	if got.Version != h.agent.Version+n {
		t.Errorf("version after %d updates at once: got %d, want %d", n, got.Version, h.agent.Version+n)
	}
}

func agentDelete(t *testing.T, h *house) {
	s := h.mustCreateSkill("a")
	c := h.mustBegin()
	must(t, h.DeleteAgent(t.Context(), h.mine.ID, h.agent.ID, 9))
	_, err := h.Agent(t.Context(), h.mine.ID, h.agent.ID)
	wantCode(t, "deleted agent", err, callwright.CodeNotFound)
	_, err = h.Skill(t.Context(), h.mine.ID, h.agent.ID, s.ID)
	wantCode(t, "its skill", err, callwright.CodeNotFound)
	_, _, err = h.ListSkills(t.Context(), h.mine.ID, h.agent.ID, first)
	wantCode(t, "its skills", err, callwright.CodeNotFound)
	_, err = h.UpdateSkill(t.Context(), h.mine.ID, h.agent.ID, s.ID, func(*callwright.Skill) error { return nil })
	wantCode(t, "update of its skill", err, callwright.CodeNotFound)
	wantCode(t, "a new skill of it", h.CreateSkill(t.Context(), h.skill("b")), callwright.CodeNotFound)
	_, err = h.Draft(t.Context(), h.mine.ID, h.agent.ID)
	wantCode(t, "its draft", err, callwright.CodeNotFound)
	_, err = h.Publish(t.Context(), h.mine.ID, h.agent.ID, version)
	wantCode(t, "publishing it", err, callwright.CodeNotFound)
	wantCode(t, "deleting it twice", h.DeleteAgent(t.Context(), h.mine.ID, h.agent.ID, 10), callwright.CodeNotFound)
	list, info, err := h.ListAgents(t.Context(), h.mine.ID, first)
	if err != nil || len(list) != 0 || info.Total != 0 {
		t.Errorf("list: got %d of %d, %v; want none", len(list), info.Total, err)
	}
	if _, err := h.Conversation(t.Context(), h.mine.ID, c.ID); err != nil {
		t.Errorf("its conversation: got %v, want it kept for its receipt", err)
	}
}

func skills(t *testing.T, h *house) {
	s := h.mustCreateSkill("Check warranty")
	got, err := h.Skill(t.Context(), h.mine.ID, h.agent.ID, s.ID)
	must(t, err)
	wantSame(t, "skill", got, s)
	at := callwright.At(h.now())
	changed, err := h.UpdateSkill(t.Context(), h.mine.ID, h.agent.ID, s.ID, func(s *callwright.Skill) error {
		s.Description, s.UpdatedAt = "other", at
		return nil
	})
	must(t, err)
	got, err = h.Skill(t.Context(), h.mine.ID, h.agent.ID, s.ID)
	must(t, err)
	wantSame(t, "changed skill", got, changed)
	wantSame(t, "description", got.Description, "other")
	a, err := h.Agent(t.Context(), h.mine.ID, h.agent.ID)
	must(t, err)
	if a.Version != 3 || a.UpdatedAt != at {
		t.Errorf("agent after a create and an update: got version %d of %s, want 3 of %s", a.Version, a.UpdatedAt, at)
	}
	second := h.mustCreateSkill("Second")
	draft, err := h.Draft(t.Context(), h.mine.ID, h.agent.ID)
	must(t, err)
	wantSame(t, "draft", draft.Skills, []callwright.Skill{changed, second}) // oldest first
	list, info, err := h.ListSkills(t.Context(), h.mine.ID, h.agent.ID, first)
	must(t, err)
	wantSame(t, "list", list, []callwright.Skill{second, changed})
	wantSame(t, "total", info.Total, 2)
	del := callwright.At(h.now())
	must(t, h.DeleteSkill(t.Context(), h.mine.ID, h.agent.ID, s.ID, del))
	_, err = h.Skill(t.Context(), h.mine.ID, h.agent.ID, s.ID)
	wantCode(t, "deleted skill", err, callwright.CodeNotFound)
	wantCode(t, "deleting it twice", h.DeleteSkill(t.Context(), h.mine.ID, h.agent.ID, s.ID, del+1), callwright.CodeNotFound)
	a, err = h.Agent(t.Context(), h.mine.ID, h.agent.ID)
	must(t, err)
	if a.Version != 5 || a.UpdatedAt != del {
		t.Errorf("agent after the delete, and one that failed: got version %d of %s, want 5 of %s", a.Version, a.UpdatedAt, del)
	}
	h.mustCreateSkill("check WARRANTY") // the name is free again
}

func skillNames(t *testing.T, h *house) {
	s := h.mustCreateSkill("Check Warranty")
	for _, name := range []string{"Check Warranty", "check warranty", "CHECK WARRANTY"} {
		err := h.CreateSkill(t.Context(), h.skill(name))
		wantCode(t, name, err, callwright.CodeDuplicateName)
		if e, ok := errors.AsType[*callwright.Error](err); !ok || len(e.Fields) != 1 || e.Fields[0].Field != "name" {
			t.Errorf("%s: got %v, want it to point at the field name", name, err)
		}
	}
	a, err := h.Agent(t.Context(), h.mine.ID, h.agent.ID)
	must(t, err)
	wantSame(t, "version after refused creates", a.Version, 2)
	other := h.mustCreateSkill("Other")
	_, err = h.UpdateSkill(t.Context(), h.mine.ID, h.agent.ID, other.ID, func(s *callwright.Skill) error { s.Name = "check warranty"; return nil })
	wantCode(t, "renamed to a name that is taken", err, callwright.CodeDuplicateName)
	_, err = h.UpdateSkill(t.Context(), h.mine.ID, h.agent.ID, s.ID, func(s *callwright.Skill) error { s.Name = "check warranty"; return nil })
	must(t, err) // its own name in another case
	second := h.mustCreateAgent(h.mine.ID, "Second")
	elsewhere := h.skill("Check Warranty")
	elsewhere.AgentID = second.ID
	must(t, h.CreateSkill(t.Context(), elsewhere)) // unique in the agent only
}

func skillUpdateRollsBack(t *testing.T, h *house) {
	s := h.mustCreateSkill("a")
	before, err := h.Agent(t.Context(), h.mine.ID, h.agent.ID)
	must(t, err)
	stop := errors.New("stop")
	_, err = h.UpdateSkill(t.Context(), h.mine.ID, h.agent.ID, s.ID, func(s *callwright.Skill) error { s.Name = "b"; return stop })
	if !errors.Is(err, stop) {
		t.Errorf("error: got %v, want the function's own", err)
	}
	got, err := h.Skill(t.Context(), h.mine.ID, h.agent.ID, s.ID)
	must(t, err)
	wantSame(t, "skill", got, s)
	after, err := h.Agent(t.Context(), h.mine.ID, h.agent.ID)
	must(t, err)
	wantSame(t, "agent", after, before)
}

func version(snap callwright.Snapshot, n int) (callwright.Version, error) {
	return callwright.Version{ID: callwright.NewID[callwright.VersionID](time.Now()), AgentID: snap.Agent.ID, Version: n, CompiledConfig: snap, PublishedAt: callwright.Time(1000 + n)}, nil
}

func publish(t *testing.T, h *house) {
	s := h.mustCreateSkill("a")
	v1, err := h.Publish(t.Context(), h.mine.ID, h.agent.ID, version)
	must(t, err)
	a, err := h.Agent(t.Context(), h.mine.ID, h.agent.ID)
	must(t, err)
	if v1.Version != 1 || a.PublishedVersionID != v1.ID || a.Status != "published" || a.Version != 3 || a.UpdatedAt != 1001 {
		t.Errorf("after the first publish: got version %d, agent %+v; want 1 and the agent to name it", v1.Version, a)
	}
	_, err = h.UpdateSkill(t.Context(), h.mine.ID, h.agent.ID, s.ID, func(s *callwright.Skill) error { s.Description = "new"; return nil })
	must(t, err)
	_, err = h.UpdateAgent(t.Context(), h.mine.ID, h.agent.ID, func(a *callwright.Agent) error { a.Name = "new"; return nil })
	must(t, err)
	frozen, err := h.Version(t.Context(), h.mine.ID, v1.ID)
	must(t, err)
	wantSame(t, "version 1 after changes of the draft", frozen, v1)
	v2, err := h.Publish(t.Context(), h.mine.ID, h.agent.ID, version)
	must(t, err)
	if v2.Version != 2 || v2.CompiledConfig.Agent.Name != "new" || v2.CompiledConfig.Skills[0].Description != "new" {
		t.Errorf("second publish: got %d with %q, want 2 with the changes", v2.Version, v2.CompiledConfig.Agent.Name)
	}
	must(t, h.DeleteSkill(t.Context(), h.mine.ID, h.agent.ID, s.ID, 5))
	frozen, err = h.Version(t.Context(), h.mine.ID, v2.ID)
	must(t, err)
	wantSame(t, "version 2 after its skill was deleted", frozen, v2)
	stop := errors.New("stop")
	if _, err := h.Publish(t.Context(), h.mine.ID, h.agent.ID, func(callwright.Snapshot, int) (callwright.Version, error) { return callwright.Version{}, stop }); !errors.Is(err, stop) {
		t.Errorf("publish that is refused: got %v, want the function's own error", err)
	}
	list, info, err := h.ListVersions(t.Context(), h.mine.ID, h.agent.ID, first)
	must(t, err)
	wantSame(t, "versions, newest first", list, []callwright.Version{v2, v1})
	wantSame(t, "total", info.Total, 2)
	_, err = h.Version(t.Context(), h.mine.ID, "ver_none")
	wantCode(t, "unknown version", err, callwright.CodeNotFound)
}

func publishInParallel(t *testing.T, h *house) {
	numbers := make([]int, 10)
	var wg sync.WaitGroup
	for i := range numbers {
		wg.Go(func() {
			v, err := h.Publish(t.Context(), h.mine.ID, h.agent.ID, version)
			if err != nil {
				t.Error(err)
			}
			numbers[i] = v.Version
		})
	}
	wg.Wait()
	slices.Sort(numbers)
	wantSame(t, "numbers", numbers, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
}

// A foreign id is not found, whatever one does with it, and nothing happens.
func tenancy(t *testing.T, h *house) {
	ctx, alien := t.Context(), h.theirs.ID
	s := h.mustCreateSkill("a")
	v, err := h.Publish(ctx, h.mine.ID, h.agent.ID, version)
	must(t, err)
	sec := callwright.Secret{ID: "sec_1", Name: "KEY", AllowedHosts: []string{}}
	must(t, h.CreateSecret(ctx, h.mine.ID, sec, "sealed"))
	key := callwright.Key{ID: "key_1", OrganizationID: h.mine.ID, Scopes: callwright.Scopes()}
	must(t, h.CreateKey(ctx, key, "hash"))
	pub := h.publishable("pub")
	must(t, h.CreatePublishableKey(ctx, pub))
	c := h.mustBegin()
	run := h.run(c, "key-1")
	must(t, h.Record(ctx, store.Entry{Conversation: c, Events: []callwright.Event{h.event(c, 1, "hi")}, Begin: []callwright.Run{run}, Transcript: "t",
		Turn: &store.Turn{Turn: 1, RequestHash: "r", IdempotencyKey: "i", StartedAt: 1}}))

	for what, do := range map[string]func() error{
		"Agent":        func() error { _, err := h.Agent(ctx, alien, h.agent.ID); return err },
		"UpdateAgent":  func() error { _, err := h.UpdateAgent(ctx, alien, h.agent.ID, noAgent); return err },
		"DeleteAgent":  func() error { return h.DeleteAgent(ctx, alien, h.agent.ID, 1) },
		"Skill":        func() error { _, err := h.Skill(ctx, alien, h.agent.ID, s.ID); return err },
		"ListSkills":   func() error { _, _, err := h.ListSkills(ctx, alien, h.agent.ID, first); return err },
		"UpdateSkill":  func() error { _, err := h.UpdateSkill(ctx, alien, h.agent.ID, s.ID, noSkill); return err },
		"DeleteSkill":  func() error { return h.DeleteSkill(ctx, alien, h.agent.ID, s.ID, 1) },
		"CreateSkill":  func() error { x := h.skill("b"); x.OrganizationID = alien; return h.CreateSkill(ctx, x) },
		"Draft":        func() error { _, err := h.Draft(ctx, alien, h.agent.ID); return err },
		"Publish":      func() error { _, err := h.Publish(ctx, alien, h.agent.ID, version); return err },
		"Version":      func() error { _, err := h.Version(ctx, alien, v.ID); return err },
		"ListVersions": func() error { _, _, err := h.ListVersions(ctx, alien, h.agent.ID, first); return err },
		"Conversation": func() error { _, err := h.Conversation(ctx, alien, c.ID); return err },
		"SecretByName": func() error { _, _, err := h.SecretByName(ctx, alien, "KEY"); return err },
		"UpdateKey":    func() error { _, err := h.UpdateKey(ctx, alien, key.ID, noKey); return err },
		"PublishableKey": func() error {
			_, err := h.PublishableKey(ctx, alien, h.agent.ID, pub.ID)
			return err
		},
		"UpdatePublishableKey": func() error {
			_, err := h.UpdatePublishableKey(ctx, alien, h.agent.ID, pub.ID, noPublishableKey)
			return err
		},
		"UpdatePublishableKey of any agent": func() error {
			_, err := h.UpdatePublishableKey(ctx, alien, "", pub.ID, noPublishableKey)
			return err
		},
		"ListPublishableKeys": func() error {
			_, _, err := h.ListPublishableKeys(ctx, alien, h.agent.ID, first)
			return err
		},
		"CreatePublishableKey": func() error {
			x := h.publishable("x")
			x.OrganizationID = alien
			return h.CreatePublishableKey(ctx, x)
		},
		"Widget": func() error { _, err := h.Widget(ctx, alien, h.agent.ID); return err },
		"UpdateWidget": func() error {
			_, err := h.UpdateWidget(ctx, alien, h.agent.ID, 1, func(*callwright.Widget) error { return errors.New("fn was called") })
			return err
		},
		"DeleteSecret": func() error { return h.DeleteSecret(ctx, alien, "sec_1") },
		// An agent of one's own does not open another's skill.
		"Skill of my agent":       func() error { _, err := h.Skill(ctx, alien, h.other.ID, s.ID); return err },
		"UpdateSkill of my agent": func() error { _, err := h.UpdateSkill(ctx, alien, h.other.ID, s.ID, noSkill); return err },
		"DeleteSkill of my agent": func() error { return h.DeleteSkill(ctx, alien, h.other.ID, s.ID, 1) },
	} {
		wantCode(t, what, do(), callwright.CodeNotFound)
	}
	agents, _, err := h.ListAgents(ctx, alien, first)
	if err != nil || len(agents) != 1 || agents[0].ID != h.other.ID {
		t.Errorf("ListAgents: got %v, %v; want only their own", agents, err)
	}
	if list, err := h.ListKeys(ctx, alien); err != nil || len(list) != 0 {
		t.Errorf("ListKeys: got %v, %v; want none", list, err)
	}
	if list, err := h.AllPublishableKeys(ctx, alien); err != nil || len(list) != 0 {
		t.Errorf("AllPublishableKeys: got %v, %v; want none", list, err)
	}
	must(t, h.UsedKey(ctx, alien, key.ID, 9))
	must(t, h.UsedPublishableKey(ctx, alien, pub.ID, 9))
	if list, err := h.ListKeys(ctx, h.mine.ID); err != nil || len(list) != 1 || list[0].LastUsedAt != 0 {
		t.Errorf("after a stranger's use: got %v, %v; want it never used", list, err)
	}
	if k, err := h.PublishableKey(ctx, h.mine.ID, h.agent.ID, pub.ID); err != nil || k.LastUsedAt != 0 {
		t.Errorf("after a stranger's use: got %v, %v; want it never used", k, err)
	}
	if list, err := h.ListSecrets(ctx, alien); err != nil || len(list) != 0 {
		t.Errorf("ListSecrets: got %v, %v; want none", list, err)
	}
	if events, err := h.Events(ctx, alien, c.ID, 0); err != nil || len(events) != 0 {
		t.Errorf("Events: got %v, %v; want none", events, err)
	}
	if runs, err := h.Runs(ctx, alien, c.ID, 1); err != nil || len(runs) != 0 {
		t.Errorf("Runs: got %v, %v; want none", runs, err)
	}
	for _, key := range []string{"", "i"} {
		if turn, ok, err := h.TurnOf(ctx, alien, "r", key); err != nil || ok {
			t.Errorf("TurnOf key %q: got %v, %v; want none", key, turn, err)
		}
	}
	if id, ok, err := h.Continued(ctx, alien, "t"); err != nil || ok {
		t.Errorf("Continued: got %v, %v; want none", id, err)
	}
	if took, err := h.Latencies(ctx, alien, []callwright.SkillID{s.ID}); err != nil || len(took) != 0 {
		t.Errorf("Latencies: got %v, %v; want none", took, err)
	}
	done := run
	done.OrganizationID, done.State = alien, callwright.RunDone
	must(t, h.EndRun(ctx, done))
	if runs, err := h.Runs(ctx, h.mine.ID, c.ID, 1); err != nil || len(runs) != 1 || runs[0].State != callwright.RunRunning {
		t.Errorf("after a stranger ended the run: got %v, %v; want it running", runs, err)
	}
	stolen := *c
	stolen.OrganizationID, stolen.Status = alien, "ended"
	_ = h.Record(ctx, store.Entry{Conversation: &stolen}) // an error or nothing: both will do
	if got, err := h.Conversation(ctx, h.mine.ID, c.ID); err != nil || got.Status != "active" {
		t.Errorf("after a stranger wrote the conversation: got %q, %v; want active", got.Status, err)
	}
	if a, err := h.Agent(ctx, h.mine.ID, h.agent.ID); err != nil || a.Version != 3 {
		t.Errorf("agent after everything: got version %d, %v; want 3", a.Version, err)
	}
}

func noAgent(*callwright.Agent) error { return errors.New("this agent must not be reached") }
func noSkill(*callwright.Skill) error { return errors.New("this skill must not be reached") }

func secrets(t *testing.T, h *house) {
	ctx := t.Context()
	b := callwright.Secret{ID: "sec_b", Name: "B", AllowedHosts: []string{"api.example.com"}, CreatedAt: 1, UpdatedAt: 2}
	a := callwright.Secret{ID: "sec_a", Name: "A", AllowedHosts: []string{}, CreatedAt: 3, UpdatedAt: 3}
	must(t, h.CreateSecret(ctx, h.mine.ID, b, "sealed-b"))
	must(t, h.CreateSecret(ctx, h.mine.ID, a, "sealed-a"))
	must(t, h.CreateSecret(ctx, h.theirs.ID, callwright.Secret{ID: "sec_c", Name: "A", AllowedHosts: []string{}}, "theirs")) // the same name elsewhere
	got, sealed, err := h.SecretByName(ctx, h.mine.ID, "B")
	must(t, err)
	wantSame(t, "secret", got, b)
	wantSame(t, "sealed", sealed, "sealed-b")
	dup := callwright.Secret{ID: "sec_d", Name: "A", AllowedHosts: []string{}}
	wantCode(t, "a name that is taken", h.CreateSecret(ctx, h.mine.ID, dup, "x"), callwright.CodeDuplicateName)
	_, sealed, err = h.SecretByName(ctx, h.mine.ID, "A")
	must(t, err)
	wantSame(t, "sealed after a refused second", sealed, "sealed-a")
	list, err := h.ListSecrets(ctx, h.mine.ID)
	must(t, err)
	wantSame(t, "list, by name", list, []callwright.Secret{a, b})
	must(t, h.DeleteSecret(ctx, h.mine.ID, "A"))
	must(t, h.DeleteSecret(ctx, h.mine.ID, "sec_b"))
	wantCode(t, "deleting it twice", h.DeleteSecret(ctx, h.mine.ID, "A"), callwright.CodeNotFound)
	if list, err := h.ListSecrets(ctx, h.mine.ID); err != nil || len(list) != 0 || list == nil {
		t.Errorf("list after the deletes: got %v, %v; want an empty list", list, err)
	}
	if _, sealed, err := h.SecretByName(ctx, h.theirs.ID, "A"); err != nil || sealed != "theirs" {
		t.Errorf("the other organization's secret: got %q, %v; want it untouched", sealed, err)
	}
}

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

func cancelledContext(t *testing.T, h *house) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Agent(ctx, h.mine.ID, h.agent.ID); !errors.Is(err, context.Canceled) {
		t.Errorf("read: got %v, want context canceled", err)
	}
	c := h.conversation()
	if err := h.Record(ctx, store.Entry{Conversation: c, New: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("write: got %v, want context canceled", err)
	}
	_, err := h.Conversation(t.Context(), h.mine.ID, c.ID)
	wantCode(t, "what was to be written", err, callwright.CodeNotFound)
	h.mustCreateAgent(h.mine.ID, "after") // the database goes on
}
