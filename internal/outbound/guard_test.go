package outbound_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"callwright"
	"callwright/internal/outbound"
)

func corpus(t testing.TB) []string {
	t.Helper()
	raw, err := os.ReadFile("testdata/refused.txt")
	if err != nil {
		t.Fatal(err)
	}
	var urls []string
	for line := range strings.Lines(string(raw)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			urls = append(urls, line)
		}
	}
	for _, host := range notations() {
		urls = append(urls, "http://"+host+"/", "https://"+host+":443/x?y=z")
	}
	return urls
}

// notations are the ways to write addresses that are worth the most to an attacker.
func notations() []string {
	var out []string
	for _, text := range []string{"127.0.0.1", "169.254.169.254", "10.20.30.40", "192.168.1.1", "100.64.0.7", "172.31.255.254", "0.0.0.0"} {
		ip := netip.MustParseAddr(text).As4()
		a, b, c, d := int(ip[0]), int(ip[1]), int(ip[2]), int(ip[3])
		whole := a<<24 | b<<16 | c<<8 | d
		for format, parts := range map[string][]any{
			"%d": {whole}, "0x%x": {whole}, "0%o": {whole}, "0x%X.0x%X.0x%X.0x%X": {a, b, c, d}, "0%o.0%o.0%o.0%o": {a, b, c, d}, "%04d.%04d.%04d.%04d": {a, b, c, d},
			"%d.%d": {a, whole & 0xffffff}, "%d.%d.%d": {a, b, c<<8 | d}, "%d.0x%x": {a, whole & 0xffffff}, "%d.%d.%d.%d.": {a, b, c, d}, "%d%%2e%d%%2e%d%%2e%d": {a, b, c, d},
			"%d。%d。%d。%d": {a, b, c, d}, "[::ffff:%x:%x]": {a<<8 | b, c<<8 | d}, "[64:ff9b::%x:%x]": {a<<8 | b, c<<8 | d}, "[2002:%x:%x::1]": {a<<8 | b, c<<8 | d}, "[::ffff:0:%x:%x]": {a<<8 | b, c<<8 | d},
		} {
			out = append(out, fmt.Sprintf(format, parts...))
		}
	}
	return out
}

// hosts are the hosts of the corpus that lead inside, whatever the port.
func hosts(t testing.TB) []string {
	t.Helper()
	var out []string
	for _, u := range corpus(t) {
		parsed, err := url.Parse(u)
		if err != nil || slices.Contains([]string{"", "93.184.215.14", "public.example", "2606:4700::1111"}, parsed.Hostname()) {
			continue
		}
		out = append(out, parsed.Hostname())
	}
	return out
}

func insideNames() names {
	many := strings.Repeat("10.0.0.1 ", 10000)
	return names{
		"private.example": to("10.1.2.3"), "loopback.example": to("127.0.0.1 ::1"), "metadata.example": to("169.254.169.254"),
		"PRIVATE.example": to("10.1.2.3"), "xn--prvate-4ya.example": to("192.168.7.7"),
		"mapped.example": to("::ffff:10.0.0.1"), "nat64.example": to("64:ff9b::a9fe:a9fe"), "sixtofour.example": to("2002:a9fe:a9fe::1"),
		"ula.example": to("fd12::1"), "zoned.example": to("fe80::1%eth0"), "cgnat.example": to("100.64.1.1"), "unspecified.example": to("0.0.0.0"),
		"127.0.0.1.nip.example": to("127.0.0.1"), "many.example": to(many), "public.example": to("93.184.215.14"),
		"localhost": to("127.0.0.1 ::1"), "LOCALHOST": to("127.0.0.1"), "localhost.localdomain": to("127.0.0.1"), "ip6-localhost": to("::1"),
		"metadata.google.internal": to("169.254.169.254"), "metadata": to("169.254.169.254"),
	}
}

