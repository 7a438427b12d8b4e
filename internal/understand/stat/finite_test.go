package stat_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/contact"
	"kolo/internal/understand/stat/dist"
	"kolo/internal/understand/stat/driver"
	"kolo/internal/understand/stat/effect"
	"kolo/internal/understand/stat/health"
	"kolo/internal/understand/stat/loop"
	"kolo/internal/understand/stat/regress"
	"kolo/internal/understand/stat/survival"
	"kolo/internal/understand/stat/watch"
	"kolo/internal/understand/stat/weight"
)

// hostile draws arguments as bad data make them: nothing, everything alike, ties, zeros, huge and tiny values, and now and
// then what is no number at all.
type hostile struct{ *rand.Rand }

func (h hostile) x() float64 {
	switch h.IntN(24) {
	case 0:
		return math.NaN()
	case 1:
		return math.Inf(1 - 2*h.IntN(2))
	case 2:
		return math.Copysign(1e60, h.NormFloat64())
	case 3:
		return 1e-60
	}
	return h.number()
}

// number is finite and of a usual size.
func (h hostile) number() float64 {
	switch h.IntN(6) {
	case 0:
		return 0
	case 1:
		return 1
	case 2:
		return float64(h.IntN(11) - 2)
	case 3:
		return h.Float64()
	}
	return 10 * h.NormFloat64()
}

func (h hostile) positive() float64 { return 1e-3 + math.Abs(h.number()) }

func (h hostile) count() int64 {
	switch h.IntN(8) {
	case 0:
		return -1
	case 1:
		return 1_000_000
	case 2, 3:
		return 0
	}
	return int64(h.IntN(40))
}

func (h hostile) worth() stat.Worth { return stat.Worth{N: h.x(), DF: h.x()} }

func (h hostile) level() float64 {
	if h.IntN(20) == 0 {
		return h.x()
	}
	return []float64{0.5, 0.9, 0.95, 0.99, 0.999999}[h.IntN(5)]
}

func (h hostile) size() int { return []int{0, 1, 2, 3, 5, 8, 20, 30}[h.IntN(8)] }

// list is n values: all alike, two kinds of them, or anything; with bad ones among them only now and then.
func (h hostile) list(n int) []float64 {
	out := make([]float64, n)
	kind, a, b := h.IntN(4), h.number(), h.number()
	for i := range out {
		switch {
		case kind == 0:
			out[i] = a
		case kind == 1:
			out[i] = []float64{a, b}[h.IntN(2)]
		default:
			out[i] = h.number()
		}
	}
	if n > 0 && h.IntN(8) == 0 {
		out[h.IntN(n)] = h.x()
	}
	return out
}

func (h hostile) counts(n int) []float64 {
	out := h.list(n)
	for i, v := range out {
		if v = math.Abs(math.Trunc(v)); h.IntN(50) > 0 {
			out[i] = v
		}
	}
	return out
}

func (h hostile) exposures(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		if out[i] = 1 + 100*h.Float64(); h.IntN(100) == 0 {
			out[i] = h.x()
		}
	}
	return out
}

func (h hostile) binary(n int) []float64 {
	out, p := make([]float64, n), []float64{0, 0.1, 0.5, 1}[h.IntN(4)]
	for i := range out {
		if h.Float64() < p {
			out[i] = 1
		}
	}
	return out
}

// table is n rows of k values, perhaps after an intercept.
func (h hostile) table(n, k int, intercept bool) [][]float64 {
	out := make([][]float64, n)
	for i := range out {
		if intercept {
			out[i] = []float64{1}
		}
	}
	for range k {
		column := h.list(n)
		if h.IntN(3) == 0 {
			column = h.binary(n)
		}
		for i, v := range column {
			out[i] = append(out[i], v)
		}
	}
	return out
}

func (h hostile) nps() stat.NPSCounts {
	return stat.NPSCounts{Promoters: h.count(), Passives: h.count(), Detractors: h.count()}
}

func (h hostile) moments() stat.Moments { return stat.Moments{N: h.count(), Mean: h.x(), SD: h.x()} }

func (h hostile) data() driver.Data {
	n, p := h.size(), h.IntN(4)
	d := driver.Data{X: h.table(n, p, false), Y: h.list(n)}
	for j := range p {
		d.Names = append(d.Names, fmt.Sprint("driver ", j))
	}
	if h.IntN(3) == 0 {
		d.Controls = h.table(n, 1, false)
	}
	if h.IntN(3) == 0 {
		for range n {
			d.Cluster = append(d.Cluster, h.IntN(5))
		}
	}
	return d
}

func (h hostile) themes() driver.Data {
	d := h.data()
	for i := range d.X {
		d.X[i] = h.binary(len(d.X[i]))
		d.Y[i] = float64(h.IntN(3) - 1)
	}
	return d
}

func (h hostile) outcomes(n int) []bool {
	out := make([]bool, n)
	for i, v := range h.binary(n) {
		out[i] = v == 1
	}
	return out
}

func (h hostile) chances(n int) []float64 {
	out := h.list(n)
	for i, v := range out {
		if !(v >= 0 && v <= 1) && h.IntN(60) > 0 {
			out[i] = []float64{0, 0.2, 0.5, 1}[h.IntN(4)]
		}
	}
	return out
}

func (h hostile) interruption() effect.Interruption {
	n := h.size() + h.IntN(20)
	s := effect.Interruption{Y: h.list(n), Before: h.IntN(n + 2), Slope: h.IntN(2) == 0, Lag: h.IntN(4)}
	if h.IntN(4) == 0 {
		s.Extra = h.table(n, 1, false)
	}
	return s
}

func (h hostile) rate() effect.Count {
	return effect.Count{Events: float64(h.count()), Exposure: math.Abs(h.x())}
}

func (h hostile) uncertain() effect.Uncertain {
	return effect.Uncertain{Value: h.x(), SE: math.Abs(h.x())}
}

func (h hostile) costs() effect.Costs {
	u := h.uncertain
	return effect.Costs{Avoided: u(), ContactsPerCase: u(), CostPerContact: u(), Compensated: u(), Compensation: u(), ExcessChurn: u(),
		Lifetime: u(), Cashable: h.Float64(), Months: h.positive(), RunCost: h.number(), OneOff: math.Abs(h.number())}
}

func (h hostile) observations(n int) []survival.Observation {
	out := make([]survival.Observation, n)
	for i := range out {
		out[i] = survival.Observation{Time: math.Abs(h.number()), Ended: h.IntN(2) == 0}
		if h.IntN(5) == 0 {
			out[i].Entry = h.Float64() * out[i].Time
		}
		if h.IntN(100) == 0 {
			out[i].Time = h.x()
		}
	}
	return out
}

