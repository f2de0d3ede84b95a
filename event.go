package callwright

import "encoding/json"

// The payloads of the events, one for each type.
type (
	// Utterance is the payload of user_utterance.
	Utterance struct {
		Text          string   `json:"text" doc:"What the caller said; personal data masked where a content_policy says so"`
		IsFinal       bool     `json:"isFinal" doc:"Always true in a receipt"`
		Language      string   `json:"language" doc:"BCP-47 tag"`
		ASRConfidence *float64 `json:"asrConfidence" nullable:"true" doc:"0 to 1; null in chat"`
		Imported      bool     `json:"imported,omitempty" doc:"From a history that a client sent"`
		Sentiment     string   `json:"sentiment,omitempty" enum:"positive,neutral,negative,frustrated"`
	}

	// AgentText is the payload of agent_message.
	AgentText struct {
		MessageID MessageID `json:"messageId"`
		Text      string    `json:"text"`
		Kind      string    `json:"kind,omitempty" doc:"greeting, readback, verification, filler, handoff or policy when the server worded it; empty for the model's words"`
		Imported  bool      `json:"imported,omitempty" doc:"From a history that a client sent; not said by this server"`
	}

	// ToolCall is the payload of tool_call: one event when a skill is asked
	// for and runs (state started), one with what became of it.
	ToolCall struct {
		CallID    string          `json:"callId"`
		RunID     RunID           `json:"runId,omitempty"`
		SkillID   SkillID         `json:"skillId,omitempty"`
		SkillName string          `json:"skillName,omitempty"`
		SkillType SkillType       `json:"skillType,omitempty"`
		Tool      string          `json:"tool" doc:"The skill's name as models see it"`
		State     string          `json:"state" doc:"started, done, queued, needs_input, needs_confirmation, declined, needs_verification, refused, failed, unknown or late"`
		Arguments json.RawMessage `json:"arguments" doc:"As asked for; once coerced, as coerced"`
		Gate      []GateLine      `json:"gate,omitempty" doc:"One line a phase"`
		Sent      json.RawMessage `json:"sent,omitempty" doc:"What left, secrets masked"`
		Answer    json.RawMessage `json:"answer,omitempty" doc:"The tool result that the model was given"`
		Code      Code            `json:"code,omitempty"`
		Detail    string          `json:"detail,omitempty" doc:"For the operator"`
		TookMs    float64         `json:"tookMs,omitempty" doc:"Milliseconds"`
		Delivery  *Delivery       `json:"delivery,omitempty" doc:"Of a text message: what the provider said since"`
		ByServer  bool            `json:"byServer,omitempty" doc:"Run by the server (a caller's yes, a verified caller), not asked for by the model"`
	}

	// KBRetrieval is the payload of kb_retrieval.
	KBRetrieval struct {
		Query    string  `json:"query"`
		Chunks   int     `json:"chunks" doc:"How many were found"`
		TopScore float64 `json:"topScore"`
	}

	// GuardrailHit is the payload of guardrail: a rule that changed what was said
	// or done outside of a single call.
	GuardrailHit struct {
		PolicyType PolicyType `json:"policyType,omitempty" doc:"Empty for a rule of the server itself"`
		Rule       string     `json:"rule" doc:"banned_topic, claim_check, after_hours, escalation, redaction, loop, control_tokens, answer_length or language"`
		Action     string     `json:"action" doc:"withheld, answered, offered, masked or cut"`
		Detail     string     `json:"detail,omitempty"`
	}

	// VerificationStep is the payload of verification.
	VerificationStep struct {
		Method   VerificationMethod `json:"method"`
		State    string             `json:"state" doc:"requested, code_sent, succeeded, failed, locked or expired"`
		Attempts int                `json:"attempts" doc:"Failed attempts in a row"`
		Left     int                `json:"left" doc:"Attempts that are left"`
		Expires  Time               `json:"expires,omitempty" doc:"With succeeded: until when it counts"`
	}

	// LanguageSwitch is the payload of language_switch.
	LanguageSwitch struct {
		From string `json:"from" doc:"BCP-47 tag"`
		To   string `json:"to" doc:"BCP-47 tag"`
	}

	// Handoff is the payload of handoff.
	Handoff struct {
		To      string `json:"to" doc:"E.164 number or SIP URI; empty when only a person is asked to take over the chat"`
		Warm    bool   `json:"warm"`
		Reason  string `json:"reason" doc:"transfer, rule, escalation or error_handling"`
		Rule    string `json:"rule,omitempty" doc:"Label of the transfer rule"`
		Summary string `json:"summary" doc:"What the person who takes over should know"`
	}

	// BargeIn is the payload of barge_in.
	BargeIn struct {
		MessageID MessageID `json:"messageId"`
		Heard     string    `json:"heard" doc:"The part of the message that was heard"`
	}

	// Latency is the payload of latency: where the time of a turn went.
	Latency struct {
		Turn    int     `json:"turn"`
		TotalMs float64 `json:"totalMs"`
		ModelMs float64 `json:"modelMs"`
		SkillMs float64 `json:"skillMs"`
		Model   string  `json:"model" doc:"Which answered last"`

		InputTokens  int     `json:"inputTokens" doc:"Of all requests to providers in the turn, as they counted them"`
		CachedTokens int     `json:"cachedTokens" doc:"Of inputTokens: those that the provider had in its cache"`
		OutputTokens int     `json:"outputTokens"`
		CostUSD      float64 `json:"costUsd" doc:"By the prices that the server was given; 0 without them"`
	}

	// Filler is the payload of filler: words that bridge a wait.
	Filler struct {
		MessageID  MessageID `json:"messageId"`
		Text       string    `json:"text"`
		SkillID    SkillID   `json:"skillId" doc:"Empty when the wait is for a model"`
		ExpectedMs int       `json:"expectedMs" doc:"Median duration of the skill's last runs"`
	}

	// Started is the payload of call_started.
	Started struct {
		VersionID VersionID `json:"versionId,omitempty" doc:"Empty when it talks to the draft"`
	}

	// Ended is the payload of call_ended.
	Ended struct {
		Reason  string  `json:"reason"`
		Outcome Outcome `json:"outcome,omitempty"`
	}

	// Failure is the payload of error.
	Failure struct {
		Code    Code   `json:"code"`
		Message string `json:"message"`
	}
)
