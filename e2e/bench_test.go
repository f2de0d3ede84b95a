package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"callwright/internal/app"
)

// BenchmarkToolTurn is one completion with a tool call, server, model and webhook
// in one process: for profiles. make bench measures the server alone.
func BenchmarkToolTurn(b *testing.B) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		message := `{"role":"assistant","content":"","tool_calls":[{"id":"call_1","type":"function","function":{"name":"check_warranty_status","arguments":"{\"serial_number\":\"SN-48213-B\"}"}}]}`
		if bytes.Contains(raw, []byte(`"role":"tool"`)) {
			message = `{"role":"assistant","content":"It is under warranty."}`
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":%s,"finish_reason":"stop"}]}`, message)
	})
	mux.HandleFunc("POST /w", answers(inWarranty))
	mock := httptest.NewServer(mux)
	b.Cleanup(mock.Close)
	s := start(b, func(o *app.Options) {
		o.Model, o.OpenAIStream, o.ModelTimeout = "openai/m", false, time.Minute
		o.Providers["openai"].BaseURL = mock.URL + "/v1"
	})
	agent := s.agent(map[string]any{})
	s.skill(agent, warranty(mock.URL+"/w"))
	s.publish(agent)
	b.ReportAllocs()
	b.ResetTimer()
	var n atomic.Int64
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if got := s.completion(agent, nil, user(fmt.Sprintf("Is SN-48213-B still under warranty? (%d)", n.Add(1)))); got != "It is under warranty." {
				b.Errorf("got %q", got)
			}
		}
	})
}
