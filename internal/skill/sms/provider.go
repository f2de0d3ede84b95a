package sms

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"callwright"
	"callwright/internal/outbound"
	"callwright/internal/secret"
	"callwright/internal/skill"
)

// Options is what a Provider is made from.
type Options struct {
	URL     string        // base URL of the API, before /2010-04-01
	Account string        // SID
	Token   secret.String // authenticates requests, and signs what the provider sends
	From    string        // number in E.164, short code, name, or SID of a messaging service (MG…)
	PerHour int           // messages to one number from one organization; 0 for no limit
	PerDay  int
	Help    string // what HELP is answered; empty: nothing

	// Public returns the address at which the provider reaches this server, without a
	// slash at the end; empty: it does not.
	Public func() string

	Do   func(context.Context, *outbound.Request) (*outbound.Response, error)
	Book Book
	Now  func() time.Time
	Log  *slog.Logger
}

// A Provider sends text messages: Twilio, or a service that speaks like it.
type Provider struct {
	Options
	endpoint string
}

var (
	accountForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	serviceForm = regexp.MustCompile(`^MG[0-9A-Za-z]{32}$`)
	shortCode   = regexp.MustCompile(`^[0-9]{3,8}$`)
	nameForm    = regexp.MustCompile(`^[A-Za-z0-9 &+_-]{0,10}[A-Za-z][A-Za-z0-9 &+_-]{0,10}$`)
	sidForm     = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
)

// NewProvider checks options. Its errors name the flag and never repeat a value.
func NewProvider(o Options) (*Provider, error) {
	u, err := url.Parse(o.URL)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("--sms-url must be like https://api.twilio.com")
	case u.Scheme == "http" && !onThisMachine(u.Hostname()):
		return nil, errors.New("--sms-url must begin with https://: the token would travel in clear (http is for this machine alone)")
	case !accountForm.MatchString(o.Account):
		return nil, errors.New("--sms-account must be the SID of the account, such as AC and 32 letters and digits")
	case o.Token.Empty():
		return nil, errors.New("--sms-token is required with --sms-account; better in CALLWRIGHT_SMS_TOKEN_FILE")
	case o.PerHour < 0 || o.PerDay < 0:
		return nil, errors.New("--sms-per-hour and --sms-per-day must not be negative")
	case !sender(o.From):
		return nil, errors.New("--sms-from must be a number in E.164 such as +15551234567, a short code, a name of at most 11 letters and digits, or the SID of a messaging service (MG…)")
	case Measure(o.Help).Segments > maxSegments:
		return nil, fmt.Errorf("--sms-help must have at most %d segments", maxSegments)
	}
	return &Provider{o, strings.TrimRight(o.URL, "/") + "/2010-04-01/Accounts/" + o.Account + "/Messages.json"}, nil
}

func sender(from string) bool {
	return isNumber(from) || serviceForm.MatchString(from) || shortCode.MatchString(from) || len(from) <= 11 && nameForm.MatchString(from)
}

func onThisMachine(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// An end is what came of an attempt.
type end struct {
	err        error
	sent       bool // the provider may have taken it
	later      bool // it did not, and another attempt may succeed
	badNumber  bool // it cannot be sent to that number
	status     int
	retryAfter time.Duration
}

// send hands a message over.
func (p *Provider) send(ctx context.Context, call skill.Call, m message) end {
	form := url.Values{"To": {m.To}, "Body": {m.Text}}
	if serviceForm.MatchString(p.From) {
		form.Set("MessagingServiceSid", p.From)
	} else {
		form.Set("From", p.From)
	}
	if public := p.Public(); public != "" {
		form.Set("StatusCallback", public+"/sms/"+string(call.Org)+"/status?run="+string(call.Run))
	}
	res, err := p.Do(ctx, &outbound.Request{Method: http.MethodPost, URL: p.endpoint, Body: []byte(form.Encode()), Header: http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}, "User-Agent": {"callwright"},
		"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(p.Account+":"+p.Token.Reveal()))},
	}})
	if err != nil {
		code := callwright.CodeOf(err)
		e := end{err: err, sent: res.Sent, status: res.Status}
		// The guard does not change its mind in an hour; a name or a route may.
		e.later = !res.Sent && (code == callwright.CodeUnreachable || code == callwright.CodeTimeout)
		return p.settled(ctx, call, e)
	}
	var said struct {
		SID     string
		Status  string
		Code    int
		Message string
	}
	if res.Status >= 200 && res.Status <= 299 {
		if err := json.Unmarshal(res.Body, &said); err != nil || !sidForm.MatchString(said.SID) {
			return p.settled(ctx, call, end{sent: true, err: callwright.Wrap(callwright.CodeBadResponse, err, "The provider of text messages answered with something unreadable; whether it took the message is not known.")})
		}
		p.taken(ctx, call, said.SID, said.Status)
		return end{sent: true}
	}
	_ = json.Unmarshal(res.Body, &said) // a gateway answers as it likes
	return p.refused(ctx, call, m, res, said.Code, said.Message)
}

