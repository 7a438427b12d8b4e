package insight_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/population"
	"kolo/internal/understand/stat"
)

// by is an answer of a customer, who is known by an external id; nobody's with 0.
func by(customer int, score float64, daysAgo int, channel string) feedback.Input {
	in := nps(score, daysAgo, channel)
	in.Text = ""
	if customer > 0 {
		in.Contact = &feedback.Who{ExternalID: fmt.Sprint("c", customer)}
	}
	return in
}

// TestGroupsOfWhomHardlyAnybodyWasSeen: of many answers one in so many customers is looked at, and of a group of three often nobody, or one.
// That is neither one voice nor as many as answered.
func TestGroupsOfWhomHardlyAnybodyWasSeen(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var in []feedback.Input
		customer := 0
		for b := range 40 {
			for _, channel := range []string{"web", "sms"} {
				for _, score := range []float64{10, 3, 8} {
					customer++
					for k := range 4 {
						x := by(customer, score, 1+k, channel)
						x.Attributes = feedback.Attributes{"branch": fmt.Sprint("b", b)}
						in = append(in, x)
					}
				}
			}
		}
		w.receive(w.ws, in...)
		for _, many := range []int64{250_000, 240} {
			w.insight.ManyAre(many)
			a := w.ask(insight.Query{Measure: insight.NPS, By: []string{"channel", "attribute.branch"}, Limit: 200})
			for _, r := range a.Rows {
				if r.Note == "one_customer" || r.DesignEffect == nil || *r.DesignEffect < 2 || r.Interval == nil {
					t.Errorf("many are %d: %+v", many, r)
				}
			}
			if len(a.Rows) != 80 {
				t.Errorf("%d groups", len(a.Rows))
			}
		}
	})
}

// TestCustomersWhoAnswerSeveralTimes: four equal answers of one customer are worth about one.
func TestCustomersWhoAnswerSeveralTimes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var in []feedback.Input
		scores := []float64{10, 10, 3, 8, 10}
		for c := 1; c <= 40; c++ {
			for k := range 4 {
				in = append(in, by(c, scores[c%5], 1+k, []string{"web", "sms"}[c%2]))
			}
		}
		for i := range 20 { // and some whom nobody knows
			in = append(in, by(0, scores[i%5], 1, "phone"))
		}
		other := w.workspace("Other")
		w.receive(w.ws, in...)
		w.receive(other, by(1, 0, 1, "web"), by(1, 0, 2, "web"))
		a := w.ask(insight.Query{Measure: insight.NPS, By: []string{"channel"}, Between: insight.Period{Last: "30d"}})
		total := a.Total
		if total.Customers == nil || *total.Customers != 40 || total.DesignEffect == nil {
			t.Fatalf("%+v", total)
		}
		var k stat.NPSClusters
		count := func(s float64) (c stat.NPSCounts) {
			switch {
			case s >= 9:
				c.Promoters = 1
			case s <= 6:
				c.Detractors = 1
			default:
				c.Passives = 1
			}
			return c
		}
		for c := 1; c <= 40; c++ {
			one := count(scores[c%5])
			k.Add(stat.NPSCounts{Promoters: 4 * one.Promoters, Passives: 4 * one.Passives, Detractors: 4 * one.Detractors})
		}
		for i := range 20 {
			k.Add(count(scores[i%5]))
		}
		want, err := k.Estimate(.95)
		must(t, err)
		if math.Abs(*total.DesignEffect-want.DesignEffect) > 1e-9 || math.Abs(total.Interval.Low-want.Interval.Low) > 1e-9 || math.Abs(total.Interval.High-want.Interval.High) > 1e-9 {
			t.Errorf("design effect %v and interval %+v, by hand %+v", *total.DesignEffect, total.Interval, want)
		}
		for _, r := range a.Rows {
			switch r.Keys["channel"] {
			case "phone":
				if r.Customers == nil || *r.Customers != 0 || r.DesignEffect != nil {
					t.Errorf("nobody knows these: %+v", r)
				}
			default:
				if r.Customers == nil || *r.Customers != 20 || r.DesignEffect == nil || *r.DesignEffect < 3.9 {
					t.Errorf("%+v", r)
				}
			}
		}
		shares := w.ask(insight.Query{Measure: insight.Share, Share: insight.Conditions{{Field: "channel", Values: []string{"web"}}}})
		if shares.Total.Customers == nil || *shares.Total.Customers != 40 || shares.Total.DesignEffect == nil {
			t.Errorf("a share is what customers gave too: %+v", shares.Total)
		}
	})
}

