// Gallery serves every view with canned data, for those who look at them: go run ./internal/edge/web/gallery. The
// address takes ?language= and ?theme= as well as what the menus choose.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"time"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/sample"
	"kolo/internal/foundation/i18n"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8099", "where to serve")
	flag.Parse()
	assets, err := web.Built()
	if err != nil {
		log.Fatal(err)
	}
	words := i18n.Load()
	mux := http.NewServeMux()
	mux.Handle("GET /assets/", web.Assets(web.Dist()))
	mux.Handle("POST /preferences", web.Preferences(words))
	for _, v := range sample.Pages() {
		mux.HandleFunc("GET /"+v.Name, func(w http.ResponseWriter, r *http.Request) {
			l := web.Language(words, r, "")
			if tag := r.FormValue("language"); tag != "" {
				l = words.Language(tag)
			}
			sh := sample.Shell(words, l, assets)
			sh.Path, sh.Theme = r.URL.Path, web.Theme(r)
			if t := r.FormValue("theme"); t != "" {
				sh.Theme = t
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			if err := v.Render(sh).Render(r.Context(), w); err != nil {
				log.Print(err)
			}
		})
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		for _, v := range sample.Pages() {
			fmt.Fprintf(w, "<p><a href=/%[1]s>%[1]s</a>", v.Name)
		}
	})
	log.Printf("http://%s", *listen)
	srv := &http.Server{Addr: *listen, Handler: web.Secure(mux), ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(srv.ListenAndServe())
}
