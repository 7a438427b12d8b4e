package driver

import (
	"math"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/regress"
)

// Cell is a number of answers that are alike in everything that a model looks at.
type Cell struct {
	Mentions []int // the themes that they mention, by index, each once
	Controls []int // the dummies that are 1 for them (period, channel, segment), by index, each once
	Y        float64
	N        int64
}

// ThemeImpactsOfCells is ThemeImpacts of answers that were counted in cells: the same estimates and HC3 intervals, in time that
// depends on the number of cells and of the themes in each alone. Y is in the unit of the result: -100, 0 and 100 for the points of an
// NPS. A theme that cannot be told apart from the others, or that all answers mention or none does, has no result; so has one that
// an answer determines alone. controls is the number of dummies; ErrUndefined: there are no more answers than coefficients.
func ThemeImpactsOfCells(themes []string, controls int, cells []Cell, level float64) ([]Impact, error) {
	const op = "driver.ThemeImpactsOfCells"
	if err := stat.CheckLevel(op, level); err != nil {
		return nil, err
	}
	p := len(themes)
	k := 1 + p + controls
	xx, xy := regress.Zero(k), make([]float64, k)
	with, said := make([]float64, p), make([]float64, p) // outcome and number of the answers that mention a theme
	var n, total float64
	designs := make([][]int, len(cells)) // the columns of each cell that are 1
	for i, c := range cells {
		if c.N < 1 || math.IsNaN(c.Y) || math.IsInf(c.Y, 0) {
			return nil, stat.Invalid(op, "cell %d holds %d answers of %v", i, c.N, c.Y)
		}
		times := float64(c.N)
		x := append(make([]int, 0, 1+len(c.Mentions)+len(c.Controls)), 0)
		for _, j := range c.Mentions {
			if j < 0 || j >= p {
				return nil, stat.Invalid(op, "cell %d mentions theme %d of %d", i, j, p)
			}
			x = append(x, 1+j)
			with[j] += times * c.Y
			said[j] += times
		}
		for _, j := range c.Controls {
			if j < 0 || j >= controls {
				return nil, stat.Invalid(op, "cell %d has control %d of %d", i, j, controls)
			}
			x = append(x, 1+p+j)
		}
		designs[i] = x
		n, total = n+times, total+times*c.Y
		for _, a := range x {
			xy[a] += times * c.Y
			for _, b := range x {
				xx[a][b] += times
			}
		}
	}
	inverse, used := sweep(xx)
	free := n - float64(len(used))
	if free <= 0 {
		return nil, stat.Undefined(op, "%v answers are not more than %d coefficients", n, len(used))
	}
	coef := make([]float64, k)
	for _, a := range used {
		for _, b := range used {
			coef[a] += inverse[a][b] * xy[b]
		}
	}
	meat := regress.Zero(k)
	alone := make([]bool, k) // a coefficient that one answer determines
	for i, c := range cells {
		leverage, fitted := 0.0, 0.0
		for _, a := range designs[i] {
			fitted += coef[a]
			for _, b := range designs[i] {
				leverage += inverse[a][b]
			}
		}
		if 1-leverage < 1e-10 {
			for _, a := range designs[i] {
				alone[a] = alone[a] || xx[a][a] == 1
			}
			continue
		}
		e := (c.Y - fitted) / (1 - leverage)
		for _, a := range designs[i] {
			for _, b := range designs[i] {
				meat[a][b] += float64(c.N) * e * e
			}
		}
	}
	t := stat.CriticalT(level, free)
	var out []Impact
	for _, a := range used {
		j := a - 1
		if j < 0 || j >= p || alone[a] || said[j] == n {
			continue
		}
		m := Impact{Theme: themes[j], Share: said[j] / n, With: with[j] / said[j], Without: (total - with[j]) / (n - said[j])}
		m.Crude = total/n - m.Without
		m.Effect = Coefficient{Name: themes[j], Estimate: coef[a], SE: math.Sqrt(max(0, regress.Quadratic(inverse[a], meat)))}
		m.Effect.conclude(t, level, free)
		m.Adjusted = m.Share * m.Effect.Estimate
		m.Interval = stat.Interval{Low: m.Share * m.Effect.Interval.Low, High: m.Share * m.Effect.Interval.High, Level: level, Method: m.Effect.Interval.Method}
		out = append(out, m)
	}
	return out, nil
}

// sweep inverts a cross-product, by sweeping one column after the other, and passes over those that are combinations of
// earlier ones; used are the others. Rows and columns that were not used are 0.
func sweep(m [][]float64) (inverse [][]float64, used []int) {
	k := len(m)
	length := make([]float64, k)
	inverse = regress.Zero(k)
	for j := range k {
		copy(inverse[j], m[j])
		length[j] = m[j][j]
	}
	in := make([]bool, k)
	for p := range k {
		d := inverse[p][p]
		if length[p] == 0 || d <= 1e-9*length[p] {
			continue
		}
		in[p] = true
		used = append(used, p)
		row := inverse[p]
		for j := range row {
			row[j] /= d
		}
		row[p] = 1 / d
		for i := range k {
			if f := inverse[i][p]; i != p && f != 0 {
				for j := range row {
					if j != p {
						inverse[i][j] -= f * row[j]
					}
				}
				inverse[i][p] = -f / d
			}
		}
	}
	for i := range k {
		for j := range k {
			if !in[i] || !in[j] {
				inverse[i][j] = 0
			}
		}
	}
	return inverse, used
}
