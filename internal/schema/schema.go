// Package schema compiles JSON Schemas (2020-12) and validates values against
// them, with problems worded for the person who must fix the value.
//
// It never loads anything: a $ref to another document is refused. It is used for
// skill settings and skill parameters, by skill, gate and control.
package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// A Schema is ready to validate any number of values, concurrently.
type Schema struct{ compiled *jsonschema.Schema }

// A Problem is one thing wrong with a value. Path is like "roster[2].phone", ""
// for the value itself; Message says what is expected and never repeats the
// value.
type Problem struct {
	Path    string
	Message string
	Missing bool // the member is required and absent
	Unknown bool // the member is not one of the schema's
}

// location is the base of references; nothing is ever loaded from it.
const location = "https://schema.invalid/schema.json"

type denyAll struct{}

func (denyAll) Load(url string) (any, error) {
	return nil, errors.New("only references within the schema (#/$defs/…) are allowed")
}

// An Error is a schema that cannot be compiled. Path is the place in the schema.
type Error struct{ Path, Message string }

func (e *Error) Error() string { return strings.TrimSpace(e.Path + " " + e.Message) }

// Compile reads a schema. The error is an *Error, worded for the schema's author.
func Compile(raw []byte) (*Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, &Error{Message: "is not valid JSON"}
	}
	return CompileValue(doc)
}

// CompileValue is Compile for a schema that is read: nil, bool, string, json.Number,
// []any or map[string]any.
func CompileValue(doc any) (*Schema, error) {
	if path, bad := extreme(doc, nil); bad {
		return nil, &Error{Path: path, Message: extremeNumber}
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(denyAll{})
	if err := c.AddResource(location, doc); err != nil {
		return nil, plain(err)
	}
	s, err := c.Compile(location)
	if err != nil {
		return nil, plain(err)
	}
	return &Schema{s}, nil
}

func plain(err error) error {
	if se, ok := errors.AsType[*jsonschema.SchemaValidationError](err); ok {
		err = se.Err
	}
	if ve, ok := errors.AsType[*jsonschema.ValidationError](err); ok {
		// The deepest place says most; of several there, the first.
		p := problems(ve)
		sort.SliceStable(p, func(i, j int) bool { return len(p[i].Path) > len(p[j].Path) })
		if len(p) > 0 {
			return &Error{Path: p[0].Path, Message: p[0].Message}
		}
	}
	if le, ok := errors.AsType[*jsonschema.LoadURLError](err); ok {
		return &Error{Message: le.Err.Error()}
	}
	return &Error{Message: "is not a valid JSON Schema (2020-12): " + strings.ReplaceAll(err.Error(), location, "")}
}

// Validate returns everything wrong with v, by path. v is nil, bool, string,
// json.Number, []any or map[string]any.
func (s *Schema) Validate(v any) []Problem {
	if path, bad := extreme(v, nil); bad {
		return []Problem{{Path: path, Message: extremeNumber}}
	}
	err := s.compiled.Validate(v)
	if err == nil {
		return nil
	}
	ve, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return []Problem{{Message: "cannot be checked: " + err.Error()}}
	}
	p := problems(ve)
	sort.SliceStable(p, func(i, j int) bool { return p[i].Path < p[j].Path })
	return p
}

const extremeNumber = "must be a number of ordinary size"

// extreme finds a number whose exponent is far beyond what any system computes
// with. The validator would spend its time on it, or panic.
func extreme(v any, path []string) (string, bool) {
	path = path[:len(path):len(path)]
	switch v := v.(type) {
	case json.Number:
		_, exp, ok := strings.Cut(strings.ToLower(v.String()), "e")
		n, err := strconv.Atoi(exp)
		return Join(path...), ok && (err != nil || n > maxExponent || n < -maxExponent)
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if p, bad := extreme(v[name], append(path, name)); bad {
				return p, true
			}
		}
	case []any:
		for i, item := range v {
			if p, bad := extreme(item, append(path, strconv.Itoa(i))); bad {
				return p, true
			}
		}
	}
	return "", false
}

// maxExponent is above that of any 64-bit float.
const maxExponent = 400

