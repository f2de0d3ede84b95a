package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"callwright"
)

// CreateAgent stores a new agent.
func (db *DB) CreateAgent(ctx context.Context, a callwright.Agent) error {
	return db.tx(ctx, a.OrganizationID, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO agents (organization_id, id, doc) VALUES (?, ?, ?)", a.OrganizationID, a.ID, encode(a))
		if err != nil {
			return fmt.Errorf("store agent: %w", err)
		}
		return nil
	})
}

// Agent returns an agent that is not deleted.
func (db *DB) Agent(ctx context.Context, org callwright.OrgID, id callwright.AgentID) (a callwright.Agent, err error) {
	err = db.view(ctx, org, func(ctx context.Context, r reader) (err error) {
		a, err = scanAgent(r.prepared.row(ctx, selectAgent, org, id))
		return err
	})
	return a, err
}

func agent(ctx context.Context, q bun.IDB, org callwright.OrgID, id callwright.AgentID) (callwright.Agent, error) {
	return scanAgent(q.QueryRowContext(ctx, selectAgent, org, id))
}

// lockAgent reads an agent in a transaction that changes it or one of its skills:
// such transactions follow one another.
func lockAgent(ctx context.Context, tx bun.Tx, org callwright.OrgID, id callwright.AgentID) (callwright.Agent, error) {
	return scanAgent(tx.QueryRowContext(ctx, selectAgent+forUpdate(tx), org, id))
}

func scanAgent(row *sql.Row) (callwright.Agent, error) {
	var doc string
	if err := found(row.Scan(&doc), "agent"); err != nil {
		return callwright.Agent{}, err
	}
	return decode[callwright.Agent](doc)
}

// ListAgents returns a page of agents, newest first.
func (db *DB) ListAgents(ctx context.Context, org callwright.OrgID, p callwright.Page) ([]callwright.Agent, callwright.Pagination, error) {
	return list[callwright.Agent](ctx, db, org, p, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Table("agents").Where("deleted_at = 0")
	})
}

// UpdateAgent changes an agent through fn in one transaction.
func (db *DB) UpdateAgent(ctx context.Context, org callwright.OrgID, id callwright.AgentID, fn func(*callwright.Agent) error) (callwright.Agent, error) {
	var a callwright.Agent
	err := db.tx(ctx, org, func(ctx context.Context, tx bun.Tx) (err error) {
		a, err = updateAgent(ctx, tx, org, id, fn)
		return err
	})
	return a, err
}

func updateAgent(ctx context.Context, tx bun.Tx, org callwright.OrgID, id callwright.AgentID, fn func(*callwright.Agent) error) (callwright.Agent, error) {
	a, err := lockAgent(ctx, tx, org, id)
	if err != nil {
		return a, err
	}
	if err := fn(&a); err != nil {
		return a, err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE agents SET doc = ? WHERE organization_id = ? AND id = ?", encode(a), org, id); err != nil {
		return a, fmt.Errorf("store agent: %w", err)
	}
	return a, nil
}

// DeleteAgent hides an agent. Its conversations stay for their receipts.
func (db *DB) DeleteAgent(ctx context.Context, org callwright.OrgID, id callwright.AgentID, at callwright.Time) error {
	return db.tx(ctx, org, func(ctx context.Context, tx bun.Tx) error {
		if _, err := lockAgent(ctx, tx, org, id); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE agents SET deleted_at = ? WHERE organization_id = ? AND id = ?", at, org, id); err != nil {
			return fmt.Errorf("delete agent: %w", err)
		}
		return nil
	})
}

// A touch is made to the agent with every change of one of its skills.
func touch(at callwright.Time) func(*callwright.Agent) error {
	return func(a *callwright.Agent) error {
		a.Version++
		a.UpdatedAt = at
		return nil
	}
}

func nameKey(name string) string { return strings.ToLower(name) }

func duplicateSkill(name string) error {
	e := callwright.Errorf(callwright.CodeDuplicateName, "This agent already has a skill named %q.", name)
	e.Fields = []callwright.FieldError{{Field: "name", Message: "is taken by another skill of this agent: choose another name"}}
	return e
}

