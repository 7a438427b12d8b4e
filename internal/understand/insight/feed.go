package insight

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"kolo/internal/foundation/column"
	"kolo/internal/foundation/column/follow"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// Feeder carries feedback from the rows to the columns: what changed since the columns' watermark, in batches, exactly
// once, one feeder at a time among all processes. Killed at any point it goes on where the columns are.
type Feeder struct {
	*follow.Follower
	s    *Service
	seen map[string]bool // keys that were considered for a column of their own
	rows *rowMaker
	sets map[setOf]bool // sets of themes that the columns know
}

const (
	stream   = "feedback"
	feedRows = 20_480 // six times this is a row group of DuckDB
	rowGroup = 6 * feedRows
	// maxPromoted bounds the columns that attributes get of their own; further ones stay in the catch-all, where they can be
	// asked for as well, more slowly.
	maxPromoted = 200
)

// NewFeeder makes a feeder; Start runs it.
func NewFeeder(s *Service, log *slog.Logger) *Feeder {
	f := &Feeder{s: s, seen: map[string]bool{}, rows: newRowMaker(), sets: map[setOf]bool{}}
	var gather int64
	if s.columns.Dialect().Engine == column.DuckDB {
		gather = rowGroup
	}
	f.Follower = follow.New(s.db, s.columns, follow.Source{Stream: stream, Lease: "columns", Tables: []string{table, sets}, Layout: layout,
		Topic: feedback.Topic, Ready: s.feedback.Settled, Next: f.next, Gather: gather, Learn: f.learn}, log)
	return f
}

// learn asks the columns what sets of themes they know.
func (f *Feeder) learn(ctx context.Context) error {
	rows, err := f.s.columns.All(ctx, "SELECT DISTINCT workspace, set_key FROM "+sets)
	if err != nil {
		return err
	}
	clear(f.sets)
	for _, r := range rows {
		f.sets[setOf{identity.WorkspaceID(keyText(r[0])), number[int64](r[1])}] = true
	}
	return nil
}

// next makes rows of the next changes.
func (f *Feeder) next(ctx context.Context, after, upTo int64) (b follow.Batch, err error) {
	changes, err := f.s.feedback.Changes(ctx, after, upTo, feedRows)
	if err != nil {
		return b, err
	}
	b.To = upTo
	if len(changes) == feedRows {
		b.To = changes[len(changes)-1].Seq
	}
	// What was removed is not among the changes any more, whatever number it had: what was read of it a moment ago is taken out by its own.
	gone, err := f.s.feedback.Removals(ctx, after, b.To, feedRows)
	if err != nil {
		return b, err
	}
	if len(gone) == feedRows {
		b.To = gone[len(gone)-1].Seq
		changes = slices.DeleteFunc(changes, func(c feedback.Feedback) bool { return c.Seq > b.To })
	}
	rows, themes, err := f.rowsOf(ctx, changes)
	if err != nil {
		return b, err
	}
	if keys := f.rows.promotable(f.seen); len(keys) > 0 {
		b.Before = func(ctx context.Context) error { return f.promote(ctx, keys) }
	}
	out := make([]column.Key, len(gone))
	for i, g := range gone {
		out[i] = column.Key{Workspace: string(g.Workspace), ID: string(g.ID)}
	}
	b.Rows = []column.Batch{{Table: table, Remove: out, Rows: rows}}
	fresh := column.Batch{Table: sets}
	for k, x := range themes {
		fresh.Rows = append(fresh.Rows, x.rows(k.workspace)...)
	}
	if len(fresh.Rows) > 0 {
		b.Rows = append(b.Rows, fresh)
	}
	b.Taken = func() {
		for k := range themes {
			f.sets[k] = true
		}
	}
	return b, nil
}

// promote gives keys that appear for the first time columns of their own.
func (f *Feeder) promote(ctx context.Context, keys []string) error {
	have, err := f.s.columns.Promoted(ctx, table)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if !slices.Contains(have, key) && len(have) < maxPromoted {
			if err := f.s.columns.Promote(ctx, table, key); err != nil {
				return err
			}
			have = append(have, key)
		}
		f.seen[key] = true
	}
	return nil
}

// setOf is a set of themes in a workspace.
type setOf struct {
	workspace identity.WorkspaceID
	key       int64
}

// rowsOf are changes as rows of Table, and the sets of themes in them that the columns do not know.
func (f *Feeder) rowsOf(ctx context.Context, changes []feedback.Feedback) ([]column.Row, map[setOf]set, error) {
	type part struct { // what a workspace has of them
		contacts []contact.ID
		texts    []feedback.ID
	}
	parts := map[identity.WorkspaceID]*part{}
	for _, c := range changes {
		p := parts[c.Workspace]
		if p == nil {
			p = &part{}
			parts[c.Workspace] = p
		}
		if c.Contact != "" {
			p.contacts = append(p.contacts, c.Contact)
		}
		if c.Text != "" {
			p.texts = append(p.texts, c.ID)
		}
	}
	attributes := map[contact.ID]map[string]string{}
	zones := map[identity.WorkspaceID]*time.Location{}
	labels := map[feedback.ID]Label{}
	for ws, p := range parts {
		// Not what is remembered: what is numbered anew because the zone has changed must never meet the old one.
		set, err := f.s.readSettings(ctx, ws)
		if err != nil {
			return nil, nil, err
		}
		zones[ws] = set.zone
		known, err := f.s.labelsOf(ctx, ws, p.texts)
		if err != nil {
			return nil, nil, err
		}
		maps.Copy(labels, known)
		slices.Sort(p.contacts)
		if err := f.s.db.View(ctx, func(tx *store.Tx) error {
			known, err := contact.AttributesOf(tx, ws, slices.Compact(p.contacts))
			for i, a := range known {
				attributes[i] = a
			}
			return err
		}); err != nil {
			return nil, nil, err
		}
	}
	themes := map[setOf]set{}
	rows := make([]column.Row, len(changes))
	f.rows.begin(len(changes))
	for i := range changes {
		c := &changes[i]
		var label *Label
		if l, ok := labels[c.ID]; ok {
			label = &l
		}
		values, of := f.rows.values(c, zones[c.Workspace], attributes[c.Contact], label)
		for _, x := range []*set{&of.plain, &of.mentions} {
			if x.key != 0 && !f.sets[setOf{c.Workspace, x.key}] {
				themes[setOf{c.Workspace, x.key}] = *x
			}
		}
		rows[i] = column.Row{Replace: c.Revision > 1, Values: values}
	}
	return rows, themes, nil
}
