package clickhousetest_test

import (
	"context"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"

	"kolo/internal/foundation/column/clickhousetest"
)

func TestTwoDatabasesOnOneServer(t *testing.T) {
	t.Parallel()
	a, b := clickhousetest.URL(t), clickhousetest.URL(t)
	if a == b {
		t.Fatalf("both tests got %s", a)
	}
	for _, dsn := range []string{a, b} {
		opt, err := clickhouse.ParseDSN(dsn)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := clickhouse.Open(opt)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		var name string
		if err := conn.QueryRow(context.Background(), "SELECT currentDatabase()").Scan(&name); err != nil || name != opt.Auth.Database {
			t.Fatalf("%q %v", name, err)
		}
	}
}