// TestEveryMeanAndShareHeedsWhoAnsweredSeveralTimes: forty answers of one customer who says the same are worth one, whatever is asked of them.
func TestEveryMeanAndShareHeedsWhoAnsweredSeveralTimes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		labels := understood{}
		w.insight.Understand(labels, themes)
		var in []feedback.Input
		for c := 1; c <= 20; c++ {
			for k := range 40 {
				x := by(c, []float64{10, 10, 10, 3, 3, 3, 3, 3, 3, 3}[c%10], 1+k, []string{"web", "sms"}[c%2])
				x.Text = fmt.Sprint("words ", c, " ", k)
				in = append(in, x)
			}
		}
		results, err := w.feedback.Receive(t.Context(), w.ws, in)
		must(t, err)
		for i, r := range results {
			bad := i/40%10 > 1
			labels[r.ID] = insight.Label{Sentiment: -1, Themes: []insight.ThemeLabel{{ID: map[bool]string{true: "price", false: "staff"}[bad], Sentiment: -1}}}
		}
		must(t, w.feeder.Feed(t.Context()))
		last := insight.Period{Last: "60d"}
		detractors := insight.Conditions{{Field: "nps_group", Values: []string{"detractor"}}}
		for _, q := range []insight.Query{
			{Measure: insight.NPS}, {Measure: insight.NegativeShare}, {Measure: insight.Share, Share: detractors}, {Measure: insight.Share, Share: detractors, By: []string{"channel"}},
			{Measure: insight.Distribution, Of: "nps_group"}, {Measure: insight.Distribution, Of: "nps_group", By: []string{"channel"}}, {Measure: insight.ResponseShare, Of: "text"},
			{Measure: insight.Distribution, Of: "nps_group", By: []string{"theme"}}, {Measure: insight.Distribution, Of: "nps_group", Bucket: "year"},
			{Measure: insight.ThemeSentiment, By: []string{"theme"}}, {Measure: insight.ThemeNegative, By: []string{"theme_group"}}, {Measure: insight.ThemeNegative, By: []string{"theme", "channel"}},
		} {
			for many, least := range map[int64]float64{250_000: 20, 400: 2} { // of half the customers, whom chance chooses, less is known
				if q.Measure == insight.Distribution || q.Measure == insight.ThemeSentiment || q.Measure == insight.ThemeNegative {
					many *= 8
				}
				w.insight.ManyAre(many)
				q.Between = last
				a := w.ask(q)
				rows := a.Rows
				if q.Measure != insight.Distribution { // all values together are all
					rows = append(rows, a.Total)
				}
				for _, r := range rows {
					if r.DesignEffect == nil || *r.DesignEffect < least || r.Interval == nil || r.Interval.Width() < least/200 {
						t.Errorf("%s by %v %s, many are %d: %+v, design effect %v of %v customers", q.Measure, q.By, q.Bucket, many, r.Interval, r.Inflation(), r.Customers)
					}
				}
			}
			w.insight.ManyAre(250_000)
		}
		// What changed beside the rest is chance: six of ten customers against eight.
		q := insight.Query{Measure: insight.Share, Share: detractors, By: []string{"channel"}, Compare: &insight.Compare{To: "rest"}, Between: last}
		for _, r := range w.ask(q).Rows {
			if r.Compare.Verdict != "chance" || *r.Compare.P < .1 {
				t.Errorf("%+v of %d and p %v", r.Compare.Verdict, r.N, *r.Compare.P)
			}
		}
		for many, least := range map[int64]float64{250_000: 10, 1600: 3} {
			w.insight.ManyAre(many)
			page, err := w.insight.Themes(t.Context(), w.ws, insight.ThemesQuery{Between: insight.Period{Last: "20d"}, Compare: "previous"})
			must(t, err)
			if len(page.Themes) < 2 {
				t.Fatalf("%+v", page.Themes)
			}
			for _, x := range page.Themes {
				if x.NetRange == nil || x.NetRange.Width() < least || x.Change == nil || x.Change.Interval == nil || x.Change.Interval.Width() < least/50 || x.Change.Verdict != "chance" {
					t.Errorf("many are %d: %s: net %+v, change %+v", many, x.ID, x.NetRange, x.Change)
				}
			}
		}
		for _, d := range insight.Definitions() {
			if d.Customers != (d.Unit != "count") {
				t.Errorf("%s: %v", d.Name, d.Customers)
			}
		}
	})
}

