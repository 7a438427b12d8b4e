package contact

import (
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// Segment is a saved filter: who is in it is found out anew each time.
type Segment struct {
	ID        SegmentID
	Name      string
	Filter    Filter // without a segment of its own
	CreatedAt time.Time
	Covered   bool // what the filter looks for is covered before this reader, who may not ask for it
}

// Covered stands for what a filter looks for, before those who may not ask for it. It cannot be asked for.
const Covered = "[personal]"

// Segments lists the saved filters by name. What they look for is covered before those who may not ask for it: a segment may be the name and
// the telephone number of one customer.
func (s *Service) Segments(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor) (list []Segment, err error) {
	if err := actor.RequireIn("contact.Segments", ws, identity.ContactsRead); err != nil {
		return nil, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = store.All(tx, scanSegment, "/* contact.Segments */ SELECT id, name, filter, created_at FROM contact_segment WHERE workspace = $1 ORDER BY name_key", string(ws))
		for i := 0; i < len(list) && err == nil; i++ {
			err = s.cover(tx, ws, actor, &list[i])
		}
		return err
	})
	return list, err
}

// cover covers what a segment looks for, unless the actor may ask for it.
func (s *Service) cover(tx *store.Tx, ws identity.WorkspaceID, actor identity.Actor, x *Segment) error {
	if actor.May(identity.ContactsIdentify) {
		return nil
	}
	if strings.TrimSpace(x.Filter.Text) != "" {
		x.Filter.Text, x.Covered = Covered, true
	}
	for i := range x.Filter.Conditions {
		c := &x.Filter.Conditions[i]
		err := s.mayAsk(tx, "contact.Segments", ws, actor, Filter{Conditions: []Condition{*c}})
		if err == nil {
			continue
		}
		if !fault.Is(err, fault.Denied) {
			return err
		}
		if x.Covered = true; len(c.Values) > 0 {
			c.Values = []string{Covered}
		}
	}
	return nil
}

// SaveSegment makes a segment (no ID) or replaces one. A name that another has is a Conflict.
func (s *Service) SaveSegment(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, x Segment) (Segment, error) {
	const op = "contact.SaveSegment"
	if err := actor.RequireIn(op, ws, identity.ContactsWrite); err != nil {
		return x, err
	}
	if err := mayFilter(op, ws, actor, x.Filter, false); err != nil {
		return x, err
	}
	if x.Name = clean(x.Name); x.Name == "" || utf8.RuneCountInString(x.Name) > maxName {
		return x, fault.Bad(op, fault.Field{Path: "name", Code: "required", Msg: "a name of 1 to 200 characters is needed"})
	}
	if x.Filter.Segment != "" {
		return x, fault.Bad(op, fault.Field{Path: "filter.segment", Code: "nested", Msg: "a segment is not made of another segment"})
	}
	text, err := json.Marshal(x.Filter)
	if err != nil {
		return x, err
	}
	saved := x
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		saved = x
		if err := s.mayAsk(tx, op, ws, actor, x.Filter); err != nil {
			return err
		}
		check := builder{tx: tx, ws: ws, args: []any{string(ws)}}
		if err := check.filter(op, x.Filter, true); err != nil {
			return err
		}
		if x.ID == "" {
			saved.ID, saved.CreatedAt = SegmentID(id.New(tx.Now)), tx.Now
		} else if old, err := getSegment(tx, ws, x.ID); err != nil {
			return err
		} else {
			saved.CreatedAt = old.CreatedAt
		}
		taken, err := store.One(tx, store.Value[int64], "/* contact.SaveSegment */ SELECT count(*) FROM contact_segment WHERE workspace = $1 AND name_key = $2 AND id <> $3",
			string(ws), strings.ToLower(x.Name), string(saved.ID))
		if err != nil {
			return err
		}
		if taken > 0 {
			return fault.New(fault.Conflict, op, "there is a segment of that name already")
		}
		if _, err := tx.Exec(`/* contact.SaveSegment */ INSERT INTO contact_segment (workspace, id, name, name_key, filter, created_at)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (workspace, id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key, filter = excluded.filter`,
			string(ws), string(saved.ID), x.Name, strings.ToLower(x.Name), string(text), saved.CreatedAt.UnixMilli()); err != nil {
			return err
		}
		return identity.Audit(tx, actor, "segment.save", "segment", string(saved.ID), map[string]string{"name": x.Name})
	})
	return saved, err
}

// DeleteSegment deletes the saved filter, not the contacts.
func (s *Service) DeleteSegment(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, segment SegmentID) error {
	if err := actor.RequireIn("contact.DeleteSegment", ws, identity.ContactsWrite); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		x, err := getSegment(tx, ws, segment)
		if err != nil {
			return err
		}
		if _, err := tx.Exec("/* contact.DeleteSegment */ DELETE FROM contact_segment WHERE workspace = $1 AND id = $2", string(ws), string(segment)); err != nil {
			return err
		}
		return identity.Audit(tx, actor, "segment.delete", "segment", string(segment), map[string]string{"name": x.Name})
	})
}

func getSegment(tx *store.Tx, ws identity.WorkspaceID, segment SegmentID) (Segment, error) {
	x, err := store.One(tx, scanSegment, "/* contact.getSegment */ SELECT id, name, filter, created_at FROM contact_segment WHERE workspace = $1 AND id = $2", string(ws), string(segment))
	if fault.Is(err, fault.NotFound) {
		err = fault.New(fault.NotFound, "contact.Segment", "there is no such segment")
	}
	return x, err
}

func scanSegment(s store.Scanner) (x Segment, err error) {
	var filter string
	var created int64
	if err = s.Scan(&x.ID, &x.Name, &filter, &created); err != nil {
		return x, err
	}
	x.CreatedAt = instant(created)
	return x, json.Unmarshal([]byte(filter), &x.Filter)
}
