package learn_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"kolo/internal/understand/learn"
	"kolo/internal/understand/text"
)

// examples are texts whose label is told by one word, and whose second head by another.
func examples() []learn.Example {
	var out []learn.Example
	for i := range 400 {
		good, app := i%2 == 0, i%3 == 0
		words := []string{"visit", fmt.Sprint("w", i%7), "the", "shop", "on", fmt.Sprint("d", i%5)}
		words[i%6] = map[bool]string{true: "splendid", false: "dreadful"}[good]
		if app {
			words = append(words, "application")
		}
		targets := [][]float32{{1, 0}, {0}}
		if good {
			targets[0] = []float32{0, 1}
		}
		if app {
			targets[1] = []float32{1}
		}
		out = append(out, learn.Example{Words: text.Words(strings.Join(words, " ")), Weights: []float32{1, 1}, Targets: targets})
	}
	return out
}

var (
	specs = []learn.HeadSpec{
		{Name: "feeling", Kind: learn.OneOf, Labels: []string{"bad", "good"}},
		{Name: "matter", Kind: learn.AnyOf, Labels: []string{"app"}},
	}
	options = learn.Options{
		Features: learn.Features{Words: 2, Edges: true, CharLow: 2, CharHigh: 4, CharWeight: 0.5, MinCount: 2},
		Epochs:   10, Rate: 0.2, Decay: 1e-5, Contrast: 0.5, Dropout: 0.1, Seed: 7,
	}
)

func probabilities(m *learn.Model, head, s string) []float32 {
	scratch := m.Scratch()
	defer m.Release(scratch)
	h := m.Head(head)
	out := make([]float32, len(h.Labels))
	h.Logits(m.Vector(scratch, text.Words(s)), out)
	if h.Kind == learn.OneOf {
		learn.Softmax(out)
		return out
	}
	for k, z := range out {
		out[k] = learn.Sigmoid(z)
	}
	return out
}

func TestTrainLearnsWhatTellsTheLabels(t *testing.T) {
	t.Parallel()
	m, err := learn.Train(examples(), specs, options)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		head, text string
		label      int
		atLeast    bool
	}{
		{"feeling", "a splendid day", 1, true},
		{"feeling", "what a dreadful day", 0, true},
		{"matter", "my application", 0, true},
		{"matter", "my visit", 0, false},
	} {
		p := probabilities(m, c.head, c.text)[c.label]
		if (p > 0.6) != c.atLeast {
			t.Errorf("%s of %q: probability of label %d is %.2f", c.head, c.text, c.label, p)
		}
	}
	p := probabilities(m, "feeling", "a splendid day")
	if sum := p[0] + p[1]; math.Abs(float64(sum)-1) > 1e-5 {
		t.Errorf("probabilities sum to %v", sum)
	}
}

// A word that tells what a text is about says nothing of its feeling: by the contrast of feelings it would hardly be read.
func TestAHeadHasItsOwnContrast(t *testing.T) {
	t.Parallel()
	plain, err := learn.Train(examples(), specs, options)
	if err != nil {
		t.Fatal(err)
	}
	own, err := learn.Train(examples(), []learn.HeadSpec{specs[0], {Name: "matter", Kind: learn.AnyOf, Labels: []string{"app"}, Contrast: 0.5}}, options)
	if err != nil {
		t.Fatal(err)
	}
	sure := func(m *learn.Model) float32 {
		return probabilities(m, "matter", "my application")[0] - probabilities(m, "matter", "a splendid visit")[0]
	}
	if sure(own) < sure(plain)+0.02 {
		t.Errorf("told apart by %.3f with a contrast of its own and by %.3f without", sure(own), sure(plain))
	}
	a, b := probabilities(plain, "feeling", "a splendid day"), probabilities(own, "feeling", "a splendid day")
	if math.Abs(float64(a[1]-b[1])) > 0.02 {
		t.Errorf("the other head says %.3f, and %.3f without", b[1], a[1])
	}
}

func TestTrainingAgainGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	var files [2][]byte
	for i := range files {
		m, err := learn.Train(examples(), specs, options)
		if err != nil {
			t.Fatal(err)
		}
		if files[i], err = m.Encode("note"); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("the same examples and seed gave two models")
	}
	o := options
	o.Seed++
	m, err := learn.Train(examples(), specs, o)
	if err != nil {
		t.Fatal(err)
	}
	if other, _ := m.Encode("note"); bytes.Equal(files[0], other) {
		t.Error("another seed gave the same model, so that the seed does nothing")
	}
}

func TestFileKeepsTheModel(t *testing.T) {
	t.Parallel()
	m, err := learn.Train(examples(), specs, options)
	if err != nil {
		t.Fatal(err)
	}
	file, err := m.Encode(map[string]int{"border": 3})
	if err != nil {
		t.Fatal(err)
	}
	var note map[string]int
	back, err := learn.Decode(file, &note)
	if err != nil {
		t.Fatal(err)
	}
	if note["border"] != 3 || back.Rows() != m.Rows() {
		t.Errorf("note %v, %d rows of %d", note, back.Rows(), m.Rows())
	}
	for _, s := range []string{"", "a splendid application", "dreadful visit the shop", "!!!"} {
		a, b := probabilities(m, "feeling", s), probabilities(back, "feeling", s)
		if math.Abs(float64(a[0]-b[0])) > 0.01 { // scales are rounded to 2 %
			t.Errorf("%q: %v before, %v after", s, a, b)
		}
	}
	for _, n := range []int{0, 5, 11, 15, 40, len(file) / 2, len(file) - 1} {
		if _, err := learn.Decode(file[:n], nil); err == nil {
			t.Errorf("%d bytes of %d were taken for a model", n, len(file))
		}
	}
	for at := range 400 { // whatever byte is damaged: an error or a model, never a crash
		bad := bytes.Clone(file)
		bad[at*len(bad)/400] ^= 0x41
		learn.Decode(bad, nil)
	}
}

func TestMostKeepsWhatMatters(t *testing.T) {
	t.Parallel()
	o := options
	o.Most = 80
	m, err := learn.Train(examples(), specs, o)
	if err != nil {
		t.Fatal(err)
	}
	if m.Rows() != o.Most {
		t.Errorf("%d n-grams, want %d", m.Rows(), o.Most)
	}
	if p := probabilities(m, "feeling", "a splendid day")[1]; p < 0.6 {
		t.Errorf("praise has %.2f", p)
	}
	if p := probabilities(m, "matter", "my application")[0]; p < 0.6 {
		t.Errorf("the application has %.2f", p)
	}
}

func TestKeysAreLinear(t *testing.T) {
	t.Parallel()
	count := func(s string) int { return len(options.Features.Append(nil, text.Words(s), nil)) }
	for _, piece := range []string{"word ", "longwordwithoutanend", "א", "🙂", "a,"} {
		one, ten := count(strings.Repeat(piece, 1000)), count(strings.Repeat(piece, 10_000))
		if ten > 11*one+100 {
			t.Errorf("%q: %d keys of one length, %d of ten times that", piece, one, ten)
		}
	}
}
