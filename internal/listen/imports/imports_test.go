package imports_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/table"
	"kolo/internal/listen/feedback"
	"kolo/internal/listen/imports"
	"kolo/internal/people/identity"
)

const orders = `order,date,nps,comment,e-mail,country
a-1,31/01/2026 10:30,10,"Came early, thank you",ana@example.com,IL
a-2,01/02/2026,3,משלוח איחר,dan@example.com,IL
a-3,02/02/2026,eleven,Fine,,RU
a-4,03/02/2026,11,Fine,,RU
a-5,99/99/2026,7,Fine,not an address,RU

a-6,05/02/2026,,,,RU
a-7,06/02/2026,7,=1+1,,US
`

func TestEveryRowIsKeptOrRefused(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.run()
		im := w.bring("orders.csv", orders)
		if im.State != imports.Done || im.Created != 3 || im.Refused != 4 || im.Duplicates != 0 || im.Rows != 7 || im.Total != 7 || im.Progress() != 1 {
			w.Fatalf("%+v", im)
		}
		var reasons []string
		for _, r := range w.refused(im.ID) {
			for _, f := range r.Reasons {
				reasons = append(reasons, fmt.Sprint(r.Row, " line ", r.Line, " ", r.Cells[0], " ", f.Path, " ", f.Code))
			}
		}
		if want := []string{"3 line 4 a-3 nps number", "4 line 5 a-4 nps range", "5 line 6 a-5 date time", "6 line 8 a-6 text required"}; !slices.Equal(reasons, want) {
			w.Errorf("reasons: %q", reasons)
		}
		all := w.kept(w.ws)
		first := all[len(all)-1]
		if len(all) != 3 || first.Text != "Came early, thank you" || !first.Time.Equal(time.Date(2026, 1, 31, 8, 30, 0, 0, time.UTC)) || first.Source != "import: orders.csv" ||
			first.Channel != "import" || first.Attributes["country"] != "IL" || first.Attributes["order"] != "a-1" || first.Contact == "" || first.Import != string(im.ID) ||
			!strings.HasPrefix(first.ExternalID, "import-"+im.Fingerprint[:16]) || len(first.Scores) != 1 || first.Scores[0].Metric != "nps" {
			w.Errorf("%d kept, the first: %+v", len(all), first)
		}
		// The same file again changes nothing, nor does it under the other name that its source had.
		if again := w.bring("orders.csv", orders); again.Created != 0 || again.Duplicates != 3 || again.Refused != 4 || again.State != imports.Done {
			w.Errorf("again: %+v", again)
		}
		renamed := w.upload("copy.csv", orders)
		renamed.Mapping.Constants.Source = "import: orders.csv"
		_, err := w.imports.SetMapping(w.Context(), w.ws, w.actor, renamed.ID, renamed.Mapping)
		w.must(err)
		_, err = w.imports.Start(w.Context(), w.ws, w.actor, renamed.ID)
		w.must(err)
		if third := w.await(renamed.ID, imports.State.Ended); third.Duplicates != 3 {
			w.Errorf("renamed: %+v", third)
		}
		if got := len(w.kept(w.ws)); got != 3 {
			w.Errorf("%d kept in the end", got)
		}
		if n := w.count("SELECT count(*) FROM audit WHERE workspace = $1 AND action IN ('import.start', 'import.finish')", string(w.ws)); n != 6 {
			w.Errorf("%d entries in the audit log", n)
		}
	})
}

func TestPreviewSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		im := w.upload("orders.csv", orders)
		p, err := w.imports.Preview(w.Context(), w.ws, w.actor, im.ID, nil)
		w.must(err)
		if p.Sampled != 7 || p.Valid != 3 || p.Refused != 4 || len(p.Rows) != 7 || p.Texts != 3 || p.Known != 2 || p.Again != 0 {
			w.Fatalf("%+v", p)
		}
		if p.Rows[0].Input == nil || p.Rows[0].Input.Text != "Came early, thank you" || p.Rows[2].Input != nil || p.Rows[2].Errors[0].Path != "nps" {
			w.Errorf("rows: %+v", p.Rows)
		}
		if len(p.Scores) != 1 || p.Scores[0].N != 3 || p.Scores[0].Mean != 20.0/3 || p.Scores[0].Scale != "0..10" {
			w.Errorf("scores: %+v", p.Scores)
		}
		// A mapping that is being tried, by which rows would be taken for one another.
		m := im.Mapping
		m.Columns = slices.Clone(m.Columns)
		m.Columns[5].To = "external_id"
		p, err = w.imports.Preview(w.Context(), w.ws, w.actor, im.ID, &m)
		w.must(err)
		if p.Again != 1 {
			w.Errorf("%d rows with the id of another", p.Again)
		}
		m.Columns[3].To, m.Columns[5].To = "score", "text"
		_, err = w.imports.SetMapping(w.Context(), w.ws, w.actor, im.ID, m)
		w.want(err, fault.Invalid)
		if n := len(w.kept(w.ws)); n != 0 {
			w.Errorf("a preview kept %d", n)
		}
	})
}

func TestInspectAgainWithOtherOptions(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		im := w.upload("r.csv", "Отзыв;Оценка\nхорошо, быстро и вежливо;5\nплохо, долго и грубо;1\nтак себе, бывает и хуже;3\n")
		if im.Settings.Delimiter != ";" || im.Columns[0].Name != "Отзыв" || im.Mapping.Columns[0].To != "text" || im.Mapping.Columns[1].To != "score" {
			w.Fatalf("%+v", im)
		}
		no := false
		im, err := w.imports.Inspect(w.Context(), w.ws, w.actor, im.ID, table.Options{Header: &no, Delimiter: ';'})
		w.must(err)
		if im.Columns[0].Name != "column 1" || im.Total != 4 || im.Settings.Header {
			w.Fatalf("without a header: %+v", im)
		}
		_, err = w.imports.Inspect(w.Context(), w.ws, w.actor, im.ID, table.Options{Encoding: "no such"})
		w.want(err, fault.Invalid)
		w.run()
		_, err = w.imports.Start(w.Context(), w.ws, w.actor, im.ID)
		w.must(err)
		if im = w.await(im.ID, imports.State.Ended); im.Created != 4 {
			w.Fatalf("%+v", im)
		}
		_, err = w.imports.Inspect(w.Context(), w.ws, w.actor, im.ID, table.Options{})
		w.want(err, fault.Conflict)
		_, err = w.imports.Start(w.Context(), w.ws, w.actor, im.ID)
		w.want(err, fault.Conflict)
	})
}

func TestBrokenUploadLeavesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for name, content := range map[string]string{"broken.csv": strings.Repeat("comment,nps\nfine and good,9\n", 300_000), "a.pdf": "%PDF-1.7", "empty.csv": ""} {
			var err error
			if name == "broken.csv" {
				_, err = w.imports.Upload(w.Context(), w.ws, w.actor, name, breaking{strings.NewReader(content)})
				w.want(err, fault.Internal)
			} else {
				_, err = w.imports.Upload(w.Context(), w.ws, w.actor, name, strings.NewReader(content))
				w.want(err, fault.Invalid)
			}
		}
		list, _, err := w.imports.List(w.Context(), w.ws, w.actor, "", 0)
		w.must(err)
		if n := w.count("SELECT (SELECT count(*) FROM import) + (SELECT count(*) FROM import_chunk)"); n != 0 || len(list) != 0 {
			w.Errorf("%d rows are left", n)
		}
	})
}

