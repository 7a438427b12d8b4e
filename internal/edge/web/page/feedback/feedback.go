// Package feedback serves the list of feedback with its filters, and each piece of feedback by itself.
package feedback

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/page/figure"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/listen/imports"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/assist"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/label"
	"kolo/internal/understand/search"
)

// Pages serves them.
type Pages struct {
	Store    *store.DB
	Feedback *feedback.Service
	Insight  *insight.Service
	Labels   *label.Service
	Words    figure.Words
	Assist   *assist.Service // translates, where there is an outside language model
}

// Register adds the routes to the site.
func (p *Pages) Register(s *web.Site) {
	s.Page("GET /feedback", identity.FeedbackRead, p.list)
	s.Page("GET /feedback/{id}", identity.FeedbackRead, p.detail)
	s.Page("POST /feedback/{id}/correct", identity.LabelsCorrect, p.correct)
	s.Page("GET /feedback/{id}/translation", identity.FeedbackRead, p.translation)
	s.Page("GET /feedback/{id}/remove", identity.Erase, p.removeForm)
	s.Page("POST /feedback/{id}/remove", identity.Erase, p.remove)
}

// own are names in the query string that are the page's own, not filters.
var own = []string{"cursor", "limit", "sort"}

type listView struct {
	Quotes []ui.Quote
	Facets []ui.Facet
	Chips  []ui.Chip
	Pager  ui.Page
	Export string // query string of the export
	Sorts  []ui.Tab
	Fresh  bool   // the workspace has no feedback at all
	Denied string // the message where it was asked for what would say who customers are
}

func (p *Pages) list(q *web.Request) error {
	ctx, ws, values := q.Context(), q.Workspace.ID, q.URL.Query()
	if values.Get("q") == "" {
		values.Del("q") // an empty search box is no filter
	}
	cond, period, err := insight.Decode(values, own...)
	if err != nil {
		return err
	}
	const shown = 25
	sorted := ""
	if values.Get("q") != "" && values.Get("sort") == "best" {
		sorted = "best"
	}
	if err := p.Insight.MayAskOf(ctx, ws, q.Actor, period, cond); fault.Is(err, fault.Denied) {
		filters := maps.Clone(values)
		maps.DeleteFunc(filters, func(name string, _ []string) bool { return slices.Contains(own, name) })
		if err := figure.NameKnown(q, p.Insight); err != nil {
			return err
		}
		why := "feedback.denied"
		if f := (*fault.Error)(nil); errors.As(err, &f) && !slices.ContainsFunc(f.Fields, func(x fault.Field) bool { return x.Code != insight.Digits }) {
			why = "feedback.denied_digits"
		}
		return q.Render(http.StatusForbidden, listPage(q.Shell("feedback", q.Env.T("nav.feedback")), listView{Denied: why, Chips: chips(q.Env, filters)}))
	} else if err != nil {
		return err
	}
	found, err := p.Insight.FindGroups(ctx, ws, cond, period, values.Get("cursor"), shown, sorted != "")
	if err != nil {
		return err
	}
	list := make([]feedback.Feedback, len(found.Groups))
	for i, g := range found.Groups {
		list[i] = g.Feedback
	}
	var v listView
	if v.Quotes, err = p.Words.Quotes(q, list, search.Parse(values.Get("q")).Spans); err != nil {
		return err
	}
	count, err := p.Insight.Ask(ctx, ws, insight.Query{Measure: insight.Count, Where: cond, Between: period})
	if err != nil {
		return err
	}
	filters := url.Values{}
	for k, x := range values {
		if !slices.Contains(own, k) {
			filters[k] = x
		}
	}
	v.Pager = ui.Page{Shown: len(v.Quotes), Total: count.Total.N}
	for i, g := range found.Groups {
		if g.Others > 0 {
			all := clone(filters)
			all["copy"] = g.Keys
			if p.Insight.MayAsk(ctx, ws, q.Actor, cond, insight.Conditions{{Field: "copy", Op: "in", Values: g.Keys}}) != nil {
				all = url.Values{"copy": g.Keys} // what was searched for must not be asked of single texts
			}
			v.Quotes[i].Copies, v.Quotes[i].CopiesAt = int(g.Others), "/feedback?"+all.Encode()
			v.Pager.Alike += int(g.Others)
		}
	}
	v.Export = filters.Encode()
	if found.Next != "" {
		next := clone(filters)
		if sorted != "" {
			next.Set("sort", sorted)
		}
		v.Pager.Next = "/feedback?" + with(next, "cursor", found.Next)
	}
	if values.Get("cursor") != "" {
		v.Pager.Prev = "/feedback?" + filters.Encode() // back to the newest
	}
	if strings.Contains(v.Export, "import") { // it may be shown, by its id alone
		if err := figure.NameImports(q, p.Store); err != nil {
			return err
		}
	}
	if err := figure.NameKnown(q, p.Insight); err != nil {
		return err
	}
	if values.Get("q") != "" {
		v.Sorts = []ui.Tab{{Label: q.Env.T("search.newest"), Href: "/feedback?" + filters.Encode(), Current: sorted == ""},
			{Label: q.Env.T("search.best"), Href: "/feedback?" + with(filters, "sort", "best"), Current: sorted != ""}}
	}
	v.Chips = chips(q.Env, filters)
	if v.Facets, err = p.facets(q, cond, period, filters); err != nil {
		return err
	}
	v.Fresh = len(v.Quotes) == 0 && len(filters) == 0 && found.Next == "" && values.Get("cursor") == ""
	return q.Render(http.StatusOK, listPage(q.Shell("feedback", q.Env.T("nav.feedback")), v))
}

