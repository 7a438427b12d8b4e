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
		"share": {"+4.2 percentage points", "+3.1 to +5.3 percentage points"}, "scale": {"+0.04", "+0.03 to +0.05"}, "points": {"+0.04", "+0.03 to +0.05"},
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
		{0.02, 2.7, "points", "+0.02 to +2.70"}, {-2.7, -0.02, "points", "−2.70 to −0.02"}, {-0.02, 2.7, "points", "0.0 to +2.7"}, {0.0002, 0.027, "share", "+0.02 to +2.70 percentage points"},
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

// A change is called chance where its interval holds 0 and nowhere else, also of what a run has only proposed.
func TestVerdictOnAChangeOfShare(t *testing.T) {
	t.Parallel()
	e := ui.Env{Locale: i18n.Load().Language("en")}
	m := measured{texts: 1000, textsBefore: 1000}
	least := func(before float64) float64 { return min(0.05, max(0.005, before/4)) }
	for _, c := range []struct {
		before, now int64
		clear       bool
		want        string
	}{
		{330, 256, true, "more than chance explains"}, {9, 22, true, "more than chance explains"}, {330, 326, false, "not distinguishable from chance"},
		{800, 760, false, "more than chance, but less than the 5.0 percentage points that matter here"},
	} {
		r := row{numbers: numbers{n: c.now, before: c.before, net: none, shift: m.shifted(c.now, c.before, least)}}
		if got := r.changed(e); got == nil || got.Clear != c.clear || got.Verdict != c.want {
			t.Errorf("%d, then %d: %+v", c.before, c.now, got)
		}
	}
	if r := (row{numbers: numbers{n: 3, before: 4, shift: (&measured{texts: 9, textsBefore: 90}).shifted(3, 4, least)}}); r.changed(e) != nil {
		t.Error("a change of nine texts is told")
	}
}
