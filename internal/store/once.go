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

// An Answered is the stored answer to an idempotency key, or the run that its
// request began and whose answer is not there yet.
type Answered struct {
	Fingerprint string
	Run         callwright.RunID // begun, not answered
	Status      int
	Body        []byte
}

// begun is the status of a key whose request has begun a run: its body is the
// run's id until the answer takes its place.
const begun = 0

// An Answer is what a request with an idempotency key is answered, on its way to
// the transaction of its effect.
type Answer struct {
	Once callwright.Once
	Data any
	At   callwright.Time
}

// Answered returns what was answered to a key in the last 24 hours before now.
func (db *DB) Answered(ctx context.Context, org callwright.OrgID, key string, now callwright.Time) (a Answered, ok bool, err error) {
	var body string
	err = db.one(ctx, org, selectAnswered, []any{org, key, now - expiry}, &a.Fingerprint, &a.Status, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return Answered{}, false, nil
	}
	if err != nil {
		return Answered{}, false, fmt.Errorf("read idempotency key: %w", err)
	}
	if a.Status == begun {
		a.Run = callwright.RunID(body)
		return a, true, nil
	}
	a.Body = []byte(body)
	return a, true, nil
}

const expiry = callwright.Time(OnceLifetime / time.Millisecond)

// The statements of idempotency keys, prepared when the database is opened.
const (
	selectAnswered = "SELECT fingerprint, status, body FROM idempotency WHERE organization_id = ? AND client_key = ? AND created_at > ?"
	expireKey      = "DELETE FROM idempotency WHERE organization_id = ? AND client_key = ? AND created_at <= ?"
	insertKey      = "INSERT INTO idempotency (organization_id, client_key, fingerprint, status, body, created_at) VALUES (?, ?, ?, ?, ?, ?)"
	answerKey      = "UPDATE idempotency SET status = ?, body = ? WHERE organization_id = ? AND client_key = ? AND status = ? AND body = ?"
)

// keep writes the answer to an idempotency key in the transaction of the effect.
func keep(ctx context.Context, s session, org callwright.OrgID, a Answer) error {
	status, body, err := a.body()
	if err != nil {
		return err
	}
	return take(ctx, s, org, a.Once, a.At, status, body)
}

func (a Answer) body() (status int, body string, err error) {
	status, raw, err := a.Once.Answer(a.Data)
	if err != nil {
		err = fmt.Errorf("make the answer to an idempotency key: %w", err)
	}
	return status, string(raw), err
}

// take makes a key the request's own, or fails with idempotency_in_progress when
// another has it.
func take(ctx context.Context, s session, org callwright.OrgID, o callwright.Once, now callwright.Time, status int, body string) error {
	if err := s.exec(ctx, expireKey, []any{org, o.Key, now - expiry}, doing("expire idempotency key")); err != nil {
		return err
	}
	return s.exec(ctx, insertKey, []any{org, o.Key, o.Fingerprint, status, body, now}, func(err error) error {
		if duplicate(err) {
			return callwright.Errorf(callwright.CodeInProgress, "Another request with this Idempotency-Key was first. Send yours again for its answer.")
		}
		return fmt.Errorf("store idempotency key: %w", err)
	})
}

// BeginRunOnce is BeginRun for a request with an idempotency key: the key is taken
// with the intent, so no second request with it sends anything. The error is
// idempotency_in_progress when another has it.
func (db *DB) BeginRunOnce(ctx context.Context, r callwright.Run, o callwright.Once) error {
	return db.work(ctx, r.OrganizationID, func(ctx context.Context, s session) error {
		if err := take(ctx, s, r.OrganizationID, o, r.StartedAt, begun, string(r.ID)); err != nil {
			return err
		}
		return beginRun(ctx, s, r)
	})
}

// Keep stores an answer by itself: of a request that changed nothing, or when run
// is not empty of the one that began the run. That one may be asked for its answer
// more than once after a crash; the first stays.
func (db *DB) Keep(ctx context.Context, org callwright.OrgID, run callwright.RunID, a Answer) error {
	return db.work(ctx, org, func(ctx context.Context, s session) error {
		if run == "" {
			return keep(ctx, s, org, a)
		}
		status, body, err := a.body()
		if err != nil {
			return err
		}
		return s.exec(ctx, answerKey, []any{status, body, org, a.Once.Key, begun, run}, doing("store idempotency key"))
	})
}

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
