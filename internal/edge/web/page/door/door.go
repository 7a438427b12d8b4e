// Package door serves what comes before the pages: signing in and out, the set-up of an empty instance, invitations,
// a new password, and the change from one workspace to another.
package door

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strconv"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/people/identity"
)

// Pages serves them.
type Pages struct {
	Identity *identity.Service
	// Demo makes the demo company, fills it in the background, and gives its owner's address and password, which are
	// shown once.
	Demo func(ctx context.Context, language string) (email, password string, err error)
}

// Register adds the routes to the site.
func (p *Pages) Register(s *web.Site) {
	s.Open("GET /sign-in", p.signIn)
	s.Open("POST /sign-in", p.doSignIn)
	s.Open("POST /sign-out", p.signOut)
	s.Open("GET /set-up", p.setUp)
	s.Open("POST /set-up", p.doSetUp)
	s.Open("POST /set-up/demo", p.demo)
	s.Open("GET /invitations/{token}", p.invitation)
	s.Open("POST /invitations/{token}", p.accept)
	s.Page("POST /workspace", "", p.workspace)
	s.Page("GET /password", "", p.password)
	s.Page("POST /password", "", p.changePassword)
}

func (p *Pages) signIn(q *web.Request) error {
	empty, err := p.Identity.Empty(q.Context())
	if err != nil {
		return err
	}
	next := web.Local(q.URL.Query().Get("next"))
	if empty {
		q.Redirect("/set-up")
		return nil
	}
	if c, err := q.Cookie(web.SessionCookie); err == nil {
		if actor, err := p.Identity.Session(q.Context(), c.Value); err == nil && actor.Workspace != "" {
			q.Redirect(next) // signed in already
			return nil
		}
	}
	return q.Render(http.StatusOK, ui.SignIn(q.Shell("", q.Env.T("signin.title")), ui.SignInView{Next: next}))
}

// refusal is the status and the sentence for somebody who could not prove who they are.
func refusal(q *web.Request, err error) (int, string) {
	var throttled *identity.Throttled
	switch {
	case errors.As(err, &throttled):
		q.W.Header().Set("Retry-After", strconv.Itoa(60*throttled.Minutes()))
		return http.StatusTooManyRequests, q.Env.T("signin.wait", "count", throttled.Minutes())
	case fault.Is(err, fault.Unauthenticated):
		return http.StatusUnauthorized, q.Env.T("signin.wrong")
	}
	return fault.ProblemOf(err).Status, q.Sentence(err)
}

// limit bounds the forms of people who have not signed in.
func limit(q *web.Request) { q.Body = http.MaxBytesReader(q.W, q.Body, 64<<10) }

func (p *Pages) enter(q *web.Request, email, password string) error {
	ip, _, _ := net.SplitHostPort(q.RemoteAddr)
	token, err := p.Identity.SignIn(q.Context(), email, password, ip, q.UserAgent())
	if err != nil {
		return err
	}
	q.SetSession(token)
	return nil
}

func (p *Pages) doSignIn(q *web.Request) error {
	limit(q)
	email, next := q.PostFormValue("email"), web.Local(q.PostFormValue("next"))
	if err := p.enter(q, email, q.PostFormValue("password")); err != nil {
		status, text := refusal(q, err)
		if status == http.StatusInternalServerError {
			return err
		}
		return q.Render(status, ui.SignIn(q.Shell("", q.Env.T("signin.title")), ui.SignInView{Email: email, Next: next, Error: text}))
	}
	q.Redirect(next)
	return nil
}

func (p *Pages) signOut(q *web.Request) error {
	if c, err := q.Cookie(web.SessionCookie); err == nil {
		if err := p.Identity.SignOut(q.Context(), c.Value); err != nil {
			return err
		}
	}
	q.SetSession("")
	q.Redirect("/sign-in")
	return nil
}

// home is what goes with a zone in which a language of ours is at home: a first guess that the settings can change.
var home = map[string]struct {
	language, country, currency string
	start                       identity.WeekStart
}{"Asia/Jerusalem": {"he", "IL", "ILS", identity.Sunday}, "Asia/Tehran": {"fa", "IR", "IRR", identity.Saturday}, "Europe/Moscow": {"ru", "RU", "RUB", identity.Monday}}

