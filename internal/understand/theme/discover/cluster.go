package discover

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// kmeans is spherical k-means on rows of length 1, from seeds as k-means++ draws them: the cluster of each row.
func kmeans(x *dense, k, iterations int, rng *rand.Rand) []int {
	return kmeansFrom(x, seeds(x, k, rng), iterations)
}

// seeds draws k rows, each with a chance that grows with its distance from those drawn before.
func seeds(x *dense, k int, rng *rand.Rand) *dense {
	c := newDense(k, x.cols)
	far := make([]float64, x.rows)
	for i := range far {
		far[i] = 2
	}
	pick := rng.IntN(x.rows)
	for j := range k {
		copy(c.row(j), x.row(pick))
		sum := 0.0
		for i := range far {
			far[i] = min(far[i], max(0, 1-float64(dot(x.row(i), c.row(j)))))
			sum += far[i]
		}
		at := rng.Float64() * sum
		pick = rng.IntN(x.rows)
		for i, d := range far {
			if at -= d; at < 0 {
				pick = i
				break
			}
		}
	}
	return c
}

func kmeansFrom(x, c *dense, iterations int) []int {
	of, near := make([]int, x.rows), make([]float32, x.rows)
	before := -1.0
	for range iterations {
		nearest(x, c, of, near)
		sum := 0.0
		for _, v := range near {
			sum += float64(v)
		}
		if sum-before < 1e-4*math.Abs(sum) {
			break
		}
		before = sum
		var size []int
		c, size = centroids(x, of, c.rows)
		for j, n := range size {
			if n > 0 {
				continue
			}
			// An empty cluster takes the row that fits worst where it is.
			worst := 0
			for i, v := range near {
				if v < near[worst] {
					worst = i
				}
			}
			near[worst] = 2
			copy(c.row(j), x.row(worst))
		}
	}
	return of
}

// nearest finds the centroid that each row is nearest to, and how near.
func nearest(x, c *dense, of []int, near []float32) {
	const block = 1024
	scores := newDense(min(block, x.rows), c.rows)
	for from := 0; from < x.rows; from += block {
		to := min(from+block, x.rows)
		blas32.Gemm(blas.NoTrans, blas.Trans, 1, x.slice(from, to), c.general(), 0, scores.slice(0, to-from))
		for i := from; i < to; i++ {
			r := scores.row(i - from)
			best := 0
			for j, v := range r {
				if v > r[best] {
					best = j
				}
			}
			of[i], near[i] = best, r[best]
		}
	}
}

func centroids(x *dense, of []int, k int) (*dense, []int) {
	c, size := newDense(k, x.cols), make([]int, k)
	for i, j := range of {
		size[j]++
		axpy(1, x.row(i), c.row(j))
	}
	for j := range k {
		normalize(c.row(j))
	}
	return c, size
}

// mixture refines a clustering by what the words say: a mixture of multinomials over stems, times a mixture of von
// Mises-Fisher distributions over vectors, fitted by annealed expectation maximisation.
type mixture struct {
	c      *corpus
	weight []float64 // of each stem
	length []float32 // what the words of each text count: long texts would drown their vectors
	fixed  []int     // the cluster of texts that a person has put somewhere, otherwise -1; nil when there is none
}

const (
	concentration = 10.0 // of the von Mises-Fisher part
	smoothing     = 0.2  // of the multinomials, towards what all texts say
	warm          = 0.35 // the temperature's inverse at the beginning of annealing
	enough        = 15.0 // words after which further words count less
	slight        = 1e-3 // probabilities below this are taken for nothing
)

func newMixture(c *corpus) *mixture {
	m := &mixture{c: c, weight: make([]float64, c.single), length: make([]float32, len(c.texts))}
	var sum, n float64
	for t := range m.weight {
		m.weight[t] = math.Sqrt(c.idf(int32(t)))
		sum += m.weight[t] * float64(c.df[t])
		n += float64(c.df[t])
	}
	for t := range m.weight {
		m.weight[t] *= n / sum
	}
	for i, d := range c.texts {
		m.length[i] = float32(min(1, enough/max(1, float64(len(d)))))
	}
	return m
}

