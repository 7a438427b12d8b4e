package reading

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"

	"kolo/internal/understand/learn"
	"kolo/internal/understand/sentiment"
	"kolo/internal/understand/text"
)

// Example is a text whose sentiment is known in the workspace where it was said: by the rating beside it, or because a person
// said so.
type Example struct {
	Text      string
	Language  string // ISO 639-1; "" to detect it
	Sentiment Sentiment
	ByPerson  bool // a person's word counts several times as much as a rating
}

// Adapted is what was measured while adapting. Accuracies are shares of held-out examples, 0 to 1.
type Adapted struct {
	Learned int     // examples that were learned from
	Held    int     // examples that were held out, of which the model knew nothing
	Before  float64 // accuracy of the reader as it was
	After   float64 // accuracy of the adapted one
	Curve   []Step  // by how many examples were learned from
}

// Step is a point of a learning curve.
type Step struct {
	Examples int
	Accuracy float64
}

// deltaHead is the name of the only head of a delta's model.
const deltaHead = "delta"

// delta is what is added to the raw scores of sentiment in one workspace: a small model of its own texts, which learned
// what the reader got wrong about them.
type delta struct {
	model *learn.Model
	head  *learn.Head
	note  deltaNote
}

type deltaNote struct {
	Strength float32 `json:"strength"` // what its scores are multiplied with
	Scale    float32 `json:"scale"`    // what the reader's own scores are multiplied with
}

// shift adapts the raw scores of a text (four) or a clause (three). A nil delta changes nothing.
func (d *delta) shift(words []text.Word, raw []float32) {
	if d == nil {
		return
	}
	s := d.model.Scratch()
	defer d.model.Release(s)
	var own [4]float32
	d.head.Logits(d.model.Vector(s, words), own[:])
	for k := range raw {
		raw[k] = d.note.Scale*raw[k] + d.note.Strength*own[k]
	}
}

const (
	leastExamples = 40   // fewer teach nothing that could be measured
	personWeight  = 4    // of a person's word beside a rating
	heldShare     = 0.25 // of the examples, 1,000 at most
)

// ErrTooFew says that there are too few examples to learn from and to measure what was learned.
var ErrTooFew = errors.New("there are too few texts with a rating or a correction")

// Adapt learns from a workspace's own texts how its customers praise and blame, and tells what it gained on texts that were
// held out. What it gives is for With, and is kept by whoever asked; it is learned from all examples. It takes a second or
// two for 10,000 examples, and gives the same for the same examples and seed.
func (r *Reader) Adapt(ctx context.Context, examples []Example, seed uint64) (kept []byte, report Adapted, err error) {
	if len(examples) < leastExamples {
		return nil, report, ErrTooFew
	}
	made := r.prepare(examples)
	order := rand.New(rand.NewPCG(seed, 0x61646170)).Perm(len(made))
	n := min(int(heldShare*float64(len(made))), 1000)
	held, rest, home := pick(made, order[:n]), pick(made, order[n:]), r.home(examples)
	report.Held, report.Learned = len(held), len(rest)
	report.Before = accuracy(held, nil, deltaNote{Scale: 1})
	for _, size := range []int{100, 300, 1000, 3000} {
		if size >= len(rest) {
			break
		}
		_, right, err := fit(ctx, rest[:size], home, held, seed)
		if err != nil {
			return nil, report, err
		}
		report.Curve = append(report.Curve, Step{size, right})
	}
	note, right, err := fit(ctx, rest, home, held, seed)
	if err != nil {
		return nil, report, err
	}
	report.After = right
	report.Curve = append(report.Curve, Step{len(rest), right})
	m, err := learnDelta(beside(made, home), seed)
	if err != nil {
		return nil, report, err
	}
	kept, err = m.Encode(note)
	return kept, report, err
}

// With is the reader with what Adapt learned.
func (r *Reader) With(kept []byte) (*Reader, error) {
	d := &delta{}
	var err error
	if d.model, err = learn.Decode(kept, &d.note); err != nil {
		return nil, err
	}
	if d.head = d.model.Head(deltaHead); d.head == nil || len(d.head.Labels) != len(sentiment.Names) {
		return nil, errors.New("reading: the adapted model has no head of sentiment")
	}
	c := *r
	c.delta = d
	return &c, nil
}

// prepared is an example with what the reader says of it.
type prepared struct {
	learn.Example
	label int // 0 negative, 1 neutral, 2 positive, 3 mixed
	judge sentiment.Judge
}

func (r *Reader) prepare(examples []Example) []prepared {
	out := make([]prepared, len(examples))
	for i, e := range examples {
		x := &out[i]
		x.Words = text.Words(e.Text)
		p := r.part(e.Language, e.Text)
		x.judge = p.Note.Sentiment
		x.Offset = r.raw(p, e.Text)
		x.label = int(e.Sentiment) + 1
		x.Weights = []float32{1}
		if e.ByPerson {
			x.Weights[0] = personWeight
		}
		target := make([]float32, len(sentiment.Names))
		for k := range target { // nobody's word is certain, a rating's least
			target[k] = 0.03
		}
		target[x.label] = 1 - 0.03*float32(len(target)-1)
		x.Targets = [][]float32{target}
	}
	return out
}

