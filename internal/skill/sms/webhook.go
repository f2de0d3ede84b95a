package sms

import (
	"crypto/hmac"
	"crypto/sha1" // by which the provider signs
	"crypto/subtle"
	"encoding/base64"
	"encoding/xml"
	"net/url"
	"slices"
	"strings"

	"callwright"
)

// Genuine reports whether the provider signed a request: HMAC-SHA1 with the account's
// token over the URL as the provider called it, and every parameter of the form in
// alphabetical order, name and value. The URL counts with its port and without, since
// providers differ: https://www.twilio.com/docs/usage/security#validating-requests.
func (p *Provider) Genuine(called, signature string, form url.Values) bool {
	given, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	ok := 0
	for _, u := range portless(called) {
		ok |= subtle.ConstantTimeCompare(p.signature(u, form), given)
	}
	return ok == 1
}

func (p *Provider) signature(called string, form url.Values) []byte {
	mac := hmac.New(sha1.New, []byte(p.Token.Reveal()))
	mac.Write([]byte(called))
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		values := slices.Clone(form[name])
		slices.Sort(values)
		for _, v := range slices.Compact(values) {
			mac.Write([]byte(name + v))
		}
	}
	return mac.Sum(nil)
}

// portless are the forms of a URL that may have been signed: as it is, without a port,
// with the standard one.
func portless(called string) []string {
	scheme, rest, ok := strings.Cut(called, "://")
	if !ok {
		return []string{called}
	}
	authority, path := rest, ""
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	host := authority
	if i := strings.LastIndexByte(authority, ':'); i > strings.LastIndexByte(authority, ']') {
		host = authority[:i]
	}
	port := map[string]string{"http": ":80", "https": ":443"}[scheme]
	return []string{called, scheme + "://" + host + path, scheme + "://" + host + port + path}
}

// A Keyword is what a message that is one word asks for.
type Keyword string

// The keywords.
const (
	Stop  Keyword = "stop"
	Start Keyword = "start"
	Help  Keyword = "help"
)

// ReadKeyword reads a message that came in. It returns "" unless the whole message is
// one of the words, whatever its case and the spaces and stops around it; a provider that knows
// other words for the same says so itself (OptOutType).
func ReadKeyword(form url.Values) (k Keyword, word string) {
	word = strings.ToUpper(strings.Trim(strings.Join(strings.Fields(form.Get("Body")), " "), ` .!"'`))
	switch strings.ToUpper(form.Get("OptOutType")) {
	case "STOP":
		return Stop, word
	case "START":
		return Start, word
	case "HELP":
		return "", word // the provider has answered it
	}
	switch word {
	case "STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "OPT OUT":
		return Stop, word
	case "START", "YES", "UNSTOP":
		return Start, word
	case "HELP", "INFO":
		return Help, word
	}
	return "", word
}

// TwiML answers the provider: with a message, or with nothing when text is empty.
func TwiML(text string) []byte {
	type response struct {
		XMLName xml.Name `xml:"Response"`
		Message string   `xml:"Message,omitempty"`
	}
	raw, err := xml.Marshal(response{Message: text})
	if err != nil {
		panic("sms: an answer cannot be written: " + err.Error()) // it can, whatever the text
	}
	return append([]byte(xml.Header), raw...)
}

// rank orders the states of a message: a later one has a higher rank, and one that
// nothing follows the highest. 0 is no state.
func rank(status string) int {
	return map[string]int{"accepted": 1, "scheduled": 1, "queued": 2, "sending": 3, "sent": 4, "delivered": 5, "undelivered": 5, "failed": 5, "canceled": 5}[status]
}

// Report lays what the provider says of a message over what is known of its run. It
// reports false when it is about another message, or older news: providers do not send
// in order. A run of which nobody knew whether the message was taken is settled by it.
func Report(r *callwright.Run, form url.Values, now callwright.Time) bool {
	sid, status, code := form.Get("MessageSid"), form.Get("MessageStatus"), form.Get("ErrorCode")
	switch d := r.Delivery; {
	case !sidForm.MatchString(sid), rank(status) == 0, d != nil && d.MessageID != sid:
		return false
	case d == nil:
		// Its answer is not here yet, or never came. The address that was signed names
		// the run.
		r.Delivery = &callwright.Delivery{MessageID: sid, SentAt: now}
		if r.State == callwright.RunUnknown {
			r.State, r.Code, r.Note, r.ResolvedAt = callwright.RunDone, "", "The provider told of the message later.", now
			if status == "failed" || status == "canceled" {
				r.State, r.Code = callwright.RunFailed, callwright.CodeRemoteStatus
			}
		}
	case rank(status) <= rank(d.Status):
		return false
	default:
		kept := *d
		r.Delivery = &kept
	}
	r.Delivery.Status, r.Delivery.At = status, now
	if code != "" && code != "0" && sidForm.MatchString(code) {
		r.Delivery.ErrorCode = code
	}
	return true
}
