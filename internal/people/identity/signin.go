package identity

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/netip"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
)

const (
	sessionLife = 30 * 24 * time.Hour // from the sign-in
	sessionIdle = 7 * 24 * time.Hour  // from the last request
	seenEvery   = 5 * time.Minute     // how exact the last request is known

	throttleWindow  = 15 * time.Minute
	triesPerAddress = 10
	triesPerNetwork = 100
)

var errRefused = fault.New(fault.Unauthenticated, "identity.SignIn", "the e-mail address or the password is wrong")

// SignIn checks a password and opens a session, whose token goes into a cookie; only its hash is kept. Whether the address
// is unknown or the password wrong cannot be told from the answer nor from its time. Too many tries at one address or from
// one network within a quarter of an hour are fault.Busy, in whichever process they arrive.
func (s *Service) SignIn(ctx context.Context, email, password, ip, agent string) (token string, err error) {
	norm, _ := NormEmail(email)
	if norm == "" {
		norm = cleanName(email) // still counted, and still hashed below
	}
	if len(password) > maxPassword {
		password = password[:maxPassword]
	}
	address, network := addressOf(norm), networkOf(ip)
	var p Person
	var kept string
	// The try is counted before it is made: a hundred at once get no more tries than a hundred in a row.
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		if err := count(tx, address, triesPerAddress); err != nil {
			return err
		}
		if err := count(tx, network, triesPerNetwork); err != nil {
			return err
		}
		p, kept, err = personWithHash(tx, "email = $1", norm)
		if fault.Is(err, fault.NotFound) {
			err = nil
		}
		return err
	})
	if err != nil {
		return "", err
	}
	ok, err := s.hasher.check(ctx, kept, password)
	if err != nil {
		return "", err
	}
	if !ok {
		return "", errRefused
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		if _, now, err := personWithHash(tx, "id = $1", string(p.ID)); err != nil || now != kept {
			return orElse(err, errRefused) // changed while we were hashing
		}
		if err := uncount(tx, address, network); err != nil {
			return err
		}
		token, err = openSession(tx, p, ip, agent)
		return err
	})
	return token, err
}

func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// count notes a try and refuses it when there were too many in the window.
func count(tx *store.Tx, who string, limit int64) error {
	if who == "" {
		return nil
	}
	type tries struct{ n, since int64 }
	t, err := store.One(tx, func(s store.Scanner) (t tries, err error) {
		err = s.Scan(&t.n, &t.since)
		return t, err
	}, `/* identity.count */ INSERT INTO sign_in_throttle (who, tries, since) VALUES ($1, 1, $2) ON CONFLICT (who) DO UPDATE SET
		tries = CASE WHEN sign_in_throttle.since <= $3 THEN 1 ELSE sign_in_throttle.tries + 1 END,
		since = CASE WHEN sign_in_throttle.since <= $3 THEN $2 ELSE sign_in_throttle.since END RETURNING tries, since`,
		who, tx.Millis(), tx.Now.Add(-throttleWindow).UnixMilli())
	if err != nil || t.n <= limit {
		return err
	}
	wait := &Throttled{time.UnixMilli(t.since).Add(throttleWindow).Sub(tx.Now)}
	return &fault.Error{Kind: fault.Busy, Op: "identity.SignIn", Msg: fmt.Sprintf("too many tries to sign in: wait %d minutes", wait.Minutes()), Err: wait}
}

// Throttled is the cause of the fault.Busy with which SignIn and ChangePassword refuse one try too many.
type Throttled struct{ Wait time.Duration }

func (t *Throttled) Error() string { return "throttled for " + t.Wait.String() }

// Minutes is how long to wait, rounded up.
func (t *Throttled) Minutes() int { return int((t.Wait + time.Minute - 1) / time.Minute) }

// uncount takes back what a successful sign-in counted; the address starts afresh.
func uncount(tx *store.Tx, address, network string) error {
	if _, err := tx.Exec("/* identity.uncount */ DELETE FROM sign_in_throttle WHERE who = $1", address); err != nil {
		return err
	}
	_, err := tx.Exec("/* identity.uncount */ UPDATE sign_in_throttle SET tries = tries - 1 WHERE who = $1 AND tries > 0", network)
	return err
}

