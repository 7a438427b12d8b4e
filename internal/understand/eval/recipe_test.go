package eval

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"kolo/internal/understand/learn"
	"kolo/internal/understand/model"
	"kolo/internal/understand/reading"
	"kolo/internal/understand/sentiment"
	"kolo/internal/understand/text"
)

// ownTexts is the project's corpus, from this package's folder.
var ownTexts = os.DirFS(filepath.Join("..", "learn", "corpus"))

func TestCorpusIsWellFormed(t *testing.T) {
	t.Parallel()
	for _, l := range append(slices.Clone(spoken), Languages...) {
		rows, err := ReadCorpus(ownTexts, l)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		count := map[sentiment.Label]int{}
		for _, r := range rows {
			if seen[r.Text] {
				t.Errorf("%s: twice: %q", l, r.Text)
			}
			seen[r.Text] = true
			count[r.Label]++
			for _, c := range r.Clauses {
				if !slices.Contains(Themes, c.Theme) {
					t.Errorf("%s: %q is no theme: %q", l, c.Theme, r.Text)
				}
				if c.Of(r.Text) == "" || c.Label == sentiment.Mixed {
					t.Errorf("%s: clause %+v of %q", l, c, r.Text)
				}
			}
		}
		if len(rows) < 700 || len(count) != 4 {
			t.Errorf("%s has %d texts, of labels %v", l, len(rows), count)
		}
	}
}