// settled is the end of an attempt of which the answer was lost. The provider may have
// told of the message since, which says that it took it.
func (p *Provider) settled(ctx context.Context, call skill.Call, e end) end {
	if !e.sent || callwright.CodeOf(e.err) == callwright.CodeRedirect || !p.told(ctx, call) {
		return e
	}
	return end{sent: true}
}

// told reports whether the provider has told of a run's message.
func (p *Provider) told(ctx context.Context, call skill.Call) bool {
	r, err := p.Book.Run(context.WithoutCancel(ctx), call.Org, call.Run)
	return err == nil && r.Delivery != nil
}

// taken notes the provider's id of a message, unless it has told of it before its answer
// was here. Without the note its word is known by the run.
func (p *Provider) taken(ctx context.Context, call skill.Call, sid, status string) {
	now := callwright.At(p.Now())
	err := p.Book.UpdateRun(context.WithoutCancel(ctx), call.Org, call.Run, func(r *callwright.Run) error {
		if r.Delivery == nil {
			r.Delivery = &callwright.Delivery{MessageID: sid, Status: "accepted", SentAt: now, At: now}
			if rank(status) > 0 {
				r.Delivery.Status = status
			}
		}
		return nil
	})
	if err != nil && callwright.CodeOf(err) != callwright.CodeNotFound {
		p.Log.ErrorContext(ctx, "note a text message that was sent", "run", call.Run, "error", err)
	}
}

// refused says what a failure status means, by the provider's code:
// https://www.twilio.com/docs/api/errors.
func (p *Provider) refused(ctx context.Context, call skill.Call, m message, res *outbound.Response, code int, said string) end {
	e := end{status: res.Status, sent: true}
	words := p.line(code, said)
	switch {
	case code == 21610: // unsubscribed
		e.sent = false
		_, err := p.Book.AddOptOut(context.WithoutCancel(ctx), callwright.OptOut{ID: callwright.NewID[callwright.OptOutID](p.Now()), OrganizationID: call.Org, Number: m.To, Source: callwright.OptOutProvider, CreatedAt: callwright.At(p.Now())})
		if err != nil {
			p.Log.ErrorContext(ctx, "note an opt-out", "run", call.Run, "error", err)
		}
		e.err = optedOut()
	case slices.Contains(badNumbers(), code):
		e.sent, e.badNumber = false, true
		e.err = callwright.Errorf(callwright.CodeValidation, "The provider cannot send text messages to the number: %s", words)
	case slices.Contains(misconfigured(), code), res.Status == http.StatusUnauthorized, res.Status == http.StatusForbidden:
		e.sent = false
		e.err = callwright.Errorf(callwright.CodeUnavailable, "The provider of text messages does not accept this server's account or sender, so whoever operates it must check --sms-account, --sms-token and --sms-from: %s", words)
		p.Log.ErrorContext(ctx, "the provider of text messages does not accept the account or the sender", "status", res.Status, "code", code)
	case code == 0 && (res.Status == http.StatusBadGateway || res.Status == http.StatusGatewayTimeout):
		// Not the provider's own word: it may have taken the message behind the gateway.
		return p.settled(ctx, call, end{status: res.Status, sent: true, err: callwright.Errorf(callwright.CodeConnection, "A gateway before the provider of text messages answered %d; whether the provider took the message is not known.", res.Status)})
	default:
		e.later = code == 20429 || res.Status == http.StatusTooManyRequests || res.Status >= 500
		e.err = callwright.Errorf(callwright.CodeRemoteStatus, "The provider of text messages answered %d: %s", res.Status, words)
		if s, ok := errors.AsType[*outbound.StatusError](outbound.CheckStatus(p.endpoint, res)); ok {
			e.retryAfter = s.RetryAfter
		}
	}
	return e
}

// badNumbers are the codes for a recipient that cannot get a message: not a number, a
// short code, the sender itself, no mobile number, a landline.
func badNumbers() []int { return []int{21211, 21265, 21266, 21614, 21635} }

// misconfigured are the codes for an account that is not accepted or not there, a sender
// that is not the account's, a country that it may not send to, and an empty service.
func misconfigured() []int {
	return []int{20003, 20005, 20404, 21212, 21408, 21603, 21606, 21608, 21659, 21660, 21661, 21703, 21705, 21712}
}

// line is what the provider said, as one line of bounded length.
func (p *Provider) line(code int, said string) string {
	said = strings.Join(strings.Fields(strings.ReplaceAll(said, p.Token.Reveal(), "••••")), " ")
	if r := []rune(said); len(r) > 200 {
		said = string(r[:200]) + "…"
	}
	if code == 0 {
		return strings.TrimSpace(said + " (no code)")
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", code, said))
}
