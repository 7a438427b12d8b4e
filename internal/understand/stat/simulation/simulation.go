// Package simulation holds the statistics to what they promise, on made-up data of which the truth is known: that intervals hold
// it as often as they say, that tests find nothing where there is nothing, that the watch raises no more false alarms than its
// budget. Its tests do so briefly; the benchmark does it at length and prints each figure beside the range it should lie in.
//
// Chance comes from a seed, so that the same call gives the same figures.
package simulation

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/driver"
	"kolo/internal/understand/stat/effect"
	"kolo/internal/understand/stat/watch"
)

// grid are the shares of promoters and detractors, both from .05 on by twentieths, that leave room for passives: 171 of them.
func grid() (out [][2]float64) {
	for p := 1; p <= 18; p++ {
		for d := 1; p+d <= 19; d++ {
			out = append(out, [2]float64{float64(p) / 20, float64(d) / 20})
		}
	}
	return out
}

// tables are all outcomes of n answers.
func tables(n int64) (out []stat.NPSCounts) {
	for p := range n + 1 {
		for d := range n - p + 1 {
			out = append(out, stat.NPSCounts{Promoters: p, Passives: n - p - d, Detractors: d})
		}
	}
	return out
}

// chances are those of all tables when a share p promotes and d detracts.
func chances(all []stat.NPSCounts, p, d float64) []float64 {
	out := make([]float64, len(all))
	lg := func(k int64) float64 { v, _ := math.Lgamma(float64(k) + 1); return v }
	for i, c := range all {
		out[i] = math.Exp(lg(c.N()) - lg(c.Promoters) - lg(c.Passives) - lg(c.Detractors) + float64(c.Promoters)*math.Log(p) +
			float64(c.Passives)*math.Log(1-p-d) + float64(c.Detractors)*math.Log(d))
	}
	return out
}

// Rate is a share over a grid of truths: how often on the average, and at the least and the most.
type Rate struct{ Mean, Least, Most float64 }

func (r *Rate) add(v float64, of int) {
	if r.Mean == 0 && r.Least == 0 {
		r.Least = 1
	}
	r.Mean += v / float64(of)
	r.Least, r.Most = min(r.Least, v), max(r.Most, v)
}

// NPSCoverage is how often the default interval of n answers holds the true score: exact, by going through every outcome.
func NPSCoverage(n int64, level float64) (Rate, error) {
	all := tables(n)
	intervals := make([]stat.Interval, len(all))
	for i, c := range all {
		var err error
		if intervals[i], err = stat.NPSInterval(c, level); err != nil {
			return Rate{}, err
		}
	}
	var r Rate
	truths := grid()
	for _, g := range truths {
		covered := 0.0
		for i, w := range chances(all, g[0], g[1]) {
			if intervals[i].Contains(100 * (g[0] - g[1])) {
				covered += w
			}
		}
		r.add(covered, len(truths))
	}
	return r, nil
}

// DifferenceError is how often the default test of two groups of n answers from one truth finds a difference at level: exact.
func DifferenceError(n int64, level float64) (Rate, error) {
	all := tables(n)
	found := make([][]bool, len(all))
	for i, a := range all {
		found[i] = make([]bool, len(all))
		for j, b := range all[:i] { // the test is the same both ways, and two groups alike do not differ
			d, err := stat.NPSDifference(a, b, level)
			if err != nil {
				return Rate{}, err
			}
			found[i][j] = d.P <= 1-level
		}
	}
	var r Rate
	truths := grid()
	for _, g := range truths {
		w, wrong := chances(all, g[0], g[1]), 0.0
		for i, row := range found {
			sum := 0.0
			for j, f := range row[:i] {
				if f {
					sum += w[j]
				}
			}
			wrong += 2 * w[i] * sum
		}
		r.add(wrong, len(truths))
	}
	return r, nil
}

// count draws a negative binomial count with variance phi times the mean; phi 1 is a Poisson's.
func count(r *rand.Rand, mean, phi float64) float64 {
	if phi > 1 {
		size := mean / (phi - 1)
		mean = distuv.Gamma{Alpha: size, Beta: size / mean, Src: r}.Rand()
	}
	if mean <= 0 {
		return 0
	}
	return distuv.Poisson{Lambda: mean, Src: r}.Rand()
}

