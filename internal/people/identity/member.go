package identity

import (
	"cmp"
	"context"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
)

// Members lists who is in a workspace, active and disabled, by name.
func (s *Service) Members(ctx context.Context, ws WorkspaceID) (list []Member, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = members(tx, ws, "AND m.state <> 'removed' ORDER BY p.name, m.id")
		return err
	})
	return list, err
}

// Member reads one member, a removed one too.
func (s *Service) Member(ctx context.Context, ws WorkspaceID, member MemberID) (m Member, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		m, err = GetMember(tx, ws, member)
		return err
	})
	return m, err
}

// GetMember reads a member in the caller's transaction, a removed one too.
func GetMember(tx *store.Tx, ws WorkspaceID, member MemberID) (Member, error) {
	return oneMember(members(tx, ws, "AND m.id = $2", string(member)))
}

// Reader is somebody to write to, and in which language.
type Reader struct {
	Member
	Language string // the person's, or else the workspace's
}

// Readers are the active members of a workspace, by name, in the caller's transaction.
func Readers(tx *store.Tx, w Workspace) ([]Reader, error) {
	list, err := members(tx, w.ID, "AND m.state = 'active' ORDER BY p.name, m.id")
	if err != nil {
		return nil, err
	}
	out := make([]Reader, len(list))
	for i, m := range list {
		p, err := personByID(tx, m.Person)
		if err != nil {
			return nil, err
		}
		out[i] = Reader{m, cmp.Or(p.Language, w.Language)}
	}
	return out, nil
}

func memberOf(tx *store.Tx, ws WorkspaceID, person PersonID) (Member, error) {
	return oneMember(members(tx, ws, "AND m.person = $2", string(person)))
}

func oneMember(list []Member, err error) (Member, error) {
	if err != nil {
		return Member{}, err
	}
	if len(list) == 0 {
		return Member{}, fault.New(fault.NotFound, "identity.Member", "there is no such member")
	}
	return list[0], nil
}

func members(tx *store.Tx, ws WorkspaceID, tail string, args ...any) ([]Member, error) {
	list, err := store.All(tx, func(s store.Scanner) (m Member, err error) {
		var created int64
		err = s.Scan(&m.Workspace, &m.ID, &m.Person, &m.Role, &m.State, &created, &m.Name, &m.Email)
		m.CreatedAt = instant(created)
		return m, err
	}, `/* identity.members */ SELECT m.workspace, m.id, m.person, m.role, m.state, m.created_at, p.name, p.email
		FROM member m JOIN person p ON p.id = m.person WHERE m.workspace = $1 `+tail, append([]any{string(ws)}, args...)...)
	if err != nil || len(list) == 0 {
		return list, err
	}
	at := make(map[MemberID]*Member, len(list))
	for i := range list {
		at[list[i].ID] = &list[i]
	}
	only, arg := "", []any{string(ws)}
	if len(list) == 1 {
		only, arg = " AND member = $2", append(arg, string(list[0].ID))
	}
	links, err := store.All(tx, scanLink, "/* identity.members */ SELECT team, member FROM team_member WHERE workspace = $1"+only+" ORDER BY team", arg...)
	for _, l := range links {
		if m := at[l.member]; m != nil {
			m.Teams = append(m.Teams, l.team)
		}
	}
	return list, err
}

type link struct {
	team   TeamID
	member MemberID
}

func scanLink(s store.Scanner) (l link, err error) {
	err = s.Scan(&l.team, &l.member)
	return l, err
}

// join makes a person a member. One who was removed before gets the old membership back, so that the past keeps its name.
func join(tx *store.Tx, ws WorkspaceID, person PersonID, role Role, teams []TeamID) (Member, error) {
	m, err := memberOf(tx, ws, person)
	switch {
	case err == nil && m.State != Removed:
		return m, fault.New(fault.Conflict, "identity.join", "%s is a member already", m.Email)
	case err == nil:
		_, err = tx.Exec("/* identity.join */ UPDATE member SET state = 'active', role = $3 WHERE workspace = $1 AND id = $2",
			string(ws), string(m.ID), string(role))
	case fault.Is(err, fault.NotFound):
		m.ID = MemberID(id.New(tx.Now))
		_, err = tx.Exec("/* identity.join */ INSERT INTO member (workspace, id, person, role, state, created_at) VALUES ($1, $2, $3, $4, 'active', $5)",
			string(ws), string(m.ID), string(person), string(role), tx.Millis())
	}
	if err != nil {
		return m, err
	}
	for _, t := range teams {
		// A team that was deleted since the invitation is left out.
		if _, err := tx.Exec(`/* identity.join */ INSERT INTO team_member (workspace, team, member)
			SELECT workspace, id, $3 FROM team WHERE workspace = $1 AND id = $2 ON CONFLICT DO NOTHING`,
			string(ws), string(t), string(m.ID)); err != nil {
			return m, err
		}
	}
	return GetMember(tx, ws, m.ID)
}

