package identity

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kolo/internal/foundation/fault"
)

func TestRanks(t *testing.T) {
	t.Parallel()
	each(t, func(h house) {
		ws, owner := h.workspace("Acme")
		admin := h.member(ws, owner, "admin@acme.example", Admin)
		agent := h.member(ws, admin, "agent@acme.example", Agent)
		h.want(h.ChangeRole(h.ctx, ws, admin, agent.Member, Owner), fault.Denied)
		h.want(h.ChangeRole(h.ctx, ws, admin, admin.Member, Owner), fault.Denied)
		h.want(h.ChangeRole(h.ctx, ws, admin, owner.Member, Viewer), fault.Denied)
		h.want(h.SetState(h.ctx, ws, admin, owner.Member, Disabled), fault.Denied)
		h.want(h.ChangeRole(h.ctx, ws, agent, agent.Member, Admin), fault.Denied)
		_, _, err := h.Invite(h.ctx, ws, admin, NewInvite{Email: "o@acme.example", Role: Owner})
		h.want(err, fault.Denied)
		h.want(h.ChangeRole(h.ctx, ws, owner, agent.Member, "king"), fault.Invalid)
		h.must(h.ChangeRole(h.ctx, ws, admin, agent.Member, Analyst))
		key := Actor{Workspace: ws, Key: "k", Scopes: Permissions()}
		h.want(h.ChangeRole(h.ctx, ws, key, agent.Member, Owner), fault.Denied)
		if m, err := h.Member(h.ctx, ws, agent.Member); err != nil || m.Role != Analyst {
			h.Fatal(m, err)
		}
	})
}

// A key gives no role that may what it may not itself, by whichever way.
func TestKeysMakeNobodyWhoMayMore(t *testing.T) {
	t.Parallel()
	each(t, func(h house) {
		ws, owner := h.workspace("Acme")
		admin := h.member(ws, owner, "admin@acme.example", Admin)
		viewer := h.member(ws, owner, "viewer@acme.example", Viewer)
		waiting, _, err := h.Invite(h.ctx, ws, owner, NewInvite{Email: "a@acme.example", Role: Admin})
		h.must(err)
		narrow := Actor{Workspace: ws, Key: "k", Scopes: []Permission{MembersManage}}
		reader := Actor{Workspace: ws, Key: "k", Scopes: []Permission{MembersManage, FeedbackRead, InsightsRead}}
		for _, r := range Roles() {
			_, _, err := h.Invite(h.ctx, ws, narrow, NewInvite{Email: "n@acme.example", Role: r})
			h.want(err, fault.Denied)
			if r != Viewer {
				_, _, err = h.Invite(h.ctx, ws, reader, NewInvite{Email: "n@acme.example", Role: r})
				h.want(err, fault.Denied)
				h.want(h.ChangeRole(h.ctx, ws, reader, viewer.Member, r), fault.Denied)
			}
		}
		if _, _, err := h.Invite(h.ctx, ws, narrow, NewInvite{Email: "n@acme.example", Role: Viewer}); err == nil || !strings.Contains(err.Error(), "feedback.read, insights.read") {
			h.Error("the refusal does not say what is lacking:", err)
		}
		_, _, err = h.ResendInvite(h.ctx, ws, reader, waiting.ID)
		h.want(err, fault.Denied)
		_, err = h.ResetMember(h.ctx, ws, reader, admin.Member)
		h.want(err, fault.Denied)
		h.must(h.SetState(h.ctx, ws, narrow, admin.Member, Disabled)) // it may keep them out
		h.want(h.SetState(h.ctx, ws, reader, admin.Member, Active), fault.Denied)
		_, _, err = h.Invite(h.ctx, ws, reader, NewInvite{Email: "n@acme.example", Role: Viewer})
		h.must(err)
		_, err = h.ResetMember(h.ctx, ws, reader, viewer.Member)
		h.must(err)
	})
}

