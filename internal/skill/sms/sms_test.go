package sms_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"callwright"
	"callwright/internal/outbound"
	"callwright/internal/secret"
	"callwright/internal/skill"
	"callwright/internal/skill/skilltest"
	"callwright/internal/skill/sms"
	"callwright/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	org     = callwright.OrgID("org_1")
	account = "AC00000000000000000000000000000001"
	canary  = "sms-canary-93b1"
	sender  = "+15550100001"
)

// mustBook opens a database with an organization and a run of it.
func mustBook(t testing.TB) *store.DB {
	t.Helper()
	db, err := store.OpenSQLite(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := db.EnsureOrg(t.Context(), callwright.Org{ID: org, Name: "Acme"}); err != nil {
		t.Fatal(err)
	}
	mustRun(t, db, "run_1", callwright.RunRunning)
	return db
}

func mustRun(t testing.TB, db *store.DB, id callwright.RunID, state callwright.RunState) {
	t.Helper()
	if err := db.BeginRun(t.Context(), callwright.Run{ID: id, OrganizationID: org, IdempotencyKey: string(id), State: state, IsWrite: true}); err != nil {
		t.Fatal(err)
	}
}

func mustClient(t testing.TB, log *slog.Logger) *outbound.Client {
	t.Helper()
	rule, err := outbound.ParseRule("127.0.0.0/8")
	if err != nil {
		t.Fatal(err)
	}
	c, err := outbound.New(outbound.Options{Allow: []outbound.Rule{rule}, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// options are those of a server whose provider is at an address.
func options(t testing.TB, address string, book sms.Book) sms.Options {
	log := slog.New(slog.DiscardHandler)
	return sms.Options{URL: address, Account: account, Token: secret.New(canary), From: sender, PerHour: 5, PerDay: 20, Public: func() string { return "https://desk.example" },
		Do: mustClient(t, log).Do, Book: book, Now: time.Now, Log: log}
}

func mustProvider(t testing.TB, o sms.Options) *sms.Provider {
	t.Helper()
	p, err := sms.NewProvider(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func mustOpen(t testing.TB, p *sms.Provider, to, text string) skill.Executor {
	t.Helper()
	raw, err := json.Marshal(map[string]string{"to": to, "text": text})
	if err != nil {
		t.Fatal(err)
	}
	x, err := sms.Kind(p).Open(raw)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func goodCall() skill.Call {
	return skill.Call{Org: org, Agent: "agt_1", Conversation: "cnv_1", Skill: "skl_1", Run: "run_1", Channel: callwright.Chat, IdempotencyKey: "key-1", Write: true, Region: "US",
		Fields: map[string]any{"phone": "+12125550123", "name": "Zoë", "party_size": json.Number("4")}}
}

// taken is how a provider answers that takes a message.
const taken = `{"sid":"SM00000000000000000000000000000001","status":"queued","error_code":null,"error_message":null}`

func TestContract(t *testing.T) {
	t.Parallel()
	one := func(name string, v any) map[string]any { return map[string]any{name: v} }
	var partners sync.Map // by test: the address is the server's, not the skill's
	book := mustBook(t)
	call := goodCall()
	call.Run = "run_2" // that the book does not know: the tests share it
	skilltest.Run(t, skilltest.Fixture{
		Partner: func(t testing.TB) skilltest.Partner {
			p := skilltest.HTTP(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusCreated)
				io.WriteString(w, taken)
			}))
			partners.Store(t, p.Address())
			return p
		},
		Kind: func(t testing.TB, log *slog.Logger) skill.Kind {
			address, _ := partners.Load(t)
			o := options(t, address.(string), book)
			o.Log = log
			return sms.Kind(mustProvider(t, o))
		},
		Settings: func(skilltest.Partner) map[string]any {
			return map[string]any{"to": "{phone}", "text": "Table for {party_size}, {name}"}
		},
		Bad: []skilltest.Bad{
			{Name: "nothing", Change: map[string]any{"to": nil, "text": nil}, Fields: []string{"to", "text"}},
			{Name: "empty", Change: map[string]any{"to": "", "text": " \n"}, Fields: []string{"to", "text"}},
			{Name: "no number", Change: one("to", "the front desk"), Fields: []string{"to"}},
			{Name: "a number that cannot be", Change: one("to", "+1 012 555 0123"), Fields: []string{"to"}},
			{Name: "two numbers", Change: one("to", "+12125550123,+12125550124"), Fields: []string{"to"}},
			{Name: "a SIP URI", Change: one("to", "sip:desk@example.com"), Fields: []string{"to"}},
			{Name: "too long", Change: one("text", strings.Repeat("a", 1531)), Fields: []string{"text"}},
			{Name: "too long beside a value", Change: one("text", "{name}"+strings.Repeat("ж", 671)), Fields: []string{"text"}},
			{Name: "templates", Change: map[string]any{"to": "{", "text": "{a"}, Fields: []string{"to", "text"}},
		},
		Call: call, Data: `{"sent":true}`, Canaries: []string{canary, "QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMTpzbXMtY2FuYXJ5LTkzYjE"},
		Codes: map[skilltest.Behaviour]callwright.Code{
			skilltest.Hang: callwright.CodeTimeout, skilltest.Trickle: callwright.CodeTimeout,
			skilltest.ClientError: callwright.CodeRemoteStatus, skilltest.ServerError: callwright.CodeRemoteStatus,
			skilltest.Garbage: callwright.CodeBadResponse, skilltest.Oversized: callwright.CodeTooLarge, skilltest.Drop: callwright.CodeConnection,
		},
	})
}

// Numbers are read where the caller is, and the dry run tells what would leave.
func TestDryRun(t *testing.T) {
	t.Parallel()
	p := mustProvider(t, options(t, "https://api.twilio.com", nil))
	long := strings.Repeat("€", 81)
	for name, c := range map[string]struct {
		to, text, region string
		fields           map[string]any
		want             string // the request
		says             string // of the error
		field            string
	}{
		"plain":               {to: "{phone}", text: "Hi {name}", fields: map[string]any{"phone": "+12125550123", "name": "Ann"}, want: `{"to":"+12125550123","from":"+15550100001","text":"Hi Ann","encoding":"GSM-7","characters":6,"segments":1}`},
		"a number of a place": {to: "{phone}", text: "Hé", region: "DE", fields: map[string]any{"phone": "030 123456"}, want: `{"to":"+4930123456","from":"+15550100001","text":"Hé","encoding":"GSM-7","characters":2,"segments":1}`},
		"kept in E.164":       {to: "(212) 555-0123", text: "🙂", want: `{"to":"+12125550123","from":"+15550100001","text":"🙂","encoding":"UCS-2","characters":2,"segments":1}`},
		"two segments":        {to: "+12125550123", text: long, want: `{"to":"+12125550123","from":"+15550100001","text":"` + long + `","encoding":"GSM-7","characters":162,"segments":2}`},
		"lines and controls":  {to: "+12125550123", text: "{name}", fields: map[string]any{"name": "a\r\nb\rc\x07d\u2028e"}, want: `{"to":"+12125550123","from":"+15550100001","text":"a\nb\nc d e","encoding":"GSM-7","characters":9,"segments":1}`},
		"no number":           {to: "{phone}", text: "Hi", fields: map[string]any{"phone": "tomorrow"}, field: "phone", says: "full telephone number"},
		"a list of numbers":   {to: "{phone}", text: "Hi", fields: map[string]any{"phone": "+12125550123,+12125550124"}, field: "phone", says: "full telephone number"},
		"nothing to say":      {to: "+12125550123", text: "{name}", says: "no text"},
		"too long":            {to: "+12125550123", text: "{name}: {note}", fields: map[string]any{"name": "Ann", "note": strings.Repeat("ж", 700)}, field: "note", says: "too long for a text message"},
		"controls of its own": {to: "+12125550123", text: "a\tb\x1bc", want: `{"to":"+12125550123","from":"+15550100001","text":"a b c","encoding":"GSM-7","characters":5,"segments":1}`},
		"no text":             {to: "+12125550123", text: "{name}", fields: map[string]any{"name": "a\x00b"}, says: "U+0000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			call := skill.Call{Org: org, Run: "run_1", Fields: c.fields, Region: c.region, DryRun: true}
			if call.Region == "" {
				call.Region = "US"
			}
			got, err := mustOpen(t, p, c.to, c.text).Execute(t.Context(), call)
			if c.says == "" {
				if err != nil || string(got.Request) != c.want {
					t.Errorf("got %s, %v; want %s", got.Request, err, c.want)
				}
				return
			}
			e, ok := errors.AsType[*callwright.Error](err)
			if !ok || e.Code != callwright.CodeValidation || !strings.Contains(fmt.Sprint(e.Message, e.Fields), c.says) || c.field != "" && (len(e.Fields) != 1 || e.Fields[0].Field != c.field) {
				t.Errorf("got %+v, want a validation error about %q that says %q", err, c.field, c.says)
			}
		})
	}
	if got, err := mustOpen(t, nil, "+12125550123", "Hi").Execute(t.Context(), skill.Call{}); callwright.CodeOf(err) != callwright.CodeUnavailable || got.Sent || !strings.Contains(err.Error(), "--sms-account") {
		t.Errorf("without a provider: got %v, want unavailable that names the flag", err)
	}
}

// What leaves is what Twilio's reference says.
func TestOnTheWire(t *testing.T) {
	t.Parallel()
	type request struct {
		path, auth string
		form       url.Values
	}
	seen := make(chan request, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		user, password, _ := r.BasicAuth()
		seen <- request{r.Method + " " + r.URL.Path, user + ":" + password, r.PostForm}
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, taken)
	}))
	t.Cleanup(server.Close)
	book := mustBook(t)
	service := "MG" + strings.Repeat("a", 32)
	for from, want := range map[string]url.Values{
		sender:  {"From": {sender}, "StatusCallback": {"https://desk.example/sms/org_1/status?run=run_1"}},
		"Acme":  {"From": {"Acme"}, "StatusCallback": {"https://desk.example/sms/org_1/status?run=run_2"}},
		service: {"MessagingServiceSid": {service}},
	} {
		o := options(t, server.URL, book)
		o.From = from
		if from == service {
			o.Public = func() string { return "" } // nobody can reach it
		}
		want.Set("To", "+12125550123")
		want.Set("Body", "1 + 1 = 2 & Zoë 🙂")
		call := goodCall()
		if from != sender {
			call.Run = "run_2"
		}
		if _, err := mustOpen(t, mustProvider(t, o), "{phone}", "1 + 1 = 2 & {name} 🙂").Execute(t.Context(), call); err != nil {
			t.Fatal(err)
		}
		if got := <-seen; got.path != "POST /2010-04-01/Accounts/"+account+"/Messages.json" || got.auth != account+":"+canary || got.form.Encode() != want.Encode() {
			t.Errorf("from %s: got %+v, want the form %v", from, got, want)
		}
	}
	r, err := book.Run(t.Context(), org, "run_1")
	if err != nil || r.Delivery == nil || r.Delivery.MessageID != "SM00000000000000000000000000000001" || r.Delivery.Status != "queued" || r.Delivery.SentAt == 0 {
		t.Errorf("run: got %+v, %v; want the message noted", r.Delivery, err)
	}
}

// Each answer of the provider means what its reference says; only an answer that was lost
// leaves the message in doubt.
func TestRefusals(t *testing.T) {
	t.Parallel()
	book := mustBook(t)
	run := 0
	for name, c := range map[string]struct {
		status      int
		body        string
		code        callwright.Code
		later, sent bool
		says, field string
	}{
		"not a number":         {400, `{"code":21211,"message":"Invalid 'To' Phone Number: +12125550123","status":400}`, callwright.CodeValidation, false, false, "", "phone"},
		"not a mobile":         {400, `{"code":21614,"message":"'To' number is not a valid mobile number"}`, callwright.CodeValidation, false, false, "", "phone"},
		"a landline":           {400, `{"code":21635,"message":"'To' number cannot be a landline"}`, callwright.CodeValidation, false, false, "", "phone"},
		"unsubscribed":         {400, `{"code":21610,"message":"Attempt to send to unsubscribed recipient"}`, callwright.CodeOptedOut, false, false, "STOP", ""},
		"wrong token":          {401, `{"code":20003,"message":"Authenticate","status":401}`, callwright.CodeUnavailable, false, false, "--sms-token and --sms-from: 20003 Authenticate", ""},
		"forbidden":            {403, `nope`, callwright.CodeUnavailable, false, false, "--sms-account", ""},
		"not our number":       {400, `{"code":21606,"message":"The From phone number is not a valid, SMS-capable inbound phone number"}`, callwright.CodeUnavailable, false, false, "21606", ""},
		"country switched off": {400, `{"code":21408,"message":"Permission to send an SMS has not been enabled for the region indicated"}`, callwright.CodeUnavailable, false, false, "21408", ""},
		"something else":       {400, `{"code":21617,"message":"The concatenated\n message body exceeds the 1600 character limit"}`, callwright.CodeRemoteStatus, false, true, "21617 The concatenated message body", ""},
		"too many":             {429, `{"code":20429,"message":"Too Many Requests"}`, callwright.CodeRemoteStatus, true, true, "20429", ""},
		"too many, otherwise":  {429, ``, callwright.CodeRemoteStatus, true, true, "429", ""},
		"out of order":         {500, `{"code":20500,"message":"Internal Server Error"}`, callwright.CodeRemoteStatus, true, true, "20500", ""},
		"overloaded":           {503, `upstream`, callwright.CodeRemoteStatus, true, true, "503", ""},
		"gateway":              {502, `<html>`, callwright.CodeConnection, false, true, "not known", ""},
		"gateway in time":      {504, ``, callwright.CodeConnection, false, true, "not known", ""},
		"their own 502":        {502, `{"code":20500,"message":"x"}`, callwright.CodeRemoteStatus, true, true, "502", ""},
		"no id":                {201, `{"status":"queued"}`, callwright.CodeBadResponse, false, true, "not known", ""},
		"a page":               {200, `<html>hello</html>`, callwright.CodeBadResponse, false, true, "not known", ""},
		"the token in words":   {400, `{"code":20001,"message":"no ` + canary + `"}`, callwright.CodeRemoteStatus, false, true, "no ••••", ""},
	} {
		run++
		number := fmt.Sprintf("+121255501%02d", run)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(c.status)
				io.WriteString(w, c.body)
			}))
			t.Cleanup(server.Close)
			x := mustOpen(t, mustProvider(t, options(t, server.URL, book)), "{phone}", "Hi")
			call := goodCall()
			call.Fields["phone"] = number
			got, err := x.Execute(t.Context(), call)
			e, ok := errors.AsType[*callwright.Error](err)
			if !ok || e.Code != c.code || got.Later != c.later || got.Sent != c.sent || !strings.Contains(e.Message, c.says) || len(got.Request) == 0 || c.field != "" && (len(e.Fields) != 1 || e.Fields[0].Field != c.field) {
				t.Errorf("got %v %+v (later %v, sent %v), want %+v", err, e, got.Later, got.Sent, c)
			}
			if c.later && got.RetryAfter != 7*time.Second {
				t.Errorf("retry after: got %v, want 7s", got.RetryAfter)
			}
			list, _, err := book.ListOptOuts(t.Context(), org, number, callwright.Page{Page: 1, Limit: 10})
			if wantOut := c.code == callwright.CodeOptedOut; err != nil || (len(list) == 1) != wantOut || wantOut && list[0].Source != callwright.OptOutProvider {
				t.Errorf("opt-outs: got %+v, %v; want one: %v", list, err, wantOut)
			}
		})
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	got, err := mustOpen(t, mustProvider(t, options(t, closed.URL, book)), "{phone}", "Hi").Execute(t.Context(), goodCall())
	if callwright.CodeOf(err) != callwright.CodeUnreachable || got.Sent || !got.Later {
		t.Errorf("nobody there: got %v (later %v, sent %v), want unreachable, later", err, got.Later, got.Sent)
	}
}

