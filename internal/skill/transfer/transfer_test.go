package transfer_test

import (
	"log/slog"
	"testing"

	"go.uber.org/goleak"

	"callwright"
	"callwright/internal/skill"
	"callwright/internal/skill/skilltest"
	"callwright/internal/skill/transfer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSuite(t *testing.T) {
	t.Parallel()
	skilltest.Run(t, skilltest.Fixture{
		Kind:     func(testing.TB, *slog.Logger) skill.Kind { return transfer.Kind() },
		Settings: func(skilltest.Partner) map[string]any { return map[string]any{"destination": "+12125550123"} },
		Bad: []skilltest.Bad{
			{Name: "nothing", Change: map[string]any{"destination": nil}, Fields: []string{"destination"}},
			{Name: "words", Change: map[string]any{"destination": "the front desk"}, Fields: []string{"destination"}},
			{Name: "broken template", Change: map[string]any{"destination": "{desk"}, Fields: []string{"destination"}},
			{Name: "a URL", Change: map[string]any{"destination": "https://example.com"}, Fields: []string{"destination"}},
		},
		Call: skill.Call{Org: "org_1", Fields: map[string]any{}},
		Data: `{"transferring":true}`,
	})
}

func TestDestinations(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config, want string
		fields, vars map[string]any
		code         callwright.Code
	}{
		"E.164":              {config: `{"destination":"+1 (212) 555-0123"}`, want: "+12125550123"},
		"ten digits":         {config: `{"destination":"212 555 0123"}`, want: "+12125550123"},
		"SIP":                {config: `{"destination":"sip:desk@example.com"}`, want: "sip:desk@example.com"},
		"a parameter":        {config: `{"destination":"{desk}"}`, fields: map[string]any{"desk": "2125550123"}, want: "+12125550123"},
		"a remembered value": {config: `{"destination":"{vars.desk}"}`, vars: map[string]any{"desk": "sip:b@example.com"}, want: "sip:b@example.com"},
		"no value":           {config: `{"destination":"{desk}"}`, code: callwright.CodeValidation},
		"not a place":        {config: `{"destination":"{desk}"}`, fields: map[string]any{"desk": "Berlin"}, code: callwright.CodeValidation},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x, err := transfer.Kind().Open([]byte(c.config))
			if err != nil {
				t.Fatal(err)
			}
			res, err := x.Execute(t.Context(), skill.Call{Fields: c.fields, Vars: c.vars})
			if callwright.CodeOf(err) != c.code {
				t.Fatalf("got %v, want code %q", err, c.code)
			}
			if err == nil && res.Effect != (skill.Transfer{To: c.want}) {
				t.Errorf("got %+v, want a transfer to %s", res.Effect, c.want)
			}
		})
	}
	kept, err := transfer.Kind().Normal([]byte(`{"destination":"(212) 555-0123","warm":true,"say":{"done":"One moment."}}`))
	if want := `{"destination":"+12125550123","say":{"done":"One moment."},"warm":true}`; err != nil || string(kept) != want {
		t.Errorf("kept: got %s, %v, want %s", kept, err, want)
	}
}
