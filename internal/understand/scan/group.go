package scan

import (
	"math"

	"kolo/internal/understand/insight"
	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/dist"
)

// group is what adds up of answers: all that a score, and a comparison of two, needs.
type group struct {
	n, good, bad int64
	sum, square  float64
}

func (a group) plus(b group) group {
	return group{a.n + b.n, a.good + b.good, a.bad + b.bad, a.sum + b.sum, a.square + b.square}
}

func (a group) minus(b group) group {
	return group{a.n - b.n, a.good - b.good, a.bad - b.bad, a.sum - b.sum, a.square - b.square}
}

// groupOf is the group of a row of an answer.
func groupOf(m insight.Measure, r insight.Row) group {
	g := group{n: r.N}
	switch p := r.Parts; {
	case m == insight.NPS && p != nil:
		g.good, g.bad = *p.Promoters, *p.Detractors
	case m == insight.NetSentiment && p != nil:
		g.good, g.bad = *p.Positive, *p.Negative
	case share(m) && p != nil:
		g.good = *p.Hits
	case r.Value != nil:
		sd := 0.0
		if p != nil && p.SD != nil {
			sd = *p.SD
		}
		g.sum = *r.Value * float64(r.N)
		g.square = sd*sd*float64(r.N-1) + *r.Value**r.Value*float64(r.N)
	}
	return g
}

func share(m insight.Measure) bool { return m == insight.CSAT || m == insight.CES }

func classes(m insight.Measure) bool { return m == insight.NPS || m == insight.NetSentiment }

func (g group) nps() stat.NPSCounts {
	return stat.NPSCounts{Promoters: g.good, Detractors: g.bad, Passives: g.n - g.good - g.bad}
}

func (g group) moments() stat.Moments {
	m := stat.Moments{N: g.n}
	if g.n > 0 {
		m.Mean = g.sum / float64(g.n)
	}
	if g.n > 1 {
		m.SD = math.Sqrt(max(0, (g.square-float64(g.n)*m.Mean*m.Mean)/float64(g.n-1)))
	}
	return m
}

// value is the score, in the unit of the answer.
func (g group) value(m insight.Measure) float64 {
	switch n := float64(g.n); {
	case g.n == 0:
		return 0
	case classes(m):
		return 100 * float64(g.good-g.bad) / n
	case share(m):
		return float64(g.good) / n
	default:
		return g.sum / n
	}
}

// spread is the variance of one answer, with a few answers added where it is a score of classes or shares, so that it is never 0
// because few answers agree: extra of each class together.
func (g group) spread(m insight.Measure, extra float64) float64 {
	n := float64(g.n) + extra
	switch {
	case n == 0:
		return 0
	case classes(m):
		p, d := (float64(g.good)+extra/4)/n, (float64(g.bad)+extra/4)/n
		return 1e4 * (p + d - (p-d)*(p-d))
	case share(m):
		p := (float64(g.good) + extra/2) / n
		return p * (1 - p)
	}
	sd := g.moments().SD
	return sd * sd
}

// solid is how many answers a segment needs before a p far below 0.001 is believed. The interval of so few rests on their own spread,
// which is small by chance in those that seem to differ most: among many segments they would head the list.
const solid = 100

// chance is the p of a difference between a segment and its rest: that of its method, and for small segments not below that of the same
// difference measured by the spread of all answers together, which is what it would have if nothing differed. The answers of the rest and
// of the segment are worth what d allows for.
func chance(m insight.Measure, rest, g group, ofRest, own stat.Worth, d stat.Difference) float64 {
	v := g.plus(rest).spread(m, 0)
	if g.n >= solid && rest.n >= solid || v <= 0 {
		return d.P
	}
	w := stat.Together(ofRest, own, v/ofRest.N, v/own.N)
	return max(d.P, w.TwoSided(d.Estimate/math.Sqrt(v/own.N+v/ofRest.N)))
}

// difference compares two groups that have no answer in common, b less a, by the method of the measure.
func difference(m insight.Measure, a, b group, wa, wb stat.Worth, level float64) (d stat.Difference, err error) {
	switch {
	case classes(m):
		return stat.NPSDifferenceWorth(a.nps(), b.nps(), wa, wb, level)
	case share(m):
		if d, err = stat.NewcombeWorth(a.good, a.n, b.good, b.n, wa, wb, level); err == nil && d.SE == 0 {
			err = stat.Undefined("scan.difference", "both groups are all alike")
		}
		return d, err
	}
	return stat.MeanDifferenceWorth(a.moments(), b.moments(), wa, wb, level)
}

// interaction is how far the answers with both values are from what the two values add up to: (both - first) - (second - neither),
// with the normal interval of four independent scores, each with a part of the answers that NPSDifference adds.
func interaction(m insight.Measure, both, first, second, neither group, deff, level float64) (excess, predicted float64, i stat.Interval, p float64, ok bool) {
	variance := 0.0
	for _, g := range []group{both, first, second, neither} {
		if g.n < stat.MinimumToShow {
			return 0, 0, i, 1, false
		}
		variance += deff * g.spread(m, 1.5) / (float64(g.n) + 1.5)
	}
	if variance <= 0 {
		return 0, 0, i, 1, false
	}
	predicted = first.value(m) + second.value(m) - neither.value(m)
	excess = both.value(m) - predicted
	se := math.Sqrt(variance)
	z := stat.Critical(level)
	return excess, predicted, stat.Interval{Low: excess - z*se, High: excess + z*se, Level: level, Method: "difference of differences"}, dist.NormTwoSided(excess / se), true
}

// among is the difference between a segment and the others where they are alike in another field: the differences within each of its
// values, weighted by how many answers tell of them. ok is false where most of the segment has nothing to be compared with.
func among(m insight.Measure, mine, others []group) (adjusted float64, ok bool) {
	var weights, sum float64
	var compared, all int64
	for k := range mine {
		a, b := mine[k], others[k]
		all += a.n
		if a.n == 0 || b.n < stat.MinimumToShow {
			continue
		}
		compared += a.n
		w := float64(a.n) * float64(b.n) / float64(a.n+b.n)
		weights += w
		sum += w * (a.value(m) - b.value(m))
	}
	if weights == 0 || 2*compared < all {
		return 0, false
	}
	return sum / weights, true
}
