// Package transfer is the skill type transfer: it hands the caller over to a person.
//
// It only says where to: the channel does it, engine words it, and gate decides
// whether it may be done now. app registers its Kind.
package transfer

import (
	"context"
	"encoding/json"

	"callwright"
	"callwright/internal/skill"
	"callwright/internal/tmpl"
)

// Config is the settings of the type.
type Config struct {
	Destination string `json:"destination" jsonschema:"Where to: a number in E.164 (+15551234567; ten digits are a US number) or a SIP URI. {name} is replaced by a parameter, {vars.name} by what an earlier skill remembered"`
	Warm        bool   `json:"warm,omitempty" jsonschema:"Tell the person about the caller first"`
}

const doc = "Hands the caller over to a person."

// Kind returns the skill type.
func Kind() skill.Kind {
	return skill.Define(callwright.TransferCall, doc, open)
}

type executor struct {
	to   *tmpl.Template
	text string
	warm bool
}

var (
	_ skill.Executor   = (*executor)(nil)
	_ skill.Templater  = (*executor)(nil)
	_ skill.Destined   = (*executor)(nil)
	_ skill.Normalizer = Config{}
)

func open(c Config) (skill.Executor, error) {
	bad := func(message string) (skill.Executor, error) {
		return nil, callwright.Invalid(callwright.FieldError{Field: "destination", Message: message})
	}
	to, err := tmpl.Parse(c.Destination)
	if err != nil {
		return bad(err.Error())
	}
	if kept, ok := callwright.Destination(c.Destination); ok {
		c.Destination = kept
	} else if len(to.Names()) == 0 {
		return bad("must be a number in E.164 such as +15551234567, or a SIP URI such as sip:desk@example.com")
	}
	if to, err = tmpl.Parse(c.Destination); err != nil {
		return bad(err.Error())
	}
	return &executor{to, c.Destination, c.Warm}, nil
}

// Normalized returns the settings as they are kept: numbers in E.164.
func (c Config) Normalized() any {
	if kept, ok := callwright.Destination(c.Destination); ok {
		c.Destination = kept
	}
	return c
}

// TemplateRefs returns the {name}s of the destination.
func (e *executor) TemplateRefs() []skill.TemplateRef {
	var refs []skill.TemplateRef
	for _, name := range e.to.Names() {
		refs = append(refs, skill.TemplateRef{Setting: "destination", Name: name})
	}
	return refs
}

// Destination returns where the caller is handed over to.
func (e *executor) Destination() string { return e.text }

// Execute returns the transfer, which the channel performs.
func (e *executor) Execute(ctx context.Context, call skill.Call) (skill.Result, error) {
	if err := ctx.Err(); err != nil {
		return skill.Result{}, callwright.Wrap(callwright.CodeTimeout, err, "The transfer was given up.")
	}
	text, err := e.to.Render(call.Values(), func(text string) (string, error) { return text, nil })
	if err != nil {
		return skill.Result{}, callwright.Errorf(callwright.CodeValidation, "The destination cannot be filled: %s.", err)
	}
	kept, ok := callwright.Destination(text)
	if !ok {
		return skill.Result{}, callwright.Errorf(callwright.CodeValidation, "The destination is neither a number in E.164 nor a SIP URI.")
	}
	request, err := json.Marshal(map[string]any{"transfer": kept, "warm": e.warm})
	if err != nil {
		return skill.Result{}, callwright.Wrap(callwright.CodeInternal, err, "The transfer cannot be described.")
	}
	if call.DryRun {
		return skill.Result{Request: request}, nil
	}
	return skill.Result{Data: json.RawMessage(`{"transferring":true}`), Effect: skill.Transfer{To: kept, Warm: e.warm}, Request: request}, nil
}
