package control_test

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"callwright"
	"callwright/internal/control"
)

// wait moves the office's clock.
func (o *office) wait(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.clock = o.clock.Add(d)
}

// works tells whether a key's text is accepted, and if not, why.
func (o *office) works(key string) (bool, string) {
	o.t.Helper()
	_, err := o.s.Authenticate(o.t.Context(), key)
	if err == nil {
		return true, ""
	}
	wantCode(o.t, "a key that does not work", err, callwright.CodeUnauthenticated)
	e, _ := errors.AsType[*callwright.Error](err)
	if strings.Contains(err.Error(), key) {
		o.t.Errorf("the refusal repeats the key: %v", err)
	}
	return false, e.Message
}

func (o *office) wantWorks(what, key, why string) {
	o.t.Helper()
	ok, message := o.works(key)
	if ok != (why == "") || !strings.Contains(message, why) {
		o.t.Errorf("%s: got %v (%s), want it to work, or to be told %q", what, ok, message, why)
	}
}

func (o *office) mustIssue(spec control.KeySpec) (callwright.Key, string) {
	o.t.Helper()
	spec.Name = "k"
	if spec.Scopes == nil {
		spec.Scopes = callwright.Scopes()
	}
	k, plain, err := o.s.IssueKey(o.t.Context(), "mine", spec)
	must(o.t, err)
	return k, plain
}

// The environment is in the text, in the actor and in the audit trail.
func TestKeyEnvironments(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for env, prefix := range map[callwright.Environment]string{"": "cw_sk_live_", callwright.Live: "cw_sk_live_", callwright.Test: "cw_sk_test_"} {
		k, plain := o.mustIssue(control.KeySpec{Env: env})
		if !strings.HasPrefix(plain, prefix) || k.Prefix != plain[:16] || len(plain) < 50 {
			t.Errorf("%q: got %s… shown as %s, want %s and its first 16 characters", env, plain[:14], k.Prefix, prefix)
		}
		actor, err := o.s.Authenticate(t.Context(), plain)
		must(t, err)
		if actor.Env != k.Env || actor.DraftsOnly() != (env == callwright.Test) {
			t.Errorf("%q: got the actor %+v of a key of %s", env, actor, k.Env)
		}
		a, err := o.s.CreateAgent(t.Context(), actor, callwright.AgentSpec{Name: "Desk"}, nil)
		must(t, err)
		events, _, err := o.s.ListAudit(t.Context(), actor, string(a.ID), callwright.Page{Page: 1, Limit: 5})
		if err != nil || len(events) != 1 || events[0].Environment != k.Env {
			t.Errorf("%q: got audit events %+v, %v; want one of the environment %s", env, events, err, k.Env)
		}
	}
}

func TestIssueKeyProblems(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	good := []callwright.Scope{callwright.AgentsRead}
	for name, c := range map[string]struct {
		spec control.KeySpec
		want string // fields
		says string
	}{
		"an environment of its own": {control.KeySpec{Name: "k", Scopes: good, Env: "staging"}, "env", "live, test"},
		"an end in the past":        {control.KeySpec{Name: "k", Scopes: good, Expires: 1}, "expires", "future"},
		"the scope of browsers":     {control.KeySpec{Name: "k", Scopes: append(good, callwright.ChatPublic)}, "scopes", "publishable-keys"},
		"everything":                {control.KeySpec{Env: "x", Expires: 1}, "env expires name scopes", ""},
	} {
		_, _, err := o.s.IssueKey(t.Context(), "mine", c.spec)
		if got := fields(err); got != c.want || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got problems with %q (%v), want %q and %q", name, got, err, c.want, c.says)
		}
	}
	if list, err := o.s.ListKeys(t.Context(), o.actor); err != nil || len(list) != 1 {
		t.Errorf("after refused ones: got %d keys, %v; want the office's own", len(list), err)
	}
}

