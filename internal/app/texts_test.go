package app_test

import (
	"log/slog"
	"strings"
	"testing"

	"callwright/internal/app"
	"callwright/internal/secret"
)

// A server whose provider of text messages is half described does not start, and says
// which flag is missing.
func TestTextsAreWholeOrNone(t *testing.T) {
	t.Parallel()
	for says, change := range map[string]func(*app.Texts){
		"--sms-account is required": func(x *app.Texts) { x.Account = "" },
		"--sms-token is required":   func(x *app.Texts) { x.Token = secret.String{} },
		"--sms-from must be":        func(x *app.Texts) { x.From = "" },
		"--sms-url must begin":      func(x *app.Texts) { x.URL = "http://sms.example" },
	} {
		o := app.Defaults()
		o.Data, o.Log = t.TempDir(), slog.New(slog.DiscardHandler)
		o.Texts.Account, o.Texts.Token, o.Texts.From = "AC1", secret.New("canary"), "+15550100001"
		change(&o.Texts)
		if a, err := app.New(t.Context(), o); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "canary") {
			if a != nil {
				a.Close()
			}
			t.Errorf("got %v, want %q", err, says)
		}
	}
}
