package ascode

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"callwright"
)

// Parse reads a file strictly: unknown members, members that are there twice and
// values of the wrong kind are all reported together, each with its line. name
// is what errors call the file.
func Parse(name string, text []byte) (*File, error) {
	var doc yaml.Node
	if err := yaml.Load(text, &doc, yaml.WithV4Defaults()); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r := &reader{}
	f := r.file(&doc)
	if len(r.mistakes) == 0 {
		return f, nil
	}
	slices.SortStableFunc(r.mistakes, func(a, b mistake) int { return cmp.Compare(a.line, b.line) })
	var all []error
	for _, m := range r.mistakes {
		all = append(all, fmt.Errorf("%s:%d: %s", name, m.line, strings.TrimPrefix(m.path+": "+m.message, ": ")))
	}
	return nil, errors.Join(all...)
}

// sections are what a file may have beside the agent.
const sections = "skills, callerVerification, guardrails, widget"

type mistake struct {
	line          int
	path, message string
}

// A reader turns YAML into JSON and gathers what is wrong with it.
type reader struct{ mistakes []mistake }

func (r *reader) wrong(n *yaml.Node, path, message string, args ...any) {
	r.mistakes = append(r.mistakes, mistake{n.Line, path, fmt.Sprintf(message, args...)})
}

func (r *reader) file(doc *yaml.Node) *File {
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		r.mistakes = append(r.mistakes, mistake{1, "", "must have members: apiVersion, kind, agent and " + sections})
		return nil
	}
	root := doc.Content[0]
	f := &File{}
	have := map[string]bool{}
	r.each(root, "", func(key, v *yaml.Node) {
		have[key.Value] = true
		switch key.Value {
		case "apiVersion":
			r.constant(v, key.Value, apiVersion)
		case "kind":
			r.constant(v, key.Value, kind)
		case "id":
			if v.Kind != yaml.ScalarNode || v.Value == "" {
				r.wrong(v, "id", "must be the id of an agent")
			}
			f.id = callwright.AgentID(v.Value)
		case "agent":
			f.agent = readObject[callwright.AgentSpec](r, v, "agent")
			if f.agent.spec.Name == "" {
				r.wrong(v, "agent.name", "is required")
			}
		case "skills":
			f.skills = r.skills(v)
		case "callerVerification":
			f.rules.CallerVerification = readSection[[]verification](r, v, key.Value)
		case "guardrails":
			f.rules.Guardrails = readSection[[]guardrail](r, v, key.Value)
		case "widget":
			f.rules.Widget = readSection[*callwright.Widget](r, v, key.Value)
		default:
			r.wrong(key, key.Value, "unknown member: there are apiVersion, kind, id, agent and %s", sections)
		}
	})
	for _, name := range []string{"apiVersion", "kind", "agent"} {
		if !have[name] {
			r.wrong(root, name, "is required")
		}
	}
	return f
}

func (r *reader) constant(n *yaml.Node, path, want string) {
	if n.Value != want {
		r.wrong(n, path, "must be %s", want)
	}
}

func (r *reader) skills(n *yaml.Node) []object[callwright.SkillSpec] {
	if isNull(n) {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		r.wrong(n, "skills", "must be a list")
		return nil
	}
	var out []object[callwright.SkillSpec]
	for i, item := range n.Content {
		path := fmt.Sprintf("skills[%d]", i)
		s := readObject[callwright.SkillSpec](r, item, path)
		if s.spec.Name == "" {
			r.wrong(item, path+".name", "is required")
		} else if slices.ContainsFunc(out, func(x object[callwright.SkillSpec]) bool { return sameName(x.spec.Name, s.spec.Name) }) {
			r.wrong(item, path+".name", "another skill of the file is named %q", s.spec.Name)
		}
		out = append(out, s)
	}
	return out
}

// readObject reads a spec.
func readObject[T any](r *reader, n *yaml.Node, path string) object[T] {
	var o object[T]
	before := len(r.mistakes)
	raw := r.value(n, path, reflect.TypeFor[T]())
	if len(r.mistakes) > before {
		// The name alone, so that nobody is told that it is missing.
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == "name" {
				name, _ := json.Marshal(map[string]string{"name": n.Content[i+1].Value})
				_ = json.Unmarshal(name, &o.spec)
			}
		}
		return o
	}
	err := json.Unmarshal(raw, &o.spec)
	if err == nil {
		err = json.Unmarshal(raw, &o.raw)
	}
	if err != nil {
		r.wrong(n, path, "%s", err)
	}
	return o
}

// readSection reads a section that is replaced whole; the zero value leaves it out.
func readSection[T any](r *reader, n *yaml.Node, path string) (v T) {
	before := len(r.mistakes)
	if isNull(n) {
		return v
	}
	raw := r.value(n, path, reflect.TypeFor[T]())
	if len(r.mistakes) > before {
		return v
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		r.wrong(n, path, "%s", err)
	}
	return v
}

