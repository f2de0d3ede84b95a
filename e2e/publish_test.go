package e2e_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestIfMatch: a client that read an older version is told, and given the agent as
// it is.
func TestIfMatch(t *testing.T) {
	t.Parallel()
	onBoth(t, testIfMatch)
}

func testIfMatch(t *testing.T, address string) {
	s := start(t, at(address))
	id := s.agent(map[string]any{})
	tag := s.try(s.key, "GET", "/agents/"+id, nil).header.Get("ETag")
	if tag != `"1"` {
		t.Fatalf("ETag %s", tag)
	}
	patch := func(match, body string) response {
		req, err := http.NewRequestWithContext(t.Context(), "PATCH", s.url+"/api/v1/agents/"+id, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+s.key)
		req.Header.Set("If-Match", match)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var raw json.RawMessage
		if err := json.NewDecoder(res.Body).Decode(&raw); err != nil {
			t.Fatal(err)
		}
		r := response{res.StatusCode, res.Header, raw}
		s.judge("PATCH", "/agents/"+id, r)
		return r
	}
	if r := patch(tag, `{"tone":"warm"}`); r.status != 200 || r.header.Get("ETag") != `"2"` {
		t.Fatalf("the current version: %d %s %s", r.status, r.header.Get("ETag"), r.body)
	}
	r := patch("1", `{"tone":"cold"}`) // without quotes, as the reference writes it
	var p struct {
		Code string
		Data struct {
			Version int
			Tone    string
		}
	}
	if err := json.Unmarshal(r.body, &p); err != nil || r.status != 409 || p.Code != "stale_version" || p.Data.Version != 2 || p.Data.Tone != "warm" {
		t.Errorf("want 409 stale_version with the agent at version 2, got %d %s", r.status, r.body)
	}
	if r := patch("soon", `{}`); r.status != 400 || r.problem(t).Errors[0].Field != "If-Match" {
		t.Errorf("want 400 for If-Match, got %d %s", r.status, r.body)
	}
}

// TestRollbackAndDiff: going back is instant for new conversations and leaves the
// draft; the comparison names what changed, skills by their names.
func TestRollbackAndDiff(t *testing.T) {
	t.Parallel()
	onBoth(t, testRollbackAndDiff)
}

func testRollbackAndDiff(t *testing.T, address string) {
	s := start(t, at(address))
	id := s.agent(map[string]any{"greeting": "First hello"})
	keep := s.skill(id, warranty("https://api.example.com/w"))
	s.skill(id, with(warranty("https://api.example.com/w"), map[string]any{"name": "Old one"}))
	var first struct{ ID string }
	s.must("POST", "/agents/"+id+"/publish", `{"note":"one"}`, &first)
	s.must("PATCH", "/agents/"+id, `{"greeting":"Second hello","goals":["help"]}`, nil)
	s.must("PATCH", "/agents/"+id+"/skills/"+keep, `{"name":"Check guarantee","stakes":"high"}`, nil)
	var skills []struct{ ID, Name string }
	s.must("GET", "/agents/"+id+"/skills", nil, &skills)
	for _, sk := range skills {
		if sk.Name == "Old one" {
			s.must("DELETE", "/agents/"+id+"/skills/"+sk.ID, nil, nil)
		}
	}
	s.publish(id)

	var diff struct {
		Changes []struct {
			Field, Kind   string
			Before, After json.RawMessage
		}
	}
	s.must("GET", "/agents/"+id+"/versions/"+first.ID+"/diff", nil, &diff)
	got := map[string]string{}
	for _, c := range diff.Changes {
		got[c.Field] = c.Kind
		if c.Field == "greeting" && (string(c.Before) != `"First hello"` || string(c.After) != `"Second hello"`) {
			t.Errorf("greeting: %s to %s", c.Before, c.After)
		}
	}
	for field, kind := range map[string]string{"greeting": "changed", "skills[Check guarantee].name": "changed", "skills[Check guarantee].stakes": "changed", "skills[Old one]": "removed"} {
		if got[field] != kind {
			t.Errorf("%s should be %s; got %v", field, kind, got)
		}
	}

	greets := func() string {
		var c struct{ Messages []struct{ Content string } }
		s.must("POST", "/chat/sessions", map[string]any{"agentId": id}, &c)
		return c.Messages[0].Content
	}
	if g := greets(); g != "Second hello" {
		t.Fatalf("before the rollback: %q", g)
	}
	s.must("POST", "/agents/"+id+"/rollback", map[string]any{"versionId": first.ID}, nil)
	if g := greets(); g != "First hello" {
		t.Errorf("after the rollback: %q", g)
	}
	var a struct{ Greeting, PublishedVersionID string }
	s.must("GET", "/agents/"+id, nil, &a)
	if a.Greeting != "Second hello" || a.PublishedVersionID != first.ID {
		t.Errorf("the draft should stay: %+v", a)
	}
	other := s.agent(map[string]any{})
	if r := s.try(s.key, "POST", "/agents/"+other+"/rollback", map[string]any{"versionId": first.ID}); r.status != 404 {
		t.Errorf("another agent's version: want 404, got %d", r.status)
	}
	if r := s.try(s.key, "POST", "/agents/"+id+"/rollback", `{}`); r.status != 400 || r.problem(t).Errors[0].Field != "versionId" {
		t.Errorf("no version: want 400 for versionId, got %d %s", r.status, r.body)
	}
}

