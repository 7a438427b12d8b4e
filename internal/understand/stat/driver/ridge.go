package driver

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"kolo/internal/understand/stat"
)

// Ridge is a penalised regression on standardised drivers, for predicting with collinear ones; never for ordering them.
type Ridge struct {
	Lambda float64
	Coef   []float64 // per standard deviation (divisor n) of each driver, unit of the outcome
	DF     float64   // effective number of coefficients, the intercept not counted
	GCV    float64   // generalised cross-validation: smaller predicts better
}

// RidgeFit solves (Z'Z + lambda I) b = Z'y for each lambda, with drivers standardised and the outcome centred. Controls are
// not supported: partial them out first.
func RidgeFit(d Data, lambdas []float64) ([]Ridge, error) {
	const op = "driver.RidgeFit"
	if err := d.check(op); err != nil {
		return nil, err
	}
	n, p := len(d.Y), len(d.Names)
	if n <= p {
		return nil, stat.Undefined(op, "%d answers are too few for %d drivers", n, p)
	}
	z := mat.NewDense(n, p, nil)
	for j := range p {
		column := make([]float64, n)
		for i, row := range d.X {
			column[i] = row[j]
		}
		m := stat.MomentsOf(column)
		sd := m.SD * math.Sqrt(float64(n-1)/float64(n))
		if sd == 0 {
			return nil, collinear(op, []string{d.Names[j]})
		}
		for i, v := range column {
			z.Set(i, j, (v-m.Mean)/sd)
		}
	}
	var svd mat.SVD
	if !svd.Factorize(z, mat.SVDThin) {
		return nil, stat.Undefined(op, "the drivers cannot be decomposed")
	}
	var u, v mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	values := svd.Values(nil)
	mean := stat.MomentsOf(d.Y).Mean
	uy, total := make([]float64, p), 0.0
	for i, y := range d.Y {
		total += (y - mean) * (y - mean)
		for k := range p {
			uy[k] += u.At(i, k) * (y - mean)
		}
	}
	var out []Ridge
	for _, lambda := range lambdas {
		if !(lambda >= 0) || math.IsInf(lambda, 0) {
			return nil, stat.Invalid(op, "lambda is %v", lambda)
		}
		r := Ridge{Lambda: lambda, Coef: make([]float64, p)}
		rss := total
		for k, s := range values {
			if s <= 1e-12*values[0] {
				continue
			}
			f := s * s / (s*s + lambda)
			r.DF += f
			rss -= uy[k] * uy[k] * f * (2 - f)
			for j := range p {
				r.Coef[j] += v.At(j, k) * f / s * uy[k]
			}
		}
		free := 1 - (r.DF+1)/float64(n)
		if free < 1e-9 {
			return nil, stat.Undefined(op, "as many coefficients as answers leave nothing to judge lambda %v by", lambda)
		}
		r.GCV = rss / float64(n) / (free * free)
		out = append(out, r)
	}
	return out, nil
}

// RidgeBest searches lambda by GCV on a grid of 61 values from 0.001 to 1,000 per answer share, by thirds of a decade.
func RidgeBest(d Data) (Ridge, error) {
	var grid []float64
	for e := -30; e <= 30; e++ {
		grid = append(grid, math.Pow(10, float64(e)/10)*max(1, float64(len(d.Y))/100))
	}
	fits, err := RidgeFit(d, grid)
	if err != nil {
		return Ridge{}, err
	}
	best := fits[0]
	for _, f := range fits[1:] {
		if f.GCV < best.GCV {
			best = f
		}
	}
	return best, nil
}
