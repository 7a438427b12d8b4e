// Package discover finds what texts are about from the texts themselves: it groups them into themes, names each theme in
// the words of its texts, knows the themes of an earlier run again, and learns to tell the theme of a new text.
//
// Languages are grouped apart, because nothing but a lexicon says which of their words mean the same. Everything is
// deterministic: the same texts, options and seed give the same themes on any number of processors.
package discover

import (
	"cmp"
	"context"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"unicode/utf8"

	"kolo/internal/understand/text"
)

// Doc is one text.
type Doc struct {
	ID       string // where the caller has one; only Previous looks at it
	Text     string
	Language string   // ISO code; "" to detect it
	Theme    string   // id of the theme that a person has put it to; it stays there
	Names    []string // that its writer is known by; no theme is called so
}

// Options say how to look.
type Options struct {
	K        int           // how many themes to find, over all languages; 0 to find that too. See Discover
	Seed     uint64        // of everything that is drawn by lot
	Sample   int           // texts of a language that are looked at; the rest are assigned by the model. 0 means 25,000
	Progress func(float64) // is told the share that is done, 0 to 1, never from two goroutines at once; may be nil
	Previous []Known       // themes of an earlier run, to be found again
	// About tells how likely a text (by its place) is about each of some matters that are known beforehand, 0 to 1: where texts share few words, it
	// brings those together that share none. Always as many, or nil where nobody knows. May be nil.
	About func(doc int) []float32
	Guide Guide // knows the starting themes, which are found where the texts are few or too diverse and K is 0; may be nil
}

// Guide tells which of the starting themes a text (by its place) is about and how surely (0 to 1); "" when none.
type Guide func(doc int) (key string, confidence float64)

// Known is a theme as it is remembered from run to run. What a person merged has one id and several entries.
type Known struct {
	ID        string
	Language  string
	Centroid  []float32 // as Theme has it; nil when it is not known
	Members   []string  // ids of texts in it, where they have any
	Forbidden bool      // a person does not want it: its texts are set aside, and it is not proposed again
}

// Theme is a group of texts about the same matter.
type Theme struct {
	ID       string
	Language string
	Name     string
	Phrases  []string  // what its texts say and others do not, the most telling first
	Quote    int       // the text that is most like all of them
	Count    int       // of texts
	Centroid []float32 // to know it again by: comparable between runs
	Key      string    // of the starting theme that most of its texts are about, "" when there is none
	New      bool      // not among the previous ones
}

// Result is what was found.
type Result struct {
	Themes     []Theme   // the largest first
	Of         []int     // the theme of each text, as an index; -1 for a text that says nothing (no words, none known)
	Confidence []float64 // that the theme is right, 0 to 1
	Dormant    []string  // ids of previous themes that no text was found for
}

// Examples are the texts with their themes, to learn from.
func (r Result) Examples(docs []Doc) []Example {
	var out []Example
	for i, t := range r.Of {
		if t >= 0 {
			out = append(out, Example{Text: docs[i].Text, Language: r.Themes[t].Language, Theme: r.Themes[t].ID})
		}
	}
	return out
}

// least is the number of texts of a language from which on it is looked at by itself.
const least = 20

// Discover finds the themes of texts. Where K is above 0 it finds so many, but at least one in each language, and no more than there
// are texts in it that differ. Of previous themes all are kept, and a new one needs several texts that belong to none of these:
// then there may be more or fewer than K.
func Discover(ctx context.Context, docs []Doc, o Options) (Result, error) {
	if o.Sample <= 0 {
		o.Sample = 25000
	}
	if o.Progress == nil {
		o.Progress = func(float64) {}
	}
	r := Result{Of: make([]int, len(docs)), Confidence: make([]float64, len(docs))}
	for i := range r.Of {
		r.Of[i] = -1
	}
	languages, groups := byLanguage(docs)
	total := 0
	for _, g := range groups {
		total += len(g)
	}
	done := 0
	shares := apportion(o.K, groups)
	for gi, g := range groups {
		if err := ctx.Err(); err != nil {
			return Result{}, err
		}
		share := o
		share.Progress = func(p float64) { o.Progress((float64(done) + p*float64(len(g))) / float64(total)) }
		share.K = shares[gi]
		if err := group(ctx, docs, g, languages[gi], share, &r); err != nil {
			return Result{}, err
		}
		done += len(g)
	}
	r.guided(o.Guide)
	r.order(o.Previous)
	o.Progress(1)
	return r, nil
}