// with is a query string with one value set.
func with(v url.Values, name, value string) string {
	c := clone(v)
	c.Set(name, value)
	return c.Encode()
}

func clone(v url.Values) url.Values {
	c := make(url.Values, len(v))
	for k, x := range v {
		c[k] = slices.Clone(x)
	}
	return c
}

// without is the page with one value less.
func without(v url.Values, name, value string) string {
	c := clone(v)
	c[name] = slices.DeleteFunc(c[name], func(x string) bool { return x == value })
	if len(c[name]) == 0 {
		c.Del(name)
	}
	return "/feedback?" + c.Encode()
}

func chips(e ui.Env, filters url.Values) []ui.Chip {
	var out []ui.Chip
	names := make([]string, 0, len(filters))
	for n := range filters {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		field, op := insight.SplitName(n)
		if op == "in" {
			op = ""
		} else {
			op = e.T("op." + op)
		}
		label := figure.Field(e, field)
		switch n {
		case "q":
			label = e.T("filter.text")
		case "from", "to":
			label = e.T("filter." + n)
		case "last":
			label = e.T("bucket.label")
		}
		if n == "copy" { // one text in several spellings
			c := clone(filters)
			c.Del(n)
			out = append(out, ui.Chip{Value: e.T("filter.copies"), Href: "/feedback?" + c.Encode()})
			continue
		}
		for _, value := range filters[n] {
			text := value
			switch {
			case n == "last" && e.Has("period."+value):
				text = e.T("period." + value)
			case value == "":
				text = ""
			case n != "q" && n != "from" && n != "to" && (op == "" || field == "import"):
				text = figure.Value(e, field, value)
			}
			out = append(out, ui.Chip{Label: label, Value: strings.TrimSpace(op + " " + text), Href: without(filters, n, value)})
		}
	}
	return out
}

// facetFields are offered beside the list; attributes follow them.
var facetFields = []string{"theme_group", "sentiment", "channel", "kind", "nps_group", "csat_group", "language", "touchpoint", "source", "survey"}

