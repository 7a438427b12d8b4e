package eval

import (
	"math"
	"slices"

	"kolo/internal/understand/learn"
	"kolo/internal/understand/reading"
	"kolo/internal/understand/sentiment"
	"kolo/internal/understand/text"
)

// Themes are the keys of the starting tree, as models know them.
var Themes = []string{"app_website", "billing", "cancellation", "cleanliness", "comfort", "communication", "defect", "delivery", "ease_of_use", "features",
	"food", "general", "login_account", "loyalty_program", "opening_hours", "personalisation", "price", "product_quality", "returns_refunds", "safety_privacy",
	"staff_attitude", "stock_availability", "technician_visit", "waiting_time"}

// Settings of the recipe; each was chosen by cross-validation on authored texts.
var recipe = learn.Options{
	Features: learn.Features{Words: 3, Edges: true, CharLow: 2, CharHigh: 5, CharWeight: 0.5, MinCount: 2},
	Epochs:   15,
	Rate:     0.1,
	Decay:    1e-5,
	Contrast: 0.5,
	Seed:     1,
}

// clauseWeight is what a clause counts beside a whole text.
const clauseWeight = 0.5

var heads = []learn.HeadSpec{
	{Name: sentiment.Head, Kind: learn.OneOf, Labels: sentiment.Names, Weight: 1},
	{Name: reading.ThemeHead, Kind: learn.AnyOf, Labels: Themes, Weight: 1},
}

// unit is what a model is trained and calibrated on: a text, or a clause of it.
type unit struct {
	example learn.Example
	clause  bool
	source  string
	fold    int
}

// units makes examples of rows. A row without clauses, or with one, is a text; others are a text and its clauses. All units of a
// row are in the same fold.
func units(rows []Row, folds int) []unit {
	var out []unit
	for _, r := range rows {
		words := text.Words(r.Text)
		f := fold(r.Text, folds)
		themes := r.Themes
		for _, c := range r.Clauses {
			themes = append(slices.Clone(themes), c.Theme)
		}
		out = append(out, unit{learn.Example{Words: words, Weight: 1, Targets: [][]float32{feeling(r.Label), about(themes)}}, false, r.Source, f})
		if len(r.Clauses) < 2 {
			continue
		}
		for _, c := range r.Clauses {
			targets := [][]float32{feeling(c.Label), about([]string{c.Theme})}
			out = append(out, unit{learn.Example{Words: within(words, c.Span), Weight: clauseWeight, Targets: targets}, true, r.Source, f})
		}
	}
	return out
}

// within are the words that lie in a span.
func within(words []text.Word, sp text.Span) []text.Word {
	first := 0
	for first < len(words) && words[first].Span.Start < sp.Start {
		first++
	}
	last := first
	for last < len(words) && words[last].Span.End <= sp.End {
		last++
	}
	return words[first:last]
}

func feeling(l sentiment.Label) []float32 {
	p := make([]float32, len(sentiment.Names))
	p[l+1] = 1
	return p
}

// about marks themes; nil when nobody said anything. Beside another theme, "general" says nothing.
func about(themes []string) []float32 {
	if themes == nil {
		return nil
	}
	p := make([]float32, len(Themes))
	several := slices.ContainsFunc(themes, func(t string) bool { return t != "general" })
	for _, t := range themes {
		if k := slices.Index(Themes, t); k >= 0 && !(t == "general" && several) {
			p[k] = 1
		}
	}
	return p
}

// trainPart trains and calibrates the model of a language. Calibration is on units that a model of the other folds judged.
func trainPart(language string, rows []Row, o learn.Options) (*reading.Part, error) {
	const folds = 4
	all := units(rows, folds)
	var seen []judged
	for f := range folds {
		var examples []learn.Example
		for _, u := range all {
			if u.fold != f {
				examples = append(examples, u.example)
			}
		}
		m, err := learn.Train(examples, heads, o)
		if err != nil {
			return nil, err
		}
		for _, u := range all {
			if u.fold == f {
				seen = append(seen, judge(m, u))
			}
		}
	}
	examples := make([]learn.Example, len(all))
	for i, u := range all {
		examples[i] = u.example
	}
	m, err := learn.Train(examples, heads, o)
	if err != nil {
		return nil, err
	}
	return reading.NewPart(m, reading.Note{Language: language, Sentiment: calibrate(seen), Themes: themeRule(seen)})
}

