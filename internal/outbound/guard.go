package outbound

import (
	"fmt"
	"net"
	"net/netip"
	"slices"

	"code.dny.dev/ssrf"
)

// A guard decides which addresses may be dialled.
type guard struct {
	rules     []Rule
	open      func(port uint16) bool // ports of public addresses that need no rule
	listeners func() []netip.AddrPort
	public    *ssrf.Guardian // the deny lists of the IANA registries
	ranges    ranges
}

// ranges are the addresses that need more than a rule which happens to cover
// them.
type ranges struct {
	linkLocal  []netip.Prefix
	metadata   []netip.Addr // outside the link-local ranges
	nat64      netip.Prefix
	nat64Local netip.Prefix
	sixToFour  netip.Prefix
	teredo     netip.Prefix
	compatible netip.Prefix
	loopback   []netip.Prefix
}

func newGuard(rules []Rule, listeners func() []netip.AddrPort) *guard {
	if listeners == nil {
		listeners = func() []netip.AddrPort { return nil }
	}
	p := netip.MustParsePrefix
	return &guard{
		rules:     slices.Clone(rules),
		open:      web,
		listeners: listeners,
		public:    ssrf.New(ssrf.WithAnyPort()),
		ranges: ranges{
			linkLocal: []netip.Prefix{p("169.254.0.0/16"), p("fe80::/10")},
			metadata: []netip.Addr{
				netip.MustParseAddr("100.100.100.200"), // Alibaba Cloud
				netip.MustParseAddr("192.0.0.192"),     // Oracle Cloud
				netip.MustParseAddr("168.63.129.16"),   // Azure; a public address by its looks
				netip.MustParseAddr("fd00:ec2::254"),   // AWS
				netip.MustParseAddr("fd20:ce::254"),    // Google Cloud
			},
			nat64:      p("64:ff9b::/96"),
			nat64Local: p("64:ff9b:1::/48"),
			sixToFour:  p("2002::/16"),
			teredo:     p("2001::/32"),
			compatible: p("::/96"),
			loopback:   []netip.Prefix{p("127.0.0.0/8"), p("::1/128")},
		},
	}
}

// A refusal says why an address may not be dialled. Both texts complete a
// message: "x.example:80 leads to <what> 10.0.0.5", and what to do about it.
type refusal struct {
	addr netip.AddrPort
	what string
	fix  string
}

// Error is for logs; people see Client's own sentence.
func (r *refusal) Error() string { return r.what + " " + r.addr.String() + " refused" }

const (
	fixNever = "Such addresses are never called."
	fixRule  = "The operator of this server can allow it with --outbound-allow %s/%d@%d."
)

func refuse(addr netip.AddrPort, what string) *refusal {
	return &refusal{addr, what, fmt.Sprintf(fixRule, addr.Addr(), addr.Addr().BitLen(), addr.Port())}
}

// check returns nil when addr may be dialled.
func (g *guard) check(addr netip.AddrPort) *refusal {
	if addr.Addr().Zone() != "" {
		return &refusal{addr, "an address with a zone,", fixNever}
	}
	addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
	ip := addr.Addr()
	switch {
	case !ip.IsValid() || addr.Port() == 0:
		return &refusal{addr, "the impossible address", fixNever}
	case ip.IsUnspecified() || ip.IsMulticast() || ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return &refusal{addr, "the unspecified or multicast address", fixNever}
	}
	if r := g.checkSpecial(addr); r != nil {
		return r
	}
	if slices.ContainsFunc(g.rules, func(r Rule) bool { return r.covers(addr) }) {
		return nil
	}
	if err := g.public.SafeAddr(ip); err != nil {
		return refuse(addr, describe(ip))
	}
	if !g.open(addr.Port()) {
		return refuse(addr, fmt.Sprintf("port %d, which is not open for this kind of connection, of the public address", addr.Port()))
	}
	return nil
}

// web reports whether a port is one of HTTP's.
func web(port uint16) bool { return port == 80 || port == 443 }

func describe(ip netip.Addr) string {
	switch {
	case ip.IsLoopback():
		return "the loopback address"
	case ip.IsPrivate():
		return "the private address"
	}
	return "the special-purpose address"
}

// checkSpecial refuses the addresses that a wide rule must not open: what an
// operator who allows 10.0.0.0/8 or even 0.0.0.0/0 did not think of.
func (g *guard) checkSpecial(addr netip.AddrPort) *refusal {
	ip := addr.Addr()
	for _, p := range g.ranges.linkLocal {
		if p.Contains(ip) && !slices.ContainsFunc(g.rules, func(r Rule) bool { return r.covers(addr) && r.within(p) }) {
			return refuse(addr, "the link-local address")
		}
	}
	if slices.Contains(g.ranges.metadata, ip) && !slices.ContainsFunc(g.rules, func(r Rule) bool { return r.covers(addr) && r.single() }) {
		return refuse(addr, "the metadata service")
	}
	if g.own(addr) && !slices.ContainsFunc(g.rules, func(r Rule) bool { return r.names(addr) }) {
		return refuse(addr, "this server itself,")
	}
	inner, certain := g.embedded(ip)
	for _, v4 := range inner {
		r := g.check(netip.AddrPortFrom(v4, addr.Port()))
		if r != nil && (certain || g.ranges.linkLocal[0].Contains(v4)) {
			r.addr = addr
			r.what = "an IPv6 form of " + r.what
			return r
		}
	}
	return nil
}

// embedded returns the IPv4 addresses that a translator would make of ip. They
// are not certain where the place depends on how the translator was set up.
func (g *guard) embedded(ip netip.Addr) (inner []netip.Addr, certain bool) {
	if !ip.Is6() {
		return nil, false
	}
	b := ip.As16()
	v4 := func(i, j, k, l int) netip.Addr { return netip.AddrFrom4([4]byte{b[i], b[j], b[k], b[l]}) }
	switch {
	case ip.IsLoopback():
		return nil, false
	case g.ranges.nat64.Contains(ip), g.ranges.compatible.Contains(ip):
		return []netip.Addr{v4(12, 13, 14, 15)}, true
	case g.ranges.sixToFour.Contains(ip):
		return []netip.Addr{v4(2, 3, 4, 5)}, true
	case g.ranges.teredo.Contains(ip):
		client := netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]})
		return []netip.Addr{v4(4, 5, 6, 7), client}, true
	case g.ranges.nat64Local.Contains(ip): // RFC 6052, section 2.2: /48, /56, /64, /96
		return []netip.Addr{v4(6, 7, 9, 10), v4(7, 9, 10, 11), v4(9, 10, 11, 12), v4(12, 13, 14, 15)}, false
	}
	return nil, false
}

// own reports whether addr is one of the server's own listeners.
func (g *guard) own(addr netip.AddrPort) bool {
	return slices.ContainsFunc(g.listeners(), func(l netip.AddrPort) bool {
		if l.Port() != addr.Port() {
			return false
		}
		ip := l.Addr().Unmap().WithZone("")
		return ip == addr.Addr() || ip.IsUnspecified() && g.local(addr.Addr()) || !ip.IsValid() && g.local(addr.Addr())
	})
}

// local reports whether ip is an address of this machine.
func (g *guard) local(ip netip.Addr) bool {
	if slices.ContainsFunc(g.ranges.loopback, func(p netip.Prefix) bool { return p.Contains(ip) }) {
		return true
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return true // closed when in doubt
	}
	return slices.ContainsFunc(addrs, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		if !ok {
			return false
		}
		own, ok := netip.AddrFromSlice(n.IP)
		return ok && own.Unmap() == ip
	})
}
