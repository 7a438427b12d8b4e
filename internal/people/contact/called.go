package contact

import (
	"context"
	"slices"

	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// Names are what contacts are called, by their ids; those without a name are left out. It masks nothing: it is for the program, which
// finds these names in what the contacts said.
func (s *Service) Names(ctx context.Context, ws identity.WorkspaceID, ids []ID) (names map[ID][]string, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		names, err = Names(tx, ws, ids)
		return err
	})
	return names, err
}

// Names is the method in the caller's transaction.
func Names(tx *store.Tx, ws identity.WorkspaceID, ids []ID) (map[ID][]string, error) {
	out := map[ID][]string{}
	ids = slices.DeleteFunc(slices.Clone(ids), func(id ID) bool { return id == "" })
	slices.Sort(ids)
	return out, eachIn(tx, slices.Compact(ids), `/* contact.Names */ SELECT c.id, c.name, coalesce(m.name, '') FROM contact c
		LEFT JOIN contact m ON m.workspace = c.workspace AND m.id = c.merged_into AND c.merged_into <> '' WHERE c.workspace = $1 AND c.id IN %s`, []any{string(ws)},
		func(s store.Scanner) error {
			var id ID
			var name, merged string
			if err := s.Scan(&id, &name, &merged); err != nil {
				return err
			}
			for _, n := range []string{name, merged} {
				if n != "" && !slices.Contains(out[id], n) {
					out[id] = append(out[id], n)
				}
			}
			return nil
		})
}
