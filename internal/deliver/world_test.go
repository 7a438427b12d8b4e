package deliver_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"kolo/internal/deliver"
	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/mail"
	"kolo/internal/foundation/mail/mailtest"
	"kolo/internal/foundation/outbound"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/foundation/webhook"
	"kolo/internal/people/identity"
)

var begin = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// world is the service on a fresh store, with a mail server and two workspaces.
type world struct {
	*testing.T
	*deliver.Service
	db       *store.DB
	clock    *clock.Fake
	identity *identity.Service
	mails    *mailtest.Server
	one, two identity.Actor // owners
}

func each(t *testing.T, server func() *mailtest.Server, test func(w *world)) {
	t.Helper()
	t.Parallel()
	storetest.EachAt(t, begin, func(t *testing.T, db *store.DB, c *clock.Fake) {
		w := &world{T: t, db: db, clock: c, identity: identity.NewService(db, identity.Options{Cost: identity.Cost{MemoryKiB: 64, Passes: 1}}), mails: server()}
		w.mails.Start(t)
		w.Service = w.service(w.mails.URL())
		w.one, w.two = w.workspace("one"), w.workspace("two")
		test(w)
	})
}

func quiet() *mailtest.Server { return &mailtest.Server{} }

func (w *world) service(url string) *deliver.Service {
	w.Helper()
	m, err := mail.New(mail.Options{URL: url, From: "kolo@example.org", Timeout: 2 * time.Second})
	w.must(err)
	return deliver.NewService(w.db, deliver.Options{Mail: m, Base: "https://kolo.example", Log: slog.New(slog.DiscardHandler),
		Hooks: webhook.New(webhook.Options{Guard: outbound.Guard{Allow: netip.Addr.IsLoopback}, Plain: true, Timeout: 2 * time.Second})})
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) workspace(name string) identity.Actor {
	w.Helper()
	ws, m, err := w.identity.CreateWorkspace(w.Context(), identity.NewWorkspace{Name: name, Owner: identity.NewOwner{Name: "Dana", Email: "dana@" + name + ".example"}})
	w.must(err)
	return identity.Actor{Workspace: ws.ID, Member: m.ID, Person: m.Person, Role: identity.Owner, Name: "Dana"}
}

// run starts a process that sends, and gives how to end it.
func (w *world) run(s *deliver.Service) *job.Runner {
	w.Helper()
	r := job.New(w.db, job.Options{Workers: 8, Poll: 10 * time.Millisecond, Grace: 5 * time.Second, Log: slog.New(slog.DiscardHandler)})
	s.Handle(r)
	w.must(r.Start(context.WithoutCancel(w.Context())))
	w.Cleanup(r.Stop)
	return r
}

func (w *world) mail(a identity.Actor, subject string) deliver.ID {
	w.Helper()
	w.clock.Advance(time.Millisecond) // ids of one moment have no order on a clock that stands
	var d deliver.ID
	w.must(w.db.Update(w.Context(), func(tx *store.Tx) (err error) {
		d, err = w.Queue(tx, a.Workspace, deliver.Message{Kind: deliver.Email, Topic: "test", Member: a.Member, Address: "dana@example.org", Name: "Dana", Language: "en", Subject: subject, Text: "text"})
		return err
	}))
	return d
}

func (w *world) publish(a identity.Actor, kind string, data any) int {
	w.Helper()
	n := 0
	w.clock.Advance(time.Millisecond)
	w.must(w.db.Update(w.Context(), func(tx *store.Tx) (err error) {
		n, err = w.Publish(tx, a.Workspace, deliver.Event{Type: kind, At: tx.Now, Data: data})
		return err
	}))
	return n
}

func (w *world) list(a identity.Actor, f deliver.Filter) []deliver.Delivery {
	w.Helper()
	list, _, err := w.List(w.Context(), a.Workspace, a, f)
	w.must(err)
	return list
}

// await waits until a delivery is as it should be, and gives it.
func (w *world) await(a identity.Actor, d deliver.ID, is func(deliver.Delivery) bool) deliver.Delivery {
	w.Helper()
	timeout := time.After(30 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		got, err := w.Get(w.Context(), a.Workspace, a, d)
		w.must(err)
		if is(got) {
			return got
		}
		select {
		case <-tick.C:
		case <-timeout:
			w.Fatalf("the delivery stays %+v", got)
		}
	}
}

func in(s deliver.State) func(deliver.Delivery) bool {
	return func(d deliver.Delivery) bool { return d.State == s }
}

// failed so often, and waits for the next attempt.
func tried(n int) func(deliver.Delivery) bool {
	return func(d deliver.Delivery) bool {
		return d.Attempts == n && d.Reason != "" && d.State == deliver.Queued && d.NextAt.After(d.TriedAt)
	}
}

// request is what a receiver got.
type request struct {
	id, signature, at string
	body              []byte
	event             struct {
		Type string          `json:"type"`
		At   time.Time       `json:"timestamp"`
		Data json.RawMessage `json:"data"`
	}
}

// receiver is a real HTTP server that keeps what it gets and answers as it is told, n counting from 1.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    []request
	answer func(n int, r *http.Request) int
}

func (w *world) receiver(answer func(n int, r *http.Request) int) *receiver {
	r := &receiver{answer: answer}
	r.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		got := request{id: q.Header.Get("Webhook-Id"), signature: q.Header.Get("Webhook-Signature"), at: q.Header.Get("Webhook-Timestamp"), body: body}
		if err := json.Unmarshal(body, &got.event); err != nil {
			w.Errorf("%s: %v", body, err)
		}
		r.mu.Lock()
		r.got = append(r.got, got)
		n := len(r.got)
		r.mu.Unlock()
		r.mu.Lock()
		answer := r.answer
		r.mu.Unlock()
		if status := answer(n, q); status > 0 {
			rw.WriteHeader(status)
			_, _ = io.WriteString(rw, "thus spoke the receiver")
			return
		}
		panic(http.ErrAbortHandler) // the connection breaks
	}))
	w.Cleanup(r.Close)
	return r
}

func (r *receiver) answers(answer func(n int, q *http.Request) int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

func (r *receiver) requests() []request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]request(nil), r.got...)
}

func always(status int) func(int, *http.Request) int {
	return func(int, *http.Request) int { return status }
}

func (w *world) hook(a identity.Actor, url string, events ...string) (deliver.Webhook, string) {
	w.Helper()
	h, secret, err := w.AddWebhook(w.Context(), a.Workspace, a, deliver.NewWebhook{URL: url, Events: events})
	w.must(err)
	return h, secret
}

var errBoom = errors.New("boom")
