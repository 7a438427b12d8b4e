package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// without are all permissions but some.
func without(some ...identity.Permission) []identity.Permission {
	return slices.DeleteFunc(identity.Permissions(), func(p identity.Permission) bool { return slices.Contains(some, p) })
}

// TestModelByAPI trains, looks for themes and chooses what reads, as the pages do, and never in another workspace.
func TestModelByAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	keys := w.workspace("one", identity.Permissions(), without(identity.ThemesManage))
	all, reads := keys[0], keys[1]
	other := w.workspace("two", identity.Permissions())[0]
	m := w.ask(reads, "GET", "/v1/model", "", http.StatusOK)
	if m["model"] == "" || fmt.Sprint(m["versions"], m["jobs"]) != "[] []" {
		t.Errorf("at first %v", m)
	}
	for _, path := range []string{"/v1/model/train", "/v1/themes/discover"} {
		if code, _, answer := w.call(reads, "POST", path, ""); code != http.StatusForbidden {
			t.Errorf("%s without the permission: %d %s", path, code, answer)
		}
	}
	training := w.ask(all, "POST", "/v1/model/train", "", http.StatusAccepted)["job_id"]
	search := w.ask(all, "POST", "/v1/themes/discover", "", http.StatusAccepted)["job_id"]
	if again := w.ask(all, "POST", "/v1/model/train", "", http.StatusAccepted)["job_id"]; again != training {
		t.Errorf("a second training %v beside %v", again, training)
	}
	want := fmt.Sprintf("[map[done:0 job_id:%v kind:sentiment state:queued total:0] map[done:0 job_id:%v kind:theme state:queued total:0]]", training, search)
	if got := w.ask(reads, "GET", "/v1/model", "", http.StatusOK)["jobs"]; fmt.Sprint(got) != want {
		t.Errorf("jobs %v, not %s", got, want)
	}
	if got := w.ask(other, "GET", "/v1/model", "", http.StatusOK)["jobs"]; fmt.Sprint(got) != "[]" {
		t.Errorf("another workspace trains: %v", got)
	}

	// Two versions, as trainings leave them.
	var versions []string
	must(t, w.db.Update(t.Context(), func(tx *store.Tx) error {
		versions = nil
		ws, err := store.One(tx, store.Value[string], "SELECT id FROM workspace WHERE name = $1", "one")
		for i := 0; i < 2 && err == nil; i++ {
			versions = append(versions, id.New(now))
			_, err = tx.Exec("INSERT INTO model (workspace, id, kind, active, texts, report, made_by, made_at, data) VALUES ($1, $2, 'theme', $3, 500, '{\"found\":12}', 'Dana', $4, $5)",
				ws, versions[i], i, int64(i), []byte("{}"))
		}
		return err
	}))
	active := func() (out []string) {
		t.Helper()
		for _, v := range w.ask(reads, "GET", "/v1/model", "", http.StatusOK)["versions"].([]any) {
			if v := v.(map[string]any); v["active"] == true {
				out = append(out, v["id"].(string))
			}
		}
		return out
	}
	for _, c := range []struct {
		key, path, body string
		code            int
		active          []string
	}{
		{reads, "/v1/model/versions/" + versions[0] + "/activate", "", http.StatusForbidden, versions[1:]},
		{other, "/v1/model/versions/" + versions[0] + "/activate", "", http.StatusNotFound, versions[1:]},
		{all, "/v1/model/versions/" + versions[0] + "/activate", "", http.StatusNoContent, versions[:1]},
		{all, "/v1/model/versions/" + id.New(now) + "/activate", "", http.StatusNotFound, versions[:1]},
		{reads, "/v1/model/deactivate", `{"kind":"theme"}`, http.StatusForbidden, versions[:1]},
		{other, "/v1/model/deactivate", `{"kind":"theme"}`, http.StatusNoContent, versions[:1]},
		{all, "/v1/model/deactivate", `{"kind":"sentiment"}`, http.StatusNoContent, versions[:1]},
		{all, "/v1/model/deactivate", `{"kind":"moods"}`, http.StatusUnprocessableEntity, versions[:1]},
		{all, "/v1/model/deactivate", `{"kind":"theme"}`, http.StatusNoContent, nil},
	} {
		code, _, answer := w.call(c.key, "POST", c.path, c.body)
		if got := active(); code != c.code || !slices.Equal(got, c.active) {
			t.Errorf("%s %s: %d %s, then %v reads, not %v", c.path, c.body, code, answer, got, c.active)
		}
	}
}

