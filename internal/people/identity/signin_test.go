package identity

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
)

func TestSignInTellsNothing(t *testing.T) {
	t.Parallel()
	each(t, func(h house) {
		h.workspace("Acme")
		_, wrong := h.SignIn(h.ctx, "owner@acme.example", "not the password", "192.0.2.1", "")
		_, unknown := h.SignIn(h.ctx, "nobody@acme.example", "not the password", "192.0.2.1", "")
		_, absurd := h.SignIn(h.ctx, "\x00\xff' OR 1=1 --", strings.Repeat("x", 1<<20), "not an address", "")
		for _, err := range []error{wrong, unknown, absurd} {
			h.want(err, fault.Unauthenticated)
			if err.Error() != wrong.Error() {
				h.Errorf("%q differs from %q", err, wrong)
			}
		}
	})
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	each(t, func(h house) {
		h.workspace("Acme")
		var wg sync.WaitGroup
		var tried atomic.Int64
		for i := range 16 {
			wg.Go(func() { // from many networks, at one address, at once
				_, err := h.SignIn(h.ctx, "owner@acme.example", "not the password", fmt.Sprintf("192.0.2.%d", i), "")
				if fault.Is(err, fault.Unauthenticated) {
					tried.Add(1)
				} else if !fault.Is(err, fault.Busy) {
					h.Error(err)
				}
			})
		}
		wg.Wait()
		if tried.Load() != triesPerAddress {
			h.Fatalf("%d tries at once", tried.Load())
		}
		restarted := NewService(h.db, cheap)
		_, err := restarted.SignIn(h.ctx, "OWNER@acme.example", goodPassword, "198.51.100.1", "")
		h.want(err, fault.Busy)
		var throttled *Throttled
		if !errors.As(err, &throttled) || throttled.Minutes() != 15 {
			h.Fatalf("how long to wait is not told: %v", err)
		}
		h.clock.Advance(throttleWindow)
		_, err = restarted.SignIn(h.ctx, "owner@acme.example", goodPassword, "198.51.100.1", "")
		h.must(err)
		for i := range triesPerNetwork + 1 {
			_, err = h.SignIn(h.ctx, fmt.Sprintf("p%d@acme.example", i), "not the password", fmt.Sprintf("2001:db8::%x", i), "")
		}
		h.want(err, fault.Busy) // one IPv6 customer, whatever the address in his /64
		_, err = h.SignIn(h.ctx, "owner@acme.example", goodPassword, "2001:db8:0:1::1", "")
		h.must(err)
	})
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	each(t, func(h house) {
		ws, owner := h.workspace("Acme")
		signIn := func() string {
			token, err := h.SignIn(h.ctx, "owner@acme.example", goodPassword, "192.0.2.7", "Firefox")
			h.must(err)
			return token
		}
		idle, used := signIn(), signIn()
		for range 4 {
			h.clock.Advance(6 * 24 * time.Hour)
			_, err := h.Session(h.ctx, used)
			h.must(err)
		}
		_, err := h.Session(h.ctx, idle)
		h.want(err, fault.Unauthenticated)
		h.clock.Advance(6 * 24 * time.Hour) // thirty days
		_, err = h.Session(h.ctx, used)
		h.want(err, fault.Unauthenticated)
		h.must(h.Sweep(h.ctx))

		a, b, c := signIn(), signIn(), signIn()
		actor, err := h.Session(h.ctx, a)
		h.must(err)
		if actor.Workspace != ws || actor.Member != owner.Member || !actor.May(WorkspaceManage) {
			h.Fatalf("%+v", actor)
		}
		list, err := h.Sessions(h.ctx, actor)
		h.must(err)
		current := 0
		for _, s := range list {
			if s.Current {
				current++
			}
		}
		if len(list) != 3 || current != 1 || list[0].IP != "192.0.2.7" || list[0].Agent != "Firefox" {
			h.Fatalf("%+v", list)
		}
		h.must(h.SignOut(h.ctx, b))
		_, err = h.Session(h.ctx, b)
		h.want(err, fault.Unauthenticated)
		h.want(h.ChangePassword(h.ctx, actor, "wrong password", "another good one"), fault.Invalid)
		h.must(h.ChangePassword(h.ctx, actor, goodPassword, "another good one"))
		_, err = h.Session(h.ctx, c)
		h.want(err, fault.Unauthenticated)
		_, err = h.Session(h.ctx, a)
		h.must(err)
		h.must(h.SignOutEverywhere(h.ctx, actor.Person))
		_, err = h.Session(h.ctx, a)
		h.want(err, fault.Unauthenticated)
		_, err = h.SignIn(h.ctx, "owner@acme.example", goodPassword, "", "")
		h.want(err, fault.Unauthenticated)
		temporary, err := h.ResetPassword(h.ctx, "owner@acme.example")
		h.must(err)
		_, err = h.SignIn(h.ctx, "owner@acme.example", temporary, "", "")
		h.must(err)
	})
}

