package learn

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"

	"kolo/internal/understand/text"
)

// Example is a text with what is known of it.
type Example struct {
	Words  []text.Word
	Weight float32
	// Targets has, by head, the probability of each label that the model should give; nil where nothing is known.
	Targets [][]float32
	// Offset is added to the raw scores of all heads, in their order: what another model says already, so that this one
	// learns only what is to be changed of it. nil adds nothing.
	Offset []float32
}

// Options say how a model is trained.
type Options struct {
	Features Features
	Epochs   int
	Rate     float32 // AdaGrad's step at the beginning; it falls linearly to nothing
	Decay    float32 // L2
	Contrast float32 // an n-gram is scaled by its log-count ratio between the labels of the first head to this power; 0 leaves that out
	Dropout  float32 // share of n-grams left out at each step
	Seed     uint64
}

// HeadSpec asks for a head.
type HeadSpec struct {
	Name   string
	Kind   Kind
	Labels []string
	Weight float32 // of its loss, beside the others
}

// Train trains a model: softmax regression (Kind OneOf) and logistic regressions (AnyOf) on the same vectors, by AdaGrad
// (Duchi, Hazan, Singer 2011). N-grams may be scaled by log-count ratios first, as in NB-SVM (Wang, Manning 2012).
func Train(examples []Example, specs []HeadSpec, o Options) (*Model, error) {
	if len(examples) == 0 {
		return nil, errors.New("learn: nothing to learn from")
	}
	m := &Model{Features: o.Features}
	keys := make([][]Key, len(examples))
	seen := map[Key]int{}
	for i, e := range examples {
		keys[i] = o.Features.Append(nil, e.Words)
		distinct := slices.Clone(keys[i])
		slices.Sort(distinct)
		for _, k := range slices.Compact(distinct) {
			seen[k]++
		}
	}
	for k, n := range seen {
		if n >= o.Features.MinCount {
			m.keys = append(m.keys, k)
		}
	}
	slices.Sort(m.keys)
	m.index()
	m.scale = make([]float32, len(m.keys))
	for row := range m.scale {
		m.scale[row] = 1
	}
	s := m.Scratch()
	if o.Contrast > 0 {
		rows := make([][]uint32, len(examples))
		for i := range examples {
			rows[i] = slices.Clone(m.vectorOf(s, keys[i]).Rows)
		}
		m.scale = contrast(examples, rows, len(m.keys), o.Contrast)
	}
	vectors := make([]Vector, len(examples))
	for i := range examples {
		v := m.vectorOf(s, keys[i])
		vectors[i] = Vector{slices.Clone(v.Rows), slices.Clone(v.Values)}
	}
	m.Release(s)
	w := newWeights(len(m.keys), specs)
	w.train(examples, vectors, o)
	for i, spec := range specs {
		m.Heads = append(m.Heads, w.quantise(spec, i))
	}
	return m, nil
}

// contrast gives each row the largest |ln (p/q)|, plus 0.1, to a power; p is the share of a label's examples that have
// the n-gram, q the share of the others', with one added to each count. The label is the surest target of the first head,
// where that is at least 0.9.
func contrast(examples []Example, rows [][]uint32, n int, power float32) []float32 {
	labels := len(examples[0].Targets[0])
	count := make([]float64, n*labels)
	total := make([]float64, labels)
	all := 0.0
	for i, e := range examples {
		if e.Targets[0] == nil {
			continue
		}
		k := Most(e.Targets[0])
		if e.Targets[0][k] < 0.9 {
			continue
		}
		w := float64(e.Weight)
		for _, row := range rows[i] {
			count[int(row)*labels+k] += w
		}
		total[k] += w
		all += w
	}
	scale := make([]float32, n)
	for row := range scale {
		c := count[row*labels : row*labels+labels]
		sum := 0.0
		for _, x := range c {
			sum += x
		}
		most := 0.0
		for k, x := range c {
			p := (x + 1) / (total[k] + 1)
			q := (sum - x + 1) / (all - total[k] + 1)
			most = max(most, math.Abs(math.Log(p/q)))
		}
		scale[row] = float32(math.Pow(most+0.1, float64(power)))
	}
	return scale
}

// Most is the index of the largest.
func Most(p []float32) int {
	best := 0
	for k, x := range p {
		if x > p[best] {
			best = k
		}
	}
	return best
}

