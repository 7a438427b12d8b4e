package driver

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"

	"kolo/internal/understand/stat"
)

// Limits and defaults.
const (
	ExactDrivers = 15   // all 2^p models are fitted up to here
	RandomOrders = 2000 // above: antithetic pairs of random orders
	Resamples    = 1000 // of the bootstrap
	MaxDrivers   = 60

	// Above these, drivers are to be merged, or predictions made by Ridge.
	HighVIF       = 10.0
	HighCondition = 30.0
)

// Driver is the importance of one driver.
type Driver struct {
	Name      string
	LMG       float64 // its part of R2
	Share     float64 // LMG / R2
	Johnson   float64 // relative weight; fast, never used for ordering
	Beta      float64 // standardised coefficient
	ZeroOrder float64 // correlation with the outcome, after the controls
	VIF       float64
	MCError   float64        // standard error of LMG from random orders; 0 when exact
	Interval  *stat.Interval // of LMG, percentile bootstrap; nil when not asked for
	Rank      [2]int         // interval of its rank, 1 the most important; zero when not asked for
}

// Importance splits R2 among the drivers.
type Importance struct {
	N         int
	R2        float64
	AdjR2     float64
	Condition float64 // condition number of the drivers: square root of the ratio of extreme eigenvalues
	Drivers   []Driver
}

// Options of an analysis. The zero value gives no intervals.
type Options struct {
	Resamples int     // bootstrap draws; 0: none
	Level     float64 // of the intervals; 0: 0.95
	Seed      uint64  // of the bootstrap, and of random orders; kept with the report
}

// Analyse computes LMG (Lindeman, Merenda and Gold 1980), which is the Shapley value of R2: the mean gain in R2 of a
// driver over all orders of entering. Controls are partialled out of everything first, R2 is what remains to be
// explained. The LMG add up to R2. Exact to 15 drivers, above from random orders with their error. Constant and collinear
// drivers are refused by name.
func Analyse(d Data, o Options) (*Importance, error) {
	const op = "driver.Analyse"
	if err := d.check(op); err != nil {
		return nil, err
	}
	p, n := len(d.Names), len(d.Y)
	if p > MaxDrivers {
		return nil, stat.Invalid(op, "%d drivers are too many to tell apart: group them to at most %d", p, MaxDrivers)
	}
	df := n - 1 - p - d.controls()
	if df < 1 {
		return nil, stat.Undefined(op, "%d answers are too few for %d drivers", n, p)
	}
	if o.Level == 0 {
		o.Level = stat.DefaultLevel
	}
	if err := stat.CheckLevel(op, o.Level); err != nil {
		return nil, err
	}
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = d.row(i)
	}
	r, at, ok := correlation(covariance(rows), d.controls())
	if !ok && at < 0 {
		return nil, stat.Undefined(op, "the outcome does not vary")
	}
	if !ok {
		return nil, collinear(op, []string{d.Names[at]})
	}
	imp, err := analyse(d.Names, r, o.Seed)
	if err != nil {
		return nil, err
	}
	imp.N = n
	imp.AdjR2 = 1 - (1-imp.R2)*float64(n-1-d.controls())/float64(df)
	if o.Resamples > 0 {
		d.bootstrap(rows, imp, o)
	}
	return imp, nil
}

// analyse works on the correlation matrix of the drivers and, last, the outcome.
func analyse(names []string, r [][]float64, seed uint64) (*Importance, error) {
	p := len(names)
	inverse, bad := invert(r, p)
	if bad != nil {
		var which []string
		for _, j := range bad {
			which = append(which, names[j])
		}
		return nil, collinear("driver.Analyse", which)
	}
	imp := &Importance{Drivers: make([]Driver, p)}
	lmg, mc := shapley(r, p, seed)
	weights, condition := johnson(r, p)
	imp.Condition = condition
	for j := range p {
		imp.R2 += lmg[j]
	}
	for j, name := range names {
		dr := Driver{Name: name, LMG: lmg[j], Johnson: weights[j], ZeroOrder: r[j][p], VIF: inverse[j][j]}
		if imp.R2 > 0 {
			dr.Share = lmg[j] / imp.R2
		}
		if mc != nil {
			dr.MCError = mc[j]
		}
		for b := range p {
			dr.Beta += inverse[j][b] * r[b][p]
		}
		imp.Drivers[j] = dr
	}
	return imp, nil
}

// invert inverts the drivers' block by Gauss-Jordan; bad names the columns without variance of their own.
func invert(r [][]float64, p int) (inv [][]float64, bad []int) {
	a := make([][]float64, p)
	for i := range a {
		a[i] = make([]float64, 2*p)
		copy(a[i], r[i][:p])
		a[i][p+i] = 1
	}
	for c := range p {
		pivot := a[c][c] // the matrix is positive definite: no exchange needed
		if !(pivot > constant) {
			bad = append(bad, c)
			continue
		}
		for j := range a[c] {
			a[c][j] /= pivot
		}
		for i := range a {
			if f := a[i][c]; i != c && f != 0 {
				for j := range a[i] {
					a[i][j] -= f * a[c][j]
				}
			}
		}
	}
	for i := range a {
		a[i] = a[i][p:]
	}
	return a, bad
}

// shapley gives the LMG of each of p drivers, and their standard errors when they come from random orders.
func shapley(r [][]float64, p int, seed uint64) (lmg, mc []float64) {
	if p > ExactDrivers {
		return sampled(r, p, seed)
	}
	return exact(newLattice(p), r, p), nil
}

