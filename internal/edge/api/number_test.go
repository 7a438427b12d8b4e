package api_test

import (
	"strings"
	"testing"

	"kolo/internal/people/identity"
)

// TestWhatIsNoNumberIsRefused names the condition whose value is none, whoever asks and however.
func TestWhatIsNoNumberIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.workspace("one", identity.Permissions())[0]
	for _, v := range []string{"NaN", "nan", "Inf", "-Inf", "infinity", "1e999", "many", ""} {
		for _, c := range []string{`{"field":"nps","values":["` + v + `"]}`, `{"field":"nps","op":"not_in","values":["9","` + v + `"]}`, `{"field":"nps","op":"gte","values":["` + v + `"]}`,
			`{"field":"attribute.age","op":"lt","values":["` + v + `"]}`, `{"field":"sentiment_score","op":"gt","values":["` + v + `"]}`} {
			for _, body := range []string{`{"measure":"count","where":[` + c + `]}`, `{"measure":"share","share":[` + c + `]}`} {
				status, _, text := w.call(key, "POST", "/v1/insights/query", body)
				if status != 422 || !strings.Contains(text, `[0].values"`) {
					t.Errorf("%s: %d %s", body, status, text)
				}
			}
		}
		for _, path := range []string{"/v1/feedback?nps.gte=" + v, "/v1/feedback?nps=" + v, "/v1/feedback?attribute.age.lte=" + v, "/v1/exports/answer?measure=count&nps.gt=" + v, "/v1/exports/answer?measure=count&level=" + v} {
			if v == "" && strings.Contains(path, "level") {
				continue
			}
			status, _, text := w.call(key, "GET", path, "")
			if status != 422 || !strings.Contains(text, `values"`) && !strings.Contains(text, `level"`) {
				t.Errorf("%s: %d %s", path, status, text)
			}
		}
	}
}
