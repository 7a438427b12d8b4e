package watch

import (
	"math"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/regress"
)

// Answers are those of one period to a score: how many, how many of them at the bad end, and the sums of their values and of the squares
// of these.
type Answers struct {
	N, Bad      int64
	Sum, Square float64
}

// Plus pools answers.
func (a Answers) Plus(b Answers) Answers {
	return Answers{a.N + b.N, a.Bad + b.Bad, a.Sum + b.Sum, a.Square + b.Square}
}

// Worth are as many answers with the same mean, share and spread as those are worth, a share of them below 1: rounded, for answers are
// counted.
func (a Answers) Worth(share float64) Answers {
	if a.N == 0 || !(share >= 0 && share < 1) {
		return a
	}
	n := int64(math.Round(float64(a.N) * share))
	by := float64(n) / float64(a.N)
	return Answers{N: n, Bad: int64(math.Round(float64(a.Bad) * by)), Sum: a.Sum * by, Square: a.Square * by}
}

// Mean is the score; of no answers it is not a number.
func (a Answers) Mean() float64 { return a.Sum / float64(a.N) }

// enough tells whether a period says anything of a score.
func (a Answers) enough() bool { return a.N >= stat.MinimumToShow }

// Scores say which earlier periods tell what a score usually is. The level is that of the latest of them, so that a score which falls slowly
// is told; two years of them tell the season alone.
type Scores struct {
	Season float64 // periods of a yearly season; 0: none
	Cycle  int     // periods of a short cycle with a level each (7 for days of a week); 0: none
	Window int     // periods of history that tell the level
	Long   int     // periods of history from which the season is fitted, to all of them
	Guard  int     // latest periods that are left out, so that what is to be found does not hide itself
	Least  int     // periods with enough answers that the level takes; the season takes as many before the latest Season
	Refit  int     // periods that one fit serves; 0: one
}

// WeeklyScores watch scores by week: a year tells the level, two the season.
func WeeklyScores() Scores { return Scores{Season: 52, Window: 52, Long: 104, Guard: 4, Least: 12} }

// DailyScores watch scores by day: half a year tells the levels of the days of the week, two years the season.
func DailyScores() Scores {
	return Scores{Season: 365.25, Cycle: 7, Window: 182, Long: 728, Guard: 7, Least: 42, Refit: 7}
}

// Usual is what a score usually is: a level for each place in the cycle, and how far the season takes it from there.
type Usual struct {
	Phi      float64   // how much more the means of periods differ than chance has it, at least 1
	levels   []Answers // without the season
	bad      []float64 // of them at the bad end, without the season
	variance float64   // of one answer, around what is usual of its period
	season   *season   // nil: not known
}

// season is a yearly wave of a mean and of the share of bad answers, in which Phi and the variance of an answer have no part.
type season struct {
	length    float64
	mean, bad [2]float64 // of the cosine and the sine
	inverse   [2][2]float64
}

// Before is what the history of period t says of a score; nil, of which Mean knows nothing, when that is too little.
func (d Scores) Before(points []Answers, t int) *Usual {
	if d.Window < 1 || d.Guard < 0 || d.Least < 2 || t < 0 || t > len(points) {
		return nil
	}
	cycle := max(1, d.Cycle)
	end := max(0, t-d.Guard)
	u := &Usual{Phi: 1, levels: make([]Answers, cycle), bad: make([]float64, cycle), season: d.wave(points, t)}
	first, periods := max(0, end-d.Window), 0
	for i := first; i < end; i++ {
		if x := points[i]; x.enough() {
			_, wave, _ := u.season.at(i)
			u.levels[i%cycle] = u.levels[i%cycle].Plus(u.season.without(x, i))
			u.bad[i%cycle] += float64(x.Bad) - wave*float64(x.N)
			periods++
		}
	}
	n, left, places := int64(0), 0.0, 0
	for _, l := range u.levels {
		if l.N > 0 {
			n += l.N
			left += l.Square - float64(l.N)*l.Mean()*l.Mean()
			places++
		}
	}
	if periods < d.Least || periods <= places {
		return nil
	}
	// Of all answers: the spread of one period, or of one place, may be 0 by chance.
	u.variance = max(left/float64(n-int64(places)), 1e-12)
	sum := 0.0
	for i := first; i < end; i++ {
		if x := points[i]; x.enough() {
			off := u.season.without(x, i).Mean() - u.levels[i%cycle].Mean()
			sum += float64(x.N) * off * off / u.variance
		}
	}
	u.Phi = max(1, sum/float64(periods-places))
	return u
}

