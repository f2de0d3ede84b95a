package control

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"callwright"
	"callwright/internal/store"
)

const (
	secretKeyPrefix = "cw_sk_"
	shownPrefix     = 16 // characters of a key's text that are kept, to tell keys apart

	// DefaultGrace is how long the text before a rotation works too when nobody says.
	DefaultGrace = 24 * time.Hour
	maxGrace     = 30 * 24 * time.Hour
)

// A KeySpec is what an operator says of a new secret key.
type KeySpec struct {
	Name    string
	Env     callwright.Environment // empty: live
	Scopes  []callwright.Scope
	Expires callwright.Time // 0: never
}

// CreateKey makes a live key that never expires; see IssueKey.
func (s *Service) CreateKey(ctx context.Context, orgName, keyName string, scopes []callwright.Scope) (callwright.Key, string, error) {
	return s.IssueKey(ctx, orgName, KeySpec{Name: keyName, Scopes: scopes})
}

// IssueKey makes a secret key of the organization with the name, making that first
// if needed, and returns its text, which is kept nowhere. Keys are made by whoever
// has the server's data, never through another key.
func (s *Service) IssueKey(ctx context.Context, orgName string, spec KeySpec) (callwright.Key, string, error) {
	now := s.Now()
	problems := append(text("org", orgName, 1, 80), text("name", spec.Name, 1, 80)...)
	problems = append(problems, checkEnv(&spec.Env)...)
	problems = append(problems, checkScopes(spec.Scopes)...)
	if spec.Expires != 0 && spec.Expires <= callwright.At(now) {
		problems = append(problems, at("expires", "must be in the future")...)
	}
	if err := fail(problems); err != nil {
		return callwright.Key{}, "", err
	}
	org, err := s.Store.EnsureOrg(ctx, callwright.Org{ID: callwright.NewID[callwright.OrgID](now), Name: orgName, CreatedAt: callwright.At(now)})
	if err != nil {
		return callwright.Key{}, "", err
	}
	plain := newText(secretKeyPrefix, spec.Env)
	key := callwright.Key{ID: callwright.NewID[callwright.KeyID](now), OrganizationID: org.ID, Name: spec.Name, Env: spec.Env, Prefix: plain[:shownPrefix], Scopes: spec.Scopes,
		ExpiresAt: spec.Expires, CreatedAt: callwright.At(now)}
	change := store.Change{Action: "key.create", Resource: string(key.ID), After: &key}
	return key, plain, s.Store.As(commandLine(org.ID), now, change).CreateKey(ctx, key, hashKey(plain))
}

func checkEnv(env *callwright.Environment) []callwright.FieldError {
	return oneOf("env", (*string)(env), string(callwright.Live), string(callwright.Test))
}

func checkScopes(scopes []callwright.Scope) []callwright.FieldError {
	if len(scopes) == 0 {
		return at("scopes", "is required: all, or some of "+scopeList())
	}
	for _, sc := range scopes {
		if sc == callwright.ChatPublic {
			return at("scopes", "has chat:public, which only publishable keys hold: make one with POST /agents/{agentId}/publishable-keys")
		}
		if !slices.Contains(callwright.Scopes(), sc) {
			return at("scopes", "has the unknown scope "+string(sc)+": use all, or some of "+scopeList())
		}
	}
	return nil
}

// newText makes the text of a key.
func newText(prefix string, env callwright.Environment) string {
	return prefix + string(env) + "_" + strings.ToLower(rand.Text()+rand.Text()[:14]) // 200 bits
}

func commandLine(org callwright.OrgID) callwright.Actor {
	return callwright.Actor{Org: org, Key: "command line"}
}

// CommandLine returns who acts on an organization from the command line. Whoever
// has the server's data may do everything.
func (s *Service) CommandLine(ctx context.Context, orgName string) (callwright.Actor, error) {
	if err := fail(text("org", orgName, 1, 80)); err != nil {
		return callwright.Actor{}, err
	}
	org, err := s.Store.OrgByName(ctx, orgName)
	return commandLine(org.ID), err
}

// RotateKey gives a secret key another text and returns that, which is kept
// nowhere. The text before works too until the grace period ends; the one before
// that ends at once. Name, scopes and the end of the key stay.
func (s *Service) RotateKey(ctx context.Context, actor callwright.Actor, id callwright.KeyID, grace time.Duration) (callwright.Key, string, error) {
	if err := fail(checkGrace("grace", grace)); err != nil {
		return callwright.Key{}, "", err
	}
	var before, after callwright.Key
	var plain string
	change := store.Change{Action: "key.rotate", Resource: string(id), Before: &before, After: &after}
	now := s.Now()
	k, err := s.Store.As(actor, now, change).UpdateKey(ctx, actor.Org, id, func(r *store.KeyRecord) error {
		before = r.Key
		if r.RevokedAt != 0 || r.ExpiresAt != 0 && callwright.At(now) >= r.ExpiresAt {
			return ended()
		}
		plain = newText(secretKeyPrefix, r.Env)
		r.PreviousHash, r.GraceEndsAt = previous(r.Hash, grace, now)
		r.Hash, r.Prefix = hashKey(plain), plain[:shownPrefix]
		after = r.Key
		return nil
	})
	s.recent.forget()
	return k, plain, err
}

