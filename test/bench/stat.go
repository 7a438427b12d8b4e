package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"syscall"
	"time"

	"kolo/internal/understand/stat/driver"
	"kolo/internal/understand/stat/simulation"
	"kolo/internal/understand/stat/watch"
)

// statistics simulates at length what the tests simulate briefly, each figure beside the range it should lie in, and measures the two
// computations that take long: what moves a score, and a night of early warning.
func (b *bench) statistics() error {
	within := func(what string, got, low, high float64, from string) {
		b.add(line{what: what, measured: fmt.Sprintf("%.4f", got), limit: fmt.Sprintf("%.3f to %.3f", low, high), peer: from, ok: low <= got && got <= high})
	}
	for _, c := range []struct {
		n           int64
		mean, least float64
	}{{10, 0.955, 0.930}, {20, 0.951, 0.939}, {50, 0.950, 0.943}, {200, 0.950, 0.948}} {
		r, err := simulation.NPSCoverage(c.n, 0.95)
		if err != nil {
			return err
		}
		within(fmt.Sprintf("NPS interval, %d answers: coverage, mean over 171 truths", c.n), r.Mean, c.mean-0.001, c.mean+0.001, "exact enumeration")
		within(fmt.Sprintf("NPS interval, %d answers: least coverage", c.n), r.Least, c.least-0.001, c.least+0.001, "exact enumeration")
	}
	for _, c := range []struct {
		n    int64
		mean float64
	}{{10, 0.046}, {20, 0.049}, {50, 0.050}} {
		r, err := simulation.DifferenceError(c.n, 0.95)
		if err != nil {
			return err
		}
		within(fmt.Sprintf("NPS difference, %d and %d answers: type-I error at .05", c.n, c.n), r.Mean, c.mean-0.001, c.mean+0.001, fmt.Sprintf("exact; at most %.4f", r.Most))
	}
	for _, controls := range []int{5, 10, 20, 40} {
		p, equal, err := simulation.PredictionError(20_000, controls, 0.2, false, 1)
		if err != nil {
			return err
		}
		within(fmt.Sprintf("fix against %d controls: type-I error at .05, default", controls), p, 0.03, 0.058, "20,000 runs")
		within(fmt.Sprintf("fix against %d controls: type-I error at .05, equal volumes", controls), equal, 0.044, 0.056, "20,000 runs")
	}
	p, _, err := simulation.PredictionError(20_000, 10, 0.2, true, 2)
	if err != nil {
		return err
	}
	within("fix against 10 controls of unequal volume: type-I error", p, 0.01, 0.10, "20,000 runs")
	for _, c := range []struct {
		n         int
		low, high float64 // of REML alone
	}{{16, 0.84, 0.93}, {24, 0.87, 0.94}, {48, 0.89, 0.96}, {104, 0.92, 0.97}} {
		byDefault, byREML, err := simulation.SegmentCoverage(1000, c.n, 0.4, 3)
		if err != nil {
			return err
		}
		within(fmt.Sprintf("interrupted series, %d periods, rho .4: coverage of GLS-REML", c.n), byREML, c.low, c.high, "1,000 runs")
		within(fmt.Sprintf("interrupted series, %d periods, rho .4: coverage of the default", c.n), byDefault, c.low, 0.99, "1,000 runs")
	}
	for _, c := range []struct {
		n         int
		mean, rho float64
	}{{24, 5, 0}, {24, 20, 0.4}, {48, 20, 0.4}, {104, 80, 0.4}, {104, 5, 0.2}} {
		covered, err := simulation.CountCoverage(1000, c.n, c.mean, c.rho, 4)
		if err != nil {
			return err
		}
		within(fmt.Sprintf("interrupted counts, %d periods of %.0f, rho %.1f: coverage", c.n, c.mean, c.rho), covered, 0.90, 0.985, "1,000 runs")
	}
	for _, customers := range []int{40, 150} {
		byCustomer, alone, err := simulation.EffectCoverage(5000, customers, 5)
		if err != nil {
			return err
		}
		within(fmt.Sprintf("effects, %d customers who answer 1 to 7 times: coverage by customer", customers), byCustomer, 0.94, 0.965, fmt.Sprintf("5,000 runs; %.3f by HC3", alone))
	}
	w, err := simulation.Detection(simulation.Reference(), 100, 2024)
	if err != nil {
		return err
	}
	within("watch: false episodes in a year of a series (nominal .5)", w.FalsePerYear, 0, 0.6, "22 scenarios, 100 each")
	within("watch: doubled mean found within 4 weeks", w.Step2[0], 0.62, 1, "")
	within("watch: doubled mean found within 8 weeks", w.Step2[1], 0.76, 1, "")
	within("watch: spike of 5 deviations found within 4 weeks", w.Spike5[0], 0.78, 1, "")
	within("watch: slow doubling found within 8 weeks", w.Ramp2[1], 0.55, 1, "")
	return b.statisticsSpeed()
}