// addressOf names whom tries are counted for, without keeping who it is.
func addressOf(email string) string { return "address " + hex.EncodeToString(hashOf(email)) }

// networkOf names whom tries are counted for: an IPv4 address, or the /64 that an IPv6 customer has to himself.
func networkOf(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return ""
	}
	a = a.Unmap()
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, err := a.WithZone("").Prefix(bits)
	if err != nil {
		return ""
	}
	return "network " + p.String()
}

func openSession(tx *store.Tx, p Person, ip, agent string) (token string, err error) {
	// Where the person was last, or else where they have been longest; "" when they may enter nowhere.
	spaces, err := store.All(tx, store.Value[WorkspaceID], `/* identity.openSession */ SELECT m.workspace FROM member m
		WHERE m.person = $1 AND m.state = 'active'
		ORDER BY coalesce((SELECT max(s.seen_at) FROM session s WHERE s.person = m.person AND s.workspace = m.workspace), 0) DESC, m.created_at`,
		string(p.ID))
	if err != nil {
		return "", err
	}
	var ws WorkspaceID
	if len(spaces) > 0 {
		ws = spaces[0]
	}
	session := SessionID(id.New(tx.Now))
	token, hash := newToken()
	if _, err := tx.Exec(`/* identity.openSession */ INSERT INTO session (id, token_hash, person, workspace, created_at, seen_at, expires_at, ip, agent)
		VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8)`, string(session), hash, string(p.ID), string(ws), tx.Millis(),
		tx.Now.Add(sessionLife).UnixMilli(), cleanName(ip), clip(cleanName(agent), 300)); err != nil {
		return "", err
	}
	if ws == "" {
		return token, nil
	}
	m, err := memberOf(tx, ws, p.ID)
	if err != nil {
		return "", err
	}
	actor := Actor{Workspace: ws, Member: m.ID, Person: p.ID, Role: m.Role, Name: p.Name, IP: ip}
	return token, Audit(tx, actor, "session.begin", "member", string(m.ID), nil)
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// Session tells who holds a token, or fault.Unauthenticated. A session ends seven days after its last request and thirty
// days after it began. Somebody who may no longer enter the session's workspace is an Actor with a Person alone.
func (s *Service) Session(ctx context.Context, token string) (Actor, error) {
	var actor Actor
	var seen time.Time
	err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		actor, seen, err = sessionActor(tx, token)
		return err
	})
	if err != nil {
		return Actor{}, err
	}
	if now := s.db.Clock().Now(); now.Sub(seen) >= seenEvery {
		err = s.db.Update(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec("/* identity.Session */ UPDATE session SET seen_at = $2 WHERE id = $1 AND seen_at < $2", string(actor.Session), now.UnixMilli())
			return err
		})
	}
	return actor, err
}

func sessionActor(tx *store.Tx, token string) (a Actor, seen time.Time, err error) {
	type found struct {
		Actor
		seen, expires int64
	}
	f, err := store.One(tx, func(s store.Scanner) (f found, err error) {
		var must int64
		err = s.Scan(&f.Session, &f.Person, &f.Name, &must, &f.seen, &f.expires, &f.Workspace, &f.Member, &f.Role)
		f.MustChange = must == 1
		return f, err
	}, `/* identity.Session */ SELECT s.id, p.id, p.name, p.must_change, s.seen_at, s.expires_at, coalesce(m.workspace, ''), coalesce(m.id, ''), coalesce(m.role, '')
		FROM session s JOIN person p ON p.id = s.person
		LEFT JOIN member m ON m.workspace = s.workspace AND m.person = s.person AND m.state = 'active'
		WHERE s.token_hash = $1`, hashOf(token))
	if err != nil && !fault.Is(err, fault.NotFound) {
		return a, seen, err
	}
	if seen = instant(f.seen); err != nil || tx.Now.Sub(seen) >= sessionIdle || tx.Millis() >= f.expires {
		return a, seen, fault.New(fault.Unauthenticated, "identity.Session", "you are not signed in, or your session has ended")
	}
	return f.Actor, seen, nil
}

