package app

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"kolo/internal/listen/feedback"
	"kolo/internal/understand/label"
)

// TestModelPages goes through a check of texts that chance chooses, and finds the answers in the agreement.
func TestModelPages(t *testing.T) {
	t.Parallel()
	i := open(t)
	ws, _ := i.workspace("one")
	token := i.signIn("owner@one.example.com")
	if body := i.page(token, "/model/check"); !strings.Contains(body, "nothing left to check") {
		t.Error("an empty workspace has texts to check")
	}
	var batch []feedback.Input
	for n := range 30 {
		batch = append(batch, nps(9, fmt.Sprintf("Delivery number %d was wonderful, thank you so much", n)))
	}
	i.receive(ws, batch...)
	if body := i.page(token, "/model"); !strings.Contains(body, "Check some texts to learn") || !strings.Contains(body, "Nothing learned yet") {
		t.Error("the page claims to know what nobody has checked")
	}
	id := regexp.MustCompile(`name="id" value="([^"]+)"`)
	seen := map[string]bool{}
	path := "/model/check"
	for n := range 20 {
		body := i.page(token, path)
		m := id.FindStringSubmatch(body)
		if m == nil || seen[m[1]] {
			t.Fatalf("text %d: %v", n, m)
		}
		seen[m[1]] = true
		form := url.Values{"id": {m[1]}, "n": {fmt.Sprint(n)}, "sentiment": {"positive"}}
		for _, s := range regexp.MustCompile(`name="shown" value="([^"]+)"`).FindAllStringSubmatch(body, -1) {
			form.Add("shown", s[1])
		}
		if strings.Contains(body, `name="missed" value="delivery"`) || !strings.Contains(body, `name="missed" value="price"`) {
			t.Fatalf("what the model left out cannot be told of text %d", n)
		}
		if n < 12 {
			form.Add("missed", "price")
		}
		rec := i.browse(token, http.MethodPost, "/model/check", form)
		if path = rec.Header().Get("Location"); rec.Code != http.StatusSeeOther || path != fmt.Sprintf("/model/check?n=%d", n+1) {
			t.Fatalf("after text %d: %d %s", n, rec.Code, path)
		}
	}
	if body := i.page(token, path); !strings.Contains(body, "20 texts are checked") {
		t.Error("a round has no end")
	}
	list, _, err := i.Labels.Agreement(t.Context(), ws)
	must(t, err)
	sentiments := int64(0)
	for _, a := range list {
		if a.Aspect == "sentiment" {
			sentiments += a.N
		} else if a.Aspect == "themes" && (a.N != 20 || a.Agreed != 8) {
			t.Errorf("themes were left out of %d of %d texts", a.N-a.Agreed, a.N)
		} else if a.Aspect == "theme" && a.Agreed != 0 {
			t.Errorf("themes that were unticked count as agreed: %+v", a)
		}
	}
	if sentiments != 20 {
		t.Errorf("agreement rests on %d texts", sentiments)
	}
	if body := i.page(token, "/model"); !strings.Contains(body, "20 texts that chance chose") {
		t.Error("the page does not show the agreement")
	}
	checks, err := i.Labels.Checks(t.Context(), ws)
	must(t, err)
	for _, c := range checks {
		want := label.Check{Theme: "price", Language: "en", WronglyLeftOut: 12, RightlyLeftOut: 8}
		if c.Theme == "delivery" {
			want = label.Check{Theme: "delivery", Language: "en", WronglyTold: 20}
		}
		if (c.Theme == "price" || c.Theme == "delivery") && c != want {
			t.Errorf("%+v, want %+v", c, want)
		}
	}
	row := regexp.MustCompile(`(?s)<bdi>Price</bdi></th>.*?</tr>`).FindString(i.page(token, "/model"))
	if cells := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(row, " "); !strings.Contains(cells, " 12 ") || !strings.Contains(cells, " 0% ") {
		t.Errorf("what was missed stands as %q", cells)
	}
	if rec := i.browse(token, http.MethodPost, "/model/check", url.Values{"id": {"x"}, "sentiment": {"positive"}, "missed": {"nobody"}}); rec.Code != http.StatusUnprocessableEntity {
		t.Errorf("a theme that there is not: %d", rec.Code)
	}
	skipped := i.browse(token, http.MethodPost, "/model/check", url.Values{"id": {"x"}, "n": {"3"}, "do": {"skip"}})
	if skipped.Header().Get("Location") != "/model/check?n=3" {
		t.Errorf("skipping leads to %s", skipped.Header().Get("Location"))
	}
	for _, form := range []url.Values{{"kind": {"nonsense"}}, {"kind": {"sentiment"}, "version": {"nobody"}}} {
		if rec := i.browse(token, http.MethodPost, "/model/activate", form); rec.Code != http.StatusUnprocessableEntity && rec.Code != http.StatusNotFound {
			t.Errorf("%v: %d", form, rec.Code)
		}
	}
	if rec := i.browse(token, http.MethodPost, "/model/activate", url.Values{"kind": {"sentiment"}}); rec.Code != http.StatusSeeOther {
		t.Errorf("switching off: %d", rec.Code)
	}
}
