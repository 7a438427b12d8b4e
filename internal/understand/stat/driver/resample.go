package driver

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"kolo/internal/understand/stat"
)

// bootstrap draws whole customers with replacement and fills in the intervals of LMG and rank. Draws in which a driver
// happens not to vary are left out.
func (d Data) bootstrap(rows [][]float64, imp *Importance, o Options) {
	p := len(d.Names)
	member, groups := d.members()
	rng := rand.New(rand.NewPCG(o.Seed, 0x626f6f74))
	l := (*lattice)(nil)
	if p <= ExactDrivers {
		l = newLattice(p)
	}
	values, ranks := make([][]float64, p), make([][]float64, p)
	drawn, times := make([]float64, groups), make([]float64, len(rows))
	order := make([]int, p)
	for b := range o.Resamples {
		clear(drawn)
		for range groups {
			drawn[rng.IntN(groups)]++
		}
		for i, g := range member {
			times[i] = drawn[g]
		}
		r, _, ok := correlation(covariance(rows, times), d.controls())
		if !ok {
			continue
		}
		var lmg []float64
		if l != nil {
			lmg = exact(l, r, p)
		} else {
			lmg, _ = shapley(r, p, o.Seed+uint64(b)+1)
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
		imp.Drivers[j].Interval = &stat.Interval{Low: stat.Quantile(values[j], tail), High: stat.Quantile(values[j], 1-tail),
			Level: o.Level, Method: "percentile bootstrap"}
		imp.Drivers[j].Rank = [2]int{int(math.Floor(stat.Quantile(ranks[j], tail))), int(math.Ceil(stat.Quantile(ranks[j], 1-tail)))}
	}
}

// members maps rows to consecutive group numbers.
func (d Data) members() (member []int, groups int) {
	member = make([]int, len(d.Y))
	if d.Cluster == nil {
		for i := range member {
			member[i] = i
		}
		return member, len(member)
	}
	seen := map[int]int{}
	for i, c := range d.Cluster {
		g, ok := seen[c]
		if !ok {
			g = len(seen)
			seen[c] = g
		}
		member[i] = g
	}
	return member, len(seen)
}

// JackknifeSE gives deterministic standard errors of the LMG: sqrt((n-1)/n sum (l_(i) - mean)^2), leaving out one
// customer at a time.
func JackknifeSE(d Data) ([]float64, error) {
	const op = "driver.JackknifeSE"
	if err := d.check(op); err != nil {
		return nil, err
	}
	p := len(d.Names)
	if p > ExactDrivers {
		return nil, stat.Invalid(op, "the jackknife is for at most %d drivers", ExactDrivers)
	}
	rows, times := make([][]float64, len(d.Y)), make([]float64, len(d.Y))
	for i := range rows {
		rows[i] = d.row(i)
	}
	member, groups := d.members()
	if groups < 3 || len(rows) < p+d.controls()+3 {
		return nil, stat.Undefined(op, "%d answers are too few", len(rows))
	}
	l, sum, squares := newLattice(p), make([]float64, p), make([]float64, p)
	first := make([]float64, p)
	for g := range groups {
		for i, m := range member {
			times[i] = 1
			if m == g {
				times[i] = 0
			}
		}
		r, _, ok := correlation(covariance(rows, times), d.controls())
		if !ok {
			return nil, stat.Undefined(op, "without one customer a column does not vary")
		}
		for j, v := range exact(l, r, p) {
			if g == 0 {
				first[j] = v // differences from the first keep the digits
			}
			sum[j] += v - first[j]
			squares[j] += (v - first[j]) * (v - first[j])
		}
	}
	n := float64(groups)
	for j := range sum {
		squares[j] = math.Sqrt((n - 1) / n * max(0, squares[j]-sum[j]*sum[j]/n))
	}
	return squares, nil
}
