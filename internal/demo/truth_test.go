package demo

import (
	"math"
	"testing"

	"kolo/internal/listen/feedback"
)

// about is what a text speaks of first.
func (s *sample) about(in *feedback.Input) string {
	if said := s.labels[in.ExternalID].Themes; len(said) > 0 {
		return said[0].Theme
	}
	return ""
}

func unasked(in *feedback.Input) bool {
	return in.Kind == feedback.Review || in.Kind == feedback.Mention || in.Kind == feedback.Complaint || in.Kind == feedback.Message
}

// ratio of two counts over their exposures, held against what was planted within four standard errors of its logarithm.
func ratio(t *testing.T, what string, a, exposedA, b, exposedB, want float64) {
	t.Helper()
	if a < 5 || b < 5 {
		t.Errorf("%s: %g and %g are too few", what, a, b)
		return
	}
	got, se := math.Log(a/exposedA/(b/exposedB)), math.Sqrt(1/a+1/b)
	if math.Abs(got-math.Log(want)) > 4*se {
		t.Errorf("%s: ratio %.2f, planted %.2f, se of its log %.2f", what, math.Exp(got), want, se)
	}
}

// The rates of what comes unasked, counted from feedback and labels alone: of the exposed beside the others, in the
// weeks of a cause beside the weeks before.
func TestRootCausesAreRecovered(t *testing.T) {
	t.Parallel()
	s := big()
	for _, tc := range []struct {
		cause, theme         string
		from, to             int // weeks, exclusive end
		want                 float64
		exposed, comparision func(*feedback.Input) bool
	}{
		{"double charge", "billing_error", 31, 45, 5, attribute("payment", "direct_debit"), attribute("payment", "card", "transfer")},
		{"double charge, fixed", "billing_error", 45, 104, 1, attribute("payment", "direct_debit"), attribute("payment", "card", "transfer")},
		{"missed slot", "technician_visit", 18, 34, 4, attribute("plan", "premium"), attribute("plan", "basic", "plus")},
		{"congestion, South", "coverage", 40, 74, 3.5, attribute("region", "South"), attribute("region", "Center", "North", "Haifa", "London", "Berlin")},
		{"congestion, South, fixed", "coverage", 74, 104, 1.4, attribute("region", "South"), attribute("region", "Center", "North", "Haifa", "London", "Berlin")},
		{"congestion, control", "coverage", 74, 104, 3.5, attribute("region", "Jerusalem", "Almaty"), attribute("region", "Center", "North", "Haifa", "London", "Berlin")},
		{"roaming terms", "contract_terms", 76, 104, 3.1, attribute("plan", "basic"), attribute("plan", "plus", "premium")},
		{"no cause at all", "price", 31, 45, 1, attribute("payment", "direct_debit"), attribute("payment", "card", "transfer")},
		{"no cause at all", "refund", 52, 104, 1, attribute("plan", "basic"), attribute("plan", "plus", "premium")},
	} {
		// theme among exposed and compared, everything else that they said as the measure of how much they say
		var theme, other [2]float64
		for i := range s.inputs {
			in := &s.inputs[i]
			if w := s.week(in); !unasked(in) || w < tc.from || w >= tc.to {
				continue
			}
			side := 0
			if tc.comparision(in) {
				side = 1
			} else if !tc.exposed(in) {
				continue
			}
			switch about := s.about(in); about {
			case tc.theme:
				theme[side]++
			case "price", "refund", "features", "defect", "staff_attitude", "praise", "app":
				other[side]++
			}
		}
		ratio(t, tc.cause, theme[0], other[0], theme[1], other[1], tc.want)
	}
}

func attribute(key string, values ...string) func(*feedback.Input) bool {
	return func(in *feedback.Input) bool {
		for _, v := range values {
			if in.Attributes[key] == v {
				return true
			}
		}
		return false
	}
}

