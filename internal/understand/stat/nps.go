package stat

import "math"

// NPSCounts are the answers to a 0-10 recommendation question: 9-10 promote, 7-8 are passive, 0-6 detract.
type NPSCounts struct {
	Promoters  int64 `json:"promoters"`
	Passives   int64 `json:"passives"`
	Detractors int64 `json:"detractors"`
}

// CountNPS classes raw answers. An answer outside 0-10 is an error: "no answer" is not 0.
func CountNPS(scores []int) (NPSCounts, error) {
	var c NPSCounts
	for _, s := range scores {
		switch {
		case s < 0 || s > 10:
			return NPSCounts{}, Invalid("CountNPS", "a recommendation score lies between 0 and 10, this one is %d", s)
		case s >= 9:
			c.Promoters++
		case s >= 7:
			c.Passives++
		default:
			c.Detractors++
		}
	}
	return c, nil
}

// N is the number of answers.
func (c NPSCounts) N() int64 { return c.Promoters + c.Passives + c.Detractors }

// Plus is the pooled counts of two disjoint groups.
func (c NPSCounts) Plus(o NPSCounts) NPSCounts {
	return NPSCounts{c.Promoters + o.Promoters, c.Passives + o.Passives, c.Detractors + o.Detractors}
}

// Minus takes a part out of the whole; a part that is not contained gives counts that no function accepts.
func (c NPSCounts) Minus(part NPSCounts) NPSCounts {
	return NPSCounts{c.Promoters - part.Promoters, c.Passives - part.Passives, c.Detractors - part.Detractors}
}

func (c NPSCounts) check(op string) error {
	if c.Promoters < 0 || c.Passives < 0 || c.Detractors < 0 {
		return Invalid(op, "a count is negative")
	}
	if c.N() == 0 {
		return Undefined(op, "there are no answers")
	}
	return nil
}

// Estimate is the NPS in points, 100(P-D)/n.
func (c NPSCounts) Estimate() (float64, error) {
	if err := c.check("NPS"); err != nil {
		return 0, err
	}
	return 100 * c.moments(0).mean, nil
}

// Variance is that of one answer scored -1, 0, +1: v = p + d - (p-d)^2, between 0 and 1.
func (c NPSCounts) Variance() (float64, error) {
	if err := c.check("NPS"); err != nil {
		return 0, err
	}
	return c.moments(0).v, nil
}

// SE is the standard error sqrt(v/n) of the estimate, in points.
func (c NPSCounts) SE() (float64, error) {
	if err := c.check("NPS"); err != nil {
		return 0, err
	}
	return 100 * c.moments(0).se(), nil
}

// trinomial is the mean, variance and size of answers scored -1, 0, +1, perhaps after adding pseudo-answers.
type trinomial struct{ n, mean, v float64 }

func (t trinomial) se() float64 { return math.Sqrt(t.v / t.n) }

// moments adds extra answers, a quarter of them promoters and a quarter detractors (Rocks' adjustment).
func (c NPSCounts) moments(extra float64) trinomial { return c.adjusted(extra, extra/4) }

// adjusted adds extra answers, ends of which are promoters and as many detractors.
func (c NPSCounts) adjusted(extra, ends float64) trinomial {
	n := float64(c.N()) + extra
	p, d := (float64(c.Promoters)+ends)/n, (float64(c.Detractors)+ends)/n
	return trinomial{n: n, mean: p - d, v: max(0, p+d-(p-d)*(p-d))}
}

// Share is a part of a whole with its interval, both as fractions.
type Share struct {
	Value float64 `json:"value"`
	Interval
}

// NPSShares are the three class shares with Goodman's simultaneous intervals: Wilson's, with the chi-square(1) quantile
// at 1-alpha/3 in the place of z^2, so that all three hold together at the level.
type NPSShares struct{ Promoters, Passives, Detractors Share }

// Shares gives the class shares with simultaneous intervals.
func (c NPSCounts) Shares(level float64) (NPSShares, error) {
	if err := c.check("Shares"); err != nil {
		return NPSShares{}, err
	}
	if err := CheckLevel("Shares", level); err != nil {
		return NPSShares{}, err
	}
	z, n := Critical(1-(1-level)/3), float64(c.N())
	share := func(k int64) Share {
		p := float64(k) / n
		low, high := wilson(p, n, z)
		return Share{Value: p, Interval: Interval{low, high, level, "Goodman"}.clamp(0, 1)}
	}
	return NPSShares{share(c.Promoters), share(c.Passives), share(c.Detractors)}, nil
}

// NPSPublishable tells how a score of n answers may be shown: not at all below 10 (counts only), indicative below 30.
func NPSPublishable(n int64) (show, indicative bool) {
	return n >= MinimumToShow, n < MinimumSolid
}
