package callwright

import "encoding/json"

// A SkillType names one of the ways in which a skill reaches a system.
type SkillType string

// The skill types of the API.
const (
	DBQuery        SkillType = "db_query"
	HTTPWebhook    SkillType = "http_webhook"
	TransferCall   SkillType = "transfer"
	SMS            SkillType = "sms"
	Email          SkillType = "email"
	Calendar       SkillType = "calendar"
	GoogleSheets   SkillType = "google_sheets"
	CRM            SkillType = "crm"
	MCP            SkillType = "mcp"
	Playbook       SkillType = "playbook"
	KnowledgeQuery SkillType = "knowledge_query"
	Builtin        SkillType = "builtin"
	Geo            SkillType = "geo"
	NativeGraphQL  SkillType = "native_graphql"
	NativeREST     SkillType = "native_rest"
	NativeSQL      SkillType = "native_sql"
)

// A Channel is a way to reach an agent: "voice" or "chat" today. The enum is
// open: values of the future are stored and never match.
type Channel string

// The channels that exist.
const (
	Voice Channel = "voice"
	Chat  Channel = "chat"
)

// SkillSpec is what an operator writes of a skill. The zero value of every
// optional member is its documented default after Normalize.
type SkillSpec struct {
	Name                     string                 `json:"name" doc:"Label of the skill, unique in the agent: 1 to 80 characters" example:"Check warranty status"`
	Description              string                 `json:"description" doc:"What the agent reads to decide when to use the skill: 1 to 2,000 characters" example:"Use when a customer asks whether a product is still under warranty."`
	SkillType                SkillType              `json:"skillType" doc:"How the skill reaches a system; GET /skill-types lists the types" example:"http_webhook"`
	ParametersSchema         json.RawMessage        `json:"parametersSchema" required:"false" doc:"JSON Schema (2020-12) of the values the agent collects: an object schema with a top-level properties map"`
	RequiredParams           []string               `json:"requiredParams" required:"false" doc:"Parameters that must be collected before the call; the union with parametersSchema.required applies"`
	ToolMode                 string                 `json:"toolMode" required:"false" enum:"two_way,one_way" default:"two_way" doc:"two_way: the agent waits for the result and uses it. one_way: the agent goes on at once"`
	ExecutionConfig          json.RawMessage        `json:"executionConfig" required:"false" doc:"Settings of the skill type; GET /skill-types has their JSON Schema"`
	DataEgressMap            map[string]EgressField `json:"dataEgressMap" required:"false" doc:"Outgoing field to source. When present, only these fields leave the system"`
	AllowedFields            []string               `json:"allowedFields" required:"false" doc:"Paths into the result (warranty.expires, items[].sku) that the agent may see. Empty: all of it"`
	IsWrite                  bool                   `json:"isWrite" required:"false" doc:"The skill changes something: at most one effect per intent, never retried by itself"`
	RequiresVerifiedIdentity bool                   `json:"requiresVerifiedIdentity" required:"false" doc:"The caller must be verified first (at least basic)"`
	RequiresConfirmation     bool                   `json:"requiresConfirmation" required:"false" doc:"The caller confirms the read-back before the skill runs"`
	VerificationLevel        string                 `json:"verificationLevel" required:"false" enum:"none,basic,step_up" default:"none" doc:"How well the caller must be verified"`
	NonParallelizable        bool                   `json:"nonParallelizable" required:"false" doc:"At most one run at a time in a conversation"`
	Channels                 []Channel              `json:"channels" required:"false" doc:"Channels the skill is offered on (voice, chat; open enum). Empty: all"`
	ErrorHandling            *ErrorHandling         `json:"errorHandling" required:"false" doc:"What happens when the skill fails; null for the default"`
	IsEnabled                *bool                  `json:"isEnabled" required:"false" default:"true" doc:"A disabled skill is not offered and a call to it is refused"`
	Stakes                   string                 `json:"stakes" required:"false" enum:"low,medium,high" default:"low" doc:"medium: writes are read back and confirmed. high: always read back with every argument"`
	AvailabilityWindow       string                 `json:"availabilityWindow" required:"false" enum:"both,open,closed" default:"both" doc:"both: always. open: in business hours. closed: after hours"`
}

// ErrorHandling says what happens when a skill fails.
type ErrorHandling struct {
	Retries    int      `json:"retries" required:"false" minimum:"0" maximum:"3" doc:"Extra attempts, for reads and idempotent writes"`
	RetryOn    []string `json:"retryOn" required:"false" enum:"timeout,network,429,5xx" doc:"Failures worth another attempt"`
	Message    string   `json:"message" required:"false" doc:"What the agent says instead of the default apology"`
	Then       string   `json:"then" required:"false" enum:"continue,take_message,transfer,end_call" default:"continue" doc:"How the conversation goes on"`
	TransferTo string   `json:"transferTo" required:"false" doc:"E.164 number or SIP URI, with then = transfer"`
}

// An EgressField is where one outgoing field comes from: a parameter name,
// "caller.phone", "caller.name", "conversation.id", "agent.id", or a constant.
// On the wire the bare source string is accepted too.
type EgressField struct {
	Source string          `json:"source,omitempty"`
	Const  json.RawMessage `json:"const,omitempty"`
	Mask   string          `json:"mask,omitempty"`
}

// A Skill is one atomic action of an agent.
type Skill struct {
	ID             SkillID `json:"id" example:"skl_06o8h2q1ntk1v8a3c2m1g5r7e0"`
	AgentID        AgentID `json:"agentId"`
	OrganizationID OrgID   `json:"organizationId"`
	SkillSpec
	ExpectedLatencyMs int  `json:"expectedLatencyMs" doc:"Median duration of the last 21 runs, milliseconds, as of the last ten seconds; 0 when it never ran"`
	CreatedAt         Time `json:"createdAt"`
	UpdatedAt         Time `json:"updatedAt"`
}

// UnmarshalJSON reads the object form or the bare source string.
func (f *EgressField) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		*f = EgressField{}
		return json.Unmarshal(b, &f.Source)
	}
	type plain EgressField
	return json.Unmarshal(b, (*plain)(f))
}

// MarshalJSON writes the bare string where that says everything.
func (f EgressField) MarshalJSON() ([]byte, error) {
	if f.Mask == "" && len(f.Const) == 0 {
		return json.Marshal(f.Source)
	}
	type plain EgressField
	return json.Marshal(plain(f))
}
