package app_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"callwright/internal/app"
	"callwright/internal/httpapi"
)

var update = flag.Bool("update", false, "rewrite the generated files")

// TestGeneratedFiles: what is committed is what the code says.
func TestGeneratedFiles(t *testing.T) {
	o := app.Defaults()
	o.Data, o.Log = t.TempDir(), slog.New(slog.DiscardHandler)
	a, err := app.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	openapi, err := a.API.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	types, err := skillTypes(a)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]byte{"openapi.yaml": openapi, "errors.md": httpapi.ErrorsMarkdown(), "skill-types.md": types} {
		path := filepath.Join("..", "..", "docs", name)
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("docs/%s is stale: run make generate", name)
		}
	}
}

// skillTypes is the reference of skill types: a table of settings for each, from
// the JSON Schema of its settings struct.
func skillTypes(a *app.App) ([]byte, error) {
	var sb strings.Builder
	sb.WriteString("# Skill types\n\n<!-- Generated from the settings structs by make generate. -->\n\n`GET /api/v1/skill-types` lists the same, with JSON Schemas. A reserved type is planned: creating a skill of it answers 403 `capability_not_enabled`.\n")
	for _, k := range a.Control.SkillTypes() {
		fmt.Fprintf(&sb, "\n## %s (%s)\n\n%s\n", k.Type, k.Status, k.Description)
		if k.Status != "available" {
			continue
		}
		sb.WriteString("\n`executionConfig`:\n\n| setting | type | required | meaning |\n| --- | --- | --- | --- |\n")
		if err := settings(&sb, "", k.ExecutionConfig); err != nil {
			return nil, err
		}
	}
	return []byte(sb.String()), nil
}

func settings(sb *strings.Builder, prefix string, schema json.RawMessage) error {
	var s struct {
		Properties map[string]json.RawMessage
		Required   []string
	}
	if err := json.Unmarshal(schema, &s); err != nil {
		return err
	}
	names := make([]string, 0, len(s.Properties))
	for n := range s.Properties {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		var p struct {
			Type        any
			Types       []string
			Description string
			Properties  map[string]json.RawMessage
		}
		if err := json.Unmarshal(s.Properties[n], &p); err != nil {
			return err
		}
		kind := fmt.Sprint(p.Type)
		if list, ok := p.Type.([]any); ok {
			list = slices.DeleteFunc(list, func(v any) bool { return v == "null" })
			kind = fmt.Sprint(list[0])
		}
		required := ""
		if slices.Contains(s.Required, n) {
			required = "yes"
		}
		fmt.Fprintf(sb, "| `%s%s` | %s | %s | %s |\n", prefix, n, kind, required, strings.ReplaceAll(p.Description, "|", `\|`))
		if p.Properties != nil {
			if err := settings(sb, prefix+n+".", s.Properties[n]); err != nil {
				return err
			}
		}
	}
	return nil
}
