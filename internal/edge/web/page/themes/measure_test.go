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
		"share": {"+4.2 points", "+3.1 points to +5.3 points"}, "scale": {"+0.04", "+0.03 to +0.05"}, "points": {"+0.04", "+0.03 to +0.05"},
	} {
		f := impact(i, unit)
		if got := f.signed(e, f.value); got != want[0] || f.interval(e) != want[1] {
			t.Errorf("%s: %q, %q, want %q", unit, got, f.interval(e), want)
		}
	}
	// What is told apart from 0 has no end that is written as 0.
	for _, c := range []struct {
		low, high float64
		unit      string
		want      string
	}{
		{0.02, 2.7, "points", "+0.02 to +2.70"}, {-2.7, -0.02, "points", "−2.70 to −0.02"}, {-0.02, 2.7, "points", "0.0 to +2.7"}, {0.0002, 0.027, "share", "+0.02 points to +2.70 points"},
	} {
		if got := impact(insight.ThemeImpact{Value: 1.4, Interval: stat.Interval{Low: c.low, High: c.high}}, c.unit).interval(e); got != c.want {
			t.Errorf("%+v: %q", c, got)
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
