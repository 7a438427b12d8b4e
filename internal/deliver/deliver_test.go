package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kolo/internal/deliver"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/mail/mailtest"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/webhook"
	"kolo/internal/people/identity"
)

// TestMailGoesOutOnceItIsCommitted, to the one whom it is for.
func TestMailGoesOutOnceItIsCommitted(t *testing.T) {
	each(t, quiet, func(w *world) {
		w.run(w.Service)
		if err := w.db.Update(w.Context(), func(tx *store.Tx) error {
			_, err := w.Queue(tx, w.one.Workspace, deliver.Message{Kind: deliver.Email, Address: "x@example.org", Subject: "rolled back"})
			return errors.Join(err, errBoom)
		}); !errors.Is(err, errBoom) {
			w.Fatal(err)
		}
		d := w.await(w.one, w.mail(w.one, "hello"), in(deliver.Sent))
		if d.Attempts != 1 || d.Status != 250 || d.EndedAt.IsZero() || !d.NextAt.IsZero() || d.Reason != "" || d.Member != w.one.Member {
			w.Errorf("%+v", d)
		}
		mails := w.mails.Mails()
		if len(mails) != 1 || mails[0].To[0] != "dana@example.org" || !strings.Contains(mails[0].Data, "Message-ID: <"+string(d.ID)+"@example.org>") {
			w.Errorf("%+v", mails)
		}
	})
}

// TestARefusalForNowIsTriedAgain on the schedule, with the same Message-ID, and one for good is not.
func TestARefusalForNowIsTriedAgain(t *testing.T) {
	each(t, func() *mailtest.Server {
		return &mailtest.Server{Data: func(n int, m mailtest.Mail) error {
			switch {
			case strings.Contains(m.Data, "Subject: spam"):
				return mailtest.Refuse(554, "this is spam")
			case n <= 2:
				return mailtest.Refuse(451, "greylisted")
			}
			return nil
		}}
	}, func(w *world) {
		w.run(w.Service)
		d := w.mail(w.one, "hello")
		for n, least := range []time.Duration{4 * time.Second, 4 * time.Minute} {
			got := w.await(w.one, d, tried(n+1))
			if got.Status != 451 || got.Reason != deliver.Refused || !strings.Contains(got.Detail, "greylisted") || got.NextAt.Sub(got.TriedAt) < least || got.NextAt.Sub(got.TriedAt) > 2*least {
				w.Errorf("%+v", got)
			}
			w.clock.Advance(got.NextAt.Sub(w.clock.Now()))
		}
		if got := w.await(w.one, d, in(deliver.Sent)); got.Attempts != 3 || got.Reason != "" || len(w.mails.Mails()) != 1 {
			w.Errorf("%+v %v", got, w.mails.Mails())
		}
		if got := w.await(w.one, w.mail(w.one, "spam"), in(deliver.Failed)); got.Attempts != 1 || got.Status != 554 || !strings.Contains(got.Detail, "spam") {
			w.Errorf("%+v", got)
		}
	})
}

// TestAnAnswerThatIsLostIsAskedForAgain: at least once, and under one Message-ID.
func TestAnAnswerThatIsLostIsAskedForAgain(t *testing.T) {
	each(t, func() *mailtest.Server {
		return &mailtest.Server{Data: func(n int, _ mailtest.Mail) error {
			if n == 1 {
				return mailtest.Hang
			}
			return nil
		}}
	}, func(w *world) {
		w.run(w.Service)
		d := w.mail(w.one, "hello")
		got := w.await(w.one, d, tried(1))
		if got.Reason != deliver.Unreachable {
			w.Errorf("%+v", got)
		}
		w.clock.Advance(time.Minute)
		w.await(w.one, d, in(deliver.Sent))
		mails := w.mails.Mails()
		if len(mails) != 2 {
			w.Fatalf("%d mails", len(mails))
		}
		for _, m := range mails {
			if !strings.Contains(m.Data, "Message-ID: <"+string(d)+"@example.org>") {
				w.Error(m.Data)
			}
		}
	})
}

