package contacts

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/page/health"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/i18n"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	score "kolo/internal/understand/health"
)

// accountView is an account in the list, and as the form that changes it.
type accountView struct {
	contact.Account
	Href, Edit string
	Score      string   // of health; empty where nobody of the account was scored
	Below      []string // what there is to say of it
}

type accountsView struct {
	Tabs     []ui.Tab
	Accounts []accountView
	Text     string
	Pager    ui.Page
	Export   string
	May      bool
	Editing  string // id of the account that the form changes; empty for a new one
	Error    string
	Fields   []ui.Field
	Fresh    bool // there are no accounts at all
}

func accountsHref(v url.Values) string {
	if len(v) == 0 {
		return "/contacts/accounts"
	}
	return "/contacts/accounts?" + v.Encode()
}

func accountFields(e ui.Env, a contact.Account) []ui.Field {
	return []ui.Field{
		{Name: "name", Label: e.T("settings.name"), Value: a.Name, Autocomplete: "off"},
		{Name: "external_id", Label: e.T("contact.account_external"), Value: a.External, Optional: true, Dir: "ltr", Help: e.T("contact.account_external_help"), Autocomplete: "off"},
	}
}

func (p *Pages) accounts(q *web.Request) error {
	var a contact.Account
	if id := q.URL.Query().Get("edit"); id != "" && q.Actor.May(identity.ContactsWrite) {
		var err error
		if a, err = p.Contacts.Account(q.Context(), q.Workspace.ID, q.Actor, contact.AccountID(id)); err != nil {
			return err
		}
	}
	return p.showAccounts(q, http.StatusOK, string(a.ID), "", accountFields(q.Env, a))
}

func (p *Pages) showAccounts(q *web.Request, status int, editing, failed string, fields []ui.Field) error {
	values := q.URL.Query()
	text, cursor := strings.TrimSpace(values.Get("q")), values.Get("cursor")
	list, next, err := p.Contacts.Accounts(q.Context(), q.Workspace.ID, q.Actor, text, cursor, shown)
	if err != nil {
		return err
	}
	here := url.Values{}
	if text != "" {
		here.Set("q", text)
	}
	v := accountsView{Text: text, May: q.Actor.May(identity.ContactsWrite), Editing: editing, Error: failed, Fields: fields, Export: here.Encode(),
		Pager: ui.Page{Shown: len(list), Total: -1}, Fresh: len(list) == 0 && text == ""}
	if v.Tabs, err = p.tabs(q, "accounts"); err != nil {
		return err
	}
	if next != "" {
		v.Pager.Next = accountsHref(with(here, "cursor", next))
	}
	if cursor != "" {
		v.Pager.Prev = accountsHref(here)
	}
	ids := make([]contact.AccountID, len(list))
	for i, a := range list {
		ids[i] = a.ID
	}
	standing, err := p.Health.Accounts(q.Context(), q.Workspace.ID, q.Actor, ids)
	if err != nil {
		return err
	}
	for _, a := range list {
		x := accountView{Account: a, Href: health.AccountHref(a.ID), Edit: accountsHref(with(here, "edit", string(a.ID))) + "#account"}
		x.stand(q.Env, standing[a.ID])
		v.Accounts = append(v.Accounts, x)
	}
	return q.Render(status, accountsPage(shell(q, q.Env.T("contact.accounts")), v))
}

// stand says how the account's contacts stand.
func (a *accountView) stand(e ui.Env, h score.AccountScore) {
	if h.Value == nil {
		return
	}
	decimals := 0
	if h.Worst.Chance != nil { // scores of a chance lie close together
		decimals = 1
	}
	a.Score = e.N(*h.Value, decimals)
	if h.Scored > 1 {
		a.Below = append(a.Below, e.T("health.account_worst", "score", i18n.Verbatim(e.N(h.Worst.Value, decimals))))
	}
	if h.AtRisk > 0 {
		a.Below = append(a.Below, e.T("health.account_risk", "count", h.AtRisk))
	}
}

// accountPageView is all that is known of an account.
type accountPageView struct {
	Name       string
	Edit       string // address of the form; empty for who may not change it
	About      []ui.Fact
	Attributes []ui.Fact
	Health     *health.AccountStanding // nil for who may not see it
	Members    []health.Row
	All        string // address of all its contacts, where there are more than are shown
	Quotes     []ui.Quote
	Heard      bool // the reader may see what they said
}

const (
	mostMembers = 20 // contacts of an account that its page shows
	mostHeard   = 50 // of whom the latest feedback is looked for: those who were seen last
	mostSaid    = 10 // pieces of feedback
)

