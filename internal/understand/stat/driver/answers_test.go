package driver

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"kolo/internal/understand/stat"
)

// sample makes answers of ratings 1 to 5 that share a mood, an attribute of three values, and a control of four; and the same as Data,
// where the values of the attribute are drivers of their own.
func sample(seed uint64, n, ratings, parts int) (*Answers, Data) {
	rng := rand.New(rand.NewPCG(seed, 1))
	a := &Answers{Parts: parts}
	var d Data
	column := 1
	for j := range ratings {
		f := Factor{Levels: make([][]Entry, 5)}
		for v := range 5 {
			f.Levels[v] = []Entry{{column, float64(v + 1)}}
		}
		a.Factors = append(a.Factors, f)
		a.Names, a.Columns = append(a.Names, string(rune('a'+j))), append(a.Columns, []int{column})
		column++
	}
	plan := Factor{Levels: [][]Entry{{}, {{column, 1}}, {{column + 1, 1}}}}
	a.Names, a.Columns = append(a.Names, "plan"), append(a.Columns, []int{column, column + 1})
	column += 2
	region := Factor{Levels: [][]Entry{{}, {{column, 1}}, {{column + 1, 1}}, {{column + 2, 1}}}}
	a.Controls = []int{column, column + 1, column + 2}
	a.Size = column + 3
	d.Names = slices.Concat(a.Names[:ratings], []string{"plus", "premium"})
	for range n {
		mood := rng.NormFloat64() / 2
		var x []float64
		y := rng.NormFloat64()
		for j := range ratings {
			v := int(min(4, max(0, math.Round(2.5+mood+rng.NormFloat64()))))
			a.Factors[j].Codes = append(a.Factors[j].Codes, int32(v))
			x = append(x, float64(v+1))
			y += float64(ratings-1-j) / float64(ratings) * float64(v)
		}
		p, r := rng.IntN(3), rng.IntN(4)
		y += []float64{0, .2, -.6}[p] + float64(r)*.3
		plan.Codes, region.Codes = append(plan.Codes, int32(p)), append(region.Codes, int32(r))
		flag := func(b bool) float64 {
			if b {
				return 1
			}
			return 0
		}
		d.X = append(d.X, append(x, flag(p == 1), flag(p == 2)))
		d.Controls = append(d.Controls, []float64{flag(r == 1), flag(r == 2), flag(r == 3)})
		d.Y, a.Y = append(d.Y, y), append(a.Y, y)
		a.Part = append(a.Part, int32(rng.IntN(parts)))
	}
	a.Factors = append(a.Factors, plan, region)
	return a, d
}

