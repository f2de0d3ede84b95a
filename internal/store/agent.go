package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"callwright"
)

// The statements of agents and skills, prepared when the database is opened.
const (
	insertAgent   = "INSERT INTO agents (organization_id, id, doc, version, updated_at) VALUES (?, ?, ?, ?, ?)"
	updateAgent   = "UPDATE agents SET doc = ?, version = ?, updated_at = ? WHERE organization_id = ? AND id = ?"
	touchAgent    = "UPDATE agents SET version = version + 1, updated_at = ? WHERE organization_id = ? AND id = ? AND deleted_at = 0 RETURNING version"
	deleteAgent   = "UPDATE agents SET deleted_at = ? WHERE organization_id = ? AND id = ?"
	insertSkill   = "INSERT INTO skills (organization_id, agent_id, id, name_key, doc) VALUES (?, (SELECT id FROM agents WHERE organization_id = ? AND id = ? AND deleted_at = 0), ?, ?, ?)"
	selectSkill   = "SELECT doc FROM skills WHERE organization_id = ? AND agent_id = ? AND id = ?"
	updateSkill   = "UPDATE skills SET name_key = ?, doc = ? WHERE organization_id = ? AND id = ?"
	deleteSkill   = "DELETE FROM skills WHERE organization_id = ? AND id = ?"
	selectVersion = "SELECT doc FROM versions WHERE organization_id = ? AND id = ?"

	// The skill of an agent, whose row is there without the skill too.
	selectSkillOfAgent = `SELECT s.doc FROM agents AS a
		LEFT JOIN skills AS s ON s.organization_id = a.organization_id AND s.agent_id = a.id AND s.id = ?
		WHERE a.organization_id = ? AND a.id = ? AND a.deleted_at = 0`

	// Of a skill s, see Latencies.
	medianLatency = `(SELECT took_ms FROM (SELECT took_ms, ROW_NUMBER() OVER (ORDER BY took_ms) AS n, COUNT(*) OVER () AS runs
		FROM (SELECT r.took_ms FROM runs AS r WHERE r.organization_id = s.organization_id AND r.skill_id = s.id AND r.state = 'done' ORDER BY r.id DESC LIMIT 21) AS last) AS sorted
		WHERE n = runs / 2 + 1)`
)

// CreateAgent stores a new agent.
func (db *DB) CreateAgent(ctx context.Context, a callwright.Agent) error {
	return db.work(ctx, a.OrganizationID, func(ctx context.Context, s session) error {
		return s.exec(ctx, insertAgent, []any{a.OrganizationID, a.ID, encode(a), a.Version, a.UpdatedAt}, doing("store agent"))
	})
}

// Agent returns an agent that is not deleted.
func (db *DB) Agent(ctx context.Context, org callwright.OrgID, id callwright.AgentID) (callwright.Agent, error) {
	var r agentRow
	return r.agent(db.one(ctx, org, selectAgent, []any{org, id}, r.columns()...))
}

// An agentRow is an agent as selectAgent reads it. Its version and its last change have
// columns of their own, so that a change of a skill need not write the document.
type agentRow struct {
	Doc       string
	Version   int
	UpdatedAt callwright.Time
}

func (r *agentRow) columns() []any { return []any{&r.Doc, &r.Version, &r.UpdatedAt} }

// agent is the agent, unless it could not be read.
func (r *agentRow) agent(err error) (callwright.Agent, error) {
	if err := found(err, "agent"); err != nil {
		return callwright.Agent{}, err
	}
	a, err := decode[callwright.Agent](r.Doc)
	a.Version, a.UpdatedAt = r.Version, r.UpdatedAt
	return a, err
}

func hasAgent(ctx context.Context, q bun.IDB, org callwright.OrgID, id callwright.AgentID) error {
	var r agentRow
	return found(q.QueryRowContext(ctx, selectAgent, org, id).Scan(r.columns()...), "agent")
}

// lockAgent reads an agent in a transaction that changes it or something of it: such
// transactions follow one another.
func (db *DB) lockAgent(ctx context.Context, s session, org callwright.OrgID, id callwright.AgentID) (r agentRow, err error) {
	err = s.row(ctx, selectAgent+db.kind.lock, []any{org, id}, r.columns()...)
	return r, found(err, "agent")
}

