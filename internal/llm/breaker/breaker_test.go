package breaker_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"callwright"
	"callwright/internal/llm"
	"callwright/internal/llm/breaker"
	"callwright/internal/llm/llmtest"
)

var (
	down    = callwright.Errorf(callwright.CodeUnavailable, "down")
	refused = callwright.Errorf(callwright.CodeModel, "refused")
)

func ask(ctx context.Context, m llm.Model) (text string, err error) {
	for chunk, failed := range m.Generate(ctx, llm.Request{}) {
		if failed != nil {
			err = failed
			break
		}
		text += chunk.Text
	}
	return text, err
}

func said(s string) llmtest.Step { return llmtest.Step{Text: []string{s}} }

// A request that fails at once is sent once more; one that may have been paid for,
// or that was heard of, is not.
func TestHiccup(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		steps []llmtest.Step
		text  string
		code  callwright.Code
		asked int
	}{
		"none":           {[]llmtest.Step{said("a")}, "a", "", 1},
		"one":            {[]llmtest.Step{{Err: down}, said("a")}, "a", "", 2},
		"two":            {[]llmtest.Step{{Err: down}, {Err: down}, said("a")}, "", callwright.CodeUnavailable, 2},
		"a refusal":      {[]llmtest.Step{{Err: refused}, said("a")}, "", callwright.CodeModel, 1},
		"in the middle":  {[]llmtest.Step{{Text: []string{"a"}, Err: down}, said("b")}, "a", callwright.CodeUnavailable, 1},
		"no first word":  {[]llmtest.Step{{Delay: time.Hour, Text: []string{"a"}}, said("b")}, "", callwright.CodeTimeout, 1},
		"a slow second":  {[]llmtest.Step{{Text: []string{"a", "b"}, Pause: time.Hour}}, "ab", "", 1},
		"a word in time": {[]llmtest.Step{{Delay: 2900 * time.Millisecond, Text: []string{"a"}}}, "a", "", 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &llmtest.Script{Steps: c.steps}
			text, err := ask(t.Context(), breaker.New(s, 3*time.Second))
			if text != c.text || err != nil && callwright.CodeOf(err) != c.code || (err == nil) != (c.code == "") || len(s.Requests()) != c.asked {
				t.Errorf("%s: got %q, %v after %d requests; want %q, %q after %d", name, text, err, len(s.Requests()), c.text, c.code, c.asked)
			}
		})
	}
}

// A provider that keeps failing is left alone; after a pause one request tries it.
func TestLeftAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &llmtest.Script{}
		for range 5 {
			s.Steps = append(s.Steps, llmtest.Step{Err: refused})
		}
		s.Steps = append(s.Steps, llmtest.Step{Err: refused}, said("back"), said("again"))
		m := breaker.New(s, 0)
		for range 5 {
			if _, err := ask(t.Context(), m); callwright.CodeOf(err) != callwright.CodeModel {
				t.Fatalf("got %v, want the provider's error", err)
			}
		}
		for range 100 {
			if _, err := ask(t.Context(), m); callwright.CodeOf(err) != callwright.CodeUnavailable || !strings.Contains(err.Error(), "left alone") {
				t.Fatalf("got %v, want to hear that it is left alone", err)
			}
		}
		time.Sleep(11 * time.Second)
		if _, err := ask(t.Context(), m); callwright.CodeOf(err) != callwright.CodeModel {
			t.Errorf("after the pause: got %v, want the provider's error", err)
		}
		if _, err := ask(t.Context(), m); callwright.CodeOf(err) != callwright.CodeUnavailable {
			t.Errorf("after a try that failed: got %v, want another pause", err)
		}
		time.Sleep(11 * time.Second)
		for _, want := range []string{"back", "again"} {
			if text, err := ask(t.Context(), m); text != want || err != nil {
				t.Errorf("after a try that went well: got %q, %v; want %q", text, err, want)
			}
		}
		if n := len(s.Requests()); n != 8 {
			t.Errorf("the provider got %d requests, want 8", n)
		}
	})
}

// Callers who leave say nothing of a provider.
func TestCallersWhoLeave(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &llmtest.Script{}
		for range 50 {
			s.Steps = append(s.Steps, llmtest.Step{Delay: time.Hour})
		}
		s.Steps = append(s.Steps, said("here"))
		m := breaker.New(s, 0)
		for range 50 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			if _, err := ask(ctx, m); err == nil {
				t.Fatal("want an error")
			}
			cancel()
		}
		if text, err := ask(t.Context(), m); text != "here" || err != nil {
			t.Errorf("got %q, %v; want an answer", text, err)
		}
	})
}
