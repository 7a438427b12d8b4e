package insight

import (
	"context"
	"log/slog"
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
	laidOut  bool            // the columns are of this program's layout

	topic string                               // what is heard when there is something to feed
	ready func(context.Context) (int64, error) // up to which change may be fed
}

const (
	stream    = "feedback"
	layouts   = "feedback.layout" // a stream of its own, whose watermark is the layout
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
	return &Feeder{s: s, log: log, owner: owner, seen: map[string]bool{}, stop: make(chan struct{}), done: make(chan struct{}), started: make(chan struct{}),
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
	if err := f.layOut(ctx); err != nil || !f.laidOut {
		return 0, err
	}
	upTo, err := f.ready(ctx)
	if err != nil {
		return 0, err
	}
	mark, err := f.s.columns.Watermark(ctx, stream)
	if err != nil || mark >= upTo {
		f.behind.Store(0)
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
			if mark, err = f.s.columns.Watermark(ctx, stream); err != nil {
				return n, err
			}
		}
		f.behind.Store(upTo - mark)
		if mark, err = f.batch(ctx, mark, upTo); err != nil {
			return n, err
		}
	}
	f.behind.Store(0)
	return n, nil
}

// layOut empties columns of an older layout, so that they are fed again from the rows, unless another process is at it.
// Killed on the way it does so again. Columns of a newer program stay: they have what this one asks for.
func (f *Feeder) layOut(ctx context.Context) error {
	if f.laidOut {
		return nil
	}
	have, err := f.s.columns.Watermark(ctx, layouts)
	if err != nil {
		return err
	}
	if have < layout {
		if ok, err := f.s.db.Lease(ctx, "columns", f.owner, feedLease); err != nil || !ok {
			return err
		}
		if have, err = f.s.columns.Watermark(ctx, layouts); err != nil {
			return err
		}
	}
	if have < layout {
		if mark, err := f.s.columns.Watermark(ctx, stream); err != nil {
			return err
		} else if mark > 0 {
			f.log.Info("the columns are of an older layout: they are filled again from the rows", "layout", have, "new", layout)
			if err := f.s.columns.Reset(ctx, stream, table); err != nil {
				return err
			}
		}
		if err := f.s.columns.Append(ctx, layouts, have, layout); err != nil {
			return err
		}
	}
	f.laidOut = true
	return nil
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
	rows, err := f.rows(ctx, changes)
	if err != nil {
		return mark, err
	}
	if err := f.promote(ctx, rows); err != nil {
		return mark, err
	}
	if err := f.s.columns.Append(ctx, stream, mark, to, column.Batch{Table: table, Rows: rows}); err != nil {
		return mark, err
	}
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

func (f *Feeder) rows(ctx context.Context, changes []feedback.Feedback) ([]column.Row, error) {
	contacts := map[identity.WorkspaceID][]contact.ID{}
	for _, c := range changes {
		if _, ok := contacts[c.Workspace]; !ok {
			contacts[c.Workspace] = nil
		}
		if c.Contact != "" {
			contacts[c.Workspace] = append(contacts[c.Workspace], c.Contact)
		}
	}
	attributes := map[contact.ID]map[string]string{}
	zones := map[identity.WorkspaceID]*time.Location{}
	for ws, ids := range contacts {
		set, err := f.s.settings(ctx, ws)
		if err != nil {
			return nil, err
		}
		zones[ws] = set.zone
		slices.Sort(ids)
		if err := f.s.db.View(ctx, func(tx *store.Tx) error {
			known, err := contact.AttributesOf(tx, ws, slices.Compact(ids))
			for i, a := range known {
				attributes[i] = a
			}
			return err
		}); err != nil {
			return nil, err
		}
	}
	rows := make([]column.Row, len(changes))
	for i, c := range changes {
		rows[i] = column.Row{Replace: c.Revision > 1, Values: values(c, zones[c.Workspace], attributes[c.Contact])}
	}
	return rows, nil
}

// Rebuild empties the columns; the feeder then fills them again from the rows.
func (f *Feeder) Rebuild(ctx context.Context) error {
	f.feeding.Lock()
	defer f.feeding.Unlock()
	return fault.Wrap("insight.Rebuild", f.s.columns.Reset(ctx, stream, table))
}
