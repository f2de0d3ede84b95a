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
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, archive)
			for i, f := range archive.Files {
				if f.Name != "transcript" {
					continue
				}
				if want := string(f.Data); got != want && !*update {
					t.Errorf("got transcript\n%s\nwant\n%s", got, want)
				}
				archive.Files[i].Data = []byte(got)
			}
			if *update {
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func play(t *testing.T, archive *txtar.Archive) string {
	t.Helper()
	files := map[string]string{}
	for _, f := range archive.Files {
		files[f.Name] = string(f.Data)
	}
	partnerAnswers := strings.Split(strings.TrimSpace(files["partner"]), "\n")
	served := 0
	p := newPartner(t, func(w http.ResponseWriter, _ *http.Request) {
		status, body, _ := strings.Cut(partnerAnswers[min(served, len(partnerAnswers)-1)], " ")
		served++
		w.Header().Set("Content-Type", "application/json")
		code := 0
		fmt.Sscan(status, &code)
		w.WriteHeader(code)
		fmt.Fprint(w, body)
	})
	s := start(t, func(o *app.Options) {
		// Dates near to now are told with their weekday, so now must stand still.
		began := time.Now()
		o.Now = func() time.Time {
			return time.Date(2026, time.November, 20, 15, 0, 0, 0, time.UTC).Add(time.Since(began))
		}
	})
	var spec map[string]any
	var skills []json.RawMessage
	decode := func(name string, v any) {
		if err := json.Unmarshal([]byte(strings.ReplaceAll(files[name], "PARTNER", p.URL)), v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	decode("agent.json", &spec)
	decode("skills.json", &skills)
	agent := s.agent(spec)
	names := []string{"AGENT", agent}
	for _, sk := range skills {
		var named struct{ Name string }
		if err := json.Unmarshal(sk, &named); err != nil {
			t.Fatal(err)
		}
		names = append(names, "ID("+named.Name+")", s.skill(agent, string(sk)))
	}
	for file, path := range map[string]string{"guardrails.json": "/guardrails", "verification.json": "/caller-verification"} {
		if rules := files[file]; rules != "" {
			s.must("PUT", "/agents/"+agent+path, strings.NewReplacer(names...).Replace(rules), nil)
		}
	}
	s.publish(agent)
	c := s.chat(agent, false)
	var out strings.Builder
	seen := 0
	for _, words := range strings.Split(strings.TrimSpace(files["user"]), "\n") {
		words = strings.ReplaceAll(words, "CODE", lastCode(p))
		fmt.Fprintf(&out, "caller: %s\n", words)
		r := c.say(words)
		for _, call := range r.calls(t) {
			fmt.Fprintf(&out, "  [%s %s: %s%s]\n", call.Tool, call.Arguments, call.State, strings.TrimRight(" "+string(call.Code), " "))
			if call.State == "queued" { // it goes on by itself, so its request may be still to come
				for len(p.received()) == seen {
					<-p.arrived
				}
			}
		}
		for _, req := range p.received()[seen:] {
			fmt.Fprintf(&out, "  [%s %s %s]\n", req.Method, req.URL.RequestURI(), req.Body)
			seen++
		}
		for _, m := range r.Messages {
			fmt.Fprintf(&out, "agent: %s\n", m.Content)
		}
	}
	if code := lastCode(p); code != "" { // another one each time
		return strings.ReplaceAll(out.String(), code, "CODE")
	}
	return out.String()
}

// lastCode is the one-time code that the partner was sent last; "" when there is none.
func lastCode(p *partner) string {
	code := ""
	for _, r := range p.received() {
		var body struct{ Code string }
		if json.Unmarshal([]byte(r.Body), &body) == nil && body.Code != "" {
			code = body.Code
		}
	}
	return code
}
