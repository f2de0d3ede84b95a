package control

import (
	"context"
	"encoding/json"
	"time"

	"callwright"
	"callwright/internal/store"
)

// idleAfter is how long a conversation may rest before it counts as abandoned.
const idleAfter = 30 * time.Minute

// A ConversationRow is a conversation as lists show it.
type ConversationRow struct {
	ID             callwright.ConversationID `json:"id"`
	AgentID        callwright.AgentID        `json:"agentId"`
	VersionID      callwright.VersionID      `json:"versionId" doc:"Empty when it ran on the draft"`
	Channel        callwright.Channel        `json:"channel" enum:"voice,chat"`
	StartedAt      callwright.Time           `json:"startedAt"`
	DurationS      float64                   `json:"durationS" doc:"Seconds, to its end or its last turn"`
	Language       string                    `json:"language" doc:"BCP-47 tag; empty when unknown"`
	CallerNumber   string                    `json:"callerNumber"`
	Status         string                    `json:"status" enum:"active,ended"`
	Outcome        callwright.Outcome        `json:"outcome" doc:"completed, transferred, abandoned or error; empty while it is active"`
	GoalCompleted  bool                      `json:"goalCompleted" doc:"Something that the caller asked for was done, and nothing was left undone"`
	UserTurnCount  int                       `json:"userTurnCount"`
	Summary        string                    `json:"summary"`
	PrimaryTopic   string                    `json:"primaryTopic" doc:"The first skill that was of use; empty when there was none"`
	Sentiment      string                    `json:"sentiment" enum:"positive,neutral,negative,frustrated"`
	SentimentScore float64                   `json:"sentimentScore" doc:"-1 to 1"`
}

// ConversationQuery chooses conversations.
type ConversationQuery struct {
	Agent    callwright.AgentID
	Channel  callwright.Channel
	Outcome  callwright.Outcome
	From, To callwright.Time
	Text     string
}

// ListConversations returns a page of conversations, newest first. An agent that is
// not there is not found.
func (s *Service) ListConversations(ctx context.Context, actor callwright.Actor, q ConversationQuery, p callwright.Page) ([]ConversationRow, callwright.Pagination, error) {
	if q.Agent != "" {
		if err := s.found(ctx, actor, q.Agent); err != nil {
			return nil, callwright.Pagination{}, err
		}
	}
	f := store.ConversationFilter{Agent: q.Agent, Channel: q.Channel, Outcome: q.Outcome, From: q.From, To: q.To, Text: q.Text, Idle: callwright.At(s.Now().Add(-idleAfter))}
	all, info, err := s.Store.ListConversations(ctx, actor.Org, f, p)
	if err != nil {
		return nil, info, err
	}
	rows := make([]ConversationRow, len(all))
	for i, c := range all {
		rows[i] = s.row(c)
	}
	return rows, info, nil
}

func (s *Service) row(c callwright.Conversation) ConversationRow {
	last := max(c.EndedAt, c.UpdatedAt, c.CreatedAt)
	r := ConversationRow{ID: c.ID, AgentID: c.AgentID, VersionID: c.VersionID, Channel: c.Channel, StartedAt: c.CreatedAt, DurationS: float64(last-c.CreatedAt) / 1000,
		CallerNumber: c.Caller.Phone, Status: c.Status, Outcome: c.Outcome, UserTurnCount: c.Turns, PrimaryTopic: c.Topic,
		GoalCompleted: c.Succeeded > 0 && c.Failed == 0 && c.Pending == nil}
	if r.Outcome == "" && last < callwright.At(s.Now().Add(-idleAfter)) {
		r.Outcome = callwright.Abandoned
	}
	if c.Turns > 0 {
		r.SentimentScore = max(-1, min(1, float64(c.Sentiment)/float64(c.Turns)))
	}
	switch {
	case r.SentimentScore <= -1:
		r.Sentiment = "frustrated"
	case r.SentimentScore <= -0.3:
		r.Sentiment = "negative"
	case r.SentimentScore >= 0.3:
		r.Sentiment = "positive"
	default:
		r.Sentiment = "neutral"
	}
	r.Summary = summary(c, r)
	return r
}

