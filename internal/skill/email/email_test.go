package email_test

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/mail"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"callwright"
	"callwright/internal/skill"
	"callwright/internal/skill/email"
	"callwright/internal/skill/skilltest"
	"callwright/internal/store/pgtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const canary = "mail-canary-4471"

// A scripted server is e2e/mail/scripted.mjs.
type scripted struct {
	port  int
	ca    string
	taken chan taken
}

type taken struct {
	From   string
	To     []string
	Secure bool
	Text   string
}

// mustServe starts a scripted server. A machine without it fails; make parts installs
// what it needs.
func mustServe(t testing.TB, environment ...string) *scripted {
	t.Helper()
	cmd := exec.Command("node", "../../../e2e/mail/scripted.mjs")
	cmd.Env = append(os.Environ(), environment...)
	cmd.Stderr = t.Output()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &scripted{taken: make(chan taken, 1000)}
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 16<<20)
	var ready struct{ Port int }
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &ready) != nil {
		t.Fatalf("the scripted mail server does not start (make parts installs it)")
	}
	s.port = ready.Port
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines.Scan() {
			var m taken
			if json.Unmarshal(lines.Bytes(), &m) == nil {
				s.taken <- m
			}
		}
	}()
	t.Cleanup(func() {
		stdin.Close()
		<-ended
		cmd.Wait()
	})
	return s
}

// secure starts one that speaks TLS, with a password.
func secure(t testing.TB, environment ...string) *scripted {
	t.Helper()
	dir := t.TempDir()
	ca, err := pgtest.Certificate(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := mustServe(t, append(environment, "KEY="+dir+"/server.key", "CERT="+dir+"/server.crt", "PASSWORD="+canary)...)
	s.ca = ca
	return s
}

func dial(ctx context.Context, network, address string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, address)
}

func mustParse(t testing.TB, address string, ca string) *email.Server {
	t.Helper()
	s, err := email.ParseServer(address, "Acme <no-reply@acme.example>", dial)
	if err != nil {
		t.Fatal(err)
	}
	if ca != "" {
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM([]byte(ca))
		s.Trust(roots)
	}
	return s
}

func plain(t testing.TB, s *scripted) *email.Server {
	return mustParse(t, fmt.Sprintf("smtp+plain://127.0.0.1:%d", s.port), "")
}

func mustOpen(t testing.TB, server *email.Server, settings map[string]any) skill.Executor {
	t.Helper()
	raw, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	x, err := email.Kind(server).Open(raw)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func settings() map[string]any {
	return map[string]any{"to": "team@acme.example, {customer_email}", "subject": "Call back {name}", "intro": "Please call {name} back.", "reply_to": "{customer_email}", "from_name": "Acme desk"}
}

func goodCall() skill.Call {
	return skill.Call{Org: "org_1", Agent: "agt_1", Conversation: "cnv_1", Skill: "skl_1", Run: "run_1", Channel: callwright.Chat, IdempotencyKey: "key-1", Write: true,
		Fields: map[string]any{"customer_email": "ada@example.com", "name": "Zoë Müller", "party_size": json.Number("4"), "vegan": true}}
}

func TestContract(t *testing.T) {
	t.Parallel()
	server := secure(t)
	one := func(name string, v any) map[string]any { return map[string]any{name: v} }
	skilltest.Run(t, skilltest.Fixture{
		Kind: func(t testing.TB, _ *slog.Logger) skill.Kind {
			return email.Kind(mustParse(t, fmt.Sprintf("smtp://desk:%s@127.0.0.1:%d", canary, server.port), server.ca))
		},
		Settings: func(skilltest.Partner) map[string]any { return settings() },
		Bad: []skilltest.Bad{
			{Name: "nothing", Change: map[string]any{"to": nil, "subject": nil}, Fields: []string{"to", "subject"}},
			{Name: "no address", Change: one("to", "team"), Fields: []string{"to"}},
			{Name: "an empty address", Change: one("to", "a@acme.example,"), Fields: []string{"to"}},
			{Name: "many addresses", Change: one("to", strings.Repeat("a@acme.example,", 10)+"b@acme.example"), Fields: []string{"to"}},
			{Name: "empty subject", Change: one("subject", " "), Fields: []string{"subject"}},
			{Name: "two lines of subject", Change: one("subject", "a\r\nBcc: x@evil.example"), Fields: []string{"subject"}},
			{Name: "two lines of sender", Change: one("from_name", "a\nb"), Fields: []string{"from_name"}},
			{Name: "reply address", Change: one("reply_to", "nobody"), Fields: []string{"reply_to"}},
			{Name: "templates", Change: map[string]any{"to": "{", "subject": "{a", "intro": "}", "reply_to": "{x y}"}, Fields: []string{"to", "subject", "intro", "reply_to"}},
		},
		Call: goodCall(), Data: `{"sent":true}`, Canaries: []string{canary},
	})
}

// What arrives at a real mail server is what was meant, as text and as HTML.
func TestArrives(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]struct {
		scheme      string
		environment []string
	}{"STARTTLS": {"smtp", nil}, "TLS": {"smtps", []string{"SECURE=yes"}}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := secure(t, s.environment...)
			x := mustOpen(t, mustParse(t, fmt.Sprintf("%s://desk:%s@127.0.0.1:%d", s.scheme, canary, server.port), server.ca), settings())
			got, err := x.Execute(t.Context(), goodCall())
			if err != nil || !got.Sent || string(got.Data) != `{"sent":true}` {
				t.Fatalf("got %+v, %v", got, err)
			}
			m := <-server.taken
			if m.From != "no-reply@acme.example" || strings.Join(m.To, " ") != "team@acme.example ada@example.com" || !m.Secure {
				t.Errorf("envelope: got %+v", m)
			}
			msg, err := mail.ReadMessage(strings.NewReader(m.Text))
			if err != nil {
				t.Fatal(err)
			}
			for header, want := range map[string]string{"From": `"Acme desk" <no-reply@acme.example>`, "Reply-To": "<ada@example.com>", "Subject": "=?UTF-8?q?Call_back_Zo=C3=AB_M=C3=BCller?=", "Auto-Submitted": "auto-generated",
				"Message-Id": "<b5cc17d3a35877ca8b76f0b2e07497039@acme.example>", "X-Mailer": "", "User-Agent": "", "Bcc": ""} {
				if got := msg.Header.Get(header); got != want && header != "Message-Id" || header == "Message-Id" && !strings.HasSuffix(got, "@acme.example>") {
					t.Errorf("%s: got %q, want %q", header, got, want)
				}
			}
			for _, want := range []string{"Please call Zo=C3=AB M=C3=BCller back.", "Customer email: ada@example.com", "Party size: 4", "Vegan: yes", "<td>4</td>", "multipart/alternative"} {
				if !strings.Contains(strings.ReplaceAll(m.Text, "=\r\n", ""), want) {
					t.Errorf("the message has no %q:\n%s", want, m.Text)
				}
			}
		})
	}
}