// TestReport: the report says what leaves and what would surprise, and a draft
// that cannot work is not published.
func TestReport(t *testing.T) {
	t.Parallel()
	onBoth(t, testReport)
}

func testReport(t *testing.T, address string) {
	s := start(t, at(address))
	id := s.agent(map[string]any{"greeting": "Hello!", "neverDo": []string{"promise refunds"}, "goals": []string{"help quickly"}})
	s.skill(id, with(warranty("http://api.example.com/w"), map[string]any{"isWrite": true, "description": "Warranty", "channels": []string{"fax"}, "availabilityWindow": "open",
		"dataEgressMap": map[string]any{"sn": "serial_number"}, "allowedFields": []string{"expires"}, "verificationLevel": "basic"}))
	s.skill(id, with(warranty("https://api.example.com/w"), map[string]any{"name": "Check warranty state", "stakes": "high"}))
	s.skill(id, with(warranty("https://api.example.com/w"), map[string]any{"name": "Check the warranty state"}))
	type finding struct{ Code, Level, Message, SkillID string }
	var r struct {
		WillSay, WontSay, Guardrails []string
		DataLeaving                  []struct {
			SkillName, Destination string
			Fields                 []string
		}
		Warnings []finding
	}
	s.must("GET", "/agents/"+id+"/prepublish-report", nil, &r)
	codes := map[string]bool{}
	for _, w := range r.Warnings {
		codes[w.Code] = true
		if w.Level != "warning" || w.Message == "" {
			t.Errorf("finding %+v", w)
		}
	}
	for _, c := range strings.Fields("write_without_confirmation no_channel insecure_url thin_description no_business_hours no_verification similar_skills") {
		if !codes[c] {
			t.Errorf("the report should warn of %s; got %v", c, r.Warnings)
		}
	}
	if len(r.DataLeaving) == 0 || r.DataLeaving[0].Destination != "http://api.example.com" || !slices.Equal(r.DataLeaving[0].Fields, []string{"sn"}) {
		t.Errorf("data leaving: %+v", r.DataLeaving)
	}
	if !strings.Contains(strings.Join(r.WillSay, " "), "Hello!") || !strings.Contains(strings.Join(r.WontSay, " "), "promise refunds") || !strings.Contains(strings.Join(r.Guardrails, " "), "confirmed") {
		t.Errorf("report: %+v", r)
	}

	s.must("POST", "/secrets", map[string]any{"name": "SOON_GONE", "value": "v"}, nil)
	spec := warranty("https://api.example.com/w")
	spec["name"], spec["executionConfig"] = "With a secret", map[string]any{"url": "https://api.example.com/w", "headers": map[string]string{"X-Key": "{{secret.SOON_GONE}}"}}
	s.skill(id, spec)
	s.publish(id)
	s.must("DELETE", "/secrets/SOON_GONE", nil, nil)
	res := s.try(s.key, "POST", "/agents/"+id+"/publish", nil)
	if p := res.problem(t); res.status != 422 || p.Code != "not_publishable" || len(p.Errors) != 1 || !strings.Contains(p.Errors[0].Message, "SOON_GONE") {
		t.Errorf("want 422 not_publishable naming the secret, got %d %s", res.status, res.body)
	}
}
