package drivers

import (
	"strings"
	"testing"

	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/i18n"
	"kolo/internal/understand/driving"
	"kolo/internal/understand/insight"
)

// TestSharesOfNothingAreNotDrawn: where the drivers explain next to nothing, no chart says that one of them explains most of it; and what the
// lines between the rows say is told where there are some.
func TestSharesOfNothingAreNotDrawn(t *testing.T) {
	t.Parallel()
	for _, l := range i18n.Load().Locales() {
		for _, c := range []struct {
			r2, adjusted float64
			ties         [2]int
			chart        bool
		}{{.2, .19, [2]int{1, 2}, true}, {.2, .19, [2]int{1, 1}, true}, {.004, .003, [2]int{1, 1}, false}, {.05, -.01, [2]int{1, 1}, false}} {
			a := &driving.Answer{Score: insight.NPS, Unit: "points", N: 1416, R2: c.r2, AdjR2: c.adjusted, Missing: "listwise", Drivers: []driving.Driver{
				{Field: "channel", Kind: driving.Fact, Share: .64, Rank: [2]int{1, 2}, Tie: c.ties[0]}, {Field: "language", Kind: driving.Fact, Share: .36, Rank: [2]int{1, 2}, Tie: c.ties[1]}}}
			w := writer{e: ui.Env{Locale: l}, a: a, name: func(field string) string { return field }}
			var v view
			w.fill(&v)
			if (v.Chart != nil) != c.chart || (v.Rows[0].Share != "") != c.chart {
				t.Errorf("%s, %+v: chart %v, share %q", l.Tag(), c, v.Chart != nil, v.Rows[0].Share)
			}
			if lines := v.Ties == l.T("drivers.tie_note"); lines != v.Rows[1].First || v.Ties == "" || strings.Contains(v.Lead, "drivers.") {
				t.Errorf("%s, %+v: %q, %q", l.Tag(), c, v.Ties, v.Lead)
			}
		}
	}
}
