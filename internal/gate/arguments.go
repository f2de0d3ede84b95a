package gate

import (
	"encoding/json"
	"strconv"
	"strings"

	"callwright/internal/strictjson"
)

// coerce reads arguments as a model wrote them: values of the wrong JSON type
// that can only mean one thing are turned ("42" into 42), blanks count as
// missing, and what is left must satisfy the schema.
func (s *Skill) coerce(raw json.RawMessage) (map[string]any, []Problem) {
	args, err := strictjson.Object(raw)
	if err != nil {
		return nil, []Problem{{Message: "the arguments " + err.Error()}}
	}
	for name, v := range args {
		p, known := s.properties[name]
		if !known {
			continue // the schema refuses it by name
		}
		v = s.turn(p, v)
		if v == nil && !p.is("null") {
			delete(args, name)
			continue
		}
		args[name] = v
	}
	var problems []Problem
	for _, p := range s.schema.Validate(args) {
		problems = append(problems, Problem{Name: p.Path, Message: p.Message, Missing: p.Missing})
	}
	return args, s.inOrder(problems)
}

// turn brings v to the type of the property, or leaves it for the schema to
// refuse. nil means there is no value.
func (s *Skill) turn(p property, v any) any {
	switch v := v.(type) {
	case string:
		v = strings.TrimSpace(v)
		if v == "" {
			return nil
		}
		return fromText(p, v)
	case json.Number:
		if p.is("string") && !p.is("number") && !p.is("integer") {
			return v.String()
		}
	case bool:
		if p.is("string") && !p.is("boolean") {
			return strconv.FormatBool(v)
		}
	}
	return v
}

func fromText(p property, v string) any {
	if p.is("string") {
		return v
	}
	if p.is("number") || p.is("integer") {
		if _, err := strconv.ParseFloat(v, 64); err == nil && json.Valid([]byte(v)) {
			return json.Number(v)
		}
	}
	if p.is("boolean") {
		switch strings.ToLower(v) {
		case "true", "yes":
			return true
		case "false", "no":
			return false
		}
	}
	return v
}

// inOrder puts problems in the order in which a caller should be asked: required
// parameters first, in their own order.
func (s *Skill) inOrder(problems []Problem) []Problem {
	var out []Problem
	taken := map[int]bool{}
	for _, name := range s.Required {
		for i, p := range problems {
			if p.Name == name && !taken[i] {
				out, taken[i] = append(out, p), true
			}
		}
	}
	for i, p := range problems {
		if !taken[i] {
			out = append(out, p)
		}
	}
	return out
}

func describe(problems []Problem) string {
	parts := make([]string, len(problems))
	for i, p := range problems {
		parts[i] = strings.TrimSpace(p.Name + " " + p.Message)
	}
	return strings.Join(parts, "; ")
}
