package e2e_test

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"callwright"
	"callwright/internal/app"
	"callwright/internal/secret"
	"callwright/internal/store/pgtest"
)

const (
	smsAccount = "AC00000000000000000000000000000000"
	smsToken   = "sms-token-5521"
	smsNumber  = "+15550100001"
)

// A smsProvider is emulate's Twilio.
type smsProvider struct {
	t   testing.TB
	url string
}

func newSMSProvider(t testing.TB) *smsProvider {
	t.Helper()
	lines := node(t, []string{"TOKEN=" + smsToken}, nil, "sms/emulate.mjs")
	var ready struct{ URL string }
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &ready) != nil {
		t.Fatal("the provider of text messages does not start (make parts installs it)")
	}
	return &smsProvider{t, strings.Replace(ready.URL, "localhost", "127.0.0.1", 1)}
}

// node starts a program that ends with the test.
func node(t testing.TB, environment []string, in *io.WriteCloser, program string) *bufio.Scanner {
	t.Helper()
	cmd := exec.Command("node", program)
	cmd.Env = append(os.Environ(), environment...)
	cmd.Stderr = t.Output()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if in != nil {
		*in = stdin
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
	return lines
}

// do asks the provider.
func (p *smsProvider) do(path string, form url.Values, v any) {
	p.t.Helper()
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	req.SetBasicAuth(smsAccount, smsToken)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode > 299 {
		p.t.Fatalf("%s: %d %s, %v", path, res.StatusCode, raw, err)
	}
	if v != nil {
		if err := json.Unmarshal(raw, v); err != nil {
			p.t.Fatalf("%s: %s: %v", path, raw, err)
		}
	}
}

// A smsMessage is one that the provider has.
type smsMessage struct{ SID, To, From, Body, Status string }

// sent are the messages that came from this server, newest first.
func (p *smsProvider) sent() []smsMessage {
	p.t.Helper()
	var all struct{ Messages []smsMessage }
	p.do("/2010-04-01/Accounts/"+smsAccount+"/Messages.json?From="+url.QueryEscape(smsNumber), nil, &all)
	return all.Messages
}

// deliver lets a message reach its number, or not, and tells this server.
func (p *smsProvider) deliver(sid, status string) {
	p.t.Helper()
	p.do("/_twilio/simulate/message-status", url.Values{"MessageSid": {sid}, "Status": {status}}, nil)
}

// write lets somebody write a message to the organization.
func (p *smsProvider) write(from, words string) {
	p.t.Helper()
	p.do("/_twilio/simulate/inbound-message", url.Values{"To": {smsNumber}, "From": {from}, "Body": {words}}, nil)
}

// texting is a server that sends text messages through a provider at an address.
func texting(t *testing.T, provider string) func(*app.Options) {
	port := freePort(t)
	return func(o *app.Options) {
		o.Listen, o.PublicURL = fmt.Sprintf("127.0.0.1:%d", port), fmt.Sprintf("http://127.0.0.1:%d", port)
		o.Texts.URL, o.Texts.Account, o.Texts.Token, o.Texts.From, o.Texts.Help = provider, smsAccount, secret.New(smsToken), smsNumber, "Acme desk: call 212 555 0100."
	}
}

const confirmation = `{"name":"Text the confirmation","description":"Use when a caller wants the confirmation as a text message.","skillType":"sms",
"parametersSchema":{"type":"object","properties":{"mobile_number":{"type":"string","format":"phone","description":"The number of the caller's mobile phone"}},"required":["mobile_number"]},
"executionConfig":{"to":"{mobile_number}","text":"Acme: your table is booked. Reply STOP to get no more messages."}}`

// textDesk is a published agent that sends the confirmation.
func (s *server) textDesk() string {
	s.t.Helper()
	agent := s.agent(map[string]any{"name": "Desk"})
	s.skill(agent, confirmation)
	s.publish(agent)
	return agent
}

// converse says lines and returns the conversation as it reads.
func (c chat) converse(lines ...string) string {
	c.s.t.Helper()
	var said []string
	for _, words := range lines {
		said = append(said, "caller: "+words, "agent: "+c.say(words).text())
	}
	c.s.t.Log("\n" + strings.Join(said, "\n"))
	return strings.Join(said, "\n")
}

// smsCalls are the runs of text messages in a conversation's receipt.
func (c chat) smsCalls() []callwright.ToolCall {
	c.s.t.Helper()
	var events []callwright.Event
	c.s.must("GET", "/conversations/"+c.id+"/receipt", nil, &events)
	return slices.DeleteFunc(reply{Events: events}.calls(c.s.t), func(call callwright.ToolCall) bool { return call.SkillType != callwright.SMS })
}

// A message that a conversation led to is at the provider, and the receipt tells what
// became of it. STOP and START of its reader are kept.
func TestSMS(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		p := newSMSProvider(t)
		s := start(t, at(address), texting(t, p.url))
		agent := s.textDesk()
		var a callwright.Agent
		s.must("GET", "/agents/"+agent, nil, &a)
		p.do("/2010-04-01/Accounts/"+smsAccount+"/IncomingPhoneNumbers.json", url.Values{"PhoneNumber": {smsNumber}, "SmsUrl": {s.url + "/sms/" + string(a.OrganizationID) + "/inbound"}}, nil)

		c := s.chat(agent, false)
		if read := c.converse("Can you text me the confirmation?", "212 555 0123"); !strings.Contains(read, "What's the best phone number") {
			t.Errorf("got\n%s\nwant the number asked for", read)
		}
		messages := p.sent()
		if len(messages) != 1 || messages[0].To != "+12125550123" || messages[0].Body != "Acme: your table is booked. Reply STOP to get no more messages." {
			t.Fatalf("got %+v, want the one message", messages)
		}
		summary := func(want string) {
			t.Helper()
			calls := c.smsCalls()
			if len(calls) != 1 || calls[0].State != "done" || calls[0].Delivery == nil || calls[0].Delivery.MessageID != messages[0].SID || !strings.HasPrefix(calls[0].Delivery.Summary, want) ||
				!strings.Contains(string(calls[0].Sent), `"encoding":"GSM-7","characters":63,"segments":1`) {
				raw, _ := json.Marshal(calls)
				t.Errorf("receipt: got %s, want one message that is %q", raw, want)
			}
		}
		summary("queued")
		p.deliver(messages[0].SID, "sent")
		summary("sent")
		p.deliver(messages[0].SID, "delivered")
		p.deliver(messages[0].SID, "sent") // late
		summary("delivered")
		var runs []callwright.Run
		s.must("GET", "/skill-runs", nil, &runs)
		if len(runs) != 1 || !runs[0].IsWrite || runs[0].Delivery == nil || runs[0].Delivery.Status != "delivered" {
			t.Errorf("runs: got %+v, want one write whose message is delivered", runs)
		}

		p.write("+12125550123", " Stop ")
		p.write("+12125550124", "please stop this") // not the whole message
		var out []callwright.OptOut
		s.must("GET", "/sms/opt-outs", nil, &out)
		if len(out) != 1 || out[0].Number != "+12125550123" || out[0].Source != callwright.OptOutKeyword || out[0].Word != "STOP" {
			t.Fatalf("opt-outs: got %+v, want the number that wrote STOP", out)
		}
		c = s.chat(agent, false)
		read := c.converse("Can you text me the confirmation?", "212 555 0123")
		calls := c.smsCalls()
		if !strings.Contains(read, "has turned off text messages from us") || len(calls) != 1 || calls[0].State != "refused" || calls[0].Code != callwright.CodeOptedOut || len(p.sent()) != 1 {
			t.Errorf("after STOP: got\n%s\n%+v and %d messages, want it refused", read, calls, len(p.sent()))
		}
		p.write("+12125550123", "START")
		s.chat(agent, false).converse("Can you text me the confirmation?", "212 555 0123")
		if n := len(p.sent()); n != 2 {
			t.Errorf("after START: got %d messages, want the second", n)
		}
	})
}

