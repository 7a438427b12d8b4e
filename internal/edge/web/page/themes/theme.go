package themes

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/page/figure"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/label"
	"kolo/internal/understand/stat"
	"kolo/internal/understand/text"
	"kolo/internal/understand/theme"
	"kolo/internal/understand/theme/rule"
)

const (
	mostRead     = 80 // texts that quotes are chosen from
	mostQuotes   = 10
	mostSegments = 6
	mostOfField  = 3
	mostRelated  = 8
	mostFields   = 8 // attributes that segments are made of
)

// themeView is what the page of one theme shows.
type themeView struct {
	row
	Theme    theme.Theme
	About    string
	Named    string        // who or what named it
	Joined   []theme.Theme // the themes with rules that are a part of it now: what these find counts here
	Crumbs   []ui.Link
	Periods  []ui.Tab
	Scores   []ui.Score
	Trend    *ui.Chart
	Volume   *ui.Chart
	Quotes   []ui.Quote
	Segments []segment
	Related  []related
	Children []row
	Same     []sameAs
	All      string // address of all feedback with it
	Reading  bool   // texts are still being read, perhaps because of it
	Held     bool   // its figures are not shown: they would be of the texts alone that were read with its rule by now
	May      bool
	Back     string

	ImpactName, ImpactHelp string // of the score that it has an impact on

	Summarise string // address of the page with a summary, where there can be one
	Summary   *summary
}

// summary is what an outside model makes of what is said, or why it does not.
type summary struct{ Text, Model, Error string }

// sameAs is a theme of another language that may be the same.
type sameAs struct{ ID, Name, Language, Href, Model string }

// segment is a group of customers among whom more is said about a theme than among the others.
type segment struct {
	Field, Value, Href string
	Share, Rest        string
	N                  int64
	difference, p      float64
	clear              bool // more than chance explains, looked at by itself, and enough to care about
}

// related is a theme that is spoken of in the same texts.
type related struct {
	Name, Href, Both string
	Count            string
	hits             int64
}

// living is the theme of the address; what was merged away leads to what it is a part of, and then ok is false.
func (p *Pages) living(q *web.Request) (tree *theme.Tree, t theme.Theme, ok bool, err error) {
	if tree, err = p.Themes.Tree(q.Context(), q.Workspace.ID); err != nil {
		return nil, t, false, err
	}
	t, ok = tree.Get(q.PathValue("id"))
	if !ok {
		return nil, t, false, fault.New(fault.NotFound, "themes", "there is no such theme here")
	}
	if t.State == theme.Merged {
		into := tree.Resolve(t.ID)
		if into == "" {
			return nil, t, false, fault.New(fault.NotFound, "themes", "there is no such theme here")
		}
		q.Redirect(themeHref(into))
		return tree, t, false, nil
	}
	return tree, t, true, nil
}

func (p *Pages) theme(q *web.Request) error { return p.show(q, false) }

// summary is the page with what an outside model makes of the quotes. Nothing personal is sent for it.
func (p *Pages) summary(q *web.Request) error {
	if !p.Assist.On() {
		return fault.New(fault.NotFound, "themes.summary", "there is nothing that summarises")
	}
	return p.show(q, true)
}

