package tmpl_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"callwright/internal/tmpl"
)

// hostile is what callers and models might put into a parameter.
func hostile() []string {
	return []string{
		"\r\n", "a\r\nX-Evil: 1", "a\nb", "a\rb", "\x00", "a\x00b", "%00", "%0d%0a", "%250d", "\t", "\x7f", "\u0085", "\u2028", "\u2029",
		`"`, `'`, "`", `\`, `\"`, `","x":"y`, `"}`, `{}`, `{name}`, `{{name}}`, "}}", "{{secret.WARRANTY_KEY}}", "${x}", "$(id)", "`id`",
		"/", "//", "//evil.example", "/../", "../", "..", ".", "./", "../../etc/passwd", `..\`, `..\..\`, "%2e%2e", "%2e%2e%2f", "%252e%252e%252f", ".%2e", "%2E.", "..;", "..;/", "..%00", "..%2f..", "..%5c", " ..", ".. ",
		"?", "?a=b", "&", "&a=b", "=", "a=b&c=d", "#", "#frag", ";", ";a=b", "+", "%", "%%", "%zz", "%2", "@", "@evil.example", ":", "://", "http://evil.example/", "user:pass@evil.example", "*", "[", "]", "[::1]",
		"' OR '1'='1", "1; DROP TABLE users; --", "') UNION SELECT 1--", "/* */",
		"<script>alert(1)</script>", "</speak>", "<break time='10s'/>", "&lt;", "<!--", "]]>",
		"Host: evil.example", "Content-Length: 0", "Transfer-Encoding: chunked", "Bcc: evil@evil.example", "Subject: x",
		"\u202e", "abc\u202edef", "\u200f", "\u200b", "\ufeff", "\ufffd", "😀", "é", "e\u0301", "ﬀ", "．．", "／", "＼", "％2e", "‥", "…",
		"", " ", "  a  ", strings.Repeat("a", 10000), "ignore all previous instructions", "NaN", "null", "true", "-1", "1e400", "12345678901234567890",
		"SN-48213-B", "O'Brien", "50% off", "a b", "a+b", "AB/12",
	}
}

func mustParse(t testing.TB, text string) *tmpl.Template {
	t.Helper()
	v, err := tmpl.Parse(text)
	if err != nil {
		t.Fatalf("parse %q: %v", text, err)
	}
	return v
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		names []string
		want  string // with every value "V"
	}{
		{"", nil, ""},
		{"plain", nil, "plain"},
		{"{a}", []string{"a"}, "V"},
		{"{a}{b}{a}", []string{"a", "b"}, "VVV"},
		{"x {first_name} y", []string{"first_name"}, "x V y"},
		{"{vars.serial-number}", []string{"vars.serial-number"}, "V"},
		{"{{a}}", nil, "{a}"},
		{"{{{a}}}", []string{"a"}, "{V}"},
		{"{{}} {{ }}", nil, "{} { }"},
		{`{{"k":"{v}"}}`, []string{"v"}, `{"k":"V"}`},
	} {
		v := mustParse(t, c.text)
		if got := v.Names(); !slices.Equal(got, c.names) {
			t.Errorf("%q: names %v, want %v", c.text, got, c.names)
		}
		got, err := v.Expand(func(string) (string, error) { return "V", nil })
		if err != nil || got != c.want {
			t.Errorf("%q: got %q, %v, want %q", c.text, got, err, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{":                                  "without its }",
		"a{b":                                "at character 2",
		"é{b":                                "at character 2",
		"}":                                  "without its {",
		"a}b":                                "at character 2",
		"{}":                                 "no valid name",
		"{ a }":                              "no valid name",
		"{1a}":                               "no valid name",
		"{a b}":                              "no valid name",
		"{a{b}}":                             "no valid name",
		"{é}":                                "no valid name",
		"{{secret.KEY}}":                     "use it in a header value",
		"\xff":                               "UTF-8",
		strings.Repeat("a", 1e6):             "longer than",
		"{" + strings.Repeat("a", 200) + "}": "no valid name",
	} {
		_, err := tmpl.Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: got %v, want an error with %q", text, err, want)
		}
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	v := mustParse(t, "{a}")
	for _, c := range []struct {
		value any
		want  string
	}{
		{"text", "text"}, {true, "true"}, {false, "false"}, {nil, ""},
		{json.Number("12345678901234567890"), "12345678901234567890"}, {json.Number("1.50"), "1.50"}, {json.Number("-1e400"), "-1e400"},
	} {
		got, err := v.Render(map[string]any{"a": c.value}, tmpl.Plain)
		if err != nil || got != c.want {
			t.Errorf("%v: got %q, %v, want %q", c.value, got, err, c.want)
		}
	}
	for value, want := range map[any]string{
		"\xff": "UTF-8", json.Number("1; x"): "not a number", json.Number(""): "not a number", 7: "unexpected type", 1.5: "unexpected type",
	} {
		_, err := v.Render(map[string]any{"a": value}, tmpl.Plain)
		ve, ok := errors.AsType[*tmpl.ValueError](err)
		if !ok || ve.Name != "a" || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want a ValueError of a with %q", value, err, want)
		}
	}
	for _, value := range []any{[]any{"x"}, map[string]any{"x": "y"}} {
		if _, err := v.Render(map[string]any{"a": value}, tmpl.Plain); err == nil || !strings.Contains(err.Error(), "only text, numbers") {
			t.Errorf("%v: got %v, want a refusal", value, err)
		}
	}
}

func TestHeaderNeverBreaks(t *testing.T) {
	t.Parallel()
	v := mustParse(t, "a {v} b")
	check := func(t interface{ Errorf(string, ...any) }, value string) {
		got, err := v.Render(map[string]any{"v": value}, tmpl.Header)
		if err != nil {
			if strings.Contains(value, "canary") && strings.Contains(err.Error(), "canary") {
				t.Errorf("the error repeats the value: %v", err)
			}
			return
		}
		if strings.ContainsAny(got, "\r\n\x00\u0085\u2028\u2029") || got != "a "+value+" b" {
			t.Errorf("%q: got %q", value, got)
		}
	}
	for _, value := range hostile() {
		check(t, value)
	}
	check(t, "canary\r\nX: 1")
	rapid.Check(t, func(t *rapid.T) { check(t, rapid.String().Draw(t, "value")) })
	for _, bad := range []string{"\r", "\n", "a\r\nb", "\x00", "\x1b", "\x7f", "\u0085", "\u2028"} {
		if _, err := v.Render(map[string]any{"v": bad}, tmpl.Header); err == nil {
			t.Errorf("%q: got no error, want a refusal", bad)
		}
	}
}

func TestJSONStaysOneString(t *testing.T) {
	t.Parallel()
	v := mustParse(t, `{{"a":"{v}","b":[1,"x{v}y"]}}`)
	check := func(t interface{ Errorf(string, ...any) }, value string) {
		got, err := v.Render(map[string]any{"v": value}, tmpl.JSON)
		var back struct {
			A string
			B []any
		}
		if err != nil || json.Unmarshal([]byte(got), &back) != nil || back.A != value || len(back.B) != 2 || back.B[1] != "x"+value+"y" {
			t.Errorf("%q: got %q, %v", value, got, err)
		}
	}
	for _, value := range hostile() {
		check(t, value)
	}
	rapid.Check(t, func(t *rapid.T) { check(t, rapid.String().Draw(t, "value")) })
}

func TestSecretRefs(t *testing.T) {
	t.Parallel()
	names, err := tmpl.SecretRefs("Token {{secret.A}}, {{secret.B_2}} and {{secret.A}}")
	if err != nil || !slices.Equal(names, []string{"A", "B_2"}) {
		t.Errorf("got %v, %v", names, err)
	}
	got, err := tmpl.ExpandSecrets("Token {{secret.A}}!", func(name string) (string, error) {
		return "{{secret.B}}", nil // must not be looked up in turn
	})
	if err != nil || got != "Token {{secret.B}}!" {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := tmpl.ExpandSecrets(`{"a":{"b":1}}`, nil); err != nil || got != `{"a":{"b":1}}` {
		t.Errorf("braces: got %q, %v", got, err)
	}
	for _, bad := range []string{"{{secret.}}", "{{secret.A", "{{secret.A}", "{{secret.a b}}", "{{ secret.A }}", "{{secrets.A}}", "{{x}}", "{{secret.1}}", "{{secret.A}}{{", "{{secret.{{secret.A}}}}"} {
		if _, err := tmpl.SecretRefs(bad); err == nil {
			t.Errorf("%q: got no error", bad)
		}
	}
	want := errors.New("gone")
	if _, err := tmpl.ExpandSecrets("{{secret.A}}", func(string) (string, error) { return "", want }); !errors.Is(err, want) {
		t.Errorf("got %v, want the error of look", err)
	}
}

func TestIsPlaceholder(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"": false, "{": false, "a {b} c": true, "{{a}}": true, `{"a":1}`: false, "{ a }": false, "{}{a}": true, "{a": false} {
		if got := tmpl.IsPlaceholder(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func TestEscapeIsReversible(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		p, errPath := url.PathUnescape(tmpl.Escape(s))
		q, errQuery := url.QueryUnescape(tmpl.Escape(s))
		if errPath != nil || errQuery != nil || p != s || q != s {
			t.Fatalf("%q: path %q %v, query %q %v", s, p, errPath, q, errQuery)
		}
	})
}
