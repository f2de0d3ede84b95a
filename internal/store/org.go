package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"callwright"
)

type orgRow struct {
	bun.BaseModel `bun:"table:organizations"`
	ID            callwright.OrgID
	Name          string
	CreatedAt     callwright.Time
}

// EnsureOrg returns the organization of the name, making it first if needed.
func (db *DB) EnsureOrg(ctx context.Context, org callwright.Org) (callwright.Org, error) {
	row := orgRow{ID: org.ID, Name: org.Name, CreatedAt: org.CreatedAt}
	err := db.tx(ctx, server, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewInsert().Model(&row).On("CONFLICT (name) DO NOTHING").Exec(ctx); err != nil {
			return err
		}
		row = orgRow{}
		return tx.NewSelect().Model(&row).Where("name = ?", org.Name).Scan(ctx)
	})
	if err != nil {
		return callwright.Org{}, fmt.Errorf("make organization: %w", err)
	}
	return callwright.Org{ID: row.ID, Name: row.Name, CreatedAt: row.CreatedAt}, nil
}

// OrgByName returns the organization of a name.
func (db *DB) OrgByName(ctx context.Context, name string) (callwright.Org, error) {
	var row orgRow
	err := db.view(ctx, server, func(ctx context.Context, r reader) error {
		return r.NewSelect().Model(&row).Where("name = ?", name).Scan(ctx)
	})
	if errors.Is(err, sql.ErrNoRows) || notText(err) {
		return callwright.Org{}, callwright.Errorf(callwright.CodeNotFound, "There is no organization named %q.", name)
	}
	if err != nil {
		return callwright.Org{}, fmt.Errorf("read organization: %w", err)
	}
	return callwright.Org{ID: row.ID, Name: row.Name, CreatedAt: row.CreatedAt}, nil
}

type secretRow struct {
	bun.BaseModel  `bun:"table:secrets"`
	OrganizationID callwright.OrgID
	ID             callwright.SecretID
	Name           string
	Sealed         string
	AllowedHosts   string
	CreatedAt      callwright.Time
	UpdatedAt      callwright.Time
}

func (r secretRow) secret() (callwright.Secret, error) {
	hosts, err := decode[[]string](r.AllowedHosts)
	return callwright.Secret{ID: r.ID, Name: r.Name, AllowedHosts: hosts, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt}, err
}

// CreateSecret stores a sealed secret. A name that is taken is duplicate_name.
func (db *DB) CreateSecret(ctx context.Context, org callwright.OrgID, s callwright.Secret, sealed string) error {
	row := secretRow{OrganizationID: org, ID: s.ID, Name: s.Name, Sealed: sealed, AllowedHosts: encode(s.AllowedHosts), CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt}
	return db.tx(ctx, org, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewInsert().Model(&row).Exec(ctx)
		if duplicate(err) {
			return callwright.Errorf(callwright.CodeDuplicateName, "A secret named %q exists: delete it first or choose another name.", s.Name)
		}
		if err != nil {
			return fmt.Errorf("store secret: %w", err)
		}
		return nil
	})
}

// SecretByName returns a secret and its sealed value.
func (db *DB) SecretByName(ctx context.Context, org callwright.OrgID, name string) (callwright.Secret, string, error) {
	var row secretRow
	err := db.view(ctx, org, func(ctx context.Context, r reader) error {
		return r.prepared.row(ctx, selectSecret, org, name).Scan(&row.ID, &row.Name, &row.Sealed, &row.AllowedHosts, &row.CreatedAt, &row.UpdatedAt)
	})
	if err := found(err, "secret"); err != nil {
		return callwright.Secret{}, "", err
	}
	s, err := row.secret()
	return s, row.Sealed, err
}

// ListSecrets returns all secrets of the organization by name, without values.
func (db *DB) ListSecrets(ctx context.Context, org callwright.OrgID) ([]callwright.Secret, error) {
	var rows []secretRow
	err := db.view(ctx, org, func(ctx context.Context, r reader) error {
		return r.NewSelect().Model(&rows).Where("organization_id = ?", org).Order("name").Scan(ctx)
	})
	if err != nil {
		return nil, fmt.Errorf("list secrets: %w", err)
	}
	out := make([]callwright.Secret, 0, len(rows))
	var bad error
	for _, r := range rows {
		s, err := r.secret()
		bad = errors.Join(bad, err)
		out = append(out, s)
	}
	return out, bad
}

// DeleteSecret removes a secret by id or name.
func (db *DB) DeleteSecret(ctx context.Context, org callwright.OrgID, idOrName string) error {
	return db.tx(ctx, org, func(ctx context.Context, tx bun.Tx) error {
		res, err := tx.NewDelete().Table("secrets").Where("organization_id = ? AND (id = ? OR name = ?)", org, idOrName, idOrName).Exec(ctx)
		if err != nil {
			return fmt.Errorf("delete secret: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, callwright.Errorf(callwright.CodeNotFound, "There is no such secret in your organization."))
		}
		return nil
	})
}
