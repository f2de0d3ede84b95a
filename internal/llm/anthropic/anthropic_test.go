package anthropic_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"callwright"
	"callwright/internal/llm"
	"callwright/internal/llm/anthropic"
	"callwright/internal/llm/llmtest"
	"callwright/internal/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const cut = "…"

// A server plays its parts as the body of every answer, byte for byte, and keeps the
// requests. The part "…" breaks the connection.
type server struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []string
	header http.Header
}

func serve(t testing.TB, status int, parts ...string) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read request: %v", err)
		}
		s.mu.Lock()
		s.bodies, s.header = append(s.bodies, string(body)), r.Header.Clone()
		s.mu.Unlock()
		if r.URL.Path != "/v1/messages" || r.Method != http.MethodPost {
			t.Errorf("request: got %s %s", r.Method, r.URL.Path)
		}
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(status)
		for _, p := range parts {
			if p == cut {
				panic(http.ErrAbortHandler)
			}
			_, _ = io.WriteString(w, p) // the client may have left
			w.(http.Flusher).Flush()
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) provider(t testing.TB, c anthropic.Config) *anthropic.Provider {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	t.Cleanup(transport.CloseIdleConnections)
	c.BaseURL = s.URL + "/"
	return anthropic.New(c, &http.Client{Transport: transport})
}

// ask returns what came out of a model, in short.
func ask(ctx context.Context, m llm.Model, req llm.Request) (got string, err error) {
	text, calls := "", []string{}
	var used *llm.Usage
	for c, e := range m.Generate(ctx, req) {
		if err != nil {
			text += " AND SOMETHING AFTER THE ERROR"
		}
		err = e
		text += c.Text
		if c.ToolCall != nil {
			calls = append(calls, c.ToolCall.ID+" "+c.ToolCall.Name+string(c.ToolCall.Arguments))
		}
		if c.Usage != nil {
			used = c.Usage
		}
	}
	return fmt.Sprintf("%q %q %v %s", text, calls, used, callwright.CodeOf(err)), err
}

var hello = llm.Request{Messages: []llm.Message{{Role: llm.User, Content: "hello"}}}

func event(name, data string) string { return "event: " + name + "\ndata: " + data + "\n\n" }

// The parts of a stream, as the documentation of the API has them.
var (
	begin  = event("message_start", `{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],"model":"m","usage":{"input_tokens":5,"cache_read_input_tokens":20,"output_tokens":1}}}`)
	ping   = event("ping", `{"type":"ping"}`)
	text   = event("content_block_start", `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`) + delta(0, `{"type":"text_delta","text":"Hel"}`) + delta(0, `{"type":"text_delta","text":"lo ☎"}`) + stop(0)
	call   = open(1, "toolu_1", "find") + delta(1, `{"type":"input_json_delta","partial_json":""}`) + delta(1, `{"type":"input_json_delta","partial_json":"{\"a\": "}`) + delta(1, `{"type":"input_json_delta","partial_json":"\"x\"}"}`) + stop(1)
	finish = func(reason string) string {
		return event("message_delta", `{"type":"message_delta","delta":{"stop_reason":"`+reason+`","stop_sequence":null},"usage":{"output_tokens":9}}`) + event("message_stop", `{"type":"message_stop"}`)
	}
)

func delta(i int, d string) string {
	return event("content_block_delta", fmt.Sprintf(`{"type":"content_block_delta","index":%d,"delta":%s}`, i, d))
}

func stop(i int) string {
	return event("content_block_stop", fmt.Sprintf(`{"type":"content_block_stop","index":%d}`, i))
}

func open(i int, id, name string) string {
	return event("content_block_start", fmt.Sprintf(`{"type":"content_block_start","index":%d,"content_block":{"type":"tool_use","id":%q,"name":%q,"input":{}}}`, i, id, name))
}

