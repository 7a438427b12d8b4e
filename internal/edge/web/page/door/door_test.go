package door_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/page/door"
	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/people/identity"
)

const password = "correct horse battery"

// house is an empty instance with its door.
type house struct {
	*testing.T
	*identity.Service
	site  *web.Site
	clock *clock.Fake
}

func each(t *testing.T, test func(h *house)) {
	t.Helper()
	for name, open := range map[string]func(testing.TB, clock.Clock) *store.DB{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := clock.NewFake(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
			s := identity.NewService(open(t, c), identity.Options{Cost: identity.Cost{MemoryKiB: 64, Passes: 1}})
			site, err := web.New(web.Options{Identity: s, Clock: c, Log: slog.New(slog.DiscardHandler), Secure: true})
			if err != nil {
				t.Fatal(err)
			}
			demo := func(ctx context.Context, language string) (string, string, error) {
				_, _, err := s.CreateWorkspace(ctx, identity.NewWorkspace{Name: "Lirona", Language: language, Demo: true, IfEmpty: true,
					Owner: identity.NewOwner{Name: "Demo", Email: "demo@example.com", Password: password}})
				return "demo@example.com", password, err
			}
			(&door.Pages{Identity: s, Demo: demo}).Register(site)
			site.Page("GET /{$}", "", func(q *web.Request) error {
				_, err := q.W.Write([]byte("home of " + q.Workspace.Name))
				return err
			})
			test(&house{t, s, site, c})
		})
	}
}

// ask sends name and value by turns, or nothing for a GET; the token is a session's.
func (h *house) ask(token, path string, values ...string) *httptest.ResponseRecorder {
	h.Helper()
	method, form := http.MethodGet, url.Values{}
	for i := 0; i+1 < len(values); i += 2 {
		method = http.MethodPost
		form.Add(values[i], values[i+1])
	}
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept-Language", "ru")
	if token != "" {
		r.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: token})
	}
	w := httptest.NewRecorder()
	h.site.ServeHTTP(w, r)
	return w
}

func (h *house) want(w *httptest.ResponseRecorder, status int, texts ...string) *httptest.ResponseRecorder {
	h.Helper()
	if w.Code != status {
		h.Fatalf("status %d %s, want %d: %s", w.Code, w.Header().Get("Location"), status, w.Body)
	}
	for _, text := range texts {
		if !strings.Contains(w.Body.String(), text) {
			h.Errorf("no %q in %s", text, w.Body)
		}
	}
	return w
}

func (h *house) leads(w *httptest.ResponseRecorder, to string) *httptest.ResponseRecorder {
	h.Helper()
	h.want(w, http.StatusSeeOther)
	if got := w.Header().Get("Location"); got != to {
		h.Fatalf("leads to %s, want %s", got, to)
	}
	return w
}

// session is the cookie that an answer sets.
func (h *house) session(w *httptest.ResponseRecorder) string {
	h.Helper()
	for _, c := range w.Result().Cookies() {
		if c.Name == web.SessionCookie {
			if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" {
				h.Errorf("the session's cookie is %v", c)
			}
			return c.Value
		}
	}
	h.Fatal("no session")
	return ""
}

func TestSetUp(t *testing.T) {
	t.Parallel()
	each(t, func(h *house) {
		h.leads(h.ask("", "/sign-in"), "/set-up")
		h.want(h.ask("", "/set-up"), http.StatusOK, `<option value="Europe/Moscow" selected`, `<option value="ru" selected`)
		refused := h.want(h.ask("", "/set-up", "workspace", " ", "name", "Дана", "email", "dana", "password", "short", "zone", "Asia/Tokyo", "language", "fa"),
			http.StatusUnprocessableEntity, `value="Дана"`, `value="dana"`, `<option value="Asia/Tokyo" selected`, `<option value="fa" selected`,
			`id="f-workspace-error"`, `id="f-email-error"`, `id="f-password-error"`)
		for _, bad := range []string{"short", `<option value="ru" selected`, `<option value="Europe/Moscow" selected`} {
			if strings.Contains(refused.Body.String(), bad) {
				h.Errorf("%q is in the form again", bad)
			}
		}
		token := h.session(h.leads(h.ask("", "/set-up", "workspace", "Lumen", "name", "Dana", "email", "dana@example.com", "password", password, "zone", "Asia/Jerusalem", "language", "he"), "/"))
		h.want(h.ask(token, "/"), http.StatusOK, "home of Lumen")
		actor, err := h.Session(h.Context(), token)
		if err != nil {
			h.Fatal(err)
		}
		w, err := h.Workspace(h.Context(), actor.Workspace)
		if err != nil || w.Country != "IL" || w.Currency != "ILS" || w.WeekStart != identity.Sunday || w.Language != "he" {
			h.Errorf("%+v, %v", w, err)
		}
		for _, path := range []string{"/set-up", "/set-up/demo"} {
			h.leads(h.ask("", path, "workspace", "Second", "name", "Eve", "email", "eve@example.com", "password", password), "/sign-in")
		}
		if all, err := h.Workspaces(h.Context()); err != nil || len(all) != 1 {
			h.Errorf("%d workspaces, %v", len(all), err)
		}
	})
}

