package theme

import (
	"context"
	"sync"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// Service keeps the themes of workspaces.
type Service struct {
	db *store.DB

	mu    sync.Mutex
	trees map[identity.WorkspaceID]*Tree
}

// NewService makes a service.
func NewService(db *store.DB) *Service {
	return &Service{db: db, trees: map[identity.WorkspaceID]*Tree{}}
}

// Tree is the themes of a workspace as they are now; it asks the rows for the version alone while nothing changes.
func (s *Service) Tree(ctx context.Context, ws identity.WorkspaceID) (*Tree, error) {
	s.mu.Lock()
	t := s.trees[ws]
	s.mu.Unlock()
	err := s.db.View(ctx, func(tx *store.Tx) error {
		version, err := versionOf(tx, ws)
		if err != nil || t != nil && t.Version == version {
			return err
		}
		t, err = read(tx, ws)
		return err
	})
	if err != nil {
		return nil, fault.Wrap("theme.Tree", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.trees) > 1000 {
		clear(s.trees)
	}
	s.trees[ws] = t
	return t, nil
}

// Change does one thing to the themes of a workspace on behalf of somebody, and writes the log: what is its name there
// ("theme.rename"), do one of Tree's operations.
func (s *Service) Change(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, what string, do func(*Tree) (Theme, error)) (t Theme, err error) {
	const op = "theme.Change"
	if err := actor.RequireIn(op, ws, identity.ThemesManage); err != nil {
		return t, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		tree, err := read(tx, ws)
		if err != nil {
			return err
		}
		if t, err = do(tree); err != nil {
			return err
		}
		if what == "theme.rename" || what == "theme.add" {
			t.NamedBy = actor.Name
		}
		if err := put(tx, ws, t); err != nil {
			return err
		}
		return identity.Audit(tx, actor, what, "theme", t.ID, map[string]string{"name": t.Name("en"), "parent": t.Parent, "state": string(t.State), "into": t.Into})
	})
	return t, fault.Wrap(op, err)
}

// Add makes a theme with a rule or without one (which then groups others); see ParseRule for what a rule is.
func (s *Service) Add(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, parent, language, name, rule string) (Theme, error) {
	return s.Change(ctx, ws, actor, "theme.add", func(t *Tree) (Theme, error) {
		return t.Add(id.New(s.db.Clock().Now()), parent, language, name, rule)
	})
}
