package callwright_test

import (
	"testing"

	"callwright"
)

func TestDestination(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"(555) 234-5678":       "+15552345678",
		"+49 30 901820":        "+4930901820",
		"sip:desk@example.com": "sip:desk@example.com",
		"":                     "",
		"the front desk":       "",
		"+0123456789":          "",
		"055 234 5678":         "",
		"sip:desk":             "",
	} {
		got, ok := callwright.Destination(text)
		if ok != (want != "") || ok && got != want || !ok && got != text {
			t.Errorf("%q: got %q, %v, want %q", text, got, ok, want)
		}
		if again, _ := callwright.Destination(got); ok && again != got {
			t.Errorf("%q: brought twice gives %q", text, again)
		}
	}
}
