package e2e_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"callwright"
	"callwright/internal/app"
	"callwright/internal/ascode"
	"callwright/internal/client"
)

// An operator keeps agents as code: what he exports and applies goes through a
// proxy that counts what changes something.
type operator struct {
	*server
	client client.Client

	mu       sync.Mutex
	mutating []string
	before   func(r *http.Request) // called with every mutating request
}

func newOperator(t *testing.T, options ...func(*app.Options)) *operator {
	o := &operator{server: start(t, options...)}
	target, err := url.Parse(o.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			o.mu.Lock()
			o.mutating = append(o.mutating, r.Method+" "+r.URL.Path)
			before := o.before
			o.mu.Unlock()
			if before != nil {
				before(r)
			}
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	o.client = client.Client{URL: srv.URL, Key: o.key}
	return o
}

// mutations returns the mutating requests since the last time.
func (o *operator) mutations() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := o.mutating
	o.mutating = nil
	return out
}

func (o *operator) export(agent string) string {
	o.t.Helper()
	var out bytes.Buffer
	if err := ascode.Export(o.t.Context(), o.client, agent, false, &out); err != nil {
		o.t.Fatalf("export: %v", err)
	}
	return out.String()
}

// apply tells what was printed.
func (o *operator) apply(text string, opts ascode.Options) (string, error) {
	o.t.Helper()
	f, err := ascode.Parse("desk.yaml", []byte(text))
	if err != nil {
		o.t.Fatalf("parse: %v\n%s", err, text)
	}
	var out bytes.Buffer
	err = ascode.Apply(o.t.Context(), o.client, f, opts, &out)
	return out.String(), err
}

func (o *operator) mustApply(text string, opts ascode.Options) string {
	o.t.Helper()
	out, err := o.apply(text, opts)
	if err != nil {
		o.t.Fatalf("apply: %v\n%s", err, out)
	}
	return out
}

// only returns the one agent there is.
func (o *operator) only() callwright.Agent {
	o.t.Helper()
	var agents []callwright.Agent
	o.must("GET", "/agents", nil, &agents)
	if len(agents) != 1 {
		o.t.Fatalf("want one agent, got %+v", agents)
	}
	return agents[0]
}

// wholeAgent has every member of the reference.
const wholeAgent = `{"name":"Desk","persona":"A patient clerk.\n\nKnows: everything.","primaryLanguage":"en-GB","languages":["en-GB","no"],"languageBehavior":"code_switch",
	"enabledChannels":["chat","voice"],"goals":["help"],"neverDo":["guess","yes"],"tone":"warm","lexicon":{"preferred":["parcel"],"banned":["package"],"pronunciations":{"SQL":"sequel"}},
	"voiceMap":{"no":"v2"},"defaultVoiceId":"1e3","voiceSettings":{"stability":0.4,"style":0},"llmModel":"builtin","llmTemperature":0,"ttsModel":"t","sttModel":"s",
	"endpointing":{"minSilenceMs":0,"semantic":false},"greeting":"Hello!","handoffConfig":{"warm":true,"transferDestination":"+15551234567","transferRules":[{"label":"sales","when":"wants to buy","destination":"+15557654321"}]},
	"callControl":{"maxCallSeconds":600,"onNoResponseAction":"transfer"},"businessHours":{"timezone":"Europe/London","weekly":{"mon":[{"start":"09:00","end":"17:30"}],"sun":[]},"holidays":[{"date":"2026-12-25","name":"Christmas","closed":true}],"afterHours":{"mode":"full"}},
	"channelOverrides":{"chat":{"greeting":"Hi in chat!","businessHours":null}},"avgTicketCents":12500,"isActive":false}`

