package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"callwright/internal/app"
)

// once sends a POST with an Idempotency-Key.
func (s *server) once(key, idempotencyKey, path, body string) (response, error) {
	req, err := http.NewRequestWithContext(s.t.Context(), "POST", s.url+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		return response{}, err
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Idempotency-Key", idempotencyKey)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return response{}, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	r := response{res.StatusCode, res.Header, raw}
	if err == nil {
		s.judge("POST", path, r)
	}
	return r, err
}

// TestIdempotencyKey: the same request gets the same answer, byte for byte, and
// does nothing; another request with the key is refused; validation errors are not
// kept; another organization's key is its own; a day later it is forgotten.
func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	onBoth(t, testIdempotencyKey)
}

func testIdempotencyKey(t *testing.T, address string) {
	var mu sync.Mutex
	later := time.Duration(0)
	s := start(t, at(address), func(o *app.Options) {
		o.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return time.Now().Add(later) }
	})
	rivals := s.newKey("Rivals", "agents:read", "agents:write")
	post := func(key, name, body string) response {
		t.Helper()
		r, err := s.once(key, name, "/agents", body)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := post(s.key, "k", `{"name":""}`); r.status != 400 {
		t.Fatalf("want 400, got %d %s", r.status, r.body)
	}
	first := post(s.key, "k", `{"name":"One"}`)
	again := post(s.key, "k", `{"name":"One"}`)
	if first.status != 201 || again.status != 201 || !bytes.Equal(first.body, again.body) || again.header.Get("Idempotency-Replayed") != "true" || first.header.Get("Idempotency-Replayed") != "" {
		t.Errorf("got %d %s and %d %s", first.status, first.body, again.status, again.body)
	}
	if ct := again.header.Get("Content-Type"); ct != first.header.Get("Content-Type") {
		t.Errorf("content type %s, was %s", ct, first.header.Get("Content-Type"))
	}
	if r := post(s.key, "k", `{"name":"Two"}`); r.status != 422 || r.problem(t).Code != "idempotency_key_reused" {
		t.Errorf("another body: got %d %s", r.status, r.body)
	}
	if r := post(rivals, "k", `{"name":"Two"}`); r.status != 201 {
		t.Errorf("another organization: got %d %s", r.status, r.body)
	}
	if r := post(s.key, strings.Repeat("k", 256), `{"name":"Two"}`); r.status != 400 || r.problem(t).Errors[0].Field != "Idempotency-Key" {
		t.Errorf("a long key: got %d %s", r.status, r.body)
	}
	if r := post(s.key, "k\xff", `{"name":"Two"}`); r.status != 400 || r.problem(t).Errors[0].Field != "Idempotency-Key" {
		t.Errorf("a key that is not text: got %d %s", r.status, r.body)
	}
	var agents []struct{ ID string }
	s.must("GET", "/agents", nil, &agents)
	if len(agents) != 1 {
		t.Fatalf("%d agents were made", len(agents))
	}
	mu.Lock()
	later = 25 * time.Hour
	mu.Unlock()
	if r := post(s.key, "k", `{"name":"Two"}`); r.status != 201 {
		t.Errorf("a day later: got %d %s", r.status, r.body)
	}

	// The other operations that take one.
	id := agents[0].ID
	skill := `{"name":"S","description":"Use it when a caller asks.","skillType":"http_webhook","executionConfig":{"url":"https://api.example.com/","headers":{"X-Api-Key":"v"}}}`
	test := s.skill(id, with(warranty("https://api.example.com/w"), map[string]any{"name": "Another"}))
	session := s.chat(id, true).id
	var version string
	for path, body := range map[string]string{"/agents/" + id + "/skills": skill, "/secrets": `{"name":"N","value":"v"}`, "/agents/" + id + "/publish": `{"note":"n"}`,
		"/agents/" + id + "/skills/" + test + "/test": `{"arguments":{"serial_number":"SN-1"}}`, "/agents/" + id + "/skills/" + test + "/test?refused": `{"arguments":{}}`,
		"/chat/sessions": `{"agentId":"` + id + `","draftMode":true}`, "/chat/sessions/" + session + "/end": ""} {
		var answers [2]response
		for i := range answers {
			var err error
			if answers[i], err = s.once(s.key, "k"+path, path, body); err != nil {
				t.Fatal(err)
			}
		}
		if answers[0].status >= 300 || !bytes.Equal(answers[0].body, answers[1].body) || answers[1].header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("%s: %d %s, then %d %s", path, answers[0].status, answers[0].body, answers[1].status, answers[1].body)
		}
		if r, err := s.once(s.key, "k"+path, path, strings.TrimSuffix(body, "}")+" }"); err != nil || body != "" && (r.status != 422 || r.problem(t).Code != "idempotency_key_reused") {
			t.Errorf("%s with another body: %v %d %s", path, err, r.status, r.body)
		}
		if strings.HasSuffix(path, "/publish") {
			var v struct{ ID string }
			answers[0].data(t, &v)
			version = v.ID
		}
	}
	var versions []struct{ ID string }
	s.must("GET", "/agents/"+id+"/versions", nil, &versions)
	if len(versions) != 1 || versions[0].ID != version {
		t.Errorf("published %d times", len(versions))
	}
}

// TestIdempotencyKeyOfRuns: a test that runs the skill runs it once for a key: when
// it is asked for again, while it is asked for again, and over a crash.
func TestIdempotencyKeyOfRuns(t *testing.T) {
	t.Parallel()
	onBoth(t, testIdempotencyKeyOfRuns)
}

