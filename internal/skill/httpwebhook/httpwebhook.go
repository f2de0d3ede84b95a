// Package httpwebhook is the skill type http_webhook: it sends what the agent
// collected to a URL of the operator and returns the JSON that came back.
//
// It makes one attempt per call. Whether a call is permitted, repeated or spoken
// about is for gate and engine; what may be dialled at all is for outbound; where
// secrets are kept is for whoever implements Secrets. app registers its Kind.
package httpwebhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"callwright"
	"callwright/internal/outbound"
	"callwright/internal/secret"
	"callwright/internal/skill"
)

// Secrets finds stored secrets. Its errors are *callwright.Error;
// CodeSecretMissing when there is no such secret or it may not go to host.
type Secrets interface {
	// Secret returns a secret by name. host is where it is about to be sent, in
	// lower case and without port, or "" when it only signs and never leaves.
	Secret(ctx context.Context, org callwright.OrgID, name, host string) (secret.String, error)

	// SigningSecret returns the organization's key for Standard Webhooks, in the
	// form whsec_….
	SigningSecret(ctx context.Context, org callwright.OrgID) (secret.String, error)
}

const doc = "Sends the collected values to a URL and uses the JSON that comes back."

// Kind returns the skill type. Its executors call through client alone.
func Kind(client *outbound.Client, secrets Secrets) skill.Kind {
	shared := new(breakers)
	return skill.Define(callwright.HTTPWebhook, doc, func(c Config) (skill.Executor, error) {
		return open(c, client, secrets, shared)
	})
}

// An executor is one configured webhook.
type executor struct {
	settings
	client   *outbound.Client
	secrets  Secrets
	breakers *breakers
	endpoint string // the URL as it was written
	tokens   tokenCache
}

var (
	_ skill.Executor  = (*executor)(nil)
	_ skill.Templater = (*executor)(nil)
	_ skill.Destined  = (*executor)(nil)
	_ skill.Timed     = (*executor)(nil)
	_ skill.Secretive = Config{}
)

func open(c Config, client *outbound.Client, secrets Secrets, shared *breakers) (skill.Executor, error) {
	s, problems := c.check()
	if len(problems) > 0 {
		return nil, callwright.Invalid(problems...)
	}
	return &executor{settings: s, client: client, secrets: secrets, breakers: shared, endpoint: c.URL}, nil
}

// TemplateRefs returns the {name}s of the URL.
func (e *executor) TemplateRefs() []skill.TemplateRef {
	var refs []skill.TemplateRef
	for _, name := range e.url.Names() {
		refs = append(refs, skill.TemplateRef{Setting: "url", Name: name})
	}
	return refs
}

// Timeout returns the limit for everything.
func (e *executor) Timeout() time.Duration { return e.timeout }

// Destination returns scheme and host of the URL.
func (e *executor) Destination() string { return e.place }

// Execute sends the fields and returns the answer.
func (e *executor) Execute(ctx context.Context, call skill.Call) (skill.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	r := &run{executor: e, call: call}
	var result skill.Result
	err := r.build(ctx)
	if r.request != nil {
		result.Request = r.describe()
	}
	if err != nil || call.DryRun {
		return result, r.safe(ctx, err)
	}
	res, err := r.guarded(ctx)
	if res != nil {
		result.Sent, result.Status, result.RetryAfter = res.Sent, failureStatus(res), retryAfter(res)
	}
	if err != nil {
		return result, r.safe(ctx, err)
	}
	result.Data, err = r.answer(res)
	return result, r.safe(ctx, err)
}

// send makes the request. With OAuth, a 401 means that the token was refused and
// nothing was done, so one more try with a fresh token is no second effect.
func (r *run) send(ctx context.Context) (*outbound.Response, error) {
	if r.auth == nil || r.auth.Type != oauth2ClientCredentials {
		return r.client.Do(ctx, r.request)
	}
	for attempt := 1; ; attempt++ {
		token, err := r.tokens.token(ctx, r)
		if err != nil {
			return nil, err
		}
		r.request.Header.Set("Authorization", "Bearer "+token)
		res, err := r.client.Do(ctx, r.request)
		if err != nil || res.Status != http.StatusUnauthorized || attempt == 2 {
			return res, err
		}
		r.tokens.drop(token)
	}
}

// safe makes sure that an error is one of ours and that no secret of this run is
// in it, not even one that the other side sent back.
func (r *run) safe(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	known, ok := errors.AsType[*callwright.Error](err)
	switch {
	case !ok && ctx.Err() != nil:
		known = callwright.Wrap(callwright.CodeTimeout, ctx.Err(), "The call took longer than %d ms.", r.timeout/time.Millisecond)
	case !ok:
		known = callwright.Wrap(callwright.CodeUnavailable, err, "The secrets store could not be read.")
	}
	if r.leaks(known.Error()) {
		return callwright.Errorf(known.Code, "%s", r.scrub(known.Message))
	}
	return known
}

// marshal encodes without the HTML escapes of json.Marshal: partners compare and
// log these bytes.
func marshal(v any) (json.RawMessage, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}
