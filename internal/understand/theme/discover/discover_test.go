package discover

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"kolo/internal/understand/text"
)

// matter is something that made-up customers speak about: phrases of which each text has some.
type matter struct {
	language string
	phrases  []string
}

var matters = []matter{
	{"en", []string{"the parcel came late", "courier never rang", "parcel tracking is stuck", "courier left the parcel outside", "delivery took two weeks", "parcel was lost by the courier"}},
	{"en", []string{"refund has not arrived", "still waiting for my refund", "asked for a refund twice", "refund to my card", "the refund amount is wrong", "refund request was ignored"}},
	{"en", []string{"cannot log in", "password reset fails", "login code never comes", "reset my password again", "account is locked after login", "the password is rejected"}},
	{"en", []string{"the soup was cold", "waiter forgot our soup", "dessert tasted stale", "waiter spilled the dessert", "menu had no vegetarian dessert", "cold food and a slow waiter"}},
	{"en", []string{"invoice shows a double charge", "charged twice this month", "invoice total is wrong", "monthly invoice is unclear", "double charge on the bill", "bill was charged early"}},
	{"ru", []string{"курьер опоздал с посылкой", "посылку доставили поздно", "посылка потерялась", "курьер не позвонил", "доставка посылки заняла неделю"}},
	{"ru", []string{"не приходит код для входа", "пароль не подходит", "сбросить пароль не получается", "вход в кабинет закрыт", "забыл пароль от кабинета"}},
}

var fillers = map[string][]string{
	"en": {"hello", "please help", "again today", "as I said before", "what now", "thank you", "this is the second time", "really", "for my order from March", "honestly", "I wrote to you already"},
	"ru": {"здравствуйте", "помогите", "снова сегодня", "как я уже писал", "что делать", "спасибо", "это второй раз", "честно говоря", "по заказу за март"},
}

// speak makes up texts, each about one of the matters, and tells which.
func speak(n int, seed uint64, about []matter) ([]Doc, []int) {
	rng := rand.New(rand.NewPCG(seed, 9))
	docs, of := make([]Doc, n), make([]int, n)
	for i := range docs {
		of[i] = rng.IntN(len(about))
		m := about[of[i]]
		f := fillers[m.language]
		parts := []string{f[rng.IntN(len(f))]}
		for range 1 + rng.IntN(2) {
			parts = append(parts, m.phrases[rng.IntN(len(m.phrases))])
		}
		parts = append(parts, f[rng.IntN(len(f))])
		docs[i] = Doc{ID: fmt.Sprint("d", seed, "-", i), Text: strings.Join(parts, ", "), Language: m.language}
	}
	return docs, of
}

// mutual is the normalised mutual information of two clusterings, arithmetic mean.
func mutual(a, b []int) float64 {
	ca, cb, both := map[int]float64{}, map[int]float64{}, map[[2]int]float64{}
	n := float64(len(a))
	for i := range a {
		ca[a[i]]++
		cb[b[i]]++
		both[[2]int{a[i], b[i]}]++
	}
	entropy := func(m map[int]float64) (h float64) {
		for _, v := range m {
			h -= v / n * math.Log(v/n)
		}
		return h
	}
	info := 0.0
	for k, v := range both {
		info += v / n * math.Log(v*n/(ca[k[0]]*cb[k[1]]))
	}
	return 2 * info / (entropy(ca) + entropy(cb))
}

func discovered(t *testing.T, docs []Doc, o Options) Result {
	t.Helper()
	r, err := Discover(context.Background(), docs, o)
	if err != nil {
		t.Fatal(err)
	}
	check(t, docs, r)
	return r
}

