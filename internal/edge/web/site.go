package web

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/i18n"
	"kolo/internal/people/identity"
)

// SessionCookie holds a signed-in member's session token.
const SessionCookie = "kolo_session"

// Options are what the pages' frame stands on.
type Options struct {
	Identity *identity.Service
	Clock    clock.Clock
	Log      *slog.Logger
	Secure   bool // cookies over HTTPS alone

	Late    func() bool                                                // whether the columns lack more than they do for a moment; may be nil
	Waiting func(context.Context, identity.WorkspaceID) (int64, error) // how many early warnings wait for somebody; may be nil
}

// Site serves the staff pages. Each part of it is a package under page/ whose Register adds its routes.
type Site struct {
	Options
	Catalog *i18n.Catalog
	assets  ui.Assets
	mux     *http.ServeMux
	routes  []Route
}

// Route is a page that is served: to members with the permission ("" for any member), or to everybody.
type Route struct {
	Pattern    string
	Permission identity.Permission
	Open       bool
}

// Routes lists the pages that were registered.
func (s *Site) Routes() []Route { return s.routes }

// New makes the frame, with the files that browsers load and the preferences; pages are registered next.
func New(o Options) (*Site, error) {
	assets, err := Built()
	if err != nil {
		return nil, fault.Wrap("web.New", err)
	}
	s := &Site{Options: o, Catalog: i18n.Load(), assets: assets, mux: http.NewServeMux()}
	s.mux.Handle("GET /assets/", Assets(Dist()))
	s.mux.Handle("POST /preferences", Preferences(s.Catalog))
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		q := s.request(w, r)
		actor, err := s.session(r)
		if err == nil && q.enter(actor) == nil {
			q.fail(fault.New(fault.NotFound, "web", "there is no such page"))
			return
		}
		q.failBare(fault.New(fault.NotFound, "web", "there is no such page"))
	})
	return s, nil
}

// ServeHTTP serves a page.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { Secure(s.mux).ServeHTTP(w, r) }

// Request is one request for a page: who asks, in what language, and how to answer.
type Request struct {
	*http.Request
	W         http.ResponseWriter
	Site      *Site
	Env       ui.Env
	Actor     identity.Actor
	Person    identity.Person
	Workspace identity.Workspace
	Token     string // of the session

	theirs []identity.Membership
	toasts []ui.Toast
}

// Page serves a pattern ("GET /feedback/{id}") to signed-in members whose role allows permission. An error from fn is
// shown as a page, or as a notice where htmx asked for a part of one.
func (s *Site) Page(pattern string, permission identity.Permission, fn func(*Request) error) {
	s.routes = append(s.routes, Route{Pattern: pattern, Permission: permission})
	s.handle(pattern, func(q *Request) error {
		actor, err := s.session(q.Request)
		if fault.Is(err, fault.Unauthenticated) {
			q.toSignIn()
			return nil
		}
		if err == nil && actor.Workspace == "" {
			return q.outside(actor)
		}
		if err == nil {
			err = q.enter(actor)
		}
		if err != nil {
			return err
		}
		if q.Person.MustChange && q.URL.Path != "/password" && q.URL.Path != "/sign-out" {
			q.Redirect("/password")
			return nil
		}
		if permission != "" {
			if err := actor.Require("web", permission); err != nil {
				return err
			}
		}
		return fn(q)
	})
}

// Open serves a pattern to everybody: what comes before signing in.
func (s *Site) Open(pattern string, fn func(*Request) error) {
	s.routes = append(s.routes, Route{Pattern: pattern, Open: true})
	s.handle(pattern, fn)
}

func (s *Site) handle(pattern string, fn func(*Request) error) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		q := s.request(w, r)
		if err := fn(q); err != nil {
			if q.Actor.Workspace == "" {
				q.failBare(err)
			} else {
				q.fail(err)
			}
		}
	})
}

func (s *Site) request(w http.ResponseWriter, r *http.Request) *Request {
	return &Request{Request: r, W: w, Site: s, Env: ui.Env{Locale: Language(s.Catalog, r, ""), Zone: time.UTC, Now: s.Clock.Now()}}
}

func (s *Site) session(r *http.Request) (identity.Actor, error) {
	c, err := r.Cookie(SessionCookie)
	if err != nil || c.Value == "" {
		return identity.Actor{}, fault.New(fault.Unauthenticated, "web", "sign in")
	}
	return s.Identity.Session(r.Context(), c.Value)
}

