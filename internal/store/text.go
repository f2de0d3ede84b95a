package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"callwright"
)

// delivery reads what is known of a message; nil when there is none.
func delivery(doc string) *callwright.Delivery {
	var d callwright.Delivery
	if doc == "" || json.Unmarshal([]byte(doc), &d) != nil {
		return nil
	}
	return &d
}

// UpdateSentTexts changes what is known to have been sent to a number through fn, in one
// transaction. Of several at once, on one server or many, each sees what the one before it
// wrote.
func (db *DB) UpdateSentTexts(ctx context.Context, org callwright.OrgID, number string, fn func(optedOut bool, sent []callwright.SentText) ([]callwright.SentText, error)) error {
	return db.tx(ctx, org, func(ctx context.Context, tx bun.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM sms_opt_outs WHERE organization_id = ? AND number = ?", org, number).Scan(&n); err != nil {
			return fmt.Errorf("look for an opt-out: %w", err)
		}
		// A row to wait at: there may be none yet.
		if _, err := tx.ExecContext(ctx, "INSERT INTO sms_sent (organization_id, number, sent, last_at) VALUES (?, ?, '[]', 0) ON CONFLICT DO NOTHING", org, number); err != nil {
			return fmt.Errorf("count a text message: %w", err)
		}
		var doc string
		if err := tx.QueryRowContext(ctx, "SELECT sent FROM sms_sent WHERE organization_id = ? AND number = ?"+db.kind.lock, org, number).Scan(&doc); err != nil {
			return fmt.Errorf("count a text message: %w", err)
		}
		sent, err := decode[[]callwright.SentText](doc)
		if err != nil {
			return err
		}
		if sent, err = fn(n > 0, sent); err != nil {
			return err
		}
		var last callwright.Time
		for _, s := range sent {
			last = max(last, s.At)
		}
		if _, err := tx.ExecContext(ctx, "UPDATE sms_sent SET sent = ?, last_at = ? WHERE organization_id = ? AND number = ?", encode(sent), last, org, number); err != nil {
			return fmt.Errorf("count a text message: %w", err)
		}
		return nil
	})
}

// ForgetSentTexts removes what was sent to numbers that got nothing since an instant, and
// returns how many numbers there were.
func (db *DB) ForgetSentTexts(ctx context.Context, before callwright.Time) (int, error) {
	n, err := db.asServer(ctx, "DELETE FROM sms_sent WHERE last_at <= ?", before)
	if err != nil {
		return 0, fmt.Errorf("forget old text messages: %w", err)
	}
	return n, nil
}

