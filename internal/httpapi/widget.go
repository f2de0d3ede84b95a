package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"callwright"
	"callwright/internal/control"
	"callwright/internal/webchat"
)

func (a *API) widgetRoutes() {
	type (
		path = PublishableKeysPath
		save struct {
			PublishableKeysPath
			JSONBody
		}
		embed struct {
			PublishableKeysPath
			KeyID string `query:"publishableKeyId" doc:"Id of one of the agent's publishable keys"`
		}
	)
	const widget = "/agents/{agentId}/widget"
	agent := func(s string) callwright.AgentID { return callwright.AgentID(s) }
	register(a, operation{method: get, path: widget, id: "getWidget", tag: "Widget", scope: callwright.WidgetsRead,
		gives: exampleWidget(), summary: "Get the widget", doc: "Of the draft."},
		func(ctx context.Context, actor callwright.Actor, in *path) (*answer[control.AgentWidget], error) {
			return answered(a.Control.Widget(ctx, actor, agent(in.AgentID)))
		})
	takes(a, register(a, operation{method: http.MethodPut, path: widget, id: "putWidget", tag: "Widget", scope: callwright.WidgetsWrite,
		gives: exampleWidget(), summary: "Replace the widget", doc: "Of the draft: visitors see it after the next publish. A part that is absent becomes empty."},
		func(ctx context.Context, actor callwright.Actor, in *save) (*answer[control.AgentWidget], error) {
			body, problems, err := read[callwright.Widget](a, ctx, in.RawBody)
			if err != nil {
				return nil, err
			}
			return answered(a.Control.PutWidget(ctx, actor, agent(in.AgentID), body, problems))
		}), exampleWidget().Widget, true)
	op := register(a, operation{method: get, path: widget + "/embed", id: "embedWidget", tag: "Widget", scope: callwright.WidgetsRead,
		fails: codes{callwright.CodeKeyEnded}, gives: exampleEmbed(), summary: "Get the element for a page",
		doc: "With one of the agent's publishable keys."},
		func(ctx context.Context, actor callwright.Actor, in *embed) (*answer[control.Embed], error) {
			return answered(a.Control.EmbedWidget(ctx, actor, agent(in.AgentID), callwright.PublishableKeyID(in.KeyID), a.PublicURL()))
		})
	for _, p := range op.Parameters { // control says so, after the agent was found
		p.Required = true
	}
	a.bootstrapRoute()
}

func (a *API) bootstrapRoute() {
	type visit struct {
		Key    string `query:"key" required:"true" doc:"The publishable key of the page" example:"cw_pk_live_…"`
		Origin string `header:"Origin" required:"true" doc:"The page's origin, which browsers send by themselves" example:"https://www.example.com"`
	}
	h := huma.Operation{Method: get, Path: "/widget/bootstrap", OperationID: "bootstrapWidget", Tags: []string{"Widget"}, Summary: "Start the chat window of a page",
		Description: "For browsers: what the page of an allowed origin needs to show the agent that its publishable key is for. It is what was published; with a test key it is the draft.",
		Responses:   map[string]*huma.Response{}, Security: []map[string][]string{{"publishableKey": {}}}, Middlewares: huma.Middlewares{a.visitor}}
	huma.Register(a.huma, h,
		func(ctx context.Context, _ *visit) (*answer[webchat.Bootstrap], error) {
			b, err := a.Chat.Bootstrap(ctx, infoOf(ctx).actor)
			if err != nil {
				return nil, a.problem(ctx, err)
			}
			return answered(b, nil)
		})
	good := h.Responses["200"]
	good.Content["application/json"].Example = written(answer[webchat.Bootstrap]{}.example(exampleBootstrap()))
	clear(h.Responses)
	h.Responses["200"] = good
	a.refuses(&h, callwright.CodeUnauthenticated, callwright.CodeOrigin, callwright.CodeNotFound, callwright.CodeNotPublished, callwright.CodeInactive, callwright.CodeRateLimited, callwright.CodeInternal)
}

// visitor finds out for whose agent a page asks, and whether it may: a publishable
// key, the page's origin, then how often. Only a page of an allowed origin can read
// the answer, whatever it is.
func (a *API) visitor(ctx huma.Context, next func(huma.Context)) {
	ctx.SetHeader("Vary", "Origin")
	ctx.SetHeader("Cache-Control", "no-store")
	origin := ctx.Header("Origin")
	actor, err := a.Control.Visitor(ctx.Context(), ctx.Query("key"), origin)
	if err == nil {
		ctx.SetHeader("Access-Control-Allow-Origin", origin)
		ctx.SetHeader("Access-Control-Expose-Headers", exposed)
		err = a.limits.take(actor, ctx.SetHeader)
	}
	infoOf(ctx.Context()).actor = actor
	if err != nil {
		a.writeProblem(ctx, a.problem(ctx.Context(), err))
		return
	}
	next(ctx)
}

// exposed are the headers that scripts of a page may read.
const exposed = "RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, X-Request-Id"

// preflight answers a browser that asks whether a page may send its request.
func (a *API) preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if err := a.Control.CheckOrigin(r.Context(), r.URL.Query().Get("key"), origin); err != nil {
		a.writeError(w, r, err)
		return
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Methods", "GET")
	h.Set("Access-Control-Allow-Headers", "Content-Type")
	h.Set("Access-Control-Max-Age", "60")
	w.WriteHeader(http.StatusNoContent)
}
