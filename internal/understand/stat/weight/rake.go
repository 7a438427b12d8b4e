// Package weight makes the answers of those who responded stand for those who were asked: post-stratification, raking,
// trimming, and what response rates do and do not allow to say.
//
// Respondents come as units: one each, or cells of alike respondents with a count. Weights are per respondent.
package weight

import (
	"fmt"
	"math"

	"kolo/internal/understand/stat"
)

// Margin is one population distribution to weight to. Of gives each unit's category, an index into Targets; targets are
// population counts, and all margins have the same total.
type Margin struct {
	Name    string
	Of      []int
	Targets []float64
	Labels  []string // of the categories, for messages; may be nil
}

func (m Margin) label(k int) string {
	if k < len(m.Labels) {
		return m.Labels[k]
	}
	return fmt.Sprint(k)
}

// Defaults of raking and trimming.
const (
	Tolerance     = 1e-9 // largest relative error of a margin
	Cycles        = 1000
	ThinCategory  = 20 // respondents below which a category should be collapsed
	TrimMultiple  = 5.0
	trimmingTurns = 10
)

// Raked are weights that meet all margins.
type Raked struct {
	Weights []float64 // per respondent of each unit
	Cycles  int
	Error   float64 // largest relative error of a margin that is left
}

func ones(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = 1
	}
	return out
}

func check(n int, counts []float64, margins []Margin) error {
	if n == 0 || len(margins) == 0 {
		return stat.Undefined("weight", "there is nobody to weight, or nothing to weight to")
	}
	total := 0.0
	for i, m := range margins {
		if len(m.Of) != n {
			return stat.Invalid("weight", "margin %q covers %d of %d units", m.Name, len(m.Of), n)
		}
		seen, sum := make([]float64, len(m.Targets)), 0.0
		for u, k := range m.Of {
			if k < 0 || k >= len(m.Targets) {
				return stat.Invalid("weight", "a unit has no category in margin %q", m.Name)
			}
			seen[k] += counts[u]
		}
		for k, target := range m.Targets {
			if !(target >= 0) || math.IsInf(target, 0) {
				return stat.Invalid("weight", "a target of margin %q is %v", m.Name, target)
			}
			sum += target
			if target > 0 && seen[k] == 0 {
				return stat.Undefined("weight", "nobody answered in category %q of %q: collapse it with another",
					m.label(k), m.Name)
			}
		}
		if i == 0 {
			total = sum
		}
		if !(total > 0) || math.Abs(sum-total) > 1e-9*total {
			return stat.Invalid("weight", "margin %q adds up to %v, the first to %v", m.Name, sum, total)
		}
	}
	return nil
}

func checkCounts(counts, base []float64) error {
	if len(base) != len(counts) {
		return stat.Invalid("weight", "%d units with %d base weights", len(counts), len(base))
	}
	for i, c := range counts {
		if !(c >= 0) || math.IsInf(c, 0) || !(base[i] > 0) || math.IsInf(base[i], 0) {
			return stat.Invalid("weight", "unit %d has count %v and base weight %v", i, c, base[i])
		}
	}
	return nil
}

