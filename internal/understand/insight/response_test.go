package insight_test

import (
	"math"
	"testing"

	"kolo/internal/foundation/fault"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/population"
)

// TestWhatNonResponseLeavesOpen: 100 of 400 answered, the premium customers three times as often.
func TestWhatNonResponseLeavesOpen(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var in []feedback.Input
		for i := range 100 {
			x := on([]string{"basic", "premium", "premium", "premium"}[i%4], []float64{10, 10, 8, 0}[(i/4)%4], 3)
			x.Survey = "relationship"
			in = append(in, x, on("basic", 0, 3)) // and what has nothing to do with it
		}
		w.receive(w.ws, in...)
		other := w.workspace("Other")
		s := population.NewService(w.db)
		day := today.AddDate(0, 0, -5).Format("2006-01-02")
		last := today.AddDate(0, 0, -1).Format("2006-01-02")
		must(t, s.AddInvited(t.Context(), w.ws, identity.Program(w.ws, "test"), []population.Invited{{Survey: "relationship", From: day, To: last, Invited: 400},
			{Survey: "relationship", From: day, To: last, Field: "attribute.plan", Value: "Basic", Invited: 200}, {Survey: "relationship", From: day, To: last, Field: "attribute.plan", Value: "premium", Invited: 200}}))
		q := insight.Query{Measure: insight.NPS, Where: insight.Conditions{{Field: "survey", Values: []string{"relationship"}}}, Between: insight.Period{Last: "30d"}}
		r := w.ask(q).NonResponse
		if r == nil {
			t.Fatal("nothing is told of who did not answer")
		}
		nps := *w.ask(q).Total.Value
		if r.Invited != 400 || r.Responded != 100 || r.Rate.Value != .25 || r.Rate.Interval.Low >= .25 || *r.Value != nps {
			t.Errorf("%+v", r)
		}
		for i, g := range []float64{0, 10, 20, 40} {
			if r.Gaps[i].Gap != g || math.Abs(r.Gaps[i].Value-(nps-.75*g)) > 1e-9 {
				t.Errorf("%+v", r.Gaps)
			}
		}
		if math.Abs(*r.Low-(nps*.25-75)) > 1e-9 || math.Abs(*r.High-(nps*.25+75)) > 1e-9 || math.Abs(*r.ToZero-nps/.75) > 1e-9 {
			t.Errorf("%v to %v, 0 at a gap of %v", *r.Low, *r.High, *r.ToZero)
		}
		// Propensities .125 and .375, half of the invited each: sd .125 (divisor n-1)
		if len(r.Groups) != 1 || math.Abs(r.Groups[0].RIndicator-(1-2*.125*math.Sqrt(400.0/399))) > 1e-6 || r.Groups[0].Representative || r.Groups[0].Groups[1].Responded != 75 {
			t.Errorf("%+v", r.Groups)
		}
		q.Where = append(q.Where, insight.Condition{Field: "attribute.plan", Values: []string{"basic"}})
		if a := w.ask(q); a.NonResponse != nil {
			t.Errorf("the invited of all plans say nothing of one: %+v", a.NonResponse)
		}
		for ws, p := range map[identity.WorkspaceID]insight.Period{other: {}, w.ws: {Last: "2d"}} {
			if _, err := w.insight.Response(t.Context(), ws, "relationship", p, ""); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s %+v: %v", ws, p, err)
			}
		}
	})
}
