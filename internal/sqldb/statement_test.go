package sqldb_test

import (
	"slices"
	"strings"
	"testing"

	"callwright"
	"callwright/internal/sqldb"
)

func TestStatement(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, postgres, mysql, names, verb string }{
		{"SELECT 1", "SELECT 1", "SELECT 1", "", "SELECT"},
		{" select a from t where b = {b} ; ", "select a from t where b = $1", "select a from t where b = ?", "b", "SELECT"},
		{"UPDATE t SET a = {a}, b = {b} WHERE a <> {a}", "UPDATE t SET a = $1, b = $2 WHERE a <> $1", "UPDATE t SET a = ?, b = ? WHERE a <> ?", "a b a", "UPDATE"},
		{"SELECT {x}::text, {vars.customer_id}", "SELECT $1::text, $2", "SELECT ?::text, ?", "x vars.customer_id", "SELECT"},
		{"SELECT ';' AS a, \"x;y\" -- ; the end", "SELECT ';' AS a, \"x;y\" -- ; the end", "SELECT ';' AS a, \"x;y\" -- ; the end", "", "SELECT"},
		{"/* first; */ (SELECT $$ ; $$)", "/* first; */ (SELECT $$ ; $$)", "/* first; */ (SELECT $$ ; $$)", "", "SELECT"},
		{`SELECT '{{"a":1}}'::jsonb`, `SELECT '{"a":1}'::jsonb`, `SELECT '{"a":1}'::jsonb`, "", "SELECT"},
		{"SELECT a - b / c FROM t WHERE d LIKE {d} || '%'", "SELECT a - b / c FROM t WHERE d LIKE $1 || '%'", "SELECT a - b / c FROM t WHERE d LIKE ? || '%'", "d", "SELECT"},
	} {
		s, err := sqldb.ParseStatement(c.in)
		if err != nil {
			t.Errorf("%s: got %v", c.in, err)
			continue
		}
		pg, _ := s.For(callwright.PostgresConnection)
		my, names := s.For(callwright.MySQLConnection)
		if pg != c.postgres || my != c.mysql || strings.Join(names, " ") != c.names || s.Verb() != c.verb {
			t.Errorf("%s: got %q, %q, %v, %s", c.in, pg, my, names, s.Verb())
		}
	}
}

func TestStatementRefused(t *testing.T) {
	t.Parallel()
	for in, says := range map[string]string{
		"": "must be a SQL statement", " -- nothing": "must be a SQL statement", ";": "must be a SQL statement",
		"SELECT 1; SELECT 2":                  "more than one statement",
		"SELECT * FROM t WHERE a = '{a}'":     "has {a} inside quotes",
		"SELECT {a} FROM t WHERE a = \"{b}\"": "has {b} inside quotes",
		"SELECT 1 -- {a}":                     "inside a comment",
		"SELECT 1 /* {a} */":                  "inside a comment",
		"SELECT $x$ {a} $x$":                  "inside quotes",
		"SELECT 'a":                           "does not end",
		"SELECT /* a":                         "does not end",
		"SELECT {a":                           "without its }",
		"SELECT {a b}":                        "no valid name",
		"SELECT \x00":                         "U+0000",
		"SELECT {{secret.KEY}}":               "secret",
		"SELECT 1 WHERE a = {" + strings.Repeat("a", 200) + "}": "no valid name",
	} {
		if _, err := sqldb.ParseStatement(in); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: got %v, want %q", in, err, says)
		}
	}
}

// FuzzStatement: whatever is accepted has as many bind variables as placeholders, and
// no value has a place in its text.
func FuzzStatement(f *testing.F) {
	for _, s := range []string{"SELECT {a}", "SELECT '{a}'", "/* */ ;", "$$x$$", "a--b\n{c}", "`a`{b}", "{{}}", "'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		s, err := sqldb.ParseStatement(in)
		if err != nil {
			return
		}
		text, names := s.For(callwright.MySQLConnection)
		if got := strings.Count(text, "?") - strings.Count(in, "?"); got != len(names) {
			t.Errorf("%q: got %d bind variables for %v", in, got, names)
		}
		pg, bound := s.For(callwright.PostgresConnection)
		if strings.Contains(pg, "\x00") || len(slices.Compact(slices.Sorted(slices.Values(bound)))) != len(bound) {
			t.Errorf("%q: got %q and %v", in, pg, bound)
		}
	})
}
