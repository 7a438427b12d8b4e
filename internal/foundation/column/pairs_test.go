package column

import (
	"slices"
	"testing"
)

func TestPairs(t *testing.T) {
	t.Parallel()
	p := Pairs{{"b", "1"}, {"a", "2"}, {"b", "3"}, {"", "4"}, {"a", "5"}}.Sort()
	if want := (Pairs{{"", "4"}, {"a", "5"}, {"b", "3"}}); !slices.Equal(p, want) {
		t.Error(p)
	}
	if p.Get("a") != "5" || p.Get("") != "4" || p.Get("c") != "" || Pairs(nil).Get("") != "" {
		t.Error(p)
	}
	if q := PairsOf(map[string]string{"x": "\xff", "a": "1"}).clean(); !slices.Equal(q, Pairs{{"a", "1"}, {"x", "\uFFFD"}}) {
		t.Error(q)
	}
	// The caller's own stay as they are; what has to be put right is a copy.
	mine := Pairs{{"b", "\xff"}, {"a", "2"}}
	row := []any{mine}
	table := Table{Name: "t", Columns: []Column{{Name: "extra", Type: Texts}}, Extra: "extra"}
	v, err := canon(&table.Columns[0], row[0])
	if err != nil || !slices.Equal(v.(Pairs), Pairs{{"a", "2"}, {"b", "\uFFFD"}}) || mine[0] != (Pair{"b", "\xff"}) {
		t.Error(v, mine, err)
	}
}