// usual is the zone where a language is at home; the browser knows better, where it runs scripts.
func usual(language string) string {
	for zone, h := range home {
		if h.language == language {
			return zone
		}
	}
	return "UTC"
}

func (p *Pages) empty(q *web.Request) (bool, error) {
	empty, err := p.Identity.Empty(q.Context())
	if err == nil && !empty {
		q.Redirect("/sign-in")
	}
	return empty, err
}

func (p *Pages) setUp(q *web.Request) error {
	if empty, err := p.empty(q); err != nil || !empty {
		return err
	}
	sh := q.Shell("", q.Env.T("setup.title"))
	return q.Render(http.StatusOK, ui.SetUp(sh, ui.SetUpView{Fields: ui.SetUpFields(sh, usual(q.Env.Tag()), ui.Zones)}))
}

func (p *Pages) doSetUp(q *web.Request) error {
	if empty, err := p.empty(q); err != nil || !empty {
		return err
	}
	limit(q)
	zone := q.PostFormValue("zone")
	h := home[zone]
	_, _, err := p.Identity.CreateWorkspace(q.Context(), identity.NewWorkspace{
		Name: q.PostFormValue("workspace"), Zone: zone, Language: q.PostFormValue("language"), IfEmpty: true,
		WeekStart: h.start, Country: h.country, Currency: h.currency,
		Owner: identity.NewOwner{Name: q.PostFormValue("name"), Email: q.PostFormValue("email"), Password: q.PostFormValue("password")},
	})
	if fault.Is(err, fault.Internal) {
		return err
	}
	if err != nil {
		sh := q.Shell("", q.Env.T("setup.title"))
		fields := ui.SetUpFields(sh, zone, ui.Zones)
		for i, f := range fields {
			if f.Type != "password" {
				fields[i].Value = q.PostFormValue(f.Name)
			}
			for o := range f.Options { // what was chosen, not what is offered first
				f.Options[o].On = f.Options[o].Value == fields[i].Value
			}
		}
		text, fields := ui.Refuse(q.Env, fields, ownerFields(err))
		return q.Render(fault.ProblemOf(err).Status, ui.SetUp(sh, ui.SetUpView{Error: text, Fields: fields}))
	}
	if err := p.enter(q, q.PostFormValue("email"), q.PostFormValue("password")); err != nil {
		return err
	}
	q.Redirect("/")
	return nil
}

// ownerFields names the fields as the form does, which asks for the workspace and its owner at once.
func ownerFields(err error) error {
	p := fault.ProblemOf(err)
	if len(p.Errors) == 0 {
		return err
	}
	fields := slices.Clone(p.Errors)
	for i, f := range fields {
		switch f.Path {
		case "name":
			fields[i].Path = "workspace"
		case "owner.name", "owner.email", "owner.password":
			fields[i].Path = f.Path[len("owner."):]
		}
	}
	return &fault.Error{Kind: fault.KindOf(err), Op: "door", Msg: p.Detail, Fields: fields}
}

func (p *Pages) demo(q *web.Request) error {
	if empty, err := p.empty(q); err != nil || !empty {
		return err
	}
	limit(q)
	email, password, err := p.Demo(q.Context(), q.PostFormValue("language"))
	if err != nil {
		return err
	}
	if err := p.enter(q, email, password); err != nil {
		return err
	}
	return q.Render(http.StatusOK, demoReady(q.Shell("", q.Env.T("setup.demo")), email, password))
}

func (p *Pages) view(q *web.Request) (ui.InvitationView, error) {
	token := q.PathValue("token")
	found, err := p.Identity.FindInvite(q.Context(), token)
	if err != nil {
		return ui.InvitationView{}, err
	}
	return ui.InvitationView{Token: token, Workspace: found.Workspace, By: found.InvitedBy, Role: string(found.Invite.Role), Email: found.Invite.Email,
		Known: found.Known, Fields: ui.InvitationFields(q.Env, found.Known, q.PostFormValue("name"))}, nil
}

