package discover

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"kolo/internal/understand/learn"
	"kolo/internal/understand/text"
)

// Example is a text whose theme is known: from a run of discovery, or from a person, who counts more.
type Example struct {
	Text     string
	Language string
	Theme    string  // id; "" for a text that is about none of them
	Weight   float64 // 1 for a run's, more for a person's; 0 counts as 1
}

// Model tells the theme of texts. It is immutable and safe for concurrent use.
type Model struct{ parts map[string]*part }

// part is the model of one language.
type part struct {
	model *learn.Model
	head  *learn.Head
	note  note
}

type note struct {
	Language string `json:"language"`
	// Heat sharpens the probabilities, so that they say how often the model is right.
	Heat float32 `json:"heat"`
	// Main is the language of most examples: what is in a language without a part of its own goes there.
	Main bool `json:"main,omitempty"`
}

const headName = "theme"

// none is the label of texts that are about none of the themes.
const none = ""

// folds is into how many parts examples are put to see how often a model is right about texts that it did not see.
const folds = 4

// Learn learns the themes of texts from examples, for each language apart. It is deterministic.
func Learn(examples []Example) (*Model, error) {
	by := map[string][]Example{}
	for _, e := range examples {
		by[e.Language] = append(by[e.Language], e)
	}
	m := &Model{parts: map[string]*part{}}
	most := ""
	for l, list := range by {
		if n := len(by[most]); most == "" || len(list) > n || len(list) == n && l < most {
			most = l
		}
	}
	for _, l := range slices.Sorted(maps.Keys(by)) {
		p, err := learnPart(by[l], l, l == most)
		if err != nil {
			return nil, err
		}
		m.parts[l] = p
	}
	return m, nil
}

// features of the models: few, so that a model stays small, and those of letters so that forms and typing errors that
// were not seen do no harm.
var features = learn.Features{Words: 2, Edges: true, CharLow: 3, CharHigh: 4, CharWeight: 0.5, MinCount: 2}

func learnPart(list []Example, language string, main bool) (*part, error) {
	labels := map[string]int{}
	for _, e := range list {
		labels[e.Theme] = 0
	}
	names := slices.Sorted(maps.Keys(labels))
	for i, n := range names {
		labels[n] = i
	}
	prepared := make([]learn.Example, len(list))
	for i, e := range list {
		target := make([]float32, len(names))
		target[labels[e.Theme]] = 1
		prepared[i] = learn.Example{Words: text.Words(e.Text), Weights: []float32{float32(cmp.Or(e.Weight, 1))}, Targets: [][]float32{target}}
	}
	train := func(list []learn.Example) (*learn.Model, error) {
		f := features
		if len(list) < 1000 {
			f.MinCount = 1
		}
		return learn.Train(list, []learn.HeadSpec{{Name: headName, Kind: learn.OneOf, Labels: names}},
			learn.Options{Features: f, Epochs: 8, Rate: 0.3, Decay: 1e-5, Contrast: 1.5, Dropout: 0.3, Seed: 1})
	}
	model, err := train(prepared)
	if err != nil {
		return nil, err
	}
	p := &part{model: model, head: model.Head(headName), note: note{language, 1, main}}
	if len(list) < 10*folds || len(names) < 2 {
		return p, nil
	}
	// One fold held out says how sure the model may be.
	var seen, held []learn.Example
	for i, e := range prepared {
		if i%folds == 0 {
			held = append(held, e)
		} else {
			seen = append(seen, e)
		}
	}
	without, err := train(seen)
	if err != nil {
		return nil, err
	}
	p.note.Heat = heat(without, held)
	return p, nil
}

// heat is the factor of the logits at which the held-out examples are the likeliest (Guo et al. 2017).
func heat(m *learn.Model, held []learn.Example) float32 {
	h := m.Head(headName)
	s := m.Scratch()
	defer m.Release(s)
	logits := make([][]float32, len(held))
	for i, e := range held {
		logits[i] = make([]float32, len(h.Labels))
		h.Logits(m.Vector(s, e.Words), logits[i])
	}
	best, least := float32(1), math.Inf(1)
	p := make([]float32, len(h.Labels))
	for step := -12; step <= 12; step++ {
		f := float32(math.Exp2(float64(step) / 4))
		loss := 0.0
		for i, e := range held {
			for k, x := range logits[i] {
				p[k] = x * f
			}
			learn.Softmax(p)
			loss -= math.Log(max(1e-9, float64(p[learn.Most(e.Targets[0])])))
		}
		if loss < least {
			best, least = f, loss
		}
	}
	return best
}

// Threshold is the confidence below which a text is better put to no theme at all.
const Threshold = 0.3

// Theme is the id of the theme that a text is most likely about, and the probability that it is; "" when it is about none,
// or when the model knows nothing of its language.
func (m *Model) Theme(s, language string) (id string, confidence float64) {
	p := m.parts[language]
	if p == nil {
		for _, o := range m.parts {
			if o.note.Main {
				p = o
			}
		}
	}
	if p == nil {
		return none, 0
	}
	scratch := p.model.Scratch()
	defer p.model.Release(scratch)
	v := p.model.Vector(scratch, text.Words(s))
	if len(v.Rows) == 0 {
		return none, 0
	}
	z := make([]float32, len(p.head.Labels))
	p.head.Logits(v, z)
	for k := range z {
		z[k] *= p.note.Heat
	}
	learn.Softmax(z)
	best := learn.Most(z)
	return p.head.Labels[best], float64(z[best])
}

// Languages are those that the model has examples of.
func (m *Model) Languages() []string { return slices.Sorted(maps.Keys(m.parts)) }

// Encode writes the model.
func (m *Model) Encode() ([]byte, error) {
	var out []byte
	for _, l := range m.Languages() {
		p := m.parts[l]
		b, err := p.model.Encode(p.note)
		if err != nil {
			return nil, err
		}
		out = binary.AppendUvarint(out, uint64(len(b)))
		out = append(out, b...)
	}
	return out, nil
}

// Decode reads what Encode wrote.
func Decode(b []byte) (*Model, error) {
	m := &Model{parts: map[string]*part{}}
	for len(b) > 0 {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			return nil, errors.New("discover: the model is cut off")
		}
		p := &part{}
		var err error
		if p.model, err = learn.Decode(b[size:size+int(n)], &p.note); err != nil {
			return nil, fmt.Errorf("discover: %w", err)
		}
		if p.head = p.model.Head(headName); p.head == nil || len(p.head.Labels) == 0 {
			return nil, errors.New("discover: the model knows no theme")
		}
		m.parts[p.note.Language] = p
		b = b[size+int(n):]
	}
	return m, nil
}
