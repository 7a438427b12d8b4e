package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/event"
	"kolo/internal/listen/feedback"
	"kolo/internal/listen/imports"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/label"
)

// ask sends a request to the API as the holder of a key does.
func (i *instance) ask(key, method, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("Authorization", "Bearer "+key)
	rec := httptest.NewRecorder()
	i.Handler().ServeHTTP(rec, r)
	return rec
}

func (i *instance) key(ws identity.WorkspaceID, scopes ...identity.Permission) string {
	i.Helper()
	_, secret, err := i.Identity.CreateKey(i.Context(), ws, identity.Program(ws, "test"), identity.NewKey{Name: "k", Scopes: scopes})
	must(i.T, err)
	return secret
}

// counted is how many pieces of feedback the columns find.
func (i *instance) counted(ws identity.WorkspaceID, where ...insight.Condition) int64 {
	i.Helper()
	a, err := i.Insight.Ask(i.Context(), ws, insight.Query{Measure: insight.Count, Where: where})
	must(i.T, err)
	return a.Total.N
}

func (i *instance) number(query string, args ...any) (n int64) {
	i.Helper()
	must(i.T, i.Store.View(i.Context(), func(tx *store.Tx) (err error) {
		n, err = store.One(tx, store.Value[int64], query, args...)
		return err
	}))
	return n
}

