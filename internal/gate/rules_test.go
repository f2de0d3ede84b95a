package gate_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"callwright"
	"callwright/internal/gate"
	"callwright/internal/skill"
)

// ruled is a desk whose agent has guardrails and ways to verify callers.
func ruled(a callwright.AgentSpec, rules []callwright.Guardrail, verify []callwright.CallerVerification, specs ...callwright.SkillSpec) *desk {
	d := newDeskOf(a, specs...)
	snap := d.agent.Snapshot
	snap.Guardrails, snap.CallerVerification = rules, verify
	d.agent = gate.Compile(snap, kinds(&d.partner))
	return d
}

func rule(t callwright.PolicyType, config string) callwright.Guardrail {
	return callwright.Guardrail{ID: "grd_1", PolicyType: t, Config: json.RawMessage(config)}
}

// line returns an outcome's line of a phase as "outcome: detail".
func line(out gate.Outcome, phase string) string {
	for _, l := range out.Lines {
		if l.Phase == phase {
			return strings.TrimSuffix(l.Outcome+": "+l.Detail, ": ")
		}
	}
	return "no line"
}

func write() callwright.SkillSpec {
	s := order()
	s.Name, s.IsWrite = "Refund order", true
	return s
}

// Every rule, with the line of the receipt that it writes when it lets a call pass and
// when it does not.
func TestRules(t *testing.T) {
	t.Parallel()
	closed := callwright.BusinessHours{Timezone: "UTC", Weekly: map[string][]callwright.Range{"sun": {{Start: "09:00", End: "10:00"}}}}
	for name, c := range map[string]struct {
		agent callwright.AgentSpec
		rules []callwright.Guardrail
		spec  callwright.SkillSpec
		kind  gate.Kind
		code  callwright.Code
		phase string
		want  string
	}{
		"no rules":                    {spec: order(), kind: gate.Done, phase: "limits", want: "not_configured"},
		"escalate by name":            {rules: []callwright.Guardrail{rule(callwright.WriteGate, `{"alwaysEscalate":["refund ORDER"]}`)}, spec: write(), kind: gate.Refused, code: gate.CodeMustEscalate, phase: "limits", want: "refused: the write_gate guardrail hands this over to a person"},
		"escalate by id":              {rules: []callwright.Guardrail{rule(callwright.WriteGate, `{"alwaysEscalate":["skl_a"]}`)}, spec: write(), kind: gate.Refused, code: gate.CodeMustEscalate, phase: "limits", want: "refused: the write_gate guardrail hands this over to a person"},
		"escalate another":            {rules: []callwright.Guardrail{rule(callwright.WriteGate, `{"alwaysEscalate":["Close account"]}`)}, spec: write(), kind: gate.Done, phase: "limits", want: "passed"},
		"confirm writes":              {rules: []callwright.Guardrail{rule(callwright.WriteGate, `{"confirm":true}`)}, spec: write(), kind: gate.Confirm, phase: "confirmation", want: "needs_confirmation: the caller is asked to confirm"},
		"confirm does not mean reads": {rules: []callwright.Guardrail{rule(callwright.WriteGate, `{"confirm":true}`)}, spec: order(), kind: gate.Done, phase: "confirmation", want: "not_configured"},
		"verified writes":             {rules: []callwright.Guardrail{rule(callwright.WriteGate, `{"requireVerified":true}`)}, spec: write(), kind: gate.Verify, code: gate.CodeCannotVerify, phase: "identity", want: "needs_verification: the skill needs a verified caller, and no method that can verify one well enough is configured"},
		"another type's rule": {rules: []callwright.Guardrail{{ID: "g", PolicyType: callwright.WriteGate, AppliesToSkillType: callwright.SMS, Config: json.RawMessage(`{"confirm":true}`)}},
			spec: write(), kind: gate.Done, phase: "confirmation", want: "not_configured"},
		"a rule that is off": {rules: []callwright.Guardrail{{ID: "g", PolicyType: callwright.WriteGate, IsEnabled: new(bool), Config: json.RawMessage(`{"confirm":true}`)}},
			spec: write(), kind: gate.Done, phase: "confirmation", want: "not_configured"},
		"a rule that cannot be read": {rules: []callwright.Guardrail{rule(callwright.WriteGate, `{"confirm":"please"}`)}, spec: write(), kind: gate.Refused, code: gate.CodeSkillBroken, phase: "find",
			want: "refused: the agent's rules cannot be judged: guardrail write_gate: validation_error: The request is not valid.; config.confirm must be true or false"},
		"hours of the agent":    {agent: callwright.AgentSpec{BusinessHours: closed}, rules: []callwright.Guardrail{rule(callwright.HoursPolicy, `{}`)}, spec: order(), kind: gate.Refused, code: gate.CodeOutsideHours, phase: "window", want: "refused: the business is closed"},
		"closed hours":          {agent: callwright.AgentSpec{BusinessHours: closed}, rules: []callwright.Guardrail{rule(callwright.HoursPolicy, `{"window":"closed"}`)}, spec: order(), kind: gate.Done, phase: "window", want: "passed: the business is closed"},
		"hours of its own":      {rules: []callwright.Guardrail{rule(callwright.HoursPolicy, `{"timezone":"UTC","weekly":{"mon":[{"start":"09:00","end":"11:00"}]}}`)}, spec: order(), kind: gate.Done, phase: "window", want: "passed: the business is open"},
		"after hours, all":      {agent: callwright.AgentSpec{BusinessHours: with(closed, "closed")}, spec: order(), kind: gate.Refused, code: gate.CodeOutsideHours, phase: "window", want: "refused: the business is closed, and afterHours.mode is closed"},
		"after hours, messages": {agent: callwright.AgentSpec{BusinessHours: with(closed, "message_only")}, spec: order(), kind: gate.Refused, code: gate.CodeOutsideHours, phase: "window", want: "refused: the business is closed, and afterHours.mode is message_only"},
		"after hours, full":     {agent: callwright.AgentSpec{BusinessHours: with(closed, "full")}, spec: order(), kind: gate.Done, phase: "window", want: "not_configured"},
		"fields let in":         {rules: []callwright.Guardrail{rule(callwright.AllowedFields, `{"fields":["state"]}`)}, spec: order(), kind: gate.Done, phase: "egress_in", want: "passed: 1 allowed fields"},
		"fields kept back":      {rules: []callwright.Guardrail{rule(callwright.VerifyBeforeDisclose, `{"fields":["balance"]}`)}, spec: order(), kind: gate.Done, phase: "egress_in", want: "passed: 2 fields kept back from a caller who is not verified"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := ruled(c.agent, c.rules, nil, c.spec)
			d.partner.do = answer(`{"state":"shipped","balance":7,"account":{"balance":8,"owner":"A"}}`)
			tool := strings.ReplaceAll(strings.ToLower(c.spec.Name), " ", "_")
			out := d.call(d.turn(), tool, `{"order_id":"A-1"}`)
			if out.Kind != c.kind || out.Code != c.code {
				t.Errorf("outcome: got %s %s (%s), want %s %s", out.Kind, out.Code, out.Detail, c.kind, c.code)
			}
			if got := line(out, c.phase); !strings.HasPrefix(got, c.want) || c.want == "passed" && got != c.want {
				t.Errorf("line of %s: got %q, want %q", c.phase, got, c.want)
			}
			if c.kind != gate.Done {
				d.nothingLeft(t)
			}
		})
	}
}

