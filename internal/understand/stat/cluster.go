package stat

import "math"

// NPSClusters accumulates answers that come in groups (several people of an account, several answers of a customer).
// The fields are plain sums over the groups, so that SQL can deliver them: n_g answers of which the scored sum (promoters
// less detractors) is s_g.
type NPSClusters struct {
	Counts    NPSCounts `json:"counts"`
	Clusters  int64     `json:"clusters"`
	SumSq     float64   `json:"sum_sq"`     // sum of s_g^2
	Cross     float64   `json:"cross"`      // sum of n_g s_g
	SizeSq    float64   `json:"size_sq"`    // sum of n_g^2
	GroupMean float64   `json:"group_mean"` // sum of s_g/n_g
}

// Add takes in one group; an empty one changes nothing.
func (k *NPSClusters) Add(c NPSCounts) {
	if c.N() == 0 {
		return
	}
	n, s := float64(c.N()), float64(c.Promoters-c.Detractors)
	k.Counts = k.Counts.Plus(c)
	k.Clusters++
	k.SumSq += s * s
	k.Cross += n * s
	k.SizeSq += n * n
	k.GroupMean += s / n
}

// NPSClustered is an NPS whose interval allows for answers of a group being alike. All values but the last in points.
type NPSClustered struct {
	NPS          float64  `json:"nps"`
	SE           float64  `json:"se"`
	DF           float64  `json:"df"`
	Interval     Interval `json:"interval"`
	GroupLevel   float64  `json:"group_level"`   // the mean of the groups' own NPS: each account counts once
	DesignEffect float64  `json:"design_effect"` // variance relative to independent answers; 0 when these do not vary
}

// Estimate uses the linearised variance V = G/(G-1) sum_g (s_g - n_g NPS)^2 / n^2 and t with G-1 degrees of freedom.
// Undefined for fewer than two groups.
func (k NPSClusters) Estimate(level float64) (NPSClustered, error) {
	if err := k.Counts.check("NPSClusters"); err != nil {
		return NPSClustered{}, err
	}
	if err := CheckLevel("NPSClusters", level); err != nil {
		return NPSClustered{}, err
	}
	if k.Clusters < 2 {
		return NPSClustered{}, Undefined("NPSClusters", "a clustered interval needs two groups")
	}
	m := k.Counts.moments(0)
	g := float64(k.Clusters)
	v := g / (g - 1) * max(0, k.SumSq-2*m.mean*k.Cross+m.mean*m.mean*k.SizeSq) / (m.n * m.n)
	r := NPSClustered{NPS: 100 * m.mean, SE: 100 * math.Sqrt(v), DF: g - 1, GroupLevel: 100 * k.GroupMean / g}
	if m.v > 0 {
		r.DesignEffect = v / (m.v / m.n)
	}
	half := CriticalT(level, g-1) * r.SE
	r.Interval = Interval{r.NPS - half, r.NPS + half, level, "cluster-robust t"}.clamp(-100, 100)
	return r, nil
}

// WeightedNPS holds the weighted answers of an NPS question as sums that SQL can deliver: per class the sum of the
// weights and of their squares.
type WeightedNPS struct {
	N                                     int64
	Promoters, Passives, Detractors       float64
	PromotersSq, PassivesSq, DetractorsSq float64
}

// Add takes in one answer: class -1, 0 or +1, with a weight.
func (w *WeightedNPS) Add(class int, weight float64) {
	w.N++
	sum, sq := &w.Passives, &w.PassivesSq
	switch {
	case class > 0:
		sum, sq = &w.Promoters, &w.PromotersSq
	case class < 0:
		sum, sq = &w.Detractors, &w.DetractorsSq
	}
	*sum += weight
	*sq += weight * weight
}

// WeightedScore is a weighted NPS, values in points.
type WeightedScore struct {
	NPS          float64  `json:"nps"`
	SE           float64  `json:"se"`
	Interval     Interval `json:"interval"`
	EffectiveN   float64  `json:"effective_n"`   // Kish: (sum w)^2 / sum w^2
	DesignEffect float64  `json:"design_effect"` // n / EffectiveN
}

// Estimate is m = sum w x / sum w with SE sqrt(n/(n-1) sum w^2 (x-m)^2) / sum w, weights taken as fixed (conservative
// for raked ones), and a normal interval clamped to [-100, 100]. Show the unweighted score next to it.
func (w WeightedNPS) Estimate(level float64) (WeightedScore, error) {
	if err := CheckLevel("WeightedNPS", level); err != nil {
		return WeightedScore{}, err
	}
	sum := w.Promoters + w.Passives + w.Detractors
	sq := w.PromotersSq + w.PassivesSq + w.DetractorsSq
	if w.Promoters < 0 || w.Passives < 0 || w.Detractors < 0 || w.PromotersSq < 0 || w.PassivesSq < 0 || w.DetractorsSq < 0 ||
		math.IsNaN(sum+sq) || math.IsInf(sum+sq, 0) {
		return WeightedScore{}, Invalid("WeightedNPS", "a sum of weights is out of range")
	}
	if !(sum > 0) || !(sq > 0) || w.N < 2 {
		return WeightedScore{}, Undefined("WeightedNPS", "a weighted score needs two answers with weight")
	}
	m := (w.Promoters - w.Detractors) / sum
	ss := w.PromotersSq*(1-m)*(1-m) + w.PassivesSq*m*m + w.DetractorsSq*(1+m)*(1+m)
	n := float64(w.N)
	r := WeightedScore{NPS: 100 * m, SE: 100 * math.Sqrt(n/(n-1)*ss) / sum, EffectiveN: sum * sum / sq}
	r.DesignEffect = n / r.EffectiveN
	half := Critical(level) * r.SE
	r.Interval = Interval{r.NPS - half, r.NPS + half, level, "weighted, linearised"}.clamp(-100, 100)
	return r, nil
}