// ListAgents returns a page of agents, newest first.
func (db *DB) ListAgents(ctx context.Context, org callwright.OrgID, p callwright.Page) ([]callwright.Agent, callwright.Pagination, error) {
	var rows []struct {
		ID string
		agentRow
	}
	var info callwright.Pagination
	err := db.view(ctx, org, func(ctx context.Context, r reader) (err error) {
		q := r.NewSelect().Table("agents").Column("id", "doc", "version", "updated_at").Where("organization_id = ? AND deleted_at = 0", org)
		info, err = cut(ctx, q, p, &rows)
		return err
	})
	if err != nil {
		return nil, info, err
	}
	if len(rows) > p.Limit {
		rows = rows[:p.Limit]
		info.NextCursor = rows[p.Limit-1].ID
	}
	agents := make([]callwright.Agent, len(rows))
	for i, r := range rows {
		if agents[i], err = r.agent(nil); err != nil {
			return nil, info, err
		}
	}
	return agents, info, nil
}

// UpdateAgent changes an agent through fn in one transaction.
func (db *DB) UpdateAgent(ctx context.Context, org callwright.OrgID, id callwright.AgentID, fn func(*callwright.Agent) error) (callwright.Agent, error) {
	var a callwright.Agent
	err := db.work(ctx, org, func(ctx context.Context, s session) (err error) {
		a, err = db.updateAgent(ctx, s, org, id, fn)
		return err
	})
	return a, err
}

func (db *DB) updateAgent(ctx context.Context, s session, org callwright.OrgID, id callwright.AgentID, fn func(*callwright.Agent) error) (callwright.Agent, error) {
	r, err := db.lockAgent(ctx, s, org, id)
	if err != nil {
		return callwright.Agent{}, err
	}
	a, err := r.agent(nil)
	if err != nil {
		return a, err
	}
	if err := fn(&a); err != nil {
		return a, err
	}
	return a, storeAgent(ctx, s, a)
}

func storeAgent(ctx context.Context, s session, a callwright.Agent) error {
	return s.exec(ctx, updateAgent, []any{encode(a), a.Version, a.UpdatedAt, a.OrganizationID, a.ID}, doing("store agent"))
}

// DeleteAgent hides an agent. Its conversations stay for their receipts.
func (db *DB) DeleteAgent(ctx context.Context, org callwright.OrgID, id callwright.AgentID, at callwright.Time) error {
	return db.work(ctx, org, func(ctx context.Context, s session) error {
		if _, err := db.lockAgent(ctx, s, org, id); err != nil {
			return err
		}
		return s.exec(ctx, deleteAgent, []any{at, org, id}, doing("delete agent"))
	})
}

// touch counts up the agent's version with a change of something of it. Like lockAgent,
// it lets transactions that change an agent follow one another.
func touch(ctx context.Context, s session, org callwright.OrgID, id callwright.AgentID, at callwright.Time) error {
	var version int
	return found(s.row(ctx, touchAgent, []any{at, org, id}, &version), "agent")
}

func nameKey(name string) string { return strings.ToLower(name) }

func duplicateSkill(name string) error {
	e := callwright.Errorf(callwright.CodeDuplicateName, "This agent already has a skill named %q.", name)
	e.Fields = []callwright.FieldError{{Field: "name", Message: "is taken by another skill of this agent: choose another name"}}
	return e
}

// storing words an error of a write of a skill. A name that is taken is
// duplicate_name; a skill of no agent is one of an agent that is not there.
func storing(name string) func(error) error {
	return func(err error) error {
		if missing(err) {
			return found(sql.ErrNoRows, "agent")
		}
		if duplicate(err) {
			return duplicateSkill(name)
		}
		return fmt.Errorf("store skill: %w", err)
	}
}

// CreateSkill stores a new skill and touches its agent. Without the agent the skill
// would be nobody's, which the database refuses: so nothing has to be read, and on
// PostgreSQL all of it travels at once.
func (db *DB) CreateSkill(ctx context.Context, sk callwright.Skill) error {
	return db.work(ctx, sk.OrganizationID, func(ctx context.Context, s session) error {
		if err := s.exec(ctx, touchAgent, []any{sk.UpdatedAt, sk.OrganizationID, sk.AgentID}, doing("touch agent")); err != nil {
			return err
		}
		return s.exec(ctx, insertSkill, []any{sk.OrganizationID, sk.OrganizationID, sk.AgentID, sk.ID, nameKey(sk.Name), encode(sk)}, storing(sk.Name))
	})
}

