package store_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/pressly/goose/v3"

	"callwright"
	"callwright/internal/store"
	"callwright/internal/store/pgtest"
)

// What was made before 00004 goes on: a key as a live one that never ends, and an agent
// with an empty widget, its version and its last change.
func TestMadeBefore00004(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	address := pgtest.New(t)
	for name, c := range map[string]struct {
		driver, address string
		dialect         goose.Dialect
		open            func() (*store.DB, error)
	}{
		"sqlite":   {"sqlite", "file:" + filepath.Join(dir, "callwright.db"), goose.DialectSQLite3, func() (*store.DB, error) { return store.OpenSQLite(t.Context(), dir) }},
		"postgres": {"pgx", address, goose.DialectPostgres, func() (*store.DB, error) { return store.OpenPostgres(t.Context(), address) }},
	} {
		t.Run(name, func(t *testing.T) {
			raw := mustSQL(t, c.driver, c.address)
			p, err := goose.NewProvider(c.dialect, raw, os.DirFS(filepath.Join("migrations", name)))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.UpTo(t.Context(), 3); err != nil {
				t.Fatal(err)
			}
			mustFillOld(t, raw, name == "postgres")
			db, err := c.open()
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			got, err := db.KeyByHash(t.Context(), "hash")
			if err != nil || got.ID != "key_1" || got.Env != callwright.Live || got.Prefix != "cw_sk_live_" || got.ExpiresAt != 0 || got.RevokedAt != 0 || got.PreviousHash != "" || len(got.Scopes) != 1 {
				t.Errorf("key: got %+v, %v; want a live one that never ends", got, err)
			}
			a, err := db.Agent(t.Context(), "org_1", "agt_1")
			if err != nil || a.Version != 7 || a.UpdatedAt.String() != "2026-01-02T03:04:05.678Z" {
				t.Errorf("agent: got version %d of %v, %v; want 7 of 2026-01-02T03:04:05.678Z", a.Version, a.UpdatedAt, err)
			}
			w, err := db.Widget(t.Context(), "org_1", "agt_1")
			if err != nil || string(w.Theme) != "{}" || string(w.Copy) != "{}" || string(w.Behavior) != "{}" {
				t.Errorf("widget: got %+v, %v; want an empty one", w, err)
			}
		})
	}
}

// mustFillOld makes an organization with a key and an agent, on the schema of
// 00003.
func mustFillOld(t testing.TB, raw *sql.DB, rowLevel bool) {
	t.Helper()
	tx, err := raw.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	statements := []string{"INSERT INTO organizations (id, name, created_at) VALUES ('org_1', 'mine', 1)",
		"INSERT INTO api_keys (organization_id, id, name, hash, scopes, created_at) VALUES ('org_1', 'key_1', 'ci', 'hash', '[\"chat:read\"]', 1)",
		"INSERT INTO agents (organization_id, id, doc) VALUES ('org_1', 'agt_1', '{\"version\":7,\"updatedAt\":\"2026-01-02T03:04:05.678Z\"}')"}
	if rowLevel {
		statements = append([]string{"SELECT set_config('app.current_organization_id', 'org_1', true)"}, statements...)
	}
	for _, s := range statements {
		if _, err := tx.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}
