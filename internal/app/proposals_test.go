package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/driving"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/label"
	"kolo/internal/understand/scan"
	"kolo/internal/understand/theme"
)

// proposed is a workspace in which 40 texts blame the price, and 20 others praise what a run proposed to stand under it: "clerk".
func proposed(t *testing.T) (i *instance, ws identity.WorkspaceID, token string) {
	t.Helper()
	i = open(t)
	ws, owner := i.workspace("one")
	token = i.signIn("owner@one.example.com")
	var batch []feedback.Input
	for n := range 40 {
		batch = append(batch, nps(float64(n%5), fmt.Sprintf("The price is far too high, bill %d", n)))
	}
	for n := range 20 {
		batch = append(batch, nps(10, fmt.Sprintf("Kiosk number %d: good people", n)))
	}
	i.receive(ws, batch...)
	list, err := i.Feedback.List(t.Context(), ws, feedback.Filter{Limit: 100})
	must(t, err)
	about := slices.DeleteFunc(list, func(f feedback.Feedback) bool { return !strings.HasPrefix(f.Text, "Kiosk") })
	must(t, i.Store.Update(t.Context(), func(tx *store.Tx) error {
		return theme.Absorb(tx, ws, []theme.Theme{{ID: "clerk", Parent: "price", Origin: theme.Found, State: theme.Proposed, Names: map[string]string{"en": "Quick clerks"},
			Language: "en", Texts: 20, QuoteOf: string(about[0].ID)}}, nil)
	}))
	for _, f := range about {
		_, err := i.Labels.Correct(t.Context(), ws, owner, label.NewCorrection{Feedback: f.ID, Span: label.Whole, Aspect: label.AspectTheme, Theme: "clerk", Value: "yes"})
		must(t, err)
	}
	_, err = i.follow(t.Context())
	must(t, err)
	return i, ws, token
}

// accept is what a person does with a button.
func (i *instance) accept(token string) {
	i.Helper()
	if rec := i.browse(token, http.MethodPost, "/themes/clerk/state", url.Values{"state": {"live"}, "back": {"/themes"}}); rec.Code != http.StatusSeeOther {
		i.Fatalf("accepting: %d", rec.Code)
	}
}

// TestProposalsCountForNothing holds figures against what a run of discovery proposed: they know of it once somebody has accepted it.
func TestProposalsCountForNothing(t *testing.T) {
	t.Parallel()
	i, ws, token := proposed(t)
	figures := func() (rows map[string]insight.ThemeRow, by map[string]int64, drivers, segments string) {
		t.Helper()
		a, err := i.Insight.Themes(t.Context(), ws, insight.ThemesQuery{})
		must(t, err)
		rows = map[string]insight.ThemeRow{}
		for _, r := range a.Themes {
			rows[r.ID] = r
		}
		groups, err := i.Insight.Ask(t.Context(), ws, insight.Query{Measure: insight.NPS, By: []string{"theme"}})
		must(t, err)
		by = map[string]int64{}
		for _, r := range groups.Rows {
			by[r.Keys["theme"]] = r.N
		}
		d, err := i.Driving.Ask(t.Context(), ws, driving.Query{Score: insight.NPS})
		must(t, err)
		s, err := i.Scan.Ask(t.Context(), ws, scan.Query{Score: insight.NPS})
		must(t, err)
		told := func(v any) string {
			b, err := json.Marshal(v)
			must(t, err)
			return string(b)
		}
		return rows, by, told(d), told(s)
	}
	rows, by, drivers, segments := figures()
	price := rows["price"]
	if price.N < 30 || price.N > 40 || *price.Net > -90 || *price.Score.Value != -100 || rows["clerk"].N != 0 || by["clerk"] != 0 || by["price"] != price.N {
		t.Errorf("while it waits: price %+v, the proposal %+v", price, rows["clerk"])
	}
	if strings.Contains(drivers, "clerk") || strings.Contains(segments, "clerk") {
		t.Error("drivers or segments are made of a proposal")
	}
	if list := i.page(token, "/themes"); !strings.Contains(list, "20 texts about Quick clerks") || !strings.Contains(list, "proposed") || !strings.Contains(list, "good people") {
		t.Error("the page that proposes it does not say how much is said of it, or quotes nobody")
	}
	own := i.page(token, "/themes/clerk")
	if !strings.Contains(own, "20 of 60 texts") || !strings.Contains(own, "Kolo found this theme") || !strings.Contains(own, "good people") || !regexp.MustCompile(`(?s)NPS.*100`).MatchString(own) {
		t.Error("the proposal's own page has no figures, or does not say what it is")
	}
	if body := i.page(token, "/themes/price"); strings.Contains(body, "Quick clerks") {
		t.Error("the page of another theme counts a proposal")
	}
	if file := i.browse(token, http.MethodGet, "/export/themes.csv", nil).Body.String(); !strings.Contains(file, "price") || strings.Contains(file, "clerk") {
		t.Errorf("the file of themes: %s", file)
	}
	if file := i.browse(token, http.MethodGet, "/export/feedback.csv?theme=clerk", nil).Body.String(); strings.Count(file, ",Kiosk") != 20 {
		t.Errorf("%d texts behind a proposal: %.600s", strings.Count(file, ",Kiosk"), file)
	}

	i.accept(token)
	rows, by, _, _ = figures()
	if r := rows["price"]; r.N != price.N+20 || by["clerk"] != 20 || rows["clerk"].N != 20 {
		t.Errorf("once it is accepted: %+v", r)
	}
	if body := i.page(token, "/themes/price"); !strings.Contains(body, "Quick clerks") {
		t.Error("an accepted theme is not among those of its group")
	}
}

// TestProposalsAreNotOnFeedback reads what texts are said to be about while a theme is proposed, and once it is accepted.
func TestProposalsAreNotOnFeedback(t *testing.T) {
	t.Parallel()
	i, ws, token := proposed(t)
	_, key, err := i.Identity.CreateKey(t.Context(), ws, identity.Program(ws, "test"), identity.NewKey{Name: "all", Scopes: identity.Permissions()})
	must(t, err)
	list, err := i.Feedback.List(t.Context(), ws, feedback.Filter{Limit: 100})
	must(t, err)
	of := slices.IndexFunc(list, func(f feedback.Feedback) bool { return strings.HasPrefix(f.Text, "Kiosk") })
	one := string(list[of].ID)
	said := regexp.MustCompile(`"theme": ?"clerk"`)
	for _, accepted := range []bool{false, true} {
		if accepted {
			i.accept(token)
		}
		_, told := i.download(key, "/v1/feedback/"+one)
		_, page := i.download(key, "/v1/feedback?theme=clerk")
		file := i.browse(token, http.MethodGet, "/export/feedback.ndjson", nil).Body.String()
		flat := i.browse(token, http.MethodGet, "/export/feedback.csv", nil).Body.String()
		for name, is := range map[string]bool{
			"the API's feedback": said.Match(told), "the API's list": said.Match(page), "the file": said.MatchString(file), "the flat file": strings.Contains(flat, "clerk"),
			"the list":   strings.Contains(i.page(token, "/feedback"), "Quick clerks"),
			"its page":   strings.Contains(i.page(token, "/feedback/"+one), "Quick clerks"), // among what it can be said to be about as well
			"the checks": strings.Contains(i.page(token, "/model/check"), "Quick clerks"),
		} {
			if is != accepted {
				t.Errorf("accepted %v: %s has it: %v", accepted, name, is)
			}
		}
		if strings.Count(string(page), `"text":"Kiosk`) < 20 {
			t.Error("the feedback behind a proposal is not found")
		}
	}
}
