package flow_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kolo/internal/deliver"
	"kolo/internal/flow"
	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/i18n"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/mail"
	"kolo/internal/foundation/mail/mailtest"
	"kolo/internal/foundation/outbound"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/foundation/webhook"
	"kolo/internal/people/identity"
	"kolo/internal/understand/alert"
	"kolo/internal/understand/theme"
)

var begin = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

type world struct {
	*testing.T
	db       *store.DB
	clock    *clock.Fake
	identity *identity.Service
	deliver  *deliver.Service
	flow     *flow.Flow
	mails    *mailtest.Server
}

func each(t *testing.T, test func(w *world)) {
	t.Helper()
	t.Parallel()
	storetest.EachAt(t, begin, func(t *testing.T, db *store.DB, c *clock.Fake) {
		w := &world{T: t, db: db, clock: c, identity: identity.NewService(db, identity.Options{Cost: identity.Cost{MemoryKiB: 64, Passes: 1}}), mails: &mailtest.Server{}}
		w.mails.Start(t)
		w.flow = w.process(w.mails.URL())
		w.deliver = w.flow.Deliver
		test(w)
	})
}

// process builds what one process has.
func (w *world) process(mailServer string) *flow.Flow {
	w.Helper()
	quiet := slog.New(slog.DiscardHandler)
	m, err := mail.New(mail.Options{URL: mailServer, From: "kolo@example.org"})
	w.must(err)
	d := deliver.NewService(w.db, deliver.Options{Mail: m, Base: "https://kolo.example", Log: quiet,
		Hooks: webhook.New(webhook.Options{Guard: outbound.Guard{Allow: netip.Addr.IsLoopback}, Plain: true})})
	return &flow.Flow{Store: w.db, Deliver: d, Alerts: alert.NewService(w.db, nil), Themes: theme.NewService(w.db), Identity: w.identity, Base: "https://kolo.example", Log: quiet}
}

