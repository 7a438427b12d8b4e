package learn

import (
	"math"
	"math/rand/v2"
)

// Dense is a softmax regression over a few numbers, such as what other models said. It standardises them first.
type Dense struct {
	Mean    []float32   `json:"mean"`
	Scale   []float32   `json:"scale"`   // 1 / standard deviation, by input
	Weights [][]float32 `json:"weights"` // by label: one for each input, and a constant
}

// DenseExample is an example for a Dense.
type DenseExample struct {
	Input  []float32
	Label  int
	Weight float32
}

// TrainDense trains by AdaGrad, with L2 decay; the same examples and seed give the same model. There must be an example.
func TrainDense(examples []DenseExample, labels, epochs int, decay float64, seed uint64) *Dense {
	n := len(examples[0].Input)
	d := &Dense{Mean: make([]float32, n), Scale: make([]float32, n), Weights: make([][]float32, labels)}
	for i := range n {
		var sum, squares float64
		for _, e := range examples {
			sum += float64(e.Input[i])
			squares += float64(e.Input[i]) * float64(e.Input[i])
		}
		mean := sum / float64(len(examples))
		d.Mean[i] = float32(mean)
		d.Scale[i] = float32(1 / (math.Sqrt(max(squares/float64(len(examples))-mean*mean, 0)) + 1e-6))
	}
	inputs := make([][]float64, len(examples))
	for i, e := range examples {
		inputs[i] = make([]float64, n+1)
		for k, x := range e.Input {
			inputs[i][k] = float64((x - d.Mean[k]) * d.Scale[k])
		}
		inputs[i][n] = 1
	}
	weights, gradients := make([]float64, labels*(n+1)), make([]float64, labels*(n+1))
	r := rand.New(rand.NewPCG(seed, 0x64656e7365))
	order := r.Perm(len(examples))
	z := make([]float32, labels)
	for epoch := range epochs {
		r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		rate := 0.1 * (1 - float64(epoch)/float64(epochs))
		for _, i := range order {
			for k := range z {
				sum := 0.0
				for j, x := range inputs[i] {
					sum += weights[k*(n+1)+j] * x
				}
				z[k] = float32(sum)
			}
			Softmax(z)
			for k, p := range z {
				g := float64(p)
				if k == examples[i].Label {
					g--
				}
				g *= float64(examples[i].Weight)
				for j, x := range inputs[i] {
					at := k*(n+1) + j
					step := g*x + decay*weights[at]
					gradients[at] += step * step
					weights[at] -= rate * step / (math.Sqrt(gradients[at]) + 1e-3)
				}
			}
		}
	}
	for k := range d.Weights {
		d.Weights[k] = make([]float32, n+1)
		for j := range d.Weights[k] {
			d.Weights[k][j] = float32(weights[k*(n+1)+j])
		}
	}
	return d
}

// Fits tells whether the model is for so many inputs and labels.
func (d *Dense) Fits(inputs, labels int) bool {
	if d == nil || len(d.Mean) != inputs || len(d.Scale) != inputs || len(d.Weights) != labels {
		return false
	}
	for _, w := range d.Weights {
		if len(w) != inputs+1 {
			return false
		}
	}
	return true
}

// Logits puts the raw scores of an input into out, one for each label.
func (d *Dense) Logits(input, out []float32) {
	n := len(d.Mean)
	for k, w := range d.Weights {
		sum := w[n]
		for i, x := range input {
			sum += w[i] * (x - d.Mean[i]) * d.Scale[i]
		}
		out[k] = sum
	}
}

// Rescale has the raw scores go through the matrix that fits these examples, of which there should be a thousand or more: fewer are for Calibrate.
func (d *Dense) Rescale(examples []DenseExample) {
	labels, last := len(d.Weights), len(d.Weights[0])-1
	list := make([]Scored, len(examples))
	for i, raw := range d.scores(examples) {
		list[i] = Scored{Raw: raw, Target: make([]float32, labels), Weight: examples[i].Weight}
		list[i].Target[examples[i].Label] = 1
	}
	m := FitMatrix(list)
	weights := make([][]float32, labels)
	for k, row := range m {
		weights[k] = make([]float32, last+1)
		for j, w := range d.Weights {
			for i, x := range w {
				weights[k][i] += row[j] * x
			}
		}
		weights[k][last] += row[labels]
	}
	d.Weights = weights
}

// Calibrate adds to the raw scores of each label the constant, and then divides all by the temperature between 1/4 and 4, to 1 %, that make the
// loss on these examples least, and multiplies them with surer: afterwards each label is said about as often as it is right there, and
// probabilities can be believed. Surer is 1 where the examples are what the model will meet, and more where it will do better than on them.
func (d *Dense) Calibrate(examples []DenseExample, surer float64) {
	scores := d.scores(examples)
	d.shift(scores, examples)
	z := make([]float32, len(d.Weights))
	loss := func(logTemperature float64) (sum float64) {
		t := float32(math.Exp(logTemperature))
		for i, e := range examples {
			for k, x := range scores[i] {
				z[k] = x / t
			}
			LogSoftmax(z)
			sum -= float64(z[e.Label] * e.Weight)
		}
		return sum
	}
	low, high := math.Log(0.25), math.Log(4)
	for high-low > 0.01 { // by thirds: the loss has one valley
		a, b := low+(high-low)/3, high-(high-low)/3
		if loss(a) < loss(b) {
			high = b
		} else {
			low = a
		}
	}
	by := float32(surer * math.Exp(-(low+high)/2))
	for _, w := range d.Weights {
		for i := range w {
			w[i] *= by
		}
	}
}

// scores are the raw scores of examples.
func (d *Dense) scores(examples []DenseExample) [][]float32 {
	out := make([][]float32, len(examples))
	for i, e := range examples {
		out[i] = make([]float32, len(d.Weights))
		d.Logits(e.Input, out[i])
	}
	return out
}

// shift finds the constants of the labels, drawn to 0 as half an example would, and adds them to the model and to the scores.
func (d *Dense) shift(scores [][]float32, examples []DenseExample) {
	constants, total := make([]float64, len(d.Weights)), 0.0
	for _, e := range examples {
		total += float64(e.Weight)
	}
	z := make([]float32, len(constants))
	for range 100 {
		g := make([]float64, len(constants))
		for k, c := range constants {
			g[k] = c / 2
		}
		for i, e := range examples {
			for k, x := range scores[i] {
				z[k] = x + float32(constants[k])
			}
			Softmax(z)
			for k, p := range z {
				g[k] += float64(p * e.Weight)
			}
			g[e.Label] -= float64(e.Weight)
		}
		for k := range constants {
			constants[k] -= 2 * g[k] / (total + 1) // the loss bends by less than half of that
		}
	}
	for k, c := range constants {
		d.Weights[k][len(d.Weights[k])-1] += float32(c)
		for i := range scores {
			scores[i][k] += float32(c)
		}
	}
}

// LogSoftmax turns raw scores into logarithms of probabilities, in place.
func LogSoftmax(z []float32) {
	most := z[0]
	for _, x := range z {
		most = max(most, x)
	}
	sum := 0.0
	for _, x := range z {
		sum += math.Exp(float64(x - most))
	}
	off := most + float32(math.Log(sum))
	for k := range z {
		z[k] -= off
	}
}
