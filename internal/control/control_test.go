package control_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"callwright"
	"callwright/internal/control"
	"callwright/internal/gate"
	"callwright/internal/secret"
	"callwright/internal/skill"
	"callwright/internal/store"
	"callwright/internal/store/pgtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Main{M: m}) }

// settings of the fake skill type: a URL and a token, which is a secret.
type settings struct {
	URL   string `json:"url"`
	Token string `json:"token,omitempty"`
	Path  string `json:"path,omitempty"`
}

func (s settings) Literals() []skill.Literal {
	return []skill.Literal{{Path: []string{"token"}, Host: s.URL}}
}

// A system is what is behind the fake skills.
type system struct {
	settings
	office *office
}

func (x system) TemplateRefs() []skill.TemplateRef {
	if x.Path == "" {
		return nil
	}
	return []skill.TemplateRef{{Setting: "path", Name: x.Path}}
}

func (x system) Execute(ctx context.Context, call skill.Call) (skill.Result, error) {
	x.office.mu.Lock()
	defer x.office.mu.Unlock()
	res := skill.Result{Request: json.RawMessage(`{"to":"` + x.URL + `","token":"••••"}`)}
	if call.DryRun {
		return res, nil
	}
	x.office.calls = append(x.office.calls, call)
	res.Data, res.Sent = json.RawMessage(`{"ok":true,"ssn":"123"}`), true
	return res, x.office.fail
}

// An office is the service on a real database.
type office struct {
	t     testing.TB
	db    *store.DB
	s     *control.Service
	actor callwright.Actor
	agent callwright.AgentID
	mu    sync.Mutex
	calls []skill.Call
	fail  error
	clock time.Time
}

func newOffice(t testing.TB) *office {
	t.Helper()
	db, err := store.OpenSQLite(t.Context(), t.TempDir())
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	return newOfficeOn(t, db)
}

func newOfficeOn(t testing.TB, db *store.DB) *office {
	t.Helper()
	o := &office{t: t, db: db, clock: time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)}
	log := slog.New(slog.DiscardHandler)
	o.s = &control.Service{Store: db, Gate: &gate.Gate{Now: o.now, Log: log, Late: db}, Keyring: keyring(t), Now: o.now, Log: log, Kinds: map[callwright.SkillType]skill.Kind{
		callwright.HTTPWebhook: skill.Define(callwright.HTTPWebhook, "A fake.", func(c settings) (skill.Executor, error) {
			if c.URL == "bad" {
				return nil, callwright.Invalid(callwright.FieldError{Field: "url", Message: "is bad"})
			}
			return system{c, o}, nil
		}),
		callwright.SMS: skill.Reserved(callwright.SMS, "Planned."),
	}}
	k, _, err := o.s.CreateKey(t.Context(), "mine", "test", callwright.Scopes())
	must(t, err)
	o.actor = callwright.Actor{Org: k.OrganizationID, Key: k.ID, Scopes: k.Scopes}
	a, err := o.s.CreateAgent(t.Context(), o.actor, callwright.AgentSpec{Name: "Desk"}, nil)
	must(t, err)
	o.agent = a.ID
	return o
}

// another is a server on the same database with another master key.
func (o *office) another(k *secret.Keyring) *control.Service {
	return &control.Service{Store: o.s.Store, Gate: o.s.Gate, Kinds: o.s.Kinds, Keyring: k, Now: o.s.Now, Log: o.s.Log}
}

func keyring(t testing.TB) *secret.Keyring {
	t.Helper()
	raw, err := secret.GenerateKeyset()
	must(t, err)
	k, err := secret.NewKeyring(bytes.NewReader(raw))
	must(t, err)
	return k
}

func (o *office) now() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.clock = o.clock.Add(time.Millisecond)
	return o.clock
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, what string, err error, want callwright.Code) {
	t.Helper()
	if got := callwright.CodeOf(err); got != want {
		t.Errorf("%s: got %q (%v), want %q", what, got, err, want)
	}
}

// fields are the names of the fields that an error complains about.
func fields(err error) string {
	e, ok := errors.AsType[*callwright.Error](err)
	if !ok {
		return ""
	}
	var names []string
	for _, f := range e.Fields {
		names = append(names, f.Field)
	}
	return sorted(names)
}

func sorted(names []string) string {
	slices.Sort(names)
	return strings.Join(names, " ")
}

