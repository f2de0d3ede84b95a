package sqldb_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"callwright"
	"callwright/internal/secret"
	"callwright/internal/sqldb"
	"callwright/internal/sqldb/mariatest"
	"callwright/internal/store/pgtest"
)

func TestMain(m *testing.M) {
	status := mariatest.Main{M: pgtest.Main{M: m}}.Run()
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

const schema = `CREATE TABLE orders (id %s PRIMARY KEY, status VARCHAR(2000) NOT NULL, total DECIMAL(20,2), weight DOUBLE PRECISION, paid BOOLEAN, placed %s, note TEXT);
INSERT INTO orders VALUES (1, 'shipped', 19.90, 1.5, true, '2026-03-04 10:20:30', NULL), (2, 'it''s {late} "now"', 12345678901234567.89, 0.1, false, NULL, '✓ ünïcode')`

// each runs a test on every kind of database, with the same two orders in it.
func each(t *testing.T, run func(*testing.T, *sqldb.Opener, sqldb.Database)) {
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		run(t, opener(t, ""), postgres(t))
	})
	t.Run("MariaDB", func(t *testing.T) {
		t.Parallel()
		run(t, opener(t, ""), database(callwright.MySQLConnection, mariatest.New(t, fmt.Sprintf(schema, "BIGINT", "DATETIME"))))
	})
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		mustMake(t, filepath.Join(dir, "org_1", "shop.db"), fmt.Sprintf(schema, "INTEGER", "TEXT"))
		run(t, opener(t, dir), sqldb.Database{ID: "con_1", Version: 1, Kind: callwright.SQLiteConnection, Org: "org_1", Name: "shop.db"})
	})
}

func postgres(t *testing.T) sqldb.Database {
	return database(callwright.PostgresConnection, pgtest.NewGuarded(t, fmt.Sprintf(schema, "BIGINT", "TIMESTAMP")))
}

func database(kind callwright.ConnectionKind, g pgtest.Guarded) sqldb.Database {
	return sqldb.Database{ID: "con_1", Version: 1, Kind: kind, Host: g.Host, Port: g.Port, Name: g.Database, User: g.User, Password: secret.New(g.Password), SSLMode: callwright.SSLVerifyFull, CA: g.CA}
}

func opener(t *testing.T, files string) *sqldb.Opener {
	o := &sqldb.Opener{Dial: new(net.Dialer).DialContext, Files: files}
	t.Cleanup(o.Close)
	return o
}

func mustMake(t *testing.T, path, statements string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statements); err != nil {
		t.Fatal(err)
	}
}

func statement(t testing.TB, text string) *sqldb.Statement {
	t.Helper()
	s, err := sqldb.ParseStatement(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s
}

// try runs a statement and returns the answer as JSON.
func try(t testing.TB, o *sqldb.Opener, db sqldb.Database, write bool, text string, values map[string]any) (string, error) {
	t.Helper()
	rows, _, err := o.Query(t.Context(), db, sqldb.Query{Statement: statement(t, text), Values: values, Write: write, Timeout: 10 * time.Second})
	if err != nil {
		return "", err
	}
	raw, err := json.Marshal(rows)
	return string(raw), err
}

func TestReads(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, o *sqldb.Opener, db sqldb.Database) {
		truth := map[callwright.ConnectionKind]string{callwright.PostgresConnection: "true"}[db.Kind]
		if truth == "" {
			truth = "1" // a BOOLEAN is a number there
		}
		day := `"2026-03-04T10:20:30"`
		if db.Kind == callwright.SQLiteConnection {
			day = `"2026-03-04 10:20:30"` // a TEXT
		}
		total := "19.90"
		if db.Kind == callwright.SQLiteConnection {
			total = "19.9" // a float
		}
		for text, want := range map[string]string{
			"SELECT id, status, total, weight, paid, placed, note FROM orders WHERE id = {id}": `{"rows":[{"id":1,"status":"shipped","total":` + total + `,"weight":1.5,"paid":` + truth + `,"placed":` + day + `,"note":null}],"count":1}`,
			"SELECT status FROM orders WHERE status = {status} ;":                              `{"rows":[{"status":"it's {late} \"now\""}],"count":1}`,
			"SELECT note, note FROM orders WHERE id = 2 -- the last":                           `{"rows":[{"note":"✓ ünïcode"}],"count":1}`,
			"SELECT id FROM orders WHERE id = {none}":                                          `{"rows":[],"count":0}`,
			"SELECT id FROM orders WHERE id = {id} OR id = {id} OR id < {id}":                  `{"rows":[{"id":1}],"count":1}`,
			"SELECT '{{' AS a FROM orders WHERE id = {vars.id}":                                `{"rows":[{"a":"{"}],"count":1}`,
		} {
			got, err := try(t, o, db, false, text, map[string]any{"id": json.Number("1"), "status": `it's {late} "now"`, "vars.id": json.Number("2")})
			if err != nil || got != want {
				t.Errorf("%s: got %s, %v; want %s", text, got, err, want)
			}
		}
	})
}

