package httpwebhook_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"callwright"
	"callwright/internal/skill"
	"callwright/internal/skill/httpwebhook"
)

// An endpoint that keeps failing is left alone; the others of its host, and the same one
// for another organization, are not.
func TestBreaker(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.Path == "/bad" {
			w.WriteHeader(500)
			return
		}
		if r.URL.Path == "/wrong" {
			w.WriteHeader(404)
			return
		}
		io.WriteString(w, `{"ok":true}`)
	}))
	defer server.Close()
	kind := httpwebhook.Kind(mustClient(t, slog.New(slog.DiscardHandler)), newVault())
	open := func(path string) skill.Executor {
		x, err := kind.Open([]byte(`{"url":"` + server.URL + path + `"}`))
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	bad := open("/bad")
	for n := range 10 {
		if _, err := bad.Execute(t.Context(), goodCall()); callwright.CodeOf(err) != callwright.CodeRemoteStatus {
			t.Fatalf("failure %d: got %v, want remote_status", n+1, err)
		}
	}
	before := asked.Load()
	for _, x := range []skill.Executor{bad, open("/bad")} { // another version of the skill
		got, err := x.Execute(t.Context(), goodCall())
		if callwright.CodeOf(err) != callwright.CodeUnavailable || got.Sent || len(got.Request) == 0 || !strings.Contains(err.Error(), "left alone") {
			t.Errorf("afterwards: got %v (sent %v), want it left alone", err, got.Sent)
		}
	}
	if asked.Load() != before {
		t.Error("the endpoint was asked all the same")
	}
	if _, err := open("/good").Execute(t.Context(), goodCall()); err != nil {
		t.Errorf("another endpoint: got %v", err)
	}
	call := goodCall()
	call.Org = "org_2"
	if _, err := bad.Execute(t.Context(), call); callwright.CodeOf(err) != callwright.CodeRemoteStatus {
		t.Errorf("another organization: got %v, want the endpoint's own failure", err)
	}
	wrong := open("/wrong")
	for range 30 { // a refusal is an answer
		if _, err := wrong.Execute(t.Context(), goodCall()); callwright.CodeOf(err) != callwright.CodeRemoteStatus {
			t.Fatalf("a refusal: got %v, want remote_status", err)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 30 { // nor is it the endpoint's fault that callers leave
		if _, err := open("/left").Execute(gone, goodCall()); err == nil {
			t.Fatal("given up before: got success")
		}
	}
	if _, err := open("/left").Execute(t.Context(), goodCall()); err != nil {
		t.Errorf("after callers left: got %v", err)
	}
}
