package httpapi

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"sort"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"
	jsonv2 "github.com/go-json-experiment/json"

	"callwright"
	"callwright/internal/engine"
	"callwright/internal/gate"
)

// A Problem is an error answer: RFC 9457 problem details with the members of the
// envelope beside them, so that clients of either convention can read it.
type Problem struct {
	Type     string                  `json:"type" doc:"URL of the page about the code"`
	Title    string                  `json:"title"`
	Status   int                     `json:"status" doc:"The HTTP status"`
	Detail   string                  `json:"detail" doc:"What is wrong with this request"`
	Instance string                  `json:"instance" doc:"Path of the request"`
	Code     callwright.Code         `json:"code" doc:"Stable: branch on it"`
	Errors   []callwright.FieldError `json:"errors" doc:"Everything that is wrong with the body or the parameters"`
	Success  bool                    `json:"success" doc:"Always false"`
	Message  string                  `json:"message" doc:"The same as detail"`
	Data     any                     `json:"data,omitempty" doc:"With a conflict: what is there now"`
	OpenAI   *openAIError            `json:"error,omitempty" doc:"From /chat/completions alone: the same as clients of the OpenAI API read it"`
}

// An openAIError is an error as clients of the OpenAI API read it.
type openAIError struct {
	Message string          `json:"message"`
	Type    string          `json:"type" enum:"invalid_request_error,authentication_error,rate_limit_error,server_error"`
	Code    callwright.Code `json:"code"`
	Param   string          `json:"param,omitempty" doc:"The first member that is wrong"`
}

// at makes a problem fit the path that it answers.
func (p *Problem) at(path string) *Problem {
	p.Instance = path
	if path != Base+completions {
		return p
	}
	kind := "invalid_request_error"
	switch {
	case p.Status == http.StatusUnauthorized:
		kind = "authentication_error"
	case p.Status == http.StatusTooManyRequests:
		kind = "rate_limit_error"
	case p.Status >= 500:
		kind = "server_error"
	}
	p.OpenAI = &openAIError{Message: p.Detail, Type: kind, Code: p.Code}
	for i, f := range p.Errors {
		if i == 0 {
			p.OpenAI.Param = f.Field
		}
		p.OpenAI.Message += " " + f.Field + " " + f.Message + "."
	}
	return p
}

// Error returns the detail.
func (p *Problem) Error() string { return p.Detail }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is the media type of RFC 9457.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// An errorDoc is a row of the one table from codes to HTTP: status, title and
// what a user should know and do.
type errorDoc struct {
	Code   callwright.Code
	Status int
	Title  string
	Help   string
}

