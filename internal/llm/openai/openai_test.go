package openai_test

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
	"callwright/internal/llm/llmtest"
	"callwright/internal/llm/openai"
	"callwright/internal/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A server plays its parts as the body of every answer, byte for byte, and keeps
// the requests.
type server struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []string
	header http.Header
}

// serve makes a server that writes the parts one by one, each flushed. The last
// part "…" breaks the connection.
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
		if r.URL.Path != "/v1/chat/completions" || r.Method != http.MethodPost {
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

const cut = "…"

func (s *server) provider(t testing.TB, c openai.Config) *openai.Provider {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	t.Cleanup(transport.CloseIdleConnections)
	c.BaseURL = s.URL + "/v1/"
	return openai.New(c, &http.Client{Transport: transport})
}

// An answer is what came out of a model, in short.
type answer struct {
	text  string
	calls []string // name, arguments
	ids   []string
	usage *llm.Usage
	err   error
}

func (a answer) String() string {
	return fmt.Sprintf("%q %q %v %s", a.text, a.calls, a.usage, callwright.CodeOf(a.err))
}

func ask(ctx context.Context, m llm.Model, req llm.Request) (a answer) {
	for c, err := range m.Generate(ctx, req) {
		if a.err != nil {
			a.text += " AND SOMETHING AFTER THE ERROR"
		}
		a.err = err
		a.text += c.Text
		if c.ToolCall != nil {
			a.calls = append(a.calls, c.ToolCall.Name+string(c.ToolCall.Arguments))
			a.ids = append(a.ids, c.ToolCall.ID)
		}
		if c.Usage != nil {
			a.usage = c.Usage
		}
	}
	return a
}

var hello = llm.Request{Messages: []llm.Message{{Role: llm.User, Content: "hello"}}}

// chunk is one event of a stream: a delta and perhaps a finish reason.
func chunk(delta, finish string) string {
	end := "null"
	if finish != "" {
		end = `"` + finish + `"`
	}
	return `data: {"id":"x","object":"chat.completion.chunk","choices":[{"index":0,"delta":` + delta + `,"finish_reason":` + end + "}]}\n\n"
}

const (
	done  = "data: [DONE]\n\n"
	used  = `data: {"id":"x","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}` + "\n\n"
	call1 = `{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"find","arguments":""}}]}`
)

func arguments(index int, part string) string {
	raw, err := json.Marshal(part)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"tool_calls":[{"index":%d,"function":{"arguments":%s}}]}`, index, raw)
}

func TestStream(t *testing.T) {
	t.Parallel()
	text := chunk(`{"role":"assistant","content":""}`, "") + chunk(`{"content":"Hel"}`, "") + chunk(`{"content":"lo ☎"}`, "")
	call := chunk(call1, "") + chunk(arguments(0, `{"a":`), "") + chunk(arguments(0, `"x"}`), "")
	for name, c := range map[string]struct{ body, want string }{
		"text":                              {text + chunk(`{}`, "stop") + done, `"Hello ☎" [] <nil> `},
		"usage":                             {text + chunk(`{}`, "stop") + used + done, `"Hello ☎" [] &{7 0 3} `},
		"no [DONE]":                         {text + chunk(`{}`, "stop"), `"Hello ☎" [] <nil> `},
		"no last newline":                   {text + chunk(`{}`, "stop") + "data: [DONE]", `"Hello ☎" [] <nil> `},
		"neither [DONE] nor a last newline": {text + strings.TrimSpace(chunk(`{}`, "stop")), `"Hello ☎" [] <nil> `},
		"cut off in the last line":          {text + strings.TrimRight(chunk(`{}`, "stop"), "}]\n"), `"Hello ☎" [] <nil> model_failed`},
		"CRLF":                              {strings.ReplaceAll(text+chunk(`{}`, "stop")+done, "\n", "\r\n"), `"Hello ☎" [] <nil> `},
		"comments":                          {": ping\n\n" + strings.ReplaceAll(text, "\n\n", "\n\n: OPENROUTER PROCESSING\n\n") + chunk(`{}`, "stop") + done, `"Hello ☎" [] <nil> `},
		"a long wait in comments":           {strings.Repeat(": OPENROUTER PROCESSING\n\n", 1000) + text + chunk(`{}`, "stop") + done, `"Hello ☎" [] <nil> `},
		"no space after data":               {strings.ReplaceAll(text+chunk(`{}`, "stop")+done, "data: ", "data:"), `"Hello ☎" [] <nil> `},
		"event lines":                       {strings.ReplaceAll(text+chunk(`{}`, "stop")+done, "data: ", "event: message\nid: 1\ndata: "), `"Hello ☎" [] <nil> `},
		"a call":                            {call + chunk(`{}`, "tool_calls") + done, `"" ["find{\"a\":\"x\"}"] <nil> `},
		"a call that ends in stop":          {call + chunk(`{}`, "stop") + done, `"" ["find{\"a\":\"x\"}"] <nil> `},
		"text and a call":                   {text + call + chunk(`{}`, "tool_calls") + used + done, `"Hello ☎" ["find{\"a\":\"x\"}"] &{7 0 3} `},
		"a call without arguments":          {chunk(call1, "") + chunk(`{}`, "tool_calls") + done, `"" ["find{}"] <nil> `},
		"parallel calls": {chunk(call1, "") + chunk(`{"tool_calls":[{"index":1,"id":"call_2","function":{"name":"book","arguments":"{\"b\""}}]}`, "") +
			chunk(arguments(0, `{"a":1}`), "") + chunk(arguments(1, `:2}`), "") + chunk(`{}`, "tool_calls") + done, `"" ["find{\"a\":1}" "book{\"b\":2}"] <nil> `},
		"whole calls without index": {chunk(`{"tool_calls":[{"id":"a","function":{"name":"find","arguments":"{}"}},{"id":"b","function":{"name":"book","arguments":"{}"}}]}`, "tool_calls") + done,
			`"" ["find{}" "book{}"] <nil> `},
		"whole calls that share an index": {chunk(`{"tool_calls":[{"index":0,"id":"a","function":{"name":"find","arguments":"{}"}}]}`, "") +
			chunk(`{"tool_calls":[{"index":0,"id":"b","function":{"name":"book","arguments":"{}"}}]}`, "tool_calls") + done, `"" ["find{}" "book{}"] <nil> `},
		"the id repeated with every part": {chunk(call1, "") + chunk(`{"tool_calls":[{"index":0,"id":"call_1","function":{"arguments":"{}"}}]}`, "tool_calls") + done, `"" ["find{}"] <nil> `},

		"nothing at all":              {``, `"" [] <nil> model_failed`},
		"cut off before the finish":   {text, `"Hello ☎" [] <nil> model_failed`},
		"DONE before the finish":      {call + done, `"" [] <nil> model_failed`},
		"call cut by its length":      {chunk(call1, "") + chunk(arguments(0, `{"a":`), "length") + done, `"" [] <nil> model_failed`},
		"call cut by a filter":        {chunk(call1, "") + chunk(`{}`, "content_filter") + done, `"" [] <nil> model_failed`},
		"text cut by its length":      {text + chunk(`{}`, "length") + done, `"Hello ☎" [] <nil> `},
		"an error event":              {text + `data: {"error":{"message":"overloaded","type":"server_error"}}` + "\n\n", `"Hello ☎" [] <nil> `},
		"malformed JSON":              {text + "data: {\"choices\":[{\n\n" + done, `"Hello ☎" [] <nil> model_failed`},
		"the wrong type":              {text + `data: {"choices":"none"}` + "\n\n" + done, `"Hello ☎" [] <nil> model_failed`},
		"a page for a stream":         {"<html>Sign in</html>", `"" [] <nil> model_failed`},
		"a whole answer for a stream": {`{"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}`, `"" [] <nil> model_failed`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, 200, c.body)
			got := ask(t.Context(), s.provider(t, openai.Config{Stream: true}), hello)
			if name == "an error event" {
				if got.err == nil || got.text != "Hello ☎" || got.calls != nil {
					t.Errorf("got %s, want the text and an error", got)
				}
				return
			}
			if got.String() != c.want {
				t.Errorf("got  %s (%v)\nwant %s", got, got.err, c.want)
			}
		})
	}
}

