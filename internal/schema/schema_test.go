package schema_test

import (
	"strings"
	"testing"

	"callwright/internal/schema"
	"callwright/internal/strictjson"
)

func mustCompile(t testing.TB, raw string) *schema.Schema {
	t.Helper()
	s, err := schema.Compile([]byte(raw))
	if err != nil {
		t.Fatalf("compile %s: %v", raw, err)
	}
	return s
}

func show(problems []schema.Problem) string {
	var parts []string
	for _, p := range problems {
		flag := ""
		if p.Missing {
			flag = "!"
		}
		if p.Unknown {
			flag = "?"
		}
		parts = append(parts, strings.TrimSpace(p.Path+flag+" "+p.Message))
	}
	return strings.Join(parts, "; ")
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ schema, value, want string }{
		{`{}`, `{"a":1}`, ``},
		{`true`, `1`, ``},
		{`false`, `1`, `is not allowed here`},
		{`{"type":"string"}`, `1`, `must be text`},
		{`{"type":["integer","null"]}`, `"x"`, `must be a whole number`},
		{`{"type":["integer","boolean"]}`, `"x"`, `must be true or false or a whole number`},
		{`{"type":"integer"}`, `1.0`, ``},
		{`{"type":"integer"}`, `1.5`, `must be a whole number`},
		{`{"required":["a","b"]}`, `{}`, `a! is required; b! is required`},
		{`{"properties":{"x":{"type":"array","items":{"required":["a"]}}}}`, `{"x":[{"a":1},{}]}`, `x[1].a! is required`},
		{`{"properties":{"a":{}},"additionalProperties":false}`, `{"b":1,"a":1}`, `b? is not a known member: remove it or correct its name`},
		{`{"properties":{"a":{"type":"integer"},"b":{"type":"boolean"}}}`, `{"b":"x","a":"x"}`, `a must be a whole number; b must be true or false`},
		{`{"enum":["S","M",5,null]}`, `"L"`, `must be one of S, M, 5, <nil>`},
		{`{"const":"a"}`, `"b"`, `must be a`},
		{`{"minimum":1.5}`, `1`, `must be at least 1.5`},
		{`{"maximum":100}`, `101`, `must be at most 100`},
		{`{"exclusiveMinimum":0}`, `0`, `must be more than 0`},
		{`{"exclusiveMaximum":10}`, `10`, `must be less than 10`},
		{`{"multipleOf":0.01}`, `0.015`, `must be a multiple of 0.01`},
		{`{"multipleOf":0.1}`, `0.3`, ``},
		{`{"minLength":2,"pattern":"^a"}`, `"b"`, `must have at least 2 characters; must match the pattern ^a`},
		{`{"maxLength":2}`, `"日本"`, ``},
		{`{"maxLength":1}`, `"日本"`, `must have at most 1 characters`},
		{`{"minItems":1}`, `[]`, `must have at least 1 items`},
		{`{"maxItems":1}`, `[1,2]`, `must have at most 1 items`},
		{`{"uniqueItems":true}`, `[1,1.0]`, `must not repeat items`},
		{`{"minProperties":1}`, `{}`, `must have at least 1 members`},
		{`{"maxProperties":0}`, `{"a":1}`, `must have at most 0 members`},
		{`{"oneOf":[{"type":"string"},{"type":"integer"}]}`, `true`, `matches none of the allowed forms`},
		{`{"$ref":"#/$defs/x","$defs":{"x":{"type":"string"}}}`, `1`, `must be text`},
		{`{"maximum":12345678901234567890}`, `12345678901234567891`, `must be at most 12345678901234567890`},
		{`{"type":"number"}`, `1e401`, `must be a number of ordinary size`},
		{`{"properties":{"a":{"type":"array"}}}`, `{"a":[0,{"b":-1E-99999}]}`, `a[1].b must be a number of ordinary size`},
		{`{"minimum":1}`, `1e99999999999999999999`, `must be a number of ordinary size`},
		{`{"type":"number"}`, `1e308`, ``},
	} {
		v, err := strictjson.Value([]byte(c.value))
		if err != nil {
			t.Fatal(err)
		}
		if got := show(mustCompile(t, c.schema).Validate(v)); got != c.want {
			t.Errorf("%s with %s:\n got %q\nwant %q", c.schema, c.value, got, c.want)
		}
	}
}

