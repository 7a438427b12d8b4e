package export_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"kolo/internal/deliver"
	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/column"
	"kolo/internal/foundation/column/duck"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/foundation/table"
	"kolo/internal/foundation/webhook"
	"kolo/internal/listen/event"
	"kolo/internal/listen/feedback"
	"kolo/internal/listen/imports"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/alert"
	"kolo/internal/understand/driving"
	"kolo/internal/understand/export"
	"kolo/internal/understand/health"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/label"
	"kolo/internal/understand/population"
	"kolo/internal/understand/reading"
	"kolo/internal/understand/scan"
	"kolo/internal/understand/theme"
)

var today = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

type world struct {
	*testing.T
	export.Sources
	exports *export.Service
	deliver *deliver.Service
	feeder  *insight.Feeder
	ws      identity.WorkspaceID
	owner   identity.Actor
}

func each(t *testing.T, test func(w *world)) {
	t.Helper()
	storetest.EachAt(t, today, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		columns, err := duck.Open(t.Context(), "", column.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = columns.Close() })
		w := &world{T: t}
		w.must(columns.Ensure(t.Context(), insight.Tables()...))
		quiet := slog.New(slog.DiscardHandler)
		f := feedback.NewService(db)
		t.Cleanup(f.Close)
		es := event.NewService(db)
		t.Cleanup(es.Close)
		w.deliver = deliver.NewService(db, deliver.Options{Log: quiet, Hooks: webhook.New(webhook.Options{})})
		w.Sources = export.Sources{Store: db, Identity: identity.NewService(db, identity.Options{}), Contacts: contact.NewService(db), Population: population.NewService(db), Feedback: f, Events: es,
			Imports: imports.NewService(db, f, quiet), Insight: insight.NewService(db, columns, f), Labels: label.NewService(db, f, label.Same(plain{}), quiet), Themes: theme.NewService(db)}
		w.Health = health.NewService(db, w.Contacts, es)
		w.Driving, w.Scan = driving.NewService(w.Insight, f, db.Clock()), scan.NewService(w.Insight, f)
		w.Outbox = deliver.Outbox{Service: w.deliver}
		w.Insight.Understand(complaints{}, complaints{})
		w.Sources.Alerts = alert.NewService(db, w.Insight)
		w.exports = export.NewService(w.Sources)
		w.feeder = insight.NewFeeder(w.Insight, quiet)
		w.ws, w.owner = w.workspace("One")
		test(w)
	})
}

// plain is a reader that finds nothing.
type plain struct{}

func (plain) Model() string { return "plain" }

func (plain) Read(_, language string) reading.Reading {
	return reading.Reading{Language: language, Model: "plain", Confidence: 0.5}
}

// complaints takes every text for a complaint about delivery, the only theme there is.
type complaints struct{}

func (complaints) Of(_ context.Context, _ identity.WorkspaceID, ids []feedback.ID) (map[feedback.ID]insight.Label, error) {
	out := map[feedback.ID]insight.Label{}
	for _, id := range ids {
		out[id] = insight.Label{Language: "en", Sentiment: -1, Score: -0.5, Themes: []insight.ThemeLabel{{ID: "delivery", Sentiment: -1}}}
	}
	return out, nil
}

func (c complaints) Tree(context.Context, identity.WorkspaceID, ...string) (insight.Tree, error) {
	return c, nil
}

func (complaints) Resolve(id string) string { return id }

func (complaints) Parent(string) string { return "" }

func (complaints) Under(id string) []string { return []string{"delivery"} }

func (complaints) Name(_, language string) string {
	return map[string]string{"en": "Delivery", "he": "משלוח"}[language]
}

// alarmed brings so many complaints in one week that early warning opens an alert.
func (w *world) alarmed() {
	w.Helper()
	var in []feedback.Input
	for k := range 20 {
		n := 2
		if k == 0 {
			n = 30
		}
		for i := range n {
			at := today.AddDate(0, 0, -7*k-7).Add(time.Duration(i) * time.Hour)
			in = append(in, feedback.Input{Kind: "complaint", Channel: "email", Source: "mail", Time: &at, Text: "Late again"})
		}
	}
	_, err := w.Feedback.Receive(w.Context(), w.ws, in)
	w.must(err)
	w.must(w.feeder.Feed(w.Context()))
	_, err = w.Alerts.Look(w.Context(), w.ws, today, nil)
	w.must(err)
}

