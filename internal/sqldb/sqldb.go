// Package sqldb runs one SQL statement on a database of the operator's own:
// PostgreSQL, MySQL or MariaDB, SQLite.
//
// Values are bound, never written into the text. A read runs in a session that the
// database itself keeps from writing; a write is one statement in one transaction.
// Time, rows and bytes are capped. Errors are *callwright.Error, with a sentence
// that holds no credential.
//
// It keeps no list of connections, reaches out only through the Dial it was given,
// and is not where the server's own data is (that is store). The skill types of SQL
// describe what runs; control holds the credentials and calls it.
package sqldb

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"callwright"
	"callwright/internal/secret"
)

// The caps of an answer.
const (
	MaxRows  = 50
	MaxBytes = 64 << 10
)

const (
	maxConns     = 4                // of one database, for reads and for writes each
	idleTime     = time.Minute      // after which a connection is given up
	maxMessage   = 8 << 20          // that a database may send for one of our messages
	checkTimeout = 10 * time.Second // of each step of Check
)

// A Database is where a database is, and as whom it is used.
type Database struct {
	ID       string // names it, with Version, for connections that are kept
	Version  int64
	Kind     callwright.ConnectionKind
	Host     string
	Port     uint16
	Name     string // of SQLite, a file in the organization's folder
	User     string
	Password secret.String
	SSLMode  callwright.SSLMode
	CA       string // PEM; empty: the system's authorities
	Org      callwright.OrgID
}

// A Query is one run of a statement.
type Query struct {
	Statement *Statement
	Values    map[string]any // by name: string, bool, nil, json.Number, []any or map[string]any
	Write     bool           // it may change something
	Timeout   time.Duration  // that the database is told too
}

// Rows is what came back.
type Rows struct {
	Rows      []Row `json:"rows"`
	Count     int   `json:"count"`               // of Rows
	Affected  int64 `json:"affected,omitempty"`  // rows that a write changed
	Truncated bool  `json:"truncated,omitempty"` // there are more than the caps let through

	none bool // the statement answers without rows, which is not the same as finding none
}

// MarshalJSON writes {"rows": […], "count": n}, or {"affected": n} of a statement that
// answers without rows.
func (r Rows) MarshalJSON() ([]byte, error) {
	if r.none {
		return fmt.Appendf(nil, `{"affected":%d}`, r.Affected), nil
	}
	type plain Rows
	return json.Marshal(plain(r))
}

// An Opener opens databases, and keeps their connections for a while. It may be
// used concurrently.
type Opener struct {
	// Dial opens a guarded connection to host:port.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Files is the folder of SQLite databases: a folder in it for each organization.
	Files string

	mu   sync.Mutex
	open map[string]*pools
}

// pools are the sessions of a version of a database.
type pools struct {
	version int64
	read    session
	write   session
}

// A session runs statements on one database, either reads alone or anything.
type session interface {
	run(ctx context.Context, q Query) (Rows, error)
	tables(ctx context.Context) (int, error) // that the user sees
	probe(ctx context.Context) error         // tries to write: nil when it could
	close()
}

// Query runs a statement.
//
// sent tells, when it fails, whether a write may have happened all the same: only
// when the connection broke while it was being committed.
func (o *Opener) Query(ctx context.Context, db Database, q Query) (rows Rows, sent bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, q.Timeout)
	defer cancel()
	s, err := o.session(ctx, db, q.Write)
	if err != nil {
		return Rows{}, false, explain(ctx, err)
	}
	rows, err = s.run(ctx, q)
	if err != nil {
		return Rows{}, inDoubt(err), explain(ctx, err)
	}
	return rows, true, nil
}

func (o *Opener) session(ctx context.Context, db Database, write bool) (session, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p := o.open[db.ID]
	if p == nil || p.version != db.Version {
		if p != nil {
			go p.close() // waits for what is under way
		}
		p = &pools{version: db.Version}
		if o.open == nil {
			o.open = map[string]*pools{}
		}
		o.open[db.ID] = p
	}
	kept := &p.read
	if write {
		kept = &p.write
	}
	if *kept == nil {
		s, err := o.start(ctx, db, write)
		if err != nil {
			return nil, err
		}
		*kept = s
	}
	return *kept, nil
}

// start makes a session. Nothing is reached yet.
func (o *Opener) start(ctx context.Context, db Database, write bool) (session, error) {
	switch db.Kind {
	case callwright.PostgresConnection:
		return o.openPostgres(ctx, db, write)
	case callwright.MySQLConnection:
		return o.openMySQL(db, write)
	default:
		return openSQLite(filepath.Join(o.Files, string(db.Org), db.Name), write)
	}
}

// Forget gives the connections of a database up.
func (o *Opener) Forget(id string) {
	o.mu.Lock()
	p := o.open[id]
	delete(o.open, id)
	o.mu.Unlock()
	if p != nil {
		p.close()
	}
}

// Close gives all connections up, once what is under way has ended.
func (o *Opener) Close() {
	o.mu.Lock()
	all := o.open
	o.open = nil
	o.mu.Unlock()
	for _, p := range all {
		p.close()
	}
}

func (p *pools) close() {
	for _, s := range []session{p.read, p.write} {
		if s != nil {
			s.close()
		}
	}
}

// A limited connection bounds what a database may send for each message of ours:
// drivers read whole rows into memory.
type limited struct {
	net.Conn
	left     atomic.Int64
	overflow func()
}

// limited dials. overflow is called when the database sends too much.
func (o *Opener) limited(ctx context.Context, network, address string, overflow func()) (net.Conn, error) {
	c, err := o.Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l := &limited{Conn: c, overflow: overflow}
	l.left.Store(maxMessage)
	return l, nil
}

// Write sends, and allows another answer.
func (l *limited) Write(b []byte) (int, error) {
	l.left.Store(maxMessage)
	return l.Conn.Write(b)
}

// Read receives what is left of an answer.
func (l *limited) Read(b []byte) (int, error) {
	left := l.left.Load()
	if left <= 0 {
		l.overflow()
		return 0, errTooLarge
	}
	n, err := l.Conn.Read(b[:min(int64(len(b)), left)])
	l.left.Add(int64(-n))
	return n, err
}
