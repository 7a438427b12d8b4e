// Package say puts figures into words: what a comparison means and how sure it is, what a trend can show, in the reader's
// language. Pages, the API, exports and alerts say it alike because they say it here.
package say

import (
	"math"
	"strconv"
	"strings"

	"kolo/internal/foundation/i18n"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/stat"
)

// Number writes a value of a measure.
func Number(l *i18n.Locale, m insight.Measure, v float64) string {
	switch m.Unit() {
	case "share":
		return l.Percent(v, 1)
	case "points", "count":
		return l.N(v, 0)
	}
	return l.N(v, 2)
}

// Difference writes a difference of values of a unit, of shares in percentage points; with sign, "+6".
func Difference(l *i18n.Locale, unit string, v float64, sign bool) string {
	decimals := 2
	switch unit {
	case "share":
		v *= 100
		decimals = 1
	case "count":
		decimals = 0
	case "points":
		if decimals = 0; v != 0 && math.Abs(v) < 1 {
			decimals = 1
		}
	}
	if sign {
		return l.Signed(v, decimals)
	}
	return l.N(v, decimals)
}

// Amount is a difference without its sign and with its unit: "6 points", "2.5 percentage points".
func Amount(l *i18n.Locale, unit string, v float64) string {
	v = math.Abs(v)
	n := i18n.Verbatim(Difference(l, unit, v, false))
	switch unit {
	case "share":
		return l.T("say.percentage_points", "count", i18n.Decimals{N: 100 * v, Places: 1}, "n", n)
	case "points":
		if v >= 1 {
			v = math.Round(v)
		} else {
			v = math.Round(v*10) / 10
		}
		return l.T("say.points", "count", v, "n", n)
	}
	return string(n)
}

// P writes a p-value, "p = 0.04", which stays together wherever it stands.
func P(l *i18n.Locale, p float64) i18n.Verbatim {
	if p < 0.001 {
		return l.Formula(l.T("say.p_below", "p", i18n.Verbatim(l.N(0.001, 3))))
	}
	decimals := 2
	if p < 0.1 {
		decimals = 3
	}
	return l.Formula(l.T("say.p", "p", i18n.Verbatim(l.N(p, decimals))))
}

// Compared is a figure beside its counterpart.
type Compared struct {
	What    string // the figure's name: "NPS"
	Measure insight.Measure
	Row     insight.Row // with its Compare
	To      string      // what it is compared with: previous, year, rest; theme: the texts that are not about one; anything else is other feedback
	Level   float64     // of its interval; 0 stands for the usual one
}

// Words are a comparison in words.
type Words struct {
	Sentence string   // all of it
	Verdict  string   // "clear", "slight", "chance", "too_few", "one_customer"; "" where there is no test
	More     []string // what else is known: whether the answers are spread differently, what those did who answered both times
	Up, Down bool
	Tone     string // "good" or "bad" of a clear difference where that is the question
}

// Comparison puts a comparison into words; ok is false where there is none.
func Comparison(l *i18n.Locale, x Compared) (w Words, ok bool) {
	c := x.Row.Compare
	if c == nil || c.Value == nil || c.Difference == nil || x.Row.Value == nil {
		return w, false
	}
	unit := x.Measure.Unit()
	against := i18n.Verbatim(l.T("against." + to(x.To)))
	if w.Verdict = c.Verdict; c.Verdict == "too_few" {
		w.Sentence = l.T("say.too_few", "what", x.What, "against", against, "n", x.Row.N, "before", c.N)
		return w, true
	}
	if c.Verdict == "one_customer" {
		w.Sentence = l.T("say.one_customer", "what", x.What, "against", against)
		return w, true
	}
	d := *c.Difference
	w.Up, w.Down = d > 0, d < 0
	amount := Amount(l, unit, d)
	if unit == "count" && *c.Value > 0 {
		amount += " (" + l.Percent(math.Abs(d) / *c.Value, 0) + ")"
	}
	change := i18n.Verbatim(l.T(verb(x.To, d), "what", x.What, "amount", i18n.Verbatim(amount), "against", against, "before", i18n.Verbatim(Number(l, x.Measure, *c.Value))))
	if c.Interval == nil || c.P == nil {
		w.Sentence = l.T("say.plain", "change", change)
		return w, true
	}
	w.Sentence = l.T("say.judged", "change", change, "interval", i18n.Verbatim(interval(l, unit, *c.Interval, x.Level)), "p", P(l, *c.P), "verdict", i18n.Verbatim(Verdict(l, unit, *c)))
	if c.Better != nil {
		w.Tone = "bad"
		if *c.Better {
			w.Tone = "good"
		}
	}
	if c.Shares != nil && c.Shares.P < 0.05 {
		w.More = append(w.More, l.T("say.shares", "p", P(l, c.Shares.P)))
	}
	if p := c.Paired; p != nil {
		w.More = append(w.More, l.T("say.paired", "count", p.Customers, "amount", i18n.Verbatim(signed(l, unit, p.Difference)),
			"interval", i18n.Verbatim(interval(l, unit, p.Interval, x.Level)), "p", P(l, p.P)))
	}
	if c.Verdict == "chance" && c.Detectable != nil {
		w.More = append(w.More, l.T("say.would_show", "amount", i18n.Verbatim(Amount(l, unit, *c.Detectable))))
	}
	return w, true
}