// lattice holds the R2 of all subsets, and the matrices that the walk over them reuses.
type lattice struct {
	r2     []float64
	levels [][][]float64
	weight []float64 // |S|!(p-|S|-1)!/p! by |S|
}

func newLattice(p int) *lattice {
	l := &lattice{r2: make([]float64, 1<<p), levels: make([][][]float64, p+1), weight: make([]float64, p)}
	for i := range l.levels {
		l.levels[i] = make([][]float64, p+1)
		for j := range l.levels[i] {
			l.levels[i][j] = make([]float64, p+1)
		}
	}
	for s := range p {
		a, _ := math.Lgamma(float64(s + 1))
		b, _ := math.Lgamma(float64(p - s))
		c, _ := math.Lgamma(float64(p + 1))
		l.weight[s] = math.Exp(a + b - c)
	}
	return l
}

func exact(l *lattice, r [][]float64, p int) []float64 {
	for i := range r {
		copy(l.levels[0][i], r[i])
	}
	l.r2[0] = 0
	l.walk(0, 0, 0, p)
	out := make([]float64, p)
	for s := range l.r2 {
		size := 0
		for b := s; b > 0; b &= b - 1 {
			size++
		}
		for j := range p {
			if s&(1<<j) == 0 {
				out[j] += l.weight[size] * (l.r2[s|1<<j] - l.r2[s])
			}
		}
	}
	return out
}

// walk visits every superset of set by drivers from first on. levels[depth] holds the covariances of those drivers and
// the outcome after the drivers of set were taken out, so that a driver's gain is c_jy^2/c_jj.
func (l *lattice) walk(depth, first, set, p int) {
	c, next := l.levels[depth], l.levels[depth+min(1, p-depth)]
	for j := first; j < p; j++ {
		own, gain := c[j][j], 0.0
		if own > constant {
			gain = c[j][p] * c[j][p] / own
		}
		with := set | 1<<j
		l.r2[with] = l.r2[set] + gain
		if j+1 == p {
			continue
		}
		for a := j + 1; a <= p; a++ {
			f := 0.0
			if own > constant {
				f = c[j][a] / own
			}
			for b := a; b <= p; b++ {
				next[a][b] = c[a][b] - f*c[j][b]
			}
		}
		l.walk(depth+1, j+1, with, p)
	}
}

// sampled averages gains over random orders, each with its reverse.
func sampled(r [][]float64, p int, seed uint64) (lmg, mc []float64) {
	rng := rand.New(rand.NewPCG(seed, 0x6c6d67))
	const pairs = RandomOrders / 2
	lmg, mc = make([]float64, p), make([]float64, p)
	gains, back := make([]float64, p), make([]float64, p)
	work := make([][]float64, p+1)
	for i := range work {
		work[i] = make([]float64, p+1)
	}
	for range pairs {
		order := rng.Perm(p)
		inOrder(r, work, order, gains)
		slices.Reverse(order)
		inOrder(r, work, order, back)
		for j := range p {
			g := (gains[j] + back[j]) / 2
			lmg[j] += g / pairs
			mc[j] += g * g / pairs
		}
	}
	for j := range p {
		mc[j] = math.Sqrt(max(0, mc[j]-lmg[j]*lmg[j]) / (pairs - 1))
	}
	return lmg, mc
}

func inOrder(r, work [][]float64, order []int, gains []float64) {
	p := len(order)
	for i := range work {
		copy(work[i], r[i])
	}
	for i, j := range order {
		own := work[j][j]
		gains[j] = 0
		if !(own > constant) {
			continue
		}
		gains[j] = work[j][p] * work[j][p] / own
		for _, a := range order[i+1:] {
			f := work[a][j] / own
			for _, b := range order[i+1:] {
				work[a][b] -= f * work[j][b]
			}
			work[a][p] -= f * work[j][p]
		}
	}
}

// johnson gives relative weights (Johnson 2000) and the condition number: with R = Q D Q', L = Q sqrt(D) Q' and
// b = L^-1 r, the weights are the squares of L times the squares of b.
func johnson(r [][]float64, p int) (weights []float64, condition float64) {
	sym := mat.NewSymDense(p, nil)
	for a := range p {
		for b := a; b < p; b++ {
			sym.SetSym(a, b, r[a][b])
		}
	}
	weights = make([]float64, p)
	var e mat.EigenSym
	if !e.Factorize(sym, true) {
		return weights, math.Inf(1)
	}
	values := e.Values(nil)
	var q mat.Dense
	e.VectorsTo(&q)
	low, high := slices.Min(values), slices.Max(values)
	root := func(a, b int, power float64) float64 {
		s := 0.0
		for k, v := range values {
			s += q.At(a, k) * q.At(b, k) * math.Pow(max(v, 1e-300), power)
		}
		return s
	}
	beta := make([]float64, p)
	for a := range p {
		for b := range p {
			beta[a] += root(a, b, -0.5) * r[b][p]
		}
	}
	for a := range p {
		for b := range p {
			l := root(a, b, 0.5)
			weights[a] += l * l * beta[b] * beta[b]
		}
	}
	return weights, math.Sqrt(high / max(low, 1e-300))
}

// Ordered gives the drivers by falling LMG.
func (m *Importance) Ordered() []Driver {
	out := slices.Clone(m.Drivers)
	slices.SortStableFunc(out, func(a, b Driver) int { return cmp.Compare(b.LMG, a.LMG) })
	return out
}
