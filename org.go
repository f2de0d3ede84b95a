package callwright

import "encoding/json"

// An Org is one tenant. Everything belongs to exactly one.
type Org struct {
	ID        OrgID  `json:"id"`
	Name      string `json:"name"`
	CreatedAt Time   `json:"createdAt"`
}

// A Scope is a permission of a key.
type Scope string

// The scopes of secret keys; ChatPublic is the one scope of publishable keys, which
// no other key can hold.
const (
	AgentsRead        Scope = "agents:read"
	AgentsWrite       Scope = "agents:write"
	SkillsRead        Scope = "skills:read"
	SkillsWrite       Scope = "skills:write"
	KnowledgeRead     Scope = "knowledge:read"
	KnowledgeWrite    Scope = "knowledge:write"
	GuardrailsRead    Scope = "guardrails:read"
	GuardrailsWrite   Scope = "guardrails:write"
	ChatRead          Scope = "chat:read"
	ChatWrite         Scope = "chat:write"
	PubkeysRead       Scope = "pubkeys:read"
	PubkeysWrite      Scope = "pubkeys:write"
	WidgetsRead       Scope = "widgets:read"
	WidgetsWrite      Scope = "widgets:write"
	IntegrationsRead  Scope = "integrations:read"
	IntegrationsWrite Scope = "integrations:write"
	NumbersRead       Scope = "numbers:read"
	NumbersWrite      Scope = "numbers:write"
	BillingRead       Scope = "billing:read"
	BillingWrite      Scope = "billing:write"
	AnalyticsRead     Scope = "analytics:read"
	AnalyticsWrite    Scope = "analytics:write"
	CallsRead         Scope = "calls:read"

	ChatPublic Scope = "chat:public"
)

// Scopes lists every scope that a secret key can hold.
func Scopes() []Scope {
	return []Scope{
		AgentsRead, AgentsWrite, SkillsRead, SkillsWrite, KnowledgeRead, KnowledgeWrite, GuardrailsRead, GuardrailsWrite,
		ChatRead, ChatWrite, PubkeysRead, PubkeysWrite, WidgetsRead, WidgetsWrite, IntegrationsRead, IntegrationsWrite,
		NumbersRead, NumbersWrite, BillingRead, BillingWrite, AnalyticsRead, AnalyticsWrite, CallsRead,
	}
}

// A Once is an idempotency key on its way to the transaction that it protects: the
// record that answers a repeated request is written there, with the effect or not
// at all.
type Once struct {
	Key         string // the client's
	Fingerprint string // of method, path and body
	Begun       RunID  // the run that this request began once before, when its answer was lost

	// Answer makes the response to be repeated from what the request made.
	Answer func(data any) (status int, body []byte, err error)
}

// A Secret is the public side of a stored secret. Its value goes in and never
// comes out.
type Secret struct {
	ID           SecretID `json:"id"`
	Name         string   `json:"name"`
	AllowedHosts []string `json:"allowedHosts" doc:"The only hosts the value may be sent to; empty: any host a skill names"`
	CreatedAt    Time     `json:"createdAt"`
	UpdatedAt    Time     `json:"updatedAt"`
}

// An AuditEvent is one change that an operator made.
type AuditEvent struct {
	ID          EventID         `json:"id"`
	Actor       string          `json:"actor" doc:"Id of the key, or server or command line"`
	Environment Environment     `json:"environment" doc:"Of the key, live or test; empty without one"`
	Action      string          `json:"action" doc:"What was done, for example skill.update"`
	Resource    string          `json:"resource" doc:"Id of what it was done to"`
	Before      json.RawMessage `json:"before" doc:"As it was; null when it was made. Secrets are references or left out"`
	After       json.RawMessage `json:"after" doc:"As it is; null when it was deleted"`
	CreatedAt   Time            `json:"createdAt"`
}
