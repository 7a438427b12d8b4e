package app

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
)

// TestThemesPages makes a theme by a rule, and does with it all that its page offers.
func TestThemesPages(t *testing.T) {
	t.Parallel()
	i := open(t)
	ws, owner := i.workspace("one")
	token := i.signIn("owner@one.example.com")
	if body := i.page(token, "/themes"); !strings.Contains(body, "Nobody has said anything yet") || strings.Contains(body, `id="tree"`) {
		t.Error("an empty workspace is not told that it is")
	}
	var batch []feedback.Input
	for n := range 24 {
		batch = append(batch, nps(float64(n%11), fmt.Sprintf("The postman of round %d was rude, write to dana@example.com", n)))
	}
	batch = append(batch, nps(9, "Lovely cake, thank you"))
	i.receive(ws, batch...)

	post := func(path string, form url.Values, want int) string {
		t.Helper()
		rec := i.browse(token, http.MethodPost, path, form)
		if rec.Code != want {
			t.Fatalf("%s: %d instead of %d: %.300s", path, rec.Code, want, rec.Body.String())
		}
		if to := rec.Header().Get("Location"); to != "" {
			return to
		}
		return rec.Body.String()
	}
	if body := post("/themes", url.Values{"name": {"Postmen"}, "rule": {`postman "so rude`}}, http.StatusUnprocessableEntity); !strings.Contains(body, "At character 9") || !strings.Contains(body, "Postmen") {
		t.Error("a broken rule is not shown where it is wrong, or what was sent is lost")
	}
	if body := post("/themes", url.Values{"name": {"Postmen"}, "rule": {"postm*n"}, "do": {"try"}}, http.StatusOK); !strings.Contains(body, "a star stands at the end") || !strings.Contains(body, "<mark>*</mark>") {
		t.Error("trying a broken rule does not show its place")
	}
	if body := post("/themes", url.Values{"name": {"Postmen"}, "rule": {"postman"}, "do": {"try"}}, http.StatusOK); !strings.Contains(body, "24 of the newest 25") || !strings.Contains(body, "<mark") {
		t.Error("trying a rule does not say what it finds")
	}
	to := post("/themes", url.Values{"name": {"Postmen"}, "rule": {"postman"}, "parent": {"logistics"}}, http.StatusSeeOther)
	id := strings.TrimPrefix(to, "/themes/")
	i.reread(ws)

	body := i.page(token, "/themes")
	if !strings.Contains(body, "Postmen") || !strings.Contains(body, "24 texts about") {
		t.Error("the tree does not count what the rule finds")
	}
	if body := i.page(token, to); !strings.Contains(body, "24 of 25 texts") || !strings.Contains(body, "<mark") || strings.Contains(body, "Lovely cake") || !strings.Contains(body, "more say the same") {
		t.Error("the theme's page does not show its texts, with copies once and what is about it marked")
	}
	if body := i.page(token, "/feedback?theme="+id); strings.Contains(body, "Lovely cake") || !strings.Contains(body, "postman") {
		t.Error("the feedback behind a theme is other feedback")
	}

	// The files of the charts, of the theme and of the one it stands under, hold these alone.
	for _, x := range []string{id, "logistics"} {
		body := i.page(token, "/themes/"+x)
		files := regexp.MustCompile(`/export/answer\.csv\?[^"]*theme_sentiment[^"]*`).FindAllString(body, -1)
		if len(files) != 1 {
			t.Fatalf("%s: %q", x, files)
		}
		file := i.browse(token, http.MethodGet, html.UnescapeString(files[0]), nil).Body.String()
		for _, line := range strings.Split(strings.TrimSpace(file), "\n")[1:] {
			if cells := strings.Split(line, ","); cells[0] == "group" && cells[1] != x {
				t.Errorf("the file of %s has %s", x, line)
			}
		}
		if !strings.Contains(file, "\ngroup,"+x+",") {
			t.Errorf("%s is not in its file: %s", x, file)
		}
	}

	post(to+"/names", url.Values{"name.en": {"Rude postmen"}, "name.he": {"דוורים גסים"}}, http.StatusSeeOther)
	post(to+"/place", url.Values{"parent": {"service"}}, http.StatusSeeOther)
	post(to+"/pin", url.Values{"pinned": {"yes"}, "back": {to}}, http.StatusSeeOther)
	tree, err := i.Themes.Tree(t.Context(), ws)
	must(t, err)
	if x, _ := tree.Get(id); x.Name("en") != "Rude postmen" || x.Name("he") != "דוורים גסים" || x.Parent != "service" || !x.Pinned {
		t.Errorf("%+v", x)
	}
	post(to+"/names", url.Values{"name.en": {""}, "name.he": {""}}, http.StatusUnprocessableEntity)
	post(to+"/place", url.Values{"parent": {id}}, http.StatusConflict)
	post(to+"/merge", url.Values{}, http.StatusUnprocessableEntity)
	post(to+"/rule", url.Values{"rule": {"(postman"}}, http.StatusUnprocessableEntity)
	post(to+"/state", url.Values{"state": {"forbidden"}, "back": {"/themes"}}, http.StatusSeeOther)
	if body := i.page(token, "/themes"); !strings.Contains(body, "Allow again") {
		t.Error("a forbidden theme cannot be allowed again")
	}
	post(to+"/state", url.Values{"state": {"live"}, "back": {"https://elsewhere.example.com/"}}, http.StatusSeeOther)
	if body := post("/themes/service/state", url.Values{"state": {"forbidden"}, "back": {"/themes"}}, http.StatusConflict); !strings.Contains(body, "Move the themes that stand under it first") {
		t.Error("a group is forbidden, or nobody says why not")
	}
	if into := post(to+"/merge", url.Values{"into": {"staff_attitude"}}, http.StatusSeeOther); into != "/themes/staff_attitude" {
		t.Errorf("after a merge one is at %s", into)
	}
	if rec := i.browse(token, http.MethodGet, to, nil); rec.Header().Get("Location") != "/themes/staff_attitude" {
		t.Errorf("what was merged away leads to %q", rec.Header().Get("Location"))
	}
	for _, sort := range []string{"n", "-share", "change", "-net", "score", "-impact", "nonsense", "-"} {
		for _, metric := range []string{"nps", "csat", "nonsense"} {
			i.page(token, "/themes?last=12m&sort="+url.QueryEscape(sort)+"&metric="+metric)
		}
	}

	// Each role sees what it may do, and nothing personal that it may not.
	for role, manages := range map[identity.Role]bool{identity.Admin: true, identity.Analyst: true, identity.Agent: false, identity.Viewer: false} {
		email := string(role) + "@one.example.com"
		_, invitation, err := i.Identity.Invite(t.Context(), ws, owner, identity.NewInvite{Email: email, Role: role})
		must(t, err)
		_, err = i.Identity.AcceptInvite(t.Context(), invitation, "Member", password)
		must(t, err)
		session := i.signIn(email)
		for _, path := range []string{"/themes", "/themes/staff_attitude"} {
			body := i.page(session, path)
			if strings.Contains(body, "/themes/new") != manages && path == "/themes" || strings.Contains(body, "/edit") != manages && path != "/themes" {
				t.Errorf("%s: what %s may do is not what is offered", path, role)
			}
			if strings.Contains(body, "dana@example.com") && !role.May(identity.ContactsIdentify) {
				t.Errorf("%s shows %s an address", path, role)
			}
		}
	}
	// Hostile names are names.
	const evil = `"><script>alert(1)</script>{{7*7}}`
	to = post("/themes", url.Values{"name": {evil}, "rule": {"cake"}}, http.StatusSeeOther)
	i.reread(ws)
	for _, language := range []string{"en", "he", "fa", "ru"} {
		for _, path := range []string{"/themes", to, to + "/edit", "/themes/new?name=" + url.QueryEscape(evil), "/themes/preview?rule=" + url.QueryEscape(evil), "/feedback", "/explore?measure=count&by=theme", "/settings/audit"} {
			r := i.inLanguage(token, path, language)
			if r.Code != http.StatusOK || strings.Contains(r.Body.String(), "<script>alert") {
				t.Errorf("%s in %s: %d", path, language, r.Code)
			}
		}
	}
	if file := i.browse(token, http.MethodGet, "/export/themes.csv", nil).Body.String(); !strings.Contains(file, `script>`) {
		t.Errorf("the file of themes: %s", file)
	}
}

