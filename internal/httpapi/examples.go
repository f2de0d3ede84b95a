package httpapi

import (
	"encoding/json"
	"slices"
	"time"

	"callwright"
	"callwright/internal/control"
	"callwright/internal/gate"
	"callwright/internal/webchat"
)

// The examples of the API's document are values of the types that the API reads and
// writes, so that they cannot say anything else. All tell of one agent.
const (
	exampleAgentID   callwright.AgentID        = "agt_06o8h2q1ntk1v8a3c2m1g5r7e0"
	exampleSkillID   callwright.SkillID        = "skl_06o8h2q1ntk1v8a3c2m1g5r7e0"
	exampleVersionID callwright.VersionID      = "ver_06o8h2q1ntk1v8a3c2m1g5r7e0"
	exampleOrgID     callwright.OrgID          = "org_06o8h2q1ntk1v8a3c2m1g5r7e0"
	exampleKeyID     callwright.KeyID          = "key_06o8h2q1ntk1v8a3c2m1g5r7e0"
	exampleSecretID  callwright.SecretID       = "sec_06o8h2q1ntk1v8a3c2m1g5r7e0"
	exampleSessionID callwright.ConversationID = "cnv_06o8h2q1ntk1v8a3c2m1g5r7e0"
	exampleRunID     callwright.RunID          = "run_06o8h2q1ntk1v8a3c2m1g5r7e0"
	exampleHost                                = "https://agents.example.com" // of the server
)

// exampleTime is a moment in the morning of the example.
func exampleTime(minute int) callwright.Time {
	return callwright.At(time.Date(2027, 3, 1, 9, minute, 0, 0, time.UTC))
}

func exampleAgentSpec() callwright.AgentSpec {
	day := []callwright.Range{{Start: "08:00", End: "18:00"}}
	return callwright.AgentSpec{Name: "Appliance desk", Persona: "You help people with the appliances they bought from us.", Greeting: "Hello, this is the appliance desk. How can I help?",
		Goals: []string{"answer questions about warranties"}, NeverDo: []string{"promise a refund"},
		BusinessHours: callwright.BusinessHours{Timezone: "America/Chicago", Weekly: map[string][]callwright.Range{"mon": day, "tue": day, "wed": day, "thu": day, "fri": day}}}
}

func exampleAgent() callwright.Agent {
	yes := true
	spec := exampleAgentSpec()
	spec.PrimaryLanguage, spec.LanguageBehavior, spec.IsActive = "en-US", "single_language", &yes
	return callwright.Agent{ID: exampleAgentID, OrganizationID: exampleOrgID, AgentSpec: spec, Version: 3, Status: "published", PublishedVersionID: exampleVersionID,
		CreatedBy: string(exampleKeyID), CreatedAt: exampleTime(0), UpdatedAt: exampleTime(5)}
}

// exampleSkillSpec is the request of the custom-integration guide.
func exampleSkillSpec() callwright.SkillSpec {
	return callwright.SkillSpec{Name: "Check warranty status", Description: "Use when a customer asks whether a product is still under warranty.", SkillType: callwright.HTTPWebhook,
		ParametersSchema: json.RawMessage(`{"type":"object","properties":{"serial_number":{"type":"string","description":"The serial number printed on the product"}},"required":["serial_number"]}`),
		RequiredParams:   []string{"serial_number"},
		ExecutionConfig:  json.RawMessage(`{"url":"https://api.example.com/v1/warranty","method":"POST","headers":{"X-Api-Key":"the key that your system expects"},"timeout_ms":4000}`)}
}

func exampleSkill() callwright.Skill {
	yes := true
	spec := exampleSkillSpec()
	spec.ToolMode, spec.VerificationLevel, spec.Stakes, spec.AvailabilityWindow, spec.IsEnabled = "two_way", "none", "low", "both", &yes
	spec.ExecutionConfig = json.RawMessage(`{"url":"https://api.example.com/v1/warranty","method":"POST","headers":{"X-Api-Key":"{{secret.CHECK_WARRANTY_STATUS_X_API_KEY_Q7RM2XKD}}"},"timeout_ms":4000}`)
	return callwright.Skill{ID: exampleSkillID, AgentID: exampleAgentID, OrganizationID: exampleOrgID, SkillSpec: spec, ExpectedLatencyMs: 120, CreatedAt: exampleTime(2), UpdatedAt: exampleTime(2)}
}

