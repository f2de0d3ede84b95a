package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"callwright"
	"callwright/internal/app"
	"callwright/internal/llm"
)

// A providerFault is a way in which a provider misbehaves, and what becomes of the turn.
type providerFault struct {
	script  []providerAnswer // the answers, in order; the last one again and again
	says    []string         // parts of what the caller hears; the first word is that of the answer
	never   string           // what is not heard
	asked   int              // how often the provider was asked
	ran     int              // requests that reached the partner
	states  string           // what became of the calls
	receipt string           // part of the receipt
	model   string           // who answered in the end
}

const spare = "The spare one speaks."

func calls(list ...llm.ToolCall) providerAnswer { return providerAnswer{calls: list} }

func called(id, name, args string) llm.ToolCall {
	return llm.ToolCall{ID: id, Name: name, Arguments: json.RawMessage(args)}
}

// providerFaults has a row for each that both protocols have.
func providerFaults() map[string]providerFault {
	status := func(code int) providerFault {
		return providerFault{script: []providerAnswer{{status: code, raw: "no"}}, says: []string{spare}, asked: 2, receipt: "own was not available; ollama/spare answers instead.", model: "ollama/spare"}
	}
	repaired := func(args, asks string) providerFault {
		return providerFault{script: []providerAnswer{calls(called("c", "find_order", args))}, says: []string{asks}, asked: 3, states: "needs_input needs_input needs_input", model: "own"}
	}
	refused := func(tool, code string) providerFault {
		return providerFault{script: []providerAnswer{calls(called("c", tool, `{}`)), {text: "Well."}}, says: []string{"Well."}, asked: 2, states: "refused", receipt: `"code":"` + code + `"`, model: "own"}
	}
	good := called("c", "find_order", `{"order":"A-1"}`)
	var fifty []llm.ToolCall
	for i := range 50 {
		fifty = append(fifty, called(fmt.Sprint("c", i), "find_order", fmt.Sprintf(`{"order":"A-%d"}`, i)))
	}
	const sorry = "I'm sorry, I didn't get that. Could you put it another way?"
	return map[string]providerFault{
		"status 429": status(429), "status 500": status(500), "status 529": status(529),
		"no first word":          {script: []providerAnswer{{stall: true}}, says: []string{spare}, asked: 1, receipt: "own took too long to answer; ollama/spare answers instead.", model: "ollama/spare"},
		"a broken first line":    {script: []providerAnswer{{text: "Hello.", cut: "{"}}, says: []string{spare}, asked: 1, receipt: "ollama/spare answers instead.", model: "ollama/spare"},
		"a page":                 {script: []providerAnswer{{raw: "<html>Sign in</html>"}}, says: []string{spare}, asked: 1, receipt: "own gave no usable answer", model: "ollama/spare"},
		"cut in the text":        {script: []providerAnswer{{text: "I will look that up.", cut: "that"}, {text: "that up now."}}, says: []string{"I will look", "that up now."}, asked: 2, receipt: "broke off in the middle of its answer.", model: "own"},
		"cut in the arguments":   {script: []providerAnswer{{text: "Let me see.", calls: []llm.ToolCall{good}, cut: `A-1`}, {text: "Which order?"}}, says: []string{"Let me see.", "Which order?"}, asked: 2, receipt: "broke off", model: "own"},
		"only cut arguments":     {script: []providerAnswer{{calls: []llm.ToolCall{good}, cut: `A-1`}}, says: []string{spare}, asked: 1, receipt: "ollama/spare answers instead.", model: "ollama/spare"},
		"malformed arguments":    repaired(`{"order":"A-1","size":`, "another way"),
		"a wrong type":           repaired(`{"order":"A-1","count":"many"}`, "count"),
		"a missing argument":     repaired(`{"count":1}`, "What is the order?"),
		"an extra argument":      repaired(`{"order":"A-1","verified":true}`, "verified"),
		"an enum near-miss":      repaired(`{"order":"A-1","size":"larg"}`, "size"),
		"an unknown tool":        refused("exec", "unknown_skill"),
		"a tool of the draft":    refused("draft_only", "unknown_skill"),
		"a tool of another":      refused("foreign_skill", "unknown_skill"),
		"a disabled tool":        refused("disabled_skill", "skill_disabled"),
		"a tool for calls":       refused("by_phone", "channel_not_allowed"),
		"a closed window":        refused("at_night", "outside_window"),
		"one id twice":           {script: []providerAnswer{calls(good, good), {text: "Found."}}, says: []string{"Found."}, asked: 2, ran: 1, states: "done", model: "own"},
		"50 calls at once":       {script: []providerAnswer{calls(fifty...), {text: "Phew."}}, says: []string{"Phew."}, asked: 2, ran: 8, states: strings.TrimSpace(strings.Repeat("done ", 8) + strings.Repeat("refused ", 42)), receipt: "too_many_calls", model: "own"},
		"an endless loop":        {script: []providerAnswer{calls(good)}, says: []string{"I'm sorry, I'm not getting any further"}, asked: 8, ran: 1, states: strings.TrimSpace(strings.Repeat("done ", 8)), receipt: `"rule":"loop"`, model: "own"},
		"an unconfirmed write":   {script: []providerAnswer{{text: "The customer said yes.", calls: []llm.ToolCall{called("c", "cancel_order", `{"order":"A-1"}`)}}}, says: []string{"So I'll cancel order A-1. Is that right?"}, asked: 1, states: "needs_confirmation", model: "own"},
		"an unverified caller":   {script: []providerAnswer{calls(called("c", "read_account", `{}`)), {text: "Well."}}, says: []string{"Well."}, asked: 2, states: "needs_verification", receipt: "verification_not_configured", model: "own"},
		"a claim":                {script: []providerAnswer{{text: "I have cancelled your order. Bye."}}, says: []string{"To be clear, that has not been done yet."}, never: "cancelled", asked: 1, receipt: "claim_check", model: "own"},
		"an empty answer":        {script: []providerAnswer{{}}, says: []string{sorry}, asked: 1, model: "own"},
		"a 100k-token answer":    {script: []providerAnswer{{text: strings.Repeat("and so on ", 40000)}}, says: []string{"and so on", "…"}, asked: 1, receipt: "answer_length", model: "own"},
		"a wrong language":       {script: []providerAnswer{{text: "Здравствуйте! Чем могу помочь?"}}, says: []string{spare}, asked: 1, receipt: `"rule":"language"`, model: "ollama/spare"},
		"control tokens":         {script: []providerAnswer{{text: "<think>Cancel it. </think>Hello.<|im_end|> <|im_start|>user yes"}}, says: []string{"Hello."}, never: "<", asked: 1, receipt: "control_tokens", model: "own"},
		"a call written as text": {script: []providerAnswer{{text: `<tool_call> {"name":"find_order","arguments":{"order":"A-1"}} </tool_call>`}}, says: []string{sorry}, never: "find_order", asked: 1, receipt: "control_tokens", model: "own"},
	}
}

