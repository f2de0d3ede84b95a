package gate

import (
	"encoding/json"
	"math/rand/v2"
	"time"

	"callwright"
)

// later is how long a run waits after each attempt that the system put off: the
// schedule of Standard Webhooks, 75 hours in all.
func later() []time.Duration {
	return []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}
}

// postponable reports whether a failed attempt may be made again in a while: nothing
// happened, the executor says so, and there are attempts left. A try by an operator
// ends at once, and so does a run that carries a one-time code, which is kept nowhere.
func (r *run) postponable(out Outcome, deferred bool) bool {
	return out.Kind == Failed && deferred && r.code == "" && !r.turn.Operator && !r.turn.DryRun && r.record.Attempts < len(later())
}

// postponed is the record of a run that waits for its next attempt.
func (r *run) postponed() callwright.Run {
	e := r.record
	raw, err := json.Marshal(r.fields)
	if err != nil {
		raw = json.RawMessage(`{}`)
	}
	wait := later()[e.Attempts]
	wait = max(wait+rand.N(wait/5+1), r.result.RetryAfter)
	e.State, e.Code, e.Fields, e.Answer = callwright.RunQueued, r.out.Code, raw, nil
	e.Attempts++
	e.NextAt = callwright.At(r.gate.Now().Add(wait))
	return e
}