// wave fits a level, a trend and a season to all that is known, by whole cycles; nil when two years are not known.
func (d Scores) wave(points []Answers, t int) *season {
	end := t - d.Guard
	if !(d.Season > 0) || t < d.Long || end < 0 {
		return nil
	}
	begun, older := t, 0
	for i := range end {
		if points[i].enough() {
			begun = min(begun, i)
			if i >= end-d.Long && float64(end-i) > d.Season {
				older++
			}
		}
	}
	if t-begun < d.Long || older < d.Least {
		return nil
	}
	cycle := max(1, d.Cycle)
	var x [][]float64
	var mean, bad, n []float64
	for c := min(d.Long, end) / cycle; c > 0; c-- {
		at := end - c*cycle
		var sum Answers
		for _, p := range points[at : at+cycle] {
			if p.enough() {
				sum = sum.Plus(p)
			}
		}
		if sum.N == 0 {
			continue
		}
		middle := float64(at) + float64(cycle-1)/2
		sin, cos := math.Sincos(2 * math.Pi * middle / d.Season)
		x = append(x, []float64{1, (middle - float64(end)) / d.Season, cos, sin})
		mean, bad, n = append(mean, sum.Mean()), append(bad, float64(sum.Bad)/float64(sum.N)), append(n, float64(sum.N))
	}
	of, err := regress.Fit(x, mean, n)
	if err != nil {
		return nil // the answers of too few parts of a year
	}
	share, err := regress.Fit(x, bad, n)
	if err != nil {
		return nil
	}
	s := &season{length: d.Season}
	for i := range 2 {
		s.mean[i], s.bad[i] = of.Coef[2+i], share.Coef[2+i]
		for j := range 2 {
			s.inverse[i][j] = of.Inverse[2+i][2+j]
		}
	}
	return s
}

// at is what a season does in a period to the mean and to the share of bad answers, and its variance in units of that of one answer.
func (s *season) at(t int) (mean, bad, variance float64) {
	if s == nil {
		return 0, 0, 0
	}
	sin, cos := math.Sincos(2 * math.Pi * float64(t) / s.length)
	return s.mean[0]*cos + s.mean[1]*sin, s.bad[0]*cos + s.bad[1]*sin,
		cos*cos*s.inverse[0][0] + 2*cos*sin*s.inverse[0][1] + sin*sin*s.inverse[1][1]
}

// without are the answers of a period as they were without its season.
func (s *season) without(a Answers, t int) Answers {
	if s == nil {
		return a
	}
	m, _, _ := s.at(t)
	n := float64(a.N)
	return Answers{N: a.N, Bad: a.Bad, Sum: a.Sum - m*n, Square: a.Square - 2*m*a.Sum + m*m*n}
}

// SE is the standard error of a mean of n answers like those of the history.
func (u *Usual) SE(n int64) float64 { return math.Sqrt(u.Phi * u.variance / float64(n)) }

// Mean is what the score of a period is to be expected to be, and the standard error of that; false when nothing is known, or nothing of its
// place in the cycle.
func (u *Usual) Mean(t int) (mean, se float64, known bool) {
	if u == nil {
		return 0, 0, false
	}
	l := u.levels[t%len(u.levels)]
	if l.N == 0 {
		return 0, 0, false
	}
	m, _, open := u.season.at(t)
	return l.Mean() + m, math.Sqrt(u.Phi * u.variance * (1/float64(l.N) + open)), true
}

// Bad is the share of answers of a period that are to be expected at the bad end; 0 or 1 where none were, or no others. A season takes it
// half the way to either at the most.
func (u *Usual) Bad(t int) float64 {
	place := t % len(u.levels)
	l := u.levels[place]
	if l.N == 0 || l.Bad == 0 || l.Bad == l.N {
		return min(1, float64(l.Bad))
	}
	p := float64(l.Bad) / float64(l.N)
	_, wave, _ := u.season.at(t)
	return min(max(u.bad[place]/float64(l.N)+wave, p/2), (1+p)/2)
}
