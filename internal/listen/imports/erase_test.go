package imports_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
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
			"user.csv":    "comment,nps,user id\nFine,9,104233\nBad,3,104234\n",
		}
		without := map[string]string{
			"other.csv":  "comment,nps,who\nFine,9,diana@example.com\nBad,3,052-123 4568\n",
			"number.csv": "comment,nps,order\nFine,9,C-7\nBad,3,C-70\n",
			"order.csv":  "comment,nps,order\nNo refund for a premium account,9,104233\nBad,3,1234567\n",
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

		for _, ref := range []contact.Ref{{Email: "ana@example.com"}, {Phone: "+972521234567"}, {External: "C-7"}, {External: "104233"}, {External: "premium"}} {
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

// book is a workbook of sheets, by hand: what is written here has no title and no empty sheet.
func book(w *world, sheets ...string) string {
	w.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	put := func(name, content string) {
		f, err := z.Create(name)
		w.must(err)
		_, err = io.WriteString(f, content)
		w.must(err)
	}
	var list, rels strings.Builder
	for i, rows := range sheets {
		var b strings.Builder
		for k, row := range strings.Split(rows, "\n") {
			fmt.Fprintf(&b, `<row r="%d">`, k+1)
			for at, cell := range strings.Split(row, ",") {
				if cell != "" {
					fmt.Fprintf(&b, `<c r="%c%d" t="inlineStr"><is><t>%s</t></is></c>`, 'A'+at, k+1, cell)
				}
			}
			b.WriteString("</row>")
		}
		put(fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1), "<worksheet><sheetData>"+b.String()+"</sheetData></worksheet>")
		fmt.Fprintf(&list, `<sheet name="S%d" sheetId="%d" r:id="r%d"/>`, i+1, i+1, i+1)
		fmt.Fprintf(&rels, `<Relationship Id="r%d" Type="x/worksheet" Target="worksheets/sheet%d.xml"/>`, i+1, i+1)
	}
	put("xl/workbook.xml", `<workbook xmlns:r="u"><sheets>`+list.String()+"</sheets></workbook>")
	put("xl/_rels/workbook.xml.rels", "<Relationships>"+rels.String()+"</Relationships>")
	w.must(z.Close())
	return out.String()
}

// Every row of every sheet is searched, and what has no rows mentions nobody.
func TestErasedCustomersAreFoundWhereverTheyStand(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		c := w.customers()
		w.run()
		const rows = "comment,nps,shop\nFine,9,a\nBad thing,3,b\nGood,8,c\nGood too,10,d"
		with := map[string]string{
			"title.csv":    "Answers of ana@example.com\n\n" + rows,
			"title.xlsx":   book(w, "Answers of ana@example.com\n"+rows),
			"header.csv":   "comment,nps,asked by ana@example.com\nFine,9,a\nBad thing,3,b\n",
			"other.xlsx":   book(w, "Answers of the winter\nDana made it\n"+rows, "ana@example.com,Ana,1\n,b@example.com,2\nx,y,z"),
			"second.xlsx":  book(w, rows, "", "x,y,z\n,,ana@example.com"),
			"wide.csv":     "comment,nps,shop,customer id\nFine,9,a\nBad thing,3,b\nGood,8,c\nGood too,10,d,C-7\n",
			"too wide.csv": rows + "\nGood,8,c,d,e,ana@example.com\n",
		}
		without := map[string]string{"rows.xlsx": book(w, rows), "empty.xlsx": book(w, rows, "", "")}
		ids := map[string]imports.ID{}
		for _, list := range []map[string]string{with, without} {
			for name, content := range list {
				im := w.bring(name, content)
				if im.State != imports.Done || im.Created == 0 || strings.HasPrefix(name, "title") && im.Settings.Above != 1 {
					w.Fatalf("%s: %+v", name, im)
				}
				ids[name] = im.ID
			}
		}
		w.erase(c, contact.Ref{Email: "ana@example.com"})
		w.erase(c, contact.Ref{External: "C-7"})
		w.searched()
		for name, id := range ids {
			if im := w.await(id, imports.State.Ended); im.ErasedAt.IsZero() != (without[name] != "") || im.HasFile != (without[name] != "") {
				w.Errorf("%s: erased %v, its file is kept: %v", name, im.ErasedAt, im.HasFile)
			}
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
		w.bring("another.csv", "comment,nps\nFine,9\n") // an upload that ends has the waiting marks looked for again; of one with her the draft could be gone before it is started
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

// The rest of a file on a disk cannot be searched, so that an import of it which was interrupted is not gone on with.
func TestInterruptedImportsFromADiskKeepNothingOfErasedCustomers(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		c := w.customers()
		w.imports.SetBatch(10)
		w.run()
		interrupt := func(name, body string) (string, imports.Import) {
			path := filepath.Join(w.TempDir(), name)
			w.must(os.WriteFile(path, []byte(body), 0o600))
			ctx, cancel := context.WithCancel(w.Context())
			defer cancel()
			im, err := w.imports.RunFile(ctx, w.ws, w.actor, path, imports.FileOptions{Progress: func(imports.Import) { cancel() }})
			if err == nil || im.Rows == 0 {
				w.Fatalf("%s: %+v %v", name, im, err)
			}
			return path, im
		}
		const her = "Fine,nine,ana@example.com\n"
		rest := strings.Repeat("Fine and good,9,\n", 2000) // hers is no row of the sample
		early, first := interrupt("early.csv", "comment,nps,email\n"+her+rest)
		late, second := interrupt("late.csv", "comment,nps,email\n"+rest+her)
		silent, third := interrupt("silent.csv", "comment,nps,email\n"+rest+her+"Good,8,\n")
		w.must(w.db.Update(w.Context(), func(tx *store.Tx) error { // as one whose process was killed
			_, err := tx.Exec("UPDATE import SET state = 'running', finished_at = 0 WHERE id = $1", string(third.ID))
			return err
		}))
		w.clock.Advance(time.Hour)
		w.erase(c, contact.Ref{Email: "ana@example.com"})
		w.searched()
		for _, path := range []string{early, late, silent} {
			_, err := w.imports.RunFile(w.Context(), w.ws, w.actor, path, imports.FileOptions{Resume: true})
			w.want(err, fault.NotFound)
		}
		for _, im := range []imports.Import{first, second, third} {
			got, err := w.imports.Get(w.Context(), w.ws, w.actor, im.ID)
			w.must(err)
			if !got.State.Ended() || got.Created == 0 || got.ErasedAt.IsZero() != (im.ID != first.ID) || strings.Contains(got.Error, "resumed") {
				w.Errorf("%+v", got)
			}
			_, err = w.imports.Resume(w.Context(), w.ws, w.actor, im.ID)
			w.want(err, fault.Conflict)
		}
		if n := w.count("SELECT (SELECT count(*) FROM import_refusal) + (SELECT count(*) FROM import_erasure) + (SELECT count(*) FROM import WHERE state = 'running')"); n != 0 {
			w.Errorf("%d traces are left", n)
		}
		im, err := w.imports.RunFile(w.Context(), w.ws, w.actor, late, imports.FileOptions{})
		w.must(err)
		if im.Duplicates < second.Created || im.Created+im.Duplicates != 2000 {
			w.Errorf("anew: %+v", im)
		}
	})
}

// The name of a file can say who a customer is, too: it gives way to one that does not, and the rows stay.
func TestErasedCustomersLeaveNamesOfFiles(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.masked()
		c := w.customers()
		w.run()
		const rows = "comment,nps\nFine,9\nBad,3\n"
		called := []string{"ana@example.com.csv", "answers_Ana@Example.com_2026.csv", "call 052-123-4567.tsv", "0521234567_spring.csv"}
		var ids []imports.ID
		for _, name := range called {
			ids = append(ids, w.bring(name, rows).ID)
		}
		w.must(w.imports.Discard(w.Context(), w.ws, w.actor, ids[0])) // its row stays
		other := w.bring("diana@example.com.csv", rows)
		path := filepath.Join(w.TempDir(), "ana@example.com.csv")
		w.must(os.WriteFile(path, []byte(rows), 0o600))
		disk, err := w.imports.RunFile(w.Context(), w.ws, w.actor, path, imports.FileOptions{})
		w.must(err)
		w.erase(c, contact.Ref{Email: "ana@example.com"})
		w.erase(c, contact.Ref{Phone: "+972521234567"})
		w.searched()
		owner := w.masked()
		names := map[string]bool{}
		for i, id := range append(ids, disk.ID) {
			im, err := w.imports.Get(w.Context(), w.ws, owner, id)
			w.must(err)
			if !strings.HasPrefix(im.Name, "file-") || filepath.Ext(im.Name) != filepath.Ext(append(called, path)[i]) || !im.ErasedAt.IsZero() || names[im.Name] {
				w.Errorf("%d: %+v", i, im)
			}
			names[im.Name] = true
		}
		if im, err := w.imports.Get(w.Context(), w.ws, owner, other.ID); err != nil || im.Name != "diana@example.com.csv" {
			w.Errorf("%+v %v", im, err)
		}
		for _, table := range []string{"import", "audit", "job"} {
			all := map[string]string{"import": "name || path", "audit": "details", "job": "note"}
			if n := w.count("SELECT count(*) FROM " + table + " WHERE lower(" + all[table] + ") LIKE '%ana@example.com%' AND lower(" + all[table] + ") NOT LIKE '%diana@%' OR " + all[table] + " LIKE '%1234567%' OR " + all[table] + " LIKE '%123-4567%'"); n > 0 {
				w.Errorf("%d rows of %s have a name", n, table)
			}
		}
	})
}

