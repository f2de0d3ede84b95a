package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"callwright"
	"callwright/internal/engine"
	"callwright/internal/llm"
	"callwright/internal/webchat"
)

// messageBody is something a visitor says.
type messageBody struct {
	Content string `json:"content" minLength:"1" maxLength:"20000" doc:"What the visitor says" example:"Hi, is my dishwasher still under warranty?"`
	Stream  bool   `json:"stream" required:"false" doc:"Answer as server-sent events while the agent speaks"`
}

// replyBody is what came of a message.
type replyBody struct {
	Messages []webchat.Message  `json:"messages" doc:"What the agent said"`
	Events   []callwright.Event `json:"events" doc:"Everything that happened, in order: the receipt of the turn"`
}

type SessionPath struct {
	ID string `path:"id" doc:"Id of the session"`
}

func (a *API) chatRoutes() {
	type (
		create struct{ JSONBody }
		send   struct {
			SessionPath
			JSONBody
			Key   string `header:"Idempotency-Key" maxLength:"255" pattern:"^[ -~]*$" doc:"A repeated request with the same key gets the same answer and runs nothing twice"`
			After int    `header:"Last-Event-ID" minimum:"0" doc:"With the Idempotency-Key of a stream that broke off: its last id; the stream goes on after that event"`
		}
	)
	id := func(s string) callwright.ConversationID { return callwright.ConversationID(s) }
	takes(a, register(a, operation{method: post, path: "/chat/sessions", id: "createChatSession", once: true, tag: "Chat", scope: callwright.ChatWrite, status: 201,
		fails: codes{callwright.CodeNotFound, callwright.CodeNotPublished, callwright.CodeInactive, callwright.CodeNotEnabled, callwright.CodeBudget}, gives: exampleSession(),
		summary: "Start a chat", doc: "With the published version, or with draftMode the draft. The agent greets."},
		func(ctx context.Context, actor callwright.Actor, in *create) (*answer[webchat.Session], error) {
			spec, problems, err := read[webchat.SessionSpec](a, ctx, in.RawBody)
			if err != nil {
				return nil, err
			}
			if len(problems) > 0 {
				return nil, callwright.Invalid(problems...)
			}
			return answered(a.Chat.Start(ctx, actor, spec))
		}), exampleSessionSpec(), true)
	register(a, operation{method: get, path: "/chat/sessions/{id}", id: "getChatSession", tag: "Chat", scope: callwright.ChatRead,
		gives: exampleSession(), summary: "Get a chat", doc: "With everything that was said."},
		func(ctx context.Context, actor callwright.Actor, in *SessionPath) (*answer[webchat.Session], error) {
			return answered(a.Chat.Session(ctx, actor, id(in.ID)))
		})
	register(a, operation{method: get, path: "/chat/sessions/{id}/messages", id: "listChatMessages", tag: "Chat", scope: callwright.ChatRead,
		gives: exampleSession().Messages, summary: "List a chat's messages", doc: "All of them, oldest first."},
		func(ctx context.Context, actor callwright.Actor, in *SessionPath) (*answer[[]webchat.Message], error) {
			s, err := a.Chat.Session(ctx, actor, id(in.ID))
			return answered(s.Messages, err)
		})
	register(a, operation{method: post, path: "/chat/sessions/{id}/end", id: "endChatSession", once: true, tag: "Chat", scope: callwright.ChatWrite,
		fails: codes{callwright.CodeTestKey}, gives: exampleSession(), summary: "End a chat", doc: "It takes no more messages. Ending one that has ended changes nothing."},
		func(ctx context.Context, actor callwright.Actor, in *SessionPath) (*answer[webchat.Session], error) {
			return answered(a.Chat.End(ctx, actor, id(in.ID)))
		})
	op := register(a, operation{method: post, path: "/chat/sessions/{id}/messages", id: "sendChatMessage", tag: "Chat", scope: callwright.ChatWrite,
		fails:   codes{callwright.CodeTestKey, callwright.CodeEnded, callwright.CodeKeyReused, callwright.CodeModel, callwright.CodeUnavailable, callwright.CodeTimeout},
		summary: "Say something", doc: "Without stream the answer is one JSON envelope. With stream it is server-sent events: message_delta {messageId, text} as the agent speaks, every audit event under its eventType with its seq as the id, then done, or error with a problem. A stream that broke off is taken up with the same Idempotency-Key and the last id in Last-Event-ID: nothing is missing and nothing comes twice."},
		func(ctx context.Context, actor callwright.Actor, in *send) (*huma.StreamResponse, error) {
			body, problems, err := read[messageBody](a, ctx, in.RawBody)
			if err != nil {
				return nil, err
			}
			if len(problems) == 0 && strings.TrimSpace(body.Content) == "" {
				problems = []callwright.FieldError{{Field: "content", Message: "must not be blank"}}
			}
			if len(problems) > 0 {
				return nil, callwright.Invalid(problems...)
			}
			reply, err := a.Chat.Send(ctx, actor, id(in.ID), body.Content, in.Key)
			if err != nil {
				return nil, err
			}
			if body.Stream {
				return a.streamReply(reply, in.After), nil
			}
			return a.wholeReply(reply), nil
		})
	takes(a, op, exampleMessage(), true)
	streams(a, op, Envelope[replyBody]{Success: true, Data: exampleReply()}, exampleFrames())
	a.completionRoute()
}

