package weight

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"kolo/internal/understand/stat/vectortest"
)

type object = map[string]any

// survey is respondents in cells of some variables, by class of their answer.
type survey struct {
	variables []string
	values    []map[string]string // of each cell
	counts    []float64
	classes   Answers // three units for each cell
}

func readCells(t *testing.T, raw []json.RawMessage, variables []string) survey {
	s := survey{variables: variables}
	for _, cell := range raw {
		var loose map[string]any
		if err := json.Unmarshal(cell, &loose); err != nil {
			t.Fatal(err)
		}
		of := map[string]string{}
		for _, v := range variables {
			of[v] = vectortest.Decode[string](t, vectortest.OK[[]byte](t)(json.Marshal(loose[v])))
		}
		s.values = append(s.values, of)
		n := vectortest.Decode[struct{ N, Promoters, Passives, Detractors float64 }](t, cell)
		s.counts = append(s.counts, n.N)
		s.classes.Counts = append(s.classes.Counts, n.Promoters, n.Passives, n.Detractors)
		s.classes.Values = append(s.classes.Values, 100, 0, -100)
	}
	return s
}

// margin is one of the cells, and one of the cells crossed with classes.
func (s survey) margin(variable string, targets map[string]float64) (cells, classes Margin) {
	labels := slices.Sorted(maps.Keys(targets))
	m := Margin{Name: variable, Labels: labels}
	for _, l := range labels {
		m.Targets = append(m.Targets, targets[l])
	}
	c := m
	for _, of := range s.values {
		k := slices.Index(labels, of[variable])
		m.Of, c.Of = append(m.Of, k), append(c.Of, k, k, k)
	}
	return m, c
}

// name of a cell, as the files have it.
func (s survey) name(i int) string {
	var parts []string
	for _, v := range s.variables {
		parts = append(parts, s.values[i][v])
	}
	return strings.Join(parts, "|")
}

// score is the weighted mean, with what the margins explain of it.
func (s survey) score(t *testing.T, weights []float64, margins []Margin) Estimate {
	a := s.classes
	for _, w := range weights {
		a.Weights = append(a.Weights, w, w, w)
	}
	return vectortest.OK[Estimate](t)(Mean(a, margins))
}

type rakeInput struct {
	Cells   []json.RawMessage
	Margins json.RawMessage
	Margin  map[string]float64
	Base    float64 `json:"base_weight"`
	Cap     float64 `json:"cap_multiple_of_mean"`
}