func TestCorpusIsRefused(t *testing.T) {
	t.Parallel()
	urls := corpus(t)
	if len(urls) < 300 {
		t.Fatalf("the corpus has %d forms, want at least 300", len(urls))
	}
	c := mustNew(t, outbound.Options{Resolver: insideNames()})
	for _, u := range urls {
		t.Run(u, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			res, err := c.Do(ctx, &outbound.Request{Method: "GET", URL: u})
			wantCode(t, "Do", err, callwright.CodeRefused)
			if res == nil || res.Sent || res.Status != 0 {
				t.Errorf("got %+v, want nothing sent", res)
			}
			req, err := http.NewRequestWithContext(ctx, "GET", u, nil)
			if err != nil {
				return // net/http has refused it
			}
			if resp, err := c.HTTP().Do(req); err == nil {
				resp.Body.Close()
				t.Errorf("HTTP: got status %d, want a refusal", resp.StatusCode)
			}
		})
	}
}

func TestUserInfoIsRefused(t *testing.T) {
	t.Parallel()
	c := mustNew(t, outbound.Options{})
	for _, u := range []string{"http://127.0.0.1@93.184.215.14/", "https://user:canary@93.184.215.14/", "http://@93.184.215.14/"} {
		_, err := c.Do(t.Context(), &outbound.Request{Method: "GET", URL: u})
		wantCode(t, u, err, callwright.CodeRefused)
	}
}

// A refused address is refused to other protocols too, which have no URL: on every
// port that is open to them.
func TestDialerRefusesTheCorpus(t *testing.T) {
	t.Parallel()
	c := mustNew(t, outbound.Options{Resolver: insideNames()})
	dial := c.Dialer(anyPort)
	more := []string{"127.0.0.1", "::1", "::ffff:127.0.0.1", "2130706433", "fe80::1%lo", "a b", "", strings.Repeat("a", 300)}
	all := append(hosts(t), more...)
	if len(all) < 300 {
		t.Fatalf("the corpus has %d hosts, want at least 300", len(all))
	}
	for _, host := range all {
		for _, port := range []string{"443", "5432", "3306", "25", "587"} {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			conn, err := dial(ctx, "tcp", net.JoinHostPort(host, port))
			cancel()
			if conn != nil {
				conn.Close()
			}
			if code := callwright.CodeOf(err); code != callwright.CodeRefused {
				t.Errorf("%s: got %s (%v), want destination_refused", net.JoinHostPort(host, port), code, err)
			}
		}
	}
	for _, address := range []string{"", "127.0.0.1", "127.0.0.1:http", "127.0.0.1:00443", "127.0.0.1:+443"} {
		_, err := dial(t.Context(), "tcp", address)
		wantCode(t, address, err, callwright.CodeRefused)
	}
	for _, network := range []string{"udp", "unix", "ip"} {
		_, err := dial(t.Context(), network, "93.184.215.14:443")
		wantCode(t, network, err, callwright.CodeRefused)
	}
}

func anyPort(uint16) bool { return true }

func webPort(port uint16) bool { return port == 80 || port == 443 }