func TestWrites(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, o *sqldb.Opener, db sqldb.Database) {
		values := map[string]any{"id": json.Number("3"), "status": "new", "yes": true, "list": []any{"a", json.Number("1")}}
		got, err := try(t, o, db, true, "INSERT INTO orders (id, status, paid, note) VALUES ({id}, {status}, {yes}, {list})", values)
		if err != nil || got != `{"affected":1}` {
			t.Fatalf("insert: got %s, %v", got, err)
		}
		if got, err = try(t, o, db, true, "DELETE FROM orders WHERE id = {id} RETURNING status, note", values); err != nil || !strings.HasPrefix(got, `{"rows":[{"status":"new","note":"[\"a\",1]"}],"count":1`) {
			t.Errorf("delete: got %s, %v", got, err)
		}
		// A statement that fails changes nothing, and says so.
		_, sent, err := o.Query(t.Context(), db, sqldb.Query{Statement: statement(t, "INSERT INTO orders (id, status) VALUES (8, 'a'), (1, 'b')"), Write: true, Timeout: 5 * time.Second})
		if callwright.CodeOf(err) != callwright.CodeRemoteStatus || sent || sqldb.Status(err) != 400 {
			t.Errorf("a duplicate: got %v, sent %v, status %d; want remote_status, false, 400", err, sent, sqldb.Status(err))
		}
		if got, err = try(t, o, db, false, "SELECT count(*) AS n FROM orders", nil); err != nil || got != `{"rows":[{"n":2}],"count":1}` {
			t.Errorf("afterwards: got %s, %v; want two orders", got, err)
		}
	})
}

// The session of a read is the database's own: whatever the statement says.
func TestReadsCannotWrite(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, o *sqldb.Opener, db sqldb.Database) {
		for _, text := range []string{"INSERT INTO orders (id, status) VALUES (9, 'x')", "UPDATE orders SET status = 'x'", "DELETE FROM orders", "CREATE TABLE more (id int)", "DROP TABLE orders",
			"DELETE FROM orders RETURNING id", "ALTER TABLE orders ADD COLUMN x int"} {
			_, err := try(t, o, db, false, text, nil)
			if callwright.CodeOf(err) != callwright.CodeRemoteStatus || sqldb.Status(err) != 403 || !strings.Contains(err.Error(), "isWrite") {
				t.Errorf("%s: got %v (status %d), want a refusal that names isWrite", text, err, sqldb.Status(err))
			}
		}
		if db.Kind == callwright.PostgresConnection {
			for _, text := range []string{"WITH gone AS (DELETE FROM orders RETURNING id) SELECT * FROM gone", "SELECT set_config('transaction_read_only', 'off', true)", "SET TRANSACTION READ WRITE"} {
				_, _ = try(t, o, db, false, text, nil) // the second may be allowed, and must not last
			}
		}
		if db.Kind == callwright.MySQLConnection {
			for _, text := range []string{"SET SESSION TRANSACTION READ WRITE", "SET SESSION tx_read_only = 0"} { // must not last
				_, _ = try(t, o, db, false, text, nil)
				if _, err := try(t, o, db, false, "DROP TABLE orders", nil); sqldb.Status(err) != 403 {
					t.Errorf("after %s: got %v, want a refusal", text, err)
				}
			}
		}
		if got, err := try(t, o, db, false, "SELECT count(*) AS n FROM orders WHERE status <> 'x'", nil); err != nil || got != `{"rows":[{"n":2}],"count":1}` {
			t.Errorf("afterwards: got %s, %v; want both orders", got, err)
		}
	})
}

