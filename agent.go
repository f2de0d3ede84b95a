package callwright

import "encoding/json"

// AgentSpec is what an operator writes of an agent.
type AgentSpec struct {
	Name             string                     `json:"name" doc:"1 to 200 characters" example:"Appliance desk"`
	Persona          string                     `json:"persona" required:"false" doc:"Who the agent is and how it helps"`
	PrimaryLanguage  string                     `json:"primaryLanguage" required:"false" default:"en-US" doc:"BCP-47 tag of the language it opens in"`
	Languages        []string                   `json:"languages" required:"false" doc:"BCP-47 tags of all languages it speaks, primaryLanguage among them; empty: that alone"`
	LanguageBehavior string                     `json:"languageBehavior" required:"false" enum:"code_switch,single_language" default:"single_language" doc:"Whether it follows the caller into another of its languages"`
	EnabledChannels  []Channel                  `json:"enabledChannels" required:"false" doc:"voice, chat (open enum). Empty: all"`
	Goals            []string                   `json:"goals" required:"false" maxItems:"50" doc:"What it should achieve: at most 50 items of 500 characters"`
	NeverDo          []string                   `json:"neverDo" required:"false" maxItems:"50" doc:"What it must never do: at most 50 items of 500 characters"`
	Tone             string                     `json:"tone" required:"false" doc:"How it speaks"`
	Lexicon          Lexicon                    `json:"lexicon" required:"false" doc:"Words to prefer, to avoid and to pronounce"`
	VoiceMap         map[string]string          `json:"voiceMap" required:"false" doc:"Language tag to voice id"`
	DefaultVoiceID   string                     `json:"defaultVoiceId" required:"false"`
	VoiceSettings    VoiceSettings              `json:"voiceSettings" required:"false"`
	LLMModel         string                     `json:"llmModel" required:"false" doc:"provider/model; empty for the server's default, builtin for the engine that needs no provider"`
	LLMTemperature   *float64                   `json:"llmTemperature" required:"false" nullable:"true" minimum:"0" maximum:"2"`
	TTSModel         string                     `json:"ttsModel" required:"false"`
	STTModel         string                     `json:"sttModel" required:"false"`
	Endpointing      Endpointing                `json:"endpointing" required:"false"`
	Greeting         string                     `json:"greeting" required:"false" doc:"The first thing it says"`
	HandoffConfig    HandoffConfig              `json:"handoffConfig" required:"false"`
	CallControl      CallControl                `json:"callControl" required:"false"`
	BusinessHours    BusinessHours              `json:"businessHours" required:"false"`
	ChannelOverrides map[string]json.RawMessage `json:"channelOverrides" required:"false" doc:"Keyed by channel: only the agent's members that differ there, and enabled, for example {\"chat\":{\"greeting\":\"Hi!\"}}"`
	AvgTicketCents   int                        `json:"avgTicketCents" required:"false" minimum:"0" doc:"Value of an average order, cents"`
	IsActive         *bool                      `json:"isActive" required:"false" default:"true" doc:"An inactive agent takes no calls or chats"`
}

// Lexicon holds words.
type Lexicon struct {
	Preferred      []string          `json:"preferred" required:"false"`
	Banned         []string          `json:"banned" required:"false"`
	Pronunciations map[string]string `json:"pronunciations" required:"false"`
}

// VoiceSettings tune a synthetic voice; null leaves the voice's own default.
type VoiceSettings struct {
	Stability       *float64 `json:"stability" required:"false" minimum:"0" maximum:"1"`
	SimilarityBoost *float64 `json:"similarityBoost" required:"false" minimum:"0" maximum:"1"`
	Style           *float64 `json:"style" required:"false" minimum:"0" maximum:"1"`
	UseSpeakerBoost *bool    `json:"useSpeakerBoost" required:"false"`
	Speed           *float64 `json:"speed" required:"false" minimum:"0.5" maximum:"2"`
}

// Endpointing says when a caller has finished speaking.
type Endpointing struct {
	MinSilenceMs *int  `json:"minSilenceMs" required:"false" minimum:"0" maximum:"60000"`
	MaxSilenceMs *int  `json:"maxSilenceMs" required:"false" minimum:"0" maximum:"60000" doc:"Not less than minSilenceMs"`
	Semantic     *bool `json:"semantic" required:"false"`
}

// HandoffConfig says how a caller reaches a person.
type HandoffConfig struct {
	Warm                bool           `json:"warm" required:"false"`
	TransferDestination string         `json:"transferDestination" required:"false"`
	EscalationThreshold *int           `json:"escalationThreshold" required:"false" minimum:"1" maximum:"100" doc:"Turns of an unhappy caller before a person is offered"`
	ContextSummaryURL   string         `json:"contextSummaryUrl" required:"false" doc:"http or https"`
	TransferRules       []TransferRule `json:"transferRules" required:"false" maxItems:"50"`
}

