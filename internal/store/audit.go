package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/uptrace/bun"

	"callwright"
)

// A Change is what an operator does to something, for the audit trail. Before and
// After are read when the transaction is about to commit, so they may point to
// what it makes.
type Change struct {
	Action   string // skill.create
	Resource string // id
	Before   any    // nil when it is made
	After    any    // nil when it is deleted
}

// As returns a view of the database whose next transaction also records who makes
// the change, and the answer to the actor's idempotency key if there is one: all of
// it, or nothing. Two requests with one key that race have one winner; the other's
// transaction fails with idempotency_in_progress and changes nothing.
func (db *DB) As(actor callwright.Actor, now time.Time, c Change) *DB {
	view := *db
	view.before = func(ctx context.Context, s session) error {
		if err := audit(ctx, s, actor, now, c); err != nil {
			return err
		}
		if actor.Once == nil {
			return nil
		}
		return keep(ctx, s, actor.Org, Answer{Once: *actor.Once, Data: c.After, At: callwright.At(now)})
	}
	return &view
}

func audit(ctx context.Context, s session, actor callwright.Actor, now time.Time, c Change) error {
	ev := callwright.AuditEvent{ID: callwright.NewID[callwright.EventID](now), Actor: string(actor.Key), Environment: actor.Env, Action: c.Action, Resource: c.Resource,
		Before: json.RawMessage(encode(c.Before)), After: json.RawMessage(encode(c.After)), CreatedAt: callwright.At(now)}
	if ev.Actor == "" {
		ev.Actor = "server"
	}
	doc, err := jsonv2.Marshal(ev) // does not look through before and after again
	if err != nil {
		return fmt.Errorf("write audit event: %w", err)
	}
	return s.exec(ctx, insertAudit, []any{actor.Org, ev.ID, ev.Resource, string(doc)}, doing("store audit event"))
}

const insertAudit = "INSERT INTO audit_events (organization_id, id, resource, doc) VALUES (?, ?, ?, ?)"

// ListAudit returns a page of the organization's audit trail, newest first; with a
// resource, of that alone.
func (db *DB) ListAudit(ctx context.Context, org callwright.OrgID, resource string, p callwright.Page) ([]callwright.AuditEvent, callwright.Pagination, error) {
	return list[callwright.AuditEvent](ctx, db, org, p, func(q *bun.SelectQuery) *bun.SelectQuery {
		q = q.Table("audit_events")
		if resource != "" {
			q = q.Where("resource = ?", resource)
		}
		return q
	})
}
