package app

import (
	"context"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"kolo/internal/edge/web"
	"kolo/internal/foundation/config"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
)

// receive keeps feedback and waits until the columns have it.
func (i *instance) receive(ws identity.WorkspaceID, batch ...feedback.Input) {
	i.Helper()
	results, err := i.Feedback.Receive(i.Context(), ws, batch)
	must(i.T, err)
	for _, r := range results {
		if r.Status != feedback.Created {
			i.Fatalf("%+v", r)
		}
	}
	_, err = i.follow(i.Context())
	must(i.T, err)
}

func nps(value float64, text string) feedback.Input {
	at := time.Now().Add(-36 * time.Hour)
	return feedback.Input{Channel: "web", Text: text, Time: &at, Scores: []feedback.Score{{Metric: "nps", Value: value, Scale: feedback.Scale{Max: 10}}}}
}

// page asks for a page that must be there.
func (i *instance) page(token, path string) string {
	i.Helper()
	rec := i.browse(token, http.MethodGet, path, nil)
	if rec.Code != http.StatusOK {
		i.Fatalf("%s: %d", path, rec.Code)
	}
	return rec.Body.String()
}

// TestAllScreensSayTheSame: one number on Home, in Explore and from insight itself, and the words behind it.
func TestAllScreensSayTheSame(t *testing.T) {
	t.Parallel()
	i := open(t)
	ws, _ := i.workspace("one")
	token := i.signIn("owner@one.example.com")
	var batch []feedback.Input
	for n := range 40 { // 25 promoters, 5 passives, 10 detractors: 37.5
		value, text := 10.0, fmt.Sprint("promoter ", n)
		switch {
		case n >= 30:
			value, text = 2, fmt.Sprint("detractor ", n)
		case n >= 25:
			value, text = 8, fmt.Sprint("passive ", n)
		}
		batch = append(batch, nps(value, text))
	}
	i.receive(ws, batch...)
	a, err := i.Insight.Ask(t.Context(), ws, insight.Query{Measure: insight.NPS})
	must(t, err)
	if *a.Total.Value != 37.5 || a.Total.N != 40 {
		t.Fatalf("%+v", a.Total)
	}
	for _, path := range []string{"/", "/explore?measure=nps", "/explore?measure=nps&by=channel"} {
		if body := i.page(token, path); !strings.Contains(body, ">38<") && !strings.Contains(body, ">37<") || !strings.Contains(body, "40 answers") {
			t.Errorf("%s does not say the NPS of 37.5 of 40 answers", path)
		}
	}
	for _, path := range []string{"/?last=5x", "/themes?last=5x", "/themes/delivery?last=5x", "/explore?measure=nps&last=5x"} { // no other period in its stead
		if rec := i.browse(token, http.MethodGet, path, nil); rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", path, rec.Code)
		}
	}
	body := i.page(token, "/feedback?nps_group=detractor")
	if strings.Count(body, "detractor ") < 10 || strings.Contains(body, "promoter 1") || strings.Contains(body, "passive 2") {
		t.Error("the words behind detractors are not theirs")
	}
	if body := i.page(token, "/feedback?q=passive+27"); !strings.Contains(body, "passive 27") || strings.Contains(body, "passive 28") {
		t.Error("searching finds something else")
	}
}

// TestHomeLeadsToWhatItCounts: the stages on Home lead to the very feedback that they count, in their period.
func TestHomeLeadsToWhatItCounts(t *testing.T) {
	t.Parallel()
	i := open(t)
	ws, _ := i.workspace("one")
	token := i.signIn("owner@one.example.com")
	old := time.Now().AddDate(0, 0, -60)
	before := nps(9, "long ago")
	before.Time = &old
	i.receive(ws, before, nps(9, "this month"), nps(8, ""), nps(7, "this month too"))
	body := i.page(token, "/?last=30d")
	links := regexp.MustCompile(`<a href="(/feedback[^"]*)">\s*<span class="k-loop-mark"`).FindAllStringSubmatch(body, -1)
	if len(links) != 2 {
		t.Fatalf("%v", links)
	}
	for k, want := range []int{3, 2} {
		query, err := url.ParseQuery(strings.TrimPrefix(html.UnescapeString(links[k][1]), "/feedback?"))
		must(t, err)
		where, between, err := insight.Decode(query)
		must(t, err)
		found, err := i.Insight.Find(t.Context(), ws, where, between, "", 100)
		must(t, err)
		if len(found.Feedback) != want {
			t.Errorf("%s leads to %d, not %d", links[k][1], len(found.Feedback), want)
		}
	}
}

