package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"callwright"
	"callwright/internal/engine"
	"callwright/internal/llm"
	"callwright/internal/skill"
)

// ruled gives the room's agent guardrails, and changes it.
func (r *room) ruled(change func(*callwright.Agent), rules ...callwright.Guardrail) {
	r.t.Helper()
	if change != nil {
		must(r.t, second(r.db.UpdateAgent(r.t.Context(), org, agentID, func(a *callwright.Agent) error {
			change(a)
			a.Version++
			return nil
		})))
	}
	must(r.t, r.db.ReplaceGuardrails(r.t.Context(), org, agentID, rules, callwright.At(r.now())))
}

func rule(t callwright.PolicyType, config string) callwright.Guardrail {
	return callwright.Guardrail{ID: "grd_1", PolicyType: t, Config: json.RawMessage(config)}
}

// of returns the payloads of a turn's events of a type.
func of[T any](t testing.TB, p played, kind callwright.EventType) []T {
	t.Helper()
	var out []T
	for _, ev := range p.events {
		if ev.EventType == kind {
			out = append(out, read[T](t, ev))
		}
	}
	return out
}

// A model that says it did what no run did is not heard saying so.
func TestClaims(t *testing.T) {
	t.Parallel()
	const held = "To be clear, that has not been done yet."
	r := newRoom(t)
	for _, c := range []struct{ says, heard string }{
		{"I have booked it.", held},
		{"I've booked your visit for Monday.", held},
		{"Great news! I've just booked it for you. Anything else?", "Great news! " + held + " Anything else?"},
		{"Your visit is booked.", held},
		{"Your visit has been booked. Goodbye!", held + " Goodbye!"},
		{"All done, it's now booked and confirmed.", held},
		{"We have scheduled the visit.", held},
		{"Ich habe den Termin gebucht.", held},
		{"He reservado su visita.", held},
		{"I have cancelled your order.", held}, // no skill that could: nothing was done at all
		{"I have not booked anything yet.", "I have not booked anything yet."},
		{"I can book it for you.", "I can book it for you."},
		{"Once I have booked it, you get a mail.", "Once I have booked it, you get a mail."},
		{"Have I booked it?", "Have I booked it?"},
		{"Shall I book it? It costs 3.50.", "Shall I book it? It costs 3.50."},
	} {
		r.begin()
		r.model.Steps = append(r.model.Steps, text(strings.SplitAfter(c.says, " ")...))
		p := r.say("please book a visit")
		wantList(t, c.says, p.said, c.heard)
		if hits := of[callwright.GuardrailHit](t, p, callwright.GuardrailEvent); (len(hits) == 1 && hits[0].Rule == "claim_check") != strings.Contains(c.heard, held) {
			t.Errorf("%q: guardrail events: got %+v", c.says, hits)
		}
	}

	// After a run that did it, it may be said; something else still not.
	r = newRoom(t, calling(tool("c1", "book_visit", `{"order_id":"A-1"}`)), text("I have booked it. "), text("I have also cancelled your order."))
	r.say("book A-1")
	wantList(t, "after the run", r.say("yes").said, "I have booked it. ")
	wantList(t, "the next turn", r.say("and the order?").said, held)

	// What a read tells is news, not a claim.
	r = newRoom(t, calling(tool("c1", "find_order", `{"order_id":"A-1"}`)), text("Your visit is booked for Monday."), calling(tool("c2", "find_order", `{"order_id":"A-1"}`)), text("Your visit has been cancelled."))
	r.partner.do = func(context.Context, skill.Call) (skill.Result, error) {
		return skill.Result{Data: json.RawMessage(`{"status":"BOOKED","day":"Monday"}`)}, nil
	}
	wantList(t, "news", r.say("is my visit booked?").said, "Your visit is booked for Monday.")
	wantList(t, "no news of that kind", r.say("are you sure?").said, held)
}

// Whatever way a model's words are cut into pieces, the same is heard.
func TestClaimsInPieces(t *testing.T) {
	t.Parallel()
	const says = "Let me see. I've booked it for you! It costs $3.50, e.g. by card. Is that all right?"
	want := ""
	r := newRoom(t)
	for size := 1; size < len(says); size += 3 {
		var pieces []string
		for rest := says; rest != ""; rest = rest[min(size, len(rest)):] {
			pieces = append(pieces, rest[:min(size, len(rest))])
		}
		r.begin()
		r.model.Steps = append(r.model.Steps, text(pieces...))
		got := strings.Join(r.say("book it").said, "|")
		if want == "" {
			want = "Let me see. To be clear, that has not been done yet. It costs $3.50, e.g. by card. Is that all right?"
		}
		if got != want {
			t.Errorf("pieces of %d: got %q, want %q", size, got, want)
		}
	}
}

