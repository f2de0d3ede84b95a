package control

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"callwright"
	"callwright/internal/secret"
	"callwright/internal/skill"
	"callwright/internal/store"
	"callwright/internal/tmpl"
)

// SigningSecretName is the secret that signs an organization's webhooks where a
// skill has none of its own. It is made on first use; an operator who wants to
// verify signatures stores a value of their own first.
const SigningSecretName = "WEBHOOK_SIGNING_SECRET"

const maxSecretBytes = 16 << 10

// SecretSpec is what an operator writes of a secret.
type SecretSpec struct {
	Name         string   `json:"name" doc:"1 to 64 letters, digits and underscores, beginning with a letter" example:"WARRANTY_KEY"`
	Value        string   `json:"value" doc:"1 to 16,384 bytes. It goes in and never comes out" example:"correct horse battery staple"`
	AllowedHosts []string `json:"allowedHosts" required:"false" doc:"The only hosts the value may be sent to, for example api.example.com. Empty: any host that a skill names"`
}

// CreateSecret stores a secret.
func (s *Service) CreateSecret(ctx context.Context, actor callwright.Actor, spec SecretSpec, problems []callwright.FieldError) (callwright.Secret, error) {
	if !regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`).MatchString(spec.Name) {
		problems = append(problems, at("name", "must be 1 to 64 letters, digits and underscores, beginning with a letter")...)
	}
	if spec.Value == "" || len(spec.Value) > maxSecretBytes {
		problems = append(problems, at("value", "is required: 1 to 16,384 bytes")...)
	}
	if spec.Name == SigningSecretName && !strings.HasPrefix(spec.Value, "whsec_") {
		problems = append(problems, at("value", "must be a Standard Webhooks secret: whsec_ and base64")...)
	}
	for i, h := range spec.AllowedHosts {
		if h == "" || strings.ContainsAny(h, "/:@? ") {
			problems = append(problems, at(fmt.Sprintf("allowedHosts[%d]", i), "must be a host name such as api.example.com, without scheme, port or path")...)
		}
	}
	if err := fail(problems); err != nil {
		return callwright.Secret{}, err
	}
	return s.seal(ctx, actor, spec)
}

// seal stores a secret; an actor without a Once does so as part of something else.
func (s *Service) seal(ctx context.Context, actor callwright.Actor, spec SecretSpec) (callwright.Secret, error) {
	org := actor.Org
	now := s.Now()
	sec := callwright.Secret{ID: callwright.NewID[callwright.SecretID](now), Name: spec.Name, AllowedHosts: []string{}, CreatedAt: callwright.At(now), UpdatedAt: callwright.At(now)}
	for _, h := range spec.AllowedHosts {
		sec.AllowedHosts = append(sec.AllowedHosts, strings.ToLower(h))
	}
	sealed, err := s.Keyring.Seal([]byte(spec.Value), string(org)+"/"+string(sec.ID))
	if err != nil {
		return callwright.Secret{}, fmt.Errorf("seal secret: %w", err)
	}
	return sec, s.Store.As(actor, now, store.Change{Action: "secret.create", Resource: string(sec.ID), After: &sec}).CreateSecret(ctx, org, sec, base64.StdEncoding.EncodeToString(sealed))
}

// ListSecrets returns the organization's secrets without their values.
func (s *Service) ListSecrets(ctx context.Context, actor callwright.Actor) ([]callwright.Secret, error) {
	return s.Store.ListSecrets(ctx, actor.Org)
}

// DeleteSecret removes a secret by id or name. Skills that name it fail from now
// on.
func (s *Service) DeleteSecret(ctx context.Context, actor callwright.Actor, idOrName string) error {
	all, err := s.Store.ListSecrets(ctx, actor.Org)
	if err != nil {
		return err
	}
	change := store.Change{Action: "secret.delete", Resource: idOrName}
	for _, sec := range all { // the trail has it under its id
		if string(sec.ID) == idOrName || sec.Name == idOrName {
			change.Resource, change.Before = string(sec.ID), sec
		}
	}
	return s.Store.As(actor, s.Now(), change).DeleteSecret(ctx, actor.Org, idOrName)
}

// Secret opens a secret that is about to be sent to host. It is for executors.
func (s *Service) Secret(ctx context.Context, org callwright.OrgID, name, host string) (secret.String, error) {
	sec, sealed, err := s.Store.SecretByName(ctx, org, name)
	if callwright.CodeOf(err) == callwright.CodeNotFound {
		return secret.String{}, callwright.Errorf(callwright.CodeSecretMissing, "There is no secret named %s: store it with POST /secrets.", name)
	}
	if err != nil {
		return secret.String{}, err
	}
	if !allowed(sec, host) {
		return secret.String{}, callwright.Errorf(callwright.CodeSecretMissing, "The secret %s may not be sent to %s.", name, host)
	}
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err == nil {
		raw, err = s.Keyring.Open(raw, string(org)+"/"+string(sec.ID))
	}
	if err != nil {
		return secret.String{}, callwright.Wrap(callwright.CodeSecretMissing, err, "The secret %s cannot be opened with this server's master key.", name)
	}
	return secret.New(string(raw)), nil
}

// allowed reports whether a secret may go to a host. An empty host means it stays
// here: a key that signs is never sent.
func allowed(sec callwright.Secret, host string) bool {
	return host == "" || len(sec.AllowedHosts) == 0 || slices.Contains(sec.AllowedHosts, strings.ToLower(host))
}

// SigningSecret returns the key that signs the organization's webhooks.
func (s *Service) SigningSecret(ctx context.Context, org callwright.OrgID) (secret.String, error) {
	v, err := s.Secret(ctx, org, SigningSecretName, "")
	if callwright.CodeOf(err) != callwright.CodeSecretMissing {
		return v, err
	}
	key := make([]byte, 32)
	rand.Read(key)
	_, err = s.seal(ctx, callwright.Actor{Org: org}, SecretSpec{Name: SigningSecretName, Value: "whsec_" + base64.StdEncoding.EncodeToString(key)})
	if err != nil && callwright.CodeOf(err) != callwright.CodeDuplicateName { // another run was first
		return secret.String{}, err
	}
	return s.Secret(ctx, org, SigningSecretName, "")
}

// literals lists a spec's secret settings and their values.
func literals(k skill.Kind, spec *callwright.SkillSpec) ([]skill.Literal, map[string]any) {
	var config map[string]any
	if k.Literals == nil || json.Unmarshal(spec.ExecutionConfig, &config) != nil {
		return nil, nil
	}
	lits, err := k.Literals(spec.ExecutionConfig)
	if err != nil {
		return nil, nil // Open has reported it
	}
	return lits, config
}

// checkSecrets refuses a setting that names a secret bound to another host.
func (s *Service) checkSecrets(ctx context.Context, actor callwright.Actor, k skill.Kind, spec *callwright.SkillSpec) []callwright.FieldError {
	lits, config := literals(k, spec)
	var p []callwright.FieldError
	for _, l := range lits {
		v, _ := lookup(config, l.Path).(string)
		names, err := tmpl.SecretRefs(v)
		if err != nil {
			continue
		}
		for _, name := range names {
			sec, _, err := s.Store.SecretByName(ctx, actor.Org, name)
			if err == nil && !allowed(sec, l.Host) {
				p = append(p, at("executionConfig."+strings.Join(l.Path, "."),
					fmt.Sprintf("names the secret %s, which may only be sent to %s: send the value itself again, or store a secret for %s", name, list(sec.AllowedHosts), l.Host))...)
			}
		}
	}
	return p
}

// holdsSecrets reports whether a spec has secret settings, in clear or by name.
func (s *Service) holdsSecrets(spec *callwright.SkillSpec) bool {
	lits, config := literals(s.Kinds[spec.SkillType], spec)
	return slices.ContainsFunc(lits, func(l skill.Literal) bool {
		v, ok := lookup(config, l.Path).(string)
		return ok && v != ""
	})
}

// hide moves secrets that a spec holds in clear into the secrets store, bound to
// the host they are for, and leaves references in their place. It returns the
// names it made.
func (s *Service) hide(ctx context.Context, actor callwright.Actor, spec *callwright.SkillSpec) ([]string, error) {
	lits, config := literals(s.Kinds[spec.SkillType], spec)
	alone := actor
	alone.Once = nil // the answer to the request is the skill's
	var made []string
	for _, l := range lits {
		v, ok := lookup(config, l.Path).(string)
		if !ok || v == "" {
			continue
		}
		if refs, err := tmpl.SecretRefs(v); err == nil && len(refs) > 0 {
			continue
		}
		name := secretName(spec.Name, l.Path)
		hidden := SecretSpec{Name: name, Value: v}
		if l.Host != "" {
			hidden.AllowedHosts = []string{l.Host}
		}
		if _, err := s.seal(ctx, alone, hidden); err != nil {
			s.forget(ctx, actor, made)
			return nil, err
		}
		made = append(made, name)
		set(config, l.Path, "{{secret."+name+"}}")
	}
	if len(made) == 0 {
		return nil, nil
	}
	raw, err := json.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("write executionConfig: %w", err)
	}
	spec.ExecutionConfig = raw
	return made, nil
}

// forget removes secrets that were made for a skill that was not stored.
func (s *Service) forget(ctx context.Context, actor callwright.Actor, names []string) {
	actor.Once = nil
	for _, n := range names {
		if err := s.DeleteSecret(context.WithoutCancel(ctx), actor, n); err != nil {
			s.Log.WarnContext(ctx, "remove an unused secret", "secret", n, "error", err)
		}
	}
}

// secretName makes a name that tells where a secret came from. The random end
// keeps a published version on its own value when the draft gets another.
func secretName(skill string, path []string) string {
	var sb strings.Builder
	for _, r := range strings.ToUpper(skill + "_" + path[len(path)-1]) {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			sb.WriteRune(r)
		} else if !strings.HasSuffix(sb.String(), "_") {
			sb.WriteByte('_')
		}
	}
	name := strings.Trim(sb.String(), "_")
	if name == "" || name[0] < 'A' {
		name = "SKILL_" + name
	}
	return strings.TrimRight(name[:min(len(name), 54)], "_") + "_" + strings.ToUpper(rand.Text()[:8])
}

func lookup(v any, path []string) any {
	for _, step := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[step]
	}
	return v
}

func set(m map[string]any, path []string, v string) {
	for _, step := range path[:len(path)-1] {
		m, _ = m[step].(map[string]any)
	}
	m[path[len(path)-1]] = v
}
