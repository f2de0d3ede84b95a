// Package llmtest checks models and stands in for them: Run is the suite that
// every llm.Model passes, Script is a model that says what a test wrote down.
//
// It judges the contract of package llm, never how good an answer is. It is
// called by tests of the model packages, of engine and of app.
package llmtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"callwright/internal/llm"
)

// Run checks that m keeps the contract of llm.Model. The model must be ready to
// answer the requests of Requests.
func Run(t *testing.T, m llm.Model) {
	t.Helper()
	for name, req := range Requests() {
		t.Run("answers/"+name, func(t *testing.T) { mustKeepContract(t, m, req) })
		t.Run("cancelled/"+name, func(t *testing.T) { mustEndWhenCancelled(t, m, req) })
		t.Run("break/"+name, func(t *testing.T) { mustBearBreak(t, m, req) })
	}
	t.Run("concurrent", func(t *testing.T) { mustBeConcurrent(t, m) })
}

// Requests returns the requests that Run sends, by name. They are fresh values;
// Run checks that models leave them as they are.
func Requests() map[string]llm.Request {
	tools := []llm.Tool{{
		Name:        "find_order",
		Description: "Look up the status of an order.",
		Parameters:  json.RawMessage(`{"type":"object","properties":{"order_number":{"type":"string","description":"Order number"}},"required":["order_number"]}`),
	}}
	now := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	base := llm.Request{Instructions: "You are the agent of a shop.", Tools: tools, Now: now, Language: "en"}
	with := func(msgs ...llm.Message) llm.Request {
		r := base
		r.Messages = msgs
		return r
	}
	call := llm.ToolCall{ID: "call_a", Name: "find_order", Arguments: json.RawMessage(`{"order_number":"A-4471"}`)}
	return map[string]llm.Request{
		"greeting": with(llm.Message{Role: llm.User, Content: "Hello"}),
		"call":     with(llm.Message{Role: llm.User, Content: "Where is my order? The order number is A-4471."}),
		"result": with(
			llm.Message{Role: llm.User, Content: "Where is order A-4471?"},
			llm.Message{Role: llm.Assistant, ToolCalls: []llm.ToolCall{call}},
			llm.Message{Role: llm.ToolRole, ToolCallID: "call_a", Content: `{"status":"done","result":{"state":"shipped"}}`}),
		"no tools": {Messages: []llm.Message{{Role: llm.User, Content: "Are you there?"}}, Now: now},
	}
}

// collect reads a whole answer and fails on anything after an error.
func collect(ctx context.Context, m llm.Model, req llm.Request) (text string, calls []llm.ToolCall, err error) {
	ended := false
	for c, e := range m.Generate(ctx, req) {
		switch {
		case ended:
			return text, calls, fmt.Errorf("something followed the error %w", err)
		case e != nil:
			err, ended = e, true
			continue
		}
		text += c.Text
		if c.ToolCall != nil {
			calls = append(calls, *c.ToolCall)
		}
	}
	return text, calls, err
}

func mustKeepContract(t *testing.T, m llm.Model, req llm.Request) {
	t.Helper()
	before, err := json.Marshal(req)
	if err != nil {
		t.Fatal(err)
	}
	text, calls, err := collect(t.Context(), m, req)
	if err != nil {
		t.Fatalf("got error %v, want an answer", err)
	}
	if text == "" && len(calls) == 0 {
		t.Error("got neither text nor a tool call")
	}
	if err := checkCalls(req, calls); err != nil {
		t.Error(err)
	}
	if after, err := json.Marshal(req); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the request was changed: got %s, want %s", after, before)
	}
}

// checkCalls says what is wrong with the calls of one answer.
func checkCalls(req llm.Request, calls []llm.ToolCall) error {
	ids := map[string]bool{"": true}
	for _, msg := range req.Messages {
		for _, c := range msg.ToolCalls {
			ids[c.ID] = true
		}
	}
	offered := map[string]bool{}
	for _, tool := range req.Tools {
		offered[tool.Name] = true
	}
	for _, c := range calls {
		var args map[string]json.RawMessage
		switch {
		case ids[c.ID]:
			return fmt.Errorf("tool call id %q is empty or was used before", c.ID)
		case !offered[c.Name]:
			return fmt.Errorf("tool %q was called but not offered", c.Name)
		case json.Unmarshal(c.Arguments, &args) != nil || args == nil:
			return fmt.Errorf("arguments of %s are %q, want a JSON object", c.Name, c.Arguments)
		}
		ids[c.ID] = true
	}
	return nil
}

func mustEndWhenCancelled(t *testing.T, m llm.Model, req llm.Request) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	done := make(chan error, 1)
	go func() {
		_, _, err := collect(ctx, m, req)
		done <- err
	}()
	select {
	case <-done: // an error or a short answer: both are an end
	case <-time.After(5 * time.Second):
		t.Error("still answering 5 seconds after ctx was cancelled")
	}
}

func mustBearBreak(t *testing.T, m llm.Model, req llm.Request) {
	t.Helper()
	for range m.Generate(t.Context(), req) {
		break // a second yield after this would panic
	}
	if _, _, err := collect(t.Context(), m, req); err != nil {
		t.Errorf("after breaking off: got error %v, want an answer", err)
	}
}

func mustBeConcurrent(t *testing.T, m llm.Model) {
	t.Helper()
	var wg sync.WaitGroup
	for range 4 {
		for name, req := range Requests() {
			wg.Go(func() {
				_, calls, err := collect(t.Context(), m, req)
				if err == nil {
					err = checkCalls(req, calls)
				}
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
	}
	wg.Wait()
}
