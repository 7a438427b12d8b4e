package contact

import (
	"slices"

	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// KnownHook lists those of some contacts of whom another domain knows something.
type KnownHook func(tx *store.Tx, ws identity.WorkspaceID, ids []ID) ([]ID, error)

// OnWithdraw has a domain say of which contacts it knows something, so that they stay, and forget what it has worked out of those that
// go. Either may be nil. Call it before the service is used.
func (s *Service) OnWithdraw(known KnownHook, forget EraseHook) {
	if known != nil {
		s.known = append(s.known, known)
	}
	if forget != nil {
		s.onWithdraw = append(s.onWithdraw, forget)
	}
}

// Withdraw removes those of some contacts that an import made and of whom nothing else is known: nobody else has named them since
// (origin), they decided on no consent, no other contact went into them, and no domain knows of anything they said or did. Nothing is
// left of them, so that another import can make them anew. It tells how many those were.
func (s *Service) Withdraw(tx *store.Tx, ws identity.WorkspaceID, origin string, ids []ID) (int64, error) {
	if origin == "" || len(ids) == 0 {
		return 0, nil
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	var alone []ID
	if err := eachIn(tx, ids, `/* contact.Withdraw */ SELECT c.id FROM contact c WHERE c.workspace = $1 AND c.origin = $2 AND c.merged_into = '' AND c.erased_at = 0
		AND NOT EXISTS (SELECT 1 FROM contact_consent k WHERE k.workspace = c.workspace AND k.contact = c.id)
		AND NOT EXISTS (SELECT 1 FROM contact m WHERE m.workspace = c.workspace AND m.merged_into = c.id AND m.merged_into <> '') AND c.id IN %s`,
		[]any{string(ws), origin}, func(r store.Scanner) error {
			var c ID
			err := r.Scan(&c)
			alone = append(alone, c)
			return err
		}); err != nil {
		return 0, err
	}
	for _, known := range s.known {
		if len(alone) == 0 {
			break
		}
		list, err := known(tx, ws, alone)
		if err != nil {
			return 0, err
		}
		busy := make(map[ID]bool, len(list))
		for _, c := range list {
			busy[c] = true
		}
		alone = slices.DeleteFunc(alone, func(c ID) bool { return busy[c] })
	}
	if len(alone) == 0 {
		return 0, nil
	}
	if _, err := changed(tx); err != nil {
		return 0, err
	}
	list, err := readIn(tx, ws, alone)
	if err != nil {
		return 0, err
	}
	var n int64
	for _, c := range list {
		for key, value := range c.Attributes {
			if err := unindex(tx, ws, c.ID, key, value); err != nil {
				return 0, err
			}
		}
		if err := moveSuggestions(tx, ws, c.ID, ""); err != nil {
			return 0, err
		}
		for _, forget := range s.onWithdraw {
			if err := forget(tx, ws, c.ID); err != nil {
				return 0, err
			}
		}
		if _, err := tx.Exec("/* contact.Withdraw */ DELETE FROM contact_identity WHERE workspace = $1 AND contact = $2", string(ws), string(c.ID)); err != nil {
			return 0, err
		}
		gone, err := tx.Exec("/* contact.Withdraw */ DELETE FROM contact WHERE workspace = $1 AND id = $2", string(ws), string(c.ID))
		if err != nil {
			return 0, err
		}
		n += gone
	}
	return n, nil
}

// ownedByAll says that somebody has told something of a contact: no import can take it back any more.
func ownedByAll(tx *store.Tx, ws identity.WorkspaceID, id ID) error {
	n, err := tx.Exec("/* contact.ownedByAll */ UPDATE contact SET origin = '' WHERE workspace = $1 AND id = $2 AND origin <> ''", string(ws), string(id))
	if err == nil && n > 0 {
		_, err = changed(tx)
	}
	return err
}
