package control

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"callwright"
	"callwright/internal/store"
)

const secretKeyPrefix = "cw_sk_live_"

// CreateKey makes a secret key of the organization with the name, making that
// first if needed, and returns its text, which is kept nowhere. Keys are made by
// whoever has the server's data, never through another key.
func (s *Service) CreateKey(ctx context.Context, orgName, keyName string, scopes []callwright.Scope) (callwright.Key, string, error) {
	problems := append(text("org", orgName, 1, 80), text("name", keyName, 1, 80)...)
	for _, sc := range scopes {
		if !slices.Contains(callwright.Scopes(), sc) {
			problems = append(problems, at("scopes", "has the unknown scope "+string(sc)+": use all, or some of "+scopeList())...)
			break
		}
	}
	if len(scopes) == 0 {
		problems = append(problems, at("scopes", "is required: all, or some of "+scopeList())...)
	}
	if err := fail(problems); err != nil {
		return callwright.Key{}, "", err
	}
	now := s.Now()
	org, err := s.Store.EnsureOrg(ctx, callwright.Org{ID: callwright.NewID[callwright.OrgID](now), Name: orgName, CreatedAt: callwright.At(now)})
	if err != nil {
		return callwright.Key{}, "", err
	}
	key := callwright.Key{ID: callwright.NewID[callwright.KeyID](now), OrganizationID: org.ID, Name: keyName, Scopes: scopes, CreatedAt: callwright.At(now)}
	plain := secretKeyPrefix + strings.ToLower(rand.Text()+rand.Text()[:14]) // 200 bits
	line := callwright.Actor{Org: org.ID, Key: "command line"}
	return key, plain, s.Store.As(line, now, store.Change{Action: "key.create", Resource: string(key.ID), After: &key}).CreateKey(ctx, key, hashKey(plain))
}

// Authenticate returns who holds a key.
func (s *Service) Authenticate(ctx context.Context, key string) (callwright.Actor, error) {
	if !strings.HasPrefix(key, "cw_sk_") {
		return callwright.Actor{}, unauthenticated()
	}
	k, err := s.Store.KeyByHash(ctx, hashKey(key))
	if callwright.CodeOf(err) == callwright.CodeNotFound {
		return callwright.Actor{}, unauthenticated()
	}
	return callwright.Actor{Org: k.OrganizationID, Key: k.ID, Scopes: k.Scopes}, err
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
