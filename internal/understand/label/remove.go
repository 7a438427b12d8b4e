package label

import (
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
)

// Removed forgets what was read of feedback that was removed, and what people said about it: register it with feedback.Service.OnRemove.
// Who is reading one of these texts just now does not write its label, for it is no longer there.
func Removed(tx *store.Tx, ws identity.WorkspaceID, ids []feedback.ID) error {
	for len(ids) > 0 {
		n := min(len(ids), 256)
		for _, table := range []string{"label", "correction"} {
			if _, err := tx.Exec("/* label.Removed */ DELETE FROM "+table+" WHERE workspace = $1 AND feedback IN "+store.In(1, n),
				append([]any{string(ws)}, store.Anys(ids[:n])...)...); err != nil {
				return err
			}
		}
		ids = ids[n:]
	}
	return nil
}
