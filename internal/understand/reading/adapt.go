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
	Gained  int     // of those held out, that the adapted one reads rightly and the reader as it was does not
	Lost    int     // and the other way round
	Plain   int     // plainly polar phrases that were kept apart: the reader is sure that they praise, or blame
	Turned  int     // how many of these the adapted one reads as something else
	Sure    int     // examples with a rating of which the reader is sure that they praise, or blame
	Against int     // how many of these have a rating that says the opposite
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
	Strength float32      `json:"strength"`          // what its scores are multiplied with
	Scale    float32      `json:"scale,omitempty"`   // what the reader's own scores are multiplied with, where there is no matrix: in files of earlier versions
	Matrix   learn.Matrix `json:"matrix,omitempty"`  // what is made of the reader's own scores
	Words    float32      `json:"words"`             // of the texts that it was learned from, on average
	Unsound  []int        `json:"unsound,omitempty"` // blame (0) or praise (2), of which the reader is sure without ground here
	Mixed    bool         `json:"mixed,omitempty"`   // mixed is said where the reader itself says so: it learned from hardly anybody who could say that
}

// shift adapts the raw scores of a text (four) or a clause (three). A nil delta changes nothing. What the reader is sure of is not turned into
// its opposite.
func (d *delta) shift(words []text.Word, raw []float32) {
	if d == nil {
		return
	}
	s := d.model.Scratch()
	defer d.model.Release(s)
	var own [4]float32
	d.head.Logits(d.model.Vector(s, words), own[:])
	d.note.apply(raw, own[:], spoken(words))
}

// spoken counts words, marks left aside.
func spoken(words []text.Word) (n int) {
	for _, w := range words {
		if w.Kind != text.Punctuation {
			n++
		}
	}
	return n
}

// apply adds what a delta says of so many words to the reader's own raw scores.
//
// Vectors have length 1 however few words they are of. In a phrase each word would speak louder than in the texts that it was learned from, so
// the delta counts as the root of their share there. Where the reader is sure of praise or of blame, the other one is at most half as likely in
// the end: words that say so everywhere say so here, whatever stood beside a rating, unless a good part of what it was sure of was rated otherwise.
func (n deltaNote) apply(raw, own []float32, words int) {
	sure, part := polarity(raw, words), float32(1)
	if float32(words) < n.Words {
		part = float32(math.Sqrt(float64(words) / float64(n.Words)))
	}
	var here [4]float32
	if n.Matrix != nil {
		n.Matrix.Of(raw, here[:])
	} else {
		for k := range raw {
			here[k] = n.Scale * raw[k]
		}
	}
	ahead := float32(0) // how far mixed is ahead of the likeliest of the others
	if len(raw) > 3 {
		ahead = raw[3] - slices.Max(raw[:3])
	}
	for k := range raw {
		raw[k] += part * (here[k] + n.Strength*own[k] - raw[k])
	}
	if n.Mixed && len(raw) > 3 {
		raw[3] = slices.Max(raw[:3]) + ahead
	}
	if sure >= 0 && !slices.Contains(n.Unsound, sure) {
		raw[2-sure] = min(raw[2-sure], raw[sure]-math.Ln2)
	}
}

// polarity is which of blame (0) and praise (2) raw scores of so many words are sure of, -1 for none.
func polarity(raw []float32, words int) int {
	var p [4]float32
	z := p[:copy(p[:], raw)]
	learn.Softmax(z)
	for _, k := range []int{0, 2} {
		if z[k] >= surely && z[2-k] <= hardly || words <= phrase && z[k] > 0.5 {
			return k
		}
	}
	return -1
}

// The reader is sure of praise, or of blame, when it is this likely and its opposite no likelier than that; of a phrase of a few words, which
// says one thing, when it is likelier than all else.
const (
	surely = 0.7
	hardly = 0.06
	phrase = 5
)

const (
	// LeastExamples is how many texts with a rating or a correction Adapt needs: fewer teach nothing that could be measured.
	LeastExamples = 40

	personWeight = 4       // of a person's word beside a rating
	factShare    = 0.48    // of a rating beside words that plainly tell a fact, what is left to its being one
	doubted      = 0.2     // of a rating beside words that plainly say something else
	groundless   = 1.0 / 3 // of what the reader is sure of, the share that says the opposite from which on it is sure without ground
	leastSure    = 20      // examples of which it is sure, for this to be told
	leastHeard   = 30      // examples that people spoke of, for them to tell what is mixed
	heldShare    = 0.25    // of the examples, 1,000 at most
)

// ErrTooFew says that there are too few examples to learn from and to measure what was learned.
var ErrTooFew = errors.New("there are too few texts with a rating or a correction")

