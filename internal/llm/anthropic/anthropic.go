// Package anthropic speaks to Anthropic's Messages API (version 2023-06-01) and to
// servers that are compatible with it, by base URL.
//
// It turns requests and answers into the terms of package llm and decides nothing.
// Tool arguments reach the caller only when their stream ended properly. It is built
// by app and called by engine.
package anthropic

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"callwright"
	"callwright/internal/llm"
	"callwright/internal/secret"
)

const (
	apiVersion = "2023-06-01"

	// maxTokens is what an answer may have at most; the API wants a limit.
	maxTokens = 4096

	maxLine  = 1 << 20
	maxBody  = 4 << 20
	maxError = 64 << 10
)

// Config is how to reach a server.
type Config struct {
	BaseURL string // for example https://api.anthropic.com
	Key     secret.String
	Model   string // used when a request names none
	Timeout time.Duration
}

// A Provider is one server. It may be used concurrently.
type Provider struct {
	client *http.Client
	config Config
}

// New makes a Provider that dials through the client, which must be the guarded one.
func New(c Config, client *http.Client) *Provider {
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	if c.Timeout == 0 {
		c.Timeout = time.Minute
	}
	return &Provider{client, c}
}

var _ llm.Model = (*Provider)(nil)

// Generate implements llm.Model.
func (p *Provider) Generate(ctx context.Context, req llm.Request) iter.Seq2[llm.Chunk, error] {
	return func(yield func(llm.Chunk, error) bool) {
		ctx, cancel := context.WithTimeout(ctx, p.config.Timeout)
		defer cancel()
		if err := p.stream(ctx, req, yield); err != nil && !errors.Is(err, errStopped) {
			yield(llm.Chunk{}, classify(ctx, err))
		}
	}
}

// errStopped ends a sequence whose reader has left.
var errStopped = errors.New("the reader stopped")

