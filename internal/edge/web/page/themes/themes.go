// Package themes serves what customers talk about: the map and the tree of themes with their figures, the page of each
// theme, and the forms by which people name, move, merge, accept and forbid themes and write rules for them.
package themes

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/page/figure"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/adapt"
	"kolo/internal/understand/assist"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/insight/say"
	"kolo/internal/understand/label"
	"kolo/internal/understand/theme"
)

// Pages serves them.
type Pages struct {
	Store    *store.DB
	Feedback *feedback.Service
	Insight  *insight.Service
	Labels   *label.Service
	Themes   *theme.Service
	Adapt    *adapt.Service
	Words    figure.Words
	Assist   *assist.Service // summarises, where there is an outside language model
}

// Register adds the routes to the site.
func (p *Pages) Register(s *web.Site) {
	s.Page("GET /themes", identity.FeedbackRead, p.list)
	s.Page("POST /themes", identity.ThemesManage, p.add)
	s.Page("POST /themes/discover", identity.ThemesManage, p.discover)
	s.Page("GET /themes/discover", identity.FeedbackRead, p.progress)
	s.Page("GET /themes/new", identity.ThemesManage, p.fresh)
	s.Page("GET /themes/preview", identity.ThemesManage, p.preview)
	s.Page("GET /themes/{id}", identity.FeedbackRead, p.theme)
	s.Page("GET /themes/{id}/summary", identity.FeedbackRead, p.summary)
	s.Page("POST /themes/{id}/apart", identity.ThemesManage, p.apart)
	s.Page("GET /themes/{id}/edit", identity.ThemesManage, p.edit)
	s.Page("POST /themes/{id}/names", identity.ThemesManage, p.rename)
	s.Page("POST /themes/{id}/place", identity.ThemesManage, p.place)
	s.Page("POST /themes/{id}/merge", identity.ThemesManage, p.merge)
	s.Page("POST /themes/{id}/rule", identity.ThemesManage, p.setRule)
	s.Page("POST /themes/{id}/pin", identity.ThemesManage, p.pin)
	s.Page("POST /themes/{id}/state", identity.ThemesManage, p.state)
}

var periods = []struct{ last, bucket string }{{"30d", "day"}, {"90d", "week"}, {"12m", "month"}, {"2y", "month"}}

// period is the one that the address names, or 90 days without.
func period(q *web.Request) (last, bucket string, err error) {
	last = q.URL.Query().Get("last")
	if last == "" {
		return "90d", "week", nil
	}
	for _, x := range periods {
		if last == x.last {
			return x.last, x.bucket, nil
		}
	}
	return "", "", fault.Bad("themes.period", fault.Field{Path: "last", Code: "unknown", Msg: fmt.Sprintf("there is no %q here: it is 30d, 90d, 12m or 2y", last)})
}

// listView is what the page of all themes shows.
type listView struct {
	Periods  []ui.Tab
	Metrics  []ui.Tab
	Metric   insight.Measure // "" when nobody gave a score
	Impacts  bool            // what themes do to it is known
	Columns  []ui.Column
	Rows     []row
	Unwanted []row // forbidden
	Map      *ui.Chart
	Lead     string
	Texts    int64 // with words, in the period
	AllTexts int64 // of all time
	Waiting  int   // proposed themes
	Flat     bool  // sorted by a figure: without the tree
	May      bool  // the reader may manage themes
	Behind   int64 // changes that were not read yet
	Search   search
	Back     string
}

// row is a theme with its figures, written out.
type row struct {
	ID, Name, Href  string
	Path            string // of a flat list: what it stands under
	Depth           int
	Lang            string // of the quote
	State           theme.State
	Pinned, Rule    bool
	Quote           string
	N               string
	FeedbackHref    string
	Share           string
	Change          *change
	Net, NetRange   string
	NetTone         string
	NetBar          *bar
	Score           string
	ScoreRange      string
	Impact          string
	ImpactRange     string
	ImpactTone      string
	Small, NetSmall bool
	Held            bool // it has no figures yet: texts are being read with its rule

	numbers
}

