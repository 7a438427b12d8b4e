package app

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"kolo/internal/foundation/column/clickhousetest"
	"kolo/internal/foundation/config"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/listen/feedback"
	"kolo/internal/listen/imports"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
)

// eachSetup runs a test on the whole of Kolo in each of the two set-ups.
func eachSetup(t *testing.T, test func(i *instance)) {
	t.Helper()
	run := func(t *testing.T, env ...string) {
		t.Parallel()
		cfg, _, err := config.Load(append([]string{"KOLO_DATA=" + t.TempDir(), "KOLO_LISTEN=127.0.0.1:0"}, env...), config.Flags{})
		must(t, err)
		a, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
		must(t, err)
		must(t, a.Start(context.WithoutCancel(t.Context())))
		t.Cleanup(func() { must(t, a.Stop()) })
		test(&instance{t, a})
	}
	t.Run("embedded", func(t *testing.T) { run(t) })
	t.Run("cluster", func(t *testing.T) {
		run(t, "KOLO_DATABASE_URL="+storetest.PostgresURL(t), "KOLO_CLICKHOUSE_URL="+clickhousetest.URL(t))
	})
}

// hostile are texts that somebody downstream may take for something else.
var hostile = []string{
	`=HYPERLINK("http://evil.example","click")`, "+1-2", "-1+cmd|' /C calc'!A0", "@SUM(A1:A9)", "\t=1", "'=1", "''=1", `"quoted", and; more`,
	"two\nlines\r\nand a third", "שלום, \u202eעולם\u202c!", "متن فارسی با نیم\u200cفاصله", "Ёжик 🦔", "<script>alert(1)</script>", "_x000D_", "NULL", "  ends in spaces  ", "1e5 thanks",
}

// company fills a workspace with the demo company's feedback and with hostile texts.
func (i *instance) company(ws identity.WorkspaceID, n int) {
	i.Helper()
	c, err := Demo{Seed: 7, Feedback: n, End: "2026-06-01"}.Company()
	must(i.T, err)
	must(i.T, i.FillDemo(i.Context(), ws, c, 0, func(int) error { return nil }))
	batch := make([]feedback.Input, len(hostile))
	for k, text := range hostile {
		at := time.Date(2026, 5, 4, 10, k, 0, 0, time.UTC)
		batch[k] = feedback.Input{Channel: "web", Source: "hostile", ExternalID: fmt.Sprint("h", k), Time: &at, Text: text,
			Scores:     []feedback.Score{{Metric: "nps", Value: float64(k % 11), Scale: feedback.Scale{Min: 0, Max: 10}, Question: text}},
			Answers:    feedback.Answers{{Question: "why", Value: text}},
			Attributes: feedback.Attributes{"note": text},
			Contact:    &feedback.Who{ExternalID: fmt.Sprint("h", k), Name: text}}
	}
	results, err := i.Feedback.Receive(i.Context(), ws, batch)
	must(i.T, err)
	for _, r := range results {
		if r.Status != feedback.Created {
			i.Fatalf("%+v", r)
		}
	}
	i.fed()
}

// fed waits until the columns are where the rows are.
func (i *instance) fed() {
	i.Helper()
	upTo, err := i.Feedback.Settled(i.Context())
	must(i.T, err)
	i.until("the columns follow", func() bool {
		mark, err := i.Columns.Watermark(i.Context(), "feedback")
		must(i.T, err)
		return mark >= upTo
	})
}

func (i *instance) until(what string, is func() bool) {
	i.Helper()
	end := time.After(time.Minute)
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for !is() {
		select {
		case <-look.C:
		case <-end:
			i.Fatalf("%s: not within a minute", what)
		}
	}
}

// download asks the API as the holder of a key does.
func (i *instance) download(key, path string) (int, []byte) {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Authorization", "Bearer "+key)
	rec := httptest.NewRecorder()
	i.Handler().ServeHTTP(rec, r)
	return rec.Code, rec.Body.Bytes()
}

// scores are all scores by week and channel, and how they are distributed: everything that a workspace's figures come from.
func (i *instance) scores(ws identity.WorkspaceID) map[insight.Measure][]insight.Row {
	i.Helper()
	out := map[insight.Measure][]insight.Row{}
	for _, m := range []insight.Measure{insight.NPS, insight.CSAT, insight.CES, insight.Star, insight.Count, insight.Contacts} {
		a, err := i.Insight.Ask(i.Context(), ws, insight.Query{Measure: m, Bucket: "week", By: []string{"channel"}, Limit: 5000})
		must(i.T, err)
		out[m] = append(a.Rows, a.Total)
	}
	return out
}

