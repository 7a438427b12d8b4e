package app

import (
	"fmt"
	"testing"
	"time"

	"kolo/internal/understand/alert"
)

func TestWatchTmp(t *testing.T) {
	i := open(t)
	ws, _ := i.workspace("one")
	c, err := Demo{Seed: 1, Feedback: 50_000, End: "2026-03-02"}.Company()
	must(t, err)
	t0 := time.Now()
	must(t, i.FillDemo(t.Context(), ws, c, 0, func(int) error { return nil }))
	i.fed2()
	fmt.Println("filled", time.Since(t0))
	start := c.Start()
	t0 = time.Now()
	var worst time.Duration
	for w := 0; w < 104; w++ {
		t1 := time.Now()
		r, err := i.Alerts.Look(t.Context(), ws, start.AddDate(0, 0, 7*(w+1)).Add(2*time.Hour), nil)
		must(t, err)
		worst = max(worst, time.Since(t1))
		if w%20 == 3 || w == 103 {
			fmt.Println(w, fmt.Sprintf("%+v", r), time.Since(t1))
		}
	}
	fmt.Println("looked", time.Since(t0), "worst", worst)
	list, _, err := i.Alerts.List(t.Context(), ws, alert.Filter{Limit: 1000})
	must(t, err)
	for k := len(list) - 1; k >= 0; k-- {
		a := list[k]
		day := func(s string) float64 {
			d, _ := time.Parse(time.DateOnly, s)
			return d.Sub(start).Hours() / 24 / 7
		}
		fmt.Printf("%-11s w%5.1f-%5.1f %-60s %-5s %-4s n=%d obs %.2f exp %.2f (%.2f-%.2f) excess %.1f p %.2g q %.2g\n", a.Kind, day(a.Since), day(a.Last), a.Subject.Key(), a.Rule, a.Bucket, a.Signals, a.Observed, a.Expected, a.Low, a.High, a.Excess, a.P, a.Q)
	}
}
func (i *instance) fed2() {
	i.Helper()
	upTo, err := i.Feedback.Settled(i.Context())
	must(i.T, err)
	for {
		mark, err := i.Columns.Watermark(i.Context(), "feedback")
		must(i.T, err)
		if mark >= upTo {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}