// A provider that tells of the message before its answer breaks off has taken it.
func TestTakenAlthoughTheAnswerIsLost(t *testing.T) {
	t.Parallel()
	book := mustBook(t)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		err := book.UpdateRun(r.Context(), org, "run_1", func(run *callwright.Run) error {
			sms.Report(run, url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"queued"}}, 1)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(server.Close)
	got, err := mustOpen(t, mustProvider(t, options(t, server.URL, book)), "{phone}", "Hi").Execute(t.Context(), goodCall())
	if err != nil || !got.Sent || string(got.Data) != `{"sent":true}` {
		t.Errorf("got %+v, %v; want it sent", got, err)
	}
}

// A message that the provider seemed to refuse and told of afterwards is not sent again.
func TestToldBetweenAttempts(t *testing.T) {
	t.Parallel()
	var arrived atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		arrived.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(server.Close)
	book := mustBook(t)
	x := mustOpen(t, mustProvider(t, options(t, server.URL, book)), "{phone}", "Hi")
	for range 2 {
		if got, err := x.Execute(t.Context(), goodCall()); err == nil || !got.Later {
			t.Fatalf("got %+v, %v; want it put off", got, err)
		}
	}
	err := book.UpdateRun(t.Context(), org, "run_1", func(run *callwright.Run) error {
		sms.Report(run, url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"sent"}}, 1)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time after its reader has had enough
		if got, err := x.Execute(t.Context(), goodCall()); err != nil || !got.Sent || string(got.Data) != `{"sent":true}` || arrived.Load() != 2 {
			t.Errorf("got %+v, %v and %d requests; want it taken for sent without a third", got, err, arrived.Load())
		}
		if _, err := book.AddOptOut(t.Context(), callwright.OptOut{ID: "opt_1", OrganizationID: org, Number: "+12125550123"}); err != nil {
			t.Fatal(err)
		}
	}
}

