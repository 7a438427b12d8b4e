package app

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"kolo/internal/listen/feedback"
)

// TestCopiesOpen lists what says the same once, and opens to all of it; counts, filters and files have all of it always.
func TestCopiesOpen(t *testing.T) {
	t.Parallel()
	i := open(t)
	ws, _ := i.workspace("one")
	token := i.signIn("owner@one.example.com")
	var batch []feedback.Input
	for n := range 30 {
		batch = append(batch, nps(float64(n%11), []string{"Late again", "LATE AGAIN!", "late again."}[n%3]))
	}
	for n := range 30 {
		batch = append(batch, nps(9, fmt.Sprintf("Thank you %c%cm", 'b'+n/6, "aeiouy"[n%6])))
	}
	batch = append(batch, nps(3, "The courier of order 17 left my parcel in the rain and never rang the bell"), nps(3, "The courier of order 2044 left my parcel in the rain and never rang the bell"))
	i.receive(ws, batch...)

	var all string
	path, pages := "/feedback", 0
	next := regexp.MustCompile(`rel="next" href="([^"]+)"`)
	for pages < 10 {
		pages++
		body := i.page(token, path)
		all += body
		m := next.FindStringSubmatch(body)
		if m == nil {
			break
		}
		path = html.UnescapeString(m[1])
	}
	if n := len(regexp.MustCompile(`(?i)late again`).FindAllString(all, -1)); n != 1 || !strings.Contains(all, "29 more say the same") {
		t.Errorf("one text stands %d times on %d pages", n, pages)
	}
	if n := strings.Count(all, "Thank you "); n != 30 {
		t.Errorf("%d of 30 other texts are listed", n)
	}
	if n := strings.Count(all, "left my parcel"); n != 1 || !strings.Contains(all, "1 more says the same") {
		t.Errorf("near copies stand %d times", n)
	}
	if !strings.Contains(all, "of 62") {
		t.Error("the count does not have the copies")
	}
	opens := regexp.MustCompile(`href="(/feedback\?copy=[^"]+)"`).FindAllStringSubmatch(all, -1)
	if len(opens) != 2 {
		t.Fatalf("%d groups can be opened", len(opens))
	}
	for _, m := range opens {
		path := html.UnescapeString(m[1])
		body := i.page(token, path)
		want, text := 25, "(?i)late again"
		if strings.Contains(body, "parcel") {
			want, text = 2, "left my parcel"
		}
		if n := len(regexp.MustCompile(text).FindAllString(body, -1)); n != want || !strings.Contains(body, "Copies of one text") {
			t.Errorf("%s shows %d, not %d", path, n, want)
		}
		for _, language := range []string{"he", "fa", "ru"} {
			if r := i.inLanguage(token, path, language); r.Code != http.StatusOK {
				t.Errorf("%s in %s: %d", path, language, r.Code)
			}
		}
	}
	if body := i.page(token, "/feedback?nps.gte=9&last=30d&q=late&sort=best"); !strings.Contains(body, "3 more say the same") {
		t.Errorf("with a filter, others are counted that do not fulfil it: %q", regexp.MustCompile(`[^>]*more say[^<]*`).FindAllString(body, -1))
	}
	if file := i.browse(token, http.MethodGet, "/export/feedback.csv", nil).Body.String(); strings.Count(file, "\n") != 63 {
		t.Errorf("a file has %d lines", strings.Count(file, "\n"))
	}
	if rec := i.browse(token, http.MethodGet, "/feedback?copy=nonsense", nil); rec.Code != http.StatusUnprocessableEntity {
		t.Errorf("what is no key: %d", rec.Code)
	}
}

// TestThemeCountsAllCopies: as many say the same as the link beside it leads to, of whom the page read only the newest.
func TestThemeCountsAllCopies(t *testing.T) {
	t.Parallel()
	i := open(t)
	ws, _ := i.workspace("one")
	token := i.signIn("owner@one.example.com")
	rec := i.browse(token, http.MethodPost, "/themes", url.Values{"name": {"Lifts"}, "rule": {"lift"}})
	id := strings.TrimPrefix(rec.Header().Get("Location"), "/themes/")
	i.reread(ws)
	var batch []feedback.Input
	for n := range 150 { // the newest 80 are read; 6 of those who say the same are among them
		text := "the lift is broken"
		if n >= 6 && n < 80 {
			text = fmt.Sprintf("lift %c%c%c", 'b'+n/6, "aeiouy"[n%6], 'b'+n%19)
		}
		in := nps(3, text)
		at := in.Time.Add(-time.Duration(n) * time.Minute)
		in.Time = &at
		batch = append(batch, in)
	}
	i.receive(ws, batch...)
	i.reread(ws)
	body := i.page(token, "/themes/"+id)
	m := regexp.MustCompile(`(?s)href="(/feedback\?copy=[^"]+)".{0,900}?(\d+) more say the same`).FindStringSubmatch(body)
	if m == nil || m[2] != "75" {
		t.Fatalf("%q", m)
	}
	if body := i.page(token, html.UnescapeString(m[1])); !strings.Contains(body, "of 76") {
		t.Error("the link leads to other than 76 texts")
	}
}
