package themes

import (
	"slices"
	"testing"

	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/i18n"
	"kolo/internal/understand/theme"
)

// What stands under a theme that nobody wants still counts, so it is still shown.
func TestNestedShowsWhatLostItsGroup(t *testing.T) {
	t.Parallel()
	tree := theme.NewTree([]theme.Theme{
		{ID: "g", State: theme.Forbidden}, {ID: "a", Parent: "g", State: theme.Live}, {ID: "b", Parent: "a", State: theme.Live},
	}, 1)
	rows := nested(tree, []row{{ID: "b"}, {ID: "a"}})
	if len(rows) != 2 || rows[0].ID != "a" || rows[0].Depth != 0 || rows[1].ID != "b" || rows[1].Depth != 1 {
		t.Errorf("%+v", rows)
	}
}

// TestFewSegmentsStandOut: of many that were looked at, some are far from the rest by chance, and are not shown.
func TestFewSegmentsStandOut(t *testing.T) {
	t.Parallel()
	var all []segment
	for i := range 100 { // as many small p as chance gives
		all = append(all, segment{Field: "a", Value: "chance", p: float64(i+3) / 103, difference: 0.5, clear: i < 5})
	}
	all = append(all, segment{Field: "b", Value: "less", p: 1e-9, difference: -0.2, clear: true}, segment{Field: "b", Value: "too little", p: 1e-9, difference: 0.01})
	for i := range 4 {
		all = append(all, segment{Field: "c", Value: string(rune('1' + i)), p: 1e-9, difference: 0.1 + 0.1*float64(i), clear: true},
			segment{Field: string(rune('d' + i)), Value: "0", p: 1e-9, difference: 0.05, clear: true})
	}
	got, err := outstanding(all)
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	for _, s := range got {
		said += s.Field + s.Value + " "
	}
	if want := "c4 c3 c2 d0 e0 f0 "; said != want {
		t.Errorf("%s stand out, want %s", said, want)
	}
}

// TestWhatStandsAboveIsNotSaidTogether with a theme: it is in every one of its texts.
func TestWhatStandsAboveIsNotSaidTogether(t *testing.T) {
	t.Parallel()
	tree := theme.NewTree([]theme.Theme{{ID: "g", State: theme.Live}, {ID: "a", Parent: "g", State: theme.Live}, {ID: "b", Parent: "a", State: theme.Live}}, 1)
	b := &builder{tree: tree, id: "b"}
	if got := b.above(); !slices.Equal(got, []string{"a", "g"}) {
		t.Errorf("%v", got)
	}
}

// The map is of what counts: neither of what a run proposed nor of what it proposed once and did not find again.
func TestMapIsOfWhatCounts(t *testing.T) {
	t.Parallel()
	tree := theme.NewTree([]theme.Theme{
		{ID: "a", State: theme.Live}, {ID: "b", Parent: "a", Origin: theme.Found, State: theme.Proposed}, {ID: "c", Parent: "a", Origin: theme.Found, State: theme.Dormant},
	}, 1)
	var rows []row
	for _, id := range []string{"a", "b", "c"} {
		rows = append(rows, row{ID: id, Name: id, numbers: numbers{n: 20}})
	}
	if c := treemap(ui.Env{Locale: i18n.Load().Language("en")}, tree, rows); c == nil || !slices.Equal(c.Labels, []string{"a"}) {
		t.Errorf("%+v", c)
	}
}
