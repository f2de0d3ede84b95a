package storetest

import (
	"errors"
	"testing"

	"callwright"
	"callwright/internal/store"
)

func noConnection(*store.ConnectionRecord) error { return nil }

func (h *house) connection(name string) store.ConnectionRecord {
	at := h.now()
	return store.ConnectionRecord{Sealed: "sealed " + name, Connection: callwright.Connection{ID: callwright.NewID[callwright.ConnectionID](at), OrganizationID: h.mine.ID, Name: name, Kind: callwright.PostgresConnection,
		Host: "db.example.com", Port: "5432", Database: "Läden", User: "u", HasPassword: true, SSLMode: callwright.SSLRequire, CreatedAt: callwright.At(at), UpdatedAt: callwright.At(at)}}
}

func connections(t *testing.T, h *house) {
	ctx := t.Context()
	one, two := h.connection("one"), h.connection("two")
	must(t, h.CreateConnection(ctx, one))
	must(t, h.CreateConnection(ctx, two))
	got, err := h.Connection(ctx, h.mine.ID, one.ID)
	must(t, err)
	wantSame(t, "connection", got, one)
	got, err = h.ConnectionByName(ctx, h.mine.ID, "two")
	must(t, err)
	wantSame(t, "by name", got, two)
	list, info, err := h.ListConnections(ctx, h.mine.ID, callwright.Page{Page: 1, Limit: 1})
	must(t, err)
	wantSame(t, "page", list, []callwright.Connection{two.Connection})
	if info.Total != 2 || info.NextCursor == "" {
		t.Errorf("pagination: got %+v, want a second page", info)
	}
	again := h.connection("one")
	wantCode(t, "a name that is taken", h.CreateConnection(ctx, again), callwright.CodeDuplicateName)
	again.OrganizationID = h.theirs.ID
	must(t, h.CreateConnection(ctx, again)) // names are an organization's own

	stop := errors.New("stop")
	_, err = h.UpdateConnection(ctx, h.mine.ID, one.ID, func(c *store.ConnectionRecord) error { c.Host = "x"; return stop })
	if !errors.Is(err, stop) {
		t.Errorf("error: got %v, want the function's own", err)
	}
	_, err = h.UpdateConnection(ctx, h.mine.ID, one.ID, func(c *store.ConnectionRecord) error { c.Name = "two"; return nil })
	wantCode(t, "a change to a name that is taken", err, callwright.CodeDuplicateName)
	one.Name, one.Sealed, one.Host = "three", "new", "other.example.com"
	changed, err := h.UpdateConnection(ctx, h.mine.ID, one.ID, func(c *store.ConnectionRecord) error {
		c.Name, c.Sealed, c.Host = "three", "new", "other.example.com"
		return nil
	})
	must(t, err)
	wantSame(t, "changed", changed, one.Connection)
	got, err = h.ConnectionByName(ctx, h.mine.ID, "three")
	must(t, err)
	wantSame(t, "afterwards", got, one)

	nothing := func(callwright.Connection) {}
	for what, err := range map[string]error{
		"of another organization": h.DeleteConnection(ctx, h.theirs.ID, one.ID, nothing),
		"unknown":                 h.DeleteConnection(ctx, h.mine.ID, "con_none", nothing),
	} {
		wantCode(t, "delete "+what, err, callwright.CodeNotFound)
	}
	_, err = h.Connection(ctx, h.theirs.ID, one.ID)
	wantCode(t, "read by another organization", err, callwright.CodeNotFound)
	_, err = h.UpdateConnection(ctx, h.theirs.ID, one.ID, noConnection)
	wantCode(t, "change by another organization", err, callwright.CodeNotFound)
	var seen callwright.Connection
	must(t, h.DeleteConnection(ctx, h.mine.ID, one.ID, func(c callwright.Connection) { seen = c }))
	wantSame(t, "deleted", seen, one.Connection)
	_, err = h.ConnectionByName(ctx, h.mine.ID, "three")
	wantCode(t, "by name afterwards", err, callwright.CodeNotFound)
}
