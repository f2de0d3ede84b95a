package gate_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"callwright"
	"callwright/internal/gate"
)

func hashOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// Only mapped fields leave, from the sources that are named.
func TestEgressOut(t *testing.T) {
	t.Parallel()
	from := func(s string) callwright.EgressField { return callwright.EgressField{Source: s} }
	masked := func(s, m string) callwright.EgressField { return callwright.EgressField{Source: s, Mask: m} }
	constant := func(s string) callwright.EgressField { return callwright.EgressField{Const: json.RawMessage(s)} }
	args := `{"order_id":"A-123456","count":12345}`
	cases := []struct {
		name  string
		field callwright.EgressField
		args  string
		want  string // of {"x": …}; "" = the field does not leave
	}{
		{"a parameter", from("order_id"), args, `"A-123456"`},
		{"a number stays one", from("count"), args, `12345`},
		{"an absent parameter", from("count"), `{"order_id":"A-1"}`, ``},
		{"a parameter of nobody", from("secret"), args, ``},
		{"phone", from("caller.phone"), args, `"+15550100"`},
		{"name", from("caller.name"), args, `"Ada"`},
		{"e-mail is no source", from("caller.email"), args, ``},
		{"conversation", from("conversation.id"), args, `"cnv_1"`},
		{"agent", from("agent.id"), args, `"agt_1"`},
		{"constant text", constant(`"web"`), args, `"web"`},
		{"constant number", constant(`1.50`), args, `1.50`},
		{"constant list", constant(`[1,{"a":null}]`), args, `[1,{"a":null}]`},
		{"constant null", constant(`null`), args, `null`},
		{"last4", masked("order_id", "last4"), args, `"****3456"`},
		{"last4 of a number", masked("count", "last4"), args, `"***45"`},
		{"last4 of a short one", masked("order_id", "last4"), `{"order_id":"1234"}`, `"**34"`},
		{"last4 of one letter", masked("order_id", "last4"), `{"order_id":"7"}`, `"*"`},
		{"last4 of other letters", masked("order_id", "last4"), `{"order_id":"日本語日本語日本語"}`, `"*****語日本語"`},
		{"hash", masked("order_id", "hash"), args, `"` + hashOf("A-123456") + `"`},
		{"hash of a number", masked("count", "hash"), args, `"` + hashOf("12345") + `"`},
		{"drop", masked("order_id", "drop"), args, ``},
		{"drop of a constant", callwright.EgressField{Const: json.RawMessage(`1`), Mask: "drop"}, args, ``},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := order()
			s.DataEgressMap = map[string]callwright.EgressField{"x": c.field}
			d := newDesk(s)
			mustDo(t, d.call(d.turn(), "find_order", c.args))
			got, err := json.Marshal(d.partner.seen()[0].Fields)
			want := `{}`
			if c.want != "" {
				want = `{"x":` + c.want + `}`
			}
			if err != nil || string(got) != want {
				t.Errorf("fields: got %s, %v, want %s", got, err, want)
			}
		})
	}
}

func TestEgressOutOfUnknownCaller(t *testing.T) {
	t.Parallel()
	s := order()
	s.DataEgressMap = map[string]callwright.EgressField{"p": {Source: "caller.phone"}, "n": {Source: "caller.name"}, "i": {Source: "order_id"}}
	d := newDesk(s)
	turn := d.turn()
	turn.Conversation.Caller = callwright.Caller{}
	mustDo(t, d.call(turn, "find_order", `{"order_id":"A-1"}`))
	if got := fmt.Sprint(d.partner.seen()[0].Fields); got != "map[i:A-1]" {
		t.Errorf("fields: got %s, want only i", got)
	}
}

