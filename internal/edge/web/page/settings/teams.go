package settings

import (
	"net/http"
	"slices"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/people/identity"
)

type teamRow struct {
	identity.Team
	Manager string
}

type teamsView struct {
	Tabs   []ui.Tab
	Teams  []teamRow
	Error  string
	Fields []ui.Field
}

// managers are the members to choose a manager from.
func managers(e ui.Env, list []identity.Member) []ui.Option {
	out := []ui.Option{{Label: e.T("settings.nobody")}}
	for _, m := range list {
		out = append(out, ui.Option{Value: string(m.ID), Label: m.Name})
	}
	return out
}

func (p *Pages) showTeams(q *web.Request, status int, failed error) error {
	list, err := p.Identity.Teams(q.Context(), q.Workspace.ID)
	if err != nil {
		return err
	}
	members, err := p.Identity.Members(q.Context(), q.Workspace.ID)
	if err != nil {
		return err
	}
	v := teamsView{Tabs: tabs(q, "teams"), Fields: []ui.Field{
		{Name: "name", Label: q.Env.T("settings.team_name"), Value: q.PostFormValue("name")},
		{Name: "manager", Label: q.Env.T("settings.manager"), Value: q.PostFormValue("manager"), Options: managers(q.Env, members), Optional: true, Help: q.Env.T("settings.manager_help")},
	}}
	for _, t := range list {
		row := teamRow{Team: t}
		if i := slices.IndexFunc(members, func(m identity.Member) bool { return m.ID == t.Manager }); i >= 0 {
			row.Manager = members[i].Name
		}
		v.Teams = append(v.Teams, row)
	}
	if failed != nil {
		v.Error, v.Fields = refuseTeam(q, v.Fields, failed)
	}
	return q.Render(status, teamsPage(shell(q, "teams"), v))
}

func refuseTeam(q *web.Request, fields []ui.Field, err error) (string, []ui.Field) {
	text, fields := ui.Refuse(q.Env, fields, err)
	if fault.Is(err, fault.Conflict) {
		fields[0].Error = q.Env.T("settings.team_taken")
	}
	return text, fields
}

func (p *Pages) teams(q *web.Request) error { return p.showTeams(q, http.StatusOK, nil) }

func (p *Pages) createTeam(q *web.Request) error {
	limit(q)
	t, err := p.Identity.CreateTeam(q.Context(), q.Workspace.ID, q.Actor, q.PostFormValue("name"), identity.MemberID(q.PostFormValue("manager")))
	if err != nil {
		status, ok := told(err)
		if !ok {
			return err
		}
		return p.showTeams(q, status, err)
	}
	q.Flash("good", "settings.team_created")
	q.Redirect("/settings/teams/" + string(t.ID))
	return nil
}

type teamView struct {
	Team   identity.Team
	Error  string
	Fields []ui.Field // name, manager, members
	Log    bool       // the reader may read the audit log
}

func (p *Pages) showTeam(q *web.Request, status int, t identity.Team, failed error) error {
	members, err := p.Identity.Members(q.Context(), q.Workspace.ID)
	if err != nil {
		return err
	}
	in := ui.Field{Name: "members", Label: q.Env.T("settings.team_members"), Multiple: true}
	for _, m := range members {
		in.Options = append(in.Options, ui.Option{Value: string(m.ID), Label: m.Name, Help: m.Email, On: slices.Contains(t.Members, m.ID)})
	}
	v := teamView{Team: t, Log: q.Actor.May(identity.AuditRead), Fields: []ui.Field{
		{Name: "name", Label: q.Env.T("settings.team_name"), Value: t.Name},
		{Name: "manager", Label: q.Env.T("settings.manager"), Value: string(t.Manager), Options: managers(q.Env, members), Optional: true, Help: q.Env.T("settings.manager_help")},
		in,
	}}
	if failed != nil {
		v.Error, v.Fields = refuseTeam(q, v.Fields, failed)
	}
	return q.Render(status, teamPage(shell(q, "teams"), v))
}

func (p *Pages) team(q *web.Request) error {
	t, err := p.Identity.Team(q.Context(), q.Workspace.ID, identity.TeamID(q.PathValue("id")))
	if err != nil {
		return err
	}
	return p.showTeam(q, http.StatusOK, t, nil)
}

func (p *Pages) saveTeam(q *web.Request) error {
	limit(q)
	t, err := p.Identity.Team(q.Context(), q.Workspace.ID, identity.TeamID(q.PathValue("id")))
	if err != nil {
		return err
	}
	t.Name, t.Manager, t.Members = q.PostFormValue("name"), identity.MemberID(q.PostFormValue("manager")), nil
	for _, m := range q.PostForm["members"] {
		t.Members = append(t.Members, identity.MemberID(m))
	}
	if _, err := p.Identity.UpdateTeam(q.Context(), q.Workspace.ID, q.Actor, t.ID, identity.TeamPatch{Name: &t.Name, Manager: &t.Manager, Members: &t.Members}); err != nil {
		status, ok := told(err)
		if !ok {
			return err
		}
		return p.showTeam(q, status, t, err)
	}
	q.Flash("good", "settings.saved")
	q.Redirect("/settings/teams")
	return nil
}

func (p *Pages) deleteTeam(q *web.Request) error {
	if err := p.Identity.DeleteTeam(q.Context(), q.Workspace.ID, q.Actor, identity.TeamID(q.PathValue("id"))); err != nil {
		return err
	}
	q.Flash("good", "settings.team_deleted")
	q.Redirect("/settings/teams")
	return nil
}
