package httpapi

import (
	"math"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"callwright"
)

// A limiter bounds the requests of each organization, and of each publishable key:
// so many in a minute, all at once if need be. Every server process counts for
// itself.
type limiter struct {
	perMinute int // of an organization; 0 for no limit
	now       func() time.Time

	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

// take counts a request and tells in the headers how many are left (the names of
// draft-ietf-httpapi-ratelimit-headers-06). The error is for when there are none.
func (l *limiter) take(actor callwright.Actor, set func(name, value string)) error {
	whose, perMinute := string(actor.Org), l.perMinute
	if actor.RateLimitRPM > 0 {
		whose, perMinute = string(actor.Key), actor.RateLimitRPM
	}
	if perMinute <= 0 {
		return nil
	}
	now := l.now()
	b := l.of(whose, perMinute, now)
	ok := b.AllowN(now, 1)
	left := max(0, b.TokensAt(now))
	perSecond := float64(perMinute) / 60
	set("RateLimit-Limit", strconv.Itoa(perMinute))
	set("RateLimit-Remaining", strconv.Itoa(int(left)))
	set("RateLimit-Reset", strconv.Itoa(int(math.Ceil((float64(perMinute)-left)/perSecond))))
	if ok {
		return nil
	}
	set("Retry-After", strconv.Itoa(int(math.Ceil((1-left)/perSecond))))
	if actor.RateLimitRPM > 0 {
		return callwright.Errorf(callwright.CodeRateLimited, "This publishable key has made too many requests (rateLimitRpm). Wait as long as Retry-After says.")
	}
	return callwright.Errorf(callwright.CodeRateLimited, "Your organization has made too many requests. Wait as long as Retry-After says.")
}

// of returns the bucket of somebody whose limit may have changed since the last
// request.
func (l *limiter) of(whose string, perMinute int, now time.Time) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.buckets[whose]
	if b == nil {
		if l.buckets == nil {
			l.buckets = map[string]*rate.Limiter{}
		}
		b = rate.NewLimiter(rate.Limit(float64(perMinute)/60), perMinute)
		l.buckets[whose] = b
	}
	if b.Burst() != perMinute {
		b.SetLimitAt(now, rate.Limit(float64(perMinute)/60))
		b.SetBurstAt(now, perMinute)
	}
	return b
}
