// Package email is the skill type email: it sends what the agent collected as a
// message, through the mail server of whoever operates this server.
//
// It makes one attempt per call and says when another may follow; when that is, is for
// gate. Nothing that a caller says can add a recipient or a header. app registers its
// Kind.
package email

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"callwright"
	"callwright/internal/skill"
	"callwright/internal/tmpl"
)

// Config is the settings of the type.
type Config struct {
	To       string `json:"to" jsonschema:"Who gets it: one or more addresses, separated by commas. {name} is replaced by a parameter, which must then be one address. Example: team@example.com, {customer_email}"`
	Subject  string `json:"subject" jsonschema:"Subject; {name} is replaced by a parameter"`
	Intro    string `json:"intro,omitempty" jsonschema:"First line, above what was collected; {name} is replaced by a parameter"`
	ReplyTo  string `json:"reply_to,omitempty" jsonschema:"Where answers go: one address; {name} is replaced by a parameter"`
	FromName string `json:"from_name,omitempty" jsonschema:"Name shown as the sender; the address is always that of this server"`
}

const (
	doc           = "Sends an e-mail with what was collected."
	timeout       = 30 * time.Second
	maxRecipients = 10
)

// Kind returns the skill type. Without a server (nil) every run fails, and says so.
func Kind(server *Server) skill.Kind {
	return skill.Define(callwright.Email, doc, func(c Config) (skill.Executor, error) { return open(c, server) })
}

type executor struct {
	to       []*tmpl.Template // a recipient each
	text     string           // of to
	subject  *tmpl.Template
	intro    *tmpl.Template
	replyTo  *tmpl.Template
	fromName string
	server   *Server
}

var (
	_ skill.Executor  = (*executor)(nil)
	_ skill.Templater = (*executor)(nil)
	_ skill.Destined  = (*executor)(nil)
	_ skill.Timed     = (*executor)(nil)
	_ skill.Effective = (*executor)(nil)
)

func open(c Config, server *Server) (skill.Executor, error) {
	e := &executor{text: c.To, fromName: c.FromName, server: server}
	var problems []callwright.FieldError
	bad := func(field, message string) {
		problems = append(problems, callwright.FieldError{Field: field, Message: message})
	}
	parse := func(field, text string) *tmpl.Template {
		t, err := tmpl.Parse(text)
		if err != nil {
			bad(field, err.Error())
		}
		return t
	}
	for part := range strings.SplitSeq(c.To, ",") {
		t := parse("to", strings.TrimSpace(part))
		if t != nil && len(t.Names()) == 0 && !validAddress(part) {
			bad("to", "must be addresses such as team@example.com or {customer_email}, separated by commas")
		}
		e.to = append(e.to, t)
	}
	if len(e.to) > maxRecipients {
		bad("to", "must be at most 10 addresses")
	}
	if strings.TrimSpace(c.Subject) == "" || len(c.Subject) > 500 {
		bad("subject", "is required: 1 to 500 characters")
	}
	e.subject, e.intro, e.replyTo = parse("subject", c.Subject), parse("intro", c.Intro), parse("reply_to", c.ReplyTo)
	if e.replyTo != nil && c.ReplyTo != "" && len(e.replyTo.Names()) == 0 && !validAddress(c.ReplyTo) {
		bad("reply_to", "must be one address such as desk@example.com")
	}
	for field, text := range map[string]string{"subject": c.Subject, "from_name": c.FromName} {
		if strings.ContainsFunc(text, control) {
			bad(field, "must be one line")
		}
	}
	if len(problems) > 0 {
		return nil, callwright.Invalid(problems...)
	}
	return e, nil
}