func sameFigure(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestAnswersAgreeWithData(t *testing.T) {
	t.Parallel()
	a, d := sample(1, 700, 4, 50)
	p, err := Gather(a)
	if err != nil {
		t.Fatal(err)
	}
	f, err := p.Effects()
	if err != nil {
		t.Fatal(err)
	}
	want, err := Linear(d, 0.9)
	if err != nil {
		t.Fatal(err)
	}
	sameFigure(t, "R2", f.R2, want.R2, 1e-10)
	for j, w := range want.Coefficients[1:] {
		c, ok := f.Combination(w.Name, map[int]float64{j + 1: 1}, 0.9)
		if !ok {
			t.Fatal(w.Name)
		}
		sameFigure(t, w.Name, c.Estimate, w.Estimate, 1e-9)
		sameFigure(t, w.Name+" error", c.SE, w.SE, 1e-9)
		sameFigure(t, w.Name+" p", c.P, w.P, 1e-9)
		sameFigure(t, w.Name+" low", c.Interval.Low, w.Interval.Low, 1e-9)
	}
	difference, _ := f.Combination("", map[int]float64{5: 1, 6: -1}, 0.9)
	sameFigure(t, "difference", difference.Estimate, want.Coefficients[5].Estimate-want.Coefficients[6].Estimate, 1e-9)

	// With the values of the attribute one by one the importances are those of Analyse; together they share what these have.
	single := *a
	single.Names, single.Columns = d.Names, [][]int{{1}, {2}, {3}, {4}, {5}, {6}}
	p, err = Gather(&single)
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Importance(Options{})
	if err != nil {
		t.Fatal(err)
	}
	all, err := Analyse(d, Options{})
	if err != nil {
		t.Fatal(err)
	}
	sameFigure(t, "R2 after controls", got.R2, all.R2, 1e-10)
	sameFigure(t, "adjusted R2", got.AdjR2, all.AdjR2, 1e-10)
	sameFigure(t, "condition", got.Condition, all.Condition, 1e-6)
	for j, w := range all.Drivers {
		sameFigure(t, "LMG of "+w.Name, got.Drivers[j].LMG, w.LMG, 1e-10)
		sameFigure(t, "VIF of "+w.Name, got.Drivers[j].VIF, w.VIF, 1e-8)
		sameFigure(t, "correlation of "+w.Name, got.Drivers[j].ZeroOrder, w.ZeroOrder, 1e-10)
	}
	if p, err = Gather(a); err != nil {
		t.Fatal(err)
	}
	together, err := p.Importance(Options{})
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, x := range together.Drivers {
		sum += x.LMG
	}
	sameFigure(t, "sum of LMG", sum, together.R2, 1e-10)
	sameFigure(t, "R2 of drivers with several columns", together.R2, all.R2, 1e-10)
}

// TestDrawnParts: parts that are single customers give the case bootstrap, and larger ones nearly the same intervals.
func TestDrawnParts(t *testing.T) {
	t.Parallel()
	a, d := sample(2, 3000, 3, 300)
	d.Names = d.Names[:3]
	for i := range d.X {
		d.Controls[i] = append(d.Controls[i], d.X[i][3:]...)
		d.X[i] = d.X[i][:3]
	}
	a.Controls, a.Names, a.Columns = append(a.Controls, 4, 5), a.Names[:3], a.Columns[:3]
	p, err := Gather(a)
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Importance(Options{Resamples: 600, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	again, _ := p.Importance(Options{Resamples: 600, Seed: 3})
	want, err := Analyse(d, Options{Resamples: 600, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	for j, w := range want.Drivers {
		g := got.Drivers[j]
		sameFigure(t, "LMG of "+w.Name, g.LMG, w.LMG, 1e-10)
		if ratio := g.Interval.Width() / w.Interval.Width(); ratio < .8 || ratio > 1.25 {
			t.Errorf("%s: %v, want %v", w.Name, g.Interval, w.Interval)
		}
		if g.Rank != w.Rank || g.Rank != again.Drivers[j].Rank || *g.Interval != *again.Drivers[j].Interval {
			t.Errorf("%s: ranks %v and %v, want %v", w.Name, g.Rank, again.Drivers[j].Rank, w.Rank)
		}
	}
}

func TestAnswersPairwise(t *testing.T) {
	t.Parallel()
	const n = 4000
	a, d := sample(4, n, 3, 40)
	// Every other answer lacks the second rating, by chance: what is left says the same of the others.
	rng := rand.New(rand.NewPCG(9, 9))
	f := &a.Factors[1]
	f.Levels = append(f.Levels, nil)
	for v := range 5 {
		f.Levels[v] = append(f.Levels[v], Entry{a.Size, 1})
	}
	a.Presence = []int{0, a.Size, 0, 0}
	a.Size++
	var sx, sy, sxx, syy, sxy, k float64
	for i := range n {
		if rng.IntN(2) == 0 {
			f.Codes[i] = 5
			continue
		}
		x, y := d.X[i][1], d.Y[i]
		k, sx, sy, sxx, syy, sxy = k+1, sx+x, sy+y, sxx+x*x, syy+y*y, sxy+x*y
	}
	p, err := Gather(a)
	if err != nil {
		t.Fatal(err)
	}
	cov, columns := p.covariance(p.total)
	at := slices.Index(columns, 2)
	sameFigure(t, "pairwise covariance", cov[at][len(cov)-1], (sxy-sx*sy/k)/k, 1e-9)
	sameFigure(t, "variance where it is there", cov[at][at], (sxx-sx*sx/k)/k, 1e-9)
	got, err := p.Importance(Options{})
	if err != nil {
		t.Fatal(err)
	}
	want, err := Analyse(d, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for j := range 3 {
		sameFigure(t, "LMG of "+a.Names[j], got.Drivers[j].LMG, want.Drivers[j].LMG, .02)
	}
}

func TestTwins(t *testing.T) {
	t.Parallel()
	a, _ := sample(5, 300, 3, 10)
	// The third rating is now what the first two add up to, and a fourth never varies.
	sum := Factor{Levels: make([][]Entry, 25)}
	for i := range a.Y {
		code := a.Factors[0].Codes[i]*5 + a.Factors[1].Codes[i]
		sum.Codes = append(sum.Codes, code)
		sum.Levels[code] = []Entry{{3, float64(a.Factors[0].Codes[i] + 2*a.Factors[1].Codes[i])}}
	}
	a.Factors[2] = sum
	a.Names, a.Columns = append(a.Names, "same"), append(a.Columns, []int{a.Size})
	a.Factors = append(a.Factors, Factor{Codes: make([]int32, len(a.Y)), Levels: [][]Entry{{{a.Size, 7}}}})
	a.Size++
	p, err := Gather(a)
	if err != nil {
		t.Fatal(err)
	}
	twins := p.Twins()
	if len(twins) != 2 || twins[0].Driver != 2 || !slices.Equal(twins[0].Of, []int{0, 1}) || twins[1].Driver != 4 || len(twins[1].Of) != 0 {
		t.Errorf("%+v", twins)
	}
	if _, err := p.Importance(Options{}); !errors.Is(err, ErrCollinear) {
		t.Errorf("%v", err)
	}
	f, err := p.Effects()
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := f.Combination("", map[int]float64{3: 1}, .95); ok {
		t.Error("what cannot be told apart has an effect")
	}
}

func TestAnswersRefuse(t *testing.T) {
	t.Parallel()
	a, _ := sample(6, 60, 3, 5)
	for i := range a.Y {
		a.Y[i] = 1
	}
	p, err := Gather(a)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Importance(Options{}); !errors.Is(err, stat.ErrUndefined) {
		t.Errorf("an outcome that does not vary: %v", err)
	}
	if few, _ := sample(6, 4, 3, 5); few != nil {
		p, err := Gather(few)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Importance(Options{}); err == nil {
			t.Error("four answers, eight columns")
		}
		if _, err := p.Effects(); !errors.Is(err, stat.ErrUndefined) {
			t.Errorf("%v", err)
		}
	}
	for name, change := range map[string]func(*Answers){
		"no answers":     func(a *Answers) { a.Y, a.Part = nil, nil },
		"infinity":       func(a *Answers) { a.Y[3] = math.Inf(1) },
		"part":           func(a *Answers) { a.Part[3] = 5 },
		"no columns":     func(a *Answers) { a.Columns[0] = nil },
		"control":        func(a *Answers) { a.Controls[0] = a.Size },
		"code":           func(a *Answers) { a.Factors[0].Codes[2] = 5 },
		"column":         func(a *Answers) { a.Factors[0].Levels[2][0].Column = 0 },
		"short factor":   func(a *Answers) { a.Factors[0].Codes = a.Factors[0].Codes[1:] },
		"short presence": func(a *Answers) { a.Presence = []int{0} },
	} {
		bad, _ := sample(7, 50, 3, 5)
		change(bad)
		if _, err := Gather(bad); err == nil {
			t.Error(name)
		}
	}
	many := &Answers{Size: 17, Parts: 1, Y: []float64{1, 2}, Part: []int32{0, 0}}
	for j := range 16 {
		many.Names, many.Columns = append(many.Names, "x"), append(many.Columns, []int{j + 1})
	}
	p, err = Gather(many)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Importance(Options{}); err == nil {
		t.Error("sixteen drivers")
	}
}

func TestAsymmetryOfAnswers(t *testing.T) {
	t.Parallel()
	a, d := sample(8, 900, 3, 20)
	lows, highs := make([]int, 3), make([]int, 3)
	ratings := Data{Names: d.Names[:3], Y: d.Y, Controls: d.Controls}
	for i, x := range d.X {
		ratings.X = append(ratings.X, x[:3])
		ratings.Controls[i] = append(slices.Clone(d.Controls[i]), x[3:]...)
		for j := range 3 {
			if x[j] <= 2 {
				lows[j]++
			}
			if x[j] >= 5 {
				highs[j]++
			}
		}
	}
	want, _, err := PenaltyReward(ratings, 2, 5, .95)
	if err != nil {
		t.Fatal(err)
	}
	shift := 3 // each rating has two columns now
	for j := range 3 {
		a.Factors[j].Levels = [][]Entry{{{2*j + 1, 1}}, {{2*j + 1, 1}}, nil, nil, {{2*j + 2, 1}}}
		a.Columns[j] = []int{2*j + 1, 2*j + 2}
	}
	for _, f := range a.Factors[3:] {
		for _, level := range f.Levels {
			for k := range level {
				level[k].Column += shift
			}
		}
	}
	a.Columns[3] = []int{7, 8}
	a.Controls = []int{9, 10, 11}
	a.Size += shift
	p, err := Gather(a)
	if err != nil {
		t.Fatal(err)
	}
	f, err := p.Effects()
	if err != nil {
		t.Fatal(err)
	}
	for j, w := range want {
		g, ok := f.Asymmetry(w.Name, 2*j+1, 2*j+2, lows[j], highs[j], .95)
		if !ok || g.Class != w.Class || g.LowN != w.LowN || g.HighShare != w.HighShare {
			t.Errorf("%+v, want %+v", g, w)
		}
		sameFigure(t, "penalty", g.Penalty.Estimate, w.Penalty.Estimate, 1e-9)
		sameFigure(t, "asymmetry", g.Impact, w.Impact, 1e-9)
		sameFigure(t, "p", g.Test.P, w.Test.P, 1e-9)
	}
}

func BenchmarkImportance(b *testing.B) {
	a, _ := sample(9, 100_000, 11, 400)
	for b.Loop() {
		p, err := Gather(a)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := p.Importance(Options{Resamples: 1000, Seed: 1}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEffects(b *testing.B) {
	a, _ := sample(9, 100_000, 11, 400)
	p, err := Gather(a)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := p.Effects(); err != nil {
			b.Fatal(err)
		}
	}
}
