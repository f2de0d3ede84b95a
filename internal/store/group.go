package store

import (
	"context"
	"sync"
)

// maxGroup bounds the entries that share a commit.
const maxGroup = 64

// A group lets entries that come while a commit is under way share the next one:
// the wait for the disk is the dearest part of a commit.
type group struct {
	commit func(context.Context, ...Entry) error

	mu      sync.Mutex
	waiting []*waiter
	busy    bool
}

type waiter struct {
	entry Entry
	done  chan error
}

func (g *group) do(ctx context.Context, e Entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w := &waiter{entry: e, done: make(chan error, 1)}
	g.mu.Lock()
	g.waiting = append(g.waiting, w)
	lead := !g.busy
	g.busy = true
	g.mu.Unlock()
	if lead {
		// In a goroutine of its own, or the first caller would go on committing for
		// others for as long as there are any.
		go g.lead(context.WithoutCancel(ctx))
	}
	return <-w.done
}

// lead commits until nobody waits.
func (g *group) lead(ctx context.Context) {
	for {
		g.mu.Lock()
		n := min(len(g.waiting), maxGroup)
		batch := g.waiting[:n:n]
		g.waiting = g.waiting[n:]
		if n == 0 {
			g.waiting, g.busy = nil, false
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
		g.run(ctx, batch)
	}
}

// run commits a batch. When one of several entries fails, nothing of the batch was
// written, and each is tried by itself: the failure is its own alone.
func (g *group) run(ctx context.Context, batch []*waiter) {
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
