package deliver

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/webhook"
	"kolo/internal/people/identity"
)

// maxWebhooks is how many a workspace may have: each change is written down once for each.
const maxWebhooks = 50

// NewWebhook asks for a webhook.
type NewWebhook struct {
	Name   string
	URL    string
	Events []string // of Events, or Any alone
}

// WebhookPatch changes what is not nil.
type WebhookPatch struct {
	Name    *string
	URL     *string
	Events  *[]string
	Enabled *bool
}

// wrongURL says why an address cannot be a webhook's.
var wrongURL = map[string]string{
	"url": "that is not the address of a web page", "scheme": "the address begins with https://", "user": "an address with a name and password in it is not taken: requests are signed",
	"long": "the address is longer than 2000 characters", "private": "the address leads to a place that is not public",
}

// check holds a webhook to its rules, and tidies it.
func (s *Service) check(op string, w *Webhook) error {
	var bad []fault.Field
	w.Name, w.URL = strings.Join(strings.Fields(strings.ToValidUTF8(w.Name, "")), " "), strings.TrimSpace(w.URL)
	if utf8.RuneCountInString(w.Name) > 120 || strings.Contains(w.Name, "\x00") {
		bad = append(bad, fault.Field{Path: "name", Code: "too_long", Msg: "the name is longer than 120 characters"})
	}
	if code := s.Hooks.CheckURL(w.URL); code != "" {
		bad = append(bad, fault.Field{Path: "url", Code: "webhook_" + code, Msg: wrongURL[code]})
	}
	slices.Sort(w.Events)
	w.Events = slices.Compact(w.Events)
	if slices.Contains(w.Events, Any) {
		w.Events = []string{Any}
	}
	if len(w.Events) == 0 {
		bad = append(bad, fault.Field{Path: "events", Code: "required", Msg: "at least one type of event is needed; * is all"})
	}
	for _, e := range w.Events {
		if e != Any && !slices.Contains(Events(), e) {
			bad = append(bad, fault.Field{Path: "events", Code: "unknown", Msg: "there are events of the types " + strings.Join(Events(), ", ") + ", or * for all"})
			break
		}
	}
	if bad != nil {
		return fault.Bad(op, bad...)
	}
	return nil
}

// Webhooks lists them, the oldest first.
func (s *Service) Webhooks(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor) (list []Webhook, err error) {
	if err := actor.RequireIn("deliver.Webhooks", ws, identity.WebhooksManage); err != nil {
		return nil, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = webhooks(tx, ws)
		return err
	})
	return list, err
}

// Webhook reads one.
func (s *Service) Webhook(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, webhook WebhookID) (w Webhook, err error) {
	if err := actor.RequireIn("deliver.Webhook", ws, identity.WebhooksManage); err != nil {
		return w, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		w, err = hook(tx, ws, webhook)
		return err
	})
	return w, err
}

// AddWebhook makes one, and gives the secret that it signs with. Only RotateSecret gives one again.
func (s *Service) AddWebhook(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, in NewWebhook) (w Webhook, secret string, err error) {
	const op = "deliver.AddWebhook"
	if err := actor.RequireIn(op, ws, identity.WebhooksManage); err != nil {
		return w, "", err
	}
	w = Webhook{Workspace: ws, Name: in.Name, URL: in.URL, Events: slices.Clone(in.Events), Enabled: true, secret: webhook.NewSecret()}
	if err := s.check(op, &w); err != nil {
		return w, "", err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		list, err := webhooks(tx, ws)
		if err != nil {
			return err
		}
		if len(list) >= maxWebhooks {
			return fault.New(fault.Conflict, op, "a workspace has at most %d webhooks", maxWebhooks)
		}
		w.ID, w.CreatedAt = WebhookID(id.New(tx.Now)), tx.Now
		if _, err := tx.Exec(`/* deliver.AddWebhook */ INSERT INTO webhook (workspace, id, name, url, events, secret, old_secret, old_until, enabled, reason, failures, failing_since, rest_until, succeeded_at, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, '', 0, 1, '', 0, 0, 0, 0, $7)`, string(ws), string(w.ID), w.Name, w.URL, strings.Join(w.Events, " "), w.secret, tx.Millis()); err != nil {
			return err
		}
		return audit(tx, actor, "webhook.create", w)
	})
	return w, w.secret, err
}

// audit names a webhook without the part of its address that may be secret.
func audit(tx *store.Tx, actor identity.Actor, action string, w Webhook) error {
	return identity.Audit(tx, actor, action, "webhook", string(w.ID), map[string]string{"name": w.Label()})
}

