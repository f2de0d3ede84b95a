package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

const (
	answerText = "Yes, your dishwasher is under warranty until March 14, 2027."
	failedText = "I'm sorry, I could not find that out."

	partnerTakes = 50 * time.Millisecond // on /slow
)

// Times are the instants of a conversation as its partners see them.
type times struct {
	Asked  time.Time // the model's first answer left
	Called time.Time // the last webhook was called
	Told   time.Time // the model's second request came
}

// serveMock is the scripted model server and the webhooks. A conversation is known by
// the serial number in its words.
func serveMock() error {
	var mu sync.Mutex
	seen := map[string]*times{}
	note := func(serial string, what func(*times)) {
		mu.Lock()
		defer mu.Unlock()
		if seen[serial] == nil {
			seen[serial] = &times{}
		}
		what(seen[serial])
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", func(w http.ResponseWriter, r *http.Request) { mockModel(w, r, note) })
	webhook := func(wait func(*http.Request)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			var in struct {
				SerialNumber string `json:"serial_number"`
			}
			if err := json.NewDecoder(r.Body).Decode(&in); err != nil || !serials.MatchString(in.SerialNumber) {
				http.Error(w, "bad request", 400)
				return
			}
			note(in.SerialNumber, func(t *times) { t.Called = time.Now() })
			wait(r)
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"serial_number":%q,"product":"dishwasher","in_warranty":true,"expires":"2027-03-14"}`, in.SerialNumber)
		}
	}
	mux.HandleFunc("POST /webhook", webhook(func(*http.Request) {}))
	mux.HandleFunc("POST /slow", webhook(func(*http.Request) { time.Sleep(partnerTakes) }))
	mux.HandleFunc("POST /hang", webhook(func(r *http.Request) { <-r.Context().Done() }))
	mux.HandleFunc("POST /times", func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_ = json.NewEncoder(w).Encode(seen) // who asked notices what is missing
		clear(seen)
	})
	return serve(mux)
}

var serials = regexp.MustCompile(`SN-[0-9A-Za-z]+`)

// mockModel calls every tool that it is offered, side by side, and then says what came
// of it.
func mockModel(w http.ResponseWriter, r *http.Request, note func(string, func(*times))) {
	var req struct {
		Messages []struct{ Role, Content string }
		Tools    []struct{ Function struct{ Name string } }
	}
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil || len(req.Messages) == 0 || len(req.Tools) == 0 {
		http.Error(w, "bad request", 400)
		return
	}
	now := time.Now()
	serial, results, failed := "", 0, false
	for _, m := range req.Messages { // the turn's circumstances may come last, as a system message
		switch m.Role {
		case "user":
			serial, results = serials.FindString(m.Content), 0
		case "tool":
			results++
			failed = failed || strings.Contains(m.Content, `"failed"`)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if results > 0 {
		note(serial, func(t *times) { t.Told = now })
		text := answerText
		if failed {
			text = failedText
		}
		fmt.Fprintf(w, `{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":%q},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}`, text)
		return
	}
	calls := make([]string, len(req.Tools))
	for i, t := range req.Tools {
		calls[i] = fmt.Sprintf(`{"id":"call_%d","type":"function","function":{"name":%q,"arguments":"{\"serial_number\":\"%s\"}"}}`, i, t.Function.Name, serial)
	}
	note(serial, func(t *times) { t.Asked = time.Now() })
	io.WriteString(w, `{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"","tool_calls":[`+strings.Join(calls, ",")+
		`]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}`)
}
