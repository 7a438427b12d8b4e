package job_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// runner is a runner for tests: quick and quiet, stopped when the test ends.
func runner(t testing.TB, db *store.DB, o job.Options) *job.Runner {
	t.Helper()
	o.Log = slog.New(slog.DiscardHandler)
	if o.Poll == 0 {
		o.Poll = 20 * time.Millisecond
	}
	if o.Backoff == nil {
		o.Backoff = func(int) time.Duration { return time.Millisecond }
	}
	r := job.New(db, o)
	t.Cleanup(r.Stop)
	return r
}

func start(t testing.TB, r *job.Runner) {
	t.Helper()
	must(t, r.Start(context.Background()))
}

func enqueue(t testing.TB, db *store.DB, s job.Spec) (id job.ID) {
	t.Helper()
	must(t, db.Update(t.Context(), func(tx *store.Tx) (err error) { id, err = job.Enqueue(tx, s); return err }))
	return id
}

func get(t testing.TB, db *store.DB, workspace string, id job.ID) (j job.Job) {
	t.Helper()
	must(t, db.View(t.Context(), func(tx *store.Tx) (err error) { j, err = job.Get(tx, workspace, id); return err }))
	return j
}

// await waits until a job is as it should be, and gives it.
func await(t testing.TB, db *store.DB, workspace string, id job.ID, is func(job.Job) bool) job.Job {
	t.Helper()
	timeout := time.After(30 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		j := get(t, db, workspace, id)
		if is(j) {
			return j
		}
		select {
		case <-tick.C:
		case <-timeout:
			t.Fatalf("the job stays %+v", j)
		}
	}
}

func in(s job.State) func(job.Job) bool { return func(j job.Job) bool { return j.State == s } }

func within[T any](t testing.TB, ch <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-ch:
	case <-time.After(20 * time.Second):
		t.Fatal("waited in vain: " + what)
	}
	return v
}

func TestRunsOnceAndWakesAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := runner(t, db, job.Options{Poll: time.Hour}) // only the wake-up can run it
		ran := make(chan job.Job, 10)
		r.Handle("greet", func(_ context.Context, run *job.Run) error { ran <- run.Job; return nil })
		start(t, r)
		within(t, r.Started(), "started")
		id := enqueue(t, db, job.Spec{Workspace: "w", Kind: "greet", Payload: []byte(`{"to":"you"}`)})
		got := within(t, ran, "the job")
		if got.ID != id || got.Workspace != "w" || string(got.Payload) != `{"to":"you"}` || got.Attempt != 1 {
			t.Fatalf("ran %+v", got)
		}
		j := await(t, db, "w", id, in(job.Done))
		if j.Finished.IsZero() || j.Started.IsZero() || !j.State.Finished() {
			t.Fatalf("done is %+v", j)
		}
		boom := errors.New("boom")
		if err := db.Update(t.Context(), func(tx *store.Tx) error {
			_, err := job.Enqueue(tx, job.Spec{Workspace: "w", Kind: "greet"})
			return errors.Join(err, boom)
		}); !errors.Is(err, boom) {
			t.Fatal(err)
		}
		second := enqueue(t, db, job.Spec{Workspace: "w", Kind: "greet"})
		if got := within(t, ran, "the second"); got.ID != second {
			t.Fatalf("what was rolled back ran: %+v", got)
		}
	})
}

func TestKeyIsUniqueAmongUnfinished(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		spec := job.Spec{Workspace: "w", Kind: "sum", Key: "all"}
		first := enqueue(t, db, spec)
		if again := enqueue(t, db, spec); again != first {
			t.Fatal("made twice")
		}
		for _, other := range []job.Spec{{Workspace: "x", Kind: "sum", Key: "all"}, {Workspace: "w", Kind: "sum", Key: "b"}, {Workspace: "w", Kind: "sum"}} {
			if id := enqueue(t, db, other); id == first {
				t.Fatalf("%+v is not the first", other)
			}
		}
		entered, leave := make(chan int, 10), make(chan struct{})
		r := runner(t, db, job.Options{})
		r.Handle("sum", func(_ context.Context, run *job.Run) error {
			if run.ID == first {
				entered <- run.Attempt
				<-leave
			}
			return nil
		})
		start(t, r)
		within(t, entered, "the first run")
		if id := enqueue(t, db, spec); id != first {
			t.Fatal("a running job counts as unfinished")
		}
		spec.Again = true
		if id := enqueue(t, db, spec); id != first {
			t.Fatal("again is no other job")
		}
		leave <- struct{}{}
		if n := within(t, entered, "the run that was asked for meanwhile"); n != 2 {
			t.Fatalf("attempt %d", n)
		}
		leave <- struct{}{}
		await(t, db, "w", first, in(job.Done))
		if id := enqueue(t, db, spec); id == first {
			t.Fatal("a finished job frees its key")
		}
	})
}

