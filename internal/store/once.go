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
	err = db.view(ctx, org, func(ctx context.Context, r reader) error {
		return r.QueryRowContext(ctx, "SELECT fingerprint, status, body FROM idempotency WHERE organization_id = ? AND client_key = ? AND created_at > ?",
			org, key, now-expiry).Scan(&a.Fingerprint, &a.Status, &body)
	})
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

// ForgetAnswers removes answers that are older than a day, and returns how many
// there were.
func (db *DB) ForgetAnswers(ctx context.Context, now callwright.Time) (int, error) {
	n, err := db.asServer(ctx, "DELETE FROM idempotency WHERE created_at <= ?", now-expiry)
	if err != nil {
		return 0, fmt.Errorf("forget old answers: %w", err)
	}
	return n, nil
}

// asServer changes rows of every organization, and returns how many there were.
func (db *DB) asServer(ctx context.Context, query string, args ...any) (int, error) {
	var n int64
	err := db.tx(ctx, server, func(ctx context.Context, tx bun.Tx) error {
		res, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	return int(n), err
}