func (w *world) run(f *flow.Flow) *job.Runner {
	w.Helper()
	r := job.New(w.db, job.Options{Workers: 8, Poll: 10 * time.Millisecond, Grace: 5 * time.Second, Log: slog.New(slog.DiscardHandler)})
	f.Handle(r)
	f.Deliver.Handle(r)
	w.must(r.Start(context.WithoutCancel(w.Context())))
	w.Cleanup(r.Stop)
	return r
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// workspace makes one, in a zone of its own; its owner's language is English.
func (w *world) workspace(name string) identity.Actor {
	w.Helper()
	ws, m, err := w.identity.CreateWorkspace(w.Context(), identity.NewWorkspace{Name: name, Zone: "Asia/Jerusalem", Owner: identity.NewOwner{Name: "Dana", Email: "dana@" + name + ".example"}})
	w.must(err)
	return identity.Actor{Workspace: ws.ID, Member: m.ID, Person: m.Person, Role: identity.Owner, Name: "Dana"}
}

func (w *world) member(owner identity.Actor, name, language string, role identity.Role) identity.Actor {
	w.Helper()
	_, token, err := w.identity.Invite(w.Context(), owner.Workspace, owner, identity.NewInvite{Email: name + "@kolo.example", Role: role})
	w.must(err)
	m, err := w.identity.AcceptInvite(w.Context(), token, name, "correct horse battery")
	w.must(err)
	a := identity.Actor{Workspace: owner.Workspace, Member: m.ID, Person: m.Person, Role: role, Name: name}
	_, err = w.identity.UpdatePerson(w.Context(), a, identity.PersonPatch{Language: &language})
	w.must(err)
	return a
}

// signal opens an alert with its notice, as the watch does; extra changes columns of the alert.
func (w *world) signal(a identity.Actor, subject alert.Subject, owner identity.MemberID, kind string) alert.ID {
	w.Helper()
	w.clock.Advance(time.Millisecond)
	var made alert.ID
	w.must(w.db.Update(w.Context(), func(tx *store.Tx) error {
		made = alert.ID(id.New(tx.Now))
		last := int64(clock.DayOf(begin, time.UTC)) - 1
		columns := []string{"workspace", "id", "subject", "kind", "episode", "state", "owner", "rule", "bucket", "since", "last_day", "signals", "observed", "expected", "low", "high",
			"exposure", "p", "q", "excess", "told_excess", "snoozed_until", "snooze_reason", "verdict", "reason", "quiet_until", "opened_at", "changed_at", "acknowledged_at", "closed_at"}
		if _, err := tx.InsertMany("test", "alert", columns, [][]any{{string(a.Workspace), string(made), subject.Key(), "alarm", last, "open", string(owner), "spike", "day", last - 1, last, 2,
			41.0, 12.25, 5.6, 19.2, 900.0, 0.00001, 0.001, 57.0, 0.0, 0, "", "", "", 0, tx.Millis(), tx.Millis(), 0, 0}}, ""); err != nil {
			return err
		}
		if _, err := tx.Exec("/* test */ INSERT INTO alert_notice (workspace, id, alert, kind, at, told_at) VALUES ($1, $2, $3, $4, $5, 0)", string(a.Workspace), id.New(tx.Now), string(made), kind, tx.Millis()); err != nil {
			return err
		}
		return w.ask(tx, a)
	}))
	return made
}

func (w *world) ask(tx *store.Tx, a identity.Actor) error {
	_, err := job.Enqueue(tx, job.Spec{Workspace: string(a.Workspace), Kind: alert.TellKind, Key: alert.TellKind, Again: true})
	return err
}

// settle waits until no job is left to do now and every delivery has ended.
func (w *world) settle() {
	w.Helper()
	timeout := time.After(30 * time.Second)
	for {
		var left int64
		w.must(w.db.View(w.Context(), func(tx *store.Tx) (err error) {
			left, err = store.One(tx, store.Value[int64], "/* test */ SELECT (SELECT count(*) FROM job WHERE (state = 'running' OR state = 'queued' AND run_at <= $1)) + (SELECT count(*) FROM delivery WHERE state = 'queued' AND next_at <= $1)", tx.Millis())
			return err
		}))
		if left == 0 {
			return
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-timeout:
			w.Fatalf("%d things stay to be done", left)
		}
	}
}

func (w *world) deliveries(a identity.Actor, f deliver.Filter) []deliver.Delivery {
	w.Helper()
	f.Limit = 500
	list, _, err := w.deliver.List(w.Context(), a.Workspace, identity.Program(a.Workspace, "test"), f)
	w.must(err)
	return list
}

// body is what a delivery says.
func (w *world) body(d deliver.Delivery) (text, html, language string) {
	w.Helper()
	w.must(w.db.View(w.Context(), func(tx *store.Tx) error {
		_, err := store.One(tx, func(s store.Scanner) (struct{}, error) { return struct{}{}, s.Scan(&text, &html, &language) },
			"/* test */ SELECT body, html, language FROM delivery WHERE workspace = $1 AND id = $2", string(d.Workspace), string(d.ID))
		return err
	}))
	return text, html, language
}

var delivery = alert.Subject{Measure: alert.Count, Field: "theme", Value: "delivery"}

// TestEachIsToldOnceInTheirLanguage: one mail for each member who wants it, about all there is, and an event for each.
func TestEachIsToldOnceInTheirLanguage(t *testing.T) {
	each(t, func(w *world) {
		one, two := w.workspace("one"), w.workspace("two")
		noa := w.member(one, "noa", "he", identity.Analyst)
		w.member(one, "vera", "ru", identity.Viewer) // hears of nothing by herself
		w.member(two, "oleg", "ru", identity.Admin)
		var mu sync.Mutex
		var events []string
		s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			mu.Lock()
			events = append(events, string(b))
			mu.Unlock()
		}))
		w.Cleanup(s.Close)
		_, _, err := w.deliver.AddWebhook(w.Context(), one.Workspace, one, deliver.NewWebhook{URL: s.URL, Events: []string{deliver.Any}})
		w.must(err)

		first := w.signal(one, delivery, noa.Member, alert.Opened)
		w.signal(one, alert.Subject{Measure: "nps", Field: "channel", Value: "chat"}, "", alert.Escalated)
		w.run(w.flow)
		w.settle()

		mails := w.deliveries(one, deliver.Filter{Kind: deliver.Email})
		if len(mails) != 2 || len(w.mails.Mails()) != 2 {
			w.Fatalf("%+v", mails)
		}
		for _, d := range mails {
			text, html, language := w.body(d)
			want := map[string][]string{
				"en": {"2 early warnings in", "More is said than usual about Delivery", "NPS has worsened: Chat", "41, where 12.2 was expected (usually 5.6 to 19.2)", "Unusual since 28 February 2026", "at least doubled", "https://kolo.example/alerts/" + string(first), "noa looks after it", "https://kolo.example/settings/notifications"},
				"he": {"שתי אזהרות מוקדמות", "NPS", "41", "באחריות", "https://kolo.example/alerts/" + string(first)},
			}[language]
			for _, s := range want {
				if !strings.Contains(text, s) {
					w.Errorf("%s says nothing of %q:\n%s", language, s, text)
				}
			}
			if dir := map[string]string{"en": `dir="ltr"`, "he": `dir="rtl"`}[language]; len(want) == 0 || !strings.Contains(html, dir) {
				w.Errorf("the letter in %s has not %s", language, dir)
			}
			if language == "he" && d.Member != noa.Member {
				w.Errorf("%+v", d)
			}
		}
		if len(events) != 2 {
			w.Fatalf("%d events", len(events))
		}
		var e struct {
			Type string
			Data struct {
				Alert alert.Alert
				Name  string
				URL   string
			}
		}
		w.must(json.Unmarshal([]byte(events[slices.IndexFunc(events, func(s string) bool { return strings.Contains(s, deliver.AlertOpened) })]), &e))
		if e.Data.Alert.ID != first || e.Data.Name != "More is said than usual about Delivery" || e.Data.Alert.Subject != delivery || e.Data.URL != "https://kolo.example/alerts/"+string(first) {
			w.Errorf("%+v", e)
		}
		if len(w.deliveries(two, deliver.Filter{})) != 0 {
			w.Error("the other workspace heard of it")
		}

		// Whoever asks again, and however often, tells nobody anything.
		for range 3 {
			w.must(w.db.Update(w.Context(), func(tx *store.Tx) error { return w.ask(tx, one) }))
			w.settle()
		}
		if n := len(w.mails.Mails()); n != 2 || len(events) != 2 {
			w.Errorf("%d mails, %d events", n, len(events))
		}
	})
}

