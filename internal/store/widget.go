package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"callwright"
)

// Widget returns the widget of an agent's draft.
func (db *DB) Widget(ctx context.Context, org callwright.OrgID, id callwright.AgentID) (w callwright.Widget, err error) {
	err = db.view(ctx, org, func(ctx context.Context, r reader) (err error) {
		w, err = widget(ctx, r, org, id)
		return err
	})
	return w, err
}

func widget(ctx context.Context, q bun.IDB, org callwright.OrgID, id callwright.AgentID) (callwright.Widget, error) {
	var doc string
	err := q.QueryRowContext(ctx, "SELECT widget FROM agents WHERE organization_id = ? AND id = ? AND deleted_at = 0", org, id).Scan(&doc)
	if err := found(err, "agent"); err != nil {
		return callwright.Widget{}, err
	}
	return decode[callwright.Widget](doc)
}

// UpdateWidget changes the widget of an agent's draft through fn, and touches the
// agent.
func (db *DB) UpdateWidget(ctx context.Context, org callwright.OrgID, id callwright.AgentID, at callwright.Time, fn func(*callwright.Widget) error) (callwright.Widget, error) {
	var w callwright.Widget
	err := db.tx(ctx, org, func(ctx context.Context, tx bun.Tx) error {
		if err := touch(ctx, db.within(tx), org, id, at); err != nil {
			return err
		}
		var err error
		if w, err = widget(ctx, tx, org, id); err != nil {
			return err
		}
		if err := fn(&w); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE agents SET widget = ? WHERE organization_id = ? AND id = ?", encode(w), org, id); err != nil {
			return fmt.Errorf("store widget: %w", err)
		}
		return nil
	})
	return w, err
}
