package gate

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"callwright"
	"callwright/internal/relevance"
	"callwright/internal/schema"
	"callwright/internal/skill"
	"callwright/internal/spoken"
	"callwright/internal/strictjson"
)

// An Agent is a snapshot made ready to run: schemas compiled, executors open. It
// never changes and may be used concurrently.
type Agent struct {
	callwright.Snapshot
	Skills []*Skill // all of them, enabled or not

	byTool      map[string]*Skill
	relevance   func() *relevance.Index
	policies    *Policies
	brokenRules error // why its rules cannot be judged: nothing runs
}

// A Skill is one skill made ready to run.
type Skill struct {
	callwright.Skill
	Tool       string          // its name for a model: [a-z0-9_], at most 64, unique in the agent
	Parameters json.RawMessage // parametersSchema with the effective required list
	Required   []string        // effective: requiredParams, then parametersSchema.required

	schema     *schema.Schema
	properties map[string]property
	region     string // of the agent, for telephone numbers
	executor   skill.Executor
	common     skill.Common
	idempotent bool                           // its receiver tells repeated requests apart
	verifies   *callwright.CallerVerification // it is how callers are verified by this
	broken     error                          // why it cannot run
}

// A property is what coercion and questions need to know of a parameter.
type property struct {
	Type        any    `json:"type"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Format      string `json:"format"`
	AllowedFrom string `json:"x-allowedFrom"`
	Enum        []any  `json:"enum"`

	Items      *property           `json:"items"`
	Properties map[string]property `json:"properties"`

	name string
}

// UnmarshalJSON takes true and false, which are schemas too, for a property of which
// nothing is known.
func (p *property) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] != '{' {
		return nil
	}
	type plain property
	if err := json.Unmarshal(raw, (*plain)(p)); err != nil {
		return err
	}
	for name, m := range p.Properties {
		m.name = name
		p.Properties[name] = m
	}
	return nil
}

// is reports whether the parameter may be of the JSON Schema type.
func (p property) is(t string) bool {
	switch v := p.Type.(type) {
	case string:
		return v == t
	case []any:
		return slices.Contains(v, any(t))
	}
	return false
}

// Compile makes a snapshot ready to run. A skill that cannot run is kept with the
// reason and refused when called: one broken skill does not silence an agent.
func Compile(snap callwright.Snapshot, kinds map[callwright.SkillType]skill.Kind) *Agent {
	a := &Agent{Snapshot: snap, byTool: map[string]*Skill{}}
	for _, s := range snap.Skills {
		c := compile(s, kinds)
		c.Tool, c.region = toolName(s.Name, a.byTool), region(snap.Agent)
		a.byTool[c.Tool] = c
		a.Skills = append(a.Skills, c)
	}
	for _, s := range handoffSkills(snap.Agent) {
		s.Tool = toolName(s.Name, a.byTool)
		a.byTool[s.Tool] = s
		a.Skills = append(a.Skills, s)
	}
	a.relevance = sync.OnceValue(a.index)
	if a.policies, a.brokenRules = newPolicies(snap.Guardrails); a.brokenRules != nil {
		a.policies = &Policies{}
	}
	for i, m := range snap.CallerVerification {
		if s := a.Skill(m.VerifierSkillID); s != nil {
			s.verifies = &snap.CallerVerification[i]
		}
	}
	return a
}

func compile(s callwright.Skill, kinds map[callwright.SkillType]skill.Kind) *Skill {
	c := &Skill{Skill: s}
	c.Parameters, c.Required, c.broken = Parameters(s.SkillSpec)
	if c.broken != nil {
		return c
	}
	var doc struct {
		Properties map[string]property `json:"properties"`
	}
	if c.broken = json.Unmarshal(c.Parameters, &doc); c.broken != nil {
		return c
	}
	c.properties = doc.Properties
	for name, p := range c.properties {
		p.name = name
		c.properties[name] = p
	}
	if c.schema, c.broken = schema.Compile(c.Parameters); c.broken != nil {
		return c
	}
	kind, ok := kinds[s.SkillType]
	if !ok || kind.Open == nil {
		c.broken = fmt.Errorf("skill type %s is not available on this server", s.SkillType)
		return c
	}
	if c.executor, c.broken = kind.Open(s.ExecutionConfig); c.broken != nil {
		return c
	}
	if _, ok := c.executor.(skill.Effective); ok {
		c.IsWrite = true
	}
	if kind.Common != nil {
		c.common, c.broken = kind.Common(s.ExecutionConfig)
	}
	var declared struct{ Idempotent bool }
	c.idempotent = json.Unmarshal(s.ExecutionConfig, &declared) == nil && declared.Idempotent
	return c
}

// Skill returns the skill with the id, or nil.
func (a *Agent) Skill(id callwright.SkillID) *Skill {
	for _, s := range a.Skills {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// Tool returns the skill that models know by the name, or nil.
func (a *Agent) Tool(name string) *Skill { return a.byTool[name] }

// Offered returns the skills that a model may be shown on a channel.
func (a *Agent) Offered(ch callwright.Channel) []*Skill {
	var out []*Skill
	for _, s := range a.Skills {
		if s.enabled() && s.on(ch) && s.broken == nil {
			out = append(out, s)
		}
	}
	return out
}

// Relevance returns an index of all skills, in their order. It is made when it is first
// needed: most agents have few.
func (a *Agent) Relevance() *relevance.Index { return a.relevance() }

func (a *Agent) index() *relevance.Index {
	documents := make([]relevance.Document, len(a.Skills))
	for i, s := range a.Skills {
		var details []string
		for _, name := range s.ParameterNames() {
			p := s.properties[name]
			details = append(details, name, p.Title, p.Description)
			for _, option := range p.Enum {
				details = append(details, fmt.Sprint(option))
			}
		}
		documents[i] = relevance.Document{Name: s.Name, Description: s.Description, Details: strings.Join(details, " ")}
	}
	return relevance.New(documents)
}

// AllowedFrom returns where the values of parameters must come from (x-allowedFrom), by
// parameter.
func (s *Skill) AllowedFrom() map[string]string {
	out := map[string]string{}
	for name, p := range s.properties {
		if p.AllowedFrom != "" {
			out[name] = p.AllowedFrom
		}
	}
	return out
}

// Say returns what the operator wants spoken around a run.
func (s *Skill) Say() skill.Say { return s.common.Say }

// Executor returns what runs the skill, or why nothing can.
func (s *Skill) Executor() (skill.Executor, error) { return s.executor, s.broken }

// ParameterNames returns the names of all parameters, sorted.
func (s *Skill) ParameterNames() []string { return slices.Sorted(maps.Keys(s.properties)) }

func (s *Skill) enabled() bool { return s.IsEnabled == nil || *s.IsEnabled }

func (s *Skill) on(ch callwright.Channel) bool {
	return len(s.Channels) == 0 || slices.Contains(s.Channels, ch)
}

// Label returns what a person calls the parameter: its title, or its name in
// words. An item is called by the list that it is in.
func (s *Skill) Label(name string) string {
	if i := strings.IndexByte(name, '['); i > 0 {
		name = name[:i]
	}
	if t := s.properties[name].Title; t != "" {
		return t
	}
	return words(name)
}

// words turns serial_number and serialNumber into "serial number".
func words(name string) string {
	var sb strings.Builder
	for i, r := range name {
		switch {
		case r == '_' || r == '-' || r == '.':
			sb.WriteByte(' ')
		case r >= 'A' && r <= 'Z' && i > 0 && name[i-1] >= 'a' && name[i-1] <= 'z':
			sb.WriteByte(' ')
			sb.WriteRune(r + 'a' - 'A')
		case r >= 'A' && r <= 'Z' && i == 0 && len(name) > 1 && name[1] >= 'a' && name[1] <= 'z':
			sb.WriteRune(r + 'a' - 'A')
		default:
			sb.WriteRune(r)
		}
	}
	return sb.String()
}

// Parameters returns a skill's parameter schema with the effective required list,
// which it returns too: requiredParams first, so that their order is the order of
// asking.
func Parameters(s callwright.SkillSpec) (json.RawMessage, []string, error) {
	doc := map[string]json.RawMessage{}
	if len(s.ParametersSchema) > 0 && string(s.ParametersSchema) != "null" {
		if err := strictjson.Decode(s.ParametersSchema, &doc); err != nil {
			return nil, nil, err
		}
	}
	if _, ok := doc["type"]; !ok {
		doc["type"] = json.RawMessage(`"object"`)
	}
	if _, ok := doc["properties"]; !ok {
		doc["properties"] = json.RawMessage(`{}`)
	}
	var more []string
	if raw, ok := doc["required"]; ok {
		if err := json.Unmarshal(raw, &more); err != nil {
			return nil, nil, fmt.Errorf("required must be a list of names")
		}
	}
	required := Required(s.RequiredParams, more)
	delete(doc, "required")
	if len(required) > 0 {
		list, err := json.Marshal(required)
		if err != nil {
			return nil, nil, err
		}
		doc["required"] = list
	}
	// A model must not add parameters of its own.
	doc["additionalProperties"] = json.RawMessage(`false`)
	for _, name := range []string{"properties", "$defs"} {
		closed, _, err := closeEach(doc[name])
		if err != nil {
			return nil, nil, err
		}
		if closed != nil {
			doc[name] = closed
		}
	}
	out, err := json.Marshal(doc)
	return out, required, err
}

// Required joins requiredParams with the required list of the schema itself. None is
// twice: a list that repeats itself is no valid schema.
func Required(params, schema []string) []string {
	var required []string
	for _, name := range slices.Concat(params, schema) {
		if !slices.Contains(required, name) {
			required = append(required, name)
		}
	}
	return required
}

// closeEach closes every schema of an object of schemas. Schemas that are closed
// already keep their bytes, and so their order of members.
func closeEach(raw json.RawMessage) (_ json.RawMessage, changed bool, err error) {
	var schemas map[string]json.RawMessage
	if len(raw) == 0 {
		return raw, false, nil
	}
	if err := json.Unmarshal(raw, &schemas); err != nil {
		return nil, false, fmt.Errorf("must be an object of schemas")
	}
	for name, s := range schemas {
		closed, ch, err := closeObject(s)
		if err != nil {
			return nil, false, err
		}
		schemas[name], changed = closed, changed || ch
	}
	if !changed {
		return raw, false, nil
	}
	out, err := json.Marshal(schemas)
	return out, true, err
}

// closeObject makes a nested schema refuse members that it does not name, unless
// its author said what others may be, or named none.
func closeObject(raw json.RawMessage) (_ json.RawMessage, changed bool, err error) {
	var node map[string]json.RawMessage
	if json.Unmarshal(raw, &node) != nil {
		return raw, false, nil // true and false are schemas too
	}
	for _, name := range []string{"properties", "$defs"} {
		closed, ch, err := closeEach(node[name])
		if err != nil {
			return nil, false, err
		}
		if ch {
			node[name], changed = closed, true
		}
	}
	if items, ok := node["items"]; ok {
		closed, ch, err := closeObject(items)
		if err != nil {
			return nil, false, err
		}
		if ch {
			node["items"], changed = closed, true
		}
	}
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { _, ok := node[n]; return ok })
	}
	composed := has("allOf", "anyOf", "oneOf", "if")
	if (has("properties") || composed && string(node["type"]) == `"object"`) && !has("additionalProperties", "unevaluatedProperties", "patternProperties") {
		closing := "additionalProperties"
		if composed {
			closing = "unevaluatedProperties" // sees the members that a composition names
		}
		node[closing], changed = json.RawMessage(`false`), true
	}
	if !changed {
		return raw, false, nil
	}
	out, err := json.Marshal(node)
	return out, true, err
}

// toolName makes a unique tool name from a skill's name.
func toolName(name string, taken map[string]*Skill) string {
	var sb strings.Builder
	for _, r := range strings.ToLower(spoken.Parted(name)) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			sb.WriteRune(r)
		} else if n := sb.String(); n != "" && !strings.HasSuffix(n, "_") {
			sb.WriteByte('_')
		}
	}
	base := strings.Trim(sb.String(), "_")
	if base == "" {
		base = "skill" // a name without a single Latin letter or digit
	}
	base = base[:min(len(base), 60)]
	for i, n := 2, base; ; i++ {
		if taken[n] == nil {
			return n
		}
		n = fmt.Sprintf("%s_%d", base, i)
	}
}