func (h hostile) series(n int) watch.Series {
	s := watch.Series{Counts: h.counts(n)}
	if h.IntN(2) == 0 {
		s.Exposure = h.exposures(n)
	}
	if h.IntN(3) == 0 {
		s.Marks = h.table(n, 1, false)
	}
	return s
}

// usual is what bad answers say of a score, with a season now and then.
func (h hostile) usual() *watch.Usual {
	d := []watch.Scores{watch.WeeklyScores(), watch.DailyScores()}[h.IntN(2)]
	d.Season, d.Long, d.Least = 40, 80, 5+h.IntN(10)
	points := make([]watch.Answers, h.size()+h.IntN(150))
	for i := range points {
		points[i] = watch.Answers{N: h.count(), Sum: h.number(), Square: h.positive()}
		points[i].Bad = points[i].N / int64(1+h.IntN(4))
	}
	return d.Before(points, h.IntN(len(points)+1))
}

func (h hostile) margins(n int) []weight.Margin {
	var out []weight.Margin
	for range h.IntN(3) {
		m := weight.Margin{Name: "m", Targets: []float64{h.positive(), math.Abs(h.number())}}
		total := m.Targets[0] + m.Targets[1]
		m.Targets[0], m.Targets[1] = 100*m.Targets[0]/total, 100*m.Targets[1]/total
		for range n {
			m.Of = append(m.Of, h.IntN(2))
		}
		out = append(out, m)
	}
	return out
}

func (h hostile) moment() time.Time {
	return time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(h.IntN(400*24)) * time.Hour)
}

func (h hostile) perhaps() (t time.Time) {
	if h.IntN(3) > 0 {
		t = h.moment()
	}
	return t
}

func (h hostile) detractors() []loop.Detractor {
	out := make([]loop.Detractor, h.size())
	for i := range out {
		out[i] = loop.Detractor{Answered: h.moment(), Score: h.IntN(7), Contacted: h.perhaps(), Closed: h.perhaps()}
		if h.IntN(2) == 0 {
			out[i].FollowUp = &loop.FollowUp{At: h.moment(), Score: h.IntN(11)}
		}
	}
	return out
}

func (h hostile) tickets() []survival.Ticket {
	out := make([]survival.Ticket, h.size())
	for i := range out {
		out[i] = survival.Ticket{ID: fmt.Sprint(i), Opened: h.moment()}
		for range h.IntN(6) {
			kinds := []survival.Kind{survival.Assign, survival.AgentContact, survival.WaitCustomer, survival.CustomerReply, survival.Resolve, survival.Reopen}
			out[i].Events = append(out[i].Events, survival.Event{At: h.moment(), Kind: kinds[h.IntN(6)], Owner: fmt.Sprint(h.IntN(3))})
		}
	}
	return out
}

func (h hostile) calendar() survival.Calendar {
	c := survival.Calendar{Zone: time.UTC, Days: map[time.Weekday]bool{}, Open: 9 * time.Hour, Close: 17 * time.Hour, Holidays: map[clock.Day]bool{}}
	for d := range time.Weekday(7) {
		c.Days[d] = h.IntN(3) > 0
	}
	return c
}

// results are what a call gave; of one that failed, nothing.
func results[T any](v T, err error) []any {
	if err != nil {
		return nil
	}
	return []any{v}
}

func two[A, B any](a A, b B, err error) []any {
	if err != nil {
		return nil
	}
	return []any{a, b}
}

