package e2e_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"callwright"
)

// A frame is one server-sent event.
type frame struct {
	id   int
	name string
	data string
}

// stream sends a request and reads its stream to the end.
func (s *server) stream(path, body string, header map[string]string) []frame {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), "POST", s.url+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	for name, v := range header {
		req.Header.Set(name, v)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	if ct := res.Header.Get("Content-Type"); ct != "text/event-stream" {
		s.t.Fatalf("%s: got %d %s, want a stream", path, res.StatusCode, ct)
	}
	var out []frame
	var f frame
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "id":
			if f.id, err = strconv.Atoi(value); err != nil {
				s.t.Fatalf("id %q", value)
			}
		case "event":
			f.name = value
		case "data":
			f.data = value
		case "":
			if f.name != "" {
				out = append(out, f)
			}
			f = frame{}
		}
	}
	return out
}

// heard is the events of a stream by number, and what it said of each message.
func heard(t *testing.T, frames []frame) (numbers []int, words map[string]string) {
	t.Helper()
	words = map[string]string{}
	for _, f := range frames {
		if f.id > 0 {
			numbers = append(numbers, f.id)
		}
		if f.name == "message_delta" {
			var d struct{ MessageID, Text string }
			if err := json.Unmarshal([]byte(f.data), &d); err != nil {
				t.Fatal(err)
			}
			words[d.MessageID] += d.Text
		}
	}
	return numbers, words
}

// TestStreamTakenUp: a stream that broke off behind any event goes on behind it with
// nothing missing and nothing twice.
func TestStreamTakenUp(t *testing.T) {
	t.Parallel()
	s := start(t)
	agent := s.agent(map[string]any{})
	p := newPartner(t, answers(inWarranty))
	s.skill(agent, with(warranty(p.URL), map[string]any{"requiresConfirmation": true}))
	s.publish(agent)
	c := s.chat(agent, false)
	c.say("Is SN-48213-B still under warranty?")
	path, body := "/chat/sessions/"+c.id+"/messages", `{"content":"yes","stream":true}`
	key := map[string]string{"Idempotency-Key": "turn-2"}
	whole := s.stream(path, body, key)
	numbers, words := heard(t, whole)
	if len(numbers) < 5 || len(words) == 0 || whole[len(whole)-1].name != "done" {
		t.Fatalf("got %v and %v", numbers, words)
	}
	for i, last := range numbers {
		key["Last-Event-ID"] = strconv.Itoa(last)
		rest := s.stream(path, body, key)
		got, said := heard(t, rest)
		if strings.Join(texts(got), " ") != strings.Join(texts(numbers[i+1:]), " ") || rest[len(rest)-1].name != "done" {
			t.Errorf("behind %d: got events %v, want %v", last, got, numbers[i+1:])
		}
		want := map[string]string{}
		for _, f := range rest {
			if f.name == string(callwright.AgentMessage) {
				var ev struct {
					Payload struct{ MessageID, Text string }
				}
				if err := json.Unmarshal([]byte(f.data), &ev); err != nil {
					t.Fatal(err)
				}
				want[ev.Payload.MessageID] = ev.Payload.Text
			}
		}
		if len(said) != len(want) {
			t.Errorf("behind %d: got the words of %v, want those of %v", last, said, want)
		}
		for id, text := range want {
			if said[id] != text {
				t.Errorf("behind %d: message %s: got %q, want %q", last, id, said[id], text)
			}
		}
	}
	if n := len(p.received()); n != 1 {
		t.Errorf("the partner was asked %d times, want once", n)
	}
}

func texts(numbers []int) []string {
	out := make([]string, len(numbers))
	for i, n := range numbers {
		out[i] = strconv.Itoa(n)
	}
	return out
}

// TestSimulate: the draft is tried line by line, every event is streamed, and lists
// leave the conversation out.
func TestSimulate(t *testing.T) {
	t.Parallel()
	s := start(t)
	agent := s.agent(map[string]any{})
	p := newPartner(t, answers(inWarranty))
	s.skill(agent, warranty(p.URL))
	frames := s.stream("/agents/"+agent+"/simulate", `{"mode":"text","transcript":["Is my dishwasher still under warranty?","SN-48213-B"]}`, nil)
	var names []string
	for _, f := range frames {
		names = append(names, f.name)
	}
	want := "call_started agent_message user_utterance agent_message latency user_utterance tool_call tool_call agent_message latency done"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if n := len(p.received()); n != 1 {
		t.Errorf("the partner was asked %d times, want once", n)
	}
	var list []struct{ ID string }
	s.must("GET", "/conversations", nil, &list)
	if len(list) != 0 {
		t.Errorf("a simulated conversation is listed: %v", list)
	}
	var done struct{ ConversationID string }
	if err := json.Unmarshal([]byte(frames[len(frames)-1].data), &done); err != nil {
		t.Fatal(err)
	}
	var receipt []callwright.Event
	s.must("GET", "/conversations/"+done.ConversationID+"/receipt", nil, &receipt)
	if len(receipt) != len(frames)-1 {
		t.Errorf("the receipt has %d events, want %d", len(receipt), len(frames)-1)
	}
	for body, status := range map[string]int{`{"transcript":["a"],"draftMode":false}`: 409, `{"transcript":["a"],"mode":"voice"}`: 403, `{"transcript":[]}`: 400} {
		if r := s.try(s.key, "POST", "/agents/"+agent+"/simulate", body); r.status != status {
			t.Errorf("%s: got %d %s, want %d", body, r.status, r.body, status)
		}
	}
}
