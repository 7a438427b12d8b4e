package event

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"kolo/internal/foundation/store"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

var columns = []string{"id", "workspace", "seq", "revision", "kind", "name", "message", "time", "received_at", "contact", "visitor", "value",
	"currency", "properties"}

var (
	insertColumns = append(slices.Clone(columns), "contact_key", "erased_at")
	selectColumns = strings.Join(columns, ", ") + ", erased_at"
)

func scan(s store.Scanner) (e Event, err error) {
	var at, received int64
	var erased *int64
	err = s.Scan(&e.ID, &e.Workspace, &e.Seq, &e.Revision, &e.Kind, &e.Name, &e.Message, &at, &received, &e.Contact, &e.Visitor, &e.Value,
		&e.Currency, &e.Properties, &erased)
	e.Time, e.ReceivedAt, e.erased = time.UnixMilli(at).UTC(), time.UnixMilli(received).UTC(), erased != nil
	return e, err
}

// existing finds which of the messages were delivered before.
func existing(tx *store.Tx, ws identity.WorkspaceID, rows []row) (map[ID]bool, error) {
	there := map[ID]bool{}
	ids := make([]ID, 0, len(rows))
	for _, r := range rows {
		if r.in.Message != "" {
			ids = append(ids, r.id)
		}
	}
	err := inChunks(ids, func(part []ID) error {
		got, err := store.All(tx, store.Value[ID], "/* event.existing */ SELECT id FROM event WHERE workspace = $1 AND id IN "+store.In(1, len(part)),
			append([]any{string(ws)}, store.Anys(part)...)...)
		for _, i := range got {
			there[i] = true
		}
		return err
	})
	return there, err
}

// insertRows keeps messages. Of one about an erased person in a matter older than the erasure, which Resolve gives no contact, nothing
// is kept but its id.
func insertRows(tx *store.Tx, ws identity.WorkspaceID, rows []row, refs []contact.Ref, contacts []contact.ID) error {
	seqs, err := tx.NextSeq("event", len(rows))
	if err != nil {
		return err
	}
	width := len(insertColumns)
	values, flat := make([][]any, len(rows)), make([]any, len(rows)*width)
	now := tx.Millis()
	for i, r := range rows {
		in, v := r.in, flat[i*width:(i+1)*width:(i+1)*width]
		v[0], v[1], v[2], v[3], v[4] = string(r.id), string(ws), seqs[i], 1, in.Kind
		if contacts[i] == "" && !refs[i].Empty() {
			v[5], v[6], v[7], v[8], v[9], v[10], v[11], v[12], v[13], v[14], v[15] = "", "", 0, now, "", "", nil, "", "", 0, now
		} else {
			v[5], v[6], v[7], v[8], v[9], v[10] = in.Name, in.Message, in.Time.UnixMilli(), now, string(contacts[i]), in.Visitor
			if in.Value != nil {
				v[11] = *in.Value
			}
			v[12], v[13], v[14] = in.Currency, string(in.Properties), contacts[i].Key()
		}
		values[i] = v
	}
	_, err = tx.InsertMany("event.insert", "event", insertColumns, values, "")
	if errors.Is(err, store.ErrExists) {
		// Another process kept the same message since this transaction began.
		return store.Again(err)
	}
	return err
}

// visitors finds whose the visitors are that were told.
func visitors(tx *store.Tx, ws identity.WorkspaceID, ids []string) (map[string]contact.ID, error) {
	type owner struct {
		visitor string
		contact contact.ID
	}
	out := map[string]contact.ID{}
	err := inChunks(ids, func(part []string) error {
		got, err := store.All(tx, func(s store.Scanner) (o owner, err error) { return o, s.Scan(&o.visitor, &o.contact) },
			"/* event.visitors */ SELECT visitor, contact FROM event_visitor WHERE workspace = $1 AND visitor IN "+store.In(1, len(part)),
			append([]any{string(ws)}, store.Anys(part)...)...)
		for _, o := range got {
			out[o.visitor] = o.contact
		}
		return err
	})
	return out, err
}

// How much of what devices did before is given to the contact that is told. A device with more belongs to no person: its id is a
// constant that somebody sends for everybody.
const (
	maxClaim = 1000   // events of a device, the newest; older ones stay anonymous
	maxTold  = 10_000 // events of all devices that are told at once: others share the transaction
)