// calls has every exported function and method of the statistics, but those that notNumbers names.
var calls = map[string]func(h hostile) []any{
	"stat.NPSClusters.Add": func(h hostile) []any {
		var k stat.NPSClusters
		for range h.size() {
			k.Add(stat.NPSCounts{Promoters: int64(h.IntN(3)), Passives: int64(h.IntN(3)), Detractors: int64(h.IntN(3))})
		}
		return append(results(k.Estimate(h.level())), k)
	},
	"stat.NPSClusters.Estimate": func(h hostile) []any {
		return results(stat.NPSClusters{Counts: h.nps(), Clusters: h.count(), SumSq: h.number(), Cross: h.number(), SizeSq: h.number(), GroupMean: h.number()}.Estimate(h.level()))
	},
	"stat.Clusters.AddSingles": func(h hostile) []any {
		var k stat.Clusters
		for range h.size() {
			v := h.number()
			k.AddSingles(1, v, v*v)
		}
		return append(results(k.Estimate(h.level())), k)
	},
	"stat.Clusters.Times": func(h hostile) []any {
		return []any{stat.Clusters{N: h.count(), Sum: h.number(), Groups: h.count()}.Times(h.number())}
	},
	"stat.Clusters.Worth": func(h hostile) []any {
		k := stat.Clusters{N: h.count(), Sum: h.x(), Square: h.x(), Groups: h.count(), SumSq: h.x(), Cross: h.x(), SizeSq: h.x()}
		w, deff, err := k.Worth(h.x(), h.x())
		return append(results(w, err), deff)
	},
	"stat.NPSWorth":   func(h hostile) []any { return results(stat.NPSWorth(h.nps(), h.worth(), h.level())) },
	"stat.ShareWorth": func(h hostile) []any { return results(stat.ShareWorth(h.x(), h.worth(), h.level())) },
	"stat.Worth.Critical": func(h hostile) []any {
		return []any{stat.Worth{DF: float64(h.IntN(9))}.Critical(0.001 + 0.998*h.Float64())}
	},
	"stat.Worth.TwoSided": func(h hostile) []any { return []any{stat.Worth{DF: float64(h.IntN(9))}.TwoSided(h.number())} },
	"stat.Together": func(h hostile) []any {
		return []any{stat.Together(h.worth(), h.worth(), h.x(), h.x())}
	},
	"stat.NPSDifferenceWorth": func(h hostile) []any {
		return results(stat.NPSDifferenceWorth(h.nps(), h.nps(), h.worth(), h.worth(), h.level()))
	},
	"stat.NewcombeWorth": func(h hostile) []any {
		return results(stat.NewcombeWorth(h.count(), h.count(), h.count(), h.count(), h.worth(), h.worth(), h.level()))
	},
	"stat.MeanDifferenceWorth": func(h hostile) []any {
		return results(stat.MeanDifferenceWorth(h.moments(), h.moments(), h.worth(), h.worth(), h.level()))
	},
	"stat.Clusters.Estimate": func(h hostile) []any { return results(stat.Clusters{}.Estimate(h.level())) },
	"stat.WeightedNPS.Add": func(h hostile) []any {
		var w stat.WeightedNPS
		for range h.size() {
			w.Add(h.IntN(3)-1, []float64{0, 1, h.positive()}[h.IntN(3)])
		}
		return results(w.Estimate(h.level()))
	},
	"stat.WeightedNPS.Estimate": func(h hostile) []any {
		return results(stat.WeightedNPS{N: h.count(), Promoters: h.x(), Passives: h.x(), Detractors: h.x(), PromotersSq: h.x(), PassivesSq: h.x(), DetractorsSq: h.x()}.Estimate(h.level()))
	},
	"stat.MomentsOf": func(h hostile) []any {
		values := h.list(h.size())
		for i, v := range values {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				values[i] = 0
			}
		}
		return []any{stat.MomentsOf(values)}
	},
	"stat.MeanInterval":   func(h hostile) []any { return results(stat.MeanInterval(h.count(), h.x(), h.x(), h.level())) },
	"stat.MeanDifference": func(h hostile) []any { return results(stat.MeanDifference(h.moments(), h.moments(), h.level())) },
	"stat.Paired":         func(h hostile) []any { return results(stat.Paired(h.moments(), h.level())) },
	"stat.Quantile": func(h hostile) []any {
		values := []float64{0}
		for range h.size() {
			values = append(values, h.number())
		}
		slices.Sort(values)
		return []any{stat.Quantile(values, h.Float64()), stat.Quantile(values, 0), stat.Quantile(values, 1)}
	},
	"stat.BenjaminiHochberg":  func(h hostile) []any { return results(stat.BenjaminiHochberg(h.chances(h.size()))) },
	"stat.BenjaminiYekutieli": func(h hostile) []any { return results(stat.BenjaminiYekutieli(h.chances(h.size()))) },
	"stat.Holm":               func(h hostile) []any { return results(stat.Holm(h.chances(h.size()))) },
	"stat.Bonferroni":         func(h hostile) []any { return results(stat.Bonferroni(h.chances(h.size()))) },
	"stat.CountNPS":           func(h hostile) []any { return results(stat.CountNPS([]int{h.IntN(14) - 2, h.IntN(11)})) },
	"stat.NPSCounts.Estimate": func(h hostile) []any { return results(h.nps().Estimate()) },
	"stat.NPSCounts.Variance": func(h hostile) []any { return results(h.nps().Variance()) },
	"stat.NPSCounts.SE":       func(h hostile) []any { return results(h.nps().SE()) },
	"stat.NPSCounts.Shares":   func(h hostile) []any { return results(h.nps().Shares(h.level())) },
	"stat.Difference.Inflate": func(h hostile) []any {
		d, err := stat.NPSDifference(h.nps(), h.nps(), h.level())
		return results(d.Inflate(h.x()), err)
	},
	"stat.NPSDifference":         func(h hostile) []any { return results(stat.NPSDifference(h.nps(), h.nps(), h.level())) },
	"stat.NPSDifferenceRocks":    func(h hostile) []any { return results(stat.NPSDifferenceRocks(h.nps(), h.nps(), h.level())) },
	"stat.NPSDifferenceWald":     func(h hostile) []any { return results(stat.NPSDifferenceWald(h.nps(), h.nps(), h.level())) },
	"stat.NPSDifferenceWelch":    func(h hostile) []any { return results(stat.NPSDifferenceWelch(h.nps(), h.nps(), h.level())) },
	"stat.NPSDistributionChange": func(h hostile) []any { return results(stat.NPSDistributionChange(h.nps(), h.nps())) },
	"stat.NPSRankTest":           func(h hostile) []any { return results(stat.NPSRankTest(h.nps(), h.nps())) },
	"stat.NPSPaired": func(h hostile) []any {
		var m [3][3]int64
		for i := range m {
			for j := range m[i] {
				m[i][j] = h.count()
			}
		}
		return results(stat.NPSPaired(m, h.level()))
	},
	"stat.NPSInterval":    func(h hostile) []any { return results(stat.NPSInterval(h.nps(), h.level())) },
	"stat.NPSShown":       func(h hostile) []any { return results(stat.NPSShown(h.nps(), h.level())) },
	"stat.NPSWald":        func(h hostile) []any { return results(stat.NPSWald(h.nps(), h.level())) },
	"stat.NPSBonettPrice": func(h hostile) []any { return results(stat.NPSBonettPrice(h.nps(), h.level())) },
	"stat.NPSTMean":       func(h hostile) []any { return results(stat.NPSTMean(h.nps(), h.level())) },
	"stat.NPSTango":       func(h hostile) []any { return results(stat.NPSTango(h.nps(), h.level())) },
	"stat.NPSBootstrap": func(h hostile) []any {
		c := h.nps()
		return results(stat.NPSBootstrap(stat.NPSCounts{Promoters: c.Promoters % 1000, Passives: c.Passives % 1000, Detractors: c.Detractors % 1000}, h.level()))
	},
	"stat.Proportion":      func(h hostile) []any { return results(stat.Proportion(h.count(), h.count(), h.level())) },
	"stat.Wilson":          func(h hostile) []any { return results(stat.Wilson(h.count(), h.count(), h.level())) },
	"stat.WilsonEffective": func(h hostile) []any { return results(stat.WilsonEffective(h.x(), h.x(), h.level())) },
	"stat.AgrestiCoull":    func(h hostile) []any { return results(stat.AgrestiCoull(h.count(), h.count(), h.level())) },
	"stat.ClopperPearson":  func(h hostile) []any { return results(stat.ClopperPearson(h.count(), h.count(), h.level())) },
	"stat.Jeffreys":        func(h hostile) []any { return results(stat.Jeffreys(h.count(), h.count(), h.level())) },
	"stat.Newcombe": func(h hostile) []any {
		return results(stat.Newcombe(h.count(), h.count(), h.count(), h.count(), h.level()))
	},
	"stat.PooledZ": func(h hostile) []any { return results(stat.PooledZ(h.count(), h.count(), h.count(), h.count())) },
	"stat.Fisher": func(h hostile) []any {
		return results(stat.Fisher(int64(h.IntN(40)), h.count()%5000, int64(h.IntN(40)), h.count()%5000))
	},
	"stat.Distribution.Moments": func(h hostile) []any { return results(h.scale().Moments()) },
	"stat.Distribution.TopBox":  func(h hostile) []any { return results(h.scale().TopBox(h.IntN(6)-1, h.level())) },
	"stat.Distribution.Median":  func(h hostile) []any { return results(h.scale().Median()) },
	"stat.Distribution.Summary": func(h hostile) []any { return results(h.scale().Summary(h.IntN(4), h.level())) },
	"stat.Distribution.Shrunk": func(h hostile) []any {
		d := h.scale()
		return append(results(d.Shrunk(nil)), results(d.Shrunk(h.list(len(d.Counts))))...)
	},
	"stat.NPSSampleSize": func(h hostile) []any { return results(stat.NPSSampleSize(h.x(), h.x(), h.level())) },
	"stat.NPSSampleSizeToDetect": func(h hostile) []any {
		return results(stat.NPSSampleSizeToDetect(h.Float64(), h.Float64(), h.x(), h.x(), h.level()))
	},
	"stat.NPSDetectable": func(h hostile) []any {
		return results(stat.NPSDetectable(h.count(), h.count(), h.x(), h.Float64(), h.Float64(), h.level()))
	},
	"stat.Detectable": func(h hostile) []any {
		return results(stat.Detectable(h.number(), h.number(), h.number(), h.number(), h.Float64(), h.level()))
	},
	"stat.Needed": func(h hostile) []any {
		margin, difference, err := stat.Needed(h.Float64() < .5, h.number(), h.number())
		return results([]int64{margin, difference}, err)
	},
	"stat.ShareSampleSize": func(h hostile) []any { return results(stat.ShareSampleSize(h.x(), h.x(), h.level())) },
	"stat.ScanSegments": func(h hostile) []any {
		var all []stat.Segment
		for i := range h.size() {
			all = append(all, stat.Segment{Name: fmt.Sprint(i), Counts: h.nps()})
		}
		return results(stat.ScanSegments(all, h.level()))
	},
	"stat.PauleMandel": func(h hostile) []any {
		n := h.size()
		return two(stat.PauleMandel(h.list(n), h.list(n)))
	},
	"stat.Interval.Within": func(h hostile) []any { return []any{stat.Interval{Low: h.number(), High: h.number()}.Within(-1, 1)} },
	"stat.Interval.Width": func(h hostile) []any {
		i, err := stat.NPSShown(h.nps(), h.level())
		return results(i.Width(), err)
	},
	"stat.Critical":        func(h hostile) []any { return []any{stat.Critical(0.001 + 0.998*h.Float64())} },
	"stat.CriticalT":       func(h hostile) []any { return []any{stat.CriticalT(0.001+0.998*h.Float64(), 1+h.positive())} },
	"contact.DesignWeight": func(h hostile) []any { return results(contact.DesignWeight(h.x())) },

	"dist.Counts.Upper":    func(h hostile) []any { return []any{h.distribution().Upper(float64(h.IntN(60) - 1))} },
	"dist.Counts.LogProb":  func(h hostile) []any { return []any{h.distribution().LogProb(float64(h.IntN(3000)))} },
	"dist.Counts.MidP":     func(h hostile) []any { return []any{h.distribution().MidP(float64(h.IntN(3000)))} },
	"dist.Counts.Z":        func(h hostile) []any { return []any{h.distribution().Z(float64(h.IntN(3000)))} },
	"dist.Counts.Quantile": func(h hostile) []any { return []any{h.distribution().Quantile(0.001 + 0.998*h.Float64())} },
	"dist.Norm":            func(h hostile) []any { return []any{dist.Norm(h.number())} },
	"dist.NormUpper":       func(h hostile) []any { return []any{dist.NormUpper(h.number())} },
	"dist.NormTwoSided":    func(h hostile) []any { return []any{dist.NormTwoSided(h.number())} },
	"dist.NormQuantile":    func(h hostile) []any { return []any{dist.NormQuantile(1e-12 + 0.999*h.Float64())} },
	"dist.TUpper":          func(h hostile) []any { return []any{dist.TUpper(h.number(), h.positive())} },
	"dist.TTwoSided": func(h hostile) []any {
		return []any{dist.TTwoSided(h.number(), h.positive()), dist.TTwoSided(1e9, 3), dist.TTwoSided(0, 1e9)}
	},
	"dist.TQuantile":      func(h hostile) []any { return []any{dist.TQuantile(1e-6+0.999*h.Float64(), 1+1e6*h.Float64())} },
	"dist.ChiSquareUpper": func(h hostile) []any { return []any{dist.ChiSquareUpper(h.number(), 1+float64(h.IntN(30)))} },
	"dist.FUpper":         func(h hostile) []any { return []any{dist.FUpper(h.number(), h.positive(), h.positive())} },
	"dist.Beta":           func(h hostile) []any { return []any{dist.Beta(h.number(), h.positive(), h.positive())} },
	"dist.BetaQuantile": func(h hostile) []any {
		return []any{dist.BetaQuantile(h.Float64(), 0.5+float64(h.IntN(1000)), 0.5+float64(h.IntN(1000)))}
	},

	"driver.ThemeImpactsOfCells": func(h hostile) []any {
		cells := make([]driver.Cell, h.size())
		for i := range cells {
			cells[i] = driver.Cell{Y: h.number(), N: 1 + int64(h.IntN(4))}
			if h.IntN(2) == 0 {
				cells[i].Mentions = append(cells[i].Mentions, h.IntN(2))
			}
		}
		return results(driver.ThemeImpactsOfCells([]string{"a", "b"}, 0, cells, h.level()))
	},
	"driver.Linear": func(h hostile) []any { return results(driver.Linear(h.data(), h.level())) },
	"driver.Prioritise": func(h hostile) []any {
		e, err := driver.Linear(h.data(), h.level())
		if err != nil {
			return nil
		}
		return results(driver.Prioritise(h.x(), h.Float64(), e.Coefficients[0]))
	},
	"driver.Analyse": func(h hostile) []any { return results(driver.Analyse(h.data(), driver.Options{Resamples: h.IntN(20)})) },
	"driver.Importance.Ordered": func(h hostile) []any {
		m, err := driver.Analyse(h.data(), driver.Options{})
		if err != nil {
			return nil
		}
		return []any{m.Ordered()}
	},
	"driver.ProportionalOdds": func(h hostile) []any { return results(h.ordinal()) },
	"driver.Ordinal.Step": func(h hostile) []any {
		m, err := h.ordinal()
		if err != nil || len(m.Coef) == 0 {
			return nil
		}
		return []any{m.Step(0, h.number())}
	},
	"driver.Proportionality": func(h hostile) []any {
		d := h.data()
		return two(driver.Proportionality(d.X, h.classes(len(d.Y)), 3))
	},
	"driver.PenaltyReward": func(h hostile) []any { return two(driver.PenaltyReward(h.data(), 0, 1, h.level())) },
	"driver.JackknifeSE":   func(h hostile) []any { return results(driver.JackknifeSE(h.data())) },
	"driver.RidgeFit":      func(h hostile) []any { return results(driver.RidgeFit(h.data(), []float64{0, h.x()})) },
	"driver.RidgeBest":     func(h hostile) []any { return results(driver.RidgeBest(h.data())) },
	"driver.ThemeImpacts":  func(h hostile) []any { return results(driver.ThemeImpacts(h.themes(), h.level())) },
	"driver.Chances": func(h hostile) []any {
		d := h.themes()
		d.Y = h.binary(len(d.Y))
		return results(driver.Chances(d, h.level()))
	},
	"driver.Correct": func(h hostile) []any {
		return results(driver.Correct(h.count(), h.count(), driver.Classifier{Sensitivity: h.x(), Positives: h.count(), Specificity: h.x(), Negatives: h.count()}, h.level()))
	},

	"driver.Products.Effects": func(h hostile) []any {
		p, err := driver.Gather(h.answers())
		if err != nil {
			return nil
		}
		return results(p.Effects())
	},
	"driver.Products.Importance": func(h hostile) []any {
		p, err := driver.Gather(h.answers())
		if err != nil {
			return nil
		}
		return results(p.Importance(driver.Options{Resamples: h.IntN(20)}))
	},
	"driver.Products.Twins": func(h hostile) []any {
		p, err := driver.Gather(h.answers())
		if err != nil {
			return nil
		}
		return []any{p.Twins()}
	},
	"driver.Fit.Combination": func(h hostile) []any {
		p, err := driver.Gather(h.answers())
		if err != nil {
			return nil
		}
		f, err := p.Effects()
		if err != nil {
			return nil
		}
		c, ok := f.Combination("c", map[int]float64{1: h.number(), 2: h.number()}, 0.95)
		return []any{c, ok}
	},
	"driver.Fit.Asymmetry": func(h hostile) []any {
		p, err := driver.Gather(h.answers())
		if err != nil {
			return nil
		}
		f, err := p.Effects()
		if err != nil {
			return nil
		}
		a, ok := f.Asymmetry("a", 1, 2, h.IntN(30), h.IntN(30), 0.95)
		return []any{a, ok}
	},

	"effect.SegmentCounts": func(h hostile) []any {
		s := h.interruption()
		s.Y = h.counts(len(s.Y))
		return results(effect.SegmentCounts(s, h.exposures(len(s.Y)), h.level()))
	},
	"effect.SegmentLogRates": func(h hostile) []any {
		s := h.interruption()
		s.Y = h.counts(len(s.Y))
		return two(effect.SegmentLogRates(s, h.exposures(len(s.Y)), h.level()))
	},
	"effect.FitNegativeBinomial": func(h hostile) []any {
		n := h.size()
		return results(effect.FitNegativeBinomial(h.table(n, 1, true), h.counts(n), make([]float64, n)))
	},
	"effect.RatioOfRatios": func(h hostile) []any {
		return results(effect.RatioOfRatios(h.rate(), h.rate(), h.rate(), h.rate(), h.x(), h.level()))
	},
	"effect.AgainstControls": func(h hostile) []any {
		var controls []effect.Theme
		for range h.size() {
			controls = append(controls, effect.Theme{Before: h.rate(), After: h.rate()})
		}
		return results(effect.AgainstControls(effect.Theme{Before: h.rate(), After: h.rate()}, controls, h.x(), h.level()))
	},
	"effect.DifferenceInDifferences": func(h hostile) []any {
		var cells []effect.Cell
		for u := range 2 + h.IntN(3) {
			for t := range 4 + h.IntN(2) {
				cells = append(cells, effect.Cell{Unit: u, Time: t, Count: effect.Count{Events: float64(h.IntN(9)), Exposure: h.positive()}})
			}
		}
		return results(effect.DifferenceInDifferences(cells, 0, 2, h.level()))
	},
	"effect.LifetimeValue": func(h hostile) []any {
		return results(effect.LifetimeValue(h.x(), h.x(), h.x(), h.IntN(9)-1, h.IntN(2) == 0))
	},
	"effect.Save": func(h hostile) []any { return results(effect.Save(h.costs(), h.level())) },
	"effect.AvoidedFromRatio": func(h hostile) []any {
		return []any{effect.AvoidedFromRatio(h.positive(), effect.Ratio{Log: h.number(), SE: h.positive(), DF: float64(h.IntN(3))})(h.Rand)}
	},
	"effect.Simulate": func(h hostile) []any {
		return results(effect.Simulate(h.costs(), effect.Sampling{Draws: 100, Normal: h.IntN(2) == 0}, h.level()))
	},
	"effect.AttributableChurn": func(h hostile) []any {
		var strata []effect.Stratum
		for range h.size() {
			strata = append(strata, effect.Stratum{ExposedLeft: int64(h.IntN(3)), Exposed: h.count(), UnexposedLeft: int64(h.IntN(3)), Unexposed: h.count()})
		}
		return results(effect.AttributableChurn(strata))
	},
	"effect.RevenueAtRisk": func(h hostile) []any {
		return results(effect.RevenueAtRisk(h.x(), h.count(), h.count(), h.uncertain(), h.uncertain(), h.uncertain(), h.level()))
	},
	"effect.Compare": func(h hostile) []any { return results(effect.Compare(h.few(), h.few(), h.x(), h.level())) },
	"effect.REML":    func(h hostile) []any { n := h.size(); return results(effect.REML(h.table(n, 1, true), h.list(n))) },
	"effect.PraisWinsten": func(h hostile) []any {
		n := h.size()
		return results(effect.PraisWinsten(h.table(n, 1, true), h.list(n)))
	},
	"effect.NeweyWestLag": func(h hostile) []any { return []any{effect.NeweyWestLag(h.size())} },
	"effect.Segment":      func(h hostile) []any { return results(effect.Segment(h.interruption(), h.level())) },
	"effect.Forecast": func(h hostile) []any {
		n := h.size()
		return results(effect.Forecast(h.list(n), h.table(n, 1, false), h.IntN(n+1), h.x(), h.x(), h.level()))
	},
	"effect.SyntheticControl": func(h hostile) []any {
		n := h.size()
		return results(effect.SyntheticControl(h.list(n), [][]float64{h.list(n), h.list(n), h.list(n)}, h.IntN(n+1)))
	},

	"health.Compose": func(h hostile) []any {
		var parts []health.Component
		for range h.size() {
			parts = append(parts, health.Component{Weight: math.Abs(h.x()), Score: 100 * h.Float64(), Known: h.IntN(2) == 0})
		}
		return results(health.Compose(parts))
	},
	"health.Decay":      func(h hostile) []any { n := h.size(); return results(health.Decay(h.list(n), h.list(n), h.x())) },
	"health.Shrink":     func(h hostile) []any { return results(health.Shrink(h.x(), h.x(), h.x(), h.x())) },
	"health.MinMax":     func(h hostile) []any { return results(health.MinMax(h.x(), h.x(), h.x())) },
	"health.Logistic":   func(h hostile) []any { return results(health.Logistic(h.x(), h.x(), h.x())) },
	"health.Percentile": func(h hostile) []any { return results(health.Percentile(h.x(), h.list(h.size()))) },
	"health.FitChurn":   func(h hostile) []any { return results(h.churn()) },
	"health.Model.Chance": func(h hostile) []any {
		m, err := h.churn()
		if err != nil {
			return nil
		}
		return results(m.Chance(h.list(len(m.Coef))))
	},
	"health.RateRatio": func(h hostile) []any {
		var strata []health.Stratum
		for range h.size() {
			strata = append(strata, health.Stratum{Exposed: h.IntN(3), Others: h.IntN(3), ExposedTime: math.Abs(h.x()), OthersTime: math.Abs(h.x())})
		}
		return results(health.RateRatio(strata, h.level()))
	},
	"health.PSI": func(h hostile) []any { n := h.size(); return results(health.PSI(h.counts(n), h.counts(n))) },
	"health.Validate": func(h hostile) []any {
		n := h.size()
		return results(health.Validate(h.chances(n), h.outcomes(n), 2, h.level()))
	},
	"health.AUC": func(h hostile) []any { n := h.size(); return results(health.AUC(h.chances(n), h.outcomes(n))) },
	"health.CompareAUC": func(h hostile) []any {
		n := h.size()
		return results(health.CompareAUC(h.chances(n), h.chances(n), h.outcomes(n)))
	},

	"loop.Reach":   func(h hostile) []any { return results(loop.Reach(h.detractors(), h.moment(), h.level())) },
	"loop.Recover": func(h hostile) []any { return results(loop.Recover(h.detractors(), h.moment(), 0, 0, h.level())) },
	"loop.Follow": func(h hostile) []any {
		all := make([]loop.Complainant, h.size())
		for i := range all {
			all[i] = loop.Complainant{Complaints: []time.Time{h.moment()}, Reachable: h.IntN(2) == 0, Told: h.perhaps(), Transactions: h.IntN(3), After: []time.Time{h.moment()}}
		}
		return results(loop.Follow(all, h.moment(), h.moment(), loop.After{}, h.level()))
	},

	"regress.Logit": func(h hostile) []any {
		n := h.size()
		return results(regress.Logit(h.table(n, 2, true), h.chances(n), nil, nil))
	},
	"regress.RidgeLogit": func(h hostile) []any {
		n := h.size()
		return results(regress.RidgeLogit(h.table(n, 2, true), h.chances(n), h.x()))
	},
	"regress.Poisson": func(h hostile) []any { return results(h.poisson()) },
	"regress.GLM.PearsonDispersion": func(h hostile) []any {
		g, err := h.poisson()
		if err != nil {
			return nil
		}
		return results(g.PearsonDispersion(g.Mu, nil))
	},
	"regress.Fit": func(h hostile) []any { return results(h.fit(regress.Fit)) },
	"regress.LeastSquares.Sigma2": func(h hostile) []any {
		f, err := h.fit(regress.Fit)
		if err != nil {
			return nil
		}
		return results(f.Sigma2())
	},
	"regress.LeastSquares.Cov": func(h hostile) []any {
		f, err := h.fit(regress.Fit)
		if err != nil {
			return nil
		}
		return results(f.Cov())
	},
	"regress.LeastSquares.HC3": func(h hostile) []any {
		var x [][]float64
		f, err := h.fit(func(rows [][]float64, y, w []float64) (*regress.LeastSquares, error) {
			x = rows
			return regress.Fit(rows, y, nil)
		})
		if err != nil {
			return nil
		}
		return results(f.HC3(x))
	},

	"survival.KaplanMeier": func(h hostile) []any { return results(h.curve()) },
	"survival.Curve.At": func(h hostile) []any {
		c, err := h.curve()
		if err != nil {
			return nil
		}
		return []any{c.At(h.number())}
	},
	"survival.Curve.Within": func(h hostile) []any {
		c, err := h.curve()
		if err != nil {
			return nil
		}
		share, i := c.Within(h.number())
		return []any{share, i}
	},
	"survival.Curve.Quantile": func(h hostile) []any {
		c, err := h.curve()
		if err != nil {
			return nil
		}
		return append(results(c.Quantile(h.x(), survival.LogLog)), results(c.Quantile(0.5, survival.Log))...)
	},
	"survival.Curve.RestrictedMean": func(h hostile) []any {
		c, err := h.curve()
		if err != nil {
			return nil
		}
		return two(c.RestrictedMean(h.x()))
	},
	"survival.LogRank": func(h hostile) []any {
		return results(survival.LogRank([][]survival.Observation{h.observations(h.size()), h.observations(h.size()), h.observations(5)}))
	},
	"survival.CumulativeIncidence": func(h hostile) []any { return results(h.incidence()) },
	"survival.Incidence.At": func(h hostile) []any {
		r, err := h.incidence()
		if err != nil {
			return nil
		}
		return []any{r.At(1, h.number())}
	},
	"survival.Calendar.MeasureAll": func(h hostile) []any {
		return two(h.calendar().MeasureAll(h.tickets(), h.moment(), time.Hour, h.level()))
	},

	"watch.CUSUMRunLength":        func(h hostile) []any { return results(watch.CUSUMRunLength(h.x(), h.x(), h.x())) },
	"watch.EWMARunLength":         func(h hostile) []any { return results(watch.EWMARunLength(h.x(), h.x(), h.x())) },
	"watch.Siegmund":              func(h hostile) []any { return []any{watch.Siegmund(h.positive(), h.positive())} },
	"watch.PoissonCUSUMRunLength": func(h hostile) []any { return results(watch.PoissonCUSUMRunLength(h.x(), h.x(), float64(h.IntN(9)))) },
	"watch.CUSUMLimit": func(h hostile) []any {
		return append(results(watch.CUSUMLimit(h.Float64(), 900*h.Float64())), results(watch.CUSUMLimit(h.x(), h.x()))...)
	},
	"watch.EWMALimit": func(h hostile) []any {
		return append(results(watch.EWMALimit(h.Float64(), 900*h.Float64())), results(watch.EWMALimit(h.x(), h.x()))...)
	},
	"watch.FitBaseline": func(h hostile) []any {
		n := h.size()
		return results(watch.FitBaseline(h.table(n, 1, true), h.counts(n), h.exposures(n)))
	},
	"watch.Baseline.Predict": func(h hostile) []any {
		n := h.size()
		b, err := watch.FitBaseline(h.table(n, 1, true), h.counts(n), nil)
		if err != nil {
			return nil
		}
		return []any{b.Predict([]float64{1, h.Float64()}, h.positive())}
	},
	"watch.RunLengths": func(h hostile) []any { return results(watch.RunLengths(h.counts(h.size()), h.x(), h.x(), h.x())) },
	"watch.Answers.Worth": func(h hostile) []any {
		return []any{watch.Answers{N: h.count(), Bad: h.count(), Sum: h.number(), Square: h.positive()}.Worth(h.x())}
	},
	"watch.EWMA": func(h hostile) []any {
		return []any{watch.EWMA([]float64{h.number(), h.number()}, h.Float64(), h.number())}
	},
	"watch.EWMALimits": func(h hostile) []any { return []any{watch.EWMALimits(h.size(), h.Float64(), h.number(), h.positive())} },
	"watch.CUSUM": func(h hostile) []any {
		return []any{watch.CUSUM([]float64{h.number(), h.number()}, h.number(), h.number())}
	},
	"watch.PoissonReference": func(h hostile) []any { return results(watch.PoissonReference(h.x(), h.x())) },
	"watch.EARSOf":           func(h hostile) []any { return results(watch.EARSOf(h.counts(h.size()), h.IntN(9), h.x())) },
	"watch.ESD": func(h hostile) []any {
		return results(watch.ESD(h.list(h.size()), h.IntN(5), h.Float64(), h.IntN(2) == 0))
	},
	"watch.ScoreZ": func(h hostile) []any {
		return results(watch.ScoreZ([]watch.ScorePoint{{N: h.count(), Mean: h.x(), SE: h.x()}, {N: 30, Mean: h.number(), SE: h.number()}}, h.x(), h.x()))
	},
	"watch.ShareRatio":     func(h hostile) []any { return results(watch.ShareRatio(h.count(), h.count(), h.x(), h.x())) },
	"watch.FalseAlarmRate": func(h hostile) []any { return results(watch.FalseAlarmRate(h.x(), h.IntN(60)-2, h.IntN(60)-2)) },
	"watch.Detector.Run": func(h hostile) []any {
		d := []watch.Detector{watch.Weekly(1e-3), watch.Daily(h.x())}[h.IntN(2)]
		d.Refit, d.Trend = h.IntN(8), 26*h.IntN(2)
		d.Full = min(d.Full, 40+h.IntN(200))
		n := h.size() + h.IntN(150)
		return results(d.Run(h.series(n), h.IntN(n+1), nil))
	},
	"watch.Detector.Limit": func(h hostile) []any {
		d := []watch.Detector{watch.Weekly(1e-3), watch.Daily(h.x())}[h.IntN(2)]
		s := h.series(30 + h.IntN(150))
		list, err := d.Run(s, h.IntN(30), nil)
		if err != nil {
			return nil
		}
		var out []any
		for _, r := range list {
			if v := d.Limit(s, r); v == v { // what nothing is known of has none
				out = append(out, v)
			}
		}
		return out
	},
	"watch.Scores.Before": func(h hostile) []any {
		if u := h.usual(); u != nil {
			return []any{u.Phi}
		}
		return nil
	},
	"watch.Usual.SE": func(h hostile) []any {
		if u := h.usual(); u != nil {
			return []any{u.SE(1 + max(0, h.count()))}
		}
		return nil
	},
	"watch.Usual.Mean": func(h hostile) []any { mean, se, _ := h.usual().Mean(h.IntN(200)); return []any{mean, se} },
	"watch.Usual.Bad": func(h hostile) []any {
		if u := h.usual(); u != nil {
			return []any{u.Bad(h.IntN(200))}
		}
		return nil
	},
	"watch.Detector.FallRatio": func(h hostile) []any {
		return []any{watch.Weekly(1e-3).FallRatio(h.distribution(), float64(h.IntN(500)))}
	},
	"watch.LogRatio": func(h hostile) []any { return []any{watch.LogRatio(h.distribution(), 1.5, float64(h.IntN(500)))} },

	"weight.Mean": func(h hostile) []any {
		n := h.size()
		return results(weight.Mean(weight.Answers{Counts: h.counts(n), Weights: h.exposures(n), Values: h.list(n)}, h.margins(n)))
	},
	"weight.MeanOf": func(h hostile) []any {
		var all []weight.Sums
		for range h.size() {
			all = append(all, weight.Sums{N: float64(h.IntN(5)), Sum: h.number(), Square: h.positive(), Weight: h.x()})
		}
		return results(weight.MeanOf(all))
	},
	"weight.Rake": func(h hostile) []any {
		n := h.size()
		return results(weight.Rake(nil, h.exposures(n), h.margins(n), 1e-6))
	},
	"weight.PostStratify": func(h hostile) []any {
		n := h.size()
		m := append(h.margins(n), weight.Margin{})
		return results(weight.PostStratify(h.counts(n), m[0]))
	},
	"weight.Trim": func(h hostile) []any { n := h.size(); return results(weight.Trim(h.counts(n), h.exposures(n), h.x())) },
	"weight.RakeTrimmed": func(h hostile) []any {
		n := h.size()
		return results(weight.RakeTrimmed(nil, h.exposures(n), h.margins(n), 2))
	},
	"weight.Respond":     func(h hostile) []any { return results(weight.Respond(h.groups(), h.level())) },
	"weight.Sensitivity": func(h hostile) []any { return results(weight.Sensitivity(h.x(), h.x(), []float64{0, 10, h.x()})) },
	"weight.GapToZero":   func(h hostile) []any { return results(weight.GapToZero(h.x(), h.x())) },
	"weight.Bounds":      func(h hostile) []any { return two(weight.Bounds(h.x(), h.x())) },
	"weight.Tire":        func(h hostile) []any { return results(weight.Tire(h.groups(), h.level())) },
}

