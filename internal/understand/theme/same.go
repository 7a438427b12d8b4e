package theme

import (
	"context"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// Same is a guess that two found themes of different languages are one. A person decides: by merging them, or by saying that they are two.
type Same struct {
	Theme    string  `json:"-"`
	Other    string  `json:"theme" doc:"Id of the other theme"`
	Likeness float64 `json:"likeness" doc:"How near to each other they are, 0 to 1"`
	Model    string  `json:"model" doc:"The outside model that thinks so"`
}

// Guess keeps what a model thinks are the same, in the place of what it thought before. What a person said is two stays two.
func (s *Service) Guess(ctx context.Context, ws identity.WorkspaceID, list []Same) error {
	rows := make([][]any, len(list))
	for i, x := range list {
		a, b := inOrder(x.Theme, x.Other)
		rows[i] = []any{string(ws), a, b, x.Likeness, x.Model, 0}
	}
	return fault.Wrap("theme.Guess", s.db.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec("/* theme.Guess */ DELETE FROM theme_same WHERE workspace = $1 AND refused_at = 0", string(ws)); err != nil || len(rows) == 0 {
			return err
		}
		_, err := tx.InsertMany("theme.Guess", "theme_same", []string{"workspace", "theme", "other", "likeness", "model", "refused_at"}, rows, "ON CONFLICT DO NOTHING")
		return err
	}))
}

// SameAs are the themes that may be the same as one, the likeliest first; of "" all pairs. What was merged, forbidden or not heard lately is left
// out.
func (s *Service) SameAs(ctx context.Context, ws identity.WorkspaceID, tree *Tree, id string) ([]Same, error) {
	var pairs []Same
	err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		pairs, err = store.All(tx, func(r store.Scanner) (x Same, err error) { return x, r.Scan(&x.Theme, &x.Other, &x.Likeness, &x.Model) },
			`/* theme.SameAs */ SELECT theme, other, likeness, model FROM theme_same WHERE workspace = $1 AND refused_at = 0 AND ($2 = '' OR theme = $2 OR other = $2)
			ORDER BY likeness DESC, theme, other`, string(ws), id)
		return err
	})
	var out []Same
	for _, x := range pairs {
		a, _ := tree.Get(x.Theme)
		b, _ := tree.Get(x.Other)
		if !a.open() || !b.open() {
			continue
		}
		if id != "" && x.Other == id {
			x.Theme, x.Other = x.Other, x.Theme
		}
		out = append(out, x)
	}
	return out, fault.Wrap("theme.SameAs", err)
}

// open tells whether it may still become a part of another theme.
func (x Theme) open() bool { return x.State == Live || x.State == Proposed }

// Apart keeps that two themes which were thought to be the same are two. fault.NotFound: nobody thought so.
func (s *Service) Apart(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, id, other string) error {
	const op = "theme.Apart"
	if err := actor.RequireIn(op, ws, identity.ThemesManage); err != nil {
		return err
	}
	a, b := inOrder(id, other)
	return fault.Wrap(op, s.db.Update(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec("/* theme.Apart */ UPDATE theme_same SET refused_at = $4 WHERE workspace = $1 AND theme = $2 AND other = $3 AND refused_at = 0", string(ws), a, b, tx.Millis())
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, op, "these two were not thought to be the same")
		}
		tree, err := read(tx, ws)
		if err != nil {
			return err
		}
		return identity.Audit(tx, actor, "theme.apart", "theme", id, map[string]string{"name": tree.Name(id, "en"), "from": tree.Name(other, "en")})
	}))
}

func inOrder(a, b string) (string, string) {
	if b < a {
		return b, a
	}
	return a, b
}