// PredictionError is how often the test against unaffected themes finds an effect of a fix that had none, at 5 %, by default and by the
// form for themes of equal volume: so many controls, changes of themes that differ by spread (a standard deviation of logarithms),
// volumes alike or between a third and three times the treated one's.
func PredictionError(runs, controls int, spread float64, unequal bool, seed uint64) (byDefault, equal float64, err error) {
	r := rand.New(rand.NewPCG(seed, 0x646964))
	for range runs {
		themes := make([]effect.Theme, controls+1)
		for i := range themes {
			volume, change := 150.0, math.Exp(spread*r.NormFloat64())
			if unequal && i > 0 {
				volume *= math.Exp((2*r.Float64() - 1) * math.Log(3))
			}
			themes[i] = effect.Theme{Before: effect.Count{Events: count(r, volume, 1), Exposure: 1000},
				After: effect.Count{Events: count(r, volume*change, 1), Exposure: 1000}}
		}
		w, err := effect.AgainstControls(themes[0], themes[1:], 1, 0.95)
		if err != nil {
			return 0, 0, err
		}
		if w.Effect.P < 0.05 {
			byDefault++
		}
		if w.Equal.P < 0.05 {
			equal++
		}
	}
	return byDefault / float64(runs), equal / float64(runs), nil
}

// SegmentCoverage is how often the default interval of the change of level, in a series of n values with AR(1) errors, holds it; and
// that of GLS by REML alone, which the default never falls below.
func SegmentCoverage(runs, n int, rho float64, seed uint64) (byDefault, byREML float64, err error) {
	r := rand.New(rand.NewPCG(seed, 0x697473))
	for range runs {
		s := effect.Interruption{Before: n / 2, Slope: true}
		e := r.NormFloat64() / math.Sqrt(1-rho*rho)
		for t := range n {
			e = rho*e + r.NormFloat64()
			level := 0.0
			if t >= s.Before {
				level = -2
			}
			s.Y = append(s.Y, 20+0.05*float64(t)+level+e)
		}
		fit, err := effect.Segment(s, 0.95)
		if err != nil {
			return 0, 0, err
		}
		if fit.Level.Interval.Contains(-2) {
			byDefault++
		}
		half := stat.CriticalT(0.95, fit.DF) * math.Sqrt(fit.GLS.Cov[effect.LevelAt][effect.LevelAt])
		if math.Abs(fit.GLS.Coef[effect.LevelAt]+2) <= half {
			byREML++
		}
	}
	return byDefault / float64(runs), byREML / float64(runs), nil
}

// CountCoverage is how often the interval of the rate ratio of an interrupted series of counts holds it: n periods with so many events
// each on the average, whose logarithms go astray by an AR(1) process of rho (0: Poisson noise alone).
func CountCoverage(runs, n int, mean, rho float64, seed uint64) (float64, error) {
	r := rand.New(rand.NewPCG(seed, 0x636e74))
	covered := 0
	for range runs {
		s := effect.Interruption{Before: n / 2}
		exposure := make([]float64, n)
		spread := 0.0
		if rho > 0 {
			spread = 0.2
		}
		u := spread * r.NormFloat64()
		for t := range n {
			u = rho*u + spread*math.Sqrt(1-rho*rho)*r.NormFloat64()
			exposure[t] = 800 + 400*r.Float64()
			mu := mean * exposure[t] / 1000 * math.Exp(u)
			if t >= s.Before {
				mu *= 0.7
			}
			s.Y = append(s.Y, count(r, mu, 1))
		}
		fit, err := effect.SegmentCounts(s, exposure, 0.95)
		if err != nil {
			return 0, err
		}
		if fit.Level.Interval.Contains(0.7) {
			covered++
		}
	}
	return float64(covered) / float64(runs), nil
}

