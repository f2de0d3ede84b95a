package e2e_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

// TestTheMainJob is the reason for all of this: a skill made over the API is
// called from a conversation.
func TestTheMainJob(t *testing.T) {
	t.Parallel()
	onBoth(t, testTheMainJob)
}

func testTheMainJob(t *testing.T, address string) {
	s, p := start(t, at(address)), newPartner(t, answers(inWarranty))
	agent := s.agent(map[string]any{})
	s.skill(agent, warranty(p.URL+"/v1/warranty"))
	s.publish(agent)
	c := s.chat(agent, false)
	if got := c.say("Hi, is my dishwasher still under warranty?").text(); !strings.Contains(strings.ToLower(got), "serial number") {
		t.Errorf("the agent should ask for the serial number; it said %q", got)
	}
	if n := len(p.received()); n != 0 {
		t.Fatalf("nothing may leave before the serial number is known; the partner got %d requests", n)
	}
	r := c.say("It's SN-48213-B")
	if got := r.text(); !strings.Contains(got, "March 14, 2037") {
		t.Errorf("the agent should tell the date of the answer; it said %q", got)
	}
	got := p.received()
	if len(got) != 1 || got[0].Body != `{"serial_number":"SN-48213-B"}` || got[0].Header.Get("X-Api-Key") != "partner-key" {
		t.Fatalf("the partner should receive the serial number once with the key; it got %+v", got)
	}
	for _, h := range []string{"Idempotency-Key", "Webhook-Id", "Webhook-Timestamp", "Webhook-Signature", "Traceparent", "X-Callwright-Agent", "X-Callwright-Conversation"} {
		if got[0].Header.Get(h) == "" {
			t.Errorf("the request should carry %s", h)
		}
	}
	calls := r.calls(t)
	if len(calls) != 1 || calls[0].State != "done" || len(calls[0].Gate) != 10 {
		t.Fatalf("the receipt should have one done call with ten lines; got %+v", calls)
	}
	if strings.Contains(string(calls[0].Sent), "partner-key") {
		t.Errorf("the receipt shows the key: %s", calls[0].Sent)
	}
}

// TestTheGuideWorksLiterally sends the custom-integration request as its readers
// do: with curl, and as Python programs write JSON.
func TestTheGuideWorksLiterally(t *testing.T) {
	t.Parallel()
	const body = `{
  "name": "Check warranty status",
  "description": "Use when a customer asks whether a product is still under warranty.",
  "skillType": "http_webhook",
  "parametersSchema": {
    "type": "object",
    "properties": {"serial_number": {"type": "string", "description": "The product serial number."}},
    "required": ["serial_number"]
  },
  "requiredParams": ["serial_number"],
  "executionConfig": {"url": "https://api.example.com/warranty", "method": "POST", "headers": {"X-Api-Key": "abc"}, "timeout_ms": 4000}
}`
	s := start(t)
	agent := s.agent(map[string]any{})
	path := s.url + "/api/v1/agents/" + agent + "/skills"
	curl := exec.CommandContext(t.Context(), "curl", "-sS", "-w", "\n%{http_code}", "-X", "POST", path, "-H", "Authorization: Bearer "+s.key, "-H", "Content-Type: application/json", "-d", body)
	checkCreated(t, "curl", agent, output(t, curl, ""))

	const program = `
import json, sys, urllib.request
path, key = sys.argv[1:]
body = json.load(sys.stdin)
body["name"] = "Check warranty status again"
request = urllib.request.Request(path, data=json.dumps(body).encode(), headers={"Authorization": "Bearer " + key, "Content-Type": "application/json"})
with urllib.request.urlopen(request) as response:
    print(response.read().decode())
    print(response.status, end="")
`
	checkCreated(t, "python", agent, output(t, exec.CommandContext(t.Context(), "python3", "-c", program, path, s.key), body))
}

func output(t *testing.T, cmd *exec.Cmd, stdin string) string {
	t.Helper()
	var errs bytes.Buffer
	cmd.Stdin, cmd.Stderr = strings.NewReader(stdin), &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", cmd.Args[0], err, errs.String())
	}
	return string(out)
}

func checkCreated(t *testing.T, client, agent, out string) {
	t.Helper()
	body, status, _ := strings.Cut(strings.TrimSpace(out), "\n")
	if status != "201" {
		t.Fatalf("%s: want 201, got %s %s", client, status, body)
	}
	var env struct {
		Success bool
		Data    map[string]any
	}
	if err := json.Unmarshal([]byte(body), &env); err != nil || !env.Success {
		t.Fatalf("%s: want an envelope, got %s", client, body)
	}
	// Every member of the reference's answer.
	for _, m := range strings.Fields(`id agentId organizationId name description skillType parametersSchema requiredParams toolMode executionConfig
		dataEgressMap allowedFields isWrite requiresVerifiedIdentity requiresConfirmation verificationLevel nonParallelizable channels errorHandling
		isEnabled stakes availabilityWindow expectedLatencyMs createdAt updatedAt`) {
		if _, ok := env.Data[m]; !ok {
			t.Errorf("%s: the answer lacks %s", client, m)
		}
	}
	if env.Data["agentId"] != agent || env.Data["toolMode"] != "two_way" || env.Data["stakes"] != "low" || env.Data["isEnabled"] != true {
		t.Errorf("%s: the answer's defaults are wrong: %s", client, body)
	}
	if strings.Contains(body, `"abc"`) {
		t.Errorf("%s: the answer repeats the key", client)
	}
}

// TestPublishedIsFrozen: callers get what was published, drafts see changes at
// once.
func TestPublishedIsFrozen(t *testing.T) {
	t.Parallel()
	s, p := start(t), newPartner(t, answers(inWarranty))
	agent := s.agent(map[string]any{})
	r := s.try(s.key, "POST", "/chat/sessions", map[string]any{"agentId": agent})
	if pr := r.problem(t); r.status != 409 || pr.Code != "no_published_version" {
		t.Fatalf("a chat with an unpublished agent: want 409 no_published_version, got %d %s", r.status, r.body)
	}
	s.publish(agent)
	before, draft := s.chat(agent, false), s.chat(agent, true)
	s.skill(agent, warranty(p.URL))
	const ask = "Is SN-48213-B still under warranty?"
	if n := len(before.say(ask).calls(t)); n != 0 {
		t.Errorf("a published conversation sees a skill that was not published")
	}
	if n := len(s.chat(agent, false).say(ask).calls(t)); n != 0 {
		t.Errorf("a new published conversation sees a skill that was not published")
	}
	if n := len(draft.say(ask).calls(t)); n != 1 {
		t.Errorf("a draft conversation should see the skill at once; it made %d calls", n)
	}
	s.publish(agent)
	if n := len(s.chat(agent, false).say(ask).calls(t)); n != 1 {
		t.Errorf("after the next publish callers should see the skill; got %d calls", n)
	}
	if n := len(before.say(ask).calls(t)); n != 0 {
		t.Errorf("a conversation under way changed its version")
	}
}
