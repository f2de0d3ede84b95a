package gate_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"callwright"
	"callwright/internal/gate"
)

// Who has to confirm: stakes × isWrite × requiresConfirmation.
func TestWhenConfirmationIsAsked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		stakes           string
		write, requires  bool
		wantConfirmation bool
	}{
		{"", false, false, false}, {"", false, true, true}, {"", true, false, false}, {"", true, true, true},
		{"low", false, false, false}, {"low", false, true, true}, {"low", true, false, false}, {"low", true, true, true},
		{"medium", false, false, false}, {"medium", false, true, true}, {"medium", true, false, true}, {"medium", true, true, true},
		{"high", false, false, true}, {"high", false, true, true}, {"high", true, false, true}, {"high", true, true, true},
	} {
		s := order()
		s.Stakes, s.IsWrite, s.RequiresConfirmation = c.stakes, c.write, c.requires
		d := newDesk(s)
		out := d.call(d.turn(), "find_order", `{"order_id":"A-1"}`)
		want := gate.Done
		if c.wantConfirmation {
			want = gate.Confirm
			d.nothingLeft(t)
		}
		if out.Kind != want {
			t.Errorf("%+v: got %s, want %s", c, out.Kind, want)
		}
	}
}

func careful() callwright.SkillSpec {
	s := order()
	s.Stakes, s.IsWrite = "high", true
	return s
}

// A confirmation says exactly what is to be confirmed.
func TestConfirmationHoldsWhatWasAsked(t *testing.T) {
	t.Parallel()
	d := newDesk(careful())
	turn := d.turn()
	turn.Number = 7
	out := d.call(turn, "find_order", `{"order_id":" A-1 ","count":"2"}`)
	c := out.Confirm
	if out.Kind != gate.Confirm || c == nil {
		t.Fatalf("got %s, want a confirmation", out.Kind)
	}
	if c.SkillID != "skl_a" || c.Tool != "find_order" || string(c.Arguments) != `{"count":2,"order_id":"A-1"}` || c.Turn != 7 || c.AskedAt != callwright.At(monday) || c.Hash == "" {
		t.Errorf("confirmation: got %+v, want the skill, the coerced arguments, the turn and the time", c)
	}
}

// What was confirmed is bound to the skill and the arguments: any change asks
// again, the same thing written differently does not.
func TestConfirmationIsBoundToArguments(t *testing.T) {
	t.Parallel()
	asked := `{"order_id":"A-1","count":2}`
	for args, want := range map[string]gate.Kind{
		asked:                                gate.Done,
		`{"count":2,"order_id":"A-1"}`:       gate.Done,
		`{"count":"2","order_id":" A-1 "}`:   gate.Done,
		`{"order_id":"A-2","count":2}`:       gate.Confirm,
		`{"order_id":"A-1","count":3}`:       gate.Confirm,
		`{"order_id":"A-1"}`:                 gate.Confirm,
		`{"order_id":"a-1","count":2}`:       gate.Confirm,
		`{"order_id":"A-1 .","count":2}`:     gate.Confirm,
		`{"order_id":"A-1","count":20}`:      gate.Confirm,
		`{"order_id":"A-1\u200b","count":2}`: gate.Confirm,
	} {
		other := careful()
		other.Name = "Cancel order"
		d := newDesk(careful(), other)
		ask := d.call(d.turn(), "find_order", asked)
		next := d.turn()
		next.Number, next.Confirmed = 2, ask.Confirm
		if out := d.call(next, "find_order", args); out.Kind != want {
			t.Errorf("confirmed %s, called with %s: got %s, want %s", asked, args, out.Kind, want)
		}
		if want == gate.Confirm {
			d.nothingLeft(t)
		}
		if out := d.call(next, "cancel_order", asked); out.Kind != gate.Confirm {
			t.Errorf("confirmed find_order, called cancel_order: got %s, want it asked again", out.Kind)
		}
	}
}

func TestConfirmationLapses(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]gate.Kind{
		0: gate.Done, time.Minute: gate.Done, 5 * time.Minute: gate.Done,
		5*time.Minute + time.Millisecond: gate.Confirm, time.Hour: gate.Confirm,
	} {
		d := newDesk(careful())
		ask := d.call(d.turn(), "find_order", `{"order_id":"A-1"}`)
		d.now = d.now.Add(after)
		next := d.turn()
		next.Number, next.Confirmed = 2, ask.Confirm
		out := d.call(next, "find_order", `{"order_id":"A-1"}`)
		if out.Kind != want {
			t.Errorf("after %s: got %s, want %s", after, out.Kind, want)
		}
		if want == gate.Confirm && out.Confirm.AskedAt != callwright.At(d.now) {
			t.Errorf("after %s: the new question is of %s, want %s", after, out.Confirm.AskedAt, callwright.At(d.now))
		}
	}
}

// A confirmation that somebody else made up does not count.
func TestForgedConfirmation(t *testing.T) {
	t.Parallel()
	d := newDesk(careful())
	real := d.call(d.turn(), "find_order", `{"order_id":"A-1"}`).Confirm
	for name, c := range map[string]callwright.Confirmation{
		"no hash":       {SkillID: "skl_a", Tool: "find_order", Arguments: json.RawMessage(`{"order_id":"A-1"}`), AskedAt: callwright.At(monday)},
		"other hash":    {SkillID: "skl_a", Tool: "find_order", Arguments: real.Arguments, Hash: fmt.Sprintf("%040d", 0), AskedAt: callwright.At(monday)},
		"never asked":   {SkillID: "skl_a", Tool: "find_order", Arguments: real.Arguments, Hash: real.Hash},
		"another skill": {SkillID: "skl_b", Tool: "find_order", Arguments: real.Arguments, Hash: real.Hash[1:], AskedAt: callwright.At(monday)},
	} {
		next := d.turn()
		next.Confirmed = &c
		if out := d.call(next, "find_order", `{"order_id":"A-1"}`); out.Kind != gate.Confirm {
			t.Errorf("%s: got %s, want it asked", name, out.Kind)
		}
	}
	d.nothingLeft(t)
}

// One yes is one run: the same call again in the turn gets the same answer.
func TestOneYesIsOneRun(t *testing.T) {
	t.Parallel()
	d := newDesk(careful())
	ask := d.call(d.turn(), "find_order", `{"order_id":"A-1"}`)
	next := d.turn()
	next.Number, next.Confirmed = 2, ask.Confirm
	for range 3 {
		mustDo(t, d.call(next, "find_order", `{"order_id":"A-1"}`))
	}
	if n := len(d.partner.seen()); n != 1 {
		t.Errorf("runs: got %d, want 1", n)
	}
}
