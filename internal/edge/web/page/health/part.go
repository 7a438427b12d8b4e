package health

import (
	"cmp"
	"math"
	"net/url"
	"slices"

	"kolo/internal/edge/web/page/figure"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/i18n"
	"kolo/internal/people/contact"
	"kolo/internal/understand/health"
)

// Standing is how a contact stands, for the contact's own page.
type Standing struct {
	Score, Chance, Segment string
	AtRisk, Hidden, Valid  bool
	Left                   string // the day, for who has left
	Tone                   string
	Parts                  []PartView
	At                     string
}

// PartView is one part of the score in words.
type PartView struct {
	Name, Score, Peers, Effect, Text, Fresh string
	Known                                   bool
	Tone                                    string
	Weight                                  string
}

// StandingOf puts a score into words.
func StandingOf(e ui.Env, x health.Score) Standing {
	s := Standing{Score: e.N(x.Value, 0), Segment: x.Segment, AtRisk: x.AtRisk, Hidden: x.Hidden, Valid: x.Valid, At: e.DateTime(x.At)}
	if x.Left != "" {
		if d, err := clock.ParseDay(x.Left); err == nil && e.Zone != nil {
			s.Left = e.Date(d.Start(e.Zone))
		}
		return s
	}
	if x.Chance != nil {
		s.Score, s.Chance = e.N(x.Value, 1), e.Percent(*x.Chance, 1)
	}
	if s.Tone = "good"; x.AtRisk {
		s.Tone = "bad"
	}
	s.Parts = partsOf(e, x.Parts)
	return s
}

// partsOf puts parts into words.
func partsOf(e ui.Env, parts []health.Part) (out []PartView) {
	for _, p := range parts {
		v := PartView{Name: e.T("health.part." + string(p.Key)), Known: p.Known, Text: words(e, p), Weight: e.Percent(p.Weight, 0)}
		if p.Known {
			v.Score, v.Peers = e.N(p.Score, 0), e.N(p.Peers, 0)
			if math.Abs(p.Effect) >= 0.05 {
				v.Effect = e.T("score.plain_points", "n", i18n.Verbatim(e.Signed(p.Effect, 1)))
			}
			switch {
			case p.Effect <= -0.5:
				v.Tone = "bad"
			case p.Effect >= 0.5:
				v.Tone = "good"
			}
			if p.Fresh >= 0 {
				v.Fresh = e.T("health.fresh", "count", p.Fresh)
			}
		}
		out = append(out, v)
	}
	return out
}

// AccountStanding is how an account stands, for the account's own page.
type AccountStanding struct {
	Score    string // empty where none is shown
	Tone     string
	Of       string // how it is made of those of the contacts
	Coverage string
	Valid    bool
	Below    []string // how many of them are at risk, are hidden, have left
	Parts    []PartView
	Trend    *ui.Chart
	Money    []string
	ByRisk   string // address of its contacts by risk
	At       string
}

