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

// An Entry is one step of a conversation, written in one transaction: nothing of
// it is there without the rest.
type Entry struct {
	Conversation *callwright.Conversation // its state after the step
	New          bool                     // the conversation is made by this step
	Events       []callwright.Event
	Begin        []callwright.Run // journalled before they leave
	End          []callwright.Run // what became of them
	Messages     []callwright.TakenMessage
	Turn         *Turn
	Transcript   string  // hash that a later request may continue from
	Claim        string  // hash that this step continues from
	Answer       *Answer // to the request's idempotency key, if it has one
	Used         Used    // of the models of providers
}

// A Turn is one exchange as clients asked for it: how a retry finds what it
// repeats.
type Turn struct {
	OrganizationID callwright.OrgID
	ConversationID callwright.ConversationID
	Turn           int
	Done           bool
	RequestHash    string // of the request that began it
	IdempotencyKey string
	StartedAt      callwright.Time
	FinishedAt     callwright.Time
}

type turnRow struct {
	bun.BaseModel  `bun:"table:turns"`
	OrganizationID callwright.OrgID
	ConversationID callwright.ConversationID
	Turn           int
	State          string
	RequestHash    string
	IdempotencyKey string
	StartedAt      callwright.Time
	FinishedAt     callwright.Time
}

// ErrRunExists is returned by Record when a run with the same idempotency key
// was journalled before: the intent is being, or was, carried out.
var ErrRunExists = errors.New("a run with this idempotency key exists")

// ErrClaimed is returned by Record when another step went on from the same
// transcript first.
var ErrClaimed = errors.New("another request continued this transcript")

// The statements of Record, prepared when the database is opened.
const (
	insertConversation = "INSERT INTO conversations (organization_id, id, agent_id, channel, started_at, updated_at, simulated, outcome, doc) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
	updateConversation = "UPDATE conversations SET updated_at = ?, outcome = ?, doc = ? WHERE organization_id = ? AND id = ?"
	insertEvent        = `INSERT INTO events (organization_id, conversation_id, seq, id, ts_ms, channel, event_type, payload, trace_id)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
	insertRun = `INSERT INTO runs (organization_id, id, conversation_id, agent_id, skill_id, version_id, turn, idempotency_key, is_write, state, code, answer, fields, started_at, took_ms)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', '', ?, ?, 0)`
	endRunQuery = "UPDATE runs SET state = ?, code = ?, answer = ?, took_ms = ?, fields = ?, attempts = ?, next_at = ? WHERE organization_id = ? AND id = ?"
	upsertTurn  = `INSERT INTO turns (organization_id, conversation_id, turn, state, request_hash, idempotency_key, started_at, finished_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (organization_id, conversation_id, turn) DO UPDATE SET state = EXCLUDED.state, finished_at = EXCLUDED.finished_at`
	insertMessage    = "INSERT INTO taken_messages (organization_id, id, agent_id, status, doc) VALUES (?, ?, ?, ?, ?)"
	deleteTranscript = "DELETE FROM transcripts WHERE organization_id = ? AND hash = ? AND conversation_id = ?"
	insertTranscript = "INSERT INTO transcripts (organization_id, hash, conversation_id, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
)

// The queries of every turn, prepared too.
const (
	selectConversation = "SELECT doc FROM conversations WHERE organization_id = ? AND id = ?"
	selectEvents       = "SELECT seq, id, ts_ms, channel, event_type, payload, trace_id FROM events WHERE organization_id = ? AND conversation_id = ? AND seq > ? ORDER BY seq"
	selectContinued    = "SELECT conversation_id FROM transcripts WHERE organization_id = ? AND hash = ? ORDER BY created_at DESC, conversation_id DESC LIMIT 1"
	selectAgent        = "SELECT doc, version, updated_at FROM agents WHERE organization_id = ? AND id = ? AND deleted_at = 0"
	selectKey          = "SELECT " + keyColumns + " FROM api_keys WHERE hash = ? OR previous_hash = ?"
	selectPublishable  = `SELECT organization_id, agent_id, id, name, env, key_public, previous_key, allowed_origins, rate_limit_rpm, require_identity_verification,
		last_used_at, grace_ends_at, revoked_at, created_at FROM publishable_keys WHERE key_public = ? OR previous_key = ?`
	selectSecret = "SELECT id, name, sealed, allowed_hosts, created_at, updated_at FROM secrets WHERE organization_id = ? AND name = ?"
)

