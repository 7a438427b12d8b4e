package adapt

import (
	"context"
	"math"
	"slices"

	"kolo/internal/foundation/fault"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/theme"
	"kolo/internal/understand/theme/discover"
)

const (
	textsEach    = 8   // of a theme, of which it is told what it means
	fewestThemes = 3   // of a language: among fewer nothing tells what all themes of a language have in common
	leastAlike   = 0.5 // cosine, from which two themes may be the same
)

// elsewhere asks an outside model which of the themes that were found are the same in another language, where there is one that gives
// embeddings; nothing waits for it, nothing fails without it, and people decide.
func (s *Service) elsewhere(ctx context.Context, ws identity.WorkspaceID, fresh []theme.Theme, found discover.Result, said []feedback.Said) {
	if !s.assist.Embeds() {
		return
	}
	tree, err := s.themes.Tree(ctx, ws)
	if err != nil {
		return
	}
	quotes := make([][]string, len(fresh))
	for i, at := range found.Of {
		if at >= 0 && len(quotes[at]) < textsEach {
			quotes[at] = append(quotes[at], said[i].Text)
		}
	}
	var ids, languages, texts []string
	var first []int // of each theme, where its texts begin
	for i, t := range fresh {
		if known, _ := tree.Get(t.ID); len(quotes[i]) == 0 || known.State == theme.Merged || known.State == theme.Forbidden {
			continue
		}
		ids, languages, first = append(ids, t.ID), append(languages, t.Language), append(first, len(texts))
		texts = append(texts, quotes[i]...)
	}
	if len(slices.Compact(slices.Sorted(slices.Values(languages)))) < 2 {
		return
	}
	vectors, model, err := s.assist.Embed(ctx, texts)
	if err != nil {
		if !fault.Is(err, fault.Busy) && ctx.Err() == nil {
			s.log.Error("themes could not be compared across languages", "workspace", string(ws), "error", err)
		}
		return
	}
	means := make([][]float64, len(ids))
	for i := range ids {
		last := len(texts)
		if i+1 < len(first) {
			last = first[i+1]
		}
		means[i] = meanOf(vectors[first[i]:last])
	}
	var same []theme.Same
	for _, p := range counterparts(languages, means) {
		same = append(same, theme.Same{Theme: ids[p.a], Other: ids[p.b], Likeness: p.likeness, Model: model})
	}
	if err := s.themes.Guess(ctx, ws, same); err != nil {
		s.log.Error("what may be the same themes could not be kept", "workspace", string(ws), "error", err)
	}
}

// meanOf is the mean of vectors of one length, each brought to length 1.
func meanOf(list [][]float32) []float64 {
	mean := make([]float64, len(list[0]))
	for _, v := range list {
		sum := 0.0
		for _, x := range v {
			sum += float64(x) * float64(x)
		}
		if sum == 0 {
			continue
		}
		for k, x := range v {
			mean[k] += float64(x) / math.Sqrt(sum) / float64(len(list))
		}
	}
	return mean
}

// pair is two themes, by their numbers, and the cosine between them.
type pair struct {
	a, b     int
	likeness float64
}

// counterparts pairs themes of different languages that are nearest to each other, each among the themes of the other's language. Vectors are
// measured from the middle of their language: models put texts of one language together, whatever they are about. Of vectors of
// different lengths, and of a language with too few themes, nothing is said.
func counterparts(languages []string, vectors [][]float64) (out []pair) {
	of := map[string][]int{}
	for i, l := range languages {
		if len(vectors[i]) == len(vectors[0]) {
			of[l] = append(of[l], i)
		}
	}
	away := make([][]float64, len(vectors)) // from the middle, of length 1; nil where that is no direction
	var named []string
	for l, list := range of {
		if len(list) < fewestThemes {
			continue
		}
		named = append(named, l)
		middle := make([]float64, len(vectors[0]))
		for _, i := range list {
			for k, x := range vectors[i] {
				middle[k] += x / float64(len(list))
			}
		}
		for _, i := range list {
			v, sum := make([]float64, len(middle)), 0.0
			for k, x := range vectors[i] {
				v[k] = x - middle[k]
				sum += v[k] * v[k]
			}
			if sum < 1e-12 || math.IsNaN(sum) || math.IsInf(sum, 0) {
				continue
			}
			for k := range v {
				v[k] /= math.Sqrt(sum)
			}
			away[i] = v
		}
	}
	nearest := func(i int, among []int) (best int, most float64) {
		best, most = -1, leastAlike
		for _, j := range among {
			if away[i] == nil || away[j] == nil {
				continue
			}
			c := 0.0
			for k, x := range away[i] {
				c += x * away[j][k]
			}
			if c >= most {
				best, most = j, c
			}
		}
		return best, min(most, 1)
	}
	slices.Sort(named)
	for x, l := range named {
		for _, m := range named[x+1:] {
			for _, i := range of[l] {
				j, likeness := nearest(i, of[m])
				if j < 0 {
					continue
				}
				if back, _ := nearest(j, of[l]); back == i {
					out = append(out, pair{i, j, likeness})
				}
			}
		}
	}
	return out
}
