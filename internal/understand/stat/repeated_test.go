package stat

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

// TestClustersAreThoseOfNPS holds the general sums against the NPS of the same groups, which has vectors.
func TestClustersAreThoseOfNPS(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(4, 8))
	var nps NPSClusters
	var k Clusters
	for range 80 {
		c := NPSCounts{Promoters: r.Int64N(4), Passives: r.Int64N(3), Detractors: r.Int64N(3)}
		nps.Add(c)
		if c.N() == 0 {
			continue
		}
		n, s := float64(c.N()), float64(c.Promoters-c.Detractors)
		k.N, k.Groups = k.N+c.N(), k.Groups+1
		k.Sum, k.Square = k.Sum+s, k.Square+float64(c.Promoters+c.Detractors)
		k.SumSq, k.Cross, k.SizeSq = k.SumSq+s*s, k.Cross+n*s, k.SizeSq+n*n
	}
	want, err := nps.Estimate(.95)
	if err != nil {
		t.Fatal(err)
	}
	got, err := k.Estimate(.95)
	if err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2]float64{
		"mean": {100 * got.Mean, want.NPS}, "se": {100 * got.SE, want.SE}, "design effect": {got.DesignEffect, want.DesignEffect}, "low": {100 * got.Interval.Low, want.Interval.Low},
	} {
		if math.Abs(pair[0]-pair[1]) > 1e-9 {
			t.Errorf("%s is %v, of the NPS %v", name, pair[0], pair[1])
		}
	}
}

func TestAnswersThatStandAloneAreIndependent(t *testing.T) {
	t.Parallel()
	var k Clusters
	k.AddSingles(400, 120, 120) // a share of .3
	c, err := k.Estimate(.95)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(c.DesignEffect-400.0/399) > 1e-9 || math.Abs(c.Mean-.3) > 1e-12 {
		t.Errorf("%+v", c)
	}
	// Each said four times: a quarter of the information.
	k = Clusters{N: 400, Sum: 120, Square: 120, Groups: 100, SumSq: 16 * 30, Cross: 4 * 120, SizeSq: 16 * 100}
	if c, err = k.Estimate(.95); err != nil || math.Abs(c.DesignEffect-4*100.0/99) > 1e-9 {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := (Clusters{N: 9, Groups: 1}).Estimate(.95); !errors.Is(err, ErrUndefined) {
		t.Errorf("one group: %v", err)
	}
}

func TestInflate(t *testing.T) {
	t.Parallel()
	d, err := NPSDifference(NPSCounts{50, 30, 40}, NPSCounts{80, 30, 30}, .95)
	if err != nil {
		t.Fatal(err)
	}
	w := d.Inflate(4)
	if math.Abs(w.Interval.Width()-2*d.Interval.Width()) > 1e-9 || math.Abs(w.SE-2*d.SE) > 1e-9 || w.P <= d.P || w.Estimate != d.Estimate {
		t.Errorf("%+v became %+v", d, w)
	}
	if same := d.Inflate(.5); same != d {
		t.Errorf("a design effect below 1 made %+v of %+v", same, d)
	}
}

func TestPairedIsThatOfNPS(t *testing.T) {
	t.Parallel()
	moves := [3][3]int64{{9, 4, 2}, {3, 20, 8}, {1, 5, 30}}
	want, err := NPSPaired(moves, .95)
	if err != nil {
		t.Fatal(err)
	}
	var changes []float64
	for i, row := range moves {
		for j, n := range row {
			for range n {
				changes = append(changes, 100*float64(j-i))
			}
		}
	}
	got, err := Paired(MomentsOf(changes), .95)
	if err != nil || math.Abs(got.P-want.P) > 1e-12 || math.Abs(got.Interval.Low-want.Interval.Low) > 1e-9 {
		t.Errorf("%+v, of the NPS %+v, %v", got, want, err)
	}
	if _, err := Paired(Moments{N: 5, Mean: 1}, .95); !errors.Is(err, ErrUndefined) {
		t.Errorf("no variance: %v", err)
	}
}

// TestDetectableIsFound: a difference of that size is significant about as often as the power says.
func TestDetectableIsFound(t *testing.T) {
	t.Parallel()
	const n, a = 300, .4
	d, err := Detectable(n, n, a*(1-a), a*(1-a), .8, .05)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	found := 0
	const rounds = 4000
	draw := func(p float64) (k int64) {
		for range n {
			if r.Float64() < p {
				k++
			}
		}
		return k
	}
	for range rounds {
		if x, err := PooledZ(draw(a), n, draw(a+d), n); err == nil && x.P < .05 {
			found++
		}
	}
	if share := float64(found) / rounds; share < .76 || share > .84 {
		t.Errorf("found in %.3f of the cases, planned for .8", share)
	}
}

func TestNeededIsWhatDetectableUndoes(t *testing.T) {
	t.Parallel()
	for _, share := range []bool{true, false} {
		margin, each, err := Needed(share, 5, 10)
		if err != nil {
			t.Fatal(err)
		}
		v, unit := .25, 1.0
		if !share {
			v, unit = TypicalVariance, 1
		}
		d, err := Detectable(float64(each), float64(each), v, v, .8, .05)
		if err != nil || math.Abs(100*d/unit-10) > .1 {
			t.Errorf("share %v: %d answers show %v, %v", share, each, 100*d, err)
		}
		if want := map[bool]int64{true: 381, false: 996}[share]; margin != want {
			t.Errorf("share %v: %d answers for a margin of 5, want %d", share, margin, want)
		}
	}
	if _, _, err := Needed(true, 5, 0); err == nil {
		t.Error("a difference of nothing is planned for")
	}
}
