package reading

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"kolo/internal/understand/learn"
	"kolo/internal/understand/model"
	"kolo/internal/understand/sentiment"
	"kolo/internal/understand/text"
)

// ThemeHead is the name of the head of themes in a model.
const ThemeHead = "theme"

// Note is what a model's file says beside the weights.
type Note struct {
	Language  string                `json:"language"` // "any" for the model of all languages without one of their own
	Sentiment sentiment.Calibration `json:"sentiment"`
	Themes    ThemeRule             `json:"themes"`
}

// ThemeRule says when a theme is named.
type ThemeRule struct {
	Text   []float32 `json:"text"`   // by theme, the probability from which a text is about it
	Floor  float32   `json:"floor"`  // the likeliest theme is named from this probability on, whatever its own threshold
	Clause float32   `json:"clause"` // the same for the likeliest theme of a clause
	Second float32   `json:"second"` // the second theme of a clause is named from this probability on
}

// Part is the model of one language.
type Part struct {
	Note  Note
	Model *learn.Model

	sentiment, theme *learn.Head
}

// NewPart puts a model and its note together.
func NewPart(m *learn.Model, note Note) (*Part, error) {
	p := &Part{Note: note, Model: m, sentiment: m.Head(sentiment.Head), theme: m.Head(ThemeHead)}
	switch {
	case p.sentiment == nil || len(p.sentiment.Labels) != len(sentiment.Names):
		return nil, errors.New("reading: the model has no head of sentiment")
	case p.theme == nil || len(p.theme.Labels) != len(note.Themes.Text):
		return nil, errors.New("reading: the model has no head of themes")
	case note.Sentiment.Text <= 0 || note.Sentiment.Clause <= 0:
		return nil, errors.New("reading: the model is not calibrated")
	}
	return p, nil
}

// Any is the language of the part for all languages without one of their own.
const Any = "any"

// Reader reads texts. It is safe for concurrent use.
type Reader struct {
	version string
	parts   map[string]*Part
	rooms   *sync.Pool
	delta   *delta // what was learned from a workspace's own texts; nil for nothing
}

// New gives a reader with the models that come with Kolo.
func New() (*Reader, error) { return shipped() }

var shipped = sync.OnceValues(func() (*Reader, error) {
	names, err := fs.Glob(model.Files, "*.bin")
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	var parts []*Part
	for _, name := range names {
		file, err := model.Files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		sum.Write(file)
		var note Note
		m, err := learn.Decode(file, &note)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		p, err := NewPart(m, note)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		parts = append(parts, p)
	}
	return With("kolo-"+hex.EncodeToString(sum.Sum(nil))[:10], parts)
})

// With gives a reader with these models and this version.
func With(version string, parts []*Part) (*Reader, error) {
	r := &Reader{version: version, parts: map[string]*Part{}, rooms: &sync.Pool{New: func() any { return new(room) }}}
	for _, p := range parts {
		r.parts[p.Note.Language] = p
	}
	if r.parts[Any] == nil {
		return nil, errors.New("reading: there is no model for languages without one of their own")
	}
	return r, nil
}

// Model is the version of the models, as each reading carries it.
func (r *Reader) Model() string { return r.version }

// Themes are the keys of the themes that the reader knows.
func (r *Reader) Themes() []string { return slices.Clone(r.parts[Any].theme.Labels) }

// room is what reading one text needs beside the models.
type room struct {
	splitter text.Splitter
	feelings [4]float32
	themes   []float32
}

