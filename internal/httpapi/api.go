// Package httpapi is the REST front door: it reads and checks requests, asks
// control and the chat channel, and writes answers in the wire conventions
// (envelope, problem+json, server-sent events). The OpenAPI 3.1 document is made
// from its operations.
//
// It holds no rule of the product: scopes are data of an operation, everything
// else is decided below. It is built by app.
package httpapi

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	jsonv2 "github.com/go-json-experiment/json"

	"callwright"
	"callwright/internal/control"
	"callwright/internal/webchat"
)

// Base is where the API lives on the server.
const Base = "/api/v1"

const maxBody = 1 << 20

// Options is what an API is made from.
type Options struct {
	Control   *control.Service
	Chat      *webchat.Channel
	Ready     func(context.Context) error // whether the server can work
	PublicURL func() string               // scheme and host, for links; no slash at the end
	RateLimit int                         // requests a minute of an organization; 0 for no limit
	Now       func() time.Time
	Log       *slog.Logger
}

// An API is the REST front door.
type API struct {
	Options
	huma   huma.API
	limits *limiter
	bodies map[reflect.Type]*bodySchema
	mu     sync.Mutex
}

// New makes the API and its routes on a router.
func New(o Options, router chi.Router) *API {
	installErrors()
	a := &API{Options: o, limits: &limiter{perMinute: o.RateLimit, now: o.Now}, bodies: map[reflect.Type]*bodySchema{}}
	router.Use(a.request)
	router.NotFound(func(w http.ResponseWriter, r *http.Request) {
		a.writeError(w, r, callwright.Errorf(callwright.CodeNotFound, "There is nothing at %s.", r.URL.Path))
	})
	router.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		a.writeError(w, r, callwright.Errorf(callwright.CodeMethod, "%s is not allowed here.", r.Method))
	})
	router.Get("/livez", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok\n") })
	router.Get("/readyz", a.readyz)
	router.Get("/errors/{code}", errorPage)
	router.Get("/errors", errorPage)
	a.providerRoutes(router)
	router.Route(Base, func(r chi.Router) {
		a.huma = humachi.New(r, config())
		a.routes()
		a.describe()
		r.Options("/widget/bootstrap", a.preflight)
	})
	return a
}

// describe says of members what their Go types cannot.
func (a *API) describe() {
	a.payloads()
	schemas := a.huma.OpenAPI().Components.Schemas.Map()
	for _, name := range []string{"Skill", "SkillSpec"} {
		p := schemas[name].Properties
		p["errorHandling"] = &huma.Schema{AnyOf: []*huma.Schema{{Ref: p["errorHandling"].Ref}, {Type: "null"}}, Description: p["errorHandling"].Description}
		p["parametersSchema"].Type, p["executionConfig"].Type = "object", "object"
	}
	for _, name := range []string{"Widget", "AgentWidget", "Bootstrap"} {
		p := schemas[name].Properties
		p["theme"].Type, p["copy"].Type, p["behavior"].Type = "object", "object", "object"
	}
}

func config() huma.Config {
	c := huma.DefaultConfig("Callwright REST API", "1.0.0")
	c.CreateHooks = nil // no $schema members in bodies
	c.DocsPath, c.SchemasPath, c.OpenAPIPath = "", "", "/openapi"
	c.Info.Description = "Agents that answer the phone and the chat window and act through your own systems. Authenticate with `Authorization: Bearer cw_sk_live_…`."
	c.Info.License = &huma.License{Name: "Apache-2.0", URL: "https://www.apache.org/licenses/LICENSE-2.0"}
	c.Info.Contact = &huma.Contact{Name: "Callwright"}
	c.Tags = []*huma.Tag{
		{Name: "Agents", Description: "What callers talk to: a draft that is edited, and versions that are published."},
		{Name: "Skills", Description: "The atomic actions of an agent, typically one call to a system."},
		{Name: "Guardrails", Description: "Rules about all skills of an agent, and how it finds out who callers are."},
		{Name: "Test", Description: "Trying an agent before callers do."},
		{Name: "Secrets", Description: "Values that skills send and nobody can read back."},
		{Name: "Connections", Description: "Databases of your own that skills may use."},
		{Name: "SMS", Description: "Text messages: who wants none."},
		{Name: "Chat", Description: "Conversations in writing."},
		{Name: "PublishableKeys", Description: "Keys that pages on the web may hold."},
		{Name: "Widget", Description: "The chat window on a page."},
		{Name: "Observe", Description: "What happened."},
	}
	c.Servers = []*huma.Server{{URL: Base}}
	scopes := map[string]string{}
	for _, s := range callwright.Scopes() {
		scopes[string(s)] = scopeText(s)
	}
	c.Security = []map[string][]string{{"apiKey": {}}}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"apiKey": {Type: "oauth2", // the only kind whose scopes a document can list
			Description: "A secret key, sent as `Authorization: Bearer cw_sk_live_…`. Each operation lists the scope that the key must hold. Keys are made with `callwright keys create`: there is no token exchange, and the token URL is nominal.",
			Flows:       &huma.OAuthFlows{ClientCredentials: &huma.OAuthFlow{TokenURL: Base + "/token", Scopes: scopes}}},
		"publishableKey": {Type: "apiKey", In: "query", Name: "key", Description: "A publishable key, from a page at one of its allowed origins."}}
	c.Components.Examples = map[string]*huma.Example{} // one problem a code, see document
	c.Formats = map[string]huma.Format{
		"application/json": {
			Marshal: func(w io.Writer, v any) error {
				return jsonv2.MarshalWrite(w, v, jsonv2.Deterministic(true))
			},
			Unmarshal: func(data []byte, v any) error { return jsonv2.Unmarshal(data, v) },
		},
	}
	c.Formats["json"] = c.Formats["application/json"]
	reg := c.Components.Schemas
	reg.RegisterTypeAlias(reflect.TypeFor[callwright.Time](), reflect.TypeFor[time.Time]())
	reg.RegisterTypeAlias(reflect.TypeFor[callwright.EgressField](), reflect.TypeFor[egressDoc]())
	return c
}

// scopeText says what a scope allows, for example "Read agents".
func scopeText(s callwright.Scope) string {
	thing, act, _ := strings.Cut(string(s), ":")
	return strings.ToUpper(act[:1]) + act[1:] + " " + thing
}

// OpenAPI returns the API's document in YAML.
func (a *API) OpenAPI() ([]byte, error) { return a.huma.OpenAPI().YAML() }

// OpenAPIJSON returns the API's document in JSON.
func (a *API) OpenAPIJSON() ([]byte, error) { return a.huma.OpenAPI().MarshalJSON() }

func (a *API) readyz(w http.ResponseWriter, r *http.Request) {
	if err := a.Ready(r.Context()); err != nil {
		a.writeError(w, r, callwright.Wrap(callwright.CodeUnavailable, err, "The server is not ready."))
		return
	}
	io.WriteString(w, "ok\n")
}

// egressDoc documents callwright.EgressField.
type egressDoc struct{}

// Schema describes the two forms of a field.
func (egressDoc) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{AnyOf: []*huma.Schema{
		{Type: "string", Description: "The source: a parameter, caller.phone, caller.name, conversation.id or agent.id"},
		{Type: "object", AdditionalProperties: false, Properties: map[string]*huma.Schema{
			"source": {Type: "string", Description: "As the string form"},
			"const":  {Description: "A fixed value, instead of a source"},
			"mask":   {Type: "string", Enum: []any{"last4", "hash", "drop"}, Description: "Hides the value on its way out"},
		}},
	}}
}