// TestChoices: none, daily at an hour of the workspace's zone, and only one's own.
func TestChoices(t *testing.T) {
	each(t, func(w *world) {
		one := w.workspace("one")
		noa := w.member(one, "noa", "he", identity.Analyst)
		oleg := w.member(one, "oleg", "ru", identity.Viewer)
		choose := func(a identity.Actor, p deliver.Preference) {
			p.Member, p.Topic = a.Member, deliver.Alerts
			_, err := w.deliver.Choose(w.Context(), a.Workspace, a, p)
			w.must(err)
		}
		choose(one, deliver.Preference{Mode: deliver.Never})
		choose(noa, deliver.Preference{Mode: deliver.Daily, Hour: 17})
		choose(oleg, deliver.Preference{Mode: deliver.Immediately, Mine: true})
		w.run(w.flow)
		w.signal(one, delivery, "", alert.Opened)
		w.signal(one, alert.Subject{Measure: alert.Negative}, oleg.Member, alert.Opened)
		w.settle()
		if mails := w.deliveries(one, deliver.Filter{}); len(mails) != 1 || mails[0].Member != oleg.Member || !strings.Contains(mails[0].Subject, "Раннее предупреждение") {
			w.Fatalf("%+v", mails)
		}
		// 17:00 in Jerusalem is 15:00 in UTC.
		for _, step := range []struct {
			to   time.Time
			want int
		}{{time.Date(2026, 3, 2, 14, 55, 0, 0, time.UTC), 1}, {time.Date(2026, 3, 2, 15, 11, 0, 0, time.UTC), 2}, {time.Date(2026, 3, 4, 15, 11, 0, 0, time.UTC), 2}} {
			w.clock.Advance(step.to.Sub(w.clock.Now()))
			w.struck()
			mails := w.deliveries(one, deliver.Filter{})
			if len(mails) != step.want {
				w.Errorf("at %s: %d mails", step.to, len(mails))
			}
			if len(mails) == 2 {
				i := slices.IndexFunc(mails, func(d deliver.Delivery) bool { return d.Member == noa.Member })
				if text, _, _ := w.body(mails[i]); i < 0 || !strings.Contains(text, "משלוח") {
					w.Errorf("%+v %s", mails, text)
				}
			}
		}
	})
}

