package outbound_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"callwright"
	"callwright/internal/outbound"
)

func mustTLS(t testing.TB, change func(*httptest.Server)) (url string, roots *x509.CertPool) {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are the point
	s.EnableHTTP2 = true
	s.TLS = &tls.Config{}
	if change != nil {
		change(s)
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	roots = x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return s.URL, roots
}

func mustCertificate(t testing.TB, names []string, ips []net.IP, until time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: until.Add(-48 * time.Hour), NotAfter: until, DNSNames: names, IPAddresses: ips, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	loopback := []net.IP{net.IPv4(127, 0, 0, 1)}
	later := time.Now().Add(24 * time.Hour)
	for _, row := range []struct {
		name    string
		change  func(*httptest.Server)
		trusted bool
		want    string // the answer, or a part of the message
	}{
		{"h2", nil, true, "HTTP/2.0"},
		{"HTTP/1.1", func(s *httptest.Server) { s.EnableHTTP2 = false }, true, "HTTP/1.1"},
		{"TLS 1.2", func(s *httptest.Server) { s.TLS.MaxVersion = tls.VersionTLS12 }, true, "HTTP/2.0"},
		{"self-signed", nil, false, "unknown authority"},
		{"expired", func(s *httptest.Server) {
			s.TLS.Certificates = []tls.Certificate{mustCertificate(t, nil, loopback, time.Now().Add(-time.Hour))}
		}, true, "expired"},
		{"other name", func(s *httptest.Server) {
			s.TLS.Certificates = []tls.Certificate{mustCertificate(t, []string{"other.example"}, nil, later)}
		}, true, "another name"},
		{"TLS 1.1", func(s *httptest.Server) {
			s.TLS.MinVersion, s.TLS.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
		}, true, "1.2 or newer"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			url, roots := mustTLS(t, row.change)
			o := outbound.Options{Allow: mustRules(t, "127.0.0.0/8")}
			if row.trusted {
				o.RootCAs = roots
			}
			c := mustNew(t, o)
			res, err := c.Do(t.Context(), post(url))
			if strings.HasPrefix(row.want, "HTTP/") {
				if err != nil || string(res.Body) != row.want {
					t.Errorf("got %q, %v, want %s", res.Body, err, row.want)
				}
				if res.Timings.TLS <= 0 || res.Timings.Connect <= 0 {
					t.Errorf("timings: got %+v", res.Timings)
				}
				if resp, err := c.HTTP().Get(url); err != nil {
					t.Errorf("HTTP: got %v", err)
				} else {
					resp.Body.Close()
				}
				return
			}
			wantCode(t, "Do", err, callwright.CodeUnreachable)
			if err != nil && !strings.Contains(err.Error(), row.want) || res.Sent {
				t.Errorf("got %v, sent %v, want %q", err, res.Sent, row.want)
			}
		})
	}
}

// On HTTP/2, too, a request whose connection breaks is not sent again.
func TestNeverSentTwiceOverHTTP2(t *testing.T) {
	t.Parallel()
	var seen atomic.Int64
	var s *httptest.Server
	url, roots := mustTLS(t, func(server *httptest.Server) {
		s = server
		server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/first" {
				return
			}
			seen.Add(1)
			s.CloseClientConnections()
			<-r.Context().Done()
		})
	})
	for _, request := range []*outbound.Request{{Method: "POST", Body: []byte("{}")}, {Method: "DELETE"}, {Method: "GET"}} {
		c := mustNew(t, outbound.Options{Allow: mustRules(t, "127.0.0.0/8"), RootCAs: roots})
		if _, err := c.Do(t.Context(), get(url+"/first")); err != nil {
			t.Fatal(err)
		}
		seen.Store(0)
		request.URL, request.Header = url+"/second", http.Header{"Idempotency-Key": {"k"}}
		res, err := c.Do(limited(t, 20*time.Second), request)
		wantCode(t, request.Method, err, callwright.CodeConnection)
		if n := seen.Load(); n != 1 || !res.Sent {
			t.Errorf("%s: the handler saw %d requests, sent %v, want exactly 1", request.Method, n, res.Sent)
		}
	}
}

// A request of HTTP that is given up takes its dial along: nothing is left for
// goleak to find.
func TestHTTPLeavesNoDialBehind(t *testing.T) {
	t.Parallel()
	silent := mustListen(t, func(c net.Conn) { io.Copy(io.Discard, c) })
	c := mustLocal(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", "https://"+silent+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.HTTP().Do(req)
	if err == nil {
		resp.Body.Close()
		t.Fatal("got an answer of a silent server")
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the deadline", err)
	}
}

func TestDialerConnects(t *testing.T) {
	t.Parallel()
	addr := mustListen(t, func(c net.Conn) { io.Copy(c, c) })
	conn, err := mustLocal(t).Dialer(webPort)(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("x")); err != nil {
		t.Error(err)
	}
	if n, err := conn.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Errorf("got %d bytes, %v", n, err)
	}
}