// summary says in a sentence what a conversation was about and how it went.
func summary(c callwright.Conversation, r ConversationRow) string {
	about := "Nothing was looked up or done"
	switch {
	case c.Topic != "" && c.Failed > 0:
		about = "“" + c.Topic + "” was used, and something failed"
	case c.Topic != "":
		about = "“" + c.Topic + "” was used with success"
	case c.Failed > 0:
		about = "What was tried failed"
	}
	end := map[callwright.Outcome]string{callwright.Completed: "The conversation was ended", callwright.Transferred: "The caller was handed over to a person",
		callwright.Abandoned: "The caller did not come back", callwright.Errored: "It ended with an error"}[r.Outcome]
	if end == "" {
		end = "It is under way"
	}
	return about + ". " + end + "."
}

// A ConversationDetail is a conversation with what was said.
type ConversationDetail struct {
	ConversationRow
	Caller       callwright.Caller `json:"caller"`
	Metadata     map[string]string `json:"metadata"`
	RecordingURL string            `json:"recordingUrl" doc:"Of calls that were recorded; empty otherwise"`
	Transcript   Transcript        `json:"transcript"`
}

// A Transcript is what was said, in order.
type Transcript struct {
	Turns []TranscriptTurn `json:"turns"`
}

// A TranscriptTurn is one thing that was said.
type TranscriptTurn struct {
	Role         string   `json:"role" enum:"user,assistant"`
	Text         string   `json:"text"`
	TsMs         int64    `json:"tsMs" doc:"Milliseconds since the Unix epoch"`
	Language     string   `json:"language" doc:"BCP-47 tag; empty when unknown"`
	QuickReplies []string `json:"quickReplies" doc:"Answers that the agent offered as buttons"`
}

// Conversation returns a conversation with what was said.
func (s *Service) Conversation(ctx context.Context, actor callwright.Actor, id callwright.ConversationID) (ConversationDetail, error) {
	c, err := s.Store.Conversation(ctx, actor.Org, id)
	if err != nil {
		return ConversationDetail{}, err
	}
	t, err := s.Transcript(ctx, actor, id)
	if err != nil {
		return ConversationDetail{}, err
	}
	d := ConversationDetail{ConversationRow: s.row(c), Caller: c.Caller, Metadata: c.Metadata, Transcript: t}
	for _, turn := range t.Turns {
		if turn.Language != "" {
			d.Language = turn.Language
		}
	}
	return d, nil
}

// Transcript returns what was said in a conversation.
func (s *Service) Transcript(ctx context.Context, actor callwright.Actor, id callwright.ConversationID) (Transcript, error) {
	events, err := s.Receipt(ctx, actor, id)
	if err != nil {
		return Transcript{}, err
	}
	t := Transcript{Turns: []TranscriptTurn{}}
	for _, ev := range events {
		turn := TranscriptTurn{TsMs: ev.TsMs, QuickReplies: []string{}}
		switch ev.EventType {
		case callwright.UserUtterance:
			var u callwright.Utterance
			_ = json.Unmarshal(ev.Payload, &u) // a payload of our own
			turn.Role, turn.Text, turn.Language = "user", u.Text, u.Language
		case callwright.AgentMessage:
			var a callwright.AgentText
			_ = json.Unmarshal(ev.Payload, &a)
			turn.Role, turn.Text = "assistant", a.Text
		default:
			continue
		}
		t.Turns = append(t.Turns, turn)
	}
	return t, nil
}

// Receipt returns everything that happened in a conversation, in order.
func (s *Service) Receipt(ctx context.Context, actor callwright.Actor, id callwright.ConversationID) ([]callwright.Event, error) {
	if _, err := s.Store.Conversation(ctx, actor.Org, id); err != nil {
		return nil, err
	}
	events, err := s.Store.Events(ctx, actor.Org, id, 0)
	if err != nil || events == nil {
		return []callwright.Event{}, err
	}
	return events, s.delivered(ctx, actor, id, events)
}

