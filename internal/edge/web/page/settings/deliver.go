package settings

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"kolo/internal/deliver"
	"kolo/internal/edge/web"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/people/identity"
)

type notificationsView struct {
	Tabs   []ui.Tab
	Error  string
	Fields []ui.Field // mode, hour, mine
	Mail   bool       // there is a mail server
	Email  string     // of the member
	Own    string     // the language that mail to them is in
}

func notificationFields(q *web.Request, p deliver.Preference) []ui.Field {
	e := q.Env
	mode := ui.Field{Name: "mode", Label: e.T("settings.notify_alerts"), Value: string(p.Mode)}
	for _, m := range deliver.Modes() {
		mode.Options = append(mode.Options, ui.Option{Value: string(m), Label: e.T("notify_mode." + string(m)), Help: e.T("notify_mode_help." + string(m))})
	}
	hour := ui.Field{Name: "hour", Label: e.T("settings.notify_hour"), Value: strconv.Itoa(p.Hour), Help: e.T("settings.notify_hour_help", "zone", q.Workspace.Zone)}
	for h := range 24 {
		hour.Options = append(hour.Options, ui.Option{Value: strconv.Itoa(h), Label: e.Time(time.Date(2026, 1, 1, h, 0, 0, 0, time.UTC), time.UTC)})
	}
	return []ui.Field{mode, hour, check("mine", e.T("settings.notify_mine"), e.T("settings.notify_mine_help"), p.Mine)}
}

func (p *Pages) notifications(q *web.Request) error {
	choice, err := p.Deliver.Preference(q.Context(), q.Workspace.ID, q.Actor, q.Actor.Member, deliver.Alerts)
	if err != nil {
		return err
	}
	return p.showNotifications(q, http.StatusOK, choice, nil)
}

func (p *Pages) showNotifications(q *web.Request, status int, choice deliver.Preference, failed error) error {
	v := notificationsView{Tabs: tabs(q, "notifications"), Fields: notificationFields(q, choice), Mail: p.Deliver.Mail.On(), Email: q.Person.Email, Own: ui.OwnName(or(q.Person.Language, q.Workspace.Language))}
	if failed != nil {
		v.Error, v.Fields = ui.Refuse(q.Env, v.Fields, failed)
	}
	return q.Render(status, notificationsPage(shell(q, "notifications"), v))
}

func (p *Pages) saveNotifications(q *web.Request) error {
	limit(q)
	hour, err := strconv.Atoi(q.PostFormValue("hour"))
	if err != nil {
		hour = -1 // which is refused
	}
	choice := deliver.Preference{Member: q.Actor.Member, Topic: deliver.Alerts, Mode: deliver.Mode(q.PostFormValue("mode")), Hour: hour, Mine: q.PostFormValue("mine") != ""}
	if _, err := p.Deliver.Choose(q.Context(), q.Workspace.ID, q.Actor, choice); err != nil {
		status, ok := told(err)
		if !ok {
			return err
		}
		return p.showNotifications(q, status, choice, err)
	}
	q.Flash("good", "settings.saved")
	q.Redirect("/settings/notifications")
	return nil
}

type webhooksView struct {
	Tabs   []ui.Tab
	Hooks  []deliver.Webhook
	Error  string
	Fields []ui.Field // url, name, events
}

func webhookFields(q *web.Request, in deliver.NewWebhook) []ui.Field {
	e := q.Env
	events := ui.Field{Name: "events", Label: e.T("settings.hook_events"), Multiple: true}
	for _, t := range append([]string{deliver.Any}, deliver.Events()...) {
		o := ui.Option{Value: t, Label: e.T("settings.hook_all"), Help: e.T("settings.hook_all_help"), On: slices.Contains(in.Events, t)}
		if t != deliver.Any {
			o.Label, o.Help = e.T("topic."+t), t
		}
		events.Options = append(events.Options, o)
	}
	return []ui.Field{
		{Name: "url", Label: e.T("settings.hook_url"), Value: in.URL, Type: "url", Placeholder: "https://", Help: e.T("settings.hook_url_help")},
		{Name: "name", Label: e.T("settings.hook_name"), Value: in.Name, Optional: true, Help: e.T("settings.hook_name_help")},
		events,
	}
}

func postedWebhook(q *web.Request) deliver.NewWebhook {
	limit(q)
	return deliver.NewWebhook{URL: q.PostFormValue("url"), Name: q.PostFormValue("name"), Events: q.PostForm["events"]}
}

func (p *Pages) webhooks(q *web.Request) error {
	return p.showWebhooks(q, http.StatusOK, deliver.NewWebhook{Events: []string{deliver.Any}}, nil)
}

func (p *Pages) showWebhooks(q *web.Request, status int, in deliver.NewWebhook, failed error) error {
	hooks, err := p.Deliver.Webhooks(q.Context(), q.Workspace.ID, q.Actor)
	if err != nil {
		return err
	}
	v := webhooksView{Tabs: tabs(q, "webhooks"), Hooks: hooks, Fields: webhookFields(q, in)}
	if failed != nil {
		v.Error, v.Fields = ui.Refuse(q.Env, v.Fields, failed)
	}
	return q.Render(status, webhooksPage(shell(q, "webhooks"), v))
}

