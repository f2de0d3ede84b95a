package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"callwright/internal/llm"
)

// A providerRequest is what a provider was asked, the same for every protocol.
type providerRequest struct {
	Tools    []string
	Messages []llm.Message // of user, assistant and tool
	raw      string
}

// first returns the caller's first words, without what is told to the model about the
// moment.
func (r providerRequest) first() string {
	for _, m := range r.Messages {
		if m.Role == llm.User {
			words, _, _ := strings.Cut(m.Content, "\n\n[It is ")
			return words
		}
	}
	return ""
}

// A providerAnswer is what a provider does with a request. The zero value is an empty
// answer.
type providerAnswer struct {
	status int    // 0: 200
	stall  bool   // nothing comes until the client leaves
	text   string // then
	calls  []llm.ToolCall
	usage  llm.Usage
	cut    string // the connection breaks before this is in the body
	raw    string // in place of the body
}

// A protocol is what a provider speaks.
type protocol struct {
	name string // of the provider in our configuration
	path string
	base func(url string) string
	read func(raw []byte) (providerRequest, error)
	body func(providerAnswer) string // a whole stream
}

// protocols are those that the server speaks.
func protocols() []protocol {
	return []protocol{
		{"openai", "/v1/chat/completions", func(url string) string { return url + "/v1" }, readOpenAI, writeOpenAI},
		{"anthropic", "/v1/messages", func(url string) string { return url }, readAnthropic, writeAnthropic},
	}
}

// A provider is a scripted server of models.
type provider struct {
	*httptest.Server
	mu       sync.Mutex
	requests []providerRequest
}

// newProvider answers with what the script says, and breaks off where it says so.
func newProvider(t testing.TB, p protocol, script func(providerRequest) providerAnswer) *provider {
	t.Helper()
	s := &provider{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		req, bad := p.read(raw)
		if err != nil || bad != nil || r.URL.Path != p.path {
			t.Errorf("%s got %s %s: %v %v", p.name, r.URL.Path, raw, err, bad)
		}
		req.raw = string(raw)
		s.mu.Lock()
		s.requests = append(s.requests, req)
		s.mu.Unlock()
		a := script(req)
		if a.stall {
			<-r.Context().Done()
			return
		}
		body := a.raw
		if body == "" {
			body = p.body(a)
		}
		w.Header().Set("Content-Type", "text/event-stream")
		if a.status != 0 {
			w.WriteHeader(a.status)
		}
		if a.cut != "" {
			i := strings.Index(body, a.cut)
			if i < 0 {
				t.Errorf("%s: no %q to cut before", p.name, a.cut)
			}
			_, _ = io.WriteString(w, body[:i]) // the client may have left
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s
}

// asked returns the requests so far.
func (s *provider) asked() []providerRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]providerRequest(nil), s.requests...)
}

func readOpenAI(raw []byte) (out providerRequest, err error) {
	var r struct {
		Messages []struct {
			Role, Content string
			ToolCallID    string `json:"tool_call_id"`
			ToolCalls     []struct {
				ID       string
				Function struct{ Name, Arguments string }
			} `json:"tool_calls"`
		}
		Tools []struct{ Function struct{ Name string } }
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return out, err
	}
	for _, t := range r.Tools {
		out.Tools = append(out.Tools, t.Function.Name)
	}
	for _, m := range r.Messages {
		if m.Role == "system" {
			continue
		}
		msg := llm.Message{Role: llm.Role(m.Role), Content: m.Content, ToolCallID: m.ToolCallID}
		for _, c := range m.ToolCalls {
			msg.ToolCalls = append(msg.ToolCalls, llm.ToolCall{ID: c.ID, Name: c.Function.Name, Arguments: json.RawMessage(c.Function.Arguments)})
		}
		out.Messages = append(out.Messages, msg)
	}
	return out, nil
}

