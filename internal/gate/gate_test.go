package gate_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"callwright"
	"callwright/internal/gate"
	"callwright/internal/skill"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A partner is the system behind the skills of a test: it keeps what was sent to
// it and answers through do.
type partner struct {
	mu    sync.Mutex
	calls []skill.Call
	do    func(ctx context.Context, call skill.Call) (skill.Result, error)
}

func (p *partner) Execute(ctx context.Context, call skill.Call) (skill.Result, error) {
	p.mu.Lock()
	p.calls = append(p.calls, call)
	do := p.do
	p.mu.Unlock()
	if call.DryRun {
		return skill.Result{Request: json.RawMessage(`{"would":"leave"}`)}, nil
	}
	if do == nil {
		return skill.Result{Data: json.RawMessage(`{"ok":true}`), Request: json.RawMessage(`{"sent":true}`)}, nil
	}
	return do(ctx, call)
}

func (p *partner) seen() []skill.Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]skill.Call(nil), p.calls...)
}

// answer makes the partner give one answer to everything.
func answer(data string) func(context.Context, skill.Call) (skill.Result, error) {
	return func(context.Context, skill.Call) (skill.Result, error) {
		return skill.Result{Data: json.RawMessage(data), Request: json.RawMessage(`{"sent":true}`)}, nil
	}
}

// A journal keeps runs in memory, by idempotency key.
type journal struct {
	mu    sync.Mutex
	runs  map[string]callwright.Run
	order []string // begin and end, as they come
	fail  error    // of Begin
}

func (j *journal) Begin(_ context.Context, runs ...callwright.Run) ([]*callwright.Run, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fail != nil {
		return nil, j.fail
	}
	priors := make([]*callwright.Run, len(runs))
	for i, r := range runs {
		if prior, ok := j.runs[r.IdempotencyKey]; ok {
			priors[i] = &prior
			continue
		}
		if j.runs == nil {
			j.runs = map[string]callwright.Run{}
		}
		j.runs[r.IdempotencyKey] = r
		j.order = append(j.order, "begin "+string(r.State))
	}
	return priors, nil
}

func (j *journal) End(ctx context.Context, runs ...callwright.Run) error {
	for _, r := range runs {
		if err := j.EndRun(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

func (j *journal) EndRun(ctx context.Context, r callwright.Run) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, ok := j.runs[r.IdempotencyKey]; !ok {
		return errors.New("a run ended that had not begun")
	}
	j.runs[r.IdempotencyKey] = r
	j.order = append(j.order, "end "+string(r.State))
	return nil
}

func (j *journal) steps() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.order, ", ")
}

// only returns the one run that there is.
func (j *journal) only(t testing.TB) callwright.Run {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.runs) != 1 {
		t.Fatalf("journalled runs: got %d, want 1", len(j.runs))
	}
	for _, r := range j.runs {
		return r
	}
	return callwright.Run{}
}

// A desk is a gate with one agent, its partner and its journal.
type desk struct {
	partner partner
	journal journal
	now     time.Time
	gate    gate.Gate
	agent   *gate.Agent
}

// monday is within office hours.
var monday = time.Date(2027, 3, 1, 10, 0, 0, 0, time.UTC)

const (
	org  callwright.OrgID          = "org_1"
	conv callwright.ConversationID = "cnv_1"
)

func kinds(x skill.Executor) map[callwright.SkillType]skill.Kind {
	type settings struct {
		Broken bool `json:"broken,omitempty"`
	}
	return map[callwright.SkillType]skill.Kind{
		callwright.HTTPWebhook: skill.Define(callwright.HTTPWebhook, "A fake.", func(c settings) (skill.Executor, error) {
			if c.Broken {
				return nil, errors.New("these settings are broken")
			}
			return x, nil
		}),
		callwright.SMS: skill.Reserved(callwright.SMS, "Planned."),
	}
}

// order is a read skill with one required and one optional parameter.
func order() callwright.SkillSpec {
	return callwright.SkillSpec{
		Name: "Find order", Description: "Use to find an order.", SkillType: callwright.HTTPWebhook,
		ParametersSchema: json.RawMessage(`{"type":"object","properties":{"order_id":{"type":"string"},"count":{"type":"integer","minimum":1}},"required":["order_id"]}`),
	}
}

func newDesk(specs ...callwright.SkillSpec) *desk { return newDeskOf(callwright.AgentSpec{}, specs...) }

