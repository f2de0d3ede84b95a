package e2e_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"callwright"
	"callwright/internal/app"
	"callwright/internal/control"
)

// A clock is moved by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// An estate is a server with a clock that stands still until it is moved, and the
// command line on the server's data beside it.
type estate struct {
	*server
	clock *clock
	line  *control.Service
}

func newEstate(t *testing.T) *estate {
	t.Helper()
	e := &estate{clock: &clock{now: time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)}}
	var options app.Options
	e.server = start(t, func(o *app.Options) {
		o.Now = e.clock.read
		options = *o
	})
	beside, err := app.New(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := beside.Close(); err != nil {
			t.Error(err)
		}
	})
	e.line = beside.Control
	return e
}

// acme is who acts on the organization from the command line.
func (s *estate) acme() callwright.Actor {
	s.t.Helper()
	actor, err := s.line.CommandLine(s.t.Context(), "Acme")
	if err != nil {
		s.t.Fatal(err)
	}
	return actor
}

func (s *estate) issue(spec control.KeySpec) (callwright.KeyID, string) {
	s.t.Helper()
	if spec.Scopes == nil {
		spec.Scopes = callwright.Scopes()
	}
	spec.Name = "test"
	k, text, err := s.line.IssueKey(s.t.Context(), "Acme", spec)
	if err != nil {
		s.t.Fatal(err)
	}
	return k.ID, text
}

// wantOpens checks whether a key opens the API; part is in the reason when it does
// not.
func (s *server) wantOpens(what, key, part string) {
	s.t.Helper()
	r := s.try(key, "GET", "/agents", nil)
	if part == "" {
		if r.status != 200 {
			s.t.Errorf("%s: got %d %s, want 200", what, r.status, r.body)
		}
		return
	}
	if p := r.problem(s.t); r.status != 401 || p.Code != "unauthenticated" || !strings.Contains(p.Detail, part) || r.header.Get("WWW-Authenticate") == "" {
		s.t.Errorf("%s: got %d %s, want 401 with %q", what, r.status, r.body, part)
	}
}

// known is how long a server goes by what it read of a key before.
const known = 500 * time.Millisecond

