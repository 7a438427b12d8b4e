package themes

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/label"
	"kolo/internal/understand/text"
	"kolo/internal/understand/theme"
	"kolo/internal/understand/theme/rule"
)

const (
	tried        = 1000    // newest texts that a rule is tried on,
	mostBytes    = 4 << 20 // as many of them as fit: a text may have a megabyte
	mostExamples = 6
)

// editView is the page on which a theme is changed.
type editView struct {
	Theme  theme.Theme
	Name   string
	Crumbs []ui.Link
	Names  []ui.Field
	Place  ui.Field
	Into   ui.Field
	Rule   ruleView
	Refuse string
}

// newView is the page on which a theme is made.
type newView struct {
	Crumbs []ui.Link
	Fields []ui.Field // name, parent
	Rule   ruleView
	Refuse string
}

// ruleView is a rule with what it finds.
type ruleView struct {
	Field ui.Field
	Tried *trial
}

// trial is what a rule finds among the newest texts, or where it is wrong.
type trial struct {
	Texts, Hits   int
	Examples      []ui.Quote
	Wrong         string // why the rule cannot be read; then the parts around the place at fault
	Before, There string
	After         string
}

func (p *Pages) edit(q *web.Request) error {
	tree, t, ok, err := p.living(q)
	if !ok {
		return err
	}
	return p.showEdit(q, http.StatusOK, tree, t, nil, nil)
}

// showEdit shows the forms, with what was sent where it was refused.
func (p *Pages) showEdit(q *web.Request, status int, tree *theme.Tree, t theme.Theme, refused error, tried *trial) error {
	e := q.Env
	v := editView{Theme: t, Name: t.Name(e.Tag()), Crumbs: []ui.Link{{Label: e.T("nav.themes"), Href: "/themes"}, {Label: t.Name(e.Tag()), Href: themeHref(t.ID)}}}
	sent := func(name, otherwise string) string {
		if _, ok := q.PostForm[name]; ok {
			return q.PostFormValue(name)
		}
		return otherwise
	}
	for _, l := range languages(q, t) {
		v.Names = append(v.Names, ui.Field{Name: "name." + l, Label: ui.OwnName(l), Value: sent("name."+l, t.Names[l]), Quiet: true, Optional: true})
	}
	v.Place = ui.Field{Name: "parent", Label: e.T("themes.under"), Optional: true, Quiet: true, Options: choices(e, tree, t.ID, sent("parent", t.Parent), e.T("themes.top"))}
	v.Into = ui.Field{Name: "into", Label: e.T("themes.into"), Options: choices(e, tree, t.ID, "", e.T("themes.choose"))}
	v.Rule = ruleView{Field: ruleField(e, sent("rule", t.RuleFor(q.Actor))), Tried: tried}
	if refused != nil {
		fields := append(slices.Clone(v.Names), v.Place, v.Into, v.Rule.Field)
		v.Refuse, fields = ui.Refuse(e, fields, refused)
		v.Names = fields[:len(v.Names)]
		n := len(v.Names)
		v.Place, v.Into, v.Rule.Field = fields[n], fields[n+1], fields[n+2]
		v.Rule.Field.Error = ruleError(e, v.Rule.Field)
	}
	return q.Render(status, editPage(q.Shell("themes", v.Name), v))
}

func ruleField(e ui.Env, value string) ui.Field {
	return ui.Field{Name: "rule", Label: e.T("themes.rule"), Value: value, Rows: 3, Optional: true, Quiet: true}
}

// ruleError says in the reader's language what is wrong with a rule that was refused.
func ruleError(e ui.Env, f ui.Field) string {
	var wrong *rule.Error
	if _, err := rule.Parse(f.Value); f.Error != "" && errors.As(err, &wrong) {
		return wrongWith(e, wrong)
	}
	return f.Error
}

// ofRule tells whether a rule was refused because of what it looks for.
func ofRule(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && f.Kind == fault.Denied && len(f.Fields) == 1 && f.Fields[0].Path == "rule"
}

func wrongWith(e ui.Env, err *rule.Error) string {
	if key := "rule." + err.Code; e.Has(key) {
		return e.T("rule.at", "n", err.Column, "what", verbatim(e.T(key)))
	}
	return err.Error()
}