// TestManyCustomers: of many, some are enough to tell what answering several times does.
func TestManyCustomers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var in []feedback.Input
		scores := []float64{10, 10, 9, 8, 10, 0, 9}
		for c := 1; c <= 1200; c++ {
			for k := range 1 + c%3 {
				in = append(in, by(c, scores[c%7], 1+k, []string{"web", "sms"}[c%2]))
			}
		}
		for i := range 2400 {
			in = append(in, by(0, scores[i%7], 1, "web"))
		}
		w.receive(w.ws, in...)
		q := insight.Query{Measure: insight.NPS, By: []string{"channel"}}
		all := w.ask(q)
		w.insight.ManyAre(1000) // a quarter of them, whom chance chooses by their ids: of about 150 in a group a standard error of 6 %
		some := w.ask(q)
		for i, r := range append(all.Rows, all.Total) {
			s := append(some.Rows, some.Total)[i]
			if *s.Value != *r.Value || s.N != r.N || s.Customers != nil || r.Customers == nil {
				t.Errorf("%+v and %+v", r, s)
			}
			if math.Abs(*s.DesignEffect / *r.DesignEffect - 1) > .25 || math.Abs(s.Interval.Width()/r.Interval.Width()-1) > .15 {
				t.Errorf("design effect %.3f of all and %.3f of some, interval %+v and %+v", *r.DesignEffect, *s.DesignEffect, r.Interval, s.Interval)
			}
		}
	})
}

// TestWhoAnsweredBothTimes: everybody moves up by the same small step but for a few, which only the paired test sees.
func TestWhoAnsweredBothTimes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var in []feedback.Input
		for c := 1; c <= 60; c++ {
			before, now := []float64{10, 8, 3}[c%3], []float64{10, 8, 3}[c%3]
			if c%5 == 0 && c%3 > 0 {
				now = []float64{0, 10, 8}[c%3] // one class up
			}
			in = append(in, by(c, before, 10, "web"), by(c, now, 3, "web"))
		}
		w.receive(w.ws, in...)
		c := w.ask(insight.Query{Measure: insight.NPS, Between: insight.Period{Last: "7d"}, Compare: &insight.Compare{To: "previous"}}).Total.Compare
		if c == nil || c.Paired == nil {
			t.Fatalf("%+v", c)
		}
		if c.Verdict != "chance" || c.Distinguishable || c.Better != nil {
			t.Errorf("as two samples these are alike: %+v", c)
		}
		if p := c.Paired; p.Customers != 60 || math.Abs(p.Difference-*c.Difference) > 1e-9 || p.Interval.Contains(0) || p.P > .01 {
			t.Errorf("%+v", *p)
		}
		if c.Shares == nil || c.Shares.DF != 2 || c.Detectable == nil || *c.Detectable < 10 {
			t.Errorf("%+v", c)
		}
		a := w.ask(insight.Query{Measure: insight.Count, Between: insight.Period{Last: "7d"}, Compare: &insight.Compare{To: "previous"}})
		if a.Total.Compare.Paired != nil || a.Total.Compare.Verdict != "" {
			t.Errorf("counts are not tested: %+v", a.Total.Compare)
		}
	})
}