func TestWithoutAMailServer(t *testing.T) {
	each(t, quiet, func(w *world) {
		off := w.service("")
		var id deliver.ID
		w.must(w.db.Update(w.Context(), func(tx *store.Tx) (err error) {
			id, err = off.Queue(tx, w.one.Workspace, deliver.Message{Kind: deliver.Email, Address: "x@example.org", Subject: "s"})
			return err
		}))
		d, err := off.Get(w.Context(), w.one.Workspace, w.one, id)
		if err != nil || d.State != deliver.Failed || d.Reason != deliver.Unconfigured {
			w.Errorf("%+v %v", d, err)
		}
		if _, err := off.Redeliver(w.Context(), w.one.Workspace, w.one, id); !fault.Is(err, fault.Conflict) {
			w.Error(err)
		}
		if _, err := off.TestMail(w.Context(), w.one.Workspace, w.one); !fault.Is(err, fault.Conflict) {
			w.Error(err)
		}
		// A process that has one sends it, once somebody asks.
		w.run(w.Service)
		_, err = w.Redeliver(w.Context(), w.one.Workspace, w.one, id)
		w.must(err)
		w.await(w.one, id, in(deliver.Sent))
		test, err := w.TestMail(w.Context(), w.one.Workspace, w.one)
		w.must(err)
		if d := w.await(w.one, test, in(deliver.Sent)); d.Address != "dana@one.example" {
			w.Errorf("%+v", d)
		}
	})
}

// TestEventsGoToWhoWantsThem, signed, and to nobody of another workspace.
func TestEventsGoToWhoWantsThem(t *testing.T) {
	each(t, quiet, func(w *world) {
		r := w.receiver(always(204))
		w.run(w.Service)
		all, secret := w.hook(w.one, r.URL+"/all", deliver.Any)
		w.hook(w.one, r.URL+"/opened", deliver.AlertOpened)
		escalated, _ := w.hook(w.one, r.URL+"/escalated", deliver.AlertEscalated)
		w.hook(w.two, r.URL+"/two", deliver.Any)
		if n := w.publish(w.one, deliver.AlertOpened, map[string]string{"id": "a", "name": "משלוח"}); n != 2 {
			w.Errorf("%d hear of it", n)
		}
		for _, d := range w.list(w.one, deliver.Filter{Kind: deliver.Hook}) {
			if got := w.await(w.one, d.ID, in(deliver.Sent)); got.Status != 204 || got.Webhook == escalated.ID || got.Topic != deliver.AlertOpened {
				w.Errorf("%+v", got)
			}
		}
		if got := r.requests(); len(got) != 2 {
			w.Fatalf("%d requests", len(got))
		}
		mine := w.list(w.one, deliver.Filter{Webhook: all.ID})
		for _, q := range r.requests() {
			if q.event.Type != deliver.AlertOpened || q.event.At.Sub(begin) > time.Second || string(q.event.Data) != `{"id":"a","name":"משלוח"}` {
				w.Errorf("%s", q.body)
			}
			if q.id != string(mine[0].ID) {
				continue
			}
			seconds, _ := strconv.ParseInt(q.at, 10, 64)
			if want, _ := webhook.Sign(secret, q.id, time.Unix(seconds, 0), q.body); q.signature != want {
				w.Errorf("signed %s instead of %s", q.signature, want)
			}
		}
		if two := w.list(w.two, deliver.Filter{}); len(two) != 0 {
			w.Errorf("the other workspace has %+v", two)
		}
		h, err := w.Webhook(w.Context(), w.one.Workspace, w.one, all.ID)
		if err != nil || h.SucceededAt.Sub(begin) > time.Second || h.Failures != 0 {
			w.Errorf("%+v %v", h, err)
		}
	})
}

// TestARotatedSecretSignsBesideTheOldOne for a day.
func TestARotatedSecretSignsBesideTheOldOne(t *testing.T) {
	each(t, quiet, func(w *world) {
		r := w.receiver(always(200))
		w.run(w.Service)
		h, old := w.hook(w.one, r.URL, deliver.Any)
		_, fresh, err := w.RotateSecret(w.Context(), w.one.Workspace, w.one, h.ID)
		w.must(err)
		for i, want := range []int{2, 1} {
			d, err := w.TestWebhook(w.Context(), w.one.Workspace, w.one, h.ID)
			w.must(err)
			w.await(w.one, d, in(deliver.Sent))
			q := r.requests()[i]
			seconds, _ := strconv.ParseInt(q.at, 10, 64)
			signatures := strings.Fields(q.signature)
			first, _ := webhook.Sign(fresh, q.id, time.Unix(seconds, 0), q.body)
			second, _ := webhook.Sign(old, q.id, time.Unix(seconds, 0), q.body)
			if len(signatures) != want || signatures[0] != first || want == 2 && signatures[1] != second || q.event.Type != deliver.TestEvent {
				w.Errorf("%s: %+v", q.signature, q.event)
			}
			w.clock.Advance(25 * time.Hour)
		}
	})
}

