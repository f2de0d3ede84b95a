package httpapi

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"callwright"
)

// keyRoutes are the operations on secret keys. They are for people alone: no key
// may make, see or end keys, so that one which leaks cannot stay.
func (a *API) keyRoutes() {
	type path struct {
		ID string `path:"id" doc:"Id of the key"`
	}
	declined[struct{}](a, operation{method: get, path: "/api-keys", id: "listAPIKeys", tag: "Keys", summary: "List secret keys"}, "list")
	declined[struct{}](a, operation{method: post, path: "/api-keys", id: "createAPIKey", tag: "Keys", summary: "Make a secret key"}, "create")
	declined[path](a, operation{method: post, path: "/api-keys/{id}/rotate", id: "rotateAPIKey", tag: "Keys", summary: "Give a secret key another text"}, "rotate")
	declined[path](a, operation{method: remove, path: "/api-keys/{id}", id: "revokeAPIKey", tag: "Keys", summary: "Revoke a secret key"}, "revoke")
}

// declined registers an operation that no API key opens, and that names the command
// that does the same. There is nothing to document of its success.
func declined[I any](a *API, op operation, command string) {
	h := huma.Operation{Method: op.method, Path: op.path, OperationID: op.id, Tags: []string{op.tag}, Summary: op.summary,
		Description: "Not through an API key: every one is answered 403 dashboard_only. Use callwright keys " + command + " on the server's machine.",
		Responses:   map[string]*huma.Response{}, Security: []map[string][]string{{"apiKey": {}}}, Middlewares: huma.Middlewares{a.authenticate("")}}
	huma.Register(a.huma, h,
		func(ctx context.Context, _ *I) (*struct{}, error) {
			return nil, a.problem(ctx, callwright.Errorf(callwright.CodeDashboardOnly, "Secret keys are not managed through an API key. Use callwright keys %s on the server's machine.", command))
		})
	clear(h.Responses)
	a.refuses(&h, callwright.CodeUnauthenticated, callwright.CodeDashboardOnly, callwright.CodeRateLimited)
}
