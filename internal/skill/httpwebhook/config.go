package httpwebhook

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"callwright"
	"callwright/internal/skill"
	"callwright/internal/tmpl"
)

// Config is the settings of the type.
type Config struct {
	URL        string            `json:"url" jsonschema:"Where the request goes. {name} in path and query is replaced by a parameter, encoded for its place. Example: https://api.example.com/orders/{order_id}"`
	Method     string            `json:"method,omitempty" jsonschema:"GET, POST, PUT, PATCH or DELETE; POST when absent. GET and DELETE send the parameters in the query, the others as a JSON object"`
	Headers    map[string]string `json:"headers,omitempty" jsonschema:"Extra headers. A value may hold {{secret.NAME}}, the name of a stored secret"`
	TimeoutMs  *int              `json:"timeout_ms,omitempty" jsonschema:"Milliseconds for everything from name lookup to the last byte of the answer, 100 to 60000; 8000 when absent"`
	Idempotent bool              `json:"idempotent,omitempty" jsonschema:"The endpoint honours the Idempotency-Key header, so a write may be sent again after a lost answer"`
	Secret     string            `json:"secret,omitempty" jsonschema:"Key that signs the requests (Standard Webhooks): whsec_ and base64, or {{secret.NAME}}; the organization's key when absent"`
	Auth       *auth             `json:"auth,omitempty" jsonschema:"How the request authenticates"`
}

// auth is one of three ways to authenticate.
type auth struct {
	Type         string   `json:"type" jsonschema:"bearer, basic or oauth2_client_credentials"`
	Token        string   `json:"token,omitempty" jsonschema:"Bearer token, or {{secret.NAME}}"`
	Username     string   `json:"username,omitempty" jsonschema:"User name for basic"`
	Password     string   `json:"password,omitempty" jsonschema:"Password for basic, or {{secret.NAME}}"`
	TokenURL     string   `json:"token_url,omitempty" jsonschema:"Token endpoint for oauth2_client_credentials"`
	ClientID     string   `json:"client_id,omitempty" jsonschema:"Client id for oauth2_client_credentials"`
	ClientSecret string   `json:"client_secret,omitempty" jsonschema:"Client secret for oauth2_client_credentials, or {{secret.NAME}}"`
	Scopes       []string `json:"scopes,omitempty" jsonschema:"Scopes to ask for with oauth2_client_credentials"`
}

const (
	bearer                  = "bearer"
	basic                   = "basic"
	oauth2ClientCredentials = "oauth2_client_credentials"

	signingPrefix  = "whsec_"
	defaultTimeout = 8000
	maxHeaders     = 50
	maxHeaderValue = 8 << 10
)

// settings are a Config that was checked.
type settings struct {
	url     *tmpl.URL
	place   string // scheme and host of url
	method  string
	headers map[string]string // by canonical name
	timeout time.Duration
	secret  string
	auth    *auth
	tokenAt string // host of the token endpoint
}

// A check collects everything wrong with a Config.
type check struct{ problems []callwright.FieldError }

func (k *check) add(field, format string, args ...any) {
	k.problems = append(k.problems, callwright.FieldError{Field: field, Message: fmt.Sprintf(format, args...)})
}

func (c Config) check() (settings, []callwright.FieldError) {
	k := &check{}
	s := settings{method: c.Method, secret: c.Secret, auth: c.Auth, headers: map[string]string{}}
	u, err := tmpl.ParseURL(c.URL)
	if err != nil {
		k.add("url", "%s", err)
	}
	s.url, s.place = u, placeOf(c.URL)
	switch s.method {
	case "":
		s.method = http.MethodPost
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		k.add("method", "must be one of GET, POST, PUT, PATCH, DELETE, in capitals")
	}
	ms := defaultTimeout
	if c.TimeoutMs != nil {
		ms = *c.TimeoutMs
	}
	if ms < 100 || ms > 60000 {
		k.add("timeout_ms", "must be from 100 to 60000 milliseconds")
	}
	s.timeout = time.Duration(ms) * time.Millisecond
	k.signing(c.Secret)
	k.headers(c, s.headers)
	s.tokenAt = k.auth(c.Auth)
	return s, k.problems
}

// signing checks the signing key. A key that is too short to be one (Standard
// Webhooks: 24 to 64 bytes) is usually another secret in the wrong place.
func (k *check) signing(key string) {
	if key == "" {
		return
	}
	if strings.Contains(key, "{{") {
		names, err := tmpl.SecretRefs(key)
		if err != nil {
			k.add("secret", "%s", err)
		} else if len(names) != 1 || key != "{{secret."+names[0]+"}}" {
			k.add("secret", "must be {{secret.NAME}} alone, without other text")
		}
		return
	}
	if !validSigningKey(key) {
		k.add("secret", "must be whsec_ followed by 24 to 64 bytes in base64, or {{secret.NAME}}")
	}
}

func validSigningKey(key string) bool {
	encoded, found := strings.CutPrefix(key, signingPrefix)
	raw, err := base64.StdEncoding.DecodeString(encoded)
	return found && err == nil && len(raw) >= 24 && len(raw) <= 64
}

