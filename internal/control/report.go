package control

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"callwright"
	"callwright/internal/gate"
	"callwright/internal/skill"
	"callwright/internal/tmpl"
)

// A Report is what an operator should know before publishing, in plain language.
type Report struct {
	WillSay     []string        `json:"willSay" doc:"What the agent will say and do"`
	WontSay     []string        `json:"wontSay" doc:"What it will not say or do"`
	DataLeaving []Leaving       `json:"dataLeaving" doc:"Which skill sends which fields where"`
	Guardrails  []string        `json:"guardrails" doc:"Rules that hold whatever the model says"`
	Knowledge   KnowledgeReport `json:"knowledge"`
	Warnings    []Finding       `json:"warnings" doc:"What would surprise; publishing is refused while one has level error"`
}

// Leaving is what one skill sends.
type Leaving struct {
	SkillID     callwright.SkillID `json:"skillId"`
	SkillName   string             `json:"skillName"`
	Destination string             `json:"destination"`
	Fields      []string           `json:"fields"`
}

// KnowledgeReport counts the agent's knowledge.
type KnowledgeReport struct {
	Sources int      `json:"sources"`
	Chunks  int      `json:"chunks"`
	Stale   []string `json:"stale"`
}

// A Finding is something to look at before publishing.
type Finding struct {
	Code    string             `json:"code"`
	Level   string             `json:"level" enum:"warning,error"`
	Message string             `json:"message"`
	SkillID callwright.SkillID `json:"skillId,omitempty"`
}

// errors returns the findings that stand in the way of publishing.
func (r Report) errors() []callwright.FieldError {
	var out []callwright.FieldError
	for _, f := range r.Warnings {
		if f.Level == "error" {
			field := "skills." + string(f.SkillID)
			if f.SkillID == "" {
				field = "agent"
			}
			out = append(out, callwright.FieldError{Field: field, Message: f.Message})
		}
	}
	return out
}

// Report looks at the draft and changes nothing.
func (s *Service) Report(ctx context.Context, actor callwright.Actor, id callwright.AgentID) (Report, error) {
	draft, err := s.Store.Draft(ctx, actor.Org, id)
	if err != nil {
		return Report{}, err
	}
	ready := gate.Compile(draft, s.Kinds)
	r := Report{WillSay: willSay(draft), WontSay: wontSay(draft.Agent), DataLeaving: []Leaving{}, Guardrails: []string{}, Knowledge: KnowledgeReport{Stale: []string{}}, Warnings: []Finding{}}
	r.Guardrails = append(r.Guardrails, guardrailsInWords(draft)...)
	for _, sk := range ready.Skills {
		if sk.IsEnabled != nil && !*sk.IsEnabled {
			continue
		}
		x, problem := sk.Executor()
		r.DataLeaving = append(r.DataLeaving, Leaving{SkillID: sk.ID, SkillName: sk.Name, Destination: destination(x), Fields: fields(sk)})
		r.Guardrails = append(r.Guardrails, rules(ready, sk)...)
		r.Warnings = append(r.Warnings, s.findings(ctx, actor, ready, sk, problem)...)
	}
	r.Warnings = append(r.Warnings, ruleFindings(ready)...)
	r.Warnings = append(r.Warnings, alike(ready.Skills)...)
	return r, nil
}

func willSay(d callwright.Snapshot) []string {
	a := d.Agent
	out := []string{}
	if a.Greeting != "" {
		out = append(out, fmt.Sprintf("Opens with “%s”.", a.Greeting))
	} else {
		out = append(out, fmt.Sprintf("Opens with “Hi, this is %s. How can I help you?”, since it has no greeting.", a.Name))
	}
	if a.Tone != "" {
		out = append(out, "Speaks in this tone: "+a.Tone+".")
	}
	for _, g := range a.Goals {
		out = append(out, "Works towards: "+g+".")
	}
	for _, sk := range d.Skills {
		if sk.IsEnabled == nil || *sk.IsEnabled {
			out = append(out, fmt.Sprintf("Uses “%s”. %s", sk.Name, sk.Description))
		}
	}
	return out
}

