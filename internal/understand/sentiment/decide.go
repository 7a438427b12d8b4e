package sentiment

import (
	"math"
	"strings"

	"kolo/internal/understand/learn"
)

// Names of the outputs of the heads, in their order; the head of clauses has the first three.
var Names = []string{"negative", "neutral", "positive", "mixed"}

// Names of the heads of a model: one learned mostly from whole texts, the other mostly from clauses.
const (
	TextHead   = "text"
	ClauseHead = "clause"

	// WhereHead tells how likely a text is from elsewhere: reviews and comments on other pages than where customers answer a company. ElsewhereHead is
	// that of a model of its own, which learned from such texts alone, as others have labelled them. There may be neither.
	WhereHead     = "where"
	ElsewhereHead = "elsewhere"
)

// Evidence is what the heads say of a text and of its clauses, as logarithms of probabilities. Buffers are used again
// when the evidence is.
type Evidence struct {
	Text    string
	Short   bool         // the text has one clause, of up to ShortWords words
	Whole   [4]float32   // the head of texts, of the whole
	AsOne   [3]float32   // the head of clauses, of the whole
	Clauses [][3]float32 // the head of clauses, of each; at least one
	Lengths []int        // bytes of each clause
	In      []int        // which of the parts each clause stands in
	Parts   []Part       // the whole; of a long text stretches of few clauses

	Elsewhere [3]float32 // raw scores of ElsewhereHead, of the whole
	Away      float32    // by WhereHead, the logarithm of the odds that the text is as those are; up to SurelyHere nobody was asked for Elsewhere

	input [elsewhereInputs]float32
}

// Part is a stretch of clauses that are read together.
type Part struct {
	Clauses int        // how many
	Whole   [4]float32 // the head of texts, of the part
}

// SurelyHere is the logarithm of the odds from which on a text may be from elsewhere.
const SurelyHere = -6

// MostAtOnce is how many clauses are read together: of more the whole tells little about each, and judges have learned from no longer texts.
const MostAtOnce = 6

// ShortWords is how many words a text has at most that is taken as the head of texts takes it: judges have learned what heads are worth from
// texts that are hardly ever so short, and doubt it. Of texts of the corpus of one, two and three words that models had not seen, English
// heads alone were right in 83, 80 and 76 of a hundred (and their probabilities much nearer to the truth), judges in 83, 78 and 72.
const ShortWords = 3

// mostBytes is the length from which on texts count as equally long, for the same reason.
const mostBytes = 700

const (
	textInputs   = 29
	clauseInputs = 17

	elsewhereInputs = textInputs + 3
)

// OfText is what a text is judged by: what the heads say of the whole; of its clauses the means and the largest of each
// label, the first and the last; how many they are, how long the text is, and how it asks and exclaims.
func (e *Evidence) OfText() []float32 {
	x := append(e.input[:0], e.Whole[:]...)
	x = append(x, e.AsOne[:]...)
	var mean, most, first, last [3]float32
	for i := range e.Clauses {
		for k, l := range e.Clauses[i] {
			p := exp(l)
			mean[k] += p / float32(len(e.Clauses))
			most[k] = max(most[k], p)
			if i == 0 {
				first[k] = p
			}
			if i == len(e.Clauses)-1 {
				last[k] = p
			}
		}
	}
	x = append(x, mean[:]...)
	x = append(x, most[:]...)
	x = append(x, most[0]*most[2], log(1+min(len(e.Clauses), MostAtOnce)))
	x = append(x, first[:]...)
	x = append(x, last[:]...)
	asks := float32(0)
	if s := strings.TrimSpace(e.Text); strings.HasSuffix(s, "?") || strings.HasSuffix(s, "؟") {
		asks = 1
	}
	x = append(x, asks, float32(min(strings.Count(e.Text, "?")+strings.Count(e.Text, "؟"), 2)), float32(min(strings.Count(e.Text, "!"), 2)), log(1+min(len(e.Text), mostBytes)))
	return append(x, asks*e.Whole[0], asks*e.Whole[1], asks*e.Whole[2], asks*e.Whole[3])
}

// OfElsewhere is what a text from elsewhere is judged by: what any text is, and what the head for such texts says.
func (e *Evidence) OfElsewhere() []float32 { return append(e.OfText(), e.Elsewhere[:]...) }

