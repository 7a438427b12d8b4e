package settings

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/page/figure"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/i18n"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/insight/say"
	"kolo/internal/understand/population"
)

type populationView struct {
	Tabs       []ui.Tab
	May        bool
	Error      string // of the form that was refused
	At         string // which one: "thresholds", "margin", "count", "invited", "paste"
	Thresholds []ui.Field
	Margins    []marginView
	Margin     []ui.Field
	Count      []ui.Field // empty where the contact book has no attributes
	Invited    []invitedView
	New        []ui.Field
	Paste      ui.Field
	Responses  []responseView
}

type marginView struct {
	Field, Name, Origin string
	Parts               []partView
}

type partView struct{ Value, Share, Width string }

type invitedView struct {
	ID, Survey, Period, Group, Invited string
}

// responseView is what a survey's invitations say of those who did not answer.
type responseView struct {
	Survey, Period, Rate string
	Uncounted            string // what share of the answers the rate leaves out
	Value                string // of those who answered
	Gaps                 []gapView
	Bounds, Zero         string
	Groups               []groupView
	More                 bool // more answered than were invited
}

type gapView struct{ Gap, Value string }

type groupView struct {
	Text  string
	Low   bool
	Parts []partView
}

// mostResponses bounds the surveys whose response is worked out for a page.
const mostResponses = 12

func (p *Pages) population(q *web.Request) error {
	return p.showPopulation(q, http.StatusOK, "", nil)
}

// showPopulation shows the page; at names the form that was refused, refused says why.
func (p *Pages) showPopulation(q *web.Request, status int, at string, refused error) error {
	if err := figure.NameKnown(q, p.Insight); err != nil {
		return err
	}
	ctx, ws, e := q.Context(), q.Workspace.ID, q.Env
	k, err := p.Population.Get(ctx, ws)
	if err != nil {
		return err
	}
	v := populationView{Tabs: tabs(q, "population"), May: q.Actor.May(identity.WorkspaceManage), At: at}
	form := func(name, otherwise string) string {
		if at != "" && q.PostForm.Has(name) {
			return q.PostFormValue(name)
		}
		return otherwise
	}
	v.Thresholds = []ui.Field{
		{Name: "minimum_points", Label: e.T("population.minimum_points"), Value: form("minimum_points", plain(k.Settings.MinimumPoints)), Help: e.T("population.minimum_points_help"), Dir: "ltr", Disabled: !v.May},
		{Name: "minimum_share", Label: e.T("population.minimum_share"), Value: form("minimum_share", plain(100*k.Settings.MinimumShare)), Help: e.T("population.minimum_share_help"), Dir: "ltr", Disabled: !v.May},
	}
	for _, m := range k.Margins {
		x := marginView{Field: m.Field, Name: p.fieldName(e, m.Field), Origin: e.T("population.origin_typed")}
		if m.Origin == population.Contacts {
			x.Origin = e.T("population.origin_contacts")
		}
		for _, part := range m.Parts {
			x.Parts = append(x.Parts, partView{figure.Value(e, m.Field, part.Value), e.Percent(part.Share, 1), strconv.FormatFloat(100*part.Share, 'f', 2, 64)})
		}
		v.Margins = append(v.Margins, x)
	}
	if v.May {
		if err := p.populationForms(q, &v, form); err != nil {
			return err
		}
	}
	surveys := []string{}
	for _, i := range k.Invited {
		x := invitedView{ID: string(i.ID), Survey: i.Survey, Period: period(e, i.From, i.To), Invited: e.N(float64(i.Invited), 0), Group: e.T("population.everybody")}
		if i.Field != "" {
			x.Group = e.T("population.group", "field", p.fieldName(e, i.Field), "value", figure.Value(e, i.Field, i.Value))
		}
		v.Invited = append(v.Invited, x)
		if !slices.Contains(surveys, i.Survey) && len(surveys) < mostResponses {
			surveys = append(surveys, i.Survey)
		}
	}
	for _, s := range surveys {
		r, err := p.Insight.Response(ctx, ws, s, insight.Period{}, "")
		if err != nil {
			if fault.Is(err, fault.NotFound) {
				continue
			}
			return err
		}
		v.Responses = append(v.Responses, p.response(e, r))
	}
	if refused != nil {
		fields := map[string]*[]ui.Field{"thresholds": &v.Thresholds, "margin": &v.Margin, "count": &v.Count, "invited": &v.New}[at]
		paste := []ui.Field{v.Paste}
		if at == "paste" {
			fields = &paste
		}
		v.Error, *fields = ui.Refuse(e, *fields, refused)
		v.Paste = paste[0]
	}
	return q.Render(status, populationPage(shell(q, "population"), v))
}