// TestGoingBackIsAWholePage: each question of Explore is an entry of its own in the browser's history, and what htmx asks for when somebody goes
// back to one is a page with all around it.
func TestGoingBackIsAWholePage(t *testing.T) {
	t.Parallel()
	i := open(t)
	ws, _ := i.workspace("one")
	token := i.signIn("owner@one.example.com")
	i.receive(ws, nps(9, "one"))
	ask := func(headers ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/explore?measure=nps", nil)
		r.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: token})
		for _, h := range headers {
			r.Header.Set(h, "true")
		}
		rec := httptest.NewRecorder()
		i.Handler().ServeHTTP(rec, r)
		return rec
	}
	if rec := ask("HX-Request"); rec.Code != http.StatusOK || strings.Contains(rec.Body.String(), "<html") {
		t.Errorf("a part of the page: %d %.200s", rec.Code, rec.Body)
	}
	if rec := ask("HX-Request", "HX-History-Restore-Request"); rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), "<html") {
		t.Errorf("going back: %d %.200s", rec.Code, rec.Body)
	}
}

// TestWeightsInPerCentAreOfAHundred: the settings of the score take none that add up to anything else.
func TestWeightsInPerCentAreOfAHundred(t *testing.T) {
	t.Parallel()
	i := open(t)
	i.workspace("one")
	token := i.signIn("owner@one.example.com")
	for usage, want := range map[string]int{"35": http.StatusUnprocessableEntity, "20": http.StatusSeeOther} {
		sent := url.Values{"weights.usage": {usage}, "horizon_days": {"90"}, "guessed": {"yes"}}
		for _, k := range []string{"sentiment", "support", "commercial", "engagement"} {
			sent.Set("weights."+k, "20")
		}
		for _, k := range []string{"usage", "sentiment", "support", "engagement"} {
			sent.Set("half_lives."+k, "30")
		}
		rec := i.browse(token, http.MethodPost, "/health/settings", sent)
		if rec.Code != want || want != http.StatusSeeOther && !strings.Contains(rec.Body.String(), "The weights add up to 115, and not to 100.") {
			t.Errorf("%s: %d %.300s", usage, rec.Code, rec.Body)
		}
	}
}

// TestSmallGroupsAreHeldBack: below ten answers no value stands on a page, below thirty it is marked.
func TestSmallGroupsAreHeldBack(t *testing.T) {
	t.Parallel()
	i := open(t)
	ws, _ := i.workspace("one")
	token := i.signIn("owner@one.example.com")
	for range 9 {
		i.receive(ws, nps(9, "nine"))
	}
	if body := i.page(token, "/explore?measure=nps"); strings.Contains(body, ">100<") {
		t.Error("a value of 9 answers is shown")
	}
	i.receive(ws, nps(9, "ten"), nps(9, "eleven"))
	if body := i.page(token, "/explore?measure=nps"); !strings.Contains(body, ">100<") || !strings.Contains(body, "ndicative") && !strings.Contains(body, "fewer than 30") {
		t.Error("a value of 11 answers is not shown, or not marked")
	}
}