func (o *operator) wholeAgent() string {
	o.t.Helper()
	var a struct{ ID string }
	o.must("POST", "/agents", wholeAgent, &a)
	o.skill(a.ID, warranty("https://api.example.com/w"))
	o.skill(a.ID, `{"name":"Book","description":"Use when a customer wants a visit.","skillType":"http_webhook","isWrite":true,"requiresConfirmation":true,"stakes":"high","isEnabled":false,"toolMode":"one_way",
		"parametersSchema":{"type":"object","properties":{"zip":{"type":"string","pattern":"^[0-9]{5}$","description":"ZIP"},"day":{"enum":["mon","no"],"type":"string"},"n":{"type":"integer","maximum":1e3}}},"requiredParams":["zip","day"],
		"executionConfig":{"url":"https://api.example.com/b","method":"POST"},"dataEgressMap":{"z":"zip","who":{"source":"caller.phone","mask":"last4"},"v":{"const":1.50}},"allowedFields":["visit.id"],
		"errorHandling":{"retries":2,"retryOn":["timeout"]},"channels":["chat"],"availabilityWindow":"open"}`)
	o.skill(a.ID, `{"name":"Ping","description":"Use to try.","skillType":"http_webhook","executionConfig":{"url":"https://api.example.com/p"}}`)
	return a.ID
}

// TestExportApplyExport: an agent that is exported, deleted, applied and exported
// again is the same, byte for byte; applying once more changes nothing.
func TestExportApplyExport(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	id := o.wholeAgent()
	text := o.export(id)
	if strings.Contains(text, id) || strings.Contains(text, "skl_") || strings.Contains(text, "partner-key") || !strings.Contains(text, "{{secret.CHECK_WARRANTY_STATUS_X_API_KEY_") {
		t.Errorf("an export should have no ids and name secrets:\n%s", text)
	}
	if strings.Index(text, "zip:") > strings.Index(text, "day:") || strings.Index(text, "name: Book") > strings.Index(text, "name: Check") {
		t.Errorf("properties should keep their order, and skills be sorted:\n%s", text)
	}
	o.must("DELETE", "/agents/"+id, nil, nil)
	out := o.mustApply(text, ascode.Options{})
	if !strings.HasPrefix(out, "+ create agent \"Desk\"\n+ create skill \"Book\"\n+ create skill \"Check warranty status\"\n+ create skill \"Ping\"\ndone: agent agt_") {
		t.Errorf("got %s", out)
	}
	if again := o.export(string(o.only().ID)); again != text {
		t.Errorf("exported again:\n%s\nwas\n%s", again, text)
	}
	o.mutations()
	for range 2 {
		if out := o.mustApply(text, ascode.Options{Prune: true}); out != "nothing to change\n" {
			t.Errorf("applied again: %s", out)
		}
	}
	if m := o.mutations(); len(m) != 0 {
		t.Errorf("nothing to change, and still: %v", m)
	}
}

// TestApplyChanges: a dry run tells what an apply does, and does nothing; the
// apply does that and no more.
func TestApplyChanges(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	text := o.export(o.wholeAgent())
	changed := strings.NewReplacer("tone: warm", "tone: brisk", "  greeting: Hello!\n", "", "stakes: high", "stakes: medium", "required: [zip, day]", "required: [day]",
		"name: Ping", "name: Pong").Replace(text)
	want := `~ update agent "Desk": tone, greeting
- delete skill "Ping"
~ update skill "Book": requiredParams, stakes
+ create skill "Pong"
`
	kept := strings.Replace(want, "- delete skill \"Ping\"\n", "", 1) + "= keep skill \"Ping\", which the file does not have (--prune deletes it)\n"
	o.mutations()
	if out := o.mustApply(changed, ascode.Options{DryRun: true, Prune: true}); out != want+"dry run: nothing was changed\n" {
		t.Errorf("dry run:\n%s", out)
	}
	if out := o.mustApply(changed, ascode.Options{DryRun: true}); out != kept+"dry run: nothing was changed\n" {
		t.Errorf("dry run without prune:\n%s", out)
	}
	if m := o.mutations(); len(m) != 0 {
		t.Errorf("a dry run sent %v", m)
	}
	agent := string(o.only().ID)
	if now := o.export(agent); now != text {
		t.Errorf("a dry run changed the agent:\n%s", now)
	}
	if out := o.mustApply(changed, ascode.Options{}); !strings.HasPrefix(out, kept+"done: agent ") {
		t.Errorf("apply:\n%s", out)
	}
	if m := o.mutations(); len(m) != 3 {
		t.Errorf("three changes took %v", m)
	}
	if out := o.mustApply(changed, ascode.Options{}); !strings.HasSuffix(out, "nothing to change\n") || !strings.Contains(out, `keep skill "Ping"`) {
		t.Errorf("applied again:\n%s", out)
	}
	o.mustApply(changed, ascode.Options{Prune: true})
	if now := o.export(agent); now != changed {
		t.Errorf("after the apply:\n%s\nwant\n%s", now, changed)
	}
}