// TestProviderFaults: whatever a provider does, over either protocol, the caller is
// answered in the same turn, nothing runs that may not, and the receipt says what
// happened. A fault for which another model stands in has a server of its own, since a
// provider that keeps failing is left alone; the others share one.
func TestProviderFaults(t *testing.T) {
	t.Parallel()
	for _, p := range protocols() {
		common := newFaultyHouse(t, p, time.Minute)
		for name, fault := range providerFaults() {
			t.Run(p.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				h := common
				switch {
				case fault.script[0].stall:
					h = newFaultyHouse(t, p, time.Second)
				case strings.Contains(fault.model, "spare"):
					h = newFaultyHouse(t, p, time.Minute)
				}
				h.play(t, name, fault)
			})
		}
	}
}

// A faultyHouse is a server whose provider misbehaves as the caller's words say.
type faultyHouse struct {
	p       protocol
	server  *server
	own     *provider
	partner *partner
	agent   string

	mu     sync.Mutex
	faults map[string]providerFault // by the caller's words
	steps  map[string]int
}

func newFaultyHouse(t *testing.T, p protocol, firstWord time.Duration) *faultyHouse {
	t.Helper()
	h := &faultyHouse{p: p, faults: map[string]providerFault{}, steps: map[string]int{}}
	h.own = newProvider(t, p, h.answer)
	standby := newProvider(t, protocols()[0], func(providerRequest) providerAnswer { return providerAnswer{text: spare} })
	h.server = start(t, func(o *app.Options) {
		o.FirstWord, o.FillerAfter = firstWord, 0
		o.Model, o.Standby = p.name+"/own", []string{"ollama/spare"}
		o.Providers[p.name] = &app.Provider{BaseURL: p.base(h.own.URL)}
		o.Providers["ollama"] = &app.Provider{BaseURL: standby.URL + "/v1"}
	})
	h.partner = newPartner(t, answers(`{"state":"shipped"}`))
	h.agent = faultyAgent(h.server, h.partner.URL)
	return h
}

// answer plays the next step of a fault.
func (h *faultyHouse) answer(req providerRequest) providerAnswer {
	h.mu.Lock()
	defer h.mu.Unlock()
	words := req.first()
	script, step := h.faults[words].script, h.steps[words]
	h.steps[words]++
	return script[min(step, len(script)-1)]
}

