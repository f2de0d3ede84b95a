// Package openai speaks to OpenAI-compatible chat completion servers: OpenAI
// itself, Ollama, vLLM, llama.cpp, OpenRouter and others, by base URL.
//
// It turns requests and answers into the terms of package llm and decides
// nothing. Tool arguments reach the caller only when their stream ended properly.
// It is built by app and called by engine.
package openai

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	openai "github.com/sashabaranov/go-openai"

	"callwright"
	"callwright/internal/llm"
	"callwright/internal/secret"
)

// Config is how to reach a server.
type Config struct {
	BaseURL string // for example https://api.openai.com/v1
	Key     secret.String
	Model   string // used when a request names none
	Stream  bool   // ask for the answer as it is made
	Timeout time.Duration
}

// A Provider is one server. It may be used concurrently.
type Provider struct {
	config Config
	http   *http.Client
	own    *openai.Client // with the config's key
}

// New makes a Provider that dials through the client, which must be the guarded
// one.
func New(c Config, client *http.Client) *Provider {
	if c.Timeout == 0 {
		c.Timeout = time.Minute
	}
	p := &Provider{config: c, http: client}
	p.own = p.client(c.Key)
	return p
}

func (p *Provider) client(key secret.String) *openai.Client {
	cfg := openai.DefaultConfig(key.Reveal())
	cfg.BaseURL = strings.TrimRight(p.config.BaseURL, "/")
	cfg.HTTPClient = doer{p.http}
	// Comments keep a stream alive while its first word takes long; the timeout is
	// what bounds them.
	cfg.EmptyMessagesLimit = math.MaxInt32
	return openai.NewClientWithConfig(cfg)
}

// maxBody is how much of an answer is read.
const maxBody = 4 << 20

// A doer bounds what is read of an answer, and ends its last line, which the library
// would not see otherwise.
type doer struct{ client *http.Client }

// Do makes the request.
func (d doer) Do(r *http.Request) (*http.Response, error) {
	res, err := d.client.Do(r)
	if err != nil {
		return nil, err
	}
	body := http.MaxBytesReader(nil, res.Body, maxBody)
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(body, strings.NewReader("\n")), body}
	return res, nil
}

var _ llm.Model = (*Provider)(nil)

// Generate implements llm.Model.
func (p *Provider) Generate(ctx context.Context, req llm.Request) iter.Seq2[llm.Chunk, error] {
	return func(yield func(llm.Chunk, error) bool) {
		ctx, cancel := context.WithTimeout(ctx, p.config.Timeout)
		defer cancel()
		client, answer := p.own, whole
		if !req.Key.Empty() {
			client = p.client(req.Key)
		}
		if p.config.Stream {
			answer = stream
		}
		err := answer(ctx, client, p.request(req), yield)
		if err != nil && !errors.Is(err, errStopped) {
			yield(llm.Chunk{}, classify(ctx, err))
		}
	}
}

// errStopped ends a sequence whose reader has left.
var errStopped = errors.New("the reader stopped")

func whole(ctx context.Context, client *openai.Client, req openai.ChatCompletionRequest, yield func(llm.Chunk, error) bool) error {
	res, err := client.CreateChatCompletion(ctx, req)
	if err != nil {
		return err
	}
	if len(res.Choices) == 0 {
		return callwright.Errorf(callwright.CodeModel, "The model server answered without a choice.")
	}
	m := res.Choices[0].Message
	if m.Content != "" && !yield(llm.Chunk{Text: m.Content}, nil) {
		return errStopped
	}
	if err := calls(m.ToolCalls, res.Choices[0].FinishReason, yield); err != nil {
		return err
	}
	return usage(&res.Usage, yield)
}

func stream(ctx context.Context, client *openai.Client, req openai.ChatCompletionRequest, yield func(llm.Chunk, error) bool) error {
	req.StreamOptions = &openai.StreamOptions{IncludeUsage: true}
	s, err := client.CreateChatCompletionStream(ctx, req)
	if err != nil {
		return err
	}
	defer s.Close()
	var parts []openai.ToolCall
	var finish openai.FinishReason
	var used *openai.Usage
	for {
		chunk, err := s.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if chunk.Usage != nil {
			used = chunk.Usage
		}
		for _, c := range chunk.Choices {
			if c.Delta.Content != "" && !yield(llm.Chunk{Text: c.Delta.Content}, nil) {
				return errStopped
			}
			for _, tc := range c.Delta.ToolCalls {
				parts = gather(parts, tc)
			}
			if c.FinishReason != "" {
				finish = c.FinishReason
			}
		}
	}
	if finish == "" {
		return callwright.Errorf(callwright.CodeModel, "The model server's answer was cut off.")
	}
	if err := calls(parts, finish, yield); err != nil {
		return err
	}
	return usage(used, yield)
}

// gather adds a fragment of a tool call, which comes by index, to those before
// it. Servers that leave the index out, or give all calls the same, send whole
// calls.
func gather(parts []openai.ToolCall, f openai.ToolCall) []openai.ToolCall {
	for i := len(parts) - 1; i >= 0; i-- {
		p := &parts[i]
		if f.Index == nil || p.Index == nil || *p.Index != *f.Index {
			continue
		}
		if f.ID != "" && p.ID != "" && f.ID != p.ID {
			break // another call under the same index
		}
		p.ID = cmp.Or(f.ID, p.ID)
		p.Function.Name += f.Function.Name
		p.Function.Arguments += f.Function.Arguments
		return parts
	}
	return append(parts, f)
}

