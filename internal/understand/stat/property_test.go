package stat

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"kolo/internal/foundation/fault"
)

func intervals() map[string]func(NPSCounts, float64) (Interval, error) {
	return map[string]func(NPSCounts, float64) (Interval, error){
		"default": NPSInterval, "Wald": NPSWald, "Bonett-Price": NPSBonettPrice, "Tango": NPSTango,
		"t": NPSTMean, "bootstrap": NPSBootstrap,
	}
}

func TestIntervalsOfEverySmallTable(t *testing.T) {
	t.Parallel()
	for name, f := range intervals() {
		for n := int64(0); n <= 24; n++ {
			for p := int64(0); p <= n; p++ {
				for d := int64(0); p+d <= n; d++ {
					c := NPSCounts{p, n - p - d, d}
					i, err := f(c, 0.95)
					if n == 0 || n == 1 && name == "t" {
						if !errors.Is(err, ErrUndefined) || !fault.Is(err, fault.Invalid) {
							t.Fatalf("%s of %v: error %v, want undefined", name, c, err)
						}
						continue
					}
					if err != nil {
						t.Fatalf("%s of %v: %v", name, c, err)
					}
					if !(i.Low >= -100 && i.Low <= i.High && i.High <= 100) {
						t.Fatalf("%s of %v: %v is no interval within [-100, 100]", name, c, i)
					}
					if raw := 100 * float64(p-d) / float64(n); name == "default" && n >= 2 && !i.Contains(raw) {
						t.Fatalf("%v does not contain the raw score %v of %v", i, raw, c)
					}
				}
			}
		}
	}
}

func TestDefaultIntervalContainsTheRawScoreOfLargerTables(t *testing.T) {
	t.Parallel()
	for n := int64(25); n <= 120; n += 5 {
		for p := int64(0); p <= n; p++ {
			for d := int64(0); p+d <= n; d++ {
				c := NPSCounts{p, n - p - d, d}
				i, err := NPSInterval(c, 0.95)
				if raw := 100 * float64(p-d) / float64(n); err != nil || !i.Contains(raw) {
					t.Fatalf("%v (%v) does not contain the raw score %v of %v", i, err, raw, c)
				}
			}
		}
	}
}

func TestIntervalsShrinkWithN(t *testing.T) {
	t.Parallel()
	for name, f := range intervals() {
		last := math.Inf(1)
		for k := int64(1); k <= 64; k *= 2 {
			i, err := f(NPSCounts{5 * k, 3 * k, 2 * k}, 0.95)
			if err != nil || i.Width() >= last {
				t.Errorf("%s: %v (%v) at %d answers is no narrower than %v", name, i, err, 10*k, last)
			}
			last = i.Width()
		}
	}
}

func TestMirroredAnswersMirrorTheInterval(t *testing.T) {
	t.Parallel()
	for name, f := range intervals() {
		for _, c := range []NPSCounts{{7, 2, 1}, {0, 4, 6}, {40, 10, 13}, {10, 0, 0}} {
			a, errA := f(c, 0.9)
			b, errB := f(NPSCounts{c.Detractors, c.Passives, c.Promoters}, 0.9)
			if errA != nil || errB != nil || math.Abs(a.Low+b.High) > 1e-9 || math.Abs(a.High+b.Low) > 1e-9 {
				t.Errorf("%s of %v: %v mirrors to %v (%v, %v)", name, c, a, b, errA, errB)
			}
		}
	}
}

func TestExactCoverageOfTheDefault(t *testing.T) {
	t.Parallel()
	// methods.md 1.1: over its grid the adjusted interval covers at least .930 at n=10 away from the edge.
	const n = 10
	for _, pd := range [][2]float64{{0.5, 0.2}, {0.3, 0.3}, {0.25, 0.45}, {0.6, 0.1}} {
		covered := 0.0
		for p := int64(0); p <= n; p++ {
			for d := int64(0); p+d <= n; d++ {
				i, err := NPSInterval(NPSCounts{p, n - p - d, d}, 0.95)
				if err != nil {
					t.Fatal(err)
				}
				if i.Contains(100 * (pd[0] - pd[1])) {
					covered += math.Exp(logChoose(n, p) + logChoose(n-p, d) + float64(p)*math.Log(pd[0]) +
						float64(d)*math.Log(pd[1]) + float64(n-p-d)*math.Log(1-pd[0]-pd[1]))
				}
			}
		}
		if covered < 0.92 || covered > 0.99 {
			t.Errorf("coverage at p, d = %v is %.4f", pd, covered)
		}
	}
}

