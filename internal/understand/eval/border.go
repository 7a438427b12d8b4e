package eval

import (
	"context"
	"fmt"

	"kolo/internal/understand/text"
)

// borderSection measures how well the borders of clauses fit those that people drew.
func borderSection(_ context.Context, src Sources) ([]Table, error) {
	t := Table{Title: "Clauses: how their borders fit labelled quotes",
		Columns: []string{"language", "quotes", "clause of its own %", "none of another sentiment %", "one clause %", "clauses/quote", "clauses/text"},
		Notes:   []string{"a clause is a quote's when half of either lies in the other; its own when it touches no other quote", "nothing was trained on these texts; the rules were written with them in sight"}}
	for _, code := range Languages {
		rows, err := ReadClauses(src.Data, code)
		if err != nil {
			return nil, err
		}
		quotes, own, pure, one, pieces, clauses := 0, 0, 0, 0, 0, 0
		for _, r := range rows {
			got := text.Clauses(r.Text)
			clauses += len(got)
			for i, q := range r.Clauses {
				quotes++
				n, mine, clean := 0, false, true
				for _, c := range got {
					common := min(c.End, q.End) - max(c.Start, q.Start)
					if common <= 0 || 2*common < c.Len() && 2*common < q.Len() {
						continue
					}
					n++
					alone := true
					for j, other := range r.Clauses {
						if j != i && c.Overlaps(other.Span) && !q.Overlaps(other.Span) {
							alone = false
							clean = clean && other.Label == q.Label
						}
					}
					mine = mine || alone
				}
				pieces += n
				if mine {
					own++
				}
				if n > 0 && clean {
					pure++
				}
				if n == 1 {
					one++
				}
			}
		}
		t.Rows = append(t.Rows, []string{code, fmt.Sprint(quotes), ratio(own, quotes), ratio(pure, quotes), ratio(one, quotes),
			fmt.Sprintf("%.2f", float64(pieces)/float64(quotes)), fmt.Sprintf("%.2f", float64(clauses)/float64(len(rows)))})
	}
	return []Table{t}, nil
}
