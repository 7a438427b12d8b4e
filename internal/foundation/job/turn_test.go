package job

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"syscall"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
)

func TestPlanTakesTurns(t *testing.T) {
	t.Parallel()
	turns := turn{last: "m", served: map[Kind]int64{}}
	pairs := []pair{{"a", "x"}, {"m", "x"}, {"m", "y"}, {"z", "x"}, {"z", "y"}}
	room := map[Kind]int{"x": 3, "y": 1}
	// z comes after m; within a workspace the kind that waited longest; then round again while there is room.
	for i, want := range []map[pair]int{
		{{"z", "x"}: 1},
		{{"a", "x"}: 1},
		{{"m", "y"}: 1},
		{{"z", "x"}: 1, {"a", "x"}: 1, {"m", "y"}: 1},
		{{"z", "x"}: 1, {"a", "x"}: 1, {"m", "y"}: 1, {"m", "x"}: 0, {"z", "y"}: 0},
	} {
		free := []int{1, 1, 1, 3, 3}[i]
		maps.DeleteFunc(want, func(_ pair, n int) bool { return n == 0 })
		if got := turns.plan(pairs, room, free); !maps.Equal(got, want) {
			t.Fatalf("round %d: %v, not %v", i, got, want)
		}
	}
	total := 0
	for _, n := range turns.plan(pairs, room, 100) {
		total += n
	}
	if total != 4 {
		t.Errorf("%d jobs planned for room of 4", total)
	}
	if got := turns.plan(nil, room, 5); len(got) != 0 {
		t.Errorf("nothing waits, and %v is planned", got)
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	for failures, base := range map[int]time.Duration{1: 2 * time.Second, 3: 8 * time.Second, 20: time.Hour} {
		seen := map[time.Duration]bool{}
		for range 100 {
			d := backoff(failures)
			if d < base/2 || d >= base*3/2 {
				t.Fatalf("after %d failures %v", failures, d)
			}
			seen[d] = true
		}
		if len(seen) < 50 {
			t.Errorf("after %d failures only %d different waits", failures, len(seen))
		}
	}
}

func engines(b *testing.B, bench func(b *testing.B, db *store.DB)) {
	b.Run("sqlite", func(b *testing.B) { bench(b, storetest.SQLite(b, clock.System{})) })
	b.Run("postgres", func(b *testing.B) { bench(b, storetest.Postgres(b, clock.System{})) })
}

// BenchmarkJobs is the time from enqueueing to the end of small jobs, a thousand enqueued at once.
func BenchmarkJobs(b *testing.B) {
	engines(b, func(b *testing.B, db *store.DB) {
		var left sync.WaitGroup
		r := New(db, Options{Log: slog.New(slog.DiscardHandler)})
		r.Handle("work", func(context.Context, *Run) error { left.Done(); return nil })
		if err := r.Start(b.Context()); err != nil {
			b.Fatal(err)
		}
		defer r.Stop()
		for b.Loop() {
			left.Add(1000)
			if err := db.Update(b.Context(), func(tx *store.Tx) error {
				for i := range 1000 {
					if _, err := Enqueue(tx, Spec{Workspace: fmt.Sprint(i % 10), Kind: "work"}); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				b.Fatal(err)
			}
			left.Wait()
		}
		b.ReportMetric(float64(1000*b.N)/b.Elapsed().Seconds(), "jobs/s")
	})
}

// BenchmarkIdle is the processor time that one look for work takes, with twenty kinds handled and a hundred thousand jobs
// waiting for tomorrow.
func BenchmarkIdle(b *testing.B) {
	engines(b, func(b *testing.B, db *store.DB) {
		r := New(db, Options{Log: slog.New(slog.DiscardHandler)})
		for i := range 20 {
			r.Handle(Kind(fmt.Sprint("kind", i)), func(context.Context, *Run) error { return nil })
		}
		rows := make([][]any, 100_000)
		tomorrow := time.Now().Add(24 * time.Hour).UnixMilli()
		for i := range rows {
			rows[i] = []any{fmt.Sprintf("job %06d", i), fmt.Sprint("w", i%1000), fmt.Sprint("kind", i%20), "", "queued", "{}", tomorrow, 0, 0, 0, 9, "", 0, 0, 0, 0, "", "", "", 0, 0, 0}
		}
		if err := db.Update(b.Context(), func(tx *store.Tx) error {
			_, err := tx.InsertMany("bench", "job", []string{"id", "workspace", "kind", "unique_key", "state", "payload", "run_at", "attempt", "failures", "deaths",
				"max_attempts", "worker", "cancel", "again", "done", "total", "note", "checkpoint", "error", "created_at", "started_at", "finished_at"}, rows, "")
			return err
		}); err != nil {
			b.Fatal(err)
		}
		before := processor(b)
		for b.Loop() {
			if _, kinds := r.room(); len(kinds) != 21 {
				b.Fatal(kinds)
			} else if pairs, _, err := r.due(b.Context(), kinds, 4); err != nil || len(pairs) > 0 {
				b.Fatal(pairs, err)
			}
		}
		b.ReportMetric(float64((processor(b)-before).Microseconds())/float64(b.N), "cpu-µs/look")
	})
}

func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