// problems flattens the tree of causes to its leaves.
func problems(e *jsonschema.ValidationError) []Problem {
	path := Join(e.InstanceLocation...)
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		var p []Problem
		for _, name := range k.Missing {
			p = append(p, Problem{Path: Join(append(e.InstanceLocation[:len(e.InstanceLocation):len(e.InstanceLocation)], name)...), Message: "is required", Missing: true})
		}
		return p
	case *kind.AdditionalProperties:
		var p []Problem
		for _, name := range k.Properties {
			p = append(p, Problem{Path: Join(append(e.InstanceLocation[:len(e.InstanceLocation):len(e.InstanceLocation)], name)...), Message: "is not a known member: remove it or correct its name", Unknown: true})
		}
		return p
	case *kind.AnyOf, *kind.OneOf:
		if p := closest(e.Causes); p != nil {
			return p
		}
		return []Problem{{Path: path, Message: "matches none of the allowed forms"}}
	}
	if len(e.Causes) > 0 {
		var p []Problem
		for _, c := range e.Causes {
			p = append(p, problems(c)...)
		}
		return p
	}
	return []Problem{{Path: path, Message: message(e.ErrorKind)}}
}

// closest returns the problems with the one of several forms that a value was
// meant to have, if that is clear: the only one besides null, or the one with a
// list of values.
func closest(forms []*jsonschema.ValidationError) []Problem {
	var found []Problem
	rest := 0
	for _, f := range forms {
		p := problems(f)
		if len(p) == 1 && p[0].Message == "must be null" {
			continue
		}
		if len(p) == 1 && strings.HasPrefix(p[0].Message, "must be one of") {
			return p
		}
		found = p
		rest++
	}
	if rest != 1 {
		return nil
	}
	return found
}

func message(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Type:
		return "must be " + typeNames(k.Want)
	case *kind.Enum:
		var vals []string
		for _, v := range k.Want {
			vals = append(vals, fmt.Sprint(v))
		}
		return "must be one of " + strings.Join(vals, ", ")
	case *kind.Const:
		return fmt.Sprintf("must be %v", k.Want)
	case *kind.Format:
		return "must be a valid " + k.Want
	case *kind.Pattern:
		return "must match the pattern " + k.Want
	case *kind.Minimum:
		return "must be at least " + number(k.Want)
	case *kind.Maximum:
		return "must be at most " + number(k.Want)
	case *kind.ExclusiveMinimum:
		return "must be more than " + number(k.Want)
	case *kind.ExclusiveMaximum:
		return "must be less than " + number(k.Want)
	case *kind.MultipleOf:
		return "must be a multiple of " + number(k.Want)
	case *kind.MinLength:
		return fmt.Sprintf("must have at least %d characters", k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("must have at most %d characters", k.Want)
	case *kind.MinItems:
		return fmt.Sprintf("must have at least %d items", k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("must have at most %d items", k.Want)
	case *kind.MinProperties:
		return fmt.Sprintf("must have at least %d members", k.Want)
	case *kind.MaxProperties:
		return fmt.Sprintf("must have at most %d members", k.Want)
	case *kind.UniqueItems:
		return "must not repeat items"
	case *kind.FalseSchema:
		return "is not allowed here"
	}
	return "is not allowed by the schema (" + strings.Join(k.KeywordPath(), ".") + ")"
}

func number(r interface{ FloatString(int) string }) string {
	s := r.FloatString(6)
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

func typeNames(types []string) string {
	names := map[string]string{
		"string": "text", "integer": "a whole number", "number": "a number",
		"boolean": "true or false", "object": "an object", "array": "a list", "null": "null",
	}
	var out []string
	for _, t := range types {
		if t != "null" || len(types) == 1 { // that null is allowed too helps nobody to fix a value
			out = append(out, names[t])
		}
	}
	return strings.Join(out, " or ")
}

// Join makes a path: a.b[2].c.
func Join(parts ...string) string {
	var sb strings.Builder
	for _, p := range parts {
		if p != "" && strings.Trim(p, "0123456789") == "" {
			sb.WriteString("[" + p + "]")
			continue
		}
		if sb.Len() > 0 {
			sb.WriteByte('.')
		}
		sb.WriteString(p)
	}
	return sb.String()
}
