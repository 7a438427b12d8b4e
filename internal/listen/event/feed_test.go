package event

import (
	"strings"
	"testing"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/jsonread"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/people/identity"
)

// TestBatchEndsAtItsSize reads changes whose properties are large, and misses none.
func TestBatchEndsAtItsSize(t *testing.T) {
	t.Parallel()
	db := storetest.SQLite(t, clock.System{})
	s := NewService(db)
	t.Cleanup(s.Close)
	ws, _, err := identity.NewService(db, identity.Options{}).CreateWorkspace(t.Context(), identity.NewWorkspace{Name: "One", Zone: "UTC",
		Owner: identity.NewOwner{Name: "Dana", Email: "dana@example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	batch := make([]Input, 10)
	for i := range batch {
		batch[i] = Input{Kind: Track, User: "a", Name: "x", Properties: Properties(`{"a":"` + strings.Repeat("x", 992) + `"}`)}
	}
	if _, err := s.Receive(t.Context(), ws.ID, batch); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		limit, size int
		want        []int
	}{{100, 3000, []int{3, 3, 3, 1}}, {4, 1 << 20, []int{4, 4, 2}}, {100, 1 << 20, []int{10}}} {
		after := int64(0)
		for i, want := range c.want {
			list, more, err := s.changes(t.Context(), after, 1<<40, c.limit, c.size)
			if err != nil || len(list) != want || more != (i < len(c.want)-1) {
				t.Fatalf("%+v: %d changes, more %v, %v", c, len(list), more, err)
			}
			after = list[len(list)-1].Seq
		}
	}
}

// TestFactsOfLongNames makes no names that are not kept. It counts allocations, and so runs alone.
func TestFactsOfLongNames(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"a":{"b":1,"` + strings.Repeat("k", maxKey) + `":{"x":1}},"` + strings.Repeat("k", 16<<10) + `":{"x":1`)
	for range 3000 {
		b.WriteString(`,"":1`)
	}
	b.WriteString(`}}`)
	r := jsonread.Get()
	defer r.Put()
	if all := facts(r, Properties(b.String())); len(all) != 1 || all["a.b"] != "1" {
		t.Errorf("%d facts", len(all))
	}
	if n := testing.AllocsPerRun(3, func() { facts(r, Properties(b.String())) }); n > 100 {
		t.Errorf("%v allocations", n)
	}
}
