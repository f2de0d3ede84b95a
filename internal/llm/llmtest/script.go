package llmtest

import (
	"context"
	"iter"
	"slices"
	"sync"
	"time"

	"callwright"
	"callwright/internal/llm"
)

// A Step is one answer of a Script: after Delay the chunks of Text one by one,
// Pause before each but the first, then Calls, then Usage, then Err.
type Step struct {
	When func(llm.Request) bool // nil: the next request, in order

	Delay time.Duration
	Text  []string
	Pause time.Duration
	Calls []llm.ToolCall
	Usage *llm.Usage
	Err   error
}

// A Script is a model that answers with Steps and keeps the requests it got.
// A request takes the first unused step whose When accepts it or is nil; when
// none is left it gets a model_failed error. Delays follow the clock of
// testing/synctest and end with the context. The zero value answers nothing.
type Script struct {
	Steps []Step

	mu       sync.Mutex
	used     []bool
	requests []llm.Request
}

var _ llm.Model = (*Script)(nil)

// Generate plays the step that is due.
func (s *Script) Generate(ctx context.Context, req llm.Request) iter.Seq2[llm.Chunk, error] {
	return func(yield func(llm.Chunk, error) bool) {
		step, ok := s.take(req)
		if !ok {
			yield(llm.Chunk{}, callwright.Errorf(callwright.CodeModel, "The script has no step for this request."))
			return
		}
		if err := play(ctx, step, yield); err != nil {
			yield(llm.Chunk{}, err)
		}
	}
}

// Requests returns the requests so far, oldest first.
func (s *Script) Requests() []llm.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Left returns how many steps have not been played.
func (s *Script) Left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.Steps)
	for _, u := range s.used {
		if u {
			n--
		}
	}
	return n
}

func (s *Script) take(req llm.Request) (Step, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	req.Tools = slices.Clone(req.Tools)
	req.Messages = slices.Clone(req.Messages)
	s.requests = append(s.requests, req)
	for len(s.used) < len(s.Steps) {
		s.used = append(s.used, false)
	}
	for i, step := range s.Steps {
		if !s.used[i] && (step.When == nil || step.When(req)) {
			s.used[i] = true
			return step, true
		}
	}
	return Step{}, false
}

// play returns the error to end with; nil also when the reader broke off.
func play(ctx context.Context, step Step, yield func(llm.Chunk, error) bool) error {
	if err := wait(ctx, step.Delay); err != nil {
		return err
	}
	for i, text := range step.Text {
		if i > 0 {
			if err := wait(ctx, step.Pause); err != nil {
				return err
			}
		}
		if !yield(llm.Chunk{Text: text}, nil) {
			return nil
		}
	}
	for _, call := range step.Calls {
		if !yield(llm.Chunk{ToolCall: &call}, nil) {
			return nil
		}
	}
	if step.Usage != nil && !yield(llm.Chunk{Usage: step.Usage}, nil) {
		return nil
	}
	return step.Err
}

func wait(ctx context.Context, d time.Duration) error {
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	if err := ctx.Err(); err != nil {
		return callwright.Wrap(callwright.CodeTimeout, err, "The language model was interrupted.")
	}
	return nil
}
