package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"kolo/internal/people/identity"
)

func TestPopulationByAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	keys := w.workspace("one", identity.Permissions(), []identity.Permission{identity.InsightsRead})
	key, reader := keys[0], keys[1]
	other := w.workspace("two", identity.Permissions())[0]

	var lines []string
	for i := range 120 {
		month, score := "2026-01", []int{10, 9, 3}[i%3]
		if i >= 60 {
			month, score = "2026-02", []int{10, 9, 9, 3}[i%4]
		}
		lines = append(lines, fmt.Sprintf(`{"channel":"web","survey":"relationship","time":"%s-10T10:00:00Z","attributes":{"plan":"%s"},"contact":{"external_id":"c%d"},"scores":[{"metric":"nps","value":%d,"scale":{"min":0,"max":10}}]}`,
			month, []string{"basic", "premium"}[i%2], i%60, score))
	}
	w.ask(key, "POST", "/v1/feedback", "["+strings.Join(lines, ",")+"]", http.StatusOK)
	must(t, w.feeder.Feed(t.Context()))

	w.ask(key, "PUT", "/v1/population/settings", `{"minimum_points":4,"minimum_share":0.03}`, http.StatusNoContent)
	w.ask(key, "PUT", "/v1/population/margins", `{"margins":[{"field":"attribute.plan","parts":[{"value":"basic","share":80},{"value":"premium","share":20}]}]}`, http.StatusNoContent)
	w.ask(key, "POST", "/v1/population/invited", `{"invited":[{"survey":"relationship","from":"2026-02-01","to":"2026-02-28","invited":300}]}`, http.StatusNoContent)
	known := w.ask(reader, "GET", "/v1/population", "", http.StatusOK)
	if text := fmt.Sprint(known); !strings.Contains(text, "minimum_points:4") || !strings.Contains(text, "share:0.8") || !strings.Contains(text, "invited:300") {
		t.Errorf("%v", known)
	}

	question := `{"measure":"nps","where":{"survey":"relationship"},"between":{"from":"2026-02-01","to":"2026-02-28"},"compare":{"where":[{"field":"channel","value":"web"}]},"weight":true}`
	a := w.ask(reader, "POST", "/v1/insights/query", strings.Replace(question, `{"where":[{"field":"channel","value":"web"}]}`, `"previous"`, 1), http.StatusOK)
	total := a["total"].(map[string]any)
	comparison := total["compare"].(map[string]any)
	if s, _ := comparison["sentence"].(string); !strings.HasPrefix(s, "NPS rose by ") || !strings.Contains(s, "95% CI") {
		t.Errorf("the sentence is %q", s)
	}
	if comparison["verdict"] != "chance" || comparison["minimum"] != 4. || comparison["paired"] == nil || comparison["weighted"] == nil {
		t.Errorf("%v", comparison)
	}
	if total["weighted"] == nil || a["weighted"] != true || total["customers"] != 60. {
		t.Errorf("%v", total)
	}
	if r, _ := a["non_response"].(map[string]any); r == nil || r["invited"] != 300. || r["responded"] != 60. {
		t.Errorf("non-response %v", a["non_response"])
	}
	r := w.ask(reader, "GET", "/v1/insights/response?survey=relationship", "", http.StatusOK)
	if r["measure"] != "nps" || len(r["gaps"].([]any)) != 4 {
		t.Errorf("%v", r)
	}
	if code, _, _ := w.call(other, "GET", "/v1/insights/response?survey=relationship", ""); code != http.StatusNotFound {
		t.Errorf("the invitations of another workspace: %d", code)
	}
	d := w.ask(reader, "GET", "/v1/insights/definitions", "", http.StatusOK)["definitions"].([]any)
	if len(d) != 18 || !strings.Contains(fmt.Sprint(d[2]), "Adjusted Wald interval") {
		t.Errorf("%d definitions, the third %v", len(d), d[2])
	}
	if n := w.ask(reader, "GET", "/v1/insights/sample-size?unit=points&margin=10&difference=10", "", http.StatusOK); n["for_margin"] != 247. {
		t.Errorf("%v", n)
	}
	id := known["invited"].([]any)[0].(map[string]any)["id"].(string)
	for _, key := range []string{reader, other} {
		want := map[string]int{reader: http.StatusForbidden, other: http.StatusNotFound}[key]
		for _, path := range []string{"/v1/population/invited/" + id, "/v1/population/margins/attribute.plan"} {
			if code, _, text := w.call(key, "DELETE", path, ""); code != want {
				t.Errorf("DELETE %s: %d, want %d: %s", path, code, want, text)
			}
		}
	}
	w.ask(key, "DELETE", "/v1/population/invited/"+id, "", http.StatusNoContent)
	w.ask(key, "DELETE", "/v1/population/margins/attribute.plan", "", http.StatusNoContent)
	if code, _, text := w.call(key, "POST", "/v1/insights/query", question); code != http.StatusUnprocessableEntity || !strings.Contains(text, "no population is known") {
		t.Errorf("%d %s", code, text)
	}
}