// notNumbers are the exported functions without a number of their own to give, or that stand on others of calls, and why.
var notNumbers = map[string]string{
	"stat.NPSCounts.N": "adds whole numbers", "stat.NPSCounts.Plus": "adds whole numbers", "stat.NPSCounts.Minus": "takes away whole numbers",
	"stat.Distribution.N": "adds whole numbers", "stat.NPSPublishable": "tells yes or no", "stat.Difference.Distinguishable": "tells yes or no",
	"stat.Interval.Contains": "tells yes or no", "stat.CheckLevel": "an error", "stat.Undefined": "an error", "stat.Invalid": "an error",
	"contact.Default": "settings", "driver.Gather": "sums and products", "driver.Products.N": "a whole number", "contact.Policy.Decide": "reasons", "contact.Policy.MayRemind": "tells yes or no", "contact.Prefer": "a kind",
	"dist.Counts.Size": "infinite for a Poisson, as documented", "effect.Judge": "a verdict", "effect.Windows.Check": "an error",
	"regress.CollinearError.Error": "a text", "regress.Dot": "sums and products", "regress.Quadratic": "sums and products", "regress.Scale": "sums and products",
	"regress.Sandwich": "sums and products", "regress.Multiply": "sums and products", "regress.SE": "roots of what Cov gives", "regress.Zero": "zeros",
	"regress.AddOuter": "sums and products", "survival.Calendar.Business": "time", "survival.Calendar.Due": "time", "survival.Calendar.Measure": "time",
	"survival.Handovers": "counts", "survival.LogLog": "an interval of a Step", "survival.Log": "an interval of a Step", "watch.Weekly": "settings",
	"watch.WeeklyScores": "settings", "watch.DailyScores": "settings", "watch.Answers.Plus": "adds numbers", "watch.Answers.Mean": "of no answers it is no number, as documented",
	"watch.Daily": "settings", "watch.Reading.Signal": "tells yes or no", "watch.Episodes": "whole numbers", "weight.Thin": "names",
}

