package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"callwright"
	"callwright/internal/schema"
	"callwright/internal/strictjson"
)

// An operation is a row of the API.
type operation struct {
	method  string
	path    string
	id      string
	tag     string
	scope   callwright.Scope
	summary string
	doc     string
	status  int   // of success; 0 means 200
	gives   any   // an example of the answer's data; of one item of a list
	fails   codes // besides those that follow from what it takes, see failures
	once    bool  // takes an Idempotency-Key
}

type codes = []callwright.Code

// register adds an operation whose handler gets the actor.
func register[I, O any](a *API, op operation, handler func(context.Context, callwright.Actor, *I) (*O, error)) *huma.Operation {
	h := huma.Operation{
		Method: op.method, Path: op.path, OperationID: op.id, Tags: []string{op.tag}, Summary: op.summary, Description: op.doc,
		DefaultStatus: op.status, MaxBodyBytes: maxBody + 1, // the limit itself is allowed
		BodyReadTimeout: 10 * time.Second, SkipValidateBody: true, // read does, and reports everything at once
		Security:    []map[string][]string{{"apiKey": {string(op.scope)}}},
		Middlewares: huma.Middlewares{a.authenticate(op.scope)},
	}
	huma.Register(a.huma, h, func(ctx context.Context, in *I) (*O, error) {
		actor := infoOf(ctx).actor
		var err error
		if op.once {
			if actor.Once, err = a.once(ctx, op, actor, in); err != nil {
				return nil, err
			}
		}
		out, err := handler(ctx, actor, in)
		if err == nil {
			return out, nil
		}
		if actor.Once != nil {
			// The same request may have been faster, and be what stood in the way.
			if _, before := a.once(ctx, op, actor, in); before != nil {
				return nil, before
			}
		}
		return nil, a.problem(ctx, err)
	})
	item := a.huma.OpenAPI().Paths[op.path]
	registered := map[string]*huma.Operation{http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPatch: item.Patch, http.MethodPut: item.Put, http.MethodDelete: item.Delete}[op.method]
	if longest := maxIdempotencyKey; op.once {
		registered.Parameters = append(registered.Parameters, &huma.Param{Name: "Idempotency-Key", In: "header", Schema: &huma.Schema{Type: "string", MaxLength: &longest, Pattern: "^[ -~]*$"},
			Description: "At most 255 characters. For 24 hours a repeated request with the same key gets the first answer, with Idempotency-Replayed: true, and does nothing; the key with another body answers 422"})
	}
	a.document(op, registered, new(O))
	return registered
}

// Paging is the query of a list.
type Paging struct {
	Page   int    `query:"page" default:"1" minimum:"1" doc:"Page number, from 1; prefer cursor"`
	Limit  int    `query:"limit" default:"20" minimum:"1" maximum:"100" doc:"Items a page"`
	Cursor string `query:"cursor" maxLength:"200" doc:"nextCursor of the page before"`
}

func (p Paging) page() callwright.Page {
	return callwright.Page{Page: p.Page, Limit: p.Limit, Cursor: p.Cursor}
}

// JSONBody is a JSON body that is read by read.
type JSONBody struct {
	RawBody []byte `contentType:"application/json"`
}

func (b *JSONBody) raw() []byte { return b.RawBody }

type bodied interface{ raw() []byte }

// bodySchema checks the bodies of one type.
type bodySchema struct {
	schema *schema.Schema
	err    error
}

// read decodes a body as T and reports everything that its schema has against it.
// Members that are wrong are left out, so that the caller can check the others
// and report all problems together. The error is for bodies that are not JSON.
func read[T any](a *API, ctx context.Context, raw []byte) (T, []callwright.FieldError, error) {
	var v T
	ref := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, "").Ref
	problems, err := a.check(reflect.TypeFor[T](), ref, raw)
	if err != nil {
		return v, nil, err
	}
	_ = json.Unmarshal(raw, &v) // members of the wrong type are among the problems
	return v, problems, nil
}

// readPatch checks a body against the patch schema of the name.
func readPatch[T any](a *API, raw []byte, name string) ([]callwright.FieldError, error) {
	type patchOf struct{ _ T } // a type of its own for the cache
	body := bytes.TrimSpace(raw)
	if len(body) == 0 {
		return nil, callwright.Invalid(callwright.FieldError{Field: "body", Message: "is required: send a JSON object"})
	}
	problems, err := a.check(reflect.TypeFor[patchOf](), "#/components/schemas/"+name, body)
	if err == nil && body[0] != '{' {
		err = callwright.Invalid(problems...) // there is nothing to lay over what is there
	}
	return problems, err
}

func (a *API) check(t reflect.Type, ref string, raw []byte) ([]callwright.FieldError, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		raw = []byte("{}")
	}
	value, err := strictjson.Value(raw)
	if err != nil {
		return nil, malformed(err)
	}
	s, err := a.compiled(t, ref)
	if err != nil {
		return nil, err
	}
	problems := nul("", value)
	for _, p := range s.Validate(value) {
		problems = append(problems, callwright.FieldError{Field: p.Path, Message: p.Message})
	}
	for i := range problems {
		if problems[i].Field == "" { // the body itself, or a member without a name
			problems[i].Field = "body"
		}
	}
	return problems, nil
}

// nul finds the character U+0000, which databases and C programs cannot take.
func nul(path string, v any) []callwright.FieldError {
	var problems []callwright.FieldError
	switch v := v.(type) {
	case string:
		if strings.ContainsRune(v, 0) {
			return []callwright.FieldError{{Field: path, Message: "must not hold the character U+0000"}}
		}
	case []any:
		for i, item := range v {
			problems = append(problems, nul(schema.Join(path, strconv.Itoa(i)), item)...)
		}
	case map[string]any:
		for name, item := range v {
			if strings.ContainsRune(name, 0) {
				problems = append(problems, callwright.FieldError{Field: schema.Join(path, "body"), Message: "has a member whose name holds the character U+0000"})
			}
			problems = append(problems, nul(schema.Join(path, name), item)...)
		}
	}
	return problems
}

func malformed(err error) error {
	e := callwright.Errorf(callwright.CodeMalformedBody, "The body %s.", err)
	field := "body"
	if se, ok := errors.AsType[*strictjson.Error](err); ok && se.Pointer != "" {
		if path := schema.Join(strings.Split(strings.TrimPrefix(se.Pointer, "/"), "/")...); path != "" { // a member may have no name
			field = path
		}
	}
	e.Fields = []callwright.FieldError{{Field: field, Message: err.Error()}}
	return e
}

// compiled returns the schema of a body, made once from the API's own document:
// what is documented is what is checked.
func (a *API) compiled(t reflect.Type, ref string) (*schema.Schema, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	b := a.bodies[t]
	if b == nil {
		doc, err := json.Marshal(map[string]any{"$ref": ref, "components": map[string]any{"schemas": a.huma.OpenAPI().Components.Schemas.Map()}})
		b = &bodySchema{err: err}
		if err == nil {
			b.schema, b.err = schema.Compile(doc)
		}
		a.bodies[t] = b
	}
	return b.schema, b.err
}
