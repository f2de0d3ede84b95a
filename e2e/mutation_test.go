package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	tenantFilter = regexp.MustCompile(`((?:[a-z]\.)?organization_id) = \?`)
	anyFilter    = regexp.MustCompile(`organization_id *(=|<>|IN\b|IS\b)`)
	join         = regexp.MustCompile(`[a-z]\.organization_id = [a-z]\.organization_id`) // ties two rows of one organization, whichever it is
)

// anyTenant takes the argument of a filter and lets everything through.
const anyTenant = "($1 = ? OR TRUE)"

// withoutTenantFilter builds the program with every filter by organization taken
// out of its queries.
func withoutTenantFilter(t *testing.T) (path string) {
	t.Helper()
	sources, err := filepath.Glob("../internal/store/*.go")
	if err != nil {
		t.Fatal(err)
	}
	dir, filters := t.TempDir(), 0
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for _, source := range sources {
		text, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		filters += len(tenantFilter.FindAll(text, -1))
		if rest := join.ReplaceAll(tenantFilter.ReplaceAll(text, nil), nil); anyFilter.Match(rest) {
			t.Fatalf("%s filters by organization in a way that the test does not know", source)
		}
		mutant := tenantFilter.ReplaceAll(text, []byte(anyTenant))
		absolute, err := filepath.Abs(source)
		if err != nil {
			t.Fatal(err)
		}
		overlay.Replace[absolute] = filepath.Join(dir, filepath.Base(source))
		if err := os.WriteFile(overlay.Replace[absolute], mutant, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if filters < 20 {
		t.Fatalf("found %d filters by organization; the test looks at the wrong place", filters)
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, []byte(mustText(t, overlay)), 0o600); err != nil {
		t.Fatal(err)
	}
	if path, err = build("callwright-without-filters", "-overlay", list); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestWithoutTenantFilter: when the queries forget the organization, PostgreSQL's
// row-level security still finds no row of another. That SQLite, which has nothing
// underneath, then leaks shows that the filters are really gone.
func TestWithoutTenantFilter(t *testing.T) {
	t.Parallel()
	path := withoutTenantFilter(t)
	onBoth(t, func(t *testing.T, address string) {
		s := runProcess(t, path, address).server()
		mine, theirs := s.world("Acme"), s.world("Rivals")
		leaks, tried := s.leaks(t, mine, theirs)
		if tried < 35 {
			t.Errorf("%d requests were tried; the matrix has more", tried)
		}
		t.Logf("%d of %d requests leaked", len(leaks), tried)
		if address == "" {
			for what, least := range map[string]int{"with its own": 2, "in the path": 10, "with another's": 18} {
				n := 0
				for _, leak := range leaks {
					n += strings.Count(leak, what)
				}
				if n < least {
					t.Errorf("SQLite without filters should leak; %s it did %d times, want at least %d: %q", what, n, least, leaks)
				}
			}
			return
		}
		for _, leak := range leaks {
			t.Errorf("leaked: %s", leak)
		}
		s.unchanged(t, theirs)
	})
}

// leaks asks for theirs with the key of mine in every way there is, and for every
// list, and tells what came out.
func (s *server) leaks(t *testing.T, mine, theirs world) (found []string, tried int) {
	t.Helper()
	ops := operations(t, s.url)
	order := []string{"GET", "PATCH", "POST", "DELETE"} // what is deleted cannot leak any more
	slices.SortStableFunc(ops, func(a, b operation) int { return slices.Index(order, a.method) - slices.Index(order, b.method) })
	note := func(p probe, r response) {
		found = append(found, p.method+" "+p.path+" "+p.what+": "+string(r.body[:min(len(r.body), 200)]))
	}
	for _, op := range ops {
		if op.method != "GET" {
			continue
		}
		tried++
		p := op.good(t, mine)
		r := s.probe(mine.key, p)
		if r.status != 200 {
			t.Errorf("%s with its own: %d %s", op.name(), r.status, r.body)
		}
		for _, id := range theirs.ids {
			if strings.Contains(string(r.body), id) {
				note(p, r)
				break
			}
		}
	}
	for _, op := range ops {
		for _, p := range op.foreign(t, mine, theirs) {
			tried++
			var got struct{ Code string }
			if r := s.probe(mine.key, p); r.status != p.status || json.Unmarshal(r.body, &got) != nil || got.Code != p.code {
				note(p, r)
			}
		}
	}
	// Nor is another's idempotency key found.
	for _, w := range []world{mine, theirs} {
		tried++
		r, err := s.once(w.key, "shared", "/agents", `{"name":"For `+w.org+`"}`)
		if err != nil {
			t.Fatal(err)
		}
		if r.status != 201 || !strings.Contains(string(r.body), w.org) {
			note(probe{method: "POST", path: "/agents", what: "with another's Idempotency-Key"}, r)
		}
	}
	return found, tried
}
