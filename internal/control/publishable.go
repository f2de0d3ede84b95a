package control

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"callwright"
	"callwright/internal/store"
)

const (
	publishableKeyPrefix = "cw_pk_"
	defaultRPM           = 60
	maxRPM               = 60_000
)

// CreatePublishableKey makes a key with which pages reach one agent. problems are
// what the caller found wrong with the body already.
func (s *Service) CreatePublishableKey(ctx context.Context, actor callwright.Actor, agent callwright.AgentID, spec callwright.PublishableKeySpec, problems []callwright.FieldError) (callwright.PublishableKey, error) {
	if err := s.found(ctx, actor, agent); err != nil {
		return callwright.PublishableKey{}, err
	}
	if err := fail(append(problems, checkPublishable(&spec)...)); err != nil {
		return callwright.PublishableKey{}, err
	}
	now := s.Now()
	k := callwright.PublishableKey{ID: callwright.NewID[callwright.PublishableKeyID](now), AgentID: agent, OrganizationID: actor.Org, PublishableKeySpec: spec,
		KeyPublic: newText(publishableKeyPrefix, spec.Env), Scopes: []callwright.Scope{callwright.ChatPublic}, CreatedAt: callwright.At(now)}
	change := store.Change{Action: "publishable_key.create", Resource: string(k.ID), After: &k}
	return k, s.Store.As(actor, now, change).CreatePublishableKey(ctx, k)
}

// checkPublishable reports everything wrong with a spec, and fills in defaults.
func checkPublishable(spec *callwright.PublishableKeySpec) []callwright.FieldError {
	p := text("name", spec.Name, 1, 80)
	p = append(p, checkOrigins(spec)...)
	p = append(p, checkEnv(&spec.Env)...)
	if spec.RateLimitRPM == 0 {
		spec.RateLimitRPM = defaultRPM
	}
	if spec.RateLimitRPM < 1 || spec.RateLimitRPM > maxRPM {
		p = append(p, at("rateLimitRpm", "must be 1 to 60000 requests a minute")...)
	}
	return p
}

// PublishableKey returns a publishable key of an agent.
func (s *Service) PublishableKey(ctx context.Context, actor callwright.Actor, agent callwright.AgentID, id callwright.PublishableKeyID) (callwright.PublishableKey, error) {
	return s.Store.PublishableKey(ctx, actor.Org, agent, id)
}

// ListPublishableKeys returns a page of an agent's publishable keys, newest first,
// those that were revoked too.
func (s *Service) ListPublishableKeys(ctx context.Context, actor callwright.Actor, agent callwright.AgentID, p callwright.Page) ([]callwright.PublishableKey, callwright.Pagination, error) {
	return s.Store.ListPublishableKeys(ctx, actor.Org, agent, p)
}

// PatchPublishableKey changes members of a publishable key. It takes effect with
// the next request.
func (s *Service) PatchPublishableKey(ctx context.Context, actor callwright.Actor, agent callwright.AgentID, id callwright.PublishableKeyID, patch []byte, problems []callwright.FieldError) (callwright.PublishableKey, error) {
	return s.changePublishable(ctx, actor, "publishable_key.update", agent, id, func(k *store.PublishableRecord) error {
		spec, err := merge(k.PublishableKeySpec, patch)
		if err != nil {
			return err
		}
		problems := append(problems, checkPublishable(&spec)...)
		if spec.Env != k.Env {
			problems = append(problems, at("env", "is part of the key and cannot change: make another key")...)
		}
		if err := fail(problems); err != nil {
			return err
		}
		k.PublishableKeySpec = spec
		return nil
	})
}

// RotatePublishableKey gives a publishable key of an agent, or of any when that is
// empty, another text. The text before works too until the grace period ends.
func (s *Service) RotatePublishableKey(ctx context.Context, actor callwright.Actor, agent callwright.AgentID, id callwright.PublishableKeyID, grace time.Duration, problems []callwright.FieldError) (callwright.PublishableKey, error) {
	return s.changePublishable(ctx, actor, "publishable_key.rotate", agent, id, func(k *store.PublishableRecord) error {
		if err := fail(append(problems, checkGrace("graceSeconds", grace)...)); err != nil {
			return err
		}
		k.Previous, k.GraceEndsAt = previous(k.KeyPublic, grace, s.Now())
		k.KeyPublic = newText(publishableKeyPrefix, k.Env)
		return nil
	})
}

// changePublishable changes a key that is in force through fn.
func (s *Service) changePublishable(ctx context.Context, actor callwright.Actor, action string, agent callwright.AgentID, id callwright.PublishableKeyID, fn func(*store.PublishableRecord) error) (callwright.PublishableKey, error) {
	var before, after callwright.PublishableKey
	change := store.Change{Action: action, Resource: string(id), Before: &before, After: &after}
	return s.Store.As(actor, s.Now(), change).UpdatePublishableKey(ctx, actor.Org, agent, id, func(k *store.PublishableRecord) error {
		if k.RevokedAt != 0 {
			return ended()
		}
		before = k.PublishableKey
		err := fn(k)
		after = k.PublishableKey
		return err
	})
}

