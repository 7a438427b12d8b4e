package deliver

import (
	"strconv"
	"strings"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

const selectDelivery = `SELECT workspace, id, kind, topic, state, member, webhook, address, subject, attempts, status, reason, detail, created_at, tried_at, next_at, ended_at, secret
	FROM delivery WHERE workspace = $1`

func scanDelivery(s store.Scanner) (d Delivery, err error) {
	var created, tried, next, ended, secret int64
	err = s.Scan(&d.Workspace, &d.ID, &d.Kind, &d.Topic, &d.State, &d.Member, &d.Webhook, &d.Address, &d.Subject, &d.Attempts, &d.Status, &d.Reason, &d.Detail, &created, &tried, &next, &ended, &secret)
	d.Secret = secret == 1
	d.CreatedAt, d.TriedAt, d.NextAt, d.EndedAt = instant(created), instant(tried), instant(next), instant(ended)
	return d, err
}

func get(tx *store.Tx, ws identity.WorkspaceID, delivery ID) (Delivery, error) {
	d, err := store.One(tx, scanDelivery, "/* deliver.get */ "+selectDelivery+" AND id = $2", string(ws), string(delivery))
	if fault.Is(err, fault.NotFound) {
		return d, fault.New(fault.NotFound, "deliver.Get", "there is no such delivery")
	}
	return d, err
}

// deliveries reads one more than the limit.
func deliveries(tx *store.Tx, ws identity.WorkspaceID, f Filter) ([]Delivery, error) {
	query, args := "/* deliver.deliveries */ "+selectDelivery, []any{string(ws)}
	for _, c := range []struct{ column, value string }{{"kind", string(f.Kind)}, {"state", string(f.State)}, {"topic", f.Topic}, {"webhook", string(f.Webhook)}} {
		if c.value != "" {
			args = append(args, strings.ToValidUTF8(c.value, ""))
			query += " AND " + c.column + " = $" + strconv.Itoa(len(args))
		}
	}
	if f.Cursor != "" {
		args = append(args, f.Cursor)
		query += " AND id < $" + strconv.Itoa(len(args))
	}
	return store.All(tx, scanDelivery, query+" ORDER BY id DESC LIMIT "+strconv.Itoa(f.Limit+1), args...)
}

// content is what a delivery says, which lists do not read.
type content struct {
	Name, Language, Body, HTML string
}

func contentOf(tx *store.Tx, ws identity.WorkspaceID, delivery ID) (content, error) {
	return store.One(tx, func(s store.Scanner) (c content, err error) {
		err = s.Scan(&c.Name, &c.Language, &c.Body, &c.HTML)
		return c, err
	}, "/* deliver.contentOf */ SELECT name, language, body, html FROM delivery WHERE workspace = $1 AND id = $2", string(ws), string(delivery))
}

const selectWebhook = `SELECT workspace, id, name, url, events, secret, old_secret, old_until, enabled, reason, failures, failing_since, rest_until, succeeded_at, created_at
	FROM webhook WHERE workspace = $1`

func scanWebhook(s store.Scanner) (w Webhook, err error) {
	var events string
	var enabled, until, since, rest, succeeded, created int64
	err = s.Scan(&w.Workspace, &w.ID, &w.Name, &w.URL, &events, &w.secret, &w.oldSecret, &until, &enabled, &w.Reason, &w.Failures, &since, &rest, &succeeded, &created)
	w.Events, w.Enabled = strings.Fields(events), enabled == 1
	w.oldUntil, w.FailingSince, w.RestUntil, w.SucceededAt, w.CreatedAt = instant(until), instant(since), instant(rest), instant(succeeded), instant(created)
	return w, err
}

func webhooks(tx *store.Tx, ws identity.WorkspaceID) ([]Webhook, error) {
	return store.All(tx, scanWebhook, "/* deliver.webhooks */ "+selectWebhook+" ORDER BY id", string(ws))
}

func hook(tx *store.Tx, ws identity.WorkspaceID, webhook WebhookID) (Webhook, error) {
	w, err := store.One(tx, scanWebhook, "/* deliver.hook */ "+selectWebhook+" AND id = $2", string(ws), string(webhook))
	if fault.Is(err, fault.NotFound) {
		return w, fault.New(fault.NotFound, "deliver.Webhook", "there is no such webhook")
	}
	return w, err
}

// save writes all of a webhook but its secrets.
func (w Webhook) save(tx *store.Tx) error {
	_, err := tx.Exec(`/* deliver.saveWebhook */ UPDATE webhook SET name = $3, url = $4, events = $5, enabled = $6, reason = $7, failures = $8, failing_since = $9, rest_until = $10, succeeded_at = $11
		WHERE workspace = $1 AND id = $2`, string(w.Workspace), string(w.ID), w.Name, w.URL, strings.Join(w.Events, " "), flag(w.Enabled), w.Reason, w.Failures,
		millis(w.FailingSince), millis(w.RestUntil), millis(w.SucceededAt))
	return err
}
