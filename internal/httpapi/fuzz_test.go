package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"callwright"
	"callwright/internal/control"
	"callwright/internal/engine"
	"callwright/internal/gate"
	"callwright/internal/geo"
	"callwright/internal/httpapi"
	"callwright/internal/llm/builtin"
	"callwright/internal/outbound"
	"callwright/internal/secret"
	"callwright/internal/skill"
	"callwright/internal/skill/httpwebhook"
	"callwright/internal/sqldb"
	"callwright/internal/store"
	"callwright/internal/strictjson"
	"callwright/internal/webchat"
)

// A front is the API without a network, on a real database.
type front struct {
	router chi.Router
	key    string
	inputs []input // of the operations that take a body
	ids    map[string]string
}

// An input is an operation with the example of its body.
type input struct {
	method, path string
	example      []byte
}

func newFront(t testing.TB) *front {
	t.Helper()
	db, err := store.OpenSQLite(t.Context(), t.TempDir())
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	log := slog.New(slog.DiscardHandler)
	client, err := outbound.New(outbound.Options{Log: log})
	must(t, err)
	t.Cleanup(client.Close)
	keys, err := secret.GenerateKeyset()
	must(t, err)
	keyring, err := secret.NewKeyring(bytes.NewReader(keys))
	must(t, err)
	g := &gate.Gate{Now: time.Now, Log: log, Late: db}
	databases := &sqldb.Opener{Files: t.TempDir(), Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, callwright.Errorf(callwright.CodeUnreachable, "Nothing is reached from here.")
	}}
	t.Cleanup(databases.Close)
	c := &control.Service{Store: db, Gate: g, Keyring: keyring, SQL: databases, Geocoder: geo.Offline{}, Now: time.Now, Log: log}
	c.Kinds = map[callwright.SkillType]skill.Kind{callwright.HTTPWebhook: httpwebhook.Kind(client, c), callwright.SMS: skill.Reserved(callwright.SMS, "Planned.")}
	offline := engine.Model{Name: "builtin", Model: builtin.New()}
	chat := &webchat.Channel{Store: db, Now: time.Now, Log: log, Engine: &engine.Engine{Store: db, Gate: g, Kinds: c.Kinds, Now: time.Now, Log: log, Fallback: offline,
		Models: func(context.Context, callwright.Agent) ([]engine.Model, bool) { return []engine.Model{offline}, true }}}
	t.Cleanup(func() { must(t, chat.Close(context.Background())) })
	f := &front{router: chi.NewRouter(), ids: map[string]string{}}
	api := httpapi.New(httpapi.Options{Control: c, Chat: chat, Ready: db.Ping, PublicURL: func() string { return "http://callwright.test" }, Now: time.Now, Log: log}, f.router)
	_, f.key, err = c.CreateKey(t.Context(), "Acme", "fuzz", callwright.Scopes())
	must(t, err)
	f.read(t, api)
	for _, made := range []struct{ kind, path, body string }{
		{"agents", "/agents", `{"name":"Desk"}`},
		{"skills", "/agents/{agentId}/skills", `{"name":"S","description":"Use it when a caller asks.","skillType":"http_webhook","executionConfig":{"url":"https://127.0.0.1/"}}`}, // refused by the guard
		{"versions", "/agents/{id}/publish", ``}, {"sessions", "/chat/sessions", `{"agentId":"agt_06o8h2q1ntk1v8a3c2m1g5r7e0"}`},
	} {
		status, raw := f.send("POST", made.path, f.own(made.body))
		var v struct{ Data struct{ ID string } }
		if err := json.Unmarshal(raw, &v); err != nil || status >= 300 {
			t.Fatalf("make %s: %d %s, %v", made.kind, status, raw, err)
		}
		f.ids[made.kind] = v.Data.ID
	}
	return f
}

// read finds the operations that take a body in the API's document.
func (f *front) read(t testing.TB, api *httpapi.API) {
	t.Helper()
	raw, err := api.OpenAPIJSON()
	must(t, err)
	var doc struct {
		Paths map[string]map[string]struct {
			RequestBody *struct {
				Content map[string]struct{ Example json.RawMessage }
			}
		}
	}
	must(t, json.Unmarshal(raw, &doc))
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if op.RequestBody != nil {
				f.inputs = append(f.inputs, input{strings.ToUpper(method), path, op.RequestBody.Content["application/json"].Example})
			}
		}
	}
	slices.SortFunc(f.inputs, func(a, b input) int { return strings.Compare(a.method+a.path, b.method+b.path) })
}

var (
	inPath = regexp.MustCompile(`([a-z-]+)/\{[A-Za-z]+\}`)
	anyID  = regexp.MustCompile(`([a-z]+)_06o8h2q1ntk1v8a3c2m1g5r7e0`)
)

// own puts ids that exist in the place of those of the examples.
func (f *front) own(body string) string {
	return anyID.ReplaceAllStringFunc(body, func(id string) string {
		for _, mine := range f.ids {
			if mine[:3] == id[:3] {
				return mine
			}
		}
		return id
	})
}

func (f *front) send(method, path, body string) (status int, answer []byte) {
	path = inPath.ReplaceAllStringFunc(path, func(part string) string {
		kind, _, _ := strings.Cut(part, "/")
		return kind + "/" + f.ids[kind]
	})
	r := httptest.NewRequest(method, httpapi.Base+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+f.key)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	f.router.ServeHTTP(w, r)
	return w.Code, w.Body.Bytes()
}

// FuzzBody sends any bytes as the body of any operation: they are refused with a
// reason, or they are one strict JSON value; never does the server fail.
func FuzzBody(f *testing.F) {
	front := newFront(f)
	for i, in := range front.inputs {
		f.Add(uint8(i), []byte(front.own(string(in.example))))
		f.Add(uint8(i), []byte(`{"name":"a","name":"b"}`))
		f.Add(uint8(i), []byte(`{"name":null,"dryRun":"x","agentId":{},"messages":[[]],"content":1e400}`))
		f.Add(uint8(i), []byte(`{""0`))
		f.Add(uint8(i), []byte(`""`))
		f.Add(uint8(i), []byte(` `))
		f.Add(uint8(i), []byte(`{"":"\u0000"}`))
		f.Add(uint8(i), []byte("{\"name\":\"\\u0000\xff\"}"))
	}
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		in := front.inputs[int(which)%len(front.inputs)]
		status, raw := front.send(in.method, in.path, string(body))
		if status < 300 {
			if len(bytes.TrimSpace(body)) > 0 && strictjson.Check(body) != nil {
				t.Errorf("%s %s accepts %q, which is not strict JSON: %d %s", in.method, in.path, body, status, raw)
			}
			return
		}
		var p httpapi.Problem
		if err := json.Unmarshal(raw, &p); err != nil || p.Status != status || p.Code == "" || p.Detail == "" || status >= 500 {
			t.Fatalf("%s %s with %q: %d %s, %v", in.method, in.path, body, status, raw, err)
		}
		if status != http.StatusBadRequest {
			return
		}
		if len(p.Errors) == 0 {
			t.Errorf("%s %s with %q: refused without a field: %s", in.method, in.path, body, raw)
		}
		for _, e := range p.Errors {
			if e.Field == "" || e.Message == "" {
				t.Errorf("%s %s with %q: refused without a reason: %s", in.method, in.path, body, raw)
			}
		}
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
