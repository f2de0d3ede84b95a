package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net/url"
	"os"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"callwright"
)

type sqliteSession struct {
	db    *sql.DB
	write bool
}

// openSQLite opens a file that is there, in a sandbox: other files, settings of the
// database, extensions and changes of the schema are out of reach, and so is every
// write unless write.
func openSQLite(path string, write bool) (session, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, &noFile{err}
	}
	sandboxed := &sqlite.Driver{}
	sandboxed.RegisterConnectionHook(func(c sqlite.ExecQuerierContext, _ string) error {
		r, ok := c.(sqlite.AuthorizerRegisterer)
		if !ok {
			return fmt.Errorf("the SQLite driver has no authorizer")
		}
		return r.RegisterAuthorizer(sandbox(write))
	})
	mode := "ro"
	if write {
		mode = "rw"
	}
	params := url.Values{"mode": {mode}, "_txlock": {"deferred"}, "_pragma": {"busy_timeout(2000)", "trusted_schema(0)"}}
	db := sql.OpenDB(connector{sandboxed, "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + params.Encode()})
	db.SetMaxOpenConns(maxConns)
	db.SetConnMaxIdleTime(idleTime)
	return &sqliteSession{db, write}, nil
}

// A connector opens connections of a driver that is registered nowhere.
type connector struct {
	driver *sqlite.Driver
	source string
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.source) }
func (c connector) Driver() driver.Driver                        { return c.driver }

// sandbox allows reading, and changing rows when write.
func sandbox(write bool) sqlite.AuthorizerFn {
	return func(action sqlite.AuthorizerActionCode, _, name, _, _ string) sqlite.AuthorizerReturnCode {
		switch action {
		case sqlite.AuthSelect, sqlite.AuthRead, sqlite.AuthRecursive, sqlite.AuthTransaction:
			return sqlite.AuthorizerOK
		case sqlite.AuthFunction:
			if name != "load_extension" {
				return sqlite.AuthorizerOK
			}
		case sqlite.AuthInsert, sqlite.AuthUpdate, sqlite.AuthDelete:
			if write {
				return sqlite.AuthorizerOK
			}
		}
		return sqlite.AuthorizerDeny
	}
}

func (s *sqliteSession) close() { _ = s.db.Close() } // a file that was read

func (s *sqliteSession) run(ctx context.Context, q Query) (Rows, error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return Rows{}, err
	}
	defer func() { _ = conn.Close() }()
	for id, most := range map[int]int{sqlite3.SQLITE_LIMIT_LENGTH: 1 << 20, sqlite3.SQLITE_LIMIT_ATTACHED: 0, sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100, sqlite3.SQLITE_LIMIT_VDBE_OP: 100_000} {
		if _, err := sqlite.Limit(conn, id, most); err != nil {
			return Rows{}, err
		}
	}
	return once(ctx, conn, callwright.SQLiteConnection, s.write, q, func(_ string, v any) any { return plainValue(v) })
}

func (s *sqliteSession) tables(ctx context.Context) (n int, err error) {
	err = s.db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema WHERE type = 'table'").Scan(&n)
	return n, err
}

func (s *sqliteSession) probe(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, "CREATE TABLE callwright_read_only_check (id int)")
	return err
}
