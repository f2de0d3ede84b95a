package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"callwright"
	"callwright/internal/app"
	"callwright/internal/secret"
	"callwright/internal/store/pgtest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(pgtest.Main{M: m}, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// serve runs a server on a database until the test ends.
func serve(t testing.TB, address, keyFile string) *app.App {
	t.Helper()
	o := app.Defaults()
	o.Listen, o.Data, o.MasterKeyFile, o.Drain = "127.0.0.1:0", filepath.Join(t.TempDir(), "data"), keyFile, 5*time.Second
	o.DatabaseURL, o.OutboundAllow = secret.New(address), []string{"127.0.0.0/8"}
	o.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	a, err := app.New(t.Context(), o)
	if err != nil {
		t.Fatalf("new server: %v", err)
	}
	if err := a.Listen(t.Context()); err != nil {
		t.Fatalf("listen: %v", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("stop server: %v", err)
		}
	})
	return a
}

// call sends a request that must succeed, and reads its data into v.
func call(t testing.TB, a *app.App, key, method, path, body string, v any) {
	t.Helper()
	if err := try(t.Context(), a, key, method, path, body, v); err != nil {
		t.Fatal(err)
	}
}

func try(ctx context.Context, a *app.App, key, method, path, body string, v any) error {
	req, err := http.NewRequestWithContext(ctx, method, a.URL()+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %d %s, %w", method, path, res.StatusCode, raw, err)
	}
	envelope := struct{ Data any }{v}
	return json.Unmarshal(raw, &envelope)
}

// TestTwoServersOnOneDatabase: a conversation goes on at whichever server the next
// message reaches, with the skills, secrets and runs of the other.
func TestTwoServersOnOneDatabase(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var received []string
	partner := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		received = append(received, fmt.Sprint(r.Header.Get("X-Api-Key"), " ", string(raw), err))
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"in_warranty":true,"expires":"2037-03-14"}`)
	}))
	t.Cleanup(partner.Close)
	address, keyFile := pgtest.New(t), filepath.Join(t.TempDir(), "shared", "master.key")
	mustMakeKey(t, keyFile)
	first, second := serve(t, address, keyFile), serve(t, address, keyFile)
	_, key, err := first.Control.CreateKey(t.Context(), "Acme", "test", callwright.Scopes())
	if err != nil {
		t.Fatal(err)
	}
	var agent, session struct{ ID string }
	call(t, second, key, "POST", "/agents", `{"name":"Desk"}`, &agent)
	call(t, first, key, "POST", "/agents/"+agent.ID+"/skills", `{"name":"Check warranty status","description":"Use when a customer asks whether a product is still under warranty.",
		"skillType":"http_webhook","parametersSchema":{"type":"object","properties":{"serial_number":{"type":"string","description":"The serial number printed on the product"}},"required":["serial_number"]},
		"requiredParams":["serial_number"],"executionConfig":{"url":"`+partner.URL+`","method":"POST","headers":{"X-Api-Key":"partner-key"}}}`, nil)
	call(t, second, key, "POST", "/agents/"+agent.ID+"/publish", "", nil)
	call(t, first, key, "POST", "/chat/sessions", `{"agentId":"`+agent.ID+`"}`, &session)
	for i, turn := range []struct{ words, want string }{
		{"Is my dishwasher still under warranty?", "serial number"},
		{"SN-48213-B", "2037"},
		{"Is my dishwasher still under warranty?", "in warranty"}, // said without asking again
	} {
		server := []*app.App{first, second}[i%2]
		var reply struct {
			Messages []struct{ Role, Content string }
		}
		call(t, server, key, "POST", "/chat/sessions/"+session.ID+"/messages", `{"content":"`+turn.words+`"}`, &reply)
		if said := fmt.Sprint(reply.Messages); !strings.Contains(said, turn.want) {
			t.Errorf("turn %d, %q: got %s, want something with %q", i+1, turn.words, said, turn.want)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	want := `partner-key {"serial_number":"SN-48213-B"}<nil>`
	if len(received) != 1 || received[0] != want {
		t.Errorf("the partner received %q, want %s once", received, want)
	}
}

// A server that starts leaves alone what another one has under way.
func TestStartLeavesRunsOfOtherServers(t *testing.T) {
	t.Parallel()
	arrived, answer := make(chan struct{}), make(chan struct{})
	partner := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-answer
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"expires":"2037-03-14"}`)
	}))
	t.Cleanup(partner.Close)
	address, keyFile := pgtest.New(t), filepath.Join(t.TempDir(), "master.key")
	mustMakeKey(t, keyFile)
	first := serve(t, address, keyFile)
	_, key, err := first.Control.CreateKey(t.Context(), "Acme", "test", callwright.Scopes())
	if err != nil {
		t.Fatal(err)
	}
	var agent, session struct{ ID string }
	call(t, first, key, "POST", "/agents", `{"name":"Desk"}`, &agent)
	call(t, first, key, "POST", "/agents/"+agent.ID+"/skills", `{"name":"Check warranty status","description":"Use when a customer asks whether a product is still under warranty.",
		"skillType":"http_webhook","executionConfig":{"url":"`+partner.URL+`","method":"POST"}}`, nil)
	call(t, first, key, "POST", "/agents/"+agent.ID+"/publish", "", nil)
	call(t, first, key, "POST", "/chat/sessions", `{"agentId":"`+agent.ID+`"}`, &session)
	said := make(chan string, 1)
	go func() {
		var reply struct {
			Messages []struct{ Role, Content string }
		}
		err := try(t.Context(), first, key, "POST", "/chat/sessions/"+session.ID+"/messages", `{"content":"Is my dishwasher still under warranty?"}`, &reply)
		said <- fmt.Sprint(reply.Messages, err)
	}()
	<-arrived
	serve(t, address, keyFile)
	if n := mustCount(t, address, "SELECT COUNT(*) FROM runs WHERE state = 'running'"); n != 1 {
		t.Errorf("runs under way after another server started: got %d, want 1", n)
	}
	close(answer)
	if got := <-said; !strings.Contains(got, "2037") {
		t.Errorf("the turn under way: got %s, want its answer", got)
	}
}

