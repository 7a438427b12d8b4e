package duck_test

import (
	"path/filepath"
	"testing"

	"kolo/internal/foundation/column"
	"kolo/internal/foundation/column/columntest"
	"kolo/internal/foundation/column/duck"
	"kolo/internal/foundation/fault"
)

func open(t testing.TB, path string) *column.DB {
	t.Helper()
	db, err := duck.Open(t.Context(), path, column.Options{MemoryLimit: "256MB"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestSuite(t *testing.T) {
	t.Parallel()
	columntest.Run(t, func(t *testing.T) *column.DB { return open(t, filepath.Join(t.TempDir(), "kolo columns.duckdb")) })
}

func TestSuiteInMemory(t *testing.T) {
	t.Parallel()
	columntest.Run(t, func(t *testing.T) *column.DB { return open(t, "") })
}

func TestTooLargeAQuestion(t *testing.T) {
	t.Parallel()
	db, err := duck.Open(t.Context(), "", column.Options{MemoryLimit: "40MB", Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = db.All(t.Context(), "SELECT list_sum(list(i)) FROM range(100000000) r(i)")
	if !fault.Is(err, fault.Busy) {
		t.Fatalf("out of memory: %v", err)
	}
	if rows, err := db.All(t.Context(), "SELECT 1"); err != nil || len(rows) != 1 {
		t.Fatalf("afterwards: %v %v", rows, err)
	}
}

func BenchmarkSuite(b *testing.B) {
	columntest.Bench(b, func(b *testing.B) *column.DB { return open(b, filepath.Join(b.TempDir(), "columns.duckdb")) })
}