// Label is the webhook's name, or else the host that it leads to.
func (w Webhook) Label() string {
	if w.Name != "" {
		return w.Name
	}
	_, rest, _ := strings.Cut(w.URL, "://")
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		rest = rest[:i]
	}
	return rest
}

// ChangeWebhook changes one. To enable it forgets its failures.
func (s *Service) ChangeWebhook(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, webhook WebhookID, p WebhookPatch) (w Webhook, err error) {
	const op = "deliver.ChangeWebhook"
	err = s.change(ctx, op, ws, actor, webhook, func(tx *store.Tx, old Webhook) error {
		w = old
		if p.Name != nil {
			w.Name = *p.Name
		}
		if p.URL != nil {
			w.URL = *p.URL
		}
		if p.Events != nil {
			w.Events = slices.Clone(*p.Events)
		}
		if err := s.check(op, &w); err != nil {
			return err
		}
		action := "webhook.change"
		switch {
		case p.Enabled == nil || *p.Enabled == old.Enabled:
		case *p.Enabled:
			action = "webhook.enable"
			w.Enabled, w.Reason, w.Failures, w.FailingSince, w.RestUntil = true, "", 0, time.Time{}, time.Time{}
		default:
			action = "webhook.disable"
			w.Enabled, w.Reason = false, "member"
			if err := abandon(tx, w, Disabled); err != nil {
				return err
			}
		}
		if err := w.save(tx); err != nil {
			return err
		}
		return audit(tx, actor, action, w)
	})
	return w, err
}

func (s *Service) change(ctx context.Context, op string, ws identity.WorkspaceID, actor identity.Actor, webhook WebhookID, fn func(*store.Tx, Webhook) error) error {
	if err := actor.RequireIn(op, ws, identity.WebhooksManage); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		w, err := hook(tx, ws, webhook)
		if err != nil {
			return err
		}
		return fn(tx, w)
	})
}

// abandon gives up what waits for a webhook.
func abandon(tx *store.Tx, w Webhook, why Reason) error {
	_, err := tx.Exec("/* deliver.abandon */ UPDATE delivery SET state = 'failed', reason = $3, next_at = 0, ended_at = $4 WHERE workspace = $1 AND webhook = $2 AND state = 'queued'",
		string(w.Workspace), string(w.ID), string(why), tx.Millis())
	return err
}

// RotateSecret gives a webhook a new secret. For a day requests are signed with the old one too, so that the receiver can
// change over without missing any.
func (s *Service) RotateSecret(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, hook WebhookID) (w Webhook, secret string, err error) {
	secret = webhook.NewSecret()
	err = s.change(ctx, "deliver.RotateSecret", ws, actor, hook, func(tx *store.Tx, old Webhook) error {
		w = old
		if _, err := tx.Exec("/* deliver.RotateSecret */ UPDATE webhook SET secret = $3, old_secret = $4, old_until = $5 WHERE workspace = $1 AND id = $2",
			string(ws), string(w.ID), secret, old.secret, tx.Now.Add(overlap).UnixMilli()); err != nil {
			return err
		}
		return audit(tx, actor, "webhook.rotate", w)
	})
	return w, secret, err
}

// DeleteWebhook deletes one, and gives up what waits for it.
func (s *Service) DeleteWebhook(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, webhook WebhookID) error {
	return s.change(ctx, "deliver.DeleteWebhook", ws, actor, webhook, func(tx *store.Tx, w Webhook) error {
		if err := abandon(tx, w, Deleted); err != nil {
			return err
		}
		if _, err := tx.Exec("/* deliver.DeleteWebhook */ DELETE FROM webhook WHERE workspace = $1 AND id = $2", string(ws), string(w.ID)); err != nil {
			return err
		}
		return audit(tx, actor, "webhook.delete", w)
	})
}

// TestWebhook sends an event of no consequence to one webhook, whatever it listens to.
func (s *Service) TestWebhook(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, webhook WebhookID) (delivery ID, err error) {
	const op = "deliver.TestWebhook"
	err = s.change(ctx, op, ws, actor, webhook, func(tx *store.Tx, w Webhook) error {
		if !w.Enabled {
			return fault.New(fault.Conflict, op, "the webhook is not enabled")
		}
		text, err := Event{Type: TestEvent, At: tx.Now, Data: map[string]string{"webhook": string(w.ID), "message": "This is a test."}}.json()
		if err != nil {
			return err
		}
		delivery, err = s.Queue(tx, ws, Message{Kind: Hook, Topic: TestEvent, Webhook: w.ID, Event: text})
		return err
	})
	return delivery, err
}
