package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5/middleware"

	"callwright"
)

// info is what the front door knows of a request: the one value it keeps in the
// context.
type info struct {
	id    callwright.RequestID
	path  string
	base  string // of links, see Options.PublicURL
	key   string // Idempotency-Key
	actor callwright.Actor
}

type infoKey struct{}

func infoOf(ctx context.Context) *info {
	if in, ok := ctx.Value(infoKey{}).(*info); ok {
		return in
	}
	return &info{}
}

// request gives every request an id, logs it, and turns a panic into an error.
func (a *API) request(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := a.Now()
		in := &info{id: callwright.NewID[callwright.RequestID](start), path: r.URL.Path, base: a.PublicURL(), key: r.Header.Get("Idempotency-Key")}
		r = r.WithContext(context.WithValue(r.Context(), infoKey{}, in))
		w.Header().Set("X-Request-Id", string(in.id))
		w.Header().Set("X-Content-Type-Options", "nosniff")
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				a.Log.ErrorContext(r.Context(), "panic", "request", in.id, "path", in.path, "panic", p, "stack", string(debug.Stack()))
				if ww.Status() == 0 {
					a.writeError(ww, r, callwright.Errorf(callwright.CodeInternal, "Something went wrong on the server."))
				}
			}
			a.Log.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("request", string(in.id)), slog.String("method", r.Method),
				slog.String("path", in.path), slog.Int("status", ww.Status()), slog.Int("bytes", ww.BytesWritten()),
				slog.Float64("took_ms", float64(a.Now().Sub(start).Microseconds())/1000), slog.String("org", string(in.actor.Org)))
		}()
		if strings.ContainsRune(r.URL.Path+r.URL.RawQuery, 0) || strings.Contains(r.URL.RawQuery, "%00") {
			a.writeError(ww, r, callwright.Errorf(callwright.CodeNotFound, "There is nothing at an address with the character U+0000."))
			return
		}
		next.ServeHTTP(ww, r)
	})
}

// authenticate finds out who asks, and whether they may: a key first, then how
// often, then its scope. It runs before anything of the request is read.
func (a *API) authenticate(scope callwright.Scope) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		in := infoOf(ctx.Context())
		scheme, key, _ := strings.Cut(ctx.Header("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") {
			key = ""
		}
		actor, err := a.Control.Authenticate(ctx.Context(), strings.TrimSpace(key))
		if err == nil {
			err = a.limits.take(actor, ctx.SetHeader)
		}
		if err == nil && scope != "" && !actor.Can(scope) {
			err = callwright.Errorf(callwright.CodeMissingScope, "This key does not hold the scope %s, which the operation needs.", scope)
		}
		in.actor = actor
		if err != nil {
			p := a.problem(ctx.Context(), err)
			if p.Status == http.StatusUnauthorized {
				ctx.SetHeader("WWW-Authenticate", `Bearer realm="callwright"`)
			}
			a.writeProblem(ctx, p)
			return
		}
		next(ctx)
	}
}
