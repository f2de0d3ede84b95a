package webchat

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"callwright"
	"callwright/internal/engine"
	"callwright/internal/gate"
	"callwright/internal/store"
)

// SessionSpec is what begins a chat session.
type SessionSpec struct {
	AgentID   callwright.AgentID `json:"agentId" doc:"The agent to talk to" example:"agt_06o8h2q1ntk1v8a3c2m1g5r7e0"`
	DraftMode bool               `json:"draftMode" required:"false" doc:"Talk to the draft instead of the published version; with a test key always so"`
	Caller    callwright.Caller  `json:"caller" required:"false" doc:"What you know of the visitor; none of it counts as verified"`
	Metadata  map[string]string  `json:"metadata" required:"false" doc:"Kept with the conversation"`
}

// A Session is a chat with an agent.
type Session struct {
	ID             callwright.ConversationID `json:"id"`
	ConversationID callwright.ConversationID `json:"conversationId"`
	AgentID        callwright.AgentID        `json:"agentId"`
	VersionID      callwright.VersionID      `json:"versionId" doc:"Empty when it talks to the draft"`
	Status         string                    `json:"status" enum:"active,ended"`
	Channel        callwright.Channel        `json:"channel"`
	Messages       []Message                 `json:"messages"`
	CreatedAt      callwright.Time           `json:"createdAt"`
	EndedAt        callwright.Time           `json:"endedAt" nullable:"true"`
}

// A Message is something that was said.
type Message struct {
	ID        callwright.MessageID `json:"id"`
	Role      string               `json:"role" enum:"user,assistant"`
	Content   string               `json:"content"`
	CreatedAt callwright.Time      `json:"createdAt"`
}

// Start begins a session; the agent greets.
func (c *Channel) Start(ctx context.Context, actor callwright.Actor, spec SessionSpec) (Session, error) {
	conv, events, err := c.start(ctx, actor, spec, false)
	return session(conv, events), err
}

// A Simulation is a session that an operator begins to try an agent.
type Simulation struct {
	ID     callwright.ConversationID
	Events []callwright.Event // of its beginning
}

// Simulate begins a session that lists leave out.
func (c *Channel) Simulate(ctx context.Context, actor callwright.Actor, agent callwright.AgentID, draft bool) (Simulation, error) {
	conv, events, err := c.start(ctx, actor, SessionSpec{AgentID: agent, DraftMode: draft}, true)
	return Simulation{conv.ID, events}, err
}

func (c *Channel) start(ctx context.Context, actor callwright.Actor, spec SessionSpec, simulated bool) (callwright.Conversation, []callwright.Event, error) {
	agent, version, err := c.agent(ctx, actor.Org, spec.AgentID, spec.DraftMode || actor.DraftsOnly())
	if err != nil {
		return callwright.Conversation{}, nil, err
	}
	if err := c.Engine.Admit(ctx, agent.Agent); err != nil {
		return callwright.Conversation{}, nil, err
	}
	conv := c.conversation(actor.Org, spec.AgentID, version)
	conv.Caller, conv.Metadata, conv.Simulated = spec.Caller, spec.Metadata, simulated
	var events []callwright.Event
	note := func(kind callwright.EventType, payload any) {
		events = append(events, c.event(&conv, kind, payload))
	}
	note(callwright.CallStarted, callwright.Started{VersionID: version})
	note(callwright.AgentMessage, callwright.AgentText{MessageID: callwright.NewID[callwright.MessageID](c.Now()), Text: greeting(agent.Agent), Kind: "greeting"})
	return conv, events, c.Store.Record(ctx, store.Entry{Conversation: &conv, New: true, Events: events, Answer: c.answer(actor, session(conv, events))})
}

// answer is what a request's idempotency key is answered from now on, if it has
// one.
func (c *Channel) answer(actor callwright.Actor, s Session) *store.Answer {
	if actor.Once == nil {
		return nil
	}
	return &store.Answer{Once: *actor.Once, Data: s, At: callwright.At(c.Now())}
}

func (c *Channel) conversation(org callwright.OrgID, agent callwright.AgentID, version callwright.VersionID) callwright.Conversation {
	now := c.Now()
	return callwright.Conversation{ID: callwright.NewID[callwright.ConversationID](now), OrganizationID: org, AgentID: agent, VersionID: version,
		Channel: callwright.Chat, Status: "active", CreatedAt: callwright.At(now), UpdatedAt: callwright.At(now)}
}