func (p *Pages) addWebhook(q *web.Request) error {
	in := postedWebhook(q)
	h, secret, err := p.Deliver.AddWebhook(q.Context(), q.Workspace.ID, q.Actor, in)
	if err != nil {
		status, ok := told(err)
		if !ok {
			return err
		}
		return p.showWebhooks(q, status, in, err)
	}
	// The secret is in this answer alone: no redirect could carry it.
	return q.Render(http.StatusOK, webhookSecretPage(shell(q, "webhooks"), h, secret, false))
}

// deliveryRow is a delivery as a list shows it.
type deliveryRow struct {
	deliver.Delivery
	To     string // whom or what it goes to
	Href   string // of that; may be empty
	Hidden bool   // that is known from the page
	Again  bool   // it can be sent again
	Back   string // the page to come back to
}

type webhookView struct {
	Hook   deliver.Webhook
	Error  string
	Fields []ui.Field
	Rows   []deliveryRow
	Log    bool
}

func webhookHref(h deliver.WebhookID) string { return "/settings/webhooks/" + string(h) }

func (p *Pages) webhook(q *web.Request) error {
	h, err := p.findWebhook(q)
	if err != nil {
		return err
	}
	return p.showWebhook(q, http.StatusOK, h, deliver.NewWebhook{Name: h.Name, URL: h.URL, Events: h.Events}, nil)
}

func (p *Pages) findWebhook(q *web.Request) (deliver.Webhook, error) {
	return p.Deliver.Webhook(q.Context(), q.Workspace.ID, q.Actor, deliver.WebhookID(q.PathValue("id")))
}

func (p *Pages) showWebhook(q *web.Request, status int, h deliver.Webhook, in deliver.NewWebhook, failed error) error {
	v := webhookView{Hook: h, Fields: webhookFields(q, in), Log: q.Actor.May(identity.AuditRead)}
	if q.Actor.May(identity.DeliveriesManage) {
		list, _, err := p.Deliver.List(q.Context(), q.Workspace.ID, q.Actor, deliver.Filter{Webhook: h.ID, Limit: 20})
		if err != nil {
			return err
		}
		for _, d := range list {
			v.Rows = append(v.Rows, deliveryRow{Delivery: d, Hidden: true, Again: h.Enabled, Back: webhookHref(h.ID)})
		}
	}
	if failed != nil {
		v.Error, v.Fields = ui.Refuse(q.Env, v.Fields, failed)
	}
	sh := q.Shell("settings", h.Label())
	return q.Render(status, webhookPage(sh, v))
}

func (p *Pages) saveWebhook(q *web.Request) error {
	in := postedWebhook(q)
	id := deliver.WebhookID(q.PathValue("id"))
	if _, err := p.Deliver.ChangeWebhook(q.Context(), q.Workspace.ID, q.Actor, id, deliver.WebhookPatch{Name: &in.Name, URL: &in.URL, Events: &in.Events}); err != nil {
		status, ok := told(err)
		if !ok || status == http.StatusNotFound {
			return err
		}
		h, ferr := p.findWebhook(q)
		if ferr != nil {
			return ferr
		}
		return p.showWebhook(q, status, h, in, err)
	}
	q.Flash("good", "settings.saved")
	q.Redirect(webhookHref(id))
	return nil
}

func (p *Pages) switchWebhook(q *web.Request) error {
	limit(q)
	on := q.PostFormValue("state") == "on"
	id := deliver.WebhookID(q.PathValue("id"))
	if _, err := p.Deliver.ChangeWebhook(q.Context(), q.Workspace.ID, q.Actor, id, deliver.WebhookPatch{Enabled: &on}); err != nil {
		return err
	}
	q.Flash("good", map[bool]string{true: "settings.hook_is_on", false: "settings.hook_is_off"}[on])
	q.Redirect(webhookHref(id))
	return nil
}

func (p *Pages) rotateWebhook(q *web.Request) error {
	h, secret, err := p.Deliver.RotateSecret(q.Context(), q.Workspace.ID, q.Actor, deliver.WebhookID(q.PathValue("id")))
	if err != nil {
		return err
	}
	return q.Render(http.StatusOK, webhookSecretPage(shell(q, "webhooks"), h, secret, true))
}

func (p *Pages) testWebhook(q *web.Request) error {
	id := deliver.WebhookID(q.PathValue("id"))
	_, err := p.Deliver.TestWebhook(q.Context(), q.Workspace.ID, q.Actor, id)
	if err != nil && !fault.Is(err, fault.Conflict) {
		return err
	}
	flashOr(q, err, "settings.hook_tested", "settings.hook_not_on")
	q.Redirect(webhookHref(id))
	return nil
}

