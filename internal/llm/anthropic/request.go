package anthropic

import (
	"cmp"
	"encoding/json"

	"callwright/internal/llm"
)

// The shapes of a request. Order matters: what stays the same from turn to turn comes
// first, and the marks say up to where the server may keep it.
type (
	request struct {
		Model       string    `json:"model"`
		MaxTokens   int       `json:"max_tokens"`
		Stream      bool      `json:"stream"`
		Temperature *float64  `json:"temperature,omitempty"`
		Tools       []tool    `json:"tools,omitempty"`
		System      []part    `json:"system,omitempty"`
		Messages    []message `json:"messages"`
	}

	tool struct {
		Name        string          `json:"name"`
		Description string          `json:"description"`
		InputSchema json.RawMessage `json:"input_schema"`
	}

	message struct {
		Role    string `json:"role"`
		Content []part `json:"content"`
	}

	// A part is text, a tool call (tool_use) or what became of one (tool_result).
	part struct {
		Type      string          `json:"type"`
		Text      string          `json:"text,omitempty"`
		ID        string          `json:"id,omitempty"`
		Name      string          `json:"name,omitempty"`
		Input     json.RawMessage `json:"input,omitempty"`
		ToolUseID string          `json:"tool_use_id,omitempty"`
		Content   string          `json:"content,omitempty"`
		Cache     *cacheMark      `json:"cache_control,omitempty"`
	}

	cacheMark struct {
		Type string `json:"type"`
	}
)

func (p *Provider) request(req llm.Request) request {
	out := request{Model: cmp.Or(req.Model, p.config.Model), MaxTokens: maxTokens, Stream: true}
	if req.Temperature != nil {
		t := min(*req.Temperature, 1) // the scale ends at 1 here
		out.Temperature = &t
	}
	for _, t := range req.Tools {
		out.Tools = append(out.Tools, tool{t.Name, t.Description, t.Parameters})
	}
	if req.Instructions != "" {
		out.System = []part{{Type: "text", Text: req.Instructions, Cache: &cacheMark{"ephemeral"}}}
	}
	for _, m := range req.Messages {
		out.add(m)
	}
	if n := len(out.Messages); n == 0 || out.Messages[0].Role != "user" {
		// The API wants the user to begin; a greeting came before.
		out.Messages = append([]message{{"user", []part{{Type: "text", Text: "(The conversation begins.)"}}}}, out.Messages...)
	}
	if last := len(out.Messages) - 1; req.Context != "" {
		if out.Messages[last].Role != "user" {
			out.Messages = append(out.Messages, message{Role: "user"})
			last++
		}
		out.Messages[last].Content = append(out.Messages[last].Content, part{Type: "text", Text: "[" + req.Context + "]"})
	}
	return out
}

// add appends a message; parts of one side that follow each other are one message.
func (r *request) add(m llm.Message) {
	role := "user"
	var parts []part
	switch m.Role {
	case llm.Assistant:
		role = "assistant"
		if m.Content != "" {
			parts = append(parts, part{Type: "text", Text: m.Content})
		}
		for _, c := range m.ToolCalls {
			parts = append(parts, part{Type: "tool_use", ID: c.ID, Name: c.Name, Input: object(c.Arguments)})
		}
	case llm.ToolRole:
		parts = []part{{Type: "tool_result", ToolUseID: m.ToolCallID, Content: m.Content}}
	default:
		parts = []part{{Type: "text", Text: m.Content}}
	}
	if len(parts) == 0 {
		return
	}
	if n := len(r.Messages); n > 0 && r.Messages[n-1].Role == role {
		r.Messages[n-1].Content = append(r.Messages[n-1].Content, parts...)
		return
	}
	r.Messages = append(r.Messages, message{role, parts})
}

// object is arguments as the API takes them back: an object. What a model sent and
// was none is put into one.
func object(raw json.RawMessage) json.RawMessage {
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) == nil && m != nil {
		return raw
	}
	text, err := json.Marshal(map[string]string{"unreadable": string(raw)})
	if err != nil {
		return json.RawMessage(`{}`)
	}
	return text
}
