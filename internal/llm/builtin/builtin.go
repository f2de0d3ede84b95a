// Package builtin is the language model that is always there: it picks a skill
// from the tools' names and descriptions, collects typed parameters in
// conversation and turns results into sentences.
//
// It has no weights, uses no network, keeps nothing of a conversation and gives the
// same answer to the same request. It knows no trade and no agent: everything it says
// comes from the tools' schemas, the messages and a little general English. What a
// parameter is, its schema tells first, its name second and the head of its
// description third (kind.go), so that names say as little as they like. It decides
// nothing that a rule protects, that is the gate's business, and it does not
// follow the instructions of the request, which are written for larger models.
// It is called by engine, as the default model and when a provider is down.
//
// A conversation may have been led by others: by a larger model that went down, or
// by a client that sends its own transcript. What their lines ask, read back,
// offer and announce is understood (heed.go), and the caller's words are taken as
// an answer to it (overhear.go); what they collected is read back once more before
// anything is changed by it.
//
// It speaks English. Values in Spanish, French and German are read by package spoken
// (tongue.go).
//
// An answer is made in three steps. Replay rebuilds the state of the
// conversation by running the engine's own policy over the messages (state.go,
// decide.go); the policy chooses a skill (choose.go) and reads values for its
// parameters (fill.go, extract_*.go); what is left to do becomes a question
// (ask.go), a tool call, or the telling of a result (say.go).
package builtin

import (
	"context"
	"hash/fnv"
	"iter"
	"strconv"
	"strings"

	"callwright"
	"callwright/internal/llm"
)

// An Engine answers requests. It remembers nothing of them but what tools come to;
// the zero value is ready to use.
type Engine struct{ ready indexes }

var _ llm.Model = (*Engine)(nil)

// New returns an engine.
func New() *Engine { return &Engine{} }

// Generate answers with text, word by word, or with a tool call.
func (e *Engine) Generate(ctx context.Context, req llm.Request) iter.Seq2[llm.Chunk, error] {
	return func(yield func(llm.Chunk, error) bool) {
		if ctx.Err() != nil {
			yield(llm.Chunk{}, interrupted(ctx))
			return
		}
		p := answer(req, e.ready.of(req.Tools))
		for _, word := range chunks(p.say) {
			if ctx.Err() != nil {
				yield(llm.Chunk{}, interrupted(ctx))
				return
			}
			if !yield(llm.Chunk{Text: word}, nil) {
				return
			}
		}
		if p.call != nil {
			call := toolCall(req, p.call)
			yield(llm.Chunk{ToolCall: &call}, nil)
		}
	}
}

func interrupted(ctx context.Context) error {
	return callwright.Wrap(callwright.CodeTimeout, context.Cause(ctx), "The answer was interrupted.")
}

// answer makes the plan for the last message.
func answer(req llm.Request, x *index) plan {
	s := newState(req, x)
	s.replay()
	if n := len(req.Messages); n > 0 && req.Messages[n-1].Role == llm.ToolRole {
		return s.tell()
	}
	p := s.plan
	if p.say == "" && p.call == nil {
		p.say = s.greeting()
	}
	return p
}

// chunks cuts a text behind each word.
func chunks(s string) []string {
	if s == "" {
		return nil
	}
	return strings.SplitAfter(s, " ")
}

// toolCall names the call after its place in the conversation and its content,
// so that the same request gives the same id and no other message has it.
func toolCall(req llm.Request, f *form) llm.ToolCall {
	args := f.arguments()
	used := map[string]bool{}
	for _, m := range req.Messages {
		for _, c := range m.ToolCalls {
			used[c.ID] = true
		}
	}
	for salt := len(req.Messages); ; salt++ {
		h := fnv.New64a()
		h.Write([]byte(strconv.Itoa(salt) + " " + f.tool.name + " "))
		h.Write(args)
		if id := "call_" + strconv.FormatUint(h.Sum64(), 36); !used[id] {
			return llm.ToolCall{ID: id, Name: f.tool.name, Arguments: args}
		}
	}
}