// corrected has a person say of the newest text what it is about.
func (w *world) corrected() {
	w.Helper()
	_, err := w.Labels.Read(w.Context())
	w.must(err)
	found, err := w.Insight.Find(w.Context(), w.ws, nil, insight.Period{}, "", 1)
	w.must(err)
	_, err = w.Labels.Correct(w.Context(), w.ws, w.owner, label.NewCorrection{Feedback: found.Feedback[0].ID, Span: label.Whole, Aspect: label.AspectTheme, Theme: "price", Value: "yes"})
	w.must(err)
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

// export writes a list as one of its workspace asks for it.
func (w *world) export(list string, format table.Format, who identity.Actor, filter string) []byte {
	w.Helper()
	var b bytes.Buffer
	w.must(w.exports.Write(w.Context(), &b, w.request(list, format, who, filter)))
	return b.Bytes()
}

func (w *world) request(list string, format table.Format, who identity.Actor, filter string) export.Request {
	w.Helper()
	v, err := url.ParseQuery(filter)
	w.must(err)
	return export.Request{List: list, Format: format, Workspace: who.Workspace, Actor: who, Filter: v}
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
			columns, rows := w.read(format, w.export("feedback", format, w.owner, ""))
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
		if columns, rows := w.read(table.CSV, w.export("feedback", table.CSV, w.owner, "kind=note&from=2026-05-01")); len(rows) != 1 || rows[0]["text"] != "No id, no contact" || slices.Contains(columns, "nps") {
			w.Errorf("filtered: %v %v", columns, rows)
		}
	})
}

func TestFeedbackComesBackWithoutLoss(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.receive()
		file := w.export("feedback", table.NDJSON, w.owner, "")
		other, owner := w.workspace("Two")
		for _, want := range []string{"created", "duplicates"} { // the second time nothing changes
			im, err := w.Imports.Upload(w.Context(), other, owner, want+".ndjson", bytes.NewReader(file))
			w.must(err)
			if !im.Mapping.Native {
				w.Fatalf("not taken for what it is: %+v", im.Mapping)
			}
			path := w.TempDir() + "/" + want + ".ndjson"
			w.must(writeFile(path, file))
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
				if a, b := told(t, a), told(t, b); a != b {
					w.Errorf("contact\n%s\nis\n%s", a, b)
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
			other, owner := w.workspace("Two" + string(format))
			path := w.TempDir() + "/flat" + table.Extension(format)
			w.must(writeFile(path, w.export("feedback", format, w.owner, "")))
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
			for _, list := range []string{"feedback", "contacts"} {
				_, rows := w.read(format, w.export(list, format, analyst, ""))
				all := strings.ToLower(fmt.Sprint(rows))
				if strings.Contains(all, "ana@") || strings.Contains(all, "54123") || strings.Contains(all, "dan@") || strings.Contains(all, "acme") || !strings.Contains(all, "gold") {
					w.Errorf("%s %s: %s", list, format, all)
				}
			}
		}
		if err := w.exports.Write(w.Context(), io.Discard, w.request("contacts", table.CSV, analyst, "q=ana")); !fault.Is(err, fault.Denied) {
			w.Errorf("found out by asking: %v", err)
		}
	})
}

// rated adds answers that say what moves them, and who differs.
func (w *world) rated() {
	w.Helper()
	var in []feedback.Input
	for i := range 150 {
		in = append(in, feedback.Input{Survey: "rated", Scores: []feedback.Score{{Metric: "nps", Value: float64(3 + i%5 + i%2), Scale: feedback.Scale{Min: 0, Max: 10}}},
			Answers:    feedback.Answers{{Question: "secret rating", Value: float64(1 + i%5)}, {Question: "other", Value: float64(1 + i%3)}},
			Attributes: feedback.Attributes{"secret tier": []string{"gold", "plain", "silver"}[i%3]}})
	}
	_, err := w.Feedback.Receive(w.Context(), w.ws, in)
	w.must(err)
	w.must(w.feeder.Feed(w.Context()))
}

