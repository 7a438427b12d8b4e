package sentiment

import "kolo/internal/understand/learn"

// Names of the outputs of a model's head of sentiment, in their order.
var Names = []string{"negative", "neutral", "positive", "mixed"}

// Head is the name of the head of sentiment in a model.
const Head = "sentiment"

// Calibration turns a model's raw scores into probabilities that can be believed. It is fitted on texts that the model did
// not see, and kept with the model.
type Calibration struct {
	Text   float32 `json:"text"`   // temperature for whole texts
	Clause float32 `json:"clause"` // temperature for clauses
	Mixed  float32 `json:"mixed"`  // how many times as likely as the next label "mixed" must be to be said
	Margin float32 `json:"margin"` // unsure, when the two likeliest labels are nearer to each other than this
}

// Verdict is what a model thinks of a text or a clause.
type Verdict struct {
	Label      Label
	Score      float32 // probability of praise less that of blame, -1 to 1
	Confidence float32 // probability of the label
	Unsure     bool
}

// OfText judges a whole text by the raw scores of the head, which are overwritten.
func (c Calibration) OfText(logits []float32) Verdict {
	for k := range logits {
		logits[k] /= c.Text
	}
	learn.Softmax(logits)
	p := logits
	best := learn.Most(p[:3])
	label := Label(best - 1)
	if p[3] >= c.Mixed*p[best] {
		label, best = Mixed, 3
	}
	second := float32(0)
	for k, x := range p {
		if k != best {
			second = max(second, x)
		}
	}
	return Verdict{label, p[2] - p[0], p[best], p[best]-second < c.Margin}
}

// OfClause judges a clause, which praises or blames or neither, but not both.
func (c Calibration) OfClause(logits []float32) Verdict {
	p := logits[:3]
	for k := range p {
		p[k] /= c.Clause
	}
	learn.Softmax(p)
	best := learn.Most(p)
	second := float32(0)
	for k, x := range p {
		if k != best {
			second = max(second, x)
		}
	}
	return Verdict{Label(best - 1), p[2] - p[0], p[best], p[best]-second < c.Margin}
}
