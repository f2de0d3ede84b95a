package gate_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"callwright"
	"callwright/internal/gate"
)

const spokenParameters = `{"type":"object","properties":{
	"callback":{"type":"string","format":"phone"},"mail":{"type":"string","format":"email"},"day":{"type":"string","format":"date"},"at":{"type":"string","format":"time"},
	"when":{"type":"string","format":"date-time"},"long":{"type":"string","format":"duration"},"price":{"type":"string","format":"money"},"zip":{"type":"string","format":"postal-code"},
	"street":{"type":"string","format":"address"},"who":{"type":"string","format":"person-name"},"site":{"type":"string","format":"uri"},"code":{"type":"string","format":"uuid"},
	"amount":{"type":"number","format":"money","minimum":10},"fee_cents":{"type":"integer","format":"money"},"length_minutes":{"type":"integer","format":"duration"},"stay":{"type":["integer","null"],"format":"duration","title":"Stay in days"},
	"birth_date":{"type":"string","format":"date"},"maybe":{"type":["string","null"],"format":"date"},"late":{"type":"string","format":"time","pattern":"^1[6-9]:"},"slot":{"type":"string","format":"time","enum":["9:00","14:00"]},
	"days":{"type":"array","items":{"type":"string","format":"date"},"uniqueItems":true},"guest":{"type":"object","properties":{"name":{"type":"string","format":"person-name"},"phone":{"type":"string","format":"phone"},"born":{"type":"string","format":"date"}}}}}`

// friday is a desk whose agent is in New York, on a Friday at three in the afternoon.
func friday(a callwright.AgentSpec, schema string) *desk {
	s := order()
	s.ParametersSchema = json.RawMessage(schema)
	a.BusinessHours.Timezone = "America/New_York"
	d := newDeskOf(a, s)
	d.now = time.Date(2026, 11, 20, 20, 0, 0, 0, time.UTC)
	return d
}

