// Package browser looks at the real program with a real browser.
package browser

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"kolo/test/process"
)

func TestMain(m *testing.M) {
	code := m.Run()
	process.Cleanup()
	os.Exit(code)
}

// node runs one of the scripts in web.
func node(t *testing.T, args ...string) (string, error) {
	t.Helper()
	chromium := os.Getenv("CHROMIUM")
	if chromium == "" {
		chromium = "/usr/bin/chromium"
	}
	if _, err := os.Stat(chromium); err != nil {
		t.Skip("SKIPPED: chromium is not installed (apt-get install chromium)")
	}
	cmd := exec.CommandContext(t.Context(), "node", args...)
	cmd.Dir = filepath.Join("..", "..", "web")
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// answers writes a file such as a newcomer has: three weeks of 20 answers, of which 12, 10 and 8 are promoters and the rest
// are detractors: NPS 20, 0 and -20. The columns have no names that Kolo knows.
func answers(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("Answered on;Customer e-mail;How likely are you to recommend us? (0-10);What is the main reason?\n")
	monday := time.Date(2026, 9, 7, 9, 0, 0, 0, time.UTC)
	for week, promoters := range []int{12, 10, 8} {
		for i := range 20 {
			score := 3
			if i < promoters {
				score = 10
			}
			fmt.Fprintf(&b, "%s;customer%d@example.com;%d;\"Reason %d, of week %d; הכול בסדר\"\n", monday.AddDate(0, 0, 7*week+i%5).Format("02/01/2006 15:04"), i, score, i, week)
		}
	}
	path := filepath.Join(t.TempDir(), "answers.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFromAnEmptyInstanceToNPSByWeek(t *testing.T) {
	process.EachSetup(t, func(t *testing.T, k *process.Kolo) {
		server := k.Serve()
		out, err := node(t, "journey.mjs", "--base", server.URL, "--file", answers(t), "--email", "ana@example.com", "--password", "a blue door by the sea", "--lang", "en")
		if err != nil {
			t.Fatalf("%v\n%s\n%s", err, out, server.Log())
		}
		var seen struct {
			Errors      []string
			Preview     int
			Weeks       [][]string
			Words, Home string
			Seconds     float64
		}
		if err := json.Unmarshal([]byte(out[strings.LastIndex(strings.TrimSpace(out), "\n")+1:]), &seen); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if len(seen.Errors) > 0 {
			t.Errorf("the console said %q", seen.Errors)
		}
		var values []string
		for _, row := range seen.Weeks {
			if len(row) > 1 && strings.Trim(row[1], "–") != "" {
				values = append(values, strings.Fields(row[1])[0]) // a mark that there are few answers may follow
			}
		}
		if got := strings.Join(values, " "); got != "20 0 −20 0" { // the last is all together
			t.Errorf("NPS by week: %q", got)
		}
		if seen.Preview == 0 || !strings.Contains(seen.Words, "Reason") || !strings.Contains(seen.Home, "Blue Door") {
			t.Errorf("%+v", seen)
		}
		t.Logf("from the first page to NPS by week in %.1f s of the browser's time", seen.Seconds)
	})
}

var signIn = regexp.MustCompile(`sign in +(\S+) +(\S+)`)

// TestPagesAreAccessible opens every page of the demo company, wide and narrow, from left and from right, and has axe look at
// it: nothing serious, no errors in the console, nothing wider than the window.
func TestPagesAreAccessible(t *testing.T) {
	k := process.New(t)
	m := signIn.FindStringSubmatch(k.Run("demo", "--feedback", "2000"))
	if m == nil {
		t.Fatal("the demo company has no way in")
	}
	server := k.Serve()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.PostForm(server.URL+"/sign-in", url.Values{"email": {m[1]}, "password": {m[2]}})
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	cookie := ""
	for _, c := range res.Cookies() {
		if c.Name == "kolo_session" {
			cookie = c.Name + "=" + c.Value
		}
	}
	if cookie == "" {
		t.Fatalf("signing in was answered %s", res.Status)
	}
	paths := []string{"/", "/feedback", "/feedback?nps_group=detractor", "/explore", "/explore?measure=csat&by=touchpoint&bucket=month", "/themes", "/themes/price", "/themes/price/edit", "/contacts", "/contacts/new", "/contacts/accounts", "/import",
		"/settings", "/settings/members", "/settings/teams", "/settings/keys", "/settings/keys/new", "/settings/attributes", "/settings/audit", "/profile", "/nowhere"}
	for _, c := range [][]string{{"--lang", "en", "--width", "1280", "--theme", "light"}, {"--lang", "he", "--width", "390", "--theme", "dark"}} {
		t.Run(strings.Join(c, " "), func(t *testing.T) {
			t.Parallel()
			args := append([]string{"shot.mjs", "--no-pictures", "--base", server.URL, "--out", t.TempDir(), "--cookie", cookie}, c...)
			if out, err := node(t, append(args, paths...)...); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
