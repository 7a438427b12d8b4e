package driver

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"sync"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/dist"
	"kolo/internal/understand/stat/regress"
)

// Entry is a value in a column of a model.
type Entry struct {
	Column int
	Value  float64
}

// Factor is one thing that answers differ in: the code of each answer, and what a code puts into the columns of the model. What it
// does not name is 0.
type Factor struct {
	Codes  []int32
	Levels [][]Entry
}

// Answers are answers in a compact form, for as many as there are: a million with thirty columns take a second. A driver may have
// several columns, such as the values of an attribute, which enter a model together.
type Answers struct {
	Names    []string // of the drivers
	Columns  [][]int  // of each driver; 0 is the intercept's, so that they begin at 1
	Controls []int    // columns that are always in the model
	Size     int      // number of columns, the intercept with them
	Factors  []Factor // no two put something into the same column
	Y        []float64
	Part     []int32 // of each answer: a customer's answers are all in one of the Parts, which the bootstrap draws
	Parts    int
	Customer []int64 // of each answer, who gave it; 0, or nil for all of them: nobody knows, and it stands alone

	// Presence has, by driver, the column that is 1 where the driver has a value and 0 where it has none; 0, the intercept's, for
	// one that is never missing. Such columns are no part of a model: they make covariances pairwise. nil: nothing is missing.
	Presence []int

	codes [][]int32 // of each factor, by part, a customer's answers beside each other
	y     []float64 // so too
	who   []int64   // so too, where some customers are known
	first []int32   // of each part, where its answers begin
}

func (a *Answers) check(op string) error {
	n := len(a.Y)
	if n == 0 || len(a.Names) == 0 {
		return stat.Undefined(op, "there are %d drivers and %d answers", len(a.Names), n)
	}
	if len(a.Columns) != len(a.Names) || len(a.Part) != n || a.Customer != nil && len(a.Customer) != n || a.Presence != nil && len(a.Presence) != len(a.Names) {
		return stat.Invalid(op, "the drivers or the answers have different lengths")
	}
	for _, y := range a.Y {
		if math.IsNaN(y) || math.IsInf(y, 0) {
			return stat.Invalid(op, "an outcome is not a number")
		}
	}
	for _, p := range a.Part {
		if p < 0 || int(p) >= a.Parts {
			return stat.Invalid(op, "an answer is in part %d of %d", p, a.Parts)
		}
	}
	inside := func(columns []int) bool {
		return !slices.ContainsFunc(columns, func(c int) bool { return c < 1 || c >= a.Size })
	}
	for _, c := range a.Columns {
		if len(c) == 0 || !inside(c) {
			return stat.Invalid(op, "a driver has the columns %v of %d", c, a.Size)
		}
	}
	if !inside(a.Controls) {
		return stat.Invalid(op, "the controls are %v of %d columns", a.Controls, a.Size)
	}
	for _, f := range a.Factors {
		if len(f.Codes) != n {
			return stat.Invalid(op, "a factor has %d codes for %d answers", len(f.Codes), n)
		}
		for _, level := range f.Levels {
			for _, e := range level {
				if e.Column < 1 || e.Column >= a.Size || math.IsNaN(e.Value) || math.IsInf(e.Value, 0) {
					return stat.Invalid(op, "a factor puts %v into column %d", e.Value, e.Column)
				}
			}
		}
		for _, c := range f.Codes {
			if c < 0 || int(c) >= len(f.Levels) {
				return stat.Invalid(op, "a code is %d of %d", c, len(f.Levels))
			}
		}
	}
	return nil
}

// sort puts the answers of a part beside each other, and in it those of a customer.
func (a *Answers) sort() {
	if a.first != nil {
		return
	}
	a.first = make([]int32, a.Parts+1)
	for _, p := range a.Part {
		a.first[p+1]++
	}
	for p := range a.Parts {
		a.first[p+1] += a.first[p]
	}
	next := slices.Clone(a.first)
	order := make([]int32, len(a.Y))
	for i, p := range a.Part {
		order[next[p]] = int32(i)
		next[p]++
	}
	if slices.ContainsFunc(a.Customer, func(c int64) bool { return c != 0 }) {
		each(a.Parts, func(p int) {
			slices.SortStableFunc(order[a.first[p]:a.first[p+1]], func(i, j int32) int { return cmp.Compare(a.Customer[i], a.Customer[j]) })
		})
		a.who = make([]int64, len(a.Y))
		for at, i := range order {
			a.who[at] = a.Customer[i]
		}
	}
	a.y, a.codes = make([]float64, len(a.Y)), make([][]int32, len(a.Factors))
	for at, i := range order {
		a.y[at] = a.Y[i]
	}
	each(len(a.Factors), func(f int) {
		a.codes[f] = make([]int32, len(a.Y))
		for at, i := range order {
			a.codes[f][at] = a.Factors[f].Codes[i]
		}
	})
}

