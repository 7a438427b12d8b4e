package imports_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/table"
	"kolo/internal/listen/feedback"
	"kolo/internal/listen/imports"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// customers makes what erases contacts as the program does.
func (w *world) customers() *contact.Service {
	c := contact.NewService(w.db)
	c.OnErase(feedback.Erased)
	c.OnErase(imports.Erased)
	return c
}

// erase makes a customer of a reference and erases it, and waits until the files were searched.
func (w *world) erase(c *contact.Service, ref contact.Ref) {
	w.Helper()
	owner := identity.Actor{Workspace: w.ws, Member: "o", Role: identity.Owner, Name: "Olga"}
	ids, err := c.Upsert(w.Context(), w.ws, owner, []contact.Ref{ref})
	w.must(err)
	w.must(c.Erase(w.Context(), w.ws, owner, ids[0]))
}

func (w *world) searched() {
	w.Helper()
	tick, late := time.NewTicker(5*time.Millisecond), time.After(time.Minute)
	defer tick.Stop()
	for w.count("SELECT count(*) FROM job WHERE kind = 'import.erase' AND state IN ('queued', 'running')") > 0 {
		select {
		case <-tick.C:
		case <-late:
			w.Fatal("the search does not end")
		}
	}
	if n := w.count("SELECT count(*) FROM job WHERE kind = 'import.erase' AND state <> 'done'"); n > 0 {
		w.Fatalf("%d searches failed", n)
	}
}

func utf16le(s string) string {
	b := []byte{0xFF, 0xFE}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

func TestErasedCustomersLeaveFiles(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		c := w.customers()
		w.run()
		book := func() string {
			var b strings.Builder
			x, err := table.NewWriter(&b, table.XLSX, []table.Column{{Name: "comment"}, {Name: "nps"}})
			w.must(err)
			w.must(x.Write([]any{"Fine, write to ANA@example.com", "9"}))
			w.must(x.Close())
			return b.String()
		}
		rest := strings.Repeat("Quite all right and nothing else,9,\n", 2000) // hers is no row of the sample
		with := map[string]string{
			"address.csv": orders,
			"late.csv":    "comment,nps,who\n" + rest + "Late,1,Ana@Example.com\n",
			"phone.csv":   "comment,nps,who\nFine,9,052-123 4567\nBad,3,\n",
			"dialled.csv": "comment,nps\nRing +972 (52) 123-45-67 please,9\nBad,3\n",
			"persian.csv": "comment,nps\nRing ۰۵۲۱۲۳۴۵۶۷ please,9\nBad,3\n",
			"refused.csv": "comment,nps,who\nFine,nine,a\n,,ana@example.com\n",
			"broken.csv":  "comment,nps\nFine,9\n\"never closed ana@example.com,9\n",
			"id.csv":      "comment,nps,customer id\nFine,9,C-7\nBad,3,C-8\n",
			"wide.csv":    utf16le("comment,nps,who\nגרוע,2,ana@example.com\nטוב,9,\n"),
			"rows.ndjson": `{"text":"Fine","contact":{"external_id":"c-7"},"attributes":{"n":"1"}}` + "\n",
			"book.xlsx":   book(),
		}
		without := map[string]string{
			"other.csv":  "comment,nps,who\nFine,9,diana@example.com\nBad,3,052-123 4568\n",
			"number.csv": "comment,nps,order\nFine,9,C-7\nBad,3,C-70\n",
		}
		ids := map[string]imports.ID{}
		for _, list := range []map[string]string{with, without} {
			for name, content := range list {
				im := w.bring(name, content)
				if im.State != imports.Done || im.Rows == 0 {
					w.Fatalf("%s: %+v", name, im)
				}
				ids[name] = im.ID
			}
		}
		draft := w.upload("draft.csv", orders)
		other := workspace(w.T, w.db, "Two")
		foreign, err := w.imports.Upload(w.Context(), other, identity.Actor{Workspace: other, Member: "m", Role: identity.Analyst, Name: "Ana"}, "foreign.csv", strings.NewReader(orders))
		w.must(err)

		for _, ref := range []contact.Ref{{Email: "ana@example.com"}, {Phone: "+972521234567"}, {External: "C-7"}} {
			w.erase(c, ref)
		}
		w.searched()
		for name := range with {
			im := w.await(ids[name], imports.State.Ended)
			if im.ErasedAt.IsZero() || im.HasFile || len(im.Columns) > 0 || len(im.Mapping.Columns) > 0 || im.State != imports.Done || im.Rows == 0 {
				w.Errorf("%s keeps her: %+v", name, im)
			}
			_, err := w.imports.Preview(w.Context(), w.ws, w.actor, im.ID, nil)
			w.want(err, fault.Conflict)
			w.want(w.imports.Refused(w.Context(), w.ws, w.actor, im.ID, func(imports.Refusal) error { return nil }), fault.Conflict)
			w.want(w.imports.WriteRefused(w.Context(), w.ws, w.actor, im.ID, io.Discard, nil), fault.Conflict)
			if n := w.count("SELECT (SELECT count(*) FROM import_chunk WHERE import = $1) + (SELECT count(*) FROM import_refusal WHERE import = $1)", string(im.ID)); n != 0 {
				w.Errorf("%s: %d pieces are left", name, n)
			}
		}
		for name := range without {
			if im := w.await(ids[name], imports.State.Ended); !im.ErasedAt.IsZero() || !im.HasFile || len(im.Columns) == 0 {
				w.Errorf("%s lost its rows: %+v", name, im)
			}
		}
		if im := w.await(ids["address.csv"], imports.State.Ended); im.Refused != 4 || im.Created != 3 {
			w.Errorf("counts are lost: %+v", im)
		}
		if im := w.await(draft.ID, imports.State.Ended); im.State != imports.Cancelled || im.ErasedAt.IsZero() {
			w.Errorf("the draft: %+v", im)
		}
		_, err = w.imports.Resume(w.Context(), w.ws, w.actor, draft.ID)
		w.want(err, fault.Conflict)
		if n := w.count("SELECT count(*) FROM import_chunk WHERE import = $1", string(foreign.ID)); n != 1 {
			w.Error("another workspace lost its file")
		}
		if n := w.count("SELECT count(*) FROM import_erasure"); n != 0 {
			w.Errorf("%d marks of her are left", n)
		}
		if n := w.count("SELECT count(*) FROM audit WHERE workspace = $1 AND action = 'import.erase'", string(w.ws)); n != int64(len(with)+1) {
			w.Errorf("%d entries in the audit log", n)
		}
	})
}

