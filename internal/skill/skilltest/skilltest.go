// Package skilltest is the suite that every skill type passes: what the contract
// of package skill promises, tried against a partner that misbehaves in each way
// that partners do.
//
// It is not where a type's own behaviour is tested: what it sends and how it
// reads answers stays in the type's folder. The tests of the skill types call
// Run, from a package whose TestMain calls goleak.VerifyTestMain, so that a
// goroutine left behind by any case fails the package.
package skilltest

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"callwright"
	"callwright/internal/skill"
)

// patience bounds every wait of the suite. It is no measurement: it only turns a
// hang into a failure.
const patience = 30 * time.Second

// A Fixture is a skill type made ready for the suite.
type Fixture struct {
	// Kind makes the kind under test, able to reach the partner. Whatever it
	// logs goes to log.
	Kind func(t testing.TB, log *slog.Logger) skill.Kind

	// Partner starts the system on the other side; nil for types that have none.
	Partner func(t testing.TB) Partner

	// Settings returns good settings that lead to a partner (nil when there is
	// none), with a canary wherever a secret can stand.
	Settings func(p Partner) map[string]any

	// Bad is settings that only the type itself can refuse.
	Bad []Bad

	// Call is a good call.
	Call skill.Call

	// Data is the result's data, as JSON, when the partner behaves well.
	Data string

	// Codes is how a call ends under each behaviour of the partner. Behaviours
	// that are absent do not apply to the type.
	Codes map[Behaviour]callwright.Code

	// Canaries are the secrets, in every form in which the type sends them.
	Canaries []string
}

// Bad is a change to good settings that must be refused.
type Bad struct {
	Name   string
	Change map[string]any // members to set; nil values remove the member
	Fields []string       // exactly the fields that the error names
}

// Run checks the fixture's type against the contract.
func Run(t *testing.T, f Fixture) {
	t.Helper()
	t.Run("settings", func(t *testing.T) { t.Parallel(); f.settings(t) })
	t.Run("bad settings", func(t *testing.T) { t.Parallel(); f.badSettings(t) })
	t.Run("literals", func(t *testing.T) { t.Parallel(); f.literals(t) })
	t.Run("good", func(t *testing.T) { t.Parallel(); f.good(t) })
	t.Run("dry run", func(t *testing.T) { t.Parallel(); f.dryRun(t) })
	for b, code := range f.Codes {
		t.Run(string(b), func(t *testing.T) { t.Parallel(); f.behaviour(t, b, code) })
	}
	if f.Partner != nil {
		t.Run("cancelled", func(t *testing.T) { t.Parallel(); f.cancelled(t) })
		t.Run("cancelled before", func(t *testing.T) { t.Parallel(); f.cancelledBefore(t) })
		t.Run("echo", func(t *testing.T) { t.Parallel(); f.echo(t) })
	}
}

// A stage is one executor with its partner and its log.
type stage struct {
	*Fixture
	executor skill.Executor
	partner  Partner
	log      *lockedBuffer
}

