package watch

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/dist"
	"kolo/internal/understand/stat/regress"
	"kolo/internal/understand/stat/vectortest"
)

// draw makes a negative binomial count with variance phi times the mean.
func draw(r *rand.Rand, mu, phi float64) float64 {
	if phi > 1 {
		size := mu / (phi - 1)
		mu = distuv.Gamma{Alpha: size, Beta: size / mu, Src: r}.Rand()
	}
	if mu <= 0 {
		return 0
	}
	return distuv.Poisson{Lambda: mu, Src: r}.Rand()
}

func TestFitterAgreesWithTheGeneralRegression(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var x [][]float64
	var y, exposure, offset []float64
	for i := range 80 {
		e := 50 + 100*r.Float64()
		x = append(x, []float64{1, float64(i) / 80, math.Cos(float64(i))})
		exposure, offset = append(exposure, e), append(offset, math.Log(e))
		y = append(y, draw(r, e*0.1, 1.5))
	}
	b := vectortest.OK[*Baseline](t)(FitBaseline(x, y, exposure))
	g := vectortest.OK[*regress.GLM](t)(regress.Poisson(x, y, nil, offset))
	for j := range g.Coef {
		if math.Abs(g.Coef[j]-b.first[j]) > 1e-6 {
			t.Errorf("coefficient %d: %v and %v", j, b.first[j], g.Coef[j])
		}
	}
}

func TestRunsContinueFromTheirState(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	var s Series
	for i := range 170 {
		mu := 8.0
		if i > 150 {
			mu = 20
		}
		s.Counts = append(s.Counts, draw(r, mu, 1.5))
	}
	d := Weekly(1.0 / 208)
	whole := vectortest.OK[[]Reading](t)(d.Run(s, 100, nil))
	var state State
	signals := 0
	for i, want := range whole {
		part := Series{Counts: s.Counts[:101+i]}
		got := vectortest.OK[[]Reading](t)(d.Run(part, 100+i, &state))
		if len(got) != 1 || got[0] != want {
			t.Fatalf("period %d: %+v, in one run %+v", 100+i, got, want)
		}
		if want.Signal() {
			signals++
		}
	}
	if signals == 0 {
		t.Error("a rise to two and a half times is not seen")
	}
}

func TestExposureExplainsARise(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	var s Series
	for i := range 160 {
		e := 1000.0
		if i > 140 {
			e = 3000
		}
		s.Exposure = append(s.Exposure, e)
		s.Counts = append(s.Counts, draw(r, e*0.01, 1))
	}
	s.Exposure[150], s.Counts[150] = 0, 0
	signals := func(s Series) (n int) {
		for _, x := range vectortest.OK[[]Reading](t)(Weekly(1e-3).Run(s, 120, nil)) {
			if x.Signal() {
				n++
			}
			if x.NoData != (s.Exposure != nil && x.Period == 150) {
				t.Errorf("period %d: no data %v", x.Period, x.NoData)
			}
		}
		return n
	}
	if n := signals(s); n != 0 {
		t.Errorf("three times the volume is called a problem %d times", n)
	}
	if n := signals(Series{Counts: s.Counts}); n == 0 {
		t.Error("without the exposure the rise must be seen")
	}
}