func (h hostile) scale() stat.Distribution {
	d := stat.Distribution{Min: h.IntN(3) - 1, LowIsGood: h.IntN(2) == 0}
	for range h.IntN(6) {
		d.Counts = append(d.Counts, h.count())
	}
	return d
}

// answers are those of two drivers with a column each, one of them perhaps missing here and there.
func (h hostile) answers() *driver.Answers {
	n := h.size()
	a := &driver.Answers{Names: []string{"a", "b"}, Columns: [][]int{{1}, {2}}, Size: 4, Y: h.list(n), Part: make([]int32, n), Parts: 1 + h.IntN(5)}
	for column := 1; column <= 2; column++ {
		f := driver.Factor{Codes: make([]int32, n)}
		for range 1 + h.IntN(4) {
			f.Levels = append(f.Levels, []driver.Entry{{Column: column, Value: h.number()}})
		}
		for i := range f.Codes {
			f.Codes[i], a.Part[i] = int32(h.IntN(len(f.Levels))), int32(h.IntN(a.Parts))
		}
		a.Factors = append(a.Factors, f)
	}
	if h.IntN(3) == 0 {
		a.Presence = []int{0, 3}
		f := driver.Factor{Codes: make([]int32, n), Levels: [][]driver.Entry{nil, {{Column: 3, Value: 1}}}}
		for i := range f.Codes {
			f.Codes[i] = int32(h.IntN(2))
		}
		a.Factors = append(a.Factors, f)
	}
	return a
}

