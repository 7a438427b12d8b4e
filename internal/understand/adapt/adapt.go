// Package adapt keeps what a workspace has taught its models, and reads its texts with it: the themes that were found in its
// own texts, its rules of words and phrases, and what ratings and corrections say about how its customers praise and blame.
//
// Each training makes a version; the one that is active reads. Whoever activates another one, or none, is back there at
// once, and all texts are read again in the background.
package adapt

import (
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"time"

	"kolo/internal/understand/reading"
	"kolo/internal/understand/stat"
	"kolo/internal/understand/text"
	"kolo/internal/understand/theme"
	"kolo/internal/understand/theme/discover"
	"kolo/internal/understand/theme/rule"
)

// Kind says what a version is of.
type Kind string

// The kinds.
const (
	Themes    Kind = "theme"     // tells the themes that were found
	Sentiment Kind = "sentiment" // shifts how praise and blame are told
)

// Version is one training.
type Version struct {
	ID     string    `json:"id"`
	Kind   Kind      `json:"kind"`
	Active bool      `json:"active"`
	Texts  int64     `json:"texts" doc:"That it was trained on"`
	Report Report    `json:"report" doc:"What was measured when it was made"`
	By     string    `json:"by" doc:"Who asked for it; empty for Kolo itself"`
	At     time.Time `json:"at"`
}

// Report is what was measured when a version was made. Shares are from 0 to 1.
type Report struct {
	// Of the themes that were found:
	Found   int `json:"found,omitempty" doc:"Themes"`
	New     int `json:"new,omitempty" doc:"Of these, not known before"`
	Dormant int `json:"dormant,omitempty" doc:"Known before and not found again"`

	// Of the sentiment: accuracy on texts that were held out, before and after.
	Held        int     `json:"held,omitempty" doc:"Texts held out"`
	Before      float64 `json:"before,omitempty" doc:"Accuracy on these without what was learned, 0 to 1"`
	After       float64 `json:"after,omitempty" doc:"And with it"`
	Gained      int     `json:"gained,omitempty" doc:"Of the texts held out, that are read rightly with it and were not without"`
	Lost        int     `json:"lost,omitempty" doc:"And the other way round"`
	Plain       int     `json:"plain,omitempty" doc:"Plainly polar phrases that were kept apart"`
	Turned      int     `json:"turned,omitempty" doc:"And how many of these are read as something else"`
	Sure        int     `json:"sure,omitempty" doc:"Texts that plainly praise or blame"`
	Against     int     `json:"against,omitempty" doc:"And how many of these have a rating that says the opposite"`
	Ratings     int     `json:"ratings,omitempty" doc:"Texts whose label was a rating beside them"`
	Corrections int     `json:"corrections,omitempty" doc:"Texts whose label was a person's word"`
	Curve       []Point `json:"curve,omitempty" doc:"By how many texts were learned from"`
}

// Gain is the difference of the two accuracies, text by text, with its 95 % interval. It is undefined where both read all texts alike, and in
// reports of before it was counted for how many they do not.
func (r Report) Gain() (stat.Difference, error) {
	if r.Gained+r.Lost == 0 {
		return stat.Difference{}, stat.Undefined("Gain", "both read all texts alike")
	}
	n := float64(r.Held)
	mean := float64(r.Gained-r.Lost) / n
	return stat.Paired(stat.Moments{N: int64(r.Held), Mean: mean, SD: math.Sqrt(max(0, float64(r.Gained+r.Lost)-n*mean*mean) / max(1, n-1))}, stat.DefaultLevel)
}

// Point is a step of a learning curve.
type Point struct {
	Texts    int     `json:"texts"`
	Accuracy float64 `json:"accuracy"`
}

// Reader reads the texts of one workspace: as the models that come with Kolo do, and with what the workspace has taught.
type Reader struct {
	base    *reading.Reader
	rules   []ruleTheme
	found   *discover.Model
	tree    *theme.Tree
	version string
}

// ruleTheme is a theme with all rules that find it: its own, and those of the themes that were merged into it.
type ruleTheme struct {
	id    string
	rules []*rule.Rule
}

// mostThemes is how many themes a text is given, beside one that waits for a person.
const mostThemes = 5

// newReader puts a reader together. What differs from the base makes a version of its own, so that texts are read again
// when it changes; a renamed or moved theme changes nothing of it.
func newReader(base *reading.Reader, found *discover.Model, foundID, deltaID string, tree *theme.Tree) *Reader {
	r := &Reader{base: base, found: found, tree: tree, version: base.Model()}
	h := fnv.New32a()
	plain := foundID == "" && deltaID == ""
	_, _ = fmt.Fprint(h, foundID, deltaID)
	rules := false
	for _, t := range tree.Every() {
		if t.State == theme.Forbidden {
			plain = false
			_, _ = fmt.Fprint(h, "\x00", t.ID)
		}
		// A merged theme's rule goes on finding texts, for the theme that it is a part of now: no other reader finds them.
		id := tree.Counts(t.ID)
		if t.Rule == "" || id == "" || t.State != theme.Live && t.State != theme.Merged {
			continue
		}
		parsed, err := rule.Parse(t.Rule)
		if err != nil {
			continue // it was checked when it was kept; a grammar that has changed since must not stop the reading
		}
		plain, rules = false, true
		_, _ = fmt.Fprint(h, "\x01", id, "\x02", t.Rule)
		at := slices.IndexFunc(r.rules, func(x ruleTheme) bool { return x.id == id })
		if at < 0 {
			at = len(r.rules)
			r.rules = append(r.rules, ruleTheme{id: id})
		}
		r.rules[at].rules = append(r.rules[at].rules, parsed)
	}
	if rules {
		_, _ = fmt.Fprint(h, "\x03", rule.Version)
	}
	if !plain {
		r.version = fmt.Sprintf("%s+%08x", base.Model(), h.Sum32())
	}
	return r
}

// Model is the version of the reader, as each of its readings carries it.
func (r *Reader) Model() string { return r.version }

// Read understands a text; see reading.Reader.
func (r *Reader) Read(s, language string) reading.Reading {
	out := r.base.Read(s, language)
	out.Model = r.version
	var own []reading.ThemeLabel
	if len(r.rules) > 0 {
		t := rule.NewText(text.Words(s), out.Language)
		for _, x := range r.rules {
			if ok, spans := x.match(t); ok {
				own = append(own, r.label(&out, x.id, 1, spans))
			}
		}
	}
	var waiting []reading.ThemeLabel // it takes no other's place: what counts must not depend on what was only proposed
	if r.found != nil {
		if id, confidence := r.found.Theme(s, out.Language); id != "" && confidence >= discover.Threshold {
			if l := r.label(&out, id, confidence, nil); r.tree.Counts(id) != "" {
				own = append(own, l)
			} else {
				waiting = r.allowed([]reading.ThemeLabel{l})
			}
		}
	}
	if len(own) > 0 || r.version != r.base.Model() {
		out.Themes = r.allowed(append(own, out.Themes...))
		for i := range out.Clauses {
			out.Clauses[i].Themes = r.allowed(out.Clauses[i].Themes)
		}
	}
	if len(out.Themes) > mostThemes {
		out.Themes = out.Themes[:mostThemes]
	}
	out.Themes = append(out.Themes, waiting...)
	return out
}

// match holds all of a theme's rules against a text: whether one of them matches, and where all that do.
func (x ruleTheme) match(t *rule.Text) (ok bool, spans []text.Span) {
	for _, r := range x.rules {
		if yes, hits := r.Match(t); yes {
			ok, spans = true, append(spans, hits...)
		}
	}
	return ok, spans
}

// label makes a theme of the text, and of the clauses that the spans are in; it has their sentiment, or the text's.
func (r *Reader) label(out *reading.Reading, id string, confidence float64, spans []text.Span) reading.ThemeLabel {
	for i := range out.Clauses {
		c := &out.Clauses[i]
		if slices.ContainsFunc(spans, func(s text.Span) bool { return s.Start < c.End && c.Start < s.End }) {
			c.Themes = append([]reading.ThemeLabel{{Theme: id, Sentiment: c.Sentiment, Confidence: confidence}}, c.Themes...)
		}
	}
	return reading.ThemeLabel{Theme: id, Sentiment: out.Spoken(id), Confidence: confidence}
}

// allowed leaves out what the workspace does not want, and second mentions.
func (r *Reader) allowed(list []reading.ThemeLabel) []reading.ThemeLabel {
	out := list[:0]
next:
	for _, t := range list {
		if r.tree.Resolve(t.Theme) == "" {
			continue
		}
		for _, o := range out {
			if o.Theme == t.Theme {
				continue next
			}
		}
		out = append(out, t)
	}
	return out
}
