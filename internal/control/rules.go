package control

import (
	"context"
	"fmt"
	"slices"

	"callwright"
	"callwright/internal/gate"
	"callwright/internal/store"
)

// maxRules bounds the guardrails, and the ways to verify callers, of one agent.
const maxRules = 50

// Guardrails returns the guardrails of an agent's draft.
func (s *Service) Guardrails(ctx context.Context, actor callwright.Actor, id callwright.AgentID) ([]callwright.Guardrail, error) {
	return s.Store.Guardrails(ctx, actor.Org, id)
}

// ReplaceGuardrails replaces all guardrails of an agent's draft.
func (s *Service) ReplaceGuardrails(ctx context.Context, actor callwright.Actor, id callwright.AgentID, rules []callwright.Guardrail, problems []callwright.FieldError) ([]callwright.Guardrail, error) {
	before, err := s.Store.Guardrails(ctx, actor.Org, id)
	if err != nil {
		return nil, err
	}
	seen := map[callwright.GuardrailID]bool{}
	for i := range rules {
		g := &rules[i]
		field := func(name string) string { return fmt.Sprintf("[%d].%s", i, name) }
		if g.ID == "" {
			g.ID = callwright.NewID[callwright.GuardrailID](s.Now())
		}
		if seen[g.ID] {
			problems = append(problems, at(field("id"), "is given twice")...)
		}
		seen[g.ID] = true
		problems = append(problems, text(field("id"), string(g.ID), 1, 100)...)
		if err := s.owner(actor, id, &g.AgentID, &g.OrganizationID); err != nil {
			return nil, err
		}
		if _, known := s.Kinds[g.AppliesToSkillType]; g.AppliesToSkillType != "" && !known {
			problems = append(problems, at(field("appliesToSkillType"), "is not a skill type: GET /skill-types lists them")...)
		}
		if gate.PolicySchema(g.PolicyType) == nil {
			problems = append(problems, at(field("policyType"), "must be one of "+policyList())...)
		} else {
			for _, p := range gate.CheckPolicy(*g) {
				problems = append(problems, at(field(p.Field), p.Message)...)
			}
		}
		if g.IsEnabled == nil {
			yes := true
			g.IsEnabled = &yes
		}
	}
	if len(rules) > maxRules {
		problems = append(problems, at("body", fmt.Sprintf("must have at most %d guardrails", maxRules))...)
	}
	if err := fail(problems); err != nil {
		return nil, err
	}
	change := store.Change{Action: "guardrails.replace", Resource: string(id), Before: before, After: rules}
	return rules, s.Store.As(actor, s.Now(), change).ReplaceGuardrails(ctx, actor.Org, id, rules, s.now())
}

func policyList() string {
	var out []string
	for _, t := range gate.PolicyTypes() {
		out = append(out, string(t))
	}
	return list(out)
}

// owner fills in whose a rule is. A rule of another agent or organization is not
// found.
func (s *Service) owner(actor callwright.Actor, id callwright.AgentID, agent *callwright.AgentID, org *callwright.OrgID) error {
	if *agent != "" && *agent != id || *org != "" && *org != actor.Org {
		return callwright.Errorf(callwright.CodeNotFound, "agentId and organizationId must be those of the agent in the path, or be left out.")
	}
	*agent, *org = id, actor.Org
	return nil
}

// CallerVerification returns how an agent's draft verifies callers.
func (s *Service) CallerVerification(ctx context.Context, actor callwright.Actor, id callwright.AgentID) ([]callwright.CallerVerification, error) {
	return s.Store.CallerVerification(ctx, actor.Org, id)
}

// ReplaceCallerVerification replaces how an agent's draft verifies callers.
func (s *Service) ReplaceCallerVerification(ctx context.Context, actor callwright.Actor, id callwright.AgentID, rules []callwright.CallerVerification, problems []callwright.FieldError) ([]callwright.CallerVerification, error) {
	draft, err := s.Store.Draft(ctx, actor.Org, id)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for i := range rules {
		v := &rules[i]
		field := func(name string) string { return fmt.Sprintf("[%d].%s", i, name) }
		if v.ID == "" {
			v.ID = callwright.NewID[callwright.VerificationID](s.Now())
		}
		problems = append(problems, text(field("id"), string(v.ID), 1, 100)...)
		if err := s.owner(actor, id, &v.AgentID, &v.OrganizationID); err != nil {
			return nil, err
		}
		if seen[string(v.Method)] {
			problems = append(problems, at(field("method"), "is given twice: a method has one verifier")...)
		}
		seen[string(v.Method)] = true
		more, err := checkVerifier(field, draft, v)
		if err != nil {
			return nil, err
		}
		problems = append(problems, more...)
		if v.TokenTTLSeconds < 0 || v.TokenTTLSeconds > 86_400 {
			problems = append(problems, at(field("tokenTtlSeconds"), "must be 1 to 86400, or 0 for the default of 900")...)
		}
		if v.MaxAttempts < 0 || v.MaxAttempts > 10 {
			problems = append(problems, at(field("maxAttempts"), "must be 1 to 10, or 0 for the default of 3")...)
		}
	}
	if err := fail(problems); err != nil {
		return nil, err
	}
	change := store.Change{Action: "caller_verification.replace", Resource: string(id), Before: draft.CallerVerification, After: rules}
	return rules, s.Store.As(actor, s.Now(), change).ReplaceCallerVerification(ctx, actor.Org, id, rules, s.now())
}

// checkVerifier checks what a verification names against the draft's skills. A skill
// that the agent does not have is not found.
func checkVerifier(field func(string) string, draft callwright.Snapshot, v *callwright.CallerVerification) ([]callwright.FieldError, error) {
	i := slices.IndexFunc(draft.Skills, func(s callwright.Skill) bool { return s.ID == v.VerifierSkillID })
	if i < 0 {
		e := callwright.Errorf(callwright.CodeNotFound, "The agent has no skill of the id in verifierSkillId.")
		e.Fields = at(field("verifierSkillId"), "names no skill of this agent: create the skill first")
		return nil, e
	}
	sk := draft.Skills[i]
	names, _ := checkParameters(&sk.SkillSpec)
	var p []callwright.FieldError
	for k, name := range v.RequiredFields {
		if !slices.Contains(names, name) {
			p = append(p, at(field(fmt.Sprintf("requiredFields[%d]", k)), "is no parameter of the verifier skill")...)
		}
	}
	if v.Method != callwright.OTPSMS && len(names) == 0 {
		p = append(p, at(field("verifierSkillId"), "names a skill without parameters: it has nothing to check")...)
	}
	if sk.ToolMode == "one_way" {
		p = append(p, at(field("verifierSkillId"), "names a one_way skill, whose answer nobody waits for")...)
	}
	for k, name := range v.StepUpFor {
		if !slices.ContainsFunc(draft.Skills, func(s callwright.Skill) bool { return string(s.ID) == name || s.Name == name }) {
			p = append(p, at(field(fmt.Sprintf("stepUpFor[%d]", k)), "is neither the id nor the name of a skill of this agent")...)
		}
	}
	return p, nil
}
