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

func prepare(ctx context.Context, db *sql.DB, queries ...string) (statements, error) {
	s := statements{}
	for _, q := range queries {
		st, err := db.PrepareContext(ctx, q)
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

// execer runs prepared statements, in a transaction when it has one.
type execer struct {
	statements statements
	tx         *sql.Tx
}

func (x execer) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	st := x.statements[query]
	if x.tx != nil {
		st = x.tx.StmtContext(ctx, st)
	}
	return st.ExecContext(ctx, args...)
}
