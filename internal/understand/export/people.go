package export

import (
	"context"
	"time"

	"kolo/internal/foundation/table"
	"kolo/internal/people/identity"
)

// staff are the names of members and teams.
type staff struct {
	members map[identity.MemberID]string
	teams   map[identity.TeamID]string
}

func (j job) staff(ctx context.Context) (staff, []identity.Member, []identity.Team, error) {
	s := staff{map[identity.MemberID]string{}, map[identity.TeamID]string{}}
	members, err := j.from.Identity.Members(ctx, j.Workspace)
	if err != nil {
		return s, nil, nil, err
	}
	teams, err := j.from.Identity.Teams(ctx, j.Workspace)
	for _, m := range members {
		s.members[m.ID] = m.Name
	}
	for _, t := range teams {
		s.teams[t.ID] = t.Name
	}
	return s, members, teams, err
}

// called joins the names of several; one that is unknown goes by its id.
func called[ID ~string](names map[ID]string, list []ID) string {
	out := make([]string, len(list))
	for i, id := range list {
		out[i] = string(id)
		if names[id] != "" {
			out[i] = names[id]
		}
	}
	return joined(out)
}

func members(ctx context.Context, j job) error {
	staff, list, _, err := j.staff(ctx)
	if err != nil {
		return err
	}
	t := &sheet[identity.Member]{}
	t.text("id", func(m identity.Member) string { return string(m.ID) })
	t.text("name", func(m identity.Member) string { return m.Name })
	t.text("email", func(m identity.Member) string { return m.Email })
	t.text("role", func(m identity.Member) string { return string(m.Role) })
	t.text("state", func(m identity.Member) string { return string(m.State) })
	t.text("teams", func(m identity.Member) string { return called(staff.teams, m.Teams) })
	t.time("created_at", func(m identity.Member) time.Time { return m.CreatedAt })
	return write(ctx, j, t, all(list))
}

func invites(ctx context.Context, j job) error {
	staff, _, _, err := j.staff(ctx)
	if err != nil {
		return err
	}
	list, err := j.from.Identity.Invites(ctx, j.Workspace)
	if err != nil {
		return err
	}
	t := &sheet[identity.Invite]{}
	t.text("id", func(i identity.Invite) string { return string(i.ID) })
	t.text("email", func(i identity.Invite) string { return i.Email })
	t.text("role", func(i identity.Invite) string { return string(i.Role) })
	t.text("teams", func(i identity.Invite) string { return called(staff.teams, i.Teams) })
	t.text("invited_by", func(i identity.Invite) string { return staff.members[i.InvitedBy] })
	t.time("created_at", func(i identity.Invite) time.Time { return i.CreatedAt })
	t.time("expires_at", func(i identity.Invite) time.Time { return i.ExpiresAt })
	return write(ctx, j, t, all(list))
}

func teams(ctx context.Context, j job) error {
	staff, _, list, err := j.staff(ctx)
	if err != nil {
		return err
	}
	t := &sheet[identity.Team]{}
	t.text("id", func(x identity.Team) string { return string(x.ID) })
	t.text("name", func(x identity.Team) string { return x.Name })
	t.text("manager", func(x identity.Team) string { return staff.members[x.Manager] })
	t.number("size", func(x identity.Team) int64 { return int64(len(x.Members)) })
	t.text("members", func(x identity.Team) string { return called(staff.members, x.Members) })
	return write(ctx, j, t, all(list))
}

func keys(ctx context.Context, j job) error {
	staff, _, _, err := j.staff(ctx)
	if err != nil {
		return err
	}
	list, err := j.from.Identity.Keys(ctx, j.Workspace)
	if err != nil {
		return err
	}
	t := &sheet[identity.APIKey]{}
	t.text("id", func(k identity.APIKey) string { return string(k.ID) })
	t.text("public", func(k identity.APIKey) string { return k.Public })
	t.text("name", func(k identity.APIKey) string { return k.Name })
	t.text("scopes", func(k identity.APIKey) string { return joined(k.Scopes) })
	t.text("created_by", func(k identity.APIKey) string { return staff.members[k.CreatedBy] })
	t.time("created_at", func(k identity.APIKey) time.Time { return k.CreatedAt })
	t.time("expires_at", func(k identity.APIKey) time.Time { return k.ExpiresAt })
	t.time("used_at", func(k identity.APIKey) time.Time { return k.UsedAt })
	t.time("revoked_at", func(k identity.APIKey) time.Time { return k.RevokedAt })
	return write(ctx, j, t, all(list))
}

func audit(ctx context.Context, j job) error {
	w, err := j.workspace(ctx, j.Workspace)
	if err != nil {
		return err
	}
	q, err := identity.DecodeAudit(j.Filter, w.Location())
	if err != nil {
		return err
	}
	t := &sheet[identity.Entry]{}
	t.time("at", func(e identity.Entry) time.Time { return e.At })
	t.text("name", func(e identity.Entry) string { return e.Name })
	t.text("member", func(e identity.Entry) string { return string(e.Member) })
	t.text("key", func(e identity.Entry) string { return string(e.Key) })
	t.text("ip", func(e identity.Entry) string { return e.IP })
	t.text("request", func(e identity.Entry) string { return e.RequestID })
	t.text("action", func(e identity.Entry) string { return e.Action })
	t.text("kind", func(e identity.Entry) string { return e.Kind })
	t.text("object", func(e identity.Entry) string { return e.Object })
	t.add("details", table.JSON, func(e identity.Entry) any { return notEmpty(e.Details) })
	q.Limit = 500
	return write(ctx, j, t, paged(func(cursor string) ([]identity.Entry, string, error) {
		q.Cursor = cursor
		p, err := j.from.Identity.AuditLog(ctx, j.Workspace, j.Actor, q)
		return p.Entries, p.Next, err
	}))
}
