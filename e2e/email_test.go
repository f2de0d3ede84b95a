package e2e_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"callwright"
	"callwright/internal/app"
	"callwright/internal/secret"
)

// A mailServer is a program of e2e/mail that ends with the test.
func mailServer(t *testing.T, ready string, args ...string) *bufio.Scanner {
	t.Helper()
	cmd := exec.Command("node", args...)
	cmd.Dir = "mail"
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
	t.Cleanup(func() {
		stdin.Close()
		cmd.Process.Kill()
		cmd.Wait()
	})
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if strings.Contains(lines.Text(), ready) {
			return lines
		}
	}
	t.Fatal("the mail server does not start (make parts installs it)")
	return nil
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

const callBack = `{"name":"Request a call back","description":"Use when a caller wants to be called back.","skillType":"email","isWrite":true,
"parametersSchema":{"type":"object","properties":{"name":{"type":"string","format":"person-name","description":"The caller's name"},"phone":{"type":"string","format":"phone","description":"The number to call"}},"required":["name","phone"]},
"executionConfig":{"to":"TO","subject":"Call back {name}","intro":"Please call {name} back.","from_name":"Acme desk"}}`

// A message that a conversation led to arrives at a real mail server.
func TestEmail(t *testing.T) {
	t.Parallel()
	smtp, web := freePort(t), freePort(t)
	mailServer(t, "Ctrl+C", "node_modules/maildev/dist/bin/maildev.js", "--smtp", fmt.Sprint(smtp), "--web", fmt.Sprint(web), "--ip", "127.0.0.1", "--web-ip", "127.0.0.1")
	s := start(t, func(o *app.Options) {
		o.SMTP, o.SMTPFrom = secret.New(fmt.Sprintf("smtp+plain://127.0.0.1:%d", smtp)), "no-reply@acme.example"
	})
	agent := s.agent(map[string]any{"name": "Desk"})
	s.skill(agent, strings.ReplaceAll(callBack, "TO", "team@acme.example"))
	s.publish(agent)
	c := s.chat(agent, false)
	var said []string
	for _, words := range []string{"I want to request a call back", "Zoë Müller", "It's 212 555 0123"} {
		said = append(said, "caller: "+words, "agent: "+c.say(words).text())
	}
	t.Log(strings.Join(said, "\n"))
	res, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/api/email", web))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var mails []struct {
		Subject, Text, HTML string
		From, To            []struct{ Name, Address string }
	}
	if err := json.NewDecoder(res.Body).Decode(&mails); err != nil || len(mails) != 1 {
		t.Fatalf("got %+v, %v; want one message", mails, err)
	}
	m := mails[0]
	if m.Subject != "Call back Zoë Müller" || m.From[0].Name != "Acme desk" || m.From[0].Address != "no-reply@acme.example" || m.To[0].Address != "team@acme.example" ||
		!strings.Contains(m.Text, "Please call Zoë Müller back.") || !strings.Contains(m.Text, "Phone: +12125550123") || !strings.Contains(m.HTML, "<td>&#43;12125550123</td>") {
		t.Errorf("got %+v", m)
	}
	receipt := string(s.try(s.key, "GET", "/conversations/"+c.id+"/receipt", nil).body)
	if !strings.Contains(receipt, "Please call Zoë Müller back.") || !strings.Contains(receipt, "team@acme.example") {
		t.Errorf("the receipt does not show the message: %s", receipt)
	}
}

// A message that is put off is sent by itself when it is due, also by a server that
// was not there when it was written; one that is refused is told at once.
func TestEmailIsSentLater(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		lines := mailServer(t, "", "scripted.mjs")
		var ready struct{ Port int }
		if err := json.Unmarshal(lines.Bytes(), &ready); err != nil {
			t.Fatal(err)
		}
		arrived := make(chan string, 10)
		go func() {
			for lines.Scan() {
				arrived <- lines.Text()
			}
		}()
		var ahead atomic.Int64 // of the clock
		data := t.TempDir()
		options := func(o *app.Options) {
			o.Data, o.DatabaseURL = data, secret.New(address)
			o.SMTP, o.SMTPFrom = secret.New(fmt.Sprintf("smtp+plain://127.0.0.1:%d", ready.Port)), "no-reply@acme.example"
			o.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
		}
		var run callwright.Run
		t.Run("put off", func(t *testing.T) {
			s := start(t, options)
			agent := s.agent(map[string]any{"name": "Desk"})
			s.skill(agent, strings.ReplaceAll(callBack, "TO", "greylist@acme.example"))
			s.skill(agent, strings.NewReplacer("TO", "refuse@acme.example", "Request a call back", "Complain", "wants to be called back", "wants to complain").Replace(callBack))
			s.publish(agent)
			c := s.chat(agent, false)
			for _, words := range []string{"I want to request a call back", "Zoë Müller", "212 555 0123"} {
				if r := c.say(words); words[0] == '2' && !strings.Contains(r.text(), "taken care of") {
					t.Errorf("got %q, want it to be under way", r.text())
				}
			}
			var runs []callwright.Run
			s.must("GET", "/skill-runs?state=queued", nil, &runs)
			if len(runs) != 1 || runs[0].Attempts != 1 || runs[0].NextAt == 0 || runs[0].Code != callwright.CodeRemoteStatus {
				t.Fatalf("queued: got %+v, want the run with its next attempt", runs)
			}
			run = runs[0]
			refused := s.chat(agent, false)
			for _, words := range []string{"I want to complain", "Zoë Müller", "212 555 0123"} {
				refused.say(words)
			}
			if receipt := string(s.try(s.key, "GET", "/conversations/"+refused.id+"/receipt", nil).body); !strings.Contains(receipt, "550 5.1.1 No such user here") {
				t.Errorf("the receipt does not tell the refusal: %s", receipt)
			}
		})
		ahead.Store(int64(time.Hour)) // with the second attempt put off as well, the third is in five minutes
		t.Run("sent", func(t *testing.T) {
			s := start(t, options)
			s.key = s.newKey("Acme", callwright.Scopes()...)
			for {
				var now callwright.Run
				var all []callwright.Run
				s.must("GET", "/skill-runs", nil, &all)
				for _, r := range all {
					if r.ID == run.ID {
						now = r
					}
				}
				if now.State == callwright.RunQueued && now.Attempts == 2 {
					ahead.Store(int64(3 * time.Hour))
				}
				if now.State == callwright.RunDone {
					break
				}
				if now.State == callwright.RunFailed || now.State == callwright.RunUnknown {
					t.Fatalf("got %+v, want it sent", now)
				}
				<-time.After(50 * time.Millisecond)
			}
			if text := <-arrived; !strings.Contains(text, "greylist@acme.example") || !strings.Contains(text, "Call_back_Zo") {
				t.Errorf("arrived: got %s", text)
			}
		})
		if len(arrived) != 0 {
			t.Errorf("%d more messages arrived", len(arrived))
		}
	})
}

