package store_test

import (
	"testing"

	"callwright"
	"callwright/internal/store"
)

// A step that comes after the database was closed is refused, and waits for nobody.
func TestRecordAfterClose(t *testing.T) {
	t.Parallel()
	db, err := store.OpenSQLite(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	err = db.Record(t.Context(), store.Entry{Conversation: &callwright.Conversation{ID: "cnv_1", OrganizationID: "org_1"}, New: true})
	if err == nil {
		t.Error("a step after Close: got no error, want one")
	}
}
