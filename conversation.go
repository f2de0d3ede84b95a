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
	Simulated      bool              `json:"simulated,omitempty"` // by an operator, for a try
	Status         string            `json:"status"`              // active or ended
	Outcome        Outcome           `json:"outcome,omitempty"`   // once it is known
	Caller         Caller            `json:"caller"`
	Metadata       map[string]string `json:"metadata"`
	Turns          int               `json:"turns"`   // turns begun
	LastSeq        int               `json:"lastSeq"` // of the last event
	Pending        *Confirmation     `json:"pending"` // what the caller was asked to confirm last
	CreatedAt      Time              `json:"createdAt"`
	UpdatedAt      Time              `json:"updatedAt"` // of the last turn
	EndedAt        Time              `json:"endedAt"`

	Identity  Identity                   `json:"identity,omitzero"`
	Vars      map[string]json.RawMessage `json:"vars,omitempty"`     // what skills remembered
	Calls     []Time                     `json:"calls,omitempty"`    // when skills were called, while limits need it
	Late      []LateRun                  `json:"late,omitempty"`     // writes that outlived their turn
	Negative  int                        `json:"negative,omitempty"` // turns in which the caller was unhappy
	Offered   bool                       `json:"offered,omitempty"`  // a person was offered for that
	Sentiment int                        `json:"sentiment,omitempty"`
	Topic     string                     `json:"topic,omitempty"` // name of the first skill that ran
	Succeeded int                        `json:"succeeded,omitempty"`
	Failed    int                        `json:"failed,omitempty"`
}

// An Outcome is how a conversation ended.
type Outcome string

// The outcomes. One that nobody ended is abandoned after a while.
const (
	Completed   Outcome = "completed"
	Transferred Outcome = "transferred"
	Abandoned   Outcome = "abandoned"
	Errored     Outcome = "error"
)

// An Identity is what has been found out about who the caller is.
type Identity struct {
	Method   VerificationMethod         `json:"method,omitempty"` // the strongest that succeeded
	At       Time                       `json:"at,omitempty"`     // its last success
	Expires  Time                       `json:"expires,omitempty"`
	Failed   map[VerificationMethod]int `json:"failed,omitempty"`   // attempts in a row
	Awaiting *Awaiting                  `json:"awaiting,omitempty"` // the call that waits for it
	Code     *OneTimeCode               `json:"code,omitempty"`     // sent and not yet used
	Sent     []Time                     `json:"sent,omitempty"`     // when codes were sent
}

// Verified reports whether the caller's identity was checked and still counts.
func (i Identity) Verified(now Time) bool { return i.Method != "" && now < i.Expires }

// An Awaiting is a call that is made again once the caller is verified.
type Awaiting struct {
	Tool      string             `json:"tool"`
	Arguments json.RawMessage    `json:"arguments"`
	Method    VerificationMethod `json:"method"` // the check that it waits for
	Turn      int                `json:"turn"`
}

// A OneTimeCode is known by its hash alone.
type OneTimeCode struct {
	Hash    string `json:"hash"`
	Expires Time   `json:"expires"`
}

// A LateRun is a run whose end the caller has not been told.
type LateRun struct {
	RunID     RunID           `json:"runId"`
	CallID    string          `json:"callId"`
	SkillID   SkillID         `json:"skillId"`
	Tool      string          `json:"tool"`
	Arguments json.RawMessage `json:"arguments"`
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
	UserUtterance       EventType = "user_utterance"
	AgentMessage        EventType = "agent_message"
	ToolCallEvent       EventType = "tool_call"
	KBRetrievalEvent    EventType = "kb_retrieval"
	GuardrailEvent      EventType = "guardrail"
	VerificationEvent   EventType = "verification"
	LanguageSwitchEvent EventType = "language_switch"
	HandoffEvent        EventType = "handoff"
	BargeInEvent        EventType = "barge_in"
	LatencyEvent        EventType = "latency"
	FillerEvent         EventType = "filler"
	CallStarted         EventType = "call_started"
	CallEnded           EventType = "call_ended"
	ErrorEvent          EventType = "error"
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

// A GateLine is one phase's line of the receipt.
type GateLine struct {
	Phase   string  `json:"phase"`
	Outcome string  `json:"outcome"` // passed, not_configured, asked, refused, failed, done …
	Detail  string  `json:"detail,omitempty"`
	TookMs  float64 `json:"tookMs,omitempty"`
}
