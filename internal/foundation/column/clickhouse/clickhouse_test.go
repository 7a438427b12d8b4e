package clickhouse_test

import (
	"testing"

	"kolo/internal/foundation/column"
	"kolo/internal/foundation/column/clickhouse"
	"kolo/internal/foundation/column/clickhousetest"
	"kolo/internal/foundation/column/columntest"
)

func open(t testing.TB, url string) *column.DB {
	t.Helper()
	db, err := clickhouse.Open(t.Context(), url, column.Options{})
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
	columntest.Run(t, func(t *testing.T) *column.DB { return open(t, clickhousetest.URL(t)) })
}

func BenchmarkSuite(b *testing.B) {
	columntest.Bench(b, func(b *testing.B) *column.DB { return open(b, clickhousetest.URL(b)) })
}