func TestVectorsRaking(t *testing.T) {
	t.Parallel()
	f := vectortest.Load(t, "raking")
	raked := map[string]Raked{} // by the case
	surveys := map[string]survey{}
	margins := map[string][]Margin{}
	latest := ""
	before := map[string]string{} // the raking that a case without cells trims
	for _, c := range f.Cases {
		in := vectortest.Decode[rakeInput](t, c.Input)
		if in.Margins != nil {
			latest = c.ID
			targets := vectortest.Decode[map[string]map[string]float64](t, in.Margins)
			s := readCells(t, in.Cells, vectortest.Keys(t, in.Margins))
			var cells []Margin
			for _, v := range s.variables {
				m, classes := s.margin(v, targets[v])
				cells = append(cells, m)
				margins[c.ID] = append(margins[c.ID], classes)
			}
			var base []float64
			if in.Base > 0 {
				for range s.counts {
					base = append(base, in.Base)
				}
			}
			surveys[c.ID] = s
			raked[c.ID] = vectortest.OK[Raked](t)(Rake(s.counts, base, cells, 1e-12))
		}
		before[c.ID] = latest
	}
	f.Each(t, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[rakeInput](t, c.Input)
		named := func(s survey, w []float64) object {
			out := object{}
			for i, x := range w {
				out[s.name(i)] = x
			}
			return out
		}
		switch of := before[c.ID]; {
		case in.Cap > 0:
			s := surveys[of]
			w := vectortest.OK[[]float64](t)(Trim(s.counts, raked[of].Weights, in.Cap))
			sum, high := 0.0, 0.0
			for i, x := range w {
				sum, high = sum+s.counts[i]*x, max(high, x)
			}
			return object{"cell_weight": named(s, w), "sum": sum, "max": high, "weighted_nps": s.score(t, w, nil).Mean}
		case in.Margins != nil:
			s, r := surveys[of], raked[of]
			e := s.score(t, r.Weights, margins[of])
			low, high := math.Inf(1), 0.0
			for _, w := range r.Weights {
				low, high = min(low, w), max(high, w)
			}
			return object{"cell_weight": named(s, r.Weights), "iterations_to_1e12": r.Cycles,
				"unweighted_nps": s.score(t, ones(len(s.counts)), nil).Mean, "weighted_nps": e.Mean, "se_weights_fixed": e.SEFixed,
				"se_rake": e.SECalibrated, "se_calibrate_raking": e.SECalibrated, "kish_neff": e.EffectiveN,
				"kish_deff": e.DesignEffect, "weight_min": low, "weight_max": high, "weight_ratio_max_mean": e.LargestRatio}
		}
		variable := ""
		for _, k := range vectortest.Keys(t, in.Cells[0]) {
			var loose map[string]any
			if err := json.Unmarshal(in.Cells[0], &loose); err != nil {
				t.Fatal(err)
			}
			if v, ok := loose[k].(string); ok {
				if _, ok := in.Margin[v]; ok {
					variable = k
				}
			}
		}
		s := readCells(t, in.Cells, []string{variable})
		m, classes := s.margin(variable, in.Margin)
		w := vectortest.OK[[]float64](t)(PostStratify(s.counts, m))
		e := s.score(t, w, []Margin{classes})
		return object{"weights": named(s, w), "weighted_nps": e.Mean, "se": e.SECalibrated}
	})
}

func TestVectorsResponse(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "response_rate").Each(t, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			Cells []map[string]int64
			NPS   float64   `json:"nps_respondents"`
			Rate  float64   `json:"response_rate"`
			Gaps  []float64 `json:"gap_points"`
			Level float64
		}](t, c.Input)
		if in.Cells == nil {
			low, high, err := Bounds(in.NPS, in.Rate)
			if err != nil {
				t.Fatal(err)
			}
			return object{"adjusted": vectortest.OK[[]float64](t)(Sensitivity(in.NPS, in.Rate, in.Gaps)),
				"bounds_all_detractors_all_promoters": []float64{low, high},
				"gap_to_zero":                         vectortest.Maybe(GapToZero(in.NPS, in.Rate))}
		}
		want := vectortest.Decode[struct {
			Coef  json.RawMessage
			Cells []map[string]float64 `json:"propensity_by_cell"`
		}](t, c.Expected)
		terms := slices.DeleteFunc(vectortest.Keys(t, want.Coef), func(name string) bool { return name == "intercept" }) // a variable with one of its values
		var groups []Group
		for _, u := range in.Cells {
			g := Group{Invited: u["invited"], Responded: u["responded"]}
			for _, term := range terms {
				variable := strings.TrimRight(term, "0123456789")
				on := 0.0
				if term[len(variable):] == vectortest.Decode[string](t, vectortest.OK[[]byte](t)(json.Marshal(u[variable]))) {
					on = 1
				}
				g.X = append(g.X, on)
			}
			groups = append(groups, g)
		}
		r := vectortest.OK[Response](t)(Respond(groups, vectortest.Level(in.Level)))
		coef := object{"intercept": r.Coef[0]}
		for j, term := range terms {
			coef[term] = r.Coef[1+j]
		}
		cells := []any{} // in the order of the expectation
		for _, w := range want.Cells {
			for i, u := range in.Cells {
				same := true
				for k, v := range w {
					same = same && (k == "rho" || float64(u[k]) == v)
				}
				if same {
					o := object{"rho": r.Propensity[i]}
					for k, v := range u {
						o[k] = v
					}
					cells = append(cells, o)
				}
			}
		}
		return object{"response_rate": r.Rate.Value, "wilson": []float64{r.Rate.Low, r.Rate.High}, "coef": coef,
			"r_indicator": r.RIndicator, "ipw_kish_neff": r.EffectiveN, "propensity_by_cell": cells}
	})
}