// check holds a result against what it promises.
func check(t *testing.T, docs []Doc, r Result) {
	t.Helper()
	if len(r.Of) != len(docs) || len(r.Confidence) != len(docs) {
		t.Fatalf("%d texts, %d themes, %d confidences", len(docs), len(r.Of), len(r.Confidence))
	}
	count := make([]int, len(r.Themes))
	for i, at := range r.Of {
		if at < -1 || at >= len(r.Themes) || r.Confidence[i] < 0 || r.Confidence[i] > 1.0001 {
			t.Fatalf("text %d: theme %d of %d, confidence %v", i, at, len(r.Themes), r.Confidence[i])
		}
		if at >= 0 {
			count[at]++
		}
	}
	ids := map[string]bool{}
	for i, th := range r.Themes {
		if th.Count != count[i] || th.Count == 0 || th.ID == "" || ids[th.ID] || r.Of[th.Quote] != i {
			t.Fatalf("theme %+v has %d texts, its quote is of theme %d", th, count[i], r.Of[th.Quote])
		}
		if i > 0 && th.Count > r.Themes[i-1].Count {
			t.Fatalf("theme %d is larger than the one before", i)
		}
		ids[th.ID] = true
	}
}

func TestDiscoverFindsWhatTextsAreAbout(t *testing.T) {
	t.Parallel()
	docs, truth := speak(1400, 1, matters)
	for _, k := range []int{0, len(matters)} {
		r := discovered(t, docs, Options{K: k, Seed: 1})
		if n := mutual(r.Of, truth); n < 0.85 {
			t.Errorf("k %d: NMI %.3f with %d themes", k, n, len(r.Themes))
		}
		if k > 0 && len(r.Themes) != k || len(r.Themes) > 3*len(matters) {
			t.Errorf("k %d: %d themes", k, len(r.Themes))
		}
		for _, th := range r.Themes {
			if th.Name == "" || !th.New || docs[th.Quote].Language != th.Language {
				t.Errorf("theme %+v", th)
			}
		}
	}
}

func TestDiscoverIsDeterministic(t *testing.T) {
	t.Parallel()
	docs, _ := speak(600, 2, matters)
	a, b := discovered(t, docs, Options{Seed: 7}), discovered(t, docs, Options{Seed: 7})
	if !slices.Equal(a.Of, b.Of) || !slices.Equal(a.Confidence, b.Confidence) {
		t.Error("the same seed found something else")
	}
	for i := range a.Themes {
		if a.Themes[i].Name != b.Themes[i].Name || a.Themes[i].Quote != b.Themes[i].Quote || !slices.Equal(a.Themes[i].Centroid, b.Themes[i].Centroid) {
			t.Errorf("theme %d: %q and %q", i, a.Themes[i].Name, b.Themes[i].Name)
		}
	}
}

// remember makes what is kept of a result.
func remember(docs []Doc, r Result, members bool) []Known {
	known := make([]Known, len(r.Themes))
	for i, th := range r.Themes {
		known[i] = Known{ID: "old-" + th.ID, Language: th.Language, Centroid: th.Centroid}
	}
	if members {
		for i, at := range r.Of {
			if at >= 0 {
				known[at].Members = append(known[at].Members, docs[i].ID)
			}
		}
	}
	return known
}

func TestThemesAreFoundAgain(t *testing.T) {
	t.Parallel()
	old, truth := speak(900, 3, matters[:4])
	first := discovered(t, old, Options{K: 4, Seed: 1})
	more, truthOfMore := speak(90, 4, matters[:4])
	other, _ := speak(80, 5, matters[4:5])
	docs := slices.Concat(old, more, other)
	for _, members := range []bool{true, false} {
		known := remember(old, first, members)
		known = append(known, Known{ID: "gone", Language: "en", Centroid: make([]float32, sketchSize)})
		r := discovered(t, docs, Options{Seed: 9, Previous: known})
		kept, news := 0, 0
		for i := range old {
			if at := r.Of[i]; at >= 0 && r.Themes[at].ID == "old-"+first.Themes[first.Of[i]].ID {
				kept++
			}
		}
		if float64(kept) < 0.95*float64(len(old)) {
			t.Errorf("members %v: %d of %d texts kept their theme", members, kept, len(old))
		}
		for _, th := range r.Themes {
			if th.New {
				news++
			}
		}
		if members && news == 0 {
			t.Error("what nobody spoke about before is not a new theme")
		}
		if !slices.Contains(r.Dormant, "gone") || len(r.Dormant) != 1 {
			t.Errorf("members %v: dormant %v", members, r.Dormant)
		}
		if n := mutual(r.Of[:len(old)+len(more)], slices.Concat(truth, truthOfMore)); n < 0.85 {
			t.Errorf("members %v: NMI %.3f", members, n)
		}
	}
}

