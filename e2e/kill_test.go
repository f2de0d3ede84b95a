package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"callwright"
	"callwright/internal/store/pgtest"
)

var kills = flag.Int("kills", 20, "kill -9 during writes; make soak does 200")

// A receiver is a business's system that takes reports of faults. One that honours
// keys acts once for each Idempotency-Key; one that does not acts on every request.
type receiver struct {
	honours bool

	mu    sync.Mutex
	keys  map[string]bool
	acted map[string][]string // keys by report
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	var body struct {
		Pump string `json:"pump_number"`
	}
	if err := json.NewDecoder(req.Body).Decode(&body); err != nil {
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	<-time.After(rand.N(15 * time.Millisecond))
	key := req.Header.Get("Idempotency-Key")
	r.mu.Lock()
	if !r.honours || !r.keys[key] {
		r.keys[key] = true
		r.acted[body.Pump] = append(r.acted[body.Pump], key)
	}
	r.mu.Unlock()
	<-time.After(rand.N(15 * time.Millisecond))
	answers(`{"reported":true}`)(w, req)
}

// TestKilledDuringWrites kills the server at random instants while clients have
// writes made, each trying again until it is answered: no effect happens twice, none
// without a journalled intent, what nobody can tell is listed as unknown, and nothing
// that was acknowledged is lost.
func TestKilledDuringWrites(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		for _, honours := range []bool{true, false} {
			t.Run(fmt.Sprintf("keys honoured %v", honours), func(t *testing.T) {
				t.Parallel()
				testKilledDuringWrites(t, address, honours)
			})
		}
	})
}

func testKilledDuringWrites(t *testing.T, address string, honours bool) {
	if address != "" {
		address = pgtest.New(t) // each variant has its own
	}
	system := &receiver{honours: honours, keys: map[string]bool{}, acted: map[string][]string{}}
	p := newPartner(t, system.ServeHTTP)
	proc := newProcess(t, address)
	s := proc.server()
	agent := s.agent(map[string]any{"name": "Water works"})
	s.skill(agent, map[string]any{"name": "Report fault", "description": "Use when a caller reports a broken pump.", "skillType": "http_webhook", "isWrite": true,
		"parametersSchema": map[string]any{"type": "object", "properties": map[string]any{"pump_number": map[string]any{"type": "string", "description": "The number on the pump"}}, "required": []string{"pump_number"}},
		"executionConfig":  map[string]any{"url": p.URL, "timeout_ms": 4000}})
	s.publish(agent)

	var next atomic.Int64
	var mu sync.Mutex
	told := map[string]string{} // the state that the client was told, by report
	ctx, stop := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for ctx.Err() == nil {
				pump := fmt.Sprintf("P%05d", next.Add(1))
				state := insist(ctx, t, s, agent, pump)
				mu.Lock()
				told[pump] = state
				mu.Unlock()
			}
		})
	}
	r := rand.New(rand.NewPCG(7, 7))
	slowest := time.Duration(0)
	for range *kills / 4 { // four variants share the count
		for range 1 + r.IntN(4) { // in the middle of work
			<-p.arrived
		}
		<-time.After(time.Duration(r.IntN(40)) * time.Millisecond)
		proc.kill()
		began := time.Now()
		proc.start()
		slowest = max(slowest, time.Since(began))
	}
	<-p.arrived
	stop()
	clients.Wait()
	if address == "" { // what was under way is over: a server that starts says so
		proc.kill()
		proc.start()
	}
	t.Logf("%d reports, %d kills; ready again within %v", next.Load(), *kills/4, slowest)

	runs := map[string]callwright.Run{}
	states := map[callwright.RunState]int{}
	for cursor := ""; ; {
		var page struct {
			Data       []callwright.Run
			Pagination callwright.Pagination
		}
		if err := json.Unmarshal(s.try(s.key, "GET", "/skill-runs?limit=100&cursor="+cursor, nil).body, &page); err != nil {
			t.Fatal(err)
		}
		for _, run := range page.Data {
			runs[run.IdempotencyKey] = run
			states[run.State]++
		}
		if cursor = page.Pagination.NextCursor; cursor == "" {
			break
		}
	}
	system.mu.Lock()
	defer system.mu.Unlock()
	for pump, keys := range system.acted {
		if len(keys) != 1 {
			t.Errorf("%s was reported %d times", pump, len(keys))
		}
		run, journalled := runs[keys[0]]
		switch {
		case !journalled:
			t.Errorf("%s had its effect without a journalled intent", pump)
		case run.State == callwright.RunFailed:
			t.Errorf("%s had its effect, and its run says failed", pump)
		case told[pump] == "done" && run.State != callwright.RunDone:
			t.Errorf("%s was acknowledged as done, and its run is %s", pump, run.State)
		}
	}
	for pump, state := range told {
		if state == "done" && len(system.acted[pump]) != 1 {
			t.Errorf("%s was told to be done, and was not", pump)
		}
	}
	t.Logf("runs %v", states)
	if address == "" && states[callwright.RunRunning] > 0 {
		t.Errorf("%d runs are under way, and nothing is", states[callwright.RunRunning])
	}
	if states[callwright.RunDone] == 0 || len(runs) < *kills/4 {
		t.Errorf("runs %v: the test is about nothing", states)
	}
}

// insist has a report made, and tries again with the same key until the turn is
// answered. It returns the state that the answer tells, "" when ctx ends first.
func insist(ctx context.Context, t *testing.T, s *server, agent, pump string) string {
	post := func(path, key string, body map[string]any, v any) bool {
		raw, err := json.Marshal(body)
		if err != nil {
			t.Error(err)
			return false
		}
		req, err := http.NewRequestWithContext(ctx, "POST", s.url+"/api/v1"+path, bytes.NewReader(raw))
		if err != nil {
			t.Error(err)
			return false
		}
		req.Header.Set("Authorization", "Bearer "+s.key)
		req.Header.Set("Idempotency-Key", key)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return false
		}
		defer res.Body.Close()
		answer, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode >= 300 {
			if err == nil && res.StatusCode < 500 && res.StatusCode != 409 {
				t.Errorf("%s: %d %s", path, res.StatusCode, answer)
			}
			return false
		}
		envelope := struct{ Data any }{v}
		return json.Unmarshal(answer, &envelope) == nil
	}
	again := func(do func() bool) bool {
		for !do() {
			select {
			case <-ctx.Done():
				return false
			case <-time.After(20 * time.Millisecond):
			}
		}
		return true
	}
	var session struct{ ID string }
	if !again(func() bool {
		return post("/chat/sessions", "s-"+pump, map[string]any{"agentId": agent}, &session)
	}) {
		return ""
	}
	var r reply
	if !again(func() bool {
		r = reply{}
		return post("/chat/sessions/"+session.ID+"/messages", "m-"+pump, map[string]any{"content": "I want to report a broken pump, the number on the pump is " + pump}, &r)
	}) {
		return ""
	}
	state := ""
	for _, ev := range r.Events {
		var c callwright.ToolCall
		if ev.EventType == callwright.ToolCallEvent && json.Unmarshal(ev.Payload, &c) == nil && c.State != "started" {
			state = c.State
		}
	}
	if state == "" || strings.Contains(state, "needs") {
		t.Errorf("%s: the agent made no report: %s", pump, r.text())
	}
	return state
}
