package settings_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"kolo/internal/deliver"
	"kolo/internal/edge/web"
	"kolo/internal/edge/web/page/door"
	"kolo/internal/edge/web/page/settings"
	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/column"
	"kolo/internal/foundation/column/duck"
	"kolo/internal/foundation/mail"
	"kolo/internal/foundation/mail/mailtest"
	"kolo/internal/foundation/outbound"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/foundation/webhook"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/population"
)

var quiet = slog.New(slog.DiscardHandler)

const password = "correct horse battery"

// world is the pages of the settings and the door on a fresh store.
type world struct {
	*testing.T
	*identity.Service
	site     *web.Site
	contacts *contact.Service
	feedback *feedback.Service
	deliver  *deliver.Service
	mails    *mailtest.Server
	db       *store.DB
	clock    *clock.Fake
	insight  *insight.Service

	population *population.Service
}

func each(t *testing.T, test func(w *world)) {
	t.Helper()
	for name, open := range map[string]func(testing.TB, clock.Clock) *store.DB{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := clock.NewFake(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
			db := open(t, c)
			w := &world{T: t, Service: identity.NewService(db, identity.Options{Cost: identity.Cost{MemoryKiB: 64, Passes: 1}}),
				contacts: contact.NewService(db), feedback: feedback.NewService(db), clock: c}
			t.Cleanup(w.feedback.Close)
			w.mails, w.db = &mailtest.Server{}, db
			w.mails.Start(t)
			post, err := mail.New(mail.Options{URL: w.mails.URL(), From: "kolo@example.org"})
			w.must(err)
			columns, err := duck.Open(t.Context(), "", column.Options{})
			w.must(err)
			t.Cleanup(func() { _ = columns.Close() })
			w.must(columns.Ensure(t.Context(), insight.Tables()...))
			w.insight, w.population = insight.NewService(db, columns, w.feedback), population.NewService(db)
			w.serve(post)
			test(w)
		})
	}
}

// serve builds the pages with a mail server, or with nil without one.
func (w *world) serve(post *mail.Client) {
	w.Helper()
	w.deliver = deliver.NewService(w.db, deliver.Options{Mail: post, Base: "https://kolo.example", Hooks: webhook.New(webhook.Options{Guard: outbound.Guard{Allow: netip.Addr.IsLoopback}, Plain: true})})
	site, err := web.New(web.Options{Identity: w.Service, Clock: w.clock, Log: slog.New(slog.DiscardHandler)})
	w.must(err)
	(&door.Pages{Identity: w.Service}).Register(site)
	(&settings.Pages{Identity: w.Service, Contacts: w.contacts, Feedback: w.feedback, Deliver: w.deliver, Population: w.population, Insight: w.insight, Base: "https://kolo.example"}).Register(site)
	w.site = site
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// browser is somebody who is signed in, or nobody with an empty token.
type browser struct {
	*world
	token string
	actor identity.Actor
}

// workspace makes one, and gives its owner's browser.
func (w *world) workspace(name string) *browser {
	w.Helper()
	_, _, err := w.CreateWorkspace(w.Context(), identity.NewWorkspace{Name: name,
		Owner: identity.NewOwner{Name: "Owner of " + name, Email: "owner@" + strings.ToLower(name) + ".example", Password: password}})
	w.must(err)
	return w.signIn("owner@" + strings.ToLower(name) + ".example")
}

func (w *world) signIn(email string) *browser {
	w.Helper()
	token, err := w.SignIn(w.Context(), email, password, "192.0.2.1", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
	w.must(err)
	actor, err := w.Session(w.Context(), token)
	w.must(err)
	return &browser{w, token, actor}
}

// member makes one with a role, and gives their browser.
func (b *browser) member(name, email string, role identity.Role) *browser {
	b.Helper()
	_, invitation, err := b.Invite(b.Context(), b.actor.Workspace, b.actor, identity.NewInvite{Email: email, Role: role})
	b.must(err)
	_, err = b.AcceptInvite(b.Context(), invitation, name, password)
	b.must(err)
	return b.signIn(email)
}

// page is an answer: a form without values is a GET.
type page struct {
	*testing.T
	status   int
	location string
	body     string
	cookies  []*http.Cookie
}

func (b *browser) ask(path string, form url.Values, cookies ...*http.Cookie) page {
	b.Helper()
	method := http.MethodGet
	if form != nil {
		method = http.MethodPost
	}
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if b.token != "" {
		r.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: b.token})
	}
	for _, c := range cookies {
		r.AddCookie(c)
	}
	rec := httptest.NewRecorder()
	b.site.ServeHTTP(rec, r)
	body, err := io.ReadAll(rec.Body)
	b.must(err)
	return page{b.T, rec.Code, rec.Header().Get("Location"), string(body), rec.Result().Cookies()}
}

