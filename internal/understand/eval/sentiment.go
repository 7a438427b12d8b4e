package eval

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"kolo/internal/understand/model"
	"kolo/internal/understand/reading"
	"kolo/internal/understand/sentiment"
	"kolo/internal/understand/text"
)

// result is what was found out about a language by cross-validation.
type result struct {
	plain
	style map[string][2]int // of three classes: right, all
	bins  [10]struct {
		n                 int
		confidence, right float64
	}
	unsure, unsureWrong, n, wrong int

	elsewhere plain // texts that others have labelled

	clauses, clauseFeeling, clauseTheme, clauseBoth, clauseSecond int
	theme                                                         [][3]int // by theme: hit, wrong, missed
}

// plain is what was said of which texts.
type plain struct {
	confusion [4][4]int // true label (row) and said label
}

// three are the accuracy and the macro-F1 of the texts that are not mixed.
func (r *plain) three() (accuracy, f1 float64) {
	right := 0
	for k := range 3 {
		right += r.confusion[k][k]
		f1 += r.f1(k, 3) / 3
	}
	return float64(right) / float64(r.count()), f1
}

// count is how many texts are not mixed.
func (r *plain) count() (n int) {
	for _, said := range r.confusion[:3] {
		for _, x := range said {
			n += x
		}
	}
	return n
}

// f1 of a label among texts of the first classes.
func (r *plain) f1(k, classes int) float64 {
	hit, said, is := r.confusion[k][k], 0, 0
	for t := range classes {
		said += r.confusion[t][k]
	}
	for _, x := range r.confusion[k] {
		is += x
	}
	return 2 * float64(hit) / float64(said+is)
}

// ece is the expected calibration error over ten bins of confidence.
func (r *result) ece() float64 {
	sum, n := 0.0, 0
	for _, b := range r.bins {
		n += b.n
		sum += math.Abs(b.confidence - b.right)
	}
	return sum / float64(n)
}

// sureness is the mean confidence beside the share of right answers: a model that is too sure has more of the first.
func (r *result) sureness() string {
	confidence := 0.0
	for _, b := range r.bins {
		confidence += b.confidence
	}
	return percent(confidence/float64(r.n)) + ", " + share(r.n-r.wrong, r.n)
}

// figures are what is shipped of it with the model of a language.
func (r *result) figures(s Sources) model.Figures {
	_, macro := r.three()
	f := model.Figures{Rounds: s.rounds(), Texts: r.n, MacroF1: macro, MixedF1: r.f1(3, 4), CalibrationError: r.ece(), Clauses: r.clauses}
	for k := range 3 {
		f.Right += r.confusion[k][k]
	}
	f.Plain = r.count()
	of := func(n, all int) float64 { return float64(n) / float64(max(all, 1)) }
	f.Unsure, f.UnsureWrong, f.SureWrong = of(r.unsure, r.n), of(r.unsureWrong, r.unsure), of(r.wrong-r.unsureWrong, r.n-r.unsure)
	f.ClauseSentiment, f.ClauseTheme, f.ClauseBoth = of(r.clauseFeeling, r.clauses), of(r.clauseTheme, r.clauses), of(r.clauseBoth, r.clauses)
	f.ThemeMicroF1, f.ThemeMacroF1 = r.themes()
	return f
}

// cross judges all authored texts of a language, each by a reader that did not see it.
func cross(s Sources, language string) (*result, error) {
	rows, err := s.rows(language)
	if err != nil {
		return nil, err
	}
	res := &result{style: map[string][2]int{}, theme: make([][3]int, len(Themes))}
	rounds := s.rounds()
	for f := range rounds {
		var train, test []Row
		for _, r := range rows {
			switch {
			case r.far() && !r.elsewhere() || r.Source == Corpus || fold("outer "+r.Text, rounds) != f:
				train = append(train, r)
			default:
				test = append(test, r)
			}
		}
		p, err := trainPart(language, train, recipe)
		if err != nil {
			return nil, err
		}
		p.Note.Language = reading.Any
		reader, err := reading.Assemble("evaluation", []*reading.Part{p})
		if err != nil {
			return nil, err
		}
		for _, r := range test {
			res.add(r, reader.Read(r.Text, language))
		}
	}
	return res, nil
}