// AddOptOut notes that a number wants no text messages. One that has opted out before
// stays as it was noted first, which is returned. An organization that is not there is not
// found.
func (db *DB) AddOptOut(ctx context.Context, o callwright.OptOut) (callwright.OptOut, error) {
	kept := o
	err := db.tx(ctx, o.OrganizationID, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO sms_opt_outs (organization_id, id, number, doc) SELECT id, ?, ?, ? FROM organizations WHERE id = ?
			ON CONFLICT (organization_id, number) DO NOTHING`, o.ID, o.Number, encode(o), o.OrganizationID)
		if err != nil {
			return fmt.Errorf("store opt-out: %w", err)
		}
		var doc string
		err = tx.QueryRowContext(ctx, "SELECT doc FROM sms_opt_outs WHERE organization_id = ? AND number = ?", o.OrganizationID, o.Number).Scan(&doc)
		if err := found(err, "organization"); err != nil {
			return err
		}
		kept, err = decode[callwright.OptOut](doc)
		return err
	})
	return kept, err
}

// CreateOptOut is AddOptOut for a number that must not have opted out before.
func (db *DB) CreateOptOut(ctx context.Context, o callwright.OptOut) error {
	return db.tx(ctx, o.OrganizationID, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO sms_opt_outs (organization_id, id, number, doc) VALUES (?, ?, ?, ?)", o.OrganizationID, o.ID, o.Number, encode(o))
		if duplicate(err) {
			e := callwright.Errorf(callwright.CodeDuplicateName, "Text messages to this number are off already.")
			e.Fields = []callwright.FieldError{{Field: "number", Message: "is on the list already"}}
			return e
		}
		if err != nil {
			return fmt.Errorf("store opt-out: %w", err)
		}
		return nil
	})
}

// DeleteOptOut removes an opt-out. fn sees it before it goes.
func (db *DB) DeleteOptOut(ctx context.Context, org callwright.OrgID, id callwright.OptOutID, fn func(callwright.OptOut)) error {
	return db.deleteOptOut(ctx, org, "id", string(id), fn)
}

// OptIn removes the opt-out of a number, if there is one.
func (db *DB) OptIn(ctx context.Context, org callwright.OrgID, number string) error {
	err := db.deleteOptOut(ctx, org, "number", number, func(callwright.OptOut) {})
	if callwright.CodeOf(err) == callwright.CodeNotFound {
		return nil
	}
	return err
}

func (db *DB) deleteOptOut(ctx context.Context, org callwright.OrgID, column, value string, fn func(callwright.OptOut)) error {
	return db.tx(ctx, org, func(ctx context.Context, tx bun.Tx) error {
		var doc string
		err := tx.NewSelect().Table("sms_opt_outs").Column("doc").Where("organization_id = ? AND ? = ?", org, bun.Ident(column), value).Scan(ctx, &doc)
		if err := found(err, "opt-out"); err != nil {
			return err
		}
		o, err := decode[callwright.OptOut](doc)
		if err != nil {
			return err
		}
		fn(o)
		res, err := tx.NewDelete().Table("sms_opt_outs").Where("organization_id = ? AND id = ?", org, o.ID).Exec(ctx)
		if err != nil {
			return fmt.Errorf("delete opt-out: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, found(sql.ErrNoRows, "opt-out"))
		}
		return nil
	})
}

// ListOptOuts returns a page of the organization's opt-outs, newest first; with a number,
// its own alone.
func (db *DB) ListOptOuts(ctx context.Context, org callwright.OrgID, number string, p callwright.Page) ([]callwright.OptOut, callwright.Pagination, error) {
	return list[callwright.OptOut](ctx, db, org, p, func(q *bun.SelectQuery) *bun.SelectQuery {
		q = q.Table("sms_opt_outs")
		if number != "" {
			q = q.Where("number = ?", number)
		}
		return q
	})
}

// UpdateRun changes what became of a run through fn, in one transaction: its state, code
// and note, who settled it when, and the delivery of its message.
func (db *DB) UpdateRun(ctx context.Context, org callwright.OrgID, id callwright.RunID, fn func(*callwright.Run) error) error {
	return db.tx(ctx, org, func(ctx context.Context, tx bun.Tx) error {
		var row runRow
		q := tx.NewSelect().Model(&row).Where("organization_id = ? AND id = ?", org, id)
		if db.kind.lock != "" {
			q = q.For("UPDATE")
		}
		if err := found(q.Scan(ctx), "run"); err != nil {
			return err
		}
		r := row.run()
		if err := fn(&r); err != nil {
			return err
		}
		doc := ""
		if r.Delivery != nil {
			doc = encode(r.Delivery)
		}
		_, err := tx.ExecContext(ctx, "UPDATE runs SET state = ?, code = ?, note = ?, resolved_by = ?, resolved_at = ?, delivery = ? WHERE organization_id = ? AND id = ?",
			r.State, r.Code, r.Note, r.ResolvedBy, r.ResolvedAt, doc, org, id)
		if err != nil {
			return fmt.Errorf("store run: %w", err)
		}
		return nil
	})
}

// Deliveries returns what is known of the messages that a conversation's runs sent.
func (db *DB) Deliveries(ctx context.Context, org callwright.OrgID, conv callwright.ConversationID) (map[callwright.RunID]callwright.Delivery, error) {
	var rows []struct {
		ID       callwright.RunID
		Delivery string
	}
	err := db.view(ctx, org, func(ctx context.Context, r reader) error {
		return r.NewSelect().Table("runs").Column("id", "delivery").Where("organization_id = ? AND conversation_id = ? AND delivery <> ''", org, conv).Scan(ctx, &rows)
	})
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	out := map[callwright.RunID]callwright.Delivery{}
	for _, r := range rows {
		if d := delivery(r.Delivery); d != nil {
			out[r.ID] = *d
		}
	}
	return out, nil
}