func (h hostile) distribution() dist.Counts {
	mean := []float64{1e-9, 0.3, 1, 7, 80, 2000}[h.IntN(6)]
	return dist.Counts{Mean: mean, Variance: mean * []float64{1, 1.0001, 1.5, 30}[h.IntN(4)]}
}

func (h hostile) classes(n int) []int {
	out, kinds := make([]int, n), 1+h.IntN(3)
	for i := range out {
		out[i] = h.IntN(kinds)
	}
	return out
}

func (h hostile) ordinal() (*driver.Ordinal, error) {
	d := h.data()
	return driver.ProportionalOdds(d.Names, d.X, h.classes(len(d.Y)), 3, nil)
}

func (h hostile) few() effect.Count {
	return effect.Count{Events: float64(h.count() % 1000), Exposure: math.Abs(h.x())}
}

func (h hostile) churn() (*health.Model, error) {
	n := 300
	return health.FitChurn(h.table(n, h.IntN(4), false), h.outcomes(n), float64(h.IntN(2)))
}

func (h hostile) poisson() (*regress.GLM, error) {
	n := h.size()
	return regress.Poisson(h.table(n, 2, true), h.counts(n), nil, nil)
}

func (h hostile) fit(by func(x [][]float64, y, w []float64) (*regress.LeastSquares, error)) (*regress.LeastSquares, error) {
	n := h.size()
	var w []float64
	if h.IntN(2) == 0 {
		w = h.binary(n)
	}
	return by(h.table(n, 2, true), h.list(n), w)
}

