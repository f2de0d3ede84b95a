package engine

import (
	"cmp"
	"slices"

	"callwright"
	"callwright/internal/gate"
	"callwright/internal/llm"
	"callwright/internal/relevance"
)

const (
	// What was said before counts less with every word of the caller's; what the agent
	// says, a question mostly, counts a little.
	remembered = 0.3
	agentWords = 0.3

	// An offer stays as it is while it has all skills that match nearly as well as the
	// best, so that providers find it in their cache.
	nearly = 0.8
)

// An offer is the skills that a model is shown of an agent with more than it can be
// shown: those that match the conversation, and those in use. It follows from what was
// said alone, so every server offers the same.
type offer struct {
	limit  int
	index  *relevance.Index
	read   int       // messages that it follows from
	scores []float64 // by skill of the agent
	asked  string    // what the agent said last
	shown  []int     // skills of the agent, the best first
	kept   map[int]bool
}

// choose returns those of the skills that a model is shown, in their order.
func (t *turn) choose(skills []*gate.Skill, limit int) []*gate.Skill {
	if limit == 0 || len(skills) <= limit {
		return skills
	}
	all := t.agent.Skills
	may, next := make([]bool, len(all)), 0
	for i, s := range all {
		if next < len(skills) && skills[next] == s {
			may[i] = true
			next++
		}
	}
	if t.offer == nil {
		t.offer = &offer{limit: limit, index: t.agent.Relevance(), scores: make([]float64, len(all)), kept: map[int]bool{}}
		for i, s := range all {
			// Every conversation may come to an end, or to a person; what checks a caller's
			// identity is there only when it is needed.
			t.offer.kept[i] = s.SkillType == callwright.Builtin || s.ID == gate.PersonSkill || s.Private()
		}
	}
	for _, m := range t.messages[t.offer.read:] {
		switch m.Role {
		case llm.User:
			t.offer.hear(m.Content, may)
		case llm.Assistant:
			t.offer.asked = cmp.Or(m.Content, t.offer.asked)
			for _, c := range m.ToolCalls {
				if i := slices.IndexFunc(all, func(s *gate.Skill) bool { return s.Tool == c.Name }); i >= 0 {
					t.offer.kept[i] = true
				}
			}
		}
	}
	t.offer.read = len(t.messages)
	shown := slices.DeleteFunc(slices.Clone(t.offer.shown), func(i int) bool { return t.offer.kept[i] })
	shown = shown[:min(len(shown), t.offer.room(may))]
	var out []*gate.Skill
	for i, s := range all {
		if may[i] && (t.offer.kept[i] || slices.Contains(shown, i)) {
			out = append(out, s)
		}
	}
	return out
}

// hear takes the caller's next words.
func (o *offer) hear(words string, may []bool) {
	said, asked := o.index.Scores(words), o.index.Scores(o.asked)
	var order []int
	for i := range o.scores {
		o.scores[i] = remembered*o.scores[i] + said[i] + agentWords*asked[i]
		if may[i] && !o.kept[i] {
			order = append(order, i)
		}
	}
	o.asked = ""
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(o.scores[b], o.scores[a]) })
	if len(o.shown) > 0 && !slices.ContainsFunc(order, func(i int) bool {
		return said[i]+asked[i] > 0 && o.scores[i] >= nearly*o.scores[order[0]] && !slices.Contains(o.shown, i)
	}) {
		return
	}
	o.shown = order[:min(len(order), o.room(may))]
}

// room is how many skills may be shown beside those that are kept.
func (o *offer) room(may []bool) int {
	room := o.limit
	for i, yes := range o.kept {
		if yes && may[i] {
			room--
		}
	}
	return max(0, room)
}
