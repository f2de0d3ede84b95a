package control

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/text/language"

	"callwright"
	"callwright/internal/store"
)

// CreateAgent makes a draft agent. problems are what the caller found wrong with
// the body already; everything is reported together.
func (s *Service) CreateAgent(ctx context.Context, actor callwright.Actor, spec callwright.AgentSpec, problems []callwright.FieldError) (callwright.Agent, error) {
	if err := fail(append(problems, checkAgent(&spec)...)); err != nil {
		return callwright.Agent{}, err
	}
	now := s.Now()
	a := callwright.Agent{ID: callwright.NewID[callwright.AgentID](now), OrganizationID: actor.Org, AgentSpec: spec, Version: 1, Status: "draft",
		CreatedBy: string(actor.Key), CreatedAt: callwright.At(now), UpdatedAt: callwright.At(now)}
	return a, s.Store.As(actor, now, store.Change{Action: "agent.create", Resource: string(a.ID), After: &a}).CreateAgent(ctx, a)
}

// Agent returns an agent with its draft.
func (s *Service) Agent(ctx context.Context, actor callwright.Actor, id callwright.AgentID) (callwright.Agent, error) {
	return s.Store.Agent(ctx, actor.Org, id)
}

// ListAgents returns a page of agents, newest first.
func (s *Service) ListAgents(ctx context.Context, actor callwright.Actor, p callwright.Page) ([]callwright.Agent, callwright.Pagination, error) {
	return s.Store.ListAgents(ctx, actor.Org, p)
}

// PatchAgent changes members of an agent's draft. version, unless it is 0, is the
// one that the client read: a newer one is stale_version with the agent as it is.
func (s *Service) PatchAgent(ctx context.Context, actor callwright.Actor, id callwright.AgentID, version int, patch []byte, problems []callwright.FieldError) (callwright.Agent, error) {
	var before, after callwright.Agent
	change := store.Change{Action: "agent.update", Resource: string(id), Before: &before, After: &after}
	return s.Store.As(actor, s.Now(), change).UpdateAgent(ctx, actor.Org, id, func(a *callwright.Agent) error {
		before = *a
		if version != 0 && version != a.Version {
			stale := callwright.Errorf(callwright.CodeStaleVersion, "The agent is at version %d: apply your change to that, which data has, and send it again.", a.Version)
			stale.Current = *a
			return stale
		}
		spec, err := merge(a.AgentSpec, patch)
		if err != nil {
			return err
		}
		if err := fail(append(problems, checkAgent(&spec)...)); err != nil {
			return err
		}
		a.AgentSpec = spec
		a.Version++
		a.UpdatedAt = s.now()
		after = *a
		return nil
	})
}

// DeleteAgent takes an agent out of service for good.
func (s *Service) DeleteAgent(ctx context.Context, actor callwright.Actor, id callwright.AgentID) error {
	before, err := s.Store.Agent(ctx, actor.Org, id)
	if err != nil {
		return err
	}
	return s.Store.As(actor, s.Now(), store.Change{Action: "agent.delete", Resource: string(id), Before: &before}).DeleteAgent(ctx, actor.Org, id, s.now())
}

// checkAgent reports everything wrong with a spec, and fills in defaults.
func checkAgent(a *callwright.AgentSpec) []callwright.FieldError {
	p := text("name", a.Name, 1, 200)
	p = append(p, text("persona", a.Persona, 0, 20_000)...)
	p = append(p, text("greeting", a.Greeting, 0, 2_000)...)
	if a.PrimaryLanguage == "" {
		a.PrimaryLanguage = "en-US"
	}
	p = append(p, tag("primaryLanguage", a.PrimaryLanguage)...)
	for i, l := range a.Languages {
		p = append(p, tag(fmt.Sprintf("languages[%d]", i), l)...)
	}
	p = append(p, oneOf("languageBehavior", &a.LanguageBehavior, "single_language", "code_switch")...)
	p = append(p, checkHours(a.BusinessHours)...)
	p = append(p, checkDestinations(a)...)
	if a.IsActive == nil {
		yes := true
		a.IsActive = &yes
	}
	return p
}

func tag(field, v string) []callwright.FieldError {
	if _, err := language.Parse(v); err != nil {
		return []callwright.FieldError{{Field: field, Message: "must be a BCP-47 language tag such as en-US"}}
	}
	return nil
}

func checkHours(h callwright.BusinessHours) []callwright.FieldError {
	if h.Timezone == "" {
		if len(h.Weekly) > 0 || len(h.Holidays) > 0 {
			return []callwright.FieldError{{Field: "businessHours.timezone", Message: "is required with a schedule: give an IANA name such as America/Chicago"}}
		}
		return nil
	}
	if _, err := time.LoadLocation(h.Timezone); err != nil || h.Timezone == "Local" {
		return []callwright.FieldError{{Field: "businessHours.timezone", Message: "must be an IANA time zone such as America/Chicago"}}
	}
	return checkSchedule(h)
}