func TestWhatAPersonDecidedStands(t *testing.T) {
	t.Parallel()
	docs, truth := speak(600, 6, matters[:4])
	first := discovered(t, docs, Options{K: 4, Seed: 1})
	known := remember(docs, first, true)
	forbidden := known[0].ID
	known[0].Forbidden = true
	known[2].ID = known[1].ID // merged
	docs = append(docs, Doc{Text: "...", Language: "en", Theme: "mine"})
	first.Of, truth = append(first.Of, -1), append(truth, -1)
	moved := map[int]bool{}
	for i := range docs {
		if i%50 == 0 {
			docs[i].Theme, moved[i] = "mine", true
		}
	}
	moved[len(docs)-1] = true
	for seed := range uint64(3) {
		o := Options{Seed: seed, Previous: known}
		if seed == 2 {
			o.Sample = 300
		}
		r := discovered(t, docs, o)
		for _, th := range r.Themes {
			if th.ID == forbidden {
				t.Error("a forbidden theme came back")
			}
		}
		for i, at := range r.Of {
			id := ""
			if at >= 0 {
				id = r.Themes[at].ID
			}
			was := first.Of[i]
			switch {
			case moved[i] && id != "mine":
				t.Fatalf("text %d was put to a theme by a person, and is now in %q", i, id)
			case !moved[i] && was == 0 && at >= 0:
				t.Fatalf("text %d of a forbidden theme is in %q (it is about %d)", i, id, truth[i])
			case !moved[i] && (was == 1 || was == 2) && id != known[1].ID:
				t.Fatalf("text %d of merged themes is in %q", i, id)
			}
		}
	}
}

func TestGuideNamesTheStartingTheme(t *testing.T) {
	t.Parallel()
	docs, truth := speak(400, 7, matters[:3])
	r := discovered(t, docs, Options{K: 3, Seed: 1, Guide: func(i int) (string, float64) {
		if truth[i] == 1 {
			return "returns_refunds", 0.9
		}
		return "", 0
	}})
	for _, th := range r.Themes {
		if refund := truth[th.Quote] == 1; refund != (th.Key == "returns_refunds") {
			t.Errorf("%q belongs to %q", th.Name, th.Key)
		}
	}
}

func TestFewTextsAreOfTheStartingThemes(t *testing.T) {
	t.Parallel()
	docs, truth := speak(90, 12, []matter{matters[0], matters[2], matters[5], matters[6]})
	keys := []string{"delivery", "login_account", "delivery", "login_account"}
	r := discovered(t, docs, Options{Seed: 1, Guide: func(i int) (string, float64) {
		if i == 0 {
			return "", 0
		}
		return keys[truth[i]], 0.8
	}})
	if len(r.Themes) != 2 || r.Of[0] != -1 {
		t.Fatalf("%+v", r.Themes)
	}
	for i := range docs[1:] {
		if th := r.Themes[r.Of[i+1]]; th.ID != keys[truth[i+1]] || th.Key != th.ID {
			t.Errorf("text %d about %s is in %+v", i+1, keys[truth[i+1]], th)
		}
	}
}

