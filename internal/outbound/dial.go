package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http/httptrace"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"callwright"
)

const (
	maxAddresses = 8                      // tried per name, however many it has
	stagger      = 250 * time.Millisecond // head start of each address (RFC 8305)
)

// A dialer resolves, checks and connects.
type dialer struct {
	guard    *guard
	resolver Resolver
	tls      *tls.Config
	net      net.Dialer
	log      *slog.Logger
}

func newDialer(o Options) (*dialer, error) {
	for _, r := range o.Allow {
		if !r.prefix.IsValid() {
			return nil, errors.New("outbound: an allow rule is empty: make rules with ParseRule")
		}
	}
	d := &dialer{guard: newGuard(o.Allow, o.Listeners), resolver: o.Resolver, tls: newTLSConfig(o.RootCAs), log: o.Log}
	if d.resolver == nil {
		d.resolver = net.DefaultResolver
	}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	d.net.Control = d.control
	return d, nil
}

// control runs after everything that could change the address and before the
// first packet: the last word.
func (d *dialer) control(network, address string, _ syscall.RawConn) error {
	addr, err := netip.ParseAddrPort(address)
	if err != nil || network != "tcp4" && network != "tcp6" {
		return &refusal{what: "the unreadable address", fix: fixNever}
	}
	if r := d.guard.check(addr); r != nil {
		return r
	}
	return nil
}

type callerKey struct{}

// withCaller makes a context from which a detached dial finds its way back.
func withCaller(ctx context.Context) context.Context {
	return context.WithValue(ctx, callerKey{}, ctx)
}

// callerOf returns the context of whoever waits for the dial.
func callerOf(ctx context.Context) context.Context {
	if caller, ok := ctx.Value(callerKey{}).(context.Context); ok {
		return caller
	}
	return ctx
}

// DialContext connects to host:port.
func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	caller := callerOf(ctx)
	ctx, cancel := context.WithTimeout(caller, connectTimeout)
	defer cancel()
	conn, err := d.dial(ctx, network, address)
	if err != nil {
		return nil, d.explain(caller, address, err)
	}
	return conn, nil
}

// dialTLS connects to host:port and completes the handshake, all within the
// caller's deadline.
func (d *dialer) dialTLS(ctx context.Context, network, address string) (net.Conn, error) {
	caller := callerOf(ctx)
	ctx, cancel := context.WithTimeout(caller, connectTimeout)
	defer cancel()
	conn, err := d.dial(ctx, network, address)
	if err != nil {
		return nil, d.explain(caller, address, err)
	}
	config := d.tls.Clone()
	config.ServerName, _, _ = net.SplitHostPort(address) // dial has checked it
	config.ServerName = strings.TrimSuffix(config.ServerName, ".")
	trace := httptrace.ContextClientTrace(ctx)
	if trace != nil && trace.TLSHandshakeStart != nil {
		trace.TLSHandshakeStart()
	}
	secured := tls.Client(conn, config)
	err = secured.HandshakeContext(ctx)
	if trace != nil && trace.TLSHandshakeDone != nil {
		trace.TLSHandshakeDone(secured.ConnectionState(), err)
	}
	if err != nil {
		conn.Close()
		return nil, d.explain(caller, address, &handshakeError{err})
	}
	return secured, nil
}

// A handshakeError is a failure after the connection was made.
type handshakeError struct{ err error }

func (e *handshakeError) Error() string { return "tls: " + e.err.Error() }
func (e *handshakeError) Unwrap() error { return e.err }

func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil || !strings.HasPrefix(network, "tcp") {
		return nil, &badHost{"is not a host and a port"}
	}
	port, err := parsePort(portText)
	if err != nil {
		return nil, &badHost{"has no usable port"}
	}
	ips, err := d.lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	var allowed []netip.AddrPort
	var first *refusal
	for _, ip := range ips {
		addr := netip.AddrPortFrom(ip.Unmap(), port)
		if r := d.guard.check(addr); r == nil {
			allowed = append(allowed, addr)
		} else if first == nil {
			first = r
		}
	}
	if len(allowed) == 0 {
		if first == nil {
			return nil, &net.DNSError{Err: "no addresses", Name: host, IsNotFound: true}
		}
		return nil, first
	}
	return d.race(ctx, allowed)
}