// TestExportsComeBack takes everything out in each format and into another workspace: the scores by week stay what they were.
func TestExportsComeBack(t *testing.T) {
	t.Parallel()
	eachSetup(t, func(i *instance) {
		ctx := i.Context()
		ws, _ := i.workspace("one")
		_, key, err := i.Identity.CreateKey(ctx, ws, identity.Program(ws, "test"), identity.NewKey{Name: "all", Scopes: identity.Permissions()})
		must(i.T, err)
		i.company(ws, 1500)
		before := i.scores(ws)
		if n := before[insight.NPS][len(before[insight.NPS])-1].N; n < 200 {
			i.Fatalf("only %d answers", n)
		}
		for _, format := range []string{"csv", "xlsx", "ndjson"} {
			status, file := i.download(key, "/v1/exports/feedback?format="+format)
			if status != http.StatusOK {
				i.Fatalf("%s: %d %s", format, status, file)
			}
			other, theirs := i.workspace(format)
			im, err := i.Imports.Upload(ctx, other, theirs, "feedback."+format, bytes.NewReader(file))
			must(i.T, err)
			_, err = i.Imports.Start(ctx, other, theirs, im.ID)
			must(i.T, err)
			i.until("the import ends", func() bool {
				im, err = i.Imports.Get(ctx, other, theirs, im.ID)
				must(i.T, err)
				return im.State.Ended()
			})
			if im.State != imports.Done || im.Created != int64(1500+len(hostile)) || im.Refused != 0 {
				i.Fatalf("%s: %+v", format, im)
			}
			i.fed()
			after := i.scores(other)
			for m, rows := range before {
				if !reflect.DeepEqual(rows, after[m]) {
					i.Errorf("%s: %s is another: %d rows and %d", format, m, len(rows), len(after[m]))
					for k := range rows {
						if k < len(after[m]) && !reflect.DeepEqual(rows[k], after[m][k]) {
							i.Errorf("%+v\nis\n%+v", rows[k], after[m][k])
							break
						}
					}
				}
			}
			i.sameTexts(format, ws, other)
		}
		status, file := i.download(key, "/v1/exports/feedback?format=parquet")
		if status != http.StatusOK {
			i.Fatalf("parquet: %d %s", status, file)
		}
		i.parquet(file, ws, before[insight.NPS])
	})
}

// said is the hostile feedback of a workspace by its external id.
func (i *instance) said(ws identity.WorkspaceID) map[string]feedback.Feedback {
	i.Helper()
	out := map[string]feedback.Feedback{}
	must(i.T, i.Insight.Each(i.Context(), ws, insight.Conditions{{Field: "source", Op: "in", Values: []string{"hostile"}}}, insight.Period{}, func(f feedback.Feedback) error {
		out[f.ExternalID] = f
		return nil
	}))
	if len(out) != len(hostile) {
		i.Errorf("%d of %d", len(out), len(hostile))
	}
	return out
}

// sameTexts looks at what is easily lost on the way.
func (i *instance) sameTexts(format string, ws, other identity.WorkspaceID) {
	i.Helper()
	theirs := i.said(other)
	for id, m := range i.said(ws) {
		x := theirs[id]
		if format != "ndjson" { // a flat file has the wording of a score, and nowhere to bring it
			m.Scores[0].Question, x.Scores[0].Question = "", ""
		}
		for name, pair := range map[string][2]any{"text": {m.Text, x.Text}, "time": {m.Time, x.Time}, "scores": {m.Scores, x.Scores}, "answers": {m.Answers, x.Answers}, "attributes": {m.Attributes, x.Attributes}} {
			if !reflect.DeepEqual(pair[0], pair[1]) {
				i.Errorf("%s: %s of %s: %q is %q", format, name, id, pair[0], pair[1])
			}
		}
	}
}

// parquet reads the file with two readers that know nothing of each other.
func (i *instance) parquet(file []byte, ws identity.WorkspaceID, nps []insight.Row) {
	i.Helper()
	total := nps[len(nps)-1]
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	must(i.T, err)
	if f.NumRows() != int64(1500+len(hostile)) {
		i.Errorf("%d rows", f.NumRows())
	}
	texts := map[string]bool{}
	answers := int64(0)
	column := map[string]int{}
	for k, c := range f.Schema().Columns() {
		column[strings.Join(c, ".")] = k
	}
	for _, g := range f.RowGroups() {
		rows := g.Rows()
		buf := make([]parquet.Row, 64)
		for {
			n, err := rows.ReadRows(buf)
			for _, row := range buf[:n] {
				for _, v := range row {
					switch {
					case v.Column() == column["text"] && !v.IsNull():
						texts[v.String()] = true
					case v.Column() == column["nps"] && !v.IsNull():
						answers++
					}
				}
			}
			if errors.Is(err, io.EOF) {
				break
			}
			must(i.T, err)
		}
		must(i.T, rows.Close())
	}
	said := i.said(ws)
	for _, f := range said {
		if !texts[f.Text] {
			i.Errorf("parquet-go finds no %q", f.Text)
		}
	}
	if answers != total.N {
		i.Errorf("%d answers, not %d", answers, total.N)
	}
	path := filepath.Join(i.TempDir(), "f.parquet")
	must(i.T, os.WriteFile(path, file, 0o600))
	db, err := sql.Open("duckdb", "")
	must(i.T, err)
	defer db.Close()
	var rows, n int64
	var score float64
	var first time.Time
	must(i.T, db.QueryRow(`SELECT count(*), count(nps), 100.0 * (count(*) FILTER (nps >= 9) - count(*) FILTER (nps <= 6)) / count(nps), min("time")
		FROM read_parquet('`+path+`')`).Scan(&rows, &n, &score, &first))
	if rows != f.NumRows() || n != total.N || score-*total.Value > 1e-9 || *total.Value-score > 1e-9 || first.Year() != 2024 {
		i.Errorf("DuckDB finds %d rows, %d answers, NPS %v since %s; it is %d and %v", rows, n, score, first, total.N, *total.Value)
	}
	for id, f := range said {
		var text, note string
		must(i.T, db.QueryRow(`SELECT text, "attribute.note" FROM read_parquet('`+path+`') WHERE external_id = $1`, id).Scan(&text, &note))
		if text != f.Text || note != f.Attributes["note"] {
			i.Errorf("DuckDB reads %q and %q for %q", text, note, f.Text)
		}
	}
}

