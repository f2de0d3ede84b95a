package gate

import (
	"encoding/json"
	"sync"
	"time"
)

// maxCached bounds the answers that a server keeps for cacheSeconds.
const maxCached = 1000

// A cache keeps answers of reads in memory, by what was asked.
type cache struct {
	mu      sync.Mutex
	answers map[string]cached
}

type cached struct {
	data  json.RawMessage
	until time.Time
}

func (c *cache) get(key string, now time.Time) (json.RawMessage, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, ok := c.answers[key]
	return a.data, ok && now.Before(a.until)
}

func (c *cache) put(key string, data json.RawMessage, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answers == nil {
		c.answers = map[string]cached{}
	}
	for k := range c.answers {
		if len(c.answers) < maxCached {
			break
		}
		delete(c.answers, k) // any one: it is asked again when needed
	}
	c.answers[key] = cached{data, until}
}
