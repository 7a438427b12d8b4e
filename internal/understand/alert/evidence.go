package alert

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"kolo/internal/foundation/fault"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/dist"
)

// Carrier is a group of feedback in which an alert's excess lies: it has grown more than everything together.
type Carrier struct {
	Field    string  `json:"field"`
	Value    string  `json:"value"`
	Observed int64   `json:"observed" doc:"In the period of the alert"`
	Expected float64 `json:"expected" doc:"As it was in the twelve weeks before, for as many days (of a score: answers)"`
	Share    float64 `json:"share" doc:"Of the whole excess"`
	Q        float64 `json:"q" doc:"That it grew no more than everything together; Benjamini-Hochberg over all groups that were looked at"`
	Feedback string  `json:"feedback" doc:"Query string of /v1/feedback for what is behind it; empty where it would say what the reader may not see"`
}

// Evidence is where an alert comes from, and what customers say.
type Evidence struct {
	Before   insight.Period      `json:"before" doc:"What the period of the alert was held against"`
	Carriers []Carrier           `json:"carriers" doc:"The groups that carry the excess, the largest first"`
	Words    []feedback.Feedback `json:"-"`
	Feedback string              `json:"feedback" doc:"Query string of /v1/feedback for what is behind the alert"`
}

const (
	beforeDays   = 84
	mostFields   = 16
	mostCarriers = 12
	mostGroups   = 200 // values of a field; one with more is no segment
	asksAtOnce   = 4
	leastShare   = 0.1 // of the excess, below which a group explains nothing
)

// evidenceFields are the fields by which an alert is taken apart, before the attributes that feedback has.
var evidenceFields = []string{"channel", "kind", "touchpoint", "survey", "source", "language", "theme"}

// Evidence takes an alert apart by all that feedback can be sliced by, and gives the words behind it, the newest first. fields is the
// register of feedback's attributes. Values that the actor may not see are covered (insight.Veil).
func (s *Service) Evidence(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, a Alert, fields []feedback.Field, words int) (Evidence, error) {
	const op = "alert.Evidence"
	e := Evidence{Carriers: []Carrier{}, Before: insight.Period{From: (a.since - beforeDays).String(), To: (a.since - 1).String()}}
	during := a.Between()
	veil, err := s.insight.VeilFor(ctx, ws, actor)
	if err != nil {
		return e, fault.Wrap(op, err)
	}
	e.Feedback = FeedbackFor(a, veil)
	names := slices.DeleteFunc(slices.Clone(evidenceFields), func(f string) bool { return f == a.Subject.Field || f == "theme" && a.Subject.ofTheme() })
	for _, f := range fields {
		if !f.Hidden && f.Field != "answer" && len(names) < mostFields {
			if name := f.Field + "." + f.Key; name != a.Subject.Field {
				names = append(names, name)
			}
		}
	}
	found := make([][]Carrier, len(names))
	pvalues := make([][]float64, len(names))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(asksAtOnce)
	for i, f := range names {
		g.Go(func() (err error) {
			found[i], pvalues[i], err = s.carriers(gctx, ws, a, f, during, e.Before)
			return err
		})
	}
	g.Go(func() error {
		list, err := s.insight.Find(gctx, ws, append(a.Subject.Behind(), insight.Condition{Field: "has_text", Op: "in", Values: []string{"yes"}}), during, "", words)
		e.Words = list.Feedback
		return err
	})
	if err := g.Wait(); err != nil {
		return e, fault.Wrap(op, err)
	}
	all, p := slices.Concat(found...), slices.Concat(pvalues...)
	q, err := stat.BenjaminiHochberg(p)
	if err != nil {
		return e, fault.Wrap(op, err)
	}
	for i, c := range all {
		if c.Q = q[i]; c.Q <= stat.AlertQ && c.Share >= leastShare {
			e.Carriers = append(e.Carriers, c)
		}
	}
	slices.SortStableFunc(e.Carriers, func(x, y Carrier) int { return cmp.Compare(y.Share, x.Share) })
	e.Carriers = e.Carriers[:min(len(e.Carriers), mostCarriers)]
	for i := range e.Carriers {
		c := &e.Carriers[i]
		if shown := veil.Value(c.Field, c.Value); shown != c.Value || e.Feedback == "" { // which it narrows
			c.Value, c.Feedback = shown, ""
		}
	}
	return e, nil
}

