package ascode_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"callwright/internal/ascode"
	"callwright/internal/client"
)

// A mirror is a server that answers one agent and takes what is created.
type mirror struct {
	answer map[string]json.RawMessage // of GET, by path
	sent   map[string]json.RawMessage // of POST and PUT, by path
}

func (m *mirror) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	data := m.answer[r.URL.Path]
	if r.Method != http.MethodGet {
		var raw json.RawMessage
		if err := json.NewDecoder(r.Body).Decode(&raw); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		m.sent[r.URL.Path] = raw
		data = json.RawMessage(`{"id":"agt_2"}`)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"success": true, "data": data, "pagination": map[string]any{}})
}

// TestAnyTextSurvives: whatever text and JSON an agent, a skill, a guardrail and a widget hold, a file
// says exactly that.
func TestAnyTextSurvives(t *testing.T) {
	t.Parallel()
	m := &mirror{}
	srv := httptest.NewServer(m)
	t.Cleanup(srv.Close)
	c := client.Client{URL: srv.URL}
	words := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "~", "null", "yes", "No", "on", "1", "-0", "1e3", "1E400", "0x1F", "0o7", "007", "1_000", "09:00", "2026-12-25", "2026-12-25T10:00:00Z",
		".5", "+15551234567", "- a", "a: b", "# c", "a #b", "<<", "=", "|", ">", "*a", "&a", "!t", "%x", "@x", "`x", "{a}", "[a]", "'", "\"", "a\nb", "a\n\nb\n", "\na", " a\nb", "a \nb", "a\n b", "a\r\nb", "\ta", "a\tb\nc", "a\n\n",
		"---\na", "...", "\u2028", "\u0085", "\ufeff", "\x7f", "é\nü", strings.Repeat("long words ", 30), "{{secret.X}}", "inf", ".inf", ".nan", "0b1", "1:2:3", "? a", "-", "a:"}))
	values := rapid.Custom(func(t *rapid.T) any { return anyValue(t, words, 3) })
	rapid.Check(t, func(t *rapid.T) {
		agent := map[string]any{"id": "agt_1", "name": "N" + words.Draw(t, "name"), "persona": words.Draw(t, "persona"), "goals": rapid.SliceOfN(words, 1, 3).Draw(t, "goals"),
			"voiceMap": map[string]any{words.Draw(t, "key"): words.Draw(t, "voice")}, "channelOverrides": map[string]any{"chat": values.Draw(t, "override")}}
		skill := map[string]any{"name": "S", "description": words.Draw(t, "description"), "skillType": "http_webhook", "executionConfig": map[string]any{"x": values.Draw(t, "config")}}
		guardrail := map[string]any{"policyType": "content_policy", "appliesToSkillType": "", "config": map[string]any{words.Draw(t, "setting"): values.Draw(t, "value")}, "isEnabled": rapid.Bool().Draw(t, "enabled")}
		widget := map[string]any{"theme": map[string]any{"x": values.Draw(t, "theme")}, "copy": map[string]any{words.Draw(t, "text"): words.Draw(t, "copy")}, "behavior": map[string]any{}}
		m.answer = map[string]json.RawMessage{"/api/v1/agents/agt_1": encoded(t, agent), "/api/v1/agents/agt_1/skills": encoded(t, []any{skill}),
			"/api/v1/agents/agt_1/guardrails": encoded(t, []any{guardrail}), "/api/v1/agents/agt_1/widget": encoded(t, widget)}
		m.sent = map[string]json.RawMessage{}
		var text, again bytes.Buffer
		if err := ascode.Export(t.Context(), c, "agt_1", false, &text); err != nil {
			t.Fatal(err)
		}
		f, err := ascode.Parse("f", text.Bytes())
		if err != nil {
			t.Fatalf("%v\n%s", err, text.String())
		}
		delete(m.answer, "/api/v1/agents/agt_1") // the list of agents is empty
		if err := ascode.Apply(t.Context(), c, f, ascode.Options{}, &again); err != nil {
			t.Fatalf("%v\n%s", err, text.String())
		}
		delete(agent, "id")
		if agent["persona"] == "" {
			delete(agent, "persona")
		}
		for _, member := range []string{"id", "agentId", "organizationId"} {
			guardrail[member] = "" // for the server to fill in
		}
		for path, want := range map[string]any{"/api/v1/agents": agent, "/api/v1/agents/agt_2/skills": skill, "/api/v1/agents/agt_2/guardrails": []any{guardrail}, "/api/v1/agents/agt_2/widget": widget} {
			var got any
			if err := json.Unmarshal(m.sent[path], &got); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			var wanted any
			if err := json.Unmarshal(encoded(t, want), &wanted); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, wanted) {
				t.Fatalf("%s: got %s\nwant %s\n%s", path, m.sent[path], encoded(t, want), text.String())
			}
		}
	})
}

