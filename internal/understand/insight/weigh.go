package insight

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"kolo/internal/foundation/fault"
	"kolo/internal/people/identity"
	"kolo/internal/understand/population"
	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/dist"
	"kolo/internal/understand/stat/weight"
)

// Weighting says to what answers were weighted, and what was done on the way.
type Weighting struct {
	Fields       []string `json:"fields" doc:"Fields whose known population was weighted to"`
	Collapsed    []string `json:"collapsed" doc:"Values with fewer than 20 answers, put together with others of their field"`
	Dropped      []string `json:"dropped" doc:"Fields that could not be used: but for one value they had too few answers"`
	LeftOut      int64    `json:"left_out" doc:"Answers left out because a field has no value, or one that the known population lacks"`
	Buckets      int      `json:"buckets,omitempty" doc:"Buckets of time that were weighted by themselves; the others have too few answers and take the weights of the whole period"`
	EffectiveN   float64  `json:"effective_n" doc:"As many unweighted answers would be worth as much"`
	DesignEffect float64  `json:"design_effect" doc:"n over effective_n"`
	Largest      float64  `json:"largest" doc:"The largest weight as a multiple of the mean; weights are trimmed at 5 where the margins allow it"`
}

// Weighted is a figure that stands for the known population, beside the unweighted one.
type Weighted struct {
	Value      float64        `json:"value"`
	N          int64          `json:"n" doc:"Answers that have a weight"`
	EffectiveN float64        `json:"effective_n"`
	Interval   *stat.Interval `json:"interval,omitempty" doc:"Weights are taken as given, which is on the safe side"`

	se float64
}

// WeightedComparison is the difference of two weighted figures.
type WeightedComparison struct {
	Value           float64       `json:"value" doc:"The counterpart's weighted value"`
	Difference      float64       `json:"difference"`
	Interval        stat.Interval `json:"interval"`
	P               float64       `json:"p"`
	Distinguishable bool          `json:"distinguishable"`
}

// weighable tells whether a question can be weighted.
func (q *Query) weighable() bool {
	switch q.Measure {
	case Count, Contacts, Distribution, ThemeSentiment, ThemeNegative:
		return false
	}
	return !slices.ContainsFunc(q.By, func(n string) bool { return themeFields[n] })
}

// ofSome tells whether a question is of a part of the population alone, for which the margins of all do not hold.
func (q *Query) ofSome() bool {
	some := func(c Condition) bool {
		return c.Field == "contact" || strings.HasPrefix(c.Field, "contact.") || strings.HasPrefix(c.Field, "attribute.")
	}
	return slices.ContainsFunc(q.Where, some) || q.Compare != nil && slices.ContainsFunc(q.Compare.Where, some)
}

// Weighable tells whether a question can be weighted and the workspace knows a population to weight to.
func (s *Service) Weighable(ctx context.Context, ws identity.WorkspaceID, q Query) (bool, error) {
	if !q.weighable() || q.ofSome() {
		return false, nil
	}
	q.Weight = true
	f, err := s.facts(ctx, ws, q)
	return len(f.margins) > 0, err
}

// cannotWeigh refuses a question whose answers cannot be weighted.
func cannotWeigh(code, format string, args ...any) error {
	return fault.Bad("insight.weigh", fault.Field{Path: "weight", Code: code, Msg: fmt.Sprintf(format, args...)})
}

// design is how the answers of a question are spread over the margins of the known population.
type design struct {
	margins []weight.Margin // Of is filled for each frame
	units   [][]int         // categories of each kind of respondent
	of      map[string]int  // units by their categories
}

