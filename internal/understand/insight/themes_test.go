package insight_test

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"slices"
	"testing"

	"kolo/internal/foundation/fault"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/driver"
)

func TestThemesPage(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		all := w.speak(900)
		period := insight.Period{Last: "90d"}
		recent := only(all, func(s spoken) bool { return today.Sub(*s.Time).Hours() < 24*90 })
		before := only(all, func(s spoken) bool { h := today.Sub(*s.Time).Hours(); return h >= 24*90 && h < 24*180 })
		a, err := w.insight.Themes(t.Context(), w.ws, insight.ThemesQuery{Between: period, Compare: "previous"})
		must(t, err)
		_, _, answers := npsOf(recent)
		if a.N != int64(len(recent)) || a.Answers != answers || a.Scale != "0..10" || len(a.Themes) != 8 || !slices.Equal(a.Controls, []string{"channel", "quarter"}) {
			t.Fatalf("%+v", a)
		}
		impacts := 0
		for i, r := range a.Themes {
			list := only(recent, func(s spoken) bool { return s.about(r.ID) })
			var good, bad int64
			for _, s := range list {
				switch s.mood(r.ID) {
				case 1:
					good++
				case -1:
					bad++
				}
			}
			if r.N != int64(len(list)) || r.Positive != good || r.Negative != bad || math.Abs(*r.Net-100*float64(good-bad)/float64(len(list))) > 1e-9 ||
				math.Abs(r.Share-float64(len(list))/float64(len(recent))) > 1e-9 || r.NetRange == nil {
				t.Errorf("%+v: want %d texts, %d good, %d bad", r, len(list), good, bad)
			}
			promoters, detractors, n := npsOf(list)
			if r.Score.N != n || math.Abs(*r.Score.Value-100*float64(promoters-detractors)/float64(n)) > 1e-9 {
				t.Errorf("%s: score %v of %d, want %d", r.ID, *r.Score.Value, r.Score.N, n)
			}
			was := len(only(before, func(s spoken) bool { return s.about(r.ID) }))
			if r.Change == nil || r.Change.N != int64(was) || math.Abs(*r.Change.Difference-(r.Share-float64(was)/float64(len(before)))) > 1e-9 {
				t.Errorf("%s: change %+v, there were %d of %d", r.ID, r.Change, was, len(before))
			}
			if i > 0 && r.N > a.Themes[i-1].N {
				t.Errorf("%s stands behind a smaller theme", r.ID)
			}
			for query, want := range map[string]int64{r.Feedback: r.N, *r.Score.Feedback: r.Score.N} {
				v, err := url.ParseQuery(query)
				must(t, err)
				c, p, err := insight.Decode(v)
				must(t, err)
				found, err := w.insight.Find(t.Context(), w.ws, c, p, "", 1000)
				must(t, err)
				if int64(len(found.Feedback)) != want {
					t.Errorf("%s: %d behind %s, want %d", r.ID, len(found.Feedback), query, want)
				}
			}
			if r.Impact != nil {
				impacts++
			}
		}
		// Impacts are those of a regression over the single answers.
		d := driver.Data{Names: []string{"price", "service", "product"}}
		for _, s := range recent {
			if len(s.Scores) == 0 {
				continue
			}
			class := 0.0
			if v := s.Scores[0].Value; v >= 9 {
				class = 1
			} else if v <= 6 {
				class = -1
			}
			var x []float64
			for _, n := range d.Names {
				x = append(x, map[bool]float64{true: 1}[s.about(n)])
			}
			d.X, d.Y = append(d.X, x), append(d.Y, class)
			d.Controls = append(d.Controls, []float64{map[bool]float64{true: 1}[s.Channel == "web"], map[bool]float64{true: 1}[s.month >= "2026-10-01"]})
		}
		want, err := driver.ThemeImpacts(d, 0.95)
		must(t, err)
		for _, m := range want {
			i := slices.IndexFunc(a.Themes, func(r insight.ThemeRow) bool { return r.ID == m.Theme })
			if m.Theme == "price" { // it has nothing below it, and stands among those that have not
				continue
			}
			got := a.Themes[i].Impact
			// Some answered several times, which makes the interval wider.
			if got == nil || math.Abs(got.Value-m.Adjusted) > 1e-8 || got.Interval.Low > m.Interval.Low+1e-8 || got.Interval.Width() > 1.3*m.Interval.Width() {
				t.Errorf("impact of %s: %+v, want %v in %+v", m.Theme, got, m.Adjusted, m.Interval)
			}
		}
		if impacts != 8 { // those too that have something above and below: waiting
			t.Errorf("%d impacts", impacts)
		}
		// Another score, which nobody gave.
		b, err := w.insight.Themes(t.Context(), w.ws, insight.ThemesQuery{Score: insight.CSAT, Where: insight.Conditions{{Field: "channel", Values: []string{"web"}}}})
		must(t, err)
		if b.Answers != 0 || b.Value != nil || len(b.Themes) != 8 || b.Themes[0].Impact != nil || b.Themes[0].Change != nil {
			t.Errorf("%+v", b)
		}
		for _, q := range []insight.ThemesQuery{{Score: insight.Count}, {Compare: "rest"}, {Compare: "previous"}, {Where: insight.Conditions{{Field: "nothing"}}}} {
			if _, err := w.insight.Themes(t.Context(), w.ws, q); !fault.Is(err, fault.Invalid) {
				t.Errorf("%+v: %v", q, err)
			}
		}
	})
}

