package insight_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"kolo/internal/foundation/fault"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/population"
)

// number is a telephone number that fields without a name of their own hold.
const number = 521234567.0

// TestMeansOfFewAreKept: before those who may not know who customers are, the mean of what may be somebody's number rests on ten voices,
// or is not told in any shape. That of a score is told as ever.
func TestMeansOfFewAreKept(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		viewer := identity.Actor{Workspace: w.ws, Member: "v", Role: identity.Viewer}
		owner := identity.Actor{Workspace: w.ws, Member: "o", Role: identity.Owner}
		give := func(customer, daysAgo int, channel string, value float64) feedback.Input {
			x := by(customer, 9, daysAgo, channel)
			x.Attributes = feedback.Attributes{"note": fmt.Sprintf("%.0f", value), "tier": []string{"a", "b"}[customer%2]}
			x.Contact.Attributes = feedback.Attributes{"kontakt": fmt.Sprintf("%.0f", value)}
			x.Answers = []feedback.Answer{{Question: "q", Value: value}}
			return x
		}
		in := []feedback.Input{give(1, 1, "sms", number)}
		for range 12 { // one customer, many answers
			in = append(in, give(2, 1, "email", number))
		}
		for c := range 40 {
			in = append(in, give(100+c, 1+40*(c%2), "web", 100+float64(c)))
		}
		w.receive(w.ws, in...)
		must(t, population.NewService(w.db).SaveMargins(t.Context(), w.ws, owner, []population.Margin{{Field: "attribute.tier", Parts: []population.Part{{Value: "a", Share: 0.5}, {Value: "b", Share: 0.5}}}}))
		kept := func(name string, r insight.Row) {
			t.Helper()
			if r.Value != nil || r.Interval != nil || r.Parts != nil || r.DesignEffect != nil || r.Weighted != nil || r.Note != "too_few" || r.N == 0 {
				t.Errorf("%s: %+v", name, r)
			}
		}
		ask := func(actor identity.Actor, q insight.Query) *insight.Answer {
			t.Helper()
			a, err := w.insight.AskFor(t.Context(), w.ws, actor, q)
			must(t, err)
			return a
		}
		where := func(channel string) insight.Conditions {
			return insight.Conditions{{Field: "channel", Op: "in", Values: []string{channel}}}
		}
		for _, of := range []string{"attribute.note", "contact.kontakt", "answer.q"} {
			for _, channel := range []string{"sms", "email"} {
				q := insight.Query{Measure: insight.Mean, Of: of, Where: where(channel)}
				a := ask(viewer, q)
				kept(of+" "+channel, a.Total)
				kept(of+" "+channel, a.Rows[0])
				if a := ask(owner, q); a.Total.Value == nil || *a.Total.Value != number {
					t.Errorf("%s %s: the owner sees %+v", of, channel, a.Total)
				}
				q.Bucket = "day"
				kept(of+" by day", ask(viewer, q).Rows[0])
				other := ask(viewer, insight.Query{Measure: insight.Mean, Of: of, Where: where("web"), Compare: &insight.Compare{Where: where(channel)}})
				if c := other.Total.Compare; other.Total.Value == nil || c == nil || c.Value != nil || c.Difference != nil || c.Interval != nil || c.N == 0 {
					t.Errorf("%s beside %s: %+v", of, channel, c)
				}
			}
			a := ask(viewer, insight.Query{Measure: insight.Mean, Of: of, By: []string{"channel"}, Order: "value", Weight: true, Compare: &insight.Compare{To: "rest"}})
			for _, r := range a.Rows {
				if r.Keys["channel"] != "web" {
					kept(of+" by "+r.Keys["channel"], r)
					continue
				}
				if r.Value == nil || math.Abs(*r.Value-119.5) > 1e-9 || r.Weighted == nil {
					t.Errorf("%s: web %+v", of, r)
				}
				if r.Compare == nil || r.Compare.Value != nil || r.Compare.Difference != nil || r.Compare.Weighted != nil {
					t.Errorf("%s: web beside the rest, who are two %+v", of, r.Compare)
				}
			}
			if a.Rows[0].Keys["channel"] != "web" {
				t.Errorf("%s: what is kept tells its place among the others: %+v", of, a.Rows)
			}
			before := ask(viewer, insight.Query{Measure: insight.Mean, Of: of, Where: where("web"), Between: insight.Period{Last: "7d"}, Compare: &insight.Compare{To: "year"}})
			if before.Total.Compare.Value != nil {
				t.Errorf("%s: a year before nothing was said: %+v", of, before.Total.Compare)
			}
		}
		if a := ask(viewer, insight.Query{Measure: insight.Mean, Of: "nps", Where: where("sms")}); a.Total.Value == nil {
			t.Errorf("a score is no number of anybody: %+v", a.Total)
		}
	})
}

// TestWordingsAreCovered: what was asked may name who was asked; its wording is covered in groups, left out of facets, and not asked for by
// pieces.
func TestWordingsAreCovered(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		viewer := identity.Actor{Workspace: w.ws, Member: "v", Role: identity.Viewer}
		named := by(1, 9, 1, "web")
		named.Scores[0].Question = "Ana (052-123-4567), would you recommend us?"
		plain := by(2, 3, 1, "web")
		plain.Scores[0].Question = "Would you recommend us?"
		w.receive(w.ws, named, plain)
		a, err := w.insight.AskFor(t.Context(), w.ws, viewer, insight.Query{Measure: insight.Count, By: []string{"nps_question"}})
		must(t, err)
		for _, r := range a.Rows {
			if strings.Contains(r.Keys["nps_question"], "4567") || strings.Contains(r.Keys["nps_question"], "[phone]") != (r.Feedback == nil) {
				t.Errorf("a group by wording: %+v", r)
			}
		}
		facets, err := w.insight.Facets(t.Context(), w.ws, viewer, nil, insight.Period{}, []string{"nps_question"}, 5)
		must(t, err)
		if got := facets[0].Values; len(got) != 1 || got[0].Value != "Would you recommend us?" {
			t.Errorf("facets of wordings: %+v", got)
		}
		for _, m := range []string{"nps", "csat", "ces", "star", "rating"} {
			for _, c := range []insight.Condition{{Field: m + "_question", Op: "contains", Values: []string{"052-123-45"}}, {Field: m + "_question", Op: "in", Values: []string{named.Scores[0].Question}}} {
				if err := w.insight.MayAsk(t.Context(), w.ws, viewer, insight.Conditions{c}); !fault.Is(err, fault.Denied) {
					t.Errorf("%+v: %v", c, err)
				}
			}
		}
		must(t, w.insight.MayAsk(t.Context(), w.ws, viewer, insight.Conditions{{Field: "nps_question", Op: "in", Values: []string{"Would you recommend us?"}}}))
	})
}
