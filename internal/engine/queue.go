package engine

import (
	"context"
	"sync"
	"time"

	"callwright"
)

const (
	// maxWorkers bounds the one_way runs that a server sends at once.
	maxWorkers = 8

	// queueEvery is how often a server looks for runs that another one left.
	queueEvery = 2 * time.Second
)

// Work sends the runs that one_way calls left in the journal, until ctx ends; then it
// waits for those under way. A run that was queued survives a crash; one that a
// server had begun becomes unknown. It is for app, once in a server.
func (e *Engine) Work(ctx context.Context) {
	tick := time.NewTicker(queueEvery)
	defer tick.Stop()
	var workers sync.WaitGroup
	defer workers.Wait()
	room := make(chan struct{}, maxWorkers)
	for {
		runs, err := e.Store.QueuedRuns(ctx, callwright.At(e.Now()), maxWorkers)
		if err != nil && ctx.Err() == nil {
			e.Log.ErrorContext(ctx, "look for queued runs", "error", err)
		}
		for _, r := range runs {
			select {
			case room <- struct{}{}:
			case <-ctx.Done():
				return
			}
			claimed, err := e.Store.ClaimRun(ctx, r.OrganizationID, r.ID, callwright.At(e.Now()))
			if err != nil || !claimed {
				<-room
				continue
			}
			workers.Go(func() {
				defer func() { <-room }()
				e.dequeue(context.WithoutCancel(ctx), r)
			})
		}
		if len(runs) == maxWorkers {
			continue // there may be more
		}
		select {
		case <-e.wakeup():
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// dequeue sends one run and records its end.
func (e *Engine) dequeue(ctx context.Context, r callwright.Run) {
	r.State, r.StartedAt = callwright.RunRunning, callwright.At(e.Now())
	agent, err := e.Agent(ctx, r.OrganizationID, r.AgentID, r.VersionID)
	if err == nil {
		var conv callwright.Conversation
		if conv, err = e.Store.Conversation(ctx, r.OrganizationID, r.ConversationID); err == nil {
			err = e.Store.EndRun(ctx, e.Gate.RunQueued(ctx, agent, conv, r))
		}
	}
	if err != nil {
		e.Log.ErrorContext(ctx, "send a queued run", "run", r.ID, "error", err)
	}
}

// wake tells Work that a run was queued.
func (e *Engine) wake() {
	select {
	case e.wakeup() <- struct{}{}:
	default: // it will look anyway
	}
}

func (e *Engine) wakeup() chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.queued == nil {
		e.queued = make(chan struct{}, 1)
	}
	return e.queued
}