func newDeskOf(a callwright.AgentSpec, specs ...callwright.SkillSpec) *desk {
	d := &desk{now: monday}
	snap := callwright.Snapshot{Agent: callwright.Agent{ID: "agt_1", OrganizationID: org, AgentSpec: a}}
	for i, s := range specs {
		snap.Skills = append(snap.Skills, callwright.Skill{ID: callwright.SkillID("skl_" + string(rune('a'+i))), AgentID: "agt_1", OrganizationID: org, SkillSpec: s})
	}
	d.agent = gate.Compile(snap, kinds(&d.partner))
	d.gate = gate.Gate{Now: func() time.Time { return d.now }, Log: slog.New(slog.DiscardHandler), Late: &d.journal}
	return d
}

// turn is a fresh turn of the same conversation.
func (d *desk) turn() *gate.Turn {
	return &gate.Turn{Agent: d.agent, Number: 1, Journal: &d.journal, TraceParent: "00-a-b-01",
		Conversation: &callwright.Conversation{ID: conv, OrganizationID: org, AgentID: "agt_1", VersionID: "ver_1", Channel: callwright.Chat,
			Caller: callwright.Caller{Name: "Ada", Phone: "+15550100"}}}
}

func (d *desk) call(t *gate.Turn, tool, args string) gate.Outcome {
	return d.gate.Run(context.Background(), t, gate.Call{Tool: tool, Arguments: json.RawMessage(args)})[0]
}

func mustDo(t testing.TB, out gate.Outcome) gate.Outcome {
	t.Helper()
	if out.Kind != gate.Done {
		t.Fatalf("outcome: got %s (%s, %s), want done", out.Kind, out.Code, out.Detail)
	}
	return out
}

// receipt is the lines of an outcome in short.
func receipt(out gate.Outcome) string {
	var parts []string
	for _, l := range out.Lines {
		parts = append(parts, l.Phase+" "+l.Outcome)
	}
	return strings.Join(parts, ", ")
}

// nothingLeft fails when anything reached the partner or the journal.
func (d *desk) nothingLeft(t testing.TB) {
	t.Helper()
	if n := len(d.partner.seen()); n != 0 {
		t.Errorf("calls of the partner: got %d, want none", n)
	}
	if s := d.journal.steps(); s != "" {
		t.Errorf("journal: got %q, want nothing", s)
	}
}

func TestReceiptOfASuccess(t *testing.T) {
	t.Parallel()
	d := newDesk(order())
	out := mustDo(t, d.call(d.turn(), "find_order", `{"order_id":"A-1"}`))
	want := "find passed, channel not_configured, window not_configured, arguments passed, limits not_configured, identity not_configured, " +
		"confirmation not_configured, egress_out passed, execute passed, egress_in not_configured"
	if got := receipt(out); got != want {
		t.Errorf("receipt:\n got %s\nwant %s", got, want)
	}
	if got := d.journal.steps(); got != "begin running, end done" {
		t.Errorf("journal: got %q, want the intent before the outcome", got)
	}
	if string(out.Result) != `{"ok":true}` || string(out.Sent) != `{"sent":true}` || out.Run == "" || out.Skill.Name != "Find order" {
		t.Errorf("outcome: got result %s, sent %s, run %q of %q", out.Result, out.Sent, out.Run, out.Skill.Name)
	}
	c := d.partner.seen()[0]
	if c.Org != org || c.Agent != "agt_1" || c.Conversation != conv || c.Skill != "skl_a" || c.Run != out.Run || c.Channel != callwright.Chat || c.TraceParent != "00-a-b-01" || c.DryRun {
		t.Errorf("call: got %+v, want it to say whose it is", c)
	}
	r := d.journal.only(t)
	if r.IdempotencyKey != c.IdempotencyKey || c.IdempotencyKey == "" || r.ID != out.Run || r.VersionID != "ver_1" || r.Turn != 1 || string(r.Answer) != `{"ok":true}` {
		t.Errorf("run: got %+v, want the call's key, version and answer", r)
	}
}

// With every rule set, every phase says that it judged.
func TestReceiptOfASuccessUnderAllRules(t *testing.T) {
	t.Parallel()
	s := order()
	s.Channels, s.AvailabilityWindow, s.IsWrite, s.Stakes = []callwright.Channel{"fax", callwright.Chat}, "open", true, "high"
	s.DataEgressMap = map[string]callwright.EgressField{"id": {Source: "order_id"}}
	s.AllowedFields = []string{"ok"}
	d := newDeskOf(callwright.AgentSpec{BusinessHours: office()}, s)
	ask := d.call(d.turn(), "find_order", `{"order_id":"A-1"}`)
	if ask.Kind != gate.Confirm {
		t.Fatalf("outcome: got %s, want a question for confirmation", ask.Kind)
	}
	if got, want := receipt(ask), "find passed, channel passed, window passed, arguments passed, limits not_configured, identity not_configured, confirmation needs_confirmation"; got != want {
		t.Errorf("receipt of the question:\n got %s\nwant %s", got, want)
	}
	d.nothingLeft(t)
	next := d.turn()
	next.Confirmed = ask.Confirm
	out := mustDo(t, d.call(next, "find_order", `{"order_id":"A-1"}`))
	want := "find passed, channel passed, window passed, arguments passed, limits not_configured, identity not_configured, " +
		"confirmation passed, egress_out passed, execute passed, egress_in passed"
	if got := receipt(out); got != want {
		t.Errorf("receipt:\n got %s\nwant %s", got, want)
	}
}