// A theme that has others under it and beside it is compared with all texts that are not about it, and its page says so.
func TestThemeIsComparedWithAllOtherTexts(t *testing.T) {
	t.Parallel()
	i := open(t)
	ws, _ := i.workspace("one")
	token := i.signIn("owner@one.example.com")
	made := map[string]string{}
	for _, x := range [][2]string{{"alpha", ""}, {"beta", "alpha"}, {"gamma", "beta"}, {"delta", "alpha"}} {
		rec := i.browse(token, http.MethodPost, "/themes", url.Values{"name": {"About " + x[0]}, "rule": {x[0]}, "parent": {made[x[1]]}})
		made[x[0]] = strings.TrimPrefix(rec.Header().Get("Location"), "/themes/")
	}
	var batch []feedback.Input
	for _, x := range []struct {
		word     string
		n, score int
	}{{"beta", 12, 10}, {"gamma", 8, 10}, {"delta", 15, 0}, {"omega", 30, 8}} {
		for n := range x.n {
			batch = append(batch, nps(float64(x.score), fmt.Sprintf("%s crate number %d", x.word, n)))
		}
	}
	i.receive(ws, batch...)
	body := i.page(token, "/themes/"+made["beta"])
	if !regexp.MustCompile(`than for texts that are not about it \(.33\)`).MatchString(body) { // 15 detractors among 45
		t.Errorf("compared otherwise: %q", regexp.MustCompile(`[^<>"]*(higher|lower) than[^<>"]*`).FindAllString(body, -1))
	}
}

