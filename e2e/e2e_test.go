// Package e2e_test runs whole conversations through a whole server: the real
// HTTP API, the real database, real partners on loopback. The only thing that is
// ever scripted is a language model.
package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"callwright"
	"callwright/internal/app"
)

// A server is a whole server on a free port, with an organization and a key that
// may do everything.
type server struct {
	t    testing.TB
	url  string
	key  string
	mint func(org string, scopes []callwright.Scope) (key string, err error)
}

// start runs a server whose skills may reach loopback, until the test ends.
func start(t testing.TB, change ...func(*app.Options)) *server {
	t.Helper()
	s, _ := startAndStop(t, change...)
	return s
}

// startAndStop is start for a test that stops the server itself.
func startAndStop(t testing.TB, change ...func(*app.Options)) (s *server, stop func()) {
	t.Helper()
	o := app.Defaults()
	o.Listen, o.Data, o.Drain = "127.0.0.1:0", t.TempDir(), 5*time.Second
	o.OutboundAllow = []string{"127.0.0.0/8"}
	o.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	for _, c := range change {
		c(&o)
	}
	a, err := app.New(t.Context(), o)
	if err != nil {
		t.Fatalf("new server: %v", err)
	}
	if err := a.Listen(t.Context()); err != nil {
		t.Fatalf("listen: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("stop server: %v", err)
		}
	})
	t.Cleanup(stop)
	s = &server{t: t, url: a.URL(), mint: func(org string, scopes []callwright.Scope) (string, error) {
		_, key, err := a.Control.CreateKey(context.Background(), org, "test", scopes)
		return key, err
	}}
	s.key = s.newKey("Acme", callwright.Scopes()...)
	return s, stop
}

// newKey makes a key of an organization.
func (s *server) newKey(org string, scopes ...callwright.Scope) string {
	s.t.Helper()
	key, err := s.mint(org, scopes)
	if err != nil {
		s.t.Fatalf("make key: %v", err)
	}
	return key
}

// A response is an answer of the API.
type response struct {
	status int
	header http.Header
	body   []byte
}

// data reads the envelope's data.
func (r response) data(t testing.TB, v any) {
	t.Helper()
	var env struct {
		Success bool
		Data    json.RawMessage
	}
	if err := json.Unmarshal(r.body, &env); err != nil || !env.Success {
		t.Fatalf("want a successful envelope, got %d %s", r.status, r.body)
	}
	if err := json.Unmarshal(env.Data, v); err != nil {
		t.Fatalf("read %s: %v", env.Data, err)
	}
}

// A problem is an error answer.
type problem struct {
	Type, Title, Detail, Instance, Code, Message string
	Status                                       int
	Success                                      *bool
	Errors                                       []callwright.FieldError
}

func (r response) problem(t testing.TB) problem {
	t.Helper()
	var p problem
	if err := json.Unmarshal(r.body, &p); err != nil {
		t.Fatalf("want a problem, got %d %s", r.status, r.body)
	}
	return p
}

