package app

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"kolo/internal/deliver"
	"kolo/internal/edge/web"
	"kolo/internal/foundation/config"
	"kolo/internal/foundation/id"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
)

const password = "correct horse battery"

// instance is the whole of Kolo on the embedded set-up, without a network.
type instance struct {
	*testing.T
	*App
}

// open starts the program with settings beside the usual ones.
func open(t *testing.T, settings ...string) *instance {
	t.Helper()
	cfg, _, err := config.Load(append([]string{"KOLO_DATA=" + t.TempDir(), "KOLO_LISTEN=127.0.0.1:0"}, settings...), config.Flags{})
	must(t, err)
	a, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	must(t, err)
	must(t, a.Start(context.WithoutCancel(t.Context())))
	t.Cleanup(func() { must(t, a.Stop()) })
	return &instance{t, a}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// workspace makes one and gives its owner.
func (i *instance) workspace(name string) (identity.WorkspaceID, identity.Actor) {
	i.Helper()
	ws, m, err := i.Identity.CreateWorkspace(i.Context(), identity.NewWorkspace{Name: name, Owner: identity.NewOwner{Name: "Owner", Email: "owner@" + name + ".example.com", Password: password}})
	must(i.T, err)
	return ws.ID, identity.Actor{Workspace: ws.ID, Person: m.Person, Member: m.ID, Role: identity.Owner}
}

func (i *instance) signIn(email string) string {
	i.Helper()
	token, err := i.Identity.SignIn(i.Context(), email, password, "127.0.0.1", "test")
	must(i.T, err)
	return token
}

// browse asks for a page as a browser does.
func (i *instance) browse(token, method, path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	if token != "" {
		r.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: token})
	}
	rec := httptest.NewRecorder()
	i.Handler().ServeHTTP(rec, r)
	return rec
}

var hole = regexp.MustCompile(`\{[a-z_.]+\}`)

// TestEveryPageIsDeniedUntilARoleAllowsIt walks all pages that are registered.
func TestEveryPageIsDeniedUntilARoleAllowsIt(t *testing.T) {
	t.Parallel()
	i := open(t)
	ws, owner := i.workspace("one")
	tokens := map[identity.Role]string{identity.Owner: i.signIn("owner@one.example.com")}
	for _, role := range []identity.Role{identity.Admin, identity.Analyst, identity.Agent, identity.Viewer} {
		email := string(role) + "@one.example.com"
		_, invitation, err := i.Identity.Invite(t.Context(), ws, owner, identity.NewInvite{Email: email, Role: role})
		must(t, err)
		_, err = i.Identity.AcceptInvite(t.Context(), invitation, "Member", password)
		must(t, err)
		tokens[role] = i.signIn(email)
	}
	open, denied := 0, 0
	for _, route := range i.site.Routes() {
		method, path, ok := strings.Cut(route.Pattern, " ")
		if !ok {
			t.Errorf("%s takes any method", route.Pattern)
			continue
		}
		path = strings.TrimSuffix(hole.ReplaceAllString(path, id.New(i.Store.Clock().Now())), "{$}")
		if route.Open {
			open++
			continue
		}
		rec := i.browse("", method, path, nil)
		if to := rec.Header().Get("Location"); rec.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/sign-in") {
			t.Errorf("%s without a session: %d %s", route.Pattern, rec.Code, to)
		}
		if rec := i.browse("made-up", method, path, nil); rec.Code != http.StatusSeeOther {
			t.Errorf("%s with a session that is none: %d", route.Pattern, rec.Code)
		}
		for role, token := range tokens {
			if route.Permission == "" || role.May(route.Permission) {
				continue
			}
			denied++
			if rec := i.browse(token, method, path, nil); rec.Code != http.StatusForbidden {
				t.Errorf("%s for %s, who lacks %s: %d", route.Pattern, role, route.Permission, rec.Code)
			}
		}
	}
	if open > 12 || denied < 40 {
		t.Errorf("%d pages are open to everybody, %d refusals were seen", open, denied)
	}
}