func with(h callwright.BusinessHours, mode string) callwright.BusinessHours {
	h.AfterHours.Mode = mode
	return h
}

// What a policy keeps back is not in the result at all, and comes to a verified caller.
func TestDisclosure(t *testing.T) {
	t.Parallel()
	d := ruled(callwright.AgentSpec{}, []callwright.Guardrail{rule(callwright.VerifyBeforeDisclose, `{"fields":["account.balance","cards[].number"]}`)}, nil, order())
	const all = `{"account":{"balance":8,"owner":"A"},"balance":7,"cards":[{"name":"x","number":"1"},{"number":"2"}]}`
	d.partner.do = answer(all)
	turn := d.turn()
	if got, want := string(mustDo(t, d.call(turn, "find_order", `{"order_id":"A-1"}`)).Result), `{"account":{"owner":"A"},"balance":7,"cards":[{"name":"x"},{}]}`; got != want {
		t.Errorf("to somebody: got %s, want %s", got, want)
	}
	if r := d.journal.only(t); strings.Contains(string(r.Answer), `"balance":8`) {
		t.Errorf("the journal keeps %s", r.Answer)
	}
	next := d.turn()
	next.Number = 2
	next.Conversation.Identity = callwright.Identity{Method: callwright.AccountPIN, Expires: callwright.At(d.now.Add(time.Minute))}
	if got := string(mustDo(t, d.call(next, "find_order", `{"order_id":"A-1"}`)).Result); got != all {
		t.Errorf("to a verified caller: got %s, want all of it", got)
	}
}

func TestRates(t *testing.T) {
	t.Parallel()
	d := ruled(callwright.AgentSpec{}, []callwright.Guardrail{rule(callwright.RateLimit, `{"perMinute":2,"perConversation":4}`)}, nil, order())
	turn := d.turn()
	ask := func(i int) gate.Outcome {
		turn.Number = i
		return d.call(turn, "find_order", fmt.Sprintf(`{"order_id":"A-%d"}`, i))
	}
	var got []string
	for i, wait := range []time.Duration{0, time.Second, time.Second, time.Minute, time.Second, time.Hour} {
		d.now = d.now.Add(wait)
		out := ask(i)
		got = append(got, string(out.Kind)+" "+line(out, "limits"))
	}
	want := []string{"done passed: call 1 of the conversation", "done passed: call 2 of the conversation",
		"refused refused: the conversation has had 2 skill calls in the last minute, which is the limit",
		"done passed: call 3 of the conversation", "done passed: call 4 of the conversation", "refused refused: the conversation has had 4 skill calls, which is the limit"}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if n := len(d.partner.seen()); n != 4 {
		t.Errorf("sent %d times, want 4", n)
	}
	// Arguments that are asked for again do not count.
	turn.Number++
	if out := d.call(turn, "find_order", `{}`); out.Kind != gate.Ask {
		t.Errorf("got %s, want a question", out.Kind)
	}
}

// bank has a skill for verified callers, one that needs more, and two ways to verify.
func bank() *desk {
	look, pay := order(), write()
	look.VerificationLevel, pay.Name, pay.VerificationLevel = "basic", "Pay", "step_up"
	check := func(name, param string) callwright.SkillSpec {
		s := order()
		s.Name, s.ParametersSchema = name, json.RawMessage(`{"type":"object","properties":{"`+param+`":{"type":"string"}},"required":["`+param+`"]}`)
		return s
	}
	return ruled(callwright.AgentSpec{}, nil, []callwright.CallerVerification{
		{ID: "v1", Method: callwright.DOBPostcode, VerifierSkillID: "skl_c", TokenTTLSeconds: 600, MaxAttempts: 2},
		{ID: "v2", Method: callwright.AccountPIN, VerifierSkillID: "skl_d", MaxAttempts: 3},
	}, look, pay, check("Check birth date", "dob"), check("Check PIN", "pin"))
}

