package skilltest

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"callwright"
	"callwright/internal/skill"
)

const settingCanary = "setting-canary-93b1"

// settings checks that the settings are strict: whatever is unknown or of the
// wrong type is named, all of it at once, and no value is repeated.
func (f *Fixture) settings(t *testing.T) {
	kind, good := f.mustKind(t)
	if kind.Type == "" || kind.Doc == "" {
		t.Errorf("got type %q and doc %q, want both", kind.Type, kind.Doc)
	}
	if _, err := kind.Open(mustJSON(t, good)); err != nil {
		t.Fatalf("good settings: got %v", err)
	}

	wrong, want := map[string]any{"no_such_setting": settingCanary}, []string{"no_such_setting"}
	for name, types := range properties(t, kind) {
		if slices.Contains(types, "string") || slices.Contains(types, "integer") || slices.Contains(types, "boolean") || slices.Contains(types, "number") {
			wrong[name] = []string{settingCanary}
		} else {
			wrong[name] = settingCanary
		}
		want = append(want, name)
	}
	slices.Sort(want)
	_, err := kind.Open(mustJSON(t, wrong))
	if got := fieldsOf(t, err); !slices.Equal(got, want) {
		t.Errorf("fields of wrong types: got %v, want all of %v at once", got, want)
	}

	for name, config := range map[string]string{
		"duplicate member": `{"no_such":1,"no_such":2}`,
		"text":             `"` + settingCanary + `"`,
		"list":             `[]`,
		"cut":              `{"a":`,
		"bad UTF-8":        "{\"a\":\"\xff\"}",
		"trailing":         `{} {}`,
	} {
		if _, err := kind.Open(json.RawMessage(config)); callwright.CodeOf(err) != callwright.CodeValidation {
			t.Errorf("%s: got %v, want %s", name, err, callwright.CodeValidation)
		}
	}
}

// badSettings checks the rules that a schema cannot say.
func (f *Fixture) badSettings(t *testing.T) {
	for _, b := range f.Bad {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			kind, config := f.mustKind(t)
			for name, value := range b.Change {
				config[name] = value
				if value == nil {
					delete(config, name)
				}
			}
			_, err := kind.Open(mustJSON(t, config))
			want := slices.Sorted(slices.Values(b.Fields))
			if got := fieldsOf(t, err); !slices.Equal(got, want) {
				t.Errorf("fields: got %v, want %v (%v)", got, want, err)
			}
			if err != nil {
				for _, c := range f.Canaries {
					if strings.Contains(err.Error(), c) {
						t.Errorf("the error repeats the secret %q: %v", c, err)
					}
				}
			}
		})
	}
}

// literals checks that every secret setting is found: with all of them replaced,
// no canary is left in the settings.
func (f *Fixture) literals(t *testing.T) {
	kind, good := f.mustKind(t)
	if kind.Literals == nil {
		return
	}
	all, err := kind.Literals(mustJSON(t, good))
	if err != nil {
		t.Fatalf("literals of good settings: got %v", err)
	}
	var config map[string]any
	if err := json.Unmarshal(mustJSON(t, good), &config); err != nil {
		t.Fatal(err)
	}
	for _, l := range all {
		if !replace(config, l.Path) {
			t.Errorf("literal %v: no such setting", l.Path)
		}
	}
	left := string(mustJSON(t, config))
	for _, c := range f.Canaries {
		if strings.Contains(left, c) {
			t.Errorf("the secret %q is in no literal: %s", c, left)
		}
	}
	if _, err := kind.Open(json.RawMessage(left)); err != nil {
		t.Errorf("settings with secrets moved to the store: got %v, want them accepted", err)
	}
}

// replace does what control does with a literal.
func replace(config map[string]any, path []string) bool {
	for ; len(path) > 1; path = path[1:] {
		next, ok := config[path[0]].(map[string]any)
		if !ok {
			return false
		}
		config = next
	}
	if _, ok := config[path[0]].(string); !ok {
		return false
	}
	config[path[0]] = "{{secret.MOVED}}"
	return true
}

// mustKind returns a kind and good settings, without a partner behind them.
func (f *Fixture) mustKind(t testing.TB) (skill.Kind, map[string]any) {
	t.Helper()
	var p Partner
	if f.Partner != nil {
		p = f.Partner(t)
	}
	return f.Kind(t, slog.New(slog.NewTextHandler(io.Discard, nil))), maps.Clone(f.Settings(p))
}

// properties returns the settings of the kind's schema with their JSON types.
func properties(t testing.TB, kind skill.Kind) map[string][]string {
	t.Helper()
	raw := map[string]json.RawMessage{}
	if err := json.Unmarshal(kind.Schema, &raw); err != nil {
		t.Fatalf("schema: %v", err)
	}
	types := map[string][]string{}
	var members map[string]struct {
		Type        any    `json:"type"`
		Description string `json:"description"`
	}
	if err := json.Unmarshal(raw["properties"], &members); err != nil {
		t.Fatalf("schema: properties: %v", err)
	}
	for name, m := range members {
		if m.Description == "" {
			t.Errorf("setting %s has no description", name)
		}
		switch kinds := m.Type.(type) {
		case string:
			types[name] = []string{kinds}
		case []any:
			for _, k := range kinds {
				types[name] = append(types[name], k.(string))
			}
		}
	}
	return types
}

// fieldsOf returns the fields that a validation error names, sorted, each once.
func fieldsOf(t testing.TB, err error) []string {
	t.Helper()
	e, ok := errors.AsType[*callwright.Error](err)
	if !ok || e.Code != callwright.CodeValidation {
		t.Errorf("got %v, want a validation error", err)
		return nil
	}
	if strings.Contains(err.Error(), settingCanary) {
		t.Errorf("the error repeats a rejected value: %v", err)
	}
	var fields []string
	for _, fe := range e.Fields {
		if fe.Message == "" {
			t.Errorf("field %s has no message", fe.Field)
		}
		fields = append(fields, fe.Field)
	}
	slices.Sort(fields)
	return slices.Compact(fields)
}
