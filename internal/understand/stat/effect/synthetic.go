package effect

import (
	"math"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/regress"
)

// Synthetic is a weighted mix of donors that ran like the treated series before the change.
type Synthetic struct {
	Weights    []float64 // of the donors: none negative, adding up to 1
	Gap        []float64 // observed less synthetic after the change
	Mean       float64
	ErrorPre   float64 // root mean squared gap before
	ErrorPost  float64 // and after
	Ratio      float64 // ErrorPost / ErrorPre
	DonorRatio []float64
	P          float64 // rank of Ratio among the donors' as if each had been treated
}

// Fewest donors and periods before for the synthetic control to mean something.
const (
	FewestDonors         = 10
	FewestBeforeWithMany = 20
)

// SyntheticControl minimises the squared gap over the first before periods. Placebos use the other donors only, never the
// treated series.
func SyntheticControl(treated []float64, donors [][]float64, before int) (*Synthetic, error) {
	const op = "effect.SyntheticControl"
	n := len(treated)
	if before < 2 || before >= n || len(donors) < 2 {
		return nil, stat.Undefined(op, "%d donors, %d periods before of %d", len(donors), before, n)
	}
	for _, s := range append([][]float64{treated}, donors...) {
		if len(s) != n {
			return nil, stat.Invalid(op, "the series have different lengths")
		}
		for _, v := range s {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, stat.Invalid(op, "a value is %v", v)
			}
		}
	}
	r, err := synthesise(treated, donors, before)
	if err != nil {
		return nil, err
	}
	extreme := 1.0
	for i, d := range donors {
		others := append(append([][]float64(nil), donors[:i]...), donors[i+1:]...)
		p, err := synthesise(d, others, before)
		if err != nil {
			return nil, err
		}
		r.DonorRatio = append(r.DonorRatio, p.Ratio)
		if p.Ratio >= r.Ratio {
			extreme++
		}
	}
	r.P = extreme / float64(len(donors)+1)
	return r, nil
}

func synthesise(treated []float64, donors [][]float64, before int) (*Synthetic, error) {
	w, err := simplex(treated[:before], donors)
	if err != nil {
		return nil, err
	}
	r := &Synthetic{Weights: w}
	pre, post := 0.0, 0.0
	for t, y := range treated {
		for j, d := range donors {
			y -= w[j] * d[t]
		}
		if t < before {
			pre += y * y
			continue
		}
		post += y * y
		r.Gap = append(r.Gap, y)
		r.Mean += y / float64(len(treated)-before)
	}
	r.ErrorPre, r.ErrorPost = math.Sqrt(pre/float64(before)), math.Sqrt(post/float64(len(treated)-before))
	if r.ErrorPre == 0 {
		return nil, stat.Undefined("effect.SyntheticControl", "the donors reproduce the series without any error")
	}
	r.Ratio = r.ErrorPost / r.ErrorPre
	return r, nil
}

// simplex finds weights w >= 0 adding up to 1 with least |y - Xw|. As Xw - y = (X - y1')w then, the weights are those of
// non-negative least squares of (X - y1'; 1') on (0; 1), scaled to add up to 1.
func simplex(y []float64, donors [][]float64) ([]float64, error) {
	size := 0.0
	for t, v := range y {
		for _, d := range donors {
			size = max(size, math.Abs(d[t]-v))
		}
	}
	if size == 0 {
		size = 1
	}
	rows := make([][]float64, len(y)+1)
	target := make([]float64, len(y)+1)
	for t, v := range y {
		rows[t] = make([]float64, len(donors))
		for j, d := range donors {
			rows[t][j] = (d[t] - v) / size
		}
	}
	rows[len(y)] = make([]float64, len(donors))
	for j := range donors {
		rows[len(y)][j] = 1
	}
	target[len(y)] = 1
	w, err := nonNegative(rows, target)
	if err != nil {
		return nil, err
	}
	sum := 0.0
	for _, v := range w {
		sum += v
	}
	if !(sum > 0) {
		return nil, stat.Undefined("effect.SyntheticControl", "no mix of donors comes near the series")
	}
	for j := range w {
		w[j] /= sum
	}
	return w, nil
}

// nonNegative is Lawson and Hanson's active-set least squares.
func nonNegative(x [][]float64, y []float64) ([]float64, error) {
	p := len(x[0])
	w, free, barred := make([]float64, p), make([]bool, p), make([]bool, p)
	solve := func() ([]float64, error) {
		var at []int
		for j := range p {
			if free[j] {
				at = append(at, j)
			}
		}
		sub := make([][]float64, len(x))
		for i := range sub {
			for _, j := range at {
				sub[i] = append(sub[i], x[i][j])
			}
		}
		fit, err := regress.Fit(sub, y, nil)
		if err != nil {
			return nil, err
		}
		out := make([]float64, p)
		for k, j := range at {
			out[j] = fit.Coef[k]
		}
		return out, nil
	}
	for range 20 * p {
		best, gain := -1, 1e-12
		for j := range p {
			if free[j] || barred[j] {
				continue
			}
			g := 0.0
			for i, row := range x {
				g += row[j] * (y[i] - regress.Dot(row, w))
			}
			if g > gain {
				best, gain = j, g
			}
		}
		if best < 0 {
			return w, nil
		}
		free[best] = true
		for {
			next, err := solve()
			if err != nil { // a donor that adds nothing to those in use
				free[best], barred[best] = false, true
				break
			}
			step, hit := 1.0, false
			for j := range p {
				if free[j] && next[j] <= 0 {
					step, hit = min(step, w[j]/(w[j]-next[j])), true
				}
			}
			if !hit {
				w = next
				clear(barred)
				break
			}
			for j := range p {
				if free[j] {
					if w[j] += step * (next[j] - w[j]); w[j] <= 1e-14 {
						w[j], free[j] = 0, false
					}
				}
			}
			if !free[best] && w[best] == 0 {
				barred[best] = true
			}
			if none(free) {
				break
			}
		}
	}
	return w, nil
}

func none(flags []bool) bool {
	for _, f := range flags {
		if f {
			return false
		}
	}
	return true
}
