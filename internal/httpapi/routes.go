package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"callwright"
	"callwright/internal/control"
)

const (
	get    = http.MethodGet
	post   = http.MethodPost
	patch  = http.MethodPatch
	remove = http.MethodDelete
)

// The paths' parameters.
type (
	AgentPath struct {
		ID string `path:"id" doc:"Id of the agent"`
	}
	SkillsPath struct {
		AgentID string `path:"agentId" doc:"Id of the agent"`
	}
	SkillPath struct {
		AgentID string `path:"agentId" doc:"Id of the agent"`
		ID      string `path:"id" doc:"Id of the skill"`
	}
)

// routes is the product on one screen.
func (a *API) routes() {
	a.agentRoutes()
	a.skillRoutes()
	a.ruleRoutes()
	a.secretRoutes()
	a.connectionRoutes()
	a.textRoutes()
	a.auditRoute()
	a.observeRoutes()
	a.chatRoutes()
	a.publishableRoutes()
	a.widgetRoutes()
	a.keyRoutes()
}

func (a *API) agentRoutes() {
	type (
		one    = callwright.Agent
		create struct{ JSONBody }
		list   struct{ Paging }
		change struct {
			AgentPath
			JSONBody
		}
		edit struct {
			AgentPath
			JSONBody
			IfMatch string `header:"If-Match" doc:"The version you read, as in ETag; a newer one answers 409 with the agent as it is"`
		}
		version struct {
			AgentPath
			VersionID string `path:"versionId" doc:"Id of the version"`
		}
		versions struct {
			AgentPath
			Paging
		}
	)
	id := func(s string) callwright.AgentID { return callwright.AgentID(s) }
	takes(a, register(a, operation{method: post, path: "/agents", id: "createAgent", once: true, tag: "Agents", scope: callwright.AgentsWrite, status: 201,
		gives: exampleAgent(), summary: "Create an agent", doc: "The agent is a draft: publish it before callers can talk to it."},
		func(ctx context.Context, actor callwright.Actor, in *create) (*answer[one], error) {
			spec, problems, err := read[callwright.AgentSpec](a, ctx, in.RawBody)
			if err != nil {
				return nil, err
			}
			return answered(a.Control.CreateAgent(ctx, actor, spec, problems))
		}), exampleAgentSpec(), true)
	register(a, operation{method: get, path: "/agents", id: "listAgents", tag: "Agents", scope: callwright.AgentsRead,
		gives: exampleAgent(), summary: "List agents", doc: "Newest first."},
		func(ctx context.Context, actor callwright.Actor, in *list) (*page[one], error) {
			return paged(a.Control.ListAgents(ctx, actor, in.page()))
		})
	register(a, operation{method: get, path: "/agents/{id}", id: "getAgent", tag: "Agents", scope: callwright.AgentsRead,
		gives: exampleAgent(), summary: "Get an agent", doc: "With its current draft."},
		func(ctx context.Context, actor callwright.Actor, in *AgentPath) (*agentAnswer, error) {
			return tagged(a.Control.Agent(ctx, actor, id(in.ID)))
		})
	takesPatch[callwright.AgentSpec](a, register(a, operation{method: patch, path: "/agents/{id}", id: "updateAgent", tag: "Agents", scope: callwright.AgentsWrite,
		fails: codes{callwright.CodeStaleVersion}, gives: exampleAgent(), summary: "Change an agent's draft", doc: "Members that are absent stay; null puts one back to its default. Callers see the change after the next publish."},
		func(ctx context.Context, actor callwright.Actor, in *edit) (*agentAnswer, error) {
			problems, err := readPatch[callwright.AgentSpec](a, in.RawBody, "AgentPatch")
			if err != nil {
				return nil, err
			}
			read, ok := ifMatch(in.IfMatch)
			if !ok {
				problems = append(problems, callwright.FieldError{Field: "If-Match", Message: "must be a version number such as 7, in quotes or not"})
			}
			return tagged(a.Control.PatchAgent(ctx, actor, id(in.ID), read, in.RawBody, problems))
		}), "AgentPatch", map[string]any{"tone": "warm", "greeting": nil})
	register(a, operation{method: remove, path: "/agents/{id}", id: "deleteAgent", tag: "Agents", scope: callwright.AgentsWrite,
		summary: "Delete an agent", doc: "It disappears from the list and takes no more conversations."},
		func(ctx context.Context, actor callwright.Actor, in *AgentPath) (*deleted, error) {
			return gone(a.Control.DeleteAgent(ctx, actor, id(in.ID)))
		})
	takes(a, register(a, operation{method: post, path: "/agents/{id}/publish", id: "publishAgent", once: true, tag: "Agents", scope: callwright.AgentsWrite,
		fails: codes{callwright.CodeNotPublishable}, gives: exampleVersion(), summary: "Publish an agent", doc: "Freezes the draft, with its skills, as a version. New conversations get it from now on."},
		func(ctx context.Context, actor callwright.Actor, in *change) (*answer[callwright.Version], error) {
			body, problems, err := read[publishBody](a, ctx, in.RawBody)
			if err != nil {
				return nil, err
			}
			return answered(a.Control.Publish(ctx, actor, id(in.ID), body.Note, problems))
		}), publishBody{Note: "Warranty checks"}, false)
	register(a, operation{method: get, path: "/agents/{id}/versions", id: "listVersions", tag: "Agents", scope: callwright.AgentsRead,
		gives: exampleVersion(), summary: "List versions", doc: "What was published, newest first."},
		func(ctx context.Context, actor callwright.Actor, in *versions) (*page[callwright.Version], error) {
			return paged(a.Control.ListVersions(ctx, actor, id(in.ID), in.page()))
		})
	register(a, operation{method: get, path: "/agents/{id}/versions/{versionId}/diff", id: "diffVersion", tag: "Agents", scope: callwright.AgentsRead,
		gives: diffBody{exampleChanges()}, summary: "Compare a version with the draft",
		doc: "What changed since the version was published. Skills are matched by id, so a renamed one is the same one."},
		func(ctx context.Context, actor callwright.Actor, in *version) (*answer[diffBody], error) {
			changes, err := a.Control.Diff(ctx, actor, id(in.ID), callwright.VersionID(in.VersionID))
			return answered(diffBody{changes}, err)
		})
	register(a, operation{method: get, path: "/agents/{id}/prepublish-report", id: "prepublishReport", tag: "Agents", scope: callwright.AgentsRead,
		gives: exampleReport(), summary: "Look before publishing",
		doc: "What the agent will and won't say, which data leaves and where to, the rules that hold, and what would surprise. Publishing is refused while a finding has level error."},
		func(ctx context.Context, actor callwright.Actor, in *AgentPath) (*answer[control.Report], error) {
			return answered(a.Control.Report(ctx, actor, id(in.ID)))
		})
	takes(a, register(a, operation{method: post, path: "/agents/{id}/rollback", id: "rollbackAgent", once: true, tag: "Agents", scope: callwright.AgentsWrite,
		gives: exampleVersion(), summary: "Go back to a version", doc: "New conversations get the version from now on, as it was frozen. The draft stays as it is."},
		func(ctx context.Context, actor callwright.Actor, in *change) (*answer[callwright.Version], error) {
			body, problems, err := read[rollbackBody](a, ctx, in.RawBody)
			if err != nil {
				return nil, err
			}
			return answered(a.Control.Rollback(ctx, actor, id(in.ID), body.VersionID, problems))
		}), rollbackBody{VersionID: exampleVersion().ID}, true)
}

