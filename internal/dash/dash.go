// Package dash serves the pages of the server to a browser: for now the start
// page, which leads to the API; later the dashboard, built from web/.
//
// It serves files and nothing else. It is mounted by app.
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
	r.Get("/", func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
		http.ServeFileFS(w, req, dist, "dist/index.html")
	})
}