// No message repeats what was given: it may be a secret.
func TestMessagesHoldNoValues(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for _, s := range []string{`{"type":"integer"}`, `{"enum":["a"]}`, `{"const":"a"}`, `{"pattern":"^a$"}`, `{"maxLength":1}`, `{"minLength":99}`, `{"format":"email"}`, `{"not":{}}`,
		`{"anyOf":[{"type":"integer"},{"const":"x"}]}`, `{"if":{},"then":{"const":1}}`, `{"allOf":[{"type":"null"}]}`, `false`} {
		for _, p := range mustCompile(t, s).Validate(secret) {
			if strings.Contains(p.Path+p.Message, secret) {
				t.Errorf("%s: got %q, which holds the value", s, p.Message)
			}
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`{`:                                   "is not valid JSON",
		`[]`:                                  "",
		`{"type":"text"}`:                     "type",
		`{"properties":{"a":{"type":"int"}}}`: "properties.a.type",
		`{"required":["a","a"]}`:              "required",
		`{"minLength":-1}`:                    "minLength",
		`{"pattern":"("}`:                     "",
		`{"$ref":"https://example.com/x"}`:    "only references within the schema",
		`{"$ref":"file:///etc/passwd"}`:       "only references within the schema",
		`{"$ref":"other.json"}`:               "only references within the schema",
		`{"$ref":"#/$defs/none"}`:             "",
		`{"$schema":"https://example.com/s"}`: "only references within the schema",
		`{"multipleOf":1e999999999}`:          "multipleOf must be a number of ordinary size",
		`{"maxLength":1e999999999}`:           "maxLength must be a number of ordinary size",
	} {
		_, err := schema.Compile([]byte(raw))
		if e, ok := err.(*schema.Error); !ok || !strings.Contains(e.Error(), want) || strings.Contains(e.Error(), "schema.json") {
			t.Errorf("%s: got %v, want a *schema.Error with %q", raw, err, want)
		}
	}
}

func TestJoin(t *testing.T) {
	t.Parallel()
	for want, parts := range map[string][]string{"": nil, "a": {"a"}, "a.b": {"a", "b"}, "a[2].c": {"a", "2", "c"}, "[0]": {"0"}, "[0][1]": {"0", "1"}} {
		if got := schema.Join(parts...); got != want {
			t.Errorf("%q: got %q, want %q", parts, got, want)
		}
	}
}

// FuzzValidate: any schema and value: no panic, and nothing read from elsewhere.
func FuzzValidate(f *testing.F) {
	f.Add(`{"type":"object","properties":{"a":{"minimum":1e9}}}`, `{"a":1e999}`)
	f.Add(`{"multipleOf":1e-400}`, `1e400`)
	f.Add(`{"uniqueItems":true}`, `[1,1e999999999]`)
	f.Add(`{"$ref":"#"}`, `{}`)
	f.Add(`{"$id":"http://x","$ref":"#/$defs/a","$defs":{"a":{"$dynamicRef":"#b"}}}`, `[[]]`)
	f.Add(`{"oneOf":[{},{}],"pattern":"a{1000}{1000}"}`, `"a"`)
	f.Fuzz(func(t *testing.T, raw, value string) {
		s, err := schema.Compile([]byte(raw))
		if err != nil {
			if _, ok := err.(*schema.Error); !ok {
				t.Errorf("%q: got %T, want *schema.Error", raw, err)
			}
			return
		}
		v, err := strictjson.Value([]byte(value))
		if err != nil {
			return
		}
		for _, p := range s.Validate(v) {
			if p.Message == "" {
				t.Errorf("%q with %q: a problem without words at %q", raw, value, p.Path)
			}
		}
	})
}
