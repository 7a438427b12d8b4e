package contacts

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/page/figure"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

const (
	mostSuggestions = 100
	mostFound       = 12 // contacts to merge with that a search shows
)

// mergeView is the search for the other contact, or the preview of what a merge makes.
type mergeView struct {
	Path, Name string
	Text       string
	Searched   bool
	Found      []candidate
	Preview    *previewView
	Error      string
}

// candidate is a contact that another one may be merged with.
type candidate struct {
	Href, Name string
	Below      []string
	LastSeen   time.Time
	Why        string // what both lay claim to
}

// previewView says what a merge makes. What of the contact that goes is not kept stands beside what is.
type previewView struct {
	With, Keep  string // what the form sends
	Goes, Stays string // names
	Swap        string // address of the preview the other way round
	Rows        []mergeRow
}

type mergeRow struct {
	Label  string
	Values []mergeValue // as they will be
	Lost   string       // what is dropped for it
	Sum    string       // what was added up to it
}

// mergeValue is what the contact will have; New when it comes from the one that goes.
type mergeValue struct {
	Text string
	New  bool
}

func (p *Pages) mergeWith(q *web.Request) error {
	c, ok, err := p.living(q)
	if !ok {
		return err
	}
	return p.showMerge(q, http.StatusOK, c, q.URL.Query().Get("with"), q.URL.Query().Get("keep"), "")
}

// direction says which contact goes into which: this one stays unless the other is to be kept.
func direction(c contact.Contact, with, keep string) (from, into contact.ID) {
	if keep == "other" {
		return c.ID, contact.ID(with)
	}
	return contact.ID(with), c.ID
}

func (p *Pages) showMerge(q *web.Request, status int, c contact.Contact, with, keep, failed string) error {
	e := q.Env
	v := mergeView{Path: href(c.ID), Name: figure.Name(e, c), Error: failed}
	if with != "" {
		preview, err := p.preview(q, c, with, keep)
		if err != nil {
			return err
		}
		v.Preview = preview
		return q.Render(status, mergePage(shell(q, e.T("contact.merge")), v))
	}
	suggested, err := p.Contacts.Suggestions(q.Context(), q.Workspace.ID, q.Actor, mostSuggestions)
	if err != nil {
		return err
	}
	seen := map[contact.ID]bool{c.ID: true}
	add := func(x contact.Contact, why string) {
		if !seen[x.ID] && len(v.Found) < mostFound {
			seen[x.ID] = true
			v.Found = append(v.Found, candidateOf(e, x, href(c.ID)+"/merge?"+url.Values{"with": {string(x.ID)}}.Encode(), why))
		}
	}
	if v.Text = strings.TrimSpace(q.URL.Query().Get("q")); v.Text != "" && identify(q) {
		v.Searched = true
		page, err := p.Contacts.List(q.Context(), q.Workspace.ID, q.Actor, contact.Query{Filter: contact.Filter{Text: v.Text}, Limit: mostFound + 1})
		if err != nil {
			return err
		}
		for _, x := range page.Contacts {
			add(x, "")
		}
		return q.Render(status, mergePage(shell(q, e.T("contact.merge")), v))
	}
	for _, s := range suggested {
		switch c.ID {
		case s.A.ID:
			add(s.B, e.T("contact.both."+string(s.Kind)))
		case s.B.ID:
			add(s.A, e.T("contact.both."+string(s.Kind)))
		}
	}
	return q.Render(status, mergePage(shell(q, e.T("contact.merge")), v))
}

func candidateOf(e ui.Env, c contact.Contact, to, why string) candidate {
	x := candidate{Href: to, Name: figure.Name(e, c), LastSeen: c.LastSeen, Why: why}
	for _, i := range c.Identities {
		switch {
		case c.Masked:
			x.Below = append(x.Below, e.T("contact.kind."+string(i.Kind)))
		case i.Value != x.Name:
			x.Below = append(x.Below, i.Value)
		}
	}
	x.Below = slices.Compact(x.Below)
	return x
}