func TestLargeFilesStreamThroughChunks(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		var b strings.Builder
		b.WriteString("comment,nps\n")
		long := strings.Repeat("a comment of some length so that it takes several pieces, with a ж and a ש, ", 4)
		for i := range 10_000 {
			fmt.Fprintf(&b, "\"%sthe %d. of them\",%d\n", long, i, i%11)
		}
		for i := range 10 { // longer than a piece
			fmt.Fprintf(&b, "%s,%d\n", strings.Repeat("long ", 100_000), i)
		}
		w.run()
		im := w.bring("large.csv", b.String())
		if im.Created != 10_010 || im.Size != int64(b.Len()) || im.Refused+im.Duplicates != 0 {
			w.Fatalf("%+v", im)
		}
		if n := w.count("SELECT count(*) FROM import_chunk"); n < 6 {
			w.Fatalf("%d pieces", n)
		}
	})
}

func TestWorkbookFromChunks(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		var b bytes.Buffer
		x, err := table.NewWriter(&b, table.XLSX, []table.Column{{Name: "הערה"}, {Name: "דירוג", Type: table.Int}, {Name: "תאריך", Type: table.Time}})
		w.must(err)
		for i := range 5000 {
			w.must(x.Write([]any{fmt.Sprintf("הערה מספר %d על השירות", i), i%5 + 1, today.Add(-time.Duration(i) * time.Hour)}))
		}
		w.must(x.Close())
		// A large part that nobody reads puts the directory of the archive into another piece than the sheet.
		w.run()
		im := w.bring("book.xlsx", padded(w, b.Bytes()))
		if im.State != imports.Done || im.Created != 5000 || im.Settings.Format != table.XLSX || im.Size < 2<<20 {
			w.Fatalf("%+v", im)
		}
		f := w.kept(w.ws)[0]
		if f.Text != "הערה מספר 0 על השירות" || f.Scores[0].Value != 1 || f.Scores[0].Scale.String() != "1..5" || f.Time.IsZero() {
			w.Fatalf("%+v", f)
		}
	})
}

// padded adds a large part to an archive.
func padded(w *world, archive []byte) string {
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	w.must(err)
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i, f := range r.File {
		w.must(z.Copy(f))
		if i == 0 {
			part, err := z.CreateHeader(&zip.FileHeader{Name: "pad.bin", Method: zip.Store})
			w.must(err)
			_, err = part.Write(make([]byte, 3<<20))
			w.must(err)
		}
	}
	w.must(z.Close())
	return b.String()
}

func TestNativeRows(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.run()
		im := w.bring("feed.ndjson", `{"kind":"review","external_id":"1","time":"2026-01-02T03:04:05.678Z","text":"So so","scores":[{"metric":"csat","value":3,"scale":{"min":1,"max":5}},{"metric":"nps","value":7,"scale":{"min":0,"max":10}}],"contact":{"email":"ana@example.com","attributes":{"plan":"gold"}},"answers":{"q1":["a","b"]},"attributes":{"n":5}}
{"id":"0198","text":"No id but Kolo's","scores":[],"received_at":"2026-01-01T00:00:00Z"}
{"text":"unknown field","scores":[],"colour":"red"}
{"text":"wrong scale","scores":[{"metric":"nps","value":7,"scale":{"min":1,"max":5}}]}
{"text":5}
not json
{"text":"The last","scores":null,"source":"own"}
`)
		if !im.Mapping.Native || im.Created != 3 || im.Refused != 4 {
			w.Fatalf("%+v\n%+v", im, w.refused(im.ID))
		}
		byText := map[string]feedback.Feedback{}
		for _, f := range w.kept(w.ws) {
			byText[f.Text] = f
		}
		f := byText["So so"]
		if f.Kind != "review" || f.Time.UnixMilli() != 1767323045678 || len(f.Scores) != 2 || f.Attributes["n"] != "5" || f.Contact == "" ||
			!reflect.DeepEqual(f.Answers, []feedback.Answer{{Question: "q1", Value: []any{"a", "b"}}}) {
			w.Errorf("%+v", f)
		}
		if byText["No id but Kolo's"].ExternalID != "0198" || byText["The last"].Source != "own" {
			w.Errorf("%+v", byText)
		}
		for i, want := range []string{"unknown", "range", "type", "bad_json"} {
			if r := w.refused(im.ID)[i]; r.Reasons[0].Code != want {
				w.Errorf("%d: %+v", i, r)
			}
		}
	})
}

