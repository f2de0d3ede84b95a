package sqldb

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"callwright"
)

var errTooLarge = callwright.Errorf(callwright.CodeTooLarge, "The database sent more than 8 MiB: ask for fewer or smaller columns.")

// A commitError is a commit that broke: nobody can tell whether it happened.
type commitError struct{ err error }

func (e *commitError) Error() string { return "commit: " + e.err.Error() }
func (e *commitError) Unwrap() error { return e.err }

// inDoubt reports whether a write may have happened although it failed.
func inDoubt(err error) bool {
	_, committing := errors.AsType[*commitError](err)
	_, refused := errors.AsType[*pgconn.PgError](err)
	_, refusedByMySQL := errors.AsType[*mysql.MySQLError](err)
	return committing && !refused && !refusedByMySQL
}

// A noFile is a SQLite database that is not there.
type noFile struct{ err error }

func (e *noFile) Error() string { return e.err.Error() }
func (e *noFile) Unwrap() error { return e.err }

// A refusal is the database's own word that it did not run a statement; its status is in
// the terms of HTTP.
type refusal struct{ status int }

func (r *refusal) Error() string { return http.StatusText(r.status) }

// Status tells a failure's status in the terms of HTTP, 0 when the database did not
// answer.
func Status(err error) int {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r.status
	}
	return 0
}

const (
	refusedUser  = "The database refused the user or the password"
	refusedWrite = "The database refused to write in a read-only session"
	busy         = "The database is too busy"
)

func refuse(status int, format string, args ...any) error {
	return callwright.Wrap(callwright.CodeRemoteStatus, &refusal{status}, format, args...)
}

// explain turns the failure of a driver into an error with a code and a sentence
// without values and credentials.
func explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*callwright.Error](err); ok {
		return e
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return explainPostgres(e)
	}
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return explainMySQL(e)
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok && ctx.Err() == nil {
		return explainSQLite(e)
	}
	if e, ok := errors.AsType[*noFile](err); ok {
		return callwright.Wrap(callwright.CodeUnreachable, e, "There is no such SQLite file in the organization's folder on the server.")
	}
	if problem := tlsProblem(err); problem != "" {
		return callwright.Wrap(callwright.CodeUnreachable, err, "The database %s.", problem)
	}
	if ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) {
		return callwright.Wrap(callwright.CodeTimeout, err, "The database did not answer in time.")
	}
	if text := err.Error(); strings.Contains(text, "failed to encode args") || strings.Contains(text, "cannot encode") {
		return callwright.Wrap(callwright.CodeValidation, err, "A value does not fit the type that the statement expects of it.")
	}
	return callwright.Wrap(callwright.CodeConnection, err, "The connection to the database broke.")
}

func refused(code, message string) error {
	return refuse(http.StatusBadRequest, "The database refused the statement (%s): %s.", code, strings.TrimRight(message, "."))
}

func explainPostgres(e *pgconn.PgError) error {
	switch e.Code {
	case "57014":
		return callwright.Errorf(callwright.CodeTimeout, "The statement took too long, and the database gave it up.")
	case "28P01", "28000":
		return refuse(http.StatusUnauthorized, refusedUser+" (SQLSTATE %s).", e.Code)
	case "3D000":
		return refuse(http.StatusNotFound, "The database server has no database of that name (SQLSTATE %s).", e.Code)
	case "25006":
		return refuse(http.StatusForbidden, refusedWrite+" (SQLSTATE %s): the skill must be marked isWrite.", e.Code)
	case "53300", "53400", "57P03":
		return refuse(http.StatusServiceUnavailable, busy+" (SQLSTATE %s).", e.Code)
	}
	return refused("SQLSTATE "+e.Code, e.Message)
}

func explainMySQL(e *mysql.MySQLError) error {
	switch e.Number {
	case 1969, 3024:
		return callwright.Errorf(callwright.CodeTimeout, "The statement took too long, and the database gave it up.")
	case 1044, 1045, 1698:
		return refuse(http.StatusUnauthorized, refusedUser+" (error %d).", e.Number)
	case 1049:
		return refuse(http.StatusNotFound, "The database server has no database of that name (error %d).", e.Number)
	case 1792:
		return refuse(http.StatusForbidden, refusedWrite+" (error %d): the skill must be marked isWrite.", e.Number)
	case 1040, 1203, 1226:
		return refuse(http.StatusServiceUnavailable, busy+" (error %d).", e.Number)
	}
	return refused(fmt.Sprintf("error %d", e.Number), e.Message)
}

func explainSQLite(e *sqlite.Error) error {
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_AUTH:
		return refuse(http.StatusForbidden, refusedWrite+", or to leave its file: a skill that changes rows must be marked isWrite, and nothing else is possible.")
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return refuse(http.StatusServiceUnavailable, busy+": another program writes to the file.")
	case sqlite3.SQLITE_INTERRUPT:
		return callwright.Errorf(callwright.CodeTimeout, "The statement took too long, and was given up.")
	case sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_NOMEM:
		return callwright.Errorf(callwright.CodeTooLarge, "A value of the database is larger than 1 MiB.")
	}
	return refused(fmt.Sprintf("error %d", e.Code()), sqlite.ErrorCodeString[e.Code()&0xff])
}

// tlsProblem completes "The database …".
func tlsProblem(err error) string {
	text := err.Error()
	switch {
	case strings.Contains(text, "server refused TLS"), errors.Is(err, mysql.ErrNoTLS):
		return "does not offer TLS, and an unencrypted connection is not made"
	case errors.As(err, new(x509.HostnameError)):
		return "has a TLS certificate for another name: use its name as host, or sslmode verify-ca"
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return "has a TLS certificate from an unknown authority: send the authority as caPem"
	case errors.As(err, new(x509.CertificateInvalidError)), errors.As(err, new(*tls.CertificateVerificationError)):
		return "has a TLS certificate that is not valid"
	case errors.As(err, new(tls.RecordHeaderError)), strings.Contains(text, "tls:"):
		return "did not complete a TLS handshake (1.2 or newer is needed)"
	}
	return ""
}