// weigh gives rows and total their weighted figures: answers are raked to the margins of the known population, all of the period
// together and, where each category has enough answers, each bucket of time by itself.
func (s *Service) weigh(ctx context.Context, a *asked, scale string, rows []Row, total *Row) (*Weighting, error) {
	if len(a.facts.margins) == 0 {
		return nil, cannotWeigh("no_population", "no population is known to weight to: tell how all customers are spread, in the settings")
	}
	fine := *a
	fine.by = slices.Clone(a.by)
	for _, m := range a.facts.margins {
		f, err := parseField(m.Field)
		if err != nil {
			return nil, err
		}
		fine.by = append(fine.by, f)
	}
	counted, err := s.cells(ctx, &fine)
	if err != nil {
		return nil, err
	}
	if a.Measure.metric() != "" {
		counted.cells = slices.DeleteFunc(counted.cells, func(c cell) bool { return c.scale != scale })
	}
	w := &Weighting{Fields: []string{}, Collapsed: []string{}, Dropped: []string{}}
	cells, kinds := categorised(a.facts.margins, counted.cells, len(a.by), w)
	d, err := newDesign(a.facts.margins, cells, kinds, w)
	if err != nil {
		return nil, err
	}
	whole := make([]float64, len(d.units))
	frames := map[int64][]float64{}
	for i, c := range cells {
		whole[kinds[i].unit] += float64(c.n)
		if a.Bucket != "" {
			if frames[c.bucket] == nil {
				frames[c.bucket] = make([]float64, len(d.units))
			}
			frames[c.bucket][kinds[i].unit] += float64(c.n)
		}
	}
	weights, err := d.rake(whole)
	if err != nil {
		return nil, cannotWeigh("weight_failed", "the answers cannot be weighted to the known population: %s", told(err))
	}
	own := map[int64][]float64{}
	for bucket, counts := range frames {
		if len(weight.Thin(counts, d.margins)) > 0 {
			continue
		}
		if raked, err := d.rake(counts); err == nil {
			own[bucket] = raked
		}
	}
	w.Buckets = len(own)
	all := make([]weight.Sums, len(d.units))
	groups := map[string][]weight.Sums{}
	for i, c := range cells {
		u := kinds[i].unit
		sum, square := a.values(c.sums)
		at := weights
		bucket := ""
		if a.Bucket != "" {
			bucket = a.cal.start(c.bucket + a.shift).String()
			if own[c.bucket] != nil {
				at = own[c.bucket]
			}
		}
		key := strings.Join(c.keys[:len(a.by)], "\x00") + "\x00" + bucket
		groups[key] = append(groups[key], weight.Sums{N: float64(c.n), Sum: sum, Square: square, Weight: at[u]})
		all[u] = weight.Sums{N: all[u].N + float64(c.n), Sum: all[u].Sum + sum, Square: all[u].Square + square, Weight: weights[u]}
	}
	for i := range rows {
		rows[i].Weighted, _ = a.weighted(groups[keyOf(rows[i].Keys, a.By)+"\x00"+rows[i].Bucket], rows[i])
	}
	var e weight.Estimate
	total.Weighted, e = a.weighted(all, *total)
	w.EffectiveN, w.DesignEffect, w.Largest = e.EffectiveN, e.DesignEffect, e.LargestRatio
	return w, nil
}

// told is the sentence of an error of the statistics.
func told(err error) string {
	if f, ok := err.(*fault.Error); ok {
		return f.Msg
	}
	return err.Error()
}

// kind is the categories of a cell's respondents.
type kind struct {
	categories []int
	unit       int
}

// categorised keeps the cells whose respondents have a category in every margin.
func categorised(margins []population.Margin, all []cell, first int, w *Weighting) ([]cell, []kind) {
	at := make([]map[string]int, len(margins))
	for m, x := range margins {
		at[m] = map[string]int{}
		for k, p := range x.Parts {
			at[m][strings.ToLower(p.Value)] = k
		}
	}
	var cells []cell
	var kinds []kind
next:
	for _, c := range all {
		k := kind{categories: make([]int, len(margins))}
		for m := range margins {
			i, ok := at[m][strings.ToLower(c.keys[first+m])]
			if !ok {
				w.LeftOut += c.n
				continue next
			}
			k.categories[m] = i
		}
		cells, kinds = append(cells, c), append(kinds, k)
	}
	return cells, kinds
}

// newDesign puts categories with too few answers together, and numbers the kinds of respondents that are left.
func newDesign(margins []population.Margin, cells []cell, kinds []kind, w *Weighting) (*design, error) {
	d := &design{of: map[string]int{}}
	var used []int
	merged := make([][]int, len(margins)) // of each category, the one that stands for it
	for m, x := range margins {
		counts := make([]float64, len(x.Parts))
		for i, c := range cells {
			counts[kinds[i].categories[m]] += float64(c.n)
		}
		groups := collapse(counts)
		if len(groups) < 2 {
			w.Dropped = append(w.Dropped, x.Field)
			continue
		}
		wm := weight.Margin{Name: x.Field}
		merged[m] = make([]int, len(x.Parts))
		for g, members := range groups {
			share, names := 0.0, make([]string, len(members))
			for i, k := range members {
				merged[m][k] = g
				share += x.Parts[k].Share
				names[i] = x.Parts[k].Value
			}
			label := strings.Join(names, " + ")
			if len(members) > 1 {
				w.Collapsed = append(w.Collapsed, label)
			}
			wm.Targets, wm.Labels = append(wm.Targets, share), append(wm.Labels, label)
		}
		d.margins, used = append(d.margins, wm), append(used, m)
		w.Fields = append(w.Fields, x.Field)
	}
	if len(used) == 0 {
		if w.LeftOut > 0 && len(cells) == 0 {
			return nil, cannotWeigh("weight_values", "none of the answers has a value that the known population knows (%s)", strings.Join(w.Dropped, ", "))
		}
		return nil, cannotWeigh("weight_few", "there are too few answers to weight: at least two values of a field need %d answers each (%s)", weight.ThinCategory, strings.Join(w.Dropped, ", "))
	}
	for i := range kinds {
		unit := make([]int, len(used))
		for j, m := range used {
			unit[j] = merged[m][kinds[i].categories[m]]
		}
		key := fmt.Sprint(unit)
		n, ok := d.of[key]
		if !ok {
			n = len(d.units)
			d.of[key], d.units = n, append(d.units, unit)
		}
		kinds[i].unit = n
	}
	for j := range d.margins {
		for _, u := range d.units {
			d.margins[j].Of = append(d.margins[j].Of, u[j])
		}
	}
	return d, nil
}