func TestSwitchWorkspace(t *testing.T) {
	t.Parallel()
	each(t, func(h house) {
		a, owner := h.workspace("Acme")
		b, _, err := h.CreateWorkspace(h.ctx, NewWorkspace{Name: "Beta", Owner: NewOwner{Person: owner.Person}})
		h.must(err)
		other, _ := h.workspace("Other")
		token, err := h.SignIn(h.ctx, "owner@acme.example", goodPassword, "", "")
		h.must(err)
		_, err = h.SwitchWorkspace(h.ctx, token, other)
		h.want(err, fault.Denied)
		if actor, err := h.Session(h.ctx, token); err != nil || actor.Workspace != a {
			h.Fatal(actor, err)
		}
		_, err = h.SwitchWorkspace(h.ctx, token, b.ID)
		h.must(err)
		if actor, err := h.Session(h.ctx, token); err != nil || actor.Workspace != b.ID || actor.Role != Owner {
			h.Fatal(actor, err)
		}
		h.clock.Advance(time.Hour)
		token, err = h.SignIn(h.ctx, "owner@acme.example", goodPassword, "", "")
		h.must(err)
		if actor, _ := h.Session(h.ctx, token); actor.Workspace != b.ID {
			h.Fatal("a new session does not begin where the person was last")
		}
	})
}