func TestVerification(t *testing.T) {
	t.Parallel()
	d := bank()
	turn := d.turn()
	ask := func(tool, args string) gate.Outcome {
		turn.Number++
		return d.call(turn, tool, args)
	}
	out := ask("find_order", `{"order_id":"A-1"}`)
	if out.Kind != gate.Verify || out.Verify == nil || out.Verify.Method != callwright.DOBPostcode || out.Verify.Verifier.Tool != "check_birth_date" || !slices.Equal(out.Verify.Fields, []string{"dob"}) {
		t.Fatalf("got %s %+v, want the first method to be asked for", out.Kind, out.Verify)
	}
	d.nothingLeft(t)

	// Nothing but the verifier's word counts.
	for _, no := range []string{`{}`, `{"match":false}`, `{"match":"true"}`, `{"verified":0}`, `[]`, `{"note":{"match":true}}`} {
		d2 := bank()
		d2.partner.do = answer(no)
		t2 := d2.turn()
		if out := d2.call(t2, "check_birth_date", `{"dob":"1990-01-01"}`); out.Kind != gate.Ask || out.Verified == nil || out.Verified.Verified || t2.Conversation.Identity.Verified(callwright.At(d2.now)) {
			t.Errorf("%s: got %s %+v, want the caller not verified", no, out.Kind, out.Verified)
		}
	}
	for _, yes := range []string{`{"match":true}`, `{"verified":true,"name":"Ada"}`, `{"valid":1}`, `{"data":{"matched":true}}`, `{"rows":[{"match":true}]}`} {
		d2 := bank()
		d2.partner.do = answer(yes)
		t2 := d2.turn()
		out := mustDo(t, d2.call(t2, "check_birth_date", `{"dob":"1990-01-01"}`))
		if !t2.Conversation.Identity.Verified(callwright.At(d2.now)) || string(out.Result) != `{"verified":true}` {
			t.Errorf("%s: got %s, %+v, want the caller verified and nothing else told", yes, out.Result, t2.Conversation.Identity)
		}
		if string(out.Arguments) != `{"dob":"••••"}` || out.Sent != nil {
			t.Errorf("%s: kept %s and %s of what the caller proved it with", yes, out.Arguments, out.Sent)
		}
	}

	d.partner.do = answer(`{"match":true}`)
	mustDo(t, ask("check_birth_date", `{"dob":"1990-01-01"}`))
	mustDo(t, ask("find_order", `{"order_id":"A-1"}`))

	// Paying needs the stronger method, fresh.
	if out := ask("pay", `{"order_id":"A-1"}`); out.Kind != gate.Verify || out.Verify.Method != callwright.AccountPIN {
		t.Errorf("pay: got %s %+v, want the PIN to be asked for", out.Kind, out.Verify)
	}
	mustDo(t, ask("check_pin", `{"pin":"1234"}`))
	mustDo(t, ask("pay", `{"order_id":"A-1"}`))
	d.now = d.now.Add(2*time.Minute + time.Second)
	if out := ask("pay", `{"order_id":"A-2"}`); out.Kind != gate.Verify {
		t.Errorf("pay, later: got %s, want a fresh check", out.Kind)
	}
	mustDo(t, ask("find_order", `{"order_id":"A-2"}`)) // the basic level still holds
	d.now = d.now.Add(15 * time.Minute)
	if out := ask("find_order", `{"order_id":"A-3"}`); out.Kind != gate.Verify {
		t.Errorf("after the verification has run out: got %s, want a check", out.Kind)
	}
}

// Failed attempts lock a method; the next one is asked for; when all are locked there
// is no way.
func TestVerificationLocks(t *testing.T) {
	t.Parallel()
	d := bank()
	d.partner.do = answer(`{"match":false}`)
	turn := d.turn()
	ask := func(tool, args string) gate.Outcome {
		turn.Number++
		return d.call(turn, tool, args)
	}
	for i, want := range []gate.Kind{gate.Ask, gate.Refused} {
		if out := ask("check_birth_date", `{"dob":"x"}`); out.Kind != want || out.Verified.Left != 1-i {
			t.Errorf("attempt %d: got %s %+v, want %s", i+1, out.Kind, out.Verified, want)
		}
	}
	sent := len(d.partner.seen())
	d.partner.do = answer(`{"match":true}`) // too late
	if out := ask("check_birth_date", `{"dob":"right"}`); out.Kind != gate.Refused || out.Code != gate.CodeLocked || len(d.partner.seen()) != sent {
		t.Errorf("a locked method: got %s %s, sent %d; want it refused and nothing sent", out.Kind, out.Code, len(d.partner.seen())-sent)
	}
	if out := ask("find_order", `{"order_id":"A"}`); out.Kind != gate.Verify || out.Verify.Method != callwright.AccountPIN {
		t.Errorf("got %s %+v, want the other method", out.Kind, out.Verify)
	}
	d.partner.do = answer(`{"match":false}`)
	for range 3 {
		ask("check_pin", `{"pin":"0"}`)
	}
	if out := ask("find_order", `{"order_id":"A"}`); out.Kind != gate.Refused || out.Code != gate.CodeLocked {
		t.Errorf("with all locked: got %s %s, want it refused", out.Kind, out.Code)
	}
}