// TestApplyAsWritten: a file by hand needs only what it wants to say, and what
// the server fills in is no difference.
func TestApplyAsWritten(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	const text = `# By hand.
kind: Agent
apiVersion: callwright/v1
agent:
  name: Desk
  primaryLanguage:
  handoffConfig:
    transferDestination: (555) 234-5678
    transferRules: [{label: sales, when: wants to buy, destination: +1 555 765 4321}]
  isActive: true
  businessHours: {timezone: Europe/Oslo, holidays: [{date: 2026-12-25, closed: true}], afterHours: {mode: full, number: 555.234.5678, emergencyNumber: 911}}
skills:
- description: "  Use when a customer asks for a visit. "
  name: Book
  skillType: http_webhook
  executionConfig:
    url: https://api.example.com/b
    timeout_ms: 4000
    headers: {X-Api-Key: hunter2}
  parametersSchema:
    required: [zip]
    properties: {day: {type: string, description: The day}, zip: {type: string, description: ZIP}}
  requiredParams: [day]
  errorHandling: {then: continue}
  stakes: low
`
	o.mustApply(text, ascode.Options{})
	const kept = "! skill \"Book\": executionConfig.headers.X-Api-Key is in clear in the file; the server keeps the secret it has (--rotate-secrets sends the file's)\n"
	o.mutations()
	if out := o.mustApply(text, ascode.Options{}); out != kept+"nothing to change\n" || len(o.mutations()) != 0 {
		t.Errorf("applied again:\n%s", out)
	}
	secrets := func() (names []string) {
		t.Helper()
		var all []callwright.Secret
		o.must("GET", "/secrets", nil, &all)
		for _, s := range all {
			names = append(names, s.Name)
		}
		return names
	}
	if n := secrets(); len(n) != 1 {
		t.Fatalf("secrets: %v", n)
	}
	// Another setting changes beside the secret: the reference stays.
	faster := strings.Replace(text, "4000", "2000", 1)
	if out := o.mustApply(faster, ascode.Options{}); !strings.Contains(out, "~ update skill \"Book\": executionConfig\n") || len(secrets()) != 1 {
		t.Errorf("got %s, secrets %v", out, secrets())
	}
	agent := string(o.only().ID)
	if now := o.export(agent); !strings.Contains(now, "timeout_ms: 2000") || !strings.Contains(now, "X-Api-Key: '{{secret."+secrets()[0]) && !strings.Contains(now, `X-Api-Key: "{{secret.`+secrets()[0]) {
		t.Errorf("the setting should be changed and the reference kept:\n%s", now)
	}
	if out := o.mustApply(faster, ascode.Options{RotateSecrets: true}); !strings.Contains(out, "~ update skill \"Book\": executionConfig\n") || len(secrets()) != 2 {
		t.Errorf("rotated: %s, secrets %v", out, secrets())
	}
}

// TestApplyStale: an agent that someone else changes in between stays as they
// left it, skills and rules too.
func TestApplyStale(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	text := o.export(o.wholeAgent())
	agent := string(o.only().ID)
	for edit, changed := range map[string]string{
		"agent":      strings.Replace(text, "tone: warm", "tone: brisk", 1),
		"skill":      strings.Replace(text, "stakes: high", "stakes: medium", 1),
		"guardrails": text + "guardrails: [{policyType: write_gate}]\n",
	} {
		o.mu.Lock()
		o.before = func(*http.Request) {
			o.must("PATCH", "/agents/"+agent, map[string]any{"greeting": "Someone else's"}, nil)
		}
		o.mu.Unlock()
		o.mutations()
		out, err := o.apply(changed, ascode.Options{})
		if err == nil || !strings.Contains(err.Error(), "stale_version") || strings.Contains(out, "done") {
			t.Errorf("%s: got %v\n%s", edit, err, out)
		}
		if m := o.mutations(); len(m) != 1 {
			t.Errorf("%s: it went on after the refusal: %v", edit, m)
		}
		if now := o.export(agent); now != strings.Replace(text, "greeting: Hello!", "greeting: Someone else's", 1) {
			t.Errorf("%s: the agent should be as they left it:\n%s", edit, now)
		}
	}
}