// languages are those that a theme can be named in: the pages' own, and others that it has a name in.
func languages(q *web.Request, t theme.Theme) []string {
	var out []string
	for _, l := range q.Site.Catalog.Locales() {
		out = append(out, l.Tag())
	}
	for l := range t.Names {
		if !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	slices.SortStableFunc(out, func(a, b string) int {
		return flag(b == q.Env.Tag()) - flag(a == q.Env.Tag())
	})
	return out
}

// choices are the themes that one can be put under, or into: all but itself and what stands under it.
func choices(e ui.Env, tree *theme.Tree, id, now, first string) []ui.Option {
	out := []ui.Option{{Label: first, On: now == ""}}
	var below []string
	if id != "" {
		below = tree.Under(id)
	}
	for _, t := range tree.All() {
		if t.State == theme.Forbidden || slices.Contains(below, t.ID) {
			continue
		}
		name := t.Name(e.Tag())
		for at := t.Parent; at != ""; {
			x, _ := tree.Get(at)
			name, at = x.Name(e.Tag())+" › "+name, x.Parent
		}
		out = append(out, ui.Option{Value: t.ID, Label: name, On: t.ID == now})
	}
	return out
}

// change makes an edit and says so; what is refused is shown where it was sent.
func (p *Pages) change(q *web.Request, e theme.Edit, said string) error {
	tree, t, ok, err := p.living(q)
	if !ok {
		return err
	}
	t, err = p.Themes.Edit(q.Context(), q.Workspace.ID, q.Actor, t.ID, e)
	switch {
	case fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) || ofRule(err):
		was, _ := tree.Get(q.PathValue("id"))
		return p.showEdit(q, fault.ProblemOf(err).Status, tree, was, err, nil)
	case err != nil:
		return err
	}
	q.Flash("good", said)
	to := t.ID
	if t.State == theme.Merged {
		to = t.Into
	}
	q.Redirect(themeHref(to))
	return nil
}

func (p *Pages) rename(q *web.Request) error {
	if err := q.ParseForm(); err != nil {
		return fault.New(fault.Invalid, "themes.rename", "the form cannot be read")
	}
	names := map[string]string{}
	for name, list := range q.PostForm {
		if l, ok := strings.CutPrefix(name, "name."); ok && len(l) >= 2 && len(l) <= 10 && len(list) > 0 {
			names[l] = list[0]
		}
	}
	return p.change(q, theme.Edit{Names: names}, "themes.said.changed")
}

func (p *Pages) place(q *web.Request) error {
	parent := q.PostFormValue("parent")
	return p.change(q, theme.Edit{Parent: &parent}, "themes.said.changed")
}

func (p *Pages) merge(q *web.Request) error {
	into := q.PostFormValue("into")
	if into == "" {
		tree, t, ok, err := p.living(q)
		if !ok {
			return err
		}
		return p.showEdit(q, http.StatusUnprocessableEntity, tree, t, fault.Bad("themes.merge", fault.Field{Path: "into", Code: "required", Msg: "into which one?"}), nil)
	}
	return p.change(q, theme.Edit{Into: &into}, "themes.said.merged")
}

func (p *Pages) setRule(q *web.Request) error {
	source := q.PostFormValue("rule")
	if q.PostFormValue("do") == "try" {
		tree, t, ok, err := p.living(q)
		if !ok {
			return err
		}
		tried, err := p.try(q, source)
		if err != nil {
			return err
		}
		return p.showEdit(q, http.StatusOK, tree, t, nil, tried)
	}
	return p.change(q, theme.Edit{Rule: &source}, "themes.said.rule")
}

// pin has a theme stand first, or no longer.
func (p *Pages) pin(q *web.Request) error {
	pinned := q.PostFormValue("pinned") != ""
	if _, err := p.Themes.Edit(q.Context(), q.Workspace.ID, q.Actor, q.PathValue("id"), theme.Edit{Pinned: &pinned}); err != nil {
		return err
	}
	q.Redirect(q.PostFormValue("back"))
	return nil
}

// state accepts, forbids or allows a theme.
func (p *Pages) state(q *web.Request) error {
	s := theme.State(q.PostFormValue("state"))
	t, err := p.Themes.Edit(q.Context(), q.Workspace.ID, q.Actor, q.PathValue("id"), theme.Edit{State: &s})
	if fault.Is(err, fault.Conflict) {
		tree, was, ok, lost := p.living(q)
		if !ok {
			return lost
		}
		return p.showEdit(q, http.StatusConflict, tree, was, err, nil)
	}
	if err != nil {
		return err
	}
	said := "themes.said.accepted"
	if t.State == theme.Forbidden {
		said = "themes.said.forbidden"
	}
	q.Flash("good", said)
	q.Redirect(q.PostFormValue("back"))
	return nil
}

// fresh is the form of a new theme; parent in the address says under which one it will stand.
func (p *Pages) fresh(q *web.Request) error { return p.showNew(q, http.StatusOK, nil, nil) }

