package figure

import (
	"cmp"
	"net/url"
	"slices"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/ui"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/label"
	"kolo/internal/understand/reading"
	"kolo/internal/understand/text"
	"kolo/internal/understand/theme"
)

// Words makes cards of feedback: the customer's own words with what was understood of them, and who said it, as far as the
// reader may know.
type Words struct {
	Contacts *contact.Service
	Labels   *label.Service
	Themes   *theme.Service
}

// Quotes are the cards of a list of feedback. hits, which may be nil, finds what is to be marked in a text of a language.
func (w Words) Quotes(q *web.Request, list []feedback.Feedback, hits func(s, language string) []text.Span) ([]ui.Quote, error) {
	if hits == nil {
		return w.Marked(q, list, nil)
	}
	return w.Marked(q, list, func(f feedback.Feedback, l label.Label) []text.Span {
		return hits(f.Text, cmp.Or(f.Language, l.Language))
	})
}

// Marked is Quotes where what is to be marked depends on what was understood: of feedback that has not been read it is the
// zero Label.
func (w Words) Marked(q *web.Request, list []feedback.Feedback, hits func(feedback.Feedback, label.Label) []text.Span) ([]ui.Quote, error) {
	who, err := w.who(q, list)
	if err != nil {
		return nil, err
	}
	ids := make([]feedback.ID, len(list))
	for i, f := range list {
		ids[i] = f.ID
	}
	labels, err := w.Labels.Of(q.Context(), q.Workspace.ID, ids)
	if err != nil {
		return nil, err
	}
	tree, err := w.Themes.Tree(q.Context(), q.Workspace.ID)
	if err != nil {
		return nil, err
	}
	names, err := w.Names(q, list)
	if err != nil {
		return nil, err
	}
	out := make([]ui.Quote, len(list))
	for i, f := range list {
		l, ok := labels[f.ID]
		own, facts := names[f.Contact], f
		if !q.Actor.May(identity.ContactsIdentify) {
			facts = label.Facts(f, own)
		}
		out[i] = quote(q.Env, facts, who)
		c := &out[i]
		var marked []text.Span
		if hits != nil {
			marked = hits(f, l)
		}
		if !ok {
			c.Parts, c.Masked = cutUp(q, f.Text, hidden(q, f.Text, f.Language, own), nil, marked, c.Masked)
			continue
		}
		c.Sentiment, c.Unsure = l.Sentiment.String(), l.Unsure
		if c.Lang == "" {
			c.Lang = l.Language
		}
		for _, t := range l.Themes {
			if id := tree.Counts(t.Theme); id != "" {
				c.Themes = append(c.Themes, ui.ThemeTag{Name: tree.Name(id, q.Env.Tag()), Href: "/feedback?" + url.Values{"theme": {id}}.Encode(), Sentiment: t.Sentiment.String()})
			}
		}
		clauses := l.Clauses
		if l.Hash != label.HashOf(f.Text) {
			clauses = nil // of an earlier text: their places mean nothing here
		}
		c.Parts, c.Masked = cutUp(q, f.Text, hidden(q, f.Text, c.Lang, own), clauses, marked, c.Masked)
	}
	return out, nil
}

// quote is a piece of feedback as a card. who names contacts; a reader who may not know them sees none.
func quote(e ui.Env, f feedback.Feedback, who map[contact.ID]contact.Contact) ui.Quote {
	q := ui.Quote{Href: "/feedback/" + string(f.ID), Lang: f.Language, At: f.Time, Channel: f.Channel, Source: f.Source, Kind: f.Kind}
	if c, ok := who[f.Contact]; ok && f.Contact != "" {
		q.Who, q.WhoHref, q.Masked = Name(e, c), "/contacts/"+string(c.ID), c.Masked
	}
	for _, s := range f.Scores {
		q.Answers = append(q.Answers, Answer(s))
	}
	if f.Touchpoint != "" {
		q.Tags = append(q.Tags, ui.Link{Label: f.Touchpoint, Href: "/feedback?" + url.Values{"touchpoint": {f.Touchpoint}}.Encode()})
	}
	return q
}

// who are the contacts behind feedback, as far as the reader may know them.
func (w Words) who(q *web.Request, list []feedback.Feedback) (map[contact.ID]contact.Contact, error) {
	var ids []contact.ID
	for _, f := range list {
		if f.Contact != "" {
			ids = append(ids, f.Contact)
		}
	}
	if len(ids) == 0 || !q.Actor.May(identity.ContactsRead) {
		return nil, nil
	}
	slices.Sort(ids)
	return w.Contacts.Load(q.Context(), q.Workspace.ID, q.Actor, slices.Compact(ids))
}

// Names are the names that the contacts behind feedback are known by, for Plain; see label.NamesFor.
func (w Words) Names(q *web.Request, list []feedback.Feedback) (map[contact.ID][]string, error) {
	return label.NamesFor(q.Context(), w.Contacts, q.Workspace.ID, q.Actor, list)
}

// hidden is what the reader may not see of a text. It is looked for in the whole of it: a number is an account's because of
// words that may stand in another clause. names are those of whoever said it.
func hidden(q *web.Request, s, language string, names []string) []text.Finding {
	if q.Actor.May(identity.ContactsIdentify) {
		return nil
	}
	return text.Personal(s, language, names...)
}

// within is what lies in a part of a text, placed in that part.
func within(findings []text.Finding, part text.Span) (out []text.Finding) {
	for _, f := range findings {
		f.Start, f.End = max(f.Start, part.Start)-part.Start, min(f.End, part.End)-part.Start
		if f.Start < f.End {
			out = append(out, f)
		}
	}
	return out
}

