// Package model serves what reads the texts: the versions of the models, what a workspace has taught them and what that
// gained, how far people and model agree, and the flow in which people check texts that chance chooses.
package model

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/page/figure"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/i18n"
	"kolo/internal/foundation/job"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/adapt"
	"kolo/internal/understand/label"
	"kolo/internal/understand/stat"
	"kolo/internal/understand/theme"
)

// Pages serves them.
type Pages struct {
	Feedback *feedback.Service
	Labels   *label.Service
	Themes   *theme.Service
	Adapt    *adapt.Service
	Words    figure.Words
}

// Register adds the routes to the site.
func (p *Pages) Register(s *web.Site) {
	s.Page("GET /model", identity.FeedbackRead, p.model)
	s.Page("POST /model/train", identity.ThemesManage, p.train)
	s.Page("POST /model/activate", identity.ThemesManage, p.activate)
	s.Page("GET /model/check", identity.LabelsCorrect, p.check)
	s.Page("POST /model/check", identity.LabelsCorrect, p.checked)
}

// round is how many texts one goes through in a check.
const round = 20

// few is how many checked texts a share needs before it is shown.
const few = 10

type view struct {
	Reader    string
	Behind    int64
	Sentiment learned
	Themes    learned
	Agreement []agreement
	Checked   int64
	May       bool // manage
	Correct   bool
}

// learned is what a workspace has taught one of the models.
type learned struct {
	Kind     adapt.Kind
	Versions []version
	Active   bool
	Running  *ui.Progress
}

type version struct {
	adapt.Version
	When, Gain, Interval, From, Texts string
	Better                            bool
	Curve                             *ui.Chart
}

type agreement struct {
	What, Language, N, Share, Interval string
	Few                                bool
}

func (p *Pages) model(q *web.Request) error {
	ctx, ws, e := q.Context(), q.Workspace.ID, q.Env
	v := view{May: q.Actor.May(identity.ThemesManage), Correct: q.Actor.May(identity.LabelsCorrect), Behind: p.Labels.Behind()}
	r, err := p.Adapt.For(ctx, ws)
	if err != nil {
		return err
	}
	v.Reader = r.Model()
	versions, err := p.Adapt.Versions(ctx, ws)
	if err != nil {
		return err
	}
	for _, l := range []struct {
		kind adapt.Kind
		into *learned
	}{{adapt.Sentiment, &v.Sentiment}, {adapt.Themes, &v.Themes}} {
		l.into.Kind = l.kind
		for _, x := range versions {
			if x.Kind == l.kind {
				l.into.Versions = append(l.into.Versions, p.version(e, x, len(l.into.Versions) == 0))
				l.into.Active = l.into.Active || x.Active
			}
		}
		j, ok, err := p.Adapt.Latest(ctx, ws, l.kind)
		if err != nil {
			return err
		}
		if ok && (j.State == job.Queued || j.State == job.Running) {
			l.into.Running = &ui.Progress{Label: e.T("model.running." + string(l.kind)), Done: j.Done, Total: j.Total, State: "running"}
		}
	}
	tree, err := p.Themes.Tree(ctx, ws)
	if err != nil {
		return err
	}
	list, err := p.Labels.Agreement(ctx, ws)
	if err != nil {
		return err
	}
	v.Agreement, v.Checked = agreements(e, tree, list)
	return q.Render(http.StatusOK, modelPage(q.Shell("model", e.T("nav.model")), v))
}

// version writes a training out: its gain on texts that were held out, with the interval of the difference of two shares.
func (p *Pages) version(e ui.Env, x adapt.Version, newest bool) version {
	v := version{Version: x, When: e.DateTime(x.At), Texts: e.N(float64(x.Texts), 0)}
	r := x.Report
	if x.Kind == adapt.Themes || r.Held == 0 {
		return v
	}
	v.From = e.T("model.from_to", "before", i18n.Verbatim(e.Percent(r.Before, 1)), "after", i18n.Verbatim(e.Percent(r.After, 1)), "n", r.Held)
	v.Gain = e.T("score.points", "n", i18n.Verbatim(e.Signed(100*(r.After-r.Before), 1)))
	v.Better = r.After > r.Before
	if newest && len(r.Curve) > 1 {
		c := ui.Chart{ID: "curve", Kind: "line", Title: e.T("model.curve"), Dimension: e.T("model.learned_from"), Percent: true, Decimals: 1}
		s := ui.Series{Name: e.T("model.accuracy")}
		for _, pt := range r.Curve {
			c.Labels, s.Values = append(c.Labels, e.N(float64(pt.Texts), 0)), append(s.Values, pt.Accuracy)
		}
		c.Series = []ui.Series{s}
		v.Curve = &c
	}
	return v
}

