package httpwebhook

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"callwright"
	"callwright/internal/outbound"
	"callwright/internal/secret"
	"callwright/internal/skill"
	"callwright/internal/tmpl"
)

const mask = "••••"

// A run is one call on its way.
type run struct {
	*executor
	call    skill.Call
	request *outbound.Request
	masked  map[string]bool // headers whose values are secret
	secrets []string        // in clear, as they leave: to find them in what comes back
}

// build makes the request: everything but an OAuth token, which needs the
// network. On failure the request is what was built so far, or nil.
func (r *run) build(ctx context.Context) error {
	target, err := r.url.Expand(r.call.Values())
	if err != nil {
		return callwright.Errorf(callwright.CodeValidation, "The URL cannot be filled: %s.", err)
	}
	req := &outbound.Request{Method: r.method, Header: http.Header{}}
	req.Header.Set("User-Agent", "callwright")
	req.Header.Set("Accept", "application/json, text/plain;q=0.5")
	if r.inQuery() {
		query, err := r.query()
		if err != nil {
			return err
		}
		if query != "" {
			target += separator(target) + query
		}
	} else {
		fields := r.call.Fields
		if fields == nil {
			fields = map[string]any{}
		}
		if req.Body, err = marshal(fields); err != nil {
			return callwright.Wrap(callwright.CodeInternal, err, "The fields cannot be written as JSON.")
		}
		req.Header.Set("Content-Type", "application/json")
	}
	req.URL = target
	r.request, r.masked = req, map[string]bool{}
	r.identify()
	if err := r.sign(ctx); err != nil {
		return err
	}
	if err := r.ownHeaders(ctx); err != nil {
		return err
	}
	return r.authenticate(ctx)
}

func (r *run) inQuery() bool {
	return r.method == http.MethodGet || r.method == http.MethodDelete
}

func separator(target string) string {
	if strings.Contains(target, "?") {
		return "&"
	}
	return "?"
}

// query encodes the fields that the URL does not hold already. A parameter that
// the operator wrote in the URL is never overridden or doubled.
func (r *run) query() (string, error) {
	used := r.url.Names()
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(r.call.Fields)) {
		if slices.Contains(used, name) || r.url.HasParameter(name) {
			continue
		}
		values, isList := r.call.Fields[name].([]any)
		if !isList {
			values = []any{r.call.Fields[name]}
		}
		for _, v := range values {
			text, err := queryText(v)
			if err != nil {
				return "", callwright.Wrap(callwright.CodeInternal, err, "The field %s cannot be written into a query.", name)
			}
			if v != nil {
				pairs = append(pairs, tmpl.Escape(name)+"="+tmpl.Escape(text))
			}
		}
	}
	return strings.Join(pairs, "&"), nil
}

func queryText(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	}
	raw, err := marshal(v)
	return string(raw), err
}

// identify adds the headers by which a partner recognises the attempt.
func (r *run) identify() {
	h := r.request.Header
	for name, value := range map[string]string{
		"Idempotency-Key":           r.call.IdempotencyKey,
		"Traceparent":               r.call.TraceParent,
		"X-Callwright-Agent":        string(r.call.Agent),
		"X-Callwright-Conversation": string(r.call.Conversation),
	} {
		if value != "" {
			h.Set(name, value)
		}
	}
}

// sign adds the Standard Webhooks headers, over the exact bytes of the body.
func (r *run) sign(ctx context.Context) error {
	key, err := r.signingKey(ctx)
	if err != nil {
		return err
	}
	wh, err := standardwebhooks.NewWebhook(key.Reveal())
	if err != nil || !validSigningKey(key.Reveal()) { // the cause may quote the key
		return callwright.Errorf(callwright.CodeSecretMissing, "The signing secret is not of the form whsec_ and base64.")
	}
	// The id is the same for every attempt, as the key is, but it is part of
	// the signed text and so must not hold a full stop.
	seed := cmp.Or(r.call.IdempotencyKey, string(r.call.Run))
	sum := sha256.Sum256([]byte(seed))
	id, now := "msg_"+hex.EncodeToString(sum[:16]), time.Now()
	signature, err := wh.Sign(id, now, r.request.Body)
	if err != nil {
		return callwright.Wrap(callwright.CodeInternal, err, "The request could not be signed.")
	}
	h := r.request.Header
	h.Set(standardwebhooks.HeaderWebhookID, id)
	h.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	r.setSecret(standardwebhooks.HeaderWebhookSignature, signature)
	return nil
}