// A one-time code goes out by e-mail to the address that is known of the caller, and the
// caller who has it is verified. Nothing that is kept has it, until it
// is spent and in the caller's own words.
func TestCodeByEmail(t *testing.T) {
	t.Parallel()
	lines := mailServer(t, "", "scripted.mjs")
	var ready struct{ Port int }
	if err := json.Unmarshal(lines.Bytes(), &ready); err != nil {
		t.Fatal(err)
	}
	partner := newPartner(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"renewed":true}`) })
	s := start(t, func(o *app.Options) {
		o.SMTP, o.SMTPFrom = secret.New(fmt.Sprintf("smtp+plain://127.0.0.1:%d", ready.Port)), "no-reply@library.example"
	})
	agent := s.agent(map[string]any{"name": "City Library"})
	s.skill(agent, `{"name":"Renew loan","description":"Use when a member wants to renew a loan.","skillType":"http_webhook","isWrite":true,"requiresVerifiedIdentity":true,
"parametersSchema":{"type":"object","properties":{"book_title":{"type":"string","description":"The title of the book"}},"required":["book_title"]},"executionConfig":{"url":"`+partner.URL+`"}}`)
	sends := s.skill(agent, `{"name":"Send code","description":"Sends a member a code.","skillType":"email","executionConfig":{"to":"{caller_email}","subject":"Your code","intro":"Your code is {code}."}}`)
	s.must("PUT", "/agents/"+agent+"/caller-verification", `[{"method":"otp_sms","verifierSkillId":"`+sends+`"}]`, nil)
	s.publish(agent)
	var session struct{ ID string }
	s.must("POST", "/chat/sessions", map[string]any{"agentId": agent, "caller": map[string]any{"email": "ada@example.com"}}, &session)
	c := chat{s, session.ID}
	c.say("I want to renew a loan")
	asked := c.say("Middlemarch").text()
	if !lines.Scan() {
		t.Fatalf("no message arrived; the agent said %q", asked)
	}
	_, after, found := strings.Cut(lines.Text(), "Your code is ")
	if !found || !strings.Contains(lines.Text(), "ada@example.com") || !strings.Contains(asked, "six digits") {
		t.Fatalf("got message %s and %q, want a code for ada@example.com, and to be asked for it", lines.Text(), asked)
	}
	code := after[:6]
	for _, path := range []string{"/conversations/" + c.id + "/receipt", "/skill-runs", "/audit-events"} {
		if kept := string(s.try(s.key, "GET", path, nil).body); strings.Contains(kept, code) {
			t.Errorf("%s has the code: %s", path, kept)
		}
	}
	if said := c.say(code).text(); len(partner.received()) != 1 {
		t.Errorf("with the code: got %q and %d calls, want the loan renewed", said, len(partner.received()))
	}
}

// A message is an effect whatever the skill says of itself: when nobody can tell whether
// it was taken, it is not sent again, and the run is unknown.
func TestEmailIsAWrite(t *testing.T) {
	t.Parallel()
	lines := mailServer(t, "", "scripted.mjs")
	var ready struct{ Port int }
	if err := json.Unmarshal(lines.Bytes(), &ready); err != nil {
		t.Fatal(err)
	}
	s := start(t, func(o *app.Options) {
		o.SMTP, o.SMTPFrom = secret.New(fmt.Sprintf("smtp+plain://127.0.0.1:%d", ready.Port)), "no-reply@acme.example"
	})
	agent := s.agent(map[string]any{"name": "Desk"})
	s.skill(agent, strings.NewReplacer("TO", "hangup@acme.example", `"isWrite":true,`, "").Replace(callBack))
	s.publish(agent)
	c := s.chat(agent, false)
	for _, words := range []string{"I want to request a call back", "Zoë Müller", "It's 212 555 0123"} {
		c.say(words)
	}
	var runs []callwright.Run
	s.must("GET", "/skill-runs", nil, &runs)
	if len(runs) != 1 || runs[0].State != callwright.RunUnknown || !runs[0].IsWrite {
		t.Errorf("got %+v, want one write that is unknown", runs)
	}
	if !lines.Scan() {
		t.Fatal("no message arrived")
	}
	s.must("POST", "/chat/sessions/"+c.id+"/messages", map[string]any{"content": "Thank you, bye"}, nil)
	if text := string(s.try(s.key, "GET", "/conversations/"+c.id+"/receipt", nil).body); strings.Contains(text, "attempt 2") {
		t.Errorf("it was sent again: %s", text)
	}
}
