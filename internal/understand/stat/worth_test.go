package stat

import (
	"errors"
	"math"
	"testing"
)

// alike are groups of a size, each of which gives one answer all the time.
func alike(size float64, answers ...float64) (k Clusters) {
	for _, x := range answers {
		s := size * x
		k.N, k.Groups = k.N+int64(size), k.Groups+1
		k.Sum, k.Square, k.SumSq, k.Cross, k.SizeSq = k.Sum+s, k.Square+s*x, k.SumSq+s*s, k.Cross+size*s, k.SizeSq+size*size
	}
	return k
}

// TestFewGroupsAreFew: sixty answers of three customers are not worth more than about three, whatever their spread says.
func TestFewGroupsAreFew(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]Clusters{"all agree": alike(20, 1, 1, 1), "one differs": alike(20, 1, 1, 0)} {
		w, deff, err := k.Worth(-1, 1)
		if err != nil || w.N > 4.5 || w.DF != 2 || math.Abs(deff-60/w.N) > 1e-9 {
			t.Errorf("%s: %+v, %v, %v", name, w, deff, err)
		}
	}
	nearly := alike(20, 1, 1, 1)
	nearly.Sum, nearly.Square = 59, 59 // one answer is passive
	nearly.SumSq, nearly.Cross = 800+19*19, 20*59
	if w, _, err := nearly.Worth(-1, 1); err != nil || w.N > 4.5 {
		t.Errorf("nearly all agree: %+v, %v", w, err)
	}
	if _, _, err := alike(60, 1).Worth(-1, 1); !errors.Is(err, ErrUndefined) {
		t.Errorf("one group: %v", err)
	}
}

// TestManyGroupsSpeakForThemselves: with hundreds of customers what is estimated holds.
func TestManyGroupsSpeakForThemselves(t *testing.T) {
	t.Parallel()
	var single Clusters
	single.AddSingles(2000, 800, 1200)
	if _, deff, err := single.Worth(-1, 1); err != nil || deff > 1.01 {
		t.Errorf("everybody answered once: %v, %v", deff, err)
	}
	mixed := Clusters{} // each of 500 answers 1, 1, 0 and -1
	for range 500 {
		mixed.N, mixed.Groups = mixed.N+4, mixed.Groups+1
		mixed.Sum, mixed.Square, mixed.SumSq, mixed.Cross, mixed.SizeSq = mixed.Sum+1, mixed.Square+3, mixed.SumSq+1, mixed.Cross+4, mixed.SizeSq+16
	}
	if w, deff, err := mixed.Worth(-1, 1); err != nil || deff != 1 || w.N != 2000 {
		t.Errorf("customers who are all alike: %+v, %v, %v", w, deff, err)
	}
}

// TestWorthOfAllIsTheUsual: answers that are worth their number give what independent ones give.
func TestWorthOfAllIsTheUsual(t *testing.T) {
	t.Parallel()
	a, b := NPSCounts{50, 30, 40}, NPSCounts{80, 30, 30}
	wa, wb := Worth{N: 120}, Worth{N: 140}
	same := func(name string, got, want Difference, err error) {
		t.Helper()
		if err != nil || math.Abs(got.P-want.P) > 1e-12 || math.Abs(got.Interval.Low-want.Interval.Low) > 1e-9 || math.Abs(got.Interval.High-want.Interval.High) > 1e-9 || got.Estimate != want.Estimate {
			t.Errorf("%s: %+v, want %+v, %v", name, got, want, err)
		}
	}
	want, _ := NPSDifference(a, b, .95)
	got, err := NPSDifferenceWorth(a, b, wa, wb, .95)
	same("NPS", got, want, err)
	want, _ = Newcombe(50, 120, 80, 140, .95)
	got, err = NewcombeWorth(50, 120, 80, 140, wa, wb, .95)
	same("share", got, want, err)
	ma, mb := Moments{120, 3.9, 1.1}, Moments{140, 4.2, .9}
	want, _ = MeanDifference(ma, mb, .95)
	got, err = MeanDifferenceWorth(ma, mb, wa, wb, .95)
	same("mean", got, want, err)
	one, _ := NPSInterval(a, .95)
	if i, err := NPSWorth(a, wa, .95); err != nil || math.Abs(i.Low-one.Low) > 1e-9 || math.Abs(i.High-one.High) > 1e-9 {
		t.Errorf("%+v, want %+v, %v", i, one, err)
	}
	// A quarter of them, of few groups: wider, and less sure.
	few, err := NPSDifferenceWorth(a, b, Worth{30, 5}, Worth{35, 5}, .95)
	if want, _ = NPSDifference(a, b, .95); err != nil || few.Interval.Width() < 2*want.Interval.Width() || few.P < 4*want.P || few.DF < 5 || few.DF > 10 {
		t.Errorf("%+v, of all %+v, %v", few, want, err)
	}
}