// SQLite is in the server's process: nothing leaves the one file.
func TestSandbox(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mustMake(t, filepath.Join(dir, "org_1", "shop.db"), fmt.Sprintf(schema, "INTEGER", "TEXT"))
	mustMake(t, filepath.Join(dir, "org_2", "other.db"), "CREATE TABLE hidden (id int)")
	o := opener(t, dir)
	db := sqldb.Database{ID: "con_1", Version: 1, Kind: callwright.SQLiteConnection, Org: "org_1", Name: "shop.db"}
	other := filepath.Join(dir, "org_2", "other.db")
	for _, text := range []string{"ATTACH '" + other + "' AS other", "DETACH main", "VACUUM INTO '" + filepath.Join(dir, "copy.db") + "'", "PRAGMA query_only = 0", "PRAGMA journal_mode = DELETE", "PRAGMA writable_schema = 1",
		"CREATE TABLE x (id int)", "CREATE VIRTUAL TABLE x USING fts5(a)", "CREATE TEMP TABLE x (id int)", "DROP TABLE orders", "ANALYZE", "SELECT load_extension('x')", "CREATE TRIGGER x AFTER INSERT ON orders BEGIN SELECT 1; END"} {
		s, err := sqldb.ParseStatement(text)
		if err != nil {
			continue // refused when it is saved
		}
		for _, write := range []bool{false, true} {
			if _, _, err := o.Query(t.Context(), db, sqldb.Query{Statement: s, Write: write, Timeout: 5 * time.Second}); err == nil {
				t.Errorf("%s (write %v): got no error", text, write)
			}
		}
	}
	if files, err := filepath.Glob(filepath.Join(dir, "*.db")); err != nil || len(files) > 0 {
		t.Errorf("got files %v, %v; want none made", files, err)
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, o *sqldb.Opener, db sqldb.Database) {
		text := map[callwright.ConnectionKind]string{callwright.PostgresConnection: "SELECT pg_sleep(60)", callwright.MySQLConnection: "SELECT sleep(60) FROM orders"}[db.Kind]
		if text == "" {
			text = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
		}
		_, _, err := o.Query(t.Context(), db, sqldb.Query{Statement: statement(t, text), Timeout: 300 * time.Millisecond})
		if callwright.CodeOf(err) != callwright.CodeTimeout {
			t.Errorf("got %v, want timeout", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := o.Query(ctx, db, sqldb.Query{Statement: statement(t, "SELECT 1"), Timeout: time.Second}); callwright.CodeOf(err) != callwright.CodeTimeout {
			t.Errorf("given up before: got %v, want timeout", err)
		}
		if got, err := try(t, o, db, false, "SELECT 1 AS a", nil); err != nil || got != `{"rows":[{"a":1}],"count":1}` {
			t.Errorf("afterwards: got %s, %v", got, err)
		}
	})
}

func TestCaps(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, o *sqldb.Opener, db sqldb.Database) {
		for i := 10; i < 75; i++ {
			if _, err := try(t, o, db, true, "INSERT INTO orders (id, status) VALUES ({id}, {s})", map[string]any{"id": json.Number(fmt.Sprint(i)), "s": strings.Repeat("x", 1900)}); err != nil {
				t.Fatal(err)
			}
		}
		rows, _, err := o.Query(t.Context(), db, sqldb.Query{Statement: statement(t, "SELECT id FROM orders"), Timeout: 5 * time.Second})
		if err != nil || rows.Count != sqldb.MaxRows || len(rows.Rows) != sqldb.MaxRows || !rows.Truncated {
			t.Errorf("many rows: got %d, truncated %v, %v; want %d of more", rows.Count, rows.Truncated, err, sqldb.MaxRows)
		}
		rows, _, err = o.Query(t.Context(), db, sqldb.Query{Statement: statement(t, "SELECT status FROM orders WHERE id > 9"), Timeout: 5 * time.Second})
		raw, _ := json.Marshal(rows)
		if err != nil || !rows.Truncated || len(raw) > sqldb.MaxBytes+100 || rows.Count < 30 {
			t.Errorf("many bytes: got %d in %d rows, truncated %v, %v; want at most %d", len(raw), rows.Count, rows.Truncated, err, sqldb.MaxBytes)
		}
		huge := map[callwright.ConnectionKind]string{callwright.PostgresConnection: "SELECT repeat('x', 20000000)", callwright.MySQLConnection: "SELECT repeat('x', 10000000)"}[db.Kind]
		if huge == "" {
			huge = "SELECT zeroblob(2000000)"
		}
		if _, err = try(t, o, db, false, huge, nil); callwright.CodeOf(err) != callwright.CodeTooLarge {
			t.Errorf("a huge value: got %v, want response_too_large", err)
		}
	})
}

