package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/theme"
)

// outside is a real endpoint for a language model, which answers as it is told to and keeps what it was sent.
type outside struct {
	mu     sync.Mutex
	sent   []string
	answer string
	status int
	wait   time.Duration
}

func (o *outside) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body struct{ Messages []struct{ Content string } }
	_ = json.NewDecoder(r.Body).Decode(&body)
	o.mu.Lock()
	defer o.mu.Unlock()
	<-time.After(o.wait)
	if o.status != 0 {
		w.WriteHeader(o.status)
		return
	}
	o.sent = append(o.sent, body.Messages[len(body.Messages)-1].Content)
	_ = json.NewEncoder(w).Encode(map[string]any{"model": "m-7", "choices": []any{map[string]any{"message": map[string]any{"content": o.answer}}}})
}

// TestSummary has an outside model say what customers say of a theme.
func TestSummary(t *testing.T) {
	t.Parallel()
	o := &outside{answer: "<b>They</b> wait for couriers."}
	server := httptest.NewServer(o)
	t.Cleanup(server.Close)
	i := open(t, "KOLO_LLM_URL="+server.URL, "KOLO_LLM_MODEL=m", "KOLO_LLM_PER_MINUTE=60000")
	ws, owner := i.workspace("one")
	token := i.signIn("owner@one.example.com")
	path := "/themes/delivery/summary?last=90d"
	if body := i.page(token, path); !strings.Contains(body, "nothing to summarise") || len(o.sent) != 0 {
		t.Error("there is a summary of nothing")
	}
	var batch []feedback.Input
	for n := range 5 {
		batch = append(batch, nps(2, fmt.Sprintf("The courier never delivered my parcel, week %d. Write to dana@example.com, I have %s of it", n, []string{"enough", "had plenty", "photographs", "no more", "a copy"}[n])))
	}
	i.receive(ws, batch...)
	if body := i.page(token, "/themes/delivery"); !strings.Contains(body, "/themes/delivery/summary?last=90d") || len(o.sent) != 0 {
		t.Error("a summary is not offered, or was made before anybody asked")
	}
	o.status = http.StatusUnauthorized
	if body := i.page(token, path); !strings.Contains(body, "does not answer now") || !strings.Contains(body, "never delivered") {
		t.Error("a failure is not told kindly, or takes the page with it")
	}
	o.status, o.wait = 0, 300*time.Millisecond
	for range 3 {
		body := i.page(token, path)
		if !strings.Contains(body, "&lt;b&gt;They&lt;/b&gt; wait for couriers.") || !strings.Contains(body, "Summarised by m-7") {
			t.Fatal("the summary is not on the page, or not marked, or its markup counts")
		}
	}
	if len(o.sent) != 1 || strings.Contains(o.sent[0], "dana@example.com") || !strings.Contains(o.sent[0], "never delivered") {
		t.Errorf("sent %d times: %q", len(o.sent), o.sent)
	}
	if r := i.inLanguage(token, path, "he"); r.Code != http.StatusOK || len(o.sent) != 2 {
		t.Errorf("in another language: %d, asked %d times", r.Code, len(o.sent))
	}
	_, invitation, err := i.Identity.Invite(t.Context(), ws, owner, identity.NewInvite{Email: "viewer@one.example.com", Role: identity.Viewer})
	must(t, err)
	_, err = i.Identity.AcceptInvite(t.Context(), invitation, "Member", password)
	must(t, err)
	if body := i.page(i.signIn("viewer@one.example.com"), path); strings.Contains(body, "dana@example.com") || !strings.Contains(body, "m-7") {
		t.Error("a viewer sees an address, or no summary")
	}
	server.Close()
	if body := i.page(token, "/themes/delivery/summary?last=30d"); !strings.Contains(body, "never delivered") {
		t.Error("without the endpoint the page is gone")
	}
	off := open(t)
	off.workspace("one")
	session := off.signIn("owner@one.example.com")
	if rec := off.browse(session, http.MethodGet, path, nil); rec.Code != http.StatusNotFound {
		t.Errorf("without a model: %d", rec.Code)
	}
	if body := off.page(session, "/themes/delivery"); strings.Contains(body, "delivery/summary") {
		t.Error("a summary is offered without a model")
	}
}

// TestTheSameInAnotherLanguage shows what a model takes for the same, and has people decide.
func TestTheSameInAnotherLanguage(t *testing.T) {
	t.Parallel()
	i := open(t)
	ws, _ := i.workspace("one")
	other, _ := i.workspace("two")
	token := i.signIn("owner@one.example.com")
	found := func(id, language, name string) theme.Theme {
		return theme.Theme{ID: id, Origin: theme.Found, State: theme.Proposed, Names: map[string]string{language: name}, Language: language, Texts: 50}
	}
	must(t, i.Store.Update(t.Context(), func(tx *store.Tx) error {
		for _, w := range []identity.WorkspaceID{ws, other} {
			if err := theme.Absorb(tx, w, []theme.Theme{found("a", "en", "Lifts"), found("b", "he", "מעליות"), found("c", "ru", "Лифты")}, nil); err != nil {
				return err
			}
		}
		return nil
	}))
	guess := []theme.Same{{Theme: "b", Other: "a", Likeness: 0.9, Model: "<i>e-1</i>"}, {Theme: "a", Other: "c", Likeness: 0.7, Model: "e-1"}}
	must(t, i.Themes.Guess(t.Context(), ws, guess))
	for _, path := range []string{"/themes/a", "/themes/b"} {
		if body := i.page(token, path); !strings.Contains(body, "This may be the same as") || strings.Contains(body, "<i>e-1") {
			t.Errorf("%s does not tell of the other, or its markup counts", path)
		}
	}
	post := func(path string, form url.Values, want int) string {
		t.Helper()
		rec := i.browse(token, http.MethodPost, path, form)
		if rec.Code != want {
			t.Fatalf("%s: %d instead of %d", path, rec.Code, want)
		}
		return rec.Header().Get("Location")
	}
	post("/themes/c/apart", url.Values{"other": {"b"}}, http.StatusNotFound)
	post("/themes/c/apart", url.Values{"other": {"a"}}, http.StatusSeeOther)
	must(t, i.Themes.Guess(t.Context(), ws, guess)) // a model thinks so again
	if body := i.page(token, "/themes/c"); strings.Contains(body, "may be the same") {
		t.Error("what a person said is asked again")
	}
	if to := post("/themes/b/merge", url.Values{"into": {"a"}}, http.StatusSeeOther); to != "/themes/a" {
		t.Errorf("after a merge one is at %s", to)
	}
	if body := i.page(token, "/themes/a"); strings.Contains(body, "may be the same") {
		t.Error("what was merged is still proposed")
	}
	tree, err := i.Themes.Tree(t.Context(), other)
	must(t, err)
	if list, err := i.Themes.SameAs(t.Context(), other, tree, ""); err != nil || len(list) != 0 {
		t.Errorf("another workspace has %+v: %v", list, err)
	}
	if body := i.page(token, "/settings/audit"); !strings.Contains(body, "another theme than one of another language") {
		t.Error("the log does not have it")
	}
}
