package dbquery_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	_ "modernc.org/sqlite"

	"callwright"
	"callwright/internal/secret"
	"callwright/internal/skill"
	"callwright/internal/skill/dbquery"
	"callwright/internal/skill/skilltest"
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

const (
	orders = "CREATE TABLE orders (id VARCHAR(2000), status VARCHAR(2000), key_used VARCHAR(200)); INSERT INTO orders (id, status) VALUES ('A-17', 'shipped')"
)

// connections are Databases for tests: each under the name of its kind.
type connections struct {
	opener *sqldb.Opener
	byName map[string]sqldb.Database
}

func (c *connections) Query(ctx context.Context, _ callwright.OrgID, name string, q sqldb.Query) (sqldb.Rows, bool, error) {
	db, ok := c.byName[name]
	if !ok {
		return sqldb.Rows{}, false, callwright.Errorf(callwright.CodeSecretMissing, "There is no connection named %s.", name)
	}
	return c.opener.Query(ctx, db, q)
}

func kinds() []string { return []string{"postgres", "mysql", "sqlite"} }

// mustConnect makes an order in a database of each of the kinds.
func mustConnect(t testing.TB, kinds ...string) *connections {
	t.Helper()
	c := &connections{opener: &sqldb.Opener{Dial: new(net.Dialer).DialContext, Files: t.TempDir()}, byName: map[string]sqldb.Database{}}
	t.Cleanup(c.opener.Close)
	for _, kind := range kinds {
		var g pgtest.Guarded
		switch kind {
		case "postgres":
			g = pgtest.NewGuarded(t, orders)
		case "mysql":
			g = mariatest.New(t, orders)
		default:
			mustMake(t, filepath.Join(c.opener.Files, "org_1", "shop.db"))
			g.Database = "shop.db"
		}
		c.byName[kind] = sqldb.Database{ID: kind, Kind: callwright.ConnectionKind(kind), Host: g.Host, Port: g.Port, Name: g.Database, User: g.User, Password: secret.New(g.Password), SSLMode: callwright.SSLVerifyFull, CA: g.CA, Org: "org_1"}
	}
	return c
}

func mustMake(t testing.TB, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	file, err := sql.Open("sqlite", path)
	if err == nil {
		_, err = file.ExecContext(t.Context(), orders)
	}
	if err = errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
}

func goodCall() skill.Call {
	return skill.Call{Org: "org_1", Agent: "agt_1", Conversation: "cnv_1", Skill: "skl_1", Run: "run_1", Channel: callwright.Chat, Fields: map[string]any{"order_id": "A-17"}, IdempotencyKey: "key-1"}
}

func TestContract(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			skilltest.Run(t, skilltest.Fixture{
				Kind: func(t testing.TB, _ *slog.Logger) skill.Kind { return dbquery.Kind(mustConnect(t, kind)) },
				Settings: func(skilltest.Partner) map[string]any {
					return map[string]any{"connection": kind, "sql_template": "SELECT status FROM orders WHERE id = {order_id}", "timeout_ms": 20_000}
				},
				Bad: []skilltest.Bad{
					{Name: "nothing", Change: map[string]any{"connection": nil, "sql_template": nil}, Fields: []string{"connection", "sql_template"}},
					{Name: "empty", Change: map[string]any{"connection": "", "sql_template": ""}, Fields: []string{"connection", "sql_template"}},
					{Name: "quotes", Change: map[string]any{"sql_template": "SELECT 1 FROM t WHERE a = '{a}'"}, Fields: []string{"sql_template"}},
					{Name: "two statements", Change: map[string]any{"sql_template": "SELECT 1; DROP TABLE orders"}, Fields: []string{"sql_template"}},
					{Name: "too short", Change: map[string]any{"timeout_ms": 99}, Fields: []string{"timeout_ms"}},
					{Name: "too long", Change: map[string]any{"timeout_ms": 60_001}, Fields: []string{"timeout_ms"}},
				},
				Call: goodCall(),
				Data: `{"rows":[{"status":"shipped"}],"count":1}`,
			})
		})
	}
}