func errorDocs() []errorDoc {
	return []errorDoc{
		{callwright.CodeValidation, 400, "Validation failure", "Something in the body or the parameters is missing or wrong. errors lists all of it: each entry names the member and says how to put it right. Nothing was stored."},
		{callwright.CodeMalformedBody, 400, "Malformed body", "The body is not one valid JSON value. A member that appears twice, text after the end and bytes that are not UTF-8 are refused too, because programs disagree about what they mean."},
		{callwright.CodeUnauthenticated, 401, "Not authenticated", "Send a key with every request: Authorization: Bearer cw_sk_live_…. Make one with callwright keys create. A key that was revoked, has expired or was rotated away gives the same answer; detail says which."},
		{callwright.CodeBudget, 402, "Budget reached", "The models of providers have used what your organization may use of them in a day (--daily-tokens, --daily-dollars on the server). New conversations with agents that run on them are refused until 00:00 UTC; those under way go on with the built-in engine, and agents on the built-in engine are not concerned. In a receipt: the turn was answered by the built-in engine for that reason."},
		{callwright.CodeMissingScope, 403, "Missing scope", "The key is valid but does not hold the scope that the operation needs; detail names it. Use another key, or make one with that scope."},
		{callwright.CodeNotEnabled, 403, "Capability not enabled", "The endpoint, skill type or channel exists but is reserved for later, or was switched off. GET /skill-types tells the state of every skill type."},
		{callwright.CodeDashboardOnly, 403, "Not through an API key", "Secret keys are managed by people, never through another key: one that leaks must not make others or end yours. Use callwright keys create, list, rotate and revoke on the server's machine."},
		{callwright.CodeOrigin, 403, "Origin not allowed", "The page that asks is not at one of the publishable key's allowedOrigins, or the request has no Origin header. Scheme, host and port must match exactly: add the origin with PATCH /agents/{agentId}/publishable-keys/{id}."},
		{callwright.CodeSignature, 403, "Signature does not match", "The request claims to come from the provider of text messages, and X-Twilio-Signature is not what the account's token makes of it. The address that the provider calls must begin with --public-url exactly, and --sms-token must be the token of the account that calls."},
		{callwright.CodeTestKey, 403, "Test key", "A key of the test environment talks to drafts only, and this conversation is on a published version. Use a live key, or start a conversation with the test key."},
		{callwright.CodeNotFound, 404, "Not found", "There is no such thing in your organization. Things of other organizations are not found either."},
		{callwright.CodeMethod, 405, "Method not allowed", "The path exists, but not with this HTTP method."},
		{callwright.CodeRequestTimeout, 408, "Body too slow", "The body did not arrive within 10 seconds. Send it at once."},
		{callwright.CodeDuplicateName, 409, "Name already taken", "Names are unique here. Choose another name, or change the thing that has it."},
		{callwright.CodeStaleVersion, 409, "Changed by someone else", "What you are changing was changed since you read it. Read it again, apply your change and send it again."},
		{callwright.CodeNotPublished, 409, "No published version", "Callers get published versions only. Publish the agent with POST /agents/{id}/publish, or talk to the draft with draftMode: true."},
		{callwright.CodeInactive, 409, "Agent not active", "The agent's isActive is false, so it takes no conversations."},
		{callwright.CodeEnded, 409, "Conversation ended", "The conversation is over. Start a new session."},
		{callwright.CodeKeyEnded, 409, "Key ended", "The key was revoked or has expired. That is for good: make a new one."},
		{callwright.CodeInProgress, 409, "Still in progress", "The first request with this Idempotency-Key is still being worked on. Wait and ask again."},
		{callwright.CodeNotUnknown, 409, "Outcome known", "Only a skill run whose state is unknown can be resolved. GET /skill-runs?state=unknown lists them."},
		{callwright.CodeBodyTooLarge, 413, "Body too large", "Bodies may have at most 1 MiB."},
		{callwright.CodeNotPublishable, 422, "Not publishable", "The draft has findings of level error, which errors lists: something in it cannot work. GET /agents/{id}/prepublish-report has them too, with everything else there is to know before publishing."},
		{callwright.CodeKeyReused, 422, "Idempotency key reused", "The Idempotency-Key was used with another body. A key stands for one request: use a new one."},
		{callwright.CodeRateLimited, 429, "Too many requests", "Wait as long as Retry-After says."},
		{callwright.CodeInternal, 500, "Internal error", "The server failed. Its log has the cause under the request id, which is in detail and in the X-Request-Id header."},
		{callwright.CodeModel, 502, "Model failed", "The language model gave no usable answer, and neither did the fallback. Try again."},
		{callwright.CodeUnavailable, 503, "Unavailable", "The server is starting, stopping or overloaded. Try again shortly."},
		{callwright.CodeTimeout, 504, "Timed out", "A system that was needed did not answer completely in time. On a skill: raise executionConfig.timeout_ms or make the system faster."},

		{callwright.CodeRefused, 502, "Destination refused", "The skill's address is not allowed. Only public addresses on ports 80 and 443 are, unless the server's operator allows more with --outbound-allow, for example 10.0.0.5/32@8080."},
		{callwright.CodeUnreachable, 502, "Destination unreachable", "The skill's system could not be reached: the name does not resolve, nothing listens, or TLS failed. Nothing was sent."},
		{callwright.CodeConnection, 502, "Connection lost", "The connection broke after the request may have been sent. For a write, the outcome is unknown."},
		{callwright.CodeRemoteStatus, 502, "Failure status", "The skill's system answered with a status other than 2xx."},
		{callwright.CodeRedirect, 502, "Redirect refused", "The skill's system answered with a redirect. Redirects are not followed; put the final address into executionConfig.url."},
		{callwright.CodeBadResponse, 502, "Unreadable answer", "The skill's system answered with something that is not valid JSON or text: a web page, broken JSON, duplicate members or a wrong encoding."},
		{callwright.CodeTooLarge, 502, "Answer too large", "The skill's system answered with more than 256 KiB (after decompression). Answer with what the conversation needs."},
		{callwright.CodeSecretMissing, 502, "Secret unavailable", "A secret that the skill names does not exist, or may not be sent to the skill's host."},
		{callwright.CodeOutcomeUnknown, 502, "Outcome unknown", "The run was journalled and perhaps sent, but its end was not recorded: the server stopped in between. Check with the system before trying again."},

		{callwright.CodeOptedOut, 409, "Number wants no text messages", "Somebody wrote STOP from the number, or asked for that another way, so nothing was sent. GET /sms/opt-outs lists such numbers; START from the number turns messages on again."},
		{callwright.CodeTextLimit, 409, "Text message limit reached", "The number has had as many text messages from your organization as it may (--sms-per-hour, --sms-per-day on the server; five one-time codes in ten minutes), so nothing was sent."},

		{gate.CodeUnknownSkill, 409, "Unknown skill", "The model asked for a skill that the running version of the agent does not have."},
		{gate.CodeSkillDisabled, 409, "Skill disabled", "The skill's isEnabled is false."},
		{gate.CodeSkillBroken, 409, "Skill unusable", "The skill's settings cannot be used by this server; detail says why."},
		{gate.CodeWrongChannel, 409, "Channel not allowed", "The skill's channels do not include the channel of the conversation."},
		{gate.CodeOutsideHours, 409, "Outside the availability window", "The skill's availabilityWindow does not include this time, by the agent's business hours."},
		{engine.CodeTooManyCalls, 409, "Too many calls", "The model asked for more than eight skills in one turn; this one was not looked at."},
		{gate.CodeOneAtATime, 409, "Another confirmation is pending", "The model asked for this skill in the same step as one that the caller is being asked to confirm. One question at a time: it did not run."},
		{gate.CodeMustEscalate, 409, "Handed over to a person", "A write_gate guardrail names the skill in alwaysEscalate: the agent never runs it and hands over instead."},
		{gate.CodeTooOften, 409, "Call limit reached", "A rate_limit guardrail allows no more skill calls in this conversation now, or too many one-time codes were sent."},
		{gate.CodeLocked, 409, "Verification locked", "The caller failed to prove who they are too often in this conversation (maxAttempts)."},
		{gate.CodeNoHandoff, 409, "Nobody can take over", "The business is closed and afterHours.allowHumanTransfer is off."},
		{gate.CodeReported, 502, "Failure reported", "The skill's system answered, and failWhen says that this answer means no."},
		{gate.CodeCannotVerify, 409, "Caller cannot be verified", "The skill needs a verified caller, and no verification method is configured, so it is refused."},
	}
}

