package contact

import (
	"strings"
	"testing"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
)

// SQLite takes a workspace for ten rows unless the migration's statistics tell it better: see there.
func TestNoQuestionReadsAWholeWorkspace(t *testing.T) {
	t.Parallel()
	db := storetest.SQLite(t, clock.System{})
	for query, n := range map[string]int{
		"SELECT contact, kind, value, norm FROM contact_identity WHERE workspace = $1 AND contact IN " + store.In(1, 64):                                65,
		"SELECT norm, contact FROM contact_identity WHERE workspace = $1 AND kind = $2 AND norm IN " + store.In(2, 64):                                  66,
		"SELECT " + recordColumns + " FROM contact c WHERE c.workspace = $1 AND c.id IN " + store.In(1, 64):                                             65,
		"SELECT hash, erased_at FROM contact_tombstone WHERE workspace = $1 AND hash IN " + store.In(1, 64):                                             65,
		"SELECT external, id FROM account WHERE workspace = $1 AND external IN " + store.In(1, 64):                                                      65,
		"SELECT granted FROM contact_consent WHERE workspace = $1 AND channel IN ($2, '*') AND contact IN " + store.In(2, 64):                           66,
		"SELECT contact FROM contact_attribute WHERE workspace = $1 AND attribute = $2 AND value IN " + store.In(2, 3):                                  5,
		"SELECT id FROM contact WHERE workspace = $1 AND account = $2 AND account <> ''":                                                                2,
		"UPDATE contact SET merged_into = $3 WHERE workspace = $1 AND merged_into = $2 AND merged_into <> ''":                                           3,
		"UPDATE contact_identity SET contact = $3 WHERE workspace = $1 AND contact = $2":                                                                3,
		"DELETE FROM contact_merge_suggestion WHERE workspace = $1 AND b = $2":                                                                          2,
		"SELECT * FROM contact_merge_suggestion WHERE workspace = $1 AND state = 'open' ORDER BY at DESC, a, b LIMIT 100":                               1,
		"SELECT count(*) FROM contact_identity i JOIN contact c ON i.workspace = c.workspace AND i.contact = c.id WHERE c.workspace = $1 AND c.id = $2": 2,
		nextValue + " AND a.value > $3": 3,
	} {
		var plan []string
		if err := db.View(t.Context(), func(tx *store.Tx) (err error) {
			args := make([]any, n)
			for i := range args {
				args[i] = "x"
			}
			plan, err = store.All(tx, func(s store.Scanner) (step string, err error) {
				var a, b, c int
				err = s.Scan(&a, &b, &c, &step)
				return step, err
			}, "EXPLAIN QUERY PLAN "+query, args...)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(plan, "; "); strings.Contains(text, "(workspace=?)") || strings.Contains(text, "SCAN") {
			t.Errorf("%s: %s", query, text)
		}
	}
}
