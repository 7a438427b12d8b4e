package duck_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/column"
	"kolo/internal/foundation/column/columntest"
	"kolo/internal/foundation/column/duck"
)

// TestMain lets the test binary be the child that is killed: it feeds until somebody ends it.
func TestMain(m *testing.M) {
	columntest.FeedWhenAsked(func(ctx context.Context, path string) (*column.DB, error) {
		return duck.Open(ctx, path, column.Options{MemoryLimit: "128MB", Threads: 1})
	})
	if path := os.Getenv("KOLO_TEST_PARTS"); path != "" {
		fmt.Fprintln(os.Stderr, feedParts(path))
		os.Exit(1)
	}
	if path := os.Getenv("KOLO_TEST_FULL"); path != "" {
		if err := fillDisk(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// fillDisk feeds until the file cannot grow, which breaks the database for good as far as DuckDB is concerned, makes room
// and goes on.
func fillDisk(path string) error {
	ctx := context.Background()
	db, err := duck.Open(ctx, path, column.Options{})
	if err != nil {
		return err
	}
	if err := db.Ensure(ctx, columntest.Said); err != nil {
		return err
	}
	signal.Ignore(syscall.SIGXFSZ)
	var room syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &room); err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1 << 20, Max: room.Max}); err != nil {
		return err
	}
	feed := func() error {
		n, err := db.Watermark(ctx, "s")
		if err != nil {
			return err
		}
		if err := db.Append(ctx, "s", n, n+1, columntest.Batch(n)); err != nil {
			return err
		}
		return db.Checkpoint(ctx) // a log that cannot be written is taken back; a checkpoint breaks
	}
	for err = nil; err == nil; err = feed() {
	}
	full := feed()
	if full == nil {
		return errors.New("a full disk did not break anything: the test proves nothing")
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &room); err != nil {
		return err
	}
	for range 3 {
		if err := feed(); err != nil {
			return fmt.Errorf("with room again: %w (before: %w)", err, full)
		}
	}
	return db.Close()
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "columns.duckdb")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "KOLO_TEST_FULL="+path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if columntest.Consistent(t, open(t, path)) < 4 {
		t.Fatal("hardly anything was fed")
	}
}

