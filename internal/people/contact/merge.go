package contact

import (
	"context"
	"fmt"
	"slices"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// Suggestion says that two contacts may be one, because both lay claim to an identity of this kind.
type Suggestion struct {
	A, B Contact
	Kind Kind
	At   time.Time
}

// Merge makes one contact part of another, for good: identities, attributes, consents and what other domains hold move.
// Where both know something, the one that stays is believed; lifetime values of one currency are added up, for they are
// two parts of one customer's; of two decisions on consent the later counts. What is left of the other leads to it.
func (s *Service) Merge(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, from, into ID) error {
	const op = "contact.Merge"
	if err := actor.RequireIn(op, ws, identity.ContactsWrite); err != nil {
		return err
	}
	if from == into {
		return fault.Bad(op, fault.Field{Path: "into", Code: "same", Msg: "a contact cannot be merged into itself"})
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		a, err := living(tx, ws, from)
		if err != nil {
			return err
		}
		b, err := living(tx, ws, into)
		if err != nil {
			return err
		}
		if err := absorb(tx, ws, a, b); err != nil {
			return err
		}
		for _, hook := range s.onMerge {
			if err := hook(tx, ws, from, into); err != nil {
				return err
			}
		}
		return identity.Audit(tx, actor, "contact.merge", "contact", string(into), map[string]string{"from": string(from)})
	})
}

func absorb(tx *store.Tx, ws identity.WorkspaceID, from, into Contact) error {
	for _, query := range []string{
		"UPDATE contact_identity SET contact = $3 WHERE workspace = $1 AND contact = $2",
		"UPDATE contact_consent SET contact = $3 WHERE workspace = $1 AND contact = $2",
		"UPDATE contact SET merged_into = $3 WHERE workspace = $1 AND merged_into = $2 AND merged_into <> ''", // as the index says
		"UPDATE contact SET merged_into = $3 WHERE workspace = $1 AND id = $2",
	} {
		if _, err := tx.Exec("/* contact.absorb */ "+query, string(ws), string(from.ID), string(into.ID)); err != nil {
			return err
		}
	}
	if err := moveSuggestions(tx, ws, from.ID, into.ID); err != nil {
		return err
	}
	r := resolver{tx: tx, ws: ws, now: tx.Millis()}
	if err := r.writeContacts([]*record{joined(from, into)}); err != nil {
		return err
	}
	return blank(tx, ws, from)
}

// joined is what a contact becomes when another one goes into it.
func joined(from, into Contact) *record {
	rec := recordOf(into)
	learnText(&rec.name, from.Name, true)
	learnText(&rec.language, from.Language, true)
	if rec.account == "" {
		rec.account = from.Account
	}
	switch {
	case from.Value == nil:
	case into.Value == nil:
		rec.value = *from.Value
	case from.Value.Currency == into.Value.Currency:
		rec.value.Minor = max(-maxMinor, min(maxMinor, rec.value.Minor+from.Value.Minor))
	}
	rec.learnAttributes(from.Attributes, true)
	rec.first = min(rec.first, from.FirstSeen.UnixMilli())
	rec.last = max(rec.last, from.LastSeen.UnixMilli())
	return rec
}

// PreviewMerge gives the contact that a merge would make, with the consents that would count then, and changes nothing.
func (s *Service) PreviewMerge(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, from, into ID) (c Contact, err error) {
	const op = "contact.PreviewMerge"
	for _, p := range []identity.Permission{identity.ContactsRead, identity.ContactsWrite} {
		if err := actor.RequireIn(op, ws, p); err != nil {
			return c, err
		}
	}
	if from == into {
		return c, fault.Bad(op, fault.Field{Path: "into", Code: "same", Msg: "a contact cannot be merged into itself"})
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		var both [2]Contact
		var decisions []Consent
		for i, id := range []ID{from, into} {
			if both[i], err = living(tx, ws, id); err != nil {
				return err
			}
			list, err := consentHistory(tx, ws, id)
			if err != nil {
				return err
			}
			decisions = append(decisions, list...)
		}
		slices.SortStableFunc(decisions, func(a, b Consent) int { return b.At.Compare(a.At) })
		r := joined(both[0], both[1])
		c = both[1]
		c.Name, c.Language, c.Account, c.Attributes, c.Consents = r.name, r.language, r.account, r.known, latest(decisions)
		c.Value, c.FirstSeen, c.LastSeen = nil, instant(r.first), instant(r.last)
		if r.value.Currency != "" {
			c.Value = &r.value
		}
		c.Identities = append(slices.Clone(c.Identities), both[0].Identities...)
		slices.SortFunc(c.Identities, byKind)
		list := []Contact{c}
		err := s.hide(tx, ws, actor, list)
		c = list[0]
		return err
	})
	return c, err
}

// blank takes everything personal out of a contact's own row.
func blank(tx *store.Tx, ws identity.WorkspaceID, c Contact) error {
	for key, value := range c.Attributes {
		if err := unindex(tx, ws, c.ID, key, value); err != nil {
			return err
		}
	}
	_, err := tx.Exec(`/* contact.blank */ UPDATE contact SET account = '', name = '', name_key = '', language = '', attributes = '{}',
		value_minor = 0, value_currency = '' WHERE workspace = $1 AND id = $2`, string(ws), string(c.ID))
	return err
}