// judged is a unit with the raw scores that a model gave it which had not seen it.
type judged struct {
	unit
	feelings, themes []float32
}

func judge(m *learn.Model, u unit) judged {
	s := m.Scratch()
	defer m.Release(s)
	v := m.Vector(s, u.example.Words)
	j := judged{u, make([]float32, len(sentiment.Names)), make([]float32, len(Themes))}
	m.Head(sentiment.Head).Logits(v, j.feelings)
	m.Head(reading.ThemeHead).Logits(v, j.themes)
	return j
}

// calibrate finds the temperatures that make the loss least, and the border at which calling texts mixed does most good.
func calibrate(seen []judged) sentiment.Calibration {
	c := sentiment.Calibration{Margin: 0.15}
	loss := func(clause bool, temperature float32) (sum float64) {
		for _, j := range seen {
			if j.clause != clause || j.source == Corpus {
				continue
			}
			p := slices.Clone(j.feelings)
			if clause {
				p = p[:3]
			}
			for k := range p {
				p[k] /= temperature
			}
			learn.Softmax(p)
			sum -= math.Log(max(float64(p[learn.Most(j.example.Targets[0])]), 1e-9))
		}
		return sum
	}
	c.Text = least(func(t float32) float64 { return loss(false, t) })
	c.Clause = least(func(t float32) float64 { return loss(true, t) })
	best := -1
	for _, border := range []float32{0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.35, 1.5, 1.75, 2} {
		c2 := c
		c2.Mixed = border
		right := 0
		for _, j := range seen {
			if j.clause || j.source == Corpus {
				continue
			}
			if int(c2.OfText(slices.Clone(j.feelings)).Label)+1 == learn.Most(j.example.Targets[0]) {
				right++
			}
		}
		if right > best {
			best, c.Mixed = right, border
		}
	}
	return c
}

// least finds the temperature between 1/4 and 4 with the least loss, to 1 %.
func least(loss func(float32) float64) float32 {
	lo, hi := math.Log(0.25), math.Log(4)
	for hi-lo > 0.01 {
		a, b := lo+(hi-lo)*0.382, lo+(hi-lo)*0.618
		if loss(float32(math.Exp(a))) < loss(float32(math.Exp(b))) {
			hi = b
		} else {
			lo = a
		}
	}
	return float32(math.Exp((lo + hi) / 2))
}

// themeRule finds the thresholds that make the F1 of each theme best, half-way drawn to the one that is best for all
// together, for a theme's own is found on few texts.
func themeRule(seen []judged) reading.ThemeRule {
	var texts []judged
	for _, j := range seen {
		if !j.clause && j.example.Targets[1] != nil && j.source != Corpus {
			texts = append(texts, j)
		}
	}
	grid := []float32{0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6}
	f1 := func(themes []int, threshold float32) float64 {
		var hit, missed, wrong float64
		for _, j := range texts {
			for _, k := range themes {
				said, true1 := learn.Sigmoid(j.themes[k]) >= threshold, j.example.Targets[1][k] == 1
				switch {
				case said && true1:
					hit++
				case said:
					wrong++
				case true1:
					missed++
				}
			}
		}
		return 2 * hit / max(2*hit+missed+wrong, 1)
	}
	all := make([]int, len(Themes))
	for k := range all {
		all[k] = k
	}
	choose := func(themes []int) float32 {
		best, at := -1.0, float32(0)
		for _, t := range grid {
			if f := f1(themes, t); f > best {
				best, at = f, t
			}
		}
		return at
	}
	common := choose(all)
	rule := reading.ThemeRule{Floor: common / 2, Clause: 0.05, Second: common}
	for k := range Themes {
		rule.Text = append(rule.Text, (common+choose([]int{k}))/2)
	}
	return rule
}
