package control

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"callwright"
	"callwright/internal/gate"
	"callwright/internal/schema"
	"callwright/internal/skill"
	"callwright/internal/strictjson"
	"callwright/internal/tmpl"
)

const (
	maxProperties  = 64
	maxSchemaBytes = 32 << 10
	maxSchemaDepth = 5
)

// checkSkill reports everything wrong with a spec at once, and fills in defaults.
func (s *Service) checkSkill(ctx context.Context, actor callwright.Actor, spec *callwright.SkillSpec) []callwright.FieldError {
	spec.Name, spec.Description = strings.TrimSpace(spec.Name), strings.TrimSpace(spec.Description)
	p := text("name", spec.Name, 1, 80)
	p = append(p, text("description", spec.Description, 1, 2_000)...)
	p = append(p, oneOf("toolMode", &spec.ToolMode, "two_way", "one_way")...)
	p = append(p, oneOf("verificationLevel", &spec.VerificationLevel, "none", "basic", "step_up")...)
	p = append(p, oneOf("stakes", &spec.Stakes, "low", "medium", "high")...)
	p = append(p, oneOf("availabilityWindow", &spec.AvailabilityWindow, "both", "open", "closed")...)
	p = append(p, checkErrorHandling(spec.ErrorHandling)...)
	if spec.IsEnabled == nil {
		yes := true
		spec.IsEnabled = &yes
	}
	names, problems := checkParameters(spec)
	p = append(p, problems...)
	leaving, problems := checkEgress(spec, names)
	p = append(p, problems...)
	p = append(p, checkPaths(spec.AllowedFields)...)
	return append(p, s.checkSettings(ctx, actor, spec, names, leaving)...)
}

// checkSettings checks skillType and executionConfig. names are the parameters and
// leaving the fields that may leave; both are nil when the parameters are too broken
// to tell.
func (s *Service) checkSettings(ctx context.Context, actor callwright.Actor, spec *callwright.SkillSpec, names, leaving []string) []callwright.FieldError {
	if len(spec.ExecutionConfig) == 0 || string(spec.ExecutionConfig) == "null" {
		spec.ExecutionConfig = json.RawMessage(`{}`)
	}
	k, ok := s.Kinds[spec.SkillType]
	if !ok {
		types := make([]string, 0, len(s.Kinds))
		for _, t := range s.SkillTypes() {
			types = append(types, string(t.Type))
		}
		message := "must be one of " + list(types)
		if spec.SkillType == "" {
			message = "is required: one of " + list(types)
		}
		return []callwright.FieldError{{Field: "skillType", Message: message}}
	}
	x, problems := s.open(k, spec)
	if len(problems) > 0 {
		return problems
	}
	if k.Normal != nil {
		if kept, err := k.Normal(spec.ExecutionConfig); err == nil {
			spec.ExecutionConfig = kept
		}
	}
	problems = append(problems, checkCommon(k, spec, names, leaving)...)
	if t, ok := x.(skill.Templater); ok && leaving != nil {
		for _, ref := range t.TemplateRefs() {
			if !slices.Contains(leaving, ref.Name) && !slices.Contains(gate.CodeFields(), ref.Name) && !strings.HasPrefix(ref.Name, "vars.") {
				problems = append(problems, callwright.FieldError{Field: under("executionConfig", ref.Setting),
					Message: fmt.Sprintf("uses {%s}, which does not leave: name a parameter, or a field of dataEgressMap when that is set", ref.Name)})
			}
		}
	}
	if c, ok := x.(skill.Connected); ok {
		problems = append(problems, s.checkConnection(ctx, actor, c.Connection())...)
	}
	return append(problems, s.checkSecrets(ctx, actor, k, spec)...)
}

