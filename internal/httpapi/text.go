package httpapi

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/go-chi/chi/v5"

	"callwright"
	"callwright/internal/control"
	"callwright/internal/skill/sms"
)

func (a *API) textRoutes() {
	type (
		one    = callwright.OptOut
		create struct{ JSONBody }
		list   struct {
			Paging
			Number string `query:"number" maxLength:"20" doc:"Only of this number (E.164; write + as %2B)"`
		}
		path struct {
			ID string `path:"id" doc:"Id of the opt-out"`
		}
	)
	const all = "/sms/opt-outs"
	takes(a, register(a, operation{method: post, path: all, id: "createOptOut", once: true, tag: "SMS", scope: callwright.NumbersWrite, status: 201,
		fails: codes{callwright.CodeDuplicateName}, gives: exampleOptOut(), summary: "Turn text messages to a number off", doc: "For somebody who asked another way than by writing STOP."},
		func(ctx context.Context, actor callwright.Actor, in *create) (*answer[one], error) {
			body, problems, err := read[control.OptOutSpec](a, ctx, in.RawBody)
			if err != nil {
				return nil, err
			}
			return answered(a.Control.CreateOptOut(ctx, actor, body, problems))
		}), exampleOptOutSpec(), true)
	register(a, operation{method: get, path: all, id: "listOptOuts", tag: "SMS", scope: callwright.NumbersRead,
		gives: exampleOptOut(), summary: "List the numbers that get no text messages", doc: "Newest first."},
		func(ctx context.Context, actor callwright.Actor, in *list) (*page[one], error) {
			return paged(a.Control.ListOptOuts(ctx, actor, in.Number, in.page()))
		})
	register(a, operation{method: remove, path: all + "/{id}", id: "deleteOptOut", tag: "SMS", scope: callwright.NumbersWrite,
		summary: "Turn text messages to a number on again", doc: "Only when its owner asked for it. The provider may go on refusing until START is written from it."},
		func(ctx context.Context, actor callwright.Actor, in *path) (*deleted, error) {
			return gone(a.Control.DeleteOptOut(ctx, actor, callwright.OptOutID(in.ID)))
		})
}

// maxForm is far above what a provider sends, far below a nuisance.
const maxForm = 64 << 10

// providerRoutes take what the provider of text messages sends. It holds no key: each
// request is signed. They are no part of the API's document.
func (a *API) providerRoutes(router chi.Router) {
	router.Post("/sms/{organizationId}/inbound", a.provided(func(r *http.Request, p control.ProviderRequest) (string, error) {
		return a.Control.TextArrived(r.Context(), p)
	}))
	router.Post("/sms/{organizationId}/status", a.provided(func(r *http.Request, p control.ProviderRequest) (string, error) {
		return "", a.Control.TextReported(r.Context(), p, callwright.RunID(r.URL.Query().Get("run")))
	}))
}

// provided reads a form and answers in TwiML.
func (a *API) provided(take func(*http.Request, control.ProviderRequest) (reply string, err error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		form, err := readForm(w, r)
		reply := ""
		if err == nil {
			reply, err = take(r, control.ProviderRequest{Org: callwright.OrgID(chi.URLParam(r, "organizationId")), URL: a.PublicURL() + r.URL.RequestURI(),
				Signature: r.Header.Get("X-Twilio-Signature"), Form: form})
		}
		if err != nil {
			a.writeError(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		_, _ = w.Write(sms.TwiML(reply)) // the provider has gone
	}
}

func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, callwright.Errorf(callwright.CodeMalformedBody, "The body must be application/x-www-form-urlencoded.")
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(10 * time.Second)) // every server's connection has one
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, callwright.Errorf(callwright.CodeBodyTooLarge, "The body is larger than 64 KiB.")
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, callwright.Errorf(callwright.CodeRequestTimeout, "The body did not arrive within 10 seconds.")
	}
	if err != nil {
		return nil, callwright.Errorf(callwright.CodeMalformedBody, "The body cannot be read.")
	}
	form, err := url.ParseQuery(string(raw))
	if err != nil {
		return nil, callwright.Errorf(callwright.CodeMalformedBody, "The body is no valid form.")
	}
	return form, nil
}