// raw are the raw scores of a text, without any delta.
func (r *Reader) raw(p *Part, s string) []float32 {
	w := r.rooms.Get().(*room)
	defer r.rooms.Put(w)
	w.read(p, s)
	var out [4]float32
	p.Note.Sentiment.OfText(&w.evidence, &out)
	return out[:]
}

func pick(list []prepared, at []int) []prepared {
	out := make([]prepared, len(at))
	for i, k := range at {
		out[i] = list[k]
	}
	return out
}

// home are texts that the models of the examples' languages were made for.
func (r *Reader) home(examples []Example) []prepared {
	count := map[*Part]int{}
	var parts []*Part
	for _, e := range examples {
		p := r.part(e.Language, e.Text)
		if count[p]++; count[p] == 1 {
			parts = append(parts, p)
		}
	}
	var list []Example
	for _, p := range parts {
		if count[p] < len(examples)/20 {
			continue
		}
		for _, x := range p.Note.Home {
			list = append(list, Example{Text: x.Text, Language: p.Note.Language, Sentiment: x.Sentiment})
		}
	}
	return r.prepare(list)
}

// homeShare is what the texts of home weigh together, beside the examples. They keep a workspace whose ratings are of a narrow
// sort from forgetting what words mean elsewhere.
const homeShare = 0.25

// beside puts the texts of home beside examples.
func beside(examples, home []prepared) []prepared {
	total := float32(0)
	for _, e := range examples {
		total += e.Weights[0]
	}
	list := slices.Clone(examples)
	for _, x := range home {
		x.Weights = []float32{min(homeShare*total/float32(len(home)), 1)}
		list = append(list, x)
	}
	return list
}

// fit learns from examples, chooses how strongly to use it by folds of them, and gives the accuracy on held-out ones.
func fit(ctx context.Context, examples, home, held []prepared, seed uint64) (note deltaNote, right float64, err error) {
	const folds = 4
	examples = beside(examples, home)
	var candidates []deltaNote
	for _, scale := range []float32{0.25, 0.5, 0.75, 1} {
		for _, strength := range []float32{0, 0.5, 1, 1.5} {
			candidates = append(candidates, deltaNote{Scale: scale, Strength: strength})
		}
	}
	loss := make([]float64, len(candidates))
	for f := range folds {
		if err := ctx.Err(); err != nil {
			return note, 0, err
		}
		var in, out []prepared
		for i, e := range examples {
			if i%folds == f {
				out = append(out, e)
			} else {
				in = append(in, e)
			}
		}
		m, err := learnDelta(in, seed)
		if err != nil {
			return note, 0, err
		}
		own := scores(m, out)
		for c, n := range candidates {
			for i, e := range out {
				loss[c] -= float64(e.Weights[0]) * math.Log(max(1e-6, float64(probability(e, own[i], n)[e.label])))
			}
		}
	}
	best := 0
	for c := range loss {
		if loss[c] < loss[best] {
			best = c
		}
	}
	note = candidates[best]
	m, err := learnDelta(examples, seed)
	if err != nil {
		return note, 0, err
	}
	return note, accuracy(held, m, note), nil
}

func learnDelta(examples []prepared, seed uint64) (*learn.Model, error) {
	list := make([]learn.Example, len(examples))
	for i, e := range examples {
		list[i] = e.Example
	}
	features := learn.Features{Words: 2, CharLow: 3, CharHigh: 5, CharWeight: 0.7, MinCount: 2}
	return learn.Train(list, []learn.HeadSpec{{Name: deltaHead, Kind: learn.OneOf, Labels: slices.Clone(sentiment.Names)}},
		learn.Options{Features: features, Epochs: 8, Rate: 0.15, Decay: 1e-4, Seed: seed})
}

// scores are what a delta's model adds to each example; zeros without one.
func scores(m *learn.Model, list []prepared) [][]float32 {
	out := make([][]float32, len(list))
	if m == nil {
		for i := range out {
			out[i] = make([]float32, len(sentiment.Names))
		}
		return out
	}
	h, s := m.Head(deltaHead), m.Scratch()
	defer m.Release(s)
	for i, e := range list {
		out[i] = make([]float32, len(sentiment.Names))
		h.Logits(m.Vector(s, e.Words), out[i])
	}
	return out
}

func probability(e prepared, own []float32, n deltaNote) []float32 {
	z := make([]float32, len(own))
	for k := range z {
		z[k] = n.Scale*e.Offset[k] + n.Strength*own[k]
	}
	learn.Softmax(z)
	return z
}

// accuracy is the share of examples whose label the reader would say.
func accuracy(list []prepared, m *learn.Model, n deltaNote) float64 {
	own, right := scores(m, list), 0
	for i, e := range list {
		z := make([]float32, len(own[i]))
		for k := range z {
			z[k] = n.Scale*e.Offset[k] + n.Strength*own[i][k]
		}
		if int(e.judge.Decide(z).Label)+1 == e.label {
			right++
		}
	}
	if len(list) == 0 {
		return 0
	}
	return float64(right) / float64(len(list))
}
