package skilltest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A Behaviour is a way in which a partner answers.
type Behaviour string

// The behaviours. Each type says in Fixture.Codes which apply to it.
const (
	Good        Behaviour = "good"
	Hang        Behaviour = "hang"         // takes the request and never answers
	Trickle     Behaviour = "trickle"      // answers byte by byte without end
	ClientError Behaviour = "client error" // says that the request is wrong
	ServerError Behaviour = "server error" // says that it is out of order
	Garbage     Behaviour = "garbage"      // answers something unreadable
	Oversized   Behaviour = "oversized"    // answers without end
	Drop        Behaviour = "drop"         // takes the request and hangs up
	Echo        Behaviour = "echo"         // succeeds with everything that it was sent
	EchoError   Behaviour = "echo error"   // fails with everything that it was sent
)

// A Partner is the system on the other side of a skill, told how to behave. It
// may be used concurrently.
type Partner interface {
	// Address is what leads to it, in the form that the type's settings take.
	Address() string

	// Behave sets how it answers from now on; Good at first.
	Behave(Behaviour)

	// Arrived receives a value for each request that came in whole.
	Arrived() <-chan struct{}

	// Seen is how many requests came in whole.
	Seen() int

	// Idle waits until no request is being worked on.
	Idle(ctx context.Context) error

	// Close stops it. It may be called twice.
	Close()
}

// HTTP starts a partner on loopback that speaks HTTP and answers with good when
// it behaves.
func HTTP(t testing.TB, good http.Handler) Partner {
	t.Helper()
	p := &httpPartner{good: good, arrived: make(chan struct{}, 1024)}
	p.idle = sync.NewCond(&p.mu)
	p.behaviour.Store(Good)
	p.server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

type httpPartner struct {
	good      http.Handler
	server    *httptest.Server
	behaviour atomic.Value
	arrived   chan struct{}
	seen      atomic.Int64

	mu   sync.Mutex
	busy int
	idle *sync.Cond
}

func (p *httpPartner) Address() string          { return p.server.URL }
func (p *httpPartner) Behave(b Behaviour)       { p.behaviour.Store(b) }
func (p *httpPartner) Arrived() <-chan struct{} { return p.arrived }
func (p *httpPartner) Seen() int                { return int(p.seen.Load()) }

// Close cuts connections, so that handlers which hang end.
func (p *httpPartner) Close() {
	p.server.CloseClientConnections()
	p.server.Close()
}

func (p *httpPartner) enter(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy += n
	p.idle.Broadcast()
}

// Idle waits for the handlers: they end when their answer is out or when the
// client let go of the connection.
func (p *httpPartner) Idle(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { p.enter(0) })
	defer stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.busy > 0 && ctx.Err() == nil {
		p.idle.Wait()
	}
	return ctx.Err()
}

// ServeHTTP behaves as told.
func (p *httpPartner) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.enter(1)
	defer p.enter(-1)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	p.seen.Add(1)
	select {
	case p.arrived <- struct{}{}:
	default:
	}
	switch p.behaviour.Load().(Behaviour) {
	case Hang:
		<-r.Context().Done()
	case Trickle:
		trickle(w, r)
	case ClientError:
		http.Error(w, `{"error":"no such thing"}`, http.StatusNotFound)
	case ServerError:
		w.Header().Set("Retry-After", "1")
		http.Error(w, "out of order", http.StatusServiceUnavailable)
	case Garbage:
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, "{\"a\":1,\"a\":\xff")
	case Oversized:
		w.Header().Set("Content-Type", "application/json")
		flood(w)
	case Drop:
		panic(http.ErrAbortHandler)
	case Echo:
		echo(w, r, body, http.StatusOK)
	case EchoError:
		echo(w, r, body, http.StatusInternalServerError)
	default:
		p.good.ServeHTTP(w, r)
	}
}

// trickle sends a byte at a time until the client lets go.
func trickle(w http.ResponseWriter, r *http.Request) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	flush := http.NewResponseController(w)
	for {
		if _, err := io.WriteString(w, " "); err != nil || flush.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		}
	}
}

// flood sends a JSON text without end until the client lets go.
func flood(w io.Writer) {
	chunk := make([]byte, 32<<10)
	for i := range chunk {
		chunk[i] = 'x'
	}
	_, err := io.WriteString(w, `{"a":"`)
	for err == nil {
		_, err = w.Write(chunk)
	}
}

func echo(w http.ResponseWriter, r *http.Request, body []byte, status int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"url": r.URL.String(), "headers": r.Header, "body": string(body)})
}