// SwitchWorkspace takes a session to another workspace of the person.
func (s *Service) SwitchWorkspace(ctx context.Context, token string, ws WorkspaceID) (actor Actor, err error) {
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		if actor, _, err = sessionActor(tx, token); err != nil {
			return err
		}
		m, err := memberOf(tx, ws, actor.Person)
		if err == nil && m.State != Active || fault.Is(err, fault.NotFound) {
			return fault.New(fault.Denied, "identity.SwitchWorkspace", "you are not in this workspace")
		}
		if err != nil {
			return err
		}
		actor.Workspace, actor.Member, actor.Role = ws, m.ID, m.Role
		_, err = tx.Exec("/* identity.SwitchWorkspace */ UPDATE session SET workspace = $2 WHERE id = $1", string(actor.Session), string(ws))
		return err
	})
	return actor, err
}

// SignOut ends a session; an unknown one is no error.
func (s *Service) SignOut(ctx context.Context, token string) error {
	return s.db.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec("/* identity.SignOut */ DELETE FROM session WHERE token_hash = $1", hashOf(token))
		return err
	})
}

// SignOutEverywhere ends all sessions of a person.
func (s *Service) SignOutEverywhere(ctx context.Context, person PersonID) error {
	return s.db.Update(ctx, func(tx *store.Tx) error { return endSessions(tx, person, "") })
}

func endSessions(tx *store.Tx, person PersonID, except SessionID) error {
	_, err := tx.Exec("/* identity.endSessions */ DELETE FROM session WHERE person = $1 AND id <> $2", string(person), string(except))
	return err
}

// EndSession ends one of the actor's own sessions.
func (s *Service) EndSession(ctx context.Context, actor Actor, session SessionID) error {
	return s.db.Update(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec("/* identity.EndSession */ DELETE FROM session WHERE id = $1 AND person = $2", string(session), string(actor.Person))
		if err == nil && n == 0 {
			err = fault.New(fault.NotFound, "identity.EndSession", "there is no such session")
		}
		return err
	})
}

// Sessions lists the actor's own sessions, the latest seen first.
func (s *Service) Sessions(ctx context.Context, actor Actor) (list []Session, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = store.All(tx, func(sc store.Scanner) (v Session, err error) {
			var created, seen, expires int64
			err = sc.Scan(&v.ID, &v.Person, &v.Workspace, &created, &seen, &expires, &v.IP, &v.Agent)
			v.CreatedAt, v.SeenAt, v.ExpiresAt, v.Current = instant(created), instant(seen), instant(expires), v.ID == actor.Session
			return v, err
		}, `/* identity.Sessions */ SELECT id, person, workspace, created_at, seen_at, expires_at, ip, agent FROM session
			WHERE person = $1 AND expires_at > $2 AND seen_at > $3 ORDER BY seen_at DESC, id`,
			string(actor.Person), tx.Millis(), tx.Now.Add(-sessionIdle).UnixMilli())
		return err
	})
	return list, err
}

// Sweep deletes sessions, invitations and counts of tries that ended; nothing depends on it but the room they take.
func (s *Service) Sweep(ctx context.Context) error {
	return s.db.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec("/* identity.Sweep */ DELETE FROM session WHERE expires_at <= $1 OR seen_at <= $2",
			tx.Millis(), tx.Now.Add(-sessionIdle).UnixMilli()); err != nil {
			return err
		}
		// An expired invitation stays in the list for a while, so that it can be sent again.
		if _, err := tx.Exec("/* identity.Sweep */ DELETE FROM member_invite WHERE expires_at <= $1", tx.Now.Add(-30*24*time.Hour).UnixMilli()); err != nil {
			return err
		}
		_, err := tx.Exec("/* identity.Sweep */ DELETE FROM sign_in_throttle WHERE since <= $1", tx.Now.Add(-throttleWindow).UnixMilli())
		return err
	})
}
