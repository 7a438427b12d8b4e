// Package model serves what reads the texts: the versions of the models, what a workspace has taught them and what that
// gained, how far people and model agree, and the flow in which people check texts that chance chooses.
package model

import (
	"cmp"
	"maps"
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
	understood "kolo/internal/understand/model"
	"kolo/internal/understand/reading"
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

// most is how many themes of a text one says something of.
const most = 20

type view struct {
	Reader    string
	Behind    int64
	Sentiment learned
	Themes    learned
	Quality   []quality
	Means     []ui.Fact // what the figures of quality mean
	Agreement []agreement
	Found     []found
	Checked   int64
	Earlier   int64 // texts that were checked when earlier models read
	May       bool  // manage
	Correct   bool
}

// learned is what a workspace has taught one of the models.
type learned struct {
	Kind     adapt.Kind
	Versions []version
	Active   bool
	Running  *ui.Progress
	Few      string // why nothing came of the last try: what there is, and what is needed
}

type version struct {
	adapt.Version
	When, Gain, Interval, From, Texts string
	Tone                              string // of the gain, where it is sure
	Unsure                            bool   // the gain may be none
	Curve                             *ui.Chart
}

// quality is how good the model of a language is; without figures it was not measured.
type quality struct {
	Language, Texts, Right, Interval string
	Figures                          []string // in the order of measures, after the first
}

type agreement struct {
	What, Language, N, Share, Interval string
	Few                                bool
}

// found is how well a theme is told: how much of what was told is right, and how much of what is there was told.
type found struct {
	Theme, Language string
	Told, There     agreement
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
		} else if ok && j.State == job.Done && j.Note == "few" {
			n := adapt.LeastTexts
			if l.kind == adapt.Sentiment {
				n = reading.LeastExamples
			}
			l.into.Few = e.T("model.few."+string(l.kind), "count", j.Done, "n", n, "when", e.Ago(j.Finished))
		}
	}
	tree, err := p.Themes.Tree(ctx, ws)
	if err != nil {
		return err
	}
	list, earlier, err := p.Labels.Agreement(ctx, ws)
	if err != nil {
		return err
	}
	checks, err := p.Labels.Checks(ctx, ws)
	if err != nil {
		return err
	}
	v.Agreement, v.Checked = agreements(e, list)
	v.Found, v.Earlier = founds(e, tree, checks), earlier
	if v.Quality, v.Means, err = qualities(e); err != nil {
		return err
	}
	return q.Render(http.StatusOK, modelPage(q.Shell("model", e.T("nav.model")), v))
}

