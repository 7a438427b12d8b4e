package duck_test

import (
	"database/sql"
	"path/filepath"
	"reflect"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"

	"kolo/internal/foundation/column"
	"kolo/internal/foundation/column/columntest"
	"kolo/internal/foundation/column/duck"
	"kolo/internal/foundation/fault"
)

// fileOfTexts makes a file as it was made when ids of workspaces were texts.
func fileOfTexts(t *testing.T, rows ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "columns.duckdb")
	db, err := sql.Open("duckdb", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, q := range append([]string{
		"CREATE TABLE labels (workspace VARCHAR, said VARCHAR, label VARCHAR)",
		"CREATE TABLE kolo_watermark (stream VARCHAR, mark BIGINT)", "INSERT INTO kolo_watermark VALUES ('s', 7)",
	}, rows...) {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func TestWorkspacesWereTexts(t *testing.T) {
	t.Parallel()
	w, v := columntest.W, columntest.V
	// What an erasure leaves until the next: rows of no workspace, and rows that are deleted and still read by a conversion.
	path := fileOfTexts(t, "INSERT INTO labels SELECT '"+w+"', i, 'price' FROM range(5000) r(i)", "INSERT INTO labels VALUES ('"+v+"', '1', 'staff')",
		"UPDATE labels SET workspace = '', said = '', label = '' WHERE said IN ('7', '8')", "CHECKPOINT", "DELETE FROM labels WHERE said IN ('9', '10')",
		"INSERT INTO labels VALUES ('no workspace', '11', '')", "DELETE FROM labels WHERE workspace = 'no workspace'")
	want := func(db *column.DB, rows [][]any, sql string, args ...any) {
		t.Helper()
		if got, err := db.All(t.Context(), sql, args...); err != nil || !reflect.DeepEqual(got, rows) {
			t.Fatalf("%s: %v (%v)", sql, got, err)
		}
	}
	for range 2 { // the second time there is nothing to be done
		db, err := duck.Open(t.Context(), path, column.Options{MemoryLimit: "256MB"})
		if err != nil {
			t.Fatal(err)
		}
		wider := columntest.Labels
		wider.Columns = append(append([]column.Column{}, wider.Columns...), column.Column{Name: "sure", Type: column.Small, Nullable: true})
		if err := db.Ensure(t.Context(), wider); err != nil {
			t.Fatal(err)
		}
		if m, err := db.Watermark(t.Context(), "s"); m != 7 || err != nil {
			t.Fatal("it will be fed again", m, err)
		}
		want(db, [][]any{{v, int64(1)}, {w, int64(4996)}}, "SELECT workspace, count(*) FROM labels WHERE workspace IN ($1) GROUP BY workspace ORDER BY workspace", []string{v, w})
		want(db, [][]any{{v, "1", "staff"}}, "SELECT workspace, said, label FROM labels WHERE workspace = $1", v)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	db := open(t, path)
	if err := db.Ensure(t.Context(), columntest.Labels); err != nil {
		t.Fatal(err)
	}
	if err := db.Append(t.Context(), "s", 7, 8, column.Batch{Table: "labels", Remove: []column.Key{{Workspace: w, ID: "1"}}}); err != nil {
		t.Fatal(err)
	}
	if err := db.Purge(t.Context(), "labels"); err != nil {
		t.Fatal(err)
	}
	want(db, [][]any{{"", int64(2)}, {v, int64(1)}, {w, int64(4995)}}, "SELECT workspace, count(*) FROM labels GROUP BY workspace ORDER BY workspace")
}

func TestWorkspacesWereSomethingElse(t *testing.T) {
	t.Parallel()
	path := fileOfTexts(t, "INSERT INTO labels VALUES ('"+columntest.W+"', '1', 'price'), ('ACME', '1', 'staff')")
	db := open(t, path)
	if err := db.Ensure(t.Context(), columntest.Labels); !fault.Is(err, fault.Conflict) {
		t.Fatalf("a workspace was lost: %v", err)
	}
	if got, err := db.All(t.Context(), "SELECT workspace FROM labels ORDER BY workspace"); err != nil || !reflect.DeepEqual(got, [][]any{{columntest.W}, {"ACME"}}) {
		t.Fatal(got, err)
	}
}
