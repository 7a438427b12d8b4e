package insight

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"kolo/internal/foundation/column"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/search"
)

// Feeder carries feedback from the rows to the columns: what changed since the columns' watermark, in batches, exactly
// once, one feeder at a time among all processes. Killed at any point it goes on where the columns are.
type Feeder struct {
	s     *Service
	log   *slog.Logger
	owner string

	stopOnce sync.Once
	stop     chan struct{}
	done     chan struct{}
	started  chan struct{}
	behind   atomic.Int64
	feeding  sync.Mutex
	seen     map[string]bool // keys that were considered for a column of their own
	index    *search.Indexer
	sets     map[setOf]bool // sets of themes that the columns know
	fed      int64          // up to which change they were fed when this process last knew
	laidOut  int64          // what stood in the columns when this was known: layout and how often they were emptied; 0 at first

	topic string                               // what is heard when there is something to feed
	ready func(context.Context) (int64, error) // up to which change may be fed
}

const (
	stream    = "feedback"
	layouts   = "feedback.layout" // a stream of its own: its watermark is the layout, then 32 bits that count how often the columns were emptied
	feedRows  = 20_000
	feedLease = 15 * time.Second
	feedPoll  = time.Second
	// maxPromoted bounds the columns that attributes get of their own; further ones stay in the catch-all, where they can be
	// asked for as well, more slowly.
	maxPromoted = 200
)

// NewFeeder makes a feeder; Start runs it.
func NewFeeder(s *Service, log *slog.Logger) *Feeder {
	owner := id.New(s.clock.Now())
	if s.columns.Dialect().Engine == column.DuckDB {
		owner = "embedded" // its file belongs to one process: who has it open need not wait for the lease of one that was killed
	}
	return &Feeder{s: s, log: log, owner: owner, seen: map[string]bool{}, index: search.NewIndexer(), sets: map[setOf]bool{}, stop: make(chan struct{}), done: make(chan struct{}), started: make(chan struct{}),
		topic: feedback.Topic, ready: s.feedback.Settled}
}

// After has the feeder go no further than what another step has done with the changes: up to the number that ready gives,
// whenever the topic is announced. Call it before Start.
func (f *Feeder) After(topic string, ready func(context.Context) (int64, error)) {
	f.topic, f.ready = topic, ready
}

// Start feeds in the background until Stop.
func (f *Feeder) Start(ctx context.Context) {
	go f.run(ctx)
}

// Started is closed when the feeder listens.
func (f *Feeder) Started() <-chan struct{} { return f.started }

// Stop ends feeding after the batch at hand. Stopping twice does no harm.
func (f *Feeder) Stop() {
	f.stopOnce.Do(func() { close(f.stop) })
	<-f.done
}

// Behind is how many changes the columns lacked when the feeder last looked.
func (f *Feeder) Behind() int64 { return f.behind.Load() }

func (f *Feeder) run(ctx context.Context) {
	defer close(f.done)
	heard, forget := f.s.db.Listen(f.topic)
	defer forget()
	defer func() { _ = f.s.db.Release(context.WithoutCancel(ctx), "columns", f.owner) }() // the next need not wait until the lease ends
	close(f.started)
	tick := time.NewTicker(feedPoll)
	defer tick.Stop()
	for {
		fed, err := f.feed(ctx)
		if err != nil && ctx.Err() == nil && !fault.Is(err, fault.Conflict) {
			f.log.Error("feeding the columns failed; it will be tried again", "error", err)
		}
		// The more there was, the longer until the next look: while much is being received, the processor is for receiving, and
		// the columns follow a few seconds behind.
		switch {
		case fed > 5000:
			f.pause(3 * time.Second)
		case fed > 200:
			f.pause(600 * time.Millisecond)
		}
		select {
		case <-f.stop:
			return
		case <-ctx.Done():
			return
		case <-heard:
			// Let a burst gather: a batch costs the columns about the same for one row as for a thousand.
			f.pause(100 * time.Millisecond)
		case <-tick.C:
		}
	}
}

// pause waits, unless the feeder is to stop.
func (f *Feeder) pause(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-f.stop:
	}
}

// Feed brings the columns up to the rows as they are now, unless another process is at it.
func (f *Feeder) Feed(ctx context.Context) error {
	_, err := f.feed(ctx)
	return err
}

// feed is Feed, and tells how many changes there were.
func (f *Feeder) feed(ctx context.Context) (n int64, err error) {
	f.feeding.Lock()
	defer f.feeding.Unlock()
	if f.laidOut == 0 {
		if ok, err := f.layOut(ctx); err != nil || !ok {
			return 0, err
		}
	}
	upTo, err := f.ready(ctx)
	if err != nil {
		return 0, err
	}
	mark, err := f.s.columns.Watermark(ctx, stream)
	if err == nil {
		if mark < f.fed { // a damaged log was put aside, or another process is emptying the columns
			f.laidOut = 0
		}
		f.fed = mark
	}
	if err != nil || mark >= upTo {
		f.behind.Store(0)
		return 0, err
	}
	if ok, err := f.layOut(ctx); err != nil || !ok {
		return 0, err
	}
	held := time.Time{}
	n = upTo - mark
	for mark < upTo {
		select {
		case <-f.stop:
			return n, nil
		default:
		}
		if time.Since(held) > feedLease/3 {
			if ok, err := f.s.db.Lease(ctx, "columns", f.owner, feedLease); err != nil || !ok {
				return n, err
			}
			held = time.Now()
			at, err := f.s.columns.Watermark(ctx, stream)
			if err != nil {
				return n, err
			}
			if at < mark {
				// Another process has emptied the columns since it was learnt what sets they know, and may be at it still: the next
				// feed learns it anew.
				f.laidOut = 0
				return n, nil
			}
			mark = at
		}
		f.behind.Store(upTo - mark)
		if mark, err = f.batch(ctx, mark, upTo); err != nil {
			return n, err
		}
	}
	f.behind.Store(0)
	return n, nil
}

