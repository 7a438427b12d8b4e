package insight

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"kolo/internal/foundation/clock"
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
		a.compareRest(rows, *total, around)
		return nil
	}
	other, q := *a, *a.Query
	other.Query = &q
	q.Compare, q.Scale, other.scale = nil, scale, ""
	if a.Compare.To != "" {
		var err error
		if other.span, err = a.span.before(a.Compare.To); err != nil {
			return err
		}
		if a.Bucket != "" {
			other.cal.ahead = aheadOf(a.Compare.To, a.span, other.span)
		}
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
		lists, err := s.listed(ctx, a, q.Where)
		if err != nil {
			return err
		}
		a.overlap = !apart(a.Where, q.Where, lists)
	}
	other.by = slices.Clone(a.by)
	other.groupThemes()
	if err := s.findLists(ctx, &other); err != nil {
		return err
	}
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
	counterparts, all := other.rows(counted)
	other.evaluate(&all)
	for i := range counterparts {
		other.evaluate(&counterparts[i])
	}
	if err := s.byCustomer(ctx, &other, counterparts, &all); err != nil {
		return err
	}
	other.keepFew(counterparts, &all)
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
		if !a.sameDays(rows[i]) {
			continue
		}
		c := byKey[keyOf(rows[i].Keys, a.By)+"\x00"+rows[i].Bucket]
		if c.Value == nil && a.least == 0 {
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

// sameDays tells whether the counterpart in time of a row has as many days, so that they can be compared. A year earlier there may be no
// 29 February: what is counted is then not compared, and scores are unless nothing is left of the bucket.
func (a *asked) sameDays(r Row) bool {
	if a.Bucket == "" || a.Compare.To != "year" {
		return true
	}
	day, err := clock.ParseDay(r.Bucket)
	if err != nil {
		return false
	}
	from, to := a.cal.within(a.cal.of(day), a.span)
	leaps := len(leapDays(from, to))
	return leaps == 0 || a.Measure.Unit() != "count" && int(to-from)+1 > leaps
}

// opposite tells whether feedback fulfils the one condition where it does not fulfil the other.
func opposite(x, y Condition) bool {
	return x.Field == y.Field && slices.Equal(x.Values, y.Values) && (x.Op == "not_"+y.Op || y.Op == "not_"+x.Op)
}

// listed are the answers in conditions of which some are lists of choices, in the period of a question.
func (s *Service) listed(ctx context.Context, a *asked, c Conditions) (lists map[string]bool, err error) {
	lists = map[string]bool{}
	for _, e := range c {
		f, bad := parseField(e.Field)
		if _, known := lists[e.Field]; known || bad != nil {
			continue
		}
		if lists[e.Field], err = s.hasLists(ctx, a, nil, f); err != nil {
			return nil, err
		}
	}
	return lists, nil
}

// apart tells whether no answer can fulfil both: they want different values of a field that has one, or the one wants what the other does not.
// lists are fields that may have several.
func apart(x, y Conditions, lists map[string]bool) bool {
	one := func(c Condition) bool {
		return (c.Op == "" || c.Op == "in") && !themeFields[c.Field] && !lists[c.Field]
	}
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
func (a *asked) compareRest(rows []Row, total Row, around []cell) {
	perBucket := map[string]sums{}
	if a.overlapping() { // the rest are the texts without the theme, or the answers without the choice
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
		if a.overlapping() {
			rest.likeAll(total)
		} else {
			rest.gather(rows, i)
		}
		if a.least > 0 {
			rest.heard = a.heardBeside(rows, i, total)
			a.keep(&rest)
		}
		rows[i].Compare = a.difference(rows[i], rest)
	}
}

// likeAll takes what answers are worth from those of everybody.
func (r *Row) likeAll(total Row) {
	if r.alone = total.alone; total.deff > 0 && !r.alone {
		r.deff, r.worth = total.deff, stat.Worth{N: float64(r.N) / total.deff, DF: total.worth.DF}
	}
}

// gather finds what the answers of all rows of a bucket but one are worth. Customers who are in several of them count in each.
func (r *Row) gather(rows []Row, but int) {
	deff, customers, repeated := 0.0, 0.0, false
	for j, x := range rows {
		if j == but || x.Bucket != rows[but].Bucket || x.N == 0 {
			continue
		}
		deff += float64(x.N) * max(1, x.deff)
		switch {
		case x.alone:
			customers, repeated = customers+1, true
		case x.deff > 0:
			customers, repeated = customers+x.worth.DF+1, true
		default:
			customers += float64(x.N)
		}
	}
	if r.N == 0 || !repeated {
		return
	}
	r.deff = deff / float64(r.N)
	if r.alone = customers < 2; !r.alone {
		r.worth = stat.Worth{N: float64(r.N) / r.deff, DF: customers - 1}
	}
}

// rareShare is the smallest difference from a share that matters however rare the thing is: a quarter of it, half a percentage point
// at least.
func rareShare(before float64) float64 { return max(0.005, before/4) }

// Smallest gives the smallest difference that matters to a workspace from a share of the feedback.
func (s *Service) Smallest(ctx context.Context, ws identity.WorkspaceID) (func(share float64) float64, error) {
	f, err := s.facts(ctx, ws, Query{Compare: &Compare{}})
	a := asked{Query: &Query{Measure: Share}, facts: f}
	return a.minimum, err
}

// Verdict says what a difference with this interval is where one smaller than least does not matter: "chance", "slight" or "clear", as in Comparison.
func Verdict(difference float64, interval stat.Interval, least float64) string {
	switch {
	case interval.Contains(0):
		return "chance"
	case math.Abs(difference) < least:
		return "slight"
	}
	return "clear"
}

// minimum is the smallest difference that the workspace cares about, in the measure's own unit, from a counterpart's value; 0 where
// any difference matters that is not chance.
func (a *asked) minimum(before float64) float64 {
	switch a.Measure {
	case NPS, NetSentiment, ThemeSentiment:
		return a.facts.MinimumPoints
	case CSAT, CES, NegativeShare, ThemeNegative:
		return a.facts.MinimumShare
	case Share, ResponseShare, Distribution:
		return min(a.facts.MinimumShare, rareShare(before))
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
	switch {
	case r.N < stat.MinimumToShow || c.N < stat.MinimumToShow:
		out.Verdict = "too_few"
	case r.alone || c.alone:
		out.Verdict = "one_customer"
	}
	if r.alone || c.alone {
		return out
	}
	diff, err := a.test(r, c)
	if err != nil {
		return out
	}
	out.Interval, out.P = &diff.Interval, &diff.P
	if out.Verdict == "" {
		if out.Verdict = Verdict(d, diff.Interval, least); out.Verdict == "clear" {
			out.Distinguishable = true
			if b := a.Measure.BetterOn(a.counted); b != 0 {
				good := d > 0 == (b > 0)
				out.Better = &good
			}
		}
	}
	wc, wr, vc, vr := c.counts(), r.counts(), a.variance(c.sum), a.variance(r.sum)
	// Of answers that all agree nothing tells how far others would be apart.
	if x, err := stat.Detectable(wc.N, wr.N, vc, vr, power, alpha); err == nil && vc > 0 && vr > 0 {
		x *= a.factor() * stat.Together(wc, wr, vc/wc.N, vr/wr.N).Critical(a.Level) / stat.Critical(a.Level)
		out.Detectable = &x
	}
	out.Weighted = a.weightedDifference(r.Weighted, c.Weighted, least)
	if a.Measure.Unit() == "points" {
		if t, err := stat.NPSDistributionChange(c.sum.nps(), r.sum.nps()); err == nil {
			if deff := max(1, c.deff, r.deff); deff > 1 {
				t.Stat /= deff
				t.P = dist.ChiSquareUpper(t.Stat, t.DF)
			}
			if w := stat.Together(wc, wr, 1/wc.N, 1/wr.N); w.DF > 0 {
				t.P = dist.FUpper(t.Stat/t.DF, t.DF, w.DF)
			}
			out.Shares = &t
		}
	}
	return out
}

// counts is what the answers of a row are worth.
func (r Row) counts() stat.Worth {
	if r.deff > 0 && !r.alone {
		return r.worth
	}
	return stat.Worth{N: float64(r.N)}
}

// test is the difference of a row from its counterpart, allowing for customers who answered several times.
func (a *asked) test(r, c Row) (d stat.Difference, err error) {
	wc, wr := c.counts(), r.counts()
	switch a.Measure {
	case NegativeShare, ThemeNegative:
		d, err = stat.NewcombeWorth(c.sum.bad, c.sum.n, r.sum.bad, r.sum.n, wc, wr, a.Level)
	case NPS, NetSentiment, ThemeSentiment:
		d, err = stat.NPSDifferenceWorth(c.sum.nps(), r.sum.nps(), wc, wr, a.Level)
	case CSAT, CES, Share, ResponseShare, Distribution:
		d, err = stat.NewcombeWorth(c.sum.good, c.sum.n, r.sum.good, r.sum.n, wc, wr, a.Level)
	default:
		d, err = stat.MeanDifferenceWorth(c.sum.moments(), r.sum.moments(), wc, wr, a.Level)
	}
	d.Interval = a.withinDifference(d.Interval)
	return d, err
}

// factor is what the mean of the values that a measure is made of is multiplied with: an NPS is a mean of -1, 0 and 1 in points.
func (a *asked) factor() float64 {
	if a.Measure.Unit() == "points" {
		return 100
	}
	return 1
}

// ends are the lowest and the highest of those values that there can be; the same where that is not known.
func (a *asked) ends() (low, high float64) {
	low, high, _ = a.Measure.Limits(a.counted)
	return low / a.factor(), high / a.factor()
}

// within keeps an interval of the measure to what there can be; of a difference it is withinDifference.
func (a *asked) within(i stat.Interval) stat.Interval {
	if low, high, ok := a.Measure.Limits(a.counted); ok {
		return i.Within(low, high)
	}
	return i
}

func (a *asked) withinDifference(i stat.Interval) stat.Interval {
	if low, high, ok := a.Measure.Limits(a.counted); ok {
		return i.Within(low-high, high-low)
	}
	return i
}

// Limits are the lowest and the highest figure of a measure that there can be; of a mean on the scale that answers name. ok is false
// where none are known.
func (m Measure) Limits(scale string) (low, high float64, ok bool) {
	switch m.Unit() {
	case "points":
		return -100, 100, true
	case "share":
		return 0, 1, true
	case "scale":
		if m == SentimentMean {
			return -1, 1, true
		}
		from, to, _ := strings.Cut(scale, "..")
		low, err1 := strconv.ParseFloat(from, 64)
		high, err2 := strconv.ParseFloat(to, 64)
		if err1 == nil && err2 == nil {
			return min(low, high), max(low, high), true
		}
	}
	return 0, 0, false
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
