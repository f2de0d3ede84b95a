package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"callwright"
)

// A ConversationFilter chooses conversations; empty members choose all. Those that
// an operator simulated are left out.
type ConversationFilter struct {
	Agent   callwright.AgentID
	Channel callwright.Channel
	Outcome callwright.Outcome
	From    callwright.Time // inclusive
	To      callwright.Time // exclusive
	Text    string          // what somebody said, in any case

	// Idle is the instant before which an active conversation counts as abandoned.
	Idle callwright.Time
}

// ListConversations returns a page of conversations, newest first.
func (db *DB) ListConversations(ctx context.Context, org callwright.OrgID, f ConversationFilter, p callwright.Page) ([]callwright.Conversation, callwright.Pagination, error) {
	return list[callwright.Conversation](ctx, db, org, p, func(q *bun.SelectQuery) *bun.SelectQuery {
		q = q.Table("conversations").Where("NOT simulated")
		if f.Agent != "" {
			q = q.Where("agent_id = ?", f.Agent)
		}
		if f.Channel != "" {
			q = q.Where("channel = ?", f.Channel)
		}
		if f.From != 0 {
			q = q.Where("started_at >= ?", f.From)
		}
		if f.To != 0 {
			q = q.Where("started_at < ?", f.To)
		}
		switch f.Outcome {
		case "":
		case callwright.Abandoned:
			q = q.Where("outcome = ? OR outcome = '' AND updated_at < ?", f.Outcome, f.Idle)
		default:
			q = q.Where("outcome = ?", f.Outcome)
		}
		if f.Text != "" {
			q = q.Where(`id IN (SELECT conversation_id FROM events WHERE organization_id = ? AND event_type IN (?, ?) AND LOWER(payload) LIKE ? ESCAPE '!')`,
				org, callwright.UserUtterance, callwright.AgentMessage, "%"+likeText(f.Text)+"%")
		}
		return q
	})
}

// likeText makes a text that LIKE finds as it is within JSON.
func likeText(text string) string {
	inJSON := strings.Trim(encode(strings.ToLower(text)), `"`)
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(inJSON)
}

// Lease gives a conversation to one server until an instant, where several share
// the database: whoever has it takes its turns. It reports false while another has
// it. Asking again renews it.
func (db *DB) Lease(ctx context.Context, org callwright.OrgID, id callwright.ConversationID, owner string, now, until callwright.Time) (ok bool, err error) {
	err = db.tx(ctx, org, func(ctx context.Context, tx bun.Tx) error {
		res, err := tx.ExecContext(ctx, "UPDATE conversations SET lease_owner = ?, lease_until = ? WHERE organization_id = ? AND id = ? AND (lease_owner = ? OR lease_until <= ?)",
			owner, until, org, id, owner, now)
		if err != nil {
			return fmt.Errorf("lease conversation: %w", err)
		}
		n, err := res.RowsAffected()
		ok = n == 1
		return err
	})
	return ok, err
}

// Release gives a lease back before its end.
func (db *DB) Release(ctx context.Context, org callwright.OrgID, id callwright.ConversationID, owner string) error {
	return db.tx(ctx, org, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE conversations SET lease_owner = '', lease_until = 0 WHERE organization_id = ? AND id = ? AND lease_owner = ?", org, id, owner)
		if err != nil {
			return fmt.Errorf("release conversation: %w", err)
		}
		return nil
	})
}
