package settings_test

import (
	"fmt"
	"net/http"
	"regexp"
	"testing"

	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
)

func TestPopulationPage(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		owner := w.workspace("Acme")
		other := w.workspace("Globex")
		analyst := owner.member("Ana", "ana@acme.example", identity.Analyst)
		const at = "/settings/population"

		owner.get(at).is(http.StatusOK, "Nothing is known yet.")
		owner.post(at+"/thresholds", "minimum_points", "3", "minimum_share", "2.5").goes(at)
		if p := owner.get(at).is(http.StatusOK); p.value("minimum_points") != "3" || p.value("minimum_share") != "2.5" {
			w.Errorf("thresholds %q and %q", p.value("minimum_points"), p.value("minimum_share"))
		}
		if p := owner.post(at+"/thresholds", "minimum_points", "many", "minimum_share", "1").is(http.StatusUnprocessableEntity, "This is not a number."); p.value("minimum_points") != "many" {
			w.Error("what was typed was lost")
		}

		for i, plan := range []string{"basic", "basic", "premium", "premium", "premium"} {
			_, err := w.contacts.Create(w.Context(), owner.actor.Workspace, owner.actor, contact.Ref{External: fmt.Sprint("c", i), Attributes: map[string]string{"plan": plan}})
			w.must(err)
		}
		owner.post(at+"/count", "attribute", "plan").goes(at)
		owner.get(at).is(http.StatusOK, "counted in the contact book", "40.0%", "60.0%")
		owner.post(at+"/count", "attribute", "nothing").is(http.StatusUnprocessableEntity, "between 2 and 100 make a population")
		owner.post(at+"/margins", "field", "language", "text", "he, 75\nen, 25").goes(at)
		owner.get(at).is(http.StatusOK, "typed in", "75.0%")
		owner.post(at+"/margins", "field", "language", "text", "he").is(http.StatusUnprocessableEntity, "Line 1 has 1 cells")
		owner.post(at+"/margins", "field", "language", "text", "he, 60%\nen, 60%").is(http.StatusUnprocessableEntity, "The percentages add up to 120")
		owner.post(at+"/margins", "field", "language", "text", "he, 1\nen, 0").is(http.StatusUnprocessableEntity, `The share of "en" must`).lacks("parts:")
		owner.post(at+"/margins/delete", "field", "language").goes(at)
		owner.get(at).lacks("75.0%")

		var in []feedback.Input
		when := w.clock.Now().AddDate(0, 0, -10)
		for i := range 40 {
			in = append(in, feedback.Input{Survey: "relationship", Time: &when, Scores: []feedback.Score{{Metric: "nps", Value: []float64{10, 10, 8, 0}[i%4], Scale: feedback.Scale{Max: 10}}}})
		}
		_, err := w.feedback.Receive(w.Context(), owner.actor.Workspace, in)
		w.must(err)
		w.must(insight.NewFeeder(w.insight, quiet).Feed(w.Context()))
		owner.post(at+"/invited", "survey", "relationship", "from", "2026-02-01", "to", "2026-02-28", "invited", "400").goes(at)
		owner.get(at).is(http.StatusOK, "relationship", "Response rate 10.0% (7.4% to 13.3%): 40 of 400.", "NPS of those who answered: 25.", "At the very worst −88, at the very best 92.", "20 points 7")
		owner.post(at+"/invited", "survey", "", "from", "2026-02-01", "to", "2026-01-28", "invited", "1").is(http.StatusUnprocessableEntity, "Invitations are those of a survey")
		owner.post(at+"/invited", "survey", "x", "from", "2026-02-01", "to", "2026-02-28", "invited", "some").is(http.StatusUnprocessableEntity, "This is not a whole number.")
		owner.post(at+"/paste", "lines", "relationship; 2026-02-01; 2026-02-28; language; he; 100").goes(at)
		owner.post(at+"/paste", "lines", "relationship").is(http.StatusUnprocessableEntity, "Line 1 has 1 cells")
		owner.get("/settings/audit?action=population").is(http.StatusOK, "Invitations to surveys were recorded", "The known population of a field was set", "What differences matter was changed")

		analyst.get(at).is(http.StatusOK, "40 of 400").lacks("Forget", "Add invitations")
		analyst.post(at+"/margins/delete", "field", "contact.plan").is(http.StatusForbidden)

		found := regexp.MustCompile(`/settings/population/invited/([^/"]+)/delete`).FindStringSubmatch(owner.get(at).body)
		if found == nil {
			w.Fatal("no invitations to delete")
		}
		other.get(at).is(http.StatusOK, "Nothing is known yet.").lacks("40 of 400", "40.0%")
		other.post(found[0]).is(http.StatusNotFound)
		other.post(at+"/margins/delete", "field", "contact.plan").is(http.StatusNotFound)
		owner.post(found[0]).goes(at)
	})
}
