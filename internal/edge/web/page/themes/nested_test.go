package themes

import (
	"testing"

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