func TestBannedTopics(t *testing.T) {
	t.Parallel()
	const refusal = "I'm sorry, that's not something I can talk about. Is there anything else I can help with?"
	r := newRoom(t, text("The election was close. ", "How can I help?"), text("Fine."))
	r.ruled(nil, rule(callwright.ContentPolicy, `{"bannedTopics":["election","legal advice"]}`))
	p := r.say("Who won the Election?")
	wantList(t, "asked", p.said, refusal)
	if r.model.Left() != 2 {
		t.Error("the model was asked about a banned topic")
	}
	p = r.say("hello")
	wantList(t, "told", p.said, refusal+" How can I help?")
	if hits := of[callwright.GuardrailHit](t, p, callwright.GuardrailEvent); len(hits) != 1 || hits[0].Rule != "banned_topic" || hits[0].Action != "withheld" {
		t.Errorf("got %+v, want the sentence withheld", hits)
	}
	wantList(t, "something else", r.say("I was elected").said, "Fine.")
}

// Personal data is masked in everything that is stored, and the caller hears it.
func TestRedaction(t *testing.T) {
	t.Parallel()
	const card = "4242 4242 4242 4242"
	r := newRoom(t, calling(tool("c1", "find_order", `{"order_id":"`+card+`"}`)), text("Thank you, "+card+" is noted. Mail goes to ada@example.com."))
	r.partner.do = func(context.Context, skill.Call) (skill.Result, error) {
		return skill.Result{Data: json.RawMessage(`{"card":"4242424242424242","ssn":"078-05-1120","n":12}`), Request: json.RawMessage(`{"order_id":"` + card + `"}`)}, nil
	}
	r.ruled(nil, rule(callwright.ContentPolicy, `{"redactPII":["card","email","ssn"]}`))
	r.masked = true
	p := r.say("My card is " + card + ", order 1234 5678 9012 3456")
	if got := r.partner.sent(); got != `{"order_id":"`+card+`"}` {
		t.Errorf("sent %s, want the number itself", got)
	}
	var all strings.Builder
	for _, ev := range r.journal() {
		all.Write(ev.Payload)
	}
	runs, err := r.db.Runs(t.Context(), org, r.conv.ID, 1)
	must(t, err)
	all.Write(runs[0].Answer)
	for _, secret := range []string{card, "4242424242424242", "ada@example.com", "078-05-1120"} {
		if strings.Contains(all.String(), secret) {
			t.Errorf("%s is stored: %s", secret, all.String())
		}
	}
	if !strings.Contains(all.String(), "1234 5678 9012 3456") || !strings.Contains(all.String(), "My card is [card]") {
		t.Errorf("what is no card number should stay: %s", all.String())
	}
	if p.err != nil {
		t.Error(p.err)
	}
}

// The unhappy caller is offered a person, once; a plain yes hands over.
func TestEscalation(t *testing.T) {
	t.Parallel()
	r := newRoom(t, text("I see."), text("I'm sorry."), text("Yes?"))
	r.ruled(func(a *callwright.Agent) { a.HandoffConfig.TransferDestination = "+12125550123" }, rule(callwright.ContentPolicy, `{"escalationThreshold":2}`))
	r.say("This is ridiculous")
	p := r.say("You are useless, what a waste of time")
	wantList(t, "offer", p.said, "I'm sorry.", "I'm sorry this isn't going well. Would you like me to hand you over to a person?")
	p = r.say("yes please")
	wantList(t, "handed over", p.said, "I'll hand you over to a colleague now. One moment, please.")
	h := of[callwright.Handoff](t, p, callwright.HandoffEvent)
	if len(h) != 1 || h[0].To != "+12125550123" || !strings.Contains(h[0].Summary, "ridiculous") || !strings.Contains(h[0].Summary, "not verified") {
		t.Errorf("handoff: got %+v, want the number and a summary", h)
	}
	if len(p.effects) != 1 || p.effects[0] != (skill.Transfer{To: "+12125550123"}) || r.conv.Outcome != callwright.Transferred {
		t.Errorf("effects: got %+v, outcome %s", p.effects, r.conv.Outcome)
	}
}

// A skill on the always-escalate list goes to a person instead.
func TestAlwaysEscalate(t *testing.T) {
	t.Parallel()
	r := newRoom(t, calling(tool("c1", "book_visit", `{"order_id":"A-1"}`)))
	r.ruled(nil, rule(callwright.WriteGate, `{"alwaysEscalate":["Book visit"]}`))
	p := r.say("book A-1")
	wantList(t, "said", p.said, "I'll hand you over to a colleague now. One moment, please.")
	wantList(t, "calls", p.calls(t), "book_visit refused")
	if r.partner.sent() != "" {
		t.Errorf("sent %s", r.partner.sent())
	}
}

