package imports_test

import (
	"testing"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/listen/imports"
	"kolo/internal/people/identity"
)

// TestTakeBack: who may, when, twice, and never in another workspace.
func TestTakeBack(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.run()
		admin := identity.Actor{Workspace: w.ws, Member: "a", Role: identity.Admin, Name: "Ada"}
		draft := w.upload("draft.csv", "date,nps\n2026-03-01,9\n")
		im := w.bring("rows.csv", rows(100))
		other := workspace(t, w.db, "Two")
		for _, role := range []identity.Role{identity.Analyst, identity.Agent, identity.Viewer} {
			_, err := w.imports.TakeBack(w.Context(), w.ws, identity.Actor{Workspace: w.ws, Member: "m", Role: role}, im.ID)
			w.want(err, fault.Denied)
		}
		_, err := w.imports.TakeBack(w.Context(), w.ws, admin, draft.ID)
		w.want(err, fault.Conflict)
		_, err = w.imports.TakeBack(w.Context(), other, identity.Program(other, "test"), im.ID)
		w.want(err, fault.NotFound)
		if n := w.count("SELECT count(*) FROM feedback WHERE import = $1", string(im.ID)); n != im.Created || n == 0 {
			w.Fatalf("%d of %d are there", n, im.Created)
		}

		// One of it was removed by itself before, and one stands in another import.
		list := w.kept(w.ws)
		w.must(w.feedback.Remove(w.Context(), w.ws, admin, list[0].ID, "a test"))
		w.must(w.feedback.Remove(w.Context(), w.ws, admin, list[0].ID, "a test"))
		w.want(w.feedback.Remove(w.Context(), w.ws, admin, "no such id", ""), fault.NotFound)
		w.want(w.feedback.Remove(w.Context(), w.ws, identity.Actor{Workspace: w.ws, Member: "m", Role: identity.Agent}, list[1].ID, ""), fault.Denied)
		again := w.bring("more.csv", "response id,comment,nps\nq1,Something else,9\n")
		for range 2 {
			_, err = w.imports.TakeBack(w.Context(), w.ws, admin, im.ID)
			w.must(err)
		}
		out := w.await(im.ID, imports.State.Ended)
		if out.State != imports.TakenBack || out.Taken != im.Created-1 || out.TakenBy != "Ada" || out.Progress() != 1 || out.Refused != im.Refused {
			w.Fatalf("%+v", out)
		}
		if left := w.kept(w.ws); len(left) != 1 || left[0].Import != string(again.ID) {
			w.Fatalf("%d are left", len(left))
		}
		if len(w.refused(im.ID)) != int(im.Refused) {
			w.Error("its refused rows are gone")
		}
		_, err = w.imports.TakeBack(w.Context(), w.ws, admin, im.ID)
		w.must(err)
		_, err = w.imports.Resume(w.Context(), w.ws, admin, im.ID)
		w.want(err, fault.Conflict)
		w.must(w.imports.Discard(w.Context(), w.ws, admin, im.ID))
		if second := w.bring("rows.csv", rows(100)); second.Created != im.Created {
			w.Errorf("again: %+v", second)
		}
		if _, err := w.feedback.Get(w.Context(), w.ws, list[0].ID); !fault.Is(err, fault.Gone) {
			w.Error(err)
		}
		if _, err := w.feedback.Get(w.Context(), other, list[0].ID); !fault.Is(err, fault.NotFound) {
			w.Error(err)
		}
	})
}

// TestTakeBackOfWhatIsStillStopping: an attempt that still has rows in its hands when an import is taken back keeps none of them.
func TestTakeBackOfWhatIsStillStopping(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		im := w.upload("rows.csv", rows(100))
		_, err := w.imports.Start(w.Context(), w.ws, w.actor, im.ID)
		w.must(err)
		admin := identity.Actor{Workspace: w.ws, Member: "a", Role: identity.Admin, Name: "Ada"}
		_, err = w.imports.TakeBack(w.Context(), w.ws, admin, im.ID)
		w.want(err, fault.Conflict) // cancel it first
		_, err = w.imports.Cancel(w.Context(), w.ws, admin, im.ID)
		w.must(err)
		_, err = w.imports.TakeBack(w.Context(), w.ws, admin, im.ID)
		w.must(err)
		w.run()
		out := w.await(im.ID, imports.State.Ended)
		if out.State != imports.TakenBack || out.Taken != 0 || len(w.kept(w.ws)) != 0 {
			w.Fatalf("%+v", out)
		}
	})
}

// TestATakeBackThatFailedGoesOn: a hook fails for good; the import says so, and whoever asks again has it go on.
func TestATakeBackThatFailedGoesOn(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.run()
		admin := identity.Actor{Workspace: w.ws, Member: "a", Role: identity.Admin, Name: "Ada"}
		im := w.bring("rows.csv", rows(100))
		w.imports.SetBatch(10)
		broken, calls := true, 0
		w.feedback.OnRemove(func(*store.Tx, identity.WorkspaceID, []feedback.ID) error {
			if calls++; broken && calls > 3 {
				return fault.New(fault.Invalid, "test", "it does not work")
			}
			return nil
		})
		_, err := w.imports.TakeBack(w.Context(), w.ws, admin, im.ID)
		w.must(err)
		out := w.awaitThat(im.ID, func(i imports.Import) bool { return i.Error != "" })
		if out.State != imports.TakingBack || out.Taken == 0 || out.Taken >= out.Created {
			w.Fatalf("%+v", out)
		}
		w.want(w.imports.Discard(w.Context(), w.ws, admin, im.ID), fault.Conflict)
		w.jobs.Stop()
		broken = false
		_, err = w.imports.TakeBack(w.Context(), w.ws, admin, im.ID)
		w.must(err)
		w.run()
		if out = w.await(im.ID, imports.State.Ended); out.Taken != im.Created || len(w.kept(w.ws)) != 0 {
			w.Fatalf("%+v", out)
		}
	})
}