// version writes a training out: its gain on texts that were held out, with the interval of the difference text by text.
func (p *Pages) version(e ui.Env, x adapt.Version, newest bool) version {
	v := version{Version: x, When: e.DateTime(x.At), Texts: e.N(float64(x.Texts), 0)}
	r := x.Report
	if x.Kind == adapt.Themes || r.Held == 0 {
		return v
	}
	v.From = e.T("model.from_to", "before", i18n.Verbatim(e.Percent(r.Before, 1)), "after", i18n.Verbatim(e.Percent(r.After, 1)), "n", r.Held)
	v.Gain = e.T("score.points", "n", i18n.Verbatim(e.Signed(100*(r.After-r.Before), 1)))
	gain, err := r.Gain()
	in := gain.Interval
	if err == nil {
		v.Interval = e.T("score.interval", "low", i18n.Verbatim(e.Signed(100*in.Low, 1)), "high", i18n.Verbatim(e.Signed(100*in.High, 1)))
	}
	switch {
	case err != nil:
		v.Unsure = r.After == r.Before
	case in.Contains(0):
		v.Unsure = true
	case in.Low > 0:
		v.Tone = "good"
	default:
		v.Tone = "bad"
	}
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

// measures are the figures of quality, as messages name them.
var measures = []string{"right", "macro", "mixed", "calibration", "clause", "clause_theme", "themes"}

// qualities are how good the models that came with Kolo are, as it was found when they were trained.
func qualities(e ui.Env) (out []quality, means []ui.Fact, err error) {
	known, err := understood.Measured()
	if err != nil {
		return nil, nil, fault.Wrap("model.qualities", err)
	}
	for _, m := range measures {
		text := e.T("model.quality_means." + m)
		means = append(means, ui.Fact{Label: e.T("model.quality." + m), Text: text, Dir: e.DirOf(text)})
	}
	r, err := reading.New()
	if err != nil {
		return nil, nil, fault.Wrap("model.qualities", err)
	}
	for _, l := range r.Languages() {
		out = append(out, qualityOf(e, ui.OwnName(l), known[l]))
	}
	return append(out, qualityOf(e, e.T("model.other_languages"), known[reading.Any])), means, nil
}

func qualityOf(e ui.Env, language string, f understood.Figures) quality {
	q := quality{Language: language}
	i, err := stat.Wilson(int64(f.Right), int64(f.Plain), stat.DefaultLevel)
	if err != nil { // of no texts
		return q
	}
	q.Texts, q.Right = e.N(float64(f.Texts), 0), e.Percent(float64(f.Right)/float64(f.Plain), 1)
	q.Interval = e.T("score.interval", "low", i18n.Verbatim(e.Percent(i.Low, 1)), "high", i18n.Verbatim(e.Percent(i.High, 1)))
	for _, x := range []float64{f.MacroF1, f.MixedF1, f.CalibrationError, f.ClauseSentiment, f.ClauseTheme, f.ThemeMicroF1} {
		q.Figures = append(q.Figures, e.Percent(x, 1))
	}
	return q
}

// shareOf is a share of checked texts with its interval, held back of few.
func shareOf(e ui.Env, n, of int64) agreement {
	a := agreement{N: e.N(float64(of), 0), Few: of < few}
	if i, err := stat.Wilson(n, of, stat.DefaultLevel); err == nil && !a.Few {
		a.Share = e.Percent(float64(n)/float64(of), 0)
		a.Interval = e.T("score.interval", "low", i18n.Verbatim(e.Percent(i.Low, 0)), "high", i18n.Verbatim(e.Percent(i.High, 0)))
	}
	return a
}

// agreements are how far people and model agree on sentiment, and on there being no other theme, in all and by language.
func agreements(e ui.Env, list []label.Agreement) (out []agreement, checked int64) {
	for _, aspect := range []string{label.AspectSentiment, label.AspectThemes} {
		sums := map[string][2]int64{} // by language, "" for all
		for _, a := range list {
			if a.Aspect != aspect {
				continue
			}
			for _, l := range []string{"", a.Language} {
				x := sums[l]
				sums[l] = [2]int64{x[0] + a.Agreed, x[1] + a.N}
			}
		}
		if aspect == label.AspectSentiment {
			checked = sums[""][1]
		}
		for _, l := range slices.Sorted(maps.Keys(sums)) {
			a := shareOf(e, sums[l][0], sums[l][1])
			a.What, a.Language = e.T("model.agree_on."+aspect), languageName(e, l)
			out = append(out, a)
		}
	}
	return out, checked
}

func languageName(e ui.Env, language string) string {
	if language == "" {
		return e.T("model.all_languages")
	}
	return ui.OwnName(language)
}

// founds are how well themes are told, by theme in all and by the languages in which enough texts were checked; where nothing was told and
// nothing was missed there is nothing to say.
func founds(e ui.Env, tree *theme.Tree, checks []label.Check) (out []found) {
	type key struct{ theme, language string }
	sums := map[key]*label.Check{}
	for _, c := range checks {
		id := tree.Counts(c.Theme)
		if id == "" {
			continue
		}
		for _, k := range []key{{id, ""}, {id, c.Language}} {
			if sums[k] == nil {
				sums[k] = &label.Check{}
			}
			sums[k].Add(c)
		}
	}
	keys := slices.SortedFunc(maps.Keys(sums), func(a, b key) int {
		return cmp.Or(cmp.Compare(tree.Name(a.theme, e.Tag()), tree.Name(b.theme, e.Tag())), cmp.Compare(a.theme, b.theme), cmp.Compare(a.language, b.language))
	})
	for _, k := range keys {
		c := sums[k]
		told, there := c.RightlyTold+c.WronglyTold, c.RightlyTold+c.WronglyLeftOut
		if told+there > 0 && (k.language == "" || max(told, there) >= few) {
			out = append(out, found{Theme: tree.Name(k.theme, e.Tag()), Language: languageName(e, k.language), Told: shareOf(e, c.RightlyTold, told), There: shareOf(e, c.RightlyTold, there)})
		}
	}
	return out
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
	Others  []ui.ThemeChoice // that it did not
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
	v.Quote.Whole = true                                               // who says what a text is about has read it
	told := map[string]bool{}
	for _, t := range l.Themes {
		if id := tree.Counts(t.Theme); id != "" {
			told[id] = true
			v.Themes = append(v.Themes, ui.ThemeChoice{ID: t.Theme, Name: tree.Name(id, q.Env.Tag())})
		}
	}
	v.Others = slices.DeleteFunc(figure.ThemeChoices(q, tree), func(c ui.ThemeChoice) bool { return told[c.ID] })
	return q.Render(http.StatusOK, checkPage(sh, v))
}

// checked keeps what a person says of a text that chance chose, and goes on to the next.
func (p *Pages) checked(q *web.Request) error {
	ctx, ws := q.Context(), q.Workspace.ID
	if err := q.ParseForm(); err != nil {
		return fault.New(fault.Invalid, "model.checked", "the form cannot be read")
	}
	at, _ := strconv.Atoi(q.PostFormValue("n"))
	if s := q.PostFormValue("sentiment"); s != "" && q.PostFormValue("do") != "skip" {
		missed := q.PostForm["missed"][:min(len(q.PostForm["missed"]), most)]
		tree, err := p.Themes.Tree(ctx, ws)
		if err != nil {
			return err
		}
		for _, id := range missed {
			if tree.Resolve(id) == "" {
				return fault.Bad("model.checked", fault.Field{Path: "missed", Code: "unknown", Msg: "there is no such theme here"})
			}
		}
		c := label.NewCheck{Feedback: feedback.ID(q.PostFormValue("id")), Sentiment: s, Missed: missed}
		for _, id := range q.PostForm["shown"][:min(len(q.PostForm["shown"]), most)] {
			if slices.Contains(q.PostForm["theme"], id) {
				c.Right = append(c.Right, id)
			} else {
				c.Wrong = append(c.Wrong, id)
			}
		}
		if _, err := p.Labels.Check(ctx, ws, q.Actor, c); err != nil {
			return err
		}
		at++
	}
	q.Redirect("/model/check?n=" + strconv.Itoa(min(max(at, 0), round)))
	return nil
}
