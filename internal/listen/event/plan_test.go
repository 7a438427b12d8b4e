package event

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
	const list = " FROM event WHERE workspace = $1 AND name <> ''"
	for _, q := range []struct {
		query string
		args  int
		by    string
	}{
		{"SELECT id FROM event WHERE workspace = $1 AND id IN " + store.In(1, 256), 257, "(id=?)"},
		{"SELECT id FROM event WHERE workspace = $1 AND id IN " + store.In(1, 1), 2, "(id=?)"},
		{"SELECT " + selectColumns + list + " AND contact = $2 AND contact_key = $3 AND contact_key <> 0 ORDER BY time DESC, id DESC LIMIT 9", 3, "event_contact (contact_key=?)"},
		{"SELECT " + selectColumns + list + " AND contact = $2 AND contact_key = $3 AND contact_key <> 0 AND time <= $4 AND (time < $5 OR id < $6) ORDER BY time DESC, id DESC LIMIT 9", 6, "event_contact (contact_key=? AND time<?)"},
		{"SELECT " + selectColumns + list + " ORDER BY time DESC, id DESC LIMIT 1000", 1, "event_time (workspace=?)"},
		{"SELECT " + selectColumns + list + " AND time <= $2 AND (time < $3 OR id < $4) ORDER BY time DESC, id DESC LIMIT 1000", 4, "event_time (workspace=? AND time<?)"},
		{"SELECT " + selectColumns + " FROM event WHERE workspace = $1 AND time >= $2 AND time < $3 AND name <> ''", 3, "event_time (workspace=? AND time>? AND time<?)"},
		{"SELECT " + selectColumns + " FROM event WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3", 3, "INTEGER PRIMARY KEY"},
		{"SELECT id FROM event WHERE workspace = $1 AND contact = $2 AND contact_key = $3 AND contact_key <> 0", 3, "event_contact (contact_key=?)"},
		{"SELECT id, visitor FROM event WHERE workspace = $1 AND contact_key = 0 AND visitor <> '' AND visitor IN " + store.In(1, 64), 65, "event_nobody (workspace=? AND visitor=?)"},
		{"SELECT id, visitor FROM event WHERE workspace = $1 AND contact_key = 0 AND visitor <> '' AND visitor = $2 ORDER BY seq DESC LIMIT $3", 3, "event_nobody (workspace=? AND visitor=?)"},
		{"SELECT visitor, contact FROM event_visitor WHERE workspace = $1 AND visitor IN " + store.In(1, 64), 65, "(workspace=? AND visitor=?)"},
		{"DELETE FROM event_visitor WHERE workspace = $1 AND contact = $2", 2, "(workspace=? AND contact=?)"},
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

// FuzzDecodeBatch: whatever comes is taken or refused, and what is taken can be kept: properties are JSON, texts are UTF-8.
func FuzzDecodeBatch(f *testing.F) {
	for _, seed := range []string{
		`{"batch":[{"type":"track","userId":"a","event":"x","properties":{"value":"1e3","currency":"eur","a":{"b":[1,{"c":null}]}}}]}`,
		`[{"type":"page","anonymousId":1,"name":"n","category":"c","timestamp":"2026-01-01T00:00:00.123Z"},{"type":"identify","userId":"u","traits":{"email":"a@example.com","company":{"id":1}}}]`,
		`{"batch":[{"type":"group","groupId":"g","userId":"u","traits":{"name":"N","x":true}},7,"",null,{}]}`, `[{"type":"track","userId":"a","event":"x","properties":{"k\u0000":"\u0007","currency":"\u000b"}}]`, "", "{", `{"batch":{}}`,
	} {
		f.Add([]byte(seed))
	}
	now := clock.System{}.Now()
	f.Fuzz(func(t *testing.T, raw []byte) {
		list, err := DecodeBatch(raw)
		if err != nil {
			return
		}
		for i := range list {
			in := &list[i]
			if in.Validate(now, "IL") != nil {
				continue
			}
			if in.Properties != "" {
				if _, err := DecodeBatch([]byte(`[{"properties":` + string(in.Properties) + `}]`)); err != nil {
					t.Fatalf("%q is kept as properties: %v", in.Properties, err)
				}
			}
			if in.Value != nil && !finite(*in.Value) {
				t.Fatalf("a value of %v", *in.Value)
			}
			for _, x := range (Event{Properties: in.Properties}).Facts() {
				if x.Key == "" || len(x.Key) > maxKey || len(x.Value) > maxValue {
					t.Fatalf("a fact of %q, %d bytes", x.Key, len(x.Value))
				}
			}
			if in.Name != strings.ToValidUTF8(in.Name, "") || strings.Contains(in.Name+in.Message+in.Visitor, "\x00") {
				t.Fatalf("a name of %q", in.Name)
			}
		}
	})
}
