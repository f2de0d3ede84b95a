package callwright

import "encoding/json"

// A PublishableKeyID is the id of a publishable key.
type PublishableKeyID string

// Prefix returns the prefix that the ids carry, with the underscore.
func (PublishableKeyID) Prefix() string { return "pk_" }

// PublishableKeySpec is what an operator writes of a publishable key.
type PublishableKeySpec struct {
	Name                        string      `json:"name" doc:"1 to 80 characters" example:"Shop"`
	AllowedOrigins              []string    `json:"allowedOrigins" doc:"Where pages may use the key: scheme, host and port, matched exactly" example:"https://www.example.com"`
	Env                         Environment `json:"env" required:"false" enum:"live,test" default:"live" doc:"live: visitors get the published version. test: they get the draft. It is part of the key, so it never changes"`
	RateLimitRPM                int         `json:"rateLimitRpm" required:"false" default:"60" minimum:"1" maximum:"60000" doc:"Requests a minute with this key, in each server process"`
	RequireIdentityVerification bool        `json:"requireIdentityVerification" required:"false" doc:"For chats from the widget, which are to come: each needs a signed identityToken"`
}

// A PublishableKey lets the pages of some origins reach one agent, and nothing
// else. It is no secret: whoever reads such a page has it.
type PublishableKey struct {
	ID             PublishableKeyID `json:"id" example:"pk_06o8h2q1ntk1v8a3c2m1g5r7e0"`
	AgentID        AgentID          `json:"agentId"`
	OrganizationID OrgID            `json:"organizationId"`
	PublishableKeySpec
	KeyPublic   string  `json:"keyPublic" doc:"The key itself, for data-callwright-key" example:"cw_pk_live_…"`
	Scopes      []Scope `json:"scopes" enum:"chat:public" doc:"Always chat:public alone"`
	LastUsedAt  Time    `json:"lastUsedAt" nullable:"true" doc:"To about a minute; null when it was never used"`
	GraceEndsAt Time    `json:"graceEndsAt" nullable:"true" doc:"Until when the key before the last rotation works too; null when it does not"`
	CreatedAt   Time    `json:"createdAt"`
	RevokedAt   Time    `json:"revokedAt" nullable:"true" doc:"null while it is in force"`
}

// A Widget is how an agent's chat window looks and behaves. It is part of the
// draft: visitors get it with the next publish.
type Widget struct {
	Theme    json.RawMessage `json:"theme" required:"false" doc:"How it looks: an object of at most 16 KiB, kept as given"`
	Copy     json.RawMessage `json:"copy" required:"false" doc:"What it says: an object of at most 16 KiB, kept as given"`
	Behavior json.RawMessage `json:"behavior" required:"false" doc:"What it does: an object of at most 16 KiB, kept as given"`
}