// wholeReply waits for the end of a turn and answers with all of it.
func (a *API) wholeReply(reply *webchat.Reply) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		var events []callwright.Event
		for ev, err := range reply.Events(ctx.Context()) {
			if err != nil {
				a.writeProblem(ctx, a.problem(ctx.Context(), err))
				return
			}
			if rec, ok := ev.(engine.Recorded); ok {
				events = append(events, rec.Event)
			}
		}
		a.writeJSON(ctx, Envelope[replyBody]{Success: true, Data: replyBody{Messages: webchat.Messages(events), Events: events}})
	}}
}

// streamReply passes a turn on as it happens, from the event after the given number.
func (a *API) streamReply(reply *webchat.Reply, after int) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		s := newStream(ctx)
		err := s.follow(reply, takenUp(after, func(ev engine.Event) {
			switch ev := ev.(type) {
			case engine.Say:
				s.event("message_delta", delta(ev.MessageID, ev.Text))
			case engine.Recorded:
				s.numbered(ev.Seq, string(ev.EventType), ev.Event)
			case engine.Ended:
				s.event("done", ended(ev.Conversation.ID))
			}
		}))
		if err != nil {
			s.event("error", a.problem(ctx.Context(), err))
		}
	}}
}

// takenUp leaves out what a client has had: the events up to a number, and the words of
// the messages that are among them. Words of a message that was under way then are
// shown from their beginning.
func takenUp(after int, show func(engine.Event)) func(engine.Event) {
	past := after > 0
	var held []engine.Event
	return func(ev engine.Event) {
		if !past {
			show(ev)
			return
		}
		switch ev := ev.(type) {
		case engine.Say:
			held = append(held, ev)
			return
		case engine.Recorded:
			if ev.EventType == callwright.AgentMessage {
				held = nil
			}
			if ev.Seq < after {
				return
			}
			past = false
			if ev.Seq > after {
				defer show(ev)
			}
		default:
			past = false
			defer show(ev)
		}
		for _, h := range held {
			show(h)
		}
	}
}

// delta is the data of message_delta, ended that of done.
func delta(id callwright.MessageID, text string) map[string]any {
	return map[string]any{"messageId": id, "text": text}
}

func ended(id callwright.ConversationID) map[string]any {
	return map[string]any{"conversationId": id}
}