// struck waits until the digests of the present moment have been looked at.
func (w *world) struck() {
	w.Helper()
	timeout := time.After(30 * time.Second)
	for {
		var done int64
		w.must(w.db.View(w.Context(), func(tx *store.Tx) (err error) {
			done, err = store.One(tx, store.Value[int64], "/* test */ SELECT count(*) FROM job WHERE kind = 'flow.digest' AND state = 'done' AND finished_at >= $1", tx.Now.Truncate(10*time.Minute).UnixMilli())
			return err
		}))
		if done > 0 {
			w.settle()
			return
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-timeout:
			w.Fatal("no digest was looked at")
		}
	}
}

// TestClosing: webhooks hear of the verdict, once; what was dealt with before the daily mail is no news.
func TestClosing(t *testing.T) {
	each(t, func(w *world) {
		one, two := w.workspace("one"), w.workspace("two")
		_, _, err := w.deliver.AddWebhook(w.Context(), one.Workspace, one, deliver.NewWebhook{URL: "http://127.0.0.1:1", Events: []string{deliver.AlertClosed}})
		w.must(err)
		_, _, err = w.deliver.AddWebhook(w.Context(), two.Workspace, two, deliver.NewWebhook{URL: "http://127.0.0.1:1", Events: []string{deliver.Any}})
		w.must(err)
		_, err = w.deliver.Choose(w.Context(), one.Workspace, one, deliver.Preference{Member: one.Member, Topic: deliver.Alerts, Mode: deliver.Daily, Hour: 12})
		w.must(err)
		a, b := w.signal(one, delivery, "", alert.Opened), w.signal(one, alert.Subject{Measure: alert.Negative}, "", alert.Opened)
		w.must(w.db.Update(w.Context(), func(tx *store.Tx) error { return w.flow.Tell(tx, one.Workspace) }))
		w.run(w.flow)
		verdict := alert.False
		for range 2 {
			_, err = w.flow.Alerts.Change(w.Context(), one.Workspace, one, a, alert.Patch{Verdict: &verdict})
			w.must(err)
		}
		events := w.deliveries(one, deliver.Filter{Kind: deliver.Hook})
		if len(events) != 1 || events[0].Topic != deliver.AlertClosed {
			w.Fatalf("%+v", events)
		}
		if text, _, _ := w.body(events[0]); !strings.Contains(text, string(a)) || !strings.Contains(text, `"verdict":"false"`) {
			w.Error(text)
		}
		if others := w.deliveries(two, deliver.Filter{}); len(others) != 0 {
			w.Errorf("%+v", others)
		}
		w.clock.Advance(time.Date(2026, 3, 2, 10, 1, 0, 0, time.UTC).Sub(w.clock.Now()))
		w.struck()
		mails := w.deliveries(one, deliver.Filter{Kind: deliver.Email})
		if len(mails) != 1 {
			w.Fatalf("%+v", mails)
		}
		if text, _, _ := w.body(mails[0]); strings.Contains(text, string(a)) || !strings.Contains(text, string(b)) {
			w.Error(text)
		}
	})
}

