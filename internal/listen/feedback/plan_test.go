package feedback

import (
	"strings"
	"testing"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
)

// SQLite reads whole workspaces unless the migration's statistics, and conditions that an index understands, lead it.
func TestNoQuestionReadsAWholeWorkspace(t *testing.T) {
	t.Parallel()
	db := storetest.SQLite(t, clock.System{})
	for _, q := range []struct {
		query string
		args  int
		by    string
	}{
		{"SELECT " + selectColumns + " FROM feedback WHERE workspace = $1 AND id IN " + store.In(1, 64), 65, "(id=?)"},
		{"SELECT " + selectColumns + " FROM feedback WHERE workspace = $1 AND id IN " + store.In(1, 1), 2, "(id=?)"},
		{"SELECT external_id, id FROM feedback WHERE workspace = $1 AND source = $2 AND external_id <> '' AND external_id IN " + store.In(2, 64), 66, "(workspace=? AND source=? AND external_id=?)"},
		{"SELECT " + selectColumns + " FROM feedback WHERE workspace = $1 AND contact = $2 AND contact_key = $3 AND contact_key <> 0 ORDER BY time DESC, id DESC LIMIT 11", 3, "(contact_key=?)"},
		{"SELECT " + selectColumns + " FROM feedback WHERE workspace = $1 ORDER BY time DESC, id DESC LIMIT 1001", 1, "feedback_time (workspace=?)"},
		{"SELECT " + selectColumns + " FROM feedback WHERE workspace = $1 AND time <= $2 AND (time < $3 OR id < $4) ORDER BY time DESC, id DESC LIMIT 1001", 4, "feedback_time (workspace=? AND time<?)"},
		{"SELECT " + selectColumns + " FROM feedback WHERE workspace = $1 AND time >= $2 AND time < $3 ORDER BY time DESC, id DESC LIMIT 1001", 3, "feedback_time (workspace=? AND time>? AND time<?)"},
		{"SELECT " + selectColumns + " FROM feedback WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3", 3, "INTEGER PRIMARY KEY"},
	} {
		var plan []string
		if err := db.View(t.Context(), func(tx *store.Tx) (err error) {
			args := make([]any, q.args)
			for i := range args {
				args[i] = 1
			}
			plan, err = store.All(tx, func(s store.Scanner) (step string, err error) {
				var a, b, c int
				err = s.Scan(&a, &b, &c, &step)
				return step, err
			}, "EXPLAIN QUERY PLAN "+q.query, args...)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(strings.Join(plan, "; "), q.by) {
			t.Errorf("%s: %s", q.query, plan)
		}
	}
}
