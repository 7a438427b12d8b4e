package discover

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
)

// memory is the themes of an earlier run in one language, each once.
type memory struct {
	ids     []Known
	members map[string]int // the place in ids of texts by id
}

func languagesOf(known []Known) []string {
	var out []string
	for _, k := range known {
		if !slices.Contains(out, k.Language) {
			out = append(out, k.Language)
		}
	}
	return out
}

// remembered picks the themes of a language; those of no language belong to it when there is no other.
func remembered(known []Known, language string, only bool) memory {
	m := memory{members: map[string]int{}}
	for _, k := range known {
		if k.Language != language && !(k.Language == "" && only) {
			continue
		}
		at := m.at(k.ID)
		if at < 0 {
			at = len(m.ids)
			m.ids = append(m.ids, k)
		}
		for _, id := range k.Members {
			m.members[id] = at
		}
	}
	return m
}

// at is the place of a theme, or -1.
func (m memory) at(id string) int {
	return slices.IndexFunc(m.ids, func(k Known) bool { return k.ID == id })
}

const (
	// familiar is how like its nearest theme a text must be to be taken for one of it at first sight.
	familiar = 0.15
	// novel is the share of texts that were in no theme before from which on a group of texts is a new theme.
	novel = 0.6
	// leastNew is how many texts a new theme has at least.
	leastNew = 5
)

// again puts texts to the themes that were known before, and to new ones where a group of texts that a fresh look found
// belongs to none of them. With k above 0 there are at most k themes. A floor above 0 is of texts that share few words: each new text goes
// where its vector is nearest, if it is as near as that, for there is too little to learn from.
func (m memory) again(docs []Doc, g, sample []int, c *corpus, f *samples, x *dense, fresh []int, k int, rng *rand.Rand, floor float32) ([]int, []float32) {
	n := len(sample)
	of, fixed := make([]int, n), make([]int, n)
	for i, s := range sample {
		d := docs[g[s]]
		of[i], fixed[i] = -1, -1
		if d.ID != "" {
			if at, ok := m.members[d.ID]; ok {
				of[i] = at
			}
		}
		if d.Theme != "" {
			if at := m.at(d.Theme); at >= 0 {
				of[i], fixed[i] = at, at
			}
		}
	}
	known := slices.Clone(of)
	m.bySight(of, c)
	total := len(m.ids)
	// Groups that a fresh look found and that are of texts in no theme.
	size, strange := map[int]int{}, map[int]int{}
	strangers := 0
	for i, group := range fresh {
		size[group]++
		if known[i] < 0 && (of[i] < 0 || len(m.members) > 0) {
			strange[group]++
			strangers++
		}
	}
	share := float64(strangers) / float64(n)
	into := map[int]int{}
	for group := range slices.Max(fresh) + 1 {
		s := float64(strange[group]) / float64(max(1, size[group]))
		if size[group] >= leastNew && s >= novel && s >= min(1, 1.5*share) && (k == 0 || total < k) {
			into[group] = total
			total++
		}
	}
	for i, group := range fresh {
		if at, ok := into[group]; ok && known[i] < 0 {
			of[i] = at
		}
	}
	// Whoever is left goes where its vector is nearest.
	centers := newDense(total, x.cols)
	for i, at := range of {
		if at >= 0 {
			axpy(1, x.row(i), centers.row(at))
		}
	}
	centers.normalizeRows()
	near, like := make([]int, n), make([]float32, n)
	nearest(x, centers, near, like)
	if floor > 0 {
		for i := range of {
			like[i] = min(1, max(0, like[i]))
			switch {
			case fixed[i] >= 0:
				like[i] = 1
			case known[i] >= 0:
			case into[fresh[i]] > 0 && of[i] == into[fresh[i]]: // a text of a new theme
			case like[i] >= floor:
				of[i] = near[i]
			default:
				of[i] = -1
			}
		}
		return of, like
	}
	for i := range of {
		if of[i] < 0 {
			of[i] = near[i]
		}
	}
	// Texts stay where they were; what is new goes where those that were there before teach.
	var teachers, rest []int
	for i, at := range of {
		if known[i] >= 0 || into[fresh[i]] == at && into[fresh[i]] > 0 {
			teachers = append(teachers, i)
		} else {
			rest = append(rest, i)
		}
	}
	if len(teachers) < leastRefined*total {
		if n < leastRefined*total {
			return of, mean(n)
		}
		of, sure := refine(f, of, total, rng)
		for i, at := range fixed {
			if at >= 0 {
				of[i], sure[i] = at, 1
			}
		}
		return of, sure
	}
	classifier := f.train(teachers, of, total, rng)
	sure := mean(n)
	p := make([]float32, total)
	judge := func(i int) int {
		if len(f.rows[i]) == 0 {
			return of[i]
		}
		classifier.scores(f.rows[i], p)
		top := slices.Max(p)
		best := slices.Index(p, top)
		soften(p, top, 1)
		return best
	}
	for _, i := range teachers {
		judge(i)
		sure[i] = p[of[i]]
	}
	for _, i := range rest {
		of[i] = judge(i)
		sure[i] = p[of[i]]
	}
	return of, sure
}

// mean is what is said where nobody knows how sure a theme is.
func mean(n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = 0.5
	}
	return out
}

// bySight puts texts without a theme to the one whose centroid they are most like, when they are like it at all.
func (m memory) bySight(of []int, c *corpus) {
	parallel(len(of), func(from, to int) {
		v := make([]float32, sketchSize)
		for i := from; i < to; i++ {
			if of[i] >= 0 {
				continue
			}
			clear(v)
			c.draw(v, i)
			normalize(v)
			most := float32(familiar)
			for at, k := range m.ids {
				if len(k.Centroid) != sketchSize {
					continue
				}
				if d := dot(v, k.Centroid); d > most {
					of[i], most = at, d
				}
			}
		}
	})
}

// sketchSize is the length of a centroid.
const sketchSize = 256

// sketch is the mean of texts' weighted stems, in a space that does not change from run to run: each stem is a row of
// signs that its hash draws (random indexing, Achlioptas 2003). The length is 1.
func (c *corpus) sketch(rows []int) []float32 {
	sum, v := make([]float32, sketchSize), make([]float32, sketchSize)
	for _, i := range rows {
		clear(v)
		c.draw(v, i)
		normalize(v)
		axpy(1, v, sum)
	}
	normalize(sum)
	return sum
}

// draw adds the stems of a text to v.
func (c *corpus) draw(v []float32, i int) {
	for _, t := range c.texts[i] {
		h := fnv.New64a()
		_, _ = h.Write([]byte(c.names[t]))
		state := h.Sum64()
		w := float32(c.idf(t))
		for at := 0; at < sketchSize; at += 64 {
			state += 0x9E3779B97F4A7C15 // SplitMix64
			z := (state ^ state>>30) * 0xBF58476D1CE4E5B9
			z = (z ^ z>>27) * 0x94D049BB133111EB
			z ^= z >> 31
			for b := range 64 {
				// The sign of w is turned where the bit is set, without a branch.
				v[at+b] += math.Float32frombits(math.Float32bits(w) ^ uint32(z>>b&1)<<31)
			}
		}
	}
}
