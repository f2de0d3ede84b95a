package callwright_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"callwright"
)

func TestNewID(t *testing.T) {
	t.Parallel()
	now := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	form := regexp.MustCompile(`^[a-z]+_[0-9a-v]{26}$`)
	seen := map[callwright.AgentID]bool{}
	for range 10_000 {
		id := callwright.NewID[callwright.AgentID](now)
		if !form.MatchString(string(id)) || !strings.HasPrefix(string(id), "agt_") {
			t.Fatalf("got %q, want agt_ and 26 letters and digits", id)
		}
		if seen[id] {
			t.Fatalf("got %q twice", id)
		}
		seen[id] = true
	}
	prefixes := []string{callwright.OrgID("").Prefix(), callwright.KeyID("").Prefix(), callwright.PublishableKeyID("").Prefix(), callwright.AgentID("").Prefix(), callwright.VersionID("").Prefix(), callwright.SkillID("").Prefix(),
		callwright.ConversationID("").Prefix(), callwright.MessageID("").Prefix(), callwright.EventID("").Prefix(), callwright.RunID("").Prefix(), callwright.SecretID("").Prefix(), callwright.RequestID("").Prefix()}
	slices.Sort(prefixes)
	if n := len(slices.Compact(prefixes)); n != 12 {
		t.Errorf("prefixes: got %d different ones, want 12", n)
	}
}

// Ids sort by the time they were made, within a millisecond too.
func FuzzIDsSortByTime(f *testing.F) {
	f.Add(int64(0), int64(1_000_000))
	f.Add(int64(1_800_000_000_000_000_000), int64(1_000))
	f.Add(int64(999_999), int64(1))
	f.Fuzz(func(t *testing.T, at, later int64) {
		const end = 1 << 62 // in the year 2116
		if at < 0 || at > end || later < 1000 || later > end {
			return // within a microsecond the order is of chance
		}
		a, b := callwright.NewID[callwright.RunID](time.Unix(0, at)), callwright.NewID[callwright.RunID](time.Unix(0, at+later))
		if a >= b {
			t.Errorf("%d and %d ns after: got %s, then %s; want them in order", at, later, a, b)
		}
	})
}

func TestTimeJSON(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`"2027-03-01T09:30:00Z"`: `"2027-03-01T09:30:00.000Z"`, `"2027-03-01T09:30:00.5Z"`: `"2027-03-01T09:30:00.500Z"`, `"2027-03-01T09:30:00.123999Z"`: `"2027-03-01T09:30:00.123Z"`,
		`"2027-03-01T09:30:00+02:00"`: `"2027-03-01T07:30:00.000Z"`, `null`: `null`, `"1969-12-31T23:59:59.999Z"`: `"1969-12-31T23:59:59.999Z"`, `"1969-12-31T23:59:59.9995Z"`: `"1969-12-31T23:59:59.999Z"`,
	} {
		tm := callwright.Time(5)
		if err := json.Unmarshal([]byte(in), &tm); err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if got, err := json.Marshal(tm); err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v; want %s", in, got, err, want)
		}
	}
	for _, bad := range []string{`""`, `"yesterday"`, `"2027-03-01"`, `"2027-13-01T00:00:00Z"`, `"2027-03-01 09:30:00Z"`, `"2027-03-01T09:30:00"`, `1772357400000`, `{}`, `true`} {
		var tm callwright.Time
		if err := json.Unmarshal([]byte(bad), &tm); err == nil {
			t.Errorf("%s: got %s, want an error", bad, tm)
		}
	}
	at := time.Date(2027, 3, 1, 9, 30, 0, 123_456_789, time.FixedZone("x", 3600))
	if got := callwright.At(at); got.String() != "2027-03-01T08:30:00.123Z" || !got.Time().Equal(at.Truncate(time.Millisecond)) {
		t.Errorf("At: got %s", got)
	}
}

// FuzzTime: every instant of four-digit years round-trips, and whatever is read
// is written so that it reads the same.
func FuzzTime(f *testing.F) {
	f.Add(int64(1_772_357_400_123), "2027-03-01T09:30:00Z")
	f.Add(int64(-1), "2027-03-01T09:30:00.999999999+14:00")
	f.Fuzz(func(t *testing.T, ms int64, text string) {
		check := func(want callwright.Time) {
			if y := want.Time().Year(); y < 0 || y > 9999 {
				return
			}
			raw, err := json.Marshal(want)
			var got callwright.Time
			if err == nil {
				err = json.Unmarshal(raw, &got)
			}
			if err != nil || got != want {
				t.Errorf("%d: got %d from %s, %v", want, got, raw, err)
			}
		}
		if ms > -1<<47 && ms < 1<<48 {
			check(callwright.Time(ms))
		}
		var read callwright.Time
		if quoted, err := json.Marshal(text); err == nil && json.Unmarshal(quoted, &read) == nil {
			check(read)
		}
	})
}