func TestKeyExpires(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	k, plain := o.mustIssue(control.KeySpec{Expires: callwright.At(o.now().Add(time.Hour))})
	_, forever := o.mustIssue(control.KeySpec{})
	o.wait(time.Hour - time.Second)
	o.wantWorks("before its end", plain, "")
	o.wait(time.Second)
	o.wantWorks("at its end", plain, "expired at 2027-03-01T10:00:00")
	o.wait(100 * 365 * 24 * time.Hour)
	o.wantWorks("one without an end", forever, "")
	_, _, err := o.s.RotateKey(t.Context(), o.actor, k.ID, time.Hour)
	wantCode(t, "rotating one that has expired", err, callwright.CodeKeyEnded)
}

// After a rotation both texts work until the grace period ends; a second rotation
// ends the first text at once.
func TestRotateKey(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	k, first := o.mustIssue(control.KeySpec{Env: callwright.Test, Expires: callwright.At(o.now().Add(1000 * time.Hour))})
	rotate := func(grace time.Duration) string {
		t.Helper()
		got, plain, err := o.s.RotateKey(t.Context(), o.actor, k.ID, grace)
		must(t, err)
		if got.ID != k.ID || got.Name != k.Name || got.ExpiresAt != k.ExpiresAt || got.Prefix != plain[:16] || !strings.HasPrefix(plain, "cw_sk_test_") {
			t.Errorf("rotated: got %+v, want the same key with another text", got)
		}
		return plain
	}
	second := rotate(24 * time.Hour)
	a, err := o.s.Authenticate(t.Context(), first)
	must(t, err)
	b, err := o.s.Authenticate(t.Context(), second)
	must(t, err)
	if a.Key != k.ID || b.Key != k.ID {
		t.Errorf("keys of the two texts: got %s and %s, want %s", a.Key, b.Key, k.ID)
	}
	o.wait(24*time.Hour - time.Second)
	o.wantWorks("the old text in its grace period", first, "")
	o.wait(time.Second)
	o.wantWorks("the old text after it", first, "replaced")
	o.wantWorks("the new text", second, "")
	third := rotate(time.Hour)
	fourth := rotate(time.Hour)
	o.wantWorks("the last but one in its grace period", third, "")
	o.wantWorks("the one before that", second, "valid API key")
	fifth := rotate(0)
	o.wantWorks("replaced without grace", fourth, "valid API key")
	o.wantWorks("the last", fifth, "")
	for _, grace := range []time.Duration{-time.Second, 31 * 24 * time.Hour} {
		_, _, err := o.s.RotateKey(t.Context(), o.actor, k.ID, grace)
		if fields(err) != "grace" {
			t.Errorf("grace %s: got %v, want a problem with it", grace, err)
		}
	}
	_, _, err = o.s.RotateKey(t.Context(), o.actor, "key_none", 0)
	wantCode(t, "an unknown key", err, callwright.CodeNotFound)
	o.wantTrail(string(k.ID), "key.create key.rotate key.rotate key.rotate key.rotate", first, second, third, fourth, fifth)
}

// wantTrail checks what was recorded of a resource, and that no secret was.
func (o *office) wantTrail(resource, want string, secrets ...string) {
	o.t.Helper()
	events, _, err := o.s.ListAudit(o.t.Context(), o.actor, resource, callwright.Page{Page: 1, Limit: 100})
	must(o.t, err)
	var actions []string
	for _, ev := range events {
		actions = append([]string{ev.Action}, actions...)
		for _, s := range secrets {
			if all := string(ev.Before) + string(ev.After); strings.Contains(all, s[16:]) {
				o.t.Errorf("%s shows a secret: %s", ev.Action, all)
			}
		}
	}
	if got := strings.Join(actions, " "); got != want {
		o.t.Errorf("audit trail of %s: got %s, want %s", resource, got, want)
	}
}

