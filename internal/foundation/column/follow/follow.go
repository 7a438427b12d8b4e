// Package follow has columns follow rows: what changed since the columns' watermark is carried to them in batches, exactly once,
// by one follower at a time among all processes. Killed at any point it goes on where the columns are.
package follow

import (
	"context"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"kolo/internal/foundation/column"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
)

const (
	leaseTime = 15 * time.Second // short, so that a killed process does not hold the others up for long
	poll      = time.Second
	patience  = 20 * time.Second // how long changes that can be fed wait for others that go with them
)

// Source is what is carried to the columns.
type Source struct {
	Stream string   // of the columns' watermark; the stream Stream.layout says of which layout they are
	Lease  string   // who holds it may feed
	Tables []string // that are fed; the first has the rows that are counted
	// Layout is the version of what stands in the columns, 1 or more. Columns of an older one are emptied and fed again: count it
	// up when rows that are there would lack something. Those of a newer program stay: they have what this one asks for.
	Layout int64

	Topic string                               // what is heard when there is something to carry
	Ready func(context.Context) (int64, error) // up to which change may be read without missing any
	// Next reads the changes after one number, a batch of them.
	Next func(ctx context.Context, after, upTo int64) (Batch, error)
	// Gather is how many rows the columns best take at once, as long as another step (After) still has at least as many changes to do: what
	// they take in smaller pieces they write and compress again and again. 0 to carry at once whatever there is.
	Gather int64
	// Learn is told that the columns may have been emptied by somebody else since they were last looked at. May be nil.
	Learn func(context.Context) error
}

// Batch is what changed up to a number, as rows of the columns.
type Batch struct {
	To   int64
	Rows []column.Batch
	// Before does to the columns what has to be done before the rows go there. May be nil.
	Before func(context.Context) error
	// Taken is called when the columns have taken the rows, before the next batch is made. When they are taken back after all, Learn is
	// called before the next. May be nil.
	Taken func()
}

// Follower carries changes. Start runs it.
type Follower struct {
	db      *store.DB
	columns *column.DB
	log     *slog.Logger
	source  Source
	last    func(context.Context) (int64, error) // the last change there is, where not all that there is is ready; or nil
	owner   string

	stopOnce sync.Once
	stop     chan struct{}
	done     chan struct{}
	started  chan struct{}
	behind   atomic.Int64
	feeding  sync.Mutex
	gathers  time.Time // since when changes wait for others that go with them; zero when none do
	fed      int64     // up to which change the columns were fed when this process last knew
	filling  *filling
	emptied  bool  // the columns were, and have taken nothing since
	laidOut  int64 // what stood in the columns when this was known: layout and how often they were emptied; 0 at first
}

// filling is a fill of columns that were empty, or far behind when the process began.
type filling struct {
	upTo  int64 // last change that there was when it began, whether or not it could be fed then
	rows  int64
	begun time.Time
}

// New makes a follower.
func New(db *store.DB, columns *column.DB, source Source, log *slog.Logger) *Follower {
	owner := id.New(db.Clock().Now())
	if columns.Dialect().Engine == column.DuckDB {
		owner = "embedded" // its file belongs to one process: who has it open need not wait for the lease of one that was killed
	}
	return &Follower{db: db, columns: columns, log: log, source: source, owner: owner, stop: make(chan struct{}), done: make(chan struct{}), started: make(chan struct{})}
}

// After has the follower go no further than what another step has done with the changes: up to the number that ready gives,
// whenever the topic is announced. Call it before Start.
func (f *Follower) After(topic string, ready func(context.Context) (int64, error)) {
	f.last = f.source.Ready
	f.source.Topic, f.source.Ready = topic, ready
}

// Start feeds in the background until Stop. It looks first how far behind the columns are, so that nobody who asks from then on takes
// what they lack after a sudden end for all there is.
func (f *Follower) Start(ctx context.Context) {
	_, _, _, _ = f.look(ctx) // what fails here fails in the background, too, and is told there
	go f.run(ctx)
}

// Started is closed when the follower listens.
func (f *Follower) Started() <-chan struct{} { return f.started }

// Stop ends feeding after the batch at hand. Stopping twice does no harm.
func (f *Follower) Stop() {
	f.stopOnce.Do(func() { close(f.stop) })
	<-f.done
}

// Behind is how many changes the columns lacked when the follower last looked, those that another step has yet to see included:
// at 0 questions know everything.
func (f *Follower) Behind() int64 { return f.behind.Load() }

// usual is how many changes the columns may lack for a moment while all is well.
const usual = 200

// Late tells whether the columns lack so much that whoever asks them should know.
func (f *Follower) Late() bool { return f.Behind() > usual }