func wontSay(a callwright.Agent) []string {
	out := []string{}
	for _, n := range a.NeverDo {
		out = append(out, "Is told never to: "+n+".")
	}
	if len(a.Lexicon.Banned) > 0 {
		out = append(out, "Is told to avoid these words: "+list(a.Lexicon.Banned)+".")
	}
	return out
}

func destination(x skill.Executor) string {
	if d, ok := x.(skill.Destined); ok {
		return d.Destination()
	}
	return ""
}

// fields names what a skill sends.
func fields(sk *gate.Skill) []string {
	if len(sk.DataEgressMap) > 0 {
		return slices.Sorted(maps.Keys(sk.DataEgressMap))
	}
	return sk.ParameterNames()
}

// rules says in words what the gate will enforce for a skill.
func rules(a *gate.Agent, sk *gate.Skill) []string {
	var out []string
	say := func(format string, args ...any) {
		out = append(out, fmt.Sprintf("“%s” ", sk.Name)+fmt.Sprintf(format, args...))
	}
	if a.NeedsConfirmation(sk) {
		say("runs only after the caller confirmed the read-back.")
	}
	if need := a.NeedsIdentity(sk); need == "step_up" {
		say("runs only for a caller who was verified again, by a stronger method, a moment ago.")
	} else if need != "" {
		say("runs only for a verified caller.")
	}
	if len(sk.Channels) > 0 {
		say("is offered on %v only.", sk.Channels)
	}
	if sk.AvailabilityWindow == "open" || sk.AvailabilityWindow == "closed" {
		say("runs only while the business is %s.", sk.AvailabilityWindow)
	}
	if len(sk.AllowedFields) > 0 {
		say("shows the agent only %s of its answers.", list(sk.AllowedFields))
	}
	return out
}

// findings is what would surprise about one skill.
func (s *Service) findings(ctx context.Context, actor callwright.Actor, ready *gate.Agent, sk *gate.Skill, problem error) []Finding {
	a := ready.Agent
	var out []Finding
	find := func(level, code, format string, args ...any) {
		out = append(out, Finding{Code: code, Level: level, Message: fmt.Sprintf("“%s” ", sk.Name) + fmt.Sprintf(format, args...), SkillID: sk.ID})
	}
	if problem != nil {
		find("error", "skill_unusable", "cannot run: %s.", problem)
	}
	for _, name := range s.missingSecrets(ctx, actor, sk) {
		find("error", "missing_secret", "names the secret %s, which does not exist: store it with POST /secrets.", name)
	}
	if x, _ := sk.Executor(); x != nil {
		if c, ok := x.(skill.Connected); ok && len(s.checkConnection(ctx, actor, c.Connection())) > 0 {
			find("error", "missing_connection", "names the connection %s, which does not exist: make it with POST /connections.", c.Connection())
		}
	}
	if sk.IsWrite && !ready.NeedsConfirmation(sk) {
		find("warning", "write_without_confirmation", "changes something and asks nobody: set requiresConfirmation, or stakes to medium or high.")
	}
	if len(sk.Channels) > 0 && !slices.Contains(sk.Channels, callwright.Voice) && !slices.Contains(sk.Channels, callwright.Chat) {
		find("warning", "no_channel", "is offered on no channel that exists (%v): nobody will be able to use it.", sk.Channels)
	}
	if x, _ := sk.Executor(); x != nil {
		if u, err := url.Parse(destination(x)); err == nil && u.Scheme == "http" {
			find("warning", "insecure_url", "sends data unencrypted: use https.")
		}
	}
	if len(strings.Fields(sk.Description)) < 4 {
		find("warning", "thin_description", "has a description that is too thin to choose by: say when to use it.")
	}
	if sk.AvailabilityWindow != "both" && sk.AvailabilityWindow != "" && len(a.BusinessHours.Weekly) == 0 && len(a.BusinessHours.Holidays) == 0 {
		find("warning", "no_business_hours", "depends on business hours, and the agent has none: it counts as always open.")
	}
	if need := ready.NeedsIdentity(sk); need != "" && !ready.CanVerify(need) {
		find("warning", "no_verification", "needs a caller verified at level %s, and no method of this agent can do that: it will always be refused. PUT /agents/{agentId}/caller-verification sets one.", need)
	}
	for name, from := range sk.AllowedFrom() {
		if tool, _, _ := strings.Cut(from, "."); ready.Tool(tool) == nil {
			find("warning", "allowed_from_nothing", "takes for %s only what %s returns, and no skill goes by that name: it can never run.", name, tool)
		}
	}
	return out
}

