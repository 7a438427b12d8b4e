package discover

import (
	"kolo/internal/understand/learn"
	"kolo/internal/understand/text"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
)

// refine puts each text where a classifier puts it that was trained on the themes of the other half of the texts, several
// times with different halves. What holds a theme together is learned, and what strayed into it goes home. It gives back
// the theme of each text and the probability that it is right.
func refine(f *samples, of []int, k int, rng *rand.Rand) ([]int, []float32) {
	start, sure := of, make([]float32, len(of))
	half := make([]bool, len(of))
	for range rounds {
		for i := range half {
			half[i] = rng.Uint32()&1 == 0
		}
		seeds := [2]uint64{rng.Uint64(), rng.Uint64()}
		next := make([]int, len(of))
		var wg sync.WaitGroup
		for side := range 2 {
			wg.Go(func() {
				var mine, others []int
				for i, h := range half {
					switch {
					case len(f.rows[i]) == 0:
						next[i] = of[i]
					case h == (side == 0):
						mine = append(mine, i)
					default:
						others = append(others, i)
					}
				}
				m := f.train(others, of, k, rand.New(rand.NewPCG(seeds[side], 5)))
				p := make([]float32, k)
				for _, i := range mine {
					m.scores(f.rows[i], p)
					top := slices.Max(p)
					next[i] = slices.Index(p, top)
					sure[i] = soften(p, top, 1)
				}
			})
		}
		wg.Wait()
		of = next
	}
	return keep(start, of, k), sure
}

// keep gives clusters back what they began with when they have lost every text.
func keep(start, of []int, k int) []int {
	size := make([]int, k)
	for _, j := range of {
		size[j]++
	}
	out := slices.Clone(of)
	for i, j := range start {
		if size[j] == 0 {
			out[i] = j
		}
	}
	return out
}

// How a classifier is trained. It learns little at a time, so that it does not learn the strays.
const (
	rounds = 6
	epochs = 4
	rate   = 0.25 // AdaGrad's step at the beginning
	power  = 1.5  // of the contrast
	faint  = 2e-3 // derivatives below this are left out: most themes of most texts
)

// samples are texts as a classifier sees them: the n-grams of words and of characters that the model of Learn looks at,
// numbered.
type samples struct {
	char []bool // by n-gram: of characters
	rows [][]int32
}

// newSamples numbers the n-grams of texts.
func newSamples(texts []string) *samples {
	f := &samples{rows: make([][]int32, len(texts))}
	id := map[learn.Key]int32{}
	seen := map[learn.Key]int{}
	keys := make([][]learn.Key, len(texts))
	var sp text.Splitter
	for i, s := range texts {
		k := features.Append(nil, sp.Words(s), nil)
		slices.Sort(k)
		keys[i] = slices.Compact(k)
		for _, x := range keys[i] {
			seen[x]++
		}
	}
	for i, list := range keys {
		for _, x := range list {
			if seen[x] < features.MinCount {
				continue
			}
			at, ok := id[x]
			if !ok {
				at = int32(len(id))
				id[x] = at
				f.char = append(f.char, x&(1<<31) != 0)
			}
			f.rows[i] = append(f.rows[i], at)
		}
	}
	return f
}

// linear is a softmax regression. It must not be used concurrently.
type linear struct {
	char    []bool
	scale   []float32 // of each n-gram
	weights *dense    // n-grams by themes
	bias    []float32
	values  []float32 // what each n-gram of the text at hand counts
}

// scores puts the logits of a text into out, and what each of its n-grams counts into values.
func (m *linear) scores(rows []int32, out []float32) {
	m.values = slices.Grow(m.values[:0], len(rows))[:len(rows)]
	copy(out, m.bias)
	var square [2]float32
	for _, t := range rows {
		if m.char[t] {
			square[1] += m.scale[t] * m.scale[t]
		} else {
			square[0] += m.scale[t] * m.scale[t]
		}
	}
	var n [2]float32
	for part, norm := range [2]float32{1, features.CharWeight} {
		if square[part] > 0 {
			n[part] = norm / float32(math.Sqrt(float64(square[part])))
		}
	}
	for j, t := range rows {
		m.values[j] = m.scale[t] * n[0]
		if m.char[t] {
			m.values[j] = m.scale[t] * n[1]
		}
		axpy(m.values[j], m.weights.row(int(t)), out)
	}
}

// train trains a softmax regression on some texts by AdaGrad, n-grams scaled by their log-count ratio between themes as in
// NB-SVM (Wang, Manning 2012).
func (f *samples) train(texts, of []int, k int, rng *rand.Rand) *linear {
	m := &linear{char: f.char, scale: f.contrast(texts, of, k), weights: newDense(len(f.char), k), bias: make([]float32, k)}
	squares, biasSquares := newDense(len(f.char), k), make([]float32, k)
	order := slices.Clone(texts)
	p := make([]float32, k)
	for epoch := range epochs {
		rng.Shuffle(len(order), func(a, b int) { order[a], order[b] = order[b], order[a] })
		step := rate * (1 - float32(epoch)/(epochs+1))
		for _, i := range order {
			m.scores(f.rows[i], p)
			soften(p, slices.Max(p), 1)
			p[of[i]]--
			for z, d := range p {
				if d < faint && d > -faint {
					continue
				}
				biasSquares[z] += d * d
				m.bias[z] -= step * d / (float32(math.Sqrt(float64(biasSquares[z]))) + 0.1)
				for j, t := range f.rows[i] {
					at := int(t)*k + z
					g := d * m.values[j]
					squares.data[at] += g * g
					m.weights.data[at] -= step * g / (float32(math.Sqrt(float64(squares.data[at]))) + 1e-3)
				}
			}
		}
	}
	return m
}

// contrast gives each n-gram the largest |ln(p/q)| to a power, p being the share of a theme's texts that have it and q the share of
// the others', with one added to each count.
func (f *samples) contrast(texts, of []int, k int) []float32 {
	count, total := newDense(len(f.char), k), make([]float64, k)
	for _, i := range texts {
		total[of[i]]++
		for _, t := range f.rows[i] {
			count.row(int(t))[of[i]]++
		}
	}
	scale := make([]float32, len(f.char))
	for t := range scale {
		sum := 0.0
		for _, n := range count.row(t) {
			sum += float64(n)
		}
		most := 0.0
		for z, n := range count.row(t) {
			p := (float64(n) + 1) / (total[z] + 1)
			q := (sum - float64(n) + 1) / (float64(len(texts)) - total[z] + 1)
			most = max(most, math.Abs(math.Log(p/q)))
		}
		scale[t] = float32(math.Pow(most+0.1, power))
	}
	return scale
}
