package app_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"

	"callwright"
	"callwright/internal/app"
	"callwright/internal/httpapi"
	"callwright/internal/schema"
	"callwright/internal/strictjson"
)

// The part of an OpenAPI document that the tests look at.
type (
	document struct {
		Paths      map[string]map[string]documented
		Components struct {
			Examples        map[string]struct{ Value json.RawMessage }
			SecuritySchemes map[string]struct {
				Flows map[string]struct{ Scopes map[callwright.Scope]string }
			}
		}
	}
	documented struct {
		OperationID, Summary, Description string
		Security                          []map[string][]callwright.Scope
		Parameters                        []struct{ Name, In, Description string }
		RequestBody                       *struct{ Content map[string]media }
		Responses                         map[string]struct {
			Description string
			Content     map[string]media
		}
	}
	media struct {
		Schema, Example json.RawMessage
		Examples        map[string]struct {
			Ref string `json:"$ref"`
		}
	}
)

// TestOpenAPIIsComplete: every operation says what it is for, which scope it takes,
// what goes in and comes out by examples that are as their schemas say, and every
// code it can fail with, with an example of each.
func TestOpenAPIIsComplete(t *testing.T) {
	t.Parallel()
	raw := openAPI(t)
	var doc document
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	var parts struct{ Components json.RawMessage }
	if err := json.Unmarshal(raw, &parts); err != nil {
		t.Fatal(err)
	}
	j := &judge{parts.Components, map[string]*schema.Schema{}}
	scopes := doc.Components.SecuritySchemes["apiKey"].Flows["clientCredentials"].Scopes
	for _, s := range callwright.Scopes() {
		if scopes[s] == "" {
			t.Errorf("the document does not say what the scope %s allows", s)
		}
	}
	seen := map[string]bool{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			name := strings.ToUpper(method) + " " + path
			if op.Summary == "" || op.Description == "" || op.OperationID == "" || seen[op.OperationID] {
				t.Errorf("%s: want a summary, a description and an id of its own; got %q, %q, %q", name, op.Summary, op.Description, op.OperationID)
			}
			seen[op.OperationID] = true
			if len(op.Security) != 1 || op.Security[0]["publishableKey"] == nil && (len(op.Security[0]["apiKey"]) != 1 || scopes[op.Security[0]["apiKey"][0]] == "") {
				t.Errorf("%s: want one scope that exists, or a publishable key; got %v", name, op.Security)
			}
			for _, p := range op.Parameters {
				if p.Description == "" {
					t.Errorf("%s: the parameter %s has no description", name, p.Name)
				}
			}
			if op.RequestBody != nil {
				j.example(t, name+", body", op.RequestBody.Content["application/json"])
			}
			j.responses(t, doc, name, op)
		}
	}
	if len(seen) < 20 {
		t.Errorf("the document has %d operations; it should have more", len(seen))
	}
}

var inBackticks = regexp.MustCompile("`([a-z_]+)`")

// A judge validates examples against the schemas of a document.
type judge struct {
	components json.RawMessage
	compiled   map[string]*schema.Schema
}

func (j *judge) example(t *testing.T, what string, m media) {
	t.Helper()
	if len(m.Example) == 0 || len(m.Schema) == 0 {
		t.Errorf("%s has no example or no schema", what)
		return
	}
	s := j.compiled[string(m.Schema)]
	if s == nil {
		var err error
		if s, err = schema.Compile(fmt.Appendf(nil, `{"components":%s,"allOf":[%s]}`, j.components, m.Schema)); err != nil {
			t.Errorf("%s: the schema: %v", what, err)
			return
		}
		j.compiled[string(m.Schema)] = s
	}
	value, err := strictjson.Value(m.Example)
	if err != nil {
		t.Errorf("%s: the example: %v", what, err)
		return
	}
	for _, p := range s.Validate(value) {
		t.Errorf("%s: the example does not fit its schema: %s %s", what, p.Path, p.Message)
	}
}

func (j *judge) responses(t *testing.T, doc document, name string, op documented) {
	t.Helper()
	page := string(httpapi.ErrorsMarkdown())
	good, codes := 0, []string{}
	for status, r := range op.Responses {
		if status < "300" {
			good++
			for kind, m := range r.Content {
				j.example(t, name+", "+status+" "+kind, m)
			}
			continue
		}
		m, named := r.Content["application/problem+json"], inBackticks.FindAllStringSubmatch(r.Description, -1)
		if len(named) == 0 || len(m.Examples) != len(named) {
			t.Errorf("%s: %s should name its codes and have an example of each; got %q and %d examples", name, status, r.Description, len(m.Examples))
		}
		for _, n := range named {
			code := n[1]
			codes = append(codes, code)
			if !strings.Contains(page, "| `"+code+"` |") {
				t.Errorf("%s: %s is not in the table of errors", name, code)
			}
			ref := m.Examples[code].Ref
			example := doc.Components.Examples[strings.TrimPrefix(ref, "#/components/examples/")].Value
			var p struct {
				Status int
				Code   string
			}
			if err := json.Unmarshal(example, &p); err != nil || fmt.Sprint(p.Status) != status || p.Code != code {
				t.Errorf("%s: the example of %s is %s, %v; want a problem with that code and status %s", name, code, example, err, status)
			}
			j.example(t, name+", "+code, media{Schema: m.Schema, Example: example})
		}
	}
	want := []callwright.Code{callwright.CodeUnauthenticated, callwright.CodeRateLimited, callwright.CodeInternal}
	if len(op.Security) == 1 && len(op.Security[0]["apiKey"]) == 1 {
		want = append(want, callwright.CodeMissingScope)
	}
	if good != 1 {
		t.Errorf("%s has %d good answers, want one", name, good)
	}
	for _, c := range want {
		if !slices.Contains(codes, string(c)) {
			t.Errorf("%s does not name %s", name, c)
		}
	}
}

func openAPI(t *testing.T) []byte {
	t.Helper()
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
	raw, err := a.API.OpenAPIJSON()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
