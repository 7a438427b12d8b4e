package job_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
)

func exec1(t testing.TB, db *store.DB, query string, args ...any) {
	t.Helper()
	must(t, db.Update(t.Context(), func(tx *store.Tx) error { _, err := tx.Exec(query, args...); return err }))
}

// A worker that seems dead, but is only slow, writes nothing once another has taken its job over.
func TestFencing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		exec1(t, db, "CREATE TABLE effect (attempt BIGINT NOT NULL)")
		type result struct {
			save, report error
			cause        error
		}
		entered, goOn, slow := make(chan int, 2), make(chan struct{}), make(chan result, 1)
		work := func(ctx context.Context, run *job.Run) error {
			entered <- run.Attempt
			if run.Attempt == 2 {
				<-goOn
			} else {
				<-ctx.Done() // it learns that it has lost, and tries all the same
			}
			save := db.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error {
				if _, err := tx.Exec("INSERT INTO effect (attempt) VALUES ($1)", run.Attempt); err != nil {
					return err
				}
				return run.Save(tx, job.Progress{Done: int64(run.Attempt), Note: "worked"}, map[string]int{"by": run.Attempt})
			})
			if run.Attempt == 1 {
				slow <- result{save, run.Report(context.WithoutCancel(ctx), job.Progress{}), context.Cause(ctx)}
			}
			return save
		}
		outcomes := make(chan string, 100)
		first := runner(t, db, job.Options{Lease: time.Hour, Observe: func(_, o string, _, _ time.Duration) { outcomes <- o }})
		first.Handle("work", work)
		start(t, first)
		id := enqueue(t, db, job.Spec{Workspace: "w", Kind: "work"})
		within(t, entered, "the first worker")
		exec1(t, db, "UPDATE job_worker SET until = 0")
		second := runner(t, db, job.Options{Lease: time.Hour})
		second.Handle("work", work)
		start(t, second)
		if n := within(t, entered, "the second worker"); n != 2 {
			t.Fatalf("attempt %d", n)
		}
		if r := within(t, slow, "the slow worker"); !errors.Is(r.save, job.ErrLost) || !errors.Is(r.report, job.ErrLost) || !errors.Is(r.cause, job.ErrLost) {
			t.Fatalf("the slow worker got %+v", r)
		}
		close(goOn)
		j := await(t, db, "w", id, in(job.Done))
		if j.Attempt != 2 || j.Done != 2 || string(j.Checkpoint) != `{"by":2}` {
			t.Fatalf("done is %+v", j)
		}
		must(t, db.View(t.Context(), func(tx *store.Tx) error {
			by, err := store.All(tx, store.Value[int], "SELECT attempt FROM effect")
			if len(by) != 1 || by[0] != 2 {
				t.Errorf("the work was done by attempts %v", by)
			}
			return err
		}))
		first.Stop()
		for o := ""; o != "lost"; { // besides, it may have cleaned, and even got the second attempt
			o = within(t, outcomes, "the slow worker's outcome")
		}
	})
}

func TestGivesUpWhatKillsWorkers(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var ran atomic.Int64
		poison := enqueue(t, db, job.Spec{Workspace: "w", Kind: "work"})
		unlucky := enqueue(t, db, job.Spec{Workspace: "w", Kind: "work"})
		unwanted := enqueue(t, db, job.Spec{Workspace: "w", Kind: "work"})
		exec1(t, db, "UPDATE job SET state = 'running', worker = 'gone', attempt = 30")
		exec1(t, db, "UPDATE job SET deaths = 25 WHERE id = $1", string(poison))
		exec1(t, db, "UPDATE job SET cancel = 1 WHERE id = $1", string(unwanted))
		r := runner(t, db, job.Options{})
		r.Handle("work", func(context.Context, *job.Run) error { ran.Add(1); return nil })
		start(t, r)
		if j := await(t, db, "w", poison, in(job.Failed)); j.Error == "" || j.Finished.IsZero() {
			t.Errorf("poison is %+v", j)
		}
		await(t, db, "w", unlucky, in(job.Done))
		await(t, db, "w", unwanted, in(job.Cancelled))
		if ran.Load() != 1 {
			t.Errorf("%d ran", ran.Load())
		}
	})
}

const (
	childURL = "KOLO_TEST_JOB_CHILD"
	steps    = 1000
)

