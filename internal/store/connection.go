package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"callwright"
)

// A ConnectionRecord is a connection with its password, sealed; empty when it has none.
type ConnectionRecord struct {
	callwright.Connection
	Sealed string
}

type connectionRow struct {
	bun.BaseModel  `bun:"table:connections"`
	OrganizationID callwright.OrgID
	ID             callwright.ConnectionID
	Name           string
	Doc            string
	Sealed         string
}

func connectionRowOf(c ConnectionRecord) connectionRow {
	return connectionRow{OrganizationID: c.OrganizationID, ID: c.ID, Name: c.Name, Doc: encode(c.Connection), Sealed: c.Sealed}
}

func (r connectionRow) record() (ConnectionRecord, error) {
	c, err := decode[callwright.Connection](r.Doc)
	return ConnectionRecord{c, r.Sealed}, err
}

// storingConnection words an error of a write of a connection. A name that is taken is
// duplicate_name.
func storingConnection(name string, err error) error {
	switch {
	case err == nil:
		return nil
	case duplicate(err):
		e := callwright.Errorf(callwright.CodeDuplicateName, "A connection named %q exists.", name)
		e.Fields = []callwright.FieldError{{Field: "name", Message: "is taken by another connection: choose another name"}}
		return e
	}
	return fmt.Errorf("store connection: %w", err)
}

// CreateConnection stores a connection.
func (db *DB) CreateConnection(ctx context.Context, c ConnectionRecord) error {
	row := connectionRowOf(c)
	return db.tx(ctx, c.OrganizationID, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewInsert().Model(&row).Exec(ctx)
		return storingConnection(c.Name, err)
	})
}

// Connection returns a connection of the organization.
func (db *DB) Connection(ctx context.Context, org callwright.OrgID, id callwright.ConnectionID) (c ConnectionRecord, err error) {
	err = db.view(ctx, org, func(ctx context.Context, r reader) error {
		c, err = connection(ctx, r.NewSelect().Where("id = ?", id), org)
		return err
	})
	return c, err
}

// ConnectionByName returns the organization's connection of a name.
func (db *DB) ConnectionByName(ctx context.Context, org callwright.OrgID, name string) (c ConnectionRecord, err error) {
	err = db.view(ctx, org, func(ctx context.Context, r reader) error {
		c, err = connection(ctx, r.NewSelect().Where("name = ?", name), org)
		return err
	})
	return c, err
}

func connection(ctx context.Context, q *bun.SelectQuery, org callwright.OrgID) (ConnectionRecord, error) {
	var row connectionRow
	if err := found(q.Model(&row).Where("organization_id = ?", org).Scan(ctx), "connection"); err != nil {
		return ConnectionRecord{}, err
	}
	return row.record()
}

// ListConnections returns a page of the organization's connections, newest first.
func (db *DB) ListConnections(ctx context.Context, org callwright.OrgID, p callwright.Page) ([]callwright.Connection, callwright.Pagination, error) {
	return list[callwright.Connection](ctx, db, org, p, func(q *bun.SelectQuery) *bun.SelectQuery { return q.Table("connections") })
}

// UpdateConnection changes a connection through fn in one transaction.
func (db *DB) UpdateConnection(ctx context.Context, org callwright.OrgID, id callwright.ConnectionID, fn func(*ConnectionRecord) error) (callwright.Connection, error) {
	var c ConnectionRecord
	err := db.tx(ctx, org, func(ctx context.Context, tx bun.Tx) (err error) {
		q := tx.NewSelect().Where("id = ?", id)
		if db.kind.lock != "" {
			q = q.For("UPDATE")
		}
		if c, err = connection(ctx, q, org); err != nil {
			return err
		}
		if err := fn(&c); err != nil {
			return err
		}
		row := connectionRowOf(c)
		_, err = tx.NewUpdate().Model(&row).Where("organization_id = ? AND id = ?", org, id).Exec(ctx)
		return storingConnection(c.Name, err)
	})
	return c.Connection, err
}

// DeleteConnection removes a connection. fn sees it before it goes.
func (db *DB) DeleteConnection(ctx context.Context, org callwright.OrgID, id callwright.ConnectionID, fn func(callwright.Connection)) error {
	return db.tx(ctx, org, func(ctx context.Context, tx bun.Tx) error {
		c, err := connection(ctx, tx.NewSelect().Where("id = ?", id), org)
		if err != nil {
			return err
		}
		fn(c.Connection)
		res, err := tx.NewDelete().Table("connections").Where("organization_id = ? AND id = ?", org, id).Exec(ctx)
		if err != nil {
			return fmt.Errorf("delete connection: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, found(sql.ErrNoRows, "connection"))
		}
		return nil
	})
}
