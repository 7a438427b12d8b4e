// Package settings serves what a workspace is set to: its own settings, members, teams, API keys, the registers of
// attributes, the audit log; and each member's profile.
package settings

import (
	"net/http"
	"slices"
	"strconv"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"kolo/internal/deliver"
	"kolo/internal/edge/web"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/population"
)

// Pages serves them.
type Pages struct {
	Identity *identity.Service
	Contacts *contact.Service
	Feedback *feedback.Service
	Deliver  *deliver.Service

	Population *population.Service
	Insight    *insight.Service

	Base string // the URL that links begin with, without a slash at its end
}

// Register adds the routes to the site.
func (p *Pages) Register(s *web.Site) {
	s.Page("GET /settings", identity.FeedbackRead, p.workspace) // every role may look
	s.Page("POST /settings", identity.WorkspaceManage, p.saveWorkspace)

	s.Page("GET /settings/members", identity.MembersManage, p.members)
	s.Page("POST /settings/members", identity.MembersManage, p.invite)
	s.Page("POST /settings/invites/{id}/resend", identity.MembersManage, p.resend)
	s.Page("POST /settings/invites/{id}/revoke", identity.MembersManage, p.revokeInvite)
	s.Page("GET /settings/members/{id}", identity.MembersManage, p.member)
	s.Page("POST /settings/members/{id}/role", identity.MembersManage, p.changeRole)
	s.Page("POST /settings/members/{id}/state", identity.MembersManage, p.changeState)
	s.Page("POST /settings/members/{id}/password", identity.MembersManage, p.resetPassword)

	s.Page("GET /settings/teams", identity.TeamsManage, p.teams)
	s.Page("POST /settings/teams", identity.TeamsManage, p.createTeam)
	s.Page("GET /settings/teams/{id}", identity.TeamsManage, p.team)
	s.Page("POST /settings/teams/{id}", identity.TeamsManage, p.saveTeam)
	s.Page("POST /settings/teams/{id}/delete", identity.TeamsManage, p.deleteTeam)

	s.Page("GET /settings/keys", identity.KeysManage, p.keys)
	s.Page("GET /settings/keys/new", identity.KeysManage, p.newKey)
	s.Page("POST /settings/keys", identity.KeysManage, p.createKey)
	s.Page("POST /settings/keys/{id}/revoke", identity.KeysManage, p.revokeKey)

	s.Page("GET /settings/attributes", identity.AttributesManage, p.attributes)
	s.Page("GET /settings/attributes/feedback", identity.AttributesManage, p.field)
	s.Page("POST /settings/attributes/feedback", identity.AttributesManage, p.saveField)
	s.Page("GET /settings/attributes/contacts", identity.AttributesManage, p.attribute)
	s.Page("POST /settings/attributes/contacts", identity.AttributesManage, p.saveAttribute)

	s.Page("GET /settings/notifications", identity.InsightsRead, p.notifications)
	s.Page("POST /settings/notifications", identity.InsightsRead, p.saveNotifications)

	s.Page("GET /settings/webhooks", identity.WebhooksManage, p.webhooks)
	s.Page("POST /settings/webhooks", identity.WebhooksManage, p.addWebhook)
	s.Page("GET /settings/webhooks/{id}", identity.WebhooksManage, p.webhook)
	s.Page("POST /settings/webhooks/{id}", identity.WebhooksManage, p.saveWebhook)
	s.Page("POST /settings/webhooks/{id}/state", identity.WebhooksManage, p.switchWebhook)
	s.Page("POST /settings/webhooks/{id}/rotate", identity.WebhooksManage, p.rotateWebhook)
	s.Page("POST /settings/webhooks/{id}/test", identity.WebhooksManage, p.testWebhook)
	s.Page("POST /settings/webhooks/{id}/delete", identity.WebhooksManage, p.deleteWebhook)

	s.Page("GET /settings/deliveries", identity.DeliveriesManage, p.deliveries)
	s.Page("POST /settings/deliveries/{id}/redeliver", identity.DeliveriesManage, p.redeliver)
	s.Page("POST /settings/deliveries/test-mail", identity.DeliveriesManage, p.testMail)

	s.Page("GET /settings/population", identity.InsightsRead, p.population)
	s.Page("POST /settings/population/thresholds", identity.WorkspaceManage, p.saveThresholds)
	s.Page("POST /settings/population/margins", identity.WorkspaceManage, p.saveMargin)
	s.Page("POST /settings/population/margins/delete", identity.WorkspaceManage, p.deleteMargin)
	s.Page("POST /settings/population/count", identity.WorkspaceManage, p.countContacts)
	s.Page("POST /settings/population/invited", identity.WorkspaceManage, p.addInvited)
	s.Page("POST /settings/population/paste", identity.WorkspaceManage, p.pasteInvited)
	s.Page("POST /settings/population/invited/{id}/delete", identity.WorkspaceManage, p.deleteInvited)

	s.Page("GET /settings/audit", identity.AuditRead, p.audit)

	s.Page("GET /profile", "", p.profile)
	s.Page("POST /profile", "", p.saveProfile)
	s.Page("POST /profile/sessions/{id}/end", "", p.endSession)
	s.Page("POST /profile/sign-out", "", p.signOutEverywhere)
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// tabs lead between the parts of the settings that the member may see.
func tabs(q *web.Request, current string) []ui.Tab {
	var out []ui.Tab
	for _, t := range []struct {
		key, href string
		needs     identity.Permission
	}{
		{"workspace", "/settings", identity.FeedbackRead}, {"members", "/settings/members", identity.MembersManage},
		{"teams", "/settings/teams", identity.TeamsManage}, {"keys", "/settings/keys", identity.KeysManage},
		{"attributes", "/settings/attributes", identity.AttributesManage}, {"population", "/settings/population", identity.InsightsRead}, {"notifications", "/settings/notifications", identity.InsightsRead},
		{"webhooks", "/settings/webhooks", identity.WebhooksManage}, {"deliveries", "/settings/deliveries", identity.DeliveriesManage}, {"audit", "/settings/audit", identity.AuditRead},
	} {
		if q.Actor.May(t.needs) {
			out = append(out, ui.Tab{Label: q.Env.T("settings." + t.key), Href: t.href, Current: t.key == current, Count: -1})
		}
	}
	return out
}

func shell(q *web.Request, tab string) ui.Shell {
	return q.Shell("settings", q.Env.T("settings."+tab))
}

// limit bounds what a form may send.
func limit(q *web.Request) { q.Body = http.MaxBytesReader(q.W, q.Body, 1<<20) }

// told gives the status of a refusal, and passes on what is no refusal but a failure.
func told(err error) (status int, ok bool) {
	status = fault.ProblemOf(err).Status
	return status, status < http.StatusInternalServerError
}

type workspaceView struct {
	Tabs    []ui.Tab
	Error   string
	Fields  []ui.Field
	May     bool
	Version string
	Zone    bool // days are still those of the time zone before
}

// currencies are offered, as are zones; any other can be typed.
var currencies = []string{"AED", "AMD", "AUD", "AZN", "BRL", "BYN", "CAD", "CHF", "CNY", "CZK", "DKK", "EGP", "EUR", "GBP", "GEL", "HKD", "HUF", "IDR",
	"ILS", "INR", "IRR", "JOD", "JPY", "KRW", "KZT", "MXN", "MYR", "NGN", "NOK", "NZD", "PHP", "PLN", "QAR", "RON", "RUB", "SAR", "SEK", "SGD", "THB",
	"TRY", "TWD", "UAH", "USD", "UZS", "VND", "ZAR"}

func weekStarts(e ui.Env) []ui.Option {
	return []ui.Option{{Value: "monday", Label: e.Weekday(1)}, {Value: "sunday", Label: e.Weekday(0)}, {Value: "saturday", Label: e.Weekday(6)}}
}

func languages(sh ui.Shell, value, empty string) []ui.Option {
	var out []ui.Option
	if empty != "" {
		out = append(out, ui.Option{Label: empty})
	}
	known := value == ""
	for _, l := range sh.Languages {
		out = append(out, ui.Option{Value: l.Tag, Label: l.Name})
		known = known || l.Tag == value
	}
	if !known {
		out = append(out, ui.Option{Value: value, Label: ui.OwnName(value)})
	}
	return out
}

// countries lists the world's countries by their names in the reader's language.
func countries(e ui.Env) []ui.Option {
	tag := language.Make(e.Tag())
	names := display.Regions(tag)
	var out []ui.Option
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string(a) + string(b)
			r, err := language.ParseRegion(code)
			if err != nil || !r.IsCountry() || r.String() != code || r.Canonicalize() != r ||
				code == "EZ" || code == "UN" { // the euro zone and the United Nations, which count as countries
				continue
			}
			if name := names.Name(r); name != "" {
				out = append(out, ui.Option{Value: r.String(), Label: name})
			}
		}
	}
	order := collate.New(tag)
	slices.SortFunc(out, func(a, b ui.Option) int { return order.CompareString(a.Label, b.Label) })
	return append([]ui.Option{{Label: e.T("settings.country_none")}}, out...)
}