func encoded(t *rapid.T, v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func anyValue(t *rapid.T, words *rapid.Generator[string], depth int) any {
	kinds := []string{"text", "number", "bool", "null", "list", "object"}
	if depth == 0 {
		kinds = kinds[:4]
	}
	switch rapid.SampledFrom(kinds).Draw(t, "kind") {
	case "text":
		return words.Draw(t, "text")
	case "number":
		return json.Number(rapid.SampledFrom([]string{"0", "-1", "1.50", "1e3", "12345678901234567890123", "1E-7", "-0"}).Draw(t, "number"))
	case "bool":
		return rapid.Bool().Draw(t, "bool")
	case "list":
		out := []any{}
		for range rapid.IntRange(0, 3).Draw(t, "n") {
			out = append(out, anyValue(t, words, depth-1))
		}
		return out
	case "object":
		out := map[string]any{}
		for range rapid.IntRange(0, 3).Draw(t, "n") {
			out[words.Draw(t, "member")] = anyValue(t, words, depth-1)
		}
		return out
	}
	return nil
}

const head = "apiVersion: callwright/v1\nkind: Agent\n"

// TestBadFiles: what is wrong with a file is told with line and field, all of it.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                                     {"f: "},
		"[]":                                   {"f:1: must have members"},
		"a: b: c":                              {"f: ", "L1"},
		head + "agent: {name: a}\n---\n{}":     {"f: "},
		"kind: Skill\nagent: {name: a}":        {"f:1: apiVersion: is required", "f:1: kind: must be Agent"},
		head + "agnet: {}":                     {"f:3: agnet: unknown member", "f:1: agent: is required"},
		head + "agent:\n  tone: x\n  tonne: y": {"f:5: agent.tonne: unknown member", "agent.name: is required"},
		head + "agent:\n  name: x\n  tone: a\n  tone: b":                                               {"f:6: agent.tone: is there twice, first in line 5"},
		head + "agent:\n  name: x\n  businessHours:\n    weekly:\n      mon: [{start: 9, finish: 10}]": {"f:7: agent.businessHours.weekly.mon[0].finish: unknown member"},
		head + "agent:\n  name: x\n  isActive: 'yes'\n  avgTicketCents: 1.5\n  goals: text\n  lexicon: [a]\n  llmTemperature: warm\n  tone: {a: b}": {
			"f:5: agent.isActive: must be true or false", "f:6: agent.avgTicketCents: must be a whole number", "f:7: agent.goals: must be a list", "f:8: agent.lexicon: must be members",
			"f:9: agent.llmTemperature: must be a number", "f:10: agent.tone: must be text"},
		head + "agent: &a\n  name: x\nskills: [*a]":                      {"f:3: agent: anchors", "f:5: skills[0]: anchors"},
		head + "agent:\n  name: x\nskills:\n  - name: S\n  - name: ' s'": {"f:7: skills[1].name: another skill"},
		head + "agent:\n  name: x\nskills:\n  - description: d":          {"f:6: skills[0].name: is required"},
		head + "agent:\n  name: x\nskills: {}":                           {"f:5: skills: must be a list"},
		head + "agent:\n  name: x\nskills:\n  - name: S\n    executionConfig:\n      a: {b: 1, b: 2}\n      n: 0x10\n      t: !!int '3'\n      <<: {}": {
			"f:8: skills[0].executionConfig.a.b: is there twice", "f:9: skills[0].executionConfig.n: is no number", "f:10: skills[0].executionConfig.t: tags", "f:11: skills[0].executionConfig.<<: merging"},
		head + "agent:\n  name: x\nskills:\n  - name: S\n    dataEgressMap:\n      a: {sauce: b}": {"f:8: skills[0].dataEgressMap.a.sauce: unknown member"},
		head + "agent: {name: x}\nid: ''": {"f:4: id: must be"},
		head + "agent: {name: x}\nguardrails:\n- policyType: write_gate\n  id: grd_1\n  isEnabled: 1\n- x": {"f:6: guardrails[0].id: unknown member", "f:7: guardrails[0].isEnabled: must be true or false", "f:8: guardrails[1]: must be members"},
		head + "agent: {name: x}\ncallerVerification:\n- {method: otp_sms, verifierSkillId: skl_1, maxAttempts: many}\nwidget: {colour: red}\nguardrails: {}": {
			"f:5: callerVerification[0].verifierSkillId: unknown member", "f:5: callerVerification[0].maxAttempts: must be a whole number", "f:6: widget.colour: unknown member", "f:7: guardrails: must be a list"},
	} {
		_, err := ascode.Parse("f", []byte(text))
		if err == nil {
			t.Errorf("%q: got no error", text)
			continue
		}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%q: got\n%v\nwant %q", text, err, w)
			}
		}
	}
}
