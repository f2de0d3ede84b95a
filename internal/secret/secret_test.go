package secret_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"

	"callwright/internal/secret"
)

const canary = "canary-5f1c77"

// leaked reports whether text shows the canary, in clear or in hexadecimal.
func leaked(text string) bool {
	lower := strings.ToLower(text)
	return strings.Contains(lower, canary) || strings.Contains(lower, fmt.Sprintf("%x", canary))
}

func TestStringIsMaskedByEveryVerb(t *testing.T) {
	t.Parallel()
	s := secret.New(canary)
	inside := struct {
		Shown  secret.String
		hidden secret.String
	}{s, s}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%#x", "%d", "%10s", "%-20v", "%T", "%b", "%c", "%U"} {
		for _, value := range []any{s, &s, []secret.String{s}, map[string]secret.String{"k": s}, map[secret.String]int{s: 1}, inside, &inside, []any{s}} {
			if out := fmt.Sprintf(verb, value); leaked(out) {
				t.Errorf("%s of %T: got %q, want no secret", verb, value, out)
			}
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if got := fmt.Sprintf(verb, s); got != "••••" {
			t.Errorf("%s: got %q, want ••••", verb, got)
		}
	}
	if got := fmt.Sprint(fmt.Errorf("with %w", errors.New(s.String()))); got != "with ••••" {
		t.Errorf("in an error: got %q", got)
	}
}

func TestStringIsMaskedByEveryEncoder(t *testing.T) {
	t.Parallel()
	s := secret.New(canary)
	type holder struct {
		Token secret.String
		Ptr   *secret.String
		Map   map[string]secret.String
		Any   any
	}
	value := holder{s, &s, map[string]secret.String{"k": s}, s}

	v1, err := json.Marshal(value)
	if err != nil || leaked(string(v1)) || !strings.Contains(string(v1), `"Token":"••••"`) {
		t.Errorf("encoding/json: got %s, %v", v1, err)
	}
	v2, err := jsonv2.Marshal(value)
	if err != nil || leaked(string(v2)) || !strings.Contains(string(v2), `"Token":"••••"`) {
		t.Errorf("go-json-experiment: got %s, %v", v2, err)
	}
	type element struct{ Token secret.String }
	x, err := xml.Marshal(element{s})
	if err != nil || leaked(string(x)) {
		t.Errorf("encoding/xml: got %s, %v", x, err)
	}
	if err := gob.NewEncoder(new(bytes.Buffer)).Encode(s); err == nil {
		t.Error("encoding/gob: got no error, want a refusal")
	}

	var buf bytes.Buffer
	for _, h := range []slog.Handler{slog.NewJSONHandler(&buf, nil), slog.NewTextHandler(&buf, nil)} {
		log := slog.New(h)
		log.Info("msg", "token", s, "holder", value, slog.Group("g", "token", &s))
		log.With("token", s).Info("again")
	}
	if leaked(buf.String()) || strings.Count(buf.String(), "••••") < 8 {
		t.Errorf("slog: got %s", buf.String())
	}
}

func TestStringZeroAndReveal(t *testing.T) {
	t.Parallel()
	var zero secret.String
	if got := fmt.Sprintf("%v|%s|%#v|%s", zero, zero, zero, zero.Reveal()); got != "|||" {
		t.Errorf("zero: got %q, want it to print as nothing", got)
	}
	if !zero.Empty() || !secret.New("").Empty() || secret.New("x").Empty() {
		t.Error("Empty: want true for no secret only")
	}
	if got := secret.New(canary).Reveal(); got != canary {
		t.Errorf("Reveal: got %q, want the secret", got)
	}
	if raw, err := json.Marshal(zero); err != nil || string(raw) != `""` {
		t.Errorf("zero as JSON: got %s, %v", raw, err)
	}
}