// hold takes the figures away, as if nothing were known of the theme: what is read by now is a part, and no figure.
func (r *row) hold() {
	*r = row{ID: r.ID, Name: r.Name, Href: r.Href, Path: r.Path, Depth: r.Depth, Lang: r.Lang, State: r.State, Pinned: r.Pinned, Rule: r.Rule, Quote: r.Quote,
		FeedbackHref: r.FeedbackHref, Held: true, NetSmall: true, numbers: numbers{change: math.NaN(), net: none, score: none, impact: none, feedback: r.feedback}}
}

// change is how much of what is said is about a theme, now against the period before.
type change struct {
	Text, Range, Verdict string
	Up, Clear            bool
	Tone                 string
}

// bar is a figure from -100 to 100 as a bar from the middle, in hundredths of its width.
type bar struct{ Start, Width string }

func (p *Pages) list(q *web.Request) error {
	ctx, ws, e := q.Context(), q.Workspace.ID, q.Env
	last, _, err := period(q)
	if err != nil {
		return err
	}
	tree, err := p.Themes.Tree(ctx, ws)
	if err != nil {
		return err
	}
	again, behind, err := p.reading(q)
	if err != nil {
		return err
	}
	asked := insight.Measure(q.URL.Query().Get("metric"))
	m, err := p.measure(ctx, ws, tree.All(), insight.Period{Last: last}, asked)
	if err != nil {
		return err
	}
	v := listView{May: q.Actor.May(identity.ThemesManage), Metric: m.metric, Texts: m.texts, AllTexts: m.allTexts, Behind: p.Labels.Behind()}
	sort, descending := strings.CutPrefix(q.URL.Query().Get("sort"), "-")
	address := func(set ...string) string {
		values := url.Values{}
		for _, name := range []string{"last", "metric", "sort"} {
			if x := q.URL.Query().Get(name); x != "" {
				values.Set(name, x)
			}
		}
		for i := 0; i+1 < len(set); i += 2 {
			if values.Set(set[i], set[i+1]); set[i+1] == "" {
				values.Del(set[i])
			}
		}
		if len(values) == 0 {
			return "/themes"
		}
		return "/themes?" + values.Encode()
	}
	v.Back = address()
	if v.Search, err = p.search(q); err != nil {
		return err
	}
	for _, x := range periods {
		v.Periods = append(v.Periods, ui.Tab{Label: e.T("period." + x.last), Href: address("last", x.last), Current: x.last == last, Count: -1})
	}
	for _, x := range m.metrics {
		v.Metrics = append(v.Metrics, ui.Tab{Label: e.T("measure." + string(x)), Href: address("metric", string(x)), Current: x == m.metric, Count: -1})
	}
	quotes, err := p.proposed(q, tree)
	if err != nil {
		return err
	}
	var all []row
	for _, t := range tree.All() {
		r := p.row(q, tree, t, m)
		if p.held(t, again, behind) {
			r.hold()
		}
		if t.State == theme.Proposed {
			v.Waiting++
			r.Quote = quotes[t.QuoteOf]
		}
		if t.State == theme.Forbidden {
			v.Unwanted = append(v.Unwanted, r)
			continue
		}
		all = append(all, r)
	}
	v.Impacts = slices.ContainsFunc(all, func(r row) bool { return r.Impact != "" })
	v.Flat = v.columns(e, sort, descending, address)
	if v.Flat {
		v.Rows = flat(tree, e.Tag(), all, sort, descending)
	} else {
		v.Rows = nested(tree, all)
	}
	v.Map = treemap(e, tree, all)
	v.Lead = e.T("themes.lead", "count", m.texts)
	return q.Render(http.StatusOK, listPage(q.Shell("themes", e.T("nav.themes")), v))
}

// proposed are the texts that stand for the themes which wait for a decision, by id, as the reader may see them. What was erased, or is
// too much for a page, is not among them.
func (p *Pages) proposed(q *web.Request, tree *theme.Tree) (map[string]string, error) {
	var ids []feedback.ID
	language := map[feedback.ID]string{}
	for _, t := range tree.All() {
		if t.State == theme.Proposed && t.QuoteOf != "" {
			of := feedback.ID(t.QuoteOf)
			ids, language[of] = append(ids, of), t.Language
		}
	}
	list, err := p.Feedback.GetWithin(q.Context(), q.Workspace.ID, ids, mostBytes)
	if err != nil {
		return nil, err
	}
	names, err := p.Words.Names(q, list)
	if err != nil {
		return nil, err
	}
	quotes := make(map[string]string, len(list))
	for _, f := range list {
		quotes[string(f.ID)] = figure.Plain(q, f.Text, language[f.ID], names[f.Contact])
	}
	return quotes, nil
}