func TestTheLastOwnerStays(t *testing.T) {
	t.Parallel()
	each(t, func(h house) {
		ws, owner := h.workspace("Acme")
		h.want(h.ChangeRole(h.ctx, ws, owner, owner.Member, Admin), fault.Conflict)
		h.want(h.SetState(h.ctx, ws, owner, owner.Member, Disabled), fault.Conflict)
		h.want(h.SetState(h.ctx, ws, owner, owner.Member, Removed), fault.Conflict)
		owners := []Actor{owner}
		for i := range 7 {
			owners = append(owners, h.member(ws, owner, fmt.Sprintf("o%d@acme.example", i), Owner))
		}
		// Each owner takes the next one down, and each leaves, all at once.
		var wg sync.WaitGroup
		var left atomic.Int64
		for i, o := range owners {
			wg.Go(func() {
				if h.ChangeRole(h.ctx, ws, o, owners[(i+1)%len(owners)].Member, Admin) == nil {
					left.Add(1)
				}
			})
			wg.Go(func() { _ = h.SetState(h.ctx, ws, o, o.Member, Removed) })
		}
		wg.Wait()
		members, err := h.Members(h.ctx, ws)
		h.must(err)
		n := 0
		for _, m := range members {
			if m.Role == Owner && m.State == Active {
				n++
			}
		}
		if n != 1 {
			h.Fatalf("%d owners left", n)
		}
	})
}

func TestDisabledAndRemoved(t *testing.T) {
	t.Parallel()
	each(t, func(h house) {
		ws, owner := h.workspace("Acme")
		agent := h.member(ws, owner, "agent@acme.example", Agent)
		team, err := h.CreateTeam(h.ctx, ws, owner, "Support", agent.Member)
		h.must(err)
		_, err = h.UpdateTeam(h.ctx, ws, owner, team.ID, TeamPatch{Members: &[]MemberID{agent.Member, owner.Member, agent.Member}})
		h.must(err)
		token, err := h.SignIn(h.ctx, "agent@acme.example", goodPassword, "", "")
		h.must(err)
		h.must(h.SetState(h.ctx, ws, owner, agent.Member, Disabled))
		if a, err := h.Session(h.ctx, token); err != nil || a.Workspace != "" || a.May(FeedbackRead) {
			h.Fatalf("a disabled member is %+v, %v", a, err)
		}
		_, err = h.SwitchWorkspace(h.ctx, token, ws)
		h.want(err, fault.Denied)
		_, _, err = h.Invite(h.ctx, ws, owner, NewInvite{Email: "agent@acme.example", Role: Agent})
		h.want(err, fault.Conflict)
		h.must(h.SetState(h.ctx, ws, owner, agent.Member, Active))
		if a, _ := h.Session(h.ctx, token); !a.May(FeedbackRead) {
			h.Fatal("not enabled again")
		}
		h.must(h.SetState(h.ctx, ws, agent, agent.Member, Removed)) // leaves by himself
		if list, _ := h.Members(h.ctx, ws); len(list) != 1 {
			h.Fatalf("still listed: %+v", list)
		}
		if m, err := h.Member(h.ctx, ws, agent.Member); err != nil || m.Name != "Member agent@acme.example" {
			h.Fatal("what he did lost its name", err)
		}
		if got, _ := h.Team(h.ctx, ws, team.ID); got.Manager != "" || len(got.Members) != 1 {
			h.Fatalf("still in the team: %+v", got)
		}
		h.want(h.SetState(h.ctx, ws, owner, agent.Member, Active), fault.NotFound)
		// He comes back as the same member, through a new invitation that he accepts signed in.
		_, link, err := h.Invite(h.ctx, ws, owner, NewInvite{Email: "agent@acme.example", Role: Viewer, Teams: []TeamID{team.ID}})
		h.must(err)
		_, err = h.AcceptInvite(h.ctx, link, "Impostor", goodPassword)
		h.want(err, fault.Conflict)
		_, err = h.AcceptInviteAs(h.ctx, owner, link)
		h.want(err, fault.Denied)
		m, err := h.AcceptInviteAs(h.ctx, agent, link)
		h.must(err)
		if m.ID != agent.Member || m.Role != Viewer || len(m.Teams) != 1 {
			h.Fatalf("came back as %+v", m)
		}
	})
}