// TestTheLimitIsWhereASpikeBegins puts periods at their limit, and one below it.
func TestTheLimitIsWhereASpikeBegins(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(15, 6))
	for _, mean := range []float64{0.3, 2, 8, 60, 500} {
		for _, n := range []int{10, 11, 40, 120} {
			s := Series{}
			for range n {
				s.Counts, s.Exposure = append(s.Counts, draw(r, mean, 1.3)), append(s.Exposure, 50+50*r.Float64())
			}
			for _, rate := range []float64{1e-5, 1e-3, 0.05} {
				d := Weekly(rate)
				last := func(count float64) Reading {
					s.Counts[n-1] = count
					return vectortest.OK[[]Reading](t)(d.Run(s, n-1, nil))[0]
				}
				limit := d.Limit(s, last(math.Ceil(mean)))
				if !(limit > 0) || limit != math.Trunc(limit) || limit != d.Limit(s, last(math.Ceil(3*mean+7))) {
					t.Fatalf("mean %v, %d periods, rate %v: limit %v", mean, n, rate, limit)
				}
				if at, below := last(limit), last(limit-1); !at.Spike || below.Spike {
					t.Errorf("mean %v, %d periods, rate %v: a spike at the limit %v: %v, below it: %v", mean, n, rate, limit, at.Spike, below.Spike)
				}
			}
		}
	}
	if v := Weekly(1e-3).Limit(Series{Counts: []float64{1}}, Reading{NoData: true}); v == v {
		t.Errorf("what is not looked at has the limit %v", v)
	}
}

func TestFallsAreSeenAsImprovement(t *testing.T) {
	t.Parallel()
	var s Series
	r := rand.New(rand.NewPCG(7, 8))
	for i := range 150 {
		mu := 30.0
		if i >= 130 {
			mu = 12
		}
		s.Counts = append(s.Counts, draw(r, mu, 1.2))
	}
	fell := 0
	for _, x := range vectortest.OK[[]Reading](t)(Weekly(1e-3).Run(s, 104, nil)) {
		if x.Signal() {
			t.Errorf("period %d warns of a rise", x.Period)
		}
		if x.Fell {
			if x.Period < 130 {
				t.Errorf("period %d is called better", x.Period)
			}
			fell++
		}
	}
	if fell == 0 {
		t.Error("a fall to two fifths is not seen")
	}
}

func TestDegenerateSeries(t *testing.T) {
	t.Parallel()
	zeros, ones, burst := make([]float64, 200), make([]float64, 200), make([]float64, 200)
	for i := range ones {
		ones[i] = 1
	}
	burst[199] = 40
	for name, c := range map[string]struct {
		s       Series
		signals int
	}{
		"silence": {Series{Counts: zeros}, 0}, "constant": {Series{Counts: ones}, 0},
		"out of silence": {Series{Counts: burst}, 1}, "empty": {Series{}, 0}, "one": {Series{Counts: []float64{3}}, 0},
		"no exposure": {Series{Counts: zeros, Exposure: zeros}, 0},
	} {
		for _, d := range []Detector{Weekly(1e-3), Daily(1e-3)} {
			got, err := d.Run(c.s, 0, nil)
			n := 0
			for _, r := range got {
				if math.IsNaN(r.Z) || math.IsInf(r.Z, 0) || math.IsNaN(r.Up) {
					t.Fatalf("%s: %+v", name, r)
				}
				if r.Signal() {
					n++
				}
			}
			if err != nil || len(got) != len(c.s.Counts) || n != c.signals {
				t.Errorf("%s: %d signals of %d readings, %v", name, n, len(got), err)
			}
		}
	}
	for name, s := range map[string]Series{
		"negative": {Counts: []float64{-1}}, "half": {Counts: []float64{0.5}}, "NaN": {Counts: []float64{math.NaN()}},
		"lengths": {Counts: []float64{1}, Exposure: []float64{1, 2}},
	} {
		if _, err := Weekly(1e-3).Run(s, 0, nil); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, err := (Detector{}).Run(Series{Counts: ones}, 0, nil); err == nil {
		t.Error("a detector without settings is accepted")
	}
}

func TestMarkedEventsAreExpected(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 10))
	var s Series
	for i := range 161 {
		mark := 0.0
		if i%20 == 0 {
			mark = 1
		}
		s.Marks = append(s.Marks, []float64{mark})
		s.Counts = append(s.Counts, draw(r, 10*math.Exp(1.2*mark), 1))
	}
	last := func(s Series) Reading {
		return vectortest.OK[[]Reading](t)(Weekly(1e-3).Run(s, 160, nil))[0]
	}
	if x := last(s); x.Spike || x.Expected < 20 {
		t.Errorf("a marked sale is a surprise: %+v", x)
	}
	if x := last(Series{Counts: s.Counts}); x.Expected > 20 {
		t.Errorf("without the mark the sale cannot be expected: %+v", x)
	}
}