// RevokePublishableKey ends a publishable key of an agent, or of any when that is
// empty, at once. One that is revoked stays as it is.
func (s *Service) RevokePublishableKey(ctx context.Context, actor callwright.Actor, agent callwright.AgentID, id callwright.PublishableKeyID) error {
	_, err := s.changePublishable(ctx, actor, "publishable_key.revoke", agent, id, func(k *store.PublishableRecord) error {
		k.RevokedAt, k.GraceEndsAt = s.now(), 0
		return nil
	})
	if callwright.CodeOf(err) == callwright.CodeKeyEnded {
		return nil
	}
	return err
}

// publishable returns the publishable key with a text that counts.
func (s *Service) publishable(ctx context.Context, text string) (callwright.PublishableKey, error) {
	switch {
	case strings.HasPrefix(text, secretKeyPrefix):
		return callwright.PublishableKey{}, callwright.Errorf(callwright.CodeUnauthenticated, "This takes a publishable key, cw_pk_live_…. A secret key must never be in a page or an address: revoke it if it was.")
	case !strings.HasPrefix(text, publishableKeyPrefix):
		return callwright.PublishableKey{}, noPublishable()
	}
	k, err := s.Store.PublishableKeyByText(ctx, text)
	if callwright.CodeOf(err) == callwright.CodeNotFound {
		return callwright.PublishableKey{}, noPublishable()
	}
	if err != nil {
		return callwright.PublishableKey{}, err
	}
	return k.PublishableKey, inForce(s.now(), lifetime{revoked: k.RevokedAt, graceEnds: k.GraceEndsAt, previous: k.KeyPublic != text})
}

func noPublishable() error {
	return callwright.Errorf(callwright.CodeUnauthenticated, "Send a valid publishable key, cw_pk_live_…: make one with POST /agents/{agentId}/publishable-keys.")
}

// holder is who holds a publishable key.
func (s *Service) holder(ctx context.Context, k callwright.PublishableKey) callwright.Actor {
	now := s.now()
	s.noteUse(ctx, string(k.ID), k.LastUsedAt, now, func(ctx context.Context) error {
		return s.Store.UsedPublishableKey(ctx, k.OrganizationID, k.ID, now)
	})
	return callwright.Actor{Org: k.OrganizationID, Key: callwright.KeyID(k.ID), Env: k.Env, Scopes: k.Scopes, Agent: k.AgentID, RateLimitRPM: k.RateLimitRPM}
}

// Visitor returns who a page at an origin acts for, by a publishable key: somebody
// who may reach the key's agent and nothing else.
func (s *Service) Visitor(ctx context.Context, key, origin string) (callwright.Actor, error) {
	k, err := s.publishable(ctx, key)
	if err == nil {
		err = allows(k, origin)
	}
	if err != nil {
		return callwright.Actor{}, err
	}
	return s.holder(ctx, k), nil
}

// CheckOrigin reports whether pages at an origin may use a publishable key. It is
// for a browser that asks before it sends the request, so it is no use of the key.
func (s *Service) CheckOrigin(ctx context.Context, key, origin string) error {
	k, err := s.publishable(ctx, key)
	if err != nil {
		return err
	}
	return allows(k, origin)
}

func allows(k callwright.PublishableKey, origin string) error {
	if origin == "" {
		return callwright.Errorf(callwright.CodeOrigin, "A publishable key works from pages alone: the request has no Origin header.")
	}
	if !slices.Contains(k.AllowedOrigins, origin) {
		return callwright.Errorf(callwright.CodeOrigin, "The origin of this page is not among the publishable key's allowedOrigins. Scheme, host and port must match exactly.")
	}
	return nil
}

// A KeyLine is what a list shows of a key of either kind.
type KeyLine struct {
	ID, Name, Kind, Prefix string
	Env                    callwright.Environment
	Scopes                 []callwright.Scope
	LastUsedAt, ExpiresAt  callwright.Time // 0: never
	State                  string          // active, expired or revoked
	GraceEndsAt            callwright.Time // until when the text before works too; 0: it does not
}

// AllKeys lists the secret keys of the organization and then its publishable ones,
// each oldest first.
func (s *Service) AllKeys(ctx context.Context, actor callwright.Actor) ([]KeyLine, error) {
	secret, err := s.Store.ListKeys(ctx, actor.Org)
	public, err2 := s.Store.AllPublishableKeys(ctx, actor.Org)
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	now := s.now()
	var out []KeyLine
	for _, k := range secret {
		out = append(out, KeyLine{ID: string(k.ID), Name: k.Name, Kind: "secret", Prefix: k.Prefix, Env: k.Env, Scopes: k.Scopes,
			LastUsedAt: k.LastUsedAt, ExpiresAt: k.ExpiresAt, State: state(now, k.RevokedAt, k.ExpiresAt), GraceEndsAt: later(now, k.GraceEndsAt)})
	}
	for _, k := range public {
		out = append(out, KeyLine{ID: string(k.ID), Name: k.Name, Kind: "publishable", Prefix: k.KeyPublic[:shownPrefix], Env: k.Env, Scopes: k.Scopes,
			LastUsedAt: k.LastUsedAt, State: state(now, k.RevokedAt, 0), GraceEndsAt: later(now, k.GraceEndsAt)})
	}
	return out, nil
}

func state(now, revoked, expires callwright.Time) string {
	switch {
	case revoked != 0:
		return "revoked"
	case expires != 0 && now >= expires:
		return "expired"
	}
	return "active"
}

func later(now, t callwright.Time) callwright.Time {
	if t <= now {
		return 0
	}
	return t
}
