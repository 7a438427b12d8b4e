package themes

import (
	"testing"

	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/i18n"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/stat"
)

// An impact is written in the unit of the score that it is on: four percentage points of CSAT are not 0.0 points of NPS.
func TestImpactIsWrittenInItsUnit(t *testing.T) {
	t.Parallel()
	catalog := i18n.Load()
	e := ui.Env{Locale: catalog.Language("en")}
	i := insight.ThemeImpact{Value: 0.042, Interval: stat.Interval{Low: 0.031, High: 0.053}}
	for unit, want := range map[string][2]string{
		"share": {"+4.2 points", "+3.1 points to +5.3 points"}, "scale": {"+0.04", "+0.03 to +0.05"}, "points": {"0.0", "0.0 to +0.1"},
	} {
		f := impact(i, unit)
		if got := f.signed(e, f.value); got != want[0] || f.interval(e) != want[1] {
			t.Errorf("%s: %q, %q, want %q", unit, got, f.interval(e), want)
		}
	}
	for _, l := range catalog.Locales() {
		e := ui.Env{Locale: l}
		for _, m := range scores {
			if !e.Has("themes.impact."+string(m)) || !e.Has("themes.impact_help."+m.Unit()) {
				t.Errorf("%s: no words for the impact on %s", l.Tag(), m)
			}
		}
	}
}
