package webchat_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
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
	"callwright/internal/skill"
	"callwright/internal/store"
	"callwright/internal/webchat"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// An echo is a model that repeats the last words, or calls the skill when they
// begin with "call"; before it answers it waits for a gate when there is one.
type echo struct {
	mu      sync.Mutex
	asked   int
	at      map[string]int // answers under way, by conversation (its first words)
	most    int            // at the same time
	started chan string    // the words, when an answer begins
	gate    chan struct{}  // closed: go on
	fail    error
	panics  bool
}

func (e *echo) Generate(ctx context.Context, req llm.Request) iter.Seq2[llm.Chunk, error] {
	return func(yield func(llm.Chunk, error) bool) {
		last := req.Messages[len(req.Messages)-1]
		e.mu.Lock()
		e.asked++
		first := req.Messages[0].Content
		if e.at == nil {
			e.at = map[string]int{}
		}
		e.at[first]++
		e.most = max(e.most, e.at[first])
		gate, fail, panics := e.gate, e.fail, e.panics
		e.mu.Unlock()
		defer func() {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.at[first]--
		}()
		if panics {
			panic("a bug")
		}
		if e.started != nil {
			e.started <- last.Content
		}
		if gate != nil {
			select {
			case <-gate:
			case <-ctx.Done():
				yield(llm.Chunk{}, callwright.Wrap(callwright.CodeTimeout, ctx.Err(), "interrupted"))
				return
			}
		}
		switch {
		case fail != nil:
			yield(llm.Chunk{}, fail)
		case last.Role == llm.User && strings.HasPrefix(last.Content, "call"):
			yield(llm.Chunk{ToolCall: &llm.ToolCall{ID: "c1", Name: "book_visit", Arguments: json.RawMessage(`{"order_id":"A-1"}`)}}, nil)
		case yield(llm.Chunk{Text: "You said: "}, nil):
			yield(llm.Chunk{Text: last.Content}, nil)
		}
	}
}

func (e *echo) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.asked
}

// A shop is a chat channel on a real database with a published agent.
type shop struct {
	t       testing.TB
	db      *store.DB
	model   *echo
	mu      sync.Mutex
	runs    int
	clock   time.Time
	channel *webchat.Channel
	actor   callwright.Actor
}

const agentID callwright.AgentID = "agt_1"

