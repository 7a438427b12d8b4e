// Package web serves the staff pages: HTML rendered on the server, in the member's language.
package web

import (
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"kolo/internal/edge/web/ui"
)

// dist is what `npm run build` in web/ makes. Only .keep is committed, so the program compiles before a build.
//
//go:embed all:dist
var dist embed.FS

// Dist is the folder of built files.
func Dist() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("web: " + err.Error()) // the folder is embedded above
	}
	return sub
}

// Built are the names of the built files, for Shell.Assets.
func Built() (ui.Assets, error) { return ui.ReadAssets(Dist()) }

// Assets serves /assets/: names carry a hash of their content, so browsers keep the files for ever; texts go out as
// they were compressed by the build.
func Assets(files fs.FS) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/assets/")
		if name == "manifest.json" || strings.HasPrefix(name, ".") || strings.Contains(name, "/") {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Vary", "Accept-Encoding")
		send := name
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			if _, err := fs.Stat(files, name+".gz"); err == nil {
				send = name + ".gz"
				h.Set("Content-Encoding", "gzip")
			}
		}
		b, err := fs.ReadFile(files, send)
		if err != nil {
			h.Del("Content-Encoding")
			http.Error(w, "This file is not part of the build; run `npm ci && npm run build` in web/.", http.StatusNotFound)
			return
		}
		h.Set("Content-Type", contentType(name))
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(b) // a client that went away is no fault of ours
	})
}

// contentType does not ask the machine's tables for what we ship ourselves: they differ between systems.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}