func (r *run) signingKey(ctx context.Context) (secret.String, error) {
	if r.secret == "" {
		return r.executor.secrets.SigningSecret(ctx, r.call.Org)
	}
	text, err := r.expand(ctx, r.secret, "")
	return secret.New(text), err
}

// ownHeaders adds the operator's headers.
func (r *run) ownHeaders(ctx context.Context) error {
	for _, name := range slices.Sorted(maps.Keys(r.headers)) {
		setting := r.headers[name]
		value, err := r.expand(ctx, setting, r.url.Host())
		if err != nil {
			return err
		}
		if value != setting || looksSecret(name) {
			r.keep(value)
			r.keep(strings.Fields(value)...) // "Token abc" may come back as "abc"
			r.setSecret(name, value)
		} else {
			r.request.Header.Set(name, value)
		}
	}
	return nil
}

func (r *run) authenticate(ctx context.Context) error {
	if r.auth == nil {
		return nil
	}
	switch r.auth.Type {
	case bearer:
		token, err := r.expand(ctx, r.auth.Token, r.url.Host())
		if err != nil {
			return err
		}
		r.keep(token)
		r.setSecret("Authorization", "Bearer "+token)
	case basic:
		user, err := r.expand(ctx, r.auth.Username, r.url.Host())
		if err != nil {
			return err
		}
		password, err := r.expand(ctx, r.auth.Password, r.url.Host())
		if err != nil {
			return err
		}
		credentials := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
		r.keep(password, credentials)
		r.setSecret("Authorization", "Basic "+credentials)
	case oauth2ClientCredentials:
		r.setSecret("Authorization", "Bearer "+mask) // send puts the token there
	}
	return nil
}

// expand puts stored secrets in their places. What they hold must fit a header.
func (r *run) expand(ctx context.Context, setting, host string) (string, error) {
	return tmpl.ExpandSecrets(setting, func(name string) (string, error) {
		s, err := r.executor.secrets.Secret(ctx, r.call.Org, name, host)
		if err != nil {
			return "", err
		}
		if s.Empty() || !sendable(s.Reveal()) {
			return "", callwright.Errorf(callwright.CodeSecretMissing, "The secret %s is empty or holds a line break: store it again.", name)
		}
		r.keep(s.Reveal())
		return s.Reveal(), nil
	})
}

func (r *run) setSecret(name, value string) {
	r.request.Header.Set(name, value)
	r.masked[http.CanonicalHeaderKey(name)] = true
}

// keep remembers what must not come back.
func (r *run) keep(values ...string) { r.secrets = append(r.secrets, values...) }

// describe returns what left as JSON, without any secret.
func (r *run) describe() json.RawMessage {
	headers := map[string]string{}
	for name, values := range r.request.Header {
		headers[name] = strings.Join(values, ", ")
		if r.masked[name] {
			headers[name] = mask
		}
	}
	description := struct {
		Method  string            `json:"method"`
		URL     string            `json:"url"`
		Headers map[string]string `json:"headers"`
		Body    json.RawMessage   `json:"body,omitempty"`
	}{r.request.Method, maskQuery(r.request.URL), headers, r.request.Body}
	raw, err := marshal(description)
	if err != nil { // unreachable: the body is JSON that marshal made
		return json.RawMessage(fmt.Sprintf(`{"method":%q}`, r.request.Method))
	}
	return raw
}

// maskQuery hides the values of parameters whose names look secret.
func maskQuery(target string) string {
	base, query, found := strings.Cut(target, "?")
	if !found {
		return target
	}
	pairs := strings.Split(query, "&")
	for i, p := range pairs {
		if name, _, has := strings.Cut(p, "="); has && looksSecret(name) {
			pairs[i] = name + "=" + mask
		}
	}
	return base + "?" + strings.Join(pairs, "&")
}
