package api

import (
	"context"
	"net/http"
	"time"

	"kolo/internal/deliver"
	"kolo/internal/people/identity"
)

// Webhook is where a workspace's events go, as the API gives it.
type Webhook struct {
	ID           string     `json:"id"`
	Name         string     `json:"name,omitempty"`
	URL          string     `json:"url"`
	Events       []string   `json:"events" doc:"Types of events; * is all, those to come too"`
	Enabled      bool       `json:"enabled"`
	Reason       string     `json:"reason,omitempty" doc:"Why it is not: a member turned it off (member), nothing it was sent for days was accepted (failing), or it answered 410 (gone)"`
	Failures     int        `json:"failures,omitempty" doc:"Attempts in a row that failed"`
	FailingSince *time.Time `json:"failing_since,omitempty"`
	RestUntil    *time.Time `json:"rest_until,omitempty" doc:"It is left alone until then"`
	SucceededAt  *time.Time `json:"succeeded_at,omitempty"`
	CreatedAt    time.Time  `json:"created_at"`
	Secret       string     `json:"secret,omitempty" doc:"whsec_..., to check signatures with. Only when it is made"`
}

func webhookOf(w deliver.Webhook) Webhook {
	return Webhook{string(w.ID), w.Name, w.URL, orEmpty(w.Events), w.Enabled, w.Reason, w.Failures, instantOf(w.FailingSince), instantOf(w.RestUntil), instantOf(w.SucceededAt), w.CreatedAt, ""}
}

