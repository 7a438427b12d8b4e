package export

import (
	"context"
	"encoding/json"
	"time"

	"kolo/internal/foundation/table"
	"kolo/internal/listen/event"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/label"
)

// events writes what customers did, newest first. Who they are stands in the list of contacts.
func events(ctx context.Context, j job) error {
	f := event.Filter{Contact: contact.ID(j.Filter.Get("contact")), Name: j.Filter.Get("event"), Limit: event.MaxPage}
	var err error
	if f.From, f.To, err = j.from.Insight.Instants(ctx, j.Workspace, insight.Period{From: j.Filter.Get("from"), To: j.Filter.Get("to"), Last: j.Filter.Get("last")}); err != nil {
		return err
	}
	t := &sheet[event.Event]{}
	t.text("id", func(e event.Event) string { return string(e.ID) })
	t.text("message_id", func(e event.Event) string { return e.Message })
	t.text("type", func(e event.Event) string { return e.Kind })
	t.text("event", func(e event.Event) string { return e.Name })
	t.time("time", func(e event.Event) time.Time { return e.Time })
	t.time("received_at", func(e event.Event) time.Time { return e.ReceivedAt })
	t.text("contact_id", func(e event.Event) string { return string(e.Contact) })
	t.text("anonymous_id", func(e event.Event) string { return e.Visitor })
	t.add("value", table.Float, func(e event.Event) any {
		if e.Value == nil {
			return nil
		}
		return *e.Value
	})
	t.text("currency", func(e event.Event) string { return e.Currency })
	t.add("properties", table.JSON, func(e event.Event) any {
		if e.Properties == "" {
			return nil
		}
		return json.RawMessage(e.Properties)
	})
	veiled := !j.Actor.May(identity.ContactsIdentify)
	return write(ctx, j, t, func(do func(event.Event) error) (err error) {
		var h label.Happened
		if veiled {
			if h, err = label.HappenedFor(ctx, j.from.Contacts, j.Workspace, nil); err != nil {
				return err
			}
		}
		for {
			list, err := j.from.Events.List(ctx, j.Workspace, f)
			if err != nil {
				return err
			}
			told := func(e event.Event) event.Event { return e }
			if veiled {
				if h, err = h.Next(ctx, j.from.Contacts, j.Workspace, list); err != nil {
					return err
				}
				told = h.Masked
			}
			if err := all(list)(func(e event.Event) error { return do(told(e)) }); err != nil || len(list) < event.MaxPage {
				return err
			}
			f.Before = event.PlaceOf(list[len(list)-1])
		}
	})
}
