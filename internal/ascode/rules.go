package ascode

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"callwright"
	"callwright/internal/client"
)

// rules are what an agent has beside its skills, each section replaced whole. One
// that is nil is left out of the file.
type rules struct {
	CallerVerification []verification     `json:"callerVerification,omitempty"`
	Guardrails         []guardrail        `json:"guardrails,omitempty"`
	Widget             *callwright.Widget `json:"widget,omitempty"`
}

// A verification is a callwright.CallerVerification as a file has it: it names its
// skills, whose ids another server does not know.
type verification struct {
	Method          callwright.VerificationMethod `json:"method"`
	VerifierSkill   string                        `json:"verifierSkill"`
	RequiredFields  []string                      `json:"requiredFields,omitempty"`
	TokenTTLSeconds int                           `json:"tokenTtlSeconds,omitempty"`
	MaxAttempts     int                           `json:"maxAttempts,omitempty"`
	StepUpFor       []string                      `json:"stepUpFor,omitempty"`

	id callwright.VerificationID
}

// A guardrail is a callwright.Guardrail as a file has it.
type guardrail struct {
	PolicyType         callwright.PolicyType `json:"policyType"`
	AppliesToSkillType callwright.SkillType  `json:"appliesToSkillType,omitempty"`
	Config             json.RawMessage       `json:"config,omitempty"`
	IsEnabled          *bool                 `json:"isEnabled,omitempty" default:"true"`

	id callwright.GuardrailID
}

// A rule is an element of a list that is replaced whole.
type rule[T any] interface {
	label() string             // what it is called, and is matched by
	named(known) (T, []string) // with its skills by name, and the members that name none
	replacing(T) T             // with the id of the rule that it changes, so that versions can be compared
}

func (v verification) label() string { return string(v.Method) }

func (v verification) replacing(old verification) verification {
	v.id = old.id
	return v
}

func (v verification) named(k known) (verification, []string) {
	var lost []string
	v.VerifierSkill = k.name(v.VerifierSkill, "verifierSkill", &lost)
	v.StepUpFor = k.names(v.StepUpFor, "stepUpFor", &lost)
	return v, lost
}

func (g guardrail) label() string {
	if g.AppliesToSkillType == "" {
		return string(g.PolicyType)
	}
	return fmt.Sprintf("%s for %s", g.PolicyType, g.AppliesToSkillType)
}

func (g guardrail) replacing(old guardrail) guardrail {
	g.id = old.id
	return g
}

// named leaves a config that is not what it should be to the server.
func (g guardrail) named(k known) (guardrail, []string) {
	const member = "alwaysEscalate"
	var config map[string]json.RawMessage
	var skills []string
	if g.PolicyType != callwright.WriteGate || json.Unmarshal(g.Config, &config) != nil || json.Unmarshal(config[member], &skills) != nil || len(skills) == 0 {
		return g, nil
	}
	var lost []string
	config[member], _ = json.Marshal(k.names(skills, "config."+member, &lost)) // texts, and what was JSON before, always can be
	g.Config, _ = json.Marshal(config)
	return g, lost
}

// known has the names of skills by what stands for them: the name in any case, and
// the id where there is one.
type known map[string]string

func (k known) add(name string) { k[nameKey(name)] = strings.TrimSpace(name) }

// name returns the name of the skill that ref stands for; when there is none, member
// is lost.
func (k known) name(ref, member string, lost *[]string) string {
	name, ok := k[nameKey(ref)]
	if !ok {
		*lost = append(*lost, member)
		return ref
	}
	return name
}

func (k known) names(refs []string, member string, lost *[]string) []string {
	var out []string
	for i, ref := range refs {
		out = append(out, k.name(ref, fmt.Sprintf("%s[%d]", member, i), lost))
	}
	return out
}

// named returns the rules with their skills by name, and the members that name
// none.
func (r rules) named(k known) (rules, []string) {
	var lost, more []string
	r.CallerVerification, lost = namedAll("callerVerification", r.CallerVerification, k)
	r.Guardrails, more = namedAll("guardrails", r.Guardrails, k)
	return r, append(lost, more...)
}

func namedAll[T rule[T]](section string, list []T, k known) ([]T, []string) {
	list = slices.Clone(list)
	var all []string
	for i := range list {
		var lost []string
		list[i], lost = list[i].named(k)
		for _, member := range lost {
			all = append(all, fmt.Sprintf("%s[%d].%s", section, i, member))
		}
	}
	return list, all
}

// wrong is an error about members.
func wrong(members []string, what string) error {
	var all []error
	for _, m := range members {
		all = append(all, fmt.Errorf("%s: %s", m, what))
	}
	return errors.Join(all...)
}

