package adapt

import (
	"fmt"
	"slices"
	"testing"

	"kolo/internal/understand/reading"
	"kolo/internal/understand/theme"
	"kolo/internal/understand/theme/discover"
)

// A theme that waits for a person takes the place of none that counts, however many a text is about.
func TestProposalsTakeNobodysPlace(t *testing.T) {
	t.Parallel()
	base, err := reading.New()
	if err != nil {
		t.Fatal(err)
	}
	var examples []discover.Example
	for i := range 80 {
		examples = append(examples, discover.Example{Text: fmt.Sprintf("the kiosk clerk %d was quick", i), Language: "en", Theme: "clerk", Weight: 1},
			discover.Example{Text: fmt.Sprintf("the weather of day %d again", i), Language: "en"})
	}
	model, err := discover.Learn(examples)
	if err != nil {
		t.Fatal(err)
	}
	own := []theme.Theme{{ID: "clerk", Origin: theme.Found, State: theme.Proposed}}
	for i := range mostThemes {
		own = append(own, theme.Theme{ID: fmt.Sprint("rule", i), Origin: theme.Rule, State: theme.Live, Rule: []string{"the", "kiosk", "clerk", "was", "quick"}[i]})
	}
	const said = "the kiosk clerk was quick"
	themes := func(found *discover.Model, own []theme.Theme) (ids []string) {
		for _, x := range newReader(base, found, "", "", theme.NewTree(own, 1)).Read(said, "en").Themes {
			ids = append(ids, x.Theme)
		}
		return ids
	}
	// With as many that count as there is room for, and with one less and what the models that come with Kolo find.
	for _, rules := range [][]theme.Theme{own, own[:mostThemes], own[:2]} {
		without, with := themes(nil, rules), themes(model, rules)
		if len(without) == 0 || !slices.Equal(with, append(slices.Clone(without), "clerk")) {
			t.Errorf("read as %q, and without a proposal as %q", with, without)
		}
	}
	own[0].State = theme.Live
	if got := themes(model, own[:3]); !slices.Contains(got, "clerk") || len(got) > mostThemes {
		t.Errorf("an accepted one: %q", got)
	}
}
