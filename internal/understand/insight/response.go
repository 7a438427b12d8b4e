package insight

import (
	"context"
	"math"
	"slices"
	"strings"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
	"kolo/internal/understand/population"
	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/weight"
)

// NonResponse says what those who were invited and did not answer leave open. Weighting cannot mend it: methods.md 1.5.
type NonResponse struct {
	Survey    string     `json:"survey"`
	From      string     `json:"from" doc:"First day of the invitations that are known"`
	To        string     `json:"to" doc:"Last day"`
	Invited   int64      `json:"invited"`
	Responded int64      `json:"responded" doc:"Answers that came on those days"`
	Rate      stat.Share `json:"rate" doc:"Responded of invited, end to end"`

	Measure Measure  `json:"measure,omitempty"`
	Value   *float64 `json:"value" doc:"The score of those who answered, in points; null where it is none in points or there are too few"`
	Gaps    []Gap    `json:"gaps" doc:"What the score of everybody is if those who did not answer are so many points below"`
	Low     *float64 `json:"low" doc:"If all of them were detractors"`
	High    *float64 `json:"high" doc:"If all of them were promoters"`
	ToZero  *float64 `json:"to_zero,omitempty" doc:"The gap at which the score of everybody is 0"`

	Groups []ResponseGroups `json:"groups" doc:"By each field that is known of everybody invited"`
}

// Gap is one point of the line of sensitivity.
type Gap struct {
	Gap   float64 `json:"gap" doc:"How many points those who did not answer are below those who did"`
	Value float64 `json:"value" doc:"The score of everybody then"`
}

// ResponseGroups tells who answered, by a field that is known of everybody invited.
type ResponseGroups struct {
	Field          string          `json:"field"`
	RIndicator     float64         `json:"r_indicator" doc:"1 less twice the standard deviation of the propensities to respond: 1 is representative"`
	Representative bool            `json:"representative" doc:"At least 0.8"`
	Groups         []ResponseGroup `json:"groups"`
}

// ResponseGroup is one value of the field.
type ResponseGroup struct {
	Value     string     `json:"value"`
	Invited   int64      `json:"invited"`
	Responded int64      `json:"responded"`
	Rate      stat.Share `json:"rate"`
}

// gaps of the line of sensitivity, in points.
var gaps = []float64{0, 10, 20, 40}

// Response tells what is known of a survey's invitations in a period, and what they mean for a score; the first score that the survey
// has answers to when m is "". It is NotFound where no invitations are known.
func (s *Service) Response(ctx context.Context, ws identity.WorkspaceID, survey string, p Period, m Measure) (*NonResponse, error) {
	const op = "insight.Response"
	var known []population.Invited
	if err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		known, err = population.InvitedBy(tx, ws, survey)
		return err
	}); err != nil {
		return nil, fault.Wrap(op, err)
	}
	set, err := s.settings(ctx, ws)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	span, err := p.resolve(s.clock.Now(), set.zone)
	if err != nil {
		return nil, err
	}
	known = slices.DeleteFunc(known, func(v population.Invited) bool {
		from, _ := clock.ParseDay(v.From) // written by ourselves
		to, _ := clock.ParseDay(v.To)
		return v.Survey != survey || survey == "" || span.hasFrom && from < span.from || span.hasTo && to > span.to
	})
	if len(known) == 0 {
		return nil, fault.New(fault.NotFound, op, "no invitations of this survey are known in the period")
	}
	r := &NonResponse{Survey: survey, Measure: m, Gaps: []Gap{}, Groups: []ResponseGroups{}}
	fields := map[string]map[string]int64{}
	for _, v := range known {
		if r.From == "" || v.From < r.From {
			r.From = v.From
		}
		r.To = max(r.To, v.To)
		if v.Field == "" {
			r.Invited += v.Invited
			continue
		}
		if fields[v.Field] == nil {
			fields[v.Field] = map[string]int64{}
		}
		fields[v.Field][strings.ToLower(v.Value)] += v.Invited
	}
	names := make([]string, 0, len(fields))
	for f, values := range fields {
		names = append(names, f)
		sum := int64(0)
		for _, n := range values {
			sum += n
		}
		if !slices.ContainsFunc(known, func(v population.Invited) bool { return v.Field == "" }) {
			r.Invited = max(r.Invited, sum)
		}
	}
	slices.Sort(names)
	q := Query{Measure: Count, Where: Conditions{{Field: "survey", Values: []string{survey}}}, Between: Period{From: r.From, To: r.To}}
	all, err := s.ask(ctx, ws, q)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	r.Responded = all.Total.N
	if r.Rate, err = stat.Proportion(min(r.Responded, r.Invited), r.Invited, stat.DefaultLevel); err != nil {
		return nil, fault.Wrap(op, err)
	}
	if err := s.sensitive(ctx, ws, q, r); err != nil {
		return nil, fault.Wrap(op, err)
	}
	for _, f := range names {
		g, err := s.responded(ctx, ws, q, f, fields[f])
		if err != nil {
			return nil, fault.Wrap(op, err)
		}
		if g != nil {
			r.Groups = append(r.Groups, *g)
		}
	}
	return r, nil
}

