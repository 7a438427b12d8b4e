package eval

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"kolo/internal/understand/model"
	"kolo/internal/understand/reading"
	"kolo/internal/understand/sentiment"
)

// ownTexts is the project's corpus, from this package's folder.
var ownTexts = os.DirFS(filepath.Join("..", "learn", "corpus"))

func TestCorpusIsWellFormed(t *testing.T) {
	t.Parallel()
	for _, l := range Languages {
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
		if len(rows) < 1000 || len(count) != 4 {
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
