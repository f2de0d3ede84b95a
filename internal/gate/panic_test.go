package gate_test

import (
	"context"
	"testing"

	"callwright"
	"callwright/internal/gate"
	"callwright/internal/skill"
)

// An executor that panics ends its own run and nothing else: a write may have
// happened, a read has failed.
func TestPanickingExecutor(t *testing.T) {
	t.Parallel()
	for write, want := range map[bool]gate.Kind{true: gate.Unknown, false: gate.Failed} {
		s := order()
		s.IsWrite = write
		d := newDesk(s)
		d.partner.do = func(context.Context, skill.Call) (skill.Result, error) { panic("a bug") }
		out := d.call(d.turn(), "find_order", `{"order_id":"A-1"}`)
		if out.Kind != want || out.Code != callwright.CodeInternal {
			t.Errorf("write %v: got %s %s, want %s internal", write, out.Kind, out.Code, want)
		}
		if run := d.journal.only(t); run.State == callwright.RunRunning {
			t.Errorf("write %v: the run was left running", write)
		}
	}
}

// A model cannot add members to nested objects either, whether they stand alone,
// in lists or in compositions.
func TestNestedObjectsAreClosed(t *testing.T) {
	t.Parallel()
	s := order()
	s.ParametersSchema = []byte(`{"type":"object","properties":{
		"who":{"type":"object","properties":{"name":{"type":"string"}}},
		"items":{"type":"array","items":{"type":"object","properties":{"sku":{"type":"string"}}}},
		"either":{"type":"object","anyOf":[{"properties":{"a":{"type":"string"}},"required":["a"]},{"properties":{"b":{"type":"string"}},"required":["b"]}]},
		"free":{"type":"object"},
		"open":{"type":"object","properties":{"x":{"type":"string"}},"additionalProperties":true},
		"ref":{"$ref":"#/$defs/thing"}},
		"$defs":{"thing":{"type":"object","properties":{"y":{"type":"string"}}}}}`)
	d := newDesk(s)
	for args, want := range map[string]gate.Kind{
		`{"who":{"name":"Ada"}}`:              gate.Done,
		`{"who":{"name":"Ada","ssn":"078"}}`:  gate.Ask,
		`{"items":[{"sku":"1"}]}`:             gate.Done,
		`{"items":[{"sku":"1","ssn":"078"}]}`: gate.Ask,
		`{"either":{"b":"1"}}`:                gate.Done,
		`{"either":{"b":"1","ssn":"078"}}`:    gate.Ask,
		`{"free":{"anything":"goes"}}`:        gate.Done,
		`{"open":{"x":"1","more":"2"}}`:       gate.Done,
		`{"ref":{"y":"1"}}`:                   gate.Done,
		`{"ref":{"y":"1","ssn":"078"}}`:       gate.Ask,
	} {
		if out := d.call(d.turn(), "find_order", args); out.Kind != want {
			t.Errorf("%s: got %s (%s), want %s", args, out.Kind, out.Detail, want)
		}
	}
}