func exampleVersion() callwright.Version {
	frozen := exampleAgent()
	frozen.Version, frozen.Status, frozen.PublishedVersionID = 2, "draft", ""
	return callwright.Version{ID: exampleVersionID, AgentID: exampleAgentID, Version: 1, CompiledConfig: callwright.Snapshot{Agent: frozen, Skills: []callwright.Skill{exampleSkill()}},
		Note: "Warranty checks", PublishedAt: exampleTime(5), PublishedBy: string(exampleKeyID)}
}

func exampleChanges() []control.Change {
	return []control.Change{
		{Field: "tone", Before: json.RawMessage(`""`), After: json.RawMessage(`"warm"`), Kind: "changed"},
		{Field: "skills[Check warranty status].stakes", Before: json.RawMessage(`"low"`), After: json.RawMessage(`"high"`), Kind: "changed"},
	}
}

func exampleReport() control.Report {
	return control.Report{
		WillSay: []string{"Opens with “Hello, this is the appliance desk. How can I help?”.", "Uses “Check warranty status”. Use when a customer asks whether a product is still under warranty."},
		WontSay: []string{"Promise a refund."},
		DataLeaving: []control.Leaving{{SkillID: exampleSkillID, SkillName: "Check warranty status", Destination: "https://api.example.com",
			Fields: []string{"serial_number"}}},
		Warnings: []control.Finding{{Code: "no_business_hours", Level: "warning", Message: "“Check warranty status” depends on business hours, and the agent has none.", SkillID: exampleSkillID}},
	}
}

// exampleTypes is the type of the example's skill, as this server has it.
func (a *API) exampleTypes() []control.SkillType {
	return slices.DeleteFunc(a.Control.SkillTypes(), func(t control.SkillType) bool { return t.Type != callwright.HTTPWebhook })
}

func exampleTestBody() testBody {
	dry := true
	return testBody{Arguments: json.RawMessage(`{"serial_number":"SN-48213-B"}`), DryRun: &dry}
}

func exampleTest() control.SkillTest {
	return control.SkillTest{Outcome: string(gate.Done), DryRun: true, Arguments: exampleTestBody().Arguments,
		Request: json.RawMessage(`{"method":"POST","url":"https://api.example.com/v1/warranty","headers":{"Content-Type":"application/json","X-Api-Key":"••••"},"body":{"serial_number":"SN-48213-B"}}`),
		Result:  json.RawMessage("null"), TookMs: 0.4, Gate: exampleGate()}
}

func exampleGate() []callwright.GateLine {
	return []callwright.GateLine{
		{Phase: "find", Outcome: "passed", Detail: "Check warranty status"}, {Phase: "channel", Outcome: "not_configured"}, {Phase: "window", Outcome: "not_configured"},
		{Phase: "arguments", Outcome: "passed"}, {Phase: "limits", Outcome: "not_configured"}, {Phase: "identity", Outcome: "not_configured"}, {Phase: "confirmation", Outcome: "not_configured"},
		{Phase: "egress_out", Outcome: "passed", Detail: "1 parameters under their own names"}, {Phase: "execute", Outcome: "passed", TookMs: 118}, {Phase: "egress_in", Outcome: "not_configured"},
	}
}

func exampleSecretSpec() control.SecretSpec {
	return control.SecretSpec{Name: "WARRANTY_KEY", Value: "correct horse battery staple", AllowedHosts: []string{"api.example.com"}}
}

func exampleSecret() callwright.Secret {
	spec := exampleSecretSpec()
	return callwright.Secret{ID: exampleSecretID, Name: spec.Name, AllowedHosts: spec.AllowedHosts, CreatedAt: exampleTime(1), UpdatedAt: exampleTime(1)}
}

func exampleAudit() callwright.AuditEvent {
	return callwright.AuditEvent{ID: exampleEvent(0, "", nil).ID, Actor: string(exampleKeyID), Action: "secret.create", Resource: string(exampleSecretID),
		Before: json.RawMessage("null"), After: written(exampleSecret()), CreatedAt: exampleTime(1)}
}

