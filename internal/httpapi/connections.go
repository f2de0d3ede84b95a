package httpapi

import (
	"context"

	"callwright"
	"callwright/internal/control"
)

// ConnectionPath is the path's parameter.
type ConnectionPath struct {
	ID string `path:"id" doc:"Id of the connection"`
}

func (a *API) connectionRoutes() {
	type (
		one    = callwright.Connection
		spec   = callwright.ConnectionSpec
		create struct{ JSONBody }
		list   struct{ Paging }
		change struct {
			ConnectionPath
			JSONBody
		}
	)
	const all, each = "/connections", "/connections/{id}"
	id := func(s string) callwright.ConnectionID { return callwright.ConnectionID(s) }
	takes(a, register(a, operation{method: post, path: all, id: "createConnection", once: true, tag: "Connections", scope: callwright.IntegrationsWrite, status: 201,
		fails: codes{callwright.CodeDuplicateName}, gives: exampleConnection(), summary: "Store a connection", doc: "Skills of type db_query name it. Its password is sealed and never answered."},
		func(ctx context.Context, actor callwright.Actor, in *create) (*answer[one], error) {
			body, problems, err := read[spec](a, ctx, in.RawBody)
			if err != nil {
				return nil, err
			}
			return answered(a.Control.CreateConnection(ctx, actor, body, problems))
		}), exampleConnectionSpec(), true)
	register(a, operation{method: get, path: all, id: "listConnections", tag: "Connections", scope: callwright.IntegrationsRead,
		gives: exampleConnection(), summary: "List connections", doc: "Newest first, without passwords."},
		func(ctx context.Context, actor callwright.Actor, in *list) (*page[one], error) {
			return paged(a.Control.ListConnections(ctx, actor, in.page()))
		})
	register(a, operation{method: get, path: each, id: "getConnection", tag: "Connections", scope: callwright.IntegrationsRead,
		gives: exampleConnection(), summary: "Get a connection", doc: "Without its password."},
		func(ctx context.Context, actor callwright.Actor, in *ConnectionPath) (*answer[one], error) {
			return answered(a.Control.Connection(ctx, actor, id(in.ID)))
		})
	takesPatch[spec](a, register(a, operation{method: patch, path: each, id: "updateConnection", tag: "Connections", scope: callwright.IntegrationsWrite,
		fails: codes{callwright.CodeDuplicateName}, gives: exampleConnection(), summary: "Change a connection",
		doc: "Members that are absent stay. A change of host, port, user, sslmode or caPem needs the password again: a stored one goes nowhere else."},
		func(ctx context.Context, actor callwright.Actor, in *change) (*answer[one], error) {
			problems, err := readPatch[spec](a, in.RawBody, "ConnectionPatch")
			if err != nil {
				return nil, err
			}
			return answered(a.Control.PatchConnection(ctx, actor, id(in.ID), in.RawBody, problems))
		}), "ConnectionPatch", map[string]any{"database": "shop_2026"})
	register(a, operation{method: remove, path: each, id: "deleteConnection", tag: "Connections", scope: callwright.IntegrationsWrite,
		summary: "Delete a connection", doc: "Skills that name it fail from now on."},
		func(ctx context.Context, actor callwright.Actor, in *ConnectionPath) (*deleted, error) {
			return gone(a.Control.DeleteConnection(ctx, actor, id(in.ID)))
		})
	register(a, operation{method: post, path: each + "/test", id: "testConnection", tag: "Connections", scope: callwright.IntegrationsWrite,
		gives: exampleConnectionTest(), summary: "Test a connection", doc: "Tries it step by step: reachability and TLS, user, schema, a read, that a session for reads cannot write, latency. Always 200 when the connection exists; ok and the steps say what was found."},
		func(ctx context.Context, actor callwright.Actor, in *ConnectionPath) (*answer[control.ConnectionTest], error) {
			return answered(a.Control.TestConnection(ctx, actor, id(in.ID)))
		})
	takes(a, register(a, operation{method: post, path: all + "/test", id: "tryConnection", tag: "Connections", scope: callwright.IntegrationsWrite,
		gives: exampleConnectionTest(), summary: "Test a connection before it is stored", doc: "As the test of a stored one. Nothing is stored."},
		func(ctx context.Context, actor callwright.Actor, in *create) (*answer[control.ConnectionTest], error) {
			body, problems, err := read[spec](a, ctx, in.RawBody)
			if err != nil {
				return nil, err
			}
			return answered(a.Control.TryConnection(ctx, actor, body, problems))
		}), exampleConnectionSpec(), true)
}