// OfClause is what clause i is judged by: what the heads say of it, of the part that it stands in and of its neighbours, and how long it is.
func (e *Evidence) OfClause(i int) []float32 {
	part := &e.Parts[e.In[i]]
	x := append(e.input[:0], e.Clauses[i][:]...)
	x = append(x, part.Whole[:]...)
	for _, j := range [...]int{i - 1, i + 1} {
		if j < 0 || j >= len(e.Clauses) {
			x = append(x, 0, 0, 0, 0)
			continue
		}
		c := e.Clauses[j]
		x = append(x, exp(c[0]), exp(c[1]), exp(c[2]), 1)
	}
	return append(x, log(1+min(e.Lengths[i], mostBytes)), float32(part.Clauses))
}

func exp(x float32) float32 { return float32(math.Exp(float64(x))) }

func log(n int) float32 { return float32(math.Log(float64(n))) }

// Judge weighs evidence. It is fitted on what models said of texts that they had not seen, so that its probabilities can
// be believed, and is kept with the model.
type Judge struct {
	Text   *learn.Dense `json:"text"`
	Clause *learn.Dense `json:"clause"`
	Mixed  float32      `json:"mixed"`  // how many times as likely as the next label "mixed" must be to be said
	Margin float32      `json:"margin"` // unsure, when the two likeliest labels are nearer to each other than this

	// Elsewhere judges texts that are as those of ElsewhereHead are; nil where the model has no such head.
	Elsewhere *learn.Dense `json:"elsewhere,omitempty"`
	Lean      float32      `json:"lean,omitempty"` // comes to Evidence.Away
}

// Valid tells whether the judge was fitted on evidence of this form.
func (j Judge) Valid() bool {
	return j.Text.Fits(textInputs, 4) && j.Clause.Fits(clauseInputs, 3) && j.Mixed > 0 && (j.Elsewhere == nil || j.Elsewhere.Fits(elsewhereInputs, 3))
}

// LeastTone is how far from 0 the score of what praises or blames is at least.
const LeastTone = 0.05

// Verdict is what is thought of a text or a clause.
type Verdict struct {
	Label      Label
	Score      float32 // probability of praise less that of blame, -1 to 1; of blame at most -LeastTone, of praise at least LeastTone
	Confidence float32 // probability of the label
	Unsure     bool
}

// OfText puts the raw scores of a text into out, to be decided by Decide.
func (j Judge) OfText(e *Evidence, out *[4]float32) {
	if e.Short {
		*out = e.Whole
		return
	}
	j.Text.Logits(e.OfText(), out[:])
	if j.Elsewhere != nil && e.Away > SurelyHere {
		j.listen(e, out)
	}
}

// listen mixes what is learned elsewhere into what is said of a text, as much as the text is likely to be from there. What praises and blames at
// once is not known there.
func (j Judge) listen(e *Evidence, out *[4]float32) {
	var there [4]float32
	j.Elsewhere.Logits(e.OfElsewhere(), there[:3])
	learn.Softmax(there[:3])
	learn.Softmax(out[:])
	away := learn.Sigmoid(e.Away + j.Lean)
	for k, p := range out {
		out[k] = float32(math.Log(float64(max((1-away)*p+away*there[k], 1e-9))))
	}
}

// OfClause puts the raw scores of a clause into out. A clause praises or blames or neither, but not both.
func (j Judge) OfClause(e *Evidence, i int, out *[3]float32) {
	if e.Short {
		copy(out[:], e.Whole[:3])
		return
	}
	j.Clause.Logits(e.OfClause(i), out[:])
}

// Decide names the label of a text (four raw scores) or of a clause (three). The scores are overwritten.
func (j Judge) Decide(p []float32) Verdict {
	learn.Softmax(p)
	best := learn.Most(p[:3])
	if len(p) > 3 && p[3] >= j.Mixed*p[best] {
		best = 3
	}
	second := float32(0)
	for k, x := range p {
		if k != best {
			second = max(second, x)
		}
	}
	label, score := Label(best-1), p[2]-p[0]
	switch label { // a label may win by a hair, and a score of nothing beside it would be taken for a mistake
	case Negative:
		score = min(score, -LeastTone)
	case Positive:
		score = max(score, LeastTone)
	}
	return Verdict{label, score, p[best], p[best]-second < j.Margin}
}