// Complaints about Swift a thousand deliveries of Swift in the North, from events and feedback.
func TestTheCourierAndItsFix(t *testing.T) {
	t.Parallel()
	s := big()
	phase := func(week int) int {
		switch {
		case week < 52:
			return 0
		case week < 70:
			return 1
		}
		return 2
	}
	var said, late, delivered [3]float64
	for i := range s.inputs {
		if in := &s.inputs[i]; unasked(in) && s.about(in) == "delivery" && in.Attributes["courier"] == "Swift" && in.Attributes["region"] == "North" {
			said[phase(s.week(in))]++
		}
	}
	_ = s.c.Events(func(e Event) error {
		if e.Event == "delivery" && e.Properties["courier"] == "Swift" && e.Properties["region"] == "North" {
			p := phase(int(e.Timestamp.Sub(s.c.Start()).Hours() / 168))
			delivered[p]++
			if e.Properties["late"] == true {
				late[p]++
			}
		}
		return nil
	})
	ratio(t, "complaints, with the cause", said[1], delivered[1], said[0], delivered[0], 6)
	ratio(t, "complaints, with the fix", said[2], delivered[2], said[1], delivered[1], .25)
	ratio(t, "late deliveries, with the cause", late[1], delivered[1], late[0], delivered[0], 6)
	ratio(t, "late deliveries, with the fix", late[2], delivered[2], late[1], delivered[1], .25)
}

// Every count of the truth agrees with its expectation.
func TestRealisedIsNearExpected(t *testing.T) {
	t.Parallel()
	truth := big().truth
	if len(truth.RootCauses) < 8 || len(truth.Fixes) < 8 || len(truth.Bursts) != 2 {
		t.Fatalf("%d root causes, %d fixes, %d bursts", len(truth.RootCauses), len(truth.Fixes), len(truth.Bursts))
	}
	open, nothing, partly := 0, 0, 0
	for _, c := range append(truth.RootCauses, truth.Bursts...) {
		if c.Open {
			open++
		}
		if c.Texts < 20 || len(c.Touched) == 0 {
			t.Errorf("%s: %d texts in %v", c.ID, c.Texts, c.Touched)
		}
		check := func(what string, n Count) {
			near(t, c.ID+" "+what, float64(n.Theme), n.Expected, 4.2*math.Sqrt(n.Expected+1))
		}
		for _, p := range c.Phases {
			check("in surveys from "+p.From, p.Surveys)
			check("unasked from "+p.From, p.Unsolicited)
			if p.Control != nil {
				check("in surveys of the control from "+p.From, p.Control.Surveys)
				check("unasked of the control from "+p.From, p.Control.Unsolicited)
			}
			if p.Outside != nil {
				check("in surveys of the others from "+p.From, *p.Outside)
			}
			if p.Factor > 1 && !p.Ramp && c.ID != "rc-january-queue" && p.Unsolicited.Texts > 0 {
				near(t, c.ID+" factor", p.Unsolicited.Factor, p.Factor, .1)
			}
		}
		for _, e := range c.Scores {
			near(t, c.ID+" "+e.Metric, e.Realised, e.Expected, 4.2*100/math.Sqrt(float64(e.Answers)))
			if (e.Effect < 0) != (c.Sentiment == "negative") {
				t.Errorf("%s: %s moves by %g", c.ID, e.Metric, e.Effect)
			}
		}
	}
	for _, f := range truth.Fixes {
		if f.Ratio == 1 {
			nothing++
		}
		if f.Control != "" {
			partly++
		}
	}
	if open < 2 || nothing != 1 || partly != 1 {
		t.Errorf("%d open causes, %d fixes without effect, %d with a control", open, nothing, partly)
	}
}

func TestSegmentsDifferAsPlanted(t *testing.T) {
	t.Parallel()
	planted, nothing := 0, 0
	for _, p := range big().truth.Segments {
		near(t, p.Attribute+" "+p.A+" and "+p.B, p.Realised, p.Expected, 4*p.SE)
		if p.Planted {
			planted++
			if math.Abs(p.Effect) < 3 || p.Effect*p.Expected < 0 {
				t.Errorf("%+v", p)
			}
			continue
		}
		nothing++
		if p.Effect != 0 {
			t.Errorf("%+v", p)
		}
	}
	if planted < 3 || nothing < 2 {
		t.Errorf("%d differences, %d nothings", planted, nothing)
	}
}