// TestManyProcessesTellOnce: whoever is first tells, whoever else tries finds nothing to tell.
func TestManyProcessesTellOnce(t *testing.T) {
	each(t, func(w *world) {
		one := w.workspace("one")
		for range 4 {
			w.run(w.process(w.mails.URL()))
		}
		const alerts = 12
		for n := range alerts {
			w.signal(one, alert.Subject{Measure: alert.Count, Field: "channel", Value: fmt.Sprint("channel", n)}, "", alert.Opened)
		}
		w.settle()
		told := map[string]int{}
		for _, d := range w.deliveries(one, deliver.Filter{Kind: deliver.Email}) {
			text, _, _ := w.body(d)
			for _, line := range strings.Split(text, "\n") {
				if strings.HasPrefix(line, "* ") {
					told[line]++
				}
			}
		}
		if len(told) != alerts {
			w.Errorf("told of %v", told)
		}
		for what, n := range told {
			if n != 1 {
				w.Errorf("%s was told %d times", what, n)
			}
		}
	})
}

// TestAllOrNothing: when the last of a telling fails, nothing of it has happened, and the next attempt tells all.
func TestAllOrNothing(t *testing.T) {
	each(t, func(w *world) {
		one := w.workspace("one")
		w.signal(one, delivery, "", alert.Opened)
		boom := errors.New("the process ends here")
		// All that a telling does, in the transaction of a process that ends before its commit.
		if err := w.db.Update(w.Context(), func(tx *store.Tx) error {
			if err := w.flow.Tell(tx, one.Workspace); err != nil {
				return err
			}
			if left, err := w.flow.Alerts.Untold(tx, one.Workspace); err != nil || len(left) != 0 {
				w.Errorf("%+v %v", left, err)
			}
			return boom
		}); !errors.Is(err, boom) {
			w.Fatal(err)
		}
		if list := w.deliveries(one, deliver.Filter{}); len(list) != 0 {
			w.Errorf("%+v", list)
		}
		w.run(w.flow)
		w.settle()
		if list := w.deliveries(one, deliver.Filter{}); len(list) != 1 || list[0].State != deliver.Sent {
			w.Errorf("%+v", list)
		}
	})
}

// TestWithoutAMailServerNobodyIsWrittenTo, webhooks hear all the same, and nothing piles up for later.
func TestWithoutAMailServerNobodyIsWrittenTo(t *testing.T) {
	each(t, func(w *world) {
		one := w.workspace("one")
		s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		w.Cleanup(s.Close)
		_, _, err := w.deliver.AddWebhook(w.Context(), one.Workspace, one, deliver.NewWebhook{URL: s.URL, Events: []string{deliver.AlertOpened}})
		w.must(err)
		w.signal(one, delivery, "", alert.Opened)
		w.run(w.process(""))
		w.settle()
		if list := w.deliveries(one, deliver.Filter{}); len(list) != 1 || list[0].Kind != deliver.Hook || list[0].State != deliver.Sent {
			w.Errorf("%+v", list)
		}
	})
}

// TestWhoCanMendAWebhookHearsThatItIsOff.
func TestWhoCanMendAWebhookHearsThatItIsOff(t *testing.T) {
	each(t, func(w *world) {
		one := w.workspace("one")
		w.member(one, "noa", "fa", identity.Admin)
		w.member(one, "anna", "en", identity.Analyst)
		s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusGone) }))
		w.Cleanup(s.Close)
		h, _, err := w.deliver.AddWebhook(w.Context(), one.Workspace, one, deliver.NewWebhook{Name: "Shop", URL: s.URL, Events: []string{deliver.Any}})
		w.must(err)
		w.run(w.flow)
		_, err = w.deliver.TestWebhook(w.Context(), one.Workspace, one, h.ID)
		w.must(err)
		w.settle()
		mails := w.deliveries(one, deliver.Filter{Topic: "webhook.disabled"})
		if len(mails) != 2 {
			w.Fatalf("%+v", mails)
		}
		for _, d := range mails {
			text, _, language := w.body(d)
			if !strings.Contains(text, "Shop") || !strings.Contains(text, "410") || !strings.Contains(text, "https://kolo.example/settings/webhooks/"+string(h.ID)) || language != "en" && language != "fa" {
				w.Errorf("%s: %s", language, text)
			}
		}
	})
}

