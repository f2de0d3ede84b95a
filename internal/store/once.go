package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"callwright"
)

// OnceLifetime is how long the answer to an idempotency key is kept.
const OnceLifetime = 24 * time.Hour

// An Answered is the stored answer to an idempotency key.
type Answered struct {
	Fingerprint string
	Status      int
	Body        []byte
}

// Answered returns what was answered to a key in the last 24 hours before now.
func (db *DB) Answered(ctx context.Context, org callwright.OrgID, key string, now callwright.Time) (a Answered, ok bool, err error) {
	var body string
	err = db.read.QueryRowContext(ctx, "SELECT fingerprint, status, body FROM idempotency WHERE organization_id = ? AND client_key = ? AND created_at > ?",
		org, key, now-expiry).Scan(&a.Fingerprint, &a.Status, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return Answered{}, false, nil
	}
	if err != nil {
		return Answered{}, false, fmt.Errorf("read idempotency key: %w", err)
	}
	a.Body = []byte(body)
	return a, true, nil
}

const expiry = callwright.Time(OnceLifetime / time.Millisecond)

// Once returns a view of the database whose next transaction also records the
// answer to the actor's idempotency key, made from what data points to when the
// transaction is about to commit. Without a key it is the database itself. Two
// requests that race have one winner; the other's transaction fails with
// idempotency_in_progress and changes nothing.
func (db *DB) Once(actor callwright.Actor, now callwright.Time, data any) *DB {
	if actor.Once == nil {
		return db
	}
	view := *db
	view.before = func(ctx context.Context, tx bun.Tx) error {
		status, body, err := actor.Once.Answer(data)
		if err != nil {
			return fmt.Errorf("make the answer to an idempotency key: %w", err)
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM idempotency WHERE organization_id = ? AND client_key = ? AND created_at <= ?", actor.Org, actor.Once.Key, now-expiry); err != nil {
			return fmt.Errorf("expire idempotency key: %w", err)
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO idempotency (organization_id, client_key, fingerprint, status, body, created_at) VALUES (?, ?, ?, ?, ?, ?)",
			actor.Org, actor.Once.Key, actor.Once.Fingerprint, status, string(body), now)
		if duplicate(err) {
			return callwright.Errorf(callwright.CodeInProgress, "Another request with this Idempotency-Key was first. Send yours again for its answer.")
		}
		if err != nil {
			return fmt.Errorf("store idempotency key: %w", err)
		}
		return nil
	}
	return &view
}

// ForgetAnswers removes answers that are older than a day, and returns how many
// there were.
func (db *DB) ForgetAnswers(ctx context.Context, now callwright.Time) (int, error) {
	res, err := db.write.ExecContext(ctx, "DELETE FROM idempotency WHERE created_at <= ?", now-expiry)
	if err != nil {
		return 0, fmt.Errorf("forget old answers: %w", err)
	}
	n, err := res.RowsAffected()
	return int(n), err
}