// ListRuns returns a page of skill runs, newest first. What the filter names must be
// there.
func (s *Service) ListRuns(ctx context.Context, actor callwright.Actor, f store.RunFilter, p callwright.Page) ([]callwright.Run, callwright.Pagination, error) {
	if f.Agent != "" {
		if err := s.found(ctx, actor, f.Agent); err != nil {
			return nil, callwright.Pagination{}, err
		}
	}
	if f.Conversation != "" {
		if _, err := s.Store.Conversation(ctx, actor.Org, f.Conversation); err != nil {
			return nil, callwright.Pagination{}, err
		}
	}
	runs, info, err := s.Store.ListRuns(ctx, actor.Org, f, p)
	for i := range runs {
		runs[i].Answer = orNull(runs[i].Answer)
		if d := runs[i].Delivery; d != nil {
			runs[i].Delivery = new(d.Said())
		}
	}
	if runs == nil {
		runs = []callwright.Run{}
	}
	return runs, info, err
}

// Resolution is what an operator found out about a run whose outcome was unknown.
type Resolution struct {
	State callwright.RunState `json:"state" enum:"done,failed" doc:"done: it had its effect. failed: it had none"`
	Note  string              `json:"note" required:"false" maxLength:"2000" doc:"How you know"`
}

// ResolveRun records what became of a run that was unknown.
func (s *Service) ResolveRun(ctx context.Context, actor callwright.Actor, id callwright.RunID, r Resolution, problems []callwright.FieldError) (callwright.Run, error) {
	before, err := s.Store.Run(ctx, actor.Org, id)
	if err != nil {
		return callwright.Run{}, err
	}
	state := string(r.State)
	if state == "" {
		problems = append(problems, at("state", "is required: done or failed")...)
	} else {
		problems = append(problems, oneOf("state", &state, "done", "failed")...)
	}
	if err := fail(append(problems, text("note", r.Note, 0, 2_000)...)); err != nil {
		return callwright.Run{}, err
	}
	if before.State != callwright.RunUnknown {
		return callwright.Run{}, callwright.Errorf(callwright.CodeNotUnknown, "The run is %s, so there is nothing to resolve.", before.State)
	}
	after := before
	after.State, after.Note, after.ResolvedBy, after.ResolvedAt, after.Answer = r.State, r.Note, string(actor.Key), s.now(), orNull(before.Answer)
	before.Answer = orNull(before.Answer)
	change := store.Change{Action: "run.resolve", Resource: string(id), Before: &before, After: &after}
	return after, s.Store.As(actor, s.Now(), change).ResolveRun(ctx, actor.Org, id, r.State, r.Note, string(actor.Key), after.ResolvedAt)
}

// ListMessages returns a page of the messages that agents took, newest first.
func (s *Service) ListMessages(ctx context.Context, actor callwright.Actor, agent callwright.AgentID, status string, p callwright.Page) ([]callwright.TakenMessage, callwright.Pagination, error) {
	if agent != "" {
		if err := s.found(ctx, actor, agent); err != nil {
			return nil, callwright.Pagination{}, err
		}
	}
	return s.Store.ListMessages(ctx, actor.Org, agent, status, p)
}

// MessagePatch is what may be changed of a message.
type MessagePatch struct {
	Status string `json:"status" enum:"new,read,done"`
}

// PatchMessage changes the status of a message.
func (s *Service) PatchMessage(ctx context.Context, actor callwright.Actor, id callwright.MessageID, patch MessagePatch, problems []callwright.FieldError) (callwright.TakenMessage, error) {
	if patch.Status == "" {
		problems = append(problems, at("status", "is required: new, read or done")...)
	} else {
		problems = append(problems, oneOf("status", &patch.Status, "new", "read", "done")...)
	}
	var before, after callwright.TakenMessage
	change := store.Change{Action: "message.update", Resource: string(id), Before: &before, After: &after}
	return s.Store.As(actor, s.Now(), change).UpdateMessage(ctx, actor.Org, id, func(m *callwright.TakenMessage) error {
		if err := fail(problems); err != nil {
			return err
		}
		before = *m
		m.Status, m.UpdatedAt = patch.Status, s.now()
		after = *m
		return nil
	})
}