// TestAFailureLongAgoIsForgotten: two failures with nothing in between for days are no days of failing.
func TestAFailureLongAgoIsForgotten(t *testing.T) {
	each(t, quiet, func(w *world) {
		r := w.receiver(always(500))
		h, _ := w.hook(w.one, r.URL, deliver.Any)
		w.run(w.Service)
		w.publish(w.one, deliver.AlertOpened, 1)
		d := w.list(w.one, deliver.Filter{})[0].ID
		w.await(w.one, d, tried(1))
		w.clock.Advance(10 * 24 * time.Hour)
		w.await(w.one, d, tried(2))
		now, err := w.Webhook(w.Context(), w.one.Workspace, w.one, h.ID)
		if err != nil || !now.Enabled || now.Failures != 1 || now.FailingSince.Sub(begin) < 10*24*time.Hour {
			w.Errorf("%+v %v", now, err)
		}
	})
}

// TestAFailingWebhookIsLeftAloneAndThenDisabled.
func TestAFailingWebhookIsLeftAloneAndThenDisabled(t *testing.T) {
	each(t, quiet, func(w *world) {
		r := w.receiver(always(500))
		var told atomic.Int32
		w.OnDisabled(func(_ *store.Tx, h deliver.Webhook) error {
			if h.Reason != "failing" || h.Enabled {
				w.Errorf("told of %+v", h)
			}
			told.Add(1)
			return nil
		})
		h, _ := w.hook(w.one, r.URL, deliver.Any)
		w.run(w.Service)
		w.publish(w.one, deliver.AlertOpened, 1)
		first := w.list(w.one, deliver.Filter{})[0].ID
		for n := 1; n < deliver.MaxAttempts; n++ {
			d := w.await(w.one, first, tried(n))
			if d.Status != 500 || d.Reason != deliver.Refused || d.Detail != "thus spoke the receiver" {
				w.Fatalf("%+v", d)
			}
			w.clock.Advance(max(d.NextAt.Sub(w.clock.Now()), time.Hour))
		}
		if d := w.await(w.one, first, in(deliver.Failed)); d.Attempts != deliver.MaxAttempts || d.TriedAt.Sub(begin) < 60*time.Hour {
			w.Errorf("%+v", d)
		}
		if now, _ := w.Webhook(w.Context(), w.one.Workspace, w.one, h.ID); !now.Enabled || now.Failures != deliver.MaxAttempts || now.FailingSince.Sub(begin) > time.Second {
			w.Errorf("%+v", now)
		}
		for { // something is sent, and refused, every day
			before, err := w.Webhook(w.Context(), w.one.Workspace, w.one, h.ID)
			w.must(err)
			if !before.Enabled {
				break
			}
			w.clock.Advance(20 * time.Hour)
			w.publish(w.one, deliver.AlertOpened, 2)
			for end := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
				now, err := w.Webhook(w.Context(), w.one.Workspace, w.one, h.ID)
				w.must(err)
				if !now.Enabled || now.RestUntil.After(w.clock.Now()) { // refused since the clock went on, not an attempt of the day before that ended late
					break
				}
				if time.Now().After(end) {
					w.Fatalf("nothing is sent: %+v", now)
				}
			}
		}
		second := w.list(w.one, deliver.Filter{})[0].ID
		d := w.await(w.one, second, in(deliver.Failed))
		now, err := w.Webhook(w.Context(), w.one.Workspace, w.one, h.ID)
		if err != nil || now.Enabled || now.Reason != "failing" || told.Load() != 1 {
			w.Errorf("%+v %+v %v, told %d times", now, d, err, told.Load())
		}
		if n := w.publish(w.one, deliver.AlertOpened, 3); n != 0 {
			w.Errorf("%d hear of it", n)
		}
		if _, err := w.Redeliver(w.Context(), w.one.Workspace, w.one, second); !fault.Is(err, fault.Conflict) {
			w.Errorf("%v", err)
		}
		// Somebody mends the receiver, enables it again and sends what it missed.
		r.answers(always(200))
		yes := true
		now, err = w.ChangeWebhook(w.Context(), w.one.Workspace, w.one, h.ID, deliver.WebhookPatch{Enabled: &yes})
		if err != nil || !now.Enabled || now.Failures != 0 || now.Reason != "" {
			w.Errorf("%+v %v", now, err)
		}
		for _, id := range []deliver.ID{first, second} {
			_, err := w.Redeliver(w.Context(), w.one.Workspace, w.one, id)
			w.must(err)
			if d := w.await(w.one, id, in(deliver.Sent)); d.Attempts != 1 {
				w.Errorf("%+v", d)
			}
		}
		ids := map[string]bool{}
		for _, q := range r.requests() {
			ids[q.id] = true
		}
		if !ids[string(first)] || !ids[string(second)] {
			w.Errorf("the receiver saw %v", ids)
		}
	})
}

