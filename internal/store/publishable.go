package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"callwright"
)

// A PublishableRecord is a publishable key with its text before the last rotation,
// empty when there is none.
type PublishableRecord struct {
	callwright.PublishableKey
	Previous string
}

type publishableRow struct {
	bun.BaseModel               `bun:"table:publishable_keys"`
	OrganizationID              callwright.OrgID
	AgentID                     callwright.AgentID
	ID                          callwright.PublishableKeyID
	Name                        string
	Env                         callwright.Environment
	KeyPublic                   string
	PreviousKey                 sql.NullString
	AllowedOrigins              string
	RateLimitRpm                int
	RequireIdentityVerification bool
	LastUsedAt                  callwright.Time
	GraceEndsAt                 callwright.Time
	RevokedAt                   callwright.Time
	CreatedAt                   callwright.Time
}

func (r publishableRow) record() (PublishableRecord, error) {
	origins, err := decode[[]string](r.AllowedOrigins)
	return PublishableRecord{Previous: r.PreviousKey.String, PublishableKey: callwright.PublishableKey{ID: r.ID, AgentID: r.AgentID, OrganizationID: r.OrganizationID,
		PublishableKeySpec: callwright.PublishableKeySpec{Name: r.Name, AllowedOrigins: origins, Env: r.Env, RateLimitRPM: r.RateLimitRpm, RequireIdentityVerification: r.RequireIdentityVerification},
		KeyPublic:          r.KeyPublic, Scopes: []callwright.Scope{callwright.ChatPublic}, LastUsedAt: r.LastUsedAt, GraceEndsAt: r.GraceEndsAt, RevokedAt: r.RevokedAt, CreatedAt: r.CreatedAt}}, err
}

func publishableRowOf(k PublishableRecord) publishableRow {
	return publishableRow{OrganizationID: k.OrganizationID, AgentID: k.AgentID, ID: k.ID, Name: k.Name, Env: k.Env, KeyPublic: k.KeyPublic, PreviousKey: nullable(k.Previous),
		AllowedOrigins: encode(k.AllowedOrigins), RateLimitRpm: k.RateLimitRPM, RequireIdentityVerification: k.RequireIdentityVerification,
		LastUsedAt: k.LastUsedAt, GraceEndsAt: k.GraceEndsAt, RevokedAt: k.RevokedAt, CreatedAt: k.CreatedAt}
}

// CreatePublishableKey stores a publishable key of an agent.
func (db *DB) CreatePublishableKey(ctx context.Context, k callwright.PublishableKey) error {
	row := publishableRowOf(PublishableRecord{PublishableKey: k})
	return db.tx(ctx, k.OrganizationID, func(ctx context.Context, tx bun.Tx) error {
		if _, err := db.lockAgent(ctx, db.within(tx), k.OrganizationID, k.AgentID); err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
			return fmt.Errorf("store publishable key: %w", err)
		}
		return nil
	})
}

// PublishableKeyByText finds the publishable key with the text, in whichever
// organization. Whether that text still counts is for the caller to say.
func (db *DB) PublishableKeyByText(ctx context.Context, text string) (PublishableRecord, error) {
	var row publishableRow
	err := db.view(ctx, server, func(ctx context.Context, r reader) error {
		return r.prepared.row(ctx, selectPublishable, text, text).Scan(&row.OrganizationID, &row.AgentID, &row.ID, &row.Name, &row.Env, &row.KeyPublic, &row.PreviousKey,
			&row.AllowedOrigins, &row.RateLimitRpm, &row.RequireIdentityVerification, &row.LastUsedAt, &row.GraceEndsAt, &row.RevokedAt, &row.CreatedAt)
	})
	if err := found(err, "publishable key"); err != nil {
		return PublishableRecord{}, err
	}
	return row.record()
}

// PublishableKey returns a publishable key of an agent.
func (db *DB) PublishableKey(ctx context.Context, org callwright.OrgID, agentID callwright.AgentID, id callwright.PublishableKeyID) (callwright.PublishableKey, error) {
	var k PublishableRecord
	err := db.view(ctx, org, func(ctx context.Context, r reader) (err error) {
		if err = hasAgent(ctx, r, org, agentID); err != nil {
			return err
		}
		k, err = publishable(ctx, r.NewSelect(), org, agentID, id)
		return err
	})
	return k.PublishableKey, err
}

