package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"

	"callwright"
	"callwright/internal/strictjson"
)

const put = "PUT"

// ruleRoutes are what an agent has beside its skills: guardrails, and how it verifies
// callers. Both are read and replaced whole.
func (a *API) ruleRoutes() {
	type replace struct {
		SkillsPath
		JSONBody
	}
	id := func(s string) callwright.AgentID { return callwright.AgentID(s) }
	register(a, operation{method: get, path: "/agents/{agentId}/guardrails", id: "listGuardrails", tag: "Guardrails", scope: callwright.GuardrailsRead,
		gives: exampleGuardrails(), summary: "List guardrails", doc: "Of the draft, in their order."},
		func(ctx context.Context, actor callwright.Actor, in *SkillsPath) (*answer[[]callwright.Guardrail], error) {
			return answered(a.Control.Guardrails(ctx, actor, id(in.AgentID)))
		})
	takesList(a, register(a, operation{method: put, path: "/agents/{agentId}/guardrails", id: "replaceGuardrails", tag: "Guardrails", scope: callwright.GuardrailsWrite,
		gives: exampleGuardrails(), summary: "Replace all guardrails", doc: "The list takes the place of the one before, on the draft; callers get it with the next publish. docs/guardrails.md describes the config of each policy."},
		func(ctx context.Context, actor callwright.Actor, in *replace) (*answer[[]callwright.Guardrail], error) {
			rules, problems, err := readList[callwright.Guardrail](a, in.RawBody)
			if err != nil {
				return nil, err
			}
			return answered(a.Control.ReplaceGuardrails(ctx, actor, id(in.AgentID), rules, problems))
		}), exampleGuardrailInput())
	register(a, operation{method: get, path: "/agents/{agentId}/caller-verification", id: "listCallerVerification", tag: "Guardrails", scope: callwright.GuardrailsRead,
		gives: exampleVerification(), summary: "List how callers are verified", doc: "Of the draft, in the order in which methods are tried."},
		func(ctx context.Context, actor callwright.Actor, in *SkillsPath) (*answer[[]callwright.CallerVerification], error) {
			return answered(a.Control.CallerVerification(ctx, actor, id(in.AgentID)))
		})
	takesList(a, register(a, operation{method: put, path: "/agents/{agentId}/caller-verification", id: "replaceCallerVerification", tag: "Guardrails", scope: callwright.GuardrailsWrite,
		gives: exampleVerification(), summary: "Replace how callers are verified", doc: "The list takes the place of the one before, on the draft. The first method is the basic check; stronger ones step up."},
		func(ctx context.Context, actor callwright.Actor, in *replace) (*answer[[]callwright.CallerVerification], error) {
			rules, problems, err := readList[callwright.CallerVerification](a, in.RawBody)
			if err != nil {
				return nil, err
			}
			return answered(a.Control.ReplaceCallerVerification(ctx, actor, id(in.AgentID), rules, problems))
		}), exampleVerificationInput())
}

// readList decodes a body as a list of T, like read.
func readList[T any](a *API, raw []byte) ([]T, []callwright.FieldError, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		raw = []byte("null")
	}
	value, err := strictjson.Value(raw)
	if err != nil {
		return nil, nil, malformed(err)
	}
	items, ok := value.([]any)
	if !ok {
		return nil, []callwright.FieldError{{Field: "body", Message: "must be a list"}}, nil
	}
	s, err := a.compiled(reflect.TypeFor[T](), a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, "").Ref)
	if err != nil {
		return nil, nil, err
	}
	var raws []json.RawMessage
	if err := json.Unmarshal(raw, &raws); err != nil {
		return nil, nil, malformed(err)
	}
	out := make([]T, len(items))
	var problems []callwright.FieldError
	for i, item := range items {
		place := "[" + strconv.Itoa(i) + "]"
		problems = append(problems, nul(place, item)...)
		for _, p := range s.Validate(item) {
			problems = append(problems, callwright.FieldError{Field: strings.TrimSuffix(place+"."+p.Path, "."), Message: p.Message})
		}
		_ = json.Unmarshal(raws[i], &out[i]) // members of the wrong type are among the problems
	}
	return out, problems, nil
}
