package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	jsonv2 "github.com/go-json-experiment/json"

	"callwright"
)

// document completes what the library says of an operation: an example of its
// answer, and everything that can go wrong with it.
func (a *API) document(op operation, h *huma.Operation, out any) {
	status := strconv.Itoa(max(op.status, http.StatusOK))
	success := h.Responses[status]
	if x, ok := out.(exampled); ok {
		success.Content["application/json"].Example = written(x.example(op.gives))
	}
	if op.once {
		if success.Headers == nil {
			success.Headers = map[string]*huma.Param{}
		}
		success.Headers["Idempotency-Replayed"] = &huma.Param{Description: "true when the answer is the stored one of an earlier request", Schema: &huma.Schema{Type: "string", Enum: []any{"true"}}}
	}
	h.Responses = map[string]*huma.Response{status: success}
	a.refuses(h, op.failures(h)...)
}

// refuses completes what an operation can fail with.
func (a *API) refuses(h *huma.Operation, with ...callwright.Code) {
	problem := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "")
	for _, code := range with {
		d := docOf(code)
		status := strconv.Itoa(d.Status)
		r := h.Responses[status]
		if r == nil {
			r = &huma.Response{Description: http.StatusText(d.Status) + ": ", Content: map[string]*huma.MediaType{"application/problem+json": {Schema: problem, Examples: map[string]*huma.Example{}}}}
			h.Responses[status] = r
		} else {
			r.Description += ", "
		}
		r.Description += "`" + string(code) + "`"
		a.huma.OpenAPI().Components.Examples[string(code)] = &huma.Example{Summary: d.Title, Value: written(exampleProblem(d))}
		r.Content["application/problem+json"].Examples[string(code)] = &huma.Example{Ref: "#/components/examples/" + string(code)}
		if d.Status == http.StatusTooManyRequests {
			r.Headers = map[string]*huma.Param{"Retry-After": {Description: "Seconds to wait", Schema: &huma.Schema{Type: "integer"}}}
		}
	}
}

// failures are the codes that an operation can answer, by status.
func (op operation) failures(h *huma.Operation) []callwright.Code {
	codes := append([]callwright.Code{callwright.CodeUnauthenticated, callwright.CodeMissingScope, callwright.CodeRateLimited, callwright.CodeInternal}, op.fails...)
	if strings.Contains(op.path, "{") {
		codes = append(codes, callwright.CodeNotFound)
	}
	if slices.ContainsFunc(h.Parameters, func(p *huma.Param) bool { return p.In != "path" }) {
		codes = append(codes, callwright.CodeValidation)
	}
	if h.RequestBody != nil {
		codes = append(codes, callwright.CodeValidation, callwright.CodeMalformedBody, callwright.CodeBodyTooLarge, callwright.CodeRequestTimeout)
	}
	if op.once {
		codes = append(codes, callwright.CodeInProgress, callwright.CodeKeyReused)
	}
	slices.SortFunc(codes, func(a, b callwright.Code) int {
		if d := docOf(a).Status - docOf(b).Status; d != 0 {
			return d
		}
		return strings.Compare(string(a), string(b))
	})
	return slices.Compact(codes)
}

// takes documents an operation's body by an example of it.
func takes[T any](a *API, op *huma.Operation, example T, required bool) {
	m := op.RequestBody.Content["application/json"]
	m.Schema = a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, "")
	m.Example = short(example)
	op.RequestBody.Required = required
}

// takesList documents an operation's body as a list of T by an example of it.
func takesList[T any](a *API, op *huma.Operation, example []T) {
	items := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, "")
	m := op.RequestBody.Content["application/json"]
	m.Schema, m.Example = &huma.Schema{Type: "array", Items: items}, short(example)
	op.RequestBody.Required = true
}

// takesPatch documents an operation's body as some members of T, null meaning the
// default.
func takesPatch[T any](a *API, op *huma.Operation, name string, example map[string]any) {
	reg := a.huma.OpenAPI().Components.Schemas
	whole := reg.SchemaFromRef(reg.Schema(reflect.TypeFor[T](), true, "").Ref)
	patch := *whole
	patch.Required = nil
	patch.Properties = map[string]*huma.Schema{}
	for n, p := range whole.Properties {
		patch.Properties[n] = &huma.Schema{AnyOf: []*huma.Schema{p, {Type: "null"}}, Description: p.Description}
	}
	reg.Map()[name] = &patch
	m := op.RequestBody.Content["application/json"]
	m.Schema, m.Example = &huma.Schema{Ref: "#/components/schemas/" + name}, written(example)
	op.RequestBody.Required = true
}

// streams documents the two forms of an operation's answer by examples of them.
func streams(a *API, op *huma.Operation, whole any, frames string) {
	op.Responses["200"] = &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{
		"application/json":  {Schema: a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(whole), true, ""), Example: written(whole)},
		"text/event-stream": {Schema: &huma.Schema{Type: "string"}, Example: frames},
	}}
}

// written is a value as the API writes it.
func written(v any) json.RawMessage {
	var buf bytes.Buffer
	if err := jsonv2.MarshalWrite(&buf, v, jsonv2.Deterministic(true)); err != nil {
		panic(fmt.Sprintf("httpapi: example %T: %v", v, err)) // a table of this package
	}
	return buf.Bytes()
}

// short is a value as a person would write it: without what is at its default.
func short(v any) json.RawMessage {
	var whole any
	if err := json.Unmarshal(written(v), &whole); err != nil {
		panic(fmt.Sprintf("httpapi: example %T: %v", v, err)) // written by this package
	}
	return written(pruned(whole))
}

func pruned(v any) any {
	if list, ok := v.([]any); ok {
		for i, item := range list {
			list[i] = pruned(item)
		}
	}
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	for name, member := range m {
		member = pruned(member)
		if m[name] = member; empty(member) {
			delete(m, name)
		}
	}
	return m
}

func empty(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return v == nil || v == "" || v == false || v == float64(0)
}