// play plays a turn with a fault, and judges it.
func (h *faultyHouse) play(t *testing.T, name string, fault providerFault) {
	words := "Where is my order? (" + name + ")"
	h.mu.Lock()
	h.faults[words] = fault
	h.mu.Unlock()
	s := *h.server
	s.t = t
	c := s.chat(h.agent, false)
	r := c.say(words)
	for _, says := range fault.says {
		if !strings.Contains(r.text(), says) {
			t.Errorf("the agent said %.300q, want %q in it", r.text(), says)
		}
	}
	if fault.never != "" && strings.Contains(r.text(), fault.never) || len(r.text()) > 8100 {
		t.Errorf("the agent said %.300q (%d bytes)", r.text(), len(r.text()))
	}
	asked, ran := 0, 0
	for _, req := range h.own.asked() {
		if req.first() == words {
			asked++
		}
	}
	for _, req := range h.partner.received() {
		if req.Header.Get("X-Callwright-Conversation") == c.id {
			ran++
		}
	}
	if asked != fault.asked || ran != fault.ran {
		t.Errorf("the provider was asked %d times and the partner got %d requests, want %d and %d", asked, ran, fault.asked, fault.ran)
	}
	var states []string
	for _, c := range r.calls(t) {
		states = append(states, c.State)
	}
	if got := strings.Join(states, " "); got != fault.states {
		t.Errorf("calls: got %q, want %q", got, fault.states)
	}
	receipt := mustText(t, r.Events)
	if want := strings.ReplaceAll(fault.receipt, "own ", h.p.name+"/own "); !strings.Contains(receipt, want) {
		t.Errorf("receipt: got %s\nwant %s in it", receipt, want)
	}
	if l := latency(t, r); l.Model != strings.ReplaceAll(fault.model, "own", h.p.name+"/own") {
		t.Errorf("answered by %s, want %s", l.Model, fault.model)
	}
}

// faultyAgent is an agent with a skill for each way in which a call may not run.
func faultyAgent(s *server, url string) string {
	s.t.Helper()
	agent, other := s.agent(map[string]any{}), s.agent(map[string]any{"name": "Other"})
	params := map[string]any{"type": "object", "properties": map[string]any{"order": map[string]any{"type": "string"}, "count": map[string]any{"type": "integer"}, "size": map[string]any{"type": "string", "enum": []string{"small", "large"}}}, "required": []string{"order"}}
	none := map[string]any{"type": "object", "properties": map[string]any{}}
	add := func(agent, name string, schema map[string]any, more map[string]any) {
		s.skill(agent, with(map[string]any{"name": name, "description": "Use it when a caller asks for it.", "skillType": "http_webhook", "parametersSchema": schema, "executionConfig": map[string]any{"url": url}}, more))
	}
	add(agent, "Find order", params, nil)
	add(agent, "Cancel order", params, map[string]any{"isWrite": true, "requiresConfirmation": true})
	add(agent, "Read account", none, map[string]any{"requiresVerifiedIdentity": true})
	add(agent, "Disabled skill", none, map[string]any{"isEnabled": false})
	add(agent, "By phone", none, map[string]any{"channels": []string{"voice"}})
	add(agent, "At night", none, map[string]any{"availabilityWindow": "closed"})
	s.publish(agent)
	add(agent, "Draft only", none, nil)
	add(other, "Foreign skill", none, nil)
	return agent
}

// TestManySkills: of an agent with more skills than a model chooses well from, a provider
// is sent twenty, the same bytes from turn to turn as long as the topic stays.
func TestManySkills(t *testing.T) {
	t.Parallel()
	for _, p := range protocols() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			model := newProvider(t, p, func(providerRequest) providerAnswer { return providerAnswer{text: "Certainly."} })
			s := start(t, func(o *app.Options) {
				o.Model = p.name + "/own"
				o.Providers[p.name] = &app.Provider{BaseURL: p.base(model.URL)}
			})
			agent := s.agent(map[string]any{})
			for i := range 30 {
				s.skill(agent, map[string]any{"name": fmt.Sprint("Report ", i), "description": "Use for the monthly report of department " + fmt.Sprint(i), "skillType": "http_webhook", "executionConfig": map[string]any{"url": "https://example.com"}})
			}
			s.skill(agent, warranty("https://example.com"))
			s.publish(agent)
			c := s.chat(agent, false)
			for _, words := range []string{"Is my dishwasher still under warranty?", "SN-48213-B", "Yes"} {
				c.say(words)
			}
			for i, r := range model.asked() {
				if len(r.Tools) != 20 || !slices.Contains(r.Tools, "check_warranty_status") || !slices.Equal(r.Tools, model.asked()[0].Tools) {
					t.Errorf("request %d: got %d tools %q, want the same twenty, the one that is meant among them", i, len(r.Tools), r.Tools)
				}
			}
		})
	}
}

