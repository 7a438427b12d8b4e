package stat

import "math"

// Distribution holds the answers on a rating scale: Counts[i] people chose Min+i. All values of the scale are there,
// also those that nobody chose, so that the scale's ends are known.
type Distribution struct {
	Min    int     `json:"min"`
	Counts []int64 `json:"counts"`
	// LowIsGood marks a scale whose first value is the best, such as CES 1.0; its top boxes are at the low end.
	LowIsGood bool `json:"low_is_good,omitempty"`
}

// Boxes that count as "top" by metric: CSAT and PSAT 4-5 of 5 or 9-10 of 10, CES 2.0 5-7 of 7.
const (
	TopBoxesCSAT = 2
	TopBoxesPSAT = 2
	TopBoxesCES2 = 3
)

// RatingSummary is what a screen shows of a rating scale. Mean, SD, SE and the mean's interval are in scale units.
type RatingSummary struct {
	N        int64     `json:"n"`
	Mean     float64   `json:"mean"`
	SD       float64   `json:"sd"`
	SE       float64   `json:"se"`
	MeanCI   *Interval `json:"mean_interval"` // nil for one answer
	Median   float64   `json:"median"`
	Top      Share     `json:"top"`
	Rescaled float64   `json:"rescaled"` // mean on 0-100, 100 the best; for display only
	Net      float64   `json:"net"`      // share of the two best less share of the two worst values
}

// N is the number of answers.
func (d Distribution) N() int64 {
	var n int64
	for _, c := range d.Counts {
		n += c
	}
	return n
}

func (d Distribution) check(op string) error {
	if len(d.Counts) < 2 {
		return Invalid(op, "a scale has at least two values")
	}
	for _, c := range d.Counts {
		if c < 0 {
			return Invalid(op, "a count is negative")
		}
	}
	if d.N() == 0 {
		return Undefined(op, "there are no answers")
	}
	return nil
}

// Moments gives number, mean and standard deviation in scale units; the deviation of one answer is 0.
func (d Distribution) Moments() (Moments, error) {
	if err := d.check("Moments"); err != nil {
		return Moments{}, err
	}
	n, sum := float64(d.N()), 0.0
	for i, c := range d.Counts {
		sum += float64(d.Min+i) * float64(c)
	}
	m := Moments{N: d.N(), Mean: sum / n}
	if m.N > 1 {
		ss := 0.0
		for i, c := range d.Counts {
			dev := float64(d.Min+i) - m.Mean
			ss += float64(c) * dev * dev
		}
		m.SD = math.Sqrt(ss / (n - 1))
	}
	return m, nil
}

// TopBox is the share of answers in the best boxes values, with Wilson's interval.
func (d Distribution) TopBox(boxes int, level float64) (Share, error) {
	if err := d.check("TopBox"); err != nil {
		return Share{}, err
	}
	if boxes < 1 || boxes >= len(d.Counts) {
		return Share{}, Invalid("TopBox", "%d boxes of a scale of %d values", boxes, len(d.Counts))
	}
	return Proportion(d.end(boxes, true), d.N(), level)
}

// end counts the answers in the k best or worst values.
func (d Distribution) end(k int, best bool) (sum int64) {
	for i := range k {
		if best != d.LowIsGood {
			i = len(d.Counts) - 1 - i
		}
		sum += d.Counts[i]
	}
	return sum
}

// Median is the middle answer, or halfway between the middle two.
func (d Distribution) Median() (float64, error) {
	if err := d.check("Median"); err != nil {
		return 0, err
	}
	n := d.N()
	at := func(rank int64) float64 { // rank from 1
		var seen int64
		for i, c := range d.Counts {
			if seen += c; seen >= rank {
				return float64(d.Min + i)
			}
		}
		return float64(d.Min + len(d.Counts) - 1)
	}
	return (at((n+1)/2) + at(n/2+1)) / 2, nil
}

// Summary computes everything that is shown of a scale; boxes is how many values count as top.
func (d Distribution) Summary(boxes int, level float64) (RatingSummary, error) {
	m, err := d.Moments()
	if err != nil {
		return RatingSummary{}, err
	}
	top, err := d.TopBox(boxes, level)
	if err != nil {
		return RatingSummary{}, err
	}
	median, err := d.Median()
	if err != nil {
		return RatingSummary{}, err
	}
	n := float64(m.N)
	s := RatingSummary{N: m.N, Mean: m.Mean, SD: m.SD, SE: m.SD / math.Sqrt(n), Median: median, Top: top}
	if ci, err := MeanInterval(m.N, m.Mean, m.SD, level); err == nil {
		first := float64(d.Min)
		ci = ci.clamp(first, first+float64(len(d.Counts)-1))
		s.MeanCI = &ci
	}
	s.Rescaled = 100 * (m.Mean - float64(d.Min)) / float64(len(d.Counts)-1)
	if d.LowIsGood {
		s.Rescaled = 100 - s.Rescaled
	}
	two := min(2, len(d.Counts)-1)
	s.Net = float64(d.end(two, true)-d.end(two, false)) / n
	return s, nil
}

// Shrunk is a star mean pulled towards a prior, for ranking: things with few ratings do not head the list.
type Shrunk struct {
	Mean float64 `json:"mean"`
	SD   float64 `json:"sd"`
	Low  float64 `json:"low"` // Mean - 1.645 SD: rank by this
}

// Shrunk is the posterior of the mean under a Dirichlet prior: A_k = count_k + prior_k, mu = sum k A_k / A,
// var = (sum k^2 A_k / A - mu^2)/(A+1). A nil prior is 2 for each value; ten times a workspace's distribution is a good
// other one. Defined without any answers.
func (d Distribution) Shrunk(prior []float64) (Shrunk, error) {
	if len(d.Counts) < 2 || prior != nil && len(prior) != len(d.Counts) {
		return Shrunk{}, Invalid("Shrunk", "the prior has %d values, the scale %d", len(prior), len(d.Counts))
	}
	var a, sum, squares float64
	for i, c := range d.Counts {
		alpha := 2.0
		if prior != nil {
			alpha = prior[i]
		}
		if c < 0 || !(alpha > 0) || math.IsInf(alpha, 0) {
			return Shrunk{}, Invalid("Shrunk", "a count is negative or a prior not positive")
		}
		alpha += float64(c)
		k := float64(d.Min + i)
		a, sum, squares = a+alpha, sum+k*alpha, squares+k*k*alpha
	}
	mean := sum / a
	sd := math.Sqrt(max(0, squares/a-mean*mean) / (a + 1))
	return Shrunk{Mean: mean, SD: sd, Low: mean - oneSided95*sd}, nil
}

// oneSided95 is Phi^-1(.95).
const oneSided95 = 1.6448536269514722