// columns makes the heads of the table, and tells whether a figure sorts it.
func (v *listView) columns(e ui.Env, sort string, descending bool, address func(...string) string) (sorted bool) {
	add := func(key, label string, wide bool) {
		c := ui.Column{Label: label, End: key != "", Wide: wide}
		if key != "" {
			next := "-" + key
			if sort == key {
				sorted, c.Sorted = true, "asc"
				if descending {
					c.Sorted, next = "desc", key
				}
			}
			c.SortHref = address("sort", next) + "#tree"
		}
		v.Columns = append(v.Columns, c)
	}
	add("", e.T("field.theme"), false)
	add("n", e.T("measure.count"), false)
	add("share", e.T("themes.share"), true)
	add("change", e.T("themes.change"), true)
	add("net", e.T("measure.net_sentiment"), false)
	if v.Impacts { // before the score: on a phone it is still in sight
		add("impact", e.T("themes.impact."+string(v.Metric)), false)
	}
	if v.Metric != "" {
		add("score", e.T("measure."+string(v.Metric)), false)
	}
	if v.May && v.Waiting > 0 {
		v.Columns = append(v.Columns, ui.Column{Label: e.T("themes.decide"), Hidden: true})
	}
	if sort != "" && !sorted {
		return false
	}
	if sorted { // back to the tree
		v.Columns[0].SortHref = address("sort", "") + "#tree"
	}
	return sorted
}

// nested puts themes under those they belong to; the most frequent come first among those that stand together, after the pinned. What
// stands under a theme that is not among them comes on the top level: whatever counts is shown.
func nested(tree *theme.Tree, all []row) []row {
	shown := map[string]bool{}
	for _, r := range all {
		shown[r.ID] = true
	}
	byParent := map[string][]row{}
	for _, r := range all {
		parent := ""
		if t, _ := tree.Get(r.ID); shown[t.Parent] {
			parent = t.Parent
		}
		byParent[parent] = append(byParent[parent], r)
	}
	var out []row
	var walk func(parent string, depth int)
	walk = func(parent string, depth int) {
		list := byParent[parent]
		slices.SortStableFunc(list, func(a, b row) int {
			return cmp.Or(-cmp.Compare(flag(a.Pinned), flag(b.Pinned)), -cmp.Compare(a.n, b.n))
		})
		for _, r := range list {
			r.Depth = depth
			out = append(out, r)
			walk(r.ID, depth+1)
		}
	}
	walk("", 0)
	return out
}