// try sends a request with a key. body is text, bytes or something to marshal.
func (s *server) try(key, method, path string, body any) response {
	s.t.Helper()
	var payload []byte
	switch b := body.(type) {
	case nil:
	case string:
		payload = []byte(b)
	case []byte:
		payload = b
	default:
		var err error
		if payload, err = json.Marshal(b); err != nil {
			s.t.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+"/api/v1"+path, bytes.NewReader(payload))
	if err != nil {
		s.t.Fatal(err)
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	r := response{res.StatusCode, res.Header, raw}
	s.judge(method, path, r)
	return r
}

// judge holds an answer against the API's document.
func (s *server) judge(method, path string, r response) {
	s.t.Helper()
	if c := contractOf(s.t, s.url); c != nil {
		if err := c.judge(method, path, r); err != nil {
			s.t.Error(err)
		}
	}
}

// mustResponse reads an answer off a connection.
func mustResponse(t testing.TB, conn io.Reader) response {
	t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response{res.StatusCode, res.Header, raw}
}

// must sends a request that must succeed and reads its data into v.
func (s *server) must(method, path string, body, v any) {
	s.t.Helper()
	r := s.try(s.key, method, path, body)
	if r.status >= 300 {
		s.t.Fatalf("%s %s: %d %s", method, path, r.status, r.body)
	}
	if v != nil {
		r.data(s.t, v)
	}
}

// agent makes an agent.
func (s *server) agent(spec map[string]any) string {
	s.t.Helper()
	if spec["name"] == nil {
		spec["name"] = "Desk"
	}
	var a struct{ ID string }
	s.must("POST", "/agents", spec, &a)
	return a.ID
}

// skill adds a skill to an agent.
func (s *server) skill(agent string, spec any) string {
	s.t.Helper()
	var sk struct{ ID string }
	s.must("POST", "/agents/"+agent+"/skills", spec, &sk)
	return sk.ID
}

func (s *server) publish(agent string) {
	s.t.Helper()
	s.must("POST", "/agents/"+agent+"/publish", nil, nil)
}

// A chat is a chat session.
type chat struct {
	s  *server
	id string
}

func (s *server) chat(agent string, draft bool) chat {
	s.t.Helper()
	var c struct{ ID string }
	s.must("POST", "/chat/sessions", map[string]any{"agentId": agent, "draftMode": draft}, &c)
	return chat{s, c.ID}
}

// A reply is what came of a message.
type reply struct {
	Messages []struct{ Role, Content string }
	Events   []callwright.Event
}

func (r reply) text() string {
	var said []string
	for _, m := range r.Messages {
		said = append(said, m.Content)
	}
	return strings.Join(said, "\n")
}

// calls returns what became of the skills that were asked for.
func (r reply) calls(t testing.TB) []callwright.ToolCall {
	t.Helper()
	var out []callwright.ToolCall
	for _, ev := range r.Events {
		if ev.EventType != callwright.ToolCallEvent {
			continue
		}
		var c callwright.ToolCall
		if err := json.Unmarshal(ev.Payload, &c); err != nil {
			t.Fatal(err)
		}
		if c.State != "started" {
			out = append(out, c)
		}
	}
	return out
}

func (c chat) say(words string) reply {
	c.s.t.Helper()
	var r reply
	c.s.must("POST", "/chat/sessions/"+c.id+"/messages", map[string]any{"content": words}, &r)
	return r
}

// A partner is a business's system on loopback that records what it receives.
type partner struct {
	*httptest.Server
	arrived chan struct{} // gets one for every request

	mu       sync.Mutex
	requests []received
}

type received struct {
	Method string
	URL    *url.URL
	Header http.Header
	Body   string
}

// newPartner answers with the handler, which may read the body again.
func newPartner(t testing.TB, answer http.HandlerFunc) *partner {
	t.Helper()
	p := &partner{arrived: make(chan struct{}, 1000)}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(raw))
		p.mu.Lock()
		p.requests = append(p.requests, received{r.Method, r.URL, r.Header.Clone(), string(raw)})
		p.mu.Unlock()
		p.arrived <- struct{}{}
		answer(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *partner) received() []received {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]received(nil), p.requests...)
}

// answers is a handler that always answers the same JSON.
func answers(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, body)
	}
}

// warranty is the skill of the custom-integration guide.
func warranty(url string) map[string]any {
	return map[string]any{
		"name":        "Check warranty status",
		"description": "Use when a customer asks whether a product is still under warranty.",
		"skillType":   "http_webhook",
		"parametersSchema": map[string]any{
			"type":       "object",
			"properties": map[string]any{"serial_number": map[string]any{"type": "string", "description": "The serial number printed on the product"}},
			"required":   []string{"serial_number"},
		},
		"requiredParams":  []string{"serial_number"},
		"executionConfig": map[string]any{"url": url, "method": "POST", "headers": map[string]string{"X-Api-Key": "partner-key"}, "timeout_ms": 4000},
	}
}

// inWarranty is a partner's answer to it.
const inWarranty = `{"serial_number":"SN-48213-B","product":"dishwasher","in_warranty":true,"expires":"2037-03-14"}`

func with(spec map[string]any, more map[string]any) map[string]any {
	for k, v := range more {
		spec[k] = v
	}
	return spec
}
