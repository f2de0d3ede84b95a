package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// statements are prepared statements by their text: parsing one costs about as
// much as running it.
type statements map[string]*sql.Stmt

func (db *DB) prepare(ctx context.Context, pool *sql.DB, queries ...string) (statements, error) {
	s := statements{}
	for _, q := range queries {
		st, err := pool.PrepareContext(ctx, db.kind.prepared(q))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("prepare: %w", err), s.close())
		}
		s[q] = st
	}
	return s, nil
}

func (s statements) close() error {
	var bad error
	for _, st := range s {
		bad = errors.Join(bad, st.Close())
	}
	return bad
}

// execer runs prepared statements, in a transaction when it has one. They find their
// rows by a key, so nobody waits long for one: the goroutines that would watch its
// context cost more than it does.
type execer struct {
	statements statements
	tx         *sql.Tx
}

func (x execer) statement(ctx context.Context, query string) *sql.Stmt {
	if x.tx != nil {
		return x.tx.StmtContext(ctx, x.statements[query])
	}
	return x.statements[query]
}

func (x execer) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	ctx = context.WithoutCancel(ctx)
	return x.statement(ctx, query).ExecContext(ctx, args...)
}

func (x execer) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	ctx = context.WithoutCancel(ctx)
	return x.statement(ctx, query).QueryContext(ctx, args...)
}

func (x execer) row(ctx context.Context, query string, args ...any) *sql.Row {
	ctx = context.WithoutCancel(ctx)
	return x.statement(ctx, query).QueryRowContext(ctx, args...)
}
