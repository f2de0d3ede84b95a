package llmtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"callwright"
	"callwright/internal/llm"
	"callwright/internal/llm/llmtest"
)

func read(ctx context.Context, m llm.Model, req llm.Request) (text string, calls []llm.ToolCall, usage *llm.Usage, err error) {
	for c, e := range m.Generate(ctx, req) {
		if e != nil {
			return text, calls, usage, e
		}
		text += c.Text
		if c.ToolCall != nil {
			calls = append(calls, *c.ToolCall)
		}
		if c.Usage != nil {
			usage = c.Usage
		}
	}
	return text, calls, usage, nil
}

func said(text string) llm.Request {
	return llm.Request{Messages: []llm.Message{{Role: llm.User, Content: text}}}
}

func TestScriptPlaysStepsInOrder(t *testing.T) {
	t.Parallel()
	s := &llmtest.Script{Steps: []llmtest.Step{
		{Text: []string{"Hel", "lo"}, Usage: &llm.Usage{Input: 3, Output: 2}},
		{Calls: []llm.ToolCall{{ID: "1", Name: "find", Arguments: json.RawMessage(`{}`)}}},
	}}
	text, _, usage, err := read(t.Context(), s, said("a"))
	if err != nil || text != "Hello" || usage == nil || usage.Output != 2 {
		t.Errorf("first: got %q, %v, %v; want Hello, 2 output tokens and no error", text, usage, err)
	}
	if s.Left() != 1 {
		t.Errorf("left: got %d, want 1", s.Left())
	}
	if _, calls, _, err := read(t.Context(), s, said("b")); err != nil || len(calls) != 1 || calls[0].Name != "find" {
		t.Errorf("second: got %v, %v; want one call of find", calls, err)
	}
	if _, _, _, err := read(t.Context(), s, said("c")); callwright.CodeOf(err) != callwright.CodeModel {
		t.Errorf("third: got %v, want a model_failed error", err)
	}
	got := s.Requests()
	if len(got) != 3 || got[1].Messages[0].Content != "b" {
		t.Errorf("requests: got %v, want three, the second saying b", got)
	}
}

func TestScriptMatchesOnTheRequest(t *testing.T) {
	t.Parallel()
	s := &llmtest.Script{Steps: []llmtest.Step{
		{When: func(r llm.Request) bool { return r.Messages[0].Content == "bye" }, Text: []string{"Goodbye."}},
		{Text: []string{"Hello."}},
	}}
	for _, c := range [][2]string{{"hi", "Hello."}, {"bye", "Goodbye."}} {
		if text, _, _, _ := read(t.Context(), s, said(c[0])); text != c[1] {
			t.Errorf("%s: got %q, want %q", c[0], text, c[1])
		}
	}
}

func TestScriptDelaysUntilTheContextEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &llmtest.Script{Steps: []llmtest.Step{
			{Delay: time.Second, Text: []string{"a", "b"}, Pause: time.Second},
			{Delay: time.Hour, Text: []string{"too late"}},
		}}
		start := time.Now()
		if text, _, _, err := read(t.Context(), s, said("x")); text != "ab" || err != nil || time.Since(start) != 2*time.Second {
			t.Errorf("got %q, %v after %v; want ab after 2s", text, err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if text, _, _, err := read(ctx, s, said("x")); text != "" || !errors.Is(err, context.DeadlineExceeded) || callwright.CodeOf(err) != callwright.CodeTimeout {
			t.Errorf("got %q, %v; want a timeout and no text", text, err)
		}
	})
}

func TestScriptEndsWithItsError(t *testing.T) {
	t.Parallel()
	want := callwright.Errorf(callwright.CodeUnavailable, "The provider is down.")
	s := &llmtest.Script{Steps: []llmtest.Step{{Text: []string{"Let me "}, Err: want}}}
	if text, _, _, err := read(t.Context(), s, said("x")); text != "Let me " || !errors.Is(err, want) {
		t.Errorf("got %q, %v; want the text and then %v", text, err, want)
	}
}

func TestRunPassesAModelThatKeepsTheContract(t *testing.T) {
	t.Parallel()
	steps := make([]llmtest.Step, 100)
	for i := range steps {
		steps[i] = llmtest.Step{Text: []string{"Good ", "morning."}, Pause: time.Microsecond}
	}
	llmtest.Run(t, &llmtest.Script{Steps: steps})
}
