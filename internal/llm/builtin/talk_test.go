package builtin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"callwright/internal/llm"
	"callwright/internal/llm/builtin"
	"callwright/internal/llm/llmtest"
)

// monday is the day of all conversations in the tests.
func monday() time.Time { return time.Date(2027, time.March, 1, 10, 0, 0, 0, time.UTC) }

// TestTalk plays the conversations of testdata/talk. Each file has the tools,
// the caller's lines and what the tools answer ("tool {result}" a line, in
// order, the last one again and again); -update writes the transcript.
func TestTalk(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/talk/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d conversations, %v", len(files), err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			playFile(t, name)
		})
	}
}

func playFile(t *testing.T, name string) {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	part := parts(string(raw))
	talk := talk{t: t, req: llm.Request{Now: monday(), Language: "en", Tools: mustTools(t, part["tools.json"])}, results: map[string][]string{}}
	if lang := strings.TrimSpace(part["language"]); lang != "" {
		talk.req.Language = lang
	}
	for line := range strings.Lines(part["results"]) {
		if tool, result, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			talk.results[tool] = append(talk.results[tool], result)
		}
	}
	for line := range strings.Lines(part["before"]) { // what another assistant and the caller said
		who, words, _ := strings.Cut(strings.TrimSpace(line), ": ")
		role := llm.User
		if who == "agent" {
			role = llm.Assistant
		}
		talk.req.Messages = append(talk.req.Messages, llm.Message{Role: role, Content: words})
	}
	for line := range strings.Lines(part["user"]) {
		if line = strings.TrimSpace(line); line != "" {
			talk.turn(line)
		}
	}
	if update(t) {
		head, _, _ := strings.Cut(string(raw), "-- transcript --\n")
		if err := os.WriteFile(name, []byte(head+"-- transcript --\n"+talk.out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got, want := talk.out.String(), part["transcript"]; got != want {
		t.Errorf("got transcript\n%s\nwant\n%s", got, want)
	}
}

// parts reads a txtar archive: "-- name --" begins a part.
func parts(raw string) map[string]string {
	out, name := map[string]string{}, ""
	for line := range strings.Lines(raw) {
		if head, ok := strings.CutPrefix(line, "-- "); ok && strings.HasSuffix(head, " --\n") {
			name = strings.TrimSuffix(head, " --\n")
			continue
		}
		out[name] += line
	}
	return out
}

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write the transcripts of testdata")
	flag.Parse()
	os.Exit(m.Run())
}

func update(t testing.TB) bool {
	t.Helper()
	return flag.Lookup("update").Value.(flag.Getter).Get().(bool)
}

func mustTools(t testing.TB, raw string) []llm.Tool {
	t.Helper()
	var in []struct {
		Name        string          `json:"name"`
		Description string          `json:"description"`
		Parameters  json.RawMessage `json:"parameters"`
	}
	if err := json.Unmarshal([]byte(raw), &in); err != nil {
		t.Fatalf("tools: %v", err)
	}
	var out []llm.Tool
	for _, x := range in {
		out = append(out, llm.Tool{Name: x.Name, Description: x.Description, Parameters: x.Parameters})
	}
	return out
}

// A talk is a conversation with a server that runs what the engine asks for.
type talk struct {
	t       testing.TB
	req     llm.Request
	results map[string][]string
	pending *llm.ToolCall
	calls   int
	out     bytes.Buffer
}

// turn says one line to the engine and carries out its calls, at most eight.
func (k *talk) turn(line string) {
	k.t.Helper()
	fmt.Fprintf(&k.out, "caller: %s\n", line)
	k.req.Messages = append(k.req.Messages, llm.Message{Role: llm.User, Content: line})
	if p := k.pending; p != nil {
		k.pending = nil
		if strings.HasPrefix(strings.ToLower(line), "yes") {
			k.calls++
			again := llm.ToolCall{ID: fmt.Sprintf("confirmed_%d", k.calls), Name: p.Name, Arguments: p.Arguments}
			k.req.Messages = append(k.req.Messages, llm.Message{Role: llm.Assistant, ToolCalls: []llm.ToolCall{again}})
			k.execute(again)
		}
	}
	for range 8 {
		text, calls := mustAnswer(k.t, k.req)
		if text != "" {
			fmt.Fprintf(&k.out, " agent: %s\n", text)
		}
		k.req.Messages = append(k.req.Messages, llm.Message{Role: llm.Assistant, Content: text, ToolCalls: calls})
		for _, c := range calls {
			fmt.Fprintf(&k.out, "  call: %s %s\n", c.Name, c.Arguments)
			k.execute(c)
		}
		if len(calls) == 0 || k.pending != nil {
			return
		}
	}
	k.t.Errorf("after %q: still calling after eight steps", line)
}

func (k *talk) execute(c llm.ToolCall) {
	k.t.Helper()
	raw := `{"status":"done","result":{"ok":true}}`
	if rs := k.results[c.Name]; len(rs) > 0 {
		raw = rs[0]
		if len(rs) > 1 {
			k.results[c.Name] = rs[1:]
		}
	}
	var res llm.ToolResult
	if err := json.Unmarshal([]byte(raw), &res); err != nil || !known(res.Status) {
		raw = `{"status":"done","result":` + raw + `}` // the answer of the tool alone
	}
	k.req.Messages = append(k.req.Messages, llm.Message{Role: llm.ToolRole, ToolCallID: c.ID, Content: raw})
	if res.Status == llm.StatusConfirmation {
		k.pending = &c
		fmt.Fprintf(&k.out, "server: %s\n", res.Say)
		k.req.Messages = append(k.req.Messages, llm.Message{Role: llm.Assistant, Content: res.Say})
	}
}

func known(s llm.ToolStatus) bool {
	switch s {
	case llm.StatusDone, llm.StatusQueued, llm.StatusNeedsInput, llm.StatusConfirmation, llm.StatusDeclined, llm.StatusVerification, llm.StatusRefused, llm.StatusFailed, llm.StatusUnknown:
		return true
	}
	return false
}

func mustAnswer(t testing.TB, req llm.Request) (string, []llm.ToolCall) {
	t.Helper()
	var text strings.Builder
	var calls []llm.ToolCall
	for c, err := range builtin.New().Generate(context.Background(), req) {
		if err != nil {
			t.Fatalf("got error %v", err)
		}
		text.WriteString(c.Text)
		if c.ToolCall != nil {
			calls = append(calls, *c.ToolCall)
		}
	}
	return text.String(), calls
}

func TestContract(t *testing.T) {
	t.Parallel()
	llmtest.Run(t, builtin.New())
}