// TestWhatWaitsForAFailingWebhookWaitsWithIt: the one attempt that fails speaks for all.
func TestWhatWaitsForAFailingWebhookWaitsWithIt(t *testing.T) {
	each(t, quiet, func(w *world) {
		r := w.receiver(always(503))
		w.hook(w.one, r.URL, deliver.Any)
		w.run(w.Service)
		for n := range 2 {
			w.publish(w.one, deliver.AlertOpened, n)
			w.await(w.one, w.list(w.one, deliver.Filter{})[0].ID, tried(1))
		}
		before := len(r.requests())
		for n := range 20 {
			w.publish(w.one, deliver.AlertOpened, n)
		}
		last := w.list(w.one, deliver.Filter{})[0].ID
		w.await(w.one, last, func(d deliver.Delivery) bool { return d.NextAt.After(d.CreatedAt) })
		if n := len(r.requests()); n != before {
			w.Errorf("it was asked %d times while it rested", n-before)
		}
		r.answers(always(200))
		w.clock.Advance(10 * time.Minute)
		w.await(w.one, last, in(deliver.Sent))
	})
}

func TestGoneMeansGone(t *testing.T) {
	each(t, quiet, func(w *world) {
		r := w.receiver(always(410))
		h, _ := w.hook(w.one, r.URL, deliver.Any)
		w.run(w.Service)
		w.publish(w.one, deliver.AlertOpened, 1)
		d := w.await(w.one, w.list(w.one, deliver.Filter{})[0].ID, in(deliver.Failed))
		now, _ := w.Webhook(w.Context(), w.one.Workspace, w.one, h.ID)
		if d.Reason != deliver.Gone || now.Enabled || now.Reason != "gone" {
			w.Errorf("%+v %+v", d, now)
		}
	})
}

// TestNothingPrivateIsReached, whatever name leads there.
func TestNothingPrivateIsReached(t *testing.T) {
	each(t, quiet, func(w *world) {
		r := w.receiver(always(200))
		guarded := deliver.NewService(w.db, deliver.Options{Hooks: webhook.New(webhook.Options{Plain: true}), Log: w.Service.Log, Base: w.Base})
		for _, url := range []string{r.URL, strings.Replace(r.URL, "127.0.0.1", "localhost", 1), strings.Replace(r.URL, "127.0.0.1", "[::ffff:127.0.0.1]", 1)} {
			if _, _, err := guarded.AddWebhook(w.Context(), w.one.Workspace, w.one, deliver.NewWebhook{URL: url, Events: []string{deliver.Any}}); !fault.Is(err, fault.Invalid) {
				w.Errorf("%s: %v", url, err)
			}
		}
		// One that was added while it was allowed, as a name that leads here would be.
		w.hook(w.one, r.URL, deliver.Any)
		w.run(guarded)
		w.publish(w.one, deliver.AlertOpened, 1)
		if d := w.await(w.one, w.list(w.one, deliver.Filter{})[0].ID, in(deliver.Failed)); d.Reason != deliver.Blocked || len(r.requests()) != 0 {
			w.Errorf("%+v %d", d, len(r.requests()))
		}
	})
}

