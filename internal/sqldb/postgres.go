package sqldb

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"callwright"
)

type postgres struct {
	pool  *pgxpool.Pool
	write bool
}

func (o *Opener) openPostgres(ctx context.Context, db Database, write bool) (session, error) {
	secured, err := tlsConfig(db)
	if err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig("host=localhost sslmode=disable") // whatever the environment says of these is replaced below
	if err != nil {
		return nil, err
	}
	c := config.ConnConfig
	c.Host, c.Port, c.Database, c.User, c.Password = db.Host, db.Port, db.Name, db.User, db.Password.Reveal()
	c.TLSConfig, c.Fallbacks, c.ConnectTimeout = secured, nil, 0
	c.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		return o.limited(ctx, network, address, func() {})
	}
	c.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil } // the guard looks it up
	c.RuntimeParams = map[string]string{"application_name": "callwright", "DateStyle": "ISO", "TimeZone": "UTC", "client_encoding": "UTF8"}
	if !write {
		c.RuntimeParams["default_transaction_read_only"] = "on"
	}
	c.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec // keeps nothing prepared, for poolers in between
	config.MaxConns, config.MinConns, config.MaxConnIdleTime = maxConns, 0, idleTime
	pool, err := pgxpool.NewWithConfig(context.WithoutCancel(ctx), config)
	return &postgres{pool, write}, err
}

func (p *postgres) close() { p.pool.Close() }

func (p *postgres) run(ctx context.Context, q Query) (Rows, error) {
	text, names := q.Statement.For(callwright.PostgresConnection)
	args := make([]any, 0, len(names)+1)
	args = append(args, pgx.QueryResultFormats{pgx.TextFormatCode})
	for _, name := range names {
		v, err := bindText(q.Values[name])
		if err != nil {
			return Rows{}, err
		}
		args = append(args, v)
	}
	access := pgx.ReadOnly
	if p.write {
		access = pgx.ReadWrite
	}
	tx, err := p.pool.BeginTx(ctx, pgx.TxOptions{AccessMode: access})
	if err != nil {
		return Rows{}, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // nothing after a commit
	if _, err := tx.Exec(ctx, fmt.Sprintf("SET LOCAL statement_timeout = %d", q.Timeout.Milliseconds())); err != nil {
		return Rows{}, err
	}
	out, err := p.read(ctx, tx, text, args)
	if err != nil {
		return Rows{}, err
	}
	if err := tx.Commit(ctx); err != nil {
		return Rows{}, &commitError{err}
	}
	return out, nil
}

func (p *postgres) read(ctx context.Context, tx pgx.Tx, text string, args []any) (Rows, error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return Rows{}, err
	}
	defer rows.Close()
	var c collector
	for rows.Next() && c.more() {
		raw := rows.RawValues()
		row := make(Row, len(raw))
		for i, f := range rows.FieldDescriptions() {
			row[i] = Column{f.Name, postgresValue(f.DataTypeOID, raw[i])}
		}
		c.add(row)
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return Rows{}, err
	}
	if p.write {
		c.rows.Affected = rows.CommandTag().RowsAffected()
		c.rows.none = len(rows.FieldDescriptions()) == 0
	}
	return c.end(), nil
}

// postgresValue is a value in PostgreSQL's text form as JSON has it.
func postgresValue(oid uint32, raw []byte) any {
	if raw == nil {
		return nil
	}
	text := string(raw)
	switch oid {
	case pgtype.BoolOID:
		return text == "t"
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.Float4OID, pgtype.Float8OID, pgtype.NumericOID, pgtype.OIDOID:
		if json.Valid(raw) { // not NaN, not Infinity
			return json.Number(text)
		}
	case pgtype.JSONOID, pgtype.JSONBOID:
		return json.RawMessage(text)
	case pgtype.TimestampOID:
		return strings.Replace(text, " ", "T", 1)
	case pgtype.TimestamptzOID: // the session's zone is UTC
		return strings.Replace(strings.TrimSuffix(text, "+00"), " ", "T", 1) + "Z"
	}
	return text
}

func (p *postgres) tables(ctx context.Context) (n int, err error) {
	err = p.pool.QueryRow(ctx, "SELECT count(*) FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')").Scan(&n)
	return n, err
}

func (p *postgres) probe(ctx context.Context) error {
	_, err := p.pool.Exec(ctx, "CREATE TABLE callwright_read_only_check (id int)")
	return err
}

// address is host:port of a database.
func (db Database) address() string {
	return net.JoinHostPort(db.Host, strconv.Itoa(int(db.Port)))
}
