package e2e_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"callwright"
	"callwright/internal/app"
	"callwright/internal/llm"
)

// An understudy is a model that plays what was recorded of the built-in engine: in each
// turn the same words and the same calls, in their order. What the server says and does
// by itself is not its part.
type understudy struct {
	mu    sync.Mutex
	turns [][]providerAnswer
	turn  int
	next  int
	dead  string // where every answer breaks off; empty: it lives
}

// learn makes an understudy of a performance.
func learn(t testing.TB, p performance, received []received) *understudy {
	t.Helper()
	u := &understudy{}
	for _, r := range p.turns {
		var steps []providerAnswer
		open := false // the last step may still take calls
		for _, ev := range r.Events {
			switch ev.EventType {
			case callwright.AgentMessage:
				var m callwright.AgentText
				must(t, json.Unmarshal(ev.Payload, &m))
				if m.Kind == "" {
					steps, open = append(steps, providerAnswer{text: m.Text}), true
				}
			case callwright.ToolCallEvent:
				var c callwright.ToolCall
				must(t, json.Unmarshal(ev.Payload, &c))
				if c.State == "started" || c.ByServer {
					continue
				}
				if !open {
					steps = append(steps, providerAnswer{})
				}
				open = false // one call at a time, as the engine does
				last := &steps[len(steps)-1]
				last.calls = append(last.calls, llm.ToolCall{ID: fmt.Sprintf("call_%d_%d", len(u.turns), len(steps)), Name: c.Tool, Arguments: unmasked(t, c.Arguments, received)})
			}
		}
		u.turns = append(u.turns, steps)
	}
	return u
}

// unmasked returns the arguments of a call. Those that show who the caller is are masked
// in the receipt: they are what the partner got next under the same names.
func unmasked(t testing.TB, raw json.RawMessage, received []received) json.RawMessage {
	t.Helper()
	if !strings.Contains(string(raw), "•") {
		return raw
	}
	var args map[string]any
	must(t, json.Unmarshal(raw, &args))
	for i, r := range received {
		var sent map[string]any
		if json.Unmarshal([]byte(r.Body), &sent) != nil || len(sent) != len(args) {
			continue
		}
		same := true
		for name := range args {
			_, ok := sent[name]
			same = same && ok
		}
		if same {
			received[i].Body = "" // the next one is for the next call
			return json.RawMessage(r.Body)
		}
	}
	t.Fatalf("nothing was received for %s", raw)
	return nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// answer plays the next step. The caller's words since the last one begin the next turn.
func (u *understudy) answer(req providerRequest) providerAnswer {
	u.mu.Lock()
	defer u.mu.Unlock()
	turn := -1
	for _, m := range req.Messages {
		if m.Role == llm.User {
			turn++
		}
	}
	if turn != u.turn {
		u.turn, u.next = turn, 0
	}
	u.next++
	if u.dead != "" {
		return providerAnswer{text: "x", cut: u.dead}
	}
	if turn < 0 || turn >= len(u.turns) || u.next > len(u.turns[turn]) {
		return providerAnswer{text: fmt.Sprintf("(no step %d of turn %d)", u.next, turn)}
	}
	return u.turns[turn][u.next-1]
}

// die makes every answer break off.
func (u *understudy) die(where string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.dead = where
}

// on makes a server's default model that of a provider, and gives it little time.
func on(p protocol, s *provider) func(*app.Options) {
	return func(o *app.Options) {
		o.Model, o.FirstWord, o.FillerAfter = p.name+"/understudy", 2*time.Second, 0
		o.Providers[p.name] = &app.Provider{BaseURL: p.base(s.URL)}
	}
}

// playByProvider plays a conversation with a model that says and asks for what the
// built-in engine did: the same skills run with the same arguments, and the transcript is
// the same to the letter.
func playByProvider(t *testing.T, p protocol, st *stage, user []string, want performance) {
	t.Helper()
	got := st.play(t, user)
	if got.transcript != want.transcript {
		t.Errorf("%s: got transcript\n%s\nwant\n%s", p.name, got.transcript, want.transcript)
	}
	for i, r := range got.turns {
		if l := latency(t, r); l.Model != "" && !strings.HasPrefix(l.Model, p.name) {
			t.Errorf("%s: turn %d was answered by %s", p.name, i, l.Model)
		}
	}
}

// latency is the last event of a turn.
func latency(t testing.TB, r reply) (l callwright.Latency) {
	t.Helper()
	must(t, json.Unmarshal(r.Events[len(r.Events)-1].Payload, &l))
	return l
}

// playUntilItDies plays a conversation whose provider is gone from the middle on, killed
// between two turns or breaking off in an answer: the built-in engine answers in the same
// turn, the receipt says who answered and why, and no call runs twice.
func playUntilItDies(t *testing.T, s script, p protocol, recorded performance, received []received) {
	u := learn(t, recorded, received)
	model := newProvider(t, p, u.answer)
	st := newStage(t, s, on(p, model))
	dies := len(s.user) / 2 // in this turn
	st.play(t, s.user[:dies])
	if p.name == "openai" { // the process is killed
		model.CloseClientConnections()
		model.Close()
	} else { // it breaks off in every answer from then on
		u.die("content_block_delta")
	}
	checkStoodIn(t, p, st.play(t, s.user[dies:]), len(u.turns[dies]) > 0)
	checkOnce(t, st.received(), recorded)
}

// checkStoodIn judges the turns after a provider has died.
func checkStoodIn(t *testing.T, p protocol, rest performance, asked bool) {
	t.Helper()
	for i, r := range rest.turns {
		l := latency(t, r)
		if r.text() == "" || l.Model != "" && l.Model != "builtin" {
			t.Errorf("%s: turn %d after it died: %q, answered by %s", p.name, i, r.text(), l.Model)
		}
		if l.TotalMs > 3000 {
			t.Errorf("%s: turn %d took %.0f ms, want less than 3 s", p.name, i, l.TotalMs)
		}
		if receipt := mustText(t, r.Events); l.Model == "builtin" && !strings.Contains(receipt, p.name+"/understudy ") || !strings.Contains(receipt, "; builtin answers instead.") && l.Model == "builtin" {
			t.Errorf("%s: turn %d: the receipt does not say why: %s", p.name, i, receipt)
		}
	}
	if asked && latency(t, rest.turns[0]).Model != "builtin" {
		t.Errorf("%s: the first turn after it died was answered by %q", p.name, latency(t, rest.turns[0]).Model)
	}
}

// checkOnce makes sure that nothing ran twice: no intent arrived more often than when the
// conversation was recorded.
func checkOnce(t *testing.T, got []received, recorded performance) {
	t.Helper()
	count := map[string]int{}
	for _, r := range got {
		key := r.Method + " " + r.URL.RequestURI() + " " + r.Body
		if count[key]++; count[key] > max(1, strings.Count(recorded.transcript, "["+key+"]")) {
			t.Errorf("%s arrived %d times", key, count[key])
		}
	}
}
