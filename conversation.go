package callwright

import "encoding/json"

// A Caller is what is known of the person at the other end. None of it is
// verified.
type Caller struct {
	Name  string `json:"name" required:"false"`
	Phone string `json:"phone" required:"false"`
	Email string `json:"email" required:"false"`
}

// A Conversation is one call or chat. What happened in it is its journal of
// events; this is the part that the next turn needs at hand.
type Conversation struct {
	ID             ConversationID    `json:"id"`
	OrganizationID OrgID             `json:"organizationId"`
	AgentID        AgentID           `json:"agentId"`
	VersionID      VersionID         `json:"versionId"` // empty: the draft
	Channel        Channel           `json:"channel"`
	Status         string            `json:"status"` // active or ended
	Caller         Caller            `json:"caller"`
	Metadata       map[string]string `json:"metadata"`
	Turns          int               `json:"turns"`   // turns begun
	LastSeq        int               `json:"lastSeq"` // of the last event
	Pending        *Confirmation     `json:"pending"` // what the caller was asked to confirm last
	CreatedAt      Time              `json:"createdAt"`
	EndedAt        Time              `json:"endedAt"`
}

// A Confirmation is a question put to the caller: shall this skill run with
// these arguments? Hash binds it to exactly those.
type Confirmation struct {
	SkillID   SkillID         `json:"skillId"`
	Tool      string          `json:"tool"`
	Arguments json.RawMessage `json:"arguments"`
	Hash      string          `json:"hash"`
	Turn      int             `json:"turn"` // in which it was asked; the next turn must answer
	AskedAt   Time            `json:"askedAt"`
}

// An EventType names one kind of audit event.
type EventType string

// The audit events.
const (
	UserUtterance EventType = "user_utterance"
	AgentMessage  EventType = "agent_message"
	ToolCallEvent EventType = "tool_call"
	LatencyEvent  EventType = "latency"
	HandoffEvent  EventType = "handoff"
	CallStarted   EventType = "call_started"
	CallEnded     EventType = "call_ended"
	ErrorEvent    EventType = "error"
)

// An Event is one line of a conversation's journal, which is also its receipt.
type Event struct {
	ID             EventID         `json:"id"`
	ConversationID ConversationID  `json:"conversationId"`
	Seq            int             `json:"seq" doc:"Counts from 1 in the conversation"`
	TsMs           int64           `json:"tsMs" doc:"Milliseconds since the Unix epoch"`
	Channel        Channel         `json:"channel"`
	EventType      EventType       `json:"eventType"`
	Payload        json.RawMessage `json:"payload"`
	TraceID        string          `json:"traceId,omitempty"`
}

// The payloads of the events.
type (
	// Utterance is the payload of user_utterance.
	Utterance struct {
		Text          string   `json:"text"`
		IsFinal       bool     `json:"isFinal"`
		Language      string   `json:"language"`
		ASRConfidence *float64 `json:"asrConfidence"`      // null in chat
		Imported      bool     `json:"imported,omitempty"` // from a history that a client sent
	}

	// AgentText is the payload of agent_message.
	AgentText struct {
		MessageID MessageID `json:"messageId"`
		Text      string    `json:"text"`
		Kind      string    `json:"kind,omitempty"`     // greeting, readback
		Imported  bool      `json:"imported,omitempty"` // from a history that a client sent; not said by this server
	}

	// ToolCall is the payload of tool_call: one event when a skill is asked
	// for and runs (state started), one with what became of it.
	ToolCall struct {
		CallID    string          `json:"callId"`
		RunID     RunID           `json:"runId,omitempty"`
		SkillID   SkillID         `json:"skillId,omitempty"`
		SkillName string          `json:"skillName,omitempty"`
		SkillType SkillType       `json:"skillType,omitempty"`
		Tool      string          `json:"tool"`
		State     string          `json:"state"` // started, or a tool status
		Arguments json.RawMessage `json:"arguments"`
		Gate      []GateLine      `json:"gate,omitempty"`
		Sent      json.RawMessage `json:"sent,omitempty"`   // what left, secrets masked
		Answer    json.RawMessage `json:"answer,omitempty"` // the tool result the model was given
		Code      Code            `json:"code,omitempty"`
		Detail    string          `json:"detail,omitempty"` // for the operator
		TookMs    float64         `json:"tookMs,omitempty"`
		ByServer  bool            `json:"byServer,omitempty"` // run by the caller's yes, not by the model
	}

	// Latency is the payload of latency: where the time of a turn went.
	Latency struct {
		Turn    int     `json:"turn"`
		TotalMs float64 `json:"totalMs"`
		ModelMs float64 `json:"modelMs"`
		SkillMs float64 `json:"skillMs"`
		Model   string  `json:"model"`
	}

	// Ended is the payload of call_ended.
	Ended struct {
		Reason string `json:"reason"`
	}

	// Failure is the payload of error.
	Failure struct {
		Code    Code   `json:"code"`
		Message string `json:"message"`
	}
)

// A GateLine is one phase's line of the receipt.
type GateLine struct {
	Phase   string  `json:"phase"`
	Outcome string  `json:"outcome"` // passed, not_configured, asked, refused, failed, done …
	Detail  string  `json:"detail,omitempty"`
	TookMs  float64 `json:"tookMs,omitempty"`
}

// A Run is one execution of a skill, journalled before it leaves.
type Run struct {
	ID             RunID
	OrganizationID OrgID
	ConversationID ConversationID
	AgentID        AgentID
	SkillID        SkillID
	VersionID      VersionID
	Turn           int
	IdempotencyKey string
	IsWrite        bool
	State          RunState
	Code           Code
	Answer         json.RawMessage
	StartedAt      Time
	TookMs         float64
}

// A RunState is what is known of a run.
type RunState string

// The states of a run. One that is still running when its server starts again
// becomes unknown: nobody can tell whether it had its effect.
const (
	RunRunning RunState = "running"
	RunDone    RunState = "done"
	RunFailed  RunState = "failed"
	RunUnknown RunState = "unknown"
)