// agent finds the version that a new conversation runs on, and makes sure that
// the agent takes chats.
func (c *Channel) agent(ctx context.Context, org callwright.OrgID, id callwright.AgentID, draft bool) (*gate.Agent, callwright.VersionID, error) {
	a, err := c.Store.Agent(ctx, org, id)
	if err != nil {
		return nil, "", err
	}
	if !draft && a.PublishedVersionID == "" {
		return nil, "", callwright.Errorf(callwright.CodeNotPublished, "The agent has no published version: publish it, or use draftMode to talk to the draft.")
	}
	version := a.PublishedVersionID
	if draft {
		version = ""
	}
	ready, err := c.Engine.Agent(ctx, org, id, version)
	if err != nil {
		return nil, "", err
	}
	if !a.Active() {
		return nil, "", callwright.Errorf(callwright.CodeInactive, "The agent is not active (isActive) and takes no conversations.")
	}
	if ch := ready.Agent.EnabledChannels; len(ch) > 0 && !slices.Contains(ch, callwright.Chat) {
		return nil, "", callwright.Errorf(callwright.CodeNotEnabled, "The agent does not take chats: add chat to enabledChannels.")
	}
	if on := ofChat(ready.Agent).Enabled; on != nil && !*on {
		return nil, "", callwright.Errorf(callwright.CodeNotEnabled, "The agent does not take chats: channelOverrides.chat.enabled is false.")
	}
	return ready, version, nil
}

// override is what an agent has of its own for chats.
type override struct {
	Enabled  *bool  `json:"enabled"`
	Greeting string `json:"greeting"`
}

func ofChat(a callwright.Agent) (o override) {
	if raw, ok := a.ChannelOverrides[string(callwright.Chat)]; ok {
		_ = json.Unmarshal(raw, &o) // control has checked the form
	}
	return o
}

// greeting is what the agent says first in a chat.
func greeting(a callwright.Agent) string {
	over := ofChat(a)
	switch {
	case over.Greeting != "":
		return over.Greeting
	case a.Greeting != "":
		return a.Greeting
	}
	return "Hi, this is " + a.Name + ". How can I help you?"
}

// Session returns a session with everything that was said.
func (c *Channel) Session(ctx context.Context, actor callwright.Actor, id callwright.ConversationID) (Session, error) {
	conv, err := c.Store.Conversation(ctx, actor.Org, id)
	if err != nil {
		return Session{}, err
	}
	events, err := c.Store.Events(ctx, actor.Org, id, 0)
	return session(conv, events), err
}

// Send says something in a session. The reply is under way when it returns. With
// an idempotency key a repeated request gets the same reply.
func (c *Channel) Send(ctx context.Context, actor callwright.Actor, id callwright.ConversationID, content, key string) (*Reply, error) {
	conv, err := c.Store.Conversation(ctx, actor.Org, id)
	if err != nil {
		return nil, err
	}
	if err := open(actor, conv); err != nil {
		return nil, err
	}
	hash := digest(string(actor.Org), string(id), content)
	var names []string
	if key != "" {
		names = []string{"key " + string(actor.Org) + " " + key}
	}
	in := engine.Input{Text: content, RequestHash: hash, IdempotencyKey: key}
	return c.begin(ctx, names, hash, func(ctx context.Context, r *Reply) error {
		if key != "" {
			if again, err := c.again(ctx, actor.Org, in, r); again || err != nil {
				return err
			}
		}
		leave, err := c.enter(ctx, actor.Org, id)
		if err != nil {
			return err
		}
		defer leave()
		conv, err := c.Store.Conversation(ctx, actor.Org, id)
		if err != nil {
			return err
		}
		if conv.Status == "ended" {
			return ended()
		}
		return c.turn(ctx, conv, in, r)
	})
}

// open refuses a key of the test environment in a conversation on a published
// version.
func open(actor callwright.Actor, conv callwright.Conversation) error {
	if actor.DraftsOnly() && conv.VersionID != "" {
		return callwright.Errorf(callwright.CodeTestKey, "This is a key of the test environment, which talks to drafts only, and the conversation is on a published version.")
	}
	return nil
}

func ended() error {
	return callwright.Errorf(callwright.CodeEnded, "The conversation has ended: start a new session.")
}

// A client that says it tries again means a moment ago; an Idempotency-Key counts
// for a day.
const (
	retryWindow = 15 * time.Minute
	keyLifetime = 24 * time.Hour
)