func TestEnqueueRefusesNonsense(t *testing.T) {
	t.Parallel()
	db := storetest.SQLite(t, clock.System{})
	for _, s := range []job.Spec{{Workspace: "w"}, {Kind: "k", Payload: []byte("{")}} {
		if err := db.Update(t.Context(), func(tx *store.Tx) error { _, err := job.Enqueue(tx, s); return err }); err == nil {
			t.Errorf("%+v was enqueued", s)
		}
	}
}

// Sixteen runners of four workers each, and every job is run once.
func TestNoDoubleClaim(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		const jobs = 400
		var mu sync.Mutex
		ran := map[job.ID]int{}
		var left sync.WaitGroup
		left.Add(jobs)
		for range 16 {
			r := runner(t, db, job.Options{Workers: 4, Lease: time.Minute})
			r.Handle("once", func(_ context.Context, run *job.Run) error {
				mu.Lock()
				defer mu.Unlock()
				if ran[run.ID]++; ran[run.ID] == 1 {
					left.Done()
				}
				return nil
			})
			start(t, r)
		}
		must(t, db.Update(t.Context(), func(tx *store.Tx) error {
			for i := range jobs {
				if _, err := job.Enqueue(tx, job.Spec{Workspace: fmt.Sprint(i % 3), Kind: "once"}); err != nil {
					return err
				}
			}
			return nil
		}))
		left.Wait()
		mu.Lock()
		defer mu.Unlock()
		for id, n := range ran {
			if n != 1 {
				t.Errorf("%s ran %d times", id, n)
			}
		}
	})
}

func TestRetryThenFail(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var tries atomic.Int64
		r := runner(t, db, job.Options{})
		r.Handle("flaky", func(context.Context, *job.Run) error {
			if tries.Add(1) < 3 {
				panic("secret of the inside")
			}
			return nil
		})
		r.Handle("hopeless", func(context.Context, *job.Run) error { return errors.New("secret of the inside") })
		r.Handle("invalid", func(context.Context, *job.Run) error { return fault.New(fault.Invalid, "x", "the file has no columns") })
		r.Handle("fatal", func(context.Context, *job.Run) error {
			return job.Fatal(fault.New(fault.Busy, "x", "the door is shut for good"))
		})
		var waits atomic.Int64
		r.Handle("later", func(context.Context, *job.Run) error {
			if waits.Add(1) <= 3 {
				return job.After(time.Millisecond, nil)
			}
			return nil
		})
		start(t, r)
		ids := map[job.Kind]job.ID{}
		for _, k := range []job.Kind{"flaky", "hopeless", "invalid", "fatal", "later"} {
			ids[k] = enqueue(t, db, job.Spec{Workspace: "w", Kind: k, MaxAttempts: 3})
		}
		for kind, want := range map[job.Kind]job.Job{
			"flaky":    {State: job.Done, Attempt: 3},
			"hopeless": {State: job.Failed, Attempt: 3, Error: "Something went wrong on our side"},
			"invalid":  {State: job.Failed, Attempt: 1, Error: "the file has no columns"},
			"fatal":    {State: job.Failed, Attempt: 1, Error: "the door is shut for good"},
			"later":    {State: job.Done, Attempt: 4},
		} {
			j := await(t, db, "w", ids[kind], func(j job.Job) bool { return j.State.Finished() })
			if j.State != want.State || j.Attempt != want.Attempt || j.Error != want.Error {
				t.Errorf("%s: %s after %d attempts, %q; want %s, %d, %q", kind, j.State, j.Attempt, j.Error, want.State, want.Attempt, want.Error)
			}
		}
	})
}