// populationForms are the forms for what is known of the population and of invitations.
func (p *Pages) populationForms(q *web.Request, v *populationView, form func(name, otherwise string) string) error {
	ctx, ws, e := q.Context(), q.Workspace.ID, q.Env
	register, err := p.Feedback.Register(ctx, ws)
	if err != nil {
		return err
	}
	attributes, err := p.Contacts.Attributes(ctx, ws)
	if err != nil {
		return err
	}
	var fields, counted []ui.Option
	for _, f := range register {
		if name := f.Field + "." + f.Key; population.Fits(name) && !f.Hidden && f.Field == "attribute" {
			fields = append(fields, ui.Option{Value: name, Label: p.fieldName(e, name)})
		}
	}
	for _, a := range attributes {
		if a.Sliceable {
			fields = append(fields, ui.Option{Value: "contact." + a.Key, Label: e.T("population.of_contact", "name", title(a.Title, a.Key))})
			counted = append(counted, ui.Option{Value: a.Key, Label: title(a.Title, a.Key)})
		}
	}
	for _, f := range []string{"language", "channel", "touchpoint", "source", "survey"} {
		fields = append(fields, ui.Option{Value: f, Label: p.fieldName(e, f)})
	}
	v.Margin = []ui.Field{
		{Name: "field", Label: e.T("population.field"), Value: form("field", ""), Options: fields},
		{Name: "text", Label: e.T("population.parts"), Value: form("text", ""), Help: e.T("population.parts_help"), Rows: 5, Placeholder: "basic, 45\npremium, 55"},
	}
	if len(counted) > 0 && q.Actor.May(identity.ContactsRead) {
		v.Count = []ui.Field{{Name: "attribute", Label: e.T("population.attribute"), Value: form("attribute", ""), Options: counted}}
	}
	groups := append([]ui.Option{{Label: e.T("population.everybody")}}, fields...)
	v.New = []ui.Field{
		{Name: "survey", Label: e.T("field.survey"), Value: form("survey", ""), Suggest: p.surveys(q)},
		{Name: "from", Label: e.T("population.from"), Type: "date", Value: form("from", ""), Dir: "ltr"},
		{Name: "to", Label: e.T("population.to"), Type: "date", Value: form("to", ""), Dir: "ltr"},
		{Name: "invited", Label: e.T("population.invited"), Value: form("invited", ""), Dir: "ltr"},
		{Name: "group", Label: e.T("population.who"), Value: form("group", ""), Options: groups, Optional: true},
		{Name: "value", Label: e.T("population.value"), Value: form("value", ""), Optional: true, Quiet: true},
	}
	v.Paste = ui.Field{Name: "lines", Label: e.T("population.paste"), Value: form("lines", ""), Help: e.T("population.paste_help"), Rows: 4, Placeholder: "relationship, 2026-01-01, 2026-01-31, 1200"}
	return nil
}

// surveys are those that feedback knows; none is no reason to fail.
func (p *Pages) surveys(q *web.Request) []string {
	var out []string
	a, err := p.Insight.Ask(q.Context(), q.Workspace.ID, insight.Query{Measure: insight.Count, By: []string{"survey"}, Limit: 50})
	if err != nil {
		return nil
	}
	for _, r := range a.Rows {
		if s := r.Keys["survey"]; s != "" {
			out = append(out, s)
		}
	}
	return out
}

func (p *Pages) fieldName(e ui.Env, field string) string { return figure.Field(e, field) }

func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// period writes two days.
func period(e ui.Env, from, to string) string {
	day := func(s string) string {
		d, err := clock.ParseDay(s)
		if err != nil {
			return s
		}
		return e.Locale.Date(d.Start(time.UTC), time.UTC)
	}
	return e.T("explore.from_to", "from", day(from), "to", day(to))
}

// response puts into words what those who did not answer leave open.
func (p *Pages) response(e ui.Env, r *insight.NonResponse) responseView {
	v := responseView{Survey: r.Survey, Period: period(e, r.From, r.To), Uncounted: say.Uncounted(e.Locale, r), More: r.Responded > r.Invited}
	v.Rate = e.T("population.rate", "rate", i18n.Verbatim(e.Percent(r.Rate.Value, 1)), "low", i18n.Verbatim(e.Percent(r.Rate.Low, 1)), "high", i18n.Verbatim(e.Percent(r.Rate.High, 1)),
		"n", r.Responded, "invited", r.Invited)
	if r.Value != nil {
		v.Value = e.T("population.answered", "name", e.T("measure."+string(r.Measure)), "value", i18n.Verbatim(say.Number(e.Locale, r.Measure, *r.Value)))
		for _, g := range r.Gaps {
			v.Gaps = append(v.Gaps, gapView{say.Amount(e.Locale, "points", g.Gap), say.Number(e.Locale, r.Measure, g.Value)})
		}
		v.Bounds = e.T("population.bounds", "low", i18n.Verbatim(say.Number(e.Locale, r.Measure, *r.Low)), "high", i18n.Verbatim(say.Number(e.Locale, r.Measure, *r.High)))
		if r.ToZero != nil {
			v.Zero = e.T("population.to_zero", "gap", i18n.Verbatim(say.Amount(e.Locale, "points", *r.ToZero)))
		}
	}
	for _, g := range r.Groups {
		x := groupView{Low: !g.Representative, Text: e.T("population.r_indicator", "field", p.fieldName(e, g.Field), "r", i18n.Verbatim(e.N(g.RIndicator, 2)))}
		for _, y := range g.Groups {
			x.Parts = append(x.Parts, partView{figure.Value(e, g.Field, y.Value), e.T("explore.of_n", "hits", y.Responded, "n", y.Invited) + " · " + e.Percent(y.Rate.Value, 1), strconv.FormatFloat(100*y.Rate.Value, 'f', 2, 64)})
		}
		v.Groups = append(v.Groups, x)
	}
	return v
}

