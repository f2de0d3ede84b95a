// Package dash serves the pages of the server to a browser: for now the start page
// and the API reference (Redoc over our own OpenAPI document); later the dashboard,
// built from web/.
//
// It serves files and nothing else, and no page of it loads anything from another
// host. It is mounted by app.
package dash

import (
	"embed"
	"net/http"

	"github.com/go-chi/chi/v5"
)

//go:embed dist
var dist embed.FS

// Mount adds the pages to a router.
func Mount(r chi.Router) {
	r.Get("/", page("dist/index.html", "default-src 'none'; style-src 'unsafe-inline'"))
	// Redoc puts styles inline and searches in a worker that it makes from a blob.
	r.Get("/docs", page("dist/docs.html", "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; worker-src blob:"))
	r.Get("/docs/redoc.standalone.js", page("dist/redoc/redoc.standalone.js", "default-src 'none'"))
}

func page(file, policy string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		http.ServeFileFS(w, r, dist, file)
	}
}