func TestFewUnanimousAnswersAreShownByTango(t *testing.T) {
	t.Parallel()
	for method, c := range map[string]NPSCounts{
		TangoScore: {17, 2, 0}, AdjustedWald: {16, 3, 1}, // 89 of 19; 75 of 20
	} {
		if i, err := NPSShown(c, 0.95); err != nil || i.Method != method {
			t.Errorf("%v is shown by %q (%v), want %q", c, i.Method, err, method)
		}
	}
	if i, err := NPSShown(NPSCounts{0, 1, 18}, 0.95); err != nil || i.Method != TangoScore || i.Low != -100 && i.High > -50 {
		t.Errorf("detractors only: %v, %v", i, err)
	}
	if i, err := NPSShown(NPSCounts{30, 0, 0}, 0.95); err != nil || i.Method != AdjustedWald {
		t.Errorf("thirty promoters: %v, %v", i, err)
	}
}

func TestDifferenceIsAntisymmetric(t *testing.T) {
	t.Parallel()
	a, b := NPSCounts{60, 25, 15}, NPSCounts{48, 30, 22}
	ab, err1 := NPSDifference(a, b, 0.95)
	ba, err2 := NPSDifference(b, a, 0.95)
	if err1 != nil || err2 != nil || ab.Estimate != -ba.Estimate || ab.P != ba.P || ab.Interval.Low != -ba.Interval.High {
		t.Errorf("%+v and %+v do not mirror (%v, %v)", ab, ba, err1, err2)
	}
	if ab.Distinguishable(SmallestInteresting) {
		t.Errorf("%+v is called a change", ab)
	}
	far, err := NPSDifference(NPSCounts{900, 50, 50}, NPSCounts{700, 100, 200}, 0.95)
	if err != nil || !far.Distinguishable(SmallestInteresting) || far.Distinguishable(90) {
		t.Errorf("%+v (%v): a drop of 35 points among 1,000 is a change, and less than 90", far, err)
	}
}