// diffBody is the data of a comparison.
type diffBody struct {
	Changes []control.Change `json:"changes"`
}

type rollbackBody struct {
	VersionID callwright.VersionID `json:"versionId" minLength:"1" doc:"The version that callers should get again"`
}

// agentAnswer is an agent with its version as an entity tag (RFC 9110).
type agentAnswer struct {
	ETag string `header:"ETag" doc:"The agent's version in quotes, for If-Match"`
	Body Envelope[callwright.Agent]
}

func (agentAnswer) example(data any) any {
	return Envelope[callwright.Agent]{Success: true, Data: data.(callwright.Agent)}
}

func tagged(v callwright.Agent, err error) (*agentAnswer, error) {
	if err != nil {
		return nil, err
	}
	return &agentAnswer{`"` + strconv.Itoa(v.Version) + `"`, Envelope[callwright.Agent]{Success: true, Data: v}}, nil
}

// ifMatch reads an If-Match header; 0 means that there is none, or any version
// will do.
func ifMatch(header string) (version int, ok bool) {
	header = strings.Trim(strings.TrimPrefix(strings.TrimSpace(header), "W/"), `"`)
	if header == "" || header == "*" {
		return 0, true
	}
	version, err := strconv.Atoi(header)
	return version, err == nil && version > 0
}

type publishBody struct {
	Note string `json:"note" required:"false" maxLength:"2000" doc:"What changed, for the history"`
}

