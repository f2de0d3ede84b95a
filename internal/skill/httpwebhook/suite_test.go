package httpwebhook_test

import (
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"callwright"
	"callwright/internal/outbound"
	"callwright/internal/secret"
	"callwright/internal/skill"
	"callwright/internal/skill/httpwebhook"
	"callwright/internal/skill/skilltest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	signingKey    = "whsec_TWZLUTlyOEdLWXFyVHdqVVBEOElMUFpJbzJMYUxhU3c="
	storedCanary  = "stored-canary-1f2e"
	tokenCanary   = "token-canary-77aa"
	headerCanary  = "header-canary-c4d5"
	partnerAnswer = `{"covered":true,"expires":"2027-01-31","claim":12345678901234567890}`
)

// A vault is Secrets for tests: it knows names and remembers who asked.
type vault struct {
	byName  map[string]string
	signing string

	mu    sync.Mutex
	asked []string // "name host"
}

func newVault() *vault {
	return &vault{signing: signingKey, byName: map[string]string{"WARRANTY_KEY": storedCanary, "MOVED": "moved-canary-0001", "SIGNING": signingKey, "BROKEN": "a\r\nX-Evil: 1"}}
}

func (v *vault) Secret(_ context.Context, _ callwright.OrgID, name, host string) (secret.String, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.asked = append(v.asked, name+" "+host)
	text, ok := v.byName[name]
	if !ok {
		return secret.String{}, callwright.Errorf(callwright.CodeSecretMissing, "There is no secret %s.", name)
	}
	return secret.New(text), nil
}

func (v *vault) SigningSecret(context.Context, callwright.OrgID) (secret.String, error) {
	return secret.New(v.signing), nil
}

func (v *vault) requests() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]string(nil), v.asked...)
}

func mustClient(t testing.TB, log *slog.Logger) *outbound.Client {
	t.Helper()
	rule, err := outbound.ParseRule("127.0.0.1/32")
	if err != nil {
		t.Fatal(err)
	}
	c, err := outbound.New(outbound.Options{Allow: []outbound.Rule{rule}, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func goodCall() skill.Call {
	return skill.Call{
		Org: "org_1", Agent: "agt_1", Conversation: "cnv_1", Skill: "skl_1", Run: "run_1", Channel: callwright.Chat,
		Fields:         map[string]any{"serial_number": "SN-48213-B"},
		IdempotencyKey: "key-1",
		TraceParent:    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
	}
}

func fixture() skilltest.Fixture {
	return skilltest.Fixture{
		Kind: func(t testing.TB, log *slog.Logger) skill.Kind {
			return httpwebhook.Kind(mustClient(t, log), newVault())
		},
		Partner: func(t testing.TB) skilltest.Partner {
			return skilltest.HTTP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				io.WriteString(w, partnerAnswer)
			}))
		},
		Settings: func(p skilltest.Partner) map[string]any {
			return map[string]any{
				"url":        p.Address() + "/warranty?api_key=public",
				"timeout_ms": 20000,
				"headers":    map[string]string{"X-Api-Key": headerCanary, "X-Shop": "north", "X-Stored": "Token {{secret.WARRANTY_KEY}}"},
				"secret":     signingKey,
				"auth":       map[string]any{"type": "bearer", "token": tokenCanary},
			}
		},
		Bad:  badSettings(),
		Call: goodCall(),
		Data: partnerAnswer,
		Codes: map[skilltest.Behaviour]callwright.Code{
			skilltest.Hang:        callwright.CodeTimeout,
			skilltest.Trickle:     callwright.CodeTimeout,
			skilltest.ClientError: callwright.CodeRemoteStatus,
			skilltest.ServerError: callwright.CodeRemoteStatus,
			skilltest.Garbage:     callwright.CodeBadResponse,
			skilltest.Oversized:   callwright.CodeTooLarge,
			skilltest.Drop:        callwright.CodeConnection,
		},
		Canaries: []string{tokenCanary, headerCanary, storedCanary, signingKey, signingKey[len("whsec_"):]},
	}
}

