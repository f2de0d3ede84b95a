package webchat_test

import (
	"testing"

	"callwright"
	"callwright/internal/webchat"
)

// A key of the test environment talks to the draft whatever it asks for, and has
// no say in conversations on published versions.
func TestTestKey(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	published := s.session()
	live := s.actor
	s.actor.Env, s.actor.Key = callwright.Test, "key_test"
	mine := s.session()
	if mine.VersionID != "" {
		t.Errorf("a session: got version %s, want the draft", mine.VersionID)
	}
	if text, id := said(t, s.send(mine.ID, "hello", "")); text != "You said: hello" || id != mine.ID {
		t.Errorf("got %q in %s, want the answer in %s", text, id, mine.ID)
	}
	_, id := said(t, s.complete(webchat.Completion{Messages: says("hi")}))
	conv, err := s.db.Conversation(t.Context(), "org_1", id)
	if err != nil || conv.VersionID != "" {
		t.Errorf("a completion: got version %s, %v; want the draft", conv.VersionID, err)
	}
	_, err = s.channel.Send(t.Context(), s.actor, published.ID, "hello", "")
	wantCode(t, "a message to a published version", err, callwright.CodeTestKey)
	_, err = s.channel.End(t.Context(), s.actor, published.ID)
	wantCode(t, "the end of a conversation on one", err, callwright.CodeTestKey)
	if got, err := s.channel.Session(t.Context(), s.actor, published.ID); err != nil || got.Status != "active" {
		t.Errorf("reading it: got %s, %v; want it active", got.Status, err)
	}
	s.actor = live
	said(t, s.send(published.ID, "hello", ""))
	said(t, s.send(mine.ID, "hello", "")) // a live key may talk to drafts too
}

func wantCode(t testing.TB, what string, err error, want callwright.Code) {
	t.Helper()
	if got := callwright.CodeOf(err); got != want {
		t.Errorf("%s: got %q (%v), want %q", what, got, err, want)
	}
}

// A test key needs no published version.
func TestTestKeyBeforePublishing(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	must(t, s.db.CreateAgent(t.Context(), callwright.Agent{ID: "agt_new", OrganizationID: "org_1", AgentSpec: callwright.AgentSpec{Name: "New"}, Version: 1}))
	spec := webchat.SessionSpec{AgentID: "agt_new"}
	_, err := s.channel.Start(t.Context(), s.actor, spec)
	wantCode(t, "a live key", err, callwright.CodeNotPublished)
	s.actor.Env = callwright.Test
	if _, err := s.channel.Start(t.Context(), s.actor, spec); err != nil {
		t.Errorf("a test key: got %v, want the draft", err)
	}
}
