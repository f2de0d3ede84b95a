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
	"strings"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"callwright"
)

//go:embed migrations
var migrations embed.FS

// A DB is an open database with the current schema.
type DB struct {
	kind  kind
	write *bun.DB // one connection on SQLite: writers queue here instead of failing as busy
	read  *bun.DB
	hot   statements // of write
	look  statements // of read
	group *group     // nil: the database shares the wait for the disk among commits itself

	// before runs in a transaction just before it commits; see As.
	before func(context.Context, session) error
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
	read, err := openSQLite(path, max(4, runtime.GOMAXPROCS(0)))
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	db := &DB{kind: sqliteKind(), write: bun.NewDB(write, sqlitedialect.New()), read: bun.NewDB(read, sqlitedialect.New())}
	db.group = newGroup(db.record)
	return db.open(ctx)
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

// postgresConns bounds the connections of one server to PostgreSQL, for reading
// and for writing each: a reader inside a writer's transaction never waits for
// writers.
const postgresConns = 10

// OpenPostgres opens the PostgreSQL database of a postgres:// address and brings
// it to the current schema. Any number of servers may use it at once.
func OpenPostgres(ctx context.Context, address string) (*DB, error) {
	if !strings.HasPrefix(address, "postgres://") && !strings.HasPrefix(address, "postgresql://") {
		return nil, errors.New("open database: the address must begin with postgres://")
	}
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err) // shows no password
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "callwright"
	}
	// bun writes values into the text, so no two are the same: keeping them
	// prepared would only cost. Prepared statements are our own, see prepare.
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	pool := func() *bun.DB {
		db := stdlib.OpenDB(*config)
		db.SetMaxOpenConns(postgresConns)
		db.SetMaxIdleConns(postgresConns)
		db.SetConnMaxIdleTime(5 * time.Minute)
		return bun.NewDB(db, pgdialect.New())
	}
	db := &DB{kind: postgresKind(), write: pool(), read: pool()}
	if err := db.checkRole(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db.open(ctx)
}

// checkRole refuses a role for which row-level security does not count.
func (db *DB) checkRole(ctx context.Context) error {
	var role string
	var over bool
	if err := db.read.QueryRowContext(ctx, "SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user").Scan(&role, &over); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if over {
		return fmt.Errorf("open database: role %s is a superuser or has BYPASSRLS, so nothing would keep organizations apart underneath: use one that is not", role)
	}
	return nil
}

// open migrates and prepares; it closes what it cannot.
func (db *DB) open(ctx context.Context) (*DB, error) {
	err := db.migrate(ctx)
	if err == nil {
		db.hot, err = db.prepare(ctx, db.write.DB, insertConversation, updateConversation, insertEvent, insertRun, endRunQuery, insertMessage, upsertTurn, deleteTranscript, insertTranscript, addUsed,
			selectAgent+db.kind.lock, insertAgent, updateAgent, touchAgent, deleteAgent, selectSkill, insertSkill, updateSkill, deleteSkill, insertAudit, expireKey, insertKey, answerKey)
	}
	if err == nil {
		db.look, err = db.prepare(ctx, db.read.DB, selectConversation, selectEvents, selectContinued, selectAgent, selectKey, selectPublishable, selectSecret, selectSkillOfAgent, selectVersion, selectAnswered, selectUsed)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func (db *DB) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, db.kind.migrations)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	var options []goose.ProviderOption
	if db.kind.locker != nil {
		l, err := db.kind.locker()
		if err != nil {
			return fmt.Errorf("lock migrations: %w", err)
		}
		options = append(options, goose.WithSessionLocker(l))
	}
	p, err := goose.NewProvider(db.kind.goose, db.write.DB, files, options...)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	return nil
}

// Shared reports whether other servers may use the database at the same time.
func (db *DB) Shared() bool { return !db.kind.alone }

// Close closes the database.
func (db *DB) Close() error {
	if db.group != nil {
		db.group.close()
	}
	return errors.Join(db.hot.close(), db.look.close(), db.read.Close(), db.write.Close())
}

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	_, err := db.read.ExecContext(ctx, "SELECT 1")
	return err
}