func (k *check) headers(c Config, into map[string]string) {
	if len(c.Headers) > maxHeaders {
		k.add("headers", "must not have more than %d members", maxHeaders)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		field, value := "headers."+name, c.Headers[name]
		canonical := http.CanonicalHeaderKey(name)
		_, twice := into[canonical]
		switch {
		case !headerName(name):
			k.add(field, "is not a valid header name: use letters, digits and -")
			continue
		case owned(canonical):
			k.add(field, "is set by the server: remove it")
		case twice:
			k.add(field, "is given twice, in different capitals: keep one")
		case canonical == "Authorization" && c.Auth != nil:
			k.add(field, "must not be set together with auth: keep one of them")
		}
		into[canonical] = value
		k.secretText(field, value)
		if tmpl.IsPlaceholder(strings.NewReplacer("{{", "", "}}", "").Replace(value)) {
			k.add(field, "must not hold a {placeholder}: only path and query of the url may; a stored secret is {{secret.NAME}}")
		}
	}
}

// secretText checks a setting that is sent in a header and may name secrets.
func (k *check) secretText(field, value string) {
	if _, err := tmpl.SecretRefs(value); err != nil {
		k.add(field, "%s", err)
	}
	if !sendable(value) {
		k.add(field, "holds a line break or control character: remove it")
	}
	if len(value) > maxHeaderValue {
		k.add(field, "is longer than %d bytes", maxHeaderValue)
	}
}

// headerName reports whether name is a token of RFC 9110.
func headerName(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	}) < 0
}

// sendable reports whether value fits a header: no line breaks, no controls but
// the tab.
func sendable(value string) bool {
	return strings.IndexFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) < 0
}

// owned reports whether a header is the server's business: it frames the
// request, names the attempt, or is what partners trust us by.
func owned(canonical string) bool {
	switch canonical {
	case "Host", "Content-Length", "Transfer-Encoding", "Connection", "Idempotency-Key", "Traceparent", "Tracestate",
		"Te", "Trailer", "Upgrade", "Keep-Alive", "Expect", "Accept-Encoding", "Content-Encoding":
		return true
	}
	for _, prefix := range []string{"Webhook-", "X-Callwright-", "Proxy-"} {
		if strings.HasPrefix(canonical, prefix) {
			return true
		}
	}
	return false
}

// auth checks the authentication and returns the host of the token endpoint.
func (k *check) auth(a *auth) (tokenHost string) {
	if a == nil {
		return ""
	}
	given := map[string]string{
		"token": a.Token, "username": a.Username, "password": a.Password,
		"token_url": a.TokenURL, "client_id": a.ClientID, "client_secret": a.ClientSecret,
		"scopes": strings.Join(a.Scopes, " "),
	}
	needs, ok := map[string][]string{
		bearer:                  {"token"},
		basic:                   {"username", "password"},
		oauth2ClientCredentials: {"token_url", "client_id", "client_secret"},
	}[a.Type]
	if !ok {
		k.add("auth.type", "must be one of bearer, basic, oauth2_client_credentials")
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		switch wanted := slices.Contains(needs, name) || name == "scopes" && a.Type == oauth2ClientCredentials; {
		case wanted && given[name] == "" && name != "scopes":
			k.add("auth."+name, "is required with type %s", a.Type)
		case !wanted && given[name] != "":
			k.add("auth."+name, "does not belong to type %s: remove it", a.Type)
		case name != "token_url":
			k.secretText("auth."+name, given[name])
		}
	}
	if strings.Contains(a.Username, ":") && a.Type == basic {
		k.add("auth.username", "must not hold a colon")
	}
	if a.Type != oauth2ClientCredentials || a.TokenURL == "" {
		return ""
	}
	u, err := tmpl.ParseURL(a.TokenURL)
	if err == nil && len(u.Names()) > 0 {
		err = fmt.Errorf("must not hold a {placeholder}")
	}
	if err != nil {
		k.add("auth.token_url", "%s", err)
		return ""
	}
	return u.Host()
}

// Literals lists the settings that are secrets, each with the host it may go to.
func (c Config) Literals() []skill.Literal {
	var all []skill.Literal
	host := hostOf(c.URL)
	if c.Secret != "" {
		all = append(all, skill.Literal{Path: []string{"secret"}}) // signs, never leaves
	}
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		if looksSecret(name) && c.Headers[name] != "" {
			all = append(all, skill.Literal{Path: []string{"headers", name}, Host: host})
		}
	}
	if a := c.Auth; a != nil {
		for _, s := range []struct{ name, value, host string }{
			{"token", a.Token, host},
			{"password", a.Password, host},
			{"client_secret", a.ClientSecret, hostOf(a.TokenURL)},
		} {
			if s.value != "" {
				all = append(all, skill.Literal{Path: []string{"auth", s.name}, Host: s.host})
			}
		}
	}
	return all
}

// placeOf returns scheme and host of a URL setting, which hold no placeholder.
func placeOf(setting string) string {
	scheme, rest, _ := strings.Cut(setting, "://")
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		rest = rest[:i]
	}
	return scheme + "://" + rest
}

// hostOf returns the host of a URL setting as Secrets is asked for it.
func hostOf(setting string) string {
	u, err := tmpl.ParseURL(setting)
	if err != nil {
		return ""
	}
	return u.Host()
}

// looksSecret reports whether a header or query parameter of that name usually
// holds a secret.
func looksSecret(name string) bool {
	n := strings.ToLower(name)
	if unescaped, err := url.QueryUnescape(n); err == nil {
		n = unescaped
	}
	n = strings.ReplaceAll(n, "_", "-")
	for _, word := range []string{"auth", "api-key", "apikey", "token", "secret", "password", "passwd", "cookie", "signature", "access-key", "credential", "session"} {
		if strings.Contains(n, word) {
			return true
		}
	}
	return n == "key" || n == "sig" || n == "pwd" || n == "pin"
}