// TestNobodyExportsAcrossTheWall asks with a key and with a session of another workspace, and with roles that may not.
func TestNobodyExportsAcrossTheWall(t *testing.T) {
	t.Parallel()
	i := open(t)
	ctx := t.Context()
	ws, owner := i.workspace("one")
	i.company(ws, 50)
	other, _ := i.workspace("two")
	_, key, err := i.Identity.CreateKey(ctx, other, identity.Program(other, "test"), identity.NewKey{Name: "all", Scopes: identity.Permissions()})
	must(t, err)
	session := i.signIn("owner@two.example.com")
	for _, list := range []string{"feedback", "contacts", "accounts", "audit", "members"} {
		for _, format := range []string{"csv", "ndjson"} {
			status, file := i.download(key, "/v1/exports/"+list+"?format="+format)
			rec := i.browse(session, http.MethodGet, "/export/"+list+"."+format, nil)
			for _, got := range []struct {
				status int
				body   string
			}{{status, string(file)}, {rec.Code, rec.Body.String()}} {
				if got.status != http.StatusOK || strings.Contains(got.body, "HYPERLINK") || strings.Contains(got.body, "example.org") || strings.Contains(got.body, "owner@one") {
					t.Errorf("%s.%s: %d %.300s", list, format, got.status, got.body)
				}
			}
		}
	}
	for role, names := range map[identity.Role]bool{identity.Admin: true, identity.Analyst: false} {
		email := string(role) + "@one.example.com"
		_, invitation, err := i.Identity.Invite(ctx, ws, owner, identity.NewInvite{Email: email, Role: role})
		must(t, err)
		_, err = i.Identity.AcceptInvite(ctx, invitation, "Member", password)
		must(t, err)
		token := i.signIn(email)
		for _, path := range []string{"/export/feedback.csv", "/export/contacts.ndjson"} {
			rec := i.browse(token, http.MethodGet, path, nil)
			if rec.Code != http.StatusOK || rec.Body.Len() < 1000 || strings.Contains(rec.Body.String(), "@example.org") != names {
				t.Errorf("%s for %s: %d, %d bytes, names %v", path, role, rec.Code, rec.Body.Len(), !names)
			}
		}
		if rec := i.browse(token, http.MethodGet, "/feedback", nil); !strings.Contains(rec.Body.String(), "/export/feedback.parquet") {
			t.Errorf("the page does not offer exports to %s", role)
		}
	}
	_, invitation, err := i.Identity.Invite(ctx, ws, owner, identity.NewInvite{Email: "viewer@one.example.com", Role: identity.Viewer})
	must(t, err)
	_, err = i.Identity.AcceptInvite(ctx, invitation, "Member", password)
	must(t, err)
	token := i.signIn("viewer@one.example.com")
	if rec := i.browse(token, http.MethodGet, "/export/feedback.csv", nil); rec.Code != http.StatusForbidden {
		t.Errorf("a viewer exports: %d", rec.Code)
	}
	if rec := i.browse(token, http.MethodGet, "/feedback", nil); rec.Code != http.StatusOK || strings.Contains(rec.Body.String(), "/export/") {
		t.Errorf("a viewer is offered exports: %d", rec.Code)
	}
	// What a browser saves, Excel reads; what is a formula stays a text.
	rec := i.browse(i.signIn("owner@one.example.com"), http.MethodGet, "/export/feedback.csv?source=hostile", nil)
	if body := rec.Body.String(); !strings.HasPrefix(body, "\ufeffid,") || !strings.Contains(body, `"'=HYPERLINK(""http`) || !strings.Contains(body, ",'@SUM") || strings.Contains(body, ",=") || strings.Contains(body, ",@") {
		t.Errorf("%.2000s", body)
	}
}
