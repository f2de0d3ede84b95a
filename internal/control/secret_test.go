package control_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"sync"
	"testing"

	"callwright"
	"callwright/internal/control"
)

func TestSecrets(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx := t.Context()
	sec, err := o.s.CreateSecret(ctx, o.actor, control.SecretSpec{Name: "KEY", Value: "hunter2", AllowedHosts: []string{"API.example.com"}}, nil)
	must(t, err)
	raw, err := json.Marshal(sec)
	if err != nil || strings.Contains(string(raw), "hunter2") || sec.AllowedHosts[0] != "api.example.com" {
		t.Errorf("answer: got %s, %v; want it without the value", raw, err)
	}
	_, sealed, err := o.db.SecretByName(ctx, o.actor.Org, "KEY")
	if err != nil || strings.Contains(sealed, "hunter2") || sealed == "" {
		t.Errorf("database: got %q, %v; want it sealed", sealed, err)
	}
	for host, want := range map[string]callwright.Code{"api.example.com": "", "API.EXAMPLE.COM": "", "": "", "evil.example.com": callwright.CodeSecretMissing, "example.com": callwright.CodeSecretMissing,
		"api.example.com.evil.com": callwright.CodeSecretMissing, "xapi.example.com": callwright.CodeSecretMissing, "api.example.com:443": callwright.CodeSecretMissing} {
		got, err := o.s.Secret(ctx, o.actor.Org, "KEY", host)
		wantCode(t, "for host "+host, err, want)
		if (got.Reveal() == "hunter2") != (want == "") {
			t.Errorf("for host %q: got %q", host, got.Reveal())
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("for host %q: the error holds the value: %v", host, err)
		}
	}
	_, err = o.s.Secret(ctx, o.actor.Org, "key", "api.example.com")
	wantCode(t, "a name in another case", err, callwright.CodeSecretMissing)
	_, err = o.s.Secret(ctx, "org_other", "KEY", "api.example.com")
	wantCode(t, "for another organization", err, callwright.CodeSecretMissing)
	_, err = o.s.CreateSecret(ctx, o.actor, control.SecretSpec{Name: "KEY", Value: "other"}, nil)
	wantCode(t, "a name that is taken", err, callwright.CodeDuplicateName)
	if got, err := o.s.Secret(ctx, o.actor.Org, "KEY", "api.example.com"); err != nil || got.Reveal() != "hunter2" {
		t.Errorf("after a refused second: got %q, %v; want the first", got.Reveal(), err)
	}
	// A row that was moved to another organization, or a server with another master
	// key, cannot be opened.
	must(t, o.db.CreateSecret(ctx, o.actor.Org, callwright.Secret{ID: "sec_moved", Name: "MOVED", AllowedHosts: []string{}}, sealed))
	_, err = o.s.Secret(ctx, o.actor.Org, "MOVED", "")
	wantCode(t, "a sealed value of another secret", err, callwright.CodeSecretMissing)
	other := o.another(keyring(t))
	_, err = other.Secret(ctx, o.actor.Org, "KEY", "api.example.com")
	wantCode(t, "with another master key", err, callwright.CodeSecretMissing)
	must(t, o.s.DeleteSecret(ctx, o.actor, "KEY"))
	_, err = o.s.Secret(ctx, o.actor.Org, "KEY", "api.example.com")
	wantCode(t, "deleted", err, callwright.CodeSecretMissing)
}

func TestSecretRules(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for name, ok := range map[string]bool{"A": true, "a_1": true, strings.Repeat("x", 64): true, "": false, "1A": false, "_A": false, "A-B": false, "A B": false, "Ä": false, "A}}": false, strings.Repeat("x", 65): false, "A\n": false} {
		_, err := o.s.CreateSecret(t.Context(), o.actor, control.SecretSpec{Name: name, Value: "v"}, nil)
		if (err == nil) != ok || !ok && fields(err) != "name" {
			t.Errorf("name %q: got %v, want ok %v", name, err, ok)
		}
	}
	for value, ok := range map[string]bool{"": false, strings.Repeat("x", 16<<10): true, strings.Repeat("x", 16<<10+1): false} {
		_, err := o.s.CreateSecret(t.Context(), o.actor, control.SecretSpec{Name: "V" + string(rune('A'+len(value)%26)), Value: value}, nil)
		if (err == nil) != ok || !ok && fields(err) != "value" {
			t.Errorf("value of %d bytes: got %v, want ok %v", len(value), err, ok)
		}
	}
	for _, host := range []string{"", "https://x.com", "x.com/p", "x.com:443", "u@x.com", "x.com?q", "x y"} {
		_, err := o.s.CreateSecret(t.Context(), o.actor, control.SecretSpec{Name: "H", Value: "v", AllowedHosts: []string{"ok.com", host}}, nil)
		if fields(err) != "allowedHosts[1]" {
			t.Errorf("host %q: got %v, want allowedHosts[1]", host, err)
		}
	}
	_, err := o.s.CreateSecret(t.Context(), o.actor, control.SecretSpec{Name: control.SigningSecretName, Value: "hunter2"}, nil)
	if fields(err) != "value" || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("signing secret: got %v, want value and not its text", err)
	}
}