func (p *Pages) deleteWebhook(q *web.Request) error {
	if err := p.Deliver.DeleteWebhook(q.Context(), q.Workspace.ID, q.Actor, deliver.WebhookID(q.PathValue("id"))); err != nil {
		return err
	}
	q.Flash("good", "settings.hook_deleted")
	q.Redirect("/settings/webhooks")
	return nil
}

type deliveriesView struct {
	Tabs     []ui.Tab
	Mail     bool
	Server   string
	From     string
	You      string // the address that a test goes to
	Segments []ui.Tab
	Chips    []ui.Chip
	Rows     []deliveryRow
	Any      bool // there is something to narrow down
	Pager    ui.Page
	Export   string
}

func (p *Pages) deliveries(q *web.Request) error {
	in := q.URL.Query()
	f := deliver.Filter{Kind: deliver.Kind(in.Get("kind")), State: deliver.State(in.Get("state")), Topic: in.Get("topic"), Webhook: deliver.WebhookID(in.Get("webhook")), Cursor: in.Get("cursor"), Limit: 50}
	list, next, err := p.Deliver.List(q.Context(), q.Workspace.ID, q.Actor, f)
	if err != nil {
		return err
	}
	hooks := map[deliver.WebhookID]deliver.Webhook{}
	if q.Actor.May(identity.WebhooksManage) {
		all, err := p.Deliver.Webhooks(q.Context(), q.Workspace.ID, q.Actor)
		if err != nil {
			return err
		}
		for _, h := range all {
			hooks[h.ID] = h
		}
	}
	filters := url.Values{}
	for _, name := range []string{"kind", "state", "topic", "webhook"} {
		if value := strings.TrimSpace(in.Get(name)); value != "" {
			filters.Set(name, value)
		}
	}
	v := deliveriesView{Tabs: tabs(q, "deliveries"), Mail: p.Deliver.Mail.On(), Server: p.Deliver.Mail.Server(), From: p.Deliver.Mail.From(), You: q.Person.Email,
		Any: len(list) > 0 || len(filters) > 0, Export: filters.Encode(), Pager: ui.Page{Shown: len(list), Total: -1}}
	at := func(name, value string) string {
		to := url.Values{}
		for n, x := range filters {
			to[n] = x
		}
		to.Del(name)
		if value != "" {
			to.Set(name, value)
		}
		if len(to) == 0 {
			return "/settings/deliveries"
		}
		return "/settings/deliveries?" + to.Encode()
	}
	v.Segments = []ui.Tab{{Label: q.Env.T("settings.sent_all"), Href: at("state", ""), Current: f.State == ""}}
	for _, s := range deliver.States() {
		v.Segments = append(v.Segments, ui.Tab{Label: q.Env.T("delivery_state." + string(s)), Href: at("state", string(s)), Current: f.State == s})
	}
	if f.Webhook != "" {
		h := hooks[f.Webhook]
		v.Chips = append(v.Chips, ui.Chip{Label: q.Env.T("settings.hook"), Value: or(h.Label(), string(f.Webhook)), Href: at("webhook", "")})
	}
	for _, d := range list {
		r := deliveryRow{Delivery: d, To: d.Address, Again: v.Mail, Back: q.URL.RequestURI()}
		if d.Kind == deliver.Hook {
			h, known := hooks[d.Webhook]
			r.To, r.Again = h.Label(), h.Enabled
			if known {
				r.Href = webhookHref(h.ID)
			} else {
				r.To = q.Env.T("settings.hook_gone")
			}
		}
		v.Rows = append(v.Rows, r)
	}
	if f.Cursor != "" {
		v.Pager.Prev = at("", "") // back to the newest
	}
	if next != "" {
		v.Pager.Next = at("cursor", next)
	}
	return q.Render(http.StatusOK, deliveriesPage(shell(q, "deliveries"), v))
}

// flashOr says of a change that it was made, or why it could not be.
func flashOr(q *web.Request, err error, done, conflict string) {
	if err != nil {
		q.Flash("bad", conflict)
		return
	}
	q.Flash("good", done)
}

func (p *Pages) redeliver(q *web.Request) error {
	limit(q)
	_, err := p.Deliver.Redeliver(q.Context(), q.Workspace.ID, q.Actor, deliver.ID(q.PathValue("id")))
	if err != nil && !fault.Is(err, fault.Conflict) {
		return err
	}
	flashOr(q, err, "settings.sent_again", "settings.sent_cannot")
	back := q.PostFormValue("back")
	if !strings.HasPrefix(back, "/settings/") {
		back = "/settings/deliveries"
	}
	q.Redirect(back)
	return nil
}

func (p *Pages) testMail(q *web.Request) error {
	_, err := p.Deliver.TestMail(q.Context(), q.Workspace.ID, q.Actor)
	if err != nil && !fault.Is(err, fault.Conflict) {
		return err
	}
	flashOr(q, err, "settings.mail_tested", "settings.mail_none")
	q.Redirect("/settings/deliveries")
	return nil
}
