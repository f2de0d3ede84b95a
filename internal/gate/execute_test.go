package gate_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"callwright"
	"callwright/internal/gate"
	"callwright/internal/skill"
)

// failing makes the partner fail; sent tells whether the request may have
// arrived.
func failing(err error, data string, sent bool) func(context.Context, skill.Call) (skill.Result, error) {
	return func(context.Context, skill.Call) (skill.Result, error) {
		return skill.Result{Data: json.RawMessage(data), Request: json.RawMessage(`{"sent":true}`), Sent: sent}, err
	}
}

// A write that was sent and has no answer may have happened; everything else did
// not.
func TestWhatFailuresMean(t *testing.T) {
	t.Parallel()
	foreign := errors.New("a driver's own error with hunter2 in it")
	for _, c := range []struct {
		code  callwright.Code
		err   error
		write bool
		sent  bool
		want  gate.Kind
	}{
		{code: callwright.CodeTimeout, write: true, sent: true, want: gate.Unknown},
		{code: callwright.CodeTimeout, write: true, sent: false, want: gate.Failed},
		{code: callwright.CodeTimeout, write: false, sent: true, want: gate.Failed},
		{code: callwright.CodeConnection, write: true, sent: true, want: gate.Unknown},
		{code: callwright.CodeConnection, write: false, sent: true, want: gate.Failed},
		{code: callwright.CodeBadResponse, write: true, sent: true, want: gate.Unknown},
		{code: callwright.CodeTooLarge, write: true, sent: true, want: gate.Unknown},
		{code: callwright.CodeRemoteStatus, write: true, sent: true, want: gate.Failed},
		{code: callwright.CodeRedirect, write: true, sent: true, want: gate.Failed},
		{code: callwright.CodeRefused, write: true, sent: false, want: gate.Failed},
		{code: callwright.CodeUnreachable, write: true, sent: false, want: gate.Failed},
		{code: callwright.CodeSecretMissing, write: true, sent: false, want: gate.Failed},
		{code: callwright.CodeOptedOut, write: true, sent: false, want: gate.Refused},
		{code: callwright.CodeTextLimit, write: true, sent: false, want: gate.Refused},
		{code: callwright.CodeTextLimit, write: true, sent: true, want: gate.Unknown},
		{code: callwright.CodeInternal, err: foreign, write: true, sent: true, want: gate.Unknown},
		{code: callwright.CodeInternal, err: foreign, write: true, sent: false, want: gate.Failed},
	} {
		s := order()
		s.IsWrite = c.write
		d := newDesk(s)
		err := c.err
		if err == nil {
			err = callwright.Errorf(c.code, "What an operator may read.")
		}
		d.partner.do = failing(err, ``, c.sent)
		out := d.call(d.turn(), "find_order", `{"order_id":"A-1"}`)
		if out.Kind != c.want || out.Code != c.code {
			t.Errorf("%s, write %v, sent %v: got %s %s, want %s", c.code, c.write, c.sent, out.Kind, out.Code, c.want)
		}
		state := callwright.RunState("failed")
		if c.want == gate.Unknown {
			state = callwright.RunUnknown
		}
		if r := d.journal.only(t); r.State != state || r.Code != c.code || r.IsWrite != c.write {
			t.Errorf("%s, write %v, sent %v: journalled %s %s, want %s", c.code, c.write, c.sent, r.State, r.Code, state)
		}
		want := "What an operator may read."
		if n := len(d.partner.seen()); n == 2 { // a read is tried once more where that may help
			want = "attempt 2, after " + string(c.code) + ". " + want
		}
		if again := !c.write && (c.code == callwright.CodeConnection || c.code == callwright.CodeUnreachable); again != (len(d.partner.seen()) == 2) {
			t.Errorf("%s, write %v: sent %d times", c.code, c.write, len(d.partner.seen()))
		}
		if c.err != nil {
			want = "internal error; the log has the cause"
		}
		if out.Detail != want || string(out.Sent) != `{"sent":true}` {
			t.Errorf("%s: got detail %q and sent %s, want %q and the request", c.code, out.Detail, out.Sent, want)
		}
		if last := out.Lines[len(out.Lines)-1]; last.Phase != "execute" || last.Outcome != string(c.want) {
			t.Errorf("%s: last line: got %+v, want execute %s", c.code, last, c.want)
		}
	}
}

