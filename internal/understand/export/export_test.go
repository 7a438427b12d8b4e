package export_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/column"
	"kolo/internal/foundation/column/duck"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/foundation/table"
	"kolo/internal/listen/feedback"
	"kolo/internal/listen/imports"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/export"
	"kolo/internal/understand/insight"
)

var today = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

type world struct {
	*testing.T
	export.Sources
	exports *export.Service
	feeder  *insight.Feeder
	ws      identity.WorkspaceID
	owner   identity.Actor
}

func each(t *testing.T, test func(w *world)) {
	t.Helper()
	storetest.EachWithClock(t, clock.NewFake(today), func(t *testing.T, db *store.DB) {
		columns, err := duck.Open(t.Context(), "", column.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = columns.Close() })
		w := &world{T: t}
		w.must(columns.Ensure(t.Context(), insight.Table()))
		quiet := slog.New(slog.DiscardHandler)
		f := feedback.NewService(db)
		t.Cleanup(f.Close)
		w.Sources = export.Sources{Store: db, Identity: identity.NewService(db, identity.Options{}), Contacts: contact.NewService(db), Feedback: f,
			Imports: imports.NewService(db, f, quiet), Insight: insight.NewService(db, columns, f)}
		w.exports = export.NewService(w.Sources)
		w.feeder = insight.NewFeeder(w.Insight, quiet)
		w.ws, w.owner = w.workspace("One")
		test(w)
	})
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) workspace(name string) (identity.WorkspaceID, identity.Actor) {
	w.Helper()
	ws, m, err := w.Identity.CreateWorkspace(w.Context(), identity.NewWorkspace{Name: name, Zone: "Asia/Jerusalem", Country: "IL",
		Owner: identity.NewOwner{Name: "Dana " + name, Email: "dana@" + name + ".example.com"}})
	w.must(err)
	return ws.ID, identity.Actor{Workspace: ws.ID, Member: m.ID, Role: identity.Owner, Name: m.Name}
}

// receive keeps the feedback that the tests export: every field is used somewhere, and some of it is hostile.
func (w *world) receive() {
	w.Helper()
	at := time.Date(2026, 5, 6, 7, 8, 9, 123e6, time.UTC)
	later := at.Add(time.Hour)
	batch := []feedback.Input{
		{Kind: "review", Channel: "web", Source: "shop", ExternalID: "r-1", Time: &at, Touchpoint: "delivery", Survey: "exit", SurveyVersion: "3", Language: "he",
			Text: "=HYPERLINK(\"http://evil.example\")\n\"quoted\", שלום", Scores: []feedback.Score{
				{Metric: "nps", Value: 9, Scale: feedback.Scale{Min: 0, Max: 10}, Question: "Would you recommend us?"},
				{Metric: "csat", Value: 2.5, Scale: feedback.Scale{Min: 1, Max: 5, Direction: "down"}},
				{Metric: "csat", Value: 4, Scale: feedback.Scale{Min: 1, Max: 7}, Question: "And the courier?"}},
			Answers:    feedback.Answers{{Question: "why", Value: "price"}, {Question: "which", Value: []any{"a", "b"}}, {Question: "years", Value: 3.0}, {Question: "again", Value: true}},
			Attributes: feedback.Attributes{"country": "IL", "+cmd": "@SUM(A1)"},
			Contact: &feedback.Who{ExternalID: "c1", Email: "Ana@Example.com", Phone: "+972541234567", Name: "Ana", Language: "he", Account: "acme",
				Attributes: feedback.Attributes{"plan": "gold"}, Value: &contact.Money{Minor: 12345, Currency: "ILS"}}},
		{Kind: "note", Channel: "interview", Source: "api", Time: &later, Text: "No id, no contact"},
		{Kind: "complaint", Channel: "email", Source: "api", ExternalID: "m-1", Time: &later, Text: "Привет", Contact: &feedback.Who{Email: "dan@example.com"}},
	}
	results, err := w.Feedback.Receive(w.Context(), w.ws, batch)
	w.must(err)
	for _, r := range results {
		if r.Status != feedback.Created {
			w.Fatalf("%+v", r)
		}
	}
	w.must(w.feeder.Feed(w.Context()))
}

