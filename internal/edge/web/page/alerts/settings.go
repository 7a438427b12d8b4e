package alerts

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/page/figure"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/i18n"
	"kolo/internal/understand/alert"
)

type settingsView struct {
	Error  string
	Fields []ui.Field
	Budget string
	Series string
	Unseen unseenView
	Track  string
	Crumbs []ui.Link
}

func (p *Pages) settings(q *web.Request) error {
	w, err := p.Alerts.Watch(q.Context(), q.Workspace.ID)
	if err != nil {
		return err
	}
	return p.form2(q, http.StatusOK, w.Settings, nil)
}

func (p *Pages) form2(q *web.Request, status int, set alert.Settings, refused error) error {
	fields, err := p.fields(q, set)
	if err != nil {
		return err
	}
	w, err := p.Alerts.Watch(q.Context(), q.Workspace.ID)
	if err != nil {
		return err
	}
	track, err := p.Alerts.Track(q.Context(), q.Workspace.ID)
	if err != nil {
		return err
	}
	v := settingsView{Budget: budget(q.Env, w), Series: series(q.Env, w), Track: tracked(q.Env, track), Crumbs: []ui.Link{{Label: q.Env.T("nav.alerts"), Href: "/alerts"}}}
	if v.Unseen, err = p.unseen(q, w); err != nil {
		return err
	}
	v.Unseen.Href = "" // it is here
	v.Fields = fields
	if refused != nil {
		v.Error, v.Fields = ui.Refuse(q.Env, fields, refused)
	}
	return q.Render(status, settingsPage(q.Shell("alerts", q.Env.T("alerts.settings")), v))
}

// watches are what can be switched on and off.
var watches = []struct {
	name string
	of   func(*alert.Settings) *bool
}{
	{"themes", func(s *alert.Settings) *bool { return &s.Themes }}, {"negative", func(s *alert.Settings) *bool { return &s.Negative }},
	{"kinds", func(s *alert.Settings) *bool { return &s.Kinds }}, {"channels", func(s *alert.Settings) *bool { return &s.Channels }},
	{"scores", func(s *alert.Settings) *bool { return &s.Scores }},
}

// fields are budget, what is watched, when, by what, cooldown, hold and cost.
func (p *Pages) fields(q *web.Request, set alert.Settings) ([]ui.Field, error) {
	e := q.Env
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	watch := ui.Field{Name: "watch", Label: e.T("alerts.set.watch"), Multiple: true}
	for _, w := range watches {
		watch.Options = append(watch.Options, ui.Option{Value: w.name, Label: e.T("alerts.set." + w.name), Help: e.T("alerts.set_help." + w.name), On: *w.of(&set)})
	}
	when := ui.Field{Name: "weekly", Label: e.T("alerts.set.when"), Multiple: true, Options: []ui.Option{
		{Value: "weekly", Label: e.T("alerts.set.weekly"), On: set.Weekly}, {Value: "daily", Label: e.T("alerts.set.daily"), On: set.Daily}}}
	segments := ui.Field{Name: "segments", Label: e.T("alerts.set.segments"), Help: e.T("alerts.set_help.segments"), Multiple: true}
	names := slices.Clone(alert.SegmentFields)
	register, err := p.Feedback.Register(q.Context(), q.Workspace.ID)
	if err != nil {
		return nil, err
	}
	for _, f := range register {
		if !f.Hidden && !f.Personal && f.Field != "answer" && f.Kind != "number" && len(names) < 40 {
			names = append(names, f.Field+"."+f.Key)
		}
	}
	for _, s := range set.Segments {
		if !slices.Contains(names, s) {
			names = append(names, s)
		}
	}
	if err := figure.NameKnown(q, p.Insight); err != nil {
		return nil, err
	}
	e = q.Env // with the names
	for _, n := range names {
		o := ui.Option{Value: n, Label: figure.Field(e, n), On: slices.Contains(set.Segments, n)}
		if strings.HasPrefix(n, "contact.") {
			o.Help = e.T("alerts.set.of_contact")
		}
		segments.Options = append(segments.Options, o)
	}
	hold := ui.Field{Name: "hold_days", Label: e.T("alerts.set.hold"), Help: e.T("alerts.set_help.hold"), Value: strconv.Itoa(set.Hold), Options: []ui.Option{{Value: "-1", Label: e.T("alerts.set.hold_learn")}}}
	for d := range 15 {
		hold.Options = append(hold.Options, ui.Option{Value: strconv.Itoa(d), Label: e.T("alerts.set.days", "count", d)})
	}
	return []ui.Field{
		{Name: "budget", Label: e.T("alerts.set.budget"), Help: e.T("alerts.set_help.budget"), Value: number(set.Budget), Dir: "ltr"},
		watch, when, segments,
		{Name: "cooldown_days", Label: e.T("alerts.set.cooldown"), Help: e.T("alerts.set_help.cooldown"), Value: strconv.Itoa(set.Cooldown), Dir: "ltr"},
		hold,
		{Name: "cost_minor", Label: e.T("alerts.set.cost", "currency", q.Workspace.Currency), Help: e.T("alerts.set_help.cost"), Value: number(float64(set.Cost) / minor(q)), Dir: "ltr"},
	}, nil
}

// minor is how many minor units the workspace's currency has in one.
func minor(q *web.Request) float64 { return math.Pow10(i18n.MinorDigits(q.Workspace.Currency)) }

func (p *Pages) set(q *web.Request) error {
	q.Body = http.MaxBytesReader(q.W, q.Body, 64<<10)
	set := alert.Settings{Segments: []string{}}
	_ = q.PostFormValue("budget") // reads the form
	var bad []fault.Field
	number := func(name string) float64 {
		s := strings.TrimSpace(q.PostFormValue(name))
		if x, ok := q.Env.Number(s); ok {
			s = x
		}
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || v != v || v > 1e12 || v < -1e12 {
			bad = append(bad, fault.Field{Path: name, Code: "number", Msg: "this is not a number"})
		}
		return v
	}
	set.Budget, set.Cooldown, set.Hold, set.Cost = number("budget"), int(number("cooldown_days")), int(number("hold_days")), int64(math.Round(number("cost_minor")*minor(q)))
	for _, w := range watches {
		*w.of(&set) = slices.Contains(q.PostForm["watch"], w.name)
	}
	set.Weekly, set.Daily = slices.Contains(q.PostForm["weekly"], "weekly"), slices.Contains(q.PostForm["weekly"], "daily")
	set.Segments = append(set.Segments, q.PostForm["segments"]...)
	if bad != nil {
		return p.form2(q, http.StatusUnprocessableEntity, set, fault.Bad("alerts.set", bad...))
	}
	_, err := p.Alerts.Set(q.Context(), q.Workspace.ID, q.Actor, set)
	if fault.Is(err, fault.Invalid) {
		return p.form2(q, http.StatusUnprocessableEntity, set, err)
	}
	if err != nil {
		return err
	}
	q.Flash("good", "alerts.done.settings")
	q.Redirect("/alerts/settings")
	return nil
}
