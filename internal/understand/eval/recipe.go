package eval

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"sync"

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
	Features: learn.Features{Words: 3, Edges: true, Whole: 4, Negation: true, CharLow: 2, CharHigh: 5, CharWeight: 0.5, MinCount: 2},
	// Blame and praise, as sentiment.Names has them.
	Opposites: [2]int{0, 2},
	Epochs:    8,
	Rate:      0.2,
	Decay:     1e-5,
	Contrast:  0.5,
	Most:      120_000,
	Seed:      1,
}

// What a text, a clause, a piece of a clause and a clause of which only the text was told count for the head of texts, the head of clauses,
// the themes and where texts are from.
var (
	textWeights   = []float32{1, 0.5, 1, 1}
	clauseWeights = []float32{0.5, 1, 1, 0}
	pieceWeights  = []float32{0.25, 0.5, 0.5, 0}
	toldWeights   = []float32{0, 0, 1, 0}
)

// nearWeight is what authored texts count beside those of the corpus: they are nearer to what customers write, and there are ten times fewer.
const nearWeight = 2.5

// shortTimes is how many times a text of the corpus is learned from that is one clause of at most shortWords words, marks included: of what
// customers write such are many, of the corpus few. (A weight would not do: AdaGrad's steps do not grow with it.)
const (
	shortTimes = 8
	shortWords = 4
)

// farWeight is what a text counts that is not a customer's feedback, or has no themes: for sentiment alone.
const farWeight = 0.1

// farPresence is what such a text counts when n-grams are chosen. Words of lexicons are chosen when anybody else uses them.
const farPresence = 0.25

// toldPresence is what a labelled clause of an authored text counts then: hardly anything, for the text counts already. Found by cross-validation: with more,
// themes are told worse.
const toldPresence = 0.01

// seldomTimes is how many times a text of the project is learned from in a language in which it has some hundreds, and seldomPresence what it counts when
// n-grams are chosen.
const (
	seldomTimes    = 4
	seldomPresence = 2
)

var heads = []learn.HeadSpec{
	{Name: sentiment.TextHead, Kind: learn.OneOf, Labels: sentiment.Names, Levels: 60},
	{Name: sentiment.ClauseHead, Kind: learn.OneOf, Labels: sentiment.Names[:3], Levels: 60},
	{Name: reading.ThemeHead, Kind: learn.AnyOf, Labels: Themes, Levels: 10, Contrast: 0.5},
}

// whereHead is a head of models of a language in which others have labelled texts that customers may have written, too; elsewhereHead is that of the
// model that learns from these alone.
var (
	whereHead     = learn.HeadSpec{Name: sentiment.WhereHead, Kind: learn.OneOf, Labels: []string{"here", "elsewhere"}, Levels: 60}
	elsewhereHead = learn.HeadSpec{Name: sentiment.ElsewhereHead, Kind: learn.OneOf, Labels: sentiment.Names[:3], Levels: 60}
)

// mostElsewhere are the n-grams of such a model: there are some thousand texts.
const mostElsewhere = 60_000

// surer is how much surer the model in the end may be than those that were judged: it learns from half as much again as they
// did, and is right more often. Found by cross-validation around all of this.
const surer = 1.25

// folds is how many parts a model's texts are put in to be judged by models that did not see them.
const folds = 3

// prepared is a row as models see it: the examples that it gives, and the fold that all of them are in, or -1 when it is
// only learned from.
type prepared struct {
	Row
	words    []text.Word
	examples []learn.Example
	fold     int
}