func control(r rune) bool { return r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' }

func validAddress(text string) bool {
	a, err := mail.ParseAddress(strings.TrimSpace(text))
	return err == nil && len(a.Address) <= 254 && !strings.ContainsFunc(a.Address, control)
}

// TemplateRefs returns the {name}s of the settings.
func (e *executor) TemplateRefs() []skill.TemplateRef {
	var refs []skill.TemplateRef
	add := func(setting string, t *tmpl.Template) {
		for _, name := range t.Names() {
			refs = append(refs, skill.TemplateRef{Setting: setting, Name: name})
		}
	}
	for _, t := range e.to {
		add("to", t)
	}
	add("subject", e.subject)
	add("intro", e.intro)
	add("reply_to", e.replyTo)
	return refs
}

// Destination returns the recipients as they were written.
func (e *executor) Destination() string { return e.text }

// Effective tells that a message cannot be taken back.
func (e *executor) Effective() {}

// Timeout returns the limit for one attempt.
func (e *executor) Timeout() time.Duration { return timeout }

// Execute sends the message.
func (e *executor) Execute(ctx context.Context, call skill.Call) (skill.Result, error) {
	m, err := e.message(call)
	if err != nil {
		return skill.Result{}, err
	}
	request, err := json.Marshal(m)
	if err != nil {
		return skill.Result{}, callwright.Wrap(callwright.CodeInternal, err, "The message cannot be described.")
	}
	result := skill.Result{Request: request}
	if call.DryRun {
		return result, nil
	}
	if e.server == nil {
		return result, callwright.Errorf(callwright.CodeUnavailable, "This server has no mail server: whoever operates it must set --smtp-url and --smtp-from.")
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := e.server.send(ctx, m); err != nil {
		result.Sent = errors.As(err, new(*unsure))
		f := failure(ctx, err)
		result.Status, result.Later = f.status, f.later
		return result, f.err
	}
	result.Sent, result.Data = true, json.RawMessage(`{"sent":true}`)
	return result, nil
}

// A message is what is sent.
type message struct {
	FromName string   `json:"fromName,omitempty"`
	To       []string `json:"to"`
	ReplyTo  string   `json:"replyTo,omitempty"`
	Subject  string   `json:"subject"`
	Text     string   `json:"text"`

	html string
	id   string
}

func (e *executor) message(call skill.Call) (message, error) {
	values := call.Values()
	m := message{FromName: e.fromName, id: call.IdempotencyKey}
	for _, t := range e.to {
		to, err := e.address("recipient", t, values)
		if err != nil {
			return m, err
		}
		m.To = append(m.To, to)
	}
	var err error
	if len(e.replyTo.Names()) > 0 {
		m.ReplyTo, err = e.address("reply address", e.replyTo, values)
	} else {
		m.ReplyTo, err = render(e.replyTo, values, oneLine)
	}
	if err != nil {
		return m, err
	}
	if m.Subject, err = render(e.subject, values, oneLine); err != nil {
		return m, err
	}
	intro, err := render(e.intro, values, func(text string) (string, error) { return text, nil })
	if err != nil {
		return m, err
	}
	m.Text, m.html = body(intro, call.Fields)
	return m, nil
}

// address fills one address. What fills it must be one and nothing else.
func (e *executor) address(what string, t *tmpl.Template, values map[string]any) (string, error) {
	text, err := render(t, values, func(text string) (string, error) {
		if strings.ContainsFunc(text, control) || strings.ContainsAny(text, ",;<>\"() ") {
			return "", errors.New("is no single e-mail address")
		}
		return text, nil
	})
	if err != nil {
		return "", err
	}
	if !validAddress(text) {
		return "", callwright.Errorf(callwright.CodeValidation, "The %s is no e-mail address.", what)
	}
	return strings.TrimSpace(text), nil
}

func render(t *tmpl.Template, values map[string]any, encode tmpl.Encoding) (string, error) {
	text, err := t.Render(values, encode)
	if err != nil {
		return "", callwright.Errorf(callwright.CodeValidation, "The message cannot be filled: %s.", err)
	}
	return text, nil
}

// oneLine keeps a value on the line it stands on.
func oneLine(text string) (string, error) {
	text = strings.Map(func(r rune) rune {
		if control(r) {
			return ' '
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > 500 {
		return string(runes[:500]) + "…", nil
	}
	return text, nil
}

// label is a field's name as a person reads it.
func label(name string) string {
	text := strings.TrimSpace(strings.NewReplacer("_", " ", "-", " ", ".", " ").Replace(name))
	if text == "" {
		return name
	}
	first := []rune(text)
	return strings.ToUpper(string(first[:1])) + string(first[1:])
}

// plain is a value as a person reads it.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return "–"
	case string:
		return v
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case json.Number:
		return v.String()
	case []any:
		var parts []string
		for _, item := range v {
			parts = append(parts, plain(item))
		}
		return strings.Join(parts, ", ")
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(raw)
}