func TestEgressFieldJSON(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`"order_id"`: `"order_id"`, `{"source":"order_id"}`: `"order_id"`, `{"source":"order_id","mask":"last4"}`: `{"source":"order_id","mask":"last4"}`,
		`{"const":"x"}`: `{"const":"x"}`, `{"const":1.50}`: `{"const":1.50}`, `{"const":null}`: `{"const":null}`, `{"const":{"a":[1]},"mask":"hash"}`: `{"const":{"a":[1]},"mask":"hash"}`, `"é\n"`: `"é\n"`,
	} {
		f := callwright.EgressField{Source: "left over", Mask: "hash"}
		if in[0] == '{' {
			f = callwright.EgressField{}
		}
		if err := json.Unmarshal([]byte(in), &f); err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if got, err := json.Marshal(f); err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v; want %s", in, got, err, want)
		}
		var again callwright.EgressField
		if err := json.Unmarshal([]byte(want), &again); err != nil || !reflect.DeepEqual(again, f) {
			t.Errorf("%s: got %+v again, %v; want %+v", in, again, err, f)
		}
	}
	for _, bad := range []string{`1`, `[]`, `{"source":1}`, `{"mask":true}`} {
		var f callwright.EgressField
		if err := json.Unmarshal([]byte(bad), &f); err == nil {
			t.Errorf("%s: got %+v, want an error", bad, f)
		}
	}
}

// A skill keeps every member over JSON, its free parts byte for byte.
func TestSkillJSON(t *testing.T) {
	t.Parallel()
	on := true
	want := callwright.Skill{ID: "skl_1", AgentID: "agt_1", OrganizationID: "org_1", SkillSpec: callwright.SkillSpec{
		Name: "Größe", Description: "d", SkillType: callwright.HTTPWebhook, ParametersSchema: json.RawMessage(`{"n":1.50}`), RequiredParams: []string{"a"}, ToolMode: "one_way",
		ExecutionConfig: json.RawMessage(`{"big":12345678901234567890}`), DataEgressMap: map[string]callwright.EgressField{"x": {Source: "a"}, "y": {Const: json.RawMessage(`null`)}},
		AllowedFields: []string{"a[].b"}, IsWrite: true, RequiresVerifiedIdentity: true, RequiresConfirmation: true, VerificationLevel: "basic", NonParallelizable: true, Channels: []callwright.Channel{"fax"},
		ErrorHandling: &callwright.ErrorHandling{Retries: 2, RetryOn: []string{"5xx"}, Message: "m", Then: "transfer", TransferTo: "+1"}, IsEnabled: &on, Stakes: "high", AvailabilityWindow: "open"},
		ExpectedLatencyMs: 5, CreatedAt: 7, UpdatedAt: 8}
	raw, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got callwright.Skill
	if err := json.Unmarshal(raw, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	e := callwright.Wrap(callwright.CodeTimeout, cause, "Slow %d.", 5)
	if !errors.Is(e, cause) || e.Message != "Slow 5." || e.Error() != "timeout: Slow 5.: cause" {
		t.Errorf("got %v with message %q", e, e.Message)
	}
	for err, want := range map[error]callwright.Code{nil: "", cause: callwright.CodeInternal, e: callwright.CodeTimeout, fmt.Errorf("open: %w", e): callwright.CodeTimeout,
		error(callwright.Invalid(callwright.FieldError{Field: "a", Message: "b"})): callwright.CodeValidation} {
		if got := callwright.CodeOf(err); got != want {
			t.Errorf("%v: got %q, want %q", err, got, want)
		}
	}
}

func TestActor(t *testing.T) {
	t.Parallel()
	a := callwright.Actor{Scopes: []callwright.Scope{callwright.AgentsRead}}
	if !a.Can(callwright.AgentsRead) || a.Can(callwright.AgentsWrite) || (callwright.Actor{}).Can("") {
		t.Errorf("got read %v, write %v; want true, false", a.Can(callwright.AgentsRead), a.Can(callwright.AgentsWrite))
	}
	scopes := callwright.Scopes()
	for _, s := range scopes {
		if resource, action, ok := strings.Cut(string(s), ":"); !ok || resource == "" || action != "read" && action != "write" {
			t.Errorf("scope %q: want resource:read or resource:write", s)
		}
	}
	slices.Sort(scopes)
	if len(slices.Compact(scopes)) != len(callwright.Scopes()) {
		t.Error("a scope is listed twice")
	}
}