// TestApplyWhich: an id says which agent, a name does when it is the only one.
func TestApplyWhich(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	first, second := o.agent(map[string]any{"tone": "warm"}), o.agent(map[string]any{"tone": "cold"})
	const file = "apiVersion: callwright/v1\nkind: Agent\nagent: {name: Desk, tone: brisk}\n"
	_, err := o.apply(file, ascode.Options{})
	if err == nil || !strings.Contains(err.Error(), first) || !strings.Contains(err.Error(), second) || !strings.Contains(err.Error(), "id: agt_") {
		t.Errorf("two of a name: %v", err)
	}
	o.mustApply(file+"id: "+second+"\n", ascode.Options{})
	var a, b callwright.Agent
	o.must("GET", "/agents/"+first, nil, &a)
	o.must("GET", "/agents/"+second, nil, &b)
	if a.Tone != "warm" || b.Tone != "brisk" {
		t.Errorf("got %q and %q", a.Tone, b.Tone)
	}
	var out bytes.Buffer
	if err := ascode.Export(t.Context(), o.client, second, true, &out); err != nil || !strings.Contains(out.String(), "\nid: "+second+"\n") {
		t.Errorf("with its id: %v\n%s", err, out.String())
	}
	if _, err := o.apply(file+"id: agt_none\n", ascode.Options{}); err == nil || !strings.Contains(err.Error(), "not_found") {
		t.Errorf("an id of nothing: %v", err)
	}
	// What the server refuses is told with the fields and the step.
	_, err = o.apply(file+"id: "+first+"\nskills:\n- {name: S, description: d, skillType: http_webhook, executionConfig: {url: 'ftp://x', speed: 1}}\n", ascode.Options{})
	if err == nil || !strings.Contains(err.Error(), `create skill "S"`) || !strings.Contains(err.Error(), "\n  executionConfig.") {
		t.Errorf("a refusal: %v", err)
	}
	// More agents than a page, of which one is meant.
	for range 101 {
		o.agent(map[string]any{"name": "Other"})
	}
	o.must("DELETE", "/agents/"+second, nil, nil)
	if out := o.mustApply(file+"skills: []\n", ascode.Options{DryRun: true}); strings.Contains(out, "create") {
		t.Errorf("the agent is on the second page:\n%s", out)
	}
}

// TestApplyPublish: --publish publishes what callers do not have yet, once.
func TestApplyPublish(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	const file = "apiVersion: callwright/v1\nkind: Agent\nagent: {name: Desk, greeting: Hello!, llmModel: builtin}\n"
	o.mustApply(file, ascode.Options{})
	if a := o.only(); a.Status != "draft" {
		t.Errorf("it was published without being asked: %+v", a)
	}
	yes := ascode.Options{Publish: true}
	if out := o.mustApply(file, yes); !strings.HasPrefix(out, "> publish agent \"Desk\"\ndone") {
		t.Errorf("got %s", out)
	}
	o.mutations()
	if out := o.mustApply(file, yes); out != "nothing to change\n" || len(o.mutations()) != 0 {
		t.Errorf("again: %s", out)
	}
	if out := o.mustApply(strings.Replace(file, "Hello!", "Hi!", 1), yes); !strings.Contains(out, ": greeting\n> publish") {
		t.Errorf("got %s", out)
	}
	c := o.chat(string(o.only().ID), false)
	var session struct{ Messages []struct{ Content string } }
	o.must("GET", "/chat/sessions/"+c.id, nil, &session)
	if len(session.Messages) != 1 || session.Messages[0].Content != "Hi!" {
		t.Errorf("callers should get the new version: %+v", session)
	}
}

