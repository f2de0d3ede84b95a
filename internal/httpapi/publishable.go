package httpapi

import (
	"context"
	"time"

	"callwright"
	"callwright/internal/control"
)

// The paths' parameters.
type (
	PublishableKeysPath struct {
		AgentID string `path:"agentId" doc:"Id of the agent"`
	}
	PublishableKeyPath struct {
		AgentID string `path:"agentId" doc:"Id of the agent"`
		ID      string `path:"id" doc:"Id of the publishable key"`
	}
)

// rotateBody says how long the old key works too.
type rotateBody struct {
	GraceSeconds *int `json:"graceSeconds" required:"false" default:"86400" minimum:"0" maximum:"2592000" doc:"How long the old key works too; 0 ends it at once"`
}

func (b rotateBody) grace() time.Duration {
	if b.GraceSeconds == nil {
		return control.DefaultGrace
	}
	return time.Duration(*b.GraceSeconds) * time.Second
}

func (a *API) publishableRoutes() {
	type (
		one  = callwright.PublishableKey
		spec = callwright.PublishableKeySpec
		list struct {
			PublishableKeysPath
			Paging
		}
		create struct {
			PublishableKeysPath
			JSONBody
		}
		change struct {
			PublishableKeyPath
			JSONBody
		}
	)
	const keys, key = "/agents/{agentId}/publishable-keys", "/agents/{agentId}/publishable-keys/{id}"
	agent := func(s string) callwright.AgentID { return callwright.AgentID(s) }
	id := func(s string) callwright.PublishableKeyID { return callwright.PublishableKeyID(s) }
	register(a, operation{method: get, path: keys, id: "listPublishableKeys", tag: "PublishableKeys", scope: callwright.PubkeysRead,
		gives: examplePublishableKey(), summary: "List publishable keys", doc: "Newest first, those that were revoked too."},
		func(ctx context.Context, actor callwright.Actor, in *list) (*page[one], error) {
			return paged(a.Control.ListPublishableKeys(ctx, actor, agent(in.AgentID), in.page()))
		})
	takes(a, register(a, operation{method: post, path: keys, id: "createPublishableKey", once: true, tag: "PublishableKeys", scope: callwright.PubkeysWrite, status: 201,
		gives: examplePublishableKey(), summary: "Make a publishable key", doc: "For the pages of some origins and one agent. keyPublic is no secret and can be read again at any time."},
		func(ctx context.Context, actor callwright.Actor, in *create) (*answer[one], error) {
			body, problems, err := read[spec](a, ctx, in.RawBody)
			if err != nil {
				return nil, err
			}
			return answered(a.Control.CreatePublishableKey(ctx, actor, agent(in.AgentID), body, problems))
		}), examplePublishableKey().PublishableKeySpec, true)
	takesPatch[spec](a, register(a, operation{method: patch, path: key, id: "updatePublishableKey", tag: "PublishableKeys", scope: callwright.PubkeysWrite,
		fails: codes{callwright.CodeKeyEnded}, gives: examplePublishableKey(), summary: "Change a publishable key", doc: "Members that are absent stay. It takes effect with the next request of a page."},
		func(ctx context.Context, actor callwright.Actor, in *change) (*answer[one], error) {
			problems, err := readPatch[spec](a, in.RawBody, "PublishableKeyPatch")
			if err != nil {
				return nil, err
			}
			return answered(a.Control.PatchPublishableKey(ctx, actor, agent(in.AgentID), id(in.ID), in.RawBody, problems))
		}), "PublishableKeyPatch", map[string]any{"name": "Shop, new pages", "rateLimitRpm": nil})
	register(a, operation{method: remove, path: key, id: "revokePublishableKey", tag: "PublishableKeys", scope: callwright.PubkeysWrite,
		summary: "Revoke a publishable key", doc: "At once and for good. It stays in the list."},
		func(ctx context.Context, actor callwright.Actor, in *PublishableKeyPath) (*deleted, error) {
			return gone(a.Control.RevokePublishableKey(ctx, actor, agent(in.AgentID), id(in.ID)))
		})
	takes(a, register(a, operation{method: post, path: key + "/rotate", id: "rotatePublishableKey", once: true, tag: "PublishableKeys", scope: callwright.PubkeysWrite,
		fails: codes{callwright.CodeKeyEnded}, gives: examplePublishableKey(), summary: "Give a publishable key another text", doc: "Agent and origins stay. Pages with the old text go on working until graceEndsAt."},
		func(ctx context.Context, actor callwright.Actor, in *change) (*answer[one], error) {
			body, problems, err := read[rotateBody](a, ctx, in.RawBody)
			if err != nil {
				return nil, err
			}
			return answered(a.Control.RotatePublishableKey(ctx, actor, agent(in.AgentID), id(in.ID), body.grace(), problems))
		}), rotateBody{GraceSeconds: new(3600)}, false)
}
