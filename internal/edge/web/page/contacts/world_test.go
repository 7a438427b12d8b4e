package contacts

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/page/figure"
	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/listen/event"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/health"
	"kolo/internal/understand/label"
	"kolo/internal/understand/theme"
)

const password = "correct horse battery"

// world is a workspace with its pages.
type world struct {
	*testing.T
	db       *store.DB
	clock    *clock.Fake
	identity *identity.Service
	contacts *contact.Service
	feedback *feedback.Service
	events   *event.Service
	site     *web.Site
	ws       identity.WorkspaceID
	owner    identity.Actor
}

// each runs a test on both stores.
func each(t *testing.T, test func(w *world)) {
	t.Helper()
	for name, open := range map[string]func(testing.TB, clock.Clock) *store.DB{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := clock.NewFake(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
			test(newWorld(t, open(t, now), now))
		})
	}
}

func newWorld(t *testing.T, db *store.DB, now *clock.Fake) *world {
	w := &world{T: t, db: db, clock: now, contacts: contact.NewService(db), feedback: feedback.NewService(db), events: event.NewService(db),
		identity: identity.NewService(db, identity.Options{Cost: identity.Cost{MemoryKiB: 64, Passes: 1}})}
	t.Cleanup(w.feedback.Close)
	t.Cleanup(w.events.Close)
	w.contacts.OnMerge(feedback.Merged)
	w.contacts.OnErase(feedback.Erased)
	w.contacts.OnMerge(event.Merged)
	w.contacts.OnErase(event.Erased)
	var err error
	w.site, err = web.New(web.Options{Identity: w.identity, Clock: now, Log: slog.New(slog.DiscardHandler)})
	w.must(err)
	words := figure.Words{Contacts: w.contacts, Labels: label.NewService(db, w.feedback, nil, slog.New(slog.DiscardHandler)), Themes: theme.NewService(db)}
	(&Pages{Contacts: w.contacts, Feedback: w.feedback, Events: w.events, Health: health.NewService(db, w.contacts, w.events), Words: words}).Register(w.site)
	w.ws, w.owner = w.workspace("one")
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) workspace(name string) (identity.WorkspaceID, identity.Actor) {
	w.Helper()
	ws, m, err := w.identity.CreateWorkspace(w.Context(), identity.NewWorkspace{Name: name, Country: "IL", Currency: "EUR",
		Owner: identity.NewOwner{Name: "Owner", Email: "owner@" + name + ".example.com", Password: password}})
	w.must(err)
	return ws.ID, identity.Actor{Workspace: ws.ID, Person: m.Person, Member: m.ID, Role: identity.Owner}
}

// as signs somebody of a role in.
func (w *world) as(role identity.Role) browser {
	w.Helper()
	email := "owner@one.example.com"
	if role != identity.Owner {
		email = string(role) + "@one.example.com"
		_, token, err := w.identity.Invite(w.Context(), w.ws, w.owner, identity.NewInvite{Email: email, Role: role})
		w.must(err)
		_, err = w.identity.AcceptInvite(w.Context(), token, "Member", password)
		w.must(err)
	}
	return w.signIn(email)
}

func (w *world) signIn(email string) browser {
	w.Helper()
	token, err := w.identity.SignIn(w.Context(), email, password, "127.0.0.1", "test")
	w.must(err)
	return browser{w, token, map[string]string{}}
}

func (w *world) add(ref contact.Ref) contact.ID {
	w.Helper()
	ids, err := w.contacts.Upsert(w.Context(), w.ws, w.owner, []contact.Ref{ref})
	w.must(err)
	return ids[0]
}

func (w *world) get(id contact.ID) contact.Contact {
	w.Helper()
	c, err := w.contacts.Get(w.Context(), w.ws, w.owner, id)
	w.must(err)
	return c
}

// browser is a member at work.
type browser struct {
	*world
	token   string
	cookies map[string]string // that the pages set: what a page says after a redirect
}

func (b browser) send(method, path string, form url.Values) page {
	b.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	r.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: b.token})
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	rec := httptest.NewRecorder()
	b.site.ServeHTTP(rec, r)
	for _, c := range rec.Result().Cookies() {
		if b.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	p := page{b: b, what: method + " " + path, code: rec.Code, to: rec.Header().Get("Location"), body: rec.Body.String()}
	doc, err := html.Parse(strings.NewReader(p.body))
	b.must(err)
	p.doc = doc
	return p
}

// open asks for a page that must be there.
func (b browser) open(path string) page {
	b.Helper()
	p := b.send(http.MethodGet, path, nil)
	p.is(http.StatusOK)
	return p
}

