package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
)

// columns lists "table.column" with the class of its type: what both engines must agree on.
func columns(t *testing.T, db *store.DB) []string {
	t.Helper()
	query := `SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns WHERE table_schema = 'public'`
	if db.Engine() == store.SQLite {
		query = `SELECT m.name, c.name, c.type, CASE WHEN c."notnull" = 1 OR c.pk > 0 THEN 'NO' ELSE 'YES' END
			FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'`
	}
	var out []string
	must(t, db.View(t.Context(), func(tx *store.Tx) (err error) {
		out, err = store.All(tx, func(s store.Scanner) (string, error) {
			var table, name, kind, null string
			err := s.Scan(&table, &name, &kind, &null)
			return fmt.Sprintf("%s.%s %s null=%s", table, name, strings.ToLower(kind), null), err
		}, query)
		return err
	}))
	out = slices.DeleteFunc(out, func(s string) bool {
		return strings.HasPrefix(s, "sequence.") || // a real sequence on PostgreSQL
			strings.Contains(s, "_fts") // full-text search differs by nature
	})
	for i, s := range out {
		s = strings.ReplaceAll(s, "double precision", "double")
		if db.Engine() == store.SQLite { // where INTEGER has 64 bits too, and only a key of that very name is kept in the rows' own tree
			s = strings.ReplaceAll(s, " integer ", " bigint ")
		}
		out[i] = s
	}
	slices.Sort(out)
	return out
}

func TestSchemaParity(t *testing.T) {
	t.Parallel()
	lite := columns(t, storetest.SQLite(t, clock.System{}))
	pg := columns(t, storetest.Postgres(t, clock.System{}))
	for _, c := range lite {
		if !slices.Contains(pg, c) {
			t.Errorf("only on SQLite: %s", c)
		}
	}
	for _, c := range pg {
		if !slices.Contains(lite, c) {
			t.Errorf("only on PostgreSQL: %s", c)
		}
	}
	if len(lite) < 5 {
		t.Fatalf("only %d columns seen", len(lite))
	}
}

func TestMigrateRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		must(t, db.Migrate(t.Context())) // a second time does nothing
		exec := func(query string) {
			must(t, db.Update(t.Context(), func(tx *store.Tx) error { _, err := tx.Exec(query); return err }))
		}
		exec("UPDATE migration SET checksum = 'x' || checksum WHERE number = 1")
		if err := db.Migrate(t.Context()); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "was changed") {
			t.Fatalf("a changed step: %v", err)
		}
		exec("UPDATE migration SET checksum = substr(checksum, 2) WHERE number = 1")
		exec("INSERT INTO migration (number, name, checksum, applied_at) VALUES (9999, 'later', '', 0)")
		if err := db.Migrate(t.Context()); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "newer") {
			t.Fatalf("a newer schema: %v", err)
		}
	})
}
