package contacts

import (
	"net/http"
	"net/url"
	"strings"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/i18n"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/health"
)

// accountView is an account in the list, and as the form that changes it.
type accountView struct {
	contact.Account
	Href, Edit string
	Score      string // of health; empty where nobody of the account was scored
	ScoreHref  string
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
		x := accountView{Account: a, Href: listHref(url.Values{"account": {string(a.ID)}}), Edit: accountsHref(with(here, "edit", string(a.ID))) + "#account"}
		x.stand(q.Env, standing[a.ID])
		v.Accounts = append(v.Accounts, x)
	}
	return q.Render(status, accountsPage(shell(q, q.Env.T("contact.accounts")), v))
}

// stand says how the account's contacts stand.
func (a *accountView) stand(e ui.Env, h health.AccountScore) {
	if h.Value == nil {
		return
	}
	decimals := 0
	if h.Worst.Chance != nil { // scores of a chance lie close together
		decimals = 1
	}
	a.Score = e.N(*h.Value, decimals)
	a.ScoreHref = "/health?" + url.Values{"show": {"all"}, "account": {string(a.ID)}}.Encode()
	if h.Scored > 1 {
		a.Below = append(a.Below, e.T("health.account_worst", "score", i18n.Verbatim(e.N(h.Worst.Value, decimals))))
	}
	if h.AtRisk > 0 {
		a.Below = append(a.Below, e.T("health.account_risk", "count", h.AtRisk))
	}
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
