package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"callwright"
)

// TestAgents: the whole object of the reference goes in and comes out, a patch
// changes what it names, and a deleted agent is gone everywhere.
func TestAgents(t *testing.T) {
	t.Parallel()
	s := start(t)
	const whole = `{"name":"Desk","persona":"A patient clerk","primaryLanguage":"en-GB","languages":["en-GB","fr"],"languageBehavior":"code_switch",
		"enabledChannels":["chat","voice"],"goals":["help"],"neverDo":["guess"],"tone":"warm","lexicon":{"preferred":["parcel"],"banned":["package"],"pronunciations":{"SQL":"sequel"}},
		"voiceMap":{"fr":"v2"},"defaultVoiceId":"v1","voiceSettings":{"stability":0.4,"speed":1.1},"llmModel":"builtin","llmTemperature":0.2,"ttsModel":"t","sttModel":"s",
		"endpointing":{"minSilenceMs":300,"semantic":true},"greeting":"Hello!","handoffConfig":{"warm":true,"transferDestination":"+15551234567","transferRules":[{"label":"sales","when":"wants to buy","destination":"+15557654321"}]},
		"callControl":{"maxCallSeconds":600,"onNoResponseAction":"transfer"},"businessHours":{"timezone":"Europe/London","weekly":{"mon":[{"start":"09:00","end":"17:30"}]},"holidays":[{"date":"2026-12-25","name":"Christmas","closed":true}],"afterHours":{"mode":"full"}},
		"channelOverrides":{"chat":{"greeting":"Hi in chat!"}},"avgTicketCents":12500,"isActive":true}`
	var a map[string]any
	s.must("POST", "/agents", whole, &a)
	var sent map[string]any
	if err := json.Unmarshal([]byte(whole), &sent); err != nil {
		t.Fatal(err)
	}
	for name, v := range sent {
		if _, nested := v.(map[string]any); nested {
			continue // these come back with their other members too
		}
		want, _ := json.Marshal(v)
		if got, _ := json.Marshal(a[name]); !bytes.Equal(got, want) {
			t.Errorf("%s: sent %s, got %s", name, want, got)
		}
	}
	for _, m := range strings.Fields("id organizationId version status publishedVersionId createdBy createdAt updatedAt") {
		if _, ok := a[m]; !ok {
			t.Errorf("the answer lacks %s", m)
		}
	}
	id := a["id"].(string)
	var patched callwright.Agent
	s.must("PATCH", "/agents/"+id, `{"tone":"brisk","greeting":null}`, &patched)
	if patched.Tone != "brisk" || patched.Greeting != "" || patched.Persona != "A patient clerk" || patched.Version != 2 {
		t.Errorf("patched: %+v", patched)
	}
	for body, field := range map[string]string{`{"businessHours":{"timezone":"Mars/Base"}}`: "businessHours.timezone", `{"primaryLanguage":"!!"}`: "primaryLanguage",
		`{"handoffConfig":{"transferDestination":"the front desk"}}`:                        "handoffConfig.transferDestination",
		`{"handoffConfig":{"transferRules":[{"label":"a","when":"b","destination":"12"}]}}`: "handoffConfig.transferRules[0].destination",
		`{"llmTemperature":9}`: "llmTemperature", `{"name":""}`: "name", `{"handoffConfig":{"warm":"yes"}}`: "handoffConfig.warm"} {
		r := s.try(s.key, "PATCH", "/agents/"+id, body)
		if p := r.problem(t); r.status != 400 || len(p.Errors) != 1 || p.Errors[0].Field != field {
			t.Errorf("%s: want 400 for %s, got %d %s", body, field, r.status, r.body)
		}
	}
	s.must("PATCH", "/agents/"+id, `{"handoffConfig":{"transferDestination":"(555) 234-5678"}}`, &patched)
	if patched.HandoffConfig.TransferDestination != "+15552345678" {
		t.Errorf("a 10-digit number should be normalised; got %s", patched.HandoffConfig.TransferDestination)
	}
	s.publish(id)
	s.publish(id)
	var versions []callwright.Version
	s.must("GET", "/agents/"+id+"/versions", nil, &versions)
	if len(versions) != 2 || versions[0].Version != 2 || versions[0].CompiledConfig.Agent.Tone != "brisk" {
		t.Errorf("versions: %+v", versions)
	}
	c := s.chat(id, false)
	var session struct{ Messages []struct{ Content string } }
	s.must("GET", "/chat/sessions/"+c.id, nil, &session)
	if len(session.Messages) != 1 || session.Messages[0].Content != "Hi in chat!" {
		t.Errorf("the chat's own greeting should be said; got %+v", session)
	}
	s.must("DELETE", "/agents/"+id, nil, nil)
	for _, path := range []string{"/agents/" + id, "/agents/" + id + "/skills", "/agents/" + id + "/versions"} {
		if r := s.try(s.key, "GET", path, nil); r.status != 404 {
			t.Errorf("%s after delete: %d", path, r.status)
		}
	}
	if r := s.try(s.key, "POST", "/chat/sessions", map[string]any{"agentId": id}); r.status != 404 {
		t.Errorf("a chat with a deleted agent: %d", r.status)
	}
}