// forgetful is a tree that has other questions make the process forget what it has read of sets, whenever a question looks at it.
type forgetful struct {
	tree
	forget func()
}

func (f forgetful) Tree(context.Context, identity.WorkspaceID, ...string) (insight.Tree, error) {
	return f, nil
}

func (f forgetful) Under(id string) []string {
	f.forget()
	return f.tree.Under(id)
}

func TestThemesWhileSetsAreForgotten(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		all := w.speak(300)
		before := only(all, func(s spoken) bool { h := today.Sub(*s.Time).Hours(); return h >= 24*90 && h < 24*180 })
		w.insight.Understand(understood{}, forgetful{themes, w.insight.ForgetSets})
		a, err := w.insight.Themes(t.Context(), w.ws, insight.ThemesQuery{Between: insight.Period{Last: "90d"}, Compare: "previous"})
		must(t, err)
		if len(a.Themes) != 8 {
			t.Errorf("%d themes", len(a.Themes))
		}
		for _, r := range a.Themes {
			if was := len(only(before, func(s spoken) bool { return s.about(r.ID) })); r.N == 0 || r.Change == nil || r.Change.N != int64(was) {
				t.Errorf("%s: %d texts, change %+v, there were %d", r.ID, r.N, r.Change, was)
			}
		}
	})
}

// TestThemesChangeIsThatOfTheirShares: the list of themes and the question after one theme's share judge a change alike.
func TestThemesChangeIsThatOfTheirShares(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.speak(900)
		period := insight.Period{Last: "90d"}
		a, err := w.insight.Themes(t.Context(), w.ws, insight.ThemesQuery{Between: period, Compare: "previous"})
		must(t, err)
		for _, r := range a.Themes {
			of := insight.Conditions{{Field: "theme", Op: "in", Values: []string{r.ID}}}
			c := w.ask(insight.Query{Measure: insight.Share, Share: of, Between: period, Compare: &insight.Compare{To: "previous"}}).Total.Compare
			if r.Change.Verdict != c.Verdict || *r.Change.Minimum != *c.Minimum || *r.Change.Interval != *c.Interval {
				t.Errorf("%s: %s, at least %v, %+v; asked by itself %s, at least %v, %+v", r.ID, r.Change.Verdict, *r.Change.Minimum, *r.Change.Interval, c.Verdict, *c.Minimum, *c.Interval)
			}
		}
	})
}