func mustOpen(t testing.TB, c *connections, settings map[string]any) skill.Executor {
	t.Helper()
	raw, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	x, err := dbquery.Kind(c).Open(raw)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// hostile makes values such as attackers send: building blocks of SQL, put together
// at random with a seed.
func hostile(n int) []string {
	blocks := []string{"'", "\"", "`", ";", "--", "/*", "*/", "\\", "\\'", "' OR '1'='1", "'; DROP TABLE orders; --", "\") OR 1=1 #", "$1", "?", ":a", "@@version", "{order_id}", "{{", "}}", "%00", "\x1a", "\r\n", "\t",
		"UNION SELECT status FROM orders", "1e308", "0x27", "char(39)", "ʼ", "＇", "%27", "\u202e", "\ufeff", "$$", "$x$", "E'", "N'", "_utf8'", "||(SELECT pg_sleep(9))||", "sleep(9)", "benchmark(1e9,1)", "; ATTACH 'x'", "NULL", "\xf0\x9f\x92\xa9", "a", "é"}
	r := rand.New(rand.NewPCG(6, 6))
	out := append([]string{""}, blocks...)
	for len(out) < n {
		var sb strings.Builder
		for range 1 + r.IntN(6) {
			sb.WriteString(blocks[r.IntN(len(blocks))])
		}
		out = append(out, sb.String())
	}
	return out
}

// Every value arrives as data: what is stored and read back is what was sent, and
// nothing else happens.
func TestInjection(t *testing.T) {
	t.Parallel()
	c := mustConnect(t, kinds()...)
	for kind := range c.byName {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			insert := mustOpen(t, c, map[string]any{"connection": kind, "sql_template": "INSERT INTO orders (id, status, key_used) VALUES ({id}, {value}, {idempotency_key})"})
			find := mustOpen(t, c, map[string]any{"connection": kind, "sql_template": "SELECT status, key_used FROM orders WHERE status = {value} AND id = {id} OR {value} = 'never' LIMIT 2"})
			call := goodCall()
			for i, v := range hostile(1000) {
				id := fmt.Sprintf("N-%d", i)
				call.Fields, call.Write, call.IdempotencyKey = map[string]any{"id": id, "value": v}, true, "key-"+id
				if _, err := insert.Execute(t.Context(), call); err != nil {
					t.Fatalf("%q: insert: %v", v, err)
				}
				call.Write = false
				got, err := find.Execute(t.Context(), call)
				want, _ := json.Marshal(map[string]any{"rows": []any{map[string]any{"status": v, "key_used": "key-" + id}}, "count": 1})
				if err != nil || !sameJSON(got.Data, want) {
					t.Errorf("%q: got %s, %v; want %s", v, got.Data, err, want)
				}
			}
			count := mustOpen(t, c, map[string]any{"connection": kind, "sql_template": "SELECT count(*) AS n FROM orders"})
			if got, err := count.Execute(t.Context(), call); err != nil || string(got.Data) != `{"rows":[{"n":1001}],"count":1}` {
				t.Errorf("afterwards: got %s, %v; want 1001 orders", got.Data, err)
			}
		})
	}
}

func sameJSON(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && fmt.Sprint(x) == fmt.Sprint(y)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	c := mustConnect(t, kinds()...)
	for kind := range c.byName {
		drop := mustOpen(t, c, map[string]any{"connection": kind, "sql_template": "DELETE FROM orders"})
		got, err := drop.Execute(t.Context(), goodCall())
		if callwright.CodeOf(err) != callwright.CodeRemoteStatus || got.Status != 403 || got.Sent || !strings.Contains(string(got.Request), `"read only"`) {
			t.Errorf("%s: a write in a read: got %v, status %d, sent %v, request %s", kind, err, got.Status, got.Sent, got.Request)
		}
	}
	if _, err := mustOpen(t, c, map[string]any{"connection": "none", "sql_template": "SELECT 1"}).Execute(t.Context(), goodCall()); callwright.CodeOf(err) != callwright.CodeSecretMissing {
		t.Errorf("an unknown connection: got %v, want secret_unavailable", err)
	}
}

// The request of a dry run says exactly what would run.
func TestDescription(t *testing.T) {
	t.Parallel()
	x := mustOpen(t, &connections{}, map[string]any{"connection": "shop", "timeout_ms": 500, "sql_template": "UPDATE orders SET status = {status}, key_used = {idempotency_key} WHERE id = {vars.order} AND status <> {status}"})
	call := goodCall()
	call.DryRun, call.Write, call.Fields, call.Vars = true, true, map[string]any{"status": "paid"}, map[string]any{"order": json.Number("17")}
	got, err := x.Execute(t.Context(), call)
	want := `{"connection":"shop","access":"read write","sql":"UPDATE orders SET status = $1, key_used = $2 WHERE id = $3 AND status \u003c\u003e $1","bound":["paid","key-1",17]}`
	if err != nil || string(got.Request) != want || got.Sent || got.Data != nil {
		t.Errorf("got %s, %v; want %s", got.Request, err, want)
	}
	var names []string
	for _, ref := range x.(skill.Templater).TemplateRefs() {
		names = append(names, ref.Setting+" "+ref.Name)
	}
	if got := strings.Join(names, ", "); got != "sql_template status, sql_template vars.order, sql_template status" {
		t.Errorf("templates: got %s", got)
	}
	if x.(skill.Destined).Destination() != "the database connection shop" || x.(skill.Timed).Timeout() != 500*time.Millisecond || x.(skill.Connected).Connection() != "shop" {
		t.Errorf("abilities: got %q, %v, %q", x.(skill.Destined).Destination(), x.(skill.Timed).Timeout(), x.(skill.Connected).Connection())
	}
}