func spec(change ...func(*callwright.SkillSpec)) callwright.SkillSpec {
	s := callwright.SkillSpec{Name: "Find order", Description: "Find it.", SkillType: callwright.HTTPWebhook, ExecutionConfig: json.RawMessage(`{"url":"api.example.com"}`),
		ParametersSchema: json.RawMessage(`{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer"}}}`)}
	for _, fn := range change {
		fn(&s)
	}
	return s
}

func (o *office) mustCreateSkill(s callwright.SkillSpec) callwright.Skill {
	o.t.Helper()
	sk, err := o.s.CreateSkill(o.t.Context(), o.actor, o.agent, s, nil)
	must(o.t, err)
	return sk
}

func (o *office) patchAgent(actor callwright.Actor, body string) (callwright.Agent, error) {
	return o.s.PatchAgent(o.t.Context(), actor, o.agent, 0, []byte(body), nil)
}

func TestKeys(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	scopes := []callwright.Scope{callwright.AgentsRead, callwright.ChatWrite}
	k, plain, err := o.s.CreateKey(t.Context(), "mine", "ci", scopes)
	must(t, err)
	if k.OrganizationID != o.actor.Org || !strings.HasPrefix(plain, "cw_sk_live_") || len(plain) < 40 {
		t.Errorf("key: got %q of %s, want a long one of %s", plain, k.OrganizationID, o.actor.Org)
	}
	actor, err := o.s.Authenticate(t.Context(), plain)
	must(t, err)
	if actor.Org != k.OrganizationID || actor.Key != k.ID || !slices.Equal(actor.Scopes, scopes) {
		t.Errorf("actor: got %+v, want %s with %v", actor, k.ID, scopes)
	}
	for _, bad := range []string{"", "cw_sk_", plain[:len(plain)-1], plain + "x", strings.ToUpper(plain), "cw_pk_live_" + plain[11:], strings.TrimPrefix(plain, "cw_sk_live_"), "cw_sk_' OR 1=1 --"} {
		if _, err := o.s.Authenticate(t.Context(), bad); callwright.CodeOf(err) != callwright.CodeUnauthenticated || bad != "" && strings.Contains(err.Error(), bad) && bad != "cw_sk_" {
			t.Errorf("%q: got %v, want unauthenticated and not the key", bad, err)
		}
	}
	if _, err := o.db.KeyByHash(t.Context(), plain); callwright.CodeOf(err) != callwright.CodeNotFound {
		t.Errorf("the key's text as its hash: got %v, want not_found: only a hash is kept", err)
	}
	raw, err := json.Marshal(k)
	if err != nil || strings.Contains(string(raw), plain[11:]) {
		t.Errorf("key as JSON: got %s, want it without its text", raw)
	}
	_, again, err := o.s.CreateKey(t.Context(), "mine", "ci", scopes)
	if err != nil || again == plain {
		t.Errorf("a second key: got %v, want another text", err)
	}
	for want, do := range map[string]func() error{
		"scopes": func() error {
			_, _, err := o.s.CreateKey(t.Context(), "o", "n", []callwright.Scope{"agents:admin"})
			return err
		},
		"scopes ":  func() error { _, _, err := o.s.CreateKey(t.Context(), "o", "n", nil); return err },
		"name org": func() error { _, _, err := o.s.CreateKey(t.Context(), "", "", scopes); return err },
		"name org scopes": func() error {
			_, _, err := o.s.CreateKey(t.Context(), strings.Repeat("x", 81), "a\x00", []callwright.Scope{"*"})
			return err
		},
	} {
		if got := fields(do()); got != strings.TrimSpace(want) {
			t.Errorf("got problems with %q, want %q", got, want)
		}
	}
}

