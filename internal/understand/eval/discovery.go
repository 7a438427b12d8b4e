package eval

import (
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"kolo/internal/understand/learn"
	"kolo/internal/understand/reading"
	"kolo/internal/understand/sentiment"
	"kolo/internal/understand/text"
	"kolo/internal/understand/theme/discover"
)

// banking reads BANKING77: texts, their intents by number, and how many of the first are its training split.
func banking(dir string) (texts []string, intents []int, train int, err error) {
	numbers := map[string]int{}
	for _, name := range []string{"train.csv", "test.csv"} {
		f, err := os.Open(filepath.Join(dir, "en_banking77", name))
		if err != nil {
			return nil, nil, 0, err
		}
		rows, err := csv.NewReader(f).ReadAll()
		if closing := f.Close(); err == nil {
			err = closing
		}
		if err != nil {
			return nil, nil, 0, fmt.Errorf("%s: %w", name, err)
		}
		for _, row := range rows[1:] {
			n, ok := numbers[row[1]]
			if !ok {
				n = len(numbers)
				numbers[row[1]] = n
			}
			texts, intents = append(texts, row[0]), append(intents, n)
		}
		if train == 0 {
			train = len(texts)
		}
	}
	return texts, intents, train, nil
}

// mutualInformation of two clusterings, normalised by the mean of their entropies: 0 to 1.
func mutualInformation(a, b []int) float64 {
	countA, countB, both := map[int]float64{}, map[int]float64{}, map[[2]int]float64{}
	for i := range a {
		countA[a[i]]++
		countB[b[i]]++
		both[[2]int{a[i], b[i]}]++
	}
	n := float64(len(a))
	entropy := func(count map[int]float64) (h float64) {
		for _, c := range count {
			h -= c / n * math.Log(c/n)
		}
		return h
	}
	shared := 0.0
	for k, c := range both {
		shared += c / n * math.Log(c*n/(countA[k[0]]*countB[k[1]]))
	}
	if h := entropy(countA) + entropy(countB); h > 0 {
		return 2 * shared / h
	}
	return 1
}

// quality is how well found themes agree with the themes that people named.
type quality struct {
	themes        float64
	information   float64 // mutual, of the texts with one named theme; texts in no theme are as if in one
	purity        float64 // share of these texts, of those in a theme, that are of the theme that most in it are of
	largest, none float64 // shares of all texts: in the largest theme, in none
}

// judgeFound holds what was found against the named themes of texts.
func judgeFound(r discover.Result, named [][]string) quality {
	q := quality{themes: float64(len(r.Themes))}
	numbers := map[string]int{}
	var found, truth []int
	count := map[[2]int]int{}
	size := make([]int, len(r.Themes))
	in := 0
	for i, t := range r.Of {
		if t < 0 {
			q.none++
		} else {
			size[t]++
		}
		if len(named[i]) != 1 {
			continue
		}
		k, ok := numbers[named[i][0]]
		if !ok {
			k = len(numbers)
			numbers[named[i][0]] = k
		}
		found, truth = append(found, t), append(truth, k)
		if t >= 0 {
			in++
			count[[2]int{t, k}]++
		}
	}
	most := make([]int, len(r.Themes))
	for at, n := range count {
		most[at[0]] = max(most[at[0]], n)
	}
	for t, n := range most {
		q.purity += float64(n) / float64(max(1, in))
		q.largest = max(q.largest, float64(size[t])/float64(len(r.Of)))
	}
	q.none /= float64(len(r.Of))
	q.information = mutualInformation(found, truth)
	return q
}

// someOfCorpus is of how many texts of the corpus one is learned from by the models that discovery is judged with: they need tell themes alone, and
// may be worse than those that come with Kolo, but must be made in seconds.
const someOfCorpus = 3

func smallRecipe() learn.Options {
	o := recipe
	o.Features = learn.Features{Words: 2, Edges: true, CharLow: 3, CharHigh: 4, CharWeight: 0.5, MinCount: 2}
	o.Epochs, o.Most = 5, 60_000
	return o
}