// ruledAgent has skills, rules that name them by id and by name, and a widget.
func (o *operator) ruledAgent() (id string) {
	o.t.Helper()
	id = o.agent(map[string]any{})
	check := o.skill(id, with(warranty("https://api.example.com/check"), map[string]any{"name": "Check identity", "description": "Use when an identity is needed."}))
	refund := o.skill(id, with(warranty("https://api.example.com/refund"), map[string]any{"name": "Refund", "description": "Use when money goes back.", "isWrite": true}))
	o.skill(id, with(warranty("https://api.example.com/close"), map[string]any{"name": "Close account", "description": "Use when a customer leaves.", "isWrite": true}))
	o.must("PUT", "/agents/"+id+"/caller-verification", `[{"method":"otp_sms","verifierSkillId":"`+check+`","maxAttempts":2,"stepUpFor":["`+refund+`","Close account"]},
		{"method":"account_pin","verifierSkillId":"`+check+`","requiredFields":["serial_number"],"tokenTtlSeconds":60}]`, nil)
	o.must("PUT", "/agents/"+id+"/guardrails", `[{"id":"mine","policyType":"write_gate","config":{"confirm":true,"alwaysEscalate":["close ACCOUNT","`+refund+`"]}},
		{"policyType":"rate_limit","appliesToSkillType":"http_webhook","config":{"perMinute":6},"isEnabled":false},{"policyType":"rate_limit","config":{"perMinute":60}},
		{"policyType":"business_hours","config":{"window":"open","weekly":{"mon":[{"start":"09:00","end":"17:00"}]},"timezone":"Europe/Oslo"}}]`, nil)
	o.must("PUT", "/agents/"+id+"/widget", `{"theme":{"z":"#0af","a":1e3},"copy":{"title":"yes"}}`, nil)
	return id
}

// ruledSections are the rules of ruledAgent as a file has them.
const ruledSections = `
callerVerification:
- method: otp_sms
  verifierSkill: Check identity
  maxAttempts: 2
  stepUpFor: [Refund, Close account]
- method: account_pin
  verifierSkill: Check identity
  requiredFields: [serial_number]
  tokenTtlSeconds: 60
guardrails:
- policyType: write_gate
  config:
    alwaysEscalate: [Close account, Refund]
    confirm: true
- policyType: rate_limit
  appliesToSkillType: http_webhook
  config:
    perMinute: 6
  isEnabled: false
- policyType: rate_limit
  config:
    perMinute: 60
- policyType: business_hours
  config:
    window: open
    weekly:
      mon:
      - start: "09:00"
        end: "17:00"
    timezone: Europe/Oslo
widget:
  theme:
    z: '#0af'
    a: 1e3
  copy:
    title: "yes"
`

// TestRulesAsCode: rules and widget go with the agent, and back to the same bytes.
func TestRulesAsCode(t *testing.T) {
	t.Parallel()
	onBoth(t, testRulesAsCode)
}

func testRulesAsCode(t *testing.T, address string) {
	o := newOperator(t, at(address))
	id := o.ruledAgent()
	text := o.export(id)
	if !strings.HasSuffix(text, ruledSections) {
		t.Errorf("exported:\n%s\nwant at its end\n%s", text, ruledSections)
	}
	o.must("DELETE", "/agents/"+id, nil, nil)
	const want = `+ create agent "Desk"
+ create skill "Check identity"
+ create skill "Close account"
+ create skill "Refund"
~ update callerVerification: add otp_sms, add account_pin
~ update guardrails: add write_gate, add rate_limit for http_webhook, add rate_limit, add business_hours
~ update widget: theme, copy
`
	if out := o.mustApply(text, ascode.Options{}); !strings.HasPrefix(out, want+"done: agent agt_") {
		t.Errorf("applied:\n%s\nwant\n%s", out, want)
	}
	id = string(o.only().ID)
	if again := o.export(id); again != text {
		t.Errorf("exported again:\n%s\nwas\n%s", again, text)
	}
	o.mutations()
	if out := o.mustApply(text, ascode.Options{Prune: true}); out != "nothing to change\n" || len(o.mutations()) != 0 {
		t.Errorf("applied again:\n%s", out)
	}
	var verifications []callwright.CallerVerification
	o.must("GET", "/agents/"+id+"/caller-verification", nil, &verifications)
	var skills []callwright.Skill
	o.must("GET", "/agents/"+id+"/skills", nil, &skills)
	for _, s := range skills {
		if isVerifier := len(verifications) == 2 && verifications[0].VerifierSkillID == s.ID; isVerifier != (s.Name == "Check identity") {
			t.Errorf("skill %s %q is the verifier: got %v", s.ID, s.Name, isVerifier)
		}
	}
}