// flat sorts the themes that stand for something by themselves, not as groups of the starting set; what has no figure comes last.
func flat(tree *theme.Tree, language string, all []row, sort string, descending bool) []row {
	value := func(r row) float64 {
		switch sort {
		case "n", "share":
			return float64(r.n)
		case "change":
			return r.change
		case "net":
			return r.net.value
		case "score":
			return r.score.value
		}
		return r.impact.value
	}
	var out []row
	for _, r := range all {
		t, _ := tree.Get(r.ID)
		if t.Origin == theme.Start && slices.ContainsFunc(tree.Children(r.ID), func(c theme.Theme) bool { return !c.Waits() }) {
			continue
		}
		if t.Parent != "" {
			r.Path = tree.Name(t.Parent, language)
		}
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(a, b row) int {
		x, y := value(a), value(b)
		switch {
		case math.IsNaN(x) || math.IsNaN(y):
			return cmp.Compare(flag(math.IsNaN(x)), flag(math.IsNaN(y)))
		case descending:
			return cmp.Compare(y, x)
		}
		return cmp.Compare(x, y)
	})
	return out
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// treemap draws how much is said about each theme, in the colour of how it is spoken of.
func treemap(e ui.Env, tree *theme.Tree, all []row) *ui.Chart {
	c := ui.Chart{ID: "map", Kind: "tree", Title: e.T("themes.map"), Dimension: e.T("field.theme"), Table: "#tree", Height: 340}
	size := ui.Series{Name: e.T("measure.count")}
	tone := ui.Series{Name: e.T("measure.net_sentiment")}
	at := map[string]int{}
	for _, r := range all {
		t, _ := tree.Get(r.ID)
		if r.n == 0 || t.Waits() { // what a run proposes is in the table, and here once somebody has accepted it
			continue
		}
		parent := -1
		if i, ok := at[t.Parent]; ok {
			parent = i
		}
		at[r.ID] = len(c.Labels)
		c.Labels, c.Parents = append(c.Labels, r.Name), append(c.Parents, parent)
		size.Values, size.Hrefs = append(size.Values, float64(r.n)), append(size.Hrefs, r.Href)
		net := math.NaN()
		if !r.NetSmall {
			net = r.net.value
		}
		tone.Values = append(tone.Values, net)
	}
	if len(c.Labels) == 0 {
		return nil
	}
	c.Series = []ui.Series{size, tone}
	c.Summary = e.T("themes.map_summary")
	return &c
}

// row writes a theme's figures out.
func (p *Pages) row(q *web.Request, tree *theme.Tree, t theme.Theme, m *measured) row {
	e := q.Env
	r := row{ID: t.ID, Name: t.Name(e.Tag()), Href: themeHref(t.ID), State: t.State, Pinned: t.Pinned, Rule: t.Rule != "", Lang: t.Language, numbers: m.of(t.ID)}
	if last := q.URL.Query().Get("last"); last != "" {
		r.Href += "?" + url.Values{"last": {last}}.Encode()
	}
	r.N = e.N(float64(r.n), 0)
	r.FeedbackHref = "/feedback?" + r.feedback
	if m.texts > 0 {
		r.Share = e.Percent(float64(r.n)/float64(m.texts), 1)
	}
	r.Change = r.changed(e)
	r.NetSmall = r.net.n < few
	if !math.IsNaN(r.net.value) && !r.NetSmall {
		r.Net, r.NetRange, r.NetTone = e.Signed(r.net.value, 0), r.net.interval(e), tone(r.net)
		low, high := min(0, r.net.value), max(0, r.net.value)
		r.NetBar = &bar{Start: decimal(50 + low/2), Width: decimal((high - low) / 2)}
	}
	if !math.IsNaN(r.score.value) && r.score.n >= few {
		write := func(v float64) string { return figure.Number(e, m.metric, v) }
		if m.metric == insight.NPS {
			write = func(v float64) string { return e.Signed(v, 0) }
		}
		r.Score = write(r.score.value)
		if r.score.has {
			r.ScoreRange = e.T("score.interval", "low", verbatim(write(r.score.low)), "high", verbatim(write(r.score.high)))
		}
	}
	if !math.IsNaN(r.impact.value) {
		r.Impact, r.ImpactRange, r.ImpactTone = r.impact.signed(e, r.impact.value), r.impact.interval(e), tone(r.impact)
	}
	return r
}

// tone is the colour of a figure that its interval sets apart from nought.
func tone(f estimate) string {
	switch {
	case !f.has || f.low <= 0 && f.high >= 0:
		return ""
	case f.value > 0:
		return "good"
	}
	return "bad"
}

// changed says whether more or less is said about a theme than in the period before, as its own page does.
func (r *row) changed(e ui.Env) *change {
	d := r.shift
	if d == nil || d.Difference == nil || d.Interval == nil || d.Verdict == "too_few" || r.n+r.before == 0 {
		return nil
	}
	r.change = *d.Difference
	c := &change{Up: *d.Difference > 0, Clear: d.Verdict == "clear", Text: e.Signed(100**d.Difference, 1), Verdict: say.Verdict(e.Locale, "share", *d)}
	c.Range = e.T("score.interval", "low", verbatim(e.Signed(100*d.Interval.Low, 1)), "high", verbatim(points(e, d.Interval.High)))
	if c.Clear && tone(r.net) != "" { // more of what is praised is good news, more of what is blamed is bad
		c.Tone = "bad"
		if c.Up == (r.net.value > 0) {
			c.Tone = "good"
		}
	}
	return c
}
