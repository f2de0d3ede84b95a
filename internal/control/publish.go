package control

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/wI2L/jsondiff"

	"callwright"
	"callwright/internal/store"
)

// Publish freezes the draft as a version that callers get from now on. A draft
// with a finding of level error is refused: something in it cannot work.
func (s *Service) Publish(ctx context.Context, actor callwright.Actor, id callwright.AgentID, note string, problems []callwright.FieldError) (callwright.Version, error) {
	if err := s.found(ctx, actor, id); err != nil {
		return callwright.Version{}, err
	}
	if err := fail(append(problems, text("note", note, 0, 2_000)...)); err != nil {
		return callwright.Version{}, err
	}
	report, err := s.Report(ctx, actor, id)
	if err != nil {
		return callwright.Version{}, err
	}
	if bad := report.errors(); len(bad) > 0 {
		return callwright.Version{}, &callwright.Error{Code: callwright.CodeNotPublishable, Message: "The draft cannot be published as it is.", Fields: bad}
	}
	var v callwright.Version
	return s.Store.As(actor, s.Now(), store.Change{Action: "agent.publish", Resource: string(id), After: &v}).Publish(ctx, actor.Org, id, func(snap callwright.Snapshot, number int) (callwright.Version, error) {
		now := s.Now()
		v = callwright.Version{ID: callwright.NewID[callwright.VersionID](now), AgentID: id, Version: number, CompiledConfig: snap, Note: note,
			PublishedAt: callwright.At(now), PublishedBy: string(actor.Key)}
		return v, nil
	})
}

// ListAudit returns a page of the organization's audit trail, newest first; with a
// resource, of that alone. Whatever there is, or was, has an event of its making,
// so a resource without any is not found.
func (s *Service) ListAudit(ctx context.Context, actor callwright.Actor, resource string, p callwright.Page) ([]callwright.AuditEvent, callwright.Pagination, error) {
	events, info, err := s.Store.ListAudit(ctx, actor.Org, resource, p)
	if err == nil && resource != "" && info.Total == 0 {
		return nil, info, callwright.Errorf(callwright.CodeNotFound, "There is no agent, skill, secret or key with this id in your organization.")
	}
	return events, info, err
}

// Answered returns the stored answer to an idempotency key of the actor's
// organization.
func (s *Service) Answered(ctx context.Context, actor callwright.Actor, key string) (store.Answered, bool, error) {
	return s.Store.Answered(ctx, actor.Org, key, s.now())
}

// ListVersions returns a page of what was published, newest first.
func (s *Service) ListVersions(ctx context.Context, actor callwright.Actor, id callwright.AgentID, p callwright.Page) ([]callwright.Version, callwright.Pagination, error) {
	return s.Store.ListVersions(ctx, actor.Org, id, p)
}

// version returns a version of the agent.
func (s *Service) version(ctx context.Context, actor callwright.Actor, id callwright.AgentID, v callwright.VersionID) (callwright.Version, error) {
	if err := s.found(ctx, actor, id); err != nil {
		return callwright.Version{}, err
	}
	version, err := s.Store.Version(ctx, actor.Org, v)
	if err == nil && version.AgentID != id {
		return callwright.Version{}, callwright.Errorf(callwright.CodeNotFound, "There is no such version of this agent.")
	}
	return version, err
}

// Rollback makes an older version the one that callers get, at once: it is as it
// was frozen. The draft stays.
func (s *Service) Rollback(ctx context.Context, actor callwright.Actor, id callwright.AgentID, to callwright.VersionID, problems []callwright.FieldError) (callwright.Version, error) {
	if err := s.found(ctx, actor, id); err != nil {
		return callwright.Version{}, err
	}
	if err := fail(problems); err != nil {
		return callwright.Version{}, err
	}
	v, err := s.version(ctx, actor, id, to)
	if err != nil {
		return v, err
	}
	var before struct {
		PublishedVersionID callwright.VersionID `json:"publishedVersionId"`
	}
	_, err = s.Store.As(actor, s.Now(), store.Change{Action: "agent.rollback", Resource: string(id), Before: &before, After: &v}).UpdateAgent(ctx, actor.Org, id, func(a *callwright.Agent) error {
		before.PublishedVersionID = a.PublishedVersionID
		a.PublishedVersionID, a.Status = v.ID, "published"
		a.Version++
		a.UpdatedAt = s.now()
		return nil
	})
	return v, err
}