// TestFactsOfNobodyStayBesideTheRow: what a row says of a customer whom it does not name is kept as facts beside the feedback.
func TestFactsOfNobodyStayBesideTheRow(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.run()
		im := w.upload("people.csv", "comment,Customer name,e-mail,plan,company\nLate again and nobody called,Bob,,gold,acme\nCame early and was kind,Ana,ana@example.com,basic,acme\nNever came at all to us,n/a,,,\n")
		im.Mapping.Constants.Country = "IL"
		im.Mapping.Columns = slices.Clone(im.Mapping.Columns)
		for i, to := range []string{"text", "contact.name", "contact.email", "contact.attribute:tier", "contact.account"} {
			im.Mapping.Columns[i].To = to
		}
		_, err := w.imports.SetMapping(w.Context(), w.ws, w.actor, im.ID, im.Mapping)
		w.must(err)
		if p, err := w.imports.Preview(w.Context(), w.ws, w.actor, im.ID, nil); err != nil || p.Valid != 3 || p.Known != 1 {
			w.Errorf("%+v %v", p, err)
		}
		_, err = w.imports.Start(w.Context(), w.ws, w.actor, im.ID)
		w.must(err)
		if im = w.await(im.ID, imports.State.Ended); im.Created != 3 {
			w.Fatalf("%+v %+v", im, w.refused(im.ID))
		}
		native := w.bring("people.ndjson", `{"text":"In Kolo's own form","scores":[],"contact":{"name":"Eve","account":"acme","attributes":{"plan":"gold"},"lifetime_value":{"amount_minor":5,"currency":"EUR"}},"attributes":{"plan":"its own"}}`+"\n")
		if !native.Mapping.Native || native.Created != 1 {
			w.Fatalf("%+v %+v", native, w.refused(native.ID))
		}
		want := map[string]map[string]string{
			"Late again and nobody called": {"Customer name": "Bob", "tier": "gold", "company": "acme"}, "Came early and was kind": nil, "Never came at all to us": nil,
			"In Kolo's own form": {"contact.name": "Eve", "contact.account": "acme", "plan": "its own", "contact.lifetime_value.amount_minor": "5", "contact.lifetime_value.currency": "EUR"},
		}
		for _, f := range w.kept(w.ws) {
			if (f.Contact != "") != (f.Text == "Came early and was kind") || len(f.Attributes)+len(want[f.Text]) > 0 && !reflect.DeepEqual(f.Attributes, want[f.Text]) {
				w.Errorf("%+v", f)
			}
		}
	})
}

// TestCountriesOfCustomers are kept, by code or by name; the country that numbers are read in says nothing of who has them.
func TestCountriesOfCustomers(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.run()
		im := w.upload("people.csv", "comment,phone,where\nLate again and nobody called,020 7946 0011,il\nCame early and was kind,020 7946 0012,Israel\nNever came at all to us,020 7946 0013,\n")
		im.Mapping.Constants.Country = "GB"
		im.Mapping.Columns = slices.Clone(im.Mapping.Columns)
		for i, to := range []string{"text", "contact.phone", "contact.country"} {
			im.Mapping.Columns[i].To = to
		}
		im.Mapping.Columns[2].Values = imports.Values{"il": "GB"}
		_, err := w.imports.SetMapping(w.Context(), w.ws, w.actor, im.ID, im.Mapping)
		w.must(err)
		_, err = w.imports.Start(w.Context(), w.ws, w.actor, im.ID)
		w.must(err)
		if im = w.await(im.ID, imports.State.Ended); im.Created != 3 {
			w.Fatalf("%+v %+v", im, w.refused(im.ID))
		}
		if n := w.count("SELECT count(*) FROM contact_attribute WHERE workspace = $1 AND attribute = 'country' AND value IN ('gb', 'israel')", string(w.ws)); n != 2 {
			w.Errorf("%d countries", n)
		}
		if n := w.count("SELECT count(*) FROM contact_attribute WHERE workspace = $1", string(w.ws)); n != 2 {
			w.Errorf("%d attributes", n)
		}
	})
}