// null takes a member back to its default, an absent one stays, the rest is
// replaced whole.
func TestPatchAgent(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	patch := func(body string) (callwright.Agent, error) { return o.patchAgent(o.actor, body) }
	a, err := patch(`{"persona":"p","goals":["a","b"],"isActive":false,"llmTemperature":0.5,"lexicon":{"preferred":["x"],"banned":["y"]}}`)
	must(t, err)
	if a.Persona != "p" || a.Active() || a.Name != "Desk" || a.Version != 2 || *a.LLMTemperature != 0.5 {
		t.Errorf("first patch: got %+v", a.AgentSpec)
	}
	a, err = patch(`{"persona":null,"goals":["c"],"lexicon":{"preferred":["z"]}}`)
	must(t, err)
	if a.Persona != "" || len(a.Goals) != 1 || a.Active() || len(a.Lexicon.Banned) != 0 || a.Lexicon.Preferred[0] != "z" || a.Version != 3 {
		t.Errorf("second patch: got %+v, want persona at its default, goals and lexicon replaced, the rest kept", a.AgentSpec)
	}
	a, err = patch(`{"isActive":null,"llmTemperature":null,"primaryLanguage":null,"languageBehavior":null}`)
	must(t, err)
	if !a.Active() || a.LLMTemperature != nil || a.PrimaryLanguage != "en-US" || a.LanguageBehavior != "single_language" {
		t.Errorf("nulls: got %+v, want the defaults", a.AgentSpec)
	}
	if a, err = patch(`{}`); err != nil || a.Persona != "" || len(a.Goals) != 1 {
		t.Errorf("nothing: got %+v, %v; want no change", a.AgentSpec, err)
	}
	for body, want := range map[string]callwright.Code{`{"name":null}`: callwright.CodeValidation, `{"name":""}`: callwright.CodeValidation, `[]`: callwright.CodeMalformedBody, `{"a":1,"a":2}`: callwright.CodeMalformedBody, `{`: callwright.CodeMalformedBody} {
		_, err := patch(body)
		wantCode(t, body, err, want)
	}
	after, err := o.s.Agent(t.Context(), o.actor, o.agent)
	if err != nil || after.Name != "Desk" || after.Version != a.Version {
		t.Errorf("after refused patches: got %s version %d, %v; want no change", after.Name, after.Version, err)
	}
}

func TestPatchSkill(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	sk := o.mustCreateSkill(spec(func(s *callwright.SkillSpec) {
		s.RequiredParams, s.AllowedFields, s.Stakes = []string{"a"}, []string{"ok"}, "high"
	}))
	patch := func(body string) (callwright.Skill, error) {
		return o.s.PatchSkill(t.Context(), o.actor, o.agent, sk.ID, []byte(body), nil)
	}
	got, err := patch(`{"stakes":null,"allowedFields":null,"isEnabled":false}`)
	must(t, err)
	if got.Stakes != "low" || len(got.AllowedFields) != 0 || *got.IsEnabled || len(got.RequiredParams) != 1 || got.Name != sk.Name || got.UpdatedAt <= sk.UpdatedAt {
		t.Errorf("got %+v, want stakes and fields at their defaults and the rest kept", got.SkillSpec)
	}
	_, err = patch(`{"skillType":"sms"}`)
	wantCode(t, "to a reserved type", err, callwright.CodeNotEnabled)
	_, err = patch(`{"parametersSchema":{"type":"object","properties":{"b":{}}}}`)
	if fields(err) != "requiredParams[0]" {
		t.Errorf("a schema without the required parameter: got %v, want requiredParams[0]", err)
	}
}

