package store

import (
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// A kind is all in which one database differs from the other. Queries are the
// same text for both, with ? for what is bound.
type kind struct {
	goose      goose.Dialect
	migrations string                             // their folder
	locker     func() (lock.SessionLocker, error) // for several servers that migrate at once; nil: there is one
	prepared   func(query string) string          // the text that prepares a query
	lock       string                             // ends a SELECT whose row the transaction goes on to change: the second waits here and reads what the first wrote
	rowLevel   bool                               // every transaction says for which organization it is
	alone      bool                               // no other server uses the database
}

func sqliteKind() kind {
	return kind{goose: goose.DialectSQLite3, migrations: "migrations/sqlite",
		prepared: func(query string) string { return query }, alone: true}
}

func postgresKind() kind {
	return kind{goose: goose.DialectPostgres, migrations: "migrations/postgres",
		locker: func() (lock.SessionLocker, error) {
			return lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300), lock.WithUnlockTimeout(1, 60))
		},
		prepared: numbered, lock: " FOR UPDATE", rowLevel: true}
}

// numbered turns every ? of a query into $1, $2 and so on.
func numbered(query string) string {
	var sb strings.Builder
	for i, part := range strings.Split(query, "?") {
		if i > 0 {
			sb.WriteString("$" + strconv.Itoa(i))
		}
		sb.WriteString(part)
	}
	return sb.String()
}

// duplicate reports whether err is a broken uniqueness constraint.
func duplicate(err error) bool {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	return postgresCode(err) == "23505"
}

// missing reports whether err is of a value that must be there and is not.
func missing(err error) bool {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() == sqlite3.SQLITE_CONSTRAINT_NOTNULL
	}
	return postgresCode(err) == "23502"
}

// notText reports whether a value cannot be in the database, since it is no valid
// text: nothing there has it.
func notText(err error) bool { return postgresCode(err) == "22021" }

func postgresCode(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}
