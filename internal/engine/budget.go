package engine

import (
	"context"

	"callwright"
	"callwright/internal/llm"
	"callwright/internal/store"
)

// A Budget bounds what an organization's conversations use of the models of providers
// in a day of UTC. Zero is no bound.
type Budget struct {
	Tokens  int64
	Dollars float64
}

// Admit refuses to begin a conversation with an agent whose model has to be paid for
// when its organization's budget is used up. Those under way go on, with the fallback.
func (e *Engine) Admit(ctx context.Context, agent callwright.Agent) error {
	if e.Budget == (Budget{}) {
		return nil
	}
	order, _ := e.Models(ctx, agent)
	if len(order) == 0 || order[0].Name == e.Fallback.Name {
		return nil
	}
	return e.within(ctx, agent.OrganizationID, e.underWay(agent.OrganizationID))
}

// underWay is what an organization's turns have used, or may be using, and not stored.
func (e *Engine) underWay(org callwright.OrgID) store.Used {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.open[org]
}

// within refuses what would begin with the budget used up. What is under way was read
// before, so what is stored meanwhile counts twice rather than not at all.
func (e *Engine) within(ctx context.Context, org callwright.OrgID, underWay store.Used) error {
	stored, err := e.Store.Used(ctx, org, callwright.At(e.Now()))
	if err != nil {
		return err
	}
	u := stored.Plus(underWay)
	if e.Budget.Tokens > 0 && u.Tokens >= e.Budget.Tokens || e.Budget.Dollars > 0 && u.Dollars >= e.Budget.Dollars {
		return callwright.Errorf(callwright.CodeBudget, "The organization's budget for language models is used up for today. It begins again at 00:00 UTC.")
	}
	return nil
}

// afford holds what a request is expected to take, unless the budget is used up. What
// other turns hold counts, so that many conversations at once overshoot no further
// than one.
func (t *turn) afford(ctx context.Context, m Model, req llm.Request) (*use, error) {
	u := t.use(m, req)
	if t.free(m) || t.Budget == (Budget{}) {
		return u, nil
	}
	if err := t.within(ctx, t.conv.OrganizationID, u.before); err != nil {
		t.hold(u.expected.Negative())
		return nil, err
	}
	return u, nil
}

// hold changes what a turn has used, or may be using, and not yet stored, and returns
// what the organization's turns held before.
func (t *turn) hold(by store.Used) (before store.Used) {
	t.held = t.held.Plus(by)
	t.mu.Lock()
	defer t.mu.Unlock()
	before = t.open[t.conv.OrganizationID]
	if by == (store.Used{}) {
		return before
	}
	if t.open == nil {
		t.open = map[callwright.OrgID]store.Used{}
	}
	org := t.conv.OrganizationID
	if t.open[org] = t.open[org].Plus(by); t.open[org].Tokens == 0 {
		delete(t.open, org)
	}
	return before
}

// price is what a request cost, as far as that is known.
func (t *turn) price(m Model, u llm.Usage) float64 {
	if t.Cost == nil {
		return 0
	}
	return t.Cost(m.Name, u)
}

// A use is what one request takes of the budget.
type use struct {
	t        *turn
	m        Model
	expected store.Used
	before   store.Used // what was held before it
	input    int        // bytes
	output   int
	reported *llm.Usage
}

// usualAnswer is how many tokens an answer is expected to have at most.
const usualAnswer = 2000

// use holds what a request is expected to take.
func (t *turn) use(m Model, req llm.Request) *use {
	u := &use{t: t, m: m}
	if t.free(m) {
		return u
	}
	u.input = len(req.Instructions) + len(req.Context)
	for _, tool := range req.Tools {
		u.input += len(tool.Name) + len(tool.Description) + len(tool.Parameters)
	}
	for _, msg := range req.Messages {
		u.input += len(msg.Content)
		for _, c := range msg.ToolCalls {
			u.input += len(c.Name) + len(c.Arguments)
		}
	}
	u.expected = u.of(llm.Usage{Input: u.input / 3, Output: usualAnswer})
	u.before = t.hold(u.expected)
	return u
}

func (u *use) of(tokens llm.Usage) store.Used {
	return store.Used{Tokens: int64(tokens.Input + tokens.Output), Dollars: u.t.price(u.m, tokens)}
}

func (u *use) heard(c llm.Chunk) {
	u.output += len(c.Text)
	if c.ToolCall != nil {
		u.output += len(c.ToolCall.Name) + len(c.ToolCall.Arguments)
	}
	if c.Usage != nil {
		u.reported = c.Usage
	}
}

// done replaces what was expected by what was taken: what the provider says, or, when
// it does not, an estimate of four bytes to a token. A request that failed at once was
// for nothing; one that took too long may have to be paid for.
func (u *use) done(err error) {
	if u.t.free(u.m) {
		return
	}
	var took store.Used
	switch {
	case u.reported != nil:
		took = u.of(*u.reported)
	case err == nil, u.output > 0, callwright.CodeOf(err) == callwright.CodeTimeout:
		took = u.of(llm.Usage{Input: u.input / 4, Output: u.output / 4})
	}
	u.t.owed = u.t.owed.Plus(took)
	u.t.hold(took.Plus(u.expected.Negative()))
}
