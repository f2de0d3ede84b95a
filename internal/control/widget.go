package control

import (
	"context"
	"encoding/json"
	"html"

	"callwright"
	"callwright/internal/store"
)

const maxWidgetBytes = 16 << 10

// An AgentWidget is the widget of an agent's draft.
type AgentWidget struct {
	AgentID callwright.AgentID `json:"agentId"`
	callwright.Widget
}

// Widget returns the widget of an agent's draft.
func (s *Service) Widget(ctx context.Context, actor callwright.Actor, id callwright.AgentID) (AgentWidget, error) {
	w, err := s.Store.Widget(ctx, actor.Org, id)
	return AgentWidget{id, w}, err
}

// PutWidget replaces the widget of an agent's draft; a part that is absent becomes
// empty. problems are what the caller found wrong with the body already.
func (s *Service) PutWidget(ctx context.Context, actor callwright.Actor, id callwright.AgentID, w callwright.Widget, problems []callwright.FieldError) (AgentWidget, error) {
	if err := s.found(ctx, actor, id); err != nil {
		return AgentWidget{}, err
	}
	for _, part := range []struct {
		name string
		raw  *json.RawMessage
	}{{"theme", &w.Theme}, {"copy", &w.Copy}, {"behavior", &w.Behavior}} {
		if len(*part.raw) == 0 {
			*part.raw = json.RawMessage(`{}`)
		}
		if len(*part.raw) > maxWidgetBytes {
			problems = append(problems, at(part.name, "must have at most 16 KiB")...)
		}
	}
	if err := fail(problems); err != nil {
		return AgentWidget{}, err
	}
	var before, after AgentWidget
	change := store.Change{Action: "widget.update", Resource: string(id), Before: &before, After: &after}
	_, err := s.Store.As(actor, s.Now(), change).UpdateWidget(ctx, actor.Org, id, s.now(), func(current *callwright.Widget) error {
		before, after = AgentWidget{id, *current}, AgentWidget{id, w}
		*current = w
		return nil
	})
	return after, err
}

// An Embed is what an operator puts into a page.
type Embed struct {
	ScriptSnippet  string `json:"scriptSnippet" doc:"The element for the page" example:"<script src=\"https://callwright.example.com/widget/loader.js\" data-callwright-key=\"cw_pk_live_…\" async></script>"`
	PublishableKey string `json:"publishableKey" doc:"The key in it"`
}

// EmbedWidget makes the element with which a page shows an agent's widget. server
// is what clients call this server.
func (s *Service) EmbedWidget(ctx context.Context, actor callwright.Actor, agent callwright.AgentID, id callwright.PublishableKeyID, server string) (Embed, error) {
	if err := s.found(ctx, actor, agent); err != nil {
		return Embed{}, err
	}
	if id == "" {
		return Embed{}, fail(at("publishableKeyId", "is required: the id of one of the agent's publishable keys"))
	}
	k, err := s.Store.PublishableKey(ctx, actor.Org, agent, id)
	if err == nil && k.RevokedAt != 0 {
		err = ended()
	}
	if err != nil {
		return Embed{}, err
	}
	return Embed{PublishableKey: k.KeyPublic,
		ScriptSnippet: `<script src="` + html.EscapeString(server) + `/widget/loader.js" data-callwright-key="` + k.KeyPublic + `" async></script>`}, nil
}
