package model

import (
	"slices"
	"testing"

	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/i18n"
	understood "kolo/internal/understand/model"
)

// TestQualityIsWrittenOut has a figure for each measure, each with its meaning in every language, and nothing where nothing was measured.
func TestQualityIsWrittenOut(t *testing.T) {
	t.Parallel()
	catalog := i18n.Load()
	e := ui.Env{Locale: catalog.Language("en")}
	q := qualityOf(e, "English", understood.Figures{Texts: 1900, Plain: 1600, Right: 1440, MacroF1: 0.871, MixedF1: 0.75, CalibrationError: 0.031, ClauseSentiment: 0.9, ClauseTheme: 0.8, ThemeMicroF1: 0.77})
	if want := []string{"87.1%", "75.0%", "3.1%", "90.0%", "80.0%", "77.0%"}; q.Texts != "1,900" || q.Right != "90.0%" || q.Interval == "" || !slices.Equal(q.Figures, want) || len(q.Figures) != len(measures)-1 {
		t.Errorf("%+v", q)
	}
	if q := qualityOf(e, "Other languages", understood.Figures{}); q.Right != "" || q.Figures != nil {
		t.Errorf("nothing was measured, and it is %+v", q)
	}
	for _, l := range catalog.Locales() {
		list, means, err := qualities(ui.Env{Locale: l})
		if err != nil || len(list) != 5 || len(means) != len(measures) {
			t.Errorf("%s: %d languages, %d measures: %v", l.Tag(), len(list), len(means), err)
		}
		for _, m := range means {
			if m.Label == "" || m.Text == "" || m.Label == m.Text {
				t.Errorf("%s: %+v", l.Tag(), m)
			}
		}
	}
}
