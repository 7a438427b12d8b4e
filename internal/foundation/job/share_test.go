package job_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

func change(t testing.TB, db *store.DB, do func(*store.Tx, string, job.ID) error, workspace string, id job.ID) error {
	t.Helper()
	return db.Update(t.Context(), func(tx *store.Tx) error { return do(tx, workspace, id) })
}

func TestCancelAndResume(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		entered, causes := make(chan int, 4), make(chan error, 4)
		r := runner(t, db, job.Options{Poll: 100 * time.Millisecond})
		r.Handle("long", func(ctx context.Context, run *job.Run) error {
			var at int
			if _, err := run.Load(&at); err != nil {
				return err
			}
			if at == 2 {
				entered <- at
				return nil
			}
			if err := db.Update(ctx, func(tx *store.Tx) error { return run.Save(tx, job.Progress{}, at+1) }); err != nil {
				return err
			}
			entered <- at
			<-ctx.Done()
			causes <- context.Cause(ctx)
			return ctx.Err()
		})
		start(t, r)
		id := enqueue(t, db, job.Spec{Workspace: "w", Kind: "long", Key: "one"})
		within(t, entered, "the start")
		if err := change(t, db, job.Cancel, "other", id); !fault.Is(err, fault.NotFound) {
			t.Fatalf("cancelled from another workspace: %v", err)
		}
		began := time.Now()
		must(t, change(t, db, job.Cancel, "w", id))
		if cause := within(t, causes, "the end"); !errors.Is(cause, job.ErrCancelled) {
			t.Fatalf("ended by %v", cause)
		}
		// The runner hears of it; it does not have to look.
		if took := time.Since(began); took > 5*time.Second { // at once, but for a busy machine
			t.Errorf("it took %v to stop", took)
		}
		await(t, db, "w", id, in(job.Cancelled))
		must(t, change(t, db, job.Cancel, "w", id)) // once more is nothing
		if err := change(t, db, job.Resume, "other", id); !fault.Is(err, fault.NotFound) {
			t.Fatalf("resumed from another workspace: %v", err)
		}
		must(t, change(t, db, job.Resume, "w", id))
		if at := within(t, entered, "the resumption"); at != 1 {
			t.Fatalf("went on from %d", at)
		}
		must(t, change(t, db, job.Resume, "w", id)) // it runs: nothing to do

		// As another process would do it, which cannot wake this runner.
		began = time.Now()
		exec1(t, db, "UPDATE job SET cancel = 1 WHERE id = $1", string(id))
		if j := get(t, db, "w", id); !j.Stopping && j.State == job.Running {
			t.Error("it does not show that it is stopping")
		}
		within(t, causes, "the end from afar")
		if took := time.Since(began); took > 5*time.Second { // within half a second, but for a busy machine
			t.Errorf("it took %v to stop from afar", took)
		}
		await(t, db, "w", id, in(job.Cancelled))
		other := enqueue(t, db, job.Spec{Workspace: "w", Kind: "long", Key: "one", RunAt: time.Now().Add(time.Hour)})
		if err := change(t, db, job.Resume, "w", id); !fault.Is(err, fault.Conflict) {
			t.Fatalf("resumed although replaced: %v", err)
		}
		must(t, change(t, db, job.Cancel, "w", other))
		if j := get(t, db, "w", other); j.State != job.Cancelled || j.Finished.IsZero() {
			t.Fatalf("a queued one that was cancelled is %+v", j)
		}
		must(t, change(t, db, job.Resume, "w", id))
		within(t, entered, "the last run")
		await(t, db, "w", id, in(job.Done))
		for _, do := range []func(*store.Tx, string, job.ID) error{job.Cancel, job.Resume} {
			if err := change(t, db, do, "w", id); !fault.Is(err, fault.Conflict) {
				t.Errorf("what is done can be changed: %v", err)
			}
		}
	})
}

func TestResumeOfFailed(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var mended atomic.Bool
		r := runner(t, db, job.Options{})
		r.Handle("broken", func(context.Context, *job.Run) error {
			if !mended.Load() {
				return errors.New("broken")
			}
			return nil
		})
		start(t, r)
		id := enqueue(t, db, job.Spec{Workspace: "w", Kind: "broken", MaxAttempts: 2})
		if j := await(t, db, "w", id, in(job.Failed)); j.Failures != 2 || j.Max != 2 {
			t.Fatalf("failed as %+v", j)
		}
		mended.Store(true)
		must(t, change(t, db, job.Resume, "w", id))
		if j := await(t, db, "w", id, in(job.Done)); j.Error != "" || j.Failures != 0 || j.Attempt != 3 {
			t.Fatalf("done as %+v", j)
		}
	})
}

