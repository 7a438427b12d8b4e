package health

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// AccountScore is how an account stands: the mean of its contacts' scores, weighted by what they are worth.
type AccountScore struct {
	Account  contact.AccountID `json:"account_id"`
	Value    *float64          `json:"score" doc:"null where no contact's score is shown"`
	Weighted bool              `json:"weighted" doc:"By lifetime value; false: all contacts count alike, for a value is unknown or of another currency"`
	Worst    *Score            `json:"worst,omitempty" doc:"The contact at the highest risk"`
	Scored   int               `json:"scored"`
	Hidden   int               `json:"hidden" doc:"Contacts of whom too little is known"`
	AtRisk   int               `json:"at_risk"`
	Left     int               `json:"left"`
	Coverage float64           `json:"coverage" doc:"Mean over the contacts who have not left"`
	Valid    bool              `json:"validated" doc:"False: read the score as a hint, for its version fails a test"`
	Parts    []Part            `json:"parts" doc:"Scores, peers and effects are means as the score is, counts are sums"`
	Trend    []Stood           `json:"trend" doc:"Every four weeks of the year before, over those who were customers then"`
	Money    []Revenue         `json:"revenue" doc:"By currency, for amounts of different currencies do not add up"`
	At       time.Time         `json:"computed_at"`

	Scores []Score `json:"-"` // of its contacts: those at the highest risk first, then those of whom too little is known, then who has left
}

// Accounts tells how accounts stand; those without scored contacts are left out.
func (s *Service) Accounts(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, ids []contact.AccountID) (map[contact.AccountID]AccountScore, error) {
	const op = "health.Accounts"
	if err := actor.RequireIn(op, ws, identity.ContactsRead); err != nil {
		return nil, err
	}
	var list []Score
	err := s.db.View(ctx, func(tx *store.Tx) error {
		list = nil
		for part := range slices.Chunk(ids, 500) {
			args := []any{string(ws)}
			for _, id := range part {
				args = append(args, string(id))
			}
			more, err := store.All(tx, scanScore, "/* health.Accounts */ "+selectScore+" WHERE workspace = $1 AND account <> '' AND account IN "+store.In(1, len(part)), args...)
			if err != nil {
				return err
			}
			list = append(list, more...)
		}
		return label(tx, ws, list)
	})
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	by := map[contact.AccountID][]Score{}
	for _, x := range list {
		by[x.Account] = append(by[x.Account], x)
	}
	out := map[contact.AccountID]AccountScore{}
	for id, scores := range by {
		out[id] = accountOf(id, scores)
	}
	return out, nil
}

// Account tells how one account stands; the zero of everything where none of its contacts was scored.
func (s *Service) Account(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, id contact.AccountID) (AccountScore, error) {
	all, err := s.Accounts(ctx, ws, actor, []contact.AccountID{id})
	if a, ok := all[id]; ok || err != nil {
		return a, err
	}
	return accountOf(id, nil), nil
}

// place is where a contact stands in the list of its account.
func (x *Score) place() int {
	switch {
	case x.Left != "":
		return 2
	case x.Hidden:
		return 1
	}
	return 0
}