// Only allowed parts come in, and every number keeps its digits.
func TestEgressIn(t *testing.T) {
	t.Parallel()
	const data = `{"a":1,"b":{"c":2.50,"d":{"e":"x","ssn":"123"}},"items":[{"sku":"s1","cost":10},{"sku":"s2"},{"cost":3},7],"big":12345678901234567890.123456789,"null":null,"list":[[1,2],[3]]}`
	cases := []struct{ name, data, paths, want string }{
		{"one member", data, "a", `{"a":1}`},
		{"some", data, "a null", `{"a":1,"null":null}`},
		{"exact number", data, "big", `{"big":12345678901234567890.123456789}`},
		{"trailing zero", data, "b.c", `{"b":{"c":2.50}}`},
		{"deep", data, "b.d.e", `{"b":{"d":{"e":"x"}}}`},
		{"two below one", data, "b.c b.d.e", `{"b":{"c":2.50,"d":{"e":"x"}}}`},
		{"all of an object", data, "b", `{"b":{"c":2.50,"d":{"e":"x","ssn":"123"}}}`},
		{"a shorter path wins", data, "b.d.e b.d", `{"b":{"d":{"e":"x","ssn":"123"}}}`},
		{"a shorter path wins, first", data, "b.d b.d.e", `{"b":{"d":{"e":"x","ssn":"123"}}}`},
		{"of every item", data, "items[].sku", `{"items":[{"sku":"s1"},{"sku":"s2"},{}]}`},
		{"two of every item", data, "items[].sku items[].cost", `{"items":[{"cost":10,"sku":"s1"},{"sku":"s2"},{"cost":3}]}`},
		{"the whole list", data, "items", `{"items":[{"cost":10,"sku":"s1"},{"sku":"s2"},{"cost":3},7]}`},
		{"every item whole", data, "items[]", `{"items":[{"cost":10,"sku":"s1"},{"sku":"s2"},{"cost":3},7]}`},
		{"list of lists", data, "list[][]", `{"list":[[1,2],[3]]}`},
		{"a list is no object", data, "items.sku", `{}`},
		{"an object is no list", data, "b[].c", `{"b":{}}`},
		{"a value has no members", data, "a.x", `{}`},
		{"null has no members", data, "null.x", `{}`},
		{"no such member", data, "zzz", `{}`},
		{"case matters", data, "A", `{}`},
		{"a list on top", `[{"sku":1,"x":2}]`, "[].sku", `[{"sku":1}]`},
		{"a list on top, by a member", `[{"sku":1}]`, "sku", `{}`},
		{"a number on top", `5`, "a", `{}`},
		{"text on top", `"secret"`, "a", `{}`},
		{"not JSON", `secret`, "a", `{}`},
		{"twice the same member", `{"a":1,"a":2}`, "a", `{}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := order()
			s.AllowedFields = strings.Fields(c.paths)
			d := newDesk(s)
			d.partner.do = answer(c.data)
			out := mustDo(t, d.call(d.turn(), "find_order", `{"order_id":"A-1"}`))
			if string(out.Result) != c.want {
				t.Errorf("result: got %s, want %s", out.Result, c.want)
			}
			if kept := d.journal.only(t).Answer; string(kept) != c.want {
				t.Errorf("journalled answer: got %s, want %s", kept, c.want)
			}
			if again := mustDo(t, d.call(d.turn(), "find_order", `{"order_id":"A-1"}`)); string(again.Result) != c.want {
				t.Errorf("replayed result: got %s, want %s", again.Result, c.want)
			}
		})
	}
}

// A path that names nothing allows nothing; it must not open everything.
func TestEmptyPathAllowsNothing(t *testing.T) {
	t.Parallel()
	for _, paths := range [][]string{{""}, {"."}, {"a", ""}, {"", "a"}, {"..."}} {
		s := order()
		s.AllowedFields = paths
		d := newDesk(s)
		d.partner.do = answer(`{"a":1,"ssn":"123"}`)
		out := mustDo(t, d.call(d.turn(), "find_order", `{"order_id":"A-1"}`))
		if strings.Contains(string(out.Result), "ssn") {
			t.Errorf("%q: got %s, want nothing but what a path names", paths, out.Result)
		}
	}
}

// A failed run's answer is nowhere.
func TestFailureBringsNothingIn(t *testing.T) {
	t.Parallel()
	d := newDesk(order())
	d.partner.do = failing(callwright.Errorf(callwright.CodeRemoteStatus, "The system answered 500."), `{"ssn":"123"}`, true)
	out := d.call(d.turn(), "find_order", `{"order_id":"A-1"}`)
	if out.Kind != gate.Failed || len(out.Result) != 0 || len(d.journal.only(t).Answer) != 0 {
		t.Errorf("got %s with result %s, journalled %s; want failed and no answer", out.Kind, out.Result, d.journal.only(t).Answer)
	}
}
