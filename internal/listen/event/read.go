package event

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// Range chooses events to be counted. Days are of the workspace's zone.
type Range struct {
	From, To clock.Day    // the first day, and the day after the last
	Every    int          // length of a bucket in days: bucket k begins on the day From + k*Every. 0: all days are one bucket, 0
	Names    []string     // of events; none: all
	Contacts []contact.ID // none: all
}

// Count is how often events of a name happened to a contact in a bucket, and the sum of what they were worth. Values of different
// currencies are never added up: there is a Count for each currency ("" for values without one and events without a value).
type Count struct {
	Contact  contact.ID
	Bucket   int
	Name     string
	Currency string
	N        int64
	Sum      float64 // of the values; 0 when there are none
	Last     time.Time
}

// Counts gives the counts of a range by contact, bucket, name and currency, in that order (contacts in the order of their ids, so that
// all of one come together). Events of nobody are not among them. They are counted in the columns, which follow the rows by a few
// seconds, or in the rows where the service has no columns: that is for few.
func (s *Service) Counts(ctx context.Context, ws identity.WorkspaceID, r Range, each func(Count) error) error {
	const op = "event.Counts"
	if r.To <= r.From {
		return nil
	}
	if r.Every < 0 {
		return fault.New(fault.Invalid, op, "a bucket has no length of %d days", r.Every)
	}
	if s.columns == nil {
		return fault.Wrap(op, s.countRows(ctx, ws, r, each))
	}
	d := s.columns.Dialect()
	bucket := "0"
	args := []any{string(ws), int64(r.From), int64(r.To)}
	if r.Every > 0 {
		bucket = d.IntDiv("day - $2", fmt.Sprint(r.Every))
	}
	where := "workspace = $1 AND day >= $2 AND day < $3 AND contact_key <> 0"
	if len(r.Names) > 0 {
		args = append(args, r.Names)
		where += fmt.Sprintf(" AND name IN ($%d)", len(args))
	}
	if len(r.Contacts) > 0 {
		args = append(args, r.Contacts)
		where += fmt.Sprintf(" AND contact IN ($%d)", len(args))
	}
	rows, err := s.columns.Query(ctx, `/* event.Counts */ SELECT contact, bucket, name, currency, count(*) AS n, coalesce(sum(value), 0) AS total, max(time) AS latest
		FROM (SELECT contact, `+bucket+` AS bucket, name, currency, value, time FROM `+table+` WHERE `+where+`) t
		GROUP BY contact, bucket, name, currency ORDER BY contact, bucket, name, currency`, args...)
	if err != nil {
		return fault.Wrap(op, err)
	}
	defer func() { _ = rows.Close() }() // Err has told already
	for rows.Next() {
		var c Count
		var last int64
		if err := rows.Scan(&c.Contact, &c.Bucket, &c.Name, &c.Currency, &c.N, &c.Sum, &last); err != nil {
			return fault.Wrap(op, err)
		}
		c.Last = time.UnixMilli(last).UTC()
		if err := each(c); err != nil {
			return err
		}
	}
	return fault.Wrap(op, rows.Err())
}

// countRows is Counts without columns.
func (s *Service) countRows(ctx context.Context, ws identity.WorkspaceID, r Range, each func(Count) error) error {
	of, err := s.workspace(ctx, ws)
	if err != nil {
		return err
	}
	type key struct {
		contact        contact.ID
		bucket         int
		name, currency string
	}
	counts := map[key]*Count{}
	err = s.scanRows(ctx, ws, r.From.Start(of.zone), r.To.Start(of.zone), func(e Event) {
		if e.Contact == "" || len(r.Names) > 0 && !slices.Contains(r.Names, e.Name) || len(r.Contacts) > 0 && !slices.Contains(r.Contacts, e.Contact) {
			return
		}
		k := key{e.Contact, 0, e.Name, e.Currency}
		if r.Every > 0 {
			k.bucket = int(clock.DayOf(e.Time, of.zone)-r.From) / r.Every
		}
		c := counts[k]
		if c == nil {
			c = &Count{Contact: k.contact, Bucket: k.bucket, Name: k.name, Currency: k.currency}
			counts[k] = c
		}
		c.N++
		if e.Value != nil {
			c.Sum += *e.Value
		}
		if e.Time.After(c.Last) {
			c.Last = e.Time
		}
	})
	if err != nil {
		return err
	}
	list := make([]*Count, 0, len(counts))
	for _, c := range counts {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *Count) int {
		return cmp.Or(cmp.Compare(a.Contact, b.Contact), cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Currency, b.Currency))
	})
	for _, c := range list {
		if err := each(*c); err != nil {
			return err
		}
	}
	return nil
}

// scanRows goes through the events between two instants, in no order.
func (s *Service) scanRows(ctx context.Context, ws identity.WorkspaceID, from, to time.Time, do func(Event)) error {
	return s.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query("/* event.scanRows */ SELECT "+selectColumns+" FROM event WHERE workspace = $1 AND time >= $2 AND time < $3 AND name <> ''",
			string(ws), from.UnixMilli(), to.UnixMilli())
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			e, err := scan(rows)
			if err != nil {
				return err
			}
			do(e)
		}
		return rows.Err()
	})
}