// claim notes whose visitors are, and gives them what those did before, up to the limits above.
func claim(tx *store.Tx, ws identity.WorkspaceID, told map[string]contact.ID) error {
	if len(told) == 0 {
		return nil
	}
	rows := make([][]any, 0, len(told))
	ids := make([]string, 0, len(told))
	for v, c := range told {
		rows = append(rows, []any{string(ws), v, string(c)})
		ids = append(ids, v)
	}
	slices.SortFunc(rows, func(a, b []any) int { return strings.Compare(a[1].(string), b[1].(string)) })
	if _, err := tx.InsertMany("event.claim", "event_visitor", []string{"workspace", "visitor", "contact"}, rows,
		"ON CONFLICT (workspace, visitor) DO UPDATE SET contact = excluded.contact"); err != nil {
		return err
	}
	slices.Sort(ids)
	left := maxTold
	return inChunks(ids, func(part []string) error {
		got, err := anonymous(tx, ws, part, left)
		if err != nil {
			return err
		}
		left -= len(got)
		seqs, err := tx.NextSeq("event", len(got))
		if err != nil {
			return err
		}
		for i, f := range got {
			c := told[f.visitor]
			if _, err := tx.Exec("/* event.claim */ UPDATE event SET seq = $1, revision = revision + 1, contact = $3, contact_key = $4 WHERE id = $2",
				seqs[i], f.id, string(c), c.Key()); err != nil {
				return err
			}
		}
		return nil
	})
}

type anonymousEvent struct{ id, visitor string }

// anonymous finds what visitors did as nobody: at most maxClaim events of each, the newest, and most of all.
func anonymous(tx *store.Tx, ws identity.WorkspaceID, visitors []string, most int) ([]anonymousEvent, error) {
	row := func(s store.Scanner) (f anonymousEvent, err error) { return f, s.Scan(&f.id, &f.visitor) }
	const where = " SELECT id, visitor FROM event WHERE workspace = $1 AND contact_key = 0 AND visitor <> '' AND visitor "
	all, err := store.All(tx, row, "/* event.anonymous */"+where+"IN "+store.In(1, len(visitors))+fmt.Sprintf(" LIMIT %d", maxClaim+1),
		append([]any{string(ws)}, store.Anys(visitors)...)...)
	if err != nil || len(all) <= min(maxClaim, most) {
		return all, err
	}
	all = nil // some have many: one after the other
	for _, v := range visitors {
		got, err := store.All(tx, row, "/* event.anonymous */"+where+"= $2 ORDER BY seq DESC LIMIT $3", string(ws), v, min(maxClaim, most-len(all)))
		if err != nil {
			return nil, err
		}
		if all = append(all, got...); len(all) == most {
			break
		}
	}
	return all, nil
}

// changeOf changes all events of a contact, and numbers each change so that the columns follow.
func changeOf(tx *store.Tx, ws identity.WorkspaceID, c contact.ID, set string, args ...any) error {
	ids, err := store.All(tx, store.Value[string], "/* event.changeOf */ SELECT id FROM event WHERE workspace = $1 AND contact = $2 AND contact_key = $3 AND contact_key <> 0",
		string(ws), string(c), c.Key())
	if err != nil {
		return err
	}
	seqs, err := tx.NextSeq("event", len(ids))
	if err != nil {
		return err
	}
	for i, id := range ids {
		if _, err := tx.Exec("/* event.changeOf */ UPDATE event SET seq = $1, revision = revision + 1, "+set+" WHERE id = $2",
			append([]any{seqs[i], id}, args...)...); err != nil {
			return err
		}
	}
	tx.Notify(Topic)
	return nil
}

// TouchNext numbers events of a workspace anew, unchanged, so that the columns look at them again, page by page: the next ones between two
// numbers of change, most of them at once. It gives the number that the last one had, and how many there were: 0 when that was all.
func TouchNext(tx *store.Tx, ws identity.WorkspaceID, after, upTo int64, most int) (last int64, n int, err error) {
	old, err := store.All(tx, store.Value[int64], "/* event.TouchNext */ SELECT seq FROM event WHERE workspace = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4",
		string(ws), after, upTo, most)
	if err != nil || len(old) == 0 {
		return after, 0, err
	}
	seqs, err := tx.NextSeq("event", len(old))
	if err != nil {
		return after, 0, err
	}
	for i, seq := range old {
		if _, err := tx.Exec("/* event.TouchNext */ UPDATE event SET seq = $1, revision = revision + 1 WHERE seq = $2", seqs[i], seq); err != nil {
			return after, 0, err
		}
	}
	tx.Notify(Topic)
	return old[len(old)-1], len(old), nil
}

// inChunks cuts a list into few sizes, so that the statements stay prepared.
func inChunks[T any](list []T, do func(part []T) error) error {
	for len(list) > 0 {
		n := 1
		for _, size := range []int{256, 64, 16, 4} {
			if len(list) >= size {
				n = size
				break
			}
		}
		if err := do(list[:n]); err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}