func TestPairedIsTheOneSampleT(t *testing.T) {
	t.Parallel()
	moves := [3][3]int64{{8, 3, 1}, {2, 10, 4}, {0, 2, 12}}
	var deltas []float64
	for i, row := range moves {
		for j, k := range row {
			for range k {
				deltas = append(deltas, 100*float64(j-i))
			}
		}
	}
	m := MomentsOf(deltas)
	want, err := MeanInterval(m.N, m.Mean, m.SD, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	got, err := NPSPaired(moves, 0.95)
	if err != nil || math.Abs(got.Interval.Low-want.Low) > 1e-9 || math.Abs(got.Interval.High-want.High) > 1e-9 {
		t.Errorf("got %v (%v), want %v", got.Interval, err, want)
	}
	if _, err := NPSPaired([3][3]int64{{5}}, 0.95); !errors.Is(err, ErrUndefined) {
		t.Errorf("nobody changed: %v, want undefined", err)
	}
}

func TestClustersOfOneAreIndependent(t *testing.T) {
	t.Parallel()
	c := NPSCounts{12, 20, 18}
	var k NPSClusters
	for range c.Promoters {
		k.Add(NPSCounts{Promoters: 1})
	}
	for range c.Passives {
		k.Add(NPSCounts{Passives: 1})
	}
	for range c.Detractors {
		k.Add(NPSCounts{Detractors: 1})
	}
	k.Add(NPSCounts{})
	r, err := k.Estimate(0.95)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := NPSTMean(c, 0.95)
	if math.Abs(r.Interval.Low-want.Low) > 1e-9 || math.Abs(r.DesignEffect-50.0/49) > 1e-12 {
		t.Errorf("clusters of one: %+v, want the t interval %v", r, want)
	}
	var one NPSClusters
	one.Add(c)
	if _, err := one.Estimate(0.95); !errors.Is(err, ErrUndefined) {
		t.Errorf("one cluster: %v, want undefined", err)
	}
}

func TestWeightsAreScaleFree(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var a, b, equal WeightedNPS
	var plain NPSCounts
	for range 200 {
		class, w := r.IntN(3)-1, 0.2+r.Float64()
		a.Add(class, w)
		b.Add(class, 37*w)
		equal.Add(class, 3)
		switch class {
		case 1:
			plain.Promoters++
		case 0:
			plain.Passives++
		default:
			plain.Detractors++
		}
	}
	x, err1 := a.Estimate(0.95)
	y, err2 := b.Estimate(0.95)
	if err1 != nil || err2 != nil || math.Abs(x.NPS-y.NPS) > 1e-9 || math.Abs(x.SE-y.SE) > 1e-9 || x.EffectiveN >= 200 {
		t.Errorf("scaled weights: %+v and %+v (%v, %v)", x, y, err1, err2)
	}
	z, err := equal.Estimate(0.95)
	want, _ := NPSTMean(plain, 0.95)
	m := plain.moments(0)
	if err != nil || math.Abs(z.EffectiveN-200) > 1e-9 || math.Abs(z.SE-100*math.Sqrt(m.v/(m.n-1))) > 1e-9 || !want.Contains(z.NPS) {
		t.Errorf("equal weights: %+v (%v)", z, err)
	}
	var none WeightedNPS
	if _, err := none.Estimate(0.95); !errors.Is(err, ErrUndefined) {
		t.Errorf("no answers: %v, want undefined", err)
	}
}

func TestMultiplicityKeepsTheOrder(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	p := make([]float64, 60)
	for i := range p {
		p[i] = r.Float64() * r.Float64()
	}
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		if p[i] < p[j] {
			return -1
		}
		return 1
	})
	for name, f := range map[string]func([]float64) ([]float64, error){
		"BH": BenjaminiHochberg, "BY": BenjaminiYekutieli, "Holm": Holm, "Bonferroni": Bonferroni} {
		q, err := f(p)
		if err != nil {
			t.Fatal(err)
		}
		for i, at := range order {
			if q[at] < p[at] || q[at] > 1 || i > 0 && q[at] < q[order[i-1]] {
				t.Errorf("%s: p %v became %v after %v", name, p[at], q[at], q[order[max(0, i-1)]])
			}
		}
		if _, err := f([]float64{0.5, math.NaN()}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s accepts NaN: %v", name, err)
		}
		if q, err := f(nil); err != nil || len(q) != 0 {
			t.Errorf("%s of nothing: %v, %v", name, q, err)
		}
	}
}

func TestScanLeavesSmallSegmentsUntested(t *testing.T) {
	t.Parallel()
	got, err := ScanSegments([]Segment{
		{"big", NPSCounts{400, 300, 300}}, {"tiny", NPSCounts{6, 0, 0}}, {"none", NPSCounts{}},
		{"other", NPSCounts{300, 300, 400}}, {"third", NPSCounts{350, 300, 350}}, {"best", NPSCounts{450, 300, 250}},
	}, 0.95)
	if err != nil || len(got) != 5 {
		t.Fatalf("got %v, %v", got, err)
	}
	tiny, other := got[1], got[2]
	if tiny.Tested || tiny.Shrunk >= 60 || tiny.Shrunk <= 0 {
		t.Errorf("six promoters must not be tested, and be pulled in: %+v", tiny)
	}
	if !other.Tested || other.Adjusted < other.Versus.P || math.Abs(other.Shrunk-other.NPS) > 2 {
		t.Errorf("a large segment keeps its value: %+v", other)
	}
	alone, err := ScanSegments([]Segment{{"all", NPSCounts{40, 30, 30}}}, 0.95)
	if err != nil || alone[0].Tested || math.Abs(alone[0].Shrunk-10) > 1e-9 {
		t.Errorf("a segment without a rest: %+v, %v", alone, err)
	}
	if _, err := ScanSegments(nil, 0.95); !errors.Is(err, ErrUndefined) {
		t.Errorf("no segments: %v", err)
	}
}

func TestPauleMandelSolvesItsEquation(t *testing.T) {
	t.Parallel()
	x, v := []float64{0.1, 0.9, -0.7, 0.3, 1.4}, []float64{0.04, 0.09, 0.05, 0.02, 0.2}
	tau2, mean, err := PauleMandel(x, v)
	if err != nil {
		t.Fatal(err)
	}
	q := 0.0
	for i := range x {
		q += (x[i] - mean) * (x[i] - mean) / (v[i] + tau2)
	}
	if math.Abs(q-4) > 1e-9 {
		t.Errorf("tau^2 %v leaves %v, want 4", tau2, q)
	}
	if tau2, _, err := PauleMandel([]float64{1, 1.01}, []float64{1, 1}); err != nil || tau2 != 0 {
		t.Errorf("alike groups: tau^2 %v, %v", tau2, err)
	}
}

