package figure

import (
	"fmt"
	"html"
	"strings"
	"testing"

	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/i18n"
	"kolo/internal/understand/insight"
)

// TestSummaryTellsOfAllGroups: the highest and the lowest may be small groups, which are not drawn. One of too few answers has no figure
// to show, and is neither.
func TestSummaryTellsOfAllGroups(t *testing.T) {
	t.Parallel()
	e := ui.Env{Locale: i18n.Load().Language("en")}
	a := &insight.Answer{Measure: insight.NPS, Unit: "points", By: []string{"attribute.city"}}
	for i := range 40 {
		v, n := float64(i%5), int64(200-i)
		r := insight.Row{Keys: map[string]string{"attribute.city": fmt.Sprint("City ", i)}, Value: &v, N: n}
		switch i {
		case 35:
			v = 90
		case 36:
			v = -80
		case 37:
			v, r.N, r.Note = 100, 4, "too_few"
		}
		a.Rows = append(a.Rows, r)
	}
	summary := func(c ui.Chart) string {
		var b strings.Builder
		if err := ui.ChartBox(e, c).Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		_, said, _ := strings.Cut(b.String(), `-summary">`)
		said, _, _ = strings.Cut(said, "</p>")
		return html.UnescapeString(said)
	}
	drawn, whole, ok := Draw(e, "c", a, "", nil)
	if !ok || whole || len(drawn.Labels) != mostBars || len(drawn.Series[0].Values) != mostBars {
		t.Fatalf("%d groups are drawn", len(drawn.Labels))
	}
	if got := summary(drawn); !strings.HasSuffix(got, ": highest 90 (City 35), lowest −80 (City 36).") {
		t.Errorf("%q", got)
	}
	simple, ok := Chart(e, "c", a)
	if !ok || len(simple.Labels) != mostBars || len(simple.Series[0].Values) != mostBars {
		t.Fatalf("%d groups are drawn", len(simple.Labels))
	}
	if got := summary(simple); !strings.HasSuffix(got, ": highest 90 (City 35), lowest −80 (City 36).") {
		t.Errorf("%q", got)
	}
	a.Truncated = true
	drawn, _, _ = Draw(e, "c", a, "", nil)
	if got := summary(drawn); !strings.Contains(got, "of the groups listed: highest 90") {
		t.Errorf("there are more groups than the answer has, and its summary says %q", got)
	}
	a.By, a.Truncated = []string{"attribute.city", "channel"}, false
	for i := range a.Rows {
		a.Rows[i].Keys["channel"] = "web"
	}
	drawn, _, _ = Draw(e, "c", a, "bar", nil)
	if got := summary(drawn); len(drawn.Labels) != mostGroups || !strings.HasSuffix(got, ": highest 90 (City 35), lowest −80 (City 36).") {
		t.Errorf("of %d groups in colours %q", len(drawn.Labels), got)
	}
}
