package columntest

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"kolo/internal/foundation/column"
)

const (
	feedVariable = "KOLO_TEST_FEED"
	perBatch     = 50
)

// Batch is the n-th batch of a feeder that is going to be killed: 50 rows, and one that replaces the first row of the batch
// before.
func Batch(n int64) column.Batch {
	b := column.Batch{Table: Said.Name}
	for i := range perBatch {
		b.Rows = append(b.Rows, Row(W, fmt.Sprintf("%d-%d", n, i), n, strings.Repeat("words ", 30), 1, map[string]string{"k": fmt.Sprint(n)}))
	}
	if n > 0 {
		again := Row(W, fmt.Sprintf("%d-0", n-1), n-1, "replaced", 1, nil)
		again.Replace = true
		b.Rows = append(b.Rows, again)
	}
	return b
}

// Consistent checks that exactly the rows up to the watermark are there, once each, and gives the watermark.
func Consistent(t *testing.T, db *column.DB) int64 {
	t.Helper()
	if err := db.Ensure(t.Context(), Said); err != nil {
		t.Fatal(err)
	}
	mark, err := db.Watermark(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	want(t, db, [][]any{{mark * perBatch, mark * perBatch, max(mark-1, 0)}},
		"SELECT count(*), count(DISTINCT id), coalesce(sum(CASE WHEN words = 'replaced' THEN 1 ELSE 0 END), 0) FROM said")
	return mark
}

// FeedWhenAsked belongs at the beginning of a TestMain: in a child that StartFeeder has started it feeds the store at an
// address until it is killed, and never returns.
func FeedWhenAsked(open func(ctx context.Context, address string) (*column.DB, error)) {
	address := os.Getenv(feedVariable)
	if address == "" {
		return
	}
	ctx := context.Background()
	db, err := open(ctx, address)
	if err == nil {
		err = db.Ensure(ctx, Said)
	}
	for err == nil {
		var n int64
		if n, err = db.Watermark(ctx, "s"); err == nil {
			err = db.Append(ctx, "s", n, n+1, Batch(n))
		}
		if err == nil {
			fmt.Println(n + 1) // acknowledged
		}
		if err == nil && n%10 == 9 {
			err = db.Checkpoint(ctx)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// StartFeeder starts a child that feeds, and returns when it has fed something. lines stands at the first watermark that
// it reports; kill ends it.
func StartFeeder(t *testing.T, address string) (lines *bufio.Scanner, kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), feedVariable+"="+address)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() { _ = cmd.Process.Kill() } // it may be dead already
	t.Cleanup(func() {
		kill()
		_ = cmd.Wait() // it was killed: no news
	})
	if lines = bufio.NewScanner(out); !lines.Scan() {
		t.Fatal("the child fed nothing")
	}
	return lines, kill
}

// FeedUntilKilled lets a child feed some batches, kills it in the middle of what it does next, and gives the last watermark
// that it reported.
func FeedUntilKilled(t *testing.T, address string, batches int) (acked int64) {
	t.Helper()
	lines, kill := StartFeeder(t, address)
	for n, more := 1, true; more; n, more = n+1, lines.Scan() { // what it said before it died counts too
		var err error
		if acked, err = strconv.ParseInt(lines.Text(), 10, 64); err != nil {
			t.Fatal(err)
		}
		if n >= batches {
			kill()
		}
	}
	return acked
}