// ChangeRole gives a member another role. Nobody touches a role above their own or gives one that may more than they do, and the last owner stays one.
func (s *Service) ChangeRole(ctx context.Context, ws WorkspaceID, actor Actor, member MemberID, role Role) error {
	const op = "identity.ChangeRole"
	if err := actor.RequireIn(op, ws, MembersManage); err != nil {
		return err
	}
	if role.rank() < 0 {
		return fault.Bad(op, fault.Field{Path: "role", Code: "enum", Msg: "there is no such role"})
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		m, err := touch(tx, op, ws, actor, member)
		if err != nil || m.Role == role {
			return err
		}
		if err := actor.give(op, role); err != nil {
			return err
		}
		if err := keepOwner(tx, op, m); err != nil {
			return err
		}
		if _, err := tx.Exec("/* identity.ChangeRole */ UPDATE member SET role = $3 WHERE workspace = $1 AND id = $2",
			string(ws), string(member), string(role)); err != nil {
			return err
		}
		return Audit(tx, actor, "member.role", "member", string(member), map[string]string{"from": string(m.Role), "to": string(role)})
	})
}

// SetState disables, enables or removes a member. Nobody enables one who may more than they do, and the last owner stays. What the member did keeps its name. Everyone may
// remove themselves.
func (s *Service) SetState(ctx context.Context, ws WorkspaceID, actor Actor, member MemberID, state State) error {
	const op = "identity.SetState"
	leaving := state == Removed && actor.Member == member && actor.Workspace == ws && member != ""
	if !leaving {
		if err := actor.RequireIn(op, ws, MembersManage); err != nil {
			return err
		}
	}
	if state != Active && state != Disabled && state != Removed {
		return fault.Bad(op, fault.Field{Path: "state", Code: "enum", Msg: "a member is active, disabled or removed"})
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		m, err := touch(tx, op, ws, actor, member)
		if err != nil || m.State == state {
			return err
		}
		if m.State == Removed {
			return fault.New(fault.NotFound, op, "the member was removed: send an invitation")
		}
		if state == Active { // which gives the role again
			err = actor.give(op, m.Role)
		} else {
			err = keepOwner(tx, op, m)
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec("/* identity.SetState */ UPDATE member SET state = $3 WHERE workspace = $1 AND id = $2",
			string(ws), string(member), string(state)); err != nil {
			return err
		}
		if state == Removed {
			if _, err := tx.Exec("/* identity.SetState */ DELETE FROM team_member WHERE workspace = $1 AND member = $2", string(ws), string(member)); err != nil {
				return err
			}
			if _, err := tx.Exec("/* identity.SetState */ UPDATE team SET manager = '' WHERE workspace = $1 AND manager = $2", string(ws), string(member)); err != nil {
				return err
			}
		}
		action := map[State]string{Active: "member.enable", Disabled: "member.disable", Removed: "member.remove"}[state]
		return Audit(tx, actor, action, "member", string(member), map[string]string{"email": m.Email})
	})
}

// touch reads a member that the actor wants to change, and refuses when it stands above the actor.
func touch(tx *store.Tx, op string, ws WorkspaceID, actor Actor, member MemberID) (Member, error) {
	m, err := GetMember(tx, ws, member)
	if err == nil && m.Role.rank() > actor.rank() {
		err = fault.New(fault.Denied, op, "you cannot change a member with a role above your own")
	}
	return m, err
}

// keepOwner refuses a change that would leave a workspace without an active owner. The count is safe because
// transactions are serialisable: two owners who demote each other cannot both commit.
func keepOwner(tx *store.Tx, op string, m Member) error {
	if m.Role != Owner || m.State != Active {
		return nil
	}
	others, err := store.One(tx, store.Value[int64], `/* identity.keepOwner */ SELECT count(*) FROM member
		WHERE workspace = $1 AND role = 'owner' AND state = 'active' AND id <> $2`, string(m.Workspace), string(m.ID))
	if err != nil || others > 0 {
		return err
	}
	return fault.New(fault.Conflict, op, "a workspace needs an owner: make somebody else one first")
}