// However the network cuts a stream into pieces, the answer is the same.
func TestStreamSplitAnywhere(t *testing.T) {
	t.Parallel()
	body := chunk(`{"content":"Grüße ☎"}`, "") + ": ping\r\n\r\n" + chunk(call1, "") + chunk(arguments(0, `{"a":"é"}`), "") + chunk(`{}`, "tool_calls") + used + done
	const want = `"Grüße ☎" ["find{\"a\":\"é\"}"] &{7 0 3} `
	for i := range len(body) {
		s := serve(t, 200, body[:i], body[i:])
		if got := ask(t.Context(), s.provider(t, openai.Config{Stream: true}), hello); got.String() != want {
			t.Errorf("split at %d: got %s (%v), want %s", i, got, got.err, want)
		}
		s.Close()
	}
	bytes := make([]string, len(body))
	for i := range len(body) {
		bytes[i] = body[i : i+1]
	}
	s := serve(t, 200, bytes...)
	if got := ask(t.Context(), s.provider(t, openai.Config{Stream: true}), hello); got.String() != want {
		t.Errorf("byte by byte: got %s (%v), want %s", got, got.err, want)
	}
}

// A stream says the same however it is written down and however it travels.
func TestStreamWrittenInAnyWay(t *testing.T) {
	t.Parallel()
	text := chunk(`{"role":"assistant","content":""}`, "") + chunk(`{"content":"Grüße "}`, "") + chunk(`{"content":"an 東京 ☎"}`, "")
	call := chunk(call1, "") + chunk(arguments(0, `{"a":`), "") + chunk(arguments(0, `"é\"}"}`), "")
	events := strings.SplitAfter(text+call+chunk(`{}`, "tool_calls")+used+done, "\n\n")
	const want = `"Grüße an 東京 ☎" ["find{\"a\":\"é\\\"}\"}"] &{7 0 3} `
	rapid.Check(t, func(rt *rapid.T) {
		var sb strings.Builder
		for _, ev := range events[:len(events)-1] {
			for range rapid.IntRange(0, 2).Draw(rt, "comments") {
				sb.WriteString(rapid.SampledFrom([]string{": ping\n\n", ":\n", "event: message\n", "id: 7\n", "retry: 10\n", "\n"}).Draw(rt, "comment"))
			}
			if ev == done && rapid.Bool().Draw(rt, "no [DONE]") {
				continue
			}
			if rapid.Bool().Draw(rt, "no space") {
				ev = strings.Replace(ev, "data: ", "data:", 1)
			}
			sb.WriteString(ev)
		}
		body := sb.String()
		if rapid.Bool().Draw(rt, "CRLF") {
			body = strings.ReplaceAll(body, "\n", "\r\n")
		}
		if rapid.Bool().Draw(rt, "no final newline") {
			body = strings.TrimRight(body, "\r\n")
		}
		s := serve(t, 200, pieces(rt, body)...)
		defer s.Close()
		if got := ask(t.Context(), s.provider(t, openai.Config{Stream: true}), hello); got.String() != want {
			rt.Fatalf("got %s (%v), want %s; the body was\n%q", got, got.err, want, body)
		}
	})
}

