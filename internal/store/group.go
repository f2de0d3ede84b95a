package store

import (
	"context"
	"errors"
	"sync"
)

// maxGroup bounds the entries that share a commit.
const maxGroup = 64

// A group lets entries that come while a commit is under way share the next one:
// the wait for the disk is the dearest part of a commit.
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
	for {
		select {
		case w := <-g.waiting:
			g.run(context.Background(), g.gather(w))
		case <-g.closing:
			return
		}
	}
}

// gather returns a waiter and those who wait behind it.
func (g *group) gather(first waiter) []waiter {
	batch := []waiter{first}
	for len(batch) < maxGroup {
		select {
		case w := <-g.waiting:
			batch = append(batch, w)
		default:
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
