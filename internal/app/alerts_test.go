package app

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/alert"
)

// TestAlertPages takes an alarm through its life on the pages.
func TestAlertPages(t *testing.T) {
	t.Parallel()
	i := open(t)
	ws, owner := i.workspace("one")
	other, _ := i.workspace("two")
	token, theirs := i.signIn("owner@one.example.com"), i.signIn("owner@two.example.com")
	if body := i.page(token, "/alerts"); !strings.Contains(body, "Watching begins with the first feedback") {
		t.Error("an empty workspace is not told that it is")
	}
	now := time.Now().UTC()
	var batch []feedback.Input
	for k := range 30 * 7 {
		n := 2
		if k < 14 {
			n = 20
		}
		for range n {
			at := now.AddDate(0, 0, -k-1)
			batch = append(batch, feedback.Input{Kind: "complaint", Channel: "email", Source: "mail", Time: &at, Text: "The courier was late <b>again</b>"},
				feedback.Input{Kind: "review", Channel: "review_site", Source: "stars", Time: &at, Text: "Fine"})
		}
		for range 20 - n {
			at := now.AddDate(0, 0, -k-1)
			batch = append(batch, feedback.Input{Kind: "review", Channel: "review_site", Source: "stars", Time: &at, Text: "Fine"})
		}
	}
	for chunk := range slices.Chunk(batch, 1000) {
		i.receive(ws, chunk...)
	}
	_, err := i.Alerts.Look(t.Context(), ws, time.Now(), nil)
	must(t, err)
	list, _, err := i.Alerts.List(t.Context(), ws, alert.Filter{Kind: alert.Alarm})
	must(t, err)
	at := slices.IndexFunc(list, func(a alert.Alert) bool { return a.Subject.Value == "complaint" })
	if at < 0 {
		t.Fatalf("%+v", list)
	}
	a := list[at]
	path := "/alerts/" + string(a.ID)
	if body := i.page(token, "/alerts"); !strings.Contains(body, "More than usual: <bdi>") && !strings.Contains(body, "Complaint") || !strings.Contains(body, "About one false alarm in 4 weeks over") {
		t.Error("the list does not show the alarm, or not the budget")
	}
	if body := i.page(token, "/"); !strings.Contains(body, "for somebody") || !strings.Contains(body, "k-nav-count") {
		t.Error("Home says nothing of what waits")
	}
	if body := i.page(theirs, "/alerts"); strings.Contains(body, string(a.ID)) || strings.Contains(body, "k-nav-count") {
		t.Error("an alert is seen across the wall")
	}
	if rec := i.browse(theirs, http.MethodGet, path, nil); rec.Code != http.StatusNotFound {
		t.Errorf("across the wall: %d", rec.Code)
	}
	post := func(token, path string, form url.Values, want int) string {
		t.Helper()
		rec := i.browse(token, http.MethodPost, path, form)
		if rec.Code != want {
			t.Fatalf("%s %v: %d instead of %d: %.300s", path, form, rec.Code, want, rec.Body.String())
		}
		return rec.Body.String()
	}
	for _, language := range []string{"en", "he", "fa", "ru"} {
		for _, p := range []string{"/alerts", "/alerts?show=better", "/alerts?show=closed", path, "/alerts/series", "/alerts/settings"} {
			rec := i.inLanguage(token, p, language)
			if body := rec.Body.String(); rec.Code != http.StatusOK || strings.Contains(body, "alerts.") && strings.Contains(body, ">alerts.") || strings.Contains(body, "<b>again</b>") {
				t.Errorf("%s in %s: %d", p, language, rec.Code)
			}
		}
	}
	if body := i.page(token, path); !strings.Contains(body, "The courier was late") || !strings.Contains(body, `id="course"`) && !strings.Contains(body, "course") {
		t.Error("the page has not the words, or not the course")
	}
	if body := post(token, path, url.Values{"do": {"close"}}, http.StatusUnprocessableEntity); !strings.Contains(body, "Close it") {
		t.Error("closing without a verdict loses the page")
	}
	post(token, path, url.Values{"do": {"snooze"}, "snoozed_until": {"2001-01-01"}, "snooze_reason": {"x"}}, http.StatusUnprocessableEntity)
	post(token, path, url.Values{"do": {"snooze"}, "snoozed_until": {now.AddDate(0, 0, 9).Format(time.DateOnly)}, "snooze_reason": {"waiting for the courier"}}, http.StatusSeeOther)
	if body := i.page(token, path); !strings.Contains(body, "waiting for the courier") {
		t.Error("the reason of a snooze is not shown")
	}
	post(token, path, url.Values{"do": {"wake"}}, http.StatusSeeOther)
	post(token, path, url.Values{"do": {"take"}, "owner": {string(owner.Member)}}, http.StatusSeeOther)
	post(token, path, url.Values{"do": {"nonsense"}}, http.StatusUnprocessableEntity)
	post(theirs, path, url.Values{"do": {"reopen"}}, http.StatusNotFound)
	post(token, path, url.Values{"do": {"close"}, "verdict": {"true"}, "reason": {"a strike"}}, http.StatusSeeOther)
	if body := i.page(token, "/alerts?show=closed"); !strings.Contains(body, "Something had happened") {
		t.Error("the closed alarm is not among the closed")
	}
	if body := i.page(token, "/settings/audit?object="+string(a.ID)); strings.Count(body, "The alert") < 5 || !strings.Contains(body, "Something had happened") {
		t.Error("the log does not say who did what")
	}
	settings := url.Values{"budget": {"24"}, "watch": {"themes", "kinds"}, "weekly": {"weekly"}, "cooldown_days": {"7"}, "hold_days": {"0"}, "cost_minor": {"12.50"}}
	post(token, "/alerts/settings", settings, http.StatusSeeOther)
	set, err := i.Alerts.Watch(t.Context(), ws)
	must(t, err)
	if s := set.Settings; s.Budget != 24 || s.Daily || !s.Weekly || s.Scores || !s.Themes || s.Cost != 1250 || s.Cooldown != 7 || s.Hold != 0 {
		t.Errorf("%+v", s)
	}
	if w, err := i.Alerts.Watch(t.Context(), other); err != nil || w.Settings.Budget != 12 {
		t.Errorf("the settings of another workspace: %+v %v", w, err)
	}
	settings.Set("budget", "many")
	post(token, "/alerts/settings", settings, http.StatusUnprocessableEntity)
	settings.Set("budget", "0")
	if body := post(token, "/alerts/settings", settings, http.StatusUnprocessableEntity); !strings.Contains(body, "12.5") {
		t.Error("what was sent is lost")
	}
	// Who may what.
	for role, may := range map[identity.Role][2]bool{identity.Analyst: {true, true}, identity.Agent: {true, false}, identity.Viewer: {false, false}} {
		email := string(role) + "@one.example.com"
		_, invitation, err := i.Identity.Invite(t.Context(), ws, owner, identity.NewInvite{Email: email, Role: role})
		must(t, err)
		_, err = i.Identity.AcceptInvite(t.Context(), invitation, "Member", password)
		must(t, err)
		session := i.signIn(email)
		if body := i.page(session, path); strings.Contains(body, `value="reopen"`) != may[0] {
			t.Errorf("what %s may do with an alert is not what is offered", role)
		}
		if rec := i.browse(session, http.MethodGet, "/alerts/settings", nil); (rec.Code == http.StatusOK) != may[1] {
			t.Errorf("%s at the settings: %d", role, rec.Code)
		}
		if !may[0] {
			post(session, path, url.Values{"do": {"reopen"}}, http.StatusForbidden)
		}
	}
}

