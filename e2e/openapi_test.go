package e2e_test

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestLinters: the document satisfies Redocly's recommended rules, warnings too, and
// Spectral's for OpenAPI. A document that is broken does not, so they do judge.
func TestLinters(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile("../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	if err := os.WriteFile(broken, bytes.Replace(good, []byte("schemas/Problem"), []byte("schemas/Nothing"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"redocly":  {"lint", "--config", "openapi/redocly.yaml"},
		"spectral": {"lint", "--ruleset", "openapi/spectral.yaml", "--fail-severity", "warn"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			program := "openapi/node_modules/.bin/" + name
			if _, err := os.Stat(program); err != nil {
				t.Fatalf("%s is not installed: run make parts, or npm ci --prefix e2e/openapi", name)
			}
			lint := func(path string) (string, error) {
				cmd := exec.CommandContext(t.Context(), program, append(args, path)...)
				// It needs no network: whatever it tries to reach fails at once.
				cmd.Env = append(os.Environ(), "REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true", "HTTP_PROXY=http://127.0.0.1:9", "HTTPS_PROXY=http://127.0.0.1:9")
				out, err := cmd.CombinedOutput()
				return string(out), err
			}
			if out, err := lint("../docs/openapi.yaml"); err != nil {
				t.Errorf("%v: %s", err, out)
			}
			if out, err := lint(broken); err == nil || !strings.Contains(out, "Nothing") {
				t.Errorf("a broken document: got %v, want an error about the reference: %s", err, out)
			}
		})
	}
}

// TestExamplesWork sends the examples of the document as they are, with ids that
// exist: each is answered as the document says.
func TestExamplesWork(t *testing.T) {
	t.Parallel()
	s, p := start(t), newPartner(t, answers(inWarranty))
	sent := 0
	for _, op := range operations(t, s.url) {
		if op.example == "" {
			continue
		}
		sent++
		w := s.worldWith("Acme, "+op.name(), p.URL)
		if r := s.try(w.key, op.method, w.fill(t, op.path), w.own(op.example)); r.status != op.status {
			t.Errorf("%s with %s: want %d, got %d %s", op.name(), w.own(op.example), op.status, r.status, r.body)
		}
	}
	if sent < 10 {
		t.Errorf("%d examples were sent; the document should have more", sent)
	}
	if n := len(p.received()); n != 3 { // the message, the completion and the simulation ask for the skill
		t.Errorf("the partner was asked %d times, want 3", n)
	}
}

// TestSlowBody: a body that does not arrive is waited for so long, and the answer
// says why.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	s := start(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("POST /api/v1/agents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + s.key + "\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")); err != nil {
		t.Fatal(err)
	}
	r := mustResponse(t, conn)
	s.judge(http.MethodPost, "/agents", r)
	if r.status != 408 || r.problem(t).Code != "request_timeout" {
		t.Errorf("want 408 request_timeout, got %d %s", r.status, r.body)
	}
}