func TestStream(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, want string }{
		"text":                      {begin + text + finish("end_turn"), `"Hello ☎" [] &{25 20 9} `},
		"pings":                     {ping + begin + ping + text + ping + finish("end_turn"), `"Hello ☎" [] &{25 20 9} `},
		"CRLF":                      {strings.ReplaceAll(begin+text+finish("end_turn"), "\n", "\r\n"), `"Hello ☎" [] &{25 20 9} `},
		"CR":                        {strings.ReplaceAll(begin+text+finish("end_turn"), "\n", "\r"), `"Hello ☎" [] &{25 20 9} `},
		"comments, no event lines":  {": hi\n\n" + strings.ReplaceAll(begin+text+finish("end_turn"), "event:", ":"), `"Hello ☎" [] &{25 20 9} `},
		"no last newline":           {strings.TrimSpace(begin + text + finish("end_turn")), `"Hello ☎" [] &{25 20 9} `},
		"a call":                    {begin + call + finish("tool_use"), `"" ["toolu_1 find{\"a\": \"x\"}"] &{25 20 9} `},
		"text and calls":            {begin + text + call + open(2, "toolu_2", "book") + stop(2) + finish("tool_use"), `"Hello ☎" ["toolu_1 find{\"a\": \"x\"}" "toolu_2 book{}"] &{25 20 9} `},
		"an event of the future":    {begin + event("weather", `{"type":"weather","index":"high"}`) + text + finish("end_turn"), `"" [] <nil> model_failed`},
		"an unknown event":          {begin + event("weather", `{"type":"weather"}`) + text + finish("end_turn"), `"Hello ☎" [] &{25 20 9} `},
		"nothing at all":            {``, `"" [] <nil> model_failed`},
		"cut off before the end":    {begin + text, `"Hello ☎" [] <nil> model_failed`},
		"a call cut by its length":  {begin + open(0, "a", "find") + delta(0, `{"type":"input_json_delta","partial_json":"{\"a\""}`) + stop(0) + finish("max_tokens"), `"" [] <nil> model_failed`},
		"a call that is not closed": {begin + open(0, "a", "find") + finish("tool_use"), `"" [] <nil> model_failed`},
		"text cut by its length":    {begin + text + finish("max_tokens"), `"Hello ☎" [] &{25 20 9} `},
		"an error event":            {begin + text + event("error", `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`), `"Hello ☎" [] <nil> unavailable`},
		"malformed JSON":            {begin + text + "data: {\"type\":\n\n", `"Hello ☎" [] <nil> model_failed`},
		"a page for a stream":       {"<html>Sign in</html>", `"" [] <nil> model_failed`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, 200, c.body)
			if got, err := ask(t.Context(), s.provider(t, anthropic.Config{}), hello); got != c.want {
				t.Errorf("got  %s (%v)\nwant %s", got, err, c.want)
			}
		})
	}
}

// However the network cuts a stream into pieces, the answer is the same; however it is
// cut off, no call comes out.
func TestStreamInPieces(t *testing.T) {
	t.Parallel()
	body := strings.ReplaceAll(begin+text, "\n", "\r\n") + call + finish("tool_use")
	const want = `"Hello ☎" ["toolu_1 find{\"a\": \"x\"}"] &{25 20 9} `
	for i := 0; i < len(body); i += 7 {
		s := serve(t, 200, body[:i], body[i:])
		if got, err := ask(t.Context(), s.provider(t, anthropic.Config{}), hello); got != want {
			t.Errorf("split at %d: got %s (%v), want %s", i, got, err, want)
		}
		s.Close()
	}
	end := strings.Index(body, `"type":"message_stop"`)
	for i := 0; i < end; i += 11 {
		for how, parts := range map[string][]string{"closed": {body[:i]}, "broken": {body[:i], cut}} {
			s := serve(t, 200, parts...)
			if got, err := ask(t.Context(), s.provider(t, anthropic.Config{}), hello); err == nil || strings.Contains(got, "toolu_1") {
				t.Errorf("%s at %d: got %s, want no call and an error", how, i, got)
			}
			s.Close()
		}
	}
}