// The test binary, run again with the address of a store, is a worker that gets killed.
func TestMain(m *testing.M) {
	url := os.Getenv(childURL)
	if url == "" {
		os.Exit(m.Run())
	}
	quiet := slog.New(slog.DiscardHandler)
	db, err := store.Open(context.Background(), store.Options{URL: url, Log: quiet})
	if err == nil {
		r := job.New(db, job.Options{Lease: time.Second, Poll: 20 * time.Millisecond, Log: quiet})
		r.Handle("steps", climb(db))
		err = r.Start(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	select {}
}

// climb does a thousand steps, each with an effect and its checkpoint in one transaction.
func climb(db *store.DB) job.Handler {
	return func(ctx context.Context, run *job.Run) error {
		next := 0
		if _, err := run.Load(&next); err != nil {
			return err
		}
		for ; next < steps; next++ {
			if err := db.Update(ctx, func(tx *store.Tx) error {
				if _, err := tx.Exec("INSERT INTO step (n, attempt) VALUES ($1, $2)", next, run.Attempt); err != nil {
					return err
				}
				return run.Save(tx, job.Progress{Done: int64(next + 1), Total: steps}, next+1)
			}); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestKilledWorkersDoEachStepOnce(t *testing.T) {
	t.Parallel()
	test := func(t *testing.T, url string) {
		db, err := store.Open(t.Context(), store.Options{URL: url, Log: slog.New(slog.DiscardHandler)})
		must(t, err)
		t.Cleanup(func() { _ = db.Close() })
		must(t, db.Migrate(t.Context()))
		exec1(t, db, "CREATE TABLE step (n BIGINT NOT NULL, attempt BIGINT NOT NULL)") // no key: a doubled step would show
		id := enqueue(t, db, job.Spec{Workspace: "w", Kind: "steps"})
		kills := 0
		for _, at := range []int64{1, 137, 480} {
			child := exec.Command(os.Args[0])
			child.Env = append(os.Environ(), childURL+"="+url)
			child.Stderr = os.Stderr
			must(t, child.Start())
			j := await(t, db, "w", id, func(j job.Job) bool { return j.Done >= at || j.State.Finished() })
			must(t, child.Process.Kill())
			_ = child.Wait()
			if !j.State.Finished() {
				kills++
			}
		}
		if kills < 2 {
			t.Fatalf("only %d workers were killed at work: the steps are too few", kills)
		}
		r := runner(t, db, job.Options{Lease: time.Second})
		r.Handle("steps", climb(db))
		start(t, r)
		j := await(t, db, "w", id, func(j job.Job) bool { return j.State.Finished() })
		if j.State != job.Done || j.Done != steps || j.Attempt < kills {
			t.Fatalf("ended as %+v", j)
		}
		must(t, db.View(t.Context(), func(tx *store.Tx) error {
			n, err := store.One(tx, store.Value[int], "SELECT count(*) FROM step")
			if err != nil {
				return err
			}
			distinct, err := store.One(tx, store.Value[int], "SELECT count(DISTINCT n) FROM step")
			if n != steps || distinct != steps {
				t.Errorf("%d effects of %d steps", n, distinct)
			}
			return err
		}))
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, filepath.Join(t.TempDir(), "kolo.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, storetest.PostgresURL(t))
	})
}

func TestStop(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		never := runner(t, db, job.Options{})
		never.Stop()
		if err := never.Start(t.Context()); err == nil {
			t.Error("started after its end")
		}
		entered, finish, causes := make(chan job.Kind, 2), make(chan struct{}), make(chan error, 1)
		r := runner(t, db, job.Options{Grace: 100 * time.Millisecond})
		r.Handle("polite", func(_ context.Context, run *job.Run) error {
			entered <- run.Kind
			<-run.Stopping() // it has time to finish
			close(finish)
			return nil
		})
		r.Handle("stubborn", func(ctx context.Context, run *job.Run) error {
			var page int
			if ok, err := run.Load(&page); ok || err != nil {
				return err // the second attempt: it goes on from there and is done
			}
			if err := db.Update(ctx, func(tx *store.Tx) error { return run.Save(tx, job.Progress{Done: 7, Total: 9, Note: "reading"}, 7) }); err != nil {
				return err
			}
			entered <- run.Kind
			<-ctx.Done()
			causes <- context.Cause(ctx)
			return ctx.Err()
		})
		start(t, r)
		if err := r.Start(t.Context()); err == nil {
			t.Error("started twice")
		}
		polite := enqueue(t, db, job.Spec{Workspace: "w", Kind: "polite"})
		stubborn := enqueue(t, db, job.Spec{Workspace: "w", Kind: "stubborn", MaxAttempts: 1})
		within(t, entered, "one")
		within(t, entered, "both")
		r.Stop()
		r.Stop()
		within(t, finish, "the polite one")
		if cause := within(t, causes, "the stubborn one"); !errors.Is(cause, job.ErrStopped) {
			t.Errorf("its context ended by %v", cause)
		}
		if j := get(t, db, "w", polite); j.State != job.Done {
			t.Errorf("the polite one is %+v", j)
		}
		if j := get(t, db, "w", stubborn); j.State != job.Queued || j.Failures != 0 || j.Done != 7 || j.Total != 9 || j.Note != "reading" {
			t.Errorf("the stubborn one is %+v", j)
		}
		next := runner(t, db, job.Options{})
		next.Handle("stubborn", func(_ context.Context, run *job.Run) error {
			var page int
			if ok, err := run.Load(&page); !ok || page != 7 {
				return job.Fatal(fmt.Errorf("went on from %d: %w", page, err))
			}
			return nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		must(t, next.Start(ctx))
		await(t, db, "w", stubborn, in(job.Done))
		cancel() // as good as Stop
		next.Stop()
		must(t, db.View(t.Context(), func(tx *store.Tx) error {
			n, err := store.One(tx, store.Value[int], "SELECT count(*) FROM job_worker")
			if n != 0 {
				t.Errorf("%d workers are still believed to live", n)
			}
			return err
		}))
	})
}

func TestPeriodicRunsOnceAmongAll(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB, clock.Clock) *store.DB{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := clock.NewFake(time.Date(2026, 5, 4, 10, 20, 0, 0, time.UTC))
			db := open(t, c)
			ran := make(chan struct{}, 100)
			var runners []*job.Runner
			for range 5 {
				r := runner(t, db, job.Options{Poll: 5 * time.Millisecond})
				r.Handle("tick", func(context.Context, *job.Run) error { ran <- struct{}{}; return nil })
				r.Every("tick", time.Hour)
				start(t, r)
				runners = append(runners, r)
			}
			ended := func(n int) {
				t.Helper()
				within(t, ran, "the tick")
				var jobs []job.Job
				for {
					must(t, db.View(t.Context(), func(tx *store.Tx) (err error) {
						jobs, _, err = job.List(tx, "", job.Filter{Kinds: []job.Kind{"tick"}})
						return err
					}))
					if len(jobs) != n {
						t.Fatalf("%d jobs, not %d", len(jobs), n)
					}
					if jobs[0].State == job.Done {
						return
					}
				}
			}
			ended(1)                     // at once
			c.Advance(41 * time.Minute)  // at eleven
			ended(2)                     //
			c.Advance(190 * time.Minute) // asleep for three hours: once, not three times
			ended(3)
			for _, r := range runners {
				r.Stop()
			}
			if len(ran) != 0 {
				t.Errorf("%d more ran", len(ran))
			}
		})
	}
}

func TestCleanUp(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(time.Date(2026, 5, 4, 10, 20, 0, 0, time.UTC))
	db := storetest.Postgres(t, c)
	r := runner(t, db, job.Options{Poll: 5 * time.Millisecond})
	r.Handle("work", func(context.Context, *job.Run) error { return nil })
	start(t, r)
	old := enqueue(t, db, job.Spec{Workspace: "w", Kind: "work"})
	await(t, db, "w", old, in(job.Done))
	waits := enqueue(t, db, job.Spec{Workspace: "w", Kind: "nobody's"})
	c.Advance(20 * 24 * time.Hour)
	young := enqueue(t, db, job.Spec{Workspace: "w", Kind: "work"})
	await(t, db, "w", young, in(job.Done))
	c.Advance(10*24*time.Hour + time.Hour)
	list := func(workspace string) (ids []job.ID) {
		must(t, db.View(t.Context(), func(tx *store.Tx) error {
			jobs, _, err := job.List(tx, workspace, job.Filter{})
			for _, j := range jobs {
				ids = append(ids, j.ID)
			}
			return err
		}))
		return ids
	}
	timeout, again := time.After(20*time.Second), time.NewTicker(time.Second)
	defer again.Stop()
	for len(list("w")) != 2 {
		select {
		case <-timeout:
			t.Fatalf("still there: %v", list("w"))
		case <-again.C: // it may just have cleaned as the clock went on, and then waits an hour
			c.Advance(time.Hour)
		default:
		}
	}
	if got := fmt.Sprint(list("w")); got != fmt.Sprint([]job.ID{young, waits}) {
		t.Fatalf("left are %s", got)
	}
}
