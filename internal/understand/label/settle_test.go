package label

import (
	"testing"

	"kolo/internal/understand/reading"
	"kolo/internal/understand/sentiment"
	"kolo/internal/understand/text"
)

// A text must not praise when a person has said of its only praise that it is blame.
func TestATextFollowsItsCorrectedClauses(t *testing.T) {
	t.Parallel()
	clause := func(start int, v reading.Sentiment, theme string) reading.Clause {
		return reading.Clause{Span: text.Span{Start: start, End: start + 10}, Sentiment: v, Themes: []reading.ThemeLabel{{Theme: theme, Sentiment: v}}}
	}
	say := func(start int, v reading.Sentiment) Correction {
		return Correction{Aspect: AspectSentiment, Span: text.Span{Start: start, End: start + 10}, Value: sentiment.Names[v+1]}
	}
	for _, x := range []struct {
		name    string
		whole   reading.Sentiment
		clauses []reading.Sentiment
		said    []Correction
		want    reading.Sentiment
	}{
		{"its only praise is blame", reading.Positive, []reading.Sentiment{reading.Positive, reading.Negative}, []Correction{say(0, reading.Negative)}, reading.Negative},
		{"its only blame is a fact", reading.Negative, []reading.Sentiment{reading.Negative, reading.Neutral}, []Correction{say(0, reading.Neutral)}, reading.Neutral},
		{"a fact is praise", reading.Neutral, []reading.Sentiment{reading.Neutral, reading.Neutral}, []Correction{say(20, reading.Positive)}, reading.Positive},
		{"mixed, and its praise is blame", reading.Mixed, []reading.Sentiment{reading.Positive, reading.Negative}, []Correction{say(0, reading.Negative)}, reading.Negative},
		{"there is blame beside", reading.Negative, []reading.Sentiment{reading.Negative, reading.Negative}, []Correction{say(0, reading.Positive)}, reading.Negative},
		{"a person has judged the whole", reading.Negative, []reading.Sentiment{reading.Positive, reading.Negative},
			[]Correction{say(20, reading.Positive), {Aspect: AspectSentiment, Span: Whole, Value: "negative"}}, reading.Negative},
	} {
		t.Run(x.name, func(t *testing.T) {
			l := Label{Reading: reading.Reading{Sentiment: x.whole, Unsure: true, Themes: []reading.ThemeLabel{{Theme: "price", Sentiment: x.whole}}}}
			for i, v := range x.clauses {
				l.Clauses = append(l.Clauses, clause(20*i, v, "price"))
			}
			l.correct(x.said)
			if l.Sentiment != x.want {
				t.Errorf("%v, not %v", l.Sentiment, x.want)
			}
			for _, c := range l.Clauses {
				if c.Themes[0].Sentiment != c.Sentiment {
					t.Errorf("a clause that is %v speaks of its theme as %v", c.Sentiment, c.Themes[0].Sentiment)
				}
			}
		})
	}
}
