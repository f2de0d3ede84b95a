package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"callwright"
	"callwright/internal/store"
)

func noKey(*store.KeyRecord) error { return errors.New("fn was called for a foreign key") }

func noPublishableKey(*store.PublishableRecord) error {
	return errors.New("fn was called for a foreign key")
}

// publishable makes a publishable key of the house's agent with the text.
func (h *house) publishable(text string) callwright.PublishableKey {
	at := h.now()
	return callwright.PublishableKey{ID: callwright.NewID[callwright.PublishableKeyID](at), AgentID: h.agent.ID, OrganizationID: h.mine.ID, KeyPublic: text,
		PublishableKeySpec: callwright.PublishableKeySpec{Name: "Größe", AllowedOrigins: []string{"https://a.example", "http://[::1]:8080"}, Env: callwright.Live, RateLimitRPM: 60, RequireIdentityVerification: true},
		Scopes:             []callwright.Scope{callwright.ChatPublic}, CreatedAt: callwright.At(at)}
}

// A key is found by the text in force and by the one before, keeps all that is
// changed, and its last use only moves forward.
func keyLife(t *testing.T, h *house) {
	ctx := t.Context()
	k := callwright.Key{ID: "key_1", OrganizationID: h.mine.ID, Name: "ci", Env: callwright.Test, Prefix: "cw_sk_test_abcde", Scopes: []callwright.Scope{callwright.ChatRead}, ExpiresAt: 99, CreatedAt: 7}
	must(t, h.CreateKey(ctx, k, "one"))
	must(t, h.CreateKey(ctx, callwright.Key{ID: "key_2", OrganizationID: h.mine.ID, Scopes: []callwright.Scope{}}, "other")) // neither has a text before
	rotate := func(hash string) callwright.Key {
		got, err := h.UpdateKey(ctx, h.mine.ID, k.ID, func(r *store.KeyRecord) error {
			r.PreviousHash, r.Hash, r.GraceEndsAt = r.Hash, hash, r.GraceEndsAt+10
			return nil
		})
		must(t, err)
		return got
	}
	k.GraceEndsAt = 10
	wantSame(t, "rotated", rotate("two"), k)
	for _, hash := range []string{"one", "two"} {
		got, err := h.KeyByHash(ctx, hash)
		must(t, err)
		wantSame(t, "by "+hash, got, store.KeyRecord{Key: k, Hash: "two", PreviousHash: "one"})
	}
	rotate("three")
	_, err := h.KeyByHash(ctx, "one")
	wantCode(t, "the text before the last but one", err, callwright.CodeNotFound)
	for _, at := range []callwright.Time{50, 40} {
		must(t, h.UsedKey(ctx, h.mine.ID, k.ID, at))
	}
	_, err = h.UpdateKey(ctx, h.mine.ID, k.ID, func(r *store.KeyRecord) error {
		r.PreviousHash, r.RevokedAt, r.LastUsedAt = "", 60, 1000
		return nil
	})
	must(t, err)
	list, err := h.ListKeys(ctx, h.mine.ID)
	must(t, err)
	k.GraceEndsAt, k.LastUsedAt, k.RevokedAt = 20, 50, 60
	wantSame(t, "list", list, []callwright.Key{k, {ID: "key_2", OrganizationID: h.mine.ID, Scopes: []callwright.Scope{}}})
	_, err = h.UpdateKey(ctx, h.mine.ID, "key_none", noKey)
	wantCode(t, "update of an unknown key", err, callwright.CodeNotFound)
	org, err := h.OrgByName(ctx, "mine")
	must(t, err)
	wantSame(t, "organization by name", org, h.mine)
	_, err = h.OrgByName(ctx, "Mine")
	wantCode(t, "organization of another name", err, callwright.CodeNotFound)
}

