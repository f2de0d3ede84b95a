// Package secret holds secrets in memory and seals them for storage.
//
// A String is a secret that every printer, logger and encoder shows as ••••, so
// that a careless %v leaks nothing. A Keyring encrypts secrets at rest under the
// server's master key. The package does not store secrets and does not decide
// who may use one: store keeps the sealed bytes, control and the skills call it.
package secret

import (
	"fmt"
	"io"
	"log/slog"
)

// mask is what everybody but Reveal sees. It has a fixed length so that it tells
// nothing about the secret's.
const mask = "••••"

// A String is a secret text. Only Reveal returns it; the zero value is empty and
// prints as nothing. Strings compare with ==, which is not constant-time: do not
// check credentials that way.
type String struct {
	// A pointer, so that printers which look through the methods by reflection
	// (a %#v of a struct that holds a String in an unexported field) show an
	// address, never the text.
	text *string
}

// New makes a secret of s.
func New(s string) String {
	if s == "" {
		return String{}
	}
	return String{&s}
}

// Reveal returns the secret itself. Every use of it is a place where a secret
// leaves, so keep them few.
func (s String) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Empty reports whether there is no secret.
func (s String) Empty() bool { return s.text == nil }

// String returns the mask, or nothing for the empty secret.
func (s String) String() string {
	if s.Empty() {
		return ""
	}
	return mask
}

// Format writes the mask for every verb and flag.
func (s String) Format(w fmt.State, _ rune) { io.WriteString(w, s.String()) }

// LogValue is the mask.
func (s String) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText writes the mask; encoding/json, go-json-experiment/json,
// encoding/xml and YAML encoders all take it.
func (s String) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalBinary refuses: gob and the like would write something that reads as a
// secret and is none.
func (s String) MarshalBinary() ([]byte, error) {
	return nil, fmt.Errorf("a secret cannot be encoded: seal it with a Keyring")
}