// TestTheConnectionBreaksAndRedirects.
func TestTheConnectionBreaksAndRedirects(t *testing.T) {
	each(t, quiet, func(w *world) {
		broken, moved := w.receiver(always(0)), w.receiver(always(302))
		w.hook(w.one, broken.URL, deliver.AlertOpened)
		w.hook(w.one, moved.URL, deliver.AlertEscalated)
		w.run(w.Service)
		for kind, want := range map[string]deliver.Reason{deliver.AlertOpened: deliver.Unreachable, deliver.AlertEscalated: deliver.Redirected} {
			w.publish(w.one, kind, 1)
			d := w.await(w.one, w.list(w.one, deliver.Filter{Topic: kind})[0].ID, tried(1))
			if d.Reason != want || strings.Contains(d.Detail, broken.URL) {
				w.Errorf("%+v", d)
			}
		}
	})
}

// TestManyProcessesSendEachOnce: no delivery is in the hands of two at a time, and none is lost.
func TestManyProcessesSendEachOnce(t *testing.T) {
	each(t, quiet, func(w *world) {
		var mu sync.Mutex
		now, twice := map[string]bool{}, 0
		r := w.receiver(func(_ int, q *http.Request) int {
			id := q.Header.Get("Webhook-Id")
			mu.Lock()
			if now[id] {
				twice++
			}
			now[id] = true
			mu.Unlock()
			time.Sleep(5 * time.Millisecond)
			mu.Lock()
			delete(now, id)
			mu.Unlock()
			return 200
		})
		w.hook(w.one, r.URL, deliver.Any)
		w.hook(w.two, r.URL, deliver.Any)
		const events = 40
		for n := range events {
			w.publish(w.one, deliver.AlertOpened, n)
			w.publish(w.two, deliver.AlertOpened, n)
		}
		for range 4 {
			w.run(w.service(""))
		}
		for _, a := range []identity.Actor{w.one, w.two} {
			list := w.list(a, deliver.Filter{Limit: 500})
			if len(list) != events {
				w.Fatalf("%d deliveries", len(list))
			}
			for _, d := range list {
				w.await(a, d.ID, in(deliver.Sent))
			}
		}
		if got := len(r.requests()); got != 2*events || twice != 0 {
			w.Errorf("%d requests of %d, %d at the same time", got, 2*events, twice)
		}
	})
}

// TestAProcessThatEndsLeavesItToTheNext: told to stop in the middle, it gives the delivery back, which is no attempt.
func TestAProcessThatEndsLeavesItToTheNext(t *testing.T) {
	each(t, quiet, func(w *world) {
		arrived := make(chan struct{}, 10)
		r := w.receiver(func(n int, q *http.Request) int {
			arrived <- struct{}{}
			if n == 1 {
				select {
				case <-q.Context().Done():
				case <-time.After(20 * time.Second):
				}
			}
			return 200
		})
		w.hook(w.one, r.URL, deliver.Any)
		first := job.New(w.db, job.Options{Poll: 10 * time.Millisecond, Grace: 20 * time.Millisecond, Log: w.Service.Log})
		w.Handle(first)
		w.must(first.Start(context.WithoutCancel(w.Context())))
		w.publish(w.one, deliver.AlertOpened, 1)
		<-arrived
		first.Stop()
		id := w.list(w.one, deliver.Filter{})[0].ID
		// A runner waits for those whom it has interrupted as long as its grace lasts, which may be too short for them here.
		w.await(w.one, id, func(d deliver.Delivery) bool { return d.State == deliver.Queued && d.Attempts == 0 })
		w.run(w.Service)
		if d := w.await(w.one, id, in(deliver.Sent)); d.Attempts != 1 {
			w.Errorf("%+v", d)
		}
		if got := r.requests(); len(got) != 2 || got[0].id != got[1].id {
			w.Errorf("%+v", got)
		}
	})
}

// TestWhatEndsEveryProcessIsGivenUp: attempts count before they are made.
func TestWhatEndsEveryProcessIsGivenUp(t *testing.T) {
	each(t, quiet, func(w *world) {
		id := w.mail(w.one, "poison")
		w.must(w.db.Update(w.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec("/* test */ UPDATE delivery SET attempts = $1", deliver.MaxAttempts)
			return err
		}))
		w.run(w.Service)
		if d := w.await(w.one, id, in(deliver.Failed)); d.Reason != deliver.Interrupted || len(w.mails.Mails()) != 0 {
			w.Errorf("%+v", d)
		}
	})
}