func keyUpdateRollsBack(t *testing.T, h *house) {
	ctx, stop := t.Context(), errors.New("stop")
	must(t, h.CreateKey(ctx, callwright.Key{ID: "key_1", OrganizationID: h.mine.ID, Scopes: []callwright.Scope{}}, "one"))
	_, err := h.UpdateKey(ctx, h.mine.ID, "key_1", func(r *store.KeyRecord) error {
		r.Hash, r.RevokedAt = "two", 5
		return stop
	})
	if !errors.Is(err, stop) {
		t.Errorf("error: got %v, want the function's own", err)
	}
	if got, err := h.KeyByHash(ctx, "one"); err != nil || got.RevokedAt != 0 {
		t.Errorf("key: got %+v, %v; want it as it was", got, err)
	}
	pub := h.publishable("one")
	must(t, h.CreatePublishableKey(ctx, pub))
	_, err = h.UpdatePublishableKey(ctx, h.mine.ID, h.agent.ID, pub.ID, func(r *store.PublishableRecord) error {
		r.KeyPublic = "two"
		return stop
	})
	if !errors.Is(err, stop) {
		t.Errorf("error: got %v, want the function's own", err)
	}
	if got, err := h.PublishableKeyByText(ctx, "one"); err != nil || got.ID != pub.ID {
		t.Errorf("publishable key: got %+v, %v; want it as it was", got, err)
	}
}

func publishableKeys(t *testing.T, h *house) {
	ctx := t.Context()
	k := h.publishable("one")
	must(t, h.CreatePublishableKey(ctx, k))
	must(t, h.CreatePublishableKey(ctx, h.publishable("other")))
	got, err := h.PublishableKey(ctx, h.mine.ID, h.agent.ID, k.ID)
	must(t, err)
	wantSame(t, "key", got, k)
	for _, at := range []callwright.Time{50, 40} {
		must(t, h.UsedPublishableKey(ctx, h.mine.ID, k.ID, at))
	}
	k.KeyPublic, k.GraceEndsAt, k.RevokedAt, k.Name, k.AllowedOrigins, k.RateLimitRPM, k.LastUsedAt = "two", 10, 20, "New", []string{}, 5, 50
	_, err = h.UpdatePublishableKey(ctx, h.mine.ID, h.agent.ID, k.ID, func(r *store.PublishableRecord) error {
		r.Previous, r.KeyPublic, r.GraceEndsAt, r.RevokedAt, r.Name, r.AllowedOrigins, r.RateLimitRPM, r.LastUsedAt = r.KeyPublic, "two", 10, 20, "New", []string{}, 5, 1000
		return nil
	})
	must(t, err)
	for _, text := range []string{"one", "two"} {
		got, err := h.PublishableKeyByText(ctx, text)
		must(t, err)
		wantSame(t, "by "+text, got, store.PublishableRecord{PublishableKey: k, Previous: "one"})
	}
	for _, text := range []string{"", "ONE", "one ", "%"} {
		_, err := h.PublishableKeyByText(ctx, text)
		wantCode(t, "text "+text, err, callwright.CodeNotFound)
	}
	second := h.mustCreateAgent(h.mine.ID, "Second")
	_, err = h.PublishableKey(ctx, h.mine.ID, second.ID, k.ID)
	wantCode(t, "by another agent", err, callwright.CodeNotFound)
	_, err = h.UpdatePublishableKey(ctx, h.mine.ID, second.ID, k.ID, noPublishableKey)
	wantCode(t, "update by another agent", err, callwright.CodeNotFound)
	_, err = h.UpdatePublishableKey(ctx, h.mine.ID, "", k.ID, func(*store.PublishableRecord) error { return nil })
	must(t, err) // of whichever agent
	twin := h.publishable("two")
	if err := h.CreatePublishableKey(ctx, twin); err == nil {
		t.Error("a second key of one text: got no error")
	}
	must(t, h.DeleteAgent(ctx, h.mine.ID, h.agent.ID, 9))
	_, err = h.PublishableKey(ctx, h.mine.ID, h.agent.ID, k.ID)
	wantCode(t, "of a deleted agent", err, callwright.CodeNotFound)
	_, _, err = h.ListPublishableKeys(ctx, h.mine.ID, h.agent.ID, first)
	wantCode(t, "those of a deleted agent", err, callwright.CodeNotFound)
	wantCode(t, "a new one of a deleted agent", h.CreatePublishableKey(ctx, h.publishable("three")), callwright.CodeNotFound)
}

