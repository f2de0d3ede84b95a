package control

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"callwright"
	"callwright/internal/gate"
	"callwright/internal/skill"
	"callwright/internal/store"
)

// A SkillType is one row of the catalogue of skill types.
type SkillType struct {
	Type            callwright.SkillType `json:"type"`
	Description     string               `json:"description" doc:"One sentence"`
	Status          string               `json:"status" enum:"available,reserved,disabled" doc:"reserved: planned, not built. disabled: switched off"`
	ExecutionConfig json.RawMessage      `json:"executionConfig" doc:"JSON Schema of executionConfig; null for a reserved type"`
}

// SkillTypes lists every skill type, by name.
func (s *Service) SkillTypes() []SkillType {
	var out []SkillType
	for _, k := range s.Kinds {
		t := SkillType{Type: k.Type, Description: k.Doc, Status: "available", ExecutionConfig: k.Schema}
		if k.Reserved {
			t.Status, t.ExecutionConfig = "reserved", json.RawMessage("null")
		}
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b SkillType) int { return cmp.Compare(a.Type, b.Type) })
	return out
}

// CreateSkill adds a skill to an agent's draft. problems are what the caller
// found wrong with the body already; everything is reported together.
func (s *Service) CreateSkill(ctx context.Context, actor callwright.Actor, agent callwright.AgentID, spec callwright.SkillSpec, problems []callwright.FieldError) (callwright.Skill, error) {
	err := s.available(spec.SkillType)
	if err == nil {
		err = fail(append(problems, s.checkSkill(ctx, actor, &spec)...))
	}
	// Before anything is said about the body, or kept of it, the agent must be there.
	// When nothing is, the transaction finds out.
	if err != nil || s.holdsSecrets(&spec) {
		if missing := s.found(ctx, actor, agent); missing != nil {
			return callwright.Skill{}, missing
		}
	}
	if err != nil {
		return callwright.Skill{}, err
	}
	now := s.Now()
	sk := callwright.Skill{ID: callwright.NewID[callwright.SkillID](now), AgentID: agent, OrganizationID: actor.Org, SkillSpec: spec,
		CreatedAt: callwright.At(now), UpdatedAt: callwright.At(now)}
	hidden, err := s.hide(ctx, actor, &sk.SkillSpec)
	if err != nil {
		return callwright.Skill{}, err
	}
	if err := s.Store.As(actor, s.Now(), store.Change{Action: "skill.create", Resource: string(sk.ID), After: &sk}).CreateSkill(ctx, sk); err != nil {
		s.forget(ctx, actor, hidden)
		return callwright.Skill{}, err
	}
	return sk, nil
}

// available refuses reserved types. Unknown ones are a matter of validation.
func (s *Service) available(t callwright.SkillType) error {
	if k, ok := s.Kinds[t]; ok && k.Reserved {
		return callwright.Errorf(callwright.CodeNotEnabled, "Skills of type %s are reserved: the type is planned and not available on this server yet.", t)
	}
	return nil
}

// Skill returns a skill of the draft.
func (s *Service) Skill(ctx context.Context, actor callwright.Actor, agent callwright.AgentID, id callwright.SkillID) (callwright.Skill, error) {
	sk, err := s.Store.Skill(ctx, actor.Org, agent, id)
	if err != nil {
		return sk, err
	}
	return sk, s.measure(ctx, actor, &sk)
}

// ListSkills returns a page of the draft's skills, newest first.
func (s *Service) ListSkills(ctx context.Context, actor callwright.Actor, agent callwright.AgentID, p callwright.Page) ([]callwright.Skill, callwright.Pagination, error) {
	skills, info, err := s.Store.ListSkills(ctx, actor.Org, agent, p)
	if err != nil {
		return nil, info, err
	}
	each := make([]*callwright.Skill, len(skills))
	for i := range skills {
		each[i] = &skills[i]
	}
	return skills, info, s.measure(ctx, actor, each...)
}

