package httpapi

import (
	"context"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"callwright"
	"callwright/internal/control"
	"callwright/internal/engine"
	"callwright/internal/store"
)

// observeRoutes tell what happened.
func (a *API) observeRoutes() {
	type (
		conversations struct {
			Paging
			Q       string    `query:"q" maxLength:"200" doc:"Words that somebody said"`
			AgentID string    `query:"agentId" maxLength:"100" doc:"Only of this agent"`
			From    time.Time `query:"from" doc:"Only those that started then or later (RFC 3339)"`
			To      time.Time `query:"to" doc:"Only those that started before (RFC 3339)"`
			Channel string    `query:"channel" enum:"voice,chat" doc:"Only on this channel"`
			Outcome string    `query:"outcome" enum:"completed,transferred,abandoned,error" doc:"Only with this outcome"`
		}
		conversation struct {
			ID string `path:"id" doc:"Id of the conversation"`
		}
		runs struct {
			Paging
			State          string `query:"state" enum:"queued,running,done,failed,unknown" doc:"Only in this state"`
			AgentID        string `query:"agentId" maxLength:"100" doc:"Only of this agent"`
			ConversationID string `query:"conversationId" maxLength:"100" doc:"Only of this conversation"`
		}
		resolve struct {
			ID string `path:"id" doc:"Id of the run"`
			JSONBody
		}
		messages struct {
			Paging
			AgentID string `query:"agentId" maxLength:"100" doc:"Only of this agent"`
			Status  string `query:"status" enum:"new,read,done" doc:"Only with this status"`
		}
		message struct {
			ID string `path:"id" doc:"Id of the message"`
			JSONBody
		}
	)
	at := func(t time.Time) callwright.Time {
		if t.IsZero() {
			return 0
		}
		return callwright.At(t)
	}
	id := func(s string) callwright.ConversationID { return callwright.ConversationID(s) }
	register(a, operation{method: get, path: "/conversations", id: "listConversations", tag: "Observe", scope: callwright.AnalyticsRead,
		fails: codes{callwright.CodeNotFound}, gives: exampleConversation().ConversationRow, summary: "List conversations", doc: "Newest first. Simulated ones are left out."},
		func(ctx context.Context, actor callwright.Actor, in *conversations) (*page[control.ConversationRow], error) {
			q := control.ConversationQuery{Agent: callwright.AgentID(in.AgentID), Channel: callwright.Channel(in.Channel), Outcome: callwright.Outcome(in.Outcome), From: at(in.From), To: at(in.To), Text: in.Q}
			return paged(a.Control.ListConversations(ctx, actor, q, in.page()))
		})
	register(a, operation{method: get, path: "/conversations/{id}", id: "getConversation", tag: "Observe", scope: callwright.AnalyticsRead,
		gives: exampleConversation(), summary: "Get a conversation", doc: "With what was said."},
		func(ctx context.Context, actor callwright.Actor, in *conversation) (*answer[control.ConversationDetail], error) {
			return answered(a.Control.Conversation(ctx, actor, id(in.ID)))
		})
	register(a, operation{method: get, path: "/conversations/{id}/transcript", id: "getTranscript", tag: "Observe", scope: callwright.AnalyticsRead,
		gives: exampleConversation().Transcript, summary: "Get a transcript", doc: "What was said, in order; personal data masked where a content_policy says so."},
		func(ctx context.Context, actor callwright.Actor, in *conversation) (*answer[control.Transcript], error) {
			return answered(a.Control.Transcript(ctx, actor, id(in.ID)))
		})
	register(a, operation{method: get, path: "/conversations/{id}/receipt", id: "getReceipt", tag: "Observe", scope: callwright.AnalyticsRead,
		gives: exampleReply().Events, summary: "Get a receipt",
		doc: "Everything that happened, in order: which skill was asked for, what each rule said, what left, what came back, how long it took."},
		func(ctx context.Context, actor callwright.Actor, in *conversation) (*answer[[]callwright.Event], error) {
			return answered(a.Control.Receipt(ctx, actor, id(in.ID)))
		})
	register(a, operation{method: get, path: "/skill-runs", id: "listSkillRuns", tag: "Observe", scope: callwright.AnalyticsRead,
		fails: codes{callwright.CodeNotFound}, gives: exampleRun(), summary: "List skill runs",
		doc: "Newest first. state=unknown lists writes of which nobody can tell whether they had their effect: look into the system, and resolve them."},
		func(ctx context.Context, actor callwright.Actor, in *runs) (*page[callwright.Run], error) {
			f := store.RunFilter{State: callwright.RunState(in.State), Agent: callwright.AgentID(in.AgentID), Conversation: id(in.ConversationID)}
			return paged(a.Control.ListRuns(ctx, actor, f, in.page()))
		})
	takes(a, register(a, operation{method: post, path: "/skill-runs/{id}/resolve", id: "resolveSkillRun", tag: "Observe", once: true, scope: callwright.AnalyticsWrite,
		fails: codes{callwright.CodeNotUnknown}, gives: exampleRun(), summary: "Resolve an unknown run", doc: "Records what you found out about a run whose outcome was unknown. It sends nothing."},
		func(ctx context.Context, actor callwright.Actor, in *resolve) (*answer[callwright.Run], error) {
			body, problems, err := read[control.Resolution](a, ctx, in.RawBody)
			if err != nil {
				return nil, err
			}
			return answered(a.Control.ResolveRun(ctx, actor, callwright.RunID(in.ID), body, problems))
		}), exampleResolution(), true)
	register(a, operation{method: get, path: "/messages", id: "listMessages", tag: "Observe", scope: callwright.AnalyticsRead,
		fails: codes{callwright.CodeNotFound}, gives: exampleTaken(), summary: "List taken messages", doc: "What callers asked to pass on, newest first."},
		func(ctx context.Context, actor callwright.Actor, in *messages) (*page[callwright.TakenMessage], error) {
			return paged(a.Control.ListMessages(ctx, actor, callwright.AgentID(in.AgentID), in.Status, in.page()))
		})
	takes(a, register(a, operation{method: patch, path: "/messages/{id}", id: "updateMessage", tag: "Observe", scope: callwright.AnalyticsWrite,
		gives: exampleTaken(), summary: "Mark a taken message", doc: "As read or done."},
		func(ctx context.Context, actor callwright.Actor, in *message) (*answer[callwright.TakenMessage], error) {
			body, problems, err := read[control.MessagePatch](a, ctx, in.RawBody)
			if err != nil {
				return nil, err
			}
			return answered(a.Control.PatchMessage(ctx, actor, callwright.MessageID(in.ID), body, problems))
		}), control.MessagePatch{Status: "read"}, true)
	a.simulateRoute()
}