func TestCancelAndResume(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.imports.SetBatch(10)
		im := w.upload("rows.csv", rows(3000))
		_, err := w.imports.SetMapping(w.Context(), w.ws, w.actor, im.ID, byID(im.Mapping))
		w.must(err)
		_, err = w.imports.Start(w.Context(), w.ws, w.actor, im.ID)
		w.must(err)
		im, err = w.imports.Cancel(w.Context(), w.ws, w.actor, im.ID) // before it ran
		w.must(err)
		if im.State != imports.Cancelled || im.Rows != 0 || im.FinishedAt.IsZero() {
			w.Fatalf("%+v", im)
		}
		w.run()
		for range 2 {
			im, err = w.imports.Resume(w.Context(), w.ws, w.actor, im.ID)
			w.must(err)
			w.awaitThat(im.ID, func(now imports.Import) bool { return now.Rows > im.Rows || now.State.Ended() })
			im, err = w.imports.Cancel(w.Context(), w.ws, w.actor, im.ID)
			w.must(err)
			if im.State != imports.Cancelled || im.Rows == 0 || im.Created+im.Refused+im.Duplicates != im.Rows {
				w.Fatalf("cancelled: %+v", im)
			}
			// What it says is what it is: nothing comes in behind a cancelled import's back.
			if n := w.count("SELECT count(*) FROM feedback WHERE import = $1", string(im.ID)); n != im.Created {
				w.Fatalf("%d kept, it says %d", n, im.Created)
			}
		}
		_, err = w.imports.Resume(w.Context(), w.ws, w.actor, im.ID)
		w.must(err)
		w.check(w.await(im.ID, imports.State.Ended), 3000)
		_, err = w.imports.Resume(w.Context(), w.ws, w.actor, im.ID)
		w.want(err, fault.Conflict)
		_, err = w.imports.Cancel(w.Context(), w.ws, w.actor, im.ID)
		w.want(err, fault.Conflict)
	})
}

// rows are lines of which each 50th is refused and each 40th repeats the id before it.
func rows(n int) string {
	var b strings.Builder
	b.WriteString("response id,comment,nps\n")
	for i := 1; i <= n; i++ {
		id, score := i, i%11
		if i%40 == 0 {
			id--
		}
		if i%50 == 0 {
			score = 77
		}
		fmt.Fprintf(&b, "id-%d,comment number %d of many,%d\n", id, i, score)
	}
	return b.String()
}

// byID is a mapping that takes the first column for an id, which no guess does when ids come again.
func byID(m imports.Mapping) imports.Mapping {
	m.Columns = slices.Clone(m.Columns)
	m.Columns[0].To = "external_id"
	return m
}

// check compares an import of rows(n), that was done in whatever number of pieces, with what has to come of it.
func (w *world) check(im imports.Import, n int64) {
	w.Helper()
	refused := n / 50
	again := n/40 - n/200 // those that are refused come to no id
	if im.State != imports.Done || im.Rows != n || im.Refused != refused || im.Duplicates != again || im.Created != n-refused-again {
		w.Fatalf("%+v", im)
	}
	if got := w.count("SELECT count(*) FROM feedback WHERE import = $1", string(im.ID)); got != im.Created {
		w.Fatalf("%d kept, not %d", got, im.Created)
	}
	list := w.refused(im.ID)
	if int64(len(list)) != refused || list[0].Row != 50 || list[0].Reasons[0].Path != "nps" {
		w.Fatalf("%d refused: %+v", len(list), list[0])
	}
}