// A stream says the same however it is written down and however it travels.
func TestStreamWrittenInAnyWay(t *testing.T) {
	t.Parallel()
	events := strings.SplitAfter(begin+text+call+finish("tool_use"), "\n\n")
	const want = `"Hello ☎" ["toolu_1 find{\"a\": \"x\"}"] &{25 20 9} `
	rapid.Check(t, func(rt *rapid.T) {
		var sb strings.Builder
		for _, ev := range events[:len(events)-1] {
			for range rapid.IntRange(0, 2).Draw(rt, "comments") {
				sb.WriteString(rapid.SampledFrom([]string{": hi\n\n", ":\n", ping, "id: 7\n", "retry: 10\n", "\n"}).Draw(rt, "comment"))
			}
			if rapid.Bool().Draw(rt, "no name") {
				ev = ev[strings.Index(ev, "data:"):]
			}
			if rapid.Bool().Draw(rt, "no space") {
				ev = strings.Replace(ev, "data: ", "data:", 1)
			}
			sb.WriteString(ev)
		}
		body := strings.ReplaceAll(sb.String(), "\n", rapid.SampledFrom([]string{"\n", "\r\n", "\r"}).Draw(rt, "line end"))
		if rapid.Bool().Draw(rt, "no final newline") {
			body = strings.TrimRight(body, "\r\n")
		}
		var parts []string
		for rest := body; rest != ""; {
			n := rapid.IntRange(1, min(200, len(rest))).Draw(rt, "piece")
			parts, rest = append(parts, rest[:n]), rest[n:]
		}
		s := serve(t, 200, parts...)
		defer s.Close()
		if got, err := ask(t.Context(), s.provider(t, anthropic.Config{}), hello); got != want {
			rt.Fatalf("got %s (%v), want %s; the body was\n%q", got, err, want, body)
		}
	})
}

// An answer without end is given up.
func TestEndlessAnswer(t *testing.T) {
	t.Parallel()
	for what, part := range map[string]string{"text": delta(0, `{"type":"text_delta","text":"`+strings.Repeat("blah ", 10000)+`"}`), "input": delta(1, `{"type":"input_json_delta","partial_json":"`+strings.Repeat("1", 50000)+`"}`), "a line": strings.Repeat("x", 50000)} {
		parts := []string{begin, open(1, "toolu_1", "find")}
		for range 200 {
			parts = append(parts, part)
		}
		s := serve(t, 200, parts...)
		got, err := ask(t.Context(), s.provider(t, anthropic.Config{}), hello)
		if e, ok := err.(*callwright.Error); !ok || e.Code != callwright.CodeModel || !strings.Contains(e.Message, "too long") || strings.Contains(got, "toolu_1") {
			t.Errorf("%s: got %v, want it too long, and no call", what, err)
		}
		s.Close()
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]callwright.Code{400: callwright.CodeModel, 401: callwright.CodeModel, 404: callwright.CodeModel, 413: callwright.CodeModel,
		429: callwright.CodeUnavailable, 500: callwright.CodeUnavailable, 529: callwright.CodeUnavailable} {
		for _, body := range []string{`{"type":"error","error":{"type":"x","message":"key sk-ant-secret is wrong"}}`, "", "<html>sk-ant-secret</html>"} {
			s := serve(t, status, body)
			_, err := ask(t.Context(), s.provider(t, anthropic.Config{Key: secret.New("sk-ant-secret")}), hello)
			e, ok := err.(*callwright.Error)
			if !ok || e.Code != want || !strings.Contains(e.Message, fmt.Sprint(status)) || strings.Contains(e.Error(), "sk-ant-secret") {
				t.Errorf("%d %s: got %v, want %s and nothing of the answer", status, body, err, want)
			}
			s.Close()
		}
	}
	s := serve(t, 200)
	p := s.provider(t, anthropic.Config{})
	s.Close()
	if _, err := ask(t.Context(), p, hello); callwright.CodeOf(err) != callwright.CodeUnavailable {
		t.Errorf("unreachable: got %v", err)
	}
	stalled := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	defer stalled.Close()
	slow := anthropic.New(anthropic.Config{BaseURL: stalled.URL, Timeout: 50 * time.Millisecond}, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}})
	if _, err := ask(t.Context(), slow, hello); callwright.CodeOf(err) != callwright.CodeTimeout {
		t.Errorf("stalled: got %v", err)
	}
}

