package skilltest_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"testing"

	"go.uber.org/goleak"

	"callwright"
	"callwright/internal/skill"
	"callwright/internal/skill/skilltest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type config struct {
	Phrase string `json:"phrase" jsonschema:"What to say"`
}

// A parrot is a type without a partner.
type parrot struct{ config }

func (p parrot) Execute(ctx context.Context, call skill.Call) (skill.Result, error) {
	if call.DryRun {
		return skill.Result{}, nil
	}
	raw, err := json.Marshal(map[string]string{"text": p.Phrase})
	return skill.Result{Data: raw}, err
}

// The suite serves types that reach no system at all.
func TestRunWithoutPartner(t *testing.T) {
	t.Parallel()
	skilltest.Run(t, skilltest.Fixture{
		Kind: func(testing.TB, *slog.Logger) skill.Kind {
			return skill.Define(callwright.Builtin, "Repeats a phrase.", func(c config) (skill.Executor, error) {
				if c.Phrase == "" {
					return nil, callwright.Invalid(callwright.FieldError{Field: "phrase", Message: "is required"})
				}
				return parrot{c}, nil
			})
		},
		Settings: func(skilltest.Partner) map[string]any { return map[string]any{"phrase": "hello"} },
		Bad: []skilltest.Bad{
			{Name: "empty", Change: map[string]any{"phrase": ""}, Fields: []string{"phrase"}},
			{Name: "absent", Change: map[string]any{"phrase": nil}, Fields: []string{"phrase"}},
		},
		Data: `{"text":"hello"}`,
	})
}

// A partner does what it is told, and tells what it saw.
func TestHTTPPartner(t *testing.T) {
	t.Parallel()
	p := skilltest.HTTP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusCreated) }))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for b, want := range map[skilltest.Behaviour]int{
		skilltest.Good: 201, skilltest.ClientError: 404, skilltest.ServerError: 503, skilltest.Garbage: 200, skilltest.Oversized: 200,
		skilltest.Echo: 200, skilltest.EchoError: 500, skilltest.Trickle: 200, skilltest.Hang: 0, skilltest.Drop: 0,
	} {
		p.Behave(b)
		ctx, cancel := context.WithCancel(t.Context())
		seen := p.Seen()
		if b == skilltest.Hang {
			go func() { // let go once it is there
				<-p.Arrived()
				cancel()
			}()
		}
		req, err := http.NewRequestWithContext(ctx, "POST", p.Address(), nil)
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		if resp, err := client.Do(req); err == nil {
			got = resp.StatusCode
			resp.Body.Close()
		}
		if b != skilltest.Hang {
			<-p.Arrived()
		}
		if got != want || p.Seen() != seen+1 {
			t.Errorf("%s: got status %d and %d requests, want %d and one more than %d", b, got, p.Seen(), want, seen)
		}
		cancel()
		if err := p.Idle(t.Context()); err != nil {
			t.Errorf("%s: still at work: %v", b, err)
		}
	}
	p.Behave(skilltest.Good)
	p.Close()
	p.Close()
}
