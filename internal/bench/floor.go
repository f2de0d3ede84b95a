package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// serveFloor makes the calls of one turn for every request and does nothing else.
// durable is called before the webhooks and after them, where a durable turn must
// reach the disk.
func serveFloor(mock string, durable func() error) error {
	f := &floor{mock: mock, durable: durable, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/chat/completions", f.turn("/webhook", 1, 4*time.Second))
	mux.HandleFunc("POST /api/v1/chat/completions/reads", f.turn("/slow", readsAtOnce, 4*time.Second))
	mux.HandleFunc("POST /api/v1/chat/completions/hang", f.turn("/hang", 1, hangTimeout))
	mux.HandleFunc("POST /api/v1/chat/sessions", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"success":true}`)
	})
	return serve(mux)
}

type floor struct {
	mock    string
	durable func() error
	client  *http.Client
}

func (f *floor) call(ctx context.Context, path, body string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+f.mock+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := f.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	return io.ReadAll(res.Body)
}

// turn is a turn with a number of webhook calls side by side, of which each has so
// much time.
func (f *floor) turn(webhook string, calls int, timeout time.Duration) http.HandlerFunc {
	const tool = `{"type":"function","function":{"name":"check_warranty_status","parameters":{"type":"object"}}}`
	tools := `"tools":[` + strings.TrimSuffix(strings.Repeat(tool+",", calls), ",") + `]`
	return func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		words, err0 := io.ReadAll(r.Body)
		serial := serials.FindString(string(words))
		user := `{"model":"m","messages":[{"role":"user","content":"Is ` + serial + ` under warranty?"}`
		_, err1 := f.call(ctx, "/v1/chat/completions", user+`],`+tools+`}`)
		err2 := f.durable()
		result := make([]string, calls)
		var group sync.WaitGroup
		for i := range calls {
			group.Go(func() {
				ctx, cancel := context.WithTimeout(ctx, timeout)
				defer cancel()
				result[i] = `,{"role":"tool","content":"{}"}`
				if _, err := f.call(ctx, webhook, `{"serial_number":"`+serial+`"}`); err != nil {
					result[i] = `,{"role":"tool","content":"{\"status\":\"failed\"}"}`
				}
			})
		}
		group.Wait()
		err3 := f.durable()
		answer, err4 := f.call(ctx, "/v1/chat/completions", user+strings.Join(result, "")+`],`+tools+`}`)
		if err := errors.Join(err0, err1, err2, err3, err4); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer)
	}
}

// A journal is the least that makes a turn durable: a line in a file, and one
// fsync for all who wait for one.
type journal struct {
	file *os.File
	mu   sync.Mutex
	next chan struct{} // closed when the sync that covers who waits now is done
	wait int           // who waits for it
	busy bool
}

func newJournal() (*journal, error) {
	f, err := os.CreateTemp("", "callwright-bench-journal-")
	if err != nil {
		return nil, err
	}
	return &journal{file: f, next: make(chan struct{})}, os.Remove(f.Name())
}

func (j *journal) sync() error {
	j.mu.Lock()
	_, err := j.file.WriteString("an intent of about the size that a turn journals, with its arguments and its key, as one line of a file\n")
	mine := j.next
	j.wait++
	if !j.busy {
		j.busy = true
		go j.flush()
	}
	j.mu.Unlock()
	<-mine
	return err
}

func (j *journal) flush() {
	for {
		j.mu.Lock()
		if j.wait == 0 {
			j.busy = false
			j.mu.Unlock()
			return
		}
		covered := j.next
		j.next, j.wait = make(chan struct{}), 0
		j.mu.Unlock()
		_ = j.file.Sync() // a floor: what a failure means is not its business
		close(covered)
	}
}