func calls(parts []openai.ToolCall, finish openai.FinishReason, yield func(llm.Chunk, error) bool) error {
	if len(parts) > 0 && (finish == openai.FinishReasonLength || finish == openai.FinishReasonContentFilter) {
		return callwright.Errorf(callwright.CodeModel, "The model's tool call was cut off (%s).", finish)
	}
	for _, tc := range parts {
		args := strings.TrimSpace(tc.Function.Arguments)
		if args == "" {
			args = "{}"
		}
		id := tc.ID
		if id == "" {
			id = "call_" + string(callwright.NewID[callwright.RunID](time.Now()))
		}
		if !yield(llm.Chunk{ToolCall: &llm.ToolCall{ID: id, Name: tc.Function.Name, Arguments: json.RawMessage(args)}}, nil) {
			return errStopped
		}
	}
	return nil
}

func usage(u *openai.Usage, yield func(llm.Chunk, error) bool) error {
	if u == nil || u.TotalTokens == 0 {
		return nil
	}
	used := llm.Usage{Input: u.PromptTokens, Output: u.CompletionTokens}
	if u.PromptTokensDetails != nil {
		used.Cached = u.PromptTokensDetails.CachedTokens
	}
	if !yield(llm.Chunk{Usage: &used}, nil) {
		return errStopped
	}
	return nil
}

func (p *Provider) request(req llm.Request) openai.ChatCompletionRequest {
	out := openai.ChatCompletionRequest{Model: req.Model}
	if out.Model == "" {
		out.Model = p.config.Model
	}
	if req.Temperature != nil {
		// The library leaves a plain 0 out, and the provider would take its default.
		out.Temperature = max(float32(*req.Temperature), math.SmallestNonzeroFloat32)
	}
	if req.Instructions != "" {
		out.Messages = append(out.Messages, openai.ChatCompletionMessage{Role: openai.ChatMessageRoleSystem, Content: req.Instructions})
	}
	last := -1 // message of the user
	for _, m := range req.Messages {
		out.Messages = append(out.Messages, message(m))
		if m.Role == llm.User {
			last = len(out.Messages) - 1
		}
	}
	if req.Context != "" {
		// A system message that is not the first is refused by the templates of many
		// open models, and the first should stay the same for the provider's cache.
		if last < 0 {
			out.Messages = append(out.Messages, openai.ChatCompletionMessage{Role: openai.ChatMessageRoleUser})
			last = len(out.Messages) - 1
		}
		m := &out.Messages[last]
		m.Content = strings.TrimSpace(m.Content + "\n\n[" + req.Context + "]")
	}
	for _, t := range req.Tools {
		out.Tools = append(out.Tools, openai.Tool{Type: openai.ToolTypeFunction,
			Function: &openai.FunctionDefinition{Name: t.Name, Description: t.Description, Parameters: t.Parameters}})
	}
	return out
}

func message(m llm.Message) openai.ChatCompletionMessage {
	out := openai.ChatCompletionMessage{Role: string(m.Role), Content: m.Content, ToolCallID: m.ToolCallID}
	for _, c := range m.ToolCalls {
		out.ToolCalls = append(out.ToolCalls, openai.ToolCall{ID: c.ID, Type: openai.ToolTypeFunction,
			Function: openai.FunctionCall{Name: c.Name, Arguments: string(c.Arguments)}})
	}
	return out
}

// classify gives an error of the library or the network its code.
func classify(ctx context.Context, err error) error {
	if e, ok := errors.AsType[*callwright.Error](err); ok {
		return e
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		return callwright.Wrap(callwright.CodeTimeout, err, "The model server took too long to answer.")
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return callwright.Wrap(callwright.CodeModel, err, "The model server's answer is too long.")
	}
	status := 0
	api, said := errors.AsType[*openai.APIError](err)
	// The first of the two wraps the other, which then has no status.
	if e, ok := errors.AsType[*openai.RequestError](err); ok {
		status = e.HTTPStatusCode
	} else if said {
		status = api.HTTPStatusCode
	}
	switch {
	case status == 0 && said:
		return callwright.Wrap(callwright.CodeUnavailable, err, "The model server broke off with an error.")
	case status == 0 && answered(err):
		return callwright.Wrap(callwright.CodeModel, err, "The model server's answer broke off or cannot be read.")
	case status == 0:
		return callwright.Wrap(callwright.CodeUnavailable, err, "The model server cannot be reached.")
	case status == http.StatusTooManyRequests || status >= 500:
		return callwright.Wrap(callwright.CodeUnavailable, err, "The model server answered %d.", status)
	}
	return callwright.Wrap(callwright.CodeModel, err, "The model server refused the request with %d.", status)
}

// answered reports whether an answer had begun: one that is not what was asked for, or
// broke off. It may have to be paid for, so it is not asked for again.
func answered(err error) bool {
	_, none := errors.AsType[*url.Error](err)
	return !none
}