// Everything wrong with a skill is told at once, at its place.
func TestCheckSkill(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	params := func(raw string, required ...string) callwright.SkillSpec {
		return spec(func(s *callwright.SkillSpec) { s.ParametersSchema, s.RequiredParams = json.RawMessage(raw), required })
	}
	many := `{"type":"object","properties":{"p0":{}`
	for i := range 64 {
		many += `,"q` + string(rune('a'+i/8)) + string(rune('a'+i%8)) + `":{}`
	}
	nest := func(n int) string {
		return strings.Repeat(`{"type":"object","properties":{"a":`, n) + `{}` + strings.Repeat(`}}`, n)
	}
	for name, c := range map[string]struct {
		spec callwright.SkillSpec
		want string // fields; "" = it is fine
	}{
		"plain":                  {spec(), ""},
		"no parameters":          {params(``), ""},
		"null":                   {params(`null`), ""},
		"no type":                {params(`{"properties":{"a":{}}}`, "a"), ""},
		"required twice":         {params(`{"properties":{"a":{}}}`, "a", "a"), ""},
		"own definitions":        {params(`{"properties":{"a":{"$ref":"#/$defs/x"}},"$defs":{"x":{"type":"string"}}}`), ""},
		"formats of anybody":     {params(`{"properties":{"a":{"type":"string","format":"date"},"b":{"format":"shoe-size"}}}`), ""},
		"five levels":            {params(nest(5)), ""},
		"six levels":             {params(nest(6)), "parametersSchema"},
		"65 parameters":          {params(many + `}}`), "parametersSchema.properties"},
		"too long":               {params(`{"properties":{"a":{"description":"` + strings.Repeat("x", 33<<10) + `"}}}`), "parametersSchema"},
		"bare map":               {params(`{"a":{"type":"string"}}`), "parametersSchema.properties"},
		"empty":                  {params(`{}`), "parametersSchema.properties"},
		"list":                   {params(`[]`), "parametersSchema"},
		"true":                   {params(`true`), "parametersSchema"},
		"cut off":                {params(`{`), "parametersSchema"},
		"same member twice":      {params(`{"properties":{"a":{},"a":{}}}`), "parametersSchema"},
		"properties as list":     {params(`{"properties":["a"]}`), "parametersSchema.properties"},
		"array schema":           {params(`{"type":"array","properties":{}}`), "parametersSchema.type"},
		"wrong type of a":        {params(`{"properties":{"a":{"type":"text"}}}`), "parametersSchema.properties.a.type"},
		"a as text":              {params(`{"properties":{"a":"string","b":5}}`), "parametersSchema.properties.a parametersSchema.properties.b"},
		"remote reference":       {params(`{"properties":{"a":{"$ref":"https://example.com/x"}}}`), "parametersSchema"},
		"requires nobody":        {params(`{"properties":{"a":{}}}`, "a", "z"), "requiredParams[1]"},
		"schema requires nobody": {params(`{"properties":{"a":{}},"required":["z"]}`), "parametersSchema.required[0]"},
		"required as text":       {params(`{"properties":{"a":{}},"required":"a"}`), "parametersSchema.required"},
		"huge number":            {params(`{"properties":{"a":{"multipleOf":1e999999999}}}`), "parametersSchema.properties.a.multipleOf"},
		"egress of nobody":       {spec(func(s *callwright.SkillSpec) { s.DataEgressMap = map[string]callwright.EgressField{"x": {Source: "z"}} }), "dataEgressMap.x"},
		"egress without source":  {spec(func(s *callwright.SkillSpec) { s.DataEgressMap = map[string]callwright.EgressField{"x": {}} }), "dataEgressMap.x"},
		"egress with both": {spec(func(s *callwright.SkillSpec) {
			s.DataEgressMap = map[string]callwright.EgressField{"x": {Source: "a", Const: json.RawMessage(`1`)}}
		}), "dataEgressMap.x"},
		"egress mask": {spec(func(s *callwright.SkillSpec) {
			s.DataEgressMap = map[string]callwright.EgressField{"x": {Source: "a", Mask: "rot13"}}
		}), "dataEgressMap.x.mask"},
		"egress of the caller": {spec(func(s *callwright.SkillSpec) {
			s.DataEgressMap = map[string]callwright.EgressField{"x": {Source: "caller.phone", Mask: "hash"}, "y": {Const: json.RawMessage(`null`)}}
		}), ""},
		"template of nobody":      {spec(func(s *callwright.SkillSpec) { s.ExecutionConfig = json.RawMessage(`{"url":"u","path":"z"}`) }), "executionConfig.path"},
		"template of a parameter": {spec(func(s *callwright.SkillSpec) { s.ExecutionConfig = json.RawMessage(`{"url":"u","path":"a"}`) }), ""},
		"template of what is kept": {spec(func(s *callwright.SkillSpec) {
			s.ExecutionConfig, s.DataEgressMap = json.RawMessage(`{"url":"u","path":"a"}`), map[string]callwright.EgressField{"x": {Source: "a"}}
		}), "executionConfig.path"},
		"paths": {spec(func(s *callwright.SkillSpec) {
			s.AllowedFields = []string{"a", "items[].sku", "[].x", "", "a..b", ".", " "}
		}), "allowedFields[3] allowedFields[4] allowedFields[5] allowedFields[6]"},
		"settings":             {spec(func(s *callwright.SkillSpec) { s.ExecutionConfig = json.RawMessage(`{"uri":"x"}`) }), "executionConfig.uri executionConfig.url"},
		"settings of the type": {spec(func(s *callwright.SkillSpec) { s.ExecutionConfig = json.RawMessage(`{"url":"bad"}`) }), "executionConfig.url"},
		"no type of skill":     {spec(func(s *callwright.SkillSpec) { s.SkillType = "" }), "skillType"},
		"type of the future":   {spec(func(s *callwright.SkillSpec) { s.SkillType = "telepathy" }), "skillType"},
		"enums": {spec(func(s *callwright.SkillSpec) {
			s.ToolMode, s.VerificationLevel, s.Stakes, s.AvailabilityWindow = "x", "x", "x", "x"
		}), "availabilityWindow stakes toolMode verificationLevel"},
		"errors": {spec(func(s *callwright.SkillSpec) {
			s.ErrorHandling = &callwright.ErrorHandling{Retries: 4, RetryOn: []string{"5xx", "404", ""}, Then: "transfer"}
		}),
			"errorHandling.retries errorHandling.retryOn[1] errorHandling.retryOn[2] errorHandling.transferTo"},
		"texts":       {spec(func(s *callwright.SkillSpec) { s.Name, s.Description = " \t ", strings.Repeat("é", 2001) }), "description name"},
		"all at once": {callwright.SkillSpec{Stakes: "x", SkillType: "y", ParametersSchema: json.RawMessage(`{}`)}, "description name parametersSchema.properties skillType stakes"},
	} {
		t.Run(name, func(t *testing.T) {
			sk, err := o.s.CreateSkill(t.Context(), o.actor, o.agent, c.spec, nil)
			if got := fields(err); got != c.want || err != nil && c.want == "" {
				t.Errorf("got problems with %q (%v), want %q", got, err, c.want)
			}
			if err != nil {
				return
			}
			// What was accepted can run, and says the same in both places.
			ready := gate.Compile(callwright.Snapshot{Skills: []callwright.Skill{sk}}, o.s.Kinds)
			if len(ready.Offered(callwright.Chat)) != 1 {
				t.Error("accepted, and the gate cannot use it")
			}
			var stored struct {
				Type     string
				Required []string
			}
			must(t, json.Unmarshal(sk.ParametersSchema, &stored))
			if stored.Type != "object" || !slices.Equal(stored.Required, sk.RequiredParams) {
				t.Errorf("stored: schema is %s and requires %v, requiredParams %v; want an object and the same", stored.Type, stored.Required, sk.RequiredParams)
			}
			must(t, o.s.DeleteSkill(t.Context(), o.actor, o.agent, sk.ID))
		})
	}
}