func newShop(t testing.TB) *shop {
	t.Helper()
	db, err := store.OpenSQLite(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{t: t, db: db, model: &echo{}, clock: time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC), actor: callwright.Actor{Org: "org_1", Key: "key_1"}}
	for _, o := range []callwright.OrgID{"org_1", "org_2"} {
		_, err := db.EnsureOrg(t.Context(), callwright.Org{ID: o, Name: string(o)})
		must(t, err)
	}
	must(t, db.CreateAgent(t.Context(), callwright.Agent{ID: agentID, OrganizationID: "org_1", AgentSpec: callwright.AgentSpec{Name: "Desk", Greeting: "Welcome."}, Version: 1}))
	must(t, db.CreateSkill(t.Context(), callwright.Skill{ID: "skl_1", AgentID: agentID, OrganizationID: "org_1", SkillSpec: callwright.SkillSpec{Name: "Book visit", SkillType: callwright.HTTPWebhook,
		IsWrite: true, Stakes: "medium", ParametersSchema: json.RawMessage(`{"properties":{"order_id":{"type":"string"}}}`)}}))
	_, err = db.Publish(t.Context(), "org_1", agentID, func(snap callwright.Snapshot, n int) (callwright.Version, error) {
		return callwright.Version{ID: "ver_1", AgentID: agentID, Version: n, CompiledConfig: snap}, nil
	})
	must(t, err)
	log := slog.New(slog.DiscardHandler)
	e := &engine.Engine{Store: db, Gate: &gate.Gate{Now: s.now, Log: log, Late: db}, Now: s.now, Log: log,
		Kinds: map[callwright.SkillType]skill.Kind{callwright.HTTPWebhook: skill.Define(callwright.HTTPWebhook, "A fake.", func(struct{}) (skill.Executor, error) { return s, nil })},
		Models: func(context.Context, callwright.Agent) ([]engine.Model, bool) {
			return []engine.Model{{Name: "echo", Model: s.model}}, true
		},
		Fallback: engine.Model{Name: "echo", Model: s.model}}
	s.channel = &webchat.Channel{Engine: e, Store: db, Now: s.now, Log: log}
	t.Cleanup(func() {
		if err := errors.Join(s.channel.Close(context.Background()), db.Close()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// Execute makes the shop the system behind its skill.
func (s *shop) Execute(context.Context, skill.Call) (skill.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs++
	return skill.Result{Data: json.RawMessage(`{"ok":true}`), Sent: true}, nil
}

func (s *shop) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.runs
}

func (s *shop) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock = s.clock.Add(time.Millisecond)
	return s.clock
}

func (s *shop) wait(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock = s.clock.Add(d)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// said follows a reply to its end: what was said, in which conversation.
func said(t testing.TB, r *webchat.Reply) (string, callwright.ConversationID) {
	t.Helper()
	text, id, err := follow(t.Context(), r)
	must(t, err)
	return text, id
}

func follow(ctx context.Context, r *webchat.Reply) (text string, id callwright.ConversationID, err error) {
	for ev, e := range r.Events(ctx) {
		if e != nil {
			return text, id, e
		}
		switch ev := ev.(type) {
		case engine.Say:
			text += ev.Text
		case engine.Recorded:
			id = ev.ConversationID
		}
	}
	return text, id, nil
}

func (s *shop) session() webchat.Session {
	s.t.Helper()
	sess, err := s.channel.Start(s.t.Context(), s.actor, webchat.SessionSpec{AgentID: agentID})
	must(s.t, err)
	return sess
}

func (s *shop) send(id callwright.ConversationID, text, key string) *webchat.Reply {
	s.t.Helper()
	r, err := s.channel.Send(s.t.Context(), s.actor, id, text, key)
	must(s.t, err)
	return r
}

// says makes a transcript: user and assistant in turns.
func says(texts ...string) []llm.Message {
	var out []llm.Message
	for i, text := range texts {
		role := llm.User
		if i%2 == 1 {
			role = llm.Assistant
		}
		out = append(out, llm.Message{Role: role, Content: text})
	}
	return out
}

func (s *shop) complete(req webchat.Completion) *webchat.Reply {
	s.t.Helper()
	req.Agent = agentID
	r, err := s.channel.Complete(s.t.Context(), s.actor, req)
	must(s.t, err)
	return r
}

func TestSession(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sess := s.session()
	if len(sess.Messages) != 1 || sess.Messages[0].Content != "Welcome." || sess.Status != "active" || sess.VersionID != "ver_1" {
		t.Errorf("new session: got %+v, want the greeting on the published version", sess)
	}
	if text, id := said(t, s.send(sess.ID, "hello", "")); text != "You said: hello" || id != sess.ID {
		t.Errorf("got %q in %s, want the answer in %s", text, id, sess.ID)
	}
	ended, err := s.channel.End(t.Context(), s.actor, sess.ID)
	must(t, err)
	var got []string
	for _, m := range ended.Messages {
		got = append(got, m.Role+": "+m.Content)
	}
	if want := "assistant: Welcome.; user: hello; assistant: You said: hello"; strings.Join(got, "; ") != want || ended.Status != "ended" || ended.EndedAt == 0 {
		t.Errorf("ended session: got %q, %s; want %s", got, ended.Status, want)
	}
	again, err := s.channel.End(t.Context(), s.actor, sess.ID)
	if err != nil || again.EndedAt != ended.EndedAt {
		t.Errorf("ended twice: got %v, %v; want no change", again.EndedAt, err)
	}
	if _, _, err := follow(t.Context(), s.send(sess.ID, "still there?", "")); callwright.CodeOf(err) != callwright.CodeEnded {
		t.Errorf("words after the end: got %v, want conversation_ended", err)
	}
}

func TestWhoMayChat(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sess := s.session()
	stranger := callwright.Actor{Org: "org_2", Key: "key_2"}
	off := false
	for what, do := range map[string]func() error{
		"start": func() error {
			_, err := s.channel.Start(t.Context(), stranger, webchat.SessionSpec{AgentID: agentID})
			return err
		},
		"read": func() error { _, err := s.channel.Session(t.Context(), stranger, sess.ID); return err },
		"send": func() error { _, err := s.channel.Send(t.Context(), stranger, sess.ID, "hi", ""); return err },
		"end":  func() error { _, err := s.channel.End(t.Context(), stranger, sess.ID); return err },
		"complete": func() error {
			_, err := s.channel.Complete(t.Context(), stranger, webchat.Completion{Agent: agentID, Messages: says("hi")})
			return err
		},
	} {
		if err := do(); callwright.CodeOf(err) != callwright.CodeNotFound {
			t.Errorf("%s by a stranger: got %v, want not_found", what, err)
		}
	}
	must(t, s.db.CreateAgent(t.Context(), callwright.Agent{ID: "agt_2", OrganizationID: "org_1", AgentSpec: callwright.AgentSpec{Name: "New", IsActive: &off}}))
	if _, err := s.channel.Start(t.Context(), s.actor, webchat.SessionSpec{AgentID: "agt_2"}); callwright.CodeOf(err) != callwright.CodeNotPublished {
		t.Errorf("an unpublished agent: got %v, want no_published_version", err)
	}
	if _, err := s.channel.Start(t.Context(), s.actor, webchat.SessionSpec{AgentID: "agt_2", DraftMode: true}); callwright.CodeOf(err) != callwright.CodeInactive {
		t.Errorf("an inactive agent: got %v, want agent_inactive", err)
	}
	_, err := s.db.UpdateAgent(t.Context(), "org_1", "agt_2", func(a *callwright.Agent) error {
		a.IsActive, a.EnabledChannels, a.Version = nil, []callwright.Channel{callwright.Voice}, a.Version+1
		return nil
	})
	must(t, err)
	if _, err := s.channel.Start(t.Context(), s.actor, webchat.SessionSpec{AgentID: "agt_2", DraftMode: true}); callwright.CodeOf(err) != callwright.CodeNotEnabled {
		t.Errorf("an agent for calls only: got %v, want capability_not_enabled", err)
	}
}

// Messages that come at once are answered one after the other.
func TestOneTurnAtATime(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sess := s.session()
	var wg sync.WaitGroup
	for i := range 10 {
		r := s.send(sess.ID, fmt.Sprint("m", i), "")
		wg.Go(func() {
			if text, _, err := follow(t.Context(), r); err != nil || text != fmt.Sprint("You said: m", i) {
				t.Errorf("message %d: got %q, %v", i, text, err)
			}
		})
	}
	wg.Wait()
	s.model.mu.Lock()
	most := s.model.most
	s.model.mu.Unlock()
	if most != 1 {
		t.Errorf("answers under way at the same time: got %d, want 1", most)
	}
	got, err := s.channel.Session(t.Context(), s.actor, sess.ID)
	must(t, err)
	if len(got.Messages) != 21 {
		t.Fatalf("messages: got %d, want the greeting and 10 exchanges", len(got.Messages))
	}
	for i := 1; i < 21; i += 2 {
		if got.Messages[i+1].Content != "You said: "+got.Messages[i].Content {
			t.Errorf("message %d: got %q after %q, want its answer", i, got.Messages[i+1].Content, got.Messages[i].Content)
		}
	}
}

// A reader that leaves does not stop the turn; others follow it from its beginning.
func TestReaderLeaves(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.model.started, s.model.gate = make(chan string, 1), make(chan struct{})
	sess := s.session()
	request, hangUp := context.WithCancel(t.Context())
	r, err := s.channel.Send(request, s.actor, sess.ID, "hello", "")
	must(t, err)
	<-s.model.started
	hangUp()
	if _, _, err := follow(request, r); !errors.Is(err, context.Canceled) {
		t.Errorf("the reader that left: got %v, want context canceled", err)
	}
	close(s.model.gate)
	for range 2 {
		if text, _ := said(t, r); text != "You said: hello" {
			t.Errorf("another reader: got %q, want all of it", text)
		}
	}
	for range r.Events(t.Context()) {
		break // leaves after the first event
	}
}

// A retry with the key attaches to the turn under way, and gets the answer again
// when it is over.
func TestRetryOfAMessage(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.model.started, s.model.gate = make(chan string, 9), make(chan struct{})
	sess := s.session()
	first := s.send(sess.ID, "call it", "k")
	<-s.model.started
	attached := s.send(sess.ID, "call it", "k")
	if first != attached {
		t.Error("retry while it runs: got another reply, want the same")
	}
	close(s.model.gate)
	want, _ := said(t, first)
	s.model.started = nil
	replayed, id := said(t, s.send(sess.ID, "call it", "k"))
	if replayed != want || id != sess.ID || !strings.HasSuffix(want, "Is that right?") {
		t.Errorf("retry when it is over: got %q in %s, want %q", replayed, id, want)
	}
	if n := s.model.count(); n != 1 {
		t.Errorf("model was asked %d times, want once", n)
	}
	yes, _ := said(t, s.send(sess.ID, "yes", "k2"))
	for range 3 {
		if again, _ := said(t, s.send(sess.ID, "yes", "k2")); again != yes {
			t.Errorf("repeated yes: got %q, want %q", again, yes)
		}
	}
	if n := s.count(); n != 1 {
		t.Errorf("runs: got %d, want 1", n)
	}
	if again, _ := said(t, s.send(sess.ID, "call it", "k")); again != want {
		t.Errorf("the first request again: got %q, want %q", again, want)
	}
}

func TestKeyReused(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sess, other := s.session(), s.session()
	said(t, s.send(sess.ID, "one", "k"))
	for what, do := range map[string]func() *webchat.Reply{
		"other words":          func() *webchat.Reply { return s.send(sess.ID, "two", "k") },
		"another conversation": func() *webchat.Reply { return s.send(other.ID, "one", "k") },
		"a completion": func() *webchat.Reply {
			return s.complete(webchat.Completion{Messages: says("one"), IdempotencyKey: "k"})
		},
	} {
		if text, _, err := follow(t.Context(), do()); callwright.CodeOf(err) != callwright.CodeKeyReused {
			t.Errorf("%s: got %q, %v; want idempotency_key_reused", what, text, err)
		}
	}
	// While the first is under way, the same.
	s.model.started, s.model.gate = make(chan string, 1), make(chan struct{})
	running := s.send(sess.ID, "three", "k3")
	<-s.model.started
	if _, err := s.channel.Send(t.Context(), s.actor, sess.ID, "four", "k3"); callwright.CodeOf(err) != callwright.CodeKeyReused {
		t.Errorf("while it runs: got %v, want idempotency_key_reused", err)
	}
	close(s.model.gate)
	said(t, running)
	s.wait(25 * time.Hour) // a key counts for a day
	s.model.started = nil
	if text, _ := said(t, s.send(sess.ID, "two", "k")); text != "You said: two" {
		t.Errorf("a day later: got %q, want a new turn", text)
	}
}

// Without a key the same words twice are two messages.
func TestSameWordsTwice(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sess := s.session()
	said(t, s.send(sess.ID, "hi", ""))
	said(t, s.send(sess.ID, "hi", ""))
	if n := s.model.count(); n != 2 {
		t.Errorf("model was asked %d times, want twice", n)
	}
}

// A transcript that this server produced goes on in its conversation; two
// visitors who said the same have one each.
func TestCompletions(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	answer, a := said(t, s.complete(webchat.Completion{Messages: says("hi")}))
	_, b := said(t, s.complete(webchat.Completion{Messages: says("hi")}))
	if a == b {
		t.Error("two visitors: got one conversation, want two")
	}
	next := says("hi", answer, "more")
	_, c := said(t, s.complete(webchat.Completion{Messages: next}))
	_, d := said(t, s.complete(webchat.Completion{Messages: next}))
	if c == d || c != a && c != b || d != a && d != b {
		t.Errorf("going on: got %s and %s, want %s and %s", c, d, a, b)
	}
	_, e := said(t, s.complete(webchat.Completion{Messages: next}))
	if e == a || e == b {
		t.Errorf("a third one with their words: got %s, want a conversation of its own", e)
	}
	for what, req := range map[string]webchat.Completion{
		"other words of the agent": {Messages: says("hi", "I never said that", "more")},
		"another user":             {Messages: says("hi", answer, "more"), User: "bob"},
	} {
		if _, id := said(t, s.complete(req)); id == a || id == b {
			t.Errorf("%s: got %s, want a new conversation", what, id)
		}
	}
	other := s.actor
	other.Key = "key_2"
	answer, f := said(t, s.complete(webchat.Completion{Messages: says("hello")}))
	r, err := s.channel.Complete(t.Context(), other, webchat.Completion{Agent: agentID, Messages: says("hello", answer, "more")})
	must(t, err)
	if _, id := said(t, r); id == f {
		t.Error("another key: got the first key's conversation, want a new one")
	}
	if _, id := said(t, s.complete(webchat.Completion{Messages: says("hello", "  "+answer+"\n", "more")})); id != f {
		t.Errorf("a client that trims: got %s, want to go on in %s", id, f)
	}
}

// A pending question survives from one stateless request to the next, once.
func TestCompletionConfirms(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	question, id := said(t, s.complete(webchat.Completion{Messages: says("call it")}))
	_, forged := said(t, s.complete(webchat.Completion{Messages: says("call that", question, "yes")}))
	if s.count() != 0 || forged == id {
		t.Errorf("a question that was never asked: %d runs, want none", s.count())
	}
	_, got := said(t, s.complete(webchat.Completion{Messages: says("call it", question, "yes")}))
	if s.count() != 1 || got != id {
		t.Errorf("yes: %d runs in %s, want 1 in %s", s.count(), got, id)
	}
	said(t, s.complete(webchat.Completion{Messages: says("call it", question, "yes")}))
	if s.count() != 1 {
		t.Errorf("yes again, by a visitor who was asked nothing: %d runs, want 1", s.count())
	}
}

func TestRetryOfACompletion(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.model.started, s.model.gate = make(chan string, 9), make(chan struct{})
	first := s.complete(webchat.Completion{Messages: says("hi")})
	<-s.model.started
	if s.complete(webchat.Completion{Messages: says("hi")}) != first {
		t.Error("while it runs: got another reply, want the same")
	}
	close(s.model.gate)
	_, id := said(t, first)
	if _, again := said(t, s.complete(webchat.Completion{Messages: says("hi"), Retry: true})); again != id {
		t.Errorf("a retry: got %s, want %s", again, id)
	}
	s.wait(16 * time.Minute)
	if _, again := said(t, s.complete(webchat.Completion{Messages: says("hi"), Retry: true})); again == id {
		t.Error("a retry after a quarter of an hour: got the old answer, want a new one")
	}
	_, keyed := said(t, s.complete(webchat.Completion{Messages: says("hi"), IdempotencyKey: "k"}))
	if _, again := said(t, s.complete(webchat.Completion{Messages: says("hi"), IdempotencyKey: "k"})); again != keyed || keyed == id {
		t.Errorf("with a key: got %s, want %s", again, keyed)
	}
}

// Two keys are two requests, even with the same words at the same time, and each
// has its own answer to come back to.
func TestTwoKeysAreTwoRequests(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.model.started, s.model.gate = make(chan string, 9), make(chan struct{})
	first := s.complete(webchat.Completion{Messages: says("hi"), IdempotencyKey: "a"})
	<-s.model.started
	second := s.complete(webchat.Completion{Messages: says("hi"), IdempotencyKey: "b"})
	close(s.model.gate)
	_, a := said(t, first)
	_, b := said(t, second)
	if a == b {
		t.Errorf("got one conversation %s, want two", a)
	}
	for key, want := range map[string]callwright.ConversationID{"a": a, "b": b} {
		if _, got := said(t, s.complete(webchat.Completion{Messages: says("hi"), IdempotencyKey: key})); got != want {
			t.Errorf("key %s again: got %s, want %s", key, got, want)
		}
	}
}

// One transcript is gone on from once, however many ask at the same time.
func TestClaimedOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	answer, id := said(t, s.complete(webchat.Completion{Messages: says("hi")}))
	ids := make([]callwright.ConversationID, 12)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			r, err := s.channel.Complete(t.Context(), s.actor, webchat.Completion{Agent: agentID, Messages: says("hi", answer, fmt.Sprint("more ", i))})
			if err != nil {
				t.Error(err)
				return
			}
			if _, ids[i], err = follow(t.Context(), r); err != nil {
				t.Errorf("request %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	seen := map[callwright.ConversationID]int{}
	for _, x := range ids {
		seen[x]++
	}
	if len(seen) != len(ids) || seen[id] != 1 {
		t.Errorf("conversations: got %v, want %d of them and %s once", seen, len(ids), id)
	}
}

// As many visitors with the same words, all going on at once: each gets a
// conversation, none an error.
func TestCrowdOfSameTranscripts(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	const n = 12
	before := map[callwright.ConversationID]bool{}
	var answer string
	for range n {
		text, id := said(t, s.complete(webchat.Completion{Messages: says("hi")}))
		answer, before[id] = text, true
	}
	ids := make([]callwright.ConversationID, n)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			r, err := s.channel.Complete(t.Context(), s.actor, webchat.Completion{Agent: agentID, Messages: says("hi", answer, fmt.Sprint("more ", i))})
			if err != nil {
				t.Error(err)
				return
			}
			if _, ids[i], err = follow(t.Context(), r); err != nil {
				t.Errorf("request %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	after := map[callwright.ConversationID]bool{}
	for _, id := range ids {
		if !before[id] {
			t.Errorf("%s is new, want one of the %d that were there", id, n)
		}
		after[id] = true
	}
	if len(after) != n {
		t.Errorf("conversations gone on in: got %d, want %d", len(after), n)
	}
}

// die leaves a turn as a server leaves it that stops in the middle.
func (s *shop) die(conv callwright.Conversation, words, hash, key string) {
	s.t.Helper()
	conv.Turns++
	conv.LastSeq++
	raw, err := json.Marshal(callwright.Utterance{Text: words})
	must(s.t, err)
	now := s.now()
	must(s.t, s.db.Record(s.t.Context(), store.Entry{Conversation: &conv, New: conv.Turns == 1 && conv.LastSeq == 1,
		Events: []callwright.Event{{ID: callwright.NewID[callwright.EventID](now), ConversationID: conv.ID, Seq: conv.LastSeq, Channel: callwright.Chat, EventType: callwright.UserUtterance, Payload: raw}},
		Turn:   &store.Turn{Turn: conv.Turns, RequestHash: hash, IdempotencyKey: key, StartedAt: callwright.At(now)}}))
}

// hashOf learns the hash of a request from the turn that it begins elsewhere.
func (s *shop) hashOf(t testing.TB, do func(*shop, string) *webchat.Reply) string {
	t.Helper()
	other := newShop(t)
	said(t, do(other, "learn"))
	turn, ok, err := other.db.TurnOf(t.Context(), "org_1", "", "learn")
	if err != nil || !ok {
		t.Fatalf("turn: %v, %v", ok, err)
	}
	return turn.RequestHash
}

// A retry of a completion whose server died resumes it, and the conversation goes
// on with the next request.
func TestResumedCompletionGoesOn(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	hash := s.hashOf(t, func(o *shop, key string) *webchat.Reply {
		return o.complete(webchat.Completion{Messages: says("call it"), IdempotencyKey: key})
	})
	s.die(callwright.Conversation{ID: "cnv_dead", OrganizationID: "org_1", AgentID: agentID, VersionID: "ver_1", Channel: callwright.Chat, Status: "active"}, "call it", hash, "k")
	question, id := said(t, s.complete(webchat.Completion{Messages: says("call it"), IdempotencyKey: "k"}))
	if id != "cnv_dead" || !strings.HasSuffix(question, "Is that right?") {
		t.Fatalf("retry: got %q in %s, want the dead turn's answer", question, id)
	}
	_, got := said(t, s.complete(webchat.Completion{Messages: says("call it", question, "yes")}))
	if got != "cnv_dead" || s.count() != 1 {
		t.Errorf("the next request: got %s with %d runs, want to go on in cnv_dead and run what was asked", got, s.count())
	}
}

// A retry of a dead turn that the conversation has left behind does not run the
// turn that came after it.
func TestRetryOfADeadTurnThatWasOvertaken(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sess := s.session()
	// The hash of a message is of its conversation and words: learn it by a first one.
	said(t, s.send(sess.ID, "lost", "learn"))
	turn, _, err := s.db.TurnOf(t.Context(), "org_1", "", "learn")
	must(t, err)
	conv, err := s.db.Conversation(t.Context(), "org_1", sess.ID)
	must(t, err)
	s.die(conv, "lost", turn.RequestHash, "k")
	said(t, s.send(sess.ID, "what now", ""))
	asked := s.model.count()
	text, _, err := follow(t.Context(), s.send(sess.ID, "lost", "k"))
	if callwright.CodeOf(err) != callwright.CodeModel || strings.Contains(text, "what now") {
		t.Errorf("got %q, %v; want an error that says to begin a new one", text, err)
	}
	if n := s.model.count(); n != asked {
		t.Errorf("the model was asked %d times more, want none", n-asked)
	}
}

// A turn that failed is told as failed when it is asked for again.
func TestRetryOfAFailedTurn(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.model.fail = callwright.Errorf(callwright.CodeUnavailable, "down")
	sess := s.session()
	for range 2 {
		if _, _, err := follow(t.Context(), s.send(sess.ID, "hi", "k")); err == nil {
			t.Error("got an answer, want an error")
		}
	}
	s.model.mu.Lock()
	s.model.fail = nil
	s.model.mu.Unlock()
	if text, _ := said(t, s.send(sess.ID, "hi", "k2")); text != "You said: hi" {
		t.Errorf("a new request: got %q, want an answer", text)
	}
}

// A turn that panics is an error of that turn; the conversation goes on.
func TestPanickingModel(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.model.panics = true
	sess := s.session()
	if _, _, err := follow(t.Context(), s.send(sess.ID, "hi", "")); callwright.CodeOf(err) != callwright.CodeInternal {
		t.Errorf("got %v, want internal", err)
	}
	s.model.mu.Lock()
	s.model.panics = false
	s.model.mu.Unlock()
	if text, _ := said(t, s.send(sess.ID, "hello", "")); text != "You said: hello" {
		t.Errorf("the next turn: got %q, want an answer", text)
	}
}

// Close waits for the turns under way and takes no new ones.
func TestClose(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.model.started, s.model.gate = make(chan string, 1), make(chan struct{})
	sess := s.session()
	r := s.send(sess.ID, "hello", "k")
	<-s.model.started
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.channel.Close(impatient); !errors.Is(err, context.Canceled) {
		t.Errorf("close while a turn runs: got %v, want its deadline", err)
	}
	if _, err := s.channel.Send(t.Context(), s.actor, sess.ID, "late", ""); callwright.CodeOf(err) != callwright.CodeUnavailable {
		t.Errorf("a new turn: got %v, want unavailable", err)
	}
	if again, err := s.channel.Send(t.Context(), s.actor, sess.ID, "hello", "k"); err != nil || again != r {
		t.Errorf("a retry of the turn that runs: got %v, want it attached", err)
	}
	close(s.model.gate)
	must(t, s.channel.Close(t.Context()))
	if text, _ := said(t, r); text != "You said: hello" {
		t.Errorf("the turn: got %q, want it whole", text)
	}
}