func TestFailedImportSaysWhyAndCanBeResumed(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		im := w.upload("rows.csv", rows(100))
		w.must(w.db.Update(w.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec("UPDATE import_chunk SET n = 9 WHERE import = $1", string(im.ID))
			return err
		}))
		w.run()
		_, err := w.imports.Start(w.Context(), w.ws, w.actor, im.ID)
		w.must(err)
		im = w.await(im.ID, imports.State.Ended)
		if im.State != imports.Failed || im.Error == "" || im.FinishedAt.IsZero() {
			w.Fatalf("%+v", im)
		}
		w.must(w.db.Update(w.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec("UPDATE import_chunk SET n = 0 WHERE import = $1", string(im.ID))
			return err
		}))
		_, err = w.imports.Resume(w.Context(), w.ws, w.actor, im.ID)
		w.must(err)
		if im = w.await(im.ID, imports.State.Ended); im.State != imports.Done || im.Rows != 100 || im.Error != "" {
			w.Fatalf("%+v", im)
		}
	})
}

func TestRunFileIsInterruptedAndResumed(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.imports.SetBatch(10)
		path := filepath.Join(w.TempDir(), "rows.csv")
		w.must(os.WriteFile(path, []byte(rows(1000)), 0o600))
		ctx, cancel := context.WithCancel(w.Context())
		adjust := func(im imports.Import) (imports.Mapping, error) { return byID(im.Mapping), nil }
		im, err := w.imports.RunFile(ctx, w.ws, w.actor, path, imports.FileOptions{Adjust: adjust, Progress: func(im imports.Import) {
			if im.Rows >= 300 {
				cancel()
			}
		}})
		if err == nil || im.Rows < 300 || im.Rows == 1000 {
			w.Fatalf("%+v: %v", im, err)
		}
		kept, err := w.imports.Get(w.Context(), w.ws, w.actor, im.ID)
		w.must(err)
		if kept.State != imports.Cancelled || kept.Rows < 300 {
			w.Fatalf("%+v", kept)
		}
		_, err = w.imports.Resume(w.Context(), w.ws, w.actor, im.ID) // there is no file for a job
		w.want(err, fault.Conflict)
		var first int64
		im, err = w.imports.RunFile(w.Context(), w.ws, w.actor, path, imports.FileOptions{Resume: true, Progress: func(im imports.Import) {
			if first == 0 {
				first = im.Rows
			}
		}})
		w.must(err)
		if first <= 300 || im.ID != kept.ID {
			w.Errorf("it began anew: %d, %s", first, im.ID)
		}
		w.check(im, 1000)
		_, err = w.imports.RunFile(w.Context(), w.ws, w.actor, path, imports.FileOptions{Resume: true})
		w.want(err, fault.NotFound)
		_, err = w.imports.RunFile(w.Context(), w.ws, w.actor, path+"x", imports.FileOptions{})
		w.want(err, fault.NotFound)
		again, err := w.imports.RunFile(w.Context(), w.ws, w.actor, path, imports.FileOptions{Adjust: adjust})
		w.must(err)
		if again.Created != 0 || again.Duplicates != 980 {
			w.Errorf("again: %+v", again)
		}
		_, err = w.imports.RunFile(w.Context(), w.ws, w.actor, path, imports.FileOptions{Confirm: func(_ imports.Import, p imports.Preview) (bool, error) { return p.Valid == 0, nil }})
		if err == nil {
			w.Error("declined, and yet it ran")
		}
	})
}