// TestRemovedFeedbackIsGoneEverywhere removes one of several texts, and looks for it where it could be found.
func TestRemovedFeedbackIsGoneEverywhere(t *testing.T) {
	t.Parallel()
	eachSetup(t, func(i *instance) {
		ws, owner := i.workspace("one")
		other, _ := i.workspace("two")
		spam := nps(0, "Buy zxqpills now, the delivery was late")
		spam.Source, spam.ExternalID, spam.Contact = "s", "1", &feedback.Who{Email: "ann@example.com", Name: "Ann"}
		i.receive(ws, spam, nps(10, "Quick and friendly"), nps(9, "All is well"))
		i.receive(other, spam)
		list, err := i.Feedback.List(i.Context(), ws, feedback.Filter{})
		must(i.T, err)
		var id feedback.ID
		for _, f := range list {
			if f.ExternalID == "1" {
				id = f.ID
			}
		}
		_, err = i.Labels.Correct(i.Context(), ws, owner, label.NewCorrection{Feedback: id, Span: label.Whole, Aspect: label.AspectSentiment, Value: "negative"})
		must(i.T, err)
		i.fed()
		found := func(ws identity.WorkspaceID) int64 {
			return i.counted(ws, insight.Condition{Field: "text", Op: "search", Values: []string{"zxqpills"}})
		}
		if i.counted(ws) != 3 || found(ws) != 1 {
			i.Fatalf("%d, %d", i.counted(ws), found(ws))
		}

		// Who may not erase may not remove, nor may anybody of another workspace.
		path := "/v1/feedback/" + string(id)
		if rec := i.ask(i.key(ws, identity.FeedbackRead, identity.FeedbackWrite, identity.ContactsWrite), http.MethodDelete, path); rec.Code != http.StatusForbidden {
			i.Fatalf("%d", rec.Code)
		}
		if rec := i.ask(i.key(other, identity.Erase), http.MethodDelete, path); rec.Code != http.StatusNotFound {
			i.Fatalf("%d", rec.Code)
		}
		if found(ws) != 1 {
			i.Fatal("it is gone")
		}
		key := i.key(ws, identity.Erase, identity.FeedbackRead, identity.ExportsRead, identity.AuditRead)
		for range 2 { // the second time nothing happens
			if rec := i.ask(key, http.MethodDelete, path+"?reason=a+test"); rec.Code != http.StatusNoContent {
				i.Fatalf("%d %s", rec.Code, rec.Body)
			}
		}
		if rec := i.ask(key, http.MethodGet, path); rec.Code != http.StatusGone || !strings.Contains(rec.Body.String(), `"gone"`) || rec.Header().Get("Content-Type") != "application/problem+json" {
			i.Errorf("%d %s", rec.Code, rec.Body)
		}
		if rec := i.ask(i.key(other, identity.FeedbackRead), http.MethodGet, path); rec.Code != http.StatusNotFound {
			i.Errorf("another workspace is told that there was something: %d", rec.Code)
		}
		log, err := i.Identity.AuditLog(i.Context(), ws, owner, identity.AuditQuery{Action: "feedback.remove"})
		must(i.T, err)
		if len(log.Entries) != 1 || log.Entries[0].Details["reason"] != "a test" || log.Entries[0].Object != string(id) {
			i.Errorf("%+v", log.Entries)
		}

		gone := func(when string) {
			i.Helper()
			if n := i.counted(ws); n != 2 || found(ws) != 0 {
				i.Errorf("%s: %d are counted, %d found", when, n, found(ws))
			}
			a, err := i.Insight.Ask(i.Context(), ws, insight.Query{Measure: insight.NPS})
			must(i.T, err)
			if a.Total.N != 2 || a.Total.Value == nil || *a.Total.Value != 100 {
				i.Errorf("%s: %+v", when, a.Total)
			}
			if i.counted(other) != 1 || found(other) != 1 {
				i.Errorf("%s: another workspace lost something", when)
			}
		}
		i.fed()
		gone("removed")
		if _, text := i.download(key, "/v1/exports/feedback?format=ndjson"); strings.Contains(string(text), "zxqpills") || !strings.Contains(string(text), "All is well") {
			i.Errorf("%s", text)
		}
		for _, table := range []string{"label", "correction"} {
			if n := i.number("SELECT count(*) FROM "+table+" WHERE feedback = $1", string(id)); n != 0 {
				i.Errorf("%d rows of %s are left", n, table)
			}
		}
		if list, err := i.Feedback.List(i.Context(), ws, feedback.Filter{}); err != nil || len(list) != 2 {
			i.Errorf("%d, %v", len(list), err)
		}
		if _, err := i.Labels.Correct(i.Context(), ws, owner, label.NewCorrection{Feedback: id, Span: label.Whole, Aspect: label.AspectSentiment, Value: "negative"}); err == nil {
			i.Error("what is removed can be corrected")
		}
		must(i.T, i.Feeder.Rebuild(i.Context()))
		i.fed()
		gone("rebuilt")

		// Its id is free.
		i.receive(ws, spam)
		i.fed()
		if i.counted(ws) != 3 || found(ws) != 1 {
			i.Errorf("delivered again: %d, %d", i.counted(ws), found(ws))
		}

		// On the pages: who may, and what is left of it.
		token := i.signIn("owner@one.example.com")
		list, err = i.Feedback.List(i.Context(), ws, feedback.Filter{Limit: 1})
		must(i.T, err)
		page := "/feedback/" + string(list[0].ID)
		if body := i.page(token, page); !strings.Contains(body, page+"/remove") {
			i.Error("the page offers no removal")
		}
		if body := i.page(token, page+"/remove"); !strings.Contains(body, "Remove this feedback for good?") {
			i.Errorf("%s", body)
		}
		if rec := i.browse(token, http.MethodPost, page+"/remove", url.Values{"reason": {strings.Repeat("x", 501)}}); rec.Code != http.StatusUnprocessableEntity {
			i.Errorf("%d", rec.Code)
		}
		for range 2 {
			if rec := i.browse(token, http.MethodPost, page+"/remove", nil); rec.Code != http.StatusSeeOther {
				i.Errorf("%d", rec.Code)
			}
		}
		for _, path := range []string{page, page + "/remove"} {
			if rec := i.browse(token, http.MethodGet, path, nil); rec.Code != http.StatusGone || !strings.Contains(rec.Body.String(), "This was removed") {
				i.Errorf("%s: %d", path, rec.Code)
			}
		}
	})
}

// bring imports a file and waits for its end.
func (i *instance) bring(ws identity.WorkspaceID, actor identity.Actor, name, content string) imports.Import {
	i.Helper()
	im, err := i.Imports.Upload(i.Context(), ws, actor, name, strings.NewReader(content))
	must(i.T, err)
	im, err = i.Imports.Start(i.Context(), ws, actor, im.ID)
	must(i.T, err)
	return i.ended(ws, actor, im.ID)
}

func (i *instance) ended(ws identity.WorkspaceID, actor identity.Actor, id imports.ID) (im imports.Import) {
	i.Helper()
	i.until("the import ends", func() bool {
		var err error
		im, err = i.Imports.Get(i.Context(), ws, actor, id)
		must(i.T, err)
		return im.State.Ended()
	})
	i.fed()
	return im
}

