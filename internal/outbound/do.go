package outbound

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"time"

	"callwright"
)

// A Request is one request to make. Do changes neither Header nor Body.
type Request struct {
	Method string
	URL    string
	Header http.Header
	Body   []byte

	// MaxResponse is how many bytes of the decompressed body are accepted; 0
	// means DefaultMaxResponse.
	MaxResponse int64
}

// A Response is what came back. Do returns one even when it fails: Sent and
// Timings are always meaningful, Status and Header when an answer began.
type Response struct {
	Status int
	Header http.Header
	Body   []byte // decompressed; nil when Do fails

	// Sent tells whether the request may have reached the other side. False
	// means that it certainly had no effect.
	Sent bool

	Timings Timings
}

// Timings says where the time went. A phase that did not happen, as with a
// connection used again, is zero.
type Timings struct {
	DNS       time.Duration
	Connect   time.Duration
	TLS       time.Duration
	FirstByte time.Duration // from the request being written to the first byte
	Total     time.Duration // until the last byte, or the failure
}

// maxAttempts bounds how often an idle connection may turn out to be dead before
// anything was written to it.
const maxAttempts = 3

// Do makes a request and reads the whole answer, within the deadline of ctx. It
// sends the request at most once: net/http's own repeats on a lost connection,
// which an Idempotency-Key header would invite, are switched off. Any status but
// a redirect is a success here; see CheckStatus.
//
// Failures are *callwright.Error: CodeRefused, CodeUnreachable (nothing was
// sent), CodeTimeout, CodeConnection (something may have been sent),
// CodeRedirect, CodeTooLarge, CodeBadResponse.
func (c *Client) Do(ctx context.Context, r *Request) (*Response, error) {
	start := time.Now()
	res := &Response{}
	u, err := parseURL(r.URL)
	if err != nil {
		return res, err
	}
	x := &exchange{where: hostPort(u)}
	for attempt := 1; ; attempt++ {
		x.reset()
		err = c.send(ctx, x, u, r, res)
		p := x.progress()
		res.Sent, res.Timings = p.sent, p.timings
		res.Timings.Total = time.Since(start)
		if err == nil {
			return res, nil
		}
		if p.sent || !p.reused || attempt == maxAttempts || ended(ctx) {
			return res, x.fail(ctx, err)
		}
	}
}

// parseURL refuses what is no plain web address. Where it leads is the dialer's
// business.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil: // the cause quotes the URL, which may hold a secret
		return nil, callwright.Errorf(callwright.CodeRefused, "The address is not a valid URL.")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, callwright.Errorf(callwright.CodeRefused, "Only http and https addresses are called.")
	case u.User != nil:
		return nil, callwright.Errorf(callwright.CodeRefused, "An address with a user name or password in it is not called.")
	case u.Hostname() == "":
		return nil, callwright.Errorf(callwright.CodeRefused, "The address has no host.")
	}
	return u, nil
}

// hostPort names a destination in messages.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return safeHostPort(net.JoinHostPort(u.Hostname(), port))
}

func (c *Client) send(ctx context.Context, x *exchange, u *url.URL, r *Request, res *Response) error {
	header := maps.Clone(r.Header)
	if header == nil {
		header = http.Header{}
	}
	header.Set("Accept-Encoding", "gzip")
	// A body without GetBody cannot be rewound, so net/http cannot send it again.
	// An empty one is given all the same: net/http finds it empty and writes
	// none, but no longer takes a GET or an Idempotency-Key for permission to
	// repeat. It must be a NopCloser of a bytes.Reader: such a body leaves in one
	// packet with the headers.
	req := (&http.Request{
		Method: r.Method, URL: u, Host: u.Host, Header: header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(bytes.NewReader(r.Body)), ContentLength: int64(len(r.Body)),
	}).WithContext(withCaller(httptrace.WithClientTrace(ctx, x.trace())))
	resp, err := c.once.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	res.Status, res.Header = resp.StatusCode, resp.Header
	switch {
	case resp.StatusCode == http.StatusSwitchingProtocols:
		return callwright.Errorf(callwright.CodeBadResponse, "%s wants to switch to another protocol.", x.where)
	case resp.StatusCode >= 300 && resp.StatusCode <= 399:
		return callwright.Errorf(callwright.CodeRedirect, "%s answered with a redirect (%d)%s. Redirects are not followed: give the final address.", x.where, resp.StatusCode, redirectTarget(u, resp.Header))
	}
	limit := r.MaxResponse
	if limit <= 0 {
		limit = DefaultMaxResponse
	}
	res.Body, err = readBody(resp, limit, x.where)
	return err
}

// redirectTarget names the host of a redirect, when it is a plain one.
func redirectTarget(from *url.URL, h http.Header) string {
	to, err := from.Parse(h.Get("Location"))
	if err != nil || h.Get("Location") == "" || len(to.Host) > 270 || checkName(to.Hostname()) != nil {
		return ""
	}
	return " to " + to.Scheme + "://" + safeHostPort(to.Host)
}

// An exchange watches one request: how far it came and when. Its callbacks may
// run on other goroutines, and after the request ended.
type exchange struct {
	where string
	mu    sync.Mutex
	p     progress
	began moments
}

// moments are when the phases began.
type moments struct{ dns, connect, tls, wrote time.Time }

// progress is how far a request came.
type progress struct {
	reused    bool // on a connection used before
	sent      bool // complete headers may have left
	firstByte bool
	timings   Timings
}

func (x *exchange) reset() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.p, x.began = progress{}, moments{}
}

func (x *exchange) progress() progress {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.p
}

// note runs f under the lock.
func (x *exchange) note(f func(p *progress, now time.Time)) {
	now := time.Now()
	x.mu.Lock()
	defer x.mu.Unlock()
	f(&x.p, now)
}

// trace returns the callbacks of one attempt.
func (x *exchange) trace() *httptrace.ClientTrace {
	since := func(d *time.Duration, from, now time.Time) {
		if *d == 0 && !from.IsZero() {
			*d = now.Sub(from)
		}
	}
	return &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) { x.note(func(_ *progress, now time.Time) { x.began.dns = now }) },
		DNSDone: func(httptrace.DNSDoneInfo) {
			x.note(func(p *progress, now time.Time) { since(&p.timings.DNS, x.began.dns, now) })
		},
		ConnectStart: func(_, _ string) { x.note(func(_ *progress, now time.Time) { x.began.connect = now }) },
		ConnectDone: func(_, _ string, err error) {
			x.note(func(p *progress, now time.Time) { since(&p.timings.Connect, x.began.connect, now) })
		},
		TLSHandshakeStart: func() { x.note(func(_ *progress, now time.Time) { x.began.tls = now }) },
		TLSHandshakeDone: func(tls.ConnectionState, error) {
			x.note(func(p *progress, now time.Time) { since(&p.timings.TLS, x.began.tls, now) })
		},
		GotConn: func(info httptrace.GotConnInfo) { x.note(func(p *progress, _ time.Time) { p.reused = info.Reused }) },
		// Headers count as sent when they are written to the buffer: an
		// incomplete request has no effect, a complete one may.
		WroteHeaders: func() {
			x.note(func(p *progress, now time.Time) { p.sent, x.began.wrote = true, now })
		},
		GotFirstResponseByte: func() {
			x.note(func(p *progress, now time.Time) {
				p.firstByte = true
				since(&p.timings.FirstByte, x.began.wrote, now)
			})
		},
	}
}