func (b *browser) get(path string) page { b.Helper(); return b.ask(path, nil) }

// post sends name and value by turns.
func (b *browser) post(path string, values ...string) page {
	b.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(values); i += 2 {
		form.Add(values[i], values[i+1])
	}
	return b.ask(path, form)
}

// is checks the status, and that the page has the texts.
func (p page) is(status int, texts ...string) page {
	p.Helper()
	if p.status != status {
		p.Fatalf("status %d %s, want %d:\n%s", p.status, p.location, status, p.text())
	}
	for _, want := range texts {
		if !strings.Contains(p.text(), want) {
			p.Errorf("no %q in:\n%s", want, p.text())
		}
	}
	return p
}

// goes checks that the answer leads on.
func (p page) goes(to string) page {
	p.Helper()
	if p.is(http.StatusSeeOther); p.location != to {
		p.Fatalf("leads to %s, want %s", p.location, to)
	}
	return p
}

func (p page) lacks(texts ...string) page {
	p.Helper()
	for _, bad := range texts {
		if strings.Contains(p.body, bad) {
			p.Errorf("%q is in the page", bad)
		}
	}
	return p
}

// text is what a reader sees in the middle of the page, in one line, on a wide screen.
func (p page) text() string {
	doc, err := html.Parse(strings.NewReader(p.body))
	if err != nil {
		p.Fatal(err)
	}
	var words []string
	for n := range doc.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "script" && !narrow(n) {
			words = append(words, strings.Fields(n.Data)...)
		}
	}
	return strings.Join(words, " ")
}

// narrow tells whether a text is said on narrow screens alone, where a column of a table is left out.
func narrow(n *html.Node) bool {
	for p := range n.Ancestors() {
		for _, a := range p.Attr {
			if a.Key == "class" && slices.Contains(strings.Fields(a.Val), "k-under") {
				return true
			}
		}
	}
	return false
}

// value is what a field of a form holds.
func (p page) value(name string) string {
	doc, err := html.Parse(strings.NewReader(p.body))
	if err != nil {
		p.Fatal(err)
	}
	attr := func(n *html.Node, key string) (string, bool) {
		for _, a := range n.Attr {
			if a.Key == key {
				return a.Val, true
			}
		}
		return "", false
	}
	for n := range doc.Descendants() {
		if got, _ := attr(n, "name"); n.Type != html.ElementNode || got != name || n.Data == "button" {
			continue
		}
		kind, _ := attr(n, "type")
		_, checked := attr(n, "checked")
		switch value, _ := attr(n, "value"); {
		case n.Data == "select":
			for o := range n.Descendants() {
				if _, on := attr(o, "selected"); on {
					value, _ = attr(o, "value")
					return value
				}
			}
		case kind != "radio" && kind != "checkbox" || checked:
			return value
		}
	}
	return ""
}

var code = regexp.MustCompile(`<code>([^<]+)</code>`)

// secrets are the texts to copy.
func (p page) secrets() []string {
	var out []string
	for _, m := range code.FindAllStringSubmatch(p.body, -1) {
		out = append(out, html.UnescapeString(m[1]))
	}
	return out
}
