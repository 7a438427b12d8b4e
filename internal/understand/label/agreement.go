package label

import (
	"context"
	"math/rand/v2"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
)

// Agreement is how often people said the same as the model, of texts that chance had chosen.
type Agreement struct {
	Aspect   string // AspectSentiment or AspectTheme
	Theme    string // as labels have it; "" of sentiment
	Language string
	N        int64
	Agreed   int64
}

// Agreement counts it by aspect, theme and language.
func (s *Service) Agreement(ctx context.Context, ws identity.WorkspaceID) (list []Agreement, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = store.All(tx, func(r store.Scanner) (a Agreement, err error) {
			return a, r.Scan(&a.Aspect, &a.Theme, &a.Language, &a.N, &a.Agreed)
		},
			`/* label.Agreement */ SELECT aspect, theme, language, count(*), sum(CASE WHEN value = was THEN 1 ELSE 0 END) FROM correction
			WHERE workspace = $1 AND ended_at = 0 AND sampled = 1 GROUP BY aspect, theme, language ORDER BY aspect, theme, language`, string(ws))
		return err
	})
	return list, fault.Wrap("label.Agreement", err)
}

// Check is what people found of a theme in texts that chance had chosen: in how many texts the model had told it, or not, and was right,
// or not.
type Check struct {
	Theme                          string // as labels have it
	RightlyTold, WronglyTold       int64
	RightlyLeftOut, WronglyLeftOut int64
}

// Checks counts them, by theme.
func (s *Service) Checks(ctx context.Context, ws identity.WorkspaceID) ([]Check, error) {
	type row struct {
		theme, value, was string
		n                 int64
	}
	var rows []row
	err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		rows, err = store.All(tx, func(r store.Scanner) (x row, err error) { return x, r.Scan(&x.theme, &x.value, &x.was, &x.n) },
			`/* label.Checks */ SELECT theme, value, was, count(DISTINCT feedback) FROM correction
			WHERE workspace = $1 AND ended_at = 0 AND sampled = 1 AND aspect = $2 GROUP BY theme, value, was ORDER BY theme`, string(ws), AspectTheme)
		return err
	})
	if err != nil {
		return nil, fault.Wrap("label.Checks", err)
	}
	var out []Check
	for _, r := range rows {
		if len(out) == 0 || out[len(out)-1].Theme != r.theme {
			out = append(out, Check{Theme: r.theme})
		}
		c := &out[len(out)-1]
		switch {
		case r.was == "yes" && r.value == "yes":
			c.RightlyTold += r.n
		case r.was == "yes":
			c.WronglyTold += r.n
		case r.value == "yes":
			c.WronglyLeftOut += r.n
		default:
			c.RightlyLeftOut += r.n
		}
	}
	return out, nil
}

// Sample gives the label of a text that chance chooses among those that no person has had a say in; ok is false when there is none left.
// Texts stand in the order of their hash, so that what comes after a random number is as good as drawn; copies count as one.
func (s *Service) Sample(ctx context.Context, ws identity.WorkspaceID) (id feedback.ID, ok bool, err error) {
	from := int64(rand.Uint64())
	err = s.db.View(ctx, func(tx *store.Tx) error {
		for _, low := range []int64{from, -1 << 63} { // round the circle
			got, err := store.All(tx, store.Value[feedback.ID], "/* label.Sample */ SELECT feedback FROM label WHERE workspace = $1 AND corrected = 0 AND hash <> 0 AND hash >= $2 ORDER BY hash LIMIT 1", string(ws), low)
			if err != nil {
				return err
			}
			if len(got) > 0 {
				id, ok = got[0], true
				return nil
			}
		}
		return nil
	})
	return id, ok, fault.Wrap("label.Sample", err)
}
