package insight

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
	"kolo/internal/understand/population"
	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/dist"
)

// What a detectable difference is planned with.
const (
	power = 0.8
	alpha = 0.05
)

// facts reads what the workspace told of itself, as far as the question calls for it.
func (s *Service) facts(ctx context.Context, ws identity.WorkspaceID, q Query) (f facts, err error) {
	if q.Compare == nil && !q.Weight {
		return facts{Settings: population.Usual}, nil
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		if f.Settings, err = population.SettingsOf(tx, ws); err != nil || !q.Weight {
			return err
		}
		f.margins, err = population.Margins(tx, ws)
		return err
	})
	return f, err
}

// Better tells which way a measure should go: 1 up, -1 down, 0 where neither is better in itself.
func (m Measure) Better() int {
	switch m {
	case NPS, CSAT, CES, Star, CSATMean, CESMean, NetSentiment, SentimentMean, ThemeSentiment:
		return 1
	case NegativeShare, ThemeNegative:
		return -1
	}
	return 0
}

// BetterOn is Better on a scale, as answers name it, the best end last: the mean of one whose best end is its lowest number should go down.
func (m Measure) BetterOn(scale string) int {
	switch m {
	case Star, Rating, CSATMean, CESMean:
		low, high, _ := strings.Cut(scale, "..")
		from, err1 := strconv.ParseFloat(low, 64)
		to, err2 := strconv.ParseFloat(high, 64)
		if err1 == nil && err2 == nil && from > to {
			return -1
		}
	}
	return m.Better()
}

// compare sets each row and the total beside their counterparts.
func (s *Service) compare(ctx context.Context, a *asked, scale string, rows []Row, total *Row, around []cell) error {
	if a.Compare.To == "rest" {
		a.compareRest(rows, around)
		return nil
	}
	other, q := *a, *a.Query
	other.Query = &q
	q.Compare, q.Scale, other.scale = nil, scale, ""
	var shift int64
	if a.Compare.To != "" {
		var err error
		if other.span, err = a.span.before(a.Compare.To); err != nil {
			return err
		}
		// The last buckets of both periods belong together: of the same length, they need not begin alike in months of different lengths.
		shift = a.cal.of(a.span.to) - a.cal.of(other.span.to)
		other.shift = shift
		a.overlap = other.span.to >= a.span.from
	} else {
		q.Where = append(slices.Clone(a.Where), a.Compare.Where...)
		for _, c := range a.Compare.Where { // a condition on the same field takes the place of the first, and so does its opposite
			q.Where = slices.DeleteFunc(q.Where, func(e Condition) bool {
				return e.Field == c.Field && e.Op == c.Op && !slices.Equal(e.Values, c.Values) || opposite(e, c)
			})
		}
	}
	if a.Compare.To == "" {
		a.overlap = !apart(a.Where, q.Where)
	}
	other.by = slices.Clone(a.by)
	other.groupThemes()
	counted, err := s.cells(ctx, &other)
	if err != nil {
		return err
	}
	if a.metric() != "" { // what was left out there is not told
		chosen := Answer{}
		counted.cells = chosen.chooseScale(counted.cells, scale)
		counted.around = slices.DeleteFunc(counted.around, func(c cell) bool { return c.scale != chosen.Scale })
		if len(chosen.LeftOut) > 0 {
			other.scale = chosen.Scale
		}
	}
	for i := range counted.cells {
		counted.cells[i].bucket += shift
	}
	counterparts, all := other.rows(counted.cells)
	switch {
	case a.Measure == Contacts:
		all.sum = counted.whole
	case a.severalThemes():
		all.sum = added(counted.around)
	}
	other.evaluate(&all)
	for i := range counterparts {
		other.evaluate(&counterparts[i])
	}
	if err := s.byCustomer(ctx, &other, counterparts, &all); err != nil {
		return err
	}
	if a.Weight && all.Value != nil {
		// What cannot be weighted there is no reason to refuse what can here.
		if _, err := s.weigh(ctx, &other, scale, counterparts, &all); err != nil && !fault.Is(err, fault.Invalid) {
			return err
		}
	}
	byKey := map[string]Row{}
	for _, r := range counterparts {
		byKey[keyOf(r.Keys, a.By)+"\x00"+r.Bucket] = r
	}
	for i := range rows {
		c := byKey[keyOf(rows[i].Keys, a.By)+"\x00"+rows[i].Bucket]
		if c.Value == nil {
			other.evaluate(&c)
		}
		rows[i].Compare = a.difference(rows[i], c)
	}
	total.Compare = a.difference(*total, all)
	if a.Compare.To != "" && total.Compare.Value != nil && total.Value != nil {
		total.Compare.Paired, err = s.paired(ctx, a, other.span)
	}
	return err
}