// preview compares the two contacts with what the merge would make.
func (p *Pages) preview(q *web.Request, c contact.Contact, with, keep string) (*previewView, error) {
	ctx, ws, e := q.Context(), q.Workspace.ID, q.Env
	other, err := p.Contacts.Get(ctx, ws, q.Actor, contact.ID(with))
	if err != nil {
		return nil, err
	}
	from, into := direction(c, string(other.ID), keep)
	will, err := p.Contacts.PreviewMerge(ctx, ws, q.Actor, from, into)
	if err != nil {
		return nil, err
	}
	goes, stays := other, c
	v := previewView{With: string(other.ID), Keep: "this", Swap: "other"}
	if keep == "other" {
		goes, stays, v.Keep, v.Swap = c, other, "other", "this"
	}
	v.Goes, v.Stays = figure.Name(e, goes), figure.Name(e, stays)
	v.Swap = href(c.ID) + "/merge?" + url.Values{"with": {v.With}, "keep": {v.Swap}}.Encode()
	accounts, err := p.Contacts.LoadAccounts(ctx, ws, q.Actor, []contact.AccountID{goes.Account, stays.Account})
	if err != nil {
		return nil, err
	}
	_, byKey, err := p.register(q)
	if err != nil {
		return nil, err
	}
	add := func(label, from, into, result string) {
		if result == "" {
			return
		}
		r := mergeRow{Label: label, Values: []mergeValue{{result, into == "" && from != ""}}}
		if from != "" && from != into && into == result {
			r.Lost = from
		}
		v.Rows = append(v.Rows, r)
	}
	add(e.T("settings.name"), goes.Name, stays.Name, will.Name)
	for _, kind := range []contact.Kind{contact.Email, contact.Phone, contact.External} {
		r := mergeRow{Label: e.T("contact.kind." + string(kind))}
		for _, i := range will.Identities {
			if i.Kind == kind && i.Value != "" {
				r.Values = append(r.Values, mergeValue{i.Value, slices.Contains(goes.Identities, i)})
			}
		}
		if len(r.Values) > 0 {
			v.Rows = append(v.Rows, r)
		}
	}
	add(e.T("setup.language"), named(e, goes.Language), named(e, stays.Language), named(e, will.Language))
	add(e.T("contact.account"), accounts[goes.Account].Name, accounts[stays.Account].Name, accounts[will.Account].Name)
	if will.Value != nil {
		r := mergeRow{Label: e.T("contact.value"), Values: []mergeValue{{amount(e, will.Value), stays.Value == nil}}}
		switch {
		case goes.Value == nil || stays.Value == nil:
		case goes.Value.Currency != stays.Value.Currency:
			r.Lost = amount(e, goes.Value)
		default:
			r.Sum = e.T("contact.sum", "a", amount(e, stays.Value), "b", amount(e, goes.Value))
		}
		v.Rows = append(v.Rows, r)
	}
	for _, key := range slices.SortedFunc(maps.Keys(will.Attributes), func(a, b string) int {
		return cmp.Compare(attributeTitle(titled(byKey, a)), attributeTitle(titled(byKey, b)))
	}) {
		a := titled(byKey, key)
		add(attributeTitle(a), attributeValue(e, a, goes.Attributes[key]), attributeValue(e, a, stays.Attributes[key]), attributeValue(e, a, will.Attributes[key]))
	}
	for _, x := range will.Consents {
		c, word := consentOf(e, x), "contact.withdrawn"
		if x.Granted {
			word = "contact.granted"
		}
		v.Rows = append(v.Rows, mergeRow{Label: c.What, Values: []mergeValue{{e.T(word) + ", " + e.Date(x.At), !slices.Contains(stays.Consents, x)}}})
	}
	return &v, nil
}

func titled(byKey map[string]contact.Attribute, key string) contact.Attribute {
	if a, ok := byKey[key]; ok {
		return a
	}
	return contact.Attribute{Key: key}
}

func named(e ui.Env, tag string) string {
	if tag == "" {
		return ""
	}
	return ui.OwnName(tag)
}

func amount(e ui.Env, m *contact.Money) string {
	if m == nil {
		return ""
	}
	return e.Money(m.Minor, m.Currency)
}