// TestNamesDoNotTurnMailsRound: a control of direction that somebody wrote into a name reaches no further than the name.
func TestNamesDoNotTurnMailsRound(t *testing.T) {
	each(t, func(w *world) {
		one := w.workspace("one")
		w.must(w.db.Update(w.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec("/* test */ UPDATE workspace SET name = $2 WHERE id = $1", string(one.Workspace), "Levant \u202egnp")
			return err
		}))
		w.signal(one, delivery, "", alert.Opened)
		w.run(w.flow)
		w.settle()
		mails := w.deliveries(one, deliver.Filter{Kind: deliver.Email})
		if len(mails) == 0 {
			w.Fatal("nobody was written to")
		}
		for _, d := range mails {
			text, html, _ := w.body(d)
			if s := d.Subject + text + html; strings.Contains(s, "\u202e") || !strings.Contains(s, "Levant gnp") {
				w.Errorf("%q", s)
			}
		}
	})
}

// TestEveryAlertHasWords in every language: a headline without a hole or a key in it.
func TestEveryAlertHasWords(t *testing.T) {
	each(t, func(w *world) {
		one := w.workspace("one")
		tree, err := w.flow.Themes.Tree(w.Context(), one.Workspace)
		w.must(err)
		of := alert.Alert{Kind: alert.Alarm, Subject: alert.Subject{Measure: "nps", Field: "attribute.plan", Value: "pro"}}
		if s := flow.Title(i18n.Load().Language("en"), tree, map[string]string{"attribute.plan": "Tariff"}, of); !strings.Contains(s, "Tariff: pro") {
			t.Errorf("an attribute with a title is called %q", s)
		}
		for _, l := range i18n.Load().Locales() {
			for _, kind := range []alert.Kind{alert.Alarm, alert.Improvement} {
				for _, measure := range []string{alert.Count, alert.Negative, "nps", "csat", "ces", "star"} {
					for _, place := range [][2]string{{"", ""}, {"theme", "delivery"}, {"channel", "chat"}, {"channel", "own"}, {"kind", "complaint"}, {"survey", "s1"}, {"touchpoint", ""}, {"attribute.plan", "pro"}, {"language", "he"}} {
						s := flow.Title(l, tree, nil, alert.Alert{Kind: kind, Subject: alert.Subject{Measure: measure, Field: place[0], Value: place[1], Scale: "1..5"}})
						if strings.ContainsAny(s, "{}_") || strings.Contains(s, "alerts.") || len(s) < 8 {
							t.Errorf("%s %s %s %v: %q", l.Tag(), kind, measure, place, s)
						}
					}
				}
			}
		}
	})
}

// TestWhatIsSentTellsNobodysName: mails and webhooks end up anywhere, so that what an alert is about is masked in them, whoever reads.
func TestWhatIsSentTellsNobodysName(t *testing.T) {
	each(t, func(w *world) {
		one := w.workspace("one")
		_, _, err := w.deliver.AddWebhook(w.Context(), one.Workspace, one, deliver.NewWebhook{URL: "http://127.0.0.1:1", Events: []string{deliver.Any}})
		w.must(err)
		a := w.signal(one, alert.Subject{Measure: alert.Count, Field: "source", Value: "ana@example.com"}, "", alert.Opened)
		w.must(w.db.Update(w.Context(), func(tx *store.Tx) error { return w.flow.Tell(tx, one.Workspace) }))
		w.run(w.flow)
		verdict := alert.False
		_, err = w.flow.Alerts.Change(w.Context(), one.Workspace, one, a, alert.Patch{Verdict: &verdict})
		w.must(err)
		sent := w.deliveries(one, deliver.Filter{})
		if len(sent) != 3 {
			w.Fatalf("%+v", sent)
		}
		for _, d := range sent {
			text, html, _ := w.body(d)
			if told := d.Subject + text + html; strings.Contains(told, "ana@") || strings.Contains(told, "ana%40") || !strings.Contains(told, "[email]") {
				w.Errorf("%s: %s", d.Topic, told)
			}
		}
	})
}