func TestRatingDirectionAndDegenerates(t *testing.T) {
	t.Parallel()
	up := Distribution{Min: 1, Counts: []int64{1, 0, 2, 3, 4}}
	down := Distribution{Min: 1, Counts: []int64{4, 3, 2, 0, 1}, LowIsGood: true}
	a, err1 := up.Summary(2, 0.95)
	b, err2 := down.Summary(2, 0.95)
	if err1 != nil || err2 != nil || a.Top.Value != b.Top.Value || a.Rescaled != b.Rescaled || a.Net != b.Net {
		t.Errorf("a reversed scale: %+v and %+v (%v, %v)", a, b, err1, err2)
	}
	one, err := Distribution{Min: 1, Counts: []int64{0, 0, 1}}.Summary(1, 0.95)
	if err != nil || one.MeanCI != nil || one.Median != 3 {
		t.Errorf("one answer: %+v, %v", one, err)
	}
	for _, d := range []Distribution{{}, {Counts: []int64{0, 0}}, {Counts: []int64{3, -1}}} {
		if _, err := d.Summary(1, 0.95); !fault.Is(err, fault.Invalid) {
			t.Errorf("%v: %v", d, err)
		}
	}
	loved, _ := Distribution{Min: 1, Counts: []int64{0, 0, 0, 0, 3}}.Shrunk(nil)
	proven, _ := Distribution{Min: 1, Counts: []int64{2, 3, 10, 60, 300}}.Shrunk(nil)
	if loved.Low >= proven.Low {
		t.Errorf("three fives rank at %v, above %v", loved.Low, proven.Low)
	}
}

