package outbound

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// A Rule allows destinations that would be refused: the addresses of a CIDR, on
// any port or on some.
type Rule struct {
	prefix netip.Prefix
	ports  []portRange // nil: any port
}

type portRange struct{ low, high uint16 }

// ParseRule reads "10.0.0.0/8" (any port) or "10.0.0.5/32@80,8000-9000". A bare
// address is a CIDR of one.
func ParseRule(text string) (Rule, error) {
	cidr, ports, hasPorts := strings.Cut(strings.TrimSpace(text), "@")
	prefix, err := parsePrefix(cidr)
	if err != nil {
		return Rule{}, err
	}
	r := Rule{prefix: prefix}
	if !hasPorts {
		return r, nil
	}
	for item := range strings.SplitSeq(ports, ",") {
		p, err := parsePorts(item)
		if err != nil {
			return Rule{}, err
		}
		r.ports = append(r.ports, p)
	}
	return r, nil
}

func parsePrefix(cidr string) (netip.Prefix, error) {
	addr, err := netip.ParseAddr(cidr)
	if err == nil && addr.Zone() == "" && !addr.Is4In6() {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(cidr)
	switch {
	case err != nil:
		return netip.Prefix{}, errors.New("must start with a CIDR such as 10.0.0.0/8 or fd00::/8, without a zone")
	case prefix.Addr().Is4In6():
		return netip.Prefix{}, errors.New("must give IPv4 addresses in their own form, such as 10.0.0.0/8")
	case prefix != prefix.Masked():
		return netip.Prefix{}, fmt.Errorf("has bits beyond the prefix length: write %s for the network, or %s/%d for the one address", prefix.Masked(), prefix.Addr(), prefix.Addr().BitLen())
	}
	return prefix, nil
}

func parsePorts(item string) (portRange, error) {
	low, high, isRange := strings.Cut(strings.TrimSpace(item), "-")
	if !isRange {
		high = low
	}
	l, errLow := parsePort(low)
	h, errHigh := parsePort(high)
	if errLow != nil || errHigh != nil || l > h {
		return portRange{}, errors.New("must list ports from 1 to 65535 after the @, such as 80,8000-9000")
	}
	return portRange{l, h}, nil
}

// parsePort is strict: no sign, no leading zero, no service name.
func parsePort(s string) (uint16, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 || s[0] == '0' || s[0] == '+' {
		return 0, errors.New("is not a port")
	}
	return uint16(n), nil
}

// String returns the rule as ParseRule reads it.
func (r Rule) String() string {
	if !r.prefix.IsValid() {
		return ""
	}
	if r.ports == nil {
		return r.prefix.String()
	}
	var ports []string
	for _, p := range r.ports {
		if p.low == p.high {
			ports = append(ports, strconv.Itoa(int(p.low)))
		} else {
			ports = append(ports, fmt.Sprintf("%d-%d", p.low, p.high))
		}
	}
	return r.prefix.String() + "@" + strings.Join(ports, ",")
}

func (r Rule) covers(ap netip.AddrPort) bool {
	if !r.prefix.Contains(ap.Addr()) {
		return false
	}
	return r.ports == nil || slices.ContainsFunc(r.ports, func(p portRange) bool {
		return p.low <= ap.Port() && ap.Port() <= p.high
	})
}

// names reports whether the rule is about that one address and port.
func (r Rule) names(ap netip.AddrPort) bool {
	return r.single() && r.prefix.Contains(ap.Addr()) && slices.Contains(r.ports, portRange{ap.Port(), ap.Port()})
}

func (r Rule) single() bool { return r.prefix.IsSingleIP() }

// within reports whether the rule's addresses all lie in p.
func (r Rule) within(p netip.Prefix) bool {
	return r.prefix.IsValid() && p.Contains(r.prefix.Addr()) && r.prefix.Bits() >= p.Bits()
}