// TestKeyRotation: the old text works until its grace period ends.
func TestKeyRotation(t *testing.T) {
	t.Parallel()
	s := newEstate(t)
	id, first := s.issue(control.KeySpec{})
	_, second, err := s.line.RotateKey(t.Context(), s.acme(), id, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	s.wantOpens("the new text", second, "")
	s.wantOpens("the old text", first, "")
	s.clock.move(24*time.Hour - time.Millisecond)
	s.wantOpens("the old text at the end of its grace period", first, "")
	s.clock.move(time.Millisecond)
	s.wantOpens("the old text after it", first, "replaced")
	s.wantOpens("the new text", second, "")
	_, third, err := s.line.RotateKey(t.Context(), s.acme(), id, 0)
	if err != nil {
		t.Fatal(err)
	}
	s.clock.move(known)
	s.wantOpens("replaced without grace", second, "valid API key")
	s.wantOpens("the last text", third, "")
}

// TestKeyEnds: a key that was revoked half a second ago, or has expired, opens
// nothing.
func TestKeyEnds(t *testing.T) {
	t.Parallel()
	s := newEstate(t)
	id, revoked := s.issue(control.KeySpec{})
	_, expiring := s.issue(control.KeySpec{Expires: callwright.At(s.clock.read().Add(time.Hour))})
	s.wantOpens("a new key", revoked, "")
	s.clock.move(time.Millisecond) // the trail is in order of time
	if err := s.line.RevokeKey(t.Context(), s.acme(), id); err != nil {
		t.Fatal(err)
	}
	s.clock.move(known)
	s.wantOpens("revoked", revoked, "revoked")
	s.clock.move(time.Hour - known - 2*time.Millisecond)
	s.wantOpens("before its end", expiring, "")
	s.clock.move(time.Millisecond)
	s.wantOpens("at its end", expiring, "expired at 2027-03-01T10:00:00.000Z")
	var events []callwright.AuditEvent
	s.must("GET", "/audit-events?resource="+string(id), nil, &events)
	if len(events) != 2 || events[0].Action != "key.revoke" || events[0].Actor != "command line" || strings.Contains(string(events[1].After), revoked[16:]) {
		t.Errorf("audit trail: got %d events, %s; want key.create and key.revoke by the command line, without the key", len(events), mustText(t, events))
	}
}

// TestKeyLastUsed: to a minute, however many requests there are.
func TestKeyLastUsed(t *testing.T) {
	t.Parallel()
	s := newEstate(t)
	id, key := s.issue(control.KeySpec{})
	last := func() callwright.Time {
		keys, err := s.line.ListKeys(t.Context(), s.acme())
		if err != nil {
			t.Fatal(err)
		}
		return keys[slices.IndexFunc(keys, func(k callwright.Key) bool { return k.ID == id })].LastUsedAt
	}
	first := callwright.At(s.clock.read())
	for i, c := range []struct {
		after time.Duration
		want  callwright.Time
	}{{0, first}, {time.Second, first}, {58 * time.Second, first}, {time.Second, first + 60_000}} {
		s.clock.move(c.after)
		s.wantOpens("the key", key, "")
		if got := last(); got != c.want {
			t.Errorf("request %d: last used %s, want %s", i+1, got, c.want)
		}
	}
}

// TestTestKey: a key of the test environment changes what a live one may, but its
// conversations run the draft.
func TestTestKey(t *testing.T) {
	t.Parallel()
	s, p := newEstate(t), newPartner(t, answers(inWarranty))
	_, key := s.issue(control.KeySpec{Env: callwright.Test})
	if !strings.HasPrefix(key, "cw_sk_test_") {
		t.Errorf("key: got %s…, want cw_sk_test_…", key[:11])
	}
	agent := s.agent(map[string]any{})
	s.publish(agent)
	live := s.chat(agent, false)
	s.skill(agent, warranty(p.URL)) // on the draft alone
	const ask = "Is SN-48213-B still under warranty?"
	mine := *s.server
	mine.key = key
	if n := len(mine.chat(agent, false).say(ask).calls(t)); n != 1 {
		t.Errorf("a session of the test key made %d calls, want the one of the draft's skill", n)
	}
	body := map[string]any{"model": agent, "messages": []any{map[string]any{"role": "user", "content": ask}}}
	if r := s.try(key, "POST", "/chat/completions", body); r.status != 200 || !strings.Contains(string(r.body), "2037") {
		t.Errorf("a completion of the test key: got %d %s, want the skill's answer", r.status, r.body)
	}
	if r := s.try(s.key, "POST", "/chat/completions", body); r.status != 200 || strings.Contains(string(r.body), "2037") {
		t.Errorf("a completion of a live key: got %d %s, want the published version without the skill", r.status, r.body)
	}
	for _, path := range []string{"/messages", "/end"} {
		if r := s.try(key, "POST", "/chat/sessions/"+live.id+path, `{"content":"Hello"}`); r.status != 403 || r.problem(t).Code != "test_key" {
			t.Errorf("%s in a conversation on the published version: got %d %s, want 403 test_key", path, r.status, r.body)
		}
	}
	live.say("Hello")              // which is still open
	s.clock.move(time.Millisecond) // the trail is in order of time
	mine.must("PATCH", "/agents/"+agent, `{"tone":"warm"}`, nil)
	var events []callwright.AuditEvent
	s.must("GET", "/audit-events?limit=1", nil, &events)
	if len(events) != 1 || events[0].Action != "agent.update" || events[0].Environment != callwright.Test {
		t.Errorf("audit: got %s, want the change of the test environment", mustText(t, events))
	}
}

// TestDashboardOnly: no key may make, see or end secret keys, whatever it holds.
func TestDashboardOnly(t *testing.T) {
	t.Parallel()
	s := newEstate(t)
	id, _ := s.issue(control.KeySpec{})
	agent := s.agent(map[string]any{})
	pub := s.publishable(agent, map[string]any{})
	for op, command := range map[string]string{"GET /api-keys": "keys list", "POST /api-keys": "keys create", "POST /api-keys/" + string(id) + "/rotate": "keys rotate", "DELETE /api-keys/" + string(id): "keys revoke", "DELETE /api-keys/key_none": "keys revoke"} {
		method, path, _ := strings.Cut(op, " ")
		for _, key := range []string{s.key, s.newKey("Acme", callwright.AgentsRead), s.newKey("Rivals", callwright.Scopes()...), pub.KeyPublic} {
			r := s.try(key, method, path, `{"name":"x"}`)
			if p := r.problem(t); r.status != 403 || p.Code != "dashboard_only" || !strings.Contains(p.Detail, command) || !strings.HasSuffix(p.Type, "/errors/dashboard_only") {
				t.Errorf("%s: got %d %s, want 403 dashboard_only with %q", op, r.status, r.body, command)
			}
		}
		for _, key := range []string{"", "cw_sk_live_nonsense"} {
			if r := s.try(key, method, path, nil); r.status != 401 {
				t.Errorf("%s with the key %q: got %d %s, want 401", op, key, r.status, r.body)
			}
		}
	}
}

// A documentedOperation is what the OpenAPI document says of one.
type documentedOperation struct {
	Description string
	Responses   map[string]any
	Security    []map[string][]string
}

// documented reads the operations out of the OpenAPI document, by path and method.
func (s *server) documented() map[string]map[string]documentedOperation {
	s.t.Helper()
	var doc struct {
		Paths map[string]map[string]documentedOperation
	}
	if err := json.Unmarshal(s.visit("GET", "/openapi.json", "", nil).body, &doc); err != nil {
		s.t.Fatal(err)
	}
	return doc.Paths
}

// A publishableKey is one as a client reads it.
type publishableKey struct {
	ID, AgentID, OrganizationID, Name, KeyPublic, Env string
	AllowedOrigins, Scopes                            []string
	RateLimitRpm                                      int
	RequireIdentityVerification                       bool
	LastUsedAt, GraceEndsAt, RevokedAt                *time.Time
	CreatedAt                                         time.Time
}

const shop = "https://shop.example"

// publishable makes a publishable key for pages of the shop.
func (s *server) publishable(agent string, more map[string]any) publishableKey {
	s.t.Helper()
	var k publishableKey
	s.must("POST", "/agents/"+agent+"/publishable-keys", with(map[string]any{"name": "Shop", "allowedOrigins": []string{shop}}, more), &k)
	return k
}

// TestPublishableKeys: they are made, changed, rotated and revoked over the API, and
// can be read again.
func TestPublishableKeys(t *testing.T) {
	t.Parallel()
	s := newEstate(t)
	agent := s.agent(map[string]any{})
	path := "/agents/" + agent + "/publishable-keys"
	k := s.publishable(agent, map[string]any{"allowedOrigins": []string{"HTTPS://Shop.Example:443/", "http://localhost:3000"}, "env": "live", "rateLimitRpm": 120, "requireIdentityVerification": true})
	if !strings.HasPrefix(k.ID, "pk_") || !strings.HasPrefix(k.KeyPublic, "cw_pk_live_") || k.AgentID != agent || k.OrganizationID == "" || k.Name != "Shop" || k.Env != "live" || k.RateLimitRpm != 120 ||
		!k.RequireIdentityVerification || !slices.Equal(k.AllowedOrigins, []string{shop, "http://localhost:3000"}) || !slices.Equal(k.Scopes, []string{"chat:public"}) || k.LastUsedAt != nil || k.GraceEndsAt != nil || k.RevokedAt != nil || k.CreatedAt.IsZero() {
		t.Errorf("created: got %+v", k)
	}
	var changed, rotated publishableKey
	s.must("PATCH", path+"/"+k.ID, `{"name":"New shop","rateLimitRpm":null}`, &changed)
	if changed.Name != "New shop" || changed.RateLimitRpm != 60 || changed.KeyPublic != k.KeyPublic || len(changed.AllowedOrigins) != 2 {
		t.Errorf("changed: got %+v, want the new name, the default limit and the rest as it was", changed)
	}
	s.must("POST", path+"/"+k.ID+"/rotate", nil, &rotated)
	if rotated.ID != k.ID || rotated.KeyPublic == k.KeyPublic || rotated.GraceEndsAt == nil || !rotated.GraceEndsAt.Equal(s.clock.read().Add(24*time.Hour)) {
		t.Errorf("rotated: got %+v, want another text and a day of grace", rotated)
	}
	s.must("POST", path+"/"+k.ID+"/rotate", `{"graceSeconds":0}`, &rotated)
	if rotated.GraceEndsAt != nil {
		t.Errorf("rotated without grace: got %+v", rotated)
	}
	var list []publishableKey
	s.must("GET", path, nil, &list)
	if len(list) != 1 || list[0].KeyPublic != rotated.KeyPublic {
		t.Errorf("list: got %+v, want the key to be read again", list)
	}
	for range 2 {
		s.must("DELETE", path+"/"+k.ID, nil, nil)
	}
	s.must("GET", path, nil, &list)
	if len(list) != 1 || list[0].RevokedAt == nil {
		t.Errorf("list: got %+v, want it revoked", list)
	}
	for _, r := range []response{s.try(s.key, "PATCH", path+"/"+k.ID, `{"name":"x"}`), s.try(s.key, "POST", path+"/"+k.ID+"/rotate", nil)} {
		if r.status != 409 || r.problem(t).Code != "key_ended" {
			t.Errorf("a revoked key: got %d %s, want 409 key_ended", r.status, r.body)
		}
	}
	other := s.agent(map[string]any{})
	if r := s.try(s.key, "PATCH", "/agents/"+other+"/publishable-keys/"+k.ID, `{}`); r.status != 404 {
		t.Errorf("by another agent: got %d %s, want 404", r.status, r.body)
	}
	for body, want := range map[string]string{
		`{}`: "allowedOrigins name", `{"name":"a","allowedOrigins":[]}`: "allowedOrigins", `{"name":"a","allowedOrigins":["https://a.example/x","*"]}`: "allowedOrigins[0] allowedOrigins[1]",
		`{"name":"a","allowedOrigins":["https://a.example"],"env":"staging"}`: "env", `{"name":"a","allowedOrigins":["https://a.example"],"rateLimitRpm":0}`: "rateLimitRpm",
		`{"name":"a","allowedOrigins":["https://a.example"],"scopes":["agents:read"]}`: "scopes", `{"name":"a","allowedOrigins":"https://a.example","env":7}`: "allowedOrigins env",
	} {
		r := s.try(s.key, "POST", path, body)
		var got []string
		for _, f := range r.problem(t).Errors {
			got = append(got, f.Field)
		}
		slices.Sort(got)
		if got = slices.Compact(got); r.status != 400 || strings.Join(got, " ") != want {
			t.Errorf("%s: got %d %s, want 400 for %s", body, r.status, r.body, want)
		}
	}
}

// TestPublishableKeyReadsNothing: it is refused by every operation that a secret key
// opens, from its own page too.
func TestPublishableKeyReadsNothing(t *testing.T) {
	t.Parallel()
	s := newEstate(t)
	agent := s.agent(map[string]any{})
	s.publish(agent)
	k := s.publishable(agent, map[string]any{})
	ids := strings.NewReplacer("/publishable-keys/{id}", "/publishable-keys/"+k.ID, "{agentId}", agent, "{id}", agent)
	tried := 0
	for path, methods := range s.documented() {
		for method, op := range methods {
			scopes := op.Security[0]["apiKey"]
			if len(scopes) == 0 {
				continue // for no secret key either, or for publishable ones
			}
			tried++
			r := s.visit(strings.ToUpper(method), ids.Replace(path), shop, map[string]string{"Authorization": "Bearer " + k.KeyPublic})
			if p := r.problem(t); r.status != 403 || p.Code != "missing_scope" || !strings.Contains(p.Detail, scopes[0]) || r.header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s %s: got %d %s, want 403 missing_scope without leave for pages", method, path, r.status, r.body)
			}
		}
	}
	if tried < 30 {
		t.Errorf("tried %d operations: the test looks at the wrong place", tried)
	}
}

