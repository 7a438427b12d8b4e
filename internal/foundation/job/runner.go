package job

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
)

// Options tune a Runner. The zero value of a field means its default.
type Options struct {
	Workers int           // jobs at once in this process; the cores, at least 4
	Poll    time.Duration // how often to look for what other processes enqueued; 1 s, on SQLite 500 ms
	Lease   time.Duration // how long a worker that has fallen silent keeps its jobs; 15 s
	Grace   time.Duration // how long Stop waits before it interrupts; 10 s
	Keep    time.Duration // how long finished jobs are kept; 30 days
	Log     *slog.Logger  // slog.Default()

	// Backoff is how long to wait after so many failures in a row; doubling from 2 s to 1 h, with jitter.
	Backoff func(failures int) time.Duration

	// Observe hears of each attempt that ended: its outcome ("done", "failed", "cancelled", "retry", "lost"), how long the
	// job had been due, and how long the attempt took. May be nil.
	Observe func(kind, outcome string, waited, took time.Duration)
}

// Runner runs jobs of the kinds that it handles. Any number of runners, in any number of processes, share the work; the
// time they go by is their stores' clock.
type Runner struct {
	db  *store.DB
	o   Options
	log *slog.Logger
	id  string // of this worker, in job_worker

	claiming sync.Mutex // held from before a claim until it shows in running
	mu       sync.Mutex // guards what follows
	handlers map[Kind]*handling
	periods  map[Kind]*period
	running  map[*claimed]bool // a job twice, when this worker lost it and then claimed it again
	turn     turn

	begun    sync.Once
	started  chan struct{}
	halt     sync.Once
	stopping chan struct{}
	stopped  chan struct{}
	freed    chan struct{} // a worker has become free
	work     sync.WaitGroup
}

type handling struct {
	fn      Handler
	atMost  int // in this process; 0 is as many as there are workers
	running int
}

// claimed is a job that runs here.
type claimed struct {
	run *Run
	end context.CancelCauseFunc
}

// New makes a runner, which does nothing before Start.
func New(db *store.DB, o Options) *Runner {
	o.Workers = cmp.Or(o.Workers, max(4, runtime.NumCPU()))
	if o.Poll == 0 {
		o.Poll = time.Second
		if db.Engine() == store.SQLite {
			o.Poll = 500 * time.Millisecond
		}
	}
	o.Lease = cmp.Or(o.Lease, 15*time.Second)
	o.Grace = cmp.Or(o.Grace, 10*time.Second)
	o.Keep = cmp.Or(o.Keep, 30*24*time.Hour)
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Backoff == nil {
		o.Backoff = backoff
	}
	if o.Observe == nil {
		o.Observe = func(string, string, time.Duration, time.Duration) {}
	}
	r := &Runner{
		db: db, o: o, log: o.Log, id: id.New(time.Now()),
		handlers: map[Kind]*handling{}, periods: map[Kind]*period{}, running: map[*claimed]bool{}, turn: turn{served: map[Kind]int64{}},
		started: make(chan struct{}), stopping: make(chan struct{}), stopped: make(chan struct{}), freed: make(chan struct{}, 1),
	}
	r.Handle(cleanKind, r.clean)
	r.Every(cleanKind, time.Hour)
	return r
}

// backoff doubles from 2 s to 1 h, and spreads by half of that to either side.
func backoff(failures int) time.Duration {
	d := min(time.Second<<min(failures, 12), time.Hour)
	return d/2 + rand.N(d)
}

// Handle says what does jobs of a kind. A process leaves alone the kinds that it does not handle.
func (r *Runner) Handle(kind Kind, fn Handler, options ...HandleOption) {
	h := &handling{fn: fn}
	for _, o := range options {
		o(h)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.handlers[kind] != nil {
		panic("job: two handlers for " + string(kind))
	}
	r.handlers[kind] = h
}

// HandleOption tunes how one kind is handled.
type HandleOption func(*handling)

// AtMost limits how many jobs of the kind run in this process at once, so that long ones leave workers to the others.
func AtMost(n int) HandleOption { return func(h *handling) { h.atMost = n } }

// Every has a job of the kind (with no workspace and no payload) enqueued once an interval among all processes: at once when
// it never was, then at multiples of the interval. It is skipped while the one before has not ended.
func (r *Runner) Every(kind Kind, interval time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.periods[kind] = &period{interval: interval}
}

// Start begins to run jobs, until Stop is called or ctx ends. A runner starts once.
func (r *Runner) Start(ctx context.Context) error {
	err := errors.New("job: the runner was started before")
	r.begun.Do(func() {
		err = nil
		base := context.WithoutCancel(ctx) // what ends is decided by shutdown, gently
		go func() {
			select {
			case <-ctx.Done():
				r.halt.Do(func() { close(r.stopping) })
			case <-r.stopping:
			}
		}()
		beating, quiet := context.WithCancel(base)
		var loops sync.WaitGroup
		loops.Go(func() { r.beats(beating) })
		go func() {
			defer close(r.stopped)
			r.claims(base) // returns when the runner is to stop
			r.shutdown(base)
			quiet()
			loops.Wait()
			r.leave(base)
		}()
		close(r.started)
	})
	return err
}

// Started is closed once the runner has been started.
func (r *Runner) Started() <-chan struct{} { return r.started }

// Stop claims no more jobs and waits for those that run. After the grace time their contexts end, with the cause ErrStopped,
// and they return to the queue. It may be called twice, and before Start.
func (r *Runner) Stop() {
	r.begun.Do(func() { close(r.stopped) }) // never started, never will be
	r.halt.Do(func() { close(r.stopping) })
	<-r.stopped
}

func (r *Runner) shutdown(ctx context.Context) {
	idle := make(chan struct{})
	go func() { r.work.Wait(); close(idle) }()
	for _, act := range []func(){
		func() { r.interrupt(ErrStopped) },
		func() { r.log.WarnContext(ctx, "jobs ignore that the runner stops; others take them over") },
	} {
		grace := time.NewTimer(r.o.Grace)
		select {
		case <-idle:
			grace.Stop()
			return
		case <-grace.C:
			act()
		}
	}
}

// interrupt ends the contexts of all running jobs.
func (r *Runner) interrupt(cause error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.running {
		c.end(cause)
	}
}

// leave tells the others at once that this worker lives no more.
func (r *Runner) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := r.db.Claim(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec("/* job.leave */ DELETE FROM job_worker WHERE id = $1", r.id)
		return err
	}); err != nil {
		r.log.WarnContext(ctx, "the worker could not sign off", "error", err)
	}
}