func (p *Pages) showAccount(q *web.Request) error {
	ctx, ws := q.Context(), q.Workspace.ID
	a, err := p.Contacts.Account(ctx, ws, q.Actor, contact.AccountID(q.PathValue("id")))
	if err != nil {
		return err
	}
	v := accountPageView{Name: a.Name, Heard: q.Actor.May(identity.FeedbackRead)}
	if q.Actor.May(identity.ContactsWrite) {
		v.Edit = accountsHref(url.Values{"edit": {string(a.ID)}}) + "#account"
	}
	if err := p.aboutAccount(q, a, &v); err != nil {
		return err
	}
	latest, err := p.Contacts.Members(ctx, ws, q.Actor, a.ID, mostHeard)
	if err != nil {
		return err
	}
	if err := p.members(q, a, latest, &v); err != nil {
		return err
	}
	if v.Heard && len(latest) > 0 {
		list, err := p.Feedback.Latest(ctx, ws, latest, mostSaid)
		if err != nil {
			return err
		}
		if v.Quotes, err = p.Words.Quotes(q, list, nil); err != nil {
			return err
		}
	}
	return q.Render(http.StatusOK, accountPage(shell(q, v.Name), v))
}

// aboutAccount fills in what is known of an account.
func (p *Pages) aboutAccount(q *web.Request, a contact.Account, v *accountPageView) error {
	e := q.Env
	v.About = []ui.Fact{{Label: e.T("contact.account_external"), Text: a.External}, {Label: e.T("nav.contacts"), Text: e.N(float64(a.Contacts), 0)}}
	worth, err := p.Contacts.Worth(q.Context(), q.Workspace.ID, q.Actor, a.ID)
	if err != nil {
		return err
	}
	var amounts []string
	for _, m := range worth {
		amounts = append(amounts, e.Money(m.Minor, m.Currency))
	}
	if len(amounts) > 0 {
		v.About = append(v.About, ui.Fact{Label: e.T("contact.value"), Text: strings.Join(amounts, " · ")})
	}
	for key, value := range a.Attributes {
		v.Attributes = append(v.Attributes, ui.Fact{Label: attributeTitle(contact.Attribute{Key: key}), Text: value})
	}
	slices.SortFunc(v.Attributes, func(a, b ui.Fact) int { return strings.Compare(a.Label, b.Label) })
	return nil
}

// members fills in who belongs to an account, and how it stands: those at the highest risk first, and last who was not scored. latest
// are those who were seen last.
func (p *Pages) members(q *web.Request, a contact.Account, latest []contact.ID, v *accountPageView) error {
	ctx, ws, e := q.Context(), q.Workspace.ID, q.Env
	var h score.AccountScore
	if q.Actor.May(identity.InsightsRead) {
		var err error
		if h, err = p.Health.Account(ctx, ws, q.Actor, a.ID); err != nil {
			return err
		}
		if len(h.Scores) > 0 {
			s := health.AccountStandingOf(e, h)
			v.Health = &s
		}
	}
	scores := h.Scores[:min(len(h.Scores), mostMembers)]
	ids := make([]contact.ID, len(scores), mostMembers)
	for i, x := range scores {
		ids[i] = x.Contact
	}
	for _, id := range latest {
		if len(ids) < mostMembers && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	who, err := p.Contacts.Load(ctx, ws, q.Actor, ids)
	if err != nil {
		return err
	}
	for i, id := range ids {
		c, ok := who[id]
		if !ok || c.Account != a.ID { // it has left the account since it was scored
			continue
		}
		x := score.Score{Contact: id, Hidden: true, Worth: c.Value}
		if i < len(scores) {
			x = scores[i]
		}
		r := health.RowOf(e, c, x)
		if i >= len(scores) {
			r.Note = ""
		}
		v.Members = append(v.Members, r)
	}
	if a.Contacts > int64(len(v.Members)) {
		v.All = listHref(url.Values{"account": {string(a.ID)}})
	}
	return nil
}

func (p *Pages) saveAccount(q *web.Request) error {
	limit(q)
	a := contact.Account{ID: contact.AccountID(q.PostFormValue("id"))}
	if a.ID != "" { // its attributes stay
		var err error
		if a, err = p.Contacts.Account(q.Context(), q.Workspace.ID, q.Actor, a.ID); err != nil {
			return err
		}
	}
	a.Name, a.External = q.PostFormValue("name"), q.PostFormValue("external_id")
	_, err := p.Contacts.SaveAccount(q.Context(), q.Workspace.ID, q.Actor, a)
	if err == nil {
		q.Flash("good", "contact.account_saved")
		q.Redirect("/contacts/accounts")
		return nil
	}
	status, ok := told(err)
	if !ok {
		return err
	}
	text, fields := ui.Refuse(q.Env, accountFields(q.Env, a), err)
	if fault.Is(err, fault.Conflict) {
		text, fields[1].Error = "", q.Env.T("contact.account_taken")
	}
	return p.showAccounts(q, status, string(a.ID), text, fields)
}