// tally is how many there are, and how many of them are what the alert is about.
type tally struct{ n, hits int64 }

// tallies are those of the values of a field, and of everything together.
type tallies struct {
	of  map[string]tally
	all tally
}

// carriers are the groups of one field with more than their share, and the chance of each.
func (s *Service) carriers(ctx context.Context, ws identity.WorkspaceID, a Alert, field string, during, before insight.Period) ([]Carrier, []float64, error) {
	now, truncated, err := s.tally(ctx, ws, a.Subject, field, during)
	if err != nil || truncated || len(now.of) < 2 {
		return nil, nil, err
	}
	then, _, err := s.tally(ctx, ws, a.Subject, field, before)
	if err != nil {
		return nil, nil, err
	}
	days := float64(a.last-a.since+1) / beforeDays
	share := (float64(then.all.hits) + 0.5) / (float64(then.all.n) + 1) // of everything
	expected := func(now, then tally, all float64) (mean, base float64) {
		base = float64(then.hits) + 0.5
		if a.Subject.Measure == Count || a.Subject.ofTheme() {
			return base * days, base
		}
		// A group of which little or nothing was known is held against what was usual for all.
		hits := float64(then.hits) + share
		if then.n < stat.MinimumToShow {
			base = all
		}
		return float64(now.n) * hits / (float64(then.n) + 1), base
	}
	var out []Carrier
	var p []float64
	everything := float64(then.all.hits) + 0.5
	usual, _ := expected(now.all, then.all, everything)
	whole, growth := float64(now.all.hits)-usual, float64(now.all.hits)/usual
	if whole <= 0 {
		return nil, nil, nil
	}
	for _, v := range slices.Sorted(maps.Keys(now.of)) {
		c := Carrier{Field: field, Value: v, Observed: now.of[v].hits}
		mean, base := expected(now.of[v], then.of[v], everything)
		c.Expected = mean
		c.Share = (float64(c.Observed) - c.Expected) / whole
		grown := growth * c.Expected
		y := dist.Counts{Mean: grown, Variance: grown + grown*grown/base}
		c.Feedback = insight.Encode(append(a.Subject.Behind(), Subject{Field: field, Value: v}.place()...), during).Encode()
		out, p = append(out, c), append(p, min(1, y.MidP(float64(c.Observed))))
	}
	return out, p, nil
}

// tally asks how much of a subject there is by the values of a field. Feedback without a value is no group.
func (s *Service) tally(ctx context.Context, ws identity.WorkspaceID, x Subject, field string, p insight.Period) (t tallies, truncated bool, err error) {
	q := insight.Query{Measure: insight.Count, By: []string{field}, Where: x.Behind(), Between: p, Limit: mostGroups}
	switch {
	case x.Measure == Negative && !x.ofTheme():
		q.Measure, q.Where = insight.NegativeShare, x.place()
	case x.Score():
		q.Measure = insight.Share
		q.Share = insight.Conditions{{Field: x.Measure + "_group", Op: "in", Values: []string{badGroup[x.Measure]}}}
		q.Where = append(x.place(), insight.Condition{Field: x.Measure + "_scale", Op: "in", Values: []string{x.Scale}})
	}
	ans, err := s.insight.Ask(ctx, ws, q)
	if err != nil {
		return t, false, err
	}
	t = tallies{of: map[string]tally{}, all: tallyOf(ans.Total)}
	for _, r := range ans.Rows {
		if v := r.Keys[field]; v != "" && r.N > 0 {
			t.of[v] = tallyOf(r)
		}
	}
	return t, ans.Truncated, nil
}

// CourseOf draws the series of an alert, with what followed it for four weeks.
func (s *Service) CourseOf(ctx context.Context, ws identity.WorkspaceID, a Alert) (Course, error) {
	return s.Course(ctx, ws, a.Subject, a.Bucket, a.last+episodeGap)
}

func tallyOf(r insight.Row) tally {
	if r.Parts != nil && r.Parts.Hits != nil {
		return tally{r.N, *r.Parts.Hits}
	}
	return tally{r.N, r.N}
}

// FeedbackOf is the query string of /v1/feedback, and of the page /feedback, for what is behind an alert.
func FeedbackOf(a Alert) string { return insight.Encode(a.Subject.Behind(), a.Between()).Encode() }