// TestWhoTakesNoChats: agents that are off, or not for chat, and sessions that
// have ended say so.
func TestWhoTakesNoChats(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, tt := range []struct {
		spec   map[string]any
		status int
		code   string
	}{
		{map[string]any{"isActive": false}, 409, "agent_inactive"},
		{map[string]any{"enabledChannels": []string{"voice"}}, 403, "capability_not_enabled"},
		{map[string]any{"channelOverrides": map[string]any{"chat": map[string]any{"enabled": false}}}, 403, "capability_not_enabled"},
	} {
		id := s.agent(tt.spec)
		s.publish(id)
		if r := s.try(s.key, "POST", "/chat/sessions", map[string]any{"agentId": id}); r.status != tt.status || r.problem(t).Code != tt.code {
			t.Errorf("%v: want %d %s, got %d %s", tt.spec, tt.status, tt.code, r.status, r.body)
		}
	}
	id := s.agent(map[string]any{})
	c := s.chat(id, true)
	var session struct{ Status, EndedAt string }
	for range 2 { // ending twice changes nothing
		s.must("POST", "/chat/sessions/"+c.id+"/end", nil, &session)
	}
	if session.Status != "ended" || session.EndedAt == "" {
		t.Errorf("ended session: %+v", session)
	}
	if r := s.try(s.key, "POST", "/chat/sessions/"+c.id+"/messages", `{"content":"Hello?"}`); r.status != 409 || r.problem(t).Code != "conversation_ended" {
		t.Errorf("want 409 conversation_ended, got %d %s", r.status, r.body)
	}
}

// TestStream: the words arrive in pieces between the audit events, and done is
// last.
func TestStream(t *testing.T) {
	t.Parallel()
	s, p := start(t), newPartner(t, answers(inWarranty))
	id := s.agent(map[string]any{})
	s.skill(id, warranty(p.URL))
	c := s.chat(id, true)
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.url+"/api/v1/chat/sessions/"+c.id+"/messages", strings.NewReader(`{"content":"Is SN-48213-B still under warranty?","stream":true}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if ct := res.Header.Get("Content-Type"); ct != "text/event-stream" {
		t.Fatalf("content type %s", ct)
	}
	var names []string
	var text strings.Builder
	whole := ""
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			names = append(names, name)
		}
		raw, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var d struct {
			Text, EventType, ConversationID string
			Seq                             int
			Payload                         struct{ Text string }
		}
		if err := json.Unmarshal([]byte(raw), &d); err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		switch names[len(names)-1] {
		case "message_delta":
			text.WriteString(d.Text)
		case "agent_message":
			whole += d.Payload.Text
		}
		if d.EventType != "" && (d.EventType != names[len(names)-1] || d.Seq == 0 || d.ConversationID != c.id) {
			t.Errorf("frame %s: %s", names[len(names)-1], raw)
		}
	}
	if text.String() != whole || !strings.Contains(whole, "2037") {
		t.Errorf("the pieces say %q, the message %q", text.String(), whole)
	}
	if got := slices.Compact(names); !slices.Equal(got, strings.Fields("user_utterance tool_call message_delta agent_message latency done")) {
		t.Errorf("frames: %v", got)
	}
}
