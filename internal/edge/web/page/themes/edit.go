package themes

import (
	"kolo/internal/edge/web"
	"kolo/internal/understand/theme"
)

// state accepts, forbids or allows a theme.
func (p *Pages) state(q *web.Request) error {
	s := theme.State(q.PostFormValue("state"))
	t, err := p.Themes.Edit(q.Context(), q.Workspace.ID, q.Actor, q.PathValue("id"), theme.Edit{State: &s})
	if err != nil {
		return err
	}
	said := "themes.said.accepted"
	if t.State == theme.Forbidden {
		said = "themes.said.forbidden"
	}
	q.Flash("good", said)
	q.Redirect(q.PostFormValue("back"))
	return nil
}