// checkParameters checks parametersSchema and requiredParams, and mirrors the
// required names in both. It returns the parameters' names, nil when the schema
// is too broken to tell.
func checkParameters(spec *callwright.SkillSpec) ([]string, []callwright.FieldError) {
	raw := spec.ParametersSchema
	if len(raw) == 0 || string(raw) == "null" {
		raw = json.RawMessage(`{"type":"object","properties":{}}`)
		spec.ParametersSchema = raw
	}
	doc, err := strictjson.Value(raw)
	if err != nil {
		return nil, at("parametersSchema", err.Error())
	}
	names, problems := shape(doc)
	if len(problems) > 0 {
		return nil, problems
	}
	if len(raw) > maxSchemaBytes {
		problems = append(problems, at("parametersSchema", "must be at most 32 KiB")...)
	}
	if depth(doc) > 2*maxSchemaDepth+1 { // each level of nesting is a schema and its properties
		problems = append(problems, at("parametersSchema", "must nest at most 5 levels deep")...)
	}
	if len(names) > maxProperties {
		problems = append(problems, at("parametersSchema.properties", "must have at most 64 members")...)
	}
	for i, name := range spec.RequiredParams {
		if !slices.Contains(names, name) {
			problems = append(problems, at(fmt.Sprintf("requiredParams[%d]", i), fmt.Sprintf("names %q, which is not in parametersSchema.properties: add the property or correct the name", name))...)
		}
	}
	if _, err := schema.CompileValue(doc); err != nil {
		if e, ok := err.(*schema.Error); ok {
			problems = append(problems, at(under("parametersSchema", e.Path), e.Message)...)
		}
	}
	if len(problems) > 0 {
		return names, problems
	}
	return names, mirror(spec, doc.(map[string]any), names)
}

// shape checks that a schema is an object schema with properties, which a bare
// map of parameters is not.
func shape(doc any) ([]string, []callwright.FieldError) {
	const fix = `wrap it: {"type":"object","properties":{…},"required":[…]}`
	m, ok := doc.(map[string]any)
	if !ok {
		return nil, at("parametersSchema", "must be a JSON Schema object: "+fix)
	}
	props, ok := m["properties"]
	if !ok {
		if len(m) > 0 {
			return nil, at("parametersSchema.properties", "is required: a bare map of parameters is not a JSON Schema, "+fix)
		}
		return nil, at("parametersSchema.properties", "is required: "+fix)
	}
	pm, ok := props.(map[string]any)
	if !ok {
		return nil, at("parametersSchema.properties", "must be an object of parameter name to schema")
	}
	if t, ok := m["type"]; ok && t != "object" {
		return nil, at("parametersSchema.type", `must be "object"`)
	}
	names := make([]string, 0, len(pm))
	var problems []callwright.FieldError
	for name, v := range pm {
		names = append(names, name)
		if _, ok := v.(map[string]any); !ok {
			problems = append(problems, at("parametersSchema.properties."+name, `must be a schema such as {"type":"string","description":"…"}`)...)
		}
	}
	slices.Sort(names)
	return names, problems
}

func depth(v any) int {
	deepest := 0
	switch v := v.(type) {
	case map[string]any:
		for _, m := range v {
			deepest = max(deepest, depth(m))
		}
		return deepest + 1
	case []any:
		for _, m := range v {
			deepest = max(deepest, depth(m))
		}
		return deepest
	}
	return 0
}

// mirror makes requiredParams and parametersSchema.required say the same. doc is the
// schema, which compiles.
func mirror(spec *callwright.SkillSpec, doc map[string]any, names []string) []callwright.FieldError {
	var own []string
	list, _ := doc["required"].([]any)
	for _, name := range list {
		own = append(own, name.(string)) // as in every schema that compiles
	}
	required := gate.Required(spec.RequiredParams, own)
	for i, name := range required {
		if !slices.Contains(names, name) {
			return at(fmt.Sprintf("parametersSchema.required[%d]", i), fmt.Sprintf("names %q, which is not in parametersSchema.properties: add the property or correct the name", name))
		}
	}
	spec.RequiredParams = required
	if slices.Equal(required, own) && doc["type"] != nil {
		return nil
	}
	stored := map[string]json.RawMessage{} // keeps the order of the properties, in which they are asked for
	err := json.Unmarshal(spec.ParametersSchema, &stored)
	if err == nil {
		stored["type"] = json.RawMessage(`"object"`)
		if len(required) > 0 {
			stored["required"], err = json.Marshal(required)
		}
	}
	if err == nil {
		spec.ParametersSchema, err = json.Marshal(stored)
	}
	if err != nil {
		return at("parametersSchema", err.Error())
	}
	return nil
}

