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
	"kolo/internal/understand/stat/weight"
)

// Weighting says to what answers were weighted, and what was done on the way.
type Weighting struct {
	Fields       []string `json:"fields" doc:"Fields whose known population was weighted to"`
	Collapsed    []string `json:"collapsed" doc:"Values with fewer than 20 answers, put together with others of their field"`
	Dropped      []string `json:"dropped" doc:"Fields that could not be used: but for one value they had too few answers"`
	Raked        int64    `json:"raked,omitempty" doc:"Answers that the weights were raked on, where the question is of a part of them alone: of one that is chosen by who answered or by what was said. The other figures here are of the part"`
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

	se    float64
	worth stat.Worth
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

// ofChosen tells whether a question is of customers who were chosen one by one. A weight says for how many others an answer stands: theirs
// stand for themselves alone, and no population is known of them. Any other part is weighted: see frame.
func (q *Query) ofChosen() bool {
	chosen := func(c Condition) bool { return c.Field == "contact" && (c.Op == "" || c.Op == "in") }
	return slices.ContainsFunc(q.Where, chosen) || q.Compare != nil && slices.ContainsFunc(q.Compare.Where, chosen)
}

// drawing are the fields that say how answers were asked for. What a condition on them leaves is a sample of the population like any
// other; what is left by one on who answered, or on what was said, is a part of it that is spread otherwise.
var drawing = map[string]bool{"kind": true, "channel": true, "source": true, "touchpoint": true, "survey": true, "survey_version": true, "import": true, "weekday": true}

// frame are the conditions of the answers that weights are raked on; narrowed tells whether the question is of a part of those. The
// margins hold for a whole sample, so that a part keeps the weights that raking the whole gave it: what is estimated is then the score
// of that part of the population. A field that has a margin is one over which the population is known to be spread.
func (a *asked) frame() (where Conditions, narrowed bool) {
	for _, c := range a.Where {
		if drawing[c.Field] && !slices.ContainsFunc(a.facts.margins, func(m population.Margin) bool { return m.Field == c.Field }) {
			where = append(where, c)
		}
	}
	return where, len(where) < len(a.Where)
}

// Weighable tells whether a question can be weighted and the workspace knows a population to weight to.
func (s *Service) Weighable(ctx context.Context, ws identity.WorkspaceID, q Query) (bool, error) {
	if !q.weighable() || q.ofChosen() {
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

// design is how answers are spread over the margins of the known population.
type design struct {
	margins []weight.Margin // Of is filled for each frame
	used    []int           // of all margins, those that have at least two categories
	merged  [][]int         // by margin: of each category, the one that stands for it
	units   [][]int         // categories of each kind of respondent
	of      map[string]int  // units by their categories
}

// kind is a respondent's categories in the margins that are used, after putting together.
func (d *design) kind(categories []int) []int {
	kind := make([]int, len(d.used))
	for j, m := range d.used {
		kind[j] = d.merged[m][categories[m]]
	}
	return kind
}

// unit is the number of a kind of respondent; -1 where there is none such.
func (d *design) unit(kind []int) int {
	if n, ok := d.of[fmt.Sprint(kind)]; ok {
		return n
	}
	return -1
}

// weigh gives rows and total their weighted figures: answers are raked to the margins of the known population, all of the period
// together and, where each category has enough answers, each bucket of time by itself. A question of a part of the answers takes the
// weights that raking all of them gave (see frame).
func (s *Service) weigh(ctx context.Context, a *asked, scale string, rows []Row, total *Row) (*Weighting, error) {
	margins := a.facts.margins
	if len(margins) == 0 {
		return nil, cannotWeigh("no_population", "no population is known to weight to: tell how all customers are spread, in the settings")
	}
	by := make([]field, len(margins))
	names := make([]string, len(margins))
	for i, m := range margins {
		var err error
		if by[i], err = parseField(m.Field); err != nil {
			return nil, err
		}
		names[i] = m.Field
	}
	cells, categories, left, err := s.categorised(ctx, a, slices.Concat(a.by, by), scale)
	if err != nil {
		return nil, err
	}
	if len(cells) == 0 {
		return nil, cannotWeigh("weight_values", "none of the answers has a value that the known population knows (%s)", strings.Join(names, ", "))
	}
	w := &Weighting{Fields: []string{}, Collapsed: []string{}, Dropped: []string{}, LeftOut: left}
	all, ofAll := cells, categories
	if a.overlapping() { // an answer of several choices is in several groups, and counts once in the whole
		if all, ofAll, left, err = s.categorised(ctx, a, by, scale); err != nil {
			return nil, err
		}
		w.LeftOut = left
	}
	frame, of := all, ofAll
	if where, narrowed := a.frame(); narrowed {
		whole, q := *a, *a.Query
		q.Where, whole.Query = where, &q
		if frame, of, _, err = s.categorised(ctx, &whole, by, scale); err != nil {
			return nil, err
		}
		for _, c := range frame {
			w.Raked += c.n
		}
	}
	d, err := newDesign(margins, frame, of, w)
	if err != nil {
		return nil, err
	}
	whole := make([]float64, len(d.units))
	frames := map[int64][]float64{}
	for i, c := range frame {
		u := d.unit(d.kind(of[i]))
		whole[u] += float64(c.n)
		if a.Bucket != "" {
			if frames[c.bucket] == nil {
				frames[c.bucket] = make([]float64, len(d.units))
			}
			frames[c.bucket][u] += float64(c.n)
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
	totals := make([]weight.Sums, len(d.units))
	for u := range totals {
		totals[u].Weight = weights[u]
	}
	for i, c := range all {
		u := d.unit(d.kind(ofAll[i]))
		if u < 0 { // it came after the whole had been counted
			w.LeftOut += c.n
			continue
		}
		sum, square := a.values(c.sums)
		totals[u].N, totals[u].Sum, totals[u].Square = totals[u].N+float64(c.n), totals[u].Sum+sum, totals[u].Square+square
	}
	groups := map[string][]weight.Sums{}
	for i, c := range cells {
		u := d.unit(d.kind(categories[i]))
		if u < 0 {
			continue
		}
		sum, square := a.values(c.sums)
		at := weights
		bucket := ""
		if a.Bucket != "" {
			bucket = a.cal.start(c.bucket).String()
			if own[c.bucket] != nil {
				at = own[c.bucket]
			}
		}
		key := strings.Join(c.keys[:len(a.by)], "\x00") + "\x00" + bucket
		groups[key] = append(groups[key], weight.Sums{N: float64(c.n), Sum: sum, Square: square, Weight: at[u]})
	}
	for i := range rows {
		rows[i].Weighted, _ = a.weighted(groups[keyOf(rows[i].Keys, a.By)+"\x00"+rows[i].Bucket], rows[i])
	}
	var e weight.Estimate
	total.Weighted, e = a.weighted(totals, *total)
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

// categorised gives the cells of a question on a scale, by fields of which the last are those of the margins, whose respondents have a
// category in every margin; their categories, and how many answers have not.
func (s *Service) categorised(ctx context.Context, a *asked, by []field, scale string) (cells []cell, categories [][]int, left int64, err error) {
	fine := *a
	fine.by = by
	counted, err := s.cells(ctx, &fine)
	if err != nil {
		return nil, nil, 0, err
	}
	margins := a.facts.margins
	at := make([]map[string]int, len(margins))
	for m, x := range margins {
		at[m] = map[string]int{}
		for k, p := range x.Parts {
			at[m][strings.ToLower(p.Value)] = k
		}
	}
next:
	for _, c := range counted.cells {
		if a.metric() != "" && c.scale != scale {
			continue
		}
		list := make([]int, len(margins))
		for m := range margins {
			i, ok := at[m][strings.ToLower(c.keys[len(by)-len(margins)+m])]
			if !ok {
				left += c.n
				continue next
			}
			list[m] = i
		}
		cells, categories = append(cells, c), append(categories, list)
	}
	return cells, categories, left, nil
}

// newDesign puts categories with too few answers together, and numbers the kinds of respondents that are left.
func newDesign(margins []population.Margin, cells []cell, categories [][]int, w *Weighting) (*design, error) {
	d := &design{merged: make([][]int, len(margins)), of: map[string]int{}}
	for m, x := range margins {
		counts := make([]float64, len(x.Parts))
		for i, c := range cells {
			counts[categories[i][m]] += float64(c.n)
		}
		groups := collapse(counts)
		if len(groups) < 2 {
			w.Dropped = append(w.Dropped, x.Field)
			continue
		}
		wm := weight.Margin{Name: x.Field}
		d.merged[m] = make([]int, len(x.Parts))
		for g, members := range groups {
			share, names := 0.0, make([]string, len(members))
			for i, k := range members {
				d.merged[m][k] = g
				share += x.Parts[k].Share
				names[i] = x.Parts[k].Value
			}
			label := strings.Join(names, " + ")
			if len(members) > 1 {
				w.Collapsed = append(w.Collapsed, label)
			}
			wm.Targets, wm.Labels = append(wm.Targets, share), append(wm.Labels, label)
		}
		d.margins, d.used = append(d.margins, wm), append(d.used, m)
		w.Fields = append(w.Fields, x.Field)
	}
	if len(d.used) == 0 {
		return nil, cannotWeigh("weight_few", "there are too few answers to weight: at least two values of a field need %d answers each (%s)", weight.ThinCategory, strings.Join(w.Dropped, ", "))
	}
	for _, list := range categories {
		if kind := d.kind(list); d.unit(kind) < 0 {
			d.of[fmt.Sprint(kind)] = len(d.units)
			d.units = append(d.units, kind)
		}
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
	if r.Value == nil || n < stat.MinimumToShow || a.least > 0 && float64(r.heard)-(float64(r.N)-n) < float64(a.least) {
		return nil, weight.Estimate{}
	}
	e, err := weight.MeanOf(units)
	if err != nil || math.IsNaN(e.Mean) {
		return nil, weight.Estimate{}
	}
	f, spread := a.factor(), math.Sqrt(max(1, r.deff))
	out := &Weighted{Value: f * e.Mean, N: int64(n), EffectiveN: e.EffectiveN, se: f * e.SEFixed * spread}
	out.worth = stat.Worth{N: e.EffectiveN / (spread * spread), DF: r.worth.DF}
	if r.alone { // one voice says nothing of others
		out.worth.N = 0
		return out, e
	}
	half := out.worth.Critical(a.Level) * out.se
	i := a.within(stat.Interval{Low: out.Value - half, High: out.Value + half, Level: a.Level, Method: "weighted, linearised"})
	if a.Measure.Unit() == "share" {
		if w, err := stat.ShareWorth(min(1, max(0, e.Mean)), out.worth, a.Level); err == nil {
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
	if se == 0 || r.worth.N == 0 || c.worth.N == 0 {
		return nil
	}
	w := stat.Together(c.worth, r.worth, c.se*c.se, r.se*r.se)
	half := w.Critical(a.Level) * se
	out := &WeightedComparison{Value: c.Value, Difference: d, P: w.TwoSided(d / se), Interval: a.withinDifference(stat.Interval{Low: d - half, High: d + half, Level: a.Level, Method: "weighted, linearised"})}
	out.Distinguishable = !out.Interval.Contains(0) && math.Abs(d) >= least
	return out
}
