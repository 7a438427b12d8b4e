package contact

import (
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// Scan reads a page of contacts in the order of their ids, those after one of them, without identities and consents: for who
// goes through all contacts of a workspace. It masks nothing, and leaves out who was merged or erased. It is for the program,
// not for a screen.
func Scan(tx *store.Tx, ws identity.WorkspaceID, after ID, limit int) ([]Contact, error) {
	return store.All(tx, func(s store.Scanner) (Contact, error) {
		c, err := scanContact(s)
		c.Workspace = ws
		return c, err
	}, "/* contact.Scan */ SELECT "+contactColumns+" FROM contact c WHERE c.workspace = $1 AND c.id > $2 AND c.merged_into = '' AND c.erased_at = 0 ORDER BY c.id LIMIT $3",
		string(ws), string(after), limit)
}

// Living counts the contacts that Scan gives.
func Living(tx *store.Tx, ws identity.WorkspaceID) (int64, error) {
	return store.One(tx, store.Value[int64], "/* contact.Living */ SELECT count(*) FROM contact c WHERE c.workspace = $1 "+inOrder+"AND c.merged_into = '' AND c.erased_at = 0", string(ws))
}
