package adapt

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestCounterparts puts themes of several languages where a model might: near to each other by what they are about, and nearer still by their
// language.
func TestCounterparts(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 5))
	direction := func() []float64 {
		v := make([]float64, 40)
		for k := range v {
			v[k] = rng.NormFloat64()
		}
		return v
	}
	matters := make([][]float64, 8)
	for k := range matters {
		matters[k] = direction()
	}
	var languages []string
	var vectors [][]float64
	var about []int
	for _, l := range []struct {
		name    string
		matters []int
	}{{"en", []int{0, 1, 2, 3, 4}}, {"he", []int{5, 2, 0, 6}}, {"ru", []int{4, 3, 7, 2}}, {"fa", []int{0, 1}}} {
		tongue := direction()
		for _, m := range l.matters {
			v := make([]float64, 40)
			for k := range v {
				v[k] = 4*tongue[k] + matters[m][k] + 0.3*rng.NormFloat64()
			}
			languages, vectors, about = append(languages, l.name), append(vectors, v), append(about, m)
		}
	}
	found := map[[2]int]bool{}
	for _, p := range counterparts(languages, vectors) {
		if about[p.a] != about[p.b] || languages[p.a] == languages[p.b] || p.likeness < leastAlike || p.likeness > 1 {
			t.Errorf("%s %d and %s %d, with %v", languages[p.a], about[p.a], languages[p.b], about[p.b], p.likeness)
		}
		if languages[p.a] == "fa" || languages[p.b] == "fa" {
			t.Error("two themes are enough to know a language by")
		}
		found[[2]int{min(p.a, p.b), max(p.a, p.b)}] = true
	}
	if len(found) != 6 { // en-he 0 and 2, en-ru 2, 3 and 4, he-ru 2
		t.Errorf("%d pairs of 6 are found", len(found))
	}
	// What an endpoint may give that is of no use.
	for _, bad := range [][]float64{make([]float64, 40), {1}, nil, append([]float64{math.NaN()}, make([]float64, 39)...), append([]float64{math.Inf(1)}, make([]float64, 39)...)} {
		spoilt := append([][]float64{}, vectors...)
		spoilt[2] = bad
		for _, p := range counterparts(languages, spoilt) {
			if math.IsNaN(p.likeness) {
				t.Errorf("with %v: %+v", bad, p)
			}
		}
	}
	if got := counterparts(nil, nil); got != nil {
		t.Errorf("of nothing: %v", got)
	}
}
