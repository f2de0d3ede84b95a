// Package llm is the contract between a conversation and a language model: a
// request of instructions, tools and messages goes in, text and tool calls come
// out.
//
// It decides nothing: whether a tool call may run is the gate's business. It is
// implemented by the folders below it, tested by llmtest and called by engine.
package llm

import (
	"context"
	"encoding/json"
	"iter"
	"time"

	"callwright/internal/secret"
)

// A Model answers requests. It may be called concurrently.
//
// The sequence yields text as it arrives and each tool call once it is complete;
// arguments cut off in mid-stream are never yielded. It ends after the last
// chunk, or with one error, a *callwright.Error with CodeModel, CodeTimeout or
// CodeUnavailable, after which nothing follows. Breaking off or cancelling ctx
// ends the request.
type Model interface {
	Generate(ctx context.Context, req Request) iter.Seq2[Chunk, error]
}

// A Request is everything a model sees.
type Request struct {
	Model        string    // the provider's own name of the model, "" for its default
	Instructions string    // the system prompt: the same for every request of a version, so that providers cache it
	Context      string    // what holds right now (time, hours, who the caller is); it goes behind what stays the same
	Tools        []Tool    // what may be called
	Messages     []Message // the conversation, oldest first; the last is the user's or a tool's
	Temperature  *float64  // nil: the provider's default

	// Now is the instant of the turn in the agent's time zone: "tomorrow" is
	// relative to it.
	Now time.Time

	// Language is the BCP-47 tag that answers should be in.
	Language string

	// Key is the organization's own for the provider; empty: the server's is used.
	Key secret.String
}

// A Tool is a skill as a model sees it.
type Tool struct {
	Name        string          // [a-z0-9_], at most 64 characters
	Description string          // when to use it
	Parameters  json.RawMessage // JSON Schema object, with "required"
	IsWrite     bool            // its operator says that it changes something; no promise when false
}

// A Role tells who a message is from.
type Role string

// The roles.
const (
	User      Role = "user"
	Assistant Role = "assistant"
	ToolRole  Role = "tool"
)

// A Message is one step of the conversation. An Assistant message has text, tool
// calls or both; a ToolRole message answers the tool call named by ToolCallID
// with a ToolResult in JSON.
type Message struct {
	Role       Role
	Content    string
	ToolCalls  []ToolCall
	ToolCallID string
}

// A ToolCall asks for one run of a tool. Arguments is a JSON object, as the model
// wrote it; nobody has checked it.
type ToolCall struct {
	ID        string
	Name      string
	Arguments json.RawMessage
}

// A Chunk is a piece of an answer: a text delta, one complete tool call, or the
// usage of the request, which comes last when the provider reports it.
type Chunk struct {
	Text     string
	ToolCall *ToolCall
	Usage    *Usage
}

// Usage counts tokens.
type Usage struct {
	Input  int // all of them, those that the provider had in its cache too
	Cached int // of Input
	Output int
}

// A ToolResult is the JSON content of a ToolRole message: what became of a tool
// call. Say, when set, is a sentence in the agent's language that tells the
// caller the same thing.
type ToolResult struct {
	Status ToolStatus      `json:"status"`
	Result json.RawMessage `json:"result,omitempty"` // with StatusDone
	Fields []FieldProblem  `json:"fields,omitempty"` // with StatusNeedsInput
	Tool   string          `json:"tool,omitempty"`   // with StatusVerification: the tool that checks the caller's identity
	Code   string          `json:"code,omitempty"`   // with StatusRefused and StatusFailed
	Say    string          `json:"say,omitempty"`
}

// A ToolStatus tells what became of a tool call.
type ToolStatus string

// What can become of a tool call. A needs_confirmation or needs_input result is
// followed by the caller's next words.
const (
	StatusDone         ToolStatus = "done"               // it ran; Result is its answer
	StatusQueued       ToolStatus = "queued"             // it is being done; there is no result
	StatusNeedsInput   ToolStatus = "needs_input"        // Fields are missing or wrong: ask the caller
	StatusConfirmation ToolStatus = "needs_confirmation" // the caller has been asked to confirm
	StatusDeclined     ToolStatus = "declined"           // the caller did not confirm; it did not run
	StatusVerification ToolStatus = "needs_verification" // the caller's identity must be checked first
	StatusRefused      ToolStatus = "refused"            // a rule does not allow it
	StatusFailed       ToolStatus = "failed"             // it ran and failed; it had no effect, or only a read
	StatusUnknown      ToolStatus = "unknown"            // it may or may not have happened
	StatusLate         ToolStatus = "late"               // it is still running; its result comes in a later turn
)

// A FieldProblem is one argument that is missing or wrong.
type FieldProblem struct {
	Name    string `json:"name"`
	Problem string `json:"problem"`
}