func TestCheckHours(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for body, want := range map[string]string{
		`{}`: "", `{"timezone":"Europe/Paris","weekly":{"mon":[{"start":"09:00","end":"24:00"}],"sat":[]},"holidays":[{"date":"2027-12-24","endDate":"2027-12-26","closed":true}]}`: "",
		`{"weekly":{"mon":[]}}`:                     "businessHours.timezone",
		`{"timezone":"Mars/Olympus"}`:               "businessHours.timezone",
		`{"timezone":"Local"}`:                      "businessHours.timezone",
		`{"timezone":"UTC","weekly":{"monday":[]}}`: "businessHours.weekly.monday",
		`{"timezone":"UTC","weekly":{"mon":[{"start":"9 o'clock","end":"25:00"}]}}`:     "businessHours.weekly.mon[0]",
		`{"timezone":"UTC","holidays":[{"date":"24.12.2027","closed":true}]}`:           "businessHours.holidays[0].date",
		`{"timezone":"UTC","holidays":[{"date":"2027-12-24","endDate":"2027-12-01"}]}`:  "businessHours.holidays[0].endDate",
		`{"timezone":"UTC","holidays":[{"date":"2027-12-24","ranges":[{"start":""}]}]}`: "businessHours.holidays[0].ranges[0]",
	} {
		_, err := o.patchAgent(o.actor, `{"businessHours":`+body+`}`)
		if got := fields(err); got != want || err != nil && want == "" {
			t.Errorf("%s: got problems with %q (%v), want %q", body, got, err, want)
		}
	}
}