// collapse puts the smallest category and the next smallest together until each has enough answers.
func collapse(counts []float64) [][]int {
	type group struct {
		n       float64
		members []int
	}
	groups := make([]group, len(counts))
	for k, n := range counts {
		groups[k] = group{n, []int{k}}
	}
	for len(groups) > 1 {
		slices.SortStableFunc(groups, func(x, y group) int { return cmp.Compare(x.n, y.n) })
		if groups[0].n >= weight.ThinCategory {
			break
		}
		groups[1] = group{groups[0].n + groups[1].n, append(groups[1].members, groups[0].members...)}
		groups = groups[1:]
	}
	out := make([][]int, len(groups))
	for i, g := range groups {
		slices.Sort(g.members)
		out[i] = g.members
	}
	slices.SortFunc(out, func(x, y []int) int { return cmp.Compare(x[0], y[0]) })
	return out
}

// rake gives each unit the weight of one of its respondents, 1 in the mean.
func (d *design) rake(counts []float64) ([]float64, error) {
	n := 0.0
	for _, c := range counts {
		n += c
	}
	margins := make([]weight.Margin, len(d.margins))
	for i, m := range d.margins {
		margins[i] = m
		margins[i].Targets = make([]float64, len(m.Targets))
		for k, share := range m.Targets {
			margins[i].Targets[k] = share * n
		}
	}
	r, err := weight.RakeTrimmed(counts, nil, margins, weight.TrimMultiple)
	return r.Weights, err
}

// weighted is the figure of a row's units; nil where it is not to be shown.
func (a *asked) weighted(units []weight.Sums, r Row) (*Weighted, weight.Estimate) {
	n := 0.0
	for _, u := range units {
		n += u.N
	}
	if r.Value == nil || n < stat.MinimumToShow {
		return nil, weight.Estimate{}
	}
	e, err := weight.MeanOf(units)
	if err != nil || math.IsNaN(e.Mean) {
		return nil, weight.Estimate{}
	}
	f, spread := a.factor(), math.Sqrt(max(1, r.deff))
	out := &Weighted{Value: f * e.Mean, N: int64(n), EffectiveN: e.EffectiveN, se: f * e.SEFixed * spread}
	half := stat.Critical(a.Level) * out.se
	i := stat.Interval{Low: out.Value - half, High: out.Value + half, Level: a.Level, Method: "weighted, linearised"}
	switch a.Measure.Unit() {
	case "points":
		i.Low, i.High = max(-100, i.Low), min(100, i.High)
	case "share":
		if w, err := stat.WilsonEffective(min(1, max(0, e.Mean)), e.EffectiveN/(spread*spread), a.Level); err == nil {
			i = w
		}
	}
	out.Interval = &i
	return out, e
}

// weightedDifference compares two weighted figures as independent ones.
func (a *asked) weightedDifference(r, c *Weighted, least float64) *WeightedComparison {
	if r == nil || c == nil {
		return nil
	}
	d := r.Value - c.Value
	se := math.Hypot(r.se, c.se)
	if se == 0 {
		return nil
	}
	half := stat.Critical(a.Level) * se
	out := &WeightedComparison{Value: c.Value, Difference: d, P: dist.NormTwoSided(d / se), Interval: stat.Interval{Low: d - half, High: d + half, Level: a.Level, Method: "weighted, linearised"}}
	out.Distinguishable = !out.Interval.Contains(0) && math.Abs(d) >= least
	return out
}
