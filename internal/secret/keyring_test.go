package secret_test

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"callwright/internal/secret"
)

const place = "org_1/sec_1"

func mustKeyring(t testing.TB) *secret.Keyring {
	t.Helper()
	raw, err := secret.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	k, err := secret.NewKeyring(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func mustSeal(t testing.TB, k *secret.Keyring, plain, associated string) []byte {
	t.Helper()
	sealed, err := k.Seal([]byte(plain), associated)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestKeyringRoundTrip(t *testing.T) {
	t.Parallel()
	k := mustKeyring(t)
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		where := rapid.StringN(1, 40, -1).Draw(t, "where")
		sealed, err := k.Seal(plain, where)
		if err != nil {
			t.Fatal(err)
		}
		got, err := k.Open(sealed, where)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("got %q, %v, want %q", got, err, plain)
		}
	})
}

func TestKeyringSealsTwiceDifferently(t *testing.T) {
	t.Parallel()
	k := mustKeyring(t)
	a, b := mustSeal(t, k, canary, place), mustSeal(t, k, canary, place)
	if bytes.Equal(a, b) {
		t.Error("two seals of one secret are equal")
	}
	if bytes.Contains(a, []byte(canary)) {
		t.Error("the sealed bytes hold the secret in clear")
	}
}

func TestKeyringRefusesAnotherPlace(t *testing.T) {
	t.Parallel()
	k := mustKeyring(t)
	sealed := mustSeal(t, k, canary, place)
	for _, other := range []string{"", "org_2/sec_1", "org_1/sec_2", place + "x", strings.ToUpper(place)} {
		if _, err := k.Open(sealed, other); err == nil || leaked(err.Error()) {
			t.Errorf("open as %q: got %v, want an error", other, err)
		}
	}
	if _, err := k.Seal([]byte(canary), ""); err == nil || leaked(err.Error()) {
		t.Errorf("seal for no place: got %v, want an error", err)
	}
}

func TestKeyringRefusesEveryTampering(t *testing.T) {
	t.Parallel()
	k := mustKeyring(t)
	sealed := mustSeal(t, k, canary, place)
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := k.Open(changed, place); err == nil {
			t.Errorf("byte %d changed: got no error", i)
		}
		if _, err := k.Open(sealed[:i], place); err == nil {
			t.Errorf("cut to %d bytes: got no error", i)
		}
	}
}

func TestKeyringRefusesAnotherKey(t *testing.T) {
	t.Parallel()
	sealed := mustSeal(t, mustKeyring(t), canary, place)
	if _, err := mustKeyring(t).Open(sealed, place); err == nil {
		t.Error("a second master key opened the secret")
	}
}

func TestNewKeyringRefusesWhatIsNoKeyset(t *testing.T) {
	t.Parallel()
	good, err := secret.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string]string{
		"empty":    "",
		"text":     canary,
		"object":   `{"primaryKeyId":1,"key":[{"keyData":{"typeUrl":"` + canary + `"}}]}`,
		"cut":      string(good[:len(good)/2]),
		"too long": strings.Repeat("x", 2<<20),
	} {
		if _, err := secret.NewKeyring(strings.NewReader(raw)); err == nil || leaked(err.Error()) {
			t.Errorf("%s: got %v, want an error that does not quote the file", name, err)
		}
	}
}
