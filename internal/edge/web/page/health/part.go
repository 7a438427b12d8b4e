package health

import (
	"cmp"
	"math"
	"slices"

	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/i18n"
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
	for _, p := range x.Parts {
		v := PartView{Name: e.T("health.part." + string(p.Key)), Known: p.Known, Text: words(e, p), Weight: e.Percent(p.Weight, 0)}
		if p.Known {
			v.Score, v.Peers = e.N(p.Score, 0), e.N(p.Peers, 0)
			if math.Abs(p.Effect) >= 0.05 {
				v.Effect = e.T("score.points", "n", i18n.Verbatim(e.Signed(p.Effect, 1)))
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
		s.Parts = append(s.Parts, v)
	}
	return s
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
