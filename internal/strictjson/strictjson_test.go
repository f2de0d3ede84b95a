package strictjson_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"callwright/internal/strictjson"
)

func TestValue(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]any{
		`null`: nil, ` true `: true, `"é\u00e9"`: "éé", `12345678901234567890.10`: json.Number("12345678901234567890.10"), `-0`: json.Number("-0"),
		`[1,"a",{}]`: []any{json.Number("1"), "a", map[string]any{}}, `{"a":{"b":null}}`: map[string]any{"a": map[string]any{"b": nil}}, `{"a":1,"A":2}`: map[string]any{"a": json.Number("1"), "A": json.Number("2")},
	} {
		if got, err := strictjson.Value([]byte(in)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %#v, %v; want %#v", in, got, err, want)
		}
	}
}

// What is not exactly one strict JSON value is refused, with the place and
// without the text.
func TestRefused(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		``: "is not valid JSON", ` `: "is not valid JSON", `{`: "is not valid JSON", `{"a":1,}`: "is not valid JSON", `[1,]`: "is not valid JSON", `{} {}`: "is not valid JSON", `1 2`: "is not valid JSON",
		`{"a":1}x`: "at byte 7", `'a'`: "is not valid JSON", `NaN`: "is not valid JSON", `01`: "is not valid JSON", `1.`: "is not valid JSON", `+1`: "is not valid JSON", `.5`: "is not valid JSON", "\"\x00\"": "is not valid JSON",
		"\"\xff\"": "is not valid JSON", `"\ud800"`: "is not valid JSON", `"\x"`: "is not valid JSON", `// c`: "is not valid JSON", "\ufeff{}": "is not valid JSON",
		`{"a":1,"a":2}`: "the same member twice", `{"x":[{"a":1,"\u0061":2}]}`: "(/x/0/a)", `tru`: "is not valid JSON",
	} {
		err := strictjson.Check([]byte(in))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", in, err, want)
		}
		if _, ok := errors.AsType[*strictjson.Error](err); !ok {
			t.Errorf("%q: got %T, want *strictjson.Error", in, err)
		}
		if v, err := strictjson.Value([]byte(in)); err == nil {
			t.Errorf("%q: Value gave %v, want an error", in, v)
		}
	}
	if err := strictjson.Check([]byte(`{"password": hunter2}`)); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v, want an error without the text", err)
	}
	deep := strings.Repeat("[", 100_000)
	if err := strictjson.Check([]byte(deep)); err == nil {
		t.Error("a hundred thousand brackets: got no error")
	}
}

func TestObject(t *testing.T) {
	t.Parallel()
	for in, n := range map[string]int{``: 0, " \n": 0, `null`: 0, `{}`: 0, `{"a":1,"b":2}`: 2} {
		if got, err := strictjson.Object([]byte(in)); err != nil || got == nil || len(got) != n {
			t.Errorf("%q: got %v, %v; want %d members", in, got, err, n)
		}
	}
	for _, in := range []string{`[]`, `1`, `"a"`, `true`, `{`, `{"a":1,"a":1}`} {
		if got, err := strictjson.Object([]byte(in)); err == nil {
			t.Errorf("%s: got %v, want an error", in, got)
		}
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	type inner struct {
		N int `json:"n"`
	}
	type outer struct {
		A string            `json:"a"`
		B []inner           `json:"b"`
		R json.RawMessage   `json:"r"`
		M map[string]string `json:"m"`
	}
	var got outer
	if err := strictjson.Decode([]byte(`{"a":"x","b":[{"n":1}],"r":{"k":1.50},"m":{"k":"v"}}`), &got); err != nil || got.A != "x" || got.B[0].N != 1 || string(got.R) != `{"k":1.50}` || got.M["k"] != "v" {
		t.Errorf("got %+v, %v", got, err)
	}
	for in, want := range map[string]string{
		`{"z":1}`: "/z", `{"A":"x"}`: "/A", `{"b":[{"n":1},{"q":2}]}`: "/b/1/q", `{"a":5}`: "/a", `{"b":[{"n":"hunter2"}]}`: "/b/0/n", `{"a":"x","a":"y"}`: "twice", `[]`: "wrong type", ``: "not valid JSON",
	} {
		var v outer
		if err := strictjson.Decode([]byte(in), &v); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %v, want it to say %q and no value", in, err, want)
		}
	}
}

// FuzzDecode: whatever Value accepts is what encoding/json reads, round-trips, and
// is accepted by Check and Decode alike.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.50,"x",null,true]}`, `1e999`, `"\ud83d\ude00"`, `{"a":1,"a":2}`, "\xff", `{"\u0000":0}`, `-0`, ` [ ] `, `"\u2028<>&"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := strictjson.Value(in)
		if (err == nil) != (strictjson.Check(in) == nil) {
			t.Fatalf("%q: Value says %v, Check %v", in, err, strictjson.Check(in))
		}
		if err != nil {
			return
		}
		if !json.Valid(in) {
			t.Fatalf("%q: accepted, and is not JSON", in)
		}
		out, err := json.Marshal(v)
		if err != nil {
			t.Fatalf("%q: %v cannot be written: %v", in, v, err)
		}
		again, err := strictjson.Value(out)
		if err != nil || !reflect.DeepEqual(again, v) {
			t.Fatalf("%q: got %#v, after %s %#v, %v", in, v, out, again, err)
		}
		var into any
		if err := strictjson.Decode(in, &into); err != nil && !strings.Contains(string(in), "e") && !strings.Contains(string(in), "E") && len(in) < 300 {
			t.Errorf("%q: Value accepts it, Decode says %v", in, err)
		}
	})
}
