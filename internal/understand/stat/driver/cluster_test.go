package driver

import (
	"math"
	"math/rand/v2"
	"testing"

	"kolo/internal/understand/stat/regress"
)

// repeated gives the answers to customers who answer once to six times, but one who answers often; every tenth answer is nobody's.
func repeated(a *Answers, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 2))
	a.Customer = make([]int64, len(a.Y))
	customer, left := int64(1), 0
	for i := range a.Y {
		switch {
		case i%10 == 3:
			a.Part[i] = int32(rng.IntN(a.Parts))
			continue
		case i%7 == 5:
			a.Customer[i] = -9
		default:
			if left == 0 {
				customer, left = customer+1, 1+rng.IntN(6)
			}
			left--
			a.Customer[i] = customer
		}
		a.Part[i] = int32((a.Customer[i] + 9) % int64(a.Parts))
	}
}

// without is what leaving out one customer after the other makes of coefficients: the sum of the products of their changes. Where a column is left
// without any value, so it is left out of the fit too.
func without(t *testing.T, a *Answers, d Data) [][]float64 {
	t.Helper()
	x := d.design()
	k := len(x[0])
	fit := func(keep func(i int) bool) []float64 {
		var y []float64
		var rows [][]float64
		seen := make([]bool, k)
		for i := range x {
			if keep(i) {
				y, rows = append(y, d.Y[i]), append(rows, x[i])
				for j, v := range x[i] {
					seen[j] = seen[j] || v != 0
				}
			}
		}
		var columns []int
		for j := range k {
			if seen[j] {
				columns = append(columns, j)
			}
		}
		for i, row := range rows {
			short := make([]float64, len(columns))
			for c, j := range columns {
				short[c] = row[j]
			}
			rows[i] = short
		}
		f, err := regress.Fit(rows, y, nil)
		if err != nil {
			t.Fatal(err)
		}
		out := make([]float64, k)
		for c, j := range columns {
			out[j] = f.Coef[c]
		}
		return out
	}
	whole := fit(func(int) bool { return true })
	cov := regress.Zero(k)
	done := map[int64]bool{}
	for i, c := range a.Customer {
		if done[c] {
			continue
		}
		done[c] = c != 0
		rest := fit(func(j int) bool { return j != i && (c == 0 || a.Customer[j] != c) })
		for j := range rest {
			rest[j] -= whole[j]
		}
		regress.AddOuter(cov, rest, rest, 1)
	}
	return cov
}

// TestErrorsByCustomer: the error by customer is how far coefficients move when one customer after the other is left out.
func TestErrorsByCustomer(t *testing.T) {
	t.Parallel()
	a, d := sample(21, 300, 3, 12)
	repeated(a, 21)
	p, err := Gather(a)
	if err != nil {
		t.Fatal(err)
	}
	f, err := p.Effects()
	if err != nil {
		t.Fatal(err)
	}
	customers := map[int64]int{}
	for _, c := range a.Customer {
		customers[c]++
	}
	if !f.Several || f.Customers != len(customers)-1+customers[0] || f.DF != float64(f.Customers-1) || customers[-9] <= len(d.design()[0]) {
		t.Errorf("%d customers, %v degrees of freedom", f.Customers, f.DF)
	}
	want := without(t, a, d)
	for i := range want {
		for j := range want {
			if math.Abs(f.Cov[i][j]-want[i][j]) > 1e-8*math.Sqrt(want[i][i]*want[j][j]) {
				t.Errorf("columns %d and %d: %v, want %v", i, j, f.Cov[i][j], want[i][j])
			}
		}
	}
	if c, _ := f.Combination("", map[int]float64{1: 1}, .9); c.Interval.Method != "CR3 t" {
		t.Errorf("%+v", c)
	}
	// Customers who answered once are answers.
	single := *a
	single.first = nil
	single.Customer = make([]int64, len(a.Y))
	for i := range single.Customer {
		single.Customer[i] = int64(i + 1)
	}
	alone, plain := fit(t, &single), *a
	plain.first, plain.who, plain.Customer = nil, nil, nil
	nobody := fit(t, &plain)
	hc3, err := Linear(d, .95)
	if err != nil {
		t.Fatal(err)
	}
	for j := range hc3.Cov {
		for _, f := range []*Fit{alone, nobody} {
			if f.Several || f.DF != hc3.DF || math.Abs(f.Cov[j][j]-hc3.Cov[j][j]) > 1e-9*hc3.Cov[j][j] {
				t.Errorf("column %d: %v, want %v", j, f.Cov[j][j], hc3.Cov[j][j])
			}
		}
	}
}

func fit(t *testing.T, a *Answers) *Fit {
	t.Helper()
	p, err := Gather(a)
	if err != nil {
		t.Fatal(err)
	}
	f, err := p.Effects()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestWhatOneCustomerDetermines has no effect, however often he answers; the others have theirs.
func TestWhatOneCustomerDetermines(t *testing.T) {
	t.Parallel()
	for _, often := range []bool{false, true} { // fewer answers than columns, and more
		a, d := sample(22, 400, 3, 10)
		repeated(a, 22)
		for i, c := range a.Customer {
			switch mine := c == 5 && !often || c == -9 && often; {
			case mine:
				a.Factors[3].Codes[i] = 2
				d.X[i][3], d.X[i][4] = 0, 1
			case a.Factors[3].Codes[i] == 2:
				a.Factors[3].Codes[i] = 0
				d.X[i][4] = 0
			}
		}
		f := fit(t, a)
		if _, ok := f.Combination("premium", map[int]float64{5: 1}, .95); ok {
			t.Error("one customer is no evidence")
		}
		want := without(t, a, d)
		for j := range want {
			if j == 5 {
				continue
			}
			if !f.Known[j] || math.Abs(f.Cov[j][j]-want[j][j]) > 1e-6*want[j][j] {
				t.Errorf("often %v, column %d: %v (%v), want %v", often, j, f.Cov[j][j], f.Known[j], want[j][j])
			}
		}
	}
	one, _ := sample(23, 40, 3, 1)
	one.Customer = make([]int64, 40)
	for i := range one.Customer {
		one.Customer[i], one.Part[i] = 1, 0
	}
	p, err := Gather(one)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Effects(); err == nil {
		t.Error("all answers are one customer's")
	}
}