// A refusal in words is told in the receipt; what may succeed later says so; and only
// what broke after the message was handed over is in doubt.
func TestRefusals(t *testing.T) {
	t.Parallel()
	server := mustServe(t)
	for to, want := range map[string]struct {
		code        callwright.Code
		status      int
		later, sent bool
		says        string
	}{
		"refuse@acme.example":   {callwright.CodeRemoteStatus, 550, false, false, "550 5.1.1 No such user here"},
		"greylist@acme.example": {callwright.CodeRemoteStatus, 451, true, false, "451 4.7.1 Greylisted, come back later"},
		"full@acme.example":     {callwright.CodeRemoteStatus, 452, true, false, "452 4.3.1 Out of space"},
		"bad@acme.example":      {callwright.CodeRemoteStatus, 554, false, false, "554 5.7.1 Looks like spam"},
		"drop@acme.example":     {callwright.CodeUnreachable, 0, true, false, "before the message was handed over"},
		"hangup@acme.example":   {callwright.CodeConnection, 0, false, true, "not known"},
	} {
		got, err := mustOpen(t, plain(t, server), map[string]any{"to": to, "subject": "S"}).Execute(t.Context(), goodCall())
		e, ok := errors.AsType[*callwright.Error](err)
		if !ok || e.Code != want.code || got.Status != want.status || got.Later != want.later || got.Sent != want.sent || !strings.Contains(e.Message, want.says) || len(got.Request) == 0 {
			t.Errorf("%s: got %v (status %d, later %v, sent %v); want %+v", to, err, got.Status, got.Later, got.Sent, want)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	got, err := mustOpen(t, plain(t, server), map[string]any{"to": "slow@acme.example", "subject": "S"}).Execute(ctx, goodCall())
	if callwright.CodeOf(err) != callwright.CodeTimeout || got.Sent || !got.Later {
		t.Errorf("a server that does not answer: got %v (later %v, sent %v), want timeout, later", err, got.Later, got.Sent)
	}
	if got, err = mustOpen(t, nil, settings()).Execute(t.Context(), goodCall()); callwright.CodeOf(err) != callwright.CodeUnavailable || got.Sent || !strings.Contains(err.Error(), "--smtp-url") {
		t.Errorf("without a mail server: got %v, want unavailable that names the flag", err)
	}
}

// Nothing is sent over a line that is not as private as it was asked to be.
func TestTLSIsNotOptional(t *testing.T) {
	t.Parallel()
	open, closed := mustServe(t), secure(t)
	for name, server := range map[string]*email.Server{
		"no STARTTLS":       mustParse(t, fmt.Sprintf("smtp://desk:%s@127.0.0.1:%d", canary, open.port), ""),
		"no TLS":            mustParse(t, fmt.Sprintf("smtps://desk:%s@127.0.0.1:%d", canary, open.port), ""),
		"unknown authority": mustParse(t, fmt.Sprintf("smtp://desk:%s@127.0.0.1:%d", canary, closed.port), ""),
		"another name":      mustParse(t, fmt.Sprintf("smtp://desk:%s@localhost:%d", canary, closed.port), closed.ca),
		"wrong password":    mustParse(t, fmt.Sprintf("smtp://desk:wrong-canary@127.0.0.1:%d", closed.port), closed.ca),
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		got, err := mustOpen(t, server, settings()).Execute(ctx, goodCall())
		cancel()
		if err == nil || got.Sent || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: got sent %v, %v; want an error without the password", name, got.Sent, err)
		}
	}
	if len(open.taken)+len(closed.taken) != 0 {
		t.Error("a message arrived")
	}
}

func TestParseServer(t *testing.T) {
	t.Parallel()
	for address, says := range map[string]string{"": "smtp://", "mail.example.com:25": "must", "http://x": "must begin", "smtp://": "must be like", "smtp://x:99999": "port", "smtp://x/path": "must be like", "smtp+plain://u:hunter2@x": "without TLS"} {
		if _, err := email.ParseServer(address, "a@b.example", dial); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: got %v, want %q", address, err, says)
		}
	}
	if _, err := email.ParseServer("smtp://x", "nobody", dial); err == nil || !strings.Contains(err.Error(), "--smtp-from") {
		t.Errorf("no sender: got %v, want one that names --smtp-from", err)
	}
}