// ended is the page of a link that leads nowhere any more.
func ended(q *web.Request) error {
	return q.Render(http.StatusNotFound, invitationEnded(q.Shell("", q.Env.T("invitation.ended"))))
}

func (p *Pages) invitation(q *web.Request) error {
	v, err := p.view(q)
	if fault.Is(err, fault.NotFound) {
		return ended(q)
	}
	if err != nil {
		return err
	}
	return q.Render(http.StatusOK, ui.Invitation(q.Shell("", q.Env.T("invitation.title", "workspace", v.Workspace)), v))
}

func (p *Pages) accept(q *web.Request) error {
	limit(q)
	v, err := p.view(q)
	if err == nil {
		err = p.join(q, v)
	}
	switch {
	case err == nil:
		q.Redirect("/")
		return nil
	case fault.Is(err, fault.NotFound):
		return ended(q)
	case fault.Is(err, fault.Internal):
		return err
	}
	status, text := refusal(q, err)
	if v.Error, v.Fields = ui.Refuse(q.Env, v.Fields, err); v.Error != "" {
		v.Error = text
	}
	if fault.Is(err, fault.Unauthenticated) { // the address stands there already: it can only be the password
		v.Error, v.Fields[len(v.Fields)-1].Error = "", q.Env.T("invalid.wrong")
	}
	return q.Render(status, ui.Invitation(q.Shell("", q.Env.T("invitation.title", "workspace", v.Workspace)), v))
}

// join makes the invited one a member: somebody new with a name and a password, somebody known by their password.
func (p *Pages) join(q *web.Request, v ui.InvitationView) error {
	password := q.PostFormValue("password")
	if !v.Known {
		if _, err := p.Identity.AcceptInvite(q.Context(), v.Token, q.PostFormValue("name"), password); err != nil {
			return err
		}
		return p.enter(q, v.Email, password)
	}
	ip, _, _ := net.SplitHostPort(q.RemoteAddr)
	token, err := p.Identity.SignIn(q.Context(), v.Email, password, ip, q.UserAgent())
	if err != nil {
		return err
	}
	actor, err := p.Identity.Session(q.Context(), token)
	if err != nil {
		return err
	}
	m, err := p.Identity.AcceptInviteAs(q.Context(), actor, v.Token)
	if err != nil {
		return err
	}
	if _, err := p.Identity.SwitchWorkspace(q.Context(), token, m.Workspace); err != nil {
		return err
	}
	q.SetSession(token)
	return nil
}

func (p *Pages) workspace(q *web.Request) error {
	if _, err := p.Identity.SwitchWorkspace(q.Context(), q.Token, identity.WorkspaceID(q.PostFormValue("workspace"))); err != nil {
		return err
	}
	q.Redirect("/") // the page at hand speaks of the other workspace's things
	return nil
}

func passwordFields(q *web.Request) []ui.Field {
	return []ui.Field{
		{Name: "old", Label: q.Env.T("password.old"), Type: "password", Autocomplete: "current-password", Autofocus: true},
		{Name: "password", Label: q.Env.T("password.new"), Type: "password", Autocomplete: "new-password", MinLength: 10, Help: q.Env.T("member.password_help")},
	}
}

func (p *Pages) password(q *web.Request) error {
	return q.Render(http.StatusOK, newPassword(q.Shell("", q.Env.T("password.title")), q.Person, "", passwordFields(q)))
}

func (p *Pages) changePassword(q *web.Request) error {
	limit(q)
	if err := p.Identity.ChangePassword(q.Context(), q.Actor, q.PostFormValue("old"), q.PostFormValue("password")); err != nil {
		status, text := refusal(q, err)
		if status == http.StatusInternalServerError {
			return err
		}
		refused, fields := ui.Refuse(q.Env, passwordFields(q), err)
		if refused == "" { // the fields say it
			text = ""
		}
		if fields[0].Error != "" {
			fields[0].Error = q.Env.T("password.wrong")
		}
		return q.Render(status, newPassword(q.Shell("", q.Env.T("password.title")), q.Person, text, fields))
	}
	q.Flash("good", "password.changed")
	if q.Person.MustChange {
		q.Redirect("/")
	} else {
		q.Redirect("/profile")
	}
	return nil
}