func TestHasher(t *testing.T) {
	t.Parallel()
	h := newHasher(cheap.Cost)
	kept, err := h.hash(t.Context(), "öffne dich")
	if err != nil {
		t.Fatal(err)
	}
	for password, want := range map[string]bool{"öffne dich": true, "offne dich": false, "": false} {
		if ok, err := h.check(t.Context(), kept, password); ok != want || err != nil {
			t.Errorf("%q: %v %v", password, ok, err)
		}
	}
	if ok, err := h.check(t.Context(), "", ""); ok || err != nil {
		t.Error("who has no password signed in", err)
	}
	if _, err := h.check(t.Context(), "$2y$10$abc", "x"); err == nil {
		t.Error("a hash of another kind was read")
	}
	for range hashesAtOnce { // while as many are at work as may be, the next one waits
		leave, err := h.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer leave()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.check(ctx, kept, "x"); !errors.Is(err, context.Canceled) {
		t.Error("one too many was let in", err)
	}
}

func TestSecretsAreNotKept(t *testing.T) {
	t.Parallel()
	each(t, func(h house) {
		b, err := h.Bootstrap(h.ctx, "Acme", "ada@example.com")
		h.must(err)
		session, err := h.SignIn(h.ctx, "ada@example.com", b.Password, "", "")
		h.must(err)
		actor, err := h.Session(h.ctx, session)
		h.must(err)
		_, link, err := h.Invite(h.ctx, b.Workspace.ID, actor, NewInvite{Email: "x@example.com", Role: Viewer})
		h.must(err)
		h.must(h.ChangePassword(h.ctx, actor, b.Password, goodPassword))
		h.must(h.db.Update(h.ctx, func(tx *store.Tx) error {
			return Audit(tx, actor, "test", "t", "1", map[string]string{"Password": "hunter2hunter2", "api_token": "hunter2hunter2"})
		}))
		for _, table := range []string{"audit", "session", "api_key", "member_invite", "person", "sign_in_throttle"} {
			h.must(h.db.View(h.ctx, func(tx *store.Tx) error {
				rows, err := tx.Query("SELECT * FROM " + table)
				if err != nil {
					return err
				}
				defer rows.Close()
				names, _ := rows.Columns()
				for rows.Next() {
					row := make([]any, len(names))
					for i := range row {
						row[i] = new(any)
					}
					h.must(rows.Scan(row...))
					text := ""
					for _, v := range row {
						text += fmt.Sprintf("%s %v ", *v.(*any), *v.(*any))
					}
					for what, secret := range map[string]string{"key": b.Secret, "temporary password": b.Password, "session": session,
						"link": link, "password": goodPassword, "detail": "hunter2hunter2"} {
						if strings.Contains(text, secret) {
							h.Errorf("%s holds the %s", table, what)
						}
					}
				}
				return rows.Err()
			}))
		}
	})
}

// TestResetMember: who manages members gives somebody a temporary password, but not to come in elsewhere by it.
func TestResetMember(t *testing.T) {
	t.Parallel()
	each(t, func(h house) {
		ws, owner := h.workspace("Acme")
		admin := h.member(ws, owner, "admin@acme.example", Admin)
		agent := h.member(ws, owner, "agent@acme.example", Agent)
		token, err := h.SignIn(h.ctx, "agent@acme.example", goodPassword, "", "")
		h.must(err)
		for range triesPerAddress + 1 {
			_, err = h.SignIn(h.ctx, "agent@acme.example", "forgotten", "", "")
		}
		h.want(err, fault.Busy)
		for _, c := range []struct {
			who    Actor
			member MemberID
			want   fault.Kind
		}{
			{agent, admin.Member, fault.Denied}, {admin, owner.Member, fault.Denied}, {admin, admin.Member, fault.Denied}, {admin, "nobody", fault.NotFound},
		} {
			_, err := h.ResetMember(h.ctx, ws, c.who, c.member)
			h.want(err, c.want)
		}
		password, err := h.ResetMember(h.ctx, ws, admin, agent.Member)
		h.must(err)
		_, err = h.Session(h.ctx, token)
		h.want(err, fault.Unauthenticated)
		token, err = h.SignIn(h.ctx, "agent@acme.example", password, "", "") // the tries are forgotten with the password
		h.must(err)
		a, err := h.Session(h.ctx, token)
		h.must(err)
		if p, err := h.Person(h.ctx, a.Person); err != nil || !p.MustChange {
			h.Fatalf("%+v, %v", p, err)
		}
		log, err := h.AuditLog(h.ctx, ws, owner, AuditQuery{Action: "person."})
		h.must(err)
		if len(log.Entries) != 1 || log.Entries[0].Member != admin.Member || log.Entries[0].Object != string(agent.Member) {
			h.Errorf("%+v", log.Entries)
		}
		beta, boss := h.workspace("Beta")
		_, link, err := h.Invite(h.ctx, beta, boss, NewInvite{Email: "agent@acme.example", Role: Owner})
		h.must(err)
		_, err = h.AcceptInviteAs(h.ctx, a, link)
		h.must(err)
		_, err = h.ResetMember(h.ctx, ws, owner, agent.Member)
		h.want(err, fault.Conflict)
		_, err = h.ResetMember(h.ctx, ws, boss, agent.Member)
		h.want(err, fault.Denied)
		h.must(h.SetState(h.ctx, ws, owner, agent.Member, Removed))
		_, err = h.ResetMember(h.ctx, ws, owner, agent.Member)
		h.want(err, fault.NotFound)
	})
}

// TestSweep has a runner sweep: what ended goes, what holds stays.
func TestSweep(t *testing.T) {
	t.Parallel()
	each(t, func(h house) {
		ws, owner := h.workspace("Acme")
		_, err := h.SignIn(h.ctx, "owner@acme.example", goodPassword, "", "")
		h.must(err)
		_, _, err = h.Invite(h.ctx, ws, owner, NewInvite{Email: "old@acme.example", Role: Viewer})
		h.must(err)
		_, err = h.SignIn(h.ctx, "nobody@acme.example", "wrong", "192.0.2.1", "")
		h.want(err, fault.Unauthenticated)
		h.clock.Advance(inviteLife + 31*24*time.Hour)
		_, err = h.SignIn(h.ctx, "owner@acme.example", goodPassword, "", "")
		h.must(err)
		_, _, err = h.Invite(h.ctx, ws, owner, NewInvite{Email: "new@acme.example", Role: Viewer})
		h.must(err)
		swept := make(chan string, 8)
		r := job.New(h.db, job.Options{Log: slog.New(slog.DiscardHandler), Observe: func(kind, outcome string, _, _ time.Duration) {
			if kind == string(sweepKind) {
				swept <- outcome
			}
		}})
		h.Handle(r)
		h.must(r.Start(h.ctx))
		defer r.Stop()
		if outcome := <-swept; outcome != "done" {
			h.Errorf("the sweep is %s", outcome)
		}
		for table, want := range map[string]int64{"session": 1, "member_invite": 1, "sign_in_throttle": 0} {
			h.must(h.db.View(h.ctx, func(tx *store.Tx) error {
				n, err := store.One(tx, store.Value[int64], "SELECT count(*) FROM "+table)
				if n != want {
					h.Errorf("%d rows are left in %s", n, table)
				}
				return err
			}))
		}
	})
}
