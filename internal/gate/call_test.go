package gate_test

import (
	"context"
	"testing"

	"callwright"
	"callwright/internal/skill"
)

// An executor is told where the agent's callers are, for numbers without a country.
func TestRegionOfACall(t *testing.T) {
	t.Parallel()
	for language, want := range map[string]string{"": "US", "de-AT": "AT", "fr": "FR", "klingon!": "US"} {
		d := newDeskOf(callwright.AgentSpec{PrimaryLanguage: language}, order())
		d.partner.do = func(context.Context, skill.Call) (skill.Result, error) { return skill.Result{}, nil }
		d.call(d.turn(), "find_order", `{"order_id":"A-1"}`)
		if calls := d.partner.seen(); len(calls) != 1 || calls[0].Region != want || calls[0].OneTime {
			t.Errorf("%q: got %+v, want one call from %s, without a code", language, calls, want)
		}
	}
}