func TestKilledWhileFeeding(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "columns.duckdb")
	for round := range 8 {
		acked := columntest.FeedUntilKilled(t, path, 1+round*7)
		db, err := duck.Open(t.Context(), path, column.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if mark := columntest.Consistent(t, db); mark < acked || mark > acked+1 {
			t.Fatalf("watermark %d after %d was acknowledged", mark, acked)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// part is the n-th of parts of which each leads one further; several are more than a row group. Each removes a row of the one before.
func part(n int64) column.Part {
	b := column.Batch{Table: columntest.Said.Name}
	for i := range 20_480 {
		b.Rows = append(b.Rows, columntest.Row(columntest.W, fmt.Sprintf("%d-%05d", n, i), n, "some words", 1, nil))
	}
	if n > 0 {
		b.Remove = []column.Key{{Workspace: columntest.W, ID: fmt.Sprintf("%d-00000", n-1)}}
	}
	return column.Part{To: n + 1, Batches: []column.Batch{b}}
}

// feedParts feeds one part alone, and says so in the middle of a step of eight, which it never ends.
func feedParts(path string) error {
	ctx := context.Background()
	db, err := duck.Open(ctx, path, column.Options{MemoryLimit: "256MB"})
	if err != nil {
		return err
	}
	if err := db.Ensure(ctx, columntest.Said); err != nil {
		return err
	}
	if _, err := db.AppendParts(ctx, "s", 0, part(0), nil); err != nil {
		return err
	}
	n := int64(1)
	_, err = db.AppendParts(ctx, "s", 1, part(1), func(context.Context) (column.Part, error) {
		if n++; n < 9 {
			return part(n), nil
		}
		fmt.Println("half-way")
		select {}
	})
	return err
}

// TestKilledBetweenParts: nothing is left of a step that was not committed, though a row group of it is in the file already, and the
// same step goes in when it comes again.
func TestKilledBetweenParts(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "columns.duckdb")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "KOLO_TEST_PARTS="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said, err := bufio.NewReader(out).ReadString('\n')
	_ = cmd.Process.Kill() // it may have ended by itself
	_ = cmd.Wait()         // it was killed: no news
	if err != nil || said != "half-way\n" {
		t.Fatal(said, err)
	}
	db := open(t, path)
	if err := db.Ensure(t.Context(), columntest.Said); err != nil {
		t.Fatal(err)
	}
	count := func(want ...any) {
		t.Helper()
		rows, err := db.All(t.Context(), "SELECT count(*), count(DISTINCT id), min(id), max(id) FROM said")
		if err != nil || !slices.Equal(rows[0], want) {
			t.Fatal(rows, err)
		}
	}
	if m, err := db.Watermark(t.Context(), "s"); m != 1 || err != nil {
		t.Fatal(m, err)
	}
	count(int64(20_480), int64(20_480), "0-00000", "0-20479")
	n := int64(1)
	to, err := db.AppendParts(t.Context(), "s", 1, part(1), func(context.Context) (column.Part, error) {
		if n++; n < 9 {
			return part(n), nil
		}
		return column.Part{}, nil
	})
	if to != 9 || err != nil {
		t.Fatal(to, err)
	}
	count(int64(9*20_480-8), int64(9*20_480-8), "0-00001", "8-20479")
}

// TestStepEnds: a step takes two row groups and no more.
func TestStepEnds(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "columns.duckdb"))
	if err := db.Ensure(t.Context(), columntest.Said); err != nil {
		t.Fatal(err)
	}
	n := int64(0)
	to, err := db.AppendParts(t.Context(), "s", 0, part(0), func(context.Context) (column.Part, error) {
		n++
		return part(n), nil
	})
	if to != 12 || err != nil {
		t.Fatal(to, err)
	}
	// Cancelled half-way, it leaves nothing.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := db.AppendParts(ctx, "s", 12, part(12), func(context.Context) (column.Part, error) {
		cancel()
		return part(13), nil
	}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	rows, err := db.All(t.Context(), "SELECT count(*) FROM said")
	if err != nil || rows[0][0] != int64(12*20_480-11) {
		t.Fatal(rows, err)
	}
}