// moveSuggestions makes the suggestions about one contact suggestions about another.
func moveSuggestions(tx *store.Tx, ws identity.WorkspaceID, from, into ID) error {
	type pair struct {
		a, b        ID
		kind, state string
		at          int64
	}
	list, err := store.All(tx, func(s store.Scanner) (p pair, err error) {
		err = s.Scan(&p.a, &p.b, &p.kind, &p.state, &p.at)
		return p, err
	}, `/* contact.moveSuggestions */ SELECT a, b, kind, state, at FROM contact_merge_suggestion WHERE workspace = $1 AND a = $2
		UNION ALL SELECT a, b, kind, state, at FROM contact_merge_suggestion WHERE workspace = $1 AND b = $2`, string(ws), string(from))
	if err != nil {
		return err
	}
	var rows [][]any
	for _, p := range list {
		other := p.a
		if p.a == from {
			other = p.b
		}
		if other != into && into != "" {
			rows = append(rows, []any{string(ws), string(min(other, into)), string(max(other, into)), p.kind, p.state, p.at})
		}
	}
	for _, side := range []string{"a", "b"} {
		if _, err := tx.Exec("/* contact.moveSuggestions */ DELETE FROM contact_merge_suggestion WHERE workspace = $1 AND "+side+" = $2", string(ws), string(from)); err != nil {
			return err
		}
	}
	_, err = tx.InsertMany("contact.moveSuggestions", "contact_merge_suggestion", []string{"workspace", "a", "b", "kind", "state", "at"}, rows, "ON CONFLICT DO NOTHING")
	return err
}

// Suggestions lists open suggestions, the newest first; limit 0 means 100.
func (s *Service) Suggestions(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, limit int) (list []Suggestion, err error) {
	if err := actor.RequireIn("contact.Suggestions", ws, identity.ContactsRead); err != nil {
		return nil, err
	}
	if limit <= 0 {
		limit = 100
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		list, err = store.All(tx, func(row store.Scanner) (g Suggestion, err error) {
			var at int64
			err = row.Scan(&g.A.ID, &g.B.ID, &g.Kind, &at)
			g.At = instant(at)
			return g, err
		}, fmt.Sprintf(`/* contact.Suggestions */ SELECT a, b, kind, at FROM contact_merge_suggestion
			WHERE workspace = $1 AND state = 'open' ORDER BY at DESC, a, b LIMIT %d`, min(limit, 1000)), string(ws))
		if err != nil {
			return err
		}
		var ids []ID
		for _, g := range list {
			ids = append(ids, g.A.ID, g.B.ID)
		}
		found, err := Load(tx, ws, ids)
		if err != nil {
			return err
		}
		both := make([]Contact, 0, len(ids))
		for _, i := range ids {
			both = append(both, found[i])
		}
		if err := s.hide(tx, ws, actor, both); err != nil {
			return err
		}
		for i := range list {
			list[i].A, list[i].B = both[2*i], both[2*i+1]
		}
		return nil
	})
	return list, err
}

// Dismiss says that two contacts are two; they are not suggested again.
func (s *Service) Dismiss(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, x, y ID) error {
	const op = "contact.Dismiss"
	if err := actor.RequireIn(op, ws, identity.ContactsWrite); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec("/* contact.Dismiss */ UPDATE contact_merge_suggestion SET state = 'dismissed' WHERE workspace = $1 AND a = $2 AND b = $3",
			string(ws), string(min(x, y)), string(max(x, y)))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, op, "there is no such suggestion")
		}
		return identity.Audit(tx, actor, "contact.merge.dismiss", "contact", string(x), map[string]string{"other": string(y)})
	})
}

// Erase forgets a person: identities, name, attributes, account, value and consents go, here and in every domain that
// registered a hook. What stays is an empty contact, so that figures keep their counts, and a hash of each identity, so
// that an import of older data does not bring the person back (see Resolve). The log tells that it was done, and by whom.
func (s *Service) Erase(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, id ID) error {
	const op = "contact.Erase"
	if err := actor.RequireIn(op, ws, identity.Erase); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		c, err := living(tx, ws, id)
		if err != nil {
			return err
		}
		for _, hook := range s.onErase { // while it is still known who it was
			if err := hook(tx, ws, id); err != nil {
				return err
			}
		}
		rows := make([][]any, len(c.Identities))
		for i, x := range c.Identities {
			rows[i] = []any{string(ws), []byte(tombstone(ws, x.Kind, x.Norm)), tx.Millis()}
		}
		if _, err := tx.InsertMany("contact.Erase", "contact_tombstone", []string{"workspace", "hash", "erased_at"}, rows,
			"ON CONFLICT (workspace, hash) DO UPDATE SET erased_at = excluded.erased_at"); err != nil {
			return err
		}
		if _, err := changed(tx); err != nil {
			return err
		}
		for _, table := range []string{"contact_identity", "contact_consent"} {
			if _, err := tx.Exec("/* contact.Erase */ DELETE FROM "+table+" WHERE workspace = $1 AND contact = $2", string(ws), string(id)); err != nil {
				return err
			}
		}
		if err := blank(tx, ws, c); err != nil {
			return err
		}
		if err := moveSuggestions(tx, ws, id, ""); err != nil {
			return err
		}
		if _, err := tx.Exec("/* contact.Erase */ UPDATE contact SET erased_at = $3 WHERE workspace = $1 AND id = $2", string(ws), string(id), tx.Millis()); err != nil {
			return err
		}
		return identity.Audit(tx, actor, "contact.erase", "contact", string(id), nil)
	})
}