// enter takes the member in: language, zone, workspace.
func (q *Request) enter(actor identity.Actor) (err error) {
	ctx := q.Context()
	actor.IP, _, _ = net.SplitHostPort(q.RemoteAddr)
	actor.RequestID = q.Header.Get("X-Request-Id")
	if q.Person, err = q.Site.Identity.Person(ctx, actor.Person); err != nil {
		return err
	}
	if q.Workspace, err = q.Site.Identity.Workspace(ctx, actor.Workspace); err != nil {
		return err
	}
	if q.theirs, err = q.Site.Identity.WorkspacesOf(ctx, actor.Person); err != nil {
		return err
	}
	q.Actor = actor
	if c, err := q.Cookie(SessionCookie); err == nil {
		q.Token = c.Value
	}
	language := q.Person.Language
	if language == "" {
		language = q.Workspace.Language
	}
	q.Env.Locale, q.Env.Zone, q.Env.Export = Language(q.Site.Catalog, q.Request, language), q.Workspace.Location(), actor.May(identity.ExportsRead)
	return nil
}

// outside answers somebody who may no longer enter the workspace of their session: takes them to another of theirs, or
// says that there is none.
func (q *Request) outside(actor identity.Actor) error {
	ctx := q.Context()
	person, err := q.Site.Identity.Person(ctx, actor.Person)
	if err != nil {
		return err
	}
	theirs, err := q.Site.Identity.WorkspacesOf(ctx, actor.Person)
	if err != nil {
		return err
	}
	if len(theirs) > 0 {
		c, err := q.Cookie(SessionCookie)
		if err == nil {
			_, err = q.Site.Identity.SwitchWorkspace(ctx, c.Value, theirs[0].Workspace.ID)
		}
		if err != nil {
			return err
		}
	}
	if len(theirs) > 0 || q.Partial() {
		q.Redirect("/")
		return nil
	}
	q.Env.Locale = Language(q.Site.Catalog, q.Request, person.Language)
	return q.Render(http.StatusForbidden, ui.Outside(q.Shell("", q.Env.T("outside.title")), person.Email))
}

// needs says which permission an entry of the navigation is for; and the menu of exports.
var needs = map[string]identity.Permission{
	"home": identity.InsightsRead, "feedback": identity.FeedbackRead, "explore": identity.InsightsRead, "themes": identity.FeedbackRead, "drivers": identity.InsightsRead, "scan": identity.InsightsRead, "alerts": identity.InsightsRead, "health": identity.ContactsRead, "model": identity.FeedbackRead,
	"contacts": identity.ContactsRead, "import": identity.ImportsWrite, "export": identity.ExportsRead,
}

// Shell is the frame of a page.
func (q *Request) Shell(active, title string) ui.Shell {
	sh := ui.Shell{
		Env: q.Env, Assets: q.Site.assets, Title: title, Active: active, Path: q.URL.RequestURI(), Theme: Theme(q.Request),
		Languages: ui.Languages(q.Site.Catalog), Query: q.URL.Query().Get("q"), Toasts: append(q.flashes(), q.toasts...),
	}
	if sh.Theme == "" {
		sh.Theme = q.Person.Theme
	}
	if q.Actor.Workspace == "" {
		return sh
	}
	sh.Workspace = q.Workspace.Name
	sh.Late = q.Site.Late != nil && q.Site.Late()
	sh.Member = ui.Member{Name: q.Person.Name, Email: q.Person.Email, Role: string(q.Actor.Role)}
	sh.Hide = map[string]bool{}
	for entry, p := range needs {
		sh.Hide[entry] = !q.Actor.May(p)
	}
	if q.Site.Waiting != nil && !sh.Hide["alerts"] {
		n, err := q.Site.Waiting(q.Context(), q.Workspace.ID)
		if err != nil && q.Context().Err() == nil {
			q.Site.Log.ErrorContext(q.Context(), "early warnings cannot be counted", "error", err)
		}
		sh.Badges = map[string]int{"alerts": int(n)}
	}
	for _, m := range q.theirs {
		sh.Workspaces = append(sh.Workspaces, ui.Workspace{ID: string(m.Workspace.ID), Name: m.Workspace.Name, Current: m.Workspace.ID == q.Workspace.ID})
	}
	return sh
}

