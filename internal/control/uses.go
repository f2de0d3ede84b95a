package control

import (
	"context"
	"sync"
	"time"

	"callwright"
)

// useStep is how exactly the last use of a key is known: a write a minute, however
// many requests there are.
const useStep = callwright.Time(time.Minute / time.Millisecond)

// uses remembers when this server last recorded the use of each key, so that of
// many requests at once one writes.
type uses struct {
	mu      sync.Mutex
	written map[string]callwright.Time
}

// noteUse records the use of a key through write, unless that was done in the last
// minute. A failure is logged: it is no reason to refuse a request.
func (s *Service) noteUse(ctx context.Context, id string, last, now callwright.Time, write func(context.Context) error) {
	if now-last < useStep || !s.uses.claim(id, now) {
		return
	}
	if err := write(context.WithoutCancel(ctx)); err != nil {
		s.Log.WarnContext(ctx, "the use of a key was not recorded", "key", id, "error", err)
	}
}

// claim reports whether it is for the caller to write.
func (u *uses) claim(id string, now callwright.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if last, ok := u.written[id]; ok && now-last < useStep {
		return false
	}
	if u.written == nil {
		u.written = map[string]callwright.Time{}
	}
	u.written[id] = now
	return true
}
