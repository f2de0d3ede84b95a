// Package control is what an operator does: agents, skills, publishing, keys and
// secrets. It checks everything an operator writes and owns who may see what:
// a thing of another organization is not found.
//
// It holds no conversation and never calls engine. It is called by httpapi and by
// the command line.
package control

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"callwright"
	"callwright/internal/gate"
	"callwright/internal/geo"
	"callwright/internal/secret"
	"callwright/internal/skill"
	"callwright/internal/skill/sms"
	"callwright/internal/sqldb"
	"callwright/internal/store"
	"callwright/internal/strictjson"
)

// A Service does what operators ask. Its fields are set once, before use.
type Service struct {
	Store    *store.DB
	Gate     *gate.Gate
	Kinds    map[callwright.SkillType]skill.Kind
	Keyring  *secret.Keyring
	SQL      *sqldb.Opener // for connections
	Geocoder geo.Geocoder  // for rosters
	Texts    *sms.Provider // nil: there is none
	Now      func() time.Time
	Log      *slog.Logger

	uses         uses
	recent       recent
	measurements measurements
}

func (s *Service) now() callwright.Time { return callwright.At(s.Now()) }

// fail returns the problems as one validation error, or nil. A field that two
// checks complain about is reported once, in the words of the first.
func fail(problems []callwright.FieldError) error {
	seen := map[string]bool{}
	problems = slices.DeleteFunc(problems, func(f callwright.FieldError) bool {
		dup := seen[f.Field]
		seen[f.Field] = true
		return dup
	})
	if len(problems) == 0 {
		return nil
	}
	return callwright.Invalid(problems...)
}

// merge lays the members of a JSON patch over the JSON of current: a member that
// is null goes back to its default, one that is absent stays. Members are
// replaced whole.
func merge[T any](current T, patch []byte) (T, error) {
	var merged T
	base, err := json.Marshal(current)
	if err != nil {
		return merged, fmt.Errorf("write %T: %w", current, err)
	}
	members, change := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	if err := json.Unmarshal(base, &members); err != nil {
		return merged, fmt.Errorf("read %T: %w", current, err)
	}
	if err := strictjson.Decode(patch, &change); err != nil {
		return merged, callwright.Errorf(callwright.CodeMalformedBody, "The body %s.", err)
	}
	maps.Copy(members, change)
	for name, raw := range change {
		if string(raw) == "null" {
			delete(members, name)
		}
	}
	whole, err := json.Marshal(members)
	if err != nil {
		return merged, fmt.Errorf("write %T: %w", current, err)
	}
	_ = json.Unmarshal(whole, &merged) // members of the wrong type were reported by the caller
	return merged, nil
}

// text checks a text member.
func text(field, v string, least, most int) []callwright.FieldError {
	n := utf8.RuneCountInString(v)
	switch {
	case n < least:
		return []callwright.FieldError{{Field: field, Message: "is required"}}
	case n > most:
		return []callwright.FieldError{{Field: field, Message: fmt.Sprintf("must have at most %d characters", most)}}
	}
	for _, r := range v {
		if unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' {
			return []callwright.FieldError{{Field: field, Message: "must not hold control characters"}}
		}
	}
	return nil
}

// oneOf checks an enumerated member; empty takes the first value.
func oneOf(field string, v *string, values ...string) []callwright.FieldError {
	if *v == "" {
		*v = values[0]
	}
	if slices.Contains(values, *v) {
		return nil
	}
	return []callwright.FieldError{{Field: field, Message: fmt.Sprintf("must be one of %s", list(values))}}
}

func list(values []string) string { return strings.Join(values, ", ") }

// found makes sure an agent exists in the actor's organization before anything
// else is looked at: a stranger learns nothing from a validation error.
func (s *Service) found(ctx context.Context, actor callwright.Actor, id callwright.AgentID) error {
	_, err := s.Store.Agent(ctx, actor.Org, id)
	return err
}
