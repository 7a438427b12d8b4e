package identity

import (
	"context"
	"unicode/utf8"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
)

// PersonPatch changes what is not nil.
type PersonPatch struct {
	Name     *string
	Language *string
	Theme    *string
}

// Person reads one.
func (s *Service) Person(ctx context.Context, person PersonID) (p Person, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		p, err = personByID(tx, person)
		return err
	})
	return p, err
}

// UpdatePerson changes the actor's own name, language or theme.
func (s *Service) UpdatePerson(ctx context.Context, actor Actor, patch PersonPatch) (p Person, err error) {
	err = s.db.Update(ctx, func(tx *store.Tx) (err error) {
		if p, err = personByID(tx, actor.Person); err != nil {
			return err
		}
		set(&p.Name, patch.Name)
		set(&p.Language, patch.Language)
		set(&p.Theme, patch.Theme)
		var bad fields
		p.Name = bad.name("name", p.Name)
		p.Language = bad.language("language", p.Language)
		if p.Theme != "" && p.Theme != "light" && p.Theme != "dark" {
			bad.add("theme", "enum", "a theme is light, dark or empty")
		}
		if err := bad.err("identity.UpdatePerson"); err != nil {
			return err
		}
		_, err = tx.Exec("/* identity.UpdatePerson */ UPDATE person SET name = $2, language = $3, theme = $4 WHERE id = $1",
			string(p.ID), p.Name, p.Language, p.Theme)
		return err
	})
	return p, err
}

// ChangePassword sets the actor's own password and signs all their other sessions out.
func (s *Service) ChangePassword(ctx context.Context, actor Actor, old, password string) error {
	const op = "identity.ChangePassword"
	var bad fields
	bad.password("password", password)
	if old == password {
		bad.add("password", "same", "that is the password you have")
	}
	if err := bad.err(op); err != nil {
		return err
	}
	wrong := fault.Bad(op, fault.Field{Path: "old", Code: "wrong", Msg: "that is not your password"})
	var p Person
	var kept string
	if err := s.db.Update(ctx, func(tx *store.Tx) (err error) {
		// A stolen session must not become a way to try passwords.
		if err := count(tx, "change "+string(actor.Person), triesPerAddress); err != nil {
			return err
		}
		p, kept, err = personWithHash(tx, "id = $1", string(actor.Person))
		return err
	}); err != nil {
		return err
	}
	if ok, err := s.hasher.check(ctx, kept, old); err != nil || !ok {
		return orElse(err, wrong)
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec("/* identity.ChangePassword */ UPDATE person SET password = $3, must_change = 0 WHERE id = $1 AND password = $2",
			string(p.ID), kept, hash)
		if err == nil && n == 0 {
			err = wrong // somebody else changed it meanwhile
		}
		if err != nil {
			return err
		}
		if err := uncount(tx, "change "+string(p.ID), ""); err != nil {
			return err
		}
		return passwordChanged(tx, actor, p.ID, actor.Session)
	})
}

// ResetPassword gives somebody a temporary password and signs them out everywhere: for the command line, where whoever can
// reach the database may do everything anyway.
func (s *Service) ResetPassword(ctx context.Context, email string) (password string, err error) {
	password = temporaryPassword()
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return "", err
	}
	norm, _ := NormEmail(email)
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		p, err := personByEmail(tx, norm)
		if fault.Is(err, fault.NotFound) {
			return fault.New(fault.NotFound, "identity.ResetPassword", "nobody here has the address %s", email)
		}
		if err != nil {
			return err
		}
		if err := resetPassword(tx, p, hash); err != nil {
			return err
		}
		return passwordChanged(tx, Program("", "command line"), p.ID, "")
	})
	if err != nil {
		return "", err
	}
	return password, nil
}