// done leads back to the page, or shows it again with what was wrong.
func (p *Pages) done(q *web.Request, at string, err error) error {
	if err != nil {
		status, ok := told(err)
		if !ok {
			return err
		}
		return p.showPopulation(q, status, at, err)
	}
	q.Flash("good", "settings.saved")
	q.Redirect("/settings/population")
	return nil
}

func (p *Pages) saveThresholds(q *web.Request) error {
	limit(q)
	var bad []fault.Field
	number := func(name string) float64 {
		s, ok := q.Env.Number(q.PostFormValue(name))
		f, err := strconv.ParseFloat(s, 64)
		if !ok || err != nil {
			bad = append(bad, fault.Field{Path: name, Code: "number", Msg: "this is not a number"})
		}
		return f
	}
	set := population.Settings{MinimumPoints: number("minimum_points"), MinimumShare: number("minimum_share") / 100}
	if bad != nil {
		return p.done(q, "thresholds", fault.Bad("settings.population", bad...))
	}
	return p.done(q, "thresholds", p.Population.SaveSettings(q.Context(), q.Workspace.ID, q.Actor, set))
}

func (p *Pages) saveMargin(q *web.Request) error {
	limit(q)
	list, err := population.ParseMargins(q.PostFormValue("text"), q.PostFormValue("field"), q.Env.Number)
	if err == nil {
		err = p.Population.SaveMargins(q.Context(), q.Workspace.ID, q.Actor, list)
	}
	return p.done(q, "margin", placed(err, "text"))
}

func (p *Pages) countContacts(q *web.Request) error {
	limit(q)
	_, err := p.Population.Count(q.Context(), q.Workspace.ID, q.Actor, q.PostFormValue("attribute"))
	return p.done(q, "count", placed(err, "attribute"))
}

// placed puts what is wrong with the parts of a population to the field of the form that they came from.
func placed(err error, field string) error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err
	}
	bad := slices.Clone(f.Fields)
	for i := range bad {
		if bad[i].Path == "parts" {
			bad[i].Path = field
		}
	}
	if bad == nil {
		return err
	}
	return fault.Bad("settings.population", bad...)
}

func (p *Pages) deleteMargin(q *web.Request) error {
	limit(q)
	if err := p.Population.DeleteMargin(q.Context(), q.Workspace.ID, q.Actor, q.PostFormValue("field")); err != nil {
		return err
	}
	return p.done(q, "margin", nil)
}

func (p *Pages) addInvited(q *web.Request) error {
	limit(q)
	v := population.Invited{Survey: q.PostFormValue("survey"), From: q.PostFormValue("from"), To: q.PostFormValue("to"), Field: q.PostFormValue("group"), Value: q.PostFormValue("value")}
	s, ok := q.Env.Number(q.PostFormValue("invited"))
	n, err := strconv.ParseInt(s, 10, 64)
	if !ok || err != nil {
		return p.done(q, "invited", fault.Bad("settings.population", fault.Field{Path: "invited", Code: "whole", Msg: "this is not a whole number"}))
	}
	v.Invited = n
	return p.done(q, "invited", p.Population.AddInvited(q.Context(), q.Workspace.ID, q.Actor, []population.Invited{v}))
}

func (p *Pages) pasteInvited(q *web.Request) error {
	limit(q)
	list, err := population.ParseInvited(q.PostFormValue("lines"), q.Env.Number)
	if err == nil {
		err = p.Population.AddInvited(q.Context(), q.Workspace.ID, q.Actor, list)
	}
	return p.done(q, "paste", err)
}

func (p *Pages) deleteInvited(q *web.Request) error {
	if err := p.Population.DeleteInvited(q.Context(), q.Workspace.ID, q.Actor, population.InvitedID(q.PathValue("id"))); err != nil {
		return err
	}
	return p.done(q, "invited", nil)
}

// exploreHref leads to a question that is weighted.
func exploreHref() string {
	return "/explore?" + url.Values{"measure": {"nps"}, "bucket": {"month"}, "last": {"12m"}, "weight": {"1"}}.Encode()
}
