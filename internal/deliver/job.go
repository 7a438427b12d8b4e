package deliver

import (
	"context"
	"errors"
	"net"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/mail"
	"kolo/internal/foundation/outbound"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/webhook"
	"kolo/internal/people/identity"
)

// Handle has a runner send. A process without a mail server leaves mail to those that have one.
func (s *Service) Handle(r *job.Runner) {
	// A slow receiver must not take all workers.
	r.Handle(hookJob, s.send, job.AtMost(4))
	if s.Mail.On() {
		r.Handle(emailJob, s.send, job.AtMost(2))
	}
	r.Handle(cleanJob, func(ctx context.Context, _ *job.Run) error { return s.Clean(ctx) })
	r.Every(cleanJob, 24*time.Hour)
}

// outcome is what an attempt came to.
type outcome struct {
	sent   bool
	final  bool // trying again is of no use
	status int
	reason Reason
	detail string
	after  time.Duration // that the other side asks to be left alone
}

// sending is a delivery in the hands of a worker.
type sending struct {
	Delivery
	content
	hook Webhook // where it goes to one
}

// send makes one attempt at a delivery.
func (s *Service) send(ctx context.Context, run *job.Run) error {
	var args payload
	if err := run.Args(&args); err != nil {
		return err
	}
	ws := identity.WorkspaceID(run.Workspace)
	var d *sending
	if err := s.db.Update(ctx, func(tx *store.Tx) (err error) {
		d, err = s.begin(tx, run, ws, args.Delivery)
		return err
	}); err != nil || d == nil {
		return err
	}
	out := s.attempt(ctx, d)
	if cause := context.Cause(ctx); cause != nil && !out.sent {
		if errors.Is(cause, job.ErrStopped) { // broken off by our own end: that was no attempt
			return errors.Join(s.db.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error {
				if err := run.Save(tx, job.Progress{}, nil); err != nil {
					return err
				}
				_, err := tx.Exec("/* deliver.stopped */ UPDATE delivery SET attempts = attempts - 1 WHERE workspace = $1 AND id = $2 AND attempts > 0", string(ws), string(d.ID))
				return err
			}), cause)
		}
		return cause
	}
	// What was sent is written down even if Kolo is told to stop at this moment.
	return s.db.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error { return s.end(tx, run, d, out) })
}

// begin counts the attempt, before it is made, so that a delivery which ends every process that tries it is given up too.
// It gives nothing when there is nothing to send (any more), or not yet.
func (s *Service) begin(tx *store.Tx, run *job.Run, ws identity.WorkspaceID, delivery ID) (*sending, error) {
	d, err := get(tx, ws, delivery)
	if fault.Is(err, fault.NotFound) || err == nil && d.State != Queued {
		return nil, run.Finish(tx)
	}
	if err != nil {
		return nil, err
	}
	out := &sending{Delivery: d}
	giveUp := func(why Reason) (*sending, error) {
		d.State, d.Reason = Failed, why
		return nil, ended(tx, run, d)
	}
	if d.Kind == Hook {
		out.hook, err = hook(tx, ws, d.Webhook)
		switch {
		case fault.Is(err, fault.NotFound):
			return giveUp(Deleted)
		case err != nil:
			return nil, err
		case !out.hook.Enabled:
			return giveUp(Disabled)
		case out.hook.RestUntil.After(tx.Now):
			d.NextAt = out.hook.RestUntil
			return nil, ended(tx, run, d)
		}
	}
	if d.Member != "" { // who was shut out since gets nothing more
		m, err := identity.GetMember(tx, ws, d.Member)
		if fault.Is(err, fault.NotFound) || err == nil && m.State != identity.Active {
			return giveUp(Deleted)
		} else if err != nil {
			return nil, err
		}
	}
	if d.Attempts >= MaxAttempts {
		return giveUp(Interrupted)
	}
	if out.content, err = contentOf(tx, ws, delivery); err != nil {
		return nil, err
	}
	out.Attempts++
	out.TriedAt = tx.Now
	if _, err := tx.Exec("/* deliver.begin */ UPDATE delivery SET attempts = $3, tried_at = $4 WHERE workspace = $1 AND id = $2", string(ws), string(d.ID), out.Attempts, tx.Millis()); err != nil {
		return nil, err
	}
	return out, run.Save(tx, job.Progress{Done: int64(out.Attempts)}, nil)
}

// attempt sends, with no transaction open.
func (s *Service) attempt(ctx context.Context, d *sending) outcome {
	if d.Kind == Hook {
		return s.post(ctx, d)
	}
	m := mail.Message{ID: string(d.ID), To: d.Address, Name: d.Name, Subject: d.Subject, Language: d.Language, Text: d.Body, HTML: d.HTML, Date: d.CreatedAt}
	if d.Member != "" { // who is no member has nothing to choose
		m.List, m.Settings = "alerts", s.Base+"/settings/notifications"
	}
	err := s.Mail.Send(ctx, m)
	var refused *mail.Refused
	switch {
	case err == nil:
		return outcome{sent: true, status: 250}
	case errors.As(err, &refused):
		return outcome{final: refused.Permanent(), status: refused.Code, reason: Refused, detail: refused.Text}
	}
	return lost(err)
}

