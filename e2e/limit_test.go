package e2e_test

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"callwright"
	"callwright/internal/app"
)

// TestRateLimit: an organization has so many requests a minute, is told how many
// are left, and does not use up another's.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	now := time.Now()
	s := start(t, func(o *app.Options) {
		o.RateLimit = 6
		o.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	})
	for i := range 6 {
		r := s.try(s.key, "GET", "/agents", nil)
		if r.status != 200 || r.header.Get("RateLimit-Limit") != "6" || r.header.Get("RateLimit-Remaining") != strconv.Itoa(5-i) {
			t.Fatalf("request %d: %d %v", i, r.status, r.header)
		}
	}
	r := s.try(s.key, "GET", "/agents", nil)
	if p := r.problem(t); r.status != 429 || p.Code != "rate_limited" || r.header.Get("Retry-After") != "10" || r.header.Get("RateLimit-Reset") != "60" {
		t.Errorf("want 429 with Retry-After 10, got %d %v %s", r.status, r.header, r.body)
	}
	if r := s.try(s.newKey("Rivals", callwright.Scopes()...), "GET", "/agents", nil); r.status != 200 {
		t.Errorf("another organization: %d", r.status)
	}
	mu.Lock()
	now = now.Add(10 * time.Second)
	mu.Unlock()
	if r := s.try(s.key, "GET", "/agents", nil); r.status != 200 {
		t.Errorf("after Retry-After: %d", r.status)
	}
}