// testBody is the body of the test action.
type testBody struct {
	Arguments json.RawMessage `json:"arguments" required:"false" doc:"An object of parameter name to value" example:"{\"serial_number\":\"SN-48213-B\"}"`
	DryRun    *bool           `json:"dryRun" required:"false" default:"true" doc:"true: show the exact request that would leave, secrets masked, and send nothing. false: run it"`
}

func (a *API) skillRoutes() {
	type (
		one    = callwright.Skill
		create struct {
			SkillsPath
			JSONBody
		}
		list struct {
			SkillsPath
			Paging
		}
		change struct {
			SkillPath
			JSONBody
		}
		types struct{}
	)
	agent := func(s string) callwright.AgentID { return callwright.AgentID(s) }
	id := func(s string) callwright.SkillID { return callwright.SkillID(s) }
	register(a, operation{method: get, path: "/skill-types", id: "listSkillTypes", tag: "Skills", scope: callwright.SkillsRead,
		gives: a.exampleTypes(), summary: "List skill types",
		doc: "Every type with its state and the JSON Schema of its executionConfig."},
		func(context.Context, callwright.Actor, *types) (*answer[[]control.SkillType], error) {
			return answered(a.Control.SkillTypes(), nil)
		})
	register(a, operation{method: get, path: "/agents/{agentId}/skills", id: "listSkills", tag: "Skills", scope: callwright.SkillsRead,
		gives: exampleSkill(), summary: "List skills", doc: "The draft's, newest first."},
		func(ctx context.Context, actor callwright.Actor, in *list) (*page[one], error) {
			return paged(a.Control.ListSkills(ctx, actor, agent(in.AgentID), in.page()))
		})
	takes(a, register(a, operation{method: post, path: "/agents/{agentId}/skills", id: "createSkill", once: true, tag: "Skills", scope: callwright.SkillsWrite, status: 201,
		fails: codes{callwright.CodeDuplicateName, callwright.CodeNotEnabled}, gives: exampleSkill(), summary: "Create a skill",
		doc: "Adds a skill to the agent's draft; callers can use it after the next publish. Secrets that executionConfig holds in clear (header values such as X-Api-Key, tokens, passwords) move into the secrets store, and the answer names them as {{secret.NAME}}."},
		func(ctx context.Context, actor callwright.Actor, in *create) (*answer[one], error) {
			spec, problems, err := read[callwright.SkillSpec](a, ctx, in.RawBody)
			if err != nil {
				return nil, err
			}
			return answered(a.Control.CreateSkill(ctx, actor, agent(in.AgentID), spec, problems))
		}), exampleSkillSpec(), true)
	register(a, operation{method: get, path: "/agents/{agentId}/skills/{id}", id: "getSkill", tag: "Skills", scope: callwright.SkillsRead,
		gives: exampleSkill(), summary: "Get a skill", doc: "Of the draft."},
		func(ctx context.Context, actor callwright.Actor, in *SkillPath) (*answer[one], error) {
			return answered(a.Control.Skill(ctx, actor, agent(in.AgentID), id(in.ID)))
		})
	takesPatch[callwright.SkillSpec](a, register(a, operation{method: patch, path: "/agents/{agentId}/skills/{id}", id: "updateSkill", tag: "Skills", scope: callwright.SkillsWrite,
		fails: codes{callwright.CodeDuplicateName, callwright.CodeStaleVersion, callwright.CodeNotEnabled}, gives: exampleSkill(),
		summary: "Change a skill", doc: "Members that are absent stay; null puts one back to its default; objects are replaced whole."},
		func(ctx context.Context, actor callwright.Actor, in *change) (*answer[one], error) {
			problems, err := readPatch[callwright.SkillSpec](a, in.RawBody, "SkillPatch")
			if err != nil {
				return nil, err
			}
			return answered(a.Control.PatchSkill(ctx, actor, agent(in.AgentID), id(in.ID), in.RawBody, problems))
		}), "SkillPatch", map[string]any{"stakes": "high", "errorHandling": nil})
	register(a, operation{method: remove, path: "/agents/{agentId}/skills/{id}", id: "deleteSkill", tag: "Skills", scope: callwright.SkillsWrite,
		summary: "Delete a skill", doc: "From the draft; published versions keep it."},
		func(ctx context.Context, actor callwright.Actor, in *SkillPath) (*deleted, error) {
			return gone(a.Control.DeleteSkill(ctx, actor, agent(in.AgentID), id(in.ID)))
		})
	takes(a, register(a, operation{method: post, path: "/agents/{agentId}/skills/{id}/test", id: "testSkill", once: true, tag: "Skills", scope: callwright.SkillsWrite,
		gives:   exampleTest(),
		summary: "Try a skill", doc: "Takes arguments as a model would give them. With dryRun (the default) nothing leaves; without, a repeated request with the same Idempotency-Key runs nothing again, even when the first answer was lost. Rules about callers (channel, window, identity, confirmation) do not apply; all others do."},
		func(ctx context.Context, actor callwright.Actor, in *change) (*answer[control.SkillTest], error) {
			body, problems, err := read[testBody](a, ctx, in.RawBody)
			if err != nil {
				return nil, err
			}
			if len(problems) > 0 {
				return nil, callwright.Invalid(problems...)
			}
			dry := body.DryRun == nil || *body.DryRun
			return answered(a.Control.TestSkill(ctx, actor, agent(in.AgentID), id(in.ID), body.Arguments, dry))
		}), exampleTestBody(), false)
	type roster struct {
		SkillsPath
		JSONBody
	}
	takes(a, register(a, operation{method: post, path: "/agents/{agentId}/geocode-roster", id: "geocodeRoster", tag: "Skills", scope: callwright.SkillsWrite,
		fails: codes{callwright.CodeTimeout, callwright.CodeRefused, callwright.CodeRemoteStatus, callwright.CodeUnreachable, callwright.CodeConnection, callwright.CodeBadResponse, callwright.CodeTooLarge}, gives: exampleRoster(), summary: "Find the addresses of a roster",
		doc: "For the setting roster of geo skills: with lat and lng they need no look-up during a conversation. At most 500 entries a request. Nothing is stored."},
		func(ctx context.Context, actor callwright.Actor, in *roster) (*answer[control.LocatedRoster], error) {
			body, problems, err := read[rosterBody](a, ctx, in.RawBody)
			if err != nil {
				return nil, err
			}
			return answered(a.Control.LocateRoster(ctx, actor, agent(in.AgentID), body.Entries, problems))
		}), rosterBody{exampleRosterEntries()}, true)
}