func TestTwoWorkspacesNeverSeeEachOther(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.run()
		mine := w.bring("orders.csv", orders)
		other := workspace(w, w.db, "Two")
		stranger := identity.Actor{Workspace: other, Member: "x", Role: identity.Owner}
		viewer := identity.Actor{Workspace: w.ws, Member: "v", Role: identity.Viewer}
		for _, who := range []struct {
			ws    identity.WorkspaceID
			actor identity.Actor
			kind  fault.Kind
		}{{other, stranger, fault.NotFound}, {w.ws, stranger, fault.Denied}, {w.ws, viewer, fault.Denied}} {
			ctx, s := w.Context(), w.imports
			for name, do := range map[string]func() error{
				"get":     func() error { _, err := s.Get(ctx, who.ws, who.actor, mine.ID); return err },
				"inspect": func() error { _, err := s.Inspect(ctx, who.ws, who.actor, mine.ID, table.Options{}); return err },
				"mapping": func() error { _, err := s.SetMapping(ctx, who.ws, who.actor, mine.ID, mine.Mapping); return err },
				"preview": func() error { _, err := s.Preview(ctx, who.ws, who.actor, mine.ID, nil); return err },
				"start":   func() error { _, err := s.Start(ctx, who.ws, who.actor, mine.ID); return err },
				"cancel":  func() error { _, err := s.Cancel(ctx, who.ws, who.actor, mine.ID); return err },
				"resume":  func() error { _, err := s.Resume(ctx, who.ws, who.actor, mine.ID); return err },
				"discard": func() error { return s.Discard(ctx, who.ws, who.actor, mine.ID) },
				"refused": func() error {
					return s.Refused(ctx, who.ws, who.actor, mine.ID, func(imports.Refusal) error { return nil })
				},
			} {
				if err := do(); !fault.Is(err, who.kind) {
					w.Errorf("%s by %s in %s: %v", name, who.actor.Member, who.ws, err)
				}
			}
		}
		list, _, err := w.imports.List(w.Context(), other, stranger, "", 0)
		w.must(err)
		if len(list) != 0 || len(w.kept(other)) != 0 {
			w.Errorf("seen: %+v", list)
		}
		w.actor, w.ws = stranger, other
		if theirs := w.bring("orders.csv", orders); theirs.Created != 3 {
			w.Errorf("another workspace's rows count as delivered: %+v", theirs)
		}
	})
}

func TestCleaning(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		done, draft, kept := w.upload("done.csv", orders), w.upload("draft.csv", orders), w.upload("gone.csv", orders)
		w.run()
		_, err := w.imports.Start(w.Context(), w.ws, w.actor, done.ID)
		w.must(err)
		w.await(done.ID, imports.State.Ended)
		w.must(w.imports.Discard(w.Context(), w.ws, w.actor, kept.ID))
		w.want(func() error { _, err := w.imports.Get(w.Context(), w.ws, w.actor, kept.ID); return err }(), fault.NotFound)
		// One that was killed while it came in.
		w.must(w.db.Update(w.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec("UPDATE import SET state = 'uploading' WHERE id = $1", string(draft.ID))
			return err
		}))
		pieces := func() int64 { return w.count("SELECT count(*) FROM import_chunk") }
		clean := func() {
			w.Helper()
			var id job.ID
			w.must(w.db.Update(w.Context(), func(tx *store.Tx) (err error) {
				id, err = job.Enqueue(tx, job.Spec{Kind: "import.clean", Key: "now"})
				return err
			}))
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for w.count("SELECT count(*) FROM job WHERE id = $1 AND state = 'done'", string(id)) == 0 {
				<-tick.C
			}
		}
		clean()
		if pieces() != 2 {
			w.Fatalf("%d pieces at first", pieces())
		}
		w.clock.Advance(2 * time.Hour)
		clean()
		if pieces() != 1 || w.count("SELECT count(*) FROM import") != 1 {
			w.Fatalf("%d pieces after two hours", pieces())
		}
		w.clock.Advance(8 * 24 * time.Hour)
		clean()
		im := w.await(done.ID, imports.State.Ended)
		if pieces() != 0 || im.HasFile || im.State != imports.Done || len(w.refused(im.ID)) != 4 {
			w.Fatalf("%d pieces after a week: %+v", pieces(), im)
		}
		w.must(w.imports.Discard(w.Context(), w.ws, w.actor, done.ID))
		if len(w.refused(im.ID)) != 0 {
			w.Error("refused rows outlived the import")
		}
	})
}