// TestTheWallAndTheRoles asks for every list from outside its workspace, and with every permission but the one it needs.
func TestTheWallAndTheRoles(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.receive()
		_, err := w.Identity.CreateTeam(w.Context(), w.ws, w.owner, "Secret team", w.owner.Member)
		w.must(err)
		_, secret, err := w.Identity.CreateKey(w.Context(), w.ws, w.owner, identity.NewKey{Name: "Secret key", Scopes: identity.Permissions()})
		w.must(err)
		_, _, err = w.Identity.Invite(w.Context(), w.ws, w.owner, identity.NewInvite{Email: "secret@example.com", Role: identity.Viewer})
		w.must(err)
		_, err = w.Contacts.SaveSegment(w.Context(), w.ws, w.owner, contact.Segment{Name: "Secret segment"})
		w.must(err)
		_, err = w.Insight.SaveView(w.Context(), w.ws, w.owner, insight.View{Name: "Secret view", Query: insight.Query{Measure: insight.NPS}})
		w.must(err)
		_, err = w.Events.Receive(w.Context(), w.ws, []event.Input{{Kind: event.Track, User: "u", Name: "Secret purchase"}})
		w.must(err)
		_, err = w.Imports.Upload(w.Context(), w.ws, w.owner, "secret.csv", strings.NewReader("comment,nps\nFine indeed it was,9\n"))
		w.must(err)
		hook, signing, err := w.deliver.AddWebhook(w.Context(), w.ws, w.owner, deliver.NewWebhook{URL: "https://hooks.example.org/secret-hook", Events: []string{deliver.Any}})
		w.must(err)
		_, err = w.deliver.TestWebhook(w.Context(), w.ws, w.owner, hook.ID)
		w.must(err)
		mine := map[string]string{"webhooks": "secret-hook", "deliveries": string(hook.ID), "feedback": "hyperlink", "answer": "nps", "contacts": "ana", "accounts": "acme", "segments": "secret segment", "attributes": "plan", "fields": "country",
			"views": "secret view", "imports": "secret.csv", "members": "dana one", "invites": "secret@example.com", "teams": "secret team", "keys": "secret key", "audit": "secret team",
			"themes": "delivery", "corrections": "dana one", "events": "secret purchase", "alerts": "alarm", "alert_series": "kind", "drivers": "secret rating", "scan": "secret tier", "population": "secret plan", "invited": "secret survey", "health": "secret peers"}
		w.must(w.Store.Update(w.Context(), func(tx *store.Tx) error { // as the nightly scoring leaves it
			_, err := tx.Exec(`INSERT INTO contact_health (workspace, contact, account, segment, score, whole, chance, risk, coverage, hidden, at_risk, left_on, worth, currency, parts, version, run, computed_at)
				VALUES ($1, 'c', '', 'Secret peers', 50.5, 50, 0.5, 0.5, 1.0, 0, 1, 0, 0, '', '[]', 'v', 'r', 1)`, string(w.ws))
			return err
		}))
		w.alarmed()
		w.must(w.Population.SaveMargins(w.Context(), w.ws, w.owner, []population.Margin{{Field: "attribute.plan", Parts: []population.Part{{Value: "Secret plan", Share: 1}, {Value: "b", Share: 1}}}}))
		w.must(w.Population.AddInvited(w.Context(), w.ws, w.owner, []population.Invited{{Survey: "Secret survey", From: "2026-01-01", To: "2026-01-31", Invited: 9}}))
		w.corrected()
		w.rated()
		_, stranger := w.workspace("Three")
		for _, l := range export.Lists() {
			filter := map[string]string{"answer": "measure=nps"}[l.Name]
			own := strings.ToLower(string(w.export(l.Name, table.NDJSON, w.owner, filter)))
			if !strings.Contains(own, mine[l.Name]) || strings.Contains(own, strings.ToLower(secret)) || strings.Contains(own, strings.ToLower(signing)) {
				w.Errorf("%s: %s", l.Name, own)
			}
			r := w.request(l.Name, table.CSV, stranger, filter)
			r.Workspace = w.ws
			var b bytes.Buffer
			if err := w.exports.Write(w.Context(), &b, r); !fault.Is(err, fault.Denied) || b.Len() > 0 {
				w.Errorf("%s by a stranger: %v", l.Name, err)
			}
			if theirs := strings.ToLower(string(w.export(l.Name, table.NDJSON, stranger, filter))); l.Name != "answer" && strings.Contains(theirs, mine[l.Name]) {
				w.Errorf("%s is seen across the wall: %s", l.Name, theirs)
			}
			for _, p := range []identity.Permission{l.Permission, identity.ExportsRead} {
				but := identity.Actor{Workspace: w.ws, Key: "k", Name: "k", Scopes: slices.DeleteFunc(identity.Permissions(), func(x identity.Permission) bool { return x == p })}
				if err := w.exports.Write(w.Context(), &b, w.request(l.Name, table.CSV, but, filter)); !fault.Is(err, fault.Denied) || b.Len() > 0 {
					w.Errorf("%s without %s: %v", l.Name, p, err)
				}
			}
			if err := w.exports.Write(w.Context(), &b, w.request(l.Name, "pdf", w.owner, filter)); !fault.Is(err, fault.Invalid) || b.Len() > 0 {
				w.Errorf("%s as pdf: %v", l.Name, err)
			}
			err := w.exports.Write(w.Context(), &b, w.request(l.Name, table.CSV, w.owner, filter+"&colour=red"))
			if p := fault.ProblemOf(err); !fault.Is(err, fault.Invalid) || b.Len() > 0 || len(p.Errors) != 1 {
				w.Errorf("%s by colour: %v", l.Name, err)
			}
			if err := w.exports.Write(w.Context(), failing{}, w.request(l.Name, table.CSV, w.owner, filter)); !errors.Is(err, io.ErrClosedPipe) {
				w.Errorf("%s to a reader who left: %v", l.Name, err)
			}
		}
		if err := w.exports.Write(w.Context(), io.Discard, w.request("secrets", table.CSV, w.owner, "")); !fault.Is(err, fault.NotFound) {
			w.Errorf("a list that is none: %v", err)
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
		question := "measure=nps&by=source&bucket=month&compare=rest"
		a, err := w.Insight.Ask(w.Context(), w.ws, insight.Query{Measure: insight.NPS, By: []string{"source"}, Bucket: "month", Compare: &insight.Compare{To: "rest"}})
		w.must(err)
		view, err := w.Insight.SaveView(w.Context(), w.ws, w.owner, insight.View{Name: "By source", Query: insight.Query{Measure: insight.NPS, By: []string{"source"}, Bucket: "month", Compare: &insight.Compare{To: "rest"}}})
		w.must(err)
		for _, format := range export.Formats {
			get := func(list, filter string) []map[string]string {
				w.Helper()
				_, rows := w.read(format, w.export(list, format, w.owner, filter))
				return rows
			}
			rows := get("contacts", "")
			if len(rows) != 2 || rows[1]["email"] != "Ana@Example.com" || rows[1]["account"] != "acme" || rows[1]["lifetime_value_minor"] != "12345" {
				w.Errorf("%s: contacts %v", format, rows)
			}
			if rows := get("contacts", "attribute.plan=gold"); len(rows) != 1 {
				w.Errorf("%s: contacts of a plan %v", format, rows)
			}
			if rows := get("accounts", "q=ac"); len(rows) != 1 || rows[0]["external_id"] != "acme" || rows[0]["contacts"] != "1" {
				w.Errorf("%s: accounts %v", format, rows)
			}
			var b bytes.Buffer
			w.must(w.exports.Refused(w.Context(), &b, w.request("", format, w.owner, ""), im.ID))
			_, rows = w.read(format, b.Bytes())
			if len(rows) != 2 || rows[0]["row"] != "2" || !strings.Contains(rows[0]["reasons"], "nps: ") || !strings.Contains(rows[1]["source"], "never closed") ||
				(format == table.CSV) != strings.HasPrefix(rows[0]["comment"], "'=") {
				w.Errorf("%s: refused %v", format, rows)
			}
			if rows := get("members", ""); len(rows) != 1 || rows[0]["role"] != "owner" || rows[0]["name"] != "Dana One" {
				w.Errorf("%s: members %v", format, rows)
			}
			if rows := get("imports", ""); len(rows) != 1 || rows[0]["refused"] != "2" || rows[0]["created"] != "3" || rows[0]["state"] != "done" {
				w.Errorf("%s: imports %v", format, rows)
			}
			if rows := get("audit", "action=import"); len(rows) != 2 || rows[0]["action"] != "import.finish" || !strings.Contains(fmt.Sprint(rows[0]), "bad.csv") {
				w.Errorf("%s: audit %v", format, rows)
			}
			if rows := get("themes", "score=nps&compare=previous&from=2026-01-01&to=2026-12-31"); len(rows) != 1 || rows[0]["theme"] != "delivery" || rows[0]["name"] != "Delivery" || rows[0]["n"] != "6" ||
				rows[0]["negative"] != "6" || rows[0]["net"] != "" || rows[0]["note"] != "too_few" || rows[0]["score_n"] != "4" || rows[0]["n_before"] != "0" || rows[0]["measure"] != "nps" {
				w.Errorf("%s: themes %v", format, rows)
			}
			if rows := get("answer", "measure=theme_negative&by=theme"); len(rows) != 2 || rows[0]["theme_name"] != "Delivery" || rows[0]["value"] != "" || rows[0]["note"] != "too_few" {
				w.Errorf("%s: an answer by theme %v", format, rows)
			}
			for _, address := range []string{question, "view=" + string(view.ID), question + "&chart=bar&view=" + string(view.ID)} {
				columns, rows := w.read(format, w.export("answer", format, w.owner, address))
				last := rows[len(rows)-1]
				if len(rows) != len(a.Rows)+1 || last["row"] != "total" || last["n"] != fmt.Sprint(a.Total.N) || last["measure"] != "nps" || last["scale"] != "0..10" ||
					last["note"] != "too_few" || last["low"] != "" || last["value"] != "" || format != table.NDJSON && !slices.Contains(columns, "compared_value") {
					w.Errorf("%s: answer to %s %v %v", format, address, columns, rows)
				}
			}
		}
		log, err := w.Identity.AuditLog(w.Context(), w.ws, w.owner, identity.AuditQuery{Action: "export."})
		w.must(err)
		if len(log.Entries) < 30 || log.Entries[0].Details["filtered_by"] != "bucket by chart compare measure view" || log.Entries[0].Details["format"] != "parquet" {
			w.Errorf("%d exports in the audit log, the last %+v", len(log.Entries), log.Entries[0])
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
		var batch []feedback.Input
		for line := range strings.Lines(string(w.export("feedback", table.NDJSON, w.owner, ""))) {
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

// TestAnAnswerWithAllThatItRestsOn: weighted, of known customers, beside the period before; groups of fewer than ten give their number alone.
func TestAnAnswerWithAllThatItRestsOn(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		at := time.Date(2026, 5, 20, 9, 0, 0, 0, time.UTC)
		before := at.AddDate(0, -1, 0)
		var in []feedback.Input
		for i := range 60 {
			for when, score := range map[*time.Time]float64{&at: []float64{10, 9, 3}[i%3], &before: []float64{10, 3, 3}[i%3]} {
				in = append(in, feedback.Input{Channel: []string{"web", "sms"}[min(1, i/55)], Time: when, Attributes: feedback.Attributes{"tier": []string{"one", "two"}[i%2]},
					Contact: &feedback.Who{ExternalID: fmt.Sprint("k", i/2)}, Scores: []feedback.Score{{Metric: "nps", Value: score, Scale: feedback.Scale{Max: 10}}}})
			}
		}
		_, err := w.Feedback.Receive(w.Context(), w.ws, in)
		w.must(err)
		_, err = w.Labels.Read(w.Context())
		w.must(err)
		w.must(w.feeder.Feed(w.Context()))
		w.must(w.Population.SaveMargins(w.Context(), w.ws, w.owner, []population.Margin{{Field: "attribute.tier", Parts: []population.Part{{Value: "one", Share: 1}, {Value: "two", Share: 3}}}}))
		columns, rows := w.read(table.CSV, w.export("answer", table.CSV, w.owner, "measure=nps&by=channel&weight=1&from=2026-05-10&to=2026-06-08&compare=previous"))
		for _, c := range []string{"customers", "design_effect", "weighted_value", "weighted_low", "effective_n", "verdict"} {
			if !slices.Contains(columns, c) {
				w.Errorf("no column %s among %v", c, columns)
			}
		}
		for _, r := range rows {
			switch {
			case r["row"] == "total":
				if r["value"] == "" || r["customers"] != "30" || r["weighted_value"] == "" || r["effective_n"] != "48" || r["compared_value"] == "" || r["verdict"] == "" {
					w.Errorf("%v", r)
				}
			case r["channel"] == "sms":
				if r["n"] != "5" || r["value"] != "" || r["low"] != "" || r["weighted_value"] != "" || r["compared_value"] != "" || r["difference"] != "" || r["verdict"] != "too_few" {
					w.Errorf("five answers tell %v", r)
				}
			}
		}
	})
}

// told is what others see of something.
func told(t *testing.T, x any) string {
	t.Helper()
	b, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