func (p *Pages) show(q *web.Request, summarise bool) error {
	tree, t, ok, err := p.living(q)
	if !ok {
		return err
	}
	if err := figure.NameKnown(q, p.Insight); err != nil { // now, for what follows is asked all at once
		return err
	}
	e := q.Env
	last, bucket, err := period(q)
	if err != nil {
		return err
	}
	v := themeView{Theme: t, About: t.About[e.Tag()], Named: t.NamedBy, May: q.Actor.May(identity.ThemesManage), Back: themeHref(t.ID) + "?last=" + last,
		All: "/feedback?" + url.Values{"theme": {t.ID}, "last": {last}}.Encode()}
	if v.About == "" {
		v.About = t.About["en"]
	}
	for _, x := range tree.Every() {
		if x.State == theme.Merged && x.Rule != "" && tree.Resolve(x.ID) == t.ID {
			v.Joined = append(v.Joined, x)
		}
	}
	for _, x := range periods {
		v.Periods = append(v.Periods, ui.Tab{Label: e.T("period." + x.last), Href: themeHref(t.ID) + "?last=" + x.last, Current: x.last == last, Count: -1})
	}
	v.Crumbs = []ui.Link{{Label: e.T("nav.themes"), Href: "/themes?last=" + last}}
	var above []ui.Link
	for at := t.Parent; at != ""; {
		x, _ := tree.Get(at)
		above = append(above, ui.Link{Label: x.Name(e.Tag()), Href: themeHref(x.ID) + "?last=" + last})
		at = x.Parent
	}
	slices.Reverse(above)
	v.Crumbs = append(v.Crumbs, above...)

	b := &builder{Pages: p, q: q, tree: tree, id: t.ID, period: insight.Period{Last: last}, bucket: bucket, under: tree.Under(t.ID)}
	again, behind, err := p.reading(q) // before the figures are asked for: what is read meanwhile is announced once too often, not too seldom
	if err != nil {
		return err
	}
	v.Reading, v.Held = again || behind, p.held(t, again, behind)
	var m *measured
	g, ctx := errgroup.WithContext(q.Context())
	g.Go(func() (err error) {
		m, err = p.measure(ctx, q.Workspace.ID, []theme.Theme{t}, b.period, "")
		return err
	})
	g.Go(func() error { return b.scores(ctx, &v) })
	g.Go(func() error { return b.segments(ctx, &v) })
	g.Go(func() error { return b.related(ctx, &v) })
	if err := g.Wait(); err != nil {
		return err
	}
	if err := b.quotes(&v); err != nil {
		return err
	}
	switch {
	case summarise:
		if v.Summary, err = b.summary(); err != nil {
			return err
		}
	case p.Assist.On() && len(b.said) > 0:
		v.Summarise = themeHref(t.ID) + "/summary?last=" + last
	}
	if v.Same, err = b.same(); err != nil {
		return err
	}
	v.row = p.row(q, tree, t, m)
	if v.Impact != "" {
		v.ImpactName, v.ImpactHelp = e.T("themes.impact."+string(m.metric)), e.T("themes.impact_help."+m.unit, "measure", verbatim(e.T("measure."+string(m.metric))))
	}
	b.tint(&v)
	for _, c := range tree.Children(t.ID) {
		if c.State != theme.Forbidden && !c.Waits() {
			r := p.row(q, tree, c, m)
			if p.held(c, again, behind) {
				r.hold()
			}
			v.Children = append(v.Children, r)
		}
	}
	if v.Held {
		v.hold(e)
	}
	slices.SortStableFunc(v.Children, func(a, b row) int { return -cmp.Compare(a.n, b.n) })
	return q.Render(http.StatusOK, themePage(q.Shell("themes", v.Name), v))
}

// builder gathers what there is to say about one theme.
type builder struct {
	*Pages
	q      *web.Request
	tree   *theme.Tree
	id     string
	under  []string
	period insight.Period
	bucket string
	said   []string // the newest texts about it, copies once
}

func (b *builder) ask(ctx context.Context, question insight.Query) (*insight.Answer, error) {
	question.Between = b.period
	return b.Insight.AskFor(ctx, b.q.Workspace.ID, b.q.Actor, question)
}

// reading tells why figures may lack what is not read yet: all of it is read again, as it is after a rule was written, or the columns are
// behind what came in.
func (p *Pages) reading(q *web.Request) (again, behind bool, err error) {
	ctx := q.Context()
	if again, err = p.Labels.Rereading(ctx, q.Workspace.ID); err != nil || again {
		return again, false, err
	}
	settled, err := p.Store.Settled(ctx, "feedback")
	if err != nil {
		return false, false, err
	}
	ready, err := p.Insight.CaughtUp(ctx, settled)
	return false, !ready, err
}

// Texts are read again within a day, and what was read stands in the columns some moments later. Who changed a theme longer ago than that
// is not kept from its figures by what is read for another.
const (
	rereadFor = 24 * time.Hour
	settleFor = 5 * time.Minute
)