// Whatever a caller says, there is one message to the recipients that were meant, with
// the headers that were meant, and the words are in it as words.
func TestInjection(t *testing.T) {
	t.Parallel()
	server := mustServe(t)
	x := mustOpen(t, plain(t, server), map[string]any{"to": "team@acme.example", "subject": "About {topic}", "intro": "{topic}", "from_name": "Desk"})
	blocks := []string{"\r\n", "\n", "\r", "Bcc: evil@evil.example", "\r\n.\r\n", "MAIL FROM:<x@y>", "DATA", "=?UTF-8?Q?x?=", "<script>alert(1)</script>", "&amp;", "\"", "'", "\x00", "\u2028", "\u202e", "é", ",", ";", "evil@evil.example", "{topic}", "--", "Content-Type: text/html", "%0d%0a", "💩", " "}
	r := rand.New(rand.NewPCG(4, 2))
	call := goodCall()
	for range 300 {
		var sb strings.Builder
		for range 1 + r.IntN(6) {
			sb.WriteString(blocks[r.IntN(len(blocks))])
		}
		call.Fields = map[string]any{"topic": sb.String(), "note\r\nBcc: x": "v"}
		if _, err := x.Execute(t.Context(), call); err != nil {
			t.Fatalf("%q: %v", sb.String(), err)
		}
		m := <-server.taken
		if strings.Join(m.To, " ") != "team@acme.example" {
			t.Fatalf("%q: went to %v", sb.String(), m.To)
		}
		msg, err := mail.ReadMessage(strings.NewReader(m.Text))
		if err != nil {
			t.Fatalf("%q: %v", sb.String(), err)
		}
		for name := range msg.Header {
			switch name {
			case "From", "To", "Subject", "Date", "Message-Id", "Mime-Version", "Content-Type", "Auto-Submitted":
			default:
				t.Fatalf("%q: has the header %s", sb.String(), name)
			}
		}
		body, err := io.ReadAll(msg.Body)
		_, html, found := strings.Cut(string(body), "<!DOCTYPE html>")
		if err != nil || !found || strings.Contains(html, "<script") {
			t.Fatalf("%q: the HTML has markup of the caller's: %v", sb.String(), err)
		}
	}
	if len(server.taken) != 0 {
		t.Errorf("%d more messages arrived", len(server.taken))
	}
	to := mustOpen(t, plain(t, server), map[string]any{"to": "{address}", "subject": "S"})
	for _, bad := range []string{"", "a", "a@b.example,c@d.example", "a@b.example\r\nBcc: c@d.example", "a@b.example;c@d.example", "<a@b.example>", "A <a@b.example>", "a@b.example c@d.example", "\"a,b\"@c.example", "a@b.example\x00", strings.Repeat("a", 300) + "@b.example"} {
		call.Fields = map[string]any{"address": bad}
		if got, err := to.Execute(t.Context(), call); callwright.CodeOf(err) != callwright.CodeValidation || got.Sent {
			t.Errorf("%q: got %v, want it refused", bad, err)
		}
	}
}
