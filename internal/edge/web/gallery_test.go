package web_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/net/html"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/sample"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/i18n"
)

var (
	keyLike  = regexp.MustCompile(`^[a-z_]+\.[a-z_0-9]+(\.[a-z_0-9]+)*$`)
	leftOver = regexp.MustCompile(`\{[a-z_]+\}`)
)

// TestEveryViewInEveryLanguage renders the gallery and looks at what a browser would make of it: well-formed, no
// message left untranslated, no script or handler inside the page, every label and reference leading somewhere.
func TestEveryViewInEveryLanguage(t *testing.T) {
	t.Parallel()
	words := i18n.Load()
	for _, l := range words.Locales() {
		for _, v := range sample.Pages() {
			t.Run(l.Tag()+"/"+v.Name, func(t *testing.T) {
				t.Parallel()
				var b bytes.Buffer
				if err := v.Render(sample.Shell(words, l, ui.Assets{})).Render(t.Context(), &b); err != nil {
					t.Fatal(err)
				}
				doc, err := html.Parse(&b)
				if err != nil {
					t.Fatal(err)
				}
				check(t, doc, l)
			})
		}
	}
}

func check(t *testing.T, doc *html.Node, l *i18n.Locale) {
	t.Helper()
	ids, refs, h1 := map[string]bool{}, map[string]string{}, 0
	for n := range doc.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "script" {
			text := strings.TrimSpace(n.Data)
			if keyLike.MatchString(text) && !strings.Contains(text, ".csv") && !strings.Contains(text, ".xlsx") && !strings.Contains(text, ".ndjson") {
				t.Errorf("a key instead of its message: %q", text)
			}
			if leftOver.MatchString(text) {
				t.Errorf("a placeholder was not filled: %q", text)
			}
		}
		if n.Type != html.ElementNode {
			continue
		}
		attr := map[string]string{}
		for _, a := range n.Attr {
			attr[a.Key] = a.Val
			if strings.HasPrefix(a.Key, "on") || strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
				t.Errorf("<%s %s=%q> would run a script", n.Data, a.Key, a.Val)
			}
		}
		switch n.Data {
		case "html":
			if attr["lang"] != l.Tag() || attr["dir"] != l.Dir() {
				t.Errorf("<html lang=%q dir=%q>", attr["lang"], attr["dir"])
			}
		case "h1":
			h1++
		case "script":
			if attr["src"] == "" && attr["type"] != "application/json" {
				t.Error("a script inside the page")
			}
			if attr["type"] == "application/json" && !json.Valid([]byte(n.FirstChild.Data)) {
				t.Errorf("chart data is not JSON: %s", n.FirstChild.Data)
			}
		case "input", "select", "textarea":
			if attr["type"] != "hidden" && attr["id"] == "" && attr["aria-label"] == "" && n.Parent.Data != "label" {
				t.Errorf("<%s name=%q> has no label", n.Data, attr["name"])
			}
		}
		if id := attr["id"]; id != "" {
			if ids[id] {
				t.Errorf("id %q stands twice", id)
			}
			ids[id] = true
		}
		for _, key := range []string{"aria-describedby", "aria-labelledby", "for", "data-dialog", "data-chart"} {
			for _, ref := range strings.Fields(attr[key]) {
				refs[ref] = key
			}
		}
	}
	for ref, key := range refs {
		if !ids[ref] {
			t.Errorf("%s=%q leads nowhere", key, ref)
		}
	}
	if h1 != 1 {
		t.Errorf("%d main headings", h1)
	}
}

// TestIconsExist compares the icons that the views ask for with those that the build puts into the sprite.
func TestIconsExist(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../../web/icons.json")
	if err != nil {
		t.Fatal(err)
	}
	var icons map[string]string
	if err := json.Unmarshal(b, &icons); err != nil {
		t.Fatal(err)
	}
	words := i18n.Load()
	asked := 0
	for _, v := range sample.Pages() {
		var b bytes.Buffer
		if err := v.Render(sample.Shell(words, words.Language("en"), ui.Assets{})).Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`href="#i-([a-z-]+)"`).FindAllStringSubmatch(b.String(), -1) {
			asked++
			if icons[m[1]] == "" {
				t.Errorf("%s: web/icons.json has no %q", v.Name, m[1])
			}
		}
	}
	if asked == 0 {
		t.Error("no view has an icon: the test reads the wrong thing")
	}
}

