package export

import (
	"context"
	"net/url"
	"time"

	"kolo/internal/people/identity"
)

// Outbox gives what was sent and where to. Sending stands above this package, so it is handed in.
type Outbox interface {
	// Deliveries reads a page of them, newest first, and the cursor of the next: "" on the last.
	Deliveries(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, filter url.Values, cursor string) ([]Delivery, string, error)
	Webhooks(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor) ([]Webhook, error)
}

// Delivery is a row of the list deliveries.
type Delivery struct {
	ID, Kind, Topic, State, Member, Webhook, Address, Subject string
	Attempts, Status                                          int
	Reason, Detail                                            string
	CreatedAt, TriedAt, NextAt, EndedAt                       time.Time
}

// Webhook is a row of the list webhooks.
type Webhook struct {
	ID, Name, URL, Events, State                    string
	Failures                                        int
	FailingSince, RestUntil, SucceededAt, CreatedAt time.Time
}

func deliveries(ctx context.Context, j job) error {
	t := &sheet[Delivery]{}
	t.text("id", func(d Delivery) string { return d.ID })
	t.time("created_at", func(d Delivery) time.Time { return d.CreatedAt })
	t.text("kind", func(d Delivery) string { return d.Kind })
	t.text("topic", func(d Delivery) string { return d.Topic })
	t.text("state", func(d Delivery) string { return d.State })
	t.text("member", func(d Delivery) string { return d.Member })
	t.text("address", func(d Delivery) string { return d.Address })
	t.text("webhook", func(d Delivery) string { return d.Webhook })
	t.text("subject", func(d Delivery) string { return d.Subject })
	t.number("attempts", func(d Delivery) int64 { return int64(d.Attempts) })
	t.number("status", func(d Delivery) int64 { return int64(d.Status) })
	t.text("reason", func(d Delivery) string { return d.Reason })
	t.text("detail", func(d Delivery) string { return d.Detail })
	t.time("tried_at", func(d Delivery) time.Time { return d.TriedAt })
	t.time("next_at", func(d Delivery) time.Time { return d.NextAt })
	t.time("ended_at", func(d Delivery) time.Time { return d.EndedAt })
	return write(ctx, j, t, paged(func(cursor string) ([]Delivery, string, error) {
		return j.from.Outbox.Deliveries(ctx, j.Workspace, j.Actor, j.Filter, cursor)
	}))
}

func webhooks(ctx context.Context, j job) error {
	list, err := j.from.Outbox.Webhooks(ctx, j.Workspace, j.Actor)
	if err != nil {
		return err
	}
	t := &sheet[Webhook]{}
	t.text("id", func(w Webhook) string { return w.ID })
	t.text("name", func(w Webhook) string { return w.Name })
	t.text("url", func(w Webhook) string { return w.URL })
	t.text("events", func(w Webhook) string { return w.Events })
	t.text("state", func(w Webhook) string { return w.State })
	t.number("failures", func(w Webhook) int64 { return int64(w.Failures) })
	t.time("failing_since", func(w Webhook) time.Time { return w.FailingSince })
	t.time("rest_until", func(w Webhook) time.Time { return w.RestUntil })
	t.time("succeeded_at", func(w Webhook) time.Time { return w.SucceededAt })
	t.time("created_at", func(w Webhook) time.Time { return w.CreatedAt })
	return write(ctx, j, t, all(list))
}
