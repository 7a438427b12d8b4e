package insight_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

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

// TestOnlyAnswersToKnownInvitationsCount: whatever records there are of whatever days and values, a rate counts the answers that one
// of them speaks of, the others are uncounted, and both are all.
func TestOnlyAnswersToKnownInvitationsCount(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		const plan, days = "attribute.plan", 60
		type said struct {
			survey, plan string
			channel      string
			day          string
		}
		rng := rand.New(rand.NewPCG(11, 1))
		day := func(ago int) string { return today.AddDate(0, 0, -ago).Format(time.DateOnly) }
		pick := func(list ...string) string { return list[rng.IntN(len(list))] }
		var answers []said
		var in []feedback.Input
		var records []population.Invited
		for k := range 12 {
			survey := fmt.Sprint("survey ", k)
			for range 80 {
				ago := rng.IntN(days)
				a := said{survey, pick("Basic", "basic", "premium", "gold", ""), pick("web", "sms"), day(ago)}
				x := by(0, float64(rng.IntN(11)), ago, a.channel)
				if x.Survey = survey; a.plan != "" {
					x.Attributes = feedback.Attributes{"plan": a.plan}
				}
				answers, in = append(answers, a), append(in, x)
			}
			for range 1 + rng.IntN(6) {
				to := rng.IntN(days)
				r := population.Invited{Survey: survey, From: day(min(days-1, to+rng.IntN(9))), To: day(to), Invited: int64(100 + rng.IntN(400))}
				switch kind := rng.IntN(3); {
				case kind == 0 && k%2 == 0: // of the odd surveys nothing is known of everybody
				case kind < 2:
					r.Field, r.Value = plan, pick("basic", "Premium", "gold")
				default:
					r.Field, r.Value = "channel", pick("web", "sms")
				}
				if !slices.ContainsFunc(records, func(x population.Invited) bool { x.Invited = r.Invited; return x == r }) {
					records = append(records, r)
				}
			}
		}
		w.receive(w.ws, in...)
		must(t, population.NewService(w.db).AddInvited(t.Context(), w.ws, identity.Program(w.ws, "test"), records))
		some, found := false, 0
		for k := range 12 {
			survey := fmt.Sprint("survey ", k)
			for _, p := range []insight.Period{{}, {Last: "60d"}, {From: day(40), To: day(10)}} {
				first, last := "0000", "9999"
				if p.From != "" {
					first, last = p.From, p.To
				}
				invited := map[string]int64{} // by field
				var known []population.Invited
				for _, r := range records {
					if r.Survey == survey && r.From >= first && r.To <= last {
						known = append(known, r)
						invited[r.Field] += r.Invited
					}
				}
				field := ""
				if invited[""] == 0 {
					if field = plan; invited["channel"] > invited[plan] {
						field = "channel"
					}
				}
				speaks := func(r population.Invited, a said) bool {
					of := map[string]string{"": "", plan: a.plan, "channel": a.channel}[r.Field]
					return r.From <= a.day && a.day <= r.To && strings.EqualFold(r.Value, of)
				}
				var all, counted int64
				groups := map[[2]string]int64{}
				for _, a := range answers {
					if a.survey != survey || a.day < first || a.day > last {
						continue
					}
					all++
					once := map[[2]string]bool{}
					for _, r := range known {
						if speaks(r, a) {
							once[[2]string{r.Field, strings.ToLower(r.Value)}] = true
						}
					}
					for g := range once {
						groups[g]++
						if g[0] == field {
							counted++
						}
					}
				}
				r, err := w.insight.Response(t.Context(), w.ws, survey, p, "")
				if len(known) == 0 {
					if !fault.Is(err, fault.NotFound) {
						t.Errorf("%s %+v: %v where no invitations are known", survey, p, err)
					}
					continue
				}
				must(t, err)
				found++
				if r.Invited != invited[field] || r.Responded != counted || r.Uncounted != all-counted || math.Abs(r.Rate.Value-float64(counted)/float64(r.Invited)) > 1e-12 {
					t.Errorf("%s %+v: %d of %d and %d uncounted, want %d of %d and %d", survey, p, r.Responded, r.Invited, r.Uncounted, counted, invited[field], all-counted)
				}
				some = some || r.Uncounted > 0 && counted > 0
				for _, g := range r.Groups {
					for _, x := range g.Groups {
						if x.Responded != groups[[2]string{g.Field, x.Value}] {
							t.Errorf("%s %+v: %d of %s %s, want %d", survey, p, x.Responded, g.Field, x.Value, groups[[2]string{g.Field, x.Value}])
						}
					}
				}
			}
		}
		if !some || found < 20 {
			t.Errorf("%d rates, some of them of a part of the answers: %v", found, some)
		}
	})
}