func docOf(code callwright.Code) errorDoc {
	for _, d := range errorDocs() {
		if d.Code == code {
			return d
		}
	}
	return errorDoc{Code: callwright.CodeInternal, Status: 500, Title: "Internal error"}
}

// problem makes the answer for an error. The cause of an internal one is logged
// here, once, under the request id that the user sees.
func (a *API) problem(ctx context.Context, err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	in := infoOf(ctx)
	e, ok := errors.AsType[*callwright.Error](err)
	if !ok {
		e = callwright.Errorf(callwright.CodeInternal, "Something went wrong on the server. Quote %s to its operator.", in.id)
	}
	d := docOf(e.Code)
	if d.Status >= 500 && ctx.Err() == nil { // a client that has left is no failure of ours
		a.Log.ErrorContext(ctx, "request failed", "request", in.id, "path", in.path, "code", e.Code, "error", err)
	}
	p := &Problem{Type: a.PublicURL() + "/errors/" + string(e.Code), Title: d.Title, Status: d.Status, Detail: e.Message,
		Code: e.Code, Errors: e.Fields, Message: e.Message, Data: e.Current}
	return p.at(in.path)
}

func (a *API) writeError(w http.ResponseWriter, r *http.Request, err error) {
	p := a.problem(r.Context(), err)
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_ = jsonv2.MarshalWrite(w, p) // the client has gone
}