// opposite tells whether feedback fulfils the one condition where it does not fulfil the other.
func opposite(x, y Condition) bool {
	return x.Field == y.Field && slices.Equal(x.Values, y.Values) && (x.Op == "not_"+y.Op || y.Op == "not_"+x.Op)
}

// apart tells whether no answer can fulfil both: they want different values of a field that has one, or the one wants what the other does not.
func apart(x, y Conditions) bool {
	one := func(c Condition) bool { return (c.Op == "" || c.Op == "in") && !themeFields[c.Field] }
	for _, c := range x {
		for _, d := range y {
			if opposite(c, d) || one(c) && one(d) && c.Field == d.Field && !slices.ContainsFunc(c.Values, func(v string) bool { return slices.Contains(d.Values, v) }) {
				return true
			}
		}
	}
	return false
}

// compareRest sets each row beside all the others of its bucket.
func (a *asked) compareRest(rows []Row, around []cell) {
	perBucket := map[string]sums{}
	if a.severalThemes() { // the rest are the texts without the theme
		for _, c := range around {
			b := ""
			if a.Bucket != "" {
				b = a.cal.start(c.bucket).String()
			}
			perBucket[b] = perBucket[b].plus(c.sums)
		}
	} else {
		for _, r := range rows {
			perBucket[r.Bucket] = perBucket[r.Bucket].plus(r.sum)
		}
	}
	for i := range rows {
		rest := Row{sum: perBucket[rows[i].Bucket].minus(rows[i].sum)}
		if a.Measure == Distribution { // the shares of the other groups are not in this row's sums
			continue
		}
		a.evaluate(&rest)
		variance := 0.0 // of the sum of their answers, with what each group's customers make of it
		for j, r := range rows {
			if j != i && r.Bucket == rows[i].Bucket && r.deff > 1 {
				variance += float64(r.N) * a.variance(r.sum) * (r.deff - 1)
			}
		}
		if v := float64(rest.N) * a.variance(rest.sum); v > 0 {
			rest.deff = 1 + variance/v
		}
		rows[i].Compare = a.difference(rows[i], rest)
	}
}

// RareShare is the smallest difference from a share that matters however rare the thing is: a quarter of it, half a percentage point
// at least.
func RareShare(before float64) float64 { return max(0.005, before/4) }

// minimum is the smallest difference that the workspace cares about, in the measure's own unit, from a counterpart's value; 0 where
// any difference matters that is not chance.
func (a *asked) minimum(before float64) float64 {
	switch a.Measure {
	case NPS, NetSentiment, ThemeSentiment:
		return a.facts.MinimumPoints
	case CSAT, CES, NegativeShare, ThemeNegative:
		return a.facts.MinimumShare
	case Share, ResponseShare, Distribution:
		return min(a.facts.MinimumShare, RareShare(before))
	case SentimentMean:
		return 2 * a.facts.MinimumPoints / 200 // as many parts of its range as the points are of theirs
	case Star, Rating, CSATMean, CESMean:
		low, high, _ := strings.Cut(a.counted, "..")
		from, err1 := strconv.ParseFloat(low, 64)
		to, err2 := strconv.ParseFloat(high, 64)
		if err1 == nil && err2 == nil {
			return math.Abs(to-from) * a.facts.MinimumPoints / 200
		}
	}
	return 0
}