// TestWhoWasShutOutGetsNothingMore, though it was queued before.
func TestWhoWasShutOutGetsNothingMore(t *testing.T) {
	each(t, quiet, func(w *world) {
		_, token, err := w.identity.Invite(w.Context(), w.one.Workspace, w.one, identity.NewInvite{Email: "noa@one.example", Role: identity.Analyst})
		w.must(err)
		m, err := w.identity.AcceptInvite(w.Context(), token, "Noa", "correct horse battery")
		w.must(err)
		id := w.mail(identity.Actor{Workspace: w.one.Workspace, Member: m.ID}, "figures")
		w.must(w.identity.SetState(w.Context(), w.one.Workspace, w.one, m.ID, identity.Disabled))
		w.run(w.Service)
		if d := w.await(w.one, id, in(deliver.Failed)); d.Reason != deliver.Deleted || len(w.mails.Mails()) != 0 {
			w.Errorf("%+v", d)
		}
	})
}

// TestWallsAndRoles: another workspace's things do not exist, and a role without the permission may nothing.
func TestWallsAndRoles(t *testing.T) {
	each(t, quiet, func(w *world) {
		ctx, h, no := w.Context(), deliver.WebhookID(""), false
		hook, _ := w.hook(w.two, "https://hooks.example.org/x", deliver.Any)
		h = hook.ID
		d := w.mail(w.two, "secret")
		use := func(a identity.Actor, ws identity.WorkspaceID) map[string]error {
			out := map[string]error{}
			_, out["get"] = w.Get(ctx, ws, a, d)
			_, out["redeliver"] = w.Redeliver(ctx, ws, a, d)
			_, out["webhook"] = w.Webhook(ctx, ws, a, h)
			_, out["change"] = w.ChangeWebhook(ctx, ws, a, h, deliver.WebhookPatch{Enabled: &no})
			_, _, out["rotate"] = w.RotateSecret(ctx, ws, a, h)
			_, out["test"] = w.TestWebhook(ctx, ws, a, h)
			out["delete"] = w.DeleteWebhook(ctx, ws, a, h)
			_, out["preference"] = w.Preference(ctx, ws, a, w.two.Member, deliver.Alerts)
			_, out["choose"] = w.Choose(ctx, ws, a, deliver.Preference{Member: w.two.Member, Topic: deliver.Alerts, Mode: deliver.Never})
			return out
		}
		for name, err := range use(w.one, w.one.Workspace) {
			if !fault.Is(err, fault.NotFound) {
				w.Errorf("%s of another workspace: %v", name, err)
			}
		}
		for name, err := range use(w.one, w.two.Workspace) {
			if !fault.Is(err, fault.Denied) {
				w.Errorf("%s in another workspace: %v", name, err)
			}
		}
		viewer := identity.Actor{Workspace: w.two.Workspace, Member: "another", Role: identity.Viewer}
		for name, err := range use(viewer, w.two.Workspace) {
			if !fault.Is(err, fault.Denied) {
				w.Errorf("%s by a viewer: %v", name, err)
			}
		}
		if _, _, err := w.List(ctx, w.two.Workspace, viewer, deliver.Filter{}); !fault.Is(err, fault.Denied) {
			w.Errorf("the list by a viewer: %v", err)
		}
		if list := w.list(w.one, deliver.Filter{}); len(list) != 0 {
			w.Errorf("%+v", list)
		}
		if hooks, err := w.Webhooks(ctx, w.one.Workspace, w.one); err != nil || len(hooks) != 0 {
			w.Errorf("%+v %v", hooks, err)
		}
	})
}