// TestApplyRuleChanges: a plan tells in words what changes of the rules; what the
// file leaves out stays, unless it is pruned.
func TestApplyRuleChanges(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	id := o.ruledAgent()
	text := o.export(id)
	skills := strings.TrimSuffix(text, ruledSections) + "\n"
	for name, c := range map[string]struct {
		file  string
		prune bool
		want  string
	}{
		"members": {file: strings.NewReplacer("maxAttempts: 2", "maxAttempts: 3", "perMinute: 60", "perMinute: 90", "  isEnabled: false\n", "", "yes", "no").Replace(text),
			want: "~ update callerVerification: change otp_sms (maxAttempts)\n~ update guardrails: change rate_limit for http_webhook (isEnabled), change rate_limit (config)\n~ update widget: copy\n"},
		"references":         {file: strings.Replace(text, "[Refund, Close account]", "[refund]", 1), want: "~ update callerVerification: change otp_sms (stepUpFor)\n"},
		"the case of a name": {file: strings.NewReplacer("verifierSkill: Check", "verifierSkill: check", "[Refund, Close account]", "[refund, ' CLOSE account']").Replace(text)},
		"rules":              {file: strings.Replace(strings.Replace(text, "account_pin", "knowledge_based", 1), "write_gate", "write_gate\n  appliesToSkillType: http_webhook", 1), want: "~ update callerVerification: add knowledge_based, remove account_pin\n~ update guardrails: add write_gate for http_webhook, remove write_gate\n"},
		"the order":          {file: skills + "callerVerification: [{method: account_pin, verifierSkill: Check identity, requiredFields: [serial_number], tokenTtlSeconds: 60}, {method: otp_sms, verifierSkill: Check identity, maxAttempts: 2, stepUpFor: [Refund, Close account]}]\n", want: "~ update callerVerification: change the order\n= keep guardrails, which the file does not have (--prune clears it)\n= keep widget, which the file does not have (--prune clears it)\n"},
		"left out":           {file: skills, want: "= keep callerVerification, which the file does not have (--prune clears it)\n= keep guardrails, which the file does not have (--prune clears it)\n= keep widget, which the file does not have (--prune clears it)\n"},
		"pruned":             {file: skills, prune: true, want: "~ update callerVerification: remove otp_sms, remove account_pin\n~ update guardrails: remove write_gate, remove rate_limit for http_webhook, remove rate_limit, remove business_hours\n~ update widget: theme, copy\n"},
		"emptied":            {file: skills + "callerVerification: []\nguardrails: []\nwidget: {}\n", want: "~ update callerVerification: remove otp_sms, remove account_pin\n~ update guardrails: remove write_gate, remove rate_limit for http_webhook, remove rate_limit, remove business_hours\n~ update widget: theme, copy\n"},
	} {
		last := "nothing to change\n"
		if strings.Contains(c.want, "~") {
			last = "dry run: nothing was changed\n"
		}
		if out := o.mustApply(c.file, ascode.Options{DryRun: true, Prune: c.prune}); out != c.want+last {
			t.Errorf("%s, dry run: got\n%s\nwant\n%s", name, out, c.want+last)
		}
		if m := o.mutations(); len(m) != 0 {
			t.Errorf("%s: a dry run sent %v", name, m)
		}
		o.mustApply(c.file, ascode.Options{Prune: c.prune})
		if out := o.mustApply(c.file, ascode.Options{Prune: c.prune}); !strings.HasSuffix(out, "nothing to change\n") {
			t.Errorf("%s, applied again: got\n%s", name, out)
		}
		o.mustApply(text, ascode.Options{})
		if now := o.export(id); now != text {
			t.Errorf("%s, applied back: got\n%s\nwant\n%s", name, now, text)
		}
		o.mutations()
	}
}

