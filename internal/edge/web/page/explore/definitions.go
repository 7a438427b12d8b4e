package explore

import (
	"net/http"
	"strconv"
	"time"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/i18n"
	"kolo/internal/foundation/store"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/insight/say"
	"kolo/internal/understand/population"
	"kolo/internal/understand/stat"
)

// definitionsView is the page that tells how figures are counted.
type definitionsView struct {
	Rules []string
	List  []definition
	Calc  calculator
}

type definition struct {
	ID, Title, What string
	Facts           []definitionFact
	Changes         []string
}

type definitionFact struct {
	Label, Text string
	Formula     bool
}

// calculator tells how many answers are needed.
type calculator struct {
	Fields []ui.Field
	Error  string
	Lines  []string
}

func (p *Pages) definitions(q *web.Request) error {
	e := q.Env
	var set population.Settings
	if err := p.Store.View(q.Context(), func(tx *store.Tx) (err error) {
		set, err = population.SettingsOf(tx, q.Workspace.ID)
		return err
	}); err != nil {
		return err
	}
	v := definitionsView{Rules: []string{
		e.T("definition.rule_small"),
		e.T("definition.rule_colour", "points", i18n.Verbatim(say.Amount(e.Locale, "points", set.MinimumPoints)), "share", i18n.Verbatim(say.Amount(e.Locale, "share", set.MinimumShare)), "settings", e.T("settings.population")),
		e.T("definition.rule_rare"), e.T("definition.rule_customers"), e.T("definition.rule_scales"), e.T("definition.rule_weights"),
	}}
	for _, d := range say.Definitions(e.Locale) {
		v.List = append(v.List, defined(e, d))
	}
	v.Calc = needed(q)
	return q.Render(http.StatusOK, definitionsPage(q.Shell("explore", e.T("definition.title")), v))
}

func defined(e ui.Env, d insight.Definition) definition {
	out := definition{ID: string(d.Measure), Title: d.Text.Title, What: d.Text.What}
	fact := func(label, text string) {
		out.Facts = append(out.Facts, definitionFact{Label: e.T(label), Text: text, Formula: label == "definition.formula"})
	}
	fact("definition.formula", d.Formula)
	if d.Low != nil && d.High != nil {
		fact("definition.range", e.T("score.interval", "low", i18n.Verbatim(say.Number(e.Locale, d.Measure, *d.Low)), "high", i18n.Verbatim(say.Number(e.Locale, d.Measure, *d.High))))
	}
	fact("definition.interval", d.Text.Interval)
	fact("definition.test", d.Text.Test)
	for _, o := range d.Text.LeftOut {
		fact("definition.left_out", o)
	}
	for _, c := range d.Changes {
		day := c.Day
		if x, err := clock.ParseDay(c.Day); err == nil {
			day = e.Locale.Date(x.Start(time.UTC), time.UTC)
		}
		out.Changes = append(out.Changes, e.T("definition.since", "version", c.Version, "day", day, "text", c.Text))
	}
	return out
}

// needed works out the calculator from the address.
func needed(q *web.Request) calculator {
	e, given := q.Env, q.URL.Query()
	value := func(name, usual string) string {
		if s := given.Get(name); s != "" {
			return s
		}
		return usual
	}
	unit := value("unit", "points")
	c := calculator{Fields: []ui.Field{
		{Name: "unit", Label: e.T("definition.kind"), Value: unit, Options: []ui.Option{{Value: "points", Label: e.T("definition.kind_points")}, {Value: "share", Label: e.T("definition.kind_share")}}},
		{Name: "margin", Label: e.T("definition.margin"), Value: value("margin", "5"), Dir: "ltr"},
		{Name: "difference", Label: e.T("definition.difference"), Value: value("difference", "10"), Dir: "ltr"},
	}}
	number := func(i int) float64 {
		s, ok := e.Number(c.Fields[i].Value)
		f, err := strconv.ParseFloat(s, 64)
		switch {
		case !ok || err != nil:
			c.Fields[i].Error = e.T("invalid.number")
		case f <= 0 || f > 200:
			c.Fields[i].Error = e.T("invalid.range")
		}
		return f
	}
	margin, difference := number(1), number(2)
	if c.Fields[1].Error+c.Fields[2].Error != "" {
		return c
	}
	forMargin, forDifference, err := stat.Needed(unit == "share", margin, difference)
	if err != nil {
		c.Error = e.T("form.refused")
		return c
	}
	amount := func(v float64) i18n.Verbatim {
		if unit == "share" {
			return i18n.Verbatim(say.Amount(e.Locale, "share", v/100))
		}
		return i18n.Verbatim(say.Amount(e.Locale, "points", v))
	}
	c.Lines = []string{e.T("definition.need_margin", "count", forMargin, "margin", amount(margin)), e.T("definition.need_difference", "count", forDifference, "difference", amount(difference)), e.T("definition.planned")}
	return c
}
