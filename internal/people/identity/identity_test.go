package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
)

// house is a service on a fresh store with a clock of its own; cheap hashes, for there are many.
type house struct {
	*testing.T
	*Service
	clock *clock.Fake
	ctx   context.Context
}

var cheap = Options{Cost: Cost{MemoryKiB: 64, Passes: 1}}

func each(t *testing.T, test func(h house)) {
	t.Helper()
	for name, open := range map[string]func(testing.TB, clock.Clock) *store.DB{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := clock.NewFake(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
			test(house{t, NewService(open(t, c), cheap), c, t.Context()})
		})
	}
}

func (h house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h house) want(err error, kind fault.Kind) {
	h.Helper()
	if !fault.Is(err, kind) {
		h.Fatalf("got %v, want kind %d", err, kind)
	}
}

const goodPassword = "correct horse battery"

// workspace makes one with its owner, owner@<name>.example.
func (h house) workspace(name string) (WorkspaceID, Actor) {
	h.Helper()
	w, m, err := h.CreateWorkspace(h.ctx, NewWorkspace{Name: name, Zone: "Asia/Jerusalem", Language: "he", Currency: "ils", Country: "il",
		WeekStart: Sunday, Owner: NewOwner{Name: "Owner of " + name, Email: "owner@" + strings.ToLower(name) + ".example", Password: goodPassword}})
	h.must(err)
	return w.ID, actorOf(m)
}

func actorOf(m Member) Actor {
	return Actor{Workspace: m.Workspace, Member: m.ID, Person: m.Person, Role: m.Role, Name: m.Name}
}

// member invites and accepts.
func (h house) member(ws WorkspaceID, by Actor, email string, role Role) Actor {
	h.Helper()
	_, token, err := h.Invite(h.ctx, ws, by, NewInvite{Email: email, Role: role})
	h.must(err)
	m, err := h.AcceptInvite(h.ctx, token, "Member "+email, goodPassword)
	h.must(err)
	return actorOf(m)
}

func TestBootstrap(t *testing.T) {
	t.Parallel()
	each(t, func(h house) {
		empty, err := h.Empty(h.ctx)
		h.must(err)
		if !empty {
			h.Fatal("a fresh store is not empty")
		}
		b, err := h.Bootstrap(h.ctx, "Acme", "Ada@Example.com ")
		h.must(err)
		_, err = h.Bootstrap(h.ctx, "ACME", "bob@example.com")
		h.want(err, fault.Conflict)
		if empty, _ := h.Empty(h.ctx); empty {
			h.Fatal("still empty")
		}
		actor, err := h.Key(h.ctx, b.Secret)
		h.must(err)
		if actor.Workspace != b.Workspace.ID || !actor.May(Erase) {
			h.Fatalf("the key gives %+v", actor)
		}
		token, err := h.SignIn(h.ctx, "ada@example.com", b.Password, "192.0.2.1", "curl")
		h.must(err)
		actor, err = h.Session(h.ctx, token)
		h.must(err)
		p, err := h.Person(h.ctx, actor.Person)
		h.must(err)
		if actor.Role != Owner || actor.Member != b.Member.ID || !p.MustChange {
			h.Fatalf("signed in as %+v, %+v", actor, p)
		}
		h.must(h.ChangePassword(h.ctx, actor, b.Password, goodPassword))
		if p, _ := h.Person(h.ctx, actor.Person); p.MustChange {
			h.Fatal("the new password counts as temporary")
		}
		again, err := h.Bootstrap(h.ctx, "Zenith", "ada@example.com")
		h.must(err)
		if again.Password != "" || again.Member.Person != actor.Person {
			h.Fatal("an existing person was made anew")
		}
		list, err := h.WorkspacesOf(h.ctx, actor.Person)
		h.must(err)
		if len(list) != 2 || list[0].Workspace.Name != "Acme" || list[1].Member.Role != Owner {
			h.Fatalf("workspaces %+v", list)
		}
	})
}

