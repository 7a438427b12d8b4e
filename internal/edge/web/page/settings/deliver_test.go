package settings_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kolo/internal/deliver"
	"kolo/internal/foundation/job"
	"kolo/internal/people/identity"
)

// sends has what is queued sent while the test runs.
func (w *world) sends() {
	w.Helper()
	r := job.New(w.db, job.Options{Poll: 10 * time.Millisecond, Log: slog.New(slog.DiscardHandler)})
	w.deliver.Handle(r)
	w.must(r.Start(context.WithoutCancel(w.Context())))
	w.Cleanup(r.Stop)
}

// until asks for a page until it says something.
func (b *browser) until(path, says string) page {
	b.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if p := b.get(path).is(http.StatusOK); strings.Contains(p.text(), says) || time.Now().After(end) {
			return p.is(http.StatusOK, says)
		}
	}
}

func TestNotifications(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		owner := w.workspace("Acme")
		viewer := owner.member("Vera", "vera@acme.example", identity.Viewer)
		if p := owner.get("/settings/notifications").is(http.StatusOK, "owner@acme.example", "English"); p.value("mode") != "immediately" || p.value("hour") != "8" || p.value("mine") != "" {
			w.Errorf("%s %s %s", p.value("mode"), p.value("hour"), p.value("mine"))
		}
		if p := viewer.get("/settings/notifications").is(http.StatusOK); p.value("mode") != "none" {
			w.Errorf("%s", p.value("mode"))
		}
		viewer.post("/settings/notifications", "mode", "daily", "hour", "17", "mine", "on").goes("/settings/notifications")
		if p := viewer.get("/settings/notifications"); p.value("mode") != "daily" || p.value("hour") != "17" || p.value("mine") != "on" {
			w.Errorf("%s %s %s", p.value("mode"), p.value("hour"), p.value("mine"))
		}
		viewer.post("/settings/notifications", "mode", "hourly", "hour", "99").is(http.StatusUnprocessableEntity)
		if p := owner.get("/settings/notifications"); p.value("mode") != "immediately" {
			w.Error("what one chose became another's")
		}
		owner.get("/settings/audit?action=member").is(http.StatusOK, "What Vera is told by e-mail was changed E-mail: Once a day")
	})
}

func TestWebhooks(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		owner := w.workspace("Acme")
		status := http.StatusTeapot
		s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(status) }))
		w.Cleanup(s.Close)
		owner.get("/settings/webhooks").is(http.StatusOK, "No webhooks yet")
		if p := owner.post("/settings/webhooks", "url", "ftp://x", "name", "Shop").is(http.StatusUnprocessableEntity, "The address begins with https://", "At least one type of event is needed"); p.value("name") != "Shop" {
			w.Error("what was typed was lost")
		}
		p := owner.post("/settings/webhooks", "url", s.URL+"/hook", "name", "Shop", "events", "*").is(http.StatusOK, "it will not be shown again")
		secret := p.secrets()[0]
		if !strings.HasPrefix(secret, "whsec_") {
			w.Error(secret)
		}
		owner.get("/settings/webhooks").is(http.StatusOK, "Shop", "Everything", "Never", "On").lacks(secret)
		hooks, err := w.deliver.Webhooks(w.Context(), owner.actor.Workspace, owner.actor)
		w.must(err)
		path := "/settings/webhooks/" + string(hooks[0].ID)
		owner.get(path).is(http.StatusOK, "Nothing was sent yet").lacks(secret)
		owner.post(path, "url", s.URL+"/hook", "name", "Till", "events", deliver.AlertOpened).goes(path)
		owner.post(path, "url", "", "name", "Till", "events", deliver.AlertOpened).is(http.StatusUnprocessableEntity)
		if p := owner.get(path).is(http.StatusOK, "Till"); p.value("events") != deliver.AlertOpened {
			w.Error(p.value("events"))
		}

		w.sends()
		owner.post(path + "/test").goes(path)
		owner.until(path, "HTTP 418 I'm a teapot")
		owner.get(path).is(http.StatusOK, "The receiver refused it.", "Failing", "Next attempt:", "Try now")
		status = http.StatusOK
		list, _, err := w.deliver.List(w.Context(), owner.actor.Workspace, owner.actor, deliver.Filter{})
		w.must(err)
		owner.post("/settings/deliveries/"+string(list[0].ID)+"/redeliver", "back", path).goes(path)
		owner.until(path, "Delivered")
		owner.get("/settings/deliveries?state=sent").is(http.StatusOK, "Test", "Till", "Delivered")
		owner.get("/settings/deliveries?state=failed").is(http.StatusOK, "Nothing here")
		owner.post("/settings/deliveries/"+string(list[0].ID)+"/redeliver", "back", "https://evil.example/").goes("/settings/deliveries")

		fresh := owner.post(path+"/rotate").is(http.StatusOK, "it will not be shown again").secrets()[0]
		if fresh == secret {
			w.Error("the secret is the old one")
		}
		owner.post(path+"/state", "state", "off").goes(path)
		owner.get(path).is(http.StatusOK, "Off", "Turn on").lacks(path + "/test")
		off := owner.post(path + "/test").goes(path)
		owner.ask(path, nil, off.cookies...).is(http.StatusOK, "The webhook is off.")
		owner.post(path+"/state", "state", "on").goes(path)
		owner.post(path + "/delete").goes("/settings/webhooks")
		owner.get(path).is(http.StatusNotFound)
		owner.get("/settings/deliveries").is(http.StatusOK, "A webhook that was deleted")
		owner.get("/settings/audit?action=webhook").is(http.StatusOK, "The webhook Shop was added", "The webhook Till was turned off", "The webhook Till was deleted").lacks(secret, fresh)
	})
}

func TestMail(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		owner := w.workspace("Acme")
		w.sends()
		sent := owner.post("/settings/deliveries/test-mail").goes("/settings/deliveries")
		owner.ask("/settings/deliveries", nil, sent.cookies...).is(http.StatusOK, "The test is on its way.", "kolo@example.org", "127.0.0.1:")
		owner.until("/settings/deliveries?kind=email", "SMTP 250")
		if mails := w.mails.Mails(); len(mails) != 1 || mails[0].To[0] != "owner@acme.example" {
			w.Errorf("%+v", mails)
		}
	})
}
