package httpwebhook

import (
	"context"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"callwright"
	"callwright/internal/outbound"
)

const (
	// An endpoint of whose last requests, within the period, so many and at least so
	// large a part failed is left alone for a while; then one request tries it.
	breakFailures = 10
	breakRate     = 0.5
	breakPeriod   = 30 * time.Second
	breakPause    = 10 * time.Second

	maxBreakers = 10_000
)

// breakers are the circuits of endpoints: each by itself, and each organization for
// itself. They are shared by the versions and the draft of a skill.
type breakers struct {
	mu       sync.Mutex
	circuits map[string]circuitbreaker.CircuitBreaker[any]
}

func (b *breakers) of(org callwright.OrgID, endpoint string) circuitbreaker.CircuitBreaker[any] {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := string(org) + " " + endpoint
	c := b.circuits[key]
	if c == nil {
		if b.circuits == nil || len(b.circuits) >= maxBreakers {
			b.circuits = map[string]circuitbreaker.CircuitBreaker[any]{}
		}
		c = circuitbreaker.NewBuilder[any]().WithFailureRateThreshold(breakRate, breakFailures, breakPeriod).WithDelay(breakPause).WithSuccessThreshold(1).Build()
		b.circuits[key] = c
	}
	return c
}

// guarded makes the request unless its endpoint is left alone.
func (r *run) guarded(ctx context.Context) (*outbound.Response, error) {
	circuit := r.breakers.of(r.call.Org, r.method+" "+r.endpoint)
	if !circuit.TryAcquirePermit() {
		return nil, callwright.Errorf(callwright.CodeUnavailable, "%s keeps failing and is left alone for up to %s, so nothing was sent.", r.url.Host(), breakPause)
	}
	res, err := r.send(ctx)
	// Whose fault it is: that a caller left says nothing, unless it was the one request
	// that tries the endpoint again.
	switch {
	case err == nil && res.Status < 500, err != nil && callwright.CodeOf(err) == callwright.CodeRefused:
		circuit.RecordSuccess()
	case ctx.Err() == context.Canceled && !circuit.IsHalfOpen():
	default:
		circuit.RecordFailure()
	}
	return res, err
}
