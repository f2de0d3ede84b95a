package e2e_test

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"callwright/internal/app"
)

// A theatre is one server on which all golden conversations are played, since each trade
// has one agent and a server of its own for each conversation would take minutes. Its
// partner and its models tell conversations apart by their ids and first words.
type theatre struct {
	server  *server
	partner *partner
	agents  map[string]string // by trade and model

	mu      sync.Mutex
	scripts map[string]http.HandlerFunc // of partners, by conversation
	casts   map[string]*understudy      // by protocol and the caller's first words
}

func newTheatre(t *testing.T) *theatre {
	t.Helper()
	h := &theatre{agents: map[string]string{}, scripts: map[string]http.HandlerFunc{}, casts: map[string]*understudy{}}
	h.partner = newPartner(t, func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		answer := h.scripts[r.Header.Get("X-Callwright-Conversation")]
		h.mu.Unlock()
		answer(w, r)
	})
	h.server = start(t, standingStill, func(o *app.Options) {
		o.FirstWord, o.FillerAfter = time.Minute, 0
		for _, p := range protocols() {
			model := newProvider(t, p, func(req providerRequest) providerAnswer {
				h.mu.Lock()
				u := h.casts[p.name+" "+req.first()]
				h.mu.Unlock()
				if u == nil {
					t.Errorf("%s: nobody plays %q", p.name, req.first())
					return providerAnswer{}
				}
				return u.answer(req)
			})
			o.Providers[p.name] = &app.Provider{BaseURL: p.base(model.URL)}
		}
	})
	return h
}

// build makes the agents of a conversation's trade, unless they are there.
func (h *theatre) build(sc script) {
	for _, model := range []string{"builtin", "openai/understudy", "anthropic/understudy"} {
		if name := sc.trade() + " " + model; h.agents[name] == "" {
			h.agents[name] = h.server.cast(sc, h.partner.URL, model)
		}
	}
}

// stage is a conversation with an agent of a trade.
func (h *theatre) stage(t *testing.T, sc script, model string) *stage {
	t.Helper()
	s := *h.server
	s.t = t
	c := s.chat(h.agents[sc.trade()+" "+model], false)
	h.mu.Lock()
	h.scripts[c.id] = sc.partner()
	h.mu.Unlock()
	return &stage{c, h.partner.arrived, func() []received {
		return slices.DeleteFunc(h.partner.received(), func(r received) bool { return r.Header.Get("X-Callwright-Conversation") != c.id })
	}}
}

// cast gives the part of a model in a conversation to an understudy.
func (h *theatre) cast(p protocol, sc script, u *understudy) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.casts[p.name+" "+sc.user[0]] = u
}

// TestGolden plays the golden conversations, four of each of ten trades, on the built-in
// engine; run with -update it writes down what the agent says and does now. Then they are
// played by models of both protocols that say and ask for the same, and one of each trade
// with a provider that dies in the middle.
func TestGolden(t *testing.T) {
	t.Parallel()
	h := newTheatre(t)
	trades, first := map[string]int{}, map[string]bool{}
	for _, path := range scripts(t, "testdata/golden/*.txtar") {
		sc := readScript(t, path)
		trades[sc.trade()]++
		if first[sc.user[0]] {
			t.Errorf("%s begins with the same words as another conversation", path)
		}
		first[sc.user[0]] = true
		h.build(sc)
		dies := len(sc.user) > 2 && !first["dies "+sc.trade()]
		if dies {
			first["dies "+sc.trade()] = true
		}
		p := protocols()[len(trades)%2]
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			original := h.stage(t, sc, "builtin")
			played := original.play(t, sc.user)
			sc.check(t, played.transcript)
			for _, p := range protocols() {
				h.cast(p, sc, learn(t, played, original.received()))
				playByProvider(t, p, h.stage(t, sc, p.name+"/understudy"), sc.user, played)
			}
			if dies {
				playUntilItDies(t, sc, p, played, original.received())
			}
		})
	}
	for trade, n := range trades {
		if n < 4 || len(trades) < 10 {
			t.Errorf("%s has %d conversations of %d trades, want four of ten", trade, n, len(trades))
		}
	}
}
