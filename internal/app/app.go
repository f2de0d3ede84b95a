// Package app builds a whole server from Options, runs it and stops it. It is the
// only package that sees all the others, and holds no logic of its own. It is
// called by cmd/callwright and by tests, which run it on port 0.
package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"callwright"
	"callwright/internal/control"
	"callwright/internal/dash"
	"callwright/internal/engine"
	"callwright/internal/gate"
	"callwright/internal/geo"
	"callwright/internal/httpapi"
	"callwright/internal/outbound"
	"callwright/internal/secret"
	"callwright/internal/skill/email"
	"callwright/internal/skill/sms"
	"callwright/internal/sqldb"
	"callwright/internal/store"
	"callwright/internal/webchat"
)

// Options is everything that can be set on a server.
type Options struct {
	Listen        string        // host:port; port 0 takes a free one
	Data          string        // folder of the master key, and of the SQLite database
	DatabaseURL   secret.String // of PostgreSQL; empty: SQLite in Data
	PublicURL     string        // what clients call this server; empty: http:// and the address
	OutboundAllow []string      // destinations beyond the public ones, see outbound.ParseRule
	MasterKeyFile string        // empty: master.key in Data, made if missing
	Drain         time.Duration // how long a stop waits for turns under way
	SMTP          secret.String // mail server, see email.ParseServer; empty: none
	SMTPFrom      string        // address that messages come from
	Texts         Texts         // provider of text messages
	Geocoder      string        // offline, nominatim or google
	GeocoderURL   string        // base URL; empty: that of OpenStreetMap's or Google's server
	GeocoderKey   secret.String // for google
	GeocoderRate  float64       // requests a second
	RateLimit     int           // requests a minute of an organization; 0 for no limit

	Model        string               // default llmModel of agents
	Standby      []string             // models that are asked when an agent's own gives no answer
	Providers    map[string]*Provider // by name; see Providers
	OpenAIStream bool                 // ask OpenAI-compatible providers for answers as they are made
	FirstWord    time.Duration        // for the beginning of a provider's answer
	ModelTimeout time.Duration        // for one whole answer of a provider
	ModelPrices  []string             // see parsePrices
	FillerAfter  time.Duration        // how long a caller waits for a provider before the agent asks for a moment; 0: never does
	DailyTokens  int64                // what an organization may use of providers' models in a day; 0 for no limit
	DailyDollars float64              // the same in money, by ModelPrices

	Now func() time.Time // nil: time.Now
	Log *slog.Logger
}

// Defaults returns the options of a fresh server.
func Defaults() Options {
	return Options{Listen: "127.0.0.1:8080", Data: "callwright-data", Drain: 30 * time.Second, Geocoder: "offline", GeocoderRate: 1, RateLimit: 60_000, Model: "builtin",
		Texts: Texts{URL: "https://api.twilio.com", PerHour: 5, PerDay: 20}, Providers: Providers(), OpenAIStream: true, FirstWord: 3 * time.Second, ModelTimeout: time.Minute, FillerAfter: 1500 * time.Millisecond}
}

// An App is a server.
type App struct {
	Control *control.Service
	API     *httpapi.API

	options  Options
	db       *store.DB
	client   *outbound.Client
	sql      *sqldb.Opener
	mail     *email.Server // nil: there is none
	texts    *sms.Provider // nil: there is none
	geocoder geo.Geocoder
	prices   map[string]price
	gate     *gate.Gate
	engine   *engine.Engine
	chat     *webchat.Channel
	handler  http.Handler
	listener net.Listener
}