// read reads an exported file back.
func (w *world) read(format table.Format, file []byte) (columns []string, rows []map[string]string) {
	w.Helper()
	if format == table.Parquet {
		return w.readParquet(file)
	}
	r, err := table.Open(bytes.NewReader(file), "export"+table.Extension(format), table.Options{Format: format})
	w.must(err)
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return r.Columns(), rows
		}
		w.must(err)
		m := map[string]string{}
		for i, c := range row.Cells {
			m[r.Columns()[i]] = c
		}
		rows = append(rows, m)
	}
}

func (w *world) readParquet(file []byte) (columns []string, rows []map[string]string) {
	w.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	w.must(err)
	for _, c := range f.Schema().Columns() {
		columns = append(columns, c[0])
	}
	for _, g := range f.RowGroups() {
		r := g.Rows()
		buf := make([]parquet.Row, 10)
		for {
			n, err := r.ReadRows(buf)
			for _, row := range buf[:n] {
				m := map[string]string{}
				for _, v := range row {
					if !v.IsNull() {
						m[columns[v.Column()]] = v.String()
					}
				}
				rows = append(rows, m)
			}
			if errors.Is(err, io.EOF) {
				break
			}
			w.must(err)
		}
		w.must(r.Close())
	}
	return columns, rows
}

func TestFeedbackInEveryFormat(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.receive()
		for _, format := range []table.Format{table.CSV, table.XLSX, table.Parquet} {
			var b bytes.Buffer
			w.must(w.exports.Feedback(w.Context(), &b, format, w.ws, w.owner, nil, insight.Period{}))
			columns, rows := w.read(format, b.Bytes())
			if len(rows) != 3 {
				w.Fatalf("%s: %d rows", format, len(rows))
			}
			r := rows[2] // the newest come first
			for name, want := range map[string]string{"kind": "review", "external_id": "r-1", "nps": "9", "nps_scale": "0..10", "nps_question": "Would you recommend us?",
				"csat": "2.5", "csat_scale": "5..1", "attribute.country": "IL", "answer.which": "a; b", "answer.years": "3", "answer.again": "true",
				"contact.email": "Ana@Example.com", "contact.phone": "+972541234567", "contact.account": "acme", "contact.attributes.plan": "gold"} {
				if r[name] != want {
					w.Errorf("%s: %s is %q", format, name, r[name])
				}
			}
			if !strings.Contains(r["more"], "And the courier?") || rows[0]["more"] != "" || slices.Contains(columns, "star") {
				w.Errorf("%s: more is %q, columns %q", format, r["more"], columns)
			}
			text := "=HYPERLINK(\"http://evil.example\")\n\"quoted\", שלום"
			if format == table.CSV {
				text = "'" + text
			}
			if r["text"] != text {
				w.Errorf("%s: text is %q", format, r["text"])
			}
			if format == table.CSV && (r["time"] != "2026-05-06T10:08:09.123+03:00" || r["attribute.+cmd"] != "'@SUM(A1)") {
				w.Errorf("time %q, hostile attribute %q", r["time"], r["attribute.+cmd"])
			}
		}
		var b bytes.Buffer
		w.must(w.exports.Feedback(w.Context(), &b, table.CSV, w.ws, w.owner, insight.Conditions{{Field: "kind", Values: []string{"note"}}}, insight.Period{From: "2026-05-01"}))
		if columns, rows := w.read(table.CSV, b.Bytes()); len(rows) != 1 || rows[0]["text"] != "No id, no contact" || slices.Contains(columns, "nps") {
			w.Errorf("filtered: %v %v", columns, rows)
		}
	})
}