func TestDailyCycleIsLearned(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(11, 12))
	var s Series
	for i := range 400 {
		mu := 20.0
		if i%7 >= 5 {
			mu = 4
		}
		s.Counts = append(s.Counts, draw(r, mu, 1))
	}
	for _, x := range vectortest.OK[[]Reading](t)(Daily(1e-3).Run(s, 380, nil)) {
		if want := map[bool]float64{true: 4, false: 20}[x.Period%7 >= 5]; math.Abs(x.Expected-want) > 0.2*want {
			t.Errorf("day %d: expected %v, want about %v", x.Period, x.Expected, want)
		}
	}
}

func TestADayOfTheWeekWithoutAnyIsNoSurprise(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(31, 32))
	var s Series
	for i := range 400 {
		if i%7 == 6 {
			s.Counts = append(s.Counts, 0)
			continue
		}
		s.Counts = append(s.Counts, 1+draw(r, 6, 1))
	}
	s.Counts = append(s.Counts, 7, 1) // a Sunday on which somebody writes is two days from here
	sunday := len(s.Counts)
	for sunday%7 != 6 {
		sunday++
		s.Counts = append(s.Counts, 7)
	}
	s.Counts = append(s.Counts[:sunday], 1)
	x := vectortest.OK[[]Reading](t)(Daily(1e-4).Run(s, sunday, nil))[0]
	if x.Signal() || x.NoData || x.Expected > 0.1 || x.P < 1e-4 {
		t.Errorf("one after a year of none: %+v", x)
	}
	s.Counts[sunday] = 9
	if x := vectortest.OK[[]Reading](t)(Daily(1e-4).Run(s, sunday, nil))[0]; !x.Signal() {
		t.Errorf("nine after a year of none: %+v", x)
	}
}

func TestDaysOfTheWeekAreLearnedWithoutClosedDays(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(33, 34))
	var s Series
	for i := range 400 {
		mu, e := 20.0, 1.0
		switch i % 7 {
		case 0, 6:
			mu, e = 0, 0 // closed, and the first place of the cycle is
		case 1:
			mu = 60
		}
		s.Counts, s.Exposure = append(s.Counts, draw(r, mu, 1)), append(s.Exposure, e)
	}
	s.Exposure[398] = 1 // open on a day that was always closed
	for _, x := range vectortest.OK[[]Reading](t)(Daily(1e-3).Run(s, 380, nil)) {
		if d := x.Period % 7; d == 0 || d == 6 {
			if !x.NoData {
				t.Errorf("day %d, of which nothing is known, is looked at: %+v", x.Period, x)
			}
		} else if want := map[bool]float64{true: 60, false: 20}[d == 1]; math.Abs(x.Expected-want) > 0.2*want {
			t.Errorf("day %d: expected %v, want about %v", x.Period, x.Expected, want)
		}
	}
}

func TestSeasonOfDaysIsLearnedFromTwoYears(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(35, 36))
	mean := func(i int) float64 {
		m := 60 * math.Exp(0.4*math.Cos(2*math.Pi*float64(i)/365.25))
		if i%7 == 6 {
			m /= 3
		}
		return m
	}
	var s Series
	for i := range 1100 {
		s.Counts = append(s.Counts, draw(r, mean(i), 1))
	}
	off := 0.0 // of a year that begins when two are known
	for _, x := range vectortest.OK[[]Reading](t)(Daily(1e-6).Run(s, 735, nil)) {
		off = max(off, math.Abs(math.Log(x.Expected/mean(x.Period))))
		if x.Signal() {
			t.Errorf("the season is a signal: %+v", x)
		}
	}
	if off > 0.12 {
		t.Errorf("what is expected lies up to %v from the truth", off)
	}
	short := vectortest.OK[[]Reading](t)(Daily(1e-6).Run(Series{Counts: s.Counts[:701]}, 700, nil))[0]
	if off := math.Log(short.Expected / mean(700)); off > -0.2 {
		t.Errorf("less than two years know the season: %+v", short)
	}
}

