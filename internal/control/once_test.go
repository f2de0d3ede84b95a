package control_test

import (
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"callwright"
	"callwright/internal/control"
)

// once gives the actor an idempotency key. The answers that are kept go to kept;
// while lost is set they cannot be kept.
func (o *office) once(key string, lost *bool, kept *[]control.SkillTest) callwright.Actor {
	actor := o.actor
	actor.Once = &callwright.Once{Key: key, Fingerprint: "print", Answer: func(data any) (int, []byte, error) {
		if *lost {
			return 0, nil, errors.New("the server dies here")
		}
		*kept = append(*kept, data.(control.SkillTest))
		raw, err := json.Marshal(data)
		return 200, raw, err
	}}
	return actor
}

// TestSkillTestOnce: however often a test with one key is asked for, and whenever
// the server died, its run happens once, and what is not known is called unknown.
func TestSkillTestOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx := t.Context()
	sk, err := o.s.CreateSkill(ctx, o.actor, o.agent, callwright.SkillSpec{Name: "S", Description: "d", SkillType: callwright.HTTPWebhook, ExecutionConfig: json.RawMessage(`{"url":"u"}`)}, nil)
	must(t, err)
	lost := true
	var kept []control.SkillTest
	actor := o.once("k", &lost, &kept)
	if _, err := o.s.TestSkill(ctx, actor, o.agent, sk.ID, nil, false); err == nil {
		t.Fatal("an answer that cannot be kept: got no error")
	}
	before, ok, err := o.s.Answered(ctx, actor, "k")
	must(t, err)
	if !ok || before.Run == "" {
		t.Fatalf("the key should lead to the run; got %+v", before)
	}
	// The run is done, its answer is lost: the journal has it.
	lost = false
	actor.Once.Begun = before.Run
	got, err := o.s.TestSkill(ctx, actor, o.agent, sk.ID, nil, false)
	must(t, err)
	if got.Outcome != "done" || string(got.Result) != `{"ok":true,"ssn":"123"}` || got.DryRun || len(o.calls) != 1 || len(kept) != 1 {
		t.Errorf("got %+v after %d calls, kept %d answers; want the run's result, one call, one answer", got, len(o.calls), len(kept))
	}
	// Two requests that began at the same moment: the second sends nothing.
	actor.Once.Begun = ""
	_, err = o.s.TestSkill(ctx, actor, o.agent, sk.ID, nil, false)
	wantCode(t, "a second request", err, callwright.CodeInProgress)

	// A run whose end nobody saw.
	must(t, o.db.BeginRunOnce(ctx, callwright.Run{ID: "run_x", OrganizationID: o.actor.Org, AgentID: o.agent, SkillID: sk.ID, IdempotencyKey: "x", State: callwright.RunRunning,
		StartedAt: callwright.At(o.now())}, *o.once("dead", &lost, &kept).Once))
	dead := o.once("dead", &lost, &kept)
	dead.Once.Begun = "run_x"
	_, err = o.s.TestSkill(ctx, dead, o.agent, sk.ID, nil, false)
	wantCode(t, "while it may still be running", err, callwright.CodeInProgress)
	o.mu.Lock()
	o.clock = o.clock.Add(3 * time.Minute)
	o.mu.Unlock()
	got, err = o.s.TestSkill(ctx, dead, o.agent, sk.ID, nil, false)
	must(t, err)
	if got.Outcome != "unknown" || got.Code != callwright.CodeOutcomeUnknown || len(o.calls) != 1 {
		t.Errorf("got %+v after %d calls, want unknown and no further call", got, len(o.calls))
	}
}

// Of many tests with one key at once, one runs.
func TestSkillTestsAtOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx := t.Context()
	sk, err := o.s.CreateSkill(ctx, o.actor, o.agent, callwright.SkillSpec{Name: "S", Description: "d", SkillType: callwright.HTTPWebhook, ExecutionConfig: json.RawMessage(`{"url":"u"}`)}, nil)
	must(t, err)
	never := false
	var mu sync.Mutex
	ran := 0
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			var kept []control.SkillTest
			got, err := o.s.TestSkill(ctx, o.once("k", &never, &kept), o.agent, sk.ID, nil, false)
			mu.Lock()
			defer mu.Unlock()
			switch callwright.CodeOf(err) {
			case "":
				ran++
				if got.Outcome != "done" {
					t.Errorf("got %+v, want done", got)
				}
			case callwright.CodeInProgress:
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if ran != 1 || len(o.calls) != 1 {
		t.Errorf("%d tests ran with %d calls, want one of each", ran, len(o.calls))
	}
}
