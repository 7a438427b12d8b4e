package theme

import (
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// Unquote has no theme name feedback any more that was removed as the text that stands for it.
func Unquote(tx *store.Tx, ws identity.WorkspaceID, ids []string) error {
	var all int64
	for len(ids) > 0 {
		n := min(len(ids), 256)
		found, err := tx.Exec("/* theme.Unquote */ UPDATE theme SET quote_of = '' WHERE workspace = $1 AND quote_of <> '' AND quote_of IN "+store.In(1, n),
			append([]any{string(ws)}, store.Anys(ids[:n])...)...)
		if err != nil {
			return err
		}
		all, ids = all+found, ids[n:]
	}
	if all == 0 {
		return nil
	}
	return put(tx, ws) // nothing but that the tree has changed
}