// What is asked for while its job is being stopped is not lost with it.
func TestEnqueueWhileStopping(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		entered, leave := make(chan bool, 2), make(chan struct{})
		r := runner(t, db, job.Options{})
		r.Handle("work", func(ctx context.Context, run *job.Run) error {
			var at int
			resumed, err := run.Load(&at)
			if err != nil {
				return err
			}
			if run.Attempt > 1 {
				entered <- resumed
				return nil
			}
			if err := db.Update(ctx, func(tx *store.Tx) error { return run.Save(tx, job.Progress{}, 5) }); err != nil {
				return err
			}
			entered <- resumed
			<-ctx.Done()
			<-leave
			return ctx.Err()
		})
		start(t, r)
		spec := job.Spec{Workspace: "w", Kind: "work", Key: "k"}
		id := enqueue(t, db, spec)
		within(t, entered, "the start")
		must(t, change(t, db, job.Cancel, "w", id))
		if again := enqueue(t, db, spec); again != id {
			t.Fatal("two unfinished jobs have one key")
		}
		close(leave)
		if resumed := within(t, entered, "the new run"); resumed {
			t.Error("it is a new wish, not the old one's rest")
		}
		await(t, db, "w", id, in(job.Done))
	})
}

// The last of the work and the end of the job are one commit.
func TestFinishWithTheWork(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		exec1(t, db, "CREATE TABLE effect (attempt BIGINT NOT NULL)")
		r := runner(t, db, job.Options{})
		var outcome atomic.Value
		worked := make(chan struct{})
		r.Handle("once", func(ctx context.Context, run *job.Run) error {
			defer close(worked)
			err := db.Update(ctx, func(tx *store.Tx) error {
				if _, err := tx.Exec("INSERT INTO effect (attempt) VALUES ($1)", run.Attempt); err != nil {
					return err
				}
				return run.Finish(tx)
			})
			outcome.Store(fmt.Sprint(err))
			return errors.New("too late to fail")
		})
		start(t, r)
		id := enqueue(t, db, job.Spec{Workspace: "w", Kind: "once"})
		within(t, worked, "the work")
		r.Stop()
		if j := get(t, db, "w", id); j.State != job.Done || j.Attempt != 1 || outcome.Load() != "<nil>" {
			t.Fatalf("%+v, %v", j, outcome.Load())
		}
	})
}

// Ten thousand jobs of one workspace do not keep another's waiting.
func TestFairBetweenWorkspaces(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		const workers = 3
		must(t, db.Update(t.Context(), func(tx *store.Tx) error {
			for range 10_000 {
				if _, err := job.Enqueue(tx, job.Spec{Workspace: "m", Kind: "many"}); err != nil {
					return err
				}
			}
			return nil
		}))
		var begun atomic.Int64
		warm := make(chan struct{})
		waited := make(chan int64, 3)
		var asked atomic.Int64
		r := runner(t, db, job.Options{Workers: workers})
		r.Handle("many", func(_ context.Context, run *job.Run) error {
			n := begun.Add(1)
			if n == 50 {
				close(warm)
			}
			if run.Workspace != "m" {
				waited <- n - asked.Load()
			}
			return nil
		})
		start(t, r)
		within(t, warm, "the first fifty")
		for _, workspace := range []string{"a", "z", ""} {
			enqueue(t, db, job.Spec{Workspace: workspace, Kind: "many"})
			asked.Store(begun.Load())
			if n := within(t, waited, workspace); n > 3*workers {
				t.Errorf("%d others came before %q", n, workspace)
			}
		}
	})
}

func TestAtMostLeavesWorkersToOthers(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var now, most atomic.Int64
		leave, quick, longs := make(chan struct{}), make(chan struct{}), make(chan struct{}, 3)
		r := runner(t, db, job.Options{Workers: 3})
		r.Handle("long", func(context.Context, *job.Run) error {
			most.Store(max(most.Load(), now.Add(1)))
			longs <- struct{}{}
			<-leave
			now.Add(-1)
			return nil
		}, job.AtMost(1))
		r.Handle("quick", func(context.Context, *job.Run) error { close(quick); return nil })
		start(t, r)
		var ids []job.ID
		for range 3 {
			ids = append(ids, enqueue(t, db, job.Spec{Workspace: "w", Kind: "long"}))
		}
		within(t, longs, "a long one")
		enqueue(t, db, job.Spec{Workspace: "w", Kind: "quick"})
		within(t, quick, "the quick one")
		close(leave)
		for _, id := range ids {
			await(t, db, "w", id, in(job.Done))
		}
		if most.Load() != 1 {
			t.Errorf("%d long ones ran at once", most.Load())
		}
	})
}

