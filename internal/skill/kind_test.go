package skill_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"callwright"
	"callwright/internal/schema"
	"callwright/internal/skill"
)

type settings struct {
	URL   string   `json:"url" jsonschema:"Where it goes"`
	Limit *int     `json:"limit,omitempty"`
	Tags  []string `json:"tags,omitempty"`
	Deep  struct {
		Token string `json:"token,omitempty"`
	} `json:"deep,omitzero"`
}

func (s settings) Literals() []skill.Literal {
	return []skill.Literal{{Path: []string{"deep", "token"}, Host: s.URL}}
}

// A nothing does nothing with its settings.
type nothing struct{ settings }

func (nothing) Execute(context.Context, skill.Call) (skill.Result, error) { return skill.Result{}, nil }

func kind() skill.Kind {
	return skill.Define(callwright.HTTPWebhook, "Does nothing.", func(s settings) (skill.Executor, error) {
		if s.URL == "refused" {
			return nil, errors.New("refused by open")
		}
		return nothing{s}, nil
	})
}

func TestOpen(t *testing.T) {
	t.Parallel()
	k := kind()
	if k.Type != callwright.HTTPWebhook || k.Doc == "" || k.Reserved {
		t.Errorf("kind: got %+v", k)
	}
	if _, err := schema.Compile(k.Schema); err != nil || !strings.Contains(string(k.Schema), "Where it goes") {
		t.Errorf("schema: got %s, %v; want a valid one with descriptions", k.Schema, err)
	}
	x, err := k.Open(json.RawMessage(`{"url":"u","limit":5,"tags":["a"],"deep":{"token":"t"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if n, ok := x.(nothing); !ok || n.URL != "u" || *n.Limit != 5 || n.Tags[0] != "a" || n.Deep.Token != "t" {
		t.Errorf("executor: got %+v, want its settings", x)
	}
	if _, err := k.Open(json.RawMessage(`{"url":"refused"}`)); err == nil || err.Error() != "refused by open" {
		t.Errorf("got %v, want the type's own error", err)
	}
}

// Settings are read strictly, and every mistake is told with its place, without
// its value.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	k := kind()
	for config, want := range map[string]string{
		``: "url", ` `: "url", `null`: "url", `{}`: "url", `{"url":5}`: "url", `{"url":null}`: "url", `{"URL":"u"}`: "URL url", `{"url":"u","x":1}`: "x", `{"url":"u","limit":"hunter2"}`: "limit",
		`{"url":"u","limit":1.5}`: "limit", `{"url":"u","limit":1e999999999}`: "limit", `{"url":"u","tags":["a",1]}`: "tags[1]", `{"url":"u","deep":{"hunter2":1}}`: "deep.hunter2", `{"url":"u","url":"v"}`: "",
		`[]`: "", `{"url":"u"`: "", `{"limit":"x","tags":5}`: "limit tags url",
	} {
		_, err := k.Open(json.RawMessage(config))
		e, ok := errors.AsType[*callwright.Error](err)
		if !ok || e.Code != callwright.CodeValidation {
			t.Errorf("%s: got %v, want a validation error", config, err)
			continue
		}
		var got []string
		for _, f := range e.Fields {
			got = append(got, f.Field)
			if strings.Contains(f.Message, "hunter2") || f.Message == "" {
				t.Errorf("%s: got %q, want words without the value", config, f.Message)
			}
		}
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got problems with %q, want %q", config, got, want)
		}
	}
}

func TestLiterals(t *testing.T) {
	t.Parallel()
	got, err := kind().Literals(json.RawMessage(`{"url":"u"}`))
	if err != nil || len(got) != 1 || got[0].Host != "u" || strings.Join(got[0].Path, ".") != "deep.token" {
		t.Errorf("got %+v, %v; want deep.token for u", got, err)
	}
	if _, err := kind().Literals(json.RawMessage(`{}`)); err == nil {
		t.Error("settings that cannot be opened: got no error")
	}
	plain := skill.Define(callwright.Geo, "No secrets.", func(struct{}) (skill.Executor, error) { return nothing{}, nil })
	if plain.Literals != nil {
		t.Error("a type without secrets: got Literals, want nil")
	}
	if x, err := plain.Open(nil); err != nil || x == nil {
		t.Errorf("a type without settings: got %v, %v; want it to open without any", x, err)
	}
}

func TestReserved(t *testing.T) {
	t.Parallel()
	if k := skill.Reserved(callwright.SMS, "Planned."); !k.Reserved || k.Open != nil || k.Schema != nil || k.Type != callwright.SMS {
		t.Errorf("got %+v, want a row that cannot be opened", k)
	}
}

func TestDefinePanicsWithoutASchema(t *testing.T) {
	t.Parallel()
	defer func() {
		if r := recover(); r == nil {
			t.Error("settings that have no schema: got no panic")
		}
	}()
	skill.Define(callwright.Geo, "Impossible.", func(struct{ F func() }) (skill.Executor, error) { return nothing{}, nil })
}