// A Change is one difference between a version and the draft.
type Change struct {
	Field  string          `json:"field" doc:"Path of what differs, for example tone or skills[Check warranty].executionConfig.url"`
	Before json.RawMessage `json:"before" doc:"In the version; null when added"`
	After  json.RawMessage `json:"after" doc:"In the draft; null when removed"`
	Kind   string          `json:"kind" enum:"added,removed,changed"`
}

// Diff returns what changed from a version to the draft.
func (s *Service) Diff(ctx context.Context, actor callwright.Actor, id callwright.AgentID, v callwright.VersionID) ([]Change, error) {
	version, err := s.version(ctx, actor, id, v)
	if err != nil {
		return nil, err
	}
	draft, err := s.Store.Draft(ctx, actor.Org, id)
	if err != nil {
		return nil, err
	}
	before, after := asCompared(version.CompiledConfig), asCompared(draft)
	ops, err := jsondiff.Compare(before, after)
	if err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	changes := []Change{}
	for _, op := range ops {
		c := Change{Field: fieldOf(op.Path, before.names, after.names), Before: value(op.OldValue), After: value(op.Value),
			Kind: map[string]string{jsondiff.OperationAdd: "added", jsondiff.OperationRemove: "removed"}[op.Type]}
		if c.Kind == "" {
			c.Kind = "changed"
		}
		changes = append(changes, c)
	}
	return changes, nil
}

// compared is a snapshot as a person compares it: what was written, skills by id
// so that a renamed one is the same one.
type compared struct {
	callwright.AgentSpec
	Guardrails         map[callwright.GuardrailID]callwright.Guardrail                 `json:"guardrails"`
	CallerVerification map[callwright.VerificationMethod]callwright.CallerVerification `json:"callerVerification"`
	Skills             map[callwright.SkillID]callwright.SkillSpec                     `json:"skills"`
	Widget             *callwright.Widget                                              `json:"widget"`
	names              map[string]string
}

func asCompared(snap callwright.Snapshot) compared {
	c := compared{AgentSpec: snap.Agent.AgentSpec, Skills: map[callwright.SkillID]callwright.SkillSpec{}, Widget: snap.Widget, names: map[string]string{},
		Guardrails: map[callwright.GuardrailID]callwright.Guardrail{}, CallerVerification: map[callwright.VerificationMethod]callwright.CallerVerification{}}
	for _, g := range snap.Guardrails {
		c.Guardrails[g.ID] = g
	}
	for _, v := range snap.CallerVerification {
		c.CallerVerification[v.Method] = v
	}
	if c.Widget == nil { // of a version from before there were widgets: an empty one
		empty := json.RawMessage(`{}`)
		c.Widget = &callwright.Widget{Theme: empty, Copy: empty, Behavior: empty}
	}
	for _, sk := range snap.Skills {
		c.Skills[sk.ID] = sk.SkillSpec
		c.names[string(sk.ID)] = sk.Name
	}
	return c
}

// fieldOf turns a JSON pointer into a path, with skills by their names.
func fieldOf(pointer string, before, after map[string]string) string {
	steps := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, st := range steps {
		steps[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(st)
	}
	if steps[0] != "skills" || len(steps) < 2 {
		return strings.Join(steps, ".")
	}
	name := after[steps[1]]
	if name == "" {
		name = before[steps[1]]
	}
	return strings.Join(append([]string{"skills[" + name + "]"}, steps[2:]...), ".")
}

func value(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null")
	}
	return raw
}
