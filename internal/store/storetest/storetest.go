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
		"OptOuts":                optOuts,
		"SentTexts":              sentTexts,
		"SentTextsInParallel":    sentTextsInParallel,
		"Deliveries":             deliveries,
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