func TestSampleSizeMeetsItsMargin(t *testing.T) {
	t.Parallel()
	n, err := ShareSampleSize(0.3, 0.04, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	width := func(n int64) float64 {
		low, high := wilson(0.3, float64(n), Critical(0.95))
		return (high - low) / 2
	}
	if width(n) > 0.04 || width(n-1) <= 0.04 {
		t.Errorf("%d answers give %v, one less %v", n, width(n), width(n-1))
	}
	delta, err := NPSDetectable(955, 955, 0.61, 0.61, 0.8, 0.05)
	if err != nil || math.Abs(delta-10) > 0.01 {
		t.Errorf("955 in each group detect %v points (%v), want 10", delta, err)
	}
	if _, err := NPSSampleSize(1, 1e-9, 0.95); !errors.Is(err, ErrUndefined) {
		t.Errorf("an absurd margin: %v", err)
	}
	if n, err := NPSSampleSize(0, 5, 0.95); err != nil || n != 1 {
		t.Errorf("no variance: %d, %v", n, err)
	}
}

func TestArgumentsOutOfRange(t *testing.T) {
	t.Parallel()
	c := NPSCounts{5, 3, 2}
	for name, err := range map[string]error{
		"level 0":         second(NPSInterval(c, 0)),
		"level 1":         second(NPSTango(c, 1)),
		"level NaN":       second(NPSBootstrap(c, math.NaN())),
		"negative":        second(NPSInterval(NPSCounts{-1, 3, 2}, 0.95)),
		"score 11":        second(CountNPS([]int{11})),
		"more than all":   second(Wilson(3, 2, 0.95)),
		"negative sd":     second(MeanInterval(10, 1, -1, 0.95)),
		"too large":       second(NPSBootstrap(NPSCounts{2_000_000, 0, 0}, 0.95)),
		"share of none":   second(Proportion(0, 0, 0.95)),
		"unanimous Wald":  second(NPSDifferenceWald(NPSCounts{5, 0, 0}, NPSCounts{0, 0, 9}, 0.95)),
		"one class":       second(NPSDistributionChange(NPSCounts{5, 0, 0}, NPSCounts{4, 0, 0})),
		"one class ranks": second(NPSRankTest(NPSCounts{0, 5, 0}, NPSCounts{0, 1, 0})),
		"no spread":       second(MeanDifference(Moments{5, 1, 0}, Moments{5, 2, 0}, 0.95)),
		"bad prior":       second(Distribution{Min: 1, Counts: []int64{1, 1}}.Shrunk([]float64{1})),
		"no effective n":  second(WilsonEffective(0.5, 0, 0.95)),
		"one welch":       second(NPSDifferenceWelch(NPSCounts{1, 0, 0}, c, 0.95)),
	} {
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, want an invalid fault", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestSharesHoldTogether(t *testing.T) {
	t.Parallel()
	c := NPSCounts{12, 20, 18}
	s, err := c.Shares(0.95)
	if err != nil {
		t.Fatal(err)
	}
	w, _ := Wilson(12, 50, 0.95)
	wide, _ := Wilson(12, 50, 1-0.05/3)
	if !(s.Promoters.Low < w.Low && s.Promoters.High > w.High) || math.Abs(s.Promoters.Low-wide.Low) > 1e-12 {
		t.Errorf("the simultaneous interval is %v, Wilson's %v", s.Promoters, w)
	}
}

func BenchmarkNPSInterval(b *testing.B) {
	c := NPSCounts{480, 300, 220}
	for b.Loop() {
		if _, err := NPSInterval(c, 0.95); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNPSBootstrap2000(b *testing.B) {
	c := NPSCounts{960, 600, 440}
	for b.Loop() {
		if _, err := NPSBootstrap(c, 0.95); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNPSBootstrapMillion(b *testing.B) {
	c := NPSCounts{480_000, 300_000, 220_000}
	for b.Loop() {
		if _, err := NPSBootstrap(c, 0.95); err != nil {
			b.Fatal(err)
		}
	}
}

func shareIntervals() map[string]func(k, n int64, level float64) (Interval, error) {
	return map[string]func(k, n int64, level float64) (Interval, error){
		"Wilson": Wilson, "Agresti-Coull": AgrestiCoull, "Clopper-Pearson": ClopperPearson, "Jeffreys": Jeffreys,
	}
}

func TestIntervalsOfEverySmallShare(t *testing.T) {
	t.Parallel()
	for name, f := range shareIntervals() {
		for n := int64(1); n <= 40; n++ {
			for k := int64(0); k <= n; k++ {
				i, err := f(k, n, 0.95)
				other, err2 := f(n-k, n, 0.95)
				wide, err3 := f(k, n, 0.99)
				if err != nil || err2 != nil || err3 != nil {
					t.Fatalf("%s of %d of %d: %v, %v, %v", name, k, n, err, err2, err3)
				}
				if p := float64(k) / float64(n); i.Low < 0 || i.High > 1 || !i.Contains(p) {
					t.Errorf("%s of %d of %d is %v", name, k, n, i)
				}
				if math.Abs(i.Low+other.High-1) > 1e-9 || math.Abs(i.High+other.Low-1) > 1e-9 {
					t.Errorf("%s of %d of %d is %v, of the others %v", name, k, n, i, other)
				}
				if wide.Low > i.Low || wide.High < i.High {
					t.Errorf("%s of %d of %d at 99 %% is %v, at 95 %% %v", name, k, n, wide, i)
				}
			}
		}
		last := math.Inf(1)
		for n := int64(10); n <= 1e7; n *= 10 {
			i, err := f(3*n/10, n, 0.95)
			if err != nil || i.Width() >= last {
				t.Errorf("%s: %v (%v) at %d answers is no narrower than %v", name, i, err, n, last)
			}
			last = i.Width()
		}
	}
}

func TestDifferencesOfSharesAreAntisymmetric(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(11, 12))
	for range 300 {
		nA, nB := 1+r.Int64N(60), 1+r.Int64N(60)
		kA, kB := r.Int64N(nA+1), r.Int64N(nB+1)
		d, err1 := Newcombe(kA, nA, kB, nB, 0.95)
		e, err2 := Newcombe(kB, nB, kA, nA, 0.95)
		p, err3 := Fisher(kA, nA, kB, nB)
		q, err4 := Fisher(kB, nB, kA, nA)
		if err1 != nil || err2 != nil || err3 != nil || err4 != nil {
			t.Fatal(err1, err2, err3, err4)
		}
		if d.Estimate != -e.Estimate || math.Abs(d.Interval.Low+e.Interval.High) > 1e-12 || math.Abs(d.P-e.P) > 1e-12 || math.Abs(p-q) > 1e-12 {
			t.Errorf("%d of %d and %d of %d: %+v and %+v, Fisher %v and %v", kA, nA, kB, nB, d, e, p, q)
		}
		if !d.Interval.Contains(d.Estimate) || d.Interval.Low < -1 || d.Interval.High > 1 || p < 0 || p > 1 {
			t.Errorf("%d of %d and %d of %d: %+v, Fisher %v", kA, nA, kB, nB, d, p)
		}
	}
}

func TestScanIgnoresTheOrder(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(13, 14))
	var segments []Segment
	for i := range 30 {
		segments = append(segments, Segment{string(rune('A' + i)), NPSCounts{r.Int64N(60), r.Int64N(40), r.Int64N(50)}})
	}
	byName := func(all []Segment) map[string]SegmentResult {
		results, err := ScanSegments(all, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]SegmentResult{}
		for _, s := range results {
			out[s.Segment] = s
		}
		return out
	}
	a := byName(segments)
	slices.Reverse(segments)
	for name, s := range byName(segments) {
		if w := a[name]; math.Abs(w.Adjusted-s.Adjusted) > 1e-12 || math.Abs(w.Shrunk-s.Shrunk) > 1e-9 || w.Versus != s.Versus {
			t.Errorf("%s: %+v, the other way round %+v", name, w, s)
		}
		if s.Tested && s.Adjusted < s.Versus.P {
			t.Errorf("%s: q %v is below p %v", name, s.Adjusted, s.Versus.P)
		}
		if s.Shrunk < -100 || s.Shrunk > 100 {
			t.Errorf("%s is shrunk to %v", name, s.Shrunk)
		}
	}
}

func TestClustersSplitAndOrdered(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(15, 16))
	var groups []NPSCounts
	for range 40 {
		groups = append(groups, NPSCounts{r.Int64N(5), r.Int64N(4), r.Int64N(5)})
	}
	estimate := func(groups []NPSCounts) NPSClustered {
		var k NPSClusters
		for _, g := range groups {
			k.Add(g)
		}
		e, err := k.Estimate(0.95)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	a := estimate(groups)
	slices.Reverse(groups)
	if b := estimate(groups); math.Abs(a.SE-b.SE) > 1e-9 || math.Abs(a.GroupLevel-b.GroupLevel) > 1e-9 {
		t.Errorf("%+v, the other way round %+v", a, b)
	}
	// Twice the same groups: the same score, known better.
	if b := estimate(append(groups, groups...)); math.Abs(a.NPS-b.NPS) > 1e-9 || b.SE >= a.SE || math.Abs(b.SE/a.SE-math.Sqrt(39.0/79)) > 1e-9 {
		t.Errorf("%+v, twice as many groups %+v", a, b)
	}
	// Each group's answers all alike are as many as there are groups.
	var alike []NPSCounts
	for i := range 30 {
		alike = append(alike, []NPSCounts{{Promoters: 10}, {Detractors: 10}}[i%2])
	}
	if b := estimate(alike); math.Abs(b.DesignEffect-10*30.0/29) > 1e-9 {
		t.Errorf("ten answers that are one: a design effect of %v", b.DesignEffect)
	}
}

func TestMeansChangeTheirUnit(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(17, 18))
	var x, y, u, v []float64
	for range 25 {
		a, b := r.NormFloat64(), 1+2*r.NormFloat64()
		x, y, u, v = append(x, a), append(y, b), append(u, 5-30*a), append(v, 5-30*b)
	}
	d, err1 := MeanDifference(MomentsOf(x), MomentsOf(y), 0.9)
	e, err2 := MeanDifference(MomentsOf(u), MomentsOf(v), 0.9)
	if err1 != nil || err2 != nil || math.Abs(e.Estimate+30*d.Estimate) > 1e-9 || math.Abs(e.P-d.P) > 1e-9 || math.Abs(e.Interval.Low+30*d.Interval.High) > 1e-9 {
		t.Errorf("%+v (%v), in another unit %+v (%v)", d, err1, e, err2)
	}
	slices.Reverse(x)
	if a, b := MomentsOf(x), MomentsOf(append(slices.Clone(x), x...)); math.Abs(a.Mean-b.Mean) > 1e-12 || math.Abs(b.SD-a.SD*math.Sqrt(48.0/49)) > 1e-12 {
		t.Errorf("%+v, twice %+v", a, b)
	}
}