// What is wrong with a connection is told without its credentials.
func TestRefused(t *testing.T) {
	t.Parallel()
	g := postgres(t)
	m := database(callwright.MySQLConnection, mariatest.New(t, "SELECT 1"))
	o := opener(t, t.TempDir())
	with := func(db sqldb.Database, id string, change func(*sqldb.Database)) sqldb.Database {
		db.ID = id
		change(&db)
		return db
	}
	for name, c := range map[string]struct {
		db   sqldb.Database
		code callwright.Code
		says string
	}{
		"postgres password": {with(g, "a", func(d *sqldb.Database) { d.Password = secret.New("wrong-canary") }), callwright.CodeRemoteStatus, "user or the password"},
		"mysql password":    {with(m, "b", func(d *sqldb.Database) { d.Password = secret.New("wrong-canary") }), callwright.CodeRemoteStatus, "user or the password"},
		"postgres database": {with(g, "c", func(d *sqldb.Database) { d.Name = "nothing" }), callwright.CodeRemoteStatus, "no database of that name"},
		"postgres name":     {with(g, "d", func(d *sqldb.Database) { d.Host = "localhost" }), callwright.CodeUnreachable, "another name"},
		"postgres CA":       {with(g, "e", func(d *sqldb.Database) { d.CA = "" }), callwright.CodeUnreachable, "unknown authority"},
		"mysql CA":          {with(m, "f", func(d *sqldb.Database) { d.CA = "" }), callwright.CodeUnreachable, "unknown authority"},
		"no file":           {sqldb.Database{ID: "g", Kind: callwright.SQLiteConnection, Org: "org_1", Name: "none.db"}, callwright.CodeUnreachable, "no such SQLite file"},
		"bad PEM":           {with(g, "h", func(d *sqldb.Database) { d.CA = "x" }), callwright.CodeValidation, "no certificate"},
	} {
		_, err := try(t, o, c.db, false, "SELECT 1", nil)
		if callwright.CodeOf(err) != c.code || !strings.Contains(fmt.Sprint(err), c.says) || strings.Contains(fmt.Sprint(err), "canary") {
			t.Errorf("%s: got %v; want %s that says %q", name, err, c.code, c.says)
		}
	}
	for name, db := range map[string]sqldb.Database{
		"verify-ca": with(g, "i", func(d *sqldb.Database) { d.SSLMode, d.Host = callwright.SSLVerifyCA, "localhost" }),
		"require":   with(g, "j", func(d *sqldb.Database) { d.SSLMode, d.CA = callwright.SSLRequire, "" }),
	} {
		if _, err := try(t, o, db, false, "SELECT 1", nil); err != nil {
			t.Errorf("%s: got %v, want an answer", name, err)
		}
	}
	if _, err := try(t, o, with(g, "k", func(d *sqldb.Database) { d.SSLMode, d.CA = callwright.SSLVerifyCA, "" }), false, "SELECT 1", nil); callwright.CodeOf(err) != callwright.CodeUnreachable {
		t.Errorf("verify-ca without the authority: got %v, want destination_unreachable", err)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, o *sqldb.Opener, db sqldb.Database) {
		var names []string
		for _, c := range o.Check(t.Context(), db) {
			names = append(names, c.Name)
			if !c.OK || c.Detail == "" {
				t.Errorf("%s: got %+v, want success", c.Name, c)
			}
		}
		if got := strings.Join(names, " "); got != "reachable authenticated schema read read_only latency" {
			t.Errorf("got the steps %s", got)
		}
		if db.Kind == callwright.SQLiteConnection {
			db.Name = "none.db"
		} else {
			db.Password = secret.New("wrong-canary")
		}
		checks := o.Check(t.Context(), db)
		last := checks[len(checks)-1]
		want := "authenticated"
		if db.Kind == callwright.SQLiteConnection {
			want = "reachable"
		}
		if last.OK || last.Name != want || strings.Contains(last.Detail, "canary") {
			t.Errorf("got %+v, want %s to fail, and the end there", checks, want)
		}
	})
}