func to(s string) string {
	switch s {
	case "previous", "year", "rest", "theme":
		return s
	}
	return "other"
}

// verb says which way: over time a figure rises or falls, beside others it is higher or lower.
func verb(to string, d float64) string {
	over := to == "previous" || to == "year"
	switch {
	case d == 0:
		return "say.same"
	case d > 0 && over:
		return "say.rose"
	case d > 0:
		return "say.higher"
	case over:
		return "say.fell"
	}
	return "say.lower"
}

func interval(l *i18n.Locale, unit string, i stat.Interval, level float64) string {
	if level == 0 {
		level = stat.DefaultLevel
	}
	return l.T("say.interval", "level", i18n.Verbatim(l.Percent(level, 0)), "low", i18n.Verbatim(Difference(l, unit, i.Low, true)), "high", i18n.Verbatim(Difference(l, unit, i.High, true)))
}

func signed(l *i18n.Locale, unit string, d float64) string {
	if unit == "share" {
		return l.T("score.points", "n", i18n.Verbatim(Difference(l, unit, d, true)))
	}
	return Difference(l, unit, d, true)
}

// Verdict says whether a difference is more than chance, and whether it matters; of one that was tested.
func Verdict(l *i18n.Locale, unit string, c insight.Comparison) string {
	switch c.Verdict {
	case "clear":
		return l.T("say.clear")
	case "slight":
		return l.T("say.slight", "minimum", i18n.Verbatim(Amount(l, unit, *c.Minimum)))
	}
	return l.T("say.chance")
}

// Customers tells how many customers answered and what it does to the interval; "" where that is not known or nobody answered twice.
func Customers(l *i18n.Locale, r insight.Row) string {
	if r.Note == "one_customer" {
		return l.T("say.one_voice", "count", r.N)
	}
	if r.Customers == nil || r.DesignEffect == nil {
		return ""
	}
	return l.T("say.customers", "count", *r.Customers, "n", r.N, "deff", i18n.Verbatim(l.N(*r.DesignEffect, 2)))
}

// Detectable tells what a trend can show; "" where that is not known.
func Detectable(l *i18n.Locale, a *insight.Answer) string {
	d := a.Detectable
	if d == nil {
		return ""
	}
	return l.T("say.detectable."+a.Bucket, "count", d.N, "amount", i18n.Verbatim(Amount(l, a.Unit, d.Difference)))
}

// Fill puts the sentences of an answer's comparisons in; what names a row's figure, nil the measure alone. to is what was compared with.
func Fill(l *i18n.Locale, a *insight.Answer, c *insight.Compare, level float64) {
	if c == nil {
		return
	}
	what := l.T("measure." + string(a.Measure))
	fill := func(r *insight.Row) {
		if w, ok := Comparison(l, Compared{What: what, Measure: a.Measure, Row: *r, To: c.To, Level: level}); ok {
			r.Compare.Sentence = w.Sentence
		}
	}
	for i := range a.Rows {
		fill(&a.Rows[i])
	}
	fill(&a.Total)
}