// TestAsManyAsAreWanted: K is kept where texts are few, diverse or of several languages, whatever the starting themes say of them.
func TestAsManyAsAreWanted(t *testing.T) {
	t.Parallel()
	guide := func(i int) (string, float64) { return []string{"delivery", "login_account", "price"}[i%3], 0.8 }
	rng := rand.New(rand.NewPCG(3, 3))
	var diverse []Doc
	for i := range 320 {
		var words []string
		for range 6 {
			words = append(words, "w"+strings.Repeat(string(rune('a'+rng.IntN(26))), 2)+string(rune('a'+rng.IntN(26))))
		}
		diverse = append(diverse, Doc{ID: fmt.Sprint(i), Text: strings.Join(words, " "), Language: "en"})
	}
	mixed, _ := speak(400, 11, matters)
	for _, c := range []struct {
		name string
		docs []Doc
		k    int
	}{{"diverse", diverse, 13}, {"diverse", diverse, 60}, {"few", diverse[:60], 20}, {"two languages", mixed, 3}, {"two languages", mixed, 41}} {
		if r := discovered(t, c.docs, Options{K: c.k, Seed: 1, Guide: guide}); len(r.Themes) != c.k {
			t.Errorf("%s: %d themes instead of %d", c.name, len(r.Themes), c.k)
		}
	}
	if got := apportion(10, [][]int{make([]int, 100), make([]int, 40), make([]int, 1), nil}); !slices.Equal(got, []int{6, 3, 1, 0}) {
		t.Errorf("10 are shared out as %v", got)
	}
	if got := apportion(2, [][]int{make([]int, 9), make([]int, 5), make([]int, 2)}); !slices.Equal(got, []int{1, 1, 1}) {
		t.Errorf("2 are shared out as %v", got)
	}
}

// TestHold gives clusters that were lost their texts back, in turn.
func TestHold(t *testing.T) {
	t.Parallel()
	c := &corpus{texts: [][]int32{{1}, {1}, {1}, {}, {1}}}
	// Cluster 1 has lost its text to 0, which lives by that alone, for its own went to 2.
	got := c.hold([]int{0, 1, 2, 1, 2}, []int{2, 0, 2, 1, 2}, 3)
	if want := []int{0, 1, 2, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
}

func TestSampleTeachesTheRest(t *testing.T) {
	t.Parallel()
	docs, truth := speak(1200, 8, matters[:5])
	r := discovered(t, docs, Options{K: 5, Seed: 1, Sample: 500})
	if n := mutual(r.Of, truth); n < 0.85 {
		t.Errorf("NMI %.3f", n)
	}
}

func TestDiscoverOddTexts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("no end of words here ", 20000)
	for name, docs := range map[string][]Doc{
		"none":      nil,
		"one":       {{Text: "the only text"}},
		"blank":     {{Text: ""}, {Text: "  "}, {Text: "..."}},
		"broken":    {{Text: "\xff\xfe"}, {Text: "a\xc3"}, {Text: "\u202e\u200b"}},
		"emoji":     {{Text: "😡"}, {Text: "😡😡"}, {Text: "👍"}},
		"equal":     slices.Repeat([]Doc{{Text: "all the same", Language: "en"}}, 60),
		"long":      {{Text: long}, {Text: "short"}, {Text: long}},
		"languages": {{Text: "שלום לכולם"}, {Text: "hello there"}, {Text: "سلام"}, {Text: "привет"}},
	} {
		for _, k := range []int{0, 1, 5} {
			r := discovered(t, docs, Options{K: k, Seed: 1})
			for i, d := range docs {
				if strings.ContainsAny(d.Text, "abcdefghijklmnopqrstuvwxyz") && d.Text != "a\xc3" && r.Of[i] < 0 {
					t.Errorf("%s, k %d: text %d has no theme", name, k, i)
				}
			}
		}
	}
}

