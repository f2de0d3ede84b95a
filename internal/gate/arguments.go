package gate

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"callwright/internal/strictjson"
)

// coerce reads arguments as a model wrote them: values of the wrong JSON type
// that can only mean one thing are turned ("42" into 42), blanks count as
// missing, and what is left must satisfy the schema.
func (s *Skill) coerce(raw json.RawMessage, as reading) (map[string]any, []Problem) {
	args, err := strictjson.Object(raw)
	if err != nil {
		return nil, []Problem{{Message: "the arguments " + err.Error()}}
	}
	var problems []Problem
	for _, name := range slices.Sorted(maps.Keys(args)) {
		v := args[name]
		p, known := s.properties[name]
		if !known {
			continue // the schema refuses it by name
		}
		v = s.turn(p, v)
		if v == nil && !p.is("null") {
			delete(args, name)
			continue
		}
		read, wrong := as.read(p, v, name)
		args[name], problems = read, append(problems, wrong...)
	}
	for _, p := range s.schema.Validate(args) {
		if !slices.ContainsFunc(problems, func(q Problem) bool { return q.Name == p.Path }) {
			problems = append(problems, Problem{Name: p.Path, Message: p.Message, Missing: p.Missing})
		}
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
	if (p.is("number") || p.is("integer")) && p.Format != "money" { // 1.000 is a thousand in some places
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

// real refuses values that must come from an earlier run and do not (x-allowedFrom):
// what a model invents does not leave.
func (s *Skill) real(args map[string]any, t *Turn) []Problem {
	var problems []Problem
	for name, p := range s.properties {
		v, given := args[name]
		if p.AllowedFrom == "" || !given || t.Operator {
			continue
		}
		tool, path, _ := strings.Cut(p.AllowedFrom, ".")
		wanted := []any{v}
		if list, ok := v.([]any); ok {
			wanted = list
		}
		for _, w := range wanted {
			if !returned(t.Earlier[tool], path, w) {
				problems = append(problems, Problem{Name: name, Message: "must be one of the values that " + tool + " returned in this conversation"})
				break
			}
		}
	}
	return s.inOrder(problems)
}

func returned(results []json.RawMessage, path string, want any) bool {
	for _, raw := range results {
		v, err := strictjson.Value(raw)
		if err != nil {
			continue
		}
		if slices.ContainsFunc(at(v, path), func(got any) bool { return same(got, want) || text(got) != "" && text(got) == text(want) }) {
			return true
		}
	}
	return false
}

// text is a scalar as a model may write it: 17 and "17" are the same id.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

func describe(problems []Problem) string {
	parts := make([]string, len(problems))
	for i, p := range problems {
		parts[i] = strings.TrimSpace(p.Name + " " + p.Message)
	}
	return strings.Join(parts, "; ")
}