// visit sends a request as the page of an origin does.
func (s *server) visit(method, path, origin string, header map[string]string) response {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+"/api/v1"+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if origin != "" {
		req.Header.Set("Origin", origin)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response{res.StatusCode, res.Header, raw}
}

func (s *server) bootstrap(key, origin string) response {
	s.t.Helper()
	return s.visit("GET", "/widget/bootstrap?key="+url.QueryEscape(key), origin, nil)
}

// TestBootstrap: a page gets what was published of its agent, and nothing else.
func TestBootstrap(t *testing.T) {
	t.Parallel()
	s := start(t)
	agent := s.agent(map[string]any{"persona": "secret words", "greeting": "Hello!", "languages": []string{"en-US", "fr"}, "channelOverrides": map[string]any{"chat": map[string]any{"greeting": "Hi in chat!"}}})
	k, test := s.publishable(agent, map[string]any{}), s.publishable(agent, map[string]any{"env": "test"})
	if r := s.bootstrap(k.KeyPublic, shop); r.status != 409 || r.problem(t).Code != "no_published_version" || r.header.Get("Access-Control-Allow-Origin") != shop {
		t.Errorf("before publishing: got %d %v %s, want 409 no_published_version for the page to read", r.status, r.header, r.body)
	}
	s.must("PUT", "/agents/"+agent+"/widget", `{"theme":{"color":"#123456"},"copy":{"n":12345678901234567890}}`, nil)
	s.publish(agent)
	s.must("PATCH", "/agents/"+agent, `{"name":"Renamed"}`, nil)
	s.must("PUT", "/agents/"+agent+"/widget", `{"theme":{"color":"red"}}`, nil)
	r := s.bootstrap(k.KeyPublic, shop)
	published := `{"success":true,"data":{"agentMeta":{"id":"` + agent + `","name":"Desk","primaryLanguage":"en-US","languages":["en-US","fr"],"greeting":"Hi in chat!"},` +
		`"theme":{"color":"#123456"},"copy":{"n":12345678901234567890},"behavior":{}}}`
	if r.status != 200 || strings.TrimSpace(string(r.body)) != published {
		t.Errorf("published:\n got %d %s\nwant %s", r.status, r.body, published)
	}
	for name, want := range map[string]string{"Access-Control-Allow-Origin": shop, "Vary": "Origin", "Cache-Control": "no-store", "Access-Control-Allow-Credentials": ""} {
		if got := r.header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if r := s.bootstrap(test.KeyPublic, shop); r.status != 200 || !strings.Contains(string(r.body), `"Renamed"`) || !strings.Contains(string(r.body), `"red"`) {
		t.Errorf("with a test key: got %d %s, want the draft", r.status, r.body)
	}
	for name, c := range map[string]struct {
		key, origin string
		status      int
		code        string
	}{
		"no origin":                    {k.KeyPublic, "", 403, "origin_not_allowed"},
		"another scheme":               {k.KeyPublic, "http://shop.example", 403, "origin_not_allowed"},
		"another port":                 {k.KeyPublic, "https://shop.example:8443", 403, "origin_not_allowed"},
		"a host that ends like it":     {k.KeyPublic, "https://evil-shop.example", 403, "origin_not_allowed"},
		"a host below it":              {k.KeyPublic, "https://www.shop.example", 403, "origin_not_allowed"},
		"a host that begins like it":   {k.KeyPublic, "https://shop.example.evil.example", 403, "origin_not_allowed"},
		"null":                         {k.KeyPublic, "null", 403, "origin_not_allowed"},
		"no key":                       {"", shop, 401, "unauthenticated"},
		"a key that is none":           {"cw_pk_live_nonsense", shop, 401, "unauthenticated"},
		"a secret key":                 {s.key, shop, 401, "unauthenticated"},
		"a key that is none, anywhere": {"cw_pk_live_nonsense", "https://evil.example", 401, "unauthenticated"},
	} {
		r := s.bootstrap(c.key, c.origin)
		if p := r.problem(t); r.status != c.status || p.Code != c.code || r.header.Get("Access-Control-Allow-Origin") != "" || strings.Contains(string(r.body), s.key) {
			t.Errorf("%s: got %d %v %s, want %d %s without leave for the page", name, r.status, r.header, r.body, c.status, c.code)
		}
	}
	// What changes counts from the next request on.
	s.must("PATCH", "/agents/"+agent+"/publishable-keys/"+k.ID, `{"allowedOrigins":["https://new.example"]}`, nil)
	if r := s.bootstrap(k.KeyPublic, shop); r.status != 403 {
		t.Errorf("an origin that was taken away: got %d %s, want 403", r.status, r.body)
	}
	s.must("DELETE", "/agents/"+agent+"/publishable-keys/"+k.ID, nil, nil)
	if r := s.bootstrap(k.KeyPublic, "https://new.example"); r.status != 401 || !strings.Contains(r.problem(t).Detail, "revoked") {
		t.Errorf("a revoked key: got %d %s, want 401", r.status, r.body)
	}
	s.must("PATCH", "/agents/"+agent, `{"isActive":false}`, nil)
	if r := s.bootstrap(test.KeyPublic, shop); r.status != 409 || r.problem(t).Code != "agent_inactive" {
		t.Errorf("an agent that is off: got %d %s, want 409 agent_inactive", r.status, r.body)
	}
	s.must("DELETE", "/agents/"+agent, nil, nil)
	if r := s.bootstrap(test.KeyPublic, shop); r.status != 404 {
		t.Errorf("a deleted agent: got %d %s, want 404", r.status, r.body)
	}
}

// TestPreflight: a browser that asks before is told for allowed origins alone, and
// that counts neither as a use nor against the limit.
func TestPreflight(t *testing.T) {
	t.Parallel()
	s := start(t)
	agent := s.agent(map[string]any{})
	k := s.publishable(agent, map[string]any{"rateLimitRpm": 1})
	ask := func(key, origin string) response {
		return s.visit("OPTIONS", "/widget/bootstrap?key="+key, origin, map[string]string{"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "content-type"})
	}
	for range 3 {
		r := ask(k.KeyPublic, shop)
		if r.status != 204 || r.header.Get("Access-Control-Allow-Origin") != shop || r.header.Get("Access-Control-Allow-Methods") != "GET" || r.header.Get("Access-Control-Allow-Headers") != "Content-Type" || r.header.Get("Vary") != "Origin" {
			t.Errorf("an allowed origin: got %d %v", r.status, r.header)
		}
	}
	for name, r := range map[string]response{"another origin": ask(k.KeyPublic, "https://evil.example"), "no origin": ask(k.KeyPublic, ""), "no key": ask("", shop), "a secret key": ask(s.key, shop)} {
		if r.status < 400 || r.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: got %d %v, want a refusal", name, r.status, r.header)
		}
	}
	var list []publishableKey
	s.must("GET", "/agents/"+agent+"/publishable-keys", nil, &list)
	if list[0].LastUsedAt != nil {
		t.Errorf("asking was counted as a use: %+v", list[0])
	}
	if r := s.visit("OPTIONS", "/agents", shop, nil); r.status != 405 || r.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("an operation for secret keys: got %d %v, want no leave for pages", r.status, r.header)
	}
}

// TestPublishableRateLimit: each publishable key has its own limit, which is told
// like the organization's and does not use that up.
func TestPublishableRateLimit(t *testing.T) {
	t.Parallel()
	s := newEstate(t)
	agent := s.agent(map[string]any{})
	s.publish(agent)
	k, other := s.publishable(agent, map[string]any{"rateLimitRpm": 3}), s.publishable(agent, map[string]any{"rateLimitRpm": 3})
	for i := range 3 {
		r := s.bootstrap(k.KeyPublic, shop)
		if r.status != 200 || r.header.Get("RateLimit-Limit") != "3" || r.header.Get("RateLimit-Remaining") != strconv.Itoa(2-i) || !strings.Contains(r.header.Get("Access-Control-Expose-Headers"), "RateLimit-Remaining") {
			t.Fatalf("request %d: got %d %v", i+1, r.status, r.header)
		}
	}
	r := s.bootstrap(k.KeyPublic, shop)
	if p := r.problem(t); r.status != 429 || p.Code != "rate_limited" || !strings.Contains(p.Detail, "rateLimitRpm") || r.header.Get("Retry-After") != "20" || r.header.Get("Access-Control-Allow-Origin") != shop {
		t.Errorf("want 429 with Retry-After 20 for the page to read, got %d %v %s", r.status, r.header, r.body)
	}
	if r := s.bootstrap(k.KeyPublic, "https://evil.example"); r.status != 403 {
		t.Errorf("another origin: got %d, want 403: it uses nothing up", r.status)
	}
	if r := s.bootstrap(other.KeyPublic, shop); r.status != 200 {
		t.Errorf("another key: got %d %s", r.status, r.body)
	}
	if r := s.try(s.key, "GET", "/agents", nil); r.header.Get("RateLimit-Limit") != "60000" {
		t.Errorf("the organization's limit: got %v", r.header)
	}
	s.clock.move(20 * time.Second)
	if r := s.bootstrap(k.KeyPublic, shop); r.status != 200 {
		t.Errorf("after Retry-After: got %d", r.status)
	}
	s.must("PATCH", "/agents/"+agent+"/publishable-keys/"+k.ID, `{"rateLimitRpm":600}`, nil)
	if r := s.bootstrap(k.KeyPublic, shop); r.status != 429 || r.header.Get("RateLimit-Limit") != "600" || r.header.Get("Retry-After") != "1" {
		t.Errorf("with another limit, used up: got %d %v, want 429 for a second", r.status, r.header)
	}
	s.clock.move(time.Second)
	if r := s.bootstrap(k.KeyPublic, shop); r.status != 200 || r.header.Get("RateLimit-Remaining") != "9" {
		t.Errorf("a second later: got %d %v, want ten new ones, less this", r.status, r.header)
	}
}

// TestWidget: what is given is kept as it is, on the draft.
func TestWidget(t *testing.T) {
	t.Parallel()
	s := start(t)
	agent := s.agent(map[string]any{})
	path := "/agents/" + agent + "/widget"
	type widget struct {
		AgentID               string
		Theme, Copy, Behavior json.RawMessage
	}
	want := func(what string, w widget, theme, copy, behavior string) {
		t.Helper()
		if w.AgentID != agent || string(w.Theme) != theme || string(w.Copy) != copy || string(w.Behavior) != behavior {
			t.Errorf("%s: got %s %s %s of %s", what, w.Theme, w.Copy, w.Behavior, w.AgentID)
		}
	}
	var w widget
	s.must("GET", path, nil, &w)
	want("a new agent's", w, `{}`, `{}`, `{}`)
	s.must("PUT", path, `{"theme":{"z":1.50,"a":[null,{"b":"ä <b>"}]},"behavior":{"delayMs":300}}`, &w)
	s.must("GET", path, nil, &w)
	var theme map[string]any
	if err := json.Unmarshal(w.Theme, &theme); err != nil || theme["a"].([]any)[1].(map[string]any)["b"] != "ä <b>" || !strings.Contains(string(w.Theme), "1.50") {
		t.Errorf("theme: got %s, %v; want it as it was given", w.Theme, err)
	}
	s.publish(agent)
	s.must("PUT", path, `{"copy":{"title":"Hi"}}`, &w)
	want("replaced", w, `{}`, `{"title":"Hi"}`, `{}`)
	var v []callwright.Version
	s.must("GET", "/agents/"+agent+"/versions", nil, &v)
	var diff struct{ Changes []control.Change }
	s.must("GET", "/agents/"+agent+"/versions/"+string(v[0].ID)+"/diff", nil, &diff)
	var changed []string
	for _, c := range diff.Changes {
		changed = append(changed, c.Kind+" "+c.Field)
	}
	slices.Sort(changed)
	if got := strings.Join(changed, ", "); got != "added widget.copy.title, removed widget.behavior.delayMs, removed widget.theme.a, removed widget.theme.z" {
		t.Errorf("comparison with what was published: got %s", got)
	}
	big := `{"x":"` + strings.Repeat("x", 16<<10) + `"}`
	for body, fields := range map[string]string{`{"theme":[]}`: "theme", `{"theme":null}`: "theme", `{"colour":{}}`: "colour", `{"theme":` + big + `,"copy":` + big + `}`: "theme copy"} {
		r := s.try(s.key, "PUT", path, body)
		var got []string
		for _, f := range r.problem(t).Errors {
			got = append(got, f.Field)
		}
		if r.status != 400 || strings.Join(got, " ") != fields {
			t.Errorf("%.40s: got %d %s, want 400 for %s", body, r.status, r.body, fields)
		}
	}
	k := s.publishable(agent, map[string]any{})
	var embed struct{ ScriptSnippet, PublishableKey string }
	s.must("GET", path+"/embed?publishableKeyId="+k.ID, nil, &embed)
	if embed.PublishableKey != k.KeyPublic || embed.ScriptSnippet != `<script src="`+s.url+`/widget/loader.js" data-callwright-key="`+k.KeyPublic+`" async></script>` {
		t.Errorf("embed: got %+v", embed)
	}
	if r := s.try(s.key, "GET", path+"/embed", nil); r.status != 400 || r.problem(t).Errors[0].Field != "publishableKeyId" {
		t.Errorf("embed without a key: got %d %s, want 400", r.status, r.body)
	}
	if r := s.try(s.key, "GET", path+"/embed?publishableKeyId=pk_none", nil); r.status != 404 {
		t.Errorf("embed with an unknown key: got %d %s, want 404", r.status, r.body)
	}
	s.must("DELETE", "/agents/"+agent+"/publishable-keys/"+k.ID, nil, nil)
	if r := s.try(s.key, "GET", path+"/embed?publishableKeyId="+k.ID, nil); r.status != 409 || r.problem(t).Code != "key_ended" {
		t.Errorf("embed with a revoked key: got %d %s, want 409 key_ended", r.status, r.body)
	}
}