// A key that is revoked ends at once, with the text before, and for good.
func TestRevokeKey(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	k, first := o.mustIssue(control.KeySpec{})
	_, second, err := o.s.RotateKey(t.Context(), o.actor, k.ID, time.Hour)
	must(t, err)
	for range 2 { // once more changes nothing
		must(t, o.s.RevokeKey(t.Context(), o.actor, k.ID))
	}
	o.wantWorks("the text", second, "revoked")
	o.wantWorks("the text before", first, "revoked")
	_, _, err = o.s.RotateKey(t.Context(), o.actor, k.ID, time.Hour)
	wantCode(t, "rotating it", err, callwright.CodeKeyEnded)
	wantCode(t, "an unknown key", o.s.RevokeKey(t.Context(), o.actor, "key_none"), callwright.CodeNotFound)
	o.wantTrail(string(k.ID), "key.create key.rotate key.revoke", first, second)
	stranger := callwright.Actor{Org: "org_none"}
	wantCode(t, "by a stranger", o.s.RevokeKey(t.Context(), stranger, o.actor.Key), callwright.CodeNotFound)
	_, _, err = o.s.RotateKey(t.Context(), stranger, o.actor.Key, 0)
	wantCode(t, "rotated by a stranger", err, callwright.CodeNotFound)
}

// A key that another server changes, on the same data, ends here within half a second;
// a key that is used all the time is read no more often than that.
func TestRevokedElsewhere(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	k, plain := o.mustIssue(control.KeySpec{})
	elsewhere := &control.Service{Store: o.db, Now: o.now, Log: o.s.Log}
	o.wantWorks("before", plain, "")
	must(t, elsewhere.RevokeKey(t.Context(), o.actor, k.ID))
	o.wait(400 * time.Millisecond)
	o.wantWorks("a moment later", plain, "")
	o.wait(100 * time.Millisecond)
	o.wantWorks("after half a second", plain, "revoked")
}

// The last use is known to a minute, and many requests at once write it once.
func TestKeyLastUsed(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	k, plain := o.mustIssue(control.KeySpec{})
	last := func() callwright.Time {
		t.Helper()
		list, err := o.s.ListKeys(t.Context(), o.actor)
		must(t, err)
		return list[len(list)-1].LastUsedAt
	}
	if got := last(); got != 0 {
		t.Errorf("before it was used: got %s, want nothing", got)
	}
	use := func() {
		t.Helper()
		if ok, why := o.works(plain); !ok {
			t.Fatal(why)
		}
	}
	use()
	first := last()
	if first < k.CreatedAt || first > callwright.At(o.now()) {
		t.Errorf("after the first use: got %s, want about now", first)
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(use)
	}
	wg.Wait()
	if got := last(); got != first {
		t.Errorf("within the minute: got %s, want %s still", got, first)
	}
	o.wait(time.Minute)
	use()
	if got := last(); got < first+60_000 {
		t.Errorf("a minute later: got %s, want a minute after %s", got, first)
	}
}

// The list has what tells keys apart, and never what opens them.
func TestListKeys(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, plain := o.mustIssue(control.KeySpec{Env: callwright.Test})
	list, err := o.s.ListKeys(t.Context(), o.actor)
	must(t, err)
	raw, err := json.Marshal(list)
	must(t, err)
	if len(list) != 2 || list[1].Prefix != plain[:16] || strings.Contains(string(raw), plain[16:]) {
		t.Errorf("got %s, want two keys by their prefixes", raw)
	}
	actor, err := o.s.CommandLine(t.Context(), "mine")
	if err != nil || actor.Org != o.actor.Org || actor.Key != "command line" {
		t.Errorf("command line: got %+v, %v; want the organization's", actor, err)
	}
	_, err = o.s.CommandLine(t.Context(), "none")
	wantCode(t, "an unknown organization", err, callwright.CodeNotFound)
	_, err = o.s.CommandLine(t.Context(), "")
	if fields(err) != "org" {
		t.Errorf("no organization: got %v, want a problem with org", err)
	}
}
