package api_test

import (
	"testing"

	"kolo/internal/people/identity"
)

// What the page can set right of a wrong guess, a program can, too.
func TestTitlesCanBeSetRight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.workspace("one", identity.Permissions())[0]
	path := "/v1/imports/" + w.ask(key, "POST", "/v1/imports?name=f.csv", "Winter,,\nname,comment,city\nAnn,Fine indeed it was,Paris\nBob,Bad,Rome\n", 201)["id"].(string)
	first := func(body string) string {
		im := w.ask(key, "PUT", path+"/reading", body, 200)
		return im["columns"].([]any)[0].(map[string]any)["name"].(string)
	}
	if got := first(`{"above":1,"header":true}`); got != "name" {
		t.Errorf("with a title: %s", got)
	}
	if got := first(`{"above":0}`); got != "Winter" {
		t.Errorf("without one: %s", got)
	}
	w.ask(key, "PUT", path+"/reading", `{"above":-1}`, 422)
}