func TestCustomersWordsStayText(t *testing.T) {
	t.Parallel()
	words := i18n.Load()
	e := ui.Env{Locale: words.Language("en"), Now: sample.Now}
	evil := `</script><img src=x onerror=alert(1)>`
	var b bytes.Buffer
	if err := ui.QuoteCard(e, ui.Quote{Parts: []ui.Part{{Text: evil}, {Text: evil, Hit: true, Sentiment: evil}, {Text: evil, Masked: true}},
		Themes: []ui.ThemeTag{{Name: evil, Href: "javascript:alert(1)", Sentiment: evil}}, Who: evil, WhoHref: "javascript:alert(1)", At: sample.Now, Channel: evil, Lang: `"><b>`}).Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	chart := ui.Chart{ID: "c", Title: evil, Labels: []string{evil}, Series: []ui.Series{{Name: evil, Values: []float64{1}, Hrefs: []string{"//evil.example/"}}}}
	if err := ui.ChartBox(e, chart).Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<img", "javascript:alert", "evil.example", "<b>"} {
		if strings.Contains(b.String(), bad) {
			t.Errorf("%q came through: %s", bad, b.String())
		}
	}
}

func TestAssets(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"app-1.js": {Data: []byte("plain")}, "app-1.js.gz": {Data: []byte("packed")}, "manifest.json": {Data: []byte(`{"app.js":"app-1.js"}`)},
		"icons.svg": {Data: []byte("<symbol/>")},
	}
	h := web.Assets(files)
	get := func(path, accept string) *http.Response {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("Accept-Encoding", accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Result()
	}
	for _, c := range []struct{ path, accept, encoding, body string }{
		{"/assets/app-1.js", "gzip, br", "gzip", "packed"}, {"/assets/app-1.js", "", "", "plain"},
	} {
		res := get(c.path, c.accept)
		body, _ := io.ReadAll(res.Body)
		if res.StatusCode != 200 || string(body) != c.body || res.Header.Get("Content-Encoding") != c.encoding || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") ||
			!strings.HasPrefix(res.Header.Get("Content-Type"), "text/javascript") {
			t.Errorf("%s (%s): %d %s %v", c.path, c.accept, res.StatusCode, body, res.Header)
		}
	}
	for _, path := range []string{"/assets/none.js", "/assets/manifest.json", "/assets/.keep", "/assets/../secret"} {
		if res := get(path, "gzip"); res.StatusCode != 404 || strings.Contains(res.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
	a, err := ui.ReadAssets(files)
	if err != nil || a.URL("app.js") != "/assets/app-1.js" {
		t.Errorf("%s %v", a.URL("app.js"), err)
	}
	if _, err := ui.ReadAssets(fstest.MapFS{}); err != nil {
		t.Errorf("without a build: %v", err)
	}
}

func TestPreferences(t *testing.T) {
	t.Parallel()
	words := i18n.Load()
	h := web.Secure(web.Preferences(words))
	r := httptest.NewRequest("POST", "/preferences", strings.NewReader(url.Values{"language": {"iw"}, "theme": {"dark"}, "back": {"/feedback?q=a+b&x=1"}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	res := w.Result()
	if res.StatusCode != 303 || res.Header.Get("Location") != "/feedback?q=a+b&x=1" || !strings.Contains(res.Header.Get("Content-Security-Policy"), "script-src 'self';") {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
	next := httptest.NewRequest("GET", "/", nil)
	next.Header.Set("Accept-Language", "ru")
	if got := web.Language(words, next, ""); got.Tag() != "ru" {
		t.Errorf("language of the browser: %s", got.Tag())
	}
	if got := web.Language(words, next, "fa"); got.Tag() != "fa" {
		t.Errorf("language of the profile: %s", got.Tag())
	}
	for _, c := range res.Cookies() {
		next.AddCookie(c)
	}
	if got := web.Language(words, next, "fa"); got.Tag() != "he" || web.Theme(next) != "dark" {
		t.Errorf("after choosing: %s %q", got.Tag(), web.Theme(next))
	}
	for _, away := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "javascript:alert(1)", "", "relative", "/a\nb", "http:/x"} {
		if got := web.Local(away); got != "/" {
			t.Errorf("Local(%q) = %q", away, got)
		}
	}
}