func (p *Pages) showNew(q *web.Request, status int, refused error, tried *trial) error {
	tree, err := p.Themes.Tree(q.Context(), q.Workspace.ID)
	if err != nil {
		return err
	}
	e := q.Env
	v := newView{Crumbs: []ui.Link{{Label: e.T("nav.themes"), Href: "/themes"}}}
	name := ui.Field{Name: "name", Label: e.T("themes.name"), Value: q.FormValue("name"), Autofocus: refused == nil && tried == nil}
	place := ui.Field{Name: "parent", Label: e.T("themes.under"), Optional: true, Quiet: true, Options: choices(e, tree, "", q.FormValue("parent"), e.T("themes.top"))}
	v.Fields, v.Rule = []ui.Field{name, place}, ruleView{Field: ruleField(e, q.FormValue("rule")), Tried: tried}
	if refused != nil {
		var fields []ui.Field
		v.Refuse, fields = ui.Refuse(e, append(slices.Clone(v.Fields), v.Rule.Field), refused)
		v.Fields, v.Rule.Field = fields[:2], fields[2]
		v.Rule.Field.Error = ruleError(e, v.Rule.Field)
	}
	return q.Render(status, newPage(q.Shell("themes", e.T("themes.new")), v))
}

func (p *Pages) add(q *web.Request) error {
	source := q.PostFormValue("rule")
	if q.PostFormValue("do") == "try" {
		tried, err := p.try(q, source)
		if err != nil {
			return err
		}
		return p.showNew(q, http.StatusOK, nil, tried)
	}
	t, err := p.Themes.Add(q.Context(), q.Workspace.ID, q.Actor, q.PostFormValue("parent"), q.Env.Tag(), q.PostFormValue("name"), source)
	switch {
	case fault.Is(err, fault.Invalid) || ofRule(err):
		return p.showNew(q, fault.ProblemOf(err).Status, err, nil)
	case err != nil:
		return err
	}
	q.Flash("good", "themes.said.made")
	q.Redirect(themeHref(t.ID))
	return nil
}

// preview is what a rule finds, for a page on which it is being written.
func (p *Pages) preview(q *web.Request) error {
	tried, err := p.try(q, q.URL.Query().Get("rule"))
	if err != nil {
		return err
	}
	return q.Render(http.StatusOK, trialBox(q.Shell("themes", ""), tried))
}

// try tries a rule on the newest texts.
func (p *Pages) try(q *web.Request, source string) (*trial, error) {
	if strings.TrimSpace(source) == "" {
		return nil, nil
	}
	r, err := rule.Parse(source)
	var wrong *rule.Error
	if errors.As(err, &wrong) {
		return &trial{Wrong: wrongWith(q.Env, wrong), Before: source[:wrong.Span.Start], There: wrong.Span.Of(source), After: source[max(wrong.Span.Start, wrong.Span.End):]}, nil
	}
	if err != nil {
		return nil, err
	}
	if err := theme.MayRule(q.Actor, source); err != nil {
		return &trial{Wrong: q.Env.T("invalid.personal_rule"), There: source}, nil
	}
	found, err := p.Insight.FindWithin(q.Context(), q.Workspace.ID, insight.Conditions{{Field: "text", Op: "not_empty"}}, insight.Period{}, "", tried, mostBytes)
	if err != nil {
		return nil, err
	}
	ids := make([]feedback.ID, len(found.Feedback))
	for i, f := range found.Feedback {
		ids[i] = f.ID
	}
	labels, err := p.Labels.Of(q.Context(), q.Workspace.ID, ids)
	if err != nil {
		return nil, err
	}
	names, err := p.Words.Names(q, found.Feedback)
	if err != nil {
		return nil, err
	}
	t := &trial{Texts: len(found.Feedback)}
	reasons := map[feedback.ID][]text.Span{}
	var examples []feedback.Feedback
	for _, f := range found.Feedback {
		language := f.Language
		if l, ok := labels[f.ID]; ok {
			language = l.Language
		}
		if ok, spans := r.Match(rule.NewText(wordsFor(q.Actor, f, language, names[f.Contact]), language)); ok {
			if t.Hits++; t.Hits <= mostExamples {
				reasons[f.ID] = spans
				examples = append(examples, f)
			}
		}
	}
	t.Examples, err = p.Words.Marked(q, examples, func(f feedback.Feedback, _ label.Label) []text.Span { return reasons[f.ID] })
	return t, err
}

// wordsFor are the words of a text that a rule is held against before somebody: without what label.Tell masks, for whether a rule holds
// would say what stands there.
func wordsFor(actor identity.Actor, f feedback.Feedback, language string, names []string) []text.Word {
	words := text.Words(f.Text)
	if actor.May(identity.ContactsIdentify) {
		return words
	}
	personal := text.Personal(f.Text, cmp.Or(f.Language, language), names...)
	return slices.DeleteFunc(words, func(w text.Word) bool {
		return slices.ContainsFunc(personal, func(x text.Finding) bool { return w.Span.Start < x.End && x.Start < w.Span.End })
	})
}
