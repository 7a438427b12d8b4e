// Package health composes the customer health score and validates it against what customers did. Scores are 0-100, 100
// the healthiest.
package health

import (
	"math"

	"kolo/internal/understand/stat"
)

// Component is one part of a health score.
type Component struct {
	Weight float64
	Score  float64 // 0-100
	Known  bool    // false: the weight is given to the others
}

// Default weights, half-lives in days, the prior's weight and the least coverage at which a score is shown.
const (
	WeightUsage      = 0.30
	WeightSentiment  = 0.25
	WeightSupport    = 0.20
	WeightCommercial = 0.15
	WeightEngagement = 0.10

	HalfLifeSurvey    = 90.0
	HalfLifeUsage     = 30.0
	HalfLifeComplaint = 60.0

	PriorWeight   = 2.0
	LeastCoverage = 0.5
)

// Score is a composed health score.
type Score struct {
	Value     float64
	Geometric float64 // weighted geometric mean, which a single bad component pulls down more
	Coverage  float64 // share of the weight whose components are known; hide the score below LeastCoverage
}

// Compose is the weighted mean over the known components. Undefined when none is known.
func Compose(components []Component) (Score, error) {
	var all, known, sum, logs float64
	for _, c := range components {
		if !(c.Weight >= 0) || math.IsInf(c.Weight, 0) {
			return Score{}, stat.Invalid("health", "weight %v is out of range", c.Weight)
		}
		all += c.Weight
		if !c.Known {
			continue
		}
		if !(c.Score >= 0 && c.Score <= 100) {
			return Score{}, stat.Invalid("health", "component score %v lies outside 0-100", c.Score)
		}
		known += c.Weight
		sum += c.Weight * c.Score
		logs += c.Weight * math.Log(max(c.Score, 1e-300))
	}
	if known == 0 {
		return Score{}, stat.Undefined("health", "no component of the score is known")
	}
	return Score{Value: sum / known, Geometric: math.Exp(logs / known), Coverage: known / all}, nil
}

// Decayed is a mean that forgets.
type Decayed struct {
	Mean       float64
	EffectiveN float64 // Kish
}

// Decay weights each value by 0.5^(age/halfLife), both in days. Undefined without values.
func Decay(values, ages []float64, halfLife float64) (Decayed, error) {
	if len(values) != len(ages) || !(halfLife > 0) || math.IsInf(halfLife, 0) {
		return Decayed{}, stat.Invalid("health", "%d values with %d ages, half-life %v", len(values), len(ages), halfLife)
	}
	if len(values) == 0 {
		return Decayed{}, stat.Undefined("health", "there are no values")
	}
	// Relative to the youngest, so that very old evidence does not underflow to nothing over nothing.
	youngest := math.Inf(1)
	for i, a := range ages {
		if sum := a + values[i]; math.IsNaN(sum) || math.IsInf(sum, 0) {
			return Decayed{}, stat.Invalid("health", "value %v is of age %v", values[i], a)
		}
		youngest = min(youngest, a)
	}
	var sum, squares, sx float64
	for i, x := range values {
		w := math.Exp2(-(ages[i] - youngest) / halfLife)
		sum, squares, sx = sum+w, squares+w*w, sx+w*x
	}
	return Decayed{Mean: sx / sum, EffectiveN: sum * sum / squares}, nil
}

// Shrink pulls a score towards its segment's mean: (n s + k m)/(n + k) with the effective number of answers n and the
// prior's weight k.
func Shrink(score, effectiveN, segmentMean, priorWeight float64) (float64, error) {
	shrunk := (effectiveN*score + priorWeight*segmentMean) / (effectiveN + priorWeight)
	if !(effectiveN >= 0) || !(priorWeight >= 0) || math.IsNaN(shrunk) || math.IsInf(shrunk, 0) {
		return 0, stat.Invalid("health", "score %v of evidence %v, segment's %v of weight %v", score, effectiveN, segmentMean, priorWeight)
	}
	return shrunk, nil
}

// MinMax maps low to 0 and high to 100, clamped; low > high turns the direction.
func MinMax(x, low, high float64) (float64, error) {
	if low == high || math.IsNaN(x+low+high) || math.IsInf(x+low+high, 0) {
		return 0, stat.Invalid("health", "anchors %v and %v do not span a scale", low, high)
	}
	return min(max(100*(x-low)/(high-low), 0), 100), nil
}

// Logistic is 100/(1+exp(-k(x-mid))); a negative k turns the direction.
func Logistic(x, mid, k float64) (float64, error) {
	score := 100 / (1 + math.Exp(-k*(x-mid)))
	if math.IsNaN(score) {
		return 0, stat.Invalid("health", "value %v, middle %v, steepness %v", x, mid, k)
	}
	return score, nil
}

// Percentile is the mid-rank of x among its peers, 0-100. Undefined without peers.
func Percentile(x float64, peers []float64) (float64, error) {
	if len(peers) == 0 {
		return 0, stat.Undefined("health", "there are no peers")
	}
	rank := 0.0
	for _, p := range peers {
		switch {
		case p < x:
			rank++
		case p == x:
			rank += 0.5
		}
	}
	return 100 * rank / float64(len(peers)), nil
}