// A file that comes after the erasure names a customer whom nobody can erase a second time: nothing of it is kept, either.
func TestFilesThatComeLaterKeepNothingOfErasedCustomers(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		c := w.customers()
		w.run()
		for _, ref := range []contact.Ref{{Email: "guest3@example.org"}, {Phone: "+972521234567"}, {External: "C-7"}} {
			w.erase(c, ref)
		}
		w.searched()
		const old = "2026-10-02"
		rest := strings.Repeat("Fine and good,9,"+old+",\n", 2000)
		with := map[string]string{
			"kept.csv":    "comment,nps,date,email\nDreadful,2," + old + ",Guest3@example.org\nFine,9," + old + ",\n",
			"late.csv":    "comment,nps,date,email\n" + rest + "Dreadful,2," + old + ",guest3@example.org\n",
			"refused.csv": "comment,nps,date,email\nDreadful,two," + old + ",guest3@example.org\nFine,9," + old + ",\nGood,8," + old + ",\nBad,3," + old + ",\n",
			"said.csv":    "comment,nps,date\nwrite to <GUEST3@example.org>.,2," + old + "\nFine,9," + old + "\n",
			"broken.csv":  "comment,nps\nFine,9\n\"never closed guest3@example.org,9\n",
			"phone.csv":   "comment,nps,date,phone\nDreadful,2," + old + ",052-123 4567\nFine,9," + old + ",\n",
			"id.csv":      "comment,nps,date,customer id\nDreadful,2," + old + ",C-7\nFine,9," + old + ",C-8\n",
			"rows.ndjson": `{"text":"Dreadful","time":"2026-10-02T10:00:00Z","contact":{"external_id":"C-7"}}` + "\n",
		}
		without := map[string]string{
			"other.csv": "comment,nps,date,email\nDreadful,2," + old + ",guest4@example.org\nFine,9," + old + ",notguest3@example.org\n",
			"order.csv": "comment,nps,date,order\nDreadful,2," + old + ",C-7\nFine,9," + old + ",C-8\n",
		}
		ids := map[string]imports.ID{}
		for _, list := range []map[string]string{with, without} {
			for name, content := range list {
				im := w.bring(name, content)
				if im.State != imports.Done || im.Rows == 0 {
					w.Fatalf("%s: %+v", name, im)
				}
				ids[name] = im.ID
				w.searched()
			}
		}
		path := filepath.Join(w.TempDir(), "disk.csv")
		w.must(os.WriteFile(path, []byte(with["refused.csv"]), 0o600))
		disk, err := w.imports.RunFile(w.Context(), w.ws, w.actor, path, imports.FileOptions{})
		w.must(err)
		w.searched()
		ids["disk.csv"] = disk.ID
		for name, id := range ids {
			im := w.await(id, imports.State.Ended)
			if stays := without[name] != ""; im.ErasedAt.IsZero() != stays || len(im.Columns) > 0 != stays {
				w.Errorf("%s: erased %v, %+v", name, im.ErasedAt, im.Columns)
			}
		}
		if n := w.count("SELECT count(*) FROM import_refusal") + w.count("SELECT count(*) FROM import_erasure"); n != 0 {
			w.Errorf("%d traces are left", n)
		}
		// Who comes back in a matter of today is a new acquaintance, who can be erased again.
		w.clock.Advance(48 * time.Hour)
		if im := w.bring("anew.csv", "comment,nps,date,email\nMuch better,9,2026-11-25,guest3@example.org\nFine,9,"+old+",\n"); im.Created != 2 {
			w.Fatalf("%+v", im)
		}
		w.searched()
		if n := w.count("SELECT count(*) FROM import WHERE name = 'anew.csv' AND erased_at = 0"); n != 1 {
			w.Error("a new acquaintance was erased")
		}
	})
}