// Rake multiplies base weights margin by margin (iterative proportional fitting) until the largest relative error of a
// margin is below tolerance. counts nil: each unit is one respondent; base nil: all 1. An empty category with a positive
// target is refused, never ignored, and so is what does not converge in 1,000 cycles.
func Rake(counts, base []float64, margins []Margin, tolerance float64) (Raked, error) {
	n := max(len(counts), len(base))
	if n == 0 && len(margins) > 0 {
		n = len(margins[0].Of)
	}
	if counts == nil {
		counts = ones(n)
	}
	if base == nil {
		base = ones(n)
	}
	if err := checkCounts(counts, base); err != nil {
		return Raked{}, err
	}
	if err := check(n, counts, margins); err != nil {
		return Raked{}, err
	}
	if !(tolerance > 0) {
		return Raked{}, stat.Invalid("weight", "the tolerance must be positive, it is %v", tolerance)
	}
	r := Raked{Weights: append([]float64(nil), base...)}
	for r.Cycles < Cycles {
		r.Cycles++
		for _, m := range margins {
			sums := m.sums(counts, r.Weights)
			for u, k := range m.Of {
				if sums[k] > 0 {
					r.Weights[u] *= m.Targets[k] / sums[k]
				}
			}
		}
		r.Error = 0
		for _, m := range margins {
			for k, s := range m.sums(counts, r.Weights) {
				if t := m.Targets[k]; t > 0 {
					r.Error = max(r.Error, math.Abs(s-t)/t)
				}
			}
		}
		if r.Error < tolerance {
			return r, nil
		}
	}
	return Raked{}, stat.Undefined("weight", "raking does not settle in %d cycles: collapse categories", Cycles)
}

func (m Margin) sums(counts, weights []float64) []float64 {
	out := make([]float64, len(m.Targets))
	for u, k := range m.Of {
		out[k] += counts[u] * weights[u]
	}
	return out
}

// PostStratify weights to one margin: target over respondents in each category.
func PostStratify(counts []float64, m Margin) ([]float64, error) {
	r, err := Rake(counts, nil, []Margin{m}, Tolerance)
	return r.Weights, err
}

// Thin lists the categories with some, but fewer than ThinCategory respondents, as "margin: category".
func Thin(counts []float64, margins []Margin) []string {
	var out []string
	for _, m := range margins {
		if counts == nil {
			counts = ones(len(m.Of))
		}
		for k, s := range m.sums(counts, ones(len(m.Of))) {
			if s < ThinCategory {
				out = append(out, m.Name+": "+m.label(k))
			}
		}
	}
	return out
}

// Trim caps weights at multiple times their mean and spreads what was cut equally over the respondents below the cap,
// again until nobody exceeds it. The sum of the weights stays. counts nil: each unit is one respondent.
func Trim(counts, weights []float64, multiple float64) ([]float64, error) {
	if counts == nil {
		counts = ones(len(weights))
	}
	if err := checkCounts(counts, weights); err != nil {
		return nil, err
	}
	var people, total float64
	for u, c := range counts {
		people += c
		total += c * weights[u]
	}
	if people == 0 {
		return nil, stat.Undefined("weight", "there is nobody to weight")
	}
	if !(multiple > 1) {
		return nil, stat.Invalid("weight", "weights can be capped above their mean only, not at %v times it", multiple)
	}
	limit := multiple * total / people
	out := append([]float64(nil), weights...)
	capped := make([]bool, len(out))
	for {
		cut, rest := 0.0, 0.0
		for u, w := range out {
			if w > limit*(1+1e-12) {
				cut += counts[u] * (w - limit)
				out[u], capped[u] = limit, true
			}
			if !capped[u] {
				rest += counts[u]
			}
		}
		if cut == 0 || rest == 0 {
			return out, nil
		}
		for u := range out {
			if !capped[u] {
				out[u] += cut / rest
			}
		}
	}
}

// RakeTrimmed rakes, trims at multiple times the mean and rakes again, up to ten times, and ends on a raking: the margins
// are met, and the largest weight that is left is to be reported.
func RakeTrimmed(counts, base []float64, margins []Margin, multiple float64) (Raked, error) {
	r, err := Rake(counts, base, margins, Tolerance)
	for range trimmingTurns {
		if err != nil {
			return Raked{}, err
		}
		trimmed, terr := Trim(counts, r.Weights, multiple)
		if terr != nil {
			return Raked{}, terr
		}
		moved := false
		for u, w := range trimmed {
			moved = moved || math.Abs(w-r.Weights[u]) > 1e-9*w
		}
		if !moved {
			break
		}
		r, err = Rake(counts, trimmed, margins, Tolerance)
	}
	return r, err
}
