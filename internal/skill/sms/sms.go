// Package sms is the skill type sms: it sends a text message through the provider of
// whoever operates this server, which speaks Twilio's REST API.
//
// It makes one attempt per call and says when another may follow; when that is, is for
// gate. It sends nothing to a number that opted out, and no more to one than it may have.
// What a provider says of a message later, and what people write back, is read here
// (webhook.go) and kept by control. app registers its Kind.
package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"callwright"
	"callwright/internal/skill"
	"callwright/internal/spoken"
	"callwright/internal/tmpl"
)

// Config is the settings of the type.
type Config struct {
	To   string `json:"to" jsonschema:"Who gets it: one number in E.164 (+15551234567; ten digits are a US number), or {name} for a parameter, {vars.name} for what an earlier skill remembered"`
	Text string `json:"text" jsonschema:"What it says; {name} is replaced by a parameter. At most 10 segments: 1530 characters, or 670 when a character is not in the alphabet of GSM"`
}

const (
	doc         = "Sends a text message."
	timeout     = 15 * time.Second
	maxSegments = 10
)

// Kind returns the skill type. Without a provider (nil) every run fails, and says so.
func Kind(provider *Provider) skill.Kind {
	return skill.Define(callwright.SMS, doc, func(c Config) (skill.Executor, error) { return open(c, provider) })
}

type executor struct {
	to       *tmpl.Template
	number   string // of to
	text     *tmpl.Template
	provider *Provider
}

var (
	_ skill.Executor   = (*executor)(nil)
	_ skill.Templater  = (*executor)(nil)
	_ skill.Destined   = (*executor)(nil)
	_ skill.Timed      = (*executor)(nil)
	_ skill.Effective  = (*executor)(nil)
	_ skill.Normalizer = Config{}
)

func open(c Config, provider *Provider) (skill.Executor, error) {
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
	c = c.Normalized().(Config)
	e := &executor{to: parse("to", c.To), number: c.To, text: parse("text", c.Text), provider: provider}
	if e.to != nil && len(e.to.Names()) == 0 && !isNumber(c.To) {
		bad("to", "must be a number in E.164 such as +15551234567, or a parameter such as {phone}")
	}
	if e.text != nil {
		fixed, _ := e.text.Render(nil, words) // what is missing is empty
		switch size := Measure(fixed); {
		case strings.TrimSpace(c.Text) == "":
			bad("text", "is required")
		case size.Segments > maxSegments:
			bad("text", fmt.Sprintf("has %d segments (%d characters of %s): at most %d are sent", size.Segments, size.Characters, size.Encoding, maxSegments))
		}
	}
	if len(problems) > 0 {
		return nil, callwright.Invalid(problems...)
	}
	return e, nil
}

// Normalized returns the settings as they are kept: a number in E.164.
func (c Config) Normalized() any {
	if kept, ok := callwright.Destination(c.To); ok && strings.HasPrefix(kept, "+") {
		c.To = kept
	}
	return c
}

// isNumber reports whether text is a number in E.164 that can exist.
func isNumber(text string) bool {
	again, err := spoken.Read("phone", text, spoken.Context{})
	return err == nil && again == text
}

// TemplateRefs returns the {name}s of the settings.
func (e *executor) TemplateRefs() []skill.TemplateRef {
	var refs []skill.TemplateRef
	add := func(setting string, t *tmpl.Template) {
		for _, name := range t.Names() {
			refs = append(refs, skill.TemplateRef{Setting: setting, Name: name})
		}
	}
	add("to", e.to)
	add("text", e.text)
	return refs
}

// Destination returns the recipient as it was written.
func (e *executor) Destination() string { return e.number }

// Effective tells that a message cannot be taken back.
func (e *executor) Effective() {}

// Timeout returns the limit for one attempt.
func (e *executor) Timeout() time.Duration { return timeout }

// A message is what is sent.
type message struct {
	To   string `json:"to"`
	From string `json:"from,omitempty"`
	Text string `json:"text"`
	Size
}