// stepUpFor names skills that need a fresh check by that very method.
func TestStepUpFor(t *testing.T) {
	t.Parallel()
	s := write()
	check := order()
	check.Name = "Check PIN"
	d := ruled(callwright.AgentSpec{}, nil, []callwright.CallerVerification{{ID: "v", Method: callwright.AccountPIN, VerifierSkillID: "skl_b", StepUpFor: []string{"Refund order"}}}, s, check)
	d.partner.do = answer(`{"match":true}`)
	turn := d.turn()
	if out := d.call(turn, "refund_order", `{"order_id":"A"}`); out.Kind != gate.Verify || out.Verify.Method != callwright.AccountPIN {
		t.Fatalf("got %s, want a check", out.Kind)
	}
	mustDo(t, d.call(turn, "check_pin", `{"order_id":"1234"}`))
	mustDo(t, d.call(turn, "refund_order", `{"order_id":"A"}`))
	d.now = d.now.Add(3 * time.Minute)
	if out := d.call(turn, "refund_order", `{"order_id":"B"}`); out.Kind != gate.Verify {
		t.Errorf("three minutes later: got %s, want a fresh check", out.Kind)
	}
}

// A one-time code leaves through its skill alone, is read from the caller's words, and
// counts once.
func TestOneTimeCode(t *testing.T) {
	t.Parallel()
	book, send := order(), callwright.SkillSpec{Name: "Send code", Description: "Sends a code.", SkillType: callwright.HTTPWebhook}
	book.RequiresVerifiedIdentity = true
	d := ruled(callwright.AgentSpec{}, nil, []callwright.CallerVerification{{ID: "v", Method: callwright.OTPSMS, VerifierSkillID: "skl_b", MaxAttempts: 2}}, book, send)
	d.partner.do = func(_ context.Context, c skill.Call) (skill.Result, error) {
		raw, err := json.Marshal(map[string]any{"echo": c.Fields})
		return skill.Result{Data: raw, Request: raw, Sent: true}, err
	}
	turn := d.turn()
	code := func() string {
		t.Helper()
		turn.Number++
		out := mustDo(t, d.call(turn, "send_code", `{}`))
		calls := d.partner.seen()
		sent := calls[len(calls)-1].Fields
		code, _ := sent["code"].(string)
		if len(code) != 6 || sent["caller_phone"] != "+15550100" {
			t.Fatalf("sent %v, want a code of six digits to the caller's own number", sent)
		}
		all, err := json.Marshal([]any{out, turn.Conversation, d.journal.runs})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(all), code) || !out.Verified.CodeSent || string(out.Result) != `{"code_sent":true}` {
			t.Fatalf("the code is kept, or the result wrong: %s", all)
		}
		return code
	}
	if v := d.gate.TryCode(turn, "123456"); v != nil {
		t.Errorf("before a code was sent: got %+v, want nothing", v)
	}
	first := code()
	for _, words := range []string{"hello", "12345", "1234567", "my order is 17"} {
		if v := d.gate.TryCode(turn, words); v != nil {
			t.Errorf("%q: got %+v, want no attempt", words, v)
		}
	}
	spelled := strings.Join(strings.Split(strings.NewReplacer("0", "oh", "1", "one", "2", "two").Replace(strings.Join(strings.Split(first, ""), " ")), " "), ", ")
	if v := d.gate.TryCode(turn, "It's "+spelled+"."); v == nil || !v.Verified {
		t.Errorf("%q: got %+v, want the caller verified", spelled, v)
	}
	if v := d.gate.TryCode(turn, first); v != nil {
		t.Errorf("a second time: got %+v, want nothing", v)
	}
	mustDo(t, d.call(turn, "find_order", `{"order_id":"A"}`))

	turn.Conversation.Identity = callwright.Identity{}
	late := code()
	d.now = d.now.Add(10*time.Minute + time.Second)
	if v := d.gate.TryCode(turn, late); v == nil || v.Verified {
		t.Errorf("after ten minutes: got %+v, want it refused", v)
	}
	wrong := func() string {
		c := code()
		if c == "000000" {
			return "111111"
		}
		return "000000"
	}
	if v := d.gate.TryCode(turn, wrong()); v == nil || v.Verified || v.Left != 1 {
		t.Errorf("a wrong one: got %+v, want one attempt left", v)
	}
	right := code()
	if v := d.gate.TryCode(turn, wrong()); v == nil || v.Left != 0 {
		t.Errorf("a second wrong one: got %+v, want none left", v)
	}
	if v := d.gate.TryCode(turn, right); v != nil {
		t.Errorf("after the lock: got %+v, want nothing", v)
	}
	turn.Conversation.Identity.Failed = nil
	turn.Conversation.Identity.Sent = nil
	for range 5 {
		code()
	}
	turn.Number++
	if out := d.call(turn, "send_code", `{}`); out.Kind != gate.Refused || out.Code != gate.CodeTooOften {
		t.Errorf("a sixth code in ten minutes: got %s %s, want it refused", out.Kind, out.Code)
	}
}

