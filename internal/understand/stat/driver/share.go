package driver

import (
	"cmp"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/regress"
)

// Importance splits R2 among drivers of one or several columns each, as Analyse does for those of one: LMG, the mean gain in R2 over
// all orders of entering, with the controls partialled out first. At most ExactDrivers, which must be told apart: ask Twins before.
// The bootstrap draws parts, which hold whole customers, so that it needs no more than the products of each (the method of random
// groups, Wolter 2007, ch. 2; with 400 parts an error is known to 4 %); there must be at least two.
func (p *Products) Importance(o Options) (*Importance, error) {
	const op = "driver.Importance"
	a := p.of
	if len(a.Names) > ExactDrivers {
		return nil, stat.Invalid(op, "%d drivers are too many to try in all orders: take at most %d", len(a.Names), ExactDrivers)
	}
	if o.Level == 0 {
		o.Level = stat.DefaultLevel
	}
	if err := stat.CheckLevel(op, o.Level); err != nil {
		return nil, err
	}
	r, at, ok := p.correlation(p.total)
	if !ok && at < 0 {
		return nil, stat.Undefined(op, "the outcome does not vary")
	}
	if !ok {
		return nil, collinear(op, []string{a.Names[at]})
	}
	first := a.firstColumns()
	q := first[len(a.Names)]
	df := p.N() - 1 - q - len(a.Controls)
	if df < 1 {
		return nil, stat.Undefined(op, "%d answers are too few for %d columns", p.N(), q+len(a.Controls))
	}
	lattice := newBlocks(first)
	lmg := lattice.lmg(r)
	imp := &Importance{N: p.N(), Drivers: make([]Driver, len(a.Names))}
	for _, v := range lmg {
		imp.R2 += v
	}
	imp.AdjR2 = 1 - (1-imp.R2)*float64(p.N()-1-len(a.Controls))/float64(df)
	inflation := inflations(r, first)
	_, imp.Condition = johnson(r, q)
	for d, name := range a.Names {
		imp.Drivers[d] = Driver{Name: name, LMG: lmg[d], VIF: inflation[d]}
		if imp.R2 > 0 {
			imp.Drivers[d].Share = lmg[d] / imp.R2
		}
		if first[d+1] == first[d]+1 {
			imp.Drivers[d].ZeroOrder = r[first[d]][q]
		}
	}
	if o.Resamples > 0 && a.Parts > 1 {
		p.draw(imp, first, o)
	}
	return imp, nil
}

// firstColumns is where the columns of each driver begin among those of all drivers, and where they end.
func (a *Answers) firstColumns() []int {
	first := []int{0}
	for _, c := range a.Columns {
		first = append(first, first[len(first)-1]+len(c))
	}
	return first
}

// correlation is that of the drivers' columns and the outcome after the controls. A column that has nothing of its own left
// besides other columns of its driver is 0; ok is false, with the driver (-1 for the outcome), when none of a driver has.
func (p *Products) correlation(m []float64) (r [][]float64, at int, ok bool) {
	cov, columns := p.covariance(m)
	k, controls := len(columns), len(p.of.Controls)
	total := make([]float64, k)
	for j := range k {
		total[j] = cov[j][j]
	}
	for c := range controls {
		if cov[c][c] <= constant*total[c] {
			continue // a control that says nothing new
		}
		for a := c + 1; a < k; a++ {
			f := cov[a][c] / cov[c][c]
			for b := c + 1; b < k; b++ {
				cov[a][b] -= f * cov[c][b]
			}
		}
	}
	q := k - controls
	own := func(a int) bool { return cov[controls+a][controls+a] > 1e-9*total[controls+a] }
	if !own(q - 1) {
		return nil, -1, false
	}
	r = regress.Zero(q)
	for a := range q {
		for b := range q {
			if own(a) && own(b) {
				r[a][b] = cov[controls+a][controls+b] / math.Sqrt(cov[controls+a][controls+a]*cov[controls+b][controls+b])
			}
		}
	}
	next := 0
	for d, list := range p.of.Columns {
		some := false
		for range list {
			some = some || own(next)
			next++
		}
		if !some {
			return nil, d, false
		}
	}
	return r, 0, true
}

// Twin is a driver that says nothing that the controls and earlier drivers do not say.
type Twin struct {
	Driver int
	Of     []int // the drivers that say the same; none: the controls do, or it does not vary
}