// readRules returns what a server's agent has, with skills by name, and the members
// that name none any more.
func readRules(ctx context.Context, c client.Client, id callwright.AgentID, skills []callwright.Skill) (rules, []string, error) {
	var verifications []callwright.CallerVerification
	var guardrails []callwright.Guardrail
	var widget callwright.Widget
	for _, of := range []struct {
		path string
		into any
	}{{"/caller-verification", &verifications}, {"/guardrails", &guardrails}, {"/widget", &widget}} {
		if err := c.Do(ctx, http.MethodGet, agentPath(id)+of.path, nil, of.into); err != nil {
			return rules{}, nil, err
		}
	}
	r := rules{Widget: &widget}
	for _, v := range verifications {
		r.CallerVerification = append(r.CallerVerification, verification{v.Method, string(v.VerifierSkillID), v.RequiredFields, v.TokenTTLSeconds, v.MaxAttempts, v.StepUpFor, v.ID})
	}
	for _, g := range guardrails {
		r.Guardrails = append(r.Guardrails, guardrail{g.PolicyType, g.AppliesToSkillType, g.Config, g.IsEnabled, g.ID})
	}
	k := known{}
	for _, s := range skills {
		k.add(s.Name)
		k[nameKey(string(s.ID))] = s.Name
	}
	r, lost := r.named(k)
	return r, lost, nil
}

// rules plans making the rules what the file says; skills are the names that the
// agent's skills then have.
func (p *planned) rules(c client.Client, file, there rules, skills known, prune bool) error {
	file, lost := file.named(skills)
	if lost != nil {
		return wrong(lost, "is the name of no skill: correct it, or add the skill under skills")
	}
	err := planList(p, "callerVerification", file.CallerVerification, there.CallerVerification, prune, func(ctx context.Context, all []verification) error {
		skills, err := listSkills(ctx, c, p.id) // some may be new
		if err != nil {
			return err
		}
		body := make([]callwright.CallerVerification, len(all))
		for i, v := range all {
			body[i] = callwright.CallerVerification{ID: v.id, Method: v.Method, RequiredFields: v.RequiredFields, TokenTTLSeconds: v.TokenTTLSeconds, MaxAttempts: v.MaxAttempts, StepUpFor: v.StepUpFor}
			if j := slices.IndexFunc(skills, func(s callwright.Skill) bool { return sameName(s.Name, v.VerifierSkill) }); j >= 0 {
				body[i].VerifierSkillID = skills[j].ID
			}
		}
		return c.Do(ctx, http.MethodPut, agentPath(p.id)+"/caller-verification", body, nil)
	})
	if err != nil {
		return err
	}
	err = planList(p, "guardrails", file.Guardrails, there.Guardrails, prune, func(ctx context.Context, all []guardrail) error {
		body := make([]callwright.Guardrail, len(all))
		for i, g := range all {
			enabled := g.IsEnabled == nil || *g.IsEnabled
			body[i] = callwright.Guardrail{ID: g.id, PolicyType: g.PolicyType, AppliesToSkillType: g.AppliesToSkillType, Config: g.Config, IsEnabled: &enabled}
		}
		return c.Do(ctx, http.MethodPut, agentPath(p.id)+"/guardrails", body, nil)
	})
	if err != nil {
		return err
	}
	return p.widget(c, file.Widget, there.Widget, prune)
}

// planList plans making a list of rules what the file says, in words for each rule.
func planList[T rule[T]](p *planned, section string, file, there []T, prune bool, put func(context.Context, []T) error) error {
	if file == nil && !prune {
		p.keep(section, len(there) > 0)
		return nil
	}
	var changes []string
	matched := make([]bool, len(there))
	last, moved := 0, false
	for i, x := range file {
		j := 0
		for j < len(there) && (matched[j] || there[j].label() != x.label()) {
			j++
		}
		if j == len(there) {
			changes = append(changes, "add "+x.label())
			continue
		}
		matched[j] = true
		last, moved = j, moved || j < last
		file[i] = x.replacing(there[j])
		fields, err := changedMembers(x, there[j])
		if err != nil {
			return err
		}
		if len(fields) > 0 {
			changes = append(changes, fmt.Sprintf("change %s (%s)", x.label(), strings.Join(fields, ", ")))
		}
	}
	for j, y := range there {
		if !matched[j] {
			changes = append(changes, "remove "+y.label())
		}
	}
	if moved {
		changes = append(changes, "change the order")
	}
	if len(changes) > 0 {
		p.add(fmt.Sprintf("~ update %s: %s", section, strings.Join(changes, ", ")), func(ctx context.Context) error { return put(ctx, file) })
	}
	return nil
}

func (p *planned) widget(c client.Client, file, there *callwright.Widget, prune bool) error {
	want := orEmpty(file)
	fields, err := changedMembers(want, orEmpty(there))
	if err != nil || len(fields) == 0 {
		return err
	}
	if file == nil && !prune {
		p.keep("widget", true)
		return nil
	}
	for _, part := range []*json.RawMessage{&want.Theme, &want.Copy, &want.Behavior} {
		if len(*part) == 0 {
			*part = json.RawMessage(`{}`)
		}
	}
	p.add("~ update widget: "+strings.Join(fields, ", "), func(ctx context.Context) error {
		return c.Do(ctx, http.MethodPut, agentPath(p.id)+"/widget", want, nil)
	})
	return nil
}

func orEmpty(w *callwright.Widget) callwright.Widget {
	if w == nil {
		return callwright.Widget{}
	}
	return *w
}

// keep notes that a section of the server stays which the file leaves out.
func (p *planned) keep(section string, there bool) {
	if there {
		p.notes = append(p.notes, fmt.Sprintf("= keep %s, which the file does not have (--prune clears it)", section))
	}
}