func TestWebhooksAreChecked(t *testing.T) {
	each(t, quiet, func(w *world) {
		ctx := w.Context()
		for name, in := range map[string]deliver.NewWebhook{
			"url":       {URL: "example", Events: []string{deliver.Any}},
			"user":      {URL: "https://u:p@example.org", Events: []string{deliver.Any}},
			"no events": {URL: "https://example.org"},
			"unknown":   {URL: "https://example.org", Events: []string{"alert.exploded"}},
			"test":      {URL: "https://example.org", Events: []string{deliver.TestEvent}},
			"name":      {URL: "https://example.org", Events: []string{deliver.Any}, Name: strings.Repeat("x", 121)},
		} {
			if _, _, err := w.AddWebhook(ctx, w.one.Workspace, w.one, in); !fault.Is(err, fault.Invalid) {
				w.Errorf("%s: %v", name, err)
			}
		}
		h, secret := w.hook(w.one, " https://example.org/hook?key=hidden ", deliver.AlertOpened, deliver.AlertOpened)
		if h.URL != "https://example.org/hook?key=hidden" || len(h.Events) != 1 || h.Label() != "example.org" || !strings.HasPrefix(secret, "whsec_") {
			w.Errorf("%+v", h)
		}
		name, events, bad := " my  hook ", []string{deliver.Any, deliver.AlertOpened}, "ftp://x"
		h, err := w.ChangeWebhook(ctx, w.one.Workspace, w.one, h.ID, deliver.WebhookPatch{Name: &name, Events: &events})
		if err != nil || h.Name != "my hook" || len(h.Events) != 1 || h.Events[0] != deliver.Any {
			w.Errorf("%+v %v", h, err)
		}
		if _, err := w.ChangeWebhook(ctx, w.one.Workspace, w.one, h.ID, deliver.WebhookPatch{URL: &bad}); !fault.Is(err, fault.Invalid) {
			w.Error(err)
		}
		no := false
		w.publish(w.one, deliver.AlertOpened, 1)
		if h, err = w.ChangeWebhook(ctx, w.one.Workspace, w.one, h.ID, deliver.WebhookPatch{Enabled: &no}); err != nil || h.Enabled || h.Reason != "member" {
			w.Errorf("%+v %v", h, err)
		}
		if d := w.list(w.one, deliver.Filter{})[0]; d.State != deliver.Failed || d.Reason != deliver.Disabled {
			w.Errorf("%+v", d)
		}
		if _, err := w.TestWebhook(ctx, w.one.Workspace, w.one, h.ID); !fault.Is(err, fault.Conflict) {
			w.Error(err)
		}
		w.must(w.DeleteWebhook(ctx, w.one.Workspace, w.one, h.ID))
		log, err := w.identity.AuditLog(ctx, w.one.Workspace, w.one, identity.AuditQuery{Kind: "webhook"})
		w.must(err)
		if len(log.Entries) != 4 {
			w.Errorf("%+v", log.Entries)
		}
		for _, e := range log.Entries {
			if text := fmt.Sprint(e); strings.Contains(text, "hidden") || strings.Contains(text, "whsec_") {
				w.Errorf("the log tells a secret: %s", text)
			}
		}
	})
}

func TestListPages(t *testing.T) {
	each(t, quiet, func(w *world) {
		want := []deliver.ID{}
		for n := range 7 {
			want = append([]deliver.ID{w.mail(w.one, fmt.Sprint(n))}, want...)
		}
		var got []deliver.ID
		for cursor, pages := "", 0; ; pages++ {
			list, next, err := w.List(w.Context(), w.one.Workspace, w.one, deliver.Filter{Kind: deliver.Email, State: deliver.Queued, Cursor: cursor, Limit: 3})
			w.must(err)
			for _, d := range list {
				got = append(got, d.ID)
			}
			if cursor = next; next == "" {
				if pages != 2 {
					w.Errorf("%d pages", pages+1)
				}
				break
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			w.Errorf("%v instead of %v", got, want)
		}
		if list := w.list(w.one, deliver.Filter{Kind: deliver.Hook}); len(list) != 0 {
			w.Errorf("%+v", list)
		}
		if _, _, err := w.List(w.Context(), w.one.Workspace, w.one, deliver.Filter{Cursor: "x"}); !fault.Is(err, fault.Invalid) {
			w.Error(err)
		}
	})
}

func TestCleans(t *testing.T) {
	each(t, quiet, func(w *world) {
		w.run(w.Service)
		old := w.mail(w.one, "old")
		w.await(w.one, old, in(deliver.Sent))
		w.clock.Advance(91 * 24 * time.Hour)
		fresh := w.mail(w.one, "fresh")
		w.await(w.one, fresh, in(deliver.Sent))
		w.must(w.Clean(w.Context()))
		if list := w.list(w.one, deliver.Filter{}); len(list) != 1 || list[0].ID != fresh {
			w.Errorf("%+v", list)
		}
	})
}