// TestNumbersWithADecimalComma: what a column says in numbers can be asked for as numbers, whatever sign it has for decimals.
func TestNumbersWithADecimalComma(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.run()
		im := w.bring("prices.csv", "comment;price;weight;share\nCame early, thank you all;1 250,50;12,5;12,5%\nCame late and was broken;1.250,25;0,5;7,5%\nNobody called me at all;-3;7;n/a\n")
		if im.Created != 3 || im.Refused != 0 {
			w.Fatalf("%+v", im)
		}
		got := map[string]feedback.Attributes{}
		for _, f := range w.kept(w.ws) {
			got[f.Text] = f.Attributes
		}
		for text, want := range map[string]string{"Came early, thank you all": "1250.5 12.5 12,5%", "Came late and was broken": "1250.25 0.5 7,5%", "Nobody called me at all": "-3 7 n/a"} {
			a := got[text]
			if is := a["price"] + " " + a["weight"] + " " + a["share"]; is != want {
				w.Errorf("%q: %q, want %q", text, is, want)
			}
		}
		var fields []feedback.Field
		w.must(w.db.View(w.Context(), func(tx *store.Tx) (err error) {
			fields, err = feedback.Fields(tx, w.ws)
			return err
		}))
		for _, f := range fields {
			if (f.Key == "price" || f.Key == "weight") && f.Kind != "number" {
				w.Errorf("%s is a %s", f.Key, f.Kind)
			}
		}
	})
}

// TestMoreColumnsThanARowMayHave: the guess leaves out what a row has no room for, instead of having every row refused.
func TestMoreColumnsThanARowMayHave(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.run()
		head, row := []string{"comment"}, []string{"Came early and thank you"}
		for i := range 200 {
			head, row = append(head, fmt.Sprint("field ", i)), append(row, fmt.Sprint("value ", i%3))
		}
		im := w.bring("wide.csv", strings.Join(head, ",")+"\n"+strings.Join(row, ",")+"\n"+strings.Join(row, ",")+" \n")
		if im.Created != 2 || im.Refused != 0 {
			w.Fatalf("%+v", w.refused(im.ID))
		}
		if n := imports.Beyond(im.Mapping, im.Columns); n != 100 {
			w.Errorf("%d columns are beyond the limit", n)
		}
		if a := w.kept(w.ws)[0].Attributes; len(a) != 100 || a["field 99"] != "value 0" {
			w.Errorf("%d attributes: %v", len(a), a)
		}
	})
}

// TestATitleAboveTheTable: the row that names the columns is the first one with as much in it as the rows below.
func TestATitleAboveTheTable(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.run()
		const rows = "date,nps,comment\n2026-01-31,10,Came early and thank you\n2026-02-01,3,Nobody called me back\n2026-02-02,7,It was just fine\n"
		im := w.bring("titled.csv", "Answers of the winter\n\nMade by,Dana\n"+rows)
		if im.Settings.Above != 2 || !im.Settings.Header || im.Created != 3 || im.Refused != 0 {
			w.Fatalf("%+v", im)
		}
		if f := w.kept(w.ws)[0]; f.Text == "" || len(f.Scores) != 1 {
			w.Errorf("%+v", f)
		}
		if plain := w.upload("plain.csv", rows); plain.Settings.Above != 0 || plain.Columns[0].Name != "date" {
			w.Errorf("%+v", plain.Settings)
		}
		if index := w.upload("index.csv", ",comment\n0,Came early and thank you\n1,Nobody called me back\n"); index.Settings.Above != 0 {
			w.Errorf("%+v", index.Settings)
		}
	})
}