// simulation is the body of the simulate action.
type simulation struct {
	Mode       string   `json:"mode" required:"false" enum:"text,voice,voice_browser,probe_loopback" default:"text" doc:"text; the others need voice, which this server does not have"`
	DraftMode  *bool    `json:"draftMode" required:"false" default:"true" doc:"true: talk to the draft. false: to the published version"`
	Transcript []string `json:"transcript" minItems:"1" maxItems:"50" doc:"What the caller says, turn by turn"`
}

func (a *API) simulateRoute() {
	type simulate struct {
		SkillsPath
		JSONBody
	}
	op := register(a, operation{method: post, path: "/agents/{agentId}/simulate", id: "simulate", tag: "Test", scope: callwright.AgentsWrite,
		fails: codes{callwright.CodeNotEnabled, callwright.CodeNotPublished, callwright.CodeInactive, callwright.CodeBudget}, summary: "Try a conversation",
		doc: "Plays the caller's lines and streams every audit event under its eventType as server-sent events, then done, or error with a problem. Skills really run. The conversation is kept for its receipt, and left out of lists."},
		func(ctx context.Context, actor callwright.Actor, in *simulate) (*huma.StreamResponse, error) {
			body, problems, err := read[simulation](a, ctx, in.RawBody)
			if err != nil {
				return nil, err
			}
			if _, err := a.Control.Agent(ctx, actor, callwright.AgentID(in.AgentID)); err != nil {
				return nil, err
			}
			if len(problems) > 0 {
				return nil, callwright.Invalid(problems...)
			}
			if body.Mode != "" && body.Mode != "text" {
				return nil, callwright.Errorf(callwright.CodeNotEnabled, "Simulations by voice are not available on this server yet: use mode text.")
			}
			session, err := a.Chat.Simulate(ctx, actor, callwright.AgentID(in.AgentID), body.DraftMode == nil || *body.DraftMode)
			if err != nil {
				return nil, err
			}
			return &huma.StreamResponse{Body: func(hc huma.Context) {
				s := newStream(hc)
				for _, ev := range session.Events {
					s.event(string(ev.EventType), ev)
				}
				for _, line := range body.Transcript {
					reply, err := a.Chat.Send(hc.Context(), actor, session.ID, line, "")
					if err == nil {
						err = s.follow(reply, func(ev engine.Event) {
							if rec, ok := ev.(engine.Recorded); ok {
								s.event(string(rec.EventType), rec.Event)
							}
						})
					}
					if callwright.CodeOf(err) == callwright.CodeEnded {
						break // the agent ended it before the last line
					}
					if err != nil {
						s.event("error", a.problem(hc.Context(), err))
						return
					}
				}
				s.event("done", ended(session.ID))
			}}, nil
		})
	takes(a, op, exampleSimulation(), true)
	op.Responses["200"] = &huma.Response{Description: "Audit events as they happen", Content: map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: "string"}, Example: exampleSimulated()}}}
}