// difference compares a row with its counterpart by the method that its measure calls for.
func (a *asked) difference(r, c Row) *Comparison {
	out := &Comparison{Value: c.Value, N: c.N}
	if r.Value == nil || c.Value == nil {
		return out
	}
	d := *r.Value - *c.Value
	out.Difference = &d
	if a.Measure.Unit() == "count" || a.overlap {
		return out
	}
	least := a.minimum(*c.Value)
	out.Minimum = &least
	if r.N < stat.MinimumToShow || c.N < stat.MinimumToShow {
		out.Verdict = "too_few"
	}
	diff, err := a.test(r, c)
	if err != nil {
		return out
	}
	out.Interval, out.P = &diff.Interval, &diff.P
	if out.Verdict == "" {
		switch {
		case diff.Interval.Contains(0):
			out.Verdict = "chance"
		case math.Abs(d) < least:
			out.Verdict = "slight"
		default:
			out.Verdict, out.Distinguishable = "clear", true
			if b := a.Measure.BetterOn(a.counted); b != 0 {
				good := d > 0 == (b > 0)
				out.Better = &good
			}
		}
	}
	if x, err := stat.Detectable(float64(c.N), float64(r.N), a.variance(c.sum)*max(1, c.deff), a.variance(r.sum)*max(1, r.deff), power, alpha); err == nil {
		x *= a.factor()
		out.Detectable = &x
	}
	out.Weighted = a.weightedDifference(r.Weighted, c.Weighted, least)
	if a.Measure.Unit() == "points" {
		if t, err := stat.NPSDistributionChange(c.sum.nps(), r.sum.nps()); err == nil {
			if deff := max(1, c.deff, r.deff); deff > 1 {
				t.Stat /= deff
				t.P = dist.ChiSquareUpper(t.Stat, t.DF)
			}
			out.Shares = &t
		}
	}
	return out
}

// test is the difference of a row from its counterpart, allowing for customers who answered several times.
func (a *asked) test(r, c Row) (d stat.Difference, err error) {
	switch a.Measure {
	case NegativeShare, ThemeNegative:
		d, err = stat.Newcombe(c.sum.bad, c.sum.n, r.sum.bad, r.sum.n, a.Level)
	case NPS, NetSentiment, ThemeSentiment:
		d, err = stat.NPSDifference(c.sum.nps(), r.sum.nps(), a.Level)
	case CSAT, CES, Share, ResponseShare, Distribution:
		d, err = stat.Newcombe(c.sum.good, c.sum.n, r.sum.good, r.sum.n, a.Level)
	default:
		d, err = stat.MeanDifference(c.sum.moments(), r.sum.moments(), a.Level)
	}
	if err != nil {
		return d, err
	}
	va, vb := a.variance(c.sum)/float64(c.N), a.variance(r.sum)/float64(r.N)
	if va+vb > 0 {
		d = d.Inflate((va*max(1, c.deff) + vb*max(1, r.deff)) / (va + vb))
	}
	return d, nil
}

// factor is what the mean of the values that a measure is made of is multiplied with: an NPS is a mean of -1, 0 and 1 in points.
func (a *asked) factor() float64 {
	if a.Measure.Unit() == "points" {
		return 100
	}
	return 1
}

// values are the sum and the sum of squares of what the measure is the mean of.
func (a *asked) values(m sums) (sum, square float64) {
	switch a.Measure {
	case NPS, NetSentiment, ThemeSentiment:
		return float64(m.good - m.bad), float64(m.good + m.bad)
	case NegativeShare, ThemeNegative:
		return float64(m.bad), float64(m.bad)
	case CSAT, CES, Share, ResponseShare, Distribution:
		return float64(m.good), float64(m.good)
	}
	return m.sum, m.square
}

// variance is that of one of those values.
func (a *asked) variance(m sums) float64 {
	if m.n == 0 {
		return 0
	}
	sum, square := a.values(m)
	mean := sum / float64(m.n)
	return max(0, square/float64(m.n)-mean*mean)
}

// detectable is the smallest change from one typical bucket to the next that shows.
func (a *asked) detectable(rows []Row, total Row) *Detectable {
	if a.Bucket == "" || len(a.by) > 0 || a.Measure.Unit() == "count" || a.Measure == Distribution || total.Value == nil {
		return nil
	}
	var counts []int64
	for _, r := range rows {
		if r.N > 0 {
			counts = append(counts, r.N)
		}
	}
	if len(counts) < 2 {
		return nil
	}
	slices.Sort(counts)
	d := &Detectable{N: counts[len(counts)/2], Power: power, Alpha: alpha}
	v := a.variance(total.sum)
	var err error
	if a.factor() == 100 {
		d.Difference, err = stat.NPSDetectable(d.N, d.N, v, v, power, alpha)
	} else {
		d.Difference, err = stat.Detectable(float64(d.N), float64(d.N), v, v, power, alpha)
	}
	if err != nil || d.Difference == 0 || d.N < stat.MinimumToShow {
		return nil
	}
	return d
}

// undefined tells whether an error only says that data are too few or too much alike for a figure.
func undefined(err error) bool {
	return errors.Is(err, stat.ErrUndefined) || fault.Is(err, fault.Invalid)
}
