package deliver

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/i18n"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/mail"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/webhook"
	"kolo/internal/people/identity"
)

// Options of a service.
type Options struct {
	Mail  *mail.Client // nil: no mail is sent
	Hooks *webhook.Client
	Base  string // the URL that links begin with, without a slash at its end
	Log   *slog.Logger
}

// Service is what the rest of Kolo asks of sending. Safe for concurrent use.
type Service struct {
	Options
	db         *store.DB
	onDisabled func(*store.Tx, Webhook) error
}

// NewService makes it.
func NewService(db *store.DB, o Options) *Service {
	return &Service{Options: o, db: db, onDisabled: func(*store.Tx, Webhook) error { return nil }}
}

// OnDisabled says what happens when Kolo disables a webhook, in the transaction that does.
func (s *Service) OnDisabled(fn func(*store.Tx, Webhook) error) { s.onDisabled = fn }

// kinds of jobs, one for each way, so that a slow one does not hold the other up.
const (
	emailJob job.Kind = "deliver.email"
	hookJob  job.Kind = "deliver.webhook"
	cleanJob job.Kind = "deliver.clean"
)

var jobOf = map[Kind]job.Kind{Email: emailJob, Hook: hookJob}

type payload struct {
	Delivery ID `json:"delivery"`
}

// manyAttempts keeps a job alive while the database is away: what counts is the attempts of the delivery.
const manyAttempts = 1000

// Queue has a message sent once the transaction commits. A mail while there is no mail server fails at once, so that a list
// shows it, and no flood goes out on the day that there is one.
func (s *Service) Queue(tx *store.Tx, ws identity.WorkspaceID, m Message) (ID, error) {
	d := Delivery{ID: ID(id.New(tx.Now)), Workspace: ws, Kind: m.Kind, State: Queued, NextAt: tx.Now}
	if m.Kind == Email && !s.Mail.On() {
		d.State, d.Reason, d.NextAt, d.EndedAt = Failed, Unconfigured, time.Time{}, tx.Now
	}
	body, html := m.Text, m.HTML
	if m.Secret && d.State != Queued {
		body, html = "", ""
	}
	if m.Kind == Hook {
		if !json.Valid(m.Event) {
			return "", fault.New(fault.Internal, "deliver.Queue", "the event is not JSON")
		}
		body = string(m.Event)
	}
	if _, err := tx.Exec(`/* deliver.Queue */ INSERT INTO delivery (workspace, id, kind, topic, state, member, webhook, address, name, language, subject, body, html,
			attempts, status, reason, detail, created_at, tried_at, next_at, ended_at, secret)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, 0, $14, '', $15, 0, $16, $17, $18)`,
		string(ws), string(d.ID), string(m.Kind), m.Topic, string(d.State), string(m.Member), string(m.Webhook), m.Address, clip(i18n.Paired(m.Name), 200), m.Language, i18n.Paired(clip(m.Subject, 300)),
		body, html, string(d.Reason), tx.Millis(), millis(d.NextAt), millis(d.EndedAt), flag(m.Secret)); err != nil {
		return "", err
	}
	if d.State != Queued {
		return d.ID, nil
	}
	return d.ID, enqueue(tx, d)
}

// enqueue has a worker try at the time that stands in the delivery.
func enqueue(tx *store.Tx, d Delivery) error {
	args, err := json.Marshal(payload{d.ID})
	if err != nil {
		return err
	}
	_, err = job.Enqueue(tx, job.Spec{Workspace: string(d.Workspace), Kind: jobOf[d.Kind], Key: string(d.ID), Payload: args, RunAt: d.NextAt, MaxAttempts: manyAttempts, Again: true})
	return err
}

// Event is something that happened, as webhooks are told of it.
type Event struct {
	Type string // one of Events
	At   time.Time
	Data any // becomes JSON
}

// Publish queues an event for each webhook of the workspace that wants it, and tells for how many.
func (s *Service) Publish(tx *store.Tx, ws identity.WorkspaceID, e Event) (int, error) {
	hooks, err := webhooks(tx, ws)
	if err != nil {
		return 0, err
	}
	text, err := e.json()
	n := 0
	for _, w := range hooks {
		if err == nil && w.Enabled && w.Hears(e.Type) {
			_, err = s.Queue(tx, ws, Message{Kind: Hook, Topic: e.Type, Webhook: w.ID, Event: text})
			n++
		}
	}
	return n, err
}

// json is the event as it is sent: its type, when it happened, and what.
func (e Event) json() ([]byte, error) {
	return json.Marshal(struct {
		Type string    `json:"type"`
		At   time.Time `json:"timestamp"`
		Data any       `json:"data"`
	}{e.Type, e.At.UTC(), e.Data})
}

