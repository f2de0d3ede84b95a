package gate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"callwright"
	"callwright/internal/schema"
	"callwright/internal/strictjson"
)

// The settings of the guardrails.
type (
	// DisclosePolicy keeps result fields from callers who are not verified.
	DisclosePolicy struct {
		Fields []string `json:"fields" jsonschema:"Paths into results (account.balance) that only a verified caller may hear. A single name (balance) is kept back wherever it stands"`
	}

	// FieldsPolicy lets only some result fields in.
	FieldsPolicy struct {
		Fields []string `json:"fields" jsonschema:"Paths into results that the agent may see; everything else is dropped. It applies on top of a skill's own allowedFields"`
	}

	// WritePolicy guards skills that change something.
	WritePolicy struct {
		Confirm         bool     `json:"confirm,omitempty" jsonschema:"Every write is read back and confirmed first"`
		RequireVerified bool     `json:"requireVerified,omitempty" jsonschema:"Every write needs a verified caller"`
		AlwaysEscalate  []string `json:"alwaysEscalate,omitempty" jsonschema:"Ids or names of skills that the agent never runs: it hands over to a person instead"`
	}

	// RatePolicy bounds the calls of a conversation.
	RatePolicy struct {
		PerMinute       int `json:"perMinute,omitempty" jsonschema:"Skill calls a minute of one conversation, 1 to 1000; absent: no limit"`
		PerConversation int `json:"perConversation,omitempty" jsonschema:"Skill calls of one conversation, 1 to 10000; absent: no limit"`
	}

	// OpeningPolicy restricts skills to when the business is open or closed.
	OpeningPolicy struct {
		Window   string                        `json:"window,omitempty" jsonschema:"open or closed; open when absent"`
		Timezone string                        `json:"timezone,omitempty" jsonschema:"IANA time zone of weekly; the agent's business hours apply when both are absent"`
		Weekly   map[string][]callwright.Range `json:"weekly,omitempty" jsonschema:"Hours of the policy's own, as in businessHours.weekly"`
	}

	// TalkPolicy is about what is said.
	TalkPolicy struct {
		BannedTopics        []string `json:"bannedTopics,omitempty" jsonschema:"Words or phrases that the agent neither answers nor says"`
		RedactPII           []string `json:"redactPII,omitempty" jsonschema:"Kinds of personal data that are masked in what is stored: card, ssn, email, phone, iban, date_of_birth"`
		EscalationThreshold int      `json:"escalationThreshold,omitempty" jsonschema:"Unhappy turns after which a person is offered, 1 to 20; absent: never"`
	}
)

// PIIKinds lists what redactPII may name.
func PIIKinds() []string {
	return []string{"card", "ssn", "email", "phone", "iban", "date_of_birth"}
}

// Policies are the guardrails of an agent that are in force, ready to apply.
type Policies struct {
	disclose []scoped[DisclosePolicy]
	fields   []scoped[FieldsPolicy]
	writes   []scoped[WritePolicy]
	rates    []scoped[RatePolicy]
	opening  []scoped[OpeningPolicy]
	talk     []scoped[TalkPolicy]
}

// scoped is a policy for all skills, or those of one type.
type scoped[T any] struct {
	skillType callwright.SkillType
	T         T
}

// of returns the policies that apply to a skill.
func of[T any](all []scoped[T], t callwright.SkillType) []T {
	var out []T
	for _, p := range all {
		if p.skillType == "" || p.skillType == t {
			out = append(out, p.T)
		}
	}
	return out
}

// PolicySchema returns the JSON Schema of a policy's config; nil for a type that
// does not exist.
func PolicySchema(t callwright.PolicyType) json.RawMessage {
	switch t {
	case callwright.VerifyBeforeDisclose:
		return schemaOf[DisclosePolicy]()
	case callwright.AllowedFields:
		return schemaOf[FieldsPolicy]()
	case callwright.WriteGate:
		return schemaOf[WritePolicy]()
	case callwright.RateLimit:
		return schemaOf[RatePolicy]()
	case callwright.HoursPolicy:
		return schemaOf[OpeningPolicy]()
	case callwright.ContentPolicy:
		return schemaOf[TalkPolicy]()
	}
	return nil
}

// PolicyTypes lists the policies.
func PolicyTypes() []callwright.PolicyType {
	return []callwright.PolicyType{callwright.VerifyBeforeDisclose, callwright.AllowedFields, callwright.WriteGate, callwright.RateLimit, callwright.HoursPolicy, callwright.ContentPolicy}
}

func schemaOf[T any]() json.RawMessage {
	s, err := jsonschema.For[T](nil)
	if err != nil {
		panic(fmt.Sprintf("gate: %T has no schema: %v", *new(T), err)) // our own types always have
	}
	raw, err := json.Marshal(s)
	if err != nil {
		panic(fmt.Sprintf("gate: schema of %T: %v", *new(T), err))
	}
	return raw
}

// CheckPolicy reports everything wrong with a guardrail's config.
func CheckPolicy(g callwright.Guardrail) []callwright.FieldError {
	err := (&Policies{}).add(g)
	if e, ok := errors.AsType[*callwright.Error](err); ok {
		return e.Fields
	}
	return nil
}

// newPolicies reads the guardrails that are in force. One that cannot be read makes
// every call refused: a rule that cannot be judged is not a rule that is met.
func newPolicies(all []callwright.Guardrail) (*Policies, error) {
	p := &Policies{}
	for _, g := range all {
		if !g.Enabled() {
			continue
		}
		if err := p.add(g); err != nil {
			return nil, fmt.Errorf("guardrail %s: %w", g.PolicyType, err)
		}
	}
	return p, nil
}

