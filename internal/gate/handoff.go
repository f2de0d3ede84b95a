package gate

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"callwright"
	"callwright/internal/schema"
	"callwright/internal/skill"
)

// Handoff decides whether a caller may be handed over now, and where to. problem is
// why not, for the operator.
//
// After hours it is off unless afterHours.allowHumanTransfer; then it goes to
// afterHours.number, if that is set. The emergency line is always open.
func (a *Agent) Handoff(to skill.Transfer, now time.Time) (_ skill.Transfer, problem string) {
	config, hours := a.Agent.HandoffConfig, a.Agent.BusinessHours
	to.To = cmp.Or(to.To, config.TransferDestination)
	to.Warm = to.Warm || config.Warm
	if to.To != "" && to.To == hours.AfterHours.EmergencyNumber {
		return to, ""
	}
	open, err := Open(hours, now)
	if err != nil {
		return to, "the business hours cannot be judged: " + err.Error()
	}
	if !open {
		if !hours.AfterHours.AllowHumanTransfer {
			return to, "the business is closed, and afterHours.allowHumanTransfer is off"
		}
		to.To = cmp.Or(hours.AfterHours.Number, to.To)
	}
	return to, ""
}

// PersonSkill is the id of the skill that hands over to handoffConfig's
// transferDestination.
const PersonSkill callwright.SkillID = "handoff"

// handoffSkills makes skills of handoffConfig: one for each transfer rule, which the
// model chooses by its "when", and one for the default destination.
func handoffSkills(a callwright.Agent) []*Skill {
	h := a.HandoffConfig
	var out []*Skill
	add := func(id callwright.SkillID, name, when, to string) {
		parameters, required, broken := Parameters(callwright.SkillSpec{})
		s := &Skill{Skill: callwright.Skill{ID: id, AgentID: a.ID, OrganizationID: a.OrganizationID, SkillSpec: callwright.SkillSpec{
			Name: name, Description: when, SkillType: callwright.TransferCall, ParametersSchema: parameters}},
			Parameters: parameters, Required: required, broken: broken, executor: handoff{skill.Transfer{To: to, Warm: h.Warm}}}
		if broken == nil {
			s.schema, s.broken = schema.Compile(parameters)
		}
		out = append(out, s)
	}
	if h.TransferDestination != "" {
		add(PersonSkill, "Transfer to a person", "Use when the caller asks to speak to a person, and no other transfer fits.", h.TransferDestination)
	}
	for i, r := range h.TransferRules {
		add(callwright.SkillID(fmt.Sprintf("%s_%d", PersonSkill, i+1)), "Transfer to "+r.Label, r.When, r.Destination)
	}
	return out
}

// A handoff is the executor of a rule of handoffConfig.
type handoff struct{ to skill.Transfer }

// Execute returns the transfer, which the channel performs.
func (h handoff) Execute(context.Context, skill.Call) (skill.Result, error) {
	return skill.Result{Data: json.RawMessage(`{"transferring":true}`), Effect: h.to}, nil
}

// Destination returns where the caller is handed over to.
func (h handoff) Destination() string { return h.to.To }

// closedFor returns why a skill is not available after hours, by afterHours.mode:
// with message_only callers can only leave a message, and with closed not even that.
// The emergency line stays open.
func (a *Agent) closedFor(s *Skill, now time.Time) string {
	hours := a.Agent.BusinessHours
	mode := hours.AfterHours.Mode
	if mode == "" || mode == "full" {
		return ""
	}
	if open, err := Open(hours, now); err != nil || open {
		return ""
	}
	if s.SkillType == callwright.TransferCall && hours.AfterHours.EmergencyNumber != "" {
		if d, ok := s.executor.(skill.Destined); ok && d.Destination() == hours.AfterHours.EmergencyNumber {
			return ""
		}
	}
	if mode == "message_only" && s.takesMessages() {
		return ""
	}
	return "the business is closed, and afterHours.mode is " + mode
}

// takesMessages reports whether the skill leaves a message for the business.
func (s *Skill) takesMessages() bool {
	var c struct{ Action string }
	return s.SkillType == callwright.Builtin && json.Unmarshal(s.ExecutionConfig, &c) == nil && c.Action == "take_message"
}

// Policies returns the agent's guardrails that are in force.
func (a *Agent) Policies() *Policies { return a.policies }