// A kind of connection has its own ports; the rest is closed to it.
func TestDialerPorts(t *testing.T) {
	t.Parallel()
	c := mustNew(t, outbound.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // nothing is sent
	dial := c.Dialer(func(port uint16) bool { return port == 5432 })
	for address, want := range map[string]callwright.Code{"93.184.215.14:5432": callwright.CodeTimeout, "93.184.215.14:443": callwright.CodeRefused, "10.0.0.1:5432": callwright.CodeRefused} {
		_, err := dial(ctx, "tcp", address)
		wantCode(t, address, err, want)
	}
}

// allowed tells whether a client with rules would dial an address, without the
// network: an allowed address fails otherwise than by refusal, because the
// context is over before the first packet.
func allowed(t testing.TB, c *outbound.Client, address string) bool {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Dialer(webPort)(ctx, "tcp", address)
	switch code := callwright.CodeOf(err); code {
	case callwright.CodeRefused:
		return false
	case callwright.CodeTimeout:
		return true
	default:
		t.Errorf("%s: got %q (%v), want refused or given up", address, code, err)
		return false
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	listeners := func() []netip.AddrPort {
		return []netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:8080"), netip.MustParseAddrPort("10.9.9.9:9090"), netip.MustParseAddrPort("[::]:7070"), netip.MustParseAddrPort("127.0.0.1:443")}
	}
	for _, row := range []struct {
		rules   string
		address string
		want    bool
	}{
		{"", "93.184.215.14:80", true},
		{"", "93.184.215.14:443", true},
		{"", "93.184.215.14:8080", false},
		{"", "[2606:4700::1111]:443", true},
		{"", "10.0.0.5:443", false},
		{"10.0.0.0/8", "10.0.0.5:443", true},
		{"10.0.0.0/8", "10.0.0.5:5432", true},
		{"10.0.0.0/8", "[::ffff:10.0.0.5]:5432", true},
		{"10.0.0.0/8", "11.0.0.5:5432", false},
		{"10.0.0.5/32@8080", "10.0.0.5:8080", true},
		{"10.0.0.5/32@8080", "10.0.0.5:8081", false},
		{"10.0.0.5/32@8080", "10.0.0.5:443", false},
		{"10.0.0.5@8080", "10.0.0.5:8080", true},
		{"10.0.0.5/32@80,8000-9000", "10.0.0.5:8500", true},
		{"10.0.0.5/32@80,8000-9000", "10.0.0.5:9001", false},
		{"93.184.215.0/24@8080", "93.184.215.14:8080", true},
		{"93.184.215.0/24@8080", "93.184.215.14:443", true},
		{"fd00::/8", "[fd00::1]:443", true},
		{"fd00::/8", "[fd00:ec2::254]:80", false},
		{"fd00:ec2::254/128", "[fd00:ec2::254]:80", true},

		// link-local only by a rule of its own
		{"0.0.0.0/0", "169.254.169.254:80", false},
		{"168.0.0.0/6", "169.254.169.254:80", false},
		{"169.254.0.0/15", "169.254.169.254:80", false},
		{"169.254.0.0/16", "169.254.169.254:80", true},
		{"169.254.169.254/32@80", "169.254.169.254:80", true},
		{"169.254.169.254/32@80", "169.254.169.254:81", false},
		{"169.254.170.0/24", "169.254.169.254:80", false},
		{"::/0", "[fe80::1]:80", false},
		{"fe80::/10", "[fe80::1]:80", true},
		{"fe80::/10", "[fe80::1%lo]:80", false},
		{"0.0.0.0/0", "[::ffff:169.254.169.254]:80", false},

		// other metadata services
		{"0.0.0.0/0", "168.63.129.16:80", false},
		{"168.63.129.0/24", "168.63.129.16:80", false},
		{"168.63.129.16/32", "168.63.129.16:80", true},
		{"100.64.0.0/10", "100.100.100.200:80", false},
		{"100.64.0.0/10", "100.100.100.201:80", true},

		// own listeners only by the one address and port
		{"127.0.0.0/8", "127.0.0.1:8080", false},
		{"0.0.0.0/0", "127.0.0.1:8080", false},
		{"127.0.0.1/32", "127.0.0.1:8080", false},
		{"127.0.0.1/32@8000-9000", "127.0.0.1:8080", false},
		{"127.0.0.1/32@8080", "127.0.0.1:8080", true},
		{"127.0.0.1/32@8080", "127.0.0.2:8080", false},
		{"127.0.0.0/8", "127.5.5.5:8080", false},
		{"127.0.0.0/8", "127.0.0.1:8081", true},
		{"::1/128", "[::1]:8080", false},
		{"::1/128@8080", "[::1]:8080", true},
		{"::1/128", "[::1]:7070", false},
		{"127.0.0.0/8", "127.0.0.1:7070", false},
		{"10.0.0.0/8", "10.9.9.9:9090", false},
		{"10.0.0.0/8", "10.9.9.8:9090", true},
		{"10.9.9.9/32@9090", "10.9.9.9:9090", true},
		{"10.0.0.0/8", "[::ffff:10.9.9.9]:9090", false},
		{"127.0.0.0/8", "127.0.0.1:443", false},
		{"127.0.0.0/8", "127.0.0.2:443", true},

		// IPv4 inside IPv6 needs both: the translator and what it leads to
		{"64:ff9b::/96", "[64:ff9b::808:808]:443", true},
		{"64:ff9b::/96", "[64:ff9b::808:808]:8443", false},
		{"64:ff9b::/96", "[64:ff9b::a00:1]:443", false},
		{"64:ff9b::/96 10.0.0.0/8", "[64:ff9b::a00:1]:443", true},
		{"10.0.0.0/8", "[64:ff9b::a00:1]:443", false},
		{"::/0", "[64:ff9b::a9fe:a9fe]:80", false},
		{"::/0 0.0.0.0/0", "[64:ff9b::a9fe:a9fe]:80", false},
		{"::/0 0.0.0.0/0", "[64:ff9b::7f00:1]:8080", false},
		{"::/0 0.0.0.0/0", "[2002:a9fe:a9fe::1]:80", false},
		{"::/0 0.0.0.0/0", "[::169.254.169.254]:80", false},
		{"::/0", "[2002:808:808::1]:443", true},
		{"::/0", "[2001:0:808:808:8000:63bf:f7f7:f7f7]:443", true},
		{"::/0", "[2001:0:808:808:8000:63bf:5601:5601]:80", false}, // Teredo of 169.254.169.254
		{"::/0", "[2001:0:a9fe:a9fe:8000:63bf:f7f7:f7f7]:80", false},
		{"64:ff9b:1::/48", "[64:ff9b:1::1234]:443", true},
		{"::/0", "[64:ff9b:1::a9fe:a9fe]:80", false},
		{"::/0", "[64:ff9b:1:a9fe:a9:fe00::]:80", false},

		// never
		{"0.0.0.0/0 ::/0", "0.0.0.0:80", false},
		{"0.0.0.0/0 ::/0", "[::]:80", false},
		{"0.0.0.0/0 ::/0", "224.0.0.1:80", false},
		{"0.0.0.0/0 ::/0", "[ff02::1]:80", false},
		{"0.0.0.0/0 ::/0", "255.255.255.255:80", false},
	} {
		c := mustNew(t, outbound.Options{Allow: mustRules(t, strings.Fields(row.rules)...), Listeners: listeners})
		if got := allowed(t, c, row.address); got != row.want {
			t.Errorf("rules %q, %s: allowed %v, want %v", row.rules, row.address, got, row.want)
		}
	}
}

func TestRefusalTellsTheFix(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := mustNew(t, outbound.Options{Resolver: names{"crm.example": to("10.0.0.5")}, Log: slog.New(slog.NewJSONHandler(&log, nil))})
	_, err := c.Do(t.Context(), &outbound.Request{Method: "POST", URL: "http://crm.example:8080/canary?token=canary", Header: http.Header{"X-Key": {"canary"}}, Body: []byte("canary")})
	wantCode(t, "private", err, callwright.CodeRefused)
	e, ok := errors.AsType[*callwright.Error](err)
	if !ok {
		t.Fatalf("got %T, want *callwright.Error", err)
	}
	want := "crm.example:8080 leads to the private address 10.0.0.5. The operator of this server can allow it with --outbound-allow 10.0.0.5/32@8080."
	if e.Message != want {
		t.Errorf("got %q, want %q", e.Message, want)
	}
	if !strings.Contains(log.String(), "10.0.0.5:8080") || strings.Contains(log.String(), "canary") {
		t.Errorf("log: got %s, want the address and no canary", log.String())
	}
}

func TestRebindingGainsNothing(t *testing.T) {
	t.Parallel()
	// The first answer is public, every later one is not: whatever is dialled
	// is what was checked.
	c := mustNew(t, outbound.Options{Resolver: names{"rebind.example": to("", "127.0.0.1", "169.254.169.254")}})
	for i := range 3 {
		res, err := c.Do(t.Context(), &outbound.Request{Method: "GET", URL: "http://rebind.example/"})
		want := callwright.CodeRefused
		if i == 0 {
			want = callwright.CodeUnreachable // no addresses at all
		}
		wantCode(t, "rebinding", err, want)
		if res.Sent {
			t.Error("Sent: got true, want false")
		}
	}
}

func TestMixedAnswersReachOnlyTheAllowed(t *testing.T) {
	t.Parallel()
	url := mustServe(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) })
	_, port, _ := strings.Cut(strings.TrimPrefix(url, "http://"), ":")
	c := mustNew(t, outbound.Options{
		Allow:    mustRules(t, "127.0.0.1/32@"+port),
		Resolver: names{"mixed.example": to("10.0.0.1 169.254.169.254 127.0.0.1")},
	})
	res, err := c.Do(t.Context(), &outbound.Request{Method: "GET", URL: "http://mixed.example:" + port + "/"})
	if err != nil || res.Status != 204 {
		t.Errorf("got %+v, %v, want the allowed address to answer", res, err)
	}
}

