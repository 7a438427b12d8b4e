package flow

import (
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// Title is open to tests.
var Title = title

// Tell is what the job does in its transaction.
func (f *Flow) Tell(tx *store.Tx, ws identity.WorkspaceID) error {
	tree, err := f.Themes.TreeIn(tx, ws)
	if err != nil {
		return err
	}
	_, err = f.tell(tx, ws, tree)
	return err
}