func testIdempotencyKeyOfRuns(t *testing.T, address string) {
	proc := newProcess(t, address)
	s := proc.server()
	arrived, release := make(chan struct{}, 10), make(chan struct{})
	p := newPartner(t, func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-release
		answers(inWarranty)(w, r)
	})
	id := s.agent(map[string]any{})
	path := "/agents/" + id + "/skills/" + s.skill(id, with(warranty(p.URL), map[string]any{"isWrite": true})) + "/test"
	const body = `{"arguments":{"serial_number":"SN-1"},"dryRun":false}`
	ask := func(key string) response {
		r, err := s.once(s.key, key, path, body)
		if err != nil {
			return response{}
		}
		return r
	}
	first := make(chan response, 2)
	go func() { first <- ask("k") }()
	<-arrived
	if r := ask("k"); r.status != 409 || r.problem(t).Code != "idempotency_in_progress" {
		t.Errorf("while it runs: want 409 idempotency_in_progress, got %d %s", r.status, r.body)
	}
	go func() { first <- ask("dies") }()
	<-arrived
	proc.kill()
	close(release)
	proc.start()
	<-first
	<-first
	for _, key := range []string{"k", "dies"} {
		var got struct{ Outcome, Code string }
		r := ask(key)
		if address != "" { // it may be running on another server, for as long as a run may take
			if r.status != 409 || r.problem(t).Code != "idempotency_in_progress" {
				t.Errorf("after a crash: want 409 idempotency_in_progress, got %d %s", r.status, r.body)
			}
			continue
		}
		r.data(t, &got)
		if got.Outcome != "unknown" || got.Code != "outcome_unknown" {
			t.Errorf("after a crash: want unknown, got %d %s", r.status, r.body)
		}
		if again := ask(key); !bytes.Equal(again.body, r.body) || again.header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("asked again: got %d %s, want %s", again.status, again.body, r.body)
		}
	}
	if n := len(p.received()); n != 2 {
		t.Errorf("two keys reached the partner %d times", n)
	}
	done := ask("lives")
	var got struct{ Outcome string }
	done.data(t, &got)
	if again := ask("lives"); got.Outcome != "done" || !bytes.Equal(done.body, again.body) || len(p.received()) != 3 {
		t.Errorf("want it done once, got %s, then %s, with %d requests", done.body, again.body, len(p.received()))
	}
}

// TestRacingIdempotencyKeys: of many racing requests with one key exactly one has
// an effect; everyone else gets its answer, or is told to ask again.
func TestRacingIdempotencyKeys(t *testing.T) {
	t.Parallel()
	onBoth(t, testRacingIdempotencyKeys)
}

func testRacingIdempotencyKeys(t *testing.T, address string) {
	s := start(t, at(address))
	id := s.agent(map[string]any{})
	const racers = 1000
	statuses := make([]string, racers)
	var group sync.WaitGroup
	for i := range racers {
		group.Go(func() {
			r, err := s.once(s.key, "race", "/agents/"+id+"/skills", `{"name":"S","description":"Use it when a caller asks.","skillType":"http_webhook","executionConfig":{"url":"https://api.example.com/","headers":{"X-Api-Key":"v"}}}`)
			if err != nil {
				statuses[i] = err.Error()
				return
			}
			statuses[i] = fmt.Sprint(r.status, string(r.body))
			if r.status == 409 {
				statuses[i] = "409 " + r.problem(t).Code
			}
		})
	}
	group.Wait()
	made := ""
	for _, st := range statuses {
		switch {
		case st == "409 idempotency_in_progress":
		case strings.HasPrefix(st, "201") && (made == "" || st == made):
			made = st
		default:
			t.Fatalf("an answer was %s, another %s", st, made)
		}
	}
	var skills []struct{ ID string }
	s.must("GET", "/agents/"+id+"/skills", nil, &skills)
	var secrets []struct{ Name string }
	s.must("GET", "/secrets", nil, &secrets)
	if len(skills) != 1 || len(secrets) != 1 {
		t.Errorf("%d skills and %d secrets were made", len(skills), len(secrets))
	}
}

// TestIdempotencyOverCrashes: the server is killed at a random instant of a
// request; the same request with the same key makes the thing once, and an answer
// that arrived before stays the answer.
func TestIdempotencyOverCrashes(t *testing.T) {
	t.Parallel()
	onBoth(t, testIdempotencyOverCrashes)
}

func testIdempotencyOverCrashes(t *testing.T, address string) {
	proc := newProcess(t, address)
	s := proc.server()
	r := rand.New(rand.NewPCG(2, 1))
	for i := range 12 {
		key, body := fmt.Sprint("crash", i), fmt.Sprintf(`{"name":"Agent %d"}`, i)
		first := make(chan response, 1)
		go func() {
			res, err := s.once(s.key, key, "/agents", body)
			if err != nil {
				res = response{}
			}
			first <- res
		}()
		<-time.After(time.Duration(r.IntN(6000)) * time.Microsecond)
		proc.kill()
		proc.start()
		before := <-first
		after, err := s.once(s.key, key, "/agents", body)
		if err != nil || after.status != 201 {
			t.Fatalf("after crash %d: %v %d %s", i, err, after.status, after.body)
		}
		if before.status == 201 && !bytes.Equal(before.body, after.body) {
			t.Errorf("crash %d: first %s, then %s", i, before.body, after.body)
		}
	}
	var agents []struct{ Name string }
	s.must("GET", "/agents?limit=100", nil, &agents)
	if len(agents) != 12 {
		t.Errorf("12 requests made %d agents", len(agents))
	}
}