func checkGrace(field string, grace time.Duration) []callwright.FieldError {
	if grace < 0 || grace > maxGrace {
		return at(field, "must be between 0, which ends the old key at once, and 30 days")
	}
	return nil
}

// previous is what a rotation keeps of the text that it replaces.
func previous(text string, grace time.Duration, now time.Time) (string, callwright.Time) {
	if grace <= 0 {
		return "", 0
	}
	return text, callwright.At(now.Add(grace))
}

func ended() error {
	return callwright.Errorf(callwright.CodeKeyEnded, "The key was revoked or has expired, which is for good: make a new one.")
}

// errUnchanged ends a transaction that has nothing to do.
var errUnchanged = errors.New("nothing to change")

// RevokeKey ends a secret key at once, with all its texts. One that is revoked
// stays as it is.
func (s *Service) RevokeKey(ctx context.Context, actor callwright.Actor, id callwright.KeyID) error {
	var before, after callwright.Key
	change := store.Change{Action: "key.revoke", Resource: string(id), Before: &before, After: &after}
	_, err := s.Store.As(actor, s.Now(), change).UpdateKey(ctx, actor.Org, id, func(r *store.KeyRecord) error {
		if r.RevokedAt != 0 {
			return errUnchanged
		}
		before = r.Key
		r.RevokedAt, r.GraceEndsAt = s.now(), 0
		after = r.Key
		return nil
	})
	s.recent.forget()
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

// ListKeys returns the organization's secret keys, oldest first.
func (s *Service) ListKeys(ctx context.Context, actor callwright.Actor) ([]callwright.Key, error) {
	return s.Store.ListKeys(ctx, actor.Org)
}

// Authenticate returns who holds a key. It reads the key at least every half second,
// so that one which is revoked ends on every server within that time.
func (s *Service) Authenticate(ctx context.Context, key string) (callwright.Actor, error) {
	if strings.HasPrefix(key, publishableKeyPrefix) {
		k, err := s.publishable(ctx, key)
		if err != nil {
			return callwright.Actor{}, err
		}
		return s.holder(ctx, k), nil
	}
	if !strings.HasPrefix(key, secretKeyPrefix) {
		return callwright.Actor{}, unauthenticated()
	}
	hash, now := hashKey(key), s.now()
	k, err := s.keyByHash(ctx, hash, now)
	if callwright.CodeOf(err) == callwright.CodeNotFound {
		return callwright.Actor{}, unauthenticated()
	}
	if err != nil {
		return callwright.Actor{}, err
	}
	if err := inForce(now, lifetime{revoked: k.RevokedAt, expires: k.ExpiresAt, graceEnds: k.GraceEndsAt, previous: k.Hash != hash}); err != nil {
		return callwright.Actor{}, err
	}
	s.noteUse(ctx, string(k.ID), k.LastUsedAt, now, func(ctx context.Context) error { return s.Store.UsedKey(ctx, k.OrganizationID, k.ID, now) })
	return callwright.Actor{Org: k.OrganizationID, Key: k.ID, Env: k.Env, Scopes: k.Scopes}, nil
}

func (s *Service) keyByHash(ctx context.Context, hash string, now callwright.Time) (store.KeyRecord, error) {
	if k, ok := s.recent.find(hash, now); ok {
		return k, nil
	}
	k, err := s.Store.KeyByHash(ctx, hash)
	if err == nil {
		s.recent.keep(hash, k, now)
	}
	return k, err
}

// A lifetime is what says whether a text of a key still counts; 0 is never.
type lifetime struct {
	revoked, expires, graceEnds callwright.Time
	previous                    bool // it is the text before the last rotation
}

// inForce tells the holder of a key why it no longer counts.
func inForce(now callwright.Time, l lifetime) error {
	why := ""
	switch {
	case l.revoked != 0:
		why = "was revoked"
	case l.expires != 0 && now >= l.expires:
		why = fmt.Sprintf("expired at %s", l.expires)
	case l.previous && now >= l.graceEnds:
		why = "was replaced by a new one (rotated), and no longer works beside it"
	default:
		return nil
	}
	return callwright.Errorf(callwright.CodeUnauthenticated, "This key %s. Send one that is in force: Authorization: Bearer cw_sk_live_…", why)
}

func unauthenticated() error {
	return callwright.Errorf(callwright.CodeUnauthenticated, "Send a valid API key: Authorization: Bearer cw_sk_live_…")
}

func hashKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

func scopeList() string {
	var out []string
	for _, s := range callwright.Scopes() {
		out = append(out, string(s))
	}
	return list(out)
}