func (f *Fixture) mustStage(t testing.TB) *stage {
	t.Helper()
	s := &stage{Fixture: f, log: &lockedBuffer{}}
	if f.Partner != nil {
		s.partner = f.Partner(t)
	}
	kind := f.Kind(t, slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	e, err := kind.Open(mustJSON(t, f.Settings(s.partner)))
	if err != nil {
		t.Fatalf("open good settings: got %v", err)
	}
	s.executor = e
	return s
}

// execute runs the call and checks what holds for every end of it.
func (s *stage) execute(ctx context.Context, t testing.TB, call skill.Call) (skill.Result, error) {
	t.Helper()
	type end struct {
		result skill.Result
		err    error
	}
	ended := make(chan end, 1)
	go func() {
		result, err := s.executor.Execute(ctx, call)
		ended <- end{result, err}
	}()
	var e end
	select {
	case e = <-ended:
	case <-time.After(patience):
		t.Errorf("Execute did not return within %v", patience) // not Fatal: see good
		return skill.Result{}, context.DeadlineExceeded
	}
	if e.err != nil {
		s.noCanary(t, "the error", e.err.Error())
	}
	s.noCanary(t, "Request", string(e.result.Request))
	s.noCanary(t, "Data", string(e.result.Data))
	s.noCanary(t, "the log", s.log.String())
	for name, raw := range map[string]json.RawMessage{"Request": e.result.Request, "Data": e.result.Data} {
		if raw != nil && !json.Valid(raw) {
			t.Errorf("%s: got %q, want JSON", name, raw)
		}
	}
	return e.result, e.err
}

func (s *stage) noCanary(t testing.TB, where, text string) {
	t.Helper()
	for _, c := range s.Canaries {
		if strings.Contains(text, c) {
			t.Errorf("%s holds the secret %q: %s", where, c, text)
		}
	}
}

func (f *Fixture) good(t *testing.T) {
	s := f.mustStage(t)
	var group sync.WaitGroup
	for range 8 { // an executor may be called concurrently
		group.Go(func() {
			result, err := s.execute(t.Context(), t, f.Call)
			if err != nil {
				t.Errorf("got %v, want success", err)
			}
			if string(result.Data) != f.Data {
				t.Errorf("data: got %s, want %s", result.Data, f.Data)
			}
		})
	}
	group.Wait()
	s.mustIdle(t)
}

func (f *Fixture) dryRun(t *testing.T) {
	s := f.mustStage(t)
	if s.partner != nil {
		s.partner.Close() // a dry run needs nobody there
	}
	call := f.Call
	call.DryRun = true
	result, err := s.execute(t.Context(), t, call)
	if err != nil {
		t.Fatalf("got %v, want success without a partner", err)
	}
	if result.Sent || result.Data != nil || result.Effect != nil {
		t.Errorf("got sent %v, data %s, effect %v, want a request alone", result.Sent, result.Data, result.Effect)
	}
	if s.partner == nil {
		return
	}
	if len(result.Request) == 0 {
		t.Error("Request: got nothing, want the request that would leave")
	}
	if n := s.partner.Seen(); n != 0 {
		t.Errorf("the partner saw %d requests, want none", n)
	}
}

func (f *Fixture) behaviour(t *testing.T, b Behaviour, want callwright.Code) {
	s := f.mustStage(t)
	s.partner.Behave(b)
	ctx := t.Context()
	if b == Hang || b == Trickle {
		limited, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		defer cancel()
		ctx = limited
	}
	result, err := s.execute(ctx, t, f.Call)
	if got := callwright.CodeOf(err); got != want {
		t.Errorf("code: got %q (%v), want %q", got, err, want)
	}
	if err != nil && result.Data != nil {
		t.Errorf("data with an error: got %s, want none", result.Data)
	}
	if !result.Sent {
		t.Error("Sent: got false, want true: the partner had the request")
	}
	if len(result.Request) == 0 {
		t.Error("Request: got nothing, want it filled on failure too")
	}
	if n := s.partner.Seen(); n != 1 {
		t.Errorf("the partner saw %d requests, want exactly one attempt", n)
	}
	s.mustIdle(t)
}

func (f *Fixture) cancelled(t *testing.T) {
	s := f.mustStage(t)
	s.partner.Behave(Hang)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		<-s.partner.Arrived()
		cancel()
	}()
	if _, err := s.execute(ctx, t, f.Call); err == nil {
		t.Error("got success, want an error after the context was cancelled")
	}
	s.mustIdle(t)
}

func (f *Fixture) cancelledBefore(t *testing.T) {
	s := f.mustStage(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	result, err := s.execute(ctx, t, f.Call)
	if err == nil || result.Sent {
		t.Errorf("got sent %v, %v, want an error and nothing sent", result.Sent, err)
	}
	if n := s.partner.Seen(); n != 0 {
		t.Errorf("the partner saw %d requests, want none", n)
	}
}

// echo lets the partner send back everything that it was sent.
func (f *Fixture) echo(t *testing.T) {
	s := f.mustStage(t)
	for _, b := range []Behaviour{Echo, EchoError} {
		s.partner.Behave(b)
		s.execute(t.Context(), t, f.Call) // checks for canaries
	}
	s.mustIdle(t)
}

// mustIdle makes sure that nothing is in use on the other side any more.
func (s *stage) mustIdle(t testing.TB) {
	t.Helper()
	if s.partner == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.partner.Idle(ctx); err != nil {
		t.Errorf("the partner is still at work after Execute returned: %v", err)
	}
}

func mustJSON(t testing.TB, v any) json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// A lockedBuffer takes log lines from any goroutine.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write adds to the buffer.
func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// String returns what was written.
func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
