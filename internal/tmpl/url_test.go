package tmpl_test

import (
	"encoding/json"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"callwright/internal/tmpl"
)

func mustParseURL(t testing.TB, text string) *tmpl.URL {
	t.Helper()
	u, err := tmpl.ParseURL(text)
	if err != nil {
		t.Fatalf("parse %q: %v", text, err)
	}
	return u
}

func TestURLExpand(t *testing.T) {
	t.Parallel()
	values := map[string]any{"id": "SN/48 213", "q": "a&b=c#d", "n": json.Number("12.50"), "yes": true, "null": nil, "empty": "", "slash": "a/b"}
	for text, want := range map[string]string{
		"https://api.example.com":                     "https://api.example.com/",
		"https://api.example.com/":                    "https://api.example.com/",
		"HTTPS://API.example.com:8443/x":              "https://API.example.com:8443/x",
		"https://[2001:db8::1]:8443/x":                "https://[2001:db8::1]:8443/x",
		"https://api.example.com/a/{id}/b":            "https://api.example.com/a/SN%2F48%20213/b",
		"https://api.example.com/{slash}.json":        "https://api.example.com/a%2Fb.json",
		"https://api.example.com/a//b/":               "https://api.example.com/a//b/",
		"https://api.example.com?q={q}":               "https://api.example.com/?q=a%26b%3Dc%23d",
		"https://api.example.com/x?{id}":              "https://api.example.com/x?SN%2F48%20213",
		"https://api.example.com/x?a=1&q={q}&b=2":     "https://api.example.com/x?a=1&q=a%26b%3Dc%23d&b=2",
		"https://api.example.com/x?n={n}&y={yes}":     "https://api.example.com/x?n=12.50&y=true",
		"https://api.example.com/x?a={null}&b={none}": "https://api.example.com/x",
		"https://api.example.com/x?a={null}&b=1":      "https://api.example.com/x?b=1",
		"https://api.example.com/x?a=x{null}":         "https://api.example.com/x?a=x",
		"https://api.example.com/x?a={empty}":         "https://api.example.com/x?a=",
		"https://api.example.com/x?f={{{id}}}":        "https://api.example.com/x?f=%7BSN%2F48%20213%7D",
		"https://api.example.com/x?flag&a=":           "https://api.example.com/x?flag&a=",
		"https://api.example.com/%2Fx/a@b:c?d=e/f?g":  "https://api.example.com/%2Fx/a@b:c?d=e/f?g",
	} {
		got, err := mustParseURL(t, text).Expand(values)
		if err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", text, got, err, want)
		}
	}
}

func TestURLParts(t *testing.T) {
	t.Parallel()
	u := mustParseURL(t, "https://API.Example.com.:8443/{a}/{b}?c={a}&d=1&e%20f=2")
	if got := u.Host(); got != "api.example.com" {
		t.Errorf("host: got %q", got)
	}
	if got := u.Names(); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("names: got %v", got)
	}
	for name, want := range map[string]bool{"c": true, "d": true, "e f": true, "x": false} {
		if got := u.HasParameter(name); got != want {
			t.Errorf("parameter %q: got %v", name, got)
		}
	}
}

func TestURLRefusesTemplates(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                "is required",
		"/x":                              "must start with http",
		"x.example/x":                     "must start with http",
		"//x.example/":                    "must start with http",
		"ftp://x.example/":                "must start with http",
		"file:///etc/passwd":              "must start with http",
		"gopher://x.example/":             "must start with http",
		"javascript:alert(1)":             "must start with http",
		" https://x.example/":             "cannot",
		"{scheme}://x.example/":           "must start with http",
		"http{s}://x.example/":            "must start with http",
		"https://{host}/":                 "placeholder",
		"https://{sub}.x.example/":        "placeholder",
		"https://x.example{rest}":         "placeholder",
		"https://x.example:{port}/":       "placeholder",
		"https://u:p@x.example/":          "user name",
		"https://{u}@x.example/":          "placeholder",
		"https:///x":                      "no host",
		"https://:443/":                   "no host",
		"https://x.example/#frag":         "fragment",
		"https://x.example/#{frag}":       "fragment",
		"https://x.example/../y":          ". or ..",
		"https://x.example/./y":           ". or ..",
		"https://x.example/%2e%2e/y":      ". or ..",
		"https://x.example/.%2E/y":        ". or ..",
		"https://x.example/a b":           "percent-encode",
		"https://x.example/é":             "percent-encode",
		"https://é.example/":              "percent-encode",
		"https://x.example\\@y.example":   "backslash",
		"https://x.example/a\r\nb":        "percent-encode",
		"https://x.example/%zz":           "%25",
		"https://x.example/%{a}":          "%25",
		"https://x.example/%2{a}":         "%25",
		"https://x{{y}}.example/":         "brace",
		"https://x.example:99999999/":     "",
		"https://x.example:port/":         "not a valid URL",
		"https://[::1/":                   "not a valid URL",
		"https://x.example/{":             "without its }",
		"https://x.example/?{{secret.A}}": "header value",
	} {
		_, err := tmpl.ParseURL(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error with %q", text, err, want)
		}
	}
}

