package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/store"
)

// What was erased is not in the file any more, short or long.
func TestWhatIsErasedIsGoneFromTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kolo.db")
	db, err := store.Open(t.Context(), store.Options{URL: path, Clock: clock.System{}})
	must(t, err)
	scratch(t, db)
	must(t, db.Update(t.Context(), func(tx *store.Tx) error {
		for name, note := range map[string]string{"short": "dana lives there", "long": strings.Repeat("noa lives there ", 2000), "deleted": "avi lives there", "kept": "rex stays here"} {
			if _, err := tx.Exec("INSERT INTO counter (name, value, note) VALUES ($1, 0, $2)", name, note); err != nil {
				return err
			}
		}
		return nil
	}))
	must(t, db.Update(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.Exec("UPDATE counter SET note = '' WHERE name IN ('short', 'long')"); err != nil {
			return err
		}
		_, err := tx.Exec("DELETE FROM counter WHERE name = 'deleted'")
		return err
	}))
	must(t, db.Purge(t.Context()))
	if log, err := os.ReadFile(path + "-wal"); err != nil || len(log) > 0 {
		t.Errorf("the log holds %d bytes (%v)", len(log), err)
	}
	must(t, db.Close())
	file, err := os.ReadFile(path)
	must(t, err)
	if bytes.Contains(file, []byte("lives there")) || !bytes.Contains(file, []byte("rex stays here")) {
		t.Error("the file still has what was erased, or lacks what was not")
	}
	if _, err := os.Stat(path + "-wal"); err == nil {
		t.Error("the log outlives the store")
	}
}