// TestPagesOfAnotherWorkspacesThingsDoNotExist asks, as the owner of one workspace, for everything that another has.
func TestPagesOfAnotherWorkspacesThingsDoNotExist(t *testing.T) {
	t.Parallel()
	i := open(t)
	ctx := t.Context()
	i.workspace("one")
	token := i.signIn("owner@one.example.com")
	ws, owner := i.workspace("two")
	const secret = "whisper"
	var ids []string
	add := func(thing string, err error) {
		t.Helper()
		must(t, err)
		ids = append(ids, thing)
	}
	results, err := i.Feedback.Receive(ctx, ws, []feedback.Input{{Text: secret, Contact: &feedback.Who{Email: secret + "@example.com", Name: secret}}})
	must(t, err)
	add(string(results[0].ID), nil)
	c, err := i.Contacts.Create(ctx, ws, owner, contact.Ref{Email: "x@example.com", Name: secret})
	add(string(c.ID), err)
	account, err := i.Contacts.SaveAccount(ctx, ws, owner, contact.Account{Name: secret, External: "x"})
	add(string(account.ID), err)
	segment, err := i.Contacts.SaveSegment(ctx, ws, owner, contact.Segment{Name: secret})
	add(string(segment.ID), err)
	im, err := i.Imports.Upload(ctx, ws, owner, secret+".csv", strings.NewReader("text;nps\n"+secret+";9\n"))
	add(string(im.ID), err)
	team, err := i.Identity.CreateTeam(ctx, ws, owner, secret, "")
	add(string(team.ID), err)
	key, _, err := i.Identity.CreateKey(ctx, ws, owner, identity.NewKey{Name: secret, Scopes: []identity.Permission{identity.FeedbackRead}})
	add(string(key.ID), err)
	invite, _, err := i.Identity.Invite(ctx, ws, owner, identity.NewInvite{Email: "new@example.com", Role: identity.Viewer})
	add(string(invite.ID), err)
	view, err := i.Insight.SaveView(ctx, ws, owner, insight.View{Name: secret, Query: insight.Query{Measure: insight.Count}})
	add(string(view.ID), err)
	added, err := i.Themes.Add(ctx, ws, owner, "", "en", secret, secret)
	add(added.ID, err)
	hook, _, err := i.Deliver.AddWebhook(ctx, ws, owner, deliver.NewWebhook{Name: secret, URL: "https://hooks.example.org/", Events: []string{deliver.AlertOpened}})
	add(string(hook.ID), err)
	sent, err := i.Deliver.TestWebhook(ctx, ws, owner, hook.ID)
	add(string(sent), err)
	ids = append(ids, string(owner.Member))

	before, err := i.Identity.AuditLog(ctx, ws, owner, identity.AuditQuery{Limit: 500})
	must(t, err)
	asked := 0
	for _, route := range i.site.Routes() {
		if route.Open {
			continue
		}
		method, path, _ := strings.Cut(route.Pattern, " ")
		path = strings.TrimSuffix(path, "{$}")
		if !strings.Contains(path, "{id}") {
			if method == http.MethodGet {
				if rec := i.browse(token, method, path, nil); strings.Contains(rec.Body.String(), secret) {
					t.Errorf("%s shows another workspace's things", route.Pattern)
				}
			}
			continue
		}
		for _, thing := range ids {
			asked++
			form := url.Values{"name": {"changed"}, "role": {"viewer"}, "state": {"removed"}, "confirm": {secret}, "into": {thing}, "email": {"z@example.com"}}
			rec := i.browse(token, method, strings.ReplaceAll(path, "{id}", thing), form)
			// A form may be refused for what it says before anything is looked for.
			if rec.Code != http.StatusNotFound && rec.Code != http.StatusUnprocessableEntity || strings.Contains(rec.Body.String(), secret) {
				t.Errorf("%s with %s of another workspace: %d", route.Pattern, thing, rec.Code)
			}
		}
	}
	if asked < 100 {
		t.Errorf("only %d were asked for", asked)
	}
	after, err := i.Identity.AuditLog(ctx, ws, owner, identity.AuditQuery{Limit: 500})
	must(t, err)
	if len(after.Entries) != len(before.Entries) {
		t.Errorf("something was done in the other workspace: %+v", after.Entries[0])
	}
}

// TestOtherSitesPagesDoNotAct: a form on another site must not use the session that the browser holds.
func TestOtherSitesPagesDoNotAct(t *testing.T) {
	t.Parallel()
	i := open(t)
	i.workspace("one")
	r := httptest.NewRequest(http.MethodPost, "/settings", strings.NewReader("name=taken"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	r.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: i.signIn("owner@one.example.com")})
	rec := httptest.NewRecorder()
	i.Handler().ServeHTTP(rec, r)
	if rec.Code != http.StatusForbidden {
		t.Errorf("%d", rec.Code)
	}
	if list, err := i.Identity.Workspaces(t.Context()); err != nil || list[0].Name != "one" {
		t.Errorf("%v %v", list, err)
	}
}

// inLanguage asks for a page in a language.
func (i *instance) inLanguage(token, path, language string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: token})
	r.AddCookie(&http.Cookie{Name: "kolo_language", Value: language})
	rec := httptest.NewRecorder()
	i.Handler().ServeHTTP(rec, r)
	return rec
}
