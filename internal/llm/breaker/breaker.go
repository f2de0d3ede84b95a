// Package breaker stands between a conversation and one provider of models: it bounds
// how long the first word may take, asks once more after a hiccup, and leaves a
// provider alone that keeps failing.
//
// It does not choose another provider: that is the engine's business. It is built by
// app around each provider and called by engine.
package breaker

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"callwright"
	"callwright/internal/llm"
)

const (
	// A provider of whose last requests, within the period, so many and at least so
	// large a part failed is left alone for a while; then one request tries it.
	failures = 5
	rate     = 0.5
	period   = 30 * time.Second
	pause    = 10 * time.Second

	// hiccup is the longest wait before a request is sent a second time.
	hiccup = 300 * time.Millisecond
)

// A Model is a provider behind a breaker. It may be used concurrently.
type Model struct {
	model     llm.Model
	firstWord time.Duration
	circuit   circuitbreaker.CircuitBreaker[any]
}

// New puts a provider behind a breaker. firstWord is how long the first piece of an
// answer may take; 0 is no limit of its own.
func New(m llm.Model, firstWord time.Duration) *Model {
	return &Model{m, firstWord, circuitbreaker.NewBuilder[any]().WithFailureRateThreshold(rate, failures, period).WithDelay(pause).WithSuccessThreshold(1).Build()}
}

var _ llm.Model = (*Model)(nil)

// Generate implements llm.Model. A request that failed at once, before a word, is sent
// once more; one that took too long is not, because it may be paid for already.
func (m *Model) Generate(ctx context.Context, req llm.Request) iter.Seq2[llm.Chunk, error] {
	return func(yield func(llm.Chunk, error) bool) {
		if !m.circuit.TryAcquirePermit() {
			yield(llm.Chunk{}, callwright.Errorf(callwright.CodeUnavailable, "The model server keeps failing and is left alone for up to %s.", pause))
			return
		}
		begun, err := m.once(ctx, req, yield)
		if err != nil && !begun && brief(err) && wait(ctx, rand.N(hiccup)) {
			begun, err = m.once(ctx, req, yield)
		}
		m.record(ctx, begun, err)
		if err != nil && !errors.Is(err, errStopped) {
			yield(llm.Chunk{}, err)
		}
	}
}

// errStopped ends a sequence whose reader has left.
var errStopped = errors.New("the reader stopped")

// once sends the request. begun means that something of an answer was passed on.
func (m *Model) once(ctx context.Context, req llm.Request, yield func(llm.Chunk, error) bool) (begun bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	late := callwright.Errorf(callwright.CodeTimeout, "The model server did not begin to answer within %s.", m.firstWord)
	if m.firstWord > 0 {
		timer := time.AfterFunc(m.firstWord, func() { cancel(late) })
		defer timer.Stop()
		pass := yield
		yield = func(c llm.Chunk, err error) bool { timer.Stop(); return pass(c, err) }
	}
	for chunk, failed := range m.model.Generate(ctx, req) {
		if failed != nil && !begun && context.Cause(ctx) == error(late) {
			return false, late
		}
		if failed != nil {
			return begun, failed
		}
		if begun = true; !yield(chunk, nil) {
			return begun, errStopped
		}
	}
	return begun, nil
}

// brief reports whether an error may be gone in a moment.
func brief(err error) bool { return callwright.CodeOf(err) == callwright.CodeUnavailable }

// wait reports whether the time passed before the caller left.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// record counts what became of a request. That a caller left says nothing of the
// provider, unless it was the one request that tries a provider again: then the
// question is still open.
func (m *Model) record(ctx context.Context, begun bool, err error) {
	switch {
	case err == nil, errors.Is(err, errStopped):
		m.circuit.RecordSuccess()
	case ctx.Err() == nil || m.circuit.IsHalfOpen():
		m.circuit.RecordFailure()
	case begun:
		m.circuit.RecordSuccess()
	}
}