// Name is a name of events that happened in a workspace.
type Name struct {
	Name     string    `json:"event"`
	N        int64     `json:"count"`
	Contacts int64     `json:"contacts" doc:"To how many different contacts it happened"`
	Valued   int64     `json:"with_value" doc:"How many of the events have a value"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
}

// Names lists the names of all events of a workspace, the most frequent first, 1,000 at most.
func (s *Service) Names(ctx context.Context, ws identity.WorkspaceID) ([]Name, error) {
	const op = "event.Names"
	if s.columns == nil {
		list, err := s.nameRows(ctx, ws)
		return list, fault.Wrap(op, err)
	}
	rows, err := s.columns.All(ctx, `/* event.Names */ SELECT name, count(*) AS n, `+s.columns.Dialect().CountDistinct("nullIf(contact_key, 0)")+` AS contacts,
		count(value) AS valued, min(time) AS earliest, max(time) AS latest FROM `+table+` WHERE workspace = $1 GROUP BY name ORDER BY n DESC, name LIMIT 1000`, string(ws))
	out := make([]Name, len(rows))
	for i, r := range rows {
		whole := func(k int) int64 { n, _ := r[k].(int64); return n }
		name, _ := r[0].(string)
		out[i] = Name{name, whole(1), whole(2), whole(3), time.UnixMilli(whole(4)).UTC(), time.UnixMilli(whole(5)).UTC()}
	}
	return out, fault.Wrap(op, err)
}

func (s *Service) nameRows(ctx context.Context, ws identity.WorkspaceID) (list []Name, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = store.All(tx, func(s store.Scanner) (n Name, err error) {
			var first, last int64
			err = s.Scan(&n.Name, &n.N, &n.Contacts, &n.Valued, &first, &last)
			n.First, n.Last = time.UnixMilli(first).UTC(), time.UnixMilli(last).UTC()
			return n, err
		}, `/* event.Names */ SELECT name, count(*), count(DISTINCT nullif(contact, '')), count(value), min(time), max(time) FROM event
			WHERE workspace = $1 AND name <> '' GROUP BY name ORDER BY count(*) DESC, name LIMIT 1000`, string(ws))
		return err
	})
	return list, err
}

// Filter chooses events to be listed.
type Filter struct {
	Contact  contact.ID // "" for all
	Name     string     // "" for all
	From, To time.Time  // zero: open; To is excluded
	Before   Place      // those after this one in the list
	Limit    int        // 50 by default, MaxPage at most
}

// Place is a place in a list: that of the event it belongs to.
type Place struct {
	Time int64 // Unix milliseconds
	ID   ID    // "": the beginning of the list
}

// String writes a place as a cursor; the beginning is "".
func (p Place) String() string {
	if p.ID == "" {
		return ""
	}
	return strconv.FormatInt(p.Time, 10) + "-" + string(p.ID)
}

// ParsePlace reads what String wrote.
func ParsePlace(cursor string) (p Place, err error) {
	if cursor == "" {
		return p, nil
	}
	at, id, ok := strings.Cut(cursor, "-")
	p.Time, err = strconv.ParseInt(at, 10, 64)
	if p.ID = ID(id); err != nil || !ok || id == "" {
		return p, fault.Bad("event.ParsePlace", fault.Field{Path: "cursor", Code: "form", Msg: "this is not a cursor of this list"})
	}
	return p, nil
}

// PlaceOf is the place of an event.
func PlaceOf(e Event) Place { return Place{e.Time.UnixMilli(), e.ID} }

// MaxPage is the most that List gives at once.
const MaxPage = 1000

// List reads events newest first, from the rows: what was received is there at once.
func (s *Service) List(ctx context.Context, ws identity.WorkspaceID, f Filter) (list []Event, err error) {
	var q strings.Builder
	q.WriteString("/* event.List */ SELECT " + selectColumns + " FROM event WHERE workspace = $1 AND name <> ''")
	args := []any{string(ws)}
	and := func(condition string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(args)), 1)
		}
		q.WriteString(" AND " + condition)
	}
	if f.Contact != "" {
		and("contact = ? AND contact_key = ? AND contact_key <> 0", string(f.Contact), f.Contact.Key())
	}
	if f.Name != "" {
		and("name = ?", f.Name)
	}
	if !f.From.IsZero() {
		and("time >= ?", f.From.UnixMilli())
	}
	if !f.To.IsZero() {
		and("time < ?", f.To.UnixMilli())
	}
	if f.Before.ID != "" {
		// The first part is what an index finds; by the second alone each page would read all those before it.
		and("time <= ? AND (time < ? OR id < ?)", f.Before.Time, f.Before.Time, string(f.Before.ID))
	}
	if f.Limit <= 0 {
		f.Limit = 50
	}
	fmt.Fprintf(&q, " ORDER BY time DESC, id DESC LIMIT %d", min(f.Limit, MaxPage))
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = store.All(tx, scan, q.String(), args...)
		return err
	})
	return list, fault.Wrap("event.List", err)
}

// Settled is the number of the last change up to which a Feeder can read without missing any.
func (s *Service) Settled(ctx context.Context) (int64, error) { return s.db.Settled(ctx, "event") }

// changes reads the events of all workspaces that changed after one number and up to another, in the order of their changes. It ends
// after limit events, or when their properties are size bytes; more tells that it did.
func (s *Service) changes(ctx context.Context, after, upTo int64, limit, size int) (list []Event, more bool, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) error {
		list, more = nil, false
		rows, err := tx.Query("/* event.changes */ SELECT "+selectColumns+" FROM event WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3", after, upTo, limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		left := size
		for !more && rows.Next() {
			e, err := scan(rows)
			if err != nil {
				return err
			}
			list = append(list, e)
			left -= len(e.Properties)
			more = len(list) == limit || left <= 0
		}
		return rows.Err()
	})
	return list, more, err
}