// Render answers with a component.
func (q *Request) Render(status int, c templ.Component) error {
	q.W.Header().Set("Content-Type", "text/html; charset=utf-8")
	q.W.WriteHeader(status)
	if err := c.Render(q.Context(), q.W); err != nil && q.Context().Err() == nil {
		q.Site.Log.ErrorContext(q.Context(), "a page broke off", "path", q.URL.Path, "error", err)
	}
	return nil
}

// Partial tells whether htmx asks for a part of a page. What it asks for because somebody went back is a whole one.
func (q *Request) Partial() bool {
	return q.Header.Get("HX-Request") == "true" && q.Header.Get("HX-Boosted") != "true" && q.Header.Get("HX-History-Restore-Request") != "true"
}

// Redirect sends the browser to another page of this site.
func (q *Request) Redirect(path string) {
	path = Local(path)
	if q.Partial() {
		q.W.Header().Set("HX-Redirect", path)
		q.W.WriteHeader(http.StatusNoContent)
		return
	}
	http.Redirect(q.W, q.Request, path, http.StatusSeeOther)
}

func (q *Request) toSignIn() {
	if q.Method == http.MethodGet && !q.Partial() && q.URL.Path != "/" {
		q.Redirect("/sign-in?next=" + url.QueryEscape(q.URL.RequestURI()))
		return
	}
	q.Redirect("/sign-in")
}

// fail shows an error inside the frame; failBare without it. An internal error is logged, and shown by its request's id.
func (q *Request) fail(err error)     { q.showError(err, false) }
func (q *Request) failBare(err error) { q.showError(err, true) }

func (q *Request) showError(err error, bare bool) {
	p := fault.ProblemOf(err)
	if p.Status >= 500 && q.Context().Err() == nil {
		q.Site.Log.ErrorContext(q.Context(), "a page failed", "path", q.URL.Path, "error", err)
	}
	if q.Partial() {
		q.W.Header().Set("HX-Reswap", "none")
		_ = q.Render(p.Status, ui.ToastSwap(q.Env, ui.Toast{Tone: "bad", Text: q.Sentence(err)}))
		return
	}
	title := "error." + p.Code + ".title"
	if !q.Env.Has(title) {
		title = "error.internal.title"
	}
	sh := q.Shell("", q.Env.T(title))
	if bare {
		sh.Workspace = ""
	}
	v := ui.ErrorView{Status: p.Status, Code: p.Code, RequestID: q.Header.Get("X-Request-Id")}
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Conflict, fault.TooLarge, fault.Busy: // the page of the others says it all
		v.Detail = q.Sentence(err)
	}
	_ = q.Render(p.Status, ui.Error(sh, v))
}

// Sentence is an error in words for the reader: what is wrong and where.
func (q *Request) Sentence(err error) string {
	text, _ := ui.Refuse(q.Env, nil, err)
	return text
}

// Toast adds a message to the page that is about to be shown.
func (q *Request) Toast(tone, text string) {
	q.toasts = append(q.toasts, ui.Toast{Tone: tone, Text: text})
}

const flashCookie = "kolo_flash"

// Flash keeps a message for the page that a redirect leads to. key is a message's key, so that nobody can put words of
// their own on a page.
func (q *Request) Flash(tone, key string) {
	http.SetCookie(q.W, &http.Cookie{Name: flashCookie, Value: tone + ":" + key, Path: "/", MaxAge: 60, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: q.Site.Secure})
}

func (q *Request) flashes() []ui.Toast {
	c, err := q.Cookie(flashCookie)
	if err != nil || c.Value == "" {
		return nil
	}
	http.SetCookie(q.W, &http.Cookie{Name: flashCookie, Path: "/", MaxAge: -1})
	tone, key, ok := strings.Cut(c.Value, ":")
	if !ok || !q.Env.Has(key) {
		return nil
	}
	return []ui.Toast{{Tone: tone, Text: q.Env.T(key)}}
}

// SetSession signs the browser in, or out with an empty token.
func (q *Request) SetSession(token string) {
	age := int(30 * 24 * time.Hour / time.Second)
	if token == "" {
		age = -1
	}
	http.SetCookie(q.W, &http.Cookie{Name: SessionCookie, Value: token, Path: "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: q.Site.Secure})
}

// Context is the request's context.
func (q *Request) Context() context.Context { return q.Request.Context() }
