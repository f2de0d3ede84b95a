package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"callwright"
)

// A session is a transaction as the functions see it that run in one. Its
// statements are among those that are prepared.
//
// On SQLite each runs at once. On PostgreSQL a write waits for the next read, or
// the end, and they travel together: a round trip each would be most of the time.
type session interface {
	// row reads one row into variables; without one the error is sql.ErrNoRows.
	row(ctx context.Context, query string, args []any, into ...any) error

	// exec writes. An error of the statement comes from here or from a later step,
	// in the words of word either way.
	exec(ctx context.Context, query string, args []any, word func(error) error) error
}

// doing words an error as what was being done.
func doing(act string) func(error) error {
	return func(err error) error { return fmt.Errorf("%s: %w", act, err) }
}

// direct is a session through database/sql.
type direct struct{ execer }

func (d direct) row(ctx context.Context, query string, args []any, into ...any) error {
	return d.execer.row(ctx, query, args...).Scan(into...)
}

func (d direct) exec(ctx context.Context, query string, args []any, word func(error) error) error {
	if _, err := d.execer.exec(ctx, query, args...); err != nil {
		return word(err)
	}
	return nil
}

// work runs fn in one write transaction for the organization. It is tx for
// functions whose statements are prepared.
func (db *DB) work(ctx context.Context, org callwright.OrgID, fn func(context.Context, session) error) error {
	if db.before != nil {
		body := fn
		fn = func(ctx context.Context, s session) error {
			if err := body(ctx, s); err != nil {
				return err
			}
			return db.before(ctx, s)
		}
	}
	if db.kind.rowLevel {
		return onConn(ctx, db.write.DB, func(c *pgx.Conn) error {
			return (&pipeline{conn: c, prepared: db.kind.prepared}).transact(ctx, org, fn)
		})
	}
	conn, err := db.write.DB.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = conn.Close() }() // back to the pool
	// Who waits for the one connection that writes may give up; who has it is done in
	// a moment, and goroutines that watch the context would be a good part of it.
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // nothing after a commit
	if err := fn(ctx, direct{execer{db.hot, tx}}); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// one reads one row for the organization, by a prepared query.
func (db *DB) one(ctx context.Context, org callwright.OrgID, query string, args []any, into ...any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !db.kind.rowLevel {
		return direct{execer{db.look, nil}}.row(ctx, query, args, into...)
	}
	return onConn(ctx, db.read.DB, func(c *pgx.Conn) error {
		p := &pipeline{conn: c, prepared: db.kind.prepared}
		if err := p.begin(ctx, org, sqlBeginReading); err != nil {
			return err
		}
		return p.send(ctx, query, args, into, sqlCommit)
	})
}

// onConn lends fn a connection of a pool.
func onConn(ctx context.Context, pool *sql.DB, fn func(*pgx.Conn) error) error {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = conn.Close() }() // back to the pool, which drops a broken one
	return conn.Raw(func(dc any) error { return fn(dc.(*stdlib.Conn).Conn()) })
}

// The statements around those of a transaction.
const (
	sqlBegin        = "BEGIN"
	sqlBeginReading = "BEGIN READ ONLY"
	sqlEnter        = "SELECT set_config('app.current_organization_id', ?, true), set_config('app.server', ?, true)"
	sqlCommit       = "COMMIT"
	sqlRollback     = "ROLLBACK"
)

// A pipeline is a session on a connection to PostgreSQL.
type pipeline struct {
	conn     *pgx.Conn
	prepared func(string) string
	batch    pgx.Batch
	words    []func(error) error // of the batch's statements
}

// transact runs fn between the begin and the end of a transaction.
func (p *pipeline) transact(ctx context.Context, org callwright.OrgID, fn func(context.Context, session) error) error {
	err := p.begin(ctx, org, sqlBegin)
	if err == nil {
		err = fn(ctx, p)
	}
	if err == nil {
		err = p.send(ctx, "", nil, nil, sqlCommit)
	}
	if err != nil && !p.conn.IsClosed() && p.conn.PgConn().TxStatus() != 'I' {
		_, bad := p.conn.Exec(context.WithoutCancel(ctx), sqlRollback)
		return errors.Join(err, bad)
	}
	return err
}

func (p *pipeline) begin(ctx context.Context, org callwright.OrgID, how string) error {
	asServer := ""
	if org == server {
		org, asServer = "", "on"
	}
	if err := p.queue(ctx, how, nil, doing("begin")); err != nil {
		return err
	}
	return p.queue(ctx, sqlEnter, []any{org, asServer}, doing("enter organization"))
}

// queue adds a statement to what travels next.
func (p *pipeline) queue(ctx context.Context, query string, args []any, word func(error) error) error {
	text := p.prepared(query)
	if _, err := p.conn.Prepare(ctx, text, text); err != nil { // once a connection
		return word(err)
	}
	plain := make([]any, len(args))
	for i, a := range args {
		var err error
		if plain[i], err = driver.DefaultParameterConverter.ConvertValue(a); err != nil {
			return word(err)
		}
	}
	p.batch.Queue(text, plain...)
	p.words = append(p.words, word)
	return nil
}

func (p *pipeline) exec(ctx context.Context, query string, args []any, word func(error) error) error {
	return p.queue(ctx, query, args, word)
}

func (p *pipeline) row(ctx context.Context, query string, args []any, into ...any) error {
	return p.send(ctx, query, args, into, "")
}

// send sends all that waits, then a query for one row and a last statement, unless
// they are empty.
func (p *pipeline) send(ctx context.Context, query string, args, into []any, last string) (err error) {
	asIs := func(err error) error { return err }
	at := -1
	if query != "" {
		at = len(p.words)
		if err := p.queue(ctx, query, args, asIs); err != nil {
			return err
		}
	}
	if last != "" {
		if err := p.queue(ctx, last, nil, doing("commit")); err != nil {
			return err
		}
	}
	batch, words := p.batch, p.words
	p.batch, p.words = pgx.Batch{}, nil
	results := p.conn.SendBatch(ctx, &batch)
	defer func() {
		if bad := results.Close(); err == nil && bad != nil {
			err = fmt.Errorf("close batch: %w", bad)
		}
	}()
	none := false
	for i, word := range words {
		if i != at {
			_, err = results.Exec()
		} else if err = results.QueryRow().Scan(into...); errors.Is(err, pgx.ErrNoRows) {
			none, err = true, nil
		}
		if err != nil {
			return word(err)
		}
	}
	if none {
		return sql.ErrNoRows
	}
	return nil
}
