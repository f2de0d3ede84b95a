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
	declined[struct{}](a, operation{method: get, path: "/api-keys", id: "listAPIKeys"}, "list")
	declined[struct{}](a, operation{method: post, path: "/api-keys", id: "createAPIKey"}, "create")
	declined[path](a, operation{method: post, path: "/api-keys/{id}/rotate", id: "rotateAPIKey"}, "rotate")
	declined[path](a, operation{method: remove, path: "/api-keys/{id}", id: "revokeAPIKey"}, "revoke")
}

// declined registers an operation that no API key opens, and that names the command
// that does the same. There is nothing to document of its success.
func declined[I any](a *API, op operation, command string) {
	huma.Register(a.huma, huma.Operation{Method: op.method, Path: op.path, OperationID: op.id, Hidden: true, Middlewares: huma.Middlewares{a.authenticate("")}},
		func(ctx context.Context, _ *I) (*struct{}, error) {
			return nil, a.problem(ctx, callwright.Errorf(callwright.CodeDashboardOnly, "Secret keys are not managed through an API key. Use callwright keys %s on the server's machine.", command))
		})
}
