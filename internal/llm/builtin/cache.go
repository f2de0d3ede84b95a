package builtin

import (
	"bytes"
	"hash/maphash"
	"slices"
	"sync"

	"callwright/internal/llm"
)

// maxIndexes bounds the tool lists that are kept ready, one for each version of an
// agent that is talked to.
const maxIndexes = 256

// An indexes keeps tool lists that were made ready, since every request of a
// conversation brings the same one.
type indexes struct {
	mu   sync.Mutex
	made map[uint64]ready
}

// A ready is an index and the tools it was made from.
type ready struct {
	tools []llm.Tool
	index *index
}

var seed = maphash.MakeSeed()

// of returns the index of tools, made at most once while it is kept.
func (c *indexes) of(ts []llm.Tool) *index {
	key := keyOf(ts)
	c.mu.Lock()
	got, ok := c.made[key]
	c.mu.Unlock()
	if ok && slices.EqualFunc(got.tools, ts, sameTool) {
		return got.index
	}
	x := newIndex(tools(ts))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.made == nil {
		c.made = map[uint64]ready{}
	}
	for k := range c.made {
		if len(c.made) < maxIndexes {
			break
		}
		delete(c.made, k) // any one: it is made again when needed
	}
	c.made[key] = ready{slices.Clone(ts), x}
	return x
}

func keyOf(ts []llm.Tool) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, t := range ts {
		h.WriteString(t.Name)
		h.WriteString(t.Description)
		h.Write(t.Parameters)
	}
	return h.Sum64()
}

func sameTool(a, b llm.Tool) bool {
	return a.Name == b.Name && a.Description == b.Description && a.IsWrite == b.IsWrite && bytes.Equal(a.Parameters, b.Parameters)
}