// held tells whether a theme's figures are of a part of the texts, so that they say something false: its rule is new, and not all texts were
// read with it yet.
func (p *Pages) held(t theme.Theme, again, behind bool) bool {
	age := p.Store.Clock().Now().Sub(t.ChangedAt)
	return t.Rule != "" && (again && age < rereadFor || behind && age < settleFor)
}

// hold takes back what a page says of a theme in figures.
func (v *themeView) hold(e ui.Env) {
	v.row.hold()
	v.Trend, v.Volume, v.Segments, v.Related = nil, nil, nil, nil
	v.Scores = []ui.Score{{Label: e.T("themes.share"), Waits: e.T("themes.read_first")}, {Label: e.T("measure.net_sentiment"), Waits: e.T("themes.read_first")}}
}

func (b *builder) about() insight.Condition {
	return insight.Condition{Field: "theme", Op: "in", Values: []string{b.id}}
}

func (b *builder) aboutIt() insight.Conditions { return append(slices.Clone(worded), b.about()) }

// own asks a question of this theme, with all that stands under it, as one group: in words that a file of its figures can be asked for with, too.
func (b *builder) own(ctx context.Context, question insight.Query) (*insight.Answer, error) {
	field, about := "theme", b.about()
	if len(b.tree.Children(b.id)) > 0 {
		field = "theme_group"
		about.Values = append(about.Values, b.id) // named twice it is not opened into what stands under it
	}
	question.Where, question.By, question.Limit = append(slices.Clone(worded), about), []string{field}, 5000
	a, err := b.ask(ctx, question)
	if err != nil {
		return nil, err
	}
	own := *a
	own.By, own.Rows, own.Total = nil, nil, insight.Row{}
	for _, r := range a.Rows {
		if r.Keys[field] == b.id {
			if own.Rows = append(own.Rows, r); question.Bucket == "" {
				own.Total = r
			}
		}
	}
	return &own, nil
}

