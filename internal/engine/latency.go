package engine

import (
	"slices"
	"sync"
	"time"

	"callwright"
	"callwright/internal/gate"
)

// maxDurations is how many of a skill's last runs count.
const maxDurations = 20

// durations are what skills took lately, so that the agent knows when to ask for a
// moment. They are kept in memory: a new server starts with what the database knows.
type durations struct {
	mu   sync.Mutex
	took map[callwright.SkillID][]time.Duration
}

func (d *durations) add(id callwright.SkillID, took time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.took == nil {
		d.took = map[callwright.SkillID][]time.Duration{}
	}
	last := append(d.took[id], took)
	d.took[id] = last[max(0, len(last)-maxDurations):]
}

// median returns the middle one of a skill's durations, 0 when it never ran.
func (d *durations) median(id callwright.SkillID) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.took[id]) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(d.took[id]))
	return sorted[len(sorted)/2]
}

// learned keeps what a run took.
func (t *turn) learned(out gate.Outcome) {
	if out.Kind == gate.Done {
		t.latencies.add(out.Skill.ID, out.Took)
	}
}

func (t *turn) expected(s *gate.Skill) time.Duration { return t.latencies.median(s.ID) }