// The caller leaves in the middle: a write runs to its end and is journalled, a
// read is cancelled.
func TestInterruption(t *testing.T) {
	t.Parallel()
	for _, write := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := order()
			s.IsWrite = write
			d := newDesk(s)
			d.gate.Now = time.Now
			d.partner.do = func(ctx context.Context, _ skill.Call) (skill.Result, error) {
				select {
				case <-time.After(10 * time.Second):
					return skill.Result{Data: json.RawMessage(`{"done":1}`), Sent: true}, nil
				case <-ctx.Done():
					return skill.Result{Sent: true}, callwright.Wrap(callwright.CodeTimeout, ctx.Err(), "It was cancelled.")
				}
			}
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			out := d.gate.Run(ctx, d.turn(), gate.Call{Tool: "find_order", Arguments: json.RawMessage(`{"order_id":"A-1"}`)})[0]
			want, state, took := gate.Failed, callwright.RunFailed, time.Second
			if write { // it goes on by itself, and its end is journalled when it is there
				want, state, took = gate.Late, callwright.RunDone, 10*time.Second
			}
			if out.Took != time.Second {
				t.Errorf("write %v: the turn waited %s, want a second", write, out.Took)
			}
			if err := d.gate.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			r := d.journal.only(t)
			if out.Kind != want || r.State != state || r.TookMs != float64(took.Milliseconds()) {
				t.Errorf("write %v: got %s after %s, journalled %s of %v ms; want %s after %s, journalled %s", write, out.Kind, out.Took, r.State, r.TookMs, want, took, state)
			}
		})
	}
}

// A system that never answers does not hold a turn for ever.
func TestRunsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := order()
		s.IsWrite = true
		d := newDesk(s)
		d.gate.Now = time.Now
		d.partner.do = func(ctx context.Context, _ skill.Call) (skill.Result, error) {
			<-ctx.Done()
			return skill.Result{Sent: true}, callwright.Wrap(callwright.CodeTimeout, ctx.Err(), "Too slow.")
		}
		out := d.call(d.turn(), "find_order", `{"order_id":"A-1"}`)
		if out.Kind != gate.Unknown || out.Took > 70*time.Second {
			t.Errorf("got %s after %s, want unknown after about a minute", out.Kind, out.Took)
		}
	})
}

// A one_way skill is queued: the turn goes on, and what leaves is in the journal.
// Sent from there, its outcome is projected like any other.
func TestOneWay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   error
		write bool
		state callwright.RunState
		data  string
	}{
		"done":       {state: callwright.RunDone, data: `{"id":1}`},
		"failed":     {err: callwright.Errorf(callwright.CodeRemoteStatus, "500"), write: true, state: callwright.RunFailed},
		"in doubt":   {err: callwright.Errorf(callwright.CodeTimeout, "slow"), write: true, state: callwright.RunUnknown},
		"done write": {write: true, state: callwright.RunDone, data: `{"id":1}`},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := order()
			s.ToolMode, s.IsWrite, s.AllowedFields = "one_way", c.write, []string{"id"}
			d := newDesk(s)
			d.gate.Now = time.Now
			d.partner.do = func(ctx context.Context, _ skill.Call) (skill.Result, error) {
				<-time.After(5 * time.Second)
				if ctx.Err() != nil {
					return skill.Result{}, ctx.Err()
				}
				return skill.Result{Data: json.RawMessage(`{"id":1,"ssn":"x"}`), Sent: true}, c.err
			}
			ctx, cancel := context.WithCancel(t.Context())
			turn := d.turn()
			out := d.gate.Run(ctx, turn, gate.Call{Tool: "find_order", Arguments: json.RawMessage(`{"order_id":"A-1"}`)})[0]
			if out.Kind != gate.Queued || out.Took != 0 || len(out.Result) != 0 || out.Run == "" {
				t.Errorf("%s: got %s after %s, want queued at once", name, out.Kind, out.Took)
			}
			if again := d.call(turn, "find_order", `{"order_id":"A-1"}`); again.Kind != gate.Queued {
				t.Errorf("%s: the same call again: got %s, want queued", name, again.Kind)
			}
			cancel() // the turn is over
			if n := len(d.partner.seen()); n != 0 {
				t.Errorf("%s: sent %d times in its turn, want it left to the queue", name, n)
			}
			queued := d.journal.only(t)
			if queued.State != callwright.RunQueued || string(queued.Fields) != `{"order_id":"A-1"}` {
				t.Errorf("%s: journalled %s %s, want it queued with what leaves", name, queued.State, queued.Fields)
			}
			if err := d.journal.EndRun(t.Context(), d.gate.RunQueued(t.Context(), d.agent, *turn.Conversation, queued)); err != nil {
				t.Fatal(err)
			}
			r := d.journal.only(t)
			if r.State != c.state || string(r.Answer) != c.data {
				t.Errorf("%s: journalled %s %s, want %s %s", name, r.State, r.Answer, c.state, c.data)
			}
			if n := len(d.partner.seen()); n != 1 {
				t.Errorf("%s: got %d runs, want 1", name, n)
			}
		})
	}
}