func office() callwright.BusinessHours {
	nine := []callwright.Range{{Start: "09:00", End: "17:00"}}
	return callwright.BusinessHours{Timezone: "UTC", Weekly: map[string][]callwright.Range{"mon": nine, "tue": nine}}
}

// Each rule ends the call in its own phase, says so in the last line of the
// receipt, and nothing leaves.
func TestRefusals(t *testing.T) {
	t.Parallel()
	off := false
	late := monday.Add(12 * time.Hour)
	cases := map[string]struct {
		skill func(*callwright.SkillSpec)
		hours callwright.BusinessHours
		now   time.Time
		tool  string
		args  string
		kind  gate.Kind
		code  callwright.Code
		phase string
	}{
		"unknown tool":             {tool: "send_money", kind: gate.Refused, code: gate.CodeUnknownSkill, phase: "find"},
		"the skill's name is none": {tool: "Find order", kind: gate.Refused, code: gate.CodeUnknownSkill, phase: "find"},
		"empty tool":               {tool: "-", kind: gate.Refused, code: gate.CodeUnknownSkill, phase: "find"},
		"disabled":                 {skill: func(s *callwright.SkillSpec) { s.IsEnabled = &off }, kind: gate.Refused, code: gate.CodeSkillDisabled, phase: "find"},
		"broken settings":          {skill: func(s *callwright.SkillSpec) { s.ExecutionConfig = json.RawMessage(`{"broken":true}`) }, kind: gate.Refused, code: gate.CodeSkillBroken, phase: "find"},
		"unknown settings":         {skill: func(s *callwright.SkillSpec) { s.ExecutionConfig = json.RawMessage(`{"x":1}`) }, kind: gate.Refused, code: gate.CodeSkillBroken, phase: "find"},
		"broken schema":            {skill: func(s *callwright.SkillSpec) { s.ParametersSchema = json.RawMessage(`{"properties":[]}`) }, kind: gate.Refused, code: gate.CodeSkillBroken, phase: "find"},
		"reserved type":            {skill: func(s *callwright.SkillSpec) { s.SkillType = callwright.SMS }, kind: gate.Refused, code: gate.CodeSkillBroken, phase: "find"},
		"type of the future":       {skill: func(s *callwright.SkillSpec) { s.SkillType = "telepathy" }, kind: gate.Refused, code: gate.CodeSkillBroken, phase: "find"},
		"other channel":            {skill: func(s *callwright.SkillSpec) { s.Channels = []callwright.Channel{callwright.Voice} }, kind: gate.Refused, code: gate.CodeWrongChannel, phase: "channel"},
		"channel of the future":    {skill: func(s *callwright.SkillSpec) { s.Channels = []callwright.Channel{"hologram"} }, kind: gate.Refused, code: gate.CodeWrongChannel, phase: "channel"},
		"after hours":              {skill: func(s *callwright.SkillSpec) { s.AvailabilityWindow = "open" }, hours: office(), now: late, kind: gate.Refused, code: gate.CodeOutsideHours, phase: "window"},
		"only after hours":         {skill: func(s *callwright.SkillSpec) { s.AvailabilityWindow = "closed" }, hours: office(), kind: gate.Refused, code: gate.CodeOutsideHours, phase: "window"},
		"never closed":             {skill: func(s *callwright.SkillSpec) { s.AvailabilityWindow = "closed" }, kind: gate.Refused, code: gate.CodeOutsideHours, phase: "window"},
		"hours that cannot be judged": {skill: func(s *callwright.SkillSpec) { s.AvailabilityWindow = "open" },
			hours: callwright.BusinessHours{Timezone: "Mars/Olympus", Weekly: office().Weekly}, kind: gate.Refused, code: gate.CodeOutsideHours, phase: "window"},
		"missing argument":  {args: `{}`, kind: gate.Ask, phase: "arguments"},
		"no arguments":      {args: `null`, kind: gate.Ask, phase: "arguments"},
		"not an object":     {args: `["A-1"]`, kind: gate.Ask, phase: "arguments"},
		"cut off":           {args: `{"order_id":"A-`, kind: gate.Ask, phase: "arguments"},
		"said twice":        {args: `{"order_id":"A-1","order_id":"B-2"}`, kind: gate.Ask, phase: "arguments"},
		"unknown argument":  {args: `{"order_id":"A-1","admin":true}`, kind: gate.Ask, phase: "arguments"},
		"wrong type":        {args: `{"order_id":["A-1"]}`, kind: gate.Ask, phase: "arguments"},
		"against the range": {args: `{"order_id":"A-1","count":0}`, kind: gate.Ask, phase: "arguments"},
		"verified":          {skill: func(s *callwright.SkillSpec) { s.RequiresVerifiedIdentity = true }, kind: gate.Verify, code: gate.CodeCannotVerify, phase: "identity"},
		"basic":             {skill: func(s *callwright.SkillSpec) { s.VerificationLevel = "basic" }, kind: gate.Verify, code: gate.CodeCannotVerify, phase: "identity"},
		"step up":           {skill: func(s *callwright.SkillSpec) { s.VerificationLevel = "step_up" }, kind: gate.Verify, code: gate.CodeCannotVerify, phase: "identity"},
		"verified, none": {skill: func(s *callwright.SkillSpec) { s.RequiresVerifiedIdentity, s.VerificationLevel = true, "none" },
			kind: gate.Verify, code: gate.CodeCannotVerify, phase: "identity"},
		"confirmation": {skill: func(s *callwright.SkillSpec) { s.RequiresConfirmation = true }, kind: gate.Confirm, phase: "confirmation"},
		"mask of the future": {skill: func(s *callwright.SkillSpec) {
			s.DataEgressMap = map[string]callwright.EgressField{"x": {Source: "order_id", Mask: "rot13"}}
		}, kind: gate.Refused, code: gate.CodeSkillBroken, phase: "egress_out"},
		"damaged constant": {skill: func(s *callwright.SkillSpec) {
			s.DataEgressMap = map[string]callwright.EgressField{"x": {Const: json.RawMessage(`{`)}}
		}, kind: gate.Refused, code: gate.CodeSkillBroken, phase: "egress_out"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := order()
			if c.skill != nil {
				c.skill(&s)
			}
			d := newDeskOf(callwright.AgentSpec{BusinessHours: c.hours}, s)
			if !c.now.IsZero() {
				d.now = c.now
			}
			tool, args := c.tool, c.args
			if tool == "" {
				tool = "find_order"
			}
			if args == "" {
				args = `{"order_id":"A-1"}`
			}
			out := d.call(d.turn(), tool, args)
			if out.Kind != c.kind || out.Code != c.code {
				t.Errorf("outcome: got %s %q, want %s %q", out.Kind, out.Code, c.kind, c.code)
			}
			last := out.Lines[len(out.Lines)-1]
			if last.Phase != c.phase || last.Outcome != string(c.kind) || last.Detail == "" {
				t.Errorf("last line: got %+v, want phase %s, outcome %s and why", last, c.phase, c.kind)
			}
			for _, l := range out.Lines[:len(out.Lines)-1] {
				if l.Outcome != "passed" && l.Outcome != "not_configured" {
					t.Errorf("line before the last: got %+v, want one that let the call pass", l)
				}
			}
			d.nothingLeft(t)
		})
	}
}