func TestFeedbackComesBackWithoutLoss(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.receive()
		var b bytes.Buffer
		w.must(w.exports.Feedback(w.Context(), &b, table.NDJSON, w.ws, w.owner, nil, insight.Period{}))
		other, owner := w.workspace("Two")
		for _, want := range []string{"created", "duplicates"} { // the second time nothing changes
			im, err := w.Imports.Upload(w.Context(), other, owner, want+".ndjson", bytes.NewReader(b.Bytes()))
			w.must(err)
			if !im.Mapping.Native {
				w.Fatalf("not taken for what it is: %+v", im.Mapping)
			}
			path := w.TempDir() + "/" + want + ".ndjson"
			w.must(writeFile(path, b.Bytes()))
			if im, err = w.Imports.RunFile(w.Context(), other, owner, path, imports.FileOptions{}); err != nil || im.Refused > 0 {
				w.Fatalf("%+v: %v", im, err)
			}
			if n := map[string]int64{"created": im.Created, "duplicates": im.Duplicates}[want]; n != 3 {
				w.Fatalf("%s: %+v", want, im)
			}
		}
		mine, theirs := w.all(w.ws), w.all(other)
		for i, m := range mine {
			x := theirs[i]
			if m.ExternalID == "" { // gets the id that it had
				m.ExternalID = string(m.ID)
			}
			if (m.Contact == "") != (x.Contact == "") {
				w.Errorf("contact of %q", m.Text)
			}
			if m.Contact != "" {
				a, b := w.contact(w.owner, m.Contact), w.contact(owner, x.Contact)
				if !reflect.DeepEqual(a, b) {
					w.Errorf("contact\n%+v\nis\n%+v", a, b)
				}
			}
			x.ID, x.Workspace, x.Seq, x.Contact, x.Import, x.ReceivedAt = m.ID, m.Workspace, m.Seq, m.Contact, m.Import, m.ReceivedAt
			if !reflect.DeepEqual(m, x) {
				w.Errorf("feedback\n%+v\nis\n%+v", m, x)
			}
		}
	})
}

// A flat file cannot tell everything, but what it tells comes back as it was, and nobody has to map its columns.
func TestFlatFilesComeBack(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.receive()
		for _, format := range []table.Format{table.CSV, table.XLSX} {
			var b bytes.Buffer
			w.must(w.exports.Feedback(w.Context(), &b, format, w.ws, w.owner, nil, insight.Period{}))
			other, owner := w.workspace("Two" + string(format))
			path := w.TempDir() + "/flat" + table.Extension(format)
			w.must(writeFile(path, b.Bytes()))
			im, err := w.Imports.RunFile(w.Context(), other, owner, path, imports.FileOptions{})
			w.must(err)
			if im.Created != 3 {
				w.Fatalf("%s: %+v", format, im)
			}
			mine, theirs := w.all(w.ws), w.all(other)
			for i, m := range mine {
				x := theirs[i]
				if m.Text != x.Text || !m.Time.Equal(x.Time) || m.Kind != x.Kind || m.Channel != x.Channel || m.Source != x.Source || m.Language != x.Language ||
					m.Touchpoint != x.Touchpoint || !reflect.DeepEqual(m.Attributes, x.Attributes) || (m.Contact == "") != (x.Contact == "") {
					w.Errorf("%s:\n%+v\nis\n%+v", format, m, x)
				}
				if len(m.Scores) > 0 && (x.Scores[0].Value != 9 || x.Scores[1].Scale != m.Scores[1].Scale) {
					w.Errorf("%s: scores %+v", format, x.Scores)
				}
			}
		}
	})
}

// all is a workspace's feedback by its text.
func (w *world) all(ws identity.WorkspaceID) []feedback.Feedback {
	w.Helper()
	list, err := w.Feedback.List(w.Context(), ws, feedback.Filter{Limit: 1000})
	w.must(err)
	slices.SortFunc(list, func(a, b feedback.Feedback) int { return cmp.Compare(a.Text, b.Text) })
	return list
}