// each calls do with the members of a mapping, having complained about those
// that are no text or there before.
func (r *reader) each(n *yaml.Node, path string, do func(key, v *yaml.Node)) {
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, v := n.Content[i], n.Content[i+1]
		at := join(path, key.Value)
		switch {
		case key.Kind != yaml.ScalarNode || key.Style&yaml.TaggedStyle != 0 || key.Anchor != "":
			r.wrong(key, path, "a member's name must be plain text")
		case key.Value == "<<" && key.Style == 0:
			r.wrong(key, at, "merging is not supported: write the members out")
		case lines[key.Value] != 0:
			r.wrong(key, at, "is there twice, first in line %d", lines[key.Value])
		default:
			lines[key.Value] = key.Line
			do(key, v)
		}
	}
}

// value turns a node into JSON of a type; nil is any.
func (r *reader) value(n *yaml.Node, path string, t reflect.Type) json.RawMessage {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == rawType {
		t = nil
	}
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		r.wrong(n, path, "anchors and aliases are not supported: write the value out")
		return nil
	case n.Style&yaml.TaggedStyle != 0:
		r.wrong(n, path, "tags such as %s are not supported", n.Tag)
		return nil
	case t == egressType && n.Kind == yaml.ScalarNode:
		t = reflect.TypeFor[string]()
	}
	switch {
	case n.Kind == yaml.MappingNode:
		return r.mapping(n, path, t)
	case n.Kind == yaml.SequenceNode:
		return r.list(n, path, t)
	case t != nil:
		return r.scalar(n, path, t)
	}
	return r.anyScalar(n, path)
}

func (r *reader) mapping(n *yaml.Node, path string, t reflect.Type) json.RawMessage {
	if t != nil && t.Kind() != reflect.Struct && t.Kind() != reflect.Map {
		r.wrong(n, path, "must be %s, not members", kindOf(t))
		return nil
	}
	var known []member
	if t != nil && t.Kind() == reflect.Struct {
		known = membersOf(t)
	}
	var out bytes.Buffer
	r.each(n, path, func(key, v *yaml.Node) {
		at := join(path, key.Value)
		var of reflect.Type
		switch i := slices.IndexFunc(known, func(m member) bool { return m.name == key.Value }); {
		case i >= 0:
			of = t.Field(known[i].index).Type
			if isNull(v) && of != rawType {
				return // the default
			}
		case known != nil:
			r.wrong(key, at, "unknown member")
			return
		case t != nil:
			of = t.Elem()
		}
		name, _ := json.Marshal(key.Value)
		sep := byte(',')
		if out.Len() == 0 {
			sep = '{'
		}
		out.WriteByte(sep)
		out.Write(name)
		out.WriteByte(':')
		out.Write(r.value(v, at, of))
	})
	if out.Len() == 0 {
		out.WriteByte('{')
	}
	out.WriteByte('}')
	return out.Bytes()
}

func (r *reader) list(n *yaml.Node, path string, t reflect.Type) json.RawMessage {
	var of reflect.Type
	if t != nil {
		if t.Kind() != reflect.Slice {
			r.wrong(n, path, "must be %s, not a list", kindOf(t))
			return nil
		}
		of = t.Elem()
	}
	parts := make([][]byte, len(n.Content))
	for i, item := range n.Content {
		parts[i] = r.value(item, fmt.Sprintf("%s[%d]", path, i), of)
	}
	return slices.Concat([]byte("["), bytes.Join(parts, []byte(",")), []byte("]"))
}

var (
	jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)
	jsonInt    = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)
	null       = regexp.MustCompile(`^(~|null|Null|NULL)?$`)
	boolean    = regexp.MustCompile(`^(true|True|TRUE|false|False|FALSE)$`)
)

// scalar reads a value of a known kind: text needs no quotes to be text.
func (r *reader) scalar(n *yaml.Node, path string, t reflect.Type) json.RawMessage {
	bare, ok := n.Style == 0, false
	switch t.Kind() {
	case reflect.String:
		if !isNull(n) {
			return quote(n.Value)
		}
	case reflect.Bool:
		ok = bare && boolean.MatchString(n.Value)
	case reflect.Int:
		ok = bare && jsonInt.MatchString(n.Value) && len(n.Value) < 19
	case reflect.Float64:
		ok = bare && jsonNumber.MatchString(n.Value)
	}
	if !ok {
		r.wrong(n, path, "must be %s", kindOf(t))
		return nil
	}
	return json.RawMessage(strings.ToLower(n.Value))
}

// anyScalar reads a value of no known kind as JSON has it.
func (r *reader) anyScalar(n *yaml.Node, path string) json.RawMessage {
	switch tag := n.ShortTag(); {
	case n.Style != 0:
		return quote(n.Value)
	case isNull(n):
		return json.RawMessage("null")
	case boolean.MatchString(n.Value):
		return json.RawMessage(strings.ToLower(n.Value))
	case jsonNumber.MatchString(n.Value):
		return json.RawMessage(n.Value)
	case tag == "!!int" || tag == "!!float":
		r.wrong(n, path, "is no number as JSON writes them: put it in quotes if it is text")
		return nil
	}
	return quote(n.Value)
}

func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Style == 0 && null.MatchString(n.Value)
}

func quote(text string) json.RawMessage {
	raw, _ := json.Marshal(text) // text always can be
	return raw
}

func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "a list"
	}
	return "members, one a line"
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
