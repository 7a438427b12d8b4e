package driver

import (
	"math"
	"slices"

	"kolo/internal/understand/stat/regress"
)

// cluster is the answers of one customer in a linear model, for the error CR3 (Bell and McCaffrey 2002): the covariance of the
// coefficients is A (sum u_g u_g') A with A = (X'X)^-1, u_g = X_g' (I - H_gg)^-1 e_g and H_gg = X_g A X_g', so that A u_g is by how much the
// coefficients change without the customer. Of a customer who answered once that is HC3.
type cluster struct {
	inverse [][]float64 // A
	length  []float64   // diagonal of X'X
	rows    [][]Entry
	e       []float64
	u       []float64 // by column
	columns []int     // of the rows: u is 0 in all others
	lone    []int     // the columns that have no coefficient without the customer

	has  []bool // by column, whether it is one of columns
	t    []float64
	left [][]float64
}

func newCluster(inverse, xx [][]float64) *cluster {
	k := len(xx)
	c := &cluster{inverse: inverse, length: make([]float64, k), u: make([]float64, k), has: make([]bool, k), t: make([]float64, k)}
	for i := range xx {
		c.length[i] = xx[i][i]
	}
	return c
}

// begin forgets the customer before.
func (c *cluster) begin() {
	for _, at := range c.columns {
		c.u[at], c.has[at] = 0, false
	}
	c.rows, c.e, c.columns, c.lone = c.rows[:0], c.e[:0], c.columns[:0], c.lone[:0]
}

// add takes in an answer with its residual.
func (c *cluster) add(row []Entry, e float64) {
	n := len(c.rows)
	if n < cap(c.rows) {
		c.rows = c.rows[:n+1]
	} else {
		c.rows = append(c.rows, nil)
	}
	c.rows[n] = append(c.rows[n][:0], row...)
	c.e = append(c.e, e)
}

// determined is what must be left of a direction without a customer for it to be known without him.
const determined = 1e-8

// solve fills in u and lone.
func (c *cluster) solve() {
	if len(c.rows) > len(c.u) {
		c.compress()
	}
	for _, row := range c.rows {
		for _, x := range row {
			if !c.has[x.Column] {
				c.has[x.Column] = true
				c.columns = append(c.columns, x.Column)
			}
		}
	}
	left := c.square(len(c.rows)) // I - H
	for i, row := range c.rows {
		for _, at := range c.columns {
			c.t[at] = 0
		}
		for _, x := range row {
			line := c.inverse[x.Column]
			for _, at := range c.columns {
				c.t[at] += x.Value * line[at]
			}
		}
		for j := range i + 1 {
			h := 0.0
			for _, x := range c.rows[j] {
				h += c.t[x.Column] * x.Value
			}
			left[i][j], left[j][i] = -h, -h
		}
		left[i][i]++
	}
	order, rank := factor(left, determined)
	// Residuals have no part in directions that the customer determines alone.
	a := substitute(left, order, rank, forward(left, order, rank, c.e))
	for i, at := range order[:rank] {
		for _, x := range c.rows[at] {
			c.u[x.Column] += a[i] * x.Value
		}
	}
	for _, free := range order[rank:] {
		c.alone(left, order, rank, free)
	}
}

// square is a matrix whose values are those of the customer before.
func (c *cluster) square(m int) [][]float64 {
	for len(c.left) < m {
		c.left = append(c.left, nil)
	}
	for i := range m {
		if cap(c.left[i]) < m {
			c.left[i] = make([]float64, 2*m)
		}
		c.left[i] = c.left[i][:m]
	}
	return c.left[:m]
}

// alone finds the coefficients that move with a direction of which nothing is left: one in which the answer free has 1.
func (c *cluster) alone(left [][]float64, order []int, rank, free int) {
	z := make([]float64, rank)
	for i := range z {
		z[i] = -left[free][order[i]]
	}
	v, size := substitute(left, order, rank, z), 1.0
	with := make([]float64, len(c.u)) // X'v
	for _, x := range c.rows[free] {
		with[x.Column] += x.Value
	}
	for i, at := range order[:rank] {
		size += v[i] * v[i]
		for _, x := range c.rows[at] {
			with[x.Column] += v[i] * x.Value
		}
	}
	for j, length := range c.length {
		if moved := regress.Dot(c.inverse[j], with); math.Abs(moved)*math.Sqrt(length/size) > 1e-6 {
			c.lone = append(c.lone, j)
		}
	}
}

// compress puts as many rows as there are columns in the place of more, with the same products: R of X_g = QR, and Q'e.
func (c *cluster) compress() {
	k := len(c.u)
	products, with := regress.Zero(k), make([]float64, k)
	for i, row := range c.rows {
		for _, x := range row {
			with[x.Column] += x.Value * c.e[i]
			for _, y := range row {
				products[x.Column][y.Column] += x.Value * y.Value
			}
		}
	}
	most := 0.0
	for i := range products {
		most = max(most, products[i][i])
	}
	order, rank := factor(products, 1e-12*most)
	c.e = append(c.e[:0], forward(products, order, rank, with)...)
	c.rows = c.rows[:0]
	for r := range rank {
		var row []Entry
		for _, at := range order[r:] {
			if v := products[at][order[r]]; v != 0 {
				row = append(row, Entry{at, v})
			}
		}
		c.rows = append(c.rows, row)
	}
}

// factor is Cholesky's of a symmetric matrix without negative eigenvalues, the largest pivot first, until none above least is left: m holds
// L by rows and columns in the order of pivots, with as many columns as the rank.
func factor(m [][]float64, least float64) (order []int, rank int) {
	order = make([]int, len(m))
	for i := range order {
		order[i] = i
	}
	for r := range order {
		best := r
		for i := r + 1; i < len(order); i++ {
			if m[order[i]][order[i]] > m[order[best]][order[best]] {
				best = i
			}
		}
		order[r], order[best] = order[best], order[r]
		p := order[r]
		if !(m[p][p] > least) {
			return order, r
		}
		d := math.Sqrt(m[p][p])
		m[p][p] = d
		rest := order[r+1:]
		for _, i := range rest {
			m[i][p] /= d
		}
		for _, i := range rest {
			for _, j := range rest {
				m[i][j] -= m[i][p] * m[j][p]
			}
		}
	}
	return order, len(order)
}

// forward solves L z = b for the rows of the rank.
func forward(l [][]float64, order []int, rank int, b []float64) []float64 {
	z := make([]float64, rank)
	for i, at := range order[:rank] {
		z[i] = b[at]
		for j := range i {
			z[i] -= l[at][order[j]] * z[j]
		}
		z[i] /= l[at][at]
	}
	return z
}

// substitute solves L' x = z.
func substitute(l [][]float64, order []int, rank int, z []float64) []float64 {
	x := slices.Clone(z)
	for i := rank - 1; i >= 0; i-- {
		for j := i + 1; j < rank; j++ {
			x[i] -= l[order[j]][order[i]] * x[j]
		}
		x[i] /= l[order[i]][order[i]]
	}
	return x
}