// TestHostileWordsAreWords: what customers, files and addresses say is never a part of a page.
func TestHostileWordsAreWords(t *testing.T) {
	t.Parallel()
	i := open(t)
	ws, _ := i.workspace("one")
	token := i.signIn("owner@one.example.com")
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}` + "\u202eevil\u2066"
	in := nps(9, evil)
	in.Contact = &feedback.Who{Name: evil, ExternalID: evil}
	in.Source, in.Touchpoint, in.Survey, in.Attributes = evil, "t"+evil[:20], "s"+evil[:20], feedback.Attributes{"<b>key</b>": evil}
	in.Answers = feedback.Answers{{Question: evil, Value: evil}}
	var batch []feedback.Input
	for range 12 {
		batch = append(batch, in)
	}
	i.receive(ws, batch...)
	found, err := i.Feedback.List(t.Context(), ws, feedback.Filter{Limit: 1})
	must(t, err)
	q := url.QueryEscape(evil)
	for _, path := range []string{"/", "/feedback", "/feedback/" + string(found[0].ID), "/feedback?q=" + q, "/feedback?source=" + q, "/feedback?last=" + q, "/explore?measure=nps&by=source", "/explore?measure=" + q,
		"/explore?measure=nps&by=" + url.QueryEscape("attribute.<b>key</b>"), "/contacts", "/contacts/" + string(found[0].Contact), "/contacts?q=" + q, "/sign-in?next=" + q, "/settings/attributes", "/settings/audit?q=" + q, "/" + q} {
		body := i.browse(token, http.MethodGet, path, nil).Body.String()
		if strings.Contains(body, "<script>alert") || strings.Contains(body, "<img src=x") || strings.Contains(body, "<b>key</b>") || body == "" {
			t.Errorf("%.60s: hostile words became a part of the page", path)
		}
	}
}

// TestWhoAsksTooEarlyIsTold: until the columns have followed after a sudden end, pages of figures and answers of the API say that they lack something.
func TestWhoAsksTooEarlyIsTold(t *testing.T) {
	t.Parallel()
	cfg, _, err := config.Load([]string{"KOLO_DATA=" + t.TempDir(), "KOLO_LISTEN=127.0.0.1:0"}, config.Flags{})
	must(t, err)
	a, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	must(t, err)
	i := &instance{t, a}
	t.Cleanup(func() { must(t, a.close()) })
	ws, owner := i.workspace("one")
	token := i.signIn("owner@one.example.com")
	_, key, err := i.Identity.CreateKey(t.Context(), ws, owner, identity.NewKey{Name: "all", Scopes: identity.Permissions()})
	must(t, err)
	batch := make([]feedback.Input, 300)
	for n := range batch {
		batch[n] = nps(9, fmt.Sprint("fine ", n))
	}
	_, err = i.Feedback.Receive(t.Context(), ws, batch)
	must(t, err)
	a.Feeder.Start(context.WithoutCancel(t.Context())) // nobody reads the texts, so it waits
	t.Cleanup(a.Feeder.Stop)
	ask := func(method, path, body string) string {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+key)
		r.Header.Set("Content-Type", "application/json")
		rec := httptest.NewRecorder()
		i.Handler().ServeHTTP(rec, r)
		if rec.Code >= 300 {
			t.Errorf("%s %s: %d %s", method, path, rec.Code, rec.Body)
		}
		return rec.Header().Get("Kolo-Late")
	}
	check := func(late bool) {
		t.Helper()
		for _, path := range []string{"/", "/feedback?channel=web", "/explore?measure=nps", "/drivers", "/scan"} {
			if strings.Contains(i.page(token, path), "still on its way") != late {
				t.Errorf("%s says that it lacks something: not %v", path, late)
			}
		}
		want := map[bool]string{true: "true"}[late]
		for _, got := range []string{ask(http.MethodGet, "/v1/feedback?channel=web", ""), ask(http.MethodPost, "/v1/insights/query", `{"measure":"nps"}`)} {
			if got != want {
				t.Errorf("the answer says %q, not %q", got, want)
			}
		}
		if got := ask(http.MethodPost, "/v1/feedback", `{"channel":"web","text":"more"}`); got != "" {
			t.Errorf("what is received is answered with %q", got)
		}
	}
	check(true)
	_, err = i.follow(t.Context())
	must(t, err)
	check(false)
}

// TestWhoMayNotSearchForNumbersIsTold on the list itself, and keeps what they have filtered by.
func TestWhoMayNotSearchForNumbersIsTold(t *testing.T) {
	t.Parallel()
	i := open(t)
	ws, owner := i.workspace("one")
	_, invitation, err := i.Identity.Invite(t.Context(), ws, owner, identity.NewInvite{Email: "viewer@one.example.com", Role: identity.Viewer})
	must(t, err)
	_, err = i.Identity.AcceptInvite(t.Context(), invitation, "Member", password)
	must(t, err)
	i.receive(ws, nps(9, "call me at 054-1234567"))
	token := i.signIn("viewer@one.example.com")
	for q, why := range map[string]string{"054-1234567": "cannot search for personal data", "dana@example.com": "cannot search for personal data", "15570": "numbers of four digits and more", "2026": "numbers of four digits and more"} {
		rec := i.browse(token, http.MethodGet, "/feedback?channel=web&q="+url.QueryEscape(q), nil)
		body := rec.Body.String()
		if rec.Code != http.StatusForbidden || !strings.Contains(body, why) || strings.Contains(body, "call me") {
			t.Errorf("%s: %d without a reason, or with what was asked for", q, rec.Code)
		}
		if !strings.Contains(body, `value="`+q+`"`) || !strings.Contains(body, `href="/feedback?channel=web"`) {
			t.Errorf("%s: the filters are lost", q)
		}
	}
}