func (r *result) add(row Row, x reading.Reading) {
	switch {
	case row.Source == Clauses:
		r.addClauses(row, x)
		return
	case row.elsewhere():
		r.elsewhere.confusion[row.Label+1][x.Sentiment+1]++
		return
	}
	right := row.Label == x.Sentiment
	r.confusion[row.Label+1][x.Sentiment+1]++
	if row.Label != sentiment.Mixed {
		c := r.style[row.Style]
		c[1]++
		if right {
			c[0]++
		}
		r.style[row.Style] = c
	}
	b := &r.bins[min(int(x.Confidence*10), 9)]
	b.n++
	b.confidence += x.Confidence
	r.n++
	if right {
		b.right++
	} else {
		r.wrong++
	}
	if x.Unsure {
		r.unsure++
		if !right {
			r.unsureWrong++
		}
	}
	target := about(row.Themes)
	for k, name := range Themes {
		said := slices.ContainsFunc(x.Themes, func(t reading.ThemeLabel) bool { return t.Theme == name })
		switch {
		case said && target[k] == 1:
			r.theme[k][0]++
		case said:
			r.theme[k][1]++
		case target[k] == 1:
			r.theme[k][2]++
		}
	}
}

// addClauses compares each labelled quote with the clause of the reading that shares most bytes with it.
func (r *result) addClauses(row Row, x reading.Reading) {
	for _, want := range row.Clauses {
		var best reading.Clause
		most := 0
		for _, c := range x.Clauses {
			if n := shared(c.Span, want.Span); n > most {
				best, most = c, n
			}
		}
		r.clauses++
		if most == 0 {
			continue
		}
		feeling := best.Sentiment == want.Label
		theme := len(best.Themes) > 0 && best.Themes[0].Theme == want.Theme
		any := slices.ContainsFunc(best.Themes, func(t reading.ThemeLabel) bool { return t.Theme == want.Theme })
		if feeling {
			r.clauseFeeling++
		}
		if theme {
			r.clauseTheme++
		}
		if feeling && theme {
			r.clauseBoth++
		}
		if feeling && any {
			r.clauseSecond++
		}
	}
}

func shared(a, b text.Span) int { return max(0, min(a.End, b.End)-max(a.Start, b.Start)) }

func (r *result) themes() (micro, macro float64) {
	var hit, wrong, missed int
	for _, t := range r.theme {
		hit, wrong, missed = hit+t[0], wrong+t[1], missed+t[2]
		macro += 2 * float64(t[0]) / max(float64(2*t[0]+t[1]+t[2]), 1) / float64(len(r.theme))
	}
	return 2 * float64(hit) / max(float64(2*hit+wrong+missed), 1), macro
}

func percent(x float64) string { return fmt.Sprintf("%.1f", 100*x) }

func share(a, b int) string {
	if b == 0 {
		return "-"
	}
	return percent(float64(a) / float64(b))
}

// crossAll is cross of each of the languages, in their order.
func crossAll(ctx context.Context, s Sources) ([]*result, error) {
	results := make([]*result, len(Languages))
	errs := make([]error, len(Languages))
	var wg sync.WaitGroup
	room := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, l := range Languages {
		wg.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			if errs[i] = ctx.Err(); errs[i] == nil {
				results[i], errs[i] = cross(s, l)
			}
		})
	}
	wg.Wait()
	return results, errors.Join(errs...)
}

func sentimentSection(ctx context.Context, s Sources) ([]Table, error) {
	results, err := crossAll(ctx, s)
	if err != nil {
		return nil, err
	}
	speed, err := speedTable(s)
	return append(authoredTables(s, results), speed), err
}