// TestImpactsOfManyChannels has more channels than impacts are adjusted for: the most frequent ones count, and quarters beside them.
func TestImpactsOfManyChannels(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		const channels = 75
		labels := understood{}
		w.insight.Understand(labels, themes)
		type answer struct {
			channel, quarter int
			class            float64
			about            bool
		}
		var all []answer
		var in []feedback.Input
		for c := range channels {
			for i := range 3 + (channels-c)/10 {
				x := answer{channel: c, quarter: i % 2, about: (c+i)%3 == 0 || c%5 == 0}
				value := 7.0
				switch {
				case c%7 < 3 && (x.quarter == 1 || i%3 == 0):
					value, x.class = 10, 1
				case x.about:
					value, x.class = 2, -1
				}
				all = append(all, x)
				in = append(in, nps(value, 10+100*x.quarter, fmt.Sprintf("channel %02d", c)))
			}
		}
		results, err := w.feedback.Receive(t.Context(), w.ws, in)
		must(t, err)
		for i, r := range results {
			if all[i].about {
				labels[r.ID] = insight.Label{Themes: []insight.ThemeLabel{{ID: "price"}}}
			}
		}
		must(t, w.feeder.Feed(t.Context()))
		// Channels stand in the order of how frequent they are; the first, and what comes after sixty more, have no control.
		d := driver.Data{Names: []string{"price"}}
		for _, x := range all {
			controls := make([]float64, 61)
			if x.channel > 0 && x.channel <= 60 {
				controls[x.channel-1] = 1
			}
			controls[60] = float64(x.quarter)
			d.X, d.Y, d.Controls = append(d.X, []float64{map[bool]float64{true: 1}[x.about]}), append(d.Y, x.class), append(d.Controls, controls)
		}
		want, err := driver.ThemeImpacts(d, 0.95)
		must(t, err)
		a, err := w.insight.Themes(t.Context(), w.ws, insight.ThemesQuery{})
		must(t, err)
		if len(a.Themes) != 1 || a.Themes[0].Impact == nil || !slices.Equal(a.Controls, []string{"channel", "quarter"}) {
			t.Fatalf("%+v", a)
		}
		if got := a.Themes[0].Impact; math.Abs(got.Value-want[0].Adjusted) > 1e-8 || math.Abs(got.Interval.Low-want[0].Interval.Low) > 1e-8 {
			t.Errorf("impact %+v, want %v in %+v", got, want[0].Adjusted, want[0].Interval)
		}
	})
}

// TestOneFigureHasOneInterval: however a theme's score is asked for, its interval is the same.
func TestOneFigureHasOneInterval(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.speak(900)
		page, err := w.insight.Themes(t.Context(), w.ws, insight.ThemesQuery{})
		must(t, err)
		grouped := w.ask(insight.Query{Measure: insight.NPS, By: []string{"theme"}})
		checked := 0
		same := func(a, b *stat.Interval) bool {
			return a != nil && b != nil && math.Abs(a.Low-b.Low) < 1e-9 && math.Abs(a.High-b.High) < 1e-9 && a.Method == b.Method
		}
		for _, r := range page.Themes {
			alone := w.ask(insight.Query{Measure: insight.NPS, Where: insight.Conditions{{Field: "theme", Values: []string{r.ID}}}}).Total
			checked++
			if !same(alone.Interval, r.Score.Interval) {
				t.Errorf("%s: %+v in the list of themes, %+v alone", r.ID, r.Score.Interval, alone.Interval)
			}
		}
		for _, g := range grouped.Rows {
			only := w.ask(insight.Query{Measure: insight.NPS, Where: insight.Conditions{{Field: "theme_only", Values: []string{g.Keys["theme"]}}}}).Total
			if !same(only.Interval, g.Interval) {
				t.Errorf("%s: %+v among all, %+v alone", g.Keys["theme"], g.Interval, only.Interval)
			}
		}
		if checked < 6 || len(grouped.Rows) < 5 {
			t.Errorf("%d themes and %d groups", checked, len(grouped.Rows))
		}
	})
}