func (h hostile) curve() (*survival.Curve, error) {
	return survival.KaplanMeier(h.observations(h.size()), h.level())
}

func (h hostile) incidence() (survival.Incidence, error) {
	n := h.size()
	times := h.list(n)
	for i := range times {
		times[i] = math.Abs(times[i])
	}
	return survival.CumulativeIncidence(times, h.classes(n), 2)
}

func (h hostile) groups() []weight.Group {
	var out []weight.Group
	for range h.size() {
		invited := h.count()
		out = append(out, weight.Group{X: []float64{h.number()}, Invited: invited, Responded: h.Int64N(max(0, invited) + 1)})
	}
	return out
}

// finite finds the first value that is no number in what can be seen of a result.
func finite(v reflect.Value, path string) string {
	switch v.Kind() {
	case reflect.Float64:
		if x := v.Float(); math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Sprintf("%s is %v", path, x)
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return finite(v.Elem(), path)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if bad := finite(v.Index(i), fmt.Sprintf("%s[%d]", path, i)); bad != "" {
				return bad
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				if bad := finite(v.Field(i), path+"."+f.Name); bad != "" {
					return bad
				}
			}
		}
	}
	return ""
}

func TestNothingGivesWhatIsNoNumber(t *testing.T) {
	t.Parallel()
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rounds, defined := 300, 0
			if strings.HasSuffix(name, "Limit") || strings.HasSuffix(name, "RunLength") || name == "health.FitChurn" || name == "health.Model.Chance" {
				rounds = 6 // slow ones
			}
			for seed := range rounds {
				got := call(hostile{rand.New(rand.NewPCG(uint64(seed), 77))})
				if got != nil {
					defined++
				}
				for _, v := range got {
					if bad := finite(reflect.ValueOf(v), "the result"); bad != "" {
						t.Fatalf("seed %d: %s", seed, bad)
					}
				}
			}
			if defined == 0 && name != "stat.Clusters.Estimate" {
				t.Error("no arguments were good enough for a result: the test says nothing")
			}
		})
	}
}

func TestEveryFunctionIsCalled(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "vectortest") || strings.HasPrefix(path, "simulation") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || !f.Name.IsExported() {
				continue
			}
			name := file.Name.Name + "."
			if f.Recv != nil {
				of := f.Recv.List[0].Type
				if p, ok := of.(*ast.StarExpr); ok {
					of = p.X
				}
				if !of.(*ast.Ident).IsExported() {
					continue
				}
				name += of.(*ast.Ident).Name + "."
			}
			found[name+f.Name.Name] = true
		}
		return nil
	})
	if err != nil || len(found) < 150 {
		t.Fatalf("%d functions, %v", len(found), err)
	}
	for name := range found {
		if calls[name] == nil && notNumbers[name] == "" {
			t.Errorf("%s is missing in calls", name)
		}
	}
	for _, name := range append(slices.Collect(maps.Keys(calls)), slices.Collect(maps.Keys(notNumbers))...) {
		if !found[name] {
			t.Errorf("there is no function %s", name)
		}
	}
}
