package identity

import (
	"context"
	"encoding/json"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
)

const inviteLife = 7 * 24 * time.Hour

// NewInvite asks for an invitation.
type NewInvite struct {
	Email string
	Role  Role
	Teams []TeamID
}

// InviteView is what the holder of an invitation's link sees.
type InviteView struct {
	Invite    Invite
	Workspace string // its name
	InvitedBy string // the member's name, "" when a program invited
	Known     bool   // the address belongs to a person already, who signs in to accept
}

// Invite asks somebody to become a member, with no role that may more than the actor. The token goes into the link; only its hash is kept. A pending invitation of
// the same address is replaced.
func (s *Service) Invite(ctx context.Context, ws WorkspaceID, actor Actor, in NewInvite) (i Invite, token string, err error) {
	const op = "identity.Invite"
	if err := actor.RequireIn(op, ws, MembersManage); err != nil {
		return i, "", err
	}
	var bad fields
	in.Email = bad.email("email", in.Email)
	if in.Role.rank() < 0 {
		bad.add("role", "enum", "there is no such role")
	}
	if err := bad.err(op); err != nil {
		return i, "", err
	}
	if err := actor.give(op, in.Role); err != nil {
		return i, "", err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		if p, err := personByEmail(tx, in.Email); err == nil {
			if m, err := memberOf(tx, ws, p.ID); err == nil && m.State != Removed {
				return fault.New(fault.Conflict, op, "%s is a member already", in.Email)
			} else if err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
		for _, t := range in.Teams {
			if _, err := getTeam(tx, ws, t); fault.Is(err, fault.NotFound) {
				return fault.Bad(op, fault.Field{Path: "teams", Code: "unknown", Msg: "there is no such team (any more)"})
			} else if err != nil {
				return err
			}
		}
		i = Invite{ID: InviteID(id.New(tx.Now)), Workspace: ws, Email: in.Email, Role: in.Role, Teams: in.Teams, InvitedBy: actor.Member, CreatedAt: tx.Now}
		if token, err = s.saveInvite(tx, &i); err != nil {
			return err
		}
		return Audit(tx, actor, "invite.create", "invite", string(i.ID), map[string]string{"email": i.Email, "role": string(i.Role)})
	})
	return i, token, err
}

// OnInvite says what happens when somebody is invited, or gets a new link, in the transaction that does. The token is what goes into the link.
func (s *Service) OnInvite(fn func(tx *store.Tx, i Invite, token string) error) { s.onInvite = fn }

// saveInvite writes an invitation with a new link and a new end.
func (s *Service) saveInvite(tx *store.Tx, i *Invite) (token string, err error) {
	token, hash := newToken()
	i.ExpiresAt = tx.Now.Add(inviteLife)
	teams, err := json.Marshal(i.Teams)
	if err != nil {
		return "", err
	}
	_, err = tx.Exec(`/* identity.saveInvite */ INSERT INTO member_invite
		(workspace, id, email, role, teams, token_hash, invited_by, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (workspace, email) DO UPDATE SET id = excluded.id, role = excluded.role, teams = excluded.teams,
		token_hash = excluded.token_hash, invited_by = excluded.invited_by, created_at = excluded.created_at, expires_at = excluded.expires_at`,
		string(i.Workspace), string(i.ID), i.Email, string(i.Role), string(teams), hash, string(i.InvitedBy), millis(i.CreatedAt), millis(i.ExpiresAt))
	if err != nil {
		return "", err
	}
	return token, s.onInvite(tx, *i, token)
}

// Invites lists the invitations that wait for an answer, expired ones too, the newest first.
func (s *Service) Invites(ctx context.Context, ws WorkspaceID) (list []Invite, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = store.All(tx, scanInvite, "/* identity.Invites */ SELECT "+inviteColumns+" FROM member_invite WHERE workspace = $1 ORDER BY id DESC", string(ws))
		return err
	})
	return list, err
}

// ResendInvite makes a new link, good for another seven days; the old one ends.
func (s *Service) ResendInvite(ctx context.Context, ws WorkspaceID, actor Actor, invite InviteID) (i Invite, token string, err error) {
	const op = "identity.ResendInvite"
	err = s.withInvite(ctx, op, ws, actor, invite, func(tx *store.Tx, old Invite) error {
		i = old
		if err := actor.give(op, i.Role); err != nil {
			return err
		}
		if token, err = s.saveInvite(tx, &i); err != nil {
			return err
		}
		return Audit(tx, actor, "invite.resend", "invite", string(i.ID), map[string]string{"email": i.Email})
	})
	return i, token, err
}

// RevokeInvite ends an invitation.
func (s *Service) RevokeInvite(ctx context.Context, ws WorkspaceID, actor Actor, invite InviteID) error {
	return s.withInvite(ctx, "identity.RevokeInvite", ws, actor, invite, func(tx *store.Tx, i Invite) error {
		if err := deleteInvite(tx, i); err != nil {
			return err
		}
		return Audit(tx, actor, "invite.revoke", "invite", string(i.ID), map[string]string{"email": i.Email})
	})
}

