package identity

import (
	"context"
	"slices"
	"strings"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
)

// TeamPatch changes what is not nil.
type TeamPatch struct {
	Name    *string
	Manager *MemberID
	Members *[]MemberID
}

// Teams lists a workspace's teams by name.
func (s *Service) Teams(ctx context.Context, ws WorkspaceID) (list []Team, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = teams(tx, ws, "ORDER BY name_key")
		return err
	})
	return list, err
}

func teams(tx *store.Tx, ws WorkspaceID, tail string, args ...any) ([]Team, error) {
	list, err := store.All(tx, func(s store.Scanner) (t Team, err error) {
		err = s.Scan(&t.Workspace, &t.ID, &t.Name, &t.Manager)
		return t, err
	}, "/* identity.teams */ SELECT workspace, id, name, manager FROM team WHERE workspace = $1 "+tail, append([]any{string(ws)}, args...)...)
	if err != nil {
		return nil, err
	}
	links, err := store.All(tx, scanLink, "/* identity.teams */ SELECT team, member FROM team_member WHERE workspace = $1 ORDER BY member", string(ws))
	for i := range list {
		for _, l := range links {
			if l.team == list[i].ID {
				list[i].Members = append(list[i].Members, l.member)
			}
		}
	}
	return list, err
}

// CreateTeam makes a team; manager may be "".
func (s *Service) CreateTeam(ctx context.Context, ws WorkspaceID, actor Actor, name string, manager MemberID) (t Team, err error) {
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		t = Team{ID: TeamID(id.New(tx.Now)), Workspace: ws, Name: name, Manager: manager}
		return saveTeam(tx, "team.create", ws, actor, Team{}, &t)
	})
	return t, err
}

// UpdateTeam changes a team.
func (s *Service) UpdateTeam(ctx context.Context, ws WorkspaceID, actor Actor, team TeamID, p TeamPatch) (t Team, err error) {
	err = s.db.Update(ctx, func(tx *store.Tx) (err error) {
		if t, err = getTeam(tx, ws, team); err != nil {
			return err
		}
		old := t
		set(&t.Name, p.Name)
		set(&t.Manager, p.Manager)
		set(&t.Members, p.Members)
		return saveTeam(tx, "team.update", ws, actor, old, &t)
	})
	return t, err
}

func getTeam(tx *store.Tx, ws WorkspaceID, team TeamID) (Team, error) {
	list, err := teams(tx, ws, "AND id = $2", string(team))
	if err == nil && len(list) == 0 {
		err = fault.New(fault.NotFound, "identity.Team", "there is no such team")
	}
	if err != nil {
		return Team{}, err
	}
	return list[0], nil
}

// saveTeam writes a team; old is what it was before, for the log.
func saveTeam(tx *store.Tx, action string, ws WorkspaceID, actor Actor, old Team, t *Team) error {
	const op = "identity.saveTeam"
	if err := actor.RequireIn(op, ws, TeamsManage); err != nil {
		return err
	}
	var bad fields
	t.Name = bad.name("name", t.Name)
	names := map[MemberID]string{}
	know := func(path string, list ...MemberID) error {
		for _, m := range list {
			got, err := GetMember(tx, ws, m)
			if fault.Is(err, fault.NotFound) || err == nil && got.State == Removed && path != "" {
				bad.add(path, "unknown", "there is no member "+string(m))
			} else if err != nil {
				return err
			}
			names[m] = got.Name
		}
		return nil
	}
	if t.Manager != "" {
		if err := know("manager", t.Manager); err != nil {
			return err
		}
	}
	slices.Sort(t.Members)
	t.Members = slices.Compact(t.Members)
	if err := know("members", t.Members...); err != nil {
		return err
	}
	if err := bad.err(op); err != nil {
		return err
	}
	taken, err := store.One(tx, store.Value[int64], "/* identity.saveTeam */ SELECT count(*) FROM team WHERE workspace = $1 AND name_key = $2 AND id <> $3",
		string(ws), strings.ToLower(t.Name), string(t.ID))
	if err != nil || taken > 0 {
		return orTaken(err, op, "name", "there is a team of that name already")
	}
	if _, err := tx.Exec(`/* identity.saveTeam */ INSERT INTO team (workspace, id, name, name_key, manager) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (workspace, id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key, manager = excluded.manager`,
		string(ws), string(t.ID), t.Name, strings.ToLower(t.Name), string(t.Manager)); err != nil {
		return err
	}
	if _, err := tx.Exec("/* identity.saveTeam */ DELETE FROM team_member WHERE workspace = $1 AND team = $2", string(ws), string(t.ID)); err != nil {
		return err
	}
	rows := make([][]any, len(t.Members))
	for i, m := range t.Members {
		rows[i] = []any{string(ws), string(t.ID), string(m)}
	}
	if _, err := tx.InsertMany("identity.saveTeam", "team_member", []string{"workspace", "team", "member"}, rows, ""); err != nil {
		return err
	}
	if err := know("", old.Members...); err != nil {
		return err
	}
	return Audit(tx, actor, action, "team", string(t.ID), t.since(old, names))
}

// since says for the log what is new in a team.
func (t Team) since(old Team, names map[MemberID]string) changes {
	c := changes{"name": t.Name}
	if old.ID != "" {
		c.note("name", old.Name, t.Name)
	}
	if old.Manager != t.Manager {
		c["manager"] = names[t.Manager]
	}
	for what, pair := range map[string][2][]MemberID{"joined": {t.Members, old.Members}, "left": {old.Members, t.Members}} {
		var who []string
		for _, m := range pair[0] {
			if !slices.Contains(pair[1], m) {
				who = append(who, names[m])
			}
		}
		if len(who) > 0 {
			c[what] = strings.Join(who, ", ")
		}
	}
	return c
}

// DeleteTeam deletes a team; its members stay in the workspace.
func (s *Service) DeleteTeam(ctx context.Context, ws WorkspaceID, actor Actor, team TeamID) error {
	if err := actor.RequireIn("identity.DeleteTeam", ws, TeamsManage); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		t, err := getTeam(tx, ws, team)
		if err != nil {
			return err
		}
		if _, err := tx.Exec("/* identity.DeleteTeam */ DELETE FROM team_member WHERE workspace = $1 AND team = $2", string(ws), string(team)); err != nil {
			return err
		}
		if _, err := tx.Exec("/* identity.DeleteTeam */ DELETE FROM team WHERE workspace = $1 AND id = $2", string(ws), string(team)); err != nil {
			return err
		}
		return Audit(tx, actor, "team.delete", "team", string(team), map[string]string{"name": t.Name})
	})
}

// Team reads one.
func (s *Service) Team(ctx context.Context, ws WorkspaceID, team TeamID) (t Team, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		t, err = getTeam(tx, ws, team)
		return err
	})
	return t, err
}