// Twins finds the drivers that cannot be told apart from earlier ones.
func (p *Products) Twins() []Twin {
	a := p.of
	cov, _ := p.covariance(p.total)
	controls, q := len(a.Controls), len(cov)-1
	total := make([]float64, q)
	for j := range q {
		total[j] = cov[j][j]
	}
	var used []int
	var twins []Twin
	owner := make([]int, q) // driver of each column, -1 for controls
	for j := range controls {
		owner[j] = -1
	}
	whole := regress.Zero(q)
	for i := range q {
		copy(whole[i], cov[i][:q])
	}
	enter := func(c int) {
		for a := range q {
			if a == c || slices.Contains(used, a) {
				continue
			}
			f := cov[a][c] / cov[c][c]
			for b := range q {
				if b != c && !slices.Contains(used, b) {
					cov[a][b] -= f * cov[c][b]
				}
			}
		}
		used = append(used, c)
	}
	for c := range controls {
		if total[c] > 0 && cov[c][c] > 1e-9*total[c] {
			enter(c)
		}
	}
	at := controls
	for d, list := range a.Columns {
		var own []int
		for j := range list {
			owner[at+j] = d
			if total[at+j] > 0 && cov[at+j][at+j] > 1e-9*total[at+j] {
				own = append(own, at+j)
			}
		}
		if len(own) == 0 {
			twins = append(twins, Twin{d, said(whole, used, owner, at, len(list))})
		}
		for _, c := range own {
			if cov[c][c] > 1e-9*total[c] { // not after the columns of the same driver before it
				enter(c)
			}
		}
		at += len(list)
	}
	return twins
}

// said are the drivers of which some columns from at on are combinations.
func said(whole [][]float64, used, owner []int, at, n int) []int {
	var drivers []int
	k := len(used)
	for c := at; c < at+n; c++ {
		if whole[c][c] <= 0 || k == 0 {
			continue
		}
		m, right := mat.NewSymDense(k, nil), mat.NewVecDense(k, nil)
		for i, x := range used {
			for j := i; j < k; j++ {
				m.SetSym(i, j, whole[x][used[j]])
			}
			right.SetVec(i, whole[x][c])
		}
		var chol mat.Cholesky
		var coef mat.VecDense
		if !chol.Factorize(m) || chol.SolveVecTo(&coef, right) != nil {
			continue
		}
		for i, x := range used {
			part := math.Abs(coef.AtVec(i)) * math.Sqrt(whole[x][x]/whole[c][c])
			if owner[x] >= 0 && part > 1e-4 && !slices.Contains(drivers, owner[x]) {
				drivers = append(drivers, owner[x])
			}
		}
	}
	return drivers
}

// inflations are how much less surely each driver's coefficients are known because of the others: VIF, and for a driver of several
// columns the generalised one to the power of 1/columns, which compares with it (Fox and Monette 1992).
func inflations(r [][]float64, first []int) []float64 {
	q := first[len(first)-1]
	det := func(in func(int) bool) float64 { // logarithm
		var keep []int
		for c := range q {
			if in(c) && r[c][c] > 0 {
				keep = append(keep, c)
			}
		}
		if len(keep) == 0 {
			return 0
		}
		m := mat.NewSymDense(len(keep), nil)
		for i, x := range keep {
			for j := i; j < len(keep); j++ {
				m.SetSym(i, j, r[x][keep[j]])
			}
		}
		v, _ := mat.LogDet(m)
		return v
	}
	whole := det(func(int) bool { return true })
	out := make([]float64, len(first)-1)
	for d := range out {
		inside := func(c int) bool { return c >= first[d] && c < first[d+1] }
		v := det(inside) + det(func(c int) bool { return !inside(c) }) - whole
		out[d] = math.Exp(max(0, v) / float64(first[d+1]-first[d]))
		if math.IsNaN(out[d]) || math.IsInf(out[d], 0) {
			out[d] = math.MaxFloat64
		}
	}
	return out
}

// blocks holds the R2 of all subsets of drivers, and the matrices that the walk over them uses.
type blocks struct {
	first  []int
	r2     []float64
	levels [][][]float64
	weight []float64 // |S|!(p-|S|-1)!/p! by |S|
}

func newBlocks(first []int) *blocks {
	p, q := len(first)-1, first[len(first)-1]
	b := &blocks{first: first, r2: make([]float64, 1<<p), levels: make([][][]float64, p+1), weight: make([]float64, p)}
	for i := range b.levels {
		b.levels[i] = regress.Zero(q + 1)
	}
	for s := range p {
		x, _ := math.Lgamma(float64(s + 1))
		y, _ := math.Lgamma(float64(p - s))
		z, _ := math.Lgamma(float64(p + 1))
		b.weight[s] = math.Exp(x + y - z)
	}
	return b
}

