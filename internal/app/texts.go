package app

import (
	"errors"

	"callwright/internal/outbound"
	"callwright/internal/secret"
	"callwright/internal/skill/sms"
)

// Texts is how a server sends text messages.
type Texts struct {
	URL     string        // base URL of the provider's API
	Account string        // empty: the server sends none
	Token   secret.String // of the account
	From    string        // see sms.Options
	PerHour int           // messages to one number from one organization; 0 for no limit
	PerDay  int
	Help    string // what HELP is answered; empty: nothing
}

// newTexts makes the provider that the options ask for; nil when they ask for none.
func (a *App) newTexts(client *outbound.Client) (*sms.Provider, error) {
	o := a.options.Texts
	if o.Account == "" {
		if !o.Token.Empty() || o.From != "" {
			return nil, errors.New("--sms-account is required with --sms-token and --sms-from")
		}
		return nil, nil
	}
	return sms.NewProvider(sms.Options{URL: o.URL, Account: o.Account, Token: o.Token, From: o.From, PerHour: o.PerHour, PerDay: o.PerDay, Help: o.Help,
		Public: a.public, Do: client.Do, Now: a.options.Now, Log: a.options.Log})
}

// public is the server's address if others can be asked to use it: that on loopback is
// for this machine.
func (a *App) public() string {
	if a.options.PublicURL == "" {
		return ""
	}
	return a.URL()
}