// After hours an agent that takes no conversations says so, and when it opens.
func TestClosed(t *testing.T) {
	t.Parallel()
	r := newRoom(t, text("Hello."))
	r.ruled(func(a *callwright.Agent) {
		a.BusinessHours = callwright.BusinessHours{Timezone: "UTC", Weekly: map[string][]callwright.Range{"tue": {{Start: "10:00", End: "12:00"}}},
			AfterHours: callwright.AfterHours{Mode: "closed", Message: "We're closed. We open {reopen}."}}
	})
	wantList(t, "closed", r.say("hi").said, "We're closed. We open Tuesday at 10:00 AM.")
	r.wait(25*time.Hour + time.Minute)
	wantList(t, "open", r.say("hi").said, "Hello.")
}

// What an operator says should happen when a skill fails.
func TestErrorHandling(t *testing.T) {
	t.Parallel()
	failed := func(context.Context, skill.Call) (skill.Result, error) {
		return skill.Result{}, callwright.Errorf(callwright.CodeUnreachable, "No.")
	}
	for name, c := range map[string]struct {
		handling callwright.ErrorHandling
		said     string
		check    func(*testing.T, *room, played)
	}{
		"words": {callwright.ErrorHandling{Message: "The depot is not answering."}, "Well.", func(t *testing.T, r *room, _ played) {
			if got := results(t, r.model); got[0].Say != "The depot is not answering." {
				t.Errorf("the model was told %+v", got)
			}
		}},
		"transfer": {callwright.ErrorHandling{Then: "transfer", TransferTo: "+12125550100", Message: "I'll get a colleague."}, "I'll get a colleague.", func(t *testing.T, r *room, p played) {
			if h := of[callwright.Handoff](t, p, callwright.HandoffEvent); len(h) != 1 || h[0].To != "+12125550100" || h[0].Reason != "error_handling" {
				t.Errorf("handoff: got %+v", h)
			}
		}},
		"end": {callwright.ErrorHandling{Then: "end_call"}, "I'm sorry, I can't reach the system I need for that right now, so I don't have an answer for you. Thank you, and goodbye!", func(t *testing.T, r *room, p played) {
			if r.conv.Status != "ended" || r.conv.Outcome != callwright.Completed || len(p.effects) != 1 {
				t.Errorf("got %s %s with %v, want it ended", r.conv.Status, r.conv.Outcome, p.effects)
			}
		}},
		"message": {callwright.ErrorHandling{Then: "take_message"}, "I'm sorry, I can't reach the system I need for that right now, so I don't have an answer for you. I've made a note for our team, and somebody will get back to you.", func(t *testing.T, r *room, _ played) {
			m, _, err := r.db.ListMessages(t.Context(), org, agentID, "new", callwright.Page{Page: 1, Limit: 10})
			if err != nil || len(m) != 1 || !strings.Contains(m[0].Text, "Find order") || m[0].ConversationID != r.conv.ID {
				t.Errorf("messages: got %+v, %v", m, err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRoom(t, calling(tool("c1", "find_order", `{"order_id":"A-1"}`)), text("Well."))
			r.partner.do = failed
			c.handling.RetryOn = []string{"5xx"}
			must(t, second(r.db.UpdateSkill(t.Context(), org, agentID, findID, func(s *callwright.Skill) error { s.ErrorHandling = &c.handling; return nil })))
			p := r.say("find A-1")
			wantList(t, "said", p.said, c.said)
			c.check(t, r, p)
		})
	}
}

// A caller who breaks in during a write does not undo it: its end is told in the next
// turn, and it is not made again.
func TestLateResult(t *testing.T) {
	t.Parallel()
	r := newRoom(t, calling(tool("c1", "book_visit", `{"order_id":"A-1"}`)), text("It went through: it's booked."), text("We are open until six."))
	release, sent := make(chan struct{}), make(chan struct{})
	r.partner.do = func(ctx context.Context, _ skill.Call) (skill.Result, error) {
		close(sent)
		<-release
		return skill.Result{Data: json.RawMessage(`{"booked":true}`), Sent: true}, ctx.Err()
	}
	r.say("book A-1")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		<-sent
		cancel(engine.ErrInterrupted)
	}()
	p := r.play(ctx, engine.Input{Text: "yes"})
	wantList(t, "calls of the broken turn", p.calls(t), "book_visit started", "book_visit late")
	if len(r.conv.Late) != 1 {
		t.Fatalf("late runs: got %+v, want the one", r.conv.Late)
	}
	close(release)
	must(t, r.engine.Gate.Wait(t.Context()))
	p = r.say("how long are you open?")
	wantList(t, "said", p.said, "It went through: it's booked.", "We are open until six.")
	wantList(t, "calls", p.calls(t), "book_visit done")
	reqs := r.model.Requests()
	if last := reqs[1].Messages[len(reqs[1].Messages)-1]; last.Role != llm.ToolRole || !strings.Contains(last.Content, `"booked":true`) {
		t.Errorf("the model was told %+v before the caller's words, want the result", last)
	}
	if last := reqs[2].Messages[len(reqs[2].Messages)-1]; last.Role != llm.User || last.Content != "how long are you open?" {
		t.Errorf("the model heard %+v last, want the caller", last)
	}
	if got := r.partner.sent(); got != `{"order_id":"A-1"}` || len(r.conv.Late) != 0 {
		t.Errorf("sent %s, late %+v; want it once, and told", got, r.conv.Late)
	}
}

// A skill that is known to be slow is bridged by a filler; one that takes longer than
// usual gets the operator's words.
func TestFillers(t *testing.T) {
	t.Parallel()
	r := newRoom(t, calling(tool("c1", "find_order", `{"order_id":"A-1"}`)), text("Found."), calling(tool("c2", "find_order", `{"order_id":"A-2"}`)), text("Found again."))
	r.partner.do = func(context.Context, skill.Call) (skill.Result, error) {
		r.wait(2 * time.Second)
		return skill.Result{Data: json.RawMessage(`{}`)}, nil
	}
	wantList(t, "the first time", r.say("find A-1").said, "Found.")
	p := r.say("find A-2")
	wantList(t, "known to be slow", p.said, "One moment, please.", "Found again.")
	if f := of[callwright.Filler](t, p, callwright.FillerEvent); len(f) != 1 || f[0].ExpectedMs != 2000 || f[0].SkillID != findID {
		t.Errorf("filler: got %+v", f)
	}
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, calling(tool("c1", "find_order", `{"order_id":"A-1"}`)), text("Found."))
		must(t, second(r.db.UpdateSkill(t.Context(), org, agentID, findID, func(s *callwright.Skill) error {
			s.ExecutionConfig = json.RawMessage(`{"say":{"start":"Looking for {order_id}.","slow":"Still looking.","done":"There it is: {order_id}."}}`)
			return nil
		})))
		r.partner.do = func(context.Context, skill.Call) (skill.Result, error) {
			time.Sleep(3 * time.Second)
			return skill.Result{Data: json.RawMessage(`{}`)}, nil
		}
		wantList(t, "said", r.say("find A-1").said, "Looking for A-1.", "Still looking.", "Found.")
		if got := results(t, r.model); got[0].Say != "There it is: A-1." {
			t.Errorf("the model was told %+v", got)
		}
	})
}

