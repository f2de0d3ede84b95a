package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	jsonv2 "github.com/go-json-experiment/json"

	"callwright"
)

const maxIdempotencyKey = 255

// once looks at a request's Idempotency-Key. A request that was answered before
// gets that answer, as an error that is none: huma writes it as it is. Otherwise
// the handler gets what its transaction must record.
func (a *API) once(ctx context.Context, op operation, actor callwright.Actor, request any) (*callwright.Once, error) {
	in := infoOf(ctx)
	if in.key == "" {
		return nil, nil
	}
	var body []byte
	if b, ok := request.(bodied); ok {
		body = b.raw()
	}
	if len(in.key) > maxIdempotencyKey || strings.ContainsFunc(in.key, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil, a.problem(ctx, callwright.Invalid(callwright.FieldError{Field: "Idempotency-Key", Message: "must have at most 255 characters, all of them printable ASCII"}))
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s\n%s", op.method, in.path, body))
	once := &callwright.Once{Key: in.key, Fingerprint: hex.EncodeToString(sum[:]), Answer: func(data any) (int, []byte, error) {
		var buf bytes.Buffer
		err := jsonv2.MarshalWrite(&buf, Envelope[any]{Success: true, Data: data}, jsonv2.Deterministic(true))
		return max(op.status, http.StatusOK), buf.Bytes(), err
	}}
	before, ok, err := a.Control.Answered(ctx, actor, in.key)
	switch {
	case err != nil:
		return nil, a.problem(ctx, err)
	case !ok:
		return once, nil
	case before.Fingerprint != once.Fingerprint:
		return nil, a.problem(ctx, callwright.Errorf(callwright.CodeKeyReused, "This Idempotency-Key was used for another request: use a new key for a new request."))
	case before.Run != "":
		once.Begun = before.Run
		return once, nil
	}
	return nil, huma.ErrorWithHeaders(&replayed{before.Status, before.Body}, http.Header{"Idempotency-Replayed": {"true"}})
}

// replayed is a stored answer in the form that huma writes unchanged.
type replayed struct {
	status int
	body   json.RawMessage
}

func (r *replayed) Error() string                { return "answered before" }
func (r *replayed) GetStatus() int               { return r.status }
func (r *replayed) ContentType(string) string    { return "application/json" }
func (r *replayed) MarshalJSON() ([]byte, error) { return r.body, nil }