// TestApplyKeepsRuleIDs: a rule that changes is the same rule, so that versions can
// be compared.
func TestApplyKeepsRuleIDs(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	id := o.ruledAgent()
	var before, after []callwright.Guardrail
	o.must("GET", "/agents/"+id+"/guardrails", nil, &before)
	o.mustApply(strings.NewReplacer("perMinute: 60", "perMinute: 90", "confirm: true", "confirm: false").Replace(o.export(id)), ascode.Options{})
	o.must("GET", "/agents/"+id+"/guardrails", nil, &after)
	if len(after) != len(before) || before[0].ID != "mine" {
		t.Fatalf("got %+v, want as many as %+v", after, before)
	}
	for i := range after {
		if after[i].ID != before[i].ID {
			t.Errorf("guardrail %d: got id %s, want %s", i, after[i].ID, before[i].ID)
		}
	}
	if got, want := string(after[2].Config), `{"perMinute":90}`; got != want {
		t.Errorf("got config %s, want %s", got, want)
	}
}

// TestUnknownSkillInRules: a rule that names no skill is told with its place, all of
// them, before anything is changed.
func TestUnknownSkillInRules(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	id := o.ruledAgent()
	text := o.export(id)
	refused := func(name, file string, opts ascode.Options, want ...string) {
		t.Helper()
		o.mutations()
		_, err := o.apply(file, opts)
		if err == nil {
			t.Fatalf("%s: got no error, want %q", name, want)
		}
		var lines []string
		for _, w := range want {
			lines = append(lines, w+": is the name of no skill: correct it, or add the skill under skills")
		}
		if got, want := err.Error(), strings.Join(lines, "\n"); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
		if m := o.mutations(); len(m) != 0 {
			t.Errorf("%s: it sent %v", name, m)
		}
	}
	wrong := strings.NewReplacer("verifierSkill: Check identity\n  maxAttempts", "verifierSkill: Chekc\n  maxAttempts", "[Refund, Close account]", "[Refund, Close]", "[Close account, Refund]", "[Close, Refund]").Replace(text)
	all := []string{"callerVerification[0].verifierSkill", "callerVerification[0].stepUpFor[1]", "guardrails[0].config.alwaysEscalate[0]"}
	refused("misspelt", wrong, ascode.Options{}, all...)
	refused("misspelt, a new agent", strings.Replace(wrong, "name: Desk", "name: Other", 1), ascode.Options{}, all...)
	// A skill of the server counts as long as it stays.
	const few = "apiVersion: callwright/v1\nkind: Agent\nagent: {name: Desk}\ncallerVerification: [{method: account_pin, verifierSkill: Check identity}]\n"
	refused("pruned", few, ascode.Options{Prune: true}, "callerVerification[0].verifierSkill")
	if out := o.mustApply(few, ascode.Options{DryRun: true}); !strings.Contains(out, "~ update callerVerification: change account_pin (requiredFields, tokenTtlSeconds), remove otp_sms\n") {
		t.Errorf("kept skills: got\n%s", out)
	}
	// An export does not write what could not be applied.
	var skills []callwright.Skill
	o.must("GET", "/agents/"+id+"/skills", nil, &skills)
	for _, s := range skills {
		if s.Name == "Refund" {
			o.must("DELETE", "/agents/"+id+"/skills/"+string(s.ID), nil, nil)
		}
	}
	var out bytes.Buffer
	err := ascode.Export(t.Context(), o.client, id, false, &out)
	if err == nil || out.Len() != 0 || !strings.Contains(err.Error(), "callerVerification[0].stepUpFor[0]: names no skill") || !strings.Contains(err.Error(), "guardrails[0].config.alwaysEscalate[1]: names no skill") {
		t.Errorf("exported without the skill: got %v\n%s", err, out.String())
	}
	// Applying a correct file is a way out.
	o.mustApply(text, ascode.Options{})
	if now := o.export(id); now != text {
		t.Errorf("applied again: got\n%s\nwant\n%s", now, text)
	}
}
