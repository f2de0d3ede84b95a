package ascode

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"callwright"
	"callwright/internal/tmpl"
)

// agentChanges returns the patch that makes an agent what a file says, and the
// members that differ.
func agentChanges(f object[callwright.AgentSpec], there callwright.AgentSpec) (map[string]any, []string, error) {
	want, err := members(dialled(f.spec))
	if err != nil {
		return nil, nil, err
	}
	have, err := members(there)
	if err != nil {
		return nil, nil, err
	}
	fields := differing[callwright.AgentSpec](want, have)
	return patchOf(f.raw, fields), fields, nil
}

// dialled writes numbers as the server answers them, in E.164: (555) 234-5678 in a
// file is no difference.
func dialled(a callwright.AgentSpec) callwright.AgentSpec {
	e164 := func(v *string) { *v, _ = callwright.Destination(*v) }
	e164(&a.HandoffConfig.TransferDestination)
	e164(&a.BusinessHours.AfterHours.Number)
	a.HandoffConfig.TransferRules = slices.Clone(a.HandoffConfig.TransferRules)
	for i := range a.HandoffConfig.TransferRules {
		e164(&a.HandoffConfig.TransferRules[i].Destination)
	}
	return a
}

// skillChanges does the same for a skill. kept are the places where the file has
// a value in clear and the server a secret, which stays unless rotate is set.
func skillChanges(f object[callwright.SkillSpec], there callwright.SkillSpec, rotate bool) (patch map[string]any, fields, kept []string, err error) {
	want, err := skillMembers(f.spec)
	if err != nil {
		return nil, nil, nil, err
	}
	have, err := skillMembers(there)
	if err != nil {
		return nil, nil, nil, err
	}
	const config = "executionConfig"
	if !rotate && want[config] != nil {
		want[config], kept = keepSecrets(config, want[config], have[config])
	}
	fields = differing[callwright.SkillSpec](want, have)
	patch = patchOf(f.raw, fields)
	if _, ok := patch[config]; ok && len(kept) > 0 {
		patch[config] = want[config]
	}
	// What is required is the union of both members, so one goes with the other.
	const params, required = "parametersSchema", "requiredParams"
	if slices.Contains(fields, params) || slices.Contains(fields, required) {
		maps.Copy(patch, patchOf(f.raw, []string{params, required}))
	}
	return patch, fields, kept, nil
}

// patchOf takes members from a file; one that it does not have goes back to its
// default.
func patchOf(raw map[string]json.RawMessage, fields []string) map[string]any {
	patch := map[string]any{}
	for _, name := range fields {
		if patch[name] = raw[name]; raw[name] == nil {
			patch[name] = nil
		}
	}
	return patch
}

// differing lists the members of T that differ, in its order.
func differing[T any](a, b map[string]any) []string {
	var out []string
	for _, m := range membersOf(reflect.TypeFor[T]()) {
		if !reflect.DeepEqual(a[m.name], b[m.name]) {
			out = append(out, m.name)
		}
	}
	return out
}

// changedMembers lists the members in which two differ.
func changedMembers[T any](a, b T) ([]string, error) {
	want, err := members(a)
	if err != nil {
		return nil, err
	}
	have, err := members(b)
	if err != nil {
		return nil, err
	}
	return differing[T](want, have), nil
}

// members returns the members of a spec that differ from their defaults, in a
// form in which equal means the same: objects without order, numbers by value.
func members(spec any) (map[string]any, error) {
	n, err := encode(reflect.ValueOf(spec))
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	for i := 0; i < len(n.Content); i += 2 {
		r := &reader{}
		raw := r.value(n.Content[i+1], "", nil)
		if out[n.Content[i].Value], err = canonical(raw); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// skillMembers is members for a skill, with what is required in one place.
func skillMembers(s callwright.SkillSpec) (map[string]any, error) {
	s.Name, s.Description = strings.TrimSpace(s.Name), strings.TrimSpace(s.Description)
	m, err := members(s)
	if err != nil {
		return nil, err
	}
	schema, ok := m["parametersSchema"].(map[string]any)
	if !ok {
		return m, nil // absent, or for the server to refuse
	}
	if schema["type"] == nil {
		schema["type"] = "object"
	}
	var required []any
	for _, list := range []any{m["requiredParams"], schema["required"]} {
		names, _ := list.([]any)
		for _, name := range names {
			if !slices.Contains(required, name) {
				required = append(required, name)
			}
		}
	}
	delete(schema, "required")
	delete(m, "requiredParams")
	if len(required) > 0 {
		m["requiredParams"] = required
	}
	if reflect.DeepEqual(schema, map[string]any{"type": "object", "properties": map[string]any{}}) {
		delete(m, "parametersSchema")
	}
	return m, nil
}

// canonical reads JSON with numbers by value: the server may write 4000 for
// 4e3.
func canonical(raw []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("read JSON: %w", err)
	}
	return byValue(v), nil
}

func byValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, m := range v {
			v[name] = byValue(m)
		}
	case []any:
		for i, m := range v {
			v[i] = byValue(m)
		}
	case json.Number:
		if f, err := v.Float64(); err == nil {
			return json.Number(strconv.FormatFloat(f, 'g', -1, 64))
		}
	}
	return v
}

// keepSecrets puts the server's references in the places where a file has a value
// in clear, and tells which those are.
func keepSecrets(path string, file, server any) (any, []string) {
	var kept []string
	switch f := file.(type) {
	case map[string]any:
		s, _ := server.(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(f)) {
			v, k := keepSecrets(path+"."+name, f[name], s[name])
			f[name], kept = v, append(kept, k...)
		}
	case []any:
		s, _ := server.([]any)
		for i := range min(len(f), len(s)) {
			v, k := keepSecrets(fmt.Sprintf("%s[%d]", path, i), f[i], s[i])
			f[i], kept = v, append(kept, k...)
		}
	case string:
		s, _ := server.(string)
		if f != "" && !refers(f) && refers(s) {
			return s, []string{path}
		}
	}
	return file, kept
}

func refers(text string) bool {
	names, err := tmpl.SecretRefs(text)
	return err == nil && len(names) > 0
}
