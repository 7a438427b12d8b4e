package stat

import (
	"cmp"
	"math"
	"slices"
)

// False-discovery limits: for looking around, and for waking somebody.
const (
	ExploreQ = 0.10
	AlertQ   = 0.05
)

// BenjaminiHochberg gives adjusted p-values in the order of the input: p_adj(i) = min over j >= i of m p(j)/j, at most
// 1. Flagging those <= q keeps the expected share of false flags at q. A p outside [0, 1] is an error.
func BenjaminiHochberg(p []float64) ([]float64, error) { return stepUp(p, 1) }

// BenjaminiYekutieli is the same under any dependence: larger by the harmonic sum of m.
func BenjaminiYekutieli(p []float64) ([]float64, error) {
	sum := 0.0
	for i := range p {
		sum += 1 / float64(i+1)
	}
	return stepUp(p, sum)
}

func stepUp(p []float64, factor float64) ([]float64, error) {
	order, err := ascending(p)
	if err != nil {
		return nil, err
	}
	out, least := make([]float64, len(p)), 1.0
	for i, at := range slices.Backward(order) {
		least = min(least, p[at]*factor*float64(len(p))/float64(i+1))
		out[at] = least
	}
	return out, nil
}

// Holm keeps the chance of even one false flag at the level; for when one is costly.
func Holm(p []float64) ([]float64, error) {
	order, err := ascending(p)
	if err != nil {
		return nil, err
	}
	out, most := make([]float64, len(p)), 0.0
	for i, at := range order {
		most = max(most, min(1, p[at]*float64(len(p)-i)))
		out[at] = most
	}
	return out, nil
}

// Bonferroni multiplies by the number of tests.
func Bonferroni(p []float64) ([]float64, error) {
	if _, err := ascending(p); err != nil {
		return nil, err
	}
	out := make([]float64, len(p))
	for i, x := range p {
		out[i] = min(1, x*float64(len(p)))
	}
	return out, nil
}

func ascending(p []float64) ([]int, error) {
	order := make([]int, len(p))
	for i, x := range p {
		if math.IsNaN(x) || x < 0 || x > 1 {
			return nil, Invalid("multiplicity", "a p-value lies between 0 and 1, this one is %v", x)
		}
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	return order, nil
}
