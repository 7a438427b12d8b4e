// Package door serves what comes before the pages: signing in and out, the set-up of an empty instance, invitations,
// a new password, and the change from one workspace to another.
package door

import (
	"context"
	"net"
	"net/http"
	"slices"

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
	if empty {
		q.Redirect("/set-up")
		return nil
	}
	return q.Render(http.StatusOK, ui.SignIn(q.Shell("", q.Env.T("signin.title")), ui.SignInView{Next: web.Local(q.FormValue("next"))}))
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
		problem := fault.ProblemOf(err)
		text := q.Sentence(err)
		if problem.Status < http.StatusInternalServerError {
			text = q.Env.T("signin.wrong")
		}
		return q.Render(problem.Status, ui.SignIn(q.Shell("", q.Env.T("signin.title")), ui.SignInView{Email: email, Next: next, Error: text}))
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

// zones are offered first to last by how many of Kolo's first users live there; any other can be set in the settings.
var zones = []string{"UTC", "Asia/Jerusalem", "Asia/Tehran", "Europe/Moscow", "Europe/London", "Europe/Berlin", "Europe/Paris", "Europe/Madrid",
	"Europe/Rome", "Europe/Warsaw", "Europe/Kyiv", "Europe/Istanbul", "Asia/Dubai", "Asia/Tbilisi", "Asia/Yerevan", "Asia/Almaty", "Asia/Yekaterinburg",
	"Asia/Novosibirsk", "Asia/Kolkata", "Asia/Singapore", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney", "America/New_York", "America/Chicago",
	"America/Denver", "America/Los_Angeles", "America/Sao_Paulo", "America/Mexico_City", "Africa/Johannesburg", "Africa/Cairo"}

// usual is the zone, the country and the first day of the week where a language is at home: a first guess.
var usual = map[string]struct {
	zone  string
	start identity.WeekStart
}{"en": {"UTC", identity.Monday}, "he": {"Asia/Jerusalem", identity.Sunday}, "fa": {"Asia/Tehran", identity.Saturday}, "ru": {"Europe/Moscow", identity.Monday}}

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
	return q.Render(http.StatusOK, ui.SetUp(sh, ui.SetUpView{Fields: ui.SetUpFields(sh, usual[q.Env.Tag()].zone, zones)}))
}

func (p *Pages) doSetUp(q *web.Request) error {
	if empty, err := p.empty(q); err != nil || !empty {
		return err
	}
	limit(q)
	language := q.PostFormValue("language")
	start := usual[language].start
	if zone := q.PostFormValue("zone"); zone == "Asia/Jerusalem" {
		start = identity.Sunday
	}
	_, _, err := p.Identity.CreateWorkspace(q.Context(), identity.NewWorkspace{
		Name: q.PostFormValue("workspace"), Zone: q.PostFormValue("zone"), Language: language, WeekStart: start, IfEmpty: true,
		Owner: identity.NewOwner{Name: q.PostFormValue("name"), Email: q.PostFormValue("email"), Password: q.PostFormValue("password")},
	})
	if err != nil {
		sh := q.Shell("", q.Env.T("setup.title"))
		fields := ui.SetUpFields(sh, q.PostFormValue("zone"), zones)
		for i := range fields {
			if fields[i].Type != "password" {
				fields[i].Value = q.PostFormValue(fields[i].Name)
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
	return fault.Bad("door", fields...)
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

func (p *Pages) invitation(q *web.Request) error {
	v, err := p.view(q)
	if err != nil {
		return err
	}
	return q.Render(http.StatusOK, ui.Invitation(q.Shell("", q.Env.T("invitation.title", "workspace", v.Workspace)), v))
}

func (p *Pages) accept(q *web.Request) error {
	limit(q)
	v, err := p.view(q)
	if err != nil {
		return err
	}
	err = p.join(q, v)
	if err != nil {
		v.Error, v.Fields = ui.Refuse(q.Env, v.Fields, err)
		if fault.Is(err, fault.Unauthenticated) {
			v.Error = q.Env.T("signin.wrong")
		}
		return q.Render(fault.ProblemOf(err).Status, ui.Invitation(q.Shell("", q.Env.T("invitation.title", "workspace", v.Workspace)), v))
	}
	q.Redirect("/")
	return nil
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
	return q.Render(http.StatusOK, newPassword(q.Shell("", q.Env.T("password.title")), q.Person.MustChange, "", passwordFields(q)))
}

func (p *Pages) changePassword(q *web.Request) error {
	limit(q)
	if err := p.Identity.ChangePassword(q.Context(), q.Actor, q.PostFormValue("old"), q.PostFormValue("password")); err != nil {
		text, fields := ui.Refuse(q.Env, passwordFields(q), err)
		return q.Render(fault.ProblemOf(err).Status, newPassword(q.Shell("", q.Env.T("password.title")), q.Person.MustChange, text, fields))
	}
	q.Flash("good", "password.changed")
	q.Redirect("/")
	return nil
}
