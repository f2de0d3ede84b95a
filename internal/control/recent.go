package control

import (
	"sync"

	"callwright"
	"callwright/internal/store"
)

const (
	// recentFor is how long a key that was read stands for itself. A key that another
	// server revokes ends here within that time; one that this server changes, at once.
	recentFor callwright.Time = 500 // ms

	maxRecent = 10_000 // keys; then all are read again
)

// recent keeps the secret keys that were read a moment ago: a busy key would be read
// with every request otherwise. Texts that belong to no key are not kept.
type recent struct {
	mu   sync.Mutex
	keys map[string]recentKey // by hash
}

type recentKey struct {
	store.KeyRecord
	read callwright.Time
}

func (r *recent) find(hash string, now callwright.Time) (store.KeyRecord, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, ok := r.keys[hash]
	return k.KeyRecord, ok && now >= k.read && now-k.read < recentFor
}

// keep takes a key that was read when now was asked for, before the reading.
func (r *recent) keep(hash string, k store.KeyRecord, now callwright.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keys == nil || len(r.keys) >= maxRecent {
		r.keys = map[string]recentKey{}
	}
	r.keys[hash] = recentKey{k, now}
}

// forget makes every key be read again.
func (r *recent) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys = nil
}