// What is on its way goes on, and loses its rows when it ends; what is not whole yet is searched once it is.
func TestErasedCustomersLeaveFilesOnTheirWay(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		c := w.customers()
		waiting, whole := w.upload("queued.csv", orders), w.upload("uploading.csv", orders)
		_, err := w.imports.Start(w.Context(), w.ws, w.actor, waiting.ID)
		w.must(err)
		state := func(im imports.ID, s string) {
			w.must(w.db.Update(w.Context(), func(tx *store.Tx) error {
				_, err := tx.Exec("UPDATE import SET state = $2 WHERE id = $1", string(im), s)
				return err
			}))
		}
		state(whole.ID, "uploading")
		w.must(w.db.Update(w.Context(), func(tx *store.Tx) error { // not before the search
			_, err := tx.Exec("UPDATE job SET run_at = $1 WHERE kind = 'import'", tx.Now.Add(time.Hour).UnixMilli())
			return err
		}))
		w.erase(c, contact.Ref{Email: "ana@example.com"})
		w.run()
		w.searched()
		im, err := w.imports.Get(w.Context(), w.ws, w.actor, waiting.ID)
		w.must(err)
		if im.State != imports.Queued || !im.HasFile || !im.ErasedAt.IsZero() {
			w.Fatalf("%+v", im)
		}
		if n := w.count("SELECT count(*) FROM import_erasure"); n != 1 {
			w.Errorf("%d marks wait for the upload", n)
		}
		state(whole.ID, "draft")
		w.clock.Advance(2 * time.Hour)
		w.bring("another.csv", orders) // an upload that ends has the waiting marks looked for again
		w.await(waiting.ID, imports.State.Ended)
		w.searched()
		for _, id := range []imports.ID{waiting.ID, whole.ID} {
			if im := w.await(id, imports.State.Ended); im.ErasedAt.IsZero() || im.HasFile {
				w.Errorf("%+v", im)
			}
		}
		if n := w.count("SELECT count(*) FROM import_erasure"); n != 0 {
			w.Errorf("%d marks are left", n)
		}
	})
}

func TestErasedCustomersLeaveRefusedRowsOfFilesLongGone(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		c := w.customers()
		w.run()
		im := w.bring("orders.csv", fmt.Sprintf("comment,nps,who\n%s,99,zoe@example.com\nFine,9,\n", strings.Repeat("x", 20)))
		w.must(w.db.Update(w.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec("UPDATE import SET has_file = 0, columns = '[]' WHERE id = $1", string(im.ID))
			return err
		}))
		w.erase(c, contact.Ref{Email: "zoe@example.com"})
		w.searched()
		if n := w.count("SELECT count(*) FROM import_refusal"); n != 0 {
			w.Errorf("%d refused rows are left", n)
		}
	})
}
