package e2e_test

import (
	"slices"
	"strings"
	"testing"

	"callwright"
)

// TestAudit: every change is told of, by whom, with before and after, and no
// secret.
func TestAudit(t *testing.T) {
	t.Parallel()
	onBoth(t, testAudit)
}

func testAudit(t *testing.T, address string) {
	s := start(t, at(address))
	agent := s.agent(map[string]any{})
	skill := s.skill(agent, warranty("https://api.example.com/w"))
	s.must("PATCH", "/agents/"+agent, `{"tone":"warm"}`, nil)
	s.must("PATCH", "/agents/"+agent+"/skills/"+skill, `{"stakes":"high"}`, nil)
	var v struct{ ID string }
	s.must("POST", "/agents/"+agent+"/publish", nil, &v)
	s.must("POST", "/agents/"+agent+"/rollback", map[string]any{"versionId": v.ID}, nil)
	var secret struct{ ID string }
	s.must("POST", "/secrets", `{"name":"S","value":"canary-value"}`, &secret)
	s.must("DELETE", "/secrets/S", nil, nil)
	s.must("DELETE", "/agents/"+agent+"/skills/"+skill, nil, nil)
	s.must("DELETE", "/agents/"+agent, nil, nil)
	if r := s.try(s.key, "PATCH", "/agents/"+agent, `{"tone":"cold"}`); r.status != 404 {
		t.Fatalf("a change of nothing: %d", r.status)
	}
	var events []callwright.AuditEvent
	s.must("GET", "/audit-events?limit=100", nil, &events)
	var actions []string
	for _, ev := range slices.Backward(events) {
		actions = append(actions, ev.Action)
		if all := string(ev.Before) + string(ev.After); strings.Contains(all, "canary-value") || strings.Contains(all, "partner-key") {
			t.Errorf("a secret is in %s: %s", ev.Action, all)
		}
		if ev.Action != "key.create" && !strings.HasPrefix(ev.Actor, "key_") {
			t.Errorf("%s was done by %s", ev.Action, ev.Actor)
		}
	}
	want := strings.Fields("key.create agent.create secret.create skill.create agent.update skill.update agent.publish agent.rollback secret.create secret.delete skill.delete agent.delete")
	if !slices.Equal(actions, want) {
		t.Errorf("got %v, want %v", actions, want)
	}
	s.must("GET", "/audit-events?resource="+skill, nil, &events)
	if len(events) != 3 || !strings.Contains(string(events[1].Before), `"stakes":"low"`) || !strings.Contains(string(events[1].After), `"stakes":"high"`) || string(events[0].After) != "null" {
		t.Errorf("the skill's trail: %+v", events)
	}
	s.must("GET", "/audit-events?resource="+secret.ID, nil, &events)
	if len(events) != 2 || events[0].Action != "secret.delete" {
		t.Errorf("the secret's trail: %+v", events)
	}
	if r := s.try(s.newKey("Rivals", callwright.Scopes()...), "GET", "/audit-events", nil); strings.Contains(string(r.body), agent) {
		t.Errorf("another organization sees it")
	}
}
