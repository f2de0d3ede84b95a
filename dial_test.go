package callwright_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// dialers are the folders that may open connections of their own: outbound, which is
// the one way out; the store and the command line, whose addresses the server's own
// operator gives; and what only tests and benchmarks run.
func dialers() []string {
	return []string{"internal/outbound", "internal/store", "internal/client", "internal/terminal", "internal/bench", "internal/demo", "internal/sqldb/mariatest", "e2e"}
}

// TestOnlyOutboundDials finds every mention of what opens a connection or looks a name
// up. A tenant's address must not reach any of it but through outbound.
func TestOnlyOutboundDials(t *testing.T) {
	t.Parallel()
	seen := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || slices.Contains(dialers(), filepath.ToSlash(path))):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		seen++
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, what := range dials(file) {
			t.Errorf("%s uses %s: go through outbound, which checks addresses", path, what)
		}
		return nil
	})
	if err != nil || seen < 100 {
		t.Fatalf("looked at %d files, %v", seen, err)
	}
}

// dials lists what of a file opens connections or looks names up.
func dials(file *ast.File) []string {
	forbidden := map[string][]string{
		"net":          {"Dial", "DialTimeout", "DialTCP", "DialUDP", "DialIP", "DialUnix", "Dialer", "Resolver", "DefaultResolver", "LookupHost", "LookupIP", "LookupAddr", "LookupCNAME", "LookupMX", "LookupTXT", "LookupNS", "LookupSRV", "ResolveTCPAddr", "ResolveUDPAddr", "ResolveIPAddr"},
		"net/http":     {"Client", "DefaultClient", "Transport", "DefaultTransport", "Get", "Head", "Post", "PostForm"},
		"crypto/tls":   {"Dial", "DialWithDialer", "Dialer"},
		"net/smtp":     {"Dial", "SendMail"},
		"net/rpc":      {"Dial", "DialHTTP"},
		"os/exec":      {"Command", "CommandContext"}, // curl would do it too
		"syscall":      {"Connect", "Socket"},
		"net/netip":    nil,
		"database/sql": {"Open"}, // picks a driver that dials by itself; OpenDB takes a connector of ours
	}
	names := map[string]string{} // of the packages in the file
	for _, imp := range file.Imports {
		path := strings.Trim(imp.Path.Value, `"`)
		name := path[strings.LastIndex(path, "/")+1:]
		if imp.Name != nil {
			name = imp.Name.Name
		}
		names[name] = path
	}
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.StarExpr: // a *http.Client that is handed around was made elsewhere
			return false
		case *ast.SelectorExpr:
			if pkg, ok := n.X.(*ast.Ident); ok && slices.Contains(forbidden[names[pkg.Name]], n.Sel.Name) {
				found = append(found, names[pkg.Name]+"."+n.Sel.Name)
			}
		}
		return true
	})
	return found
}

// The check finds what it is there for.
func TestDialsAreFound(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		`import "net"; var _, _ = net.Dial("tcp", "x")`:                     "net.Dial",
		`import h "net/http"; var _ = h.Client{}`:                           "net/http.Client",
		`import "net/http"; func f(c *http.Client) {}`:                      "",
		`import "net/http"; var x = &http.Client{}`:                         "net/http.Client",
		`import "net/http"; func f() { http.Get("x") }`:                     "net/http.Get",
		`import "net"; var _ net.Resolver`:                                  "net.Resolver",
		`import "net"; var _ net.Conn`:                                      "",
		`import "os/exec"; var _ = exec.Command("curl")`:                    "os/exec.Command",
		`import "database/sql"; var _, _ = sql.Open("pgx", "postgres:")`:    "database/sql.Open",
		`import dns "net"; func f() { _, _ = dns.LookupHost("x.example") }`: "net.LookupHost",
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x; "+source, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(dials(file), " "); got != want {
			t.Errorf("%s: found %q, want %q", source, got, want)
		}
	}
}
