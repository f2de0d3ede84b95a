package httpwebhook_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"callwright"
)

const clientSecret = "client-canary-8d21"

// An issuer is a token endpoint and a partner that takes its tokens.
type issuer struct {
	url      string
	tokens   atomic.Int64 // issued
	calls    atomic.Int64 // answered by the partner, with any status
	refuse   atomic.Int64 // tokens up to this number get a 401
	lifetime int
	broken   http.HandlerFunc
	gate     chan struct{} // when set, the token endpoint waits for it
	arrived  chan struct{}
}

func mustIssuer(t testing.TB, change func(*issuer)) *issuer {
	t.Helper()
	is := &issuer{lifetime: 3600, arrived: make(chan struct{}, 100)}
	if change != nil {
		change(is)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		is.arrived <- struct{}{}
		if is.gate != nil {
			select {
			case <-is.gate:
			case <-r.Context().Done():
				return
			}
		}
		if is.broken != nil {
			is.broken(w, r)
			return
		}
		id, key, ok := r.BasicAuth()
		if !ok || id != "shop" || key != clientSecret || r.FormValue("grant_type") != "client_credentials" || r.FormValue("scope") != "a b" {
			t.Errorf("token request: got %q %q %v", id, key, r.Form)
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":"access-canary-%d","token_type":"bearer","expires_in":%d}`, is.tokens.Add(1), is.lifetime)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		is.calls.Add(1)
		io.Copy(io.Discard, r.Body)
		var n int64
		if _, err := fmt.Sscanf(r.Header.Get("Authorization"), "Bearer access-canary-%d", &n); err != nil {
			t.Errorf("authorization: got %q", r.Header.Get("Authorization"))
		}
		if n <= is.refuse.Load() {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, `{"token":%d}`, n)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	is.url = s.URL
	return is
}

func (is *issuer) settings() map[string]any {
	return map[string]any{"url": is.url + "/x", "auth": map[string]any{
		"type": "oauth2_client_credentials", "token_url": is.url + "/token", "client_id": "shop", "client_secret": "{{secret.CLIENT}}", "scopes": []string{"a", "b"},
	}}
}

func oauthVault() *vault {
	v := newVault()
	v.byName["CLIENT"] = clientSecret
	return v
}

func TestOAuthTokenIsCached(t *testing.T) {
	t.Parallel()
	is := mustIssuer(t, nil)
	v := oauthVault()
	e := mustOpen(t, v, is.settings())
	for range 5 {
		result := mustExecute(t, e, goodCall())
		if string(result.Data) != `{"token":1}` {
			t.Errorf("got %s", result.Data)
		}
		if strings.Contains(string(result.Request), "canary") || !strings.Contains(string(result.Request), `"Authorization":"••••"`) {
			t.Errorf("Request: got %s", result.Request)
		}
	}
	if n := is.tokens.Load(); n != 1 {
		t.Errorf("%d tokens for 5 calls, want 1", n)
	}
	if want := []string{"CLIENT 127.0.0.1"}; !slices.Equal(v.requests(), want) {
		t.Errorf("asked for %q, want %q", v.requests(), want)
	}
	other := goodCall()
	other.Org = "org_2"
	mustExecute(t, e, other)
	if n := is.tokens.Load(); n != 2 {
		t.Errorf("%d tokens for two organizations, want 2", n)
	}
}

func TestOAuthTokenIsRenewedBeforeItExpires(t *testing.T) {
	t.Parallel()
	is := mustIssuer(t, func(is *issuer) { is.lifetime = 20 }) // less than the margin
	e := mustOpen(t, oauthVault(), is.settings())
	for range 3 {
		mustExecute(t, e, goodCall())
	}
	if n := is.tokens.Load(); n != 3 {
		t.Errorf("%d tokens for 3 calls, want 3: each is about to expire", n)
	}
}

func TestOAuthIsRefreshedOnceAfter401(t *testing.T) {
	t.Parallel()
	is := mustIssuer(t, nil)
	e := mustOpen(t, oauthVault(), is.settings())
	mustExecute(t, e, goodCall())
	is.refuse.Store(1)
	if result := mustExecute(t, e, goodCall()); string(result.Data) != `{"token":2}` {
		t.Errorf("got %s, want the second token", result.Data)
	}
	is.refuse.Store(100)
	before := is.calls.Load()
	result, err := e.Execute(t.Context(), goodCall())
	if callwright.CodeOf(err) != callwright.CodeRemoteStatus || !result.Sent {
		t.Errorf("got %v, sent %v", err, result.Sent)
	}
	if n := is.calls.Load() - before; n != 2 {
		t.Errorf("%d attempts with refused tokens, want 2", n)
	}
}

func TestOAuthFetchIsShared(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	is := mustIssuer(t, func(is *issuer) { is.gate = gate })
	e := mustOpen(t, oauthVault(), is.settings())
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if result, err := e.Execute(t.Context(), goodCall()); err != nil || string(result.Data) != `{"token":1}` {
				t.Errorf("got %s, %v", result.Data, err)
			}
		})
	}
	<-is.arrived
	close(gate)
	group.Wait()
	if n := is.tokens.Load(); n != 1 {
		t.Errorf("%d tokens for 20 concurrent calls, want 1", n)
	}
}