// again answers a request that was made before. It reports false when it was not.
func (c *Channel) again(ctx context.Context, org callwright.OrgID, in engine.Input, r *Reply) (bool, error) {
	t, ok, err := c.Store.TurnOf(ctx, org, in.RequestHash, in.IdempotencyKey)
	if err != nil || !ok {
		return false, err
	}
	age := c.Now().Sub(t.StartedAt.Time())
	if in.IdempotencyKey == "" && age > retryWindow || age > keyLifetime {
		return false, nil
	}
	if t.RequestHash != in.RequestHash {
		return true, keyReused()
	}
	if t.Done {
		return true, c.replay(ctx, t, r)
	}
	leave, err := c.enter(ctx, org, t.ConversationID)
	if err != nil {
		return true, err
	}
	defer leave()
	conv, err := c.Store.Conversation(ctx, org, t.ConversationID)
	if err != nil {
		return true, err
	}
	if conv.Turns != t.Turn { // the conversation has gone on without it
		return true, c.replay(ctx, t, r)
	}
	in.Resume = true
	return true, c.turn(ctx, conv, in, r)
}

// End ends a session. Ending one that has ended changes nothing.
func (c *Channel) End(ctx context.Context, actor callwright.Actor, id callwright.ConversationID) (Session, error) {
	if _, err := c.Store.Conversation(ctx, actor.Org, id); err != nil {
		return Session{}, err
	}
	leave, err := c.enter(ctx, actor.Org, id)
	if err != nil {
		return Session{}, err
	}
	defer leave()
	conv, err := c.Store.Conversation(ctx, actor.Org, id)
	if err != nil {
		return Session{}, err
	}
	if err := open(actor, conv); err != nil {
		return Session{}, err
	}
	events, err := c.Store.Events(ctx, actor.Org, id, 0)
	if err != nil {
		return Session{}, err
	}
	if conv.Status == "ended" {
		s := session(conv, events)
		if a := c.answer(actor, s); a != nil {
			err = c.Store.Keep(ctx, actor.Org, "", *a)
		}
		return s, err
	}
	conv.Status, conv.EndedAt, conv.Pending = "ended", callwright.At(c.Now()), nil
	if conv.Outcome == "" {
		conv.Outcome = callwright.Completed
	}
	ev := c.event(&conv, callwright.CallEnded, callwright.Ended{Reason: "ended by the client", Outcome: conv.Outcome})
	s := session(conv, events)
	return s, c.Store.Record(ctx, store.Entry{Conversation: &conv, Events: []callwright.Event{ev}, Answer: c.answer(actor, s)})
}

func (c *Channel) event(conv *callwright.Conversation, kind callwright.EventType, payload any) callwright.Event {
	raw, err := json.Marshal(payload)
	if err != nil {
		panic(fmt.Sprintf("webchat: %T cannot be JSON: %v", payload, err)) // our own types always can
	}
	now := c.Now()
	conv.LastSeq++
	return callwright.Event{ID: callwright.NewID[callwright.EventID](now), ConversationID: conv.ID, Seq: conv.LastSeq, TsMs: now.UnixMilli(),
		Channel: conv.Channel, EventType: kind, Payload: raw}
}

func session(conv callwright.Conversation, events []callwright.Event) Session {
	s := Session{ID: conv.ID, ConversationID: conv.ID, AgentID: conv.AgentID, VersionID: conv.VersionID, Status: conv.Status,
		Channel: conv.Channel, Messages: []Message{}, CreatedAt: conv.CreatedAt, EndedAt: conv.EndedAt}
	for _, ev := range events {
		if m, ok := message(ev); ok {
			s.Messages = append(s.Messages, m)
		}
	}
	return s
}

// message reads what was said out of an event, if something was.
func message(ev callwright.Event) (Message, bool) {
	m := Message{CreatedAt: callwright.Time(ev.TsMs)}
	switch ev.EventType {
	case callwright.UserUtterance:
		var u callwright.Utterance
		_ = json.Unmarshal(ev.Payload, &u) // a payload of our own
		m.Role, m.Content = "user", u.Text
		m.ID = callwright.MessageID(callwright.MessageID("").Prefix() + strings.TrimPrefix(string(ev.ID), ev.ID.Prefix()))
	case callwright.AgentMessage:
		var a callwright.AgentText
		_ = json.Unmarshal(ev.Payload, &a)
		m.Role, m.Content, m.ID = "assistant", a.Text, a.MessageID
	default:
		return Message{}, false
	}
	return m, true
}

// Messages returns the messages that a reply's events hold.
func Messages(events []callwright.Event) []Message {
	out := []Message{}
	for _, ev := range events {
		if m, ok := message(ev); ok && m.Role == "assistant" {
			out = append(out, m)
		}
	}
	return out
}