// completionBody is the part of an OpenAI chat completion request that is read.
// Sampling, tools and system prompt come from the published agent.
type completionBody struct {
	_        struct{}          `json:"-" additionalProperties:"true"`
	Model    string            `json:"model" minLength:"1" doc:"Id of the agent" example:"agt_06o8h2q1ntk1v8a3c2m1g5r7e0"`
	Messages []completionEntry `json:"messages" minItems:"1" maxItems:"1000" doc:"The transcript; the last message is the user's"`
	Stream   bool              `json:"stream" required:"false" doc:"Answer as server-sent events (chat.completion.chunk)"`
	User     string            `json:"user" required:"false" maxLength:"512" doc:"Your id of the end user; keeps two users with the same words apart"`
}

type completionEntry struct {
	_       struct{}        `json:"-" additionalProperties:"true"`
	Role    string          `json:"role" enum:"system,developer,user,assistant,tool,function" doc:"Only user and assistant messages are read"`
	Content json.RawMessage `json:"content" required:"false" doc:"Text, or a list of parts of which the text ones are read"`
}

// completionAnswer is a chat.completion of OpenAI.
type completionAnswer struct {
	ID      string             `json:"id"`
	Object  string             `json:"object" enum:"chat.completion"`
	Created int64              `json:"created" doc:"Seconds since the Unix epoch"`
	Model   string             `json:"model"`
	Choices []completionChoice `json:"choices"`
}

type completionChoice struct {
	Index        int               `json:"index"`
	Message      completionMessage `json:"message"`
	FinishReason string            `json:"finish_reason" enum:"stop"`
}

type completionMessage struct {
	Role    string `json:"role" enum:"assistant"`
	Content string `json:"content"`
}

func (a *API) completionRoute() {
	type complete struct {
		JSONBody
		Key   string `header:"Idempotency-Key" maxLength:"255" pattern:"^[ -~]*$" doc:"A repeated request with the same key gets the same answer and runs nothing twice"`
		Retry string `header:"X-Stainless-Retry-Count" doc:"Sent by the official OpenAI clients: above 0, the request is a retry"`
	}
	op := register(a, operation{method: post, path: completions, id: "createChatCompletion", tag: "Chat", scope: callwright.ChatWrite,
		fails:   codes{callwright.CodeNotPublished, callwright.CodeInactive, callwright.CodeNotEnabled, callwright.CodeBudget, callwright.CodeKeyReused, callwright.CodeModel, callwright.CodeUnavailable, callwright.CodeTimeout},
		summary: "Complete a chat (OpenAI-compatible)",
		doc:     "For clients of the OpenAI API: base URL /api/v1, model = the agent's id. A transcript that continues an answer of this server goes on in the same conversation; any other begins a new one, in which nothing is confirmed, whatever the messages claim. Answers have no envelope."},
		func(ctx context.Context, actor callwright.Actor, in *complete) (*huma.StreamResponse, error) {
			body, problems, err := read[completionBody](a, ctx, in.RawBody)
			if err != nil {
				return nil, err
			}
			messages, more := transcript(body.Messages)
			if problems = append(problems, more...); len(problems) > 0 {
				return nil, callwright.Invalid(problems...)
			}
			retries, _ := strconv.Atoi(in.Retry)
			reply, err := a.Chat.Complete(ctx, actor, webchat.Completion{Agent: callwright.AgentID(body.Model), Messages: messages, User: body.User,
				IdempotencyKey: in.Key, Retry: retries > 0})
			if callwright.CodeOf(err) == callwright.CodeNotFound {
				return nil, callwright.Invalid(callwright.FieldError{Field: "model", Message: "must be the id of one of your agents"})
			}
			if err != nil {
				return nil, err
			}
			c := completion{id: "chatcmpl-" + string(callwright.NewID[callwright.MessageID](a.Now())), model: body.Model, created: a.Now().Unix()}
			if body.Stream {
				return a.streamCompletion(reply, c), nil
			}
			return a.wholeCompletion(reply, c), nil
		})
	takes(a, op, exampleCompletion(), true)
	streams(a, op, exampleCompleted(), exampleChunks())
}

