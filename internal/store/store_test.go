package store_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"callwright"
	"callwright/internal/store"
	"callwright/internal/store/pgtest"
	"callwright/internal/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Main{M: m}) }

func mustOpen(t testing.TB, dir string) *store.DB {
	t.Helper()
	db, err := store.OpenSQLite(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t testing.TB) *store.DB {
		db := mustOpen(t, t.TempDir())
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
		return db
	})
}

// Everything is there when a server starts again on the same folder.
func TestReopen(t *testing.T) {
	t.Parallel()
	ctx, dir := t.Context(), filepath.Join(t.TempDir(), "data", "with space?#%")
	db := mustOpen(t, dir)
	org, err := db.EnsureOrg(ctx, callwright.Org{ID: "org_1", Name: "mine", CreatedAt: 1})
	if err != nil {
		t.Fatal(err)
	}
	a := callwright.Agent{ID: "agt_1", OrganizationID: org.ID, AgentSpec: callwright.AgentSpec{Name: "Desk"}, Version: 1}
	c := callwright.Conversation{ID: "cnv_1", OrganizationID: org.ID, AgentID: a.ID, Status: "active"}
	ev := callwright.Event{ID: "evt_1", ConversationID: c.ID, Seq: 1, EventType: callwright.UserUtterance, Payload: json.RawMessage(`{"text":"hi"}`)}
	run := callwright.Run{ID: "run_1", OrganizationID: org.ID, ConversationID: c.ID, AgentID: a.ID, Turn: 1, IdempotencyKey: "k", State: callwright.RunRunning}
	if err := db.CreateAgent(ctx, a); err != nil {
		t.Fatal(err)
	}
	err = db.Record(ctx, store.Entry{Conversation: &c, New: true, Events: []callwright.Event{ev}, Begin: []callwright.Run{run}, Turn: &store.Turn{Turn: 1, RequestHash: "r"}, Transcript: "t"})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the migrations run again and change nothing
		db = mustOpen(t, dir)
		if got, err := db.Agent(ctx, org.ID, a.ID); err != nil || !reflect.DeepEqual(got, a) {
			t.Errorf("agent: got %+v, %v; want %+v", got, err, a)
		}
		if got, err := db.Events(ctx, org.ID, c.ID, 0); err != nil || !reflect.DeepEqual(got, []callwright.Event{ev}) {
			t.Errorf("events: got %+v, %v; want %+v", got, err, ev)
		}
		if got, err := db.Runs(ctx, org.ID, c.ID, 1); err != nil || len(got) != 1 || got[0].State != callwright.RunRunning {
			t.Errorf("runs: got %+v, %v; want one that runs", got, err)
		}
		if id, ok, err := db.Continued(ctx, org.ID, "t"); err != nil || !ok || id != c.ID {
			t.Errorf("transcript: got %s, %v, %v; want %s", id, ok, err, c.ID)
		}
		if again, err := db.EnsureOrg(ctx, callwright.Org{ID: "org_2", Name: "mine"}); err != nil || again.ID != org.ID {
			t.Errorf("organization: got %s, %v; want %s", again.ID, err, org.ID)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// The data are the server's alone: other users of the machine cannot read them.
func TestDataFolderIsPrivate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	db := mustOpen(t, dir)
	defer db.Close()
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("data folder: got %v, %v; want 0700", info.Mode().Perm(), err)
	}
}

func TestOpenFails(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.OpenSQLite(t.Context(), file); err == nil {
		t.Error("a file for a folder: got no error")
	}
	garbage := t.TempDir()
	if err := os.WriteFile(filepath.Join(garbage, "callwright.db"), []byte(strings.Repeat("not a database ", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.OpenSQLite(t.Context(), garbage); err == nil {
		t.Error("a damaged database: got no error")
	}
}
