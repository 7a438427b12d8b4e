package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
	"kolo/internal/understand/reading"
	"kolo/internal/understand/text"
	"kolo/internal/understand/theme"
)

// reader is a reader whose readings are known: each sentence is a clause; "late" is about delivery and blames it.
type reader struct{}

func (reader) Model() string { return "toy 1" }

func (reader) Read(s, language string) reading.Reading {
	r := reading.Reading{Language: "en", LanguageConfidence: 1, Model: "toy 1", Confidence: 0.75}
	at := 0
	for _, part := range strings.SplitAfter(s, ". ") {
		c := reading.Clause{Span: text.Span{Start: at, End: at + len(part)}, Confidence: 0.5}
		if at += len(part); strings.Contains(part, "late") {
			c.Sentiment, c.Score = reading.Negative, -0.8
			c.Themes = []reading.ThemeLabel{{Theme: "delivery", Sentiment: reading.Negative, Confidence: 0.6}}
			r.Sentiment, r.Score, r.Themes = reading.Negative, -0.8, c.Themes
		}
		r.Clauses = append(r.Clauses, c)
	}
	return r
}

// TestUnderstandingByAPI: what was understood stands beside the text, places count characters, and a correction is taken, told, and taken
// back; personal data is masked for keys that may not identify contacts.
func TestUnderstandingByAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	keys := w.workspace("one", identity.Permissions(), []identity.Permission{identity.FeedbackRead, identity.LabelsCorrect, identity.ExportsRead}, []identity.Permission{identity.FeedbackRead})
	all, masked, reads := keys[0], keys[1], keys[2]
	other := w.workspace("two", identity.Permissions())[0]
	const said = "Привет, write to dana@example.com. The van was late. Thanks"
	id := w.ask(all, "POST", "/v1/feedback", fmt.Sprintf(`{"text":%q,"answers":{"why":"call dana@example.com"}}`, said), http.StatusCreated)["id"].(string)
	_, err := w.labels.Read(t.Context())
	must(t, err)

	for _, key := range []string{all, masked} {
		f := w.ask(key, "GET", "/v1/feedback/"+id, "", http.StatusOK)
		shown := []rune(f["text"].(string))
		if whole := string(shown); strings.Contains(whole, "dana@") != (key == all) || strings.Contains(fmt.Sprint(f["answers"]), "dana@") != (key == all) {
			t.Errorf("told %v", f)
		}
		u := f["understanding"].(map[string]any)
		clauses := u["clauses"].([]any)
		if u["sentiment"] != "negative" || u["model"] != "toy 1" || u["themes"].([]any)[0].(map[string]any)["theme"] != "delivery" || len(clauses) != 3 {
			t.Fatalf("understood %v", u)
		}
		c := clauses[1].(map[string]any)
		start, end := int(c["start"].(float64)), int(c["end"].(float64))
		if string(shown[start:end]) != "The van was late. " || c["text"] != "The van was late. " {
			t.Errorf("clause %v is %q", c, string(shown[start:end]))
		}
		list := w.ask(key, "GET", "/v1/feedback", "", http.StatusOK)["feedback"].([]any)
		if fmt.Sprint(list[0]) != fmt.Sprint(f) {
			t.Errorf("the list says %v", list[0])
		}

		made := w.ask(key, "POST", "/v1/corrections", fmt.Sprintf(`{"feedback_id":%q,"start":%d,"end":%d,"aspect":"sentiment","value":"neutral"}`, id, start, end), http.StatusCreated)
		said := made["correction"].(map[string]any)
		if said["was"] != "negative" || int(said["start"].(float64)) != start || int(said["end"].(float64)) != end || said["by"] != "k" {
			t.Errorf("made %v", said)
		}
		if u := made["understanding"].(map[string]any); u["corrected"] != true || u["clauses"].([]any)[1].(map[string]any)["sentiment"] != "neutral" {
			t.Errorf("then understood %v", u)
		}
		if told := w.ask(key, "GET", "/v1/corrections", "", http.StatusOK)["corrections"].([]any); len(told) != 1 || fmt.Sprint(told[0]) != fmt.Sprint(said) {
			t.Errorf("told %v", told)
		}
		if code, _, _ := w.call(other, "DELETE", "/v1/corrections/"+said["id"].(string), ""); code != http.StatusNotFound {
			t.Errorf("another workspace takes it back: %d", code)
		}
		w.ask(key, "DELETE", "/v1/corrections/"+said["id"].(string), "", http.StatusNoContent)
		_, err := w.labels.Read(t.Context())
		must(t, err)
	}
	for body, code := range map[string]int{
		`{"feedback_id":"` + id + `","aspect":"theme","theme":"nobody","value":"yes"}`:                                 http.StatusUnprocessableEntity,
		`{"feedback_id":"` + id + `","aspect":"sentiment","value":"neutral","start":4}`:                                http.StatusUnprocessableEntity,
		`{"feedback_id":"` + id + `","aspect":"sentiment","value":"neutral","start":4,"end":9000}`:                     http.StatusUnprocessableEntity,
		`{"feedback_id":"` + id + `","aspect":"sentiment","value":"neutral","start":1,"end":2}`:                        http.StatusUnprocessableEntity,
		`{"feedback_id":"` + id + `","aspect":"sentiment","value":"neutral","start":1,"end":2,"model":"of last year"}`: http.StatusConflict,
		`{"feedback_id":"0198c7f2-6b1e-7c44-9d7a-2f1f8a1b3c4d","aspect":"sentiment","value":"neutral"}`:                http.StatusNotFound,
		`{"feedback_id":"` + id + `","aspect":"theme","theme":"price","value":"yes","sampled":true}`:                   http.StatusCreated,
	} {
		if got, _, answer := w.call(all, "POST", "/v1/corrections", body); got != code {
			t.Errorf("%s: %d %s", body, got, answer)
		}
	}
	if code, _, _ := w.call(reads, "POST", "/v1/corrections", `{"feedback_id":"`+id+`","aspect":"sentiment","value":"neutral"}`); code != http.StatusForbidden {
		t.Errorf("a key that may only read corrects: %d", code)
	}
	if code, _, _ := w.call(other, "POST", "/v1/corrections", `{"feedback_id":"`+id+`","aspect":"sentiment","value":"neutral"}`); code != http.StatusNotFound {
		t.Errorf("another workspace corrects: %d", code)
	}
	for _, format := range []string{"csv", "ndjson"} {
		for _, key := range []string{all, masked} {
			_, _, file := w.call(key, "GET", "/v1/exports/feedback?format="+format, "")
			if strings.Contains(file, "dana@") != (key == all) || !strings.Contains(file, "The van was late") || !strings.Contains(file, "delivery") {
				t.Errorf("%s: %s", format, file)
			}
			if _, _, file := w.call(key, "GET", "/v1/exports/corrections?format="+format, ""); !strings.Contains(file, "price") {
				t.Errorf("%s: corrections %s", format, file)
			}
		}
	}
}

func TestThemesByAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	keys := w.workspace("one", identity.Permissions(), []identity.Permission{identity.FeedbackRead})
	all, reads := keys[0], keys[1]
	other := w.workspace("two", identity.Permissions())[0]
	made := w.ask(all, "POST", "/v1/themes", `{"names":{"en":"Couriers","he":"שליחים"},"parent":"logistics","rule":"courier*"}`, http.StatusCreated)
	id := made["id"].(string)
	if made["state"] != "live" || made["origin"] != "rule" || made["names"].(map[string]any)["he"] != "שליחים" {
		t.Errorf("made %v", made)
	}
	changed := w.ask(all, "PATCH", "/v1/themes/"+id, `{"names":{"ru":"Курьеры"},"parent":"","pinned":true,"rule":"courier*, driver"}`, http.StatusOK)
	if changed["parent"] != nil || changed["pinned"] != true || changed["rule"] != "courier*, driver" || len(changed["names"].(map[string]any)) != 3 {
		t.Errorf("changed %v", changed)
	}
	if got := w.ask(reads, "GET", "/v1/themes/"+id, "", http.StatusOK); fmt.Sprint(got) != fmt.Sprint(changed) {
		t.Errorf("got %v", got)
	}
	if list := w.ask(reads, "GET", "/v1/themes", "", http.StatusOK)["themes"].([]any); fmt.Sprint(list[0]) != fmt.Sprint(changed) || len(list) != 31 {
		t.Errorf("%d are listed, first %v", len(list), list[0])
	}
	for _, c := range []struct {
		key, method, path, body string
		code                    int
	}{
		{other, "GET", "/v1/themes/" + id, "", http.StatusNotFound},
		{other, "PATCH", "/v1/themes/" + id, `{"pinned":true}`, http.StatusNotFound},
		{reads, "PATCH", "/v1/themes/" + id, `{"pinned":true}`, http.StatusForbidden},
		{reads, "POST", "/v1/themes", `{"names":{"en":"X"}}`, http.StatusForbidden},
		{all, "PATCH", "/v1/themes/" + id, `{"rule":"(courier"}`, http.StatusUnprocessableEntity},
		{all, "PATCH", "/v1/themes/" + id, `{"state":"merged"}`, http.StatusUnprocessableEntity},
		{all, "PATCH", "/v1/themes/" + id, `{"names":{"en":"","he":"","ru":""}}`, http.StatusUnprocessableEntity},
		{all, "PATCH", "/v1/themes/" + id, `{"parent":"nobody"}`, http.StatusNotFound},
		{all, "POST", "/v1/themes", `{"names":{"en":"Couriers"},"parent":"nobody"}`, http.StatusUnprocessableEntity},
		{all, "POST", "/v1/themes", `{"names":{"e1<":"Couriers"}}`, http.StatusUnprocessableEntity},
		{all, "PATCH", "/v1/themes/" + id, `{"merged_into":"delivery"}`, http.StatusOK},
		{all, "PATCH", "/v1/themes/" + id, `{"pinned":true}`, http.StatusConflict},
	} {
		if code, _, answer := w.call(c.key, c.method, c.path, c.body); code != c.code {
			t.Errorf("%s %s %s: %d instead of %d: %s", c.method, c.path, c.body, code, c.code, answer)
		}
	}
}