// scores fills in the figures on top and the two charts.
func (b *builder) scores(ctx context.Context, v *themeView) error {
	e := b.q.Env
	var share, volume, net, trend *insight.Answer
	given := make([]*insight.Answer, len(scores))
	previous := &insight.Compare{To: "previous"}
	g, ctx := errgroup.WithContext(ctx)
	ask := func(into **insight.Answer, question insight.Query) {
		g.Go(func() (err error) { *into, err = b.ask(ctx, question); return err })
	}
	ask(&share, insight.Query{Measure: insight.Share, Share: insight.Conditions{b.about()}, Where: worded, Bucket: b.bucket, Compare: previous})
	ask(&volume, insight.Query{Measure: insight.Count, Where: b.aboutIt(), Bucket: b.bucket})
	mentions := insight.Query{Measure: insight.ThemeSentiment, Compare: previous}
	g.Go(func() (err error) { net, err = b.own(ctx, mentions); return err })
	weekly := insight.Query{Measure: insight.ThemeSentiment, Bucket: b.bucket}
	g.Go(func() (err error) { trend, err = b.own(ctx, weekly); return err })
	without := &insight.Compare{Where: insight.Conditions{{Field: "theme", Op: "not_in", Values: []string{b.id}}}}
	for i, s := range scores {
		ask(&given[i], insight.Query{Measure: s, Where: b.aboutIt(), Compare: without})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	s := figure.Named(e, e.T("themes.share"), share, "previous", e.T("home.against"))
	s.Href, s.Min, s.Max, s.Decimals = v.All, 0, 0, 1 // as many as the list of themes has
	if volume.Total.N > 0 {
		s.Of = e.T("themes.of_texts", "n", volume.Total.N, "texts", share.Total.N)
	}
	v.Scores = append(v.Scores, s)
	net.Rows = trend.Rows
	s = figure.Named(e, e.T("measure.net_sentiment"), net, "previous", e.T("home.against"))
	s.Href = v.All
	v.Scores = append(v.Scores, s)
	for _, a := range given {
		if a.Total.N < few {
			continue
		}
		a.Rows = nil
		v.Scores = append(v.Scores, figure.Score(e, a, "theme", e.T("themes.than_rest")))
	}
	if c, ok := figure.Chart(e, "volume", volume); ok {
		v.Volume = &c
	}
	trend.Total = net.Total
	if c, ok := figure.Chart(e, "trend", trend); ok {
		c.Title = e.T("measure.net_sentiment")
		if len(c.Series) > 0 {
			c.Series[0].Name = c.Title
		}
		v.Trend = &c
	}
	return nil
}

// tint says whether more of the theme is good news: of what is praised it is.
func (b *builder) tint(v *themeView) {
	for i := range v.Scores {
		if s := &v.Scores[i]; i == 0 && s.Change != nil {
			s.Change.Good, s.Change.Neutral = v.NetTone == "good", v.NetTone == ""
		}
	}
}

// segments finds where the theme is spoken of most.
func (b *builder) segments(ctx context.Context, v *themeView) error {
	e := b.q.Env
	fields := []string{"channel", "touchpoint", "language"}
	var register []feedback.Field
	if err := b.Store.View(ctx, func(tx *store.Tx) (err error) {
		register, err = feedback.Fields(tx, b.q.Workspace.ID)
		return err
	}); err != nil {
		return err
	}
	for _, f := range register {
		name := f.Field + "." + f.Key
		if !f.Hidden && f.Field != "answer" && f.Kind == "text" && len(fields) < 3+mostFields {
			fields = append(fields, name)
		}
	}
	answers := make([]*insight.Answer, len(fields))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i, f := range fields {
		g.Go(func() (err error) {
			// What has no value is no part of the rest: texts of another source, which never have one, would make all of this one stand out.
			where := append(slices.Clone(worded), insight.Condition{Field: f, Op: "not_empty"})
			answers[i], err = b.ask(ctx, insight.Query{Measure: insight.Share, Share: insight.Conditions{b.about()}, By: []string{f}, Where: where, Compare: &insight.Compare{To: "rest"}, Limit: 50})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	var all []segment
	for i, a := range answers {
		for _, r := range a.Rows {
			c := r.Compare
			if r.Keys[fields[i]] == "" || r.Value == nil || r.Note == "too_few" || c == nil || c.Value == nil || c.Difference == nil || c.P == nil {
				continue
			}
			s := segment{Field: figure.Field(e, fields[i]), Value: figure.Value(e, fields[i], r.Keys[fields[i]]), Share: e.Percent(*r.Value, 0),
				Rest: e.Percent(*c.Value, 0), N: r.N, difference: *c.Difference, p: *c.P, clear: c.Distinguishable}
			if r.Feedback != nil { // otherwise its value is covered
				s.Href = "/feedback?" + insight.Encode(append(b.aboutIt()[1:], insight.Condition{Field: fields[i], Op: "in", Values: []string{r.Keys[fields[i]]}}), b.period).Encode()
			}
			all = append(all, s)
		}
	}
	var err error
	v.Segments, err = outstanding(all)
	return err
}

// outstanding are the segments in which more is said than among the others: told apart by tests that allow for how many segments were
// looked at, the largest differences first, and a few of each field.
func outstanding(all []segment) (out []segment, err error) {
	p := make([]float64, len(all))
	for i, s := range all {
		p[i] = s.p
	}
	q, err := stat.BenjaminiHochberg(p)
	if err != nil {
		return nil, err
	}
	for i, s := range all {
		if s.clear && s.difference > 0 && q[i] <= stat.ExploreQ {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(x, y segment) int { return cmp.Compare(y.difference, x.difference) })
	of := map[string]int{}
	out = slices.DeleteFunc(out, func(s segment) bool {
		of[s.Field]++
		return of[s.Field] > mostOfField
	})
	return out[:min(len(out), mostSegments)], nil
}

// related finds the themes that are spoken of in the same texts more often than in others. Those that it stands under are in all of its
// texts, and say nothing.
func (b *builder) related(ctx context.Context, v *themeView) error {
	e := b.q.Env
	a, err := b.ask(ctx, insight.Query{Measure: insight.Share, Share: insight.Conditions{b.about()}, By: []string{"theme"}, Where: worded, Compare: &insight.Compare{To: "rest"}, Limit: 5000})
	if err != nil {
		return err
	}
	above := b.above()
	for _, r := range a.Rows {
		id, c := r.Keys["theme"], r.Compare
		if id == "" || slices.Contains(b.under, id) || slices.Contains(above, id) || r.Parts == nil || r.Parts.Hits == nil || *r.Parts.Hits < few || c == nil || c.Difference == nil || !c.Distinguishable || *c.Difference <= 0 {
			continue
		}
		name := b.tree.Name(id, e.Tag())
		v.Related = append(v.Related, related{Name: name, Href: themeHref(id) + "?last=" + b.period.Last, hits: *r.Parts.Hits, Count: e.N(float64(*r.Parts.Hits), 0),
			Both: "/feedback?" + url.Values{"theme": {b.id}, "theme_only": {id}, "last": {b.period.Last}}.Encode()})
	}
	slices.SortStableFunc(v.Related, func(x, y related) int { return cmp.Compare(y.hits, x.hits) })
	v.Related = v.Related[:min(len(v.Related), mostRelated)]
	return nil
}

// above are the themes that it stands under, the next one first.
func (b *builder) above() (ids []string) {
	for t, _ := b.tree.Get(b.id); t.Parent != ""; t, _ = b.tree.Get(t.Parent) {
		ids = append(ids, t.Parent)
	}
	return ids
}

// quotes chooses what to show of the customers' words: the text that stands for the theme, then the newest, copies of one another once, each
// with as many others as the page has that its link leads to.
func (b *builder) quotes(v *themeView) error {
	ctx, ws := b.q.Context(), b.q.Workspace.ID
	found, err := b.Insight.FindWithin(ctx, ws, b.aboutIt(), b.period, "", mostRead, mostBytes)
	if err != nil {
		return err
	}
	list := found.Feedback
	if of := feedback.ID(v.Theme.QuoteOf); of != "" {
		first, err := b.Feedback.GetMany(ctx, ws, []feedback.ID{of})
		if err != nil {
			return err
		}
		first = slices.DeleteFunc(first, func(f feedback.Feedback) bool { return f.Text == "" })
		list = append(first, slices.DeleteFunc(slices.Clone(list), func(f feedback.Feedback) bool { return f.ID == of })...)
	}
	keys, counts, err := b.Insight.Alike(ctx, ws, b.aboutIt(), b.period, list)
	if err != nil {
		return err
	}
	var same text.Duplicates
	var groups []alike
	for _, f := range list {
		at, _ := same.Add(string(f.ID), text.Words(f.Text))
		if at == len(groups) {
			groups = append(groups, alike{Feedback: f})
		}
		groups[at].add(keys[f.ID], counts)
	}
	chosen := make([]feedback.Feedback, len(groups))
	people := make([]contact.ID, len(groups))
	for i, g := range groups {
		chosen[i], people[i] = g.Feedback, g.Contact
	}
	if b.Assist.On() {
		known, err := b.Words.Contacts.Names(b.q.Context(), ws, people)
		if err != nil {
			return err
		}
		for _, f := range chosen {
			b.said = append(b.said, label.Tell(f, "", true, known[f.Contact]).Text)
		}
	}
	n := min(len(chosen), mostQuotes)
	names, err := b.Words.Names(b.q, chosen[:n])
	if err != nil {
		return err
	}
	if v.Quotes, err = b.Words.Marked(b.q, chosen[:n], b.reason(names)); err != nil {
		return err
	}
	for i := range v.Quotes {
		g := groups[i]
		if string(g.ID) == v.Theme.QuoteOf && g.all > 0 { // it may be of another time, or no longer about the theme: then all of them are others
			within := append(b.aboutIt(), insight.Condition{Field: "id", Op: "in", Values: []string{string(g.ID)}})
			itself, err := b.Insight.Ask(ctx, ws, insight.Query{Measure: insight.Count, Where: within, Between: b.period})
			if err != nil {
				return err
			}
			g.all += 1 - itself.Total.N
		}
		v.Quotes[i].Copies = int(max(g.all, g.read) - 1)
		if v.Quotes[i].Copies > 0 && len(g.keys) > 0 {
			v.Quotes[i].CopiesAt = "/feedback?" + url.Values{"theme": {b.id}, "last": {b.period.Last}, "copy": g.keys}.Encode()
		}
	}
	return nil
}

// alike is a text with those that say the same.
type alike struct {
	feedback.Feedback
	keys      []string // what all of them are found by
	read, all int64    // how many were read for the page, and how many there are
}

// add counts one more text that says it, and all that have its very words.
func (a *alike) add(key string, counts map[string]int64) {
	a.read++
	if key != "" && !slices.Contains(a.keys, key) {
		a.keys = append(a.keys, key)
		a.all += counts[key]
	}
}

// reason finds what in a text speaks of the theme: the words that its rules ask for, and the clauses that were found to be about it.
func (b *builder) reason(names map[contact.ID][]string) func(feedback.Feedback, label.Label) []text.Span {
	var rules []*rule.Rule
	for _, id := range b.under {
		t, _ := b.tree.Get(id)
		if r, err := rule.Parse(t.Rule); err == nil {
			rules = append(rules, r)
		}
	}
	return func(f feedback.Feedback, l label.Label) (spans []text.Span) {
		if len(rules) > 0 {
			t := rule.NewText(wordsFor(b.q.Actor, f, l.Language, names[f.Contact]), l.Language)
			for _, r := range rules {
				_, hits := r.Match(t)
				spans = append(spans, hits...)
			}
		}
		if len(spans) > 0 || l.Hash != label.HashOf(f.Text) || len(l.Clauses) < 2 {
			return spans
		}
		for _, c := range l.Clauses {
			for _, x := range c.Themes {
				if slices.Contains(b.under, x.Theme) {
					spans = append(spans, c.Span)
					break
				}
			}
		}
		return spans
	}
}

// patience is how long a page waits for an outside model.
const patience = 45 * time.Second

// summary asks an outside model what customers say about the theme, in the reader's language.
func (b *builder) summary() (*summary, error) {
	e := b.q.Env
	if len(b.said) == 0 {
		return &summary{Error: e.T("summary.nothing")}, nil
	}
	ctx, cancel := context.WithTimeout(b.q.Context(), patience)
	defer cancel()
	a, err := b.Assist.Summarise(ctx, b.q.Workspace.ID, b.said, e.Tag())
	switch {
	case err == nil:
		return &summary{Text: a.Text, Model: a.Model}, nil
	case fault.Is(err, fault.Busy), ctx.Err() != nil && b.q.Context().Err() == nil:
		return &summary{Error: e.T("translate.busy")}, nil
	case fault.Is(err, fault.Invalid): // nothing is left of the texts once they were masked
		return &summary{Error: e.T("summary.nothing")}, nil
	}
	return nil, err
}

// same are the themes of other languages that may be this one.
func (b *builder) same() ([]sameAs, error) {
	list, err := b.Themes.SameAs(b.q.Context(), b.q.Workspace.ID, b.tree, b.id)
	var out []sameAs
	for _, x := range list {
		t, _ := b.tree.Get(x.Other)
		out = append(out, sameAs{ID: t.ID, Name: t.Name(b.q.Env.Tag()), Language: ui.OwnName(t.Language), Href: themeHref(t.ID), Model: x.Model})
	}
	return out, err
}

// apart keeps that two themes are not the same, whatever a model thinks.
func (p *Pages) apart(q *web.Request) error {
	_, t, ok, err := p.living(q)
	if !ok {
		return err
	}
	if err := p.Themes.Apart(q.Context(), q.Workspace.ID, q.Actor, t.ID, q.PostFormValue("other")); err != nil {
		return err
	}
	q.Flash("good", "themes.said.apart")
	q.Redirect(themeHref(t.ID))
	return nil
}