func (s *Service) post(ctx context.Context, d *sending) outcome {
	res, err := s.Hooks.Post(ctx, webhook.Request{URL: d.hook.URL, ID: string(d.ID), At: d.TriedAt, Secrets: d.hook.secrets(d.TriedAt), Body: []byte(d.Body), Agent: "Kolo (+" + s.Base + ")"})
	var blocked *outbound.Blocked
	switch {
	case errors.As(err, &blocked):
		return outcome{final: true, reason: Blocked, detail: blocked.Error()}
	case err != nil:
		return lost(err)
	}
	out := outcome{sent: res.OK(), status: res.Status, detail: res.Text, after: res.RetryAfter}
	switch {
	case out.sent:
		out.detail = ""
	case res.Status == 410:
		out.reason, out.final = Gone, true
	case res.Status >= 300 && res.Status < 400:
		out.reason = Redirected
	default:
		out.reason = Refused
	}
	return out
}

// lost is an attempt that got no answer.
func lost(err error) outcome {
	var timeout net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		return outcome{reason: TimedOut}
	}
	return outcome{reason: Unreachable, detail: err.Error()}
}

// end writes down what an attempt came to.
func (s *Service) end(tx *store.Tx, run *job.Run, d *sending, out outcome) error {
	// The delivery may have been given up while it was on its way: with its webhook, say. What has arrived has arrived.
	now, err := get(tx, d.Workspace, d.ID)
	if fault.Is(err, fault.NotFound) || err == nil && now.State != Queued && !out.sent {
		return run.Finish(tx)
	}
	if err != nil {
		return err
	}
	done := d.Delivery
	done.Status, done.Reason, done.Detail = out.status, out.reason, clip(out.detail, maxDetail)
	switch {
	case out.sent:
		done.State = Sent
	case out.final || d.Attempts >= MaxAttempts:
		done.State = Failed
	default:
		done.NextAt = tx.Now.Add(wait(d.Attempts, out.after))
	}
	if d.Kind == Hook {
		disabled, err := s.learn(tx, d, out)
		if err != nil {
			return err
		}
		if disabled {
			done.State = Failed
		}
	}
	return ended(tx, run, done)
}

// ended writes the state of a delivery, ends the job, and makes the one of the next attempt: all at once, so that no
// moment is without either.
func ended(tx *store.Tx, run *job.Run, d Delivery) error {
	next, end := millis(d.NextAt), int64(0)
	if d.State != Queued {
		next, end = 0, tx.Millis()
	}
	if _, err := tx.Exec("/* deliver.ended */ UPDATE delivery SET state = $3, status = $4, reason = $5, detail = $6, next_at = $7, ended_at = $8 WHERE workspace = $1 AND id = $2",
		string(d.Workspace), string(d.ID), string(d.State), d.Status, string(d.Reason), d.Detail, next, end); err != nil {
		return err
	}
	if d.Secret && d.State != Queued {
		if _, err := tx.Exec("/* deliver.forget */ UPDATE delivery SET body = '', html = '' WHERE workspace = $1 AND id = $2", string(d.Workspace), string(d.ID)); err != nil {
			return err
		}
	}
	if err := run.Finish(tx); err != nil || d.State != Queued {
		return err
	}
	return enqueue(tx, d)
}

// learn keeps what an attempt says about the webhook: one that fails is left alone for a while, and disabled when it did
// nothing else for days. It tells whether it was disabled now.
func (s *Service) learn(tx *store.Tx, d *sending, out outcome) (disabled bool, err error) {
	w, err := hook(tx, d.Workspace, d.Webhook)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if out.sent {
		w.Failures, w.FailingSince, w.RestUntil, w.SucceededAt = 0, time.Time{}, time.Time{}, tx.Now
		return false, w.save(tx)
	}
	// With nothing to send for so long nobody knows how it was: the failures before say nothing about this one.
	if w.FailingSince.IsZero() || tx.Now.Sub(w.RestUntil) > forgotten {
		w.Failures, w.FailingSince = 0, tx.Now
	}
	w.Failures++
	w.RestUntil = tx.Now.Add(max(rest(w.Failures), out.after))
	switch {
	case !w.Enabled || out.reason != Gone && tx.Now.Sub(w.FailingSince) < failingFor:
		return false, w.save(tx)
	case out.reason == Gone:
		w.Reason = "gone"
	default:
		w.Reason = "failing"
	}
	w.Enabled = false
	if err := w.save(tx); err != nil {
		return false, err
	}
	if err := abandon(tx, w, Disabled); err != nil {
		return false, err
	}
	if err := audit(tx, identity.Program(w.Workspace, "deliveries"), "webhook."+w.Reason, w); err != nil {
		return false, err
	}
	return true, s.onDisabled(tx, w)
}

// Clean deletes deliveries that ended long ago, with what they said.
func (s *Service) Clean(ctx context.Context) error {
	for n := int64(1); n > 0; {
		if err := s.db.Claim(ctx, func(tx *store.Tx) (err error) {
			n, err = tx.Exec("/* deliver.Clean */ DELETE FROM delivery WHERE (workspace, id) IN (SELECT workspace, id FROM delivery WHERE ended_at > 0 AND ended_at < $1 LIMIT 500)",
				tx.Now.Add(-keep).UnixMilli())
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}
