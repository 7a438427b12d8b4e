// Package regress fits the regressions that the other statistics share: weighted least squares with robust errors,
// logistic regression and quasi-Poisson regression. Designs are rows of explanatory values; the caller puts a column of
// ones first where there is an intercept.
package regress

import (
	"fmt"
	"math"

	"kolo/internal/foundation/fault"
	"kolo/internal/understand/stat"
)

// CollinearError says which columns of a design are (nearly) combinations of earlier ones.
type CollinearError struct{ Columns []int }

func (e *CollinearError) Error() string {
	return fmt.Sprintf("columns %v are combinations of earlier ones", e.Columns)
}

// collinear is the share of a column's length that must remain after removing the earlier columns.
const collinear = 1e-9

// LeastSquares is a weighted least-squares fit.
type LeastSquares struct {
	Coef     []float64
	Inverse  [][]float64 // (X'WX)^-1
	Fitted   []float64
	Residual []float64 // y - Fitted, not weighted
	Leverage []float64 // diagonal of the hat matrix, weights included
	RSS      float64   // sum of w (y - Fitted)^2
	LogDet   float64   // log det X'WX
	DF       float64   // n - k
}

// Fit minimises sum w (y - x b)^2 by Householder's QR; w nil is all ones. It needs at least as many rows as columns and
// finite values; collinear columns are refused with a *CollinearError.
func Fit(x [][]float64, y, w []float64) (*LeastSquares, error) {
	n := len(x)
	if n == 0 || len(y) != n || w != nil && len(w) != n {
		return nil, stat.Undefined("regress", "%d rows with %d outcomes", n, len(y))
	}
	k := len(x[0])
	if k == 0 || n < k {
		return nil, stat.Undefined("regress", "%d coefficients need as many rows, there are %d", k, n)
	}
	q := make([]float64, n*k) // row-major copy, turned into the reflectors and R
	z := make([]float64, n)
	for i, row := range x {
		if len(row) != k {
			return nil, stat.Invalid("regress", "row %d has %d values, the first %d", i, len(row), k)
		}
		s := 1.0
		if w != nil {
			s = math.Sqrt(w[i])
		}
		z[i] = s * y[i]
		for j, v := range row {
			q[i*k+j] = s * v
		}
		if bad := s * y[i]; math.IsNaN(bad) || math.IsInf(bad, 0) {
			return nil, stat.Invalid("regress", "row %d has an outcome or weight that is not a number", i)
		}
	}
	r := make([]float64, k*k)
	length := make([]float64, k)
	for j := range k {
		for i := range n {
			length[j] += q[i*k+j] * q[i*k+j]
		}
		if math.IsNaN(length[j]) || math.IsInf(length[j], 0) {
			return nil, stat.Invalid("regress", "column %d has a value that is not a number", j)
		}
		length[j] = math.Sqrt(length[j])
	}
	var dependent []int
	f := &LeastSquares{Coef: make([]float64, k), DF: float64(n - k)}
	for j := range k {
		norm := 0.0
		for i := j; i < n; i++ {
			norm += q[i*k+j] * q[i*k+j]
		}
		norm = math.Sqrt(norm)
		if norm <= collinear*length[j] || norm == 0 {
			dependent = append(dependent, j)
			continue
		}
		if q[j*k+j] > 0 {
			norm = -norm
		}
		for c := range j {
			r[c*k+j] = q[c*k+j]
		}
		r[j*k+j] = norm
		f.LogDet += 2 * math.Log(math.Abs(norm))
		head := q[j*k+j] - norm
		q[j*k+j] = head
		scale := -1 / (norm * head) // 2/|v|^2
		reflect := func(at func(i int) *float64) {
			dot := 0.0
			for i := j; i < n; i++ {
				dot += q[i*k+j] * *at(i)
			}
			dot *= scale
			for i := j; i < n; i++ {
				*at(i) -= dot * q[i*k+j]
			}
		}
		for c := j + 1; c < k; c++ {
			reflect(func(i int) *float64 { return &q[i*k+c] })
		}
		reflect(func(i int) *float64 { return &z[i] })
	}
	if dependent != nil {
		return nil, &fault.Error{Kind: fault.Invalid, Op: "stat.regress",
			Msg: "some explanatory values are combinations of others", Err: &CollinearError{dependent}}
	}
	for j := k - 1; j >= 0; j-- {
		s := z[j]
		for c := j + 1; c < k; c++ {
			s -= r[j*k+c] * f.Coef[c]
		}
		f.Coef[j] = s / r[j*k+j]
	}
	inv := invertUpper(r, k)
	f.Inverse = make([][]float64, k)
	for a := range k {
		f.Inverse[a] = make([]float64, k)
		for b := range k {
			for c := max(a, b); c < k; c++ {
				f.Inverse[a][b] += inv[a*k+c] * inv[b*k+c]
			}
		}
	}
	f.Fitted, f.Residual, f.Leverage = make([]float64, n), make([]float64, n), make([]float64, n)
	for i, row := range x {
		f.Fitted[i] = Dot(row, f.Coef)
		f.Residual[i] = y[i] - f.Fitted[i]
		wi := 1.0
		if w != nil {
			wi = w[i]
		}
		f.RSS += wi * f.Residual[i] * f.Residual[i]
		f.Leverage[i] = wi * Quadratic(row, f.Inverse)
	}
	return f, nil
}