func publishableKeyPages(t *testing.T, h *house) {
	ctx := t.Context()
	second := h.mustCreateAgent(h.mine.ID, "Second")
	elsewhere := h.publishable("elsewhere")
	elsewhere.AgentID = second.ID
	must(t, h.CreatePublishableKey(ctx, elsewhere))
	var want []callwright.PublishableKeyID
	for i := range 5 {
		k := h.publishable(fmt.Sprint("k", i))
		must(t, h.CreatePublishableKey(ctx, k))
		want = append(want, k.ID)
	}
	all, err := h.AllPublishableKeys(ctx, h.mine.ID)
	if err != nil || len(all) != 6 || all[0].ID != elsewhere.ID {
		t.Errorf("all: got %d, %v; want six, oldest first", len(all), err)
	}
	slices.Reverse(want)
	var got []callwright.PublishableKeyID
	for cursor, n := "", 0; n == 0 || cursor != ""; n++ {
		items, info, err := h.ListPublishableKeys(ctx, h.mine.ID, h.agent.ID, callwright.Page{Page: 1, Limit: 2, Cursor: cursor})
		must(t, err)
		if n > 5 || info.Total != 5 || info.TotalPages != 3 {
			t.Fatalf("page %d: got %+v, want 5 on 3 pages", n+1, info)
		}
		for _, k := range items {
			got = append(got, k.ID)
		}
		cursor = info.NextCursor
	}
	wantSame(t, "pages", got, want)
}

// An agent's widget is part of its draft: it counts as a change, and a version
// freezes it.
func widget(t *testing.T, h *house) {
	ctx := t.Context()
	empty := callwright.Widget{Theme: json.RawMessage(`{}`), Copy: json.RawMessage(`{}`), Behavior: json.RawMessage(`{}`)}
	got, err := h.Widget(ctx, h.mine.ID, h.agent.ID)
	must(t, err)
	wantSame(t, "widget of a new agent", got, empty)
	want := callwright.Widget{Theme: json.RawMessage(`{"z":1.50,"a":"ä"}`), Copy: json.RawMessage(`{"n":12345678901234567890}`), Behavior: json.RawMessage(`{}`)}
	at := callwright.At(h.now())
	_, err = h.UpdateWidget(ctx, h.mine.ID, h.agent.ID, at, func(w *callwright.Widget) error {
		wantSame(t, "widget before", *w, empty)
		*w = want
		return nil
	})
	must(t, err)
	a, err := h.Agent(ctx, h.mine.ID, h.agent.ID)
	must(t, err)
	if a.Version != h.agent.Version+1 || a.UpdatedAt != at {
		t.Errorf("agent: got version %d of %s, want %d of %s", a.Version, a.UpdatedAt, h.agent.Version+1, at)
	}
	v, err := h.Publish(ctx, h.mine.ID, h.agent.ID, version)
	must(t, err)
	stop := errors.New("stop")
	if _, err := h.UpdateWidget(ctx, h.mine.ID, h.agent.ID, at, func(w *callwright.Widget) error { *w = empty; return stop }); !errors.Is(err, stop) {
		t.Errorf("error: got %v, want the function's own", err)
	}
	got, err = h.Widget(ctx, h.mine.ID, h.agent.ID)
	must(t, err)
	wantSame(t, "widget after", got, want)
	frozen, err := h.Version(ctx, h.mine.ID, v.ID)
	must(t, err)
	wantSame(t, "published", frozen.CompiledConfig.Widget, &want)
	must(t, h.DeleteAgent(ctx, h.mine.ID, h.agent.ID, 9))
	_, err = h.Widget(ctx, h.mine.ID, h.agent.ID)
	wantCode(t, "of a deleted agent", err, callwright.CodeNotFound)
}
