package eval

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"kolo/internal/understand/learn"
	"kolo/internal/understand/model"
	"kolo/internal/understand/reading"
	"kolo/internal/understand/sentiment"
)

// Sources are where rows come from.
type Sources struct {
	Data   string // folder of the data sets
	Corpus fs.FS  // the project's own texts
	Rounds int    // folds of the cross-validation; 5 when it is 0
}

// rounds is how many folds authored texts are judged in: each by a model that was trained and calibrated on the others.
func (s Sources) rounds() int { return cmp.Or(max(s.Rounds, 0), 5) }

// rows are all rows of a language that the model of this language learns from.
func (s Sources) rows(language string) (rows []Row, err error) {
	corpus, err := ReadCorpus(s.Corpus, language)
	if err != nil {
		return nil, err
	}
	authored, err := ReadAuthored(s.Data, language)
	if err != nil {
		return nil, err
	}
	if err := tellClauses(authored, s.Corpus, language); err != nil {
		return nil, err
	}
	clauses, err := ReadClauses(s.Data, language)
	if err != nil {
		return nil, err
	}
	rows = append(append(authored, clauses...), corpus...)
	far, err := s.far(language)
	return append(rows, far...), err
}

// far are texts that are not customers' feedback as Kolo gets it, or are labelled in another way: they help with the words of
// a language, and count little.
func (s Sources) far(language string) (rows []Row, err error) {
	take := func(part int, rs []Row, e error) { // one row in part
		err = errors.Join(err, e)
		for _, r := range rs {
			if r.Language == language && (part == 1 || fold(r.Text, part) == 0) {
				rows = append(rows, r)
			}
		}
	}
	rs, e := readLexicon(s.Data, language)
	take(1, rs, e)
	rs, e = readSubtitles(s.Data)
	switch language {
	case "en":
		take(8, rs, e)
		rs, e = readProducts(s.Data)
		take(1, rs, e)
		rs, e = readProsCons(s.Data)
		take(8, rs, e)
	case "he":
		take(1, rs, e)
		for _, split := range []string{"train", "dev"} {
			rs, e = readHebrew(s.Data, split)
			take(1, rs, e)
		}
	case "fa":
		take(1, rs, e)
		rs, e = readDeepSentiPers(s.Data)
		take(1, rs, e)
	default:
		take(1, rs, e)
	}
	return rows, err
}

// far tells whether a row is one of these.
func (r Row) far() bool { return !r.near() && r.Source != Corpus }

// elsewhere tells whether a row is a text that others have labelled and customers may have written, though not to a company: a model has heads of
// their own for such. The splits by which others measure themselves are in none of the sets that are read here.
func (r Row) elsewhere() bool { return r.Source == hebrewComments || r.Source == persianProducts }

// near tells whether a row is an authored text.
func (r Row) near() bool { return r.Source == Authored || r.Source == Clauses }

// TrainAll trains the models that come with Kolo, on everything that may train them, and writes them to a folder, with what
// cross-validation finds of them, which it also prints. Figures of models that were there before are removed first: they are of others.
// Where only some models are wanted, by their languages (reading.Any for that of all others), these are trained and nothing is judged; figures
// of models that became others are not shown.
func TrainAll(ctx context.Context, s Sources, folder string, only []string, log io.Writer) error {
	if len(only) == 0 {
		if err := model.Write(folder, nil); err != nil {
			return err
		}
	}
	var all []Row
	sums := map[string]string{}
	wanted := func(language string) bool { return len(only) == 0 || slices.Contains(only, language) }
	write := func(language string, rows []Row, o learn.Options) error {
		p, err := trainPart(language, rows, o)
		if err != nil {
			return err
		}
		file, err := p.Model.Encode(p.Note)
		if err != nil {
			return err
		}
		fmt.Fprintf(log, "%s: %d texts, %d n-grams, %d bytes\n", language, len(rows), p.Model.Rows(), len(file))
		sums[language] = model.Sum(file)
		return os.WriteFile(filepath.Join(folder, language+".bin"), file, 0o644)
	}
	for _, l := range Languages {
		rows, err := s.rows(l)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if r.near() || r.Source == "lexicon" || r.Source == Corpus && fold("any "+r.Text, fewer) == 0 {
				all = append(all, r)
			}
		}
		if !wanted(l) {
			continue
		}
		if err := write(l, rows, recipe); err != nil {
			return err
		}
	}
	if !wanted(reading.Any) {
		return nil
	}
	others, err := s.others()
	if err != nil {
		return err
	}
	if err := write(reading.Any, append(all, others...), anyRecipe()); err != nil {
		return err
	}
	if len(only) > 0 {
		return nil
	}
	results, err := crossAll(ctx, s)
	if err != nil {
		return err
	}
	figures := map[string]model.Figures{}
	for i, l := range Languages {
		f := results[i].figures(s)
		f.Of = sums[l]
		figures[l] = f
	}
	for _, t := range authoredTables(s, results) {
		if err := t.Write(log); err != nil {
			return err
		}
	}
	return model.Write(folder, figures)
}

// fewer is the part of the project's texts of languages with models of their own that the model of all others learns from: one in so many.
const fewer = 4

// anyRecipe is the recipe of the model for all languages without one of their own: fewer kinds of n-grams, so that those of
// many languages fit.
func anyRecipe() learn.Options {
	o := recipe
	o.Features.Words, o.Features.CharLow, o.Features.MinCount = 2, 3, 4
	o.Epochs, o.Rate, o.Most = 6, 0.1, 220_000
	return o
}

// otherLanguages are those without a model of their own of which words of praise and blame are learned.
var otherLanguages = []string{"ar", "bg", "cs", "da", "de", "el", "es", "fi", "fr", "hi", "hr", "hu", "id", "it", "ja", "nl", "no", "pl", "pt", "ro", "sk", "sr", "sv",
	"tr", "uk", "vi", "zh"}

// spoken are those of them in which the project has texts of its own.
var spoken = []string{"ar", "de", "es", "fr", "it", "ja", "nl", "pl", "pt", "tr", "uk", "zh"}

// others are texts of languages without a model of their own: the project's, words of lexicons and lines of subtitles.
func (s Sources) others() (rows []Row, err error) {
	for _, l := range spoken {
		own, err := ReadCorpus(s.Corpus, l)
		if err != nil {
			return nil, err
		}
		rows = append(rows, own...)
	}
	// Both have about two words of blame for one of praise, which says nothing of customers.
	even := func(r Row) bool { return r.Label != sentiment.Negative || fold("even "+r.Text, 2) == 0 }
	for _, l := range otherLanguages {
		words, err := readLexicon(s.Data, l)
		if err != nil {
			return nil, err
		}
		for _, r := range words {
			if even(r) {
				rows = append(rows, r)
			}
		}
	}
	lines, err := readSubtitles(s.Data)
	for _, r := range lines {
		if slices.Contains(otherLanguages, r.Language) && fold("some "+r.Text, 2) == 0 && even(r) {
			rows = append(rows, r)
		}
	}
	return rows, err
}
