// Package driver answers which themes, touchpoints and ratings move a score, by how much, how surely, and whether fixing
// or delighting is the way. What it gives is association: proof comes from package effect.
package driver

import (
	"errors"
	"math"
	"slices"

	"kolo/internal/foundation/fault"
	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/regress"
)

// Data is one row per answer, complete in all columns: drop incomplete rows before (never fill with means).
type Data struct {
	Names    []string    // of the drivers
	X        [][]float64 // rows of driver values
	Y        []float64   // the outcome
	Controls [][]float64 // rows of values that are always in the model (period, channel, segment dummies); may be nil
	Cluster  []int       // whose answer a row is, for resampling whole customers; nil: all different
}

func (d Data) check(op string) error {
	n, p := len(d.Y), len(d.Names)
	if p == 0 || n == 0 {
		return stat.Undefined(op, "there are %d drivers and %d answers", p, n)
	}
	if len(d.X) != n || d.Controls != nil && len(d.Controls) != n || d.Cluster != nil && len(d.Cluster) != n {
		return stat.Invalid(op, "the columns have different lengths")
	}
	for i := range n {
		if len(d.X[i]) != p || d.Controls != nil && len(d.Controls[i]) != len(d.Controls[0]) {
			return stat.Invalid(op, "row %d is incomplete", i)
		}
		for _, v := range d.row(i) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return stat.Invalid(op, "row %d has a value that is not a number", i)
			}
		}
	}
	return nil
}

// row is controls, drivers, outcome.
func (d Data) row(i int) []float64 {
	var r []float64
	if d.Controls != nil {
		r = append(r, d.Controls[i]...)
	}
	return append(append(r, d.X[i]...), d.Y[i])
}

func (d Data) controls() int {
	if d.Controls == nil {
		return 0
	}
	return len(d.Controls[0])
}

// design has an intercept, the drivers, then the controls.
func (d Data) design() [][]float64 {
	out := make([][]float64, len(d.Y))
	for i := range out {
		out[i] = append([]float64{1}, d.X[i]...)
		if d.Controls != nil {
			out[i] = append(out[i], d.Controls[i]...)
		}
	}
	return out
}

// named turns a collinearity into a sentence with the drivers' names.
func (d Data) named(op string, err error) error {
	var c *regress.CollinearError
	if !errors.As(err, &c) {
		return err
	}
	var names []string
	for _, j := range c.Columns {
		names = append(names, d.column(j-1))
	}
	return collinear(op, names)
}

func (d Data) column(j int) string {
	switch {
	case j < 0:
		return "the intercept"
	case j < len(d.Names):
		return d.Names[j]
	}
	return "a control variable"
}

// ErrCollinear is wrapped when drivers are perfectly collinear or constant; the message names them.
var ErrCollinear = errors.New("collinear drivers")

func collinear(op string, names []string) error {
	slices.Sort(names)
	e := fault.New(fault.Invalid, "stat."+op, "%v cannot be told apart from the other drivers: merge or drop",
		slices.Compact(names))
	e.Err = ErrCollinear
	return e
}

// covariance is the joint one of controls, drivers and outcome, not divided by the number of rows.
func covariance(rows [][]float64) [][]float64 {
	k := len(rows[0])
	mean := make([]float64, k)
	for _, r := range rows {
		for j, v := range r {
			mean[j] += v
		}
	}
	for j := range mean {
		mean[j] /= float64(len(rows))
	}
	c, dev := regress.Zero(k), make([]float64, k)
	for _, r := range rows {
		for j, v := range r {
			dev[j] = v - mean[j]
		}
		for a, u := range dev {
			row := c[a]
			for b := a; b < k; b++ {
				row[b] += u * dev[b]
			}
		}
	}
	for a := range k {
		for b := range a {
			c[a][b] = c[b][a]
		}
	}
	return c
}

// constant is the share of its variance that a column must keep to count as varying.
const constant = 1e-10

// correlation partials the first controls columns out and standardises the rest; the last column is the outcome. ok is
// false, with the index of the driver at fault (or -1 for the outcome), when a column has no variance left.
func correlation(cov [][]float64, controls int) (r [][]float64, at int, ok bool) {
	k := len(cov)
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
	p := k - controls
	r = regress.Zero(p)
	for a := range p {
		v := cov[controls+a][controls+a]
		if !(v > constant*total[controls+a]) {
			if a == p-1 {
				a = -1
			}
			return nil, a, false
		}
	}
	for a := range p {
		for b := range p {
			r[a][b] = cov[controls+a][controls+b] /
				math.Sqrt(cov[controls+a][controls+a]*cov[controls+b][controls+b])
		}
	}
	return r, 0, true
}
