package insight_test

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"

	"kolo/internal/foundation/fault"
	"kolo/internal/listen/feedback"
	"kolo/internal/understand/insight"
)

// TestMatrix gives each answer with the values that it has, however many different ones there are and however they are written.
func TestMatrix(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		const n = 1300
		odd := []string{"it's", `back\slash`, "$1", "שלום", "''", "1'2", " ", "a,b"}
		want := map[string]int{} // by all that an answer has
		var in []feedback.Input
		for i := range n {
			at := today.AddDate(0, 0, -(i % 200))
			f := feedback.Input{Time: &at, Survey: []string{"one", "two", ""}[i%3], Source: "s", Contact: &feedback.Who{ExternalID: fmt.Sprint("c", i%50)},
				Scores:     []feedback.Score{{Metric: "nps", Value: float64(i % 11), Scale: feedback.Scale{Min: 0, Max: 10}}},
				Attributes: feedback.Attributes{"odd": odd[i%len(odd)], "wide": strconv.Itoa(7 * i), "many": fmt.Sprint("m", i%70), "none": ""},
				Answers:    feedback.Answers{{Question: "rate", Value: float64(1 + i%5)}}}
			if i%10 == 0 {
				f.Answers, f.Attributes["wide"] = nil, "no number"
			}
			in = append(in, f)
			class := 0.0
			if v := i % 11; v >= 9 {
				class = 100
			} else if v <= 6 {
				class = -100
			}
			rate, wide := strconv.Itoa(1+i%5), float64(7*i)
			if i%10 == 0 {
				rate, wide = "", math.NaN()
			}
			zone := at.In(w.zone())
			want[fmt.Sprint(class, odd[i%len(odd)], rate, wide, (zone.Year()-1970)*4+(int(zone.Month())-1)/3)]++
		}
		for chunk := range slices.Chunk(in, 500) {
			w.receive(w.ws, chunk...)
		}
		q := insight.MatrixQuery{Score: insight.NPS, Texts: []string{"attribute.odd", "attribute.many", "channel"}, Numbers: []string{"answer.rate", "attribute.wide"}, Themes: true}
		m, err := w.insight.Matrix(t.Context(), w.ws, q)
		must(t, err)
		if m.N != n || len(m.Y) != n || m.Unit != "points" || m.Scale != "0..10" || !m.Texts[1].More || m.Texts[0].More || len(m.Texts[2].Values) != 2 || len(m.Sets) != n || len(m.Themes) != 1 {
			t.Fatalf("%d of %d answers, %v %v %v", len(m.Y), m.N, m.Texts[0].Values, m.Texts[1].More, m.Texts[2].Values)
		}
		customers := map[int64]bool{}
		for i := range m.Y {
			wide, ok := insight.Number(m.Numbers[1].Values[m.Numbers[1].Codes[i]])
			if !ok {
				wide = math.NaN()
			}
			key := fmt.Sprint(m.Y[i], m.Texts[0].Values[m.Texts[0].Codes[i]], m.Numbers[0].Values[m.Numbers[0].Codes[i]], wide, m.Quarter[i])
			if want[key]--; want[key] < 0 {
				t.Fatalf("answer %d: %s is not among what was said, or too often", i, key)
			}
			customers[m.Customer[i]] = true
		}
		if len(customers) != 50 || customers[0] {
			t.Errorf("%d customers", len(customers))
		}
		populations, err := w.insight.Populations(t.Context(), w.ws, q, []string{"answer.rate", "attribute.odd", "channel", "theme"})
		must(t, err)
		if len(populations) != 3 || populations[0].N+populations[1].N+populations[2].N != n {
			t.Fatalf("%+v", populations)
		}
		for _, p := range populations {
			if (p.Survey == "") != (p.Source == "s") || p.Has[1] != p.N || p.Has[2] != p.N || p.Has[3] != 0 || p.Has[0] < p.N*85/100 || p.Has[0] > p.N*95/100 {
				t.Errorf("%+v", p)
			}
		}
		// Values themselves, where the score is a mean; another scale is left out.
		w.receive(w.ws, feedback.Input{Scores: []feedback.Score{{Metric: "star", Value: 4.5, Scale: feedback.Scale{Min: 1, Max: 5}}}}, feedback.Input{Scores: []feedback.Score{{Metric: "star", Value: 2, Scale: feedback.Scale{Min: 1, Max: 5}}}},
			feedback.Input{Scores: []feedback.Score{{Metric: "star", Value: 9, Scale: feedback.Scale{Min: 1, Max: 10}}}})
		stars, err := w.insight.Matrix(t.Context(), w.ws, insight.MatrixQuery{Score: insight.Star})
		must(t, err)
		slices.Sort(stars.Y)
		if !slices.Equal(stars.Y, []float64{2, 4.5}) || stars.Unit != "scale" || len(stars.LeftOut) != 1 {
			t.Errorf("%+v", stars)
		}
		theirs, err := w.insight.Matrix(t.Context(), w.workspace("Two"), q)
		must(t, err)
		if theirs.N != 0 || len(theirs.Y) != 0 {
			t.Errorf("another workspace sees %+v", theirs)
		}
		for _, bad := range []insight.MatrixQuery{{Score: insight.Count}, {Score: insight.NPS, Texts: []string{"nothing"}}, {Score: insight.NPS, Texts: []string{"theme"}}, {Score: insight.NPS, Where: insight.Conditions{{Field: "nothing"}}}} {
			if _, err := w.insight.Matrix(t.Context(), w.ws, bad); !fault.Is(err, fault.Invalid) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		before, err := w.insight.Fed(t.Context())
		must(t, err)
		w.receive(w.ws, in[0])
		if after, err := w.insight.Fed(t.Context()); err != nil || after <= before {
			t.Errorf("fed up to %d, before %d: %v", after, before, err)
		}
	})
}
