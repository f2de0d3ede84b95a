package store

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	maxGroup = 64                   // entries that share a commit
	maxRest  = 2 * time.Millisecond // between two commits
)

// A group lets entries that come while a commit is under way, or shortly after it,
// share the next one: reaching the disk is the dearest part of a commit, in time and in
// CPU. A commit of one entry is followed by a rest as long as it took; one of more
// shows that many are at work, and by a longer one.
type group struct {
	commit  func(context.Context, ...Entry) error
	waiting chan waiter
	closing chan struct{}
	closed  sync.WaitGroup
}

type waiter struct {
	entry Entry
	done  chan error
}

func newGroup(commit func(context.Context, ...Entry) error) *group {
	g := &group{commit: commit, waiting: make(chan waiter), closing: make(chan struct{})}
	g.closed.Go(g.lead)
	return g
}

func (g *group) do(ctx context.Context, e Entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w := waiter{entry: e, done: make(chan error, 1)}
	select {
	case g.waiting <- w:
		return <-w.done
	case <-g.closing:
		return errors.New("record: the database is closed")
	}
}

// lead commits for everybody, in one goroutine for good: a commit needs a deep stack,
// and growing a new one for each costs as much as a statement.
func (g *group) lead() {
	rested := time.Now()
	for {
		select {
		case w := <-g.waiting:
			batch := g.gather(w, rested)
			began := time.Now()
			g.run(context.Background(), batch)
			ended := time.Now()
			rested = ended.Add(min(time.Duration(len(batch))*ended.Sub(began), maxRest))
		case <-g.closing:
			return
		}
	}
}

// gather returns a waiter and those who come behind it until an instant.
func (g *group) gather(first waiter, until time.Time) []waiter {
	batch := []waiter{first}
	rest := time.NewTimer(time.Until(until))
	defer rest.Stop()
	for len(batch) < maxGroup {
		select {
		case w := <-g.waiting:
			batch = append(batch, w)
			continue
		default:
		}
		select {
		case w := <-g.waiting:
			batch = append(batch, w)
		case <-rest.C:
			return batch
		}
	}
	return batch
}

// run commits a batch. When one of several entries fails, nothing of the batch was
// written, and each is tried by itself: the failure is its own alone.
func (g *group) run(ctx context.Context, batch []waiter) {
	entries := make([]Entry, len(batch))
	for i, w := range batch {
		entries[i] = w.entry
	}
	err := g.commit(ctx, entries...)
	if err == nil || len(batch) == 1 {
		for _, w := range batch {
			w.done <- err
		}
		return
	}
	for _, w := range batch {
		w.done <- g.commit(ctx, w.entry)
	}
}

// close ends the group once what is under way is committed.
func (g *group) close() {
	close(g.closing)
	g.closed.Wait()
}
