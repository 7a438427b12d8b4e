package eval

import (
	"context"
	"fmt"
	"slices"

	"kolo/internal/understand/learn"
	"kolo/internal/understand/reading"
	"kolo/internal/understand/sentiment"
	"kolo/internal/understand/text"
)

// publicSet is a set that others measured themselves on.
type publicSet struct {
	name  string
	train func(dir string) ([]Row, error)
	test  func(dir string) ([]Row, error) // nil: one text in five of train is held out
}

func only(read func(dir, split string) ([]Row, error), split string) func(string) ([]Row, error) {
	return func(dir string) ([]Row, error) { return read(dir, split) }
}

var publicSets = []publicSet{
	{"he: comments (train and dev of the re-split)", only(readHebrew, "train"), only(readHebrew, "dev")},
	{"fa: DeepSentiPers", readDeepSentiPers, nil},
	{"en: pros and cons", readProsCons, nil},
	{"en: sentences of film reviews", readPolarity, nil},
	{"ru: sentences of restaurant reviews", readRestaurants, nil},
}

// setsSection trains the recipe's linear model on public sets of sentiment and measures it on what was held out, beside the
// models that come with Kolo as they are.
func setsSection(ctx context.Context, s Sources) ([]Table, error) {
	t := Table{Title: "Public sets, three classes: the recipe trained on the set, and Kolo's own models as they are", Columns: []string{"set", "texts tested", "accuracy", "macro-F1", "Kolo's own"},
		Notes: []string{"Kolo's own models learned from the Hebrew and the Persian set: what they say of such texts that they did not see is told with the authored texts (sentiment)",
			"from an eighth of the pros and cons they learned with little weight, from the others not at all"}}
	own, err := reading.New()
	if err != nil {
		return nil, err
	}
	add := func(name string, train, test []Row) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		right, f1, err := trained(train, test)
		if err != nil {
			return err
		}
		unseen := "-"
		if !test[0].elsewhere() {
			unseen = percent(accuracy(own, test))
		}
		t.Rows = append(t.Rows, []string{name, fmt.Sprint(len(test)), percent(right), percent(f1), unseen})
		return nil
	}
	for _, set := range publicSets {
		train, err := set.train(s.Data)
		if err != nil {
			return nil, err
		}
		var test []Row
		if set.test != nil {
			if test, err = set.test(s.Data); err != nil {
				return nil, err
			}
		} else {
			held := func(r Row) bool { return fold("held "+r.Text, 5) == 0 }
			test = slices.DeleteFunc(slices.Clone(train), func(r Row) bool { return !held(r) })
			train = slices.DeleteFunc(train, held)
		}
		if err := add(set.name, train, test); err != nil {
			return nil, err
		}
	}
	for _, l := range umsabLanguages {
		train, err := readTweets(s.Data, l[0], l[1], "train")
		if err != nil {
			return nil, err
		}
		test, err := readTweets(s.Data, l[0], l[1], "val")
		if err != nil {
			return nil, err
		}
		if err := add(l[0]+": tweets", train, test); err != nil {
			return nil, err
		}
	}
	aspects, err := aspectsTable(own, s)
	return []Table{t, aspects}, err
}

// trained is the accuracy and macro-F1 of the recipe's linear model.
func trained(train, test []Row) (right, f1 float64, err error) {
	labels := sentiment.Names[:3]
	var examples []learn.Example
	for _, r := range train {
		target := make([]float32, 3)
		target[r.Label+1] = 1
		examples = append(examples, learn.Example{Words: text.Words(r.Text), Targets: [][]float32{target}, Weights: []float32{1}})
	}
	m, err := learn.Train(examples, []learn.HeadSpec{{Name: sentiment.TextHead, Kind: learn.OneOf, Labels: labels}}, recipe)
	if err != nil {
		return 0, 0, err
	}
	var res result
	s := m.Scratch()
	z := make([]float32, 3)
	for _, r := range test {
		m.Heads[0].Logits(m.Vector(s, text.Words(r.Text)), z)
		res.confusion[r.Label+1][learn.Most(z)]++
	}
	classes, sum := 0, 0.0
	for k := range 3 { // sets of two classes have a mean of two
		if res.confusion[k] != [4]int{} {
			classes++
			sum += res.f1(k, 3)
		}
	}
	right, _ = res.three()
	return right, sum / float64(classes), nil
}

// aspectsTable reads the sentences of reviews in languages without a model of their own.
func aspectsTable(own *reading.Reader, s Sources) (Table, error) {
	t := Table{Title: "Languages without a model of their own: sentences of reviews", Columns: []string{"language", "texts", "accuracy", "macro-F1"},
		Notes: []string{"nothing was trained on these sets"}}
	rows, err := readAspects(s.Data)
	if err != nil {
		return t, err
	}
	results := map[string]*result{}
	var order []string
	for _, r := range rows {
		res := results[r.Language]
		if res == nil {
			res = &result{}
			results[r.Language] = res
			order = append(order, r.Language)
		}
		res.confusion[r.Label+1][own.Read(r.Text, r.Language).Sentiment+1]++
	}
	slices.Sort(order)
	for _, l := range order {
		n := 0
		for _, row := range results[l].confusion {
			for _, x := range row {
				n += x
			}
		}
		right, f1 := results[l].three()
		t.Rows = append(t.Rows, []string{l, fmt.Sprint(n), percent(right), percent(f1)})
	}
	return t, nil
}