func TestInvitations(t *testing.T) {
	t.Parallel()
	each(t, func(h house) {
		ws, owner := h.workspace("Acme")
		i, first, err := h.Invite(h.ctx, ws, owner, NewInvite{Email: " New@Acme.example", Role: Agent})
		h.must(err)
		v, err := h.FindInvite(h.ctx, first)
		h.must(err)
		if v.Workspace != "Acme" || v.InvitedBy != "Owner of Acme" || v.Known || v.Invite.Email != "new@acme.example" {
			h.Fatalf("%+v", v)
		}
		h.clock.Advance(6 * 24 * time.Hour)
		_, second, err := h.ResendInvite(h.ctx, ws, owner, i.ID)
		h.must(err)
		_, err = h.FindInvite(h.ctx, first)
		h.want(err, fault.NotFound)
		h.clock.Advance(inviteLife)
		_, err = h.AcceptInvite(h.ctx, second, "New", goodPassword)
		h.want(err, fault.NotFound)
		_, third, err := h.ResendInvite(h.ctx, ws, owner, i.ID)
		h.must(err)
		_, err = h.AcceptInvite(h.ctx, third, "New", "short")
		h.want(err, fault.Invalid)
		var in atomic.Int64
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				if _, err := h.AcceptInvite(h.ctx, third, "New", goodPassword); err == nil {
					in.Add(1)
				}
			})
		}
		wg.Wait()
		if in.Load() != 1 {
			h.Fatalf("one link let %d in", in.Load())
		}
		j, link, err := h.Invite(h.ctx, ws, owner, NewInvite{Email: "late@acme.example", Role: Agent})
		h.must(err)
		h.must(h.RevokeInvite(h.ctx, ws, owner, j.ID))
		_, err = h.FindInvite(h.ctx, link)
		h.want(err, fault.NotFound)
		if list, err := h.Invites(h.ctx, ws); err != nil || len(list) != 0 {
			h.Fatal(list, err)
		}
	})
}

func TestTeams(t *testing.T) {
	t.Parallel()
	each(t, func(h house) {
		ws, owner := h.workspace("Acme")
		a, err := h.CreateTeam(h.ctx, ws, owner, "Support", owner.Member)
		h.must(err)
		_, err = h.CreateTeam(h.ctx, ws, owner, "SUPPORT", "")
		h.want(err, fault.Conflict)
		_, err = h.CreateTeam(h.ctx, ws, owner, "Ghosts", "nobody")
		h.want(err, fault.Invalid)
		name := "Service desk"
		a, err = h.UpdateTeam(h.ctx, ws, owner, a.ID, TeamPatch{Name: &name, Members: &[]MemberID{owner.Member}})
		h.must(err)
		m, err := h.Member(h.ctx, ws, owner.Member)
		h.must(err)
		if a.Name != name || len(m.Teams) != 1 || m.Teams[0] != a.ID {
			h.Fatalf("%+v %+v", a, m)
		}
		viewer := h.member(ws, owner, "v@acme.example", Viewer)
		h.want(h.DeleteTeam(h.ctx, ws, viewer, a.ID), fault.Denied)
		h.must(h.DeleteTeam(h.ctx, ws, owner, a.ID))
		if m, _ := h.Member(h.ctx, ws, owner.Member); len(m.Teams) != 0 {
			h.Fatal("a deleted team has members")
		}
	})
}