// The same call twice in a turn is one intent; in another turn, conversation or
// organization it is another.
func TestIntents(t *testing.T) {
	t.Parallel()
	base := func(d *desk) *gate.Turn { return d.turn() }
	for name, c := range map[string]struct {
		change func(*gate.Turn)
		args   string
		runs   int
	}{
		"the same":             {runs: 1},
		"in other words":       {args: `{"order_id":" A-1 "}`, runs: 1},
		"other arguments":      {args: `{"order_id":"A-2"}`, runs: 2},
		"the next turn":        {change: func(t *gate.Turn) { t.Number++ }, runs: 2},
		"another conversation": {change: func(t *gate.Turn) { t.Conversation.ID = "cnv_2" }, runs: 2},
		"another organization": {change: func(t *gate.Turn) { t.Conversation.OrganizationID = "org_2" }, runs: 2},
	} {
		s := order()
		s.IsWrite = true
		d := newDesk(s)
		first := mustDo(t, d.call(base(d), "find_order", `{"order_id":"A-1"}`))
		turn := base(d)
		if c.change != nil {
			c.change(turn)
		}
		args := c.args
		if args == "" {
			args = `{"order_id":"A-1"}`
		}
		second := mustDo(t, d.call(turn, "find_order", args))
		if n := len(d.partner.seen()); n != c.runs {
			t.Errorf("%s: got %d runs, want %d", name, n, c.runs)
		}
		if same := first.Run == second.Run; same != (c.runs == 1) || string(second.Result) != `{"ok":true}` {
			t.Errorf("%s: got run %s after %s with %s, want the answer of the run that stands", name, second.Run, first.Run, second.Result)
		}
	}
}

// Within one turn the answer of the first call stands, failures included.
func TestSameCallTwiceInATurn(t *testing.T) {
	t.Parallel()
	d := newDesk(order())
	d.partner.do = failing(callwright.Errorf(callwright.CodeTimeout, "slow"), ``, true)
	turn := d.turn()
	for range 3 {
		if out := d.call(turn, "find_order", `{"order_id":"A-1"}`); out.Kind != gate.Failed || out.Code != callwright.CodeTimeout {
			t.Errorf("got %s %s, want failed timeout", out.Kind, out.Code)
		}
	}
	if n := len(d.partner.seen()); n != 1 {
		t.Errorf("runs: got %d, want 1", n)
	}
}

