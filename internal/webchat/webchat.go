// Package webchat is the chat channel: it turns chat messages and chat completion
// requests into turns of the engine, one at a time in a conversation, and keeps a
// turn going when its client goes away.
//
// A request that repeats an earlier one (a retry) attaches to the turn that the
// first began, gets its answer again, or resumes it after a crash: it never
// begins a second one.
//
// It speaks no HTTP (httpapi does) and decides nothing about skills (gate does).
package webchat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"callwright"
	"callwright/internal/engine"
	"callwright/internal/store"
)

// A Channel runs chats. Its fields are set once, before use.
type Channel struct {
	Engine *engine.Engine
	Store  *store.DB
	Now    func() time.Time
	Log    *slog.Logger

	// Name is what this server is called among those that share its database;
	// empty when it has it to itself.
	Name string

	mu      sync.Mutex
	closing bool
	live    map[string]*Reply // turns under way, by request
	queues  map[callwright.ConversationID]*queue
	running sync.WaitGroup
}

// A Reply is a turn under way or over. Any number of readers may follow it; each
// sees it from its beginning.
type Reply struct {
	mu     sync.Mutex
	events []engine.Event
	err    error
	done   bool
	more   chan struct{} // closed and replaced when there is more to see
	hash   string        // of the request, for its idempotency key
}

func newReply() *Reply { return &Reply{more: make(chan struct{})} }

// Events follows the turn to its end. A reader whose ctx ends leaves; the turn
// goes on.
func (r *Reply) Events(ctx context.Context) iter.Seq2[engine.Event, error] {
	return func(yield func(engine.Event, error) bool) {
		for next := 0; ; {
			r.mu.Lock()
			events, err, done, more := r.events[next:], r.err, r.done, r.more
			r.mu.Unlock()
			for _, ev := range events {
				if !yield(ev, nil) {
					return
				}
			}
			next += len(events)
			if done && len(events) == 0 {
				if err != nil {
					yield(nil, err)
				}
				return
			}
			if len(events) > 0 {
				continue
			}
			select {
			case <-more:
			case <-ctx.Done():
				yield(nil, ctx.Err())
				return
			}
		}
	}
}

func (r *Reply) publish(ev engine.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, ev)
	close(r.more)
	r.more = make(chan struct{})
}

func (r *Reply) finish(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err, r.done = err, true
	close(r.more)
	r.more = make(chan struct{})
}

// errLate tells run to look again: another request changed what it had read.
var errLate = errors.New("another request was first")

// begin starts a turn in the background under the names that retries look for, or
// returns the one that is under way under one of them.
func (c *Channel) begin(ctx context.Context, names []string, hash string, run func(context.Context, *Reply) error) (*Reply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range names {
		if r := c.live[n]; r != nil {
			if r.hash != hash {
				return nil, keyReused()
			}
			return r, nil
		}
	}
	if c.closing {
		return nil, callwright.Errorf(callwright.CodeUnavailable, "The server is shutting down. Try again.")
	}
	if c.live == nil {
		c.live = map[string]*Reply{}
	}
	r := newReply()
	r.hash = hash
	for _, n := range names {
		c.live[n] = r
	}
	// The turn outlives its request: a client that hangs up, or retries, must not
	// cut a write in half.
	turn := context.WithoutCancel(ctx)
	c.running.Go(func() {
		err := c.guarded(turn, r, run)
		for errors.Is(err, errLate) { // ends: each time another request has gone on
			err = c.guarded(turn, r, run)
		}
		c.mu.Lock()
		for _, n := range names {
			delete(c.live, n)
		}
		c.mu.Unlock()
		if err != nil && callwright.CodeOf(err) == callwright.CodeInternal {
			c.Log.ErrorContext(turn, "turn failed", "error", err)
		}
		r.finish(err)
	})
	return r, nil
}