func (p *Provider) stream(ctx context.Context, req llm.Request, yield func(llm.Chunk, error) bool) error {
	res, err := p.send(ctx, req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	a := &answer{yield: yield, blocks: map[int]*block{}}
	lines := bufio.NewScanner(http.MaxBytesReader(nil, res.Body, maxBody))
	lines.Buffer(nil, maxLine)
	lines.Split(sseLines)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data:")
		if !ok {
			continue // the event's name stands in the data too
		}
		if err := a.event([]byte(strings.TrimSpace(data))); err != nil {
			return cmp.Or(lines.Err(), err) // a line that was cut off cannot be read either
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if !a.stopped {
		return callwright.Errorf(callwright.CodeModel, "The model server's answer was cut off.")
	}
	return a.end()
}

// sseLines splits at LF, CRLF or CR, as server-sent events may be written.
func sseLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if atEOF && len(data) == 0 {
		return 0, nil, nil
	}
	i := bytes.IndexAny(data, "\r\n")
	switch {
	case i < 0 && atEOF:
		return len(data), data, nil
	case i < 0, data[i] == '\r' && i+1 == len(data) && !atEOF:
		return 0, nil, nil // more is needed to tell CR from CRLF
	case data[i] == '\r' && i+1 < len(data) && data[i+1] == '\n':
		return i + 2, data[:i], nil
	}
	return i + 1, data[:i], nil
}

// send makes the request and returns its answer when it is a success.
func (p *Provider) send(ctx context.Context, req llm.Request) (*http.Response, error) {
	body, err := json.Marshal(p.request(req))
	if err != nil {
		return nil, fmt.Errorf("write request: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.config.BaseURL+"/v1/messages", bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Anthropic-Version", apiVersion)
	if key := cmp.Or(req.Key, p.config.Key); !key.Empty() {
		r.Header.Set("X-Api-Key", key.Reveal())
	}
	res, err := p.client.Do(r)
	if err != nil {
		return nil, err
	}
	if res.StatusCode == http.StatusOK {
		return res, nil
	}
	defer res.Body.Close()
	raw, _ := io.ReadAll(io.LimitReader(res.Body, maxError)) // the status says enough without
	return nil, &statusError{res.StatusCode, kindOf(raw)}
}

// A statusError is an answer that is no success.
type statusError struct {
	status int
	kind   string
}

func (e *statusError) Error() string { return fmt.Sprintf("status %d %s", e.status, e.kind) }

func kindOf(raw []byte) string {
	var e struct {
		Error struct{ Type string }
	}
	_ = json.Unmarshal(raw, &e) // anything else has no kind
	return e.Error.Type
}

// An answer gathers the events of one message.
type answer struct {
	yield   func(llm.Chunk, error) bool
	blocks  map[int]*block
	order   []int
	used    llm.Usage
	reason  string
	stopped bool
}

// A block is one part of a message that is a tool call.
type block struct {
	id, name string
	input    strings.Builder
	done     bool
}

// event takes one server-sent event.
func (a *answer) event(data []byte) error {
	var ev struct {
		Type    string
		Index   int
		Message struct{ Usage usage }
		Usage   usage
		Content struct {
			Type, ID, Name, Text string
		} `json:"content_block"`
		Delta struct {
			Type, Text  string
			PartialJSON string `json:"partial_json"`
			StopReason  string `json:"stop_reason"`
		}
		Error struct{ Type string }
	}
	if err := json.Unmarshal(data, &ev); err != nil {
		return callwright.Wrap(callwright.CodeModel, err, "The model server's answer cannot be read.")
	}
	switch ev.Type {
	case "message_start":
		a.used.Input, a.used.Cached = ev.Message.Usage.total(), ev.Message.Usage.Read
	case "content_block_start":
		if ev.Content.Type == "tool_use" {
			a.blocks[ev.Index] = &block{id: ev.Content.ID, name: ev.Content.Name}
			a.order = append(a.order, ev.Index)
		}
		return a.say(ev.Content.Text)
	case "content_block_delta":
		if b := a.blocks[ev.Index]; b != nil {
			b.input.WriteString(ev.Delta.PartialJSON)
			return nil
		}
		return a.say(ev.Delta.Text)
	case "content_block_stop":
		if b := a.blocks[ev.Index]; b != nil {
			b.done = true
		}
	case "message_delta":
		a.reason = ev.Delta.StopReason
		a.used.Output = ev.Usage.Output
	case "message_stop":
		a.stopped = true
	case "error":
		return &statusError{http.StatusServiceUnavailable, ev.Error.Type}
	}
	return nil // pings, and events of the future
}

type usage struct {
	Input   int `json:"input_tokens"`
	Created int `json:"cache_creation_input_tokens"`
	Read    int `json:"cache_read_input_tokens"`
	Output  int `json:"output_tokens"`
}

func (u usage) total() int { return u.Input + u.Created + u.Read }

func (a *answer) say(text string) error {
	if text != "" && !a.yield(llm.Chunk{Text: text}, nil) {
		return errStopped
	}
	return nil
}

// end lets the tool calls out: the message is whole.
func (a *answer) end() error {
	if len(a.order) > 0 && a.reason == "max_tokens" {
		return callwright.Errorf(callwright.CodeModel, "The model's tool call was cut off (%s).", a.reason)
	}
	for _, i := range a.order {
		b := a.blocks[i]
		if !b.done {
			return callwright.Errorf(callwright.CodeModel, "The model's tool call was cut off.")
		}
		args := strings.TrimSpace(b.input.String())
		if args == "" {
			args = "{}"
		}
		if !a.yield(llm.Chunk{ToolCall: &llm.ToolCall{ID: b.id, Name: b.name, Arguments: json.RawMessage(args)}}, nil) {
			return errStopped
		}
	}
	if a.used.Input+a.used.Output > 0 && !a.yield(llm.Chunk{Usage: &a.used}, nil) {
		return errStopped
	}
	return nil
}

// classify gives an error of the network or the server its code.
func classify(ctx context.Context, err error) error {
	if e, ok := errors.AsType[*callwright.Error](err); ok {
		return e
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		return callwright.Wrap(callwright.CodeTimeout, err, "The model server took too long to answer.")
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok || errors.Is(err, bufio.ErrTooLong) {
		return callwright.Wrap(callwright.CodeModel, err, "The model server's answer is too long.")
	}
	if e, ok := errors.AsType[*statusError](err); ok {
		if e.status == http.StatusTooManyRequests || e.status >= 500 {
			return callwright.Wrap(callwright.CodeUnavailable, err, "The model server answered %d.", e.status)
		}
		return callwright.Wrap(callwright.CodeModel, err, "The model server refused the request with %d.", e.status)
	}
	if _, none := errors.AsType[*url.Error](err); !none { // an answer had begun, and may have to be paid for
		return callwright.Wrap(callwright.CodeModel, err, "The model server's answer broke off.")
	}
	return callwright.Wrap(callwright.CodeUnavailable, err, "The model server cannot be reached.")
}