func TestDiscoverStops(t *testing.T) {
	t.Parallel()
	docs, _ := speak(400, 9, matters)
	ctx, cancel := context.WithCancel(context.Background())
	last := 0.0
	_, err := Discover(ctx, docs, Options{Progress: func(p float64) {
		if p < last || p > 1 {
			t.Errorf("progress went from %v to %v", last, p)
		}
		last = p
		cancel()
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestModel(t *testing.T) {
	t.Parallel()
	docs, truth := speak(1000, 10, matters)
	var examples []Example
	for i, d := range docs[:800] {
		examples = append(examples, Example{Text: d.Text, Language: d.Language, Theme: fmt.Sprint(truth[i])})
	}
	m, err := Learn(examples)
	if err != nil {
		t.Fatal(err)
	}
	b, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	for i, d := range docs[800:] {
		id, sure := again.Theme(d.Text, d.Language)
		if want, _ := m.Theme(d.Text, d.Language); id != want || sure <= 0 || sure > 1.0001 {
			t.Fatalf("%q before, %q after, %v", want, id, sure)
		}
		if id == fmt.Sprint(truth[800+i]) {
			right++
		}
	}
	if right < 190 {
		t.Errorf("%d of 200 right", right)
	}
	if id, sure := m.Theme("zzz qqq", "en"); sure > 0.9 {
		t.Errorf("nonsense is %q with %v", id, sure)
	}
	for cut := range len(b) {
		if cut%97 == 0 && cut > 0 {
			if _, err := Decode(b[:cut]); err == nil {
				t.Fatalf("a model cut at %d of %d was read", cut, len(b))
			}
		}
	}
	if id, sure := (&Model{}).Theme("anything", "en"); id != "" || sure != 0 {
		t.Errorf("a model of nothing knows %q", id)
	}
}

func TestPersonsExamplesCountMore(t *testing.T) {
	t.Parallel()
	examples := []Example{}
	for range 3 {
		examples = append(examples, Example{Text: "the parcel came late", Language: "en", Theme: "a"}, Example{Text: "my password fails", Language: "en", Theme: "b"})
	}
	examples = append(examples, Example{Text: "the parcel came late", Language: "en", Theme: "b", Weight: 10})
	m, err := Learn(examples)
	if err != nil {
		t.Fatal(err)
	}
	if id, _ := m.Theme("the parcel came late", "en"); id != "b" {
		t.Errorf("the machine's three examples outweigh a person's: %q", id)
	}
}

func TestLeftSingular(t *testing.T) {
	t.Parallel()
	// diag(5, 4, 3, 2, 1) with its rows turned round.
	s := &sparse{rows: 5, cols: 5, begin: []int{0, 1, 2, 3, 4, 5}, index: []int32{4, 3, 2, 1, 0}, value: []float32{1, 2, 3, 4, 5}}
	u, singular := leftSingular(s, s.transposed(), 3, 4, rand.New(rand.NewPCG(1, 1)))
	for j, want := range []float64{5, 4, 3} {
		if math.Abs(singular[j]-want) > 1e-3 || math.Abs(math.Abs(float64(u.row(4 - j)[j]))-1) > 1e-3 {
			t.Errorf("axis %d: %v, %v", j, singular[j], u.data)
		}
	}
}

func TestMergeJoinsWhatIsOne(t *testing.T) {
	t.Parallel()
	docs, truth := speak(800, 11, matters[:4])
	terms := make([][]string, len(docs))
	for i, d := range docs {
		terms[i] = strings.Fields(d.Text)
	}
	c := newCorpus(terms, 1, 2)
	of := make([]int, len(docs)) // each matter in three parts by lot
	for i, m := range truth {
		of[i] = 3*m + i%3
	}
	got, k := merge(c, of, 12, 0)
	if k != 4 || mutual(got, truth) < 0.999 {
		t.Errorf("%d clusters, NMI %.3f", k, mutual(got, truth))
	}
	if _, k := merge(c, of, 12, 6); k != 6 {
		t.Errorf("%d clusters where 6 were wanted", k)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		language   string
		mine, rest []string
		want       string
	}{
		"a phrase rather than a word": {"en", []string{"My card payment was declined", "card payment declined again", "Why is the card payment declined?", "a card payment declined today"},
			[]string{"my card is lost", "the payment went through", "a new card please"}, "Card payment declined"},
		"as it is mostly written": {"en", []string{"I use Apple Pay", "does Apple Pay work", "set up apple pay", "Apple Pay again"}, []string{"I use cash", "does it work"}, "Apple Pay"},
		"no case":                 {"he", []string{"המשלוח איחר מאוד", "משלוח איחר שוב", "המשלוח איחר"}, []string{"המחיר גבוה", "המחיר עלה"}, "המשלוח איחר"},
	} {
		var docs [][]token
		n := 0
		for _, s := range append(slices.Clone(c.mine), c.rest...) {
			docs = append(docs, tokens(new(text.Splitter), s, c.language))
			n++
		}
		members := make([]int, len(c.mine))
		for i := range members {
			members[i] = i
		}
		got, phrases := newNamer(docs, c.language).name(members, map[string]bool{})
		if got != c.want {
			t.Errorf("%s: %q %q, want %q", name, got, phrases, c.want)
		}
	}
}

// A theme that no phrase tells from the others is called by the first words of its quote.
func TestOpening(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Purple zebras  hum": "Purple zebras hum", "my cat likes this chair": "my cat likes this chair", "my cat likes this chair most": "my cat likes this chair…",
		"מי ראה את החבילה שלי היום": "מי ראה את החבילה שלי…", strings.Repeat("x", 70): strings.Repeat("x", 60) + "…",
		strings.Repeat("y", 40) + " " + strings.Repeat("z", 40): strings.Repeat("y", 40) + "…",
	} {
		if got := opening(in, "en", nil); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := opening("write to jo@example.com please, Zelda", "en", []string{"Zelda Quux"}); strings.Contains(got, "@") || strings.Contains(got, "Zelda") {
		t.Errorf("a name tells who wrote: %q", got)
	}
	found, err := Discover(t.Context(), []Doc{{Text: "Purple zebras hum loudly every single night", Language: "en"}}, Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, th := range found.Themes {
		if th.Name == "" {
			t.Errorf("a theme without a name: %+v", th)
		}
	}
	if len(found.Themes) != 1 {
		t.Errorf("%d themes in one text", len(found.Themes))
	}
}

// sundry makes up texts of one language that share few words, of which only what is known beforehand tells what they are about; every
// tenth is about nothing that is known.
func sundry(n int, seed uint64, matters int) (docs []Doc, truth []int, about func(int) []float32) {
	rng := rand.New(rand.NewPCG(seed, 21))
	known := make([][]float32, n)
	docs, truth = make([]Doc, n), make([]int, n)
	for i := range docs {
		var words []string
		for range 7 {
			words = append(words, "w"+string(rune('a'+rng.IntN(26)))+string(rune('a'+rng.IntN(26)))+"x")
		}
		truth[i] = rng.IntN(matters)
		known[i] = make([]float32, 8)
		for k := range known[i] {
			known[i][k] = 0.04 * rng.Float32()
		}
		if i%10 == 9 {
			truth[i] = -1
		} else {
			known[i][truth[i]] = 0.5 + 0.5*rng.Float32()
			words = append(words, "matter"+string(rune('a'+truth[i])))
		}
		docs[i] = Doc{ID: fmt.Sprint("s", seed, "-", i), Text: strings.Join(words, " "), Language: "en"}
	}
	return docs, truth, func(i int) []float32 { return known[i] }
}

func TestTextsThatShareFewWords(t *testing.T) {
	t.Parallel()
	for _, n := range []int{300, 1300} { // few, and too diverse
		docs, truth, about := sundry(n, 1, 5)
		r := discovered(t, docs, Options{Seed: 1, About: about})
		if again := discovered(t, docs, Options{Seed: 1, About: about}); !slices.Equal(again.Of, r.Of) {
			t.Error("the same seed found something else")
		}
		var of, want []int
		none, strays := 0, 0
		for i, at := range r.Of {
			switch {
			case at < 0:
				none++
			case truth[i] < 0:
				strays++
			default:
				of, want = append(of, at), append(want, truth[i])
			}
		}
		count := map[[2]int]int{}
		most := make([]int, len(r.Themes))
		for i, at := range of {
			count[[2]int{at, want[i]}]++
			most[at] = max(most[at], count[[2]int{at, want[i]}])
		}
		pure := 0
		for _, m := range most {
			pure += m
		}
		if float64(pure) < 0.9*float64(len(of)) || 4*none > n || 3*r.Themes[0].Count > n {
			t.Errorf("%d texts: %d of %d in themes of their matter, %d in none, %d of no matter in one; the largest has %d", n, pure, len(of), none, strays, r.Themes[0].Count)
		}
		if got := discovered(t, docs, Options{Seed: 1, K: 7, About: about}); len(got.Themes) != 7 {
			t.Errorf("%d texts: %d themes instead of 7", n, len(got.Themes))
		}
	}
}

// TestTextsThatShareFewWordsAreFoundAgain: themes keep their ids, texts their themes, and what is new gets one.
func TestTextsThatShareFewWordsAreFoundAgain(t *testing.T) {
	t.Parallel()
	old, _, about := sundry(500, 2, 4)
	first := discovered(t, old, Options{Seed: 1, About: about})
	more, _, aboutMore := sundry(50, 3, 4)
	docs := append(slices.Clone(old), more...)
	const strangers = 60 // of a matter that nobody spoke about before
	for i := range strangers {
		docs = append(docs, Doc{ID: fmt.Sprint("new", i), Text: fmt.Sprintf("zeppelin wq%dx flight wr%dx", i%9, i%7), Language: "en"})
	}
	knows := func(i int) []float32 {
		switch {
		case i < len(old):
			return about(i)
		case i < len(old)+len(more):
			return aboutMore(i - len(old))
		}
		p := make([]float32, 8)
		p[6] = 0.9
		return p
	}
	r := discovered(t, docs, Options{Seed: 2, About: knows, Previous: remember(old, first, true)})
	kept, in, placed := 0, 0, 0
	for i, at := range first.Of {
		if at < 0 {
			continue
		}
		in++
		if now := r.Of[i]; now >= 0 && r.Themes[now].ID == "old-"+first.Themes[at].ID {
			kept++
		}
	}
	news := 0
	for i := len(docs) - strangers; i < len(docs); i++ {
		if at := r.Of[i]; at >= 0 && r.Themes[at].New {
			news++
		}
	}
	for i := len(old); i < len(old)+len(more); i++ {
		if at := r.Of[i]; at >= 0 && !r.Themes[at].New {
			placed++
		}
	}
	if kept != in || news < strangers*9/10 || placed < len(more)*7/10 {
		t.Errorf("%d of %d texts kept their theme, %d of %d are in a new one, %d of %d of the same in an old one", kept, in, news, strangers, placed, len(more))
	}
	docs[0].Theme = "mine"
	if r := discovered(t, docs, Options{Seed: 2, About: knows, Previous: remember(old, first, true)}); r.Of[0] < 0 || r.Themes[r.Of[0]].ID != "mine" {
		t.Error("what a person decided is undone")
	}
}

func TestNouns(t *testing.T) {
	t.Parallel()
	for language, c := range map[string]struct {
		texts      []string
		noun, none string
	}{
		"en": {[]string{"the courier came", "your courier is late", "I ring and ring", "they ring again", "you never ring"}, "courier", "ring"},
		"he": {[]string{"המשלוח לא הגיע", "בלי משלוח", "אני מחכה", "אתם מחכה"}, "משלוח", "מחכה"},
		"fa": {[]string{"این پیک دیر رسید", "از پیک راضی نیستم", "پیک را دیدم", "نمیفهمم", "میفهمم"}, "پیک", "میفهمم"},
		"ru": {[]string{"без курьера плохо", "ваш курьер опоздал", "они ждали", "я ждал", "мы ждали"}, "курьер", "ждали"},
	} {
		var docs [][]token
		for _, s := range c.texts {
			docs = append(docs, tokens(new(text.Splitter), s, language))
		}
		n := nouns(docs, language)
		of := func(w string) float64 { return n[text.Stem(text.Normalize(w).Text, language)] }
		if of(c.noun) <= 0.5 || of(c.none) >= 0.5 {
			t.Errorf("%s: %q %.2f, %q %.2f", language, c.noun, of(c.noun), c.none, of(c.none))
		}
	}
}