func TestURLRefusesValues(t *testing.T) {
	t.Parallel()
	u := mustParseURL(t, "https://x.example/a/{v}/b")
	for _, bad := range []any{
		nil, "", ".", "..", "../x", "x/../y", `..\x`, "..;", "..;/x", "%2e%2e", "%2e%2e%2fx", "%252e%252e", ".%2e", "a/./b", " ..", "\x00", "a%00", "a\r\nb", "\u0085", "\x7f",
		[]any{"x"}, map[string]any{"x": "y"}, "\xff", 7,
	} {
		if got, err := u.Expand(map[string]any{"v": bad}); err == nil {
			t.Errorf("%q: got %s, want a refusal", bad, got)
		}
	}
	parts := mustParseURL(t, "https://x.example/a/.{v}/b")
	for _, bad := range []string{".", "./x", "%2e"} {
		if got, err := parts.Expand(map[string]any{"v": bad}); err == nil {
			t.Errorf("after a dot, %q: got %s, want a refusal", bad, got)
		}
	}
	query := mustParseURL(t, "https://x.example/a?q={v}")
	for _, bad := range []any{"\x00", "a\r\nb", "\u0085", []any{"x"}, map[string]any{"x": "y"}, "\xff"} {
		if got, err := query.Expand(map[string]any{"v": bad}); err == nil {
			t.Errorf("query, %q: got %s, want a refusal", bad, got)
		}
	}
}

// staysInPlace checks that value, wherever it was put, changed nothing but its
// own segment and parameter.
func staysInPlace(t interface{ Errorf(string, ...any) }, u *tmpl.URL, value string) {
	got, err := u.Expand(map[string]any{"v": value})
	if err != nil {
		return
	}
	parsed, err := url.Parse(got)
	if err != nil {
		t.Errorf("%q: got %q, which is no URL: %v", value, got, err)
		return
	}
	if parsed.Scheme != "https" || parsed.Host != "x.example:8443" || parsed.User != nil || parsed.Fragment != "" || parsed.Opaque != "" {
		t.Errorf("%q: got %q, which leads elsewhere", value, got)
	}
	segments := strings.Split(strings.TrimPrefix(parsed.EscapedPath(), "/"), "/")
	if len(segments) != 3 || segments[0] != "a" || segments[2] != "b" || path.Clean(parsed.EscapedPath()) != parsed.EscapedPath() {
		t.Errorf("%q: got path %q, want one segment of the value", value, parsed.EscapedPath())
		return
	}
	if back, err := url.PathUnescape(segments[1]); err != nil || back != value {
		t.Errorf("%q: got segment %q, which reads as %q", value, segments[1], back)
	}
	query, err := url.ParseQuery(parsed.RawQuery)
	if err != nil || len(query) != 2 || query.Get("k") != "1" || !slices.Equal(query["q"], []string{value}) {
		t.Errorf("%q: got query %q, want the value as one parameter", value, parsed.RawQuery)
	}
	if strings.ContainsFunc(got, func(r rune) bool { return r > unicode.MaxASCII || unicode.IsControl(r) || r == ' ' }) {
		t.Errorf("%q: got %q with characters that URLs cannot have", value, got)
	}
}

const propertyURL = "https://x.example:8443/a/{v}/b?k=1&q={v}"

func TestURLValuesStayInPlace(t *testing.T) {
	t.Parallel()
	u := mustParseURL(t, propertyURL)
	kept := 0
	for _, a := range hostile() {
		staysInPlace(t, u, a)
		for _, b := range hostile() {
			staysInPlace(t, u, a+b)
			kept++
		}
	}
	if kept < 10000 {
		t.Errorf("tried %d values, want at least 10,000", kept)
	}
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune("./\\%2eEfF5c;?&=#@: \x00"))), rapid.SampledFrom(hostile())).Draw(t, "value")
		staysInPlace(t, u, value)
	})
}

func TestURLKeepsOrdinaryValues(t *testing.T) {
	t.Parallel()
	u := mustParseURL(t, propertyURL)
	for _, value := range []string{"SN-48213-B", "O'Brien", "50% off", "a b", "a+b", "AB/12", "1.2.3", "...", "..a", "日本", "https://x.example/?a=b", "a.b@example.com", "+15551234567"} {
		if _, err := u.Expand(map[string]any{"v": value}); err != nil {
			t.Errorf("%q: got %v, want it accepted", value, err)
		}
		staysInPlace(t, u, value)
	}
}

func FuzzTemplate(f *testing.F) {
	for _, v := range hostile() {
		f.Add("https://x.example/{v}?a={v}", v)
		f.Add(v, "x")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		staysInPlace(t, mustParseURL(t, propertyURL), value)
		values := map[string]any{"v": value}
		if v, err := tmpl.Parse(text); err == nil {
			got, err := v.Render(values, tmpl.Header)
			if literal, _ := v.Expand(func(string) (string, error) { return "", nil }); err == nil && !strings.ContainsAny(literal, "\r\n") && strings.ContainsAny(got, "\r\n") {
				t.Errorf("%q with %q: got %q", text, value, got)
			}
		}
		u, err := tmpl.ParseURL(text)
		if err != nil {
			return
		}
		got, err := u.Expand(values)
		if err != nil {
			return
		}
		empty, err := u.Expand(map[string]any{"v": "x"})
		if err != nil {
			return
		}
		a, errA := url.Parse(got)
		b, errB := url.Parse(empty)
		if errA != nil || errB != nil || a.Scheme != b.Scheme || a.Host != b.Host || a.User != nil || a.Fragment != "" || strings.Count(a.EscapedPath(), "/") != strings.Count(b.EscapedPath(), "/") || strings.Count(a.RawQuery, "&") != strings.Count(b.RawQuery, "&") {
			t.Errorf("%q: with %q got %q, with x got %q", text, value, got, empty)
		}
		tmpl.SecretRefs(text)
	})
}
