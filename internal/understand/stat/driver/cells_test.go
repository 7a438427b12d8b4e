package driver_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"kolo/internal/understand/stat/driver"
)

// TestCellsAreTheirAnswers counts answers in cells, with controls, and holds the impacts against those of the single answers.
func TestCellsAreTheirAnswers(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(8, 9))
	const themes, channels, n = 6, 3, 3000
	d := driver.Data{}
	for j := range themes {
		d.Names = append(d.Names, fmt.Sprint("t", j))
	}
	cells := map[string]*driver.Cell{}
	for range n {
		x, dummies := make([]float64, themes), make([]float64, channels-1)
		c := driver.Cell{N: 1}
		channel := rng.IntN(channels)
		y := 0.3 * float64(channel-1)
		for j := range themes {
			if rng.Float64() < 0.04+0.06*float64(j)+0.05*float64(channel) {
				x[j] = 1
				y += 0.3 * float64(j-3)
				c.Mentions = append(c.Mentions, j)
			}
		}
		if channel > 0 {
			dummies[channel-1] = 1
			c.Controls = []int{channel - 1}
		}
		c.Y = math.Round(min(max(y+rng.NormFloat64(), -1), 1))
		d.X, d.Y, d.Controls = append(d.X, x), append(d.Y, c.Y), append(d.Controls, dummies)
		c.Y *= 100
		key := fmt.Sprint(c.Mentions, c.Controls, c.Y)
		if cells[key] == nil {
			cells[key] = &c
		} else {
			cells[key].N++
		}
	}
	want, err := driver.ThemeImpacts(d, 0.9)
	if err != nil {
		t.Fatal(err)
	}
	var list []driver.Cell
	for _, c := range cells {
		list = append(list, *c)
	}
	// Themes and controls that say nothing of their own come behind the others, and change nothing.
	names := append(slices.Clone(d.Names), "twin of t1", "nobody's")
	for i := range list {
		if slices.Contains(list[i].Mentions, 1) {
			list[i].Mentions = append(slices.Clone(list[i].Mentions), themes)
		}
		if len(list[i].Controls) == 0 {
			list[i].Controls = []int{channels - 1} // the third of three dummies
		}
	}
	got, err := driver.ThemeImpactsOfCells(names, channels, list, 0.9)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d impacts, want %d", len(got), len(want))
	}
	near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-8*(1+math.Abs(b)) }
	for i, w := range want {
		g := got[i]
		if g.Theme != w.Theme || !near(g.Share, w.Share) || !near(g.With, w.With) || !near(g.Without, w.Without) || !near(g.Crude, w.Crude) || !near(g.Adjusted, w.Adjusted) ||
			!near(g.Effect.SE, w.Effect.SE) || !near(g.Effect.P, w.Effect.P) || !near(g.Interval.Low, w.Interval.Low) || !near(g.Interval.High, w.Interval.High) {
			t.Errorf("cells\n%+v\nanswers\n%+v", g, w)
		}
	}
}

func TestCellsThatSayTooLittle(t *testing.T) {
	t.Parallel()
	if _, err := driver.ThemeImpactsOfCells([]string{"a"}, 0, []driver.Cell{{Mentions: []int{0}, Y: 100, N: 1}, {Y: -100, N: 1}}, 0.95); err == nil {
		t.Error("two answers gave two coefficients with an interval")
	}
	if _, err := driver.ThemeImpactsOfCells([]string{"a"}, 0, []driver.Cell{{Mentions: []int{1}, Y: 100, N: 9}}, 0.95); err == nil {
		t.Error("a theme that is not there was mentioned")
	}
	// One answer alone mentions b: nothing is known of its spread.
	got, err := driver.ThemeImpactsOfCells([]string{"a", "b"}, 0, []driver.Cell{{Mentions: []int{0}, Y: 100, N: 20}, {Mentions: []int{0}, Y: -100, N: 5}, {Y: 0, N: 9}, {Y: 100, N: 9}, {Mentions: []int{1}, Y: -100, N: 1}}, 0.95)
	if err != nil || len(got) != 1 || got[0].Theme != "a" || math.Abs(got[0].With-60) > 1e-9 {
		t.Errorf("%+v %v", got, err)
	}
}