// List reads deliveries, newest first, and the cursor of the next page: "" on the last.
func (s *Service) List(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, f Filter) (list []Delivery, next string, err error) {
	const op = "deliver.List"
	if err := actor.RequireIn(op, ws, identity.DeliveriesManage); err != nil {
		return nil, "", err
	}
	if f.Cursor != "" && !id.Valid(f.Cursor) {
		return nil, "", fault.Bad(op, fault.Field{Path: "cursor", Code: "cursor", Msg: "this is not a cursor of this list"})
	}
	if f.Limit <= 0 {
		f.Limit = 50
	}
	f.Limit = min(f.Limit, 500)
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = deliveries(tx, ws, f)
		return err
	})
	if len(list) > f.Limit {
		list = list[:f.Limit]
		next = string(list[f.Limit-1].ID)
	}
	return list, next, err
}

// Get reads one delivery.
func (s *Service) Get(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, delivery ID) (d Delivery, err error) {
	if err := actor.RequireIn("deliver.Get", ws, identity.DeliveriesManage); err != nil {
		return d, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		d, err = get(tx, ws, delivery)
		return err
	})
	return d, err
}

// Redeliver sends a delivery that has ended again, with all its attempts, under the id that it had. One that is queued is
// tried now instead of later. A secret one that has ended is a Conflict: nobody knows any more what it said.
func (s *Service) Redeliver(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, delivery ID) (d Delivery, err error) {
	const op = "deliver.Redeliver"
	if err := actor.RequireIn(op, ws, identity.DeliveriesManage); err != nil {
		return d, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		if d, err = get(tx, ws, delivery); err != nil {
			return err
		}
		if d.Secret && d.State != Queued {
			return fault.New(fault.Conflict, op, "what it said is forgotten")
		}
		if d.Kind == Email && !s.Mail.On() {
			return fault.New(fault.Conflict, op, "there is no mail server to send it through")
		}
		if d.Kind == Hook {
			w, err := hook(tx, ws, d.Webhook)
			if fault.Is(err, fault.NotFound) || err == nil && !w.Enabled {
				return fault.New(fault.Conflict, op, "its webhook is not enabled")
			}
			if err != nil {
				return err
			}
			if _, err := tx.Exec("/* deliver.Redeliver */ UPDATE webhook SET rest_until = 0 WHERE workspace = $1 AND id = $2", string(ws), string(w.ID)); err != nil {
				return err
			}
		}
		if d.State != Queued {
			d.Attempts = 0
		}
		d.State, d.NextAt, d.EndedAt = Queued, tx.Now, time.Time{}
		if _, err := tx.Exec("/* deliver.Redeliver */ UPDATE delivery SET state = 'queued', attempts = $3, next_at = $4, ended_at = 0 WHERE workspace = $1 AND id = $2",
			string(ws), string(d.ID), d.Attempts, tx.Millis()); err != nil {
			return err
		}
		if err := identity.Audit(tx, actor, "delivery.redeliver", "delivery", string(d.ID), map[string]string{"topic": d.Topic}); err != nil {
			return err
		}
		return enqueue(tx, d)
	})
	return d, err
}

// TestMail sends a mail to the member who asks, so that they see whether mail arrives.
func (s *Service) TestMail(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor) (delivery ID, err error) {
	const op = "deliver.TestMail"
	if err := actor.RequireIn(op, ws, identity.DeliveriesManage); err != nil {
		return "", err
	}
	if !s.Mail.On() {
		return "", fault.New(fault.Conflict, op, "there is no mail server (KOLO_SMTP_URL)")
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		w, err := identity.GetWorkspace(tx, ws)
		if err != nil {
			return err
		}
		readers, err := identity.Readers(tx, w)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(readers, func(r identity.Reader) bool { return r.ID == actor.Member })
		if i < 0 {
			return fault.New(fault.Conflict, op, "a key has no mailbox: only a member can have a mail sent to them")
		}
		l := i18n.Load().Language(readers[i].Language)
		letter := mail.Letter{Language: l.Tag(), Direction: l.Dir(), Title: l.T("mail.test_title"), Lead: l.T("mail.test_text", "workspace", w.Name)}
		delivery, err = s.Queue(tx, ws, Message{Kind: Email, Topic: "test", Member: actor.Member, Address: readers[i].Email, Name: readers[i].Name,
			Language: letter.Language, Subject: letter.Title, Text: letter.Text(), HTML: letter.HTML()})
		return err
	})
	return delivery, err
}
