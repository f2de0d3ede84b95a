package control

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"callwright"
)

const maxOrigins = 100

// checkOrigins brings the origins of a publishable key to the form in which
// browsers send them, so that comparing texts is enough.
func checkOrigins(spec *callwright.PublishableKeySpec) []callwright.FieldError {
	switch n := len(spec.AllowedOrigins); {
	case n == 0:
		return at("allowedOrigins", "is required: the origins of the pages that use the key, such as https://www.example.com")
	case n > maxOrigins:
		return at("allowedOrigins", fmt.Sprintf("must have at most %d origins", maxOrigins))
	}
	var p []callwright.FieldError
	var kept []string
	for i, v := range spec.AllowedOrigins {
		o, problem := origin(v)
		if problem != "" {
			p = append(p, at(fmt.Sprintf("allowedOrigins[%d]", i), problem)...)
		}
		if !slices.Contains(kept, o) {
			kept = append(kept, o)
		}
	}
	if len(p) == 0 {
		spec.AllowedOrigins = kept
	}
	return p
}

// origin returns the serialization of an origin (RFC 6454, section 6.2), or what is
// wrong with it.
func origin(v string) (kept, problem string) {
	u, err := url.Parse(v)
	switch {
	case strings.Contains(v, "*"):
		return "", "must not have a wildcard: list every origin"
	case err != nil || u.Host == "" || u.Opaque != "" || len(v) > 300:
		return "", "must be an origin such as https://www.example.com or http://localhost:3000"
	case u.Scheme != "http" && u.Scheme != "https":
		return "", "must begin with https:// or http://"
	case u.User != nil || u.Path != "" && u.Path != "/" || strings.ContainsAny(v, "?#"):
		return "", "must be scheme, host and port alone, such as https://www.example.com: no path, query or user name"
	}
	host, problem := originHost(strings.ToLower(u.Hostname()))
	if problem != "" {
		return "", problem
	}
	if u.Port() == "" {
		return u.Scheme + "://" + host, ""
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || port == 0 {
		return "", "must have a port between 1 and 65535, or none"
	}
	if usual := map[string]uint64{"http": 80, "https": 443}; port == usual[u.Scheme] {
		return u.Scheme + "://" + host, ""
	}
	return fmt.Sprintf("%s://%s:%d", u.Scheme, host, port), ""
}

func originHost(host string) (kept, problem string) {
	if addr, err := netip.ParseAddr(host); err == nil && addr.Zone() == "" && !addr.Is4In6() {
		if addr.Is6() {
			return "[" + addr.String() + "]", ""
		}
		return addr.String(), ""
	}
	if strings.ContainsFunc(host, func(r rune) bool { return r > '~' }) {
		return "", "must have its host in ASCII, as browsers send it: xn--…"
	}
	name := regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.?$`)
	number := regexp.MustCompile(`(^|\.)(0x[0-9a-f]*|[0-9]+)\.?$`) // which browsers read as an address
	if len(host) > 253 || !name.MatchString(host) || number.MatchString(host) {
		return "", "must have a host name or an IP address"
	}
	return host, ""
}
