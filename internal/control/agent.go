package control

import (
	"context"

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