// pieces cuts a body anywhere, between the bytes of a letter too.
func pieces(rt *rapid.T, body string) []string {
	var out []string
	for body != "" {
		n := rapid.IntRange(1, min(200, len(body))).Draw(rt, "piece")
		out, body = append(out, body[:n]), body[n:]
	}
	return out
}

// An answer without end is given up.
func TestEndlessAnswer(t *testing.T) {
	t.Parallel()
	for what, part := range map[string]string{"text": chunk(`{"content":"`+strings.Repeat("blah ", 10000)+`"}`, ""), "arguments": chunk(arguments(0, strings.Repeat("1", 50000)), ""), "a line": strings.Repeat("x", 50000)} {
		parts := make([]string, 200)
		for i := range parts {
			parts[i] = part
		}
		s := serve(t, 200, parts...)
		got := ask(t.Context(), s.provider(t, openai.Config{Stream: true}), hello)
		if e, ok := got.err.(*callwright.Error); !ok || e.Code != callwright.CodeModel || !strings.Contains(e.Message, "too long") || len(got.calls) != 0 {
			t.Errorf("%s: got %v and %d calls, want it too long", what, got.err, len(got.calls))
		}
		if len(got.text) > 5<<20 {
			t.Errorf("%s: got %d bytes of text", what, len(got.text))
		}
		s.Close()
	}
}

