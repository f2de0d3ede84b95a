package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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
		if last.Role == "tool" {
			if !strings.Contains(last.Content, "2037-03-14") {
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
				o.Providers["openai"] = &app.Provider{BaseURL: model.URL + "/v1", Key: secret.New("model-key")}
				o.OpenAIStream = stream
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
	if got := s.chat(id, false).say("Is SN-48213-B still under warranty?").text(); !strings.Contains(got, "March 14, 2037") {
		t.Errorf("the agent said %q", got)
	}
}

// wire is an OpenAI-compatible server that keeps what it was sent and answers with
// text.
type wire struct {
	*httptest.Server
	mu       sync.Mutex
	requests []string
	keys     []string
}

func newWire(t *testing.T, status int, answer string) *wire {
	t.Helper()
	w := &wire{}
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.mu.Lock()
		w.requests, w.keys = append(w.requests, string(raw)), append(w.keys, r.Header.Get("Authorization"))
		w.mu.Unlock()
		if status != 200 {
			http.Error(rw, "no", status)
			return
		}
		fmt.Fprintf(rw, `{"choices":[{"index":0,"message":{"role":"assistant","content":%q},"finish_reason":"stop"}],"usage":{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100,"prompt_tokens_details":{"cached_tokens":800}}}`, answer)
	}))
	t.Cleanup(w.Close)
	return w
}

// TestStandbyModels: the models of a server are asked in their order, with the
// organization's own key where it has one; the receipt says who failed, who answered,
// how many tokens that took and what it cost.
func TestStandbyModels(t *testing.T) {
	t.Parallel()
	broken, spare := newWire(t, 529, ""), newWire(t, 200, "The spare one speaks.")
	s := start(t, func(o *app.Options) {
		o.OpenAIStream, o.Model, o.Standby = false, "openrouter/big", []string{"openrouter/big", "ollama/small"}
		o.Providers["openrouter"] = &app.Provider{BaseURL: broken.URL + "/v1", Key: secret.New("server-key")}
		o.Providers["ollama"] = &app.Provider{BaseURL: spare.URL + "/v1"}
		o.ModelPrices = []string{"ollama/small=2/0.5/10"}
	})
	s.must("POST", "/secrets", `{"name":"OPENROUTER_API_KEY","value":"their-own-key","allowedHosts":["127.0.0.1"]}`, nil)
	id := s.agent(map[string]any{})
	s.publish(id)
	r := s.chat(id, false).say("Hello there")
	if r.text() != "The spare one speaks." {
		t.Errorf("the agent said %q", r.text())
	}
	var l callwright.Latency
	if err := json.Unmarshal(r.Events[len(r.Events)-1].Payload, &l); err != nil {
		t.Fatal(err)
	}
	if l.Model != "ollama/small" || l.InputTokens != 1000 || l.CachedTokens != 800 || l.OutputTokens != 100 || math.Abs(l.CostUSD-0.0018) > 1e-9 {
		t.Errorf("the receipt has %+v; want 200 tokens at 2, 800 at 0.5 and 100 at 10 dollars a million", l)
	}
	if text := mustText(t, r.Events); !strings.Contains(text, "openrouter/big was not available; ollama/small answers instead.") {
		t.Errorf("the receipt should say who failed: %s", text)
	}
	if want := []string{"Bearer their-own-key", "Bearer their-own-key"}; !slices.Equal(broken.keys, want) { // once more after a hiccup
		t.Errorf("the first provider got the keys %q, want %q", broken.keys, want)
	}
	if want := []string{""}; !slices.Equal(spare.keys, want) {
		t.Errorf("the second provider got the keys %q, want none", spare.keys)
	}
}

// TestProviderCaches: what a provider is sent begins, byte for byte, as it did the turn
// before, up to the caller's last message then: providers cache what they have seen.
func TestProviderCaches(t *testing.T) {
	t.Parallel()
	model := newWire(t, 200, "Certainly.")
	var minutes atomic.Int64
	s := start(t, func(o *app.Options) {
		o.OpenAIStream, o.Model = false, "openai/m"
		o.Providers["openai"] = &app.Provider{BaseURL: model.URL + "/v1"}
		o.Now = func() time.Time { return time.Now().Add(time.Duration(minutes.Add(1)) * time.Minute) }
	})
	p := newPartner(t, answers(inWarranty))
	id := s.agent(map[string]any{"persona": "You are patient.", "businessHours": map[string]any{"timezone": "UTC", "weekly": map[string]any{"mon": []any{map[string]any{"start": "09:00", "end": "17:00"}}}}})
	s.skill(id, warranty(p.URL))
	s.publish(id)
	c := s.chat(id, false)
	for _, line := range []string{"Good morning", "I have a question about my order", "It is about the delivery"} {
		c.say(line)
	}
	var last string
	for i, raw := range model.requests {
		var r struct {
			Messages []json.RawMessage
			Tools    json.RawMessage
		}
		if err := json.Unmarshal([]byte(raw), &r); err != nil || len(r.Tools) == 0 {
			t.Fatalf("request %d: %v: %s", i, err, raw)
		}
		whole := mustText(t, append([]json.RawMessage{r.Tools}, r.Messages...))
		if !strings.HasPrefix(whole, last) {
			t.Errorf("request %d does not begin like the one before:\n%s\nwant\n%s", i, whole, last)
		}
		last = strings.TrimSuffix(mustText(t, append([]json.RawMessage{r.Tools}, r.Messages[:len(r.Messages)-1]...)), "]")
	}
	if len(model.requests) != 3 {
		t.Errorf("the model got %d requests, want 3", len(model.requests))
	}
}