func exampleSessionSpec() webchat.SessionSpec {
	return webchat.SessionSpec{AgentID: exampleAgentID, Caller: callwright.Caller{Name: "Ada"}, Metadata: map[string]string{"page": "/support"}}
}

func exampleSession() webchat.Session {
	greeting := webchat.Message{ID: "msg_06o8h2q1ntk1v8a3c2m1g5r7e0", Role: "assistant", Content: exampleAgentSpec().Greeting, CreatedAt: exampleTime(10)}
	return webchat.Session{ID: exampleSessionID, ConversationID: exampleSessionID, AgentID: exampleAgentID, VersionID: exampleVersionID, Status: "active", Channel: callwright.Chat,
		Messages: []webchat.Message{greeting}, CreatedAt: exampleTime(10)}
}

func exampleMessage() messageBody {
	return messageBody{Content: "Is my dishwasher still under warranty? It's SN-48213-B"}
}

const (
	exampleAnswer                      = "Yes, it is in warranty. The expires date is March 14, 2027."
	exampleSaid   callwright.MessageID = "msg_06o8h2q1ntk1v8a3c2m1g5r7eg"
)

// exampleReply is a turn that runs the skill.
func exampleReply() replyBody {
	args := exampleTestBody().Arguments
	started := callwright.ToolCall{CallID: "call_1", RunID: exampleRunID, SkillID: exampleSkillID, SkillName: "Check warranty status", SkillType: callwright.HTTPWebhook, Tool: "check_warranty_status",
		State: "started", Arguments: args}
	done := started
	done.State, done.Gate, done.Sent, done.TookMs = "done", exampleGate(), exampleTest().Request, 119
	done.Answer = json.RawMessage(`{"in_warranty":true,"expires":"2027-03-14"}`)
	events := []callwright.Event{
		exampleEvent(3, callwright.UserUtterance, callwright.Utterance{Text: exampleMessage().Content, IsFinal: true, Language: "en-US"}),
		exampleEvent(4, callwright.ToolCallEvent, started),
		exampleEvent(5, callwright.ToolCallEvent, done),
		exampleEvent(6, callwright.AgentMessage, callwright.AgentText{MessageID: exampleSaid, Text: exampleAnswer}),
		exampleEvent(7, callwright.LatencyEvent, callwright.Latency{Turn: 1, TotalMs: 121, ModelMs: 1.2, SkillMs: 119, Model: "builtin"}),
	}
	return replyBody{Messages: webchat.Messages(events), Events: events}
}

func exampleEvent(seq int, kind callwright.EventType, payload any) callwright.Event {
	return callwright.Event{ID: "evt_06o8h2q1ntk1v8a3c2m1g5r7e0", ConversationID: exampleSessionID, Seq: seq, TsMs: exampleTime(11).Time().UnixMilli(), Channel: callwright.Chat, EventType: kind, Payload: written(payload)}
}

// exampleFrames are the end of the turn as a stream.
func exampleFrames() string {
	events := exampleReply().Events
	said := events[3]
	return frame(eventName("message_delta"), delta(exampleSaid, exampleAnswer)) + frame(eventName(string(said.EventType)), said) + frame(eventName("done"), ended(exampleSessionID))
}

func exampleCompletion() completionBody {
	return completionBody{Model: string(exampleAgentID), Messages: []completionEntry{{Role: "user", Content: written(exampleMessage().Content)}}, User: "visitor-17"}
}

func exampleCompleted() completionAnswer {
	c := completion{id: "chatcmpl-" + string(exampleSaid), model: string(exampleAgentID), created: exampleTime(11).Time().Unix()}
	return c.answer(exampleAnswer)
}

// exampleChunks are the same answer as a stream.
func exampleChunks() string {
	a := exampleCompleted()
	c := completion{id: a.ID, model: a.Model, created: a.Created}
	return frame("", c.chunk(map[string]string{"role": "assistant", "content": ""}, nil)) + frame("", c.chunk(map[string]string{"content": exampleAnswer}, nil)) +
		frame("", c.chunk(map[string]string{}, "stop")) + completionDone
}

