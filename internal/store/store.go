// Package store keeps everything that must survive: all SQL is here, the same
// text for SQLite and PostgreSQL, and no rule about who may do what.
//
// Every query takes the organization, so a foreign id is simply not found. It is
// used by control, engine and webchat as a concrete type; there is no storage
// interface. One *DB may be used concurrently.
package store

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"github.com/pressly/goose/v3"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"callwright"
)

//go:embed migrations
var migrations embed.FS

// A DB is an open database with the current schema.
type DB struct {
	write *bun.DB // one connection on SQLite: writers queue here instead of failing as busy
	read  *bun.DB
	hot   statements // of write
	look  statements // of read
	group *group

	// before runs in a transaction just before it commits; see As.
	before func(context.Context, bun.Tx) error
}

// OpenSQLite opens, or makes, the database file in the folder dir and brings it
// to the current schema.
func OpenSQLite(ctx context.Context, dir string) (*DB, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	path := filepath.Join(dir, "callwright.db")
	write, err := openSQLite(path, 1)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, write); err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read, err := openSQLite(path, max(4, runtime.GOMAXPROCS(0)))
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	db := &DB{write: bun.NewDB(write, sqlitedialect.New()), read: bun.NewDB(read, sqlitedialect.New())}
	db.group = &group{commit: db.record}
	db.hot, err = prepare(ctx, write, insertConversation, updateConversation, insertEvent, insertRun, endRunQuery, upsertTurn, deleteTranscript, insertTranscript)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	db.look, err = prepare(ctx, read, selectConversation, selectEvents, selectContinued, selectAgent, selectKey, selectSecret)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func openSQLite(path string, conns int) (*sql.DB, error) {
	q := url.Values{
		"_txlock": {"immediate"},
		// FULL: a journalled intent must survive a power cut, not only a crash.
		"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "temp_store(memory)"},
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations/sqlite")
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	return nil
}

// Close closes the database.
func (db *DB) Close() error {
	return errors.Join(db.hot.close(), db.look.close(), db.read.Close(), db.write.Close())
}

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	_, err := db.read.ExecContext(ctx, "SELECT 1")
	return err
}

// tx runs fn in one write transaction.
func (db *DB) tx(ctx context.Context, fn func(context.Context, bun.Tx) error) error {
	return db.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if err := fn(ctx, tx); err != nil || db.before == nil {
			return err
		}
		return db.before(ctx, tx)
	})
}

// found turns "no rows" into not_found for a thing of the given kind.
func found(err error, kind string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return callwright.Errorf(callwright.CodeNotFound, "There is no such %s in your organization.", kind)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", kind, err)
	}
	return nil
}

// duplicate reports whether err is a broken uniqueness constraint.
func duplicate(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("store: %T cannot be JSON: %v", v, err)) // domain types always can
	}
	return string(b)
}

func decode[T any](doc string) (T, error) {
	var v T
	if err := json.Unmarshal([]byte(doc), &v); err != nil {
		return v, fmt.Errorf("stored %T is damaged: %w", v, err)
	}
	return v, nil
}

func decodeAll[T any](docs []string) ([]T, error) {
	out := make([]T, 0, len(docs))
	for _, d := range docs {
		v, err := decode[T](d)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// list reads one page of the doc column, newest first. Ids sort by time, so the
// last id of a page is its cursor.
func list[T any](ctx context.Context, q *bun.SelectQuery, p callwright.Page) ([]T, callwright.Pagination, error) {
	total, err := q.Clone().Count(ctx)
	if err != nil {
		return nil, callwright.Pagination{}, fmt.Errorf("count: %w", err)
	}
	q = q.Column("id", "doc").OrderExpr("id DESC").Limit(int64(p.Limit) + 1)
	if p.Cursor != "" {
		q = q.Where("id < ?", p.Cursor)
	} else {
		q = q.Offset(int64(p.Page-1) * int64(p.Limit))
	}
	var rows []struct{ ID, Doc string }
	if err := q.Scan(ctx, &rows); err != nil {
		return nil, callwright.Pagination{}, fmt.Errorf("list: %w", err)
	}
	pages := (int(total) + p.Limit - 1) / p.Limit
	info := callwright.Pagination{Page: p.Page, Limit: p.Limit, Total: int(total), TotalPages: pages}
	if len(rows) > p.Limit {
		rows = rows[:p.Limit]
		info.NextCursor = rows[p.Limit-1].ID
	}
	docs := make([]string, len(rows))
	for i, r := range rows {
		docs[i] = r.Doc
	}
	items, err := decodeAll[T](docs)
	return items, info, err
}
