// Package outbound is the one way out: every request that the server makes for a
// tenant, and every connection to a provider, goes through a Client of it.
//
// What it guarantees, whatever the URL says:
//
//  1. The address that is checked is the address that is dialled. The guard sits
//     in the dialer, after name resolution, so a name that changes its answer
//     gains nothing.
//  2. Only public addresses on ports 80 and 443 are reached, unless the operator
//     of the server allowed more with a Rule. Link-local addresses, metadata
//     services and the server's own listeners need a rule made for them alone.
//  3. Redirects are not followed, proxies from the environment are not used.
//  4. The deadline of the context covers everything up to the last byte of the
//     body; what is read is capped after decompression.
//  5. A request is sent at most once. Response.Sent tells whether it was.
//  6. Errors carry a code and a sentence that names host and port, and never a
//     path, query, header or body.
//
// It knows no secrets, no JSON and no retry policy, and it does not judge status
// codes: executors, model and speech providers call it and decide those.
package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// DefaultMaxResponse is how much of a decompressed body is read unless a Request
// says otherwise.
const DefaultMaxResponse = 256 << 10

const (
	connectTimeout    = 10 * time.Second // name, connection and TLS together
	maxHeaderBytes    = 64 << 10
	streamIdleTimeout = 90 * time.Second

	// Common servers (Node, Apache, uvicorn) close idle connections after five
	// seconds. Giving ours up earlier means that no close of theirs crosses a
	// write of ours, which would leave a run in doubt.
	idleTimeout = 4 * time.Second
)

// A Resolver looks names up; *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Options is what a Client is made from. The zero value reaches public addresses
// on ports 80 and 443 only.
type Options struct {
	// Allow adds destinations to the public ones.
	Allow []Rule

	// Listeners returns the addresses that this server itself listens on. It is
	// called at every dial; nil means none.
	Listeners func() []netip.AddrPort

	// Resolver looks names up; nil means the system's.
	Resolver Resolver

	// RootCAs verifies TLS certificates; nil means the system's.
	RootCAs *x509.CertPool

	// Log receives refused destinations, which may be attacks; nil means none.
	Log *slog.Logger
}

// A Client makes requests. It may be used concurrently; it keeps idle
// connections, which carry nothing of the tenant that opened them.
type Client struct {
	dialer *dialer
	once   *http.Transport // for Do: never sends twice
	stream *http.Transport // for HTTP
}

// New makes a Client.
func New(o Options) (*Client, error) {
	d, err := newDialer(o)
	if err != nil {
		return nil, err
	}
	return &Client{
		dialer: d,
		once:   d.transport(idleTimeout),
		stream: d.transport(streamIdleTimeout),
	}, nil
}

// transport makes a guarded transport.
func (d *dialer) transport(idle time.Duration) *http.Transport {
	return &http.Transport{
		Proxy:                  nil,
		DialContext:            d.DialContext,
		DialTLSContext:         d.dialTLS,
		TLSClientConfig:        d.tls.Clone(),
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // the cap must count decompressed bytes
		MaxIdleConns:           1024,
		MaxIdleConnsPerHost:    32,
		IdleConnTimeout:        idle,
		MaxResponseHeaderBytes: maxHeaderBytes,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second},
	}
}

func newTLSConfig(roots *x509.CertPool) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, NextProtos: []string{"h2", "http/1.1"}}
}

// HTTP returns a client for provider libraries and for streaming: guarded by the
// same dialer, without redirects and without a time limit of its own. A redirect
// is returned as the answer. Unlike Do it caps nothing and leaves bodies as they
// were encoded.
func (c *Client) HTTP() *http.Client {
	return &http.Client{
		Transport:     roundTripper{c.stream},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// roundTripper lets the dialer see the request's own context: net/http detaches
// a dial from the request that asked for it, and the dial would outlive it.
type roundTripper struct{ transport *http.Transport }

// RoundTrip makes the request.
func (rt roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	return rt.transport.RoundTrip(r.WithContext(withCaller(r.Context())))
}

// CloseIdleConnections is found by http.Client.
func (rt roundTripper) CloseIdleConnections() { rt.transport.CloseIdleConnections() }

// Dialer returns a function that opens guarded TCP connections, for clients of other
// protocols (SQL, SMTP). open tells which ports of public addresses need no rule; all
// else is as for requests. Errors are *callwright.Error.
func (c *Client) Dialer(open func(port uint16) bool) func(ctx context.Context, network, address string) (net.Conn, error) {
	d := *c.dialer
	g := *d.guard
	g.open = open
	d.guard = &g
	d.net.Control = d.control
	return d.DialContext
}

// Close gives idle connections up. Requests in flight go on.
func (c *Client) Close() {
	c.once.CloseIdleConnections()
	c.stream.CloseIdleConnections()
}