// Skill returns a skill of an agent.
func (db *DB) Skill(ctx context.Context, org callwright.OrgID, agentID callwright.AgentID, id callwright.SkillID) (callwright.Skill, error) {
	var doc sql.NullString
	if err := found(db.one(ctx, org, selectSkillOfAgent, []any{id, org, agentID}, &doc), "agent"); err != nil {
		return callwright.Skill{}, err
	}
	if !doc.Valid {
		return callwright.Skill{}, found(sql.ErrNoRows, "skill")
	}
	return decode[callwright.Skill](doc.String)
}

func skill(ctx context.Context, s session, org callwright.OrgID, agentID callwright.AgentID, id callwright.SkillID) (callwright.Skill, error) {
	var doc string
	if err := found(s.row(ctx, selectSkill, []any{org, agentID, id}, &doc), "skill"); err != nil {
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
	var sk callwright.Skill
	err := db.work(ctx, org, func(ctx context.Context, s session) error {
		if _, err := db.lockAgent(ctx, s, org, agentID); err != nil {
			return err
		}
		var err error
		if sk, err = skill(ctx, s, org, agentID, id); err != nil {
			return err
		}
		if err := fn(&sk); err != nil {
			return err
		}
		if err := s.exec(ctx, updateSkill, []any{nameKey(sk.Name), encode(sk), org, id}, storing(sk.Name)); err != nil {
			return err
		}
		return touch(ctx, s, org, agentID, sk.UpdatedAt)
	})
	return sk, err
}

// DeleteSkill removes a skill from the draft and touches its agent.
func (db *DB) DeleteSkill(ctx context.Context, org callwright.OrgID, agentID callwright.AgentID, id callwright.SkillID, at callwright.Time) error {
	return db.work(ctx, org, func(ctx context.Context, s session) error {
		if err := touch(ctx, s, org, agentID, at); err != nil {
			return err
		}
		if _, err := skill(ctx, s, org, agentID, id); err != nil {
			return err
		}
		return s.exec(ctx, deleteSkill, []any{org, id}, doing("delete skill"))
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
	var row agentRow
	var look string
	err := q.QueryRowContext(ctx, "SELECT doc, version, updated_at, widget FROM agents WHERE organization_id = ? AND id = ? AND deleted_at = 0", org, id).Scan(append(row.columns(), &look)...)
	a, err := row.agent(err)
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
		s := db.within(tx)
		if _, err := db.lockAgent(ctx, s, org, id); err != nil {
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
		a := snap.Agent
		a.PublishedVersionID, a.Status, a.UpdatedAt = v.ID, "published", v.PublishedAt
		a.Version++
		return storeAgent(ctx, s, a)
	})
	return v, err
}

// Version returns a version of the organization.
func (db *DB) Version(ctx context.Context, org callwright.OrgID, id callwright.VersionID) (callwright.Version, error) {
	var doc string
	if err := found(db.one(ctx, org, selectVersion, []any{org, id}, &doc), "version"); err != nil {
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

// Latencies returns how long the runs of each skill take: the median of the last 21
// that came to their end, in milliseconds. A skill that never ran is left out.
func (db *DB) Latencies(ctx context.Context, org callwright.OrgID, skills []callwright.SkillID) (map[callwright.SkillID]int, error) {
	out := map[callwright.SkillID]int{}
	if len(skills) == 0 {
		return out, nil
	}
	var rows []struct {
		ID     callwright.SkillID
		TookMs sql.NullFloat64
	}
	err := db.view(ctx, org, func(ctx context.Context, r reader) error {
		return r.NewSelect().TableExpr("skills AS s").ColumnExpr("s.id, "+medianLatency+" AS took_ms").
			Where("s.organization_id = ?", org).Where("s.id IN (?)", bun.List(skills)).Scan(ctx, &rows)
	})
	if err != nil {
		return nil, fmt.Errorf("read latencies: %w", err)
	}
	for _, r := range rows {
		if r.TookMs.Valid {
			out[r.ID] = int(r.TookMs.Float64 + 0.5)
		}
	}
	return out, nil
}
