package storetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"callwright"
	"callwright/internal/store"
)

// once is an idempotency key whose answers say what they are made from.
func once(key string) callwright.Once {
	return callwright.Once{Key: key, Fingerprint: "print of " + key, Answer: func(data any) (int, []byte, error) { return 201, fmt.Append(nil, data), nil }}
}

// runOnce: a key is taken with the intent, leads to the run while there is no
// answer, and then to the first answer.
func runOnce(t *testing.T, h *house) {
	ctx, key := t.Context(), once("key")
	answered := func() store.Answered {
		t.Helper()
		a, _, err := h.Answered(ctx, h.mine.ID, key.Key, callwright.At(h.clock))
		must(t, err)
		return a
	}
	run := h.run(h.conversation(), "intent")
	must(t, h.BeginRunOnce(ctx, run, key))
	again := h.run(h.conversation(), "intent of the second")
	wantCode(t, "a second run", h.BeginRunOnce(ctx, again, key), callwright.CodeInProgress)
	_, err := h.Run(ctx, h.mine.ID, again.ID)
	wantCode(t, "the run of the second", err, callwright.CodeNotFound)
	theirs := h.run(h.conversation(), "intent")
	theirs.OrganizationID = h.theirs.ID
	must(t, h.BeginRunOnce(ctx, theirs, key)) // keys are an organization's own
	_, err = h.Run(ctx, h.mine.ID, theirs.ID)
	wantCode(t, "another organization's run", err, callwright.CodeNotFound)

	wantSame(t, "before the answer", answered(), store.Answered{Fingerprint: key.Fingerprint, Run: run.ID})
	run.State, run.TookMs, run.Answer = callwright.RunDone, 7, json.RawMessage(`{"ok":true}`)
	must(t, h.EndRun(ctx, run))
	got, err := h.Run(ctx, h.mine.ID, run.ID)
	must(t, err)
	wantSame(t, "the run", got, run)
	for _, words := range []string{"first", "second"} {
		must(t, h.Keep(ctx, h.mine.ID, run.ID, store.Answer{Once: key, Data: words, At: callwright.At(h.now())}))
		wantSame(t, "the answer", answered(), store.Answered{Fingerprint: key.Fingerprint, Status: 201, Body: []byte("first")})
	}
	wantCode(t, "an answer without a run", h.Keep(ctx, h.mine.ID, "", store.Answer{Once: key, At: callwright.At(h.now())}), callwright.CodeInProgress)
	h.clock = h.clock.Add(store.OnceLifetime)
	must(t, h.Keep(ctx, h.mine.ID, "", store.Answer{Once: key, Data: "a day later", At: callwright.At(h.now())}))
	wantSame(t, "the answer", answered(), store.Answered{Fingerprint: key.Fingerprint, Status: 201, Body: []byte("a day later")})
}

// recordOnce: a step and the answer to its request are written together, and of
// many steps with one key there is one.
func recordOnce(t *testing.T, h *house) {
	ctx := t.Context()
	var wg sync.WaitGroup
	var mu sync.Mutex
	made := map[string]bool{}
	for i := range 40 {
		c := h.conversation()
		key := once([]string{"race", fmt.Sprint("own ", i)}[i%2])
		e := store.Entry{Conversation: c, New: true, Answer: &store.Answer{Once: key, Data: c.ID, At: callwright.At(h.clock)}}
		wg.Go(func() {
			err := h.Record(ctx, e)
			_, missing := h.Conversation(ctx, h.mine.ID, c.ID)
			mu.Lock()
			defer mu.Unlock()
			switch callwright.CodeOf(err) {
			case "":
				made[key.Key+" "+string(c.ID)] = true
				if missing != nil {
					t.Error(missing)
				}
			case callwright.CodeInProgress:
				wantCode(t, "the conversation of a step that lost", missing, callwright.CodeNotFound)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	wantSame(t, "steps that were written", len(made), 21)
	a, ok, err := h.Answered(ctx, h.mine.ID, "race", callwright.At(h.clock))
	must(t, err)
	if !ok || !strings.HasPrefix(string(a.Body), "cnv_") || !made["race "+string(a.Body)] {
		t.Errorf("the answer is %q; want the conversation that was made", a.Body)
	}
}