// prepare makes examples of a row: the text, and its clauses when it has several.
func prepare(r Row) prepared {
	p := prepared{Row: r, words: text.Words(r.Text), fold: fold(r.Text, folds)}
	by := float32(1)
	seldom := r.Source == Corpus && !slices.Contains(Languages, r.Language) // of a language in which there is little else
	if r.near() || seldom {
		by = nearWeight
	}
	themes := r.Themes
	for _, c := range r.Clauses {
		themes = append(slices.Clip(themes), c.themes()...)
	}
	p.examples = append(p.examples, learn.Example{Words: p.words, Targets: targets(r.Label, themes), Weights: times(textWeights, by)})
	if r.far() {
		p.fold = -1
		p.examples[0].Weights = []float32{farWeight, farWeight, 0, 1}
		if p.examples[0].Presence = farPresence; !slices.Contains(Languages, r.Language) {
			if p.examples[0].Presence = 1; r.Source == "lexicon" { // there is nothing nearer
				p.examples[0].Presence = 2
			}
		}
	}
	switch {
	case r.elsewhere():
		p.fold = fold(r.Text, folds)
		p.examples[0].Targets[3] = []float32{0, 1}
	case !r.far():
		p.examples[0].Targets[3] = []float32{1, 0}
	}
	if seldom {
		p.examples[0].Presence = seldomPresence
	}
	if r.Source == Corpus && !seldom && len(r.Clauses) == 1 && len(p.words) <= shortWords {
		for range shortTimes - 1 {
			p.examples = append(p.examples, p.examples[0])
		}
	}
	if len(r.Clauses) > 1 || r.Source == Authored { // of an authored text only those that say something are labelled
		for _, c := range r.Clauses {
			e := learn.Example{Words: within(p.words, c.Span), Targets: targets(c.Label, c.themes()), Weights: times(clauseWeights, by)}
			if r.Source == Authored {
				e.Presence = toldPresence
			}
			p.examples = append(p.examples, e)
		}
	}
	// Clauses as the program finds them may be pieces of those that people marked, or reach over them: what it will meet is
	// learned from, too.
	for _, sp := range text.ClausesOf(r.Text, p.words) {
		var of Labelled
		most := 0
		for _, c := range r.Clauses {
			if n := shared(sp, c.Span); n > most {
				of, most = c, n
			}
		}
		words := within(p.words, sp)
		if 2*most < sp.Len() || len(words) == len(within(p.words, of.Span)) || len(words) == len(p.words) {
			continue
		}
		p.examples = append(p.examples, learn.Example{Words: words, Targets: targets(of.Label, of.themes()), Weights: times(pieceWeights, by)})
	}
	if seldom {
		p.examples = slices.Repeat(p.examples, seldomTimes)
	}
	return p
}

