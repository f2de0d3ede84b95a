package app_test

import (
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"callwright"
	"callwright/internal/store/pgtest"
)

// Keys that end at one server end at every other with the next request, and the
// servers record one use a minute together.
func TestKeysOfTwoServers(t *testing.T) {
	t.Parallel()
	address, keyFile := pgtest.New(t), filepath.Join(t.TempDir(), "master.key")
	mustMakeKey(t, keyFile)
	first, second := serve(t, address, keyFile), serve(t, address, keyFile)
	k, old, err := first.Control.CreateKey(t.Context(), "Acme", "test", callwright.Scopes())
	if err != nil {
		t.Fatal(err)
	}
	actor, err := second.Control.CommandLine(t.Context(), "Acme")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		server := first
		if i%2 == 1 {
			server = second
		}
		wg.Go(func() {
			if err := try(t.Context(), server, old, "GET", "/agents", "", nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := mustCount(t, address, "SELECT COUNT(*) FROM api_keys WHERE last_used_at > 0"); n != 1 {
		t.Errorf("keys that were used: got %d, want 1", n)
	}
	var agent struct{ ID string }
	var pub struct{ ID, KeyPublic string }
	call(t, first, old, "POST", "/agents", `{"name":"Desk"}`, &agent)
	call(t, second, old, "POST", "/agents/"+agent.ID+"/publishable-keys", `{"name":"Shop","allowedOrigins":["https://shop.example"]}`, &pub)
	refused := func(what, key, part string) {
		t.Helper()
		if err := try(t.Context(), first, key, "GET", "/agents", "", nil); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: got %v, want %q", what, err, part)
		}
	}
	refused("a publishable key", pub.KeyPublic, "403")
	_, text, err := second.Control.RotateKey(t.Context(), actor, k.ID, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{old, text} {
		call(t, first, key, "GET", "/agents", "", nil)
	}
	call(t, second, text, "DELETE", "/agents/"+agent.ID+"/publishable-keys/"+pub.ID, "", nil)
	refused("a publishable key that was revoked", pub.KeyPublic, "401")
	if err := second.Control.RevokeKey(t.Context(), actor, k.ID); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{old, text} {
		// The first server may have read the key a moment ago, which it believes for half
		// a second.
		for end := time.Now().Add(time.Minute); time.Now().Before(end) && try(t.Context(), first, key, "GET", "/agents", "", nil) == nil; {
			runtime.Gosched()
		}
		refused("a key that was revoked", key, "401")
	}
}