func TestDemo(t *testing.T) {
	t.Parallel()
	each(t, func(h *house) {
		w := h.want(h.ask("", "/set-up/demo", "language", "ru"), http.StatusOK, "demo@example.com", password)
		h.want(h.ask(h.session(w), "/"), http.StatusOK, "home of Lirona")
	})
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	each(t, func(h *house) {
		h.session(h.ask("", "/set-up", "workspace", "Lumen", "name", "Dana", "email", "dana@example.com", "password", password, "zone", "UTC", "language", "ru"))
		try := func(password, next string) *httptest.ResponseRecorder {
			return h.ask("", "/sign-in", "email", "Dana@Example.com ", "password", password, "next", next)
		}
		h.want(h.ask("", "/sign-in?next=//evil.example/x"), http.StatusOK, `name="next" value="/"`)
		h.want(h.ask("", "/sign-in?next=/feedback?q=a%26b"), http.StatusOK, `name="next" value="/feedback?q=a`)
		h.want(try("wrong", "/"), http.StatusUnauthorized, "Неверный", `value="Dana@Example.com `)
		h.leads(try(password, "https://evil.example/"), "/")
		token := h.session(h.leads(try(password, "/feedback?q=1"), "/feedback?q=1"))
		h.leads(h.ask(token, "/sign-in?next=/explore"), "/explore") // signed in already
		for range 10 {
			h.want(try("wrong", "/"), http.StatusUnauthorized)
		}
		w := h.want(try(password, "/"), http.StatusTooManyRequests, "Подождите 15 минут")
		if w.Header().Get("Retry-After") != "900" {
			h.Errorf("Retry-After: %s", w.Header().Get("Retry-After"))
		}
		h.clock.Advance(14*time.Minute + time.Second)
		h.want(try(password, "/"), http.StatusTooManyRequests, "Подождите 1 минуту")
		h.clock.Advance(time.Minute)
		h.leads(try(password, "/"), "/")

		h.leads(h.ask(token, "/sign-out", "x", ""), "/sign-in")
		h.leads(h.ask(token, "/"), "/sign-in")
		h.leads(h.ask("made up", "/password"), "/sign-in?next=%2Fpassword")
	})
}

// TestSwitch: a person goes from one of their workspaces to another, and to no other.
func TestSwitch(t *testing.T) {
	t.Parallel()
	each(t, func(h *house) {
		token := h.session(h.ask("", "/set-up", "workspace", "One", "name", "Dana", "email", "dana@example.com", "password", password, "zone", "UTC", "language", "en"))
		actor, err := h.Session(h.Context(), token)
		if err != nil {
			h.Fatal(err)
		}
		two, _, err := h.CreateWorkspace(h.Context(), identity.NewWorkspace{Name: "Two", Owner: identity.NewOwner{Person: actor.Person}})
		if err != nil {
			h.Fatal(err)
		}
		three, _, err := h.CreateWorkspace(h.Context(), identity.NewWorkspace{Name: "Three", Owner: identity.NewOwner{Name: "Eve", Email: "eve@example.com", Password: password}})
		if err != nil {
			h.Fatal(err)
		}
		h.leads(h.ask(token, "/workspace", "workspace", string(two.ID)), "/")
		h.want(h.ask(token, "/"), http.StatusOK, "home of Two")
		h.want(h.ask(token, "/workspace", "workspace", string(three.ID)), http.StatusForbidden)
		h.want(h.ask(token, "/"), http.StatusOK, "home of Two")
	})
}
