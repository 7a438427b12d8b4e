package learn

import (
	"math/rand/v2"
	"testing"
)

// skewed are examples whose labels follow one input, of which label 1 is n times as rare as the others.
func skewed(count int, rare int, seed uint64) []DenseExample {
	r := rand.New(rand.NewPCG(seed, 0))
	var out []DenseExample
	for len(out) < count {
		label := r.IntN(3)
		if label == 1 && r.IntN(rare) > 0 {
			continue
		}
		out = append(out, DenseExample{Input: []float32{float32(label) + float32(r.NormFloat64())*0.7, 1}, Label: label, Weight: 1})
	}
	return out
}

// said counts how often a model says each label of examples.
func said(d *Dense, list []DenseExample) (n [3]int, right int) {
	z := make([]float32, 3)
	for _, e := range list {
		d.Logits(e.Input, z)
		k := Most(z)
		n[k]++
		if k == e.Label {
			right++
		}
	}
	return n, right
}

func TestCalibrationSaysLabelsAsOftenAsTheyAreRight(t *testing.T) {
	for name, calibrate := range map[string]func(*Dense, []DenseExample){
		"Calibrate": func(d *Dense, near []DenseExample) { d.Calibrate(near, 1) },
		"Rescale":   func(d *Dense, near []DenseExample) { d.Rescale(near) },
	} {
		d := TrainDense(skewed(3000, 12, 1), 3, 10, 1e-4, 1) // label 1 is rare where it learns, and as frequent as the others in the end
		near, test := skewed(400, 1, 2), skewed(3000, 1, 3)
		before, rightBefore := said(d, test)
		calibrate(d, near)
		after, right := said(d, test)
		if before[1] > 300 || after[1] < 600 || right < rightBefore+150 {
			t.Errorf("%s: label 1 was said %d times and right %d before, %d and %d after; it is right a thousand times", name, before[1], rightBefore, after[1], right)
		}
	}
}
