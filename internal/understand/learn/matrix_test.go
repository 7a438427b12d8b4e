package learn

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// scored makes examples of which a model says something, and of which another thing may be right.
func scored(n int, seed uint64, right func(said int, r *rand.Rand) int) []Scored {
	r := rand.New(rand.NewPCG(seed, 0))
	out := make([]Scored, n)
	for i := range out {
		e := Scored{Raw: make([]float32, 4), Target: make([]float32, 4), Weight: 1}
		for k := range e.Raw {
			e.Raw[k] = float32(r.NormFloat64()) / 2
		}
		said := r.IntN(3)
		e.Raw[said] += 2
		e.Target[right(said, r)] = 1
		out[i] = e
	}
	return out
}

func hits(m Matrix, list []Scored) (n int) {
	z := make([]float32, 4)
	for _, e := range list {
		m.Of(e.Raw, z)
		if Most(z) == Most(e.Target) {
			n++
		}
	}
	return n
}

func TestMatrixLearnsWhatALabelMeans(t *testing.T) {
	// Of ten examples of which the model says label 1, label 2 is right for eight.
	here := func(said int, r *rand.Rand) int {
		if said == 1 && r.IntN(10) < 8 {
			return 2
		}
		return said
	}
	m, test := FitMatrix(scored(100, 1, here)), scored(1000, 2, here)
	identity := Matrix{{1, 0, 0, 0, 0}, {0, 1, 0, 0, 0}, {0, 0, 1, 0, 0}, {0, 0, 0, 1, 0}}
	if before, after := hits(identity, test), hits(m, test); after < before+150 {
		t.Errorf("of 1,000 it was right about %d before and %d after it had seen 100", before, after)
	}
	if again := FitMatrix(scored(100, 1, here)); !slices.EqualFunc(m, again, slices.Equal) {
		t.Error("the same examples gave another matrix")
	}
}

func TestMatrixOfFewExamplesChangesLittle(t *testing.T) {
	m := FitMatrix(scored(3, 1, func(int, *rand.Rand) int { return 0 }))
	for k := range m {
		for j := range 4 {
			want := 0.0
			if j == k {
				want = 1
			}
			if math.Abs(float64(m[k][j])-want) > 0.4 {
				t.Errorf("three examples made %v of row %d", m[k], k)
			}
		}
	}
}

func TestMatrixOfManyExamplesLooksAtSome(t *testing.T) {
	m := FitMatrix(scored(10*matrixMost, 1, func(said int, _ *rand.Rand) int { return (said + 1) % 3 }))
	if n := hits(m, scored(1000, 2, func(said int, _ *rand.Rand) int { return (said + 1) % 3 })); n < 900 {
		t.Errorf("of 1,000 it is right about %d", n)
	}
}
