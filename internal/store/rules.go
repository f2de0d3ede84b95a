package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"callwright"
)

// The kinds of rules that an agent's draft has beside its skills.
const (
	guardrails         = "guardrails"
	callerVerification = "caller_verification"
)

// Guardrails returns the guardrails of an agent's draft, in their order.
func (db *DB) Guardrails(ctx context.Context, org callwright.OrgID, id callwright.AgentID) ([]callwright.Guardrail, error) {
	return rulesOf[callwright.Guardrail](ctx, db, org, id, guardrails)
}

// CallerVerification returns how an agent's draft verifies callers.
func (db *DB) CallerVerification(ctx context.Context, org callwright.OrgID, id callwright.AgentID) ([]callwright.CallerVerification, error) {
	return rulesOf[callwright.CallerVerification](ctx, db, org, id, callerVerification)
}

// ReplaceGuardrails replaces all guardrails of an agent's draft and touches it.
func (db *DB) ReplaceGuardrails(ctx context.Context, org callwright.OrgID, id callwright.AgentID, rules []callwright.Guardrail, at callwright.Time) error {
	return replaceRules(ctx, db, org, id, guardrails, rules, at)
}

// ReplaceCallerVerification replaces how an agent's draft verifies callers and
// touches it.
func (db *DB) ReplaceCallerVerification(ctx context.Context, org callwright.OrgID, id callwright.AgentID, rules []callwright.CallerVerification, at callwright.Time) error {
	return replaceRules(ctx, db, org, id, callerVerification, rules, at)
}

func rulesOf[T any](ctx context.Context, db *DB, org callwright.OrgID, id callwright.AgentID, kind string) (rules []T, err error) {
	err = db.view(ctx, org, func(ctx context.Context, r reader) error {
		if err := hasAgent(ctx, r, org, id); err != nil {
			return err
		}
		rules, err = readRules[T](ctx, r, org, id, kind)
		return err
	})
	return rules, err
}

// readRules returns the rules of one kind; none were set when there is no row.
func readRules[T any](ctx context.Context, q bun.IDB, org callwright.OrgID, id callwright.AgentID, kind string) ([]T, error) {
	var doc string
	err := q.QueryRowContext(ctx, "SELECT doc FROM agent_rules WHERE organization_id = ? AND agent_id = ? AND kind = ?", org, id, kind).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return []T{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	return decode[[]T](doc)
}

func replaceRules[T any](ctx context.Context, db *DB, org callwright.OrgID, id callwright.AgentID, kind string, rules []T, at callwright.Time) error {
	return db.tx(ctx, org, func(ctx context.Context, tx bun.Tx) error {
		if err := touch(ctx, db.within(tx), org, id, at); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO agent_rules (organization_id, agent_id, kind, doc) VALUES (?, ?, ?, ?)
			ON CONFLICT (organization_id, agent_id, kind) DO UPDATE SET doc = EXCLUDED.doc`, org, id, kind, encode(rules))
		if err != nil {
			return fmt.Errorf("store rules: %w", err)
		}
		return nil
	})
}
