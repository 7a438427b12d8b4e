package demo

import (
	"math"
	"math/bits"
)

// rng is splitmix64: eight bytes of state, so that every row, day and text has a generator of its own and none depends
// on what was drawn for another.
type rng struct{ state uint64 }

// seeded mixes a seed with the coordinates of what is to be drawn.
func seeded(seed uint64, at ...uint64) rng {
	for _, a := range at {
		seed = mix(seed + 0x9e3779b97f4a7c15 ^ a*0xd1342543de82ef95)
	}
	return rng{seed}
}

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (r *rng) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	return mix(r.state)
}

// float is uniform in [0, 1).
func (r *rng) float() float64 { return float64(r.next()>>11) / (1 << 53) }

// n is uniform in [0, n).
func (r *rng) n(n int) int {
	hi, _ := bits.Mul64(r.next(), uint64(n))
	return int(hi)
}

func (r *rng) chance(p float64) bool { return r.float() < p }

// exp is exponential with mean 1.
func (r *rng) exp() float64 { return -math.Log1p(-r.float()) }

// normal is standard normal.
func (r *rng) normal() float64 {
	return math.Sqrt(-2*math.Log1p(-r.float())) * math.Cos(2*math.Pi*r.float())
}

// pick draws an index by cumulative weights that end in 1.
func (r *rng) pick(cumulative []float64) int {
	u := r.float()
	for i, c := range cumulative {
		if u < c {
			return i
		}
	}
	return len(cumulative) - 1
}

// cumulative makes the running sums of weights, scaled to end in 1.
func cumulative(weights []float64) []float64 {
	out, sum := make([]float64, len(weights)), 0.0
	for i, w := range weights {
		sum += w
		out[i] = sum
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// phi is the standard normal distribution function.
func phi(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }
