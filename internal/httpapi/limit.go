package httpapi

import (
	"math"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"callwright"
)

// A limiter bounds the requests of each organization: so many in a minute, all at
// once if need be. Every server process counts for itself.
type limiter struct {
	perMinute int
	now       func() time.Time

	mu   sync.Mutex
	orgs map[callwright.OrgID]*rate.Limiter
}

// take counts a request and tells in the headers how many are left (the names of
// draft-ietf-httpapi-ratelimit-headers-06). It reports false when there are none.
func (l *limiter) take(org callwright.OrgID, set func(name, value string)) bool {
	if l.perMinute <= 0 {
		return true
	}
	now := l.now()
	b := l.of(org)
	ok := b.AllowN(now, 1)
	left := max(0, b.TokensAt(now))
	perSecond := float64(l.perMinute) / 60
	set("RateLimit-Limit", strconv.Itoa(l.perMinute))
	set("RateLimit-Remaining", strconv.Itoa(int(left)))
	set("RateLimit-Reset", strconv.Itoa(int(math.Ceil((float64(l.perMinute)-left)/perSecond))))
	if !ok {
		set("Retry-After", strconv.Itoa(int(math.Ceil((1-left)/perSecond))))
	}
	return ok
}

func (l *limiter) of(org callwright.OrgID) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.orgs[org]
	if b == nil {
		if l.orgs == nil {
			l.orgs = map[callwright.OrgID]*rate.Limiter{}
		}
		b = rate.NewLimiter(rate.Limit(float64(l.perMinute)/60), l.perMinute)
		l.orgs[org] = b
	}
	return b
}

func tooMany() error {
	return callwright.Errorf(callwright.CodeRateLimited, "Your organization has made too many requests. Wait as long as Retry-After says.")
}