func badSettings() []skilltest.Bad {
	auth := func(kv ...string) map[string]any {
		a := map[string]any{}
		for i := 0; i < len(kv); i += 2 {
			a[kv[i]] = kv[i+1]
		}
		return map[string]any{"auth": a}
	}
	one := func(name string, value any) map[string]any { return map[string]any{name: value} }
	headers := func(kv ...string) map[string]any {
		h := map[string]string{}
		for i := 0; i < len(kv); i += 2 {
			h[kv[i]] = kv[i+1]
		}
		return map[string]any{"headers": h, "auth": nil}
	}
	short := "whsec_" + base64.StdEncoding.EncodeToString([]byte("short"))
	return []skilltest.Bad{
		{Name: "no url", Change: one("url", nil), Fields: []string{"url"}},
		{Name: "empty url", Change: one("url", ""), Fields: []string{"url"}},
		{Name: "relative url", Change: one("url", "/warranty"), Fields: []string{"url"}},
		{Name: "other scheme", Change: one("url", "ftp://x.example/"), Fields: []string{"url"}},
		{Name: "file", Change: one("url", "file:///etc/passwd"), Fields: []string{"url"}},
		{Name: "user in url", Change: one("url", "https://u:"+tokenCanary+"@x.example/"), Fields: []string{"url"}},
		{Name: "fragment", Change: one("url", "https://x.example/#a"), Fields: []string{"url"}},
		{Name: "host placeholder", Change: one("url", "https://{host}/"), Fields: []string{"url"}},
		{Name: "port placeholder", Change: one("url", "https://x.example:{port}/"), Fields: []string{"url"}},
		{Name: "secret in url", Change: one("url", "https://x.example/?k={{secret.A}}"), Fields: []string{"url"}},
		{Name: "method", Change: one("method", "TRACE"), Fields: []string{"method"}},
		{Name: "lower-case method", Change: one("method", "post"), Fields: []string{"method"}},
		{Name: "timeout too short", Change: one("timeout_ms", 99), Fields: []string{"timeout_ms"}},
		{Name: "timeout zero", Change: one("timeout_ms", 0), Fields: []string{"timeout_ms"}},
		{Name: "timeout too long", Change: one("timeout_ms", 60001), Fields: []string{"timeout_ms"}},
		{Name: "signing key without prefix", Change: one("secret", tokenCanary), Fields: []string{"secret"}},
		{Name: "short signing key", Change: one("secret", short), Fields: []string{"secret"}},
		{Name: "signing key with text", Change: one("secret", "x{{secret.A}}"), Fields: []string{"secret"}},
		{Name: "owned headers", Change: headers("host", "x", "Content-Length", "1", "idempotency-key", "x", "webhook-id", "x", "X-Callwright-Agent", "x", "traceparent", "x", "Transfer-Encoding", "x", "connection", "x"),
			Fields: []string{"headers.host", "headers.Content-Length", "headers.idempotency-key", "headers.webhook-id", "headers.X-Callwright-Agent", "headers.traceparent", "headers.Transfer-Encoding", "headers.connection"}},
		{Name: "header name", Change: headers("X Foo", "x", "X:Foo", "x"), Fields: []string{"headers.X Foo", "headers.X:Foo"}},
		{Name: "header line break", Change: headers("X-Foo", tokenCanary+"\r\nX-Evil: 1"), Fields: []string{"headers.X-Foo"}},
		{Name: "header placeholder", Change: headers("X-Foo", "{serial_number}"), Fields: []string{"headers.X-Foo"}},
		{Name: "header bad reference", Change: headers("X-Foo", "{{secrets.A}}", "X-Bar", "{{secret.A"), Fields: []string{"headers.X-Bar", "headers.X-Foo"}},
		{Name: "header twice", Change: headers("X-Foo", "1", "x-foo", "2"), Fields: []string{"headers.x-foo"}},
		{Name: "authorization twice", Change: one("headers", map[string]string{"authorization": headerCanary}), Fields: []string{"headers.authorization"}},
		{Name: "auth type", Change: auth("type", "digest"), Fields: []string{"auth.type"}},
		{Name: "bearer without token", Change: auth("type", "bearer"), Fields: []string{"auth.token"}},
		{Name: "bearer with password", Change: auth("type", "bearer", "token", tokenCanary, "password", "x"), Fields: []string{"auth.password"}},
		{Name: "basic without all", Change: auth("type", "basic"), Fields: []string{"auth.username", "auth.password"}},
		{Name: "basic colon", Change: auth("type", "basic", "username", "a:b", "password", "x"), Fields: []string{"auth.username"}},
		{Name: "oauth without all", Change: auth("type", "oauth2_client_credentials"), Fields: []string{"auth.token_url", "auth.client_id", "auth.client_secret"}},
		{Name: "oauth relative token url", Change: auth("type", "oauth2_client_credentials", "token_url", "/token", "client_id", "x", "client_secret", "y"), Fields: []string{"auth.token_url"}},
		{Name: "unknown auth member", Change: auth("type", "bearer", "token", "x", "tokn", "y"), Fields: []string{"auth.tokn"}},
		{Name: "everything at once", Change: map[string]any{"url": "x", "method": "X", "timeout_ms": 1, "secret": "x", "headers": map[string]string{"Host": "x"}, "auth": map[string]any{"type": "x"}},
			Fields: []string{"url", "method", "timeout_ms", "secret", "headers.Host", "auth.type"}},
	}
}

func TestContract(t *testing.T) {
	t.Parallel()
	skilltest.Run(t, fixture())
}