// reread has the texts of a workspace read again, as the job does that a change of a rule asks for.
func (i *instance) reread(ws identity.WorkspaceID) {
	i.Helper()
	r, err := i.Adapt.For(i.Context(), ws)
	must(i.T, err)
	for {
		list, err := i.Feedback.List(i.Context(), ws, feedback.Filter{Limit: 500})
		must(i.T, err)
		stale := false
		for _, f := range list {
			l, ok, err := i.Labels.Get(i.Context(), ws, f.ID)
			must(i.T, err)
			stale = stale || ok && l.Model != r.Model()
		}
		_, err = i.follow(i.Context())
		must(i.T, err)
		if !stale {
			return
		}
	}
}

// TestNoFigureBeforeItIsRead: what a new rule finds is not known until the texts were read with it, and no share of nought is told meanwhile.
func TestNoFigureBeforeItIsRead(t *testing.T) {
	t.Parallel()
	i := open(t)
	ws, _ := i.workspace("one")
	token := i.signIn("owner@one.example.com")
	var batch []feedback.Input
	for n := range 24 {
		batch = append(batch, nps(float64(n%11), fmt.Sprintf("The postman of round %d was rude", n)))
	}
	i.receive(ws, batch...)
	to := i.browse(token, http.MethodPost, "/themes", url.Values{"name": {"Postmen"}, "rule": {"postman"}}).Header().Get("Location")
	row := func() string {
		_, row, _ := strings.Cut(i.page(token, "/themes"), `href="`+to+`">`)
		row, _, _ = strings.Cut(row, "</tr>")
		return row
	}
	body := i.page(token, to)
	if !strings.Contains(body, "Texts are being read with its rule.") || strings.Contains(body, "95% interval") || strings.Contains(body, "of 24 texts") || !strings.Contains(body, "hx-trigger") {
		t.Error("the page has figures of what was not read")
	}
	if r := row(); !strings.Contains(r, "Texts are being read with its rule.") || strings.Contains(r, "0") {
		t.Errorf("the list has figures of what was not read: %s", r)
	}
	i.reread(ws)
	if body := i.page(token, to); strings.Contains(body, "Texts are being read with its rule.") || !strings.Contains(body, "24 of 24 texts") {
		t.Error("the figures do not follow")
	}
	if r := row(); !strings.Contains(r, ">24<") {
		t.Errorf("the list has no figure: %s", r)
	}
}
