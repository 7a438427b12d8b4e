package deliver

import (
	"context"
	"net/url"
	"strings"

	"kolo/internal/people/identity"
	"kolo/internal/understand/export"
)

// Outbox gives exports what was sent.
type Outbox struct{ Service *Service }

// Deliveries reads a page of them; see export.Outbox.
func (o Outbox) Deliveries(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, filter url.Values, cursor string) ([]export.Delivery, string, error) {
	list, next, err := o.Service.List(ctx, ws, actor, Filter{Kind: Kind(filter.Get("kind")), State: State(filter.Get("state")), Topic: filter.Get("topic"),
		Webhook: WebhookID(filter.Get("webhook")), Cursor: cursor, Limit: 500})
	out := make([]export.Delivery, len(list))
	for i, d := range list {
		out[i] = export.Delivery{ID: string(d.ID), Kind: string(d.Kind), Topic: d.Topic, State: string(d.State), Member: string(d.Member), Webhook: string(d.Webhook), Address: d.Address, Subject: d.Subject,
			Attempts: d.Attempts, Status: d.Status, Reason: string(d.Reason), Detail: d.Detail, CreatedAt: d.CreatedAt, TriedAt: d.TriedAt, NextAt: d.NextAt, EndedAt: d.EndedAt}
	}
	return out, next, err
}

// Webhooks lists them.
func (o Outbox) Webhooks(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor) ([]export.Webhook, error) {
	list, err := o.Service.Webhooks(ctx, ws, actor)
	out := make([]export.Webhook, len(list))
	for i, w := range list {
		state := "on"
		if !w.Enabled {
			state = w.Reason
		}
		out[i] = export.Webhook{ID: string(w.ID), Name: w.Name, URL: w.URL, Events: strings.Join(w.Events, " "), State: state, Failures: w.Failures,
			FailingSince: w.FailingSince, RestUntil: w.RestUntil, SucceededAt: w.SucceededAt, CreatedAt: w.CreatedAt}
	}
	return out, err
}