// TestGrowthIsFollowed has series without chance, so that what is expected of them is what the baseline makes of growth.
func TestGrowthIsFollowed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		d       Detector
		periods int
		growth  float64 // a period
		from    int     // from which on it grows
		season  float64
	}{
		{"weeks from the first", Weekly(1e-4), 40, math.Log(1.05), 0, 0},
		{"weeks of years", Weekly(1e-4), 130, math.Log(1.05), 0, 0},
		{"weeks of years with a season", Weekly(1e-4), 200, math.Log(1.01), 0, 0.3},
		{"weeks of years, half a year ago it began", Weekly(1e-4), 130, math.Log(1.05), 100, 0},
		{"days from the first", Daily(1e-4), 100, math.Log(1.05) / 7, 0, 0},
		{"days of years", Daily(1e-4), 800, math.Log(1.05) / 7, 0, 0},
	} {
		c.d.Trend = 26 * max(1, c.d.Cycle)
		var s Series
		mean := func(i int) float64 {
			return 500 * math.Exp(c.growth*float64(max(0, i-c.from))+c.season*math.Cos(2*math.Pi*float64(i)/c.d.Season))
		}
		for i := range c.periods {
			s.Counts = append(s.Counts, math.Round(mean(i)))
		}
		x := vectortest.OK[[]Reading](t)(c.d.Run(s, c.periods-1, nil))[0]
		if off := math.Log(x.Expected / mean(c.periods-1)); math.Abs(off) > 0.02 || x.Signal() {
			t.Errorf("%s: %+v, off by %v", c.name, x, off)
		}
		s.Counts[c.periods-1] = math.Round(1.5 * mean(c.periods-1))
		if x := vectortest.OK[[]Reading](t)(c.d.Run(s, c.periods-1, nil))[0]; !x.Spike {
			t.Errorf("%s: half as much again is no spike: %+v", c.name, x)
		}
		c.d.Trend = 0
		if x := vectortest.OK[[]Reading](t)(c.d.Run(s, c.periods-1, nil))[0]; c.periods < c.d.Full && x.Expected > 0.8*mean(c.periods-1) {
			t.Errorf("%s: without a trend growth is followed, too: %+v", c.name, x)
		}
	}
}

func TestLikelihoodRatioHasMeanOne(t *testing.T) {
	t.Parallel()
	for _, p := range []dist.Counts{{Mean: 3, Variance: 3.0003}, {Mean: 12, Variance: 30}, {Mean: 0.4, Variance: 0.7}} {
		for _, rho := range []float64{2, 1.5, 0.5} {
			sum, mass := 0.0, 0.0
			for y := 0.0; y < 400; y++ {
				f := math.Exp(p.LogProb(y))
				mass += f
				sum += f * math.Exp(LogRatio(p, rho, y))
			}
			if math.Abs(sum-1) > 1e-9 || math.Abs(mass-1) > 1e-9 {
				t.Errorf("%+v, rho %v: the ratio has mean %v, the mass is %v", p, rho, sum, mass)
			}
		}
		if got := p.Upper(2) + math.Exp(p.LogProb(0)) + math.Exp(p.LogProb(1)) + math.Exp(p.LogProb(2)); math.Abs(got-1) > 1e-10 {
			t.Errorf("%+v: tail and mass add up to %v", p, got)
		}
	}
}