// CreateSkill stores a new skill and touches its agent. A name that is taken is
// duplicate_name.
func (db *DB) CreateSkill(ctx context.Context, s callwright.Skill) error {
	return db.tx(ctx, s.OrganizationID, func(ctx context.Context, tx bun.Tx) error {
		if _, err := updateAgent(ctx, tx, s.OrganizationID, s.AgentID, touch(s.UpdatedAt)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO skills (organization_id, agent_id, id, name_key, doc) VALUES (?, ?, ?, ?, ?)",
			s.OrganizationID, s.AgentID, s.ID, nameKey(s.Name), encode(s))
		if duplicate(err) {
			return duplicateSkill(s.Name)
		}
		if err != nil {
			return fmt.Errorf("store skill: %w", err)
		}
		return nil
	})
}

// Skill returns a skill of an agent.
func (db *DB) Skill(ctx context.Context, org callwright.OrgID, agentID callwright.AgentID, id callwright.SkillID) (callwright.Skill, error) {
	var s callwright.Skill
	err := db.view(ctx, org, func(ctx context.Context, r reader) (err error) {
		if _, err = agent(ctx, r, org, agentID); err != nil {
			return err
		}
		s, err = skill(ctx, r, org, agentID, id)
		return err
	})
	return s, err
}

func skill(ctx context.Context, q bun.IDB, org callwright.OrgID, agentID callwright.AgentID, id callwright.SkillID) (callwright.Skill, error) {
	var doc string
	err := q.QueryRowContext(ctx, "SELECT doc FROM skills WHERE organization_id = ? AND agent_id = ? AND id = ?", org, agentID, id).Scan(&doc)
	if err := found(err, "skill"); err != nil {
		return callwright.Skill{}, err
	}
	return decode[callwright.Skill](doc)
}

// ListSkills returns a page of an agent's skills, newest first.
func (db *DB) ListSkills(ctx context.Context, org callwright.OrgID, agentID callwright.AgentID, p callwright.Page) ([]callwright.Skill, callwright.Pagination, error) {
	if _, err := db.Agent(ctx, org, agentID); err != nil {
		return nil, callwright.Pagination{}, err
	}
	return list[callwright.Skill](ctx, db, org, p, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Table("skills").Where("agent_id = ?", agentID)
	})
}

// UpdateSkill changes a skill through fn and touches its agent.
func (db *DB) UpdateSkill(ctx context.Context, org callwright.OrgID, agentID callwright.AgentID, id callwright.SkillID, fn func(*callwright.Skill) error) (callwright.Skill, error) {
	var s callwright.Skill
	err := db.tx(ctx, org, func(ctx context.Context, tx bun.Tx) (err error) {
		if _, err = lockAgent(ctx, tx, org, agentID); err != nil {
			return err
		}
		if s, err = skill(ctx, tx, org, agentID, id); err != nil {
			return err
		}
		if err = fn(&s); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE skills SET name_key = ?, doc = ? WHERE organization_id = ? AND id = ?", nameKey(s.Name), encode(s), org, id)
		if duplicate(err) {
			return duplicateSkill(s.Name)
		}
		if err != nil {
			return fmt.Errorf("store skill: %w", err)
		}
		_, err = updateAgent(ctx, tx, org, agentID, touch(s.UpdatedAt))
		return err
	})
	return s, err
}

// DeleteSkill removes a skill from the draft and touches its agent.
func (db *DB) DeleteSkill(ctx context.Context, org callwright.OrgID, agentID callwright.AgentID, id callwright.SkillID, at callwright.Time) error {
	return db.tx(ctx, org, func(ctx context.Context, tx bun.Tx) error {
		if _, err := updateAgent(ctx, tx, org, agentID, touch(at)); err != nil {
			return err
		}
		if _, err := skill(ctx, tx, org, agentID, id); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM skills WHERE organization_id = ? AND id = ?", org, id); err != nil {
			return fmt.Errorf("delete skill: %w", err)
		}
		return nil
	})
}

// Draft returns an agent with all its skills as they are now, oldest first.
func (db *DB) Draft(ctx context.Context, org callwright.OrgID, id callwright.AgentID) (snap callwright.Snapshot, err error) {
	err = db.view(ctx, org, func(ctx context.Context, r reader) (err error) {
		snap, err = draft(ctx, r, org, id)
		return err
	})
	return snap, err
}

