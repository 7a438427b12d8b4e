package settings

import (
	"net/http"
	"slices"
	"strings"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/people/identity"
)

type membersView struct {
	Tabs    []ui.Tab
	Members []memberRow
	Invites []inviteRow
	Mail    bool // invitations are mailed
	Error   string
	Fields  []ui.Field // of the invitation
	Link    string     // of an invitation that was made just now
	Sent    string     // whom it is for
}

// byMail is the key of a message about invitations, or of the one that stands for it where they are mailed.
func (v membersView) byMail(key string) string {
	if v.Mail {
		return key + "_mail"
	}
	return key
}

// memberLists are the lists that the page holds, as files.
func memberLists(v membersView) []ui.Export {
	lists := []ui.Export{{List: "members"}}
	if len(v.Invites) > 0 {
		lists = append(lists, ui.Export{List: "invites"})
	}
	return lists
}

type memberRow struct {
	identity.Member
	Teams string
	You   bool
}

type inviteRow struct {
	identity.Invite
	By      string
	Expired bool
}

// roles are those that the actor may give, each with what it may do.
func roles(q *web.Request) []ui.Option {
	all := identity.Roles()
	var out []ui.Option
	for _, r := range all[max(slices.Index(all, q.Actor.Role), 0):] {
		out = append(out, ui.Option{Value: string(r), Label: q.Env.T("role." + string(r)), Help: q.Env.T("role_help." + string(r))})
	}
	return out
}

func inviteFields(q *web.Request, teams []identity.Team) []ui.Field {
	role := q.PostFormValue("role")
	if role == "" {
		role = string(identity.Viewer)
	}
	fields := []ui.Field{
		{Name: "email", Label: q.Env.T("member.email"), Type: "email", Value: q.PostFormValue("email"), Autocomplete: "off"},
		{Name: "role", Label: q.Env.T("settings.role"), Value: role, Options: roles(q)},
	}
	if len(teams) > 0 {
		in := ui.Field{Name: "teams", Label: q.Env.T("settings.teams"), Multiple: true}
		for _, t := range teams {
			in.Options = append(in.Options, ui.Option{Value: string(t.ID), Label: t.Name, On: slices.Contains(q.PostForm["teams"], string(t.ID))})
		}
		fields = append(fields, in)
	}
	return fields
}

// teamNames are the names of teams in one line.
func teamNames(all []identity.Team, in []identity.TeamID) string {
	var names []string
	for _, t := range all {
		if slices.Contains(in, t.ID) {
			names = append(names, t.Name)
		}
	}
	return strings.Join(names, ", ")
}

func (p *Pages) membersView(q *web.Request) (v membersView, err error) {
	ctx, ws := q.Context(), q.Workspace.ID
	list, err := p.Identity.Members(ctx, ws)
	if err != nil {
		return v, err
	}
	teams, err := p.Identity.Teams(ctx, ws)
	if err != nil {
		return v, err
	}
	invites, err := p.Identity.Invites(ctx, ws)
	if err != nil {
		return v, err
	}
	who := map[identity.MemberID]string{}
	for _, m := range list {
		v.Members = append(v.Members, memberRow{Member: m, Teams: teamNames(teams, m.Teams), You: m.ID == q.Actor.Member})
		who[m.ID] = m.Name
	}
	for _, i := range invites {
		v.Invites = append(v.Invites, inviteRow{i, who[i.InvitedBy], !i.ExpiresAt.After(q.Env.Now)})
	}
	v.Tabs, v.Fields, v.Mail = tabs(q, "members"), inviteFields(q, teams), p.Deliver.Mail.On()
	return v, nil
}

func (p *Pages) members(q *web.Request) error {
	v, err := p.membersView(q)
	if err != nil {
		return err
	}
	return q.Render(http.StatusOK, membersPage(shell(q, "members"), v))
}

// showLink answers with the list and the link of an invitation: it is not kept, so it cannot wait for a redirect.
func (p *Pages) showLink(q *web.Request, i identity.Invite, token string) error {
	v, err := p.membersView(q)
	if err != nil {
		return err
	}
	v.Link, v.Sent = p.Base+"/invitations/"+token, i.Email
	v.Fields[0].Value = "" // ready for the next one, of the same role and teams
	return q.Render(http.StatusOK, membersPage(shell(q, "members"), v))
}

func (p *Pages) invite(q *web.Request) error {
	limit(q)
	in := identity.NewInvite{Email: q.PostFormValue("email"), Role: identity.Role(q.PostFormValue("role"))}
	for _, t := range q.PostForm["teams"] {
		in.Teams = append(in.Teams, identity.TeamID(t))
	}
	i, token, err := p.Identity.Invite(q.Context(), q.Workspace.ID, q.Actor, in)
	if err == nil {
		return p.showLink(q, i, token)
	}
	status, ok := told(err)
	if !ok {
		return err
	}
	v, verr := p.membersView(q)
	if verr != nil {
		return verr
	}
	v.Error, v.Fields = ui.Refuse(q.Env, v.Fields, err)
	switch {
	case fault.Is(err, fault.Conflict):
		v.Error = q.Env.T("settings.member_already", "email", q.PostFormValue("email"))
	case fault.Is(err, fault.Denied):
		v.Error = q.Env.T("settings.above")
	}
	return q.Render(status, membersPage(shell(q, "members"), v))
}