// Who fetches may give up (the caller hung up); those who wait must not fail
// with it.
func TestOAuthFetchIsTakenOver(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	is := mustIssuer(t, func(is *issuer) { is.gate = gate })
	e := mustOpen(t, oauthVault(), is.settings())
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		result, err := e.Execute(ctx, goodCall())
		if callwright.CodeOf(err) != callwright.CodeTimeout || result.Sent {
			t.Errorf("the first: got sent %v, %v", result.Sent, err)
		}
	})
	<-is.arrived
	group.Go(func() {
		if _, err := e.Execute(t.Context(), goodCall()); err != nil {
			t.Errorf("the second: got %v", err)
		}
	})
	cancel()
	<-is.arrived // the second fetches for itself
	close(gate)
	group.Wait()
}

func TestOAuthDryRunFetchesNothing(t *testing.T) {
	t.Parallel()
	is := mustIssuer(t, nil)
	call := goodCall()
	call.DryRun = true
	result := mustExecute(t, mustOpen(t, oauthVault(), is.settings()), call)
	var got struct{ Headers map[string]string }
	if err := json.Unmarshal(result.Request, &got); err != nil || got.Headers["Authorization"] != "••••" {
		t.Errorf("got %s, %v", result.Request, err)
	}
	if is.tokens.Load() != 0 || is.calls.Load() != 0 {
		t.Error("a dry run used the network")
	}
}

func TestOAuthFailures(t *testing.T) {
	t.Parallel()
	body := `{"error":"invalid_client","error_description":"` + clientSecret + `"}`
	for _, row := range []struct {
		name   string
		broken http.HandlerFunc
		want   callwright.Code
	}{
		{"refused", func(w http.ResponseWriter, r *http.Request) { http.Error(w, body, 401) }, callwright.CodeRemoteStatus},
		{"out of order", func(w http.ResponseWriter, r *http.Request) { http.Error(w, body, 503) }, callwright.CodeRemoteStatus},
		{"redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "http://169.254.169.254/", 302) }, callwright.CodeRemoteStatus},
		{"web page", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "<html>"+clientSecret) }, callwright.CodeBadResponse},
		{"no token", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"token":"`+clientSecret+`"}`)
		}, callwright.CodeBadResponse},
		{"dropped", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, callwright.CodeUnreachable},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			is := mustIssuer(t, func(is *issuer) { is.broken = row.broken })
			result, err := mustOpen(t, oauthVault(), is.settings()).Execute(t.Context(), goodCall())
			if callwright.CodeOf(err) != row.want || result.Sent || strings.Contains(fmt.Sprint(err), "canary") {
				t.Errorf("got sent %v, %v, want %s", result.Sent, err, row.want)
			}
			if is.calls.Load() != 0 {
				t.Error("the call left without a token")
			}
		})
	}
}

func TestOAuthEndpointIsGuarded(t *testing.T) {
	t.Parallel()
	is := mustIssuer(t, nil)
	settings := is.settings()
	settings["auth"].(map[string]any)["token_url"] = "http://169.254.169.254/token"
	result, err := mustOpen(t, oauthVault(), settings).Execute(t.Context(), goodCall())
	if callwright.CodeOf(err) != callwright.CodeRefused || result.Sent {
		t.Errorf("got sent %v, %v, want %s", result.Sent, err, callwright.CodeRefused)
	}
}

func TestTimeoutCoversTheToken(t *testing.T) {
	t.Parallel()
	is := mustIssuer(t, func(is *issuer) { is.gate = make(chan struct{}) })
	settings := is.settings()
	settings["timeout_ms"] = 150
	start := time.Now()
	result, err := mustOpen(t, oauthVault(), settings).Execute(t.Context(), goodCall())
	if callwright.CodeOf(err) != callwright.CodeTimeout || result.Sent {
		t.Errorf("got sent %v, %v, want %s", result.Sent, err, callwright.CodeTimeout)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestTimeoutCoversTheAnswer(t *testing.T) {
	t.Parallel()
	base, _ := mustPartner(t, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	result, err := mustOpen(t, newVault(), map[string]any{"url": base, "timeout_ms": 150}).Execute(t.Context(), goodCall())
	if callwright.CodeOf(err) != callwright.CodeTimeout || !result.Sent || len(result.Request) == 0 {
		t.Errorf("got %+v, %v", result, err)
	}
}

// The cause of an error may point into the answer, and the answer may be our own
// token.
func TestEchoedSecretsAreNotInErrors(t *testing.T) {
	t.Parallel()
	base, _ := mustPartner(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"x":{%[1]q:1,%[1]q:2}}`, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	})
	e := mustOpen(t, newVault(), map[string]any{"url": base, "auth": map[string]any{"type": "bearer", "token": tokenCanary}})
	_, err := e.Execute(t.Context(), goodCall())
	if callwright.CodeOf(err) != callwright.CodeBadResponse || strings.Contains(err.Error(), "canary") {
		t.Errorf("got %v, want %s without the token", err, callwright.CodeBadResponse)
	}
}
