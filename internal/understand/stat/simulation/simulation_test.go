package simulation

import (
	"math"
	"testing"

	"kolo/internal/foundation/raced"
)

func TestNPSIntervalCoversAsItSays(t *testing.T) {
	t.Parallel()
	// methods: mean and least coverage over the grid at 10, 20 and 50 answers.
	for n, want := range map[int64][2]float64{10: {0.955, 0.930}, 20: {0.951, 0.939}, 50: {0.950, 0.943}} {
		r, err := NPSCoverage(n, 0.95)
		if err != nil || math.Abs(r.Mean-want[0]) > 0.001 || math.Abs(r.Least-want[1]) > 0.001 {
			t.Errorf("%d answers: %+v (%v), want %v", n, r, err, want)
		}
	}
}

func TestDifferenceFindsNothingInNothing(t *testing.T) {
	t.Parallel()
	// What the doc comment of NPSDifference says: on the average over the grid, and at the most.
	for n, want := range map[int64][2]float64{10: {0.046, 0.066}, 20: {0.049, 0.059}} {
		r, err := DifferenceError(n, 0.95)
		if err != nil || math.Abs(r.Mean-want[0]) > 0.0006 || math.Abs(r.Most-want[1]) > 0.0006 {
			t.Errorf("%d answers in each group: %+v (%v), want %v", n, r, err, want)
		}
	}
}

func TestPredictionKeepsItsError(t *testing.T) {
	t.Parallel()
	for _, controls := range []int{5, 20} {
		p, equal, err := PredictionError(3000, controls, 0.2, false, 1)
		if err != nil || p < 0.025 || p > 0.062 || equal < 0.038 || equal > 0.062 {
			t.Errorf("%d controls: %v and %v of the nulls are rejected (%v)", controls, p, equal, err)
		}
	}
	if p, _, err := PredictionError(2000, 10, 0.2, true, 2); err != nil || p < 0.01 || p > 0.10 {
		t.Errorf("unequal volumes: %v of the nulls are rejected (%v)", p, err)
	}
}

func TestInterruptedSeriesCover(t *testing.T) {
	t.Parallel()
	byDefault, byREML, err := SegmentCoverage(250, 24, 0.4, 3)
	if err != nil || byREML < 0.84 || byREML > 0.96 || byDefault < byREML-1e-9 {
		t.Errorf("24 periods: %v by default, %v by REML (%v)", byDefault, byREML, err)
	}
	if c, err := CountCoverage(250, 48, 20, 0.4, 4); err != nil || c < 0.89 {
		t.Errorf("48 counts: the interval holds the truth %v of the time (%v)", c, err)
	}
}

func TestEffectsOfCustomersWhoAnswerAgainCover(t *testing.T) {
	t.Parallel()
	runs := 1500
	if raced.On {
		runs = 300
	}
	for _, customers := range []int{40, 150} {
		byCustomer, alone, err := EffectCoverage(runs, customers, 5)
		if err != nil || byCustomer < 0.93 || byCustomer > 0.975 || alone > 0.9 {
			t.Errorf("%d customers: %v by customer, %v as if each answer were somebody else's (%v)", customers, byCustomer, alone, err)
		}
	}
}

func TestWatchKeepsItsBudget(t *testing.T) {
	t.Parallel()
	if raced.On {
		t.Skip("arithmetic on one goroutine, slow under the race detector")
	}
	w, err := Detection(Reference(), 2, 2024)
	if err != nil || w.FalsePerYear > 0.7 || w.Step2[1] < 0.65 || w.Spike5[0] < 0.7 {
		t.Errorf("%+v, %v", w, err)
	}
}