// PatchSkill changes members of a skill of the draft.
func (s *Service) PatchSkill(ctx context.Context, actor callwright.Actor, agent callwright.AgentID, id callwright.SkillID, patch []byte, problems []callwright.FieldError) (callwright.Skill, error) {
	current, err := s.Store.Skill(ctx, actor.Org, agent, id)
	if err != nil {
		return callwright.Skill{}, err
	}
	spec, err := merge(current.SkillSpec, patch)
	if err != nil {
		return callwright.Skill{}, err
	}
	if err := s.available(spec.SkillType); err != nil {
		return callwright.Skill{}, err
	}
	if err := fail(append(problems, s.checkSkill(ctx, actor, &spec)...)); err != nil {
		return callwright.Skill{}, err
	}
	hidden, err := s.hide(ctx, actor, &spec)
	if err != nil {
		return callwright.Skill{}, err
	}
	var after callwright.Skill
	change := store.Change{Action: "skill.update", Resource: string(id), Before: &current, After: &after}
	_, err = s.Store.As(actor, s.Now(), change).UpdateSkill(ctx, actor.Org, agent, id, func(sk *callwright.Skill) error {
		if sk.UpdatedAt != current.UpdatedAt {
			return callwright.Errorf(callwright.CodeStaleVersion, "The skill was changed by someone else at the same moment: read it and try again.")
		}
		sk.SkillSpec = spec
		sk.UpdatedAt = max(s.now(), sk.UpdatedAt+1)
		after = *sk
		return nil
	})
	if err != nil {
		s.forget(ctx, actor, hidden)
		return callwright.Skill{}, err
	}
	return after, s.measure(ctx, actor, &after)
}

// DeleteSkill takes a skill off the draft.
func (s *Service) DeleteSkill(ctx context.Context, actor callwright.Actor, agent callwright.AgentID, id callwright.SkillID) error {
	before, err := s.Store.Skill(ctx, actor.Org, agent, id)
	if err != nil {
		return err
	}
	return s.Store.As(actor, s.Now(), store.Change{Action: "skill.delete", Resource: string(id), Before: &before}).DeleteSkill(ctx, actor.Org, agent, id, s.now())
}

// A SkillTest is the answer of the test action.
type SkillTest struct {
	Outcome   string                  `json:"outcome" enum:"done,queued,needs_input,refused,failed,unknown" doc:"done: it ran, or with dryRun would have been sent as shown"`
	DryRun    bool                    `json:"dryRun"`
	Arguments json.RawMessage         `json:"arguments" doc:"As coerced"`
	Request   json.RawMessage         `json:"request" doc:"What left, or would leave; secrets masked"`
	Result    json.RawMessage         `json:"result" doc:"What the agent would see; null when there is nothing"`
	Code      callwright.Code         `json:"code" doc:"Why it failed or was refused; empty otherwise"`
	Detail    string                  `json:"detail"`
	Problems  []callwright.FieldError `json:"problems" doc:"Arguments that are missing or wrong"`
	TookMs    float64                 `json:"tookMs" doc:"Milliseconds"`
	Gate      []callwright.GateLine   `json:"gate" doc:"The receipt: one line a phase"`
}

// TestSkill runs a skill of the draft for an operator, or with dryRun shows what
// would leave. Rules about callers do not apply; everything else does. With an
// idempotency key the run happens once, whatever becomes of its answer.
func (s *Service) TestSkill(ctx context.Context, actor callwright.Actor, agent callwright.AgentID, id callwright.SkillID, arguments json.RawMessage, dryRun bool) (SkillTest, error) {
	if actor.Once != nil && actor.Once.Begun != "" {
		return s.lostTest(ctx, actor)
	}
	sk, err := s.Store.Skill(ctx, actor.Org, agent, id)
	if err != nil {
		return SkillTest{}, err
	}
	a, err := s.Store.Agent(ctx, actor.Org, agent)
	if err != nil {
		return SkillTest{}, err
	}
	ready := gate.Compile(callwright.Snapshot{Agent: a, Skills: []callwright.Skill{sk}}, s.Kinds)
	journal := &testJournal{db: s.Store, once: actor.Once}
	out := s.Gate.Run(ctx, &gate.Turn{
		Agent: ready, Operator: true, DryRun: dryRun, Journal: journal,
		Conversation: &callwright.Conversation{OrganizationID: actor.Org, AgentID: agent, Channel: callwright.Chat},
	}, gate.Call{Tool: ready.Skills[0].Tool, Arguments: arguments})[0]
	if journal.late != nil {
		return SkillTest{}, journal.late
	}
	t := SkillTest{Outcome: string(out.Kind), DryRun: dryRun, Arguments: orNull(out.Arguments), Request: orNull(out.Sent), Result: orNull(out.Result),
		Code: out.Code, Detail: out.Detail, TookMs: float64(out.Took) / float64(time.Millisecond), Gate: out.Lines}
	for _, p := range out.Problems {
		t.Problems = append(t.Problems, callwright.FieldError{Field: under("arguments", p.Name), Message: p.Message})
	}
	return t, s.keepTest(ctx, actor, journal.begun, t)
}