// TestThemesOfTwoLanguagesByAPI tells which themes may be the same, and that two of them are not.
func TestThemesOfTwoLanguagesByAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	keys := w.workspace("one", identity.Permissions(), []identity.Permission{identity.FeedbackRead})
	all, reads := keys[0], keys[1]
	other := w.workspace("two", identity.Permissions())[0]
	ids := map[string]string{}
	for _, language := range []string{"en", "he", "ru"} {
		ids[language] = w.ask(all, "POST", "/v1/themes", `{"names":{"`+language+`":"Lifts"}}`, http.StatusCreated)["id"].(string)
	}
	var ws identity.WorkspaceID
	must(t, w.db.View(t.Context(), func(tx *store.Tx) (err error) {
		ws, err = store.One(tx, store.Value[identity.WorkspaceID], "SELECT workspace FROM theme WHERE id = $1", ids["en"])
		return err
	}))
	must(t, theme.NewService(w.db).Guess(t.Context(), ws, []theme.Same{{Theme: ids["he"], Other: ids["en"], Likeness: 0.9, Model: "e-1"}, {Theme: ids["en"], Other: ids["ru"], Likeness: 0.6, Model: "e-1"}}))
	same := func(language string) string {
		t.Helper()
		return fmt.Sprint(w.ask(reads, "GET", "/v1/themes/"+ids[language], "", http.StatusOK)["same_as"])
	}
	if got := same("he"); got != fmt.Sprintf("[map[likeness:0.9 model:e-1 theme:%s]]", ids["en"]) {
		t.Errorf("told %s", got)
	}
	for _, c := range []struct {
		key, path string
		code      int
	}{
		{reads, "/v1/themes/" + ids["en"] + "/same/" + ids["he"], http.StatusForbidden},
		{other, "/v1/themes/" + ids["en"] + "/same/" + ids["he"], http.StatusNotFound},
		{all, "/v1/themes/" + ids["he"] + "/same/" + ids["ru"], http.StatusNotFound},
		{all, "/v1/themes/" + ids["en"] + "/same/" + ids["he"], http.StatusNoContent},
		{all, "/v1/themes/" + ids["en"] + "/same/" + ids["he"], http.StatusNotFound},
	} {
		if code, _, answer := w.call(c.key, "DELETE", c.path, ""); code != c.code {
			t.Errorf("%s: %d instead of %d: %s", c.path, code, c.code, answer)
		}
	}
	if he, ru := same("he"), same("ru"); he != "<nil>" || !strings.Contains(ru, ids["en"]) {
		t.Errorf("then %s and %s", he, ru)
	}
}