// TestAlertPagesSayWhatIsNotWatched has more channels than are watched of a field.
func TestAlertPagesSayWhatIsNotWatched(t *testing.T) {
	t.Parallel()
	i := open(t)
	ws, owner := i.workspace("one")
	token := i.signIn("owner@one.example.com")
	_, invitation, err := i.Identity.Invite(t.Context(), ws, owner, identity.NewInvite{Email: "viewer@one.example.com", Role: identity.Viewer})
	must(t, err)
	_, err = i.Identity.AcceptInvite(t.Context(), invitation, "Member", password)
	must(t, err)
	viewer := i.signIn("viewer@one.example.com")
	var batch []feedback.Input
	for k := range alert.MostValues + 3 {
		at := time.Now().UTC().AddDate(0, 0, -9)
		batch = append(batch, feedback.Input{Kind: "complaint", Channel: fmt.Sprintf("till %d", k), Source: "tills", Time: &at, Text: "Late"})
	}
	i.receive(ws, batch[:alert.MostValues]...)
	look := func() {
		t.Helper()
		_, err := i.Alerts.Look(t.Context(), ws, time.Now(), nil)
		must(t, err)
	}
	look()
	const said = "Not everything has a place among what is watched"
	if body := i.page(token, "/alerts"); strings.Contains(body, said) {
		t.Error("all are watched, and the page says that some are not")
	}
	i.receive(ws, batch[alert.MostValues:]...)
	look()
	w, err := i.Alerts.Watch(t.Context(), ws)
	must(t, err)
	if w.Report.Unseen != 3 || len(w.Report.UnseenOf) != 1 || w.Report.UnseenOf[0] != (alert.Unseen{Field: "channel", N: 3}) {
		t.Errorf("%+v", w.Report)
	}
	const choose = "Choose what is watched, and by which fields"
	for _, p := range []string{"/alerts", "/alerts/series", "/alerts/settings"} {
		body := i.page(token, p)
		if !strings.Contains(body, said) || !strings.Contains(body, "Channel") || !strings.Contains(body, "3 values are not watched") || strings.Contains(body, choose) != (p != "/alerts/settings") {
			t.Errorf("%s does not say what is not watched, or not where to choose", p)
		}
		for _, language := range []string{"he", "fa", "ru"} {
			if rec := i.inLanguage(token, p, language); rec.Code != http.StatusOK || strings.Contains(rec.Body.String(), "alerts.unwatched") {
				t.Errorf("%s in %s: %d", p, language, rec.Code)
			}
		}
	}
	if body := i.page(viewer, "/alerts"); !strings.Contains(body, said) || strings.Contains(body, choose) {
		t.Error("who may not choose is offered to, or is not told")
	}
}

// TestQuietIsToldOnce: where nothing waits, how much is watched stands on the page once.
func TestQuietIsToldOnce(t *testing.T) {
	t.Parallel()
	i := open(t)
	ws, _ := i.workspace("one")
	token := i.signIn("owner@one.example.com")
	now := time.Now().UTC()
	var batch []feedback.Input
	for k := range 30 * 7 {
		for range 4 {
			at := now.AddDate(0, 0, -k-1)
			batch = append(batch, feedback.Input{Kind: "review", Channel: "review_site", Source: "stars", Time: &at, Text: "Fine"})
		}
	}
	i.receive(ws, batch...)
	_, err := i.Alerts.Look(t.Context(), ws, time.Now(), nil)
	must(t, err)
	if body := i.page(token, "/alerts"); !strings.Contains(body, "Everything is in its normal range") || strings.Count(body, "About one false alarm") != 1 {
		t.Errorf("what is watched is told %d times", strings.Count(body, "About one false alarm"))
	}
}