// lookup returns the addresses of host, at most maxAddresses.
func (d *dialer) lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip}, nil
	}
	if err := checkName(host); err != nil {
		return nil, err
	}
	ips, err := d.resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	return interleave(ips, maxAddresses), nil
}

// interleave takes addresses of both families in turn, so that one broken family
// does not use up all attempts.
func interleave(ips []netip.Addr, limit int) []netip.Addr {
	var families [2][]netip.Addr // that of the first address, and the other
	for _, ip := range ips {
		i := 0
		if ip.Unmap().Is4() != ips[0].Unmap().Is4() {
			i = 1
		}
		families[i] = append(families[i], ip)
	}
	var out []netip.Addr
	for i := 0; len(out) < limit && (i < len(families[0]) || i < len(families[1])); i++ {
		for _, f := range families {
			if i < len(f) && len(out) < limit {
				out = append(out, f[i])
			}
		}
	}
	return out
}

// race connects to the first address that answers. The next one starts when one
// failed or after the head start; no attempt outlives the call.
func (d *dialer) race(ctx context.Context, addrs []netip.AddrPort) (net.Conn, error) {
	type attempt struct {
		conn net.Conn
		err  error
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan attempt, len(addrs))
	started, pending := 0, 0
	start := func() {
		addr := addrs[started]
		started++
		pending++
		go func() {
			conn, err := d.net.DialContext(ctx, "tcp", addr.String())
			done <- attempt{conn, err}
		}()
	}
	var first error
	for start(); pending > 0; {
		var next <-chan time.Time
		if started < len(addrs) {
			next = time.After(stagger)
		}
		select {
		case <-next:
			start()
		case a := <-done:
			pending--
			if a.err == nil {
				cancel()
				for ; pending > 0; pending-- {
					if late := <-done; late.conn != nil {
						late.conn.Close()
					}
				}
				return prompt(a.conn), nil
			}
			if first == nil {
				first = a.err
			}
			if started < len(addrs) && ctx.Err() == nil {
				start()
			}
		}
	}
	return nil, first
}

// A badHost is a host that no honest URL has.
type badHost struct{ problem string }

func (e *badHost) Error() string { return "the host " + e.problem }

// checkName refuses what could be an address in disguise. Some resolvers read
// 2130706433, 0x7f.1 or 0177.0.0.1 as 127.0.0.1; the guard would catch that, but
// the operator is told what is wrong.
func checkName(host string) error {
	name := strings.TrimSuffix(host, ".")
	if name == "" || len(name) > 253 {
		return &badHost{"is empty or too long"}
	}
	for _, c := range []byte(name) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		default:
			return &badHost{"has a character that host names cannot have"}
		}
	}
	last := strings.ToLower(name[strings.LastIndexByte(name, '.')+1:])
	digits := strings.Trim(last, "0123456789") == ""
	hex := strings.HasPrefix(last, "0x") && strings.Trim(last[2:], "0123456789abcdef") == ""
	if digits || hex {
		return &badHost{"is an address in an unusual form: write it like 203.0.113.7"}
	}
	if strings.Contains(name, "..") || strings.HasPrefix(name, ".") {
		return &badHost{"has an empty label"}
	}
	return nil
}

// explain turns the failure of a dial into an error with a code.
func (d *dialer) explain(ctx context.Context, address string, err error) error {
	where := safeHostPort(address)
	if r, ok := errors.AsType[*refusal](err); ok {
		d.log.Warn("outbound destination refused", "destination", where, "address", r.addr.String(), "why", r.what)
		return callwright.Wrap(callwright.CodeRefused, err, "%s leads to %s %s. %s", where, r.what, r.addr.Addr(), r.fix)
	}
	if b, ok := errors.AsType[*badHost](err); ok {
		d.log.Warn("outbound destination refused", "destination", where, "why", b.problem)
		return callwright.Wrap(callwright.CodeRefused, err, "The host of %s %s.", where, b.problem)
	}
	if ended(ctx) {
		return callwright.Wrap(callwright.CodeTimeout, causeOf(ctx, err), "Connecting to %s took too long.", where)
	}
	return callwright.Wrap(callwright.CodeUnreachable, err, "%s", unreachable(where, err))
}
