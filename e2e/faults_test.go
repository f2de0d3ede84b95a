package e2e_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestPartnerFaults: whatever a partner does, the caller hears an honest
// sentence within the skill's deadline, the operator finds the reason in the
// receipt, and the server goes on.
func TestPartnerFaults(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	t.Cleanup(func() { close(gone) })
	body := func(kind, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			io.WriteString(w, text)
		}
	}
	tests := []struct {
		name   string
		answer http.HandlerFunc
		code   string
		says   string
	}{
		{"sleeps", func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-gone:
			case <-r.Context().Done():
			}
		}, "timeout", "too long"},
		{"500", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "secret stack trace", 500) }, "remote_status", "reported a problem"},
		{"html", body("text/html", "<!doctype html><html><body>Log in</body></html>"), "bad_response", "can't read"},
		{"10 MB", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"a":"`)
			chunk := bytes.Repeat([]byte("a"), 1<<16)
			for range 160 {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
			io.WriteString(w, `"}`)
		}, "response_too_large", "can't read"},
		{"gzip bomb", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			chunk := make([]byte, 1<<20)
			for range 200 {
				if _, err := z.Write(chunk); err != nil {
					return
				}
			}
			z.Close()
		}, "response_too_large", "can't read"},
		{"invalid JSON", body("application/json", `{"in_warranty": tru`), "bad_response", "can't read"},
		{"duplicate members", body("application/json", `{"in_warranty":true,"in_warranty":false}`), "bad_response", "can't read"},
		{"redirect to the metadata service", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
		}, "redirect_refused", "can't reach"},
		{"hangs up", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				conn.Close()
			}
		}, "connection_lost", "can't reach"},
	}
	s := start(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPartner(t, tt.answer)
			spec := warranty(p.URL)
			if tt.code == "timeout" {
				spec["executionConfig"].(map[string]any)["timeout_ms"] = 400
			}
			checkFault(t, s, spec, tt.code, tt.says)
			want := 1
			if tt.name == "500" || tt.name == "hangs up" { // a read, and it may help
				want = 2
			}
			if n := len(p.received()); n != want {
				t.Errorf("the partner was asked %d times, want %d", n, want)
			}
		})
	}
	t.Run("private address that is not allowed", func(t *testing.T) {
		t.Parallel()
		checkFault(t, s, warranty("http://10.20.30.40/warranty"), "destination_refused", "can't reach")
	})
	t.Run("metadata service", func(t *testing.T) {
		t.Parallel()
		checkFault(t, s, warranty("http://169.254.169.254/latest/meta-data/"), "destination_refused", "can't reach")
	})
	t.Run("this server itself", func(t *testing.T) {
		t.Parallel()
		checkFault(t, s, warranty(s.url+"/api/v1/agents"), "destination_refused", "can't reach")
	})
}

func checkFault(t *testing.T, s *server, spec map[string]any, code, says string) {
	t.Helper()
	spec["name"] = "Check warranty status"
	agent := s.agent(map[string]any{"name": t.Name()[:min(80, len(t.Name()))]})
	s.skill(agent, spec)
	s.publish(agent)
	r := s.chat(agent, false).say("Is SN-48213-B still under warranty?")
	if got := r.text(); !strings.Contains(got, says) || !strings.Contains(got, "sorry") {
		t.Errorf("the caller should hear that it %q; heard %q", says, got)
	}
	if got := r.text(); strings.Contains(got, "secret") || strings.Contains(got, "127.0.0.1") || strings.Contains(got, "169.254") {
		t.Errorf("the caller hears internals: %q", got)
	}
	calls := r.calls(t)
	if len(calls) != 1 {
		t.Fatalf("want one call, got %d", len(calls))
	}
	if calls[0].State != "failed" || string(calls[0].Code) != code {
		t.Fatalf("want a failed call with code %s, got %s %s %s", code, calls[0].State, calls[0].Code, calls[0].Detail)
	}
	if calls[0].Detail == "" || strings.Contains(calls[0].Detail, "secret stack trace") {
		t.Errorf("the receipt should explain and not repeat the partner's text; detail %q", calls[0].Detail)
	}
}

// TestMemoryStaysBounded: a partner that sends far too much costs no more memory
// than the cap allows.
func TestMemoryStaysBounded(t *testing.T) {
	s := start(t)
	chunk := bytes.Repeat([]byte(" "), 1<<20)
	p := newPartner(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for range 300 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	agent := s.agent(map[string]any{})
	id := s.skill(agent, warranty(p.URL))
	peak := watchHeap(t)
	for range 5 {
		var test struct{ Outcome, Code string }
		s.must("POST", "/agents/"+agent+"/skills/"+id+"/test", map[string]any{"arguments": map[string]string{"serial_number": "X-1"}, "dryRun": false}, &test)
		if test.Code != "response_too_large" {
			t.Fatalf("want response_too_large, got %+v", test)
		}
	}
	if grown := peak(); grown > 64<<20 {
		t.Errorf("five answers of 300 MB grew the heap by %d MiB", grown>>20)
	}
}

// watchHeap samples the heap until the returned function is called, which gives
// its growth at the peak.
func watchHeap(t *testing.T) func() uint64 {
	t.Helper()
	read := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	runtime.GC()
	base, peak := read(), uint64(0)
	stop, done := make(chan struct{}), make(chan struct{})
	tick := time.NewTicker(5 * time.Millisecond)
	go func() {
		defer close(done)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				peak = max(peak, read())
			case <-stop:
				return
			}
		}
	}()
	return func() uint64 {
		close(stop)
		<-done
		if peak < base {
			return 0
		}
		return peak - base
	}
}
