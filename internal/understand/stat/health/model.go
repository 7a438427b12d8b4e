package health

import (
	"math"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/regress"
)

// What a fitted score needs before hand-set weights give way to it.
const (
	FewestEvents             = 100
	FewestEventsPerComponent = 10
	DefaultRidge             = 1.0
)

// Model predicts churn within a horizon from components measured before it.
type Model struct {
	Intercept float64
	Coef      []float64 // per standard deviation of each component
	Mean, SD  []float64
	Events    int
}

// FitChurn fits a ridge logistic regression of churn on the components, standardised; ridge 0 is DefaultRidge. Undefined
// below FewestEvents churned customers or FewestEventsPerComponent of them per component: keep hand-set weights then. A
// component that does not vary gets coefficient 0. Validate on a later time before showing anything.
func FitChurn(components [][]float64, churned []bool, ridge float64) (*Model, error) {
	const op = "health.FitChurn"
	n := len(components)
	if n == 0 || len(churned) != n {
		return nil, stat.Undefined(op, "%d customers with %d outcomes", n, len(churned))
	}
	if ridge == 0 {
		ridge = DefaultRidge
	}
	m, y, k := &Model{}, make([]float64, n), len(components[0])
	for i, c := range churned {
		if y[i] = number(c); c {
			m.Events++
		}
	}
	if m.Events < FewestEvents || n-m.Events < FewestEvents || m.Events < FewestEventsPerComponent*k {
		return nil, stat.Undefined(op, "%d of %d customers churned: too few to learn weights for %d components", m.Events, n, k)
	}
	x := make([][]float64, n)
	for i, row := range components {
		if len(row) != k {
			return nil, stat.Invalid(op, "customer %d has %d components of %d", i, len(row), k)
		}
		x[i] = append(make([]float64, 0, k+1), 1)
	}
	for j := range k {
		column := make([]float64, n)
		for i, row := range components {
			column[i] = row[j]
		}
		d := stat.MomentsOf(column)
		if math.IsNaN(d.SD) || math.IsInf(d.SD, 0) {
			return nil, stat.Invalid(op, "component %d has a value that is not a number", j)
		}
		m.Mean, m.SD = append(m.Mean, d.Mean), append(m.SD, d.SD)
		for i, v := range column {
			x[i] = append(x[i], m.scaled(j, v))
		}
	}
	fit, err := regress.RidgeLogit(x, y, ridge)
	if err != nil {
		return nil, err
	}
	m.Intercept, m.Coef = fit.Coef[0], fit.Coef[1:]
	return m, nil
}

func (m *Model) scaled(j int, v float64) float64 {
	if m.SD[j] == 0 {
		return 0
	}
	return (v - m.Mean[j]) / m.SD[j]
}

// Chance is the predicted chance of churn; the health score is 100 (1 - Chance).
func (m *Model) Chance(components []float64) (float64, error) {
	if len(components) != len(m.Coef) {
		return 0, stat.Invalid("health.Chance", "%d components, the model has %d", len(components), len(m.Coef))
	}
	eta := m.Intercept
	for j, v := range components {
		eta += m.Coef[j] * m.scaled(j, v)
	}
	return 1 / (1 + math.Exp(-eta)), nil
}
