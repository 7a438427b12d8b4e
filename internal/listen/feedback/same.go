package feedback

import (
	"slices"
	"time"

	"kolo/internal/foundation/store"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// Twin is feedback that is there already and says what an input says.
type Twin struct {
	ID         ID
	Source     string
	ExternalID string
}

// lookedThrough is about how much feedback Twins reads at most, and ofOneTime how much of one moment: where nothing tells the time of the
// day, it is that of a day or of an import.
const (
	lookedThrough = 200_000
	ofOneTime     = 20_000
)

// Twins finds to inputs that Validate took feedback that is there already, from whatever source, and says the same at the same time: the same
// text, scores and answers of the same customer, and where there is neither text nor customer, the same attributes. Each piece is the twin of
// one input at most. An input that would not be kept, because it was delivered before, has none. undated has the places of inputs whose
// time was made up, which are looked for at other times. There are as many twins as inputs; those without have no ID.
func Twins(tx *store.Tx, ws identity.WorkspaceID, batch []*Input, undated map[int]bool, other []time.Time) ([]Twin, error) {
	rows := make([]row, len(batch))
	for i, in := range batch {
		rows[i].in = in
	}
	delivered, err := existing(tx, ws, rows)
	if err != nil {
		return nil, err
	}
	used := map[ID]bool{}
	for _, id := range delivered {
		used[id] = true
	}
	places := map[int64][]int{}
	for i, in := range batch {
		if _, ok := delivered[in.key()]; ok && in.ExternalID != "" {
			continue
		}
		if !undated[i] {
			places[in.Time.UnixMilli()] = append(places[in.Time.UnixMilli()], i)
			continue
		}
		for _, t := range other {
			places[t.UnixMilli()] = append(places[t.UnixMilli()], i)
		}
	}
	out := make([]Twin, len(batch))
	most := min(ofOneTime, lookedThrough/max(1, len(places)))
	for at, list := range places {
		var texts []string
		for _, i := range list {
			if !slices.Contains(texts, batch[i].Text) {
				texts = append(texts, batch[i].Text)
			}
		}
		for len(texts) > 0 {
			n := chunk(len(texts))
			there, err := store.All(tx, scan, "/* feedback.Twins */ SELECT "+selectColumns+" FROM (SELECT * FROM feedback WHERE workspace = $1 AND time = $2 LIMIT $3) f WHERE text IN "+
				store.In(3, n)+" AND erased_at IS NULL LIMIT $3", append([]any{string(ws), at, most}, store.Anys(texts[:n])...)...)
			if err != nil {
				return nil, err
			}
			byText := map[string][]Feedback{}
			for _, f := range there {
				byText[f.Text] = append(byText[f.Text], f)
			}
			for _, i := range list {
				if out[i].ID != "" || !slices.Contains(texts[:n], batch[i].Text) {
					continue
				}
				for _, f := range byText[batch[i].Text] {
					if used[f.ID] {
						continue
					}
					same, err := saysTheSame(tx, ws, batch[i], f)
					if err != nil {
						return nil, err
					}
					if same {
						used[f.ID], out[i] = true, Twin{f.ID, f.Source, f.ExternalID}
						break
					}
				}
			}
			texts = texts[n:]
		}
	}
	return out, nil
}

// saysTheSame compares an input with feedback of the same text and time.
func saysTheSame(tx *store.Tx, ws identity.WorkspaceID, in *Input, f Feedback) (bool, error) {
	var e encoder
	if e.scores(in.Scores) != e.scores(f.Scores) || e.answers(in.Answers) != e.answers(f.Answers) {
		return false, nil
	}
	known := !in.ref.Empty()
	if !known && f.Contact == "" {
		return in.Text != "" || e.attributes(in.Attributes) == e.attributes(f.Attributes), nil
	}
	if !known || f.Contact == "" { // a text may have come without its customer before
		return in.Text != "", nil
	}
	owner, err := contact.Whose(tx, ws, &in.ref)
	return owner == f.Contact, err
}
