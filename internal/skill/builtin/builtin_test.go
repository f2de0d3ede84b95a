package builtin_test

import (
	"encoding/json"
	"log/slog"
	"testing"

	"go.uber.org/goleak"

	"callwright"
	"callwright/internal/skill"
	"callwright/internal/skill/builtin"
	"callwright/internal/skill/skilltest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSuite(t *testing.T) {
	t.Parallel()
	skilltest.Run(t, skilltest.Fixture{
		Kind:     func(testing.TB, *slog.Logger) skill.Kind { return builtin.Kind() },
		Settings: func(skilltest.Partner) map[string]any { return map[string]any{"action": "end_call"} },
		Bad: []skilltest.Bad{
			{Name: "nothing", Change: map[string]any{"action": nil}, Fields: []string{"action"}},
			{Name: "unknown", Change: map[string]any{"action": "dance"}, Fields: []string{"action"}},
		},
		Call: skill.Call{Org: "org_1", Fields: map[string]any{}},
		Data: `{"ended":true}`,
	})
}

func TestActions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		action string
		fields map[string]any
		want   skill.Effect
		code   callwright.Code
	}{
		"end":            {action: "end_call", want: skill.EndConversation{}},
		"repeat":         {action: "repeat", want: skill.RepeatLast{}},
		"message":        {action: "take_message", fields: map[string]any{"message": " Call me. "}, want: skill.TakeMessage{Text: "Call me."}},
		"several fields": {action: "take_message", fields: map[string]any{"message": "Call me.", "call_back": "+12125550123", "times": json.Number("2")}, want: skill.TakeMessage{Text: "call back: +12125550123\nmessage: Call me.\ntimes: 2"}},
		"no message":     {action: "take_message", code: callwright.CodeValidation},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x, err := builtin.Kind().Open([]byte(`{"action":"` + c.action + `"}`))
			if err != nil {
				t.Fatal(err)
			}
			res, err := x.Execute(t.Context(), skill.Call{Fields: c.fields})
			if callwright.CodeOf(err) != c.code || res.Effect != c.want {
				t.Errorf("got %+v, %v, want %+v, code %q", res.Effect, err, c.want, c.code)
			}
		})
	}
}