// checkEgress checks dataEgressMap and returns the names of the fields that
// leave.
func checkEgress(spec *callwright.SkillSpec, names []string) ([]string, []callwright.FieldError) {
	if len(spec.DataEgressMap) == 0 {
		return names, nil
	}
	var leaving []string
	var p []callwright.FieldError
	for name, f := range spec.DataEgressMap {
		field := "dataEgressMap." + name
		leaving = append(leaving, name)
		switch {
		case f.Source != "" && len(f.Const) > 0:
			p = append(p, at(field, "must have a source or a const, not both")...)
		case len(f.Const) > 0:
		case f.Source == "":
			p = append(p, at(field, "must name its source: a parameter, "+list(gate.Sources())+`, vars.NAME, or {"const": …}`)...)
		case strings.HasPrefix(f.Source, "vars."):
		case !slices.Contains(gate.Sources(), f.Source) && names != nil && !slices.Contains(names, f.Source):
			p = append(p, at(field, fmt.Sprintf("names the source %q, which is neither a parameter nor one of %s", f.Source, list(gate.Sources())))...)
		}
		if f.Mask != "" && !slices.Contains([]string{"last4", "hash", "drop"}, f.Mask) {
			p = append(p, at(field+".mask", "must be one of last4, hash, drop")...)
		}
	}
	slices.Sort(leaving)
	return leaving, p
}

func checkPaths(paths []string) []callwright.FieldError {
	var p []callwright.FieldError
	for i, path := range paths {
		if !gate.ValidPath(path) {
			p = append(p, at(fmt.Sprintf("allowedFields[%d]", i), "must be a path such as warranty.expires or items[].sku")...)
		}
	}
	return p
}

// checkCommon checks the settings that all types have.
func checkCommon(k skill.Kind, spec *callwright.SkillSpec, names, leaving []string) []callwright.FieldError {
	if k.Common == nil {
		return nil
	}
	c, err := k.Common(spec.ExecutionConfig)
	if err != nil {
		return nil // Open has reported it
	}
	var p []callwright.FieldError
	for name, text := range map[string]string{"start": c.Say.Start, "slow": c.Say.Slow, "done": c.Say.Done, "failed": c.Say.Failed} {
		field := "executionConfig.say." + name
		parsed, err := tmpl.Parse(text)
		if err != nil {
			p = append(p, at(field, err.Error())...)
			continue
		}
		for _, n := range parsed.Names() {
			if !slices.Contains(names, n) && !slices.Contains(leaving, n) && !strings.HasPrefix(n, "vars.") {
				p = append(p, at(field, fmt.Sprintf("uses {%s}, which is neither a parameter nor vars.NAME", n))...)
			}
		}
	}
	for name, path := range c.Remember {
		field := "executionConfig.remember." + name
		if !regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`).MatchString(name) {
			p = append(p, at(field, "must be named with letters, digits and underscores")...)
		}
		if !gate.ValidPath(path) {
			p = append(p, at(field, "must be a path into the result such as customer.id")...)
		}
	}
	for name, path := range c.Response {
		if strings.TrimSpace(name) == "" || len(name) > 64 || !gate.ValidPath(path) {
			p = append(p, at("executionConfig.response."+name, "must be a name of at most 64 characters with a path into the result such as warranty.expires")...)
		}
	}
	if c.FailWhen != nil && !gate.ValidPath(c.FailWhen.Path) {
		p = append(p, at("executionConfig.failWhen.path", "must be a path into the result such as status")...)
	}
	switch {
	case c.CacheSeconds < 0 || c.CacheSeconds > 86_400:
		p = append(p, at("executionConfig.cacheSeconds", "must be 0 to 86400")...)
	case c.CacheSeconds > 0 && spec.IsWrite:
		p = append(p, at("executionConfig.cacheSeconds", "is for reads: a write happens each time")...)
	}
	return p
}

func checkErrorHandling(h *callwright.ErrorHandling) []callwright.FieldError {
	if h == nil {
		return nil
	}
	var p []callwright.FieldError
	if h.Retries < 0 || h.Retries > 3 {
		p = append(p, at("errorHandling.retries", "must be 0 to 3")...)
	}
	for i, on := range h.RetryOn {
		if !slices.Contains([]string{"timeout", "network", "429", "5xx"}, on) {
			p = append(p, at(fmt.Sprintf("errorHandling.retryOn[%d]", i), "must be one of timeout, network, 429, 5xx")...)
		}
	}
	p = append(p, oneOf("errorHandling.then", &h.Then, "continue", "take_message", "transfer", "end_call")...)
	if h.Then == "transfer" && h.TransferTo == "" {
		p = append(p, at("errorHandling.transferTo", "is required with then = transfer: an E.164 number or a SIP URI")...)
	}
	p = append(p, checkDestination("errorHandling.transferTo", &h.TransferTo)...)
	return p
}

func at(field, message string) []callwright.FieldError {
	return []callwright.FieldError{{Field: field, Message: message}}
}
