package control

import (
	"context"
	"sync"
	"time"

	"callwright"
)

// A measurement of how long the runs of a skill take is believed for a while:
// reading a skill should not cost reading its runs.
const believed = 10 * time.Second

// maxMeasured bounds the skills whose measurements are kept.
const maxMeasured = 10_000

type measurements struct {
	mu sync.Mutex
	of map[measured]measurement
}

type measured struct {
	org   callwright.OrgID
	skill callwright.SkillID
}

type measurement struct {
	ms int
	at time.Time
}

// measure fills in what the skills' runs take.
func (s *Service) measure(ctx context.Context, actor callwright.Actor, skills ...*callwright.Skill) error {
	now := s.Now()
	unknown := s.measurements.fill(actor.Org, now, skills)
	if len(unknown) == 0 {
		return nil
	}
	took, err := s.Store.Latencies(ctx, actor.Org, unknown)
	if err != nil {
		return err
	}
	s.measurements.keep(actor.Org, now, unknown, took)
	s.measurements.fill(actor.Org, now, skills)
	return nil
}

// fill fills in what is known, and returns the skills of which nothing is.
func (m *measurements) fill(org callwright.OrgID, now time.Time, skills []*callwright.Skill) (unknown []callwright.SkillID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, sk := range skills {
		got, ok := m.of[measured{org, sk.ID}]
		if !ok || now.Sub(got.at) >= believed {
			unknown = append(unknown, sk.ID)
		}
		sk.ExpectedLatencyMs = got.ms
	}
	return unknown
}

func (m *measurements) keep(org callwright.OrgID, now time.Time, skills []callwright.SkillID, took map[callwright.SkillID]int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.of == nil {
		m.of = map[measured]measurement{}
	}
	for k := range m.of {
		if len(m.of) < maxMeasured {
			break
		}
		delete(m.of, k) // any one: it is measured again when needed
	}
	for _, id := range skills {
		m.of[measured{org, id}] = measurement{took[id], now}
	}
}