// Adapt learns from a workspace's own texts how its customers praise and blame, and tells what it gained on texts that were
// held out. What it gives is for With, and is kept by whoever asked; it is learned from all examples. It takes a second or
// two for 10,000 examples, and gives the same for the same examples and seed.
func (r *Reader) Adapt(ctx context.Context, examples []Example, seed uint64) (kept []byte, report Adapted, err error) {
	if len(examples) < LeastExamples {
		return nil, report, ErrTooFew
	}
	made := r.prepare(examples)
	for i, e := range made {
		if e.sure >= 0 && !examples[i].ByPerson {
			report.Sure++
			if e.label == 2-e.sure {
				report.Against++
			}
		}
	}
	without := unsound(made)
	order := rand.New(rand.NewPCG(seed, 0x61646170)).Perm(len(made))
	n := min(int(heldShare*float64(len(made))), 1000)
	held, rest := pick(made, order[:n]), pick(made, order[n:])
	home, plain := r.home(examples)
	report.Held, report.Learned = len(held), len(rest)
	before := rightly(held, nil, deltaNote{Scale: 1})
	report.Before = share(before)
	for _, size := range []int{100, 300, 1000, 3000} {
		if size >= len(rest) {
			break
		}
		_, right, err := fit(ctx, rest[:size], home, held, without, seed)
		if err != nil {
			return nil, report, err
		}
		report.Curve = append(report.Curve, Step{size, share(right)})
	}
	note, right, err := fit(ctx, rest, home, held, without, seed)
	if err != nil {
		return nil, report, err
	}
	report.After = share(right)
	for i := range held {
		switch {
		case right[i] && !before[i]:
			report.Gained++
		case before[i] && !right[i]:
			report.Lost++
		}
	}
	report.Curve = append(report.Curve, Step{len(rest), report.After})
	all := beside(made, home)
	note.Matrix = fitMatrix(all)
	m, err := learnDelta(all, note.Matrix, seed)
	if err != nil {
		return nil, report, err
	}
	report.Plain = len(plain)
	for i, own := range scores(m, plain) {
		if plain[i].decide(own, note) != plain[i].label {
			report.Turned++
		}
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
	sure  int // the polarity of what the reader says, or -1
	judge sentiment.Judge

	rating bool // the label is a rating: one that is neither praise nor blame, or both, cannot be told from it
}

// leave gives mixed what the reader gives it, and the others the rest: a rating cannot say that a text both praises and blames, and who
// learned from ratings that nothing is mixed would unlearn to hear it. Nor can it say that a text tells a plain fact: what the reader is sure does
// so may be praise or blame in this workspace's own words, or nothing but a fact: nearly half of the rating is left to that. Nearly, so that what is
// rated in the same way whenever it is said comes out as it is rated.
func (e *prepared) leave(target []float32) {
	z := slices.Clone(e.Offset)
	learn.Softmax(z)
	rest := 1 - target[3]
	for k := range 3 {
		target[k] *= (1 - z[3]) / rest
	}
	target[3] = z[3]
	if z[1] >= surely && e.label != 1 {
		fact := factShare * target[e.label]
		target[e.label] -= fact
		target[1] += fact
	}
}

func (r *Reader) prepare(examples []Example) []prepared {
	out := make([]prepared, len(examples))
	for i, e := range examples {
		x := &out[i]
		x.Words = once(text.Words(e.Text))
		p := r.part(e.Language, e.Text)
		x.judge = p.Note.Sentiment
		x.Offset = r.raw(p, e.Text)
		x.label = int(e.Sentiment) + 1
		x.sure = polarity(x.Offset, spoken(x.Words))
		x.rating = !e.ByPerson
		target := make([]float32, len(sentiment.Names))
		for k := range target { // nobody's word is certain, a rating's least
			target[k] = 0.03
		}
		target[x.label] = 1 - 0.03*float32(len(target)-1)
		if x.rating {
			x.leave(target)
		}
		x.Targets = [][]float32{target}
	}
	without := unsound(out)
	for i, e := range examples {
		out[i].Weights = []float32{personWeight}
		if !e.ByPerson {
			out[i].Weights[0] = out[i].rated(without)
		}
	}
	return out
}

// unsound tells of blame and praise where it is without ground that the reader is sure of them: the examples say the opposite of a good part of
// those of which it is. Ratings that do not fit the words beside them are fewer.
func unsound(list []prepared) (without []int) {
	for _, k := range []int{0, 2} {
		sure, against := 0, 0
		for _, e := range list {
			if e.sure == k {
				sure++
				if e.label == 2-k {
					against++
				}
			}
		}
		if sure >= leastSure && float64(against) >= groundless*float64(sure) {
			without = append(without, k)
		}
	}
	return without
}

// rated is what an example counts whose label is a rating: little where its words plainly say something else, or both praise and blame. A rating
// is of all that happened, and a text of some of it; who learned as much from such pairs would unlearn, bit by bit, what plain words mean.
func (e prepared) rated(unsound []int) float32 {
	z := slices.Clone(e.Offset)
	learn.Softmax(z)
	if e.sure >= 0 && e.sure != e.label && !slices.Contains(unsound, e.sure) || z[3] > 0.5 && e.label != 3 {
		return doubted
	}
	return 1
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

// home are texts that the models of the examples' languages were made for, and clauses of them that the reader is sure praise or blame. Every
// second of these clauses is plain, and kept apart.
func (r *Reader) home(examples []Example) (home, plain []prepared) {
	count := map[*Part]int{}
	var parts []*Part
	for _, e := range examples {
		p := r.part(e.Language, e.Text)
		if count[p]++; count[p] == 1 {
			parts = append(parts, p)
		}
	}
	var list, apart []Example
	n := 0
	for _, p := range parts {
		if count[p] < len(examples)/20 {
			continue
		}
		for _, x := range p.Note.Home {
			list = append(list, Example{Text: x.Text, Language: p.Note.Language, Sentiment: x.Sentiment, ByPerson: true})
			clauses := r.Read(x.Text, p.Note.Language).Clauses
			for _, c := range clauses {
				said := Example{Text: x.Text[c.Start:c.End], Language: p.Note.Language, Sentiment: c.Sentiment, ByPerson: true}
				if c.Sentiment == Neutral || len(clauses) == 1 {
					continue
				}
				// By itself it must say the same as in its place.
				if k := polarity(r.raw(p, said.Text), len(once(text.Words(said.Text)))); k != int(c.Sentiment)+1 {
					continue
				}
				if n++; n%2 == 0 {
					apart = append(apart, said)
				} else {
					list = append(list, said)
				}
			}
		}
	}
	return r.prepare(list), r.prepare(apart)
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

// fit learns from examples, chooses how strongly to use it by folds of them, and tells which of the held-out ones are read rightly then.
func fit(ctx context.Context, examples, home, held []prepared, unsound []int, seed uint64) (note deltaNote, right []bool, err error) {
	const folds = 4
	strengths := []float32{0, 0.5, 1, 1.5}
	said, heard := 0, 0
	for _, e := range examples {
		said += spoken(e.Words)
		if !e.rating {
			heard++
		}
	}
	length := float32(said) / float32(len(examples))
	examples = beside(examples, home)
	loss := make([]float64, len(strengths))
	for f := range folds {
		if err := ctx.Err(); err != nil {
			return note, nil, err
		}
		var in, out []prepared
		for i, e := range examples {
			if i%folds == f {
				out = append(out, e)
			} else {
				in = append(in, e)
			}
		}
		n := deltaNote{Matrix: fitMatrix(in), Words: length, Unsound: unsound, Mixed: heard < leastHeard}
		m, err := learnDelta(in, n.Matrix, seed)
		if err != nil {
			return note, nil, err
		}
		own := scores(m, out)
		for c := range strengths {
			n.Strength = strengths[c]
			for i, e := range out {
				for k, p := range probability(e, own[i], n) {
					loss[c] -= float64(e.Weights[0]*e.Targets[0][k]) * math.Log(max(1e-6, float64(p)))
				}
			}
		}
	}
	best := 0
	for c := range loss {
		if loss[c] < loss[best] {
			best = c
		}
	}
	note = deltaNote{Strength: strengths[best], Matrix: fitMatrix(examples), Words: length, Unsound: unsound, Mixed: heard < leastHeard}
	m, err := learnDelta(examples, note.Matrix, seed)
	if err != nil {
		return note, nil, err
	}
	return note, rightly(held, m, note), nil
}

// fitMatrix fits what is made of the reader's own scores here.
func fitMatrix(examples []prepared) learn.Matrix {
	list := make([]learn.Scored, len(examples))
	for i, e := range examples {
		list[i] = learn.Scored{Raw: e.Offset, Target: e.Targets[0], Weight: e.Weights[0]}
	}
	return learn.FitMatrix(list)
}

// learnDelta learns what the reader's own scores, put right by a matrix, do not explain.
func learnDelta(examples []prepared, put learn.Matrix, seed uint64) (*learn.Model, error) {
	list := make([]learn.Example, len(examples))
	for i, e := range examples {
		list[i] = e.Example
		list[i].Offset = make([]float32, len(e.Offset))
		put.Of(e.Offset, list[i].Offset)
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
	z := slices.Clone(e.Offset)
	n.apply(z, own, spoken(e.Words))
	learn.Softmax(z)
	return z
}

// decide is the label that is said of an example: where a rating is to be met, which cannot say mixed, the likeliest of the others.
func (e prepared) decide(own []float32, n deltaNote) int {
	z := slices.Clone(e.Offset)
	n.apply(z, own, spoken(e.Words))
	if e.rating {
		return learn.Most(z[:3])
	}
	return int(e.judge.Decide(z).Label) + 1
}

// rightly tells of which examples the reader would say the label.
func rightly(list []prepared, m *learn.Model, n deltaNote) []bool {
	own, right := scores(m, list), make([]bool, len(list))
	for i, e := range list {
		right[i] = e.decide(own[i], n) == e.label
	}
	return right
}

// share is how many of all are so, 0 to 1.
func share(right []bool) float64 {
	n := 0
	for _, r := range right {
		if r {
			n++
		}
	}
	return float64(n) / float64(max(1, len(right)))
}
