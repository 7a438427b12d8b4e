package stat

import "math"

// SegmentResult compares one segment with the rest of the sample.
type SegmentResult struct {
	Segment  string     `json:"segment"`
	Counts   NPSCounts  `json:"counts"`
	NPS      float64    `json:"nps"`
	Tested   bool       `json:"tested"` // false for small segments, and where there is no rest
	Versus   Difference `json:"versus"` // segment minus rest, when tested
	Adjusted float64    `json:"q"`      // Benjamini-Hochberg over the tested segments
	Shrunk   float64    `json:"shrunk"` // pulled to the total by how little is known; rank by it
}

// Segment is a named group of answers, disjoint from the others of its scan.
type Segment struct {
	Name   string
	Counts NPSCounts
}

// ScanSegments compares each segment with the rest (all others together) and corrects for looking at all of them.
// Segments with fewer than MinimumToShow answers get a shrunken value but no test and do not count among the tests.
// The order is that of the input; empty segments are left out.
func ScanSegments(segments []Segment, level float64) ([]SegmentResult, error) {
	if err := CheckLevel("ScanSegments", level); err != nil {
		return nil, err
	}
	var total NPSCounts
	out := make([]SegmentResult, 0, len(segments))
	for _, s := range segments {
		c := s.Counts
		if c.Promoters < 0 || c.Passives < 0 || c.Detractors < 0 {
			return nil, Invalid("ScanSegments", "a count of segment %q is negative", s.Name)
		}
		if c.N() > 0 {
			total = total.Plus(c)
			out = append(out, SegmentResult{Segment: s.Name, Counts: c, NPS: 100 * c.moments(0).mean, Adjusted: 1})
		}
	}
	if len(out) == 0 {
		return nil, Undefined("ScanSegments", "there are no answers")
	}
	var p []float64
	means, variances := make([]float64, len(out)), make([]float64, len(out))
	// The variance of an answer is the whole's (adjusted, hence never 0): a unanimous segment of six is not known exactly.
	v := total.moments(3).v
	for i := range out {
		r := &out[i]
		rest := total.Minus(r.Counts)
		means[i], variances[i] = r.NPS, 1e4*v/float64(r.Counts.N())
		if r.Counts.N() < MinimumToShow || rest.N() == 0 {
			continue
		}
		d, err := NPSDifference(rest, r.Counts, level)
		if err != nil {
			return nil, err
		}
		r.Tested, r.Versus = true, d
		p = append(p, d.P)
	}
	q, err := BenjaminiHochberg(p)
	if err != nil {
		return nil, err
	}
	tau2, _, err := PauleMandel(means, variances)
	if err != nil {
		return nil, err
	}
	whole := 100 * total.moments(0).mean
	for i := range out {
		if out[i].Tested {
			out[i].Adjusted, q = q[0], q[1:]
		}
		w := tau2 / (tau2 + variances[i])
		out[i].Shrunk = w*out[i].NPS + (1-w)*whole
	}
	return out, nil
}

// PauleMandel estimates how much true values differ between groups beyond the noise of their estimates: the tau^2 at
// which sum w (x - m)^2 = J-1 with w = 1/(v+tau^2) and m the weighted mean, 0 when they differ less than noise does.
// It also gives m. Variances must be positive; one group gives tau^2 0.
func PauleMandel(estimates, variances []float64) (tau2, mean float64, err error) {
	if len(estimates) == 0 || len(estimates) != len(variances) {
		return 0, 0, Invalid("PauleMandel", "%d estimates with %d variances", len(estimates), len(variances))
	}
	for i, v := range variances {
		if x := estimates[i]; !(v > 0) || math.IsInf(v, 0) || math.IsNaN(x) || math.IsInf(x, 0) {
			return 0, 0, Invalid("PauleMandel", "estimate %v with variance %v", x, v)
		}
	}
	excess := func(t float64) float64 {
		var sw, swx float64
		for i, x := range estimates {
			w := 1 / (variances[i] + t)
			sw, swx = sw+w, swx+w*x
		}
		mean = swx / sw
		q := 0.0
		for i, x := range estimates {
			q += (x - mean) * (x - mean) / (variances[i] + t)
		}
		return q - float64(len(estimates)-1)
	}
	if excess(0) <= 0 {
		return 0, mean, nil
	}
	low, high := 0.0, 1.0
	for excess(high) > 0 {
		low, high = high, high*2
	}
	for range 200 {
		mid := (low + high) / 2
		if mid == low || mid == high {
			break
		}
		if excess(mid) > 0 {
			low = mid
		} else {
			high = mid
		}
	}
	tau2 = (low + high) / 2
	excess(tau2)
	return tau2, mean, nil
}