// TestWhatMattersIsTheWorkspaces: the same difference is clear to one workspace, and too small to matter to another.
func TestWhatMattersIsTheWorkspaces(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		other := w.workspace("Other")
		for _, ws := range []identity.WorkspaceID{w.ws, other} {
			var in []feedback.Input
			for i := range 400 {
				before := []float64{10, 3, 8, 10}[i%4]
				now := before
				if i%4 == 1 { // the detractors have become passives
					now = 8
				}
				in = append(in, by(0, before, 10, "web"), by(0, now, 3, "web"))
			}
			w.receive(ws, in...)
		}
		s := population.NewService(w.db)
		actor := identity.Program(w.ws, "test")
		must(t, s.SaveSettings(t.Context(), w.ws, actor, population.Settings{MinimumPoints: 50, MinimumShare: .2}))
		for ws, want := range map[identity.WorkspaceID]string{w.ws: "slight", other: "clear"} {
			a, err := w.insight.Ask(t.Context(), ws, insight.Query{Measure: insight.NPS, Between: insight.Period{Last: "7d"}, Compare: &insight.Compare{To: "previous"}, Bucket: "day"})
			must(t, err)
			c := a.Total.Compare
			if c.Verdict != want || c.Distinguishable != (want == "clear") || (c.Better != nil) != (want == "clear") {
				t.Errorf("%s: %+v", want, c)
			}
			if a.Detectable != nil {
				t.Errorf("all answers came on one day: %+v", a.Detectable)
			}
		}
	})
}

// TestATrendSaysWhatItCanShow holds the detectable change against the sample size that is planned for it.
func TestATrendSaysWhatItCanShow(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var in []feedback.Input
		for i := range 300 {
			in = append(in, by(0, []float64{10, 3, 8}[i%3], i%3, "web"))
		}
		w.receive(w.ws, in...)
		a := w.ask(insight.Query{Measure: insight.NPS, Between: insight.Period{Last: "3d"}, Bucket: "day"})
		d := a.Detectable
		if d == nil || d.N != 100 {
			t.Fatalf("%+v", d)
		}
		n, err := stat.NPSSampleSizeToDetect(2.0/3, 2.0/3, d.Difference, d.Power, d.Alpha)
		if err != nil || n != d.N {
			t.Errorf("a difference of %v needs %d answers, %v", d.Difference, n, err)
		}
	})
}

// TestMonthsOfThePeriodBefore: a quarter and the ninety-one days before it do not begin alike, and each month stands beside its own.
func TestMonthsOfThePeriodBefore(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		year := w.clock.Now().Year() - 1
		var in []feedback.Input
		for month := time.January; month <= time.June; month++ {
			for i := range 20 {
				f := by(0, 10, 0, "web")
				at := time.Date(year, month, 5+i%20, 12, 0, 0, 0, time.UTC)
				f.Time = &at
				in = append(in, f)
			}
		}
		w.receive(w.ws, in...)
		a := w.ask(insight.Query{Measure: insight.Count, Bucket: "month", Compare: &insight.Compare{To: "previous"},
			Between: insight.Period{From: fmt.Sprintf("%d-04-01", year), To: fmt.Sprintf("%d-06-30", year)}})
		if len(a.Rows) != 3 {
			t.Fatalf("%+v", a.Rows)
		}
		for _, r := range a.Rows {
			if r.Compare == nil || r.Compare.Value == nil || *r.Compare.Value != 20 {
				t.Errorf("%s is compared with %+v", r.Bucket, r.Compare)
			}
		}
	})
}