func writeOpenAI(a providerAnswer) string {
	var sb strings.Builder
	chunk := func(delta any, finish any) {
		raw, err := json.Marshal(map[string]any{"id": "c", "object": "chat.completion.chunk", "choices": []any{map[string]any{"index": 0, "delta": delta, "finish_reason": finish}}})
		if err != nil {
			panic(err) // plain maps always can
		}
		fmt.Fprintf(&sb, "data: %s\n\n", raw)
	}
	call := func(i int, c map[string]any) {
		c["index"] = i
		chunk(map[string]any{"tool_calls": []any{c}}, nil)
	}
	for _, part := range strings.SplitAfter(a.text, " ") {
		if part != "" {
			chunk(map[string]any{"content": part}, nil)
		}
	}
	for i, c := range a.calls {
		call(i, map[string]any{"id": c.ID, "type": "function", "function": map[string]any{"name": c.Name, "arguments": ""}})
		half := len(c.Arguments) / 2
		call(i, map[string]any{"function": map[string]any{"arguments": string(c.Arguments[:half])}})
		call(i, map[string]any{"function": map[string]any{"arguments": string(c.Arguments[half:])}})
	}
	chunk(map[string]any{}, map[bool]string{true: "tool_calls", false: "stop"}[len(a.calls) > 0])
	fmt.Fprintf(&sb, "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":%d,\"completion_tokens\":%d,\"total_tokens\":%d}}\n\ndata: [DONE]\n\n", a.usage.Input, a.usage.Output, a.usage.Input+a.usage.Output)
	return sb.String()
}

func readAnthropic(raw []byte) (out providerRequest, err error) {
	var r struct {
		Messages []struct {
			Role    string
			Content []struct {
				Type, Text, ID, Name, Content string
				ToolUseID                     string `json:"tool_use_id"`
				Input                         json.RawMessage
			}
		}
		Tools []struct{ Name string }
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return out, err
	}
	for _, t := range r.Tools {
		out.Tools = append(out.Tools, t.Name)
	}
	for _, m := range r.Messages {
		for _, c := range m.Content {
			n := len(out.Messages) - 1
			switch {
			case c.Type == "tool_result":
				out.Messages = append(out.Messages, llm.Message{Role: llm.ToolRole, ToolCallID: c.ToolUseID, Content: c.Content})
			case c.Type == "tool_use":
				call := llm.ToolCall{ID: c.ID, Name: c.Name, Arguments: c.Input}
				if n >= 0 && out.Messages[n].Role == llm.Assistant {
					out.Messages[n].ToolCalls = append(out.Messages[n].ToolCalls, call)
				} else {
					out.Messages = append(out.Messages, llm.Message{Role: llm.Assistant, ToolCalls: []llm.ToolCall{call}})
				}
			case strings.HasPrefix(c.Text, "[It is ") || c.Text == "(The conversation begins.)":
			default:
				out.Messages = append(out.Messages, llm.Message{Role: llm.Role(m.Role), Content: c.Text})
			}
		}
	}
	return out, nil
}

func writeAnthropic(a providerAnswer) string {
	var sb strings.Builder
	event := func(name string, v map[string]any) {
		v["type"] = name
		raw, err := json.Marshal(v)
		if err != nil {
			panic(err) // plain maps always can
		}
		fmt.Fprintf(&sb, "event: %s\ndata: %s\n\n", name, raw)
	}
	event("message_start", map[string]any{"message": map[string]any{"role": "assistant", "usage": map[string]any{"input_tokens": a.usage.Input}}})
	block := 0
	part := func(begin map[string]any, kind, member string, pieces ...string) {
		event("content_block_start", map[string]any{"index": block, "content_block": begin})
		for _, p := range pieces {
			event("content_block_delta", map[string]any{"index": block, "delta": map[string]any{"type": kind, member: p}})
		}
		event("content_block_stop", map[string]any{"index": block})
		block++
	}
	if a.text != "" {
		part(map[string]any{"type": "text", "text": ""}, "text_delta", "text", strings.SplitAfter(a.text, " ")...)
	}
	reason := "end_turn"
	for _, c := range a.calls {
		half := len(c.Arguments) / 2
		part(map[string]any{"type": "tool_use", "id": c.ID, "name": c.Name, "input": map[string]any{}}, "input_json_delta", "partial_json", string(c.Arguments[:half]), string(c.Arguments[half:]))
		reason = "tool_use"
	}
	event("message_delta", map[string]any{"delta": map[string]any{"stop_reason": reason}, "usage": map[string]any{"output_tokens": a.usage.Output}})
	event("message_stop", map[string]any{})
	return sb.String()
}
