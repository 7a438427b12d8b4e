package explore

import (
	"slices"
	"testing"

	"kolo/internal/edge/web/ui"
)

// TestTheQuestionInShort names what is chosen, and nothing for lists in which nothing is.
func TestTheQuestionInShort(t *testing.T) {
	t.Parallel()
	list := func(options ...ui.Option) control { return control{Groups: []group{{Options: options}}} }
	f := form{
		Controls: []control{
			list(ui.Option{Value: "count", Label: "Feedback"}, ui.Option{Value: "nps", Label: "NPS", On: true}),
			list(ui.Option{Label: "No grouping", On: true}, ui.Option{Value: "channel", Label: "Channel"}),
			{Type: "date", Value: "2026-01-01"},
		},
		Where: []filter{{Field: list(ui.Option{Value: "kind", Label: "Kind", On: true})}, {New: true, Field: list(ui.Option{Label: "Add a condition...", On: true})}},
	}
	if got := f.chosen(); !slices.Equal(got, []string{"NPS", "Kind"}) {
		t.Errorf("%q", got)
	}
}