func (p *Pages) facets(q *web.Request, cond insight.Conditions, period insight.Period, filters url.Values) ([]ui.Facet, error) {
	names := slices.Clone(facetFields)
	var fields []feedback.Field
	err := p.Store.View(q.Context(), func(tx *store.Tx) (err error) {
		fields, err = feedback.Fields(tx, q.Workspace.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, f := range fields {
		name := f.Field + "." + f.Key
		if !f.Hidden && f.Field != "answer" && f.Kind == "text" && len(names) < 14 {
			names = append(names, name)
		}
	}
	for name := range filters { // what is filtered by is shown, also where it is not offered
		field, op := insight.SplitName(name)
		if _, err := parse(field); err == nil && op == "in" && name == insight.FilterName(field, op) {
			name = field
		} else {
			continue
		}
		if !slices.Contains(names, name) && name != "q" && name != "id" && name != "contact" && name != "import" && name != "copy" {
			names = append(names, name)
		}
	}
	const most = 8
	counted, err := p.Insight.Facets(q.Context(), q.Workspace.ID, q.Actor, cond, period, names, most)
	if err != nil {
		return nil, err
	}
	var out []ui.Facet
	for _, c := range counted {
		f := ui.Facet{Label: figure.Field(q.Env, c.Field)}
		some := false
		for _, x := range c.Values {
			name, value := insight.FilterName(c.Field, "in"), x.Value
			if value == "" {
				continue // what has no value is found with Explore
			}
			some = true
			o := ui.FacetOption{Label: figure.Value(q.Env, c.Field, value), Count: x.N, On: slices.Contains(filters[name], value)}
			if name == "channel" {
				o.Icon = ui.ChannelIcon(value)
			}
			if o.On {
				o.Href = without(filters, name, value)
			} else {
				v := clone(filters)
				v.Add(name, value)
				o.Href = "/feedback?" + v.Encode()
			}
			f.Options = append(f.Options, o)
		}
		f.Closed = len(out) >= 5 && len(filters[insight.FilterName(c.Field, "in")]) == 0
		if some {
			out = append(out, f)
		}
	}
	return out, nil
}

// parse tells whether a name in the query string is that of a field.
func parse(name string) (insight.Query, error) {
	q := insight.Query{Measure: insight.Count, By: []string{name}}
	return q, q.Validate()
}

type detailView struct {
	Quote   ui.Quote
	Facts   []ui.Fact
	Answers []ui.Fact
	Extra   []ui.Fact
	Earlier []ui.Quote // by the same contact
	Contact string     // address of the contact
	Erased  bool
	Remove  string // address of the page that asks before it is removed, for those who may

	Understood *ui.Understood // nil while nothing was read of it
	Translate  string         // address of a translation into the reader's language, where there can be one
	Translated *translated
}

// translated is what an outside model made of a text, or why it did not.
type translated struct{ Text, Lang, Model, Error string }

func (p *Pages) detail(q *web.Request) error { return p.show(q, nil) }

// translation is the page with the text in the reader's language beside it. Nothing personal is sent for it.
func (p *Pages) translation(q *web.Request) error {
	f, err := p.Feedback.Get(q.Context(), q.Workspace.ID, feedback.ID(q.PathValue("id")))
	if err != nil {
		return err
	}
	if f.Text == "" || !p.Assist.On() {
		return fault.New(fault.NotFound, "feedback.translation", "there is nothing to translate, or nothing that translates")
	}
	names, err := p.Words.Contacts.Names(q.Context(), q.Workspace.ID, []contact.ID{f.Contact})
	if err != nil {
		return err
	}
	t := &translated{Lang: q.Env.Tag()}
	a, err := p.Assist.Translate(q.Context(), q.Workspace.ID, label.Tell(f, "", true, names[f.Contact]).Text, q.Env.Tag())
	switch {
	case fault.Is(err, fault.Busy):
		t.Error = q.Env.T("translate.busy")
	case err != nil:
		return err
	}
	t.Text, t.Model = a.Text, a.Model
	return p.show(q, t)
}

func (p *Pages) show(q *web.Request, t *translated) error {
	f, err := p.Feedback.Get(q.Context(), q.Workspace.ID, feedback.ID(q.PathValue("id")))
	if err != nil {
		return err
	}
	list := []feedback.Feedback{f}
	if f.Contact != "" && q.Actor.May(identity.ContactsRead) {
		same, err := p.Feedback.List(q.Context(), q.Workspace.ID, feedback.Filter{Contact: f.Contact, Limit: 11})
		if err != nil {
			return err
		}
		for _, x := range same {
			if x.ID != f.ID {
				list = append(list, x)
			}
		}
	}
	quotes, err := p.Words.Quotes(q, list, nil)
	if err != nil {
		return err
	}
	if f.Import != "" {
		if err := figure.NameImports(q, p.Store); err != nil {
			return err
		}
	}
	if err := figure.NameKnown(q, p.Insight); err != nil {
		return err
	}
	hidden, err := p.Words.Contacts.Hidden(q.Context(), q.Workspace.ID, q.Actor)
	if err != nil {
		return err
	}
	names, err := p.Words.Names(q, list[:1])
	if err != nil {
		return err
	}
	f = label.Masked(f, label.Tell(f, "", false, names[f.Contact]), !q.Actor.May(identity.ContactsIdentify), hidden) // its text is masked where it is marked up
	e := q.Env                                                                                                       // with the names
	v := detailView{Quote: quotes[0], Erased: f.ErasedAt != nil, Earlier: quotes[1:]}
	v.Quote.Href = ""
	if q.Actor.May(identity.Erase) {
		v.Remove = "/feedback/" + string(f.ID) + "/remove"
	}
	v.Contact = v.Quote.WhoHref
	if v.Understood, err = p.Words.Understood(q, f); err != nil {
		return err
	}
	if v.Translated = t; t == nil && p.Assist.On() && f.Text != "" && v.Quote.Lang != e.Tag() {
		v.Translate = "/feedback/" + string(f.ID) + "/translation"
	}
	fact := func(to *[]ui.Fact, label, text string) {
		if text != "" {
			*to = append(*to, ui.Fact{Label: label, Text: text})
		}
	}
	fact(&v.Facts, e.T("field.kind"), figure.Value(e, "kind", f.Kind))
	fact(&v.Facts, e.T("field.channel"), figure.Value(e, "channel", f.Channel))
	fact(&v.Facts, e.T("field.source"), f.Source)
	if f.Import != "" {
		fact(&v.Facts, e.T("field.import"), figure.Value(e, "import", f.Import))
	}
	if row, ok := imports.RowOf(f.ExternalID); ok { // no id that anybody gave
		fact(&v.Facts, e.T("import.row"), e.N(float64(row), 0))
	} else {
		fact(&v.Facts, e.T("field.external_id"), f.ExternalID)
	}
	fact(&v.Facts, e.T("field.time"), e.Given(f.Time))
	fact(&v.Facts, e.T("field.received_at"), e.DateTime(f.ReceivedAt))
	fact(&v.Facts, e.T("field.touchpoint"), f.Touchpoint)
	fact(&v.Facts, e.T("field.survey"), strings.TrimSpace(f.Survey+" "+f.SurveyVersion))
	if f.Language != "" {
		fact(&v.Facts, e.T("field.language"), ui.OwnName(f.Language))
	}
	for _, s := range f.Scores {
		label := figure.Measure(e, insight.Measure(s.Metric), "")
		if s.Question != "" {
			label = s.Question
		}
		fact(&v.Answers, label, e.T("feedback.on_scale", "value", e.N(s.Value, decimals(s.Value)), "scale", figure.Scale(e, s.Scale.String())))
		v.Answers[len(v.Answers)-1].Asked = s.Question != ""
	}
	for _, a := range f.Answers {
		if text := insight.AnswerText(a.Value); text != "" {
			v.Answers = append(v.Answers, ui.Fact{Label: a.Question, Text: text, Asked: true})
		}
	}
	keys := make([]string, 0, len(f.Attributes))
	for k := range f.Attributes {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		v.Extra = append(v.Extra, ui.Fact{Label: figure.Field(e, "attribute."+k), Text: f.Attributes[k], Asked: true})
	}
	return q.Render(http.StatusOK, detailPage(q.Shell("feedback", e.T("nav.feedback")), v))
}

// removeForm asks before feedback is removed.
func (p *Pages) removeForm(q *web.Request) error { return p.askRemove(q, http.StatusOK, "", nil) }

func (p *Pages) askRemove(q *web.Request, status int, reason string, refused error) error {
	f, err := p.Feedback.Get(q.Context(), q.Workspace.ID, feedback.ID(q.PathValue("id")))
	if err != nil {
		return err
	}
	quotes, err := p.Words.Quotes(q, []feedback.Feedback{f}, nil)
	if err != nil {
		return err
	}
	quotes[0].Href = ""
	fields := []ui.Field{{Name: "reason", Label: q.Env.T("feedback.remove_reason"), Value: reason, Help: q.Env.T("feedback.remove_reason_help"), Optional: true, Autocomplete: "off"}}
	if refused != nil {
		_, fields = ui.Refuse(q.Env, fields, refused)
	}
	return q.Render(status, removePage(q.Shell("feedback", q.Env.T("feedback.remove")), removeView{"/feedback/" + string(f.ID), quotes[0], fields[0]}))
}

type removeView struct {
	Path   string
	Quote  ui.Quote
	Reason ui.Field
}

func (p *Pages) remove(q *web.Request) error {
	q.Body = http.MaxBytesReader(q.W, q.Body, 64<<10)
	reason := q.PostFormValue("reason")
	switch err := p.Feedback.Remove(q.Context(), q.Workspace.ID, q.Actor, feedback.ID(q.PathValue("id")), reason); {
	case fault.Is(err, fault.Invalid):
		return p.askRemove(q, http.StatusUnprocessableEntity, reason, err)
	case err != nil:
		return err
	}
	q.Flash("good", "feedback.removed")
	q.Redirect("/feedback")
	return nil
}

// correct keeps what a person says of a label: one click, one word.
func (p *Pages) correct(q *web.Request) error {
	form := func(name string) string { return q.PostFormValue(name) }
	n := label.NewCorrection{Feedback: feedback.ID(q.PathValue("id")), Span: label.Whole, Model: form("model")}
	start, errA := strconv.Atoi(form("start"))
	end, errB := strconv.Atoi(form("end"))
	if errA != nil || errB != nil {
		return fault.Bad("feedback.correct", fault.Field{Path: "start", Code: "form", Msg: "that is not a part of the text"})
	}
	n.Span.Start, n.Span.End = start, end
	switch {
	case form("sentiment") != "":
		n.Aspect, n.Value = label.AspectSentiment, form("sentiment")
	case form("not_theme") != "":
		n.Aspect, n.Theme, n.Value = label.AspectTheme, form("not_theme"), "no"
	default:
		n.Aspect, n.Theme, n.Value = label.AspectTheme, form("theme"), "yes"
	}
	if n.Aspect == label.AspectTheme {
		tree, err := p.Words.Themes.Tree(q.Context(), q.Workspace.ID)
		if err != nil {
			return err
		}
		if tree.Resolve(n.Theme) == "" {
			return fault.Bad("feedback.correct", fault.Field{Path: "theme", Code: "unknown", Msg: "there is no such theme here"})
		}
	}
	if _, err := p.Labels.Correct(q.Context(), q.Workspace.ID, q.Actor, n); err != nil {
		return err
	}
	if q.Partial() {
		return p.detail(q)
	}
	q.Redirect("/feedback/" + string(n.Feedback) + "#understood")
	return nil
}

func decimals(v float64) int {
	if v == float64(int64(v)) {
		return 0
	}
	return 1
}