// TestCheckByAPI checks texts that chance chooses, which are counted as such.
func TestCheckByAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	keys := w.workspace("one", identity.Permissions(), without(identity.LabelsCorrect), []identity.Permission{identity.LabelsCorrect})
	all, reads, corrects := keys[0], keys[1], keys[2]
	other := w.workspace("two", identity.Permissions())[0]
	drawn := func(key string) map[string]any {
		t.Helper()
		f, _ := w.ask(key, "GET", "/v1/model/check", "", http.StatusOK)["feedback"].(map[string]any)
		return f
	}
	if f := drawn(all); f != nil {
		t.Errorf("of nothing %v is drawn", f)
	}
	said := w.ask(all, "POST", "/v1/feedback", `{"text":"The van was late, says dana@example.com"}`, http.StatusCreated)["id"].(string)
	_, err := w.labels.Read(t.Context())
	must(t, err)
	if f := drawn(all); f == nil || f["id"] != said || f["text"] != "The van was late, says dana@example.com" || f["understanding"] == nil {
		t.Errorf("drawn %v", f)
	}
	if f := drawn(corrects); f == nil || f["text"] == "The van was late, says dana@example.com" {
		t.Errorf("who may not know who contacts are is told %v", f)
	}
	if f := drawn(other); f != nil {
		t.Errorf("another workspace draws %v", f)
	}
	body := func(themes string) string {
		return `{"feedback_id":"` + said + `","sentiment":"mixed","themes":` + themes + `}`
	}
	for _, c := range []struct {
		key, method, body string
		code              int
	}{
		{reads, "GET", "", http.StatusForbidden},
		{reads, "POST", body(`[]`), http.StatusForbidden},
		{other, "POST", body(`[]`), http.StatusNotFound},
		{all, "POST", body(`["nobody"]`), http.StatusUnprocessableEntity},
		{all, "POST", `{"feedback_id":"` + said + `","sentiment":"angry","themes":[]}`, http.StatusUnprocessableEntity},
	} {
		if code, _, answer := w.call(c.key, c.method, "/v1/model/check", c.body); code != c.code {
			t.Errorf("%s %s: %d instead of %d: %s", c.method, c.body, code, c.code, answer)
		}
	}
	if list := w.ask(all, "GET", "/v1/corrections", "", http.StatusOK)["corrections"].([]any); len(list) != 0 {
		t.Fatalf("what was refused is kept: %v", list)
	}
	for _, c := range []struct {
		themes string
		want   []string // aspect, theme, what it was, what it is
	}{
		{`["delivery","price","price"]`, []string{"sentiment  negative mixed", "theme delivery yes yes", "theme price no yes", "themes  yes no"}},
		{`["delivery"]`, []string{"sentiment  negative mixed", "theme delivery yes yes", "theme price no no", "themes  yes yes"}}, // on second thoughts
	} {
		made := w.ask(corrects, "POST", "/v1/model/check", body(c.themes), http.StatusCreated)
		var got []string
		for _, c := range made["corrections"].([]any) {
			c := c.(map[string]any)
			if c["sampled"] != true || c["by"] != "k" || c["feedback_id"] != said {
				t.Errorf("kept %v", c)
			}
			theme, _ := c["theme"].(string)
			got = append(got, fmt.Sprint(c["aspect"], " ", theme, " ", c["was"], " ", c["value"]))
		}
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: kept %q, not %q", c.themes, got, c.want)
		}
		if u := made["understanding"].(map[string]any); u["sentiment"] != "mixed" || u["corrected"] != true {
			t.Errorf("then understood %v", u)
		}
	}
	if f := drawn(all); f != nil {
		t.Errorf("what was checked is drawn again: %v", f)
	}
}