func TestPoissonRunLengthAgainstSimulation(t *testing.T) {
	t.Parallel()
	arl := vectortest.OK[float64](t)(PoissonCUSUMRunLength(2, 3, 4))
	r := rand.New(rand.NewPCG(13, 14))
	const runs = 4000
	total := 0
	for range runs {
		s := 0.0
		for s < 4 {
			s = max(0, s+draw(r, 2, 1)-3)
			total++
		}
	}
	if got := float64(total) / runs; math.Abs(got-arl) > 4*arl/math.Sqrt(runs) {
		t.Errorf("simulated %v, computed %v", got, arl)
	}
	if quick := vectortest.OK[float64](t)(PoissonCUSUMRunLength(5, 3, 4)); quick >= arl {
		t.Errorf("a larger mean takes %v periods, the smaller %v", quick, arl)
	}
}

func TestBudget(t *testing.T) {
	t.Parallel()
	a := vectortest.OK[float64](t)(FalseAlarmRate(12, 52, 500))
	if math.Abs(a-12.0/52000) > 1e-15 || math.Abs(-dist.NormQuantile(a)-3.50) > 0.01 {
		t.Errorf("a = %v", a)
	}
	if _, err := FalseAlarmRate(0, 52, 1); err == nil {
		t.Error("a budget of nothing is accepted")
	}
}