func TestTenancy(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	sk := o.mustCreateSkill(spec())
	k, _, err := o.s.CreateKey(t.Context(), "theirs", "x", callwright.Scopes())
	must(t, err)
	alien := callwright.Actor{Org: k.OrganizationID, Key: k.ID, Scopes: k.Scopes}
	ctx := t.Context()
	bad := callwright.SkillSpec{} // a stranger learns nothing from a validation error
	for what, do := range map[string]func() error{
		"Agent":       func() error { _, err := o.s.Agent(ctx, alien, o.agent); return err },
		"PatchAgent":  func() error { _, err := o.patchAgent(alien, `{"name":""}`); return err },
		"DeleteAgent": func() error { return o.s.DeleteAgent(ctx, alien, o.agent) },
		"Publish":     func() error { _, err := o.s.Publish(ctx, alien, o.agent, "", nil); return err },
		"ListVersions": func() error {
			_, _, err := o.s.ListVersions(ctx, alien, o.agent, callwright.Page{Page: 1, Limit: 1})
			return err
		},
		"CreateSkill": func() error { _, err := o.s.CreateSkill(ctx, alien, o.agent, bad, nil); return err },
		"Skill":       func() error { _, err := o.s.Skill(ctx, alien, o.agent, sk.ID); return err },
		"ListSkills": func() error {
			_, _, err := o.s.ListSkills(ctx, alien, o.agent, callwright.Page{Page: 1, Limit: 1})
			return err
		},
		"PatchSkill": func() error {
			_, err := o.s.PatchSkill(ctx, alien, o.agent, sk.ID, []byte(`{"name":""}`), nil)
			return err
		},
		"DeleteSkill": func() error { return o.s.DeleteSkill(ctx, alien, o.agent, sk.ID) },
		"TestSkill":   func() error { _, err := o.s.TestSkill(ctx, alien, o.agent, sk.ID, nil, true); return err },
	} {
		wantCode(t, what, do(), callwright.CodeNotFound)
	}
}

func TestTestSkill(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	sk := o.mustCreateSkill(spec(func(s *callwright.SkillSpec) {
		s.RequiredParams, s.AllowedFields, s.IsWrite, s.Stakes = []string{"a"}, []string{"ok"}, true, "high"
	}))
	test := func(args string, dry bool) control.SkillTest {
		got, err := o.s.TestSkill(t.Context(), o.actor, o.agent, sk.ID, json.RawMessage(args), dry)
		must(t, err)
		if _, err := json.Marshal(got); err != nil {
			t.Errorf("%s: cannot be JSON: %v", args, err)
		}
		return got
	}
	dry := test(`{"a":" x ","b":"2"}`, true)
	if dry.Outcome != "done" || !dry.DryRun || string(dry.Arguments) != `{"a":"x","b":2}` || !strings.Contains(string(dry.Request), "api.example.com") || string(dry.Result) != "null" || len(dry.Gate) != 10 {
		t.Errorf("dry run: got %+v, want the request, no result and ten lines", dry)
	}
	if len(o.calls) != 0 {
		t.Errorf("dry run: %d calls, want none", len(o.calls))
	}
	real := test(`{"a":"x"}`, false)
	if real.Outcome != "done" || string(real.Result) != `{"ok":true}` || len(o.calls) != 1 {
		t.Errorf("run: got %+v and %d calls, want what the agent would see", real, len(o.calls))
	}
	took, err := o.db.Latencies(t.Context(), o.actor.Org, []callwright.SkillID{sk.ID})
	if _, ok := took[sk.ID]; err != nil || !ok {
		t.Errorf("latencies: got %v, %v; want the one real run counted", took, err)
	}
	missing := test(`{"b":"many"}`, false)
	if missing.Outcome != "needs_input" || len(missing.Problems) != 2 || missing.Problems[0].Field != "arguments.a" || missing.Problems[1].Field != "arguments.b" {
		t.Errorf("missing: got %+v, want arguments.a and arguments.b", missing.Problems)
	}
	if broken := test(`[`, false); broken.Outcome != "needs_input" || len(broken.Problems) != 1 || broken.Problems[0].Field != "arguments" || string(broken.Arguments) != "null" {
		t.Errorf("no object: got %+v, want a problem with arguments", broken)
	}
	o.fail = callwright.Errorf(callwright.CodeTimeout, "Too slow.")
	if failed := test(`{"a":"x"}`, false); failed.Outcome != "unknown" || failed.Code != callwright.CodeTimeout || failed.Detail != "Too slow." || string(failed.Result) != "null" {
		t.Errorf("failed write: got %+v, want unknown", failed)
	}
	_, err = o.s.TestSkill(t.Context(), o.actor, o.agent, "skl_none", nil, true)
	wantCode(t, "unknown skill", err, callwright.CodeNotFound)
}
