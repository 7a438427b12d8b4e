package settings

import (
	"net/http"
	"strings"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/ui"
	"kolo/internal/people/identity"
)

type profileView struct {
	Email    string
	Role     string
	Error    string
	Fields   []ui.Field
	Sessions []identity.Session
}

func profileFields(sh ui.Shell, p identity.Person) []ui.Field {
	e := sh.Env
	return []ui.Field{
		{Name: "name", Label: e.T("member.name"), Value: p.Name, Autocomplete: "name"},
		{Name: "language", Label: e.T("shell.language"), Value: p.Language, Options: languages(sh, p.Language, e.T("settings.as_workspace")), Optional: true},
		{Name: "theme", Label: e.T("shell.theme"), Value: p.Theme, Optional: true, Options: []ui.Option{
			{Label: e.T("theme.auto")}, {Value: "light", Label: e.T("theme.light")}, {Value: "dark", Label: e.T("theme.dark")}}},
	}
}

func (p *Pages) showProfile(q *web.Request, status int, person identity.Person, failed error) error {
	sessions, err := p.Identity.Sessions(q.Context(), q.Actor)
	if err != nil {
		return err
	}
	sh := q.Shell("", q.Env.T("shell.profile"))
	v := profileView{Email: person.Email, Role: string(q.Actor.Role), Sessions: sessions, Fields: profileFields(sh, person)}
	if failed != nil {
		v.Error, v.Fields = ui.Refuse(q.Env, v.Fields, failed)
	}
	return q.Render(status, profilePage(sh, v))
}

func (p *Pages) profile(q *web.Request) error { return p.showProfile(q, http.StatusOK, q.Person, nil) }

func (p *Pages) saveProfile(q *web.Request) error {
	limit(q)
	person := q.Person
	person.Name, person.Language, person.Theme = q.PostFormValue("name"), q.PostFormValue("language"), q.PostFormValue("theme")
	if _, err := p.Identity.UpdatePerson(q.Context(), q.Actor, identity.PersonPatch{Name: &person.Name, Language: &person.Language, Theme: &person.Theme}); err != nil {
		status, ok := told(err)
		if !ok {
			return err
		}
		return p.showProfile(q, status, person, err)
	}
	q.ForgetPreferences()
	q.Flash("good", "settings.saved")
	q.Redirect("/profile")
	return nil
}

func (p *Pages) endSession(q *web.Request) error {
	if err := p.Identity.EndSession(q.Context(), q.Actor, identity.SessionID(q.PathValue("id"))); err != nil {
		return err
	}
	q.Flash("good", "settings.session_ended")
	q.Redirect("/profile")
	return nil
}

func (p *Pages) signOutEverywhere(q *web.Request) error {
	if err := p.Identity.SignOutEverywhere(q.Context(), q.Actor.Person); err != nil {
		return err
	}
	q.SetSession("")
	q.Redirect("/sign-in")
	return nil
}

// marks name browsers and systems by what they say of themselves; the first that fits is it.
var (
	browsers = [][2]string{{"Edg", "Edge"}, {"OPR", "Opera"}, {"YaBrowser", "Yandex Browser"}, {"SamsungBrowser", "Samsung Internet"}, {"Firefox", "Firefox"},
		{"FxiOS", "Firefox"}, {"CriOS", "Chrome"}, {"HeadlessChrome", "Chrome"}, {"Chrome", "Chrome"}, {"Safari", "Safari"}, {"curl", "curl"}}
	systems = [][2]string{{"Windows", "Windows"}, {"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Mac OS X", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"}}
)

// device is a browser's own word on itself, in two: "Firefox, Windows".
func device(agent string) string {
	var parts []string
	for _, marks := range [][][2]string{browsers, systems} {
		for _, m := range marks {
			if strings.Contains(agent, m[0]) {
				parts = append(parts, m[1])
				break
			}
		}
	}
	if len(parts) == 0 {
		return agent
	}
	return strings.Join(parts, ", ")
}
