package theme

import (
	"context"
	"maps"
	"slices"
	"sync"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// Service keeps the themes of workspaces.
type Service struct {
	db *store.DB

	changed []func(tx *store.Tx, ws identity.WorkspaceID, was, is Theme) error

	mu    sync.Mutex
	trees map[identity.WorkspaceID]*Tree
}

// NewService makes a service.
func NewService(db *store.DB) *Service {
	return &Service{db: db, trees: map[identity.WorkspaceID]*Tree{}}
}

// OnChange has fn called in the transaction of every change that a person makes of a theme; was is the zero Theme for a new
// one. Call it before the first change.
func (s *Service) OnChange(fn func(tx *store.Tx, ws identity.WorkspaceID, was, is Theme) error) {
	s.changed = append(s.changed, fn)
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

// TreeIn is Tree inside a transaction, as that sees it. It takes no other connection; what it reads anew is not kept, for the
// transaction may not come to be.
func (s *Service) TreeIn(tx *store.Tx, ws identity.WorkspaceID) (*Tree, error) {
	s.mu.Lock()
	t := s.trees[ws]
	s.mu.Unlock()
	version, err := versionOf(tx, ws)
	if err == nil && (t == nil || t.Version != version) {
		t, err = read(tx, ws)
	}
	if err != nil {
		return nil, fault.Wrap("theme.TreeIn", err)
	}
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
		was, _ := tree.Get(t.ID)
		if t.Rule != was.Rule {
			if err := MayRule(actor, t.Rule); err != nil {
				return err
			}
		}
		if !maps.Equal(was.Names, t.Names) {
			t.NamedBy = actor.Name
		}
		if err := put(tx, ws, t); err != nil {
			return err
		}
		for _, fn := range s.changed {
			if err := fn(tx, ws, was, t); err != nil {
				return err
			}
		}
		details := map[string]string{"name": t.Name("en")}
		if t.Into != "" {
			details["into"] = tree.Name(t.Into, "en")
		}
		return identity.Audit(tx, actor, what, "theme", t.ID, details)
	})
	return t, fault.Wrap(op, err)
}

// Make is Add with names in several languages.
func (s *Service) Make(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, parent string, names map[string]string, source string) (Theme, error) {
	return s.Change(ctx, ws, actor, "theme.add", func(t *Tree) (Theme, error) {
		var x Theme
		var err error = fault.Bad("theme.Make", fault.Field{Path: "names", Code: "required", Msg: "a theme needs a name"})
		for i, language := range slices.Sorted(maps.Keys(names)) {
			if i == 0 {
				x, err = t.Add(id.New(s.db.Clock().Now()), parent, language, names[language], source)
			} else if err == nil {
				x.Names[language], err = t.freeName("theme.Make", x, language, names[language])
			}
		}
		return x, err
	})
}

// Edit changes several things of a theme at once; see Tree.Apply.
func (s *Service) Edit(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, id string, e Edit) (Theme, error) {
	what := "theme.change"
	switch {
	case e.Into != nil && *e.Into != "":
		what = "theme.merge"
	case e.State != nil && *e.State == Forbidden:
		what = "theme.forbid"
	case e.State != nil:
		what = "theme.accept"
	}
	return s.Change(ctx, ws, actor, what, func(t *Tree) (Theme, error) { return t.Apply(id, e) })
}

// Add makes a theme with a rule or without one (which then groups others); package rule says what a rule is.
func (s *Service) Add(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, parent, language, name, rule string) (Theme, error) {
	return s.Change(ctx, ws, actor, "theme.add", func(t *Tree) (Theme, error) {
		return t.Add(id.New(s.db.Clock().Now()), parent, language, name, rule)
	})
}

// Absorb takes in what a run of discovery found, in the transaction that keeps its model. A theme that is there already
// gets its new size, quote and terms, and a new name where no person and no other model gave it one; where a person put it,
// whether it is forbidden, merged or accepted, stays. dormant are those that the run did not find again.
func Absorb(tx *store.Tx, ws identity.WorkspaceID, found []Theme, dormant []string) error {
	tree, err := read(tx, ws)
	if err != nil {
		return err
	}
	var list []Theme
	for _, f := range found {
		if top := tree.Resolve(f.Parent); top != f.Parent { // the starting theme was merged into another, or is forbidden
			f.Parent = top
		}
		old, known := tree.Get(f.ID)
		if !known {
			list = append(list, f)
			continue
		}
		old.Centroid, old.QuoteOf, old.Texts = f.Centroid, f.QuoteOf, f.Texts
		if old.NamedBy == "" && !old.ByPerson {
			old.Names = f.Names
		}
		if !old.Moved {
			old.Parent = f.Parent
		}
		if old.State == Dormant {
			old.State = Proposed
		}
		list = append(list, old)
	}
	for _, id := range dormant {
		if old, known := tree.Get(id); known && old.State == Proposed && !old.Pinned {
			old.State, old.Texts = Dormant, 0
			list = append(list, old)
		}
	}
	return put(tx, ws, list...)
}

// Called keeps the names that an outside model gave a theme, unless a person has named it.
func (s *Service) Called(ctx context.Context, ws identity.WorkspaceID, id string, names map[string]string, by string) error {
	return fault.Wrap("theme.Called", s.db.Update(ctx, func(tx *store.Tx) error {
		tree, err := read(tx, ws)
		if err != nil {
			return err
		}
		t, known := tree.Get(id)
		if !known || t.ByPerson || t.NamedBy != "" {
			return nil
		}
		t.Names, t.NamedBy = names, by
		return put(tx, ws, t)
	}))
}
