package driver

import (
	"cmp"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/regress"
)

// samples are rows gathered by customer, for taking covariances of any choice of customers. All that a covariance needs of a
// customer is a few sums over the rows (their number, their values, their products), so that a resample is a weighted sum of
// those, and a thousand resamples are a product of matrices.
type samples struct {
	rows  [][]float64
	order []int // rows by customer
	start []int // of each customer in order, and the end
	mean  []float64
	k     int
}

// gather sorts rows by customer: member numbers them from 0 to groups-1.
func gather(rows [][]float64, member []int, groups int) *samples {
	s := &samples{rows: rows, order: make([]int, len(rows)), start: make([]int, groups+1), k: len(rows[0])}
	for _, g := range member {
		s.start[g+1]++
	}
	for g := range groups {
		s.start[g+1] += s.start[g]
	}
	next := slices.Clone(s.start[:groups])
	for i, g := range member {
		s.order[next[g]] = i
		next[g]++
	}
	s.mean = make([]float64, s.k)
	for _, row := range rows {
		for j, v := range row {
			s.mean[j] += v / float64(len(rows))
		}
	}
	return s
}

func (s *samples) groups() int { return len(s.start) - 1 }

// width is the number of sums: the count, the values, the products.
func (s *samples) width() int { return 1 + s.k + s.k*(s.k+1)/2 }

// sums adds up customer g's rows, less the mean of all rows so that covariances keep their digits.
func (s *samples) sums(g int, into []float64) {
	clear(into)
	dev := make([]float64, s.k)
	for _, i := range s.order[s.start[g]:s.start[g+1]] {
		for j, v := range s.rows[i] {
			dev[j] = v - s.mean[j]
		}
		into[0]++
		at := 1 + s.k
		for a, u := range dev {
			into[1+a] += u
			for b, v := range dev[a:] {
				into[at+b] += u * v
			}
			at += s.k - a
		}
	}
}

// noise is the share of a sum of squares below which what is left of it is rounding: the column does not vary.
const noise = 1e-12

// covariance turns sums into the matrix, not divided by the number of rows; ok is false when there are no rows.
func (s *samples) covariance(sums []float64) (c [][]float64, ok bool) {
	n := sums[0]
	if n < 1 {
		return nil, false
	}
	c = regress.Zero(s.k)
	at := 1 + s.k
	for a := range s.k {
		for b := a; b < s.k; b++ {
			v := sums[at] - sums[1+a]*sums[1+b]/n
			if a == b && v <= noise*sums[at] {
				v = 0
			}
			c[a][b], c[b][a] = v, v
			at++
		}
	}
	return c, true
}

// A product covers so many resamples and customers at once: what it reads stays in the processor's cache.
const (
	drawsAtOnce     = 32
	customersAtOnce = 256
)

// bootstrap draws whole customers with replacement and fills in the intervals of LMG and rank. Draws in which a driver
// happens not to vary are left out. Every draw has a generator of its own, so that the result does not depend on how many
// processors share the work.
func (d Data) bootstrap(rows [][]float64, imp *Importance, o Options) {
	member, groups := d.members()
	s := gather(rows, member, groups)
	lmg := make([][]float64, o.Resamples) // of each draw; nil: left out
	var workers sync.WaitGroup
	chunks := make(chan int)
	for range min(runtime.GOMAXPROCS(0), (o.Resamples+drawsAtOnce-1)/drawsAtOnce) {
		workers.Go(func() {
			w := newResampler(s, len(d.Names), d.controls(), o.Seed)
			for first := range chunks {
				w.draw(first, lmg[first:min(first+drawsAtOnce, o.Resamples)])
			}
		})
	}
	for first := 0; first < o.Resamples; first += drawsAtOnce {
		chunks <- first
	}
	close(chunks)
	workers.Wait()
	imp.intervals(lmg, o.Level)
}

// resampler is what one worker reuses from draw to draw.
type resampler struct {
	*samples
	drivers, controls int
	seed              uint64
	lattice           *lattice // nil above ExactDrivers
	times             []uint16 // how often each customer was drawn, draw by draw
	block             blas64.General
	weight, total     blas64.General
}

