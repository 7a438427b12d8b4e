package reading

import (
	"slices"
	"testing"
)

func TestFilesOfEarlierVersionsAreRead(t *testing.T) {
	raw := []float32{1, 2, 3, 0}
	deltaNote{Strength: 2, Scale: 0.5, Words: 1}.apply(raw, []float32{1, 0, 0, 0}, 9)
	if want := []float32{2.5, 1, 1.5, 0}; !slices.Equal(raw, want) {
		t.Errorf("%v, not %v", raw, want)
	}
}

func TestSurenessWithoutGround(t *testing.T) {
	said := func(sure, n, opposite int) (list []prepared) {
		for i := range n {
			e := prepared{sure: sure, label: sure}
			if i < opposite {
				e.label = 2 - sure
			}
			list = append(list, e)
		}
		return list
	}
	for _, c := range []struct {
		list []prepared
		want []int
	}{
		{nil, nil},
		{said(0, 30, 9), nil}, // ratings that do not fit the words
		{said(0, 30, 10), []int{0}},
		{said(2, 30, 12), []int{2}},
		{said(2, 19, 19), nil}, // too few
		{slices.Concat(said(0, 40, 30), said(2, 400, 40), said(-1, 40, 0)), []int{0}},
	} {
		if got := unsound(c.list); !slices.Equal(got, c.want) {
			t.Errorf("%v, not %v", got, c.want)
		}
	}

	// What is sure of blame is not turned into praise, unless it is sure without ground.
	for unsound, turned := range map[int]bool{-1: false, 2: false, 0: true} {
		raw := []float32{4, 0, 0, 0}
		deltaNote{Strength: 1, Scale: 1, Words: 1, Unsound: []int{unsound}}.apply(raw, []float32{0, 0, 9, 0}, 9)
		if (raw[2] > raw[0]) != turned {
			t.Errorf("without ground %d: %v", unsound, raw)
		}
	}
}
