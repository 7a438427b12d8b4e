package duck_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/column"
	"kolo/internal/foundation/column/columntest"
	"kolo/internal/foundation/column/duck"
)

// TestMain lets the test binary be the child that is killed: it feeds until somebody ends it.
func TestMain(m *testing.M) {
	if path := os.Getenv("KOLO_TEST_FEED"); path != "" {
		feed(path)
	}
	os.Exit(m.Run())
}

// perBatch rows are appended at a time, of which the first one replaces the first of the batch before.
const perBatch = 50

func batch(n int64) column.Batch {
	b := column.Batch{Table: "said"}
	for i := range perBatch {
		b.Rows = append(b.Rows, columntest.Row("w", fmt.Sprintf("%d-%d", n, i), n, strings.Repeat("words ", 30), 1, map[string]string{"k": fmt.Sprint(n)}))
	}
	if n > 0 {
		again := columntest.Row("w", fmt.Sprintf("%d-0", n-1), n-1, "replaced", 1, nil)
		again.Replace = true
		b.Rows = append(b.Rows, again)
	}
	return b
}

func feed(path string) {
	db, err := duck.Open(context.Background(), path, column.Options{MemoryLimit: "128MB", Threads: 1})
	if err == nil {
		err = db.Ensure(context.Background(), columntest.Said)
	}
	for err == nil {
		var n int64
		if n, err = db.Watermark(context.Background(), "s"); err == nil {
			err = db.Append(context.Background(), "s", n, n+1, batch(n))
		}
		if err == nil {
			fmt.Println(n + 1) // acknowledged
		}
		if err == nil && n%10 == 9 {
			err = db.Checkpoint(context.Background())
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// feedUntilKilled runs a child that feeds, kills it once it has acknowledged some batches, and gives the last one.
func feedUntilKilled(t *testing.T, path string, batches int) int64 {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "KOLO_TEST_FEED="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var acked int64
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		if acked, err = strconv.ParseInt(lines.Text(), 10, 64); err != nil {
			t.Fatal(err)
		}
		if n == batches {
			if err := cmd.Process.Kill(); err != nil { // what it still says is read to the end
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // it was killed
	if acked == 0 {
		t.Fatal("the child fed nothing")
	}
	return acked
}

// consistent checks that exactly the rows up to the watermark are there, once each, and gives the watermark.
func consistent(t *testing.T, db *column.DB) int64 {
	t.Helper()
	if err := db.Ensure(t.Context(), columntest.Said); err != nil {
		t.Fatal(err)
	}
	mark, err := db.Watermark(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	got, err := db.All(t.Context(), "SELECT count(*), count(DISTINCT id), coalesce(sum(CASE WHEN words = 'replaced' THEN 1 ELSE 0 END), 0) FROM said")
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprint([]any{mark * perBatch, mark * perBatch, max(mark-1, 0)})
	if fmt.Sprint(got[0]) != want {
		t.Fatalf("at watermark %d: rows, ids and replaced are %v, not %v", mark, got[0], want)
	}
	return mark
}

func TestKilledWhileFeeding(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "columns.duckdb")
	for round := range 8 {
		acked := feedUntilKilled(t, path, 1+round*7)
		db, err := duck.Open(t.Context(), path, column.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if mark := consistent(t, db); mark < acked || mark > acked+1 {
			t.Fatalf("watermark %d after %d was acknowledged", mark, acked)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDamagedLog flips single bytes of the write-ahead log that a killed process has left. Whatever is lost by that, the
// watermark tells the truth and the feeder can go on from it.
func TestDamagedLog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "columns.duckdb")
	acked := feedUntilKilled(t, path, 12)
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(path + ".wal")
	if err != nil {
		t.Fatal(err)
	}
	quarantined := 0
	for i := range 30 {
		at := i * i * len(log) / 900 // denser at the beginning, where the header is
		path := filepath.Join(dir, fmt.Sprintf("flipped%d.duckdb", at))
		damaged := slices.Clone(log)
		damaged[at] ^= 0x10
		if err := errors.Join(os.WriteFile(path, file, 0o600), os.WriteFile(path+".wal", damaged, 0o600)); err != nil {
			t.Fatal(err)
		}
		db, err := duck.Open(t.Context(), path, column.Options{Clock: clock.NewFake(time.Unix(0, 0)), Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatalf("byte %d: %v", at, err)
		}
		for n := consistent(t, db); n < acked; n++ {
			if err := db.Append(t.Context(), "s", n, n+1, batch(n)); err != nil {
				t.Fatalf("byte %d: replay of %d: %v", at, n, err)
			}
		}
		if got := consistent(t, db); got < acked {
			t.Fatalf("byte %d: %d after the replay of %d", at, got, acked)
		}
		s, err := db.Stats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if s.Quarantined != "" {
			quarantined++
			if kept, err := os.ReadFile(s.Quarantined); err != nil || !bytes.Equal(kept, damaged) || s.Quarantined != path+".wal.corrupt-19700101T000000.000" {
				t.Fatalf("byte %d: the log was not kept as %s: %v", at, s.Quarantined, err)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if quarantined < 20 {
		t.Fatalf("only %d of 30 damaged logs were noticed", quarantined)
	}
}

// TestHeldFile: what looks like trouble with the log must not be taken for it.
func TestHeldFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "columns.duckdb")
	feedUntilKilled(t, path, 3)
	log, err := os.ReadFile(path + ".wal")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "KOLO_TEST_FEED="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if !bufio.NewScanner(out).Scan() {
		t.Fatal("the child fed nothing")
	}
	if db, err := duck.Open(t.Context(), path, column.Options{}); err == nil {
		t.Error("a file of another process was opened", db.Close())
	}
	now, err := os.ReadFile(path + ".wal")
	if err != nil || !bytes.HasPrefix(now, log[:8]) {
		t.Errorf("the other process's log is gone: %v", err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // it was killed
	if moved, _ := filepath.Glob(path + "*corrupt*"); moved != nil {
		t.Errorf("moved aside: %v", moved)
	}
}

// TestEraseLeavesNothing looks for an erased text in the bytes of the file.
func TestEraseLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, n := range []int{100, 5000} {
		path, db, secret := fileWith(t, n)
		if err := db.Erase(t.Context(), "said", "w", []string{fmt.Sprint(n / 2)}); err != nil {
			t.Fatal(err)
		}
		if inFile(t, path, secret) {
			t.Errorf("of %d rows: the text is still in the file", n)
		}
		got, err := db.All(t.Context(), "SELECT count(*), sum(said_at), min(workspace) FROM said")
		if want := []any{int64(n - 1), int64(n*(n-1)/2 - n/2), "w"}; err != nil || !slices.Equal(got[0], want) {
			t.Errorf("the others: %v, not %v (%v)", got, want, err)
		}
	}
}

// fileWith makes a store of n rows, of which the one in the middle has the secret as its words, and the secret can be read
// in the file. Random texts hardly compress, but DuckDB, sampling, does not always see that: then another is made.
func fileWith(t *testing.T, n int) (path string, db *column.DB, secret string) {
	t.Helper()
	for seed := range uint64(50) {
		path = filepath.Join(t.TempDir(), "columns.duckdb")
		db = open(t, path)
		if err := db.Ensure(t.Context(), columntest.Said); err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(seed, 2))
		rows := make([]column.Row, n)
		for i := range rows {
			noise := make([]byte, 60)
			for j := range noise {
				noise[j] = byte('!' + random.IntN(90))
			}
			rows[i] = columntest.Row("w", fmt.Sprint(i), int64(i), string(noise), 1, nil)
		}
		if err := db.Append(t.Context(), "s", 0, 1, column.Batch{Table: "said", Rows: rows}); err != nil {
			t.Fatal(err)
		}
		if err := db.Checkpoint(t.Context()); err != nil {
			t.Fatal(err)
		}
		if secret = rows[n/2].Values[3].(string); inFile(t, path, secret) {
			return path, db, secret
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("the text is never in the file: the test would prove nothing")
	return "", nil, ""
}

func inFile(t *testing.T, path, text string) bool {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	log, _ := os.ReadFile(path + ".wal") // there may be none
	return bytes.Contains(file, []byte(text)) || bytes.Contains(log, []byte(text))
}

// TestEraseAmongReaders: a checkpoint must get along with questions that are being answered.
func TestEraseAmongReaders(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "columns.duckdb"))
	if err := db.Ensure(t.Context(), columntest.Wide); err != nil {
		t.Fatal(err)
	}
	rows := columntest.WideRows(0, 20_000)
	if err := db.Append(t.Context(), "s", 0, 1, column.Batch{Table: "wide", Rows: rows}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for ctx.Err() == nil {
				if _, err := db.All(ctx, "SELECT contact, count(DISTINCT words) FROM wide GROUP BY contact ORDER BY contact"); err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range 5 {
		if err := db.Erase(t.Context(), "wide", rows[i].Values[0].(string), []string{rows[i].Values[1].(string)}); err != nil {
			t.Errorf("erasure %d: %v", i, err)
		}
	}
	stop()
	readers.Wait()
	got, err := db.All(t.Context(), "SELECT count(*) FROM wide")
	if err != nil || got[0][0] != int64(len(rows)-5) {
		t.Fatal(got, err)
	}
}
