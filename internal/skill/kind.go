package skill

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/jsonschema-go/jsonschema"

	"callwright"
	"callwright/internal/schema"
	"callwright/internal/strictjson"
)

// A Kind is everything the product knows about a skill type.
type Kind struct {
	Type callwright.SkillType

	// Doc is one sentence for the dashboard and GET /skill-types.
	Doc string

	// Reserved kinds are listed but not built: creating one is refused with
	// capability_not_enabled. They have neither Schema nor Open.
	Reserved bool

	// Schema is the JSON Schema of executionConfig, made from the settings
	// struct.
	Schema json.RawMessage

	// Open checks settings and builds their Executor. All mistakes are reported
	// at once, as a *callwright.Error with fields relative to the settings.
	Open func(config json.RawMessage) (Executor, error)

	// Literals lists the secrets in settings that Open accepted; nil when the
	// type has none.
	Literals func(config json.RawMessage) ([]Literal, error)

	// Normal returns settings that Open accepted in the form in which they are kept;
	// nil when the type keeps them as they are.
	Normal func(config json.RawMessage) (json.RawMessage, error)

	// Common reads the settings that all types have, from settings that Open
	// accepted.
	Common func(config json.RawMessage) (Common, error)
}

// Reserved returns the row of a type that is planned and not built.
func Reserved(t callwright.SkillType, doc string) Kind {
	return Kind{Type: t, Doc: doc, Reserved: true}
}

// Define makes a Kind whose settings are the struct C: json tags name the
// settings, jsonschema tags describe them, omitempty or omitzero makes one
// optional. Settings are checked against the schema first, so open only sees
// well-typed ones and checks what a schema cannot say.
//
// It panics when C has no schema: a mistake in the program, found at start-up.
func Define[C any](t callwright.SkillType, doc string, open func(C) (Executor, error)) Kind {
	raw, err := settingsSchema[C]()
	if err != nil {
		panic(fmt.Sprintf("skill type %s: %v", t, err))
	}
	compiled, err := schema.Compile(raw)
	if err != nil {
		panic(fmt.Sprintf("skill type %s: %v", t, err))
	}
	decode := func(config json.RawMessage) (settings[C], error) {
		var c settings[C]
		if len(bytes.TrimSpace(config)) == 0 {
			config = json.RawMessage(`{}`) // absent settings are no settings, as for Object
		}
		value, err := strictjson.Object(config)
		if err != nil {
			return c, callwright.Invalid(callwright.FieldError{Message: err.Error()})
		}
		if problems := compiled.Validate(value); len(problems) > 0 {
			return c, callwright.Invalid(fieldErrors(problems)...)
		}
		if err := errors.Join(json.Unmarshal(config, &c.own), json.Unmarshal(config, &c.common)); err != nil {
			return c, callwright.Invalid(callwright.FieldError{Message: "has a value of the wrong type"})
		}
		return c, nil
	}
	k := Kind{Type: t, Doc: doc, Schema: raw}
	k.Open = func(config json.RawMessage) (Executor, error) {
		c, err := decode(config)
		if err != nil {
			return nil, err
		}
		return open(c.own)
	}
	k.Common = func(config json.RawMessage) (Common, error) {
		c, err := decode(config)
		return c.common, err
	}
	var zero C
	if _, ok := any(zero).(Normalizer); ok {
		k.Normal = func(config json.RawMessage) (json.RawMessage, error) {
			c, err := decode(config)
			if err != nil {
				return nil, err
			}
			return overlay(config, any(c.own).(Normalizer).Normalized())
		}
	}
	if _, ok := any(zero).(Secretive); ok {
		k.Literals = func(config json.RawMessage) ([]Literal, error) {
			c, err := decode(config)
			if err != nil {
				return nil, err
			}
			return any(c.own).(Secretive).Literals(), nil
		}
	}
	return k
}

// settings are a type's own settings and those that all types have.
type settings[C any] struct {
	own    C
	common Common
}

// settingsSchema makes the schema of both together.
func settingsSchema[C any]() (json.RawMessage, error) {
	own, err := jsonschema.For[C](nil)
	if err != nil {
		return nil, err
	}
	common, err := jsonschema.For[Common](nil)
	if err != nil {
		return nil, err
	}
	if own.Properties == nil {
		own.Properties = map[string]*jsonschema.Schema{}
	}
	for name, s := range common.Properties {
		if own.Properties[name] != nil {
			return nil, fmt.Errorf("the setting %s belongs to all types", name)
		}
		own.Properties[name] = s
	}
	return json.Marshal(own)
}

// overlay lays the members of a value over those of settings.
func overlay(config json.RawMessage, v any) (json.RawMessage, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	members := map[string]json.RawMessage{}
	if err := errors.Join(json.Unmarshal(config, &members), json.Unmarshal(raw, &members)); err != nil {
		return nil, err
	}
	return json.Marshal(members)
}

func fieldErrors(problems []schema.Problem) []callwright.FieldError {
	fields := make([]callwright.FieldError, len(problems))
	for i, p := range problems {
		fields[i] = callwright.FieldError{Field: p.Path, Message: p.Message}
	}
	return fields
}
