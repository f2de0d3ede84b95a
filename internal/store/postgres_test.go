package store_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"

	"callwright"
	"callwright/internal/store"
	"callwright/internal/store/pgtest"
	"callwright/internal/store/storetest"
)

func mustOpenPostgres(t testing.TB, address string) *store.DB {
	t.Helper()
	db, err := store.OpenPostgres(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t testing.TB) *store.DB { return mustOpenPostgres(t, pgtest.New(t)) })
}

func mustSQL(t testing.TB, driver, address string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

// mustStrings returns what a query finds, its columns with spaces between.
func mustStrings(t testing.TB, q interface {
	Query(string, ...any) (*sql.Rows, error)
}, query string,
) []string {
	t.Helper()
	rows, err := q.Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for rows.Next() {
		values, targets := make([]string, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		out = append(out, strings.Join(values, " "))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

const tenantTables = "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'organization_id' ORDER BY 1"

// Both databases have the same tables, columns, types, keys and indexes.
func TestSchemasAreTheSame(t *testing.T) {
	t.Parallel()
	dir, address := t.TempDir(), pgtest.New(t)
	lite := mustOpen(t, dir)
	defer lite.Close()
	mustOpenPostgres(t, address)
	sqlite, postgres := mustSQL(t, "sqlite", "file:"+filepath.Join(dir, "callwright.db")), mustSQL(t, "pgx", address)
	for what, queries := range map[string][2]string{
		"columns": {
			`SELECT m.name, c.name, lower(c.type), c."notnull" FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'goose%' AND m.name NOT LIKE 'sqlite%'`,
			`SELECT table_name, column_name, data_type, CASE is_nullable WHEN 'NO' THEN 1 ELSE 0 END FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'goose%'`,
		},
		"uniqueness": {
			`SELECT m.name, (SELECT group_concat(name, ',') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)) FROM sqlite_master m JOIN pragma_index_list(m.name) i WHERE i."unique" AND m.name NOT LIKE 'goose%'`,
			`SELECT i.indrelid::regclass::text, (SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(i.indkey) WITH ORDINALITY k(att, n) JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.att)
			 FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = 'public'::regnamespace AND i.indisunique AND c.relname NOT LIKE 'goose%'`,
		},
		"indexes": {
			`SELECT name, tbl_name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name NOT LIKE 'goose%'`,
			`SELECT indexname, tablename FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'goose%' AND indexname NOT LIKE '%_key' AND indexname NOT LIKE '%_pkey' OR indexname = 'turns_key'`,
		},
		"foreign keys": {
			`SELECT DISTINCT m.name, f."table" FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE f.on_delete = 'CASCADE'`,
			`SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint WHERE contype = 'f' AND confdeltype = 'c'`,
		},
	} {
		left, right := mustStrings(t, sqlite, queries[0]), mustStrings(t, postgres, queries[1])
		slices.Sort(left)
		slices.Sort(right)
		if len(left) == 0 || !slices.Equal(left, right) {
			t.Errorf("%s differ:\nSQLite\n%s\nPostgreSQL\n%s", what, strings.Join(left, "\n"), strings.Join(right, "\n"))
		}
	}
}

// Without any filter in the query, an organization finds its own rows alone, in
// every table, and nobody in particular finds none.
func TestRowLevelSecurity(t *testing.T) {
	t.Parallel()
	ctx, address := t.Context(), pgtest.New(t)
	db := mustOpenPostgres(t, address)
	raw := mustSQL(t, "pgx", address)
	tables := mustStrings(t, raw, tenantTables)
	var orgs []callwright.OrgID
	for i := range 2 {
		org, err := db.EnsureOrg(ctx, callwright.Org{ID: callwright.OrgID(fmt.Sprintf("org_%d", i)), Name: fmt.Sprint("org ", i)})
		if err != nil {
			t.Fatal(err)
		}
		orgs = append(orgs, org.ID)
		fill(t, db, org.ID)
	}
	as := func(org callwright.OrgID, table string) []string {
		tx, err := raw.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback() }()
		if org != "" {
			if _, err := tx.Exec("SELECT set_config('app.current_organization_id', $1, true)", org); err != nil {
				t.Fatal(err)
			}
		}
		column := "organization_id"
		if table == "organizations" {
			column = "id"
		}
		return mustStrings(t, tx, "SELECT DISTINCT "+column+" FROM "+table)
	}
	for _, table := range append(tables, "organizations") {
		for _, org := range orgs {
			if got := as(org, table); !slices.Equal(got, []string{string(org)}) {
				t.Errorf("%s as %s: got rows of %v, want its own", table, org, got)
			}
		}
		if got := as("", table); len(got) != 0 {
			t.Errorf("%s as nobody: got rows of %v, want none", table, got)
		}
	}
	if len(tables) < 15 {
		t.Errorf("got %d tables of organizations: the test looks at the wrong place", len(tables))
	}
	// Nor can it change or make another's.
	for _, query := range []string{"UPDATE agents SET doc = 'x' WHERE organization_id = 'org_1'", "DELETE FROM agents WHERE organization_id = 'org_1'",
		"INSERT INTO secrets (organization_id, id, name, sealed, allowed_hosts, created_at, updated_at) VALUES ('org_1', 's', 's', 's', 's', 0, 0)",
		"UPDATE agents SET organization_id = 'org_1' WHERE organization_id = 'org_0'"} {
		tx, err := raw.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec("SELECT set_config('app.current_organization_id', 'org_0', true)"); err != nil {
			t.Fatal(err)
		}
		res, err := tx.Exec(query)
		if err == nil {
			if n, err := res.RowsAffected(); err != nil || n != 0 {
				t.Errorf("%s: changed %d rows, %v; want none", query, n, err)
			}
		} else if !strings.Contains(err.Error(), "row-level security") {
			t.Errorf("%s: got %v, want row-level security", query, err)
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
}

// What the server does for no organization in particular reaches six tables.
func TestServerPolicies(t *testing.T) {
	t.Parallel()
	address := pgtest.New(t)
	mustOpenPostgres(t, address)
	raw := mustSQL(t, "pgx", address)
	got := mustStrings(t, raw, "SELECT tablename, cmd FROM pg_policies WHERE qual LIKE '%app.server%' ORDER BY 1, 2")
	want := []string{"api_keys SELECT", "idempotency DELETE", "idempotency SELECT", "organizations ALL", "publishable_keys SELECT", "runs SELECT", "runs UPDATE", "sms_sent DELETE", "sms_sent SELECT"}
	if !slices.Equal(got, want) {
		t.Errorf("policies of the server: got %v, want %v", got, want)
	}
	got = mustStrings(t, raw, "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND NOT (relrowsecurity AND relforcerowsecurity)")
	if !slices.Equal(got, []string{"goose_db_version"}) {
		t.Errorf("tables without forced row-level security: got %v, want that of the migrations alone", got)
	}
}

// fill makes something in every table.
func fill(t testing.TB, db *store.DB, org callwright.OrgID) {
	t.Helper()
	ctx, id := t.Context(), string(org)
	agent := callwright.Agent{ID: callwright.AgentID("agt_" + id), OrganizationID: org}
	c := callwright.Conversation{ID: callwright.ConversationID("cnv_" + id), OrganizationID: org, AgentID: agent.ID}
	run := callwright.Run{ID: callwright.RunID("run_" + id), OrganizationID: org, ConversationID: c.ID, AgentID: agent.ID, IdempotencyKey: "k", State: callwright.RunRunning}
	actor := callwright.Actor{Org: org, Once: &callwright.Once{Key: "k", Answer: func(any) (int, []byte, error) { return 200, nil, nil }}}
	for what, do := range map[string]func() error{
		"key":    func() error { return db.CreateKey(ctx, callwright.Key{ID: "key_1", OrganizationID: org}, "hash "+id) },
		"secret": func() error { return db.CreateSecret(ctx, org, callwright.Secret{ID: "sec_1", Name: "s"}, "sealed") },
		"connection": func() error {
			return db.CreateConnection(ctx, store.ConnectionRecord{Connection: callwright.Connection{ID: "con_1", OrganizationID: org, Name: "c"}})
		},
		"opt-out": func() error {
			_, err := db.AddOptOut(ctx, callwright.OptOut{ID: "opt_1", OrganizationID: org, Number: "+12125550123"})
			return err
		},
		"sent text": func() error {
			return db.UpdateSentTexts(ctx, org, "+12125550123", func(bool, []callwright.SentText) ([]callwright.SentText, error) {
				return []callwright.SentText{{Run: "run_1", At: 1}}, nil
			})
		},
		"agent, skill, rules and version": func() error {
			if err := db.As(actor, callwright.Time(1).Time(), store.Change{Action: "agent.create", Resource: string(agent.ID)}).CreateAgent(ctx, agent); err != nil {
				return err
			}
			if err := db.CreatePublishableKey(ctx, callwright.PublishableKey{ID: "pk_1", OrganizationID: org, AgentID: agent.ID, KeyPublic: "text " + id}); err != nil {
				return err
			}
			if err := db.CreateSkill(ctx, callwright.Skill{ID: callwright.SkillID("skl_" + id), OrganizationID: org, AgentID: agent.ID}); err != nil {
				return err
			}
			if err := db.ReplaceGuardrails(ctx, org, agent.ID, []callwright.Guardrail{{ID: "grd_1"}}, 2); err != nil {
				return err
			}
			_, err := db.Publish(ctx, org, agent.ID, func(_ callwright.Snapshot, n int) (callwright.Version, error) {
				return callwright.Version{ID: callwright.VersionID("ver_" + id), Version: n}, nil
			})
			return err
		},
		"conversation": func() error {
			return db.Record(ctx, store.Entry{Conversation: &c, New: true, Events: []callwright.Event{{ID: "evt_1", ConversationID: c.ID, Seq: 1}}, Begin: []callwright.Run{run},
				Messages: []callwright.TakenMessage{{ID: callwright.MessageID("msg_" + id), OrganizationID: org, AgentID: agent.ID}},
				Turn:     &store.Turn{Turn: 1}, Transcript: "t", Used: store.Used{Tokens: 1}})
		},
	} {
		if err := do(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
}

// Several servers that start at once on an empty database migrate it once.
func TestPostgresOpenedAtOnce(t *testing.T) {
	t.Parallel()
	address := pgtest.New(t)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			db, err := store.OpenPostgres(t.Context(), address)
			if err != nil {
				t.Error(err)
				return
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestOpenPostgresFails(t *testing.T) {
	t.Parallel()
	address := pgtest.New(t)
	for name, c := range map[string]struct{ address, want string }{
		"another database": {"mysql://127.0.0.1/x", "postgres://"},
		"a broken address": {"postgres://user:canary@127.0.0.1:port/x", ""},
		"no such database": {address[:strings.LastIndex(address, "/")] + "/none", "none"},
		"a superuser":      {strings.Replace(address, "callwright@", "postgres@", 1), "superuser"},
	} {
		_, err := store.OpenPostgres(t.Context(), c.address)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: got %v, want an error with %q and without the password", name, err, c.want)
		}
	}
}

// What is no text, such as a NUL in a path, is nowhere to be found.
func TestPostgresNotText(t *testing.T) {
	t.Parallel()
	db := mustOpenPostgres(t, pgtest.New(t))
	for _, id := range []string{"a\x00b", "a\xffb"} {
		for what, err := range map[string]error{
			"agent":        second(db.Agent(t.Context(), "org_1", callwright.AgentID(id))),
			"conversation": second(db.Conversation(t.Context(), "org_1", callwright.ConversationID(id))),
			"key":          second(db.KeyByHash(t.Context(), id)),
			"public key":   second(db.PublishableKeyByText(t.Context(), id)),
		} {
			if callwright.CodeOf(err) != callwright.CodeNotFound {
				t.Errorf("%s %q: got %v, want not_found", what, id, err)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }
