package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"callwright"
)

func agents(t *testing.T, h *house) {
	temperature := 0.5
	a := h.mustCreateAgent(h.mine.ID, "Größe 名前 \" ' \\")
	a.LLMTemperature = &temperature
	got, err := h.Agent(t.Context(), h.mine.ID, a.ID)
	must(t, err)
	wantSame(t, "name", got.Name, a.Name)
	updated, err := h.UpdateAgent(t.Context(), h.mine.ID, a.ID, func(x *callwright.Agent) error {
		wantSame(t, "agent before", x.Name, a.Name)
		x.LLMTemperature, x.Version = &temperature, 2
		return nil
	})
	must(t, err)
	got, err = h.Agent(t.Context(), h.mine.ID, a.ID)
	must(t, err)
	wantSame(t, "agent after", got, updated)
	if got.Version != 2 || got.LLMTemperature == nil || *got.LLMTemperature != 0.5 {
		t.Errorf("agent after: got version %d and temperature %v, want 2 and 0.5", got.Version, got.LLMTemperature)
	}
	_, err = h.Agent(t.Context(), h.mine.ID, "agt_none")
	wantCode(t, "unknown agent", err, callwright.CodeNotFound)
	_, err = h.UpdateAgent(t.Context(), h.mine.ID, "agt_none", func(*callwright.Agent) error { t.Error("fn was called for an unknown agent"); return nil })
	wantCode(t, "update of an unknown agent", err, callwright.CodeNotFound)
	wantCode(t, "delete of an unknown agent", h.DeleteAgent(t.Context(), h.mine.ID, "agt_none", 1), callwright.CodeNotFound)
	if err := h.CreateAgent(t.Context(), a); err == nil {
		t.Error("a second agent of one id: got no error")
	}
}

func agentPages(t *testing.T, h *house) {
	want := []callwright.AgentID{h.agent.ID}
	for i := range 6 {
		want = append(want, h.mustCreateAgent(h.mine.ID, fmt.Sprint("a", i)).ID)
	}
	slices.Reverse(want) // newest first
	for _, limit := range []int{1, 2, 3, 6, 7, 8, 100} {
		var byPage, byCursor []callwright.AgentID
		pages := (len(want) + limit - 1) / limit
		for p := 1; p <= pages; p++ {
			items, info, err := h.ListAgents(t.Context(), h.mine.ID, callwright.Page{Page: p, Limit: limit})
			must(t, err)
			if info.Page != p || info.Limit != limit || info.Total != 7 || info.TotalPages != pages || (info.NextCursor == "") != (p == pages) {
				t.Errorf("page %d of %d: got %+v, want 7 in all and a cursor on all but the last", p, limit, info)
			}
			for _, a := range items {
				byPage = append(byPage, a.ID)
			}
		}
		for cursor, n := "", 0; n == 0 || cursor != ""; n++ {
			items, info, err := h.ListAgents(t.Context(), h.mine.ID, callwright.Page{Page: 1, Limit: limit, Cursor: cursor})
			must(t, err)
			if n > 10 {
				t.Fatalf("limit %d: the cursor does not end", limit)
			}
			for _, a := range items {
				byCursor = append(byCursor, a.ID)
			}
			cursor = info.NextCursor
		}
		wantSame(t, fmt.Sprint("by pages of ", limit), byPage, want)
		wantSame(t, fmt.Sprint("by cursor of ", limit), byCursor, want)
	}
	items, info, err := h.ListAgents(t.Context(), h.mine.ID, callwright.Page{Page: 99, Limit: 2})
	if err != nil || len(items) != 0 || info.NextCursor != "" {
		t.Errorf("a page after the last: got %d items, %+v, %v; want none", len(items), info, err)
	}
	// What comes in between does not shift the pages of a cursor.
	_, info, err = h.ListAgents(t.Context(), h.mine.ID, callwright.Page{Page: 1, Limit: 3})
	must(t, err)
	h.mustCreateAgent(h.mine.ID, "late")
	items, _, err = h.ListAgents(t.Context(), h.mine.ID, callwright.Page{Page: 1, Limit: 3, Cursor: info.NextCursor})
	must(t, err)
	if len(items) != 3 || items[0].ID != want[3] {
		t.Errorf("after a new agent: got %v, want to go on with %s", items, want[3])
	}
}