func times(weights []float32, by float32) []float32 {
	out := slices.Clone(weights)
	for i := range out {
		out[i] *= by
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

// targets are what the heads should say. As a clause, a mixed text is as much praise as blame.
func targets(l sentiment.Label, themes []string) [][]float32 {
	whole, clause := make([]float32, 4), make([]float32, 3)
	whole[l+1] = 1
	if l == sentiment.Mixed {
		clause[0], clause[2] = 0.5, 0.5
	} else {
		clause[l+1] = 1
	}
	return [][]float32{whole, clause, about(themes), nil}
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

// seen is a row with what a model said of it that had not seen it, cut into clauses as the program finds them.
type seen struct {
	*prepared
	spans    []text.Span
	evidence sentiment.Evidence
	themes   []float32 // of the whole, then of each clause
}

// found is which of the clauses shares most with a span, or -1.
func (x *seen) found(sp text.Span) int {
	best, most := -1, 0
	for i, c := range x.spans {
		if n := shared(c, sp); n > most {
			best, most = i, n
		}
	}
	return best
}

// apportion makes examples of the themes of the clauses of an authored text, of which nobody said them: each is about that of the text's themes which is
// likeliest for it.
func (x *seen) apportion() []learn.Example {
	if x.Source != Authored || len(x.spans) < 2 {
		return nil
	}
	var out []learn.Example
	candidates := about(x.Themes)
	for i, sp := range x.spans {
		probability := x.themes[len(Themes)*(i+1) : len(Themes)*(i+2)]
		best := -1
		for k, is := range candidates {
			if is == 1 && (best < 0 || probability[k] > probability[best]) {
				best = k
			}
		}
		if best >= 0 {
			out = append(out, learn.Example{Words: within(x.words, sp), Targets: [][]float32{nil, nil, about(Themes[best : best+1]), nil}, Weights: times(toldWeights, nearWeight)})
		}
	}
	return out
}

// Labels of clauses of the corpus are doubted where models that did not see them find them less likely than hardly, and another theme likelier
// than surely.
const (
	hardly = 0.03
	surely = 0.6
)

// doubt has nothing learned from the themes of the corpus that are doubted: among a hundred thousand clauses some have a wrong one.
func (x *seen) doubt() {
	if x.Source != Corpus {
		return
	}
	for i, c := range x.Clauses {
		k := x.found(c.Span)
		if k < 0 {
			continue
		}
		probability := x.themes[len(Themes)*(k+1) : len(Themes)*(k+2)]
		if probability[slices.Index(Themes, c.Theme)] >= hardly || probability[learn.Most(probability)] <= surely {
			continue
		}
		e := &x.examples[0]
		if len(x.Clauses) > 1 {
			e = &x.examples[1+i]
		}
		e.Targets[2] = nil
	}
}

// trainPart trains the model of a language and fits its judge and its rule of themes on what models of other folds say.
func trainPart(language string, rows []Row, o learn.Options) (*reading.Part, error) {
	all := make([]prepared, len(rows))
	for i, r := range rows {
		all[i] = prepare(r)
	}
	judged, err := judge(all, o)
	if err != nil {
		return nil, err
	}
	judged, away := apart(judged)
	for _, x := range judged {
		x.examples = append(x.examples, x.apportion()...)
		x.doubt()
	}
	m, there, err := learnFrom(all, o, -2)
	if err != nil {
		return nil, err
	}
	note := reading.Note{Language: language, Sentiment: fitJudge(judged, away), Themes: themeRule(judged), Home: home(rows)}
	if there != nil {
		if note.Elsewhere, err = there.Encode(nil); err != nil {
			return nil, err
		}
	}
	return reading.NewPart(m, note)
}

// home are some texts of the corpus, which is Kolo's own and may be kept with the model.
func home(rows []Row) []reading.Said {
	var list []reading.Said
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(fold("home "+a.Text, 1<<30), fold("home "+b.Text, 1<<30)) })
	for _, r := range rows {
		if r.Source == Corpus && len(list) < 250 {
			list = append(list, reading.Said{Text: r.Text, Sentiment: r.Label})
		}
	}
	return list
}

// learnFrom trains a model on all rows but those of a fold, and one on those from elsewhere alone, nil where there are none.
func learnFrom(all []prepared, o learn.Options, but int) (m, there *learn.Model, err error) {
	var examples, away []learn.Example
	for i := range all {
		if all[i].fold == but {
			continue
		}
		examples = append(examples, all[i].examples...)
		if all[i].elsewhere() {
			e := all[i].examples[0]
			away = append(away, learn.Example{Words: e.Words, Targets: e.Targets[1:2], Weights: []float32{1}})
		}
	}
	if len(away) == 0 {
		m, err = learn.Train(examples, heads, o)
		return m, nil, err
	}
	if m, err = learn.Train(examples, append(slices.Clone(heads), whereHead), o); err != nil {
		return nil, nil, err
	}
	o.Most = mostElsewhere
	there, err = learn.Train(away, []learn.HeadSpec{elsewhereHead}, o)
	return m, there, err
}

// judge lets each row be looked at by a model that was trained on the other folds.
func judge(all []prepared, o learn.Options) ([]*seen, error) {
	var looked [folds][]*seen
	var errs [folds]error
	var wg sync.WaitGroup
	for f := range folds {
		wg.Go(func() {
			m, there, err := learnFrom(all, o, f)
			if errs[f] = err; err != nil {
				return
			}
			look := reading.Heads(m, there)
			scratch := m.Scratch()
			for i := range all {
				p := &all[i]
				if p.fold != f {
					continue
				}
				x := &seen{prepared: p, spans: text.ClausesOf(p.Text, p.words)}
				if len(x.spans) > 0 {
					look.Look(scratch, p.Text, p.words, x.spans, &x.evidence, &x.themes)
					looked[f] = append(looked[f], x)
				}
			}
			m.Release(scratch)
		})
	}
	wg.Wait()
	return slices.Concat(looked[:]...), errors.Join(errs[:]...)
}

// apart are what is said of customers' texts, and of those from elsewhere.
func apart(judged []*seen) (here, away []*seen) {
	for _, x := range judged {
		if x.elsewhere() {
			away = append(away, x)
		} else {
			here = append(here, x)
		}
	}
	return here, away
}

// fitElsewhere fits the weighing of evidence of texts from elsewhere; nil where there are none.
func fitElsewhere(away []*seen) *learn.Dense {
	var texts []learn.DenseExample
	for _, x := range away {
		if x.evidence.Away <= sentiment.SurelyHere {
			continue
		}
		texts = append(texts, learn.DenseExample{Input: slices.Clone(x.evidence.OfElsewhere()), Label: int(x.Label) + 1, Weight: 1})
	}
	if len(texts) == 0 {
		return nil
	}
	return learn.TrainDense(texts, 3, 10, 1e-4, 1)
}

// lean is what comes to the odds of being from elsewhere for texts of both kinds, authored ones and those from elsewhere, to be read best: there are
// many more texts of the project than others, so that models take too many for their own.
func lean(j sentiment.Judge, judged, away []*seen) float32 {
	loss := func(list []*seen) float64 {
		sum, n := 0.0, 0
		for _, x := range list {
			if x.Source == Corpus {
				continue
			}
			var z [4]float32
			j.OfText(&x.evidence, &z)
			learn.LogSoftmax(z[:])
			sum -= float64(z[x.Label+1])
			n++
		}
		return sum / float64(max(n, 1))
	}
	best, at := math.Inf(1), float32(0)
	for _, by := range []float32{0, 0.5, 1, 1.5, 2, 2.5, 3} {
		j.Lean = by
		if l := loss(judged) + loss(away); l < best {
			best, at = l, by
		}
	}
	return at
}

// corpusWeight is what a text of the corpus counts when the judge is fitted: all of them together as much as all authored texts. How often these
// praise and blame at once is what customers do; the corpus has four times as many that are mixed.
func corpusWeight(judged []*seen) float64 {
	near := 0
	for _, x := range judged {
		if x.Source != Corpus {
			near++
		}
	}
	return float64(near) / float64(max(len(judged)-near, near))
}

// clauseShare is what a clause of the corpus counts of what its text does when clauses are judged; chosen by cross-validation, as the recipe is.
const clauseShare = 0.25

// fitJudge fits the weighing of evidence, and the border at which calling texts mixed does most good.
func fitJudge(judged, away []*seen) sentiment.Judge {
	var texts, clauses, nearTexts, nearClauses []learn.DenseExample
	far := float32(corpusWeight(judged))
	for _, x := range judged {
		e := learn.DenseExample{Input: slices.Clone(x.evidence.OfText()), Label: int(x.Label) + 1, Weight: 1}
		if x.Source == Corpus {
			e.Weight = far
		} else {
			nearTexts = append(nearTexts, e)
		}
		texts = append(texts, e)
		for _, c := range x.Clauses {
			i := x.found(c.Span)
			if i < 0 || x.Source == Authored { // whose clauses others have labelled, who call more of a complaint blame: with them clauses are judged worse
				continue
			}
			e := learn.DenseExample{Input: slices.Clone(x.evidence.OfClause(i)), Label: int(c.Label) + 1, Weight: e.Weight}
			if x.Source == Corpus {
				e.Weight *= clauseShare
			} else {
				nearClauses = append(nearClauses, e)
			}
			clauses = append(clauses, e)
		}
	}
	j := sentiment.Judge{Margin: 0.15, Text: learn.TrainDense(texts, 4, 10, 1e-4, 1), Clause: learn.TrainDense(clauses, 3, 10, 1e-4, 1)}
	if len(nearTexts) > 0 {
		j.Text.Rescale(nearTexts)
	}
	j.Text.Calibrate(nearTexts, surer)
	j.Clause.Calibrate(nearClauses, surer)
	if j.Elsewhere = fitElsewhere(away); j.Elsewhere != nil {
		j.Lean = lean(j, judged, away)
	}
	best, at := -1.0, float32(1)
	for _, border := range []float32{0.7, 0.85, 1, 1.2, 1.4, 1.7, 2, 2.5, 3} {
		j.Mixed = border
		var r result
		for _, x := range judged {
			if x.Source != Corpus {
				var z [4]float32
				j.OfText(&x.evidence, &z)
				r.confusion[x.Label+1][j.Decide(z[:]).Label+1]++
			}
		}
		accuracy, _ := r.three()
		if good := accuracy + r.f1(3, 4)/5; good > best {
			best, at = good, border
		}
	}
	j.Mixed = at
	return j
}

// themeRule finds the thresholds that make the F1 of each theme best, half-way drawn to the one that is best for all
// together, for a theme's own is found on few texts.
func themeRule(judged []*seen) reading.ThemeRule {
	type instance struct{ said, is []float32 }
	var texts []instance
	for _, x := range judged {
		if target := x.examples[0].Targets[2]; target != nil && x.Source != Corpus {
			texts = append(texts, instance{x.themes[:len(Themes)], target})
		}
	}
	grid := []float32{0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6}
	f1 := func(themes []int, threshold float32) float64 {
		var hit, missed, wrong float64
		for _, x := range texts {
			for _, k := range themes {
				switch said, is := x.said[k] >= threshold, x.is[k] == 1; {
				case said && is:
					hit++
				case said:
					wrong++
				case is:
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
	rule := reading.ThemeRule{Floor: common / 2, Clause: 0.02, Second: common}
	for k := range Themes {
		rule.Text = append(rule.Text, (common+choose([]int{k}))/2)
	}
	return rule
}