// TestPartAndWhole: answers that are in both are no two samples.
func TestPartAndWhole(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var in []feedback.Input
		for i := range 60 {
			in = append(in, by(0, []float64{10, 0}[i%2], 1, []string{"web", "web", "sms"}[i%3]))
		}
		w.receive(w.ws, in...)
		sms := insight.Conditions{{Field: "channel", Values: []string{"sms"}}}
		c := w.ask(insight.Query{Measure: insight.NPS, Compare: &insight.Compare{Where: sms}}).Total.Compare
		if c == nil || c.Difference == nil || c.Interval != nil || c.P != nil || c.Verdict != "" || c.Distinguishable {
			t.Errorf("all beside a part of them: %+v", c)
		}
		c = w.ask(insight.Query{Measure: insight.NPS, Where: insight.Conditions{{Field: "channel", Values: []string{"web"}}}, Compare: &insight.Compare{Where: sms}}).Total.Compare
		if c == nil || c.Interval == nil || c.P == nil || c.Verdict == "" {
			t.Errorf("one part beside another: %+v", c)
		}
	})
}

// TestFewCustomersSayLittle: sixty answers are not sixty opinions when one customer, or two or three, gave them.
func TestFewCustomersSayLittle(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var in []feedback.Input
		many := func(n, customer int, score float64, daysAgo int, channel string) {
			for range n {
				in = append(in, by(customer, score, daysAgo, channel))
			}
		}
		many(50, 1, 10, 1, "one")
		many(30, 2, 10, 1, "two")
		many(30, 3, 8, 1, "two")
		for c := range 3 {
			many(20, 4+c, 10, 1, "three")
		}
		in[len(in)-1] = by(6, 8, 1, "three") // nearly all agree
		for i := range 60 {
			in = append(in, by(10+i, []float64{10, 3, 8}[i%3], 1, "many"))
		}
		many(60, 1, 3, 9, "one")
		for c := range 3 {
			many(20, 4+c, 8, 9, "three")
		}
		for i := range 60 {
			in = append(in, by(10+i, 3, 9, "many"))
		}
		w.receive(w.ws, in...)
		now := insight.Period{Last: "7d"}
		for _, bucket := range []string{"", "month"} {
			a := w.ask(insight.Query{Measure: insight.NPS, By: []string{"channel"}, Bucket: bucket, Between: now, Compare: &insight.Compare{To: "previous"}})
			checked := 0
			for _, r := range a.Rows {
				if r.N == 0 {
					continue
				}
				checked++
				if r.Customers == nil {
					t.Fatalf("%+v", r)
				}
				c := r.Compare
				switch r.Keys["channel"] {
				case "one":
					if *r.Customers != 1 || r.Interval != nil || r.Note != "one_customer" {
						t.Errorf("one voice: %+v", r)
					}
					if c.Difference == nil || c.Interval != nil || c.P != nil || c.Verdict != "one_customer" || c.Distinguishable || c.Shares != nil || c.Detectable != nil {
						t.Errorf("one voice now and before: %+v", c)
					}
				case "two":
					if r.Interval == nil || r.Interval.Low > -90 || r.Interval.High < 99 {
						t.Errorf("two voices: %+v", r.Interval)
					}
				case "three":
					if r.Interval == nil || r.Interval.Low > 60 {
						t.Errorf("three voices: %+v", r.Interval)
					}
					if c.Interval == nil || !c.Interval.Contains(0) || *c.P < .05 || c.Verdict != "chance" {
						t.Errorf("three voices now and before: %+v", c)
					}
				case "many":
					if r.Interval.Width() > 60 || c.Verdict != "clear" || !c.Distinguishable {
						t.Errorf("sixty customers: %+v and %+v", r.Interval, c)
					}
				}
			}
			if checked != 4 {
				t.Errorf("%d rows", checked)
			}
		}
		// Beside the rest, and a rest of one voice.
		for channel, want := range map[string]string{"one": "one_customer", "many": "one_customer", "two": "chance"} {
			values := []string{"one", channel}
			if channel == "one" {
				values = []string{"one", "many"}
			}
			a := w.ask(insight.Query{Measure: insight.NPS, By: []string{"channel"}, Between: now, Compare: &insight.Compare{To: "rest"},
				Where: insight.Conditions{{Field: "channel", Values: map[bool][]string{true: {"two", "many"}, false: values}[channel == "two"]}}})
			for _, r := range a.Rows {
				if r.Keys["channel"] == channel && r.Compare.Verdict != want {
					t.Errorf("%s beside the rest: %+v", channel, r.Compare)
				}
			}
		}
		// A mean over answers that all agree is not exact, and a share of one customer none at all.
		mean := w.ask(insight.Query{Measure: insight.Mean, Of: "nps", By: []string{"channel"}, Between: now})
		for _, r := range mean.Rows {
			if r.Keys["channel"] == "one" && r.Interval != nil {
				t.Errorf("the mean of one voice: %+v", r.Interval)
			}
		}
		// Of many answers not all customers are told apart, but those of small groups are.
		w.insight.ManyAre(100)
		a := w.ask(insight.Query{Measure: insight.NPS, By: []string{"channel"}, Between: now})
		for _, r := range a.Rows {
			if r.Keys["channel"] == "one" && r.Interval != nil {
				t.Errorf("one voice among many: %+v", r)
			}
		}
	})
}