// payloads documents what each event carries.
func (a *API) payloads() {
	reg := a.huma.OpenAPI().Components.Schemas
	types := []struct {
		event callwright.EventType
		t     reflect.Type
	}{
		{callwright.UserUtterance, reflect.TypeFor[callwright.Utterance]()},
		{callwright.AgentMessage, reflect.TypeFor[callwright.AgentText]()},
		{callwright.ToolCallEvent, reflect.TypeFor[callwright.ToolCall]()},
		{callwright.KBRetrievalEvent, reflect.TypeFor[callwright.KBRetrieval]()},
		{callwright.GuardrailEvent, reflect.TypeFor[callwright.GuardrailHit]()},
		{callwright.VerificationEvent, reflect.TypeFor[callwright.VerificationStep]()},
		{callwright.LanguageSwitchEvent, reflect.TypeFor[callwright.LanguageSwitch]()},
		{callwright.HandoffEvent, reflect.TypeFor[callwright.Handoff]()},
		{callwright.BargeInEvent, reflect.TypeFor[callwright.BargeIn]()},
		{callwright.LatencyEvent, reflect.TypeFor[callwright.Latency]()},
		{callwright.FillerEvent, reflect.TypeFor[callwright.Filler]()},
		{callwright.CallStarted, reflect.TypeFor[callwright.Started]()},
		{callwright.CallEnded, reflect.TypeFor[callwright.Ended]()},
		{callwright.ErrorEvent, reflect.TypeFor[callwright.Failure]()},
	}
	event := reg.Map()["Event"]
	var names []any
	var forms []*huma.Schema
	for _, p := range types {
		names = append(names, string(p.event))
		forms = append(forms, &huma.Schema{Ref: reg.Schema(p.t, true, "").Ref})
	}
	event.Properties["eventType"] = &huma.Schema{Type: "string", Enum: names, Description: "What happened; it says which of the payloads is there"}
	event.Properties["payload"] = &huma.Schema{AnyOf: forms, Description: "In the order of eventType's values"}
}
