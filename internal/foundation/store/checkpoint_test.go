package store_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kolo/internal/foundation/store"
)

// Somebody who writes without a pause, in transactions of some size, must find the log copied beside them: it stays within the
// writer's own limit and a little, although far more is written.
func TestLogIsCopiedBesideTheWriter(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "kolo.db")
	db, err := store.Open(ctx, store.Options{URL: path})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec("CREATE TABLE kept (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	const commits, rows = 150, 500 // of 4 KiB: 300 MiB
	text := strings.Repeat("x", 4000)
	for c := range commits {
		if c == 30 { // 60 MiB: not for the writer to copy yet
			for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
				file, err := os.Stat(path)
				if err != nil {
					t.Fatal(err)
				}
				if file.Size() > 20<<20 {
					break
				}
				if time.Since(start) > 2*time.Minute {
					t.Fatalf("nobody copies the log: the file has %d MiB", file.Size()>>20)
				}
			}
		}
		if err := db.Update(ctx, func(tx *store.Tx) error {
			values := make([][]any, rows)
			for i := range values {
				values[i] = []any{c*rows + i, text}
			}
			_, err := tx.InsertMany("test", "kept", []string{"id", "text"}, values, "")
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	log, err := os.Stat(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	if most := int64(180 << 20); log.Size() > most {
		t.Errorf("the log has grown to %d MiB", log.Size()>>20)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := store.Open(ctx, store.Options{URL: path})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if err := again.View(ctx, func(tx *store.Tx) error {
		n, err := store.One(tx, store.Value[int64], "SELECT count(*) FROM kept")
		if err == nil && n != commits*rows {
			t.Errorf("%d rows are there", n)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