// What goes out is what was asked for, to the letter, with what stays the same first.
func TestRequest(t *testing.T) {
	t.Parallel()
	hot := 1.7
	req := llm.Request{
		Model: "big", Instructions: "Be kind.", Context: "It is Monday.", Temperature: &hot,
		Tools: []llm.Tool{{Name: "find", Description: "Find it.", Parameters: json.RawMessage(`{"type":"object","properties":{"a":{"const":12345678901234567890}}}`)}},
		Messages: []llm.Message{
			{Role: llm.Assistant, Content: "Hi!"},
			{Role: llm.User, Content: "Where"},
			{Role: llm.User, Content: "is it?"},
			{Role: llm.Assistant, Content: "Let me look.", ToolCalls: []llm.ToolCall{{ID: "c1", Name: "find", Arguments: json.RawMessage(`{"a":1}`)}, {ID: "c2", Name: "find", Arguments: json.RawMessage(`not JSON`)}}},
			{Role: llm.ToolRole, ToolCallID: "c1", Content: `{"status":"done"}`},
			{Role: llm.ToolRole, ToolCallID: "c2", Content: `{"status":"needs_input"}`},
		},
	}
	const want = `{"model":"big","max_tokens":4096,"stream":true,"temperature":1,` +
		`"tools":[{"name":"find","description":"Find it.","input_schema":{"type":"object","properties":{"a":{"const":12345678901234567890}}}}],` +
		`"system":[{"type":"text","text":"Be kind.","cache_control":{"type":"ephemeral"}}],` +
		`"messages":[{"role":"user","content":[{"type":"text","text":"(The conversation begins.)"}]},{"role":"assistant","content":[{"type":"text","text":"Hi!"}]},` +
		`{"role":"user","content":[{"type":"text","text":"Where"},{"type":"text","text":"is it?"}]},` +
		`{"role":"assistant","content":[{"type":"text","text":"Let me look."},{"type":"tool_use","id":"c1","name":"find","input":{"a":1}},{"type":"tool_use","id":"c2","name":"find","input":{"unreadable":"not JSON"}}]},` +
		`{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"{\"status\":\"done\"}"},{"type":"tool_result","tool_use_id":"c2","content":"{\"status\":\"needs_input\"}"},{"type":"text","text":"[It is Monday.]"}]}]}`
	s := serve(t, 200, begin+text+finish("end_turn"))
	if _, err := ask(t.Context(), s.provider(t, anthropic.Config{Key: secret.New("sk-1"), Model: "default"}), req); err != nil {
		t.Fatal(err)
	}
	if s.bodies[0] != want {
		t.Errorf("body:\n got %s\nwant %s", s.bodies[0], want)
	}
	if s.header.Get("X-Api-Key") != "sk-1" || s.header.Get("Anthropic-Version") != "2023-06-01" {
		t.Errorf("headers: got %v", s.header)
	}
}

// The suite of all models.
func TestContract(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		if strings.Contains(string(body), "A-4471.") {
			_, _ = io.WriteString(w, begin+open(0, "toolu_9", "find_order")+stop(0)+finish("tool_use"))
			return
		}
		_, _ = io.WriteString(w, begin+text+finish("end_turn"))
	}))
	t.Cleanup(s.Close)
	llmtest.Run(t, anthropic.New(anthropic.Config{BaseURL: s.URL}, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}))
}
