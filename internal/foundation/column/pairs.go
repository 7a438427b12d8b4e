package column

import (
	"cmp"
	"slices"
)

// Pair is a name with its text.
type Pair struct{ Name, Text string }

// Pairs are names and texts for a column of type Texts, sorted by name, each name once: what a map[string]string holds, but made and
// walked through at a fraction of its cost, which counts where it is done for every row.
type Pairs []Pair

// PairsOf is a map as pairs.
func PairsOf(m map[string]string) Pairs {
	if len(m) == 0 {
		return nil
	}
	p := make(Pairs, 0, len(m))
	for k, v := range m {
		p = append(p, Pair{k, v})
	}
	return p.Sort()
}

// Sort puts pairs in order, in their own place; of several of one name the last stays.
func (p Pairs) Sort() Pairs {
	if p.sorted() {
		return p
	}
	slices.SortStableFunc(p, func(a, b Pair) int { return cmp.Compare(a.Name, b.Name) })
	out := p[:0]
	for i, x := range p {
		if i+1 == len(p) || p[i+1].Name != x.Name {
			out = append(out, x)
		}
	}
	return out
}

func (p Pairs) sorted() bool {
	for i := 1; i < len(p); i++ {
		if p[i-1].Name >= p[i].Name {
			return false
		}
	}
	return true
}

// Get is the text of a name, "" when there is none.
func (p Pairs) Get(name string) string {
	if i, ok := slices.BinarySearchFunc(p, name, func(x Pair, name string) int { return cmp.Compare(x.Name, name) }); ok {
		return p[i].Text
	}
	return ""
}