// TestTeamChanges: the log tells who joined and left, and a refusal names the field at fault.
func TestTeamChanges(t *testing.T) {
	t.Parallel()
	each(t, func(h house) {
		ws, owner := h.workspace("Acme")
		agent := h.member(ws, owner, "agent@acme.example", Agent)
		team, err := h.CreateTeam(h.ctx, ws, owner, "Support", "")
		h.must(err)
		name := "Care"
		_, err = h.UpdateTeam(h.ctx, ws, owner, team.ID, TeamPatch{Name: &name, Manager: &owner.Member, Members: &[]MemberID{agent.Member}})
		h.must(err)
		h.clock.Advance(time.Second) // entries are in the order of their time
		_, err = h.UpdateTeam(h.ctx, ws, owner, team.ID, TeamPatch{Members: &[]MemberID{owner.Member, owner.Member}})
		h.must(err)
		log, err := h.AuditLog(h.ctx, ws, owner, AuditQuery{Action: "team.update"})
		h.must(err)
		want := []map[string]string{
			{"name": "Care", "joined": "Owner of Acme", "left": "Member agent@acme.example"},
			{"name": "Care", "name_was": "Support", "manager": "Owner of Acme", "joined": "Member agent@acme.example"},
		}
		for i, e := range log.Entries {
			if !maps.Equal(e.Details, want[i]) {
				h.Errorf("%v, want %v", e.Details, want[i])
			}
		}
		gone := MemberID("nobody")
		for path, p := range map[string]TeamPatch{"manager": {Manager: &gone}, "members": {Members: &[]MemberID{gone}}} {
			_, err := h.UpdateTeam(h.ctx, ws, owner, team.ID, p)
			if f := fault.ProblemOf(err).Errors; !fault.Is(err, fault.Invalid) || len(f) != 1 || f[0].Path != path {
				h.Errorf("%s: %v", path, err)
			}
		}
		other, err := h.CreateTeam(h.ctx, ws, owner, "Sales", "")
		h.must(err)
		name = "CARE"
		_, err = h.UpdateTeam(h.ctx, ws, owner, other.ID, TeamPatch{Name: &name})
		if f := fault.ProblemOf(err).Errors; !fault.Is(err, fault.Conflict) || len(f) != 1 || f[0].Path != "name" {
			h.Errorf("a name that is taken: %v", err)
		}
		_, _, err = h.Invite(h.ctx, ws, owner, NewInvite{Email: "x@acme.example", Role: Viewer, Teams: []TeamID{"none"}})
		if f := fault.ProblemOf(err).Errors; !fault.Is(err, fault.Invalid) || len(f) != 1 || f[0].Path != "teams" {
			h.Errorf("an invitation into no team: %v", err)
		}
	})
}

// TestWorkspaceChanges: the log tells what was changed and from what; saving what is there already changes nothing.
func TestWorkspaceChanges(t *testing.T) {
	t.Parallel()
	each(t, func(h house) {
		ws, owner := h.workspace("Acme")
		before, err := h.Workspace(h.ctx, ws)
		h.must(err)
		zone, same := "Asia/Tehran", before.Name
		after, err := h.UpdateWorkspace(h.ctx, ws, owner, WorkspacePatch{Name: &same, Zone: &zone, Version: before.Version})
		h.must(err)
		if again, err := h.UpdateWorkspace(h.ctx, ws, owner, WorkspacePatch{Zone: &zone, Version: after.Version}); err != nil || again.Version != after.Version {
			h.Fatalf("saving again: %+v, %v", again, err)
		}
		log, err := h.AuditLog(h.ctx, ws, owner, AuditQuery{Action: "workspace.update"})
		h.must(err)
		if len(log.Entries) != 1 || !maps.Equal(log.Entries[0].Details, map[string]string{"zone": zone, "zone_was": before.Zone}) {
			h.Fatalf("%+v", log.Entries)
		}
		h.workspace("Beta")
		name := "beta"
		_, err = h.UpdateWorkspace(h.ctx, ws, owner, WorkspacePatch{Name: &name})
		if f := fault.ProblemOf(err).Errors; !fault.Is(err, fault.Conflict) || len(f) != 1 || f[0].Path != "name" {
			h.Errorf("a name that is taken: %v", err)
		}
	})
}