// unread are the authored texts of a language with what a model that did not see them says they are about.
func unread(s Sources, language string) (docs []discover.Doc, named [][]string, about [][]float32, err error) {
	rows, err := ReadAuthored(s.Data, language)
	if err != nil {
		return nil, nil, nil, err
	}
	corpus, err := ReadCorpus(s.Corpus, language)
	if err != nil {
		return nil, nil, nil, err
	}
	const parts = 2
	var all []prepared
	for _, r := range rows {
		p := prepare(r)
		p.fold = fold("outer "+r.Text, parts)
		all = append(all, p)
	}
	for _, r := range corpus {
		if fold("some "+r.Text, someOfCorpus) == 0 {
			p := prepare(r)
			p.fold = -1 // it is learned from by all
			all = append(all, p)
		}
	}
	for f := range parts {
		m, _, err := learnFrom(all, smallRecipe(), f)
		if err != nil {
			return nil, nil, nil, err
		}
		look := reading.Heads(m, nil)
		scratch := m.Scratch()
		var e sentiment.Evidence
		for i := range all {
			p := &all[i]
			if p.Source != Authored || p.fold != f {
				continue
			}
			var themes []float32
			look.Look(scratch, p.Text, p.words, text.ClausesOf(p.Text, p.words), &e, &themes)
			docs = append(docs, discover.Doc{ID: language + strconv.Itoa(i), Text: p.Text, Language: language})
			named, about = append(named, p.Themes), append(about, themes[:len(Themes)])
		}
		m.Release(scratch)
	}
	return docs, named, about, nil
}

// diverseTable finds themes in as many diverse texts as new workspaces have.
func diverseTable(ctx context.Context, s Sources) (Table, error) {
	t := Table{Title: "Discovery of themes: diverse customers' texts of 24 themes", Columns: []string{"language", "texts", "themes", "NMI", "purity", "in the largest", "in none", "seconds"},
		Notes: []string{"authored texts, each as a model sees it that was trained on the other half of them; the themes that people named only judge",
			"NMI and purity are of texts with one named theme: purity of those in a theme, NMI of all. Means of two samples of 400 and of 1,000"}}
	type set struct {
		docs  []discover.Doc
		named [][]string
		about [][]float32
	}
	sets := make([]set, len(Languages)+1)
	mixed := &sets[len(Languages)]
	names := append(slices.Clone(Languages), "all four")
	for i, l := range Languages {
		if err := ctx.Err(); err != nil {
			return t, err
		}
		docs, named, about, err := unread(s, l)
		if err != nil {
			return t, err
		}
		sets[i] = set{docs, named, about}
		mixed.docs, mixed.named, mixed.about = append(mixed.docs, docs...), append(mixed.named, named...), append(mixed.about, about...)
	}
	for i, x := range sets {
		for _, size := range []int{400, 1000, len(x.docs)} {
			size = min(size, len(x.docs))
			var q quality
			seconds, rounds := 0.0, 2
			if size == len(x.docs) {
				rounds = 1
			}
			for seed := range rounds {
				sample := rand.New(rand.NewPCG(uint64(seed), 77)).Perm(len(x.docs))[:size]
				docs, named := make([]discover.Doc, size), make([][]string, size)
				for k, p := range sample {
					docs[k], named[k] = x.docs[p], x.named[p]
				}
				start := time.Now()
				r, err := discover.Discover(ctx, docs, discover.Options{Seed: uint64(seed), About: func(doc int) []float32 { return x.about[sample[doc]] }})
				if err != nil {
					return t, err
				}
				seconds += time.Since(start).Seconds()
				q = q.plus(judgeFound(r, named))
			}
			n := float64(rounds)
			t.Rows = append(t.Rows, []string{names[i], strconv.Itoa(size), fmt.Sprintf("%.0f", q.themes/n), fmt.Sprintf("%.3f", q.information/n), percent(q.purity/n) + " %",
				percent(q.largest/n) + " %", percent(q.none/n) + " %", fmt.Sprintf("%.1f", seconds/n)})
		}
	}
	return t, nil
}

func (q quality) plus(o quality) quality {
	return quality{q.themes + o.themes, q.information + o.information, q.purity + o.purity, q.largest + o.largest, q.none + o.none}
}