func (p *Pages) resend(q *web.Request) error {
	i, token, err := p.Identity.ResendInvite(q.Context(), q.Workspace.ID, q.Actor, identity.InviteID(q.PathValue("id")))
	if err != nil {
		return err
	}
	return p.showLink(q, i, token)
}

func (p *Pages) revokeInvite(q *web.Request) error {
	if err := p.Identity.RevokeInvite(q.Context(), q.Workspace.ID, q.Actor, identity.InviteID(q.PathValue("id"))); err != nil {
		return err
	}
	q.Flash("good", "settings.invite_revoked")
	q.Redirect("/settings/members")
	return nil
}

type memberView struct {
	Member identity.Member
	Error  string
	Teams  string
	Role   ui.Field
	Above  bool // the member stands above the actor
	Log    bool // the reader may read the audit log
	You    bool
	Secret string // the temporary password that was made just now
}

func (p *Pages) showMember(q *web.Request, status int, failed, secret string) error {
	m, err := p.Identity.Member(q.Context(), q.Workspace.ID, identity.MemberID(q.PathValue("id")))
	if err == nil && m.State == identity.Removed {
		err = fault.New(fault.NotFound, "settings.member", "the member was removed")
	}
	if err != nil {
		return err
	}
	teams, err := p.Identity.Teams(q.Context(), q.Workspace.ID)
	if err != nil {
		return err
	}
	v := memberView{Member: m, Error: failed, Teams: teamNames(teams, m.Teams), Log: q.Actor.May(identity.AuditRead), You: m.ID == q.Actor.Member, Secret: secret,
		Role: ui.Field{Name: "role", Label: q.Env.T("settings.role"), Value: string(m.Role), Options: roles(q)}}
	v.Above = !slices.ContainsFunc(v.Role.Options, func(o ui.Option) bool { return o.Value == string(m.Role) })
	return q.Render(status, memberPage(shell(q, "members"), v))
}

func (p *Pages) member(q *web.Request) error { return p.showMember(q, http.StatusOK, "", "") }

// changed answers a change of a member: with the list, or with the reason why not.
func (p *Pages) changed(q *web.Request, err error, done, to string) error {
	if err == nil {
		q.Flash("good", done)
		q.Redirect(to)
		return nil
	}
	status, ok := told(err)
	if !ok || fault.Is(err, fault.NotFound) {
		return err
	}
	text := q.Sentence(err)
	switch {
	case fault.Is(err, fault.Conflict):
		text = q.Env.T("settings.last_owner")
	case fault.Is(err, fault.Denied):
		text = q.Env.T("settings.above")
	}
	return p.showMember(q, status, text, "")
}

func (p *Pages) changeRole(q *web.Request) error {
	limit(q)
	id := q.PathValue("id")
	err := p.Identity.ChangeRole(q.Context(), q.Workspace.ID, q.Actor, identity.MemberID(id), identity.Role(q.PostFormValue("role")))
	to := "/settings/members/" + id
	if err == nil && identity.MemberID(id) == q.Actor.Member && !identity.Role(q.PostFormValue("role")).May(identity.MembersManage) {
		to = "/settings" // who lowers their own role may no longer look here
	}
	return p.changed(q, err, "settings.saved", to)
}

func (p *Pages) changeState(q *web.Request) error {
	limit(q)
	state := identity.State(q.PostFormValue("state"))
	err := p.Identity.SetState(q.Context(), q.Workspace.ID, q.Actor, identity.MemberID(q.PathValue("id")), state)
	done, to := "settings.saved", "/settings/members/"+q.PathValue("id")
	if state == identity.Removed {
		done, to = "settings.member_removed", "/settings/members"
	}
	return p.changed(q, err, done, to)
}

// resetPassword answers with the member and a temporary password, which is in this answer alone.
func (p *Pages) resetPassword(q *web.Request) error {
	password, err := p.Identity.ResetMember(q.Context(), q.Workspace.ID, q.Actor, identity.MemberID(q.PathValue("id")))
	if err == nil {
		return p.showMember(q, http.StatusOK, "", password)
	}
	switch {
	case fault.Is(err, fault.Conflict):
		return p.showMember(q, http.StatusConflict, q.Env.T("settings.reset_elsewhere"), "")
	case fault.Is(err, fault.Denied):
		return p.showMember(q, http.StatusForbidden, q.Env.T("settings.above"), "")
	}
	return err
}