func TestChartsRefuse(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"ESD of two":       second(ESD([]float64{1, 2}, 1, 0.05, false)),
		"no answers' SE":   second(ScoreZ([]ScorePoint{{N: 50}}, 0, 0)),
		"impossible count": second(RunLengths([]float64{1e300}, 1, 1, 0.1)),
		"absurd limit":     second(PoissonCUSUMRunLength(1, 1, 1e6)),
		"bad reference":    second(PoissonReference(3, 3)),
		"bad share":        second(ShareRatio(3, 2, 0.5, 1.5)),
		"bad level":        second(EARSOf(nil, 7, 2)),
		"bad arl":          second(CUSUMLimit(0.5, 0.5)),
	} {
		if err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if o, err := ESD([]float64{5, 5, 5, 5, 5, 5}, 2, 0.05, true); err != nil || o.Count != 0 {
		t.Errorf("all alike: %+v, %v", o, err)
	}
	if e := vectortest.OK[EARS](t)(EARSOf([]float64{1, 2, 3}, 7, 0.01)); len(e.C1) != 3 {
		t.Errorf("a short series: %+v", e)
	}
	z := vectortest.OK[[]float64](t)(ScoreZ([]ScorePoint{{N: 9, Mean: 50, SE: 1}, {N: 100, Mean: 30, SE: 3}}, 20, 4))
	if z[0] != 0 || z[1] != 2 {
		t.Errorf("scores: %v", z)
	}
	if l := vectortest.OK[float64](t)(ShareRatio(10, 10, 0.5, 1.5)); l <= 0 {
		t.Errorf("all detractors: %v", l)
	}
	if _, err := FitBaseline(nil, nil, nil); !errors.Is(err, stat.ErrUndefined) {
		t.Errorf("no periods: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

// BenchmarkWeek reads one new week of one series with two years of history.
func BenchmarkWeek(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	var s Series
	for range 120 {
		s.Counts = append(s.Counts, draw(r, 12, 1.5))
	}
	for b.Loop() {
		if _, err := Weekly(1e-3).Run(s, 119, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func TestTheUnitOfExposureDoesNotMatter(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(21, 22))
	var s, thousands Series
	for i := range 180 {
		e := 800 + 400*r.Float64()
		s.Exposure, thousands.Exposure = append(s.Exposure, e), append(thousands.Exposure, e/1000)
		mu := e * 0.01
		if i > 160 {
			mu *= 2
		}
		s.Counts = append(s.Counts, draw(r, mu, 1.3))
	}
	thousands.Counts = s.Counts
	a := vectortest.OK[[]Reading](t)(Weekly(1e-3).Run(s, 20, nil))
	b := vectortest.OK[[]Reading](t)(Weekly(1e-3).Run(thousands, 20, nil))
	for i := range a {
		if math.Abs(a[i].Z-b[i].Z) > 1e-6 || math.Abs(a[i].Expected-b[i].Expected) > 1e-6 || a[i].Signal() != b[i].Signal() {
			t.Fatalf("%+v, by the thousand %+v", a[i], b[i])
		}
		if a[i].P < 0 || a[i].P > 1 || a[i].Up < 0 || a[i].Down < 0 {
			t.Fatalf("%+v", a[i])
		}
	}
}

func TestRunLengthsGrowWithTheLimit(t *testing.T) {
	t.Parallel()
	last := 0.0
	for h := 1.0; h <= 6; h++ {
		long := vectortest.OK[float64](t)(CUSUMRunLength(0.5, h, 0))
		quick := vectortest.OK[float64](t)(CUSUMRunLength(0.5, h, 1))
		if long <= last || quick >= long || quick < 1 {
			t.Errorf("limit %v: %v under control after %v, %v when it has shifted", h, long, last, quick)
		}
		last = long
	}
	limit := vectortest.OK[float64](t)(CUSUMLimit(0.5, 300))
	if back := vectortest.OK[float64](t)(CUSUMRunLength(0.5, limit, 0)); math.Abs(back-300) > 0.01 {
		t.Errorf("the limit for 300 periods gives %v", back)
	}
}

// answers are so many with a mean and a share of bad ones.
func answers(n int64, mean, bad float64) Answers {
	return Answers{N: n, Bad: int64(math.Round(bad * float64(n))), Sum: mean * float64(n), Square: (mean*mean + 4) * float64(n)}
}

func TestScoresHaveDaysOfTheWeekAndSeasons(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]Scores{"weeks": WeeklyScores(), "days": DailyScores()} {
		mean := func(i int) float64 {
			m := 8 + math.Cos(2*math.Pi*float64(i)/d.Season)
			if d.Cycle > 0 && i%d.Cycle == 6 {
				m -= 2
			}
			return m
		}
		var points []Answers
		for i := range 3 * d.Long / 2 {
			points = append(points, answers(40, mean(i), (10-mean(i))/20))
		}
		for _, t0 := range []int{d.Long, d.Long + 30, len(points)} {
			u := d.Before(points, t0)
			for i := t0; i < t0+14; i++ {
				m, se, known := u.Mean(i)
				if want := mean(i); !known || math.Abs(m-want) > 0.15 || se <= 0 || se > 0.3 || math.Abs(u.Bad(i)-(10-want)/20) > 0.02 {
					t.Errorf("%s, %d: %v (%v), want %v; bad %v", name, i, m, se, want, u.Bad(i))
				}
			}
		}
		// What is not known for two years has no season, and a day of the week that never had answers is not known.
		for i := range points {
			if i%7 == 3 && d.Cycle > 0 {
				points[i] = answers(3, 1, 0)
			}
		}
		u := d.Before(points[:d.Long-10], d.Long-10)
		if m, _, known := u.Mean(5); u.season != nil || !known || math.Abs(m-8) > 1 {
			t.Errorf("%s: %v of less than two years", name, m)
		}
		if _, _, known := u.Mean(3); known != (d.Cycle == 0) {
			t.Errorf("%s: a day without answers is known: %v", name, known)
		}
		if u := d.Before(points, d.Least); u != nil {
			t.Errorf("%s: something is known from the first on", name)
		}
	}
}

// TestASlowFallIsNotUsual has a score that falls for two years: what is usual is the latest year, not where it is going.
func TestASlowFallIsNotUsual(t *testing.T) {
	t.Parallel()
	var points []Answers
	for i := range 120 {
		points = append(points, answers(40, 8-float64(i)/100, 0.1))
	}
	u := WeeklyScores().Before(points, len(points))
	if m, _, known := u.Mean(120); !known || m < 7.0 || m > 7.2 {
		t.Errorf("%v is usual, the mean of the latest year is 7.1", m)
	}
}