// Differences between segments where none was planted are as large as chance makes them, over many companies.
func TestNothingStaysNothing(t *testing.T) {
	t.Parallel()
	sum, square, n := 0., 0., 0.
	for seed := range uint64(24) {
		truth := New(Options{Seed: 100 + seed, Feedback: 4000}).Truth()
		for _, p := range truth.Segments {
			if !p.Planted {
				z := p.Realised / p.SE
				sum, square, n = sum+z, square+z*z, n+1
			}
		}
	}
	near(t, "mean z of nothing", sum/n, 0, 4/math.Sqrt(n))
	near(t, "spread of z of nothing", math.Sqrt(square/n), 1, .45)

	// and themes that nothing happened to keep their share of what is said beside them
	s := big()
	constant := map[string]bool{}
	for _, theme := range s.truth.Themes {
		constant[theme.Theme] = theme.Constant
	}
	var counts [4]map[string]float64
	var totals [4]float64
	for q := range counts {
		counts[q] = map[string]float64{}
	}
	for i := range s.inputs {
		in := &s.inputs[i]
		if about := s.about(in); constant[about] && in.Kind == feedback.Complaint {
			q := s.week(in) / 26
			counts[q][about]++
			totals[q]++
		}
	}
	for theme, is := range constant {
		all := counts[0][theme] + counts[1][theme] + counts[2][theme] + counts[3][theme]
		if !is || all < 40 {
			continue
		}
		chi := 0.
		for q := range counts {
			want := all * totals[q] / (totals[0] + totals[1] + totals[2] + totals[3])
			chi += (counts[q][theme] - want) * (counts[q][theme] - want) / want
		}
		if chi > 18 { // three degrees of freedom: one in two thousand
			t.Errorf("%s: chi-square %.1f over half-years", theme, chi)
		}
	}
}

func TestDriversWeighAsPlanted(t *testing.T) {
	t.Parallel()
	s := big()
	// Mean of the score by rating, within the same ratings of nothing else: a plain slope overstates by the halo, so that
	// the order is what can be told by simple arithmetic.
	slope := func(question string) float64 {
		var n, sx, sy, sxx, sxy float64
		for i := range s.inputs {
			in := &s.inputs[i]
			for _, a := range in.Answers {
				if a.Question == question {
					x, y := a.Value.(float64), in.Scores[0].Value
					n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
				}
			}
		}
		return (n*sxy - sx*sy) / (n*sxx - sx*sx)
	}
	last := math.Inf(1)
	for _, d := range drivers {
		b := slope(d.question)
		if b > last+.05 {
			t.Errorf("%s: slope %.2f after %.2f", d.question, b, last)
		}
		last = b
	}
	for _, d := range s.truth.Drivers {
		if (d.Weight > 0) != (d.Points > 0) || (d.Weight < 0) != (d.Points < 0) {
			t.Errorf("%+v", d)
		}
	}
	var good, n [2]float64
	for i := range s.inputs {
		if in := &s.inputs[i]; in.Survey == "support call" {
			side := 0
			if in.Attributes["agent_team"] == "Delta" {
				side = 1
			}
			n[side]++
			if in.Scores[0].Value >= 4 {
				good[side]++
			}
		}
	}
	planted := s.truth.Drivers[len(s.truth.Drivers)-1].Points / 100
	near(t, "team Delta", good[1]/n[1]-good[0]/n[0], planted, 4*.48*math.Sqrt(1/n[0]+1/n[1]))
}

func TestCustomersLeaveForTheirReasons(t *testing.T) {
	t.Parallel()
	s := big()
	left := 0
	for _, r := range s.truth.Churn.Reasons {
		left += r.Because
		near(t, "hazard of "+r.Reason, math.Log(r.Realised/r.Factor), 0, 4/math.Sqrt(float64(r.Leavers))+.05)
		if r.Because < 50 {
			t.Errorf("%d left because of %s", r.Because, r.Reason)
		}
	}
	if left != s.truth.Churn.Left {
		t.Errorf("%d left for a reason, %d left", left, s.truth.Churn.Left)
	}
	// Told from the outside: after a complaint that stayed unsolved people leave more often than after one that was solved.
	fates := map[string]Fate{}
	_ = s.c.Fates(func(f Fate) error { fates[f.ExternalID] = f; return nil })
	var gone, n [2]float64
	planned := 0
	for i := range s.inputs {
		in := &s.inputs[i]
		if in.Kind != feedback.Complaint || s.week(in) > 95 {
			continue
		}
		f := fates[in.Contact.ExternalID]
		if f.Complained == in.Time.Format("2006-01-02") {
			planned++
		}
		side := 0
		if in.Attributes["resolved"] == "false" {
			side = 1
		}
		n[side]++
		if end := in.Time.AddDate(0, 0, 57).Format("2006-01-02"); f.Left != "" && f.Left > in.Time.Format("2006-01-02") && f.Left <= end {
			gone[side]++
		}
	}
	if planned < 1000 {
		t.Errorf("%d complaints that matter were made", planned)
	}
	if gone[1]/n[1] < 3*gone[0]/n[0] {
		t.Errorf("%.0f of %.0f left after an unsolved complaint, %.0f of %.0f after a solved one", gone[1], n[1], gone[0], n[0])
	}
}
