package discover

import (
	"math"
	"math/rand/v2"
	"runtime"
	"sync"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/mat"
)

// dense is a matrix by rows.
type dense struct {
	rows, cols int
	data       []float32
}

func newDense(rows, cols int) *dense { return &dense{rows, cols, make([]float32, rows*cols)} }

func (m *dense) row(i int) []float32 { return m.data[i*m.cols : (i+1)*m.cols] }

func (m *dense) slice(from, to int) blas32.General {
	return blas32.General{Rows: to - from, Cols: m.cols, Stride: m.cols, Data: m.data[from*m.cols : to*m.cols]}
}

func (m *dense) general() blas32.General { return m.slice(0, m.rows) }

// sparse is a matrix by rows, of which only what is not zero is kept.
type sparse struct {
	rows, cols int
	begin      []int // of each row, and the end of the last
	index      []int32
	value      []float32
}

// parallel calls do with stretches of 0..n. How n is cut does not depend on the machine.
func parallel(n int, do func(from, to int)) {
	const stretch = 512
	pieces := (n + stretch - 1) / stretch
	workers := min(runtime.GOMAXPROCS(0), pieces)
	if workers <= 1 {
		do(0, n)
		return
	}
	var wg sync.WaitGroup
	next := make(chan int, pieces)
	for i := range pieces {
		next <- i * stretch
	}
	close(next)
	for range workers {
		wg.Go(func() {
			for from := range next {
				do(from, min(from+stretch, n))
			}
		})
	}
	wg.Wait()
}

// times is s·b.
func (s *sparse) times(b *dense) *dense {
	out := newDense(s.rows, b.cols)
	parallel(s.rows, func(from, to int) {
		for i := from; i < to; i++ {
			r := out.row(i)
			for k := s.begin[i]; k < s.begin[i+1]; k++ {
				axpy(s.value[k], b.row(int(s.index[k])), r)
			}
		}
	})
	return out
}

func (s *sparse) transposed() *sparse {
	t := &sparse{rows: s.cols, cols: s.rows, begin: make([]int, s.cols+1), index: make([]int32, len(s.index)), value: make([]float32, len(s.value))}
	for _, j := range s.index {
		t.begin[j+1]++
	}
	for j := range s.cols {
		t.begin[j+1] += t.begin[j]
	}
	at := append([]int(nil), t.begin...)
	for i := range s.rows {
		for k := s.begin[i]; k < s.begin[i+1]; k++ {
			j := s.index[k]
			t.index[at[j]], t.value[at[j]] = int32(i), s.value[k]
			at[j]++
		}
	}
	return t
}

// axpy adds a·x to y.
func axpy(a float32, x, y []float32) {
	blas32.Axpy(a, blas32.Vector{N: len(x), Inc: 1, Data: x}, blas32.Vector{N: len(x), Inc: 1, Data: y})
}

func dot(x, y []float32) float32 {
	return blas32.Dot(blas32.Vector{N: len(x), Inc: 1, Data: x}, blas32.Vector{N: len(x), Inc: 1, Data: y})
}

// normalize gives a vector the length 1; a zero stays one.
func normalize(v []float32) {
	if l := dot(v, v); l > 0 {
		f := float32(1 / math.Sqrt(float64(l)))
		for i := range v {
			v[i] *= f
		}
	}
}

func (m *dense) normalizeRows() {
	parallel(m.rows, func(from, to int) {
		for i := from; i < to; i++ {
			normalize(m.row(i))
		}
	})
}

// gram is mᵀ·m: its eigenvalues, the greatest first, and the matrix with the eigenvectors in columns.
func gram(m *dense) ([]float64, *mat.Dense) {
	c := m.cols
	g := newDense(c, c)
	blas32.Gemm(blas.Trans, blas.NoTrans, 1, m.general(), m.general(), 0, g.general())
	s := mat.NewSymDense(c, nil)
	for i := range c {
		for j := i; j < c; j++ {
			s.SetSym(i, j, float64(g.data[i*c+j]))
		}
	}
	var e mat.EigenSym
	if !e.Factorize(s, true) { // of a matrix with an infinity or a NaN only
		return make([]float64, c), mat.NewDense(c, c, nil)
	}
	var v mat.Dense
	e.VectorsTo(&v)
	values := e.Values(nil)
	down := mat.NewDense(c, c, nil)
	for j := range c {
		for i := range c {
			down.Set(i, j, v.At(i, c-1-j))
		}
	}
	for i, j := 0, c-1; i < j; i, j = i+1, j-1 {
		values[i], values[j] = values[j], values[i]
	}
	return values, down
}

// orthonormal is a basis of what the columns of m span, along its principal axes, and m's singular values. Axes of (nearly)
// no length are zero.
func orthonormal(m *dense) (*dense, []float64) {
	values, vectors := gram(m)
	c := m.cols
	w, singular := newDense(c, c), make([]float64, c)
	for j, l := range values {
		if l <= 1e-9*values[0] || l <= 0 {
			continue
		}
		singular[j] = math.Sqrt(l)
		for i := range c {
			w.data[i*c+j] = float32(vectors.At(i, j) / singular[j])
		}
	}
	out := newDense(m.rows, c)
	blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, m.general(), w.general(), 0, out.general())
	return out, singular
}

// leftSingular is the d greatest left singular vectors of a, in columns, and their values: randomised subspace iteration
// (Halko, Martinsson, Tropp 2011). Fewer come back when a is smaller.
func leftSingular(a, transposed *sparse, d, iterations int, rng *rand.Rand) (*dense, []float64) {
	width := min(d+12, a.rows, a.cols)
	d = min(d, width)
	q := newDense(a.cols, width)
	for i := range q.data {
		q.data[i] = float32(rng.NormFloat64())
	}
	for range iterations {
		y, _ := orthonormal(a.times(q))
		q, _ = orthonormal(transposed.times(y))
	}
	u, singular := orthonormal(a.times(q))
	return u.columns(0, d), singular[:d]
}

// columns is a copy of some columns.
func (m *dense) columns(from, to int) *dense {
	out := newDense(m.rows, to-from)
	for i := range m.rows {
		copy(out.row(i), m.row(i)[from:to])
	}
	return out
}

// beside puts matrices of as many rows side by side.
func beside(parts ...*dense) *dense {
	cols := 0
	for _, p := range parts {
		cols += p.cols
	}
	out := newDense(parts[0].rows, cols)
	for i := range out.rows {
		r := out.row(i)
		for _, p := range parts {
			r = r[copy(r, p.row(i)):]
		}
	}
	return out
}

// withoutMain takes from every row what lies along the main axis of all rows: what all texts have in common
// (Arora, Liang, Ma 2017).
func (m *dense) withoutMain() {
	if m.rows == 0 || m.cols == 0 {
		return
	}
	_, vectors := gram(m)
	main := make([]float32, m.cols)
	for i := range main {
		main[i] = float32(vectors.At(i, 0))
	}
	parallel(m.rows, func(from, to int) {
		for i := from; i < to; i++ {
			axpy(-dot(m.row(i), main), main, m.row(i))
		}
	})
}