func accountOf(id contact.AccountID, list []Score) AccountScore {
	slices.SortFunc(list, func(a, b Score) int {
		return cmp.Or(cmp.Compare(a.place(), b.place()), cmp.Compare(b.risk, a.risk), cmp.Compare(a.Contact, b.Contact))
	})
	a := AccountScore{Account: id, Weighted: true, Scores: list, Parts: []Part{}, Trend: []Stood{}, Money: []Revenue{}}
	currency, staying := "", 0
	for i := range list {
		x := &list[i]
		if a.At = later(a.At, x.At); x.Left != "" {
			a.Left++
			continue
		}
		staying++
		a.Coverage += x.Coverage
		if x.Hidden {
			a.Hidden++
			continue
		}
		if a.Scored++; x.AtRisk {
			a.AtRisk++
		}
		if x.Worth == nil || x.Worth.Minor <= 0 || currency != "" && x.Worth.Currency != currency {
			a.Weighted = false
		} else {
			currency = x.Worth.Currency
		}
	}
	if staying > 0 {
		a.Coverage /= float64(staying)
	}
	shown := list[:a.Scored]
	if a.Weighted = a.Weighted && len(shown) > 0; len(shown) == 0 {
		return a
	}
	// In the trend those count too who have left since; without a worth in the currency they cannot be weighed beside the others.
	weight := func(x *Score) float64 {
		switch {
		case !a.Weighted:
			return 1
		case x.Worth == nil || x.Worth.Minor <= 0 || x.Worth.Currency != currency:
			return 0
		}
		return float64(x.Worth.Minor)
	}
	var value, all float64
	a.Valid = true
	for i := range shown {
		x, w := &shown[i], weight(&shown[i])
		value, all = value+w*x.Value, all+w
		a.Valid = a.Valid && x.Valid
	}
	value /= all
	a.Value, a.Worst = &value, &shown[0]
	a.parts(shown, weight, all)
	a.trend(list, weight)
	a.money(shown)
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// parts sums up the parts of contacts whose weights add up to all.
func (a *AccountScore) parts(shown []Score, weight func(*Score) float64, all float64) {
	for j, k := range Keys {
		p := Part{Key: k, Fresh: -1}
		var known float64
		for i := range shown {
			if j >= len(shown[i].Parts) { // of an earlier version of Kolo
				continue
			}
			w, q := weight(&shown[i]), shown[i].Parts[j]
			p.Weight, p.Window = q.Weight, q.Window
			p.Effect += w * q.Effect / all
			if !q.Known {
				continue
			}
			p.Known = true
			known += w
			p.Score, p.Peers = p.Score+w*q.Score, p.Peers+w*q.Peers
			p.Evidence, p.Count, p.Typical = p.Evidence+q.Evidence, p.Count+q.Count, p.Typical+q.Typical
			if p.Open < 0 || q.Open < 0 {
				p.Open = -1
			} else {
				p.Open += q.Open
			}
			if q.Fresh >= 0 && (p.Fresh < 0 || q.Fresh < p.Fresh) {
				p.Fresh = q.Fresh
			}
		}
		if p.Known {
			p.Score, p.Peers = p.Score/known, p.Peers/known
		}
		a.Parts = append(a.Parts, p)
	}
}

// trend is the mean of those who were customers on each day. Contacts that are being scored anew have other days for a moment: those of
// the newest day count.
func (a *AccountScore) trend(list []Score, weight func(*Score) float64) {
	last := ""
	for i := range list {
		if n := len(list[i].Trend); n > 0 {
			last = max(last, list[i].Trend[n-1].Day)
		}
	}
	type sum struct{ value, weight float64 }
	days := map[string]sum{}
	for i := range list {
		x := &list[i]
		if !inStep(x.Trend, last) {
			continue
		}
		w := weight(x)
		for _, s := range x.Trend {
			d := days[s.Day]
			days[s.Day] = sum{d.value + w*s.Score, d.weight + w}
		}
	}
	for _, day := range slices.Sorted(maps.Keys(days)) {
		if d := days[day]; d.weight > 0 {
			a.Trend = append(a.Trend, Stood{day, d.value / d.weight})
		}
	}
}

// inStep tells whether days lie whole steps before another.
func inStep(list []Stood, last string) bool {
	to, err := clock.ParseDay(last)
	if err != nil || len(list) == 0 {
		return false
	}
	d, err := clock.ParseDay(list[0].Day)
	return err == nil && (to-d)%step == 0
}

// money is what contacts are worth who may leave, by currency, the most frequent first.
func (a *AccountScore) money(shown []Score) {
	by, count := map[string]*Revenue{}, map[string]int{}
	for _, x := range shown {
		if x.Worth == nil {
			continue
		}
		m := by[x.Worth.Currency]
		if m == nil {
			m = &Revenue{Currency: x.Worth.Currency}
			by[x.Worth.Currency] = m
		}
		if count[m.Currency]++; x.AtRisk {
			m.Contacts++
			m.Worth = int64(max(-mostWorth, min(mostWorth, float64(m.Worth)+float64(x.Worth.Minor))))
		}
		if x.Chance != nil {
			if m.Expected == nil {
				m.Expected = new(float64)
			}
			*m.Expected += *x.Chance * float64(x.Worth.Minor)
		}
	}
	for _, m := range by {
		a.Money = append(a.Money, *m)
	}
	slices.SortFunc(a.Money, func(x, y Revenue) int {
		return cmp.Or(cmp.Compare(count[y.Currency], count[x.Currency]), cmp.Compare(x.Currency, y.Currency))
	})
}