// Messages of one conversation that reach several servers at once are answered one
// after the other.
func TestTurnsOfOneConversationOnTwoServers(t *testing.T) {
	t.Parallel()
	address, keyFile := pgtest.New(t), filepath.Join(t.TempDir(), "master.key")
	mustMakeKey(t, keyFile)
	servers := []*app.App{serve(t, address, keyFile), serve(t, address, keyFile)}
	_, key, err := servers[0].Control.CreateKey(t.Context(), "Acme", "test", callwright.Scopes())
	if err != nil {
		t.Fatal(err)
	}
	var agent, session struct{ ID string }
	call(t, servers[0], key, "POST", "/agents", `{"name":"Desk"}`, &agent)
	call(t, servers[0], key, "POST", "/chat/sessions", `{"agentId":"`+agent.ID+`","draftMode":true}`, &session)
	const messages = 12
	var wg sync.WaitGroup
	for i := range messages {
		wg.Go(func() {
			var reply struct{ Messages []struct{ Content string } }
			err := try(t.Context(), servers[i%2], key, "POST", "/chat/sessions/"+session.ID+"/messages", `{"content":"hello"}`, &reply)
			if err != nil || len(reply.Messages) != 1 {
				t.Errorf("message %d: got %v, %v, want one answer", i, reply, err)
			}
		})
	}
	wg.Wait()
	var receipt []callwright.Event
	call(t, servers[1], key, "GET", "/conversations/"+session.ID+"/receipt", "", &receipt)
	spoke := ""
	for i, ev := range receipt {
		if ev.Seq != i+1 {
			t.Fatalf("event %d has the number %d", i+1, ev.Seq)
		}
		switch ev.EventType {
		case callwright.UserUtterance:
			spoke += "u"
		case callwright.AgentMessage:
			spoke += "a"
		}
	}
	if want := "a" + strings.Repeat("ua", messages); spoke != want {
		t.Errorf("got %s, want each message answered before the next", spoke)
	}
	if n := mustCount(t, address, "SELECT COUNT(*) FROM runs"); n != 0 {
		t.Errorf("got %d runs, want none", n)
	}
}

func mustMakeKey(t testing.TB, path string) {
	t.Helper()
	key, err := secret.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, key, 0o600); err != nil {
		t.Fatal(err)
	}
}

// mustCount counts as the server does, in all organizations.
func mustCount(t testing.TB, address, query string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := conn.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	if _, err := conn.Exec(t.Context(), "SELECT set_config('app.server', 'on', false)"); err != nil {
		t.Fatal(err)
	}
	if err := conn.QueryRow(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
