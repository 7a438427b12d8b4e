package learn

import (
	"cmp"
	"errors"
	"math"
	"math/rand/v2"
	"slices"

	"kolo/internal/understand/text"
)

// Example is a text with what is known of it.
type Example struct {
	Words []text.Word
	// Targets has, by head, the probability of each label that the model should give; nil where nothing is known.
	Targets [][]float32
	// Weights has, by head, how much the example counts.
	Weights []float32
	// Offset has raw scores that come to those of the first head, as from another model; nil is none.
	Offset []float32
	// Presence is what the example counts where Features.MinCount is reached; 1 when it is 0.
	Presence float32
}

// Options say how a model is trained.
type Options struct {
	Features Features
	Epochs   int
	Rate     float32 // AdaGrad's step at the beginning; it falls linearly to nothing
	Decay    float32 // L2
	// Opposites are the labels of the first head that turning round turns into one another, where Features.Negation is set: blame and praise.
	Opposites [2]int
	Contrast  float32 // an n-gram is scaled by its log-count ratio between the labels of the first head to this power; 0 leaves that out
	Dropout   float32 // share of n-grams left out at each step
	Most      int     // n-grams kept in the end: those with the largest weights; all when it is 0
	Seed      uint64
}

// HeadSpec asks for a head.
type HeadSpec struct {
	Name   string
	Kind   Kind
	Labels []string
	Levels int // how many steps weights have on either side of 0, 127 at most; 127 when it is 0. Fewer make a smaller file
	// Contrast has n-grams count for this head by how much they tell of its own labels, to this power, and not by what Options.Contrast
	// makes of them; 0 leaves that out. It is learned into the weights: reading is the same.
	Contrast float32
}

