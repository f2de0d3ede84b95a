package control_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"callwright"
)

// TestExpectedLatency: it is the median of the last runs as of the last ten seconds,
// for a skill, in a list and after a change, and of the own organization.
func TestExpectedLatency(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx := t.Context()
	make := func(name string) callwright.Skill {
		sk, err := o.s.CreateSkill(ctx, o.actor, o.agent, callwright.SkillSpec{Name: name, Description: "d", SkillType: callwright.HTTPWebhook, ExecutionConfig: json.RawMessage(`{"url":"u"}`)}, nil)
		must(t, err)
		return sk
	}
	ran := 0
	run := func(sk callwright.Skill, took float64) {
		ran++
		r := callwright.Run{ID: callwright.NewID[callwright.RunID](o.now()), OrganizationID: o.actor.Org, AgentID: o.agent, SkillID: sk.ID, IdempotencyKey: fmt.Sprint(ran),
			State: callwright.RunRunning, StartedAt: callwright.At(o.now())}
		must(t, o.db.BeginRun(ctx, r))
		r.State, r.TookMs = callwright.RunDone, took
		must(t, o.db.EndRun(ctx, r))
	}
	slow, quick := make("Slow"), make("Quick")
	check := func(when string, wantSlow, wantQuick int) {
		t.Helper()
		for _, c := range []struct {
			skill callwright.Skill
			want  int
		}{{slow, wantSlow}, {quick, wantQuick}} {
			got, err := o.s.Skill(ctx, o.actor, o.agent, c.skill.ID)
			must(t, err)
			patched, err := o.s.PatchSkill(ctx, o.actor, o.agent, c.skill.ID, []byte(`{"description":"again"}`), nil)
			must(t, err)
			if got.ExpectedLatencyMs != c.want || patched.ExpectedLatencyMs != c.want {
				t.Errorf("%s, %s: got %d ms, patched %d ms, want %d", when, got.Name, got.ExpectedLatencyMs, patched.ExpectedLatencyMs, c.want)
			}
		}
		list, _, err := o.s.ListSkills(ctx, o.actor, o.agent, callwright.Page{Page: 1, Limit: 10})
		must(t, err)
		if len(list) != 2 || list[0].ExpectedLatencyMs != wantQuick || list[1].ExpectedLatencyMs != wantSlow {
			t.Errorf("%s, in the list: got %+v, want %d and %d", when, list, wantQuick, wantSlow)
		}
	}
	run(slow, 900)
	check("at first", 900, 0)
	run(slow, 300)
	run(slow, 200)
	run(quick, 20)
	check("at once", 900, 0)
	o.mu.Lock()
	o.clock = o.clock.Add(10 * time.Second)
	o.mu.Unlock()
	check("ten seconds later", 300, 20)
}