func TestParseRule(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"127.0.0.0/8": "127.0.0.0/8", "127.0.0.1/32@80,8000-9000": "127.0.0.1/32@80,8000-9000", " 10.0.0.5 ": "10.0.0.5/32",
		"10.0.0.5@443": "10.0.0.5/32@443", "fd00::/8": "fd00::/8", "::1": "::1/128", "::1@1-65535": "::1/128@1-65535", "0.0.0.0/0": "0.0.0.0/0", "10.0.0.0/8@80, 81": "10.0.0.0/8@80,81",
	} {
		r, err := outbound.ParseRule(text)
		if err != nil || r.String() != want {
			t.Errorf("%q: got %q, %v, want %q", text, r, err, want)
		}
	}
	for _, bad := range []string{"", "@80", "x", "example.com", "10.0.0.0/33", "10.0.0.5/8", "10.0.0.0/8@", "10.0.0.0/8@0", "10.0.0.0/8@65536", "10.0.0.0/8@90-80", "10.0.0.0/8@80-", "10.0.0.0/8@-80", "10.0.0.0/8@http", "10.0.0.0/8@+80", "10.0.0.0/8@080", "10.0.0.0/8@80,,81", "10.0.0.0/8@80@81", "fe80::1%lo", "fe80::%lo/64", "::ffff:10.0.0.0/104", "::ffff:10.0.0.1", "[::1]", "[::1]:80", "10.0.0.0/8:80", "10.0.0.0-10.0.0.9"} {
		if r, err := outbound.ParseRule(bad); err == nil {
			t.Errorf("%q: got %q, want an error", bad, r)
		}
	}
	if _, err := outbound.New(outbound.Options{Allow: make([]outbound.Rule, 1)}); err == nil {
		t.Error("an empty rule: got no error")
	}
}

func FuzzParseRule(f *testing.F) {
	for _, s := range []string{"127.0.0.0/8", "127.0.0.1/32@80,8000-9000", "::1@1-65535", "fe80::1%lo", "10.0.0.5/8", "@", "10.0.0.0/8@80-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := outbound.ParseRule(text)
		if err != nil {
			return
		}
		again, err := outbound.ParseRule(r.String())
		if err != nil || again.String() != r.String() {
			t.Errorf("%q: reads as %q, which reads as %q, %v", text, r, again, err)
		}
	})
}
