// Package command runs the subcommands of the real program as an operator does.
package command

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kolo/test/process"
)

func TestMain(m *testing.M) {
	code := m.Run()
	process.Cleanup()
	os.Exit(code)
}

// send gives a running server feedback of two channels.
func send(t *testing.T, s *process.Server, key string, n int) {
	t.Helper()
	var rows []map[string]any
	for i := range n {
		rows = append(rows, map[string]any{"channel": []string{"web", "sms"}[i%2], "source": "test", "external_id": fmt.Sprint("x", i), "text": fmt.Sprint("=said ", i),
			"contact": map[string]any{"email": fmt.Sprintf("c%d@example.com", i%10), "attributes": map[string]any{"plan": "gold"}},
			"scores":  []any{map[string]any{"metric": "nps", "value": i % 11, "scale": map[string]any{"min": 0, "max": 10}}}})
	}
	s.JSON(key, http.MethodPost, "/v1/feedback", rows, nil, http.StatusOK)
}

func records(t *testing.T, text string) [][]string {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(all) == 0 {
		t.Fatalf("%v: %s", err, text)
	}
	return all
}

// TestExportBesideAServer exports everything that needs no columns while a server runs, and an answer when it has stopped.
func TestExportBesideAServer(t *testing.T) {
	t.Parallel()
	process.EachSetup(t, func(t *testing.T, k *process.Kolo) {
		key := k.Bootstrap("Export", "e@example.com")
		server := k.Serve()
		send(t, server, key, 200)
		dir := t.TempDir()
		for _, name := range []string{"f.csv", "f.xlsx", "f.ndjson", "F.PARQUET"} {
			k.Run("export", "feedback", "-w", "export", "-o", filepath.Join(dir, name))
		}
		b, err := os.ReadFile(filepath.Join(dir, "f.ndjson"))
		if err != nil || strings.Count(string(b), "\n") != 200 {
			t.Fatalf("%v: %d lines", err, strings.Count(string(b), "\n"))
		}
		for name, begins := range map[string]string{"f.csv": "id,kind", "f.xlsx": "PK", "F.PARQUET": "PAR1"} {
			path := filepath.Join(dir, name)
			if b, err := os.ReadFile(path); err != nil || !strings.HasPrefix(string(b), begins) {
				t.Errorf("%s: %v begins with %.10q", name, err, b)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: others may read it", name)
			}
		}
		// Filters are held against the rows, which a server shares.
		out := k.Output("export", "feedback", "--where", "channel=web", "--where", "nps.gte=9", "--last", "1d")
		rows := records(t, out)
		want := 0
		for i := range 200 {
			if i%2 == 0 && i%11 >= 9 {
				want++
			}
		}
		if text := slices.Index(rows[0], "text"); len(rows)-1 != want || text < 0 || !strings.HasPrefix(rows[1][text], "'=said ") {
			t.Errorf("%d rows, not %d: %.300s", len(rows)-1, want, out)
		}
		if out := k.Output("export", "feedback", "--query", "?contact.plan=gold&channel=sms", "--format", "ndjson"); strings.Count(out, "\n") != 100 {
			t.Errorf("%d lines", strings.Count(out, "\n"))
		}
		for _, list := range []string{"contacts", "accounts", "segments", "attributes", "fields", "views", "imports", "members", "invites", "teams", "keys", "audit"} {
			out := k.Output("export", list)
			if rows := records(t, out); list == "contacts" && len(rows) != 11 || list == "members" && len(rows) != 2 {
				t.Errorf("%s: %d rows", list, len(rows))
			}
			if strings.Contains(out, key) {
				t.Errorf("%s shows a secret", list)
			}
		}
		if out := k.Output("export", "keys", "--bom"); !strings.HasPrefix(out, "\ufeffid,") {
			t.Errorf("%.20q", out)
		}
		embedded := !strings.Contains(t.Name(), "cluster")
		ask := []string{"export", "answer", "--where", "measure=nps", "--where", "by=channel", "--format", "ndjson"}
		if out, err := k.Try(ask...); embedded && (err == nil || !strings.Contains(out, "in use by another process") || !strings.Contains(out, "/v1/exports/answer")) {
			t.Errorf("%v: %s", err, out)
		} else if !embedded && err != nil {
			t.Errorf("%v: %s", err, out)
		}
		server.Stop()
		if embedded { // the columns are brought up to the rows first
			var total struct {
				Row string
				N   int
			}
			lines := strings.Split(strings.TrimSpace(k.Output(ask...)), "\n")
			if err := json.Unmarshal([]byte(lines[len(lines)-1]), &total); err != nil || total.Row != "total" || total.N != 200 || len(lines) != 3 {
				t.Errorf("%v: %s", err, lines)
			}
		}
	})
}

// TestAFileAppearsWhenItIsWhole: what was there stays when an export fails, and nothing half done is left beside it.
func TestAFileAppearsWhenItIsWhole(t *testing.T) {
	t.Parallel()
	k := process.New(t)
	k.Bootstrap("Export", "e@example.com")
	dir := t.TempDir()
	path := filepath.Join(dir, "f.csv")
	if err := os.WriteFile(path, []byte("yesterday's"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"feedback", "--where", "colour=red", "-o", path}, {"feedback", "--last", "long", "-o", path}, {"feedback", "--where", "channel", "-o", path}, {"members", "--where", "x=1", "-o", path},
		{"feedback", "-o", filepath.Join(dir, "f.doc")}, {"nothing", "-o", path}, {"feedback", "-w", "nobody", "-o", path}, {"answer", "-o", path}, {"answer", "--query", "view=none", "-o", path},
	} {
		if out, err := k.Try(append([]string{"export"}, args...)...); err == nil || strings.Contains(out, "panic") {
			t.Errorf("%v: %v %s", args, err, out)
		}
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "yesterday's" {
		t.Errorf("%v %s", err, b)
	}
	k.Run("export", "members", "-o", path)
	entries, err := os.ReadDir(dir)
	if b, _ := os.ReadFile(path); err != nil || len(entries) != 1 || !strings.Contains(string(b), "e@example.com") {
		t.Errorf("%v %v %s", err, entries, b)
	}
	if out := k.Output("export", "members", "-o", "-", "--format", "parquet"); !strings.HasPrefix(out, "PAR1") {
		t.Errorf("%.20q", out)
	}
}