// ResetMember gives a member who has forgotten the password a temporary one, which the actor hands on, and signs them out
// everywhere. Only for members of this workspace alone: with a password of somebody who is elsewhere too, whoever manages
// members here could come in there. Nor for oneself: a stolen session must not become an account.
func (s *Service) ResetMember(ctx context.Context, ws WorkspaceID, actor Actor, member MemberID) (password string, err error) {
	const op = "identity.ResetMember"
	if err := actor.RequireIn(op, ws, MembersManage); err != nil {
		return "", err
	}
	if actor.Member == member {
		return "", fault.New(fault.Denied, op, "change your own password in your profile")
	}
	allowed := func(tx *store.Tx) (Member, error) {
		m, err := touch(tx, op, ws, actor, member)
		if err == nil && m.State == Removed {
			err = fault.New(fault.NotFound, op, "the member was removed")
		}
		if err == nil { // whoever has the password has the role
			err = actor.give(op, m.Role)
		}
		if err != nil {
			return m, err
		}
		elsewhere, err := store.One(tx, store.Value[int64], `/* identity.ResetMember */ SELECT count(*) FROM member
			WHERE person = $1 AND workspace <> $2 AND state <> 'removed'`, string(m.Person), string(ws))
		if err == nil && elsewhere > 0 {
			err = fault.New(fault.Conflict, op, "they are a member of another workspace too: only whoever runs Kolo can reset their password")
		}
		return m, err
	}
	if err := s.db.View(ctx, func(tx *store.Tx) error { // before the costly hash
		_, err := allowed(tx)
		return err
	}); err != nil {
		return "", err
	}
	password = temporaryPassword()
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return "", err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		m, err := allowed(tx)
		if err != nil {
			return err
		}
		if err := resetPassword(tx, Person{ID: m.Person, Email: m.Email}, hash); err != nil {
			return err
		}
		if err := endSessions(tx, m.Person, ""); err != nil {
			return err
		}
		return Audit(tx, actor, "person.reset", "member", string(m.ID), nil)
	})
	if err != nil {
		return "", err
	}
	return password, nil
}

// resetPassword writes a temporary password, and forgets how often the old one was tried.
func resetPassword(tx *store.Tx, p Person, hash string) error {
	if _, err := tx.Exec("/* identity.resetPassword */ UPDATE person SET password = $2, must_change = 1 WHERE id = $1", string(p.ID), hash); err != nil {
		return err
	}
	return uncount(tx, addressOf(p.Email), "")
}

// passwordChanged ends the other sessions and tells each workspace's log, for the person is a member of all of them.
func passwordChanged(tx *store.Tx, actor Actor, person PersonID, except SessionID) error {
	if err := endSessions(tx, person, except); err != nil {
		return err
	}
	type place struct {
		ws     WorkspaceID
		member MemberID
	}
	places, err := store.All(tx, func(s store.Scanner) (p place, err error) {
		err = s.Scan(&p.ws, &p.member)
		return p, err
	}, "/* identity.passwordChanged */ SELECT workspace, id FROM member WHERE person = $1 AND state <> 'removed'", string(person))
	if err != nil {
		return err
	}
	for _, p := range places {
		actor.Workspace = p.ws
		if !actor.program {
			actor.Member = p.member
		}
		if err := Audit(tx, actor, "person.password", "member", string(p.member), nil); err != nil {
			return err
		}
	}
	return nil
}

func personByID(tx *store.Tx, person PersonID) (Person, error) {
	p, _, err := personWithHash(tx, "id = $1", string(person))
	return p, err
}

func personByEmail(tx *store.Tx, email string) (Person, error) {
	p, _, err := personWithHash(tx, "email = $1", email)
	return p, err
}

// personWithHash reads a person and the password hash, which no Person carries so that none is shown by mistake.
func personWithHash(tx *store.Tx, where, arg string) (Person, string, error) {
	type row struct {
		Person
		hash string
	}
	if !utf8.ValidString(arg) {
		arg = ""
	}
	r, err := store.One(tx, func(s store.Scanner) (r row, err error) {
		var must, created int64
		err = s.Scan(&r.ID, &r.Email, &r.Name, &r.Language, &r.Theme, &r.hash, &must, &created)
		r.MustChange, r.HasPassword, r.CreatedAt = must == 1, r.hash != "", instant(created)
		return r, err
	}, "/* identity.person */ SELECT id, email, name, language, theme, password, must_change, created_at FROM person WHERE "+where, arg)
	return r.Person, r.hash, err
}