func discoverySection(ctx context.Context, s Sources) ([]Table, error) {
	texts, intents, train, err := banking(s.Data)
	if err != nil {
		return nil, err
	}
	docs := make([]discover.Doc, len(texts))
	for i, p := range rand.New(rand.NewPCG(1, 1)).Perm(len(texts)) {
		docs[i] = discover.Doc{ID: strconv.Itoa(p), Text: texts[p], Language: "en"}
	}
	truth := make([]int, len(docs))
	for i, d := range docs {
		p, _ := strconv.Atoi(d.ID)
		truth[i] = intents[p]
	}
	found := Table{Title: "Discovery of themes: BANKING77, 77 intents", Columns: []string{"themes", "texts", "found", "NMI", "seconds", "MiB"}}
	row := func(name string, docs []discover.Doc, truth []int, o discover.Options) (discover.Result, error) {
		start := time.Now()
		r, err := discover.Discover(ctx, docs, o)
		if err != nil {
			return r, err
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		found.Rows = append(found.Rows, []string{name, strconv.Itoa(len(docs)), strconv.Itoa(len(r.Themes)),
			fmt.Sprintf("%.3f", mutualInformation(r.Of, truth)), fmt.Sprintf("%.1f", time.Since(start).Seconds()), strconv.FormatUint(m.Sys>>20, 10)})
		return r, nil
	}
	for seed := range uint64(2) {
		if _, err := row("77 wanted", docs, truth, discover.Options{K: 77, Seed: seed}); err != nil {
			return nil, err
		}
	}
	many := append(docs[:len(docs):len(docs)], docs[:20000-len(docs)]...)
	if _, err := row("77 wanted", many, append(truth[:len(truth):len(truth)], truth[:20000-len(truth)]...), discover.Options{K: 77, Seed: 1}); err != nil {
		return nil, err
	}
	old := len(docs) * 10 / 11
	first, err := row("number unknown", docs[:old], truth[:old], discover.Options{Seed: 1})
	if err != nil {
		return nil, err
	}
	known := make([]discover.Known, len(first.Themes))
	for i, t := range first.Themes {
		known[i] = discover.Known{ID: t.ID, Language: t.Language, Centroid: t.Centroid}
	}
	for i, t := range first.Of {
		if t >= 0 {
			known[t].Members = append(known[t].Members, docs[i].ID)
		}
	}
	again, err := row("again, with 10 % new texts", docs, truth, discover.Options{Seed: 2, Previous: known})
	if err != nil {
		return nil, err
	}
	ids, same := map[string]bool{}, 0
	for _, t := range again.Themes {
		ids[t.ID] = true
	}
	kept := 0
	for _, t := range first.Themes {
		if ids[t.ID] {
			kept++
		}
	}
	for i, t := range first.Of {
		if u := again.Of[i]; t >= 0 && u >= 0 && first.Themes[t].ID == again.Themes[u].ID {
			same++
		}
	}
	found.Notes = []string{
		"training and test split as one corpus; the intents only judge. 20,000 texts are all of them and the first ones twice",
		"MiB is what the process had taken from the system until then",
		fmt.Sprintf("with 10 %% new texts %d of %d themes kept their ids, and %.1f %% of the texts their theme", kept, len(known), 100*float64(same)/float64(old)),
	}

	assigned := Table{Title: "Themes of new texts: BANKING77, its own test split", Columns: []string{"examples", "right", "mean confidence", "KiB"}}
	few, count := []discover.Example{}, map[int]int{}
	var all []discover.Example
	for _, p := range rand.New(rand.NewPCG(2, 1)).Perm(train) {
		e := discover.Example{Text: texts[p], Language: "en", Theme: strconv.Itoa(intents[p])}
		all = append(all, e)
		if count[intents[p]]++; count[intents[p]] <= 10 {
			few = append(few, e)
		}
	}
	for _, set := range []struct {
		name     string
		examples []discover.Example
	}{{"all", all}, {"10 for each theme", few}} {
		m, err := discover.Learn(set.examples)
		if err != nil {
			return nil, err
		}
		file, err := m.Encode()
		if err != nil {
			return nil, err
		}
		right, sure := 0, 0.0
		for i := train; i < len(texts); i++ {
			id, c := m.Theme(texts[i], "en")
			sure += c
			if id == strconv.Itoa(intents[i]) {
				right++
			}
		}
		n := float64(len(texts) - train)
		assigned.Rows = append(assigned.Rows, []string{set.name, fmt.Sprintf("%.1f %%", 100*float64(right)/n), fmt.Sprintf("%.1f %%", 100*sure/n), strconv.Itoa(len(file) >> 10)})
	}
	diverse, err := diverseTable(ctx, s)
	return []Table{found, diverse, assigned}, err
}