// weights are those of all heads while they are learned, row by row.
type weights struct {
	outputs int
	specs   []HeadSpec
	w, g    []float32 // weights and sums of squared gradients
	b, gb   []float32
}

func newWeights(rows int, specs []HeadSpec) *weights {
	w := &weights{specs: specs}
	for _, s := range specs {
		w.outputs += len(s.Labels)
	}
	w.w, w.g = make([]float32, rows*w.outputs), make([]float32, rows*w.outputs)
	w.b, w.gb = make([]float32, w.outputs), make([]float32, w.outputs)
	return w
}

func (w *weights) train(examples []Example, vectors []Vector, o Options) {
	r := rand.New(rand.NewPCG(o.Seed, 0x6b6f6c6f))
	order := make([]int, len(examples))
	for i := range order {
		order[i] = i
	}
	z := make([]float32, w.outputs)
	var kept Vector
	for epoch := range o.Epochs {
		r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		rate := o.Rate * (1 - float32(epoch)/float32(o.Epochs+1))
		for _, i := range order {
			v := vectors[i]
			if o.Dropout > 0 {
				kept = Vector{kept.Rows[:0], kept.Values[:0]}
				for k, row := range v.Rows {
					if r.Float32() >= o.Dropout {
						kept.Rows = append(kept.Rows, row)
						kept.Values = append(kept.Values, v.Values[k]/(1-o.Dropout))
					}
				}
				v = kept
			}
			w.gradient(examples[i], v, z)
			for k, row := range v.Rows {
				x := v.Values[k]
				at := int(row) * w.outputs
				ws, gs := w.w[at:at+w.outputs], w.g[at:at+w.outputs]
				for j, d := range z {
					if d == 0 {
						continue
					}
					d = d*x + o.Decay*ws[j]
					gs[j] += d * d
					ws[j] -= rate * d / (float32(math.Sqrt(float64(gs[j]))) + 1e-3)
				}
			}
			for j, d := range z {
				w.gb[j] += d * d
				w.b[j] -= rate * d / (float32(math.Sqrt(float64(w.gb[j]))) + 0.1)
			}
		}
	}
}

// gradient puts the derivative of an example's loss by each output into z.
func (w *weights) gradient(e Example, v Vector, z []float32) {
	copy(z, w.b)
	for k, row := range v.Rows {
		x := v.Values[k]
		at := int(row) * w.outputs
		for j, y := range w.w[at : at+w.outputs] {
			z[j] += x * y
		}
	}
	for j, x := range e.Offset {
		z[j] += x
	}
	at := 0
	for i, s := range w.specs {
		part := z[at : at+len(s.Labels)]
		at += len(s.Labels)
		target := e.Targets[i]
		if target == nil {
			clear(part)
			continue
		}
		if s.Kind == OneOf {
			Softmax(part)
		} else {
			for k, x := range part {
				part[k] = Sigmoid(x)
			}
		}
		for k := range part {
			part[k] = (part[k] - target[k]) * e.Weight * s.Weight
		}
	}
}

// quantise makes a head of what was learned: weights in 8 bits, with a step for each label such that the largest fits;
// the few that are far larger than the rest are cut, for they would cost all others their precision.
func (w *weights) quantise(s HeadSpec, head int) *Head {
	first := 0
	for _, x := range w.specs[:head] {
		first += len(x.Labels)
	}
	n := len(s.Labels)
	rows := 0
	if w.outputs > 0 {
		rows = len(w.w) / w.outputs
	}
	h := &Head{Name: s.Name, Kind: s.Kind, Labels: s.Labels, bias: slices.Clone(w.b[first : first+n]), step: make([]float32, n), weights: make([]int8, rows*n)}
	sizes := make([]float32, rows)
	for k := range n {
		for row := range rows {
			sizes[row] = float32(math.Abs(float64(w.w[row*w.outputs+first+k])))
		}
		slices.Sort(sizes)
		most := float32(0)
		if rows > 0 {
			most = sizes[rows-1-rows/2000]
		}
		h.step[k] = max(most, 1e-6) / 127
		for row := range rows {
			q := math.Round(float64(w.w[row*w.outputs+first+k] / h.step[k]))
			h.weights[row*n+k] = int8(min(max(q, -127), 127))
		}
	}
	return h
}
