package outbound_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"callwright"
	"callwright/internal/outbound"
)

// mustListen serves each connection with h, until the end of the test.
func mustListen(t testing.TB, h func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	conns := map[net.Conn]bool{}
	group.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns[conn] = true
			mu.Unlock()
			group.Go(func() {
				defer conn.Close()
				h(conn)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for c := range conns {
			c.Close()
		}
		mu.Unlock()
		group.Wait()
	})
	return l.Addr().String()
}

func limited(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func get(url string) *outbound.Request { return &outbound.Request{Method: "GET", URL: url} }

func post(url string) *outbound.Request {
	return &outbound.Request{Method: "POST", URL: url, Header: http.Header{"Idempotency-Key": {"k"}, "Authorization": {"canary"}}, Body: []byte(`{"a":1}`)}
}

func TestDo(t *testing.T) {
	t.Parallel()
	url := mustServe(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Method", r.Method)
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "%s %s %q %s %d %v", r.Method, r.URL, body, r.Header.Get("X-A"), r.ContentLength, r.TransferEncoding)
	})
	c := mustLocal(t)
	for _, row := range []struct {
		request *outbound.Request
		want    string
	}{
		{&outbound.Request{Method: "POST", URL: url + "/p?q=1", Header: http.Header{"X-A": {"b"}}, Body: []byte("x")}, `POST /p?q=1 "x" b 1 []`},
		{&outbound.Request{Method: "GET", URL: url + "/p"}, `GET /p ""  0 []`},
		{&outbound.Request{Method: "DELETE", URL: url + "/p"}, `DELETE /p ""  0 []`},
		{&outbound.Request{Method: "PUT", URL: url, Body: []byte("yz")}, `PUT / "yz"  2 []`},
	} {
		header := row.request.Header.Clone()
		res, err := c.Do(t.Context(), row.request)
		if err != nil || res.Status != http.StatusTeapot || string(res.Body) != row.want || !res.Sent {
			t.Errorf("%s: got %+v (%s), %v, want %s", row.request.Method, res, res.Body, err, row.want)
		}
		if res.Timings.Total <= 0 || res.Timings.FirstByte <= 0 || res.Header.Get("X-Method") != row.request.Method {
			t.Errorf("%s: got timings %+v, header %v", row.request.Method, res.Timings, res.Header)
		}
		if len(header) != len(row.request.Header) {
			t.Errorf("Do changed the caller's headers: %v", row.request.Header)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var reached atomic.Int64
	inner := mustServe(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	for _, location := range []string{inner, "http://169.254.169.254/", "http://localhost/", "file:///etc/passwd", "gopher://127.0.0.1/", "//evil.example/", "/same", "https://user:canary@evil.example/?canary", "http://canary canary/", ""} {
		for _, status := range []int{300, 301, 302, 303, 304, 305, 307, 308, 399} {
			url := mustServe(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", location)
				w.WriteHeader(status)
			})
			c := mustLocal(t)
			res, err := c.Do(t.Context(), post(url))
			wantCode(t, fmt.Sprint(status, " to ", location), err, callwright.CodeRedirect)
			if !res.Sent || res.Status != status {
				t.Errorf("%d: got %+v, want it sent", status, res)
			}
			resp, err := c.HTTP().Get(url)
			if err != nil && strings.Contains(location, " ") {
				continue // net/http refuses it by itself
			}
			if err != nil {
				t.Errorf("HTTP: %d: got %v, want the redirect as the answer", status, err)
				continue
			}
			resp.Body.Close()
			if resp.StatusCode != status {
				t.Errorf("HTTP: got %d, want %d", resp.StatusCode, status)
			}
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("the target was reached %d times", n)
	}
}

func TestEnvironmentProxyIsNotUsed(t *testing.T) {
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"} {
		t.Setenv(name, "http://127.0.0.1:1/")
	}
	url := mustServe(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) })
	if res, err := mustLocal(t).Do(t.Context(), get(url)); err != nil || res.Status != 204 {
		t.Errorf("got %+v, %v", res, err)
	}
}