func (b *blocks) lmg(r [][]float64) []float64 {
	p := len(b.first) - 1
	for i := range r {
		copy(b.levels[0][i], r[i])
	}
	b.r2[0] = 0
	b.walk(0, 0, 0)
	out := make([]float64, p)
	for s, had := range b.r2 {
		w := 0.0
		if n := bits.OnesCount(uint(s)); n < p {
			w = b.weight[n]
		}
		for j := range p {
			if s&(1<<j) == 0 {
				out[j] += w * (b.r2[s|1<<j] - had)
			}
		}
	}
	return out
}

// walk visits every superset of set by drivers from from on. levels[depth] holds the covariances of their columns and the outcome after
// the drivers of set were taken out, so that a column's gain is c_jy^2/c_jj.
func (b *blocks) walk(depth, from, set int) {
	p, y := len(b.first)-1, b.first[len(b.first)-1]
	c, next := b.levels[depth], b.levels[min(depth+1, p)]
	for j := from; j < p; j++ {
		low, high := b.first[j], b.first[j+1]
		if last := j+1 == p; last && high == low+1 {
			gain := 0.0
			if own := c[low][low]; own > constant {
				gain = c[low][y] * c[low][y] / own
			}
			b.r2[set|1<<j] = b.r2[set] + gain
			continue
		}
		gain := 0.0
		if high == low+1 { // the usual case, in one go
			own := c[low][low]
			if own > constant {
				gain = c[low][y] * c[low][y] / own
			}
			b.r2[set|1<<j] = b.r2[set] + gain
			line := c[low]
			for a := high; a <= y; a++ {
				f := 0.0
				if own > constant {
					f = line[a] / own
				}
				from, to := c[a][a:y+1], next[a][a:y+1]
				for d, v := range line[a : y+1] {
					to[d] = from[d] - f*v
				}
			}
			b.walk(depth+1, j+1, set|1<<j)
			continue
		}
		for a := low; a <= y; a++ {
			copy(next[a][a:], c[a][a:])
		}
		for k := low; k < high; k++ {
			line := next[k]
			own := line[k]
			if own <= constant {
				continue
			}
			gain += line[y] * line[y] / own
			for a := k + 1; a <= y; a++ {
				f, to := line[a]/own, next[a]
				for d := a; d <= y; d++ {
					to[d] -= f * line[d]
				}
			}
		}
		b.r2[set|1<<j] = b.r2[set] + gain
		if j+1 < p {
			b.walk(depth+1, j+1, set|1<<j)
		}
	}
}

