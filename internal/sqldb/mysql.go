package sqldb

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-sql-driver/mysql"

	"callwright"
)

type mysqlSession struct {
	db       *sql.DB
	write    bool
	overflow *atomic.Bool // a connection ended because the database sent too much
}

func (o *Opener) openMySQL(db Database, write bool) (session, error) {
	secured, err := tlsConfig(db)
	if err != nil {
		return nil, err
	}
	c := mysql.NewConfig()
	c.Net, c.Addr, c.DBName, c.User, c.Passwd = "tcp", db.address(), db.Name, db.User, db.Password.Reveal()
	overflow := new(atomic.Bool)
	c.TLS = secured
	c.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		return o.limited(ctx, network, address, func() { overflow.Store(true) })
	}
	c.Logger = &mysql.NopLogger{} // what it would say comes back as an error
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(maxConns)
	pool.SetMaxIdleConns(maxConns)
	pool.SetConnMaxIdleTime(idleTime)
	return &mysqlSession{pool, write, overflow}, nil
}

func (m *mysqlSession) close() { _ = m.db.Close() } // idle connections; nothing to say of them

// limits sets the time that a statement may take, and whether the session may write,
// in the words of each product: the comments are code for MariaDB alone, and for
// MySQL 5.7.20 and newer. A read-only transaction would not be enough: a statement
// that changes the schema ends it first.
const limits = "SET @callwright = 1 /*M!100100 , SESSION max_statement_time = %d.%03d , SESSION tx_read_only = %[4]d */ /*!50720 , SESSION max_execution_time = %[3]d , SESSION transaction_read_only = %[4]d */"

// limit prepares a connection for one statement, whatever the one before it did.
func (m *mysqlSession) limit(ctx context.Context, conn *sql.Conn, timeout time.Duration) error {
	readOnly := 1
	if m.write {
		readOnly = 0
	}
	ms := timeout.Milliseconds()
	_, err := conn.ExecContext(ctx, fmt.Sprintf(limits, ms/1000, ms%1000, ms, readOnly))
	return err
}

func (m *mysqlSession) run(ctx context.Context, q Query) (Rows, error) {
	rows, err := m.transact(ctx, q)
	if err != nil && m.overflow.Swap(false) { // which the driver calls an invalid connection
		err = errTooLarge
	}
	return rows, err
}

func (m *mysqlSession) transact(ctx context.Context, q Query) (Rows, error) {
	conn, err := m.db.Conn(ctx)
	if err != nil {
		return Rows{}, err
	}
	defer func() { _ = conn.Close() }() // back to the pool, which drops a broken one
	if err := m.limit(ctx, conn, q.Timeout); err != nil {
		return Rows{}, err
	}
	return once(ctx, conn, callwright.MySQLConnection, m.write, q, mysqlValue)
}

// mysqlValue is a value of a type as JSON has it.
func mysqlValue(kind string, v any) any {
	raw, ok := v.([]byte)
	if !ok {
		return plainValue(v)
	}
	switch strings.TrimPrefix(kind, "UNSIGNED ") {
	case "TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT", "YEAR", "DECIMAL", "FLOAT", "DOUBLE":
		if json.Valid(raw) {
			return json.Number(raw)
		}
	case "JSON":
		return json.RawMessage(string(raw))
	case "DATETIME", "TIMESTAMP":
		return strings.Replace(string(raw), " ", "T", 1)
	}
	return string(raw)
}

func (m *mysqlSession) tables(ctx context.Context) (n int, err error) {
	err = m.db.QueryRowContext(ctx, "SELECT count(*) FROM information_schema.tables WHERE table_schema = DATABASE()").Scan(&n)
	return n, err
}

func (m *mysqlSession) probe(ctx context.Context) error {
	conn, err := m.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := m.limit(ctx, conn, checkTimeout); err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, "CREATE TABLE callwright_read_only_check (id int)")
	return err
}
