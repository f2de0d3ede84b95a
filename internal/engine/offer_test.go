package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"callwright"
	"callwright/internal/engine"
	"callwright/internal/llm"
	"callwright/internal/llm/llmtest"
)

// trades fills the room's agent with the skills of ten trades, and returns what their
// callers say with the tools that they mean.
func (r *room) trades() (lines [][2]string) {
	r.t.Helper()
	raw, err := os.ReadFile("../relevance/testdata/trades.txt")
	must(r.t, err)
	n := 0
	for line := range strings.Lines(string(raw)) {
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		parts := strings.Split(rest, " | ")
		switch kind {
		case "+":
			n++
			props := map[string]any{}
			for _, p := range strings.Split(parts[2], ", ") {
				props[strings.ReplaceAll(p, " ", "_")] = map[string]any{"type": "string"}
			}
			schema, err := json.Marshal(map[string]any{"type": "object", "properties": props})
			must(r.t, err)
			must(r.t, r.db.CreateSkill(r.t.Context(), callwright.Skill{ID: callwright.SkillID(fmt.Sprintf("skl_trade_%03d", n)), AgentID: agentID, OrganizationID: org,
				SkillSpec: callwright.SkillSpec{Name: parts[0], Description: parts[1], SkillType: callwright.HTTPWebhook, ParametersSchema: schema}}))
		case "?":
			tool := strings.ReplaceAll(strings.NewReplacer("'", " ", "-", " ").Replace(strings.ToLower(parts[1])), " ", "_")
			lines = append(lines, [2]string{parts[0], tool})
		}
	}
	agent, err := r.engine.Agent(r.t.Context(), org, agentID, "")
	must(r.t, err)
	for _, l := range lines {
		if agent.Tool(l[1]) == nil {
			r.t.Fatalf("no tool %s", l[1])
		}
	}
	// The models of this room are shown twenty skills, the fallback all.
	models := r.engine.Models
	r.engine.Models = func(ctx context.Context, a callwright.Agent) ([]engine.Model, bool) {
		order, ok := models(ctx, a)
		for i := range order {
			order[i].Tools = 20
		}
		return order, ok
	}
	return lines
}

// shown are the tools of the model's last request.
func shown(s *llmtest.Script) []string {
	reqs := s.Requests()
	var out []string
	for _, tool := range reqs[len(reqs)-1].Tools {
		out = append(out, tool.Name)
	}
	return out
}

// A model is shown twenty of many skills: those that match and those in use, the same
// ones as long as the topic stays.
func TestOffer(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.trades()
	say := func(words string, steps ...llmtest.Step) []string {
		t.Helper()
		if steps == nil {
			steps = []llmtest.Step{text("Certainly.")}
		}
		r.model.Steps = append(r.model.Steps, steps...)
		if p := r.say(words); p.err != nil {
			t.Fatal(p.err)
		}
		got := shown(r.model)
		if len(got) != 20 {
			t.Errorf("%q: shown are %d tools, want 20", words, len(got))
		}
		return got
	}
	has := func(what string, got []string, want ...string) {
		t.Helper()
		for _, w := range want {
			if !slices.Contains(got, w) {
				t.Errorf("%s: %s is not among %q", what, w, got)
			}
		}
	}
	first := say("My parcel hasn't arrived, where is it?", calling(tool("c1", "track_parcel", `{"tracking_number":""}`)), text("What is the tracking number?"))
	has("first", first, "track_parcel", "claim_for_lost_parcel")
	for _, words := range []string{"PX 7712", "yes please", "hm"} {
		if got := say(words); !slices.Equal(got, first) {
			t.Errorf("%q changes what is shown:\n got %q\nwant %q", words, got, first)
		}
	}
	second := say("And I'd like to reserve a table for two tonight")
	has("second", second, "track_parcel", "reserve_table")
	for _, words := range []string{"my boiler needs a service", "and my passport runs out", "how do I get a library card", "is the blue kettle in stock", "there's a pothole on our road", "can I raise my card limit", "I need a flu jab"} {
		has(words, say(words), "track_parcel") // it is in use
	}
	// Another process offers the same, since it follows from the journal.
	last := shown(r.model)
	fresh := &engine.Engine{Store: r.engine.Store, Gate: r.engine.Gate, Kinds: r.engine.Kinds, Now: r.now, Log: r.engine.Log, Models: r.engine.Models, Fallback: r.engine.Fallback}
	r.engine = fresh
	if got := say("thanks"); !slices.Equal(got, last) {
		t.Errorf("after a restart:\n got %q\nwant %q", got, last)
	}
	// What is offered has the agent's order, so that the same set is the same bytes.
	agent, err := r.engine.Agent(t.Context(), org, agentID, "")
	must(t, err)
	i := 0
	for _, s := range agent.Skills {
		if i < len(last) && last[i] == s.Tool {
			i++
		}
	}
	if i != len(last) {
		t.Errorf("shown out of order: %q", last)
	}
	// The fallback needs no such help.
	r.model.Steps = append(r.model.Steps, llmtest.Step{Err: down})
	r.fallback.Steps = []llmtest.Step{text("I am the fallback.")}
	r.say("hello?")
	if got := shown(r.fallback); len(got) != len(agent.Skills) {
		t.Errorf("the fallback is shown %d tools, want all %d", len(got), len(agent.Skills))
	}
}

// A tool that was not shown and is called all the same is refused or run by the gate
// like any other, and shown from then on.
func TestCalledWithoutAnOffer(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.trades()
	r.model.Steps = []llmtest.Step{calling(tool("c1", "library_card", `{}`)), text("Well.")}
	r.say("my boiler needs its yearly service")
	if first := r.model.Requests()[0]; slices.ContainsFunc(first.Tools, func(t llm.Tool) bool { return t.Name == "library_card" }) {
		t.Fatal("the test is about nothing: library_card was shown")
	}
	if got := shown(r.model); len(got) != 20 || !slices.Contains(got, "library_card") {
		t.Errorf("shown afterwards: got %d, %q", len(got), got)
	}
}

// In a conversation that jumps from topic to topic, the skill that is meant is shown
// nearly always.
func TestRecallInConversation(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	lines := r.trades()
	rand.New(rand.NewPCG(20261125, 2)).Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	found := 0
	for i, l := range lines {
		if i%10 == 0 {
			r.begin()
		}
		r.model.Steps = append(r.model.Steps, text("Certainly."))
		r.say(l[0])
		if slices.Contains(shown(r.model), l[1]) {
			found++
		}
	}
	recall := float64(found) / float64(len(lines))
	t.Logf("%d lines, a new topic with each: recall@20 %.3f", len(lines), recall)
	if recall < 0.9 {
		t.Errorf("recall@20: got %.3f, want 0.9", recall)
	}
}