func (b browser) post(path string, form url.Values) page {
	b.Helper()
	return b.send(http.MethodPost, path, form)
}

// done posts what must succeed, and follows.
func (b browser) done(path string, form url.Values) page {
	b.Helper()
	p := b.post(path, form)
	p.is(http.StatusSeeOther)
	return b.open(p.to)
}

// page is an answer.
type page struct {
	b        browser
	what     string
	code     int
	to, body string
	doc      *html.Node
}

func (p page) is(code int) {
	p.b.Helper()
	if p.code != code {
		p.b.Fatalf("%s: %d instead of %d, to %q: %s", p.what, p.code, code, p.to, p.text("main"))
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// all gives the elements of a name, or of a class (".k-chip").
func (p page) all(selector string) (list []*html.Node) {
	for n := range p.doc.Descendants() {
		class, byClass := strings.CutPrefix(selector, ".")
		if n.Type == html.ElementNode && (!byClass && n.Data == selector || byClass && strings.Contains(" "+attr(n, "class")+" ", " "+class+" ")) {
			list = append(list, n)
		}
	}
	return list
}

// said is an element's text on one line.
func said(n *html.Node) string {
	var b strings.Builder
	for x := range n.Descendants() {
		if x.Type == html.TextNode && x.Parent.Data != "option" {
			b.WriteString(x.Data)
			if next := x.NextSibling; next == nil || next.Data != "wbr" { // which breaks no word
				b.WriteString(" ")
			}
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func (p page) text(selector string) string {
	var all []string
	for _, n := range p.all(selector) {
		all = append(all, said(n))
	}
	return strings.Join(all, " | ")
}

// texts are those of all elements of a selector.
func (p page) texts(selector string) (list []string) {
	for _, n := range p.all(selector) {
		list = append(list, said(n))
	}
	return list
}

func (p page) says(words ...string) {
	p.b.Helper()
	text := p.text("body")
	for _, w := range words {
		if !strings.Contains(text, w) {
			p.b.Errorf("%s does not say %q: %s", p.what, w, p.text("main"))
		}
	}
}

func (p page) silent(words ...string) {
	p.b.Helper()
	for _, w := range words {
		if strings.Contains(p.body, w) {
			p.b.Errorf("%s says %q", p.what, w)
		}
	}
}

// link is the address of the link whose text holds words.
func (p page) link(words string) string {
	p.b.Helper()
	for _, a := range p.all("a") {
		if strings.Contains(said(a), words) {
			return attr(a, "href")
		}
	}
	p.b.Fatalf("%s has no link %q", p.what, words)
	return ""
}

func (p page) hasLink(href string) bool {
	for _, a := range p.all("a") {
		if attr(a, "href") == href {
			return true
		}
	}
	return false
}

// form gives what a browser would send of the form that is posted to an address, or that has a class (".k-in-list").
func (p page) form(which string) url.Values {
	p.b.Helper()
	for _, f := range p.all("form") {
		if !strings.Contains(" "+attr(f, "class")+" ", " "+strings.TrimPrefix(which, ".")+" ") && (attr(f, "action") != which || attr(f, "method") != "post") {
			continue
		}
		v := url.Values{}
		for n := range f.Descendants() {
			name := attr(n, "name")
			switch {
			case n.Type != html.ElementNode || name == "" || has(n, "disabled"):
			case n.Data == "input" && attr(n, "type") != "submit":
				v.Add(name, attr(n, "value"))
			case n.Data == "select":
				v.Add(name, chosen(n))
			}
		}
		return v
	}
	p.b.Fatalf("%s has no form %s", p.what, which)
	return nil
}

// chosen is the option that a browser shows: the one that is selected, or else the first.
func chosen(n *html.Node) string {
	first, some := "", false
	for o := range n.Descendants() {
		if o.Data != "option" {
			continue
		}
		if has(o, "selected") {
			return attr(o, "value")
		}
		if !some {
			first, some = attr(o, "value"), true
		}
	}
	return first
}

// filled is a form with some of its fields changed.
func filled(v url.Values, fields ...string) url.Values {
	for i := 0; i < len(fields); i += 2 {
		v.Set(fields[i], fields[i+1])
	}
	return v
}

// names are the contacts of a list.
func (p page) names() (list []string) {
	for _, th := range p.all(".k-person") {
		for n := range th.Descendants() {
			if n.Data == "a" {
				list = append(list, said(n))
			}
		}
	}
	return list
}
