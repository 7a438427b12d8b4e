package sentiment_test

import (
	"encoding/json"
	"math"
	"testing"

	"kolo/internal/understand/sentiment"
)

func TestLabelsHaveNames(t *testing.T) {
	t.Parallel()
	for _, l := range sentiment.Labels {
		b, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		var back sentiment.Label
		if err := json.Unmarshal(b, &back); err != nil || back != l {
			t.Errorf("%s came back as %v: %v", b, back, err)
		}
		if sentiment.Names[l+1] != l.String() {
			t.Errorf("output %d of the heads is %s, not %s", l+1, sentiment.Names[l+1], l)
		}
	}
	if _, err := sentiment.Parse("angry"); err == nil {
		t.Error("angry is taken for a label")
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	ln := func(p ...float64) []float32 {
		out := make([]float32, len(p))
		for i, x := range p {
			out[i] = float32(math.Log(x))
		}
		return out
	}
	j := sentiment.Judge{Mixed: 1.5, Margin: 0.15}
	for _, c := range []struct {
		in         []float32
		label      sentiment.Label
		score      float64
		confidence float64
		unsure     bool
	}{
		{ln(0.7, 0.1, 0.1, 0.1), sentiment.Negative, -0.6, 0.7, false},
		{ln(0.1, 0.4, 0.35, 0.15), sentiment.Neutral, 0.25, 0.4, true},
		{ln(0.3, 0.05, 0.25, 0.4), sentiment.Negative, -0.05, 0.3, true}, // mixed is likelier, but not by half
		{ln(0.2, 0.05, 0.15, 0.6), sentiment.Mixed, -0.05, 0.6, false},
		{ln(0.05, 0.15, 0.8), sentiment.Positive, 0.75, 0.8, false},
		{ln(0.36, 0.29, 0.35), sentiment.Negative, -0.05, 0.36, true}, // the score goes with the label
		{ln(0.345, 0.3, 0.355), sentiment.Positive, 0.05, 0.355, true},
	} {
		v := j.Decide(c.in)
		if v.Label != c.label || math.Abs(float64(v.Score)-c.score) > 1e-5 || math.Abs(float64(v.Confidence)-c.confidence) > 1e-5 || v.Unsure != c.unsure {
			t.Errorf("%+v, want %+v", v, c)
		}
	}
}

func TestEvidenceOfOneClauseAndOfMany(t *testing.T) {
	t.Parallel()
	half := float32(math.Log(0.5))
	e := sentiment.Evidence{Text: "Why?", Clauses: [][3]float32{{half, -9, half}}, Lengths: []int{4}, In: []int{0}, Parts: []sentiment.Part{{Clauses: 1}}}
	one := len(e.OfText())
	e.Clauses, e.Lengths, e.In = make([][3]float32, 1000), make([]int, 1000), make([]int, 1000)
	if n := len(e.OfText()); n != one {
		t.Errorf("%d numbers of one clause, %d of many", one, n)
	}
	clause := len(e.OfClause(0))
	for i := range e.Clauses {
		for _, x := range e.OfClause(i) {
			if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
				t.Fatalf("clause %d has %v", i, x)
			}
		}
		if n := len(e.OfClause(i)); n != clause {
			t.Fatalf("clause %d has %d numbers, the first %d", i, n, clause)
		}
	}
}
