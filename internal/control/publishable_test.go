package control_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"callwright"
)

func publishableSpec(origins ...string) callwright.PublishableKeySpec {
	return callwright.PublishableKeySpec{Name: "Shop", AllowedOrigins: origins}
}

func (o *office) mustPublishable(spec callwright.PublishableKeySpec) callwright.PublishableKey {
	o.t.Helper()
	k, err := o.s.CreatePublishableKey(o.t.Context(), o.actor, o.agent, spec, nil)
	must(o.t, err)
	return k
}

// Origins are kept as browsers send them, and everything that is more than an
// origin is refused.
func TestOrigins(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for in, want := range map[string]string{ // "" = refused
		"https://www.example.com":       "https://www.example.com",
		"HTTPS://WWW.Example.COM/":      "https://www.example.com",
		"https://www.example.com:443":   "https://www.example.com",
		"http://www.example.com:80/":    "http://www.example.com",
		"http://www.example.com:443":    "http://www.example.com:443",
		"https://www.example.com:08443": "https://www.example.com:8443",
		"http://localhost:3000":         "http://localhost:3000",
		"http://127.0.0.1:3000":         "http://127.0.0.1:3000",
		"http://[0:0::1]:3000":          "http://[::1]:3000",
		"https://xn--bcher-kva.example": "https://xn--bcher-kva.example",
		"https://a_b.example":           "https://a_b.example",
		"https://a.example.":            "https://a.example.",
		"https://a.example:":            "https://a.example",
		"https://a.example//":           "",
		"https://a.example/shop":        "",
		"https://a.example/?":           "",
		"https://a.example?x":           "",
		"https://a.example#":            "",
		"https://user@a.example":        "",
		"https://user:pass@a.example":   "",
		"https://*.example.com":         "",
		"*":                             "",
		"":                              "",
		"null":                          "",
		"a.example":                     "",
		"//a.example":                   "",
		"https:a.example":               "",
		"https://":                      "",
		"https://:443":                  "",
		"ftp://a.example":               "",
		"file:///a":                     "",
		"chrome-extension://abc":        "",
		"https://a.example:0":           "",
		"https://a.example:65536":       "",
		"https://a.example:http":        "",
		"https://a b.example":           "",
		"https://a..example":            "",
		"https://-a.example":            "",
		"https://bücher.example":        "",
		"http://127.1":                  "",
		"http://0x7f000001":             "",
		"http://2130706433":             "",
		"http://[::ffff:127.0.0.1]":     "",
		"http://[fe80::1%25eth0]":       "",
		"https://a.example\\@b.example": "",
		" https://a.example":            "",
		"https://a.example\n":           "",
		"https://" + strings.Repeat("a", 300) + ".test": "",
	} {
		k, err := o.s.CreatePublishableKey(t.Context(), o.actor, o.agent, publishableSpec("https://first.example", in), nil)
		if want == "" {
			if got := fields(err); got != "allowedOrigins[1]" {
				t.Errorf("%q: got %v and %q (%v), want a problem with allowedOrigins[1]", in, k.AllowedOrigins, got, err)
			}
			continue
		}
		if err != nil || len(k.AllowedOrigins) != 2 || k.AllowedOrigins[1] != want {
			t.Errorf("%q: got %v, %v; want %s", in, k.AllowedOrigins, err, want)
		}
	}
	if k := o.mustPublishable(publishableSpec("https://a.example", "https://A.example:443/", "https://b.example")); !slices.Equal(k.AllowedOrigins, []string{"https://a.example", "https://b.example"}) {
		t.Errorf("the same twice: got %v, want it once", k.AllowedOrigins)
	}
}

func TestPublishableKeyProblems(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	spec := publishableSpec()
	spec.Name, spec.Env, spec.RateLimitRPM = "", "staging", 60_001
	_, err := o.s.CreatePublishableKey(t.Context(), o.actor, o.agent, spec, nil)
	if got := fields(err); got != "allowedOrigins env name rateLimitRpm" {
		t.Errorf("got problems with %q (%v), want all four at once", got, err)
	}
	_, err = o.s.CreatePublishableKey(t.Context(), callwright.Actor{Org: "org_none"}, o.agent, spec, nil)
	wantCode(t, "a stranger, who learns nothing of what is wrong", err, callwright.CodeNotFound)
	many := publishableSpec()
	for range 101 {
		many.AllowedOrigins = append(many.AllowedOrigins, "https://a.example")
	}
	if _, err = o.s.CreatePublishableKey(t.Context(), o.actor, o.agent, many, nil); fields(err) != "allowedOrigins" {
		t.Errorf("101 origins: got %v, want a problem with them", err)
	}
}