func TestOneSetUpAmongSixteen(t *testing.T) {
	t.Parallel()
	each(t, func(h house) {
		var made atomic.Int64
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				_, _, err := h.CreateWorkspace(h.ctx, NewWorkspace{Name: fmt.Sprint("Space ", i), IfEmpty: true,
					Owner: NewOwner{Email: fmt.Sprintf("p%d@example.com", i), Password: goodPassword}})
				if err == nil {
					made.Add(1)
				} else if !fault.Is(err, fault.Conflict) {
					h.Error(err)
				}
			})
		}
		wg.Wait()
		if made.Load() != 1 {
			h.Fatalf("%d set-ups", made.Load())
		}
	})
}

func TestWorkspaceSettings(t *testing.T) {
	t.Parallel()
	each(t, func(h house) {
		ws, owner := h.workspace("Acme")
		w, err := h.Workspace(h.ctx, ws)
		h.must(err)
		if w.Zone != "Asia/Jerusalem" || w.Currency != "ILS" || w.Country != "IL" || w.Slug != "acme" || w.WeekStart.Weekday() != time.Sunday {
			h.Fatalf("%+v", w)
		}
		_, _, err = h.CreateWorkspace(h.ctx, NewWorkspace{Name: " ", Zone: "Mars/Base", WeekStart: "friday", Language: "?", Currency: "XQQ1", Country: "ZZZ",
			Owner: NewOwner{Person: owner.Person}})
		var e *fault.Error
		if !errors.As(err, &e) || e.Kind != fault.Invalid || len(e.Fields) != 6 {
			h.Fatalf("bad settings: %v", err)
		}
		_, _, err = h.CreateWorkspace(h.ctx, NewWorkspace{Name: " ", Owner: NewOwner{Email: "no address", Password: "short"}})
		if e = nil; !errors.As(err, &e) || len(e.Fields) != 3 {
			h.Fatalf("all that is wrong is told at once: %v", err)
		}
		name, zone := "קולו", "Europe/Berlin"
		w, err = h.UpdateWorkspace(h.ctx, ws, owner, WorkspacePatch{Name: &name, Zone: &zone, Version: w.Version})
		h.must(err)
		if w.Name != name || w.Zone != zone || w.Slug != "acme" {
			h.Fatalf("%+v", w)
		}
		_, err = h.UpdateWorkspace(h.ctx, ws, owner, WorkspacePatch{Name: &name, Version: w.Version - 1})
		h.want(err, fault.Conflict)
		hebrew, _, err := h.CreateWorkspace(h.ctx, NewWorkspace{Name: "החברה", Owner: NewOwner{Person: owner.Person}})
		h.must(err)
		if hebrew.Slug != "workspace" {
			h.Fatal(hebrew.Slug)
		}
		_, _, err = h.CreateWorkspace(h.ctx, NewWorkspace{Name: "קולו", Owner: NewOwner{Person: owner.Person}})
		h.want(err, fault.Conflict)
	})
}