func exampleGuardrails() []callwright.Guardrail {
	yes := true
	return []callwright.Guardrail{
		{ID: "grd_06o8h2q1ntk1v8a3c2m1g5r7e0", AgentID: exampleAgentID, OrganizationID: exampleOrgID, PolicyType: callwright.RateLimit, Config: json.RawMessage(`{"perMinute":6}`), IsEnabled: &yes},
		{ID: "grd_06o8h2q1ntk1v8a3c2m1g5r7eg", AgentID: exampleAgentID, OrganizationID: exampleOrgID, PolicyType: callwright.VerifyBeforeDisclose, Config: json.RawMessage(`{"fields":["owner"]}`), IsEnabled: &yes},
	}
}

func exampleVerification() []callwright.CallerVerification {
	return []callwright.CallerVerification{{ID: "vrf_06o8h2q1ntk1v8a3c2m1g5r7e0", AgentID: exampleAgentID, OrganizationID: exampleOrgID, Method: callwright.KnowledgeBased,
		VerifierSkillID: exampleSkillID, RequiredFields: []string{"serial_number"}, TokenTTLSeconds: 600, MaxAttempts: 3}}
}

// What an operator writes leaves out what the server knows.
func exampleGuardrailInput() []callwright.Guardrail {
	rules := exampleGuardrails()
	for i := range rules {
		rules[i].ID, rules[i].AgentID, rules[i].OrganizationID = "", "", ""
	}
	return rules
}

func exampleVerificationInput() []callwright.CallerVerification {
	rules := exampleVerification()
	for i := range rules {
		rules[i].ID, rules[i].AgentID, rules[i].OrganizationID = "", "", ""
	}
	return rules
}

func exampleConversation() control.ConversationDetail {
	session := exampleSessionSpec()
	reply := exampleReply()
	return control.ConversationDetail{
		ConversationRow: control.ConversationRow{ID: exampleSessionID, AgentID: exampleAgentID, VersionID: exampleVersionID, Channel: callwright.Chat, StartedAt: exampleTime(10), DurationS: 64,
			Language: "en-US", Status: "ended", Outcome: callwright.Completed, GoalCompleted: true, UserTurnCount: 1, Summary: "Asked for: Check warranty status, done.", PrimaryTopic: "Check warranty status", Sentiment: "neutral"},
		Caller: session.Caller, Metadata: session.Metadata,
		Transcript: control.Transcript{Turns: []control.TranscriptTurn{
			{Role: "assistant", Text: exampleAgentSpec().Greeting, TsMs: exampleTime(10).Time().UnixMilli(), Language: "en-US", QuickReplies: []string{}},
			{Role: "user", Text: exampleMessage().Content, TsMs: reply.Events[0].TsMs, Language: "en-US", QuickReplies: []string{}},
			{Role: "assistant", Text: exampleAnswer, TsMs: reply.Events[3].TsMs, Language: "en-US", QuickReplies: []string{}}}},
	}
}

// exampleRun is one that an operator resolved.
func exampleRun() callwright.Run {
	r := exampleResolution()
	return callwright.Run{ID: exampleRunID, OrganizationID: exampleOrgID, ConversationID: exampleSessionID, AgentID: exampleAgentID, SkillID: exampleSkillID, VersionID: exampleVersionID, Turn: 1,
		IdempotencyKey: string(exampleRunID), IsWrite: true, State: r.State, Answer: json.RawMessage("null"), StartedAt: exampleTime(11), TookMs: 4000, Note: r.Note, ResolvedBy: string(exampleKeyID), ResolvedAt: exampleTime(30)}
}

func exampleResolution() control.Resolution {
	return control.Resolution{State: callwright.RunDone, Note: "The registration is in the system."}
}

func exampleTaken() callwright.TakenMessage {
	return callwright.TakenMessage{ID: "msg_06o8h2q1ntk1v8a3c2m1g5r7f0", OrganizationID: exampleOrgID, AgentID: exampleAgentID, ConversationID: exampleSessionID, Caller: callwright.Caller{Name: "Ada"},
		Text: "Please call me back about my dishwasher.", Status: "read", CreatedAt: exampleTime(12), UpdatedAt: exampleTime(20)}
}