// behind is the place after the answers of the customer whose answer stands at i, or of a part that ends before end.
func (a *Answers) behind(i, end int) int {
	next := i + 1
	if a.who != nil && a.who[i] != 0 {
		for next < end && a.who[next] == a.who[i] {
			next++
		}
	}
	return next
}

// row fills in what an answer, by its place after sorting, has in the columns of the model, the intercept first.
func (a *Answers) row(i int, into []Entry) []Entry {
	into = append(into[:0], Entry{0, 1})
	for f, codes := range a.codes {
		into = append(into, a.Factors[f].Levels[codes[i]]...)
	}
	return into
}

// workers is how many goroutines share the work on answers; what they find does not depend on it.
const workers = 2

// each calls do for the numbers below n, on several goroutines.
func each(n int, do func(i int)) {
	var g sync.WaitGroup
	for w := range workers {
		g.Go(func() {
			for i := w; i < n; i += workers {
				do(i)
			}
		})
	}
	g.Wait()
}

// Products are the sums of squares and products of answers, by part: all that linear models and their importances need to know
// of them.
type Products struct {
	of    *Answers
	k     int         // Size and the outcome, which is the last
	parts [][]float64 // upper triangles, row after row
	total []float64
}

// Gather adds up the products of answers.
func Gather(a *Answers) (*Products, error) {
	if err := a.check("driver.Gather"); err != nil {
		return nil, err
	}
	a.sort()
	p := &Products{of: a, k: a.Size + 1, parts: make([][]float64, a.Parts)}
	each(a.Parts, func(part int) {
		m := make([]float64, p.k*(p.k+1)/2)
		var row []Entry
		for i := int(a.first[part]); i < int(a.first[part+1]); i++ {
			row = append(a.row(i, row), Entry{a.Size, a.y[i]})
			for j, e := range row {
				at := p.at(e.Column, 0)
				for _, f := range row[j:] {
					if f.Column >= e.Column {
						m[at+f.Column] += e.Value * f.Value
					} else {
						m[p.at(f.Column, e.Column)] += e.Value * f.Value
					}
				}
			}
		}
		p.parts[part] = m
	})
	p.total = make([]float64, p.k*(p.k+1)/2)
	for _, m := range p.parts {
		for i, v := range m {
			p.total[i] += v
		}
	}
	return p, nil
}

// at is where the product of columns a and b >= a stands.
func (p *Products) at(a, b int) int { return a*p.k - a*(a+1)/2 + b }

func (p *Products) of2(m []float64, a, b int) float64 {
	if a > b {
		a, b = b, a
	}
	return m[p.at(a, b)]
}

// N is how many answers there are.
func (p *Products) N() int { return len(p.of.Y) }

// covariance is that of controls, drivers and outcome in this order, pairwise where something is missing; the columns that stand
// for it in the model are given beside it.
func (p *Products) covariance(m []float64) (cov [][]float64, columns []int) {
	a := p.of
	presence := make([]int, p.k)
	columns = slices.Clone(a.Controls)
	for d, list := range a.Columns {
		columns = append(columns, list...)
		if a.Presence != nil {
			for _, c := range list {
				presence[c] = a.Presence[d]
			}
		}
	}
	columns = append(columns, a.Size)
	cov = regress.Zero(len(columns))
	for i, x := range columns {
		for j := i; j < len(columns); j++ {
			y := columns[j]
			px, py := presence[x], presence[y]
			n := p.of2(m, px, py)
			if n <= 0 {
				continue
			}
			cov[i][j] = (p.of2(m, x, y) - p.of2(m, x, py)*p.of2(m, y, px)/n) / n
			cov[j][i] = cov[i][j]
		}
	}
	return cov, columns
}

