package webchat

import (
	"context"
	"encoding/json"

	"callwright"
)

// A Bootstrap is what a page needs to show an agent's chat window. All of it is
// public.
type Bootstrap struct {
	AgentMeta AgentMeta `json:"agentMeta"`
	callwright.Widget
}

// AgentMeta is what a visitor may know of an agent.
type AgentMeta struct {
	ID              callwright.AgentID `json:"id"`
	Name            string             `json:"name"`
	PrimaryLanguage string             `json:"primaryLanguage"`
	Languages       []string           `json:"languages"`
	Greeting        string             `json:"greeting" doc:"What it says first in a chat"`
}

// Bootstrap returns what a visitor's page shows of the actor's agent: the published
// version, or for a key of the test environment the draft. It fails as a new
// session would.
func (c *Channel) Bootstrap(ctx context.Context, actor callwright.Actor) (Bootstrap, error) {
	ready, _, err := c.agent(ctx, actor.Org, actor.Agent, actor.DraftsOnly())
	if err != nil {
		return Bootstrap{}, err
	}
	a := ready.Agent
	b := Bootstrap{AgentMeta: AgentMeta{ID: actor.Agent, Name: a.Name, PrimaryLanguage: a.PrimaryLanguage, Languages: append([]string{}, a.Languages...), Greeting: greeting(a)}}
	if ready.Widget != nil { // versions that were published before there were widgets have none
		b.Widget = *ready.Widget
	}
	for _, part := range []*json.RawMessage{&b.Theme, &b.Copy, &b.Behavior} {
		if len(*part) == 0 {
			*part = json.RawMessage(`{}`)
		}
	}
	return b, nil
}