func agentUpdateRollsBack(t *testing.T, h *house) {
	stop := errors.New("stop")
	_, err := h.UpdateAgent(t.Context(), h.mine.ID, h.agent.ID, func(a *callwright.Agent) error {
		a.Name = "changed"
		return stop
	})
	if !errors.Is(err, stop) {
		t.Errorf("error: got %v, want the function's own", err)
	}
	got, err := h.Agent(t.Context(), h.mine.ID, h.agent.ID)
	must(t, err)
	wantSame(t, "agent", got, h.agent)
}

func agentUpdatesInParallel(t *testing.T, h *house) {
	const n = 40
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			if _, err := h.UpdateAgent(t.Context(), h.mine.ID, h.agent.ID, func(a *callwright.Agent) error { a.Version++; return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got, err := h.Agent(t.Context(), h.mine.ID, h.agent.ID)
	must(t, err)
	if got.Version != h.agent.Version+n {
		t.Errorf("version after %d updates at once: got %d, want %d", n, got.Version, h.agent.Version+n)
	}
}

func agentDelete(t *testing.T, h *house) {
	s := h.mustCreateSkill("a")
	c := h.mustBegin()
	must(t, h.DeleteAgent(t.Context(), h.mine.ID, h.agent.ID, 9))
	_, err := h.Agent(t.Context(), h.mine.ID, h.agent.ID)
	wantCode(t, "deleted agent", err, callwright.CodeNotFound)
	_, err = h.Skill(t.Context(), h.mine.ID, h.agent.ID, s.ID)
	wantCode(t, "its skill", err, callwright.CodeNotFound)
	_, _, err = h.ListSkills(t.Context(), h.mine.ID, h.agent.ID, first)
	wantCode(t, "its skills", err, callwright.CodeNotFound)
	_, err = h.UpdateSkill(t.Context(), h.mine.ID, h.agent.ID, s.ID, func(*callwright.Skill) error { return nil })
	wantCode(t, "update of its skill", err, callwright.CodeNotFound)
	wantCode(t, "a new skill of it", h.CreateSkill(t.Context(), h.skill("b")), callwright.CodeNotFound)
	_, err = h.Draft(t.Context(), h.mine.ID, h.agent.ID)
	wantCode(t, "its draft", err, callwright.CodeNotFound)
	_, err = h.Publish(t.Context(), h.mine.ID, h.agent.ID, version)
	wantCode(t, "publishing it", err, callwright.CodeNotFound)
	wantCode(t, "deleting it twice", h.DeleteAgent(t.Context(), h.mine.ID, h.agent.ID, 10), callwright.CodeNotFound)
	list, info, err := h.ListAgents(t.Context(), h.mine.ID, first)
	if err != nil || len(list) != 0 || info.Total != 0 {
		t.Errorf("list: got %d of %d, %v; want none", len(list), info.Total, err)
	}
	if _, err := h.Conversation(t.Context(), h.mine.ID, c.ID); err != nil {
		t.Errorf("its conversation: got %v, want it kept for its receipt", err)
	}
}

func skills(t *testing.T, h *house) {
	s := h.mustCreateSkill("Check warranty")
	got, err := h.Skill(t.Context(), h.mine.ID, h.agent.ID, s.ID)
	must(t, err)
	wantSame(t, "skill", got, s)
	at := callwright.At(h.now())
	changed, err := h.UpdateSkill(t.Context(), h.mine.ID, h.agent.ID, s.ID, func(s *callwright.Skill) error {
		s.Description, s.UpdatedAt = "other", at
		return nil
	})
	must(t, err)
	got, err = h.Skill(t.Context(), h.mine.ID, h.agent.ID, s.ID)
	must(t, err)
	wantSame(t, "changed skill", got, changed)
	wantSame(t, "description", got.Description, "other")
	a, err := h.Agent(t.Context(), h.mine.ID, h.agent.ID)
	must(t, err)
	if a.Version != 3 || a.UpdatedAt != at {
		t.Errorf("agent after a create and an update: got version %d of %s, want 3 of %s", a.Version, a.UpdatedAt, at)
	}
	second := h.mustCreateSkill("Second")
	draft, err := h.Draft(t.Context(), h.mine.ID, h.agent.ID)
	must(t, err)
	wantSame(t, "draft", draft.Skills, []callwright.Skill{changed, second}) // oldest first
	list, info, err := h.ListSkills(t.Context(), h.mine.ID, h.agent.ID, first)
	must(t, err)
	wantSame(t, "list", list, []callwright.Skill{second, changed})
	wantSame(t, "total", info.Total, 2)
	del := callwright.At(h.now())
	must(t, h.DeleteSkill(t.Context(), h.mine.ID, h.agent.ID, s.ID, del))
	_, err = h.Skill(t.Context(), h.mine.ID, h.agent.ID, s.ID)
	wantCode(t, "deleted skill", err, callwright.CodeNotFound)
	wantCode(t, "deleting it twice", h.DeleteSkill(t.Context(), h.mine.ID, h.agent.ID, s.ID, del+1), callwright.CodeNotFound)
	a, err = h.Agent(t.Context(), h.mine.ID, h.agent.ID)
	must(t, err)
	if a.Version != 5 || a.UpdatedAt != del {
		t.Errorf("agent after the delete, and one that failed: got version %d of %s, want 5 of %s", a.Version, a.UpdatedAt, del)
	}
	h.mustCreateSkill("check WARRANTY") // the name is free again
}

func skillNames(t *testing.T, h *house) {
	s := h.mustCreateSkill("Check Warranty")
	for _, name := range []string{"Check Warranty", "check warranty", "CHECK WARRANTY"} {
		err := h.CreateSkill(t.Context(), h.skill(name))
		wantCode(t, name, err, callwright.CodeDuplicateName)
		if e, ok := errors.AsType[*callwright.Error](err); !ok || len(e.Fields) != 1 || e.Fields[0].Field != "name" {
			t.Errorf("%s: got %v, want it to point at the field name", name, err)
		}
	}
	a, err := h.Agent(t.Context(), h.mine.ID, h.agent.ID)
	must(t, err)
	wantSame(t, "version after refused creates", a.Version, 2)
	other := h.mustCreateSkill("Other")
	_, err = h.UpdateSkill(t.Context(), h.mine.ID, h.agent.ID, other.ID, func(s *callwright.Skill) error { s.Name = "check warranty"; return nil })
	wantCode(t, "renamed to a name that is taken", err, callwright.CodeDuplicateName)
	_, err = h.UpdateSkill(t.Context(), h.mine.ID, h.agent.ID, s.ID, func(s *callwright.Skill) error { s.Name = "check warranty"; return nil })
	must(t, err) // its own name in another case
	second := h.mustCreateAgent(h.mine.ID, "Second")
	elsewhere := h.skill("Check Warranty")
	elsewhere.AgentID = second.ID
	must(t, h.CreateSkill(t.Context(), elsewhere)) // unique in the agent only
}

func skillUpdateRollsBack(t *testing.T, h *house) {
	s := h.mustCreateSkill("a")
	before, err := h.Agent(t.Context(), h.mine.ID, h.agent.ID)
	must(t, err)
	stop := errors.New("stop")
	_, err = h.UpdateSkill(t.Context(), h.mine.ID, h.agent.ID, s.ID, func(s *callwright.Skill) error { s.Name = "b"; return stop })
	if !errors.Is(err, stop) {
		t.Errorf("error: got %v, want the function's own", err)
	}
	got, err := h.Skill(t.Context(), h.mine.ID, h.agent.ID, s.ID)
	must(t, err)
	wantSame(t, "skill", got, s)
	after, err := h.Agent(t.Context(), h.mine.ID, h.agent.ID)
	must(t, err)
	wantSame(t, "agent", after, before)
}

func version(snap callwright.Snapshot, n int) (callwright.Version, error) {
	return callwright.Version{ID: callwright.NewID[callwright.VersionID](time.Now()), AgentID: snap.Agent.ID, Version: n, CompiledConfig: snap, PublishedAt: callwright.Time(1000 + n)}, nil
}

func publish(t *testing.T, h *house) {
	s := h.mustCreateSkill("a")
	v1, err := h.Publish(t.Context(), h.mine.ID, h.agent.ID, version)
	must(t, err)
	a, err := h.Agent(t.Context(), h.mine.ID, h.agent.ID)
	must(t, err)
	if v1.Version != 1 || a.PublishedVersionID != v1.ID || a.Status != "published" || a.Version != 3 || a.UpdatedAt != 1001 {
		t.Errorf("after the first publish: got version %d, agent %+v; want 1 and the agent to name it", v1.Version, a)
	}
	_, err = h.UpdateSkill(t.Context(), h.mine.ID, h.agent.ID, s.ID, func(s *callwright.Skill) error { s.Description = "new"; return nil })
	must(t, err)
	_, err = h.UpdateAgent(t.Context(), h.mine.ID, h.agent.ID, func(a *callwright.Agent) error { a.Name = "new"; return nil })
	must(t, err)
	frozen, err := h.Version(t.Context(), h.mine.ID, v1.ID)
	must(t, err)
	wantSame(t, "version 1 after changes of the draft", frozen, v1)
	v2, err := h.Publish(t.Context(), h.mine.ID, h.agent.ID, version)
	must(t, err)
	if v2.Version != 2 || v2.CompiledConfig.Agent.Name != "new" || v2.CompiledConfig.Skills[0].Description != "new" {
		t.Errorf("second publish: got %d with %q, want 2 with the changes", v2.Version, v2.CompiledConfig.Agent.Name)
	}
	must(t, h.DeleteSkill(t.Context(), h.mine.ID, h.agent.ID, s.ID, 5))
	frozen, err = h.Version(t.Context(), h.mine.ID, v2.ID)
	must(t, err)
	wantSame(t, "version 2 after its skill was deleted", frozen, v2)
	stop := errors.New("stop")
	if _, err := h.Publish(t.Context(), h.mine.ID, h.agent.ID, func(callwright.Snapshot, int) (callwright.Version, error) { return callwright.Version{}, stop }); !errors.Is(err, stop) {
		t.Errorf("publish that is refused: got %v, want the function's own error", err)
	}
	list, info, err := h.ListVersions(t.Context(), h.mine.ID, h.agent.ID, first)
	must(t, err)
	wantSame(t, "versions, newest first", list, []callwright.Version{v2, v1})
	wantSame(t, "total", info.Total, 2)
	_, err = h.Version(t.Context(), h.mine.ID, "ver_none")
	wantCode(t, "unknown version", err, callwright.CodeNotFound)
}

func publishInParallel(t *testing.T, h *house) {
	numbers := make([]int, 10)
	var wg sync.WaitGroup
	for i := range numbers {
		wg.Go(func() {
			v, err := h.Publish(t.Context(), h.mine.ID, h.agent.ID, version)
			if err != nil {
				t.Error(err)
			}
			numbers[i] = v.Version
		})
	}
	wg.Wait()
	slices.Sort(numbers)
	wantSame(t, "numbers", numbers, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
}

func noAgent(*callwright.Agent) error { return errors.New("this agent must not be reached") }

func noSkill(*callwright.Skill) error { return errors.New("this skill must not be reached") }