// A run that the journal knows is told, never sent again.
func TestReplayFromTheJournal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		prior callwright.Run
		kind  gate.Kind
		code  callwright.Code
		data  string
	}{
		{callwright.Run{ID: "run_0", State: callwright.RunDone, Answer: json.RawMessage(`{"ok":1}`)}, gate.Done, "", `{"ok":1}`},
		{callwright.Run{ID: "run_0", State: callwright.RunFailed, Code: callwright.CodeRemoteStatus}, gate.Failed, callwright.CodeRemoteStatus, ``},
		{callwright.Run{ID: "run_0", State: callwright.RunRunning}, gate.Unknown, callwright.CodeOutcomeUnknown, ``},
		{callwright.Run{ID: "run_0", State: callwright.RunUnknown}, gate.Unknown, callwright.CodeOutcomeUnknown, ``},
	} {
		s := order()
		s.IsWrite = true
		d := newDesk(s)
		mustDo(t, d.call(d.turn(), "find_order", `{"order_id":"A-1"}`)) // to learn the key
		key := d.journal.only(t).IdempotencyKey
		c.prior.IdempotencyKey = key
		d.journal.runs[key] = c.prior
		out := d.call(d.turn(), "find_order", `{"order_id":"A-1"}`)
		if out.Kind != c.kind || out.Code != c.code || string(out.Result) != c.data || out.Run != "run_0" {
			t.Errorf("%s: got %s %s %s of %s, want %s %s %s of run_0", c.prior.State, out.Kind, out.Code, out.Result, out.Run, c.kind, c.code, c.data)
		}
		if n := len(d.partner.seen()); n != 1 {
			t.Errorf("%s: got %d runs, want no second one", c.prior.State, n)
		}
		if got := d.journal.runs[key]; got.State != c.prior.State {
			t.Errorf("%s: the journal was changed to %s", c.prior.State, got.State)
		}
	}
}

// What cannot be journalled does not leave.
func TestBrokenJournal(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"two_way", "one_way"} {
		s := order()
		s.ToolMode = mode
		d := newDesk(s)
		d.journal.fail = errors.New("disk full")
		out := d.call(d.turn(), "find_order", `{"order_id":"A-1"}`)
		if out.Kind != gate.Failed || out.Code != callwright.CodeInternal || out.Run != "" {
			t.Errorf("%s: got %s %s run %q, want failed internal and no run", mode, out.Kind, out.Code, out.Run)
		}
		if n := len(d.partner.seen()); n != 0 {
			t.Errorf("%s: got %d runs, want none", mode, n)
		}
	}
}

// The intent is in the journal before the partner hears of it.
func TestIntentComesFirst(t *testing.T) {
	t.Parallel()
	d := newDesk(order())
	d.partner.do = func(context.Context, skill.Call) (skill.Result, error) {
		if got := d.journal.steps(); got != "begin running" {
			t.Errorf("journal when the partner is called: got %q, want the intent and no outcome", got)
		}
		return skill.Result{Data: json.RawMessage(`1`)}, nil
	}
	mustDo(t, d.call(d.turn(), "find_order", `{"order_id":"A-1"}`))
}

// An effect is for the channel once.
func TestEffectOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(order())
	d.partner.do = func(context.Context, skill.Call) (skill.Result, error) {
		return skill.Result{Data: json.RawMessage(`{}`), Effect: skill.EndConversation{}}, nil
	}
	turn := d.turn()
	if out := mustDo(t, d.call(turn, "find_order", `{"order_id":"A-1"}`)); out.Effect != (skill.EndConversation{}) {
		t.Errorf("effect: got %v, want EndConversation", out.Effect)
	}
	if out := mustDo(t, d.call(turn, "find_order", `{"order_id":"A-1"}`)); out.Effect != nil {
		t.Errorf("effect of the repeated call: got %v, want none", out.Effect)
	}
}

// A caller who has left before anything was sent gets nothing sent.
func TestNothingBeginsAfterTheCallerLeft(t *testing.T) {
	t.Parallel()
	for _, write := range []bool{true, false} {
		for _, mode := range []string{"two_way", "one_way"} {
			s := order()
			s.IsWrite, s.ToolMode = write, mode
			d := newDesk(s)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			out := d.gate.Run(ctx, d.turn(), gate.Call{Tool: "find_order", Arguments: json.RawMessage(`{"order_id":"A-1"}`)})[0]
			if out.Kind != gate.Failed || out.Run != "" {
				t.Errorf("write %v, %s: got %s, run %q; want failed and no run", write, mode, out.Kind, out.Run)
			}
			d.nothingLeft(t)
		}
	}
}