// Fit is a linear model of Answers with errors that allow for unequal spread, and for customers who answered several times. A column that
// is a combination of earlier ones has no coefficient, and neither has one that only one customer's answers tell of.
type Fit struct {
	N         int
	Customers int  // who answered; an answer of nobody known is one of its own
	Several   bool // some of them answered several times
	R2        float64
	DF        float64   // N less the coefficients; no more than the Customers less one where some answered several times
	Coef      []float64 // by column of Answers
	Known     []bool    // whether a column has a coefficient
	Cov       [][]float64
}

// Effects fits the outcome on all drivers and controls by ordinary least squares. Errors are HC3 (MacKinnon and White 1985) where each
// customer answered once, and otherwise CR3, which is the same with customers in the place of answers (Bell and McCaffrey 2002), with t
// of G-1 degrees of freedom for G customers. Answers in which a driver has no value must have been left out before. Undefined: there are
// no more answers than columns, or all are one customer's.
func (p *Products) Effects() (*Fit, error) {
	const op = "driver.Effects"
	a := p.of
	columns := []int{0}
	columns = append(columns, a.Controls...) // earlier ones win over later ones that say the same
	for _, list := range a.Columns {
		columns = append(columns, list...)
	}
	k := len(columns)
	xx := regress.Zero(k)
	place := make([]int, p.k)
	for i := range place {
		place[i] = -1
	}
	for i, x := range columns {
		place[x] = i
		for j, y := range columns {
			xx[i][j] = p.of2(p.total, x, y)
		}
	}
	inverse, used := sweep(xx)
	n := len(a.Y)
	f := &Fit{N: n, DF: float64(n - len(used)), Coef: make([]float64, a.Size), Known: make([]bool, a.Size), Cov: regress.Zero(a.Size)}
	if f.DF <= 0 {
		return nil, stat.Undefined(op, "%d answers are not more than %d coefficients", n, len(used))
	}
	coef := make([]float64, k)
	for _, i := range used {
		for _, j := range used {
			coef[i] += inverse[i][j] * p.of2(p.total, columns[j], a.Size)
		}
		f.Coef[columns[i]], f.Known[columns[i]] = coef[i], true
	}
	// Squares of residuals over those of what their rows leave free, added up by part, so that the order of adding is always the same.
	const chunk = 32
	chunks := make([]scatter, (a.Parts+chunk-1)/chunk)
	each(len(chunks), func(c int) {
		s := &chunks[c]
		s.meat, s.lone = regress.Zero(k), make([]bool, k)
		group := newCluster(inverse, xx)
		var row []Entry
		for part := c * chunk; part < min((c+1)*chunk, a.Parts); part++ {
			end := int(a.first[part+1])
			for i := int(a.first[part]); i < end; {
				next := a.behind(i, end)
				s.customers++
				s.several = s.several || next > i+1
				group.begin()
				for ; i < next; i++ {
					row = a.row(i, row)
					if a.Presence != nil {
						row = slices.DeleteFunc(row, func(e Entry) bool { return place[e.Column] < 0 })
					}
					fitted := 0.0
					for j := range row {
						row[j].Column = place[row[j].Column]
						fitted += coef[row[j].Column] * row[j].Value
					}
					e := a.y[i] - fitted
					s.rss += e * e
					group.add(row, e)
				}
				if len(group.rows) == 1 {
					s.one(group.rows[0], group.e[0], inverse, xx)
				} else {
					s.cluster(group)
				}
			}
		}
	})
	meat, left := regress.Zero(k), 0.0
	for _, s := range chunks {
		left += s.rss
		f.Customers += s.customers
		f.Several = f.Several || s.several
		for i := range k {
			for j := range k {
				meat[i][j] += s.meat[i][j]
			}
			if s.lone[i] {
				f.Known[columns[i]] = false
			}
		}
	}
	if f.Several {
		if f.DF = min(f.DF, float64(f.Customers-1)); f.DF <= 0 {
			return nil, stat.Undefined(op, "all answers are one customer's")
		}
	}
	for i := range k {
		for j := range i { // each product stands at one of two places
			meat[i][j] += meat[j][i]
			meat[j][i] = meat[i][j]
		}
	}
	cov := regress.Sandwich(inverse, meat)
	for i, x := range columns {
		for j, y := range columns {
			f.Cov[x][y] = cov[i][j]
		}
	}
	mean := p.of2(p.total, 0, a.Size) / float64(n)
	if whole := p.of2(p.total, a.Size, a.Size) - float64(n)*mean*mean; whole > 0 {
		f.R2 = max(0, 1-left/whole)
	}
	return f, nil
}