// rosterBody is what is to be found.
type rosterBody struct {
	Entries []control.RosterEntry `json:"entries" doc:"1 to 500 entries"`
}

func (a *API) secretRoutes() {
	type (
		create struct{ JSONBody }
		list   struct{}
		path   struct {
			ID string `path:"id" doc:"Id or name of the secret"`
		}
	)
	takes(a, register(a, operation{method: post, path: "/secrets", id: "createSecret", once: true, tag: "Secrets", scope: callwright.SkillsWrite, status: 201,
		fails: codes{callwright.CodeDuplicateName}, gives: exampleSecret(), summary: "Store a secret", doc: "Skills name it as {{secret.NAME}} in header values and auth settings. Its value is sealed and never answered."},
		func(ctx context.Context, actor callwright.Actor, in *create) (*answer[callwright.Secret], error) {
			spec, problems, err := read[control.SecretSpec](a, ctx, in.RawBody)
			if err != nil {
				return nil, err
			}
			return answered(a.Control.CreateSecret(ctx, actor, spec, problems))
		}), exampleSecretSpec(), true)
	register(a, operation{method: get, path: "/secrets", id: "listSecrets", tag: "Secrets", scope: callwright.SkillsRead,
		gives: []callwright.Secret{exampleSecret()}, summary: "List secrets", doc: "By name, without values."},
		func(ctx context.Context, actor callwright.Actor, _ *list) (*answer[[]callwright.Secret], error) {
			return answered(a.Control.ListSecrets(ctx, actor))
		})
	register(a, operation{method: remove, path: "/secrets/{id}", id: "deleteSecret", tag: "Secrets", scope: callwright.SkillsWrite,
		summary: "Delete a secret", doc: "Skills that name it fail from now on."},
		func(ctx context.Context, actor callwright.Actor, in *path) (*deleted, error) {
			return gone(a.Control.DeleteSecret(ctx, actor, in.ID))
		})
}

func (a *API) auditRoute() {
	type list struct {
		Paging
		Resource string `query:"resource" maxLength:"100" doc:"Id of an agent, skill, secret or key, deleted ones too: only what was done to it"`
	}
	register(a, operation{method: get, path: "/audit-events", id: "listAuditEvents", tag: "Observe", scope: callwright.AnalyticsRead,
		fails: codes{callwright.CodeNotFound}, gives: exampleAudit(),
		summary: "List audit events", doc: "Who changed what, newest first, with what it was before and is after. Each is written with the change it tells of. A resource that was never yours answers 404."},
		func(ctx context.Context, actor callwright.Actor, in *list) (*page[callwright.AuditEvent], error) {
			return paged(a.Control.ListAudit(ctx, actor, in.Resource, in.page()))
		})
}