func TestOneJobForSixteenWhoAsk(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var mu sync.Mutex
		ids := map[job.ID]bool{}
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				var id job.ID
				if err := db.Update(t.Context(), func(tx *store.Tx) (err error) {
					id, err = job.Enqueue(tx, job.Spec{Workspace: "w", Kind: "k", Key: "one"})
					return err
				}); err != nil {
					t.Error(err)
				}
				mu.Lock()
				ids[id] = true
				mu.Unlock()
			})
		}
		wg.Wait()
		if len(ids) != 1 {
			t.Errorf("%d jobs", len(ids))
		}
	})
}

func TestRunAt(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB, clock.Clock) *store.DB{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := clock.NewFake(time.UnixMilli(1_700_000_000_000))
			db := open(t, c)
			ran := make(chan string, 10)
			r := runner(t, db, job.Options{Poll: 5 * time.Millisecond})
			r.Handle("k", func(_ context.Context, run *job.Run) error { ran <- run.Key; return nil })
			start(t, r)
			spec := job.Spec{Workspace: "w", Kind: "k", Key: "later", RunAt: c.Now().Add(time.Hour)}
			later := enqueue(t, db, spec)
			enqueue(t, db, job.Spec{Workspace: "w", Kind: "k", Key: "now"})
			if got := within(t, ran, "the one for now"); got != "now" {
				t.Fatalf("%s ran first", got)
			}
			c.Advance(59 * time.Minute)
			marker := enqueue(t, db, job.Spec{Workspace: "w", Kind: "k", Key: "marker"})
			await(t, db, "w", marker, in(job.Done))
			if got := within(t, ran, "the marker"); got != "marker" || get(t, db, "w", later).State != job.Queued {
				t.Fatalf("%s ran early", got)
			}
			spec.RunAt = c.Now() // more urgent now
			if enqueue(t, db, spec) != later {
				t.Fatal("made a second one")
			}
			within(t, ran, "the urgent one")
			await(t, db, "w", later, in(job.Done))
		})
	}
}

func TestListPages(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var want []job.ID
		for i := range 7 {
			want = append(want, enqueue(t, db, job.Spec{Workspace: "w", Kind: job.Kind([]string{"a", "b"}[i%2])}))
			enqueue(t, db, job.Spec{Workspace: "other", Kind: "a"})
		}
		slices.Reverse(want)
		must(t, change(t, db, job.Cancel, "w", want[0]))
		list := func(f job.Filter) (ids []job.ID) {
			for pages := 0; pages < 10; pages++ {
				must(t, db.View(t.Context(), func(tx *store.Tx) error {
					jobs, next, err := job.List(tx, "w", f)
					for _, j := range jobs {
						ids = append(ids, j.ID)
					}
					f.Cursor = next
					return err
				}))
				if f.Cursor == "" {
					return ids
				}
			}
			t.Fatal("the pages do not end")
			return nil
		}
		for name, c := range map[string]struct {
			filter job.Filter
			want   []job.ID
		}{
			"all":       {job.Filter{Limit: 3}, want},
			"one page":  {job.Filter{Limit: 7}, want},
			"a kind":    {job.Filter{Kinds: []job.Kind{"b"}, Limit: 2}, []job.ID{want[1], want[3], want[5]}},
			"a state":   {job.Filter{States: []job.State{job.Cancelled, job.Done}}, want[:1]},
			"both":      {job.Filter{Kinds: []job.Kind{"a", "c"}, States: []job.State{job.Queued}, Limit: 1}, []job.ID{want[2], want[4], want[6]}},
			"none such": {job.Filter{Kinds: []job.Kind{"z"}}, nil},
		} {
			if got := list(c.filter); !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, not %v", name, got, c.want)
			}
		}
		must(t, db.View(t.Context(), func(tx *store.Tx) error {
			if _, _, err := job.List(tx, "w", job.Filter{Cursor: "x' OR 1"}); !fault.Is(err, fault.Invalid) {
				t.Errorf("a cursor of somebody's own: %v", err)
			}
			if _, err := job.Get(tx, "other", want[0]); !fault.Is(err, fault.NotFound) {
				t.Errorf("read from another workspace: %v", err)
			}
			return nil
		}))
	})
}