// scatter is what the residuals of some parts say of the errors of coefficients.
type scatter struct {
	meat      [][]float64 // each product stands at one of its two places
	rss       float64
	lone      []bool // columns that one customer determines
	customers int
	several   bool
}

// one adds the answer of a customer who gave no other.
func (s *scatter) one(row []Entry, e float64, inverse, xx [][]float64) {
	leverage := 0.0
	for j, x := range row {
		line, rest := inverse[x.Column], 0.0
		for _, y := range row[:j] {
			rest += line[y.Column] * y.Value
		}
		leverage += x.Value * (line[x.Column]*x.Value + 2*rest)
	}
	if 1-leverage < 1e-10 { // it determines a coefficient alone
		for _, x := range row {
			s.lone[x.Column] = s.lone[x.Column] || xx[x.Column][x.Column] == x.Value*x.Value
		}
		return
	}
	w := e / (1 - leverage)
	for j, x := range row {
		by := w * w * x.Value
		for _, y := range row[:j+1] {
			s.meat[x.Column][y.Column] += by * y.Value
		}
	}
}

// cluster adds the answers of a customer who gave several.
func (s *scatter) cluster(c *cluster) {
	c.solve()
	for _, at := range c.lone {
		s.lone[at] = true
	}
	for j, x := range c.columns {
		for _, y := range c.columns[:j+1] {
			s.meat[x][y] += c.u[x] * c.u[y]
		}
	}
}

// Combination is what a weighted sum of coefficients is estimated to be, with the interval of t and the error of the fit. Weights are
// by column; ok is false where one of the columns has no coefficient.
func (f *Fit) Combination(name string, weights map[int]float64, level float64) (c Coefficient, ok bool) {
	c.Name = name
	variance := 0.0
	columns := slices.Sorted(maps.Keys(weights)) // so that sums come out the same to the last digit
	for _, x := range columns {
		w := weights[x]
		if !f.Known[x] {
			return c, false
		}
		c.Estimate += w * f.Coef[x]
		for _, y := range columns {
			variance += w * weights[y] * f.Cov[x][y]
		}
	}
	c.SE = math.Sqrt(max(0, variance))
	c.conclude(stat.CriticalT(level, f.DF), level, f.DF)
	if f.Several {
		c.Interval.Method = "CR3 t"
	}
	return c, true
}

// Asymmetry is the contrast of a rating whose low and high answers have a column each (see PenaltyReward); lows and highs are how
// many there are.
func (f *Fit) Asymmetry(name string, low, high, lows, highs int, level float64) (Asymmetry, bool) {
	a := Asymmetry{Name: name, LowN: lows, HighN: highs, LowShare: float64(lows) / float64(f.N), HighShare: float64(highs) / float64(f.N)}
	var ok, also bool
	a.Penalty, ok = f.Combination(name+"_low", map[int]float64{low: 1}, level)
	a.Reward, also = f.Combination(name+"_high", map[int]float64{high: 1}, level)
	if !ok || !also {
		return a, false
	}
	a.Range = math.Abs(a.Penalty.Estimate) + math.Abs(a.Reward.Estimate)
	if a.Range > 0 {
		a.Impact = (math.Abs(a.Reward.Estimate) - math.Abs(a.Penalty.Estimate)) / a.Range
	}
	both, _ := f.Combination(name, map[int]float64{low: 1, high: 1}, level) // each of them is known
	a.Test = stat.Test{DF: f.DF, P: 1}
	if both.SE > 0 {
		a.Test.Stat = both.Estimate / both.SE
		a.Test.P = dist.TTwoSided(a.Test.Stat, f.DF)
	}
	a.Class = a.class()
	return a, true
}
