// Package echo is the skill type echo: it answers with what it was sent.
package echo

import (
	"context"
	"encoding/json"

	"callwright"
	"callwright/internal/skill"
)

// Config is the settings of the type.
type Config struct {
	Prefix string `json:"prefix,omitempty" jsonschema:"What the answer begins with"`
}

// Kind returns the skill type.
func Kind() skill.Kind {
	return skill.Define(callwright.SkillType("echo"), "Answers with what it was sent.", func(c Config) (skill.Executor, error) {
		return executor{c.Prefix}, nil
	})
}

type executor struct{ prefix string }

// Execute returns the fields.
func (e executor) Execute(ctx context.Context, call skill.Call) (skill.Result, error) {
	if err := ctx.Err(); err != nil {
		return skill.Result{}, callwright.Wrap(callwright.CodeTimeout, err, "The run was given up.")
	}
	request, err := json.Marshal(call.Fields)
	if err != nil || call.DryRun {
		return skill.Result{Request: request}, err
	}
	data, err := json.Marshal(map[string]any{"text": e.prefix, "fields": call.Fields})
	return skill.Result{Data: data, Request: request, Sent: true}, err
}