// TestDamagedLog flips single bytes of the write-ahead log that a killed process has left. Whatever is lost by that, the
// watermark tells the truth and the feeder can go on from it.
func TestDamagedLog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "columns.duckdb")
	acked := columntest.FeedUntilKilled(t, path, 12)
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
		for n := columntest.Consistent(t, db); n < acked; n++ {
			if err := db.Append(t.Context(), "s", n, n+1, columntest.Batch(n)); err != nil {
				t.Fatalf("byte %d: replay of %d: %v", at, n, err)
			}
		}
		if got := columntest.Consistent(t, db); got < acked {
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

// TestDamagedFile flips single bytes of the file, and cuts it off: what keeps it from opening is moved aside with its log, and
// everything can be fed again. Elsewhere, questions fail and feeding it anew helps.
func TestDamagedFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "columns.duckdb")
	acked := columntest.FeedUntilKilled(t, path, 40)
	db := open(t, path)
	if err := errors.Join(db.Checkpoint(t.Context()), db.Close()); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string][]byte{"empty": {}, "text": []byte("This is no store of columns."), "cut": file[:100_000]}
	for _, at := range []int{0, 8, 12, 20, 4096, 4110, 8192, 8210, 12288, 100_000, 400_000, len(file) / 2, len(file) - 5000, len(file) - 100} {
		damaged := slices.Clone(file)
		damaged[at] ^= 0x10
		cases[fmt.Sprint("byte ", at)] = damaged
	}
	moved := 0
	for name, damaged := range cases {
		path := filepath.Join(dir, name+".duckdb")
		log := []byte("a log")
		if err := errors.Join(os.WriteFile(path, damaged, 0o600), os.WriteFile(path+".wal", log, 0o600)); err != nil {
			t.Fatal(err)
		}
		var said bytes.Buffer
		db, err := duck.Open(t.Context(), path, column.Options{Clock: clock.NewFake(time.Unix(0, 0)), Logger: slog.New(slog.NewTextHandler(&said, nil))})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		s, err := db.Stats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(s.Quarantined, ".duckdb.corrupt-19700101T000000.000") {
			moved++
			kept, err1 := os.ReadFile(path + ".corrupt-19700101T000000.000")
			keptLog, err2 := os.ReadFile(path + ".wal.corrupt-19700101T000000.000")
			if err := errors.Join(err1, err2); err != nil || !bytes.Equal(kept, damaged) || !bytes.Equal(keptLog, log) {
				t.Errorf("%s: file and log were not kept: %v", name, err)
			}
			if m, err := db.Watermark(t.Context(), "s"); m != 0 || err != nil {
				t.Errorf("%s: the new file stands at %d: %v", name, m, err)
			}
			if !strings.Contains(said.String(), "level=ERROR") || !strings.Contains(said.String(), "a damaged file was moved aside") {
				t.Errorf("%s: nobody is told: %s", name, &said)
			}
		} else if err := db.Ensure(t.Context(), columntest.Said); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if _, err := db.All(t.Context(), "SELECT * FROM said"); err != nil && !strings.Contains(said.String(), "kolo admin rebuild") {
			t.Errorf("%s: nobody is told what to do: %s", name, &said)
		}
		if err := errors.Join(db.Ensure(t.Context(), columntest.Said), db.Reset(t.Context(), "s", "said")); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for n := range acked {
			if err := db.Append(t.Context(), "s", n, n+1, columntest.Batch(n)); err != nil {
				t.Fatalf("%s: feeding %d again: %v", name, n, err)
			}
		}
		if got := columntest.Consistent(t, db); got != acked {
			t.Errorf("%s: %d after all of %d were fed again", name, got, acked)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if moved < 12 || moved == len(cases) {
		t.Errorf("%d of %d damaged files were moved aside", moved, len(cases))
	}
}

// TestSoundFile: what cannot be opened and is not damaged stays where it is.
func TestSoundFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "columns.duckdb")
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// A file of a DuckDB that is to come: another version, with the checksum that belongs to it, which DuckDB's own complaint tells.
	const version = 12
	file[version] = 200
	other := filepath.Join(t.TempDir(), "other.duckdb")
	if err := os.WriteFile(other, file, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := duckdb.NewConnector(other, nil)
	if err == nil {
		t.Fatal("a wrong checksum is taken", c.Close())
	}
	_, told, _ := strings.Cut(err.Error(), "computed checksum ")
	told, _, _ = strings.Cut(told, " ")
	sum, err := strconv.ParseUint(told, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	binary.LittleEndian.PutUint64(file, sum)
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	if db, err := duck.Open(t.Context(), path, column.Options{}); err == nil || !strings.Contains(err.Error(), "version number 200") {
		t.Errorf("a file of a newer version: %v", err)
		if err == nil {
			_ = db.Close()
		}
	}
	// What is no file at all, as its place may be while a disk is not mounted.
	folder := filepath.Join(t.TempDir(), "folder.duckdb")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := duck.Open(t.Context(), folder, column.Options{}); err == nil {
		t.Error("a folder was opened")
	}
	for _, p := range []string{path, folder} {
		if moved, _ := filepath.Glob(p + ".*"); moved != nil {
			t.Errorf("moved aside: %v", moved)
		}
		if _, err := os.Stat(p); err != nil {
			t.Error(err)
		}
	}
}

// TestHeldFile: what looks like trouble with the log must not be taken for it.
func TestHeldFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "columns.duckdb")
	columntest.FeedUntilKilled(t, path, 3)
	log, err := os.ReadFile(path + ".wal")
	if err != nil {
		t.Fatal(err)
	}
	_, kill := columntest.StartFeeder(t, path)
	if db, err := duck.Open(t.Context(), path, column.Options{}); err == nil {
		t.Error("a file of another process was opened", db.Close())
	}
	now, err := os.ReadFile(path + ".wal")
	if err != nil || !bytes.HasPrefix(now, log[:8]) {
		t.Errorf("the other process's log is gone: %v", err)
	}
	kill()
	if moved, _ := filepath.Glob(path + "*corrupt*"); moved != nil {
		t.Errorf("moved aside: %v", moved)
	}
}

