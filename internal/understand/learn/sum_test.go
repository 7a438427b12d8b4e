package learn

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestWideSumsAreThePlainOnes(t *testing.T) {
	t.Parallel()
	if !wide {
		return // this processor sums one by one anyway
	}
	r := rand.New(rand.NewPCG(1, 2))
	for _, labels := range []int{1, 3, 7, 8, 9, 16, 24, 31, 32, 45, 64} {
		for _, n := range []int{0, 1, 2, 7, 150} {
			t.Run(fmt.Sprintf("%d labels, %d rows", labels, n), func(t *testing.T) {
				const rows = 500
				h := &Head{Labels: make([]string, labels), bias: make([]float32, labels), step: slices.Repeat([]float32{1}, labels), weights: make([]int8, rows*labels), stride: labels}
				for i := range h.weights {
					h.weights[i] = int8(r.IntN(255) - 127)
				}
				var v Vector
				for range n {
					v.Rows = append(v.Rows, uint32(r.IntN(rows)))
					v.Values = append(v.Values, r.Float32())
				}
				if n > 1 { // the first and the last there are
					v.Rows[0], v.Rows[n-1] = 0, rows-1
				}
				got, want := make([]float32, labels), make([]float32, labels)
				h.Logits(v, got)
				sumPlainly(v, h.weights, h.stride, want, 0)
				if !slices.Equal(got, want) {
					t.Errorf("%v, and one by one %v", got, want)
				}
			})
		}
	}
}