// New builds a server and opens its data; nothing listens yet. The caller closes
// it, or calls Run, which does.
func New(ctx context.Context, o Options) (*App, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	a := &App{options: o}
	rules := make([]outbound.Rule, 0, len(o.OutboundAllow))
	for _, text := range o.OutboundAllow {
		r, err := outbound.ParseRule(text)
		if err != nil {
			return nil, fmt.Errorf("--outbound-allow %s: %w", text, err)
		}
		rules = append(rules, r)
	}
	if err := checkModels(o); err != nil {
		return nil, err
	}
	var err error
	if a.prices, err = parsePrices(o.ModelPrices); err != nil {
		return nil, err
	}
	if a.client, err = outbound.New(outbound.Options{Allow: rules, Listeners: a.listeners, Log: o.Log}); err != nil {
		return nil, err
	}
	if address := o.SMTP.Reveal(); address != "" {
		if a.mail, err = email.ParseServer(address, o.SMTPFrom, a.client.Dialer(email.Port)); err != nil {
			return nil, fmt.Errorf("--smtp-url %w", err)
		}
	}
	if a.texts, err = a.newTexts(a.client); err != nil {
		return nil, err
	}
	geocoder, err := newGeocoder(o, a.client)
	if err != nil {
		return nil, err
	}
	a.geocoder = geocoder
	if address := o.DatabaseURL.Reveal(); address != "" {
		a.db, err = store.OpenPostgres(ctx, address)
	} else {
		a.db, err = store.OpenSQLite(ctx, o.Data)
	}
	if err != nil {
		return nil, err
	}
	keyring, err := openKeyring(o)
	if err != nil {
		return nil, errors.Join(err, a.db.Close())
	}
	a.build(keyring)
	return a, nil
}

// build ties the parts together.
func (a *App) build(keyring *secret.Keyring) {
	o := a.options
	if a.texts != nil {
		a.texts.Book = a.db
	}
	a.gate = &gate.Gate{Now: o.Now, Log: o.Log, Late: a.db}
	a.sql = &sqldb.Opener{Dial: a.client.Dialer(databasePort), Files: filepath.Join(o.Data, "databases")}
	a.Control = &control.Service{Store: a.db, Gate: a.gate, Keyring: keyring, SQL: a.sql, Geocoder: a.geocoder, Texts: a.texts, Now: o.Now, Log: o.Log}
	a.Control.Kinds = kinds(a.client, a.Control, a.mail, a.texts, a.geocoder)
	m := a.models()
	a.engine = &engine.Engine{Store: a.db, Gate: a.gate, Kinds: a.Control.Kinds, Now: o.Now, Log: o.Log, Models: m.order, Cost: m.cost, Fallback: m.builtin,
		Patience: o.FillerAfter, Budget: engine.Budget{Tokens: o.DailyTokens, Dollars: o.DailyDollars}}
	a.chat = &webchat.Channel{Engine: a.engine, Store: a.db, Now: o.Now, Log: o.Log}
	if a.db.Shared() {
		a.chat.Name = rand.Text()
	}
	router := chi.NewRouter()
	a.API = httpapi.New(httpapi.Options{Control: a.Control, Chat: a.chat, Ready: a.db.Ping, PublicURL: a.URL, RateLimit: o.RateLimit, Now: o.Now, Log: o.Log}, router)
	dash.Mount(router)
	a.handler = router
}

// databasePort reports whether databases of others may be reached at a port of a public
// address: hosted ones are at any that is not for the system.
func databasePort(port uint16) bool { return port >= 1024 }