// server stands for the organization where the server itself works, for none of
// them: it looks for a key, makes an organization, ends what has died.
const server callwright.OrgID = "*"

// tx runs fn in one write transaction for the organization.
func (db *DB) tx(ctx context.Context, org callwright.OrgID, fn func(context.Context, bun.Tx) error) error {
	return db.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if err := db.enter(ctx, tx, org); err != nil {
			return err
		}
		if err := fn(ctx, tx); err != nil || db.before == nil {
			return err
		}
		return db.before(ctx, db.within(tx))
	})
}

// within is the session of a transaction of tx.
func (db *DB) within(tx bun.Tx) session { return direct{execer{db.hot, tx.Tx}} }

// view runs fn, which only reads, for the organization.
func (db *DB) view(ctx context.Context, org callwright.OrgID, fn func(context.Context, reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !db.kind.rowLevel {
		return fn(ctx, reader{db.read, execer{db.look, nil}})
	}
	return db.read.RunInTx(ctx, &sql.TxOptions{ReadOnly: true}, func(ctx context.Context, tx bun.Tx) error {
		if err := db.enter(ctx, tx, org); err != nil {
			return err
		}
		return fn(ctx, reader{tx, execer{db.look, tx.Tx}})
	})
}

// A reader reads with bun, and with the prepared queries.
type reader struct {
	bun.IDB
	prepared execer
}

// enter says for which organization the transaction is, where the database keeps
// them apart itself.
func (db *DB) enter(ctx context.Context, tx bun.Tx, org callwright.OrgID) error {
	if !db.kind.rowLevel {
		return nil
	}
	asServer := ""
	if org == server {
		org, asServer = "", "on"
	}
	if _, err := tx.ExecContext(ctx, sqlEnter, org, asServer); err != nil {
		return fmt.Errorf("enter organization: %w", err)
	}
	return nil
}

// found turns "no rows" into not_found for a thing of the given kind.
func found(err error, kind string) error {
	if errors.Is(err, sql.ErrNoRows) || notText(err) {
		return callwright.Errorf(callwright.CodeNotFound, "There is no such %s in your organization.", kind)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", kind, err)
	}
	return nil
}

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("store: %T cannot be JSON: %v", v, err)) // domain types always can
	}
	return string(b)
}

// asEncoded reads whatever encode writes; the library reads three times as fast.
var asEncoded = jsonv2.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

func decode[T any](doc string) (T, error) {
	var v T
	if err := jsonv2.Unmarshal([]byte(doc), &v, asEncoded); err != nil {
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
func list[T any](ctx context.Context, db *DB, org callwright.OrgID, p callwright.Page, query func(*bun.SelectQuery) *bun.SelectQuery) (items []T, info callwright.Pagination, err error) {
	err = db.view(ctx, org, func(ctx context.Context, r reader) (err error) {
		items, info, err = page[T](ctx, query(r.NewSelect().Where("organization_id = ?", org)), p)
		return err
	})
	return items, info, err
}

func page[T any](ctx context.Context, q *bun.SelectQuery, p callwright.Page) ([]T, callwright.Pagination, error) {
	var rows []struct{ ID, Doc string }
	info, err := cut(ctx, q.Column("id", "doc"), p, &rows)
	if err != nil {
		return nil, info, err
	}
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

// cut counts what a query has and reads one page of it, newest first, with one row more where there is a next page.
func cut(ctx context.Context, q *bun.SelectQuery, p callwright.Page, into any) (callwright.Pagination, error) {
	total, err := q.Clone().Count(ctx)
	if err != nil {
		return callwright.Pagination{}, fmt.Errorf("count: %w", err)
	}
	q = q.OrderExpr("id DESC").Limit(int64(p.Limit) + 1)
	if p.Cursor != "" {
		q = q.Where("id < ?", p.Cursor)
	} else {
		q = q.Offset(int64(p.Page-1) * int64(p.Limit))
	}
	if err := q.Scan(ctx, into); err != nil {
		return callwright.Pagination{}, fmt.Errorf("list: %w", err)
	}
	return callwright.Pagination{Page: p.Page, Limit: p.Limit, Total: int(total), TotalPages: (int(total) + p.Limit - 1) / p.Limit}, nil
}
