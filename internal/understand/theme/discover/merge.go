package discover

import (
	"math"
)

const (
	// strength is the concentration of the Dirichlet prior of a theme's words around those of all texts.
	strength = 300.0
	// burst is what a word of a text counts: words of a text come together, so that they are fewer observations than
	// words. Chosen so that corpora of 5 to 77 known themes are cut into about as many.
	burst = 0.3
)

// merge joins clusters whose words are likelier to come from one theme than from two: greedily, by the marginal
// likelihood of Dirichlet-multinomials (Heller, Ghahramani 2005), as long as it grows, or until want are left when want
// is above 0. It gives back the clusters, numbered anew, and how many there are.
func merge(c *corpus, of []int, k, want int) ([]int, int) {
	j := newJoiner(c, of, k)
	gain := newGains(j)
	for left := j.left; left > max(1, want); left-- {
		a, b, g := gain.best(j)
		if a < 0 || want <= 0 && g <= 0 {
			break
		}
		j.join(a, b)
		gain.renew(j, a)
	}
	names := map[int]int{}
	out := make([]int, len(of))
	for i, at := range of {
		for j.into[at] != at {
			at = j.into[at]
		}
		n, ok := names[at]
		if !ok {
			n = len(names)
			names[at] = n
		}
		out[i] = n
	}
	return out, len(names)
}

// joiner counts the words of clusters.
type joiner struct {
	base  []float64   // strength times the share of each stem in all texts
	count [][]float64 // of each stem in each cluster; nil for a cluster that is no more
	part  [][]float64 // what each stem adds to a cluster's likelihood
	total []float64   // of words in each cluster
	into  []int       // where a cluster went
	left  int
}

func newJoiner(c *corpus, of []int, k int) *joiner {
	j := &joiner{base: make([]float64, c.single), count: make([][]float64, k), part: make([][]float64, k), total: make([]float64, k), into: make([]int, k)}
	sum := 0.0
	for i, d := range c.texts {
		at := of[i]
		if j.count[at] == nil {
			j.count[at] = make([]float64, c.single)
			j.left++
		}
		for _, t := range d {
			j.count[at][t] += burst
			j.total[at] += burst
			j.base[t]++
			sum++
		}
	}
	for t := range j.base {
		j.base[t] *= strength / max(1, sum)
	}
	parallel(k, func(from, to int) {
		for at := from; at < to; at++ {
			j.into[at] = at
			if j.count[at] != nil {
				j.part[at] = j.parts(j.count[at])
			}
		}
	})
	return j
}

func lgamma(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
}

func (j *joiner) parts(count []float64) []float64 {
	out := make([]float64, len(count))
	for t, n := range count {
		if n > 0 {
			out[t] = lgamma(j.base[t]+n) - lgamma(j.base[t])
		}
	}
	return out
}

// gain is how much likelier the words of two clusters are as one.
func (j *joiner) gain(a, b int) float64 {
	g := -lgamma(strength+j.total[a]+j.total[b]) + lgamma(strength+j.total[a]) + lgamma(strength+j.total[b]) - lgamma(strength)
	ca, cb, pa, pb := j.count[a], j.count[b], j.part[a], j.part[b]
	for t, n := range ca {
		if n > 0 && cb[t] > 0 {
			g += lgamma(j.base[t]+n+cb[t]) - lgamma(j.base[t]) - pa[t] - pb[t]
		}
	}
	return g
}

// join puts b into a.
func (j *joiner) join(a, b int) {
	for t, n := range j.count[b] {
		j.count[a][t] += n
	}
	j.total[a] += j.total[b]
	j.part[a] = j.parts(j.count[a])
	j.count[b], j.part[b], j.into[b] = nil, nil, a
	j.left--
}

// gains holds what joining any two clusters brings.
type gains struct {
	of [][]float64 // of a and b, b below a
}

func newGains(j *joiner) *gains {
	g := &gains{of: make([][]float64, len(j.count))}
	var pairs [][2]int
	for a := range j.count {
		g.of[a] = make([]float64, a)
		for b := range a {
			if j.count[a] != nil && j.count[b] != nil {
				pairs = append(pairs, [2]int{a, b})
			}
		}
	}
	parallel(len(pairs), func(from, to int) {
		for _, p := range pairs[from:to] {
			g.of[p[0]][p[1]] = j.gain(p[0], p[1])
		}
	})
	return g
}

func (g *gains) best(j *joiner) (a, b int, most float64) {
	a, b, most = -1, -1, math.Inf(-1)
	for x := range g.of {
		if j.count[x] == nil {
			continue
		}
		for y, v := range g.of[x] {
			if j.count[y] != nil && v > most {
				a, b, most = x, y, v
			}
		}
	}
	return a, b, most
}

func (g *gains) renew(j *joiner, a int) {
	for o := range j.count {
		if o == a || j.count[o] == nil {
			continue
		}
		if v := j.gain(a, o); o < a {
			g.of[a][o] = v
		} else {
			g.of[o][a] = v
		}
	}
}