func TestParseCorpus(t *testing.T) {
	t.Parallel()
	r, err := parseCorpus("m\tp delivery|Came early,\tn defect|but broken.")
	if err != nil {
		t.Fatal(err)
	}
	if r.Text != "Came early, but broken." || r.Label != sentiment.Mixed || len(r.Clauses) != 2 || r.Clauses[1].Of(r.Text) != "but broken." || r.Clauses[1].Theme != "defect" {
		t.Errorf("%+v", r)
	}
	for _, bad := range []string{"", "n", "x\tn price|no", "n\tm price|no", "n\tn|no", "n\tn price", "n\tn price|"} {
		if _, err := parseCorpus(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestLabelsOfClausesAreWellFormed(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(ownTexts, clausesFile("*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		b, err := fs.ReadFile(ownTexts, file)
		if err != nil {
			t.Fatal(err)
		}
		last, texts := "", 0
		for line := range strings.Lines(string(b)) {
			if line[0] == '#' {
				continue
			}
			hash, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
			clauses, err := parseClauses(rest, 1<<20)
			if err != nil {
				t.Errorf("%s: %s: %v", file, hash, err)
			}
			if hash <= last || len(hash) != len(textHash("")) {
				t.Errorf("%s: %q follows %q", file, hash, last)
			}
			for i := 1; i < len(clauses); i++ {
				if clauses[i].Start < clauses[i-1].End {
					t.Errorf("%s: clauses of %s lie over each other", file, hash)
				}
			}
			last = hash
			texts++
		}
		if texts < 500 {
			t.Errorf("%s: clauses of %d texts", file, texts)
		}
	}
}

func TestLabelledClausesAreLearnedFrom(t *testing.T) {
	t.Parallel()
	said := "the van came early, the box was torn"
	dir := fstest.MapFS{"authored.xx.txt": {Data: []byte("# of texts\n" + textHash(said) + "\tp 0-19\tn 20-36\n" + textHash("another") + "\tn 0-3\n")}}
	rows := []Row{{Text: said, Source: Authored, Label: sentiment.Mixed, Themes: []string{"delivery"}}, {Text: "the van came", Source: Authored, Themes: []string{"delivery"}}}
	if err := tellClauses(rows, dir, "xx"); err != nil {
		t.Fatal(err)
	}
	if c := rows[0].Clauses; len(c) != 2 || c[0].Of(said) != "the van came early," || c[1].Of(said) != "the box was torn" || c[1].Label != sentiment.Negative || rows[1].Clauses != nil {
		t.Fatalf("%+v", rows)
	}
	p := prepare(rows[0])
	if len(p.examples) != 3 || p.examples[2].Targets[1][0] != 1 || p.examples[1].Targets[1][2] != 1 || p.examples[2].Targets[2] != nil || p.examples[0].Targets[2][slices.Index(Themes, "delivery")] != 1 {
		t.Errorf("each clause speaks for itself, of themes nothing was said but for the whole: %+v", p.examples)
	}
	if tellClauses(rows, fstest.MapFS{}, "xx") != nil {
		t.Error("a language without such labels cannot be learned")
	}
	for _, bad := range []string{"", "n", "m 0-3", "n price 0-3", "n 3-3", "n 0-300", "n -3", "x 0-3"} {
		if _, err := parseClauses(bad, 36); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

// small is a made-up language of which a model can be trained in no time.
func small(t *testing.T) []Row {
	t.Helper()
	var b strings.Builder
	good, bad := []string{"lovely", "splendid", "quick"}, []string{"awful", "broken", "slow"}
	for i := range 240 {
		thing, theme := [...]string{"parcel", "app", "price", "meal"}[i%4], [...]string{"delivery", "app_website", "price", "food"}[i%4]
		other, otherTheme := [...]string{"waiter", "carpet"}[i%2], [...]string{"staff_attitude", "cleanliness"}[i%2]
		switch i % 5 {
		case 0, 1:
			fmt.Fprintf(&b, "n\tn %s|the %s number %d was %s\n", theme, thing, i, bad[i%3])
		case 2:
			fmt.Fprintf(&b, "p\tp %s|a %s %s of %d\n", theme, good[i%3], thing, i)
		case 3:
			fmt.Fprintf(&b, "u\tu %s|where is the %s %d?\n", theme, thing, i)
		default:
			fmt.Fprintf(&b, "m\tp %s|the %s %d is %s\tn %s|but a %s %s\n", theme, thing, i, good[i%3], otherTheme, bad[i%3], other)
		}
	}
	rows, err := ReadCorpus(fstest.MapFS{"en.txt": {Data: []byte("# made up\n" + b.String())}}, "en")
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		rows[i].Source = Clauses
	}
	return rows
}

func TestTrainPartLearnsAndJudges(t *testing.T) {
	t.Parallel()
	rows := small(t)
	p, err := trainPart(reading.Any, rows, recipe)
	if err != nil {
		t.Fatal(err)
	}
	r, err := reading.Assemble("small", []*reading.Part{p})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]sentiment.Label{
		"the parcel was awful": sentiment.Negative, "a lovely meal": sentiment.Positive, "where is the app?": sentiment.Neutral,
		"the price is splendid but a broken carpet": sentiment.Mixed,
	} {
		if x := r.Read(text, "en"); x.Sentiment != want {
			t.Errorf("%q: %s with %.2f", text, x.Sentiment, x.Confidence)
		}
	}
	x := r.Read("the price 7 is splendid but a broken carpet", "en")
	if len(x.Clauses) != 2 || x.Clauses[0].Sentiment != sentiment.Positive || x.Clauses[1].Sentiment != sentiment.Negative ||
		x.Clauses[0].Themes[0].Theme != "price" || x.Clauses[1].Themes[0].Theme != "cleanliness" {
		t.Errorf("clauses: %+v", x.Clauses)
	}
}

// Elsewhere words may mean the opposite of what they mean here.
func TestTextsFromElsewhereAreReadByAModelOfTheirOwn(t *testing.T) {
	t.Parallel()
	rows := small(t)
	for i := range 150 {
		r := Row{Language: "en", Text: fmt.Sprintf("hail the mayor %d, an awful crowd has come", i), Source: hebrewComments, Label: sentiment.Positive}
		if i%3 == 0 {
			r.Text, r.Label = fmt.Sprintf("boo the mayor %d, a lovely silence", i), sentiment.Negative
		}
		rows = append(rows, r)
	}
	p, err := trainPart(reading.Any, rows, recipe)
	if err != nil {
		t.Fatal(err)
	}
	file, err := p.Model.Encode(p.Note)
	if err != nil {
		t.Fatal(err)
	}
	var note reading.Note
	m, err := learn.Decode(file, &note)
	if err != nil {
		t.Fatal(err)
	}
	if p, err = reading.NewPart(m, note); err != nil {
		t.Fatal(err)
	}
	r, err := reading.Assemble("small", []*reading.Part{p})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]sentiment.Label{
		"hail the mayor, an awful crowd": sentiment.Positive, "boo the mayor, a lovely silence has come": sentiment.Negative,
		"the parcel was awful": sentiment.Negative, "a lovely meal of 3": sentiment.Positive,
	} {
		if x := r.Read(text, "en"); x.Sentiment != want {
			t.Errorf("%q: %s with %.2f", text, x.Sentiment, x.Confidence)
		}
	}
	note.Elsewhere = nil
	if _, err := reading.NewPart(m, note); err == nil {
		t.Error("a model without what it needs is taken")
	}
}

// looked is a row with what a model might say of it: by clause, the themes and their probabilities.
func looked(r Row, said ...map[string]float32) *seen {
	p := prepare(r)
	x := &seen{prepared: &p, spans: text.ClausesOf(p.Text, p.words), themes: make([]float32, len(Themes)*(1+len(said)))}
	for i, of := range said {
		for theme, probability := range of {
			x.themes[len(Themes)*(i+1)+slices.Index(Themes, theme)] = probability
		}
	}
	return x
}

func TestClausesAreAboutOneOfTheThemesOfTheirText(t *testing.T) {
	t.Parallel()
	row := Row{Text: "It costs a fortune. The soup was good.", Source: Authored, Label: sentiment.Mixed, Themes: []string{"food", "price", "general"}}
	said := []map[string]float32{{"billing": 0.9, "price": 0.2, "food": 0.1}, {"food": 0.3, "general": 0.8}}
	got := looked(row, said...).apportion()
	if len(got) != 2 {
		t.Fatalf("%d examples", len(got))
	}
	for i, theme := range []string{"price", "food"} {
		if e := got[i]; e.Targets[0] != nil || e.Targets[1] != nil || !slices.Equal(e.Targets[2], about([]string{theme})) {
			t.Errorf("clause %d of %q: %v, want %s", i, row.Text, e.Targets, theme)
		}
	}
	row.Themes = nil
	if got := looked(row, said...).apportion(); len(got) != 0 {
		t.Errorf("of a text of which nobody told the themes: %v", got)
	}
	row.Themes, row.Source = []string{"price"}, Corpus
	if got := looked(row, said...).apportion(); len(got) != 0 {
		t.Errorf("of a text whose clauses are labelled: %v", got)
	}
}

func TestThemesThatNobodyBelievesAreNotLearned(t *testing.T) {
	t.Parallel()
	const line = "m\tn price|It costs a fortune.\tp food|The soup was good."
	row, err := parseCorpus(line)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		source string
		said   [2]map[string]float32
		kept   [2]bool
	}{
		{"one is another", Corpus, [2]map[string]float32{{"billing": 0.9, "price": 0.01}, {"food": 0.4}}, [2]bool{false, true}},
		{"nobody knows better", Corpus, [2]map[string]float32{{"billing": 0.3, "price": 0.01}, {"comfort": 0.9, "food": 0.1}}, [2]bool{true, true}},
		{"people said so", Clauses, [2]map[string]float32{{"billing": 0.9, "price": 0.01}, {"food": 0.4}}, [2]bool{true, true}},
	} {
		row.Source = c.source
		x := looked(row, c.said[:]...)
		x.doubt()
		for i, kept := range c.kept {
			if (x.examples[1+i].Targets[2] != nil) != kept || x.examples[1+i].Targets[1] == nil {
				t.Errorf("%s: clause %d has %v", c.name, i, x.examples[1+i].Targets)
			}
		}
		if x.examples[0].Targets[2] == nil {
			t.Errorf("%s: the text has no themes", c.name)
		}
	}
}

func TestTheCorpusCountsAsMuchAsAuthoredTexts(t *testing.T) {
	t.Parallel()
	of := func(near, corpus int) (list []*seen) {
		for i := range near + corpus {
			source := Authored
			if i >= near {
				source = Corpus
			}
			list = append(list, looked(Row{Text: "Fine.", Source: source}))
		}
		return list
	}
	for _, c := range []struct {
		near, corpus int
		want         float64
	}{{2, 8, 0.25}, {3, 3, 1}, {3, 1, 1}, {2, 0, 1}} {
		if got := corpusWeight(of(c.near, c.corpus)); got != c.want {
			t.Errorf("%d authored texts, %d of the corpus: %v, want %v", c.near, c.corpus, got, c.want)
		}
	}
}

func TestTrainingTheSameTextsGivesTheSameFile(t *testing.T) {
	t.Parallel()
	var files [2][]byte
	for i := range files {
		p, err := trainPart("en", small(t), recipe)
		if err != nil {
			t.Fatal(err)
		}
		if files[i], err = p.Model.Encode(p.Note); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("the same texts gave two models")
	}
}

func TestResultCounts(t *testing.T) {
	t.Parallel()
	r := result{}
	r.confusion = [4][4]int{{8, 1, 0, 1}, {0, 4, 1, 0}, {1, 0, 5, 0}, {1, 0, 0, 3}}
	accuracy, f1 := r.three()
	if want := 17.0 / 21; accuracy != want {
		t.Errorf("accuracy %v, want %v", accuracy, want)
	}
	// F1: 2*8/(9+10), 2*4/(5+5), 2*5/(6+6), of the rows of three classes alone.
	if want := (16.0/19 + 8.0/10 + 10.0/12) / 3; f1 < want-1e-9 || f1 > want+1e-9 {
		t.Errorf("macro-F1 %v, want %v", f1, want)
	}
	if want := 6.0 / 8; r.f1(3, 4) != want {
		t.Errorf("F1 of mixed %v, want %v", r.f1(3, 4), want)
	}
	r.n, r.wrong, r.unsure, r.unsureWrong = 25, 5, 4, 3
	r.bins[9].n, r.bins[9].confidence, r.bins[9].right = 25, 22.5, 20
	r.clauses, r.clauseFeeling, r.clauseTheme, r.clauseBoth = 10, 9, 8, 7
	r.theme = [][3]int{{4, 1, 1}, {0, 0, 2}}
	f := r.figures(Sources{Rounds: 3})
	want := model.Figures{Rounds: 3, Texts: 25, Plain: 21, Right: 17, MacroF1: f1, MixedF1: 0.75, CalibrationError: 0.1, Unsure: 0.16, UnsureWrong: 0.75, SureWrong: 2. / 21,
		Clauses: 10, ClauseSentiment: 0.9, ClauseTheme: 0.8, ClauseBoth: 0.7, ThemeMicroF1: 8. / 12, ThemeMacroF1: 0.4}
	if f != want {
		t.Errorf("%+v, want %+v", f, want)
	}
}