// AccountStandingOf puts the score of an account into words.
func AccountStandingOf(e ui.Env, a health.AccountScore) AccountStanding {
	s := AccountStanding{Valid: a.Valid, Parts: partsOf(e, a.Parts), At: e.DateTime(a.At), Coverage: e.T("health.coverage", "share", i18n.Verbatim(e.Percent(a.Coverage, 0))),
		ByRisk: "/health?" + url.Values{"show": {"all"}, "account": {string(a.Account)}}.Encode()}
	count := func(key string, n int) {
		if n > 0 {
			s.Below = append(s.Below, e.T(key, "count", n))
		}
	}
	count("health.account_risk", a.AtRisk)
	count("health.account_hidden", a.Hidden)
	count("health.account_left", a.Left)
	if a.Value == nil {
		return s
	}
	decimals := 0
	if a.Worst.Chance != nil { // scores of a chance lie close together
		decimals = 1
	}
	s.Score, s.Of, s.Tone = e.N(*a.Value, decimals), e.T("health.account_mean", "count", a.Scored), "good"
	if a.Weighted {
		s.Of = e.T("health.account_weighted", "count", a.Scored)
	}
	if a.AtRisk > 0 {
		s.Tone = "warn"
	}
	if 2*a.AtRisk > a.Scored {
		s.Tone = "bad"
	}
	if len(a.Trend) >= 3 {
		c := ui.Chart{ID: "account-trend", Kind: "line", Title: e.T("health.trend_one"), Dimension: e.T("health.day"), Decimals: 1}
		values := ui.Series{Name: e.T("health.score")}
		for _, x := range a.Trend {
			c.Labels, values.Values = append(c.Labels, day(e, x.Day)), append(values.Values, x.Score)
		}
		c.Series = []ui.Series{values}
		s.Trend = &c
	}
	for _, m := range a.Money {
		if m.Contacts > 0 {
			s.Money = append(s.Money, e.T("health.money", "money", i18n.Verbatim(e.Estimate(float64(m.Worth), m.Currency)), "count", m.Contacts))
		}
		if m.Expected != nil {
			s.Money = append(s.Money, e.T("health.account_expected", "money", i18n.Verbatim(e.Estimate(*m.Expected, m.Currency))))
		}
	}
	return s
}

// Row is a customer in a list.
type Row struct {
	Name, Href, Segment  string
	Account, AccountHref string // empty where it need not be told
	Score, Chance, Worth string
	AtRisk               bool
	Note                 string // why there is no score
	Why                  []string
}

// RowOf is the row of a contact with its score.
func RowOf(e ui.Env, c contact.Contact, x health.Score) Row {
	r := Row{Name: figure.Name(e, c), Href: "/contacts/" + url.PathEscape(string(x.Contact)), Segment: x.Segment}
	if x.Worth != nil {
		r.Worth = e.Money(x.Worth.Minor, x.Worth.Currency)
	}
	switch {
	case x.Left != "":
		r.Note = e.T("health.left_on", "day", day(e, x.Left))
		return r
	case x.Hidden:
		r.Note = e.T("health.hidden")
		return r
	}
	r.Score, r.AtRisk, r.Why = e.N(x.Value, 0), x.AtRisk, why(e, x, 2)
	if x.Chance != nil {
		r.Score, r.Chance = e.N(x.Value, 1), e.Percent(*x.Chance, 1)
	}
	return r
}

// AccountHref is the address of an account's page.
func AccountHref(id contact.AccountID) string {
	return "/accounts/" + url.PathEscape(string(id))
}

// words say what a part stands on.
func words(e ui.Env, p health.Part) string {
	if !p.Known {
		return e.T("health.why.unknown")
	}
	args := []any{"count", p.Count, "days", p.Window, "typical", i18n.Verbatim(e.N(p.Typical, 1)), "open", p.Open}
	if p.Key == health.Support {
		switch {
		case p.Open > 0:
			return e.T("health.why.support_open", "count", p.Open, "days", p.Window)
		case p.Count > 0 && p.Open < 0:
			return e.T("health.why.support_some", args...)
		case p.Count > 0:
			return e.T("health.why.support_closed", args...)
		case p.Effect < 0:
			return e.T("health.why.support_before")
		}
		return e.T("health.why.support_none", args...)
	}
	return e.T("health.why."+string(p.Key), args...)
}

// why are the parts that lower a score most, in words.
func why(e ui.Env, x health.Score, most int) (out []string) {
	list := slices.DeleteFunc(slices.Clone(x.Parts), func(p health.Part) bool { return !p.Known || p.Effect > -0.1 })
	slices.SortStableFunc(list, func(a, b health.Part) int { return cmp.Compare(a.Effect, b.Effect) })
	for _, p := range list[:min(len(list), most)] {
		out = append(out, words(e, p))
	}
	return out
}