// A TransferRule sends a kind of caller to a destination.
type TransferRule struct {
	Label       string `json:"label"`
	When        string `json:"when"`
	Destination string `json:"destination"`
}

// CallControl limits calls; null means the platform's default.
type CallControl struct {
	MaxCallSeconds              *int   `json:"maxCallSeconds" required:"false" minimum:"30" maximum:"14400" doc:"null: 10 minutes"`
	MaxDurationMessage          string `json:"maxDurationMessage" required:"false"`
	IdleReminderDelaySeconds    *int   `json:"idleReminderDelaySeconds" required:"false" minimum:"1" maximum:"14400"`
	IdleReminderIntervalSeconds *int   `json:"idleReminderIntervalSeconds" required:"false" minimum:"1" maximum:"14400"`
	MaxIdleReminders            *int   `json:"maxIdleReminders" required:"false" minimum:"0" maximum:"10"`
	EndCallPhrasesEnabled       *bool  `json:"endCallPhrasesEnabled" required:"false"`
	OnNoResponseAction          string `json:"onNoResponseAction" required:"false" enum:",end_call,transfer,take_message" doc:"Empty: end_call"`
}

// BusinessHours is when the business is open. Empty means always.
type BusinessHours struct {
	Timezone   string             `json:"timezone" required:"false" doc:"IANA time zone, for example America/Chicago; required with a schedule"`
	Weekly     map[string][]Range `json:"weekly" required:"false" doc:"mon to sun. [] is closed; an end at or before its start runs past midnight; the ranges of a day do not overlap"`
	Holidays   []Holiday          `json:"holidays" required:"false" doc:"Every day at most once"`
	AfterHours AfterHours         `json:"afterHours" required:"false"`
}

// A Range is a stretch of a day, "09:00" to "17:30".
type Range struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

// A Holiday overrides the weekly hours on its dates.
type Holiday struct {
	Date    string  `json:"date" doc:"YYYY-MM-DD"`
	Name    string  `json:"name" required:"false"`
	EndDate string  `json:"endDate" required:"false" doc:"YYYY-MM-DD, for more than one day"`
	Closed  bool    `json:"closed" required:"false"`
	Ranges  []Range `json:"ranges" required:"false" doc:"When it is open on these days; none: not at all"`
}

// AfterHours is what the agent does when the business is closed.
type AfterHours struct {
	Mode               string `json:"mode,omitempty" required:"false" enum:"full,message_only,closed" doc:"Left out: full"`
	Message            string `json:"message" required:"false"`
	AllowHumanTransfer bool   `json:"allowHumanTransfer" required:"false"`
	Number             string `json:"number" required:"false"`
	EmergencyNumber    string `json:"emergencyNumber" required:"false"`
}

// An Agent is what callers talk to. Its spec is the draft; callers get the
// published version.
type Agent struct {
	ID             AgentID `json:"id" example:"agt_06o8h2q1ntk1v8a3c2m1g5r7e0"`
	OrganizationID OrgID   `json:"organizationId"`
	AgentSpec
	Version            int       `json:"version" doc:"Counts every change of the agent or its skills"`
	Status             string    `json:"status" enum:"draft,published"`
	PublishedVersionID VersionID `json:"publishedVersionId" doc:"Empty when it was never published"`
	CreatedBy          string    `json:"createdBy"`
	CreatedAt          Time      `json:"createdAt"`
	UpdatedAt          Time      `json:"updatedAt"`
}

// Active reports whether the agent takes conversations.
func (a Agent) Active() bool { return a.IsActive == nil || *a.IsActive }

// A Snapshot is an agent with its skills, rules and widget at one moment: what a
// version freezes and what a conversation runs on.
type Snapshot struct {
	Agent              Agent                `json:"agent"`
	Skills             []Skill              `json:"skills"`
	Guardrails         []Guardrail          `json:"guardrails"`
	CallerVerification []CallerVerification `json:"callerVerification"`
	Widget             *Widget              `json:"widget,omitempty"`
}

// A Version is an immutable published snapshot.
type Version struct {
	ID             VersionID `json:"id"`
	AgentID        AgentID   `json:"agentId"`
	Version        int       `json:"version" doc:"Counts from 1 with every publish"`
	CompiledConfig Snapshot  `json:"compiledConfig"`
	Note           string    `json:"note"`
	PublishedAt    Time      `json:"publishedAt"`
	PublishedBy    string    `json:"publishedBy"`
}