// TestPurgeLeavesNothing looks for a text that was replaced, and then removed, in the bytes of the file.
func TestPurgeLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, n := range []int{100, 5000} {
		path, db, secret := fileWith(t, n)
		id := fmt.Sprint(n / 2)
		again := columntest.Row(columntest.W, id, int64(n/2), secret, 2, nil)
		again.Replace = true
		for from, b := range []column.Batch{{Table: "said", Rows: []column.Row{again}}, {Table: "said", Remove: []column.Key{{Workspace: columntest.W, ID: id}}}} {
			if err := errors.Join(db.Append(t.Context(), "s", int64(from)+1, int64(from)+2, b), db.Checkpoint(t.Context())); err != nil {
				t.Fatal(err)
			}
		}
		if !inFile(t, path, secret) {
			t.Fatalf("of %d rows: the test proves nothing", n)
		}
		if err := db.Purge(t.Context(), "said"); err != nil {
			t.Fatal(err)
		}
		if inFile(t, path, secret) {
			t.Errorf("of %d rows: the text is still in the file", n)
		}
		got, err := db.All(t.Context(), "SELECT count(*), sum(said_at), min(workspace) FROM said")
		if want := []any{int64(n - 1), int64(n*(n-1)/2 - n/2), columntest.W}; err != nil || !slices.Equal(got[0], want) {
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
			rows[i] = columntest.Row(columntest.W, fmt.Sprint(i), int64(i), string(noise), 1, nil)
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

// TestPurgeAmongReaders: tables are written anew beside questions that are being answered.
func TestPurgeAmongReaders(t *testing.T) {
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
		gone := column.Batch{Table: "wide", Remove: []column.Key{{Workspace: rows[i].Values[0].(string), ID: rows[i].Values[1].(string)}}}
		if err := errors.Join(db.Append(t.Context(), "s", int64(i)+1, int64(i)+2, gone), db.Purge(t.Context(), "wide")); err != nil {
			t.Errorf("purge %d: %v", i, err)
		}
	}
	stop()
	readers.Wait()
	got, err := db.All(t.Context(), "SELECT count(*) FROM wide")
	if err != nil || got[0][0] != int64(len(rows)-5) {
		t.Fatal(got, err)
	}
}

// TestLogUnderReaders: DuckDB puts its checkpoints off while anybody reads, and somebody always may.
func TestLogUnderReaders(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "columns.duckdb")
	db := open(t, path)
	if err := db.Ensure(t.Context(), columntest.Said); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for ctx.Err() == nil {
				if _, err := db.All(ctx, "SELECT count(DISTINCT id), max(length(words)) FROM said"); err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			}
		})
	}
	const limit = 110 << 20
	words := strings.Repeat("word ", 2000)
	var written, largest int64
	for n := int64(0); written < limit*3/2; n++ {
		rows := make([]column.Row, 2000)
		for i := range rows {
			rows[i] = columntest.Row(columntest.W, fmt.Sprint(n, i), n, fmt.Sprint(n, i, words), 1, nil)
			written += int64(len(words))
		}
		if err := db.Append(t.Context(), "s", n, n+1, column.Batch{Table: "said", Rows: rows}); err != nil {
			t.Fatal(err)
		}
		if st, err := os.Stat(path + ".wal"); err == nil {
			largest = max(largest, st.Size())
		}
	}
	stop()
	readers.Wait()
	if largest > limit {
		t.Fatalf("the log grew to %d MiB", largest>>20)
	}
}