// signed sends a form as the provider would, to a path of the server.
func (s *server) signed(token, path string, form url.Values) (status int, body string) {
	s.t.Helper()
	return s.withSignature(smsSignature(token, s.url+path, form), path, form)
}

// smsSignature is written after Twilio's description, not after the server's code.
func smsSignature(token, address string, form url.Values) string {
	text := address
	for _, name := range slices.Sorted(maps.Keys(form)) {
		text += name + form.Get(name)
	}
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func (s *server) withSignature(signature, path string, form url.Values) (status int, body string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Twilio-Signature", signature)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(raw)
}

// Only what the provider signed counts, and what Twilio's own library takes for signed
// the server takes too. Nobody's word about another organization's things is heard.
func TestSMSWebhooksAreSigned(t *testing.T) {
	t.Parallel()
	partner := newPartner(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"sid":"SM1","status":"queued"}`)
	})
	s := start(t, texting(t, partner.URL))
	agent := s.textDesk()
	s.chat(agent, false).converse("Can you text me the confirmation?", "212 555 0123")
	var runs []callwright.Run
	s.must("GET", "/skill-runs", nil, &runs)
	run := runs[0]
	rivals := *s
	rivals.key = s.newKey("Rivals", callwright.Scopes()...)
	var theirs struct{ OrganizationID string }
	rivals.must("POST", "/agents", `{"name":"Desk"}`, &theirs)
	inbound, status := "/sms/"+string(run.OrganizationID)+"/inbound", "/sms/"+string(run.OrganizationID)+"/status?run="+string(run.ID)
	word := func(from, body string) url.Values {
		return url.Values{"AccountSid": {smsAccount}, "MessageSid": {"SM9"}, "From": {from}, "To": {smsNumber}, "Body": {body}}
	}
	report := func(sid, status string) url.Values {
		return url.Values{"AccountSid": {smsAccount}, "MessageSid": {sid}, "MessageStatus": {status}, "ErrorCode": {""}}
	}
	var in io.WriteCloser
	judge := node(t, nil, &in, "sms/judge.mjs")
	valid := func(path, signature string, form url.Values) bool {
		flat := map[string]string{}
		for name := range form {
			flat[name] = form.Get(name)
		}
		if err := json.NewEncoder(in).Encode(map[string]any{"url": s.url + path, "form": flat, "token": smsToken, "signature": signature}); err != nil {
			t.Fatal(err)
		}
		var said struct{ Valid bool }
		if !judge.Scan() || json.Unmarshal(judge.Bytes(), &said) != nil {
			t.Fatal("Twilio's library does not answer (make parts installs it)")
		}
		return said.Valid
	}
	for name, c := range map[string]struct {
		path, token string
		form        url.Values
		want        int
		says        string
	}{
		"help":                       {inbound, smsToken, word("+12125550123", "help"), 200, "<Response><Message>Acme desk: call 212 555 0100.</Message></Response>"},
		"other words":                {inbound, smsToken, word("+12125550123", "thanks & bye + ü"), 200, "<Response></Response>"},
		"no telephone":               {inbound, smsToken, word("whatsapp:+12125550123", "STOP"), 200, "<Response></Response>"},
		"news of another message":    {status, smsToken, report("SM2", "delivered"), 200, "<Response></Response>"},
		"another token":              {inbound, "guessed", word("+12125550123", "STOP"), 403, "bad_signature"},
		"another token, status":      {status, "guessed", report("SM1", "failed"), 403, "bad_signature"},
		"no run":                     {"/sms/" + string(run.OrganizationID) + "/status", smsToken, report("SM1", "failed"), 404, "not_found"},
		"a run of nobody":            {"/sms/" + string(run.OrganizationID) + "/status?run=run_none", smsToken, report("SM1", "failed"), 404, "not_found"},
		"another organization's run": {"/sms/" + theirs.OrganizationID + "/status?run=" + string(run.ID), smsToken, report("SM1", "failed"), 404, "not_found"},
		"no organization":            {"/sms/org_none/inbound", smsToken, word("+12125550123", "STOP"), 404, "not_found"},
	} {
		signature := smsSignature(c.token, s.url+c.path, c.form)
		if got := valid(c.path, signature, c.form); got != (c.token == smsToken) {
			t.Errorf("%s: Twilio's library finds the signature valid: %v", name, got)
		}
		if got, body := s.withSignature(signature, c.path, c.form); got != c.want || !strings.Contains(body, c.says) {
			t.Errorf("%s: got %d %s, want %d %s", name, got, body, c.want, c.says)
		}
	}
	for name, form := range map[string]url.Values{"a value": word("+12125550123", "START"), "one more": {"Body": {"STOP"}, "X": {"1"}}} {
		if got, _ := s.withSignature(smsSignature(smsToken, s.url+inbound, word("+12125550123", "STOP")), inbound, form); got != 403 {
			t.Errorf("changed after it was signed, %s: got %d, want 403", name, got)
		}
	}
	var out []callwright.OptOut
	s.must("GET", "/sms/opt-outs", nil, &out)
	s.must("GET", "/skill-runs", nil, &runs)
	if len(out) != 0 || runs[0].Delivery == nil || runs[0].Delivery.Status != "queued" {
		t.Errorf("got opt-outs %+v and delivery %+v, want nothing changed", out, runs[0].Delivery)
	}
	if got, body := s.signed(smsToken, status, url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"undelivered"}, "ErrorCode": {"30003"}}); got != 200 {
		t.Errorf("the provider's news: got %d %s", got, body)
	}
	s.must("GET", "/skill-runs", nil, &runs)
	if d := runs[0].Delivery; d == nil || d.ErrorCode != "30003" || !strings.HasPrefix(d.Summary, "undelivered: 30003") {
		t.Errorf("got %+v, want undelivered: 30003", d)
	}
	// Without a provider the addresses lead nowhere; other methods and bodies neither.
	bare := start(t)
	if got, _ := bare.signed(smsToken, inbound, word("+12125550123", "STOP")); got != 404 {
		t.Errorf("a server without a provider: got %d, want 404", got)
	}
	if got, _ := s.signed(smsToken, inbound, word("+12125550123", strings.Repeat("x", 70_000))); got != 413 {
		t.Errorf("a long body: got %d, want 413", got)
	}
}

// An operator keeps numbers off the list of recipients, and the trail tells who did.
func TestOptOutsByHand(t *testing.T) {
	t.Parallel()
	s := start(t)
	var o callwright.OptOut
	s.must("POST", "/sms/opt-outs", `{"number":"+12125550123","note":"By letter"}`, &o)
	if o.Source != callwright.OptOutOperator || o.Note != "By letter" || o.Number != "+12125550123" {
		t.Errorf("got %+v", o)
	}
	for body, want := range map[string]string{`{"number":"+12125550123"}`: "duplicate_name", `{"number":"212 555 0123"}`: "validation_error", `{}`: "validation_error"} {
		if r := s.try(s.key, "POST", "/sms/opt-outs", body); r.problem(t).Code != want || len(r.problem(t).Errors) != 1 || r.problem(t).Errors[0].Field != "number" || strings.Contains(string(r.body), "212 555 0123") {
			t.Errorf("%s: got %s, want %s about number", body, r.body, want)
		}
	}
	var list []callwright.OptOut
	s.must("GET", "/sms/opt-outs?number=%2B12125550124", nil, &list)
	if len(list) != 0 {
		t.Errorf("another number: got %+v", list)
	}
	s.must("GET", "/sms/opt-outs?number=%2B12125550123", nil, &list)
	if len(list) != 1 || list[0].ID != o.ID {
		t.Errorf("its number: got %+v, want it", list)
	}
	s.must("DELETE", "/sms/opt-outs/"+string(o.ID), nil, nil)
	var trail []callwright.AuditEvent
	s.must("GET", "/audit-events?resource="+string(o.ID), nil, &trail)
	if len(trail) != 2 || trail[0].Action != "optout.delete" || trail[1].Action != "optout.create" || !strings.Contains(string(trail[0].Before), "+12125550123") {
		t.Errorf("trail: got %+v, want both", trail)
	}
}

// What the provider puts off is sent by itself when it is due, once; a number that it
// does not take is asked for again; what it says of the account is not for callers.
func TestSMSAnswers(t *testing.T) {
	t.Parallel()
	var answer atomic.Value
	partner := newPartner(t, func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		said := answer.Load().(string)
		if r.PostForm.Get("To") == "+12125550199" {
			said = `400 {"code":21614,"message":"'To' number is not a valid mobile number"}`
		}
		status, body, _ := strings.Cut(said, " ")
		if status == "break" {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(map[string]int{"201": 201, "400": 400, "401": 401, "429": 429}[status])
		io.WriteString(w, body)
	})
	const good, busy = `201 {"sid":"SM1","status":"queued"}`, `429 {"code":20429,"message":"Too Many Requests"}`
	var ahead atomic.Int64
	s := start(t, texting(t, partner.URL), func(o *app.Options) {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	agent := s.textDesk()
	runs := func() []callwright.Run {
		var all []callwright.Run
		s.must("GET", "/skill-runs", nil, &all)
		return all
	}

	answer.Store(good)
	if read := s.chat(agent, false).converse("Can you text me the confirmation?", "212 555 0199", "212 555 0123"); !strings.Contains(read, "the mobile number can't get text messages") {
		t.Errorf("got\n%s\nwant the number asked for again", read)
	}
	if n := len(partner.received()); n != 2 {
		t.Errorf("got %d requests, want 2", n)
	}

	answer.Store(`401 {"code":20003,"message":"Authenticate"}`)
	c := s.chat(agent, false)
	read := c.converse("Can you text me the confirmation?", "212 555 0123")
	calls := c.smsCalls()
	if !strings.Contains(read, "I can't reach the system I need") || strings.Contains(read, "sms") || len(calls) != 1 || calls[0].State != "failed" || !strings.Contains(calls[0].Detail, "--sms-token") {
		t.Errorf("got\n%s\n%+v, want the trouble told to the operator alone", read, calls)
	}

	// A request that breaks off leaves it in doubt.
	answer.Store("break")
	before := len(partner.received())
	if read := s.chat(agent, false).converse("Can you text me the confirmation?", "212 555 0124"); !strings.Contains(read, "can't tell whether that went through") {
		t.Errorf("got\n%s\nwant it called unknown", read)
	}
	doubt := runs()[0]
	if doubt.State != callwright.RunUnknown || len(partner.received()) != before+1 {
		t.Errorf("got %+v and %d requests, want one, and unknown", doubt, len(partner.received())-before)
	}

	answer.Store(busy)
	if read := s.chat(agent, false).converse("Can you text me the confirmation?", "212 555 0123"); !strings.Contains(read, "taken care of") {
		t.Errorf("got\n%s\nwant it to be under way", read)
	}
	waiting := runs()[0]
	if waiting.State != callwright.RunQueued || waiting.Attempts != 1 || waiting.NextAt == 0 {
		t.Fatalf("got %+v, want it queued", waiting)
	}
	answer.Store(good)
	before = len(partner.received())
	ahead.Store(int64(10 * time.Minute))
	for deadline := time.Now().Add(30 * time.Second); runs()[0].State == callwright.RunQueued || runs()[0].State == callwright.RunRunning; <-time.After(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it is not sent")
		}
	}
	if now := runs()[0]; now.State != callwright.RunDone || len(partner.received()) != before+1 || now.Delivery == nil {
		t.Errorf("got %+v and %d requests, want it sent once", now, len(partner.received())-before)
	}
	// By then the one in doubt was not repeated; the provider's word settles it.
	if now := runs()[1]; now.ID != doubt.ID || now.State != callwright.RunUnknown {
		t.Errorf("got %+v, want it as it was", now)
	}
	if status, body := s.signed(smsToken, "/sms/"+string(doubt.OrganizationID)+"/status?run="+string(doubt.ID), url.Values{"MessageSid": {"SM7"}, "MessageStatus": {"delivered"}}); status != 200 {
		t.Fatalf("got %d %s", status, body)
	}
	if now := runs()[1]; now.ID != doubt.ID || now.State != callwright.RunDone || now.Note == "" || now.Delivery == nil || now.Delivery.Status != "delivered" {
		t.Errorf("got %+v, want it settled", now)
	}
}

// Two servers on one database together send a number no more than it may get.
func TestSMSLimitOfTwoServers(t *testing.T) {
	t.Parallel()
	partner := newPartner(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"sid":"SM1","status":"queued"}`)
	})
	data := t.TempDir()
	database := at(pgtest.New(t))
	same := func(o *app.Options) { o.Data = data }
	one := start(t, database, texting(t, partner.URL), same)
	two := start(t, database, texting(t, partner.URL), same)
	agent := one.agent(map[string]any{"name": "Desk"})
	skill := one.skill(agent, confirmation)
	codes := make(chan string, 20)
	var group sync.WaitGroup
	for i := range 20 {
		s := []*server{one, two}[i%2]
		group.Go(func() {
			r := s.try(one.key, "POST", "/agents/"+agent+"/skills/"+skill+"/test", `{"arguments":{"mobile_number":"+12125550123"},"dryRun":false}`)
			var test struct {
				Outcome string
				Code    string
			}
			r.data(t, &test)
			codes <- test.Outcome + " " + test.Code
		})
	}
	group.Wait()
	close(codes)
	count := map[string]int{}
	for c := range codes {
		count[c]++
	}
	if len(partner.received()) != 5 || count["done "] != 5 || count["refused sms_limit_reached"] != 15 {
		t.Errorf("got %d messages and %v, want 5 and 15 refused", len(partner.received()), count)
	}
}

