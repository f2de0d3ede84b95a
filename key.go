package callwright

import "slices"

// An Environment is what a key is for. A live key talks to published versions, and
// to drafts on request; a test key talks to drafts alone.
type Environment string

// The environments.
const (
	Live Environment = "live"
	Test Environment = "test"
)

// A Key lets a program act for one organization. Only the SHA-256 of its text is
// kept: keys are random, so nothing slower is needed.
type Key struct {
	ID             KeyID       `json:"id"`
	OrganizationID OrgID       `json:"organizationId"`
	Name           string      `json:"name"`
	Env            Environment `json:"env"`
	Prefix         string      `json:"prefix"` // how its text begins, to tell keys apart
	Scopes         []Scope     `json:"scopes"`
	LastUsedAt     Time        `json:"lastUsedAt"`  // to about a minute
	ExpiresAt      Time        `json:"expiresAt"`   // 0: never
	GraceEndsAt    Time        `json:"graceEndsAt"` // until when the text before the last rotation works too
	RevokedAt      Time        `json:"revokedAt"`
	CreatedAt      Time        `json:"createdAt"`
}

// An Actor is who makes a request: a key of an organization.
type Actor struct {
	Org          OrgID
	Key          KeyID // or the id of a publishable key
	Env          Environment
	Scopes       []Scope
	Agent        AgentID // the only one that a publishable key reaches; empty: all
	RateLimitRPM int     // of a publishable key; 0: that of the organization
	Once         *Once   // the request's idempotency key, or nil
}

// DraftsOnly reports whether the actor may not talk to published versions.
func (a Actor) DraftsOnly() bool { return a.Env == Test }

// Can reports whether the actor holds the scope.
func (a Actor) Can(s Scope) bool { return slices.Contains(a.Scopes, s) }