// phases are servers that stop at each phase of an exchange.
func phases(t testing.TB) map[string]string {
	t.Helper()
	hold := make(chan struct{})
	t.Cleanup(func() { close(hold) })
	silent := func(conn net.Conn) { io.Copy(io.Discard, conn) }
	head := "HTTP/1.1 200 OK\r\n"
	say := func(text string) func(net.Conn) {
		return func(conn net.Conn) {
			conn.Read(make([]byte, 4096)) // the request
			io.WriteString(conn, text)
			io.Copy(io.Discard, conn)
		}
	}
	drip := func(start, each string) func(net.Conn) {
		return func(conn net.Conn) {
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			conn.Read(make([]byte, 4096)) // the request
			io.WriteString(conn, start)
			for {
				if _, err := io.WriteString(conn, each); err != nil {
					return
				}
				select {
				case <-hold:
					return
				case <-tick.C:
				}
			}
		}
	}
	return map[string]string{
		"TLS handshake":      "https://" + mustListen(t, silent),
		"before headers":     "http://" + mustListen(t, silent),
		"within headers":     "http://" + mustListen(t, say(head+"X-A: b")),
		"slow headers":       "http://" + mustListen(t, drip(head+"X-A: b", "c")),
		"before body":        "http://" + mustListen(t, say(head+"Content-Length: 10\r\n\r\n")),
		"within body":        "http://" + mustListen(t, say(head+"Content-Length: 10\r\n\r\nabc")),
		"slow body":          "http://" + mustListen(t, drip(head+"Content-Length: 100000\r\n\r\n", "a")),
		"chunks without end": "http://" + mustListen(t, drip(head+"Transfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n")),
	}
}

func TestDeadlineCoversEveryPhase(t *testing.T) {
	t.Parallel()
	for name, url := range phases(t) {
		for _, how := range []string{"deadline", "cancel"} {
			t.Run(name+" "+how, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
				defer cancel()
				if how == "cancel" {
					ctx, cancel = context.WithCancel(t.Context())
					time.AfterFunc(200*time.Millisecond, cancel)
				}
				res, err := mustLocal(t).Do(ctx, post(url))
				wantCode(t, name, err, callwright.CodeTimeout)
				if res.Sent != (name != "TLS handshake") {
					t.Errorf("Sent: got %v", res.Sent)
				}
				want := context.DeadlineExceeded
				if how == "cancel" {
					want = context.Canceled
				}
				if !errors.Is(err, want) {
					t.Errorf("got %v, want it to be %v", err, want)
				}
				if res.Timings.Total > 20*time.Second {
					t.Errorf("took %v", res.Timings.Total)
				}
			})
		}
	}
}

type hangingResolver struct{}

func (hangingResolver) LookupNetIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestDeadlineCoversTheLookup(t *testing.T) {
	t.Parallel()
	c := mustNew(t, outbound.Options{Resolver: hangingResolver{}})
	res, err := c.Do(limited(t, 100*time.Millisecond), post("https://slow.example/"))
	wantCode(t, "lookup", err, callwright.CodeTimeout)
	if res.Sent {
		t.Error("Sent: got true, want false")
	}
}

func TestNothingWasSent(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	l.Close()
	hangUp := mustListen(t, func(net.Conn) {})
	plain := mustServe(t, func(http.ResponseWriter, *http.Request) { t.Error("the handler was reached") })
	c := mustNew(t, outbound.Options{Allow: mustRules(t, "127.0.0.0/8"), Resolver: names{"nowhere.example": to("")}})
	for name, url := range map[string]string{
		"refused connection":    "http://" + closed + "/?canary",
		"unknown name":          "https://unknown.example/?canary",
		"name without address":  "https://nowhere.example/?canary",
		"TLS to a plain server": "https" + strings.TrimPrefix(plain, "http") + "/?canary",
		"hang-up in handshake":  "https://" + hangUp + "/?canary",
	} {
		res, err := c.Do(t.Context(), post(url))
		wantCode(t, name, err, callwright.CodeUnreachable)
		if res.Sent || res.Status != 0 {
			t.Errorf("%s: got %+v, want nothing sent", name, res)
		}
	}
}

func TestConnectionLost(t *testing.T) {
	t.Parallel()
	read := func(conn net.Conn) { conn.Read(make([]byte, 4096)) }
	for name, h := range map[string]func(net.Conn){
		"after request": read,
		"reset":         func(c net.Conn) { read(c); c.(*net.TCPConn).SetLinger(0) },
		"in headers":    func(c net.Conn) { read(c); io.WriteString(c, "HTTP/1.1 200 OK\r\nX-A: b\r\n") },
		"in body":       func(c net.Conn) { read(c); io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc") },
		"in chunk": func(c net.Conn) {
			read(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")
		},
		"without last chunk": func(c net.Conn) {
			read(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
		},
	} {
		res, err := mustLocal(t).Do(limited(t, 20*time.Second), post("http://"+mustListen(t, h)))
		wantCode(t, name, err, callwright.CodeConnection)
		if !res.Sent || res.Body != nil {
			t.Errorf("%s: got sent %v, body %q", name, res.Sent, res.Body)
		}
	}
}

func TestNotHTTP(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"ssh":              "SSH-2.0-canary\r\n",
		"smtp":             "220 canary ESMTP\r\n",
		"garbage":          "\x00\x01\x02\x03canary\r\n\r\n",
		"bad status":       "HTTP/1.1 abc canary\r\n\r\n",
		"bad length":       "HTTP/1.1 200 OK\r\nContent-Length: canary\r\n\r\n",
		"too many headers": "HTTP/1.1 200 OK\r\n" + strings.Repeat("X-Canary: x\r\n", 20000) + "\r\n",
		"switch":           "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
	} {
		addr := mustListen(t, func(c net.Conn) {
			c.Read(make([]byte, 4096))
			io.WriteString(c, answer)
			io.Copy(io.Discard, c)
		})
		res, err := mustLocal(t).Do(limited(t, 20*time.Second), post("http://"+addr))
		if got := callwright.CodeOf(err); got != callwright.CodeBadResponse {
			t.Errorf("%s: got %q (%v), want %q", name, got, err, callwright.CodeBadResponse)
		}
		if e, ok := errors.AsType[*callwright.Error](err); !ok || strings.Contains(e.Message, "canary") || !res.Sent {
			t.Errorf("%s: got %v, sent %v", name, err, res.Sent)
		}
	}
}

// net/http takes an Idempotency-Key, and every GET, as permission to send again
// when a kept connection breaks. The other side must see one request only.
func TestNeverSentTwice(t *testing.T) {
	t.Parallel()
	for _, request := range []*outbound.Request{
		{Method: "POST", Body: []byte("{}")}, {Method: "POST"}, {Method: "PUT", Body: []byte("{}")}, {Method: "PATCH", Body: []byte("{}")}, {Method: "DELETE"}, {Method: "GET"},
	} {
		t.Run(fmt.Sprint(request.Method, len(request.Body)), func(t *testing.T) {
			t.Parallel()
			var first, seen atomic.Int64
			url := mustServe(t, func(w http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				if first.Add(1) == 1 {
					return // the connection is kept
				}
				seen.Add(1)
				panic(http.ErrAbortHandler)
			})
			c := mustLocal(t)
			if _, err := c.Do(t.Context(), get(url)); err != nil {
				t.Fatal(err)
			}
			request.URL, request.Header = url, http.Header{"Idempotency-Key": {"k"}, "X-Idempotency-Key": {"k"}}
			res, err := c.Do(t.Context(), request)
			wantCode(t, "Do", err, callwright.CodeConnection)
			if !res.Sent {
				t.Error("Sent: got false, want true")
			}
			if n := seen.Load(); n != 1 {
				t.Errorf("the handler saw %d requests, want exactly 1", n)
			}
			if res.Timings.Connect != 0 {
				t.Error("the connection was not the kept one, so the test shows nothing")
			}
		})
	}
}

func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	var conns atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }))
	s.Config.ConnState = func(_ net.Conn, st http.ConnState) {
		if st == http.StateNew {
			conns.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	c := mustLocal(t)
	for range 20 {
		if _, err := c.Do(t.Context(), post(s.URL)); err != nil {
			t.Fatal(err)
		}
	}
	if n := conns.Load(); n != 1 {
		t.Errorf("20 requests took %d connections, want 1", n)
	}
}

// A connection that the other side closed while idle costs nothing: nothing was
// written, so the request goes out on a new one.
func TestDeadIdleConnectionsAreReplaced(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) }))
	t.Cleanup(s.Close)
	c := mustLocal(t)
	lost := 0
	for range 50 {
		res, err := c.Do(t.Context(), post(s.URL))
		if err != nil {
			lost++
			wantCode(t, "crossing close", err, callwright.CodeConnection)
			if !res.Sent {
				t.Error("Sent: got false for a lost connection")
			}
		}
		s.CloseClientConnections()
	}
	if lost > 25 {
		t.Errorf("%d of 50 requests were lost to closed connections", lost)
	}
}

// A crowd of hanging calls ends at its deadline; goleak sees that nothing stays.
func TestManyHangsEndTogether(t *testing.T) {
	t.Parallel()
	addr := mustListen(t, func(c net.Conn) { io.Copy(io.Discard, c) })
	c := mustLocal(t)
	ctx := limited(t, 500*time.Millisecond)
	var group sync.WaitGroup
	for i := range 300 {
		url := "http://" + addr
		if i%2 == 0 {
			url = "https://" + addr // hangs in the handshake
		}
		group.Go(func() {
			if _, err := c.Do(ctx, post(url)); callwright.CodeOf(err) != callwright.CodeTimeout {
				t.Errorf("got %v, want %s", err, callwright.CodeTimeout)
			}
		})
	}
	group.Wait()
}
