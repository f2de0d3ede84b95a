package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"callwright"
)

func recordMessages(ctx context.Context, x execer, e Entry) error {
	for _, m := range e.Messages {
		if _, err := x.exec(ctx, insertMessage, m.OrganizationID, m.ID, m.AgentID, m.Status, encode(m)); err != nil {
			return fmt.Errorf("store message: %w", err)
		}
	}
	return nil
}

// ListMessages returns a page of the messages that were taken, newest first; with
// an agent or a status, of those alone.
func (db *DB) ListMessages(ctx context.Context, org callwright.OrgID, agent callwright.AgentID, status string, p callwright.Page) ([]callwright.TakenMessage, callwright.Pagination, error) {
	return list[callwright.TakenMessage](ctx, db, org, p, func(q *bun.SelectQuery) *bun.SelectQuery {
		q = q.Table("taken_messages")
		if agent != "" {
			q = q.Where("agent_id = ?", agent)
		}
		if status != "" {
			q = q.Where("status = ?", status)
		}
		return q
	})
}

// UpdateMessage changes a message through fn.
func (db *DB) UpdateMessage(ctx context.Context, org callwright.OrgID, id callwright.MessageID, fn func(*callwright.TakenMessage) error) (callwright.TakenMessage, error) {
	var m callwright.TakenMessage
	err := db.tx(ctx, org, func(ctx context.Context, tx bun.Tx) error {
		var doc string
		err := tx.QueryRowContext(ctx, "SELECT doc FROM taken_messages WHERE organization_id = ? AND id = ?"+db.kind.lock, org, id).Scan(&doc)
		if err := found(err, "message"); err != nil {
			return err
		}
		if m, err = decode[callwright.TakenMessage](doc); err != nil {
			return err
		}
		if err := fn(&m); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE taken_messages SET status = ?, doc = ? WHERE organization_id = ? AND id = ?", m.Status, encode(m), org, id); err != nil {
			return fmt.Errorf("store message: %w", err)
		}
		return nil
	})
	return m, err
}