// publishable reads a key of an agent; of any, when that is empty.
func publishable(ctx context.Context, q *bun.SelectQuery, org callwright.OrgID, agentID callwright.AgentID, id callwright.PublishableKeyID) (PublishableRecord, error) {
	var row publishableRow
	q = q.Model(&row).Where("organization_id = ? AND id = ?", org, id)
	if agentID != "" {
		q = q.Where("agent_id = ?", agentID)
	}
	if err := found(q.Scan(ctx), "publishable key"); err != nil {
		return PublishableRecord{}, err
	}
	return row.record()
}

// ListPublishableKeys returns a page of an agent's publishable keys, newest first.
func (db *DB) ListPublishableKeys(ctx context.Context, org callwright.OrgID, agentID callwright.AgentID, p callwright.Page) (keys []callwright.PublishableKey, info callwright.Pagination, err error) {
	if _, err := db.Agent(ctx, org, agentID); err != nil {
		return nil, info, err
	}
	var rows []publishableRow
	err = db.view(ctx, org, func(ctx context.Context, r reader) (err error) {
		info, err = cut(ctx, r.NewSelect().Table("publishable_keys").Where("organization_id = ? AND agent_id = ?", org, agentID), p, &rows)
		return err
	})
	if err != nil {
		return nil, info, err
	}
	if len(rows) > p.Limit {
		rows = rows[:p.Limit]
		info.NextCursor = string(rows[p.Limit-1].ID)
	}
	keys, err = publishableKeys(rows)
	return keys, info, err
}

// AllPublishableKeys returns the publishable keys of all agents of the
// organization, oldest first.
func (db *DB) AllPublishableKeys(ctx context.Context, org callwright.OrgID) ([]callwright.PublishableKey, error) {
	var rows []publishableRow
	err := db.view(ctx, org, func(ctx context.Context, r reader) error {
		return r.NewSelect().Model(&rows).Where("organization_id = ?", org).Order("id").Scan(ctx)
	})
	if err != nil {
		return nil, fmt.Errorf("list publishable keys: %w", err)
	}
	return publishableKeys(rows)
}

func publishableKeys(rows []publishableRow) ([]callwright.PublishableKey, error) {
	out := make([]callwright.PublishableKey, len(rows))
	var bad error
	for i, row := range rows {
		k, err := row.record()
		bad = errors.Join(bad, err)
		out[i] = k.PublishableKey
	}
	return out, bad
}

// UpdatePublishableKey changes a publishable key of an agent, or of any when that
// is empty, through fn in one transaction. When it was last used is for
// UsedPublishableKey alone to change.
func (db *DB) UpdatePublishableKey(ctx context.Context, org callwright.OrgID, agentID callwright.AgentID, id callwright.PublishableKeyID, fn func(*PublishableRecord) error) (callwright.PublishableKey, error) {
	var k PublishableRecord
	err := db.tx(ctx, org, func(ctx context.Context, tx bun.Tx) (err error) {
		if agentID != "" {
			if err := hasAgent(ctx, tx, org, agentID); err != nil {
				return err
			}
		}
		q := tx.NewSelect()
		if db.kind.lock != "" {
			q = q.For("UPDATE")
		}
		if k, err = publishable(ctx, q, org, agentID, id); err != nil {
			return err
		}
		if err := fn(&k); err != nil {
			return err
		}
		row := publishableRowOf(k)
		if _, err := tx.NewUpdate().Model(&row).ExcludeColumn("last_used_at").Where("organization_id = ? AND id = ?", org, id).Exec(ctx); err != nil {
			return fmt.Errorf("store publishable key: %w", err)
		}
		return nil
	})
	return k.PublishableKey, err
}

// UsedPublishableKey records that a key was used, unless a later use is recorded.
func (db *DB) UsedPublishableKey(ctx context.Context, org callwright.OrgID, id callwright.PublishableKeyID, at callwright.Time) error {
	return db.used(ctx, org, "UPDATE publishable_keys SET last_used_at = ? WHERE organization_id = ? AND id = ? AND last_used_at < ?", string(id), at)
}