// fit refines a clustering into k clusters, in so many steps, annealing from warm when so wished. It gives back the
// cluster of each text and the probability that it is the right one.
func (m *mixture) fit(x *dense, start []int, k, steps int, anneal bool) ([]int, []float32) {
	n, terms := len(start), m.c.single
	of, sure := append([]int(nil), start...), make([]float32, n)
	share := newDense(n, k)
	for i, j := range of {
		share.row(i)[j] = 1
	}
	log := newDense(terms, k)
	center := newDense(k, x.cols)
	for step := range steps {
		m.fix(of, share)
		heat := 1.0
		if anneal {
			heat = min(1, warm+(1-warm)*float64(step)/float64(max(1, steps-4)))
		}
		clear(center.data)
		for i := range n { // shares are nearly all zero: most of a product of matrices would be for nothing
			for j, p := range share.row(i) {
				if p >= slight {
					axpy(p, x.row(i), center.row(j))
				}
			}
		}
		center.normalizeRows()
		prior := m.words(share, log)
		blas32.Gemm(blas.NoTrans, blas.Trans, concentration, x.general(), center.general(), 0, share.general())
		changed := make([]int, (n+511)/512)
		parallel(n, func(from, to int) {
			words := make([]float32, k)
			for i := from; i < to; i++ {
				clear(words)
				for _, t := range m.c.texts[i] {
					axpy(1, log.row(int(t)), words)
				}
				r := share.row(i)
				axpy(m.length[i], words, r)
				best := 0
				for j := range r {
					r[j] += prior[j]
					if r[j] > r[best] {
						best = j
					}
				}
				if best != of[i] {
					changed[i/512]++
					of[i] = best
				}
				sure[i] = soften(r, r[best], float32(heat))
			}
		})
		sum := 0
		for _, c := range changed {
			sum += c
		}
		if heat == 1 && sum <= n/1000 {
			break
		}
	}
	m.fix(of, share)
	return of, sure
}

// fix puts texts where a person has put them.
func (m *mixture) fix(of []int, share *dense) {
	for i, j := range m.fixed {
		if j >= 0 {
			of[i] = j
			clear(share.row(i))
			share.row(i)[j] = 1
		}
	}
}

// soften makes probabilities of logarithms, of which top is the greatest, and gives back the greatest.
func soften(r []float32, top, heat float32) float32 {
	var sum float32
	for j, v := range r {
		d := (v - top) * heat
		if d < -14 {
			r[j] = 0
			continue
		}
		r[j] = float32(math.Exp(float64(d)))
		sum += r[j]
	}
	for j := range r {
		r[j] /= sum
	}
	return 1 / sum
}

// words fills log with each stem's weighted logarithm of its probability in each cluster, and gives back the logarithms
// of the clusters' sizes.
func (m *mixture) words(share, log *dense) []float32 {
	k := share.cols
	clear(log.data)
	prior := make([]float32, k)
	for i, d := range m.c.texts {
		for j, p := range share.row(i) {
			if p < slight {
				continue
			}
			prior[j] += p
			for _, t := range d {
				log.row(int(t))[j] += p * float32(m.weight[t])
			}
		}
	}
	for j := range prior {
		prior[j] = float32(math.Log(float64(prior[j]) + 1))
	}
	total := make([]float64, k)
	everywhere := make([]float64, log.rows)
	var sum float64
	for t := range log.rows {
		for j, v := range log.row(t) {
			total[j] += float64(v)
			everywhere[t] += float64(v)
		}
		sum += everywhere[t]
	}
	if sum == 0 {
		return prior
	}
	pseudo := smoothing * float64(log.rows)
	parallel(log.rows, func(from, to int) {
		for t := from; t < to; t++ {
			base := pseudo * (everywhere[t] + 1e-6) / sum
			for j, v := range log.row(t) {
				log.row(t)[j] = float32(m.weight[t] * math.Log((float64(v)+base)/(total[j]+pseudo)))
			}
		}
	})
	return prior
}

// agreement embeds texts by which clusters they are in, over several clusterings: the left singular vectors of the
// matrix of texts by clusters, columns of length 1, averaged over the clusterings, so that a singular value is 1 for
// what all of them agree on. It is spectral clustering of the share of clusterings that put two texts together.
func agreement(all [][]int, sizes []int, d int, rng *rand.Rand) (*dense, []float64) {
	n, runs := len(all[0]), len(all)
	s := &sparse{rows: n, begin: make([]int, n+1), index: make([]int32, n*runs), value: make([]float32, n*runs)}
	for i := range s.begin {
		s.begin[i] = i * runs
	}
	for r, of := range all {
		count := make([]int, sizes[r])
		for _, j := range of {
			count[j]++
		}
		for i, j := range of {
			s.index[i*runs+r] = int32(s.cols + j)
			s.value[i*runs+r] = float32(1 / math.Sqrt(float64(count[j])*float64(runs)))
		}
		s.cols += sizes[r]
	}
	u, singular := leftSingular(s, s.transposed(), d, 4, rng)
	for i := range u.rows {
		for j, v := range singular {
			u.row(i)[j] *= float32(v)
		}
	}
	return u, singular
}