// EffectCoverage is how often the intervals of two effects in a linear model hold the truth where customers answer one to seven times and
// what they say has much in common: of a rating, which differs between a customer's answers too, and of a segment, which does not. By
// customer, and as if each answer were somebody else's.
func EffectCoverage(runs, customers int, seed uint64) (byCustomer, alone float64, err error) {
	r := rand.New(rand.NewPCG(seed, 0x656666))
	const parts, effect = 20, 2.0
	total := 0.0
	for range runs {
		a := driver.Answers{Names: []string{"rating", "segment"}, Columns: [][]int{{1}, {2}}, Size: 3, Parts: parts,
			Factors: []driver.Factor{{Levels: make([][]driver.Entry, 5)}, {Levels: [][]driver.Entry{nil, {{Column: 2, Value: 1}}}}}}
		for v := range 5 {
			a.Factors[0].Levels[v] = []driver.Entry{{Column: 1, Value: float64(v)}}
		}
		for c := range customers {
			mood, liking, segment := r.NormFloat64(), 1.5*r.NormFloat64(), int32(0)
			if r.IntN(4) == 0 {
				segment = 1
			}
			for range 1 + r.IntN(7) {
				v := min(4, max(0, math.Round(2+0.8*mood+0.8*r.NormFloat64())))
				a.Factors[0].Codes, a.Factors[1].Codes = append(a.Factors[0].Codes, int32(v)), append(a.Factors[1].Codes, segment)
				a.Y = append(a.Y, effect*v+liking+r.NormFloat64())
				a.Part, a.Customer = append(a.Part, int32(c%parts)), append(a.Customer, int64(c+1))
			}
		}
		count := func(a driver.Answers, held *float64) error {
			p, err := driver.Gather(&a)
			if err != nil {
				return err
			}
			f, err := p.Effects()
			if err != nil {
				return err
			}
			for column, truth := range map[int]float64{1: effect, 2: 0} {
				if c, ok := f.Combination("", map[int]float64{column: 1}, 0.95); ok && c.Interval.Contains(truth) {
					*held++
				}
			}
			return nil
		}
		if err := count(a, &byCustomer); err != nil {
			return 0, 0, err
		}
		a.Customer = nil
		if err := count(a, &alone); err != nil {
			return 0, 0, err
		}
		total += 2
	}
	return byCustomer / total, alone / total, nil
}

// Watch is how a detector does on fresh series: false episodes in a year of one, and the shares of events found within four and eight
// weeks, where a mean doubles at once, doubles over eight weeks, or one week is five standard deviations too high.
type Watch struct {
	FalsePerYear         float64
	Step2, Ramp2, Spike5 [2]float64
}

// Detection runs the generator of Noufaily et al. (2013): log mean theta + beta t + gamma cos(2 pi (t-7)/52), negative binomial
// counts, means of 1 to 40, dispersions of 1 to 3, with and without season and trend: 22 scenarios, each with so many replicates.
// Two years are history, two are watched.
func Detection(d watch.Detector, replicates int, seed uint64) (Watch, error) {
	r := rand.New(rand.NewPCG(seed, 35))
	var a Watch
	years, events := 0.0, map[string]float64{}
	const start, end = 104, 208
	for _, mean := range []float64{1, 3, 10, 40} {
		for _, phi := range []float64{1, 1.5, 3} {
			if mean == 1 && phi == 3 {
				continue
			}
			for _, season := range []bool{false, true} {
				for range replicates {
					for _, kind := range []string{"none", "step2", "ramp2", "spike5"} {
						onset := start + 10 + r.IntN(60)
						y := make([]float64, end)
						for w := range y {
							t := float64(w)
							eta := math.Log(mean)
							if season {
								eta += 0.1/52*(t-104) + 0.3*math.Cos(2*math.Pi*(t-7)/52)
							}
							mu, extra := math.Exp(eta), 0.0
							if k := float64(w - onset); k >= 0 {
								switch kind {
								case "step2":
									mu *= 2
								case "ramp2":
									mu *= 1 + min(1, (k+1)/8)
								case "spike5":
									if k == 0 {
										extra = math.Round(5 * math.Sqrt(phi*mu))
									}
								}
							}
							y[w] = count(r, mu, phi) + extra
						}
						got, err := d.Run(watch.Series{Counts: y}, start, nil)
						if err != nil {
							return Watch{}, err
						}
						if kind == "none" {
							years += (end - start) / 52.0
							a.FalsePerYear += float64(len(watch.Episodes(got, watch.EpisodeGap)))
							continue
						}
						events[kind]++
						found := map[string]*[2]float64{"step2": &a.Step2, "ramp2": &a.Ramp2, "spike5": &a.Spike5}[kind]
						for k := range 8 {
							if got[onset-start+k].Signal() {
								if k < 4 {
									found[0]++
								}
								found[1]++
								break
							}
						}
					}
				}
			}
		}
	}
	a.FalsePerYear /= years
	for i := range 2 {
		a.Step2[i] /= events["step2"]
		a.Ramp2[i] /= events["ramp2"]
		a.Spike5[i] /= events["spike5"]
	}
	return a, nil
}

// Reference is the detector of the benchmark series: no low-count rule, one size of rise, half a false episode in a year of a series.
func Reference() watch.Detector {
	return watch.Detector{Season: 52, Window: 104, Guard: 4, Least: 12, Full: 104, Rate: 1.0 / 208, Rho: 2, LastN: 4}
}