// Train trains a model: softmax regression (Kind OneOf) and logistic regressions (AnyOf) on the same vectors, by AdaGrad
// (Duchi, Hazan, Singer 2011). N-grams may be scaled by log-count ratios first, as in NB-SVM (Wang, Manning 2012).
func Train(examples []Example, specs []HeadSpec, o Options) (*Model, error) {
	if len(examples) == 0 {
		return nil, errors.New("learn: nothing to learn from")
	}
	m := &Model{Features: o.Features}
	keys := make([][]Key, len(examples))
	seen := map[Key]float32{}
	var toned Tones
	if o.Features.Negation {
		toned = tones(examples, o.Opposites)
	}
	for i, e := range examples {
		keys[i] = o.Features.Append(nil, e.Words, toned)
		for _, k := range unique(slices.Clone(keys[i])) {
			seen[k] += cmp.Or(e.Presence, 1)
		}
	}
	for k, n := range seen {
		if n >= float32(o.Features.MinCount) {
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
	for how := range turns {
		for _, tone := range []int8{-1, 1} {
			_, all := turnedKeys(0, how, tone)
			if row, ok := m.row(all); ok {
				m.scale[row] *= loud
			}
		}
	}
	vectors := make([]Vector, len(examples))
	for i := range examples {
		v := m.vectorOf(s, keys[i])
		vectors[i] = Vector{slices.Clone(v.Rows), slices.Clone(v.Values)}
	}
	w := newWeights(len(m.keys), specs)
	for i, spec := range specs {
		if spec.Contrast > 0 {
			w.own[i] = telling(examples, vectors, m.scale, i, len(spec.Labels), spec.Contrast)
		}
	}
	w.train(examples, vectors, o)
	w.fold()
	if o.Most > 0 && o.Most < len(m.keys) {
		m.keep(w.largest(o.Most), w)
	}
	if o.Features.Negation {
		m.setTones(toned)
	}
	for _, spec := range specs {
		m.Heads = append(m.Heads, &Head{Name: spec.Name, Kind: spec.Kind, Labels: spec.Labels})
	}
	m.makeRoom()
	for i, h := range m.Heads {
		w.quantise(specs[i], i, h)
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
		w := float64(e.Weights[0])
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

// telling gives each row what its value is multiplied with for a head of its own contrast: the largest ln (p/q) of any label, plus 0.1, to a
// power, in place of its scale. p is the share of the label's examples that have the n-gram, q the share of the others', with one
// example in all added to the counts, spread as the labels are. The mean over what is read is 1, so that learning keeps its pace.
func telling(examples []Example, vectors []Vector, scale []float32, head, labels int, power float32) []float32 {
	n := labels + 1 // the last is for examples without a label
	count, total := make([]float64, len(scale)*n), make([]float64, n)
	all := 0.0
	for i, e := range examples {
		if e.Targets[head] == nil {
			continue
		}
		share := append(slices.Clone(e.Targets[head]), 0)
		sum := float32(0)
		for _, t := range share {
			sum += t
		}
		if sum == 0 {
			share[labels], sum = 1, 1
		}
		for k, t := range share {
			if t == 0 {
				continue
			}
			w := float64(e.Weights[head] * t / sum) // who speaks of several things tells less of each
			total[k] += w
			all += w
			for _, row := range vectors[i].Rows {
				count[int(row)*n+k] += w
			}
		}
	}
	own := make([]float32, len(scale))
	read, counted := 0.0, 0.0
	for row := range own {
		c := count[row*n : row*n+n]
		sum, most := 0.0, 0.0
		for _, x := range c {
			sum += x
		}
		for k, x := range c[:labels] {
			if prior := total[k] / all; prior > 0 && prior < 1 {
				p := (x + prior) / (total[k] + prior)
				q := (sum - x + 1 - prior) / (all - total[k] + 1 - prior)
				most = max(most, math.Log(p/q))
			}
		}
		by := math.Pow(most+0.1, float64(power)) / float64(scale[row])
		own[row] = float32(by)
		read += by * sum
		counted += sum
	}
	if read > 0 {
		for row := range own {
			own[row] *= float32(counted / read)
		}
	}
	return own
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
	own     [][]float32 // by head: what values are multiplied with, by row; nil is nothing
}

func newWeights(rows int, specs []HeadSpec) *weights {
	w := &weights{specs: specs, own: make([][]float32, len(specs))}
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
	own := w.byOutput()
	var kept Vector
	var active []int // outputs with anything to learn
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
			active = active[:0]
			for j, d := range z {
				if d != 0 {
					active = append(active, j)
				}
			}
			for k, row := range v.Rows {
				x := v.Values[k]
				at := int(row) * w.outputs
				ws, gs := w.w[at:at+w.outputs], w.g[at:at+w.outputs]
				for _, j := range active {
					d := z[j]
					if own[j] != nil {
						d *= own[j][row]
					}
					d = d*x + o.Decay*ws[j]
					gs[j] += d * d
					ws[j] -= rate * d / (float32(math.Sqrt(float64(gs[j]))) + 1e-3)
				}
			}
			for _, j := range active {
				d := z[j]
				w.gb[j] += d * d
				w.b[j] -= rate * d / (float32(math.Sqrt(float64(w.gb[j]))) + 0.1)
			}
		}
	}
}

// byOutput has what values are multiplied with by output.
func (w *weights) byOutput() [][]float32 {
	var list [][]float32
	for i, s := range w.specs {
		list = append(list, slices.Repeat([][]float32{w.own[i]}, len(s.Labels))...)
	}
	return list
}

// fold puts what values are multiplied with into the weights, so that readers need not.
func (w *weights) fold() {
	for j, own := range w.byOutput() {
		for row := range own {
			w.w[row*w.outputs+j] *= own[row]
		}
	}
	clear(w.own)
}

// negligible is the derivative from which on an output is taken to be right: most of many labels are, most of the time.
const negligible = 0.003

// largest are the n rows with the largest sums of squared weights, ascending.
func (w *weights) largest(n int) []int {
	rows := make([]int, len(w.w)/w.outputs)
	size := make([]float32, len(rows))
	for row := range rows {
		rows[row] = row
		for _, x := range w.w[row*w.outputs : (row+1)*w.outputs] {
			size[row] += x * x
		}
	}
	slices.SortStableFunc(rows, func(a, b int) int { return cmp.Compare(size[b], size[a]) })
	rows = rows[:n]
	slices.Sort(rows)
	return rows
}

// keep leaves only these rows of a model and its weights.
func (m *Model) keep(rows []int, w *weights) {
	for to, from := range rows {
		m.keys[to], m.scale[to] = m.keys[from], m.scale[from]
		copy(w.w[to*w.outputs:(to+1)*w.outputs], w.w[from*w.outputs:(from+1)*w.outputs])
	}
	m.keys, m.scale, w.w, w.g = slices.Clip(m.keys[:len(rows)]), m.scale[:len(rows)], w.w[:len(rows)*w.outputs], nil
	m.index()
}

// gradient puts the derivative of an example's loss by each output into z.
func (w *weights) gradient(e Example, v Vector, z []float32) {
	copy(z, w.b)
	first := 0
	for i, s := range w.specs {
		part := z[first : first+len(s.Labels)]
		for k, row := range v.Rows {
			if e.Targets[i] == nil {
				break
			}
			x := v.Values[k]
			if w.own[i] != nil {
				x *= w.own[i][row]
			}
			at := int(row)*w.outputs + first
			for j, y := range w.w[at : at+len(part)] {
				part[j] += x * y
			}
		}
		first += len(part)
	}
	for k, x := range e.Offset {
		z[k] += x
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
			d := (part[k] - target[k]) * e.Weights[i]
			if -negligible < d && d < negligible {
				d = 0
			}
			part[k] = d
		}
	}
}

// quantise puts into a head what was learned: weights in 8 bits, with a step for each label such that the largest fits;
// the few that are far larger than the rest are cut, for they would cost all others their precision.
func (w *weights) quantise(s HeadSpec, head int, h *Head) {
	first := 0
	for _, x := range w.specs[:head] {
		first += len(x.Labels)
	}
	n := len(s.Labels)
	rows := 0
	if w.outputs > 0 {
		rows = len(w.w) / w.outputs
	}
	h.bias, h.step = slices.Clone(w.b[first:first+n]), make([]float32, n)
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
		levels := float64(cmp.Or(s.Levels, 127))
		h.step[k] = max(most, 1e-6) / float32(levels)
		for row := range rows {
			q := math.Round(float64(w.w[row*w.outputs+first+k] / h.step[k]))
			h.weights[row*h.stride+k] = int8(min(max(q, -levels), levels))
		}
	}
}