func (p *Policies) add(g callwright.Guardrail) error {
	switch g.PolicyType {
	case callwright.VerifyBeforeDisclose:
		return addPolicy(&p.disclose, g, func(c DisclosePolicy) []callwright.FieldError { return checkFields(c.Fields) })
	case callwright.AllowedFields:
		return addPolicy(&p.fields, g, func(c FieldsPolicy) []callwright.FieldError { return checkFields(c.Fields) })
	case callwright.WriteGate:
		return addPolicy(&p.writes, g, func(WritePolicy) []callwright.FieldError { return nil })
	case callwright.RateLimit:
		return addPolicy(&p.rates, g, checkRate)
	case callwright.HoursPolicy:
		return addPolicy(&p.opening, g, checkOpening)
	case callwright.ContentPolicy:
		return addPolicy(&p.talk, g, checkTalk)
	}
	return callwright.Invalid(callwright.FieldError{Field: "policyType", Message: "is not a known policy"})
}

// addPolicy reads a config strictly, checks it and keeps it.
func addPolicy[T any](into *[]scoped[T], g callwright.Guardrail, check func(T) []callwright.FieldError) error {
	raw := g.Config
	if len(bytes.TrimSpace(raw)) == 0 || string(bytes.TrimSpace(raw)) == "null" {
		raw = json.RawMessage(`{}`)
	}
	compiled, err := schema.Compile(schemaOf[T]())
	if err != nil {
		return err
	}
	value, err := strictjson.Object(raw)
	if err != nil {
		return callwright.Invalid(callwright.FieldError{Field: "config", Message: err.Error()})
	}
	var problems []callwright.FieldError
	for _, p := range compiled.Validate(value) {
		problems = append(problems, callwright.FieldError{Field: strings.TrimSuffix("config."+p.Path, "."), Message: p.Message})
	}
	var c T
	if len(problems) == 0 {
		if err := json.Unmarshal(raw, &c); err != nil {
			return callwright.Invalid(callwright.FieldError{Field: "config", Message: "has a value of the wrong type"})
		}
		problems = check(c)
	}
	if len(problems) > 0 {
		return callwright.Invalid(problems...)
	}
	*into = append(*into, scoped[T]{g.AppliesToSkillType, c})
	return nil
}

func checkFields(fields []string) []callwright.FieldError {
	if len(fields) == 0 {
		return []callwright.FieldError{{Field: "config.fields", Message: "must name at least one path"}}
	}
	var p []callwright.FieldError
	for i, f := range fields {
		if !ValidPath(f) {
			p = append(p, callwright.FieldError{Field: fmt.Sprintf("config.fields[%d]", i), Message: "must be a path such as account.balance or items[].price"})
		}
	}
	return p
}

func checkRate(c RatePolicy) []callwright.FieldError {
	var p []callwright.FieldError
	if c.PerMinute == 0 && c.PerConversation == 0 {
		p = append(p, callwright.FieldError{Field: "config.perMinute", Message: "is required, or perConversation"})
	}
	if c.PerMinute < 0 || c.PerMinute > 1000 {
		p = append(p, callwright.FieldError{Field: "config.perMinute", Message: "must be 1 to 1000"})
	}
	if c.PerConversation < 0 || c.PerConversation > 10_000 {
		p = append(p, callwright.FieldError{Field: "config.perConversation", Message: "must be 1 to 10000"})
	}
	return p
}

func checkOpening(c OpeningPolicy) []callwright.FieldError {
	var p []callwright.FieldError
	if c.Window != "" && c.Window != "open" && c.Window != "closed" {
		p = append(p, callwright.FieldError{Field: "config.window", Message: "must be one of open, closed"})
	}
	for field, problem := range CheckHours(callwright.BusinessHours{Timezone: c.Timezone, Weekly: c.Weekly}) {
		p = append(p, callwright.FieldError{Field: "config." + field, Message: problem})
	}
	return p
}

func checkTalk(c TalkPolicy) []callwright.FieldError {
	var p []callwright.FieldError
	for i, t := range c.BannedTopics {
		if strings.TrimSpace(t) == "" {
			p = append(p, callwright.FieldError{Field: fmt.Sprintf("config.bannedTopics[%d]", i), Message: "must not be blank"})
		}
	}
	for i, k := range c.RedactPII {
		if !slices.Contains(PIIKinds(), k) {
			p = append(p, callwright.FieldError{Field: fmt.Sprintf("config.redactPII[%d]", i), Message: "must be one of " + strings.Join(PIIKinds(), ", ")})
		}
	}
	if c.EscalationThreshold < 0 || c.EscalationThreshold > 20 {
		p = append(p, callwright.FieldError{Field: "config.escalationThreshold", Message: "must be 1 to 20"})
	}
	return p
}

// Talk returns what the content policies say together.
func (p *Policies) Talk() TalkPolicy {
	var all TalkPolicy
	for _, t := range p.talk {
		all.BannedTopics = append(all.BannedTopics, t.T.BannedTopics...)
		all.RedactPII = append(all.RedactPII, t.T.RedactPII...)
		if n := t.T.EscalationThreshold; n > 0 && (all.EscalationThreshold == 0 || n < all.EscalationThreshold) {
			all.EscalationThreshold = n
		}
	}
	return all
}