func TestTwoWorkspaces(t *testing.T) {
	t.Parallel()
	each(t, func(h house) {
		a, anna := h.workspace("Alpha")
		b, boris := h.workspace("Beta")
		team, err := h.CreateTeam(h.ctx, b, boris, "Support", boris.Member)
		h.must(err)
		key, _, err := h.CreateKey(h.ctx, b, boris, NewKey{Name: "k", Scopes: []Permission{FeedbackRead}})
		h.must(err)
		invite, _, err := h.Invite(h.ctx, b, boris, NewInvite{Email: "new@beta.example", Role: Viewer})
		h.must(err)
		name := "Mine now"
		// Whether she names her own workspace or theirs, Anna reaches nothing of Beta's.
		for _, ws := range []WorkspaceID{a, b} {
			for what, err := range map[string]error{
				"role":   h.ChangeRole(h.ctx, ws, anna, boris.Member, Viewer),
				"state":  h.SetState(h.ctx, ws, anna, boris.Member, Removed),
				"key":    h.RevokeKey(h.ctx, ws, anna, key.ID),
				"invite": h.RevokeInvite(h.ctx, ws, anna, invite.ID),
				"team":   h.DeleteTeam(h.ctx, ws, anna, team.ID),
				"update": func() error { _, err := h.UpdateTeam(h.ctx, ws, anna, team.ID, TeamPatch{Name: &name}); return err }(),
				"resend": func() error { _, _, err := h.ResendInvite(h.ctx, ws, anna, invite.ID); return err }(),
				"borrow": func() error { _, err := h.CreateTeam(h.ctx, ws, anna, "T"+string(ws), boris.Member); return err }(),
				"attach": func() error {
					_, _, err := h.Invite(h.ctx, ws, anna, NewInvite{Email: "x@y.example", Role: Viewer, Teams: []TeamID{team.ID}})
					return err
				}(),
			} {
				if k := fault.KindOf(err); err == nil || k != fault.Denied && k != fault.NotFound && k != fault.Invalid {
					h.Errorf("%s in %s: %v", what, ws, err)
				}
			}
		}
		_, err = h.AuditLog(h.ctx, b, anna, AuditQuery{})
		h.want(err, fault.Denied)
		_, err = h.UpdateWorkspace(h.ctx, b, anna, WorkspacePatch{Name: &name})
		h.want(err, fault.Denied)
		_, err = h.Member(h.ctx, a, boris.Member)
		h.want(err, fault.NotFound)
		members, err := h.Members(h.ctx, a)
		h.must(err)
		teams, err := h.Teams(h.ctx, a)
		h.must(err)
		keys, err := h.Keys(h.ctx, a)
		h.must(err)
		invites, err := h.Invites(h.ctx, a)
		h.must(err)
		if len(members) != 1 || len(teams)+len(keys)+len(invites) != 0 {
			h.Fatalf("Alpha sees %v %v %v %v", members, teams, keys, invites)
		}
		log, err := h.AuditLog(h.ctx, a, anna, AuditQuery{})
		h.must(err)
		for _, e := range log.Entries {
			if strings.Contains(fmt.Sprint(e), "Beta") {
				h.Errorf("Alpha's log tells of Beta: %+v", e)
			}
		}
		if got, err := h.Team(h.ctx, b, team.ID); err != nil || got.Name != "Support" || got.Manager != boris.Member {
			h.Fatalf("Beta's team is %+v, %v", got, err)
		}
	})
}

func TestRolesAndScopes(t *testing.T) {
	t.Parallel()
	for role, may := range granted {
		for _, p := range Permissions() {
			a := Actor{Workspace: "w", Member: "m", Role: role}
			if a.May(p) != slices.Contains(may, p) {
				t.Errorf("%s %s", role, p)
			}
		}
	}
	if (Actor{Workspace: "w", Member: "m", Role: Owner}).May("feedback.fly") || (Actor{Role: Owner, Member: "m"}).May(FeedbackRead) ||
		(Actor{Workspace: "w", Member: "m", Role: "king"}).May(FeedbackRead) || (Actor{Workspace: "w"}).May(FeedbackRead) {
		t.Error("something is allowed that nobody granted")
	}
	key := Actor{Workspace: "w", Key: "k", Scopes: []Permission{FeedbackWrite}, Role: Owner}
	if !key.May(FeedbackWrite) || key.May(FeedbackRead) {
		t.Error("a key may what its scopes say and no more")
	}
	if err := key.RequireIn("t", "other", FeedbackWrite); !fault.Is(err, fault.Denied) {
		t.Error("a key works in another workspace")
	}
	if !(Program("w", "demo")).May(Erase) || Program("", "demo").May(Erase) {
		t.Error("Kolo itself may everything in one workspace")
	}
}