// A one-time code goes out by text message to the number that is known of the caller;
// five in ten minutes to a number, from whatever conversations.
func TestCodeBySMS(t *testing.T) {
	t.Parallel()
	p := newSMSProvider(t)
	p.do("/2010-04-01/Accounts/"+smsAccount+"/IncomingPhoneNumbers.json", url.Values{"PhoneNumber": {smsNumber}}, nil)
	partner := newPartner(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"renewed":true}`) })
	s := start(t, texting(t, p.url), func(o *app.Options) { o.Texts.PerHour, o.Texts.PerDay = 0, 0 })
	agent := s.agent(map[string]any{"name": "City Library"})
	s.skill(agent, `{"name":"Renew loan","description":"Use when a member wants to renew a loan.","skillType":"http_webhook","isWrite":true,"requiresVerifiedIdentity":true,
"parametersSchema":{"type":"object","properties":{"book_title":{"type":"string","description":"The title of the book"}},"required":["book_title"]},"executionConfig":{"url":"`+partner.URL+`"}}`)
	sends := s.skill(agent, `{"name":"Send code","description":"Sends a member a code.","skillType":"sms","executionConfig":{"to":"{caller_phone}","text":"City Library: your code is {code}."}}`)
	s.must("PUT", "/agents/"+agent+"/caller-verification", `[{"method":"otp_sms","verifierSkillId":"`+sends+`"}]`, nil)
	s.publish(agent)
	begin := func() chat {
		var session struct{ ID string }
		s.must("POST", "/chat/sessions", map[string]any{"agentId": agent, "caller": map[string]any{"phone": "+12125550123"}}, &session)
		return chat{s, session.ID}
	}
	c := begin()
	read := c.converse("I want to renew a loan", "Middlemarch")
	messages := p.sent()
	if len(messages) != 1 || messages[0].To != "+12125550123" || !strings.Contains(read, "six digits") {
		t.Fatalf("got %+v and\n%s\nwant a code, and to be asked for it", messages, read)
	}
	_, after, _ := strings.Cut(messages[0].Body, "your code is ")
	code := after[:6]
	for _, path := range []string{"/conversations/" + c.id + "/receipt", "/skill-runs", "/audit-events"} {
		if kept := string(s.try(s.key, "GET", path, nil).body); strings.Contains(kept, code) {
			t.Errorf("%s has the code: %s", path, kept)
		}
	}
	if read := c.converse(code); len(partner.received()) != 1 {
		t.Errorf("with the code: got\n%s\nand %d calls, want the loan renewed", read, len(partner.received()))
	}
	for range 4 {
		begin().converse("I want to renew a loan", "Middlemarch")
	}
	c = begin()
	read = c.converse("I want to renew a loan", "Middlemarch")
	calls := c.smsCalls()
	if len(p.sent()) != 5 || len(calls) != 1 || calls[0].Code != callwright.CodeTextLimit || strings.Contains(read, "sent you a code") {
		t.Errorf("the sixth: got %d messages, %+v and\n%s\nwant it refused", len(p.sent()), calls, read)
	}
}

// A provider that begins a request and does not end it is not waited for.
func TestSlowSMSWebhook(t *testing.T) {
	t.Parallel()
	s := start(t, texting(t, "https://api.twilio.com"))
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("POST /sms/org_1/inbound HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nBody=")); err != nil {
		t.Fatal(err)
	}
	if r := mustResponse(t, conn); r.status != 408 || r.problem(t).Code != "request_timeout" {
		t.Errorf("want 408 request_timeout, got %d %s", r.status, r.body)
	}
}