// keepTest stores the answer for the request's idempotency key. The run has
// happened, so it does not matter whether the client is still there.
func (s *Service) keepTest(ctx context.Context, actor callwright.Actor, run callwright.RunID, t SkillTest) error {
	if actor.Once == nil {
		return nil
	}
	return s.Store.Keep(context.WithoutCancel(ctx), actor.Org, run, store.Answer{Once: *actor.Once, Data: t, At: s.now()})
}

// longestTest is longer than any run may take: one that still runs after that has
// died with its server.
const longestTest = 2 * time.Minute

// lostTest answers from the journal a request whose run began and whose answer was
// never stored. Nothing is sent again.
func (s *Service) lostTest(ctx context.Context, actor callwright.Actor) (SkillTest, error) {
	run, err := s.Store.Run(ctx, actor.Org, actor.Once.Begun)
	if err != nil {
		return SkillTest{}, err
	}
	t := SkillTest{Outcome: string(run.State), Arguments: orNull(nil), Request: orNull(nil), Result: orNull(run.Answer), Code: run.Code, TookMs: run.TookMs,
		Detail: "The first answer was lost; this is what the journal knows of the run. Nothing was sent again."}
	if run.State == callwright.RunRunning {
		if s.Now().Sub(run.StartedAt.Time()) < longestTest {
			return SkillTest{}, callwright.Errorf(callwright.CodeInProgress, "The first request with this Idempotency-Key is still running the skill. Wait and ask again.")
		}
		t.Outcome, t.Code = string(gate.Unknown), callwright.CodeOutcomeUnknown
	}
	return t, s.keepTest(ctx, actor, run.ID, t)
}

func orNull(raw json.RawMessage) json.RawMessage {
	if !json.Valid(raw) {
		return json.RawMessage("null")
	}
	return raw
}

// A testJournal journals a run outside of any conversation.
type testJournal struct {
	db    *store.DB
	once  *callwright.Once
	begun callwright.RunID // with once
	late  error            // another request with the key was first: nothing was sent
}

// Begin takes the idempotency key with the intent. When another request has it, the
// gate is told that the intent exists, so that it sends nothing.
func (j *testJournal) Begin(ctx context.Context, runs ...callwright.Run) ([]*callwright.Run, error) {
	r := runs[0] // a test is one call
	if j.once == nil {
		return nil, j.db.BeginRun(ctx, r)
	}
	err := j.db.BeginRunOnce(ctx, r, *j.once)
	if callwright.CodeOf(err) == callwright.CodeInProgress {
		j.late = err
		return []*callwright.Run{&r}, nil
	}
	if err == nil {
		j.begun = r.ID
	}
	return nil, err
}

func (j *testJournal) End(ctx context.Context, runs ...callwright.Run) error {
	return j.db.EndRun(ctx, runs[0])
}

// open builds a spec's executor, with its mistakes as field errors of the body.
func (s *Service) open(k skill.Kind, spec *callwright.SkillSpec) (skill.Executor, []callwright.FieldError) {
	x, err := k.Open(spec.ExecutionConfig)
	if err == nil {
		return x, nil
	}
	e, ok := errors.AsType[*callwright.Error](err)
	if !ok {
		return nil, []callwright.FieldError{{Field: "executionConfig", Message: fmt.Sprintf("cannot be used: %s", err)}}
	}
	var problems []callwright.FieldError
	for _, f := range e.Fields {
		problems = append(problems, callwright.FieldError{Field: under("executionConfig", f.Field), Message: f.Message})
	}
	if len(problems) == 0 {
		problems = []callwright.FieldError{{Field: "executionConfig", Message: e.Message}}
	}
	return nil, problems
}

// under puts a path below a member.
func under(member, path string) string {
	switch {
	case path == "":
		return member
	case path[0] == '[':
		return member + path
	}
	return member + "." + path
}