// A number gets so many messages and no more, from every server together; one that opted
// out gets none. Nothing of that reaches the provider.
func TestLimits(t *testing.T) {
	t.Parallel()
	var arrived atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		arrived.Add(1)
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, taken)
	}))
	t.Cleanup(server.Close)
	book := mustBook(t)
	var now atomic.Int64
	now.Store(time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC).UnixNano())
	o := options(t, server.URL, book)
	o.PerHour, o.PerDay, o.Now = 3, 5, func() time.Time { return time.Unix(0, now.Load()) }
	x := mustOpen(t, mustProvider(t, o), "{phone}", "Hi")
	run := 0
	send := func(number string, change ...func(*skill.Call)) callwright.Code {
		t.Helper()
		call := goodCall()
		run++
		call.Run, call.Fields = callwright.RunID(fmt.Sprint("run_x", run)), map[string]any{"phone": number}
		for _, c := range change {
			c(&call)
		}
		before := arrived.Load()
		got, err := x.Execute(t.Context(), call)
		code := callwright.CodeOf(err)
		if went := arrived.Load() - before; went != map[callwright.Code]int64{"": 1}[code] || got.Sent != (code == "") || len(got.Request) == 0 {
			t.Errorf("%v: %d requests went out, sent %v", err, went, got.Sent)
		}
		return code
	}
	want := func(number string, want callwright.Code, change ...func(*skill.Call)) {
		t.Helper()
		if got := send(number, change...); got != want {
			t.Errorf("message %d: got %q, want %q", run, got, want)
		}
	}
	const one, two = "+12125550123", "+12125550124"
	for range 3 {
		want(one, "")
	}
	want(one, callwright.CodeTextLimit)
	want(two, "")                                           // another number
	want(one, "", func(c *skill.Call) { c.Run = "run_x1" }) // the same run again, after it was put off
	if _, err := book.EnsureOrg(t.Context(), callwright.Org{ID: "org_2", Name: "Other"}); err != nil {
		t.Fatal(err)
	}
	want(one, "", func(c *skill.Call) { c.Org = "org_2" }) // another organization
	now.Add(int64(time.Hour))
	want(one, "")
	want(one, "")
	want(one, callwright.CodeTextLimit) // of the day
	now.Add(int64(23 * time.Hour))
	want(one, "")

	code := func(c *skill.Call) { c.OneTime = true }
	o.PerHour, o.PerDay = 0, 0
	x = mustOpen(t, mustProvider(t, o), "{phone}", "Hi")
	for range 7 {
		want(two, "")
	}
	for range 5 {
		want(two, "", code)
	}
	want(two, callwright.CodeTextLimit, code)
	want(two, "")
	now.Add(int64(10 * time.Minute))
	want(two, "", code)

	if _, err := book.AddOptOut(t.Context(), callwright.OptOut{ID: "opt_1", OrganizationID: org, Number: one}); err != nil {
		t.Fatal(err)
	}
	want(one, callwright.CodeOptedOut)
	want(one, callwright.CodeOptedOut, code)
	want(two, "")
}

