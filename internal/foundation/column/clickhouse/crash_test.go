package clickhouse

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"testing"

	"kolo/internal/foundation/column"
	"kolo/internal/foundation/column/clickhousetest"
	"kolo/internal/foundation/column/columntest"
)

var quiet = column.Options{Logger: slog.New(slog.DiscardHandler)}

// TestMain lets the test binary be the child that is killed: it feeds until somebody ends it.
func TestMain(m *testing.M) {
	columntest.FeedWhenAsked(func(ctx context.Context, url string) (*column.DB, error) { return Open(ctx, url, quiet) })
	os.Exit(m.Run())
}

func opened(t *testing.T, url string) (*engine, *column.DB) {
	t.Helper()
	e, err := open(t.Context(), url, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() }) // nothing is lost with a connection
	db := column.New(e)
	if err := db.Ensure(t.Context(), columntest.Said); err != nil {
		t.Fatal(err)
	}
	return e, db
}

func TestKilledWhileFeeding(t *testing.T) {
	t.Parallel()
	url := clickhousetest.URL(t)
	for round := range 6 {
		acked := columntest.FeedUntilKilled(t, url, 1+round*2)
		_, db := opened(t, url)
		mark, err := db.Watermark(t.Context(), "s")
		if err != nil || mark < acked || mark > acked+1 {
			t.Fatalf("watermark %d after %d was acknowledged (%v)", mark, acked, err)
		}
		if err := db.Append(t.Context(), "s", mark, mark+1, columntest.Batch(mark)); err != nil {
			t.Fatal(err)
		}
		columntest.Consistent(t, db)
	}
}

// TestDiedInAppend stops an append after each of its steps.
func TestDiedInAppend(t *testing.T) {
	t.Parallel()
	for name, steps := range map[string]int{"after the intent": 0, "after the rows": 1, "after the replaced rows went": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := clickhousetest.URL(t)
			e, db := opened(t, url)
			for n := range int64(3) {
				if err := db.Append(t.Context(), "s", n, n+1, columntest.Batch(n)); err != nil {
					t.Fatal(err)
				}
			}
			// The fourth batch, by hand. Its last row replaces one of the third.
			last, err := e.last(t.Context(), "s")
			if err != nil {
				t.Fatal(err)
			}
			tag := int64(4711 + steps) // the server knows a write by it, and all these are at once
			x := entry{Stream: "s", N: last.N + 1, State: appending, Mark: 3, Tag: tag, Tables: []string{"said"}}
			if err := e.write(t.Context(), x); err != nil {
				t.Fatal(err)
			}
			load := column.Load{Table: columntest.Said}
			for _, r := range columntest.Batch(3).Rows {
				row := append([]any{}, r.Values...)
				row[4], row[8] = int16(1), column.PairsOf(r.Values[8].(map[string]string)) // as Append makes them
				load.Rows = append(load.Rows, row)
			}
			if steps > 0 {
				if err := e.insert(t.Context(), x.Tag, load); err != nil {
					t.Fatal(err)
				}
			}
			if steps > 1 {
				if err := e.remove(t.Context(), columntest.Said, columntest.W, []string{"2-0"}, fmt.Sprint("_batch != ", tag)); err != nil {
					t.Fatal(err)
				}
			}
			_, db = opened(t, url)
			if m, err := db.Watermark(t.Context(), "s"); m != 3 || err != nil {
				t.Fatalf("watermark %d, %v", m, err)
			}
			if err := db.Append(t.Context(), "s", 4, 5, columntest.Batch(4)); err == nil {
				t.Fatal("the feeder could leave out the batch that was lost")
			}
			if err := db.Append(t.Context(), "s", 3, 4, columntest.Batch(3)); err != nil {
				t.Fatal(err)
			}
			if m := columntest.Consistent(t, db); m != 4 {
				t.Fatalf("watermark %d", m)
			}
		})
	}
}

func TestDiedInReset(t *testing.T) {
	t.Parallel()
	url := clickhousetest.URL(t)
	e, db := opened(t, url)
	if err := db.Append(t.Context(), "s", 0, 1, columntest.Batch(0)); err != nil {
		t.Fatal(err)
	}
	last, err := e.last(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	if err := e.write(t.Context(), entry{Stream: "s", N: last.N + 1, State: resetting, Tables: []string{"said"}}); err != nil {
		t.Fatal(err)
	}
	_, db = opened(t, url)
	if m, err := db.Watermark(t.Context(), "s"); m != 0 || err != nil {
		t.Fatalf("watermark %d, %v", m, err)
	}
	for n := range int64(2) {
		if err := db.Append(t.Context(), "s", n, n+1, columntest.Batch(n)); err != nil {
			t.Fatal(err)
		}
	}
	if m := columntest.Consistent(t, db); m != 2 {
		t.Fatalf("watermark %d", m)
	}
}