// Read understands a text in time linear in its length. The language, where the caller knows it, spares a guess: an ISO 639
// code, of whose subtags ("fa-IR") all but the first are ignored, or "" to detect it.
func (r *Reader) Read(s, language string) Reading {
	language, _, _ = strings.Cut(strings.ToLower(language), "-")
	out := Reading{Language: language, LanguageConfidence: 1, Model: r.version}
	if language == "" {
		l := text.Detect(s)
		out.Language, out.LanguageConfidence = l.Code, l.Confidence
	}
	p := r.parts[out.Language]
	if p == nil {
		p = r.parts[Any]
	}
	w := r.rooms.Get().(*room)
	defer r.rooms.Put(w)
	w.themes = slices.Grow(w.themes[:0], len(p.theme.Labels))[:len(p.theme.Labels)]
	scratch := p.Model.Scratch()
	defer p.Model.Release(scratch)

	words := w.splitter.Words(s)
	spans := text.ClausesOf(s, words)
	whole := p.Model.Vector(scratch, words)
	p.sentiment.Logits(whole, w.feelings[:])
	r.delta.shift(words, w.feelings[:], p.Note.Sentiment.Text)
	v := p.Note.Sentiment.OfText(w.feelings[:])
	out.Sentiment, out.Score, out.Confidence, out.Unsure = v.Label, float64(v.Score), float64(v.Confidence), v.Unsure
	p.theme.Logits(whole, w.themes)
	p.theme.Probabilities(w.themes, 1)
	out.Themes = p.textThemes(w.themes)

	out.Clauses = make([]Clause, 0, len(spans))
	first := 0
	for _, sp := range spans {
		for first < len(words) && words[first].Span.Start < sp.Start {
			first++
		}
		last := first
		for last < len(words) && words[last].Span.End <= sp.End {
			last++
		}
		c := Clause{Span: sp}
		if len(spans) > 1 {
			part := p.Model.Vector(scratch, words[first:last])
			p.sentiment.Logits(part, w.feelings[:])
			r.delta.shift(words[first:last], w.feelings[:], p.Note.Sentiment.Clause)
			p.theme.Logits(part, w.themes)
			p.theme.Probabilities(w.themes, 1)
		} else {
			p.sentiment.Logits(whole, w.feelings[:])
			r.delta.shift(words, w.feelings[:], p.Note.Sentiment.Clause)
		}
		v := p.Note.Sentiment.OfClause(w.feelings[:])
		c.Sentiment, c.Score, c.Confidence = v.Label, float64(v.Score), float64(v.Confidence)
		c.Themes = p.clauseThemes(w.themes, c.Sentiment)
		out.Clauses = append(out.Clauses, c)
		first = last
	}
	for i := range out.Themes {
		out.Themes[i].Sentiment = spoken(out.Themes[i].Theme, out)
	}
	return out
}

// mostThemes is how many themes a text is said to be about at most.
const mostThemes = 3

// textThemes are the themes of a text, the likeliest first; none is named when the model knows of none.
func (p *Part) textThemes(probability []float32) []ThemeLabel {
	var out []ThemeLabel
	rule := p.Note.Themes
	best := learn.Most(probability)
	for k, x := range probability {
		if x >= rule.Text[k] || k == best && x >= rule.Floor {
			out = append(out, ThemeLabel{Theme: p.theme.Labels[k], Confidence: float64(x)})
		}
	}
	slices.SortStableFunc(out, func(a, b ThemeLabel) int { return cmp.Compare(b.Confidence, a.Confidence) })
	return out[:min(len(out), mostThemes)]
}

// clauseThemes are the likeliest theme of a clause and, where it is likely too, the second.
func (p *Part) clauseThemes(probability []float32, how Sentiment) []ThemeLabel {
	best := learn.Most(probability)
	if probability[best] < p.Note.Themes.Clause {
		return nil
	}
	out := []ThemeLabel{{p.theme.Labels[best], how, float64(probability[best])}}
	second := -1
	for k, x := range probability {
		if k != best && x >= p.Note.Themes.Second && (second < 0 || x > probability[second]) {
			second = k
		}
	}
	if second >= 0 {
		out = append(out, ThemeLabel{p.theme.Labels[second], how, float64(probability[second])})
	}
	return out
}

// spoken tells how a text speaks of a theme: as its clauses about it do, or as the whole where none is.
func spoken(theme string, r Reading) Sentiment {
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

// Languages are those with a model of their own, in order.
func (r *Reader) Languages() []string {
	var out []string
	for l := range r.parts {
		if l != Any {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, strings.Compare)
	return out
}