// What a caller says leaves in the one form of its format, and is then held against
// the schema.
func TestSpokenValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, args, want string }{
		{"phone", `{"callback":"two one two, five five five, oh one two three"}`, `{"callback":"+12125550123"}`},
		{"phone as a number", `{"callback":2125550123}`, `{"callback":"+12125550123"}`},
		{"email", `{"mail":"ada dot lovelace at example dot com"}`, `{"mail":"ada.lovelace@example.com"}`},
		{"date", `{"day":"next Tuesday"}`, `{"day":"2026-11-24"}`},
		{"date that is one", `{"day":" 2026-11-24 "}`, `{"day":"2026-11-24"}`},
		{"time", `{"at":"half past four"}`, `{"at":"16:30"}`},
		{"date and time", `{"when":"tomorrow at half past four"}`, `{"when":"2026-11-21T16:30:00-05:00"}`},
		{"date and time of another zone", `{"when":"2026-11-21T21:30:00Z"}`, `{"when":"2026-11-21T21:30:00Z"}`},
		{"duration", `{"long":"an hour and a half"}`, `{"long":"PT1H30M"}`},
		{"money", `{"price":"twenty dollars and fifty cents"}`, `{"price":"20.50"}`},
		{"foreign money", `{"price":"20 euros"}`, `{"price":"20.00 EUR"}`},
		{"postal code", `{"zip":"nine oh two one oh"}`, `{"zip":"90210"}`},
		{"postal code as a number", `{"zip":90210}`, `{"zip":"90210"}`},
		{"address", `{"street":" 12  Main Street "}`, `{"street":"12 Main Street"}`},
		{"name", `{"who":"my name is ada lovelace"}`, `{"who":"Ada Lovelace"}`},
		{"web address", `{"site":"example dot com"}`, `{"site":"https://example.com"}`},
		{"format of somebody else", `{"code":"whatever"}`, `{"code":"whatever"}`},
		{"money as a number", `{"amount":"twelve fifty"}`, `{"amount":12.5}`},
		{"number as it is", `{"amount":12.50}`, `{"amount":12.50}`},
		{"cents", `{"fee_cents":"twelve fifty"}`, `{"fee_cents":1250}`},
		{"minutes by the name", `{"length_minutes":"an hour and a half"}`, `{"length_minutes":90}`},
		{"minutes without the word", `{"length_minutes":"ninety"}`, `{"length_minutes":90}`},
		{"days by the title", `{"stay":"two weeks"}`, `{"stay":14}`},
		{"birth lies behind", `{"birth_date":"May 3"}`, `{"birth_date":"2026-05-03"}`},
		{"null that is allowed", `{"maybe":null}`, `{"maybe":null}`},
		{"nullable", `{"maybe":"tomorrow"}`, `{"maybe":"2026-11-21"}`},
		{"the schema's own rules count afterwards", `{"late":"half past four"}`, `{"late":"16:30"}`},
		{"value of a list", `{"slot":"9:00"}`, `{"slot":"9:00"}`},
		{"wording of a value of a list", `{"slot":"2 pm"}`, `{"slot":"14:00"}`},
		{"list", `{"days":["tomorrow","next Tuesday"]}`, `{"days":["2026-11-21","2026-11-24"]}`},
		{"within an object", `{"guest":{"name":"ada","phone":"212 555 0123","born":"May 3, 1984"}}`, `{"guest":{"born":"1984-05-03","name":"Ada","phone":"+12125550123"}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := friday(callwright.AgentSpec{PrimaryLanguage: "en-US"}, spokenParameters)
			out := mustDo(t, d.call(d.turn(), "find_order", c.args))
			sent, err := json.Marshal(d.partner.seen()[0].Fields)
			if err != nil || string(sent) != c.want || string(out.Arguments) != c.want {
				t.Errorf("got arguments %s and fields %s, %v, want %s", out.Arguments, sent, err, c.want)
			}
		})
	}
}

// What cannot be is asked for again, by its name, in words that help and do not repeat
// it.
func TestImpossibleValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, name, want string }{
		{`{"callback":"555-0142"}`, "callback", "must be a full telephone number, such as (201) 555-0123"},
		{`{"mail":"ada at gmail"}`, "mail", "must be an e-mail address, such as ada@example.com"},
		{`{"day":"February 30"}`, "day", "must be a day that the calendar has, such as February 28"},
		{`{"day":"Friday the 28th"}`, "day", "must have a weekday and a date that go together, such as Friday, November 27"},
		{`{"at":"25:00"}`, "at", "must be a time of day, such as 4:30 pm or half past four"},
		{`{"when":"tomorrow"}`, "when", "must be a day and a time, such as tomorrow at 4:30 pm"},
		{`{"when":"2027-03-14 02:30"}`, "when", "must be a time that exists: the clocks skip it that day, so take one an hour later, such as 3:30 instead of 2:30"},
		{`{"long":"a while"}`, "long", "must be a length of time, such as 90 minutes or two and a half hours"},
		{`{"price":"12.345"}`, "price", "must be an amount of money with at most two decimals, such as 12.50"},
		{`{"amount":"20 euros"}`, "amount", "must be an amount in USD, such as 12.50"},
		{`{"amount":"1.000"}`, "amount", "must be an amount of money with at most two decimals, such as 12.50"},
		{`{"amount":"nine dollars"}`, "amount", "must be at least 10"},
		{`{"fee_cents":"a lot"}`, "fee_cents", "must be an amount of money with at most two decimals, such as 12.50"},
		{`{"length_minutes":"a month"}`, "length_minutes", "must be a length of time in minutes, such as 2 minutes"},
		{`{"stay":"36 hours"}`, "stay", "must be a whole number"},
		{`{"zip":"9021"}`, "zip", "must be a postal code, such as 90210"},
		{`{"street":"home"}`, "street", "must be a street address, such as 12 Main Street, Springfield"},
		{`{"who":"unknown"}`, "who", "must be the name of a person, such as Ada Lovelace"},
		{`{"site":"javascript:alert(1)"}`, "site", "must be a web address, such as https://example.com"},
		{`{"late":"at noon"}`, "late", "must match the pattern ^1[6-9]:"},
		{`{"days":["tomorrow","soon"]}`, "days[1]", "must be a day, such as tomorrow, next Tuesday or March 3"},
		{`{"days":["tomorrow","2026-11-21"]}`, "days", "must not repeat items"},
		{`{"guest":{"phone":"911"}}`, "guest.phone", "must be a full telephone number, such as (201) 555-0123"},
	} {
		d := friday(callwright.AgentSpec{PrimaryLanguage: "en-US"}, spokenParameters)
		out := d.call(d.turn(), "find_order", c.args)
		if out.Kind != gate.Ask || len(out.Problems) != 1 || out.Problems[0].Name != c.name || out.Problems[0].Message != c.want || out.Problems[0].Missing {
			t.Errorf("%s: got %s with %+v, want %s asked for again: %s", c.args, out.Kind, out.Problems, c.name, c.want)
		}
		d.nothingLeft(t)
	}
}

// All that is wrong is told at once, in the order of asking.
func TestImpossibleValuesTogether(t *testing.T) {
	t.Parallel()
	d := friday(callwright.AgentSpec{}, strings.TrimSuffix(spokenParameters, "}")+`,"required":["who","day"]}`)
	out := d.call(d.turn(), "find_order", `{"zip":"1","day":"February 30","mail":"x","callback":"1"}`)
	var got []string
	for _, p := range out.Problems {
		got = append(got, p.Name)
	}
	if want := "who day callback mail zip"; strings.Join(got, " ") != want {
		t.Errorf("problems: got %v, want %s", got, want)
	}
}

// Region and zone are the agent's: of its language, where that names a country or most
// speak it, and of its business hours.
func TestSpokenValuesOfTheAgent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ language, args, want string }{
		{"en-US", `{"day":"3/5"}`, `{"day":"2027-03-05"}`},
		{"en-GB", `{"day":"3/5"}`, `{"day":"2027-05-03"}`},
		{"", `{"callback":"212 555 0123"}`, `{"callback":"+12125550123"}`},
		{"not a tag", `{"callback":"212 555 0123"}`, `{"callback":"+12125550123"}`},
		{"en-GB", `{"callback":"020 7946 0958"}`, `{"callback":"+442079460958"}`},
		{"de", `{"callback":"030 12345678","price":"1.200,50 €"}`, `{"callback":"+493012345678","price":"1200.50"}`},
		{"de-AT", `{"zip":"1010"}`, `{"zip":"1010"}`},
		{"fr-CA", `{"zip":"k1a 0b1"}`, `{"zip":"K1A 0B1"}`},
		{"es-419", `{"day":"3/5"}`, `{"day":"2027-05-03"}`},
		{"zh-Hant-TW", `{"callback":"02 2345 6789"}`, `{"callback":"+886223456789"}`},
	} {
		d := friday(callwright.AgentSpec{PrimaryLanguage: c.language}, spokenParameters)
		if out := d.call(d.turn(), "find_order", c.args); out.Kind != gate.Done || string(out.Arguments) != c.want {
			t.Errorf("%s with %s: got %s %s, %v, want %s", c.args, c.language, out.Kind, out.Arguments, out.Problems, c.want)
		}
	}
	d := friday(callwright.AgentSpec{}, spokenParameters)
	d.now = time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC) // still Friday in New York
	if out := mustDo(t, d.call(d.turn(), "find_order", `{"day":"tomorrow"}`)); string(out.Arguments) != `{"day":"2026-11-21"}` {
		t.Errorf("tomorrow: got %s, want the day after the agent's today", out.Arguments)
	}
}

// A value that an earlier answer gave is that value, however it is written.
func TestEarlierValuesStayAsTheyAre(t *testing.T) {
	t.Parallel()
	d := friday(callwright.AgentSpec{}, `{"properties":{"slot":{"type":"string","format":"time","x-allowedFrom":"slots.free[]"},"some":{"type":"array","items":{"type":"string","format":"time"},"x-allowedFrom":"slots.free[]"}}}`)
	turn := d.turn()
	turn.Earlier = map[string][]json.RawMessage{"slots": {json.RawMessage(`{"free":["4:30 pm","5 pm"]}`)}}
	const args = `{"slot":"4:30 pm","some":["5 pm"]}`
	if out := mustDo(t, d.call(turn, "find_order", args)); string(out.Arguments) != args {
		t.Errorf("arguments: got %s, want %s", out.Arguments, args)
	}
}

// A yes confirms the instant that was read back, not the words: "in two hours" is the
// same instant a minute later.
func TestConfirmedValuesStand(t *testing.T) {
	t.Parallel()
	s := order()
	s.Stakes, s.ParametersSchema = "high", json.RawMessage(spokenParameters)
	d := newDeskOf(callwright.AgentSpec{}, s)
	ask := d.call(d.turn(), "find_order", `{"when":"in two hours","who":"ada lovelace","street":"at 12 Main Street"}`)
	if ask.Kind != gate.Confirm {
		t.Fatalf("got %s with %v, want a question for confirmation", ask.Kind, ask.Problems)
	}
	d.now = d.now.Add(time.Minute)
	turn := d.turn()
	turn.Confirmed = ask.Confirm
	out := mustDo(t, d.call(turn, "find_order", string(ask.Confirm.Arguments)))
	if want := `{"street":"12 Main Street","when":"2027-03-01T12:00:00Z","who":"Ada Lovelace"}`; string(out.Arguments) != want {
		t.Errorf("arguments: got %s, want %s", out.Arguments, want)
	}
}

// Values are read back as people say them.
func TestSaid(t *testing.T) {
	t.Parallel()
	d := friday(callwright.AgentSpec{PrimaryLanguage: "en-US"}, spokenParameters)
	for _, c := range []struct{ name, value, want string }{
		{"day", "2026-11-24", "Tuesday, November 24, 2026"}, {"days", "2026-11-24", "Tuesday, November 24, 2026"}, {"at", "16:30", "4:30 PM"}, {"callback", "+12125550123", "(212) 555-0123"},
		{"code", "2026-11-24", "2026-11-24"}, {"vars.day", "2026-11-24", "2026-11-24"},
	} {
		if got := d.agent.Skills[0].Said(c.name, c.value); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}
