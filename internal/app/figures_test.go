package app

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/population"
)

// TestFiguresSayHowFarTheyCanBeTrusted: the same sentence on Home and in Explore, weighted figures beside the others, definitions that
// score cards lead to, and the figures of every chart as a file.
func TestFiguresSayHowFarTheyCanBeTrusted(t *testing.T) {
	t.Parallel()
	i := open(t)
	ws, owner := i.workspace("one")
	token := i.signIn("owner@one.example.com")
	now := i.Store.Clock().Now()
	var batch []feedback.Input
	for n := range 120 {
		for period, scores := range [][]float64{{10, 9, 3}, {10, 3, 3}} {
			at := now.AddDate(0, 0, -5-100*period)
			batch = append(batch, feedback.Input{Time: &at, Channel: "web", Survey: "relationship", Attributes: feedback.Attributes{"plan": []string{"basic", "premium"}[n%2]},
				Contact: &feedback.Who{ExternalID: fmt.Sprint("c", n)}, Scores: []feedback.Score{{Metric: "nps", Value: scores[n%3], Scale: feedback.Scale{Max: 10}}}})
		}
	}
	i.receive(ws, batch...)
	must(t, i.Population.SaveMargins(t.Context(), ws, owner, []population.Margin{{Field: "attribute.plan", Parts: []population.Part{{Value: "basic", Share: 9}, {Value: "premium", Share: 1}}}}))

	const sentence = "NPS rose by 67 points against the period before (−33) (95% CI +"
	home := i.page(token, "/?last=90d")
	explore := i.page(token, "/explore?measure=nps&last=90d&compare=previous&bucket=week")
	for path, body := range map[string]string{"home": home, "explore": explore} {
		if !strings.Contains(body, sentence) || !strings.Contains(body, "more than chance explains") {
			t.Errorf("%s does not say %q", path, sentence)
		}
		if !strings.Contains(body, "/explore/definitions#nps") {
			t.Errorf("%s does not lead to the definition", path)
		}
	}
	if !strings.Contains(explore, "120 customers answered both times") {
		t.Error("those who answered both times are not told of")
	}
	weighted := i.page(token, "/explore?measure=nps&last=90d&compare=previous&weight=1&survey=relationship")
	for _, want := range []string{"Weighted to the known population (plan): 120 answers worth 73", "Weighted, the difference from the period before is +67"} {
		if !strings.Contains(weighted, want) {
			t.Errorf("the weighted answer does not say %q", want)
		}
	}
	definitions := i.page(token, "/explore/definitions?unit=share&margin=5&difference=10")
	for _, want := range []string{`id="nps"`, "100 (P - D) / n", "381 answers give a 95% interval of ±5.0 percentage points.", "Newcombe"} {
		if !strings.Contains(definitions, want) {
			t.Errorf("the definitions lack %q", want)
		}
	}
	if body := i.page(token, "/explore/definitions?margin=none"); !strings.Contains(body, "is-invalid") {
		t.Error("a margin that is no number is taken")
	}
	files := regexp.MustCompile(`href="(/export/answer\.csv\?[^"]+)"`).FindAllStringSubmatch(home+explore, -1)
	if len(files) < 3 {
		t.Fatalf("%d files of charts", len(files))
	}
	for _, f := range files {
		rec := i.browse(token, http.MethodGet, strings.ReplaceAll(f[1], "&amp;", "&"), nil)
		if rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), "total") {
			t.Errorf("%s: %d %.200s", f[1], rec.Code, rec.Body.String())
		}
	}
	// Who may not export is not offered it.
	_, invitation, err := i.Identity.Invite(t.Context(), ws, owner, identity.NewInvite{Email: "v@one.example.com", Role: identity.Viewer})
	must(t, err)
	_, err = i.Identity.AcceptInvite(t.Context(), invitation, "V", password)
	must(t, err)
	if body := i.page(i.signIn("v@one.example.com"), "/?last=90d"); identity.Viewer.May(identity.ExportsRead) != strings.Contains(body, "/export/answer.csv") {
		t.Error("a viewer's charts offer the wrong files")
	}
}
