package feedback

import (
	"context"
	"strings"
	"unicode/utf8"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// RemoveHook takes out what another domain holds about feedback that was removed, in the transaction of the removal.
type RemoveHook func(tx *store.Tx, ws identity.WorkspaceID, ids []ID) error

// OnRemove registers a hook, before the service is used.
func (s *Service) OnRemove(h RemoveHook) { s.onRemove = append(s.onRemove, h) }

// MaxReason is how many characters a reason may have.
const MaxReason = 500

// Remove takes one piece of feedback out for good: a test, or spam. The log keeps who did it, when, and the reason that they gave, if any.
// What was removed before is what was asked for: nothing happens then.
func (s *Service) Remove(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, fid ID, reason string) error {
	const op = "feedback.Remove"
	if err := actor.RequireIn(op, ws, identity.Erase); err != nil {
		return err
	}
	if reason = strings.TrimSpace(clean(reason)); utf8.RuneCountInString(reason) > MaxReason {
		return fault.Bad(op, fault.Field{Path: "reason", Code: "too_long", Msg: "a reason has 500 characters at most"})
	}
	return fault.Wrap(op, s.db.Update(ctx, func(tx *store.Tx) error {
		removed, err := s.RemoveIn(tx, ws, []ID{fid})
		if err != nil {
			return err
		}
		if len(removed.IDs) == 0 {
			if gone, err := wasRemoved(tx, ws, fid); err != nil || gone {
				return err
			}
			return fault.New(fault.NotFound, op, "there is no such feedback here")
		}
		var data map[string]string
		if reason != "" {
			data = map[string]string{"reason": reason}
		}
		return identity.Audit(tx, actor, "feedback.remove", "feedback", string(fid), data)
	}))
}

// Removed is what was taken out: the pieces that were there, and who had said them.
type Removed struct {
	IDs      []ID
	Contacts []contact.ID
}

// RemoveIn takes feedback out for good, with all that other domains hold about it. Nothing is left but its id and a new number of change,
// by which the columns take it out, too; its external id is free again. Ids that do not exist in the workspace are passed over.
func (s *Service) RemoveIn(tx *store.Tx, ws identity.WorkspaceID, ids []ID) (out Removed, err error) {
	type row struct {
		id      ID
		contact contact.ID
	}
	for len(ids) > 0 {
		n := chunk(len(ids))
		list := append([]any{string(ws)}, store.Anys(ids[:n])...)
		there, err := store.All(tx, func(r store.Scanner) (x row, err error) { return x, r.Scan(&x.id, &x.contact) },
			"/* feedback.Remove */ SELECT id, contact FROM feedback WHERE workspace = $1 AND id IN "+store.In(1, n), list...)
		if err != nil {
			return out, err
		}
		ids = ids[n:]
		if len(there) == 0 {
			continue
		}
		if _, err := tx.Exec("/* feedback.Remove */ DELETE FROM feedback WHERE workspace = $1 AND id IN "+store.In(1, n), list...); err != nil {
			return out, err
		}
		seqs, err := tx.NextSeq("feedback", len(there))
		if err != nil {
			return out, err
		}
		rows := make([][]any, len(there))
		for i, x := range there {
			rows[i] = []any{seqs[i], string(x.id), string(ws), tx.Millis()}
			out.IDs = append(out.IDs, x.id)
			if x.contact != "" {
				out.Contacts = append(out.Contacts, x.contact)
			}
		}
		if _, err := tx.InsertMany("feedback.Remove", "feedback_removed", []string{"seq", "id", "workspace", "removed_at"}, rows, ""); err != nil {
			return out, err
		}
	}
	if len(out.IDs) == 0 {
		return out, nil
	}
	for _, hook := range s.onRemove {
		if err := hook(tx, ws, out.IDs); err != nil {
			return out, err
		}
	}
	tx.Notify(Topic)
	return out, nil
}

func wasRemoved(tx *store.Tx, ws identity.WorkspaceID, fid ID) (bool, error) {
	n, err := store.One(tx, store.Value[int64], "/* feedback.wasRemoved */ SELECT count(*) FROM feedback_removed WHERE id = $1 AND workspace = $2", string(fid), string(ws))
	return n > 0, err
}

// Removal is the change that took feedback out.
type Removal struct {
	ID        ID
	Workspace identity.WorkspaceID
	Seq       int64
}

// Removals is Changes of feedback that was removed: the two share one row of numbers.
func (s *Service) Removals(ctx context.Context, after, upTo int64, limit int) (out []Removal, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		out, err = store.All(tx, func(r store.Scanner) (x Removal, err error) { return x, r.Scan(&x.ID, &x.Workspace, &x.Seq) },
			"/* feedback.Removals */ SELECT id, workspace, seq FROM feedback_removed WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3", after, upTo, limit)
		return err
	})
	return out, fault.Wrap("feedback.Removals", err)
}

// NextOf walks over what came in within a range of ids, a page of it, and lists what of it an import brought. It gives the last id that was
// looked at, and how many there were: 0 when that was all. Ids never change and tell when they were made: no index by import is needed, and
// no row is passed over that is numbered anew meanwhile.
func NextOf(tx *store.Tx, ws identity.WorkspaceID, im string, after, before ID, most int) (of []ID, last ID, n int, err error) {
	type row struct {
		id ID
		is bool
	}
	page, err := store.All(tx, func(r store.Scanner) (x row, err error) {
		var is int
		err = r.Scan(&x.id, &is)
		x.is = is == 1
		return x, err
	}, `/* feedback.NextOf */ SELECT id, CASE WHEN workspace = $1 AND import = $2 THEN 1 ELSE 0 END FROM feedback WHERE id > $3 AND id < $4 ORDER BY id LIMIT $5`,
		string(ws), im, string(after), string(before), most)
	if err != nil || len(page) == 0 {
		return nil, after, 0, err
	}
	for _, x := range page {
		if x.is {
			of = append(of, x.id)
		}
	}
	return of, page[len(page)-1].id, len(page), nil
}

// Known lists those of some contacts who have said something: register it with contact.Service.OnWithdraw.
func Known(tx *store.Tx, ws identity.WorkspaceID, ids []contact.ID) (out []contact.ID, err error) {
	for len(ids) > 0 {
		n := chunk(len(ids))
		args := append([]any{string(ws)}, store.Anys(ids[:n])...)
		for _, c := range ids[:n] {
			args = append(args, c.Key())
		}
		got, err := store.All(tx, store.Value[contact.ID], "/* feedback.Known */ SELECT DISTINCT contact FROM feedback WHERE workspace = $1 AND contact IN "+store.In(1, n)+
			" AND contact_key <> 0 AND contact_key IN "+store.In(1+n, n), args...)
		if err != nil {
			return nil, err
		}
		out, ids = append(out, got...), ids[n:]
	}
	return out, nil
}