func (f *Follower) run(ctx context.Context) {
	defer close(f.done)
	heard, forget := f.db.Listen(f.source.Topic)
	defer forget()
	defer func() { _ = f.db.Release(context.WithoutCancel(ctx), f.source.Lease, f.owner) }() // the next need not wait until the lease ends
	close(f.started)
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		fed, err := f.feed(ctx, true)
		if err != nil && ctx.Err() == nil && !fault.Is(err, fault.Conflict) {
			f.log.Error("feeding the columns failed; it will be tried again", "stream", f.source.Stream, "error", err)
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

// pause waits, unless the follower is to stop.
func (f *Follower) pause(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-f.stop:
	}
}

// Feed brings the columns up to the rows as they are now, unless another process is at it.
func (f *Follower) Feed(ctx context.Context) error {
	_, err := f.feed(ctx, false)
	return err
}

// feed is Feed, and tells how many changes there were. It may leave for the next time what should gather.
func (f *Follower) feed(ctx context.Context, gather bool) (n int64, err error) {
	f.feeding.Lock()
	defer f.feeding.Unlock()
	if f.laidOut == 0 {
		if ok, err := f.layOut(ctx); err != nil || !ok {
			return 0, err
		}
	}
	mark, upTo, last, err := f.look(ctx)
	if err != nil {
		return 0, err
	}
	if mark < f.fed { // a damaged log was put aside, or another process is emptying the columns
		f.laidOut = 0
	}
	behind := f.fed == 0 && upTo-mark > usual
	f.fed = mark
	if mark >= last {
		f.filling = nil // another process has filled them
	}
	if mark >= upTo {
		f.gathers = time.Time{}
		return 0, nil
	}
	if f.filling == nil && behind {
		f.filling = &filling{upTo: last}
	}
	var wait, whole bool
	if gather {
		wait, whole = f.gather(mark, upTo, last)
	}
	if wait {
		return 0, nil
	}
	if ok, err := f.layOut(ctx); err != nil || !ok {
		return 0, err
	}
	if f.filling == nil && f.emptied && mark == 0 {
		f.filling = &filling{upTo: last}
	}
	f.emptied = false
	held := time.Time{}
	n = upTo - mark
	for mark < upTo {
		select {
		case <-f.stop:
			return n, nil
		default:
		}
		if time.Since(held) > leaseTime/3 {
			if ok, err := f.hold(ctx, &held); err != nil || !ok {
				f.filling = nil // it is another's to tell
				return n, err
			}
			at, err := f.columns.Watermark(ctx, f.source.Stream)
			if err != nil {
				return n, err
			}
			if at < mark {
				// Another process has emptied the columns since it was learnt what they know, and may be at it still: the next
				// feed learns it anew.
				f.laidOut = 0
				return n, nil
			}
			mark = at
		}
		if whole && upTo-mark < f.source.Gather {
			return n, nil
		}
		if fill := f.filling; fill != nil && fill.begun.IsZero() {
			fill.begun = time.Now()
			f.log.Info("the columns are being filled from the rows", "stream", f.source.Stream, "layout", f.source.Layout, "after", mark)
		}
		if mark, err = f.batches(ctx, mark, upTo, whole, &held); err != nil {
			return n, err
		}
		if fill := f.filling; fill != nil && mark >= fill.upTo {
			f.log.Info("the columns are filled", "stream", f.source.Stream, "rows", fill.rows, "seconds", math.Round(10*time.Since(fill.begun).Seconds())/10)
			f.filling = nil
		}
		f.behind.Store(max(0, last-mark))
	}
	return n, nil
}

// gather tells whether the changes that are ready should wait for others, and whether only so many of them should be fed as go together.
func (f *Follower) gather(mark, upTo, last int64) (wait, whole bool) {
	much := f.last != nil && f.source.Gather > 0 && last-mark >= f.source.Gather
	whole = much && upTo-mark >= f.source.Gather
	if !much || whole {
		f.gathers = time.Time{}
		return false, whole
	}
	if f.gathers.IsZero() {
		f.gathers = time.Now()
	}
	if time.Since(f.gathers) < patience {
		return true, false
	}
	f.gathers = time.Time{}
	return false, false
}

// look tells where the columns are, up to where they may be fed, and what the last change is, and keeps how far they are behind it.
func (f *Follower) look(ctx context.Context) (mark, upTo, last int64, err error) {
	if upTo, err = f.source.Ready(ctx); err != nil {
		return 0, 0, 0, err
	}
	if mark, err = f.columns.Watermark(ctx, f.source.Stream); err != nil {
		return 0, 0, 0, err
	}
	last = upTo
	if f.last != nil {
		if last, err = f.last(ctx); err != nil {
			return 0, 0, 0, err
		}
	}
	f.behind.Store(max(0, last-mark))
	return mark, upTo, last, nil
}

// hold takes the lease for another while; ok is false when another process has it.
func (f *Follower) hold(ctx context.Context, held *time.Time) (ok bool, err error) {
	if ok, err = f.db.Lease(ctx, f.source.Lease, f.owner, leaseTime); err == nil && ok {
		*held = time.Now()
	}
	return ok, err
}

// batches appends the next changes and gives the new watermark: one batch, or as many as the columns take in one step. Where whole is set it
// leaves what is less than goes together.
func (f *Follower) batches(ctx context.Context, mark, upTo int64, whole bool, held *time.Time) (int64, error) {
	b, err := f.source.Next(ctx, mark, upTo)
	if err != nil {
		return mark, err
	}
	if b.Before != nil {
		if err := b.Before(ctx); err != nil {
			return mark, err
		}
	}
	rows := int64(0) // of the first table, which gets most
	taken := func() {
		for _, r := range b.Rows {
			if r.Table == f.source.Tables[0] {
				rows += int64(len(r.Rows))
			}
		}
		if b.Taken != nil {
			b.Taken()
		}
	}
	more := func(ctx context.Context) (p column.Part, err error) {
		taken()
		select {
		case <-f.stop:
			b = Batch{}
			return p, nil
		default:
		}
		at := b.To
		b = Batch{}
		if at >= upTo || whole && rows >= f.source.Gather && rows%f.source.Gather+upTo-at < f.source.Gather {
			return p, nil
		}
		if time.Since(*held) > leaseTime/3 {
			if ok, err := f.hold(ctx, held); err != nil || !ok {
				return p, err
			}
		}
		next, err := f.source.Next(ctx, at, upTo)
		if err != nil || next.Before != nil { // which waits until the columns are free: then the batch is made again
			return p, err
		}
		b = next
		return column.Part{To: b.To, Batches: b.Rows}, nil
	}
	to, err := f.columns.AppendParts(ctx, f.source.Stream, mark, column.Part{To: b.To, Batches: b.Rows}, more)
	if err != nil {
		f.laidOut = 0 // some of what is taken for being there may not be
		return mark, err
	}
	taken()
	if f.filling != nil {
		f.filling.rows += rows
	}
	f.fed = to
	return to, nil
}

// layOut empties columns of an older layout, so that they are fed again from the rows, and learns what the columns know when somebody
// has emptied them; ok is false when another process is at it. Killed on the way it is done again.
func (f *Follower) layOut(ctx context.Context) (ok bool, err error) {
	have, err := f.columns.Watermark(ctx, f.layouts())
	if err != nil {
		return false, err
	}
	layout := f.source.Layout
	if have>>32 < layout {
		if ok, err := f.db.Lease(ctx, f.source.Lease, f.owner, leaseTime); err != nil || !ok {
			return false, err
		}
		if have, err = f.columns.Watermark(ctx, f.layouts()); err != nil {
			return false, err
		}
	}
	if have>>32 < layout {
		if err := f.empty(ctx, have, layout<<32+1); err != nil {
			return false, err
		}
		f.emptied = have > 0
		have = layout<<32 + 1
	}
	if have == f.laidOut {
		return true, nil
	}
	f.emptied = f.emptied || f.laidOut != 0 || have&(1<<32-1) > 1 // by Rebuild, here or elsewhere
	if f.source.Learn != nil {
		if err := f.source.Learn(ctx); err != nil {
			return false, err
		}
	}
	f.laidOut = have
	return true, nil
}

// layouts is a stream of its own: its watermark is the layout, then 32 bits that count how often the columns were emptied.
func (f *Follower) layouts() string { return f.source.Stream + ".layout" }

// Rebuild empties the columns; the follower then fills them again from the rows.
func (f *Follower) Rebuild(ctx context.Context) error {
	f.feeding.Lock()
	defer f.feeding.Unlock()
	const op = "follow.Rebuild"
	have, err := f.columns.Watermark(ctx, f.layouts())
	if err != nil {
		return fault.Wrap(op, err)
	}
	return fault.Wrap(op, f.empty(ctx, have, max(have, f.source.Layout<<32)+1))
}

// empty empties the columns, and says so to every follower.
func (f *Follower) empty(ctx context.Context, from, to int64) error {
	if err := f.columns.Reset(ctx, f.source.Stream, f.source.Tables...); err != nil {
		return err
	}
	return f.columns.Append(ctx, f.layouts(), from, to)
}