func (s *Service) withInvite(ctx context.Context, op string, ws WorkspaceID, actor Actor, invite InviteID, fn func(*store.Tx, Invite) error) error {
	if err := actor.RequireIn(op, ws, MembersManage); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		i, err := store.One(tx, scanInvite, "/* identity.withInvite */ SELECT "+inviteColumns+" FROM member_invite WHERE workspace = $1 AND id = $2", string(ws), string(invite))
		if err != nil {
			return err
		}
		return fn(tx, i)
	})
}

// FindInvite shows the holder of a link what it invites to.
func (s *Service) FindInvite(ctx context.Context, token string) (v InviteView, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		if v.Invite, err = inviteByToken(tx, token); err != nil {
			return err
		}
		w, err := GetWorkspace(tx, v.Invite.Workspace)
		if err != nil {
			return err
		}
		v.Workspace = w.Name
		if m, err := GetMember(tx, w.ID, v.Invite.InvitedBy); err == nil {
			v.InvitedBy = m.Name
		}
		_, err = personByEmail(tx, v.Invite.Email)
		v.Known = err == nil
		if fault.Is(err, fault.NotFound) {
			err = nil
		}
		return err
	})
	return v, err
}

// AcceptInvite makes a new person and member from a link, once. Somebody with that address is a Conflict: they sign in and
// use AcceptInviteAs.
func (s *Service) AcceptInvite(ctx context.Context, token, name, password string) (m Member, err error) {
	const op = "identity.AcceptInvite"
	var bad fields
	name = bad.name("name", name)
	bad.password("password", password)
	if err := bad.err(op); err != nil {
		return m, err
	}
	if _, err := s.FindInvite(ctx, token); err != nil { // before the costly hash
		return m, err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return m, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		i, err := inviteByToken(tx, token)
		if err != nil {
			return err
		}
		p, err := createPerson(tx, &bad, "", Person{Name: name, Email: i.Email, HasPassword: true}, hash)
		if err != nil {
			return err
		}
		m, err = accept(tx, i, p.ID)
		return err
	})
	return m, err
}

// AcceptInviteAs makes a signed-in person a member. The invitation must be for the person's own address.
func (s *Service) AcceptInviteAs(ctx context.Context, actor Actor, token string) (m Member, err error) {
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		i, err := inviteByToken(tx, token)
		if err != nil {
			return err
		}
		p, err := personByID(tx, actor.Person)
		if err != nil {
			return err
		}
		if p.Email != i.Email {
			return fault.New(fault.Denied, "identity.AcceptInviteAs", "the invitation is for another address than the one you are signed in with")
		}
		m, err = accept(tx, i, p.ID)
		return err
	})
	return m, err
}

func accept(tx *store.Tx, i Invite, person PersonID) (Member, error) {
	m, err := join(tx, i.Workspace, person, i.Role, i.Teams)
	if err != nil {
		return m, err
	}
	if err := deleteInvite(tx, i); err != nil {
		return m, err
	}
	actor := Actor{Workspace: i.Workspace, Member: m.ID, Person: person, Role: m.Role, Name: m.Name}
	return m, Audit(tx, actor, "invite.accept", "member", string(m.ID), map[string]string{"email": m.Email, "role": string(m.Role), "invite": string(i.ID)})
}

func inviteByToken(tx *store.Tx, token string) (Invite, error) {
	i, err := store.One(tx, scanInvite, "/* identity.inviteByToken */ SELECT "+inviteColumns+" FROM member_invite WHERE token_hash = $1", hashOf(token))
	if err == nil && i.ExpiresAt.After(tx.Now) {
		return i, nil
	}
	if err == nil || fault.Is(err, fault.NotFound) {
		err = fault.New(fault.NotFound, "identity.invite", "the invitation has ended or was used already: ask for a new one")
	}
	return Invite{}, err
}

func deleteInvite(tx *store.Tx, i Invite) error {
	_, err := tx.Exec("/* identity.deleteInvite */ DELETE FROM member_invite WHERE workspace = $1 AND id = $2", string(i.Workspace), string(i.ID))
	return err
}

const inviteColumns = "id, workspace, email, role, teams, invited_by, created_at, expires_at"

func scanInvite(s store.Scanner) (i Invite, err error) {
	var teams string
	var created, expires int64
	if err = s.Scan(&i.ID, &i.Workspace, &i.Email, &i.Role, &teams, &i.InvitedBy, &created, &expires); err != nil {
		return i, err
	}
	i.CreatedAt, i.ExpiresAt = instant(created), instant(expires)
	return i, json.Unmarshal([]byte(teams), &i.Teams)
}
