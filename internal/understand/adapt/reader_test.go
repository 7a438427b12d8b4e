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

// What was written down for a theme goes on finding texts when that is merged into another one, through a chain of merges, too; where the chain
// ends in a theme that is forbidden or waits, it finds nothing.
func TestMergedRulesFindTextsForTheOther(t *testing.T) {
	t.Parallel()
	base, err := reading.New()
	if err != nil {
		t.Fatal(err)
	}
	of := func(id, rule string, state theme.State, into string) theme.Theme {
		return theme.Theme{ID: id, Origin: theme.Rule, State: state, Into: into, Rule: rule, Names: map[string]string{"en": id}}
	}
	read := func(said string, own ...theme.Theme) (*Reader, reading.Reading) {
		r := newReader(base, nil, "", "", theme.NewTree(own, 1))
		return r, r.Read(said, "en")
	}
	themes := func(list []reading.ThemeLabel) (ids []string) {
		for _, x := range list {
			ids = append(ids, x.Theme)
		}
		return ids
	}
	const said = "The kiosk was shut. The zeppelin was late."
	for name, c := range map[string]struct {
		own  []theme.Theme
		want int // labels of "b"
	}{
		"into one with a rule":    {[]theme.Theme{of("a", "kiosk", theme.Merged, "b"), of("b", "rude", theme.Live, "")}, 1},
		"into one without a rule": {[]theme.Theme{of("a", "kiosk", theme.Merged, "b"), of("b", "", theme.Live, "")}, 1},
		"both match":              {[]theme.Theme{of("a", "kiosk", theme.Merged, "b"), of("b", "zeppelin", theme.Live, "")}, 1},
		"through a chain":         {[]theme.Theme{of("a", "kiosk", theme.Merged, "c"), of("b", "", theme.Live, ""), of("c", "rude", theme.Merged, "b")}, 1},
		"into a forbidden one":    {[]theme.Theme{of("a", "kiosk", theme.Merged, "b"), of("b", "zeppelin", theme.Forbidden, "")}, 0},
		"forbidden itself":        {[]theme.Theme{of("a", "kiosk", theme.Forbidden, "b"), of("b", "", theme.Live, "")}, 0},
	} {
		_, got := read(said, c.own...)
		n := 0
		for _, id := range themes(got.Themes) {
			if id == "b" {
				n++
			} else if id == "a" || id == "c" {
				t.Errorf("%s: the text is about %s, which is a part of another theme", name, id)
			}
		}
		if n != c.want {
			t.Errorf("%s: %d labels of the theme, not %d: %+v", name, n, c.want, got.Themes)
		}
	}
	_, both := read(said, of("a", "kiosk", theme.Merged, "b"), of("b", "zeppelin", theme.Live, ""))
	for i, x := range both.Clauses {
		if ids := themes(x.Themes); !slices.Contains(ids, "b") {
			t.Errorf("clause %d is about %q", i, ids)
		}
	}
	// Texts are read again when a merge changes what they are about.
	apart, _ := read(said, of("a", "kiosk", theme.Live, ""), of("b", "zeppelin", theme.Live, ""))
	merged, _ := read(said, of("a", "kiosk", theme.Merged, "b"), of("b", "zeppelin", theme.Live, ""))
	if apart.Model() == merged.Model() {
		t.Error("the readers before and after a merge are one version")
	}
}
