package callwright

import "encoding/json"

// A Run is one execution of a skill, journalled before it leaves.
type Run struct {
	ID             RunID           `json:"id"`
	OrganizationID OrgID           `json:"organizationId"`
	ConversationID ConversationID  `json:"conversationId" doc:"Empty for a try by an operator"`
	AgentID        AgentID         `json:"agentId"`
	SkillID        SkillID         `json:"skillId"`
	VersionID      VersionID       `json:"versionId" doc:"Empty when the draft ran"`
	Turn           int             `json:"turn" doc:"Of the conversation, from 1"`
	CallID         string          `json:"-"` // of the model's call, for its events; not stored
	IdempotencyKey string          `json:"idempotencyKey" doc:"Sent to the system as Idempotency-Key"`
	IsWrite        bool            `json:"isWrite"`
	State          RunState        `json:"state" enum:"queued,running,done,failed,unknown"`
	Code           Code            `json:"code" doc:"Why it failed or is unknown; empty otherwise"`
	Fields         json.RawMessage `json:"-"` // what leaves, of a queued run alone
	Attempts       int             `json:"attempts" doc:"That were put off by the system and will be, or were, followed by another"`
	NextAt         Time            `json:"nextAt" nullable:"true" doc:"When the next attempt is due, of a queued run that was put off"`
	Answer         json.RawMessage `json:"answer" doc:"What the agent was given; null when there is nothing"`
	StartedAt      Time            `json:"startedAt"`
	TookMs         float64         `json:"tookMs" doc:"Milliseconds; 0 while its end is not known"`
	Note           string          `json:"note" doc:"By whoever resolved it"`
	ResolvedBy     string          `json:"resolvedBy" doc:"Id of the key of whoever resolved it; empty otherwise"`
	ResolvedAt     Time            `json:"resolvedAt" nullable:"true"`
	Delivery       *Delivery       `json:"delivery,omitempty" doc:"Of a text message: what the provider said since; absent otherwise"`
}

// A RunState is what is known of a run.
type RunState string

// The states of a run. One whose server died while it ran becomes unknown: nobody
// can tell whether it had its effect, until an operator says so.
const (
	RunQueued  RunState = "queued"
	RunRunning RunState = "running"
	RunDone    RunState = "done"
	RunFailed  RunState = "failed"
	RunUnknown RunState = "unknown"
)

// A TakenMessage is what a caller asked to pass on to the business.
type TakenMessage struct {
	ID             MessageID      `json:"id"`
	OrganizationID OrgID          `json:"organizationId"`
	AgentID        AgentID        `json:"agentId"`
	ConversationID ConversationID `json:"conversationId"`
	Caller         Caller         `json:"caller" doc:"What is known of the caller; not verified"`
	Text           string         `json:"text"`
	Status         string         `json:"status" enum:"new,read,done"`
	CreatedAt      Time           `json:"createdAt"`
	UpdatedAt      Time           `json:"updatedAt"`
}