// A rule of an earlier phase speaks first, whatever else is wrong.
func TestOrderOfPhases(t *testing.T) {
	t.Parallel()
	off := false
	s := order()
	s.IsEnabled, s.Channels, s.AvailabilityWindow, s.VerificationLevel, s.Stakes = &off, []callwright.Channel{callwright.Voice}, "closed", "basic", "high"
	s.DataEgressMap = map[string]callwright.EgressField{"x": {Source: "order_id", Mask: "rot13"}}
	args := `{}`
	mend := []struct {
		phase string
		mend  func()
	}{
		{"find", func() { s.IsEnabled = nil }},
		{"channel", func() { s.Channels = nil }},
		{"window", func() { s.AvailabilityWindow = "both" }},
		{"arguments", func() { args = `{"order_id":"A-1"}` }},
		{"identity", func() { s.VerificationLevel = "none" }},
		{"confirmation", func() { s.Stakes = "low" }},
		{"egress_out", func() { s.DataEgressMap = nil }},
	}
	for i, step := range mend {
		d := newDesk(s)
		out := d.call(d.turn(), "find_order", args)
		if last := out.Lines[len(out.Lines)-1]; last.Phase != step.phase {
			t.Errorf("with %d rules mended: got stopped by %s, want %s", i, last.Phase, step.phase)
		}
		step.mend()
	}
	d := newDesk(s)
	mustDo(t, d.call(d.turn(), "find_order", args))
}

