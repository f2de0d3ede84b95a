package ascode

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"callwright"
)

const (
	apiVersion = "callwright/v1"
	kind       = "Agent"
)

// write makes the text of a file.
func write(a callwright.Agent, skills []callwright.Skill, more rules, withID bool) ([]byte, error) {
	doc := mapping()
	put(doc, "apiVersion", textNode(apiVersion))
	put(doc, "kind", textNode(kind))
	if withID {
		put(doc, "id", textNode(string(a.ID)))
	}
	agent, err := encode(reflect.ValueOf(a.AgentSpec))
	if err != nil {
		return nil, err
	}
	put(doc, "agent", agent)
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, s := range skills {
		n, err := encode(reflect.ValueOf(once(s.SkillSpec)))
		if err != nil {
			return nil, fmt.Errorf("skill %q: %w", s.Name, err)
		}
		list.Content = append(list.Content, n)
	}
	if len(list.Content) > 0 {
		put(doc, "skills", list)
	}
	sections, err := encode(reflect.ValueOf(more))
	if err != nil {
		return nil, err
	}
	doc.Content = append(doc.Content, sections.Content...)
	out, err := yaml.Dump(doc, yaml.WithV4Defaults(), yaml.WithLineWidth(-1))
	if err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	return out, nil
}

// once drops what a stored skill says twice or need not say: requiredParams
// repeats parametersSchema.required, and an object without properties is the
// default.
func once(s callwright.SkillSpec) callwright.SkillSpec {
	var schema map[string]json.RawMessage
	if json.Unmarshal(s.ParametersSchema, &schema) != nil {
		return s
	}
	var required []string
	if json.Unmarshal(schema["required"], &required) == nil && slices.Equal(required, s.RequiredParams) {
		s.RequiredParams = nil
	}
	if len(schema) == 2 && string(schema["type"]) == `"object"` && string(schema["properties"]) == `{}` {
		s.ParametersSchema = nil
	}
	return s
}

// A member is a field of a spec as its JSON has it.
type member struct {
	name     string
	index    int
	optional bool
	def      string // when it is not the zero value
}

func membersOf(t reflect.Type) []member {
	var out []member
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		out = append(out, member{name, i, f.Tag.Get("required") == "false" || option == "omitempty", f.Tag.Get("default")})
	}
	return out
}

var (
	rawType    = reflect.TypeFor[json.RawMessage]()
	egressType = reflect.TypeFor[callwright.EgressField]()
)

// encode writes a value, without the optional members that have their defaults.
func encode(v reflect.Value) (*yaml.Node, error) {
	switch {
	case v.Type() == rawType:
		return fromJSON(v.Bytes())
	case v.Type() == egressType:
		if f := v.Interface().(callwright.EgressField); f.Mask == "" && len(f.Const) == 0 {
			return textNode(f.Source), nil
		}
	}
	switch v.Kind() {
	case reflect.Pointer:
		return encode(v.Elem())
	case reflect.Struct:
		n := mapping()
		for _, m := range membersOf(v.Type()) {
			x, err := encodeMember(v.Field(m.index), m)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", m.name, err)
			}
			if x != nil {
				put(n, m.name, x)
			}
		}
		return n, nil
	case reflect.Map:
		n := mapping()
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			x, err := encode(v.MapIndex(k))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", k, err)
			}
			put(n, k.String(), x)
		}
		return n, nil
	case reflect.Slice:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		for i := range v.Len() {
			x, err := encode(v.Index(i))
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, x)
		}
		return flow(n), nil
	case reflect.String:
		return textNode(v.String()), nil
	}
	raw, err := json.Marshal(v.Interface())
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", v.Type(), err)
	}
	return plainNode(string(raw)), nil
}

// encodeMember writes a member, or nothing when it has its default.
func encodeMember(v reflect.Value, m member) (*yaml.Node, error) {
	if m.optional {
		switch v.Kind() {
		case reflect.Slice, reflect.Map:
			if v.Len() == 0 || v.Type() == rawType && m.name != "const" && slices.Contains([]string{"null", "{}"}, string(v.Bytes())) {
				return nil, nil
			}
		default:
			if v.IsZero() {
				return nil, nil
			}
		}
		if scalar := reflect.Indirect(v); m.def != "" && fmt.Sprint(scalar) == m.def {
			return nil, nil
		}
	}
	n, err := encode(v)
	if m.optional && reflect.Indirect(v).Kind() == reflect.Struct && err == nil && len(n.Content) == 0 {
		return nil, nil
	}
	return n, err
}

// fromJSON keeps the order of members and every digit of numbers.
func fromJSON(raw []byte) (*yaml.Node, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	return fromTokens(dec)
}

func fromTokens(dec *json.Decoder) (*yaml.Node, error) {
	t, err := dec.Token()
	if err != nil {
		return nil, fmt.Errorf("read JSON: %w", err)
	}
	switch t := t.(type) {
	case json.Delim:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		if t == '{' {
			n = mapping()
		}
		for dec.More() {
			x, err := fromTokens(dec) // of an object: first the name, then the value
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, x)
		}
		if _, err := dec.Token(); err != nil {
			return nil, fmt.Errorf("read JSON: %w", err)
		}
		return flow(n), nil
	case string:
		return textNode(t), nil
	case json.Number:
		return plainNode(t.String()), nil
	case bool:
		return plainNode(strconv.FormatBool(t)), nil
	}
	return plainNode("null"), nil
}

func mapping() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode} }

func put(m *yaml.Node, name string, v *yaml.Node) {
	m.Content = append(m.Content, textNode(name), v)
}

func plainNode(text string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: text} }

// flow writes a short list of words on one line, and an empty thing as [] or {}.
func flow(n *yaml.Node) *yaml.Node {
	length := 0
	for _, x := range n.Content {
		if x.Kind != yaml.ScalarNode || x.Style == yaml.LiteralStyle {
			return n
		}
		length += len(x.Value) + 2
	}
	if length == 0 || n.Kind == yaml.SequenceNode && length <= 80 {
		n.Style = yaml.FlowStyle
	}
	return n
}

var (
	// Texts that are something else, or were in YAML 1.1, when they are not quoted.
	ambiguous = regexp.MustCompile(`^(?i:y|yes|n|no|on|off|true|false|null|~|<<|=|[-+]?\.(inf|nan)|[-+.]?[0-9][-+.0-9_:,a-fox]*([ t].*)?)?$`)
	paragraph = regexp.MustCompile(`^[^\s\x00-\x1f](.*\S)?(\n*\n([^\s\x00-\x1f](.*\S)?)?)*\n?$`)
)

// textNode writes text so that no reader takes it for anything else.
func textNode(text string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	switch {
	case strings.Contains(text, "\n") && paragraph.MatchString(text) && printable(text):
		n.Style = yaml.LiteralStyle
	case ambiguous.MatchString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) || !printable(text):
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

func printable(text string) bool {
	for _, r := range text {
		if r != '\n' && !strconv.IsPrint(r) {
			return false
		}
	}
	return true
}