// A publishable key opens one agent for pages of its origins, and holds one scope.
func TestVisitor(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	spec := publishableSpec("https://a.example", "http://a.example:8080")
	spec.Env, spec.RateLimitRPM = callwright.Test, 7
	k := o.mustPublishable(spec)
	if !strings.HasPrefix(k.KeyPublic, "cw_pk_test_") || !strings.HasPrefix(string(k.ID), "pk_") {
		t.Errorf("key: got %s %s, want pk_… with the text cw_pk_test_…", k.ID, k.KeyPublic)
	}
	want := callwright.Actor{Org: o.actor.Org, Key: callwright.KeyID(k.ID), Env: callwright.Test, Agent: o.agent, RateLimitRPM: 7}
	for _, origin := range k.AllowedOrigins {
		got, err := o.s.Visitor(t.Context(), k.KeyPublic, origin)
		if err != nil || got.Org != want.Org || got.Key != want.Key || got.Env != want.Env || got.Agent != want.Agent || got.RateLimitRPM != 7 || !slices.Equal(got.Scopes, []callwright.Scope{callwright.ChatPublic}) {
			t.Errorf("%s: got %+v, %v; want %+v with chat:public", origin, got, err, want)
		}
	}
	for _, origin := range []string{"", "null", "https://b.example", "http://a.example", "https://a.example:8080", "https://a.example/", "https://a.example.evil.example", "HTTPS://A.EXAMPLE", "https://www.a.example"} {
		_, err := o.s.Visitor(t.Context(), k.KeyPublic, origin)
		wantCode(t, "origin "+origin, err, callwright.CodeOrigin)
		wantCode(t, "asked before, origin "+origin, o.s.CheckOrigin(t.Context(), k.KeyPublic, origin), callwright.CodeOrigin)
	}
	must(t, o.s.CheckOrigin(t.Context(), k.KeyPublic, "https://a.example"))
	_, secret, err := o.s.CreateKey(t.Context(), "mine", "x", callwright.Scopes())
	must(t, err)
	for _, bad := range []string{"", "cw_pk_", k.KeyPublic + "x", strings.ToUpper(k.KeyPublic), "cw_pk_live_" + k.KeyPublic[11:], secret} {
		_, err := o.s.Visitor(t.Context(), bad, "https://a.example")
		wantCode(t, "key "+bad, err, callwright.CodeUnauthenticated)
		if bad == secret && (!strings.Contains(err.Error(), "revoke") || strings.Contains(err.Error(), secret)) {
			t.Errorf("a secret key: got %v, want the advice to revoke it", err)
		}
	}
	actor, err := o.s.Authenticate(t.Context(), k.KeyPublic)
	if err != nil || len(actor.Scopes) != 1 || !actor.Can(callwright.ChatPublic) {
		t.Errorf("as a bearer: got %+v, %v; want chat:public alone", actor, err)
	}
}

// Pages with the old key go on working until the grace period ends.
func TestPublishableKeyLife(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const page = "https://a.example"
	k := o.mustPublishable(publishableSpec(page))
	visit := func(what, text string, want callwright.Code) {
		t.Helper()
		_, err := o.s.Visitor(t.Context(), text, page)
		wantCode(t, what, err, want)
	}
	second, err := o.s.RotatePublishableKey(t.Context(), o.actor, o.agent, k.ID, time.Hour, nil)
	must(t, err)
	if second.ID != k.ID || second.KeyPublic == k.KeyPublic || second.GraceEndsAt == 0 || !slices.Equal(second.AllowedOrigins, k.AllowedOrigins) || second.AgentID != k.AgentID {
		t.Errorf("rotated: got %+v, want the same key with another text", second)
	}
	visit("the new text", second.KeyPublic, "")
	visit("the old text", k.KeyPublic, "")
	o.wait(time.Hour)
	visit("the old text after its grace period", k.KeyPublic, callwright.CodeUnauthenticated)
	_, err = o.s.PatchPublishableKey(t.Context(), o.actor, o.agent, k.ID, []byte(`{"name":"","env":"test"}`), nil)
	if got := fields(err); got != "env name" {
		t.Errorf("a bad patch: got problems with %q (%v), want env and name", got, err)
	}
	got, err := o.s.PatchPublishableKey(t.Context(), o.actor, o.agent, k.ID, []byte(`{"allowedOrigins":["https://B.example/"],"rateLimitRpm":9,"requireIdentityVerification":true}`), nil)
	if err != nil || got.Name != "Shop" || got.RateLimitRPM != 9 || !got.RequireIdentityVerification || !slices.Equal(got.AllowedOrigins, []string{"https://b.example"}) {
		t.Errorf("patched: got %+v, %v", got, err)
	}
	visit("an origin that was taken away", second.KeyPublic, callwright.CodeOrigin)
	if got, err = o.s.PatchPublishableKey(t.Context(), o.actor, o.agent, k.ID, []byte(`{"rateLimitRpm":null}`), nil); err != nil || got.RateLimitRPM != 60 {
		t.Errorf("null: got %+v, %v; want the default", got, err)
	}
	lines, err := o.s.AllKeys(t.Context(), o.actor)
	if err != nil || len(lines) != 2 || lines[0].Kind != "secret" || lines[1].Kind != "publishable" || lines[1].State != "active" || lines[1].LastUsedAt == 0 || lines[1].GraceEndsAt != 0 {
		t.Errorf("list: got %+v, %v; want a secret key and the publishable one, used", lines, err)
	}
	for range 2 { // once more changes nothing
		must(t, o.s.RevokePublishableKey(t.Context(), o.actor, o.agent, k.ID))
	}
	visit("revoked", second.KeyPublic, callwright.CodeUnauthenticated)
	_, err = o.s.RotatePublishableKey(t.Context(), o.actor, o.agent, k.ID, 0, nil)
	wantCode(t, "rotating it", err, callwright.CodeKeyEnded)
	_, err = o.s.PatchPublishableKey(t.Context(), o.actor, o.agent, k.ID, []byte(`{}`), nil)
	wantCode(t, "changing it", err, callwright.CodeKeyEnded)
	kept, info, err := o.s.ListPublishableKeys(t.Context(), o.actor, o.agent, callwright.Page{Page: 1, Limit: 10})
	if err != nil || info.Total != 1 || kept[0].RevokedAt == 0 {
		t.Errorf("list: got %+v, %v; want it there, revoked", kept, err)
	}
	o.wantTrail(string(k.ID), "publishable_key.create publishable_key.rotate publishable_key.update publishable_key.update publishable_key.revoke")
}
