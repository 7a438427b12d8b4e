package learn

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"kolo/internal/understand/text"
)

// Training hashes each piece by itself, reading looks a text up once for all its pieces: both must see the same.
func TestPiecesAreWhatTrainingSees(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	vocabulary := strings.Fields("the a good bad not never isn't не нет было نیست نمی\u200cکند لא very שירות טוב خوب سرویس плохо хорошо used to would be раньше never worse far from 12 10/10 3 out of 10 2 stars 😀 ! , a@b.io longer-word " + strings.Repeat("far", 30))
	sentence := func() []text.Word {
		var words []string
		for range r.IntN(12) {
			words = append(words, vocabulary[r.IntN(len(vocabulary))])
		}
		return text.Words(strings.Join(words, " "))
	}
	f := Features{Words: 3, Edges: true, Whole: 3, Negation: true, CharLow: 2, CharHigh: 4, CharWeight: 0.5, MinCount: 2}
	var examples []Example
	for i := range 100 {
		target := []float32{0, 0}
		target[i%2] = 1
		examples = append(examples, Example{Words: sentence(), Targets: [][]float32{target, {target[1], target[0], 0}}, Weights: []float32{1, 1}})
	}
	m, err := Train(examples, []HeadSpec{{Name: "x", Kind: OneOf, Labels: []string{"a", "b"}}, {Name: "y", Kind: AnyOf, Labels: []string{"c", "d", "e"}}}, Options{Features: f, Epochs: 1, Rate: 0.1, Contrast: 0.5, Opposites: [2]int{0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	known := Tones{}
	for row, tone := range m.tone {
		known[m.keys[row]] = tone
	}
	a, b := m.Scratch(), m.Scratch()
	for n := range 400 {
		if n == 200 {
			a.met = make([]metWord, 4) // words take each other's places
		}
		words := sentence()
		first := r.IntN(len(words) + 1)
		last := first + r.IntN(len(words)-first+1)
		m.Load(a, words)
		got, want := m.Piece(a, first, last), m.vectorOf(b, f.Append(nil, words[first:last], known))
		if g, w := byRow(got), byRow(want); !slices.EqualFunc(g, w, func(x, y entry) bool { return x.row == y.row && math.Abs(x.value-y.value) < 1e-5 }) {
			t.Fatalf("words %d to %d of %v:\n%v\n%v", first, last, words, g, w)
		}
		sums := m.Sums(a, got)
		for _, h := range m.Heads {
			one, all := make([]float32, len(h.Labels)), make([]float32, len(h.Labels))
			h.Logits(got, one)
			if h.Of(sums, all); !slices.Equal(one, all) {
				t.Fatalf("head %s by itself %v, and with the others %v", h.Name, one, all)
			}
		}
	}
}

type entry struct {
	row   uint32
	value float64
}

func byRow(v Vector) []entry {
	var out []entry
	for i, row := range v.Rows {
		out = append(out, entry{row, float64(v.Values[i])})
	}
	slices.SortFunc(out, func(a, b entry) int { return int(a.row) - int(b.row) })
	return out
}