// apportion shares k out by the number of texts (Sainte-Laguë), at least one for each group and no more than it has texts;
// with k 0 nothing is shared out.
func apportion(k int, groups [][]int) []int {
	out := make([]int, len(groups))
	if k == 0 {
		return out
	}
	for i, g := range groups {
		out[i] = min(1, len(g))
		k -= out[i]
	}
	for ; k > 0; k-- {
		best, most := -1, 0.0
		for i, g := range groups {
			if v := float64(len(g)) / float64(2*out[i]+1); out[i] < len(g) && v > most {
				best, most = i, v
			}
		}
		if best < 0 {
			break
		}
		out[best]++
	}
	return out
}

// byLanguage puts texts of one language together, the most frequent language first. Languages of few texts, which are
// mostly guessed wrongly, go with the most frequent one.
func byLanguage(docs []Doc) (languages []string, groups [][]int) {
	of := make([]string, len(docs))
	sure := make([]bool, len(docs))
	count := map[string]int{}
	parallel(len(docs), func(from, to int) {
		for i := from; i < to; i++ {
			if of[i] = docs[i].Language; of[i] != "" {
				sure[i] = true
				continue
			}
			l := text.Detect(docs[i].Text)
			of[i], sure[i] = l.Code, l.Confidence > 0.7
		}
	})
	for i, l := range of {
		if sure[i] && l != text.Undetermined {
			count[l]++
		}
	}
	for l := range count {
		languages = append(languages, l)
	}
	slices.SortFunc(languages, func(a, b string) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
	kept := map[string]int{}
	for _, l := range languages {
		if len(kept) == 0 || count[l] >= max(least, len(docs)/100) {
			kept[l] = len(kept)
		}
	}
	if len(kept) == 0 {
		kept[text.Undetermined] = 0
		languages = []string{text.Undetermined}
	}
	languages = slices.DeleteFunc(languages, func(l string) bool { _, ok := kept[l]; return !ok })
	groups = make([][]int, len(kept))
	for i, l := range of {
		at, ok := kept[l]
		if !ok && !sure[i] && len(languages) > 0 {
			if at, ok = kept[text.DetectWith(docs[i].Text, languages[0]).Code]; !ok {
				at = 0
			}
		}
		groups[at] = append(groups[at], i)
	}
	return languages, groups
}

// group finds the themes of the texts of one language and adds them to the result.
func group(ctx context.Context, docs []Doc, g []int, language string, o Options, r *Result) error {
	of, sure := make([]int, len(g)), make([]float32, len(g))
	var sp text.Splitter
	var sample []int
	var seen [][]string
	var said []string
	for n, i := range draw(len(g), o.Sample, o.Seed) {
		if n%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if terms := stems(&sp, docs[g[i]].Text, language); len(terms) > 0 {
			sample, seen, said = append(sample, i), append(seen, terms), append(said, docs[g[i]].Text)
		}
	}
	if len(sample) == 0 {
		return nil
	}
	c := newCorpus(seen, leastTexts(len(sample)), leastTexts(len(sample))+1)
	remembers := remembered(o.Previous, language, len(languagesOf(o.Previous)) < 2)
	before := &remembers
	for _, i := range g {
		if id := docs[i].Theme; id != "" && before.at(id) < 0 {
			before.ids = append(before.ids, Known{ID: id, Language: language})
		}
	}
	f := newSamples(said)
	var found []int
	var sureOf []float32
	var x *dense
	k := o.K
	if k > 0 {
		k = max(k, len(before.ids))
	}
	guided := o.K == 0 && o.Guide != nil && len(before.ids) == 0
	if guided && len(sample) < small {
		x = c.ownVectors(o.Seed)
		found, sureOf = before.byGuide(g, sample, language, o.Guide)
	} else {
		var known *dense
		if o.About != nil && len(sample) < fewTexts {
			known, x = alreadyKnown(g, sample, o.About), c.ownVectors(o.Seed)
		}
		var diverse bool
		if known == nil {
			var err error
			if found, sureOf, x, diverse, err = ensemble(ctx, c, f, k, o.Seed, o.Progress); err != nil {
				return err
			}
			if o.About != nil && (diverse || crowded(found, k)) {
				known = alreadyKnown(g, sample, o.About)
			}
		}
		floor := float32(0)
		if known != nil {
			found, sureOf, x = loose(c, known, x, k, o.Seed)
			floor = unsure
		}
		switch {
		case diverse && guided && known == nil:
			found, sureOf = before.byGuide(g, sample, language, o.Guide)
		case len(before.ids) > 0:
			found, sureOf = before.again(docs, g, sample, c, f, x, found, k, rand.New(rand.NewPCG(o.Seed, 3)), floor)
		}
	}
	for i := range of {
		of[i] = -1
	}
	for i, s := range sample {
		if len(c.texts[i]) > 0 {
			of[s], sure[s] = found[i], sureOf[i]
		}
	}
	if err := assign(docs, g, *before, of, sure, language, len(g) > o.Sample); err != nil {
		return err
	}
	r.add(docs, g, language, of, sure, c, x, sample, *before)
	return nil
}

// assign puts texts that were not looked at, or that say nothing, where they were before, and where wished the rest where
// those that were looked at teach.
func assign(docs []Doc, g []int, before memory, of []int, sure []float32, language string, learn bool) error {
	var examples []Example
	var left []int
	for i, t := range of {
		if t < 0 {
			at, ok := before.members[docs[g[i]].ID]
			if id := docs[g[i]].Theme; id != "" {
				at, ok = before.at(id), true
			}
			if ok {
				of[i], sure[i] = at, 1
			} else {
				left = append(left, i)
			}
			continue
		}
		examples = append(examples, Example{Text: docs[g[i]].Text, Language: language, Theme: strconv.Itoa(t)})
	}
	if !learn || len(left) == 0 || len(examples) == 0 {
		return nil
	}
	m, err := Learn(examples)
	if err != nil {
		return err
	}
	parallel(len(left), func(from, to int) {
		for _, i := range left[from:to] {
			id, c := m.Theme(docs[g[i]].Text, language)
			if t, err := strconv.Atoi(id); err == nil {
				of[i], sure[i] = t, float32(c)
			}
		}
	})
	return nil
}

// fine is the number of clusters, where there are many texts, that texts are taken to be cut into at least when it is asked whether
// they are too diverse.
const fine = 12

// small is the number of texts below which they tell too little of themselves: there the starting themes say more.
const small = 300

// byGuide puts texts to the starting themes, which it adds to the memory.
func (m *memory) byGuide(g, sample []int, language string, guide Guide) ([]int, []float32) {
	of, sure := make([]int, len(sample)), make([]float32, len(sample))
	for i, s := range sample {
		of[i] = -1
		key, c := guide(g[s])
		if key == "" {
			continue
		}
		if of[i] = m.at(key); of[i] < 0 {
			of[i] = len(m.ids)
			m.ids = append(m.ids, Known{ID: key, Language: language})
		}
		sure[i] = float32(c)
	}
	return of, sure
}

// leastTexts is how many texts must have a stem for it to count.
func leastTexts(n int) int {
	if n < 50 {
		return 1
	}
	return 2
}

// draw picks most of n texts by lot, or all, in their order.
func draw(n, most int, seed uint64) []int {
	out := rand.New(rand.NewPCG(seed, 2)).Perm(n)[:min(n, most)]
	slices.Sort(out)
	return out
}

// add describes the themes that were found in texts of one language.
func (r *Result) add(docs []Doc, g []int, language string, of []int, sure []float32, c *corpus, x *dense, sample []int, before memory) {
	k := 0
	for _, t := range of {
		k = max(k, t+1)
	}
	members := make([][]int, k)
	for i, t := range of {
		if t >= 0 {
			members[t] = append(members[t], i)
		}
	}
	var sp text.Splitter
	// Names come from the texts that were looked at: a million others say no more.
	written := make([][]token, len(sample))
	for i, s := range sample {
		written[i] = tokens(&sp, docs[g[s]].Text, language)
	}
	n, names := newNamer(written, language), map[string]bool{}
	row := make([]int, len(g))
	for i := range row {
		row[i] = -1
	}
	for i, s := range sample {
		row[s] = i
	}
	for cluster, m := range members {
		if len(m) == 0 {
			continue
		}
		t := Theme{Language: language, Count: len(m)}
		if cluster < len(before.ids) {
			if t.ID = before.ids[cluster].ID; before.ids[cluster].Forbidden {
				continue
			}
		}
		var rows []int
		for _, i := range m {
			if row[i] >= 0 {
				rows = append(rows, row[i])
			}
		}
		t.Centroid = c.sketch(rows)
		t.Name, t.Phrases = n.name(rows, names)
		t.Quote = g[medoid(docs, g, m, row, x, n.saying)]
		if t.Name == "" { // a text by itself, or texts that no phrase tells from the others
			t.Name = opening(docs[t.Quote].Text, language, docs[t.Quote].Names)
		}
		// A theme that is known in several languages is one.
		at := slices.IndexFunc(r.Themes, func(o Theme) bool { return t.ID != "" && o.ID == t.ID })
		if at < 0 {
			at = len(r.Themes)
			r.Themes = append(r.Themes, t)
		} else {
			r.Themes[at].Count += t.Count
		}
		for _, i := range m {
			r.Of[g[i]], r.Confidence[g[i]] = at, float64(sure[i])
		}
	}
}

// guided finds the starting theme that each theme belongs to: the one that at least half of those of its texts are about
// that are about any, and a quarter of all.
func (r *Result) guided(guide Guide) {
	if guide == nil {
		return
	}
	count := make([]map[string]int, len(r.Themes))
	about := make([]int, len(r.Themes))
	for i, t := range r.Of {
		if t < 0 {
			continue
		}
		if key, _ := guide(i); key != "" {
			if count[t] == nil {
				count[t] = map[string]int{}
			}
			count[t][key]++
			about[t]++
		}
	}
	for t, c := range count {
		for _, key := range slices.Sorted(maps.Keys(c)) {
			if 2*c[key] >= about[t] && 4*c[key] >= r.Themes[t].Count && c[key] > c[r.Themes[t].Key] {
				r.Themes[t].Key = key
			}
		}
	}
}

// medoid is the text that is most like its group, among those that are good to read: neither a word nor a page, and rather one that says what
// the group is called after.
func medoid(docs []Doc, g, members, row []int, x *dense, says func(row int) bool) int {
	center := make([]float32, x.cols)
	for _, i := range members {
		if row[i] >= 0 {
			axpy(1, x.row(row[i]), center)
		}
	}
	normalize(center)
	best, most := members[0], math.Inf(-1)
	for _, i := range members {
		if row[i] < 0 {
			continue
		}
		like := float64(dot(center, x.row(row[i])))
		switch l := utf8.RuneCountInString(docs[g[i]].Text); {
		case l < 20:
			like -= 0.02 * float64(20-l)
		case l > 120:
			like -= 0.002 * float64(l-120)
		}
		if says(row[i]) {
			like += 0.15
		}
		if like > most {
			best, most = i, like
		}
	}
	return best
}

// order sorts the themes, the largest first, and gives those without an id one that no theme has yet.
func (r *Result) order(previous []Known) {
	at := make([]int, len(r.Themes))
	for i := range at {
		at[i] = i
	}
	slices.SortStableFunc(at, func(a, b int) int { return cmp.Compare(r.Themes[b].Count, r.Themes[a].Count) })
	place := make([]int, len(at))
	themes := make([]Theme, len(at))
	taken, found := map[string]bool{}, map[string]bool{}
	for i, a := range at {
		place[a], themes[i] = i, r.Themes[a]
		found[r.Themes[a].ID] = true
	}
	for _, p := range previous {
		if !taken[p.ID] && !found[p.ID] && !p.Forbidden {
			r.Dormant = append(r.Dormant, p.ID)
		}
		taken[p.ID] = true
	}
	next := 1
	for i := range themes {
		if themes[i].ID != "" {
			continue
		}
		for taken["t"+strconv.Itoa(next)] {
			next++
		}
		themes[i].ID, themes[i].New = "t"+strconv.Itoa(next), true
		next++
	}
	r.Themes = themes
	for i, t := range r.Of {
		if t >= 0 {
			r.Of[i] = place[t]
		}
	}
}
