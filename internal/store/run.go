package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"

	"callwright"
)

type runRow struct {
	bun.BaseModel  `bun:"table:runs"`
	OrganizationID callwright.OrgID
	ID             callwright.RunID
	ConversationID callwright.ConversationID
	AgentID        callwright.AgentID
	SkillID        callwright.SkillID
	VersionID      callwright.VersionID
	Turn           int
	IdempotencyKey string
	IsWrite        bool
	State          callwright.RunState
	Code           callwright.Code
	Answer         string
	Fields         string
	Attempts       int
	NextAt         callwright.Time
	StartedAt      callwright.Time
	TookMs         float64
	Note           string
	ResolvedBy     string
	ResolvedAt     callwright.Time
	Delivery       string
}

func (r runRow) run() callwright.Run {
	return callwright.Run{ID: r.ID, OrganizationID: r.OrganizationID, ConversationID: r.ConversationID, AgentID: r.AgentID, SkillID: r.SkillID,
		VersionID: r.VersionID, Turn: r.Turn, IdempotencyKey: r.IdempotencyKey, IsWrite: r.IsWrite, State: r.State, Code: r.Code,
		Answer: orNull(r.Answer), Fields: orNull(r.Fields), Attempts: r.Attempts, NextAt: r.NextAt, StartedAt: r.StartedAt, TookMs: r.TookMs, Note: r.Note, ResolvedBy: r.ResolvedBy, ResolvedAt: r.ResolvedAt, Delivery: delivery(r.Delivery)}
}

func orNull(doc string) json.RawMessage {
	if doc == "" {
		return nil
	}
	return json.RawMessage(doc)
}

// Runs returns the runs of one turn, in order.
func (db *DB) Runs(ctx context.Context, org callwright.OrgID, conv callwright.ConversationID, turn int) ([]callwright.Run, error) {
	var rows []runRow
	err := db.view(ctx, org, func(ctx context.Context, r reader) error {
		return r.NewSelect().Model(&rows).Where("organization_id = ? AND conversation_id = ? AND turn = ?", org, conv, turn).Order("id").Scan(ctx)
	})
	if err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	out := make([]callwright.Run, len(rows))
	for i, r := range rows {
		out[i] = r.run()
	}
	return out, nil
}

// Run returns a run of the organization.
func (db *DB) Run(ctx context.Context, org callwright.OrgID, id callwright.RunID) (callwright.Run, error) {
	var row runRow
	err := db.view(ctx, org, func(ctx context.Context, r reader) error {
		return r.NewSelect().Model(&row).Where("organization_id = ? AND id = ?", org, id).Scan(ctx)
	})
	return row.run(), found(err, "run")
}

// A RunFilter chooses runs; empty members choose all.
type RunFilter struct {
	State        callwright.RunState
	Agent        callwright.AgentID
	Conversation callwright.ConversationID
}

// ListRuns returns a page of the organization's runs, newest first.
func (db *DB) ListRuns(ctx context.Context, org callwright.OrgID, f RunFilter, p callwright.Page) (out []callwright.Run, info callwright.Pagination, err error) {
	var rows []runRow
	err = db.view(ctx, org, func(ctx context.Context, r reader) error {
		q := r.NewSelect().Model((*runRow)(nil)).Where("organization_id = ?", org)
		for column, v := range map[string]string{"state": string(f.State), "agent_id": string(f.Agent), "conversation_id": string(f.Conversation)} {
			if v != "" {
				q = q.Where("? = ?", bun.Ident(column), v)
			}
		}
		info, err = cut(ctx, q, p, &rows)
		return err
	})
	if err != nil {
		return nil, info, err
	}
	if len(rows) > p.Limit {
		rows = rows[:p.Limit]
		info.NextCursor = string(rows[p.Limit-1].ID)
	}
	for _, r := range rows {
		out = append(out, r.run())
	}
	return out, info, nil
}

// ResolveRun lets an operator say what became of a run that is unknown. Another one
// is not found.
func (db *DB) ResolveRun(ctx context.Context, org callwright.OrgID, id callwright.RunID, state callwright.RunState, note, by string, at callwright.Time) error {
	return db.tx(ctx, org, func(ctx context.Context, tx bun.Tx) error {
		res, err := tx.ExecContext(ctx, "UPDATE runs SET state = ?, note = ?, resolved_by = ?, resolved_at = ? WHERE organization_id = ? AND id = ? AND state = ?",
			state, note, by, at, org, id, callwright.RunUnknown)
		if err != nil {
			return fmt.Errorf("resolve run: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return callwright.Errorf(callwright.CodeNotFound, "There is no run of this id whose outcome is unknown in your organization.")
		}
		return nil
	})
}

// QueuedRuns returns the oldest runs that wait to be sent and are due, of all
// organizations.
func (db *DB) QueuedRuns(ctx context.Context, now callwright.Time, limit int) ([]callwright.Run, error) {
	var rows []runRow
	err := db.view(ctx, server, func(ctx context.Context, r reader) error {
		return r.NewSelect().Model(&rows).Where("state = ? AND next_at <= ?", callwright.RunQueued, now).Order("id").Limit(int64(limit)).Scan(ctx)
	})
	if err != nil {
		return nil, fmt.Errorf("read queued runs: %w", err)
	}
	out := make([]callwright.Run, len(rows))
	for i, r := range rows {
		out[i] = r.run()
	}
	return out, nil
}

// ClaimRun makes a queued run a running one. It reports false when somebody else
// did, or nobody queued it.
func (db *DB) ClaimRun(ctx context.Context, org callwright.OrgID, id callwright.RunID, now callwright.Time) (claimed bool, err error) {
	err = db.tx(ctx, org, func(ctx context.Context, tx bun.Tx) error {
		res, err := tx.ExecContext(ctx, "UPDATE runs SET state = ?, started_at = ? WHERE organization_id = ? AND id = ? AND state = ?", callwright.RunRunning, now, org, id, callwright.RunQueued)
		if err != nil {
			return fmt.Errorf("claim run: %w", err)
		}
		n, err := res.RowsAffected()
		claimed = n == 1
		return err
	})
	return claimed, err
}

// MarkUnknown ends every run that began before an instant and is still running as
// unknown: its server has died. It returns how many there were.
func (db *DB) MarkUnknown(ctx context.Context, before callwright.Time) (int, error) {
	n, err := db.asServer(ctx, "UPDATE runs SET state = ?, code = ? WHERE state = ? AND started_at <= ?",
		callwright.RunUnknown, callwright.CodeOutcomeUnknown, callwright.RunRunning, before)
	if err != nil {
		return 0, fmt.Errorf("mark unknown runs: %w", err)
	}
	return n, nil
}
