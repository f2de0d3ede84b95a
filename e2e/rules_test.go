package e2e_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"callwright"
)

// TestRules: guardrails and verification are read and replaced whole, checked member
// by member, compared and reported, and frozen with a version.
func TestRules(t *testing.T) {
	t.Parallel()
	onBoth(t, testRules)
}

func testRules(t *testing.T, address string) {
	s := start(t, at(address))
	agent := s.agent(map[string]any{})
	skill := s.skill(agent, with(warranty("https://api.example.com/w"), map[string]any{"isWrite": true}))
	guardrails, verification := "/agents/"+agent+"/guardrails", "/agents/"+agent+"/caller-verification"
	var rules []callwright.Guardrail
	s.must("GET", guardrails, nil, &rules)
	if rules == nil || len(rules) != 0 {
		t.Errorf("a new agent's guardrails: got %v, want an empty list", rules)
	}
	var version struct{ ID string }
	s.must("POST", "/agents/"+agent+"/publish", nil, &version)

	s.must("PUT", guardrails, `[{"policyType":"write_gate","config":{"confirm":true}},{"id":"mine","policyType":"rate_limit","appliesToSkillType":"http_webhook","config":{"perMinute":6},"isEnabled":false}]`, &rules)
	if len(rules) != 2 || !strings.HasPrefix(string(rules[0].ID), "grd_") || rules[1].ID != "mine" || string(rules[0].AgentID) != agent || rules[0].OrganizationID == "" || !rules[0].Enabled() || rules[1].Enabled() {
		t.Errorf("got %+v, want both with their owner, ids made where missing", rules)
	}
	// What was answered may be sent back as it is.
	var again []callwright.Guardrail
	s.must("PUT", guardrails, rules, &again)
	if !slices.EqualFunc(rules, again, func(a, b callwright.Guardrail) bool { return a.ID == b.ID && string(a.Config) == string(b.Config) }) {
		t.Errorf("sent back: got %+v, want %+v", again, rules)
	}
	var diff struct {
		Changes []struct{ Field, Kind string }
	}
	s.must("GET", "/agents/"+agent+"/versions/"+version.ID+"/diff", nil, &diff)
	if len(diff.Changes) != 2 || !strings.HasPrefix(diff.Changes[0].Field, "guardrails.") || diff.Changes[0].Kind != "added" {
		t.Errorf("changes: got %+v, want the two guardrails added", diff.Changes)
	}
	var report struct {
		Guardrails []string
		Warnings   []struct{ Code, Level string }
	}
	s.must("GET", "/agents/"+agent+"/prepublish-report", nil, &report)
	if all := strings.Join(report.Guardrails, "\n"); !strings.Contains(all, "write_gate") || !strings.Contains(all, "runs only after the caller confirmed") || strings.Contains(all, "rate_limit") {
		t.Errorf("the report says %q", all)
	}

	for name, c := range map[string]struct {
		path, body, code string
		status           int
		fields           []string
	}{
		"everything at once": {guardrails, `[{"policyType":"write_gate","config":{"confirm":1}},{"policyType":"magic"},{"policyType":"rate_limit","config":{},"colour":1},{"policyType":"rate_limit","appliesToSkillType":"telepathy","config":{"perMinute":1}}]`, "validation_error", 400,
			[]string{"[0].config.confirm", "[1].policyType", "[2].colour", "[2].config.perMinute", "[3].appliesToSkillType"}},
		"not a list":           {guardrails, `{}`, "validation_error", 400, []string{"body"}},
		"nothing":              {guardrails, ``, "validation_error", 400, []string{"body"}},
		"an id twice":          {guardrails, `[{"id":"a","policyType":"write_gate"},{"id":"a","policyType":"write_gate"}]`, "validation_error", 400, []string{"[1].id"}},
		"another organization": {guardrails, `[{"policyType":"write_gate","organizationId":"org_06o8h2q1ntk1v8a3c2m1g5r7e0"}]`, "not_found", 404, nil},
		"another agent":        {verification, `[{"method":"account_pin","verifierSkillId":"` + skill + `","agentId":"agt_06o8h2q1ntk1v8a3c2m1g5r7e0"}]`, "not_found", 404, nil},
		"no such verifier":     {verification, `[{"method":"account_pin","verifierSkillId":"skl_06o8h2q1ntk1v8a3c2m1g5r7e0"}]`, "not_found", 404, []string{"[0].verifierSkillId"}},
		"verification, all at once": {verification, `[{"method":"account_pin","verifierSkillId":"` + skill + `","requiredFields":["colour"],"stepUpFor":["Nothing"],"maxAttempts":99},{"method":"account_pin","verifierSkillId":"` + skill + `"},{"method":"telepathy","verifierSkillId":"` + skill + `"}]`, "validation_error", 400,
			[]string{"[0].maxAttempts", "[0].requiredFields[0]", "[0].stepUpFor[0]", "[1].method", "[2].method"}},
	} {
		r := s.try(s.key, "PUT", c.path, c.body)
		p := r.problem(t)
		var fields []string
		for _, f := range p.Errors {
			fields = append(fields, f.Field)
		}
		slices.Sort(fields)
		if r.status != c.status || p.Code != c.code || !slices.Equal(fields, c.fields) {
			t.Errorf("%s: got %d %s %v, want %d %s %v", name, r.status, p.Code, fields, c.status, c.code, c.fields)
		}
	}
	s.must("GET", guardrails, nil, &again)
	if len(again) != 2 {
		t.Errorf("refused bodies left %d guardrails, want 2", len(again))
	}

	s.must("PUT", verification, `[{"method":"account_pin","verifierSkillId":"`+skill+`","stepUpFor":["Check warranty status"]}]`, nil)
	s.must("DELETE", "/agents/"+agent+"/skills/"+skill, nil, nil)
	if r := s.try(s.key, "POST", "/agents/"+agent+"/publish", nil); r.status != 422 || !strings.Contains(string(r.body), "verifies callers by account_pin is gone") {
		t.Errorf("publish without the verifier: got %d %s", r.status, r.body)
	}
	// The version before is as it was.
	var versions []callwright.Version
	s.must("GET", "/agents/"+agent+"/versions", nil, &versions)
	if raw, err := json.Marshal(versions[0].CompiledConfig.Guardrails); err != nil || string(raw) != "[]" {
		t.Errorf("the published version has guardrails %s", raw)
	}
	var audit []callwright.AuditEvent
	s.must("GET", "/audit-events?resource="+agent, nil, &audit)
	var actions []string
	for _, a := range audit {
		actions = append(actions, a.Action)
	}
	if got, want := strings.Join(actions, " "), "caller_verification.replace guardrails.replace guardrails.replace agent.publish agent.create"; got != want {
		t.Errorf("audit: got %s, want %s", got, want)
	}
}