func (p *Pages) merge(q *web.Request) error {
	limit(q)
	c, ok, err := p.living(q)
	if !ok {
		return err
	}
	with, keep := q.PostFormValue("with"), q.PostFormValue("keep")
	if with == "" {
		return fault.Bad("contacts.merge", fault.Field{Path: "with", Code: "required", Msg: "the other contact is needed"})
	}
	from, into := direction(c, with, keep)
	if err := p.Contacts.Merge(q.Context(), q.Workspace.ID, q.Actor, from, into); err != nil {
		return err
	}
	q.Flash("good", "contact.merged")
	q.Redirect(href(into))
	return nil
}

type duplicatesView struct {
	Tabs  []ui.Tab
	Pairs []duplicate
	May   bool
}

type duplicate struct {
	A, B     candidate
	IDA, IDB string
	Why      string
	Merge    string
	At       time.Time
}

func (p *Pages) duplicates(q *web.Request) error {
	e := q.Env
	v := duplicatesView{May: q.Actor.May(identity.ContactsWrite)}
	var err error
	if v.Tabs, err = p.tabs(q, "duplicates"); err != nil {
		return err
	}
	list, err := p.Contacts.Suggestions(q.Context(), q.Workspace.ID, q.Actor, mostSuggestions)
	if err != nil {
		return err
	}
	for _, s := range list {
		v.Pairs = append(v.Pairs, duplicate{A: candidateOf(e, s.A, href(s.A.ID), ""), B: candidateOf(e, s.B, href(s.B.ID), ""), IDA: string(s.A.ID), IDB: string(s.B.ID),
			Why: e.T("contact.both." + string(s.Kind)), Merge: href(s.A.ID) + "/merge?" + url.Values{"with": {string(s.B.ID)}}.Encode(), At: s.At})
	}
	return q.Render(http.StatusOK, duplicatesPage(shell(q, e.T("contact.duplicates")), v))
}

func (p *Pages) dismiss(q *web.Request) error {
	limit(q)
	if err := p.Contacts.Dismiss(q.Context(), q.Workspace.ID, q.Actor, contact.ID(q.PostFormValue("a")), contact.ID(q.PostFormValue("b"))); err != nil {
		return err
	}
	q.Flash("good", "contact.dismissed")
	q.Redirect("/contacts/duplicates")
	return nil
}

type eraseView struct {
	Path, Name string
	Word       string // to type
	Error      string
}

// word is what is typed before somebody is erased: the name, where it can be typed.
func word(e ui.Env, c contact.Contact) string {
	typed := func(r rune) bool { return !unicode.IsLetter(r) && r != ' ' && r != '-' && r != '\'' && r != '.' }
	if c.Masked || c.Name == "" || len([]rune(c.Name)) > 40 || strings.ContainsFunc(c.Name, typed) || strings.Join(strings.Fields(c.Name), " ") != c.Name {
		return e.T("contact.erase_word")
	}
	return c.Name
}

func (p *Pages) eraseForm(q *web.Request) error {
	c, ok, err := p.living(q)
	if !ok {
		return err
	}
	return p.showErase(q, http.StatusOK, c, "")
}

func (p *Pages) showErase(q *web.Request, status int, c contact.Contact, failed string) error {
	v := eraseView{Path: href(c.ID), Name: figure.Name(q.Env, c), Word: word(q.Env, c), Error: failed}
	return q.Render(status, erasePage(shell(q, q.Env.T("contact.erase")), v))
}

func (p *Pages) erase(q *web.Request) error {
	limit(q)
	c, ok, err := p.living(q)
	if !ok {
		return err
	}
	typed, wanted := strings.TrimSpace(q.PostFormValue("confirm")), word(q.Env, c)
	// Keyboards of phones begin with a capital; a name is typed as it is.
	if typed != wanted && (wanted == c.Name || !strings.EqualFold(typed, wanted)) {
		return p.showErase(q, http.StatusUnprocessableEntity, c, q.Env.T("contact.erase_wrong", "text", wanted))
	}
	if err := p.Contacts.Erase(q.Context(), q.Workspace.ID, q.Actor, c.ID); err != nil {
		return err
	}
	q.Flash("good", "contact.erase_done")
	q.Redirect(href(c.ID))
	return nil
}