// TestIntervalsKeepToTheScale: of few answers that differ most, no interval goes beyond what there can be.
func TestIntervalsKeepToTheScale(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var in []feedback.Input
		for i, channel := range []string{"web", "sms"} {
			for c := range 2 {
				for range 6 {
					stars := by(10*i+c+1, float64(10*c), 1, channel)
					stars.Scores = append(stars.Scores, feedback.Score{Metric: "star", Value: float64(1 + 4*c), Scale: feedback.Scale{Min: 1, Max: 5}},
						feedback.Score{Metric: "csat", Value: float64(1 + 4*c), Scale: feedback.Scale{Min: 1, Max: 5}})
					in = append(in, stars)
				}
			}
		}
		w.receive(w.ws, in...)
		for m, most := range map[insight.Measure][2]float64{insight.NPS: {-100, 100}, insight.Star: {1, 5}, insight.CSAT: {0, 1}, insight.CSATMean: {1, 5}} {
			a := w.ask(insight.Query{Measure: m, By: []string{"channel"}, Compare: &insight.Compare{To: "rest"}})
			for _, r := range a.Rows {
				if r.Interval == nil || r.Interval.Low < most[0] || r.Interval.High > most[1] {
					t.Errorf("%s: %+v", m, r.Interval)
				}
				if d := r.Compare.Interval; d == nil || d.Low < most[0]-most[1] || d.High > most[1]-most[0] {
					t.Errorf("difference of %s: %+v", m, d)
				}
			}
		}
	})
}

// TestUnanimousAnswersPlanNothing: that all agree does not mean that any difference would show.
func TestUnanimousAnswersPlanNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var in []feedback.Input
		for i := range 40 {
			in = append(in, by(0, 10, 2, "web"), by(0, 10, 10, "web"), by(0, []float64{10, 3}[i%2], 2, "sms"), by(0, []float64{10, 3}[i%2], 10, "sms"))
		}
		w.receive(w.ws, in...)
		a := w.ask(insight.Query{Measure: insight.NPS, By: []string{"channel"}, Between: insight.Period{Last: "7d"}, Compare: &insight.Compare{To: "previous"}})
		for _, r := range a.Rows {
			d := r.Compare.Detectable
			if known := r.Keys["channel"] == "sms"; known != (d != nil) || d != nil && *d < 10 {
				t.Errorf("%s: %+v", r.Keys["channel"], r.Compare)
			}
		}
	})
}