func exampleOptOutSpec() control.OptOutSpec {
	return control.OptOutSpec{Number: "+12125550123", Note: "Asked for it on the phone."}
}

func exampleOptOut() callwright.OptOut {
	s := exampleOptOutSpec()
	return callwright.OptOut{ID: "opt_06o8h2q1ntk1v8a3c2m1g5r7g0", OrganizationID: exampleOrgID, Number: s.Number, Source: callwright.OptOutOperator, Note: s.Note, CreatedAt: exampleTime(14)}
}

func exampleSimulation() simulation {
	return simulation{Mode: "text", DraftMode: new(true), Transcript: []string{exampleMessage().Content}}
}

// exampleSimulated are the end of its stream.
func exampleSimulated() string {
	said := exampleReply().Events[3]
	return frame(eventName(string(said.EventType)), said) + frame(eventName("done"), ended(exampleSessionID))
}

func exampleRosterEntries() []control.RosterEntry {
	return []control.RosterEntry{{Label: "Downtown", Address: "233 S Wacker Dr, Chicago, IL 60606", Phone: "+13125550123"}}
}

func exampleRoster() control.LocatedRoster {
	lat, lng := 41.8868, -87.6386
	return control.LocatedRoster{Entries: []control.LocatedEntry{{RosterEntry: exampleRosterEntries()[0], Lat: &lat, Lng: &lng, Geocoded: true, Formatted: "Chicago, IL 60606"}}, Geocoded: 1}
}

func exampleConnectionSpec() callwright.ConnectionSpec {
	return callwright.ConnectionSpec{Name: "orders", Kind: callwright.PostgresConnection, Host: "db.example.com", Port: "5432", Database: "shop", User: "callwright_ro", Password: "correct horse battery staple", SSLMode: callwright.SSLVerifyFull}
}

func exampleConnection() callwright.Connection {
	s := exampleConnectionSpec()
	return callwright.Connection{ID: "con_06o8h2q1ntk1v8a3c2m1g5r7e0", OrganizationID: exampleOrgID, Name: s.Name, Kind: s.Kind, Host: s.Host, Port: s.Port, Database: s.Database, User: s.User, HasPassword: true, SSLMode: s.SSLMode,
		CreatedAt: exampleTime(6), UpdatedAt: exampleTime(6)}
}

func exampleConnectionTest() control.ConnectionTest {
	return control.ConnectionTest{OK: true, Checks: []callwright.ConnectionCheck{
		{Name: "reachable", OK: true, Detail: "The host answers, and the connection is encrypted.", TookMs: 18.4},
		{Name: "authenticated", OK: true, Detail: "The database accepts the user.", TookMs: 18.4},
		{Name: "schema", OK: true, Detail: "The user sees 12 tables.", TookMs: 18.4},
		{Name: "read", OK: true, Detail: "A read was answered.", TookMs: 2.1},
		{Name: "read_only", OK: true, Detail: "A table could not be made in a session for reads.", TookMs: 1.2},
		{Name: "latency", OK: true, Detail: "A read takes 2.1 ms: quick enough for a conversation.", TookMs: 2.1}}}
}

func examplePublishableKey() callwright.PublishableKey {
	return callwright.PublishableKey{ID: "pk_06o8h2q1ntk1v8a3c2m1g5r7e0", AgentID: exampleAgentID, OrganizationID: exampleOrgID,
		PublishableKeySpec: callwright.PublishableKeySpec{Name: "Shop", AllowedOrigins: []string{"https://www.example.com"}, Env: callwright.Live, RateLimitRPM: 60},
		KeyPublic:          "cw_pk_live_06o8h2q1ntk1v8a3c2m1g5r7e0example", Scopes: []callwright.Scope{callwright.ChatPublic}, CreatedAt: exampleTime(6)}
}

func exampleWidget() control.AgentWidget {
	return control.AgentWidget{AgentID: exampleAgentID, Widget: callwright.Widget{Theme: json.RawMessage(`{"color":"#0b5fff"}`), Copy: json.RawMessage(`{"title":"Appliance desk"}`), Behavior: json.RawMessage(`{"openAfterSeconds":5}`)}}
}

