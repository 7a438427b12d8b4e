package learn

import "math"

// Matrix makes raw scores of raw scores: by label, what each of them counts for it, then a constant. It learns with a few examples what is
// peculiar to all of them: that a label is rarer there than elsewhere, and which one is usually meant where a model says another. This is
// matrix scaling (Guo, Pleiss, Sun and Weinberger, On Calibration of Modern Neural Networks, 2017, section 4.2).
type Matrix [][]float32

// Scored is an example for a Matrix.
type Scored struct {
	Raw    []float32 // what a model says
	Target []float32 // what is right: a probability for each label
	Weight float32
}

// Of puts into out what is made of raw scores, of which there may be fewer than the matrix has labels: the first of them are meant.
func (m Matrix) Of(raw, out []float32) {
	for k := range raw {
		row := m[k]
		out[k] = row[len(row)-1]
		for j, x := range raw {
			out[k] += row[j] * x
		}
	}
}

const (
	// matrixPull draws the matrix to the one that changes nothing, as so many examples would; constants less, for how often something is said
	// is what differs most.
	matrixPull   = 5
	constantPull = 0.5
	matrixSteps  = 150
	matrixMost   = 2000 // examples that are looked at: for a few numbers they are plenty
)

// FitMatrix fits a matrix by Adam to all examples at once, of which there must be one: the same examples give the same matrix.
func FitMatrix(examples []Scored) Matrix {
	labels := len(examples[0].Raw)
	width := labels + 1
	w, mean, square, g := make([]float64, labels*width), make([]float64, labels*width), make([]float64, labels*width), make([]float64, labels*width)
	rest := func(i int) float64 { // what it is drawn to
		if i%width == i/width {
			return 1
		}
		return 0
	}
	pull := func(i int) float64 {
		if i%width == labels {
			return constantPull
		}
		return matrixPull
	}
	for i := range w {
		w[i] = rest(i)
	}
	every := (len(examples) + matrixMost - 1) / matrixMost
	total := 0.0
	for i := 0; i < len(examples); i += every {
		total += float64(examples[i].Weight)
	}
	z := make([]float32, labels)
	for step := 1; step <= matrixSteps; step++ {
		for i := range w {
			g[i] = pull(i) * (w[i] - rest(i))
		}
		for i := 0; i < len(examples); i += every {
			e := examples[i]
			for k := range z {
				x := w[k*width+labels]
				for j, r := range e.Raw {
					x += w[k*width+j] * float64(r)
				}
				z[k] = float32(x)
			}
			Softmax(z)
			for k := range z {
				d := float64(z[k]-e.Target[k]) * float64(e.Weight)
				for j, r := range e.Raw {
					g[k*width+j] += d * float64(r)
				}
				g[k*width+labels] += d
			}
		}
		for i := range w {
			x := g[i] / total
			mean[i] = 0.9*mean[i] + 0.1*x
			square[i] = 0.99*square[i] + 0.01*x*x
			w[i] -= 0.03 * mean[i] / (1 - math.Pow(0.9, float64(step))) / (math.Sqrt(square[i]/(1-math.Pow(0.99, float64(step)))) + 1e-8)
		}
	}
	m := make(Matrix, labels)
	for k := range m {
		m[k] = make([]float32, width)
		for j := range m[k] {
			m[k][j] = float32(w[k*width+j])
		}
	}
	return m
}
