// Package strictjson reads JSON (RFC 8259) without guessing: duplicate members,
// bad UTF-8 and trailing text are refused, and numbers keep every digit. Every
// body, setting, tool argument and partner's answer comes in through it.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Decode reads one JSON value into v, a pointer. A member that v's type does not
// have is an error.
func Decode(data []byte, v any) error {
	return plain(jsonv2.Unmarshal(data, v, jsonv2.RejectUnknownMembers(true)))
}

// Value reads one JSON value of any type: nil, bool, string, json.Number, []any
// or map[string]any.
func Value(data []byte) (any, error) {
	if err := Check(data); err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, plain(err)
	}
	return v, nil
}

// Object reads one JSON object. Empty input and null are the empty object.
func Object(data []byte) (map[string]any, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return map[string]any{}, nil
	}
	v, err := Value(data)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case nil:
		return map[string]any{}, nil
	case map[string]any:
		return v, nil
	}
	return nil, errors.New("must be a JSON object")
}

// Check reports whether data is exactly one strict JSON value.
func Check(data []byte) error {
	var v jsontext.Value
	return plain(jsonv2.Unmarshal(data, &v))
}

// plain rewords an error of the JSON library for people, without repeating
// values.
func plain(err error) error {
	if err == nil {
		return nil
	}
	if se, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		where := "at byte " + fmt.Sprint(se.ByteOffset)
		if p := string(se.JSONPointer); p != "" {
			where += " (" + p + ")"
		}
		switch {
		case errors.Is(err, jsontext.ErrDuplicateName):
			return fmt.Errorf("has a member twice, %s: keep one of them", where)
		default:
			return fmt.Errorf("is not valid JSON %s", where)
		}
	}
	if se, ok := errors.AsType[*jsonv2.SemanticError](err); ok {
		if errors.Is(err, jsonv2.ErrUnknownName) {
			return fmt.Errorf("has the unknown member %s", se.JSONPointer)
		}
		return fmt.Errorf("has a value of the wrong type at %s", se.JSONPointer)
	}
	return err
}