// The key that signs is made once, however many need it first.
func TestSigningSecret(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	var mu sync.Mutex
	seen := map[string]bool{}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			v, err := o.s.SigningSecret(t.Context(), o.actor.Org)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			seen[v.Reveal()] = true
		})
	}
	wg.Wait()
	if len(seen) != 1 {
		t.Errorf("keys: got %d, want 1", len(seen))
	}
	for v := range seen {
		if !regexp.MustCompile(`^whsec_[A-Za-z0-9+/]{43}=$`).MatchString(v) {
			t.Errorf("key: got one of %d characters, want whsec_ and 32 bytes", len(v))
		}
	}
	other := o.another(keyring(t))
	_, err := other.SigningSecret(t.Context(), o.actor.Org)
	wantCode(t, "with another master key", err, callwright.CodeSecretMissing)
	theirs, err := o.s.SigningSecret(t.Context(), "org_none")
	if err == nil && seen[theirs.Reveal()] {
		t.Error("another organization got the same key")
	}
}

// A secret in clear moves into the secrets store, bound to its host; a failed
// create leaves none behind.
func TestLiteralsAreHidden(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx := t.Context()
	count := func() int {
		list, err := o.s.ListSecrets(ctx, o.actor)
		must(t, err)
		return len(list)
	}
	token := func(name, v string) callwright.SkillSpec {
		return spec(func(s *callwright.SkillSpec) {
			s.Name = name
			s.ExecutionConfig = json.RawMessage(`{"url":"api.example.com","token":"` + v + `"}`)
		})
	}
	sk := o.mustCreateSkill(token("Find order!", "hunter2"))
	ref := regexp.MustCompile(`\{\{secret\.(FIND_ORDER_TOKEN_[A-Z0-9]{8})\}\}`).FindStringSubmatch(string(sk.ExecutionConfig))
	if ref == nil || strings.Contains(string(sk.ExecutionConfig), "hunter2") {
		t.Fatalf("stored: got %s, want a reference", sk.ExecutionConfig)
	}
	if v, err := o.s.Secret(ctx, o.actor.Org, ref[1], "api.example.com"); err != nil || v.Reveal() != "hunter2" {
		t.Errorf("its value: got %q, %v", v.Reveal(), err)
	}
	_, err := o.s.Secret(ctx, o.actor.Org, ref[1], "evil.example.com")
	wantCode(t, "for another host", err, callwright.CodeSecretMissing)

	if _, err := o.s.CreateSkill(ctx, o.actor, o.agent, token("FIND ORDER!", "second"), nil); callwright.CodeOf(err) != callwright.CodeDuplicateName || count() != 1 {
		t.Errorf("a create that fails: got %v and %d secrets, want duplicate_name and 1", err, count())
	}
	if _, err := o.s.CreateSkill(ctx, o.actor, o.agent, token("", "third"), nil); err == nil || count() != 1 {
		t.Errorf("a create that is refused: got %v and %d secrets, want an error and 1", err, count())
	}
	other := o.mustCreateSkill(spec(func(s *callwright.SkillSpec) { s.Name = "Other" }))
	if _, err := o.s.PatchSkill(ctx, o.actor, o.agent, other.ID, []byte(`{"name":"find order!","executionConfig":{"url":"api.example.com","token":"fourth"}}`), nil); callwright.CodeOf(err) != callwright.CodeDuplicateName || count() != 1 {
		t.Errorf("a patch that fails: got %v and %d secrets, want duplicate_name and 1", err, count())
	}
	// A patch that leaves the reference alone makes nothing new; the reference does
	// not follow a changed host.
	if _, err := o.s.PatchSkill(ctx, o.actor, o.agent, sk.ID, []byte(`{"description":"new"}`), nil); err != nil || count() != 1 {
		t.Errorf("another member patched: got %v and %d secrets, want 1", err, count())
	}
	_, err = o.s.PatchSkill(ctx, o.actor, o.agent, sk.ID, []byte(`{"executionConfig":{"url":"evil.example.com","token":"{{secret.`+ref[1]+`}}"}}`), nil)
	if fields(err) != "executionConfig.token" {
		t.Errorf("the reference sent to another host: got %v, want executionConfig.token", err)
	}
	changed, err := o.s.PatchSkill(ctx, o.actor, o.agent, sk.ID, []byte(`{"executionConfig":{"url":"api.example.com","token":"fifth"}}`), nil)
	if err != nil || strings.Contains(string(changed.ExecutionConfig), "fifth") || strings.Contains(string(changed.ExecutionConfig), ref[1]) {
		t.Errorf("a new value: got %s, %v; want a new reference", changed.ExecutionConfig, err)
	}
	if v, err := o.s.Secret(ctx, o.actor.Org, ref[1], "api.example.com"); err != nil || v.Reveal() != "hunter2" {
		t.Errorf("the old value, which a published version may use: got %q, %v; want it kept", v.Reveal(), err)
	}
	for _, name := range []string{"予約", "123", "---", strings.Repeat("long name ", 8)} {
		sk := o.mustCreateSkill(token(name, "x"))
		if !regexp.MustCompile(`\{\{secret\.[A-Za-z][A-Za-z0-9_]{0,63}\}\}`).Match(sk.ExecutionConfig) {
			t.Errorf("%s: got %s, want a reference with a good name", name, sk.ExecutionConfig)
		}
	}
}