// statisticsSpeed times the importance of 12 drivers with its intervals, and the newest week of 10,000 series, once with what was kept
// of the weeks before, once with their two years gone through anew.
func (b *bench) statisticsSpeed() error {
	r := rand.New(rand.NewPCG(1, 2))
	d := driver.Data{}
	for j := range 12 {
		d.Names = append(d.Names, fmt.Sprint("driver ", j+1))
	}
	for range 100_000 {
		mood, row, y := r.NormFloat64(), make([]float64, 12), r.NormFloat64()
		for j := range row {
			row[j] = math.Round(3 + mood + r.NormFloat64())
			y += row[j] * float64(j) / 12
		}
		d.X, d.Y = append(d.X, row), append(d.Y, y)
	}
	began, used := time.Now(), processorTime()
	if _, err := driver.Analyse(d, driver.Options{Resamples: driver.Resamples, Seed: 1}); err != nil {
		return err
	}
	b.spent("importance of 12 drivers, 100,000 answers, 1,000 resamples", began, used, 5*time.Second)

	series := make([]watch.Series, 10_000)
	for i := range series {
		mean := math.Exp(3 * r.Float64())
		for w := range 217 {
			m := mean * math.Exp(0.3*math.Cos(2*math.Pi*float64(w)/52))
			series[i].Counts = append(series[i].Counts, math.Max(0, math.Round(m+math.Sqrt(1.5*m)*r.NormFloat64())))
		}
	}
	night := func(from int) error {
		var group sync.WaitGroup
		failures := make(chan error, runtime.GOMAXPROCS(0))
		for worker := range runtime.GOMAXPROCS(0) {
			group.Go(func() {
				detector := watch.Weekly(1e-5)
				for i := worker; i < len(series); i += runtime.GOMAXPROCS(0) {
					if _, err := detector.Run(series[i], from, nil); err != nil {
						failures <- err
						return
					}
				}
			})
		}
		group.Wait()
		select {
		case err := <-failures:
			return err
		default:
			return nil
		}
	}
	for _, n := range []struct {
		what string
		from int
	}{{"newest week of 10,000 series, sums kept", 216}, {"newest week of 10,000 series, 104 weeks gone through anew", 113}} {
		began, used := time.Now(), processorTime()
		if err := night(n.from); err != nil {
			return err
		}
		b.spent(n.what, began, used, 20*time.Second)
	}
	return nil
}

// spent adds how long something took, and what it took of the processors: on a machine that does other things, too, the second
// tells more.
func (b *bench) spent(what string, began time.Time, used, limit time.Duration) {
	took := time.Since(began)
	b.add(line{what: what, measured: took.Round(10 * time.Millisecond).String(), limit: limit.String(), ok: took <= limit,
		peer: fmt.Sprintf("%v of processor time on %d", (processorTime() - used).Round(10*time.Millisecond), runtime.GOMAXPROCS(0))})
}

// processorTime is what this process has used of the processors.
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