// contact is what can be told of a contact in whatever workspace.
func (w *world) contact(a identity.Actor, id contact.ID) contact.Contact {
	w.Helper()
	c, err := w.Contacts.Get(w.Context(), a.Workspace, a, id)
	w.must(err)
	if c.Account != "" {
		acc, err := w.Contacts.Account(w.Context(), a.Workspace, a, c.Account)
		w.must(err)
		c.Account = contact.AccountID(acc.External)
	}
	slices.SortFunc(c.Identities, func(x, y contact.Identity) int { return cmp.Compare(x.Kind, y.Kind) })
	for i := range c.Identities {
		c.Identities[i].Value = c.Identities[i].Norm
	}
	c.ID, c.Workspace, c.FirstSeen, c.LastSeen = "", "", time.Time{}, time.Time{}
	return c
}

func TestWhoMayNotIdentifyGetsNoNames(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.receive()
		analyst := identity.Actor{Workspace: w.ws, Member: "a", Role: identity.Analyst}
		for _, format := range export.Formats {
			var f, c bytes.Buffer
			w.must(w.exports.Feedback(w.Context(), &f, format, w.ws, analyst, nil, insight.Period{}))
			w.must(w.exports.Contacts(w.Context(), &c, format, w.ws, analyst, contact.Filter{}))
			for _, b := range [][]byte{f.Bytes(), c.Bytes()} {
				_, rows := w.read(format, b)
				all := strings.ToLower(fmt.Sprint(rows))
				if strings.Contains(all, "ana@") || strings.Contains(all, "54123") || strings.Contains(all, "dan@") || strings.Contains(all, "acme") || !strings.Contains(all, "gold") {
					w.Errorf("%s: %s", format, all)
				}
			}
		}
		for name, do := range map[string]func(identity.Actor, identity.WorkspaceID) error{
			"feedback": func(a identity.Actor, ws identity.WorkspaceID) error {
				return w.exports.Feedback(w.Context(), io.Discard, table.CSV, ws, a, nil, insight.Period{})
			},
			"contacts": func(a identity.Actor, ws identity.WorkspaceID) error {
				return w.exports.Contacts(w.Context(), io.Discard, table.CSV, ws, a, contact.Filter{})
			},
			"members": func(a identity.Actor, ws identity.WorkspaceID) error {
				return w.exports.Members(w.Context(), io.Discard, table.CSV, ws, a)
			},
			"audit": func(a identity.Actor, ws identity.WorkspaceID) error {
				return w.exports.Audit(w.Context(), io.Discard, table.CSV, ws, a, identity.AuditQuery{})
			},
		} {
			other, stranger := w.workspace("Stranger" + name)
			if err := do(stranger, w.ws); !fault.Is(err, fault.Denied) {
				w.Errorf("%s by a stranger: %v", name, err)
			}
			if err := do(identity.Actor{Workspace: w.ws, Member: "v", Role: identity.Viewer}, w.ws); !fault.Is(err, fault.Denied) {
				w.Errorf("%s by a viewer: %v", name, err)
			}
			if err := do(stranger, other); err != nil {
				w.Errorf("%s of an own workspace: %v", name, err)
			}
		}
		_, stranger := w.workspace("Three")
		var b bytes.Buffer
		w.must(w.exports.Feedback(w.Context(), &b, table.NDJSON, stranger.Workspace, stranger, nil, insight.Period{}))
		if b.Len() > 0 {
			w.Errorf("seen across the wall: %s", b.Bytes())
		}
	})
}

