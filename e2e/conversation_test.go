package e2e_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"callwright/internal/app"
)

var update = flag.Bool("update", false, "rewrite the transcripts")

// TestConversations plays every conversation of testdata on the built-in engine.
// A file has the agent and its skills as the API takes them (PARTNER stands for
// the partner's address, ID(name) for the id of a skill), its guardrails and how it
// verifies callers if need be, what the partner answers, what the caller says, and the
// transcript, with what left and how each call ended.
func TestConversations(t *testing.T) {
	t.Parallel()
	for _, path := range scripts(t, "testdata/*.txtar") {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			s := readScript(t, path)
			s.check(t, newStage(t, s).play(t, s.user).transcript)
		})
	}
}

// scripts are the paths of conversations.
func scripts(t testing.TB, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	return files
}

// A script is a conversation that is written down.
type script struct {
	path    string
	archive *txtar.Archive
	files   map[string]string
	user    []string // what the caller says
}

// readScript reads a conversation. One without an agent has that of its trade, the first
// word of its name, from the folder agents beside it.
func readScript(t testing.TB, path string) script {
	t.Helper()
	s := script{path: path, files: map[string]string{}}
	read := func(path string) *txtar.Archive {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			s.files[f.Name] = string(f.Data)
		}
		return archive
	}
	s.archive = read(path)
	if s.files["agent.json"] == "" {
		read(filepath.Join(filepath.Dir(path), "agents", s.trade()+".txtar"))
	}
	s.user = strings.Split(strings.TrimSpace(s.files["user"]), "\n")
	return s
}

// trade is the first word of a conversation's name.
func (s script) trade() string {
	trade, _, _ := strings.Cut(filepath.Base(s.path), "_")
	return trade
}

// check compares a transcript with the one that is written down, or writes it down.
func (s script) check(t testing.TB, got string) {
	t.Helper()
	for i, f := range s.archive.Files {
		if f.Name != "transcript" {
			continue
		}
		if want := string(f.Data); got != want && !*update {
			t.Errorf("got transcript\n%s\nwant\n%s", got, want)
		}
		s.archive.Files[i].Data = []byte(got)
	}
	if *update {
		if err := os.WriteFile(s.path, txtar.Format(s.archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// A stage is a chat with the agent of a script, and what its partner gets.
type stage struct {
	chat     chat
	arrived  chan struct{}
	received func() []received
}

// newStage makes a stage on a server of its own.
func newStage(t *testing.T, sc script, change ...func(*app.Options)) *stage {
	t.Helper()
	p := newPartner(t, sc.partner())
	s := start(t, append([]func(*app.Options){standingStill}, change...)...)
	return &stage{s.chat(s.cast(sc, p.URL, ""), false), p.arrived, p.received}
}

// standingStill makes a server begin at one instant: dates near to now are told with
// their weekday.
func standingStill(o *app.Options) {
	began := time.Now()
	o.Now = func() time.Time {
		return time.Date(2026, time.November, 20, 15, 0, 0, 0, time.UTC).Add(time.Since(began))
	}
}

// partner answers as the script says, line by line, the last one again and again.
func (sc script) partner() http.HandlerFunc {
	lines := strings.Split(strings.TrimSpace(sc.files["partner"]), "\n")
	served := 0
	return func(w http.ResponseWriter, _ *http.Request) {
		status, body, _ := strings.Cut(lines[min(served, len(lines)-1)], " ")
		served++
		w.Header().Set("Content-Type", "application/json")
		code := 0
		fmt.Sscan(status, &code)
		w.WriteHeader(code)
		fmt.Fprint(w, body)
	}
}

// cast makes the agent of a script, with another model unless that is empty.
func (s *server) cast(sc script, partner, model string) (agent string) {
	s.t.Helper()
	var spec map[string]any
	var skills []json.RawMessage
	decode := func(name string, v any) {
		if err := json.Unmarshal([]byte(strings.ReplaceAll(sc.files[name], "PARTNER", partner)), v); err != nil {
			s.t.Fatalf("%s: %v", name, err)
		}
	}
	decode("agent.json", &spec)
	decode("skills.json", &skills)
	if model != "" {
		spec["llmModel"] = model
		spec["name"] = fmt.Sprint(spec["name"], " of ", model)
	}
	agent = s.agent(spec)
	names := []string{"AGENT", agent}
	for _, sk := range skills {
		var named struct{ Name string }
		if err := json.Unmarshal(sk, &named); err != nil {
			s.t.Fatal(err)
		}
		names = append(names, "ID("+named.Name+")", s.skill(agent, string(sk)))
	}
	for file, path := range map[string]string{"guardrails.json": "/guardrails", "verification.json": "/caller-verification"} {
		if rules := sc.files[file]; rules != "" {
			s.must("PUT", "/agents/"+agent+path, strings.NewReplacer(names...).Replace(rules), nil)
		}
	}
	s.publish(agent)
	return agent
}

// A performance is a conversation that was played.
type performance struct {
	transcript string
	turns      []reply
}

// play says the lines of a caller.
func (s *stage) play(t *testing.T, lines []string) (got performance) {
	t.Helper()
	var out strings.Builder
	seen := len(s.received())
	for _, words := range lines {
		words = strings.ReplaceAll(words, "CODE", lastCode(s.received()))
		fmt.Fprintf(&out, "caller: %s\n", words)
		r := s.chat.say(words)
		got.turns = append(got.turns, r)
		for _, call := range r.calls(t) {
			fmt.Fprintf(&out, "  [%s %s: %s%s]\n", call.Tool, call.Arguments, call.State, strings.TrimRight(" "+string(call.Code), " "))
			if call.State == "queued" { // it goes on by itself, so its request may be still to come
				for len(s.received()) == seen {
					<-s.arrived
				}
			}
		}
		for _, req := range s.received()[seen:] {
			fmt.Fprintf(&out, "  [%s %s %s]\n", req.Method, req.URL.RequestURI(), req.Body)
			seen++
		}
		for _, m := range r.Messages {
			fmt.Fprintf(&out, "agent: %s\n", m.Content)
		}
	}
	got.transcript = out.String()
	if code := lastCode(s.received()); code != "" { // another one each time
		got.transcript = strings.ReplaceAll(got.transcript, code, "CODE")
	}
	return got
}

// lastCode is the one-time code that the partner was sent last; "" when there is none.
func lastCode(all []received) string {
	code := ""
	for _, r := range all {
		var body struct{ Code string }
		if json.Unmarshal([]byte(r.Body), &body) == nil && body.Code != "" {
			code = body.Code
		}
	}
	return code
}
