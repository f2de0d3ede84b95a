package httpwebhook

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"callwright"
)

// early is how long before its end a token is no longer used: it must survive
// the request that carries it.
const early = 30 * time.Second

// A tokenCache keeps one executor's OAuth token. Its zero value is empty. It
// belongs to one skill and so to one organization, and checks that all the same:
// a token must never serve another tenant.
type tokenCache struct {
	mu     sync.Mutex
	org    callwright.OrgID
	value  *oauth2.Token
	flight *flight
}

// A flight is a fetch that is under way; done is closed when it ended.
type flight struct {
	done  chan struct{}
	token *oauth2.Token
	err   error
}

// token returns the cached token or fetches one. Concurrent callers share one
// fetch. It runs in the first caller's goroutine and time, so nothing is left
// behind; when that caller gives up, another takes over.
func (c *tokenCache) token(ctx context.Context, r *run) (string, error) {
	for {
		c.mu.Lock()
		if c.org != r.call.Org {
			c.org, c.value, c.flight = r.call.Org, nil, nil
		}
		if c.value != nil && (c.value.Expiry.IsZero() || time.Until(c.value.Expiry) > early) {
			token := c.value.AccessToken
			c.mu.Unlock()
			r.keep(token)
			return token, nil
		}
		f := c.flight
		if f == nil {
			f = &flight{done: make(chan struct{})}
			c.flight = f
			c.mu.Unlock()
			return c.lead(ctx, r, f)
		}
		c.mu.Unlock()
		select {
		case <-ctx.Done():
			return "", callwright.Wrap(callwright.CodeTimeout, ctx.Err(), "Waiting for an access token took too long.")
		case <-f.done:
		}
		if f.err == nil {
			r.keep(f.token.AccessToken)
			return f.token.AccessToken, nil
		}
		if !errors.Is(f.err, context.Canceled) && !errors.Is(f.err, context.DeadlineExceeded) {
			return "", f.err
		}
	}
}

// lead fetches for everybody who waits.
func (c *tokenCache) lead(ctx context.Context, r *run, f *flight) (string, error) {
	f.token, f.err = r.fetchToken(ctx)
	c.mu.Lock()
	if c.flight == f {
		c.flight = nil
		if f.err == nil {
			c.value = f.token
		}
	}
	c.mu.Unlock()
	close(f.done)
	if f.err != nil {
		return "", f.err
	}
	r.keep(f.token.AccessToken)
	return f.token.AccessToken, nil
}

// drop forgets a token that was refused, unless a newer one is there already.
func (c *tokenCache) drop(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.value != nil && c.value.AccessToken == token {
		c.value = nil
	}
}

// fetchToken asks the token endpoint through the guarded client.
func (r *run) fetchToken(ctx context.Context) (*oauth2.Token, error) {
	id, err := r.expand(ctx, r.auth.ClientID, r.tokenAt)
	if err != nil {
		return nil, err
	}
	key, err := r.expand(ctx, r.auth.ClientSecret, r.tokenAt)
	if err != nil {
		return nil, err
	}
	r.keep(key, url.QueryEscape(key))
	config := clientcredentials.Config{ClientID: id, ClientSecret: key, TokenURL: r.auth.TokenURL, Scopes: r.auth.Scopes}
	token, err := config.Token(context.WithValue(ctx, oauth2.HTTPClient, r.client.HTTP()))
	if err == nil {
		return token, nil
	}
	// The library's errors quote the answer and the address: keep them out.
	if known, ok := errors.AsType[*callwright.Error](err); ok {
		return nil, known
	}
	if ctx.Err() != nil {
		return nil, callwright.Wrap(callwright.CodeTimeout, ctx.Err(), "The token endpoint %s did not answer in time.", r.tokenAt)
	}
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refused.Response != nil {
		return nil, callwright.Errorf(callwright.CodeRemoteStatus, "The token endpoint %s refused the client: it answered %d.", r.tokenAt, refused.Response.StatusCode)
	}
	if _, ok := errors.AsType[*url.Error](err); ok {
		return nil, callwright.Errorf(callwright.CodeUnreachable, "The connection to the token endpoint %s broke.", r.tokenAt)
	}
	return nil, callwright.Errorf(callwright.CodeBadResponse, "The token endpoint %s answered without a usable access token.", r.tokenAt)
}
