package insight

import (
	"context"
	"maps"
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
	From      string     `json:"from" doc:"First day of the invitations that the rate rests on"`
	To        string     `json:"to" doc:"Last day; there may be days between of which none are known"`
	Invited   int64      `json:"invited"`
	Responded int64      `json:"responded" doc:"Answers that belong to them: on the days, and of the values, of which invitations are known"`
	Uncounted int64      `json:"uncounted" doc:"The other answers to the survey in the period: nobody knows out of how many they came, so they count nowhere here"`
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

// stretch is a run of days, both included.
type stretch struct{ from, to clock.Day }

// sending is what is known of a survey's invitations by one field, or of everybody together: of each value, in lower case, how many were
// invited, and on which days.
type sending struct {
	field   string // "" of everybody, whose one value is ""
	invited map[string]int64
	days    map[string][]stretch
}

// sendings sorts records by their field, everybody first.
func sendings(known []population.Invited) []sending {
	var out []sending
	for _, v := range known {
		i := slices.IndexFunc(out, func(x sending) bool { return x.field == v.Field })
		if i < 0 {
			i = len(out)
			out = append(out, sending{v.Field, map[string]int64{}, map[string][]stretch{}})
		}
		from, _ := clock.ParseDay(v.From) // written by ourselves
		to, _ := clock.ParseDay(v.To)
		value := strings.ToLower(v.Value)
		out[i].invited[value] += v.Invited
		out[i].days[value] = append(out[i].days[value], stretch{from, to})
	}
	slices.SortFunc(out, func(x, y sending) int { return strings.Compare(x.field, y.field) })
	return out
}

// all is how many were invited whatever their value.
func (x sending) all() (n int64) {
	for _, k := range x.invited {
		n += k
	}
	return n
}

// period is from the first day to the last.
func (x sending) period() (p stretch) {
	first := true
	for _, list := range x.days {
		for _, s := range list {
			if first {
				p, first = s, false
			}
			p = stretch{min(p.from, s.from), max(p.to, s.to)}
		}
	}
	return p
}

// covers tells whether invitations of those with a value are known of a day.
func (x sending) covers(value string, day clock.Day) bool {
	return slices.ContainsFunc(x.days[value], func(s stretch) bool { return s.from <= day && day <= s.to })
}

// Response tells what is known of a survey's invitations in a period, and what they mean for a score; the first score that the survey
// has answers to when m is "". It is NotFound where no invitations are known. The rate rests on the records of everybody, or, where
// there are none, on those of the field by which most are known.
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
	list := sendings(known)
	whole := list[0]
	for _, x := range list[1:] {
		if whole.field != "" && x.all() > whole.all() {
			whole = x
		}
	}
	days := whole.period()
	r := &NonResponse{Survey: survey, From: days.from.String(), To: days.to.String(), Invited: whole.all(), Measure: m, Gaps: []Gap{}, Groups: []ResponseGroups{}}
	q := Query{Measure: Count, Where: Conditions{{Field: "survey", Values: []string{survey}}}}
	all, _, err := s.answered(ctx, ws, q, whole)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	r.Responded = all.n
	q.Between = p
	asked, err := s.ask(ctx, ws, q)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	r.Uncounted = max(0, asked.Total.N-r.Responded) // a period that begins at noon may have fewer answers than its days
	if r.Rate, err = stat.Proportion(min(r.Responded, r.Invited), r.Invited, stat.DefaultLevel); err != nil {
		return nil, fault.Wrap(op, err)
	}
	if err := s.sensitive(ctx, ws, q, whole, r); err != nil {
		return nil, fault.Wrap(op, err)
	}
	for _, x := range list {
		if len(x.invited) < 2 {
			continue
		}
		_, by, err := s.answered(ctx, ws, q, x)
		if err != nil {
			return nil, fault.Wrap(op, err)
		}
		g, err := x.responded(by)
		if err != nil {
			return nil, fault.Wrap(op, err)
		}
		if g != nil {
			r.Groups = append(r.Groups, *g)
		}
	}
	return r, nil
}

// answered adds up the answers to a question that belong to known invitations, in all and by value of their field.
func (s *Service) answered(ctx context.Context, ws identity.WorkspaceID, q Query, x sending) (all sums, by map[string]sums, err error) {
	days := x.period()
	q.Bucket, q.Between, q.By = "day", Period{From: days.from.String(), To: days.to.String()}, nil
	if x.field != "" {
		q.By = []string{x.field}
	}
	_, cells, _, err := s.byBucket(ctx, ws, &q)
	if err != nil {
		return all, nil, err
	}
	by = map[string]sums{}
	for _, c := range cells {
		value := ""
		if x.field != "" {
			value = strings.ToLower(c.keys[0])
		}
		if x.covers(value, clock.Day(c.bucket)) {
			all, by[value] = all.plus(c.sums), by[value].plus(c.sums)
		}
	}
	return all, by, nil
}

// sensitive draws the line of sensitivity of the score.
func (s *Service) sensitive(ctx context.Context, ws identity.WorkspaceID, q Query, whole sending, r *NonResponse) error {
	if r.Measure != "" && r.Measure != NPS {
		return nil
	}
	var all sums
	for _, m := range []Measure{NPS, CSAT, CES, Star, Rating} {
		var err error
		q.Measure = m
		if all, _, err = s.answered(ctx, ws, q, whole); err != nil {
			return err
		}
		if all.n > 0 || r.Measure != "" {
			r.Measure = m
			break
		}
	}
	show, _ := stat.NPSPublishable(all.n)
	if r.Measure != NPS || r.Responded > r.Invited || !show {
		return nil
	}
	value, err := all.nps().Estimate()
	if err != nil {
		return err
	}
	r.Value = &value
	rate := float64(all.n) / float64(r.Invited)
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
func (x sending) responded(by map[string]sums) (*ResponseGroups, error) {
	g := &ResponseGroups{Field: x.field, Groups: []ResponseGroup{}}
	values := slices.Sorted(maps.Keys(x.invited))
	var groups []weight.Group
	for i, v := range values {
		one := ResponseGroup{Value: v, Invited: x.invited[v], Responded: by[v].n}
		if one.Responded > one.Invited {
			return nil, nil
		}
		var err error
		if one.Rate, err = stat.Proportion(one.Responded, one.Invited, stat.DefaultLevel); err != nil {
			return nil, err
		}
		g.Groups = append(g.Groups, one)
		dummies := make([]float64, len(values)-1) // the first value stands for the intercept
		if i > 0 {
			dummies[i-1] = 1
		}
		groups = append(groups, weight.Group{X: dummies, Invited: one.Invited, Responded: one.Responded})
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