// reduced are the products of each part that a draw adds up, and what makes correlations of a sum of them. Where nothing is missing, the
// controls are taken out of them beforehand, with the coefficients that they have among all answers: what is left is a matrix of the drivers
// and the outcome alone, which is centred anew in each draw.
func (p *Products) reduced() (parts [][]float64, correlation func(sum []float64) (r [][]float64, ok bool)) {
	a := p.of
	if a.Presence != nil {
		return p.parts, func(sum []float64) ([][]float64, bool) { r, _, ok := p.correlation(sum); return r, ok }
	}
	held := append([]int{0}, a.Controls...)
	xx := regress.Zero(len(held))
	for i, x := range held {
		for j, y := range held {
			xx[i][j] = p.of2(p.total, x, y)
		}
	}
	inverse, used := sweep(xx)
	var left []int
	for _, list := range a.Columns {
		left = append(left, list...)
	}
	left = append(left, a.Size)
	q := len(left)
	gamma := regress.Zero(len(held)) // coefficients of what is left on the controls, one row for each of these
	for _, i := range used {
		gamma[i] = make([]float64, q)
		for c, y := range left {
			for _, j := range used {
				gamma[i][c] += inverse[i][j] * p.of2(p.total, held[j], y)
			}
		}
	}
	parts = make([][]float64, len(p.parts))
	each(len(p.parts), func(at int) {
		m := p.parts[at]
		// Residuals e = z - x g: their products with 1 and with each other.
		hz, hh := regress.Zero(len(held)), regress.Zero(len(held))
		for _, i := range used {
			hz[i] = make([]float64, q)
			for c, z := range left {
				hz[i][c] = p.of2(m, held[i], z)
			}
			for _, j := range used {
				hh[i][j] = p.of2(m, held[i], held[j])
			}
		}
		hg := regress.Zero(len(held)) // x'x g
		for _, i := range used {
			hg[i] = make([]float64, q)
			for _, j := range used {
				for c, g := range gamma[j] {
					hg[i][c] += hh[i][j] * g
				}
			}
		}
		out := make([]float64, 1+q+q*(q+1)/2)
		out[0] = p.of2(m, 0, 0)
		next := 1 + q
		for c, z := range left {
			out[1+c] = p.of2(m, 0, z) - hg[0][c]
			for d := c; d < q; d++ {
				v := p.of2(m, z, left[d])
				for _, i := range used {
					v += -gamma[i][c]*hz[i][d] - gamma[i][d]*hz[i][c] + gamma[i][c]*hg[i][d]
				}
				out[next] = v
				next++
			}
		}
		parts[at] = out
	})
	total := make([]float64, q) // of each column before the controls were taken out
	for c, z := range left {
		mean := p.of2(p.total, 0, z) / float64(p.N())
		total[c] = p.of2(p.total, z, z)/float64(p.N()) - mean*mean
	}
	return parts, func(sum []float64) ([][]float64, bool) {
		r := regress.Zero(q)
		n, next := sum[0], 1+q
		for c := range q {
			for d := c; d < q; d++ {
				r[c][d] = (sum[next] - sum[1+c]*sum[1+d]/n) / n
				next++
			}
		}
		root := make([]float64, q) // 0 of a column that does not vary in this draw
		for c := range root {
			if r[c][c] > 1e-9*total[c] {
				root[c] = math.Sqrt(r[c][c])
			}
		}
		at := 0
		for _, list := range a.Columns {
			some := false
			for range list {
				some = some || root[at] > 0
				at++
			}
			if !some {
				return nil, false
			}
		}
		if root[q-1] == 0 {
			return nil, false
		}
		for c := range q {
			for d := c; d < q; d++ {
				if root[c] == 0 || root[d] == 0 {
					r[c][d] = 0
				} else {
					r[c][d] /= root[c] * root[d]
				}
				r[d][c] = r[c][d]
			}
		}
		return r, true
	}
}

// draw fills in the intervals of LMG and rank. Draws in which a driver happens not to vary are left out.
func (p *Products) draw(imp *Importance, first []int, o Options) {
	drivers := len(imp.Drivers)
	results := make([][]float64, o.Resamples)
	lattices := make([]*blocks, workers)
	for w := range lattices {
		lattices[w] = newBlocks(first)
	}
	sums := make([][]float64, workers)
	parts, correlation := p.reduced()
	each(o.Resamples, func(i int) {
		w := i % workers // each walks through the numbers that are its own
		rng := rand.New(rand.NewPCG(o.Seed, uint64(i)))
		times := make([]int, len(parts))
		for range parts {
			times[rng.IntN(len(parts))]++
		}
		sum := sums[w]
		if sum == nil {
			sum = make([]float64, len(parts[0]))
			sums[w] = sum
		}
		clear(sum)
		for part, t := range times {
			if t == 0 {
				continue
			}
			f := float64(t)
			for j, v := range parts[part] {
				sum[j] += f * v
			}
		}
		if r, ok := correlation(sum); ok {
			results[i] = lattices[w].lmg(r)
		}
	})
	values, ranks := make([][]float64, drivers), make([][]float64, drivers)
	order := make([]int, drivers)
	for _, lmg := range results {
		if lmg == nil {
			continue
		}
		for j := range order {
			order[j] = j
		}
		slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(lmg[y], lmg[x]) })
		for rank, j := range order {
			values[j] = append(values[j], lmg[j])
			ranks[j] = append(ranks[j], float64(rank+1))
		}
	}
	tail := (1 - o.Level) / 2
	for j := range imp.Drivers {
		if len(values[j]) < 2 {
			return
		}
		slices.Sort(values[j])
		slices.Sort(ranks[j])
		imp.Drivers[j].Interval = &stat.Interval{Low: stat.Quantile(values[j], tail), High: stat.Quantile(values[j], 1-tail), Level: o.Level, Method: "percentile bootstrap"}
		imp.Drivers[j].Rank = [2]int{int(math.Floor(stat.Quantile(ranks[j], tail))), int(math.Ceil(stat.Quantile(ranks[j], 1-tail)))}
	}
}