// However a stream is cut off before its finish, no call comes out and the end is
// an error.
func TestStreamCutAnywhere(t *testing.T) {
	t.Parallel()
	body := chunk(`{"content":"Let me see."}`, "") + chunk(call1, "") + chunk(arguments(0, `{"a":1}`), "")
	finish := chunk(`{}`, "tool_calls")
	for i := range len(body) + strings.Index(finish, "tool_calls") {
		for how, parts := range map[string][]string{"closed": {(body + finish)[:i]}, "broken": {(body + finish)[:i], cut}} {
			s := serve(t, 200, parts...)
			got := ask(t.Context(), s.provider(t, openai.Config{Stream: true}), hello)
			if len(got.calls) != 0 || got.err == nil || !strings.HasPrefix("Let me see.", got.text) {
				t.Errorf("%s at %d: got %s, want no call and an error", how, i, got)
			}
			s.Close()
		}
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]callwright.Code{
		400: callwright.CodeModel, 401: callwright.CodeModel, 404: callwright.CodeModel, 422: callwright.CodeModel,
		429: callwright.CodeUnavailable, 500: callwright.CodeUnavailable, 502: callwright.CodeUnavailable, 503: callwright.CodeUnavailable,
	} {
		for _, stream := range []bool{true, false} {
			for _, body := range []string{`{"error":{"message":"key sk-secret is wrong","type":"x","code":"y"}}`, "", "<html>sk-secret</html>", `{"error":"sk-secret"}`, `[]`} {
				s := serve(t, status, body)
				got := ask(t.Context(), s.provider(t, openai.Config{Stream: stream, Key: secret.New("sk-secret")}), hello)
				e, ok := got.err.(*callwright.Error)
				if !ok || e.Code != want || !strings.Contains(e.Message, fmt.Sprint(status)) || strings.Contains(e.Message, "sk-secret") || got.text != "" {
					t.Errorf("%d %s, stream %v: got %v, want %s and nothing of the answer in the message", status, body, stream, got.err, want)
				}
				s.Close()
			}
		}
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	s := serve(t, 200)
	p := s.provider(t, openai.Config{Stream: true})
	s.Close()
	if got := ask(t.Context(), p, hello); callwright.CodeOf(got.err) != callwright.CodeUnavailable {
		t.Errorf("got %v, want unavailable", got.err)
	}
}

// A server that stalls is given up, before its first word or after it.
func TestTimeout(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]string{"before the first word": "", "in the middle": chunk(`{"content":"Let me "}`, "")} {
		release := make(chan struct{})
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(w, first)
			if first != "" {
				w.(http.Flusher).Flush()
			}
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}))
		transport := &http.Transport{DisableKeepAlives: true}
		p := openai.New(openai.Config{BaseURL: s.URL, Stream: true, Timeout: 50 * time.Millisecond}, &http.Client{Transport: transport})
		got := ask(t.Context(), p, hello)
		if callwright.CodeOf(got.err) != callwright.CodeTimeout || len(got.calls) != 0 {
			t.Errorf("%s: got %s, want timeout", name, got)
		}
		if first != "" && got.text != "Let me " {
			t.Errorf("%s: got %q, want what was said", name, got.text)
		}
		close(release)
		s.Close()
	}
}