func workspaceFields(sh ui.Shell, w identity.Workspace, may bool) []ui.Field {
	e := sh.Env
	fields := []ui.Field{
		{Name: "name", Label: e.T("setup.workspace"), Value: w.Name},
		{Name: "zone", Label: e.T("setup.zone"), Value: w.Zone, Suggest: ui.Zones, Dir: "ltr", Help: e.T("settings.zone_help")},
		{Name: "week_start", Label: e.T("settings.week_start"), Value: string(w.WeekStart), Options: weekStarts(e)},
		{Name: "language", Label: e.T("setup.language"), Value: w.Language, Options: languages(sh, w.Language, ""), Help: e.T("settings.language_help")},
		{Name: "currency", Label: e.T("settings.currency"), Value: w.Currency, Suggest: currencies, Dir: "ltr"},
		{Name: "country", Label: e.T("settings.country"), Value: w.Country, Options: countries(e), Optional: true, Help: e.T("settings.country_help")},
	}
	for i := range fields {
		fields[i].Disabled = !may
	}
	return fields
}

// chosen is the value of a field in the words of the form.
func chosen(f ui.Field) string {
	for _, o := range f.Options {
		if o.Value == f.Value {
			return o.Label
		}
	}
	return f.Value
}

func (p *Pages) workspace(q *web.Request) error {
	sh, may := shell(q, "workspace"), q.Actor.May(identity.WorkspaceManage)
	rezoning, err := p.Identity.Rezoning(q.Context(), q.Workspace.ID)
	if err != nil {
		return err
	}
	return q.Render(http.StatusOK, workspacePage(sh, workspaceView{Tabs: tabs(q, "workspace"), Zone: rezoning,
		Fields: workspaceFields(sh, q.Workspace, may), May: may, Version: strconv.FormatInt(q.Workspace.Version, 10)}))
}