// layOut empties columns of an older layout, so that they are fed again from the rows, and learns what sets of themes
// they know when somebody has emptied them; ok is false when another process is at it. Killed on the way it is done again. Columns of
// a newer program stay: they have what this one asks for.
func (f *Feeder) layOut(ctx context.Context) (ok bool, err error) {
	have, err := f.s.columns.Watermark(ctx, layouts)
	if err != nil {
		return false, err
	}
	if have>>32 < layout {
		if ok, err := f.s.db.Lease(ctx, "columns", f.owner, feedLease); err != nil || !ok {
			return false, err
		}
		if have, err = f.s.columns.Watermark(ctx, layouts); err != nil {
			return false, err
		}
	}
	if have>>32 < layout {
		f.log.Info("the columns are filled from the rows", "layout", layout, "before", have>>32)
		if err := f.empty(ctx, have, layout<<32+1); err != nil {
			return false, err
		}
		have = layout<<32 + 1
	}
	if have == f.laidOut {
		return true, nil
	}
	rows, err := f.s.columns.All(ctx, "SELECT DISTINCT workspace, set_key FROM "+sets)
	if err != nil {
		return false, err
	}
	clear(f.sets)
	for _, r := range rows {
		f.sets[setOf{identity.WorkspaceID(keyText(r[0])), number[int64](r[1])}] = true
	}
	f.laidOut = have
	return true, nil
}

// batch appends the next changes and gives the new watermark.
func (f *Feeder) batch(ctx context.Context, mark, upTo int64) (int64, error) {
	changes, err := f.s.feedback.Changes(ctx, mark, upTo, feedRows)
	if err != nil {
		return mark, err
	}
	to := upTo
	if len(changes) == feedRows {
		to = changes[len(changes)-1].Seq
	}
	rows, themes, err := f.rows(ctx, changes)
	if err != nil {
		return mark, err
	}
	if err := f.promote(ctx, rows); err != nil {
		return mark, err
	}
	batches := []column.Batch{{Table: table, Rows: rows}}
	fresh := column.Batch{Table: sets}
	for k, x := range themes {
		if !f.sets[k] {
			fresh.Rows = append(fresh.Rows, x.rows(k.workspace)...)
		}
	}
	if len(fresh.Rows) > 0 {
		batches = append(batches, fresh)
	}
	if err := f.s.columns.Append(ctx, stream, mark, to, batches...); err != nil {
		return mark, err
	}
	for k := range themes {
		f.sets[k] = true
	}
	f.fed = to
	return to, nil
}

// promote gives keys that appear for the first time columns of their own. The columns are asked only when there is a key
// that this process has not seen before.
func (f *Feeder) promote(ctx context.Context, rows []column.Row) error {
	keys := promotable(rows, extraColumn, f.seen)
	if len(keys) == 0 {
		return nil
	}
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

var extraColumn = slices.IndexFunc(Table().Columns, func(c column.Column) bool { return c.Type == column.Texts })

// setOf is a set of themes in a workspace.
type setOf struct {
	workspace identity.WorkspaceID
	key       int64
}

// rows are changes as rows of Table, and the sets of themes in them.
func (f *Feeder) rows(ctx context.Context, changes []feedback.Feedback) ([]column.Row, map[setOf]set, error) {
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
		set, err := f.s.settings(ctx, ws)
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
	for i, c := range changes {
		var label *Label
		if l, ok := labels[c.ID]; ok {
			label = &l
			plain, mentions := l.sets()
			for _, x := range []set{plain, mentions} {
				if x.key != 0 {
					themes[setOf{c.Workspace, x.key}] = x
				}
			}
		}
		rows[i] = column.Row{Replace: c.Revision > 1, Values: values(c, zones[c.Workspace], attributes[c.Contact], label, f.index)}
	}
	return rows, themes, nil
}

// Rebuild empties the columns; the feeder then fills them again from the rows.
func (f *Feeder) Rebuild(ctx context.Context) error {
	f.feeding.Lock()
	defer f.feeding.Unlock()
	const op = "insight.Rebuild"
	have, err := f.s.columns.Watermark(ctx, layouts)
	if err != nil {
		return fault.Wrap(op, err)
	}
	return fault.Wrap(op, f.empty(ctx, have, max(have, layout<<32)+1))
}

// empty empties the columns, and says so to every feeder.
func (f *Feeder) empty(ctx context.Context, from, to int64) error {
	if err := f.s.columns.Reset(ctx, stream, table, sets); err != nil {
		return err
	}
	return f.s.columns.Append(ctx, layouts, from, to)
}
