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
	"strconv"
	"time"

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
	return []Table{found, assigned}, nil
}
