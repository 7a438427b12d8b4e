package imports_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/listen/feedback"
	"kolo/internal/listen/imports"
	"kolo/internal/people/identity"
)

const (
	childURL  = "KOLO_TEST_IMPORT_CHILD"
	childFile = "KOLO_TEST_IMPORT_FILE" // "workspace path": import this from the disk
)

// The test binary, run again with the address of a store, imports until it is killed.
func TestMain(m *testing.M) {
	url := os.Getenv(childURL)
	if url == "" {
		os.Exit(m.Run())
	}
	if err := child(context.Background(), url); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func child(ctx context.Context, url string) error {
	quiet := slog.New(slog.DiscardHandler)
	db, err := store.Open(ctx, store.Options{URL: url, Log: quiet})
	if err != nil {
		return err
	}
	s := imports.NewService(db, feedback.NewService(db), quiet)
	s.SetBatch(50)
	if ws, path, ok := strings.Cut(os.Getenv(childFile), " "); ok {
		_, err := s.RunFile(ctx, identity.WorkspaceID(ws), identity.Program(identity.WorkspaceID(ws), "test"), path,
			imports.FileOptions{Adjust: func(im imports.Import) (imports.Mapping, error) { return byID(im.Mapping), nil }})
		return err
	}
	r := job.New(db, job.Options{Lease: time.Second, Poll: 20 * time.Millisecond, Log: quiet})
	s.Handle(r)
	if err := r.Start(ctx); err != nil {
		return err
	}
	select {}
}

// TestKilledImportsLoseAndDoubleNothing kills processes that import, each at a moment that chance picks.
func TestKilledImportsLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	const n, kills = 6000, 4 // thirty batches between two kills
	test := func(t *testing.T, url string) {
		db, err := store.Open(t.Context(), store.Options{URL: url, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		w := &world{T: t, db: db, feedback: feedback.NewService(db)}
		w.must(db.Migrate(t.Context()))
		t.Cleanup(w.feedback.Close)
		w.imports = imports.NewService(db, w.feedback, slog.New(slog.DiscardHandler))
		w.ws = workspace(t, db, "Killed")
		w.actor = identity.Program(w.ws, "test")
		im := w.upload("rows.csv", rows(n))
		_, err = w.imports.SetMapping(t.Context(), w.ws, w.actor, im.ID, byID(im.Mapping))
		w.must(err)
		_, err = w.imports.Start(t.Context(), w.ws, w.actor, im.ID)
		w.must(err)
		killed := 0
		for k := range int64(kills) {
			at := k*n/kills + rand.Int64N(n/kills)
			if w.killAt(url, "", im.ID, at) {
				killed++
			}
		}
		if killed < 2 {
			t.Fatalf("only %d processes were killed at work", killed)
		}
		r := job.New(db, job.Options{Lease: time.Second, Poll: 20 * time.Millisecond, Log: slog.New(slog.DiscardHandler)})
		w.imports.Handle(r)
		w.must(r.Start(t.Context()))
		t.Cleanup(r.Stop)
		w.check(w.await(im.ID, imports.State.Ended), n)
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

// TestKilledTakeBackLosesCountOfNothing kills processes that take an import back, and has another one end it.
func TestKilledTakeBackLosesCountOfNothing(t *testing.T) {
	t.Parallel()
	const n, kills = 3000, 3
	test := func(t *testing.T, url string) {
		db, err := store.Open(t.Context(), store.Options{URL: url, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		w := &world{T: t, db: db, feedback: feedback.NewService(db)}
		w.must(db.Migrate(t.Context()))
		t.Cleanup(w.feedback.Close)
		w.imports = imports.NewService(db, w.feedback, slog.New(slog.DiscardHandler))
		w.ws = workspace(t, db, "Killed")
		w.actor = identity.Program(w.ws, "test")
		im := w.upload("rows.csv", rows(n))
		_, err = w.imports.SetMapping(t.Context(), w.ws, w.actor, im.ID, byID(im.Mapping))
		w.must(err)
		_, err = w.imports.Start(t.Context(), w.ws, w.actor, im.ID)
		w.must(err)
		first := job.New(db, job.Options{Poll: 20 * time.Millisecond, Log: slog.New(slog.DiscardHandler)})
		w.imports.Handle(first)
		w.must(first.Start(t.Context()))
		im = w.await(im.ID, imports.State.Ended)
		first.Stop()
		w.check(im, n)
		_, err = w.feedback.Receive(t.Context(), w.ws, []feedback.Input{{Channel: "web", Text: "Something else"}})
		w.must(err)
		im, err = w.imports.TakeBack(t.Context(), w.ws, w.actor, im.ID)
		w.must(err)
		if im.State != imports.TakingBack || im.Error != "" {
			t.Fatalf("%+v", im)
		}
		killed := 0
		for k := range int64(kills) {
			c := exec.Command(os.Args[0])
			c.Env = append(os.Environ(), childURL+"="+url, childFile+"=")
			c.Stderr = os.Stderr
			w.must(c.Start())
			at := 1 + k*n/kills
			now := w.awaitThat(im.ID, func(i imports.Import) bool { return i.Taken >= at || i.State.Ended() })
			w.must(c.Process.Kill())
			_ = c.Wait()
			if !now.State.Ended() {
				killed++
			}
		}
		if killed < 2 {
			t.Fatalf("only %d processes were killed at work", killed)
		}
		r := job.New(db, job.Options{Lease: time.Second, Poll: 20 * time.Millisecond, Log: slog.New(slog.DiscardHandler)})
		w.imports.Handle(r)
		w.must(r.Start(t.Context()))
		t.Cleanup(r.Stop)
		im = w.await(im.ID, imports.State.Ended)
		if im.State != imports.TakenBack || im.Taken != im.Created {
			t.Fatalf("%+v", im)
		}
		if left := w.kept(w.ws); len(left) != 1 || left[0].Text != "Something else" {
			t.Fatalf("%d are left", len(left))
		}
		if gone := w.count("SELECT count(*) FROM feedback_removed"); gone != im.Created {
			t.Fatalf("%d are told to be removed, of %d", gone, im.Created)
		}
		if logged := w.count("SELECT count(*) FROM audit WHERE action = 'import.taken_back'"); logged != 1 {
			t.Fatalf("the log tells it %d times", logged)
		}
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

// killAt runs a process until the import has come to a row, kills it, and tells whether it was still at work.
func (w *world) killAt(url, file string, im imports.ID, row int64) bool {
	w.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childURL+"="+url, childFile+"="+file)
	c.Stderr = os.Stderr
	w.must(c.Start())
	now := w.awaitThat(im, func(i imports.Import) bool { return i.Rows >= row || i.State.Ended() })
	w.must(c.Process.Kill())
	_ = c.Wait()
	return !now.State.Ended()
}

// TestKilledCommandLineIsResumed kills an import from the disk; no job knows of it.
func TestKilledCommandLineIsResumed(t *testing.T) {
	t.Parallel()
	const n = 3000 // it is killed after 500
	url := filepath.Join(t.TempDir(), "kolo.db")
	db, err := store.Open(t.Context(), store.Options{URL: url, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w := &world{T: t, db: db, feedback: feedback.NewService(db)}
	w.must(db.Migrate(t.Context()))
	t.Cleanup(w.feedback.Close)
	w.imports = imports.NewService(db, w.feedback, slog.New(slog.DiscardHandler))
	w.ws = workspace(t, db, "Killed")
	w.actor = identity.Program(w.ws, "test")
	path := filepath.Join(t.TempDir(), "rows.csv")
	w.must(os.WriteFile(path, []byte(rows(n)), 0o600))
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childURL+"="+url, childFile+"="+string(w.ws)+" "+path)
	c.Stderr = os.Stderr
	w.must(c.Start())
	var im imports.Import
	tick, late := time.NewTicker(5*time.Millisecond), time.After(time.Minute)
	defer tick.Stop()
	for im.Rows < 500 {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("nothing came in")
		}
		list, _, err := w.imports.List(t.Context(), w.ws, w.actor, "", 1)
		w.must(err)
		if len(list) == 1 {
			im = list[0]
		}
	}
	w.must(c.Process.Kill())
	_ = c.Wait()
	if im.State != imports.Running {
		t.Fatalf("it was too quick: %+v", im)
	}
	// It fell silent a while ago.
	w.must(db.Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec("UPDATE import SET beat_at = beat_at - 600000 WHERE id = $1", string(im.ID))
		return err
	}))
	dead, err := w.imports.Get(t.Context(), w.ws, w.actor, im.ID)
	w.must(err)
	if dead.State != imports.Failed || dead.Error == "" {
		t.Fatalf("%+v", dead)
	}
	out, err := w.imports.RunFile(t.Context(), w.ws, w.actor, path, imports.FileOptions{Resume: true})
	w.must(err)
	if out.ID != im.ID {
		t.Fatalf("another import: %+v", out)
	}
	w.check(out, n)
}

// The disk is full in the midst of a file: what is in is told, and the import can be gone on with once there is room.
func TestImportOnAFullDisk(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		if w.db.Engine() != store.SQLite {
			w.Skip("the database of all tests is not to be filled")
		}
		w.imports.SetBatch(100)
		const n = 3000
		path := filepath.Join(w.TempDir(), "rows.csv")
		w.must(os.WriteFile(path, []byte(rows(n)), 0o600))
		room := func(pages int) {
			w.must(w.db.Update(w.Context(), func(tx *store.Tx) error {
				_, err := tx.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages)) // no less than there are
				return err
			}))
		}
		im, err := w.imports.RunFile(w.Context(), w.ws, w.actor, path, imports.FileOptions{Progress: func(im imports.Import) {
			if im.Rows == 500 {
				room(1)
			}
		}})
		w.want(err, fault.Busy)
		if strings.Contains(err.Error(), "nothing was saved") || im.Rows < 500 {
			w.Errorf("%d rows: %v", im.Rows, err)
		}
		w.clock.Advance(3 * time.Minute) // where its end could not be written, either, it has fallen silent
		dead, err := w.imports.Get(w.Context(), w.ws, w.actor, im.ID)
		w.must(err)
		if dead.State != imports.Failed || dead.Rows != im.Rows {
			w.Errorf("%+v", dead)
		}
		room(1 << 30)
		out, err := w.imports.RunFile(w.Context(), w.ws, w.actor, path, imports.FileOptions{Resume: true})
		w.must(err)
		w.check(out, n)
	})
}