// TestAnImportTakenBackLeavesTheScoresOfBefore: what a file brought goes, what was there stays, and the file can come again.
func TestAnImportTakenBackLeavesTheScoresOfBefore(t *testing.T) {
	t.Parallel()
	eachSetup(t, func(i *instance) {
		ws, owner := i.workspace("one")
		other, theirs := i.workspace("two")
		var batch []feedback.Input
		for n := range 40 {
			in := nps(float64(n%11), fmt.Sprint("Words of number ", n))
			in.Contact = &feedback.Who{Email: fmt.Sprintf("known%d@example.com", n)}
			batch = append(batch, in)
		}
		batch[0].Source, batch[0].ExternalID = "import: wrong.csv", "r1" // a row of the file is there already
		i.receive(ws, batch...)
		before := i.scores(ws)
		contacts := i.number("SELECT count(*) FROM contact WHERE workspace = $1", string(ws))
		file := "date;response id;e-mail;name;plan;How likely are you to recommend us?;comment\n"
		for n := range 60 {
			mail := fmt.Sprintf("new%d@example.com", n)
			if n < 10 {
				mail = fmt.Sprintf("known%d@example.com", n)
			}
			file += fmt.Sprintf("2026-03-%02d;r%d;%s;Name %d;gold;%d;zxqwrong number %d\n", 1+n%28, n, mail, n, n%3, n)
		}
		im := i.bring(ws, owner, "wrong.csv", file)
		if im.State != imports.Done || im.Created != 59 || im.Duplicates != 1 {
			i.Fatalf("%+v", im)
		}
		same := i.bring(other, theirs, "wrong.csv", file)
		after := i.scores(ws)
		if reflect.DeepEqual(before, after) || i.counted(ws) != 99 {
			i.Fatal("the import changed nothing")
		}

		// Of these customers somebody else has told something since.
		who := func(n int) contact.ID {
			id, err := i.Contacts.Owner(i.Context(), ws, owner, contact.Email, fmt.Sprintf("new%d@example.com", n))
			must(i.T, err)
			return id
		}
		must(i.T, i.Contacts.SetConsent(i.Context(), ws, owner, who(20), contact.Consent{Channel: "email", Purpose: "survey", Granted: true}))
		again := nps(10, "I came back")
		again.Contact = &feedback.Who{Email: "new21@example.com"}
		i.receive(ws, again)
		_, err := i.Events.Receive(i.Context(), ws, []event.Input{{Kind: "identify", User: "crm-22", Message: "m1", Traits: event.Traits{Email: "new22@example.com"}}})
		must(i.T, err)
		name := "Given by hand"
		_, err = i.Contacts.Update(i.Context(), ws, owner, who(23), contact.Patch{Name: &name})
		must(i.T, err)
		must(i.T, i.Contacts.AddIdentity(i.Context(), ws, owner, who(24), contact.Phone, "+972541234567"))
		must(i.T, i.Contacts.Merge(i.Context(), ws, owner, who(25), who(26)))
		must(i.T, i.Contacts.Erase(i.Context(), ws, owner, who(27)))
		i.fed()
		stay := contacts + 8 // 20 to 27

		// Roles and walls.
		path := "/v1/imports/" + string(im.ID) + "/take-back"
		for want, key := range map[int]string{http.StatusForbidden: i.key(ws, identity.ImportsWrite, identity.FeedbackWrite), http.StatusNotFound: i.key(other, identity.ImportsWrite, identity.Erase)} {
			if rec := i.ask(key, http.MethodPost, path); rec.Code != want {
				i.Fatalf("%d instead of %d", rec.Code, want)
			}
		}
		if rec := i.ask(i.key(ws, identity.Erase), http.MethodPost, path); rec.Code != http.StatusForbidden {
			i.Fatalf("%d", rec.Code)
		}
		key := i.key(ws, identity.ImportsWrite, identity.Erase)
		for range 2 {
			if rec := i.ask(key, http.MethodPost, path); rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), `"taken_back_at"`) {
				i.Fatalf("%d %s", rec.Code, rec.Body)
			}
		}
		im = i.ended(ws, owner, im.ID)
		if im.State != imports.TakenBack || im.Taken != 59 || im.TakenBy != "k" || im.TakenAt.IsZero() {
			i.Fatalf("%+v", im)
		}
		if n := i.number("SELECT count(*) FROM contact WHERE workspace = $1", string(ws)); n != stay || im.Forgotten != 50-8 {
			i.Errorf("%d contacts, %d expected; %d went", n, stay, im.Forgotten)
		}
		for _, n := range []int{20, 21, 22, 23, 24, 26} {
			if who(n) == "" {
				i.Errorf("customer %d is gone", n)
			}
		}
		if who(30) != "" {
			i.Error("a customer of whom nothing is known any more stays")
		}
		if n := i.counted(ws, insight.Condition{Field: "text", Op: "search", Values: []string{"zxqwrong"}}); n != 0 || i.counted(ws) != 41 {
			i.Errorf("%d are found, %d counted", n, i.counted(ws))
		}
		back, err := i.Feedback.List(i.Context(), ws, feedback.Filter{Contact: who(21)})
		must(i.T, err)
		if len(back) != 1 {
			i.Fatalf("%d", len(back))
		}
		must(i.T, i.Feedback.Remove(i.Context(), ws, owner, back[0].ID, ""))
		i.fed()
		if got := i.scores(ws); !reflect.DeepEqual(before, got) {
			i.Errorf("before: %+v\nafter: %+v", before[insight.NPS], got[insight.NPS])
		}
		must(i.T, i.Feeder.Rebuild(i.Context()))
		i.fed()
		if got := i.scores(ws); !reflect.DeepEqual(before, got) {
			i.Errorf("rebuilt: %+v\nafter: %+v", before[insight.NPS], got[insight.NPS])
		}
		if n := i.counted(other); n != 60 {
			i.Errorf("another workspace has %d", n)
		}
		if got, err := i.Imports.Get(i.Context(), other, theirs, same.ID); err != nil || got.State != imports.Done {
			i.Errorf("%+v %v", got, err)
		}

		// Once more: nothing happens, and it cannot be gone on with. But the file can come again.
		if rec := i.ask(key, http.MethodPost, path); rec.Code != http.StatusOK {
			i.Errorf("%d", rec.Code)
		}
		if _, err := i.Imports.Resume(i.Context(), ws, owner, im.ID); err == nil {
			i.Error("it was resumed")
		}
		log, err := i.Identity.AuditLog(i.Context(), ws, owner, identity.AuditQuery{Object: string(im.ID)})
		must(i.T, err)
		var actions []string
		for _, e := range log.Entries {
			if e.Action != "import.erase" { // of customer 27
				actions = append(actions, e.Action)
			}
		}
		if want := []string{"import.taken_back", "import.take_back", "import.finish", "import.start"}; !reflect.DeepEqual(actions, want) {
			i.Errorf("%v", actions)
		}
		token := i.signIn("owner@one.example.com")
		if body := i.page(token, "/import/"+string(im.ID)); !strings.Contains(body, "This import was taken back") || !strings.Contains(body, "59 pieces of feedback were removed") || strings.Contains(body, "/take-back") {
			i.Errorf("%s", body)
		}
		second := i.bring(ws, owner, "wrong.csv", file)
		if second.Created != 59 || second.Duplicates != 1 || i.counted(ws) != 99 {
			i.Errorf("again: %+v, %d", second, i.counted(ws))
		}
		page := "/import/" + string(second.ID)
		if body := i.page(token, page); !strings.Contains(body, page+"/take-back") {
			i.Error("the page does not offer it")
		}
		if body := i.page(token, page+"/take-back"); !strings.Contains(body, "59 pieces of feedback that it brought in") {
			i.Errorf("%s", body)
		}
		if rec := i.browse(token, http.MethodPost, page+"/take-back", nil); rec.Code != http.StatusSeeOther {
			i.Errorf("%d", rec.Code)
		}
		if second = i.ended(ws, owner, second.ID); second.State != imports.TakenBack || i.counted(ws) != 40 {
			i.Errorf("%+v, %d", second, i.counted(ws))
		}
		var jobs []job.Job
		must(i.T, i.Store.View(i.Context(), func(tx *store.Tx) (err error) {
			jobs, _, err = job.List(tx, "", job.Filter{Kinds: []job.Kind{"flow.purge"}, Limit: 5})
			return err
		}))
		if len(jobs) == 0 {
			i.Error("nobody asked for the files to be written anew")
		}
	})
}
