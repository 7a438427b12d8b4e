package clickhouse_test

import (
	"os"
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

// TestSuiteOnCluster needs a cluster with ZooKeeper, which tests do not start: KOLO_TEST_CLICKHOUSE_CLUSTER names it and
// KOLO_TEST_CLICKHOUSE_URL one of its nodes.
func TestSuiteOnCluster(t *testing.T) {
	t.Parallel()
	cluster := os.Getenv("KOLO_TEST_CLICKHOUSE_CLUSTER")
	if cluster == "" {
		t.Skip("KOLO_TEST_CLICKHOUSE_CLUSTER is not set")
	}
	columntest.RunOnShards(t, func(t *testing.T) *column.DB {
		url := clickhousetest.URL(t)
		db, err := clickhouse.Open(t.Context(), url, column.Options{Cluster: cluster})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() }) // nothing is lost with a connection
		return db
	})
}

func BenchmarkSuite(b *testing.B) {
	columntest.Bench(b, func(b *testing.B) *column.DB { return open(b, clickhousetest.URL(b)) })
}
