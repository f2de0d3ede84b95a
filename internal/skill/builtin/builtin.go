// Package builtin is the skill type builtin: what needs no system of the business.
// It ends the conversation, takes a message, or repeats what was said.
//
// It only says what is to be done; engine and the channel do it. app registers its
// Kind.
package builtin

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"callwright"
	"callwright/internal/skill"
)

// Config is the settings of the type.
type Config struct {
	Action string `json:"action" jsonschema:"end_call, take_message or repeat. A message is the parameter message or text, or all parameters together"`
}

const doc = "Ends the conversation, takes a message or repeats what was said."

// Kind returns the skill type.
func Kind() skill.Kind {
	return skill.Define(callwright.Builtin, doc, func(c Config) (skill.Executor, error) {
		if !slices.Contains([]string{"end_call", "take_message", "repeat"}, c.Action) {
			return nil, callwright.Invalid(callwright.FieldError{Field: "action", Message: "must be one of end_call, take_message, repeat"})
		}
		return executor{c.Action}, nil
	})
}

type executor struct{ action string }

var _ skill.Executor = executor{}

// Execute returns the effect, which the conversation performs.
func (e executor) Execute(ctx context.Context, call skill.Call) (skill.Result, error) {
	if err := ctx.Err(); err != nil {
		return skill.Result{}, callwright.Wrap(callwright.CodeTimeout, err, "It was given up.")
	}
	text := ""
	if e.action == "take_message" {
		if text = message(call.Fields); text == "" {
			return skill.Result{}, callwright.Errorf(callwright.CodeValidation, "There is no message: give the skill a parameter named message.")
		}
	}
	request, err := json.Marshal(map[string]string{"action": e.action, "message": text})
	if err != nil {
		return skill.Result{}, callwright.Wrap(callwright.CodeInternal, err, "The action cannot be described.")
	}
	if call.DryRun {
		return skill.Result{Request: request}, nil
	}
	switch e.action {
	case "end_call":
		return skill.Result{Data: json.RawMessage(`{"ended":true}`), Effect: skill.EndConversation{}, Request: request}, nil
	case "take_message":
		return skill.Result{Data: json.RawMessage(`{"message":"I've taken your message and will pass it on."}`), Effect: skill.TakeMessage{Text: text}, Request: request}, nil
	}
	return skill.Result{Data: json.RawMessage(`{"repeated":true}`), Effect: skill.RepeatLast{}, Request: request}, nil
}

// message is the text to pass on.
func message(fields map[string]any) string {
	for _, name := range []string{"message", "text"} {
		if text, ok := fields[name].(string); ok && len(fields) == 1 {
			return strings.TrimSpace(text)
		}
	}
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		lines = append(lines, fmt.Sprintf("%s: %v", strings.ReplaceAll(name, "_", " "), fields[name]))
	}
	return strings.Join(lines, "\n")
}
