package demo

import (
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// sampleKey is what the sample service wants to see in X-Api-Key.
const sampleKey = "sample-service-key"

// A service is a tiny warranty system of a made-up dealer: what a business would
// have of its own, here on loopback.
type service struct {
	url  string
	http *http.Server

	mu   sync.Mutex
	seen []string // the bodies it received
}

func startService(now func() time.Time) (*service, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &service{url: "http://" + l.Addr().String() + "/v1/warranty"}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/warranty", func(w http.ResponseWriter, r *http.Request) { s.answer(w, r, now()) })
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = s.http.Serve(l) }() // ends with Close
	return s, nil
}

func (s *service) answer(w http.ResponseWriter, r *http.Request, now time.Time) {
	w.Header().Set("Content-Type", "application/json")
	reply := func(status int, v any) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v) // the caller has gone
	}
	if r.Header.Get("X-Api-Key") != sampleKey {
		reply(http.StatusUnauthorized, map[string]string{"error": "unknown key"})
		return
	}
	var raw json.RawMessage
	var body struct {
		SerialNumber string `json:"serial_number"`
	}
	if json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&raw) != nil || json.Unmarshal(raw, &body) != nil {
		reply(http.StatusBadRequest, map[string]string{"error": "send serial_number"})
		return
	}
	s.mu.Lock()
	s.seen = append(s.seen, string(raw))
	s.mu.Unlock()
	product, expires := products()[strings.ToUpper(body.SerialNumber)], now.AddDate(1, 4, 0)
	switch {
	case product == "":
		reply(http.StatusOK, map[string]any{"found": false, "message": "There is no product with that serial number in our records."})
	case strings.HasPrefix(product, "old "):
		reply(http.StatusOK, map[string]any{"serial_number": body.SerialNumber, "product": strings.TrimPrefix(product, "old "), "in_warranty": false,
			"expired": now.AddDate(-1, -2, 0).Format(time.DateOnly)})
	default:
		reply(http.StatusOK, map[string]any{"serial_number": body.SerialNumber, "product": product, "in_warranty": true, "expires": expires.Format(time.DateOnly)})
	}
}

func products() map[string]string {
	return map[string]string{"SN-48213-B": "dishwasher", "SN-90077-A": "old washing machine"}
}

func (s *service) received() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.seen...)
}

func (s *service) close() { _ = s.http.Close() }
