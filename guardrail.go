package callwright

import "encoding/json"

// A PolicyType names one kind of guardrail.
type PolicyType string

// The policies. Each has a config of its own; docs/guardrails.md describes them.
const (
	VerifyBeforeDisclose PolicyType = "verify_before_disclose"
	AllowedFields        PolicyType = "allowed_fields"
	WriteGate            PolicyType = "write_gate"
	RateLimit            PolicyType = "rate_limit"
	HoursPolicy          PolicyType = "business_hours"
	ContentPolicy        PolicyType = "content_policy"
)

// A Guardrail is a rule about all skills of an agent, or all of one type. It is
// part of the draft and frozen with a version.
type Guardrail struct {
	ID                 GuardrailID     `json:"id" required:"false" doc:"Made when absent"`
	AgentID            AgentID         `json:"agentId" required:"false" doc:"The agent of the path; may be left out"`
	OrganizationID     OrgID           `json:"organizationId" required:"false" doc:"Your organization; may be left out"`
	PolicyType         PolicyType      `json:"policyType" enum:"verify_before_disclose,allowed_fields,write_gate,rate_limit,business_hours,content_policy"`
	AppliesToSkillType SkillType       `json:"appliesToSkillType" required:"false" doc:"Only skills of this type; empty: all"`
	Config             json.RawMessage `json:"config" required:"false" doc:"Settings of the policy, see docs/guardrails.md"`
	IsEnabled          *bool           `json:"isEnabled" required:"false" default:"true"`
}

// Enabled reports whether the guardrail is in force.
func (g Guardrail) Enabled() bool { return g.IsEnabled == nil || *g.IsEnabled }

// A VerificationMethod is a way to find out who a caller is.
type VerificationMethod string

// The methods, from the weakest to the strongest.
const (
	KnowledgeBased VerificationMethod = "knowledge_based"
	DOBPostcode    VerificationMethod = "dob_postcode"
	AccountPIN     VerificationMethod = "account_pin"
	OTPSMS         VerificationMethod = "otp_sms"
)

// Strength orders the methods: one with more may step up from one with less. An
// unknown method has none.
func (m VerificationMethod) Strength() int {
	return map[VerificationMethod]int{KnowledgeBased: 1, DOBPostcode: 2, AccountPIN: 3, OTPSMS: 4}[m]
}

// A CallerVerification ties a method to the skill that checks what callers claim,
// or, for otp_sms, to the skill that sends the code.
type CallerVerification struct {
	ID              VerificationID     `json:"id" required:"false" doc:"Made when absent"`
	AgentID         AgentID            `json:"agentId" required:"false" doc:"The agent of the path; may be left out"`
	OrganizationID  OrgID              `json:"organizationId" required:"false" doc:"Your organization; may be left out"`
	Method          VerificationMethod `json:"method" enum:"dob_postcode,otp_sms,account_pin,knowledge_based"`
	VerifierSkillID SkillID            `json:"verifierSkillId" doc:"The skill that checks the claim; for otp_sms, the one that sends the code"`
	RequiredFields  []string           `json:"requiredFields" required:"false" doc:"Parameters of that skill that must be collected; empty: its required ones"`
	TokenTTLSeconds int                `json:"tokenTtlSeconds" required:"false" minimum:"0" maximum:"86400" doc:"How long a verification holds in the conversation; 0: 900"`
	MaxAttempts     int                `json:"maxAttempts" required:"false" minimum:"0" maximum:"10" doc:"Failed attempts in a conversation after which the method is locked; 0: 3"`
	StepUpFor       []string           `json:"stepUpFor" required:"false" doc:"Ids or names of skills that need a fresh check by this method after a basic one"`
}
