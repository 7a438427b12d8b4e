package eval

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"kolo/internal/understand/reading"
	"kolo/internal/understand/sentiment"
)

// domain is a set of texts unlike those that the models learn from.
type domain struct {
	name, language string
	read           func(dir string) ([]Row, error)
}

var domains = []domain{
	{"he: comments on a public page", "he", func(dir string) ([]Row, error) { return readHebrew(dir, "train") }},
	{"fa: reviews of digital products", "fa", readSentiPers},
	{"en: reviews of products", "en", readProducts},
	{"en: pros and cons", "en", readProsCons},
	{"ru: reviews of restaurants", "ru", readRestaurants},
}

// adaptSizes are the points of the learning curve.
var adaptSizes = []int{100, 300, 1000, 3000}

// adaptTest is how many texts of a domain are held out.
const adaptTest = 1000

// adaptationSection measures what a workspace's own labels bring. The readers that adapt saw no text of any domain. One label in
// ten is wrong, as ratings are that do not fit the text beside them.
func adaptationSection(ctx context.Context, s Sources) ([]Table, error) {
	t := Table{Title: "Adaptation: accuracy on 1,000 held-out texts of a domain, by labelled texts of it",
		Columns: []string{"domain", "0"},
		Notes: []string{"the models adapted were trained on customers' feedback alone; one label in ten of those learned from is wrong, as ratings may be",
			"at home: accuracy on authored texts before and after adapting to 1,000 of the domain"}}
	for _, n := range adaptSizes {
		t.Columns = append(t.Columns, fmt.Sprint(n))
	}
	t.Columns = append(t.Columns, "gain with 300", "gain foretold", "at home")
	readers := map[string]*reading.Reader{}
	home := map[string][]Row{}
	for _, d := range domains {
		r := readers[d.language]
		if r == nil {
			rows, err := s.rows(d.language)
			if err != nil {
				return nil, err
			}
			var train []Row
			for _, row := range rows {
				switch {
				case row.far():
				case row.Source == Authored && fold("home "+row.Text, 5) == 0:
					home[d.language] = append(home[d.language], row)
				default:
					train = append(train, row)
				}
			}
			p, err := trainPart(d.language, train, recipe)
			if err != nil {
				return nil, err
			}
			p.Note.Language = reading.Any
			if r, err = reading.Assemble("evaluation", []*reading.Part{p}); err != nil {
				return nil, err
			}
			readers[d.language] = r
		}
		rows, err := d.read(s.Data)
		if err != nil {
			return nil, err
		}
		rows = slices.DeleteFunc(rows, func(r Row) bool { return r.Label == sentiment.Mixed })
		slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(fold("order "+a.Text, 1<<30), fold("order "+b.Text, 1<<30)) })
		rows = slices.CompactFunc(rows, func(a, b Row) bool { return a.Text == b.Text })
		test, train := rows[:min(adaptTest, len(rows)/3)], rows[min(adaptTest, len(rows)/3):]
		before := accuracy(r, test)
		line := []string{d.name, percent(before)}
		var gain, foretold, after float64
		for _, n := range adaptSizes {
			if n > len(train) {
				line = append(line, "-")
				continue
			}
			var examples []reading.Example
			for i, row := range train[:n] {
				e := reading.Example{Text: row.Text, Language: row.Language, Sentiment: row.Label}
				if i%10 == 9 {
					e.Sentiment = sentiment.Label((int(row.Label)+1+1+i/10%2)%3 - 1)
				}
				examples = append(examples, e)
			}
			kept, report, err := r.Adapt(ctx, examples, 1)
			if err != nil {
				return nil, err
			}
			adapted, err := r.With(kept)
			if err != nil {
				return nil, err
			}
			x := accuracy(adapted, test)
			line = append(line, percent(x))
			switch n {
			case 300:
				gain, foretold = x-before, report.After-report.Before
			case 1000:
				after = accuracy(adapted, home[d.language])
			}
		}
		t.Rows = append(t.Rows, append(line, percent(gain), percent(foretold), fmt.Sprintf("%s to %s", percent(accuracy(r, home[d.language])), percent(after))))
	}
	return []Table{t}, nil
}

// accuracy is that of three classes, where calling a text mixed is wrong.
func accuracy(r *reading.Reader, rows []Row) float64 {
	right, n := 0, 0
	for _, row := range rows {
		if row.Label == sentiment.Mixed {
			continue
		}
		n++
		if r.Read(row.Text, row.Language).Sentiment == row.Label {
			right++
		}
	}
	return float64(right) / float64(max(n, 1))
}