// openKeyring reads the master key, making it first when it is in the data folder
// and missing.
func openKeyring(o Options) (*secret.Keyring, error) {
	path := o.MasterKeyFile
	if path == "" {
		path = filepath.Join(o.Data, "master.key")
		if err := makeKey(path); err != nil {
			return nil, fmt.Errorf("make master key: %w", err)
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open master key: %w", err)
	}
	defer f.Close()
	k, err := secret.NewKeyring(f)
	if err != nil {
		return nil, fmt.Errorf("master key %s: %w", path, err)
	}
	return k, nil
}

func makeKey(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	key, err := secret.GenerateKeyset()
	if err != nil {
		return err
	}
	// Written aside and linked into place: a second process that starts at the
	// same moment finds one whole key, and whoever is later keeps the first.
	tmp, err := os.CreateTemp(filepath.Dir(path), "master.key.*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if _, err := tmp.Write(key); err != nil {
		return errors.Join(err, tmp.Close())
	}
	if err := errors.Join(tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// Listen takes the address. It comes before Run so that the address is known.
func (a *App) Listen(ctx context.Context) error {
	// What was under way when a server stopped on this data is over. On a database that
	// servers share it may be another's that lives, unless it is too old for that.
	before := a.options.Now()
	if a.db.Shared() {
		before = before.Add(-longestRun)
	}
	if err := a.markUnknown(ctx, before); err != nil {
		return err
	}
	var err error
	a.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", a.options.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", a.options.Listen, err)
	}
	return nil
}

// longestRun is longer than any run can take: one that began before and has no end is
// one whose server has died.
const longestRun = 2 * time.Minute

// markUnknown ends runs that began before an instant: they are over, and nobody saw
// their end.
func (a *App) markUnknown(ctx context.Context, before time.Time) error {
	n, err := a.db.MarkUnknown(ctx, callwright.At(before))
	if err != nil {
		return err
	}
	if n > 0 {
		a.options.Log.WarnContext(ctx, "runs whose end was never recorded are now unknown", "runs", n)
	}
	return nil
}

// URL returns the server's address as clients use it, without a slash at the end.
func (a *App) URL() string {
	switch {
	case a.options.PublicURL != "":
		return strings.TrimRight(a.options.PublicURL, "/")
	case a.listener != nil:
		return "http://" + a.listener.Addr().String()
	}
	return ""
}

// listeners are the addresses that nothing may dial through the guard.
func (a *App) listeners() []netip.AddrPort {
	if a.listener == nil {
		return nil
	}
	if tcp, ok := a.listener.Addr().(*net.TCPAddr); ok {
		return []netip.AddrPort{tcp.AddrPort()}
	}
	return nil
}

// Run serves until ctx ends, then drains: no new work, turns under way finish,
// everything is closed.
func (a *App) Run(ctx context.Context) error {
	server := &http.Server{Handler: a.handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(a.options.Log.Handler(), slog.LevelWarn)}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(a.listener) }()
	stopTidying, stopWork := a.tidy(ctx), a.work(ctx)
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
		a.options.Log.Info("stopping")
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.options.Drain)
	defer cancel()
	steps := []error{a.chat.Close(drain), server.Shutdown(drain), a.gate.Wait(drain)}
	if i := slices.IndexFunc(steps, func(e error) bool { return e != nil }); i >= 0 {
		a.options.Log.Warn("gave up waiting for work under way", "error", steps[i])
		steps = []error{server.Close()}
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	stopWork()
	stopTidying()
	return errors.Join(append(steps, err, a.Close())...)
}

// work sends queued runs until the returned function is called.
func (a *App) work(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() { defer close(done); a.engine.Work(ctx) }()
	return func() { cancel(); <-done }
}

// tidy removes what has expired and ends the runs of servers that died, now and every
// minute, until the returned function is called.
func (a *App) tidy(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		minute := time.NewTicker(time.Minute)
		defer minute.Stop()
		for {
			_, err := a.db.ForgetAnswers(ctx, callwright.At(a.options.Now()))
			_, bad := a.db.ForgetSentTexts(ctx, callwright.At(a.options.Now().Add(-sms.Remembered)))
			if err = errors.Join(err, bad, a.markUnknown(ctx, a.options.Now().Add(-longestRun))); err != nil && ctx.Err() == nil {
				a.options.Log.ErrorContext(ctx, "tidy up", "error", err)
			}
			select {
			case <-minute.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { cancel(); <-done }
}

// Close closes the server's data. Run calls it.
func (a *App) Close() error {
	a.client.Close()
	a.sql.Close()
	return a.db.Close()
}