func TestListsAndAnswers(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.receive()
		im := func() imports.Import {
			path := w.TempDir() + "/bad.csv"
			w.must(writeFile(path, []byte("comment,nps\nFine indeed it was,9\n=cmd|' /C calc'!A0,99\nQuite all right for me,7\nAnother one of those,3\n\"never closed,\n")))
			im, err := w.Imports.RunFile(w.Context(), w.ws, w.owner, path, imports.FileOptions{})
			w.must(err)
			return im
		}()
		if im.Refused != 2 {
			w.Fatalf("%+v", im)
		}
		w.must(w.feeder.Feed(w.Context()))
		a, err := w.Insight.Ask(w.Context(), w.ws, insight.Query{Measure: insight.NPS, By: []string{"source"}, Bucket: "month", Compare: &insight.Compare{To: "rest"}})
		w.must(err)
		for _, format := range export.Formats {
			write := func(fn func(io.Writer) error) ([]string, []map[string]string) {
				w.Helper()
				var b bytes.Buffer
				w.must(fn(&b))
				return w.read(format, b.Bytes())
			}
			_, rows := write(func(f io.Writer) error {
				return w.exports.Contacts(w.Context(), f, format, w.ws, w.owner, contact.Filter{})
			})
			if len(rows) != 2 || rows[1]["email"] != "Ana@Example.com" || rows[1]["account"] != "acme" || rows[1]["lifetime_value_minor"] != "12345" {
				w.Errorf("%s: contacts %v", format, rows)
			}
			_, rows = write(func(f io.Writer) error { return w.exports.Refused(w.Context(), f, format, w.ws, w.owner, im.ID) })
			if len(rows) != 2 || rows[0]["row"] != "2" || !strings.Contains(rows[0]["reasons"], "nps: ") || !strings.Contains(rows[1]["source"], "never closed") ||
				(format == table.CSV) != strings.HasPrefix(rows[0]["comment"], "'=") {
				w.Errorf("%s: refused %v", format, rows)
			}
			_, rows = write(func(f io.Writer) error { return w.exports.Members(w.Context(), f, format, w.ws, w.owner) })
			if len(rows) != 1 || rows[0]["role"] != "owner" || rows[0]["name"] != "Dana One" {
				w.Errorf("%s: members %v", format, rows)
			}
			_, rows = write(func(f io.Writer) error {
				return w.exports.Audit(w.Context(), f, format, w.ws, w.owner, identity.AuditQuery{Action: "import."})
			})
			if len(rows) != 2 || rows[0]["action"] != "import.finish" || !strings.Contains(fmt.Sprint(rows[0]), "bad.csv") {
				w.Errorf("%s: audit %v", format, rows)
			}
			columns, rows := write(func(f io.Writer) error { return w.exports.Answer(f, format, a) })
			last := rows[len(rows)-1]
			if len(rows) != len(a.Rows)+1 || last["row"] != "total" || last["n"] != fmt.Sprint(a.Total.N) || last["measure"] != "nps" || last["scale"] != "0..10" ||
				last["note"] != "too_few" || last["low"] == "" || format != table.NDJSON && !slices.Contains(columns, "compared_value") {
				w.Errorf("%s: answer %v %v", format, columns, rows)
			}
			var problem *fault.Error
			if err := w.exports.Answer(io.Discard, "pdf", a); !errors.As(err, &problem) || problem.Kind != fault.Invalid {
				w.Errorf("pdf: %v", err)
			}
		}
		if err := w.exports.Feedback(w.Context(), failing{}, table.CSV, w.ws, w.owner, nil, insight.Period{}); err == nil {
			w.Error("a reader who left is not noticed")
		}
		var entries []identity.Entry
		log, err := w.Identity.AuditLog(w.Context(), w.ws, w.owner, identity.AuditQuery{Action: "export."})
		w.must(err)
		entries = log.Entries
		if len(entries) < 10 {
			w.Errorf("%d exports in the audit log", len(entries))
		}
	})
}

// failing is a download that was broken off.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestNDJSONHasTheFormOfTheAPI(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.receive()
		var b bytes.Buffer
		w.must(w.exports.Feedback(w.Context(), &b, table.NDJSON, w.ws, w.owner, nil, insight.Period{}))
		var batch []feedback.Input
		for line := range strings.Lines(b.String()) {
			var in feedback.Input
			w.must(json.Unmarshal([]byte(line), &in))
			batch = append(batch, in)
		}
		other, _ := w.workspace("Two")
		results, err := w.Feedback.Receive(w.Context(), other, batch)
		w.must(err)
		for _, r := range results {
			if r.Status != feedback.Created {
				w.Errorf("%+v", r)
			}
		}
	})
}

func writeFile(path string, content []byte) error { return os.WriteFile(path, content, 0o600) }
