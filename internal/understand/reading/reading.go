// Package reading understands one text: its language, its sentiment, its themes, and the same for each of its clauses.
package reading

import (
	"kolo/internal/understand/sentiment"
	"kolo/internal/understand/text"
)

// Sentiment is what a text or a clause says about its matter; -1, 0 and 1 where a number is wanted, 2 is mixed.
type Sentiment = sentiment.Label

// The sentiments.
const (
	Negative = sentiment.Negative
	Neutral  = sentiment.Neutral
	Positive = sentiment.Positive
	Mixed    = sentiment.Mixed
)

// Reading is what was understood of one text.
type Reading struct {
	Language           string // ISO 639-1 where there is one, else 639-3; "und" where there is nothing to go by
	LanguageConfidence float64
	Sentiment          Sentiment
	Score              float64 // -1 (all blame) to 1 (all praise)
	Confidence         float64 // probability that Sentiment is right, 0 to 1
	Unsure             bool    // near a border: a person should look before anything depends on it
	Themes             []ThemeLabel
	Clauses            []Clause // in the order of the text
	Model              string   // version of the models that made this reading
}

// Clause is a part of a text that says one thing.
type Clause struct {
	text.Span            // bytes of the text as it was given
	Sentiment  Sentiment // never Mixed
	Score      float64
	Confidence float64
	Themes     []ThemeLabel // none to two, the surest first
}

// ThemeLabel says that a text or a clause is about a theme, and how it speaks of it.
type ThemeLabel struct {
	Theme      string // key of the starting tree, such as "delivery"
	Sentiment  Sentiment
	Confidence float64
}

// Spoken tells how a text speaks of a theme: as its clauses about it do, or as the whole where none is.
func (r Reading) Spoken(theme string) Sentiment {
	praise, blame, plain := false, false, false
	for _, c := range r.Clauses {
		for _, t := range c.Themes {
			if t.Theme == theme {
				praise = praise || c.Sentiment == Positive
				blame = blame || c.Sentiment == Negative
				plain = plain || c.Sentiment == Neutral
			}
		}
	}
	switch {
	case praise && blame:
		return Mixed
	case praise:
		return Positive
	case blame:
		return Negative
	case plain:
		return Neutral
	}
	return r.Sentiment
}