func TestWhole(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, want string }{
		"text":             {`{"choices":[{"message":{"role":"assistant","content":"Hello."},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}`, `"Hello." [] &{7 0 3} `},
		"calls":            {`{"choices":[{"message":{"content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"find","arguments":"{\"a\":1}"}},{"id":"b","type":"function","function":{"name":"book","arguments":""}}]},"finish_reason":"tool_calls"}]}`, `"" ["find{\"a\":1}" "book{}"] <nil> `},
		"text and a call":  {`{"choices":[{"message":{"content":"Well.","tool_calls":[{"id":"a","type":"function","function":{"name":"find","arguments":"{}"}}]},"finish_reason":"stop"}]}`, `"Well." ["find{}"] <nil> `},
		"a call cut short": {`{"choices":[{"message":{"tool_calls":[{"id":"a","type":"function","function":{"name":"find","arguments":"{\"a\""}}]},"finish_reason":"length"}]}`, `"" [] <nil> model_failed`},
		"no choice":        {`{"choices":[]}`, `"" [] <nil> model_failed`},
		"malformed":        {`{"choices":[`, `"" [] <nil> model_failed`},
		"nothing":          {``, `"" [] <nil> model_failed`},
		"a page":           {`<html></html>`, `"" [] <nil> model_failed`},
		"something else":   {`{"choices":5}`, `"" [] <nil> model_failed`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, 200, c.body)
			if got := ask(t.Context(), s.provider(t, openai.Config{}), hello); got.String() != c.want {
				t.Errorf("got  %s (%v)\nwant %s", got, got.err, c.want)
			}
		})
	}
}

// Calls without an id get one each, and keep the one they have.
func TestCallIDs(t *testing.T) {
	t.Parallel()
	s := serve(t, 200, `{"choices":[{"message":{"tool_calls":[{"id":"mine","function":{"name":"a","arguments":"{}"}},{"function":{"name":"b","arguments":"{}"}},{"function":{"name":"c","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}`)
	got := ask(t.Context(), s.provider(t, openai.Config{}), hello)
	if len(got.ids) != 3 || got.ids[0] != "mine" || got.ids[1] == "" || got.ids[1] == got.ids[2] {
		t.Errorf("ids: got %q, want the first its own and the others new ones", got.ids)
	}
}