// An id that no earlier run returned does not leave.
func TestAllowedFrom(t *testing.T) {
	t.Parallel()
	slots := order()
	slots.Name = "Find slots"
	slots.ParametersSchema = json.RawMessage(`{"type":"object","properties":{}}`)
	book := write()
	book.Name = "Book slot"
	book.ParametersSchema = json.RawMessage(`{"type":"object","properties":{"slot":{"type":"string","x-allowedFrom":"find_slots.slots[].id"},"extras":{"type":"array","items":{"type":"string"},"x-allowedFrom":"find_slots.extras[]"}},"required":["slot"]}`)
	d := ruled(callwright.AgentSpec{}, nil, nil, slots, book)
	d.partner.do = answer(`{"slots":[{"id":"S-1"},{"id":17}],"extras":["towel"]}`)
	turn := d.turn()
	for _, args := range []string{`{"slot":"S-1"}`, `{"slot":"S-9"}`} {
		out := d.call(turn, "book_slot", args)
		if out.Kind != gate.Ask || !strings.Contains(out.Problems[0].Message, "find_slots returned") {
			t.Errorf("%s before any run: got %s %v, want it asked", args, out.Kind, out.Problems)
		}
	}
	d.nothingLeft(t)
	mustDo(t, d.call(turn, "find_slots", `{}`))
	for args, want := range map[string]gate.Kind{`{"slot":"S-1"}`: gate.Done, `{"slot":"17"}`: gate.Done, `{"slot":"S-2"}`: gate.Ask, `{"slot":"towel"}`: gate.Ask,
		`{"slot":"S-1","extras":["towel"]}`: gate.Done, `{"slot":"S-1","extras":["towel","gold"]}`: gate.Ask} {
		if out := d.call(turn, "book_slot", args); out.Kind != want {
			t.Errorf("%s: got %s (%s), want %s", args, out.Kind, out.Detail, want)
		}
	}
}

// failWhen turns an answer of success into a failure; remember keeps values for later
// skills; cacheSeconds saves a second request.
func TestCommonSettings(t *testing.T) {
	t.Parallel()
	look, tell := order(), order()
	look.ExecutionConfig = json.RawMessage(`{"failWhen":{"path":"status","equals":"unavailable"},"remember":{"customer":"customer.id","tags":"tags[]"},"cacheSeconds":60}`)
	look.AllowedFields = []string{"status"}
	tell.Name = "Tell"
	tell.DataEgressMap = map[string]callwright.EgressField{"who": {Source: "vars.customer"}, "none": {Source: "vars.nothing"}, "order": {Source: "order_id"}}
	d := newDesk(look, tell)
	d.partner.do = answer(`{"status":"unavailable"}`)
	turn := d.turn()
	if out := d.call(turn, "find_order", `{"order_id":"A-0"}`); out.Kind != gate.Failed || out.Code != gate.CodeReported {
		t.Errorf("failWhen: got %s %s, want a reported failure", out.Kind, out.Code)
	}
	d.partner.do = answer(`{"status":"ok","customer":{"id":12345678901234567890},"tags":["a","b"]}`)
	out := mustDo(t, d.call(turn, "find_order", `{"order_id":"A-1"}`))
	if string(out.Result) != `{"status":"ok"}` || string(turn.Conversation.Vars["customer"]) != "12345678901234567890" || string(turn.Conversation.Vars["tags"]) != `["a","b"]` {
		t.Errorf("got %s and %s, want the rest remembered and not shown", out.Result, turn.Conversation.Vars)
	}
	mustDo(t, d.call(turn, "tell", `{"order_id":"A-1"}`))
	calls := d.partner.seen()
	last := calls[len(calls)-1]
	if raw, err := json.Marshal(last.Fields); err != nil || string(raw) != `{"order":"A-1","who":12345678901234567890}` || last.Vars["customer"] != json.Number("12345678901234567890") {
		t.Errorf("sent %s with %v, %v", raw, last.Vars, err)
	}
	n := len(calls)
	turn.Number = 2
	if out := mustDo(t, d.call(turn, "find_order", `{"order_id":"A-1"}`)); len(d.partner.seen()) != n || string(out.Result) != `{"status":"ok"}` || !strings.Contains(line(out, "execute"), "cache") {
		t.Errorf("again: sent %d times more, got %s; want it from the cache", len(d.partner.seen())-n, out.Result)
	}
	other := d.turn()
	other.Conversation.OrganizationID = "org_2"
	mustDo(t, d.call(other, "find_order", `{"order_id":"A-1"}`))
	d.now = d.now.Add(61 * time.Second)
	turn.Number = 3
	mustDo(t, d.call(turn, "find_order", `{"order_id":"A-1"}`))
	if got := len(d.partner.seen()) - n; got != 2 {
		t.Errorf("another organization, and a minute later: sent %d times, want 2", got)
	}
}

// response renames what allowedFields and guardrails let in, and nothing else.
func TestResponse(t *testing.T) {
	t.Parallel()
	look := order()
	look.AllowedFields = []string{"warranty.expires", "items[].sku"}
	look.ExecutionConfig = json.RawMessage(`{"response":{"until":"warranty.expires","skus":"items[].sku","hidden":"warranty.cost","none":"a.b"}}`)
	d := newDesk(look)
	d.partner.do = answer(`{"warranty":{"expires":"2027-01-31","cost":12345678901234567890},"items":[{"sku":"A","price":1}]}`)
	out := mustDo(t, d.call(d.turn(), "find_order", `{"order_id":"A-1"}`))
	if want := `{"skus":["A"],"until":"2027-01-31"}`; string(out.Result) != want {
		t.Errorf("got %s, want %s", out.Result, want)
	}
}