// transcript reads what was said out of a request's messages.
func transcript(entries []completionEntry) ([]llm.Message, []callwright.FieldError) {
	var out []llm.Message
	var problems []callwright.FieldError
	for i, e := range entries {
		role := llm.Role(e.Role)
		if role != llm.User && role != llm.Assistant {
			continue
		}
		text, ok := contentText(e.Content)
		if !ok {
			problems = append(problems, callwright.FieldError{Field: fmt.Sprintf("messages[%d].content", i), Message: `must be text, or a list of parts such as {"type":"text","text":"…"}`})
		}
		if strings.TrimSpace(text) != "" {
			out = append(out, llm.Message{Role: role, Content: text})
		}
	}
	if len(problems) == 0 && (len(out) == 0 || out[len(out)-1].Role != llm.User) {
		problems = append(problems, callwright.FieldError{Field: "messages", Message: "must end with a user message that has text"})
	}
	return out, problems
}

func contentText(raw json.RawMessage) (string, bool) {
	var s *string
	if len(raw) == 0 || json.Unmarshal(raw, &s) == nil {
		if s == nil {
			return "", true
		}
		return *s, true
	}
	var parts []struct{ Type, Text string }
	if json.Unmarshal(raw, &parts) != nil {
		return "", false
	}
	var sb strings.Builder
	for _, p := range parts {
		if p.Type == "text" {
			sb.WriteString(p.Text)
		}
	}
	return sb.String(), true
}

// completions is the path of the endpoint for clients of the OpenAI API.
const completions = "/chat/completions"

type completion struct {
	id, model string
	created   int64
}

func (c completion) answer(text string) completionAnswer {
	return completionAnswer{ID: c.id, Object: "chat.completion", Created: c.created, Model: c.model,
		Choices: []completionChoice{{Message: completionMessage{Role: "assistant", Content: text}, FinishReason: "stop"}}}
}

func (c completion) chunk(delta map[string]string, finish any) map[string]any {
	return map[string]any{"id": c.id, "object": "chat.completion.chunk", "created": c.created, "model": c.model,
		"choices": []any{map[string]any{"index": 0, "delta": delta, "finish_reason": finish}}}
}

// completionDone ends a stream of chunks.
const completionDone = "data: [DONE]\n\n"

// separator stands between two messages of one turn, which clients of this
// endpoint see as one.
const separator = "\n\n"

func (a *API) wholeCompletion(reply *webchat.Reply, c completion) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		var said []string
		var last callwright.MessageID
		for ev, err := range reply.Events(ctx.Context()) {
			if err != nil {
				a.writeProblem(ctx, a.problem(ctx.Context(), err))
				return
			}
			if s, ok := ev.(engine.Say); ok {
				if s.MessageID != last {
					said, last = append(said, ""), s.MessageID
				}
				said[len(said)-1] += s.Text
			}
		}
		a.writeJSON(ctx, c.answer(strings.Join(said, separator)))
	}}
}

func (a *API) streamCompletion(reply *webchat.Reply, c completion) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		s := newStream(ctx)
		chunk := func(delta map[string]string, finish any) { s.data(c.chunk(delta, finish)) }
		chunk(map[string]string{"role": "assistant", "content": ""}, nil)
		var last callwright.MessageID
		err := s.follow(reply, func(ev engine.Event) {
			say, ok := ev.(engine.Say)
			if !ok {
				return
			}
			if last != "" && last != say.MessageID {
				say.Text = separator + say.Text
			}
			last = say.MessageID
			chunk(map[string]string{"content": say.Text}, nil)
		})
		if err != nil {
			p := a.problem(ctx.Context(), err)
			s.data(map[string]any{"error": p.OpenAI})
			return
		}
		chunk(map[string]string{}, "stop")
		s.raw(completionDone)
	}}
}

func (a *API) writeJSON(ctx huma.Context, v any) {
	ctx.SetHeader("Content-Type", "application/json")
	ctx.SetStatus(http.StatusOK)
	_ = a.huma.Marshal(ctx.BodyWriter(), "application/json", v) // the client has gone
}