// What goes out is what was asked for, to the letter.
func TestRequest(t *testing.T) {
	t.Parallel()
	zero, half := 0.0, 0.5
	req := llm.Request{
		Model: "big", Instructions: "Be kind.", Temperature: &half,
		Tools: []llm.Tool{{Name: "find", Description: "Find it.", Parameters: json.RawMessage(`{"type":"object","properties":{"a":{"const":12345678901234567890}}}`)}},
		Messages: []llm.Message{
			{Role: llm.User, Content: "Where is it?"},
			{Role: llm.Assistant, Content: "Let me look.", ToolCalls: []llm.ToolCall{{ID: "c1", Name: "find", Arguments: json.RawMessage(`{"a":1}`)}, {ID: "c2", Name: "find", Arguments: json.RawMessage(`not JSON`)}}},
			{Role: llm.ToolRole, ToolCallID: "c1", Content: `{"status":"done"}`},
			{Role: llm.ToolRole, ToolCallID: "c2", Content: `{"status":"needs_input"}`},
		},
	}
	const messages = `[{"role":"system","content":"Be kind."},{"role":"user","content":"Where is it?"},` +
		`{"role":"assistant","content":"Let me look.","tool_calls":[{"id":"c1","type":"function","function":{"name":"find","arguments":"{\"a\":1}"}},{"id":"c2","type":"function","function":{"name":"find","arguments":"not JSON"}}]},` +
		`{"role":"tool","content":"{\"status\":\"done\"}","tool_call_id":"c1"},{"role":"tool","content":"{\"status\":\"needs_input\"}","tool_call_id":"c2"}]`
	const tools = `[{"function":{"name":"find","description":"Find it.","parameters":{"type":"object","properties":{"a":{"const":12345678901234567890}}}},"type":"function"}]`
	s := serve(t, 200, `{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}`)
	p := s.provider(t, openai.Config{Key: secret.New("sk-1"), Model: "default"})
	ask(t.Context(), p, req)
	if want := `{"model":"big","messages":` + messages + `,"temperature":0.5,"stream":false,"tools":` + tools + `}`; s.bodies[0] != want {
		t.Errorf("body:\n got %s\nwant %s", s.bodies[0], want)
	}
	if got := s.header.Get("Authorization"); got != "Bearer sk-1" {
		t.Errorf("authorization: got %q", got)
	}
	now := req
	now.Context, now.Key = "It is Monday.", secret.New("theirs")
	ask(t.Context(), p, now)
	if want := strings.Replace(messages, "Where is it?", `Where is it?\n\n[It is Monday.]`, 1); !strings.Contains(s.bodies[1], want) || s.header.Get("Authorization") != "Bearer theirs" {
		t.Errorf("with what holds now and another key: got %s with %s, want %s", s.bodies[1], s.header.Get("Authorization"), want)
	}
	ask(t.Context(), p, hello)
	if want := `{"model":"default","messages":[{"role":"user","content":"hello"}],"stream":false}`; s.bodies[2] != want {
		t.Errorf("body of a plain request:\n got %s\nwant %s", s.bodies[2], want)
	}
	cold := hello
	cold.Temperature = &zero
	ask(t.Context(), p, cold)
	var sent struct{ Temperature *float64 }
	if err := json.Unmarshal([]byte(s.bodies[3]), &sent); err != nil || sent.Temperature == nil || *sent.Temperature > 1e-6 {
		t.Errorf("temperature 0: got %s, want it said, not left to the provider", s.bodies[3])
	}
	st := serve(t, 200, chunk(`{"content":"x"}`, "stop")+done)
	ask(t.Context(), st.provider(t, openai.Config{Stream: true}), hello)
	if want := `{"model":"","messages":[{"role":"user","content":"hello"}],"stream":true,"stream_options":{"include_usage":true}}`; st.bodies[0] != want {
		t.Errorf("body of a streamed request:\n got %s\nwant %s", st.bodies[0], want)
	}
	if got := st.header.Get("Authorization"); got != "" {
		t.Errorf("authorization without a key: got %q, want none", got)
	}
}

// The suite of all models.
func TestContract(t *testing.T) {
	t.Parallel()
	for _, stream := range []bool{true, false} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			call := strings.Contains(string(body), "A-4471.")
			switch {
			case stream && call:
				_, _ = io.WriteString(w, chunk(`{"tool_calls":[{"index":0,"id":"call_9","function":{"name":"find_order","arguments":"{}"}}]}`, "tool_calls")+done)
			case stream:
				_, _ = io.WriteString(w, chunk(`{"content":"Hello"}`, "")+chunk(`{"content":" there"}`, "stop")+used+done)
			case call:
				_, _ = io.WriteString(w, `{"choices":[{"message":{"tool_calls":[{"id":"call_9","function":{"name":"find_order","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}`)
			default:
				_, _ = io.WriteString(w, `{"choices":[{"message":{"content":"Hello there"},"finish_reason":"stop"}]}`)
			}
		}))
		t.Cleanup(s.Close)
		llmtest.Run(t, openai.New(openai.Config{BaseURL: s.URL, Stream: stream}, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}))
	}
}
