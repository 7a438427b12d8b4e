package discover

// What makes as many clusters as are wanted: neither joining nor fitting sees to it that none is lost.

// speaking counts the texts of each cluster that have words in common with others. The rest are put to no theme, so that a
// cluster of these alone is none.
func (c *corpus) speaking(of []int, k int) []int {
	n := make([]int, k)
	for i, j := range of {
		if len(c.texts[i]) > 0 {
			n[j]++
		}
	}
	return n
}

// split cuts clusters, of which there are k, in two until there are as many as are wanted: each time the one whose texts are
// farthest from its middle. There are fewer when what is left are copies of each other. It gives back the clusters and how many
// there are.
func (c *corpus) split(x *dense, of []int, k, want int) ([]int, int) {
	texts := make([][]int, 0, max(k, want)) // of each cluster
	names := make([]int, k)
	for j, n := range c.speaking(of, k) {
		if names[j] = -1; n > 0 {
			names[j], texts = len(texts), append(texts, nil)
		}
	}
	out := make([]int, len(of))
	for i, j := range of {
		if out[i] = max(0, names[j]); len(c.texts[i]) > 0 {
			texts[out[i]] = append(texts[out[i]], i)
		}
	}
	wide := make([]float64, len(texts), cap(texts))
	for j := range texts {
		wide[j] = width(x, texts[j])
	}
	for len(texts) < want {
		widest := 0
		for j := range wide {
			if wide[j] > wide[widest] {
				widest = j
			}
		}
		if len(wide) == 0 || wide[widest] < cuttable {
			break
		}
		mine, other := halves(x, texts[widest])
		for _, i := range other {
			out[i] = len(texts)
		}
		texts[widest], texts = mine, append(texts, other)
		wide[widest], wide = width(x, mine), append(wide, width(x, other))
	}
	return out, max(1, len(texts))
}

// cuttable is how wide a cluster is at least that can be cut in two: what is less is rounding.
const cuttable = 1e-4

// middle is the direction of the sum of rows.
func middle(x *dense, rows []int) []float32 {
	sum := make([]float32, x.cols)
	for _, i := range rows {
		axpy(1, x.row(i), sum)
	}
	normalize(sum)
	return sum
}

// width is how far rows are from their middle, in sum. Those of length 0, of which nothing is known, are nowhere.
func width(x *dense, rows []int) float64 {
	m, sum := middle(x, rows), 0.0
	for _, i := range rows {
		if r := x.row(i); dot(r, r) > 0 {
			sum += max(0, 1-float64(dot(r, m)))
		}
	}
	return sum
}

// halves cuts rows in two: those that are nearer to the row farthest from the middle, and those that are nearer to the row
// farthest from that one.
func halves(x *dense, rows []int) (mine, other []int) {
	farthest := func(from []float32) []float32 {
		best, least := rows[0], float32(2)
		for _, i := range rows {
			if r := x.row(i); dot(r, r) > 0 && dot(r, from) < least {
				best, least = i, dot(r, from)
			}
		}
		return x.row(best)
	}
	a := farthest(middle(x, rows))
	b := farthest(a)
	for _, i := range rows {
		if dot(x.row(i), a) > dot(x.row(i), b) {
			other = append(other, i)
		} else {
			mine = append(mine, i)
		}
	}
	return mine, other
}

// hold gives clusters that have lost every text those back that they began with, as often as another loses all by that. Each of
// the clusters must have begun with some.
func (c *corpus) hold(start, of []int, k int) []int {
	for {
		n, lost := c.speaking(of, k), false
		for _, x := range n {
			lost = lost || x == 0
		}
		if !lost {
			return of
		}
		out := append([]int(nil), of...)
		changed := false
		for i, j := range start {
			if n[j] == 0 && out[i] != j {
				out[i], changed = j, true
			}
		}
		if of = out; !changed {
			return of
		}
	}
}