func newResampler(s *samples, drivers, controls int, seed uint64) *resampler {
	w := &resampler{samples: s, drivers: drivers, controls: controls, seed: seed}
	if drivers <= ExactDrivers {
		w.lattice = newLattice(drivers)
	}
	matrix := func(rows, cols int) blas64.General {
		return blas64.General{Rows: rows, Cols: cols, Stride: cols, Data: make([]float64, rows*cols)}
	}
	w.times = make([]uint16, drawsAtOnce*s.groups())
	w.block, w.weight = matrix(customersAtOnce, s.width()), matrix(drawsAtOnce, customersAtOnce)
	w.total = matrix(drawsAtOnce, s.width())
	return w
}

// draw fills in the LMG of the draws numbered from first.
func (w *resampler) draw(first int, lmg [][]float64) {
	n := w.groups()
	clear(w.times)
	for b := range lmg {
		rng := rand.New(rand.NewPCG(w.seed, 0x626f6f74<<32+uint64(first+b)))
		times := w.times[b*n : (b+1)*n]
		for range n {
			times[rng.IntN(n)]++
		}
	}
	clear(w.total.Data)
	for from := 0; from < n; from += customersAtOnce {
		size := min(customersAtOnce, n-from)
		for i := range size {
			w.sums(from+i, w.block.Data[i*w.block.Stride:(i+1)*w.block.Stride])
		}
		w.block.Rows, w.weight.Cols = size, size
		for b := range lmg {
			row := w.weight.Data[b*w.weight.Stride:]
			for i, t := range w.times[b*n+from : b*n+from+size] {
				row[i] = float64(t)
			}
		}
		blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, w.weight, w.block, 1, w.total)
	}
	for b := range lmg {
		c, ok := w.covariance(w.total.Data[b*w.total.Stride : (b+1)*w.total.Stride])
		if !ok {
			continue
		}
		r, _, ok := correlation(c, w.controls)
		switch {
		case !ok:
		case w.lattice != nil:
			lmg[b] = exact(w.lattice, r, w.drivers)
		default:
			lmg[b], _ = shapley(r, w.drivers, w.seed+uint64(first+b)+1)
		}
	}
}

// intervals takes the percentiles of the draws.
func (m *Importance) intervals(lmg [][]float64, level float64) {
	p := len(m.Drivers)
	values, ranks := make([][]float64, p), make([][]float64, p)
	order := make([]int, p)
	for _, draw := range lmg {
		if draw == nil {
			continue
		}
		for j := range order {
			order[j] = j
		}
		slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(draw[y], draw[x]) })
		for rank, j := range order {
			values[j] = append(values[j], draw[j])
			ranks[j] = append(ranks[j], float64(rank+1))
		}
	}
	tail := (1 - level) / 2
	for j := range m.Drivers {
		if len(values[j]) < 2 {
			return
		}
		slices.Sort(values[j])
		slices.Sort(ranks[j])
		m.Drivers[j].Interval = &stat.Interval{Low: stat.Quantile(values[j], tail), High: stat.Quantile(values[j], 1-tail),
			Level: level, Method: "percentile bootstrap"}
		m.Drivers[j].Rank = [2]int{int(math.Floor(stat.Quantile(ranks[j], tail))), int(math.Ceil(stat.Quantile(ranks[j], 1-tail)))}
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
	rows := make([][]float64, len(d.Y))
	for i := range rows {
		rows[i] = d.row(i)
	}
	member, groups := d.members()
	if groups < 3 || len(rows) < p+d.controls()+3 {
		return nil, stat.Undefined(op, "%d answers are too few", len(rows))
	}
	s := gather(rows, member, groups)
	all, own := make([]float64, s.width()), make([]float64, s.width())
	for g := range groups {
		s.sums(g, own)
		for i, v := range own {
			all[i] += v
		}
	}
	l, sum, squares := newLattice(p), make([]float64, p), make([]float64, p)
	first := make([]float64, p)
	for g := range groups {
		s.sums(g, own)
		for i, v := range own {
			own[i] = all[i] - v
		}
		c, ok := s.covariance(own)
		if !ok {
			return nil, stat.Undefined(op, "without one customer there are no answers")
		}
		r, _, ok := correlation(c, d.controls())
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