// guardrailsInWords says what an agent's guardrails mean.
func guardrailsInWords(d callwright.Snapshot) []string {
	var out []string
	for _, g := range d.Guardrails {
		if !g.Enabled() {
			continue
		}
		who := "All skills"
		if g.AppliesToSkillType != "" {
			who = fmt.Sprintf("Skills of type %s", g.AppliesToSkillType)
		}
		config := strings.NewReplacer(`"`, "", "{", "", "}", "").Replace(string(g.Config))
		out = append(out, fmt.Sprintf("%s are under the policy %s (%s).", who, g.PolicyType, config))
	}
	for _, v := range d.CallerVerification {
		out = append(out, fmt.Sprintf("Callers are verified by %s.", v.Method))
	}
	return out
}

// ruleFindings is what would surprise about an agent's rules.
func ruleFindings(a *gate.Agent) []Finding {
	var out []Finding
	find := func(level, code, message string) {
		out = append(out, Finding{Code: code, Level: level, Message: message})
	}
	if err := a.BrokenRules(); err != nil {
		find("error", "broken_guardrail", "A guardrail cannot be read, so nothing would run: "+err.Error()+".")
	}
	for _, v := range a.CallerVerification {
		switch sk := a.Skill(v.VerifierSkillID); {
		case sk == nil:
			find("error", "missing_verifier", fmt.Sprintf("The skill that verifies callers by %s is gone: choose another one.", v.Method))
		case sk.IsEnabled != nil && !*sk.IsEnabled:
			find("warning", "verifier_disabled", fmt.Sprintf("“%s”, which verifies callers by %s, is disabled.", sk.Name, v.Method))
		}
	}
	if a.Policies().Talk().EscalationThreshold > 0 && a.Agent.HandoffConfig.TransferDestination == "" {
		find("warning", "missing_destination", "Unhappy callers are to be offered a person, and handoffConfig.transferDestination is empty: nobody will be offered.")
	}
	if h := a.Agent.BusinessHours; h.AfterHours.Mode != "" && h.AfterHours.Mode != "full" && len(h.Weekly) == 0 && len(h.Holidays) == 0 {
		find("warning", "no_business_hours", "afterHours.mode is "+h.AfterHours.Mode+", and the agent has no business hours: it counts as always open.")
	}
	return out
}

// missingSecrets names the secrets that a skill's settings name and that are not
// there.
func (s *Service) missingSecrets(ctx context.Context, actor callwright.Actor, sk *gate.Skill) []string {
	refs, err := tmpl.SecretRefs(string(sk.ExecutionConfig))
	if err != nil {
		return nil
	}
	var out []string
	for _, name := range refs {
		if _, _, err := s.Store.SecretByName(ctx, actor.Org, name); callwright.CodeOf(err) == callwright.CodeNotFound {
			out = append(out, name)
		}
	}
	return out
}

// alike finds pairs of skills that are hard to tell apart: most of the words of
// their names and descriptions are the same.
func alike(skills []*gate.Skill) []Finding {
	var out []Finding
	for i, a := range skills {
		for _, b := range skills[i+1:] {
			if overlap(a.Name+" "+a.Description, b.Name+" "+b.Description) >= 0.75 {
				out = append(out, Finding{Code: "similar_skills", Level: "warning", SkillID: b.ID,
					Message: fmt.Sprintf("“%s” and “%s” are hard to tell apart: say in their descriptions when to use which.", a.Name, b.Name)})
			}
		}
	}
	return out
}

// overlap is the share of words that two texts have in common.
func overlap(a, b string) float64 {
	words := func(s string) map[string]bool {
		out := map[string]bool{}
		for _, w := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r < 'a' || r > 'z' }) {
			out[w] = true
		}
		return out
	}
	x, y := words(a), words(b)
	both := 0
	for w := range x {
		if y[w] {
			both++
		}
	}
	if all := len(x) + len(y) - both; all > 0 {
		return float64(both) / float64(all)
	}
	return 0
}