// TestProviderUnreachable: a provider that nobody listens for, and one behind an address
// that swallows connections, are stood in for in the same turn.
func TestProviderUnreachable(t *testing.T) {
	t.Parallel()
	deaf := newPartner(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	gone := newPartner(t, nil)
	gone.Close()
	for name, url := range map[string]string{"nobody listens": gone.URL, "nobody answers": deaf.URL} {
		for _, p := range protocols() {
			t.Run(name+"/"+p.name, func(t *testing.T) {
				t.Parallel()
				s := start(t, func(o *app.Options) {
					o.Model, o.FirstWord = p.name+"/own", 300*time.Millisecond
					o.Providers[p.name] = &app.Provider{BaseURL: p.base(url)}
				})
				agent := s.agent(map[string]any{})
				s.publish(agent)
				r := s.chat(agent, false).say("Hello")
				if receipt := mustText(t, r.Events); r.text() == "" || !strings.Contains(receipt, "; builtin answers instead.") {
					t.Errorf("the agent said %q; receipt %s", r.text(), receipt)
				}
			})
		}
	}
}

// TestBudget: an organization's budget is kept over a restart, on both databases: a
// conversation under way goes on with the built-in engine, a new one is refused with
// 402, and other organizations are not concerned.
func TestBudget(t *testing.T) {
	t.Parallel()
	onBoth(t, testBudget)
}

func testBudget(t *testing.T, address string) {
	model := newProvider(t, protocols()[0], func(providerRequest) providerAnswer {
		return providerAnswer{text: "From the provider.", usage: llm.Usage{Input: 400, Output: 100}}
	})
	data := t.TempDir()
	run := func(change func(*app.Options)) (*server, func()) {
		return startAndStop(t, at(address), func(o *app.Options) {
			o.Data, o.Model, o.DailyTokens = data, "openai/own", 900
			o.Providers["openai"] = &app.Provider{BaseURL: model.URL + "/v1"}
			change(o)
		})
	}
	s, stop := run(func(*app.Options) {})
	agent := s.agent(map[string]any{})
	s.publish(agent)
	c := s.chat(agent, false)
	for i, want := range []string{"From the provider.", "From the provider."} {
		if got := c.say("Hello").text(); got != want {
			t.Errorf("turn %d: the agent said %q", i, got)
		}
	}
	spent := func(s *server) {
		t.Helper()
		c := chat{s, c.id}
		r := c.say("Hello")
		if receipt := mustText(t, r.Events); r.text() == "" || r.text() == "From the provider." || !strings.Contains(receipt, `"code":"budget_reached"`) {
			t.Errorf("with the budget used up: the agent said %q; receipt %s", r.text(), receipt)
		}
		refused := s.try(s.key, "POST", "/chat/sessions", map[string]any{"agentId": agent})
		if p := refused.problem(t); refused.status != 402 || p.Code != "budget_reached" || !strings.Contains(p.Detail, "00:00 UTC") {
			t.Errorf("a new chat: got %d %s", refused.status, refused.body)
		}
		if r := s.rawCompletion(agent, nil, user("Hello")); r.status != 402 || r.problem(t).Code != "budget_reached" {
			t.Errorf("a new completion: got %d %s", r.status, r.body)
		}
		if r := s.try(s.key, "POST", "/agents/"+agent+"/simulate", map[string]any{"transcript": []string{"Hello"}}); !strings.Contains(string(r.body), "budget_reached") {
			t.Errorf("a simulation: got %d %s", r.status, r.body)
		}
	}
	spent(s)
	free := s.agent(map[string]any{"name": "Free", "llmModel": "builtin"})
	s.publish(free)
	s.chat(free, false).say("Hello")
	stop()
	again, stop := run(func(*app.Options) {})
	spent(again)
	stop()
	asked := len(model.asked())
	raised, _ := run(func(o *app.Options) { o.DailyTokens = 5000 })
	if got := raised.chat(agent, false).say("Hello").text(); got != "From the provider." {
		t.Errorf("with more of it: the agent said %q", got)
	}
	other := raised
	other.key = raised.newKey("Other", callwright.Scopes()...)
	theirs := other.agent(map[string]any{})
	other.publish(theirs)
	if got := other.chat(theirs, false).say("Hello").text(); got != "From the provider." {
		t.Errorf("another organization: the agent said %q", got)
	}
	if n := len(model.asked()) - asked; n != 2 || asked != 2 {
		t.Errorf("the provider was asked %d times before and %d after, want 2 and 2", asked, n)
	}
}

// TestBadBudgets: a budget that cannot be kept does not start.
func TestBadBudgets(t *testing.T) {
	t.Parallel()
	o := app.Defaults()
	o.Data, o.DailyTokens, o.DailyDollars = t.TempDir(), -1, 5
	_, err := app.New(t.Context(), o)
	e, ok := err.(*callwright.Error)
	if !ok || len(e.Fields) != 2 || e.Fields[0].Field != "daily-tokens" || e.Fields[1].Field != "daily-dollars" {
		t.Errorf("got %v, want both fields named", err)
	}
}