// A mistake in an argument that only the executor finds is asked for again; one about
// something else is a failure.
func TestMistakesOfExecutors(t *testing.T) {
	t.Parallel()
	for field, want := range map[string]gate.Kind{"order_id": gate.Ask, "destination": gate.Failed} {
		d := newDesk(order())
		d.partner.do = func(context.Context, skill.Call) (skill.Result, error) {
			return skill.Result{}, callwright.Invalid(callwright.FieldError{Field: field, Message: "could be two things"})
		}
		out := d.call(d.turn(), "find_order", `{"order_id":"A-1"}`)
		if out.Kind != want || want == gate.Ask && (len(out.Problems) != 1 || out.Problems[0].Name != field || out.Problems[0].Message != "could be two things") {
			t.Errorf("%s: got %s with %+v, want %s", field, out.Kind, out.Problems, want)
		}
	}
}

// A run that the other side puts off waits in the journal with what leaves, is made
// again by the schedule, and fails when that is used up.
func TestPutOff(t *testing.T) {
	t.Parallel()
	d := newDesk(order())
	later := true
	d.partner.do = func(context.Context, skill.Call) (skill.Result, error) {
		if later {
			return skill.Result{Later: true, Status: 451}, callwright.Errorf(callwright.CodeRemoteStatus, "Come back later.")
		}
		return skill.Result{Data: json.RawMessage(`{"ok":true}`), Sent: true}, nil
	}
	turn := d.turn()
	out := d.call(turn, "find_order", `{"order_id":"A-1"}`)
	if out.Kind != gate.Queued || !strings.Contains(line(out, "execute"), "Come back later") {
		t.Fatalf("got %s (%s), want it queued", out.Kind, line(out, "execute"))
	}
	run := d.journal.only(t)
	var waits []time.Duration
	for run.State == callwright.RunQueued {
		waits = append(waits, run.NextAt.Time().Sub(d.now))
		if string(run.Fields) != `{"order_id":"A-1"}` || run.Attempts != len(waits) {
			t.Fatalf("got %+v, want what leaves and the number of attempts", run)
		}
		d.now = run.NextAt.Time()
		run.State = callwright.RunRunning
		run = d.gate.RunQueued(t.Context(), turn.Agent, *turn.Conversation, run)
	}
	if len(waits) != 9 || run.State != callwright.RunFailed || run.Code != callwright.CodeRemoteStatus || run.Fields != nil {
		t.Errorf("got %d waits and %+v, want nine, then a failure that keeps nothing", len(waits), run)
	}
	for i, least := range []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour} {
		if i < len(waits) && (waits[i] < least-time.Millisecond || waits[i] > least+least/5+time.Millisecond) {
			t.Errorf("wait %d: got %v, want %v and at most a fifth more", i+1, waits[i], least)
		}
	}
	later = false
	if done := d.gate.RunQueued(t.Context(), turn.Agent, *turn.Conversation, callwright.Run{SkillID: run.SkillID, Fields: json.RawMessage(`{"order_id":"A-1"}`), Attempts: 3}); done.State != callwright.RunDone || string(done.Answer) != `{"ok":true}` {
		t.Errorf("at last: got %+v, want it done", done)
	}
}

// Reads run side by side, in one commit of their intents; whatever must be alone waits
// for those before it and holds up those after it.
func TestParallelReads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		alone := order()
		alone.Name, alone.NonParallelizable = "Alone", true
		d := newDesk(order(), write(), alone)
		d.gate.Now = time.Now
		running, most := 0, 0
		d.partner.do = func(ctx context.Context, c skill.Call) (skill.Result, error) {
			d.partner.mu.Lock()
			running++
			most = max(most, running)
			d.partner.mu.Unlock()
			time.Sleep(50 * time.Millisecond)
			d.partner.mu.Lock()
			running--
			d.partner.mu.Unlock()
			return skill.Result{Data: json.RawMessage(`{"ok":true}`)}, nil
		}
		call := func(tool string, n int) gate.Call {
			return gate.Call{ID: fmt.Sprint(tool, n), Tool: tool, Arguments: json.RawMessage(fmt.Sprintf(`{"order_id":"%d"}`, n))}
		}
		var reads []gate.Call
		for i := range 5 {
			reads = append(reads, call("find_order", i))
		}
		began := time.Now()
		for _, out := range d.gate.Run(t.Context(), d.turn(), reads...) {
			mustDo(t, out)
		}
		if took := time.Since(began); took != 50*time.Millisecond || most != 5 {
			t.Errorf("five reads took %s, %d at once; want 50ms, all at once", took, most)
		}
		most = 0
		began = time.Now()
		mixed := []gate.Call{call("find_order", 11), call("find_order", 12), call("refund_order", 13), call("find_order", 14), call("alone", 15), call("alone", 16), call("find_order", 11)}
		turn := d.turn()
		turn.Number = 2
		for i, out := range d.gate.Run(t.Context(), turn, mixed...) {
			if out.Kind != gate.Done || out.Skill.Tool != mixed[i].Tool {
				t.Errorf("call %d: got %s of %s, want done of %s", i, out.Kind, out.Skill.Tool, mixed[i].Tool)
			}
		}
		// 11 and 12 together, 13, 14, 15, 16 one after the other; the last has its answer.
		if took := time.Since(began); took != 250*time.Millisecond || most != 2 {
			t.Errorf("mixed calls took %s, %d at once; want 250ms, two at once", took, most)
		}
	})
}