// agreements are how far people and model agree, in all and by theme and language.
func agreements(e ui.Env, tree *theme.Tree, list []label.Agreement) (out []agreement, checked int64) {
	type key struct{ aspect, theme, language string }
	sums := map[key][2]int64{}
	add := func(k key, a label.Agreement) {
		x := sums[k]
		sums[k] = [2]int64{x[0] + a.N, x[1] + a.Agreed}
	}
	for _, a := range list {
		if a.Aspect == label.AspectSentiment {
			checked += a.N
			add(key{a.Aspect, "", ""}, a)
			add(key{a.Aspect, "", a.Language}, a)
			continue
		}
		if id := tree.Resolve(a.Theme); id != "" {
			add(key{a.Aspect, id, ""}, a)
			add(key{a.Aspect, id, a.Language}, a)
		}
	}
	keys := make([]key, 0, len(sums))
	for k := range sums {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(cmp.Compare(a.aspect, b.aspect), cmp.Compare(tree.Name(a.theme, e.Tag()), tree.Name(b.theme, e.Tag())), cmp.Compare(a.language, b.language))
	})
	for _, k := range keys {
		n := sums[k]
		a := agreement{What: e.T("label.sentiment"), Language: e.T("model.all_languages"), N: e.N(float64(n[0]), 0), Few: n[0] < few}
		if k.aspect == label.AspectTheme {
			a.What = tree.Name(k.theme, e.Tag())
		}
		if k.language != "" {
			a.Language = ui.OwnName(k.language)
		}
		if i, err := stat.Wilson(n[1], n[0], stat.DefaultLevel); err == nil && !a.Few {
			a.Share = e.Percent(float64(n[1])/float64(n[0]), 0)
			a.Interval = e.T("score.interval", "low", i18n.Verbatim(e.Percent(i.Low, 0)), "high", i18n.Verbatim(e.Percent(i.High, 0)))
		}
		out = append(out, a)
	}
	return out, checked
}

func (p *Pages) train(q *web.Request) error {
	if _, err := p.Adapt.Train(q.Context(), q.Workspace.ID, q.Actor); err != nil {
		return err
	}
	q.Flash("good", "model.said.training")
	q.Redirect("/model")
	return nil
}

// activate has a version read from now on, or none of its kind: one click back.
func (p *Pages) activate(q *web.Request) error {
	k := adapt.Kind(q.PostFormValue("kind"))
	if k != adapt.Sentiment && k != adapt.Themes {
		return fault.Bad("model.activate", fault.Field{Path: "kind", Code: "unknown", Msg: "there is no such model"})
	}
	if err := p.Adapt.Activate(q.Context(), q.Workspace.ID, q.Actor, k, q.PostFormValue("version")); err != nil {
		return err
	}
	q.Flash("good", "model.said.activated")
	q.Redirect("/model")
	return nil
}

type checkView struct {
	At, Of  int
	Done    bool // the round is over
	None    bool // nothing is left to check
	ID      string
	Quote   ui.Quote
	Now     string // sentiment of the model
	Choices []string
	Themes  []ui.ThemeChoice // that the model found
}

// check shows a text that chance chooses, with what the model makes of it.
func (p *Pages) check(q *web.Request) error {
	ctx, ws := q.Context(), q.Workspace.ID
	at, _ := strconv.Atoi(q.URL.Query().Get("n"))
	at = min(max(at, 0), round)
	v := checkView{At: at + 1, Of: round, Done: at == round, Choices: []string{"negative", "neutral", "mixed", "positive"}}
	sh := q.Shell("model", q.Env.T("model.check"))
	if v.Done {
		return q.Render(http.StatusOK, checkPage(sh, v))
	}
	id, ok, err := p.Labels.Sample(ctx, ws)
	if err != nil {
		return err
	}
	if v.None = !ok; v.None {
		return q.Render(http.StatusOK, checkPage(sh, v))
	}
	f, err := p.Feedback.Get(ctx, ws, id)
	if err != nil {
		return err
	}
	l, _, err := p.Labels.Get(ctx, ws, id)
	if err != nil {
		return err
	}
	tree, err := p.Themes.Tree(ctx, ws)
	if err != nil {
		return err
	}
	quotes, err := p.Words.Quotes(q, []feedback.Feedback{f}, nil)
	if err != nil {
		return err
	}
	v.ID, v.Quote, v.Now = string(id), quotes[0], l.Sentiment.String()
	v.Quote.Sentiment, v.Quote.Themes, v.Quote.Unsure = "", nil, false // they stand in the form
	for _, t := range l.Themes {
		if tree.Resolve(t.Theme) != "" {
			v.Themes = append(v.Themes, ui.ThemeChoice{ID: t.Theme, Name: tree.Name(tree.Resolve(t.Theme), q.Env.Tag())})
		}
	}
	return q.Render(http.StatusOK, checkPage(sh, v))
}

// checked keeps what a person says of a text that chance chose, and goes on to the next.
func (p *Pages) checked(q *web.Request) error {
	ctx, ws := q.Context(), q.Workspace.ID
	if err := q.ParseForm(); err != nil {
		return fault.New(fault.Invalid, "model.checked", "the form cannot be read")
	}
	at, _ := strconv.Atoi(q.PostFormValue("n"))
	say := func(n label.NewCorrection) error {
		n.Feedback, n.Span, n.Sampled = feedback.ID(q.PostFormValue("id")), label.Whole, true
		_, err := p.Labels.Correct(ctx, ws, q.Actor, n)
		return err
	}
	if s := q.PostFormValue("sentiment"); s != "" && q.PostFormValue("do") != "skip" {
		if err := say(label.NewCorrection{Aspect: label.AspectSentiment, Value: s}); err != nil {
			return err
		}
		for _, id := range q.PostForm["shown"][:min(len(q.PostForm["shown"]), 20)] {
			value := "no"
			if slices.Contains(q.PostForm["theme"], id) {
				value = "yes"
			}
			if err := say(label.NewCorrection{Aspect: label.AspectTheme, Theme: id, Value: value}); err != nil {
				return err
			}
		}
		at++
	}
	q.Redirect("/model/check?n=" + strconv.Itoa(min(max(at, 0), round)))
	return nil
}