// A caller hears what is wrong with a value that cannot be, in plain words.
func TestImpossibleValue(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	must(t, second(r.db.UpdateSkill(t.Context(), org, agentID, findID, func(s *callwright.Skill) error {
		s.ParametersSchema = json.RawMessage(`{"properties":{"day":{"type":"string","format":"date","title":"delivery day"}}}`)
		return nil
	})))
	for i := range 3 {
		r.model.Steps = append(r.model.Steps, calling(tool(fmt.Sprint("c", i), "find_order", `{"day":"February 30"}`)))
	}
	wantList(t, "said", r.say("on February 30").said, "I'm afraid the delivery day must be a day that the calendar has, such as February 28. Could you give it to me again?")
}

// A model that keeps sending arguments that cannot be used is stopped by a question.
func TestRepairs(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	for i := range 3 {
		r.model.Steps = append(r.model.Steps, calling(tool(fmt.Sprint("c", i), "find_order", `{"order_id":"A","count":"many"}`)))
	}
	p := r.say("find A")
	wantList(t, "calls", p.calls(t), "find_order needs_input", "find_order needs_input", "find_order needs_input")
	wantList(t, "said", p.said, "I'm afraid that doesn't work as the count. Could you give it to me again?")
}

// A caller who changes the arguments between the read-back and the yes is asked again.
func TestChangedArgumentsAreReadBack(t *testing.T) {
	t.Parallel()
	r := newRoom(t, calling(tool("c1", "book_visit", `{"order_id":"A-1","count":2}`)), calling(tool("c2", "book_visit", `{"order_id":"A-1","count":3}`)), text("Booked."))
	r.say("book A-1 for two")
	p := r.say("yes, but for three")
	wantList(t, "calls", p.calls(t), "book_visit needs_confirmation")
	if r.partner.sent() != "" {
		t.Errorf("sent %s before the new arguments were confirmed", r.partner.sent())
	}
	p = r.say("yes")
	if got := r.partner.sent(); got != `{"count":3,"order_id":"A-1"}` {
		t.Errorf("sent %s, want what was read back last", got)
	}
	wantList(t, "calls", p.calls(t), "book_visit started", "book_visit done")
}
