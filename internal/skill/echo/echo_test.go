package echo_test

import (
	"log/slog"
	"testing"

	"callwright"
	"callwright/internal/skill"
	"callwright/internal/skill/echo"
	"callwright/internal/skill/skilltest"
)

func TestContract(t *testing.T) {
	t.Parallel()
	skilltest.Run(t, skilltest.Fixture{
		Kind:     func(testing.TB, *slog.Logger) skill.Kind { return echo.Kind() },
		Settings: func(skilltest.Partner) map[string]any { return map[string]any{"prefix": "You said"} },
		Call:     skill.Call{Org: "org_1", Channel: callwright.Chat, Fields: map[string]any{"a": "b"}},
		Data:     `{"fields":{"a":"b"},"text":"You said"}`,
	})
}