func TestNewProvider(t *testing.T) {
	t.Parallel()
	for says, change := range map[string]func(*sms.Options){
		"--sms-url must be like":  func(o *sms.Options) { o.URL = "api.twilio.com" },
		"--sms-url must be  like": func(o *sms.Options) { o.URL = "https://user:" + canary + "@x.example" },
		"in clear":                func(o *sms.Options) { o.URL = "http://api.twilio.com" },
		"--sms-account":           func(o *sms.Options) { o.Account = "AC/../x" },
		"--sms-token":             func(o *sms.Options) { o.Token = secret.String{} },
		"--sms-from":              func(o *sms.Options) { o.From = "" },
		"--sms-from must":         func(o *sms.Options) { o.From = "Acme Incorporated" },
		"--sms-from must be":      func(o *sms.Options) { o.From = "5550100001" },
		"--sms-from must be a":    func(o *sms.Options) { o.From = "+15550100001 " },
		"--sms-per-hour":          func(o *sms.Options) { o.PerHour = -1 },
		"--sms-help must have":    func(o *sms.Options) { o.Help = strings.Repeat("a", 2000) },
	} {
		o := options(t, "https://api.twilio.com", nil)
		change(&o)
		if _, err := sms.NewProvider(o); err == nil || !strings.Contains(err.Error(), strings.Join(strings.Fields(says), " ")) || strings.Contains(err.Error(), canary) {
			t.Errorf("got %v, want %q", err, says)
		}
	}
	for _, from := range []string{"+4915112345678", "12345", "Acme", "MG" + strings.Repeat("0", 32)} {
		o := options(t, "http://127.0.0.1:4010/api", nil)
		if o.From = from; mustProvider(t, o) == nil {
			t.Errorf("from %s: got no provider", from)
		}
	}
}

// Whoever gives up while the message waits for its turn sends nothing.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got, err := mustOpen(t, mustProvider(t, options(t, "http://127.0.0.1:9", mustBook(t))), "{phone}", "Hi").Execute(ctx, goodCall())
	if callwright.CodeOf(err) != callwright.CodeTimeout || got.Sent {
		t.Errorf("got sent %v, %v; want it given up and nothing sent", got.Sent, err)
	}
}