// The test action of an operator is not under the rules about callers.
func TestOperatorIsNotACaller(t *testing.T) {
	t.Parallel()
	off := false
	s := order()
	s.IsEnabled, s.Channels, s.AvailabilityWindow, s.VerificationLevel, s.Stakes = &off, []callwright.Channel{callwright.Voice}, "closed", "step_up", "high"
	d := newDesk(s)
	turn := d.turn()
	turn.Operator = true
	if out := d.call(turn, "find_order", `{}`); out.Kind != gate.Ask {
		t.Errorf("without arguments: got %s, want needs_input", out.Kind)
	}
	mustDo(t, d.call(turn, "find_order", `{"order_id":"A-1"}`))
	mustDo(t, d.call(turn, "find_order", `{"order_id":"A-1"}`))
	if n := len(d.partner.seen()); n != 2 {
		t.Errorf("two tests: got %d runs, want each its own", n)
	}
}

func TestDryRunSendsNothing(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"two_way", "one_way"} {
		s := order()
		s.IsWrite, s.ToolMode, s.AllowedFields = true, mode, []string{"ok"}
		d := newDesk(s)
		turn := d.turn()
		turn.Operator, turn.DryRun = true, true
		out := mustDo(t, d.call(turn, "find_order", `{"order_id":"A-1"}`))
		if string(out.Sent) != `{"would":"leave"}` || len(out.Result) != 0 {
			t.Errorf("%s: got sent %s and result %s, want the request and no result", mode, out.Sent, out.Result)
		}
		if calls := d.partner.seen(); len(calls) != 1 || !calls[0].DryRun {
			t.Errorf("%s: got %d calls, want one with DryRun", mode, len(calls))
		}
		if got := d.journal.steps(); got != "" {
			t.Errorf("%s: journal: got %q, want nothing", mode, got)
		}
	}
}

func TestToolNames(t *testing.T) {
	t.Parallel()
	names := []string{"Check warranty", "check-warranty", "Überweisung prüfen!", "予約", "取消", strings.Repeat("a", 80), strings.Repeat("a", 79) + "b", "  __A__ ", "MovieSearch", "Media.RentAVideo", "iPhone VIN check"}
	var specs []callwright.SkillSpec
	for _, n := range names {
		s := order()
		s.Name = n
		specs = append(specs, s)
	}
	d := newDesk(specs...)
	seen := map[string]bool{}
	for _, s := range d.agent.Skills {
		if len(s.Tool) == 0 || len(s.Tool) > 64 || strings.Trim(s.Tool, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			t.Errorf("tool of %q: got %q, want 1 to 64 of [a-z0-9_]", s.Name, s.Tool)
		}
		if seen[s.Tool] {
			t.Errorf("tool of %q: got %q, which another skill has", s.Name, s.Tool)
		}
		seen[s.Tool] = true
	}
	for _, want := range []string{"check_warranty", "check_warranty_2", "a", "movie_search", "media_rent_a_video", "iphone_vin_check"} {
		if !seen[want] {
			t.Errorf("tools: got %v, want %s among them", seen, want)
		}
	}
}

func TestOffered(t *testing.T) {
	t.Parallel()
	off, on := false, true
	var specs []callwright.SkillSpec
	for name, change := range map[string]func(*callwright.SkillSpec){
		"plain":  func(*callwright.SkillSpec) {},
		"on":     func(s *callwright.SkillSpec) { s.IsEnabled = &on },
		"off":    func(s *callwright.SkillSpec) { s.IsEnabled = &off },
		"voice":  func(s *callwright.SkillSpec) { s.Channels = []callwright.Channel{callwright.Voice} },
		"broken": func(s *callwright.SkillSpec) { s.ExecutionConfig = json.RawMessage(`{"broken":true}`) },
	} {
		s := order()
		s.Name = name
		change(&s)
		specs = append(specs, s)
	}
	d := newDesk(specs...)
	for ch, want := range map[callwright.Channel]string{callwright.Chat: "on plain", callwright.Voice: "on plain voice"} {
		got := map[string]bool{}
		for _, s := range d.agent.Offered(ch) {
			got[s.Name] = true
		}
		if len(got) != len(strings.Fields(want)) {
			t.Errorf("%s: got %v, want %s", ch, got, want)
		}
		for _, n := range strings.Fields(want) {
			if !got[n] {
				t.Errorf("%s: got %v, want %s among them", ch, got, n)
			}
		}
	}
}