func exampleEmbed() control.Embed {
	key := examplePublishableKey().KeyPublic
	return control.Embed{ScriptSnippet: `<script src="` + exampleHost + `/widget/loader.js" data-callwright-key="` + key + `" async></script>`, PublishableKey: key}
}

func exampleBootstrap() webchat.Bootstrap {
	agent := exampleAgent()
	return webchat.Bootstrap{AgentMeta: webchat.AgentMeta{ID: agent.ID, Name: agent.Name, PrimaryLanguage: agent.PrimaryLanguage, Languages: []string{agent.PrimaryLanguage}, Greeting: agent.Greeting}, Widget: exampleWidget().Widget}
}

// exampleProblem is a problem of a code, in the words of a real one.
func exampleProblem(d errorDoc) Problem {
	detail := exampleDetails()[d.Code]
	if detail == "" {
		detail = d.Title + "."
	}
	p := Problem{Type: exampleHost + "/errors/" + string(d.Code), Title: d.Title, Status: d.Status, Detail: detail, Instance: Base + "/agents/" + string(exampleAgentID) + "/skills", Code: d.Code, Message: detail}
	switch d.Code {
	case callwright.CodeValidation:
		p.Errors = []callwright.FieldError{{Field: "name", Message: "is required"}, {Field: "executionConfig.url", Message: "is required"}}
	case callwright.CodeMalformedBody:
		p.Errors = []callwright.FieldError{{Field: "name", Message: "appears twice: keep one of them"}}
	case callwright.CodeDuplicateName:
		p.Errors = []callwright.FieldError{{Field: "name", Message: "is taken by another skill of this agent: choose another name"}}
	case callwright.CodeNotPublishable:
		p.Errors = []callwright.FieldError{{Field: "skills." + string(exampleSkillID), Message: "names the secret WARRANTY_KEY, which does not exist"}}
	case callwright.CodeStaleVersion:
		p.Data = exampleAgent()
	}
	return p
}

func exampleDetails() map[callwright.Code]string {
	return map[callwright.Code]string{
		callwright.CodeValidation:      "The request is not valid.",
		callwright.CodeMalformedBody:   "The body has the member name twice.",
		callwright.CodeUnauthenticated: "Send a valid API key: Authorization: Bearer cw_sk_live_…",
		callwright.CodeMissingScope:    "This key does not hold the scope skills:write, which the operation needs.",
		callwright.CodeNotEnabled:      "Skills of type mcp are reserved: the type is planned and not available on this server yet.",
		callwright.CodeOrigin:          "The origin of this page is not among the publishable key's allowedOrigins.",
		callwright.CodeKeyEnded:        "The key was revoked: make another.",
		callwright.CodeNotUnknown:      "The run is done, so there is nothing to resolve.",
		callwright.CodeNotFound:        "There is no such agent in your organization.",
		callwright.CodeRequestTimeout:  "The body did not arrive within 10 seconds.",
		callwright.CodeDuplicateName:   `This agent already has a skill named "Check warranty status".`,
		callwright.CodeStaleVersion:    "The agent is at version 3: apply your change to that, which data has, and send it again.",
		callwright.CodeNotPublished:    "The agent has no published version: publish it, or use draftMode to talk to the draft.",
		callwright.CodeInactive:        "The agent is not active (isActive) and takes no conversations.",
		callwright.CodeEnded:           "The conversation has ended: start a new session.",
		callwright.CodeInProgress:      "Another request with this Idempotency-Key was first. Send yours again for its answer.",
		callwright.CodeBodyTooLarge:    "The body is larger than 1 MiB.",
		callwright.CodeNotPublishable:  "The draft cannot be published as it is.",
		callwright.CodeKeyReused:       "This Idempotency-Key was used for another request: use a new key for a new request.",
		callwright.CodeRateLimited:     "Your organization has made too many requests. Wait as long as Retry-After says.",
		callwright.CodeInternal:        "Something went wrong on the server. Quote req_06o8h2q1ntk1v8a3c2m1g5r7e0 to its operator.",
		callwright.CodeModel:           "The model server's answer cannot be read.",
		callwright.CodeUnavailable:     "The server is shutting down. Try again.",
		callwright.CodeTimeout:         "The model server took too long to answer.",
	}
}
