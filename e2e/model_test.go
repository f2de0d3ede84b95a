package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"callwright"
	"callwright/internal/app"
	"callwright/internal/secret"
)

// scriptedModel is an OpenAI-compatible server that asks for the skill once and
// then tells its answer.
func scriptedModel(t *testing.T, broken *atomic.Bool) *httptest.Server {
	t.Helper()
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var req struct {
			Stream   bool
			Model    string
			Messages []struct{ Role, Content string }
			Tools    []struct{ Function struct{ Name string } }
		}
		raw, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(raw, &req); err != nil || r.Header.Get("Authorization") != "Bearer model-key" || req.Model != "tiny" || req.Messages[0].Role != "system" {
			t.Errorf("the model server got %s %s", r.Header.Get("Authorization"), raw)
		}
		if broken.Load() {
			http.Error(w, "overloaded", http.StatusServiceUnavailable)
			return
		}
		message := fmt.Sprintf(`"content":"","tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":%q,"arguments":"{\"serial_number\":\"SN-48213-B\"}"}}]`, req.Tools[0].Function.Name)
		last := req.Messages[len(req.Messages)-1]
		if last.Role == "system" { // the circumstances of the turn
			last = req.Messages[len(req.Messages)-2]
		}
		if last.Role == "tool" {
			if !strings.Contains(last.Content, "2027-03-14") {
				t.Errorf("the model should see the result; got %s", last.Content)
			}
			message = `"content":"Good news: covered until 14 March 2027."`
		}
		if !req.Stream {
			fmt.Fprintf(w, `{"choices":[{"index":0,"message":{"role":"assistant",%s},"finish_reason":"stop"}]}`, message)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprintf(w, "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",%s}}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n", message)
	}))
}

// TestProviderAndFallback: a provider's model runs the main job, streaming and
// not; when the provider is down the built-in engine answers the next turn, and
// the receipt says so.
func TestProviderAndFallback(t *testing.T) {
	t.Parallel()
	for _, stream := range []bool{true, false} {
		t.Run(fmt.Sprintf("stream %v", stream), func(t *testing.T) {
			t.Parallel()
			var broken atomic.Bool
			model := scriptedModel(t, &broken)
			t.Cleanup(model.Close)
			s := start(t, func(o *app.Options) {
				o.OpenAIBaseURL, o.OpenAIKey, o.OpenAIStream = model.URL+"/v1", secret.New("model-key"), stream
			})
			p := newPartner(t, answers(inWarranty))
			id := s.agent(map[string]any{"llmModel": "openai/tiny"})
			s.skill(id, warranty(p.URL))
			s.publish(id)
			c := s.chat(id, false)
			if got := c.say("Is my dishwasher SN-48213-B covered?").text(); got != "Good news: covered until 14 March 2027." {
				t.Errorf("the agent said %q", got)
			}
			broken.Store(true)
			r := c.say("Thank you")
			if r.text() == "" {
				t.Error("with the provider down the built-in engine should answer")
			}
			last := r.Events[len(r.Events)-1]
			var l callwright.Latency
			if err := json.Unmarshal(last.Payload, &l); err != nil || l.Model != "builtin" {
				t.Errorf("the receipt should name the engine that answered; got %s", last.Payload)
			}
			if n := len(p.received()); n != 1 {
				t.Errorf("the webhook ran %d times", n)
			}
		})
	}
}

// TestNoProviderAtAll: an agent whose provider this server does not have is
// answered by the built-in engine.
func TestNoProviderAtAll(t *testing.T) {
	t.Parallel()
	s, p := start(t), newPartner(t, answers(inWarranty))
	id := s.agent(map[string]any{"llmModel": "anthropic/some-model"})
	s.skill(id, warranty(p.URL))
	s.publish(id)
	if got := s.chat(id, false).say("Is SN-48213-B still under warranty?").text(); !strings.Contains(got, "March 14, 2027") {
		t.Errorf("the agent said %q", got)
	}
}