// Execute sends the message.
func (e *executor) Execute(ctx context.Context, call skill.Call) (skill.Result, error) {
	m, err := e.message(call)
	if err != nil {
		return skill.Result{}, err
	}
	if e.provider != nil {
		m.From = e.provider.From
	}
	request, err := json.Marshal(m)
	if err != nil {
		return skill.Result{}, callwright.Wrap(callwright.CodeInternal, err, "The message cannot be described.")
	}
	result := skill.Result{Request: request}
	if call.DryRun {
		return result, nil
	}
	if e.provider == nil {
		return result, callwright.Errorf(callwright.CodeUnavailable, "This server has no provider of text messages: whoever operates it must set --sms-account, --sms-token and --sms-from.")
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	again, err := e.provider.admit(ctx, call, m.To)
	// The provider may have told of the attempt before this one, which seemed to be
	// refused; its reader may have written STOP since.
	before := (again || callwright.CodeOf(err) == callwright.CodeOptedOut) && e.provider.told(ctx, call)
	if err != nil && !before {
		return result, err
	}
	end := end{sent: true}
	if !before {
		end = e.provider.send(ctx, call, m)
	}
	result.Sent, result.Status, result.RetryAfter, result.Later = end.sent, end.status, end.retryAfter, end.later
	if end.err == nil {
		result.Data = json.RawMessage(`{"sent":true}`)
		return result, nil
	}
	if names := e.to.Names(); end.badNumber && len(names) == 1 {
		return result, callwright.Invalid(callwright.FieldError{Field: names[0], Message: "can't get text messages"})
	}
	return result, end.err
}

func (e *executor) message(call skill.Call) (message, error) {
	values := call.Values()
	to, err := e.recipient(values, call.Region)
	if err != nil {
		return message{}, err
	}
	text, err := e.text.Render(values, words)
	if err == nil {
		text, err = words(text) // what the setting itself has
	}
	if err != nil {
		return message{}, callwright.Errorf(callwright.CodeValidation, "The message cannot be filled: %s.", err)
	}
	m := message{To: to, Text: strings.TrimSpace(text)}
	m.Size = Measure(m.Text)
	switch {
	case m.Text == "":
		return m, callwright.Errorf(callwright.CodeValidation, "The message has no text.")
	case m.Segments > maxSegments:
		return m, e.tooLong(values, m.Size)
	}
	return m, nil
}

// recipient fills the number. What fills it must be one and nothing else.
func (e *executor) recipient(values map[string]any, region string) (string, error) {
	text, err := e.to.Render(values, func(text string) (string, error) { return text, nil })
	if err != nil {
		return "", callwright.Errorf(callwright.CodeValidation, "The recipient cannot be filled: %s.", err)
	}
	to, err := spoken.Read("phone", text, spoken.Context{Region: region})
	if err == nil {
		return to, nil
	}
	if names := e.to.Names(); len(names) == 1 {
		return "", callwright.Invalid(callwright.FieldError{Field: names[0], Message: err.Error()})
	}
	return "", callwright.Errorf(callwright.CodeValidation, "The recipient is no telephone number.")
}

// tooLong names the longest value: the caller may say it in fewer words.
func (e *executor) tooLong(values map[string]any, size Size) error {
	longest, most := "", 0
	for _, name := range e.text.Names() {
		if text, ok := values[name].(string); ok && len(text) > most {
			longest, most = name, len(text)
		}
	}
	err := callwright.Errorf(callwright.CodeValidation, "The message has %d segments (%d characters of %s): at most %d are sent.", size.Segments, size.Characters, size.Encoding, maxSegments)
	if longest != "" {
		err.Fields = []callwright.FieldError{{Field: longest, Message: "is too long for a text message"}}
	}
	return err
}

// words keeps a value to what can be read: lines, and no other control characters.
func words(text string) (string, error) {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	if strings.ContainsRune(text, 0) {
		return "", errors.New("holds the character U+0000")
	}
	return strings.Map(func(r rune) rune {
		if r != '\n' && (r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029') {
			return ' '
		}
		return r
	}, text), nil
}
