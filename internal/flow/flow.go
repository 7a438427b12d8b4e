// Package flow is what happens when: the reactions that cross domains, readable top to bottom. Each is a job, or runs in the
// transaction of the change that it reacts to; what it causes is kept in one transaction with the note that it was done, so
// that nothing is told twice, and nothing is lost when a process is killed.
package flow

import (
	"log/slog"
	"time"

	"kolo/internal/deliver"
	"kolo/internal/foundation/column"
	"kolo/internal/foundation/i18n"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/mail"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/event"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/alert"
	"kolo/internal/understand/theme"
)

// Flow connects the domains.
type Flow struct {
	Store   *store.DB
	Deliver *deliver.Service
	Alerts  *alert.Service
	Themes  *theme.Service
	Base    string // the URL that links begin with, without a slash at its end
	Log     *slog.Logger

	Identity *identity.Service
	Feedback *feedback.Service
	Events   *event.Service
	Columns  *column.DB
}

const digestJob job.Kind = "flow.digest"

// Handle has a runner react.
func (f *Flow) Handle(r *job.Runner) {
	// An alert opens, or grows: those who want to know are told.
	r.Handle(alert.TellKind, f.tellAlerts, job.AtMost(1))

	// An alert is closed: webhooks hear of it and of the verdict.
	f.Alerts.OnClosed(f.alertClosed)

	// An hour strikes somewhere: what waited for it goes out as one mail.
	r.Handle(digestJob, f.sendDigests, job.AtMost(1))
	r.Every(digestJob, 10*time.Minute)

	// A workspace gets another time zone: its days, by which the columns count, are others.
	r.Handle(identity.RezoneKind, f.rezone, job.AtMost(1))

	// A customer is erased: some minutes later nothing of it is left in the files.
	r.Handle(purgeJob, f.purge, job.AtMost(1))

	// Somebody is invited: they get the link by mail.
	f.Identity.OnInvite(f.invited)

	// A webhook is disabled because it failed for days: those who can mend it hear of it on another way.
	f.Deliver.OnDisabled(f.webhookDisabled)
}

// letter begins a mail to a reader.
func (f *Flow) letter(r identity.Reader) (*i18n.Locale, mail.Letter) {
	l := i18n.Load().Language(r.Language)
	return l, mail.Letter{Language: l.Tag(), Direction: l.Dir()}
}

// send queues a letter to a reader.
func (f *Flow) send(tx *store.Tx, ws identity.WorkspaceID, r identity.Reader, topic, subject string, l mail.Letter) error {
	_, err := f.Deliver.Queue(tx, ws, deliver.Message{Kind: deliver.Email, Topic: topic, Member: r.ID, Address: r.Email, Name: r.Name, Language: l.Language,
		Subject: subject, Text: l.Text(), HTML: l.HTML()})
	return err
}

// webhookDisabled writes to those who manage webhooks, whatever they chose to hear of: what they set up no longer works.
func (f *Flow) webhookDisabled(tx *store.Tx, h deliver.Webhook) error {
	if !f.Deliver.Mail.On() {
		return nil
	}
	w, err := identity.GetWorkspace(tx, h.Workspace)
	if err != nil {
		return err
	}
	readers, err := identity.Readers(tx, w)
	if err != nil {
		return err
	}
	for _, r := range readers {
		if !r.Role.May(identity.WebhooksManage) {
			continue
		}
		l, letter := f.letter(r)
		letter.Title = l.T("mail.webhook_title", "name", h.Label())
		letter.Lead = l.T("mail.webhook_off."+h.Reason, "since", l.Date(h.FailingSince, w.Location()))
		letter.Do = mail.Link{Label: l.T("mail.webhook_do"), URL: f.Base + "/settings/webhooks/" + string(h.ID)}
		letter.Foot = l.T("mail.webhook_why", "workspace", w.Name)
		if err := f.send(tx, w.ID, r, "webhook.disabled", letter.Title, letter); err != nil {
			return err
		}
	}
	return nil
}