func draft(ctx context.Context, q bun.IDB, org callwright.OrgID, id callwright.AgentID) (callwright.Snapshot, error) {
	var doc, look string
	err := q.QueryRowContext(ctx, "SELECT doc, widget FROM agents WHERE organization_id = ? AND id = ? AND deleted_at = 0", org, id).Scan(&doc, &look)
	if err := found(err, "agent"); err != nil {
		return callwright.Snapshot{}, err
	}
	a, err := decode[callwright.Agent](doc)
	if err != nil {
		return callwright.Snapshot{}, err
	}
	w, err := decode[callwright.Widget](look)
	if err != nil {
		return callwright.Snapshot{}, err
	}
	var docs []string
	err = q.NewSelect().Table("skills").Column("doc").Where("organization_id = ? AND agent_id = ?", org, id).Order("id").Scan(ctx, &docs)
	if err != nil {
		return callwright.Snapshot{}, fmt.Errorf("read skills: %w", err)
	}
	snap := callwright.Snapshot{Agent: a, Widget: &w}
	if snap.Skills, err = decodeAll[callwright.Skill](docs); err != nil {
		return snap, err
	}
	if snap.Guardrails, err = readRules[callwright.Guardrail](ctx, q, org, id, guardrails); err != nil {
		return snap, err
	}
	snap.CallerVerification, err = readRules[callwright.CallerVerification](ctx, q, org, id, callerVerification)
	return snap, err
}

// Publish freezes the draft. fn makes the version from the snapshot; its number
// is the next one of the agent.
func (db *DB) Publish(ctx context.Context, org callwright.OrgID, id callwright.AgentID, fn func(callwright.Snapshot, int) (callwright.Version, error)) (callwright.Version, error) {
	var v callwright.Version
	err := db.tx(ctx, org, func(ctx context.Context, tx bun.Tx) error {
		if _, err := lockAgent(ctx, tx, org, id); err != nil {
			return err
		}
		snap, err := draft(ctx, tx, org, id)
		if err != nil {
			return err
		}
		var last int
		if err := tx.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), 0) FROM versions WHERE organization_id = ? AND agent_id = ?", org, id).Scan(&last); err != nil {
			return fmt.Errorf("number version: %w", err)
		}
		if v, err = fn(snap, last+1); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO versions (organization_id, agent_id, id, version, doc) VALUES (?, ?, ?, ?, ?)", org, id, v.ID, v.Version, encode(v))
		if err != nil {
			return fmt.Errorf("store version: %w", err)
		}
		_, err = updateAgent(ctx, tx, org, id, func(a *callwright.Agent) error {
			a.PublishedVersionID, a.Status = v.ID, "published"
			a.Version++
			a.UpdatedAt = v.PublishedAt
			return nil
		})
		return err
	})
	return v, err
}

// Version returns a version of the organization.
func (db *DB) Version(ctx context.Context, org callwright.OrgID, id callwright.VersionID) (callwright.Version, error) {
	var doc string
	err := db.view(ctx, org, func(ctx context.Context, r reader) error {
		return r.QueryRowContext(ctx, "SELECT doc FROM versions WHERE organization_id = ? AND id = ?", org, id).Scan(&doc)
	})
	if err := found(err, "version"); err != nil {
		return callwright.Version{}, err
	}
	return decode[callwright.Version](doc)
}

// ListVersions returns a page of an agent's versions, newest first.
func (db *DB) ListVersions(ctx context.Context, org callwright.OrgID, id callwright.AgentID, p callwright.Page) ([]callwright.Version, callwright.Pagination, error) {
	if _, err := db.Agent(ctx, org, id); err != nil {
		return nil, callwright.Pagination{}, err
	}
	return list[callwright.Version](ctx, db, org, p, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Table("versions").Where("agent_id = ?", id)
	})
}

// MedianLatencies returns the median duration, in milliseconds, of each skill's
// last runs among the agent's newest 500.
func (db *DB) MedianLatencies(ctx context.Context, org callwright.OrgID, id callwright.AgentID) (map[callwright.SkillID]int, error) {
	var rows []struct {
		SkillID callwright.SkillID
		TookMs  float64
	}
	err := db.view(ctx, org, func(ctx context.Context, r reader) error {
		return r.NewSelect().Table("runs").Column("skill_id", "took_ms").
			Where("organization_id = ? AND agent_id = ? AND state = ?", org, id, callwright.RunDone).
			OrderExpr("id DESC").Limit(500).Scan(ctx, &rows)
	})
	if err != nil {
		return nil, fmt.Errorf("read latencies: %w", err)
	}
	runs := map[callwright.SkillID][]float64{}
	for _, r := range rows {
		runs[r.SkillID] = append(runs[r.SkillID], r.TookMs)
	}
	out := map[callwright.SkillID]int{}
	for s, ms := range runs {
		slices.Sort(ms)
		out[s] = int(ms[len(ms)/2] + 0.5)
	}
	return out, nil
}