func (p *Pages) saveWorkspace(q *web.Request) error {
	limit(q)
	w := q.Workspace
	w.Name, w.Zone, w.WeekStart = q.PostFormValue("name"), q.PostFormValue("zone"), identity.WeekStart(q.PostFormValue("week_start"))
	w.Language, w.Currency, w.Country = q.PostFormValue("language"), q.PostFormValue("currency"), q.PostFormValue("country")
	version, _ := strconv.ParseInt(q.PostFormValue("version"), 10, 64) // 0, which asks for none, when it is no number
	_, err := p.Identity.UpdateWorkspace(q.Context(), w.ID, q.Actor, identity.WorkspacePatch{Name: &w.Name, Zone: &w.Zone, WeekStart: &w.WeekStart,
		Language: &w.Language, Currency: &w.Currency, Country: &w.Country, Version: version})
	if err != nil {
		status, ok := told(err)
		if !ok {
			return err
		}
		sh := shell(q, "workspace")
		v := workspaceView{Tabs: tabs(q, "workspace"), May: true, Version: q.PostFormValue("version")}
		v.Error, v.Fields = ui.Refuse(q.Env, workspaceFields(sh, w, true), err)
		if status == http.StatusConflict && len(fault.ProblemOf(err).Errors) == 0 {
			// Somebody else has saved meanwhile. The next try may overwrite that, for now it shows.
			v.Error, v.Version = q.Env.T("settings.conflict"), strconv.FormatInt(q.Workspace.Version, 10)
			for i, now := range workspaceFields(sh, q.Workspace, true) {
				if v.Fields[i].Value != now.Value {
					v.Fields[i].Error = q.Env.T("settings.saved_now", "value", chosen(now))
				}
			}
		}
		return q.Render(status, workspacePage(sh, v))
	}
	q.Flash("good", "settings.saved")
	q.Redirect("/settings")
	return nil
}
