package webchat

import (
	"context"
	"time"

	"callwright"
)

const (
	// leaseFor is how long a conversation stays with a server that has died.
	leaseFor = 15 * time.Second

	// leaseEvery is how often a server that lives renews its leases.
	leaseEvery = 5 * time.Second

	// leaseWait is how long a turn waits for another server's turn.
	leaseWait = 90 * time.Second

	leasePoll = 50 * time.Millisecond
)

// lease waits until no other server has the conversation, takes it and keeps it until
// release is called.
func (c *Channel) lease(ctx context.Context, org callwright.OrgID, id callwright.ConversationID) (release func(), err error) {
	for began := c.Now(); ; {
		ok, err := c.renew(ctx, org, id)
		if err != nil {
			return nil, err
		}
		if ok {
			break
		}
		if c.Now().Sub(began) > leaseWait {
			return nil, callwright.Errorf(callwright.CodeInProgress, "Another turn of this conversation is still under way. Try again shortly.")
		}
		wait := time.NewTimer(leasePoll)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return nil, ctx.Err()
		}
	}
	kept, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.keepLease(kept, org, id)
	}()
	return func() {
		stop()
		<-done
		if err := c.Store.Release(context.WithoutCancel(ctx), org, id, c.Name); err != nil {
			c.Log.WarnContext(ctx, "give a conversation back", "conversation", id, "error", err)
		}
	}, nil
}

// keepLease renews a lease until ctx ends.
func (c *Channel) keepLease(ctx context.Context, org callwright.OrgID, id callwright.ConversationID) {
	tick := time.NewTicker(leaseEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if ok, err := c.renew(ctx, org, id); (err != nil || !ok) && ctx.Err() == nil {
				c.Log.WarnContext(ctx, "keep a conversation", "conversation", id, "error", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

func (c *Channel) renew(ctx context.Context, org callwright.OrgID, id callwright.ConversationID) (bool, error) {
	now := c.Now()
	return c.Store.Lease(ctx, org, id, c.Name, callwright.At(now), callwright.At(now.Add(leaseFor)))
}
