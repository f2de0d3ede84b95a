// Package strictjson reads JSON (RFC 8259) without guessing: duplicate members,
// bad UTF-8 and trailing text are refused, and numbers keep every digit. Every
// body, setting, tool argument and partner's answer comes in through it.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

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
	dec := jsontext.NewDecoder(bytes.NewBuffer(data)) // reads a buffer in place
	v, err := value(dec)
	if err == io.EOF {
		return nil, Check(data) // there is none
	}
	if err != nil {
		return nil, plain(err)
	}
	if _, err := dec.ReadToken(); err != io.EOF {
		return nil, Check(data) // something follows
	}
	return v, nil
}

func value(dec *jsontext.Decoder) (any, error) {
	switch dec.PeekKind() {
	case '{':
		return object(dec)
	case '[':
		return array(dec)
	}
	tok, err := dec.ReadToken()
	if err != nil {
		return nil, err
	}
	switch tok.Kind() {
	case '"':
		return tok.String(), nil
	case '0':
		return json.Number(tok.String()), nil
	case 't', 'f':
		return tok.Bool(), nil
	}
	return nil, nil
}

func object(dec *jsontext.Decoder) (any, error) {
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	m := map[string]any{}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		key := name.String()
		if m[key], err = value(dec); err != nil {
			return nil, err
		}
	}
	_, err := dec.ReadToken()
	return m, err
}

func array(dec *jsontext.Decoder) (any, error) {
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	list := []any{}
	for dec.PeekKind() != ']' {
		v, err := value(dec)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := dec.ReadToken()
	return list, err
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

// An Error is a text that is not strict JSON, or does not fit. Pointer is the
// place (RFC 6901), when there is one.
type Error struct{ Pointer, Message string }

func (e *Error) Error() string { return e.Message }

// plain rewords an error of the JSON library for people, without repeating
// values.
func plain(err error) error {
	if err == nil {
		return nil
	}
	if se, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		e := &Error{Pointer: string(se.JSONPointer)}
		where := fmt.Sprintf("at byte %d", se.ByteOffset)
		if e.Pointer != "" {
			where += " (" + e.Pointer + ")"
		}
		e.Message = "is not valid JSON " + where
		if errors.Is(err, jsontext.ErrDuplicateName) {
			e.Message = "has the same member twice " + where + ": keep one of them"
		}
		return e
	}
	if se, ok := errors.AsType[*jsonv2.SemanticError](err); ok {
		e := &Error{Pointer: string(se.JSONPointer), Message: "has a value of the wrong type at " + string(se.JSONPointer)}
		if errors.Is(err, jsonv2.ErrUnknownName) {
			e.Message = "has the unknown member " + e.Pointer
		}
		return e
	}
	return err
}
