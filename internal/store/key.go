package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/uptrace/bun"

	"callwright"
)

// A KeyRecord is a key with the hashes of its texts: the one that is in force and
// the one before the last rotation, empty when there is none.
type KeyRecord struct {
	callwright.Key
	Hash, PreviousHash string
}

type keyRow struct {
	bun.BaseModel  `bun:"table:api_keys"`
	OrganizationID callwright.OrgID
	ID             callwright.KeyID
	Name           string
	Env            callwright.Environment
	Prefix         string
	Hash           string
	PreviousHash   sql.NullString
	Scopes         string
	LastUsedAt     callwright.Time
	ExpiresAt      callwright.Time
	GraceEndsAt    callwright.Time
	RevokedAt      callwright.Time
	CreatedAt      callwright.Time
}

// keyColumns are read by scanKey in this order.
const keyColumns = "organization_id, id, name, env, prefix, hash, previous_hash, scopes, last_used_at, expires_at, grace_ends_at, revoked_at, created_at"

func scanKey(row *sql.Row) (KeyRecord, error) {
	var k keyRow
	err := row.Scan(&k.OrganizationID, &k.ID, &k.Name, &k.Env, &k.Prefix, &k.Hash, &k.PreviousHash, &k.Scopes, &k.LastUsedAt, &k.ExpiresAt, &k.GraceEndsAt, &k.RevokedAt, &k.CreatedAt)
	if err := found(err, "key"); err != nil {
		return KeyRecord{}, err
	}
	return k.record()
}

func (r keyRow) record() (KeyRecord, error) {
	scopes, err := decode[[]callwright.Scope](r.Scopes)
	return KeyRecord{Hash: r.Hash, PreviousHash: r.PreviousHash.String, Key: callwright.Key{ID: r.ID, OrganizationID: r.OrganizationID, Name: r.Name, Env: r.Env,
		Prefix: r.Prefix, Scopes: scopes, LastUsedAt: r.LastUsedAt, ExpiresAt: r.ExpiresAt, GraceEndsAt: r.GraceEndsAt, RevokedAt: r.RevokedAt, CreatedAt: r.CreatedAt}}, err
}

func rowOf(k KeyRecord) keyRow {
	return keyRow{OrganizationID: k.OrganizationID, ID: k.ID, Name: k.Name, Env: k.Env, Prefix: k.Prefix, Hash: k.Hash, PreviousHash: nullable(k.PreviousHash), Scopes: encode(k.Scopes),
		LastUsedAt: k.LastUsedAt, ExpiresAt: k.ExpiresAt, GraceEndsAt: k.GraceEndsAt, RevokedAt: k.RevokedAt, CreatedAt: k.CreatedAt}
}

// nullable makes a text that is not there NULL, of which a column with unique values
// holds any number.
func nullable(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }

// CreateKey stores a key under the hash of its text.
func (db *DB) CreateKey(ctx context.Context, k callwright.Key, hash string) error {
	row := rowOf(KeyRecord{Key: k, Hash: hash})
	return db.tx(ctx, k.OrganizationID, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
			return fmt.Errorf("store key: %w", err)
		}
		return nil
	})
}

// KeyByHash finds the key of which a text has the hash, in whichever organization:
// the key alone selects it. Whether that text still counts is for the caller to
// say.
func (db *DB) KeyByHash(ctx context.Context, hash string) (k KeyRecord, err error) {
	err = db.view(ctx, server, func(ctx context.Context, r reader) error {
		k, err = scanKey(r.prepared.row(ctx, selectKey, hash, hash))
		return err
	})
	return k, err
}

// ListKeys returns all keys of the organization, oldest first.
func (db *DB) ListKeys(ctx context.Context, org callwright.OrgID) ([]callwright.Key, error) {
	var rows []keyRow
	err := db.view(ctx, org, func(ctx context.Context, r reader) error {
		return r.NewSelect().Model(&rows).Where("organization_id = ?", org).Order("id").Scan(ctx)
	})
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	out := make([]callwright.Key, len(rows))
	for i, row := range rows {
		k, err := row.record()
		if err != nil {
			return nil, err
		}
		out[i] = k.Key
	}
	return out, nil
}

// UpdateKey changes a key through fn in one transaction. When it was last used is
// for UsedKey alone to change.
func (db *DB) UpdateKey(ctx context.Context, org callwright.OrgID, id callwright.KeyID, fn func(*KeyRecord) error) (callwright.Key, error) {
	var k KeyRecord
	err := db.tx(ctx, org, func(ctx context.Context, tx bun.Tx) (err error) {
		k, err = scanKey(tx.QueryRowContext(ctx, "SELECT "+keyColumns+" FROM api_keys WHERE organization_id = ? AND id = ?"+db.kind.lock, org, id))
		if err != nil {
			return err
		}
		if err := fn(&k); err != nil {
			return err
		}
		row := rowOf(k)
		_, err = tx.NewUpdate().Model(&row).ExcludeColumn("last_used_at").Where("organization_id = ? AND id = ?", org, id).Exec(ctx)
		if err != nil {
			return fmt.Errorf("store key: %w", err)
		}
		return nil
	})
	return k.Key, err
}

// UsedKey records that a key was used, unless a later use is recorded.
func (db *DB) UsedKey(ctx context.Context, org callwright.OrgID, id callwright.KeyID, at callwright.Time) error {
	return db.used(ctx, org, "UPDATE api_keys SET last_used_at = ? WHERE organization_id = ? AND id = ? AND last_used_at < ?", string(id), at)
}

func (db *DB) used(ctx context.Context, org callwright.OrgID, query, id string, at callwright.Time) error {
	return db.tx(ctx, org, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.ExecContext(ctx, query, at, org, id, at); err != nil {
			return fmt.Errorf("record the use of a key: %w", err)
		}
		return nil
	})
}