// cutUp cuts a text where a clause, a hit or something personal begins or ends. What is personal is masked; masked tells whether
// that, or what was masked before, is so.
func cutUp(q *web.Request, s string, personal []text.Finding, clauses []reading.Clause, marked []text.Span, before bool) (out []ui.Part, masked bool) {
	masked = before
	if s == "" {
		return nil, masked
	}
	cuts := []int{0, len(s)}
	for _, c := range clauses {
		cuts = append(cuts, c.Start, c.End)
	}
	for _, h := range marked {
		cuts = append(cuts, h.Start, h.End)
	}
	for _, p := range personal {
		cuts = append(cuts, p.Start, p.End)
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	shown := -1
	for i := 0; i+1 < len(cuts); i++ {
		a, b := cuts[i], cuts[i+1]
		if a < 0 || b > len(s) {
			continue
		}
		p := ui.Part{Text: s[a:b]}
		if k := slices.IndexFunc(clauses, func(c reading.Clause) bool { return c.Start <= a && b <= c.End }); k >= 0 {
			p.Sentiment = clauses[k].Sentiment.String()
		}
		p.Hit = slices.ContainsFunc(marked, func(h text.Span) bool { return h.Start <= a && b <= h.End })
		if k := slices.IndexFunc(personal, func(f text.Finding) bool { return f.Start <= a && b <= f.End }); k >= 0 {
			if masked = true; shown == k {
				continue // its first part stands for all of it
			}
			shown = k
			p.Text, p.Masked, p.Hit = q.Env.T("personal."+string(personal[k].Kind)), true, false
		}
		out = append(out, p)
	}
	return out, masked
}

// Plain is a text as the reader may see it: what is personal in it gives way to its kind unless the reader may know who contacts
// are. names are those of whoever said it (Words.Names).
func Plain(q *web.Request, s, language string, names []string) string {
	return text.Mask(s, hidden(q, s, language, names))
}

// Understood is what the page of one piece of feedback tells of its label, for people to correct.
func (w Words) Understood(q *web.Request, f feedback.Feedback) (*ui.Understood, error) {
	l, ok, err := w.Labels.Get(q.Context(), q.Workspace.ID, f.ID)
	if err != nil || !ok || f.Text == "" {
		return nil, err
	}
	tree, err := w.Themes.Tree(q.Context(), q.Workspace.ID)
	if err != nil {
		return nil, err
	}
	said, err := w.Labels.CorrectionsOf(q.Context(), q.Workspace.ID, f.ID)
	if err != nil {
		return nil, err
	}
	u := &ui.Understood{Action: "/feedback/" + string(f.ID) + "/correct", May: q.Actor.May(identity.LabelsCorrect), Model: l.Model, Language: l.Language}
	row := func(at text.Span, whole bool, sentiment reading.Sentiment, confidence float64, themes []reading.ThemeLabel) ui.UnderstoodRow {
		r := ui.UnderstoodRow{Start: at.Start, End: at.End, Whole: whole, Sentiment: sentiment.String(), Confidence: confidence}
		for _, c := range said {
			if c.Span == at && c.Hash == l.Hash {
				r.Said = append(r.Said, q.Env.T("label.said", "who", c.By, "when", q.Env.DateTime(c.At)))
				if c.Aspect == label.AspectSentiment {
					r.ByPerson = true
				}
			}
		}
		r.Said = slices.Compact(r.Said)
		for _, t := range themes {
			if id := tree.Counts(t.Theme); id != "" {
				r.Themes = append(r.Themes, ui.UnderstoodTheme{ID: t.Theme, Name: tree.Name(id, q.Env.Tag()), Sentiment: t.Sentiment.String(), Confidence: t.Confidence})
			}
		}
		return r
	}
	u.Rows = append(u.Rows, row(label.Whole, true, l.Sentiment, l.Confidence, l.Themes))
	u.Rows[0].Unsure = l.Unsure
	if l.Hash == label.HashOf(f.Text) && len(l.Clauses) > 1 {
		names, err := w.Names(q, []feedback.Feedback{f})
		if err != nil {
			return nil, err
		}
		personal := hidden(q, f.Text, l.Language, names[f.Contact])
		for _, c := range l.Clauses {
			r := row(c.Span, false, c.Sentiment, c.Confidence, c.Themes)
			r.Parts, _ = cutUp(q, f.Text[c.Start:c.End], within(personal, c.Span), nil, nil, false)
			u.Rows = append(u.Rows, r)
		}
	}
	u.Choices = ThemeChoices(q, tree)
	return u, nil
}

// ThemeChoices are the themes that a person can say a text is about, by the group that they stand in.
func ThemeChoices(q *web.Request, tree *theme.Tree) (out []ui.ThemeChoice) {
	for _, t := range tree.All() {
		if t.State == theme.Forbidden || t.Waits() {
			continue
		}
		if t.Origin == theme.Start && slices.ContainsFunc(tree.Children(t.ID), func(c theme.Theme) bool { return !c.Waits() }) {
			continue // a group of the starting set: texts are about what stands in it
		}
		group := ""
		if top := tree.Top(t.ID); top != t.ID {
			group = tree.Name(top, q.Env.Tag())
		}
		out = append(out, ui.ThemeChoice{ID: t.ID, Name: tree.Name(t.ID, q.Env.Tag()), Group: group})
	}
	slices.SortStableFunc(out, func(a, b ui.ThemeChoice) int { return cmp.Compare(a.Group, b.Group) })
	return out
}