// A retry is for reads and for writes whose receiver tells them apart, within the
// budget.
func TestRetries(t *testing.T) {
	t.Parallel()
	fail := func(code callwright.Code, status int) func(n int) (skill.Result, error) {
		return func(int) (skill.Result, error) {
			return skill.Result{Sent: true, Status: status}, callwright.Errorf(code, "No.")
		}
	}
	for name, c := range map[string]struct {
		write    bool
		config   string
		handling *callwright.ErrorHandling
		do       func(n int) (skill.Result, error)
		tries    int
	}{
		"read, 503":             {do: fail(callwright.CodeRemoteStatus, 503), tries: 2},
		"read, 429":             {do: fail(callwright.CodeRemoteStatus, 429), tries: 2},
		"read, 404":             {do: fail(callwright.CodeRemoteStatus, 404), tries: 1},
		"read, network":         {do: fail(callwright.CodeConnection, 0), tries: 2},
		"read, timeout":         {do: fail(callwright.CodeTimeout, 0), tries: 1},
		"read, unreadable":      {do: fail(callwright.CodeBadResponse, 0), tries: 1},
		"write, 503":            {write: true, do: fail(callwright.CodeRemoteStatus, 503), tries: 1},
		"write, network":        {write: true, do: fail(callwright.CodeConnection, 0), tries: 1},
		"idempotent write, 503": {write: true, config: `{"idempotent":true}`, do: fail(callwright.CodeRemoteStatus, 503), tries: 2},
		"no retries":            {handling: &callwright.ErrorHandling{}, do: fail(callwright.CodeRemoteStatus, 503), tries: 1},
		"three retries":         {handling: &callwright.ErrorHandling{Retries: 3}, do: fail(callwright.CodeTimeout, 0), tries: 4},
		"only on 429":           {handling: &callwright.ErrorHandling{Retries: 3, RetryOn: []string{"429"}}, do: fail(callwright.CodeRemoteStatus, 503), tries: 1},
		"a write that asks for retries and is not idempotent": {write: true, handling: &callwright.ErrorHandling{Retries: 3}, do: fail(callwright.CodeConnection, 0), tries: 1},
		"the second works": {do: func(n int) (skill.Result, error) {
			if n == 1 {
				return fail(callwright.CodeConnection, 0)(n)
			}
			return skill.Result{Data: json.RawMessage(`{}`)}, nil
		}, tries: 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := order()
			s.IsWrite, s.ErrorHandling = c.write, c.handling
			d := newDesk(s)
			if c.config != "" {
				snap := d.agent.Snapshot
				snap.Skills[0].ExecutionConfig = json.RawMessage(c.config)
				d.agent = gate.Compile(snap, map[callwright.SkillType]skill.Kind{callwright.HTTPWebhook: skill.Define(callwright.HTTPWebhook, "A fake.", func(struct {
					Idempotent bool `json:"idempotent,omitempty" jsonschema:"x"`
				}) (skill.Executor, error) {
					return &d.partner, nil
				})})
			}
			d.gate.Now = time.Now
			n := 0
			d.partner.do = func(context.Context, skill.Call) (skill.Result, error) { n++; return c.do(n) }
			out := d.call(d.turn(), "find_order", `{"order_id":"A-1"}`)
			calls := d.partner.seen()
			if len(calls) != c.tries {
				t.Errorf("%s: tried %d times, want %d (%s)", name, len(calls), c.tries, out.Detail)
			}
			for _, call := range calls {
				if call.IdempotencyKey != calls[0].IdempotencyKey {
					t.Errorf("%s: attempts have different keys", name)
				}
			}
			if c.tries > 1 && !strings.Contains(line(out, "execute"), fmt.Sprintf("attempt %d, after ", c.tries)) {
				t.Errorf("%s: line: got %q, want the attempts told", name, line(out, "execute"))
			}
		})
	}
}

// Where a caller may be handed over to, by the hours.
func TestHandoff(t *testing.T) {
	t.Parallel()
	closed := callwright.BusinessHours{Timezone: "UTC", Weekly: map[string][]callwright.Range{"sun": {{Start: "09:00", End: "10:00"}}}}
	allowed := closed
	allowed.AfterHours = callwright.AfterHours{AllowHumanTransfer: true, Number: "+12125550199", EmergencyNumber: "911"}
	off := closed
	off.AfterHours.EmergencyNumber = "911"
	for name, c := range map[string]struct {
		hours   callwright.BusinessHours
		to      string
		want    string
		problem bool
	}{
		"open":                         {to: "+12125550100", want: "+12125550100"},
		"default":                      {want: "+12125550123"},
		"closed":                       {hours: closed, to: "+12125550100", problem: true},
		"closed, allowed":              {hours: allowed, to: "+12125550100", want: "+12125550199"},
		"closed, emergency":            {hours: off, to: "911", want: "911"},
		"closed, emergency, all is on": {hours: allowed, to: "911", want: "911"},
	} {
		d := newDeskOf(callwright.AgentSpec{BusinessHours: c.hours, HandoffConfig: callwright.HandoffConfig{TransferDestination: "+12125550123", Warm: true}})
		got, problem := d.agent.Handoff(skill.Transfer{To: c.to}, d.now)
		if (problem != "") != c.problem || !c.problem && (got.To != c.want || !got.Warm) {
			t.Errorf("%s: got %+v, %q, want %s", name, got, problem, c.want)
		}
	}
}

