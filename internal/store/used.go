package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"callwright"
)

// Used is what an organization's conversations have taken of the models of providers.
type Used struct {
	Tokens  int64
	Dollars float64
}

// Plus returns the sum.
func (u Used) Plus(v Used) Used { return Used{u.Tokens + v.Tokens, u.Dollars + v.Dollars} }

// Negative returns what takes u away.
func (u Used) Negative() Used { return Used{-u.Tokens, -u.Dollars} }

const (
	addUsed = `INSERT INTO model_use (organization_id, day, tokens, dollars) VALUES (?, ?, ?, ?)
		ON CONFLICT (organization_id, day) DO UPDATE SET tokens = model_use.tokens + EXCLUDED.tokens, dollars = model_use.dollars + EXCLUDED.dollars`
	selectUsed = "SELECT tokens, dollars FROM model_use WHERE organization_id = ? AND day = ?"
)

// dayOf is the day of UTC in which an instant lies.
func dayOf(t callwright.Time) string { return t.Time().UTC().Format(time.DateOnly) }

// recordUsed counts on the day of the step.
func recordUsed(ctx context.Context, x execer, e Entry) error {
	if e.Used == (Used{}) {
		return nil
	}
	if _, err := x.exec(ctx, addUsed, e.Conversation.OrganizationID, dayOf(e.Conversation.UpdatedAt), e.Used.Tokens, e.Used.Dollars); err != nil {
		return fmt.Errorf("store use of models: %w", err)
	}
	return nil
}

// Used returns what an organization's conversations have taken in the day of UTC in
// which an instant lies.
func (db *DB) Used(ctx context.Context, org callwright.OrgID, at callwright.Time) (u Used, err error) {
	err = db.one(ctx, org, selectUsed, []any{org, dayOf(at)}, &u.Tokens, &u.Dollars)
	if errors.Is(err, sql.ErrNoRows) {
		return Used{}, nil
	}
	if err != nil {
		return Used{}, fmt.Errorf("read use of models: %w", err)
	}
	return u, nil
}