// TestObserve: what happened is found, told and settled.
func TestObserve(t *testing.T) {
	t.Parallel()
	onBoth(t, testObserve)
}

func testObserve(t *testing.T, address string) {
	s := start(t, at(address))
	p := newPartner(t, answers(inWarranty))
	agent := s.agent(map[string]any{"name": "Appliance desk"})
	s.skill(agent, warranty(p.URL))
	s.publish(agent)
	c := s.chat(agent, false)
	c.say("Is my dishwasher still under warranty?")
	c.say("SN-48213-B")
	c.say("Thank you, that is great")
	other := s.chat(agent, false)
	other.say("hello")
	s.must("POST", "/chat/sessions/"+c.id+"/end", nil, nil)

	type row struct {
		ID, Channel, Outcome, Summary, PrimaryTopic, Sentiment, Status string
		UserTurnCount                                                  int
		GoalCompleted                                                  bool
	}
	list := func(query string) []row {
		var rows []row
		s.must("GET", "/conversations?"+query, nil, &rows)
		return rows
	}
	all := list("")
	if len(all) != 2 || all[0].ID != other.id || all[1].ID != c.id {
		t.Fatalf("got %+v, want both, newest first", all)
	}
	if got := all[1]; got.Outcome != "completed" || got.Status != "ended" || got.UserTurnCount != 3 || got.PrimaryTopic != "Check warranty status" || !got.GoalCompleted || got.Sentiment != "positive" || !strings.Contains(got.Summary, "Check warranty status") {
		t.Errorf("got %+v", got)
	}
	for query, want := range map[string]int{"q=dishwasher": 1, "q=DISHwasher%20still": 1, "q=parcel": 0, "outcome=completed": 1, "outcome=transferred": 0, "channel=chat": 2, "channel=voice": 0, "agentId=" + agent: 2,
		"from=2000-01-01T00:00:00Z": 2, "to=2000-01-01T00:00:00Z": 0, "limit=1": 1} {
		if got := len(list(query)); got != want {
			t.Errorf("%s: got %d, want %d", query, got, want)
		}
	}
	for _, query := range []string{"channel=fax", "outcome=great", "from=yesterday", "limit=0"} {
		if r := s.try(s.key, "GET", "/conversations?"+query, nil); r.status != 400 {
			t.Errorf("%s: got %d, want 400", query, r.status)
		}
	}
	var transcript struct {
		Turns []struct {
			Role, Text   string
			QuickReplies []string
		}
	}
	s.must("GET", "/conversations/"+c.id+"/transcript", nil, &transcript)
	if n := len(transcript.Turns); n != 7 || transcript.Turns[0].Role != "assistant" || transcript.Turns[3].Text != "SN-48213-B" || transcript.Turns[3].QuickReplies == nil {
		t.Errorf("transcript: got %+v", transcript)
	}
	var receipt []callwright.Event
	s.must("GET", "/conversations/"+c.id+"/receipt", nil, &receipt)
	for _, ev := range receipt {
		if ev.EventType != callwright.ToolCallEvent {
			continue
		}
		var call callwright.ToolCall
		if err := json.Unmarshal(ev.Payload, &call); err != nil {
			t.Fatal(err)
		}
		if call.State == "done" && (len(call.Gate) != 10 || call.Sent == nil || call.TookMs <= 0) {
			t.Errorf("the receipt should say what each rule said, what left and how long it took: %+v", call)
		}
	}
	if last := receipt[len(receipt)-1]; last.EventType != callwright.CallEnded {
		t.Errorf("the receipt ends with %s, want call_ended", last.EventType)
	}

	var runs []callwright.Run
	s.must("GET", "/skill-runs?conversationId="+c.id, nil, &runs)
	if len(runs) != 1 || runs[0].State != callwright.RunDone || string(runs[0].ConversationID) != c.id {
		t.Fatalf("runs: got %+v, want the one", runs)
	}
	if r := s.try(s.key, "POST", "/skill-runs/"+string(runs[0].ID)+"/resolve", `{"state":"failed"}`); r.status != 409 || r.problem(t).Code != "outcome_known" {
		t.Errorf("resolve one that is known: got %d %s", r.status, r.body)
	}
	w := s.world("Others")
	theirs := *s
	theirs.key = w.key
	var resolved callwright.Run
	theirs.must("POST", "/skill-runs/"+w.ids["skill-runs"]+"/resolve", `{"state":"failed","note":"It is not in the system."}`, &resolved)
	if resolved.State != callwright.RunFailed || resolved.Note == "" || resolved.ResolvedBy == "" || resolved.ResolvedAt == 0 {
		t.Errorf("resolved: got %+v", resolved)
	}
	theirs.must("GET", "/skill-runs?state=unknown", nil, &runs)
	if len(runs) != 0 {
		t.Errorf("still unknown: %+v", runs)
	}
	var message callwright.TakenMessage
	theirs.must("PATCH", "/messages/"+w.ids["messages"], `{"status":"done"}`, &message)
	if message.Status != "done" || !strings.Contains(message.Text, "Tom is ill") {
		t.Errorf("message: got %+v", message)
	}
}