// Definitions are the definitions of all measures in the reader's words.
func Definitions(l *i18n.Locale) []insight.Definition {
	list := insight.Definitions()
	for i := range list {
		d := &list[i]
		d.Text = &insight.DefinitionText{Title: l.T("measure." + string(d.Measure)), What: l.T("explain." + string(d.Measure)),
			Interval: l.T("definition.interval." + d.Interval), Test: l.T("definition.test." + d.Test), LeftOut: []string{}}
		for _, o := range d.LeftOut {
			d.Text.LeftOut = append(d.Text.LeftOut, l.T("definition.out."+o))
		}
		changes := make([]insight.DefinitionChange, len(d.Changes))
		for k, c := range d.Changes {
			c.Text = l.T("definition.change." + strconv.Itoa(c.Version))
			changes[k] = c
		}
		d.Changes = changes
	}
	return list
}

// Weighting tells to what answers were weighted and what the weights are worth; fields names what they were weighted to.
func Weighting(l *i18n.Locale, w *insight.Weighting, x *insight.Weighted, fields string) []string {
	out := []string{l.T("say.weighted", "fields", fields, "count", x.N, "worth", math.Round(x.EffectiveN), "deff", i18n.Verbatim(l.N(w.DesignEffect, 2)), "largest", i18n.Verbatim(l.N(w.Largest, 1)))}
	if w.Raked > 0 {
		out = append(out, l.T("say.weighted_part", "count", w.Raked))
	}
	if len(w.Collapsed) > 0 {
		out = append(out, l.T("say.collapsed", "groups", strings.Join(w.Collapsed, "; ")))
	}
	if len(w.Dropped) > 0 {
		out = append(out, l.T("say.dropped", "fields", strings.Join(w.Dropped, ", ")))
	}
	if w.LeftOut > 0 {
		out = append(out, l.T("say.without_weight", "count", w.LeftOut))
	}
	return out
}

// WeightedChange tells how a weighted figure differs from its counterpart.
func WeightedChange(l *i18n.Locale, unit string, c insight.WeightedComparison, compared string, level float64) string {
	key := "say.chance"
	if c.Distinguishable {
		key = "say.clear"
	} else if !c.Interval.Contains(0) {
		key = "say.small"
	}
	return l.T("say.weighted_change", "amount", i18n.Verbatim(signed(l, unit, c.Difference)), "against", i18n.Verbatim(l.T("against."+to(compared))),
		"interval", i18n.Verbatim(interval(l, unit, c.Interval, level)), "p", P(l, c.P), "verdict", i18n.Verbatim(l.T(key)))
}

// NonResponse tells what those who were invited and did not answer leave open.
func NonResponse(l *i18n.Locale, r *insight.NonResponse) []string {
	if r.Responded > r.Invited || r.Value == nil {
		return nil
	}
	out := []string{l.T("say.response", "rate", i18n.Verbatim(l.Percent(r.Rate.Value, 1)), "n", r.Responded, "invited", r.Invited)}
	for _, g := range r.Gaps {
		if g.Gap == 20 {
			out[0] += " " + l.T("say.gap", "gap", i18n.Verbatim(Amount(l, "points", g.Gap)), "value", i18n.Verbatim(l.N(g.Value, 0)), "low", i18n.Verbatim(l.N(*r.Low, 0)), "high", i18n.Verbatim(l.N(*r.High, 0)))
		}
	}
	if text := Uncounted(l, r); text != "" {
		out = append(out, text)
	}
	for _, g := range r.Groups {
		if !g.Representative {
			out = append(out, l.T("say.unrepresentative", "r", i18n.Verbatim(l.N(g.RIndicator, 2))))
		}
	}
	return out
}

// Uncounted tells what share of the answers no response rate is known of; "" where there are none.
func Uncounted(l *i18n.Locale, r *insight.NonResponse) string {
	if r.Uncounted == 0 {
		return ""
	}
	return l.T("say.uncounted", "count", r.Uncounted, "share", i18n.Verbatim(l.Percent(float64(r.Uncounted)/float64(r.Uncounted+r.Responded), 1)))
}