// guarded runs a turn. One that panics must not take the server and all its
// conversations with it; a retry takes it up from its journal.
func (c *Channel) guarded(ctx context.Context, r *Reply, run func(context.Context, *Reply) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("turn panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return run(ctx, r)
}

func keyReused() error {
	return callwright.Errorf(callwright.CodeKeyReused, "This Idempotency-Key was used for another request: use a new key for a new request.")
}

// turn runs one turn of the engine into r.
func (c *Channel) turn(ctx context.Context, conv callwright.Conversation, in engine.Input, r *Reply) error {
	for ev, err := range c.Engine.Turn(ctx, conv, in) {
		if errors.Is(err, store.ErrClaimed) {
			return errLate
		}
		if err != nil {
			return err
		}
		// A chat has nothing more to do for an effect than what the engine said and
		// journalled: there is no line to put through or to cut.
		r.publish(ev)
	}
	return nil
}

// A queue lets one turn at a time into a conversation.
type queue struct {
	turn  chan struct{}
	users int
}

// enter waits for the conversation's turn; leave gives it on. Where servers share the
// database, it takes the conversation's lease too.
func (c *Channel) enter(ctx context.Context, org callwright.OrgID, id callwright.ConversationID) (leave func(), err error) {
	out := c.queue(id)
	if c.Name == "" {
		return out, nil
	}
	release, err := c.lease(ctx, org, id)
	if err != nil {
		out()
		return nil, err
	}
	return func() { release(); out() }, nil
}

// queue waits behind the turns of this server.
func (c *Channel) queue(id callwright.ConversationID) (leave func()) {
	c.mu.Lock()
	if c.queues == nil {
		c.queues = map[callwright.ConversationID]*queue{}
	}
	q := c.queues[id]
	if q == nil {
		q = &queue{turn: make(chan struct{}, 1)}
		c.queues[id] = q
	}
	q.users++
	c.mu.Unlock()
	q.turn <- struct{}{}
	return func() {
		<-q.turn
		c.mu.Lock()
		defer c.mu.Unlock()
		if q.users--; q.users == 0 {
			delete(c.queues, id)
		}
	}
}

// Close refuses new turns and waits for those under way, or until ctx ends.
func (c *Channel) Close(ctx context.Context) error {
	c.mu.Lock()
	c.closing = true
	c.mu.Unlock()
	idle := make(chan struct{})
	go func() { c.running.Wait(); close(idle) }()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// replay publishes a turn that is over, from the journal.
func (c *Channel) replay(ctx context.Context, t store.Turn, r *Reply) error {
	conv, err := c.Store.Conversation(ctx, t.OrganizationID, t.ConversationID)
	if err != nil {
		return err
	}
	events, err := c.Store.Events(ctx, t.OrganizationID, t.ConversationID, 0)
	if err != nil {
		return err
	}
	said := false
	for _, ev := range turnEvents(events, t.Turn) {
		if m, ok := message(ev); ok && m.Role == "assistant" {
			said = true
			r.publish(engine.Say{MessageID: m.ID, Text: m.Content})
		}
		r.publish(engine.Recorded{Event: ev})
	}
	if !said {
		return callwright.Errorf(callwright.CodeModel, "This request failed the first time; begin a new one.")
	}
	r.publish(engine.Ended{Conversation: conv})
	return nil
}

// turnEvents returns the events of the nth turn.
func turnEvents(events []callwright.Event, n int) []callwright.Event {
	turn, start := 0, -1
	for i, ev := range events {
		if ev.EventType != callwright.UserUtterance || imported(ev) {
			continue
		}
		if turn++; turn == n {
			start = i
		} else if turn == n+1 {
			return events[start:i]
		}
	}
	if start < 0 {
		return nil
	}
	return events[start:]
}

func imported(ev callwright.Event) bool {
	var p struct {
		Imported bool `json:"imported"`
	}
	_ = json.Unmarshal(ev.Payload, &p) // a payload of our own
	return p.Imported
}