// sensitive draws the line of sensitivity of the score.
func (s *Service) sensitive(ctx context.Context, ws identity.WorkspaceID, q Query, r *NonResponse) error {
	q.Measure = r.Measure
	if r.Measure == "" {
		for _, m := range []Measure{NPS, CSAT, CES, Star, Rating} {
			q.Measure = m
			a, err := s.ask(ctx, ws, q)
			if err != nil {
				return err
			}
			if a.Total.N > 0 {
				r.Measure = m
				break
			}
		}
	}
	if r.Measure != NPS || r.Responded > r.Invited {
		return nil
	}
	q.Measure = r.Measure
	a, err := s.ask(ctx, ws, q)
	if err != nil || a.Total.Value == nil || a.Total.Note == "too_few" {
		return err
	}
	rate := float64(a.Total.N) / float64(r.Invited)
	r.Value = a.Total.Value
	line, err := weight.Sensitivity(*r.Value, rate, gaps)
	if err != nil {
		return err
	}
	for i, v := range line {
		r.Gaps = append(r.Gaps, Gap{gaps[i], max(-100, v)})
	}
	low, high, err := weight.Bounds(*r.Value, rate)
	if err != nil {
		return err
	}
	r.Low, r.High = &low, &high
	if zero, err := weight.GapToZero(*r.Value, rate); err == nil && zero > 0 {
		r.ToZero = &zero
	}
	return nil
}

// responded tells who answered by a field that is known of everybody invited; nil where more answered than were invited, so that the
// two do not speak of the same people.
func (s *Service) responded(ctx context.Context, ws identity.WorkspaceID, q Query, field string, invited map[string]int64) (*ResponseGroups, error) {
	q.By, q.Limit = []string{field}, maxGroups
	a, err := s.ask(ctx, ws, q)
	if err != nil {
		return nil, err
	}
	answered := map[string]int64{}
	for _, row := range a.Rows {
		answered[strings.ToLower(row.Keys[field])] += row.N
	}
	if len(invited) < 2 {
		return nil, nil
	}
	g := &ResponseGroups{Field: field, Groups: []ResponseGroup{}}
	values := make([]string, 0, len(invited))
	for v := range invited {
		values = append(values, v)
	}
	slices.Sort(values)
	var groups []weight.Group
	for i, v := range values {
		x := ResponseGroup{Value: v, Invited: invited[v], Responded: answered[v]}
		if x.Responded > x.Invited {
			return nil, nil
		}
		if x.Rate, err = stat.Proportion(x.Responded, x.Invited, stat.DefaultLevel); err != nil {
			return nil, err
		}
		g.Groups = append(g.Groups, x)
		one := make([]float64, len(values)-1) // the first value stands for the intercept
		if i > 0 {
			one[i-1] = 1
		}
		groups = append(groups, weight.Group{X: one, Invited: x.Invited, Responded: x.Responded})
	}
	fit, err := weight.Respond(groups, stat.DefaultLevel)
	if err != nil || math.IsNaN(fit.RIndicator) {
		if err == nil || undefined(err) {
			return nil, nil
		}
		return nil, err
	}
	g.RIndicator, g.Representative = fit.RIndicator, fit.RIndicator >= weight.LowRepresentativity
	return g, nil
}

// surveyOf is the survey that a question is about, and about all of whose answers; "" where there is none.
func (q *Query) surveyOf() string {
	if len(q.Where) == 1 && q.Where[0].Field == "survey" && q.Where[0].Op == "in" && len(q.Where[0].Values) == 1 {
		return q.Where[0].Values[0]
	}
	return ""
}
