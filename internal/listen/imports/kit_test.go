package imports_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/listen/feedback"
	"kolo/internal/listen/imports"
	"kolo/internal/people/identity"
)

// world is a workspace with an intake and a runner of jobs.
type world struct {
	*testing.T
	db       *store.DB
	clock    *clock.Fake
	feedback *feedback.Service
	imports  *imports.Service
	jobs     *job.Runner
	ws       identity.WorkspaceID
	actor    identity.Actor
}

var today = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func each(t *testing.T, test func(w *world)) {
	t.Helper()
	storetest.EachAt(t, today, func(t *testing.T, db *store.DB, c *clock.Fake) {
		w := &world{T: t, db: db, clock: c, feedback: feedback.NewService(db)}
		t.Cleanup(w.feedback.Close)
		w.imports = imports.NewService(db, w.feedback, slog.New(slog.DiscardHandler))
		w.ws = workspace(t, db, "One")
		w.actor = identity.Actor{Workspace: w.ws, Member: "m", Role: identity.Analyst, Name: "Ana"}
		test(w)
	})
}

// run starts the jobs of this process.
func (w *world) run() {
	w.Helper()
	w.jobs = job.New(w.db, job.Options{Poll: 10 * time.Millisecond, Log: slog.New(slog.DiscardHandler), Backoff: func(int) time.Duration { return 0 }})
	w.imports.Handle(w.jobs)
	w.must(w.jobs.Start(context.Background()))
	w.Cleanup(w.jobs.Stop)
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) want(err error, kind fault.Kind) {
	w.Helper()
	if !fault.Is(err, kind) {
		w.Fatalf("%v is not of kind %d", err, kind)
	}
}

func (w *world) upload(name, content string) imports.Import {
	w.Helper()
	im, err := w.imports.Upload(w.Context(), w.ws, w.actor, name, strings.NewReader(content))
	w.must(err)
	return im
}

// bring uploads, starts and awaits an import.
func (w *world) bring(name, content string) imports.Import {
	w.Helper()
	im, err := w.imports.Start(w.Context(), w.ws, w.actor, w.upload(name, content).ID)
	w.must(err)
	return w.await(im.ID, imports.State.Ended)
}

func (w *world) await(id imports.ID, is func(imports.State) bool) imports.Import {
	w.Helper()
	return w.awaitThat(id, func(im imports.Import) bool { return is(im.State) })
}

func (w *world) awaitThat(id imports.ID, is func(imports.Import) bool) (im imports.Import) {
	w.Helper()
	tick, late := time.NewTicker(5*time.Millisecond), time.After(2*time.Minute)
	defer tick.Stop()
	for {
		var err error
		im, err = w.imports.Get(w.Context(), w.ws, w.actor, id)
		w.must(err)
		if is(im) {
			return im
		}
		select {
		case <-tick.C:
		case <-late:
			w.Fatalf("waited in vain: %+v", im)
		}
	}
}

func (w *world) refused(id imports.ID) (list []imports.Refusal) {
	w.Helper()
	w.must(w.imports.Refused(w.Context(), w.ws, w.actor, id, func(r imports.Refusal) error {
		list = append(list, r)
		return nil
	}))
	return list
}

// kept reads all feedback of a workspace.
func (w *world) kept(ws identity.WorkspaceID) (list []feedback.Feedback) {
	w.Helper()
	var at feedback.Cursor
	for {
		page, err := w.feedback.List(w.Context(), ws, feedback.Filter{Limit: 1000, Before: at})
		w.must(err)
		list = append(list, page...)
		if len(page) < 1000 {
			return list
		}
		at = feedback.Cursor{Time: page[999].Time.UnixMilli(), ID: page[999].ID}
	}
}

func (w *world) count(query string, args ...any) (n int64) {
	w.Helper()
	w.must(w.db.View(w.Context(), func(tx *store.Tx) (err error) {
		n, err = store.One(tx, store.Value[int64], query, args...)
		return err
	}))
	return n
}

func workspace(tb testing.TB, db *store.DB, name string) identity.WorkspaceID {
	tb.Helper()
	w, _, err := identity.NewService(db, identity.Options{}).CreateWorkspace(tb.Context(), identity.NewWorkspace{Name: name, Zone: "Asia/Jerusalem",
		Country: "IL", Owner: identity.NewOwner{Name: "Dana", Email: fmt.Sprintf("dana@%s.example.com", strings.ToLower(name))}})
	if err != nil {
		tb.Fatal(err)
	}
	return w.ID
}

// breaking is a stream that breaks off.
type breaking struct{ io.Reader }

func (b breaking) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = io.ErrClosedPipe
	}
	return n, err
}

func problemsOf(err error) []fault.Field { return fault.ProblemOf(err).Errors }