func (a *API) writeProblem(ctx huma.Context, p *Problem) {
	ctx.SetHeader("Content-Type", p.ContentType(""))
	ctx.SetStatus(p.Status)
	_ = jsonv2.MarshalWrite(ctx.BodyWriter(), p) // the client has gone
}

var install sync.Once

// installErrors makes huma's own errors (parameters, bodies) problems of ours. It
// is a setting of the library for the whole process.
func installErrors() {
	install.Do(func() {
		huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
			return humaProblem(status, message, errs)
		}
		huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
			p := humaProblem(status, message, errs)
			if ctx != nil {
				in := infoOf(ctx.Context())
				p.Type = in.base + p.Type
				p = p.at(in.path)
			}
			return p
		}
	})
}

// humaProblem words an error of the library. Rejected values are left out: one
// may be a secret in the wrong place.
func humaProblem(status int, message string, errs []error) *Problem {
	code := callwright.CodeValidation
	switch {
	case status == http.StatusRequestEntityTooLarge:
		code, message = callwright.CodeBodyTooLarge, "The body is larger than 1 MiB."
	case status == http.StatusRequestTimeout:
		code, message = callwright.CodeRequestTimeout, "The body did not arrive within 10 seconds."
	case status >= 500:
		code, message = callwright.CodeInternal, "Something went wrong on the server."
	}
	d := docOf(code)
	p := &Problem{Type: "/errors/" + string(code), Title: d.Title, Status: d.Status, Code: code, Detail: message, Message: message}
	if code == callwright.CodeValidation {
		p.Detail = "The request is not valid."
		p.Message = p.Detail
		if strings.Contains(message, "body is required") {
			p.Errors = append(p.Errors, callwright.FieldError{Field: "body", Message: "is required: send a JSON object"})
		}
	}
	for _, err := range errs {
		f := callwright.FieldError{Message: err.Error()}
		if ed, ok := errors.AsType[*huma.ErrorDetail](err); ok {
			_, f.Field, _ = strings.Cut(ed.Location, ".")
			f.Message = strings.Replace(ed.Message, "expected ", "must be ", 1)
		}
		p.Errors = append(p.Errors, f)
	}
	return p
}

// ErrorsMarkdown is the page about all codes, for the documentation.
func ErrorsMarkdown() []byte {
	var sb strings.Builder
	sb.WriteString("# Errors\n\n<!-- Generated from internal/httpapi/problem.go by make generate. -->\n\nEvery error answer is `application/problem+json` (RFC 9457) with a stable `code`; `type` links to the page about it.\nCodes with a status of 409 or 502 that concern a skill also appear in receipts.\n\n| code | status | meaning and what to do |\n| --- | --- | --- |\n")
	docs := errorDocs()
	sort.SliceStable(docs, func(i, j int) bool { return docs[i].Code < docs[j].Code })
	for _, d := range docs {
		sb.WriteString("| `" + string(d.Code) + "` | " + http.StatusText(d.Status) + " | **" + d.Title + ".** " + d.Help + " |\n")
	}
	return []byte(sb.String())
}

var errorTemplate = template.Must(template.New("error").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{{if eq (len .) 1}}{{(index .  0).Title}}{{else}}Errors{{end}} · Callwright</title>
<style>body{font:16px/1.6 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem;color:#1c2430}code{background:#eef1f5;padding:.1em .35em;border-radius:4px}h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}</style></head>
<body><h1>{{if eq (len .) 1}}{{(index . 0).Title}}{{else}}Error codes{{end}}</h1>
{{range .}}<h2><code>{{.Code}}</code> · HTTP {{.Status}}</h2><p>{{.Help}}</p>
{{end}}<p><a href="/errors">All error codes</a></p></body></html>
`))

// errorPage explains one code, or all.
func errorPage(w http.ResponseWriter, r *http.Request) {
	docs := errorDocs()
	if code := chi.URLParam(r, "code"); code != "" {
		d := docOf(callwright.Code(code))
		if string(d.Code) != code {
			http.NotFound(w, r)
			return
		}
		docs = []errorDoc{d}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_ = errorTemplate.Execute(w, docs) // the client has gone
}
