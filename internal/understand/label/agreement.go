package label

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
)

// Agreement is how often people said the same as the model, of texts that chance had chosen.
type Agreement struct {
	Aspect   string // AspectSentiment, AspectTheme or AspectThemes
	Theme    string // as labels have it; "" but of AspectTheme
	Language string
	N        int64
	Agreed   int64
}

// Agreement counts it by aspect, theme and language, for the models that come with Kolo as they are now. earlier is how many texts were
// checked when earlier ones read: what these said is nothing to judge today's by.
func (s *Service) Agreement(ctx context.Context, ws identity.WorkspaceID) (list []Agreement, earlier int64, err error) {
	const op = "label.Agreement"
	base, err := s.base(ctx, ws)
	if err != nil {
		return nil, 0, fault.Wrap(op, err)
	}
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = store.All(tx, func(r store.Scanner) (a Agreement, err error) {
			return a, r.Scan(&a.Aspect, &a.Theme, &a.Language, &a.N, &a.Agreed)
		},
			`/* label.Agreement */ SELECT aspect, theme, language, count(*), sum(CASE WHEN value = was THEN 1 ELSE 0 END) FROM correction
			WHERE `+checked+` GROUP BY aspect, theme, language ORDER BY aspect, theme, language`, string(ws), base, len(base))
		if err != nil {
			return err
		}
		earlier, err = store.One(tx, store.Value[int64], `/* label.Agreement */ SELECT count(DISTINCT feedback) FROM correction
			WHERE workspace = $1 AND ended_at = 0 AND sampled = 1 AND substr(model, 1, $3) <> $2`, string(ws), base, len(base))
		return err
	})
	return list, earlier, fault.Wrap(op, err)
}

// checked are the corrections that say how good a reading is: of whole texts that chance had chosen, as today's models read them. Its
// arguments are the workspace, the version of these models and its length.
const checked = "workspace = $1 AND ended_at = 0 AND sampled = 1 AND start_at = -1 AND substr(model, 1, $3) = $2"

// base is the version of the models that came with Kolo among those that read a workspace: what stands before what it was taught.
func (s *Service) base(ctx context.Context, ws identity.WorkspaceID) (string, error) {
	r, err := s.readers.For(ctx, ws)
	if err != nil {
		return "", err
	}
	base, _, _ := strings.Cut(r.Model(), "+")
	return base, nil
}

// Check is what people found of a theme, in one language, in texts that chance had chosen: in how many texts the model had told it, or not,
// and was right, or not.
type Check struct {
	Theme                          string // as labels have it
	Language                       string // of the texts
	RightlyTold, WronglyTold       int64
	RightlyLeftOut, WronglyLeftOut int64
}

// Sensitivity is the share of the texts about the theme in which it was told, 0 to 1, and of how many texts; NaN of none.
func (c Check) Sensitivity() (share float64, of int64) {
	of = c.RightlyTold + c.WronglyLeftOut
	return float64(c.RightlyTold) / float64(of), of
}

// Specificity is the share of the texts that are not about the theme in which it was left out, 0 to 1, and of how many texts; NaN of none.
func (c Check) Specificity() (share float64, of int64) {
	of = c.RightlyLeftOut + c.WronglyTold
	return float64(c.RightlyLeftOut) / float64(of), of
}

// Add adds what was found in other texts.
func (c *Check) Add(o Check) {
	c.RightlyTold += o.RightlyTold
	c.WronglyTold += o.WronglyTold
	c.RightlyLeftOut += o.RightlyLeftOut
	c.WronglyLeftOut += o.WronglyLeftOut
}

// Checks counts them, by theme and language, of every theme that anybody said anything about. A theme that is not mentioned was left out
// rightly where a person said of the text that no other theme is missing (AspectThemes), if there was such a theme then.
func (s *Service) Checks(ctx context.Context, ws identity.WorkspaceID) ([]Check, error) {
	const op = "label.Checks"
	base, err := s.base(ctx, ws)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	type row struct {
		feedback                    feedback.ID
		theme, language, value, was string
		at                          int64
	}
	var rows []row
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		rows, err = store.All(tx, func(r store.Scanner) (x row, err error) {
			return x, r.Scan(&x.feedback, &x.theme, &x.language, &x.value, &x.was, &x.at)
		}, "/* label.Checks */ SELECT feedback, theme, language, value, was, made_at FROM correction WHERE "+checked+" AND aspect IN ($4, $5) ORDER BY theme, id",
			string(ws), base, len(base), AspectTheme, AspectThemes)
		return err
	})
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	through := map[feedback.ID]row{} // the texts of which all themes were told; they come first, for they have no theme
	var out []Check
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].theme == rows[0].theme {
			n++
		}
		said := rows[:n]
		rows = rows[n:]
		if said[0].theme == "" {
			for _, r := range said {
				through[r.feedback] = r
			}
			continue
		}
		counts := map[string]*Check{}
		of := func(language string) *Check {
			if counts[language] == nil {
				counts[language] = &Check{Theme: said[0].theme, Language: language}
			}
			return counts[language]
		}
		made, _ := id.Time(said[0].theme)
		mentioned := map[feedback.ID]bool{}
		for _, r := range said {
			mentioned[r.feedback] = true
			c := of(r.language)
			switch {
			case r.was == "yes" && r.value == "yes":
				c.RightlyTold++
			case r.was == "yes":
				c.WronglyTold++
			case r.value == "yes":
				c.WronglyLeftOut++
			default:
				c.RightlyLeftOut++
			}
		}
		for f, r := range through {
			if !mentioned[f] && r.at >= made.UnixMilli() {
				of(r.language).RightlyLeftOut++
			}
		}
		for _, language := range slices.Sorted(maps.Keys(counts)) {
			out = append(out, *counts[language])
		}
	}
	return out, nil
}

// Sample gives the label of a text that chance chooses among those that no person has had a say in; ok is false when there is none left.
// Texts stand in the order of their hash, so that what comes after a random number is as good as drawn; copies count as one.
func (s *Service) Sample(ctx context.Context, ws identity.WorkspaceID) (of feedback.ID, ok bool, err error) {
	from := int64(rand.Uint64())
	err = s.db.View(ctx, func(tx *store.Tx) error {
		for _, low := range []int64{from, -1 << 63} { // round the circle
			got, err := store.All(tx, store.Value[feedback.ID], "/* label.Sample */ SELECT feedback FROM label WHERE workspace = $1 AND corrected = 0 AND hash <> 0 AND hash >= $2 ORDER BY hash LIMIT 1", string(ws), low)
			if err != nil {
				return err
			}
			if len(got) > 0 {
				of, ok = got[0], true
				return nil
			}
		}
		return nil
	})
	return of, ok, fault.Wrap("label.Sample", err)
}