func invertUpper(r []float64, k int) []float64 {
	inv := make([]float64, k*k)
	for j := range k {
		inv[j*k+j] = 1 / r[j*k+j]
		for i := j - 1; i >= 0; i-- {
			s := 0.0
			for c := i + 1; c <= j; c++ {
				s += r[i*k+c] * inv[c*k+j]
			}
			inv[i*k+j] = -s / r[i*k+i]
		}
	}
	return inv
}

// Dot is the inner product.
func Dot(a, b []float64) float64 {
	s := 0.0
	for i, x := range a {
		s += x * b[i]
	}
	return s
}

// Quadratic is x'Mx.
func Quadratic(x []float64, m [][]float64) float64 {
	s := 0.0
	for i, row := range m {
		s += x[i] * Dot(row, x)
	}
	return s
}

// Scale multiplies a matrix into a new one.
func Scale(m [][]float64, by float64) [][]float64 {
	out := make([][]float64, len(m))
	for i, row := range m {
		out[i] = make([]float64, len(row))
		for j, v := range row {
			out[i][j] = by * v
		}
	}
	return out
}

// Sandwich is A M A for symmetric A.
func Sandwich(a, m [][]float64) [][]float64 {
	return Multiply(Multiply(a, m), a)
}

// Multiply is the matrix product.
func Multiply(a, b [][]float64) [][]float64 {
	out := make([][]float64, len(a))
	for i := range a {
		out[i] = make([]float64, len(b[0]))
		for j, v := range a[i] {
			for c, u := range b[j] {
				out[i][c] += v * u
			}
		}
	}
	return out
}

// SE gives the square roots of a covariance's diagonal.
func SE(cov [][]float64) []float64 {
	out := make([]float64, len(cov))
	for i := range cov {
		out[i] = math.Sqrt(max(0, cov[i][i]))
	}
	return out
}

// Sigma2 is the residual variance RSS/(n-k); undefined without residual degrees of freedom.
func (f *LeastSquares) Sigma2() (float64, error) {
	if f.DF <= 0 {
		return 0, stat.Undefined("regress", "as many coefficients as rows leave no residual variance")
	}
	return f.RSS / f.DF, nil
}

// Cov is the classical covariance of the coefficients.
func (f *LeastSquares) Cov() ([][]float64, error) {
	s2, err := f.Sigma2()
	if err != nil {
		return nil, err
	}
	return Scale(f.Inverse, s2), nil
}

// HC3 is the heteroskedasticity-robust covariance with residuals divided by 1-h (MacKinnon and White 1985), for a fit
// without weights. Undefined when a row determines a coefficient alone.
func (f *LeastSquares) HC3(x [][]float64) ([][]float64, error) {
	k := len(f.Coef)
	if f.DF <= 0 {
		return nil, stat.Undefined("regress", "as many coefficients as rows leave no residual variance")
	}
	meat := Zero(k)
	for i, row := range x {
		free := 1 - f.Leverage[i]
		if free < 1e-10 {
			return nil, stat.Undefined("regress", "row %d determines a coefficient alone", i)
		}
		e := f.Residual[i] / free
		AddOuter(meat, row, row, e*e)
	}
	return Sandwich(f.Inverse, meat), nil
}

// Zero is a k by k matrix of zeros.
func Zero(k int) [][]float64 {
	m := make([][]float64, k)
	for i := range m {
		m[i] = make([]float64, k)
	}
	return m
}

// AddOuter adds by*a b' to m.
func AddOuter(m [][]float64, a, b []float64, by float64) {
	for i, u := range a {
		for j, v := range b {
			m[i][j] += by * u * v
		}
	}
}