// authoredTables tell what was found by cross-validation.
func authoredTables(s Sources, results []*result) []Table {
	main := Table{
		Title:   "Sentiment of authored texts",
		Columns: []string{"language", "texts", "accuracy", "macro-F1", "F1 mixed", "ECE", "sure by, right", "hard", "plain", "unsure", "wrong of unsure", "wrong of the rest"},
		Notes: []string{fmt.Sprintf("%d-fold cross-validation: each text is judged by a model that was trained and calibrated on the others and on the project's own texts", s.rounds()),
			"accuracy and macro-F1 are of negative, neutral and positive texts, where \"mixed\" is a wrong answer; F1 mixed and ECE are of all"},
	}
	confusion := Table{Title: "What was said of which texts (rows: true)", Columns: append([]string{"language", "true"}, sentiment.Names...)}
	clauses := Table{Title: "Clauses of authored texts", Columns: []string{"language", "clauses", "sentiment", "theme", "both", "both, of two themes"},
		Notes: []string{"each labelled quote is compared with the clause that shares most of it; the same folds"}}
	others := Table{Title: "Texts that others have labelled, of which the models learn for texts of their kind", Columns: []string{"language", "texts", "accuracy", "macro-F1"},
		Notes: []string{"the same folds"}}
	themes := Table{Title: "Themes of authored texts", Columns: []string{"language", "micro-F1", "macro-F1"}}
	for i, l := range Languages {
		r := results[i]
		accuracy, f1 := r.three()
		hard, plain := r.style["hard"], r.style["plain"]
		main.Rows = append(main.Rows, []string{l, fmt.Sprint(r.n), percent(accuracy), percent(f1), percent(r.f1(3, 4)), fmt.Sprintf("%.3f", r.ece()), r.sureness(),
			share(hard[0], hard[1]), share(plain[0], plain[1]), share(r.unsure, r.n), share(r.unsureWrong, r.unsure), share(r.wrong-r.unsureWrong, r.n-r.unsure)})
		for k, name := range sentiment.Names {
			row := []string{l, name}
			for _, x := range r.confusion[k] {
				row = append(row, fmt.Sprint(x))
			}
			confusion.Rows = append(confusion.Rows, row)
		}
		clauses.Rows = append(clauses.Rows, []string{l, fmt.Sprint(r.clauses), share(r.clauseFeeling, r.clauses), share(r.clauseTheme, r.clauses), share(r.clauseBoth, r.clauses), share(r.clauseSecond, r.clauses)})
		if n := r.elsewhere.count(); n > 0 {
			accuracy, f1 := r.elsewhere.three()
			others.Rows = append(others.Rows, []string{l, fmt.Sprint(n), percent(accuracy), percent(f1)})
		}
		micro, macro := r.themes()
		themes.Rows = append(themes.Rows, []string{l, percent(micro), percent(macro)})
	}
	return []Table{main, confusion, clauses, themes, others}
}

// speedTable reads authored texts of about 100 characters with the models that come with Kolo.
func speedTable(s Sources) (Table, error) {
	t := Table{Title: "Speed, one core, texts of 80 to 120 characters", Columns: []string{"language", "texts/s with language detection", "texts/s without"},
		Notes: []string{"language, sentiment, themes and clauses; by the processor's time, so that other work on the machine spoils little"}}
	r, err := reading.New()
	if err != nil {
		return t, err
	}
	for _, l := range Languages {
		rows, err := ReadAuthored(s.Data, l)
		if err != nil {
			return t, err
		}
		var texts []string
		for _, row := range rows {
			if n := len([]rune(row.Text)); n >= 80 && n <= 120 {
				texts = append(texts, row.Text)
			}
		}
		row := []string{l}
		for _, language := range []string{"", l} {
			n := 0
			began := busy()
			for busy()-began < time.Second/2 {
				for _, x := range texts {
					r.Read(x, language)
				}
				n += len(texts)
			}
			row = append(row, fmt.Sprintf("%.0f", float64(n)/(busy()-began).Seconds()))
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

// busy is how long processors have worked for this process.
func busy() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