// The two days on which New York changes its clocks, a shift over midnight and a
// holiday: open and closed at the right minutes.
func TestHoursInNewYork(t *testing.T) {
	t.Parallel()
	night := []callwright.Range{{Start: "22:00", End: "06:00"}}
	h := callwright.BusinessHours{Timezone: "America/New_York", Weekly: map[string][]callwright.Range{"sat": night, "sun": {{Start: "09:00", End: "17:00"}}, "wed": {{Start: "09:00", End: "12:00"}, {Start: "13:00", End: "17:30"}}},
		Holidays: []callwright.Holiday{{Date: "2026-11-25", Name: "Day before Thanksgiving", Ranges: []callwright.Range{{Start: "10:00", End: "11:00"}}}, {Date: "2026-12-23", EndDate: "2026-12-24", Closed: true}}}
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]bool{
		// Clocks go from 2:00 to 3:00 on 8 March 2026.
		"2026-03-07T21:59:59-05:00": false, "2026-03-07T22:00:00-05:00": true, "2026-03-08T01:59:59-05:00": true, "2026-03-08T03:00:00-04:00": true,
		"2026-03-08T05:59:59-04:00": true, "2026-03-08T06:00:00-04:00": false, "2026-03-08T09:00:00-04:00": true, "2026-03-08T17:00:00-04:00": false,
		// And from 2:00 back to 1:00 on 1 November 2026.
		"2026-11-01T01:30:00-04:00": true, "2026-11-01T01:30:00-05:00": true, "2026-11-01T05:59:59-05:00": true, "2026-11-01T06:00:00-05:00": false,
		"2026-11-01T08:59:59-05:00": false, "2026-11-01T09:00:00-05:00": true, "2026-11-01T16:59:59-05:00": true,
		// A split day, a holiday with hours of its own, a closed one.
		"2026-11-18T12:00:00-05:00": false, "2026-11-18T13:00:00-05:00": true, "2026-11-18T17:29:59-05:00": true,
		"2026-11-25T09:30:00-05:00": false, "2026-11-25T10:30:00-05:00": true, "2026-11-25T13:30:00-05:00": false, "2026-12-23T10:00:00-05:00": false,
	} {
		instant, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := gate.Open(h, instant); err != nil || got != want {
			t.Errorf("%s: got open %v, %v, want %v", at, got, err, want)
		}
	}
	for from, want := range map[string]string{"2026-03-08T06:00:00-04:00": "2026-03-08 09:00", "2026-11-18T12:00:00-05:00": "2026-11-18 13:00", "2026-12-23T10:00:00-05:00": "2026-12-26 22:00"} {
		instant, err := time.Parse(time.RFC3339, from)
		if err != nil {
			t.Fatal(err)
		}
		if next, ok := gate.NextOpen(h, instant); !ok || next.In(zone).Format("2006-01-02 15:04") != want {
			t.Errorf("next after %s: got %s, %v, want %s", from, next, ok, want)
		}
	}
}

func TestCheckPolicy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind   callwright.PolicyType
		config string
		fields []string
	}{
		"good disclosure":    {callwright.VerifyBeforeDisclose, `{"fields":["a.b","c[].d"]}`, nil},
		"no fields":          {callwright.VerifyBeforeDisclose, `{"fields":[]}`, []string{"config.fields"}},
		"fields missing":     {callwright.AllowedFields, ``, []string{"config.fields"}},
		"a bad path":         {callwright.AllowedFields, `{"fields":["a..b"]}`, []string{"config.fields[0]"}},
		"unknown member":     {callwright.WriteGate, `{"confirm":true,"colour":1}`, []string{"config.colour"}},
		"wrong type":         {callwright.WriteGate, `{"confirm":1,"alwaysEscalate":"x"}`, []string{"config.alwaysEscalate", "config.confirm"}},
		"no rate":            {callwright.RateLimit, `{}`, []string{"config.perMinute"}},
		"rates out of range": {callwright.RateLimit, `{"perMinute":-1,"perConversation":20000}`, []string{"config.perMinute", "config.perConversation"}},
		"hours":              {callwright.HoursPolicy, `{"window":"later","weekly":{"funday":[{"start":"9","end":"10:00"}]}}`, []string{"config.timezone", "config.weekly.funday", "config.weekly.funday[0]", "config.window"}},
		"talk":               {callwright.ContentPolicy, `{"bannedTopics":[" "],"redactPII":["shoe size"],"escalationThreshold":99}`, []string{"config.bannedTopics[0]", "config.redactPII[0]", "config.escalationThreshold"}},
		"good talk":          {callwright.ContentPolicy, `{"bannedTopics":["politics"],"redactPII":["card"],"escalationThreshold":3}`, nil},
		"not an object":      {callwright.RateLimit, `[1]`, []string{"config"}},
		"repeated":           {callwright.RateLimit, `{"perMinute":1,"perMinute":2}`, []string{"config"}},
		"no such policy":     {"magic", `{}`, []string{"policyType"}},
	} {
		var got []string
		for _, p := range gate.CheckPolicy(callwright.Guardrail{PolicyType: c.kind, Config: json.RawMessage(c.config)}) {
			got = append(got, p.Field)
		}
		slices.Sort(got)
		slices.Sort(c.fields)
		if !slices.Equal(got, c.fields) {
			t.Errorf("%s: got %v, want %v", name, got, c.fields)
		}
	}
}