// Delivery is a mail or an event with what became of it, as the API gives it.
type Delivery struct {
	ID        string     `json:"id" doc:"The webhook-id of an event; the Message-ID of a mail begins with it"`
	Kind      string     `json:"kind" enum:"email,webhook"`
	Topic     string     `json:"topic" doc:"What it tells of: alert.opened, alerts, webhook.test ..."`
	State     string     `json:"state" enum:"queued,sent,failed"`
	Member    string     `json:"member_id,omitempty"`
	Webhook   string     `json:"webhook_id,omitempty"`
	Address   string     `json:"address,omitempty" doc:"Of a mail"`
	Subject   string     `json:"subject,omitempty" doc:"Of a mail"`
	Attempts  int        `json:"attempts"`
	Status    int        `json:"status,omitempty" doc:"Of the last answer: of HTTP or of SMTP"`
	Reason    string     `json:"reason,omitempty" enum:"refused,redirected,gone,timeout,unreachable,blocked,interrupted,disabled,deleted,unconfigured," doc:"Why the last attempt failed"`
	Detail    string     `json:"detail,omitempty" doc:"What the other side said"`
	CreatedAt time.Time  `json:"created_at"`
	TriedAt   *time.Time `json:"tried_at,omitempty"`
	NextAt    *time.Time `json:"next_at,omitempty" doc:"While it is queued"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
}

func deliveryOf(d deliver.Delivery) Delivery {
	return Delivery{string(d.ID), string(d.Kind), d.Topic, string(d.State), string(d.Member), string(d.Webhook), d.Address, d.Subject, d.Attempts, d.Status, string(d.Reason), d.Detail,
		d.CreatedAt, instantOf(d.TriedAt), instantOf(d.NextAt), instantOf(d.EndedAt)}
}

// Notifications are what a member is told of by e-mail.
type Notifications struct {
	Mode   string `json:"mode" enum:"immediately,daily,none"`
	Hour   int    `json:"hour" minimum:"0" maximum:"23" doc:"Of the daily mail, in the workspace's zone"`
	Mine   bool   `json:"mine" doc:"Only what the member looks after"`
	Chosen bool   `json:"chosen,omitempty" readOnly:"true" doc:"False: it is what their role has by itself"`
}

func (a *API) deliverRoutes() {
	a.webhookRoutes()
	a.deliveryRoutes()
	a.notificationRoutes()
}

func (a *API) webhookRoutes() {
	const tag = "Webhooks"
	type hooks struct {
		Webhooks []Webhook `json:"webhooks"`
	}
	handle(a, route{http.MethodGet, "/v1/webhooks", identity.WebhooksManage, "list-webhooks", "List webhooks, the oldest first", tag, 0},
		func(ctx context.Context, actor identity.Actor, _ *struct{}) (*body[hooks], error) {
			all, err := a.Deliver.Webhooks(ctx, actor.Workspace, actor)
			return &body[hooks]{hooks{mapped(all, webhookOf)}}, err
		})
	handle(a, route{http.MethodPost, "/v1/webhooks", identity.WebhooksManage, "create-webhook",
		"Have events sent to an address, signed after Standard Webhooks; the answer has the secret, once", tag, http.StatusCreated},
		func(ctx context.Context, actor identity.Actor, in *struct {
			Body struct {
				Name   string   `json:"name,omitempty" maxLength:"120"`
				URL    string   `json:"url" maxLength:"2000"`
				Events []string `json:"events,omitempty" doc:"alert.opened, alert.escalated, or * for all, which is the usual"`
			}
		}) (*body[Webhook], error) {
			events := in.Body.Events
			if len(events) == 0 {
				events = []string{deliver.Any}
			}
			w, secret, err := a.Deliver.AddWebhook(ctx, actor.Workspace, actor, deliver.NewWebhook{Name: in.Body.Name, URL: in.Body.URL, Events: events})
			out := webhookOf(w)
			out.Secret = secret
			return &body[Webhook]{out}, err
		})
	handle(a, route{http.MethodGet, "/v1/webhooks/{id}", identity.WebhooksManage, "get-webhook", "Get a webhook", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *ByID) (*body[Webhook], error) {
			w, err := a.Deliver.Webhook(ctx, actor.Workspace, actor, deliver.WebhookID(in.ID))
			return &body[Webhook]{webhookOf(w)}, err
		})
	handle(a, route{http.MethodPatch, "/v1/webhooks/{id}", identity.WebhooksManage, "change-webhook", "Change a webhook, turn it off or on", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ByID
			Body struct {
				Name    *string   `json:"name,omitempty" maxLength:"120"`
				URL     *string   `json:"url,omitempty" maxLength:"2000"`
				Events  *[]string `json:"events,omitempty"`
				Enabled *bool     `json:"enabled,omitempty"`
			}
		}) (*body[Webhook], error) {
			w, err := a.Deliver.ChangeWebhook(ctx, actor.Workspace, actor, deliver.WebhookID(in.ID),
				deliver.WebhookPatch{Name: in.Body.Name, URL: in.Body.URL, Events: in.Body.Events, Enabled: in.Body.Enabled})
			return &body[Webhook]{webhookOf(w)}, err
		})
	handle(a, route{http.MethodDelete, "/v1/webhooks/{id}", identity.WebhooksManage, "delete-webhook", "Delete a webhook; what waits for it is given up", tag, http.StatusNoContent},
		func(ctx context.Context, actor identity.Actor, in *ByID) (*struct{}, error) {
			return nil, a.Deliver.DeleteWebhook(ctx, actor.Workspace, actor, deliver.WebhookID(in.ID))
		})
	handle(a, route{http.MethodPost, "/v1/webhooks/{id}/rotate", identity.WebhooksManage, "rotate-webhook-secret",
		"Make a new secret; for 24 hours requests are signed with the old one too", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *ByID) (*body[Webhook], error) {
			w, secret, err := a.Deliver.RotateSecret(ctx, actor.Workspace, actor, deliver.WebhookID(in.ID))
			out := webhookOf(w)
			out.Secret = secret
			return &body[Webhook]{out}, err
		})
	handle(a, route{http.MethodPost, "/v1/webhooks/{id}/test", identity.WebhooksManage, "test-webhook", "Send an event of the type webhook.test; the answer says which delivery to look at", tag, http.StatusAccepted},
		func(ctx context.Context, actor identity.Actor, in *ByID) (*body[started], error) {
			d, err := a.Deliver.TestWebhook(ctx, actor.Workspace, actor, deliver.WebhookID(in.ID))
			return &body[started]{started{string(d)}}, err
		})
}

// started names a delivery that is on its way.
type started struct {
	ID string `json:"delivery_id"`
}

func (a *API) deliveryRoutes() {
	const tag = "Deliveries"
	type sent struct {
		Deliveries []Delivery `json:"deliveries"`
		Next       string     `json:"next,omitempty" doc:"Cursor of the next page"`
	}
	handle(a, route{http.MethodGet, "/v1/deliveries", identity.DeliveriesManage, "list-deliveries", "List mail and events that were sent, are to be, or were given up, newest first", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			Paging
			Kind    string `query:"kind" enum:"email,webhook"`
			State   string `query:"state" enum:"queued,sent,failed"`
			Topic   string `query:"topic"`
			Webhook string `query:"webhook" doc:"Id of the webhook"`
		}) (*body[sent], error) {
			all, next, err := a.Deliver.List(ctx, actor.Workspace, actor, deliver.Filter{Kind: deliver.Kind(in.Kind), State: deliver.State(in.State), Topic: in.Topic,
				Webhook: deliver.WebhookID(in.Webhook), Cursor: in.Cursor, Limit: in.Limit})
			return &body[sent]{sent{mapped(all, deliveryOf), next}}, err
		})
	handle(a, route{http.MethodGet, "/v1/deliveries/{id}", identity.DeliveriesManage, "get-delivery", "Get a delivery", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *ByID) (*body[Delivery], error) {
			d, err := a.Deliver.Get(ctx, actor.Workspace, actor, deliver.ID(in.ID))
			return &body[Delivery]{deliveryOf(d)}, err
		})
	handle(a, route{http.MethodPost, "/v1/deliveries/{id}/redeliver", identity.DeliveriesManage, "redeliver", "Send a delivery again, under the id that it has; one that waits is tried now", tag, http.StatusAccepted},
		func(ctx context.Context, actor identity.Actor, in *ByID) (*body[Delivery], error) {
			d, err := a.Deliver.Redeliver(ctx, actor.Workspace, actor, deliver.ID(in.ID))
			return &body[Delivery]{deliveryOf(d)}, err
		})
	type mailbox struct {
		On     bool   `json:"on" doc:"Whether there is a mail server; without one no mail is sent"`
		Server string `json:"server,omitempty"`
		From   string `json:"from,omitempty"`

		Latest *Delivery `json:"latest,omitempty" doc:"What became of the latest mail"`
	}
	handle(a, route{http.MethodGet, "/v1/mail", identity.DeliveriesManage, "get-mail", "Tell whether and how e-mail is sent", tag, 0},
		func(ctx context.Context, actor identity.Actor, _ *struct{}) (*body[mailbox], error) {
			m := a.Deliver.Mail
			out := mailbox{On: m.On(), Server: m.Server(), From: m.From()}
			list, _, err := a.Deliver.List(ctx, actor.Workspace, actor, deliver.Filter{Kind: deliver.Email, Limit: 1})
			for _, d := range mapped(list, deliveryOf) {
				out.Latest = &d
			}
			return &body[mailbox]{out}, err
		})
	handle(a, route{http.MethodPost, "/v1/mail/test", identity.DeliveriesManage, "test-mail", "Send a mail to the member who asks; a key has no mailbox", tag, http.StatusAccepted},
		func(ctx context.Context, actor identity.Actor, _ *struct{}) (*body[started], error) {
			d, err := a.Deliver.TestMail(ctx, actor.Workspace, actor)
			return &body[started]{started{string(d)}}, err
		})
}

func (a *API) notificationRoutes() {
	const tag = "Members"
	out := func(p deliver.Preference, err error) (*body[Notifications], error) {
		return &body[Notifications]{Notifications{string(p.Mode), p.Hour, p.Mine, p.Chosen}}, err
	}
	handle(a, route{http.MethodGet, "/v1/members/{id}/notifications", identity.InsightsRead, "get-notifications",
		"Tell what a member is told of by e-mail; of others than oneself it needs members.manage too", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *ByID) (*body[Notifications], error) {
			return out(a.Deliver.Preference(ctx, actor.Workspace, actor, identity.MemberID(in.ID), deliver.Alerts))
		})
	handle(a, route{http.MethodPut, "/v1/members/{id}/notifications", identity.InsightsRead, "choose-notifications",
		"Choose what a member is told of by e-mail; for others than oneself it needs members.manage too", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ByID
			Body Notifications
		}) (*body[Notifications], error) {
			return out(a.Deliver.Choose(ctx, actor.Workspace, actor, deliver.Preference{Member: identity.MemberID(in.ID), Topic: deliver.Alerts,
				Mode: deliver.Mode(in.Body.Mode), Hour: in.Body.Hour, Mine: in.Body.Mine}))
		})
}