// Record writes an entry, durably when it returns. Entries of different
// conversations that come at the same time share a commit.
func (db *DB) Record(ctx context.Context, e Entry) error {
	if err := ctx.Err(); err != nil {
		return err // nothing begins for a caller who has left
	}
	if db.group == nil {
		return db.record(context.WithoutCancel(ctx), e)
	}
	return db.group.do(ctx, e)
}

// record writes entries in one transaction: all or none. Where the database keeps
// organizations apart itself, they are of one.
func (db *DB) record(ctx context.Context, entries ...Entry) error {
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // nothing after a commit
	if err := db.enter(ctx, tx, entries[0].Conversation.OrganizationID); err != nil {
		return err
	}
	x := execer{db.hot, tx.Tx}
	for _, e := range entries {
		for _, step := range []func(context.Context, execer, Entry) error{recordConversation, recordEvents, recordRun, recordMessages, recordTurn, recordTranscript, recordUsed} {
			if err := step(ctx, x, e); err != nil {
				return err
			}
		}
		if e.Answer != nil {
			if err := keep(ctx, direct{x}, e.Conversation.OrganizationID, *e.Answer); err != nil {
				return err
			}
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func recordConversation(ctx context.Context, x execer, e Entry) (err error) {
	c := e.Conversation
	if e.New {
		_, err = x.exec(ctx, insertConversation, c.OrganizationID, c.ID, c.AgentID, c.Channel, c.CreatedAt, c.UpdatedAt, c.Simulated, c.Outcome, encode(c))
	} else {
		_, err = x.exec(ctx, updateConversation, c.UpdatedAt, c.Outcome, encode(c), c.OrganizationID, c.ID)
	}
	if err != nil {
		return fmt.Errorf("store conversation: %w", err)
	}
	return nil
}

func recordEvents(ctx context.Context, x execer, e Entry) error {
	for _, ev := range e.Events {
		_, err := x.exec(ctx, insertEvent, e.Conversation.OrganizationID, ev.ConversationID, ev.Seq, ev.ID, ev.TsMs, ev.Channel, ev.EventType, string(ev.Payload), ev.TraceID)
		if err != nil {
			return fmt.Errorf("store events: %w", err)
		}
	}
	return nil
}

func recordRun(ctx context.Context, x execer, e Entry) error {
	for _, r := range e.Begin {
		if err := beginRun(ctx, direct{x}, r); err != nil {
			return err
		}
	}
	for _, r := range e.End {
		if err := endRun(ctx, direct{x}, r); err != nil {
			return err
		}
	}
	return nil
}

// BeginRun journals a run that belongs to no turn. The error is ErrRunExists when
// there is one with its idempotency key.
func (db *DB) BeginRun(ctx context.Context, r callwright.Run) error {
	return db.alone(ctx, r.OrganizationID, func(ctx context.Context, s session) error { return beginRun(ctx, s, r) })
}

// EndRun journals what became of a run.
func (db *DB) EndRun(ctx context.Context, r callwright.Run) error {
	return db.alone(ctx, r.OrganizationID, func(ctx context.Context, s session) error { return endRun(ctx, s, r) })
}

// alone runs fn, which writes one row.
func (db *DB) alone(ctx context.Context, org callwright.OrgID, fn func(context.Context, session) error) error {
	if !db.kind.rowLevel {
		return fn(ctx, direct{execer{db.hot, nil}})
	}
	return db.work(ctx, org, fn)
}

func beginRun(ctx context.Context, s session, r callwright.Run) error {
	args := []any{r.OrganizationID, r.ID, r.ConversationID, r.AgentID, r.SkillID, r.VersionID, r.Turn, r.IdempotencyKey, r.IsWrite, r.State, string(r.Fields), r.StartedAt}
	return s.exec(ctx, insertRun, args, func(err error) error {
		if duplicate(err) {
			return ErrRunExists
		}
		return fmt.Errorf("journal run: %w", err)
	})
}

func endRun(ctx context.Context, s session, r callwright.Run) error {
	return s.exec(ctx, endRunQuery, []any{r.State, r.Code, string(r.Answer), r.TookMs, string(r.Fields), r.Attempts, r.NextAt, r.OrganizationID, r.ID}, doing("journal outcome"))
}

func recordTurn(ctx context.Context, x execer, e Entry) error {
	t := e.Turn
	if t == nil {
		return nil
	}
	state := "running"
	if t.Done {
		state = "done"
	}
	_, err := x.exec(ctx, upsertTurn,
		e.Conversation.OrganizationID, e.Conversation.ID, t.Turn, state, t.RequestHash, t.IdempotencyKey, t.StartedAt, t.FinishedAt)
	if err != nil {
		return fmt.Errorf("store turn: %w", err)
	}
	return nil
}

func recordTranscript(ctx context.Context, x execer, e Entry) error {
	c := e.Conversation
	if e.Claim != "" {
		res, err := x.exec(ctx, deleteTranscript, c.OrganizationID, e.Claim, c.ID)
		if err != nil {
			return fmt.Errorf("claim transcript: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrClaimed)
		}
	}
	if e.Transcript == "" {
		return nil
	}
	_, err := x.exec(ctx, insertTranscript,
		c.OrganizationID, e.Transcript, c.ID, e.Turn.FinishedAt)
	if err != nil {
		return fmt.Errorf("store transcript: %w", err)
	}
	return nil
}

// Conversation returns a conversation's state.
func (db *DB) Conversation(ctx context.Context, org callwright.OrgID, id callwright.ConversationID) (callwright.Conversation, error) {
	var doc string
	if err := found(db.one(ctx, org, selectConversation, []any{org, id}, &doc), "conversation"); err != nil {
		return callwright.Conversation{}, err
	}
	return decode[callwright.Conversation](doc)
}

// Events returns a conversation's journal in order, from the event after the
// given number.
func (db *DB) Events(ctx context.Context, org callwright.OrgID, id callwright.ConversationID, after int) (out []callwright.Event, err error) {
	err = db.view(ctx, org, func(ctx context.Context, r reader) error {
		out, err = events(ctx, r, org, id, after)
		return err
	})
	return out, err
}

func events(ctx context.Context, r reader, org callwright.OrgID, id callwright.ConversationID, after int) ([]callwright.Event, error) {
	rows, err := r.prepared.query(ctx, selectEvents, org, id, after)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	defer rows.Close()
	var out []callwright.Event
	for rows.Next() {
		ev := callwright.Event{ConversationID: id}
		var payload string
		if err := rows.Scan(&ev.Seq, &ev.ID, &ev.TsMs, &ev.Channel, &ev.EventType, &payload, &ev.TraceID); err != nil {
			return nil, fmt.Errorf("read events: %w", err)
		}
		ev.Payload = json.RawMessage(payload)
		out = append(out, ev)
	}
	return out, rows.Err()
}

// TurnOf returns the newest turn that the request began, by its hash, or by the
// idempotency key when that is not empty. ok is false when there is none.
func (db *DB) TurnOf(ctx context.Context, org callwright.OrgID, hash, key string) (t Turn, ok bool, err error) {
	var row turnRow
	err = db.view(ctx, org, func(ctx context.Context, r reader) error {
		q := r.NewSelect().Model(&row).Where("organization_id = ?", org)
		if key != "" {
			q = q.Where("idempotency_key = ?", key)
		} else {
			q = q.Where("request_hash = ?", hash)
		}
		return q.OrderExpr("started_at DESC, conversation_id DESC").Limit(1).Scan(ctx)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return Turn{}, false, nil
	}
	if err != nil {
		return Turn{}, false, fmt.Errorf("read turn: %w", err)
	}
	return Turn{OrganizationID: row.OrganizationID, ConversationID: row.ConversationID, Turn: row.Turn, Done: row.State == "done",
		RequestHash: row.RequestHash, IdempotencyKey: row.IdempotencyKey, StartedAt: row.StartedAt, FinishedAt: row.FinishedAt}, true, nil
}

// Continued returns the conversation that produced the transcript and has not
// gone on since. With several, which had the same words, it is the newest.
func (db *DB) Continued(ctx context.Context, org callwright.OrgID, hash string) (id callwright.ConversationID, ok bool, err error) {
	err = db.one(ctx, org, selectContinued, []any{org, hash}, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("read transcript: %w", err)
	}
	return id, true, nil
}
