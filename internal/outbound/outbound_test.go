package outbound_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"callwright"
	"callwright/internal/outbound"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func mustRules(t testing.TB, texts ...string) []outbound.Rule {
	t.Helper()
	var rules []outbound.Rule
	for _, text := range texts {
		r, err := outbound.ParseRule(text)
		if err != nil {
			t.Fatalf("rule %q: %v", text, err)
		}
		rules = append(rules, r)
	}
	return rules
}

func mustNew(t testing.TB, o outbound.Options) *outbound.Client {
	t.Helper()
	c, err := outbound.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// mustLocal returns a client that may reach loopback.
func mustLocal(t testing.TB) *outbound.Client {
	t.Helper()
	return mustNew(t, outbound.Options{Allow: mustRules(t, "127.0.0.0/8", "::1/128")})
}

// mustServe starts a server that is cut off at the end of the test.
func mustServe(t testing.TB, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s.URL
}

// names is a resolver of fixed names; each look-up takes the next answer, and
// the last one stays.
type names map[string]*answers

type answers struct {
	next chan []netip.Addr
	last []netip.Addr
}

func (n names) LookupNetIP(ctx context.Context, _, host string) ([]netip.Addr, error) {
	a, ok := n[strings.TrimSuffix(host, ".")]
	if !ok {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	select {
	case ips := <-a.next:
		return ips, nil
	default:
		return a.last, ctx.Err()
	}
}

// to makes answers from lists of addresses separated by spaces.
func to(lists ...string) *answers {
	a := &answers{next: make(chan []netip.Addr, len(lists))}
	for i, list := range lists {
		var ips []netip.Addr
		for text := range strings.FieldsSeq(list) {
			ips = append(ips, netip.MustParseAddr(text))
		}
		a.last = ips
		if i < len(lists)-1 {
			a.next <- ips
		}
	}
	return a
}

// wantCode checks an error's code and that its sentence is safe.
func wantCode(t testing.TB, what string, err error, want callwright.Code) {
	t.Helper()
	if got := callwright.CodeOf(err); got != want {
		t.Errorf("%s: got code %q (%v), want %q", what, got, err, want)
		return
	}
	e, ok := errors.AsType[*callwright.Error](err)
	if !ok {
		return
	}
	if strings.Contains(err.Error(), "canary") {
		t.Errorf("%s: the error holds the canary: %v", what, err)
	}
	if !strings.HasSuffix(e.Message, ".") || strings.Contains(e.Message, "%!") {
		t.Errorf("%s: got message %q, want a sentence", what, e.Message)
	}
}
