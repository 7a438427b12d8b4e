package model

import (
	"slices"
	"testing"

	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/i18n"
	"kolo/internal/understand/adapt"
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

// TestAGainIsToldWithItsInterval: what is learned is better only where chance could hardly have made it so.
func TestAGainIsToldWithItsInterval(t *testing.T) {
	t.Parallel()
	e := ui.Env{Locale: i18n.Load().Language("en")}
	tell := func(r adapt.Report) version {
		return (&Pages{}).version(e, adapt.Version{Kind: adapt.Sentiment, Report: r}, false)
	}
	// Of 500 texts 40 are read rightly that were not, and 10 no longer: 6 points, and the t interval of 500 changes of which 50 are not 0.
	if v := tell(adapt.Report{Held: 500, Before: 0.8, After: 0.86, Gained: 40, Lost: 10}); v.Unsure || v.Tone != "good" || v.Gain != "+6.0 percentage points" || v.Interval != "+3.3 to +8.7" {
		t.Errorf("a sure gain: %+v", v)
	}
	if v := tell(adapt.Report{Held: 500, Before: 0.8, After: 0.81, Gained: 15, Lost: 10}); !v.Unsure || v.Tone != "" || v.Interval != "−1.0 to +3.0" {
		t.Errorf("no sure gain: %+v", v)
	}
	if v := tell(adapt.Report{Held: 500, Before: 0.86, After: 0.8, Gained: 10, Lost: 40}); v.Unsure || v.Tone != "bad" {
		t.Errorf("a sure loss: %+v", v)
	}
	if v := tell(adapt.Report{Held: 500, Before: 0.8, After: 0.8}); !v.Unsure || v.Interval != "" {
		t.Errorf("nothing is read otherwise: %+v", v)
	}
	if v := tell(adapt.Report{Held: 500, Before: 0.8, After: 0.86}); v.Unsure || v.Tone != "" || v.Interval != "" {
		t.Errorf("a training of before texts were compared one by one: %+v", v)
	}
}
