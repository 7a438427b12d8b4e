package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"kolo/internal/foundation/i18n"
)

// Cookies that hold what a person chose before or without signing in.
const (
	languageCookie = "kolo_language"
	themeCookie    = "kolo_theme"
)

// policy is the content security policy of every page: nothing from elsewhere, no script inside a page, no frame
// around it. Styles may stand in an element because charts place their parts that way.
const policy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; object-src 'none'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// Secure sets the headers that protect every page.
func Secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		next.ServeHTTP(w, r)
	})
}

// Language is the language for a request: what was chosen in this browser, else what the member's profile says (may
// be empty), else what the browser asks for.
func Language(c *i18n.Catalog, r *http.Request, profile string) *i18n.Locale {
	if k, err := r.Cookie(languageCookie); err == nil && k.Value != "" {
		return c.Language(k.Value)
	}
	if profile != "" {
		return c.Language(profile)
	}
	return c.Match(r.Header.Get("Accept-Language"))
}

// Theme is "light", "dark", or "" to follow the system.
func Theme(r *http.Request) string {
	if k, err := r.Cookie(themeCookie); err == nil && (k.Value == "light" || k.Value == "dark") {
		return k.Value
	}
	return ""
}

// Preferences takes what the menus of language and theme post (language, theme, back), remembers it in cookies and
// returns to the page.
func Preferences(c *i18n.Catalog) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
		if tag := r.PostFormValue("language"); tag != "" {
			remember(w, r, languageCookie, c.Language(tag).Tag())
		}
		switch theme := r.PostFormValue("theme"); theme {
		case "light", "dark", "auto":
			remember(w, r, themeCookie, theme)
		}
		http.Redirect(w, r, Local(r.PostFormValue("back")), http.StatusSeeOther)
	})
}

func remember(w http.ResponseWriter, r *http.Request, name, value string) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(365 * 24 * time.Hour / time.Second),
		SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil,
	})
}

// Local keeps an address within this site: its path and query, or "/" when it would lead elsewhere.
func Local(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Opaque != "" || !strings.HasPrefix(u.Path, "/") ||
		strings.HasPrefix(u.Path, "//") || strings.ContainsAny(address, "\\\r\n\t") {
		return "/"
	}
	return u.RequestURI()
}

// ForgetPreferences lets the member's profile decide again on language and appearance, not what was chosen in this browser.
func (q *Request) ForgetPreferences() {
	for _, name := range []string{languageCookie, themeCookie} {
		http.SetCookie(q.W, &http.Cookie{Name: name, Path: "/", MaxAge: -1, SameSite: http.SameSiteLaxMode})
	}
}
